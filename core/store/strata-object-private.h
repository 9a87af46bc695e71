/* strata-object-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* What an object's bytes say they are. */
typedef struct
{
  const char *extension;  /* "jpg", … "bin" */
  const char *mime;       /* NULL where the bytes do not tell */
} StrataContentType;

const StrataContentType *_strata_content_type_of (const void         *head,
                                                  gsize               size);
/* What the objects with that extension are; %NULL: that does not tell */
const char              *_strata_content_mime_of_extension (const char *extension);

/* `attachments/<ab>/<sha256>.<ext>` */
char                    *_strata_object_dup_path (const StrataDigest *digest,
                                                  const char         *extension);

/* `trash/attachments~<ab>~<sha256>.<ext>`: where it is after nothing needed it any more */
char                    *_strata_object_dup_trash_path (const StrataDigest *digest,
                                                  const char         *extension);
/* Takes the name of an object's file apart: `<sha256>.<ext>`. @out_extension is in @name. */
gboolean                 _strata_object_parse_name (const char       *name,
                                                  StrataDigest       *out_digest,
                                                  const char        **out_extension);

/* As many bytes of the start as _strata_content_type_of() looks at */
#define STRATA_CONTENT_HEAD 64

G_END_DECLS
