#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is exported as a ZIP is one to everybody, and can be migrated again to the last byte.

Usage: test-export.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER
"""

import os
import shutil
import sys
import zipfile

from e2e_util import DONE, USAGE, WARNINGS, Strata, Tap, copy_sample, difference, run, sha256, snapshot

POINTS = 12


def read(path):
    with open(path, 'rb') as stream:
        return stream.read()


class Exports:
    """A sample's store, what is exported of it, and a store that is made of that."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.program, self.faulty = tap, program, faulty
        self.folder = tap.new_folder('export')
        sample = os.path.join(source, 'data', 'sample')
        self.old = copy_sample(sample, os.path.join(sample, 'manifest.json'), self.at('old'))
        self.strata = Strata(program, self.at('store'), self.folder)
        self.strata.json('migrate', self.old.folder)
        self.zip = self.at('export.zip')

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    def export(self, name, *arguments, strata=None, status=DONE, env=None):
        document = (strata or self.strata).json('export', *arguments, '--format', 'zip', '-o', self.at(name), status=status, env=env)
        if status == DONE:
            assert document['bytes'] == os.path.getsize(self.at(name)), document
        return document

    def nothing_left(self):
        left = [name for name in os.listdir(self.folder) if '.part-' in name]
        assert not left, left

    def migrated(self, name):
        """A store of that ZIP alone"""
        strata = Strata(self.program, self.at('store-of-' + name), self.folder)
        before = snapshot(self.at(name))
        document = strata.json('migrate', self.at(name))
        assert document['state'] == 'complete' and document['sessions']['failed'] == 0, document
        assert strata.json('verify')['ok']
        assert snapshot(self.at(name)) == before, difference(before, snapshot(self.at(name)))
        return strata

    def rows(self, strata, *arguments):
        return sorted((row['id'], row['sha256'] or '', row['mime'] or '', row['name'] or '', row['bytes'] or 0, row['state'])
                      for row in strata.json('attachments', *arguments))

    # What it is to others

    def check_everybody_reads_it(self):
        assert self.export('export.zip')['sessions'] == len(self.strata.json('list'))
        with zipfile.ZipFile(self.zip) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert len(set(names)) == len(names)
            assert names[:2] == ['export-metadata.json', 'sessions.json'], names[:2]
            sessions = archive.read('sessions.json')
        texts = [self.strata.run('show', row['key']).expect(DONE).out[:-1] for row in self.strata.json('list')]
        assert all(text in sessions for text in texts)
        assert len(sessions) == sum(map(len, texts)) + len(texts) + 1
        if shutil.which('unzip') is not None:
            assert run(['unzip', '-tq', self.zip]).status == DONE
        self.nothing_left()

    def check_attachments_are_the_old_files(self):
        with zipfile.ZipFile(self.zip) as archive:
            found = {name: archive.read(name) for name in archive.namelist() if '/' in name}
        expected = {path: read(self.old.path(path)) for path in found}
        assert any(name.startswith('videos/') for name in found) and any(name.endswith('.dat') for name in found)
        assert found == expected, [name for name in found if found[name] != expected[name]]

    def check_same_store_same_bytes(self):
        self.export('again.zip')
        self.export('elsewhere.zip', env={'TZ': 'Asia/Tokyo', 'LC_ALL': 'C', 'LANG': 'C'})
        digests = {sha256(read(self.at(name))) for name in ('export.zip', 'again.zip', 'elsewhere.zip')}
        assert len(digests) == 1

    # Back again

    def check_migrated_again(self):
        again = self.migrated('export.zip')
        for row in self.strata.json('list'):
            texts = [strata.run('show', row['key']).expect(DONE).out for strata in (self.strata, again)]
            assert texts[0] == texts[1], row['key']
        assert self.rows(again) == self.rows(self.strata)
        for row in self.strata.json('attachments'):
            contents = [strata.run('attachment', row['id']).expect(DONE).out for strata in (self.strata, again)]
            assert contents[0] == contents[1] and sha256(contents[0]) == row['sha256'], row['id']
        # And whatever else there is
        self.export('second.zip', strata=again)
        assert read(self.at('second.zip')) == read(self.zip)

    def check_plan(self):
        strata = Strata(self.program, self.at('planned'), self.folder)
        plan = strata.json('plan', self.zip)
        assert plan['attachments'] == len({row[0] for row in self.rows(self.strata)}), plan['attachments']
        assert plan['bytes']['original'] > sum(row[4] for row in self.rows(self.strata)) / 2, plan['bytes']
        assert not os.path.exists(self.at('planned', 'sessions'))

    def check_compressed_store(self):
        """Packed texts, and pictures that are WebP by now, are exported as what they are."""
        shutil.copytree(self.at('store'), self.at('packed'))
        packed = Strata(self.program, self.at('packed'), self.folder)
        packed.json('compress', '--all', '--images', 'webp', '--quality', '60')
        self.export('packed.zip', strata=packed)
        again = self.migrated('packed.zip')
        for row in packed.json('attachments'):
            contents = [strata.run('attachment', row['id']).expect(DONE).out for strata in (packed, again)]
            assert contents[0] == contents[1], row['id']

    def check_some_sessions(self):
        key = self.strata.json('list')[0]['key']
        assert self.export('one.zip', key)['sessions'] == 1
        with zipfile.ZipFile(self.at('one.zip')) as archive:
            assert [name for name in archive.namelist() if '/' not in name] == ['export-metadata.json', 'sessions.json']
        again = self.migrated('one.zip')
        assert [row['key'] for row in again.json('list')] == [key]
        assert self.rows(again) == self.rows(self.strata, key)

    def check_damage_is_met(self):
        """A ZIP whose attachment is damaged is not taken for whole."""
        with zipfile.ZipFile(self.zip) as archive:
            name = max((info for info in archive.infolist() if info.filename.endswith('.dat')), key=lambda info: info.file_size)
            content = bytearray(read(self.zip))
            content[name.header_offset + 30 + len(name.filename) + name.compress_size // 2] ^= 0x55
        with open(self.at('damaged.zip'), 'wb') as stream:
            stream.write(content)
        strata = Strata(self.program, self.at('of-damaged'), self.folder)
        document = strata.run('migrate', self.at('damaged.zip'), '--json', '--quiet').expect(WARNINGS).document()
        assert document['attachments']['failed'] == 1, document
        assert any(name.filename[len('attachments/'):-len('.dat')] == (problem['item'] or '') for problem in document['problems']), document

    # Never over anything, and all or nothing

    def check_never_over_anything(self):
        before = read(self.zip)
        document = self.export('export.zip', status=USAGE)
        assert 'exists' in document['error']['message'], document
        assert read(self.zip) == before
        os.symlink('nowhere', self.at('link.zip'))
        self.export('link.zip', status=USAGE)
        assert os.readlink(self.at('link.zip')) == 'nowhere'
        self.nothing_left()

    def check_faults(self):
        steps = self.at('steps')
        faulty = Strata(self.faulty, self.strata.store, self.folder)
        arguments = ('export', '--format', 'zip', '-o', self.at('faulty.zip'), '--json', '--quiet')
        faulty.run(*arguments, env={'STRATA_TEST_STEPS': steps}).expect(DONE)
        total = sum(int(line.split()[1]) for line in read(steps).decode().splitlines())
        stopped = 0
        for index, number in enumerate(range(1, total + 1, max(1, total // POINTS))):
            kind = ('EIO', 'ENOSPC:full')[index % 2]
            if os.path.exists(self.at('faulty.zip')):
                os.unlink(self.at('faulty.zip'))
            result = faulty.run(*arguments, env={'STRATA_TEST_FAIL_AT': '%d:%s' % (number, kind)})
            self.nothing_left()
            if result.status == DONE:
                assert read(self.at('faulty.zip')) == read(self.zip), number
                continue
            stopped += 1
            assert len(result.document()['error']['message']) > 15, result
            assert not os.path.exists(self.at('faulty.zip')), 'failed at call %d, and left something' % number
        self.tap.say('a fault at every %dth of %d calls, %d of them stopped it' % (max(1, total // POINTS), total, stopped))
        assert stopped > POINTS / 3


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    tap = Tap()
    exports = Exports(tap, program, faulty, source)
    for title, check in (('everybody reads it', exports.check_everybody_reads_it),
                         ('attachments are the old files', exports.check_attachments_are_the_old_files),
                         ('the same store makes the same bytes', exports.check_same_store_same_bytes),
                         ('migrated again it is the same store', exports.check_migrated_again),
                         ('a plan knows its attachments', exports.check_plan),
                         ('what was compressed can be migrated again', exports.check_compressed_store),
                         ('some sessions', exports.check_some_sessions),
                         ('a damaged attachment is met', exports.check_damage_is_met),
                         ('never over anything', exports.check_never_over_anything),
                         ('a fault leaves nothing', exports.check_faults)):
        tap.check(title, check)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
