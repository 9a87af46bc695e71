#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a test program where there is a display and a bus that nobody else has. Arguments: the settings' folder, the
program and its arguments."""
import os
import subprocess
import sys
import tempfile

import strata_gui

strata_gui.look_for_programs()
with tempfile.TemporaryDirectory(prefix="strata-gui-") as folder:
    display = strata_gui.Display(folder, 1280, 800)
    environment = {**os.environ, "DISPLAY": display.name, "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
                   "GTK_A11Y": "test", "GSETTINGS_BACKEND": "memory", "GSETTINGS_SCHEMA_DIR": sys.argv[1],
                   "XDG_RUNTIME_DIR": folder, "LC_ALL": "C.UTF-8"}
    environment.pop("WAYLAND_DISPLAY", None)
    status = subprocess.run(["dbus-run-session", "--", *sys.argv[2:]], env=environment, check=False).returncode
    display.close()
sys.exit(status if status >= 0 else 1)
