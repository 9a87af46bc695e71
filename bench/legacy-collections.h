/* legacy-collections.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-session.h"
#include "legacy-writer.h"

G_BEGIN_DECLS

/**
 * LegacyStore:
 *
 * How much goes into one store. Sessions are added until there are
 * @n_sessions of them, or until their file has @total_bytes if that is not 0;
 * once they are saved @n_sessions says how many there are, and
 * @n_huge_screenshots how many the huge one has.
 */
typedef struct
{
  LegacyShape shape;
  LegacyForm  form;
  guint64     n_sessions;
  guint64     total_bytes;
  guint64     n_huge_screenshots;
} LegacyStore;

gboolean legacy_store_save_collections (LegacyStore  *self,
                                        const char   *db_path,
                                        GError      **error);

G_END_DECLS
