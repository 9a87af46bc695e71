/* test-session-read.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "session-util.h"
#include "store/strata-cache.h"
#include "store/strata-store-write.h"
#include "test-util.h"

/* Enough for parts of 64 KiB, 1 MiB and a rest */
#define N_ELEMENTS 1500

typedef struct
{
  char        *path;
  StrataStore *store;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
}

/* Reading ahead may hold the store a little longer */
static void
wait_for_end (StrataStore *store)
{
  GWeakRef weak;
  gboolean gone = FALSE;

  g_weak_ref_init (&weak, store);
  g_object_unref (store);
  while (!gone)
    {
      StrataStore *left = g_weak_ref_get (&weak);

      gone = left == NULL;
      g_clear_object (&left);
      if (!gone)
        g_usleep (1000);
    }
  g_weak_ref_clear (&weak);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  while (g_main_context_iteration (NULL, FALSE));
  wait_for_end (fixture->store);
  fault_seam_remove ();
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static StrataSession *
open_session (Fixture    *fixture,
              const char *key)
{
  g_autoptr(GError) error = NULL;
  StrataSession *session = strata_session_open (fixture->store, key, NULL, &error);

  g_assert_no_error (error);

  return session;
}

static char *
find_part_file (Fixture    *fixture,
                const char *key,
                const char *name)
{
  g_autofree char *folder = g_build_filename ("sessions", key, "chunks", NULL);

  return store_util_find_file (fixture->path, folder, name);
}

static void
remove_file (Fixture    *fixture,
             const char *file)
{
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Every element is the one that belongs there, of a version of those named. */
static void
assert_elements (StrataElements *elements,
                 const char     *versions)
{
  for (guint i = 0; i < strata_elements_get_n_elements (elements); i++)
    {
      guint number = (guint)strata_elements_get_first (elements) + i;
      g_autofree char *id = g_strdup_printf ("s%u", number);
      g_autofree char *element_id = strata_elements_dup_id (elements, i);
      g_autoptr(GBytes) element = strata_elements_dup_element (elements, i);
      gboolean found = FALSE;

      g_assert_cmpstr (element_id, ==, id);
      for (const char *version = versions; *version != '\0'; version++)
        {
          g_autofree char *text = session_util_make_element (number, (char[]) { *version, '\0' });

          found = found || (g_bytes_get_size (element) == strlen (text) &&
                            memcmp (g_bytes_get_data (element, NULL), text, strlen (text)) == 0);
        }
      g_assert_true (found);
    }
}

/* Metadata */

static void
test_opening_reads_no_part (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autofree char *chunks = g_build_filename (fixture->path, "sessions", key, "chunks", NULL);
  g_autofree char *aside = g_build_filename (fixture->path, "aside", NULL);
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(GBytes) metadata = NULL;
  g_auto(GStrv) parts = NULL;
  g_autofree char *names = NULL;

  g_assert_cmpint (g_rename (chunks, aside), ==, 0);
  session = open_session (fixture, key);
  metadata = strata_session_dup_metadata (session);
  parts = strata_session_list_parts (session);
  names = g_strjoinv (" ", parts);

  session_util_assert_text (metadata, "{\"id\":\"a\",\"name\":\"Name\",\"tags\":[\"one\",\"two\"],\"end\":1}");
  g_assert_cmpstr (names, ==, "screenshots-001 screenshots-002 screenshots-003");
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, N_ELEMENTS);
  g_assert_cmpstr (strata_session_get_key (session), ==, key);
  g_assert_true (strata_session_get_store (session) == fixture->store);
  g_assert_cmpint (g_rename (aside, chunks), ==, 0);
}

/* What is in parts, in the metadata, in both, in neither */
static void
test_counts_need_no_reading (Fixture       *fixture,
                             gconstpointer  test_data)
{
  static const struct { const char *member; guint64 n; } rows[] = {
    { "screenshots", 2 }, { "audioSegments", 0 }, { "list", 3 }, { "twice", 1 }, { "Größe", 2 },
    { "text", 0 }, { "object", 0 }, { "none", 0 }, { "", 0 }, { "id", 0 },
  };
  g_autofree char *key = store_util_put (fixture->store,
                                         "{\"id\":\"a\",\"screenshots\":[1,{}],\"audioSegments\":[],\"list\":[[],null,\"x,y\"],"
                                         "\"twice\":[1,2],\"text\":\"[1,2]\",\"object\":{\"list\":[1]},\"twice\":[1],"
                                         "\"Gr\\u00f6ße\":[1,2]}", 0);
  g_autoptr(StrataSession) session = open_session (fixture, key);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpuint (strata_session_get_n_items (session, rows[i].member), ==, rows[i].n);
}

static void
test_metadata_is_cached_and_never_old (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", 2, "1");
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  StrataCache *cache = strata_store_get_cache (fixture->store);

  for (guint n = 2; n < 5; n++)
    {
      g_autoptr(StrataSession) first = NULL;
      g_autoptr(StrataSession) second = NULL;
      guint64 misses = strata_cache_get_misses (cache);
      guint64 hits = strata_cache_get_hits (cache);

      g_free (session_util_put (other, "a", n, "1"));
      first = open_session (fixture, key);
      second = open_session (fixture, key);
      g_assert_cmpuint (strata_session_get_n_items (first, "screenshots"), ==, n);
      g_assert_cmpuint (strata_session_get_n_items (second, "screenshots"), ==, n);
      g_assert_cmpuint (strata_cache_get_misses (cache), ==, misses + 1);
      g_assert_cmpuint (strata_cache_get_hits (cache), ==, hits + 1);
    }
}

static void
test_what_is_no_session_is_not_opened (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const char *const keys[] = { "", "..", "../x", "a-0123456789abcdef", "\n" };
  g_autofree char *key = session_util_put (fixture->store, "a", 2, "1");
  g_autofree char *other_key = session_util_put (fixture->store, "b", 2, "1");
  g_autofree char *file = g_build_filename ("sessions", key, "metadata.json", NULL);
  g_autofree char *other_file = g_build_filename (fixture->path, "sessions", other_key, "metadata.json", NULL);
  g_autofree char *file_path = g_build_filename (fixture->path, file, NULL);
  gsize size = store_util_file_size (fixture->path, file);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_session_open (fixture->store, keys[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }

  for (gsize offset = 0; offset < size; offset++)
    {
      g_autoptr(GError) error = NULL;

      store_util_flip_byte (fixture->path, file, offset);
      g_assert_null (strata_session_open (fixture->store, key, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
      store_util_flip_byte (fixture->path, file, offset);
    }

  /* Nor when the cache knows the other one's metadata */
  g_object_unref (open_session (fixture, other_key));
  g_assert_cmpint (g_rename (other_file, file_path), ==, 0);
  {
    g_autoptr(GError) error = NULL;

    g_assert_null (strata_session_open (fixture->store, key, NULL, &error));
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  }
}

/* Parts */

static void
test_parts_come_in_any_order (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const char *const order[] = { "screenshots-003", "screenshots-001", "screenshots-002", "screenshots-001" };
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataElements) elements = strata_session_load_part (session, order[i], NULL, &error);
      g_autoptr(GInputStream) stream = strata_store_open_part (fixture->store, key, order[i], NULL);
      g_autofree char *text = store_util_read (stream, NULL);

      g_assert_no_error (error);
      session_util_assert_text (strata_elements_get_text (elements), text);
      assert_elements (elements, "1");
      if (i < 3)
        n += strata_elements_get_n_elements (elements);
    }
  g_assert_cmpuint (n, ==, N_ELEMENTS);

  /* Metadata, three texts and three indices were read, and one of them twice asked for */
  g_assert_cmpuint (strata_cache_get_misses (strata_store_get_cache (fixture->store)), ==, 7);
  g_assert_cmpuint (strata_cache_get_hits (strata_store_get_cache (fixture->store)), ==, 2);
}

static void
test_only_what_is_there_is_found (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const char *const names[] = {
    "", "-", "-001", "screenshots", "screenshots-", "screenshots-1", "screenshots-0001", "screenshots-004", "screenshots-001x",
    "SCREENSHOTS-001", "screenshots-99999999999999999999", "../metadata", "tags-001",
  };
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_session_load_part (session, names[i], NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_elements_are_slices_with_ids (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  static const struct { const char *text; const char *id; } rows[] = {
    { "{\"id\":\"x\"}", "x" },
    { "{\"id\":\"x\",\"id\":\"\\u00e9\\n\"}", "é\n" },
    { "{\"a\":{\"id\":\"inner\"},\"id\":-12.50}", "-12.50" },
    { "{\"id\":null}", NULL }, { "{\"id\":[\"x\"]}", NULL }, { "{}", NULL }, { "\"id\"", NULL },
    { "[{\"id\":\"x\"},1]", NULL }, { "null", NULL }, { "1.0", NULL }, { "{\"ID\":1}", NULL }, { "{\"id\":\"\"}", "" },
  };
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\",\"screenshots\":[");
  g_autofree char *key = NULL;
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(StrataElements) elements = NULL;
  g_autoptr(StrataElements) again = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_string_append_printf (json, "%s%s", i > 0 ? " , " : "", rows[i].text);
  g_string_append (json, "]}");
  key = store_util_put (fixture->store, json->str, 0);
  session = open_session (fixture, key);
  elements = strata_session_load_part (session, "screenshots-001", NULL, NULL);
  again = strata_elements_ref (elements);

  g_assert_cmpuint (strata_elements_get_n_elements (elements), ==, G_N_ELEMENTS (rows));
  g_assert_cmpuint (strata_elements_get_first (elements), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GBytes) element = strata_elements_dup_element (again, i);
      g_autofree char *id = strata_elements_dup_id (again, i);

      session_util_assert_text (element, rows[i].text);
      g_assert_cmpstr (id, ==, rows[i].id);
    }
}

/* Values, attachments' rows and numbers beyond the first part */
static void
test_every_kind_of_part_is_read (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const char *const contents[] = { "bytes", "more", NULL };
  g_autofree char *long_text = g_strnfill (3000, 'x');
  g_autofree char *json = g_strdup_printf ("{\"id\":\"a\",\"text\":\"%s\",\"object\":{\"list\":[1,\"%s\"]}}", long_text, long_text);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", long_text);
  g_autofree char *key = store_util_put_with_rows (fixture->store, json, 0, contents);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataElements) text = strata_session_load_part (session, "text-001", NULL, NULL);
  g_autoptr(StrataElements) object = strata_session_load_part (session, "object-001", NULL, NULL);
  g_autoptr(StrataElements) rows = strata_session_load_part (session, "attachments-001", NULL, NULL);
  g_autofree char *id = strata_elements_dup_id (rows, 1);
  g_auto(GStrv) parts = strata_session_list_parts (session);
  g_autofree char *names = g_strjoinv (" ", parts);

  session_util_assert_text (strata_elements_get_text (text), quoted);
  g_assert_cmpuint (strata_elements_get_n_elements (text), ==, 0);
  g_assert_cmpuint (strata_elements_get_n_elements (object), ==, 0);
  g_assert_cmpuint (strata_elements_get_n_elements (rows), ==, 2);
  g_assert_cmpstr (id, ==, "attachment-1");
  g_assert_cmpstr (names, ==, "text-001 object-001 attachments-001");
}

/* Iterating */

static guint
iterate_all (StrataSession *session,
             const char    *member,
             const char    *versions)
{
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, member);
  guint n = 0;

  while (TRUE)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataElements) elements = strata_part_iterator_load_next (iterator, NULL, &error);

      g_assert_no_error (error);
      if (elements == NULL)
        return n;
      g_assert_cmpuint (strata_elements_get_first (elements), ==, n);
      if (versions != NULL)
        assert_elements (elements, versions);
      n += strata_elements_get_n_elements (elements);
    }
}

static void
test_iterating_gives_all_in_order (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);

  g_assert_cmpuint (iterate_all (session, "screenshots", "1"), ==, N_ELEMENTS);
  g_assert_cmpuint (iterate_all (session, "tags", NULL), ==, 2);
  g_assert_cmpuint (iterate_all (session, "name", NULL), ==, 0);
  g_assert_cmpuint (iterate_all (session, "none", NULL), ==, 0);

  /* Read once, ahead or not */
  g_assert_cmpuint (strata_cache_get_misses (strata_store_get_cache (fixture->store)), ==, 7);
}

/* A value comes once, and is not taken for an empty list */
static void
test_iterating_over_a_value_gives_it_once (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *long_text = g_strnfill (3000, 'x');
  g_autofree char *json = g_strdup_printf ("{\"id\":\"a\",\"text\":\"%s\"}", long_text);
  g_autofree char *key = store_util_put (fixture->store, json, 0);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, "text");
  g_autoptr(StrataElements) text = strata_part_iterator_load_next (iterator, NULL, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (g_bytes_get_size (strata_elements_get_text (text)), ==, 3002);
  g_assert_null (strata_part_iterator_load_next (iterator, NULL, &error));
  g_assert_no_error (error);
}

/* Each element once, though the parts are cut in other places than before */
static void
test_iterating_goes_on_when_a_session_grows (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", 1100, "1");
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, "screenshots");
  guint n = 0;

  for (guint round = 0; ; round++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataElements) elements = strata_part_iterator_load_next (iterator, NULL, &error);

      g_assert_no_error (error);
      if (elements == NULL)
        break;
      g_assert_cmpuint (strata_elements_get_first (elements), ==, n);
      assert_elements (elements, "1");
      n += strata_elements_get_n_elements (elements);

      /* What was read ahead must not save it */
      if (round == 0)
        g_free (session_util_put (other, "a", N_ELEMENTS, "1"));
      strata_cache_clear (strata_store_get_cache (fixture->store));
    }
  g_assert_cmpuint (n, >=, 1100);
  g_assert_cmpuint (n, ==, strata_session_get_n_items (session, "screenshots"));
}

/* Asynchronously */

static void
test_async_answers_where_it_was_asked (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GAsyncResult) opened = NULL;
  g_autoptr(GAsyncResult) loaded = NULL;
  g_autoptr(GAsyncResult) not_found = NULL;
  g_autoptr(GAsyncResult) not_opened = NULL;
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(StrataElements) elements = NULL;
  g_autoptr(StrataPartIterator) iterator = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) part_error = NULL;
  g_autoptr(GError) open_error = NULL;
  guint n = 0;

  g_main_context_push_thread_default (context);

  strata_session_open_async (fixture->store, key, NULL, session_util_result_cb, &opened);
  strata_session_open_async (fixture->store, "none", NULL, session_util_result_cb, &not_opened);
  session_util_wait_until (opened != NULL && not_opened != NULL);
  session = strata_session_open_finish (opened, &error);
  g_assert_no_error (error);
  g_assert_null (strata_session_open_finish (not_opened, &open_error));
  g_assert_error (open_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);

  strata_session_load_part_async (session, "screenshots-002", NULL, session_util_result_cb, &loaded);
  strata_session_load_part_async (session, "screenshots-009", NULL, session_util_result_cb, &not_found);
  g_assert_null (loaded);
  session_util_wait_until (loaded != NULL && not_found != NULL);
  elements = strata_session_load_part_finish (session, loaded, &error);
  g_assert_no_error (error);
  assert_elements (elements, "1");
  g_assert_null (strata_session_load_part_finish (session, not_found, &part_error));
  g_assert_error (part_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);

  iterator = strata_session_iterate (session, "screenshots");
  while (TRUE)
    {
      g_autoptr(GAsyncResult) first = NULL;
      g_autoptr(GAsyncResult) second = NULL;
      g_autoptr(StrataElements) next = NULL;
      g_autoptr(StrataElements) also = NULL;
      g_autoptr(GError) busy = NULL;

      /* One at a time */
      strata_part_iterator_load_next_async (iterator, NULL, session_util_result_cb, &first);
      strata_part_iterator_load_next_async (iterator, NULL, session_util_result_cb, &second);
      session_util_wait_until (first != NULL && second != NULL);
      next = strata_part_iterator_load_next_finish (iterator, first, &error);
      g_assert_no_error (error);
      if (next == NULL)
        break;
      assert_elements (next, "1");
      n += strata_elements_get_n_elements (next);

      /* The first may have been done before the second began */
      also = strata_part_iterator_load_next_finish (iterator, second, &busy);
      if (also != NULL)
        n += strata_elements_get_n_elements (also);
      else if (busy != NULL)
        g_assert_error (busy, G_IO_ERROR, G_IO_ERROR_PENDING);
    }
  g_assert_cmpuint (n, ==, N_ELEMENTS);

  g_main_context_pop_thread_default (context);
}

static void
test_whatever_is_cancelled_says_so (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, "screenshots");
  g_autoptr(GAsyncResult) opened = NULL;
  g_autoptr(GAsyncResult) loaded = NULL;
  g_autoptr(GAsyncResult) next = NULL;
  g_autoptr(GAsyncResult) refreshed = NULL;
  g_autoptr(StrataElements) elements = NULL;
  GError *errors[8] = { NULL, };
  gboolean changed;

  g_cancellable_cancel (cancellable);
  strata_session_open_async (fixture->store, key, cancellable, session_util_result_cb, &opened);
  strata_session_load_part_async (session, "screenshots-001", cancellable, session_util_result_cb, &loaded);
  strata_part_iterator_load_next_async (iterator, cancellable, session_util_result_cb, &next);
  strata_session_refresh_async (session, cancellable, session_util_result_cb, &refreshed);
  session_util_wait_until (opened != NULL && loaded != NULL && next != NULL && refreshed != NULL);

  g_assert_null (strata_session_open_finish (opened, &errors[0]));
  g_assert_null (strata_session_load_part_finish (session, loaded, &errors[1]));
  g_assert_null (strata_part_iterator_load_next_finish (iterator, next, &errors[2]));
  g_assert_false (strata_session_refresh_finish (session, refreshed, &changed, &errors[3]));
  g_assert_null (strata_session_open (fixture->store, key, cancellable, &errors[4]));
  g_assert_null (strata_session_load_part (session, "screenshots-001", cancellable, &errors[5]));
  g_assert_null (strata_part_iterator_load_next (iterator, cancellable, &errors[6]));
  g_assert_false (strata_session_refresh (session, &changed, cancellable, &errors[7]));
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_assert_error (errors[i], G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&errors[i]);
    }

  /* And the iterator has passed nothing over */
  elements = strata_part_iterator_load_next (iterator, NULL, NULL);
  g_assert_cmpuint (strata_elements_get_first (elements), ==, 0);
}

/* Inside a part: a cancel that comes between two blocks */

static GCancellable *cancel_while_reading;
static int           reads_until_cancel;

static gssize
cancelling_pread (int     fd,
                  void   *buffer,
                  gsize   size,
                  goffset offset)
{
  if (g_atomic_int_dec_and_test (&reads_until_cancel))
    g_cancellable_cancel (cancel_while_reading);

  return _strata_seam_get_system ()->pread (fd, buffer, size, offset);
}

static void
test_a_large_part_is_given_up_inside (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);
  StrataSeam seam = *_strata_seam_get_system ();
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataElements) elements = NULL;

  seam.pread = cancelling_pread;
  cancel_while_reading = g_cancellable_new ();
  reads_until_cancel = 2;
  _strata_seam = &seam;
  g_assert_null (strata_session_load_part (session, "screenshots-002", cancel_while_reading, &error));
  _strata_seam = _strata_seam_get_system ();
  g_clear_object (&cancel_while_reading);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  elements = strata_session_load_part (session, "screenshots-002", NULL, NULL);
  assert_elements (elements, "1");
}

/* Others that write */

static void
test_a_missing_part_is_looked_for_anew (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataElements) before = strata_session_load_part (session, "screenshots-001", NULL, NULL);
  g_autoptr(StrataElements) cached = NULL;
  g_autoptr(StrataElements) after = NULL;
  g_autoptr(StrataElements) first = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) gone = NULL;
  guint n_changed = 0;

  g_signal_connect_swapped (session, "changed", G_CALLBACK (g_atomic_int_inc), &n_changed);
  g_free (session_util_put (other, "a", 1200, "2"));

  /* The cache still has what it was, and nothing is missing yet */
  cached = strata_session_load_part (session, "screenshots-001", NULL, &error);
  g_assert_no_error (error);
  assert_elements (cached, "1");
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, N_ELEMENTS);

  after = strata_session_load_part (session, "screenshots-002", NULL, &error);
  g_assert_no_error (error);
  assert_elements (after, "2");
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, 1200);
  first = strata_session_load_part (session, "screenshots-001", NULL, &error);
  g_assert_no_error (error);
  assert_elements (first, "2");

  g_assert_cmpuint (n_changed, ==, 0);
  session_util_wait_until (n_changed > 0);
  g_assert_cmpuint (n_changed, ==, 1);

  /* A part that the session has no more */
  g_free (session_util_put (other, "a", 2, "3"));
  strata_cache_clear (strata_store_get_cache (fixture->store));
  g_assert_null (strata_session_load_part (session, "screenshots-002", NULL, &gone));
  g_assert_error (gone, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, 2);
}

static void
test_a_part_that_is_just_missing_is_damage (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", N_ELEMENTS, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, "screenshots");
  g_autofree char *file = find_part_file (fixture, key, "screenshots-001");
  g_autofree char *metadata = g_build_filename ("sessions", key, "metadata.json", NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) next_error = NULL;
  g_autoptr(GError) gone = NULL;

  remove_file (fixture, file);
  g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_assert_null (strata_part_iterator_load_next (iterator, NULL, &next_error));
  g_assert_error (next_error, STRATA_ERROR, STRATA_ERROR_CORRUPT);

  /* The session was deleted meanwhile: not damage */
  remove_file (fixture, metadata);
  g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &gone));
  g_assert_error (gone, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_refreshing_finds_what_is_new (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", 2, "1");
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autofree char *metadata = g_build_filename ("sessions", key, "metadata.json", NULL);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  gboolean changed;
  guint n_changed = 0;

  g_signal_connect_swapped (session, "changed", G_CALLBACK (g_atomic_int_inc), &n_changed);
  g_assert_true (strata_session_refresh (session, &changed, NULL, NULL));
  g_assert_false (changed);

  g_free (session_util_put (fixture->store, "a", 3, "1"));
  strata_session_refresh_async (session, NULL, session_util_result_cb, &result);
  session_util_wait_until (result != NULL && n_changed > 0);
  g_assert_true (strata_session_refresh_finish (session, result, &changed, &error));
  g_assert_no_error (error);
  g_assert_true (changed);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, 3);

  remove_file (fixture, metadata);
  g_assert_false (strata_session_refresh (session, &changed, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, 3);
}

typedef struct
{
  StrataSession *session;
  guint32        seed;
  int           *stop;
} Reader;

/* Whatever it gets is a part of one of the two versions, whole. */
static gpointer
reader_thread (gpointer user_data)
{
  Reader *reader = user_data;
  g_autoptr(GRand) random = g_rand_new_with_seed (reader->seed);
  guint n_loaded = 0;

  while (!g_atomic_int_get (reader->stop) || n_loaded < 10)
    {
      g_autofree char *name = g_strdup_printf ("screenshots-%03d", g_rand_int_range (random, 1, 3));
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataElements) elements = strata_session_load_part (reader->session, name, NULL, &error);

      if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_IN_USE))
        continue;
      g_assert_no_error (error);
      assert_elements (elements, "12");
      n_loaded++;
    }

  return NULL;
}

static void
test_readers_beside_a_writer_see_whole_parts (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", 300, "1");
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  GThread *threads[3];
  Reader readers[3];
  int stop = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      readers[i] = (Reader) { session, (guint32)g_test_rand_int (), &stop };
      threads[i] = g_thread_new (NULL, reader_thread, &readers[i]);
    }
  for (guint i = 0; i < 30; i++)
    {
      g_free (session_util_put (other, "a", 300, i % 2 == 0 ? "2" : "1"));
      strata_cache_clear (strata_store_get_cache (fixture->store));
    }
  g_atomic_int_set (&stop, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

/* What a session has grown by is read like the rest of it, before it is sealed and after */
static void
test_a_growing_session_is_read_to_its_end (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *key = session_util_put (fixture->store, "a", 300, "1");
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  guint n = 300;

  for (guint round = 0; round < 6; round++)
    {
      g_autoptr(GError) error = NULL;
      gboolean changed;

      for (guint i = 0; i < 20; i++)
        {
          g_autofree char *text = session_util_make_element (n, "1");
          g_autoptr(GBytes) element = g_bytes_new (text, strlen (text));

          g_assert_true (strata_store_append (other, key, "screenshots", element, NULL, NULL, NULL, &error));
          g_assert_no_error (error);
          n++;
        }
      if (round % 2 == 1)
        g_assert_true (strata_store_seal_session (other, key, NULL, &error));

      g_assert_true (strata_session_refresh (session, &changed, NULL, &error));
      g_assert_no_error (error);
      g_assert_true (changed);
      g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, n);
      g_assert_cmpuint (iterate_all (session, "screenshots", "1"), ==, n);
    }
}

/* Damage */

static void
test_one_wrong_byte_is_damage (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,{\"id\":\"x\"}]}", 0);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autofree char *file = find_part_file (fixture, key, "screenshots-001");
  g_autoptr(StrataElements) elements = NULL;
  gsize size = store_util_file_size (fixture->path, file);

  for (gsize offset = 0; offset < size; offset++)
    {
      g_autoptr(GError) error = NULL;

      store_util_flip_byte (fixture->path, file, offset);
      g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
      store_util_flip_byte (fixture->path, file, offset);
    }

  /* What is damaged is not remembered */
  elements = strata_session_load_part (session, "screenshots-001", NULL, NULL);
  g_assert_cmpuint (strata_elements_get_n_elements (elements), ==, 2);
}

static void
test_another_length_or_kind_of_file_is_damage (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  static const char *const contents[] = { "", "[", "[1,2", "[1,2]\n", "[1,2]  " };
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2]}", 0);
  g_autoptr(StrataSession) session = open_session (fixture, key);
  g_autofree char *file = find_part_file (fixture, key, "screenshots-001");
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (contents) + 2; i++)
    {
      g_autoptr(GError) error = NULL;

      if (i < G_N_ELEMENTS (contents))
        g_assert_true (g_file_set_contents (path, contents[i], -1, NULL));
      else
        g_assert_cmpint (g_remove (path), ==, 0);
      if (i == G_N_ELEMENTS (contents))
        g_assert_cmpint (symlink ("/dev/null", path), ==, 0);
      else if (i == G_N_ELEMENTS (contents) + 1)
        g_assert_cmpint (g_mkdir (path, 0700), ==, 0);

      g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

/* What the digests vouch for, and still can't be */
static void
test_metadata_that_contradicts_itself_is_damage (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2]}", 0);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(StrataSession) newer = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) newer_error = NULL;

  part->items = 3;
  session_util_forge (fixture->path, manifest);
  session = open_session (fixture, key);
  g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);

  part->items = 2;
  part->is_gzip = TRUE;
  session_util_forge (fixture->path, manifest);
  newer = open_session (fixture, key);
  strata_cache_clear (strata_store_get_cache (fixture->store));
  g_assert_null (strata_session_load_part (newer, "screenshots-001", NULL, &newer_error));
  g_assert_error (newer_error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

/* A value in an array's place, whose digest fits */
static void
test_a_part_that_is_no_json_is_damage (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2]}", 0);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  g_autoptr(StrataSession) session = NULL;
  g_autofree char *below = NULL;
  g_autofree char *file = NULL;
  g_autoptr(GError) error = NULL;

  _strata_digest_of ("[1,2}", 5, &part->raw_digest);
  below = _strata_manifest_dup_part_path (manifest, part);
  file = g_build_filename (fixture->path, below, NULL);
  g_assert_true (g_file_set_contents (file, "[1,2}", 5, NULL));
  session_util_forge (fixture->path, manifest);

  session = open_session (fixture, key);
  g_assert_null (strata_session_load_part (session, "screenshots-001", NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

/* Whatever call fails: an error, or what is right; and nothing stays wrong */
static void
test_no_fault_makes_reading_wrong (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  static const int errnos[] = { EIO, EACCES, ENOENT, EINTR };
  g_autofree char *key = session_util_put (fixture->store, "a", 100, "1");
  StrataCache *cache = strata_store_get_cache (fixture->store);
  guint n_faults = 0;

  fault_seam_install ();
  for (guint i = 0; i < G_N_ELEMENTS (errnos) + 1; i++)
    for (guint64 nth = 1; ; nth++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(StrataSession) session = NULL;
        g_autoptr(StrataElements) elements = NULL;
        gboolean struck;

        strata_cache_clear (cache);
        if (i < G_N_ELEMENTS (errnos))
          fault_seam_arm (FAULT_ERRNO, nth, errnos[i]);
        else
          fault_seam_arm (FAULT_SHORT, nth, 0);
        session = strata_session_open (fixture->store, key, NULL, &error);
        if (session != NULL)
          elements = strata_session_load_part (session, "screenshots-002", NULL, &error);
        if (elements != NULL && !strata_session_refresh (session, NULL, NULL, &error))
          g_clear_pointer (&elements, strata_elements_unref);
        struck = fault_seam_has_struck ();
        fault_seam_arm (FAULT_NONE, 0, 0);

        g_assert_true ((elements != NULL) == (error == NULL));
        if (elements != NULL)
          assert_elements (elements, "1");
        g_clear_pointer (&elements, strata_elements_unref);
        g_clear_object (&session);

        /* With what the cache has now */
        session = open_session (fixture, key);
        elements = strata_session_load_part (session, "screenshots-002", NULL, NULL);
        g_assert_nonnull (elements);
        assert_elements (elements, "1");
        if (!struck)
          break;
        n_faults++;
      }
  g_assert_cmpuint (n_faults, >, 40);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/session-read/metadata", test_opening_reads_no_part);
  ADD ("/session-read/counts", test_counts_need_no_reading);
  ADD ("/session-read/metadata-cached", test_metadata_is_cached_and_never_old);
  ADD ("/session-read/no-session", test_what_is_no_session_is_not_opened);
  ADD ("/session-read/any-order", test_parts_come_in_any_order);
  ADD ("/session-read/not-there", test_only_what_is_there_is_found);
  ADD ("/session-read/elements", test_elements_are_slices_with_ids);
  ADD ("/session-read/kinds", test_every_kind_of_part_is_read);
  ADD ("/session-read/iterate", test_iterating_gives_all_in_order);
  ADD ("/session-read/iterate-value", test_iterating_over_a_value_gives_it_once);
  ADD ("/session-read/iterate-growing", test_iterating_goes_on_when_a_session_grows);
  ADD ("/session-read/async", test_async_answers_where_it_was_asked);
  ADD ("/session-read/cancelled", test_whatever_is_cancelled_says_so);
  ADD ("/session-read/cancelled-inside", test_a_large_part_is_given_up_inside);
  ADD ("/session-read/changed", test_a_missing_part_is_looked_for_anew);
  ADD ("/session-read/missing", test_a_part_that_is_just_missing_is_damage);
  ADD ("/session-read/refresh", test_refreshing_finds_what_is_new);
  ADD ("/session-read/beside-a-writer", test_readers_beside_a_writer_see_whole_parts);
  ADD ("/session-read/growing", test_a_growing_session_is_read_to_its_end);
  ADD ("/session-read/wrong-byte", test_one_wrong_byte_is_damage);
  ADD ("/session-read/wrong-file", test_another_length_or_kind_of_file_is_damage);
  ADD ("/session-read/contradiction", test_metadata_that_contradicts_itself_is_damage);
  ADD ("/session-read/no-json", test_a_part_that_is_no_json_is_damage);
  ADD ("/session-read/faults", test_no_fault_makes_reading_wrong);

  return g_test_run ();
}
