#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stratactl says to programs: the members of every JSON document, and the exit status.

Usage: test-documents.py STRATACTL SOURCE-FOLDER
"""

import fcntl
import json
import os
import shutil
import struct
import sys
import time

from e2e_util import (DONE, IN_USE, NEWER, NOT_FOUND, ROOT, SOURCE, USAGE, WARNINGS, WRITE, Strata, Tap, as_nobody,
                      copy_sample, difference, files_below, run, samples, snapshot)

# What each document consists of, exactly. A tuple: any of these; [x]: an array of x.
TEXT, NUMBER, TRUTH = str, (int, float), bool
OR_NULL = type(None)
PROBLEM = {'code': TEXT, 'severity': TEXT, 'path': (TEXT, OR_NULL), 'session': (TEXT, OR_NULL), 'item': (TEXT, OR_NULL),
           'offset': (int, OR_NULL), 'message': TEXT}
ERROR = {'error': {'code': TEXT, 'path': (TEXT, OR_NULL), 'message': TEXT}}
PLAN = {'sources': [{'name': TEXT, 'kind': TEXT, 'date': (TEXT, OR_NULL), 'sessions': int, 'chosen': TRUTH}],
        'sessions': int, 'recovered': int, 'attachments': int, 'bytes': {'original': int, 'estimated': int},
        'seconds': {'estimated': NUMBER}, 'space': {'needed': int, 'free': int}, 'problems': [PROBLEM]}
MIGRATE = {'state': TEXT, 'sessions': {'migrated': int, 'unchanged': int, 'recovered': int, 'failed': int},
           'attachments': {'stored': int, 'deduplicated': int, 'missing': int, 'failed': int},
           'bytes': {'original': int, 'stored': int, 'on_disk': int}, 'seconds': {'total': NUMBER, 'verify': NUMBER},
           'problems': [PROBLEM]}
STATUS = {'state': TEXT, 'source': (TEXT, OR_NULL),
          'progress': {name: (int, float, TEXT, OR_NULL) for name in
                       ('step', 'items', 'items_total', 'bytes', 'bytes_total', 'elapsed', 'remaining')},
          'holder': (int, OR_NULL), 'rollback': {'available': TRUTH, 'days_left': (int, OR_NULL)},
          'compression': {'state': (TEXT, OR_NULL), 'pending': (int, OR_NULL)}}
LIST = [{'key': TEXT, 'id': (TEXT, OR_NULL), 'name': (TEXT, OR_NULL), 'start': (TEXT, OR_NULL), 'end': (TEXT, OR_NULL),
         'category': (TEXT, OR_NULL), 'status': (TEXT, OR_NULL), 'tags': [TEXT], 'screenshots': int,
         'audio_segments': int, 'bytes': {'original': int, 'stored': int}, 'recovered': TRUTH}]
ATTACHMENT = {'id': TEXT, 'sha256': (TEXT, OR_NULL), 'mime': (TEXT, OR_NULL), 'name': (TEXT, OR_NULL),
              'bytes': (int, OR_NULL), 'state': TEXT}
EXPORT = {'sessions': int, 'bytes': int}
VERIFY = {'ok': TRUTH, 'checked': {'files': int, 'sessions': int, 'attachments': int, 'references': int},
          'problems': [PROBLEM]}
STATS = {'sessions': int, 'bytes': {'original': int, 'stored': int, 'on_disk': int},
         'saved': {name: int for name in ('base64', 'duplicates', 'gzip', 'reels', 'webp')},
         'kinds': [{'kind': (TEXT, OR_NULL), 'items': int, 'bytes': int}],
         'months': [{'month': (TEXT, OR_NULL), 'sessions': int, 'bytes': int}],
         'largest': [{'key': TEXT, 'name': (TEXT, OR_NULL), 'bytes': int}],
         'cache': (dict, OR_NULL), 'queue': (dict, OR_NULL)}

def fits(value, shape, where='document'):
    if isinstance(shape, dict):
        assert isinstance(value, dict) and value.keys() == shape.keys(), \
            '%s has the members %s' % (where, list(value) if isinstance(value, dict) else value)
        for name in shape:
            fits(value[name], shape[name], where + '.' + name)
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for index, element in enumerate(value):
            fits(element, shape[0], '%s[%d]' % (where, index))
    else:
        assert isinstance(value, shape), '%s is %r' % (where, value)
        assert not isinstance(value, bool) or shape is bool, '%s is %r' % (where, value)


class Documents:

    def __init__(self, tap, program, source):
        self.tap, self.program = tap, program
        self.sample = samples(source)[0][1:]
        self.old = copy_sample(*self.sample, tap.new_folder('sample') + '/old')
        self.strata = Strata(program, self.out('store'), tap.folder)
        self.migrated = self.strata.json('migrate', self.old.folder)
        self.id = self.old.manifest['sessions'][0]['id']
        self.attachment = self.old.manifest['attachments'][0]['id']

    def out(self, name):
        return os.path.join(self.tap.folder, name)

    def fails(self, status, code, *arguments, strata=None, shape=None, **options):
        """In JSON with exactly an error; for people with a sentence and nothing else."""
        strata = strata or self.strata
        document = strata.json(*arguments, status=status, **options)
        fits(document, {**(shape or {}), **ERROR})
        assert document['error']['code'] == code and len(document['error']['message']) > 10, document
        plain = strata.run(*arguments, '--quiet', **options).expect(status)
        assert plain.err.startswith(b'stratactl') and plain.err.count(b'\n') == 1, plain
        assert shape or plain.out == b'', plain
        return document

    # Each command's document

    def check_members(self):
        for shape, *arguments in (
                (PLAN, 'plan', self.old.folder), (MIGRATE, 'migrate', self.old.folder), (STATUS, 'status'), (LIST, 'list'),
                ([ATTACHMENT], 'attachments'), ([ATTACHMENT], 'attachments', self.id),
                (ATTACHMENT, 'attachment', self.attachment, '-o', self.out('bytes')),
                (EXPORT, 'export', '--format', 'legacy', '-o', self.out('legacy')),
                (EXPORT, 'export', '--format', 'json', '-o', self.out('all.json')), (VERIFY, 'verify'), (STATS, 'stats')):
            fits(self.strata.json(*arguments), shape, arguments[0])
        fits(self.migrated, MIGRATE)

    def check_plain(self):
        """For people there is text, and with --quiet nothing on standard error."""
        for arguments in (('plan', self.old.folder), ('migrate', self.old.folder), ('status',), ('list',), ('attachments',),
                          ('verify',), ('stats',), ('--help',), ('--version',)):
            result = self.strata.run(*arguments, '--quiet').expect(DONE)
            assert result.out and not result.err, result

    def check_on_disk(self):
        """As du counts it; and the lengths of all files but the one that only keeps space free."""
        sizes = self.strata.json('stats')['bytes']
        blocks = run(['du', '-s', '--block-size=1', self.strata.store]).expect(DONE).out
        assert sizes['on_disk'] == int(blocks.split()[0]), (sizes, blocks)
        lengths = sum(os.path.getsize(self.strata.path(path)) for path in files_below(self.strata.store)
                      if path != 'reserve')
        assert sizes['stored'] == lengths, (sizes, lengths)

    # Options

    def check_options_anywhere(self):
        rows, store = self.strata.json('list'), self.strata.store
        env = {**self.strata.env, 'STRATA_STORE': store}
        for arguments in (['--json', '--store', store, 'list'], ['list', '--json', '--store=' + store],
                          ['--store', store, 'list', '--json', '--'], ['--store', store, '--json', '--', 'list']):
            assert run([self.program, *arguments], self.strata.env).expect(DONE).document() == rows, arguments
        assert run([self.program, 'list', '--json'], env).expect(DONE).document() == rows
        home = os.path.join(self.tap.new_folder('home'), 'strata')
        os.makedirs(home)
        os.symlink(store, os.path.join(home, 'store'))
        env = {**self.strata.env, 'XDG_DATA_HOME': os.path.dirname(home)}
        assert run([self.program, 'list', '--json'], env).expect(DONE).document() == rows

    def check_dashes(self):
        """After -- nothing is an option, so ids may look like one."""
        strata = self.small_store('dashes', '[{"id":"--json","name":"a"},{"id":"-x"}]')
        assert strata.run('show', '--', '--json').expect(DONE).out == b'{"id":"--json","name":"a"}\n'
        assert strata.run('--json', 'show', '--', '-x').expect(DONE).out == b'{"id":"-x"}\n'
        assert strata.run('show', '--', '--parts').expect(NOT_FOUND).out == b''
        assert self.strata.run('show', '--', '--json').expect(NOT_FOUND).out == b'', 'it was no option'
        strata.run('list', '--', '--json').expect(USAGE)

    def small_store(self, name, sessions):
        """A store migrated from a sessions.json with just that text."""
        folder = self.tap.new_folder(name)
        os.makedirs(os.path.join(folder, ROOT, 'db'))
        with open(os.path.join(folder, ROOT, 'db', 'sessions.json'), 'w', encoding='utf-8') as stream:
            stream.write(sessions)
        strata = Strata(self.program, os.path.join(folder, 'store'), self.tap.folder)
        assert strata.json('migrate', folder)['state'] == 'complete'
        return strata

    # Exit statuses

    def check_warnings(self):
        old = copy_sample(*self.sample, self.tap.new_folder('holes') + '/old')
        os.unlink(old.path('attachments', self.old_jpeg() + '.dat'))
        document = Strata(self.program, self.out('holes/store'), self.tap.folder).json('migrate', old.folder, status=WARNINGS)
        fits(document, MIGRATE)
        warnings = [problem for problem in document['problems'] if problem['severity'] == 'warning']
        assert document['state'] == 'complete' and document['attachments']['missing'] == 1, document
        assert [(problem['code'], problem['item']) for problem in warnings] == \
               [('attachment-data-missing', self.old_jpeg())], warnings

    def old_jpeg(self):
        return next(name[:-4] for name in sorted(os.listdir(self.old.path('attachments')))
                    if name.endswith('.dat') and name[0].isdigit())

    def check_usage(self):
        for arguments in ((), ('no-such-command',), ('list', '--no-such-option'), ('list', 'more'), ('show',),
                          ('list', '--sort', 'colour'), ('list', '--limit', 'many'), ('list', '--limit', '-1'),
                          ('show', self.id, '--metadata', '--parts'), ('export', '--format', 'legacy'),
                          ('export', '-o', self.out('x')), ('export', '--format', 'tar', '-o', self.out('x')),
                          ('migrate', '--batch', '-1', self.old.folder), ('migrate', 'a', 'b')):
            self.fails(USAGE, 'usage', *arguments)
        document = self.strata.json('attachment', self.attachment, status=USAGE)
        assert document['error']['code'] == 'usage', 'the bytes would go where the document goes'

    def check_ambiguous(self):
        strata = self.small_store('twice', '[{"id":"a","n":1},{"id":"b"},{"id":"a","n":2}]')
        keys = [row['key'] for row in strata.json('list') if row['id'] == 'a']
        error = self.fails(USAGE, 'ambiguous', 'show', 'a', strata=strata)['error']
        assert len(keys) == 2 and all(key in error['message'] for key in keys), error
        shown = {strata.run('show', key).expect(DONE).out for key in keys}
        assert shown == {b'{"id":"a","n":1}\n', b'{"id":"a","n":2}\n'}, shown

    def hold(self, path):
        """Takes the lock as another process would; closing gives it back."""
        stream = open(self.strata.path(path), 'r+b')
        lock = struct.pack('hhqqi4x', fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(stream, fcntl.F_OFD_SETLK, lock)
        return stream

    def check_in_use(self):
        with self.hold('migration/lock'):
            self.fails(IN_USE, 'in-use', 'migrate', self.old.folder, shape=MIGRATE)
        with self.hold('lock'):
            started = time.monotonic()
            document = self.strata.json('migrate', self.old.folder, status=IN_USE)
            assert document['error']['code'] == 'in-use' and 5 <= time.monotonic() - started < 30, document
            assert self.strata.json('list'), 'reading needs no lock'
        assert self.strata.json('migrate', self.old.folder)['state'] == 'complete'

    def check_no_source(self):
        empty, store = self.tap.new_folder('empty'), self.out('no-source')
        strata = Strata(self.program, store, self.tap.folder)
        for command, shape in (('plan', {}), ('migrate', MIGRATE)):
            for arguments in ((self.out('not-there'),), (empty,), (os.path.join(self.old.folder, ROOT, 'api_keys.json'),), ()):
                self.fails(SOURCE, 'source-unreadable', command, *arguments, strata=strata, shape=shape)
        assert not os.path.exists(store), 'a store was made for nothing'

    def check_unwritable(self):
        folder = self.tap.new_folder('unwritable')
        os.chmod(self.tap.folder, 0o755)
        result = run([*as_nobody(self.program), self.program, 'migrate', self.old.folder, '--store', folder + '/store',
                      '--json', '--quiet'], self.strata.env).expect(WRITE)
        fits(result.document(), {**MIGRATE, **ERROR})
        assert result.document()['error']['code'] == 'no-permission', result
        assert os.listdir(folder) == []

    def check_newer(self):
        store = self.out('newer')
        shutil.copytree(self.strata.store, store)
        path = os.path.join(store, 'store.json')
        with open(path, encoding='utf-8') as stream:
            header = json.load(stream)
        header['min_reader'] = 99
        with open(path, 'w', encoding='utf-8') as stream:
            json.dump(header, stream)
        before = snapshot(store)
        strata = Strata(self.program, store, self.tap.folder)
        for arguments in (('list',), ('show', self.id), ('verify',), ('status',), ('stats',), ('attachments',)):
            assert 'intact' in self.fails(NEWER, 'newer-format', *arguments, strata=strata)['error']['message']
        self.fails(NEWER, 'newer-format', 'migrate', self.old.folder, strata=strata, shape=MIGRATE)
        assert snapshot(store) == before, difference(before, snapshot(store))

    def check_not_found(self):
        nowhere = Strata(self.program, self.out('nowhere'), self.tap.folder)
        for arguments in (('list',), ('status',), ('show', 'x'), ('attachments',), ('attachment', 'x', '-o', self.out('x')),
                          ('verify',), ('stats',), ('export', '--format', 'json', '-o', self.out('x'))):
            self.fails(NOT_FOUND, 'not-found', *arguments, strata=nowhere)
        for arguments in (('show', 'x'), ('show', 'x', '--parts'), ('show', self.id, '--part', 'x-001'), ('attachments', 'x'),
                          ('attachment', 'x', '-o', self.out('x')), ('export', 'x', '--format', 'json', '-o', self.out('x'))):
            self.fails(NOT_FOUND, 'not-found', *arguments)
        assert not os.path.exists(nowhere.store) and not os.path.exists(self.out('x'))


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    documents = Documents(tap, program, source)
    for name, function in (
            ('every document has its members, and no others', documents.check_members),
            ('for people there is text', documents.check_plain),
            ('sizes are what du and the file system say', documents.check_on_disk),
            ('options stand anywhere', documents.check_options_anywhere),
            ('-- ends the options', documents.check_dashes),
            ('exit 1: done, with warnings', documents.check_warnings),
            ('exit 2: usage', documents.check_usage),
            ('exit 2: an ambiguous id lists the keys', documents.check_ambiguous),
            ('exit 3: store in use', documents.check_in_use),
            ('exit 4: no source', documents.check_no_source),
            ('exit 5: no permission to write', documents.check_unwritable),
            ('exit 7: a newer format', documents.check_newer),
            ('exit 8: not found', documents.check_not_found)):
        tap.check(name, function)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
