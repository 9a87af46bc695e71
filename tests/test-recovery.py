#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that the old program lost sight of are found again; what is damaged gives up what it can.

Usage: test-recovery.py STRATACTL SOURCE-FOLDER
"""

import json
import os
import sys

from e2e_util import DONE, ROOT, SOURCE, WARNINGS, Strata, Tap, difference, minify, snapshot
from old_forms import as_string as envelope


def session(id, name='a session'):
    return {'name': name, 'screenshots': [{'id': 'shot-' + str(id), 'aiAnalysis': {'summary': name}}],
            **({} if id is None else {'id': id})}


class Recovery:

    def __init__(self, tap, program):
        self.tap, self.program, self.count = tap, program, 0

    def old_store(self, **files):
        """One file for each argument: main, tmp, backup, top, notes, notes_backup."""
        places = {'main': 'db/sessions.json', 'tmp': 'db/sessions.tmp.json', 'backup': 'db/sessions.backup.json',
                  'top': 'sessions.json', 'notes': 'db/notes.json', 'notes_backup': 'db/notes.backup.json'}
        self.count += 1
        folder = os.path.join(self.tap.folder, 'old-%d' % self.count)
        for name, content in files.items():
            path = os.path.join(folder, ROOT, places[name])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as stream:
                stream.write(content)
        return folder

    def migrate(self, folder, *options, status=DONE):
        before = snapshot(folder)
        strata = Strata(self.program, os.path.join(self.tap.folder, 'store-%d' % self.count), self.tap.folder)
        document = strata.json('migrate', folder, *options, status=status)
        assert not difference(before, snapshot(folder))
        assert document['state'] == 'complete', document
        assert strata.json('verify')['ok']
        return strata, document

    def expect(self, strata, *expected):
        """Each (session, recovered); order does not matter."""
        found = sorted((strata.run('show', row['key']).expect(DONE).out.rstrip(b'\n'), row['recovered'])
                       for row in strata.json('list'))
        wanted = sorted((minify(json.dumps(value, ensure_ascii=False).encode()), recovered) for value, recovered in expected)
        assert found == wanted, (found, wanted)

    def codes(self, document):
        return sorted(problem['code'] for problem in document['problems'])

    def check_emptied(self):
        """The commonest disaster: a window that shows nothing, saves [], and then records one new session."""
        lost = [session('a'), session('b')]
        folder = self.old_store(main=envelope([session('new')], 2000), backup=envelope(lost, 1000))
        plan = Strata(self.program, '/nonexistent', self.tap.folder).json('plan', folder)
        assert (plan['sessions'], plan['recovered']) == (3, 2), plan
        assert [(source['name'], source['chosen']) for source in plan['sources']] == \
            [('db/sessions.json', True), ('db/sessions.backup.json', False)], plan
        strata, document = self.migrate(folder)
        assert document['sessions']['recovered'] == 2 and self.codes(document) == ['recovered'] * 2, document
        self.expect(strata, (session('new'), False), *((value, True) for value in lost))
        again = strata.json('migrate', folder)
        assert again['sessions']['migrated'] == 0 and again['sessions']['unchanged'] == 3, again

    def check_left_out(self):
        folder = self.old_store(main=envelope([], 2000), backup=envelope([session('a')], 1000))
        strata, document = self.migrate(folder, '--no-recovered')
        self.expect(strata)
        assert document['sessions']['recovered'] == 0

    def check_newer_wins(self):
        """What both have is taken as the newest whole one has it."""
        folder = self.old_store(main=envelope([session('a', 'new name')], 2000),
                                backup=envelope([session('a', 'old name'), session('b')], 1000))
        strata, _ = self.migrate(folder)
        self.expect(strata, (session('a', 'new name'), False), (session('b'), True))

    def check_temporary(self):
        """A whole temporary file that is newer is the newest save; nothing in it was lost from sight."""
        folder = self.old_store(tmp=envelope([session('a'), session('b')], 3000), main=envelope([session('a')], 2000),
                                backup=envelope([session('a')], 1000))
        strata, document = self.migrate(folder)
        self.expect(strata, (session('a'), False), (session('b'), False))
        assert 'recovered' not in self.codes(document)

    def check_torn(self):
        """A torn file gives up its whole leading sessions, beside the newest that is whole."""
        torn = envelope([session('a'), session('only here'), session('c')], 2000)
        torn = torn[:torn.index('shot-c')]
        folder = self.old_store(main=torn, backup=envelope([session('a'), session('b')], 1000))
        strata, document = self.migrate(folder, status=WARNINGS)
        self.expect(strata, (session('a'), False), (session('only here'), False), (session('b'), True))
        assert 'torn' in self.codes(document)
        kept = os.listdir(strata.path('quarantine'))
        assert len(kept) == 1, kept
        with open(strata.path('quarantine', kept[0]), encoding='utf-8') as stream:
            assert stream.read() == torn

    def check_all_torn(self):
        main, backup = envelope([session('a'), session('x')], 2000), envelope([session('b'), session('x')], 1000)
        folder = self.old_store(main=main[:main.index('shot-x')], backup=backup[:backup.index('shot-x')])
        strata, _ = self.migrate(folder, status=WARNINGS)
        self.expect(strata, (session('a'), False), (session('b'), True))

    def check_same_save(self):
        """A copy of the very save that breaks off is no older state."""
        whole = envelope([session('a'), session('b')], 2000)
        folder = self.old_store(main=whole[:whole.index('shot-a')], backup=whole)
        strata, _ = self.migrate(folder, status=WARNINGS)
        self.expect(strata, (session('a'), False), (session('b'), False))

    def check_toplevel(self):
        """A list at the top has no time and counts as older."""
        folder = self.old_store(main=envelope([session('a')], 2000), top=json.dumps([session('a', 'other'), session('b')]))
        strata, _ = self.migrate(folder)
        self.expect(strata, (session('a'), False), (session('b'), True))

    def check_backup_alone(self):
        folder = self.old_store(backup=envelope([session('a')], 1000))
        strata, document = self.migrate(folder)
        self.expect(strata, (session('a'), False))
        assert document['sessions']['migrated'] == 1

    def check_without_ids(self):
        """Sessions without an id are told apart by their content."""
        folder = self.old_store(main=envelope([session(None, 'one')], 2000),
                                backup=envelope([session(None, 'one'), session(None, 'two')], 1000))
        strata, _ = self.migrate(folder)
        self.expect(strata, (session(None, 'one'), False), (session(None, 'two'), True))

    def check_collection(self):
        """Other collections come from the newest copy that is whole."""
        notes = [{'id': 'n1', 'content': 'x' * 200}, {'id': 'n2'}]
        torn = envelope(notes, 2000)[:300]
        folder = self.old_store(main=envelope([], 1), notes=torn, notes_backup=envelope(notes[:1], 1000))
        strata, _ = self.migrate(folder, status=WARNINGS)
        target = os.path.join(self.tap.folder, 'export-%d' % self.count)
        strata.run('export', '--format', 'legacy', '-o', target).expect(DONE)
        assert os.path.exists(os.path.join(target, 'db', 'notes.json'))

    def check_nothing(self):
        folder = os.path.join(self.tap.folder, 'nothing')
        os.makedirs(os.path.join(folder, 'something'))
        strata = Strata(self.program, os.path.join(self.tap.folder, 'no-store'), self.tap.folder)
        assert strata.json('migrate', folder, status=SOURCE)['error']['code'] == 'source-unreadable'


def main(program, source):
    tap = Tap()
    recovery = Recovery(tap, os.path.abspath(program))
    tap.check('an emptied file beside a good backup', recovery.check_emptied)
    tap.check('left out when asked for', recovery.check_left_out)
    tap.check('the newer of two wins', recovery.check_newer_wins)
    tap.check('a newer temporary file', recovery.check_temporary)
    tap.check('a torn file beside a backup', recovery.check_torn)
    tap.check('nothing but torn files', recovery.check_all_torn)
    tap.check('a copy of the same save', recovery.check_same_save)
    tap.check('a list at the top', recovery.check_toplevel)
    tap.check('only a backup', recovery.check_backup_alone)
    tap.check('sessions without ids', recovery.check_without_ids)
    tap.check('another collection', recovery.check_collection)
    tap.check('nothing at all', recovery.check_nothing)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
