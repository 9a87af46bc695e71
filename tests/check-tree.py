#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks over the tracked files: licence lines, layers between folders, unfinished marks, stray paths."""
import re
import subprocess
import sys

LAYERS = ["base", "json", "codec", "legacy", "store", "search", "maintenance", "migration"]
NO_LICENCE_LINE = re.compile(
    r"(^|/)(LICENSE|\.gitignore)$|\.(json|dat|mp4|jpg|png|txt|md|svg|xml|po|pot|webp)$|^tests/data/|^data/sample/|LINGUAS|POTFILES")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|[Nn]ot (yet )?implemented")
STRAY = re.compile(r"(^|[\s\"'=(])/(work|root|home)/")


def tracked():
    return subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True,
                          text=True).stdout.rstrip("\0").split("\0")


def problems(path):
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return
    if path.startswith(("tests/data/", "data/sample/", "bench/words.txt")) or path.endswith("LICENSE"):
        return
    if not NO_LICENCE_LINE.search(path) and "SPDX-License-Identifier" not in text[:600]:
        yield "no SPDX-License-Identifier line"
    if path != "tests/check-tree.py":
        if UNFINISHED.search(text):
            yield "an unfinished mark: " + UNFINISHED.search(text).group(0)
        if STRAY.search(text):
            yield "an absolute path of somebody's machine"
    layer = re.match(r"core/(\w+)/", path)
    if layer and path.endswith((".c", ".h")):
        if "LGPL-2.1-or-later" not in text[:600]:
            yield "core/ is LGPL-2.1-or-later"
        if re.search(r"#include [<\"](gtk|adwaita)", text):
            yield "core/ never includes GTK"
        allowed = LAYERS[:LAYERS.index(layer.group(1)) + 1]
        for used in re.findall(r'#include "(\w+)/', text):
            if used in LAYERS and used not in allowed:
                yield f"{layer.group(1)}/ uses {used}/, which stands above it"
    if re.match(r"(app|ui)/", path) and re.search(r'#include ".*-private\.h"', text):
        if not re.search(r'#include "strata(ctl|-app)[\w-]*-private\.h"', text):
            yield "app/ and ui/ use only core's public headers"


def main():
    found = [f"{path}: {problem}" for path in tracked() for problem in problems(path)]
    print("\n".join(found) or "tree: nothing to complain about")
    return 1 if found else 0


sys.exit(main())
