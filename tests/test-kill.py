#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration that dies at any moment leaves a store that opens, and work that the next run completes.

Usage: test-kill.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER

Plays kill -9, then a full disk, then a single I/O error, at calls all over a
migration. With STRATA_TEST_LONG=1 at every tenth call, else at as many of these
as a minute holds.
"""

import collections
import os
import shutil
import sys
import threading
import time

from e2e_util import (DONE, NOT_FOUND, SOURCE, WARNINGS, WRITE, Strata, Tap, copy_sample, difference, samples, sha256,
                      snapshot, split)

JOBS = 2
STEP = 10
BATCH = ('--batch', '3')
QUICK_SECONDS = 15  # for each kind of fault
MIN_POINTS = 24     # also where the machine is slow
STATUSES = {'no-space': WRITE, 'source-unreadable': SOURCE, 'internal': 70}
STEPS = ('open', 'run', 'commit', 'verify', 'secure')


class Place:
    """Where all attempts are made, and what must come of each."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.program, self.faulty = tap, program, faulty
        self.old = copy_sample(*samples(source)[0][1:], tap.new_folder('old-') + '/store')
        self.before = snapshot(self.old.root)
        self.expected = sorted(entry['sha256'] for entry in self.old.manifest['sessions'])
        self.stretches = []

    def migrate(self, program, store, **env):
        """One run, in whatever way it ends."""
        strata = Strata(program, store, self.tap.folder)
        return strata.run('migrate', self.old.folder, *BATCH, '--json', '--quiet', env=env)

    def measure(self):
        """Lets it run to the end and notes which step each call belongs to."""
        steps, store = os.path.join(self.tap.folder, 'steps'), os.path.join(self.tap.folder, 'measured')
        self.migrate(self.faulty, store, STRATA_TEST_STEPS=steps).expect(DONE)
        self.check_complete(store)
        with open(steps, encoding='ascii') as stream:
            for line in stream:
                step, calls = line.split()
                self.stretches += [step] * int(calls)
        counts = collections.Counter(self.stretches)
        self.tap.say('%d seam calls: %s' % (len(self.stretches), ', '.join('%s %d' % item for item in counts.items())))
        for step in STEPS:
            assert counts[step] > 0, 'no call in step %s' % step

    def points(self):
        """Every tenth call; one after the other far apart, so that however few are played, they are all over."""
        count = len(self.stretches) // STEP
        return [STEP * (1 + index) for index in sorted(range(count), key=lambda index: index * 0.6180339887 % 1)]

    def check_opens(self, store):
        """What is there is whole. A store may not have come into being yet."""
        strata = Strata(self.program, store, self.tap.folder)
        result = strata.run('verify', '--json').expect(DONE, NOT_FOUND)
        assert result.status == NOT_FOUND or result.document()['ok'], result

    def check_complete(self, store):
        """Everything is there, proved, and nothing lies about."""
        strata = Strata(self.program, store, self.tap.folder)
        assert strata.json('verify')['ok']
        assert strata.json('status')['state'] == 'complete'
        out = store + '.json'
        strata.run('export', '--format', 'json', '-o', out).expect(DONE)
        with open(out, 'rb') as stream:
            sessions = [value for _, value in split(stream.read())]
        os.unlink(out)
        assert sorted(map(sha256, sessions)) == self.expected, 'the sessions are not those of the old store'
        stored = {row['id']: (row['sha256'], row['bytes']) for row in strata.json('attachments')}
        for entry in self.old.manifest['attachments']:
            assert stored[entry['id']] == (entry['sha256'], entry['bytes']), entry['id']
        assert os.listdir(os.path.join(store, 'staging')) == []

    def resume(self, store):
        document = self.migrate(self.program, store).expect(DONE).document()
        assert document['state'] == 'complete' and document['sessions']['failed'] == 0, document
        self.check_complete(store)

    def kill(self, number):
        store = os.path.join(self.tap.folder, 'kill-%d' % number)
        result = self.migrate(self.faulty, store, STRATA_TEST_KILL_AT=str(number))
        assert result.status == -9, 'it was not killed: %s' % result
        if number // STEP % 2:  # the others go on from what the crash left
            self.check_opens(store)
        self.resume(store)
        shutil.rmtree(store)

    def fail(self, number, how, codes):
        """Returns whether it was stopped: some calls matter to nothing, and late ones need no space any more."""
        store = os.path.join(self.tap.folder, '%s-%d' % (how, number))
        result = self.migrate(self.faulty, store, STRATA_TEST_FAIL_AT='%d:%s' % (number, how))
        document = result.document()
        if result.status == WARNINGS:  # an old file that could not be read was passed over, and said so
            assert document['state'] == 'complete', result
            assert 'source-unreadable' in {problem['code'] for problem in document['problems']}, result
        elif result.status != DONE:
            error = document['error']
            assert error['code'] in codes and result.status == STATUSES[error['code']], result
            assert len(error['message']) > 20 and document['state'] != 'failed', result
        else:
            assert document['state'] == 'complete', result
        self.check_opens(store)
        self.resume(store)
        shutil.rmtree(store)
        return result.status != DONE

    def run_all(self, what, function, *more):
        """In parallel, for as long as there is time; says all that went wrong, with its number and step."""
        deadline = time.monotonic() + (86400 if os.environ.get('STRATA_TEST_LONG') == '1' else QUICK_SECONDS)
        points, played, wrong, results = iter(self.points()), [], [], []

        def play():
            for number in points:
                if time.monotonic() > deadline and len(played) >= MIN_POINTS:
                    return
                played.append(number)
                try:
                    results.append(function(number, *more))
                except Exception as problem:
                    wrong.append('at call %d (%s): %s' % (number, self.stretches[number - 1], problem))

        players = [threading.Thread(target=play, daemon=True) for _ in range(JOBS)]
        for player in players:
            player.start()
        for player in players:
            player.join()

        counts = collections.Counter(self.stretches[number - 1] for number in played)
        self.tap.say('%s at %d of %d calls: %s' % (what, len(played), len(self.stretches), ', '.join(
            '%s %d' % (step, counts[step]) for step in STEPS)))
        for step in STEPS:
            assert counts[step] > 0, 'none in step %s' % step
        assert not wrong, '%d of %d failed\n%s' % (len(wrong), len(played), '\n'.join(wrong[:20]))
        return results

    def check_kills(self):
        self.run_all('killed', self.kill)

    def check_full_disk(self):
        stopped = self.run_all('disk full', self.fail, 'ENOSPC:full', ('no-space',))
        self.tap.say('%d of %d were stopped by it' % (sum(stopped), len(stopped)))
        assert sum(stopped) > len(stopped) / 2

    def check_disk_error(self):
        self.run_all('one I/O error', self.fail, 'EIO', ('internal', 'source-unreadable'))

    def check_old(self):
        assert snapshot(self.old.root) == self.before, difference(self.before, snapshot(self.old.root))


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    tap = Tap()
    place = Place(tap, program, faulty, source)
    tap.check('every step of a migration goes through the seam', place.measure)
    tap.check('killed anywhere, the next run completes it', place.check_kills)
    tap.check('where the disk is full it stops in words, and completes with space', place.check_full_disk)
    tap.check('one disk error stops it at most, and is no reason to give the store up', place.check_disk_error)
    tap.check('the old store is as it was', place.check_old)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
