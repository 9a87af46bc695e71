#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking a store in parts, repairing it, and making its databases anew, from outside.

Usage: test-verify.py STRATACTL SOURCE-FOLDER
"""

import json
import os
import re
import shutil
import sys
import zipfile

from e2e_util import DAMAGE, DONE, USAGE, WARNINGS, Skip, Strata, Tap, copy_sample, files_below, samples

QUERIES = ('the', 'a', 'meeting', 'screen', '"chat program"', 'has:audio', 'kind:screenshot', 'after:2025-09-01', 'e -the')


class Verify:

    def __init__(self, tap, program, source):
        self.old = copy_sample(*samples(source)[0][1:], tap.new_folder('sample') + '/old')
        self.whole = os.path.join(tap.folder, 'whole')
        self.strata = Strata(program, os.path.join(tap.folder, 'store'), tap.folder)
        whole = Strata(program, self.whole, tap.folder)
        assert whole.json('migrate', self.old.folder)['state'] == 'complete'
        whole.json('reindex')
        self.key = whole.json('list')[0]['key']
        for number in range(3):
            whole.json('append', self.key, 'screenshots', stdin=b'{"id":"new%d"}' % number)

    def again(self):
        """A copy of the store as it was."""
        shutil.rmtree(self.strata.store, ignore_errors=True)
        shutil.copytree(self.whole, self.strata.store)

    def flip(self, path, at=None):
        """Turns a bit of the byte in the middle, or of the first of these."""
        with open(self.strata.path(path), 'r+b') as stream:
            content = stream.read()
            offset = content.index(at) if at else len(content) // 2
            stream.seek(offset)
            stream.write(bytes([content[offset] ^ 1]))

    def find(self, pattern):
        return next(path for path in files_below(self.whole) if re.match(pattern, path))

    def answers(self):
        """What the databases are asked: lists and searches, without how long it took."""
        lists = [self.strata.json('list', '--sort', sort) for sort in ('date', 'size', 'name')]
        searches = [self.strata.json('search', query, '--limit', '1000') for query in QUERIES]
        for document in searches:
            del document['took_us']
        return lists, searches, self.strata.json('attachments'), self.strata.json('stats')['kinds']

    def everything(self):
        return [self.strata.run('show', row['key']).expect(DONE).out for row in self.strata.json('list')]

    def check_parts(self):
        """Parts come to the whole, each in another process; a drill names what it rebuilt."""
        self.again()
        whole = self.strata.json('verify')
        assert whole['ok'] and whole['problems'] == [], whole
        assert 'start' in self.strata.run('verify', '--slice', '100').expect(DONE).out.decode()
        self.strata.json('verify', '--slice', '20')
        texts = [self.strata.run('verify', '--slice', '20').expect(DONE).out.decode()]
        while 'from the start' not in texts[-1]:
            texts.append(self.strata.run('verify', '--slice', '20').expect(DONE).out.decode())
            assert len(texts) <= 8, texts
        assert len(texts) > 1, texts
        assert 'Rebuilt' in self.strata.run('verify', '--slice', '1', '--drill').expect(DONE).out.decode()
        assert self.strata.json('verify', '--drill')['ok']

    def check_every_file(self):
        """One byte of each file of the store, one file at a time: it is that file that verify names."""
        files = [path for path in files_below(self.whole) if '.sqlite3' not in path and not path.endswith('lock') and path != 'reserve']
        assert len(files) > 60, files
        self.again()
        for path in files:
            self.flip(path)
            named = {problem['path'] for problem in self.strata.json('verify', status=DAMAGE)['problems']}
            assert path in named, '%s: %s' % (path, named)
            self.flip(path)
        assert self.strata.json('verify')['ok']

    def check_usage(self):
        self.again()
        for arguments in (('--slice', '0'), ('--slice', '101'), ('--repair', '--slice', '5'), ('--repair', '--drill'), ('x',)):
            self.strata.run('verify', *arguments).expect(USAGE)

    def check_nothing_to_do(self):
        self.again()
        document = self.strata.json('verify', '--repair')
        assert document['ok'] and document['problems'] == [], document
        assert '0 repaired, 0 lost' in self.strata.run('verify', '--repair').expect(DONE).out.decode()

    def check_repair(self):
        """Damage is found, repaired from the old store, and not found again; what was read before is read now."""
        self.again()
        before = self.everything()
        paths = [self.find(pattern) for pattern in (r'attachments/', r'sessions/[^/]+/chunks/', r'collections/[^.]*-001',
                                                    r'sessions/[^/]+/metadata', r'store\.json$', r'changes\.log')]
        for path in paths:
            self.flip(path)
        named = {problem['path'] for problem in self.strata.json('verify', status=DAMAGE)['problems']}
        assert set(paths) <= named, named
        document = self.strata.json('verify', '--repair')
        assert document['ok'] is True, document
        repaired = {problem['path'] for problem in document['problems'] if problem['code'] == 'repaired'}
        assert set(paths) <= repaired, document
        assert all(problem['severity'] == 'note' for problem in document['problems']), document
        assert self.everything() == before
        assert self.strata.json('verify')['ok']
        damaged = os.listdir(self.strata.path('quarantine'))
        assert sum(name.startswith('damaged-') for name in damaged) >= len(paths), damaged

    def check_loss(self):
        """Of a tail what is whole stays, and the line that is lost is named: a warning."""
        self.again()
        tail = 'sessions/%s/tail.jsonl' % self.key
        self.flip(tail, b'new1')
        document = self.strata.json('verify', '--repair', status=WARNINGS)
        assert document['ok'], document
        lost = [problem for problem in document['problems'] if problem['code'] == 'lost']
        assert [problem['path'] for problem in lost] == [tail] and lost[0]['session'] == self.key, document
        assert 'line 3, an element of “screenshots”' in lost[0]['message'], lost
        shown = self.strata.run('show', self.key).expect(DONE).out
        assert [b'"new%d"' % number in shown for number in range(3)] == [True, False, True], shown[-200:]
        assert self.strata.json('verify')['ok']
        self.strata.json('append', self.key, 'screenshots', stdin=b'{"id":"another"}')

    def check_compressed(self):
        """What was packed, and made a WebP, since it was migrated comes back as it was then."""
        self.again()
        self.strata.json('compress', '--all', '--images', 'webp')
        before = self.everything()
        webps = [row for row in self.strata.json('attachments') if row['state'] == 'webp']
        files = files_below(self.strata.store)
        parts = [path for path in files if re.match(r'sessions/[^/]+/chunks/.*\.gz$', path)]
        if not webps or not parts:
            raise Skip('nothing was worth it')
        objects = [path for path in files if re.match(r'attachments/.*\.webp$', path)]
        metadata = os.path.dirname(os.path.dirname(parts[0])) + '/metadata.json'
        for path in (objects[0], parts[0], metadata):
            self.flip(path)
        document = self.strata.json('verify', '--repair')
        assert document['ok'], document
        assert {objects[0], parts[0], metadata} <= {problem['path'] for problem in document['problems']}, document
        assert self.everything() == before

    def check_no_source(self):
        """Without the old store it is said what can't be had again, and nothing goes."""
        self.again()
        path = self.find(r'attachments/')
        self.flip(path)
        away = self.old.folder + '.away'
        os.rename(self.old.folder, away)
        try:
            document = self.strata.json('verify', '--repair', status=DAMAGE)
        finally:
            os.rename(away, self.old.folder)
        assert not document['ok'] and {'lost', 'digest-mismatch'} <= {problem['code'] for problem in document['problems']}, document
        assert os.path.exists(self.strata.path(path))
        assert self.strata.json('verify', '--repair')['ok']

    def check_export(self):
        """An old store that is an export in a folder is found again, and serves."""
        folder = self.old.folder + '.export'
        os.mkdir(folder)
        sessions = [{'id': 'one', 'screenshots': [{'id': 's'}]}, {'id': 'two', 'name': 'another'}]
        with zipfile.ZipFile(os.path.join(folder, 'taskerino-export-2025-10-20.zip'), 'w') as export:
            export.writestr('sessions.json', json.dumps(sessions, indent=2))
            export.writestr('notes.json', json.dumps([{'id': 'n'}], indent=2))
            export.writestr('export-metadata.json', json.dumps({'version': 1, 'timestamp': 1500, 'source': 'indexeddb'}))
        shutil.rmtree(self.strata.store)
        self.strata.json('migrate', folder)
        before = self.everything()
        assert len(before) == 2, before
        for path in files_below(self.strata.store):
            if re.match(r'(sessions|collections)/', path):
                self.flip(path)
        document = self.strata.json('verify', '--repair')
        assert document['ok'] and self.everything() == before, document

    def check_reindex(self):
        """Without both databases everything is found, and after making them anew every answer is the same."""
        self.again()
        before = self.answers()
        assert any(document['total'] for document in before[1]), before[1]
        for name in os.listdir(self.strata.store):
            if '.sqlite3' in name:
                os.unlink(self.strata.path(name))
        document = self.strata.json('reindex')
        assert document['sessions'] == len(before[0][0]) and document['moments'] > 0 and document['seconds'] >= 0, document
        assert self.answers() == before
        assert self.strata.json('verify')['ok']
        self.strata.json('reindex')
        assert self.answers() == before


    def check_missing(self):
        """What a complete migration leaves besides sessions is named when it is gone, and made again."""
        copies = [path for path in files_below(self.whole) if path.startswith('migration/rollback-1/copies/')]
        assert len(copies) > 3, copies
        for path in ('migration/rollback-1/manifest', 'migration/report-1.json', 'migration/report-1.txt', copies[0], copies[-1]):
            self.again()
            assert self.strata.json('verify')['ok']
            os.unlink(self.strata.path(path))
            document = self.strata.json('verify', status=DAMAGE)
            assert [problem['path'] for problem in document['problems']] == [path], (path, document['problems'])
            self.strata.json('migrate', self.old.folder)
            assert os.path.exists(self.strata.path(path)), path
            assert self.strata.json('verify')['ok']
        # With the old store its copies go, and are missed by nobody
        self.again()
        before = set(files_below(self.old.root))
        shutil.copytree(self.old.folder, self.old.folder + '.kept', copy_function=shutil.copy2)
        self.strata.json('retire', '--now')
        assert not os.path.exists(self.strata.path('migration/rollback-1/copies')) and set(files_below(self.old.root)) < before
        assert self.strata.json('verify')['ok']
        shutil.rmtree(self.old.folder)
        os.rename(self.old.folder + '.kept', self.old.folder)


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    verify = Verify(tap, program, source)
    tap.check('parts come to the whole', verify.check_parts)
    tap.check('one byte of any file is found', verify.check_every_file)
    tap.check('what is gone of a report or of the way back is named', verify.check_missing)
    tap.check('what can\'t be asked for is refused', verify.check_usage)
    tap.check('where nothing is damaged nothing is repaired', verify.check_nothing_to_do)
    tap.check('what the old store has comes back', verify.check_repair)
    tap.check('what is whole of a tail stays, and what is lost is named', verify.check_loss)
    tap.check('what was compressed comes back', verify.check_compressed)
    tap.check('without the old store nothing goes', verify.check_no_source)
    tap.check('what came from an export comes back', verify.check_export)
    tap.check('made anew, the databases give every answer as before', verify.check_reindex)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
