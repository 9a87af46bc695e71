/* strata-batch.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-batch-private.h"
#include "strata-changes-private.h"
#include "strata-tail-private.h"
#include "strata-trash-private.h"

/* A label longer than this would make the name in quarantine/ longer than a file system takes */
#define MAX_LABEL 200
/* Content up to this is decoded in memory, so that what the store has already is never written */
#define IN_MEMORY_BYTES (4 * 1024 * 1024)
#define BLOCK_BYTES     (256 * 1024)
/* So many files are synced one by one, sparing others what they have not asked for */
#define MAX_SINGLE_SYNCS 32

typedef struct
{
  char     *from;
  char     *to;
  gboolean  is_synced;
  gboolean  is_hold;    /* a second name of an object that is there, see hold_object() */
  gpointer  entry;      /* the Entry without which it does not go there; NULL: any */
} Placement;

typedef struct
{
  StrataManifest *manifest;
  GPtrArray      *rows;            /* NULL: it only got more */
  char           *staged_metadata;
  gboolean        is_edit;         /* made from what is there, which nobody changed since */
  StrataDigest    base;            /* of the metadata.json that it was made from */
  StrataTail     *sealed;
  GPtrArray      *more_rows;
  gboolean        is_conversion;   /* left out where it is not of what is there */
  GPtrArray      *obsolete;        /* paths of objects */
} Entry;

struct _StrataBatch
{
  StrataStore   *store;
  int            dir;
  StrataStaging *staging;
  GMutex         mutex;      /* guards the next two while content is put in by several threads */
  GPtrArray     *placements; /* Placement: parts and objects */
  GHashTable    *objects;    /* paths of objects that are staged */
  GPtrArray     *entries;    /* Entry */
  GHashTable    *folders;    /* folders whose entries changed */
  gboolean       distrust;
  gboolean       is_shared;  /* the corner is the store's */
  char          *intent;     /* staged file that names what is being committed */
  GPtrArray     *left_out;   /* keys */
  gboolean       is_careful; /* what others put in place may not be on disk */
};

static void
placement_free (gpointer data)
{
  Placement *placement = data;

  g_free (placement->from);
  g_free (placement->to);
  g_free (placement);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  _strata_manifest_free (entry->manifest);
  g_clear_pointer (&entry->rows, g_ptr_array_unref);
  g_clear_pointer (&entry->sealed, _strata_tail_unref);
  g_clear_pointer (&entry->more_rows, g_ptr_array_unref);
  g_clear_pointer (&entry->obsolete, g_ptr_array_unref);
  g_free (entry->staged_metadata);
  g_free (entry);
}

void
_strata_staged_file_free (StrataStagedFile *file)
{
  g_free (file->staged);
  g_free (file->path);
  g_free (file);
}

static StrataBatch *
new_batch (StrataStore *store)
{
  StrataBatch *self = g_new0 (StrataBatch, 1);

  self->store = g_object_ref (store);
  self->dir = _strata_store_get_dir (store);
  g_mutex_init (&self->mutex);
  self->placements = g_ptr_array_new_with_free_func (placement_free);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->left_out = g_ptr_array_new_with_free_func (g_free);

  return self;
}

StrataBatch *
_strata_batch_new_shared (StrataStore  *store,
                          GError      **error)
{
  g_autoptr(StrataBatch) self = new_batch (store);

  self->is_shared = TRUE;
  self->staging = _strata_store_get_corner (store, error);
  if (self->staging == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

StrataBatch *
_strata_batch_new (StrataStore  *store,
                   GError      **error)
{
  g_autoptr(StrataBatch) self = new_batch (store);

  if (!_strata_store_lock (store, error))
    return NULL;
  /* Under the lock, so that nobody sweeps a corner between its making and its locking */
  self->staging = _strata_staging_new (self->dir, error);
  _strata_store_unlock (store);
  if (self->staging == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

static void
drop_staged (StrataBatch *self)
{
  for (guint i = 0; i < self->placements->len; i++)
    _strata_file_unlink (self->dir, ((Placement *)g_ptr_array_index (self->placements, i))->from, NULL);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->staged_metadata != NULL)
        _strata_file_unlink (self->dir, entry->staged_metadata, NULL);
    }
}

static void
forget_all (StrataBatch *self)
{
  g_clear_pointer (&self->intent, g_free);
  g_ptr_array_set_size (self->placements, 0);
  g_ptr_array_set_size (self->entries, 0);
  g_hash_table_remove_all (self->objects);
  g_hash_table_remove_all (self->folders);
}

void
_strata_batch_free (StrataBatch *self)
{
  if (self->staging != NULL)
    drop_staged (self);
  if (!self->is_shared)
    g_clear_pointer (&self->staging, _strata_staging_free);
  g_ptr_array_unref (self->placements);
  g_ptr_array_unref (self->entries);
  g_hash_table_unref (self->objects);
  g_hash_table_unref (self->folders);
  g_ptr_array_unref (self->left_out);
  g_free (self->intent);
  g_mutex_clear (&self->mutex);
  g_object_unref (self->store);
  g_free (self);
}

StrataStaging *
_strata_batch_get_staging (StrataBatch *self)
{
  return self->staging;
}

guint
_strata_batch_get_length (StrataBatch *self)
{
  return self->entries->len;
}

void
_strata_batch_set_distrust (StrataBatch *self,
                            gboolean     distrust)
{
  self->distrust = distrust;
}

static void
place (StrataBatch *self,
       char        *from,
       char        *to)
{
  Placement *placement = g_new0 (Placement, 1);

  placement->from = from;
  placement->to = to;
  g_ptr_array_add (self->placements, placement);
}

/* Objects */

static gboolean
is_whole (StrataBatch *self,
          const char  *path,
          guint64      bytes)
{
  struct stat status;

  return _strata_seam_get ()->stat (self->dir, path, &status) == 0 && S_ISREG (status.st_mode) &&
         (guint64)status.st_size == bytes;
}

/* Gives an object that is at @path a second name in staging/, so that it is still there
 * for the commit, even when another process clears it away as unused until then.
 *
 * Returns: 0, or the errno
 */
static int
hold_object (StrataBatch *self,
             const char  *path,
             const char  *to)
{
  g_autofree char *name = _strata_staging_next_path (self->staging);
  Placement *placement;

  if (_strata_seam_get ()->link (self->dir, path, self->dir, name) < 0)
    return errno;

  place (self, g_steal_pointer (&name), g_strdup (to));
  placement = g_ptr_array_index (self->placements, self->placements->len - 1);
  /* What is in the store was synced before it got there */
  placement->is_synced = TRUE;
  placement->is_hold = TRUE;
  g_hash_table_add (self->objects, g_strdup (to));

  return 0;
}

/* Whether an object is in the store, or about to be, perhaps back from the trash. One of
 * another length than it should have is damaged, and is written anew.
 */
static gboolean
has_object (StrataBatch              *self,
            const char               *path,
            const StrataStoredObject *object)
{
  g_autofree char *trash_path = NULL;

  if (g_hash_table_contains (self->objects, path))
    return TRUE;
  if (self->distrust)
    return FALSE;

  /* Where a file can't have two names, the commit finds out whether it went away */
  if (is_whole (self, path, object->bytes))
    return hold_object (self, path, path) != ENOENT;

  trash_path = _strata_object_dup_trash_path (&object->digest, object->type->extension);

  return is_whole (self, trash_path, object->bytes) && hold_object (self, trash_path, path) == 0;
}

/* The same, by any thread */
static gboolean
look_for_object (StrataBatch              *self,
                 const char               *path,
                 const StrataStoredObject *object)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return has_object (self, path, object);
}

/* Takes @staged, a file of the staging area with the object's bytes, unless they are known already. */
static gboolean
settle_object (StrataBatch         *self,
               char                *staged,
               StrataStoredObject  *object,
               GError             **error)
{
  g_autofree char *path = _strata_object_dup_path (&object->digest, object->type->extension);
  g_autofree char *unneeded = NULL;

  g_mutex_lock (&self->mutex);
  object->is_new = !has_object (self, path, object);
  if (object->is_new)
    {
      g_hash_table_add (self->objects, g_strdup (path));
      place (self, staged, g_steal_pointer (&path));
    }
  else
    unneeded = staged;
  g_mutex_unlock (&self->mutex);

  return unneeded == NULL || _strata_file_unlink (self->dir, unneeded, error);
}

gboolean
_strata_batch_put_data (StrataBatch         *self,
                        const char          *data,
                        gsize                size,
                        StrataStoredObject  *out_object,
                        GError             **error)
{
  g_autofree char *path = NULL;
  char *staged;

  _strata_digest_of (data, size, &out_object->digest);
  out_object->bytes = size;
  out_object->type = _strata_content_type_of (data, MIN (size, STRATA_CONTENT_HEAD));

  path = _strata_object_dup_path (&out_object->digest, out_object->type->extension);
  out_object->is_new = !look_for_object (self, path, out_object);
  if (!out_object->is_new)
    return TRUE;

  staged = _strata_staging_write (self->staging, data, size, error);

  return staged != NULL && settle_object (self, staged, out_object, error);
}

/* Copies the rest of @content behind @head into @fd, hashing both. */
static gboolean
copy_and_hash (StrataBatch         *self,
               const char          *head,
               gsize                head_size,
               GInputStream        *content,
               int                  fd,
               const char          *path,
               StrataStoredObject  *out_object,
               GCancellable        *cancellable,
               GError             **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size = 0;

  _strata_hasher_update (hasher, head, head_size);
  out_object->bytes = head_size;
  if (!_strata_file_write_all (fd, head, head_size, path, error))
    return FALSE;

  while ((size = g_input_stream_read (content, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      out_object->bytes += (guint64)size;
      if (!_strata_file_write_all (fd, block, (gsize)size, path, error))
        return FALSE;
    }
  _strata_hasher_finish (hasher, &out_object->digest);

  return size == 0;
}

static gboolean
put_large (StrataBatch         *self,
           const char          *head,
           gsize                head_size,
           GInputStream        *content,
           StrataStoredObject  *out_object,
           GCancellable        *cancellable,
           GError             **error)
{
  g_autofree char *staged = _strata_staging_next_path (self->staging);
  int fd = _strata_file_open (self->dir, staged, O_WRONLY | O_CREAT | O_EXCL, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  out_object->type = _strata_content_type_of (head, MIN (head_size, STRATA_CONTENT_HEAD));
  ok = copy_and_hash (self, head, head_size, content, fd, staged, out_object, cancellable, error);
  _strata_file_close (fd);
  if (!ok)
    {
      _strata_file_unlink (self->dir, staged, NULL);
      return FALSE;
    }

  return settle_object (self, g_steal_pointer (&staged), out_object, error);
}

gboolean
_strata_batch_put_stream (StrataBatch         *self,
                          GInputStream        *content,
                          StrataStoredObject  *out_object,
                          GCancellable        *cancellable,
                          GError             **error)
{
  g_autoptr(GByteArray) head = g_byte_array_sized_new (BLOCK_BYTES);

  while (head->len < IN_MEMORY_BYTES)
    {
      gsize old = head->len;
      gssize size;

      g_byte_array_set_size (head, (guint)(old + BLOCK_BYTES));
      size = g_input_stream_read (content, head->data + old, BLOCK_BYTES, cancellable, error);
      g_byte_array_set_size (head, (guint)(old + (gsize)MAX (size, 0)));
      if (size < 0)
        return FALSE;
      if (size == 0)
        return _strata_batch_put_data (self, (const char *)head->data, head->len, out_object, error);
    }

  return put_large (self, (const char *)head->data, head->len, content, out_object, cancellable, error);
}

/* Hashes what @staged holds, after its blocks were shared with the original. */
static gboolean
hash_staged (StrataBatch         *self,
             const char          *staged,
             StrataStoredObject  *out_object,
             GCancellable        *cancellable,
             GError             **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, staged, error);
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size = 0;

  if (stream == NULL)
    return FALSE;

  out_object->bytes = 0;
  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      if (out_object->bytes == 0)
        out_object->type = _strata_content_type_of (block, MIN ((gsize)size, STRATA_CONTENT_HEAD));
      _strata_hasher_update (hasher, block, (gsize)size);
      out_object->bytes += (guint64)size;
    }
  _strata_hasher_finish (hasher, &out_object->digest);

  return size == 0;
}

/* Returns: (transfer full) (nullable): the staged clone; %NULL: this file system has none */
static char *
try_clone (StrataBatch *self,
           int          fd)
{
  g_autofree char *staged = _strata_staging_next_path (self->staging);
  int to = _strata_file_open (self->dir, staged, O_WRONLY | O_CREAT | O_EXCL, NULL);
  gboolean cloned;

  if (to < 0)
    return NULL;

  cloned = _strata_seam_get ()->clone (fd, to) == 0;
  _strata_file_close (to);
  if (cloned)
    return g_steal_pointer (&staged);

  _strata_file_unlink (self->dir, staged, NULL);

  return NULL;
}

gboolean
_strata_batch_put_file (StrataBatch         *self,
                        int                  dir,
                        const char          *path,
                        StrataStoredObject  *out_object,
                        GCancellable        *cancellable,
                        GError             **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open_source (dir, path, error);

  return stream != NULL &&
         _strata_batch_put_open_file (self, STRATA_FILE_STREAM (stream), out_object, cancellable, error);
}

gboolean
_strata_batch_put_open_file (StrataBatch         *self,
                             StrataFileStream    *file,
                             StrataStoredObject  *out_object,
                             GCancellable        *cancellable,
                             GError             **error)
{
  g_autofree char *staged = NULL;
  struct stat status;

  if (_strata_seam_get ()->fstat (_strata_file_stream_get_fd (file), &status) == 0 && status.st_size > IN_MEMORY_BYTES)
    staged = try_clone (self, _strata_file_stream_get_fd (file));
  if (staged == NULL)
    return _strata_batch_put_stream (self, G_INPUT_STREAM (file), out_object, cancellable, error);

  if (!hash_staged (self, staged, out_object, cancellable, error))
    {
      _strata_file_unlink (self->dir, staged, NULL);
      return FALSE;
    }

  return settle_object (self, g_steal_pointer (&staged), out_object, error);
}

static char *
place_in_quarantine (StrataBatch        *self,
                     const char         *label,
                     const StrataDigest *digest,
                     char               *staged)
{
  char hex[STRATA_DIGEST_HEX_SIZE];
  char *path;

  _strata_digest_to_hex (digest, hex);
  path = g_strdup_printf ("quarantine/%.*s.%.12s", MAX_LABEL, label, hex);
  g_mutex_lock (&self->mutex);
  place (self, staged, g_strdup (path));
  g_mutex_unlock (&self->mutex);

  return path;
}

char *
_strata_batch_quarantine (StrataBatch  *self,
                          const char   *label,
                          GBytes       *bytes,
                          GError      **error)
{
  StrataDigest digest;
  char *staged;

  staged = _strata_staging_write (self->staging, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
  if (staged == NULL)
    return NULL;

  _strata_digest_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &digest);

  return place_in_quarantine (self, label, &digest, staged);
}

char *
_strata_batch_quarantine_stream (StrataBatch   *self,
                                 const char    *label,
                                 GInputStream  *content,
                                 GCancellable  *cancellable,
                                 GError       **error)
{
  g_autofree char *staged = _strata_staging_next_path (self->staging);
  StrataStoredObject copied;
  gboolean ok;
  int fd = _strata_file_open (self->dir, staged, O_WRONLY | O_CREAT | O_EXCL, error);

  if (fd < 0)
    return NULL;

  ok = copy_and_hash (self, "", 0, content, fd, staged, &copied, cancellable, error);
  _strata_file_close (fd);
  if (!ok)
    {
      _strata_file_unlink (self->dir, staged, NULL);
      return NULL;
    }

  return place_in_quarantine (self, label, &copied.digest, g_steal_pointer (&staged));
}

/* Commit */

static Placement *
last_placement (StrataBatch *self)
{
  return g_ptr_array_index (self->placements, self->placements->len - 1);
}

static void
place_parts (StrataBatch    *self,
             StrataManifest *manifest,
             GPtrArray      *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);

      if (part->staged_path != NULL)
        {
          place (self, g_steal_pointer (&part->staged_path), _strata_manifest_dup_part_path (manifest, part));
          last_placement (self)->is_synced = part->is_synced;
        }
    }
}

static Entry *
add_entry (StrataBatch    *self,
           StrataManifest *manifest,
           GPtrArray      *rows)
{
  Entry *entry = g_new0 (Entry, 1);

  place_parts (self, manifest, manifest->parts);
  place_parts (self, manifest, manifest->attachments);
  entry->manifest = manifest;
  entry->rows = rows;
  g_ptr_array_add (self->entries, entry);

  return entry;
}

void
_strata_batch_add (StrataBatch    *self,
                   StrataManifest *manifest,
                   GPtrArray      *rows)
{
  add_entry (self, manifest, rows);
}

void
_strata_batch_add_edit (StrataBatch    *self,
                        StrataManifest *manifest,
                        GPtrArray      *rows,
                        const StrataDigest *base,
                        StrataTail     *sealed,
                        GPtrArray      *more_rows)
{
  Entry *entry = add_entry (self, manifest, rows);

  entry->is_edit = TRUE;
  entry->base = *base;
  entry->sealed = sealed != NULL ? _strata_tail_ref (sealed) : NULL;
  entry->more_rows = more_rows;
}

void
_strata_batch_add_conversion (StrataBatch        *self,
                              StrataManifest     *manifest,
                              GPtrArray          *rows,
                              const StrataDigest *base,
                              GPtrArray          *files,
                              GPtrArray          *obsolete)
{
  guint first = self->placements->len;
  Entry *entry = add_entry (self, manifest, rows);

  entry->is_edit = TRUE;
  entry->is_conversion = TRUE;
  entry->base = *base;
  entry->obsolete = obsolete;
  for (guint i = 0; files != NULL && i < files->len; i++)
    {
      StrataStagedFile *file = g_ptr_array_index (files, i);

      g_hash_table_add (self->objects, g_strdup (file->path));
      place (self, g_steal_pointer (&file->staged), g_steal_pointer (&file->path));
      last_placement (self)->is_hold = file->is_hold;
    }
  for (guint i = first; i < self->placements->len; i++)
    ((Placement *)g_ptr_array_index (self->placements, i))->entry = entry;
  g_clear_pointer (&files, g_ptr_array_unref);
}

GPtrArray *
_strata_batch_take_left_out (StrataBatch *self)
{
  GPtrArray *keys = self->left_out;

  self->left_out = g_ptr_array_new_with_free_func (g_free);

  return keys;
}

void
_strata_batch_add_file (StrataBatch *self,
                        char        *staged,
                        char        *path)
{
  place (self, staged, path);
}

gboolean
_strata_batch_has_staged_object (StrataBatch *self,
                                 const char  *path)
{
  return g_hash_table_contains (self->objects, path);
}

static void
move_all (GPtrArray *from,
          GPtrArray *to,
          GDestroyNotify free_func)
{
  g_ptr_array_set_free_func (from, NULL);
  g_ptr_array_extend_and_steal (to, g_ptr_array_ref (from));
  g_ptr_array_set_size (from, 0);
  g_ptr_array_set_free_func (from, free_func);
}

void
_strata_batch_absorb (StrataBatch *self,
                      StrataBatch *other)
{
  GHashTableIter iter;
  gpointer path;

  move_all (other->placements, self->placements, placement_free);
  move_all (other->entries, self->entries, entry_free);
  g_hash_table_iter_init (&iter, other->objects);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    g_hash_table_add (self->objects, g_strdup (path));
  g_hash_table_remove_all (other->objects);
}

static void
discard_parts (StrataBatch *self,
               GPtrArray   *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);

      if (part->staged_path != NULL)
        _strata_file_unlink (self->dir, part->staged_path, NULL);
      g_clear_pointer (&part->staged_path, g_free);
    }
}

void
_strata_batch_discard (StrataBatch    *self,
                       StrataManifest *manifest)
{
  discard_parts (self, manifest->parts);
  discard_parts (self, manifest->attachments);
}

void
_strata_batch_discard_rows (StrataBatch    *self,
                            StrataManifest *manifest)
{
  discard_parts (self, manifest->attachments);
  g_ptr_array_set_size (manifest->attachments, 0);
  manifest->source_bytes = 0;
}

static gboolean
stage_metadata (StrataBatch  *self,
                GError      **error)
{
  g_autoptr(GString) intent = g_string_new (NULL);

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);
      g_autoptr(GBytes) bytes = _strata_manifest_serialize (entry->manifest);

      entry->staged_metadata = _strata_staging_write (self->staging, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
      if (entry->staged_metadata == NULL)
        return FALSE;
      g_string_append_printf (intent, "%s %s\n", entry->manifest->is_collection ? "collection" : "session", entry->manifest->key);
    }

  /* Also without a session there must be a sign of what was begun, for those who find its objects in place */
  if (intent->len == 0)
    g_string_append (intent, "objects\n");
  self->intent = _strata_staging_write_intent (self->staging, intent->str, intent->len, error);

  return self->intent != NULL;
}

static gboolean
sync_file (StrataBatch  *self,
           const char   *path,
           GError      **error)
{
  int fd = _strata_file_open (self->dir, path, O_RDONLY, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = _strata_file_sync (fd, path, error);
  _strata_file_close (fd);

  return ok;
}

/* More than a few files are synced together. One by one is better for a few: a sync of
 * the file system waits for whatever anybody has written to it.
 */
static gboolean
sync_all (StrataBatch  *self,
          GError      **error)
{
  if (_strata_seam_get ()->syncfs (self->dir) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "save to disk", "staging");

  return FALSE;
}

static gboolean
sync_each (StrataBatch  *self,
           GError      **error)
{
  for (guint i = 0; i < self->placements->len; i++)
    {
      const Placement *placement = g_ptr_array_index (self->placements, i);

      if (!placement->is_synced && !sync_file (self, placement->from, error))
        return FALSE;
    }
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->staged_metadata != NULL && !sync_file (self, entry->staged_metadata, error))
        return FALSE;
    }

  return self->entries->len == 0 ||
         (sync_file (self, self->intent, error) && _strata_file_sync_dir (self->dir, "staging", error));
}

gboolean
_strata_batch_sync_parts (StrataBatch     *self,
                          StrataManifest  *manifest,
                          GError         **error)
{
  guint staged = 0;

  for (guint i = 0; i < manifest->parts->len; i++)
    staged += ((const StrataPart *)g_ptr_array_index (manifest->parts, i))->staged_path != NULL ? 1 : 0;
  if (staged > MAX_SINGLE_SYNCS && !sync_all (self, error))
    return FALSE;

  for (guint i = 0; i < manifest->parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (manifest->parts, i);

      if (part->staged_path == NULL)
        continue;
      if (staged <= MAX_SINGLE_SYNCS && !sync_file (self, part->staged_path, error))
        return FALSE;
      part->is_synced = TRUE;
    }

  return TRUE;
}

gboolean
_strata_batch_sync (StrataBatch  *self,
                    GError      **error)
{
  guint waiting = self->entries->len;

  for (guint i = 0; i < self->placements->len; i++)
    waiting += ((const Placement *)g_ptr_array_index (self->placements, i))->is_synced ? 0 : 1;

  if (waiting > MAX_SINGLE_SYNCS ? !sync_all (self, error) : !sync_each (self, error))
    return FALSE;

  for (guint i = 0; i < self->placements->len; i++)
    ((Placement *)g_ptr_array_index (self->placements, i))->is_synced = TRUE;

  return TRUE;
}

/* Makes the folder a file goes to; a new one's own entry must be synced too. */
static gboolean
ensure_folder (StrataBatch  *self,
               const char   *path,
               GError      **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *parent = NULL;
  struct stat status;

  if (strcmp (folder, ".") == 0 || g_hash_table_contains (self->folders, folder))
    return TRUE;

  if (_strata_seam_get ()->stat (self->dir, folder, &status) < 0)
    {
      parent = g_path_get_dirname (folder);
      if (!ensure_folder (self, folder, error) || !_strata_file_make_dir (self->dir, folder, error))
        return FALSE;
      g_hash_table_add (self->folders, g_steal_pointer (&parent));
    }
  g_hash_table_add (self->folders, g_steal_pointer (&folder));

  return TRUE;
}

/* What was written for the batch is on disk already, so a sync of the file system has little to wait for. */
static gboolean
sync_folders (StrataBatch  *self,
              GError      **error)
{
  gboolean together = self->is_careful || g_hash_table_size (self->folders) > MAX_SINGLE_SYNCS;
  GHashTableIter iter;
  gpointer folder;

  if (together && !sync_all (self, error))
    return FALSE;

  g_hash_table_iter_init (&iter, self->folders);
  while (!together && g_hash_table_iter_next (&iter, &folder, NULL))
    if (!_strata_file_sync_dir (self->dir, folder, error))
      return FALSE;
  g_hash_table_remove_all (self->folders);

  return TRUE;
}

/* An object that is where it was need not be put there: to rename one of its names to the
 * other does nothing, and what somebody else put there meanwhile may have been repaired.
 */
static gboolean
is_held_in_place (StrataBatch     *self,
                  const Placement *placement)
{
  struct stat held;

  return placement->is_hold && _strata_seam_get ()->stat (self->dir, placement->from, &held) == 0 &&
         is_whole (self, placement->to, (guint64)held.st_size);
}

static gboolean
put_in_place (StrataBatch  *self,
              GError      **error)
{
  for (guint i = 0; i < self->placements->len; i++)
    {
      const Placement *placement = g_ptr_array_index (self->placements, i);

      if (is_held_in_place (self, placement))
        _strata_file_unlink (self->dir, placement->from, NULL);
      else if (!ensure_folder (self, placement->to, error) ||
               !_strata_file_rename (self->dir, placement->from, placement->to, error))
        return FALSE;
    }

  return sync_folders (self, error);
}

/* What was sealed is in parts: the file says nothing any more, whether it is there or not. */
static void
remove_sealed_tails (StrataBatch *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *path = entry->sealed != NULL ? _strata_tail_dup_path (entry->manifest->key) : NULL;

      if (path != NULL)
        _strata_file_unlink (self->dir, path, NULL);
    }
}

/* The commit points, one rename each */
static gboolean
put_metadata_in_place (StrataBatch  *self,
                       GError      **error)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *path = _strata_manifest_dup_path (entry->manifest);

      if (!ensure_folder (self, path, error) ||
          !_strata_file_rename (self->dir, entry->staged_metadata, path, error))
        return FALSE;
    }

  return sync_folders (self, error);
}

static gboolean
log_changes (StrataBatch  *self,
             GError      **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 end;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      StrataChange *change = _strata_change_new (entry->manifest->key, &entry->manifest->file_digest);

      change->is_collection = entry->manifest->is_collection;
      g_ptr_array_add (changes, change);
    }

  return changes->len == 0 || _strata_changes_append (self->dir, changes, &end, error);
}

/* What was not acknowledged may be in place nevertheless, and is what is read from now on. */
static void
show_what_is_there (StrataBatch *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      _strata_store_apply_files (self->store, entry->manifest->is_collection, entry->manifest->key);
    }
}

/* Returns: whether the catalog has all that the log has */
static gboolean
update_catalog (StrataBatch *self)
{
  g_autoptr(GHashTable) fresh = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      StrataFreshEntry *value = g_new0 (StrataFreshEntry, 1);

      value->manifest = entry->manifest;
      value->rows = entry->rows;
      value->base = &entry->base;
      value->sealed = entry->sealed;
      value->more_rows = entry->more_rows;
      g_hash_table_insert (fresh, entry->manifest->key, value);
    }

  if (_strata_store_roll_forward (self->store, fresh, &error))
    return TRUE;

  g_info ("The catalog will catch up later: %s", error->message);
  show_what_is_there (self);

  return FALSE;
}

static void
add_part_paths (GHashTable           *paths,
                const StrataManifest *manifest)
{
  for (guint i = 0; i < manifest->parts->len; i++)
    g_hash_table_add (paths, _strata_manifest_dup_part_path (manifest, g_ptr_array_index (manifest->parts, i)));
  for (guint i = 0; i < manifest->attachments->len; i++)
    g_hash_table_add (paths, _strata_manifest_dup_part_path (manifest, g_ptr_array_index (manifest->attachments, i)));
}

/* Adds the parts that @old has and the new state has not. */
static void
add_replaced_parts (GPtrArray            *replaced,
                    const StrataManifest *old,
                    const StrataManifest *new)
{
  g_autoptr(GHashTable) before = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) after = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer path;

  add_part_paths (before, old);
  add_part_paths (after, new);
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    if (!g_hash_table_contains (after, path))
      g_ptr_array_add (replaced, g_strdup (path));
}

/* What was changed in this store is no copy of anything: who has not read it may not replace it. */
static gboolean
may_replace (const Entry           *entry,
             const StrataManifest  *old,
             GError               **error)
{
  if (entry->is_edit || (!_strata_manifest_is_edited (old) && (old->source > 0 || entry->manifest->source == 0)))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS,
               "“%s” was changed in this store; it is not replaced by what an old store has", old->key);

  return FALSE;
}

/* Finds the parts that the sessions about to be replaced have and the new ones have not.
 *
 * Returns: (transfer full) (element-type utf8): paths, or %NULL with @error set
 */
static GPtrArray *
find_replaced_parts (StrataBatch  *self,
                     GError      **error)
{
  g_autoptr(GPtrArray) replaced = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autoptr(StrataManifest) old =
        _strata_store_load (self->store, entry->manifest->is_collection, entry->manifest->key, NULL);

      if (old == NULL)
        continue;
      if (!may_replace (entry, old, error))
        return NULL;
      add_replaced_parts (replaced, old, entry->manifest);
    }

  return g_steal_pointer (&replaced);
}

/* After the commit: what stays where it is does no harm, so failures are passed over. */
static void
move_to_trash (StrataBatch *self,
               const char  *path)
{
  g_autofree char *name = g_strdelimit (g_strdup (path), "/", '~');
  g_autofree char *to = g_build_filename ("trash", name, NULL);

  _strata_file_rename (self->dir, path, to, NULL);
}

static void
trash_parts (StrataBatch *self,
             GPtrArray   *paths)
{
  for (guint i = 0; i < paths->len; i++)
    move_to_trash (self, g_ptr_array_index (paths, i));
}

/* What came back is not in the trash any more; it had two names meanwhile. */
static void
clear_trash (StrataBatch *self)
{
  for (guint i = 0; i < self->placements->len; i++)
    {
      const Placement *placement = g_ptr_array_index (self->placements, i);
      g_autofree char *name = placement->is_hold ? g_strdelimit (g_strdup (placement->to), "/", '~') : NULL;
      g_autofree char *path = name != NULL ? g_build_filename ("trash", name, NULL) : NULL;

      if (path != NULL)
        _strata_file_unlink (self->dir, path, NULL);
    }
}

/* Whether what it was made from is what is there, and is not growing */
static gboolean
is_current (StrataBatch *self,
            const Entry *entry)
{
  g_autoptr(StrataManifest) now =
    _strata_store_load (self->store, entry->manifest->is_collection, entry->manifest->key, NULL);

  return now != NULL && now->tail == NULL && _strata_digest_equal (&now->file_digest, &entry->base);
}

static gboolean
is_placed (StrataBatch *self,
           const char  *path)
{
  for (guint i = 0; i < self->placements->len; i++)
    if (strcmp (((const Placement *)g_ptr_array_index (self->placements, i))->to, path) == 0)
      return TRUE;

  return FALSE;
}

static void
drop_placements (StrataBatch *self,
                 const Entry *entry)
{
  for (guint i = self->placements->len; i > 0; i--)
    {
      const Placement *placement = g_ptr_array_index (self->placements, i - 1);
      g_autofree char *path = NULL;

      if (placement->entry != entry)
        continue;
      path = g_strdup (placement->to);
      _strata_file_unlink (self->dir, placement->from, NULL);
      g_ptr_array_remove_index (self->placements, i - 1);
      if (!is_placed (self, path))
        g_hash_table_remove (self->objects, path);
    }
}

/* The intent may name what was left out: that says only that it be looked at. */
static void
leave_out_changed (StrataBatch *self)
{
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = g_ptr_array_index (self->entries, i - 1);

      if (!entry->is_conversion || is_current (self, entry))
        continue;
      drop_placements (self, entry);
      _strata_file_unlink (self->dir, entry->staged_metadata, NULL);
      g_ptr_array_add (self->left_out, g_strdup (entry->manifest->key));
      g_ptr_array_remove_index (self->entries, i - 1);
    }
}

static gpointer
find_in_catalog (StrataCatalog  *catalog,
                 gpointer        user_data,
                 GError        **error)
{
  gboolean has;

  return _strata_catalog_has_object (catalog, user_data, &has, error) && has ? user_data : NULL;
}

/* Makes sure that an object which was not written for this commit is there. What others
 * miss too was lost before, and naming it loses no more.
 */
static gboolean
check_object (StrataBatch      *self,
              const char       *id,
              StrataRowObject  *object,
              GError          **error)
{
  g_autofree char *path = _strata_object_dup_path (&object->digest, object->extension);
  g_autoptr(GError) find_error = NULL;
  gboolean is_there;

  if (g_hash_table_contains (self->objects, path))
    return TRUE;
  if (!_strata_trash_bring_back (self->dir, object, &is_there, error))
    return FALSE;
  if (is_there || _strata_store_with_catalog (self->store, find_in_catalog, &object->digest, &find_error) != NULL)
    return TRUE;

  if (find_error != NULL)
    g_propagate_error (error, g_steal_pointer (&find_error));
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE,
                 "The bytes of the attachment “%s” were cleared away while they were put to use; try again", id);

  return FALSE;
}

static gboolean
check_row (StrataBatch                *self,
           const StrataAttachmentRow  *row,
           GError                    **error)
{
  StrataRowObject object;

  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      _strata_attachment_row_get_object (row, i, &object);
      if (!check_object (self, row->id, &object, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
check_objects (StrataBatch  *self,
               GError      **error)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      GPtrArray *rows = entry->rows != NULL ? entry->rows : entry->more_rows;

      for (guint j = 0; rows != NULL && j < rows->len; j++)
        if (!check_row (self, g_ptr_array_index (rows, j), error))
          return FALSE;
    }

  return TRUE;
}

/* Whether nothing uses the object at @path, as the catalog says, which has all that the log has */
static gboolean
is_unused (StrataBatch *self,
           const char  *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *extension;
  StrataDigest digest;
  g_autoptr(GError) error = NULL;

  return _strata_object_parse_name (name, &digest, &extension) &&
         _strata_store_with_catalog (self->store, find_in_catalog, &digest, &error) == NULL && error == NULL;
}

/* After the commit: what no session and no collection uses any more. */
static void
trash_obsolete (StrataBatch *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      for (guint j = 0; entry->obsolete != NULL && j < entry->obsolete->len; j++)
        if (is_unused (self, g_ptr_array_index (entry->obsolete, j)))
          move_to_trash (self, g_ptr_array_index (entry->obsolete, j));
    }
}

static gboolean
put_all_in_place (StrataBatch  *self,
                  GError      **error)
{
  g_autoptr(GPtrArray) replaced = NULL;

  leave_out_changed (self);
  replaced = find_replaced_parts (self, error);
  if (replaced == NULL || !check_objects (self, error))
    return FALSE;

  /* A folder or object that is there may be one that a writer made which died, or
   * failed, before it synced it.
   */
  self->is_careful = _strata_staging_has_intents (self->dir, self->intent);

  /* From here on the intent stays until the log says the same: it is how the next
   * one to open the store learns of sessions that no log names, and others that
   * what is in place may not be on disk.
   */
  if (!put_in_place (self, error) || !put_metadata_in_place (self, error) || !log_changes (self, error))
    {
      g_clear_pointer (&self->intent, g_free);
      show_what_is_there (self);
      return FALSE;
    }

  /* From here on it is committed */
  if (update_catalog (self))
    trash_obsolete (self);
  trash_parts (self, replaced);
  remove_sealed_tails (self);
  clear_trash (self);

  return TRUE;
}

static void
finish_commit (StrataBatch *self,
               gboolean     ok)
{
  if (self->intent != NULL)
    _strata_file_unlink (self->dir, self->intent, NULL);
  if (!ok)
    drop_staged (self);
  forget_all (self);
}

/* Commits all that was added, and is empty again. On failure some of the
 * sessions may be committed, each of them whole, and none was acknowledged;
 * putting them again is safe. The batch is empty then too.
 */
gboolean
_strata_batch_commit (StrataBatch  *self,
                      GError      **error)
{
  gboolean ok;

  if (self->entries->len == 0 && self->placements->len == 0)
    return TRUE;

  _strata_seam_get ()->mark ("commit");
  ok = stage_metadata (self, error) && _strata_batch_sync (self, error) && _strata_store_lock (self->store, error);
  if (ok)
    {
      ok = put_all_in_place (self, error);
      _strata_store_unlock (self->store);
    }
  finish_commit (self, ok);

  return ok;
}

gboolean
_strata_batch_commit_locked (StrataBatch  *self,
                             GError      **error)
{
  gboolean ok;

  if (self->entries->len == 0 && self->placements->len == 0)
    return TRUE;

  _strata_seam_get ()->mark ("commit");
  ok = stage_metadata (self, error) && _strata_batch_sync (self, error) && put_all_in_place (self, error);
  finish_commit (self, ok);

  return ok;
}
