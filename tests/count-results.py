#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads meson's testlog.json and closes with the plain line "N passed, N failed, N skipped".

Counts test functions where a program reports them (TAP), else the program itself.
What failed is named first, with what its program said of it: meson leaves that in its log.
"""
import json
import re
import sys


SAID_LINES = 12
SAID_CHARACTERS = 1000


def tell_failures(name, lines):
    """Each failed test, and the remarks around it."""
    for number, text in enumerate(lines):
        if not re.match(r"not ok\b", text):
            continue
        said = [line[:SAID_CHARACTERS] for line in lines[:number][-SAID_LINES:] + lines[number + 1:][:SAID_LINES] if line.startswith(("#", "not ok"))]
        print(f"{name}: {text}", *said, sep="\n  ")


def main(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            result = json.loads(line)
            lines = result.get("stdout", "").splitlines()
            ok = [text for text in lines if re.match(r"ok\b", text)]
            tell_failures(result["name"], lines)
            not_ok = [text for text in lines if re.match(r"not ok\b", text)]
            skips = [text for text in ok if re.search(r"#\s*SKIP\b", text, re.IGNORECASE)]
            bad = result["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
            if not ok and not not_ok and not bad:
                passed += 1
            passed += len(ok) - len(skips)
            skipped += len(skips)
            failed += len(not_ok) or (1 if bad else 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main(sys.argv[1]))
