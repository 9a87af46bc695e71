#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrating again takes in what is new or changed, forgets nothing, and may be killed at it.

Usage: test-again.py STRATACTL STRATACTL-FAULTY
"""

import base64
import json
import os
import shutil
import sys
import time

from e2e_util import DONE, ROOT, Strata, Tap

QUICK_SECONDS = 15
STEP = 10


def session(id, version, screenshots=0):
    """Long enough to be in several parts, where it has screenshots."""
    return {'id': id, 'name': 'session %s, version %d' % (id, version), 'startTime': '2025-10-0%dT12:00:00.000Z' % version,
            'screenshots': [{'id': '%s-%d' % (id, n), 'text': 'words of version %d ' % version * 200}
                            for n in range(screenshots)]}


class Again:

    def __init__(self, tap, program, faulty):
        self.tap, self.program, self.faulty = tap, program, faulty
        self.count = 0

    def start(self):
        """A fresh old store and a new one."""
        self.count += 1
        self.old = self.tap.new_folder('old-%d' % self.count)
        os.makedirs(os.path.join(self.old, ROOT, 'db'))
        return Strata(self.program, os.path.join(self.tap.folder, 'store-%d' % self.count), self.tap.folder)

    def save(self, *sessions):
        """As the old program would: the whole list anew."""
        with open(os.path.join(self.old, ROOT, 'db', 'sessions.json'), 'w', encoding='utf-8') as stream:
            json.dump(sessions, stream, indent=2)

    def migrate(self, strata, *sessions):
        self.save(*sessions)
        document = strata.json('migrate', self.old)
        assert document['state'] == 'complete' and document['sessions']['failed'] == 0, document
        assert strata.json('verify')['ok']
        return document['sessions']

    def expect(self, strata, *sessions):
        """Exactly these are there, each as it was given."""
        assert self.read(strata) == sorted(map(text_of, sessions))

    @staticmethod
    def read(strata):
        return sorted(strata.run('show', row['key']).expect(DONE).out.rstrip(b'\n') for row in strata.json('list'))

    def check_changed(self):
        strata = self.start()
        a, b, c = (session(id, 1, 20) for id in 'abc')
        assert self.migrate(strata, a, b, c)['migrated'] == 3
        newer = session('b', 2, 25)
        counts = self.migrate(strata, a, newer, c)
        assert (counts['migrated'], counts['unchanged']) == (1, 2), counts
        self.expect(strata, a, newer, c)

    def check_changed_here(self):
        """What was changed in the new store stays, whatever the old one has; what it has new comes beside it."""
        strata = self.start()
        a, b = (session(id, 1, 20) for id in 'ab')
        self.migrate(strata, a, b)
        keys = {row['id']: row['key'] for row in strata.json('list')}
        strata.run('set', keys['a'], 'name', stdin=b'"changed here"').expect(DONE)
        strata.run('append', keys['b'], 'screenshots', stdin=b'{"id":"new"}').expect(DONE)
        ours = {**a, 'name': 'changed here'}
        longer = {**b, 'screenshots': b['screenshots'] + [{'id': 'new'}]}
        for _ in range(2):
            counts = self.migrate(strata, a, b)
            assert (counts['migrated'], counts['unchanged']) == (0, 2), counts
            self.expect(strata, ours, longer)

        theirs = session('a', 2, 25)
        self.save(theirs, b)
        document = strata.json('migrate', self.old, status=1)
        assert document['state'] == 'complete' and document['sessions']['failed'] == 0, document
        assert [(problem['code'], problem['severity']) for problem in document['problems']
                if problem['severity'] != 'note'] == [('conflict', 'warning')], document['problems']
        self.expect(strata, ours, theirs, longer)
        # Once both are there, it is none any more
        counts = self.migrate(strata, theirs, b)
        assert (counts['migrated'], counts['unchanged']) == (0, 2), counts
        self.expect(strata, ours, theirs, longer)

    def attach(self, id, content):
        """An attachment as the old program writes it, whose content tells it from others."""
        folder = os.path.join(self.old, ROOT, 'attachments')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, id + '.meta.json'), 'w', encoding='ascii') as stream:
            json.dump({'id': id, 'type': 'file', 'name': id, 'mimeType': 'application/octet-stream'}, stream)
        with open(os.path.join(folder, id + '.dat'), 'wb') as stream:
            stream.write(b'data:application/octet-stream;base64,' + base64.b64encode(content))

    def migrate_without(self, strata, old, deleted, *expected):
        """What is deleted is left out, which is told once for each; what was only its own stays away, too."""
        self.save(*old)
        document = strata.json('migrate', self.old)
        assert document['state'] == 'complete' and document['sessions']['failed'] == 0, document
        noted = [problem['session'] for problem in document['problems'] if problem['code'] == 'deleted-here']
        assert sorted(noted) == sorted(deleted), document['problems']
        assert strata.json('verify')['ok']
        self.expect(strata, *expected)

    def check_deleted_here(self):
        """What was deleted in the new store does not come back by itself, but it can be brought back."""
        strata = self.start()
        a, b = session('a', 1, 20), session('b', 1, 20)
        a.update(attachmentId='own', other={'attachmentId': 'shared'})
        b.update(attachmentId='shared')
        for id in ('own', 'shared'):
            self.attach(id, id.encode() * 100)
        self.migrate(strata, a, b)
        key = {row['id']: row['key'] for row in strata.json('list')}['a']
        strata.run('delete', key).expect(DONE)

        newer = {**a, 'name': 'changed since'}
        for old in ([a, b], [b, a], [newer, b]):
            self.migrate_without(strata, old, [key], b)
            assert [row['id'] for row in strata.json('attachments')] == ['shared'], strata.json('attachments')
        with open(strata.path('migration', 'report-1.json'), encoding='utf-8') as stream:
            files = {os.path.basename(entry['path']): entry for entry in json.load(stream)['files']}
        assert files['own.dat']['fate'] == 'not-carried' and 'deleted' in files['own.dat']['because'], files['own.dat']
        assert files['shared.dat']['fate'] == files['sessions.json']['fate'] == 'carried', files

        strata.run('undelete', key).expect(DONE)
        self.expect(strata, a, b)
        self.migrate_without(strata, [newer, b], [], newer, b)
        assert {row['id'] for row in strata.json('attachments')} == {'own', 'shared'}

        strata.run('delete', key).expect(DONE)
        strata.run('gc', '--purge').expect(DONE)
        assert os.listdir(strata.path('trash')) == []
        self.migrate_without(strata, [newer, b], [key], b)
        assert [row['id'] for row in strata.json('attachments')] == ['shared']

    def check_deleted_twin(self):
        """Of two sessions with one id the one that was deleted is left out, in whatever order they come."""
        for purge in (False, True):
            strata = self.start()
            first, second = session('a', 1, 20), session('a', 2, 20)
            self.migrate(strata, first, second)
            keys = {row['name']: row['key'] for row in strata.json('list')}
            key = keys[first['name']]
            strata.run('delete', key).expect(DONE)
            if purge:
                strata.run('gc', '--purge').expect(DONE)
            for old in ([first, second], [second, first]):
                self.migrate_without(strata, old, [key], second)
            third = session('a', 3, 20)
            self.migrate_without(strata, [third, first, second], [key], second, third)

    def check_deleted_recovered(self):
        """A session that only an older copy has, and that was dropped here, is not recovered once more."""
        strata = self.start()
        a, b = session('a', 1, 20), session('b', 1, 20)
        self.save(a, b)
        db = os.path.join(self.old, ROOT, 'db')
        os.rename(os.path.join(db, 'sessions.json'), os.path.join(db, 'sessions.backup.json'))
        assert self.migrate(strata, b)['recovered'] == 1
        key = {row['id']: row['key'] for row in strata.json('list')}['a']
        strata.run('delete', key).expect(DONE)
        self.migrate_without(strata, [b], [key], b)

    def check_deleted_lost_log(self):
        """Where the log is lost the trash tells."""
        strata = self.start()
        a, b = session('a', 1, 20), session('b', 1, 20)
        self.migrate(strata, a, b)
        key = {row['id']: row['key'] for row in strata.json('list')}['a']
        strata.run('delete', key).expect(DONE)
        os.unlink(strata.path('changes.log'))
        self.save(a, b)
        document = strata.json('migrate', self.old)
        assert [problem['code'] for problem in document['problems']] == ['deleted-here'], document['problems']
        self.expect(strata, b)

    def check_added(self):
        strata = self.start()
        a, b, c, d = (session(id, 1, 20) for id in 'abcd')
        self.migrate(strata, a, b)
        counts = self.migrate(strata, a, b, c)
        assert (counts['migrated'], counts['unchanged']) == (1, 2), counts
        self.migrate(strata, d, a, b, c)
        self.expect(strata, a, b, c, d)

    def check_gone(self):
        """Gone from the old store does not mean deleted here; nor does an empty list."""
        strata = self.start()
        a, b, c = (session(id, 1, 20) for id in 'abc')
        self.migrate(strata, a, b, c)
        self.migrate(strata, b, c)
        self.expect(strata, a, b, c)
        self.migrate(strata)
        self.expect(strata, a, b, c)
        self.migrate(strata, c, a)
        self.expect(strata, a, b, c)

    def check_twins(self):
        """Sessions with one id are told apart, also when one of them goes."""
        strata = self.start()
        first, second, other = session('a', 1), session('a', 2), session('b', 1)
        self.migrate(strata, first, other)
        self.migrate(strata, first, second, other)
        self.expect(strata, first, second, other)
        self.migrate(strata, first, other)
        self.expect(strata, first, second, other)

    def check_two_sources(self):
        """A second old store is merged; the first one's sessions stay."""
        strata = self.start()
        self.migrate(strata, session('a', 1), session('b', 1))
        self.count += 1
        self.old = self.tap.new_folder('old-%d' % self.count)
        os.makedirs(os.path.join(self.old, ROOT, 'db'))
        self.migrate(strata, session('a', 2), session('c', 1))
        self.expect(strata, session('a', 1), session('b', 1), session('a', 2), session('c', 1))

    # Killed while it replaces sessions

    def copy(self, template, name):
        """All but the space set aside, which is made again."""
        strata = Strata(self.program, os.path.join(self.tap.folder, name), self.tap.folder)
        shutil.copytree(template.store, strata.store, ignore=shutil.ignore_patterns('reserve'))
        return strata

    def check_killed(self):
        """Each session is the old one or the new one at any moment, and the new one in the end."""
        template = self.start()
        before = [session(id, 1, 40) for id in 'abcdef']
        self.migrate(template, *before)
        after = [session('g', 1, 40), session('b', 2, 60), before[0], session('d', 2, 0), *before[4:]]
        kept = [before[2]]
        self.save(*after)

        measured = self.copy(template, 'measured')
        steps = os.path.join(self.tap.folder, 'steps')
        command = ('migrate', self.old, '--batch', '2', '--json', '--quiet')
        Strata(self.faulty, measured.store, self.tap.folder).run(*command, env={'STRATA_TEST_STEPS': steps}).expect(DONE)
        self.expect(measured, *after, *kept)
        with open(steps, encoding='ascii') as stream:
            calls = sum(int(line.split()[1]) for line in stream)

        allowed = set(map(text_of, before + after))
        points = sorted(range(STEP, calls, STEP), key=lambda number: number * 0.06180339887 % 1)
        long = os.environ.get('STRATA_TEST_LONG') == '1'
        deadline, played = time.monotonic() + QUICK_SECONDS, 0
        for number in points:
            if time.monotonic() > deadline and not long and played > 20:
                break
            strata = self.copy(template, 'killed')
            killed = Strata(self.faulty, strata.store, self.tap.folder).run(
                *command, env={'STRATA_TEST_KILL_AT': str(number)})
            assert killed.status == -9, killed
            seen = self.read(strata)
            assert set(seen) <= allowed and len(seen) >= len(before), 'at call %d: not what was committed' % number
            assert strata.json('verify')['ok'], number
            assert strata.json('migrate', self.old)['state'] == 'complete', number
            self.expect(strata, *after, *kept)
            assert strata.json('verify')['ok'] and os.listdir(strata.path('staging')) == [], number
            shutil.rmtree(strata.store)
            played += 1
        self.tap.say('killed at %d of %d calls' % (played, calls))


def text_of(value):
    return json.dumps(value, separators=(',', ':')).encode()


def main():
    program, faulty = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    again = Again(tap, program, faulty)
    for name, function in (
            ('what changed is taken in', again.check_changed),
            ('what was changed here stays', again.check_changed_here),
            ('what was deleted here stays away, until it is undeleted', again.check_deleted_here),
            ('of sessions with one id the deleted one stays away', again.check_deleted_twin),
            ('what was dropped here is not recovered again', again.check_deleted_recovered),
            ('where the log is lost the trash tells what was deleted', again.check_deleted_lost_log),
            ('what is new is taken in', again.check_added),
            ('what is gone stays here', again.check_gone),
            ('sessions with one id stay apart', again.check_twins),
            ('a second old store is merged', again.check_two_sources),
            ('killed while it replaces sessions', again.check_killed)):
        tap.check(name, function)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
