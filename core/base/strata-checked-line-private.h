/* strata-checked-line-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Lines for people with a CRC-32 at their end, so that damage is noticed:
 *
 *   <text> <8 hex>\n
 */

/* (transfer full): @text as such a line; line feeds in it become spaces */
char     *_strata_checked_line_make        (const char *text);

/* Whether a line, @length without its line feed, has its CRC. @out_length: of its text */
gboolean  _strata_checked_line_is_whole    (const char *line,
                                            gsize       length,
                                            gsize      *out_length);

/* Whether all lines have. What a crash leaves at the end, where a line was not written to its
 * end, is no damage, nor are lines none of which has a CRC, from before there were any.
 */
gboolean  _strata_checked_lines_are_whole  (const char *text,
                                            gsize       size);

G_END_DECLS
