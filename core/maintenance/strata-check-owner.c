/* strata-check-owner.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-key-private.h"
#include "store/strata-object-private.h"
#include "store/strata-tail-private.h"
#include "store/strata-trash-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-check-private.h"
#include "strata-gc-private.h"

#define BLOCK_BYTES (256 * 1024)
/* What is changed while it is looked at is looked at again, so many times */
#define MAX_TRIES 5
/* Of a part's file, in its name */
#define SHORT_DIGITS 12

/* Parts */

/* Every file by itself; @out_any: whether one is damaged */
static gboolean
check_part_files (StrataChecking        *self,
                  const StrataManifest  *manifest,
                  GPtrArray             *parts,
                  gboolean              *out_any,
                  GError               **error)
{
  guint64 before = self->result->damage;

  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);
      char hex[STRATA_DIGEST_HEX_SIZE];
      struct stat status;

      _strata_digest_to_hex (&part->stored_digest, hex);
      if (!_strata_file_stat (self->dir, path, &status, NULL))
        _strata_checking_report (self, path, manifest->key, NULL, "The part is missing");
      else if (!_strata_checking_file (self, path, hex, manifest->key, "The part is damaged: it is not what was stored", error))
        return FALSE;
    }
  *out_any = self->result->damage > before;

  return TRUE;
}

/* The files of a folder that no metadata name: what a crash leaves, and what is not ours */
static gboolean
check_other_files (StrataChecking  *self,
                   const char      *folder,
                   GHashTable      *named,
                   const char      *key,
                   GError         **error)
{
  g_autoptr(GError) list_error = NULL;
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, &list_error);

  if (entries == NULL && g_error_matches (list_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (entries == NULL)
    return _strata_checking_note_damage (self, folder, key, &list_error, error);

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (folder, entry->name, NULL);
      g_autofree char *digits = NULL;

      if (named != NULL && g_hash_table_contains (named, path))
        continue;
      if (!_strata_part_is_file_name (entry->name))
        {
          if (key != NULL)
            _strata_checking_note_foreign (self, path);
          continue;
        }
      digits = g_strndup (strchr (entry->name, '.') + 1, SHORT_DIGITS);
      if (!_strata_checking_file (self, path, digits, key, "It is damaged, and nothing names it", error))
        return FALSE;
    }

  return TRUE;
}

static GHashTable *
dup_named (const StrataManifest *manifest)
{
  GHashTable *named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < manifest->parts->len; i++)
    g_hash_table_add (named, _strata_manifest_dup_part_path (manifest, g_ptr_array_index (manifest->parts, i)));
  for (guint i = 0; i < manifest->attachments->len; i++)
    g_hash_table_add (named, _strata_manifest_dup_part_path (manifest, g_ptr_array_index (manifest->attachments, i)));

  return named;
}

/* Rows */

gboolean
_strata_checking_reference (StrataChecking             *self,
                            const char                 *key,
                            const StrataAttachmentRow  *row,
                            GError                    **error)
{
  g_autofree char *object = _strata_object_dup_path (&row->digest, row->extension);
  g_autofree char *place = g_build_filename (row->source_root, row->source_path, NULL);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) read_error = NULL;
  StrataDigest digest;
  struct stat status;

  /* What came here since is found where objects are looked at */
  if (g_hash_table_contains (self->referred, &row->digest) || _strata_file_stat (self->dir, object, &status, NULL))
    return TRUE;
  g_hash_table_add (self->referred, g_memdup2 (&row->digest, sizeof row->digest));

  stream = _strata_value_stream_new_attachment (self->dir, row);

  return _strata_digest_of_stream (stream, &digest, self->cancellable, &read_error) ||
         _strata_checking_note_damage (self, place, key, &read_error, error);
}

static gboolean
check_row (StrataChecking             *self,
           const char                 *key,
           const StrataAttachmentRow  *row,
           GError                    **error)
{
  StrataRowObject object;
  struct stat status;

  self->result->references++;
  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      g_autofree char *path = NULL;

      /* What is there and damaged is found where objects are looked at */
      _strata_attachment_row_get_object (row, i, &object);
      path = _strata_object_dup_path (&object.digest, object.extension);
      if (_strata_file_stat (self->dir, path, &status, NULL))
        continue;
      _strata_checking_report (self, path, key, row->id,
                               i == 0 && _strata_attachment_row_has_object (row)
                                 ? "The attachment's bytes are missing" : "What the attachment's metadata had embedded is missing");
    }

  return row->state != STRATA_ATTACHMENT_REFERENCE || _strata_checking_reference (self, key, row, error);
}

/* @out_rows: (transfer full): %NULL where they can't be read */
static gboolean
check_rows (StrataChecking        *self,
            const StrataManifest  *manifest,
            const char            *path,
            GPtrArray            **out_rows,
            GError               **error)
{
  g_autoptr(GError) load_error = NULL;
  gboolean any;

  *out_rows = NULL;
  if (!check_part_files (self, manifest, manifest->attachments, &any, error))
    return FALSE;
  if (any)
    return TRUE;

  *out_rows = _strata_store_load_rows (self->store, manifest, &load_error);
  if (*out_rows == NULL)
    return _strata_checking_note_damage (self, path, manifest->key, &load_error, error);

  for (guint i = 0; i < (*out_rows)->len; i++)
    if (!check_row (self, manifest->key, g_ptr_array_index (*out_rows, i), error))
      return FALSE;

  return TRUE;
}

/* The value */

/* The same as _strata_digest_of_stream(), and how long it was */
static gboolean
read_value (GInputStream  *stream,
            StrataDigest  *out_digest,
            guint64       *out_bytes,
            GCancellable  *cancellable,
            GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  *out_bytes = 0;
  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      *out_bytes += (guint64)size;
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0;
}

/* What was changed since it was put whole has another digest; its parts have theirs. */
static gboolean
is_what_was_stored (const StrataManifest *manifest,
                    const StrataDigest   *digest,
                    guint64               bytes)
{
  if (manifest->tail != NULL && manifest->tail->lines->len > 0)
    return TRUE;

  return bytes == manifest->raw_bytes && (manifest->edits > 0 || _strata_digest_equal (digest, &manifest->raw_digest));
}

static gboolean
check_value (StrataChecking        *self,
             const StrataManifest  *manifest,
             const char            *path,
             GError               **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = NULL;
  StrataDigest digest;
  guint64 bytes;
  gboolean any;

  if (!check_part_files (self, manifest, manifest->parts, &any, error))
    return FALSE;
  if (any)
    return TRUE;

  stream = _strata_value_stream_new (self->dir, manifest, &read_error);
  if (stream == NULL || !read_value (stream, &digest, &bytes, self->cancellable, &read_error))
    return _strata_checking_note_damage (self, path, manifest->key, &read_error, error);

  if (!is_what_was_stored (manifest, &digest, bytes))
    _strata_checking_report (self, path, manifest->key, NULL, "Put together, its parts are not what was stored");

  return TRUE;
}

/* A tail that is damaged is named itself: everything else of the session may be right.
 *
 * @out_is_whole: whether there is nothing to say of it
 */
static gboolean
check_tail (StrataChecking  *self,
            const char      *folder,
            const char      *key,
            gboolean        *out_is_whole,
            GError         **error)
{
  g_autofree char *path = g_build_filename (folder, "tail.jsonl", NULL);
  g_autoptr(GError) read_error = NULL;
  g_autoptr(StrataTail) tail = _strata_tail_read_at (self->dir, path, key, 0, &read_error);

  if (tail != NULL)
    {
      self->result->files++;
      _strata_tail_check (tail, key, &read_error);
    }
  *out_is_whole = read_error == NULL;

  return *out_is_whole || _strata_checking_note_damage (self, path, key, &read_error, error);
}

/* One session or collection */

/* How it stood when it was looked at */
typedef struct
{
  gboolean     is_there;
  StrataDigest digest;
  guint64      tail_end;
} Standing;

static void
get_standing (StrataChecking *self,
              gboolean        is_collection,
              const char     *key,
              Standing       *out_standing)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, is_collection, key, NULL);

  memset (out_standing, 0, sizeof *out_standing);
  out_standing->is_there = manifest != NULL;
  if (manifest == NULL)
    return;
  out_standing->digest = manifest->file_digest;
  out_standing->tail_end = manifest->tail != NULL ? manifest->tail->end : 0;
}

static gboolean
standing_equal (const Standing *a,
                const Standing *b)
{
  return a->is_there == b->is_there && _strata_digest_equal (&a->digest, &b->digest) && a->tail_end == b->tail_end;
}

/* @path: of its metadata.json; @is_logged: FALSE also of what is in the trash */
static gboolean
check_content (StrataChecking        *self,
               const StrataManifest  *manifest,
               const char            *path,
               gboolean               tail_is_whole,
               gboolean               is_logged,
               GError               **error)
{
  g_autoptr(GPtrArray) rows = NULL;
  gboolean any;

  /* What its tail adds can't be told, and the parts are looked at one by one */
  if (!tail_is_whole)
    return check_part_files (self, manifest, manifest->parts, &any, error) &&
           check_part_files (self, manifest, manifest->attachments, &any, error);

  if (!check_value (self, manifest, path, error) || !check_rows (self, manifest, path, &rows, error))
    return FALSE;

  /* The catalog follows the log: what that does not say can't be in it */
  return rows == NULL || !is_logged || _strata_checking_in_catalog (self, manifest, rows, error);
}

static gboolean
check_session_folder (StrataChecking        *self,
                      const StrataManifest  *manifest,
                      const char            *folder,
                      const char            *key,
                      GError               **error)
{
  static const char *const known[] = { "metadata.json", "tail.jsonl", "chunks", NULL };
  g_autofree char *chunks = g_build_filename (folder, "chunks", NULL);
  g_autoptr(GHashTable) named = manifest != NULL ? dup_named (manifest) : NULL;
  g_autoptr(GError) list_error = NULL;
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, &list_error);

  /* What should be there and is not is found by its metadata */
  if (entries == NULL)
    return g_error_matches (list_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           g_error_matches (list_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY) ||
           _strata_checking_note_damage (self, folder, key, &list_error, error);

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (folder, entry->name, NULL);

      if (!g_strv_contains (known, entry->name))
        _strata_checking_note_foreign (self, path);
    }

  return check_other_files (self, chunks, named, key, error);
}

static gboolean
check_owner_once (StrataChecking  *self,
                  gboolean         is_collection,
                  const char      *key,
                  GError         **error)
{
  g_autofree char *folder = g_strconcat ("sessions/", key, NULL);
  g_autofree char *path = is_collection ? g_strdup_printf ("collections/%s.metadata.json", key)
                                        : g_build_filename (folder, "metadata.json", NULL);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  gboolean tail_is_whole = TRUE, is_expected, is_logged;

  if (!is_collection && !check_tail (self, folder, key, &tail_is_whole, error))
    return FALSE;

  manifest = _strata_store_load (self->store, is_collection, key, &load_error);
  if (!is_collection && !check_session_folder (self, manifest, folder, key, error))
    return FALSE;
  if (manifest == NULL)
    {
      if (!_strata_checking_expect (self, is_collection, key, &is_expected, error))
        return FALSE;
      /* A folder whose session was never committed holds nothing that counts */
      if (g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) && !is_expected)
        return TRUE;
      return !tail_is_whole || _strata_checking_note_damage (self, path, key, &load_error, error);
    }

  self->result->files++;
  self->result->sessions += is_collection ? 0 : 1;

  return _strata_checking_is_logged (self, manifest, &is_logged, error) &&
         check_content (self, manifest, path, tail_is_whole, is_logged, error);
}

gboolean
_strata_checking_owner (StrataChecking  *self,
                        gboolean         is_collection,
                        const char      *key,
                        GError         **error)
{
  StrataCheck before = *self->result;
  guint n_before = self->result->problems->len;
  Standing old, new;

  get_standing (self, is_collection, key, &old);
  for (guint i = 1; i <= MAX_TRIES; i++)
    {
      if (!check_owner_once (self, is_collection, key, error))
        return FALSE;
      if (self->result->problems->len == n_before || i == MAX_TRIES)
        break;

      /* Who changed it meanwhile may have taken parts away that were still to be looked at */
      get_standing (self, is_collection, key, &new);
      if (standing_equal (&old, &new))
        break;
      old = new;
      g_ptr_array_set_size (self->result->problems, (int)n_before);
      *self->result = before;
    }

  return TRUE;
}

/* Those that no collection has; what can't be told from a part of one is one. */
gboolean
_strata_checking_collection_files (StrataChecking  *self,
                                   GError         **error)
{
  static const char suffix[] = ".metadata.json";
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "collections", error);
  g_autoptr(GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *key = g_str_has_suffix (name, suffix) ? g_strndup (name, strlen (name) - strlen (suffix)) : NULL;
      g_autoptr(StrataManifest) manifest = key != NULL ? _strata_store_load (self->store, TRUE, key, NULL) : NULL;
      g_autoptr(GHashTable) its = manifest != NULL ? dup_named (manifest) : NULL;
      GHashTableIter iter;
      gpointer path;

      if (its == NULL)
        continue;
      g_hash_table_iter_init (&iter, its);
      while (g_hash_table_iter_next (&iter, &path, NULL))
        g_hash_table_add (named, g_strdup (path));
    }

  return entries != NULL && check_other_files (self, "collections", named, NULL, error);
}

/* The trash */

static gboolean
check_trashed_session (StrataChecking  *self,
                       const char      *folder,
                       const char      *key,
                       GError         **error)
{
  g_autofree char *path = g_build_filename (folder, "metadata.json", NULL);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  gboolean tail_is_whole;

  if (!check_tail (self, folder, key, &tail_is_whole, error))
    return FALSE;
  manifest = _strata_store_load_trashed (self->store, key, folder, &load_error);
  if (!check_session_folder (self, manifest, folder, key, error))
    return FALSE;
  if (manifest == NULL)
    return !tail_is_whole || _strata_checking_note_damage (self, path, key, &load_error, error);
  self->result->files++;

  return check_content (self, manifest, path, tail_is_whole, FALSE, error);
}

/* Of a session that came back, or was purged, while it was looked at there is nothing to say. */
static gboolean
check_trashed_session_if_there (StrataChecking  *self,
                                const char      *folder,
                                const char      *key,
                                GError         **error)
{
  StrataCheck before = *self->result;
  guint n_before = self->result->problems->len;
  struct stat status;

  if (!check_trashed_session (self, folder, key, error))
    return FALSE;
  if (!_strata_file_stat (self->dir, folder, &status, NULL))
    {
      g_ptr_array_set_size (self->result->problems, (int)n_before);
      *self->result = before;
    }

  return TRUE;
}

static gboolean
check_trashed_part (StrataChecking  *self,
                    const char      *name,
                    const char      *path,
                    GError         **error)
{
  static const char suffix[] = "~tail.jsonl";
  g_autofree char *digits = NULL;
  g_autofree char *key = NULL;
  g_autoptr(StrataTail) tail = NULL;
  g_autoptr(GError) read_error = NULL;

  if (!g_str_has_suffix (name, suffix))
    {
      digits = g_strndup (strchr (strrchr (name, '~'), '.') + 1, SHORT_DIGITS);
      return _strata_checking_file (self, path, digits, NULL, "It is not any more what was put there", error);
    }

  key = g_strndup (name + strlen ("sessions~"), strlen (name) - strlen ("sessions~") - strlen (suffix));
  tail = _strata_tail_read_at (self->dir, path, key, 0, &read_error);
  if (tail != NULL)
    _strata_tail_check (tail, key, &read_error);

  return read_error == NULL || _strata_checking_note_damage (self, path, NULL, &read_error, error);
}

static gboolean
check_trashed_item (StrataChecking  *self,
                    const char      *name,
                    const char      *path,
                    GError         **error)
{
  g_autofree char *digits = g_strndup (strrchr (name, '~') + 1, SHORT_DIGITS);
  g_autoptr(StrataWrite) write = NULL;
  guint64 before = self->result->damage;

  if (!_strata_checking_file (self, path, digits, NULL, "It is not any more what was deleted", error))
    return FALSE;
  if (self->result->damage > before)
    return TRUE;

  write = _strata_write_new (STRATA_WRITE_UNDELETE_ITEM, name);
  if (_strata_trash_read_item (write, self->store, NULL))
    for (guint i = 0; i < write->rows->len; i++)
      if (!check_row (self, write->key, g_ptr_array_index (write->rows, i), error))
        return FALSE;

  return TRUE;
}

gboolean
_strata_checking_trash (StrataChecking  *self,
                        const char      *name,
                        GError         **error)
{
  g_autofree char *path = g_build_filename ("trash", name, NULL);
  g_autofree char *key = NULL;
  const char *extension = NULL;
  StrataDigest digest;
  char hex[STRATA_DIGEST_HEX_SIZE];

  switch (_strata_gc_classify (name, &key, &digest, &extension))
    {
    case STRATA_GC_SESSION:
      return check_trashed_session_if_there (self, path, key, error);
    case STRATA_GC_ITEM:
      return check_trashed_item (self, name, path, error);
    case STRATA_GC_OBJECT:
      _strata_digest_to_hex (&digest, hex);
      return _strata_checking_file (self, path, hex, NULL, "It is not any more what was put there", error);
    case STRATA_GC_PART:
      return check_trashed_part (self, name, path, error);
    case STRATA_GC_PURGED:
      return TRUE;
    case STRATA_GC_FOREIGN:
    default:
      _strata_checking_note_foreign (self, path);
      return TRUE;
    }
}
