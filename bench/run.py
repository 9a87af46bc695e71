#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the benchmarks and prints their figures with the dataset, the machine and the commands.

Usage: run.py BUILD-FOLDER SCRATCH-FOLDER [--sessions N] [--sample FOLDER] [--json-megabytes N] [--store-sessions N] [--large-megabytes N]
              [--appends N] [--search-sessions N] [--codec-sessions N] [--background-sessions N] [--only PART]
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

from migration import bench_migration
from search import bench_search

SAMPLE = os.path.join("data", "sample")


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


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


def timed(command, stdout=subprocess.DEVNULL, **options):
    print("$ " + " ".join(command))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=stdout, **options)
    peak = anonymous_peak(process)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 1):
        sys.exit(f"it failed with exit status {process.returncode}")
    return wall, after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime, peak


def bench_json(build, megabytes):
    print("\n## JSON reader, beside yajl, jansson, json-glib and memcpy")
    sessions = os.path.join(SAMPLE, "com.taskerino.desktop", "db", "sessions.json")
    command = [os.path.join(build, "bench", "bench-json"), sessions, "-m", str(megabytes)]
    print("$ " + " ".join(command), flush=True)
    subprocess.run(command, check=True)


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


def processor_seconds(command):
    """What it took, and what its children did; 0 where it is not installed."""
    if shutil.which(command[0]) is None:
        return 0.0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_other(name, before, after, packing):
    if packing > 0:
        print(f"{name:28}{before / 1e6:10.2f}{100 * after / before:10.1f}{before / 1e6 / packing:10.1f}{'':>12}", flush=True)
    else:
        print(f"{name:28} is not installed")


def bench_codec(build, scratch, sessions):
    """Parts and images of a store as files in one folder: packed by us, and by the programs that everybody has."""
    print("\n## Compression, one thread, processor time, beside gzip, zstd and cwebp")
    old, store, files = (os.path.join(scratch, name) for name in ("pack", "pack-store", "pack-files"))
    make = [os.path.join(build, "bench", "make-legacy"), "--output", old, "--sessions", str(sessions), "--image-every", "12"]
    migrate = [os.path.join(build, "app", "stratactl"), "--store", store, "--quiet", "migrate", old]
    for command in (make, migrate):
        print("$ " + " ".join(command), flush=True)
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode not in (0, 1):
            sys.exit("it failed")
    os.makedirs(files)
    for root, _, names in os.walk(store):
        for name in names:
            if name.endswith((".json", ".jpg")) and not name.endswith("metadata.json"):
                shutil.copy(os.path.join(root, name), os.path.join(files, f"{len(os.listdir(files))}-{name}"))
    parts = [os.path.join(files, name) for name in os.listdir(files) if name.endswith(".json")]
    images = [os.path.join(files, name) for name in os.listdir(files) if name.endswith(".jpg")]
    text_bytes, image_bytes = sum(map(os.path.getsize, parts)), sum(map(os.path.getsize, images))
    print(f"dataset: {len(parts)} parts, {text_bytes / 1e6:.1f} MB; {len(images)} screenshots, {image_bytes / 1e6:.1f} MB")
    command = [os.path.join(build, "bench", "bench-codec"), files]
    print("$ " + " ".join(command))
    print(f"{'':28}{'MB':>10}{'%':>10}{'MB/s':>10}{'back MB/s':>12}", flush=True)
    subprocess.run(command, check=True)
    for name, suffix, other in (("gzip -6", ".gz", ["gzip", "-6", "-k", *parts]), ("zstd -3", ".zst", ["zstd", "-3", "-q", "-k", *parts])):
        seconds = processor_seconds(other)
        after = sum(os.path.getsize(path + suffix) for path in parts if os.path.exists(path + suffix))
        print_other(name, text_bytes, after, seconds)
    seconds = sum(processor_seconds(["cwebp", "-quiet", "-q", "80", path, "-o", path + ".webp"]) for path in images)
    print_other("cwebp -q 80", image_bytes, sum(os.path.getsize(path + ".webp") for path in images if os.path.exists(path + ".webp")), seconds)


def bench_background(build, scratch, sessions):
    """What else a program does, by turns alone and beside a compressor; once with text only, once with screenshots too."""
    print("\n## Everything else, while a store is compressed in the background")
    old, store = (os.path.join(scratch, name) for name in ("beside", "beside-store"))
    make = [os.path.join(build, "bench", "make-legacy"), "--output", old, "--sessions", str(sessions), "--image-every", "40",
            "--audio-every", "0"]
    migrate = [os.path.join(build, "app", "stratactl"), "--store", store, "--quiet", "migrate", old]
    for command in (make, migrate):
        print("$ " + " ".join(command), flush=True)
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode not in (0, 1):
            sys.exit("it failed")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt"), encoding="utf-8") as stream:
        lines = [line.split() for line in stream if line[0].isdigit()]
    words = "".join(line[1] + "\n" for line in lines[20:200])
    for options in ([], ["--webp"]):
        command = [os.path.join(build, "bench", "bench-background"), store, *options]
        print("$ " + " ".join(command) + " < WORDS", flush=True)
        subprocess.run(command, check=True, input=words.encode())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("scratch")
    # With these, 1 GB, most of it pictures
    parser.add_argument("--sessions", type=int, default=150)
    # Another old store, as it is
    parser.add_argument("--sample", default=SAMPLE)
    parser.add_argument("--json-megabytes", type=int, default=100)
    parser.add_argument("--store-sessions", type=int, default=10000)
    # Pretty-printed, as the old program does it: 66 are 50 of JSON
    parser.add_argument("--large-megabytes", type=int, default=66)
    # 100000 with every tenth picture are 2.2 GB, and wait for the disk as often
    parser.add_argument("--appends", type=int, default=100000)
    # 10000 have 940,000 moments and 960 MB of text; they take half an hour
    parser.add_argument("--search-sessions", type=int, default=500)
    parser.add_argument("--codec-sessions", type=int, default=8)
    parser.add_argument("--background-sessions", type=int, default=150)
    parser.add_argument("--only", choices=("json", "migration", "codec", "store", "write", "background", "search"))
    options = parser.parse_args()
    print("machine: " + machine())
    parts = {
        "json": lambda: bench_json(options.build, options.json_megabytes),
        "migration": lambda: bench_migration(options.build, options.scratch, options.sessions, options.sample, timed),
        "codec": lambda: bench_codec(options.build, options.scratch, options.codec_sessions),
        "store": lambda: bench_store(options.build, options.scratch, options.store_sessions, options.large_megabytes),
        "write": lambda: bench_write(options.build, options.scratch, options.appends),
        "background": lambda: bench_background(options.build, options.scratch, options.background_sessions),
        "search": lambda: bench_search(options.build, options.scratch, options.search_sessions, timed),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()


main()
