# SPDX-License-Identifier: GPL-3.0-or-later
"""Old stores with odd attachments."""

import base64
import os
import urllib.parse

from e2e_util import ROOT
from edge_old import MAIN, PNG, case, data_uri, session
from old_forms import as_gzip


@case
def attachment_ids_that_climb(old):
    """Ids are never paths, also where files stand at the places they would lead to."""
    ids = ['../x', '../../elsewhere/x', 'images/../../x', 'images/x', './real', 'real/', 'a/b', '..', '.', '', '/', '\\', 'real.dat',
           'attachments/real', '%2e%2e%2fx', 'é/../x']
    value = session('../../up', screenshots=[{'attachmentId': id} for id in ids + ['real']], audioSegments=[{'attachmentId': None}])
    old.file('x.dat', data_uri(PNG + b'outside'), 'elsewhere')
    old.file('x.dat', data_uri(PNG + b'above'))
    old.file('attachments/images/x.dat', PNG + b'raw')
    old.data('real', PNG)
    old.file(MAIN, as_gzip([value], 1000))
    old.takes(value, MAIN)
    for id in ids:
        if id:
            old.attaches(id, None, 'attachment-missing', (None, 'attachment-outside'))
    old.attaches('real', PNG)
    old.attaches('x', PNG + b'raw', 'attachment-meta-missing')
    old.allow('foreign-file')
    old.exits(1)


@case
def attachment_paths_that_climb(old):
    """Recorded paths that leave the store, however they are written, with a file at each place."""
    paths = {'up': '../elsewhere/v.mp4', 'deep': 'videos/../../elsewhere/v.mp4', 'back': '..\\elsewhere\\v.mp4',
             'url': 'file:///etc/hostname', 'url-short': 'file:/etc/hostname', 'absolute': old.folder + '/elsewhere/v.mp4', 'home': '~/v.mp4', 'drive': 'C:\\v.mp4',
             'share': '\\\\server\\share\\v.mp4', 'through': '/Users/x/' + ROOT + '/../elsewhere/v.mp4',
             'encoded': 'file:///Users/x/' + ROOT + '/%2e%2e/elsewhere/v.mp4', 'web': 'https://example.com/v.mp4'}
    value = session('a', video={'chunks': [{'attachmentId': id} for id in paths]})
    old.file('v.mp4', b'secret', 'elsewhere')
    for id, path in paths.items():
        old.meta(id, type='video', path=path)
        old.attaches(id, None, 'attachment-outside')
    old.file(MAIN, as_gzip([value], 1000))
    old.takes(value, MAIN)
    old.exits(1)


@case
def attachment_paths_to_other_files(old):
    """A recorded path that names a file of the store which is no attachment."""
    paths = {'sessions': MAIN, 'key': 'keys/secret.key', 'hidden': 'attachments/.secret', 'folder': 'videos', 'empty': '', 'dot': '.'}
    value = session('a', video={'chunks': [{'attachmentId': id} for id in paths]})
    old.file('keys/secret.key', b'secret')
    old.file('attachments/.secret', b'secret')
    old.file('videos/.DS_Store', b'')
    for id, path in paths.items():
        old.meta(id, type='video', path=path)
        old.attaches(id, None, 'attachment-data-missing')
    old.file(MAIN, as_gzip([value], 1000))
    old.takes(value, MAIN)
    old.allow('foreign-file')
    old.exits(1)


@case
def upper_case_suffix(old):
    """A disk without small letters: the bytes are found, or both files are accounted for."""
    value = session('a', screenshots=[{'attachmentId': 'shot'}])
    old.file(MAIN, as_gzip([value], 1000))
    old.file('attachments/shot.DAT', data_uri(PNG))
    old.meta('shot')
    old.takes(value, MAIN)
    old.attaches('shot', PNG, None, (None, 'attachment-data-missing'))
    old.allow('foreign-file')
    old.exits(0, 1)


@case
def attachments_in_the_cloud(old):
    value = session('a', screenshots=[{'attachmentId': id} for id in ('data', 'meta', 'both')])
    old.file(MAIN, as_gzip([value], 1000))
    old.meta('data')
    old.file('attachments/.data.dat.icloud', b'bplist00')
    old.file('attachments/meta.dat', data_uri(PNG))
    old.file('attachments/.meta.meta.json.icloud', b'bplist00')
    old.file('attachments/.both.dat.icloud', b'bplist00')
    old.file('attachments/.both.meta.json.icloud', b'bplist00')
    old.takes(value, MAIN)
    old.attaches('data', None, 'not-downloaded')
    old.attaches('meta', PNG, 'not-downloaded')
    old.attaches('both', None, 'not-downloaded')
    old.exits(1)


@case
def attachment_metadata_of_all_kinds(old):
    """Metadata that is none, and bytes that are there all the same."""
    metas = {'array': '[]', 'null': 'null', 'string': '"x"', 'empty': '', 'nuls': '\0' * 20, 'torn': '{"id": "torn", "na', 'two': '{}{}',
             'page': '<html>'}
    value = session('a', screenshots=[{'attachmentId': id} for id in metas])
    old.file(MAIN, as_gzip([value], 1000))
    for id, meta in metas.items():
        old.file('attachments/%s.dat' % id, data_uri(PNG + id.encode()))
        old.file('attachments/%s.meta.json' % id, meta)
        old.attaches(id, PNG + id.encode(), 'attachment-meta-invalid')
    old.takes(value, MAIN)
    old.exits(0)


@case
def attachment_data_of_all_kinds(old):
    """Bytes by the rules of data URIs, which leave a per cent sign alone that begins no escape; and texts that are none."""
    b = base64.b64encode(PNG + b'\xfb\xff\xfe').decode()
    whole = PNG + b'\xfb\xff\xfe'
    good = {'no-type': ('data:,x', b'x'), 'empty-type': ('data:;base64,' + b, whole), 'sure': ('data:text/plain,100% sure', b'100% sure'),
            'half-escape': ('data:text/plain,a%2', b'a%2'), 'sign': ('data:,%', b'%'), 'no-hex': ('data:,%zz%41', b'%zzA'),
            'plus': ('data:,a+b', b'a+b'), 'nul': ('data:,a%00b', b'a\0b'), 'not-utf8': ('data:,%ff', b'\xff'),
            'question': ('data:,a?b', b'a?b'), 'comma': ('data:,a,b', b'a,b'), 'params': ('data:image/png;name=a.png;base64,' + b, whole),
            'large-base64': ('data:image/png;BASE64,' + b, whole), 'quoted': ('data:text/plain;x="a;b",y', b'y'),
            'lines': ('data:image/png;base64,\n' + '\n'.join(b), whole), 'tabs': ('\t ' + b + ' \t', whole),
            'url-safe': (b.replace('+', '-').replace('/', '_'), whole), 'no-padding': (b.rstrip('='), whole)}
    bad = {'no-comma': 'data:image/png;base64', 'only-data': 'data:', 'signs': b + '!', 'text': 'File not found.', 'page': '<html></html>',
           'json': '{"data": "AAAA"}', 'one-more': b + 'A', 'padding-first': '=' + b, 'nuls': b + '\0' * 8}
    value = session('a', screenshots=[{'attachmentId': id} for id in [*good, *bad]])
    old.file(MAIN, as_gzip([value], 1000))
    old.takes(value, MAIN)
    for id, (text, content) in good.items():
        old.file('attachments/%s.dat' % id, text)
        old.meta(id)
        old.attaches(id, content)
    for id, text in bad.items():
        old.file('attachments/%s.dat' % id, text)
        old.meta(id)
        old.attaches(id, None, 'attachment-data-invalid')
    old.exits(1)


# Folders that were copied from another system

def copied(old, folder, paths, root):
    """A folder as it lay there, with paths of there in it: id → (recorded path, content or None where it is gone)."""
    old.root = os.path.join(folder, ROOT)
    old.legacy = os.path.join(old.folder, folder)
    note = {'id': 'note', 'attachments': [{'id': 'inline', 'type': 'image', 'path': root + 'attachments/images/inline.png'}]}
    value = session('a', video={'fullVideoAttachmentId': next(iter(paths)), 'chunks': [{'attachmentId': id} for id in paths]})
    old.file('db/notes.json', as_gzip([note], 1000))
    old.file(MAIN, as_gzip([value], 1000))
    old.file('attachments/images/inline.png', PNG + b'inline')
    old.file('attachments/screenshots/shot.png', PNG + b'shot')
    for name in ('v', 'with space', 'ümlaut', '100%'):
        old.file('videos/%s.mp4' % name, name.encode())
    old.takes(value, MAIN)
    old.collects('notes', [note], 'db/notes.json')
    old.attaches('inline', PNG + b'inline', None, (PNG + b'inline', 'attachment-path-stale'))
    for id, (path, content) in paths.items():
        old.meta(id, type='video', path=path)
        old.attaches(id, content, 'attachment-path-stale' if content else 'attachment-data-missing')


def may_be_listed(old, id, content):
    """A raw file that another id's path leads to need not be listed under its own name too."""
    old.attaches(id, content, 'attachment-meta-missing', (content, None))
    old.expect['attachments'][-1]['optional'] = True


@case
def copied_from_macos(old):
    """Found by what follows the folder's name, however the path is written; what is not there is missing."""
    root = '/Users/x/Library/Application Support/' + ROOT + '/'
    quoted = urllib.parse.quote(root)
    copied(old, 'Library/Application Support', {
        'plain': (root + 'videos/v.mp4', b'v'),
        'space': (root + 'videos/with space.mp4', b'with space'),
        'letters': (root + 'videos/ümlaut.mp4', 'ümlaut'.encode()),
        'percent': (root + 'videos/100%.mp4', b'100%'),
        'url': ('file://' + quoted + 'videos/with%20space.mp4', b'with space'),
        'url-letters': ('file://' + quoted + 'videos/%C3%BCmlaut.mp4', 'ümlaut'.encode()),
        'url-percent': ('file://localhost' + quoted + 'videos/100%25.mp4', b'100%'),
        'short-url': ('file:' + quoted + 'videos/v.mp4', b'v'),
        'asset': ('asset://localhost/' + urllib.parse.quote(root + 'videos/v.mp4', safe=''), b'v'),
        'home': ('~/Library/Application Support/' + ROOT + '/videos/v.mp4', b'v'),
        'twice': (root + root.strip('/') + '/videos/v.mp4', b'v'),
        'screenshot': (root + 'attachments/screenshots/shot.png', PNG + b'shot'),
        'gone': (root + 'videos/gone.mp4', None)}, root)
    may_be_listed(old, 'shot', PNG + b'shot')
    old.exits(1)


@case
def copied_from_windows(old):
    """The same with backslashes, drives, shares and both kinds of slashes."""
    root = 'C:\\Users\\x\\AppData\\Roaming\\' + ROOT + '\\'
    slashed = root.replace('\\', '/')
    copied(old, 'AppData/Roaming', {
        'plain': (root + 'videos\\v.mp4', b'v'),
        'slashes': (slashed + 'videos/v.mp4', b'v'),
        'mixed': ('C:\\Users/x\\AppData/Roaming/' + ROOT + '\\videos/with space.mp4', b'with space'),
        'half': (root + 'videos/v.mp4', b'v'),
        'doubled': (root.replace('\\', '\\\\') + 'videos\\\\v.mp4', b'v'),
        'long': ('\\\\?\\' + root + 'videos\\v.mp4', b'v'),
        'share': ('\\\\server\\c$\\' + root[3:] + 'videos\\v.mp4', b'v'),
        'small': ('c:\\users\\x\\' + ROOT + '\\videos\\v.mp4', b'v'),
        'variable': ('%APPDATA%\\' + ROOT + '\\videos\\v.mp4', b'v'),
        'percent': (root + 'videos\\100%.mp4', b'100%'),
        'letters': (root + 'videos\\ümlaut.mp4', 'ümlaut'.encode()),
        'url': ('file:///' + urllib.parse.quote(slashed, safe='/:') + 'videos/with%20space.mp4', b'with space'),
        'wrong-url': ('file://' + root + 'videos\\v.mp4', b'v'),
        'asset': ('https://asset.localhost/' + urllib.parse.quote(root + 'videos\\v.mp4', safe=''), b'v'),
        'screenshot': (root + 'attachments\\screenshots\\shot.png', PNG + b'shot'),
        'gone': (root + 'videos\\gone.mp4', None)}, root)
    may_be_listed(old, 'shot', PNG + b'shot')
    old.exits(1)


@case
def relative_with_backslashes(old):
    """Paths below the folder, as Windows writes them: right as they stand."""
    paths = {'back': 'videos\\v.mp4', 'dot': '.\\videos\\v.mp4', 'mixed': 'attachments\\images/i.png', 'forth': 'videos\\..\\videos\\v.mp4'}
    value = session('a', video={'chunks': [{'attachmentId': id} for id in paths]})
    old.file(MAIN, as_gzip([value], 1000))
    old.file('videos/v.mp4', b'v')
    old.file('attachments/images/i.png', PNG)
    old.takes(value, MAIN)
    for id, path in paths.items():
        old.meta(id, type='video', path=path)
        old.attaches(id, PNG if id == 'mixed' else b'v')
    may_be_listed(old, 'i', PNG)
