#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""However large an old store or one of its sessions is, a migration takes less than 128 MiB of memory.

Usage: test-memory.py STRATACTL MAKE-LEGACY

Makes stores of 96 MB, or 2 GB with STRATA_TEST_LONG=1, and watches the anonymous memory of the process that
migrates them: what it holds itself, not the files that the kernel keeps in memory for it. A third run is
interrupted in the middle and has to go on from there.
"""

import base64
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

from e2e_util import DONE, ROOT, Result, Skip, Strata, Tap, environment, run

LIMIT = 128 * 1024
LONG = os.environ.get('STRATA_TEST_LONG') == '1'
SIZE = '2G' if LONG else '96M'
TIMEOUT = 1200 if LONG else 120
INTERRUPTED = 130


class Memory:

    def __init__(self, tap, program, make_legacy):
        self.tap, self.program, self.make_legacy = tap, program, make_legacy
        free = shutil.disk_usage(tap.folder).free
        self.space = free > (8 << 30 if LONG else 1 << 30)

    def make(self, name, *options):
        if not self.space:
            raise Skip('too little space in the folder for temporary files')
        folder = os.path.join(self.tap.folder, name)
        run([self.make_legacy, '--output', folder, '--image-every', '0', *options], timeout=TIMEOUT).expect(DONE)
        return folder

    def watch(self, command):
        """Runs it; returns what it left and the most anonymous memory it had, in KiB."""
        with open(os.path.join(self.tap.folder, 'out'), 'w+b') as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment(self.tap.folder))
            peak, samples, deadline = 0, 0, time.monotonic() + TIMEOUT
            try:
                while process.poll() is None:
                    assert time.monotonic() < deadline, 'it does not end'
                    peak = max(peak, self.anonymous(process.pid))
                    samples += 1
                    time.sleep(0.002)
            finally:
                process.kill()
                process.wait()
            out.seek(0)
            return Result(command, process.returncode, out.read(), b''), peak, samples

    @staticmethod
    def anonymous(pid):
        try:
            with open('/proc/%d/status' % pid, encoding='ascii', errors='replace') as stream:
                found = re.search(r'^RssAnon:\s+(\d+) kB', stream.read(), re.MULTILINE)
        except FileNotFoundError:
            found = None
        return int(found[1]) if found else 0

    def make_bulky(self, name):
        """One element of 16 MB, a text of 64 MB beside it, and an attachment of 64 MB."""
        folder = os.path.join(self.tap.folder, name)
        root = os.path.join(folder, ROOT)
        os.makedirs(os.path.join(root, 'db'))
        os.makedirs(os.path.join(root, 'attachments'))
        with open(os.path.join(root, 'db', 'sessions.json'), 'w', encoding='ascii') as stream:
            stream.write('[{"id":"a","screenshots":[{"attachmentId":"1700000000000-bulkybulk","text":"')
            stream.write('many words ' * 1500000)
            stream.write('"}],"fullTranscription":"')
            stream.write('and more words ' * 4300000)
            stream.write('"}]')
        with open(os.path.join(root, 'attachments', '1700000000000-bulkybulk.dat'), 'wb') as stream:
            stream.write(b'data:application/octet-stream;base64,')
            for _ in range(64):
                stream.write(base64.b64encode(random.randbytes(999999)))
        return folder

    def make_pictured(self, name):
        """One session with 45 pictures, each with a thumbnail of 4 MB in its metadata."""
        folder = os.path.join(self.tap.folder, name)
        root = os.path.join(folder, ROOT)
        os.makedirs(os.path.join(root, 'db'))
        os.makedirs(os.path.join(root, 'attachments'))
        ids = ['1700000000000-picture%02d' % i for i in range(45)]
        with open(os.path.join(root, 'db', 'sessions.json'), 'w', encoding='ascii') as stream:
            json.dump([{'id': 'a', 'screenshots': [{'attachmentId': name} for name in ids]}], stream)
        for number, name in enumerate(ids):
            with open(os.path.join(root, 'attachments', name + '.dat'), 'wb') as stream:
                stream.write(base64.b64encode(b'picture %d' % number))
            with open(os.path.join(root, 'attachments', name + '.meta.json'), 'wb') as stream:
                stream.write(b'{"id":"%s","thumbnail":"data:image/png;base64,' % name.encode())
                stream.write(base64.b64encode(random.randbytes(3000000)) + b'"}')
        return folder

    def check_pictured(self):
        if not self.space:
            raise Skip('too little space in the folder for temporary files')
        folder = self.make_pictured('pictured')
        store, out = folder + '-store', folder + '-out'
        for command in (['migrate', folder], ['verify'], ['export', '--format', 'legacy', '-o', out]):
            result, peak, samples = self.watch([self.program, '--store', store, *command, '--json', '--quiet'])
            self.tap.say('pictured: %s: peak %.1f MiB anonymous in %d samples' % (command[0], peak / 1024, samples))
            document = json.loads(result.expect(DONE).out)
            assert document.get('state', 'complete') == 'complete' and document.get('ok', True), document
            assert samples > 3 and 0 < peak < LIMIT, '%s: %d KiB' % (command[0], peak)
        for path in os.listdir(os.path.join(folder, ROOT, 'attachments')):
            with open(os.path.join(folder, ROOT, 'attachments', path), 'rb') as stream:
                before = stream.read()
            with open(os.path.join(out, 'attachments', path), 'rb') as stream:
                assert not path.endswith('.meta.json') or stream.read() == before, path
        for path in (folder, store, out):
            shutil.rmtree(path)

    def check(self, name, *options):
        folder = self.make(name, *options) if options else self.make_bulky(name)
        store = folder + '-store'
        length = os.path.getsize(os.path.join(folder, ROOT, 'db', 'sessions.json'))
        for command in (['migrate', folder], ['migrate', folder], ['verify'],
                        ['export', '--format', 'json', '-o', folder + '.json']):
            started = time.monotonic()
            result, peak, samples = self.watch([self.program, '--store', store, *command, '--json', '--quiet'])
            self.tap.say('%s: %s: sessions.json %.0f MB, peak %.1f MiB anonymous in %d samples, %.1f s' % (
                name, command[0], length / 1e6, peak / 1024, samples, time.monotonic() - started))
            document = json.loads(result.expect(DONE).out)
            assert document.get('state', 'complete') == 'complete' and document.get('ok', True), document
            assert samples > 3 and 0 < peak < LIMIT, '%s: %d KiB' % (command[0], peak)
        shutil.rmtree(store)
        os.unlink(folder + '.json')

    def check_interrupted(self):
        """SIGTERM pauses it soon, with what is complete kept; the same command goes on."""
        folder = os.path.join(self.tap.folder, 'total')
        strata = Strata(self.program, folder + '-paused', self.tap.folder)
        command = [self.program, '--store', strata.store, 'migrate', folder, '--json', '--quiet']
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=strata.env)
        while process.poll() is None and not self.has_sessions(strata.store):
            time.sleep(0.001)
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        out, err = process.communicate(timeout=60)
        took = time.monotonic() - started
        result = Result(command, process.returncode, out, err).expect(INTERRUPTED)
        document = result.document()
        assert document['state'] == 'paused' and document['error']['code'] == 'paused', document
        assert strata.json('verify')['ok'] and strata.json('status')['state'] == 'paused'
        kept = len(strata.json('list'))
        self.tap.say('paused after %.2f s with %d sessions complete' % (took, kept))
        assert kept > 0
        document = strata.json('migrate', folder, timeout=TIMEOUT)
        assert document['state'] == 'complete' and document['sessions']['unchanged'] == kept, document
        assert strata.json('verify', timeout=TIMEOUT)['ok']

    @staticmethod
    def has_sessions(store):
        try:
            return any(os.scandir(os.path.join(store, 'sessions')))
        except FileNotFoundError:
            return False


def main():
    program, make_legacy = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    memory = Memory(tap, program, make_legacy)
    tap.check('a store of %s' % SIZE, memory.check, 'total', '--total-bytes', SIZE)
    tap.check('a session of %s' % SIZE, memory.check, 'huge', '--sessions', '2', '--huge-session', SIZE)
    tap.check('an element, a text and an attachment that are large', memory.check, 'bulky')
    tap.check('many large thumbnails', memory.check_pictured)
    tap.check('an interrupted migration goes on', memory.check_interrupted)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
