/* strata-check-databases.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "search/strata-search-check-private.h"
#include "store/strata-changes-private.h"
#include "strata-check-private.h"

#define LOG     "changes.log"
#define CATALOG "catalog.sqlite3"
#define SEARCH  "search.sqlite3"

static char *
make_tag (gboolean    is_collection,
          const char *key)
{
  return g_strconcat (is_collection ? "c/" : "s/", key, NULL);
}

static char *
dup_metadata_path (gboolean    is_collection,
                   const char *key)
{
  return is_collection ? g_strdup_printf ("collections/%s.metadata.json", key)
                       : g_strdup_printf ("sessions/%s/metadata.json", key);
}

/* Files, log and catalog change one after the other. Where they do not agree, they are looked
 * at again while nobody is changing them; where the lock can't be had, as they are.
 */
static gboolean
hold_still (StrataChecking *self)
{
  return _strata_store_lock (self->store, NULL);
}

static void
let_go (StrataChecking *self,
        gboolean        is_held)
{
  if (is_held)
    _strata_store_unlock (self->store);
}

/* The log */

static void
report_log (StrataChecking *self)
{
  if (!self->log_reported)
    _strata_checking_report (self, LOG, NULL, NULL, "The log of changes is damaged, or lines of it are missing");
  self->log_reported = TRUE;
}

/* Reads on from where it was read to. What a crash left behind the last whole line was never
 * acknowledged, and is no damage.
 */
gboolean
_strata_checking_read_log (StrataChecking  *self,
                           GError         **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 end, log_end;

  if (!_strata_changes_find_end (self->dir, &log_end, error) ||
      !_strata_changes_read (self->dir, self->log_end, changes, &end, error))
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);
      g_autofree char *tag = make_tag (change->is_collection, change->key);

      if (change->is_deleted)
        g_hash_table_remove (self->logged, tag);
      else
        g_hash_table_replace (self->logged, g_steal_pointer (&tag), g_memdup2 (&change->digest, sizeof change->digest));
    }
  if (end < log_end)
    report_log (self);
  self->log_end = MAX (end, log_end);

  return TRUE;
}

static gboolean
has_logged (StrataChecking       *self,
            const StrataManifest *manifest)
{
  g_autofree char *tag = make_tag (manifest->is_collection, manifest->key);
  const StrataDigest *digest = g_hash_table_lookup (self->logged, tag);

  return digest != NULL && _strata_digest_equal (digest, &manifest->file_digest);
}

gboolean
_strata_checking_is_logged (StrataChecking        *self,
                            const StrataManifest  *manifest,
                            gboolean              *out_is_logged,
                            GError               **error)
{
  g_autoptr(StrataManifest) now = NULL;
  gboolean is_held, ok;

  *out_is_logged = has_logged (self, manifest);
  if (*out_is_logged)
    return TRUE;

  is_held = hold_still (self);
  ok = _strata_checking_read_log (self, error);
  now = _strata_store_load (self->store, manifest->is_collection, manifest->key, NULL);
  let_go (self, is_held);
  if (!ok)
    return FALSE;

  *out_is_logged = now == NULL || has_logged (self, now);
  if (!*out_is_logged)
    report_log (self);

  return TRUE;
}

typedef struct
{
  StrataChecking *checking;
  const char     *key;
  GPtrArray      *messages;
  char           *text;
  gboolean        is_behind;
} CatalogQuery;

/* A catalog that can't be written to may lag; what it does not know yet is no damage. */
static gboolean
see_how_far (StrataCatalog  *catalog,
             CatalogQuery   *query,
             GError        **error)
{
  guint64 applied;

  if (!_strata_catalog_get_applied (catalog, &applied, error))
    return FALSE;
  query->is_behind = applied < query->checking->log_end;

  return TRUE;
}

static gpointer
describe (StrataCatalog  *catalog,
          gpointer        user_data,
          GError        **error)
{
  CatalogQuery *query = user_data;

  if (!see_how_far (catalog, query, error))
    return NULL;
  query->text = _strata_catalog_describe (catalog, query->key, error);

  return query->text;
}

gboolean
_strata_checking_expect (StrataChecking  *self,
                         gboolean         is_collection,
                         const char      *key,
                         gboolean        *out_expected,
                         GError         **error)
{
  g_autofree char *tag = make_tag (is_collection, key);
  CatalogQuery query = { self, key, NULL, NULL, FALSE };
  g_autoptr(GError) query_error = NULL;

  if (!_strata_checking_read_log (self, error))
    return FALSE;
  *out_expected = g_hash_table_contains (self->logged, tag);
  if (*out_expected)
    return TRUE;

  /* A catalog that can't be read is found where it is looked at */
  _strata_store_with_catalog (self->store, describe, &query, &query_error);
  *out_expected = query.text != NULL && *query.text != '\0';
  g_free (query.text);

  return TRUE;
}

static gboolean
is_gone (StrataChecking *self,
         const char     *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat status;

  return !_strata_file_stat (self->dir, path, &status, NULL) &&
         (g_str_has_prefix (path, "collections/") || !_strata_file_stat (self->dir, folder, &status, NULL));
}

/* What the log names and nothing is there of. A folder without metadata is found where sessions are looked at. */
static gboolean
report_lost (StrataChecking  *self,
             GError         **error)
{
  g_autoptr(GHashTable) lost = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean is_held, ok;
  GHashTableIter iter;
  gpointer tag;

  g_hash_table_iter_init (&iter, self->logged);
  while (g_hash_table_iter_next (&iter, &tag, NULL))
    {
      g_autofree char *path = dup_metadata_path (g_str_has_prefix (tag, "c/"), (const char *)tag + strlen ("c/"));

      if (is_gone (self, path))
        g_hash_table_add (lost, g_strdup (tag));
    }

  if (g_hash_table_size (lost) == 0)
    return TRUE;

  /* Unless it was deleted meanwhile */
  is_held = hold_still (self);
  ok = _strata_checking_read_log (self, error);
  let_go (self, is_held);
  if (!ok)
    return FALSE;
  g_hash_table_iter_init (&iter, lost);
  while (g_hash_table_iter_next (&iter, &tag, NULL))
    {
      const char *key = (const char *)tag + strlen ("c/");
      g_autofree char *path = dup_metadata_path (g_str_has_prefix (tag, "c/"), key);

      if (g_hash_table_contains (self->logged, tag))
        _strata_checking_report (self, path, key, NULL, "It is missing, though the log of changes names it");
    }

  return TRUE;
}

static gpointer
get_applied (StrataCatalog  *catalog,
             gpointer        user_data,
             GError        **error)
{
  return _strata_catalog_get_applied (catalog, user_data, error) ? user_data : NULL;
}

gboolean
_strata_checking_log (StrataChecking  *self,
                      GError         **error)
{
  guint64 applied;

  self->result->files++;
  /* What the catalog has read was whole once */
  if (_strata_store_with_catalog_as_it_is (self->store, get_applied, &applied, NULL) != NULL)
    {
      if (!_strata_checking_read_log (self, error))
        return FALSE;
      if (applied > self->log_end)
        report_log (self);
    }

  return report_lost (self, error);
}

/* The catalog */

static void
report_catalog (StrataChecking *self,
                const char     *key,
                const char     *what)
{
  _strata_checking_report (self, CATALOG, key, NULL, what);
}

static gboolean
note_catalog_error (StrataChecking  *self,
                    GError         **from,
                    GError         **error)
{
  return _strata_checking_note_damage (self, CATALOG, NULL, from, error);
}

static char *
describe_files (StrataChecking        *self,
                const StrataManifest  *manifest,
                GPtrArray             *rows,
                GError               **error)
{
  char *text = NULL;

  if (_strata_catalog_begin (self->scratch, error) && _strata_catalog_put (self->scratch, manifest, rows, error))
    text = _strata_catalog_describe (self->scratch, manifest->key, error);
  _strata_catalog_roll_back (self->scratch);

  return text;
}

/* Whether files and catalog agree while nobody changes them */
static gboolean
is_in_order (StrataChecking        *self,
             const StrataManifest  *manifest)
{
  CatalogQuery query = { self, manifest->key, NULL, NULL, FALSE };
  gboolean is_held = hold_still (self);
  g_autoptr(StrataManifest) now = _strata_store_load (self->store, manifest->is_collection, manifest->key, NULL);
  g_autoptr(GPtrArray) rows = now != NULL ? _strata_store_load_rows (self->store, now, NULL) : NULL;
  g_autofree char *expected = rows != NULL ? describe_files (self, now, rows, NULL) : g_strdup ("");
  g_autofree char *found = NULL;

  _strata_store_with_catalog (self->store, describe, &query, NULL);
  found = query.text;
  let_go (self, is_held);

  return g_strcmp0 (found, expected) == 0;
}

gboolean
_strata_checking_in_catalog (StrataChecking        *self,
                             const StrataManifest  *manifest,
                             GPtrArray             *rows,
                             GError               **error)
{
  CatalogQuery query = { self, manifest->key, NULL, NULL, FALSE };
  g_autoptr(GError) query_error = NULL;
  g_autofree char *expected = describe_files (self, manifest, rows, error);
  g_autofree char *found = NULL;

  if (expected == NULL)
    return FALSE;
  _strata_store_with_catalog (self->store, describe, &query, &query_error);
  found = query.text;
  if (found == NULL)
    return note_catalog_error (self, &query_error, error);

  if (strcmp (found, expected) == 0 || query.is_behind || is_in_order (self, manifest))
    return TRUE;
  report_catalog (self, manifest->key, *found == '\0' ? "The catalog does not list it; rebuild the index"
                                                      : "The catalog says something else than the files; rebuild the index");

  return TRUE;
}

static gpointer
check_inside (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  CatalogQuery *query = user_data;

  return see_how_far (catalog, query, error) && _strata_catalog_check (catalog, query->messages, error) ? query : NULL;
}

/* What the catalog lists and is not there */
static void
check_listed (StrataChecking *self,
              gboolean        is_collection,
              const char     *key)
{
  g_autofree char *path = dup_metadata_path (is_collection, key);
  g_autofree char *tag = make_tag (is_collection, key);
  CatalogQuery query = { self, key, NULL, NULL, FALSE };
  gboolean is_held;

  /* What the log names too is reported there */
  if (!is_gone (self, path) || g_hash_table_contains (self->logged, tag))
    return;

  is_held = hold_still (self);
  if (is_gone (self, path))
    _strata_store_with_catalog (self->store, describe, &query, NULL);
  let_go (self, is_held);
  if (query.text != NULL && *query.text != '\0')
    _strata_checking_report (self, path, key, NULL, "It is missing, though the catalog lists it");
  g_free (query.text);
}

gboolean
_strata_checking_catalog (StrataChecking  *self,
                          GError         **error)
{
  g_autoptr(GPtrArray) messages = g_ptr_array_new_with_free_func (g_free);
  CatalogQuery query = { self, NULL, messages, NULL, FALSE };
  g_autoptr(GError) query_error = NULL;
  g_autoptr(GPtrArray) sessions = NULL;
  g_auto(GStrv) collections = NULL;

  self->result->files++;
  if (_strata_store_with_catalog (self->store, check_inside, &query, &query_error) == NULL)
    return note_catalog_error (self, &query_error, error);
  for (guint i = 0; i < messages->len; i++)
    report_catalog (self, NULL, g_ptr_array_index (messages, i));
  if (query.is_behind)
    return TRUE;

  sessions = strata_store_list_sessions (self->store, STRATA_SESSION_ORDER_SOURCE, 0, &query_error);
  collections = sessions != NULL ? strata_store_list_collections (self->store, &query_error) : NULL;
  if (collections == NULL)
    return note_catalog_error (self, &query_error, error);

  for (guint i = 0; i < sessions->len; i++)
    check_listed (self, FALSE, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key);
  for (guint i = 0; collections[i] != NULL; i++)
    check_listed (self, TRUE, collections[i]);

  return TRUE;
}

/* The search index */

static void
report_search (const char *key,
               const char *message,
               gpointer    user_data)
{
  _strata_checking_report (user_data, SEARCH, key, NULL, message);
}

gboolean
_strata_checking_search (StrataChecking  *self,
                         GError         **error)
{
  g_autoptr(GError) check_error = NULL;
  struct stat status;

  if (!_strata_file_stat (self->dir, SEARCH, &status, NULL))
    return TRUE;

  self->result->files++;

  return _strata_search_check (self->store, report_search, self, self->cancellable, &check_error) ||
         _strata_checking_note_damage (self, SEARCH, NULL, &check_error, error);
}
