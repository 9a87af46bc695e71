/* strata-check.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-check-private.h"

G_DEFINE_BOXED_TYPE (StrataCheck, strata_check, strata_check_ref, strata_check_unref)

StrataCheck *
strata_check_ref (StrataCheck *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
check_clear (StrataCheck *self)
{
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_clear_pointer (&self->drilled, g_free);
}

void
strata_check_unref (StrataCheck *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)check_clear);
}

/* Problems */

void
_strata_checking_report (StrataChecking *self,
                         const char     *path,
                         const char     *session,
                         const char     *item,
                         const char     *what)
{
  g_ptr_array_add (self->result->problems, strata_problem_new ("digest-mismatch", path, session, item, -1, "%s", what));
  self->result->damage++;
}

void
_strata_checking_note_foreign (StrataChecking *self,
                               const char     *path)
{
  g_ptr_array_add (self->result->problems,
                   strata_problem_new ("foreign-file", path, NULL, NULL, -1, "It is no part of the store; it is left alone"));
}

gboolean
_strata_checking_note_damage (StrataChecking  *self,
                              const char      *path,
                              const char      *session,
                              GError         **from,
                              GError         **error)
{
  if ((*from)->domain == STRATA_ERROR || g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    {
      _strata_checking_report (self, path, session, NULL, (*from)->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (from));

  return FALSE;
}

/* Running */

static guint64
sum_bytes (GPtrArray *pieces)
{
  guint64 sum = 0;

  for (guint i = 0; i < pieces->len; i++)
    sum += ((const StrataPiece *)g_ptr_array_index (pieces, i))->bytes;

  return sum;
}

/* The first piece behind @position */
static guint
find_start (GPtrArray  *pieces,
            const char *position)
{
  guint start = 0;

  while (start < pieces->len && strcmp (((const StrataPiece *)g_ptr_array_index (pieces, start))->path, position) <= 0)
    start++;

  return start < pieces->len ? start : 0;
}

static gboolean
check_piece (StrataChecking     *self,
             const StrataPiece  *piece,
             GError            **error)
{
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error) && piece->func (self, piece->name, error);
}

static gboolean
check_all (StrataChecking  *self,
           GPtrArray       *pieces,
           GError         **error)
{
  for (guint i = 0; i < pieces->len; i++)
    if (!check_piece (self, g_ptr_array_index (pieces, i), error))
      return FALSE;
  self->result->ends = TRUE;

  return TRUE;
}

/* Goes on where the last part ended, until so much of the store was read, but never
 * beyond its end. At least one piece is looked at.
 */
static gboolean
check_part (StrataChecking  *self,
            GPtrArray       *pieces,
            guint            percent,
            GError         **error)
{
  g_autofree char *position = _strata_check_read_state (self->dir);
  guint64 budget = sum_bytes (pieces) / 100 * percent;
  guint64 read = 0;
  guint i = find_start (pieces, position);

  do
    {
      const StrataPiece *piece = g_ptr_array_index (pieces, i);

      if (!check_piece (self, piece, error))
        return FALSE;
      read += piece->bytes;
      i++;
    }
  while (i < pieces->len && read < budget);

  self->result->ends = i == pieces->len;

  return _strata_check_write_state (self->store, self->result->ends ? "" : ((StrataPiece *)g_ptr_array_index (pieces, i - 1))->path,
                                    error);
}

static gboolean
run (StrataChecking  *self,
     guint            percent,
     gboolean         drill,
     GError         **error)
{
  g_autoptr(GPtrArray) pieces = _strata_check_list_pieces (self->store, error);

  if (pieces == NULL || !_strata_checking_read_log (self, error))
    return FALSE;

  return (percent == 0 || percent >= 100 ? check_all (self, pieces, error) : check_part (self, pieces, percent, error)) &&
         (!drill || _strata_checking_drill (self, error));
}

/**
 * strata_check_run:
 * @store: a store
 * @cancellable: (nullable): a cancellable
 *
 * Reads every file of the store to its end: every part against its digests,
 * every session and collection put together against its own, every object
 * against its name, every use of an attachment against the objects, or what was left in
 * an old store for it against its digest, what is in the
 * trash and in quarantine as well; the log, the catalog and the search index against
 * the files. Files that are no part of the store are noted. Changes nothing. Others may write
 * meanwhile: what changes while it is looked at is looked at again.
 *
 * Returns: (transfer full): what was found; or %NULL with @error set, when the
 *   check itself could not go on
 */
StrataCheck *
strata_check_run (StrataStore   *store,
                  GCancellable  *cancellable,
                  GError       **error)
{
  return strata_check_run_part (store, 0, FALSE, cancellable, error);
}

/**
 * strata_check_run_part:
 * @store: a store
 * @percent: how much of the store to look at, by bytes; 0, or 100 and more: all
 * @drill: whether to put a session together in another way too, chosen by chance, and compare
 * @cancellable: (nullable): a cancellable
 *
 * Does what [func@Strata.Check.run] does to a part of the store: each time the next one, so
 * that after enough of them everything was looked at. Where to go on is remembered in the store,
 * which is all that is changed. A part ends at the end of the store, see `ends`.
 *
 * Returns: (transfer full): what was found; or %NULL with @error set
 */
StrataCheck *
strata_check_run_part (StrataStore   *store,
                       guint          percent,
                       gboolean       drill,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_autoptr(StrataCheck) result = NULL;
  g_autoptr(StrataCatalog) scratch = NULL;
  g_autoptr(GHashTable) logged = NULL, referred = NULL;
  StrataChecking self = { 0, };

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  result = g_atomic_rc_box_new0 (StrataCheck);
  result->problems = g_ptr_array_new_with_free_func (g_object_unref);
  scratch = _strata_catalog_new_in_memory ();
  logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  referred = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, NULL);
  self.referred = referred;
  self.result = result;
  self.store = store;
  self.dir = _strata_store_get_dir (store);
  self.cancellable = cancellable;
  self.scratch = scratch;
  self.logged = logged;

  return run (&self, percent, drill, error) ? g_steal_pointer (&result) : NULL;
}
