/* strata-repair-mend.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-checked-line-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-key-private.h"
#include "store/strata-tail-private.h"
#include "strata-repair-private.h"

#define LOG     "changes.log"
#define JOURNAL "migration/journal"
#define MAX_JOURNAL (256 * 1024 * 1024)
#define METADATA_SUFFIX ".metadata.json"

typedef gboolean (*LockedFunc) (StrataRepairing *self, char **out_message, GError **error);

/* Does it with the lock held; %NULL in *@out_message: there was nothing to be done */
static gboolean
mend_locked (StrataRepairing  *self,
             const char       *path,
             LockedFunc        func,
             GError          **error)
{
  g_autofree char *message = NULL;
  gboolean ok;

  if (!_strata_store_lock (self->store, error))
    return FALSE;
  ok = func (self, &message, error);
  _strata_store_unlock (self->store);

  if (ok && message != NULL)
    {
      self->n_done++;
      _strata_repairing_say_repaired (self, path, NULL, message);
    }

  return ok;
}

static char *
next_path_locked (StrataRepairing  *self,
                  GError          **error)
{
  StrataStaging *corner = _strata_store_get_corner_locked (self->store, error);

  return corner != NULL ? _strata_staging_next_path (corner) : NULL;
}

/* store.json */

/* @out_aside: where a copy of it is; "": there was none */
static gboolean
keep_if_damaged (StrataRepairing  *self,
                 const char       *name,
                 char            **out_aside,
                 GError          **error)
{
  g_autoptr(GError) check_error = NULL;

  *out_aside = NULL;
  if (_strata_header_check (self->dir, name, &check_error))
    return TRUE;
  if (g_error_matches (check_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      *out_aside = g_strdup ("");
      return TRUE;
    }
  *out_aside = _strata_repairing_copy_aside (self, name, error);

  return *out_aside != NULL;
}

/* Whichever of the two is whole serves for both. */
static gboolean
mend_header_locked (StrataRepairing  *self,
                    char            **out_message,
                    GError          **error)
{
  g_autoptr(StrataHeader) header = _strata_header_read (self->dir, error);
  g_autofree char *aside = NULL;
  g_autofree char *copy_aside = NULL;

  if (header == NULL || !keep_if_damaged (self, STRATA_HEADER_NAME, &aside, error) ||
      !keep_if_damaged (self, STRATA_HEADER_COPY_NAME, &copy_aside, error))
    return FALSE;
  if (aside == NULL && copy_aside == NULL)
    return TRUE;
  if (!_strata_header_write (header, self->dir, error))
    return FALSE;

  *out_message = g_strdup_printf ("It was written anew from %s", aside != NULL && copy_aside != NULL ? "what can be read of it"
                                                                 : aside != NULL ? "its copy" : "“" STRATA_HEADER_NAME "”");

  return TRUE;
}

gboolean
_strata_repairing_mend_header (StrataRepairing  *self,
                               GError          **error)
{
  return mend_locked (self, STRATA_HEADER_NAME, mend_header_locked, error);
}

/* The journal */

static guint
keep_whole_lines (const char *text,
                  gsize       size,
                  GString    *whole)
{
  const char *end = text + size, *line_end;
  gsize ignored;
  guint lost = 0;

  for (; text < end; text = line_end + 1)
    {
      line_end = memchr (text, '\n', (gsize)(end - text));
      if (line_end == NULL)
        line_end = end;
      if (_strata_checked_line_is_whole (text, (gsize)(line_end - text), &ignored))
        g_string_append_printf (whole, "%.*s\n", (int)(line_end - text), text);
      else
        lost++;
    }

  return lost;
}

static gboolean
mend_journal_locked (StrataRepairing  *self,
                     char            **out_message,
                     GError          **error)
{
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, JOURNAL, MAX_JOURNAL, error);
  g_autoptr(GString) whole = g_string_new (NULL);
  g_autofree char *aside = NULL;
  g_autofree char *temporary = NULL;
  guint lost;

  if (bytes == NULL)
    return FALSE;

  lost = keep_whole_lines (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), whole);
  aside = _strata_repairing_copy_aside (self, JOURNAL, error);
  temporary = aside != NULL ? next_path_locked (self, error) : NULL;
  if (temporary == NULL || !_strata_file_replace (self->dir, JOURNAL, temporary, whole->str, whole->len, error))
    return FALSE;

  *out_message = g_strdup_printf ("%u of its lines could not be read, and are in “%s”; nothing depends on them", lost, aside);

  return TRUE;
}

gboolean
_strata_repairing_mend_journal (StrataRepairing  *self,
                                GError          **error)
{
  return mend_locked (self, JOURNAL, mend_journal_locked, error);
}

/* The log */

static char *
make_tag (gboolean    is_collection,
          const char *key)
{
  return g_strconcat (is_collection ? "c/" : "s/", key, NULL);
}

static void
change_free (gpointer change)
{
  _strata_change_free (change);
}

static GHashTable *
find_last (GPtrArray *changes)
{
  GHashTable *last = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < changes->len; i++)
    {
      StrataChange *change = g_ptr_array_index (changes, i);

      g_hash_table_replace (last, make_tag (change->is_collection, change->key), change);
    }

  return last;
}

gboolean
_strata_repairing_read_log (StrataRepairing  *self,
                            GError          **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new ();
  guint n_damaged;

  if (!_strata_changes_salvage (self->dir, changes, &n_damaged, error))
    {
      g_ptr_array_set_free_func (changes, change_free);
      return FALSE;
    }

  self->log_is_damaged = n_damaged > 0;
  g_clear_pointer (&self->logged, g_hash_table_unref);
  self->logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, change_free);
  for (guint i = 0; i < changes->len; i++)
    {
      StrataChange *change = g_ptr_array_index (changes, i);
      g_autofree char *tag = make_tag (change->is_collection, change->key);
      const StrataChange *before = g_hash_table_lookup (self->logged, tag);

      /* Of a deleted session it has the text's digest; the metadata are what they were before */
      if (change->is_deleted && before != NULL)
        {
          change->digest = before->digest;
          change->is_tail = before->is_tail;
        }
      g_hash_table_replace (self->logged, g_steal_pointer (&tag), change);
    }

  return TRUE;
}

const StrataChange *
_strata_repairing_find_logged (StrataRepairing *self,
                               gboolean         is_collection,
                               const char      *key)
{
  g_autofree char *tag = make_tag (is_collection, key);

  return g_hash_table_lookup (self->logged, tag);
}

static void
add_change (GPtrArray          *changes,
            gboolean            is_collection,
            gboolean            is_tail,
            gboolean            is_deleted,
            const char         *key,
            const StrataDigest *digest)
{
  StrataChange *change = _strata_change_new (key, digest);

  change->is_collection = is_collection;
  change->is_tail = is_tail;
  change->is_deleted = is_deleted;
  g_ptr_array_add (changes, change);
}

/* What the files say of one that is there, unless the log says so already; one with a tail is named once more for that */
static void
add_present (StrataRepairing *self,
             GPtrArray       *changes,
             GHashTable      *last,
             gboolean         is_collection,
             const char      *key)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, is_collection, key, NULL);
  g_autofree char *tag = make_tag (is_collection, key);
  const StrataChange *change = g_hash_table_lookup (last, tag);
  gboolean is_known;

  if (manifest == NULL)
    return;

  is_known = change != NULL && !change->is_deleted && _strata_digest_equal (&change->digest, &manifest->file_digest);
  if (!is_known)
    add_change (changes, is_collection, FALSE, FALSE, key, &manifest->file_digest);
  if (manifest->tail != NULL && (!is_known || !change->is_tail))
    add_change (changes, FALSE, TRUE, FALSE, key, &manifest->file_digest);
}

/* Of one in the trash the log says so, unless that line is lost */
static void
add_deleted (StrataRepairing *self,
             GPtrArray       *changes,
             GHashTable      *last,
             const char      *name)
{
  g_auto(GStrv) pieces = g_strsplit (name, "~", -1);
  g_autofree char *folder = g_build_filename ("sessions", pieces[0] != NULL && pieces[1] != NULL ? pieces[1] : "", NULL);
  g_autofree char *trash = g_build_filename ("trash", name, NULL);
  g_autoptr(StrataManifest) manifest = NULL;
  g_autofree char *tag = NULL;
  const StrataChange *change;
  struct stat status;

  if (g_strv_length (pieces) != 3 || strcmp (pieces[0], "sessions") != 0 || _strata_file_stat (self->dir, folder, &status, NULL))
    return;

  tag = make_tag (FALSE, pieces[1]);
  change = g_hash_table_lookup (last, tag);
  manifest = change == NULL || !change->is_deleted ? _strata_store_load_trashed (self->store, pieces[1], trash, NULL) : NULL;
  if (manifest != NULL)
    add_change (changes, FALSE, FALSE, TRUE, pieces[1], &manifest->raw_digest);
}

static gboolean
add_missing_lines (StrataRepairing  *self,
                   GPtrArray        *changes,
                   GError          **error)
{
  g_autoptr(GHashTable) last = find_last (changes);
  g_autoptr(GPtrArray) sessions = _strata_file_list (self->dir, "sessions", error);
  g_autoptr(GPtrArray) collections = sessions != NULL ? _strata_file_list (self->dir, "collections", error) : NULL;
  g_autoptr(GPtrArray) trash = collections != NULL ? _strata_file_list (self->dir, "trash", error) : NULL;

  if (trash == NULL)
    return FALSE;

  for (guint i = 0; i < sessions->len; i++)
    add_present (self, changes, last, FALSE, ((const StrataDirEntry *)g_ptr_array_index (sessions, i))->name);
  for (guint i = 0; i < collections->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (collections, i))->name;
      g_autofree char *key = g_str_has_suffix (name, METADATA_SUFFIX) ? g_strndup (name, strlen (name) - strlen (METADATA_SUFFIX)) : NULL;

      if (key != NULL)
        add_present (self, changes, last, TRUE, key);
    }
  for (guint i = 0; i < trash->len; i++)
    add_deleted (self, changes, last, ((const StrataDirEntry *)g_ptr_array_index (trash, i))->name);

  return TRUE;
}

static gboolean
mend_log_locked (StrataRepairing  *self,
                 char            **out_message,
                 GError          **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func (change_free);
  g_autofree char *aside = NULL;
  g_autofree char *temporary = NULL;
  guint n_damaged, n_whole;
  struct stat status;

  if (!_strata_changes_salvage (self->dir, changes, &n_damaged, error))
    return FALSE;
  n_whole = changes->len;
  if (!add_missing_lines (self, changes, error))
    return FALSE;

  if (_strata_file_stat (self->dir, LOG, &status, NULL))
    {
      aside = _strata_repairing_copy_aside (self, LOG, error);
      if (aside == NULL)
        return FALSE;
    }
  temporary = next_path_locked (self, error);
  if (temporary == NULL || !_strata_changes_replace (self->dir, temporary, changes, error))
    return FALSE;

  *out_message = g_strdup_printf ("It was written anew: %u lines as they were, %u from the files%s%s%s", n_whole,
                                  changes->len - n_whole, aside != NULL ? "; the damaged one is “" : "",
                                  aside != NULL ? aside : "", aside != NULL ? "” now" : "");

  return TRUE;
}

gboolean
_strata_repairing_mend_log (StrataRepairing  *self,
                            GError          **error)
{
  self->mend_databases = TRUE;

  return mend_locked (self, LOG, mend_log_locked, error);
}
