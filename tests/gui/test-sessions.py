#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through a store as a person does. Arguments: the program, its settings' folder, a folder for pictures, a
sample of an old store; the environment's STRATACTL fills the store."""
import json
import os
import subprocess
import sys

import strata_gui

PROGRAM, SCHEMAS, PICTURES, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])
STRATACTL = os.environ["STRATACTL"]


class Person(strata_gui.Gui):
    """Somebody whose sessions are in the new store."""

    def __init__(self, **size):
        super().__init__(PROGRAM, SCHEMAS, PICTURES, **size)
        self.store = self.path("home", "data", "strata")
        self.environment["STRATA_STORE"] = self.store
        os.makedirs(os.path.dirname(self.store), exist_ok=True)
        self.ctl("migrate", os.path.join(SAMPLE, "com.taskerino.desktop"))

    def ctl(self, *arguments):
        """What stratactl prints; it may find something to warn of"""
        result = subprocess.run([STRATACTL, "--store", self.store, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=strata_gui.LIMIT_S, check=False)
        if result.returncode not in (0, 3):
            raise strata_gui.Failure(f"stratactl {arguments[0]}: {result.stderr}")
        return result.stdout

    def pictured(self):
        """The session with the most screenshots"""
        return max(json.loads(self.ctl("list", "--json")), key=lambda session: session["screenshots"])

    def stored_object(self):
        """A picture's own file"""
        return max((os.path.join(folder, name) for folder, _folders, names in os.walk(os.path.join(self.store, "attachments"))
                    for name in names), key=os.path.getsize)

    def search(self, text):
        if not self.look("entry", "Search sessions"):
            self.find("label", "What Takes the Space")
            self.key("ctrl+f")
        self.type_into("entry", "Search sessions", text)

    def click_inside(self, role, name):
        """The button in a menu button has its name, and the action."""
        def find():
            return next((node for node, _depth in self.walk() if node.get_role_name() == role and name in (node.get_name() or "")
                         and self.is_on(node) and node.get_action_iface() and node.get_action_iface().get_n_actions() > 0), None)
        self.act(self.wait(find, f"{role} “{name}” to click"))

    def open_found(self, session):
        """Looks for a session by its name, and opens the first that is found."""
        self.start()
        self.search(f'"{session["name"]}"')
        self.find("label", " in 1 session")
        self.key("ctrl+f", "Tab", "Home", "Return")
        self.find("push button", "Session Menu")


def assert_named(person):
    unnamed = list(person.unnamed())
    if unnamed:
        raise strata_gui.Failure("without a name: " + ", ".join(unnamed))


def test_overview_is_in_front():
    for width, height in ((1024, 768), (360, 640), (1920, 1080)):
        with Person(width=width, height=height) as person:
            person.start()
            person.find("label", "What Takes the Space")
            sizes = person.find("image", "Sizes").get_description()
            if "Original" not in sizes or "On disk" not in sizes:
                raise strata_gui.Failure("the sizes are described as: " + sizes)
            person.picture(f"overview-{width}")
            assert_named(person)


def test_list_is_there_by_day():
    for width, height in ((1024, 768), (360, 640), (1920, 1080)):
        with Person(width=width, height=height) as person:
            person.start()
            person.find("label", "What Takes the Space")
            person.key("ctrl+f")
            person.find("label", "October 2025")
            person.picture(f"sessions-{width}")
            assert_named(person)


def test_search_finds_and_suggests():
    with Person() as person:
        person.start()
        person.search("software")
        person.find("label", " places in ")
        person.picture("sessions-found")
        person.search("softwarf")
        person.find("label", "Nothing Found")
        person.find("push button", "Search for “software”")
        person.picture("sessions-nothing")
        person.click("push button", "Search for “software”")
        person.find("label", " places in ")


def test_session_opens_and_screenshot_is_deleted_and_back():
    with Person() as person:
        session = person.pictured()
        person.open_found(session)
        person.find("label", f"{session['screenshots']} screenshots")
        person.picture("session")
        assert_named(person)
        person.click_inside("push button", "Session Menu")
        person.click("menu item", "Delete Screenshot")
        person.find("label", "Screenshot deleted")
        if person.pictured()["screenshots"] != session["screenshots"] - 1:
            raise strata_gui.Failure("the screenshot is still there")
        person.click("push button", "Undo")
        person.wait(lambda: person.pictured()["screenshots"] == session["screenshots"], "the screenshot to be back")


def test_a_session_is_shown_by_the_command_line():
    with Person() as person:
        first, second = json.loads(person.ctl("list", "--json"))[:2]
        person.start("--session", first["id"])
        person.find("push button", "Session Menu")
        person.find("label", first["name"])
        person.start_second("--session", second["key"])
        person.find("label", second["name"])
        if len(list(node for node, _depth in person.walk() if node.get_role_name() == "frame")) != 1:
            raise strata_gui.Failure("the second one has a window of its own")
        person.click("push button", "Close")
        person.end()


def test_recording_is_deleted_and_back():
    with Person() as person:
        session = max(json.loads(person.ctl("list", "--json")), key=lambda session: session["audio_segments"])

        def recordings():
            return next(row["audio_segments"] for row in json.loads(person.ctl("list", "--json")) if row["key"] == session["key"])

        person.start("--session", session["key"])
        person.click("page tab", "Transcript")
        person.find("push button", "Delete This Recording")
        person.picture("transcript")
        assert_named(person)
        person.click("push button", "Delete This Recording")
        person.find("label", "Recording deleted, with its words")
        person.wait(lambda: recordings() == session["audio_segments"] - 1, "the recording to go")
        person.click("push button", "Undo")
        person.wait(lambda: recordings() == session["audio_segments"], "the recording to be back")


def test_maintenance_runs_and_says_what_became_of_it():
    for width, height in ((1024, 768), (360, 640)):
        with Person(width=width, height=height) as person:
            person.start()
            person.find("label", "What Takes the Space")
            person.key("alt+3")
            person.click("push button", "Check")
            person.find("label", "Everything is as it was stored")
            person.click("push button", "Rebuild")
            person.find("label", " can be found")
            person.ctl("delete", person.pictured()["key"])
            person.click("push button", "Look for It")
            person.find_any(("label", "There is nothing to clear away"), ("push button", "Clear Away"))
            person.click("push button", "Compress")
            person.find_any(("label", " became "), ("label", "There was nothing to compress"))
            person.picture(f"maintenance-{width}")
            assert_named(person)


def test_damage_is_found_and_listed():
    with Person() as person:
        path = person.stored_object()
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            file.seek(100)
            file.write(b"damage")
        person.start()
        person.find("label", "What Takes the Space")
        person.key("alt+3")
        person.click("push button", "Check")
        person.find("label", "found, see below")
        person.find("label", os.path.basename(path)[:12])
        person.picture("maintenance-damage")


def test_preferences_have_what_acts():
    with Person() as person:
        person.start()
        person.find("label", "What Takes the Space")
        person.key("ctrl+comma")
        person.find("label", "Pack Text")
        person.find("label", "in use now")
        person.picture("preferences")
        assert_named(person)


strata_gui.run([
    test_overview_is_in_front,
    test_list_is_there_by_day,
    test_search_finds_and_suggests,
    test_session_opens_and_screenshot_is_deleted_and_back,
    test_a_session_is_shown_by_the_command_line,
    test_recording_is_deleted_and_back,
    test_maintenance_runs_and_says_what_became_of_it,
    test_damage_is_found_and_listed,
    test_preferences_have_what_acts,
])
