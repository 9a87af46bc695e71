#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store on a disk without a free byte, and on one that can't be written to, is read as ever.

Usage: test-full-disk.py STRATACTL SOURCE-FOLDER

Mounts file systems in memory, which needs root.
"""

import os
import re
import subprocess
import sys

from e2e_util import (DONE, WARNINGS, WRITE, Skip, Strata, Tap, copy_sample, difference, files_below, samples, sha256,
                      snapshot)

SIZE = 16  # MiB


def mount(*arguments):
    done = subprocess.run(['mount', *arguments], stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Skip('mounting needs root: ' + done.stderr.decode().strip())


def fill(path):
    """Leaves no byte: in large steps, then in small ones."""
    with open(path, 'wb', buffering=0) as stream:
        for size in (1 << 20, 4096, 1):
            try:
                while stream.write(b'\0' * size) == size:
                    pass
            except OSError:
                pass


class Disk:

    def __init__(self, tap, program, source):
        self.tap, self.program = tap, program
        self.old = copy_sample(*samples(source)[0][1:], tap.new_folder('old') + '/store')
        self.folder = tap.new_folder('disk')
        self.filler = os.path.join(self.folder, 'filler')
        self.is_mounted = False
        self.count = 0

    def set_up(self):
        mount('-t', 'tmpfs', '-o', 'size=%dm' % SIZE, 'tmpfs', self.folder)
        self.is_mounted = True
        self.strata = Strata(self.program, os.path.join(self.folder, 'store'), self.tap.folder)
        self.strata.run('migrate', self.old.folder, '--quiet').expect(DONE, WARNINGS)
        self.word = 'the'
        self.before = self.read_everything()
        self.key = self.strata.json('list')[0]['key']

    def need(self):
        if not self.is_mounted:
            raise Skip('there is no disk of our own')

    def tear_down(self):
        if self.is_mounted:
            subprocess.run(['umount', self.folder], check=True)

    def read_everything(self):
        """What list, search, show, attachment and export give, on another disk."""
        self.count += 1
        strata, out = self.strata, os.path.join(self.tap.folder, 'out-%d' % self.count)
        rows = strata.json('list')
        hits = strata.json('search', self.word)
        assert rows and hits['hits'], hits
        shown = [sha256(strata.run('show', row['key']).expect(DONE).out) for row in rows]
        attachments = [strata.run('attachment', row['id']).expect(DONE).out for row in strata.json('attachments')
                       if row['state'] == 'object']
        assert attachments
        strata.run('export', '--format', 'legacy', '-o', out).expect(DONE)
        return {'list': rows, 'hits': [(hit['key'], hit['item'], hit['snippet']) for hit in hits['hits']], 'shown': shown,
                'attachments': list(map(sha256, attachments)), 'exported': files_below(out)}

    def check_same(self):
        after = self.read_everything()
        assert after == self.before, [name for name in after if after[name] != self.before[name]]

    def remove_catalog(self):
        for name in os.listdir(self.strata.store):
            if name.startswith('catalog.sqlite3'):
                os.unlink(self.strata.path(name))

    def append(self, size):
        return self.strata.run('append', self.key, 'screenshots', '--json', stdin=b'{"x":"%s"}' % (b'y' * size))

    def check_full(self):
        """With the space that was set aside gone, too."""
        self.need()
        os.path.exists(self.strata.path('reserve')) and os.unlink(self.strata.path('reserve'))
        fill(self.filler)
        assert os.statvfs(self.folder).f_bfree == 0
        kept = snapshot(self.strata.path('sessions'))
        self.check_same()
        assert snapshot(self.strata.path('sessions')) == kept, difference(kept, snapshot(self.strata.path('sessions')))
        assert self.strata.json('verify')['ok']

    def check_full_without_databases(self):
        """The files alone say as much; what is searched has to be made first, and that needs room."""
        self.need()
        self.remove_catalog()
        fill(self.filler)
        rows = self.strata.json('list')
        assert rows == self.before['list'], rows
        shown = [sha256(self.strata.run('show', row['key']).expect(DONE).out) for row in rows]
        assert shown == self.before['shown']

    def check_writer(self):
        """It says how much is missing, and works when there is room."""
        self.need()
        fill(self.filler)
        kept = snapshot(self.strata.path('sessions'))
        error = self.append(100000).expect(WRITE).document()['error']
        assert error['code'] == 'no-space', error
        missing = re.search(r'at least (\d+) more bytes', error['message'])
        assert missing and 0 < int(missing.group(1)) <= 100000 + 1000, error
        assert {path: entry for path, entry in snapshot(self.strata.path('sessions')).items() if 'tail' not in path}.keys() <= kept.keys()
        self.check_same()

        os.unlink(self.filler)
        assert self.strata.json('verify')['ok']
        self.check_same()
        self.append(100000).expect(DONE)
        assert self.strata.json('verify')['ok']
        self.before = self.read_everything()

    def check_read_only(self):
        """Nothing can be written, not even beside the databases; nor is there a catalog, the second time."""
        self.need()
        os.unlink(self.filler)
        self.check_same()
        for has_catalog in (True, False):
            if not has_catalog:
                mount('-o', 'remount,rw', self.folder)
                self.remove_catalog()
            kept = snapshot(self.strata.store)
            mount('-o', 'remount,ro', self.folder)
            self.check_same()
            error = self.append(10).expect(WRITE).document()['error']
            assert error['code'] == 'no-permission', error
            assert snapshot(self.strata.store) == kept, difference(kept, snapshot(self.strata.store))


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    disk = Disk(tap, program, source)
    try:
        tap.check('a store on a small disk', disk.set_up)
        tap.check('without a free byte everything can be read', disk.check_full)
        tap.check('and its writer says how much is missing', disk.check_writer)
        tap.check('nor does it need its databases then', disk.check_full_without_databases)
        tap.check('read-only, everything can be read', disk.check_read_only)
    finally:
        disk.tear_down()
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
