/* strata-statistics.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "store/strata-store-private.h"
#include "strata-statistics.h"

G_DEFINE_BOXED_TYPE (StrataStatistics, strata_statistics, strata_statistics_ref, strata_statistics_unref)

StrataStatistics *
strata_statistics_ref (StrataStatistics *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
statistics_clear (StrataStatistics *self)
{
  g_clear_pointer (&self->kinds, g_ptr_array_unref);
  g_clear_pointer (&self->months, g_ptr_array_unref);
}

void
strata_statistics_unref (StrataStatistics *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)statistics_clear);
}

static void
group_free (gpointer data)
{
  StrataStatisticsGroup *group = data;

  g_free (group->name);
  g_free (group);
}

/* Adds up a folder and all below it. Files may go while we look: those count
 * nothing, nor does the memory that who has a database open shares through a file.
 */
static gboolean
measure_folder (StrataStatistics  *self,
                int                dir,
                const char        *path,
                GError           **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, path, error);
  struct stat status;

  if (entries == NULL)
    return FALSE;

  if (_strata_file_stat (dir, path, &status, NULL))
    self->bytes_on_disk += (guint64)status.st_blocks * 512;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *child = g_build_filename (path, entry->name, NULL);

      if (entry->type == DT_DIR)
        {
          g_autoptr(GError) folder_error = NULL;

          if (!measure_folder (self, dir, child, &folder_error) &&
              !g_error_matches (folder_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
            {
              g_propagate_error (error, g_steal_pointer (&folder_error));
              return FALSE;
            }
        }
      else if (!g_str_has_suffix (child, ".sqlite3-shm") && _strata_file_stat (dir, child, &status, NULL))
        {
          self->bytes_on_disk += (guint64)status.st_blocks * 512;
          if (strcmp (child, "./reserve") == 0)
            self->bytes_reserved = (guint64)status.st_blocks * 512;
          else
            self->bytes_stored += (guint64)status.st_size;
          if (g_str_has_prefix (child, "./trash/"))
            self->bytes_trash += (guint64)status.st_size;
        }
    }

  return TRUE;
}

static gpointer
query_catalog (StrataCatalog  *catalog,
               gpointer        user_data,
               GError        **error)
{
  StrataStatistics *self = user_data;
  StrataCatalogSums sums;

  if (!_strata_catalog_get_sums (catalog, &sums, error))
    return NULL;

  self->sessions = sums.sessions;
  self->saved_base64 = sums.encoded_bytes - MIN (sums.encoded_bytes, sums.decoded_bytes);
  self->saved_duplicates = sums.used_bytes - MIN (sums.used_bytes, sums.content_bytes);
  self->saved_webp = sums.content_bytes - MIN (sums.content_bytes, sums.object_bytes);
  self->saved_gzip = sums.packed_bytes;

  return self;
}

static void
add_group (gpointer     user_data,
           const char  *name,
           guint64      items,
           guint64      bytes)
{
  StrataStatisticsGroup *group = g_new (StrataStatisticsGroup, 1);

  group->name = g_strdup (name);
  group->items = items;
  group->bytes = bytes;
  g_ptr_array_add (user_data, group);
}

static gpointer
query_groups (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  StrataStatistics *self = user_data;

  return _strata_catalog_foreach_kind (catalog, add_group, self->kinds, error) &&
         _strata_catalog_foreach_month (catalog, add_group, self->months, error) ? self : NULL;
}

/**
 * strata_statistics_collect:
 * @store: a store
 *
 * Looks at every file of the store; takes a moment where there are very many.
 *
 * Returns: (transfer full): what it takes; or %NULL with @error set
 */
StrataStatistics *
strata_statistics_collect (StrataStore  *store,
                           GError      **error)
{
  g_autoptr(StrataStatistics) self = g_atomic_rc_box_new0 (StrataStatistics);
  g_autoptr(StrataHeader) header = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  self->kinds = g_ptr_array_new_with_free_func (group_free);
  self->months = g_ptr_array_new_with_free_func (group_free);

  header = _strata_store_read_header (store, error);
  if (header == NULL ||
      _strata_store_with_catalog (store, query_catalog, self, error) == NULL ||
      _strata_store_with_catalog (store, query_groups, self, error) == NULL ||
      !measure_folder (self, _strata_store_get_dir (store), ".", error))
    return NULL;

  for (guint i = 0; i < header->sources->len; i++)
    self->bytes_original += ((const StrataSourceRecord *)g_ptr_array_index (header->sources, i))->bytes;

  return g_steal_pointer (&self);
}
