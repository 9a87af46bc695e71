/* strata-legacy-open.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-legacy-container-private.h"
#include "strata-legacy-packed-private.h"
#include "strata-legacy-search-private.h"
#include "strata-legacy-store-internal-private.h"

#define FOLDER_NAME "com.taskerino.desktop"

/* One opening */
typedef struct
{
  StrataLegacyStore  *store;
  const char         *scratch;
  GCancellable       *cancellable;
} Opening;

static StrataLegacyStore *
store_new (void)
{
  StrataLegacyStore *self = g_new0 (StrataLegacyStore, 1);

  g_mutex_init (&self->mutex);
  self->dir = self->collections_dir = self->root_dir = -1;
  self->containers = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_container_free);
  self->problems = g_ptr_array_new_with_free_func (g_object_unref);

  return self;
}

void
_strata_legacy_store_free (StrataLegacyStore *self)
{
  g_clear_pointer (&self->packed_files, g_hash_table_unref);
  g_ptr_array_unref (self->containers);
  g_ptr_array_unref (self->problems);
  if (self->collections_dir >= 0 && self->collections_dir != self->dir)
    _strata_file_close (self->collections_dir);
  if (self->root_dir >= 0)
    _strata_file_close (self->root_dir);
  if (self->dir >= 0)
    _strata_file_close (self->dir);
  _strata_legacy_scan_clear (&self->found);
  g_clear_pointer (&self->all, g_ptr_array_unref);
  g_mutex_clear (&self->mutex);
  g_free (self->leveldb);
  g_free (self->attachments_path);
  g_free (self->path);
  g_free (self);
}

static int
open_dir (const char  *path,
          GError     **error)
{
  return _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, error);
}

static gboolean
is_missing (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
}

/* Folders of Taskerino's own */

/* Looks through a folder. @out_dir: -1 where nothing of Taskerino's is in it. */
static gboolean
try_folder (const char        *path,
            int               *out_dir,
            StrataLegacyScan  *out_found,
            GError           **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  int dir = open_dir (absolute, error);

  *out_dir = -1;
  if (dir < 0)
    return FALSE;

  if (!_strata_legacy_scan (dir, out_found, error))
    {
      _strata_file_close (dir);
      return FALSE;
    }

  if (out_found->is_ours)
    *out_dir = dir;
  else
    {
      _strata_legacy_scan_clear (out_found);
      _strata_file_close (dir);
    }

  return TRUE;
}

/* The data folder below @path, as each system puts it, else @path itself.
 * @out_dir: -1 where it is nowhere.
 */
static gboolean
find_folder (const char        *path,
             int               *out_dir,
             StrataLegacyScan  *out_found,
             GError           **error)
{
  static const char *const places[] = { "", "Application Support", "Roaming" };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *child = g_build_filename (path, places[i], FOLDER_NAME, NULL);
      g_autoptr(GError) child_error = NULL;

      if (!try_folder (child, out_dir, out_found, &child_error) && !is_missing (child_error))
        {
          g_propagate_error (error, g_steal_pointer (&child_error));
          return FALSE;
        }
      if (*out_dir >= 0)
        return TRUE;
    }

  return try_folder (path, out_dir, out_found, error);
}

/* macOS keeps the data folder and its web view's database apart; who names the
 * one means both.
 * Returns: (transfer full)
 */
static char *
find_root (const char *path)
{
  static const char *const suffixes[] = {
    "/Library/Application Support/" FOLDER_NAME, "/Library/Application Support", "/Library/WebKit/" FOLDER_NAME,
  };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (path, suffixes[i]))
      return g_strndup (path, strlen (path) - strlen (suffixes[i]) + strlen ("/Library"));

  return g_strdup (path);
}

/* A folder in which nothing is, and never will be: it is gone from the disk.
 * Asked for a file it says that there is none, like any other folder.
 */
static int
open_nothing (const char  *scratch,
              GError     **error)
{
  g_autofree char *path = g_build_filename (scratch != NULL ? scratch : g_get_tmp_dir (), "strata-XXXXXX", NULL);
  int dir;

  if (g_mkdtemp (path) == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Can't make a folder in “%s”",
                   scratch != NULL ? scratch : g_get_tmp_dir ());
      return -1;
    }

  dir = open_dir (path, error);
  _strata_seam_get ()->unlink (AT_FDCWD, path, AT_REMOVEDIR);

  return dir;
}

/* Containers */

/* Other people's files are none of ours; but what is called like an export and is none may have been one. */
static gboolean
is_to_be_told (const char   *path,
               const GError *error)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) || strstr (lower, "taskerino") != NULL;
}

/* What can't be read is told later, together with what else is found. */
static void
add_container (Opening                *opening,
               StrataLegacyContainer  *container,
               const char             *path,
               const GError           *error)
{
  if (container != NULL)
    g_ptr_array_add (opening->store->containers, container);
  else if (is_to_be_told (path, error))
    g_ptr_array_add (opening->store->problems,
                     strata_problem_new (error->domain == STRATA_ERROR && error->code != STRATA_ERROR_SOURCE
                                           ? "envelope-invalid" : "source-unreadable",
                                         path, NULL, NULL, -1, "The file was passed over: %s", error->message));
}

static void
add_containers (Opening *opening)
{
  StrataLegacyStore *self = opening->store;
  g_auto(StrataLegacyFindings) findings = { 0 };

  _strata_legacy_search (self->root_dir, &findings);
  self->leveldb = g_strdup (findings.leveldb);

  for (guint i = 0; i < findings.databases->len; i++)
    {
      const char *path = g_ptr_array_index (findings.databases, i);
      g_autoptr(GError) error = NULL;
      StrataLegacyContainer *container =
        _strata_legacy_container_open_database (self->root_dir, path, opening->scratch, opening->cancellable, &error);

      add_container (opening, container, path, error);
    }

  for (guint i = 0; i < findings.exports->len; i++)
    {
      const char *path = g_ptr_array_index (findings.exports, i);
      g_autoptr(GError) error = NULL;
      StrataLegacyContainer *container =
        _strata_legacy_container_open_zip (self->root_dir, path, opening->cancellable, &error);

      add_container (opening, container, path, error);
    }
}

/* What the folder's files were taken for before it was known that a container
 * is one of them, or in one of its folders.
 */
static void
claim_files (StrataLegacyStore           *self,
             const StrataLegacyContainer *container)
{
  const char *file = container->file;

  if (g_str_has_prefix (file, FOLDER_NAME "/"))
    file += strlen (FOLDER_NAME "/");

  for (guint i = 0; self->found.others != NULL && i < self->found.others->len; i++)
    {
      StrataLegacyFile *other = g_ptr_array_index (self->found.others, i);
      gsize length = strlen (other->path);

      if (other->role != STRATA_LEGACY_FOREIGN)
        continue;
      if (g_str_has_prefix (other->path, file) || (g_str_has_prefix (file, other->path) && file[length] == '/'))
        other->role = STRATA_LEGACY_CONTAINER;
    }
}

/* Opening */

/* The attachments are elsewhere: the folder's own are not looked at. */
static gboolean
use_attachments_of (StrataLegacyStore  *self,
                    const char         *path,
                    GError            **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *name = g_path_get_basename (absolute);
  g_autofree char *folder = strcmp (name, "attachments") == 0 ? g_path_get_dirname (absolute) : g_strdup (absolute);
  StrataLegacyScan found = { 0 };
  int dir;

  if (!find_folder (folder, &dir, &found, error))
    return FALSE;
  if (dir < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There are no attachments of Taskerino's in “%s”", path);
      return FALSE;
    }

  self->collections_dir = self->dir;
  self->dir = dir;
  _strata_legacy_scan_take_attachments (&self->found, &found);

  return TRUE;
}

/* Settles which folder the attachments are in. */
static gboolean
settle_attachments (Opening     *opening,
                    const char  *attachments,
                    GError     **error)
{
  StrataLegacyStore *self = opening->store;

  if (self->dir >= 0)
    self->collections_dir = self->dir;
  if (attachments != NULL && !use_attachments_of (self, attachments, error))
    return FALSE;

  if (self->dir < 0)
    {
      self->dir = open_nothing (opening->scratch, error);
      if (self->dir < 0 || !_strata_legacy_scan (self->dir, &self->found, error))
        return FALSE;
      _strata_legacy_packed_use (self);
    }

  self->attachments_path = _strata_file_dup_real_path (self->dir, self->path);

  return TRUE;
}

/* A database that can't be read is something found, too: who asks for sessions is told so. */
static gboolean
open_folder (Opening     *opening,
             const char  *path,
             GError     **error)
{
  StrataLegacyStore *self = opening->store;
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *root = find_root (absolute);

  self->root_dir = open_dir (root, error);
  if (self->root_dir < 0 || !find_folder (root, &self->dir, &self->found, error))
    return FALSE;

  add_containers (opening);
  for (guint i = 0; i < self->containers->len; i++)
    claim_files (self, g_ptr_array_index (self->containers, i));

  /* One old store has one name, however one gets to it */
  self->path = _strata_file_dup_real_path (self->dir >= 0 ? self->dir : self->root_dir, absolute);
  if (self->dir >= 0 || self->containers->len > 0 || self->problems->len > 0 || self->leveldb != NULL)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There is nothing of Taskerino's in “%s”", self->path);

  return FALSE;
}

/* A single file: an export, or a web view's database, whatever they are called. */
static gboolean
open_file (Opening     *opening,
           const char  *path,
           GError     **error)
{
  StrataLegacyStore *self = opening->store;
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *folder = g_path_get_dirname (absolute);
  g_autofree char *name = g_path_get_basename (absolute);
  g_autofree char *real_folder = NULL;
  g_autoptr(GBytes) head = NULL;
  StrataLegacyContainer *container;

  self->root_dir = open_dir (folder, error);
  head = self->root_dir >= 0 ? _strata_file_read_head (self->root_dir, name, 16, error) : NULL;
  if (head == NULL)
    return FALSE;

  if (g_bytes_get_size (head) == 16 && memcmp (g_bytes_get_data (head, NULL), "SQLite format 3", 16) == 0)
    container = _strata_legacy_container_open_database (self->root_dir, name, opening->scratch, opening->cancellable, error);
  else
    container = _strata_legacy_container_open_zip (self->root_dir, name, opening->cancellable, error);
  if (container == NULL)
    return FALSE;

  g_ptr_array_add (self->containers, container);
  real_folder = _strata_file_dup_real_path (self->root_dir, folder);
  self->path = g_build_filename (real_folder, name, NULL);

  return TRUE;
}

/* Plain errors of G_IO_ERROR, and STRATA_ERROR of containers */
static StrataLegacyStore *
open_at (const char    *path,
         const char    *attachments,
         const char    *scratch,
         GCancellable  *cancellable,
         GError       **error)
{
  g_autoptr(StrataLegacyStore) self = store_new ();
  Opening opening = { self, scratch, cancellable };
  gboolean ok = g_file_test (path, G_FILE_TEST_IS_REGULAR) ? open_file (&opening, path, error)
                                                          : open_folder (&opening, path, error);

  return ok && settle_attachments (&opening, attachments, error) ? g_steal_pointer (&self) : NULL;
}

/* Folders that may be the data folder, or the one a web view keeps its data in.
 * In a sandbox XDG_DATA_HOME is our own, and the one of the session has another name.
 */
static GPtrArray *
list_usual_places (void)
{
  GPtrArray *places = g_ptr_array_new_with_free_func (g_free);
  const char *host = g_getenv ("HOST_XDG_DATA_HOME");
  const char *windows = g_getenv ("APPDATA");
  const char *home = g_get_home_dir ();

  g_ptr_array_add (places, g_build_filename (g_get_user_data_dir (), FOLDER_NAME, NULL));
  if (host != NULL && *host != '\0')
    g_ptr_array_add (places, g_build_filename (host, FOLDER_NAME, NULL));
  g_ptr_array_add (places, g_build_filename (home, ".local", "share", FOLDER_NAME, NULL));
  g_ptr_array_add (places, g_build_filename (home, "Library", "Application Support", FOLDER_NAME, NULL));
  if (windows != NULL && *windows != '\0')
    g_ptr_array_add (places, g_build_filename (windows, FOLDER_NAME, NULL));

  return places;
}

static StrataLegacyStore *
open_usual (const char    *attachments,
            const char    *scratch,
            GCancellable  *cancellable,
            GError       **error)
{
  g_autoptr(GPtrArray) places = list_usual_places ();
  g_autoptr(GString) looked_at = g_string_new (NULL);

  for (guint i = 0; i < places->len; i++)
    {
      const char *path = g_ptr_array_index (places, i);
      g_autofree char *shown = g_utf8_make_valid (path, -1);
      g_autofree char *quoted = g_strdup_printf ("“%s”", shown);
      g_autoptr(GError) local_error = NULL;
      StrataLegacyStore *self = open_at (path, attachments, scratch, cancellable, &local_error);

      if (self != NULL)
        return self;

      if (strstr (looked_at->str, quoted) != NULL)
        continue;
      g_string_append_printf (looked_at, "%s%s", looked_at->len > 0 ? ", " : "", quoted);
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_string_append_printf (looked_at, " (%s)", local_error->message);
    }

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE,
               "No data of Taskerino in the usual places: %s", looked_at->str);

  return NULL;
}

GPtrArray *
_strata_legacy_store_find_usual (GCancellable *cancellable)
{
  g_autoptr(GPtrArray) places = list_usual_places ();
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < places->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      g_autoptr(StrataLegacyStore) store = open_at (g_ptr_array_index (places, i), NULL, NULL, cancellable, NULL);

      if (store != NULL && !g_ptr_array_find_with_equal_func (found, store->path, g_str_equal, NULL))
        g_ptr_array_add (found, g_strdup (store->path));
    }

  return found;
}

StrataLegacyStore *
_strata_legacy_store_open (const char    *path,
                           const char    *attachments,
                           const char    *scratch,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_autoptr(GError) local_error = NULL;
  StrataLegacyStore *self;

  if (path == NULL)
    return open_usual (attachments, scratch, cancellable, error);

  self = open_at (path, attachments, scratch, cancellable, &local_error);
  if (self == NULL && g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_propagate_error (error, g_steal_pointer (&local_error));
  else if (self == NULL)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SOURCE, local_error->message);

  return self;
}
