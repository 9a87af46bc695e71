# SPDX-License-Identifier: GPL-3.0-or-later
"""What a search must find, worked out from the old files.

Shares no code with the program: another reading of JSON, other tables of
characters (Python's), other ways of matching (every moment is gone through for
every query). Only what was decided is the same: which texts are searched, what
a word is, and what a query means.
"""

import datetime
import functools
import re
import unicodedata

WEIGHTS = SCREEN, SPEECH, SUMMARY, NAME = range(4)

IDEOGRAPHS = ((0x0E01, 0x0E4E), (0x0E81, 0x0ECE), (0x1000, 0x103F), (0x1100, 0x11FF), (0x1780, 0x17D3), (0x2E80, 0x2FDF),
              (0x3005, 0x3007), (0x3031, 0x3035), (0x303B, 0x303C), (0x3041, 0x30FF), (0x3105, 0x312F), (0x3131, 0x318E),
              (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA960, 0xA97C), (0xAC00, 0xD7FB),
              (0xF900, 0xFAFF), (0xFF66, 0xFFDC), (0x16FF0, 0x18CFF), (0x1AFF0, 0x1B2FF), (0x20000, 0x323AF))
ACCENTS = ((0x0300, 0x036F), (0x0483, 0x0487), (0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5),
           (0x05C7, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670), (0x06D6, 0x06DC), (0x06DF, 0x06E4),
           (0x06E7, 0x06E8), (0x06EA, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F),
           (0xFE20, 0xFE2F))
INVISIBLE = '\u00ad\u200c\u200d\u2060\ufeff'
SEPARATOR, WORD, IDEOGRAPH, IGNORED = range(4)


# Words

def inside(ranges, character):
    return any(first <= ord(character) <= last for first, last in ranges)


@functools.lru_cache(maxsize=None)
def classify(character):
    category = unicodedata.category(character)
    if character in INVISIBLE or category[0] == 'M' and inside(ACCENTS, character):
        return IGNORED
    if category[0] not in 'LNM' and category != 'Co':
        return SEPARATOR
    return IDEOGRAPH if inside(IDEOGRAPHS, character) else WORD


@functools.lru_cache(maxsize=None)
def fold(character):
    kind = classify(character)
    if kind == IDEOGRAPH:
        composed = unicodedata.normalize('NFKC', character)
        return composed if len(composed) == 1 and classify(composed) == IDEOGRAPH else character
    text = unicodedata.normalize('NFKD', character.casefold()).casefold()
    if any(classify(c) not in (kind, IGNORED) for c in text):
        return character
    text = ''.join(c for c in text if classify(c) == kind)
    return text if 0 < len(text.encode()) <= 10 else character


def runs(text):
    """Runs of one class, without what is ignored: (class, characters)."""
    run, run_class = [], SEPARATOR
    for character in text:
        kind = classify(character)
        if kind == IGNORED:
            continue
        if kind != run_class:
            if run and run_class != SEPARATOR:
                yield run_class, run
            run, run_class = [], kind
        run.append(character)
    if run and run_class != SEPARATOR:
        yield run_class, run


def parts_of(word):
    """Where camelCase breaks: a capital after a small letter (digits between do not count), or before one at the end of several."""
    breaks = []
    last_letter = None
    for i, character in enumerate(word):
        upper, lower = character.isupper() or character.istitle(), character.islower()
        if upper and last_letter == 'lower' and i > 0:
            breaks.append(i)
        if lower and i > 1 and (word[i - 1].isupper() or word[i - 1].istitle()) and i - 1 not in breaks:
            breaks.append(i - 1)
        if upper or lower:
            last_letter = 'upper' if upper else 'lower'
    return breaks


def cut(text, limit=64):
    while len(text.encode()) > limit:
        text = text[:-1]
    return text


def tokens_of_text(text):
    """For each position the set of tokens that stand there."""
    positions = []
    for kind, run in runs(text):
        if kind == IDEOGRAPH:
            run = unicodedata.normalize('NFC', ''.join(map(fold, run)))
            if len(run) == 1:
                positions.append({run})
            else:
                positions.extend({a + b} for a, b in zip(run, run[1:]))
                positions[-1].add(run[-1])
            continue
        whole = cut(''.join(map(fold, run)))
        found = {whole}
        breaks = parts_of(run)
        if breaks and len(breaks) < 8 and len(''.join(map(fold, run)).encode()) <= 64:
            edges = [0, *breaks, len(run)]
            found |= {part for part in (''.join(map(fold, run[a:b])) for a, b in zip(edges, edges[1:]))
                      if len(part.encode()) > 1}
        positions.append(found)
    return positions


def places_of_tokens(text):
    """token → where it stands"""
    places = {}
    for place, tokens in enumerate(tokens_of_text(text)):
        for token in tokens:
            places.setdefault(token, set()).add(place)
    return places


@functools.lru_cache(maxsize=100000)
def tokens_of_query(text):
    tokens = []
    for kind, run in runs(text):
        if kind == IDEOGRAPH:
            run = unicodedata.normalize('NFC', ''.join(map(fold, run)))
            tokens.extend([run] if len(run) == 1 else [a + b for a, b in zip(run, run[1:])])
        else:
            tokens.append(cut(''.join(map(fold, run))))
    return tokens


def fold_name(text):
    """Names are compared by their words."""
    words, apart = [], False
    for character in text:
        kind = classify(character)
        if kind == SEPARATOR:
            apart = True
        elif kind != IGNORED:
            if apart and words:
                words.append(' ')
            words.append(fold(character))
            apart = False
    return ''.join(words) or text.strip().casefold()


# Texts

NO_TEXT = re.compile(r'^(id|timestamp)$|(Id|Ids|At|Time|Updated)$')
TAG = re.compile(r'<[A-Za-z/!][^>]{0,4094}>')
ENTITIES = {'&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&apos;': "'", '&nbsp;': ' '}


def strings(value, name=None):
    if isinstance(value, str):
        if name is None or not NO_TEXT.search(name):
            yield clean(value)
    elif isinstance(value, list):
        for element in value:
            yield from strings(element, name)
    elif isinstance(value, dict):
        for inner, element in value.items():
            yield from strings(element, inner)


def clean(text):
    """Halves of surrogate pairs become U+FFFD, and so do NULs."""
    return text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace').replace('\0', '\ufffd')


def plain(html):
    text = TAG.sub(' ', html)
    return re.sub('|'.join(ENTITIES), lambda match: ENTITIES[match.group()], text)


def scalars(value):
    """A string or number, or those in an array, as text."""
    for element in value if isinstance(value, list) else [value]:
        if isinstance(element, bool) or element is None or isinstance(element, (list, dict)):
            continue
        yield clean(element) if isinstance(element, str) else str(element)


class Moment:
    def __init__(self, kind, sections):
        self.kind = kind
        merged = []
        for weight, text in sections:
            if not text.strip():
                continue
            if merged and merged[-1][0] == weight:
                merged[-1][1].append(text)
            else:
                merged.append((weight, [text]))
        self.texts = [text for _, texts in merged for text in texts]
        self.sections = [places_of_tokens('\n'.join(texts)) for _, texts in merged]

    def has(self, tokens, is_prefix):
        return any(self.section_has(section, tokens, is_prefix) for section in self.sections)

    @staticmethod
    def section_has(places, tokens, is_prefix):
        """Whether a section has tokens in a row; of the last one maybe only the beginning."""
        starts = None
        for i, token in enumerate(tokens):
            if is_prefix and i == len(tokens) - 1:
                found = {place - i for known in places if known.startswith(token) for place in places[known]}
            else:
                found = {place - i for place in places.get(token, ())}
            starts = found if starts is None else starts & found
            if not starts:
                return False
        return True


def time_of(value):
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return int(value) if 0 <= value <= 7258118400000 else None
    try:
        time = datetime.datetime.fromisoformat(value.replace('Z', '+00:00'))
    except (AttributeError, ValueError, TypeError):
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)).timestamp() * 1000)


def members(value):
    return value if isinstance(value, dict) else {}


def elements(value):
    return value if isinstance(value, list) else []


def text_sections(element, *rules):
    return [(weight, text) for name, weight in rules for text in strings(members(element).get(name))]


def in_order(element, rules):
    """Sections in the order in which the members stand."""
    return [(rules[name], text) for name, value in members(element).items() if name in rules for text in strings(value)]


def of_screenshot(element):
    sections = []
    for name, value in members(element).items():
        if name == 'aiAnalysis':
            sections += in_order(value, {'summary': SUMMARY, 'keyElements': SUMMARY, 'extractedText': SCREEN})
        elif name == 'userComment':
            sections += [(SUMMARY, text) for text in strings(value)]
    return Moment('screenshot', sections)


def of_audio(element):
    sections = in_order(element, {'keyPhrases': SUMMARY})
    for name in ('enrichedTranscription', 'transcription', 'draftTranscription'):
        texts = [text for text in strings(members(element).get(name)) if text.strip()]
        if texts:
            return Moment('audio', sections + [(SPEECH, texts[0])])
    return Moment('audio', sections)


def of_note(element):
    sections = []
    for name, value in members(element).items():
        if name in ('title', 'summary'):
            sections += [(NAME, text) for text in strings(value)]
        elif name == 'content':
            sections += [(SPEECH, plain(text)) for text in strings(value)]
        elif name == 'sourceText':
            sections += [(SPEECH, text) for text in strings(value)]
        elif name == 'metadata':
            sections += [(SPEECH, text) for text in strings(members(value).get('keyPoints'))]
        elif name == 'updates':
            sections += [(SPEECH, plain(text)) for update in elements(value) for text in strings(members(update).get('content'))]
    return Moment('note', sections)


def of_task(element):
    sections = []
    for name, value in members(element).items():
        if name == 'title':
            sections += [(NAME, text) for text in strings(value)]
        elif name == 'description':
            sections += [(SPEECH, plain(text)) for text in strings(value)]
        elif name == 'subtasks':
            sections += [(SPEECH, text) for task in elements(value) for text in strings(members(task).get('title'))]
    return Moment('task', sections)


class Item:
    """A note or a task."""

    def __init__(self, kind, value, names):
        self.kind, self.id = kind, next(scalars(value.get('id')), None)
        self.moment = of_note(value) if kind == 'note' else of_task(value)
        self.session = next(scalars(value.get('sourceSessionId')), None)
        self.note = next(scalars(value.get('noteId')), None) if kind == 'task' else None
        self.time = time_of(value.get('timestamp' if kind == 'note' else 'createdAt'))
        self.values = {'tag': set(scalars(value.get('tags')))}
        if kind == 'task':
            self.values['status'] = set(scalars(value.get('status')))
            self.values['task'] = set(strings(value.get('title')))
        for field, plural in (('topic', 'topics'), ('company', 'companies'), ('contact', 'contacts')):
            ids = set(scalars(value.get(field + 'Ids')))
            if field == 'topic':
                ids |= set(scalars(value.get('topicId')))
            self.values[field] = {(id, names.get((field, id))) for id in ids}
        self.sessions = []


class Session:
    def __init__(self, value):
        self.id = next(scalars(value.get('id')), None)
        self.time = time_of(value.get('startTime'))
        self.links = {link for name in ('extractedNoteIds', 'extractedTaskIds', 'trackingNoteId')
                      for link in scalars(value.get(name))}
        video = members(value.get('video'))
        self.values = {field: {text.strip() for text in scalars(value.get(name)) if text.strip()} for field, name in
                       (('tag', 'tags'), ('category', 'category'), ('subcategory', 'subCategory'), ('status', 'status'))}
        self.values['topic'] = {(text, None) for chapter in elements(video.get('chapters'))
                                for text in strings(members(chapter).get('keyTopics'))}
        self.moments = [Moment('session', in_order(value, {'name': NAME, 'description': SUMMARY, 'summary': SUMMARY})),
                        Moment('transcript', [(SPEECH, text) for text in strings(value.get('fullTranscription'))])]
        self.moments += map(of_screenshot, elements(value.get('screenshots')))
        self.moments += map(of_audio, elements(value.get('audioSegments')))
        self.moments += [Moment('context', in_order(element, {'content': SPEECH})) for element in elements(value.get('contextItems'))]
        self.moments += [Moment('chunk', in_order(element, {'topic': SUMMARY, 'description': SUMMARY, 'transcriptExcerpt': SPEECH}))
                         for element in elements(video.get('chunks'))]
        self.moments += [Moment('chapter', in_order(element, {'title': SUMMARY, 'summary': SUMMARY, 'keyTopics': SUMMARY}))
                         for element in elements(video.get('chapters'))]
        self.moments = [moment for moment in self.moments if moment.texts]
        self.has = {'screenshots': any(isinstance(e, dict) for e in elements(value.get('screenshots'))),
                    'audio': any(isinstance(e, dict) for e in elements(value.get('audioSegments'))) or
                             bool(value.get('fullAudioAttachmentId')),
                    'video': bool(value.get('video')) or isinstance(value.get('video'), dict),
                    'summary': any(text.strip() for text in strings(value.get('summary'))),
                    'transcript': any(m.kind == 'transcript' for m in self.moments) or
                                  any(text.strip() for segment in elements(value.get('audioSegments'))
                                      for name in ('enrichedTranscription', 'transcription', 'draftTranscription')
                                      for text in strings(members(segment).get(name))),
                    'context': any(isinstance(e, dict) for e in elements(value.get('contextItems')))}
        self.items = []


# Queries: a list of these must all hold

class Text:
    def __init__(self, text, quoted=False, negated=False):
        self.text, self.quoted, self.negated = text, quoted, negated

    def written(self):
        return ('-' if self.negated else '') + ('"%s"' % self.text if self.quoted else self.text)

    def holds(self, moment, is_last):
        tokens = tokens_of_query(self.text)
        lone = len(tokens[-1]) == 1 and classify(tokens[-1]) == IDEOGRAPH
        is_prefix = lone or is_last and not self.quoted and not self.negated and len(tokens[-1]) >= 2
        return moment.has(tokens, is_prefix) != self.negated


class AnyOf:
    def __init__(self, *texts):
        self.texts, self.negated = texts, False

    def written(self):
        return ' OR '.join(text.written() for text in self.texts)

    def holds(self, moment, is_last):
        return any(text.holds(moment, is_last and text is self.texts[-1]) for text in self.texts)


class Filter:
    def __init__(self, field, value, negated=False):
        self.field, self.value, self.negated = field, value, negated

    def written(self):
        value = '"%s"' % self.value if re.search(r'[\s()]', self.value) else self.value
        return '%s%s:%s' % ('-' if self.negated else '', self.field, value)


class Oracle:
    def __init__(self, collections):
        """@collections: name → decoded value"""
        names = {(field, next(scalars(element.get('id')), None)): element['name']
                 for field, plural in (('topic', 'topics'), ('company', 'companies'), ('contact', 'contacts'))
                 for element in elements(collections.get(plural)) if isinstance(element.get('name'), str)}
        self.names = names
        self.sessions = [Session(value) for value in elements(collections.get('sessions')) if isinstance(value, dict)]
        self.items = [Item(kind, value, names) for kind, plural in (('note', 'notes'), ('task', 'tasks'))
                      for value in elements(collections.get(plural)) if isinstance(value, dict)]
        self.tie()

    def tie(self):
        notes = {item.id: item for item in self.items}
        for item in self.items:
            wanted = {item.session}
            linked = {item.id}
            if item.note is not None:
                linked.add(item.note)
                wanted.add(notes[item.note].session if item.note in notes else None)
            item.sessions = [session for session in self.sessions
                             if session.links & linked or session.id is not None and session.id in wanted]
            for session in item.sessions:
                session.items.append(item)

    # Filters

    def all_values(self, field):
        """What documents have of a field: (folded names, owner)."""
        for owner in [*self.sessions, *self.items]:
            for value in owner.values.get(field, ()):
                id, name = value if isinstance(value, tuple) else (value, None)
                yield id, {fold_name(id)} | ({fold_name(name)} if name else set()), owner

    def chosen(self, wanted):
        """Sessions and items that a filter chooses, not minding that it may be negated."""
        if wanted.field in ('before', 'after', 'on'):
            return {o for o in [*self.sessions, *self.items] if self.is_in_time(wanted, o.time)}
        if wanted.field == 'has':
            if wanted.value in ('notes', 'tasks'):
                return {s for s in self.sessions if any(i.kind == wanted.value[:-1] for i in s.items)}
            return {s for s in self.sessions if s.has[wanted.value]}

        folded = fold_name(wanted.value)
        values = list(self.all_values(wanted.field))
        for matches in (lambda name: name == folded, lambda name: name.startswith(folded), lambda name: folded in name):
            found = {owner for id, names, owner in values if any(map(matches, names)) or id == wanted.value}
            if found:
                break
        if wanted.field in ('topic', 'company', 'contact', 'task'):
            found |= {session for owner in found if isinstance(owner, Item) for session in owner.sessions}
        return found

    @staticmethod
    def is_in_time(wanted, time):
        parts = [int(part) for part in wanted.value.split('-')]
        first = datetime.date(*(parts + [1, 1])[:3])
        after = [lambda d: d.replace(year=d.year + 1), lambda d: (d + datetime.timedelta(days=31)).replace(day=1),
                 lambda d: d + datetime.timedelta(days=1)][len(parts) - 1](first)
        ms = [int(datetime.datetime(d.year, d.month, d.day, tzinfo=datetime.timezone.utc).timestamp() * 1000) for d in (first, after)]
        if time is None:
            return False
        return time < ms[0] if wanted.field == 'before' else time >= ms[0] and (wanted.field == 'after' or time < ms[1])

    # Searching

    def search(self, query):
        """Hits as (session id or None, kind, item or None), once each; a query of filters only finds sessions."""
        filters = [term for term in query if isinstance(term, Filter) and term.field != 'kind']
        kinds = [term for term in query if isinstance(term, Filter) and term.field == 'kind']
        texts = [term for term in query if not isinstance(term, Filter)]
        chosen = [(self.chosen(term), term.negated) for term in filters]

        def is_chosen(owner):
            return all((owner in found) != negated for found, negated in chosen)

        def is_found(moment):
            return all((moment.kind == term.value) != term.negated for term in kinds) and \
                all(term.holds(moment, term is query[-1]) for term in texts)

        if all(text.negated for text in texts):
            return {(session.id, 'session') for session in self.sessions if is_chosen(session) and
                    not any(not text.holds(moment, False) for text in texts
                            for moment in session.moments + [item.moment for item in session.items])}
        found = {(session.id, moment.kind) for session in self.sessions if is_chosen(session)
                 for moment in session.moments if is_found(moment)}
        for item in self.items:
            if not is_found(item.moment):
                continue
            found |= {(session.id, item.kind) for session in item.sessions if is_chosen(session)}
            if not item.sessions and is_chosen(item):
                found.add((None, item.kind))
        return found
