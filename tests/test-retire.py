#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The old store is deleted when everything is proved, and to the last file as its manifest has it.

Usage: test-retire.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER
"""

import datetime
import json
import os
import re
import shutil
import sys
import tempfile
import zlib

from e2e_util import (DONE, SOURCE, USAGE, WARNINGS, Strata, Tap, copy_sample, difference, files_below, minify, samples, sha256,
                      snapshot, split)

FOREIGN = {'api_keys.json': b'{"openai": "sk-secret"}', 'window-state.json': b'{}', 'db/.DS_Store': b'\0\0\0\1Bud1',
           'WebKitCache/deep/x': b'cache', 'attachments/notes of mine.txt': b'mine'}
QUICK_POINTS = 16


def read(*parts):
    with open(os.path.join(*parts), 'rb') as stream:
        return stream.read()


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as stream:
        stream.write(content)


def envelope(values):
    return b'{"version":1,"timestamp":1999999999999,"data":[' + b','.join(values) + b']}'


class Place:
    """A migrated sample, among files that are somebody else's; each check gets it as it was."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.program, self.faulty, self.source = tap, program, faulty, source
        self.folder = tap.new_folder('place')
        self.old = copy_sample(*samples(source)[0][1:], self.at('old'))
        for name, content in FOREIGN.items():
            write(self.old.path(name), content)
        os.symlink('/etc/hostname', self.old.path('attachments', 'linked.dat'))
        # Not to be read as anything, and nowhere else: not ours to delete
        write(self.old.path('db', 'ideas.json'), b'{"version":1,"checksum":"x"}')
        self.strata = Strata(program, self.at('store'), self.folder)
        self.strata.json('migrate', self.old.folder, status=WARNINGS)
        manifest = read(self.strata.path('migration', 'rollback-1', 'manifest')).splitlines()
        self.rows = [json.loads(line) for line in manifest if line.startswith(b'{"file":')]
        self.listed = {row['file'] for row in self.rows if not row['kept']}
        self.stays = set(FOREIGN) | {'attachments/linked.dat', 'db/ideas.json'}
        assert self.listed | self.stays == set(files_below(self.old.root)), 'the manifest has not all of it'
        assert not self.listed & self.stays
        self.texts = {row['key']: self.show(row['key']) for row in self.strata.json('list')}
        self.clean = tap.new_folder('clean')
        for name in ('old', 'store'):
            self.copy(self.at(name), os.path.join(self.clean, name))

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    @staticmethod
    def copy(source, target):
        shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy2)

    def show(self, key):
        return self.strata.run('show', key).expect(DONE).out[:-1]

    def reset(self):
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        for name in ('old', 'store'):
            self.copy(os.path.join(self.clean, name), self.at(name))
        self.before = snapshot(self.old.folder)

    def retire(self, *arguments, status=DONE):
        return self.strata.json('retire', *arguments, status=status)

    def not_ready(self, why, *arguments):
        """It says why, and nothing is touched."""
        before = snapshot(self.old.folder)
        for more in (('--dry-run',), ()):
            document = self.retire(*arguments, *more, status=USAGE)
            assert document['ready'] is False and why in document['because'], document
        assert snapshot(self.old.folder) == before, difference(before, snapshot(self.old.folder))
        text = self.strata.run('retire', *arguments, '--quiet').expect(USAGE).out.decode()
        assert why in text and 'stays' in text, text

    def untouched(self):
        assert snapshot(self.old.folder) == self.before, difference(self.before, snapshot(self.old.folder))

    def retired(self, stays=None):
        """Exactly what the manifest lists is gone, folders are there, what is somebody else's is as it was."""
        now = snapshot(self.old.folder)
        gone = {os.path.relpath(self.old.path(path), self.old.folder) for path in self.listed} - \
               {os.path.relpath(self.old.path(path), self.old.folder) for path in stays or ()}
        assert self.before.keys() - now.keys() == gone, (self.before.keys() - now.keys()) ^ gone
        for path, seen in now.items():
            if os.path.isdir(os.path.join(self.old.folder, path)):
                continue
            assert stays or self.before[path] == seen, 'not as it was: ' + path
        for key, text in self.texts.items():
            assert self.show(key) == text, key
        assert self.strata.json('verify')['ok']

    def age(self, days):
        """As if it had been complete so many days ago."""
        path = self.strata.path('migration', 'journal')
        lines = []
        for line in read(path).decode().splitlines():
            match = re.match(r'(\S+) (state complete source=\d+)', line)
            if match:
                then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
                line = then.strftime('%Y-%m-%dT%H:%M:%SZ ') + match.group(2)
                line += ' %08x' % zlib.crc32(line.encode())
            lines.append(line + '\n')
        write(path, ''.join(lines).encode())

    # When it may go

    def check_retention(self):
        self.reset()
        assert self.strata.json('status')['rollback'] == {'available': True, 'days_left': 30}
        self.not_ready('another 30 days')
        self.age(29)
        self.not_ready('another 1 day,')
        self.age(31)
        assert self.strata.json('status')['rollback'] == {'available': True, 'days_left': 0}
        assert self.retire('--dry-run')['ready']
        self.untouched()
        self.retire()
        self.retired()

    def check_again_does_not_delay(self):
        """The time counts from when it was complete first, not from the last time."""
        self.reset()
        self.age(20)
        self.strata.json('migrate', self.old.folder, status=WARNINGS)
        assert self.strata.json('status')['rollback']['days_left'] == 10

    def check_exactly(self):
        self.reset()
        for path in FOREIGN:
            os.utime(self.old.path(path), ns=(1, 2))
        self.before = snapshot(self.old.folder)
        size = sum(os.path.getsize(self.old.path(path)) for path in self.listed)
        # Comparing reads all of a folder to know it, and of what is foreign only the name
        atimes = {path: os.stat(self.old.path(path)).st_atime_ns for path in FOREIGN}
        planned = self.retire('--now', '--dry-run')
        assert planned == {'ready': True, 'because': None, 'files': len(self.listed), 'bytes': {'freed': size}}, planned
        self.untouched_but_read(atimes)
        assert self.retire('--now') == planned
        assert {path: os.stat(self.old.path(path)).st_atime_ns for path in FOREIGN} == atimes, 'a foreign file was read'
        self.retired()
        assert not os.path.exists(self.strata.path('migration', 'rollback-1', 'copies'))

    def untouched_but_read(self, atimes):
        assert {path: os.stat(self.old.path(path)).st_atime_ns for path in FOREIGN} == atimes, 'a foreign file was read'
        assert set(files_below(self.old.root)) == self.listed | self.stays

    def check_after(self):
        assert self.strata.json('status')['rollback'] == {'available': False, 'days_left': None}
        assert 'deleted' in self.strata.json('rollback', status=USAGE)['error']['message']
        assert 'already' in self.retire('--now', status=USAGE)['because']
        # What is recorded there later is another matter
        write(self.old.path('db', 'sessions.json'), envelope([b'{"id":"later"}']))
        assert self.strata.json('migrate', self.old.folder, status=WARNINGS)['sessions']['migrated'] == 1
        assert self.strata.json('status')['rollback']['available']
        assert self.retire('--now')['files'] == 1
        assert self.show('later') == b'{"id":"later"}'
        for key, text in self.texts.items():
            assert self.show(key) == text, key

    # What was changed

    def check_changed_old_store(self):
        self.reset()
        values = [value for _, value in split(self.old.payload('sessions'))]
        write(self.old.path('db', 'sessions.json'), envelope(values + [b'{"id":"later","name":"x"}']))
        document = self.retire('--now', '--dry-run')
        assert document['ready'] and 'taken in first' in document['because'], document
        assert self.retire('--now')['files'] == len(self.listed)
        assert self.show('later') == b'{"id":"later","name":"x"}'
        assert set(files_below(self.old.root)) == self.stays

    def check_taken_in_as_asked(self):
        """What the migration was not to take is not taken in by the way."""
        self.reset()
        shutil.rmtree(self.strata.store)
        values = [value for _, value in split(self.old.payload('sessions'))]
        write(self.old.path('db', 'sessions.backup.json'), envelope(values).replace(b'1999', b'1998', 1))
        write(self.old.path('db', 'sessions.json'), envelope(values[2:]))
        before = self.strata.json('migrate', self.old.folder, '--no-recovered', status=WARNINGS)['sessions']
        assert before['recovered'] == 0
        write(self.old.path('db', 'sessions.json'), envelope(values[2:] + [b'{"id":"later","name":"x"}']))
        self.retire('--now')
        listed = self.strata.json('list')
        assert len(listed) == len(values) - 2 + 1 and not any(row['recovered'] for row in listed), listed

    def check_own_changes(self):
        """What was changed here stands in the log of changes, and is no reason to wait."""
        self.reset()
        changed, grown, deleted = sorted(self.texts)[:3]
        self.strata.run('set', changed, 'name', stdin=b'"changed here"').expect(DONE)
        self.strata.run('append', grown, 'contextItems', stdin=b'{"id":"new"}').expect(DONE)
        self.strata.run('delete', deleted).expect(DONE)
        self.retire('--now')
        assert set(files_below(self.old.root)) == self.stays
        assert b'changed here' in self.show(changed)

    def check_unknown_changes(self):
        """What the log does not know of is."""
        key = sorted(self.texts)[0]
        self.reset()
        shutil.rmtree(self.strata.path('sessions', key))
        self.not_ready(key, '--now')

        self.reset()
        log = read(self.strata.path('changes.log'))
        self.strata.run('set', key, 'name', stdin=b'"changed"').expect(DONE)
        write(self.strata.path('changes.log'), log)
        for name in os.listdir(self.strata.store):
            if name.startswith('catalog'):
                os.unlink(self.strata.path(name))
        self.not_ready('log of changes', '--now')

    def check_damaged_store(self):
        self.reset()
        path = next(path for path in files_below(self.strata.path('attachments')))
        content = bytearray(read(self.strata.path('attachments', path)))
        content[len(content) // 2] ^= 1
        write(self.strata.path('attachments', path), bytes(content))
        self.not_ready('damaged', '--now')

    def check_damaged_old_store(self):
        self.reset()
        write(self.old.path('db', 'sessions.json'), envelope([]))
        self.not_ready('damaged or missing', '--now')
        self.reset()
        shutil.rmtree(self.old.folder)
        document = self.retire('--now', status=USAGE)
        assert 'missing' in document['because'], document

    # What waits

    def check_recovered(self):
        """Sessions that were found again wait for a decision, one by one."""
        self.reset()
        shutil.rmtree(self.strata.store)
        values = [value for _, value in split(self.old.payload('sessions'))]
        # Newer, and without two of them: the backup has these still
        write(self.old.path('db', 'sessions.backup.json'), envelope(values).replace(b'1999', b'1998', 1))
        write(self.old.path('db', 'sessions.json'), envelope(values[2:]))
        assert self.strata.json('migrate', self.old.folder, status=WARNINGS)['sessions']['recovered'] == 2
        self.not_ready('2 sessions', '--now')
        undecided = self.strata.json('keep')['undecided']
        assert len(undecided) == 2
        assert self.strata.json('keep', undecided[0])['undecided'] == undecided[1:]
        self.not_ready('1 session', '--now')
        self.strata.run('delete', undecided[1]).expect(DONE)
        assert self.strata.json('keep') == {'undecided': []}
        self.retire('--now')
        assert set(files_below(self.old.root)) == self.stays
        assert minify(self.show(undecided[0])) in [minify(value) for value in values[:2]]

    def check_keep_all(self):
        self.reset()
        self.strata.json('keep', '--all', sorted(self.texts)[0], status=USAGE)
        assert self.strata.json('keep', '--all') == {'undecided': []}
        self.strata.json('keep', 'no-such-session', status=8)

    def check_unfinished(self):
        self.reset()
        write(self.strata.path('migration', 'journal'), b'')
        self.not_ready('No migration', '--now')
        self.reset()
        header = json.loads(read(self.strata.path('store.json')))
        # A run over a source that is gone fails, and changes nothing of what may go
        self.strata.json('migrate', self.at('nowhere'), status=SOURCE)
        assert header['state'] == 'complete' and self.retire('--now', '--dry-run')['ready']

    # Interrupted

    def points(self):
        self.reset()
        steps = self.at('steps')
        self.interrupt(STRATA_TEST_STEPS=steps).expect(DONE)
        text = read(steps).decode()
        os.unlink(steps)
        self.retired()
        self.tap.say(', '.join(text.splitlines()))
        counts = [(step, int(count)) for step, count in (line.rsplit(None, 1) for line in text.splitlines())]
        total = sum(count for _, count in counts)
        deleting = sum(count for step, count in counts if step == 'delete')
        if os.environ.get('STRATA_TEST_LONG') == '1':
            return range(7, total + 1, 7)
        # Most of them where something is at stake
        first = total - deleting
        return sorted(set(range(first // 4, first, first // 4)) | set(range(first + 1, total + 1, max(1, deleting // QUICK_POINTS))))

    def interrupt(self, **env):
        return Strata(self.faulty, self.strata.store, self.folder).run('retire', '--now', '--json', '--quiet', env=env)

    def go_on(self):
        """As it was begun: then it needs no insistence any more."""
        journal = read(self.strata.path('migration', 'journal'))
        if b'retire done' in journal:
            assert 'already' in self.retire('--now', status=USAGE)['because']
        else:
            self.retire(*(() if b'retire begin' in journal else ('--now',)))

    def check_killed(self):
        points = self.points()
        for number in points:
            self.reset()
            result = self.interrupt(STRATA_TEST_KILL_AT=str(number))
            assert result.status == -9, 'it was not killed: %s' % result
            try:
                self.go_on()
                self.retired()
            except AssertionError as problem:
                raise AssertionError('killed at call %d: %s' % (number, problem)) from problem
        self.tap.say('killed at %d calls' % len(points))

    def check_faults(self):
        stopped = 0
        points = self.points()
        for index, number in enumerate(points):
            self.reset()
            kind = ('EIO', 'ENOSPC:full', 'EACCES')[index % 3]
            result = self.interrupt(STRATA_TEST_FAIL_AT='%d:%s' % (number, kind))
            try:
                if result.status != DONE:
                    stopped += 1
                    document = result.document()
                    assert document.get('because') or len(document['error']['message']) > 20, result
                self.go_on()
                self.retired()
            except AssertionError as problem:
                raise AssertionError('%s at call %d: %s\n%s' % (kind, number, problem, result)) from problem
        self.tap.say('one fault at %d calls, %d of them stopped it' % (len(points), stopped))
        assert stopped > len(points) / 4

    def check_changed_while_interrupted(self):
        """What Taskerino wrote after it was begun is not what was migrated, and stays."""
        self.reset()
        points = list(self.points())
        self.reset()
        self.interrupt(STRATA_TEST_KILL_AT=str(points[len(points) // 2]))
        left = sorted(path for path in self.listed if os.path.exists(self.old.path(path)))
        assert 0 < len(left) < len(self.listed), 'it was not killed in the middle'
        path = self.old.path(left[-1])
        content = read(path)[:-1] + b'!'
        write(path, content)
        self.retire()
        assert read(path) == content
        assert set(files_below(self.old.root)) == self.stays | {left[-1]}


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    if os.access('/dev/shm', os.W_OK):
        tempfile.tempdir = '/dev/shm'
    tap = Tap()
    place = Place(tap, program, faulty, source)
    for title, check in (('not before its time', place.check_retention),
                         ('which counts from the first time it was complete', place.check_again_does_not_delay),
                         ('exactly what the manifest lists is deleted', place.check_exactly),
                         ('then there is no way back, and later recordings are migrated', place.check_after),
                         ('a changed old store is taken in first', place.check_changed_old_store),
                         ('as the migration was asked for', place.check_taken_in_as_asked),
                         ('what was changed in Strata is known', place.check_own_changes),
                         ('what nobody knows of stops it', place.check_unknown_changes),
                         ('a damaged store stops it', place.check_damaged_store),
                         ('a damaged old store stops it', place.check_damaged_old_store),
                         ('sessions that were found again wait for a decision', place.check_recovered),
                         ('all of them, or none that is', place.check_keep_all),
                         ('a migration that did not come to its end stops it', place.check_unfinished),
                         ('killed anywhere it goes on', place.check_killed),
                         ('one fault stops it in words, and it goes on', place.check_faults),
                         ('what was written meanwhile stays', place.check_changed_while_interrupted)):
        tap.check(title, check)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
