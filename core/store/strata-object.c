/* strata-object.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-object-private.h"

typedef struct
{
  gsize              offset;
  const char        *bytes;
  gsize              length;
  StrataContentType  type;
} Signature;

/* The first that fits wins. Only what an extension depends on: an object's name
 * must follow from its bytes alone, so this table may grow, but no row may change.
 */
static const Signature signatures[] = {
  { 0, "\xff\xd8\xff", 3, { "jpg", "image/jpeg" } },
  { 0, "\x89PNG\r\n\x1a\n", 8, { "png", "image/png" } },
  { 8, "WEBP", 4, { "webp", "image/webp" } },
  { 8, "WAVE", 4, { "wav", "audio/wav" } },
  { 0, "GIF8", 4, { "gif", "image/gif" } },
  { 4, "ftyp", 4, { "mp4", "video/mp4" } },
  { 0, "\x1a\x45\xdf\xa3", 4, { "webm", "video/webm" } },
  { 0, "ID3", 3, { "mp3", "audio/mpeg" } },
  { 0, "\xff\xfb", 2, { "mp3", "audio/mpeg" } },
  { 0, "\xff\xf3", 2, { "mp3", "audio/mpeg" } },
  { 0, "\xff\xf2", 2, { "mp3", "audio/mpeg" } },
  { 0, "\xff\xfa", 2, { "mp3", "audio/mpeg" } },
  { 0, "OggS", 4, { "ogg", "audio/ogg" } },
  { 0, "%PDF-", 5, { "pdf", "application/pdf" } },
};

/* Says what content is by its first bytes; "bin" where they do not tell. */
const StrataContentType *
_strata_content_type_of (const void *head,
                         gsize       size)
{
  static const StrataContentType unknown = { "bin", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++)
    {
      const Signature *signature = &signatures[i];

      if (size >= signature->offset + signature->length &&
          memcmp ((const char *)head + signature->offset, signature->bytes, signature->length) == 0)
        return &signature->type;
    }

  return &unknown;
}

const char *
_strata_content_mime_of_extension (const char *extension)
{
  for (guint i = 0; i < G_N_ELEMENTS (signatures); i++)
    if (strcmp (signatures[i].type.extension, extension) == 0)
      return signatures[i].type.mime;

  return NULL;
}

/* Returns: (transfer full): where an object is, below the store */
char *
_strata_object_dup_path (const StrataDigest *digest,
                         const char         *extension)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  _strata_digest_to_hex (digest, hex);

  return g_strdup_printf ("attachments/%.2s/%s.%s", hex, hex, extension);
}

/* Returns: (transfer full) */
char *
_strata_object_dup_trash_path (const StrataDigest *digest,
                               const char         *extension)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  _strata_digest_to_hex (digest, hex);

  return g_strdup_printf ("trash/attachments~%.2s~%s.%s", hex, hex, extension);
}

gboolean
_strata_object_parse_name (const char    *name,
                           StrataDigest  *out_digest,
                           const char   **out_extension)
{
  g_autofree char *hex = g_strndup (name, 2 * STRATA_DIGEST_SIZE);

  if (strlen (name) <= 2 * STRATA_DIGEST_SIZE + 1 || name[2 * STRATA_DIGEST_SIZE] != '.' ||
      !_strata_digest_from_hex (hex, out_digest))
    return FALSE;
  *out_extension = name + 2 * STRATA_DIGEST_SIZE + 1;

  return strspn (*out_extension, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen (*out_extension);
}
