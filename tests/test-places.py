#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where old data may lie, how one says which of it to believe, and where its attachments are.

Usage: test-places.py STRATACTL SOURCE-FOLDER
"""

import hashlib
import json
import os
import shutil
import sys
import zipfile

from e2e_util import DONE, ROOT, SOURCE, WARNINGS, Strata, Tap, difference, snapshot
from edge_old import data_uri
from old_forms import as_string

BYTES = b'the bytes of a picture'


def session(id, **members):
    return {'id': id, 'name': 'session ' + id, **members}


def write(*path, content):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(content)


def write_attachment(folder, id):
    write(folder, 'attachments', id + '.dat', content=data_uri(BYTES))
    write(folder, 'attachments', id + '.meta.json', content=json.dumps({'id': id, 'type': 'image', 'mimeType': 'image/png'}))


def write_zip(*path, sessions, timestamp):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('sessions.json', json.dumps(sessions))
        archive.writestr('export-metadata.json', json.dumps({'version': 1, 'timestamp': timestamp}))


class Places:

    def __init__(self, tap, program, source):
        self.tap, self.program, self.source, self.count = tap, program, source, 0

    def folder(self, name='old'):
        self.count += 1
        return self.tap.new_folder('%s-%d' % (name, self.count))

    def store(self, home=None):
        return Strata(self.program, os.path.join(self.folder('new'), 'store'), home or self.tap.folder)

    def web_data(self, *path):
        """A real database of a web view, under any name."""
        folder = os.path.join(self.source, 'tests', 'data', 'edge', 'webkit-indexeddb', 'WebsiteData')
        target = os.path.join(*path)
        shutil.copytree(folder, target)
        for parent, _, names in os.walk(target):
            for name in names:
                os.chmod(os.path.join(parent, name), 0o600)

    def ids(self, strata):
        return sorted(row['id'] for row in strata.json('list'))

    def chosen(self, plan):
        return [source['name'] for source in plan['sources'] if source['chosen']]

    def check_source(self):
        """Any of those that plan lists can be put first; what the others have besides is recovered."""
        folder = self.folder()
        write(folder, ROOT, 'db', 'sessions.json', content=as_string([session('new')], 3000))
        write(folder, ROOT, 'db', 'sessions.backup.json', content=as_string([session('old')], 2000))
        write_zip(folder, 'taskerino-export.zip', sessions=[session('zip')], timestamp=1000)
        before = snapshot(folder)

        plan = self.store().json('plan', folder)
        names = [source['name'] for source in plan['sources']]
        assert self.chosen(plan) == ['db/sessions.json'] and plan['recovered'] == 2, plan
        assert [source['kind'] for source in plan['sources']] == ['folder', 'folder', 'zip'], plan
        for name in names + ['taskerino-export.zip']:
            plan = self.store().json('plan', folder, '--source', name)
            assert self.chosen(plan)[0].startswith(name) and plan['sources'][0]['chosen'], (name, plan)
            strata = self.store()
            strata.json('migrate', folder, '--source', name)
            current = [row['id'] for row in strata.json('list') if not row['recovered']]
            wanted = {'db/sessions.json': 'new', 'db/sessions.backup.json': 'old'}.get(name, 'zip')
            assert current == [wanted] and self.ids(strata) == ['new', 'old', 'zip'], (name, current)
        assert not difference(before, snapshot(folder))

    def check_source_alone(self):
        """Without recovered ones only the source that was named is taken."""
        folder, strata = self.folder(), self.store()
        write(folder, ROOT, 'db', 'sessions.json', content=as_string([session('new')], 3000))
        write_zip(folder, 'x.zip', sessions=[session('zip')], timestamp=1000)

        strata.json('migrate', folder, '--source', 'x.zip', '--no-recovered')
        assert self.ids(strata) == ['zip']

    def check_no_such_source(self):
        folder, strata = self.folder(), self.store()
        write(folder, ROOT, 'db', 'sessions.json', content=as_string([session('new')], 3000))

        for command in ('plan', 'migrate'):
            message = strata.json(command, folder, '--source', 'db/other.json', status=SOURCE)['error']['message']
            assert 'db/other.json' in message and 'db/sessions.json' in message, message

    def check_attachments_elsewhere(self):
        """The data folder, the one above it, or its folder of attachments: all three say where they are."""
        folder, other = self.folder(), self.folder()
        write_zip(folder, 'export.zip', sessions=[session('a', screenshots=[{'id': 's', 'attachmentId': 'shot'}])], timestamp=1)
        write_attachment(os.path.join(other, ROOT), 'shot')
        write(other, ROOT, 'db', 'sessions.json', content=as_string([session('not this one')], 9000))
        export, data = os.path.join(folder, 'export.zip'), os.path.join(other, ROOT)

        missing = self.store().json('migrate', export, status=WARNINGS)
        assert [problem['code'] for problem in missing['problems']] == ['attachment-missing'], missing
        for place in (other, data, os.path.join(data, 'attachments')):
            strata = self.store()
            document = strata.json('migrate', export, '--attachments', place)
            assert document['attachments']['stored'] == 1 and self.ids(strata) == ['a'], document
            row, = strata.json('attachments')
            assert row['sha256'] == hashlib.sha256(BYTES).hexdigest(), row
            assert strata.run('attachment', 'shot').expect(DONE).out == BYTES
            assert strata.json('verify')['ok']
            again = strata.json('migrate', export, '--attachments', place)
            assert again['sessions']['unchanged'] == 1, again

    def check_no_attachments_there(self):
        folder = self.folder()
        write_zip(folder, 'export.zip', sessions=[session('a')], timestamp=1)

        message = self.store().json('migrate', os.path.join(folder, 'export.zip'), '--attachments', self.folder(),
                                    status=SOURCE)['error']['message']
        assert 'no attachments' in message, message

    def check_macos_library(self):
        """The data folder and the database lie apart; whichever of the folders is named, both are found."""
        home = self.folder()
        data = os.path.join(home, 'Library', 'Application Support', ROOT)
        write(data, 'db', 'sessions.json', content=as_string([session('older')], 1000))
        write_attachment(data, '1758658249224-dxzw3yc6u')
        self.web_data(home, 'Library', 'WebKit', ROOT, 'WebsiteData')
        before = snapshot(home)

        for name in ('Library', 'Library/Application Support', 'Library/Application Support/' + ROOT, 'Library/WebKit/' + ROOT):
            strata = self.store()
            document = strata.json('migrate', os.path.join(home, name), status=WARNINGS)
            assert document['sessions']['migrated'] == 13 and document['sessions']['recovered'] == 1, (name, document['sessions'])
            assert document['attachments']['stored'] == 1, (name, document['attachments'])
        assert not difference(before, snapshot(home))

    def check_usual_places(self):
        """What lies where the old program puts it is found without being named."""
        home = self.folder()
        self.web_data(home, 'data', ROOT)

        plan = self.store(home).json('plan')
        assert plan['sessions'] == 12 and plan['sources'][0]['kind'] == 'webkit', plan
        assert 'foreign-file' not in [problem['code'] for problem in plan['problems']
                                      if problem['path'].startswith('databases')], plan['problems']

    def check_windows(self):
        """The database of Windows' web view is refused in words; an export beside it is taken."""
        home = self.folder()
        local = os.path.join(home, 'AppData', 'Local', ROOT, 'EBWebView', 'Default', 'IndexedDB',
                             'http_tauri.localhost_0.indexeddb.leveldb')
        write(local, 'CURRENT', content='MANIFEST-000001\n')
        write_attachment(os.path.join(home, 'AppData', 'Roaming', ROOT), 'shot')
        folder = os.path.join(home, 'AppData')

        for command in ('plan', 'migrate'):
            message = self.store().json(command, folder, status=SOURCE)['error']['message']
            assert 'Export' in message and 'ZIP' in message, message

        write_zip(folder, 'taskerino.zip', sessions=[session('a', screenshots=[{'attachmentId': 'shot'}])], timestamp=1)
        document = self.store().json('migrate', folder)
        assert document['sessions']['migrated'] == 1 and document['attachments']['stored'] == 1, document

    def check_none_of_ours(self):
        """A ZIP, a database, a text: said so, and nothing is made."""
        folder = self.folder()
        with zipfile.ZipFile(os.path.join(folder, 'holiday.zip'), 'w') as archive:
            archive.writestr('beach.jpg', b'x')
        write(folder, 'notes.txt', content='x')
        for name in ('holiday.zip', 'notes.txt', '.', 'not-there'):
            strata = self.store()
            strata.json('migrate', os.path.join(folder, name), status=SOURCE)
            assert not os.path.exists(strata.store), name


def main(program, source):
    tap = Tap()
    places = Places(tap, os.path.abspath(program), os.path.abspath(source))
    for name in sorted(name for name in dir(places) if name.startswith('check_')):
        tap.check(name[len('check_'):].replace('_', ' '), getattr(places, name))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
