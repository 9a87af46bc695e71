#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration on a desktop: it goes on without the window and says so, keeps the computer awake, and waits while that
runs on its battery. Arguments: the program, its settings' folder, a folder for pictures, a sample of an old store, and
the generator of old stores where there is one."""
import json
import os
import subprocess
import sys
import threading

import strata_gui
from journey import MAKE_LEGACY, PICTURES, PROGRAM, SCHEMAS, assert_named, put_large_store, put_old_store, report, start_migration

GOES_ON, PAUSED, DONE = "The migration goes on", "The migration is paused", "The migration is done"
SUSPEND = 4


class Person(strata_gui.Gui):
    """Somebody with a desktop: see desktop.py."""

    def __enter__(self):
        self.bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address",
                                     "--address=unix:dir=" + self.folder], stdout=subprocess.PIPE, text=True)
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.bus.stdout.readline().strip()
        self.desktop = subprocess.Popen(
            [sys.executable, "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "desktop.py"),
             self.environment["DBUS_SYSTEM_BUS_ADDRESS"]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = []
        threading.Thread(target=self.listen, daemon=True).start()
        self.wait(lambda: {"ready": True} in self.events, "the desktop")
        return super().__enter__()

    def __exit__(self, *exception):
        for event in self.events if exception[0] else []:
            print("# desktop:", event)
        try:
            super().__exit__(*exception)
        finally:
            for process in (self.desktop, self.bus):
                process.terminate()
                process.wait()

    def listen(self):
        for line in self.desktop.stdout:
            self.events.append(json.loads(line))

    def tell(self, **order):
        self.desktop.stdin.write(json.dumps(order) + "\n")
        self.desktop.stdin.flush()

    def shown(self):
        """The notification that is there to be seen now; None: none is"""
        notification = None
        for event in list(self.events):
            if "notification" in event:
                notification = event
            if "withdrawn" in event:
                notification = None
        return notification

    def notified(self, title, *buttons):
        found = self.wait(lambda: (self.shown() or {}).get("title") == title and self.shown(), f"“{title}”")
        missing = set(buttons) - set(found["actions"])
        if missing:
            raise strata_gui.Failure(f"“{title}” has {list(found['actions'])}, and not {missing}")
        return found

    def press(self, title, button):
        found = self.notified(title, button)
        self.tell(press=[found["notification"], found["actions"][button]])

    def inhibitions(self):
        """Those that are in force, and how many there were"""
        begun = [event for event in self.events if "inhibit" in event]
        ended = [event["uninhibit"] for event in self.events if "uninhibit" in event]
        return [event for event in begun if event["inhibit"] not in ended], len(begun)

    def is_kept_awake(self):
        return len(self.inhibitions()[0]) == 1

    def close(self):
        self.click("push button", "Close")
        self.wait(lambda: self.look("frame", "Strata", shown=False) is None, "the window to go")


def person(**size):
    return Person(PROGRAM, SCHEMAS, PICTURES, **size)


def test_it_goes_on_without_the_window_and_says_so():
    with person() as one:
        put_large_store(one)
        start_migration(one)
        one.find("label", "The computer is kept awake")
        inhibition = one.inhibitions()[0][0]
        if inhibition["flags"] != SUSPEND or "copied" not in inhibition["reason"]:
            raise strata_gui.Failure(f"it asked for {inhibition}")
        one.click("push button", "Pause")
        one.find("push button", "Resume")
        one.gone("label", "The computer is kept awake")
        one.wait(lambda: not one.is_kept_awake(), "the computer to be let sleep")

        one.close()
        one.press(PAUSED, "Resume")
        one.press(GOES_ON, "Pause")
        one.notified(PAUSED)
        one.wait(lambda: not one.is_kept_awake(), "the computer to be let sleep again")
        one.press(PAUSED, "Show")
        one.find("push button", "Resume")
        one.wait(lambda: one.shown() is None, "the notification to go when the window is there")
        one.click("push button", "Resume")

        one.close()
        one.notified(GOES_ON, "Pause", "Show")
        one.press(DONE, "Show Report")
        report(one)
        one.wait(lambda: one.shown() is None, "the notification to go when the report is there")
        one.wait(lambda: not one.is_kept_awake(), "the computer to be let sleep at the end")
        one.click("push button", "Close")
        one.end()


def test_it_waits_for_mains_power():
    with person(width=360, height=640) as one:
        put_old_store(one)
        one.tell(battery=True)
        start_migration(one)
        one.find("label", "Waiting")
        one.find("label", "The computer runs on its battery")
        one.picture("waiting")
        assert_named(one)
        if one.inhibitions()[1]:
            raise strata_gui.Failure("it keeps a computer awake that runs on its battery")
        one.tell(battery=False)
        report(one)
        one.wait(lambda: one.inhibitions()[1] > 0 and not one.is_kept_awake(), "the computer to be let sleep")
        one.picture("narrow-report-after-waiting")


def test_it_waits_without_a_window_too():
    with person() as one:
        put_old_store(one)
        one.tell(battery=True)
        start_migration(one)
        one.find("label", "The computer runs on its battery")
        one.close()
        one.press("The migration waits", "Resume")
        one.notified(DONE, "Show Report")
        if one.inhibitions()[1]:
            raise strata_gui.Failure("it keeps a computer awake that runs on its battery")
        one.start_second()
        report(one)
        one.wait(lambda: one.shown() is None, "the notification to go")


strata_gui.run(([test_it_goes_on_without_the_window_and_says_so] if MAKE_LEGACY else []) +
               [test_it_waits_for_mains_power, test_it_waits_without_a_window_too])
