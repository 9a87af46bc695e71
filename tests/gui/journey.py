# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the way from an old store to a finished migration share. They have the same arguments: the program,
its settings' folder, a folder for pictures, a sample of an old store, and the generator of old stores where there is
one."""
import os
import shutil
import subprocess
import sys

import strata_gui

PROGRAM, SCHEMAS, PICTURES, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])
MAKE_LEGACY = os.path.abspath(sys.argv[5]) if len(sys.argv) > 5 else None


def gui(**size):
    return strata_gui.Gui(PROGRAM, SCHEMAS, PICTURES, **size)


def put_old_store(person):
    """Where Taskerino would have it"""
    folder = person.path("home", "data")
    os.makedirs(folder, exist_ok=True)
    shutil.copytree(os.path.join(SAMPLE, "com.taskerino.desktop"), os.path.join(folder, "com.taskerino.desktop"))


def put_large_store(person):
    """One that takes long enough to be paused"""
    folder = person.path("home", "data", "com.taskerino.desktop")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    subprocess.run([MAKE_LEGACY, "--output", os.path.dirname(folder), "--total-bytes", "60M", "--image-every", "0",
                    "--audio-every", "0"], check=True, stdout=subprocess.DEVNULL)


def digest_of_old_store(person):
    """Names, sizes, times and bytes of all that is in it"""
    found = {}
    top = person.path("home", "data", "com.taskerino.desktop")
    for folder, _folders, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = (os.stat(path).st_mtime_ns, hash(file.read()))
    return found


def store_folder(person):
    return person.path("home", "data", "strata", "store")


def sessions_in_store(person):
    folder = os.path.join(store_folder(person), "sessions")
    return len(os.listdir(folder)) if os.path.isdir(folder) else 0


def assert_named(person):
    unnamed = list(person.unnamed())
    if unnamed:
        raise strata_gui.Failure("without a name: " + ", ".join(unnamed))


def assert_equal(got, expected, what):
    if got != expected:
        raise strata_gui.Failure(f"{what}: {got!r}, not {expected!r}")


def start_migration(person):
    person.start()
    person.click("push button", "Analyse")
    person.click("push button", "Start Migration")


def report(person):
    return person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"))
