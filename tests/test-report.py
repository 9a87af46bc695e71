#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of an old store is accounted for, and there is a way back to each that was read.

Usage: test-report.py STRATACTL SOURCE-FOLDER

The report and the rollback point are read here with code of this test's own, and held against the old folder.
"""

import gzip
import json
import os
import shutil
import sys

from e2e_util import (DONE, NOT_FOUND, SOURCE, USAGE, WARNINGS, OldStore, Strata, Tap, copy_sample, files_below, samples, sha256, snapshot)

FOREIGN = {'api_keys.json': b'{"openai": "sk-secret"}', 'window-state.json': b'{}', 'db/.DS_Store': b'\0\0\0\1Bud1'}


def read(*parts):
    with open(os.path.join(*parts), 'rb') as stream:
        return stream.read()


class Accounted:
    """A sample with some oddities, migrated."""

    def __init__(self, tap, program, name, folder, manifest):
        self.tap, self.folder = tap, tap.new_folder(name)
        self.old = copy_sample(folder, manifest, os.path.join(self.folder, 'old'))
        for path, content in FOREIGN.items():
            self.write(path, content)
        os.symlink('/etc/hostname', self.old.path('attachments', 'linked.dat'))
        os.makedirs(self.old.path('WebKitCache', 'deep'))
        self.write('WebKitCache/deep/x', b'cache')
        self.write('db/ideas.json', b'{"version":1,"data":[{"id":"a"},{"id":')
        self.write('db/empty.json', b'')
        self.write('attachments/broken.dat', b'data:image/png;base64,iVBO!!')
        self.before = snapshot(self.old.folder)
        self.strata = Strata(program, os.path.join(self.folder, 'store'), self.folder)

    def write(self, path, content):
        with open(self.old.path(path), 'wb') as stream:
            stream.write(content)

    def migrate(self):
        self.result = self.strata.json('migrate', self.old.folder, status=WARNINGS)
        assert self.result['state'] == 'complete', self.result
        self.report = json.loads(read(self.strata.path('migration', 'report-1.json')))
        self.entries = {entry['path']: entry for entry in self.report['files']}
        lines = read(self.strata.path('migration', 'rollback-1', 'manifest')).splitlines(keepends=True)
        self.header, self.end = json.loads(lines[0]), json.loads(lines[-1])
        rows = [json.loads(line) for line in lines[1:-1]]
        assert sha256(b''.join(lines[:-1])) == self.end['digest']
        self.files = {row['file']: row for row in rows if 'file' in row}
        self.owners = [row for row in rows if 'owner' in row]

    def listed(self):
        """What a listing has below the old folder, those folders not looked into counted once."""
        paths = {path for path in files_below(self.old.root) if not path.startswith('WebKitCache/')}
        return paths | {'WebKitCache'}

    def check_all_listed(self):
        self.migrate()
        assert len(self.report['files']) == len(self.entries), 'something is there twice'
        assert self.entries.keys() == self.listed(), self.entries.keys() ^ self.listed()

    def check_digests(self):
        """Whoever was read has the digest of its bytes; foreign ones were not read."""
        for path, entry in self.entries.items():
            foreign = path in FOREIGN or path in ('attachments/linked.dat', 'WebKitCache')
            assert (entry['sha256'] is None) == foreign, entry
            if not foreign:
                assert entry['sha256'] == sha256(read(self.old.root, path)), entry
                assert entry['size'] == os.path.getsize(self.old.path(path)), entry

    def check_fates(self):
        fates = {path: entry['fate'] for path, entry in self.entries.items()}
        expected = {'attachments/linked.dat': 'link', 'WebKitCache': 'foreign', 'db/ideas.json': 'partly-carried',
                    'db/empty.json': 'passed-over', 'attachments/broken.dat': 'quarantined',
                    'db/sessions.json': 'carried', **dict.fromkeys(FOREIGN, 'foreign')}
        for path, fate in expected.items():
            assert fates[path] == fate, self.entries[path]
        for path, fate in fates.items():
            if path not in expected:
                assert fate in ('carried', 'older-copy'), self.entries[path]
            # In words wherever it is not simply there
            assert (self.entries[path]['because'] is None) == (fate == 'carried'), self.entries[path]
        assert self.entries['db/sessions.json']['sessions'] == self.result['sessions']['migrated']

    def check_totals(self):
        totals = self.report['totals']
        assert totals['files'] == len(self.entries) == sum(fate['files'] for fate in totals['fates'].values())
        # What is not a file has no bytes of its own
        sizes = sum(os.lstat(self.old.path(path)).st_size for path in self.listed()
                    if path not in ('WebKitCache', 'attachments/linked.dat'))
        assert totals['bytes'] == sizes == sum(fate['bytes'] for fate in totals['fates'].values()), (totals, sizes)
        assert [problem['code'] for problem in self.report['problems']] == \
               [problem['code'] for problem in self.result['problems']]

    def check_text(self):
        text = read(self.strata.path('migration', 'report-1.txt')).decode()
        for path, entry in self.entries.items():
            lines = [line for line in text.splitlines() if line.startswith(entry['fate']) and ' ' + path in line]
            assert lines, 'not in the text: %s' % path
        assert '%-15s %d files, %d bytes' % ('all', self.report['totals']['files'], self.report['totals']['bytes']) in text

    def check_given_away(self):
        """On standard output or into a file, never over one."""
        text = read(self.strata.path('migration', 'report-1.txt'))
        assert self.strata.run('report').expect(DONE).out == text
        assert json.loads(self.strata.run('report', '--json').expect(DONE).out) == self.report
        out = os.path.join(self.folder, 'report')
        self.strata.run('report', '-o', out).expect(DONE)
        assert read(out) == text
        assert self.strata.json('report', '-o', out, status=USAGE)['error']['code'] == 'exists'
        assert self.strata.json('report', '-o', out + '.json') == {'report': out + '.json'}
        assert json.loads(read(out + '.json')) == self.report
        os.rename(self.strata.path('migration', 'report-1.txt'), out + '.kept')
        self.strata.run('report').expect(NOT_FOUND)
        os.rename(out + '.kept', self.strata.path('migration', 'report-1.txt'))

    def check_manifest(self):
        """Of each file of Taskerino's its size, times and digest, and of no other one."""
        ours = {path for path, entry in self.entries.items() if entry['sha256'] is not None}
        assert self.files.keys() == ours, self.files.keys() ^ ours
        for path, row in self.files.items():
            status = os.lstat(self.old.path(path))
            assert (row['size'], row['mtime_ns'], row['ctime_ns'], row['inode']) == \
                   (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino), row
            assert row['sha256'] == self.entries[path]['sha256'], row
            assert not row['changed'], row
        assert self.header['data'] == os.path.realpath(self.old.root) and self.header['legacy'] == self.old.folder
        assert self.end['files'] == len(self.files) and self.end['owners'] == len(self.owners)
        assert self.end['bytes'] == sum(row['size'] for row in self.files.values())

    def check_owners(self):
        rows = {row['key'] for row in self.strata.json('list')}
        assert {owner['owner'] for owner in self.owners if not owner['collection']} == rows
        for owner in self.owners:
            assert owner['held'], owner
            if not owner['collection']:
                assert owner['sha256'] == sha256(self.strata.run('show', owner['owner']).expect(DONE).out[:-1]), owner

    def copies(self):
        return self.strata.path('migration', 'rollback-1', 'copies')

    def check_copies(self):
        """A copy of each file that collections were read from, and of nothing else."""
        wanted = set()
        for path, row in self.files.items():
            assert (row['copy'] is not None) == (row['kind'] == 'collection'), row
            assert (row['kind'] == 'collection') == path.startswith(('db/', 'backups/', 'sessions.json')), row
            if row['copy'] is None:
                continue
            name = row['sha256'] + ('.gz' if row['copy'] == 'gzip' else '')
            content = read(self.copies(), name)
            assert sha256(gzip.decompress(content) if row['copy'] == 'gzip' else content) == row['sha256'], row
            wanted.add(name)
        assert set(os.listdir(self.copies())) == wanted

    def check_private(self):
        for at, folders, files in os.walk(self.strata.path('migration')):
            for name in folders + files:
                mode = os.lstat(os.path.join(at, name)).st_mode & 0o777
                assert mode == (0o700 if name in folders else 0o600), (at, name, oct(mode))

    def check_again(self):
        """Run again nothing is copied again; what is new gets its copy, and what no file has any more goes."""
        before = snapshot(self.copies())
        self.migrate()
        assert snapshot(self.copies()) == before

        shutil.copy(self.old.path('db', 'settings.json'), self.old.path('db', 'ideas.json'))
        self.before = snapshot(self.old.folder)
        self.migrate()
        self.check_copies()
        self.check_digests()
        assert self.entries['db/ideas.json']['fate'] == 'carried', self.entries['db/ideas.json']

    def check_order(self):
        """What `verify` and `gc` see of a store with a way back: nothing amiss."""
        assert self.strata.json('verify')['ok']
        before = snapshot(self.copies())
        self.strata.json('gc', '--purge')
        assert snapshot(self.copies()) == before

    def check_old(self):
        assert snapshot(self.old.folder) == self.before


def check_unreadable(tap, program, folder, manifest):
    """What stops a run is told by it; the rollback point that was there stays."""
    place = Accounted(tap, program, 'gone', folder, manifest)
    place.migrate()
    before = snapshot(place.strata.path('migration', 'rollback-1'))
    shutil.rmtree(place.old.folder)
    place.strata.json('migrate', place.old.folder, status=SOURCE)
    assert snapshot(place.strata.path('migration', 'rollback-1')) == before


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    for name, folder, manifest in samples(source)[:1]:
        place = Accounted(tap, program, name, folder, manifest)
        for title, check in (('every entry of the old folder is in the report, once', place.check_all_listed),
                             ('with the digest of its bytes, unless it is foreign', place.check_digests),
                             ('and what became of it', place.check_fates),
                             ('totals add up to what the folder has', place.check_totals),
                             ('the text says the same', place.check_text),
                             ('both are given to whoever asks', place.check_given_away),
                             ('the rollback point knows every file', place.check_manifest),
                             ('and what the store had of them', place.check_owners),
                             ('collections have their copies', place.check_copies),
                             ('nobody else may read them', place.check_private),
                             ('run again, they follow the old store', place.check_again),
                             ('they are in order', place.check_order),
                             ('the old store is as it was', place.check_old)):
            tap.check('%s: %s' % (name, title), check)
        tap.check('a run that fails leaves the rollback point', check_unreadable, tap, program, folder, manifest)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
