/* power-cut.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "power-cut-private.h"

/* The one that records; the lock is held from before a call until it is noted,
 * so that the record has the order in which things were done.
 */
static GRecMutex  lock;
static PowerCut  *recorder;

#define SYSTEM _strata_seam_get_system ()

gboolean
power_cut_is_volatile (const char *name)
{
  return g_str_has_suffix (name, "-shm");
}

/* Nodes and events */

static void
node_free (gpointer data)
{
  PowerCutNode *node = data;

  g_free (node->name);
  g_clear_pointer (&node->content, g_bytes_unref);
  g_clear_pointer (&node->entries, g_hash_table_unref);
  g_array_unref (node->events);
  g_free (node);
}

static void
event_free (gpointer data)
{
  PowerCutEvent *event = data;

  g_clear_pointer (&event->bytes, g_bytes_unref);
  g_free (event->name);
  g_free (event->from_name);
  g_free (event);
}

static PowerCutNode *
add_node (PowerCut          *self,
          const struct stat *status,
          const char        *name)
{
  PowerCutNode *node = g_new0 (PowerCutNode, 1);

  node->id = self->nodes->len;
  node->is_folder = S_ISDIR (status->st_mode);
  node->name = g_strdup (name);
  node->events = g_array_new (FALSE, FALSE, sizeof (guint));
  if (node->is_folder)
    node->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  else
    node->content = g_bytes_new_static ("", 0);
  g_ptr_array_add (self->nodes, node);
  g_hash_table_replace (self->by_inode, g_memdup2 (&(guint64){ status->st_ino }, sizeof (guint64)), node);

  return node;
}

static PowerCutEvent *
add_event (PowerCut          *self,
           PowerCutEventKind  kind,
           PowerCutNode      *node)
{
  PowerCutEvent *event = g_new0 (PowerCutEvent, 1);

  event->kind = kind;
  event->node = node;
  g_ptr_array_add (self->events, event);

  return event;
}

static void
changes (PowerCut     *self,
         PowerCutNode *node)
{
  g_array_append_vals (node->events, &(guint){ self->events->len - 1 }, 1);
}

static PowerCutNode *
find_node (PowerCut          *self,
           const struct stat *status)
{
  return status->st_dev == self->device ? g_hash_table_lookup (self->by_inode, &(guint64){ status->st_ino }) : NULL;
}

static PowerCutNode *
find_node_of_fd (PowerCut *self,
                 int       fd)
{
  struct stat status;

  g_assert_cmpint (fstat (fd, &status), ==, 0);

  return find_node (self, &status);
}

/* Returns: (nullable): the folder that has the last name of @path, where it is one of ours */
static PowerCutNode *
find_folder (PowerCut    *self,
             int          dir,
             const char  *path,
             const char **out_name)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *parent = slash != NULL ? g_strndup (path, MAX (slash - path, 1)) : g_strdup (".");
  struct stat status;

  *out_name = slash != NULL ? slash + 1 : path;

  return fstatat (dir, parent, &status, 0) == 0 ? find_node (self, &status) : NULL;
}

/* The beginning */

static GBytes *
read_content (const char *path)
{
  char *content;
  gsize size;

  g_assert_true (g_file_get_contents (path, &content, &size, NULL));

  return g_bytes_new_take (content, size);
}

static void
take_stock (PowerCut     *self,
            PowerCutNode *folder,
            const char   *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);
      struct stat status;
      PowerCutNode *node;

      if (power_cut_is_volatile (name))
        continue;
      g_assert_cmpint (lstat (child, &status), ==, 0);
      g_assert_true (S_ISDIR (status.st_mode) || S_ISREG (status.st_mode));
      node = find_node (self, &status);
      if (node == NULL)
        {
          node = add_node (self, &status, name);
          if (node->is_folder)
            take_stock (self, node, child);
          else
            {
              g_bytes_unref (node->content);
              node->content = read_content (child);
            }
        }
      g_hash_table_insert (folder->entries, g_strdup (name), node);
    }
  g_dir_close (dir);
}

PowerCut *
power_cut_new (const char *folder)
{
  PowerCut *self = g_new0 (PowerCut, 1);
  struct stat status;

  self->folder = g_canonicalize_filename (folder, NULL);
  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->by_inode = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->events = g_ptr_array_new_with_free_func (event_free);
  g_assert_cmpint (stat (self->folder, &status), ==, 0);
  self->device = status.st_dev;
  self->root = add_node (self, &status, ".");
  take_stock (self, self->root, self->folder);

  return self;
}

void
power_cut_free (PowerCut *self)
{
  g_assert_true (recorder != self);
  g_hash_table_unref (self->by_inode);
  g_ptr_array_unref (self->events);
  g_ptr_array_unref (self->nodes);
  g_free (self->folder);
  g_free (self);
}

/* What was done */

PowerCut *
power_cut_enter (void)
{
  g_rec_mutex_lock (&lock);

  return recorder;
}

void
power_cut_leave (void)
{
  int saved = errno;

  g_rec_mutex_unlock (&lock);
  errno = saved;
}

static void
note_create (PowerCut   *self,
             int         dir,
             const char *path)
{
  const char *name;
  PowerCutNode *folder = find_folder (self, dir, path, &name);
  PowerCutEvent *event;
  struct stat status;

  if (folder == NULL || power_cut_is_volatile (name))
    return;

  g_assert_cmpint (fstatat (dir, path, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
  event = add_event (self, EVENT_ENTER, add_node (self, &status, name));
  event->folder = folder;
  event->name = g_strdup (name);
  changes (self, folder);
}

/* A new name of a file that is there */
static void
note_link (PowerCut   *self,
           int         dir,
           const char *path)
{
  const char *name;
  PowerCutNode *folder = find_folder (self, dir, path, &name);
  PowerCutEvent *event;
  struct stat status;

  if (folder == NULL)
    return;

  g_assert_cmpint (fstatat (dir, path, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
  event = add_event (self, EVENT_ENTER, find_node (self, &status));
  g_assert_nonnull (event->node);
  event->folder = folder;
  event->name = g_strdup (name);
  changes (self, folder);
}

static void
note_remove (PowerCut   *self,
             int         dir,
             const char *path)
{
  const char *name;
  PowerCutNode *folder = find_folder (self, dir, path, &name);
  PowerCutEvent *event;

  if (folder == NULL || power_cut_is_volatile (name))
    return;

  event = add_event (self, EVENT_REMOVE, NULL);
  event->folder = folder;
  event->name = g_strdup (name);
  changes (self, folder);
}

static void
note_rename (PowerCut   *self,
             int         dir,
             const char *from,
             const char *to)
{
  const char *name, *from_name;
  PowerCutNode *folder = find_folder (self, dir, to, &name);
  PowerCutNode *from_folder = find_folder (self, dir, from, &from_name);
  PowerCutEvent *event;
  struct stat status;

  g_assert_true ((folder == NULL) == (from_folder == NULL));
  if (folder == NULL)
    return;

  g_assert_cmpint (fstatat (dir, to, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
  event = add_event (self, EVENT_RENAME, find_node (self, &status));
  g_assert_nonnull (event->node);
  event->folder = folder;
  event->name = g_strdup (name);
  event->from_folder = from_folder;
  event->from_name = g_strdup (from_name);
  g_free (event->node->name);
  event->node->name = g_strdup (name);
  changes (self, folder);
  if (from_folder != folder)
    changes (self, from_folder);
}

static void
note_write (PowerCut     *self,
            PowerCutNode *node,
            GBytes       *bytes,
            goffset       offset)
{
  PowerCutEvent *event = add_event (self, EVENT_WRITE, node);

  event->bytes = bytes;
  event->offset = offset;
  changes (self, node);
}

static void
note_truncate (PowerCut     *self,
               PowerCutNode *node,
               goffset       size)
{
  add_event (self, EVENT_TRUNCATE, node)->offset = size;
  changes (self, node);
}

static void
note_sync (PowerCut     *self,
           PowerCutNode *node,
           PowerCutSync  what)
{
  if (node == NULL)
    return;
  if (node->is_folder)
    what = POWER_CUT_SYNC_FOLDER;
  if (!(self->ignored & what))
    add_event (self, EVENT_SYNC, node);
}

/* By path, for SQLite's calls */

static PowerCutNode *
find_node_at (PowerCut   *self,
              const char *path)
{
  struct stat status;

  return lstat (path, &status) == 0 ? find_node (self, &status) : NULL;
}

void
power_cut_note_create (PowerCut   *self,
                       const char *path)
{
  note_create (self, AT_FDCWD, path);
}

void
power_cut_note_write (PowerCut   *self,
                      const char *path,
                      const void *data,
                      gsize       size,
                      goffset     offset)
{
  PowerCutNode *node = find_node_at (self, path);

  if (node != NULL)
    note_write (self, node, g_bytes_new (data, size), offset);
}

void
power_cut_note_truncate (PowerCut   *self,
                         const char *path,
                         goffset     size)
{
  PowerCutNode *node = find_node_at (self, path);

  if (node != NULL)
    note_truncate (self, node, size);
}

void
power_cut_note_sync (PowerCut   *self,
                     const char *path,
                     gboolean    folder_too)
{
  const char *name;

  if (self->ignored & POWER_CUT_SYNC_SQLITE)
    return;
  note_sync (self, find_node_at (self, path), POWER_CUT_SYNC_SQLITE);
  if (folder_too)
    note_sync (self, find_folder (self, AT_FDCWD, path, &name), POWER_CUT_SYNC_SQLITE);
}

void
power_cut_note_remove (PowerCut   *self,
                       const char *path,
                       gboolean    sync_folder)
{
  const char *name;

  note_remove (self, AT_FDCWD, path);
  if (sync_folder && !(self->ignored & POWER_CUT_SYNC_SQLITE))
    note_sync (self, find_folder (self, AT_FDCWD, path, &name), POWER_CUT_SYNC_SQLITE);
}

/* The table. What changes nothing is the inner one's own function. */

/* A file of ours that was made past the seam would be one whose loss nobody plays. */
static void
assert_is_known (PowerCut *self,
                 int       fd)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);
  gsize length = strlen (self->folder);

  if (path != NULL && g_str_has_prefix (path, self->folder) && path[length] == '/' &&
      !power_cut_is_volatile (path) && find_node_of_fd (self, fd) == NULL)
    g_error ("“%s” was made, and nothing told of it", path);
}

static int
record_open (int         dir,
             const char *path,
             int         flags,
             mode_t      mode)
{
  PowerCut *self = power_cut_enter ();
  struct stat status;
  gboolean is_new = (flags & O_CREAT) && SYSTEM->stat (dir, path, &status) < 0;
  int fd = self->inner->open (dir, path, flags, mode);

  if (fd >= 0 && is_new)
    note_create (self, dir, path);
  if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY)
    assert_is_known (self, fd);
  if (fd >= 0 && !is_new && (flags & O_TRUNC) && find_node_of_fd (self, fd) != NULL)
    note_truncate (self, find_node_of_fd (self, fd), 0);
  power_cut_leave ();

  return fd;
}

/* @fd may be open for writing only */
static GBytes *
read_back (int     fd,
           goffset offset,
           gsize   size)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  char *data = g_malloc (MAX (size, 1));
  int readable = open (link, O_RDONLY | O_CLOEXEC);

  g_assert_cmpint (readable, >=, 0);
  g_assert_cmpint (pread (readable, data, size, offset), ==, (gssize)size);
  close (readable);

  return g_bytes_new_take (data, size);
}

/* Where the @written bytes are that were put into @fd just now */
static goffset
find_offset (int    fd,
             gssize written)
{
  goffset end = fcntl (fd, F_GETFL) & O_APPEND ? lseek (fd, 0, SEEK_END) : lseek (fd, 0, SEEK_CUR);

  g_assert_cmpint (end, >=, written);

  return end - written;
}

static gssize
record_write (int         fd,
              const void *buffer,
              gsize       size)
{
  PowerCut *self = power_cut_enter ();
  gssize written = self->inner->write (fd, buffer, size);
  PowerCutNode *node = written > 0 ? find_node_of_fd (self, fd) : NULL;

  if (node != NULL)
    note_write (self, node, g_bytes_new (buffer, (gsize)written), find_offset (fd, written));
  power_cut_leave ();

  return written;
}

static gssize
record_copy_range (int   from_fd,
                   int   to_fd,
                   gsize size)
{
  PowerCut *self = power_cut_enter ();
  gssize copied = self->inner->copy_range (from_fd, to_fd, size);
  PowerCutNode *node = copied > 0 ? find_node_of_fd (self, to_fd) : NULL;

  if (node != NULL)
    {
      goffset offset = find_offset (to_fd, copied);

      note_write (self, node, read_back (to_fd, offset, (gsize)copied), offset);
    }
  power_cut_leave ();

  return copied;
}

static int
record_clone (int from_fd,
              int to_fd)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->clone (from_fd, to_fd);
  PowerCutNode *node = result == 0 ? find_node_of_fd (self, to_fd) : NULL;
  struct stat status;

  if (node != NULL)
    {
      g_assert_cmpint (fstat (to_fd, &status), ==, 0);
      note_write (self, node, read_back (to_fd, 0, (gsize)status.st_size), 0);
    }
  power_cut_leave ();

  return result;
}

static int
record_truncate (int     fd,
                 goffset size)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->truncate (fd, size);
  PowerCutNode *node = result == 0 ? find_node_of_fd (self, fd) : NULL;

  if (node != NULL)
    note_truncate (self, node, size);
  power_cut_leave ();

  return result;
}

/* Never makes a file shorter */
static int
record_allocate (int     fd,
                 goffset size)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->allocate (fd, size);
  PowerCutNode *node = result == 0 ? find_node_of_fd (self, fd) : NULL;
  struct stat status;

  if (node != NULL)
    {
      g_assert_cmpint (fstat (fd, &status), ==, 0);
      note_truncate (self, node, status.st_size);
    }
  power_cut_leave ();

  return result;
}

static int
record_sync (int fd)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->sync (fd);

  if (result == 0)
    note_sync (self, find_node_of_fd (self, fd), POWER_CUT_SYNC);
  power_cut_leave ();

  return result;
}

static int
record_datasync (int fd)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->datasync (fd);

  if (result == 0)
    note_sync (self, find_node_of_fd (self, fd), POWER_CUT_DATASYNC);
  power_cut_leave ();

  return result;
}

static int
record_syncfs (int fd)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->syncfs (fd);
  struct stat status;

  if (result == 0 && !(self->ignored & POWER_CUT_SYNCFS) &&
      fstat (fd, &status) == 0 && status.st_dev == self->device)
    add_event (self, EVENT_SYNC_ALL, NULL);
  power_cut_leave ();

  return result;
}

static int
record_rename (int         dir,
               const char *from,
               const char *to)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->rename (dir, from, to);

  if (result == 0)
    note_rename (self, dir, from, to);
  power_cut_leave ();

  return result;
}

static int
record_unlink (int         dir,
               const char *path,
               int         flags)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->unlink (dir, path, flags);

  if (result == 0)
    note_remove (self, dir, path);
  power_cut_leave ();

  return result;
}

static int
record_link (int         from_dir,
             const char *from,
             int         to_dir,
             const char *to)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->link (from_dir, from, to_dir, to);

  if (result == 0)
    note_link (self, to_dir, to);
  power_cut_leave ();

  return result;
}

static int
record_mkdir (int         dir,
              const char *path)
{
  PowerCut *self = power_cut_enter ();
  int result = self->inner->mkdir (dir, path);

  if (result == 0)
    note_create (self, dir, path);
  power_cut_leave ();

  return result;
}

void
power_cut_prepare (void)
{
  power_cut_sqlite_register ();
}

void
power_cut_start (PowerCut *self)
{
  static StrataSeam table;

  g_rec_mutex_lock (&lock);
  g_assert_null (recorder);
  self->inner = _strata_seam;
  table = *self->inner;
  table.open = record_open;
  table.write = record_write;
  table.truncate = record_truncate;
  table.allocate = record_allocate;
  table.sync = record_sync;
  table.datasync = record_datasync;
  table.syncfs = record_syncfs;
  table.rename = record_rename;
  table.unlink = record_unlink;
  table.link = record_link;
  table.mkdir = record_mkdir;
  table.clone = record_clone;
  table.copy_range = record_copy_range;
  _strata_seam = &table;
  recorder = self;
  g_rec_mutex_unlock (&lock);
}

void
power_cut_stop (PowerCut *self)
{
  g_rec_mutex_lock (&lock);
  g_assert_true (recorder == self);
  _strata_seam = self->inner;
  recorder = NULL;
  g_rec_mutex_unlock (&lock);
}

void
power_cut_ignore (PowerCut *self,
                  guint     syncs)
{
  self->ignored = syncs;
}

guint
power_cut_get_length (PowerCut *self)
{
  guint length;

  g_rec_mutex_lock (&lock);
  length = self->events->len;
  g_rec_mutex_unlock (&lock);

  return length;
}

gboolean
power_cut_is_before_sync (PowerCut *self,
                          guint     position)
{
  const PowerCutEvent *event = position < self->events->len ? g_ptr_array_index (self->events, position) : NULL;

  return event != NULL && (event->kind == EVENT_SYNC || event->kind == EVENT_SYNC_ALL);
}

char *
power_cut_describe (PowerCut *self,
                    guint     position)
{
  const PowerCutEvent *event = position > 0 ? g_ptr_array_index (self->events, position - 1) : NULL;

  if (event == NULL)
    return g_strdup ("the beginning");

  switch (event->kind)
    {
    case EVENT_WRITE:
      return g_strdup_printf ("write %" G_GSIZE_FORMAT " bytes at %" G_GOFFSET_FORMAT " of %s",
                              g_bytes_get_size (event->bytes), event->offset, event->node->name);

    case EVENT_TRUNCATE:
      return g_strdup_printf ("make %s %" G_GOFFSET_FORMAT " bytes long", event->node->name, event->offset);

    case EVENT_ENTER:
      return g_strdup_printf ("make %s/%s", event->folder->name, event->name);

    case EVENT_REMOVE:
      return g_strdup_printf ("remove %s/%s", event->folder->name, event->name);

    case EVENT_RENAME:
      return g_strdup_printf ("rename %s/%s to %s/%s", event->from_folder->name, event->from_name,
                              event->folder->name, event->name);

    case EVENT_SYNC:
      return g_strdup_printf ("sync %s", event->node->name);

    case EVENT_SYNC_ALL:
    default:
      return g_strdup ("sync all");
    }
}
