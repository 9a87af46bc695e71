#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the window's main loop is held up while a migration runs at full speed, beside idle in the same run.

Usage: /usr/bin/python3 loop.py BUILD-FOLDER SCRATCH-FOLDER [SIZE]
SIZE is what make-legacy takes, 1G where it is not said. Needs what the tests of the window need."""
import array
import os
import platform
import shutil
import subprocess
import sys
import time

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(SOURCES, "tests", "gui"))
import strata_gui

BUILD, SCRATCH = (os.path.abspath(path) for path in sys.argv[1:3])
SIZE = sys.argv[3] if len(sys.argv) > 3 else "1G"
IDLE_S = 10


def process_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_quiet(pid):
    """Until the process has hardly worked for five seconds; looking at it otherwise would disturb it."""
    before = process_seconds(pid)
    while True:
        time.sleep(5)
        now = process_seconds(pid)
        if now - before < 1:
            return
        before = now


def percentile(values, share):
    return values[min(int(len(values) * share), len(values) - 1)] / 1000


def line(name, turns, start, end):
    chosen = [turn for turn in turns if start <= turn[0] <= end]
    wall = sorted(turn[1] for turn in chosen)
    cpu = sorted(turn[2] for turn in chosen)
    if not chosen:
        return f"{name:<12}   no turns"
    return (f"{name:<12} {len(chosen):>8} turns   on the wall p50 {percentile(wall, .5):6.2f}  p99 {percentile(wall, .99):7.2f}  "
            f"p99.9 {percentile(wall, .999):7.2f}  longest {wall[-1] / 1000:8.2f} ms   of the thread's own time "
            f"p99 {percentile(cpu, .99):6.2f}  p99.9 {percentile(cpu, .999):6.2f}  longest {cpu[-1] / 1000:7.2f} ms")


def read_turns(path):
    values = array.array("q")
    with open(path, "rb") as file:
        values.frombytes(file.read())
    return list(zip(values[0::3], values[1::3], values[2::3]))


def now_us():
    return time.monotonic_ns() // 1000


def measure():
    with strata_gui.Gui(os.path.join(BUILD, "app", "strata"), os.path.join(BUILD, "data"), os.path.join(SCRATCH, "pictures")) as person:
        data = person.path("home", "data")
        os.makedirs(data)
        subprocess.run([os.path.join(BUILD, "bench", "make-legacy"), "--output", data, "--total-bytes", SIZE, "--image-every", "0",
                        "--audio-every", "0"], check=True, stdout=subprocess.DEVNULL)
        turns = person.path("turns")
        person.start(LOOP_PROBE=turns, LD_PRELOAD=os.path.join(BUILD, "bench", "loop-probe.so"))
        person.click("push button", "Analyse")
        person.find("push button", "Start Migration")
        time.sleep(2)
        idle = now_us()
        time.sleep(IDLE_S)
        started = now_us()
        person.click("push button", "Start Migration")
        time.sleep(1)
        running = now_us()
        wait_until_quiet(person.process.pid)
        ended = now_us()
        load = os.getloadavg()
        person.find_any(("label", "Everything Is Here"), ("label", "Done, With Exceptions"))
        person.click("push button", "Close")
        person.end()
        values = read_turns(turns)
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {load[0]:.1f} (it has part in it); {SIZE} of old sessions, "
              f"{(ended - running) / 1e6 - 5:.0f} s")
        print(line("idle", values, idle, started))
        print(line("migrating", values, running, ended))
    shutil.rmtree(os.path.join(SCRATCH, "pictures"), ignore_errors=True)


def main():
    strata_gui.look_for_programs()
    if os.environ.get("STRATA_GUI_TEST") is None:
        os.makedirs(SCRATCH, exist_ok=True)
        environment = {**os.environ, "STRATA_GUI_TEST": "loop", "TMPDIR": SCRATCH}
        status = subprocess.run(["dbus-run-session", "--", sys.executable, "-B", *sys.argv], env=environment, check=False,
                                stderr=subprocess.DEVNULL).returncode
        sys.exit(status)
    measure()


main()
