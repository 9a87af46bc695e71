/* strata-old-files.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "strata-old-files-private.h"

/* What a database consists of, and what SQLite makes beside it for itself */
static const struct
{
  const char    *suffix;
  StrataOldKind  kind;
  const char    *what;
} database_files[] = {
  { "", STRATA_OLD_COLLECTION, "database" },
  { "-wal", STRATA_OLD_COLLECTION, "database-log" },
  { "-journal", STRATA_OLD_COLLECTION, "database-log" },
  { "-shm", STRATA_OLD_DERIVED, "database-index" },
};

typedef struct
{
  StrataLegacyStore  *legacy;
  StrataOldFileFunc   func;
  gpointer            user_data;
  GHashTable         *of_containers;  /* paths below the data folder, so that none is given twice */
  GError            **error;
  gboolean            ok;
} Listing;

const char *
_strata_old_root_get_name (StrataOldRoot root)
{
  static const char *const names[STRATA_OLD_N_ROOTS] = { "data", "collections", "containers" };

  return names[root];
}

static int
get_root_dir (StrataLegacyStore *legacy,
              StrataOldRoot      root)
{
  GPtrArray *containers = _strata_legacy_store_get_containers (legacy);
  int dir = _strata_legacy_store_get_dir (legacy);
  int collections = _strata_legacy_store_get_collections_dir (legacy);

  switch (root)
    {
    case STRATA_OLD_ROOT_COLLECTIONS:
      return collections != dir ? collections : -1;
    case STRATA_OLD_ROOT_CONTAINERS:
      return containers->len > 0 ? ((const StrataLegacyContainer *)g_ptr_array_index (containers, 0))->dir : -1;
    case STRATA_OLD_ROOT_DATA:
    default:
      return dir;
    }
}

char *
_strata_old_root_dup_path (StrataLegacyStore *legacy,
                           StrataOldRoot      root)
{
  int dir = get_root_dir (legacy, root);

  return dir >= 0 ? _strata_file_dup_real_path (dir, _strata_legacy_store_get_path (legacy)) : NULL;
}

static const char *
get_role_name (StrataLegacyRole role)
{
  switch (role)
    {
    case STRATA_LEGACY_COLLECTION:
      return "collection";
    case STRATA_LEGACY_COLLECTION_BACKUP:
      return "collection-backup";
    case STRATA_LEGACY_COLLECTION_TMP:
      return "collection-temporary";
    case STRATA_LEGACY_TOPLEVEL:
      return "sessions";
    case STRATA_LEGACY_BACKUP:
      return "backup";
    case STRATA_LEGACY_ATTACHMENT_DATA:
      return "attachment";
    case STRATA_LEGACY_ATTACHMENT_META:
      return "attachment-metadata";
    case STRATA_LEGACY_ATTACHMENT_FILE:
      return "attachment-file";
    case STRATA_LEGACY_VIDEO:
      return "video";
    case STRATA_LEGACY_LINK:
      return "link";
    case STRATA_LEGACY_NOT_DOWNLOADED:
      return "not-downloaded";
    case STRATA_LEGACY_CONTAINER:
    case STRATA_LEGACY_FOREIGN:
    default:
      return "foreign";
    }
}

static StrataOldKind
get_kind (StrataLegacyRole role)
{
  switch (role)
    {
    case STRATA_LEGACY_COLLECTION:
    case STRATA_LEGACY_COLLECTION_BACKUP:
    case STRATA_LEGACY_COLLECTION_TMP:
    case STRATA_LEGACY_TOPLEVEL:
    case STRATA_LEGACY_BACKUP:
      return STRATA_OLD_COLLECTION;
    case STRATA_LEGACY_ATTACHMENT_DATA:
    case STRATA_LEGACY_ATTACHMENT_META:
    case STRATA_LEGACY_ATTACHMENT_FILE:
    case STRATA_LEGACY_VIDEO:
      return STRATA_OLD_ATTACHMENT;
    case STRATA_LEGACY_CONTAINER:
    case STRATA_LEGACY_FOREIGN:
    case STRATA_LEGACY_LINK:
    case STRATA_LEGACY_NOT_DOWNLOADED:
    default:
      return STRATA_OLD_FOREIGN;
    }
}

static gboolean
is_below_data (const char *path)
{
  return g_str_has_prefix (path, "attachments/") || g_str_has_prefix (path, "videos/") ||
         strcmp (path, "attachments") == 0 || strcmp (path, "videos") == 0;
}

/* A StrataLegacyFileFunc */
static gboolean
give_listed (const StrataLegacyFile *listed,
             gpointer                user_data)
{
  Listing *listing = user_data;
  int collections = _strata_legacy_store_get_collections_dir (listing->legacy);
  StrataOldFile file = {
    .dir = _strata_legacy_store_get_dir (listing->legacy),
    .path = listed->path,
    .shown = listed->path,
    .kind = get_kind (listed->role),
    .role = listed->role,
    .what = get_role_name (listed->role),
    .name = listed->name,
    .size = listed->size,
    .mtime_ns = listed->mtime_ns,
  };
  struct stat status;

  if (g_hash_table_contains (listing->of_containers, listed->path))
    return TRUE;

  if (collections >= 0 && collections != file.dir && !is_below_data (listed->path))
    {
      file.root = STRATA_OLD_ROOT_COLLECTIONS;
      file.dir = collections;
    }
  file.is_folder = file.kind == STRATA_OLD_FOREIGN && _strata_file_stat (file.dir, file.path, &status, NULL) &&
                   S_ISDIR (status.st_mode);
  listing->ok = listing->func (&file, listing->user_data, listing->error);

  return listing->ok;
}

/* One file that a container consists of, if it is there */
static gboolean
give_part (Listing                      *listing,
           const StrataLegacyContainer  *container,
           const char                   *suffix,
           StrataOldKind                 kind,
           const char                   *what)
{
  g_autofree char *path = g_strconcat (container->file, suffix, NULL);
  g_autofree char *shown = g_strconcat (container->path, suffix, NULL);
  StrataOldFile file = {
    .root = STRATA_OLD_ROOT_CONTAINERS,
    .dir = container->dir,
    .path = path,
    .shown = shown,
    .kind = kind,
    .role = STRATA_LEGACY_CONTAINER,
    .what = what,
    .container = container,
  };
  struct stat status;

  if (!_strata_file_stat (container->dir, path, &status, NULL))
    return TRUE;

  file.size = (guint64)status.st_size;
  file.mtime_ns = _strata_file_get_mtime_ns (&status);

  return listing->func (&file, listing->user_data, listing->error);
}

static gboolean
give_container (Listing                     *listing,
                const StrataLegacyContainer *container)
{
  if (container->zip != NULL)
    return give_part (listing, container, "", STRATA_OLD_COLLECTION, "export");

  for (guint i = 0; i < G_N_ELEMENTS (database_files); i++)
    if (!give_part (listing, container, database_files[i].suffix, database_files[i].kind, database_files[i].what))
      return FALSE;

  return TRUE;
}

/* Containers are found from above: what of them is in the data folder is listed there as well. */
static GHashTable *
list_container_paths (StrataLegacyStore *legacy)
{
  GPtrArray *containers = _strata_legacy_store_get_containers (legacy);
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *data = _strata_old_root_dup_path (legacy, STRATA_OLD_ROOT_DATA);
  g_autofree char *collections = _strata_old_root_dup_path (legacy, STRATA_OLD_ROOT_COLLECTIONS);
  g_autofree char *root = _strata_old_root_dup_path (legacy, STRATA_OLD_ROOT_CONTAINERS);
  const char *folder = collections != NULL ? collections : data;
  gsize length = strlen (folder);

  for (guint i = 0; i < containers->len; i++)
    for (guint j = 0; j < G_N_ELEMENTS (database_files); j++)
      {
        const StrataLegacyContainer *container = g_ptr_array_index (containers, i);
        g_autofree char *path = g_strconcat (root, "/", container->file, database_files[j].suffix, NULL);

        if (strncmp (path, folder, length) == 0 && path[length] == '/' && (j == 0 || container->database != NULL))
          g_hash_table_add (paths, g_strdup (path + length + 1));
      }

  return paths;
}

gboolean
_strata_old_files_foreach (StrataLegacyStore  *legacy,
                           StrataOldFileFunc   func,
                           gpointer            user_data,
                           GError            **error)
{
  GPtrArray *containers = _strata_legacy_store_get_containers (legacy);
  g_autoptr(GHashTable) of_containers = list_container_paths (legacy);
  Listing listing = { legacy, func, user_data, of_containers, error, TRUE };

  /* What is in an export is no file of its own */
  if (!_strata_legacy_store_is_packed (legacy))
    _strata_legacy_store_foreach_file (legacy, give_listed, &listing);
  for (guint i = 0; listing.ok && i < containers->len; i++)
    listing.ok = give_container (&listing, g_ptr_array_index (containers, i));

  return listing.ok;
}
