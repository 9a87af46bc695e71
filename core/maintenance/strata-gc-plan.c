/* strata-gc-plan.c
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
#include "store/strata-tail-private.h"
#include "strata-gc-private.h"

#define DAY_S (24 * 60 * 60)
/* A part that nothing names is left in place so long, for a reader that began before */
#define READER_S (60 * 60)
#define SUFFIX ".metadata.json"

typedef struct
{
  StrataGcPlan               *plan;
  StrataStore                *store;
  int                         dir;
  const StrataGarbageOptions *options;
  gint64                      now_s;
  StrataGcRoots              *roots;
  GPtrArray                  *trash;    /* StrataGcFile: objects and parts in there */
  GHashTable                 *doomed;   /* names */
  GCancellable               *cancellable;
} Planning;

static void
gc_file_free (gpointer data)
{
  StrataGcFile *file = data;

  g_free (file->path);
  g_free (file->key);
  g_free (file->extension);
  g_free (file);
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func (gc_file_free);
}

void
_strata_gc_plan_free (StrataGcPlan *self)
{
  g_ptr_array_unref (self->doomed);
  g_ptr_array_unref (self->restored);
  g_ptr_array_unref (self->objects);
  g_ptr_array_unref (self->leftovers);
  g_ptr_array_unref (self->folders);
  g_ptr_array_unref (self->expired);
  g_ptr_array_unref (self->purged);
  g_free (self);
}

/* Files */

/* The bytes of all files in a folder. Best effort: they are only counted. */
static guint64
measure_folder (int         dir,
                const char *path)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, path, NULL);
  guint64 sum = 0;

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *child = g_build_filename (path, entry->name, NULL);
      struct stat status;

      if (entry->type == DT_DIR)
        sum += measure_folder (dir, child);
      else if (_strata_file_stat (dir, child, &status, NULL))
        sum += (guint64)status.st_size;
    }

  return sum;
}

/* Returns: (transfer full) (nullable): what is there; %NULL: nothing, any more */
static StrataGcFile *
new_file (Planning     *self,
          const char   *folder,
          const char   *name,
          StrataGcKind  kind)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  struct stat status;
  StrataGcFile *file;

  if (!_strata_file_stat (self->dir, path, &status, NULL))
    return NULL;

  file = g_new0 (StrataGcFile, 1);
  file->kind = kind;
  file->bytes = S_ISDIR (status.st_mode) ? measure_folder (self->dir, path) : (guint64)status.st_size;
  file->changed_s = status.st_ctim.tv_sec;
  file->path = g_steal_pointer (&path);

  return file;
}

static gboolean
is_older (Planning           *self,
          const StrataGcFile *file,
          gint64              seconds)
{
  return self->options->purge || self->now_s - file->changed_s >= seconds;
}

/* The trash */

static void
sort_trashed (Planning      *self,
              StrataGcFile  *file,
              const char    *name)
{
  switch (file->kind)
    {
    case STRATA_GC_SESSION:
    case STRATA_GC_ITEM:
      if (is_older (self, file, (gint64)self->options->session_days * DAY_S))
        {
          g_hash_table_add (self->doomed, g_strdup (name));
          g_ptr_array_add (self->plan->doomed, file);
          return;
        }
      break;
    case STRATA_GC_OBJECT:
    case STRATA_GC_PART:
      g_ptr_array_add (self->trash, file);
      return;
    case STRATA_GC_PURGED:
      g_ptr_array_add (self->plan->purged, file);
      return;
    case STRATA_GC_FOREIGN:
    default:
      break;
    }
  gc_file_free (file);
}

static gboolean
list_trash (Planning  *self,
            GError   **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "trash", error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *key = NULL;
      const char *extension = NULL;
      StrataDigest digest;
      StrataGcKind kind = _strata_gc_classify (name, &key, &digest, &extension);
      StrataGcFile *file = kind != STRATA_GC_FOREIGN ? new_file (self, "trash", name, kind) : NULL;

      if (file == NULL)
        continue;
      file->key = g_steal_pointer (&key);
      if (kind == STRATA_GC_OBJECT)
        {
          file->digest = digest;
          file->extension = g_strdup (extension);
        }
      sort_trashed (self, file, name);
    }

  return TRUE;
}

/* An object in the trash that is needed goes back, unless it is in place as well. */
static gboolean
is_missed (Planning           *self,
           const StrataGcFile *file)
{
  g_autofree char *path = NULL;
  struct stat status;

  if (file->kind != STRATA_GC_OBJECT || !_strata_gc_roots_contain (self->roots, &file->digest))
    return FALSE;

  path = _strata_object_dup_path (&file->digest, file->extension);

  return !_strata_file_stat (self->dir, path, &status, NULL);
}

static void
judge_trash (Planning *self)
{
  g_ptr_array_set_free_func (self->trash, NULL);
  for (guint i = 0; i < self->trash->len; i++)
    {
      StrataGcFile *file = g_ptr_array_index (self->trash, i);
      gboolean is_certain = file->kind != STRATA_GC_OBJECT || _strata_gc_roots_are_complete (self->roots);

      if (is_missed (self, file))
        g_ptr_array_add (self->plan->restored, file);
      else if (is_certain && is_older (self, file, (gint64)self->options->object_days * DAY_S))
        g_ptr_array_add (self->plan->expired, file);
      else
        gc_file_free (file);
    }
  g_ptr_array_set_size (self->trash, 0);
}

/* Objects */

static gboolean
list_object_folder (Planning    *self,
                    const char  *name,
                    GError     **error)
{
  g_autofree char *folder = g_build_filename ("attachments", name, NULL);
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      const char *extension;
      StrataDigest digest;
      StrataGcFile *file;

      if (entry->type != DT_REG || strncmp (entry->name, name, strlen (name)) != 0 ||
          !_strata_object_parse_name (entry->name, &digest, &extension) ||
          _strata_gc_roots_contain (self->roots, &digest))
        continue;

      file = new_file (self, folder, entry->name, STRATA_GC_OBJECT);
      if (file == NULL)
        continue;
      file->digest = digest;
      file->extension = g_strdup (extension);
      g_ptr_array_add (self->plan->objects, file);
    }

  return TRUE;
}

static gboolean
list_objects (Planning  *self,
              GError   **error)
{
  g_autoptr(GPtrArray) folders = NULL;

  /* What can't be told from what is needed is needed */
  if (!_strata_gc_roots_are_complete (self->roots))
    return TRUE;

  folders = _strata_file_list (self->dir, "attachments", error);
  if (folders == NULL)
    return FALSE;

  for (guint i = 0; i < folders->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (folders, i);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (entry->type == DT_DIR && strlen (entry->name) == 2 && !list_object_folder (self, entry->name, error))
        return FALSE;
    }

  return TRUE;
}

/* Leftovers */

static void
add_named (GHashTable           *paths,
           const StrataManifest *manifest)
{
  GPtrArray *lists[] = { manifest->parts, manifest->attachments };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; j < lists[i]->len; j++)
      g_hash_table_add (paths, _strata_manifest_dup_part_path (manifest, g_ptr_array_index (lists[i], j)));
}

static GHashTable *
new_paths (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* A tail that was sealed is in parts. */
static gboolean
is_sealed (int                   dir,
           const StrataManifest *manifest,
           const char           *path)
{
  g_autoptr(StrataTail) tail = _strata_tail_read_at (dir, path, manifest->key, 0, NULL);

  return tail != NULL && tail->generation < manifest->generation;
}

/* Whether no session's folder should be where one is without metadata */
static gboolean
is_never_committed (StrataGcRoots *roots,
                    const char    *key,
                    const GError  *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) &&
         _strata_gc_roots_can_read (roots, key) && !_strata_gc_roots_expect (roots, key);
}

static gboolean
is_leftover_of_session (StrataStore        *store,
                        StrataGcRoots      *roots,
                        const StrataGcFile *file)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GHashTable) named = new_paths ();

  if (!_strata_gc_roots_can_read (roots, file->key))
    return FALSE;

  manifest = _strata_store_load (store, FALSE, file->key, &error);
  if (manifest == NULL)
    return is_never_committed (roots, file->key, error);
  if (g_str_has_suffix (file->path, "/tail.jsonl"))
    return is_sealed (_strata_store_get_dir (store), manifest, file->path);
  add_named (named, manifest);

  return !g_hash_table_contains (named, file->path);
}

/* What the collections name. @unreadable (element-type utf8): keys of those of which it can't be told */
static gboolean
add_named_by_collections (StrataStore    *store,
                          StrataGcRoots  *roots,
                          GHashTable     *named,
                          GPtrArray      *unreadable,
                          GError        **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (_strata_store_get_dir (store), "collections", error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *key = g_str_has_suffix (name, SUFFIX) ? g_strndup (name, strlen (name) - strlen (SUFFIX)) : NULL;
      g_autoptr(StrataManifest) manifest = NULL;

      if (key == NULL)
        continue;
      manifest = _strata_gc_roots_can_read (roots, key) ? _strata_store_load (store, TRUE, key, NULL) : NULL;
      if (manifest != NULL)
        add_named (named, manifest);
      else
        g_ptr_array_add (unreadable, g_steal_pointer (&key));
    }

  return entries != NULL;
}

/* Whether a part may belong to a collection: one names it, or can't be read, or is lost. */
static gboolean
may_be_of_collection (StrataGcRoots *roots,
                      GHashTable    *named,
                      GPtrArray     *unreadable,
                      const char    *path)
{
  const char *name = path + strlen ("collections/");

  if (g_hash_table_contains (named, path))
    return TRUE;
  for (guint i = 0; i < unreadable->len; i++)
    if (g_str_has_prefix (name, g_ptr_array_index (unreadable, i)))
      return TRUE;

  return !_strata_gc_roots_can_read_all_like (roots, name);
}

static gboolean
is_leftover_of_collection (StrataStore        *store,
                           StrataGcRoots      *roots,
                           const StrataGcFile *file)
{
  g_autoptr(GHashTable) named = new_paths ();
  g_autoptr(GPtrArray) unreadable = g_ptr_array_new_with_free_func (g_free);

  return add_named_by_collections (store, roots, named, unreadable, NULL) &&
         !may_be_of_collection (roots, named, unreadable, file->path);
}

gboolean
_strata_gc_is_leftover (StrataStore        *store,
                        StrataGcRoots      *roots,
                        const StrataGcFile *file)
{
  return file->key != NULL ? is_leftover_of_session (store, roots, file) : is_leftover_of_collection (store, roots, file);
}

/* @key: (nullable): the session's; %NULL: it is a collection's */
static void
add_leftover (Planning   *self,
              const char *folder,
              const char *name,
              const char *key)
{
  StrataGcFile *file = new_file (self, folder, name, STRATA_GC_PART);

  if (file == NULL)
    return;
  file->key = g_strdup (key);
  if (is_older (self, file, READER_S))
    g_ptr_array_add (self->plan->leftovers, file);
  else
    gc_file_free (file);
}

static void
add_folder (Planning   *self,
            const char *key)
{
  StrataGcFile *file = new_file (self, "sessions", key, STRATA_GC_PART);

  if (file == NULL)
    return;
  file->key = g_strdup (key);
  if (is_older (self, file, READER_S))
    g_ptr_array_add (self->plan->folders, file);
  else
    gc_file_free (file);
}

static gboolean
list_session_leftovers (Planning    *self,
                        const char  *key,
                        GError     **error)
{
  g_autofree char *folder = g_strconcat ("sessions/", key, NULL);
  g_autofree char *chunks = g_build_filename (folder, "chunks", NULL);
  g_autofree char *tail = g_build_filename (folder, "tail.jsonl", NULL);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(GError) list_error = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GPtrArray) entries = NULL;
  g_autoptr(GHashTable) named = new_paths ();

  if (!_strata_gc_roots_can_read (self->roots, key))
    return TRUE;
  manifest = _strata_store_load (self->store, FALSE, key, &load_error);
  if (manifest == NULL && !is_never_committed (self->roots, key, load_error))
    return TRUE;
  if (manifest != NULL)
    add_named (named, manifest);

  entries = _strata_file_list (self->dir, chunks, &list_error);
  if (entries == NULL && !g_error_matches (list_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&list_error));
      return FALSE;
    }
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (chunks, entry->name, NULL);

      if (entry->type == DT_REG && _strata_part_is_file_name (entry->name) && !g_hash_table_contains (named, path))
        add_leftover (self, chunks, entry->name, key);
    }
  if (manifest == NULL || (manifest->tail == NULL && is_sealed (self->dir, manifest, tail)))
    add_leftover (self, folder, "tail.jsonl", key);
  if (manifest == NULL)
    add_folder (self, key);

  return TRUE;
}

static gboolean
list_collection_leftovers (Planning  *self,
                           GError   **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "collections", error);
  g_autoptr(GHashTable) named = new_paths ();
  g_autoptr(GPtrArray) unreadable = g_ptr_array_new_with_free_func (g_free);

  if (entries == NULL || !add_named_by_collections (self->store, self->roots, named, unreadable, error))
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename ("collections", entry->name, NULL);

      if (entry->type == DT_REG && _strata_part_is_file_name (entry->name) &&
          !may_be_of_collection (self->roots, named, unreadable, path))
        add_leftover (self, "collections", entry->name, NULL);
    }

  return TRUE;
}

static gboolean
list_leftovers (Planning  *self,
                GError   **error)
{
  g_autoptr(GPtrArray) sessions = _strata_file_list (self->dir, "sessions", error);

  if (sessions == NULL)
    return FALSE;

  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (sessions, i);

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          (entry->type == DT_DIR && _strata_key_is_valid (entry->name) &&
           !list_session_leftovers (self, entry->name, error)))
        return FALSE;
    }

  return list_collection_leftovers (self, error);
}

/* All */

StrataGcPlan *
_strata_gc_plan_new (StrataStore                 *store,
                     const StrataGarbageOptions  *options,
                     gint64                       now_s,
                     StrataGcRoots               *roots,
                     GCancellable                *cancellable,
                     GError                     **error)
{
  g_autoptr(StrataGcPlan) plan = g_new0 (StrataGcPlan, 1);
  g_autoptr(GHashTable) doomed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) trash = new_list ();
  Planning self = { plan, store, _strata_store_get_dir (store), options, now_s, roots, trash, doomed, cancellable };

  plan->doomed = new_list ();
  plan->restored = new_list ();
  plan->objects = new_list ();
  plan->leftovers = new_list ();
  plan->folders = new_list ();
  plan->expired = new_list ();
  plan->purged = new_list ();

  if (!list_trash (&self, error) || !_strata_gc_roots_collect (roots, doomed, cancellable, error))
    return NULL;

  judge_trash (&self);

  return list_objects (&self, error) && list_leftovers (&self, error) ? g_steal_pointer (&plan) : NULL;
}

static guint64
sum_bytes (GPtrArray *files)
{
  guint64 sum = 0;

  for (guint i = 0; i < files->len; i++)
    sum += ((const StrataGcFile *)g_ptr_array_index (files, i))->bytes;

  return sum;
}

void
_strata_gc_plan_sum (StrataGcPlan  *self,
                     gboolean       purge,
                     StrataGarbage *result)
{
  guint64 unreferenced = sum_bytes (self->objects) + sum_bytes (self->leftovers);

  result->unreferenced = self->objects->len + self->leftovers->len;
  result->bytes_quarantined = purge ? 0 : unreferenced;
  result->bytes_freed = sum_bytes (self->doomed) + sum_bytes (self->expired) + sum_bytes (self->purged) +
                        (purge ? unreferenced : 0);
  result->purged = self->doomed->len + self->expired->len + self->purged->len + (purge ? result->unreferenced : 0);
  result->restored = self->restored->len;
}
