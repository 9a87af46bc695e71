/* legacy-json.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <string.h>

#include "legacy-json.h"
#include "legacy-time.h"

#define MAX_DEPTH 32

/**
 * LegacyJson:
 *
 * Writes a value the way `JSON.stringify(value, null, 2)` does, and keeps the
 * old program's checksum of that text at the same time.
 *
 * The text can be spelled as it is or as the inside of a JSON string, and can
 * stand some levels deep inside another value; neither changes the checksum.
 * Before the WRITE pass nothing is spelled unless somebody takes the bytes.
 */
struct _LegacyJson
{
  /* set at construction */
  LegacyPass       pass;
  LegacySpelling   spelling;
  gboolean         is_escaped;
  guint            base_depth;
  LegacyJsonFlush  flush;
  gpointer         user_data;
  GStringChunk    *chunk;
  LegacyFragment   quote;
  LegacyFragment   newlines[MAX_DEPTH];

  /* where we are */
  guint            depth;
  gboolean         is_empty;

  /* what there is so far */
  guint32          checksum;
  guint64          plain_bytes;
  guint64          spelled_bytes;
  guint64          packed_bytes;

  char            *buffer;
  gsize            buffer_used;
};

/**
 * legacy_json_new:
 * @pass: which pass this is
 * @spelling: how the text stands in the file
 * @base_depth: how many levels deep the value stands in the file
 * @flush: (nullable): takes the bytes
 * @user_data: data for @flush
 *
 * Without @flush the text is only measured.
 *
 * Returns: (transfer full): a writer of one value
 */
LegacyJson *
legacy_json_new (LegacyPass       pass,
                 LegacySpelling   spelling,
                 guint            base_depth,
                 LegacyJsonFlush  flush,
                 gpointer         user_data)
{
  LegacyJson *self = g_new0 (LegacyJson, 1);

  self->pass = pass;
  self->spelling = spelling;
  self->is_escaped = spelling == LEGACY_SPELLING_ESCAPED;
  self->base_depth = base_depth;
  self->flush = flush;
  self->user_data = user_data;
  self->chunk = g_string_chunk_new (4096);
  self->buffer = flush != NULL ? g_malloc (LEGACY_JSON_BUFFER_SIZE) : NULL;

  legacy_fragment_init_spelled (&self->quote, self->chunk, "\"");
  for (guint i = 0; i < MAX_DEPTH; i++)
    {
      char line[2 + 2 * MAX_DEPTH] = "\n";

      memset (line + 1, ' ', 2 * i);
      legacy_fragment_init_spelled (&self->newlines[i], self->chunk, line);
    }

  return self;
}

void
legacy_json_free (LegacyJson *self)
{
  g_string_chunk_free (self->chunk);
  g_free (self->buffer);
  g_free (self);
}

void
legacy_json_flush (LegacyJson *self)
{
  if (self->flush != NULL && !legacy_json_is_stopped (self))
    self->packed_bytes = self->flush (self->buffer, self->buffer_used, self->user_data);
  self->buffer_used = 0;
}

LegacyPass
legacy_json_get_pass (LegacyJson *self)
{
  return self->pass;
}

guint32
legacy_json_get_checksum (LegacyJson *self)
{
  return self->checksum;
}

/**
 * legacy_json_get_length:
 * @self: a writer
 *
 * Returns: bytes of pretty text so far, the same in every pass and spelling
 */
guint64
legacy_json_get_length (LegacyJson *self)
{
  return self->plain_bytes;
}

/**
 * legacy_json_get_size:
 * @self: a writer
 *
 * Returns: how many bytes the value takes in the file so far; some more when
 *   it is packed, as the packer keeps the last of them
 */
guint64
legacy_json_get_size (LegacyJson *self)
{
  if (self->spelling != LEGACY_SPELLING_PACKED)
    return self->spelled_bytes;

  legacy_json_flush (self);

  return self->packed_bytes;
}

/**
 * legacy_json_is_stopped:
 * @self: a writer
 *
 * Returns: %TRUE when nobody wants the rest of the value
 */
gboolean
legacy_json_is_stopped (LegacyJson *self)
{
  return self->packed_bytes == LEGACY_JSON_STOP;
}

static void
put (LegacyJson *self,
     const char *bytes,
     gsize       length)
{
  self->spelled_bytes += length;

  if (self->flush == NULL)
    return;

  if (self->buffer_used + length > LEGACY_JSON_BUFFER_SIZE)
    legacy_json_flush (self);
  memcpy (self->buffer + self->buffer_used, bytes, length);
  self->buffer_used += length;
}

/* Nearly all fragments are words shorter than a stride, and a copy of fixed
 * length costs a fraction of one that has to look how long it is.
 */
static inline void
put_fragment (LegacyJson           *self,
              const LegacyFragment *fragment)
{
  const char *bytes = self->is_escaped ? legacy_fragment_get_escaped (fragment)
                                       : legacy_fragment_get_plain (fragment);
  gsize length = self->is_escaped ? fragment->escaped_length : fragment->plain_length;

  if (length > LEGACY_FRAGMENT_STRIDE || self->flush == NULL ||
      self->buffer_used + LEGACY_FRAGMENT_STRIDE > LEGACY_JSON_BUFFER_SIZE)
    {
      put (self, bytes, length);
      return;
    }

  memcpy (self->buffer + self->buffer_used, bytes, LEGACY_FRAGMENT_STRIDE);
  self->buffer_used += length;
  self->spelled_bytes += length;
}

static inline void
count_fragment (LegacyJson           *self,
                const LegacyFragment *fragment)
{
  self->checksum = self->checksum * fragment->factor + fragment->hash;
  self->plain_bytes += fragment->plain_length;
}

void
legacy_json_fragment (LegacyJson           *self,
                      const LegacyFragment *fragment)
{
  count_fragment (self, fragment);
  put_fragment (self, fragment);
}

/**
 * legacy_json_ascii:
 * @self: a writer
 * @text: ASCII that JSON spells as it is
 *
 * Writes @text without looking for anything to escape.
 */
void
legacy_json_ascii (LegacyJson *self,
                   const char *text)
{
  gsize length = strlen (text);

  for (gsize i = 0; i < length; i++)
    self->checksum = self->checksum * 31 + (guchar) text[i];
  self->plain_bytes += length;
  put (self, text, length);
}

static void
new_line (LegacyJson *self)
{
  /* The checksum is that of the value alone, wherever it stands. */
  count_fragment (self, &self->newlines[self->depth]);
  put_fragment (self, &self->newlines[self->depth + self->base_depth]);
}

static void
begin_value (LegacyJson *self,
             const char *key)
{
  if (self->depth > 0)
    {
      if (!self->is_empty)
        legacy_json_ascii (self, ",");
      new_line (self);
    }
  self->is_empty = FALSE;

  if (key == NULL)
    return;

  legacy_json_fragment (self, &self->quote);
  legacy_json_ascii (self, key);
  legacy_json_fragment (self, &self->quote);
  legacy_json_ascii (self, ": ");
}

static void
begin_container (LegacyJson *self,
                 const char *key,
                 const char *bracket)
{
  begin_value (self, key);
  legacy_json_ascii (self, bracket);
  self->depth++;
  self->is_empty = TRUE;
  g_assert (self->depth + self->base_depth < MAX_DEPTH);
}

static void
end_container (LegacyJson *self,
               const char *bracket)
{
  self->depth--;
  if (!self->is_empty)
    new_line (self);
  legacy_json_ascii (self, bracket);
  self->is_empty = FALSE;
}

void
legacy_json_begin_object (LegacyJson *self,
                          const char *key)
{
  begin_container (self, key, "{");
}

void
legacy_json_end_object (LegacyJson *self)
{
  end_container (self, "}");
}

void
legacy_json_begin_array (LegacyJson *self,
                         const char *key)
{
  begin_container (self, key, "[");
}

void
legacy_json_end_array (LegacyJson *self)
{
  end_container (self, "]");
}

void
legacy_json_begin_string (LegacyJson *self,
                          const char *key)
{
  begin_value (self, key);
  legacy_json_fragment (self, &self->quote);
}

void
legacy_json_end_string (LegacyJson *self)
{
  legacy_json_fragment (self, &self->quote);
}

void
legacy_json_string (LegacyJson *self,
                    const char *key,
                    const char *value)
{
  legacy_json_begin_string (self, key);
  legacy_json_ascii (self, value);
  legacy_json_end_string (self);
}

/**
 * legacy_json_text:
 * @self: a writer
 * @key: (nullable): the member's name
 * @value: valid UTF-8, not yet escaped
 *
 * Writes any string, slowly: one that is written often is better kept as a
 * fragment.
 */
void
legacy_json_text (LegacyJson *self,
                  const char *key,
                  const char *value)
{
  g_autoptr(GStringChunk) chunk = g_string_chunk_new (256);
  LegacyFragment fragment;

  legacy_fragment_init (&fragment, chunk, value, strlen (value));
  legacy_json_begin_string (self, key);
  legacy_json_fragment (self, &fragment);
  legacy_json_end_string (self);
}

/**
 * legacy_json_literal:
 * @self: a writer
 * @key: (nullable): the member's name
 * @literal: a number, `true`, `false` or `null`
 *
 * Writes a value that has no quotation marks.
 */
void
legacy_json_literal (LegacyJson *self,
                     const char *key,
                     const char *literal)
{
  begin_value (self, key);
  legacy_json_ascii (self, literal);
}

void
legacy_json_boolean (LegacyJson *self,
                     const char *key,
                     gboolean    value)
{
  legacy_json_literal (self, key, value ? "true" : "false");
}

void
legacy_json_integer (LegacyJson *self,
                     const char *key,
                     gint64      value)
{
  legacy_json_decimal (self, key, (guint64) value, 0);
}

/**
 * legacy_json_decimal:
 * @self: a writer
 * @key: (nullable): the member's name
 * @digits: the number times ten to the power of @places
 * @places: how many of @digits follow the point, at most 15
 *
 * Up to fifteen digits the shortest spelling of a double is the decimal it
 * came from, so that dropping closing zeros gives what JavaScript prints.
 */
void
legacy_json_decimal (LegacyJson *self,
                     const char *key,
                     guint64     digits,
                     guint       places)
{
  char text[32];
  char *p = text + sizeof text - 1;

  while (places > 0 && digits % 10 == 0)
    {
      digits /= 10;
      places--;
    }

  *p = '\0';
  for (guint i = 0; i < places; i++, digits /= 10)
    *--p = (char) ('0' + digits % 10);
  if (places > 0)
    *--p = '.';
  do
    *--p = (char) ('0' + digits % 10);
  while ((digits /= 10) > 0);

  legacy_json_literal (self, key, p);
}

void
legacy_json_time (LegacyJson *self,
                  const char *key,
                  gint64      time_ms)
{
  char text[LEGACY_TIME_SIZE];

  legacy_time_format (time_ms, text);
  legacy_json_string (self, key, text);
}
