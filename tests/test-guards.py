#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against what people and programs do to stores: nothing is lost, altered or called complete that is not.

Usage: test-guards.py STRATACTL SOURCE-FOLDER
"""

import glob
import json
import os
import shutil
import subprocess
import sys

from e2e_util import DAMAGE, DONE, ROOT, USAGE, WRITE, Strata, Tap, difference, snapshot


class Guards:

    def __init__(self, tap, program):
        self.tap, self.program, self.count = tap, program, 0

    def old_store(self, files):
        self.count += 1
        folder = os.path.join(self.tap.folder, 'old-%d' % self.count)
        for name, content in files.items():
            self.write(folder, name, content)
        return folder

    def write(self, folder, name, content):
        path = os.path.join(folder, ROOT, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as stream:
            stream.write(content if isinstance(content, bytes) else json.dumps(content).encode())

    def strata(self, store=None):
        return Strata(self.program, store or os.path.join(self.tap.folder, 'store-%d' % self.count), self.tap.folder)

    def names(self, strata):
        return sorted(row['name'] for row in strata.json('list'))

    def check_places(self):
        """The old store is never written to: a new one is not made in it, nor around it."""
        folder = self.old_store({'db/sessions.json': [{'id': 'a'}]})
        before = snapshot(folder)
        link = os.path.join(self.tap.folder, 'link-%d' % self.count)
        os.symlink(folder, link)
        for store in (os.path.join(folder, ROOT), os.path.join(folder, ROOT, 'db', 'x'), os.path.join(link, ROOT, 'new'), folder):
            document = self.strata(store).json('migrate', folder, status=USAGE)
            assert 'other folder' in document['error']['message'], document
            assert not difference(before, snapshot(folder))

    def check_link(self):
        """One old store is one source, however one gets to it."""
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a'}]})
        link = os.path.join(self.tap.folder, 'link-%d' % self.count)
        os.symlink(folder, link)
        strata = self.strata()
        strata.json('migrate', folder)
        assert strata.json('migrate', link)['sessions']['unchanged'] == 1
        assert self.names(strata) == ['a']

    def check_gone(self):
        """What is gone from the old store stays here, also where ids do not tell sessions apart."""
        for id in ({}, {'id': 'same'}, {'id': None}):
            sessions = [dict(id, name='N%d' % number) for number in range(3)]
            folder = self.old_store({'db/sessions.json': sessions})
            strata = self.strata()
            strata.json('migrate', folder)
            self.write(folder, 'db/sessions.json', sessions[1:])
            strata.json('migrate', folder)
            assert self.names(strata) == ['N0', 'N1', 'N2'], (id, self.names(strata))

    def check_gone_with_attachment(self):
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a', 'fullAudioAttachmentId': 'x'}],
                                 'attachments/x.dat': b'aGVsbG8='})
        strata = self.strata()
        strata.json('migrate', folder)
        os.unlink(os.path.join(folder, ROOT, 'attachments', 'x.dat'))
        self.write(folder, 'db/sessions.json', [])
        assert strata.json('migrate', folder)['state'] == 'complete'
        assert strata.run('attachment', 'x').expect(DONE).out == b'hello'

    def check_mending(self):
        """Damage is found by the next run, and mended by the one after, from the old store."""
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a', 'screenshots': [{'id': 1, 'attachmentId': 'x'}]}],
                                 'attachments/x.dat': b'aGVsbG8='})
        strata = self.strata()
        strata.json('migrate', folder)
        for pattern in ('sessions/*/chunks/screenshots-*', 'attachments/*/*', 'sessions/*/chunks/attachments-*'):
            path, = glob.glob(strata.path(pattern))
            with open(path, 'r+b') as stream:
                stream.seek(2)
                stream.write(b'~')
            assert strata.json('migrate', folder, status=DAMAGE)['state'] == 'failed', path
            assert strata.json('migrate', folder)['state'] == 'complete', path
            assert strata.json('verify')['ok'], path

    def check_junk_behind(self):
        """A value with junk behind it is compared like any other."""
        folder = self.old_store({'db/sessions.json': [], 'db/notes.json': b'[{"id":"n1"},{"id":"n2"}]\0\0garbage'})
        strata = self.strata()
        document = strata.json('migrate', folder)
        assert 'trailing-bytes' in [problem['code'] for problem in document['problems']], document
        path, = glob.glob(strata.path('collections/notes-001.*'))
        with open(path, 'r+b') as stream:
            stream.seek(3)
            stream.write(b'~')
        assert strata.json('migrate', folder, status=DAMAGE)['state'] == 'failed'

    def check_raw_names(self):
        """A file of somebody's that is named .dat is no text to be decoded."""
        files = {'attachments/files/r.dat': b'aGVsbG8gd29ybGQhISEh', 'videos/v.dat': b'\0raw'}
        folder = self.old_store({'db/sessions.json': [], 'db/notes.json': [
            {'id': 'n', 'attachments': [{'id': 'r', 'path': 'attachments/files/r.dat'}]}], **files})
        strata = self.strata()
        assert strata.json('migrate', folder)['state'] == 'complete'
        target = os.path.join(self.tap.folder, 'export-%d' % self.count)
        strata.run('export', '--format', 'legacy', '-o', target).expect(DONE)
        for name, content in files.items():
            with open(os.path.join(target, name), 'rb') as stream:
                assert stream.read() == content, name

    def check_empty_folders(self):
        """Empty folders are left out by many a program that copies stores."""
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a'}]})
        strata = self.strata()
        strata.json('migrate', folder)
        for name in ('staging', 'trash', 'quarantine'):
            shutil.rmtree(strata.path(name))
        assert self.names(strata) == ['a']
        assert strata.json('migrate', folder)['state'] == 'complete'

    def check_lost(self):
        """A session that is gone, and the catalog with it, is missed by the log."""
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a'}, {'id': 'b', 'name': 'b'}]})
        strata = self.strata()
        strata.json('migrate', folder)
        lost, = glob.glob(strata.path('sessions/a-*'))
        shutil.rmtree(lost)
        for path in glob.glob(strata.path('catalog.sqlite3*')):
            os.unlink(path)
        document = strata.json('verify', status=DAMAGE)
        assert os.path.basename(lost) in document['problems'][0]['path'], document

    def check_output(self):
        folder = self.old_store({'db/sessions.json': [{'id': 'a', 'name': 'a'}]})
        strata = self.strata()
        strata.json('migrate', folder)
        with open('/dev/full', 'wb') as full:
            for command in (('list',), ('list', '--json'), ('stats', '--json'), ('show', 'a')):
                done = subprocess.run([self.program, '--store', strata.store, *command], stdout=full,
                                      stderr=subprocess.DEVNULL, timeout=30, check=False)
                assert done.returncode == WRITE, (command, done.returncode)
        strata.run('migrate', folder, '--batch', '0').expect(USAGE)


def main(program, source):
    tap = Tap()
    guards = Guards(tap, os.path.abspath(program))
    tap.check('a new store is not made in an old one', guards.check_places)
    tap.check('a link to an old store', guards.check_link)
    tap.check('sessions gone from the old store', guards.check_gone)
    tap.check('a session gone with its attachment', guards.check_gone_with_attachment)
    tap.check('damage is mended from the old store', guards.check_mending)
    tap.check('junk behind a value', guards.check_junk_behind)
    tap.check('raw files named .dat', guards.check_raw_names)
    tap.check('a store without its empty folders', guards.check_empty_folders)
    tap.check('a session lost with the catalog', guards.check_lost)
    tap.check('standard output that is full', guards.check_output)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
