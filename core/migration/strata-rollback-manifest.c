/* strata-rollback-manifest.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "strata-rollback-manifest-private.h"

#define FORMAT 1

struct _StrataRollbackManifest
{
  int                   dir;
  char                 *path;
  StrataRollbackHeader  header;
  StrataDigest          digest;
  guint64               n_files;
  guint64               bytes;
};

static const char *const header_names[] = {
  "rollback_point", "store", "source", "made", "legacy", "legacy_bytes", "attachments", "attachments_bytes",
  "data", "data_bytes", "collections", "collections_bytes", "containers", "containers_bytes", NULL
};

static const char *const line_names[] = {
  "file", "file_bytes", "root", "kind", "what", "size", "mtime_ns", "ctime_ns", "inode", "sha256", "copy", "sessions",
  "changed", "kept", "owner", "collection", "id", "name", "metadata", "held", NULL
};

static const char *const end_names[] = { "files", "bytes", "owners", "digest", NULL };

void
_strata_rollback_file_clear (StrataRollbackFile *self)
{
  g_free (self->path);
  g_free (self->what);
}

void
_strata_rollback_owner_clear (StrataRollbackOwner *self)
{
  g_free (self->key);
  g_free (self->id_token);
  g_free (self->name);
}

void
_strata_rollback_header_clear (StrataRollbackHeader *self)
{
  g_free (self->store_id);
  g_free (self->made);
  g_free (self->legacy);
  g_free (self->attachments);
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    g_free (self->roots[i]);
}

char *
_strata_rollback_dup_path (guint       source,
                           const char *name)
{
  return name != NULL ? g_strdup_printf ("migration/rollback-%u/%s", source, name)
                      : g_strdup_printf ("migration/rollback-%u", source);
}

void
_strata_rollback_manifest_free (StrataRollbackManifest *self)
{
  _strata_rollback_header_clear (&self->header);
  g_free (self->path);
  g_free (self);
}

const StrataRollbackHeader *
_strata_rollback_manifest_get_header (StrataRollbackManifest *self)
{
  return &self->header;
}

const StrataDigest *
_strata_rollback_manifest_get_digest (StrataRollbackManifest *self)
{
  return &self->digest;
}

guint64
_strata_rollback_manifest_get_n_files (StrataRollbackManifest *self)
{
  return self->n_files;
}

guint64
_strata_rollback_manifest_get_bytes (StrataRollbackManifest *self)
{
  return self->bytes;
}

/* Lines */

static gboolean
set_corrupt (StrataRollbackManifest  *self,
             GError                 **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: it is not what was written", self->path);

  return FALSE;
}

/* A path as it was on disk, which need not be text. (nullable) (transfer full) */
static char *
dup_path (StrataJsonMembers *members,
          const char        *name)
{
  g_autofree char *bytes_name = g_strconcat (name, "_bytes", NULL);
  g_autofree char *base64 = _strata_json_members_dup_string (members, bytes_name);
  g_autofree guchar *bytes = NULL;
  gsize length;

  if (base64 == NULL)
    return _strata_json_members_dup_string (members, name);

  bytes = g_base64_decode (base64, &length);

  return g_strndup ((const char *)bytes, length);
}

static gboolean
read_header (StrataRollbackManifest  *self,
             const char              *line,
             gsize                    length,
             GError                 **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (line, length, header_names, error);
  StrataRollbackHeader *header = &self->header;

  if (members == NULL)
    return FALSE;

  if (_strata_json_members_get_uint (members, "rollback_point") > FORMAT)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NEWER_FORMAT,
                           "The rollback point was made by a newer version of Strata. Your data is intact: update the program");
      return FALSE;
    }

  header->store_id = _strata_json_members_dup_string (members, "store");
  header->source = (guint)_strata_json_members_get_uint (members, "source");
  header->made = _strata_json_members_dup_string (members, "made");
  header->legacy = dup_path (members, "legacy");
  header->attachments = dup_path (members, "attachments");
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    header->roots[i] = dup_path (members, _strata_old_root_get_name (i));

  return (header->store_id != NULL && header->made != NULL && header->legacy != NULL) || set_corrupt (self, error);
}

static StrataOldKind
parse_kind (const char *name)
{
  return g_strcmp0 (name, "collection") == 0 ? STRATA_OLD_COLLECTION
         : g_strcmp0 (name, "attachment") == 0 ? STRATA_OLD_ATTACHMENT : STRATA_OLD_DERIVED;
}

static StrataCopyForm
parse_copy (const char *name)
{
  return g_strcmp0 (name, "plain") == 0 ? STRATA_COPY_PLAIN
         : g_strcmp0 (name, "gzip") == 0 ? STRATA_COPY_GZIP : STRATA_COPY_NONE;
}

static void
fill_file (StrataJsonMembers  *members,
           StrataRollbackFile *file)
{
  g_autofree char *kind = _strata_json_members_dup_string (members, "kind");
  g_autofree char *copy = _strata_json_members_dup_string (members, "copy");

  file->path = dup_path (members, "file");
  file->root = (StrataOldRoot)MIN (_strata_json_members_get_uint (members, "root"), STRATA_OLD_N_ROOTS - 1);
  file->kind = parse_kind (kind);
  file->what = _strata_json_members_dup_string (members, "what");
  file->mark.size = _strata_json_members_get_uint (members, "size");
  file->mark.mtime_ns = _strata_json_members_get_int (members, "mtime_ns");
  file->mark.ctime_ns = _strata_json_members_get_int (members, "ctime_ns");
  file->mark.inode = _strata_json_members_get_uint (members, "inode");
  file->has_digest = _strata_json_members_get_digest (members, "sha256", &file->digest);
  file->copy = parse_copy (copy);
  file->sessions = _strata_json_members_get_uint (members, "sessions");
  file->is_changed = _strata_json_members_get_bool (members, "changed");
  file->is_kept = _strata_json_members_get_bool (members, "kept");
}

static void
fill_owner (StrataJsonMembers   *members,
            StrataRollbackOwner *owner)
{
  const char *id_token = _strata_json_members_get_raw (members, "id");

  owner->key = _strata_json_members_dup_string (members, "owner");
  owner->is_collection = _strata_json_members_get_bool (members, "collection");
  owner->id_token = g_strcmp0 (id_token, "null") != 0 ? g_strdup (id_token) : NULL;
  owner->name = _strata_json_members_dup_string (members, "name");
  _strata_json_members_get_digest (members, "sha256", &owner->raw_digest);
  _strata_json_members_get_digest (members, "metadata", &owner->metadata);
  owner->is_held = _strata_json_members_get_bool (members, "held");
}

/* Going through it */

typedef struct
{
  StrataRollbackManifest  *manifest;
  StrataRollbackFileFunc   file_func;
  StrataRollbackOwnerFunc  owner_func;
  gpointer                 user_data;
  guint64                  n_files;
} Walk;

static gboolean
give_line (Walk        *walk,
           const char  *line,
           gsize        length,
           GError     **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (line, length, line_names, error);

  if (members == NULL)
    return FALSE;

  if (_strata_json_members_get_raw (members, "file") != NULL)
    {
      g_auto(StrataRollbackFile) file = { 0 };

      fill_file (members, &file);
      walk->n_files++;
      return walk->file_func == NULL || walk->file_func (&file, walk->n_files - 1, walk->user_data, error);
    }

  if (_strata_json_members_get_raw (members, "owner") != NULL)
    {
      g_auto(StrataRollbackOwner) owner = { 0 };

      fill_owner (members, &owner);
      return walk->owner_func == NULL || walk->owner_func (&owner, walk->user_data, error);
    }

  return set_corrupt (walk->manifest, error);
}

static GDataInputStream *
open_lines (StrataRollbackManifest  *self,
            GError                 **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, self->path, error);
  GDataInputStream *lines;

  if (stream == NULL)
    return NULL;

  lines = g_data_input_stream_new (stream);
  g_data_input_stream_set_newline_type (lines, G_DATA_STREAM_NEWLINE_TYPE_LF);

  return lines;
}

/* Returns: (transfer full) (nullable): %NULL with @error set, or at the end without */
static char *
read_line (GDataInputStream  *lines,
           gsize             *out_length,
           GCancellable      *cancellable,
           GError           **error)
{
  return g_data_input_stream_read_line (lines, out_length, cancellable, error);
}

gboolean
_strata_rollback_manifest_foreach (StrataRollbackManifest   *self,
                                   StrataRollbackFileFunc    file_func,
                                   StrataRollbackOwnerFunc   owner_func,
                                   gpointer                  user_data,
                                   GCancellable             *cancellable,
                                   GError                  **error)
{
  g_autoptr(GDataInputStream) lines = open_lines (self, error);
  Walk walk = { self, file_func, owner_func, user_data, 0 };
  gsize length;

  if (lines == NULL)
    return FALSE;

  for (gboolean is_first = TRUE; ; is_first = FALSE)
    {
      g_autoptr(GError) read_error = NULL;
      g_autofree char *line = read_line (lines, &length, cancellable, &read_error);

      if (read_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&read_error));
          return FALSE;
        }
      if (line == NULL)
        return set_corrupt (self, error);
      if (g_str_has_prefix (line, "{\"files\":"))
        return TRUE;
      if (!is_first && !give_line (&walk, line, length, error))
        return FALSE;
    }
}

/* Opening */

static gboolean
read_end (StrataRollbackManifest  *self,
          const char              *line,
          gsize                    length,
          GError                 **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (line, length, end_names, NULL);
  StrataDigest digest;

  if (members == NULL || !_strata_json_members_get_digest (members, "digest", &digest) ||
      !_strata_digest_equal (&digest, &self->digest))
    return set_corrupt (self, error);

  self->n_files = _strata_json_members_get_uint (members, "files");
  self->bytes = _strata_json_members_get_uint (members, "bytes");

  return TRUE;
}

/* Reads all lines, and compares them with the digest in the last. */
static gboolean
check_whole (StrataRollbackManifest  *self,
             GDataInputStream        *lines,
             GCancellable            *cancellable,
             GError                 **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  gsize length;

  for (gboolean is_first = TRUE; ; is_first = FALSE)
    {
      g_autoptr(GError) read_error = NULL;
      g_autofree char *line = read_line (lines, &length, cancellable, &read_error);

      if (read_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&read_error));
          return FALSE;
        }
      if (line == NULL)
        return set_corrupt (self, error);
      if (is_first && !read_header (self, line, length, error))
        return FALSE;
      if (g_str_has_prefix (line, "{\"files\":"))
        {
          _strata_hasher_finish (hasher, &self->digest);
          return read_end (self, line, length, error);
        }
      _strata_hasher_update (hasher, line, length);
      _strata_hasher_update (hasher, "\n", 1);
    }
}

StrataRollbackManifest *
_strata_rollback_manifest_open (int            dir,
                                guint          source,
                                GCancellable  *cancellable,
                                GError       **error)
{
  g_autoptr(StrataRollbackManifest) self = g_new0 (StrataRollbackManifest, 1);
  g_autoptr(GDataInputStream) lines = NULL;
  g_autoptr(GError) open_error = NULL;

  self->dir = dir;
  self->path = _strata_rollback_dup_path (source, "manifest");
  lines = open_lines (self, &open_error);
  if (lines == NULL && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND,
                           "There is no rollback point: no migration into this store was completed");
      return NULL;
    }
  if (lines == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return NULL;
    }

  return check_whole (self, lines, cancellable, error) ? g_steal_pointer (&self) : NULL;
}
