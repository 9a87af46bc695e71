#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches find what an oracle finds that goes through the old files.

Usage: test-search-oracle.py STRATACTL SEARCH-LINES SOURCE-FOLDER [SEED [QUERIES]]

Random words, phrases and filters of the samples; what is written with accents,
and in scripts without spaces, too. The same ones each time, unless there is
another seed, there or as STRATA_TEST_SEED; more of them with STRATA_TEST_LONG.
"""

import json
import os
import random
import re
import sys
import time

from e2e_util import ROOT, TIMEOUT, Strata, Tap, payload, run, samples
from search_oracle import IDEOGRAPH, AnyOf, Filter, Oracle, Text, classify, tokens_of_query

SEED = 5
QUERIES = 500
QUERIES_LONG = 5000
QUERIES_STRATACTL = 20
COLLECTIONS = ('sessions', 'notes', 'tasks', 'topics', 'companies', 'contacts')

# What the samples have little of
MORE_SESSIONS = [
    {'id': 'more-1', 'name': '設計評審：検索の索引', 'startTime': '2025-08-01T09:00:00.000Z', 'tags': ['設計', 'Été'], 'category': '设计评审',
     'status': 'completed', 'description': 'Élodie a vérifié le déploiement à Zürich — naïve façade',
     'screenshots': [{'id': 'm1', 'timestamp': '2025-08-01T09:01:00.000Z', 'aiAnalysis': {
         'summary': 'エディタで日本語の文字を検索する', 'keyElements': ['RichTextEditor', '検索窓', 'snake_case_name'],
         'extractedText': '東京都庁 ~/src/components/RichTextEditor.tsx getGlassClasses() 한국어 텍스트 검색 カタカナ ﾊﾝｶｸ'}}],
     'audioSegments': [{'id': 'm2', 'timestamp': '2025-08-01T09:02:00.000Z', 'transcription': 'Straße und Größe, coöperate; Σίσυφος ёлка'}]},
    {'id': 'more-2', 'name': 'Größenordnung STRASSE', 'startTime': '2025-08-02T23:30:00.000Z', 'tags': ['ete'], 'status': 'active',
     'summary': {'narrative': 'Das Café in Malmö: smörgåsbord, ÅNGSTRÖM', 'achievements': ['議事録を更新', '会議']},
     'video': {'chapters': [{'title': '한국어', 'keyTopics': ['검색', 'Straße'], 'startTime': 3}], 'chunks': [{'topic': '東', 'description': '京'}]},
     'extractedNoteIds': ['more-n1']},
    {'id': 'more-3', 'name': None, 'startTime': 'never', 'screenshots': 'none', 'contextItems': [{'id': 'c', 'content': 'ไทยภาษา हिन्दी में'}]},
]
MORE_NOTES = [{'id': 'more-n1', 'content': '<p>Crème brûlée &amp; 寿司</p>', 'timestamp': '2025-08-02T23:40:00.000Z', 'topicIds': ['more-t1']},
              {'id': 'more-n2', 'content': 'déjà vu', 'timestamp': '2025-08-05T00:00:00.000Z', 'topicId': 'more-t1', 'tags': ['Été']}]
MORE_TASKS = [{'id': 'more-task', 'title': 'Réserver 寿司', 'noteId': 'more-n1', 'createdAt': '2025-08-03T00:00:00.000Z'}]
MORE_TOPICS = [{'id': 'more-t1', 'name': 'Küche & 寿司'}]


def read_collections(root):
    found = {}
    for name in COLLECTIONS:
        path = os.path.join(root, 'db', name + '.json')
        found[name] = json.loads(payload(path).decode('utf-8', 'surrogatepass')) if os.path.exists(path) else []
    found['sessions'] += MORE_SESSIONS
    found['notes'] += MORE_NOTES
    found['tasks'] += MORE_TASKS
    found['topics'] += MORE_TOPICS
    return found


def write_old_store(folder, collections):
    os.makedirs(os.path.join(folder, ROOT, 'db'))
    for name, value in collections.items():
        with open(os.path.join(folder, ROOT, 'db', name + '.json'), 'w', encoding='ascii') as stream:
            json.dump(value, stream)


class Draws:
    """Queries, drawn from the texts."""

    def __init__(self, oracle, rng):
        self.oracle, self.random = oracle, rng
        moments = [moment for session in oracle.sessions for moment in session.moments] + [item.moment for item in oracle.items]
        self.texts = [text for moment in moments for text in moment.texts]
        self.special = [text for text in self.texts if any(ord(character) > 0xbf for character in text)]

    def text(self):
        return self.random.choice(self.special if self.random.random() < 0.4 else self.texts)

    def word(self):
        """One as it stands, or a piece of a run of a script without spaces."""
        while True:
            words = re.findall(r'\w+', self.text())
            if not words:
                continue
            word = self.random.choice(words)
            if all(classify(character) == IDEOGRAPH for character in word):
                start = self.random.randrange(len(word))
                word = word[start:start + self.random.randint(1, 5)]
            word = self.random.choice((word, word, word.lower(), word.upper())) if tokens_of_query(word) else ''
            if tokens_of_query(word):
                return word

    def phrase(self):
        while True:
            text = self.text()
            ends = [match.end() for match in re.finditer(r'\w+', text)]
            starts = [match.start() for match in re.finditer(r'\w+', text)]
            if len(starts) < 2:
                continue
            first = self.random.randrange(len(starts) - 1)
            last = min(first + self.random.randint(1, 3), len(starts) - 1)
            phrase = text[starts[first]:ends[last]]
            if not re.search('["“”„\x00]', phrase) and '\n' not in phrase and tokens_of_query(phrase):
                return phrase

    def filter(self):
        field = self.random.choice(('tag', 'category', 'subcategory', 'status', 'topic', 'company', 'contact', 'task', 'has', 'before',
                                    'after', 'on'))
        if field == 'has':
            value = self.random.choice(('screenshots', 'audio', 'video', 'summary', 'transcript', 'context', 'notes', 'tasks'))
        elif field in ('before', 'after', 'on'):
            times = [session.time for session in self.oracle.sessions if session.time is not None]
            day = time.strftime('%Y-%m-%d', time.gmtime(self.random.choice(times) / 1000))
            value = self.random.choice((day, day, day[:7], day[:4]))
        else:
            known = [id for id, _, _ in self.oracle.all_values(field)]
            known += [name for (of, _), name in self.oracle.names.items() if of == field]
            value = self.random.choice(known) if known else 'nothing'
            value = self.random.choice((value, value, value.upper(), value[:4], 'nowhere'))
        value = re.sub(r'["“”„]', ' ', value).strip() or 'nothing'
        return Filter(field, value, self.random.random() < 0.15)

    def beginning(self):
        """The beginning of a word, which only what stands last may be."""
        while True:
            word = self.word()
            beginning = word[:max(2, self.random.randint(1, len(word)))]
            if tokens_of_query(beginning):
                return beginning

    def query(self):
        form = self.random.randrange(8)
        if form == 0:
            query = [Text(self.word())]
        elif form == 1:
            query = [Text(self.word()) for _ in range(self.random.randint(2, 3))]
        elif form == 2:
            query = [Text(self.phrase(), quoted=True)]
        elif form == 3:
            query = [self.filter() for _ in range(self.random.randint(1, 2))]
        elif form == 4:
            query = [self.filter(), Text(self.word())]
        elif form == 5:
            query = [Text(self.word()), Text(self.word(), negated=True)]
        elif form == 6:
            query = [AnyOf(Text(self.word()), Text(self.phrase(), quoted=True)), self.filter()]
        else:
            query = [Text(self.beginning())]
        if self.random.random() < 0.1:
            query.insert(0, Filter('kind', self.random.choice(('screenshot', 'audio', 'note', 'session')), self.random.random() < 0.2))
        return query


def is_plain(query):
    """Whether it is read as it was meant: no word looks like an operator or a filter."""
    if all(isinstance(term, Filter) for term in query) and any(term.field == 'kind' for term in query):
        return False
    return not any(isinstance(text, Text) and text.text in ('OR', 'AND')
                   for term in query for text in getattr(term, 'texts', [term]))


def check_found(written, expected, total, sessions, hits):
    """@hits: of each the session, the kind and the key"""
    assert total == len(hits), '%r: total is %d of %d' % (written, total, len(hits))
    assert sessions == len({key for _, _, key in hits} - {None}), '%r: %d sessions' % (written, sessions)
    found = {(session, kind) for session, kind, _ in hits}
    assert found == expected, '%r: missing %s, too many %s' % (
        written, sorted(expected - found, key=str)[:5], sorted(found - expected, key=str)[:5])


def draw_queries(oracle, rng, count):
    """Each as it is written, and what it must find."""
    draws = Draws(oracle, rng)
    queries = []
    while len(queries) < count:
        query = draws.query()
        if is_plain(query):
            queries.append((' '.join(term.written() for term in query), oracle.search(query)))
    return queries


def check_queries(tap, strata, lines, oracle, rng, count):
    queries = draw_queries(oracle, rng, count)
    asked = ''.join(json.dumps([written]) + '\n' for written, _ in queries).encode('ascii')
    answers = run([lines, strata.store], env=strata.env, stdin=asked, timeout=TIMEOUT + count).expect(0).out.splitlines()
    assert len(answers) == count, '%d answers to %d queries' % (len(answers), count)
    for (written, expected), answer in zip(queries, map(json.loads, answers)):
        check_found(written, expected, answer['total'], answer['sessions'], answer['hits'])

    found_any = sum(bool(expected) for _, expected in queries)
    tap.say('%d of %d queries found something' % (found_any, count))
    assert found_any > count / 2


def check_stratactl(strata, oracle, rng, count):
    """The same from outside."""
    for written, expected in draw_queries(oracle, rng, count):
        document = strata.run('search', '--json', '--limit', '100000', '--', written).expect(0).document()
        hits = [(hit['session'], hit['kind'], hit['key']) for hit in document['hits']]
        check_found(written, expected, document['total'], document['sessions'], hits)


def main(program, lines, source, seed=os.environ.get('STRATA_TEST_SEED', SEED),
         count=QUERIES_LONG if os.environ.get('STRATA_TEST_LONG') else QUERIES):
    tap = Tap()
    seed, count = int(seed), int(count)
    tap.say('seed %d' % seed)
    for name, folder, _ in samples(source):
        home = tap.new_folder(name)
        collections = read_collections(os.path.join(folder, ROOT))
        write_old_store(os.path.join(home, 'old'), collections)
        strata = Strata(program, os.path.join(home, 'store'), home)
        strata.env['TZ'] = 'UTC'
        oracle = Oracle(collections)

        def migrate():
            strata.run('migrate', os.path.join(home, 'old'), '--quiet').expect(0, 1)
            assert os.path.exists(strata.path('search.sqlite3')), 'migrate leaves no index'

        tap.check(name + ': migrates, and is indexed', migrate)
        tap.check(name + ': what the oracle finds is found', check_queries, tap, strata, lines, oracle, random.Random(seed), count)
        tap.check(name + ': and so it is from outside', check_stratactl, strata, oracle, random.Random(seed + 2), QUERIES_STRATACTL)
        tap.check(name + ': the index says what the files say', lambda: strata.json('verify')['ok'] or 1 / 0)
        tap.check(name + ': made anew, it says the same', lambda: strata.json('reindex') and check_queries(
            tap, strata, lines, oracle, random.Random(seed + 1), 50))
    return tap.finish()


if __name__ == '__main__':
    if not 4 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
