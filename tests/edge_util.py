# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds a migration to an expect.json: what a careful one must make of an old store.

The form of an expect.json:

- `exit`: exit codes that `migrate` may have.
- `sessions`: in source order, recovered ones last: `id` (the JSON value, or null), `tokens_sha256` (of the element's
  text with only the white space between tokens removed), `from`, `recovered`; `or`: other values that are right too.
- `quarantined_sessions`: how many entries that are no sessions are in quarantine; null: it is not said.
- `attachments`: `id`, `sha256` and `bytes` of what it decodes to, or null, `problem` or null, `or`, `optional`.
- `collections`: name → `tokens_sha256`, `from`, `optional`.
- `problems`: codes that must be reported; `problems_one_of`: of each list one; `problems_allowed`: these may be too.

Only in those of edge_cases_*.py: `optional` sessions, `unordered` where several files give sessions, `sources` that a
plan must list, and the `sentence` that a refusal must have in it.
"""

import glob
import hashlib
import json
import os
import re
import shutil

from e2e_util import (DONE, ROOT, SOURCE, WARNINGS, Skip, Strata, difference, files_below, minify, run, sha256, snapshot,
                      split)

# Longer is called a hang; it takes some hundredths of a second
HANG = 10

NOBODY = 65534

SEVERITIES = {
    **dict.fromkeys(('recovered', 'checksum-mismatch', 'trailing-bytes', 'session-id-missing', 'session-id-duplicate',
                     'attachment-meta-missing', 'attachment-meta-invalid', 'attachment-path-stale', 'foreign-file',
                     'source-changed'), 'note'),
    **dict.fromkeys(('torn', 'envelope-invalid', 'envelope-unknown-version', 'payload-corrupt', 'encoding-repaired',
                     'nesting-too-deep', 'not-an-array', 'entry-not-object', 'attachment-missing',
                     'attachment-data-missing', 'attachment-data-invalid', 'attachment-outside', 'link-skipped',
                     'not-downloaded', 'conflict'), 'warning'),
    **dict.fromkeys(('source-unreadable', 'no-space', 'no-permission', 'digest-mismatch'), 'error'),
}

# What Taskerino's storage writes into its folder; an odd file among them is told of by what is expected of the case
OURS = re.compile(r'sessions\.json|db/[^./][^/]*\.json|backups/backup-\d[^/]*\.json|attachments/[^/]+\.(dat|meta\.json)|'
                  r'attachments/(images|screenshots|files|videos)/[^./][^/]*|videos/[^./][^/]*')

# What says of one attachment why it is not as its metadata claims
ABOUT_ATTACHMENTS = {code for code in SEVERITIES if code.startswith('attachment-')} | {'link-skipped', 'not-downloaded', 'source-unreadable'}


def alternatives(entry):
    """An expected entry, and the other forms of it that are right too."""
    base = {name: value for name, value in entry.items() if name != 'or'}
    return [base] + [{**base, **other} for other in entry.get('or', [])]


def shown_id(value):
    """As `list` and `attachments` have an id: a number is its text, and text has no NUL."""
    return value.replace('\0', '\ufffd') if isinstance(value, str) else None if value is None else str(value)


def folders(source):
    """Where old stores with an expect.json are: name → folder. Those of the fixtures go before the bundled ones."""
    fixtures = os.environ.get('STRATA_FIXTURES') or os.path.join(source, '..', 'shared', 'fixtures')
    found = {}
    for top in (os.path.join(source, 'tests', 'data', 'edge'), os.path.join(fixtures, 'edge')):
        for path in glob.glob(os.path.join(glob.escape(top), '*', 'expect.json')):
            found[os.path.basename(os.path.dirname(path))] = os.path.dirname(path)
    return dict(sorted(found.items()))


class Complaints(list):
    """What does not fit, all of it and not only the first."""

    def unless(self, right, text, *arguments):
        if not right:
            self.append(text % arguments)
        return right

    def settle(self):
        assert not self, '\n' + '\n'.join(self)


class Runner(Strata):
    """A store that is used by a user who may not be the one who runs the tests."""

    def __init__(self, command, program, store, home, temporary):
        super().__init__(program, store, home)
        self.command, self.env['TMPDIR'] = command, temporary

    def run(self, *arguments):
        return run([*self.command, self.program, '--store', self.store, *arguments], self.env, timeout=HANG)


class Edge:
    """One old store, what must become of it, and what became of it."""

    def __init__(self, tap, program, name, folder, expect, legacy=None, command=()):
        self.tap, self.program, self.name, self.folder, self.expect = tap, program, name, folder, expect
        self.legacy, self.command = legacy or folder, list(command)
        self.work = tap.new_folder('work-' + name)
        self.temporary = os.path.join(self.work, 'tmp')
        os.makedirs(self.temporary)
        if self.command:
            os.chmod(tap.folder, 0o755)
            for path in (self.work, self.temporary):
                os.chown(path, NOBODY, NOBODY)
        self.strata = self.new_strata('store')
        self.before = snapshot(folder)
        self.document = self.planned = self.status = None
        self.most = len(expect['sessions'])
        self.least = sum(not entry.get('optional') for entry in expect['sessions'])

    def new_strata(self, name):
        return Runner(self.command, self.program, os.path.join(self.work, name), self.work, self.temporary)

    def run(self, strata, *arguments):
        """Runs as a user would, and looks whether it stayed where it belongs."""
        result = strata.run(*arguments, '--json', '--quiet')
        after = snapshot(self.folder)
        assert after == self.before, 'the old store changed: %s; %s' % (difference(self.before, after), result)
        assert not os.listdir(self.temporary), 'left behind: %s' % os.listdir(self.temporary)
        return result

    def check_all(self):
        for aspect in ('plan', 'migrate', 'sessions', 'attachments', 'collections', 'again'):
            self.tap.check('%s: %s' % (self.name, aspect), getattr(self, 'check_' + aspect))
        shutil.rmtree(self.strata.store, ignore_errors=True)

    # Problems

    def judge_problems(self, problems, complaints):
        """Each is well-formed, and none says what is not so."""
        expect = self.expect
        allowed = {*expect['problems'], *expect['problems_allowed'], *sum(expect.get('problems_one_of', []), [])}
        for problem in problems:
            code = problem['code']
            complaints.unless(SEVERITIES.get(code) == problem['severity'], 'severity of %s', problem)
            complaints.unless(problem['message'], 'no sentence: %s', problem)
            path = problem['path'] or ''
            complaints.unless(not path.startswith('/') and '\\' not in path, 'no path below the old store: %s', problem)
            complaints.unless(code in allowed or self.is_placeholder(problem), 'reported, but not so: %s', problem)

    def is_placeholder(self, problem):
        """Where an expect.json has foreign-file for the placeholder of a cloud folder, the code made for it is right."""
        return problem['code'] == 'not-downloaded' and 'foreign-file' in self.expect['problems'] and \
            re.fullmatch(r'\..+\.icloud', os.path.basename(problem['path'])) is not None

    def status_of(self, problems):
        return WARNINGS if any(problem['severity'] != 'note' for problem in problems) else DONE

    def judge_refusal(self, document, complaints):
        error = document.get('error', {})
        complaints.unless(error.get('message') and error['code'] == 'source-unreadable', 'refused with %s', error)
        complaints.unless(re.search(self.expect.get('sentence', ''), error.get('message', '')), 'refused with %s', error)

    # Plan

    def check_plan(self):
        complaints = Complaints()
        strata = self.new_strata('planned')
        result = self.run(strata, 'plan', self.legacy)
        self.planned = result.document()
        problems = self.planned.get('problems', [])

        complaints.unless(not os.path.exists(strata.store), 'a plan wrote a store')
        self.judge_problems(problems, complaints)
        if result.status == SOURCE:
            complaints.unless(SOURCE in self.expect['exit'], 'exit %s', result)
            self.judge_refusal(self.planned, complaints)
        else:
            complaints.unless(result.status == self.status_of(problems), 'its exit status and its problems disagree: %s', result)
            self.judge_plan(complaints)
        complaints.settle()

    def judge_plan(self, complaints):
        plan, sessions = self.planned, self.expect['sessions']
        recovered = [[form['recovered'] for form in alternatives(entry)] + [False] * entry.get('optional', False)
                     for entry in sessions]
        chosen = [source['name'] for source in plan['sources'] if source['chosen']]
        current = [{form['from'] for form in alternatives(entry) if not form['recovered']}
                   for entry in sessions if not all(form['recovered'] for form in alternatives(entry))]

        complaints.unless(self.least <= plan['sessions'] <= self.most, '%s sessions planned, not %s', plan['sessions'], len(sessions))
        complaints.unless(sum(map(all, recovered)) <= plan['recovered'] <= sum(map(any, recovered)),
                          '%s recovered sessions planned', plan['recovered'])
        if current and not plan['recovered']:
            complaints.unless(any(name in expected for name in chosen for expected in current) or
                              any(path.startswith(name + '/') for name in chosen for path in set().union(*current)),
                              'chosen is %s, expected %s', chosen, current)
        for name in self.expect.get('sources', []):
            complaints.unless(any(source['name'].startswith(name) for source in plan['sources']), 'no source %s', name)

    # Migration

    def check_migrate(self):
        complaints = Complaints()
        result = self.run(self.strata, 'migrate', self.legacy)
        self.document, self.status = result.document(), result.status
        problems = self.document.get('problems', [])
        codes = {problem['code'] for problem in problems} | {self.document.get('error', {}).get('code')}

        complaints.unless(result.status in self.expect['exit'], 'expected exit %s: %s', self.expect['exit'], result)
        self.judge_problems(problems, complaints)
        for code in self.expect['problems']:
            complaints.unless(code in codes, 'not reported: %s', code)
        for group in self.expect.get('problems_one_of', []):
            complaints.unless(codes & set(group), 'none is reported of %s', group)
        if result.status in (DONE, WARNINGS):
            self.judge_migration(result, problems, complaints)
        else:
            self.judge_refusal(self.document, complaints)
        complaints.settle()

    def judge_migration(self, result, problems, complaints):
        sessions = self.document['sessions']
        complaints.unless(self.document['state'] == 'complete', 'state %s', self.document['state'])
        complaints.unless(result.status == self.status_of(problems), 'its exit status and its problems disagree: %s', result)
        complaints.unless(self.least <= sessions['migrated'] <= self.most, '%s', sessions)
        if self.planned and 'error' not in self.planned:
            complaints.unless(sessions['recovered'] == self.planned['recovered'], 'the plan counted %s recovered, here are %s',
                              self.planned['recovered'], sessions['recovered'])
        found = [name for name in os.listdir(self.strata.path('quarantine')) if re.match(r'session-\d+\.|sessions\.', name)] \
            if os.path.isdir(self.strata.path('quarantine')) else []
        complaints.unless(self.expect['quarantined_sessions'] in (None, len(found)), 'in quarantine: %s', found)
        verified = self.strata.run('verify', '--json')
        complaints.unless(verified.status in (DONE, WARNINGS) and verified.document()['ok'], 'verify: %s', verified)

        self.judge_account(problems, complaints)

    def judge_account(self, problems, complaints):
        """What is in the old folder and was not written by Taskerino's storage is named, or a folder that it is in."""
        named = {problem['path'] for problem in problems}
        for path, root in self.data_files():
            above = [path[:at] for at, character in enumerate(path) if character == '/']
            complaints.unless(OURS.fullmatch(path) or named & {path, *above, root + path, *(root + folder for folder in above)},
                              'not accounted for: %s', path)

    def data_files(self):
        """Files of each data folder: (path below it, path of the folder below what is migrated, with a slash)."""
        for at, folders, _ in os.walk(self.folder):
            if os.path.basename(at) == ROOT:
                folders.clear()
                for name in files_below(at):
                    yield name, os.path.relpath(at, self.folder) + '/'

    def need_store(self):
        """Without a migration there is nothing to look at; that it failed is told by another check."""
        assert self.status is not None, 'nothing was migrated'
        if self.status not in (DONE, WARNINGS):
            assert self.status in self.expect['exit'], 'nothing was migrated'
            raise Skip('nothing usable in it')

    def metadata(self, key):
        with open(self.strata.path('sessions', key, 'metadata.json'), 'rb') as stream:
            return json.loads(stream.read())['strata']

    # Sessions

    def found_sessions(self):
        """In the order of an export: (id, digest of the tokens, recovered, where a recovered one was found)."""
        path = os.path.join(self.work, 'sessions.json')
        self.strata.run('export', '--format', 'json', '-o', path).expect(DONE)
        with open(path, 'rb') as stream:
            order = [sha256(value) for _, value in split(stream.read())]
        os.remove(path)

        found = {}
        for row in self.strata.json('list'):
            text = self.strata.run('show', row['key']).expect(DONE).out.rstrip(b'\n')
            assert text == minify(text), 'not minified: %s' % row
            found.setdefault(sha256(text), []).append((row['id'], sha256(text), row['recovered'],
                                                       self.metadata(row['key'])['recovered']))
        assert sorted(order) == sorted(digest for digest in found for _ in found[digest]), 'export and list disagree'
        return [found[digest].pop(0) for digest in order]

    def check_sessions(self):
        complaints = Complaints()
        self.need_store()
        found, expected = self.found_sessions(), self.expect['sessions']

        if self.expect.get('unordered'):
            found = self.in_expected_order(found)
        for number, entry in enumerate(expected):
            place = found[number] if number < len(found) else None
            complaints.unless(any(self.fits_session(place, form) for form in alternatives(entry)) if place else entry.get('optional'),
                              'session %d is %s, expected %s', number, place, entry)
        for extra in found[len(expected):]:
            complaints.append('not expected: %s' % (extra,))
        self.judge_recovered(found, complaints)
        complaints.settle()

    def in_expected_order(self, found):
        """Puts what was found where it is expected, None where nothing fits, and the rest at the end."""
        rest, order = list(found), []
        for entry in self.expect['sessions']:
            fitting = [session for session in rest if any(self.fits_session(session, form) for form in alternatives(entry))]
            order.append(fitting[0] if fitting else None)
            if fitting:
                rest.remove(fitting[0])
        return order + rest

    def fits_session(self, found, form):
        id, digest, recovered, place = found
        return digest == form['tokens_sha256'] and recovered == form['recovered'] and \
            (id or None) == (shown_id(form['id']) or None) and (place == form['from'] if recovered else place is None)

    def judge_recovered(self, found, complaints):
        """Each recovered session is reported, with the file it was found in."""
        reported = sorted(problem['path'] for problem in self.document['problems'] if problem['code'] == 'recovered')
        stored = sorted(session[3] for session in found if session and session[2])
        complaints.unless(reported == stored, 'reported as recovered from %s, stored as from %s', reported, stored)

    # Attachments

    def check_attachments(self):
        complaints = Complaints()
        self.need_store()
        rows = {}
        for row in self.strata.json('attachments'):
            rows.setdefault(row['id'], []).append(row)

        for entry in self.expect['attachments']:
            uses = rows.pop(shown_id(entry['id']), [])
            if not uses:
                complaints.unless(entry.get('optional'), 'not listed: %s', entry)
            for row in uses:
                said = self.said_of(entry['id'])
                complaints.unless(any(self.fits_attachment(row, said, form) for form in alternatives(entry)),
                                  '%s with %s, expected %s', row, said, entry)
        for extra in rows:
            complaints.append('not expected: %s' % rows[extra])
        complaints.settle()

    def said_of(self, id):
        return sorted({problem['code'] for problem in self.document['problems']
                       if problem['item'] == shown_id(id) and problem['code'] in ABOUT_ATTACHMENTS})

    def fits_attachment(self, row, said, form):
        if said != ([form['problem']] if form['problem'] else []):
            return False
        if form['sha256'] is None:
            return row['state'] == 'missing' and row['sha256'] is None
        return row['state'] != 'missing' and (row['sha256'], row['bytes']) == (form['sha256'], form['bytes']) and \
            sha256(self.strata.run('attachment', '--', row['id']).expect(DONE).out) == form['sha256']

    # Collections

    def check_collections(self):
        complaints = Complaints()
        self.need_store()
        keys = {}
        for path in glob.glob(glob.escape(self.strata.path('collections')) + '/*.metadata.json'):
            with open(path, 'rb') as stream:
                strata = json.loads(stream.read())['strata']
            if strata['name'] is not None:
                keys[strata['name']] = strata['key']

        for name, entry in self.expect['collections'].items():
            if name not in keys:
                complaints.unless(entry.get('optional'), 'no collection %s', name)
                continue
            digest = self.digest_of(keys.pop(name))
            complaints.unless(digest in [form['tokens_sha256'] for form in alternatives(entry)], '%s is %s, expected %s',
                              name, digest, entry)
        complaints.unless(not keys, 'not expected: %s', sorted(keys))
        complaints.settle()

    def digest_of(self, key):
        reader = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'docs', 'examples', 'read-store.py')
        text = run(['python3', '-B', reader, self.strata.store, key], timeout=60).expect(DONE).out.rstrip(b'\n')
        return hashlib.sha256(minify(text)).hexdigest()

    # Again

    def check_again(self):
        """Once more finds nothing new, and says the same."""
        complaints = Complaints()
        self.need_store()
        before = snapshot(self.strata.path('sessions'), times=False)
        result = self.run(self.strata, 'migrate', self.legacy)
        document = result.document()

        complaints.unless(result.status == self.status, 'another exit status: %s', result)
        complaints.unless(document['sessions']['migrated'] == 0, '%s', document['sessions'])
        complaints.unless(self.least <= document['sessions']['unchanged'] <= self.most, '%s', document['sessions'])
        complaints.unless(sorted(p['code'] for p in document['problems']) == sorted(p['code'] for p in self.document['problems']),
                          'other problems: %s', document['problems'])
        complaints.unless(snapshot(self.strata.path('sessions'), times=False) == before, 'sessions were written again')
        complaints.settle()
