/* strata-json-write.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-json-write-private.h"

/* Appends @string, valid UTF-8, as a JSON string token. */
void
_strata_json_append_quoted (GString    *text,
                            const char *string)
{
  g_string_append_c (text, '"');
  for (const char *c = string; *c != '\0'; c++)
    {
      if (*c == '"' || *c == '\\')
        {
          g_string_append_c (text, '\\');
          g_string_append_c (text, *c);
        }
      else if (*c == '\n')
        g_string_append (text, "\\n");
      else if (*c == '\t')
        g_string_append (text, "\\t");
      else if ((guchar)*c < 0x20)
        g_string_append_printf (text, "\\u%04x", (guint)*c);
      else
        g_string_append_c (text, *c);
    }
  g_string_append_c (text, '"');
}

static void
add_name (GString    *text,
          const char *name)
{
  _strata_json_append_quoted (text, name);
  g_string_append_c (text, ':');
}

/* @value: (nullable): %NULL is written as null */
void
_strata_json_add_string (GString    *text,
                         const char *name,
                         const char *value)
{
  add_name (text, name);
  if (value != NULL)
    _strata_json_append_quoted (text, value);
  else
    g_string_append (text, "null");
  g_string_append_c (text, ',');
}

void
_strata_json_add_uint (GString    *text,
                       const char *name,
                       guint64     value)
{
  add_name (text, name);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT ",", value);
}

void
_strata_json_add_int (GString    *text,
                      const char *name,
                      gint64      value)
{
  add_name (text, name);
  g_string_append_printf (text, "%" G_GINT64_FORMAT ",", value);
}

void
_strata_json_add_bool (GString    *text,
                       const char *name,
                       gboolean    value)
{
  add_name (text, name);
  g_string_append (text, value ? "true," : "false,");
}

/* @digest: (nullable): %NULL is written as null */
void
_strata_json_add_digest (GString            *text,
                         const char         *name,
                         const StrataDigest *digest)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  if (digest != NULL)
    _strata_digest_to_hex (digest, hex);
  _strata_json_add_string (text, name, digest != NULL ? hex : NULL);
}

/* @json: (nullable): a whole JSON value as text; %NULL is written as null */
void
_strata_json_add_raw (GString    *text,
                      const char *name,
                      const char *json)
{
  add_name (text, name);
  g_string_append (text, json != NULL ? json : "null");
  g_string_append_c (text, ',');
}

static void
close_with (GString *text,
            char     bracket)
{
  if (text->len > 0 && text->str[text->len - 1] == ',')
    text->str[text->len - 1] = bracket;
  else
    g_string_append_c (text, bracket);
}

void
_strata_json_close_object (GString *text)
{
  close_with (text, '}');
}

void
_strata_json_close_array (GString *text)
{
  close_with (text, ']');
}
