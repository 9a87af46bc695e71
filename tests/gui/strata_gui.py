# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the window as a person with a screen reader would, in a session of its own: a bus, a display, a home.

What is done waits for what is to be seen, up to a limit, and never for a time. Each step can leave a picture.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

LIMIT_S = 60 * int(os.environ.get("MESON_TEST_TIMEOUT_MULTIPLIER", "1") or 1)
SKIPPED = 77
NEEDED = ["dbus-run-session", "Xvfb", "import", "xdotool"]


class Failure(Exception):
    """What was to be seen was not."""


class Skip(Exception):
    """It can't be tried here."""


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def look_for_programs():
    """Says why when something is missing."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        skip_all("not installed: " + ", ".join(missing))
    try:
        import gi
        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError) as error:
        skip_all(f"no accessibility bindings for Python: {error}")


class Display:
    """An X server nobody sees, of a size."""

    def __init__(self, folder, width, height):
        read_fd, write_fd = os.pipe()
        self.log = open(os.path.join(folder, "xvfb.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[write_fd], stdout=self.log, stderr=self.log)
        os.close(write_fd)
        with os.fdopen(read_fd) as answer:
            number = answer.readline().strip()
        if not number:
            raise Failure("Xvfb did not start: see " + self.log.name)
        self.name = ":" + number

    def picture(self, path):
        subprocess.run(["import", "-display", self.name, "-window", "root", path], check=True, timeout=LIMIT_S)

    def environment(self):
        return {"DISPLAY": self.name, "GDK_BACKEND": "x11"}

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class WaylandDisplay:
    """A compositor nobody sees, of a size. It has no pictures and no keys."""

    def __init__(self, folder, width, height):
        self.name = "strata"
        self.log = open(os.path.join(folder, "weston.log"), "w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["weston", "--backend=headless-backend.so", "--socket=" + self.name, f"--width={width}", f"--height={height}",
             "--idle-time=0", "--no-config"], stdout=self.log, stderr=self.log)

    def is_there(self):
        return os.path.exists(os.path.join(os.environ["XDG_RUNTIME_DIR"], self.name))

    def environment(self):
        return {"WAYLAND_DISPLAY": self.name, "GDK_BACKEND": "wayland"}

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Gui:
    """One person's session: a home that is empty, a display, and the program when it was started."""

    def __init__(self, program, schemas, pictures, width=1024, height=768, wayland=False):
        if wayland and shutil.which("weston") is None:
            raise Skip("weston is not installed")
        self.program = program
        self.pictures = pictures
        self.on_x11 = not wayland
        self.folder = tempfile.mkdtemp(prefix="strata-gui-")
        self.display = (WaylandDisplay if wayland else Display)(self.folder, width, height)
        self.process = None
        self.under = []  # a program that starts it and watches it, without being its parent
        self.errors = os.path.join(self.folder, "errors")
        os.makedirs(pictures, exist_ok=True)
        os.mkdir(self.path("home"))
        self.environment = dict(os.environ)
        self.environment.pop("GTK_A11Y", None)
        self.environment.pop("WAYLAND_DISPLAY", None)
        self.environment.pop("DISPLAY", None)
        self.environment.update(self.display.environment())
        self.environment.update({
            "GSK_RENDERER": "cairo", "GSETTINGS_BACKEND": "memory",
            "GSETTINGS_SCHEMA_DIR": schemas, "LC_ALL": "C.UTF-8",
            "HOME": self.path("home"), "XDG_DATA_HOME": self.path("home", "data"),
            "XDG_CONFIG_HOME": self.path("home", "config"), "XDG_CACHE_HOME": self.path("home", "cache"),
            "GTK_USE_PORTAL": "0", "NO_AT_BRIDGE": "0", "G_DEBUG": "fatal-criticals",
        })
        os.environ.update(self.display.environment())
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib
        self.Atspi, self.GLib = Atspi, GLib
        Atspi.init()
        if wayland:
            self.wait(self.display.is_there, "weston")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            try:
                self.picture("failed")
                print("\n".join("# " + line for line in self.describe()))
            except Exception as error:  # the picture is only there to help
                print(f"# no picture of the failure: {error}")
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        if kind is not None and os.path.exists(self.errors):
            with open(self.errors, encoding="utf-8", errors="replace") as errors:
                print("".join("# " + line for line in errors.readlines()[-60:]))
        self.display.close()
        complaints = self.complaints()
        subprocess.run(["chmod", "-R", "u+rwX", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None and complaints:
            raise Failure("the program complained: " + "".join(complaints))

    def complaints(self):
        """What the program, GTK or a sanitizer said was wrong; of what is critical the program dies."""
        if not os.path.exists(self.errors):
            return []
        with open(self.errors, encoding="utf-8", errors="replace") as errors:
            return [line for line in errors if
                    ("CRITICAL **" in line or "ERROR: " in line or "runtime error:" in line or
                     ("WARNING **" in line and "strata-" in line))]

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # The program

    def start(self, *arguments, **environment):
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen([*self.under, self.program, *arguments],
                                            env={**self.environment, **environment}, stdout=errors, stderr=errors)

    def start_second(self, *arguments):
        """Starts it again while it runs: it hands over, and ends."""
        with open(self.errors, "ab") as errors:
            status = subprocess.run([self.program, *arguments], env=self.environment, stdout=errors, stderr=errors,
                                    timeout=LIMIT_S, check=False).returncode
        if status != 0:
            raise Failure(f"the second one ended with {status}")

    def end(self):
        """Waits for the program to end by itself, well."""
        self.wait(lambda: self.process.poll() is not None, "the program to end")
        if self.process.returncode != 0:
            raise Failure(f"it ended with {self.process.returncode}")
        self.process = None

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    # Waiting

    def wait(self, look, what):
        """Looks until there is something, and returns it. Between two looks the main context runs."""
        found = [look()]
        if found[0]:
            return found[0]
        loop = self.GLib.MainLoop()

        def again():
            found[0] = look()
            if found[0]:
                loop.quit()
                return False
            if self.process is not None and self.process.poll() is not None:
                found[0] = look()
                loop.quit()
                return False
            return True

        def give_up():
            loop.quit()
            return False

        again_source = self.GLib.timeout_add(50, again)
        limit_source = self.GLib.timeout_add_seconds(LIMIT_S, give_up)
        loop.run()
        for source in (again_source, limit_source):
            if self.GLib.MainContext.default().find_source_by_id(source):
                self.GLib.source_remove(source)
        if not found[0]:
            ended = "" if self.process is None or self.process.poll() is None else \
                f"; the program ended with {self.process.returncode}"
            raise Failure(f"waited for {what}{ended}")
        return found[0]

    # The accessible tree

    def application(self):
        desktop = self.Atspi.get_desktop(0)
        desktop.clear_cache()
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and self.process is not None and child.get_process_id() == self.process.pid:
                return child
        return None

    def walk(self, node=None, depth=0):
        node = node or self.application()
        if node is None:
            return
        try:
            node.clear_cache()
            yield node, depth
            count = node.get_child_count()
        except self.GLib.Error:
            return
        for i in range(count):
            try:
                child = node.get_child_at_index(i)
            except self.GLib.Error:
                continue
            if child is not None:
                yield from self.walk(child, depth + 1)

    def is_shown(self, node):
        try:
            extents = node.get_component_iface().get_extents(self.Atspi.CoordType.WINDOW)
            return extents.width > 0 and extents.height > 0 and node.get_state_set().contains(self.Atspi.StateType.VISIBLE)
        except (self.GLib.Error, AttributeError):
            return False

    def look(self, role, name, shown=True):
        for node, _depth in self.walk():
            try:
                if node.get_role_name() == role and name in (node.get_name() or "") and (not shown or self.is_on(node)):
                    return node
            except self.GLib.Error:
                continue
        return None

    def is_on(self, node):
        """Whether it and everything it is in is to be seen."""
        while node is not None and node.get_role_name() not in ("frame", "application", "dialog", "window"):
            if not node.get_state_set().contains(self.Atspi.StateType.VISIBLE):
                return False
            node = node.get_parent()
        return True

    def find(self, role, name):
        return self.wait(lambda: self.look(role, name), f"{role} “{name}”")

    def find_any(self, *pairs):
        return self.wait(lambda: next((pair for pair in pairs if self.look(*pair)), None),
                         " or ".join(f"{role} “{name}”" for role, name in pairs))

    def gone(self, role, name):
        self.wait(lambda: not self.look(role, name), f"{role} “{name}” to go")

    def expect_no(self, role, name):
        if self.look(role, name):
            raise Failure(f"there is a {role} “{name}”")

    def click(self, role, name):
        node = self.wait(lambda: self.sensitive(role, name), f"{role} “{name}” to click")
        self.act(node)

    def answer(self, name):
        """Answers a dialog, and waits until it is gone: another may come that has a button of that name."""
        if not self.on_x11:
            self.click("push button", name)
            self.gone("push button", name)
            return
        self.find("push button", name)
        before = self.wait(lambda: max(self.windows() - 1, 0), "the dialog to come up") + 1
        self.click("push button", name)
        self.wait(lambda: self.windows() < before, "the dialog to go")

    def windows(self):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(self.process.pid)], check=False,
                               env=self.environment, capture_output=True, text=True, timeout=LIMIT_S)
        return len(found.stdout.split())

    def sensitive(self, role, name):
        node = self.look(role, name)
        return node if node is not None and node.get_state_set().contains(self.Atspi.StateType.SENSITIVE) else None

    def act(self, node):
        actions = node.get_action_iface()
        for i in range(actions.get_n_actions() if actions else 0):
            if actions.get_action_name(i) in ("click", "clicked", "activate", "toggle", "press"):
                actions.do_action(i)
                return
        raise Failure(f"{node.get_role_name()} “{node.get_name()}” can't be clicked")

    def value(self, role, name):
        return self.find(role, name).get_value_iface().get_current_value()

    def key(self, *names, window="Strata"):
        """Keys go to the window: rows of a list have no action of their own in this GTK. @window: its title; None: the
        one that came last"""
        which = ["--name", window] if window is not None else ["--pid", str(self.process.pid)]
        found = subprocess.run(["xdotool", "search", "--onlyvisible", *which], stdout=subprocess.PIPE, text=True,
                               check=True, timeout=LIMIT_S, env=self.environment).stdout.split()
        chosen = found[0] if window is not None else max(found, key=int)
        subprocess.run(["xdotool", "windowfocus", chosen, "key", "--clearmodifiers", *names], check=True, timeout=LIMIT_S,
                       env=self.environment)

    def type_into(self, role, name, text):
        self.find(role, name).get_editable_text_iface().set_text_contents(text)

    def describe(self):
        """The tree, line by line, of what is to be seen and has a name."""
        for node, depth in self.walk():
            try:
                name = node.get_name() or ""
                if name and self.is_on(node):
                    yield "  " * depth + f"{node.get_role_name()} “{name}”"
            except self.GLib.Error:
                continue

    def unnamed(self):
        """Controls that a screen reader would have nothing to say of."""
        roles = ("push button", "toggle button", "check box", "entry", "slider", "spin button", "combo box",
                 "progress bar", "image")
        for node, _depth in self.walk():
            try:
                if node.get_role_name() in roles[:-1] and not (node.get_name() or "").strip() and self.is_on(node):
                    parent = node.get_parent()
                    yield f"{node.get_role_name()} in {parent.get_role_name()} “{parent.get_name()}”"
            except self.GLib.Error:
                continue

    def picture(self, name):
        """Leaves a picture once nothing moves any more: two in a row are the same."""
        if not self.on_x11:
            return None
        path = os.path.join(self.pictures, name + ".png")
        last = [None]

        def still():
            self.display.picture(path)
            with open(path, "rb") as file:
                now = pixels(file.read())
            was, last[0] = last[0], now
            return was == now

        try:
            self.wait(still, "the window to stand still")
        except Failure:
            pass  # something turns; the last picture will do
        return path


def pixels(png):
    """The picture without the time it was taken, which is in chunks of text."""
    parts, at = [], 8
    while at + 8 <= len(png):
        length = int.from_bytes(png[at:at + 4], "big")
        if png[at + 4:at + 8] in (b"IHDR", b"IDAT", b"PLTE"):
            parts.append(png[at + 8:at + 8 + length])
        at += 12 + length
    return b"".join(parts)


def run_one(test):
    """In a process whose session is this test's alone"""
    try:
        test()
    except Skip as reason:
        print(reason, flush=True)
        sys.exit(SKIPPED)
    except Exception:
        print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), flush=True)
        sys.exit(1)
    sys.exit(0)


def run(tests):
    """Runs functions as TAP, each in a session of its own; their names are what they promise. With STRATA_GUI_ONLY
    those it is part of."""
    chosen = os.environ.get("STRATA_GUI_TEST")
    if chosen is not None:
        run_one(next(test for test in tests if test.__name__ == chosen))
    look_for_programs()
    tests = [test for test in tests if os.environ.get("STRATA_GUI_ONLY", "") in test.__name__]
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", "-")
        with tempfile.TemporaryDirectory(prefix="strata-gui-run-") as runtime:
            result = subprocess.run(["dbus-run-session", "--", sys.executable, "-B", *sys.argv], text=True, errors="replace",
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
                                    env={**os.environ, "STRATA_GUI_TEST": test.__name__, "XDG_RUNTIME_DIR": runtime})
        if result.returncode == SKIPPED:
            print(f"ok {number} {name} # SKIP {result.stdout.strip().splitlines()[-1]}", flush=True)
            continue
        if result.returncode != 0:
            failed += 1
            print(result.stdout)
        print(("not ok" if result.returncode else "ok") + f" {number} {name}", flush=True)
    sys.exit(1 if failed else 0)
