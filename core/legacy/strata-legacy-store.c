/* strata-legacy-store.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "strata-legacy-store-internal-private.h"

#define ATTACHMENTS "attachments"

#define DATA_SUFFIX ".dat"
#define META_SUFFIX ".meta.json"
#define MAX_NAME_SIZE 512 /* more than a file system's 255 bytes and any suffix */

void
_strata_legacy_file_free (StrataLegacyFile *file)
{
  g_free (file->path);
  g_free (file->name);
  g_free (file);
}

static StrataLegacyFile *
copy_file (const StrataLegacyFile *file)
{
  StrataLegacyFile *copy = g_new (StrataLegacyFile, 1);

  *copy = *file;
  copy->path = g_strdup (file->path);
  copy->name = g_strdup (file->name);

  return copy;
}

/* --- What it is --- */

const char *
_strata_legacy_store_get_path (StrataLegacyStore *self)
{
  return self->path;
}

const char *
_strata_legacy_store_get_attachments_path (StrataLegacyStore *self)
{
  return self->attachments_path;
}

int
_strata_legacy_store_get_dir (StrataLegacyStore *self)
{
  return self->dir;
}

int
_strata_legacy_store_get_collections_dir (StrataLegacyStore *self)
{
  return self->collections_dir;
}

GPtrArray *
_strata_legacy_store_get_containers (StrataLegacyStore *self)
{
  return self->containers;
}

GPtrArray *
_strata_legacy_store_get_problems (StrataLegacyStore *self)
{
  return self->problems;
}

const char *
_strata_legacy_store_get_leveldb (StrataLegacyStore *self)
{
  return self->leveldb;
}

/* --- Attachments --- */

void
_strata_legacy_attachment_files_clear (StrataLegacyAttachmentFiles *files)
{
  g_clear_pointer (&files->data, _strata_legacy_file_free);
  g_clear_pointer (&files->meta, _strata_legacy_file_free);
  g_clear_pointer (&files->file, _strata_legacy_file_free);
}

/* One of an attachment's two files as it is now. NULL: it is not there. Where it
 * can't be looked at, reading will tell why.
 */
static StrataLegacyFile *
look_at_attachment (StrataLegacyStore       *self,
                    const StrataLegacyEntry *entry,
                    StrataLegacyRole         role)
{
  gboolean is_data = role == STRATA_LEGACY_ATTACHMENT_DATA;
  StrataLegacyPresence presence = is_data ? entry->data : entry->meta;
  const char *suffix = is_data ? DATA_SUFFIX : META_SUFFIX;
  g_autofree char *path = NULL;
  StrataLegacyFile *file;
  struct stat status = { 0 };

  if (presence == STRATA_LEGACY_PRESENCE_NONE)
    return NULL;

  if (presence == STRATA_LEGACY_PRESENCE_NOT_DOWNLOADED)
    path = g_strconcat (ATTACHMENTS "/.", entry->id, suffix, ".icloud", NULL);
  else
    path = g_strconcat (ATTACHMENTS "/", entry->id, suffix, NULL);

  if (_strata_legacy_store_stat (self, path, &status) < 0 && errno == ENOENT)
    return NULL;

  file = g_new (StrataLegacyFile, 1);
  file->path = g_steal_pointer (&path);
  file->name = g_strdup (entry->id);
  file->role = presence == STRATA_LEGACY_PRESENCE_FILE ? role
               : presence == STRATA_LEGACY_PRESENCE_LINK ? STRATA_LEGACY_LINK
               : STRATA_LEGACY_NOT_DOWNLOADED;
  file->size = presence == STRATA_LEGACY_PRESENCE_LINK ? 0 : (guint64)status.st_size;
  file->mtime_ns = _strata_file_get_mtime_ns (&status);

  return file;
}

gboolean
_strata_legacy_store_find_attachment (StrataLegacyStore           *self,
                                      const char                  *id,
                                      StrataLegacyAttachmentFiles *out_files)
{
  const StrataLegacyEntry *entry = _strata_legacy_index_find (self->found.attachments, id, strlen (id));

  *out_files = (StrataLegacyAttachmentFiles) { 0 };

  if (entry == NULL)
    return FALSE;

  out_files->data = look_at_attachment (self, entry, STRATA_LEGACY_ATTACHMENT_DATA);
  out_files->meta = look_at_attachment (self, entry, STRATA_LEGACY_ATTACHMENT_META);
  if (entry->raw > 0)
    out_files->file = copy_file (g_ptr_array_index (self->found.others, entry->raw - 1));

  return out_files->data != NULL || out_files->meta != NULL || out_files->file != NULL;
}

gboolean
_strata_legacy_store_has_attachment (StrataLegacyStore *self,
                                     const char        *id,
                                     gsize              length)
{
  return _strata_legacy_index_find (self->found.attachments, id, length) != NULL;
}

gboolean
_strata_legacy_store_has_id_of_length (StrataLegacyStore *self,
                                       gsize              length)
{
  return _strata_legacy_index_has_length (self->found.attachments, length);
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

GPtrArray *
_strata_legacy_store_list_attachments (StrataLegacyStore *self)
{
  guint n_entries = _strata_legacy_index_get_n_entries (self->found.attachments);
  GPtrArray *ids = g_ptr_array_sized_new (n_entries);

  for (guint i = 0; i < n_entries; i++)
    g_ptr_array_add (ids, (gpointer)_strata_legacy_index_get_entry (self->found.attachments, i)->id);
  g_ptr_array_sort (ids, compare_strings);

  return ids;
}

/* --- Files --- */

/* One of the files that are known by the index only: number of the entry, twice, plus 1 for metadata */
typedef guint32 IndexedFile;

static const char *
indexed_file_name (StrataLegacyStore *self,
                   IndexedFile        file,
                   char              *buffer)
{
  const StrataLegacyEntry *entry = _strata_legacy_index_get_entry (self->found.attachments, file / 2);

  memcpy (buffer, entry->id, entry->length);
  strcpy (buffer + entry->length, file % 2 == 0 ? DATA_SUFFIX : META_SUFFIX);

  return buffer;
}

/* Sorts by name, where little is to be done: only ids that go on with a dot
 * where another ends (x and x.y) may stand wrong. So a plain insertion sort.
 */
static void
sort_indexed_files (StrataLegacyStore *self,
                    GArray            *files)
{
  char name[MAX_NAME_SIZE], other[MAX_NAME_SIZE];

  for (guint i = 1; i < files->len; i++)
    {
      IndexedFile file = g_array_index (files, IndexedFile, i);
      guint at = i;

      indexed_file_name (self, file, name);
      while (at > 0 &&
             strcmp (name, indexed_file_name (self, g_array_index (files, IndexedFile, at - 1), other)) < 0)
        {
          g_array_index (files, IndexedFile, at) = g_array_index (files, IndexedFile, at - 1);
          at--;
        }
      g_array_index (files, IndexedFile, at) = file;
    }
}

/* Regular .dat and .meta.json files, in the order of their names */
static GArray *
list_indexed_files (StrataLegacyStore *self)
{
  GArray *files = g_array_new (FALSE, FALSE, sizeof (IndexedFile));
  guint n_entries = _strata_legacy_index_get_n_entries (self->found.attachments);

  for (guint i = 0; i < n_entries; i++)
    {
      const StrataLegacyEntry *entry = _strata_legacy_index_get_entry (self->found.attachments, i);
      IndexedFile data = i * 2, meta = i * 2 + 1;

      if (entry->data == STRATA_LEGACY_PRESENCE_FILE)
        g_array_append_val (files, data);
      if (entry->meta == STRATA_LEGACY_PRESENCE_FILE)
        g_array_append_val (files, meta);
    }
  sort_indexed_files (self, files);

  return files;
}

/* Calls @func for all of @others from *@inout_next on that come before @name in
 * attachments/, or for all when that is NULL.
 */
static gboolean
give_others (StrataLegacyStore    *self,
             guint                *inout_next,
             const char           *name,
             StrataLegacyFileFunc  func,
             gpointer              user_data)
{
  g_autofree char *path = name != NULL ? g_strconcat (ATTACHMENTS "/", name, NULL) : NULL;

  while (*inout_next < self->found.others->len)
    {
      const StrataLegacyFile *file = g_ptr_array_index (self->found.others, *inout_next);

      if (path != NULL && strcmp (file->path, path) > 0)
        break;
      if (!func (file, user_data))
        return FALSE;
      (*inout_next)++;
    }

  return TRUE;
}

void
_strata_legacy_store_foreach_file (StrataLegacyStore    *self,
                                   StrataLegacyFileFunc  func,
                                   gpointer              user_data)
{
  g_autoptr(GArray) indexed = list_indexed_files (self);
  char name[MAX_NAME_SIZE];
  guint next = 0;

  for (guint i = 0; i < indexed->len; i++)
    {
      IndexedFile number = g_array_index (indexed, IndexedFile, i);
      const StrataLegacyEntry *entry = _strata_legacy_index_get_entry (self->found.attachments, number / 2);
      StrataLegacyFile *file;
      gboolean go_on;

      indexed_file_name (self, number, name);
      if (!give_others (self, &next, name, func, user_data))
        return;

      file = look_at_attachment (self, entry, number % 2 == 0 ? STRATA_LEGACY_ATTACHMENT_DATA
                                                              : STRATA_LEGACY_ATTACHMENT_META);
      if (file == NULL)
        continue;
      go_on = func (file, user_data);
      _strata_legacy_file_free (file);
      if (!go_on)
        return;
    }

  give_others (self, &next, NULL, func, user_data);
}

static gboolean
collect_file (const StrataLegacyFile *file,
              gpointer                user_data)
{
  g_ptr_array_add (user_data, copy_file (file));

  return TRUE;
}

GPtrArray *
_strata_legacy_store_get_files (StrataLegacyStore *self)
{
  g_mutex_lock (&self->mutex);
  if (self->all == NULL)
    {
      self->all = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_file_free);
      _strata_legacy_store_foreach_file (self, collect_file, self->all);
    }
  g_mutex_unlock (&self->mutex);

  return self->all;
}
