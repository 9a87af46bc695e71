#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the first start to a finished migration, as a person does it. Arguments: the program, its settings' folder, a
folder for pictures, a sample of an old store."""
import os
import shutil
import sys

import strata_gui

PROGRAM, SCHEMAS, PICTURES, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])


def gui(**size):
    return strata_gui.Gui(PROGRAM, SCHEMAS, PICTURES, **size)


def put_old_store(person):
    """Where Taskerino would have it"""
    folder = person.path("home", "data")
    os.makedirs(folder, exist_ok=True)
    shutil.copytree(os.path.join(SAMPLE, "com.taskerino.desktop"), os.path.join(folder, "com.taskerino.desktop"))


def assert_named(person):
    unnamed = list(person.unnamed())
    if unnamed:
        raise strata_gui.Failure("without a name: " + ", ".join(unnamed))


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
        person.click("push button", "Start Migration")
        person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"))
        person.picture("report")
        assert_named(person)


strata_gui.enter_session()
strata_gui.run([
    test_nothing_there_says_so,
    test_first_run_to_report,
])
