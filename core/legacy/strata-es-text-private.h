/* strata-es-text-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* JSON text spelled as ECMAScript's JSON.stringify spells it, to the byte: UTF-8,
 * the short escapes where there are any, \u00xx in lower case for other control
 * characters, \udxxx for a surrogate that stands alone, and numbers with as few
 * digits as tell them from their neighbours.
 */

/* NaN and the infinities become null, -0 becomes 0. */
void    _strata_es_append_number (GByteArray   *out,
                                  double        value);

/* A date as its toISOString() in quotes; @ms: milliseconds since 1970, UTC. One that is none becomes null. */
void    _strata_es_append_date   (GByteArray   *out,
                                  double        ms);

/* What stands between the quotes for @size characters of ISO 8859-1. */
void    _strata_es_append_latin1 (GByteArray   *out,
                                  const guint8 *bytes,
                                  gsize         size);

/* The same for @n_units of UTF-16, little-endian. @high: 0 at first; keeps a high
 * surrogate at the end of a piece until the next shows what follows.
 */
void    _strata_es_append_utf16  (GByteArray   *out,
                                  const guint8 *bytes,
                                  gsize         n_units,
                                  guint16      *high);
/* After the last piece. */
void    _strata_es_finish_utf16  (GByteArray   *out,
                                  guint16      *high);

G_END_DECLS
