#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Goes back to the old store, and lets it go, as a person does it. Arguments: the program, its settings' folder, a
folder for pictures, a sample of an old store; the environment's STRATACTL fills the store."""
import datetime
import json
import os
import shutil
import subprocess
import sys
import zlib

import strata_gui

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import old_forms

PROGRAM, SCHEMAS, PICTURES, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])
STRATACTL = os.environ["STRATACTL"]
FOREIGN = {"api_keys.json": b'{"openai": "sk-secret"}', "db/.DS_Store": b"\0\0\0\1Bud1",
           "attachments/notes of mine.txt": b"mine"}
GO_BACK = ("label", "Days to Go Back")


class Person(strata_gui.Gui):
    """Somebody who has migrated a copy of the sample, in which some files are not Taskerino's."""

    def __init__(self, **size):
        super().__init__(PROGRAM, SCHEMAS, PICTURES, **size)
        self.store = self.path("home", "data", "strata")
        self.environment["STRATA_STORE"] = self.store
        self.pages = "Pages"
        self.old = self.path("home", "data", "com.taskerino.desktop")
        shutil.copytree(os.path.join(SAMPLE, "com.taskerino.desktop"), self.old)
        for name, content in FOREIGN.items():
            self.write_old(name, content)

    def write_old(self, name, content):
        with open(os.path.join(self.old, name), "wb") as file:
            file.write(content)

    def old_files(self):
        """Name to content of all that is in the old store"""
        found = {}
        for folder, _folders, names in os.walk(self.old):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.old)] = file.read()
        return found

    def ctl(self, *arguments):
        """What stratactl prints; it may find something to warn of"""
        result = subprocess.run([STRATACTL, "--store", self.store, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=strata_gui.LIMIT_S, check=False)
        if result.returncode not in (0, 1):
            raise strata_gui.Failure(f"stratactl {arguments[0]}: {result.stderr}")
        return result.stdout

    def migrate(self):
        self.ctl("migrate", self.old)

    def manifest(self):
        """What of the old store is to be deleted"""
        with open(os.path.join(self.store, "migration", "rollback-1", "manifest"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.startswith('{"file":')]
        return {row["file"] for row in rows if not row["kept"]}

    def append_to_journal(self, event):
        line = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ ") + event
        with open(os.path.join(self.store, "migration", "journal"), "a", encoding="utf-8") as file:
            file.write(line + f" {zlib.crc32(line.encode()):08x}\n")

    def show_page(self, name, *found):
        """By its key, as the sidebar has it; rows of a list have no action of their own in this GTK."""
        def is_listed(row):
            return row.get_role_name() == "list item" and row.get_state_set().contains(self.Atspi.StateType.VISIBLE)

        # The sidebar itself may be away where it is narrow
        def number():
            pages = self.look("list", self.pages, shown=False)
            rows = [node for node, _depth in self.walk(pages) if is_listed(node)] if pages else []
            return next((i for i, row in enumerate(rows, 1)
                         if any(node.get_name() == name for node, _depth in self.walk(row))), None)

        nth = self.wait(number, f"“{name}” in the sidebar")
        window = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "Strata"], stdout=subprocess.PIPE, text=True,
                                check=True, timeout=strata_gui.LIMIT_S, env=self.environment).stdout.split()[0]
        subprocess.run(["xdotool", "windowfocus", window, "key", "--clearmodifiers", f"alt+{nth}"], check=True,
                       timeout=strata_gui.LIMIT_S, env=self.environment)
        self.find(*found)

    def ask_to_delete(self):
        """Up to the question with all that was found"""
        self.click("push button", "Delete Old Storage")
        self.find("label", "The old storage is kept for another 30 days")


def assert_named(person):
    unnamed = list(person.unnamed())
    if unnamed:
        raise strata_gui.Failure("without a name: " + ", ".join(unnamed))


def assert_equal(got, expected, what):
    if got != expected:
        raise strata_gui.Failure(f"{what}: {got!r}, not {expected!r}")


def assert_untouched(person, before):
    now = person.old_files()
    assert_equal(sorted(now), sorted(before), "files of the old store")
    for name, content in before.items():
        if now[name] != content:
            raise strata_gui.Failure("changed: " + name)


def test_migrated_rolled_back_and_undone():
    with Person() as person:
        before = person.old_files()
        person.start()
        person.click("push button", "Analyse")
        person.click("push button", "Start Migration")
        person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"))
        person.show_page("Old Storage", *GO_BACK)
        person.picture("old-kept")
        assert_named(person)
        person.click("push button", "Roll Back")
        person.find("label", "The old storage is what was migrated")
        person.picture("old-roll-back-asked")
        person.answer("_Roll Back Roll Back")
        person.find("label", "Rolled Back")
        person.picture("old-rolled-back")
        if os.path.exists(person.store):
            raise strata_gui.Failure("the new store is still there")
        person.click("push button", "Bring the New Storage Back")
        person.find(*GO_BACK)
        person.picture("old-brought-back")
        assert_equal(len(os.listdir(os.path.join(person.store, "sessions"))), 8, "sessions in the store")
        assert_untouched(person, before)


def test_what_was_put_aside_can_be_removed():
    with Person() as person:
        person.migrate()
        person.ctl("rollback")
        person.start()
        person.show_page("Old Storage", "label", "Rolled Back")
        person.click("push button", "Remove the New Storage")
        person.find("label", "Remove What Was Put Aside?")
        person.picture("old-remove-asked")
        person.answer("_Remove Remove")
        person.wait(lambda: not os.path.exists(person.store + ".trash"), "what was put aside to go")
        person.gone("label", "Rolled Back")

        person.migrate()
        person.ctl("rollback")
        person.migrate()
        person.kill()
        person.start()
        person.show_page("Old Storage", *GO_BACK)
        person.find("label", "A Storage Put Aside Before")
        person.picture("old-kept-and-aside")
        person.click("push button", "Remove")
        person.answer("_Remove Remove")
        person.gone("label", "A Storage Put Aside Before")
        person.find(*GO_BACK)


def test_deleting_early_takes_insistence():
    with Person() as person:
        person.migrate()
        before, listed = person.old_files(), person.manifest()
        person.start()
        person.show_page("Old Storage", *GO_BACK)
        person.find("label", "From in 30 days on; earlier if you insist")

        # Neither question is answered by asking it
        person.ask_to_delete()
        person.picture("old-delete-early")
        person.answer("_Cancel Cancel")
        assert_untouched(person, before)
        person.ask_to_delete()
        person.answer("Delete _Earlier… Delete Earlier…")
        person.find("label", f"{len(listed)} files of the old storage are deleted for good")
        person.picture("old-delete-asked")
        person.answer("_Cancel Cancel")
        person.find(*GO_BACK)
        assert_untouched(person, before)

        person.ask_to_delete()
        person.answer("Delete _Earlier… Delete Earlier…")
        person.find("label", "Delete the Old Storage?")
        person.answer("_Delete for Good Delete for Good")
        person.find("label", "The Old Storage Is Deleted")
        person.find("label", f"{len(listed)} files were deleted")
        person.picture("old-deleted")
        assert_named(person)
        assert_equal(person.old_files(), {name: content for name, content in before.items() if name not in listed},
                     "what is left of the old store")
        for name in FOREIGN:
            if name not in person.old_files():
                raise strata_gui.Failure("a foreign file is gone: " + name)
        assert_equal(json.loads(person.ctl("verify", "--json"))["ok"], True, "the new store in order")


def test_when_its_time_is_over_it_is_asked_once():
    with Person() as person:
        person.migrate()
        listed = person.manifest()
        path = os.path.join(person.store, "migration", "journal")
        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n").split(" ", 1) for line in file]
        then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=31)
        with open(path, "w", encoding="utf-8") as file:
            for _time, event in lines:
                line = then.strftime("%Y-%m-%dT%H:%M:%SZ ") + event.rsplit(" ", 1)[0]
                file.write(line + f" {zlib.crc32(line.encode()):08x}\n")
        person.start()
        person.show_page("Old Storage", "label", "You Can Still Go Back")
        person.picture("old-time-over")
        person.click("push button", "Delete Old Storage")
        person.find("label", "Delete the Old Storage?")
        person.answer("_Delete for Good Delete for Good")
        person.find("label", "The Old Storage Is Deleted")
        assert_equal(listed & person.old_files().keys(), set(), "what was not deleted")


def test_what_waits_for_a_decision_is_named():
    with Person() as person:
        shutil.rmtree(os.path.join(person.old, "backups"))
        shutil.rmtree(os.path.join(person.old, "db"))
        os.mkdir(os.path.join(person.old, "db"))
        for name, ids, saved in (("sessions.json", "a", 2000), ("sessions.backup.json", "abc", 1000)):
            person.write_old("db/" + name, old_forms.as_string([{"id": id, "name": id} for id in ids], saved).encode())
        person.migrate()
        before = person.old_files()
        person.start()
        person.show_page("Old Storage", *GO_BACK)
        person.ask_to_delete()
        person.answer("Delete _Earlier… Delete Earlier…")
        person.find("label", "It Can’t Be Deleted Yet")
        person.find("label", "2 sessions that Taskerino no longer showed wait for you")
        person.picture("old-not-yet")
        assert_named(person)
        person.click("push button", "Back")
        person.find(*GO_BACK)
        assert_untouched(person, before)


def test_deleting_that_was_interrupted_goes_on():
    with Person() as person:
        person.migrate()
        before, listed = person.old_files(), person.manifest()
        person.append_to_journal("retire begin source=1 manifest=0")
        os.unlink(os.path.join(person.old, sorted(listed)[0]))
        person.start()
        person.find("label", "Deleting the old storage was interrupted, and goes on")
        person.picture("old-goes-on")
        person.click("push button", "Show")
        person.find("label", "The Old Storage Is Deleted")
        assert_equal(person.old_files(), {name: content for name, content in before.items() if name not in listed},
                     "what is left of the old store")


def test_a_rollback_that_was_interrupted_goes_on():
    with Person() as person:
        person.migrate()
        before = person.old_files()
        person.append_to_journal("rollback begin 5f0c identical leave -")
        person.start()
        person.find("push button", "Analyse")
        person.show_page("Old Storage", "label", "Rolled Back")
        assert_untouched(person, before)
        if os.path.exists(person.store) or not os.path.exists(person.store + ".trash"):
            raise strata_gui.Failure("the new store is not aside")


def test_damage_is_put_right_when_told_to():
    with Person() as person:
        person.migrate()
        before = person.old_files()
        content = bytearray(before["db/sessions.json"])
        content[len(content) // 2] ^= 1
        person.write_old("db/sessions.json", bytes(content))
        person.start()
        person.show_page("Old Storage", *GO_BACK)
        person.click("push button", "Roll Back")
        person.find("label", "1 file of the old storage is damaged or missing")
        person.picture("old-damaged")
        person.answer("_Put Right and Roll Back Put Right and Roll Back")
        person.find("label", "Rolled Back")
        person.find("label", "1 damaged file was put right")
        person.picture("old-put-right")
        assert_untouched(person, before)


def test_what_is_only_here_is_exported_where_one_says():
    with Person() as person:
        person.migrate()
        before = person.old_files()
        key = json.loads(person.ctl("list", "--json"))[0]["key"]
        subprocess.run([STRATACTL, "--store", person.store, "set", key, "name"], input=b'"Changed here"', check=True,
                       stdout=subprocess.DEVNULL, timeout=strata_gui.LIMIT_S)
        person.start()
        person.show_page("Old Storage", *GO_BACK)
        person.click("push button", "Roll Back")
        person.find("label", "1 session was added or changed in Strata")
        person.picture("old-own-changes")
        person.answer("_Choose Folder… Choose Folder…")
        person.find("push button", "Export There")
        person.picture("old-choose-folder")
        person.answer("Cancel")
        person.find(*GO_BACK)
        assert_untouched(person, before)
        if not os.path.exists(person.store):
            raise strata_gui.Failure("it was rolled back although that was cancelled")


def test_dark_narrow_and_german():
    locales = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), "po")
    with Person(width=360, height=640) as person:
        person.migrate()
        person.start(LANGUAGE="de", STRATA_LOCALE_DIR=locales, ADW_DEBUG_COLOR_SCHEME="prefer-dark")
        person.pages = "Seiten"
        person.show_page("Alte Ablage", "label", "Tage, um zurückzukehren")
        person.picture("old-kept-german-dark")
        assert_named(person)
        person.click("push button", "Alte Ablage löschen")
        person.find("label", "noch 30 Tage")
        person.picture("old-delete-early-german-dark")


strata_gui.run([
    test_migrated_rolled_back_and_undone,
    test_what_was_put_aside_can_be_removed,
    test_deleting_early_takes_insistence,
    test_when_its_time_is_over_it_is_asked_once,
    test_what_waits_for_a_decision_is_named,
    test_deleting_that_was_interrupted_goes_on,
    test_a_rollback_that_was_interrupted_goes_on,
    test_damage_is_put_right_when_told_to,
    test_what_is_only_here_is_exported_where_one_says,
    test_dark_narrow_and_german,
])
