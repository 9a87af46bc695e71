/* strata-legacy-candidates.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-legacy-candidates-private.h"

/* A collection in which the old program put its sessions aside before it changed them */
#define ENRICHMENT_PREFIX "sessions-backup-enrichment-migration-"

struct _StrataLegacyCandidates
{
  GHashTable *by_name;    /* collection → GPtrArray of StrataLegacyCandidate */
  GPtrArray  *none;
};

/* One gathering */
typedef struct
{
  StrataLegacyCandidates  *self;
  StrataLegacyStore       *store;
  const char              *source;
  gboolean                 source_found;
  StrataProblemFunc        report;
  gpointer                 user_data;
  GCancellable            *cancellable;
} Gathering;

void
_strata_legacy_candidates_free (StrataLegacyCandidates *self)
{
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->none);
  g_free (self);
}

GPtrArray *
_strata_legacy_candidates_get (StrataLegacyCandidates *self,
                               const char             *collection)
{
  GPtrArray *candidates = g_hash_table_lookup (self->by_name, collection);

  return candidates != NULL ? candidates : self->none;
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

GPtrArray *
_strata_legacy_candidates_list_names (StrataLegacyCandidates *self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare_strings);

  return names;
}

/* Order */

static gboolean
is_asked_for (const StrataLegacyCandidate *candidate,
              const char                  *source)
{
  return source != NULL && (strcmp (candidate->path, source) == 0 || strcmp (candidate->file, source) == 0);
}

/* The less, the more it is believed */
static int
get_rank (const StrataLegacyCandidate *candidate,
          const char                  *source)
{
  if (is_asked_for (candidate, source))
    return 0;
  if (candidate->where == STRATA_LEGACY_IN_WEBKIT)
    return 1;
  if (candidate->timestamp_ms < 0)
    return 4;

  return candidate->where == STRATA_LEGACY_IN_BACKUP ? 3 : 2;
}

/* The order they were found in decides among equals. */
static void
add (Gathering             *gathering,
     const char            *collection,
     StrataLegacyCandidate *candidate)
{
  GHashTable *by_name = gathering->self->by_name;
  GPtrArray *candidates = g_hash_table_lookup (by_name, collection);
  int rank = get_rank (candidate, gathering->source);
  guint i = 0;

  if (candidates == NULL)
    {
      candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_candidate_free);
      g_hash_table_insert (by_name, g_strdup (collection), candidates);
    }

  for (; i < candidates->len; i++)
    {
      const StrataLegacyCandidate *other = g_ptr_array_index (candidates, i);
      int other_rank = get_rank (other, gathering->source);

      if (other_rank > rank || (other_rank == rank && other->timestamp_ms < candidate->timestamp_ms))
        break;
    }
  g_ptr_array_insert (candidates, (int)i, candidate);
  gathering->source_found = gathering->source_found || rank == 0;
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 time_a = (*(const StrataLegacyCandidate * const *)a)->timestamp_ms;
  gint64 time_b = (*(const StrataLegacyCandidate * const *)b)->timestamp_ms;

  return (time_a < time_b) - (time_a > time_b);
}

void
_strata_legacy_candidates_sort_rest (GPtrArray *candidates)
{
  g_autoptr(GPtrArray) rest = g_ptr_array_new ();

  /* g_ptr_array_sort() keeps the order of equals */
  for (guint i = 1; i < candidates->len; i++)
    g_ptr_array_add (rest, g_ptr_array_index (candidates, i));
  g_ptr_array_sort (rest, compare_times);
  if (rest->len > 0)
    memcpy (candidates->pdata + 1, rest->pdata, rest->len * sizeof (gpointer));
}

static void
ignore_id (guint64     ordinal,
           const char *id_token,
           gpointer    user_data)
{
}

guint
_strata_legacy_candidates_find_whole (GPtrArray    *candidates,
                                      GCancellable *cancellable)
{
  for (guint i = 1; i < candidates->len; i++)
    if (_strata_legacy_candidate_scan (g_ptr_array_index (candidates, i), ignore_id, NULL, cancellable, NULL))
      return i;

  return 0;
}

/* Looking */

static void
report_invalid (Gathering    *gathering,
                const char   *path,
                const GError *error)
{
  if (gathering->report != NULL)
    gathering->report (strata_problem_new ("envelope-invalid", path, NULL, NULL, -1,
                                           "The file was passed over: %s", error->message), gathering->user_data);
}

static StrataLegacyCandidate *
make_candidate (const char         *path,
                StrataLegacyWhere   where,
                int                 dir,
                const char         *file,
                const char * const *members)
{
  StrataLegacyCandidate *candidate = g_new0 (StrataLegacyCandidate, 1);
  struct stat status;

  candidate->path = g_strdup (path);
  candidate->where = where;
  candidate->timestamp_ms = -1;
  candidate->dir = dir;
  candidate->file = g_strdup (file);
  candidate->members = g_strdupv ((char **)members);
  if (_strata_file_stat (dir, file, &status, NULL))
    candidate->size = (guint64)status.st_size;

  return candidate;
}

/* Another value in the same text: below those members of the one that @outer is. */
static StrataLegacyCandidate *
make_inner (const StrataLegacyCandidate *outer,
            const char                  *member,
            const char                  *name)
{
  g_autoptr(GPtrArray) members = g_ptr_array_new ();
  StrataLegacyCandidate *candidate;

  for (guint i = 0; outer->members != NULL && outer->members[i] != NULL; i++)
    g_ptr_array_add (members, outer->members[i]);
  g_ptr_array_add (members, (gpointer)member);
  g_ptr_array_add (members, (gpointer)name);
  g_ptr_array_add (members, NULL);

  candidate = make_candidate (outer->path, STRATA_LEGACY_IN_BACKUP, outer->dir, outer->file,
                              (const char * const *)members->pdata);
  candidate->container = outer->container;
  candidate->entry = outer->entry;
  candidate->left_out = outer->left_out != NULL ? g_hash_table_ref (outer->left_out) : NULL;
  candidate->size = outer->size;

  return candidate;
}

/* Reads a candidate's head.
 * @candidate: (transfer full)
 * @out_usable: whether it may be one at all; it was added then
 */
static gboolean
look_at (Gathering              *gathering,
         const char             *collection,
         StrataLegacyCandidate  *candidate,
         GError                **error)
{
  g_autoptr(StrataLegacyCandidate) owned = candidate;
  g_autoptr(GError) open_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, gathering->cancellable, &open_error);
  const StrataLegacyEnvelope *envelope;

  if (payload == NULL && g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;
  if (payload == NULL && _strata_file_is_content_error (open_error))
    {
      report_invalid (gathering, candidate->path, open_error);
      return TRUE;
    }
  if (payload == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return FALSE;
    }

  envelope = _strata_legacy_payload_get_envelope (payload);
  if (envelope->timestamp_ms >= 0)
    candidate->timestamp_ms = envelope->timestamp_ms;
  candidate->form = envelope->form;
  candidate->checksum = g_strdup (envelope->checksum);
  add (gathering, collection, g_steal_pointer (&owned));

  return TRUE;
}

/* Where the old program put its sessions aside, they are a candidate for the sessions. */
static gboolean
look_into_enrichment (Gathering                    *gathering,
                      const char                   *collection,
                      const StrataLegacyCandidate  *outer,
                      GError                      **error)
{
  return !g_str_has_prefix (collection, ENRICHMENT_PREFIX) ||
         look_at (gathering, "sessions", make_inner (outer, "sessions", NULL), error);
}

/* @candidate: (transfer full): of a collection of that name, whatever is in it */
static gboolean
take_collection (Gathering              *gathering,
                 const char             *collection,
                 StrataLegacyCandidate  *candidate,
                 GError                **error)
{
  g_autoptr(StrataLegacyCandidate) owned = candidate;

  return look_into_enrichment (gathering, collection, candidate, error) &&
         look_at (gathering, collection, g_steal_pointer (&owned), error);
}

/* Backups of everything */

/* At a backup's collections: a candidate for each. Those before it breaks off
 * count, and the one it breaks off in. @out_any: there is one
 */
static gboolean
add_backup_members (Gathering                    *gathering,
                    const StrataLegacyCandidate  *backup,
                    StrataLegacyPayload          *payload,
                    gboolean                     *out_any,
                    GError                      **error)
{
  StrataJsonReader *reader = _strata_legacy_payload_get_reader (payload);
  g_autoptr(GString) token = g_string_new (NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_enter (reader, gathering->cancellable, error))
    return FALSE;

  while (_strata_json_reader_next_member (reader, token, &more, gathering->cancellable, error))
    {
      g_autofree char *name = more ? _strata_json_unquote (token->str, token->len) : NULL;
      StrataLegacyCandidate *candidate;

      if (!more)
        return TRUE;
      if (!_strata_json_reader_peek (reader, &kind, gathering->cancellable, error))
        return FALSE;

      /* What it found nothing for it noted as nothing; of two the first counts */
      if (kind == STRATA_JSON_NULL || g_hash_table_contains (seen, name))
        continue;

      candidate = make_inner (backup, "collections", name);
      candidate->timestamp_ms = _strata_legacy_payload_get_envelope (payload)->timestamp_ms;
      add (gathering, name, candidate);
      g_hash_table_add (seen, g_steal_pointer (&name));
      *out_any = TRUE;
    }

  return FALSE;
}

/* @backup: at the value that should be {"collections": {…}} */
static gboolean
look_into_backup (Gathering                    *gathering,
                  const StrataLegacyCandidate  *backup,
                  GError                      **error)
{
  g_autoptr(StrataLegacyCandidate) whole = make_inner (backup, "collections", NULL);
  g_autoptr(GError) read_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (whole, gathering->cancellable, &read_error);
  gboolean any = FALSE;

  if (payload != NULL && add_backup_members (gathering, backup, payload, &any, &read_error))
    return TRUE;

  /* It is for who reads the collections to say where it breaks off */
  if (any && _strata_file_is_content_error (read_error))
    return TRUE;
  if (_strata_file_is_content_error (read_error) || g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      report_invalid (gathering, backup->path, read_error);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

/* The folder */

/* The collection that a file is for, or NULL */
static const char *
get_collection (const StrataLegacyFile *file)
{
  if (file->role == STRATA_LEGACY_TOPLEVEL)
    return "sessions";
  if (file->role == STRATA_LEGACY_COLLECTION || file->role == STRATA_LEGACY_COLLECTION_TMP ||
      file->role == STRATA_LEGACY_COLLECTION_BACKUP)
    return file->name;

  return NULL;
}

static gboolean
gather_file (Gathering               *gathering,
             const StrataLegacyFile  *file,
             GError                 **error)
{
  int dir = _strata_legacy_store_get_collections_dir (gathering->store);
  const char *collection = get_collection (file);
  g_autoptr(StrataLegacyCandidate) candidate = NULL;

  candidate = make_candidate (file->path, STRATA_LEGACY_IN_FOLDER, dir, file->path, NULL);
  if (file->role == STRATA_LEGACY_BACKUP)
    return look_into_backup (gathering, candidate, error);

  return take_collection (gathering, collection, g_steal_pointer (&candidate), error);
}

static gboolean
gather_folder (Gathering  *gathering,
               GError    **error)
{
  /* Among files without a time the earlier role is believed first */
  static const StrataLegacyRole roles[] = {
    STRATA_LEGACY_COLLECTION, STRATA_LEGACY_COLLECTION_TMP, STRATA_LEGACY_COLLECTION_BACKUP, STRATA_LEGACY_TOPLEVEL,
    STRATA_LEGACY_BACKUP,
  };
  GPtrArray *files = _strata_legacy_store_get_files (gathering->store);

  for (guint r = 0; r < G_N_ELEMENTS (roles); r++)
    for (guint i = 0; i < files->len; i++)
      {
        const StrataLegacyFile *file = g_ptr_array_index (files, i);

        if (file->role == roles[r] && !gather_file (gathering, file, error))
          return FALSE;
      }

  return TRUE;
}

/* Exports */

static void
report_entry (Gathering                  *gathering,
              const StrataExportZipEntry *entry)
{
  const char *why = _strata_export_zip_explain (entry->state);
  const char *code = entry->state == STRATA_EXPORT_ZIP_LINK ? "link-skipped"
                     : entry->role == STRATA_LEGACY_COLLECTION ? "envelope-invalid" : "foreign-file";

  if (why != NULL && gathering->report != NULL)
    gathering->report (strata_problem_new (code, entry->path, NULL, NULL, -1, "%s", why), gathering->user_data);
}

static gboolean
gather_export (Gathering                    *gathering,
               const StrataLegacyContainer  *container,
               GError                      **error)
{
  const StrataExportZipMetadata *metadata = _strata_export_zip_get_metadata (container->zip);
  GPtrArray *entries = _strata_export_zip_get_entries (container->zip);

  if (_strata_export_zip_is_torn (container->zip) && gathering->report != NULL)
    gathering->report (strata_problem_new ("torn", container->path, NULL, NULL, -1,
                                           "The ZIP is cut or damaged at its end; what it still gives is taken"),
                       gathering->user_data);

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (entries, i);
      StrataLegacyCandidate *candidate;

      if (entry->state != STRATA_EXPORT_ZIP_READABLE || entry->role != STRATA_LEGACY_COLLECTION || entry->is_metadata)
        {
          report_entry (gathering, entry);
          continue;
        }

      candidate = make_candidate (entry->path, STRATA_LEGACY_IN_EXPORT, container->dir, container->file, NULL);
      candidate->container = container;
      candidate->entry = entry->index;
      candidate->size = entry->size != G_MAXUINT64 ? entry->size : 0;
      candidate->timestamp_ms = metadata->timestamp_ms;
      if (!take_collection (gathering, entry->id, candidate, error))
        return FALSE;
    }

  return TRUE;
}

/* Web views' databases */

static void
report_damage (Gathering                    *gathering,
               const StrataLegacyContainer  *container)
{
  const GError *damage = _strata_webkit_database_get_damage (container->database);

  if (damage != NULL && gathering->report != NULL)
    gathering->report (strata_problem_new ("torn", container->path, NULL, NULL, -1,
                                           "The database is damaged, and records in it may be lost: %s", damage->message),
                       gathering->user_data);
}

static gboolean
gather_database (Gathering                    *gathering,
                 const StrataLegacyContainer  *container,
                 GError                      **error)
{
  static const char *const members[] = { "data", NULL };
  guint n_records = _strata_webkit_database_get_n_records (container->database);

  report_damage (gathering, container);
  for (guint i = 0; i < n_records; i++)
    {
      const StrataWebkitRecord *record = _strata_webkit_database_get_record (container->database, i);
      g_autoptr(StrataLegacyCandidate) candidate =
        make_candidate (container->path, STRATA_LEGACY_IN_WEBKIT, container->dir, container->file, members);
      gboolean ok;

      candidate->container = container;
      candidate->entry = i;
      candidate->left_out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      candidate->size = record->bytes;
      candidate->timestamp_ms = record->timestamp_ms;
      ok = record->store == STRATA_WEBKIT_STORE_BACKUPS ? look_into_backup (gathering, candidate, error)
                                                        : take_collection (gathering, record->name, g_steal_pointer (&candidate), error);
      if (!ok)
        return FALSE;
    }

  return TRUE;
}

static gboolean
gather_containers (Gathering  *gathering,
                   GError    **error)
{
  GPtrArray *containers = _strata_legacy_store_get_containers (gathering->store);

  for (guint i = 0; i < containers->len; i++)
    {
      const StrataLegacyContainer *container = g_ptr_array_index (containers, i);

      if (!(container->zip != NULL ? gather_export (gathering, container, error)
                                   : gather_database (gathering, container, error)))
        return FALSE;
    }

  return TRUE;
}

/* Says which there are. */
static void
set_no_such_source (Gathering  *gathering,
                    GError    **error)
{
  GPtrArray *candidates = _strata_legacy_candidates_get (gathering->self, "sessions");
  g_autoptr(GString) names = g_string_new (NULL);

  for (guint i = 0; i < candidates->len; i++)
    g_string_append_printf (names, "%s“%s”", i > 0 ? ", " : "",
                            ((const StrataLegacyCandidate *)g_ptr_array_index (candidates, i))->path);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "There is no source “%s”. Those with sessions are: %s",
               gathering->source, names->len > 0 ? names->str : "none");
}

/* On Windows the current state is in a database that only that web view reads.
 * To take older files for it must be somebody's wish.
 */
static gboolean
check_readable (StrataLegacyStore  *store,
                const char         *source,
                GError            **error)
{
  const char *leveldb = _strata_legacy_store_get_leveldb (store);

  if (leveldb == NULL || source != NULL || _strata_legacy_store_get_containers (store)->len > 0)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE,
               "Taskerino keeps its data in “%s”, a database of Windows' web view that only Taskerino can read. "
               "Use “Export” in Taskerino's settings, and put the ZIP that it writes beside the data folder. "
               "(Older data in “db” can be had by naming the file as the source.)", leveldb);

  return FALSE;
}

StrataLegacyCandidates *
_strata_legacy_candidates_gather (StrataLegacyStore  *store,
                                  const char         *source,
                                  StrataProblemFunc   report,
                                  gpointer            user_data,
                                  GCancellable       *cancellable,
                                  GError            **error)
{
  g_autoptr(StrataLegacyCandidates) self = g_new0 (StrataLegacyCandidates, 1);
  Gathering gathering = {
    .self = self, .store = store, .source = source,
    .report = report, .user_data = user_data, .cancellable = cancellable,
  };

  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->none = g_ptr_array_new ();

  if (!check_readable (store, source, error) ||
      !gather_folder (&gathering, error) || !gather_containers (&gathering, error))
    return NULL;
  if (source != NULL && !gathering.source_found)
    {
      set_no_such_source (&gathering, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}
