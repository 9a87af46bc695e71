#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Videos and other files that the old store only points at may stay there, and come before it goes.

Usage: test-videos.py STRATACTL STRATACTL-FAULTY SOURCE-FOLDER
"""

import json
import os
import shutil
import sys
import tempfile

from e2e_util import (DAMAGE, DONE, SOURCE, USAGE, Strata, Tap, copy_sample, difference, files_below, samples,
                      sha256, snapshot)

QUICK_POINTS = 14


def read(*parts):
    with open(os.path.join(*parts), 'rb') as stream:
        return stream.read()


class Place:
    """A sample migrated so that its videos stayed; each check gets it as it was."""

    def __init__(self, tap, program, faulty, source):
        self.tap, self.faulty = tap, faulty
        self.folder = tap.new_folder('place')
        self.old = copy_sample(*samples(source)[0][1:], self.at('old'))
        self.strata = Strata(program, self.at('store'), self.folder)
        self.clean = tap.new_folder('clean')
        paths = [path for path in files_below(self.old.root)
                 if path.startswith('videos/') or path.startswith('attachments/') and path.count('/') > 1]
        # None of them is beside that in another form
        for path in paths:
            with open(self.old.path(path), 'ab') as stream:
                stream.write(path.encode())
        self.before = snapshot(self.old.folder)
        self.strata.json('migrate', self.old.folder, '--videos', 'reference')
        self.pointed_at = {path: read(self.old.path(path)) for path in paths}
        assert len(self.pointed_at) >= 3, self.pointed_at.keys()
        self.untouched()
        for name in ('old', 'store'):
            self.copy(self.at(name), os.path.join(self.clean, name))

    def at(self, *parts):
        return os.path.join(self.folder, *parts)

    @staticmethod
    def copy(source, target):
        shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy2)

    def reset(self):
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        for name in ('old', 'store'):
            self.copy(os.path.join(self.clean, name), self.at(name))
        self.before = snapshot(self.old.folder)

    def untouched(self):
        assert snapshot(self.old.folder) == self.before, difference(self.before, snapshot(self.old.folder))

    def rows(self, state=None):
        return [row for row in self.strata.json('attachments') if state in (None, row['state'])]

    def bytes_of(self, row):
        return self.strata.run('attachment', row['id']).expect(DONE).out

    def all_readable(self):
        """Every file that was pointed at comes back to the last byte, by the digest that its row has."""
        contents = {sha256(content): content for content in self.pointed_at.values()}
        found = {row['sha256']: row for row in self.rows() if row['sha256'] in contents}
        assert found.keys() == contents.keys(), contents.keys() - found.keys()
        for digest, row in found.items():
            assert self.bytes_of(row) == contents[digest], row

    def objects(self):
        return {name.partition('.')[0] for _, _, names in os.walk(self.strata.path('attachments')) for name in names}

    def nothing_left_over(self):
        assert self.strata.json('verify')['ok']
        assert self.strata.json('gc', '--dry-run')['unreferenced'] == 0

    # Staying

    def check_stays(self):
        self.reset()
        rows = self.rows('reference')
        digests = {sha256(content) for content in self.pointed_at.values()}
        assert {row['sha256'] for row in rows} == digests
        assert not digests & self.objects(), 'some were copied'
        self.all_readable()
        self.nothing_left_over()
        assert self.strata.json('verify', '--slice', '50', '--drill')['ok']
        self.untouched()

    def check_sizes(self):
        """What is elsewhere is not stored here, and not saved either."""
        self.reset()
        referring = self.strata.json('stats')
        size = sum(map(len, {sha256(content): content for content in self.pointed_at.values()}.values()))
        shutil.rmtree(self.strata.store)
        self.strata.json('migrate', self.old.folder, '--videos', 'copy')
        copied = self.strata.json('stats')
        assert referring['bytes']['original'] == copied['bytes']['original']
        assert referring['saved'] == copied['saved'], (referring['saved'], copied['saved'])
        # Databases and reports differ a little
        assert abs(copied['bytes']['stored'] - referring['bytes']['stored'] - size) < 0.1 * copied['bytes']['stored']
        kinds = [sum(kind['bytes'] for kind in stats['kinds'] if kind.get('name', kind.get('kind')) != 'application/json')
                 for stats in (referring, copied)]
        assert kinds[1] - kinds[0] == size, (kinds, size)

    def check_reindex(self):
        """The catalog follows from the files."""
        self.reset()
        before = self.strata.json('attachments')
        for name in os.listdir(self.strata.store):
            if name.startswith('catalog.sqlite3'):
                os.unlink(self.strata.path(name))
        assert self.strata.json('attachments') == before
        self.nothing_left_over()

    def check_again(self):
        """What did not change is not read again, nor copied by the way."""
        self.reset()
        before = snapshot(self.strata.path('sessions'))
        document = self.strata.json('migrate', self.old.folder, '--videos', 'reference')
        assert document['sessions']['migrated'] == 0, document
        self.strata.json('retry')
        assert snapshot(self.strata.path('sessions')) == before
        assert self.rows('reference')
        self.nothing_left_over()

    def check_copy_later(self):
        self.reset()
        self.strata.json('migrate', self.old.folder, '--videos', 'copy')
        assert not self.rows('reference')
        self.all_readable()
        self.nothing_left_over()
        self.untouched()

    def check_refer_later(self):
        """What is here already stays here."""
        self.reset()
        shutil.rmtree(self.strata.store)
        self.strata.json('migrate', self.old.folder)
        self.strata.json('migrate', self.old.folder, '--videos', 'reference')
        assert not self.rows('reference')
        self.nothing_left_over()

    def check_export(self):
        self.reset()
        self.strata.json('export', '--format', 'legacy', '-o', self.at('out'))
        for path, content in self.pointed_at.items():
            assert read(self.at('out'), path) == content, path
        self.untouched()

    def check_usage(self):
        self.reset()
        self.strata.run('migrate', self.old.folder, '--videos', 'move').expect(USAGE)

    # Gone, and changed

    def find(self, path):
        digest = sha256(self.pointed_at[path])
        return next(row for row in self.rows() if row['sha256'] == digest)

    def check_missing(self):
        self.reset()
        path = min(self.pointed_at)
        row = self.find(path)
        os.unlink(self.old.path(path))
        document = self.strata.json('verify', status=DAMAGE)
        assert [problem['path'] for problem in document['problems']] == [self.old.path(path)], document
        self.strata.run('attachment', row['id']).expect(SOURCE)
        reason = self.strata.json('retire', '--now', status=USAGE)['because']
        assert 'missing' in reason or 'left in the old store' in reason, reason
        self.strata.json('migrate', self.old.folder, '--videos', 'reference')

    def check_changed(self):
        """Other bytes are told from those that were recorded, also where size and time are the same."""
        self.reset()
        path = min(self.pointed_at)
        row = self.find(path)
        status = os.stat(self.old.path(path))
        content = bytearray(self.pointed_at[path])
        content[-1] ^= 1
        with open(self.old.path(path), 'r+b') as stream:
            stream.write(content)
        os.utime(self.old.path(path), ns=(status.st_atime_ns, status.st_mtime_ns))
        document = self.strata.json('verify', status=DAMAGE)
        assert [problem['path'] for problem in document['problems']] == [self.old.path(path)], document
        self.strata.run('attachment', row['id']).expect(DAMAGE)

    def check_replaced(self):
        """What Taskerino put in its place is taken in."""
        self.reset()
        path = min(self.pointed_at)
        with open(self.old.path(path), 'wb') as stream:
            stream.write(b'another one')
        self.strata.json('migrate', self.old.folder, '--videos', 'reference')
        assert sha256(b'another one') in {row['sha256'] for row in self.rows('reference')}
        self.nothing_left_over()

    # Going

    def retired(self):
        digests = {sha256(content) for content in self.pointed_at.values()}
        assert not any(os.path.exists(self.old.path(path)) for path in self.pointed_at)
        assert digests <= self.objects()
        self.all_readable()
        self.nothing_left_over()

    def check_retire(self):
        self.reset()
        assert self.strata.json('retire', '--now', '--dry-run')['ready']
        self.untouched()
        self.strata.json('retire', '--now')
        self.retired()
        assert not self.rows('reference')
        for name in os.listdir(self.strata.store):
            if name.startswith('catalog.sqlite3'):
                os.unlink(self.strata.path(name))
        assert not self.rows('reference')

    def check_retire_after_changes(self):
        """What was deleted or changed in Strata needs its videos too."""
        self.reset()
        owners = {}
        for session in self.strata.json('list'):
            for row in self.strata.json('attachments', session['key']):
                if row['state'] == 'reference':
                    owners.setdefault(session['key'], row)
        assert owners, 'no session refers to any'
        keys = sorted(owners)
        self.strata.run('set', keys[0], 'name', stdin=b'"changed here"').expect(DONE)
        if len(keys) > 1:
            self.strata.json('delete', keys[-1])
        else:
            self.strata.json('delete', keys[0])
        gone = keys[-1]
        self.strata.json('retire', '--now')
        self.retired_but_for_trash(gone)
        self.strata.json('undelete', gone)
        assert sha256(self.bytes_of(owners[gone])) == owners[gone]['sha256']
        self.retired()

    def retired_but_for_trash(self, key):
        assert not os.path.exists(self.strata.path('sessions', key))
        assert {sha256(content) for content in self.pointed_at.values()} <= self.objects()
        self.nothing_left_over()

    def check_retire_replaced(self):
        """Taskerino does not change a video, so it is asked about first; taken in, it goes with the others."""
        self.reset()
        path = min(self.pointed_at)
        with open(self.old.path(path), 'ab') as stream:
            stream.write(b'and more')
        content = read(self.old.path(path))
        before = snapshot(self.old.folder)
        assert 'damaged' in self.strata.json('retire', '--now', status=USAGE)['because']
        assert snapshot(self.old.folder) == before
        self.strata.json('migrate', self.old.folder, '--videos', 'reference')
        self.strata.json('retire', '--now')
        assert not os.path.exists(self.old.path(path))
        assert sha256(content) in self.objects()
        self.nothing_left_over()

    def check_rollback(self):
        self.reset()
        assert self.strata.json('rollback')['outcome'] == 'identical'
        self.untouched()
        self.strata.json('rollback', '--undo')
        self.all_readable()

    # Interrupted

    def interrupt(self, **env):
        return Strata(self.faulty, self.strata.store, self.folder).run('retire', '--now', '--json', '--quiet', env=env)

    def points(self):
        self.reset()
        steps = self.at('steps')
        self.interrupt(STRATA_TEST_STEPS=steps).expect(DONE)
        counts = [(line.split()[0], int(line.split()[-1])) for line in read(steps).decode().splitlines()]
        names = [name for name, _ in counts]
        bringing = names.index('bring') if 'bring' in names else names.index('bring in')
        first = sum(count for _, count in counts[:bringing])
        last = sum(count for _, count in counts)
        self.tap.say(', '.join('%s: %d' % pair for pair in counts))
        if os.environ.get('STRATA_TEST_LONG') == '1':
            return range(first + 1, last + 1, 3)
        return range(first + 1, last + 1, max(1, (last - first) // QUICK_POINTS))

    def go_on(self):
        journal = read(self.strata.path('migration', 'journal'))
        if b'retire done' in journal:
            return
        # Until then each of them is somewhere
        if b'retire begin' not in journal:
            self.all_readable()
        self.strata.json('retire', *(() if b'retire begin' in journal else ('--now',)))

    def check_killed(self):
        points = self.points()
        for number in points:
            self.reset()
            assert self.interrupt(STRATA_TEST_KILL_AT=str(number)).status == -9
            try:
                self.go_on()
                self.retired()
            except AssertionError as problem:
                raise AssertionError('killed at call %d: %s' % (number, problem)) from problem
        self.tap.say('killed at %d calls' % len(points))

    def check_faults(self):
        points, stopped = self.points(), 0
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
        assert stopped > 0


def main():
    program, faulty, source = map(os.path.abspath, sys.argv[1:4])
    if os.access('/dev/shm', os.W_OK):
        tempfile.tempdir = '/dev/shm'
    tap = Tap()
    place = Place(tap, program, faulty, source)
    for title, check in (('they stay where they are, and can be read', place.check_stays),
                         ('what is elsewhere is neither stored nor saved', place.check_sizes),
                         ('the catalog follows from the files', place.check_reindex),
                         ('again, nothing is written', place.check_again),
                         ('they can be copied later', place.check_copy_later),
                         ('what is here already stays here', place.check_refer_later),
                         ('they are exported', place.check_export),
                         ('there is no third way', place.check_usage),
                         ('one that is gone is named', place.check_missing),
                         ('one that is changed is named', place.check_changed),
                         ('one that was replaced is taken in', place.check_replaced),
                         ('they come before the old store goes', place.check_retire),
                         ('also those of what was deleted and changed', place.check_retire_after_changes),
                         ('and those that were replaced', place.check_retire_replaced),
                         ('going back leaves them as they are', place.check_rollback),
                         ('killed anywhere, each is somewhere', place.check_killed),
                         ('one fault stops it in words, and it goes on', place.check_faults)):
        tap.check(title, check)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
