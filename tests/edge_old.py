# SPDX-License-Identifier: GPL-3.0-or-later
"""An odd old store in the making, and what must become of it.

What is expected follows from the rules alone: the recovery rule of the old
format, and the meaning of the problem codes. Where a rule leaves a choice,
both ways are allowed, and the case says so.
"""

import base64
import json
import os
import stat
import zipfile

from e2e_util import ROOT, Skip, minify, sha256
from old_forms import pretty

MAIN, TMP, BACKUP, TOP = 'db/sessions.json', 'db/sessions.tmp.json', 'db/sessions.backup.json', 'sessions.json'
PNG = b'\x89PNG\r\n\x1a\n'  # what a file of this type begins with
EITHER = None  # recovered or not, both are right

cases = []


def case(function):
    """A function that makes an old store, by its name, and says in its docstring what is odd."""
    cases.append(function)
    return function


def session(id, name='a session', **more):
    return {'id': id, 'name': name, 'startTime': '2025-10-01T10:00:00.000Z',
            'screenshots': [{'id': 'shot-%s' % id, 'aiAnalysis': {'summary': 'é 😀 "%s"\n' % name}}], **more}


def data_uri(content):
    return 'data:image/png;base64,' + base64.b64encode(content).decode()


class Old:
    """An old store in the making, and what must become of it."""

    def __init__(self, name, folder, program, source):
        self.name, self.folder, self.program, self.source = name, folder, program, source
        self.root, self.legacy, self.command = ROOT, folder, []
        self.expect = {'exit': [0], 'sessions': [], 'quarantined_sessions': 0, 'attachments': [], 'collections': {},
                       'problems': [], 'problems_one_of': [], 'problems_allowed': [], 'sources': []}

    # The store

    def path(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def file(self, name, content, root=None):
        with open(self.path(root or self.root, name), 'wb') as stream:
            stream.write(content if isinstance(content, bytes) else content.encode('utf-8', 'surrogatepass'))

    def data(self, id, content, **meta):
        """An attachment's two files."""
        self.file('attachments/%s.dat' % id, data_uri(content))
        self.meta(id, size=len(content), **meta)

    def meta(self, id, **meta):
        self.file('attachments/%s.meta.json' % id,
                  json.dumps({'id': id, 'type': 'image', 'name': 'x.png', 'mimeType': 'image/png', **meta}))

    def special(self, name, kind):
        try:
            os.mknod(self.path(self.root, name), kind | 0o600, os.makedev(1, 5) if kind == stat.S_IFCHR else 0)
        except PermissionError:
            raise Skip('such a file can\'t be made here')

    def zip(self, name, entries, method=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(self.path(name), 'w', method) as archive:
            for entry, content in entries:
                archive.writestr(entry, content)

    # What must become of it

    def takes(self, value, place, recovered=False, optional=False, text=None):
        """A session, and the file it comes from; recovered may be EITHER."""
        places = [place] if isinstance(place, str) else place
        entry = {'id': value.get('id'), 'tokens_sha256': sha256(minify((text or pretty(value)).encode('utf-8', 'surrogatepass'))),
                 'from': places[0], 'recovered': bool(recovered), 'optional': optional}
        entry['or'] = [{'from': other, 'recovered': flag} for other in places
                       for flag in ([False, True] if recovered is EITHER else [recovered])]
        self.expect['sessions'].append(entry)
        if recovered or recovered is EITHER:
            self.expect['problems_allowed' if recovered is EITHER or optional else 'problems'].append('recovered')

    def attaches(self, id, content, problem=None, *others):
        """An attachment; content None: its bytes are not to be had. others: (content, problem) that are right too."""
        forms = [{'sha256': None if bytes is None else sha256(bytes), 'bytes': None if bytes is None else len(bytes),
                  'problem': code} for bytes, code in [(content, problem), *others]]
        self.expect['attachments'].append({'id': id, **forms[0], 'or': forms[1:]})
        self.allow(*(form['problem'] for form in forms if form['problem']))

    def collects(self, name, value, place, optional=False):
        self.expect['collections'][name] = {'tokens_sha256': sha256(minify(pretty(value).encode())), 'from': place,
                                            'optional': optional}

    def reports(self, *codes):
        self.expect['problems'].extend(codes)

    def allow(self, *codes):
        self.expect['problems_allowed'].extend(codes)

    def one_of(self, *codes):
        self.expect['problems_one_of'].append(list(codes))

    def exits(self, *codes):
        self.expect['exit'] = list(codes)

    def in_any_order(self):
        self.expect['unordered'] = True

    def quarantines(self, count):
        self.expect['quarantined_sessions'] = count


A, B, C, LOST, NEW = (session(id) for id in ('a', 'b', 'c', 'lost', 'new'))
