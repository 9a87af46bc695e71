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
 * "session", "collection", "tail" (the session has begun to grow; its metadata
 * are what they were) or "deleted" (the session went to the trash). A crash
 * leaves lines that are cut, or have a wrong CRC, only at the end: they were
 * never acknowledged, and go. A power cut may also lose lines of a commit and
 * keep later ones of it: then all that is behind the lost ones was never
 * acknowledged either, and stands in an intent. Anything else in the middle is damage.
 */

typedef struct
{
  guint64       sequence;
  gboolean      is_collection;
  gboolean      is_tail;
  gboolean      is_deleted;
  char         *key;
  StrataDigest  digest;
} StrataChange;

StrataChange *
           _strata_change_new     (const char          *key,
                                   const StrataDigest  *digest);
void       _strata_change_free    (StrataChange  *change);

gboolean   _strata_changes_read   (int            dir,
                                   guint64        offset,
                                   GPtrArray     *changes,
                                   guint64       *out_end,
                                   GError       **error);
/* Where the last whole line ends, looked for from the end: further on than
 * reading goes when a line in the middle is damaged.
 */
gboolean   _strata_changes_find_end (int         dir,
                                   guint64      *out_end,
                                   GError      **error);
gboolean   _strata_changes_append (int            dir,
                                   GPtrArray     *changes,
                                   guint64       *out_end,
                                   GError       **error);
/* Appends to @changes every line that is whole, wherever it stands. @out_n_damaged: how many are not,
 * what a crash leaves at the end excepted
 */
gboolean   _strata_changes_salvage (int           dir,
                                   GPtrArray     *changes,
                                   guint         *out_n_damaged,
                                   GError       **error);
/* Replaces the log by one of @changes, numbered anew: whole, or not at all. @temporary: a path
 * where no file is yet. Called with the store's lock held.
 */
gboolean   _strata_changes_replace (int           dir,
                                   const char    *temporary,
                                   GPtrArray     *changes,
                                   GError       **error);
/* Cuts off what a power cut left of the lines of commits that were going on;
 * @intents names them. Damage stays. Called with the store's lock held.
 */
gboolean   _strata_changes_cut_torn (int          dir,
                                   const char    *intents,
                                   GError       **error);

G_END_DECLS
