#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever an old store names, links to or climbs to: only the old store is read, and only the new one written.

Every call of a run that names a file is looked at, as the kernel saw it.

Usage: test-outside.py STRATACTL SOURCE-FOLDER
"""

import glob
import os
import re
import shutil
import sys

from e2e_util import ROOT, Skip, Tap, difference, environment, run, snapshot
from edge_old import Old, cases
from edge_util import HANG, folders

# These fill the list of cases
import edge_cases_files  # noqa: F401
import edge_cases_attachments  # noqa: F401
import edge_cases_sources  # noqa: F401

BUNDLED = ('path-traversal', 'junk-files', 'video-paths', 'missing-attachments', 'webkit-indexeddb', 'browser-export-zip',
           'both-corrupt', 'meta-without-dat')
MADE = ('links', 'links_to_folders', 'special_files_everywhere', 'attachment_ids_that_climb', 'attachment_paths_that_climb',
        'attachment_paths_to_other_files', 'copied_from_windows', 'zip_with_foreign_entries', 'web_view_beside_older_folder')

# Libraries and locales, and what the C library, GLib and libgcrypt look at on their own
SYSTEM = re.compile(r'/(usr|lib|lib64|proc|sys)(/|$)|/dev/(u?random|null|tty)$|/etc/(ld\.so|locale|localtime|gcrypt/|selinux/)')
# What is an old store's of what lies in a folder with one
OLD = re.compile(r'(%s|WebsiteData|Library|AppData)(/|$)|[^/]+\.zip$' % re.escape(ROOT))
CALL = re.compile(r'(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*?)>(?:\(deleted\))?)?(?: .*)?$')
OPENING = ('open', 'openat', 'openat2', 'creat')
CHANGING = re.compile(r'unlink|rename|link|mkdir|mknod|chmod|chown|utime|truncate|setxattr|removexattr|rmdir|mount|chroot')
WRITES = ('O_WRONLY', 'O_RDWR', 'O_CREAT', 'O_TRUNC', 'O_APPEND', 'O_TMPFILE')

SECRET = b'data:text/plain;base64,c2VjcmV0IHNlY3JldCBzZWNyZXQ='


def plant(folder, home):
    """Puts something to find wherever an id or a path may climb to, as it stands and with the suffixes of attachments."""
    planted = set()
    for top in (folder, os.path.join(folder, ROOT), home):
        for name in ('etc/passwd', 'etc/hostname', 'x', 'b', '..\\..\\x', 'Movies/x.mp4', 'v.mp4'):
            for suffix in ('', '.dat', '.meta.json'):
                path = os.path.join(top, name + suffix)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, 'wb') as stream:
                    stream.write(SECRET)
                planted.add(path)
    return planted


class Outside:

    def __init__(self, tap, program, source):
        self.tap, self.program, self.source = tap, program, source
        self.build = os.path.dirname(os.path.dirname(program)) + '/'

    def check_bundled(self, name, folder):
        work = self.tap.new_folder(name)
        shutil.copytree(folder, os.path.join(work, 'old'), symlinks=True)
        self.check(work, os.path.join(work, 'old'))

    def check_made(self, case):
        work = self.tap.new_folder(case.__name__)
        old = Old(case.__name__, os.path.join(work, 'old'), self.program, self.source)
        case(old)
        self.check(work, old.legacy)

    def check(self, work, legacy):
        self.work, self.old = work, os.path.join(work, 'old')
        self.store, self.temporary = os.path.join(work, 'store'), os.path.join(work, 'tmp')
        home = os.path.join(work, 'home')
        os.makedirs(home)
        os.makedirs(self.temporary)
        for at, *_ in os.walk(self.old):
            os.chmod(at, 0o755)
        self.planted = plant(self.old, home)
        self.env = environment(home, TMPDIR=self.temporary)
        before = self.look()

        self.judge(self.trace('plan', legacy))
        assert not difference(before, self.look()), 'a plan changed %s' % difference(before, self.look())
        self.judge(self.trace('migrate', legacy))
        self.judge(self.trace('migrate', legacy))

        after = {path: what for path, what in self.look().items() if not re.match(r'store(/|$)', path)}
        assert not difference(before, after), 'it changed %s' % difference(before, after)
        self.check_no_secret()

    def look(self):
        """All but the times of the folder for temporary files, of which none may be left, and of the one it is in."""
        return {path: what for path, what in snapshot(self.work).items() if path not in ('.', 'tmp')}

    def trace(self, command, legacy):
        """All calls with file names: (call, arguments, result, path of what was opened)."""
        if shutil.which('strace') is None:
            raise Skip('no strace here')
        log = os.path.join(self.tap.new_folder('trace-%d' % len(os.listdir(self.tap.folder))), 'trace')
        if run(['strace', '-o', log, 'true']).status != 0:
            raise Skip('strace may not trace here')
        os.remove(log)
        # A file for each thread, so that no call is cut in two
        result = run(['strace', '-ff', '-y', '-s', '65536', '-e', 'trace=%file,%desc', '-o', log, self.program, '--store', self.store,
                      command, legacy, '--json', '--quiet'], self.env, timeout=HANG * 6, cwd='/')
        assert result.status in (0, 1, 4), result
        calls = []
        for path in glob.glob(log + '.*'):
            with open(path, encoding='utf-8', errors='surrogateescape') as stream:
                calls += [match.groups() for match in map(CALL.match, stream.read().splitlines()) if match]
        assert sum(call in OPENING for call, *_ in calls) > 20, 'the trace was read wrongly'
        return calls

    def judge(self, calls):
        complaints = []
        for call, arguments, result, path in calls:
            if call in OPENING and int(result) >= 0:
                fault = self.fault_of_opening(arguments, path)
            elif CHANGING.search(call) and not call.startswith('readlink') and int(result) >= 0:
                fault = self.fault_of_change(arguments)
            else:
                fault = 'another program' if call.startswith('execve') and self.program not in arguments else None
            if fault:
                complaints.append('%s: %s(%s) = %s' % (fault, call, arguments, path))
        assert not complaints, '\n' + '\n'.join(complaints)

    def is_ours(self, path):
        return any((path + '/').startswith(place + '/') for place in (self.store, self.temporary))

    def fault_of_opening(self, arguments, path):
        writes = any(flag in arguments for flag in WRITES)
        if self.is_ours(path) or (SYSTEM.match(path) or path.startswith(self.build)) and not (writes and not path.startswith('/dev/')):
            return None
        if writes:
            return 'opened for writing'
        if (self.old + '/').startswith(path + '/') or (self.store + '/').startswith(path + '/'):
            return None if 'O_DIRECTORY' in arguments or 'O_PATH' in arguments else 'opened on the way'
        inside = path[len(self.old) + 1:] if path.startswith(self.old + '/') else None
        if inside is None or not OLD.match(inside):
            return 'outside'
        if 'O_NOATIME' in arguments:
            return 'leaves no trace of having been there'
        return 'not the old program\'s' if path in self.planted or self.is_foreign(inside) else None

    def is_foreign(self, inside):
        """A link, or what Taskerino's storage did not write."""
        below = inside.partition(ROOT + '/')[2]
        return os.path.islink(os.path.join(self.old, inside)) or os.path.basename(inside).startswith(('.', 'README')) or \
            bool(below) and below.split('/')[0] not in ('db', 'attachments', 'videos', 'backups', 'sessions.json')

    def fault_of_change(self, arguments):
        named = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments) + re.findall(r'<([^>]*)>', arguments)
        if re.match(r'\d+<socket:', arguments):
            return None  # the socket that others steer it by has no place yet; the store is where it gets one
        absolute = [path for path in named if path.startswith('/')]
        return None if absolute and all(self.is_ours(path) or path == '/' for path in absolute) else 'changed'

    def check_no_secret(self):
        """What was planted is nowhere in the new store, in no form."""
        needles = (SECRET, b'secret secret secret')
        for at, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(at, name), 'rb') as stream:
                    content = stream.read()
                assert not any(needle in content for needle in needles), 'what was planted is in %s' % os.path.join(at, name)


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    outside = Outside(tap, program, source)
    bundled = folders(source)
    for name in BUNDLED:
        tap.check(name, outside.check_bundled, name, bundled[name])
    for case in cases:
        if case.__name__ in MADE:
            tap.check('made-' + case.__name__.replace('_', '-'), outside.check_made, case)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
