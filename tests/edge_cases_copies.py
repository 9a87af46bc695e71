# SPDX-License-Identifier: GPL-3.0-or-later
"""Old stores in which the sessions are in one copy or another, or in several."""

import json

from e2e_util import minify, sha256
from edge_old import BACKUP, EITHER, MAIN, TMP, TOP, A, B, C, LOST, NEW, case, session
from old_forms import as_gzip, as_plain, as_string, backup, packed, pretty


@case
def bom_and_backup_file(old):
    """A byte order mark changes nothing; what only an older file in backups/ has is recovered."""
    old.file(MAIN, b'\xef\xbb\xbf' + as_string([A, B], 2000).encode())
    old.file('backups/backup-1000.json', backup(1000, sessions=[A, LOST]))
    old.takes(A, MAIN)
    old.takes(B, MAIN)
    old.takes(LOST, 'backups/backup-1000.json', True)


@case
def main_and_tmp_torn(old):
    """Main lists m, so it was not lost; the torn newer save has c; b is in the older backup only."""
    m = session('m')
    old.file(TMP, as_string([A, C, B], 3000).partition('shot-b')[0])
    old.file(MAIN, as_string([A, m, B], 2000).partition('shot-b')[0])
    old.file(BACKUP, as_string([A, B], 1000))
    old.takes(A, [TMP, MAIN, BACKUP])
    old.takes(C, TMP)
    old.takes(m, MAIN)
    old.takes(B, BACKUP, True)
    old.in_any_order()
    old.reports('torn')
    old.exits(1)


@case
def everything_torn(old):
    """Each torn file gives up what is whole in it, those in backups/ too."""
    old.file(MAIN, as_string([A, C], 3000).partition('shot-c')[0])
    old.file(BACKUP, as_string([B, C], 2000).partition('shot-c')[0])
    old.file('backups/backup-1000.json', backup(1000, sessions=[LOST, C]).partition('shot-c')[0])
    old.takes(A, MAIN)
    old.takes(B, BACKUP, True)
    old.takes(LOST, 'backups/backup-1000.json', True)
    old.in_any_order()
    old.reports('torn')
    old.exits(1)


def lost_in_backups(old, value, place='backups/backup-1000.json'):
    """An emptied main file, and the sessions in backups/ in one form or another."""
    old.file(MAIN, as_plain([], 2000))
    old.file(place, backup(1000, notes=[], sessions=value, settings={'theme': 'dark'}))
    old.takes(A, place, True)
    old.takes(B, place, True)
    old.collects('notes', [], place)
    old.collects('settings', {'theme': 'dark'}, place)


@case
def backup_file_with_array(old):
    lost_in_backups(old, [A, B])


@case
def backup_file_with_pretty_string(old):
    lost_in_backups(old, pretty([A, B]))


@case
def backup_file_with_compact_string(old):
    lost_in_backups(old, json.dumps([A, B], separators=(',', ':'), ensure_ascii=False))


@case
def backup_file_with_gzip_string(old):
    lost_in_backups(old, packed(pretty([A, B])))


@case
def backup_file_with_envelope_in_string(old):
    """What was wrapped twice: a string of a compressed string."""
    lost_in_backups(old, packed(json.dumps(packed(pretty([A, B])))))


@case
def backup_file_copied(old):
    lost_in_backups(old, [A, B], 'backups/backup-1000 2.json')


@case
def backup_file_torn(old):
    """The newest breaks off in its second session; the older one has the rest."""
    old.file(MAIN, as_plain([], 3000))
    old.file('backups/backup-2000.json', backup(2000, sessions=[A, B]).partition('shot-b')[0])
    old.file('backups/backup-1000.json', backup(1000, sessions=[B, C]))
    old.takes(A, 'backups/backup-2000.json', True)
    old.takes(B, 'backups/backup-1000.json', True)
    old.takes(C, 'backups/backup-1000.json', True)
    old.in_any_order()
    old.reports('torn')
    old.exits(1)


@case
def backup_files_of_no_use(old):
    """Empty, no JSON, without sessions, sessions of other kinds: each is passed over, and the last one is good."""
    old.file(MAIN, as_plain([], 9000))
    old.file('backups/backup-8000.json', b'')
    old.file('backups/backup-7000.json', b'\0' * 100)
    old.file('backups/backup-6000.json', backup(6000, notes=[]))
    old.file('backups/backup-5000.json', backup(5000, sessions=None))
    old.file('backups/backup-4000.json', backup(4000, sessions={'a': A}))
    old.file('backups/backup-3000.json', backup(3000, sessions='not even JSON'))
    old.file('backups/backup-1000.json', backup(1000, sessions=[A]))
    old.takes(A, 'backups/backup-1000.json', True)
    old.collects('notes', [], 'backups/backup-6000.json')
    old.one_of('envelope-invalid', 'torn')
    old.allow('envelope-invalid', 'not-an-array', 'torn', 'payload-corrupt')
    old.expect['quarantined_sessions'] = None
    old.exits(1)


@case
def backup_file_newer(old):
    """A newer file in backups/ than main, with other content. By the rule the newest counts; main lists b, so b is not
    recovered. A file of backups/ holds what load() gave, which may be older than its own time: main's a is right too.
    """
    other = session('a', 'another version')
    old.file(MAIN, as_string([A, B], 2000))
    old.file('backups/backup-3000.json', backup(3000, sessions=[other, C]))
    old.takes(A, [MAIN, 'backups/backup-3000.json'])
    old.expect['sessions'][0]['or'].append({'tokens_sha256': sha256(minify(pretty(other).encode())), 'from': 'backups/backup-3000.json'})
    old.takes(B, MAIN)
    old.takes(C, 'backups/backup-3000.json', EITHER)
    old.in_any_order()


@case
def backup_file_newer_same_save(old):
    """A backup of what main still is: nothing is recovered, however new it is."""
    old.file(MAIN, as_gzip([A, B], 2000))
    old.file('backups/backup-3000.json', backup(3000, sessions=[A, B]))
    old.takes(A, MAIN)
    old.takes(B, MAIN)


@case
def emptied_twice(old):
    """Two empty saves: the sessions are in an older file of backups/ only."""
    old.file(MAIN, as_plain([], 4000))
    old.file(BACKUP, as_plain([], 3000))
    old.file('backups/backup-2000.json', backup(2000, sessions=[]))
    old.file('backups/backup-1000.json', backup(1000, sessions=pretty([A, B])))
    old.takes(A, 'backups/backup-1000.json', True)
    old.takes(B, 'backups/backup-1000.json', True)


@case
def emptied_then_one_new(old):
    """The commonest disaster, to its end."""
    old.file(MAIN, as_gzip([NEW], 4000))
    old.file(BACKUP, as_plain([], 3000))
    old.file('backups/backup-1000.json', backup(1000, sessions=pretty([A, B])))
    old.takes(NEW, MAIN)
    old.takes(A, 'backups/backup-1000.json', True)
    old.takes(B, 'backups/backup-1000.json', True)


@case
def newest_version_of_a_lost_one(old):
    """Of a session that several older copies have the newest version is taken, once."""
    older, newer = session('lost', 'older'), session('lost', 'newer')
    old.file(MAIN, as_gzip([A], 4000))
    old.file('backups/backup-2000.json', backup(2000, sessions=[newer]))
    old.file('backups/backup-1000.json', backup(1000, sessions=[older, B]))
    old.takes(A, MAIN)
    old.takes(newer, 'backups/backup-2000.json', True)
    old.takes(B, 'backups/backup-1000.json', True)
    old.in_any_order()


@case
def enrichment_backup(old):
    """The copy that a migration inside the old program made holds what was lost since; it stays a collection too."""
    name = 'sessions-backup-enrichment-migration-2025-10-14T12-30-00-000Z'
    value = {'timestamp': '2025-10-14T12-30-00-000Z', 'sessions': [A, LOST], 'count': 2}
    enriched = session('a', enrichmentStatus={'status': 'idle'})
    old.file(MAIN, as_string([enriched], 2000))
    old.file('db/%s.json' % name, as_gzip(value, 1000))
    old.takes(enriched, MAIN)
    old.takes(LOST, 'db/%s.json' % name, True)
    old.collects(name, value, 'db/%s.json' % name)


@case
def enrichment_backup_alone(old):
    name = 'sessions-backup-enrichment-migration-2025-10-14T12-30-00-000Z'
    value = {'timestamp': '2025-10-14T12-30-00-000Z', 'sessions': [A, B], 'count': 2}
    old.file(MAIN, as_plain([], 2000))
    old.file('db/%s.json' % name, as_string(value, 1000))
    old.takes(A, 'db/%s.json' % name, True)
    old.takes(B, 'db/%s.json' % name, True)
    old.collects(name, value, 'db/%s.json' % name)


@case
def only_tmp(old):
    """A whole .tmp is the main file."""
    old.file(TMP, as_string([A, B], 1000))
    old.takes(A, TMP)
    old.takes(B, TMP)


@case
def only_tmp_torn(old):
    old.file(TMP, as_string([A, B], 1000).partition('shot-b')[0])
    old.takes(A, TMP, EITHER)
    old.reports('torn')
    old.exits(1)


@case
def tmp_and_backup_without_main(old):
    old.file(TMP, as_string([A, B], 2000))
    old.file(BACKUP, as_gzip([A, LOST], 1000))
    old.takes(A, TMP)
    old.takes(B, TMP)
    old.takes(LOST, BACKUP, True)


@case
def tmp_older_than_main(old):
    """A .tmp that was never removed: what only it has is recovered like that of any older copy."""
    old.file(MAIN, as_gzip([A], 2000))
    old.file(TMP, as_gzip([A, LOST], 1000))
    old.takes(A, MAIN)
    old.takes(LOST, TMP, True)


@case
def only_backup_files(old):
    """Without a main file no copy is older than anything, and yet the window shows nothing: marking them is right, and not marking too."""
    old.file('backups/backup-1000.json', backup(1000, sessions=[A, B], notes=[{'id': 'n'}]))
    old.takes(A, 'backups/backup-1000.json', EITHER)
    old.takes(B, 'backups/backup-1000.json', EITHER)
    old.collects('notes', [{'id': 'n'}], 'backups/backup-1000.json')


@case
def only_toplevel(old):
    old.file(TOP, pretty([A, B]))
    old.takes(A, TOP, EITHER)
    old.takes(B, TOP, EITHER)


@case
def bare_and_emptied(old):
    """A copy without a time counts as older: the dated backup is the newest."""
    old.file(MAIN, '[]')
    old.file(BACKUP, as_gzip([A], 1000))
    old.takes(A, BACKUP, EITHER)


@case
def same_time_other_text(old):
    """The same time alone does not make two copies one save."""
    old.file(MAIN, as_gzip([A], 1000))
    old.file(BACKUP, as_gzip([A, LOST], 1000))
    old.takes(A, MAIN)
    old.takes(LOST, BACKUP, True)


@case
def time_that_is_none(old):
    """A time that can't be understood is none, and stops nothing."""
    for number, time in enumerate(('yesterday', -1, None, {'$date': 1}, '2025-10-01T10:00:00.000Z')):
        old.file('db/notes-%d.json' % number, as_plain([number], time))
        old.collects('notes-%d' % number, [number], 'db/notes-%d.json' % number)
    old.file(MAIN, as_string([A, B], 1).replace('"timestamp": 1,', '"timestamp": 1e400,'))
    old.takes(A, MAIN)
    old.takes(B, MAIN)


@case
def numbers_and_strings(old):
    """An id that is a number and one that is a string are two, though both are shown as the same text."""
    number = session('seven')
    text = pretty(number).replace('"id": "seven"', '"id": 7')
    old.file(MAIN, '[%s]' % text)
    old.file(BACKUP, as_gzip([session('7')], 1000))
    old.takes({'id': 7}, MAIN, EITHER, text=text)
    old.takes(session('7'), BACKUP, EITHER)
    old.in_any_order()
    old.reports('session-id-missing')
