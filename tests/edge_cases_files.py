# SPDX-License-Identifier: GPL-3.0-or-later
"""Old stores with files that are damaged, or none, or in the way of others."""

import base64
import json
import os
import stat

from e2e_util import ROOT, Skip, as_nobody, sha256
from edge_old import BACKUP, EITHER, MAIN, PNG, TMP, TOP, A, B, LOST, case, data_uri, session
from old_forms import as_gzip, as_plain, as_string, backup, packed, pretty, wrap


# What is in the file

@case
def trailing_nuls(old):
    """A file system that lost the end of a write leaves zeros."""
    old.file(MAIN, as_string([A, B], 1000).encode() + b'\0' * 4096)
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.reports('trailing-bytes')


@case
def trailing_rest_of_longer_file(old):
    """A shorter text written over a longer one without cutting it."""
    old.file(MAIN, as_gzip([A], 1000) + '"\n}')
    old.takes(A, MAIN)
    old.reports('trailing-bytes')


@case
def trailing_nuls_bare(old):
    old.file(MAIN, pretty([A, B]).encode() + b'\0' * 512)
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.reports('trailing-bytes')


@case
def nothing_but_nuls(old):
    """What a crash leaves of a file whose blocks were not written; the backup is good."""
    old.file(MAIN, b'\0' * 4096)
    old.file(BACKUP, as_string([A], 1000))
    old.takes(A, BACKUP, EITHER)
    old.one_of('envelope-invalid', 'torn')
    old.exits(1)


@case
def utf16_little(old):
    old.file(MAIN, b'\xff\xfe' + as_string([A, B], 1000).encode('utf-16-le'))
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.reports('encoding-repaired')
    old.exits(1)


@case
def utf16_big(old):
    old.file(MAIN, b'\xfe\xff' + pretty([A, B]).encode('utf-16-be'))
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.reports('encoding-repaired')
    old.exits(1)


@case
def version_that_is_not_one(old):
    for number, version in enumerate(('"1"', '2', '0', 'null')):
        text = as_string([number], 1000).replace('"version": 1,', '"version": %s,' % version)
        old.file('db/notes-%d.json' % number, text)
        old.collects('notes-%d' % number, [number], 'db/notes-%d.json' % number)
    old.file(MAIN, as_string([A], 1000).replace('"version": 1,', '"version": 2,'))
    old.takes(A, MAIN)
    old.reports('envelope-unknown-version')
    old.exits(1)


@case
def not_an_array_beside_backup(old):
    """What is no list is kept whole, and another copy is tried."""
    old.file(MAIN, as_plain({'a': A}, 2000))
    old.file(BACKUP, as_plain([A, B], 1000))
    old.takes(A, BACKUP, EITHER)
    old.takes(B, BACKUP, EITHER)
    old.reports('not-an-array')
    old.quarantines(1)
    old.exits(1)


@case
def entries_of_all_kinds(old):
    """Each entry that is no session is kept as it is, also where two are alike."""
    entries = [A, None, 5, 'text', [1, [2]], True, None, B]
    old.file(MAIN, as_string(entries, 1000))
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.reports('entry-not-object')
    old.quarantines(6)
    old.exits(1)


@case
def gzip_checksum_wrong(old):
    """Only gzip's own checksum at the very end is wrong: each session is whole."""
    content = bytearray(base64.b64decode(packed(pretty([A, B]))[8:]))
    content[-8] ^= 1
    old.file(MAIN, wrap([A, B], 2000, 'GZIP_V1:' + base64.b64encode(content).decode(), compressed=True))
    old.file(BACKUP, as_string([A, LOST], 1000))
    old.takes(A, [MAIN, BACKUP])
    old.takes(B, MAIN)
    old.takes(LOST, BACKUP, True)
    old.reports('payload-corrupt')
    old.in_any_order()
    old.exits(1)


@case
def base64_broken(old):
    """Whole JSON, and a hole in the base64 that it holds."""
    sessions = [session(str(number), ''.join(sha256(b'%d %d' % (number, at)) for at in range(20))) for number in range(9)]
    text = packed(pretty(sessions))
    old.file(MAIN, wrap(sessions, 2000, text[:len(text) // 2] + '!!' + text[len(text) // 2:], compressed=True))
    old.file(BACKUP, as_string([LOST], 1000))
    old.takes(LOST, BACKUP, True)
    for value in sessions:
        old.takes(value, MAIN, optional=True)
    old.in_any_order()
    old.reports('payload-corrupt')
    old.exits(1)


@case
def wrapped_twice(old):
    """An export that was imported again: the compressed text holds a compressed string."""
    inner = packed(json.dumps([A, B], separators=(',', ':'), ensure_ascii=False))
    old.file(MAIN, as_gzip(inner, 1000))
    old.takes(A, MAIN)
    old.takes(B, MAIN)


@case
def too_deep(old):
    """One session that nobody can read; those before it can, and those after it may."""
    deep = '{"id": "deep", "x": %s%s}' % ('[' * 1000001, ']' * 1000001)
    old.file(MAIN, '[%s, %s, %s]' % (pretty(A), deep, pretty(B)))
    old.takes(A, MAIN)
    old.takes(B, MAIN, optional=True)
    old.reports('nesting-too-deep')
    old.expect['quarantined_sessions'] = None
    old.exits(1)


@case
def same_id_in_another_case(old):
    """Ids that differ in case only are two, those of attachments too."""
    for number, id in enumerate(('Abc', 'abc', 'ABC')):
        value = session(id, screenshots=[{'attachmentId': 'Shot' + id}])
        old.data('Shot' + id, PNG + bytes([number]))
        old.attaches('Shot' + id, PNG + bytes([number]))
        old.takes(value, MAIN)
    old.file(MAIN, as_string([session(id, screenshots=[{'attachmentId': 'Shot' + id}]) for id in ('Abc', 'abc', 'ABC')], 1000))


@case
def smallest(old):
    """The smallest store there can be: its figures are so small that they are written with an exponent."""
    old.file(MAIN, '[]')


# What is in the place of a file

@case
def no_file_at_all(old):
    old.path(ROOT, 'db', 'nothing')
    old.exits(4)


@case
def sessions_in_the_cloud(old):
    """The sessions were never downloaded, and nothing says what is in them."""
    old.file('db/.sessions.json.icloud', b'bplist00')
    old.file('db/notes.json', as_gzip([], 1000))
    old.collects('notes', [], 'db/notes.json')
    old.reports('not-downloaded')
    old.exits(1)


@case
def sessions_in_the_cloud_beside_backup(old):
    old.file('db/.sessions.json.icloud', b'bplist00')
    old.file(BACKUP, as_gzip([A], 1000))
    old.takes(A, BACKUP, EITHER)
    old.reports('not-downloaded')
    old.exits(1)


@case
def backup_file_in_the_cloud(old):
    old.file(MAIN, as_plain([A], 2000))
    old.file('backups/.backup-1000.json.icloud', b'bplist00')
    old.takes(A, MAIN)
    old.reports('not-downloaded')
    old.exits(1)


@case
def conflict_copy(old):
    """A copy that a cloud folder made is a collection of its own name."""
    old.file(MAIN, as_gzip([A], 2000))
    old.file('db/sessions 2.json', as_gzip([B], 1000))
    old.takes(A, MAIN)
    old.collects('sessions 2', [B], 'db/sessions 2.json')


@case
def collections_of_all_names(old):
    names = ['notes 2', 'Größe', 'Gro\u0308\u00dfe', '日本語', '😀', '-rf', 'a.b', 'a' * 200, 'NOTES', 'notes', 'x\ny', '*', 'CON',
             'sessions.backup2', 'store', "it's"]
    for number, name in enumerate(names):
        old.file('db/%s.json' % name, as_gzip([number], 1000))
        old.collects(name, [number], 'db/%s.json' % name)
    old.file(MAIN, as_gzip([A], 1000))
    old.takes(A, MAIN)


@case
def collection_from_tmp(old):
    """The same rule for every collection: the newest that is whole."""
    old.file(MAIN, as_gzip([A], 1000))
    old.file('db/notes.json', as_string([{'id': 'old'}] * 3, 1000)[:-40])
    old.file('db/notes.tmp.json', as_string([{'id': 'new'}], 2000))
    old.file('db/tasks.backup.json', as_gzip([{'id': 't'}], 1000))
    old.file('backups/backup-500.json', backup(500, topics=[{'id': 'x'}], notes=[{'id': 'older'}]))
    old.takes(A, MAIN)
    old.collects('notes', [{'id': 'new'}], 'db/notes.tmp.json')
    old.collects('tasks', [{'id': 't'}], 'db/tasks.backup.json')
    old.collects('topics', [{'id': 'x'}], 'backups/backup-500.json')
    old.allow('torn')
    old.exits(0, 1)


def in_place_of_main(old, kind):
    old.special(MAIN, kind)
    old.file(BACKUP, as_gzip([A], 1000))
    old.takes(A, BACKUP, EITHER)
    old.reports('link-skipped')
    old.exits(1)


@case
def pipe(old):
    """Opening it would wait for ever."""
    in_place_of_main(old, stat.S_IFIFO)


@case
def device(old):
    """/dev/zero never ends."""
    in_place_of_main(old, stat.S_IFCHR)


@case
def socket(old):
    in_place_of_main(old, stat.S_IFSOCK)


@case
def special_files_everywhere(old):
    """No place is safe from a pipe."""
    value = session('a', screenshots=[{'attachmentId': id} for id in ('no-data', 'no-meta', 'raw')])
    old.file(MAIN, as_gzip([value], 2000))
    for name in (BACKUP, TMP, TOP, 'db/notes.json', 'backups/backup-1000.json', 'attachments/no-data.dat',
                 'attachments/no-meta.meta.json', 'attachments/images/raw.png', 'videos/v.mp4'):
        old.special(name, stat.S_IFIFO)
    old.meta('no-data')
    old.file('attachments/no-meta.dat', data_uri(PNG))
    old.takes(value, MAIN)
    old.attaches('no-data', None, 'link-skipped')
    old.attaches('no-meta', PNG, 'link-skipped')
    old.attaches('raw', None, 'link-skipped')
    old.reports('link-skipped')
    old.exits(1)


@case
def folder_in_place_of_main(old):
    os.makedirs(old.path(ROOT, MAIN))
    old.file(BACKUP, as_gzip([A], 1000))
    old.takes(A, BACKUP, EITHER)
    old.one_of('foreign-file', 'link-skipped')
    old.exits(0, 1)


@case
def links(old):
    """Nothing is followed, wherever it leads, and each is named."""
    value = session('a', screenshots=[{'attachmentId': id} for id in ('outside', 'inside', 'meta', 'dangling')])
    old.file('secret', as_gzip([LOST], 9000), 'elsewhere')
    old.file('secret.dat', data_uri(PNG), 'elsewhere')
    old.file('attachments/real.dat', data_uri(PNG + b'real'))
    old.file('attachments/meta.dat', data_uri(PNG + b'meta'))
    for id in ('outside', 'inside', 'dangling'):
        old.meta(id)
    old.meta('real')
    old.file(MAIN, as_gzip([value], 2000))
    for name, target in ((BACKUP, '../../elsewhere/secret'), (TMP, '/dev/zero'), ('backups/backup-9000.json', '../../elsewhere/secret'),
                         ('db/notes.json', '/etc/passwd'), ('attachments/outside.dat', '../../elsewhere/secret.dat'),
                         ('attachments/inside.dat', 'real.dat'), ('attachments/meta.meta.json', 'real.meta.json'),
                         ('attachments/dangling.dat', 'nowhere'), (TOP, MAIN)):
        os.symlink(target, old.path(ROOT, name))
    old.takes(value, MAIN)
    for id in ('outside', 'inside', 'dangling'):
        old.attaches(id, None, 'link-skipped')
    old.attaches('meta', PNG + b'meta', 'link-skipped')
    old.attaches('real', PNG + b'real')
    old.reports('link-skipped')
    old.exits(1)


@case
def links_to_folders(old):
    """A folder of the old program's that stands elsewhere is not read either."""
    value = session('a', screenshots=[{'attachmentId': 'x'}, {'attachmentId': 'raw'}])
    old.file(MAIN, as_gzip([value], 2000))
    old.file('x.dat', data_uri(PNG), 'elsewhere')
    old.file('raw.png', PNG, 'elsewhere')
    old.file('backup-1000.json', backup(1000, sessions=[LOST]), 'elsewhere')
    for name in ('attachments', 'backups', 'videos'):
        os.symlink('../elsewhere', old.path(ROOT, name))
    old.takes(value, MAIN)
    for id in ('x', 'raw'):
        old.attaches(id, None, 'attachment-missing', (None, 'link-skipped'))
    old.reports('link-skipped')
    old.exits(1)


@case
def named_through_a_link(old):
    """Whoever names a link to an old store means the store."""
    old.file(MAIN, as_gzip([A], 1000))
    old.takes(A, MAIN)
    old.legacy = os.path.join(old.folder, 'link')
    os.symlink(ROOT, old.legacy)


@case
def named_itself(old):
    old.file(MAIN, as_gzip([A], 1000))
    old.takes(A, MAIN)
    old.legacy = os.path.join(old.folder, ROOT) + '//./'


# Who may read

def unreadable(old, name):
    if os.getuid() != 0:
        raise Skip('a user can\'t see what a file was that may not be read')
    old.command = as_nobody(old.program)
    for at, folders, files in os.walk(old.folder):
        os.chmod(at, 0o755)
        for file in files:
            os.chmod(os.path.join(at, file), 0o644)
    os.chmod(os.path.join(old.folder, ROOT, name), 0)
    old.reports('source-unreadable')


@case
def unreadable_main(old):
    """It can't be read, so nobody knows what is lost: the rest is taken and it is said, or nothing is done."""
    old.file(MAIN, as_gzip([A], 2000))
    old.file(BACKUP, as_gzip([A, B], 1000))
    unreadable(old, MAIN)
    old.takes(A, BACKUP, EITHER)
    old.takes(B, BACKUP, EITHER)
    old.exits(1, 4)


@case
def unreadable_backup_file(old):
    old.file(MAIN, as_gzip([A], 2000))
    old.file('backups/backup-1000.json', backup(1000, sessions=[LOST]))
    unreadable(old, 'backups/backup-1000.json')
    old.takes(A, MAIN)
    old.exits(1, 4)


@case
def unreadable_attachment(old):
    value = session('a', screenshots=[{'attachmentId': 'shot'}, {'attachmentId': 'other'}])
    old.file(MAIN, as_gzip([value], 2000))
    old.data('shot', PNG)
    old.data('other', PNG + b'other')
    unreadable(old, 'attachments/shot.dat')
    old.takes(value, MAIN)
    old.attaches('shot', None, 'source-unreadable')
    old.attaches('other', PNG + b'other')
    old.exits(1)


@case
def unreadable_folder(old):
    old.file(MAIN, as_gzip([A], 2000))
    old.file('backups/backup-1000.json', backup(1000, sessions=[LOST]))
    unreadable(old, 'backups')
    old.takes(A, MAIN)
    old.exits(1, 4)
