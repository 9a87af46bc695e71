/* test-life.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/strata-error.h"
#include "life-model.h"
#include "maintenance/strata-gc-private.h"
#include "store/strata-key-private.h"
#include "store/strata-store-write.h"
#include "store/strata-write-private.h"
#include "store-util.h"
#include "test-util.h"

/* The life of a store: anything that can be done to it, in any order, thousands of times,
 * beside a model that does the same in memory. STRATA_TEST_SEED gives other lives.
 */

#define DEFAULT_SEED  20261122
#define N_SESSIONS    12
#define SHORT_STEPS   1200
#define LONG_STEPS    10000
/* After so many steps everything is compared, not only what was touched */
#define STEPS_TO_LOOK 150
#define DAY_S         (24 * 60 * 60)

static const char *const lists[] = { "screenshots", "audioSegments", "contextItems", "video.chunks" };
static const char *const collections[] = { "notes", "tasks", "topics" };

typedef struct
{
  char        *path;
  StrataStore *store;
  LifeModel   *model;
  GRand       *rand;
  guint        n_attachments;   /* ids att-0 … were given so far */
  guint        n_elements;
  guint        n_refused;       /* operations that had to fail, and did */
  guint        n_collected;
} Life;

/* Chance */

static guint
below (Life  *life,
       guint  n)
{
  return (guint)g_rand_int_range (life->rand, 0, (gint32)n);
}

static gboolean
one_in (Life  *life,
        guint  n)
{
  return below (life, n) == 0;
}

static char *
choose_id (Life *life)
{
  return g_strdup_printf ("session %u", below (life, N_SESSIONS));
}

static char *
make_key (const char *id)
{
  g_autofree char *token = g_strdup_printf ("\"%s\"", id);

  return _strata_key_make (token, 0, 0);
}

/* Mostly one that was given out, sometimes one that nobody has ever seen */
static char *
choose_attachment (Life *life)
{
  return g_strdup_printf ("att-%u", one_in (life, 20) ? life->n_attachments + 1000 + below (life, 5)
                                                      : below (life, life->n_attachments + 1));
}

static char *
make_filler (Life *life)
{
  static const guint sizes[] = { 0, 10, 100, 900, 3000 };

  return g_strnfill (one_in (life, 60) ? 100000 : sizes[below (life, G_N_ELEMENTS (sizes))], 'x');
}

/* @attachment: (nullable) */
static char *
make_element (Life       *life,
              const char *attachment)
{
  g_autofree char *filler = make_filler (life);
  g_autofree char *mentioned = choose_attachment (life);
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "{\"id\":\"e%u\"", life->n_elements++);
  if (attachment != NULL)
    g_string_append_printf (text, ",\"attachmentId\":\"%s\"", attachment);
  if (one_in (life, 4))
    g_string_append_printf (text, ",\"see\":\"%s\"", mentioned);
  g_string_append_printf (text, ",\"x\":\"%s\"}", filler);

  return g_strdup (text->str);
}

static char *
make_value (Life *life)
{
  g_autofree char *filler = make_filler (life);
  g_autofree char *attachment = choose_attachment (life);

  switch (below (life, 4))
    {
    case 0:
      return g_strdup_printf ("\"%s\"", filler);
    case 1:
      return g_strdup_printf ("{\"attachmentId\":\"%s\",\"y\":[1.0,null,\"%s\"]}", attachment, filler);
    case 2:
      return g_strdup_printf ("[\"%s\",\"%s\"]", attachment, filler);
    default:
      return g_strdup_printf ("%u", below (life, 1000));
    }
}

/* What came of an operation */

/* @expected: a code of STRATA_ERROR, or -1: it must have worked */
static gboolean
check_result (Life         *life,
              gboolean      ok,
              const GError *error,
              int           expected)
{
  if (expected < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, STRATA_ERROR, expected);
  g_assert_true (ok == (expected < 0));
  life->n_refused += ok ? 0 : 1;

  return ok;
}

static int
expect_session (Life       *life,
                const char *key)
{
  return life_model_get (life->model, key) != NULL ? -1 : STRATA_ERROR_NOT_FOUND;
}

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static StrataNewAttachment *
new_attachment (const char *id)
{
  g_autofree char *content = life_make_content (id);
  g_autoptr(GBytes) bytes = bytes_of (content);

  return strata_new_attachment_new_for_bytes (id, bytes);
}

static char *
choose_new_attachment (Life *life)
{
  return one_in (life, 4) ? g_strdup_printf ("att-%u", below (life, life->n_attachments + 1))
                          : g_strdup_printf ("att-%u", life->n_attachments++);
}

/* Whole sessions and collections */

/* @owner: (transfer full) */
static void
put_owner (Life      *life,
           LifeOwner *owner)
{
  g_hash_table_replace (life->model->owners, owner->key, owner);
}

static void
fill_members (Life      *life,
              LifeOwner *owner,
              LifeOwner *old)
{
  guint n = below (life, 4);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i);
      g_autofree char *value = make_value (life);

      g_ptr_array_add (owner->members, life_member_new (name, value));
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      GPtrArray *items = one_in (life, 2) ? life_owner_get_list (owner, lists[i]) : NULL;
      GPtrArray *kept = items != NULL && old != NULL && one_in (life, 2) ? life_owner_get_list (old, lists[i]) : NULL;

      for (guint j = 0; kept != NULL && j < kept->len; j++)
        g_ptr_array_add (items, g_strdup (g_ptr_array_index (kept, j)));
      for (guint j = below (life, 4); items != NULL && j > 0; j--)
        {
          g_autofree char *attachment = one_in (life, 2) ? choose_attachment (life) : NULL;

          g_ptr_array_add (items, make_element (life, attachment));
        }
    }
}

/* @old: (nullable): elements of it may stay */
static LifeOwner *
make_session (Life       *life,
              const char *id,
              const char *key,
              LifeOwner  *old)
{
  LifeOwner *owner = life_owner_new (key, FALSE);
  g_autofree char *token = g_strdup_printf ("\"%s\"", id);
  g_autoptr(LifeOwner) twin = old != NULL ? life_owner_copy (old) : NULL;

  g_ptr_array_add (owner->members, life_member_new ("id", token));
  fill_members (life, owner, twin);

  return owner;
}

static void
create (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  g_autoptr(LifeOwner) owner = make_session (life, id, key, NULL);
  g_autofree char *text = life_owner_get_text (owner);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (text, -1, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *made = strata_store_create_session (life->store, stream, NULL, &error);

  if (!check_result (life, made != NULL, error, life_model_get (life->model, key) != NULL ? STRATA_ERROR_EXISTS : -1))
    return;

  g_assert_cmpstr (made, ==, key);
  life_model_settle_rows (life->model, owner, "", text);
  put_owner (life, g_steal_pointer (&owner));
  owner = NULL;
}

static void
save (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  LifeOwner *old = life_model_get (life->model, key);
  g_autoptr(LifeOwner) owner = make_session (life, id, key, old);
  g_autofree char *before = old != NULL ? life_owner_get_text (old) : NULL;
  g_autofree char *text = life_owner_get_text (owner);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (text, -1, NULL);
  g_autoptr(GError) error = NULL;
  gboolean ok = strata_store_save_session (life->store, key, stream, NULL, &error);

  if (!check_result (life, ok, error, expect_session (life, key)))
    return;

  g_hash_table_unref (owner->rows);
  owner->rows = g_hash_table_ref (old->rows);
  put_owner (life, g_steal_pointer (&owner));
  life_model_settle_rows (life->model, life_model_get (life->model, key), before, text);
  owner = NULL;
}

static void
set_collection (Life *life)
{
  const char *name = collections[below (life, G_N_ELEMENTS (collections))];
  g_autofree char *key = _strata_collection_key_make (name, 0);
  LifeOwner *owner = life_model_get (life->model, key);
  g_autofree char *before = owner != NULL ? life_owner_get_text (owner) : g_strdup ("");
  g_autofree char *value = make_value (life);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (value, -1, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *made = strata_store_set_collection (life->store, name, stream, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (made, ==, key);
  if (owner == NULL)
    {
      owner = life_owner_new (key, TRUE);
      put_owner (life, owner);
    }
  g_ptr_array_set_size (owner->members, 0);
  g_ptr_array_add (owner->members, life_member_new (NULL, value));
  life_model_settle_rows (life->model, owner, before, value);
}

/* Single members, elements, attachments */

static void
set_member (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  g_autofree char *name = g_strdup_printf ("m%u", below (life, 6));
  g_autofree char *value = make_value (life);
  g_autofree char *before = NULL;
  g_autoptr(GBytes) bytes = bytes_of (value);
  g_autoptr(GError) error = NULL;
  LifeOwner *owner = life_model_get (life->model, key);
  LifeMember *member;
  gboolean ok = strata_store_set_member (life->store, key, name, bytes, NULL, &error);

  if (!check_result (life, ok, error, expect_session (life, key)))
    return;

  before = life_owner_get_text (owner);
  member = life_owner_find_member (owner, name);
  if (member == NULL)
    {
      member = life_member_new (name, NULL);
      g_ptr_array_add (owner->members, member);
    }
  g_free (member->value);
  member->value = g_strdup (value);
  life_model_settle_rows (life->model, owner, before, value);
}

/* An element, and for every second what belongs to it; some of these don't say by themselves what that is. */
static void
append (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  const char *list = lists[below (life, G_N_ELEMENTS (lists))];
  gboolean is_attached = one_in (life, 2);
  gboolean is_silent = is_attached && one_in (life, 3);
  g_autofree char *attached = is_attached ? choose_new_attachment (life) : NULL;
  g_autofree char *used = !is_attached && one_in (life, 2) ? choose_attachment (life) : NULL;
  g_autofree char *text = make_element (life, is_silent ? NULL : is_attached ? attached : used);
  g_autoptr(GBytes) bytes = bytes_of (text);
  g_autoptr(StrataNewAttachment) attachment = is_attached ? new_attachment (attached) : NULL;
  g_autofree char *before = NULL;
  g_autofree char *found = NULL;
  g_autoptr(GString) element = g_string_new (text);
  g_autoptr(GError) error = NULL;
  LifeOwner *owner = life_model_get (life->model, key);
  gboolean ok = strata_store_append (life->store, key, list, bytes, attachment, &found, NULL, &error);

  if (!check_result (life, ok, error, expect_session (life, key)))
    return;

  g_assert_cmpstr (found, ==, attached);
  if (is_silent)
    {
      g_string_truncate (element, element->len - 1);
      g_string_append_printf (element, ",\"attachmentId\":\"%s\"}", attached);
    }
  before = life_owner_get_text (owner);
  g_ptr_array_add (life_owner_get_list (owner, list), g_strdup (element->str));
  if (is_attached)
    g_hash_table_replace (owner->rows, g_strdup (attached), life_make_sha256 (attached));
  life_model_settle_rows (life->model, owner, before, element->str);
}

static void
attach (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = one_in (life, 6) ? NULL : make_key (id);
  const char *owner_key = key != NULL ? key : STRATA_UNOWNED_KEY;
  g_autofree char *used = choose_new_attachment (life);
  g_autoptr(StrataNewAttachment) attachment = new_attachment (used);
  g_autoptr(GError) error = NULL;
  g_autofree char *found = strata_store_add_attachment (life->store, key, attachment, NULL, NULL, &error);
  LifeOwner *owner;

  if (!check_result (life, found != NULL, error, key != NULL ? expect_session (life, key) : -1))
    return;

  g_assert_cmpstr (found, ==, used);
  owner = life_model_get (life->model, owner_key);
  if (owner == NULL)
    {
      owner = life_owner_new (owner_key, TRUE);
      g_ptr_array_add (owner->members, life_member_new (NULL, "[]"));
      put_owner (life, owner);
    }
  g_hash_table_replace (owner->rows, g_strdup (used), life_make_sha256 (used));
}

/* What an attachment is can't be changed under its id. */
static void
attach_other_content (Life *life)
{
  g_autofree char *key = make_key ("session 0");
  g_autofree char *used = g_strdup_printf ("att-%u", below (life, life->n_attachments + 1));
  g_autoptr(GBytes) bytes = bytes_of ("something else");
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (used, bytes);
  g_autoptr(GError) error = NULL;
  g_autofree char *found = NULL;

  if (life_model_get (life->model, key) == NULL || !life_model_knows (life->model, used))
    return;

  found = strata_store_add_attachment (life->store, key, attachment, NULL, NULL, &error);
  check_result (life, found != NULL, error, STRATA_ERROR_EXISTS);
}

static void
seal (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  g_autoptr(GError) error = NULL;
  gboolean ok = strata_store_seal_session (life->store, key, NULL, &error);

  check_result (life, ok, error, expect_session (life, key));
}

/* Deleting and bringing back */

static void
delete_session (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_session (life->store, key, NULL, &error);
  GPtrArray *stack = g_hash_table_lookup (life->model->trash_sessions, key);
  gpointer owner;

  if (!check_result (life, name != NULL, error, expect_session (life, key)))
    return;

  g_hash_table_steal_extended (life->model->owners, key, NULL, &owner);
  if (stack == NULL)
    {
      stack = g_ptr_array_new_with_free_func ((GDestroyNotify)life_owner_free);
      g_hash_table_insert (life->model->trash_sessions, g_strdup (key), stack);
    }
  g_ptr_array_add (stack, owner);
}

static void
undelete_session (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  GPtrArray *stack = g_hash_table_lookup (life->model->trash_sessions, key);
  int expected = stack == NULL || stack->len == 0 ? STRATA_ERROR_NOT_FOUND
                 : life_model_get (life->model, key) != NULL ? STRATA_ERROR_EXISTS : -1;
  g_autoptr(GError) error = NULL;
  g_autofree char *found = strata_store_undelete (life->store, key, NULL, &error);
  LifeOwner *owner;

  if (!check_result (life, found != NULL, error, expected))
    return;

  g_assert_cmpstr (found, ==, key);
  owner = g_ptr_array_steal_index (stack, stack->len - 1);
  put_owner (life, owner);
}

/* The list in which an element with that id is, as the store looks for it */
static const char *
find_list (LifeOwner  *owner,
           const char *id,
           guint      *out_index)
{
  static const char *const order[] = { "screenshots", "audioSegments", "video.chunks", "contextItems" };

  for (guint i = 0; owner != NULL && i < G_N_ELEMENTS (order); i++)
    if (life_owner_find_item (owner, order[i], id, out_index) != NULL)
      return order[i];

  return NULL;
}

/* Mostly one that is there */
static char *
choose_item (Life      *life,
             LifeOwner *owner)
{
  const char *list = lists[below (life, G_N_ELEMENTS (lists))];
  g_autoptr(LifeOwner) twin = owner != NULL ? life_owner_copy (owner) : NULL;
  GPtrArray *items = twin != NULL ? life_owner_get_list (twin, list) : NULL;
  const char *text = items != NULL && items->len > 0 ? g_ptr_array_index (items, below (life, items->len)) : NULL;

  if (text == NULL)
    return g_strdup_printf ("e%u", below (life, life->n_elements + 1));

  text += strlen ("{\"id\":\"");

  return g_strndup (text, strcspn (text, "\""));
}

static void
delete_item (Life *life)
{
  g_autofree char *id = choose_id (life);
  g_autofree char *key = make_key (id);
  LifeOwner *owner = life_model_get (life->model, key);
  g_autofree char *item_id = choose_item (life, owner);
  guint index = 0;
  const char *list = find_list (owner, item_id, &index);
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_item (life->store, key, item_id, NULL, &error);
  g_autofree char *before = NULL;
  LifeItem *item;

  if (!check_result (life, name != NULL, error, list != NULL ? -1 : STRATA_ERROR_NOT_FOUND))
    return;

  before = life_owner_get_text (owner);
  item = g_new0 (LifeItem, 1);
  item->key = g_strdup (key);
  item->list = g_strdup (list);
  item->index = index;
  item->element = g_ptr_array_steal_index (life_owner_get_list (owner, list), index);
  item->rows = life_model_take_rows (owner, item->element);
  g_hash_table_replace (life->model->trash_items, g_strdup (name), item);
  life_model_settle_rows (life->model, owner, before, "");
}

static void
put_back (LifeOwner      *owner,
          const LifeItem *item)
{
  GPtrArray *items = life_owner_get_list (owner, item->list);
  GHashTableIter iter;
  gpointer id, digest;

  g_ptr_array_insert (items, (int)MIN (item->index, items->len), g_strdup (item->element));
  g_hash_table_iter_init (&iter, item->rows);
  while (g_hash_table_iter_next (&iter, &id, &digest))
    if (!g_hash_table_contains (owner->rows, id))
      g_hash_table_insert (owner->rows, g_strdup (id), g_strdup (digest));
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (a, b);
}

static void
undelete_item (Life *life)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (life->model->trash_items), compare_names);
  g_autofree char *name = names != NULL ? g_strdup (g_list_nth_data (names, below (life, g_list_length (names))))
                                        : g_strdup ("items~nothing-0123456789abcdef~0123456789ab.json");
  const LifeItem *item = g_hash_table_lookup (life->model->trash_items, name);
  LifeOwner *owner = item != NULL ? life_model_get (life->model, item->key) : NULL;
  g_autofree char *item_id = item != NULL ? g_strndup (item->element + 7, strcspn (item->element + 7, "\"")) : NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *found = NULL;
  guint ignored;
  int expected = owner == NULL ? STRATA_ERROR_NOT_FOUND
                 : life_owner_find_item (owner, item->list, item_id, &ignored) != NULL ? STRATA_ERROR_EXISTS : -1;

  found = strata_store_undelete (life->store, name, NULL, &error);
  if (!check_result (life, found != NULL, error, expected))
    return;

  g_assert_cmpstr (found, ==, item->key);
  put_back (owner, item);
  g_hash_table_remove (life->model->trash_items, name);
}

/* Looking at everything */

static char *
describe_rows (GHashTable *rows)
{
  g_autoptr(GList) ids = g_list_sort (g_hash_table_get_keys (rows), compare_names);
  GString *text = g_string_new (NULL);

  for (GList *at = ids; at != NULL; at = at->next)
    g_string_append_printf (text, "%s=%.8s ", (const char *)at->data, (const char *)g_hash_table_lookup (rows, at->data));

  return g_string_free (text, FALSE);
}

/* @with_bytes: also reads each attachment */
static void
check_rows (Life      *life,
            LifeOwner *owner,
            gboolean   with_bytes)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) found = strata_store_list_attachments (life->store, owner->key, &error);
  g_autoptr(GHashTable) rows = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, NULL);
  g_autofree char *text = NULL;
  g_autofree char *expected = describe_rows (owner->rows);

  g_assert_no_error (error);
  for (guint i = 0; i < found->len; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (found, i);

      g_hash_table_insert (rows, info->id, info->sha256 != NULL ? info->sha256 : (char *)"");
      if (with_bytes && info->sha256 != NULL)
        {
          g_autoptr(GInputStream) stream = strata_store_open_attachment (life->store, info, &error);
          g_autofree char *bytes = stream != NULL ? store_util_read (stream, &error) : NULL;
          g_autofree char *content = life_make_content (info->id);

          g_assert_no_error (error);
          g_assert_true (strcmp (bytes, content) == 0);
        }
    }
  text = describe_rows (rows);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_same_text (const char *key,
                  const char *text,
                  const char *expected)
{
  gsize same = 0;

  while (text[same] != '\0' && text[same] == expected[same])
    same++;
  if (text[same] != expected[same])
    g_error ("%s is from byte %" G_GSIZE_FORMAT " on %.100s, expected %.100s", key, same, text + same, expected + same);
}

static void
check_owner (Life      *life,
             LifeOwner *owner,
             gboolean   with_bytes)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = owner->is_collection ? strata_store_open_collection (life->store, owner->key, &error)
                                                        : strata_store_open_session (life->store, owner->key, &error);
  g_autofree char *text = stream != NULL ? store_util_read (stream, &error) : NULL;
  g_autofree char *expected = life_owner_get_text (owner);

  g_assert_no_error (error);
  assert_same_text (owner->key, text, expected);
  check_rows (life, owner, with_bytes);
}

/* How many rows use each object is counted in the catalog; the model counts anew. */
static void
check_reference_counts (Life *life)
{
  g_autofree char *path = g_build_filename (life->path, "catalog.sqlite3", NULL);
  g_autoptr(GHashTable) expected = life_model_count_uses (life->model);
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, "SELECT lower (hex (sha256)), uses FROM objects", -1, &statement, NULL), ==, SQLITE_OK);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      const char *digest = (const char *)sqlite3_column_text (statement, 0);

      g_assert_cmpuint ((guint)sqlite3_column_int (statement, 1), ==, GPOINTER_TO_UINT (g_hash_table_lookup (expected, digest)));
      g_hash_table_remove (expected, digest);
    }
  sqlite3_finalize (statement);
  sqlite3_close (db);
  g_assert_cmpuint (g_hash_table_size (expected), ==, 0);
}

/* What is needed is there. @exactly: and nothing else */
static void
check_objects (Life     *life,
               gboolean  exactly)
{
  g_autoptr(GHashTable) needed = life_model_list_needed (life->model);
  g_autofree char *list = store_util_list_files (life->path, "attachments");
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);

  for (guint i = 0; files[i] != NULL && *files[i] != '\0'; i++)
    {
      g_autofree char *name = g_path_get_basename (files[i]);
      g_autofree char *digest = g_strndup (name, strcspn (name, "."));
      gboolean was_needed = g_hash_table_remove (needed, digest);

      g_assert_true (was_needed || !exactly);
    }
  g_assert_cmpuint (g_hash_table_size (needed), ==, 0);
}

static void
look_at_everything (Life *life)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (life->store, STRATA_SESSION_ORDER_NAME, 0, &error);
  g_auto(GStrv) named = strata_store_list_collections (life->store, &error);
  g_autofree char *problems = store_util_check (life->store);
  GHashTableIter iter;
  gpointer owner;

  g_assert_no_error (error);
  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpuint (sessions->len + g_strv_length (named), ==, g_hash_table_size (life->model->owners));
  for (guint i = 0; i < sessions->len; i++)
    g_assert_nonnull (life_model_get (life->model, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key));

  g_hash_table_iter_init (&iter, life->model->owners);
  while (g_hash_table_iter_next (&iter, NULL, &owner))
    check_owner (life, owner, TRUE);
  check_reference_counts (life);
  check_objects (life, FALSE);
}

/* Clearing away, and a new beginning */

static void
assert_same_garbage (const StrataGarbage *a,
                     const StrataGarbage *b)
{
  g_assert_cmpuint (a->unreferenced, ==, b->unreferenced);
  g_assert_cmpuint (a->bytes_quarantined, ==, b->bytes_quarantined);
  g_assert_cmpuint (a->bytes_freed, ==, b->bytes_freed);
  g_assert_cmpuint (a->purged, ==, b->purged);
  g_assert_cmpuint (a->restored, ==, b->restored);
  g_assert_cmpuint (a->problems->len, ==, 0);
  g_assert_cmpuint (b->problems->len, ==, 0);
}

/* Now, when objects in the trash are old enough, when everything in there is, and with the trash emptied at once */
static void
collect_garbage (Life *life)
{
  static const gint64 ages[] = { 0, 8, 31, 0 };
  guint which = below (life, G_N_ELEMENTS (ages));
  gint64 now_s = g_get_real_time () / G_USEC_PER_SEC + ages[which] * DAY_S;
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(StrataGarbage) planned = NULL;
  g_autoptr(StrataGarbage) done = NULL;
  g_autoptr(StrataGarbage) left = NULL;
  g_autoptr(GError) error = NULL;

  options->purge = which == 3;
  options->dry_run = TRUE;
  planned = _strata_gc_collect (life->store, options, now_s, NULL, &error);
  g_assert_no_error (error);
  options->dry_run = FALSE;
  done = _strata_gc_collect (life->store, options, now_s, NULL, &error);
  g_assert_no_error (error);
  assert_same_garbage (planned, done);

  options->dry_run = TRUE;
  left = _strata_gc_collect (life->store, options, now_s, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (left->unreferenced, ==, 0);
  g_assert_cmpuint (left->restored, ==, 0);

  if (which >= 2)
    life_model_purge (life->model);
  check_objects (life, TRUE);
  life->n_collected += (guint)done->unreferenced;
}

static void
reopen (Life *life)
{
  static const char *const databases[] = { "catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm" };
  g_autoptr(GError) error = NULL;

  g_clear_object (&life->store);
  for (guint i = 0; one_in (life, 4) && i < G_N_ELEMENTS (databases); i++)
    {
      g_autofree char *path = g_build_filename (life->path, databases[i], NULL);

      remove (path);
    }
  life->store = strata_store_open (life->path, &error);
  g_assert_no_error (error);
}

/* All of it */

typedef struct
{
  guint       weight;
  const char *name;
  void      (*run) (Life *life);
} Operation;

static const Operation operations[] = {
  { 10, "create", create },
  { 10, "save", save },
  { 5, "set-collection", set_collection },
  { 10, "set", set_member },
  { 30, "append", append },
  { 8, "attach", attach },
  { 2, "attach-other", attach_other_content },
  { 4, "seal", seal },
  { 4, "delete", delete_session },
  { 6, "undelete", undelete_session },
  { 10, "delete-item", delete_item },
  { 7, "undelete-item", undelete_item },
  { 2, "gc", collect_garbage },
  { 2, "reopen", reopen },
};

static void
live_one_step (Life *life)
{
  guint sum = 0, at;

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    sum += operations[i].weight;
  at = below (life, sum);
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      if (at < operations[i].weight)
        {
          if (g_test_verbose ())
            g_test_message ("%s", operations[i].name);
          operations[i].run (life);
          return;
        }
      at -= operations[i].weight;
    }
}

static guint32
choose_seed (void)
{
  const char *given = g_getenv ("STRATA_TEST_SEED");

  return given != NULL ? (guint32)g_ascii_strtoull (given, NULL, 10) : DEFAULT_SEED;
}

static void
test_a_store_lives_as_its_model_does (void)
{
  guint32 seed = choose_seed ();
  guint steps = g_getenv ("STRATA_TEST_LONG") != NULL ? LONG_STEPS : SHORT_STEPS;
  g_autofree char *path = test_make_fast_dir ();
  g_autoptr(LifeModel) model = life_model_new ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  Life life = { .path = path, .store = store_util_open (path), .model = model, .rand = rand };

  g_print ("# %u steps, seed %u\n", steps, seed);
  for (guint i = 1; i <= steps; i++)
    {
      live_one_step (&life);
      if (i % STEPS_TO_LOOK == 0 || i == steps)
        look_at_everything (&life);
    }

  g_test_message ("%u elements, %u attachments, %u operations that had to be refused, %u files cleared away",
                  life.n_elements, life.n_attachments, life.n_refused, life.n_collected);
  g_assert_cmpuint (life.n_collected, >, 10);
  g_object_unref (life.store);
  test_remove_tree (path);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/life/model", test_a_store_lives_as_its_model_does);

  return g_test_run ();
}
