/* strata-repair-copies.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "strata-repair-private.h"
#include "strata-rollback-manifest-private.h"

/* As copies are packed when they are made */
#define GZIP_LEVEL 1
#define HEX_DIGITS (2 * STRATA_DIGEST_SIZE)
#define GONE "It was the copy of a file that the old store does not have any more as it was"

/* A private copy of a file of the old store, which may be there still */
typedef struct
{
  guint         source;
  StrataDigest  digest;     /* of the file */
  gboolean      is_packed;
  char         *root;       /* where it is: a folder, */
  char         *below;      /* and a path; NULL: not found */
} Copy;

static void
copy_clear (Copy *self)
{
  g_free (self->root);
  g_free (self->below);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Copy, copy_clear)

/* `migration/rollback-<source>/copies/<digest>` or the same with `.gz` */
static gboolean
parse_path (const char *path,
            Copy       *out_copy)
{
  g_auto(GStrv) pieces = g_strsplit (path, "/", -1);
  g_autofree char *hex = NULL;
  guint64 source;

  if (g_strv_length (pieces) != 4 || !g_str_has_prefix (pieces[1], "rollback-") || strlen (pieces[3]) < HEX_DIGITS ||
      !g_ascii_string_to_unsigned (pieces[1] + strlen ("rollback-"), 10, 1, G_MAXUINT, &source, NULL))
    return FALSE;

  hex = g_strndup (pieces[3], HEX_DIGITS);
  out_copy->source = (guint)source;
  out_copy->is_packed = g_str_has_suffix (pieces[3], ".gz");

  return _strata_digest_from_hex (hex, &out_copy->digest);
}

typedef struct
{
  Copy                       *copy;
  const StrataRollbackHeader *header;
} FileQuery;

static gboolean
find_file (const StrataRollbackFile  *file,
           guint64                    number,
           gpointer                   user_data,
           GError                   **error)
{
  FileQuery *query = user_data;

  if (query->copy->below == NULL && file->has_digest && query->header->roots[file->root] != NULL &&
      _strata_digest_equal (&file->digest, &query->copy->digest))
    {
      query->copy->root = g_strdup (query->header->roots[file->root]);
      query->copy->below = g_strdup (file->path);
    }

  return TRUE;
}

/* Where the manifest is damaged too, nothing says what it was a copy of. */
static gboolean
find_old_file (StrataRepairing  *self,
               Copy             *copy,
               GError          **error)
{
  g_autoptr(StrataRollbackManifest) manifest = _strata_rollback_manifest_open (self->dir, copy->source, self->cancellable, error);
  FileQuery query = { copy, NULL };

  if (manifest == NULL)
    return FALSE;
  query.header = _strata_rollback_manifest_get_header (manifest);

  return _strata_rollback_manifest_foreach (manifest, find_file, NULL, &query, self->cancellable, error);
}

static GInputStream *
open_old_file (const Copy  *copy,
               GError     **error)
{
  int dir = _strata_file_open (AT_FDCWD, copy->root, O_RDONLY | O_DIRECTORY, error);
  GInputStream *stream = dir >= 0 ? _strata_file_stream_open_source (dir, copy->below, error) : NULL;

  _strata_file_close (dir);

  return stream;
}

/* What was staged, unpacked again */
static gboolean
stands_for_it (StrataRepairing *self,
               const Copy      *copy,
               const char      *staged)
{
  g_autoptr(GInputStream) file = _strata_file_stream_open (self->dir, staged, NULL);
  g_autoptr(GInputStream) stream = file == NULL || !copy->is_packed ? g_steal_pointer (&file) : _strata_gzip_new_unpacking (file);
  StrataDigest digest;

  return stream != NULL && _strata_digest_of_stream (stream, &digest, self->cancellable, NULL) &&
         _strata_digest_equal (&digest, &copy->digest);
}

static gboolean
restore (StrataRepairing  *self,
         const char       *path,
         const Copy       *copy,
         GError          **error)
{
  g_autoptr(GInputStream) file = open_old_file (copy, error);
  g_autoptr(GInputStream) stream = file == NULL || !copy->is_packed ? g_steal_pointer (&file) : _strata_gzip_new_packing (file, GZIP_LEVEL);
  g_autofree char *staged = NULL;
  g_autofree char *aside = NULL;
  g_autofree char *message = NULL;
  StrataDigest digest;

  staged = stream != NULL ? _strata_repairing_stage (self, stream, &digest, error) : NULL;
  if (staged == NULL)
    return FALSE;
  if (!stands_for_it (self, copy, staged))
    {
      _strata_repairing_say_lost (self, path, NULL, NULL, GONE);
      return _strata_file_unlink (self->dir, staged, error);
    }

  if (!_strata_repairing_place (self, staged, path, &digest, &aside, error))
    return FALSE;
  message = g_strdup_printf ("It was copied from “%s” again; the damaged one is “%s” now", copy->below, aside != NULL ? aside : "");
  _strata_repairing_say_repaired (self, path, NULL, message);

  return TRUE;
}

static gboolean
is_gone (const GError *error)
{
  return (error->domain == STRATA_ERROR && error->code != STRATA_ERROR_IN_USE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

gboolean
_strata_repairing_mend_copy (StrataRepairing  *self,
                             const char       *path,
                             GError          **error)
{
  g_auto(Copy) copy = { 0, };
  g_autoptr(GError) copy_error = NULL;

  if (!parse_path (path, &copy))
    return TRUE;
  if (find_old_file (self, &copy, &copy_error) && copy.below != NULL && restore (self, path, &copy, &copy_error))
    return TRUE;

  if (copy_error != NULL && !is_gone (copy_error))
    {
      g_propagate_error (error, g_steal_pointer (&copy_error));
      return FALSE;
    }
  _strata_repairing_say_lost (self, path, NULL, NULL, GONE);

  return TRUE;
}
