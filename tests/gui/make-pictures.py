#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a picture of every screen, in every look, for somebody to look at. Arguments: the build folder, a folder for the
pictures, and the looks or screens that are wanted where it is not all of them.

A look is a size, a scheme, a language or what else changes how everything looks. It is no test: nothing is asserted."""
import gettext
import glob
import json
import os
import shutil
import subprocess
import sys

import strata_gui

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import old_forms

SOURCES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(sys.argv[1])
PICTURES = os.path.abspath(sys.argv[2])
WANTED = sys.argv[3:]
APP_ID = "io.github.strata_app.Strata"
LOCALES = os.path.join(BUILD, "po")

DARK = {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}
GERMAN = {"LANGUAGE": "de", "STRATA_LOCALE_DIR": LOCALES}
# A translation that says nothing: in English, which is easy to read, the other way round, which GTK's own one says
RIGHT_TO_LEFT = {"LANGUAGE": "ar", "STRATA_LOCALE_DIR": os.path.join(PICTURES, ".locale")}
CONTRAST = {"ADW_DEBUG_HIGH_CONTRAST": "1"}
LARGE = "144"
MOVING = "moving"
STILL = "gtk-enable-animations=false"

LOOKS = {
    "light": ((1024, 768), {}, ""),
    "dark": ((1024, 768), DARK, ""),
    "narrow": ((360, 640), {}, ""),
    "narrow-dark": ((360, 640), DARK, ""),
    "wide": ((1920, 1080), {}, ""),
    "wide-dark": ((1920, 1080), DARK, ""),
    "german": ((1024, 768), GERMAN, ""),
    "german-narrow": ((360, 640), GERMAN, ""),
    "rtl": ((1024, 768), RIGHT_TO_LEFT, ""),
    "rtl-narrow": ((360, 640), RIGHT_TO_LEFT, ""),
    "large": ((1024, 768), {}, LARGE),
    "large-narrow": ((360, 640), {}, LARGE),
    "contrast": ((1024, 768), CONTRAST, ""),
    "contrast-dark": ((1024, 768), {**CONTRAST, **DARK}, ""),
    "moving": ((1024, 768), {}, MOVING),
}


class Model(strata_gui.Gui):
    """Who is photographed, in one look"""

    def __init__(self, look):
        self.look_name = look
        (self.width, self.height), looks, more = LOOKS[look]
        super().__init__(os.path.join(BUILD, "app", "strata"), os.path.join(BUILD, "data"), PICTURES,
                         width=self.width, height=self.height)
        self.environment.update(looks)
        self.store = self.path("home", "data", "strata", "store")
        self.translation = gettext.translation("strata", LOCALES, [looks.get("LANGUAGE", "C")], fallback=True)
        folder = self.path("home", "config", "gtk-4.0")
        os.makedirs(folder)
        with open(os.path.join(folder, "settings.ini"), "w", encoding="utf-8") as file:
            file.write("[Settings]\n" + (STILL if more != MOVING else "") + "\n")
        if more == LARGE:
            self.scale(LARGE)

    def scale(self, dots_per_inch):
        """As the desktop says it to X programs"""
        subprocess.run(["xprop", "-root", "-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER",
                        f"Xft.dpi:\t{dots_per_inch}\n"], check=True, env=self.environment, timeout=strata_gui.LIMIT_S)

    def say(self, text):
        """As it is written in the window"""
        return self.translation.gettext(text).replace("_", "")

    def put(self, old_store):
        shutil.copytree(old_store, self.path("home", "data", "com.taskerino.desktop"), copy_function=link)

    def open(self):
        """Starts it, as large as the screen"""
        self.start()
        self.wait(self.windows, "a window")
        self.fill("Strata")

    def fill(self, title):
        subprocess.run(["xdotool", "search", "--onlyvisible", "--sync", "--name", f"^{title}$", "windowsize", "%@", str(self.width),
                        str(self.height), "windowfocus", "%@"], check=False, env=self.environment, timeout=strata_gui.LIMIT_S)

    def key(self, *names):
        """To the window that is in front"""
        subprocess.run(["xdotool", "key", "--clearmodifiers", *names], check=True, env=self.environment,
                       timeout=strata_gui.LIMIT_S)

    def press(self, name):
        self.click("push button", self.say(name))

    def press_inside(self, role, name):
        """The button in a menu button has its name, and the action."""
        def find():
            try:
                return next((node for node, _depth in self.walk() if node.get_role_name() == role and
                             self.say(name) in (node.get_name() or "") and self.is_on(node) and
                             node.get_action_iface() and node.get_action_iface().get_n_actions() > 0), None)
            except self.GLib.Error:
                return None  # it went while it was looked at

        self.act(self.wait(find, name))

    def see(self, name, role="label"):
        return self.find(role, self.say(name))

    def shoot(self, screen):
        if not WANTED or screen in WANTED or self.look_name in WANTED:
            self.picture(f"{screen}-{self.look_name}")

    def largest_session(self):
        listed = subprocess.run([os.path.join(BUILD, "app", "stratactl"), "--store", self.store, "list", "--json"],
                                capture_output=True, text=True, check=True, timeout=strata_gui.LIMIT_S)
        return max(json.loads(listed.stdout), key=lambda session: session["screenshots"])


def link(source, target):
    """The same file, where that can be"""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def make_old_store(folder):
    """Years of sessions, some of them lost and some of what they had gone"""
    subprocess.run([os.path.join(BUILD, "bench", "make-legacy"), "--output", folder, "--sessions", "40", "--screenshots", "60",
                    "--image-every", "10", "--image-size", "1280x800", "--total-bytes", "40M"], check=True,
                   stdout=subprocess.DEVNULL)
    old = os.path.join(folder, "com.taskerino.desktop")
    lost = [{"id": "lost-" + name, "name": name, "startTime": f"2025-0{i + 1}-11T10:00:00.000Z"}
            for i, name in enumerate(["Quarterly planning with the whole of the northern team and two guests", "Bug hunt",
                                      "Reading"])]
    with open(os.path.join(old, "db", "sessions.backup.json"), "w", encoding="utf-8") as file:
        file.write(old_forms.as_string(lost, 1600000000000))
    for path in sorted(glob.glob(os.path.join(old, "attachments", "*.dat")))[:3]:
        os.unlink(path)
    return old


def shoot_first(look):
    with Model(look) as model:
        model.open()
        model.see("Nothing of Taskerino was found in the usual places.")
        model.shoot("nothing-found")
        model.key("ctrl+question")
        model.wait(lambda: model.windows() > 1, "the shortcuts")
        model.shoot("shortcuts")


def shoot_unusable(look):
    with Model(look) as model:
        path = model.path("empty")
        os.mkdir(path)
        model.start(path)
        model.wait(model.windows, "a window")
        model.fill("Strata")
        model.see("Nothing to Move in There")
        model.shoot("unusable")


def shoot_migration(model):
    model.open()
    model.find("push button", model.say("_Analyse"))
    model.shoot("choose")
    model.press("_Analyse")
    model.find("push button", model.say("_Start Migration"))
    model.shoot("plan")
    model.press("_Start Migration")
    model.find("progress bar", "")
    model.press("_Pause")
    model.see("Paused")
    model.shoot("paused")
    model.press("_Cancel…")
    model.wait(lambda: model.windows() > 1, "the question")
    model.shoot("cancel")
    model.answer(model.say("_Go On"))
    model.press("_Resume")
    model.shoot("running")
    model.see("Done, With Exceptions")
    model.shoot("report")


def shoot_pages(model):
    for number, name, text in ((1, "overview", "What Takes the Space"), (3, "maintenance", "Maintenance"), (5, "found", ""),
                               (6, "old-storage", "")):
        model.key(f"alt+{number}")
        if text:
            model.see(text)
        model.shoot(name)
    model.press("_Roll Back…")
    model.wait(lambda: model.windows() > 1, "the question")
    model.shoot("roll-back")
    model.key("Escape")
    model.wait(lambda: model.windows() == 1, "it to go")


def shoot_sessions(model):
    model.key("alt+2")
    model.shoot("sessions")
    model.key("ctrl+f")
    model.type_into("entry", model.say("Search sessions"), "meeting")
    model.find("list", model.say("What was found"))
    model.shoot("search")
    model.type_into("entry", model.say("Search sessions"), "sdfsdf")
    model.see("Nothing Found")
    model.shoot("search-nothing")
    session = model.largest_session()
    model.start_second("--session", session["key"])
    model.find("push button", model.say("Session Menu"))
    for name, page in (("session", "Screenshots"), ("summary", "Summary"), ("transcript", "Transcript"),
                       ("attachments", "Attachments")):
        if name != "session":
            model.press_inside("page tab", page)
        model.shoot(name)
    model.press_inside("push button", "Session Menu")
    model.shoot("session-menu")
    model.key("Escape")


def shoot_dialogs(model):
    for action, title, screen in (("ctrl+comma", "Preferences", "preferences"), ("ctrl+question", "", "shortcuts")):
        model.key(action)
        model.wait(lambda: model.windows() > 1, screen)
        if title:
            model.fill(model.say(title))
        model.shoot(screen)
        model.key("Escape")
        model.wait(lambda: model.windows() == 1, "it to go")
    subprocess.run(["gdbus", "call", "--session", "--dest", APP_ID, "--object-path", "/" + APP_ID.replace(".", "/"), "--method",
                    "org.gtk.Actions.Activate", "about", "[]", "{}"], check=True, stdout=subprocess.DEVNULL,
                   env=model.environment, timeout=strata_gui.LIMIT_S)
    model.wait(lambda: model.windows() > 1, "about")
    model.shoot("about")
    model.key("Escape")
    model.wait(lambda: model.windows() == 1, "it to go")
    model.key("F10")
    model.shoot("menu")
    model.key("Escape")


def shoot_all(look, old_store):
    with Model(look) as model:
        model.put(old_store)  # links: nothing writes there
        for part in (shoot_migration, shoot_pages, shoot_sessions, shoot_dialogs):
            try:
                part(model)
            except strata_gui.Failure as failure:
                model.picture(f"failed-{part.__name__}-{look}")
                print(f"# {look}: {part.__name__}: {failure}", flush=True)


def make_empty_translation(folder):
    os.makedirs(os.path.join(folder, "ar", "LC_MESSAGES"), exist_ok=True)
    subprocess.run(["msgfmt", "-o", os.path.join(folder, "ar", "LC_MESSAGES", "strata.mo"), "-"], check=True, text=True,
                   input='msgid ""\nmsgstr "Language: ar\\nContent-Type: text/plain; charset=UTF-8\\n"\n')


def make_test(look, old_store):
    def test():
        shoot_first(look)
        shoot_unusable(look)
        shoot_all(look, old_store)
    test.__name__ = "test_" + look.replace("-", "_")
    return test


def main():
    folder = os.path.join(PICTURES, ".old")
    if not os.path.isdir(folder):
        make_old_store(folder)
    make_empty_translation(os.path.join(PICTURES, ".locale"))
    looks = [look for look in LOOKS if not any(word in LOOKS for word in WANTED) or look in WANTED]
    strata_gui.run([make_test(look, os.path.join(folder, "com.taskerino.desktop")) for look in looks])


main()
