#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of an old store is in the new one, comes back out of it, and stays where it was.

Usage: test-migrate.py STRATACTL SOURCE-FOLDER

What must come out is read from the old files here, with other code than the
program's, and from the manifest that was made together with the sample.
"""

import json
import os
import re
import sys

from e2e_util import (DONE, NOT_FOUND, USAGE, Strata, Tap, copy_sample, difference, files_below, minify, payload, samples,
                      sha256, snapshot, split, unwrap_data)

# What a run that has nothing to do may touch
VOLATILE = ('catalog.sqlite3', 'migration', 'store.json', 'reserve', '.')


class Migrated:
    """One sample on its way through all checks, in their order."""

    def __init__(self, tap, program, name, folder, manifest):
        self.folder = tap.new_folder(name)
        self.old = copy_sample(folder, manifest, os.path.join(self.folder, 'old'))
        self.before = snapshot(self.old.folder)
        self.strata = Strata(program, os.path.join(self.folder, 'store'), self.folder)
        self.entries = self.old.manifest['sessions']
        self.shown = {}

    def out(self, name):
        return os.path.join(self.folder, name)

    # Before

    def check_plan(self):
        plan = self.strata.json('plan', self.old.folder)
        assert plan['sessions'] == len(self.entries) and plan['bytes']['original'] > 0, plan
        assert [source['name'] for source in plan['sources'] if source['chosen']] == ['db/sessions.json'], plan
        assert sorted(os.listdir(self.folder)) == ['old'], os.listdir(self.folder)
        self.check_old()

    def check_migrate(self):
        result = self.strata.json('migrate', self.old.folder)
        assert result['state'] == 'complete', result
        assert result['sessions'] == {'migrated': len(self.entries), 'unchanged': 0, 'recovered': 0, 'failed': 0}, result
        assert result['attachments']['failed'] == result['attachments']['missing'] == 0, result
        assert result['attachments']['stored'] >= len(self.old.manifest['attachments']), result
        assert all(problem['severity'] == 'note' for problem in result['problems']), result['problems']

    # Sessions

    def check_sessions(self):
        rows = {row['id']: row['key'] for row in self.strata.json('list')}
        assert sorted(rows) == sorted(entry['id'] for entry in self.entries)
        texts = self.old.sessions()
        for entry, text in zip(self.entries, texts, strict=True):
            assert sha256(text) == entry['sha256'], 'this test reads the old store wrongly'
            by_id = self.strata.run('show', entry['id']).expect(DONE).out
            by_key = self.strata.run('show', rows[entry['id']], '--json').expect(DONE).out
            assert by_id == by_key == text + b'\n', entry['id']
            self.shown[entry['id']] = text

    def check_list(self):
        orders = {}
        for order in ('date', 'size', 'name'):
            orders[order] = self.strata.json('list', '--sort', order)
            assert self.strata.json('list', '--sort', order, '--limit', '3') == orders[order][:3]
        assert len({json.dumps(sorted(map(json.dumps, rows))) for rows in orders.values()}) == 1
        for row in orders['date']:
            # What is no character by itself can't be shown as one
            session = json.loads(re.sub(rb'(?i)\\ud[89a-f]..', rb'\\ufffd', self.shown[row['id']]))
            assert row['name'] == session['name'] and row['start'] == session.get('startTime'), row
            assert row['screenshots'] == len(session.get('screenshots', [])), row
            assert row['audio_segments'] == len(session.get('audioSegments', [])), row
            assert row['tags'] == session.get('tags', []) and row['recovered'] is False, row
            assert row['bytes']['original'] >= len(self.shown[row['id']]), row
        assert [row['start'] for row in orders['date']] == sorted((row['start'] for row in orders['date']), reverse=True)
        sizes = [row['bytes']['stored'] for row in orders['size']]
        assert sizes == sorted(sizes, reverse=True)

    def check_parts(self):
        """Small members and parts, joined by position, are the session's members."""
        for entry in self.entries:
            manifest = json.loads(self.strata.run('show', entry['id'], '--parts').expect(DONE).out)
            small = split(self.strata.run('show', entry['id'], '--metadata').expect(DONE).out)
            own = manifest['strata']
            assert own['sha256'] == entry['sha256'] and own['bytes'] == entry['bytes'], own
            assert manifest['session'] == json.loads(self.strata.run('show', entry['id'], '--metadata').out)
            places = {}
            for part in own['parts'] + own['attachments']:
                text = self.strata.run('show', '--part', '%s-%03d' % (part['kind'], part['number']), entry['id'])
                text = text.expect(DONE).out.removesuffix(b'\n')
                assert (len(text), sha256(text)) == (part['bytes'], part['sha256']), part
                assert minify(text) == text and (not part['array'] or len(split(text)) == part['items']), part
                if 'name' in part:
                    places.setdefault(part['position'], []).append((part, text))
            members = []
            for position in range(own['members']):
                if position not in places:
                    members.append(small.pop(0))
                    continue
                part, text = places[position][0]
                if len(places[position]) > 1:
                    text = b'[' + b','.join(text[1:-1] for _, text in places[position]) + b']'
                members.append((json.dumps(part['name']).encode(), text))
            assert small == [] and members == split(self.shown[entry['id']]), entry['id']
        self.strata.run('show', '--part', 'none-001', self.entries[0]['id']).expect(NOT_FOUND)

    # Attachments

    def check_attachments(self):
        rows = {row['id']: row for row in self.strata.json('attachments')}
        for entry in self.old.manifest['attachments']:
            row = rows[entry['id']]
            content = self.strata.run('attachment', entry['id']).expect(DONE).out
            # A video's bytes are a file beside it
            expected = entry['sha256'] or entry['fileSha256']
            assert (row['sha256'], row['bytes'], row['state']) == (expected, len(content), 'object'), row
            assert sha256(content) == expected and entry['bytes'] in (None, len(content)), row
            data = self.old.path('attachments', entry['id'] + '.dat')
            assert not os.path.exists(data) or unwrap_data(data) == content, row
        one = self.old.manifest['attachments'][0]
        shown = self.strata.json('attachment', '-o', self.out('one'), one['id'])
        assert shown == rows[one['id']]
        with open(self.out('one'), 'rb') as stream:
            assert sha256(stream.read()) == one['sha256']
        assert self.strata.json('attachment', '-o', self.out('one'), one['id'], status=USAGE)['error']['code'] == 'exists'

    def check_uses(self):
        """Each session lists what its own text names, and the whole lists each once."""
        ids = {entry['id'] for entry in self.old.manifest['attachments']}
        for entry in self.entries:
            rows = [row['id'] for row in self.strata.json('attachments', entry['id'])]
            strings = strings_of(json.loads(self.shown[entry['id']]))
            assert ids & strings <= set(rows) and len(rows) == len(set(rows)), entry['id']
        everything = [row['id'] for row in self.strata.json('attachments')]
        assert ids <= set(everything) and len(everything) == len(set(everything))

    # Out again

    def check_export_legacy(self):
        out = self.out('legacy')
        exported = self.strata.json('export', '--format', 'legacy', '-o', out)
        assert exported['sessions'] == len(self.entries), exported
        assert exported['bytes'] == sum(os.path.getsize(os.path.join(out, path)) for path in files_below(out)), exported
        for name in self.old.collections():
            assert payload(os.path.join(out, 'db', name + '.json')) == self.old.payload(name), name
        for name, entry in self.old.manifest['collections'].items():
            assert sha256(minify(payload(os.path.join(out, 'db', name + '.json')))) == entry['sha256'], name
        for folder in ('attachments', 'videos'):
            for path in files_below(self.old.path(folder)):
                with open(self.old.path(folder, path), 'rb') as was, open(os.path.join(out, folder, path), 'rb') as is_now:
                    assert was.read() == is_now.read(), 'another content: ' + path
        more = set(files_below(out)) - set(files_below(self.old.root))
        assert not more, 'was not there before: %s' % more

    def check_export_again(self):
        """What was exported is an old store like the one it came from."""
        again = Strata(self.strata.program, self.out('again'), self.folder)
        result = again.json('migrate', self.out('legacy'))
        assert result['state'] == 'complete' and result['sessions']['migrated'] == len(self.entries), result
        for entry in self.entries:
            assert again.run('show', entry['id']).expect(DONE).out == self.shown[entry['id']] + b'\n', entry['id']

    def check_export_json(self):
        out = self.out('all.json')
        exported = self.strata.json('export', '--format', 'json', '-o', out)
        with open(out, 'rb') as stream:
            text = stream.read()
        assert exported == {'sessions': len(self.entries), 'bytes': len(text)}
        assert [value for _, value in split(text)] == list(self.shown.values())
        assert json.loads(text) == [json.loads(value) for value in self.shown.values()]

    def check_export_some(self):
        chosen = [self.entries[2]['id'], self.entries[0]['id']]
        self.strata.json('export', *chosen, '--format', 'json', '-o', self.out('some.json'))
        with open(self.out('some.json'), 'rb') as stream:
            assert [value for _, value in split(stream.read())] == [self.shown[id] for id in chosen]
        self.strata.json('export', 'no-such-id', '--format', 'json', '-o', self.out('none.json'), status=NOT_FOUND)
        assert not os.path.exists(self.out('none.json'))

    def check_no_overwriting(self):
        for form, name in (('legacy', 'legacy'), ('json', 'all.json')):
            before = snapshot(self.folder)
            error = self.strata.json('export', '--format', form, '-o', self.out(name), status=USAGE)['error']
            assert error['code'] == 'exists', error
            after = snapshot(self.folder)
            changed = [path for path in difference(before, after).split(', ') if path and not path.startswith('store')]
            assert not changed, changed

    # Once more

    def check_again(self):
        before = snapshot(self.strata.store)
        result = self.strata.json('migrate', self.old.folder)
        after = snapshot(self.strata.store)
        assert result['state'] == 'complete', result
        assert result['sessions'] == {'migrated': 0, 'unchanged': len(self.entries), 'recovered': 0, 'failed': 0}, result
        for path in before.keys() | after.keys():
            if not path.startswith(VOLATILE):
                # Folders may be written into and emptied again: staging
                assert before.get(path) == after.get(path) or path == 'staging', path

    def check_old(self):
        after = snapshot(self.old.folder)
        assert after == self.before, difference(self.before, after)


def strings_of(value):
    """All strings that are values, also of the insides."""
    if isinstance(value, str):
        return {value}
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(strings_of, children))


def main():
    program, source = map(os.path.abspath, sys.argv[1:3])
    tap = Tap()
    for name, folder, manifest in samples(source):
        sample = Migrated(tap, program, name, folder, manifest)
        for promise, function in (
                ('a plan writes nothing', sample.check_plan),
                ('a migration completes', sample.check_migrate),
                ('every session comes back, by id and by key', sample.check_sessions),
                ('the list says what the sessions say', sample.check_list),
                ('parts and small members are the session', sample.check_parts),
                ('every attachment comes back', sample.check_attachments),
                ('attachments are found where they are used', sample.check_uses),
                ('exported, it is the old store again', sample.check_export_legacy),
                ('and can be migrated again', sample.check_export_again),
                ('exported as JSON it is all sessions', sample.check_export_json),
                ('sessions can be exported by themselves', sample.check_export_some),
                ('nothing is ever overwritten', sample.check_no_overwriting),
                ('a second run has nothing to do', sample.check_again),
                ('nor has a third', sample.check_again),
                ('the old store is as it was', sample.check_old)):
            tap.check('%s: %s' % (name, promise), function)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
