/* strata-old-comparison.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-old-comparison-private.h"

typedef struct
{
  StrataOldComparison         *comparison;
  const StrataRollbackHeader  *header;
  StrataSteps                 *progress;
  GArray                      *known;         /* guint64: places that the manifest has */
  int                          dirs[STRATA_OLD_N_ROOTS];
  GCancellable                *cancellable;
} Comparing;

static void
difference_free (gpointer data)
{
  StrataOldDifference *difference = data;

  _strata_rollback_file_clear (&difference->file);
  g_free (difference);
}

void
_strata_old_comparison_free (StrataOldComparison *self)
{
  g_ptr_array_unref (self->differences);
  g_free (self);
}

guint64
_strata_old_place_hash (const char *root,
                        const char *path)
{
  g_autofree char *place = g_strconcat (root, "/", path, NULL);
  StrataDigest digest;
  guint64 hash;

  _strata_digest_of (place, strlen (place), &digest);
  memcpy (&hash, digest.bytes, sizeof hash);

  return hash;
}

int
_strata_old_compare_places (gconstpointer a,
                            gconstpointer b)
{
  guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

  return left < right ? -1 : left > right;
}

/* Its folders */

gboolean
_strata_old_roots_open (const StrataRollbackHeader  *header,
                        int                          out_dirs[STRATA_OLD_N_ROOTS],
                        GError                     **error)
{
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    out_dirs[i] = -1;

  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    {
      g_autoptr(GError) open_error = NULL;

      if (header->roots[i] == NULL)
        continue;
      out_dirs[i] = _strata_file_open (AT_FDCWD, header->roots[i], O_RDONLY | O_DIRECTORY, &open_error);
      if (out_dirs[i] >= 0 || g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
          g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
        continue;

      _strata_old_roots_close (out_dirs);
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "The old store can't be read: %s", open_error->message);
      return FALSE;
    }

  return TRUE;
}

void
_strata_old_roots_close (int dirs[STRATA_OLD_N_ROOTS])
{
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    if (dirs[i] >= 0)
      {
        _strata_file_close (dirs[i]);
        dirs[i] = -1;
      }
}

/* One file */

static void
add_difference (Comparing                 *comparing,
                const StrataRollbackFile  *file,
                gboolean                   is_missing)
{
  StrataOldDifference *difference = g_new0 (StrataOldDifference, 1);

  difference->file = *file;
  difference->file.path = g_strdup (file->path);
  difference->file.what = g_strdup (file->what);
  difference->is_missing = is_missing;
  g_ptr_array_add (comparing->comparison->differences, difference);
}

/* Something else in a file's place, such as a link, counts as the file being gone: it is not followed. */
static gboolean
look_at_file (Comparing                 *comparing,
              const StrataRollbackFile  *file,
              gboolean                  *out_there,
              guint64                   *out_size,
              GError                   **error)
{
  int dir = comparing->dirs[file->root];
  g_autoptr(GError) stat_error = NULL;
  struct stat status;

  *out_there = dir >= 0 && _strata_file_stat (dir, file->path, &status, &stat_error);
  if (*out_there)
    {
      *out_there = S_ISREG (status.st_mode);
      *out_size = (guint64)status.st_size;
    }

  if (stat_error == NULL || g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY) ||
      g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "The old store can't be read: %s", stat_error->message);

  return FALSE;
}

/* A StrataRollbackFileFunc */
static gboolean
compare_file (const StrataRollbackFile  *file,
              guint64                    number,
              gpointer                   user_data,
              GError                   **error)
{
  Comparing *comparing = user_data;
  StrataOldComparison *comparison = comparing->comparison;
  g_autoptr(GInputStream) stream = NULL;
  guint64 hash, size = 0;
  StrataDigest digest;
  gboolean there;

  if (g_cancellable_set_error_if_cancelled (comparing->cancellable, error))
    return FALSE;
  if (file->kind == STRATA_OLD_DERIVED)
    return TRUE;

  hash = _strata_old_place_hash (comparing->header->roots[file->root] != NULL ? comparing->header->roots[file->root] : "",
                                 file->path);
  g_array_append_val (comparing->known, hash);
  comparison->n_files++;
  if (!look_at_file (comparing, file, &there, &size, error))
    return FALSE;

  if (there && size == file->mark.size)
    {
      stream = _strata_file_stream_open_source (comparing->dirs[file->root], file->path, error);
      if (stream == NULL || !_strata_digest_of_stream (stream, &digest, comparing->cancellable, error))
        return FALSE;
    }
  if (comparing->progress != NULL)
    _strata_steps_advance (comparing->progress, file->mark.size);

  if (stream != NULL && _strata_digest_equal (&digest, &file->digest))
    comparison->n_same++;
  else
    add_difference (comparing, file, !there);

  return TRUE;
}

static void
count_verdicts (StrataOldComparison *self)
{
  for (guint i = 0; i < self->differences->len; i++)
    self->counts[((const StrataOldDifference *)g_ptr_array_index (self->differences, i))->verdict]++;
}

StrataOldComparison *
_strata_old_comparison_make (StrataRollbackManifest  *manifest,
                             StrataSteps             *progress,
                             GCancellable            *cancellable,
                             GError                 **error)
{
  g_autoptr(StrataOldComparison) self = g_new0 (StrataOldComparison, 1);
  g_autoptr(GArray) known = g_array_new (FALSE, FALSE, sizeof (guint64));
  Comparing comparing = {
    .comparison = self,
    .header = _strata_rollback_manifest_get_header (manifest),
    .progress = progress,
    .known = known,
    .cancellable = cancellable,
  };
  gboolean ok;

  self->differences = g_ptr_array_new_with_free_func (difference_free);
  if (!_strata_old_roots_open (comparing.header, comparing.dirs, error))
    return NULL;
  ok = _strata_rollback_manifest_foreach (manifest, compare_file, NULL, &comparing, cancellable, error);
  _strata_old_roots_close (comparing.dirs);
  if (!ok)
    return NULL;

  g_array_sort (known, _strata_old_compare_places);
  if (!_strata_old_comparison_judge (self, manifest, (const guint64 *)(const void *)known->data, known->len, cancellable, error))
    return NULL;
  count_verdicts (self);

  return g_steal_pointer (&self);
}
