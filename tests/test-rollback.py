#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: to an old store that is as it was, that was changed since, or that is ruined.

Usage: test-rollback.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER

Whatever was done in Strata comes along, and nothing of the old store is lost or touched unasked.
"""

import gzip
import json
import os
import shutil
import sys
import tempfile

from e2e_util import (DAMAGE, DONE, NOT_FOUND, USAGE, Strata, Tap, copy_sample, difference, files_below, minify, payload,
                      samples, sha256, snapshot, split)

DAY = 86400
FOREIGN = ('api_keys.json', 'window-state.json')
# Places at which it is killed, in the quick form
QUICK_POINTS = 16


def read(*parts):
    with open(os.path.join(*parts), 'rb') as stream:
        return stream.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as stream:
        stream.write(content)


def envelope(value):
    """As the first versions saved."""
    return b'{"version":1,"timestamp":1999999999999,"data":' + value + b'}'


def contents(folder):
    """Which files there are, and what is in them; not when they were written."""
    return {path: sha256(read(folder, path)) for path in files_below(folder)}


class Place:
    """A migrated sample that each check gets as it was: copies of one that is migrated once."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.program, self.faulty = tap, program, faulty
        self.folder = tap.new_folder('place')
        self.old = copy_sample(*samples(source)[0][1:], self.at('old'))
        for name in FOREIGN:
            write(self.old.path(name), b'{"of": "somebody else"}')
        self.strata = Strata(program, self.at('store'), self.folder)
        self.strata.json('migrate', self.old.folder)
        self.sessions = {row['id']: row['key'] for row in self.strata.json('list')}
        self.texts = {key: self.strata.run('show', key).expect(DONE).out[:-1] for key in self.sessions.values()}
        self.files = sorted(path for path in files_below(self.old.root) if path not in FOREIGN)
        self.clean = tap.new_folder('clean')
        for name in ('old', 'store'):
            self.copy(self.at(name), os.path.join(self.clean, name))

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    @staticmethod
    def copy(source, target):
        """With the times, and inodes of its own."""
        shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy2)

    def reset(self):
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        for name in ('old', 'store'):
            self.copy(os.path.join(self.clean, name), self.at(name))
        self.before = snapshot(self.old.folder)
        self.was = contents(self.old.root)

    def rollback(self, *arguments, status=DONE):
        return self.strata.json('rollback', *arguments, status=status)

    def untouched(self):
        assert snapshot(self.old.folder) == self.before, difference(self.before, snapshot(self.old.folder))

    def restored(self, *but):
        """Every file of Taskerino's has its bytes again, and no other one is there."""
        now = contents(self.old.root)
        for path in self.files:
            assert path in but or now.get(path) == self.was[path], 'not as it was: ' + path
        assert now.keys() - self.was.keys() <= set(but), now.keys() - self.was.keys()

    def gone_to(self, document, name='store.trash'):
        assert document['trash'] == self.at(name), document
        assert not os.path.exists(self.strata.store) and os.path.isdir(self.at(name))
        moved = Strata(self.program, self.at(name), self.folder)
        assert moved.json('verify')['ok']

    def in_place(self):
        assert os.path.isdir(self.strata.store) and not os.path.exists(self.at('store.trash'))
        assert not [name for name in os.listdir(self.folder) if 'strata-part' in name], os.listdir(self.folder)

    # As it was

    def check_identical(self):
        self.reset()
        kept = contents(self.strata.store)
        assert self.rollback('--dry-run') == {'outcome': 'identical', 'exported': None, 'trash': None}
        self.in_place()
        # Nothing to be exported: nothing is made
        document = self.rollback('--export', self.at('out'))
        assert document['outcome'] == 'identical' and document['exported'] is None, document
        assert sorted(os.listdir(self.folder)) == ['old', 'store.trash']
        self.gone_to(document)
        self.untouched()

        assert self.rollback('--undo') == {'outcome': None, 'exported': None, 'trash': None}
        self.in_place()
        now = contents(self.strata.store)
        for path in kept:
            assert path.startswith(('migration/', 'catalog', 'search', 'reserve')) or kept[path] == now[path], path
        for key, text in self.texts.items():
            assert self.strata.run('show', key).expect(DONE).out[:-1] == text, key

    def check_trash(self):
        self.reset()
        self.rollback('--undo', status=NOT_FOUND)
        self.rollback('--purge', status=NOT_FOUND)
        self.rollback('--undo', '--purge', status=USAGE)
        self.rollback()
        self.rollback(status=NOT_FOUND)
        self.strata.json('migrate', self.old.folder)
        error = self.rollback('--undo', status=USAGE)['error']
        assert error['code'] == 'exists', error
        self.gone_to(self.rollback(), 'store.trash-2')
        assert self.rollback('--purge')['trash'] == self.at('store.trash')
        assert self.rollback('--purge')['trash'] is None
        assert sorted(os.listdir(self.folder)) == ['old']
        self.untouched()

    # With changes made here

    def change_in_strata(self):
        """Adds, changes and deletes. Returns what must be exported."""
        changed, grown, deleted = sorted(self.sessions.values())[:3]
        self.strata.run('set', changed, 'name', stdin=b'"changed here"').expect(DONE)
        self.strata.run('append', grown, 'contextItems', stdin=b'{"id":"new","type":"note"}').expect(DONE)
        self.strata.run('delete', deleted).expect(DONE)
        return [changed, grown], deleted

    def shown(self, keys):
        return sorted(self.strata.run('show', key).expect(DONE).out[:-1] for key in keys)

    def check_own_changes(self):
        self.reset()
        changed, deleted = self.change_in_strata()
        expected = self.shown(changed)

        error = self.rollback(status=USAGE)
        assert error['outcome'] == 'identical' and 'export' in error['error']['message'], error
        self.in_place()
        document = self.rollback('--export', self.at('out'))
        assert document['exported'] == self.at('out') and document['outcome'] == 'identical', document
        self.gone_to(document)
        self.untouched()

        assert sorted(os.listdir(self.at('out'))) == ['changes', 'rollback.json']
        texts = [minify(text) for _, text in split(payload(self.at('out', 'changes', 'db', 'sessions.json')))]
        assert sorted(texts) == expected
        assert os.listdir(self.at('out', 'changes', 'db')) == ['sessions.json']
        record = json.loads(read(self.at('out', 'rollback.json')))
        assert sorted(record['sessions']) == sorted(changed) and record['deleted'] == [deleted], record
        assert record['collections'] == [] and record['outcome'] == 'identical', record
        # Their attachments, byte for byte as in the old store, and no others
        mentioned = b''.join(expected)
        for path in files_below(self.at('out', 'changes')):
            if path.startswith('attachments/'):
                assert read(self.at('out', 'changes', path)) == read(self.old.path(path)), path
        for path in files_below(self.old.path('attachments')):
            if path.endswith('.dat') and path[:-4].encode() in mentioned:
                assert os.path.exists(self.at('out', 'changes', 'attachments', path)), path

    def check_export_is_old_store(self):
        """What was exported can be migrated."""
        again = Strata(self.program, self.at('again'), self.folder)
        assert again.json('migrate', self.at('out', 'changes'))['sessions']['migrated'] == 2

    def check_export_places(self):
        self.reset()
        self.change_in_strata()
        write(self.at('full', 'file'), b'x')
        for path, code in ((self.at('full'), 'exists'), (self.at('store', 'out'), 'unsuitable'),
                           (self.old.path('out'), 'unsuitable')):
            error = self.rollback('--export', path, status=USAGE)['error']
            assert error['code'] == code, error
            self.in_place()
        self.rollback('--export', self.at('not', 'there'), status=NOT_FOUND)
        self.untouched()
        assert contents(self.at('full')) == {'file': sha256(b'x')}
        os.makedirs(self.at('empty'))
        assert self.rollback('--export', self.at('empty'))['exported'] == self.at('empty')

    # Changed by Taskerino

    def save_in_taskerino(self):
        """One more session, saved as the old program does: the file before becomes the backup."""
        values = [value for _, value in split(self.old.payload('sessions'))]
        os.replace(self.old.path('db', 'sessions.json'), self.old.path('db', 'sessions.backup.json'))
        write(self.old.path('db', 'sessions.json'), envelope(b'[' + b','.join(values + [b'{"id":"later","name":"x"}']) + b']'))

    def migrated_is_there(self, out):
        """Collections as they were, and with what is identical in the old folder a whole old store."""
        for path in self.files:
            if path.startswith(('db/', 'backups/')):
                assert sha256(read(out, 'migrated', path)) == self.was[path], path
        for path in files_below(os.path.join(out, 'migrated')):
            assert sha256(read(out, 'migrated', path)) == self.was[path], path

    def check_changed(self):
        self.reset()
        self.save_in_taskerino()
        self.before = snapshot(self.old.folder)
        assert self.rollback('--dry-run')['outcome'] == 'changed'
        error = self.rollback(status=USAGE)
        assert error['outcome'] == 'changed' and 'export' in error['error']['message'], error
        self.in_place()

        document = self.rollback('--export', self.at('out'))
        assert document['outcome'] == 'changed' and document['exported'] == self.at('out'), document
        self.gone_to(document)
        self.untouched()
        self.migrated_is_there(self.at('out'))
        assert not os.path.exists(self.at('out', 'changes'))
        rows = json.loads(read(self.at('out', 'rollback.json')))['old_stores'][0]['differences']
        assert {row['path']: row['is_now'] for row in rows} == {
            'db/sessions.json': 'changed', 'db/sessions.backup.json': 'changed' if 'db/sessions.backup.json' in self.was else 'added'}

    def check_deleted_in_taskerino(self):
        """Its attachments go with a session. That is no damage, but they are in the export."""
        self.reset()
        values = [value for _, value in split(self.old.payload('sessions'))]
        gone = [path for path in files_below(self.old.path('attachments'))
                if path.endswith('.dat') and path[:-4].encode() in values[0] and path[:-4].encode() not in b''.join(values[1:])]
        assert gone, 'the first session has no attachments'
        write(self.old.path('db', 'sessions.json'), envelope(b'[' + b','.join(values[1:]) + b']'))
        for path in gone:
            for name in (path, path[:-4] + '.meta.json'):
                if os.path.exists(self.old.path('attachments', name)):
                    os.unlink(self.old.path('attachments', name))
        assert self.rollback('--dry-run')['outcome'] == 'changed'
        self.rollback('--export', self.at('out'))
        self.migrated_is_there(self.at('out'))
        for path in gone:
            assert sha256(read(self.at('out', 'migrated', 'attachments', path))) == self.was['attachments/' + path], path

    # Ruined

    def ruins(self):
        """(name, what it does): each ruins one or several files."""
        sessions = self.old.path('db', 'sessions.json')
        attachment = next(path for path in self.files if path.endswith('.dat'))
        picture = next(path for path in self.files if path.startswith('attachments/images/'))
        video = next(path for path in self.files if path.startswith('videos/'))
        return (
            ('emptied by an autosave', lambda: write(sessions, envelope(b'[]'))),
            ('an autosave and one new session', lambda: write(sessions, envelope(b'[{"id":"only"}]'))),
            ('torn', lambda: os.truncate(sessions, os.path.getsize(sessions) // 2)),
            ('nothing in it', lambda: os.truncate(sessions, 0)),
            ('removed', lambda: os.unlink(sessions)),
            ('a link in its place', lambda: (os.unlink(sessions), os.symlink('/etc/hostname', sessions))),
            ('garbage', lambda: write(self.old.path('db', 'notes.json'), b'\0' * 100)),
            ('one byte of an attachment', lambda: self.flip(attachment)),
            ('an attachment missing', lambda: os.unlink(self.old.path(attachment))),
            ('metadata ruined', lambda: write(self.old.path(attachment[:-4] + '.meta.json'), b'{')),
            ('a raw file missing', lambda: os.unlink(self.old.path(picture))),
            ('a video missing', lambda: os.unlink(self.old.path(video))),
            ('all of it', lambda: shutil.rmtree(self.old.root)),
        )

    def flip(self, path):
        content = bytearray(read(self.old.path(path)))
        content[len(content) // 2] ^= 1
        write(self.old.path(path), bytes(content))

    def check_damaged(self, name, ruin):
        self.reset()
        ruin()
        ruined = snapshot(self.old.folder)
        document = self.rollback('--dry-run', status=DAMAGE)
        assert document == {'outcome': 'damaged', 'exported': None, 'trash': None}, (name, document)
        # Not unless it was said what to do about it
        for arguments in ((), ('--export', self.at('out'))):
            document = self.rollback(*arguments, status=DAMAGE)
            assert document['outcome'] == 'damaged' and document['error']['code'] == 'damaged', (name, document)
            self.in_place()
        assert snapshot(self.old.folder) == ruined, name

        document = self.rollback('--restore')
        assert document['outcome'] == 'damaged' and document['exported'] is None, (name, document)
        self.gone_to(document)
        if name == 'all of it':
            self.files = [path for path in self.files if path not in FOREIGN]
        self.restored()

    def check_replaced_is_kept(self):
        self.reset()
        write(self.old.path('db', 'sessions.json'), b'ruined')
        self.rollback('--restore')
        assert read(self.at('store.trash', 'migration', 'rollback-1', 'replaced', 'db~sessions.json')) == b'ruined'

    def check_left_as_it_is(self):
        self.reset()
        write(self.old.path('db', 'sessions.json'), b'ruined')
        self.before = snapshot(self.old.folder)
        self.rollback('--no-restore', status=USAGE)
        document = self.rollback('--no-restore', '--export', self.at('out'))
        assert document['outcome'] == 'damaged' and document['exported'] == self.at('out'), document
        self.untouched()
        self.migrated_is_there(self.at('out'))

    def check_nothing_to_restore_from(self):
        """Where the copy is damaged, too, nothing is begun; what else there is can be exported."""
        self.reset()
        write(self.old.path('db', 'notes.json'), b'ruined')
        write(self.old.path('db', 'tasks.json'), b'ruined')
        copies = self.strata.path('migration', 'rollback-1', 'copies')
        for name in os.listdir(copies):
            content = read(copies, name)
            if sha256(gzip.decompress(content) if name.endswith('.gz') else content) == self.was['db/notes.json']:
                write(os.path.join(copies, name), content[:len(content) // 2])
        self.before = snapshot(self.old.folder)
        error = self.rollback('--restore', status=USAGE)['error']
        assert 'byte for byte' in error['message'], error
        self.untouched()
        self.in_place()
        self.rollback('--restore', '--export', self.at('out'))
        self.restored('db/notes.json')
        assert read(self.old.path('db', 'notes.json')) == b'ruined'

    def check_compressed(self):
        """Packing is no change; of pictures whose bytes the user gave up there are others."""
        self.reset()
        self.strata.run('compress', '--all', '--images', 'webp', '--quiet').expect(DONE)
        converted = {row['id'] for row in self.strata.json('attachments') if row['state'] == 'webp'}
        assert converted, 'nothing became WebP'
        path = 'attachments/%s.dat' % sorted(converted)[0]
        assert self.rollback('--dry-run')['outcome'] == 'identical'

        os.unlink(self.old.path(path))
        assert 'byte for byte' in self.rollback('--restore', status=USAGE)['error']['message']
        self.in_place()
        self.rollback('--restore', '--export', self.at('out'))
        assert not os.path.exists(self.old.path(path))
        row, = json.loads(read(self.at('out', 'rollback.json')))['old_stores'][0]['differences']
        assert (row['path'], row['migrated']) == (path, 'rebuilt'), row
        assert os.path.getsize(self.at('out', 'migrated', path)) > 100
        assert not os.path.exists(self.at('out', 'changes'))

    # Where there is none

    def check_none(self):
        self.reset()
        write(self.strata.path('migration', 'rollback-1', 'manifest'), b'{"rollback_point":1}\n')
        assert self.rollback(status=DAMAGE)['error']['code'] == 'damaged'
        shutil.rmtree(self.strata.store)
        other = self.at('broken')
        write(os.path.join(other, 'com.taskerino.desktop', 'db', 'notes.json'), b'[]')
        self.strata.run('migrate', other, '--quiet')
        shutil.rmtree(self.strata.path('migration', 'rollback-1'))
        assert self.rollback(status=NOT_FOUND)['error']['code'] == 'not-found'
        self.in_place()

    def check_status(self):
        self.reset()
        assert self.strata.json('status')['rollback'] == {'available': True, 'days_left': 30}
        shutil.rmtree(self.strata.path('migration', 'rollback-1'))
        assert self.strata.json('status')['rollback'] == {'available': False, 'days_left': None}

    # Interrupted

    def ruin_and_change(self):
        self.reset()
        changed, _ = self.change_in_strata()
        self.expected = self.shown(changed)
        write(self.old.path('db', 'sessions.json'), envelope(b'[]'))

    def finished(self):
        """One end, whatever happened on the way."""
        self.gone_to({'trash': self.at('store.trash')})
        self.restored()
        texts = [minify(text) for _, text in split(payload(self.at('out', 'changes', 'db', 'sessions.json')))]
        assert sorted(texts) == self.expected
        assert sorted(os.listdir(self.folder)) == ['old', 'out', 'store.trash'], os.listdir(self.folder)
        assert not os.listdir(self.at('store.trash', 'staging'))

    def interrupt(self, **env):
        return Strata(self.faulty, self.strata.store, self.folder).run(
            'rollback', '--restore', '--export', self.at('out'), '--json', '--quiet', env=env)

    def go_on(self):
        """As it was begun, or from the start; with what was asked for only where it was not begun."""
        if not os.path.exists(self.strata.store):
            return
        begun = b'rollback begin' in read(self.strata.path('migration', 'journal'))
        self.rollback(*(() if begun else ('--restore', '--export', self.at('out'))))

    def points(self):
        steps = self.at('steps')
        self.ruin_and_change()
        self.interrupt(STRATA_TEST_STEPS=steps).expect(DONE)
        text = read(steps).decode()
        os.unlink(steps)
        self.finished()
        total = sum(int(line.split()[1]) for line in text.splitlines())
        self.tap.say('%d seam calls: %s' % (total, ', '.join(text.splitlines())))
        every = max(1, total // QUICK_POINTS) if os.environ.get('STRATA_TEST_LONG') != '1' else 10
        return range(every, total + 1, every)

    def check_killed(self):
        points = self.points()
        for number in points:
            self.ruin_and_change()
            result = self.interrupt(STRATA_TEST_KILL_AT=str(number))
            assert result.status == -9, 'it was not killed: %s' % result
            try:
                self.go_on()
                self.finished()
            except AssertionError as problem:
                raise AssertionError('killed at call %d: %s' % (number, problem)) from problem
        self.tap.say('killed at %d calls' % len(points))

    def check_faults(self):
        stopped = 0
        points = self.points()
        for index, number in enumerate(points):
            self.ruin_and_change()
            kind = ('EIO', 'ENOSPC:full', 'EACCES')[index % 3]
            result = self.interrupt(STRATA_TEST_FAIL_AT='%d:%s' % (number, kind))
            try:
                if result.status != DONE:
                    stopped += 1
                    assert len(result.document()['error']['message']) > 20, result
                self.go_on()
                self.finished()
            except AssertionError as problem:
                raise AssertionError('%s at call %d: %s\n%s' % (kind, number, problem, result)) from problem
        self.tap.say('one fault at %d calls, %d of them stopped it' % (len(points), stopped))
        assert stopped > len(points) / 3

    def check_in_use(self):
        """Who writes meanwhile waits, or is told."""
        import fcntl
        import struct
        self.reset()
        with open(self.strata.path('migration', 'lock'), 'r+b') as stream:
            fcntl.fcntl(stream, 37, struct.pack('hhqqixxxx', fcntl.F_WRLCK, 0, 0, 0, 0))
            assert self.rollback(status=3)['error']['code'] == 'in-use'
        self.in_place()
        self.untouched()


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    # Hundreds of stores come and go: in memory, where there is such a place
    if os.access('/dev/shm', os.W_OK):
        tempfile.tempdir = '/dev/shm'
    tap = Tap()
    place = Place(tap, program, faulty, source)
    for title, check in (('as it was: the store goes to the trash, and comes back', place.check_identical),
                         ('the trash', place.check_trash),
                         ('what was changed in Strata comes along, and nothing else', place.check_own_changes),
                         ('and is an old store', place.check_export_is_old_store),
                         ('nothing is overwritten or exported into a store', place.check_export_places),
                         ('changed by Taskerino: its state stays, the migrated one is exported', place.check_changed),
                         ('deleted in Taskerino is no damage', place.check_deleted_in_taskerino)):
        tap.check(title, check)
    for name, ruin in place.ruins():
        tap.check('ruined, %s: put back' % name, place.check_damaged, name, ruin)
    for title, check in (('what was replaced is kept', place.check_replaced_is_kept),
                         ('damage is left where that is asked for', place.check_left_as_it_is),
                         ('what can not be put back is not begun', place.check_nothing_to_restore_from),
                         ('packing is no change', place.check_compressed),
                         ('without a rollback point there is no way back', place.check_none),
                         ('status says so', place.check_status),
                         ('nobody else works on it', place.check_in_use),
                         ('killed anywhere it goes on', place.check_killed),
                         ('one fault stops it in words, and it goes on', place.check_faults)):
        tap.check(title, check)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
