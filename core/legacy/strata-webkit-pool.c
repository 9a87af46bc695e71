/* strata-webkit-pool.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-offset-table-private.h"
#include "strata-webkit-pool-private.h"

struct _StrataWebkitPool
{
  StrataOffsetTable *offsets;
  GArray            *marked;   /* guint32, ascending */
  guint32            met;
};

StrataWebkitPool *
_strata_webkit_pool_new (void)
{
  StrataWebkitPool *self = g_new0 (StrataWebkitPool, 1);

  self->offsets = _strata_offset_table_new ();
  self->marked = g_array_new (FALSE, FALSE, sizeof (guint32));

  return self;
}

void
_strata_webkit_pool_free (StrataWebkitPool *self)
{
  _strata_offset_table_free (self->offsets);
  g_array_unref (self->marked);
  g_free (self);
}

void
_strata_webkit_pool_clear (StrataWebkitPool *self)
{
  _strata_offset_table_clear (self->offsets);
  g_array_set_size (self->marked, 0);
  self->met = 0;
}

guint32
_strata_webkit_pool_get_met (StrataWebkitPool *self)
{
  return self->met;
}

void
_strata_webkit_pool_set_met (StrataWebkitPool *self,
                             guint32           n)
{
  self->met = n;
}

gboolean
_strata_webkit_pool_meet (StrataWebkitPool  *self,
                          guint64            offset,
                          GError           **error)
{
  if (self->met == _strata_offset_table_get_length (self->offsets))
    _strata_offset_table_append (self->offsets, offset);
  else if (_strata_offset_table_get (self->offsets, self->met) != offset)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "The value is not the same at byte %" G_GUINT64_FORMAT " when read again", offset);
      return FALSE;
    }
  self->met++;

  return TRUE;
}

gboolean
_strata_webkit_pool_meet_marked (StrataWebkitPool  *self,
                                 guint64            offset,
                                 GError           **error)
{
  if (self->met == _strata_offset_table_get_length (self->offsets))
    g_array_append_val (self->marked, self->met);

  return _strata_webkit_pool_meet (self, offset, error);
}

gboolean
_strata_webkit_pool_is_marked (StrataWebkitPool *self,
                               guint32           index)
{
  guint low = 0, high = self->marked->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      guint32 marked = g_array_index (self->marked, guint32, middle);

      if (marked == index)
        return TRUE;
      if (marked < index)
        low = middle + 1;
      else
        high = middle;
    }

  return FALSE;
}

/* A number is written with as many bytes as one below @met needs. */
static gboolean
read_number (guint32            met,
             StrataByteWindow  *window,
             guint32           *out_number,
             GCancellable      *cancellable,
             GError           **error)
{
  guint16 medium;
  guint8 narrow;

  if (met > G_MAXUINT16)
    return _strata_byte_window_read_u32 (window, out_number, cancellable, error);

  if (met > G_MAXUINT8)
    {
      if (!_strata_byte_window_read_u16 (window, &medium, cancellable, error))
        return FALSE;
      *out_number = medium;
      return TRUE;
    }

  if (!_strata_byte_window_read_u8 (window, &narrow, cancellable, error))
    return FALSE;
  *out_number = narrow;

  return TRUE;
}

gboolean
_strata_webkit_pool_read_index (StrataWebkitPool  *self,
                                StrataByteWindow  *window,
                                guint32           *out_index,
                                GCancellable      *cancellable,
                                GError           **error)
{
  guint64 here = _strata_byte_window_tell (window);

  if (!read_number (self->met, window, out_index, cancellable, error))
    return FALSE;

  if (*out_index >= self->met)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "Byte %" G_GUINT64_FORMAT " of the value refers to what is not there", here);
      return FALSE;
    }

  return TRUE;
}

guint64
_strata_webkit_pool_get_offset (StrataWebkitPool *self,
                                guint32           index)
{
  return _strata_offset_table_get (self->offsets, index);
}

guint32
_strata_webkit_pool_count_below (StrataWebkitPool *self,
                                 guint64           offset)
{
  return _strata_offset_table_count_below (self->offsets, offset);
}

gsize
_strata_webkit_pool_get_memory (StrataWebkitPool *self)
{
  return _strata_offset_table_get_memory (self->offsets) + self->marked->len * sizeof (guint32);
}
