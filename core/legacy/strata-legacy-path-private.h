/* strata-legacy-path-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a recorded path means for the store at hand. Nothing is looked at. */
typedef enum
{
  STRATA_LEGACY_PATH_NOWHERE, /* it names no file that may be an attachment's */
  STRATA_LEGACY_PATH_OUTSIDE, /* it points outside of the store */
  STRATA_LEGACY_PATH_INSIDE,  /* it is right as it stands */
  STRATA_LEGACY_PATH_MOVED,   /* it was right where the store once lay */
} StrataLegacyPathKind;

/* @out_path: below the store, for the last two; (transfer full) */
StrataLegacyPathKind _strata_legacy_path_resolve (const char  *recorded,
                                                  const char  *store_path,
                                                  char       **out_path);

G_END_DECLS
