/* webkit-encoder.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "webkit-encoder.h"

#define TERMINATOR 0xffffffff
#define POOLED 0xfffffffe
#define NAMES_FOLLOW 0xfffffffd
#define IS_8_BIT 0x80000000

WebkitEncoder *
webkit_encoder_new (guint32 version)
{
  WebkitEncoder *self = g_new0 (WebkitEncoder, 1);

  self->bytes = g_byte_array_new ();
  self->ends_twice = (version & 0xffffff) >= 15 || version == WEBKIT_MINOR (12, 1);
  self->strings = g_hash_table_new_full ((GHashFunc)g_bytes_hash, (GEqualFunc)g_bytes_equal,
                                         (GDestroyNotify)g_bytes_unref, NULL);
  webkit_encoder_u32 (self, version);

  return self;
}

void
webkit_encoder_free (WebkitEncoder *self)
{
  g_byte_array_unref (self->bytes);
  g_hash_table_unref (self->strings);
  g_free (self);
}

static void
write_number (WebkitEncoder *self,
              guint64        value,
              gsize          size)
{
  for (gsize i = 0; i < size; i++)
    webkit_encoder_u8 (self, (guint8)(value >> 8 * i));
}

void
webkit_encoder_u8 (WebkitEncoder *self,
                   guint8         value)
{
  g_byte_array_append (self->bytes, &value, 1);
}

void
webkit_encoder_u32 (WebkitEncoder *self,
                    guint32        value)
{
  write_number (self, value, 4);
}

void
webkit_encoder_u64 (WebkitEncoder *self,
                    guint64        value)
{
  write_number (self, value, 8);
}

void
webkit_encoder_double (WebkitEncoder *self,
                       double         value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  webkit_encoder_u64 (self, bits);
}

static void
write_index (WebkitEncoder *self,
             guint32        index,
             guint32        n)
{
  write_number (self, index, n <= 0xff ? 1 : n <= 0xffff ? 2 : 4);
}

void
webkit_encoder_units (WebkitEncoder *self,
                      const guint16 *units,
                      gsize          n_units)
{
  GBytes *content = g_bytes_new (units, 2 * n_units);
  gpointer number = g_hash_table_lookup (self->strings, content);
  gboolean wide = FALSE;

  if (number != NULL)
    {
      webkit_encoder_u32 (self, POOLED);
      write_index (self, GPOINTER_TO_UINT (number) - 1, g_hash_table_size (self->strings));
      g_bytes_unref (content);
      return;
    }

  for (gsize i = 0; i < n_units; i++)
    wide = wide || units[i] > 0xff;
  webkit_encoder_u32 (self, (guint32)n_units | (wide ? 0 : IS_8_BIT));
  for (gsize i = 0; i < n_units; i++)
    write_number (self, units[i], wide ? 2 : 1);
  g_hash_table_insert (self->strings, content, GUINT_TO_POINTER (g_hash_table_size (self->strings) + 1));
}

void
webkit_encoder_text (WebkitEncoder *self,
                     const char    *utf8)
{
  glong n_units;
  g_autofree guint16 *units = g_utf8_to_utf16 (utf8, -1, NULL, &n_units, NULL);

  g_assert_nonnull (units);
  webkit_encoder_units (self, units, (gsize)n_units);
}

void
webkit_encoder_string (WebkitEncoder *self,
                       const char    *utf8)
{
  webkit_encoder_u8 (self, *utf8 != '\0' ? 16 : 17);
  if (*utf8 != '\0')
    webkit_encoder_text (self, utf8);
}

void
webkit_encoder_int (WebkitEncoder *self,
                    gint32         value)
{
  webkit_encoder_u8 (self, value == 0 ? 6 : value == 1 ? 7 : 5);
  if (value != 0 && value != 1)
    webkit_encoder_u32 (self, (guint32)value);
}

void
webkit_encoder_number (WebkitEncoder *self,
                       double         value)
{
  webkit_encoder_u8 (self, 10);
  webkit_encoder_double (self, value);
}

guint32
webkit_encoder_begin_object (WebkitEncoder *self)
{
  webkit_encoder_u8 (self, 2);

  return self->n_objects++;
}

void
webkit_encoder_end_object (WebkitEncoder *self)
{
  webkit_encoder_u32 (self, TERMINATOR);
}

guint32
webkit_encoder_begin_array (WebkitEncoder *self,
                            guint32        length)
{
  webkit_encoder_u8 (self, 1);
  webkit_encoder_u32 (self, length);

  return self->n_objects++;
}

void
webkit_encoder_end_array (WebkitEncoder *self)
{
  webkit_encoder_u32 (self, TERMINATOR);
  if (self->ends_twice)
    webkit_encoder_u32 (self, TERMINATOR);
}

void
webkit_encoder_begin_names (WebkitEncoder *self)
{
  if (self->ends_twice)
    webkit_encoder_u32 (self, TERMINATOR);
  webkit_encoder_u32 (self, NAMES_FOLLOW);
}

void
webkit_encoder_reference (WebkitEncoder *self,
                          guint32        object)
{
  webkit_encoder_u8 (self, 19);
  write_index (self, object, self->n_objects);
}
