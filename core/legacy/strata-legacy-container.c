/* strata-legacy-container.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-legacy-container-private.h"

static StrataLegacyContainer *
container_new (int         dir,
               const char *file)
{
  StrataLegacyContainer *self = g_new0 (StrataLegacyContainer, 1);

  self->path = g_utf8_make_valid (file, -1);
  self->dir = dir;
  self->file = g_strdup (file);

  return self;
}

StrataLegacyContainer *
_strata_legacy_container_open_zip (int            dir,
                                   const char    *file,
                                   GCancellable  *cancellable,
                                   GError       **error)
{
  StrataExportZip *zip = _strata_export_zip_open (dir, file, cancellable, error);
  StrataLegacyContainer *self;

  if (zip == NULL)
    return NULL;

  self = container_new (dir, file);
  self->zip = zip;

  return self;
}

StrataLegacyContainer *
_strata_legacy_container_open_database (int            dir,
                                        const char    *file,
                                        const char    *scratch,
                                        GCancellable  *cancellable,
                                        GError       **error)
{
  StrataWebkitDatabase *database = _strata_webkit_database_open (dir, file, scratch, cancellable, error);
  StrataLegacyContainer *self;

  if (database == NULL)
    return NULL;

  self = container_new (dir, file);
  self->database = database;

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
