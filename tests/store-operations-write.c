/* store-operations-write.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "maintenance/strata-gc-private.h"
#include "store/strata-key-private.h"
#include "store/strata-store-write.h"
#include "store-operations-private.h"
#include "store-util.h"

/* Each finds out first what is done already, since it may be run from wherever it stopped. */

#define N_APPENDED 8
#define DAY_S      (24 * 60 * 60)

static char *
dup_key (const char *id)
{
  g_autofree char *token = g_strdup_printf ("\"%s\"", id);

  return _strata_key_make (token, 0, 0);
}

static char *
dup_owner (const char *id)
{
  g_autofree char *key = dup_key (id);

  return g_strconcat ("sessions/", key, NULL);
}

/* @out_has: whether the session has that text in it; FALSE where there is no such session */
static gboolean
has_text (StrataStore  *store,
          const char   *id,
          const char   *text,
          gboolean     *out_has,
          GError      **error)
{
  g_autofree char *key = dup_key (id);
  g_autoptr(GError) read_error = NULL;
  g_autofree char *json = store_util_read_session (store, key, &read_error);

  *out_has = json != NULL && strstr (json, text) != NULL;
  if (json != NULL || g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

static gboolean
create (StrataStore    *store,
        const char     *id,
        const char     *json,
        StorePromises  *promises,
        GError        **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autofree char *owner = dup_owner (id);
  g_autofree char *made = NULL;
  gboolean is_there;

  store_promises_begin (promises, owner);
  if (!has_text (store, id, "", &is_there, error))
    return FALSE;
  if (!is_there)
    {
      made = strata_store_create_session (store, stream, NULL, error);
      if (made == NULL)
        return FALSE;
      g_assert_true (g_str_has_suffix (owner, made));
    }
  store_promises_keep (promises, owner);

  return TRUE;
}

/* Every third element has a picture of its own. */
static gboolean
append (StrataStore    *store,
        const char     *id,
        const char     *list,
        guint           number,
        const char     *filler,
        StorePromises  *promises,
        GError        **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);
  g_autofree char *element_id = g_strdup_printf ("\"%s-%u\"", list, number);
  g_autofree char *picture = g_strdup_printf ("picture-%s-%u", list, number);
  g_autofree char *json = g_strdup_printf ("{\"id\":%s,\"attachmentId\":\"%s\",\"x\":\"%s\"}", element_id,
                                           number % 3 == 0 ? picture : "none", filler);
  g_autoptr(GBytes) element = g_bytes_new (json, strlen (json));
  g_autoptr(GBytes) bytes = g_bytes_new (picture, strlen (picture));
  g_autoptr(StrataNewAttachment) attachment = number % 3 == 0 ? strata_new_attachment_new_for_bytes (picture, bytes) : NULL;
  gboolean is_done;

  store_promises_begin (promises, owner);
  if (!has_text (store, id, element_id, &is_done, error) ||
      (!is_done && !strata_store_append (store, key, list, element, attachment, NULL, NULL, error)))
    return FALSE;
  store_promises_keep (promises, owner);

  return TRUE;
}

static gboolean
set_member (StrataStore    *store,
            const char     *id,
            const char     *member,
            const char     *json,
            StorePromises  *promises,
            GError        **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));

  store_promises_begin (promises, owner);
  if (!strata_store_set_member (store, key, member, bytes, NULL, error))
    return FALSE;
  store_promises_keep (promises, owner);

  return TRUE;
}

static gboolean
seal (StrataStore  *store,
      const char   *id,
      GError      **error)
{
  g_autofree char *key = dup_key (id);

  return strata_store_seal_session (store, key, NULL, error);
}

void
store_operation_set_up_sessions (const char *path,
                                 const char *aside)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open_or_create (path, &error);

  g_assert_no_error (error);
  create (store, "s", "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"first\"}]}", NULL, &error);
  g_assert_no_error (error);
  create (store, "t", "{\"id\":\"t\",\"audioSegments\":[1,2],\"x\":{\"attachmentId\":\"picture-screenshots-0\"}}", NULL, &error);
  g_assert_no_error (error);
  append (store, "t", "screenshots", 0, "", NULL, &error);
  g_assert_no_error (error);
}

/* One element after the other, in two lists of two sessions, some with pictures; sealed between */
gboolean
store_operation_append (const char     *path,
                        const char     *aside,
                        StorePromises  *promises,
                        GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  for (guint i = 0; store != NULL && i < N_APPENDED; i++)
    if (!append (store, "s", "screenshots", i, "x", promises, error) ||
        !append (store, i % 2 == 0 ? "s" : "t", "audioSegments", i, "", promises, error) ||
        (i == N_APPENDED / 2 && !seal (store, "s", error)))
      return FALSE;

  return store != NULL;
}

/* So large that lines of the tail take many pages, and that it is sealed for that */
gboolean
store_operation_append_large (const char     *path,
                              const char     *aside,
                              StorePromises  *promises,
                              GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autofree char *filler = g_strnfill (300 * 1024, 'x');

  for (guint i = 0; store != NULL && i < 5; i++)
    if (!append (store, "s", "screenshots", i, filler, promises, error))
      return FALSE;

  return store != NULL;
}

/* Members small and large, of a session that is growing meanwhile */
gboolean
store_operation_change (const char     *path,
                        const char     *aside,
                        StorePromises  *promises,
                        GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autofree char *filler = g_strnfill (5000, 'y');
  g_autofree char *large = g_strdup_printf ("[\"%s\",\"picture-screenshots-0\"]", filler);

  return store != NULL &&
         set_member (store, "s", "name", "\"another\"", promises, error) &&
         append (store, "s", "screenshots", 0, "", promises, error) &&
         set_member (store, "s", "summary", large, promises, error) &&
         append (store, "s", "screenshots", 1, "", promises, error) &&
         set_member (store, "t", "audioSegments", "[]", promises, error) &&
         set_member (store, "s", "summary", "null", promises, error);
}

static gboolean
save (StrataStore    *store,
      const char     *id,
      const char     *json,
      StorePromises  *promises,
      GError        **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);

  store_promises_begin (promises, owner);
  if (!strata_store_save_session (store, key, stream, NULL, error))
    return FALSE;
  store_promises_keep (promises, owner);

  return TRUE;
}

static gboolean
set_collection (StrataStore    *store,
                const char     *name,
                const char     *json,
                StorePromises  *promises,
                GError        **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autofree char *key = _strata_collection_key_make (name, 0);
  g_autofree char *owner = g_strconcat ("collections/", key, NULL);
  g_autofree char *made = NULL;

  store_promises_begin (promises, owner);
  made = strata_store_set_collection (store, name, stream, NULL, error);
  if (made == NULL)
    return FALSE;
  g_assert_cmpstr (made, ==, key);
  store_promises_keep (promises, owner);

  return TRUE;
}

/* Whole sessions and collections, new and in the place of what was there */
gboolean
store_operation_save (const char     *path,
                      const char     *aside,
                      StorePromises  *promises,
                      GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  return store != NULL &&
         create (store, "u", "{\"id\":\"u\",\"screenshots\":[1,{\"attachmentId\":\"picture-screenshots-0\"}]}", promises, error) &&
         set_collection (store, "notes", "[{\"id\":\"n1\"}]", promises, error) &&
         save (store, "t", "{\"id\":\"t\",\"audioSegments\":[3],\"screenshots\":[{\"attachmentId\":\"picture-screenshots-0\"}]}",
               promises, error) &&
         set_collection (store, "notes", "[]", promises, error);
}

static gboolean
delete_session (StrataStore    *store,
                const char     *id,
                StorePromises  *promises,
                GError        **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);
  g_autofree char *name = NULL;
  gboolean is_there;

  store_promises_begin (promises, owner);
  if (!has_text (store, id, "", &is_there, error))
    return FALSE;
  if (is_there)
    {
      name = strata_store_delete_session (store, key, NULL, error);
      if (name == NULL)
        return FALSE;
    }
  store_promises_keep (promises, owner);

  return TRUE;
}

static gboolean
undelete_session (StrataStore    *store,
                  const char     *id,
                  StorePromises  *promises,
                  GError        **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);
  g_autofree char *undeleted = NULL;
  gboolean is_there;

  store_promises_begin (promises, owner);
  if (!has_text (store, id, "", &is_there, error))
    return FALSE;
  if (!is_there)
    {
      undeleted = strata_store_undelete (store, key, NULL, error);
      if (undeleted == NULL)
        return FALSE;
    }
  store_promises_keep (promises, owner);

  return TRUE;
}

static gboolean
delete_item (StrataStore    *store,
             const char     *id,
             const char     *item,
             StorePromises  *promises,
             GError        **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *owner = dup_owner (id);
  g_autofree char *token = g_strdup_printf ("\"%s\"", item);
  g_autofree char *name = NULL;
  gboolean is_there;

  store_promises_begin (promises, owner);
  if (!has_text (store, id, token, &is_there, error))
    return FALSE;
  if (is_there)
    {
      name = strata_store_delete_item (store, key, item, NULL, error);
      if (name == NULL)
        return FALSE;
    }
  store_promises_keep (promises, owner);

  return TRUE;
}

/* One session goes and comes back, one goes for good, and with it what it had grown by; and single items */
gboolean
store_operation_delete (const char     *path,
                        const char     *aside,
                        StorePromises  *promises,
                        GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  if (store == NULL || !delete_item (store, "s", "first", promises, error))
    return FALSE;

  /* Run again, it may have come back already */
  if (promises != NULL && !delete_session (store, "s", promises, error))
    return FALSE;

  return undelete_session (store, "s", promises, error) &&
         append (store, "s", "screenshots", 1, "", promises, error) &&
         delete_item (store, "s", "screenshots-1", promises, error) &&
         delete_session (store, "t", promises, error);
}

/* Clearing away */

/* A part and an object that nothing names; and in the trash a session and an item, each with an object of its own */
void
store_operation_set_up_garbage (const char *path,
                                const char *aside)
{
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GError) error = NULL;

  store_operation_set_up_sessions (path, aside);
  store = strata_store_open (path, &error);
  g_assert_no_error (error);
  append (store, "s", "screenshots", 3, "", NULL, &error);
  g_assert_no_error (error);
  set_member (store, "s", "screenshots", "[{\"id\":\"first\"}]", NULL, &error);
  g_assert_no_error (error);
  append (store, "s", "screenshots", 6, "", NULL, &error);
  g_assert_no_error (error);
  delete_item (store, "s", "screenshots-6", NULL, &error);
  g_assert_no_error (error);
  create (store, "v", "{\"id\":\"v\",\"x\":[1,2]}", NULL, &error);
  g_assert_no_error (error);
  append (store, "v", "contextItems", 9, "", NULL, &error);
  g_assert_no_error (error);
  delete_session (store, "v", NULL, &error);
  g_assert_no_error (error);
}

static gboolean
collect (StrataStore  *store,
         guint         days,
         gboolean      purge,
         GError      **error)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(StrataGarbage) garbage = NULL;

  options->purge = purge;
  garbage = _strata_gc_collect (store, options, g_get_real_time () / G_USEC_PER_SEC + days * DAY_S, NULL, error);

  return garbage != NULL;
}

/* What is cleared away is put to use again, what is in the trash comes back, and what it needs is there. */
gboolean
store_operation_collect_garbage (const char     *path,
                                 const char     *aside,
                                 StorePromises  *promises,
                                 GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  return store != NULL &&
         collect (store, 0, FALSE, error) &&
         append (store, "s", "screenshots", 3, "", promises, error) &&
         collect (store, 8, FALSE, error) &&
         undelete_session (store, "v", promises, error) &&
         delete_item (store, "s", "screenshots-3", promises, error) &&
         collect (store, 8, FALSE, error);
}

/* Whether all of a session is there, its attachments too */
static gboolean
read_whole (StrataStore  *store,
            const char   *id,
            GError      **error)
{
  g_autofree char *key = dup_key (id);
  g_autofree char *json = store_util_read_session (store, key, error);
  g_autoptr(GPtrArray) attachments = json != NULL ? strata_store_list_attachments (store, key, error) : NULL;

  for (guint i = 0; attachments != NULL && i < attachments->len; i++)
    {
      g_autoptr(GInputStream) stream = strata_store_open_attachment (store, g_ptr_array_index (attachments, i), error);
      g_autofree char *bytes = stream != NULL ? store_util_read (stream, error) : NULL;

      if (bytes == NULL)
        return FALSE;
    }

  return attachments != NULL;
}

/* As long as a deleted session can come back it comes back whole, however far its purging got. */
static gboolean
try_to_bring_back (StrataStore  *store,
                   const char   *id,
                   GError      **error)
{
  g_autoptr(GError) undelete_error = NULL;

  if (undelete_session (store, id, NULL, &undelete_error))
    return read_whole (store, id, error) && delete_session (store, id, NULL, error);
  if (g_error_matches (undelete_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&undelete_error));

  return FALSE;
}

/* Everything in the trash goes for good, and at last a session that was alive */
gboolean
store_operation_purge (const char     *path,
                       const char     *aside,
                       StorePromises  *promises,
                       GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  if (store == NULL || (promises == NULL && !try_to_bring_back (store, "v", error)))
    return FALSE;

  return collect (store, 0, TRUE, error) &&
         delete_session (store, "t", promises, error) &&
         collect (store, 31, FALSE, error);
}
