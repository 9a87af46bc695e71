#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One byte that is not what it was is found, wherever it is, and the file is named.

Usage: test-damage.py STRATACTL SOURCE-FOLDER
"""

import contextlib
import os
import re
import sys

from e2e_util import DAMAGE, DONE, Strata, Tap, copy_sample, files_below, samples, snapshot

# The kinds of files that are the truth, as verify names them
KINDS = {
    "a session's metadata": r'sessions/[^/]+/metadata\.json$',
    "a session's part": r'sessions/[^/]+/chunks/(?!attachments-)[^/]+\.json$',
    "a session's attachments": r'sessions/[^/]+/chunks/attachments-[^/]+\.json$',
    "a collection's metadata": r'collections/[^/]+\.metadata\.json$',
    "a collection's part": r'collections/(?![^/]*(attachments-\d|metadata))[^/]+\.json$',
    "a collection's attachments": r'collections/[^/]+-attachments-[^/]+\.json$',
    'an object': r'attachments/',
    'the log of changes': r'changes\.log$',
}
LOG = 'changes.log'


def flip(offset):
    """Says what content is with one bit of that byte turned."""
    return lambda content: content[:offset] + bytes([content[offset] ^ 0x01]) + content[offset + 1:]


class Damage:

    def __init__(self, tap, program, source):
        self.tap = tap
        self.old = copy_sample(*samples(source)[0][1:], tap.new_folder('sample') + '/old')
        self.strata = Strata(program, os.path.join(tap.folder, 'store'), tap.folder)
        assert self.strata.json('migrate', self.old.folder)['state'] == 'complete'
        assert self.strata.json('verify')['ok']
        self.files = files_below(self.strata.store)

    def of_kind(self, kind):
        return [path for path in self.files if re.match(KINDS[kind], path)]

    def check_names(self, path, how):
        """verify finds it and names this file and, for people as well, that it is damaged."""
        document = self.strata.json('verify', status=DAMAGE)
        assert document['ok'] is False, document
        named = [problem['path'] for problem in document['problems']]
        assert path in named, '%s: %s is not among %s' % (path, how, document['problems'])
        assert all(problem['code'] == 'digest-mismatch' and problem['severity'] == 'error'
                   for problem in document['problems']), document
        return document

    @contextlib.contextmanager
    def damaged(self, path, change):
        """For as long as it lasts, a file is as change(its bytes) says; None: gone."""
        whole = self.strata.path(path)
        with open(whole, 'rb') as stream:
            content = stream.read()
        changed = change(content)
        if changed is None:
            os.unlink(whole)
        else:
            with open(whole, 'wb') as stream:
                stream.write(changed)
        try:
            yield
        finally:
            with open(whole, 'wb') as stream:
                stream.write(content)
            os.chmod(whole, 0o600)

    def check_flips(self, kind):
        """First, last and middle byte of the first and the largest file."""
        paths = self.of_kind(kind)
        assert paths, 'there is no such file'
        for path in {paths[0], max(paths, key=lambda path: os.path.getsize(self.strata.path(path)))}:
            size = os.path.getsize(self.strata.path(path))
            for offset in sorted({0, size // 2, size - 1}):
                with self.damaged(path, flip(offset)):
                    self.check_names(path, 'byte %d of %d' % (offset, size))
        assert self.strata.json('verify')['ok'], 'mended, it is still called damaged'

    def check_cut_and_gone(self, kind):
        path = self.of_kind(kind)[-1]
        for how, change in (('cut', lambda content: content[:-1]), ('longer', lambda content: content + b'\n'),
                            ('empty', lambda content: b''), ('gone', lambda content: None)):
            # What follows the last line of the log was never acknowledged: a crash may leave it there
            if kind == 'the log of changes' and how == 'longer':
                continue
            with self.damaged(path, change):
                self.check_names(path, how)
        assert self.strata.json('verify')['ok']

    def check_log(self):
        """A byte of any line, also of the last; what a crash may have begun behind it is none."""
        with open(self.strata.path(LOG), 'rb') as stream:
            content = stream.read()
        last = content.rindex(b'\n', 0, -1)
        for offset in (last // 2, last - 1, last, last + 1, len(content) - 30):
            with self.damaged(LOG, flip(offset)):
                self.check_names(LOG, 'byte %d of %d' % (offset, len(content)))
        with self.damaged(LOG, lambda content: content + b'17 session so'):
            assert self.strata.json('verify')['ok']
        assert self.strata.json('verify')['ok']

    def check_reading(self):
        """A damaged part is no session: showing it ends with the status for damage."""
        path = self.of_kind("a session's part")[0]
        key = path.split('/')[1]
        with self.damaged(path, flip(10)):
            self.strata.run('show', key).expect(DAMAGE)
        self.strata.run('show', key).expect(DONE)
        path = self.of_kind('an object')[0]
        digest = os.path.basename(path).split('.')[0]
        id = next(row['id'] for row in self.strata.json('attachments') if row['sha256'] == digest)
        with self.damaged(path, flip(10)):
            self.strata.run('attachment', id).expect(DAMAGE)
        self.strata.run('attachment', id).expect(DONE)

    def check_changes_nothing(self):
        with self.damaged(self.of_kind("a session's part")[0], flip(10)):
            before = snapshot(self.strata.store)
            self.strata.json('verify', status=DAMAGE)
            after = snapshot(self.strata.store)
            # The databases' own files come and go with whoever has them open
            changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
            assert changed <= {'.'}, changed

    def check_migrating(self, kind):
        """While the old store is there, migrating again puts right what is damaged, or says that it is."""
        path = self.of_kind(kind)[-1]
        with self.damaged(path, flip(10)):
            result = self.strata.run('migrate', self.old.folder, '--json', '--quiet').expect(DONE, DAMAGE)
            document = result.document()
            self.tap.say('%s: %s' % (kind, document['state']))
            if result.status == DONE:
                assert self.strata.json('verify')['ok'], 'called complete with damage'
            else:
                assert document['state'] == 'failed' and document['problems'], document
        assert self.strata.json('migrate', self.old.folder)['state'] == 'complete'
        assert self.strata.json('verify')['ok']

    def check_catalog(self):
        """Derived, so it may be anything: it is made anew from the files."""
        rows = self.strata.json('list')
        os.unlink(self.strata.path('catalog.sqlite3'))
        assert self.strata.json('list') == rows
        with open(self.strata.path('catalog.sqlite3'), 'wb') as stream:
            stream.write(b'no database' * 1000)
        assert self.strata.json('list') == rows
        assert self.strata.json('verify')['ok']


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    damage = Damage(tap, program, source)
    for kind in KINDS:
        tap.check('one byte of %s' % kind, damage.check_flips, kind)
        tap.check('%s cut, longer or gone' % kind, damage.check_cut_and_gone, kind)
    tap.check('any line of the log of changes', damage.check_log)
    tap.check('what is damaged is not shown as if it were whole', damage.check_reading)
    tap.check('verify changes nothing', damage.check_changes_nothing)
    for kind in list(KINDS)[:-1]:  # the log is no data that a migration compares
        tap.check('a migration over damage to %s mends it or says so' % kind, damage.check_migrating, kind)
    tap.check('the catalog is made anew from the files', damage.check_catalog)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
