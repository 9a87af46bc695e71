/* strata-repair-tail.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-tail-private.h"
#include "strata-repair-private.h"

#define MAX_TAIL (G_GUINT64_CONSTANT (1) << 31)

typedef enum
{
  TAIL_LIVE,     /* the session has what is in it */
  TAIL_SEALED,   /* that is in parts */
  TAIL_UNKNOWN,
} TailState;

/* What its first line says, where that is whole; else what the log does, which has a line for
 * each tail, with the metadata that it belongs to.
 */
static TailState
find_state (StrataRepairing      *self,
            const char           *path,
            const StrataManifest *manifest)
{
  g_autoptr(StrataTail) tail = _strata_tail_read_at (self->dir, path, manifest->key, 0, NULL);
  const StrataChange *change = _strata_repairing_find_logged (self, FALSE, manifest->key);

  if (tail != NULL)
    return tail->generation == manifest->generation ? TAIL_LIVE
           : tail->generation < manifest->generation ? TAIL_SEALED : TAIL_UNKNOWN;
  if (change == NULL || !_strata_digest_equal (&change->digest, &manifest->file_digest))
    return TAIL_UNKNOWN;
  if (change->is_tail)
    return TAIL_LIVE;

  return self->log_is_damaged ? TAIL_UNKNOWN : TAIL_SEALED;
}

static char *
describe_loss (const StrataTailSalvage *salvage,
               const char              *aside)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%u of its elements are whole, and stay", salvage->n_whole);
  for (guint i = 0; i < salvage->lost->len; i++)
    g_string_append_printf (text, "%s%s", i == 0 ? "; lost: " : ", ", (const char *)g_ptr_array_index (salvage->lost, i));
  g_string_append_printf (text, ". The damaged file is “%s” now", aside);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The damaged file is aside, on disk, before the new one takes its place. */
static gboolean
replace_tail (StrataRepairing          *self,
              const char               *path,
              const StrataTailSalvage  *salvage,
              char                    **out_aside,
              GError                  **error)
{
  StrataStaging *corner;
  g_autofree char *temporary = NULL;

  *out_aside = _strata_repairing_copy_aside (self, path, error);
  corner = *out_aside != NULL ? _strata_store_get_corner_locked (self->store, error) : NULL;
  temporary = corner != NULL ? _strata_staging_next_path (corner) : NULL;

  return temporary != NULL && _strata_file_replace (self->dir, path, temporary, salvage->whole->str, salvage->whole->len, error);
}

static gboolean
mend_live (StrataRepairing       *self,
           const char            *path,
           const StrataManifest  *manifest,
           GError               **error)
{
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, path, MAX_TAIL, error);
  g_autoptr(StrataTailSalvage) salvage = NULL;
  g_autofree char *aside = NULL;
  g_autofree char *message = NULL;

  if (bytes == NULL)
    return FALSE;
  salvage = _strata_tail_salvage (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), manifest->key, manifest->generation);
  if (!replace_tail (self, path, salvage, &aside, error))
    return FALSE;

  if (g_str_has_prefix (path, "sessions/"))
    _strata_store_apply_files (self->store, FALSE, manifest->key);
  message = describe_loss (salvage, aside);
  self->n_done++;
  self->mend_databases = TRUE;
  if (salvage->lost->len > 0)
    _strata_repairing_say_lost (self, path, manifest->key, NULL, message);
  else
    _strata_repairing_say_repaired (self, path, manifest->key, message);

  return TRUE;
}

static gboolean
put_sealed_aside (StrataRepairing       *self,
                  const char            *path,
                  const StrataManifest  *manifest,
                  GError               **error)
{
  g_autofree char *aside = _strata_repairing_move_aside (self, path, error);
  g_autofree char *message = aside != NULL ? g_strdup_printf ("What was in it is in parts; it is “%s” now", aside) : NULL;

  if (message == NULL)
    return FALSE;
  self->n_done++;
  _strata_repairing_say_repaired (self, path, manifest->key, message);

  return TRUE;
}

static gboolean
mend_locked (StrataRepairing       *self,
             const char            *path,
             const StrataManifest  *manifest,
             GError               **error)
{
  g_autoptr(GError) check_error = NULL;
  g_autoptr(StrataTail) tail = _strata_tail_read_at (self->dir, path, manifest->key, 0, &check_error);

  /* Somebody else may have mended it, or sealed it, meanwhile */
  if ((tail == NULL && check_error == NULL) || (tail != NULL && _strata_tail_check (tail, manifest->key, NULL)))
    return TRUE;

  switch (find_state (self, path, manifest))
    {
    case TAIL_LIVE:
      return mend_live (self, path, manifest, error);
    case TAIL_SEALED:
      return put_sealed_aside (self, path, manifest, error);
    case TAIL_UNKNOWN:
    default:
      _strata_repairing_say_lost (self, path, manifest->key, NULL,
                                  "Whether it belongs to the session as it is now can't be told; it stays as it is");
      return TRUE;
    }
}

gboolean
_strata_repairing_mend_tail (StrataRepairing  *self,
                             const char       *folder,
                             GError          **error)
{
  g_autofree char *path = g_build_filename (folder, "tail.jsonl", NULL);
  g_autofree char *metadata = g_build_filename (folder, "metadata.json", NULL);
  g_autoptr(StrataManifest) manifest = NULL;
  gboolean ok = TRUE;

  if (!_strata_store_lock (self->store, error))
    return FALSE;
  /* Without its metadata nobody knows whose it is */
  manifest = _strata_repairing_load (self, metadata, folder, NULL);
  if (manifest != NULL)
    ok = mend_locked (self, path, manifest, error);
  _strata_store_unlock (self->store);

  return ok;
}
