/* gate.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A disk that does not answer, and a clock that can be put on. The functions that stand for those of libc and GLib
 * are found first by libstrata because the program has them.
 */

/* From now on who reads a file below @folder waits. */
void gate_shut     (const char *folder);
void gate_open     (void);
/* Until somebody waits; runs the main context meanwhile. */
void gate_await    (void);

/* What libstrata takes for the time is @offset_us after the true one. */
void gate_set_time (gint64      offset_us);

G_END_DECLS
