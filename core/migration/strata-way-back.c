/* strata-way-back.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-journal-private.h"
#include "strata-way-back-private.h"

#define LOCK_PATH "migration/lock"
#define SECONDS_A_DAY (24 * 60 * 60)

typedef struct
{
  StrataWayBack *self;
  GHashTable    *first;   /* source → gint64: when it was complete for the first time */
} Reading;

static void
clear_begun (StrataBegunRollback *begun)
{
  g_clear_pointer (&begun->token, g_free);
  g_clear_pointer (&begun->outcome, g_free);
  g_clear_pointer (&begun->export, g_free);
}

void
_strata_way_back_free (StrataWayBack *self)
{
  clear_begun (&self->begun);
  g_ptr_array_unref (self->manifests);
  g_array_unref (self->complete);
  g_array_unref (self->incomplete);
  g_array_unref (self->retired);
  g_array_unref (self->being_retired);
  g_free (self);
}

static gboolean
has_number (GArray *numbers,
            guint   number)
{
  for (guint i = 0; i < numbers->len; i++)
    if (g_array_index (numbers, guint, i) == number)
      return TRUE;

  return FALSE;
}

gboolean
_strata_way_back_is_retired (StrataWayBack *self,
                             guint          source)
{
  return has_number (self->retired, source);
}

int
_strata_way_back_get_days_left (StrataWayBack *self,
                                guint          retention_days)
{
  gint64 left = self->complete_since + (gint64)retention_days * SECONDS_A_DAY - g_get_real_time () / G_USEC_PER_SEC;

  return left > 0 ? (int)((left + SECONDS_A_DAY - 1) / SECONDS_A_DAY) : 0;
}

char *
_strata_journal_word_from_path (const char *path)
{
  return path != NULL ? g_base64_encode ((const guchar *)path, strlen (path)) : g_strdup ("-");
}

char *
_strata_journal_word_to_path (const char *word)
{
  gsize length;
  g_autofree guchar *bytes = strcmp (word, "-") != 0 ? g_base64_decode (word, &length) : NULL;

  return bytes != NULL ? g_strndup ((const char *)bytes, length) : NULL;
}

/* The journal */

static gint64
parse_time (const char *time)
{
  g_autoptr(GDateTime) parsed = g_date_time_new_from_iso8601 (time, NULL);

  return parsed != NULL ? g_date_time_to_unix (parsed) : 0;
}

static void
note_complete (Reading    *reading,
               const char *time,
               guint       source)
{
  gint64 *when;

  if (g_hash_table_contains (reading->first, GUINT_TO_POINTER (source)))
    return;
  when = g_new (gint64, 1);
  *when = parse_time (time);
  g_hash_table_insert (reading->first, GUINT_TO_POINTER (source), when);
}

/* `rollback begin TOKEN OUTCOME RESTORE EXPORT` */
static void
note_begun (StrataBegunRollback *begun,
            const char          *event)
{
  g_auto(GStrv) words = g_strsplit (event, " ", 6);

  if (g_strv_length (words) != 6)
    return;

  clear_begun (begun);
  begun->token = g_strdup (words[2]);
  begun->outcome = g_strdup (words[3]);
  begun->restore = strcmp (words[4], "restore") == 0;
  begun->export = _strata_journal_word_to_path (words[5]);
}

static void
remove_number (GArray *numbers,
               guint   number)
{
  for (guint i = numbers->len; i > 0; i--)
    if (g_array_index (numbers, guint, i - 1) == number)
      g_array_remove_index (numbers, i - 1);
}

/* A StrataJournalTimeFunc */
static void
note_event (const char *time,
            const char *event,
            gpointer    user_data)
{
  Reading *reading = user_data;
  StrataWayBack *self = reading->self;
  guint source;

  if (sscanf (event, "state complete source=%u", &source) == 1)
    note_complete (reading, time, source);
  else if (g_str_has_prefix (event, "rollback begin "))
    note_begun (&self->begun, event);
  else if (g_str_has_prefix (event, "rollback undone"))
    clear_begun (&self->begun);
  else if (sscanf (event, "retire begin source=%u", &source) == 1)
    {
      g_array_append_val (self->retired, source);
      g_array_append_val (self->being_retired, source);
    }
  else if (sscanf (event, "retire done source=%u", &source) == 1)
    remove_number (self->being_retired, source);
  else if (sscanf (event, "rollback-point source=%u", &source) == 1)
    {
      /* There was something to be migrated again */
      remove_number (self->retired, source);
      remove_number (self->being_retired, source);
    }
}

/* All of it */

/* A rollback point is made before its migration is complete. */
static gboolean
find_rollback_points (StrataWayBack  *self,
                      StrataStore    *store,
                      Reading        *reading,
                      GError        **error)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (store, error);

  if (header == NULL)
    return FALSE;

  for (guint i = 0; i < header->sources->len; i++)
    {
      guint number = ((const StrataSourceRecord *)g_ptr_array_index (header->sources, i))->number;
      const gint64 *when = g_hash_table_lookup (reading->first, GUINT_TO_POINTER (number));
      g_autofree char *path = _strata_rollback_dup_path (number, "manifest");
      struct stat status;

      if (when == NULL || !_strata_file_stat (_strata_store_get_dir (store), path, &status, NULL))
        {
          g_array_append_val (self->incomplete, number);
          continue;
        }
      g_array_append_val (self->complete, number);
      self->complete_since = MAX (self->complete_since, *when);
    }

  return TRUE;
}

StrataWayBack *
_strata_way_back_glance (StrataStore  *store,
                         GError      **error)
{
  g_autoptr(StrataWayBack) self = g_new0 (StrataWayBack, 1);
  g_autoptr(GHashTable) first = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  Reading reading = { self, first };

  self->manifests = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_rollback_manifest_free);
  self->complete = g_array_new (FALSE, FALSE, sizeof (guint));
  self->incomplete = g_array_new (FALSE, FALSE, sizeof (guint));
  self->retired = g_array_new (FALSE, FALSE, sizeof (guint));
  self->being_retired = g_array_new (FALSE, FALSE, sizeof (guint));

  return _strata_journal_read_times (_strata_store_get_dir (store), note_event, &reading, error) &&
         find_rollback_points (self, store, &reading, error) ? g_steal_pointer (&self) : NULL;
}

StrataWayBack *
_strata_way_back_read (StrataStore   *store,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_autoptr(StrataWayBack) self = _strata_way_back_glance (store, error);

  for (guint i = 0; self != NULL && i < self->complete->len; i++)
    {
      StrataRollbackManifest *manifest =
        _strata_rollback_manifest_open (_strata_store_get_dir (store), g_array_index (self->complete, guint, i), cancellable, error);

      if (manifest == NULL)
        return NULL;
      g_ptr_array_add (self->manifests, manifest);
    }

  return g_steal_pointer (&self);
}

int
_strata_way_back_lock (int      dir,
                       GError **error)
{
  g_autofree char *pid = g_strdup_printf ("%" G_GINT64_FORMAT "\n", (gint64)getpid ());
  int fd = _strata_file_open (dir, LOCK_PATH, O_RDWR | O_CREAT, error);

  if (fd < 0)
    return -1;

  if (_strata_seam_get ()->lock (fd, F_WRLCK) < 0)
    {
      if (errno == EAGAIN || errno == EACCES)
        g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "A migration into this store is running; wait for it, or pause it");
      else
        _strata_file_set_error (error, errno, "lock", LOCK_PATH);
      _strata_file_close (fd);
      return -1;
    }

  /* For people who ask who it is; nothing depends on it */
  if (_strata_seam_get ()->truncate (fd, 0) == 0)
    _strata_file_write_all (fd, pid, strlen (pid), LOCK_PATH, NULL);

  return fd;
}
