/* strata-text.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-text-private.h"

#define MAX_TEXT (16 * 1024 * 1024)
#define MAX_TAG  4096

typedef struct
{
  GString  *text;
  gboolean  is_cut;
} Taken;

static gboolean
take_cb (const char  *text,
         gsize        length,
         gpointer     user_data,
         GError     **error)
{
  Taken *taken = user_data;
  gsize room = MAX_TEXT - taken->text->len;

  taken->is_cut = taken->is_cut || length > room;
  g_string_append_len (taken->text, text, (gssize)MIN (length, room));

  return TRUE;
}

/* Ends a string's token at the last space: no escape and no character has one in it. */
static void
close_cut_string (GString *token)
{
  const char *space = memrchr (token->str, ' ', token->len);

  g_string_truncate (token, space != NULL ? (gsize)(space - token->str) : 1);
  g_string_append_c (token, '"');
}

/* Returns: (nullable): the value's raw text; %NULL without @error: too long to be taken */
static GString *
take_raw (StrataJsonReader  *reader,
          StrataJsonKind    *out_kind,
          GCancellable      *cancellable,
          GError           **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  Taken taken = { text, FALSE };

  if (!_strata_json_reader_peek (reader, out_kind, cancellable, error) ||
      !_strata_json_reader_take (reader, take_cb, &taken, cancellable, error))
    return NULL;

  if (taken.is_cut && *out_kind == STRATA_JSON_STRING)
    close_cut_string (text);
  else if (taken.is_cut)
    g_string_assign (text, "null");

  return g_steal_pointer (&text);
}

/* @name: a token, with its quotes */
static gboolean
is_no_text (const char *name,
            gsize       length)
{
  static const char *const endings[] = { "Id\"", "Ids\"", "At\"", "Time\"", "Updated\"" };
  static const char *const names[] = { "\"id\"", "\"timestamp\"" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (length == strlen (names[i]) && memcmp (name, names[i], length) == 0)
      return TRUE;

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    {
      gsize ending = strlen (endings[i]);

      if (length > ending && memcmp (name + length - ending, endings[i], ending) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
add_string_cb (const char *token,
               gsize       length,
               const char *name,
               gsize       name_length,
               gpointer    user_data)
{
  if (name == NULL || !is_no_text (name, name_length))
    g_ptr_array_add (user_data, _strata_json_unquote (token, length));

  return TRUE;
}

GPtrArray *
_strata_text_take (StrataJsonReader  *reader,
                   GCancellable      *cancellable,
                   GError           **error)
{
  StrataJsonKind kind;
  g_autoptr(GString) raw = take_raw (reader, &kind, cancellable, error);
  GPtrArray *texts;

  if (raw == NULL)
    return NULL;

  texts = g_ptr_array_new_with_free_func (g_free);
  _strata_json_for_each_string (raw->str, raw->len, add_string_cb, texts);

  return texts;
}

gboolean
_strata_text_take_scalar (StrataJsonReader  *reader,
                          char             **out_token,
                          char             **out_text,
                          GCancellable      *cancellable,
                          GError           **error)
{
  StrataJsonKind kind;
  g_autoptr(GString) raw = NULL;

  *out_token = NULL;
  *out_text = NULL;
  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_STRING && kind != STRATA_JSON_NUMBER)
    return _strata_json_reader_take (reader, NULL, NULL, cancellable, error);

  raw = take_raw (reader, &kind, cancellable, error);
  if (raw == NULL)
    return FALSE;

  *out_text = kind == STRATA_JSON_STRING ? _strata_json_unquote (raw->str, raw->len) : g_strdup (raw->str);
  *out_token = g_string_free (g_steal_pointer (&raw), FALSE);

  return TRUE;
}

GPtrArray *
_strata_text_take_list (StrataJsonReader  *reader,
                        GCancellable      *cancellable,
                        GError           **error)
{
  g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  StrataJsonKind kind;
  gboolean more = TRUE;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return NULL;
  if (kind == STRATA_JSON_ARRAY && !_strata_json_reader_enter (reader, cancellable, error))
    return NULL;

  while (more)
    {
      g_autofree char *token = NULL;
      g_autofree char *text = NULL;

      if (kind != STRATA_JSON_ARRAY)
        more = FALSE;
      else if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return NULL;
      if (kind == STRATA_JSON_ARRAY && !more)
        break;

      if (!_strata_text_take_scalar (reader, &token, &text, cancellable, error))
        return NULL;
      if (text != NULL)
        g_ptr_array_add (values, g_steal_pointer (&text));
    }

  return g_steal_pointer (&values);
}

/* At "&": appends the character of an entity, and returns its length; 0 for none */
static gsize
append_entity (const char *p,
               GString    *out)
{
  static const struct { const char *name; const char *text; } entities[] = {
    { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" }, { "&#39;", "'" }, { "&apos;", "'" }, { "&nbsp;", " " },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (entities); i++)
    if (g_str_has_prefix (p, entities[i].name))
      {
        g_string_append (out, entities[i].text);
        return strlen (entities[i].name);
      }

  return 0;
}

/* At "<": its ">", where a tag begins. Not looked for very far, since text may be full of "<". */
static const char *
find_tag_end (const char *p)
{
  if (!g_ascii_isalpha (p[1]) && p[1] != '/' && p[1] != '!')
    return NULL;

  return memchr (p, '>', strnlen (p, MAX_TAG));
}

char *
_strata_text_strip_tags (const char *html)
{
  GString *out = g_string_sized_new (strlen (html));

  for (const char *p = html; *p != '\0'; )
    {
      const char *end = *p == '<' ? find_tag_end (p) : NULL;
      gsize length = *p == '&' ? append_entity (p, out) : 0;

      if (end != NULL)
        {
          g_string_append_c (out, ' ');
          p = end + 1;
        }
      else if (length > 0)
        p += length;
      else
        g_string_append_c (out, *p++);
    }

  return g_string_free (out, FALSE);
}
