/* test-legacy-meta.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "migration/strata-legacy-meta-private.h"

/* 2001-09-09 01:46:40 */
#define CREATED_S 1000000000

static void
test_only_what_never_was_a_file_needs_metadata (void)
{
  StrataAttachmentRow row = { .state = STRATA_ATTACHMENT_OBJECT };

  g_assert_true (_strata_legacy_meta_is_needed (&row));
  row.state = STRATA_ATTACHMENT_WEBP;
  g_assert_true (_strata_legacy_meta_is_needed (&row));
  row.source_path = (char *)"attachments/a.dat";
  g_assert_false (_strata_legacy_meta_is_needed (&row));
  row.source_path = NULL;
  row.state = STRATA_ATTACHMENT_MISSING;
  g_assert_false (_strata_legacy_meta_is_needed (&row));
}

static void
test_each_kind_is_told_as_the_old_program_would (void)
{
  static const struct
  {
    const char *mime;
    gboolean    in_session;
    const char *path;
    const char *type;
    const char *told_mime;
    const char *more;
  } rows[] = {
    { "image/jpeg", TRUE, "attachments/x.dat", "screenshot", "image/jpeg", "" },
    { "image/webp", FALSE, "attachments/x.dat", "image", "image/webp", "" },
    { "audio/mpeg", TRUE, "attachments/x.dat", "audio", "audio/mp3", "" },
    { "audio/wav", TRUE, "attachments/x.dat", "audio", "audio/wav", "" },
    { "video/mp4", TRUE, "attachments/videos/x.ext", "video", "video/mp4", ",\"path\":\"attachments/videos/x.ext\"" },
    { NULL, TRUE, "attachments/x.dat", "file", "application/octet-stream", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      StrataAttachmentRow row = { .id = (char *)"x", .mime = (char *)rows[i].mime, .extension = (char *)"ext", .bytes = 7 };
      g_autofree char *path = _strata_legacy_meta_dup_path (&row);
      g_autofree char *text = _strata_legacy_meta_dup_text (&row, rows[i].in_session, CREATED_S);
      g_autofree char *expected =
        g_strdup_printf ("{\"id\":\"x\",\"type\":\"%s\",\"name\":\"x\",\"mimeType\":\"%s\",\"size\":7,"
                         "\"createdAt\":\"2001-09-09T01:46:40.000Z\"%s}", rows[i].type, rows[i].told_mime, rows[i].more);

      g_assert_cmpstr (path, ==, rows[i].path);
      g_assert_cmpstr (text, ==, expected);
    }
}

/* A number that is no time of the kind is none. */
static void
test_the_time_is_that_of_the_id_where_it_has_one (void)
{
  static const struct { const char *id, *created; } rows[] = {
    { "1759115030088-vzwjjsuua", "2025-09-29T03:03:50.088Z" },
    { "attachment-1759115030088-x", "2025-09-29T03:03:50.088Z" },
    { "175911503008", "2001-09-09T01:46:40.000Z" },
    { "17591150300888", "2001-09-09T01:46:40.000Z" },
    { "0759115030088", "2001-09-09T01:46:40.000Z" },
    { "none", "2001-09-09T01:46:40.000Z" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      StrataAttachmentRow row = { .id = (char *)rows[i].id };
      g_autofree char *text = _strata_legacy_meta_dup_text (&row, FALSE, CREATED_S);
      g_autofree char *expected = g_strdup_printf ("\"createdAt\":\"%s\"}", rows[i].created);

      g_assert_true (g_str_has_suffix (text, expected));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/legacy-meta/needed", test_only_what_never_was_a_file_needs_metadata);
  g_test_add_func ("/legacy-meta/kinds", test_each_kind_is_told_as_the_old_program_would);
  g_test_add_func ("/legacy-meta/time", test_the_time_is_that_of_the_id_where_it_has_one);

  return g_test_run ();
}
