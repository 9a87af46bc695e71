#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the benchmarks and prints their figures with the dataset, the machine and the commands.

Usage: run.py BUILD-FOLDER SCRATCH-FOLDER [--sessions N] [--json-megabytes N] [--store-sessions N] [--large-megabytes N]
              [--appends N] [--search-sessions N] [--only PART]
Every figure stands beside an alternative measured in the same run.
"""
import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import time

from search import bench_search


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def folder_bytes(path):
    return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(path) for name in names)


def anonymous_peak(process):
    """Highest anonymous memory of a process, in KiB, looked at fifty times a second until it ends."""
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
                for line in status:
                    if line.startswith("RssAnon:"):
                        peak = max(peak, int(line.split()[1]))
        except FileNotFoundError:
            break
        time.sleep(0.02)
    return peak


def timed(command, **options):
    print("$ " + " ".join(command))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    peak = anonymous_peak(process)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 1):
        sys.exit(f"it failed with exit status {process.returncode}")
    return wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, peak


def bench_json(build, megabytes):
    print("\n## JSON reader, beside yajl, jansson, json-glib and memcpy")
    sample = os.path.join("data", "sample", "com.taskerino.desktop", "db", "sessions.json")
    command = [os.path.join(build, "bench", "bench-json"), sample, "-m", str(megabytes)]
    print("$ " + " ".join(command), flush=True)
    subprocess.run(command, check=True)


def bench_migration(build, scratch, sessions):
    print("\n## Migration, verification included, beside cp -a and sync")
    old, store, copy = (os.path.join(scratch, name) for name in ("old", "store", "copy"))
    make = [os.path.join(build, "bench", "make-legacy"), "--output", old, "--sessions", str(sessions),
            "--image-every", "4", "--audio-every", "4"]
    print("$ " + " ".join(make))
    subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
    size = folder_bytes(old)
    print(f"dataset: {sessions} sessions, {size / 1e6:.1f} MB")
    rows = []
    for _ in range(3):
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(copy, ignore_errors=True)
        os.sync()
        rows.append(("strata", timed([os.path.join(build, "app", "stratactl"), "--store", store, "--quiet", "migrate", old])))
        os.sync()
        rows.append(("cp -a, sync", timed(["sh", "-c", f"cp -a '{old}' '{copy}' && sync"])))
    print(f"{'':14}{'wall s':>8}{'user s':>8}{'sys s':>8}{'MB/s':>8}{'anon MiB':>10}")
    for name, (wall, user, system, peak) in sorted(rows):
        print(f"{name:14}{wall:8.2f}{user:8.2f}{system:8.2f}{size / 1e6 / wall:8.0f}{peak / 1024:10.1f}")


def bench_store(build, scratch, sessions, megabytes):
    print("\n## Reading from a store")
    old, store = (os.path.join(scratch, name) for name in ("many", "many-store"))
    make = [os.path.join(build, "bench", "make-legacy"), "--output", old, "--sessions", str(sessions), "--screenshots", "2",
            "--audio", "1", "--text-scale", "0.05", "--image-every", "0", "--huge-session", f"{megabytes}M"]
    migrate = [os.path.join(build, "app", "stratactl"), "--store", store, "--quiet", "migrate", old]
    bench = [os.path.join(build, "bench", "bench-store"), store]
    for command in (make, migrate, bench):
        print("$ " + " ".join(command), flush=True)
        status = subprocess.run(command, stdout=None if command is bench else subprocess.DEVNULL, check=False).returncode
        if status not in (0, 1) or (status == 1 and command is not migrate):
            sys.exit(f"it failed with exit status {status}")


def bench_write(build, scratch, appends):
    print("\n## Writing to a store, beside a plain file")
    folder = os.path.join(scratch, "write")
    shutil.rmtree(folder, ignore_errors=True)
    command = [os.path.join(build, "bench", "bench-write"), folder, "--appends", str(appends)]
    print("$ " + " ".join(command), flush=True)
    subprocess.run(command, check=True)
    shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("scratch")
    parser.add_argument("--sessions", type=int, default=40)
    parser.add_argument("--json-megabytes", type=int, default=100)
    parser.add_argument("--store-sessions", type=int, default=10000)
    # Pretty-printed, as the old program does it: 66 are 50 of JSON
    parser.add_argument("--large-megabytes", type=int, default=66)
    # 100000 with every tenth picture are 2.2 GB, and wait for the disk as often
    parser.add_argument("--appends", type=int, default=100000)
    # 10000 have 940,000 moments and 960 MB of text; they take half an hour
    parser.add_argument("--search-sessions", type=int, default=500)
    parser.add_argument("--only", choices=("json", "migration", "store", "write", "search"))
    options = parser.parse_args()
    print("machine: " + machine())
    parts = {
        "json": lambda: bench_json(options.build, options.json_megabytes),
        "migration": lambda: bench_migration(options.build, options.scratch, options.sessions),
        "store": lambda: bench_store(options.build, options.scratch, options.store_sessions, options.large_megabytes),
        "write": lambda: bench_write(options.build, options.scratch, options.appends),
        "search": lambda: bench_search(options.build, options.scratch, options.search_sessions, timed),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()


main()
