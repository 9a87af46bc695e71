# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end-to-end tests share.

Runs stratactl from outside, as a user does, and reads old and new stores with
code that shares nothing with the program: what both agree on is so.
"""

import atexit
import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import traceback

ROOT = 'com.taskerino.desktop'
TIMEOUT = 60

DONE, WARNINGS, USAGE, IN_USE, SOURCE, WRITE, DAMAGE, NEWER, NOT_FOUND = range(9)


# Running

class Result:
    """What a finished command left."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        return '%s: exit %s\n%s\n%s' % (' '.join(map(os.fsdecode, self.command[1:])), self.status,
                                        self.out[-2000:].decode(errors='replace'),
                                        self.err[-2000:].decode(errors='replace'))

    def expect(self, *statuses):
        assert self.status in statuses, 'expected exit %s, but %s' % (statuses, self)
        return self

    def document(self):
        """The one JSON document and newline that standard output must be."""
        assert self.out.endswith(b'\n') and self.out.count(b'\n') == 1, 'not one line: %s' % self
        return json.loads(self.out)


def environment(home, **more):
    """Nothing of the caller's own data is in reach; nothing depends on its locale."""
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('STRATA_', 'XDG_', 'LC_', 'G_MESSAGES'))}
    env.update(HOME=home, XDG_DATA_HOME=os.path.join(home, 'data'), LANG='C.UTF-8',
               G_DEBUG='gc-friendly,fatal-warnings', GSETTINGS_BACKEND='memory')
    env.update(more)
    return env


ended = threading.Event()  # no more commands: the folder they would work in is going


def run(command, env=None, stdin=None, timeout=TIMEOUT, **options):
    if ended.is_set():
        sys.exit(1)
    done = subprocess.run(command, env=env, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=timeout, **options)
    return Result(command, done.returncode, done.stdout, done.stderr)


def as_nobody(program):
    """What to put before a command to run it as a user with no rights of its own."""
    if os.getuid() != 0 or shutil.which('setpriv') is None:
        raise Skip('becoming another user needs root and setpriv')
    command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    if run([*command, 'test', '-x', program]).status != 0:
        raise Skip('the program is where other users may not go')
    return command


class Strata:
    """A program and a store to use it on."""

    def __init__(self, program, store, home):
        self.program, self.store, self.env = program, store, environment(home)

    def run(self, *arguments, timeout=TIMEOUT, env=None, **options):
        command = [self.program, '--store', self.store, *arguments]
        return run(command, env={**self.env, **(env or {})}, timeout=timeout, **options)

    def json(self, *arguments, status=DONE, **options):
        result = self.run(*arguments, '--json', '--quiet', **options)
        return result.expect(status).document()

    def path(self, *parts):
        return os.path.join(self.store, *parts)


# JSON as text: only tokens, no values

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)


def minify(text):
    """Leaves out the white space between tokens, and nothing else."""
    return b''.join(TOKEN.findall(text))


def split(text):
    """The direct children of the array or object that a text is, in order:
    (name token or None, minified value)."""
    children, depth, name, value = [], 0, None, []
    for token in TOKEN.findall(text):
        if token in (b']', b'}'):
            depth -= 1
        if depth == 0 and value or depth == 1 and token == b',':
            children.append((name, b''.join(value)))
            name, value = None, []
        elif depth == 1 and token == b':':
            name, value = value[0], []
        elif depth > 0:
            value.append(token)
        if token in (b'[', b'{'):
            depth += 1
    assert depth == 0, 'not balanced'
    return children


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# Old stores

def payload(path):
    """The text of a collection's value, with all wrapping taken off."""
    with open(path, 'rb') as stream:
        text = stream.read()
    if text.startswith(b'\xef\xbb\xbf'):
        text = text[3:]
    if not text.lstrip().startswith(b'{'):
        return text
    members = dict(split(text))
    if b'"data"' not in members or b'"version"' not in members:
        return text
    data = members[b'"data"']
    if not data.startswith(b'"'):
        return data
    inner = json.loads(data)
    if inner.startswith('GZIP_V1:'):
        return gzip.decompress(base64.b64decode(inner[8:], validate=True))
    return inner.encode('utf-8', 'surrogatepass')


class OldStore:
    """An old data folder, copied to where a test may do as it likes."""

    def __init__(self, folder, manifest):
        self.folder = folder
        self.root = os.path.join(folder, ROOT)
        with open(manifest, encoding='utf-8') as stream:
            self.manifest = json.load(stream)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def collections(self):
        """Names of the live collections, sessions among them."""
        names = [name[:-5] for name in os.listdir(self.path('db'))
                 if name.endswith('.json') and not name.endswith(('.backup.json', '.tmp.json'))]
        return sorted(names)

    def payload(self, name):
        return payload(self.path('db', name + '.json'))

    def sessions(self):
        return [value for _, value in split(self.payload('sessions'))]


def unwrap_data(path):
    """The bytes a .dat stands for."""
    with open(path, 'rb') as stream:
        text = stream.read().strip()
    if text[:5].lower() == b'data:':
        text = text.partition(b',')[2]
    return base64.b64decode(text, validate=True)


def samples(source):
    """Where whole sample stores with a manifest are: (name, folder, manifest)."""
    found = [('bundled', os.path.join(source, 'data', 'sample'), os.path.join(source, 'data', 'sample', 'manifest.json'))]
    fixtures = os.environ.get('STRATA_FIXTURES') or os.path.join(source, '..', 'shared', 'fixtures')
    large = os.path.join(fixtures, 'sample')
    if os.path.isdir(large) and os.path.exists(large + '.manifest.json'):
        found.append(('fixtures', large, large + '.manifest.json'))
    return found


def copy_sample(folder, manifest, target):
    """A copy that keeps the times."""
    os.makedirs(target)
    shutil.copytree(os.path.join(folder, ROOT), os.path.join(target, ROOT), symlinks=True)
    return OldStore(target, manifest)


# Folders

def snapshot(folder, times=True, contents=True):
    """Everything there is to see of a folder: {path: (type, mode, size, mtime, digest)}."""
    seen = {}
    for at, folders, files in os.walk(folder):
        for name in [''] + folders + files if at == folder else folders + files:
            path = os.path.join(at, name) if name else at
            status = os.lstat(path)
            digest = None
            if contents and stat.S_ISREG(status.st_mode):
                with open(path, 'rb') as stream:
                    digest = hashlib.file_digest(stream, 'sha256').hexdigest()
            elif stat.S_ISLNK(status.st_mode):
                digest = os.readlink(path)
            size = status.st_size if not stat.S_ISDIR(status.st_mode) else None
            seen[os.path.relpath(path, folder)] = (stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), size,
                                                   status.st_mtime_ns if times else None, digest)
    return seen


def difference(before, after):
    """In words, for a failed comparison."""
    return ', '.join(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


# Reporting

class Skip(Exception):
    """Raised by a check that can't be made here; says why."""


class Tap:
    """Runs checks one after the other and prints TAP. The plan comes last, when their number is known."""

    def __init__(self):
        self.count = self.failed = 0
        self.folder = tempfile.mkdtemp(prefix='strata-e2e-')
        # Also when it is ended for taking too long
        atexit.register(self.remove)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def check(self, name, function, *arguments):
        self.count += 1
        try:
            function(*arguments)
            print('ok %d - %s' % (self.count, name), flush=True)
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (self.count, name, reason), flush=True)
        except Exception:
            self.failed += 1
            print('not ok %d - %s' % (self.count, name))
            self.say(traceback.format_exc())

    def say(self, text):
        for line in text.strip().splitlines():
            print('# ' + line)
        sys.stdout.flush()

    def new_folder(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path)
        return path

    def finish(self):
        print('1..%d' % self.count, flush=True)
        return 1 if self.failed else 0

    def remove(self):
        """What still runs may be writing there."""
        ended.set()
        for _ in range(50):
            for at, folders, _ in os.walk(self.folder):
                for path in (os.path.join(at, name) for name in folders):
                    if not os.path.islink(path) and os.path.exists(path):
                        os.chmod(path, 0o700)
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                break
            time.sleep(0.1)
