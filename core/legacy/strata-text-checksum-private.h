/* strata-text-checksum-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* StrataTextChecksum is the old program's checksum of a text: h = h*31 + c over
 * its UTF-16 code units, in 32 bits. A value type; all zero is that of nothing.
 * Takes UTF-8 in pieces that may be cut anywhere.
 */
typedef struct
{
  guint32 hash;
  guint32 character;     /* of a character not whole yet */
  guint   bytes_missing;
  guint   spaces_missing;
} StrataTextChecksum;

void  _strata_text_checksum_update   (StrataTextChecksum       *self,
                                      const void               *text,
                                      gsize                     size);
/* The same for JSON text that stands deeper in other JSON text: without the first
 * @indentation spaces of every line but the first, as JSON.stringify (x, null, 2)
 * wrote it alone. For one text always this one or always the other.
 */
void  _strata_text_checksum_update_indented
                                     (StrataTextChecksum       *self,
                                      const void               *text,
                                      gsize                     size,
                                      guint                     indentation);
/* As JavaScript writes it: signed, in base 36. */
char *_strata_text_checksum_dup_text (const StrataTextChecksum *self);

G_END_DECLS
