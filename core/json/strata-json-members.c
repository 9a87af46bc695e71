/* strata-json-members.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-json-members-private.h"

struct _StrataJsonMembers
{
  const char *const *names;  /* borrowed: static tables of the callers */
  char             **values; /* raw tokens, minified; NULL where there is no such member */
};

static int
find_name (const char *const *names,
           const GString     *token)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      gsize length = strlen (names[i]);

      if (token->len == length + 2 && memcmp (token->str + 1, names[i], length) == 0)
        return (int)i;
    }

  return -1;
}

/* At a value that must be an object: keeps the raw text of the members named
 * in @names, skips the others. Where a name stands twice the last one counts,
 * as it did for the old program.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataJsonMembers *
_strata_json_members_read (StrataJsonReader   *reader,
                           const char *const  *names,
                           GError            **error)
{
  g_autoptr(StrataJsonMembers) self = g_new0 (StrataJsonMembers, 1);
  g_autoptr(GString) name = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  self->names = names;
  self->values = g_new0 (char *, g_strv_length ((char **)names) + 1);

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return NULL;

  if (kind != STRATA_JSON_OBJECT)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "Something else stands where an object should be");
      return NULL;
    }

  if (!_strata_json_reader_enter (reader, NULL, error))
    return NULL;

  while (TRUE)
    {
      g_autoptr(GString) value = NULL;
      int index;

      if (!_strata_json_reader_next_member (reader, name, &more, NULL, error))
        return NULL;
      if (!more)
        return g_steal_pointer (&self);

      index = find_name (names, name);
      if (index >= 0)
        value = g_string_new (NULL);
      if (value != NULL ? !_strata_json_reader_take_string (reader, value, NULL, error)
                        : !_strata_json_reader_take (reader, NULL, NULL, NULL, error))
        return NULL;

      if (value != NULL)
        {
          g_free (self->values[index]);
          self->values[index] = g_string_free (g_steal_pointer (&value), FALSE);
        }
    }
}

/* The same over a text that holds just this object. */
StrataJsonMembers *
_strata_json_members_parse (const char         *text,
                            gsize               length,
                            const char *const  *names,
                            GError            **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  g_autoptr(StrataJsonMembers) self = _strata_json_members_read (reader, names, error);

  if (self == NULL || !_strata_json_reader_finish (reader, NULL, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
_strata_json_members_free (StrataJsonMembers *self)
{
  for (guint i = 0; self->values != NULL && self->names[i] != NULL; i++)
    g_free (self->values[i]);
  g_free (self->values);
  g_free (self);
}

/* Returns: (nullable): the value's raw text; %NULL also for a null */
const char *
_strata_json_members_get_raw (StrataJsonMembers *self,
                              const char        *name)
{
  for (guint i = 0; self->names[i] != NULL; i++)
    if (strcmp (self->names[i], name) == 0)
      return self->values[i] != NULL && strcmp (self->values[i], "null") != 0 ? self->values[i] : NULL;

  g_return_val_if_reached (NULL);
}

/* Returns: (nullable) (transfer full): the text of a string, else %NULL */
char *
_strata_json_members_dup_string (StrataJsonMembers *self,
                                 const char        *name)
{
  const char *raw = _strata_json_members_get_raw (self, name);

  return raw != NULL && raw[0] == '"' ? _strata_json_unquote (raw, strlen (raw)) : NULL;
}

/* Whether a number's token has neither fraction nor exponent */
static gboolean
is_whole (const char *raw)
{
  const char *digits = raw != NULL && raw[0] == '-' ? raw + 1 : raw;

  return digits != NULL && *digits != '\0' && strspn (digits, "0123456789") == strlen (digits);
}

/* Returns: a whole number that is not negative, else 0 */
guint64
_strata_json_members_get_uint (StrataJsonMembers *self,
                               const char        *name)
{
  const char *raw = _strata_json_members_get_raw (self, name);

  return is_whole (raw) && raw[0] != '-' ? g_ascii_strtoull (raw, NULL, 10) : 0;
}

/* Returns: a whole number, else 0 */
gint64
_strata_json_members_get_int (StrataJsonMembers *self,
                              const char        *name)
{
  const char *raw = _strata_json_members_get_raw (self, name);

  return is_whole (raw) ? g_ascii_strtoll (raw, NULL, 10) : 0;
}

gboolean
_strata_json_members_get_bool (StrataJsonMembers *self,
                               const char        *name)
{
  return g_strcmp0 (_strata_json_members_get_raw (self, name), "true") == 0;
}

/* Returns: whether there was a SHA-256 in hexadecimal under that name */
gboolean
_strata_json_members_get_digest (StrataJsonMembers *self,
                                 const char        *name,
                                 StrataDigest      *out_digest)
{
  g_autofree char *hex = _strata_json_members_dup_string (self, name);

  return _strata_digest_from_hex (hex, out_digest);
}
