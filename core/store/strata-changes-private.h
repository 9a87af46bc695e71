/* strata-changes-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* `changes.log`: one line per committed change,
 *
 *   <sequence> <what> <key> <sha256 of its metadata before its digest> <crc32 of the line before this>
 *
 * with single spaces, numbers in decimal, digests in hexadecimal. @what is
 * "session" or "collection". A line that is cut or has a wrong CRC can only be
 * the last one, left by a crash: it was never acknowledged, and goes.
 */

typedef struct
{
  guint64       sequence;
  gboolean      is_collection;
  char         *key;
  StrataDigest  digest;
} StrataChange;

void       _strata_change_free    (StrataChange  *change);

gboolean   _strata_changes_read   (int            dir,
                                   guint64        offset,
                                   GPtrArray     *changes,
                                   guint64       *out_end,
                                   GError       **error);
gboolean   _strata_changes_append (int            dir,
                                   GPtrArray     *changes,
                                   guint64       *out_end,
                                   GError       **error);

G_END_DECLS
