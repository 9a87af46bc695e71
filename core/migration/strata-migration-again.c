/* strata-migration-again.c
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
#include "strata-journal-private.h"
#include "strata-migration-object-private.h"

/* What was asked for stands in the journal when a run begins, so that the same can be
 * done again without asking anybody: `asked source=N old=PATH attachments=PATH name=NAME
 * recovered=1 videos=copy`, texts as in a URI, "-" where nothing was given. Lines from
 * before videos could stay in the old store end earlier.
 */

/* What does not fit into a line of the journal is not kept */
#define MAX_ASKED 3500
#define NOTHING "-"
#define N_WORDS 6

static char *
escape (const char *text)
{
  /* So that it is nothing's */
  if (text == NULL || strcmp (text, NOTHING) == 0)
    return g_strdup (text == NULL ? NOTHING : "%2D");

  return g_uri_escape_bytes ((const guint8 *)text, strlen (text), "/");
}

/* Returns: (transfer full) (nullable) */
static char *
unescape (const char *text)
{
  g_autoptr(GBytes) bytes = strcmp (text, NOTHING) != 0 ? g_uri_unescape_bytes (text, -1, NULL, NULL) : NULL;

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

gboolean
_strata_migration_note_asked (StrataMigrationRun  *run,
                              GError             **error)
{
  g_autofree char *old = escape (run->legacy_path);
  g_autofree char *attachments = escape (run->attachments_path);
  g_autofree char *name = escape (run->migration->source);

  if (strlen (old) + strlen (attachments) + strlen (name) > MAX_ASKED)
    return TRUE;

  return _strata_journal_append (_strata_store_get_dir (run->store), error, "asked source=%u old=%s attachments=%s name=%s recovered=%d videos=%s",
                                 run->source, old, attachments, name, run->recover ? 1 : 0,
                                 run->migration->refer ? "reference" : "copy");
}

/* The last line of that kind, in its words */
static void
look_at_event (const char *event,
               gpointer    user_data)
{
  char ***asked = user_data;

  if (!g_str_has_prefix (event, "asked source="))
    return;
  g_strfreev (*asked);
  *asked = g_strsplit (event, " ", -1);
}

guint
_strata_migration_find_last_source (int dir)
{
  g_auto(GStrv) words = NULL;
  guint source = 1;

  /* What can't be read asks for none in particular */
  if (_strata_journal_read (dir, look_at_event, &words, NULL) && words != NULL)
    sscanf (words[1], "source=%u", &source);

  return source;
}

static char *
take_word (char       **words,
           guint        position,
           const char  *name)
{
  gsize length = strlen (name);

  return strncmp (words[position], name, length) == 0 ? unescape (words[position] + length) : NULL;
}

static StrataMigration *
make_again (const char  *store_path,
            char       **words)
{
  g_autofree char *old = take_word (words, 2, "old=");
  g_autofree char *attachments = take_word (words, 3, "attachments=");
  g_autofree char *name = take_word (words, 4, "name=");
  StrataMigration *migration = strata_migration_new (store_path, old);

  strata_migration_set_attachments_path (migration, attachments);
  strata_migration_set_source (migration, name);
  strata_migration_set_recover (migration, strcmp (words[5], "recovered=0") != 0);
  strata_migration_set_refer (migration, g_strcmp0 (words[6], "videos=reference") == 0);

  return migration;
}

typedef struct
{
  guint   source;
  char  **words;
} Asked;

static void
look_at_event_of_source (const char *event,
                         gpointer    user_data)
{
  Asked *asked = user_data;
  guint source;

  if (sscanf (event, "asked source=%u ", &source) == 1 && source == asked->source)
    look_at_event (event, &asked->words);
}

StrataMigration *
_strata_migration_new_as_asked (const char *store_path,
                                int         dir,
                                guint       source)
{
  g_auto(GStrv) words = NULL;
  Asked asked = { source, NULL };
  gboolean ok = _strata_journal_read (dir, look_at_event_of_source, &asked, NULL);

  words = asked.words;

  return ok && words != NULL && g_strv_length (words) >= N_WORDS ? make_again (store_path, words) : NULL;
}

/**
 * strata_migration_new_again:
 * @store_path: a store's folder
 *
 * Makes a migration that does once more what was asked for when one was run last: from
 * the same old store, with the same settings of what to take. It goes on with one that
 * is unfinished, and takes in what is new or changed after one that is complete.
 *
 * Returns: (transfer full): a migration that has not been run; or %NULL with @error set:
 *   %STRATA_ERROR_NOT_FOUND where there never was one
 */
StrataMigration *
strata_migration_new_again (const char  *store_path,
                            GError     **error)
{
  g_auto(GStrv) words = NULL;
  StrataMigration *migration = NULL;
  int dir;
  gboolean ok;

  g_return_val_if_fail (store_path != NULL, NULL);

  dir = _strata_file_open (AT_FDCWD, store_path, O_RDONLY | O_DIRECTORY, error);
  if (dir < 0)
    return NULL;
  ok = _strata_journal_read (dir, look_at_event, &words, error);
  _strata_file_close (dir);
  if (!ok)
    return NULL;

  if (words != NULL && g_strv_length (words) >= N_WORDS)
    migration = make_again (store_path, words);
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "Nothing was migrated into “%s” so far", store_path);

  return migration;
}
