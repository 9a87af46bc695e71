/* test-store-write.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-key-private.h"
#include "store/strata-manifest-private.h"
#include "store/strata-store-write.h"
#include "test-util.h"

#define SESSION "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"}],\"end\":1.0}"

typedef struct
{
  char        *path;
  StrataStore *store;
  char        *key;
} Fixture;

static char *
create (StrataStore *store,
        const char  *json)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autoptr(GError) error = NULL;
  char *key = strata_store_create_session (store, stream, NULL, &error);

  g_assert_no_error (error);

  return key;
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->key = create (fixture->store, SESSION);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
}

static void
reopen (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  g_clear_object (&fixture->store);
  fixture->store = strata_store_open (fixture->path, &error);
  g_assert_no_error (error);
}

static gboolean
try_append (StrataStore  *store,
            const char   *key,
            const char   *list,
            const char   *json,
            const char   *attachment,
            GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr(GBytes) content = attachment != NULL ? g_bytes_new (attachment, strlen (attachment)) : NULL;
  g_autoptr(StrataNewAttachment) given = content != NULL ? strata_new_attachment_new_for_bytes (NULL, content) : NULL;

  return strata_store_append (store, key, list, bytes, given, NULL, NULL, error);
}

static void
append (StrataStore *store,
        const char  *key,
        const char  *list,
        const char  *json)
{
  g_autoptr(GError) error = NULL;

  try_append (store, key, list, json, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
try_set (StrataStore  *store,
         const char   *key,
         const char   *member,
         const char   *json,
         GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));

  return strata_store_set_member (store, key, member, bytes, NULL, error);
}

static void
set (StrataStore *store,
     const char  *key,
     const char  *member,
     const char  *json)
{
  g_autoptr(GError) error = NULL;

  try_set (store, key, member, json, &error);
  g_assert_no_error (error);
}

static gboolean
try_save (StrataStore  *store,
          const char   *key,
          const char   *json,
          GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);

  return strata_store_save_session (store, key, stream, NULL, error);
}

static void
seal (StrataStore *store,
      const char  *key)
{
  g_autoptr(GError) error = NULL;

  strata_store_seal_session (store, key, NULL, &error);
  g_assert_no_error (error);
}

static void
assert_session (StrataStore *store,
                const char  *key,
                const char  *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = store_util_read_session (store, key, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_sound (StrataStore *store)
{
  g_autofree char *problems = store_util_check (store);

  g_assert_cmpstr (problems, ==, "");
}

static StrataManifest *
load (StrataStore *store,
      const char  *key)
{
  g_autoptr(GError) error = NULL;
  StrataManifest *manifest = _strata_store_load (store, FALSE, key, &error);

  g_assert_no_error (error);

  return manifest;
}

static gboolean
has_tail (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->path, "sessions", fixture->key, "tail.jsonl", NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static StrataSessionInfo *
find (StrataStore *store,
      const char  *id)
{
  g_autoptr(GError) error = NULL;
  StrataSessionInfo *info = strata_store_find_session (store, id, &error);

  g_assert_no_error (error);

  return info;
}

/* "id state" of each attachment of an owner, sorted by how they come */
static char *
list_attachments (StrataStore *store,
                  const char  *owner)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) attachments = strata_store_list_attachments (store, owner, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < attachments->len; i++)
    {
      const StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);

      g_string_append_printf (text, "%s%s %s", i > 0 ? ", " : "", info->id, info->state);
    }

  return g_string_free (text, FALSE);
}

static void
assert_attachments (StrataStore *store,
                    const char  *owner,
                    const char  *expected)
{
  g_autofree char *text = list_attachments (store, owner);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_attachment_is (StrataStore *store,
                      const char  *id,
                      const char  *content)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataAttachmentInfo) info = strata_store_find_attachment (store, id, &error);
  g_autoptr(GInputStream) stream = info != NULL ? strata_store_open_attachment (store, info, &error) : NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = store_util_read (stream, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, content);
}

/* Creating */

static void
test_a_session_is_made_as_it_is_given (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = create (fixture->store, " { \"id\" : 12.50 , \"x\" : [ 1 , \"\\u00e9\" ] , \"x\" : null } ");
  g_autoptr(StrataSessionInfo) info = find (fixture->store, "12.50");
  g_autoptr(StrataManifest) manifest = load (fixture->store, key);

  assert_session (fixture->store, key, "{\"id\":12.50,\"x\":[1,\"\\u00e9\"],\"x\":null}");
  g_assert_cmpstr (info->key, ==, key);
  g_assert_cmpuint (manifest->source, ==, 0);
  g_assert_cmpuint (manifest->ordinal, ==, 1);
  g_assert_cmpuint (manifest->edits, ==, 0);
  assert_sound (fixture->store);
  reopen (fixture);
  assert_session (fixture->store, key, "{\"id\":12.50,\"x\":[1,\"\\u00e9\"],\"x\":null}");
}

/* Its key is none that a session of an old store can have */
static void
test_a_new_session_stands_beside_old_ones (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *migrated = store_util_put (fixture->store, "{\"id\":\"other\"}", 0);
  g_autofree char *here = _strata_key_make ("\"other\"", 0, 0);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("{\"id\":\"other\"}", -1, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr (migrated, !=, here);
  g_assert_null (strata_store_create_session (fixture->store, stream, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
}

static void
test_what_is_no_session_is_refused (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const struct { const char *json; int code; } rows[] = {
    { "", STRATA_ERROR_SYNTAX },
    { "{\"id\":", STRATA_ERROR_SYNTAX },
    { "{\"id\":\"t\"} x", STRATA_ERROR_SYNTAX },
    { "[]", STRATA_ERROR_UNSUITABLE },
    { "\"t\"", STRATA_ERROR_UNSUITABLE },
    { SESSION, STRATA_ERROR_EXISTS },
    { "{\"id\":\"s\"}", STRATA_ERROR_EXISTS },
  };
  g_autofree char *before = store_util_list_files (fixture->path, "sessions");
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (rows[i].json, -1, NULL);
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_store_create_session (fixture->store, stream, NULL, &error));
      g_assert_error (error, STRATA_ERROR, rows[i].code);
    }
  after = store_util_list_files (fixture->path, "sessions");
  g_assert_cmpstr (after, ==, before);
}

static void
test_sessions_without_an_id_are_known_by_their_content (Fixture       *fixture,
                                                        gconstpointer  test_data)
{
  g_autofree char *first = create (fixture->store, "{\"name\":\"x\"}");
  g_autofree char *second = create (fixture->store, "{\"name\":\"y\"}");
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("{ \"name\": \"x\" }", -1, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpstr (first, !=, second);
  g_assert_null (strata_store_create_session (fixture->store, stream, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
}

/* Appending */

/* What a session is before, what is appended, what it is then */
static const struct
{
  const char *before;
  const char *list;
  const char *first;
  const char *second;
  const char *after;
} appends[] = {
  { "{\"id\":\"t\"}", "screenshots", "{\"a\":1.0}", " { \"b\" : [ 2 ] } ",
    "{\"id\":\"t\",\"screenshots\":[{\"a\":1.0},{\"b\":[2]}]}" },
  { "{}", "contextItems", "1", "2", "{\"contextItems\":[1,2]}" },
  { "{\"screenshots\":[],\"id\":\"t\"}", "screenshots", "1", "2", "{\"screenshots\":[1,2],\"id\":\"t\"}" },
  { "{\"audioSegments\":[0],\"id\":\"t\"}", "audioSegments", "1", "2", "{\"audioSegments\":[0,1,2],\"id\":\"t\"}" },
  { "{\"contextItems\":[0],\"contextItems\":[5],\"id\":\"t\"}", "contextItems", "1", "2",
    "{\"contextItems\":[0],\"contextItems\":[5,1,2],\"id\":\"t\"}" },
  { "{\"id\":\"t\"}", "video.chunks", "{\"n\":1}", "2", "{\"id\":\"t\",\"video\":{\"chunks\":[{\"n\":1},2]}}" },
  { "{\"video\":{},\"id\":\"t\"}", "video.chunks", "1", "2", "{\"video\":{\"chunks\":[1,2]},\"id\":\"t\"}" },
  { "{\"video\":{\"x\":1},\"id\":\"t\"}", "video.chunks", "1", "2", "{\"video\":{\"x\":1,\"chunks\":[1,2]},\"id\":\"t\"}" },
  { "{\"video\":{\"chunks\":[],\"d\":\"]\"},\"id\":\"t\"}", "video.chunks", "1", "2",
    "{\"video\":{\"chunks\":[1,2],\"d\":\"]\"},\"id\":\"t\"}" },
  { "{\"video\":{\"a\":{\"chunks\":[9]},\"chunks\":[7,8],\"d\":1e5},\"id\":\"t\"}", "video.chunks", "1", "[2]",
    "{\"video\":{\"a\":{\"chunks\":[9]},\"chunks\":[7,8,1,[2]],\"d\":1e5},\"id\":\"t\"}" },
};

static void
test_elements_stand_behind_those_that_were_there (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (appends); i++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      g_autofree char *key = create (store, appends[i].before);

      append (store, key, appends[i].list, appends[i].first);
      append (store, key, appends[i].list, appends[i].second);
      assert_session (store, key, appends[i].after);
      assert_sound (store);

      seal (store, key);
      assert_session (store, key, appends[i].after);
      assert_sound (store);
      g_clear_object (&store);
      test_remove_dir (path);
    }
}

/* One sealed, one in parts, one in the tail: all the same */
static void
test_it_does_not_matter_when_a_session_is_sealed (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (appends); i++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      g_autofree char *key = create (store, appends[i].before);

      append (store, key, appends[i].list, appends[i].first);
      seal (store, key);
      append (store, key, appends[i].list, appends[i].second);
      assert_session (store, key, appends[i].after);
      g_clear_object (&store);
      store = store_util_open (path);
      assert_session (store, key, appends[i].after);
      seal (store, key);
      assert_session (store, key, appends[i].after);
      assert_sound (store);
      g_clear_object (&store);
      test_remove_dir (path);
    }
}

static void
test_what_can_t_be_appended_changes_nothing (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  static const struct { const char *session; const char *list; const char *json; int code; } rows[] = {
    { "{\"id\":\"t\"}", "screenshots", "{", STRATA_ERROR_SYNTAX },
    { "{\"id\":\"t\"}", "screenshots", "", STRATA_ERROR_SYNTAX },
    { "{\"id\":\"t\"}", "screenshots", "1,2", STRATA_ERROR_SYNTAX },
    { "{\"id\":\"t\"}", "screenshot", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\"}", "", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\",\"screenshots\":{}}", "screenshots", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\",\"screenshots\":null}", "screenshots", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\",\"video\":null}", "video.chunks", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\",\"video\":[]}", "video.chunks", "1", STRATA_ERROR_UNSUITABLE },
    { "{\"id\":\"t\",\"video\":{\"chunks\":\"\"}}", "video.chunks", "1", STRATA_ERROR_UNSUITABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      g_autofree char *key = create (store, rows[i].session);
      g_autoptr(GError) error = NULL;

      g_assert_false (try_append (store, key, rows[i].list, rows[i].json, NULL, &error));
      g_assert_error (error, STRATA_ERROR, rows[i].code);
      assert_session (store, key, rows[i].session);
      g_clear_object (&store);
      test_remove_dir (path);
    }
}

static void
test_there_has_to_be_a_session (Fixture       *fixture,
                                gconstpointer  test_data)
{
  static const char *const keys[] = { "none-0123456789abcdef", "../x", "", "s" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (try_append (fixture->store, keys[i], "screenshots", "1", NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_false (try_set (fixture->store, keys[i], "name", "1", &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_false (try_save (fixture->store, keys[i], SESSION, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_false (strata_store_seal_session (fixture->store, keys[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_null (strata_store_delete_session (fixture->store, keys[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_null (strata_store_delete_item (fixture->store, keys[i], "a", NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_null (strata_store_undelete (fixture->store, keys[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_lists_count_what_is_not_sealed (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  guint64 bytes = 0;

  for (guint i = 1; i <= 5; i++)
    {
      g_autoptr(StrataSessionInfo) info = NULL;
      g_autoptr(StrataSessionInfo) seen = NULL;

      append (fixture->store, fixture->key, "screenshots", "{\"x\":1}");
      append (fixture->store, fixture->key, "audioSegments", "{\"x\":1}");
      if (i == 3)
        seal (fixture->store, fixture->key);
      info = find (fixture->store, "s");
      seen = find (other, "s");
      g_assert_cmpuint (info->screenshots, ==, 1 + i);
      g_assert_cmpuint (info->audio_segments, ==, i);
      g_assert_cmpuint (seen->screenshots, ==, 1 + i);
      g_assert_cmpuint (seen->audio_segments, ==, i);
      g_assert_cmpuint (info->bytes_original, >, bytes);
      bytes = info->bytes_original;
    }
}

/* Attachments */

static void
test_what_is_attached_is_named_in_the_element (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_autoptr(GBytes) json = g_bytes_new_static ("{\"id\":\"b\"}", 10);
  g_autoptr(GBytes) empty = g_bytes_new_static ("{}", 2);
  g_autoptr(GBytes) content = g_bytes_new_static ("\x89PNG\r\n\x1a\n.", 9);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (NULL, content);
  g_autofree char *id = NULL;
  g_autofree char *second = NULL;
  g_autofree char *expected = NULL;
  g_autofree char *rows = NULL;
  g_autoptr(StrataAttachmentInfo) info = NULL;
  g_autoptr(GError) error = NULL;

  strata_new_attachment_set_name (attachment, "p\"q");
  strata_store_append (fixture->store, fixture->key, "screenshots", json, attachment, &id, NULL, &error);
  g_assert_no_error (error);
  strata_store_append (fixture->store, fixture->key, "screenshots", empty, attachment, &second, NULL, &error);
  g_assert_no_error (error);

  expected = g_strdup_printf ("{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"b\",\"attachmentId\":\"%s\"},"
                              "{\"attachmentId\":\"%s\"}],\"end\":1.0}", id, second);
  assert_session (fixture->store, fixture->key, expected);
  rows = g_strdup_printf ("%s object, %s object", id, second);
  assert_attachments (fixture->store, fixture->key, rows);
  info = strata_store_find_attachment (fixture->store, id, NULL);
  g_assert_cmpstr (info->mime, ==, "image/png");
  g_assert_cmpstr (info->name, ==, "p\"q");
  g_assert_cmpint (info->bytes, ==, 9);
  seal (fixture->store, fixture->key);
  assert_attachments (fixture->store, fixture->key, rows);
  assert_sound (fixture->store);
}

static void
test_an_element_says_which_attachment_it_is (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\",\"x\":1}", "one", NULL));
  /* Used before it is there */
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p2\"}", NULL, NULL));
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 missing");
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p2\"}", "two", NULL));
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object");
  /* Once more, and with other content */
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "one", NULL));
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", NULL, NULL));
  g_assert_false (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "other", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object");
  assert_attachment_is (fixture->store, "p2", "two");
  assert_sound (fixture->store);

  seal (fixture->store, fixture->key);
  g_clear_error (&error);
  g_assert_false (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "other", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object");
  assert_sound (fixture->store);
  reopen (fixture);
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object");
}

/* An id that some other session has is a use wherever it stands */
static void
test_any_string_that_is_a_known_id_is_a_use (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  static const char *const contents[] = { "zero", NULL };
  g_autofree char *other = store_util_put_with_rows (fixture->store, "{\"id\":\"other\",\"x\":\"attachment-0\"}", 0, contents);

  append (fixture->store, fixture->key, "screenshots", "{\"deep\":[\"attachment-0\",\"nothing\"]}");
  assert_attachments (fixture->store, fixture->key, "attachment-0 object");
  set (fixture->store, fixture->key, "summary", "{\"x\":\"attachment-0\"}");
  assert_attachments (fixture->store, fixture->key, "attachment-0 object");
  assert_attachments (fixture->store, other, "attachment-0 object");
  assert_sound (fixture->store);
}

static void
test_attachments_of_none_are_kept (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *path = g_strdup_printf ("%s-file", fixture->path);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_path (NULL, path);
  g_autoptr(StrataAttachmentInfo) info = NULL;
  g_autofree char *id = NULL;
  g_autofree char *owner = NULL;
  g_autofree char *element = NULL;
  g_autofree char *rows = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null (strata_store_add_attachment (fixture->store, NULL, attachment, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_assert_true (g_file_set_contents (path, "content", -1, NULL));
  id = strata_store_add_attachment (fixture->store, NULL, attachment, &owner, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (owner, ==, "attachments-of-none-0");
  info = strata_store_find_attachment (fixture->store, id, NULL);
  g_assert_true (g_str_has_suffix (path, info->name));
  assert_attachment_is (fixture->store, id, "content");
  assert_sound (fixture->store);

  /* A session that uses it gets it too */
  element = g_strdup_printf ("{\"attachmentId\":\"%s\"}", id);
  append (fixture->store, fixture->key, "screenshots", element);
  rows = g_strdup_printf ("%s object", id);
  assert_attachments (fixture->store, fixture->key, rows);
  assert_sound (fixture->store);
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_attachments_can_be_added_for_later (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(GBytes) content = g_bytes_new_static ("later", 5);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes ("p9", content);
  g_autofree char *owner = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *id = strata_store_add_attachment (fixture->store, fixture->key, attachment, &owner, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (id, ==, "p9");
      g_assert_cmpstr (owner, ==, fixture->key);
      g_clear_pointer (&owner, g_free);
      assert_attachments (fixture->store, fixture->key, "p9 object");
      assert_session (fixture->store, fixture->key, SESSION);
      if (i == 1)
        seal (fixture->store, fixture->key);
    }
  assert_sound (fixture->store);
}

/* Sealing */

static void
test_a_tail_is_sealed_by_itself (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (30000, 'x');
  g_autofree char *element = g_strdup_printf ("{\"text\":\"%s\"}", filler);
  g_autoptr(GString) expected = g_string_new ("{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"}");
  g_autoptr(StrataManifest) manifest = NULL;

  for (guint i = 0; i < 100; i++)
    {
      append (fixture->store, fixture->key, "screenshots", element);
      g_string_append_printf (expected, ",%s", element);
    }
  g_string_append (expected, "],\"end\":1.0}");
  manifest = load (fixture->store, fixture->key);

  g_assert_cmpuint (manifest->generation, ==, 2);
  g_assert_cmpuint (manifest->parts->len, >=, 3);
  g_assert_true (has_tail (fixture));
  assert_session (fixture->store, fixture->key, expected->str);
  assert_sound (fixture->store);
  reopen (fixture);
  seal (fixture->store, fixture->key);
  g_assert_false (has_tail (fixture));
  assert_session (fixture->store, fixture->key, expected->str);
  assert_sound (fixture->store);
}

/* Sealing after each element: the parts must not become as many as the elements */
static void
test_small_parts_are_joined (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GString) expected = g_string_new ("{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"}");

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *element = g_strdup_printf ("{\"attachmentId\":\"p%u\"}", i);

      append (fixture->store, fixture->key, "screenshots", element);
      seal (fixture->store, fixture->key);
      g_string_append_printf (expected, ",%s", element);
    }
  g_string_append (expected, "],\"end\":1.0}");
  manifest = load (fixture->store, fixture->key);

  assert_session (fixture->store, fixture->key, expected->str);
  g_assert_cmpuint (manifest->generation, ==, 200);
  g_assert_cmpuint (manifest->parts->len, <, 12);
  g_assert_cmpuint (manifest->attachments->len, <, 12);
  assert_sound (fixture->store);
}

/* Recovery */

static char *
tail_path (Fixture *fixture)
{
  return g_build_filename (fixture->path, "sessions", fixture->key, "tail.jsonl", NULL);
}

static void
add_to_tail (Fixture    *fixture,
             const char *bytes,
             gsize       size)
{
  g_autofree char *path = tail_path (fixture);
  g_autofree char *content = NULL;
  g_autoptr(GString) text = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  text = g_string_new_len (content, (gssize)length);
  g_string_append_len (text, bytes, (gssize)size);
  g_assert_true (g_file_set_contents (path, text->str, (gssize)text->len, NULL));
}

static void
test_a_torn_line_is_cut_and_kept_aside (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  static const struct { const char *bytes; gsize size; } rows[] = {
    { "{", 1 },
    { "{\"list\":\"screenshots\",\"bytes\":1,\"element\":1", 43 },
    { "{\"list\":\"scree\0\0\0\0\0\"}\n", 22 },
    { "\0\0\0\0", 4 },
    { "\0\0\n\0", 4 },
  };
  g_autoptr(GString) expected = g_string_new ("{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"}");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *quarantine = NULL;
      g_autofree char *whole = g_strconcat (expected->str, ",0,1],\"end\":1.0}", NULL);
      g_autofree char *found = NULL;
      g_autofree char *path = NULL;
      g_autofree char *kept = NULL;
      g_auto(GStrv) lines = NULL;
      gsize length;

      append (fixture->store, fixture->key, "screenshots", "0");
      g_clear_object (&fixture->store);
      add_to_tail (fixture, rows[i].bytes, rows[i].size);
      reopen (fixture);
      append (fixture->store, fixture->key, "screenshots", "1");
      assert_session (fixture->store, fixture->key, whole);
      assert_sound (fixture->store);

      quarantine = store_util_list_files (fixture->path, "quarantine");
      lines = g_strsplit (quarantine, "\n", -1);
      g_assert_cmpuint (g_strv_length (lines), ==, i + 1);
      g_string_append (expected, ",0,1");
      g_assert_nonnull (strstr (quarantine, fixture->key));
      found = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)rows[i].bytes, rows[i].size);
      path = g_strdup_printf ("%s/quarantine/tail-%s.%.12s", fixture->path, fixture->key, found);
      g_assert_true (g_file_get_contents (path, &kept, &length, NULL));
      g_assert_cmpmem (kept, length, rows[i].bytes, rows[i].size);
    }
}

static void
test_an_appender_cuts_what_another_left_torn (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  append (fixture->store, fixture->key, "screenshots", "1");
  add_to_tail (fixture, "{\"list", 6);
  assert_session (fixture->store, fixture->key, "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"},1],\"end\":1.0}");
  append (fixture->store, fixture->key, "screenshots", "2");
  assert_session (fixture->store, fixture->key, "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"},1,2],\"end\":1.0}");
  assert_sound (fixture->store);
}

/* Each byte of a tail but those that say only what a crash may say */
static void
test_one_wrong_byte_of_a_tail_is_found (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *path = g_strdup_printf ("sessions/%s/tail.jsonl", fixture->key);
  gsize size;

  append (fixture->store, fixture->key, "screenshots", "{\"x\":\"some text\"}");
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"y\":2}", "bytes", NULL));
  size = store_util_file_size (fixture->path, path);
  g_clear_object (&fixture->store);

  for (gsize i = 0; i < size; i++)
    {
      g_autofree char *problems = NULL;

      store_util_flip_byte (fixture->path, path, i);
      reopen (fixture);
      problems = store_util_check (fixture->store);
      g_assert_true (g_str_has_prefix (problems, path));
      g_clear_object (&fixture->store);
      store_util_flip_byte (fixture->path, path, i);
      g_assert_cmpuint (store_util_file_size (fixture->path, path), ==, size);
    }

  reopen (fixture);
  assert_sound (fixture->store);
}

static void
test_a_damaged_tail_is_neither_read_nor_appended_to (Fixture       *fixture,
                                                     gconstpointer  test_data)
{
  g_autofree char *path = g_strdup_printf ("sessions/%s/tail.jsonl", fixture->key);
  g_autoptr(GError) error = NULL;

  append (fixture->store, fixture->key, "screenshots", "{\"x\":\"some text\"}");
  append (fixture->store, fixture->key, "screenshots", "{\"x\":\"some more\"}");
  g_clear_object (&fixture->store);
  store_util_flip_byte (fixture->path, path, 150);
  reopen (fixture);

  g_assert_null (store_util_read_session (fixture->store, fixture->key, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_false (try_append (fixture->store, fixture->key, "screenshots", "1", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_clear_error (&error);
  g_assert_false (try_set (fixture->store, fixture->key, "name", "1", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

/* As after a crash between the commit of the sealing and the removal of the tail */
static void
test_a_tail_that_was_sealed_says_nothing_any_more (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autofree char *path = tail_path (fixture);
  g_autofree char *tail = NULL;
  gsize length;

  append (fixture->store, fixture->key, "screenshots", "1");
  g_assert_true (g_file_get_contents (path, &tail, &length, NULL));
  seal (fixture->store, fixture->key);
  g_assert_true (g_file_set_contents (path, tail, (gssize)length, NULL));

  for (guint i = 0; i < 2; i++)
    {
      reopen (fixture);
      assert_session (fixture->store, fixture->key, "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"},1],\"end\":1.0}");
      assert_sound (fixture->store);
    }
  append (fixture->store, fixture->key, "screenshots", "2");
  assert_session (fixture->store, fixture->key, "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"},1,2],\"end\":1.0}");
  assert_sound (fixture->store);
}

static void
test_the_catalog_comes_back_from_the_files (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autofree char *catalog = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  g_autoptr(StrataSessionInfo) info = NULL;

  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "one", NULL));
  seal (fixture->store, fixture->key);
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p2\"}", "two", NULL));
  g_clear_object (&fixture->store);
  g_assert_cmpint (g_remove (catalog), ==, 0);
  reopen (fixture);

  info = find (fixture->store, "s");
  g_assert_cmpuint (info->screenshots, ==, 3);
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object");
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p3\"}", "three", NULL));
  assert_attachments (fixture->store, fixture->key, "p1 object, p2 object, p3 object");
  assert_sound (fixture->store);
}

/* Several at once */

typedef struct
{
  StrataStore *store;
  const char  *key;
  guint        number;
  guint        n;
} Appender;

static gpointer
append_many (gpointer data)
{
  const Appender *appender = data;

  for (guint i = 0; i < appender->n; i++)
    {
      g_autofree char *json = g_strdup_printf ("[%u,%u]", appender->number, i);

      append (appender->store, appender->key, i % 3 == 0 ? "contextItems" : "screenshots", json);
    }

  return NULL;
}

static guint
count_in (const char *text,
          const char *what)
{
  guint n = 0;

  for (const char *found = strstr (text, what); found != NULL; found = strstr (found + strlen (what), what))
    n++;

  return n;
}

/* Each appender's elements are there once, in its order */
static void
assert_all_appended (StrataStore *store,
                     const char  *key,
                     guint        appenders,
                     guint        n)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = store_util_read_session (store, key, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < appenders; i++)
    {
      const char *last[2] = { text, text };

      for (guint j = 0; j < n; j++)
        {
          g_autofree char *json = g_strdup_printf ("[%u,%u]", i, j);
          const char *found = strstr (text, json);

          g_assert_cmpuint (count_in (text, json), ==, 1);
          g_assert_true (found > last[j % 3 == 0]);
          last[j % 3 == 0] = found;
        }
    }
}

static void
test_threads_append_together (Fixture       *fixture,
                              gconstpointer  test_data)
{
  const guint n_threads = 8, n = 60;
  GThread *threads[8];
  Appender appenders[8];

  for (guint i = 0; i < n_threads; i++)
    {
      appenders[i] = (Appender) { fixture->store, fixture->key, i, n };
      threads[i] = g_thread_new ("appender", append_many, &appenders[i]);
    }
  for (guint i = 0; i < 10; i++)
    {
      seal (fixture->store, fixture->key);
      set (fixture->store, fixture->key, "name", "\"other\"");
    }
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);

  assert_all_appended (fixture->store, fixture->key, n_threads, n);
  assert_sound (fixture->store);
  seal (fixture->store, fixture->key);
  assert_all_appended (fixture->store, fixture->key, n_threads, n);
  assert_sound (fixture->store);
}

static pid_t
fork_appender (Fixture *fixture,
               guint    number,
               guint    n)
{
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      StrataStore *store = strata_store_open (fixture->path, NULL);
      Appender appender = { store, fixture->key, number, n };

      append_many (&appender);
      _exit (0);
    }

  return pid;
}

static void
wait_for (pid_t pid)
{
  int status;

  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

static void
test_processes_append_to_one_session (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  const guint n_processes = 3, n = 80;
  pid_t pids[3];

  g_clear_object (&fixture->store);
  for (guint i = 0; i < n_processes; i++)
    pids[i] = fork_appender (fixture, i + 1, n);
  reopen (fixture);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *json = g_strdup_printf ("[0,%u]", i);
      g_autofree char *text = NULL;

      append (fixture->store, fixture->key, i % 3 == 0 ? "contextItems" : "screenshots", json);
      if (i % 20 == 0)
        seal (fixture->store, fixture->key);
      text = store_util_read_session (fixture->store, fixture->key, NULL);
      g_assert_nonnull (text);
      g_assert_nonnull (strstr (text, json));
    }
  for (guint i = 0; i < n_processes; i++)
    wait_for (pids[i]);

  assert_all_appended (fixture->store, fixture->key, n_processes + 1, n);
  assert_sound (fixture->store);
}

/* What a process reports as appended is there after it is killed, once */
static void
test_what_was_acknowledged_survives_kill_9 (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  guint rounds = g_test_thorough () ? 50 : 8;
  guint next = 0;

  g_clear_object (&fixture->store);
  for (guint round = 0; round < rounds; round++)
    {
      g_autofree char *text = NULL;
      int fds[2];
      char acknowledged;
      guint n = 0, wanted = (guint)g_test_rand_int_range (1, 60);
      pid_t pid;

      g_assert_cmpint (pipe (fds), ==, 0);
      pid = fork ();
      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          StrataStore *store = strata_store_open (fixture->path, NULL);

          for (guint i = next; ; i++)
            {
              g_autofree char *json = g_strdup_printf ("{\"n\":%u,\"text\":\"%0*d\"}", i, g_random_int_range (1, 60000), 0);

              if (!try_append (store, fixture->key, "screenshots", json, NULL, NULL) || write (fds[1], "x", 1) != 1)
                _exit (1);
            }
        }
      close (fds[1]);
      while (n < wanted && read (fds[0], &acknowledged, 1) == 1)
        n++;
      kill (pid, SIGKILL);
      waitpid (pid, NULL, 0);
      while (read (fds[0], &acknowledged, 1) == 1)
        n++;
      close (fds[0]);

      reopen (fixture);
      text = store_util_read_session (fixture->store, fixture->key, NULL);
      g_assert_nonnull (text);
      for (guint i = 0; i < next + n; i++)
        {
          g_autofree char *json = g_strdup_printf ("{\"n\":%u,", i);

          g_assert_cmpuint (count_in (text, json), ==, 1);
        }
      assert_sound (fixture->store);
      g_clear_object (&fixture->store);

      /* The one that was under way may be there or not */
      next += n;
      {
        g_autofree char *json = g_strdup_printf ("{\"n\":%u,", next);

        next += count_in (text, json);
      }
    }
}

/* Many: a table for the seam that counts what is written */

static StrataSeam counting_seam;
static guint64 bytes_written;

static gssize
count_write (int         fd,
             const void *buffer,
             gsize       size)
{
  gssize written = _strata_seam_get_system ()->write (fd, buffer, size);

  bytes_written += (guint64)MAX (written, 0);

  return written;
}

/* A page, which is all that SQLite writes at once */
static int
count_sqlite (const char *what,
              const char *path)
{
  bytes_written += strcmp (what, "write") == 0 ? 4096 : 0;

  return 0;
}

static void
begin_counting (void)
{
  counting_seam = *_strata_seam_get_system ();
  counting_seam.write = count_write;
  counting_seam.sqlite = count_sqlite;
  bytes_written = 0;
  _strata_seam = &counting_seam;
}

static void
end_counting (void)
{
  _strata_seam = _strata_seam_get_system ();
}

static void
test_many_appends (Fixture       *fixture,
                   gconstpointer  test_data)
{
  const guint n = g_test_thorough () ? 100000 : 5000;
  g_autofree char *filler = g_strnfill (1900, 'x');
  g_autofree char *picture = g_malloc (200000);
  g_autoptr(StrataSessionInfo) info = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GPtrArray) attachments = NULL;
  gint64 started = g_get_monotonic_time (), tenths[10] = { 0, };
  guint64 given = 0;

  memset (picture, 'p', 200000);
  begin_counting ();
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"screenshot-%u\",\"attachmentId\":\"attachment-%u\",\"ocr\":\"%s\"}", i, i, filler);
      g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
      g_autoptr(GBytes) content = NULL;
      g_autoptr(StrataNewAttachment) attachment = NULL;
      g_autoptr(GError) error = NULL;
      /* In quick mode pictures are small, to be told apart from the rest of what is written */
      gsize size = g_test_thorough () ? 200000 : 2000;

      memcpy (picture, &i, sizeof i);
      content = i % 10 == 0 ? g_bytes_new (picture, size) : NULL;
      attachment = content != NULL ? strata_new_attachment_new_for_bytes (NULL, content) : NULL;
      given += strlen (json) + (content != NULL ? size : 0);
      strata_store_append (fixture->store, fixture->key, "screenshots", bytes, attachment, NULL, NULL, &error);
      g_assert_no_error (error);
      tenths[i / (n / 10)] = g_get_monotonic_time ();
    }
  end_counting ();

  g_test_message ("%u appends, %" G_GUINT64_FORMAT " bytes given, %" G_GUINT64_FORMAT " written (%.2f ×), first tenth %.2f s, last %.2f s",
                  n, given, bytes_written, (double)bytes_written / (double)given,
                  (double)(tenths[0] - started) / 1e6, (double)(tenths[9] - tenths[8]) / 1e6);
  g_assert_cmpuint (bytes_written, <=, 3 * given);
  info = find (fixture->store, "s");
  g_assert_cmpuint (info->screenshots, ==, n + 1);
  attachments = strata_store_list_attachments (fixture->store, fixture->key, NULL);
  g_assert_cmpuint (attachments->len, ==, n);
  seal (fixture->store, fixture->key);
  manifest = load (fixture->store, fixture->key);
  g_assert_cmpuint (manifest->n_screenshots, ==, n + 1);
  assert_sound (fixture->store);
}

/* Setting members */

static void
test_a_member_gets_another_value (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const struct { const char *before; const char *member; const char *value; const char *after; } rows[] = {
    { "{\"id\":\"t\",\"a\":1}", "a", " { \"b\" : 2.50 } ", "{\"id\":\"t\",\"a\":{\"b\":2.50}}" },
    { "{\"id\":\"t\"}", "new", "null", "{\"id\":\"t\",\"new\":null}" },
    { "{}", "a", "[]", "{\"a\":[]}" },
    { "{\"a\":1,\"b\":2,\"a\":3}", "a", "4", "{\"a\":1,\"b\":2,\"a\":4}" },
    { "{\"\\u0061\":1}", "a", "2", "{\"\\u0061\":2}" },
    { "{\"a\":1}", "x\"y\n", "2", "{\"a\":1,\"x\\\"y\\n\":2}" },
    { "{\"screenshots\":[1,2,3]}", "screenshots", "[9]", "{\"screenshots\":[9]}" },
    { "{\"screenshots\":[1,2,3]}", "screenshots", "[]", "{\"screenshots\":[]}" },
    { "{\"id\":\"t\"}", "id", " \"t\" ", "{\"id\":\"t\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      g_autofree char *key = create (store, rows[i].before);

      set (store, key, rows[i].member, rows[i].value);
      assert_session (store, key, rows[i].after);
      assert_sound (store);
      g_clear_object (&store);
      test_remove_dir (path);
    }
}

static void
test_what_is_no_value_is_refused (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const struct { const char *member; const char *value; int code; } rows[] = {
    { "name", "", STRATA_ERROR_SYNTAX },
    { "name", "1,\"x\":2", STRATA_ERROR_SYNTAX },
    { "name", "1}", STRATA_ERROR_SYNTAX },
    { "name", "{", STRATA_ERROR_SYNTAX },
    { "na\xffme", "1", STRATA_ERROR_SYNTAX },
    { "id", "\"other\"", STRATA_ERROR_UNSUITABLE },
    { "id", "\"\\u0073\"", STRATA_ERROR_UNSUITABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (try_set (fixture->store, fixture->key, rows[i].member, rows[i].value, &error));
      g_assert_error (error, STRATA_ERROR, rows[i].code);
    }
  assert_session (fixture->store, fixture->key, SESSION);
}

/* A large session: parts of other members are the same files as before */
static void
test_only_the_part_concerned_changes (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (200000, 'x');
  g_autofree char *other = g_strnfill (3000, 'y');
  g_autofree char *json =
    g_strdup_printf ("{\"id\":\"t\",\"screenshots\":[\"%s\",\"%s\"],\"summary\":\"%s\",\"notes\":\"%s\"}", filler, filler, other, other);
  g_autofree char *value = g_strdup_printf ("\"%sz\"", other);
  g_autofree char *key = create (fixture->store, json);
  g_autofree char *chunks = g_strdup_printf ("sessions/%s/chunks", key);
  g_autofree char *before = store_util_list_files (fixture->path, chunks);
  g_autofree char *after = NULL;
  g_auto(GStrv) lines = g_strsplit (before, "\n", -1);
  guint kept = 0;

  set (fixture->store, key, "summary", value);
  after = store_util_list_files (fixture->path, chunks);
  for (guint i = 0; lines[i] != NULL; i++)
    kept += strstr (after, lines[i]) != NULL ? 1 : 0;
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
  g_assert_cmpuint (kept, ==, 3);
  assert_sound (fixture->store);

  /* And what was long may become short, and the other way round */
  set (fixture->store, key, "summary", "1");
  set (fixture->store, key, "notes", value);
  set (fixture->store, key, "screenshots", "[]");
  g_free (json);
  json = g_strdup_printf ("{\"id\":\"t\",\"screenshots\":[],\"summary\":1,\"notes\":%s}", value);
  assert_session (fixture->store, key, json);
  assert_sound (fixture->store);
}

static void
test_metadata_keep_their_size (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (1500, 'x');
  g_autofree char *value = g_strdup_printf ("\"%s\"", filler);
  g_autofree char *path = g_strdup_printf ("sessions/%s/metadata.json", fixture->key);
  g_autoptr(StrataManifest) manifest = NULL;

  for (guint i = 0; i < 15; i++)
    {
      g_autofree char *name = g_strdup_printf ("member%u", i);

      set (fixture->store, fixture->key, name, value);
    }
  g_assert_cmpuint (store_util_file_size (fixture->path, path), <, 8192 + 2000);
  assert_sound (fixture->store);
  manifest = load (fixture->store, fixture->key);
  g_assert_cmpuint (manifest->edits, ==, 15);
  g_assert_cmpuint (manifest->n_members, ==, 19);
}

/* Random changes beside a naive model of the session */
typedef struct
{
  GPtrArray *names;
  GPtrArray *values;
} Model;

static void
model_set (Model      *model,
           const char *name,
           const char *value)
{
  for (guint i = 0; i < model->names->len; i++)
    if (strcmp (g_ptr_array_index (model->names, i), name) == 0)
      {
        g_free (g_ptr_array_index (model->values, i));
        g_ptr_array_index (model->values, i) = g_strdup (value);
        return;
      }
  g_ptr_array_add (model->names, g_strdup (name));
  g_ptr_array_add (model->values, g_strdup (value));
}

static void
model_append (Model      *model,
              const char *name,
              const char *element)
{
  for (guint i = 0; i < model->names->len; i++)
    if (strcmp (g_ptr_array_index (model->names, i), name) == 0)
      {
        const char *old = g_ptr_array_index (model->values, i);
        g_autofree char *inner = g_strndup (old, strlen (old) - 1);
        char *joined = g_strdup_printf ("%s%s%s]", inner, strlen (inner) > 1 ? "," : "", element);

        g_free (g_ptr_array_index (model->values, i));
        g_ptr_array_index (model->values, i) = joined;
        return;
      }
  g_ptr_array_add (model->names, g_strdup (name));
  g_ptr_array_add (model->values, g_strdup_printf ("[%s]", element));
}

static char *
model_print (Model *model)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < model->names->len; i++)
    g_string_append_printf (text, "%s\"%s\":%s", i > 0 ? "," : "", (char *)g_ptr_array_index (model->names, i),
                            (char *)g_ptr_array_index (model->values, i));
  g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}

static void
test_any_order_of_changes (Fixture       *fixture,
                           gconstpointer  test_data)
{
  static const char *const lists[] = { "screenshots", "audioSegments", "contextItems" };
  static const char *const names[] = { "name", "summary", "x", "screenshots" };
  guint steps = g_test_thorough () ? 3000 : 300;
  g_autoptr(GPtrArray) model_names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) model_values = g_ptr_array_new_with_free_func (g_free);
  Model model = { model_names, model_values };
  g_autofree char *key = create (fixture->store, "{\"id\":\"m\"}");

  model_set (&model, "id", "\"m\"");
  for (guint step = 0; step < steps; step++)
    {
      g_autoptr(GString) minified = g_string_new (NULL);
      g_autoptr(GString) spaced = g_string_new (NULL);
      guint kind = (guint)g_test_rand_int_range (0, 20);

      store_util_random_value (minified, spaced, 3);
      if (g_test_rand_int_range (0, 30) == 0)
        {
          g_string_truncate (minified, 0);
          g_string_truncate (spaced, 0);
          store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (1000, 200000));
        }
      if (kind < 12)
        {
          const char *list = lists[kind % G_N_ELEMENTS (lists)];

          append (fixture->store, key, list, spaced->str);
          model_append (&model, list, minified->str);
        }
      else if (kind < 16)
        {
          const char *name = names[kind % G_N_ELEMENTS (names)];
          gboolean is_list = strcmp (name, "screenshots") == 0;
          g_autofree char *value = is_list ? g_strdup_printf ("[%s]", minified->str) : g_strdup (minified->str);

          set (fixture->store, key, name, value);
          model_set (&model, name, value);
        }
      else if (kind < 18)
        seal (fixture->store, key);
      else if (kind == 18)
        reopen (fixture);
      else
        {
          g_autofree char *text = model_print (&model);
          g_autoptr(GError) error = NULL;

          try_save (fixture->store, key, text, &error);
          g_assert_no_error (error);
        }

      if (step % 10 == 0)
        {
          g_autofree char *text = model_print (&model);

          assert_session (fixture->store, key, text);
        }
    }
  assert_sound (fixture->store);
}

/* Saving whole */

static void
test_a_session_is_replaced_whole (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(StrataSessionInfo) info = NULL;

  append (fixture->store, fixture->key, "screenshots", "1");
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "one", NULL));
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p2\"}", "two", NULL));
  g_assert_true (try_save (fixture->store, fixture->key, "{\"x\":[\"p2\"], \"id\":\"s\",\"name\":\"other\"}", &error));
  g_assert_no_error (error);
  assert_session (fixture->store, fixture->key, "{\"x\":[\"p2\"],\"id\":\"s\",\"name\":\"other\"}");
  assert_attachments (fixture->store, fixture->key, "p2 object");
  info = find (fixture->store, "s");
  g_assert_cmpstr (info->name, ==, "other");
  g_assert_cmpuint (info->screenshots, ==, 0);
  manifest = load (fixture->store, fixture->key);
  g_assert_cmpuint (manifest->edits, ==, 0);
  g_assert_cmpuint (manifest->generation, ==, 1);
  assert_sound (fixture->store);

  append (fixture->store, fixture->key, "screenshots", "2");
  assert_session (fixture->store, fixture->key, "{\"x\":[\"p2\"],\"id\":\"s\",\"name\":\"other\",\"screenshots\":[2]}");

  g_assert_false (try_save (fixture->store, fixture->key, "{\"id\":\"t\"}", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE);
  g_clear_error (&error);
  g_assert_false (try_save (fixture->store, fixture->key, "{}", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE);
  g_clear_error (&error);
  g_assert_false (try_save (fixture->store, fixture->key, "[]", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE);
  g_clear_error (&error);
  g_assert_false (try_save (fixture->store, fixture->key, "{\"id\":\"s\"", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
}

/* An old store's session keeps the digest that it came with, so that a later
 * migration sees that it knows it, and that it was changed here.
 */
static void
test_what_came_from_an_old_store_is_not_replaced_unseen (Fixture       *fixture,
                                                         gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"old\",\"name\":\"a\"}", 0);
  g_autoptr(StrataManifest) before = load (fixture->store, key);
  g_autoptr(StrataManifest) after = NULL;
  g_autoptr(StrataBatch) batch = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_false (_strata_manifest_is_edited (before));
  append (fixture->store, key, "screenshots", "1");
  g_clear_pointer (&before, _strata_manifest_free);
  before = load (fixture->store, key);
  g_assert_true (_strata_manifest_is_edited (before));
  set (fixture->store, key, "name", "\"b\"");
  after = load (fixture->store, key);
  g_assert_true (_strata_manifest_is_edited (after));
  g_assert_true (_strata_digest_equal (&before->raw_digest, &after->raw_digest));
  assert_sound (fixture->store);

  batch = _strata_batch_new (fixture->store, NULL);
  _strata_batch_add (batch, store_util_slice (fixture->store, batch, "{\"id\":\"old\",\"name\":\"c\"}", 0, NULL), store_util_new_rows ());
  g_assert_false (_strata_batch_commit (batch, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  assert_session (fixture->store, key, "{\"id\":\"old\",\"name\":\"b\",\"screenshots\":[1]}");
  assert_sound (fixture->store);
}

/* Attachments follow what uses them */
static void
test_attachments_go_with_their_last_use (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "one", NULL));
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p2\"}", "two", NULL));
  set (fixture->store, fixture->key, "cover", "{\"attachmentId\":\"p1\"}");
  set (fixture->store, fixture->key, "screenshots", "[]");
  assert_attachments (fixture->store, fixture->key, "p1 object");
  assert_sound (fixture->store);
  set (fixture->store, fixture->key, "name", "\"p1\"");
  set (fixture->store, fixture->key, "cover", "null");
  assert_attachments (fixture->store, fixture->key, "p1 object");
  set (fixture->store, fixture->key, "name", "\"none\"");
  assert_attachments (fixture->store, fixture->key, "");
  assert_sound (fixture->store);
  set (fixture->store, fixture->key, "cover", "{\"attachmentId\":\"p7\"}");
  assert_attachments (fixture->store, fixture->key, "p7 missing");
  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p7\"}", "seven", NULL));
  assert_attachments (fixture->store, fixture->key, "p7 object");
  seal (fixture->store, fixture->key);
  assert_attachments (fixture->store, fixture->key, "p7 object");
  assert_sound (fixture->store);
}

/* The trash */

static void
test_a_session_is_deleted_and_comes_back (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_true (try_append (fixture->store, fixture->key, "screenshots", "{\"attachmentId\":\"p1\"}", "one", NULL));
  text = store_util_read_session (fixture->store, fixture->key, NULL);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = strata_store_delete_session (fixture->store, fixture->key, NULL, &error);
      g_autofree char *back = NULL;

      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (name, "sessions~"));
      g_assert_null (strata_store_find_session (fixture->store, "s", &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      g_assert_false (try_append (fixture->store, fixture->key, "screenshots", "1", NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_clear_error (&error);
      assert_sound (fixture->store);
      if (i == 1)
        reopen (fixture);

      back = strata_store_undelete (fixture->store, fixture->key, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (back, ==, fixture->key);
      assert_session (fixture->store, fixture->key, text);
      assert_attachments (fixture->store, fixture->key, "p1 object");
      assert_sound (fixture->store);
    }

  g_assert_null (strata_store_undelete (fixture->store, fixture->key, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_a_deleted_session_does_not_replace_a_new_one (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_session (fixture->store, fixture->key, NULL, NULL);
  g_autofree char *key = create (fixture->store, "{\"id\":\"s\",\"new\":true}");
  g_autofree char *second = NULL;
  g_autofree char *back = NULL;

  g_assert_cmpstr (key, ==, fixture->key);
  g_assert_null (strata_store_undelete (fixture->store, key, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  g_clear_error (&error);

  /* The one that was deleted last comes first */
  second = strata_store_delete_session (fixture->store, key, NULL, NULL);
  back = strata_store_undelete (fixture->store, key, NULL, &error);
  g_assert_no_error (error);
  assert_session (fixture->store, key, "{\"id\":\"s\",\"new\":true}");
  assert_sound (fixture->store);
}

static void
test_items_are_deleted_and_come_back (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  static const char session[] =
    "{\"id\":\"t\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"b\",\"attachmentId\":\"p1\"},{\"id\":\"c\"}],"
    "\"audioSegments\":[{\"id\":7}],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"},{\"id\":\"w\"}]},\"end\":0}";
  static const struct { const char *item; const char *left; } rows[] = {
    { "b", "{\"id\":\"t\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"c\"}],"
           "\"audioSegments\":[{\"id\":7}],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"},{\"id\":\"w\"}]},\"end\":0}" },
    { "a", "{\"id\":\"t\",\"screenshots\":[{\"id\":\"b\",\"attachmentId\":\"p1\"},{\"id\":\"c\"}],"
           "\"audioSegments\":[{\"id\":7}],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"},{\"id\":\"w\"}]},\"end\":0}" },
    { "c", "{\"id\":\"t\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"b\",\"attachmentId\":\"p1\"}],"
           "\"audioSegments\":[{\"id\":7}],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"},{\"id\":\"w\"}]},\"end\":0}" },
    { "7", "{\"id\":\"t\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"b\",\"attachmentId\":\"p1\"},{\"id\":\"c\"}],"
           "\"audioSegments\":[],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"},{\"id\":\"w\"}]},\"end\":0}" },
    { "w", "{\"id\":\"t\",\"screenshots\":[{\"id\":\"a\"},{\"id\":\"b\",\"attachmentId\":\"p1\"},{\"id\":\"c\"}],"
           "\"audioSegments\":[{\"id\":7}],\"video\":{\"d\":1,\"chunks\":[{\"id\":\"v\"}]},\"end\":0}" },
  };
  g_autofree char *key = create (fixture->store, session);
  g_autoptr(GBytes) content = g_bytes_new_static ("one", 3);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes ("p1", content);
  g_autofree char *id = strata_store_add_attachment (fixture->store, key, attachment, NULL, NULL, NULL);
  g_autoptr(GError) error = NULL;

  /* Once as it was made, and once with the video's chunks in parts of their own */
  for (guint pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        {
          g_autofree char *name = strata_store_delete_item (fixture->store, key, rows[i].item, NULL, &error);
          g_autofree char *back = NULL;

          g_assert_no_error (error);
          assert_session (fixture->store, key, rows[i].left);
          assert_attachments (fixture->store, key, i > 0 ? "p1 object" : "");
          assert_sound (fixture->store);
          back = strata_store_undelete (fixture->store, name, NULL, &error);
          g_assert_no_error (error);
          g_assert_cmpstr (back, ==, key);
          assert_session (fixture->store, key, session);
          assert_attachments (fixture->store, key, "p1 object");
          assert_sound (fixture->store);
          g_assert_null (strata_store_undelete (fixture->store, name, NULL, &error));
          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
          g_clear_error (&error);
        }
      if (pass == 0)
        {
          g_autofree char *name = strata_store_delete_item (fixture->store, key, "w", NULL, NULL);

          append (fixture->store, key, "video.chunks", "{\"id\":\"w\"}");
          seal (fixture->store, key);
          assert_session (fixture->store, key, session);
          /* It is there again, in another way */
          g_assert_null (strata_store_undelete (fixture->store, name, NULL, &error));
          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
          g_clear_error (&error);
        }
    }

  g_assert_null (strata_store_delete_item (fixture->store, key, "nothing", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_names_in_the_trash_are_no_paths (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  static const char *const names[] = { "items~../../store.json", "items~x", "items~", "../sessions", "items~/etc/passwd" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_store_undelete (fixture->store, names[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

/* Taking all items out of many parts, in any order */
static void
test_a_long_list_empties (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (20000, 'x');
  g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *key = create (fixture->store, "{\"id\":\"t\"}");

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"i%u\",\"x\":\"%s\"}", i, filler);

      append (fixture->store, key, "contextItems", json);
      g_ptr_array_add (left, g_strdup_printf ("i%u", i));
    }
  while (left->len > 0)
    {
      guint place = (guint)g_test_rand_int_range (0, (gint32)left->len);
      g_autofree char *name = strata_store_delete_item (fixture->store, key, g_ptr_array_index (left, place), NULL, NULL);

      g_assert_nonnull (name);
      g_ptr_array_remove_index (left, place);
    }
  assert_session (fixture->store, key, "{\"id\":\"t\",\"contextItems\":[]}");
  assert_sound (fixture->store);
}

/* Collections */

static void
test_collections_are_made_and_replaced (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  static const char *const values[] = { "[]", "[1,2,{\"attachmentId\":\"p1\"}]", "{\"a\":1}", "null", "\"x\"" };
  g_autofree char *key = NULL;
  g_autofree char *name = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) bad = g_memory_input_stream_new_from_data ("[1", -1, NULL);

  store_util_put_collection (fixture->store, "tasks", "[0]");
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (values[i], -1, NULL);
      g_autoptr(GInputStream) tasks_stream = g_memory_input_stream_new_from_data (values[i], -1, NULL);
      g_autofree char *made = strata_store_set_collection (fixture->store, i % 2 == 0 || key == NULL ? "My notes" : key, stream, NULL, &error);
      g_autofree char *tasks = NULL;
      g_autoptr(GInputStream) back = NULL;
      g_autofree char *text = NULL;

      g_assert_no_error (error);
      g_assert_true (key == NULL || strcmp (key, made) == 0);
      g_free (key);
      key = g_strdup (made);
      back = strata_store_open_collection (fixture->store, key, &error);
      text = store_util_read (back, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, values[i]);
      assert_attachments (fixture->store, key, i == 1 ? "p1 missing" : "");
      tasks = strata_store_set_collection (fixture->store, "tasks", tasks_stream, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (tasks, ==, "tasks");
      assert_sound (fixture->store);
    }
  name = strata_store_dup_collection_name (fixture->store, key, NULL);
  g_assert_cmpstr (name, ==, "My notes");
  g_assert_null (strata_store_set_collection (fixture->store, "tasks", bad, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
}

/* Asynchronously */

typedef struct
{
  GMainLoop *loop;
  guint      pending;
  guint      done;
  guint      cancelled;
} Calls;

static void
appended_cb (GObject      *object,
             GAsyncResult *result,
             gpointer      user_data)
{
  Calls *calls = user_data;
  g_autoptr(GError) error = NULL;

  if (strata_store_append_finish (STRATA_STORE (object), result, NULL, &error))
    calls->done++;
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      calls->cancelled++;
    }
  if (--calls->pending == 0)
    g_main_loop_quit (calls->loop);
}

static void
test_calls_come_back_when_it_is_done (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Calls calls = { .loop = loop };
  g_autoptr(StrataSessionInfo) info = NULL;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *json = g_strdup_printf ("[%u]", i);
      g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));

      calls.pending++;
      strata_store_append_async (fixture->store, fixture->key, "screenshots", bytes, NULL,
                                 i % 2 == 0 ? cancellable : NULL, appended_cb, &calls);
    }
  g_cancellable_cancel (cancellable);
  g_main_loop_run (loop);

  /* Those that were cancelled in time were not done, and the others were */
  g_assert_cmpuint (calls.done + calls.cancelled, ==, 100);
  g_assert_cmpuint (calls.done, >=, 50);
  info = find (fixture->store, "s");
  g_assert_cmpuint (info->screenshots, ==, 1 + calls.done);
  assert_sound (fixture->store);
}

static void
test_what_is_cancelled_before_changes_nothing (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GBytes) bytes = g_bytes_new_static ("1", 1);
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (strata_store_set_member (fixture->store, fixture->key, "name", bytes, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_null (strata_store_delete_session (fixture->store, fixture->key, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_session (fixture->store, fixture->key, SESSION);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/store-write/create/as-given", test_a_session_is_made_as_it_is_given);
  ADD ("/store-write/create/beside-old-ones", test_a_new_session_stands_beside_old_ones);
  ADD ("/store-write/create/refused", test_what_is_no_session_is_refused);
  ADD ("/store-write/create/without-id", test_sessions_without_an_id_are_known_by_their_content);
  ADD ("/store-write/no-session", test_there_has_to_be_a_session);
  ADD ("/store-write/append/behind", test_elements_stand_behind_those_that_were_there);
  ADD ("/store-write/append/whenever-sealed", test_it_does_not_matter_when_a_session_is_sealed);
  ADD ("/store-write/append/refused", test_what_can_t_be_appended_changes_nothing);
  ADD ("/store-write/append/counted", test_lists_count_what_is_not_sealed);
  ADD ("/store-write/attachment/named", test_what_is_attached_is_named_in_the_element);
  ADD ("/store-write/attachment/by-id", test_an_element_says_which_attachment_it_is);
  ADD ("/store-write/attachment/any-string", test_any_string_that_is_a_known_id_is_a_use);
  ADD ("/store-write/attachment/of-none", test_attachments_of_none_are_kept);
  ADD ("/store-write/attachment/for-later", test_attachments_can_be_added_for_later);
  ADD ("/store-write/seal/by-itself", test_a_tail_is_sealed_by_itself);
  ADD ("/store-write/seal/joined", test_small_parts_are_joined);
  ADD ("/store-write/recovery/torn", test_a_torn_line_is_cut_and_kept_aside);
  ADD ("/store-write/recovery/torn-by-another", test_an_appender_cuts_what_another_left_torn);
  ADD ("/store-write/recovery/wrong-byte", test_one_wrong_byte_of_a_tail_is_found);
  ADD ("/store-write/recovery/damaged", test_a_damaged_tail_is_neither_read_nor_appended_to);
  ADD ("/store-write/recovery/sealed", test_a_tail_that_was_sealed_says_nothing_any_more);
  ADD ("/store-write/recovery/catalog", test_the_catalog_comes_back_from_the_files);

  ADD ("/store-write/several/threads", test_threads_append_together);
  ADD ("/store-write/several/processes", test_processes_append_to_one_session);
  ADD ("/store-write/several/kill-9", test_what_was_acknowledged_survives_kill_9);
  ADD ("/store-write/many", test_many_appends);
  ADD ("/store-write/set/another-value", test_a_member_gets_another_value);
  ADD ("/store-write/set/refused", test_what_is_no_value_is_refused);
  ADD ("/store-write/set/only-its-part", test_only_the_part_concerned_changes);
  ADD ("/store-write/set/metadata-size", test_metadata_keep_their_size);
  ADD ("/store-write/any-order", test_any_order_of_changes);
  ADD ("/store-write/save/whole", test_a_session_is_replaced_whole);
  ADD ("/store-write/save/from-old-store", test_what_came_from_an_old_store_is_not_replaced_unseen);
  ADD ("/store-write/attachment/last-use", test_attachments_go_with_their_last_use);
  ADD ("/store-write/trash/session", test_a_session_is_deleted_and_comes_back);
  ADD ("/store-write/trash/not-over-new", test_a_deleted_session_does_not_replace_a_new_one);
  ADD ("/store-write/trash/items", test_items_are_deleted_and_come_back);
  ADD ("/store-write/trash/names", test_names_in_the_trash_are_no_paths);
  ADD ("/store-write/trash/long-list", test_a_long_list_empties);
  ADD ("/store-write/collection", test_collections_are_made_and_replaced);
  ADD ("/store-write/async/done", test_calls_come_back_when_it_is_done);
  ADD ("/store-write/async/cancelled", test_what_is_cancelled_before_changes_nothing);

  return g_test_run ();
}
