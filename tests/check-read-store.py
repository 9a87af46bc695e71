#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a store with docs/examples/read-store.py alone and compares it with what stratactl shows.

    check-read-store.py STRATACTL OLD-STORE

So the example, and with it what docs/store-format.md says, stays true. Speaks TAP.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

READER = pathlib.Path(__file__).resolve().parent.parent / "docs" / "examples" / "read-store.py"


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def check(self, good, name):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}")

    def finish(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, check=False)


def read(store, key):
    return run(sys.executable, READER, store, key)


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def check_store(tap, stratactl, old, *options):
    with tempfile.TemporaryDirectory(prefix="strata-test-") as folder:
        store = pathlib.Path(folder) / "store"
        migrated = run(stratactl, "--store", store, "migrate", old, "--quiet", *options)
        tap.check(migrated.returncode == 0, " ".join(["the sample is migrated", *options]))
        sessions = json.loads(run(stratactl, "--store", store, "list", "--json").stdout)
        tap.check(len(sessions) > 0, "there are sessions")
        for session in sessions:
            shown = run(stratactl, "--store", store, "show", session["key"])
            own = read(store, session["key"])
            tap.check(shown.returncode == 0 and own.returncode == 0 and shown.stdout == own.stdout,
                      f"session {session['key']} is the same, byte for byte")
        for path in sorted((store / "collections").glob("*.metadata.json")):
            key = path.name.removesuffix(".metadata.json")
            tap.check(read(store, key).returncode == 0, f"collection {key} has its digest")

        attachment = json.loads(run(stratactl, "--store", store, "attachments", "--json").stdout)[0]
        damage(next(store.glob(f"attachments/??/{attachment['sha256']}.*")))
        target = pathlib.Path(folder) / "attachment"
        tap.check(run(stratactl, "--store", store, "attachment", attachment["id"]).returncode == 6 and
                  run(stratactl, "--store", store, "attachment", attachment["id"], "-o", target).returncode == 6 and
                  not target.exists(), "a damaged attachment is not given out as a whole one")
        exported = run(stratactl, "--store", store, "export", "--format", "legacy", "-o", pathlib.Path(folder) / "old")
        tap.check(exported.returncode == 6, "nor exported as one")

        parts = sorted(store.glob("sessions/*/chunks/summary-*.json*"))
        damage(parts[0])
        tap.check(read(store, parts[0].parent.parent.name).returncode != 0, "a damaged part is refused")
        metadata = sorted(store.glob("sessions/*/metadata.json"))[-1]
        damage(metadata)
        tap.check(read(store, metadata.parent.name).returncode != 0, "damaged metadata are refused")


def main(stratactl, old):
    tap = Tap()
    check_store(tap, stratactl, old)
    check_store(tap, stratactl, old, "--compress")
    return tap.finish()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
