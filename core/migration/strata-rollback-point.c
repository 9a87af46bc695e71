/* strata-rollback-point.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-rollback-copies-private.h"
#include "strata-rollback-manifest-private.h"
#include "strata-rollback-point-private.h"

struct _StrataRollbackPoint
{
  StrataLegacyStore *legacy;
  GHashTable        *marks;    /* "root/path" → StrataFileMark of what collections are read from */

  /* From begin on */
  StrataStore       *store;
  StrataStaging     *staging;
  StrataFileNotes   *notes;
};

/* Making one */
typedef struct
{
  StrataRollbackPoint           *point;
  const StrataRollbackFindings  *findings;
  StrataRollbackWriter          *writer;
  StrataRollbackCopies          *copies;
  GCancellable                  *cancellable;
} Making;

static char *
make_tag (StrataOldRoot  root,
          const char    *path)
{
  return g_strdup_printf ("%u/%s", root, path);
}

gboolean
_strata_rollback_point_look (int              dir,
                             const char      *path,
                             StrataFileMark  *out_mark,
                             GError         **error)
{
  g_autoptr(GError) stat_error = NULL;
  struct stat status;

  *out_mark = (StrataFileMark) { 0 };
  if (_strata_file_stat (dir, path, &status, &stat_error))
    _strata_file_mark_set (out_mark, &status);
  else if (!g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&stat_error));
      return FALSE;
    }

  return TRUE;
}

/* Containers were looked at before they were opened, which reads them. */
static gboolean
find_container_mark (const StrataOldFile *file,
                     StrataFileMark      *out_mark)
{
  const StrataLegacyContainer *container = file->container;

  for (guint i = 0; container != NULL && i < STRATA_LEGACY_N_CONTAINER_FILES; i++)
    {
      g_autofree char *path = g_strconcat (container->file, _strata_legacy_container_suffixes[i], NULL);

      if (strcmp (path, file->path) == 0)
        {
          *out_mark = container->marks[i];
          return TRUE;
        }
    }

  return FALSE;
}

/* A StrataOldFileFunc */
static gboolean
mark_file (const StrataOldFile  *file,
           gpointer              user_data,
           GError              **error)
{
  StrataRollbackPoint *self = user_data;
  StrataFileMark mark;

  if (file->kind != STRATA_OLD_COLLECTION)
    return TRUE;

  if (!find_container_mark (file, &mark) && !_strata_rollback_point_look (file->dir, file->path, &mark, error))
    return FALSE;
  g_hash_table_insert (self->marks, make_tag (file->root, file->path), g_memdup2 (&mark, sizeof mark));

  return TRUE;
}

StrataRollbackPoint *
_strata_rollback_point_new (StrataLegacyStore  *legacy,
                            GError            **error)
{
  g_autoptr(StrataRollbackPoint) self = g_new0 (StrataRollbackPoint, 1);

  self->legacy = legacy;
  self->marks = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  return _strata_old_files_foreach (legacy, mark_file, self, error) ? g_steal_pointer (&self) : NULL;
}

void
_strata_rollback_point_free (StrataRollbackPoint *self)
{
  g_clear_pointer (&self->notes, _strata_file_notes_free);
  g_clear_object (&self->store);
  g_hash_table_unref (self->marks);
  g_free (self);
}

gboolean
_strata_rollback_point_begin (StrataRollbackPoint  *self,
                              StrataStore          *store,
                              StrataStaging        *staging,
                              GError              **error)
{
  g_autofree char *below = _strata_staging_next_path (staging);
  g_autofree char *path = g_build_filename (strata_store_get_path (store), below, NULL);

  self->store = g_object_ref (store);
  self->staging = staging;
  self->notes = _strata_file_notes_new (path, error);

  return self->notes != NULL;
}

StrataFileNotes *
_strata_rollback_point_get_notes (StrataRollbackPoint *self)
{
  return self->notes;
}

gboolean
_strata_rollback_findings_have (const StrataRollbackFindings *findings,
                                const char                   *path,
                                const char                   *code)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);
  const GPtrArray *problems = g_hash_table_lookup (findings->problem_index, shown);

  for (guint i = 0; problems != NULL && i < problems->len; i++)
    if (strcmp (strata_problem_get_code (g_ptr_array_index (problems, i)), code) == 0)
      return TRUE;

  return FALSE;
}

/* What is nowhere else, and so is not ours to delete later */

/* An export may have been packed again with other things in it. */
static gboolean
zip_holds_more (StrataExportZip *zip)
{
  GPtrArray *entries = _strata_export_zip_get_entries (zip);

  if (_strata_export_zip_is_torn (zip))
    return TRUE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (entries, i);

      if (entry->state != STRATA_EXPORT_ZIP_FOLDER && entry->state != STRATA_EXPORT_ZIP_LITTER &&
          !entry->is_metadata && (entry->state != STRATA_EXPORT_ZIP_READABLE || entry->role != STRATA_LEGACY_COLLECTION))
        return TRUE;
    }

  return FALSE;
}

/* Of some records a part may be in files that nobody reads. */
static gboolean
database_holds_more (StrataWebkitDatabase *database)
{
  if (_strata_webkit_database_get_damage (database) != NULL)
    return TRUE;

  for (guint i = 0; i < _strata_webkit_database_get_n_records (database); i++)
    if (_strata_webkit_database_get_record (database, i)->has_blobs)
      return TRUE;

  return FALSE;
}

static gboolean
collection_holds_more (const StrataRollbackFindings  *findings,
                       const StrataOldFile           *file)
{
  if (file->container != NULL && file->container->zip != NULL)
    return zip_holds_more (file->container->zip);
  if (file->container != NULL)
    return database_holds_more (file->container->database);

  /* It was passed over, and stands nowhere else */
  return file->size > 0 && _strata_rollback_findings_have (findings, file->shown, "envelope-invalid");
}

/* Bytes that were not read back from the store are elsewhere only if they were quarantined. */
static gboolean
attachment_holds_more (const StrataRollbackFindings  *findings,
                       const StrataOldFile           *file,
                       const StrataFileNote          *note)
{
  return !note->is_proved &&
         !_strata_rollback_findings_have (findings, file->shown, "attachment-data-invalid") &&
         !_strata_rollback_findings_have (findings, file->shown, "attachment-meta-invalid");
}

/* One file after the other */

static gboolean
set_changed (const StrataOldFile  *file,
             GError              **error)
{
  g_autofree char *shown = g_utf8_make_valid (file->shown, -1);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE_CHANGED,
               "“%s” was written to while it was read. Close Taskerino and run this again", shown);

  return FALSE;
}

/* Copies one that collections are read from. What was written to since it was read is
 * copied as it is now, and said to be changed.
 */
static gboolean
secure_collection (Making              *making,
                   const StrataOldFile *file,
                   StrataRollbackFile  *out,
                   gboolean            *out_there,
                   GError             **error)
{
  g_autofree char *tag = make_tag (file->root, file->path);
  const StrataFileMark *before = g_hash_table_lookup (making->point->marks, tag);
  g_autoptr(GError) copy_error = NULL;
  StrataFileNote note;
  StrataFileMark after;
  gboolean found;

  if (!_strata_rollback_point_look (file->dir, file->path, &out->mark, error) ||
      !_strata_file_notes_find (making->point->notes, file->root, file->path, &note, &found, error))
    return FALSE;

  found = found && note.has_digest && _strata_file_mark_equal (&note.mark, &out->mark);
  *out_there = _strata_rollback_copies_add (making->copies, file->dir, file->path, found ? &note.digest : NULL,
                                            &out->digest, &out->copy, making->cancellable, &copy_error);
  if (!*out_there)
    {
      /* Taskerino removes old copies itself; what can't be read was reported when it was met first */
      if (g_error_matches (copy_error, STRATA_ERROR, STRATA_ERROR_SOURCE))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&copy_error));
      return FALSE;
    }

  if (!_strata_rollback_point_look (file->dir, file->path, &after, error))
    return FALSE;
  out->has_digest = TRUE;
  out->sessions = making->findings->count_sessions (file, making->findings->user_data);
  out->is_kept = collection_holds_more (making->findings, file);
  out->is_changed = before == NULL || !_strata_file_mark_equal (before, &out->mark) ||
                    !_strata_file_mark_equal (&out->mark, &after);
  if (!found)
    {
      note = (StrataFileNote) { .mark = out->mark, .has_digest = TRUE, .digest = out->digest };
      return _strata_file_notes_put (making->point->notes, file->root, file->path, &note, error);
    }

  return TRUE;
}

static gboolean
digest_file (const StrataOldFile  *file,
             StrataFileNote       *note,
             gboolean             *out_read,
             GCancellable         *cancellable,
             GError              **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open_source (file->dir, file->path, &read_error);

  *out_read = stream != NULL && _strata_digest_of_stream (stream, &note->digest, cancellable, &read_error);
  if (*out_read || g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_SOURCE))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

/* An attachment that was read has its digest; the others are read for it now. */
static gboolean
secure_attachment (Making              *making,
                   const StrataOldFile *file,
                   StrataRollbackFile  *out,
                   gboolean            *out_there,
                   GError             **error)
{
  StrataFileNote note;
  StrataFileMark after;
  gboolean found;

  if (!_strata_rollback_point_look (file->dir, file->path, &out->mark, error) ||
      !_strata_file_notes_find (making->point->notes, file->root, file->path, &note, &found, error))
    return FALSE;
  if (found && !_strata_file_mark_equal (&note.mark, &out->mark))
    return set_changed (file, error);

  *out_there = TRUE;
  if (!found || !note.has_digest)
    {
      if (!digest_file (file, &note, out_there, making->cancellable, error))
        return FALSE;
      if (!*out_there)
        return TRUE;

      if (!_strata_rollback_point_look (file->dir, file->path, &after, error))
        return FALSE;
      if (!_strata_file_mark_equal (&after, &out->mark))
        return set_changed (file, error);
      note.mark = out->mark;
      note.has_digest = TRUE;
      if (!_strata_file_notes_put (making->point->notes, file->root, file->path, &note, error))
        return FALSE;
    }

  out->has_digest = TRUE;
  out->digest = note.digest;
  out->is_kept = attachment_holds_more (making->findings, file, &note);

  return TRUE;
}

/* A StrataOldFileFunc */
static gboolean
secure_file (const StrataOldFile  *file,
             gpointer              user_data,
             GError              **error)
{
  Making *making = user_data;
  StrataRollbackFile out = { .root = file->root, .kind = file->kind, .path = (char *)file->path, .what = (char *)file->what };
  gboolean there = TRUE;

  if (file->kind == STRATA_OLD_FOREIGN)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (making->cancellable, error))
    return FALSE;

  if (file->kind == STRATA_OLD_COLLECTION ? !secure_collection (making, file, &out, &there, error)
      : file->kind == STRATA_OLD_ATTACHMENT && !secure_attachment (making, file, &out, &there, error))
    return FALSE;

  /* Without data, and without meaning when the database goes: it may change at any time */
  if (file->kind == STRATA_OLD_DERIVED)
    {
      if (!_strata_rollback_point_look (file->dir, file->path, &out.mark, error))
        return FALSE;
      out.is_kept = database_holds_more (file->container->database);
    }

  return !there || _strata_rollback_writer_put_file (making->writer, &out, error);
}

/* Owners */

static gboolean
put_owner (Making      *making,
           gboolean     is_collection,
           const char  *key,
           GError     **error)
{
  const StrataRollbackFindings *findings = making->findings;
  g_autoptr(StrataManifest) manifest = _strata_store_load (making->point->store, is_collection, key, error);
  StrataRollbackOwner owner;

  if (manifest == NULL)
    return FALSE;
  if (manifest->source != findings->source)
    return TRUE;

  owner = (StrataRollbackOwner) {
    .key = manifest->key,
    .is_collection = is_collection,
    .id_token = manifest->id_token,
    .name = manifest->name,
    .raw_digest = manifest->raw_digest,
    .metadata = manifest->file_digest,
    .is_held = findings->is_held (is_collection, key, findings->user_data) && !_strata_manifest_is_edited (manifest),
  };

  return _strata_rollback_writer_put_owner (making->writer, &owner, error);
}

static gboolean
put_owners (Making  *making,
            GError **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (making->point->store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  g_auto(GStrv) collections = sessions != NULL ? strata_store_list_collections (making->point->store, error) : NULL;

  if (collections == NULL)
    return FALSE;

  for (guint i = 0; i < sessions->len; i++)
    if (!put_owner (making, FALSE, ((const StrataSessionInfo *)g_ptr_array_index (sessions, i))->key, error))
      return FALSE;
  for (guint i = 0; collections[i] != NULL; i++)
    if (!put_owner (making, TRUE, collections[i], error))
      return FALSE;

  return TRUE;
}

static gboolean
fill_header (StrataRollbackPoint           *self,
             const StrataRollbackFindings  *findings,
             StrataRollbackHeader          *out_header,
             GError                       **error)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (self->store, error);
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();

  if (header == NULL)
    return FALSE;

  *out_header = (StrataRollbackHeader) {
    .store_id = g_strdup (header->id),
    .source = findings->source,
    .made = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ"),
    .legacy = g_strdup (findings->legacy),
    .attachments = g_strdup (findings->attachments),
  };
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    out_header->roots[i] = _strata_old_root_dup_path (self->legacy, i);

  return TRUE;
}

gboolean
_strata_rollback_point_make (StrataRollbackPoint           *self,
                             const StrataRollbackFindings  *findings,
                             StrataDigest                  *out_digest,
                             GCancellable                  *cancellable,
                             GError                       **error)
{
  int dir = _strata_store_get_dir (self->store);
  g_auto(StrataRollbackHeader) header = { 0 };
  g_autoptr(StrataRollbackWriter) writer = NULL;
  g_autoptr(StrataRollbackCopies) copies = _strata_rollback_copies_new (dir, findings->source, self->staging);
  Making making = { self, findings, NULL, copies, cancellable };

  if (!fill_header (self, findings, &header, error))
    return FALSE;
  writer = making.writer = _strata_rollback_writer_new (dir, &header, error);
  if (writer == NULL)
    return FALSE;

  if (!_strata_old_files_foreach (self->legacy, secure_file, &making, error) ||
      !_strata_rollback_copies_place (copies, error) ||
      !put_owners (&making, error) ||
      !_strata_rollback_writer_finish (writer, out_digest, error))
    return FALSE;
  _strata_rollback_copies_sweep (copies);

  return TRUE;
}
