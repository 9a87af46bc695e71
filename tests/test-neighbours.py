#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs can read the store, other users can't, and a migration goes nowhere else.

Usage: test-neighbours.py STRATACTL SOURCE-FOLDER
"""

import hashlib
import os
import re
import shutil
import stat
import sys

from e2e_util import DONE, ROOT, Skip, Strata, Tap, as_nobody, copy_sample, difference, files_below, run, samples, snapshot

# What a process may open that is neither the store nor the old store: libraries, locale, what the C library and
# GLib look at on their own
SYSTEM = re.compile(r'/(usr|lib|lib64|etc|proc|sys|dev)(/|$)')
ESCAPE = re.compile(rb'(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..|\\.', re.DOTALL)
CALL = re.compile(r'^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?')
WRITES = ('O_WRONLY', 'O_RDWR', 'O_CREAT', 'O_TRUNC', 'O_APPEND')


def complete(match):
    """Half of a surrogate pair without the other becomes U+FFFD; other escapes stay."""
    return match[0] if match[1] or len(match[0]) == 2 else b'\\ufffd'


class Neighbours:

    def __init__(self, tap, program, source):
        self.tap, self.program = tap, program
        self.build = os.path.dirname(os.path.dirname(program)) + '/'
        self.old = copy_sample(*samples(source)[0][1:], tap.new_folder('sample') + '/old')
        self.before = snapshot(self.old.root)
        self.strata = self.migrated('store')

    def migrated(self, name, **options):
        strata = Strata(self.program, os.path.join(self.tap.folder, name), self.tap.folder)
        document = strata.json('migrate', self.old.folder, **options)
        assert document['state'] == 'complete', document
        return strata

    # Reading

    def check_jq(self):
        if shutil.which('jq') is None:
            raise Skip('no jq here')
        chunks = [path for path in files_below(self.strata.store) if path.endswith(('.json', '.json.gz'))]
        assert len(chunks) > 20, chunks
        for path in chunks:
            packed = path.endswith('.gz')
            with open(self.strata.path(path), 'rb') as stream:
                text = run(['gzip', '-dc'], stdin=stream.read()).expect(DONE).out if packed else stream.read()
            # Half a character is kept as it was; jq 1.6 takes it for a fault, so it gets a whole one
            run(['jq', '-e', '.'], stdin=ESCAPE.sub(complete, text)).expect(DONE)

    def check_names(self):
        """Every object and part is named by the SHA-256 of its bytes."""
        objects = parts = 0
        for path in files_below(self.strata.store):
            with open(self.strata.path(path), 'rb') as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            name = os.path.basename(path)
            if path.startswith('attachments/'):
                objects += 1
                assert path.startswith('attachments/%s/%s.' % (digest[:2], digest)), path
            elif re.search(r'-\d{3,}\.[0-9a-f]{12}\.json$', name):
                parts += 1
                assert name.endswith('.%s.json' % digest[:12]), path
        assert objects > 10 and parts > 20, (objects, parts)

    def check_metadata(self):
        """A metadata.json names the digest of all that stands before it."""
        found = [path for path in files_below(self.strata.store) if path.endswith('metadata.json')]
        for path in found:
            with open(self.strata.path(path), 'rb') as stream:
                text = stream.read()
            before, _, after = text.rpartition(b',"digest":"')
            assert re.match(rb'[0-9a-f]{64}"}\n?$', after), path
            assert after[:64].decode() == hashlib.sha256(before).hexdigest(), path
        assert len(found) > 8

    def check_sqlite(self):
        if shutil.which('sqlite3') is None:
            raise Skip('no sqlite3 here')
        databases = [path for path in files_below(self.strata.store) if path.endswith('.sqlite3')]
        assert 'catalog.sqlite3' in databases, databases
        for path in databases:
            answer = run(['sqlite3', '-readonly', self.strata.path(path), 'pragma integrity_check']).expect(DONE)
            assert answer.out == b'ok\n', answer

    # Who may read

    def check_private(self, umask):
        strata = self.migrated('umask-%03o' % umask, umask=umask)
        strata.json('migrate', self.old.folder, umask=umask)
        out = strata.store + '-export'
        strata.json('export', '--format', 'legacy', '-o', out, umask=umask)
        strata.json('export', '--format', 'json', '-o', out + '.json', umask=umask)
        for top in (strata.store, out):
            wrong = ['%s %04o' % (path, mode) for path, (kind, mode, *_) in snapshot(top, contents=False).items()
                     if mode != (0o700 if kind == stat.S_IFDIR else 0o600)]
            assert not wrong, wrong
        assert stat.S_IMODE(os.stat(out + '.json').st_mode) == 0o600

    def check_private_everywhere(self):
        for umask in (0o000, 0o022, 0o777):
            self.check_private(umask)

    def check_own_rights(self):
        """A umask that takes away the owner's own rights stops nobody, root or not."""
        command = as_nobody(self.program)
        folder = self.tap.new_folder('nobody')
        os.chown(folder, 65534, 65534)
        os.chmod(self.tap.folder, 0o755)
        store = ['--store', os.path.join(folder, 'store'), '--json', '--quiet']
        for _ in range(2):
            run([*command, self.program, 'migrate', self.old.folder, *store], self.strata.env, umask=0o777).expect(DONE)
        assert run([*command, self.program, 'verify', *store], self.strata.env).expect(DONE).document()['ok']

    # Where it goes

    def trace(self, *arguments):
        """All calls with file names of a run, as (call, arguments, result, path of the descriptor)."""
        if shutil.which('strace') is None:
            raise Skip('no strace here')
        log = os.path.join(self.tap.folder, 'trace')
        if run(['strace', '-o', log, 'true']).status != 0:
            raise Skip('strace may not trace here')
        command = ['strace', '-f', '-y', '-s', '4096', '-e', 'trace=%file,%desc', '-o', log, self.program, *arguments]
        run(command, self.strata.env, timeout=120, cwd='/').expect(DONE)
        with open(log, encoding='utf-8', errors='replace') as stream:
            return [match.groups() for match in map(CALL.match, stream) if match]

    def check_reach(self):
        store = os.path.join(self.tap.folder, 'traced')
        calls = self.trace('migrate', self.old.folder, '--store', store, '--quiet')
        opened = [(arguments, path) for call, arguments, result, path in calls
                  if call in ('open', 'openat', 'openat2', 'creat') and int(result) >= 0]
        ours = [path for _, path in opened if path.startswith((store, self.old.folder))]
        assert len(ours) > 100, 'the trace was read wrongly'
        for arguments, path in opened:
            if path.startswith(self.old.folder):
                assert not any(flag in arguments for flag in WRITES), 'the old store is opened for writing: ' + arguments
                assert 'O_NOATIME' not in arguments, arguments
            elif not path.startswith(store):
                assert SYSTEM.match(path) or path.startswith(self.build) or (self.tap.folder + '/').startswith(path), \
                    'it goes elsewhere: %s' % path
                assert not any(flag in arguments for flag in WRITES) or path.startswith('/dev/'), path
        self.check_changes(calls, store)

    def check_changes(self, calls, store):
        """What changes names, rights and times, by whatever call, is below the store."""
        changing = re.compile(r'(unlink|rename|link|symlink|mkdir|mknod|chmod|fchmod|chown|utime|truncate|setxattr|rmdir)')
        seen = 0
        for call, arguments, result, _ in calls:
            if re.match(r'\d+<socket:', arguments):
                continue  # the socket that others steer it by has no place yet; the store is where it gets one
            if changing.search(call) and call != 'readlink' and call != 'readlinkat' and int(result) >= 0:
                seen += 1
                assert self.old.folder not in arguments and ROOT not in arguments, (call, arguments)
                assert store in arguments, (call, arguments)
                assert 'utime' not in call, (call, arguments)
        assert seen > 50, 'the trace was read wrongly'

    def check_reading_only(self):
        """Looking into a store needs no more than its databases."""
        calls = self.trace('list', '--store', self.strata.store)
        for call, arguments, result, path in calls:
            if call.startswith('open') and int(result) >= 0 and any(flag in arguments for flag in WRITES):
                assert path.startswith((self.strata.store + '/catalog', self.strata.store + '/lock', '/dev/')), arguments

    def check_foreign(self):
        """What Taskerino's storage did not write is opened by nothing: migrating, looking, going back, letting go."""
        folder = self.tap.new_folder('foreign')
        old = os.path.join(folder, 'old')
        store = os.path.join(folder, 'store')
        shutil.copytree(self.old.folder, old, symlinks=True, copy_function=shutil.copy2)
        foreign = {name: os.path.join(old, ROOT, *name.split('/')) for name in
                   ('api_keys.json', 'window-state.json', 'db/.DS_Store', 'WebKitCache/deep/x', 'attachments/notes of mine.txt')}
        for name, path in foreign.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as stream:
                stream.write(b'nobody\'s business: ' + name.encode())
        before = {path: (status.st_ino, status.st_size, status.st_mtime_ns) for path in foreign.values()
                  for status in [os.stat(path)]}
        for arguments in (('plan', old), ('migrate', old), ('verify',), ('rollback', '--dry-run'), ('rollback',), ('rollback', '--undo'),
                          ('retire', '--now', '--dry-run'), ('retire', '--now')):
            calls = self.trace(*arguments, '--store', store, '--quiet')
            opened = {path for call, _, result, path in calls if call in ('open', 'openat', 'openat2', 'creat') and int(result) >= 0}
            if 'verify' not in arguments and '--undo' not in arguments:
                assert any(path.startswith(old) for path in opened), 'the trace was read wrongly: %s' % (arguments,)
            assert not opened & set(foreign.values()), (arguments, opened & set(foreign.values()))
        assert before == {path: (status.st_ino, status.st_size, status.st_mtime_ns) for path in foreign.values()
                          for status in [os.stat(path)]}
        assert set(files_below(os.path.join(old, ROOT))) == set(foreign), files_below(os.path.join(old, ROOT))

    def check_old(self):
        assert snapshot(self.old.root) == self.before, difference(self.before, snapshot(self.old.root))


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    neighbours = Neighbours(tap, program, source)
    for name, function in (
            ('jq reads every chunk', neighbours.check_jq),
            ('objects and parts are named by their bytes', neighbours.check_names),
            ('metadata has the digest it names', neighbours.check_metadata),
            ('sqlite3 finds the catalog whole', neighbours.check_sqlite),
            ('private, whatever the umask', neighbours.check_private_everywhere),
            ('usable, whatever the umask', neighbours.check_own_rights),
            ('nothing is opened but the two stores, and the old one only read', neighbours.check_reach),
            ('what is not Taskerino\'s is opened by nothing, and stays', neighbours.check_foreign),
            ('a list writes nothing but what its databases need', neighbours.check_reading_only),
            ('the old store is as it was', neighbours.check_old)):
        tap.check(name, function)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
