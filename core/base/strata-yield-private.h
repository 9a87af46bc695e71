/* strata-yield-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Why work in the background lets others go first */
typedef enum
{
  STRATA_YIELD_SPACE = 1 << 0,        /* little is left of the file system */
  STRATA_YIELD_MEMORY = 1 << 1,       /* so it is of memory, or was just now */
  STRATA_YIELD_BATTERY = 1 << 2,
  STRATA_YIELD_POWER_SAVER = 1 << 3,
  STRATA_YIELD_BUSY = 1 << 4,         /* somebody works at the machine */
} StrataYield;

/* StrataYielder knows when work in the background should wait. It looks for what it was
 * told to look for, nothing else: monitors of GLib, UPower and logind on the system bus
 * (where there are none, nobody is waited for), and the file system.
 *
 * Load is not looked at: the work's own could not be told from others'. That somebody
 * works at the machine is told by input.
 *
 * Threads: any; asking may wait for the bus, at most a second.
 */
typedef struct _StrataYielder StrataYielder;

/* @memory_us: for so long memory is taken for short after a warning: nobody says when it is over */
StrataYielder *_strata_yielder_new          (gint64                memory_us);
void           _strata_yielder_free         (StrataYielder        *self);

/* (nullable) each */
void           _strata_yielder_watch_power  (StrataYielder        *self,
                                             GPowerProfileMonitor *monitor);
void           _strata_yielder_watch_memory (StrataYielder        *self,
                                             GMemoryMonitor       *monitor);
void           _strata_yielder_watch_battery (StrataYielder       *self,
                                             gboolean              watch);
void           _strata_yielder_watch_input  (StrataYielder        *self,
                                             gboolean              watch);
/* @min_free: in bytes; 0: as long as there is any */
void           _strata_yielder_set_min_free (StrataYielder        *self,
                                             guint64               min_free);

/* @dir: a folder of the file system that is written to; -1: none yet
 *
 * Returns: StrataYield, 0: no need to wait
 */
guint          _strata_yielder_look         (StrataYielder        *self,
                                             int                   dir);

/* Whether the machine runs on its battery, as UPower says. Waits for it up to a second.
 * @bus: (nullable): the system's; without it, or UPower: no
 */
gboolean       _strata_battery_is_used      (GDBusConnection      *bus);

/* `space`, `memory`, `battery`, `power-saver`, `busy`: the one that weighs most; %NULL: none */
const char    *_strata_yield_get_name       (guint                 yields);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataYielder, _strata_yielder_free)

G_END_DECLS
