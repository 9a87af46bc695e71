#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration is steered while it runs: by another process, by signals, by a full disk, by the old program.

Usage: test-steer.py STRATACTL
"""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

from e2e_util import (DONE, IN_USE, NOT_FOUND, ROOT, SOURCE, USAGE, WARNINGS, WRITE, Skip, Strata, Tap, difference, run,
                      snapshot)

PAUSED = 130
ATTEMPTS = 6


def make_sessions(count, kilobytes, first=0):
    text = 'Words that were on the screen, over and over. ' * (kilobytes * 1024 // 46)
    return [{'id': 'session-%d' % n, 'name': 'Session %d' % n, 'startTime': '2025-01-01T00:00:00.000Z',
             'screenshots': [{'id': 'shot-%d' % n, 'attachmentId': 'att-%d' % n, 'text': '%d %s' % (n, text)}]}
            for n in range(first, first + count)]


class Old:
    """An old store of the test's own."""

    def __init__(self, folder, count=150, kilobytes=100):
        self.root = os.path.join(folder, ROOT)
        os.makedirs(os.path.join(self.root, 'db'))
        os.makedirs(os.path.join(self.root, 'attachments'))
        self.sessions = []
        self.add(count, kilobytes)
        self.save()

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def add(self, count, kilobytes):
        new = make_sessions(count, kilobytes, len(self.sessions))
        for session in new:
            self.attach(session['screenshots'][0]['attachmentId'])
        self.sessions += new

    def attach(self, name):
        with open(self.path('attachments', name + '.meta.json'), 'w', encoding='utf-8') as stream:
            json.dump({'id': name, 'mimeType': 'text/plain'}, stream)
        with open(self.path('attachments', name + '.dat'), 'wb') as stream:
            stream.write(base64.b64encode(b'The bytes of ' + name.encode()))

    def save(self):
        """As the old program does: a temporary file, then the real one in place, then the first goes."""
        text = json.dumps(self.sessions).encode()
        temporary, real = self.path('db', 'sessions.tmp.json'), self.path('db', 'sessions.json')
        for path in (temporary, real):
            with open(path, 'wb') as stream:
                for start in range(0, len(text), 1 << 20):
                    stream.write(text[start:start + (1 << 20)])
        os.unlink(temporary)

    def ids(self):
        return sorted(session['id'] for session in self.sessions)


class Bench:
    """Where one check is made."""

    def __init__(self, tap, program, **old):
        self.folder = tempfile.mkdtemp(dir=tap.folder)
        self.old = Old(self.folder, **old)
        self.strata = Strata(program, os.path.join(self.folder, 'store'), self.folder)

    def start(self, *options):
        command = [self.strata.program, '--store', self.strata.store, 'migrate', self.old.root, '--json', '--quiet', *options]
        return subprocess.Popen(command, env=self.strata.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, process):
        """Waits for it. Returns its exit status and its document."""
        out, err = process.communicate(timeout=60)
        return process.returncode, json.loads(out) if out else None, err

    def ids(self):
        return sorted(row['id'] for row in self.strata.json('list'))

    def expect_all(self):
        assert self.ids() == self.old.ids(), 'not the sessions of the old store'
        self.strata.run('verify', '--quiet').expect(DONE)


def begin_paused(tap, program):
    """A migration that was caught while it ran, and its process. It may be quicker than we are."""
    for attempt in range(ATTEMPTS):
        bench = Bench(tap, program, count=100 << attempt)
        process = bench.start()
        while process.poll() is None:
            result = bench.strata.run('pause', '--json')
            if result.status == DONE and result.document()['state'] == 'paused':
                return bench, process
        bench.end(process)
    raise Skip('the machine is too quick')


def check_pause_and_resume(tap, program):
    bench, process = begin_paused(tap, program)

    first = bench.strata.json('status')
    assert first['state'] == 'paused' and first['holder'] == process.pid, first
    assert first['progress']['step'] in ('planning', 'copying', 'verifying'), first
    bench.strata.run('migrate', bench.old.root, '--quiet').expect(IN_USE)
    bench.strata.run('cancel', '--keep', '--discard').expect(USAGE)
    time.sleep(0.3)
    second = bench.strata.json('status')
    for name in ('step', 'items', 'bytes', 'bytes_total'):
        assert first['progress'][name] == second['progress'][name], (first, second)
    assert 'Waits for' in bench.strata.run('status').expect(DONE).out.decode()
    assert process.poll() is None

    assert bench.strata.json('resume')['state'] in ('running', 'verifying', 'complete')
    status, document, err = bench.end(process)
    assert status == DONE and document['state'] == 'complete', (status, document, err)
    bench.expect_all()
    done = bench.strata.json('status')
    assert done['holder'] is None and done['progress']['step'] is None, done
    bench.strata.run('pause').expect(NOT_FOUND)
    bench.strata.run('resume').expect(NOT_FOUND)
    bench.strata.run('cancel').expect(NOT_FOUND)


def check_signal(tap, program, number):
    bench, process = begin_paused(tap, program)

    bench.strata.json('resume')
    process.send_signal(number)
    status, document, err = bench.end(process)
    if status == DONE:
        raise Skip('it was complete before the signal came')
    assert status == PAUSED and document['state'] == 'paused' and document['error']['code'] == 'paused', (status, document, err)
    assert bench.strata.json('status')['state'] == 'paused'

    # Nobody runs it: who resumes it goes on with it
    assert bench.strata.json('resume') == {'state': 'complete'}
    bench.expect_all()


def check_killed_while_paused(tap, program):
    bench, process = begin_paused(tap, program)
    before = snapshot(bench.old.root)

    process.kill()
    process.communicate()
    left = bench.strata.json('status')
    assert left['state'] == 'paused' and left['holder'] is None, left
    bench.strata.run('pause').expect(NOT_FOUND)
    assert bench.strata.json('resume') == {'state': 'complete'}
    bench.expect_all()
    assert snapshot(bench.old.root) == before, difference(before, snapshot(bench.old.root))


def check_cancel(tap, program):
    bench, process = begin_paused(tap, program)

    assert bench.strata.json('cancel')['state'] == 'cancelled'
    status, document, err = bench.end(process)
    assert status == PAUSED and document['state'] == 'cancelled', (status, document, err)
    kept = bench.ids()
    assert set(kept) <= set(bench.old.ids())

    # Later on also what was kept
    assert bench.strata.json('migrate', '--discard')['state'] == 'cancelled'
    assert bench.ids() == []
    bench.strata.json('migrate', bench.old.root)
    bench.expect_all()
    bench.strata.run('migrate', '--discard').expect(NOT_FOUND)


def check_discard(tap, program):
    bench, process = begin_paused(tap, program)

    assert bench.strata.json('cancel', '--discard')['state'] == 'cancelled'
    bench.end(process)
    assert bench.ids() == []
    assert bench.strata.json('status')['state'] == 'cancelled'
    bench.strata.json('migrate', bench.old.root)
    bench.expect_all()


def check_retry(tap, program):
    bench = Bench(tap, program, count=3, kilobytes=1)
    data = [bench.old.path('attachments', 'att-%d.dat' % n) for n in range(2)]
    for path in data:
        os.unlink(path)

    bench.strata.run('retry').expect(NOT_FOUND)
    first = bench.strata.json('migrate', bench.old.root, status=WARNINGS)
    assert {problem['item'] for problem in first['problems'] if problem['severity'] == 'warning'} == {'att-0', 'att-1'}, first

    # Both can be had now, and a session is new; only what is asked for is tried
    for name in ('att-0', 'att-1'):
        bench.old.attach(name)
    bench.old.add(1, 1)
    bench.old.save()
    tried = bench.strata.json('retry', 'att-0')
    assert tried['problems'] == [] and tried['state'] == 'complete', tried
    assert tried['attachments'] == {'stored': 1, 'deduplicated': 0, 'missing': 0, 'failed': 0}, tried
    assert tried['sessions']['migrated'] == 0 and len(bench.ids()) == 3
    assert bench.strata.run('attachment', 'att-0').expect(DONE).out == b'The bytes of att-0'
    assert bench.strata.json('verify')['ok'] and bench.strata.json('gc', '--dry-run')['unreferenced'] == 0
    states = {row['id']: row['state'] for row in bench.strata.json('attachments')}
    assert states == {'att-0': 'object', 'att-1': 'missing', 'att-2': 'object'}, states
    # By the session, and by the attachment
    for item in ('session-1', 'att-1'):
        os.rename(data[1], data[1] + '.away')
        still = bench.strata.json('retry', item, status=WARNINGS)
        assert {problem['item'] for problem in still['problems']} == {'att-1'}, still
        assert still['attachments']['missing'] == 1, still
        os.rename(data[1] + '.away', data[1])
    # Damage is not believed to be better than nothing: it is told, and kept verbatim
    with open(data[1], 'wb') as stream:
        stream.write(b'!!!')
    worse = bench.strata.json('retry', 'att-1', status=WARNINGS)
    assert [problem['code'] for problem in worse['problems']] == ['attachment-data-invalid'], worse
    os.unlink(data[1])
    # What is no attachment of those takes a whole migration
    bench.strata.json('retry', 'nobody-knows-this')
    assert len(bench.ids()) == 4
    rest = bench.strata.json('retry', status=WARNINGS)
    assert {problem['item'] for problem in rest['problems'] if problem['severity'] == 'warning'} == {'att-1'}, rest
    again = bench.strata.json('retry', 'att-1', 'att-0', status=WARNINGS)
    assert {problem['item'] for problem in again['problems']} == {'att-1'}, again

    bench.old.attach('att-1')
    assert bench.strata.json('retry')['state'] == 'complete'
    assert bench.strata.run('attachment', 'att-1').expect(DONE).out == b'The bytes of att-1'


# A full disk

def check_full_disk(tap, program):
    """A file system that is too small, then a little less so, until all fits."""
    if os.getuid() != 0:
        raise Skip('mounting needs root')
    bench = Bench(tap, program, count=120, kilobytes=100)
    os.mkdir(bench.strata.store)
    mounted = run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', bench.strata.store])
    if mounted.status != 0:
        raise Skip('nothing can be mounted here')
    try:
        seen = 0
        for size in (4, 6, 9, 14, 22, 40):
            run(['mount', '-o', 'remount,size=%dm' % size, bench.strata.store]).expect(0)
            result = bench.strata.run('migrate', bench.old.root, '--json', '--quiet')
            if result.status == DONE:
                break
            document = result.expect(WRITE).document()
            message = document['error']['message']
            assert document['error']['code'] == 'no-space' and document['state'] == 'paused', document
            assert ' bytes' in message and any(word.isdigit() and int(word) > 0 for word in message.replace('(', ' ').split()), message
            tap.say(message)
            bench.strata.run('list').expect(DONE)
            seen += 1
        tap.say('it was full %d times' % seen)
        assert seen >= 2 and result.status == DONE, result
        bench.expect_all()
    finally:
        run(['umount', bench.strata.store])


# The old program meanwhile

def check_old_program_saves(tap, program):
    """It appends sessions and saves, while the migration reads. Nothing is lost, doubled or made up."""
    bench = Bench(tap, program, count=100, kilobytes=60)
    stop = threading.Event()

    def record():
        while not stop.wait(0.05):
            bench.old.add(1, 60)
            bench.old.save()

    recorder = threading.Thread(target=record)
    recorder.start()
    try:
        statuses = [bench.strata.run('migrate', bench.old.root, '--json', '--quiet').expect(DONE, WARNINGS, SOURCE).status
                    for _ in range(4)]
    finally:
        stop.set()
        recorder.join()
    seen = set(bench.ids())
    assert seen <= set(bench.old.ids()), 'something was made up'
    tap.say('%d sessions came while it ran; it ended with %s' % (len(bench.old.sessions) - 100, statuses))

    assert bench.strata.json('migrate', bench.old.root)['state'] == 'complete'
    bench.expect_all()
    for session in (bench.old.sessions[0], bench.old.sessions[-1]):
        assert json.loads(bench.strata.run('show', session['id']).expect(DONE).out) == session


def main():
    program = os.path.abspath(sys.argv[1])
    tap = Tap()
    tap.check('another process pauses and resumes it', check_pause_and_resume, tap, program)
    tap.check('an interrupt pauses', check_signal, tap, program, signal.SIGINT)
    tap.check('a termination signal pauses', check_signal, tap, program, signal.SIGTERM)
    tap.check('what was killed in a pause goes on', check_killed_while_paused, tap, program)
    tap.check('another process cancels it, and it is discarded later', check_cancel, tap, program)
    tap.check('another process cancels and discards it', check_discard, tap, program)
    tap.check('what went wrong is tried again', check_retry, tap, program)
    tap.check('a full disk says how much is missing, and it goes on when there is room', check_full_disk, tap, program)
    tap.check('the old program may save meanwhile', check_old_program_saves, tap, program)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
