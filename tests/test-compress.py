#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store takes less when it is compressed, has the same in it, and can be brought back.

Usage: test-compress.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER

Plays kill -9, then a full disk, at calls all over a compression: with
STRATA_TEST_LONG=1 at every tenth call, else at as many of these as there is time for.
"""

import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time

from e2e_util import (DONE, NOT_FOUND, USAGE, WRITE, Skip, Strata, Tap, copy_sample, difference, environment,
                      files_below, run, samples, sha256, snapshot, split)

STEP = 10
QUICK_SECONDS = 12  # for each kind of fault
MIN_POINTS = 12     # also where the machine is slow
CONTENT = ('sessions', 'collections', 'attachments')
PATIENCE = 60
INTERRUPTED = 130
# What JSON parts come to at most. The samples have little text: half of the bundled one's is pictures in notes
LIMITS = (('', 0.5), ('screenshots', 0.4), ('audioSegments', 0.5))
# The same for the text as the old store had it, with the thumbnails that are objects now
WITH_THUMBNAILS = 0.25
ALL = ('compress', '--all')
WEBP = (*ALL, '--images', 'webp')


def program_or_skip(name):
    if shutil.which(name) is None:
        raise Skip('%s is not installed' % name)
    return name


def content(store):
    """Every file that sessions, collections and attachments are made of, without times."""
    return {os.path.join(folder, path): entry for folder in CONTENT
            for path, entry in snapshot(os.path.join(store, folder), times=False).items() if stat.S_ISREG(entry[0])}


def part_sizes(store, kind=''):
    """(stored, raw) bytes of all parts of that kind, unpacked by another program than the one that packed them."""
    stored = raw = 0
    for folder in CONTENT[:2]:
        for path in files_below(os.path.join(store, folder)):
            if path.endswith('metadata.json') or not os.path.basename(path).startswith(kind):
                continue
            with open(os.path.join(store, folder, path), 'rb') as stream:
                data = stream.read()
            stored += len(data)
            raw += len(gzip.decompress(data)) if path.endswith('.gz') else len(data)
    return stored, raw


def embedded_bytes(store):
    """Base64 that was taken out of the metadata in rows."""
    total = 0
    for folder in CONTENT[:2]:
        for path in files_below(os.path.join(store, folder)):
            name = os.path.basename(path)
            if 'attachments-' not in name or name.endswith('metadata.json'):
                continue
            with open(os.path.join(store, folder, path), 'rb') as stream:
                data = stream.read()
            rows = json.loads(gzip.decompress(data) if path.endswith('.gz') else data)
            total += sum((entry['bytes'] + 2) // 3 * 4 for row in rows for entry in row.get('embedded', ()))
    return total


def object_bytes(store):
    folder = os.path.join(store, 'attachments')
    return sum(os.path.getsize(os.path.join(folder, path)) for path in files_below(folder))


class Place:
    """A migrated store, of which each check takes a copy."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.program, self.faulty = tap, program, faulty
        self.name, folder, manifest = samples(source)[-1]
        self.small = samples(source)[0]
        self.count = 0
        self.stores = {}
        self.migrate(self.name, folder, manifest)
        if self.small[0] != self.name:
            self.migrate(*self.small)

    def migrate(self, name, folder, manifest):
        old = copy_sample(folder, manifest, self.tap.new_folder('old-' + name) + '/store')
        store = os.path.join(self.tap.folder, 'plain-' + name)
        strata = Strata(self.program, store, self.tap.folder)
        strata.run('migrate', old.folder, '--quiet').expect(DONE)
        old.rows = strata.json('attachments')
        self.stores[name] = (old, store)

    def copy(self, small=False):
        """(old store, a copy of the new one)"""
        old, plain = self.stores[self.small[0] if small else self.name]
        self.count += 1
        store = os.path.join(self.tap.folder, 'copy-%d' % self.count)
        shutil.copytree(plain, store, symlinks=True)
        return old, Strata(self.program, store, self.tap.folder)

    # What is in it

    def check_whole(self, old, strata, images_are_exact):
        """Sessions token for token, attachments byte for byte unless they are a WebP that says so."""
        assert strata.json('verify')['ok']
        out = strata.store + '.json'
        strata.run('export', '--format', 'json', '-o', out).expect(DONE)
        with open(out, 'rb') as stream:
            sessions = [value for _, value in split(stream.read())]
        os.unlink(out)
        assert sorted(map(sha256, sessions)) == sorted(entry['sha256'] for entry in old.manifest['sessions'])

        turned = 0
        for before, after in zip(old.rows, strata.json('attachments'), strict=True):
            if after['state'] == 'webp' and not images_are_exact:
                assert after['mime'] == 'image/webp' and after['bytes'] <= before['bytes'] * 0.9, after
                turned += 1
            else:
                assert after == before, after
        return turned

    def check_json(self):
        old, strata = self.copy()
        stored, raw = part_sizes(strata.store)
        assert stored == raw
        document = strata.json(*ALL)
        assert document['sessions'] > 0 and document['bytes']['after'] < document['bytes']['before'], document
        self.check_whole(old, strata, images_are_exact=True)
        for kind, share in LIMITS:
            stored, raw = part_sizes(strata.store, kind)
            self.tap.say('%s, %s: %d bytes, packed %d: %.1f %%' % (self.name, kind or 'all parts', raw, stored, 100 * stored / raw))
            assert stored <= raw * share, 'JSON parts did not get small'
        stored, raw = part_sizes(strata.store)
        raw += embedded_bytes(strata.store)
        self.tap.say('%s, as the old store had it: %d bytes: %.1f %%' % (self.name, raw, 100 * stored / raw))
        assert stored <= raw * WITH_THUMBNAILS, 'thumbnails are still in the rows'
        assert os.listdir(strata.path('staging')) == []
        again = strata.json(*ALL)
        assert again['sessions'] == 0 and again['bytes'] == {'before': 0, 'after': 0}, again
        assert strata.json('status')['compression'] == {'state': 'idle', 'pending': 0}

    def check_on_the_way(self):
        """A migration that packs gives the parts that packing afterwards gives."""
        old, later = self.copy(small=True)
        at_once = Strata(self.program, later.store + '-at-once', self.tap.folder)
        at_once.run('migrate', old.folder, '--compress', '--quiet').expect(DONE)
        later.json(*ALL)
        parts = [{path for path in files_below(strata.path('sessions')) if '/chunks/' in path} for strata in (later, at_once)]
        assert parts[0] == parts[1], parts[0] ^ parts[1]

    def check_webp(self):
        old, strata = self.copy()
        self.before = content(strata.store), part_sizes(strata.store)[0], object_bytes(strata.store), strata.json('stats')
        self.document = strata.json(*WEBP)
        assert self.document['frames']['reel'] == 0, self.document
        turned = self.check_whole(old, strata, images_are_exact=False)
        assert turned > 0
        self.tap.say('%s: %d images are WebP' % (self.name, turned))
        self.webp = old, strata

    def check_files_open(self):
        """Each packed file and each WebP is one to the programs that define what that is."""
        _, strata = self.webp
        program_or_skip('gzip')
        below = files_below(strata.store)
        packed = [strata.path(path) for path in below if path.endswith('.gz') and not path.startswith('trash/')]
        webp = [strata.path(path) for path in below if path.endswith('.webp')]
        assert packed and webp
        for path in packed:
            run(['gzip', '-t', path]).expect(0)
        self.tap.say('%d files pass gzip -t' % len(packed))
        program_or_skip('webpinfo')
        for path in webp:
            result = run(['webpinfo', path]).expect(0)
            assert b'No error detected' in result.out, result
        self.tap.say('%d files pass webpinfo' % len(webp))

    # Figures

    def check_figures(self):
        _, strata = self.webp
        _, parts_before, objects_before, before = self.before
        after = strata.json('stats')
        parts_after, raw = part_sizes(strata.store)
        objects_after = object_bytes(strata.store)
        assert before['saved']['gzip'] == before['saved']['webp'] == 0, before
        assert after['saved']['gzip'] == raw - parts_after, after['saved']
        assert after['saved']['webp'] == objects_before - objects_after, after['saved']
        for cause in ('base64', 'duplicates', 'reels'):
            assert after['saved'][cause] == before['saved'][cause], cause
        # Rows that speak of WebP are longer; the rest of what was replaced is what was saved
        saved = self.document['bytes']['before'] - self.document['bytes']['after']
        assert 0 <= after['saved']['gzip'] + after['saved']['webp'] - saved <= raw - parts_before, (after['saved'], saved)
        self.check_disk(strata, after)
        assert self.trash_line(strata) is not None
        strata.run('gc').expect(DONE)
        self.check_disk(strata, strata.json('stats'))

    def trash_line(self, strata):
        return next((line for line in strata.run('stats').expect(DONE).out.decode().splitlines() if 'in the trash' in line), None)

    def check_disk(self, strata, stats):
        out = run(['du', '-s', '--block-size=1', '--exclude=*.sqlite3-shm', strata.store]).expect(0).out
        assert stats['bytes']['on_disk'] == int(out.split()[0]), (stats['bytes'], out)
        sizes = sum(os.path.getsize(strata.path(path)) for path in files_below(strata.store)
                    if path != 'reserve' and not path.endswith('.sqlite3-shm'))
        assert stats['bytes']['stored'] == sizes, (stats['bytes'], sizes)

    # Back again

    def check_undo(self):
        old, strata = self.webp
        document = strata.json('decompress')
        assert document['sessions'] > 0 and document['bytes']['after'] > document['bytes']['before'], document
        after = content(strata.store)
        assert after == self.before[0], difference(self.before[0], after)
        self.check_whole(old, strata, images_are_exact=True)

    def check_undo_one(self):
        _, strata = self.copy(small=True)
        strata.json(*ALL)
        packed = {path.split('/')[0] for path in files_below(strata.path('sessions')) if path.endswith('.gz')}
        one = sorted(packed)[0]
        assert len(packed) > 1
        strata.json('decompress', one)
        assert {path.split('/')[0] for path in files_below(strata.path('sessions')) if path.endswith('.gz')} == packed - {one}

    def check_wrong_calls(self):
        _, strata = self.copy(small=True)
        for wrong in (('--images', 'gif'), ('--quality', '80'), ('--images', 'webp', '--quality', '101'), ('--level', '13'),
                      ('--level', '-1'), ('--older-than', '-1'), ('--all', '--older-than', '3')):
            strata.run('compress', *wrong).expect(USAGE)
        strata.run('decompress', 'nobody').expect(NOT_FOUND)

    def check_level_0(self):
        _, strata = self.copy(small=True)
        before = content(strata.store)
        assert strata.json(*ALL, '--level', '0')['sessions'] == 0
        assert content(strata.store) == before

    # Steered by another process

    def start_held(self, strata):
        """A compression that has begun, and does nothing before the file is gone: (process, file)"""
        hold = strata.store + '.hold'
        with open(hold, 'w', encoding='ascii'):
            pass
        env = environment(self.tap.folder, STRATA_TEST_HOLD='run:' + hold)
        process = subprocess.Popen([self.faulty, '--store', strata.store, *ALL, '--json', '--quiet'], env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait(lambda: strata.json('status')['compression']['state'] == 'running')
        return process, hold

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, 'it did not come to that'
            time.sleep(0.02)

    def end(self, process):
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == DONE, (process.returncode, out, err)
        return json.loads(out)

    def check_steered(self):
        _, strata = self.copy(small=True)
        assert strata.json('status')['compression']['state'] == 'idle'
        for command in ('pause', 'resume', 'cancel'):
            strata.run(command).expect(NOT_FOUND)

        pending = strata.json('status')['compression']['pending']
        process, hold = self.start_held(strata)
        assert strata.json('pause') == {'state': 'paused'}
        os.unlink(hold)
        strata.run(*ALL).expect(3)  # one at a time
        for _ in range(5):
            status = strata.json('status')['compression']
            assert status == {'state': 'paused', 'pending': pending} and process.poll() is None, status
            time.sleep(0.05)

        # Both states are right: it may be quicker than the answer
        assert strata.json('resume')['state'] in ('running', 'complete')
        assert self.end(process)['sessions'] == pending > 0
        assert strata.json('status')['compression'] == {'state': 'idle', 'pending': 0}
        assert not os.path.exists(strata.path('compression.socket'))

    def check_cancelled(self):
        _, strata = self.copy(small=True)
        before = content(strata.store)
        process, hold = self.start_held(strata)
        strata.json('pause')
        os.unlink(hold)
        # Who cancels it is told when it has ended
        assert strata.json('cancel') == {'state': 'cancelled'}
        assert self.end(process)['sessions'] == 0
        assert content(strata.store) == before
        assert strata.json(*ALL)['sessions'] > 0

    def check_interrupted(self):
        """Ctrl+C ends it in good order, also while it is paused."""
        _, strata = self.copy(small=True)
        before = content(strata.store)
        process, hold = self.start_held(strata)
        strata.json('pause')
        os.unlink(hold)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == INTERRUPTED, (process.returncode, out, err)
        assert json.loads(out)['sessions'] == 0 and content(strata.store) == before
        assert strata.json('verify')['ok']
        assert strata.json(*ALL)['sessions'] > 0

    # Crashes and full disks

    def compress_faulty(self, strata, **env):
        command = [self.faulty, '--store', strata.store, *WEBP, '--json', '--quiet']
        return run(command, env=environment(self.tap.folder, **env), timeout=PATIENCE)

    def measure(self):
        """How many calls it takes, and what it comes to."""
        old, strata = self.copy(small=True)
        steps = strata.store + '.steps'
        self.compress_faulty(strata, STRATA_TEST_STEPS=steps).expect(DONE)
        self.check_whole(old, strata, images_are_exact=False)
        with open(steps, encoding='ascii') as stream:
            self.calls = sum(int(line.split()[1]) for line in stream)
        self.complete = content(strata.store)
        self.tap.say('%d seam calls' % self.calls)

    def points(self):
        """One after the other far apart, so that however few are played, they are all over."""
        count = self.calls // STEP
        return [STEP * (1 + index) for index in sorted(range(count), key=lambda index: index * 0.6180339887 % 1)]

    def check_completes(self, old, strata):
        assert strata.json('verify')['ok']
        strata.json(*WEBP)
        strata.run('gc', '--purge').expect(DONE)  # what the crash kept from going to the trash
        after = content(strata.store)
        assert after == self.complete, difference(self.complete, after)
        self.check_whole(old, strata, images_are_exact=False)
        assert os.listdir(strata.path('staging')) == []
        shutil.rmtree(strata.store)

    def play(self, what, function):
        deadline = time.monotonic() + (86400 if os.environ.get('STRATA_TEST_LONG') == '1' else QUICK_SECONDS)
        played, struck, wrong = 0, 0, []
        for number in self.points():
            if time.monotonic() > deadline and played >= MIN_POINTS:
                break
            played += 1
            old, strata = self.copy(small=True)
            try:
                struck += function(strata, number)
                self.check_completes(old, strata)
            except Exception as problem:
                wrong.append('at call %d: %s: %s' % (number, type(problem).__name__, problem))
        self.tap.say('%s at %d of %d calls, %d of them struck' % (what, played, self.calls, struck))
        assert not wrong, '%d of %d failed\n%s' % (len(wrong), played, '\n'.join(wrong[:20]))
        assert struck >= played / 2

    def kill(self, strata, number):
        # Threads share the work out anew each time: the last calls may not come
        return self.compress_faulty(strata, STRATA_TEST_KILL_AT=str(number)).expect(-9, DONE).status == -9

    def fill(self, strata, number):
        result = self.compress_faulty(strata, STRATA_TEST_FAIL_AT='%d:ENOSPC:full' % number).expect(WRITE, DONE)
        if result.status == WRITE:
            assert result.document()['error']['code'] == 'no-space', result
        return result.status == WRITE

    def check_kills(self):
        self.play('killed', self.kill)

    def check_full_disk(self):
        self.play('disk full', self.fill)


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    tap = Tap()
    place = Place(tap, program, faulty, source)
    tap.check('JSON gets small, sessions and attachments are the same, and doing it twice does nothing', place.check_json)
    tap.check('a migration that packs on the way makes the same parts', place.check_on_the_way)
    tap.check('images are WebP where that is asked for, and all else is the same', place.check_webp)
    tap.check('gzip and webpinfo have nothing to say against any file', place.check_files_open)
    tap.check('the figures add up, and agree with du', place.check_figures)
    tap.check('undone, every file is as it was', place.check_undo)
    tap.check('one session is undone, and no other', place.check_undo_one)
    tap.check('wrong calls are refused', place.check_wrong_calls)
    tap.check('level 0 leaves JSON alone', place.check_level_0)
    tap.check('another process pauses it and lets it go on', place.check_steered)
    tap.check('another process cancels it, and it can be run again', place.check_cancelled)
    tap.check('Ctrl+C ends it, and it can be run again', place.check_interrupted)
    tap.check('every step of a compression goes through the seam', place.measure)
    tap.check('killed anywhere, the store is whole and the next run completes it', place.check_kills)
    tap.check('where the disk is full it stops in words, and completes with space', place.check_full_disk)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
