/* strata-rollback-writer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "json/strata-json-write-private.h"
#include "strata-rollback-manifest-private.h"

#define FORMAT 1
#define BLOCK_BYTES (64 * 1024)

struct _StrataRollbackWriter
{
  int           dir;
  int           fd;
  char         *path;
  char         *temporary;
  GString      *text;      /* lines that are not written yet */
  StrataHasher *hasher;
  guint64       n_files;
  guint64       bytes;
  guint64       n_owners;
};

void
_strata_rollback_writer_free (StrataRollbackWriter *self)
{
  _strata_file_close (self->fd);
  if (self->temporary != NULL)
    _strata_file_unlink (self->dir, self->temporary, NULL);
  g_free (self->path);
  g_free (self->temporary);
  g_string_free (self->text, TRUE);
  _strata_hasher_free (self->hasher);
  g_free (self);
}

static gboolean
flush (StrataRollbackWriter  *self,
       GError               **error)
{
  gboolean ok = _strata_file_write_all (self->fd, self->text->str, self->text->len, self->path, error);

  _strata_hasher_update (self->hasher, self->text->str, self->text->len);
  g_string_truncate (self->text, 0);

  return ok;
}

static gboolean
end_line (StrataRollbackWriter  *self,
          GError               **error)
{
  _strata_json_close_object (self->text);
  g_string_append_c (self->text, '\n');

  return self->text->len < BLOCK_BYTES || flush (self, error);
}

/* What is no text is told twice: for people, and so that it can be found again. */
static void
add_path (GString    *text,
          const char *name,
          const char *path)
{
  g_autofree char *shown = path != NULL ? g_utf8_make_valid (path, -1) : NULL;
  g_autofree char *bytes_name = NULL;
  g_autofree char *base64 = NULL;

  _strata_json_add_string (text, name, shown);
  if (g_strcmp0 (shown, path) == 0)
    return;

  bytes_name = g_strconcat (name, "_bytes", NULL);
  base64 = g_base64_encode ((const guchar *)path, strlen (path));
  _strata_json_add_string (text, bytes_name, base64);
}

static gboolean
put_header (StrataRollbackWriter        *self,
            const StrataRollbackHeader  *header,
            GError                     **error)
{
  g_string_append_c (self->text, '{');
  _strata_json_add_uint (self->text, "rollback_point", FORMAT);
  _strata_json_add_string (self->text, "store", header->store_id);
  _strata_json_add_uint (self->text, "source", header->source);
  _strata_json_add_string (self->text, "made", header->made);
  add_path (self->text, "legacy", header->legacy);
  add_path (self->text, "attachments", header->attachments);
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    add_path (self->text, _strata_old_root_get_name (i), header->roots[i]);

  return end_line (self, error);
}

StrataRollbackWriter *
_strata_rollback_writer_new (int                          dir,
                             const StrataRollbackHeader  *header,
                             GError                     **error)
{
  g_autoptr(StrataRollbackWriter) self = g_new0 (StrataRollbackWriter, 1);
  g_autofree char *folder = _strata_rollback_dup_path (header->source, NULL);

  self->dir = dir;
  self->fd = -1;
  self->path = _strata_rollback_dup_path (header->source, "manifest");
  self->text = g_string_new (NULL);
  self->hasher = _strata_hasher_new ();
  if (!_strata_file_make_dir (dir, folder, error))
    return NULL;

  self->temporary = _strata_rollback_dup_path (header->source, "manifest.new");
  self->fd = _strata_file_open (dir, self->temporary, O_WRONLY | O_CREAT | O_TRUNC, error);

  return self->fd >= 0 && put_header (self, header, error) ? g_steal_pointer (&self) : NULL;
}

static const char *
name_of_kind (StrataOldKind kind)
{
  return kind == STRATA_OLD_COLLECTION ? "collection" : kind == STRATA_OLD_ATTACHMENT ? "attachment" : "derived";
}

gboolean
_strata_rollback_writer_put_file (StrataRollbackWriter      *self,
                                  const StrataRollbackFile  *file,
                                  GError                   **error)
{
  static const char *const copies[] = { NULL, "plain", "gzip" };

  g_string_append_c (self->text, '{');
  add_path (self->text, "file", file->path);
  _strata_json_add_uint (self->text, "root", file->root);
  _strata_json_add_string (self->text, "kind", name_of_kind (file->kind));
  _strata_json_add_string (self->text, "what", file->what);
  _strata_json_add_uint (self->text, "size", file->mark.size);
  _strata_json_add_int (self->text, "mtime_ns", file->mark.mtime_ns);
  _strata_json_add_int (self->text, "ctime_ns", file->mark.ctime_ns);
  _strata_json_add_uint (self->text, "inode", file->mark.inode);
  _strata_json_add_digest (self->text, "sha256", file->has_digest ? &file->digest : NULL);
  _strata_json_add_string (self->text, "copy", copies[file->copy]);
  _strata_json_add_uint (self->text, "sessions", file->sessions);
  _strata_json_add_bool (self->text, "changed", file->is_changed);
  _strata_json_add_bool (self->text, "kept", file->is_kept);
  self->n_files++;
  self->bytes += file->mark.size;

  return end_line (self, error);
}

gboolean
_strata_rollback_writer_put_owner (StrataRollbackWriter       *self,
                                   const StrataRollbackOwner  *owner,
                                   GError                    **error)
{
  g_string_append_c (self->text, '{');
  _strata_json_add_string (self->text, "owner", owner->key);
  _strata_json_add_bool (self->text, "collection", owner->is_collection);
  _strata_json_add_raw (self->text, "id", owner->id_token);
  _strata_json_add_string (self->text, "name", owner->name);
  _strata_json_add_digest (self->text, "sha256", &owner->raw_digest);
  _strata_json_add_digest (self->text, "metadata", &owner->metadata);
  _strata_json_add_bool (self->text, "held", owner->is_held);
  self->n_owners++;

  return end_line (self, error);
}

static gboolean
write_end (StrataRollbackWriter  *self,
           StrataDigest          *out_digest,
           GError               **error)
{
  if (!flush (self, error))
    return FALSE;

  _strata_hasher_finish (self->hasher, out_digest);
  g_string_append_c (self->text, '{');
  _strata_json_add_uint (self->text, "files", self->n_files);
  _strata_json_add_uint (self->text, "bytes", self->bytes);
  _strata_json_add_uint (self->text, "owners", self->n_owners);
  _strata_json_add_digest (self->text, "digest", out_digest);
  _strata_json_close_object (self->text);
  g_string_append_c (self->text, '\n');

  return _strata_file_write_all (self->fd, self->text->str, self->text->len, self->path, error);
}

gboolean
_strata_rollback_writer_finish (StrataRollbackWriter  *self,
                                StrataDigest          *out_digest,
                                GError               **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);

  if (!write_end (self, out_digest, error) ||
      !_strata_file_sync (self->fd, self->path, error) ||
      !_strata_file_rename (self->dir, self->temporary, self->path, error))
    return FALSE;
  g_clear_pointer (&self->temporary, g_free);

  return _strata_file_sync_dir (self->dir, folder, error) && _strata_file_sync_dir (self->dir, "migration", error);
}
