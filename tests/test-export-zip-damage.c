/* test-export-zip-damage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <zlib.h>

#include "export-zip-util.h"
#include "fault-seam.h"

static void
test_a_wrong_checksum_is_noticed (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  for (guint bits = 0; bits < 8; bits++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(StrataExportZip) zip = NULL;
      g_autofree char *text = NULL;
      ZipEntry entry = {
        .name = "sessions.json",
        .content = SESSIONS,
        .deflate = (bits & 1) != 0,
        .length_behind = (bits & 2) != 0,
        .crc_error = (bits & 4) != 0 ? 1 : 0,
        .size_error = (bits & 4) == 0 ? 1 : 0,
      };

      zip_maker_add (maker, &entry);
      finish (fixture, maker);

      zip = open_good (fixture);
      text = read_damaged (zip, 0, NULL);
      g_assert_cmpstr (text, ==, SESSIONS);
    }
}

/* How much of deflated data can be had, and what it is: by zlib, fed with single bytes */
static GByteArray *
inflate_what_can_be (const guint8 *data,
                     gsize         length)
{
  GByteArray *bytes = g_byte_array_new ();
  z_stream stream = { .next_in = (guint8 *)data };
  int status = inflateInit2 (&stream, -MAX_WBITS);

  for (gsize i = 0; i < length && status == Z_OK; i++)
    {
      stream.avail_in = 1;
      do
        {
          guint8 out[1000];

          stream.next_out = out;
          stream.avail_out = sizeof out;
          status = inflate (&stream, Z_NO_FLUSH);
          g_byte_array_append (bytes, out, (guint)(sizeof out - stream.avail_out));
        }
      while (status == Z_OK && stream.avail_out == 0);

      if (status == Z_BUF_ERROR)
        status = Z_OK;
    }
  inflateEnd (&stream);

  return bytes;
}

static void
test_all_before_a_flaw_is_given (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autofree char *text = make_long_text (200000);
  guint n_flawed = 0;

  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(GByteArray) expected = NULL;
      g_autoptr(StrataExportZip) zip = NULL;
      g_autoptr(GError) error = NULL;
      g_autofree char *read = NULL;
      gsize n_read = 0;
      guint begin = 30 + strlen ("sessions.json");
      guint length, place;

      zip_maker_add_text (maker, "sessions.json", text, TRUE);
      length = maker->bytes->len - begin;
      place = begin + (guint)g_test_rand_int_range (0, (gint)length);
      maker->bytes->data[place] ^= (guint8)(1 << g_test_rand_int_range (0, 8));
      expected = inflate_what_can_be (maker->bytes->data + begin, length);
      finish (fixture, maker);

      zip = open_good (fixture);
      read = read_entry (zip, 0, &n_read, &error);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
      g_assert_cmpmem (read, n_read, expected->data, expected->len);
      n_flawed += expected->len < strlen (text);
    }

  g_assert_cmpuint (n_flawed, >, 0);
}

/* The same for what is cut */
static void
test_all_before_a_cut_is_given (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *text = make_long_text (3000);
  const gsize begin = 30 + strlen ("sessions.json");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      ZipEntry entry = { .name = "sessions.json", .content = text, .deflate = TRUE, .length_behind = i == 1 };

      zip_maker_add (maker, &entry);
      for (gsize size = begin; size < maker->bytes->len; size++)
        {
          g_autoptr(GByteArray) expected = inflate_what_can_be (maker->bytes->data + begin, size - begin);
          g_autoptr(StrataExportZip) zip = NULL;
          g_autofree char *read = NULL;
          gsize n_read = 0;

          put (fixture, maker->bytes->data, size);

          zip = open_good (fixture);
          read = read_damaged (zip, 0, &n_read);
          g_assert_cmpmem (read, n_read, expected->data, expected->len);
        }
    }
}

static void
test_one_damaged_header_takes_one_entry_only (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GError) error = NULL;

  add_usual (maker, TRUE);
  maker->bytes->data[0] ^= 1;
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_false (_strata_export_zip_is_torn (zip));
  g_assert_null (_strata_export_zip_open_entry (zip, 0, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  assert_collection (zip, "sessions", SESSIONS);
}

static void
test_a_known_name_wins_over_a_damaged_one (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  ZipEntry in_directory = { .name = "sessionr.json", .local_name = "sessions.json", .content = SESSIONS };
  ZipEntry in_header = { .name = "notes.json", .local_name = "nodes.json", .content = NOTES };
  ZipEntry unknown = { .name = "one.json", .local_name = "two.json", .content = NOTES };

  zip_maker_add (maker, &in_directory);
  zip_maker_add (maker, &in_header);
  zip_maker_add (maker, &unknown);
  finish (fixture, maker);

  zip = open_good (fixture);
  assert_collection (zip, "sessions", SESSIONS);
  g_assert_cmpstr (get_entry (zip, 0)->other_name, ==, "sessionr.json");
  assert_collection (zip, "notes", NOTES);
  g_assert_cmpstr (get_entry (zip, 1)->other_name, ==, "nodes.json");
  assert_collection (zip, "one", NOTES);
  g_assert_cmpstr (get_entry (zip, 2)->other_name, ==, "two.json");
}

/* The ZIPs that are cut and bent in the tests that follow */
static const struct
{
  const char *name;
  gboolean    deflate;
  gboolean    length_behind;
  gboolean    long_sizes;
  const char *folder;
} kinds[] = {
  { "stored", FALSE, FALSE, FALSE, "" },
  { "deflated", TRUE, FALSE, FALSE, "" },
  { "behind", TRUE, TRUE, FALSE, "" },
  { "stored-behind", FALSE, TRUE, FALSE, "" },
  { "zip64", TRUE, TRUE, TRUE, "" },
  { "folder", FALSE, FALSE, FALSE, "export/" },
};

static const char *const kind_names[] = { "notes.json", "sessions.json", "settings.json", "export-metadata.json" };
static const char *const kind_texts[] = { NOTES, SESSIONS, "{}", METADATA };

static GBytes *
make_kind (guint i)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();

  for (guint k = 0; k < G_N_ELEMENTS (kind_names); k++)
    {
      g_autofree char *name = g_strconcat (kinds[i].folder, kind_names[k], NULL);
      ZipEntry entry = {
        .name = name,
        .content = kind_texts[k],
        .deflate = kinds[i].deflate,
        .length_behind = kinds[i].length_behind,
        .long_sizes = kinds[i].long_sizes,
      };

      zip_maker_add (maker, &entry);
    }

  return zip_maker_finish (maker, kinds[i].long_sizes, NULL);
}

/* What a truncated ZIP still gives is right: each entry is whole, or its beginning with an error. */
static guint
check_beginnings (StrataExportZip *zip)
{
  guint n_whole = 0;

  for (guint k = 0; k < G_N_ELEMENTS (kind_names); k++)
    for (guint i = 0; i < _strata_export_zip_get_entries (zip)->len; i++)
      {
        const StrataExportZipEntry *entry = get_entry (zip, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        if (strcmp (entry->name, kind_names[k]) != 0)
          continue;

        text = read_entry (zip, i, NULL, &error);
        if (error == NULL)
          g_assert_cmpstr (text, ==, kind_texts[k]);
        else
          {
            g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
            g_assert_true (g_str_has_prefix (kind_texts[k], text));
          }
        n_whole += error == NULL;
      }

  return n_whole;
}

static void
test_a_truncated_zip_gives_what_is_whole (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr(GBytes) bytes = make_kind (i);
      guint n_whole = 0;

      g_test_message ("%s", kinds[i].name);
      for (gsize size = 0; size < g_bytes_get_size (bytes); size++)
        {
          g_autoptr(GError) error = NULL;
          g_autoptr(StrataExportZip) zip = NULL;
          guint n;

          put (fixture, g_bytes_get_data (bytes, NULL), size);
          zip = open_zip (fixture, &error);
          if (zip == NULL)
            {
              g_assert_cmpuint (n_whole, ==, 0);
              g_assert_error (error, STRATA_ERROR, (size < 4 ? STRATA_ERROR_NOT_FOUND : STRATA_ERROR_DAMAGED_DATA));
              continue;
            }

          g_assert_true (_strata_export_zip_is_torn (zip));
          n = check_beginnings (zip);
          g_assert_cmpuint (n, >=, n_whole);
          n_whole = n;
        }
      g_assert_cmpuint (n_whole, ==, G_N_ELEMENTS (kind_names));
    }
}

/* Whether something tells that an entry is not what it was. */
static gboolean
says_something (StrataExportZip *zip)
{
  GPtrArray *entries = _strata_export_zip_get_entries (zip);

  if (_strata_export_zip_is_torn (zip) || entries->len != G_N_ELEMENTS (kind_names))
    return TRUE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataExportZipEntry *entry = get_entry (zip, i);

      if (entry->other_name != NULL || _strata_export_zip_explain (entry->state) != NULL)
        return TRUE;
    }

  return FALSE;
}

/* After one byte was changed: the right bytes under each name, or something is said. */
static void
check_bent (StrataExportZip *zip)
{
  for (guint k = 0; k < G_N_ELEMENTS (kind_names); k++)
    {
      g_autofree char *name = g_strndup (kind_names[k], strlen (kind_names[k]) - strlen (".json"));
      const StrataExportZipEntry *entry = _strata_export_zip_find_collection (zip, name);
      g_autoptr(GError) error = NULL;
      g_autofree char *text = NULL;

      for (guint i = 0; i < _strata_export_zip_get_entries (zip)->len && entry == NULL; i++)
        if (get_entry (zip, i)->is_metadata && k == G_N_ELEMENTS (kind_names) - 1)
          entry = get_entry (zip, i);

      if (entry == NULL)
        {
          g_assert_true (says_something (zip));
          continue;
        }

      text = read_entry (zip, entry->index, NULL, &error);
      if (error == NULL)
        g_assert_cmpstr (text, ==, kind_texts[k]);
      else
        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

static void
test_a_changed_byte_is_no_silent_loss (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const guint8 masks[] = { 0x01, 0x20, 0xff };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr(GBytes) bytes = make_kind (i);
      gsize size;
      guint8 *data = g_bytes_unref_to_data (g_bytes_ref (bytes), &size);
      guint n_opened = 0;

      g_test_message ("%s", kinds[i].name);
      for (gsize place = 0; place < size; place++)
        for (guint k = 0; k < G_N_ELEMENTS (masks); k++)
          {
            g_autoptr(GError) error = NULL;
            g_autoptr(StrataExportZip) zip = NULL;

            data[place] ^= masks[k];
            put (fixture, data, size);
            data[place] ^= masks[k];

            zip = open_zip (fixture, &error);
            if (zip != NULL)
              {
                check_bent (zip);
                n_opened++;
              }
            else
              g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
          }
      /* One place in a ZIP of several entries never takes all */
      g_assert_cmpuint (n_opened, ==, size * G_N_ELEMENTS (masks));
      g_free (data);
    }
}

static void
test_random_bytes_do_no_harm (Fixture       *fixture,
                              gconstpointer  test_data)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr(GBytes) bytes = make_kind (i % G_N_ELEMENTS (kinds));
      gsize size;
      guint8 *data = g_bytes_unref_to_data (g_bytes_ref (bytes), &size);
      g_autoptr(StrataExportZip) zip = NULL;

      for (guint k = (guint)g_test_rand_int_range (2, 20); k > 0; k--)
        data[g_test_rand_int_range (0, (gint)size)] = (guint8)g_test_rand_int ();
      put (fixture, data, size - (gsize)g_test_rand_int_range (0, 20));
      g_free (data);

      zip = open_zip (fixture, NULL);
      for (guint k = 0; zip != NULL && k < _strata_export_zip_get_entries (zip)->len; k++)
        {
          g_autoptr(GError) error = NULL;
          g_autofree char *text = read_entry (zip, k, NULL, &error);

          if (error != NULL)
            g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
          else
            g_assert_nonnull (text);
        }
    }
}

/* --- Faults --- */

static gboolean
is_reading_error (const GError *error)
{
  return error->domain == G_IO_ERROR || g_error_matches (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
}

static void
test_trouble_with_the_disk_is_no_damage (Fixture       *fixture,
                                         gconstpointer  kind)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr(GBytes) bytes = make_kind (i / 2);
      /* With its directory, and without */
      gsize size = g_bytes_get_size (bytes) - (i % 2 == 0 ? 0 : 10);
      guint64 total = G_MAXUINT64;

      put (fixture, g_bytes_get_data (bytes, NULL), size);
      fault_seam_install ();

      for (guint64 nth = 0; nth <= total; nth++)
        {
          g_autoptr(GError) error = NULL;
          g_autoptr(StrataExportZip) zip = NULL;

          fault_seam_arm (nth == 0 ? FAULT_NONE : GPOINTER_TO_INT (kind), nth, EIO);
          zip = open_zip (fixture, &error);
          for (guint k = 0; zip != NULL && error == NULL && k < G_N_ELEMENTS (kind_names); k++)
            {
              g_autofree char *text = read_entry (zip, k, NULL, &error);

              if (error == NULL)
                g_assert_cmpstr (text, ==, kind_texts[k]);
            }
          g_clear_pointer (&zip, _strata_export_zip_unref);

          if (nth == 0)
            total = fault_seam_get_calls ();
          if (error != NULL)
            g_assert_true (is_reading_error (error));
          /* All but the last call, which closes, matter */
          g_assert_true ((error != NULL) == (GPOINTER_TO_INT (kind) == FAULT_ERRNO && nth > 0 && nth < total));
        }
      g_assert_cmpuint (total, >, 10);

      fault_seam_remove ();
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/export-zip-damage/checksum", test_a_wrong_checksum_is_noticed);
  ADD ("/export-zip-damage/all-before-a-flaw", test_all_before_a_flaw_is_given);
  ADD ("/export-zip-damage/all-before-a-cut", test_all_before_a_cut_is_given);
  ADD ("/export-zip-damage/one-header", test_one_damaged_header_takes_one_entry_only);
  ADD ("/export-zip-damage/name", test_a_known_name_wins_over_a_damaged_one);
  ADD ("/export-zip-damage/truncated", test_a_truncated_zip_gives_what_is_whole);
  ADD ("/export-zip-damage/one-byte", test_a_changed_byte_is_no_silent_loss);
  ADD ("/export-zip-damage/random", test_random_bytes_do_no_harm);
  ADD_WITH ("/export-zip-damage/faults/errno", GINT_TO_POINTER (FAULT_ERRNO), test_trouble_with_the_disk_is_no_damage);
  ADD_WITH ("/export-zip-damage/faults/short", GINT_TO_POINTER (FAULT_SHORT), test_trouble_with_the_disk_is_no_damage);

  return g_test_run ();
}
