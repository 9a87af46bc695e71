# SPDX-License-Identifier: GPL-3.0-or-later
"""Old stores that are exports, or in the database of a web view, alone or beside a folder."""

import json
import os
import shutil
import sqlite3
import struct
import zipfile

from e2e_util import sha256
from edge_old import MAIN, PNG, A, B, LOST, case, session
from old_forms import as_gzip, packed, pretty

METADATA = ('export-metadata.json', pretty({'version': 1, 'timestamp': 1500, 'source': 'indexeddb'}))


# Export ZIP

@case
def zip_alone(old):
    """Arrays and strings, compressed or not, in one archive; the attachments stayed behind."""
    value = session('a', screenshots=[{'attachmentId': 'shot'}])
    old.zip('export.zip', [('sessions.json', pretty([value, B])), ('notes.json', json.dumps(packed('[{"id": "n"}]'))),
                           ('tasks.json', json.dumps(pretty([{'id': 't'}]))), ('own.json', '{"x": 1.0}'), METADATA])
    old.legacy = os.path.join(old.folder, 'export.zip')
    old.takes(value, 'export.zip/sessions.json')
    old.takes(B, 'export.zip/sessions.json')
    for form in old.expect['sessions']:
        form['or'].append({'from': 'sessions.json'})
    old.attaches('shot', None, 'attachment-missing')
    old.collects('notes', [{'id': 'n'}], 'notes.json')
    old.collects('tasks', [{'id': 't'}], 'tasks.json')
    old.collects('own', {'x': 1.0}, 'own.json')
    old.exits(1)


@case
def zip_in_a_folder(old):
    """A folder with nothing of Taskerino's but an export."""
    old.zip('taskerino-export-2025-10-20.zip', [('sessions.json', json.dumps(packed(pretty([A, B])))), METADATA], zipfile.ZIP_STORED)
    old.takes(A, 'taskerino-export-2025-10-20.zip/sessions.json')
    old.takes(B, 'taskerino-export-2025-10-20.zip/sessions.json')


@case
def zip_with_foreign_entries(old):
    """What other programs put into archives, and names that climb, are no collections."""
    old.zip('export.zip', [('__MACOSX/._sessions.json', b'\0\5\26\7'), ('../sessions.json', pretty([LOST])), ('/sessions.json', pretty([LOST])),
                           ('folder/', ''), ('.DS_Store', b'\0'), ('notes.txt', 'x'), ('sessions.json', pretty([A])), METADATA])
    old.takes(A, 'export.zip/sessions.json')
    old.allow('foreign-file')


@case
def zip_empty(old):
    """An archive of no bytes beside a good folder."""
    old.file(MAIN, as_gzip([A], 1000))
    with open(old.path('taskerino-export.zip'), 'wb'):
        pass
    old.takes(A, MAIN)
    old.allow('envelope-invalid', 'torn', 'foreign-file')
    old.exits(0, 1)


@case
def zip_empty_alone(old):
    with open(old.path('taskerino-export.zip'), 'wb'):
        pass
    old.legacy = old.path('taskerino-export.zip')
    old.allow('envelope-invalid', 'torn')
    old.exits(1, 4)


@case
def zip_torn(old):
    """The list at the end is gone; the entries before it are whole. They are read, or the archive is refused in words."""
    old.zip('export.zip', [('sessions.json', pretty([A, B])), ('notes.json', '[]' + ' ' * 500), METADATA], zipfile.ZIP_STORED)
    os.truncate(old.path('export.zip'), os.path.getsize(old.path('export.zip')) - 250)
    old.legacy = old.path('export.zip')
    old.takes(A, ['export.zip/sessions.json', 'sessions.json'])
    old.takes(B, ['export.zip/sessions.json', 'sessions.json'])
    old.expect['collections']['notes'] = {'tokens_sha256': sha256(b'[]'), 'from': 'notes.json', 'optional': True}
    old.allow('envelope-invalid', 'torn', 'payload-corrupt')
    old.exits(1, 4)


@case
def zip_older_than_folder(old):
    """Two sources: the folder was saved after the export, and is the one that is taken."""
    old.file(MAIN, as_gzip([A, B], 2000))
    old.zip('taskerino-export.zip', [('sessions.json', pretty([session('a', 'as it was')])), METADATA])
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.expect['sources'] = ['taskerino-export.zip']


ZIP = 'taskerino-export.zip/sessions.json'


@case
def zip_beside_emptied_folder(old):
    """An export from before the disaster is an older copy like any other."""
    old.file(MAIN, as_gzip([], 2000))
    old.zip('taskerino-export.zip', [('sessions.json', pretty([A, B])), METADATA])
    old.takes(A, ZIP, True)
    old.takes(B, ZIP, True)
    old.expect['sources'] = [MAIN, ZIP]


@case
def zip_newer_than_folder(old):
    """The export is what was current last; the folder has what was deleted since, or lost."""
    old.file(MAIN, as_gzip([session('a', 'as it was'), LOST], 1000))
    old.zip('taskerino-export.zip', [('sessions.json', pretty([A, B])), METADATA])
    old.takes(A, ZIP)
    old.takes(B, ZIP)
    old.takes(LOST, MAIN, True)


@case
def two_zips(old):
    """The newer of two exports, by the time in them and not by their names."""
    old.zip('a.zip', [('sessions.json', pretty([A, B])), METADATA])
    old.zip('b.zip', [('sessions.json', pretty([session('a', 'as it was'), LOST])),
                      ('export-metadata.json', pretty({'version': 1, 'timestamp': 500, 'source': 'indexeddb'}))])
    old.takes(A, 'a.zip/sessions.json')
    old.takes(B, 'a.zip/sessions.json')
    old.takes(LOST, 'b.zip/sessions.json', True)


@case
def zip_with_other_collections(old):
    """A collection that only the export has comes from it."""
    old.file(MAIN, as_gzip([A], 2000))
    old.file('db/notes.json', as_gzip([{'id': 'newer'}], 2000))
    old.zip('taskerino-export.zip', [('notes.json', '[{"id": "older"}]'), ('tasks.json', json.dumps(packed('[{"id": "t"}]'))), METADATA])
    old.takes(A, MAIN)
    old.collects('notes', [{'id': 'newer'}], 'db/notes.json')
    old.collects('tasks', [{'id': 't'}], 'taskerino-export.zip/tasks.json')


@case
def zip_that_is_none(old):
    """A page saved as an archive."""
    old.file('taskerino-export.zip', '<!doctype html>' * 50, '.')
    old.legacy = old.path('taskerino-export.zip')
    old.exits(4)


# The web view's database

def copy_web_data(old, drop=()):
    """The one of the bundled case, with what is expected of it."""
    folder = os.path.join(old.source, 'tests', 'data', 'edge', 'webkit-indexeddb')
    shutil.copytree(os.path.join(folder, 'WebsiteData'), old.path('WebsiteData'))
    with open(os.path.join(folder, 'expect.json'), encoding='utf-8') as stream:
        expect = json.load(stream)
    database = expect['sessions'][0]['from']
    for suffix in drop:
        os.remove(old.path(database + suffix))
    return database, {**expect, 'sources': [], 'problems_one_of': []}


@case
def web_view_without_shm(old):
    """The index of the log can be made again from the log; not where the old store is."""
    _, old.expect = copy_web_data(old, ['-shm'])


@case
def web_view_named_by_its_file(old):
    database, old.expect = copy_web_data(old)
    old.legacy = old.path(database)
    for entry in old.expect['sessions']:
        entry['or'] = [{'from': 'IndexedDB.sqlite3'}]


@case
def web_view_without_log(old):
    """All was in the log, so the database is empty: nothing usable, and no crash."""
    database, old.expect = copy_web_data(old, ['-shm', '-wal'])
    old.expect = {**old.expect, 'sessions': [], 'attachments': [], 'collections': {}, 'problems': [], 'exit': [1, 4],
                  'problems_allowed': ['envelope-invalid', 'torn', 'payload-corrupt']}


@case
def web_view_beside_older_folder(old):
    """The database is the current truth. What only db/ has may be taken in as recovered, or stay in a source of its own."""
    database, old.expect = copy_web_data(old)
    old.file(MAIN, as_gzip([LOST], 1000))
    missing = next(entry for entry in old.expect['attachments'] if not entry.get('optional'))
    old.data(missing['id'], PNG)
    missing.update(sha256=sha256(PNG), bytes=len(PNG), problem=None)
    old.takes(LOST, MAIN, True, optional=True)
    old.in_any_order()


@case
def web_view_of_windows(old):
    """Another kind of database: refused with a way out."""
    folder = 'EBWebView/Default/IndexedDB/https_tauri.localhost_0.indexeddb.leveldb/'
    for name, content in (('CURRENT', 'MANIFEST-000001\n'), ('MANIFEST-000001', '\0' * 50), ('000003.log', 'x' * 100), ('LOCK', ''), ('LOG', '')):
        old.file(folder + name, content)
    old.allow('foreign-file')
    old.exits(4)
    old.expect['sentence'] = r'ZIP'


def change_database(old, statement, *values):
    """Opens the one of the old store as WebKit would, which leaves all of it in one file."""
    database, old.expect = copy_web_data(old)
    connection = sqlite3.connect(old.path(database))
    connection.create_collation('IDBKEY', lambda a, b: (a > b) - (a < b))
    if statement:
        assert connection.execute(statement, values).rowcount == 1
    connection.commit()
    connection.execute('PRAGMA wal_checkpoint (TRUNCATE)').fetchall()
    connection.close()
    assert os.listdir(os.path.dirname(old.path(database))) == ['IndexedDB.sqlite3']
    return database


SESSIONS = '\0`\x08\0\0\0' + ''.join(character + '\0' for character in 'sessions')


@case
def web_view_closed(old):
    """Closed in order: nothing but the database is there."""
    change_database(old, None)


def record_of_sessions(data):
    """A record as WebKit writes it; data: the bytes of that member's value."""
    return b''.join((b'\x0f\0\0\0\x02', b'\x04\0\0\x80name\x10\x08\0\0\x80sessions', b'\x04\0\0\x80data', data,
                     b'\x09\0\0\x80timestamp\x0a', struct.pack('<d', 2e12), b'\xff' * 4))


@case
def web_view_emptied(old):
    """The window showed nothing and saved that; the sessions are in a backup in the same database."""
    empty = packed('[]').encode()
    value = record_of_sessions(b'\x10' + struct.pack('<I', len(empty) | 0x80000000) + empty)
    database = change_database(old, 'UPDATE Records SET value = ? WHERE key = ?', value, SESSIONS)
    for entry in old.expect['sessions']:
        entry.update({'from': database, 'recovered': True})
    old.reports('recovered')


@case
def web_view_without_sessions(old):
    """The record is gone; the backup in the same database has them."""
    change_database(old, 'DELETE FROM Records WHERE key = ?', SESSIONS)
    for entry in old.expect['sessions']:
        entry['or'] = [{'recovered': True}]
    old.allow('recovered')


@case
def web_view_cut(old):
    """A record that ends early is told of, and the backup has what it had."""
    change_database(old, 'UPDATE Records SET value = substr (value, 1, 20000) WHERE key = ?', SESSIONS)
    for entry in old.expect['sessions']:
        entry['or'] = [{'recovered': True}]
    old.allow('recovered')
    old.one_of('envelope-invalid', 'payload-corrupt', 'torn')


@case
def web_view_with_holes(old):
    """One damaged byte in an index makes an array of two thousand million nothings of it; nobody waits for that."""
    array = b'\x01' + struct.pack('<II', 1, 0x7b000000) + b'\x05\x01\0\0\0' + b'\xff' * 8
    value = b'\x02' + b'\x02\0\0\x80id\x10\x01\0\0\x80a' + b'\x01\0\0\x80x' + array + b'\xff' * 4
    data = b'\x01' + struct.pack('<II', 1, 0) + value + b'\xff' * 8
    change_database(old, 'UPDATE Records SET value = ? WHERE key = ?', record_of_sessions(data), SESSIONS)
    for entry in old.expect['sessions']:
        entry['or'] = [{'recovered': True}]
    old.allow('recovered')
    old.one_of('envelope-invalid', 'payload-corrupt', 'torn')
