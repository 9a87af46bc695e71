/* strata-gc-trash.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "store/strata-key-private.h"
#include "store/strata-manifest-private.h"
#include "strata-gc-private.h"

#define SESSIONS    "sessions~"
#define ITEMS       "items~"
#define COLLECTIONS "collections~"
#define OBJECTS     "attachments~"
#define PURGED      "purged~"

static gboolean
is_number (const char *text)
{
  return *text != '\0' && strspn (text, "0123456789") == strlen (text);
}

/* `<12 hex>.json` */
static gboolean
is_item_end (const char *text)
{
  return strspn (text, "0123456789abcdef") == 12 && strcmp (text + 12, ".json") == 0;
}

/* @rest: behind "sessions~": `<key>~<n>`, `<key>~chunks~<part>` or `<key>~tail.jsonl` */
static StrataGcKind
classify_session (const char  *rest,
                  char       **out_key)
{
  g_autofree char *key = g_strndup (rest, strcspn (rest, "~"));
  const char *what = rest + strlen (key);

  if (*what == '\0' || !_strata_key_is_valid (key))
    return STRATA_GC_FOREIGN;
  what++;
  if (is_number (what))
    {
      *out_key = g_steal_pointer (&key);
      return STRATA_GC_SESSION;
    }
  if (strcmp (what, "tail.jsonl") == 0)
    return STRATA_GC_PART;

  return g_str_has_prefix (what, "chunks~") && _strata_part_is_file_name (what + strlen ("chunks~")) ? STRATA_GC_PART
                                                                                                    : STRATA_GC_FOREIGN;
}

static StrataGcKind
classify_item (const char  *rest,
               char       **out_key)
{
  g_autofree char *key = g_strndup (rest, strcspn (rest, "~"));
  const char *what = rest + strlen (key);

  if (*what == '\0' || !_strata_key_is_valid (key) || !is_item_end (what + 1))
    return STRATA_GC_FOREIGN;
  *out_key = g_steal_pointer (&key);

  return STRATA_GC_ITEM;
}

/* @rest: behind "attachments~": `<ab>~<sha256>.<ext>` */
static StrataGcKind
classify_object (const char    *rest,
                 StrataDigest  *out_digest,
                 const char   **out_extension)
{
  return strlen (rest) > 3 && rest[2] == '~' && strncmp (rest, rest + 3, 2) == 0 &&
         _strata_object_parse_name (rest + 3, out_digest, out_extension) ? STRATA_GC_OBJECT : STRATA_GC_FOREIGN;
}

StrataGcKind
_strata_gc_classify (const char    *name,
                     char         **out_key,
                     StrataDigest  *out_digest,
                     const char   **out_extension)
{
  *out_key = NULL;
  if (g_str_has_prefix (name, SESSIONS))
    return classify_session (name + strlen (SESSIONS), out_key);
  if (g_str_has_prefix (name, ITEMS))
    return classify_item (name + strlen (ITEMS), out_key);
  if (g_str_has_prefix (name, OBJECTS))
    return classify_object (name + strlen (OBJECTS), out_digest, out_extension);
  if (g_str_has_prefix (name, COLLECTIONS))
    return _strata_part_is_file_name (name + strlen (COLLECTIONS)) ? STRATA_GC_PART : STRATA_GC_FOREIGN;

  return g_str_has_prefix (name, PURGED) ? STRATA_GC_PURGED : STRATA_GC_FOREIGN;
}
