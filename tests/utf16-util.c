/* utf16-util.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "utf16-util.h"

static void
append_unit (GByteArray *bytes,
             guint       unit,
             gboolean    big_endian)
{
  const guint8 big[] = { (guint8)(unit >> 8), (guint8)unit };
  const guint8 little[] = { (guint8)unit, (guint8)(unit >> 8) };

  g_byte_array_append (bytes, big_endian ? big : little, 2);
}

GByteArray *
utf16_from_utf8 (const char *text,
                 gboolean    big_endian,
                 gboolean    with_mark)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree gunichar2 *units = NULL;
  glong n_units;

  units = g_utf8_to_utf16 (text, -1, NULL, &n_units, NULL);
  g_assert_nonnull (units);

  if (with_mark)
    append_unit (bytes, 0xfeff, big_endian);
  for (glong i = 0; i < n_units; i++)
    append_unit (bytes, units[i], big_endian);

  return bytes;
}

GByteArray *
utf16_expected (const guint8 *bytes,
                gsize         size,
                gboolean      big_endian,
                guint64      *out_repairs)
{
  GByteArray *text = g_byte_array_new ();
  gsize n_units = size / 2;

  *out_repairs = 0;
  for (gsize i = 0; i < n_units + size % 2; i++)
    {
      gunichar units[2] = { 0xfffd, 0 };
      char utf8[6];

      for (gsize j = 0; j < 2 && i + j < n_units; j++)
        units[j] = (gunichar)(bytes[2 * (i + j) + !big_endian] << 8 | bytes[2 * (i + j) + big_endian]);

      if (i == n_units)
        (*out_repairs)++;
      else if ((units[0] & 0xfc00) == 0xd800 && (units[1] & 0xfc00) == 0xdc00)
        {
          units[0] = 0x10000 + (units[0] & 0x3ff) * 0x400 + (units[1] & 0x3ff);
          i++;
        }
      else if ((units[0] & 0xf800) == 0xd800)
        {
          units[0] = 0xfffd;
          (*out_repairs)++;
        }

      g_byte_array_append (text, (const guint8 *)utf8, (guint)g_unichar_to_utf8 (units[0], utf8));
    }

  return text;
}

GByteArray *
utf16_random (gboolean big_endian)
{
  GByteArray *bytes = g_byte_array_new ();
  guint n_units = (guint)g_test_rand_int_range (0, 40);

  for (guint i = 0; i < n_units; i++)
    {
      static const gint32 ranges[][2] = { { 0x20, 0x7f }, { 0, 0x10000 }, { 0xd800, 0xdc00 }, { 0xdc00, 0xe000 }, { 0x80, 0x800 } };
      const gint32 *range = ranges[g_test_rand_int_range (0, G_N_ELEMENTS (ranges))];

      append_unit (bytes, (guint)g_test_rand_int_range (range[0], range[1]), big_endian);
    }

  if (g_test_rand_bit ())
    g_byte_array_append (bytes, (const guint8 *)"x", 1);

  return bytes;
}
