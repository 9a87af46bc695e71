/* strata-cache.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Between these two a bound can be set; it starts at the third. Bytes. */
#define STRATA_CACHE_LEAST_BYTES   (G_GUINT64_CONSTANT (16) * 1024 * 1024)
#define STRATA_CACHE_MOST_BYTES    (G_GUINT64_CONSTANT (4) * 1024 * 1024 * 1024)
#define STRATA_CACHE_DEFAULT_BYTES (G_GUINT64_CONSTANT (100) * 1024 * 1024)

#define STRATA_TYPE_CACHE (strata_cache_get_type ())

G_DECLARE_FINAL_TYPE (StrataCache, strata_cache, STRATA, CACHE, GObject)

StrataCache    *strata_cache_new                (void);

guint64         strata_cache_get_max_bytes      (StrataCache    *self);
void            strata_cache_set_max_bytes      (StrataCache    *self,
                                                 guint64         max_bytes);
GMemoryMonitor *strata_cache_get_memory_monitor (StrataCache    *self);
void            strata_cache_set_memory_monitor (StrataCache    *self,
                                                 GMemoryMonitor *monitor);

guint64         strata_cache_get_bytes          (StrataCache    *self);
guint           strata_cache_get_n_entries      (StrataCache    *self);
guint64         strata_cache_get_hits           (StrataCache    *self);
guint64         strata_cache_get_misses         (StrataCache    *self);
guint64         strata_cache_get_evictions      (StrataCache    *self);
double          strata_cache_get_hit_rate       (StrataCache    *self);

void            strata_cache_clear              (StrataCache    *self);

G_END_DECLS
