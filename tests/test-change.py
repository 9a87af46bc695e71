#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a store from outside: set, append, attach, delete, undelete.

Usage: test-change.py STRATACTL SOURCE-FOLDER
"""

import concurrent.futures
import json
import os
import sys

from e2e_util import DAMAGE, DONE, NOT_FOUND, USAGE, Strata, Tap, copy_sample, minify, run, samples, sha256, split

PNG = b'\x89PNG\r\n\x1a\n' + b'picture' * 1000


class Changes:
    def __init__(self, program, source, tap):
        self.program, self.source, self.tap = program, source, tap
        _, folder, manifest = samples(source)[0]
        self.old = copy_sample(folder, manifest, os.path.join(tap.folder, 'old'))
        self.strata = Strata(program, os.path.join(tap.folder, 'store'), tap.new_folder('home'))
        self.strata.run('migrate', self.old.folder, '--quiet').expect(0, 1)
        self.key = self.list()[0]['key']

    def list(self):
        return self.strata.json('list')

    def show(self, key=None):
        return self.strata.run('show', key or self.key).expect(DONE).out

    def sound(self):
        assert self.strata.json('verify')['ok']
        for session in self.list():
            read = run([sys.executable, '-B', os.path.join(self.source, 'docs', 'examples', 'read-store.py'),
                        self.strata.store, session['key']])
            assert read.expect(0).out == self.show(session['key']), 'another program reads %s otherwise' % session['key']

    def document(self, result, *names):
        document = result.document()
        assert sorted(document) == sorted(names), document
        return document

    def set(self):
        before = split(self.show())
        value = b' { "a" : [ 1.50 , "\\u00e9" ] } '
        result = self.strata.run('set', self.key, 'name', '--json', stdin=value).expect(DONE)
        assert self.document(result, 'key', 'attachment') == {'key': self.key, 'attachment': None}
        expected = [(name, minify(value) if name == b'"name"' else text) for name, text in before]
        assert split(self.show()) == expected
        result = self.strata.run('set', self.key, 'new member', stdin=b'null').expect(DONE)
        assert split(self.show()) == expected + [(b'"new member"', b'null')]
        assert self.key.encode() in result.out
        self.sound()

    def append(self):
        count = self.strata.json('list')[0]['screenshots']
        before = json.loads(self.show())
        path = os.path.join(self.tap.folder, 'picture.png')
        with open(path, 'wb') as stream:
            stream.write(PNG)
        result = self.strata.run('append', self.key, 'screenshots', '--json', stdin=b'{ "id": "first" }').expect(DONE)
        assert self.document(result, 'key', 'attachment')['attachment'] is None
        result = self.strata.run('append', self.key, 'screenshots', '--attachment', path, '--json',
                                 stdin=b'{"id":"second"}').expect(DONE)
        attachment = self.document(result, 'key', 'attachment')['attachment']
        result = self.strata.run('append', self.key, 'screenshots', '--attachment', path, '--json',
                                 stdin=b'{"attachmentId":"mine"}').expect(DONE)
        assert result.document()['attachment'] == 'mine'

        added = [{'id': 'first'}, {'id': 'second', 'attachmentId': attachment}, {'attachmentId': 'mine'}]
        assert json.loads(self.show())['screenshots'] == before['screenshots'] + added
        assert self.strata.json('list')[0]['screenshots'] == count + 3
        assert self.strata.run('attachment', attachment).expect(DONE).out == PNG
        row = [row for row in self.strata.json('attachments', self.key) if row['id'] == 'mine'][0]
        assert (row['sha256'], row['mime'], row['name'], row['bytes']) == (sha256(PNG), 'image/png', 'picture.png', len(PNG))
        assert os.path.exists(self.strata.path('sessions', self.key, 'tail.jsonl'))
        self.sound()
        # Any other change seals what was appended
        self.strata.run('set', self.key, 'name', stdin=b'1').expect(DONE)
        assert not os.path.exists(self.strata.path('sessions', self.key, 'tail.jsonl'))
        assert json.loads(self.show())['screenshots'] == before['screenshots'] + added
        self.sound()

    def other_lists(self):
        for name, member in (('audioSegments', 'audioSegments'), ('contextItems', 'contextItems'), ('video.chunks', None)):
            for number in range(3):
                self.strata.run('append', self.key, name, stdin=b'{"n":%d}' % number).expect(DONE)
            session = json.loads(self.show())
            found = session[member] if member else session['video']['chunks']
            assert found[-3:] == [{'n': 0}, {'n': 1}, {'n': 2}], name
        self.sound()

    def attach(self):
        path = os.path.join(self.tap.folder, 'note.txt')
        with open(path, 'wb') as stream:
            stream.write(b'a note')
        result = self.document(self.strata.run('attach', path, '--json').expect(DONE), 'key', 'attachment')
        assert result['key'] == 'attachments-of-none-0'
        assert self.strata.run('attachment', result['attachment']).expect(DONE).out == b'a note'
        again = self.strata.run('attach', path).expect(DONE).out.decode().split()
        assert again[0] == 'attachments-of-none-0' and again[1] != result['attachment'], again
        self.strata.run('append', self.key, 'contextItems',
                        stdin=json.dumps({'attachmentId': result['attachment']}).encode()).expect(DONE)
        assert result['attachment'] in [row['id'] for row in self.strata.json('attachments', self.key)]
        self.sound()

    def delete(self):
        sessions = self.list()
        keys = [session['key'] for session in sessions[:2]]
        texts = [self.show(key) for key in keys]
        result = self.document(self.strata.run('delete', *keys, '--json').expect(DONE), 'deleted', 'trash')
        assert result['deleted'] == 2 and len(result['trash']) == 2
        assert len(self.list()) == len(sessions) - 2
        self.strata.run('show', keys[0]).expect(NOT_FOUND)
        self.sound()
        result = self.document(self.strata.run('undelete', *keys, '--json').expect(DONE), 'deleted', 'restored')
        assert result == {'deleted': 0, 'restored': keys}
        assert [self.show(key) for key in keys] == texts
        assert sorted(s['key'] for s in self.list()) == sorted(s['key'] for s in sessions)
        self.sound()

    def delete_item(self):
        before = self.show()
        item = json.loads(before)['screenshots'][0]['id']
        result = self.strata.json('delete', self.key, '--item', item)
        assert result['deleted'] == 1
        assert item not in [each.get('id') for each in json.loads(self.show())['screenshots']]
        self.sound()
        assert self.strata.json('undelete', result['trash'][0])['restored'] == [self.key]
        assert self.show() == before
        self.strata.run('undelete', result['trash'][0]).expect(NOT_FOUND)
        self.sound()

    def wrong_calls(self):
        before = self.show()
        for arguments, value, status, code in (
                (('set', self.key, 'name'), b'{', USAGE, 'usage'),
                (('set', self.key, 'name'), b'', USAGE, 'usage'),
                (('set', self.key, 'name'), b'1 2', USAGE, 'usage'),
                (('set', self.key, 'id'), b'"other"', USAGE, 'unsuitable'),
                (('set', 'no-such', 'name'), b'1', NOT_FOUND, 'not-found'),
                (('set', self.key), b'1', USAGE, 'usage'),
                (('append', self.key, 'name'), b'1', USAGE, 'unsuitable'),
                (('append', self.key, 'screenshots'), b'[', USAGE, 'usage'),
                (('append', 'no-such', 'screenshots'), b'1', NOT_FOUND, 'not-found'),
                (('append', self.key, 'screenshots', '--attachment', '/nonexistent'), b'{}', NOT_FOUND, 'not-found'),
                (('attach', '/nonexistent'), b'', NOT_FOUND, 'not-found'),
                (('delete', 'no-such'), b'', NOT_FOUND, 'not-found'),
                (('delete', self.key, 'no-such'), b'', NOT_FOUND, 'not-found'),
                (('delete', self.key, self.key, '--item', 'x'), b'', USAGE, 'usage'),
                (('delete', self.key, '--item', 'no-such'), b'', NOT_FOUND, 'not-found'),
                (('undelete', 'no-such'), b'', NOT_FOUND, 'not-found'),
                (('undelete', 'items~../../store.json'), b'', NOT_FOUND, 'not-found')):
            document = self.strata.run(*arguments, '--json', stdin=value).expect(status).document()
            assert document['error']['code'] == code, (arguments, document)
        # Taken for one that is there, a session that has the attachment's id with other bytes
        path = os.path.join(self.tap.folder, 'other.png')
        with open(path, 'wb') as stream:
            stream.write(b'other')
        self.strata.run('append', self.key, 'screenshots', '--attachment', path,
                        stdin=b'{"attachmentId":"mine"}').expect(USAGE)
        assert self.show() == before
        self.sound()

    def at_the_same_time(self):
        """Many processes append to one session, and change it."""
        before = json.loads(self.show())

        def one(number):
            if number % 10 == 9:
                self.strata.run('set', self.key, 'status', stdin=b'%d' % number, timeout=120).expect(DONE)
            else:
                self.strata.run('append', self.key, 'contextItems', stdin=b'{"parallel":%d}' % number, timeout=120).expect(DONE)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            list(pool.map(one, range(60)))
        after = json.loads(self.show())
        new = after['contextItems'][len(before.get('contextItems', [])):]
        assert sorted(each['parallel'] for each in new) == [number for number in range(60) if number % 10 != 9]
        self.sound()

    def damage(self):
        """One wrong byte in the tail is found, and read past by nobody."""
        self.strata.run('append', self.key, 'contextItems', stdin=b'{"last":true}').expect(DONE)
        path = self.strata.path('sessions', self.key, 'tail.jsonl')
        with open(path, 'r+b') as stream:
            text = stream.read()
            stream.seek(text.index(b'"last"') + 2)
            stream.write(b'A')
        problems = self.strata.json('verify', status=DAMAGE)['problems']
        assert [problem['path'] for problem in problems] == ['sessions/%s/tail.jsonl' % self.key], problems
        self.strata.run('show', self.key).expect(DAMAGE)
        self.strata.run('append', self.key, 'contextItems', stdin=b'1').expect(DAMAGE)
        with open(path, 'wb') as stream:
            stream.write(text)
        self.sound()


def main(program, source):
    tap = Tap()
    changes = Changes(program, source, tap)
    tap.check('a member gets another value, and the others stay as they are', changes.set)
    tap.check('elements are appended, with what belongs to them', changes.append)
    tap.check('all lists grow', changes.other_lists)
    tap.check('an attachment is added, and used later', changes.attach)
    tap.check('sessions are deleted and come back', changes.delete)
    tap.check('an item is deleted and comes back', changes.delete_item)
    tap.check('what does not fit is refused, and changes nothing', changes.wrong_calls)
    tap.check('many processes change one session', changes.at_the_same_time)
    tap.check('damage in what is not sealed is found', changes.damage)
    return tap.finish()


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
