#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every odd old store there is becomes what its expect.json says, and stays as it was.

Usage: test-edge.py STRATACTL SOURCE-FOLDER [NAME…]
"""

import json
import os
import shutil
import sys

from e2e_util import Skip, Tap
from edge_old import Old, cases
from edge_util import Edge, folders

# These fill the list of cases
import edge_cases_copies  # noqa: F401
import edge_cases_files  # noqa: F401
import edge_cases_attachments  # noqa: F401
import edge_cases_sources  # noqa: F401


def check_folder(tap, program, name, folder):
    """A copy of a store that lies somewhere."""
    copy = os.path.join(tap.new_folder('old-' + name), name)
    shutil.copytree(folder, copy, symlinks=True)
    with open(os.path.join(folder, 'expect.json'), encoding='utf-8') as stream:
        Edge(tap, program, name, copy, json.load(stream)).check_all()


def skip(reason):
    raise reason


def check_made(tap, program, name, case, source):
    """A store that is made here."""
    old = Old(name, tap.new_folder('old-' + name), program, source)
    try:
        case(old)
    except Skip as reason:
        tap.check(name, skip, reason)
        return
    Edge(tap, program, name, old.folder, old.expect, old.legacy, old.command).check_all()


def main(program, source, *only):
    tap = Tap()
    program, source = os.path.abspath(program), os.path.abspath(source)
    for name, folder in folders(source).items():
        if not only or name in only:
            check_folder(tap, program, name, folder)
    for case in cases:
        name = 'made-' + case.__name__.replace('_', '-')
        if not only or name in only:
            check_made(tap, program, name, case, source)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
