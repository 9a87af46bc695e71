#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what make-legacy makes, with readers that share nothing with it.

Usage: check-make-legacy.py MAKE-LEGACY
Prints TAP; exits with 1 if a check fails.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile

ROOT = 'com.taskerino.desktop'
COLLECTIONS = ['sessions', 'notes', 'tasks', 'topics', 'companies', 'contacts', 'settings']
DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
SMALL = ['--image-size', '320x240', '--notes', '5', '--tasks', '5', '--text-scale', '0.2']

# What every JPEG of the old program has: the quantization tables of quality
# 70 in zigzag order, and the Huffman tables of the standard's annex K.
LUMINANCE_START = bytes([10, 7, 7, 8, 7, 6, 10, 8])
TABLES_SHA256 = {
    0xdb: '39e4f06d79b44f106daca47e37a38592ce232e0c31064906b89820b943d5da4f',
    0xc4: 'f361ab42f71ff019275c522494accedf9fadd13f16af71632ca28255a7554a15',
}
MARKERS = [0xe0, 0xc0, 0xdb, 0xdb, 0xc4, 0xc4, 0xc4, 0xc4, 0xda]


class Store:
    """A store that has been made, decoded as far as a check needs it."""

    def __init__(self, program, folder, name, *options):
        self.path = os.path.join(folder, name)
        subprocess.run([program, '--output', self.path, *options], check=True)

    def file(self, *parts):
        return os.path.join(self.path, ROOT, *parts)

    def text(self, collection):
        with open(self.file('db', collection + '.json'), encoding='utf-8', newline='') as stream:
            return stream.read()

    def decode(self, collection):
        """Returns (form, envelope or None, pretty text or None, value)."""
        outer = json.loads(self.text(collection))
        if not isinstance(outer, dict) or 'checksum' not in outer:
            return 'bare', None, None, outer
        data = outer['data']
        if not isinstance(data, str):
            return 'uncompressed', outer, None, data
        if data.startswith('GZIP_V1:'):
            text = gzip.decompress(base64.b64decode(data[8:], validate=True)).decode('utf-8')
            return 'gzip', outer, text, json.loads(text)
        return 'string', outer, data, json.loads(data)

    def value(self, collection):
        return self.decode(collection)[3]

    def attachments(self):
        return sorted(os.listdir(self.file('attachments')))

    def data_uri(self, name):
        with open(self.file('attachments', name), encoding='ascii') as stream:
            return split_uri(stream.read())

    def digests(self):
        result = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, 'rb') as stream:
                    digest = hashlib.sha256(stream.read()).hexdigest()
                result[os.path.relpath(path, self.path)] = digest
        return result


def stringify(value):
    """JSON.stringify (value, null, 2)"""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub('[\ud800-\udfff]', lambda match: '\\u%04x' % ord(match.group()), text)


def checksum(text):
    value = 0
    for (unit,) in struct.iter_unpack('<H', text.encode('utf-16-le')):
        value = (value * 31 + unit) & 0xffffffff
    if value >= 1 << 31:
        value -= 1 << 32
    rest, digits = abs(value), ''
    while rest or not digits:
        rest, digit = divmod(rest, 36)
        digits = DIGITS[digit] + digits
    return ('-' if value < 0 else '') + digits


def split_uri(uri):
    head, _, payload = uri.partition(',')
    return head, base64.b64decode(payload, validate=True)


def jpeg_segments(jpeg):
    """Returns the segments up to the scan as (marker, payload)."""
    assert jpeg[:2] == b'\xff\xd8' and jpeg[-2:] == b'\xff\xd9', 'not a whole JPEG'
    position, segments = 2, []
    while not segments or segments[-1][0] != 0xda:
        assert jpeg[position] == 0xff, 'no marker where one must be'
        length = struct.unpack_from('>H', jpeg, position + 2)[0]
        segments.append((jpeg[position + 1], jpeg[position + 4:position + 2 + length]))
        position += 2 + length
    return segments


def check_jpeg(jpeg, size):
    segments = jpeg_segments(jpeg)
    assert [marker for marker, _ in segments] == MARKERS, 'segments in another order'
    assert segments[0][1] == b'JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00', 'another JFIF header'
    height, width = struct.unpack_from('>HH', segments[1][1], 1)
    assert segments[1][1][0] == 8 and (width, height) == size, 'another size'
    assert segments[1][1][5:] == bytes([3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1]), 'not 4:4:4'
    assert segments[2][1][1:9] == LUMINANCE_START, 'not quality 70'
    for kind, expected in TABLES_SHA256.items():
        tables = b''.join(payload for marker, payload in segments if marker == kind)
        assert hashlib.sha256(tables).hexdigest() == expected, 'other tables'


def check_file(store, collection, form):
    """The file is, to the byte, what JavaScript would write for its value."""
    found, outer, text, value = store.decode(collection)
    assert found == form, '%s is %s, not %s' % (collection, found, form)
    pretty = stringify(value)
    if form == 'bare':
        assert store.text(collection) == pretty
        return
    members = ['version', 'checksum', 'timestamp', 'compressed', 'data']
    if form == 'uncompressed':
        members.remove('compressed')
    assert list(outer) == members and outer['version'] == 1
    assert outer.get('compressed', False) == (form == 'gzip')
    assert text is None or text == pretty, 'another pretty text'
    assert outer['checksum'] == checksum(pretty), 'wrong checksum'
    assert store.text(collection) == stringify(outer), 'another envelope'
    if form == 'gzip':
        packed = base64.b64decode(outer['data'][8:])
        expected = b'\x1f\x8b\x08\x00' + struct.pack('<I', outer['timestamp'] // 1000) + b'\x02\x03'
        assert packed[:10] == expected, 'another gzip header'


def referenced(value):
    """All attachment ids anywhere in a value."""
    if isinstance(value, list):
        return {found for item in value for found in referenced(item)}
    if not isinstance(value, dict):
        return set()
    found = {item for key, item in value.items() if key.lower().endswith('attachmentid')}
    return found | referenced(list(value.values()))


def check_memory(program, folder):
    Store(program, folder, 'memory', '--total-bytes', '96M', '--image-every', '0')
    used_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert used_kb < 80 * 1024, 'took %d KB' % used_kb


def check_form(form):
    def check(program, folder):
        store = Store(program, folder, 'form-' + form, '--form', form, '--sessions', '3',
                      '--screenshots', '6', '--audio', '3', '--image-every', '3', *SMALL)
        assert len(store.value('sessions')) == 3
        for collection in COLLECTIONS:
            old = form in ('uncompressed', 'bare')
            check_file(store, collection, form if old or collection == 'sessions' else 'gzip')
    return check


def check_sizes(program, folder):
    small = Store(program, folder, 'small', '--sessions', '1', '--screenshots', '2', '--audio', '1',
                  '--image-every', '0', *SMALL)
    check_file(small, 'sessions', 'gzip')
    large = Store(program, folder, 'large', '--sessions', '1', '--image-every', '0')
    check_file(large, 'sessions', 'string')
    check_file(large, 'notes', 'string')
    session = large.value('sessions')[0]
    parts = {'fullTranscription': (80, 130), 'summary': (35, 65), 'audioInsights': (20, 40),
             'canvasSpec': (25, 55), 'contextItems': (6, 14), 'screenshots': (360, 960)}
    for key, (least, most) in parts.items():
        size = len(stringify(session[key]).encode('utf-8', 'surrogatepass')) / 1000
        assert least <= size <= most, '%s has %d KB' % (key, size)


def check_empty(program, folder):
    store = Store(program, folder, 'empty', '--sessions', '0', '--notes', '0', '--tasks', '0')
    for collection in COLLECTIONS:
        check_file(store, collection, 'gzip')
    assert store.value('sessions') == []
    bare = Store(program, folder, 'bare-session', '--sessions', '2', '--screenshots', '0', '--audio', '0')
    assert bare.attachments() == [] and bare.value('sessions')[1]['screenshots'] == []
    check_file(bare, 'sessions', bare.decode('sessions')[0])


def check_images(program, folder):
    store = Store(program, folder, 'images', '--sessions', '1', '--screenshots', '60', '--image-every', '1',
                  '--audio', '0', *SMALL)
    digests = set()
    metas = [name for name in store.attachments() if name.endswith('.meta.json')]
    assert len(metas) == 60 and len(store.attachments()) == 120
    for name in metas:
        with open(store.file('attachments', name), encoding='utf-8') as stream:
            text = stream.read()
        meta = json.loads(text)
        assert text == json.dumps(meta, separators=(',', ':')), 'not compact'
        assert list(meta) == ['id', 'type', 'name', 'mimeType', 'size', 'createdAt', 'thumbnail']
        assert name == meta['id'] + '.meta.json' and meta['mimeType'] == 'image/jpeg'
        head, jpeg = store.data_uri(meta['id'] + '.dat')
        assert head == 'data:image/jpeg;base64' and len(jpeg) == meta['size']
        check_jpeg(jpeg, (320, 240))
        check_jpeg(split_uri(meta['thumbnail'])[1], (400, 300))
        digests.add(hashlib.sha256(jpeg).digest())
    assert 20 < len(digests) < 60, '%d different pictures of 60' % len(digests)


def check_full_size(program, folder):
    store = Store(program, folder, 'full-size', '--sessions', '1', '--screenshots', '1', '--image-every', '1',
                  '--audio', '0', '--notes', '0', '--tasks', '0')
    name = [name for name in store.attachments() if name.endswith('.dat')][0]
    jpeg = store.data_uri(name)[1]
    check_jpeg(jpeg, (1920, 1080))
    assert 60000 < len(jpeg) < 500000, '%d bytes' % len(jpeg)


def check_audio(program, folder):
    store = Store(program, folder, 'audio', '--sessions', '1', '--audio', '6', '--image-every', '0',
                  '--audio-every', '2', *SMALL)
    segments = store.value('sessions')[0]['audioSegments']
    assert [i for i, segment in enumerate(segments) if 'attachmentId' in segment] == [0, 2, 4]
    for segment in segments[::2]:
        with open(store.file('attachments', segment['attachmentId'] + '.meta.json'), encoding='ascii') as stream:
            text = stream.read()
        meta = json.loads(text)
        assert text == json.dumps(meta, separators=(',', ':')), 'not compact'
        assert meta['duration'] == segment['duration'] and meta['mimeType'] == 'audio/mp3'
        head, mp3 = store.data_uri(segment['attachmentId'] + '.dat')
        assert head == 'data:audio/mp3;base64'
        assert meta['size'] == os.path.getsize(store.file('attachments', segment['attachmentId'] + '.dat'))
        assert len(mp3) == round(segment['duration'] * 1000) // 36 * 288
        assert all(mp3[i:i + 4] == b'\xff\xf3\x88\xc4' for i in range(0, len(mp3), 288))


def check_references(program, folder):
    store = Store(program, folder, 'references', '--sessions', '4', '--screenshots', '7', '--audio', '3',
                  '--image-every', '2', *SMALL)
    sessions = store.value('sessions')
    ids = referenced(sessions)
    expected = {id + ending for id in ids for ending in ('.dat', '.meta.json')}
    assert ids and set(store.attachments()) == expected
    for kind, member in (('notes', 'extractedNoteIds'), ('tasks', 'extractedTaskIds')):
        items = {item['id']: item for item in store.value(kind)}
        assert len(items) == 5
        for session in sessions:
            assert len(session[member]) == 1
            assert items[session[member][0]]['sourceSessionId'] == session['id']
    for member, kind in (('topicIds', 'topics'), ('companyIds', 'companies'), ('contactIds', 'contacts')):
        known = {item['id'] for item in store.value(kind)}
        assert all(set(note[member]) <= known for note in store.value('notes'))
    for session in sessions:
        assert session['fullTranscription'] == ''.join(s['transcription'] for s in session['audioSegments'])
        assert session['summary']['screenshotCount'] == len(session['screenshots'])
    assert len({s['id'] for session in sessions for s in session['screenshots']}) == 28


def check_same(program, folder):
    options = ['--sessions', '2', '--screenshots', '4', '--audio', '2', '--image-every', '2', *SMALL]
    one = Store(program, folder, 'same-1', '--seed', '7', *options)
    two = Store(program, folder, 'same-2', '--seed', '7', *options)
    other = Store(program, folder, 'same-3', '--seed', '8', *options)
    assert one.digests() == two.digests()
    assert not set(one.digests()) & {name for name in other.digests() if '/attachments/' in name}
    assert one.text('sessions') != other.text('sessions')


def check_prefix(program, folder):
    options = ['--form', 'string', '--screenshots', '5', '--audio', '2', '--image-every', '2', *SMALL]
    few = Store(program, folder, 'few', '--sessions', '2', *options)
    many = Store(program, folder, 'many', '--sessions', '5', *options)
    shorter, longer = few.decode('sessions')[2], many.decode('sessions')[2]
    assert longer.startswith(shorter[:-2]) and len(longer) > 2 * len(shorter)
    inside = {name: digest for name, digest in few.digests().items() if '/attachments/' in name}
    assert inside and inside.items() <= many.digests().items()


def check_total(program, folder):
    for form, total in (('string', 3 << 20), ('uncompressed', 3 << 20), ('bare', 3 << 20), ('gzip', 400 << 10)):
        store = Store(program, folder, 'total-' + form, '--form', form, '--total-bytes', str(total),
                      '--image-every', '0', '--notes', '0', '--tasks', '0')
        size = os.path.getsize(store.file('db', 'sessions.json'))
        one = size / len(store.value('sessions'))
        assert total <= size < total + 2 * one, '%s: %d bytes' % (form, size)
        check_file(store, 'sessions', form)


def check_huge(program, folder):
    options = ['--sessions', '2', '--image-every', '400', '--image-size', '320x240']
    plain = Store(program, folder, 'plain', *options)
    huge = Store(program, folder, 'huge', '--huge-session', '6M', *options)
    check_file(huge, 'sessions', 'string')
    value = huge.value('sessions')
    size = len(stringify(value[0]).encode('utf-8', 'surrogatepass'))
    assert 6 << 20 <= size < 7 << 20, '%d bytes' % size
    assert value[1] == plain.value('sessions')[1]
    assert {id + '.dat' for id in referenced(value)} == {n for n in huge.attachments() if n.endswith('.dat')}
    assert len([n for n in huge.attachments() if n.endswith('.dat')]) > 4


def check_text(program, folder):
    store = Store(program, folder, 'text', '--sessions', '3', '--image-every', '0')
    text = stringify(store.value('sessions'))
    for sample in ('café', '会議', '👩\u200d💻', '\\u0000', '\\ud83d', '\\b', '\u2028', '\\\\', '\x7f', '\\r\\n'):
        assert sample in text, 'no %r' % sample
    screens = ' '.join(s['aiAnalysis']['extractedText'] for session in store.value('sessions')
                       for s in session['screenshots'] if 'aiAnalysis' in s)
    for pattern in (r'\b[a-z]+[A-Z][a-z]+', r'\b[a-z]+_[a-z]+\(', r'src/[a-z/]+\w+\.(ts|py|c):\d+'):
        assert len(re.findall(pattern, screens)) > 20, 'no ' + pattern
    words = re.findall(r'[a-z]+', text.lower())
    assert len(set(words)) > 3000 and words.count('the') > len(words) / 100


def check_refusals(program, folder):
    store = Store(program, folder, 'taken', '--sessions', '0')
    before = store.digests()
    for options in (['--output', store.path], [], ['--form', 'zip'], ['--total-bytes', '2X'],
                    ['--total-bytes', '-1'], ['--huge-session', '99999999999T'], ['--image-size', '10x10'],
                    ['--image-size', '640'], ['--sessions', '-1'], ['--text-scale', 'nan']):
        if options and options[0] != '--output':
            options = ['--output', os.path.join(folder, 'refused'), *options]
        result = subprocess.run([program, *options], stderr=subprocess.PIPE, text=True)
        assert result.returncode == 1 and result.stderr.startswith('make-legacy: '), options
    assert store.digests() == before and not os.path.exists(os.path.join(folder, 'refused'))


CHECKS = [
    ('memory does not grow with the store', check_memory),
    ('form string is spelled as JavaScript spells it', check_form('string')),
    ('form gzip is spelled as JavaScript spells it', check_form('gzip')),
    ('form uncompressed is spelled as JavaScript spells it', check_form('uncompressed')),
    ('form bare is spelled as JavaScript spells it', check_form('bare')),
    ('the size chooses the form, and the parts have theirs', check_sizes),
    ('stores and sessions may be empty', check_empty),
    ('pictures are JPEGs like the old program\'s, some the same', check_images),
    ('a full-size picture has a usual size', check_full_size),
    ('sound is MP3 frames', check_audio),
    ('every reference leads somewhere', check_references),
    ('the same seed gives the same bytes', check_same),
    ('a longer store begins like a shorter one', check_prefix),
    ('sessions are added until the file is long enough', check_total),
    ('the huge session is huge and the others stay', check_huge),
    ('texts hold all that real ones hold', check_text),
    ('bad options and a store that exists are refused', check_refusals),
]


def main():
    program = os.path.abspath(sys.argv[1])
    failed = 0
    print('1..%d' % len(CHECKS), flush=True)
    for number, (name, check) in enumerate(CHECKS, 1):
        with tempfile.TemporaryDirectory(prefix='check-make-legacy-') as folder:
            try:
                check(program, folder)
                print('ok %d - %s' % (number, name), flush=True)
            except Exception as problem:
                failed += 1
                line = problem.__traceback__
                while line.tb_next:
                    line = line.tb_next
                print('not ok %d - %s' % (number, name))
                print('# line %d: %s %s' % (line.tb_lineno, type(problem).__name__,
                                            str(problem).replace('\n', ' ')), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
