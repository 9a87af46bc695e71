/* strata-export-zip-entry.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-export-zip-entry-private.h"
#include "strata-legacy-name-private.h"
#include "strata-zip-record-private.h"

#define METADATA "export-metadata.json"

static void
entry_free (StrataExportZipEntry *self)
{
  g_free (self->path);
  g_free (self->name);
  g_free (self->id);
  g_free (self->other_name);
  g_free (self);
}

const char *
_strata_export_zip_explain (StrataExportZipState state)
{
  switch (state)
    {
    case STRATA_EXPORT_ZIP_FOREIGN:
      return "This entry is none that Taskerino writes: it was not read";
    case STRATA_EXPORT_ZIP_UNSAFE:
      return "This entry's name is none that a file of an export may have: it was not read";
    case STRATA_EXPORT_ZIP_LINK:
      return "A link or special file stands here: it was not followed";
    case STRATA_EXPORT_ZIP_ENCRYPTED:
      return "This entry is encrypted: unpack the ZIP with its password, pack it again without, and run the migration again";
    case STRATA_EXPORT_ZIP_DUPLICATE:
      return "Another entry of this name stands behind it in the ZIP, and counts: this one was not read";

    case STRATA_EXPORT_ZIP_READABLE:
    case STRATA_EXPORT_ZIP_FOLDER:
    case STRATA_EXPORT_ZIP_LITTER:
    default:
      return NULL;
    }
}

/* --- Names --- */

/* What holds data is no folder, even if it says so. */
static gboolean
is_folder (const StrataZipRecord *record)
{
  return g_str_has_suffix (record->name, "/") ||
         (record->type == S_IFDIR && record->data.is_known && record->data.size == 0 && record->data.compressed_size == 0);
}

/* A name that would lead elsewhere, or be another one somewhere else, if it were
 * unpacked.
 */
static gboolean
is_unsafe (const char *name)
{
  g_auto(GStrv) components = g_strsplit (name, "/", -1);

  if (strpbrk (name, "\\\n\r") != NULL || (g_ascii_isalpha (name[0]) && name[1] == ':'))
    return TRUE;

  for (guint i = 0; components[i] != NULL; i++)
    if (*components[i] == '\0' || strcmp (components[i], ".") == 0 || strcmp (components[i], "..") == 0)
      return TRUE;

  return components[0] == NULL;
}

static gboolean
is_litter (const char *name)
{
  const char *slash = strrchr (name, '/');
  const char *last = slash != NULL ? slash + 1 : name;

  return g_str_has_prefix (name, "__MACOSX/") || g_str_has_prefix (last, "._") || strcmp (last, ".DS_Store") == 0;
}

/* Whether an entry's name says anything about the folder that all are in */
static gboolean
counts_for_folder (const StrataZipRecord *record)
{
  return !record->is_cut && record->local_name == NULL && !is_litter (record->name) &&
         (is_folder (record) || !is_unsafe (record->name));
}

/* Returns: (transfer full): the folder that all entries are in, with its slash; "" if there is none */
static char *
dup_common_folder (GPtrArray *records)
{
  g_autofree char *folder = NULL;

  for (guint i = 0; i < records->len; i++)
    {
      const StrataZipRecord *record = g_ptr_array_index (records, i);
      const char *slash;

      if (!counts_for_folder (record))
        continue;

      slash = strchr (record->name, '/');
      if (folder == NULL && slash != NULL)
        folder = g_strndup (record->name, (gsize)(slash + 1 - record->name));
      if (slash == NULL || !g_str_has_prefix (record->name, folder))
        return g_strdup ("");
    }

  return folder != NULL ? g_steal_pointer (&folder) : g_strdup ("");
}

/* --- What they are for --- */

static StrataLegacyRole
classify_below (const char  *name,
                const char **out_id,
                gsize       *out_length)
{
  StrataLegacyFolder folder = STRATA_LEGACY_FOLDER_TOP;
  const char *slash;

  /* Collections lie at the top; what db/ and backups/ hold is no part of an export */
  if (strchr (name, '/') == NULL)
    return _strata_legacy_name_classify (STRATA_LEGACY_FOLDER_DB, name, out_id, out_length);

  while ((slash = strchr (name, '/')) != NULL)
    {
      g_autofree char *component = g_strndup (name, (gsize)(slash - name));

      folder = _strata_legacy_name_enter (folder, component);
      if (folder == STRATA_LEGACY_FOLDER_DB || folder == STRATA_LEGACY_FOLDER_BACKUPS)
        return STRATA_LEGACY_FOREIGN;
      name = slash + 1;
    }

  return _strata_legacy_name_classify (folder, name, out_id, out_length);
}

static void
set_name (StrataExportZipEntry *self,
          const char           *zip_path,
          const char           *folder,
          const char           *name)
{
  const char *below = g_str_has_prefix (name, folder) ? name + strlen (folder) : name;
  const char *id = NULL;
  gsize length = 0;

  g_free (self->path);
  g_free (self->name);
  g_free (self->id);
  self->path = g_strconcat (zip_path, "/", name, NULL);
  self->name = g_strdup (below);
  self->is_metadata = strcmp (below, METADATA) == 0;
  self->role = self->is_metadata ? STRATA_LEGACY_FOREIGN : classify_below (below, &id, &length);
  self->id = id != NULL ? g_strndup (id, length) : NULL;
}

gboolean
_strata_export_zip_entry_is_known (const StrataExportZipEntry *self)
{
  static const char *const names[] = {
    "sessions", "notes", "tasks", "topics", "companies", "contacts", "settings", NULL,
  };

  return self->is_metadata || (self->role == STRATA_LEGACY_COLLECTION && g_strv_contains (names, self->id));
}

/* Where the directory and the header of the data name the entry differently the
 * directory counts, unless the header's name is known and the directory's is
 * not: one damaged byte of it would hide all sessions.
 */
static void
settle_name (StrataExportZipEntry  *self,
             const StrataZipRecord *record,
             const char            *zip_path,
             const char            *folder)
{
  const char *other = record->local_name;

  set_name (self, zip_path, folder, record->name);

  if (other != NULL && !_strata_export_zip_entry_is_known (self))
    {
      set_name (self, zip_path, folder, other);
      if (_strata_export_zip_entry_is_known (self))
        other = record->name;
      else
        set_name (self, zip_path, folder, record->name);
    }

  self->other_name = g_strdup (other);
}

static StrataExportZipState
find_state (const StrataExportZipEntry *self,
            const StrataZipRecord      *record)
{
  if (self->role == STRATA_LEGACY_FOREIGN && !self->is_metadata)
    return STRATA_EXPORT_ZIP_FOREIGN;
  if (record->type != 0 && record->type != S_IFREG && record->type != S_IFDIR)
    return STRATA_EXPORT_ZIP_LINK;
  if (record->data.flags & (STRATA_ZIP_ENCRYPTED | STRATA_ZIP_MASKED) || record->data.method == STRATA_ZIP_AES)
    return STRATA_EXPORT_ZIP_ENCRYPTED;

  return STRATA_EXPORT_ZIP_READABLE;
}

static StrataExportZipEntry *
entry_new (const StrataZipRecord *record,
           guint                  index,
           const char            *zip_path,
           const char            *folder)
{
  StrataExportZipEntry *self = g_new0 (StrataExportZipEntry, 1);

  self->index = index;
  self->size = record->data.is_known ? record->data.size : G_MAXUINT64;
  self->mtime_ns = record->mtime_ns;
  settle_name (self, record, zip_path, folder);

  if (is_folder (record))
    self->state = STRATA_EXPORT_ZIP_FOLDER;
  else if (record->is_cut || is_unsafe (self->name))
    self->state = STRATA_EXPORT_ZIP_UNSAFE;
  else if (is_litter (self->name))
    self->state = STRATA_EXPORT_ZIP_LITTER;
  else
    self->state = find_state (self, record);

  return self;
}

/* Of several of one name the last counts. */
static void
mark_duplicates (GPtrArray *entries)
{
  g_autoptr(GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < entries->len; i++)
    {
      StrataExportZipEntry *entry = g_ptr_array_index (entries, i);
      StrataExportZipEntry *before;

      if (entry->state != STRATA_EXPORT_ZIP_READABLE)
        continue;

      before = g_hash_table_lookup (last, entry->name);
      if (before != NULL)
        before->state = STRATA_EXPORT_ZIP_DUPLICATE;
      g_hash_table_replace (last, entry->name, entry);
    }
}

GPtrArray *
_strata_export_zip_entries_new (GPtrArray  *records,
                                const char *path)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  g_autofree char *folder = dup_common_folder (records);

  for (guint i = 0; i < records->len; i++)
    g_ptr_array_add (entries, entry_new (g_ptr_array_index (records, i), i, path, folder));
  mark_duplicates (entries);

  return entries;
}
