/* strata-legacy-container.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-file-private.h"
#include "strata-legacy-container-private.h"

const char *const _strata_legacy_container_suffixes[STRATA_LEGACY_N_CONTAINER_FILES] = { "", "-wal", "-journal" };

static StrataLegacyContainer *
container_new (int         dir,
               const char *file)
{
  StrataLegacyContainer *self = g_new0 (StrataLegacyContainer, 1);

  self->path = g_utf8_make_valid (file, -1);
  self->dir = dir;
  self->file = g_strdup (file);

  for (guint i = 0; i < STRATA_LEGACY_N_CONTAINER_FILES; i++)
    {
      g_autofree char *path = g_strconcat (file, _strata_legacy_container_suffixes[i], NULL);
      struct stat status;

      if (_strata_file_stat (dir, path, &status, NULL))
        _strata_file_mark_set (&self->marks[i], &status);
    }

  return self;
}

StrataLegacyContainer *
_strata_legacy_container_open_zip (int            dir,
                                   const char    *file,
                                   GCancellable  *cancellable,
                                   GError       **error)
{
  StrataLegacyContainer *self = container_new (dir, file);

  self->zip = _strata_export_zip_open (dir, file, cancellable, error);
  if (self->zip == NULL)
    g_clear_pointer (&self, _strata_legacy_container_free);

  return self;
}

StrataLegacyContainer *
_strata_legacy_container_open_database (int            dir,
                                        const char    *file,
                                        const char    *scratch,
                                        GCancellable  *cancellable,
                                        GError       **error)
{
  StrataLegacyContainer *self = container_new (dir, file);

  self->database = _strata_webkit_database_open (dir, file, scratch, cancellable, error);
  if (self->database == NULL)
    g_clear_pointer (&self, _strata_legacy_container_free);

  return self;
}

void
_strata_legacy_container_free (StrataLegacyContainer *self)
{
  g_clear_pointer (&self->zip, _strata_export_zip_unref);
  g_clear_pointer (&self->database, _strata_webkit_database_free);
  g_free (self->path);
  g_free (self->file);
  g_free (self);
}
