#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches what the main thread asks the system for, from the first start to a storage that is looked through. Arguments:
the program, its settings' folder, a folder for pictures, a sample of an old store."""
import os
import re
import shutil
import signal
import subprocess
import sys

import strata_gui

PROGRAM, SCHEMAS, PICTURES, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:5])

# Whatever has a path, and whatever has a descriptor; -y writes the path of each descriptor beside it
WATCH = ["strace", "--daemonize", "--follow-forks", "--decode-fds=path", "--string-limit=1024", "-e", "trace=%file,%desc"]

# What GTK, Pango and fontconfig look up when something is first drawn. None of it is ours, all of it is small, and no
# program that draws can be without it.
OF_THE_TOOLKIT = re.compile(
    r"^(/usr/(local/)?|/var/|/etc/|/opt/.*/|.*/home/)(.*/)?(\.?icons|pixmaps|\.?fonts?|fontconfig|mime|themes|locale)(/|$)"
    r"|^/(proc|sys|dev)/|^(socket|pipe|anon_inode|memfd|inotify)[:]|^/memfd:|^anon_inode:|^inotify$")

PATHS = re.compile(r'"(/[^"]*)"|<((?:/|socket:|pipe:|anon_inode:)[^>]*)>')


class Watched(strata_gui.Gui):
    """A program whose every call is written down; SIGCONT, which does nothing to it, is a mark in between."""

    def __init__(self):
        super().__init__(PROGRAM, SCHEMAS, PICTURES)
        self.trace = self.path("trace")
        self.under = [*WATCH, "-o", self.trace]
        self.data = self.path("home", "data")
        os.makedirs(self.data)
        shutil.copytree(os.path.join(SAMPLE, "com.taskerino.desktop"), os.path.join(self.data, "com.taskerino.desktop"))

    def mark(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def key(self, *names):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "Strata"], stdout=subprocess.PIPE, text=True,
                               check=True, timeout=strata_gui.LIMIT_S, env=self.environment)
        subprocess.run(["xdotool", "windowfocus", found.stdout.split()[0], "key", "--clearmodifiers", *names], check=True,
                       timeout=strata_gui.LIMIT_S, env=self.environment)

    def calls(self, thread):
        """Of the main thread or of all others: how many marks came before, and the call"""
        marks = 0
        with open(self.trace, encoding="utf-8", errors="replace") as trace:
            for line in trace:
                of, _space, call = line.partition(" ")
                if (int(of) == self.main) != (thread == "main"):
                    continue
                call = call.strip()
                if call.startswith("--- SIGCONT"):
                    marks += 1
                else:
                    yield marks, call

    def end_watching(self):
        """Its last calls are written down when it has ended."""
        self.main = self.process.pid
        self.click("push button", "Close")
        self.end()
        self.wait(lambda: f"\n{self.main} +++ exited" in self.tail(), "the last call")

    def tail(self):
        with open(self.trace, "rb") as trace:
            trace.seek(max(0, os.path.getsize(self.trace) - 65536))
            return trace.read().decode("utf-8", "replace").replace("  ", " ")


def paths(call):
    return [quoted or described for quoted, described in PATHS.findall(call)]


def look_through(person):
    """What somebody does in an hour"""
    person.click("push button", "Analyse")
    person.click("push button", "Start Migration")
    person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"))
    person.key("alt+1")
    person.find("label", "What Takes the Space")
    person.key("ctrl+f")
    person.find("label", "October 2025")
    person.type_into("entry", "Search sessions", "software")
    person.find("label", " places in ")
    person.key("ctrl+f", "Tab", "Home", "Return")
    person.find("push button", "Session Menu")
    person.key("alt+3")
    person.click("push button", "Check")
    person.find("label", "Everything is as it was stored")
    person.click("push button", "Rebuild")
    person.find("label", " can be found")
    person.click("push button", "Compress")
    person.find_any(("label", " became "), ("label", "There was nothing to compress"))
    person.key("alt+5")
    person.find("label", "Days to Go Back")
    person.key("ctrl+comma")
    person.find("label", "in use now")
    person.key("Escape")
    person.gone("label", "in use now")


def test_no_file_is_touched_where_the_window_is_drawn():
    with Watched() as person:
        person.start()
        person.find("push button", "Analyse")
        person.mark()
        look_through(person)
        person.mark()
        person.end_watching()

        others = {path for _marks, call in person.calls("others") for path in paths(call) if path.startswith(person.data)}
        if not any("com.taskerino.desktop/" in path for path in others) or not any("/strata/" in path for path in others):
            raise strata_gui.Failure("what the other threads did was not seen, so nothing is known of this one")
        stores = (os.path.join(person.data, "com.taskerino.desktop"), os.path.join(person.data, "strata"))
        wrong = [call for _marks, call in person.calls("main") if any(path.startswith(stores) for path in paths(call))]
        wrong += [call for marks, call in person.calls("main") if marks == 1
                  and any(not OF_THE_TOOLKIT.search(path) and path != "/" for path in paths(call))]
        if wrong:
            raise strata_gui.Failure("on the main thread:\n" + "\n".join(wrong[:40]))


def look_for_strace():
    """It may not be there, or not be let"""
    try:
        result = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        strata_gui.skip_all("not installed: strace")
    if result.returncode != 0:
        strata_gui.skip_all("strace may not watch here: " + result.stderr.strip())


look_for_strace()
strata_gui.run([test_no_file_is_touched_where_the_window_is_drawn])
