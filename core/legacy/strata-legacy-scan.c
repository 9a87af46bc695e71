/* strata-legacy-scan.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-legacy-name-private.h"
#include "strata-legacy-scan-private.h"

#define ATTACHMENTS "attachments"

/* One folder being listed */
typedef struct
{
  int                 dir;
  StrataLegacyScan   *found;
  StrataLegacyFolder  folder;
  const char         *path;          /* below the store, "" at its top */
  GPtrArray          *sub_folders;   /* names of known ones */
  GPtrArray          *placeholders;  /* names of .icloud files, judged when the others are known */
  GError             *error;
} Scan;

static char *
join (const char *folder,
      const char *name)
{
  return *folder != '\0' ? g_strconcat (folder, "/", name, NULL) : g_strdup (name);
}

/* The settled type of an entry and its status; DT_UNKNOWN: it is gone, or @scan has an error. */
static unsigned char
look_at (Scan        *scan,
         const char  *path,
         struct stat *out_status)
{
  if (_strata_seam_get ()->stat (scan->dir, path, out_status) == 0)
    return (unsigned char)IFTODT (out_status->st_mode);

  if (errno != ENOENT)
    _strata_file_set_error (&scan->error, errno, "look at", path);

  return DT_UNKNOWN;
}

/* An entry of the index for it, where it is one of an attachment's two files */
static void
note_attachment (Scan                 *scan,
                 StrataLegacyRole      role,
                 const char           *id,
                 gsize                 id_length,
                 StrataLegacyPresence  presence)
{
  StrataLegacyEntry *entry;

  if (role != STRATA_LEGACY_ATTACHMENT_DATA && role != STRATA_LEGACY_ATTACHMENT_META)
    return;

  entry = _strata_legacy_index_add (scan->found->attachments, id, id_length);
  if (role == STRATA_LEGACY_ATTACHMENT_DATA)
    entry->data = MAX (entry->data, presence);
  else
    entry->meta = MAX (entry->meta, presence);
}

static void
add_file (Scan             *scan,
          const char       *name,
          StrataLegacyRole  role,
          const char       *what,
          gsize             what_length)
{
  StrataLegacyFile file = { .role = role };
  struct stat status;

  file.path = join (scan->path, name);
  if (look_at (scan, file.path, &status) == DT_UNKNOWN)
    {
      g_free (file.path);
      return;
    }

  file.name = what != NULL ? g_strndup (what, what_length) : NULL;
  file.size = S_ISREG (status.st_mode) ? (guint64)status.st_size : 0;
  file.mtime_ns = _strata_file_get_mtime_ns (&status);
  g_ptr_array_add (scan->found->others, g_memdup2 (&file, sizeof file));
  scan->found->is_ours |= role != STRATA_LEGACY_FOREIGN;
}

/* Something of type @type that is called @name: regular, or in the place of a
 * regular file.
 */
static void
add_entry (Scan          *scan,
           const char    *name,
           unsigned char  type)
{
  const char *what;
  gsize length;
  StrataLegacyRole role = _strata_legacy_name_classify (scan->folder, name, &what, &length);
  gboolean is_known_folder = _strata_legacy_name_enter (scan->folder, name) != STRATA_LEGACY_FOLDER_NONE;

  if (type == DT_DIR && is_known_folder)
    g_ptr_array_add (scan->sub_folders, g_strdup (name));
  else if (type == DT_DIR)
    add_file (scan, name, STRATA_LEGACY_FOREIGN, NULL, 0);
  else if (type != DT_REG && (role != STRATA_LEGACY_FOREIGN || is_known_folder))
    {
      note_attachment (scan, role, what, length, STRATA_LEGACY_PRESENCE_LINK);
      add_file (scan, name, STRATA_LEGACY_LINK, what, length);
    }
  else if (role == STRATA_LEGACY_ATTACHMENT_DATA || role == STRATA_LEGACY_ATTACHMENT_META)
    {
      note_attachment (scan, role, what, length, STRATA_LEGACY_PRESENCE_FILE);
      scan->found->is_ours = TRUE;
    }
  else
    add_file (scan, name, role, what, length);
}

static gboolean
scan_entry (const char    *name,
            unsigned char  type,
            gpointer       user_data)
{
  Scan *scan = user_data;
  g_autofree char *path = NULL;
  struct stat status;

  if (type == DT_UNKNOWN)
    {
      path = join (scan->path, name);
      type = look_at (scan, path, &status);
      if (type == DT_UNKNOWN)
        return scan->error == NULL;
    }

  if (type == DT_REG && *name == '.' && g_str_has_suffix (name, ".icloud"))
    g_ptr_array_add (scan->placeholders, g_strdup (name));
  else
    add_entry (scan, name, type);

  return scan->error == NULL;
}

/* `.x.json.icloud`: x.json was moved to the cloud, unless it is there as well. */
static void
add_placeholder (Scan       *scan,
                 const char *name)
{
  g_autofree char *downloaded = _strata_legacy_name_dup_downloaded (name);
  g_autofree char *path = NULL;
  StrataLegacyRole role = STRATA_LEGACY_FOREIGN;
  const char *what = NULL;
  gsize length = 0;
  struct stat status;

  if (downloaded != NULL)
    {
      role = _strata_legacy_name_classify (scan->folder, downloaded, &what, &length);
      path = join (scan->path, downloaded);
    }

  if (role == STRATA_LEGACY_FOREIGN || look_at (scan, path, &status) != DT_UNKNOWN)
    {
      add_file (scan, name, STRATA_LEGACY_FOREIGN, NULL, 0);
      return;
    }

  note_attachment (scan, role, what, length, STRATA_LEGACY_PRESENCE_NOT_DOWNLOADED);
  add_file (scan, name, STRATA_LEGACY_NOT_DOWNLOADED, what, length);
}

static gboolean
scan_folder (int                  dir,
             StrataLegacyFolder   folder,
             const char          *path,
             StrataLegacyScan    *found,
             GError             **error)
{
  g_autoptr(GPtrArray) sub_folders = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) placeholders = g_ptr_array_new_with_free_func (g_free);
  Scan scan = { dir, found, folder, path, sub_folders, placeholders, NULL };

  /* Listed one by one: there may be millions in one folder */
  if (_strata_seam_get ()->list (dir, *path != '\0' ? path : ".", scan_entry, &scan) < 0)
    {
      _strata_file_set_error (error, errno, "list folder", *path != '\0' ? path : ".");
      return FALSE;
    }

  for (guint i = 0; i < placeholders->len && scan.error == NULL; i++)
    add_placeholder (&scan, g_ptr_array_index (placeholders, i));
  if (scan.error != NULL)
    {
      g_propagate_error (error, scan.error);
      return FALSE;
    }

  for (guint i = 0; i < sub_folders->len; i++)
    {
      const char *name = g_ptr_array_index (sub_folders, i);
      g_autofree char *child = join (path, name);

      if (!scan_folder (dir, _strata_legacy_name_enter (folder, name), child, found, error))
        return FALSE;
    }

  return TRUE;
}

static int
compare_files (gconstpointer a,
               gconstpointer b)
{
  const StrataLegacyFile *first = *(StrataLegacyFile * const *)a;
  const StrataLegacyFile *second = *(StrataLegacyFile * const *)b;

  return strcmp (first->path, second->path);
}

/* Whether @file is or stands for a file below one of the folders for raw ones. */
static gboolean
is_raw (const StrataLegacyFile *file)
{
  const char *slash;

  if (file->role == STRATA_LEGACY_ATTACHMENT_FILE)
    return TRUE;
  if (file->name == NULL || !g_str_has_prefix (file->path, ATTACHMENTS "/"))
    return FALSE;

  slash = strrchr (file->path, '/');

  return slash != file->path + strlen (ATTACHMENTS);
}

/* Tells the index about raw files, once their numbers are settled. Of several
 * with one id the first that really is there counts.
 */
static void
index_raw_files (StrataLegacyScan *self)
{
  for (guint i = 0; i < self->others->len; i++)
    {
      const StrataLegacyFile *file = g_ptr_array_index (self->others, i);
      StrataLegacyEntry *entry;

      if (!is_raw (file))
        continue;

      entry = _strata_legacy_index_add (self->attachments, file->name, strlen (file->name));
      if (entry->raw == 0 ||
          (file->role == STRATA_LEGACY_ATTACHMENT_FILE &&
           ((StrataLegacyFile *)g_ptr_array_index (self->others, entry->raw - 1))->role != file->role))
        entry->raw = i + 1;
    }
}

gboolean
_strata_legacy_scan (int                dir,
                     StrataLegacyScan  *out_found,
                     GError           **error)
{
  out_found->others = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_file_free);
  out_found->attachments = _strata_legacy_index_new ();
  out_found->is_ours = FALSE;

  if (!scan_folder (dir, STRATA_LEGACY_FOLDER_TOP, "", out_found, error))
    {
      _strata_legacy_scan_clear (out_found);
      return FALSE;
    }

  _strata_legacy_scan_finish (out_found);

  return TRUE;
}

void
_strata_legacy_scan_add (StrataLegacyScan *self,
                         const char       *path,
                         StrataLegacyRole  role,
                         const char       *id,
                         guint64           size,
                         gint64            mtime_ns)
{
  Scan scan = { .found = self };
  StrataLegacyFile file = { .role = role, .size = size, .mtime_ns = mtime_ns };

  self->is_ours = TRUE;
  if (role == STRATA_LEGACY_ATTACHMENT_DATA || role == STRATA_LEGACY_ATTACHMENT_META)
    {
      note_attachment (&scan, role, id, strlen (id), STRATA_LEGACY_PRESENCE_FILE);
      return;
    }

  file.path = g_strdup (path);
  file.name = g_strdup (id);
  g_ptr_array_add (self->others, g_memdup2 (&file, sizeof file));
}

void
_strata_legacy_scan_finish (StrataLegacyScan *self)
{
  g_ptr_array_sort (self->others, compare_files);
  index_raw_files (self);
  _strata_legacy_index_sort (self->attachments);
}

/* Whether a file is one of those that attachments or videos are, or stands in their folders */
static gboolean
is_attachment (const StrataLegacyFile *file)
{
  return g_str_has_prefix (file->path, ATTACHMENTS "/") || strcmp (file->path, ATTACHMENTS) == 0 ||
         g_str_has_prefix (file->path, "videos/") || strcmp (file->path, "videos") == 0;
}

/* Moves those files to @to that are attachments, or that are not. */
static void
move_files (GPtrArray *from,
            GPtrArray *to,
            gboolean   attachments)
{
  for (guint i = from->len; i > 0; i--)
    if (is_attachment (g_ptr_array_index (from, i - 1)) == attachments)
      g_ptr_array_add (to, g_ptr_array_steal_index_fast (from, i - 1));
}

void
_strata_legacy_scan_take_attachments (StrataLegacyScan *self,
                                      StrataLegacyScan *other)
{
  GPtrArray *others = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_file_free);
  StrataLegacyIndex *attachments = g_steal_pointer (&other->attachments);

  if (self->others != NULL)
    move_files (self->others, others, FALSE);
  move_files (other->others, others, TRUE);
  g_ptr_array_sort (others, compare_files);

  _strata_legacy_scan_clear (self);
  _strata_legacy_scan_clear (other);
  self->others = others;
  self->attachments = attachments;
  for (guint i = 0; i < _strata_legacy_index_get_n_entries (attachments); i++)
    _strata_legacy_index_forget_raw (attachments, i);
  index_raw_files (self);
}

void
_strata_legacy_scan_clear (StrataLegacyScan *found)
{
  g_clear_pointer (&found->others, g_ptr_array_unref);
  g_clear_pointer (&found->attachments, _strata_legacy_index_free);
}
