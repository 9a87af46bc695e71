/* strata-growth.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-changes-private.h"
#include "strata-edit-private.h"
#include "strata-growth-private.h"
#include "strata-key-private.h"
#include "strata-member-private.h"
#include "strata-tail-private.h"
#include "strata-trash-private.h"

/* More sessions than this are not recorded at once; each has an open file */
#define MAX_GROWING 32
/* After sealing failed it is tried again when there is so much more */
#define PUT_OFF_BYTES (256 * 1024)

/* Tells one metadata.json from the one that replaces it */
typedef struct
{
  guint64 inode;
  guint64 size;
  gint64  changed_s;
  gint64  changed_ns;
} FileMark;

struct _StrataGrowing
{
  char         *key;
  FileMark      metadata;
  StrataDigest  metadata_digest;
  guint64       generation;
  int           fd;           /* of the tail; -1: there is none yet */
  guint64       end;          /* of its last line */
  guint64       seal_at;
  guint         suitable;     /* lists that were looked at and fit, a bit for each */
  GHashTable   *ids;          /* attachments with a row in the tail → digest, or NULL */
};

struct _StrataGrowth
{
  StrataStore *store;         /* borrowed: it owns this */
  int          dir;           /* from the first use on */
  GHashTable  *growing;       /* key → StrataGrowing */
};

static void
growing_free (gpointer data)
{
  StrataGrowing *growing = data;

  _strata_file_close (growing->fd);
  g_hash_table_unref (growing->ids);
  g_free (growing->key);
  g_free (growing);
}

StrataGrowth *
_strata_growth_new (StrataStore *store)
{
  StrataGrowth *self = g_new0 (StrataGrowth, 1);

  self->store = store;
  self->growing = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, growing_free);

  return self;
}

void
_strata_growth_free (StrataGrowth *self)
{
  g_hash_table_unref (self->growing);
  g_free (self);
}

void
_strata_growth_forget (StrataGrowth *self,
                       const char   *key)
{
  g_hash_table_remove (self->growing, key);
}

/* Where a session stands */

static gboolean
mark_metadata (StrataGrowth  *self,
               const char    *key,
               FileMark      *out_mark,
               GError       **error)
{
  g_autofree char *path = g_strdup_printf ("sessions/%s/metadata.json", key);
  struct stat status;

  if (_strata_key_is_valid (key) && _strata_seam_get ()->stat (self->dir, path, &status) == 0)
    {
      out_mark->inode = status.st_ino;
      out_mark->size = (guint64)status.st_size;
      out_mark->changed_s = status.st_ctim.tv_sec;
      out_mark->changed_ns = status.st_ctim.tv_nsec;
      return TRUE;
    }

  if (!_strata_key_is_valid (key) || errno == ENOENT || errno == ENOTDIR)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no session “%s”", key);
  else
    _strata_file_set_error (error, errno, "look at", path);

  return FALSE;
}

static gboolean
mark_equal (const FileMark *a,
            const FileMark *b)
{
  return a->inode == b->inode && a->size == b->size && a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

static void
note_row (StrataGrowing             *growing,
          const StrataAttachmentRow *row)
{
  g_hash_table_replace (growing->ids, g_strdup (row->id),
                        g_memdup2 (_strata_attachment_row_get_content (row), sizeof row->digest));
}

/* Takes over what the tail has from where the last reading ended. */
static gboolean
follow (StrataGrowth      *self,
        StrataGrowing     *growing,
        const StrataTail  *tail,
        GError           **error)
{
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);

  if (!_strata_tail_check (tail, growing->key, error) ||
      !_strata_tail_cut (tail, self->dir, growing->key, growing->fd, error))
    return FALSE;

  for (guint i = 0; i < tail->lines->len; i++)
    if (!_strata_tail_line_read_rows (&g_array_index (tail->lines, StrataTailLine, i), rows, error))
      return FALSE;
  for (guint i = 0; i < rows->len; i++)
    note_row (growing, g_ptr_array_index (rows, i));
  growing->end = tail->end;

  return TRUE;
}

static gboolean
open_tail (StrataGrowth      *self,
           StrataGrowing     *growing,
           const StrataTail  *tail,
           GError           **error)
{
  g_autofree char *path = _strata_tail_dup_path (growing->key);

  growing->fd = _strata_file_open (self->dir, path, O_RDWR | O_APPEND | O_NOFOLLOW, error);

  return growing->fd >= 0 && follow (self, growing, tail, error);
}

static StrataGrowing *
load (StrataGrowth    *self,
      const char      *key,
      const FileMark  *mark,
      GError         **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, FALSE, key, error);
  StrataGrowing *growing;

  if (manifest == NULL)
    return NULL;

  growing = g_new0 (StrataGrowing, 1);
  growing->key = g_strdup (key);
  growing->metadata = *mark;
  growing->metadata_digest = manifest->file_digest;
  growing->generation = manifest->generation;
  growing->fd = -1;
  growing->seal_at = STRATA_TAIL_BYTES;
  growing->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (manifest->tail != NULL && !open_tail (self, growing, manifest->tail, error))
    {
      growing_free (growing);
      return NULL;
    }

  return growing;
}

/* Whether what is known of the session still holds; takes over what others appended to its tail.
 *
 * @out_holds: FALSE: it has to be loaded anew
 */
static gboolean
catch_up (StrataGrowth   *self,
          StrataGrowing  *growing,
          const FileMark *mark,
          gboolean       *out_holds,
          GError        **error)
{
  g_autoptr(StrataTail) tail = NULL;
  struct stat status;

  *out_holds = FALSE;
  if (!mark_equal (&growing->metadata, mark) || growing->fd < 0)
    return TRUE;

  if (_strata_seam_get ()->fstat (growing->fd, &status) < 0 || status.st_nlink == 0 || (guint64)status.st_size < growing->end)
    return TRUE;

  *out_holds = (guint64)status.st_size == growing->end;
  if (*out_holds)
    return TRUE;

  tail = _strata_tail_read (self->dir, growing->key, growing->end, error);
  if (tail == NULL)
    return FALSE;
  *out_holds = tail->generation == growing->generation;

  return !*out_holds || follow (self, growing, tail, error);
}

StrataGrowing *
_strata_growth_get (StrataGrowth  *self,
                    const char    *key,
                    GError       **error)
{
  StrataGrowing *growing = g_hash_table_lookup (self->growing, key);
  gboolean holds = FALSE;
  FileMark mark;

  self->dir = _strata_store_get_dir (self->store);
  if (!mark_metadata (self, key, &mark, error) ||
      (growing != NULL && !catch_up (self, growing, &mark, &holds, error)))
    {
      _strata_growth_forget (self, key);
      return NULL;
    }
  if (holds)
    return growing;

  _strata_growth_forget (self, key);
  growing = load (self, key, &mark, error);
  if (growing == NULL)
    return NULL;

  if (g_hash_table_size (self->growing) >= MAX_GROWING)
    g_hash_table_remove_all (self->growing);
  g_hash_table_insert (self->growing, growing->key, growing);

  return growing;
}

gboolean
_strata_growth_check_list (StrataGrowth   *self,
                           StrataGrowing  *growing,
                           StrataList      list,
                           GError        **error)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GPtrArray) members = NULL;

  if (growing->suitable & 1u << list)
    return TRUE;

  manifest = _strata_store_load (self->store, FALSE, growing->key, error);
  members = manifest != NULL ? _strata_members_unpack (manifest, error) : NULL;
  if (members == NULL || !_strata_edit_check_list (self->dir, manifest, members, list, error))
    return FALSE;

  growing->suitable |= 1u << list;

  return TRUE;
}

gboolean
_strata_growing_find_row (StrataGrowing       *growing,
                          const char          *id,
                          const StrataDigest **out_digest)
{
  return g_hash_table_lookup_extended (growing->ids, id, NULL, (gpointer *)out_digest);
}

gboolean
_strata_growing_is_full (StrataGrowing *growing)
{
  return growing->end >= growing->seal_at;
}

gboolean
_strata_growth_is_full (StrataGrowth *self,
                        const char   *key)
{
  StrataGrowing *growing = g_hash_table_lookup (self->growing, key);

  return growing != NULL && _strata_growing_is_full (growing);
}

void
_strata_growing_put_off (StrataGrowing *growing)
{
  growing->seal_at = growing->end + PUT_OFF_BYTES;
}

/* Writing */

/* The log names a session that begins to grow, so that whoever opens the store
 * after a crash knows where to look.
 */
static gboolean
log_tail (StrataGrowth   *self,
          StrataGrowing  *growing,
          GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  StrataChange *change = _strata_change_new (growing->key, &growing->metadata_digest);
  guint64 end;

  change->is_tail = TRUE;
  g_ptr_array_add (changes, change);

  return _strata_changes_append (self->dir, changes, &end, error);
}

/* A new file in the place of the one that was sealed, if that is still there: whole, or not at all */
static gboolean
make_tail (StrataGrowth   *self,
           StrataGrowing  *growing,
           GError        **error)
{
  g_autofree char *path = _strata_tail_dup_path (growing->key);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = NULL;
  g_autoptr(GString) header = g_string_new (NULL);
  StrataStaging *corner = _strata_store_get_corner_locked (self->store, error);
  g_autoptr(GError) roll_error = NULL;

  if (corner == NULL || !log_tail (self, growing, error))
    return FALSE;

  temporary = _strata_staging_next_path (corner);
  _strata_tail_append_header (header, growing->key, growing->generation);
  if (!_strata_file_replace (self->dir, path, temporary, header->str, header->len, error))
    return FALSE;

  growing->fd = _strata_file_open (self->dir, path, O_RDWR | O_APPEND | O_NOFOLLOW, error);
  growing->end = header->len;
  if (growing->fd < 0)
    return FALSE;

  if (!_strata_store_roll_forward (self->store, NULL, &roll_error))
    {
      g_info ("The catalog will catch up later: %s", roll_error->message);
      _strata_store_apply_files (self->store, FALSE, growing->key);
    }

  return TRUE;
}

/* What was not written or not synced must not count: it is cut off again, as far as that goes. */
static gboolean
write_lines (StrataGrowing  *growing,
             GString        *lines,
             const char     *path,
             GError        **error)
{
  if (_strata_file_write_all (growing->fd, lines->str, lines->len, path, error))
    {
      if (_strata_seam_get ()->datasync (growing->fd) == 0)
        return TRUE;
      _strata_file_set_error (error, errno, "save to disk", path);
    }
  if (_strata_seam_get ()->truncate (growing->fd, (goffset)growing->end) < 0)
    g_info ("What could not be appended to “%s” may be there nevertheless", path);

  return FALSE;
}

/* What the lines are to name is in its place first. What is not to be found was lost before. */
static gboolean
bring_back (StrataGrowth  *self,
            GPtrArray     *rows,
            GError       **error)
{
  for (guint i = 0; i < rows->len; i++)
    if (!_strata_trash_bring_back_row (self->dir, g_ptr_array_index (rows, i), error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_growth_write (StrataGrowth   *self,
                      StrataGrowing  *growing,
                      GString        *lines,
                      GPtrArray      *rows,
                      GError        **error)
{
  g_autofree char *path = _strata_tail_dup_path (growing->key);

  if (!bring_back (self, rows, error) || (growing->fd < 0 && !make_tail (self, growing, error)) ||
      !write_lines (growing, lines, path, error))
    {
      _strata_growth_forget (self, growing->key);
      return FALSE;
    }

  growing->end += lines->len;
  for (guint i = 0; i < rows->len; i++)
    note_row (growing, g_ptr_array_index (rows, i));

  return TRUE;
}
