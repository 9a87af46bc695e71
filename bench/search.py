# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching as one types, beside what there is without an index and with others.

A part of run.py. The queries are drawn from the texts of the dataset, with a
fixed seed.
"""

import json
import mmap
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time

SEED = 5
SAMPLED = 40                # sessions from which queries are drawn
COMPARED = 20               # words for which all programs are asked
LINEAR_BYTES = 2 ** 31      # more text than that is not held in memory for the linear scan
RECOLL_SESSIONS = 500       # its index takes long

NO_TEXT = re.compile(r'^(id|timestamp|base64)$|(Id|Ids|At|Time|Updated)$')

RECOLL_CONFIG = """topdirs = {folder}
dbdir = {config}/db
indexstemminglanguages =
loglevel = 1
"""


def run(command, **options):
    print('$ ' + ' '.join(command), flush=True)
    status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False, **options).returncode
    # 1: with warnings
    if status not in (0, 1):
        sys.exit(f'it failed with exit status {status}')


# Texts

def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from strings(element)
    elif isinstance(value, dict):
        for name, element in value.items():
            if not NO_TEXT.search(name):
                yield from strings(element)


def sessions_of(path):
    """The elements of a file with one array, as text, without reading all of it at once."""
    with open(path, 'rb') as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        token = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
        depth = start = 0
        for match in token.finditer(data):
            character = data[match.start():match.start() + 1]
            if character in b'{[':
                depth += 1
                if depth == 2:
                    start = match.start()
            elif character in b'}]':
                depth -= 1
                if depth == 1:
                    yield data[start:match.end()]


def write_texts(path, folder):
    """A file with the JSON of each session, as other programs would search it. Returns the sessions' texts in small letters,
    as many as may be held in memory."""
    os.makedirs(folder)
    texts, size = [], 0
    for number, session in enumerate(sessions_of(path)):
        with open(os.path.join(folder, f'{number:06}.json'), 'wb') as stream:
            stream.write(session)
        if size < LINEAR_BYTES:
            texts.append('\n'.join(strings(json.loads(session))).lower())
            size += len(texts[-1])
    return texts


# Queries

class Draws:
    def __init__(self, stratactl, store):
        self.random = random.Random(SEED)
        listed = json.loads(subprocess.run([*stratactl, 'list', '--json'], check=True, capture_output=True).stdout)
        self.rows = [self.random.choice(listed) for _ in range(SAMPLED)]
        shown = [subprocess.run([*stratactl, 'show', row['key']], check=True, capture_output=True).stdout for row in self.rows]
        self.texts = [text for session in shown for text in strings(json.loads(session)) if len(text) > 100]

    def words(self):
        while True:
            words = re.findall(r'[^\W_]+', self.random.choice(self.texts), re.ASCII)
            if len(words) > 8:
                return [word.lower() for word in words]

    def word(self):
        return self.random.choice(self.words())

    def phrase(self):
        words = self.words()
        first = self.random.randrange(len(words) - 4)
        return '"%s"' % ' '.join(words[first:first + 3])

    def filter(self):
        row = self.random.choice(self.rows)
        day = row['start'][:10]
        tag = self.random.choice(row['tags'] or ['coding'])
        return self.random.choice((f'tag:"{tag}"', f'category:"{row["category"]}"', f'after:{day}', f'on:{day[:7]}',
                                   f'has:audio before:{day}'))

    def queries(self):
        """(kind, query); a kind that begins with = is not typed letter by letter."""
        for _ in range(40):
            yield 'typed word', self.word()
            yield 'typed two words', f'{self.word()} {self.word()}'
        for _ in range(20):
            yield 'typed phrase', self.phrase()
        for _ in range(100):
            yield '=phrase', self.phrase()
            yield '=filters', self.filter()
            yield '=mixed', f'{self.filter()} {self.word()}'
            yield '=mixed', f'{self.word()} -{self.word()} {self.filter()}'
            yield '=or', f'{self.word()} OR {self.word()}'


# Others

def print_times(name, times, remark=''):
    times = sorted(times)
    print(f'{name:38}{1000 * times[len(times) // 2]:12.1f}{1000 * times[-1]:12.1f}   {remark}', flush=True)


def time_each(words, function):
    times = []
    for word in words:
        start = time.monotonic()
        function(word)
        times.append(time.monotonic() - start)
    return times


def ask(command, allowed=(0, 1)):
    status = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
    if status not in allowed:
        sys.exit(f'{command[0]} failed with exit status {status}')


def bench_recoll(folder, scratch, words):
    """recollq, on part of a large dataset."""
    part, config = (os.path.join(scratch, name) for name in ('recoll-texts', 'recoll'))
    names = sorted(os.listdir(folder))[:RECOLL_SESSIONS]
    os.makedirs(part)
    os.makedirs(config)
    size = 0
    for name in names:
        os.link(os.path.join(folder, name), os.path.join(part, name))
        size += os.path.getsize(os.path.join(part, name))
    with open(os.path.join(config, 'recoll.conf'), 'w', encoding='utf-8') as stream:
        stream.write(RECOLL_CONFIG.format(folder=part, config=config))
    with open(os.path.join(config, 'mimemap'), 'w', encoding='utf-8') as stream:
        stream.write('.json = text/plain\n')
    start = time.monotonic()
    run(['recollindex', '-c', config, '-z'], stderr=subprocess.DEVNULL)
    wall = time.monotonic() - start
    index = sum(os.path.getsize(os.path.join(at, name)) for at, _, files in os.walk(os.path.join(config, 'db')) for name in files)
    print_times(f'recollq, {len(names)} sessions', time_each(words, lambda word: ask(['recollq', '-c', config, '-n', '50', word])),
                f'index {index / 1e6:.0f} MB of {size / 1e6:.0f} MB of JSON, made in {wall:.0f} s')


def bench_others(stratactl, scratch, words):
    exported, folder = (os.path.join(scratch, name) for name in ('sessions.json', 'texts'))
    run([*stratactl, '--quiet', 'export', '--format', 'json', '-o', exported])
    texts = write_texts(exported, folder)
    size = sum(map(len, texts))
    n_files = len(os.listdir(folder))

    print(f'\n{"one word, all of it":38}{"p50 ms":>12}{"max ms":>12}', flush=True)
    print_times('stratactl search, process and snippets', time_each(words, lambda word: ask([*stratactl, 'search', '--json', '--', word])))
    print_times('linear scan of texts in memory', time_each(words, lambda word: [word in text for text in texts]),
                f'{len(texts)} of {n_files} sessions, {size / 1e6:.0f} MB')
    del texts
    if shutil.which('rg'):
        print_times('rg over the JSON', time_each(words, lambda word: ask(['rg', '-l', '-i', '-F', '--', word, folder])), f'{n_files} files')
    else:
        print('rg is not installed')
    if shutil.which('recollindex') and shutil.which('recollq'):
        bench_recoll(folder, scratch, words)
    else:
        print('recollq is not installed')


# Ours

def print_index(store, wall, cpu, peak_kib):
    path = os.path.join(store, 'search.sqlite3')
    with sqlite3.connect(f'file:{path}?mode=ro', uri=True) as db:
        text, moments = db.execute('SELECT text_bytes, moments FROM sums').fetchone()
    db.close()
    size = os.path.getsize(path)
    print(f'index: {moments} moments with {text / 1e6:.1f} MB of text in {size / 1e6:.1f} MB, {size / text:.3f} of the text')
    print(f'made anew in {wall:.1f} s: {text / 1e6 / wall:.1f} MB/s, {text / 1e6 / cpu:.1f} MB/s and core, '
          f'{peak_kib / 1024:.0f} MiB of anonymous memory at most')


def bench_search(build, scratch, sessions, timed):
    """@timed: runs a command and gives its wall, user and system seconds and the highest anonymous KiB"""
    print('\n## Search, beside a linear scan, rg and recollq')
    old, store = (os.path.join(scratch, name) for name in ('search-old', 'search-store'))
    stratactl = [os.path.join(build, 'app', 'stratactl'), '--store', store]
    run([os.path.join(build, 'bench', 'make-legacy'), '--output', old, '--sessions', str(sessions), '--screenshots', '60', '--audio',
         '35', '--image-every', '0', '--text-scale', '0.22', '--notes', str(sessions // 5), '--tasks', str(sessions // 5)])
    run([*stratactl, '--quiet', 'migrate', old])
    shutil.rmtree(old)
    wall, user, system, peak = timed([*stratactl, '--quiet', 'reindex'])
    print_index(store, wall, user + system, peak)

    draws = Draws(stratactl, store)
    queries = ''.join(f'{kind}\t{query}\n' for kind, query in draws.queries())
    command = [os.path.join(build, 'bench', 'bench-search'), store]
    print('$ ' + ' '.join(command) + '    # first pages of 50; typed ones for each letter', flush=True)
    subprocess.run(command, input=queries.encode(), check=True)
    bench_others(stratactl, scratch, [draws.word() for _ in range(COMPARED)])
