/* strata-webkit-strings.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-es-text-private.h"
#include "strata-webkit-strings-private.h"

/* In the place of a length */
#define TERMINATOR 0xffffffff
#define POOLED 0xfffffffe

#define IS_8_BIT 0x80000000
#define MAX_LENGTH 0x3fffffff /* WebKit reads none that are longer */
#define HEAD_BYTES 4

#define MAX_KEPT_BYTES 1024   /* of a string's characters */
#define KEEPING_BYTES 160     /* what keeping one takes beside its text */
#define GENERATION_BYTES (2 * 1024 * 1024)
#define MAX_PIECE (16 * 1024)

struct _StrataWebkitStrings
{
  StrataWebkitPool  *pool;       /* of the heads */
  StrataByteWindow  *window;     /* for looking strings up */

  /* GBytes by index: those used lately, and those that were before them. When the
   * first are too many they become the second, which are forgotten.
   */
  GHashTable        *young;
  GHashTable        *old;
  gsize              young_bytes;
};

static GHashTable *
new_generation (void)
{
  return g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_bytes_unref);
}

StrataWebkitStrings *
_strata_webkit_strings_new (GInputStream *base,
                            guint64       size)
{
  StrataWebkitStrings *self = g_new0 (StrataWebkitStrings, 1);

  self->pool = _strata_webkit_pool_new ();
  self->window = _strata_byte_window_new (base, size);
  self->young = new_generation ();
  self->old = new_generation ();

  return self;
}

void
_strata_webkit_strings_free (StrataWebkitStrings *self)
{
  _strata_webkit_pool_free (self->pool);
  _strata_byte_window_free (self->window);
  g_hash_table_unref (self->young);
  g_hash_table_unref (self->old);
  g_free (self);
}

void
_strata_webkit_strings_clear (StrataWebkitStrings *self)
{
  _strata_webkit_pool_clear (self->pool);
  g_hash_table_remove_all (self->young);
  g_hash_table_remove_all (self->old);
  self->young_bytes = 0;
}

StrataWebkitPool *
_strata_webkit_strings_get_pool (StrataWebkitStrings *self)
{
  return self->pool;
}

static void
keep (StrataWebkitStrings *self,
      guint32              index,
      GBytes              *json)
{
  gsize size = g_bytes_get_size (json) + KEEPING_BYTES;

  if (self->young_bytes + size > GENERATION_BYTES)
    {
      GHashTable *forgotten = self->old;

      self->old = self->young;
      self->young = forgotten;
      g_hash_table_remove_all (self->young);
      self->young_bytes = 0;
    }
  self->young_bytes += size;
  g_hash_table_insert (self->young, GUINT_TO_POINTER (index), json);
}

/* Returns: (nullable) (transfer none) */
static GBytes *
find_kept (StrataWebkitStrings *self,
           guint32              index)
{
  gpointer json = g_hash_table_lookup (self->young, GUINT_TO_POINTER (index));

  if (json == NULL && g_hash_table_steal_extended (self->old, GUINT_TO_POINTER (index), NULL, &json))
    keep (self, index, json);

  return json;
}

/* A string's head with @length in it. */
static gboolean
read_length (StrataByteWindow  *window,
             guint32            length,
             StrataWebkitText  *out_text,
             GError           **error)
{
  out_text->wide = (length & IS_8_BIT) == 0;
  out_text->bytes = (guint64)(length & ~IS_8_BIT) << (out_text->wide ? 1 : 0);
  out_text->high = 0;

  if ((length & ~IS_8_BIT) > MAX_LENGTH)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "At byte %" G_GUINT64_FORMAT " of the value stands no string",
                   _strata_byte_window_tell (window) - HEAD_BYTES);
      return FALSE;
    }

  return _strata_byte_window_expect (window, out_text->bytes, error);
}

gboolean
_strata_webkit_strings_read_head (StrataWebkitStrings     *self,
                                  StrataByteWindow        *window,
                                  StrataWebkitStringKind  *out_kind,
                                  guint32                 *out_index,
                                  StrataWebkitText        *out_text,
                                  GCancellable            *cancellable,
                                  GError                 **error)
{
  guint64 offset = _strata_byte_window_tell (window);
  guint32 length;

  if (!_strata_byte_window_read_u32 (window, &length, cancellable, error))
    return FALSE;

  if (length == TERMINATOR)
    {
      *out_kind = STRATA_WEBKIT_TERMINATOR;
      return TRUE;
    }

  if (length == POOLED)
    {
      *out_kind = STRATA_WEBKIT_POOLED;
      return _strata_webkit_pool_read_index (self->pool, window, out_index, cancellable, error);
    }

  *out_kind = STRATA_WEBKIT_INLINE;
  *out_index = _strata_webkit_pool_get_met (self->pool);

  return read_length (window, length, out_text, error) &&
         _strata_webkit_pool_meet (self->pool, offset, error);
}

gboolean
_strata_webkit_strings_can_begin (guint32 head,
                                  guint64 n_left)
{
  guint64 length = head & ~IS_8_BIT;

  return head == TERMINATOR || head == POOLED || (head & IS_8_BIT ? length : 2 * length) <= n_left;
}

/* @bytes: all of a short string's
 *
 * Returns: (transfer full)
 */
static GBytes *
make_json (const StrataWebkitText *text,
           const guint8           *bytes)
{
  GByteArray *json = g_byte_array_new ();
  guint16 high = 0;

  g_byte_array_append (json, (const guint8 *)"\"", 1);
  if (text->wide)
    {
      _strata_es_append_utf16 (json, bytes, (gsize)text->bytes / 2, &high);
      _strata_es_finish_utf16 (json, &high);
    }
  else
    _strata_es_append_latin1 (json, bytes, (gsize)text->bytes);
  g_byte_array_append (json, (const guint8 *)"\"", 1);

  return g_byte_array_free_to_bytes (json);
}

gboolean
_strata_webkit_strings_pass (StrataWebkitStrings     *self,
                             StrataByteWindow        *window,
                             guint32                  index,
                             const StrataWebkitText  *text,
                             GCancellable            *cancellable,
                             GError                 **error)
{
  const guint8 *bytes;

  if (text->bytes > MAX_KEPT_BYTES)
    return _strata_byte_window_skip (window, text->bytes, error);

  bytes = _strata_byte_window_look (window, (gsize)text->bytes, cancellable, error);
  if (bytes == NULL)
    return FALSE;

  if (find_kept (self, index) == NULL)
    keep (self, index, make_json (text, bytes));
  _strata_byte_window_advance (window, (gsize)text->bytes);

  return TRUE;
}

gboolean
_strata_webkit_strings_fetch (StrataWebkitStrings  *self,
                              guint32               index,
                              GByteArray           *out,
                              StrataByteWindow    **out_window,
                              StrataWebkitText     *out_text,
                              GCancellable         *cancellable,
                              GError              **error)
{
  GBytes *json = find_kept (self, index);
  const guint8 *bytes;
  guint32 length;

  *out_window = NULL;
  if (json == NULL)
    {
      _strata_byte_window_seek (self->window, _strata_webkit_pool_get_offset (self->pool, index));
      if (!_strata_byte_window_read_u32 (self->window, &length, cancellable, error) ||
          !read_length (self->window, length, out_text, error))
        return FALSE;

      if (out_text->bytes > MAX_KEPT_BYTES)
        {
          *out_window = self->window;
          return TRUE;
        }

      bytes = _strata_byte_window_look (self->window, (gsize)out_text->bytes, cancellable, error);
      if (bytes == NULL)
        return FALSE;
      json = make_json (out_text, bytes);
      keep (self, index, json);
    }
  g_byte_array_append (out, g_bytes_get_data (json, NULL), (guint)g_bytes_get_size (json));

  return TRUE;
}

gboolean
_strata_webkit_text_append_piece (StrataWebkitText  *text,
                                  StrataByteWindow  *window,
                                  GByteArray        *out,
                                  GCancellable      *cancellable,
                                  GError           **error)
{
  gsize there;
  const guint8 *bytes = _strata_byte_window_look_far (window, text->wide ? 2 : 1, &there, cancellable, error);

  if (bytes == NULL)
    return FALSE;

  there = (gsize)MIN (MIN (there, MAX_PIECE), text->bytes);
  if (text->wide)
    {
      there &= ~(gsize)1;
      _strata_es_append_utf16 (out, bytes, there / 2, &text->high);
    }
  else
    _strata_es_append_latin1 (out, bytes, there);
  _strata_byte_window_advance (window, there);

  text->bytes -= there;
  if (text->bytes == 0)
    _strata_es_finish_utf16 (out, &text->high);

  return TRUE;
}
