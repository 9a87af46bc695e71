/* strata-positions.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-sqlite-private.h"
#include "strata-positions-private.h"
#include "strata-tokenizer-private.h"

static int raw_forced = -1;

/* One by one */

static void
read_each (const Fts5ExtensionApi *api,
           Fts5Context            *fts,
           int                     phrase,
           GArray                 *out)
{
  Fts5PhraseIter iter;
  int column, position;

  for (api->xPhraseFirst (fts, phrase, &iter, &column, &position); column >= 0;
       api->xPhraseNext (fts, &iter, &column, &position))
    {
      guint32 found = (guint32)position;

      g_array_append_val (out, found);
    }
}

/* As they lie in the file */

/* The highest seven bits come first; the high bit says that more follow. */
static const guint8 *
take_varint (const guint8 *p,
             const guint8 *end,
             guint32      *out_number)
{
  guint32 number = *p & 0x7f;

  while ((*p++ & 0x80) != 0 && p < end)
    number = number << 7 | (*p & 0x7f);
  *out_number = number;

  return p;
}

static void
read_raw (const Fts5ExtensionApi *api,
          Fts5Context            *fts,
          int                     phrase,
          GArray                 *out)
{
  guint before = out->len, n = before;
  const guint8 *p, *end;
  guint32 *positions;
  Fts5PhraseIter iter;
  int column, position;

  api->xPhraseFirst (fts, phrase, &iter, &column, &position);
  if (column < 0)
    return;

  /* A byte at least for each that follows the first */
  p = iter.a;
  end = iter.b;
  g_array_set_size (out, before + 1 + (guint)(end - p));
  positions = (guint32 *)(void *)out->data;
  positions[n] = (guint32)position;
  while (p < end)
    {
      guint32 step = *p;

      if (step < 0x80)
        p++;
      else
        p = take_varint (p, end, &step);
      positions[n + 1] = positions[n] + step - 2;
      n++;
    }
  g_array_set_size (out, n + 1);
}

/* Trying it out */

typedef struct
{
  guint    n_phrases;    /* compared */
  gboolean is_same;
} Trial;

static void
compare_cb (const Fts5ExtensionApi  *api,
            Fts5Context             *fts,
            sqlite3_context         *context,
            int                      n_arguments,
            sqlite3_value          **arguments)
{
  Trial *trial = api->xUserData (fts);

  for (int i = 0; i < api->xPhraseCount (fts); i++)
    {
      g_autoptr(GArray) each = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_autoptr(GArray) raw = g_array_new (FALSE, FALSE, sizeof (guint32));

      read_each (api, fts, i, each);
      read_raw (api, fts, i, raw);
      trial->is_same = trial->is_same && each->len > 0 && each->len == raw->len &&
                       memcmp (each->data, raw->data, each->len * sizeof (guint32)) == 0;
      trial->n_phrases++;
    }
}

/* "a" and "b" stand far enough from each other for numbers of one, two and three bytes */
static char *
make_trial_text (void)
{
  GString *text = g_string_new ("b a a b");

  for (guint i = 1; i < 20000; i++)
    g_string_append (text, i % 300 == 0 ? " b" : i == 19000 ? " a" : i < 100 ? " a" : " c");

  return g_string_free (text, FALSE);
}

static gboolean
run_trial (sqlite3    *db,
           const char *text,
           Trial      *trial)
{
  fts5_api *api = _strata_tokenizer_get_api (db, NULL);
  g_autoptr(sqlite3_stmt) insert = NULL;
  g_autoptr(sqlite3_stmt) find = NULL;
  gboolean row;

  if (api == NULL || api->xCreateFunction (api, "compare", trial, compare_cb, NULL) != SQLITE_OK ||
      !_strata_sqlite_exec (db, "CREATE VIRTUAL TABLE trial USING fts5 (text, content='', columnsize=0)", NULL))
    return FALSE;

  insert = _strata_sqlite_prepare (db, "INSERT INTO trial (rowid, text) VALUES (1, ?)", NULL);
  if (insert == NULL)
    return FALSE;
  _strata_sqlite_bind_text (insert, 1, text);
  if (!_strata_sqlite_run (insert, NULL))
    return FALSE;

  find = _strata_sqlite_prepare (db, "SELECT compare (trial) FROM trial WHERE trial MATCH 'a AND b AND c*' ORDER BY rowid DESC", NULL);

  return find != NULL && _strata_sqlite_step (find, &row, NULL) && row;
}

static gboolean
try_out (void)
{
  g_autofree char *text = make_trial_text ();
  sqlite3 *db = _strata_sqlite_open (":memory:", STRATA_SQLITE_WRITE, NULL);
  Trial trial = { 0, TRUE };
  gboolean ok = db != NULL && run_trial (db, text, &trial) && trial.n_phrases == 3 && trial.is_same;

  sqlite3_close (db);
  if (!ok)
    g_info ("FTS5 has positions in a form of its own; reading them takes longer");

  return ok;
}

gboolean
_strata_positions_are_raw (void)
{
  static gsize once;
  static gboolean works;

  if (g_once_init_enter (&once))
    {
      works = try_out ();
      g_once_init_leave (&once, 1);
    }

  return works && raw_forced != 0;
}

void
_strata_positions_set_raw (int raw)
{
  raw_forced = raw;
}

void
_strata_positions_read (const Fts5ExtensionApi *api,
                        Fts5Context            *fts,
                        int                     phrase,
                        GArray                 *out)
{
  if (_strata_positions_are_raw ())
    read_raw (api, fts, phrase, out);
  else
    read_each (api, fts, phrase, out);
}

void
_strata_positions_keep_common (GArray       *starts,
                               const GArray *positions,
                               guint         before)
{
  guint32 *kept = (guint32 *)(void *)starts->data;
  const guint32 *p = (const guint32 *)(const void *)positions->data;
  const guint32 *end = p + positions->len;
  guint n = 0;

  for (guint i = 0; i < starts->len && p < end; i++)
    {
      guint32 wanted = kept[i] + before;

      while (p < end && *p < wanted)
        p++;
      if (p < end && *p == wanted)
        kept[n++] = kept[i];
    }
  g_array_set_size (starts, n);
}
