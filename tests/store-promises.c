/* store-promises.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "store/strata-store-private.h"
#include "store-promises.h"

#define HEADER "store.json"
/* Enough of a digest to tell versions apart */
#define VERSION_DIGITS 16

typedef struct
{
  char     *owner;      /* NULL: all */
  char     *version;    /* NULL: the owner is not there */
  gboolean  is_final;   /* the version is the one after the rehearsal */
  guint     begun_at;
  guint     kept_at;    /* G_MAXUINT: not */
} Promise;

struct _StorePromises
{
  StorePromises *rehearsal; /* NULL: this is one */
  char          *store;     /* of a rehearsal */
  PowerCut      *cut;
  GHashTable    *before;
  GHashTable    *after;

  /* Guarded by @mutex */
  GMutex         mutex;
  GPtrArray     *promises;  /* Promise, in the order they were begun */
  gboolean       excuses_missing;
};

/* Descriptions */

static gboolean
add_digest (GString       *version,
            GInputStream  *stream,
            GError       **error)
{
  g_autofree char *hex = NULL;
  StrataDigest digest;

  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, NULL, error))
    return FALSE;

  hex = _strata_digest_dup_hex (&digest);
  g_string_append_len (version, hex, VERSION_DIGITS);

  return TRUE;
}

static gboolean
add_attachments (GString      *version,
                 StrataStore  *store,
                 const char   *owner,
                 GError      **error)
{
  g_autoptr(GPtrArray) attachments = strata_store_list_attachments (store, owner, error);

  for (guint i = 0; attachments != NULL && i < attachments->len; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);
      g_autoptr(GInputStream) stream = NULL;

      g_string_append_printf (version, " %s=", info->id);
      if (info->path == NULL)
        {
          g_string_append (version, info->state);
          continue;
        }
      stream = strata_store_open_attachment (store, info, error);
      if (!add_digest (version, stream, error))
        return FALSE;
    }

  return attachments != NULL;
}

static gboolean
describe_owner (GHashTable   *description,
                StrataStore  *store,
                gboolean      is_collection,
                const char   *key,
                GError      **error)
{
  g_autoptr(GInputStream) stream = is_collection ? strata_store_open_collection (store, key, error)
                                                 : strata_store_open_session (store, key, error);
  g_autoptr(GString) version = g_string_new (NULL);

  if (!add_digest (version, stream, error) || !add_attachments (version, store, key, error))
    {
      g_prefix_error (error, "%s: ", key);
      return FALSE;
    }
  g_hash_table_insert (description, g_strconcat (is_collection ? "collections/" : "sessions/", key, NULL),
                       g_string_free (g_steal_pointer (&version), FALSE));

  return TRUE;
}

static void
describe_quarantine (GHashTable  *description,
                     StrataStore *store)
{
  g_autofree char *folder = g_build_filename (strata_store_get_path (store), "quarantine", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *content = NULL;
      gsize size;
      StrataDigest digest;

      /* What openings cut off tails: nobody promised anything of it */
      if (g_str_has_prefix (name, "tail-"))
        continue;
      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      _strata_digest_of (content, size, &digest);
      g_hash_table_insert (description, g_strconcat ("quarantine/", name, NULL), _strata_digest_dup_hex (&digest));
    }
  if (dir != NULL)
    g_dir_close (dir);
}

/* But for the id, which is another one each time a store is made */
static gboolean
describe_header (GHashTable   *description,
                 StrataStore  *store,
                 GError      **error)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (store, error);
  GString *version;

  if (header == NULL)
    return FALSE;

  version = g_string_new (header->state);
  for (guint i = 0; i < header->sources->len; i++)
    {
      const StrataSourceRecord *source = g_ptr_array_index (header->sources, i);

      g_string_append_printf (version, " %u=%" G_GUINT64_FORMAT, source->number, source->bytes);
    }
  g_hash_table_insert (description, g_strdup (HEADER), g_string_free (version, FALSE));

  return TRUE;
}

GHashTable *
store_describe (StrataStore  *store,
                GError      **error)
{
  g_autoptr(GHashTable) description = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_DATE, 0, error);
  g_auto(GStrv) collections = sessions != NULL ? strata_store_list_collections (store, error) : NULL;

  if (collections == NULL || !describe_header (description, store, error))
    return NULL;

  for (guint i = 0; i < sessions->len; i++)
    if (!describe_owner (description, store, FALSE, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key, error))
      return NULL;
  for (guint i = 0; collections[i] != NULL; i++)
    if (!describe_owner (description, store, TRUE, collections[i], error))
      return NULL;
  describe_quarantine (description, store);

  return g_steal_pointer (&description);
}

GHashTable *
store_describe_at (const char  *path,
                   GError     **error)
{
  g_autoptr(GError) open_error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (path, &open_error);

  if (store != NULL)
    return store_describe (store, error);

  if (g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  g_propagate_error (error, g_steal_pointer (&open_error));

  return NULL;
}

/* Promises */

static void
promise_free (gpointer data)
{
  Promise *promise = data;

  g_free (promise->owner);
  g_free (promise->version);
  g_free (promise);
}

static GHashTable *
describe_now (const char *path)
{
  g_autoptr(GError) error = NULL;
  GHashTable *description = store_describe_at (path, &error);

  g_assert_no_error (error);

  return description;
}

StorePromises *
store_promises_new_rehearsal (const char *store)
{
  StorePromises *self = g_new0 (StorePromises, 1);

  g_mutex_init (&self->mutex);
  self->promises = g_ptr_array_new_with_free_func (promise_free);
  self->store = g_strdup (store);
  self->before = describe_now (store);

  return self;
}

void
store_promises_end_rehearsal (StorePromises *self)
{
  self->after = describe_now (self->store);
  for (guint i = 0; i < self->promises->len; i++)
    g_assert_cmpuint (((Promise *)g_ptr_array_index (self->promises, i))->kept_at, !=, G_MAXUINT);
}

StorePromises *
store_promises_new (StorePromises *rehearsal,
                    PowerCut      *cut)
{
  StorePromises *self = g_new0 (StorePromises, 1);

  g_mutex_init (&self->mutex);
  self->promises = g_ptr_array_new_with_free_func (promise_free);
  self->rehearsal = rehearsal;
  self->cut = cut;
  self->before = g_hash_table_ref (rehearsal->before);
  self->after = g_hash_table_ref (rehearsal->after);

  return self;
}

void
store_promises_free (StorePromises *self)
{
  g_mutex_clear (&self->mutex);
  g_ptr_array_unref (self->promises);
  g_free (self->store);
  g_clear_pointer (&self->before, g_hash_table_unref);
  g_clear_pointer (&self->after, g_hash_table_unref);
  g_free (self);
}

GHashTable *
store_promises_get_before (StorePromises *self)
{
  return self->before;
}

GHashTable *
store_promises_get_after (StorePromises *self)
{
  return self->after;
}

static guint
now (StorePromises *self)
{
  return self->cut != NULL ? power_cut_get_length (self->cut) : 0;
}

/* Returns: (nullable): the first promise to that owner that is not kept yet */
static Promise *
find_open (StorePromises *self,
           const char    *owner)
{
  for (guint i = 0; i < self->promises->len; i++)
    {
      Promise *promise = g_ptr_array_index (self->promises, i);

      if (promise->kept_at == G_MAXUINT && g_strcmp0 (promise->owner, owner) == 0)
        return promise;
    }

  return NULL;
}

/* The version that the rehearsal found for its promise at the same place */
static char *
look_up_version (StorePromises *self,
                 const char    *owner)
{
  const Promise *rehearsed;

  if (self->rehearsal == NULL || owner == NULL)
    return NULL;

  g_assert_cmpuint (self->promises->len, <, self->rehearsal->promises->len);
  rehearsed = g_ptr_array_index (self->rehearsal->promises, self->promises->len);
  g_assert_cmpstr (rehearsed->owner, ==, owner);

  return g_strdup (rehearsed->version);
}

static Promise *
add_promise (StorePromises *self,
             const char    *owner,
             gboolean       is_final)
{
  Promise *promise = g_new0 (Promise, 1);

  promise->owner = g_strdup (owner);
  promise->version = is_final ? NULL : look_up_version (self, owner);
  promise->is_final = is_final;
  promise->begun_at = now (self);
  promise->kept_at = G_MAXUINT;
  g_ptr_array_add (self->promises, promise);

  return promise;
}

void
store_promises_begin (StorePromises *self,
                      const char    *owner)
{
  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  add_promise (self, owner, owner == NULL);
  g_mutex_unlock (&self->mutex);
}

void
store_promises_keep (StorePromises *self,
                     const char    *owner)
{
  Promise *promise;

  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  promise = find_open (self, owner);
  if (promise == NULL)
    {
      g_assert_nonnull (find_open (self, NULL));
      promise = add_promise (self, owner, TRUE);
    }
  if (self->rehearsal == NULL && !promise->is_final)
    {
      g_autoptr(GHashTable) description = describe_now (self->store);

      promise->version = g_strdup (g_hash_table_lookup (description, owner));
    }
  promise->kept_at = now (self);
  g_mutex_unlock (&self->mutex);
}

void
store_promises_excuse_missing (StorePromises *self)
{
  if (self == NULL)
    return;

  g_mutex_lock (&self->mutex);
  self->excuses_missing = TRUE;
  g_mutex_unlock (&self->mutex);
}

/* Collects what an owner may be: what it is for good, and what it may be about to be. */
static GPtrArray *
list_versions (StorePromises *self,
               const char    *owner,
               guint          position,
               gboolean      *out_promised)
{
  GPtrArray *versions = g_ptr_array_new ();

  *out_promised = FALSE;
  g_ptr_array_add (versions, g_hash_table_lookup (self->before, owner));
  for (guint i = 0; i < self->promises->len; i++)
    {
      const Promise *promise = g_ptr_array_index (self->promises, i);

      if (promise->begun_at > position || (promise->owner != NULL && strcmp (promise->owner, owner) != 0))
        continue;
      *out_promised = *out_promised || promise->owner != NULL;
      if (promise->kept_at <= position && promise->kept_at != G_MAXUINT)
        g_ptr_array_set_size (versions, 0);
      g_ptr_array_add (versions, promise->is_final ? g_hash_table_lookup (self->after, owner) : promise->version);
    }

  return versions;
}

/* Whether @version is @expected, but for attachments that are missing and were not in @before either. */
static gboolean
differs_by_missing (const char *version,
                    const char *expected,
                    const char *before)
{
  g_auto(GStrv) found = g_strsplit (version != NULL ? version : "", " ", -1);
  g_auto(GStrv) wanted = g_strsplit (expected != NULL ? expected : "", " ", -1);

  /* In quarantine, say */
  if (version == NULL && before == NULL)
    return TRUE;
  if (g_strv_length (found) != g_strv_length (wanted))
    return FALSE;

  for (guint i = 0; found[i] != NULL; i++)
    {
      g_autofree char *missing = g_strdup_printf ("%.*s=missing", (int)strcspn (wanted[i], "="), wanted[i]);

      if (strcmp (found[i], wanted[i]) != 0 &&
          (i == 0 || strcmp (found[i], missing) != 0 || (before != NULL && strstr (before, wanted[i]) != NULL)))
        return FALSE;
    }

  return TRUE;
}

static char *
check_owner (StorePromises *self,
             GHashTable    *found,
             const char    *owner,
             guint          position)
{
  gboolean promised;
  g_autoptr(GPtrArray) versions = list_versions (self, owner, position, &promised);
  const char *version = g_hash_table_lookup (found, owner);
  GString *text;

  for (guint i = 0; i < versions->len; i++)
    if (g_strcmp0 (g_ptr_array_index (versions, i), version) == 0 ||
        (self->excuses_missing &&
         differs_by_missing (version, g_ptr_array_index (versions, i), g_hash_table_lookup (self->before, owner))))
      return NULL;

  if (strcmp (owner, HEADER) == 0 && !promised)
    return NULL;

  text = g_string_new (NULL);
  g_string_printf (text, "%s is “%s”; expected", owner, version != NULL ? version : "not there");
  for (guint i = 0; i < versions->len; i++)
    {
      const char *expected = g_ptr_array_index (versions, i);

      g_string_append_printf (text, " “%s”", expected != NULL ? expected : "not there");
    }

  return g_string_free (text, FALSE);
}

char *
store_promises_find_broken (StorePromises *self,
                            GHashTable    *found,
                            guint          position)
{
  g_autoptr(GHashTable) owners = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTable *tables[] = { self->before, self->after, found };
  GHashTableIter iter;
  gpointer owner;

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_hash_table_iter_init (&iter, tables[i]);
      while (g_hash_table_iter_next (&iter, &owner, NULL))
        g_hash_table_add (owners, owner);
    }
  for (guint i = 0; i < self->promises->len; i++)
    {
      const Promise *promise = g_ptr_array_index (self->promises, i);

      if (promise->owner != NULL)
        g_hash_table_add (owners, promise->owner);
    }

  g_hash_table_iter_init (&iter, owners);
  while (g_hash_table_iter_next (&iter, &owner, NULL))
    {
      char *broken = check_owner (self, found, owner, position);

      if (broken != NULL)
        return broken;
    }

  return NULL;
}
