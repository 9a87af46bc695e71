/* strata-webkit-foreign-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-webkit-strings-private.h"

G_BEGIN_DECLS

/* Passing over what has no place in JSON: files, typed arrays, keys … */
typedef struct
{
  /* Borrowed */
  StrataByteWindow    *window;
  StrataWebkitStrings *strings;
  StrataWebkitPool    *objects;

  guint32              version;   /* of the serialization, without the minor one */
  guint32              n_images;  /* met so far */
} StrataWebkitForeign;

/* The window is past the value's tag, which is of the class FOREIGN, but neither
 * a map nor a set. Strings and objects in it are met. What can be of several
 * lengths, with nothing to tell which, is STRATA_ERROR_DAMAGED_DATA.
 */
gboolean _strata_webkit_foreign_pass        (StrataWebkitForeign  *self,
                                             guint8                tag,
                                             GCancellable         *cancellable,
                                             GError              **error);
/* Behind an Error: goes past its cause. Whether one was written can't be told
 * from the version, only from what follows.
 */
gboolean _strata_webkit_foreign_pass_cause  (StrataWebkitForeign  *self,
                                             GCancellable         *cancellable,
                                             GError              **error);
/* Goes past a string. */
gboolean _strata_webkit_foreign_pass_string (StrataWebkitForeign  *self,
                                             GCancellable         *cancellable,
                                             GError              **error);

G_END_DECLS
