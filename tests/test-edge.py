#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every odd old store there is becomes what its expect.json says, and stays as it was.

Usage: test-edge.py STRATACTL SOURCE-FOLDER [NAME…]
"""

import json
import os
import shutil
import sys

from e2e_util import Tap
from edge_util import Edge, folders


def check_folder(tap, program, name, folder):
    """A copy of a store that lies somewhere."""
    copy = os.path.join(tap.new_folder('old-' + name), name)
    shutil.copytree(folder, copy, symlinks=True)
    with open(os.path.join(folder, 'expect.json'), encoding='utf-8') as stream:
        Edge(tap, program, name, copy, json.load(stream)).check_all()


def main(program, source, *only):
    tap = Tap()
    program = os.path.abspath(program)
    for name, folder in folders(os.path.abspath(source)).items():
        if not only or name in only:
            check_folder(tap, program, name, folder)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
