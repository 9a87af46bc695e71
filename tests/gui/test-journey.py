#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the first start to a finished migration, as a person does it. Arguments: the program, its settings' folder, a
folder for pictures, a sample of an old store, and the generator of old stores where there is one."""
import os
import re
import subprocess
import sys
import zipfile

import strata_gui
from journey import (MAKE_LEGACY, PROGRAM, SAMPLE, assert_equal, assert_named, digest_of_old_store, gui,
                     put_large_store, put_old_store, report, sessions_in_store, start_migration, store_folder)

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import old_forms


def test_nothing_there_says_so():
    with gui() as person:
        person.start()
        person.find("label", "Nothing of Taskerino was found")
        person.find("push button", "Choose Folder")
        assert_named(person)
        person.picture("nothing-found")


def test_first_run_to_report():
    with gui() as person:
        put_old_store(person)
        person.start()
        person.find("push button", "Analyse")
        person.picture("choose")
        assert_named(person)
        person.click("push button", "Analyse")
        person.find("push button", "Start Migration")
        if os.path.exists(person.path("home", "data", "strata")):
            raise strata_gui.Failure("a plan wrote something")
        person.picture("plan")
        assert_named(person)
        before = digest_of_old_store(person)
        person.click("push button", "Start Migration")
        report(person)
        assert_equal(sessions_in_store(person), 8, "sessions in the store")
        assert_equal(digest_of_old_store(person), before, "the old store")
        person.picture("report")
        assert_named(person)


def test_rolling_back_and_coming_back():
    with gui() as person:
        put_old_store(person)
        start_migration(person)
        report(person)
        before = digest_of_old_store(person)
        person.click("push button", "Roll Back")
        person.find("label", "Days to Go Back")
        person.picture("old-storage")
        assert_named(person)
        person.click("push button", "Roll Back")
        person.find("label", "The old storage is what was migrated")
        person.picture("roll-back")
        person.answer("_Roll Back Roll Back")
        person.find("label", "Rolled Back")
        person.picture("rolled-back")
        assert_named(person)
        assert_equal(sessions_in_store(person), 0, "sessions in the store")
        assert_equal(digest_of_old_store(person), before, "the old store")
        person.click("push button", "Bring the New Storage Back")
        person.find("label", "Days to Go Back")
        assert_equal(sessions_in_store(person), 8, "sessions in the store")


def test_the_same_way_under_wayland():
    with gui(wayland=True) as person:
        put_old_store(person)
        start_migration(person)
        report(person)
        assert_equal(sessions_in_store(person), 8, "sessions in the store")
        assert_named(person)
        person.click("push button", "Roll Back")
        person.find("label", "Days to Go Back")
        person.click("push button", "Roll Back")
        person.answer("_Roll Back Roll Back")
        person.find("label", "Rolled Back")
        assert_equal(sessions_in_store(person), 0, "sessions in the store")
        person.click("push button", "Close")
        person.end()


def test_what_was_lost_is_found_and_decided_about():
    with gui() as person:
        folder = person.path("home", "data", "com.taskerino.desktop", "db")
        os.makedirs(folder)
        lost = [{"id": name, "name": "Session " + name, "startTime": "2025-10-01T10:00:00.000Z"} for name in "abc"]
        for name, sessions, saved in (("sessions.json", [{"id": "new", "name": "New"}], 2000),
                                      ("sessions.backup.json", lost, 1000)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(old_forms.as_string(sessions, saved))
        start_migration(person)
        report(person)
        assert_equal(sessions_in_store(person), 4, "sessions in the store")
        person.click("push button", "Found Again")
        person.find("label", "3 Sessions Found Again")
        person.picture("found-again")
        assert_named(person)
        person.click("push button", "_Drop")
        person.find("label", "2 Sessions Found Again")
        assert_equal(sessions_in_store(person), 3, "sessions in the store")
        person.click("push button", "Undo")
        person.find("label", "3 Sessions Found Again")
        assert_equal(sessions_in_store(person), 4, "sessions in the store")
        person.click("push button", "_Keep")
        person.find("label", "2 Sessions Found Again")
        person.click("push button", "Keep All")
        person.gone("label", "Sessions Found Again")
        assert_equal(sessions_in_store(person), 4, "sessions in the store")


def test_it_speaks_german():
    locales = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), "po")
    with gui(width=360, height=640) as person:
        put_old_store(person)
        person.start(LANGUAGE="de", STRATA_LOCALE_DIR=locales)
        person.click("push button", "Ansehen")
        person.find("label", "8 Sitzungen")
        person.picture("german-plan")
        person.click("push button", "Umzug beginnen")
        person.find("label", "Alles ist da")
        person.find("label", "8 Sitzungen wurden zurückgelesen")
        person.picture("german-report")
        assert_named(person)


def test_dark_and_narrow():
    with gui(width=360, height=640) as person:
        put_old_store(person)
        person.start(ADW_DEBUG_COLOR_SCHEME="prefer-dark")
        person.find("push button", "Analyse")
        person.picture("narrow-choose")
        person.click("push button", "Analyse")
        person.find("push button", "Start Migration")
        person.picture("narrow-plan")
        person.click("push button", "Start Migration")
        report(person)
        person.picture("narrow-report")
        person.click("push button", "Roll Back")
        person.find("label", "Days to Go Back")
        person.picture("narrow-old-storage")


def test_a_pause_holds_and_resume_goes_on():
    with gui() as person:
        put_large_store(person)
        start_migration(person)
        person.click("push button", "Pause")
        person.find("label", "Paused")
        person.picture("paused")
        assert_named(person)
        done = sessions_in_store(person)
        fraction = person.value("progress bar", "Migration progress")
        person.expect_no("push button", "Pause")
        person.click("push button", "Resume")
        person.find("label", "Copying sessions")
        person.picture("running")
        report(person)
        if not done < sessions_in_store(person) or not fraction < 1:
            raise strata_gui.Failure(f"the pause came when all was done: {done} sessions, {fraction}")


def test_cancelling_keeps_what_is_done_and_continues():
    with gui(width=360, height=640) as person:
        put_large_store(person)
        start_migration(person)
        person.wait(lambda: sessions_in_store(person) > 0, "the first sessions")
        person.click("push button", "Pause")
        person.find("push button", "Resume")
        person.picture("narrow-paused")
        person.start_second(SAMPLE)
        person.find("push button", "Resume")
        person.expect_no("push button", "Start Migration")
        person.click("push button", "Cancel")
        person.find("push button", "Go On")
        person.picture("narrow-cancel")
        person.answer("Keep What Is Done")
        person.find("label", "Stopped")
        person.picture("narrow-stopped")
        assert_named(person)
        kept = sessions_in_store(person)
        if kept == 0:
            raise strata_gui.Failure("nothing was kept")
        person.click("push button", "Continue")
        report(person)
        if sessions_in_store(person) <= kept:
            raise strata_gui.Failure("it did not continue")


def test_cancelling_can_discard():
    with gui() as person:
        put_large_store(person)
        start_migration(person)
        person.wait(lambda: sessions_in_store(person) > 0, "the first sessions")
        person.click("push button", "Cancel")
        person.answer("Discard")
        person.find("label", "Stopped")
        person.find("label", "Nothing of it is in the new storage")
        assert_equal(sessions_in_store(person), 0, "sessions in the store")


def test_closing_the_window_goes_on_and_comes_back():
    with gui() as person:
        put_large_store(person)
        start_migration(person)
        person.wait(lambda: sessions_in_store(person) > 0, "the first sessions")
        person.click("push button", "Close")
        person.wait(lambda: person.look("frame", "Strata", shown=False) is None, "the window to go")
        person.start_second()
        person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"), ("push button", "Pause"))
        report(person)
        person.click("push button", "Close")
        person.end()


def test_what_was_left_is_offered_again():
    with gui() as person:
        put_large_store(person)
        start_migration(person)
        person.wait(lambda: sessions_in_store(person) > 0, "the first sessions")
        person.kill()
        kept = sessions_in_store(person)
        person.start()
        person.find("push button", "Continue")
        person.picture("unfinished")
        person.click("push button", "Continue")
        report(person)
        if sessions_in_store(person) <= kept:
            raise strata_gui.Failure("it did not continue")


class Disk:
    """A small one of its own, where the new storage will be"""

    def __init__(self, person, mib):
        self.folder = person.path("home", "data", "strata")
        os.makedirs(self.folder)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", self.folder], stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            raise strata_gui.Skip("mounting needs root: " + done.stderr.strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def fill(self, left):
        """Leaves so many bytes"""
        space = os.statvfs(self.folder)
        with open(os.path.join(self.folder, "filler"), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - left)

    def clear(self):
        os.unlink(os.path.join(self.folder, "filler"))


def test_a_full_disk_is_told_and_helped():
    with gui(width=360, height=640) as person, Disk(person, 240) as disk:
        put_old_store(person)
        before = digest_of_old_store(person)
        disk.fill(1 << 20)
        person.start()
        person.click("push button", "Analyse")
        person.find("label", "make room for another")
        person.expect_no("push button", "Start Migration")
        person.picture("narrow-too-little-space")
        disk.clear()
        person.click("push button", "Look Again")
        person.find("push button", "Start Migration")

        disk.fill(300 << 10)
        person.click("push button", "Start Migration")
        person.find("label", "The Migration Could Not Go On")
        sentence = person.find("label", "The disk is full").get_name()
        if not re.search(r"about .+ more \([1-9][0-9]* bytes\) are needed", sentence):
            raise strata_gui.Failure("it does not say how much is missing: " + sentence)
        person.picture("narrow-disk-full")
        assert_named(person)

        disk.clear()
        person.click("push button", "Try Again")
        report(person)
        assert_equal(sessions_in_store(person), 8, "sessions in the store")
        assert_equal(digest_of_old_store(person), before, "the old store")


def test_windows_beside_the_window_come_and_go():
    with gui() as person:
        person.start()
        person.find("push button", "Choose Folder")
        for keys, name in (("ctrl+question", "Go to a Page"), ("ctrl+comma", "Pack Text"), ("ctrl+question", "Main Menu")):
            person.key(keys)
            person.find("label", name)
            person.key("Escape", window=None)
            person.gone("label", name)
        person.find("push button", "Choose Folder")


def test_a_folder_is_handed_to_the_one_that_runs():
    with gui() as person:
        person.start()
        person.find("label", "Nothing of Taskerino was found")
        person.start_second(SAMPLE)
        person.find("push button", "Start Migration")


def test_a_zip_is_looked_at():
    with gui() as person:
        path = person.path("export.zip")
        with open(os.path.join(SAMPLE, "com.taskerino.desktop", "db", "settings.json"), encoding="utf-8") as file:
            settings = file.read()
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("export-metadata.json", '{"version":"1.0"}')
            archive.writestr("sessions.json", '[{"id":"one","name":"One"},{"id":"two","name":"Two"}]')
            archive.writestr("settings.json", settings)
        person.start(path)
        person.find("label", "2 Sessions")
        person.picture("plan-of-a-zip")


def test_what_is_no_old_store_is_refused():
    with gui() as person:
        path = person.path("empty")
        os.mkdir(path)
        person.start(path)
        person.find("label", "Nothing to Move in There")
        person.picture("unusable")
        assert_named(person)
        person.click("push button", "Choose Another")
        person.find("push button", "Choose Folder")


def test_a_store_that_cant_be_opened_is_explained():
    with gui() as person:
        os.makedirs(store_folder(person))
        with open(os.path.join(store_folder(person), "store.json"), "w", encoding="utf-8") as file:
            file.write('{"format":99,"min_reader":99,"min_writer":99}')
        person.start()
        person.find("label", "The Storage Can’t Be Opened")
        person.picture("failed-to-open")
        assert_named(person)
        person.expect_no("list item", "Migration")


NEED_LARGE = [
    test_a_pause_holds_and_resume_goes_on,
    test_cancelling_keeps_what_is_done_and_continues,
    test_cancelling_can_discard,
    test_closing_the_window_goes_on_and_comes_back,
    test_what_was_left_is_offered_again,
]

strata_gui.run([
    test_nothing_there_says_so,
    test_first_run_to_report,
    test_rolling_back_and_coming_back,
    test_the_same_way_under_wayland,
    test_what_was_lost_is_found_and_decided_about,
    test_it_speaks_german,
    test_dark_and_narrow,
    test_a_full_disk_is_told_and_helped,
    test_windows_beside_the_window_come_and_go,
    test_a_folder_is_handed_to_the_one_that_runs,
    test_a_zip_is_looked_at,
    test_what_is_no_old_store_is_refused,
    test_a_store_that_cant_be_opened_is_explained,
] + (NEED_LARGE if MAKE_LEGACY else []))
