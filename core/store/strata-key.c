/* strata-key.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-digest-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-key-private.h"

#define SLUG_LENGTH 40
#define COLLECTION_LENGTH 80
#define HASH_DIGITS 16

/* A short name that any file system takes and a person can read: letters,
 * digits and single hyphens, letters in lower case, so that ids which differ
 * only in case do not meet in a folder that ignores it.
 *
 * Returns: (transfer full): perhaps empty
 */
char *
_strata_slug_make (const char *text,
                   gsize       max_length)
{
  GString *slug = g_string_new (NULL);

  for (const char *c = text; *c != '\0' && slug->len < max_length; c++)
    {
      if (g_ascii_isalnum (*c))
        g_string_append_c (slug, g_ascii_tolower (*c));
      else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
        g_string_append_c (slug, '-');
    }

  while (slug->len > 0 && slug->str[slug->len - 1] == '-')
    g_string_truncate (slug, slug->len - 1);

  return g_string_free (slug, FALSE);
}

static char *
slug_of_token (const char *id_token)
{
  g_autofree char *text = NULL;

  if (id_token == NULL || strcmp (id_token, "null") == 0)
    return g_strdup ("");

  if (id_token[0] == '"')
    text = _strata_json_unquote (id_token, strlen (id_token));

  return _strata_slug_make (text != NULL ? text : id_token, SLUG_LENGTH);
}

/* The name of a session in the store: `<slug>-<16 hex>`. The digits are of the
 * SHA-256 over the id's token as it was written, then, each after a line feed, how
 * many sessions of the same source had that token before, in decimal, and, but
 * for the first source, the source's number, 0 for what was made in the store. So ids that are missing, doubled,
 * over-long or no strings at all each get a key of their own, the same one in
 * every run, and no id is ever a path.
 *
 * @id_token: (nullable): JSON text of the id
 * @source: from 1; 0: the session was made in this store
 *
 * Returns: (transfer full): the key
 */
char *
_strata_key_make (const char *id_token,
                  guint       occurrence,
                  guint       source)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *slug = slug_of_token (id_token);
  g_autofree char *tail = NULL;
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (id_token != NULL)
    _strata_hasher_update (hasher, id_token, strlen (id_token));
  tail = source != 1 ? g_strdup_printf ("%u%c%u", occurrence, '\n', source) : g_strdup_printf ("%u", occurrence);
  _strata_hasher_update (hasher, "\n", 1);
  _strata_hasher_update (hasher, tail, strlen (tail));
  _strata_hasher_finish (hasher, &digest);
  _strata_digest_to_hex (&digest, hex);

  return g_strdup_printf ("%s-%.*s", *slug != '\0' ? slug : "session", HASH_DIGITS, hex);
}

/* The name of a session whose id does not tell it from others: of its content,
 * so that it keeps its name when others before it go. The seed is the SHA-256
 * of its minified text in hexadecimal behind a `#`, which no JSON token begins
 * with.
 *
 * Returns: (transfer full): the key
 */
char *
_strata_key_make_for_content (const char *digest_hex,
                              guint       occurrence,
                              guint       source)
{
  g_autofree char *seed = g_strconcat ("#", digest_hex, NULL);
  g_autofree char *hashed = _strata_key_make (seed, occurrence, source);

  return g_strconcat ("session-", hashed + strlen (hashed) - HASH_DIGITS, NULL);
}

/* Whether @key has the form of one; what has not is never looked up as a file. */
gboolean
_strata_key_is_valid (const char *key)
{
  gsize length = strlen (key);

  return length > HASH_DIGITS + 1 && length <= SLUG_LENGTH + 1 + HASH_DIGITS && key[0] != '-' &&
         strspn (key, "abcdefghijklmnopqrstuvwxyz0123456789-") == length &&
         key[length - HASH_DIGITS - 1] == '-' &&
         strspn (key + length - HASH_DIGITS, "0123456789abcdef") == HASH_DIGITS;
}

/* Names that would meet others in the store: of a session, of another
 * collection's slug, of attachment rows, of the collection of what nothing uses.
 */
static gboolean
looks_made (const char *name)
{
  gsize length = strlen (name);

  return g_str_has_suffix (name, "-attachments") || g_str_has_prefix (name, "attachments-of-none") ||
         (length > HASH_DIGITS && strchr ("-_", name[length - HASH_DIGITS - 1]) != NULL &&
          strspn (name + length - HASH_DIGITS, "0123456789abcdef") == HASH_DIGITS);
}

/* The file name of a collection: its own name where that is plain, else
 * `<slug>_<16 hex>`, the digits of the SHA-256 of name and source, as in a key;
 * the underscore keeps it apart from a session's.
 *
 * Returns: (transfer full)
 */
char *
_strata_collection_key_make (const char *name,
                             guint       source)
{
  g_autofree char *seed = g_strdup_printf ("%s\n%u", name, source);
  g_autofree char *slug = NULL;
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (source == 1 && *name != '\0' && strlen (name) <= COLLECTION_LENGTH && !looks_made (name) &&
      strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen (name))
    return g_strdup (name);

  slug = _strata_slug_make (name, COLLECTION_LENGTH);
  _strata_digest_of (seed, strlen (seed), &digest);
  _strata_digest_to_hex (&digest, hex);

  return g_strdup_printf ("%s_%.*s", *slug != '\0' ? slug : "collection", HASH_DIGITS, hex);
}

/* Whether @key can be a collection's; what can't is never looked up as a file. */
gboolean
_strata_collection_key_is_valid (const char *key)
{
  gsize length = strlen (key);

  return length > 0 && length <= COLLECTION_LENGTH + 1 + HASH_DIGITS &&
         strspn (key, "abcdefghijklmnopqrstuvwxyz0123456789-_") == length;
}
