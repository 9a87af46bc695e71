/* strata-staging.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-staging-private.h"

#define FOLDER "staging"
#define LOCK_SUFFIX ".lock"
#define INTENT_SUFFIX ".intent"
/* One line for each session of a batch */
#define MAX_INTENT (64 * 1024 * 1024)
#define MAX_NAMES 1000

struct _StrataStaging
{
  /* Set at construction, never changed after */
  int       dir;
  char     *writer;
  int       lock_fd;

  /* Atomic */
  guint     counter;
};

static char *
dup_lock_path (StrataStaging *self)
{
  return g_strdup_printf (FOLDER "/%s" LOCK_SUFFIX, self->writer);
}

/* Takes a name that nobody has. Two processes that were one draw the same numbers. */
static gboolean
take_name (StrataStaging  *self,
           GError        **error)
{
  for (guint i = 1; ; i++)
    {
      g_autofree char *random = g_uuid_string_random ();
      g_autofree char *lock_path = NULL;
      g_autoptr(GError) open_error = NULL;

      g_free (self->writer);
      self->writer = g_strndup (random, 8);
      lock_path = dup_lock_path (self);
      self->lock_fd = _strata_file_open (self->dir, lock_path, O_RDWR | O_CREAT | O_EXCL, &open_error);
      if (self->lock_fd >= 0)
        return TRUE;

      if (i == MAX_NAMES || !g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&open_error));
          return FALSE;
        }
    }
}

/* @dir: the store's root, borrowed
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataStaging *
_strata_staging_new (int      dir,
                     GError **error)
{
  g_autoptr(StrataStaging) self = g_new0 (StrataStaging, 1);
  g_autofree char *lock_path = NULL;

  self->dir = dir;
  self->lock_fd = -1;
  if (!take_name (self, error))
    return NULL;

  lock_path = dup_lock_path (self);
  if (_strata_seam_get ()->lock (self->lock_fd, F_WRLCK) < 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Cannot lock “%s”", lock_path);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/* Best effort: what stays is swept by the next writer. */
static void
sweep_own (StrataStaging *self)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, FOLDER, NULL);
  g_autofree char *prefix = g_strconcat (self->writer, "-", NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (FOLDER, entry->name, NULL);

      if (g_str_has_prefix (entry->name, prefix) && !g_str_has_suffix (entry->name, INTENT_SUFFIX))
        _strata_file_unlink (self->dir, path, NULL);
    }
}

/* Removes what is left in the corner, intents excepted, and lets go of it. */
void
_strata_staging_free (StrataStaging *self)
{
  if (self->lock_fd >= 0 && self->writer != NULL)
    {
      g_autofree char *lock_path = dup_lock_path (self);

      sweep_own (self);
      _strata_file_unlink (self->dir, lock_path, NULL);
      _strata_file_close (self->lock_fd);
    }
  g_free (self->writer);
  g_free (self);
}

/* Returns: (transfer full): a path below the store where no file is yet */
char *
_strata_staging_next_path (StrataStaging *self)
{
  return g_strdup_printf (FOLDER "/%s-%u", self->writer, (guint)g_atomic_int_add (&self->counter, 1));
}

/* Writes a new file of the corner, not synced.
 *
 * Returns: (transfer full): its path, or %NULL with @error set
 */
char *
_strata_staging_write (StrataStaging  *self,
                       const void     *data,
                       gsize           size,
                       GError        **error)
{
  g_autofree char *path = _strata_staging_next_path (self);

  if (!_strata_file_create (self->dir, path, data, size, error))
    return NULL;

  return g_steal_pointer (&path);
}

char *
_strata_staging_write_intent (StrataStaging  *self,
                              const void     *data,
                              gsize           size,
                              GError        **error)
{
  g_autofree char *plain = _strata_staging_next_path (self);
  g_autofree char *path = g_strconcat (plain, INTENT_SUFFIX, NULL);

  if (!_strata_file_create (self->dir, path, data, size, error))
    return NULL;

  return g_steal_pointer (&path);
}

gboolean
_strata_staging_has_intents (int         dir,
                             const char *own)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, FOLDER, NULL);

  if (entries == NULL)
    return TRUE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);

      if (g_str_has_suffix (entry->name, INTENT_SUFFIX) &&
          (own == NULL || strcmp (entry->name, own + strlen (FOLDER "/")) != 0))
        return TRUE;
    }

  return FALSE;
}

static gboolean
writer_lives (int         dir,
              const char *writer)
{
  g_autofree char *lock_path = g_strdup_printf (FOLDER "/%s" LOCK_SUFFIX, writer);
  int fd = _strata_file_open (dir, lock_path, O_RDWR, NULL);
  gboolean lives;

  if (fd < 0)
    return FALSE;

  lives = _strata_seam_get ()->lock (fd, F_WRLCK) < 0;
  _strata_file_close (fd);

  return lives;
}

typedef gboolean (*DeadFileFunc) (int          dir,
                                  const char  *path,
                                  gpointer     user_data,
                                  GError     **error);

/* Calls @func for each file of a writer that is no more. */
static gboolean
foreach_dead_file (int            dir,
                   DeadFileFunc   func,
                   gpointer       user_data,
                   GError       **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, FOLDER, error);
  g_autoptr(GHashTable) living = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *writer = g_strndup (entry->name, strcspn (entry->name, "-."));
      g_autofree char *path = g_build_filename (FOLDER, entry->name, NULL);
      gpointer lives;

      if (!g_hash_table_lookup_extended (living, writer, NULL, &lives))
        {
          lives = GINT_TO_POINTER (writer_lives (dir, writer));
          g_hash_table_insert (living, g_strdup (writer), lives);
        }

      if (!GPOINTER_TO_INT (lives) && !func (dir, path, user_data, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
append_intent (int          dir,
               const char  *path,
               gpointer     user_data,
               GError     **error)
{
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize size;

  if (!g_str_has_suffix (path, INTENT_SUFFIX))
    return TRUE;

  bytes = _strata_file_read (dir, path, MAX_INTENT, error);
  if (bytes == NULL)
    return FALSE;

  /* After a power cut one that was not synced may be zeros, which would end the text of them all */
  text = g_bytes_get_data (bytes, &size);
  for (gsize i = 0; i < size; i++)
    g_string_append_c (user_data, text[i] != '\0' ? text[i] : '\n');
  g_string_append_c (user_data, '\n');

  return TRUE;
}

char *
_strata_staging_read_intents (int      dir,
                              GError **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  if (!foreach_dead_file (dir, append_intent, text, error))
    return NULL;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
remove_dead_file (int          dir,
                  const char  *path,
                  gpointer     user_data,
                  GError     **error)
{
  return _strata_file_unlink (dir, path, error);
}

/* Removes what writers left that are no more. Called with the store's lock held. */
gboolean
_strata_staging_sweep (int      dir,
                       GError **error)
{
  return foreach_dead_file (dir, remove_dead_file, NULL, error);
}
