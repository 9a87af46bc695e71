/* store-operation.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "store-operation.h"
#include "store-util.h"
#include "test-util.h"

/* One operation at work. In @folder are "before", the disk as it is set up, with
 * the store; "aside"; and others like "before", each for one run.
 */
typedef struct
{
  const StoreOperation *operation;
  char                 *folder;
  char                 *aside;
  PowerCut             *before;
  StorePromises        *rehearsal;
  StoreOperationReport *report;
} Scene;

/* What came of opening a store: what is in it, or what is wrong. */
typedef struct
{
  GHashTable *found;
  char       *flaw;
} Verdict;

static void
verdict_free (gpointer data)
{
  Verdict *verdict = data;

  g_clear_pointer (&verdict->found, g_hash_table_unref);
  g_free (verdict->flaw);
  g_free (verdict);
}

void
store_operation_report_clear (StoreOperationReport *report)
{
  g_clear_pointer (&report->first, g_free);
}

void
store_cut_options_init (StoreCutOptions *options)
{
  gboolean is_long = g_getenv ("STRATA_TEST_LONG") != NULL;

  options->ignored = 0;
  options->n_mixed = is_long ? 16 : 0;
  options->n_before_sync = is_long ? 64 : 4;
  options->all_points = is_long;
  options->one_in = is_long ? 20 : 60;
  options->n_reopened = is_long ? 0 : 4;
  options->max_flaws = 5;
}

/* Scenes */

static char *
dup_store (const char *disk)
{
  return g_build_filename (disk, "store", NULL);
}

/* Returns: (transfer full): a new disk that is as it was set up */
static char *
make_disk (Scene      *scene,
           const char *name)
{
  char *path = g_build_filename (scene->folder, name, NULL);
  g_autoptr(PowerCutState) state = power_cut_make_state (scene->before, 0, POWER_CUT_NOTHING, 0);

  power_cut_state_write (state, path);

  return path;
}

static void
rehearse (Scene *scene)
{
  g_autofree char *disk = make_disk (scene, "rehearsal");
  g_autofree char *store = dup_store (disk);
  g_autoptr(GError) error = NULL;

  scene->rehearsal = store_promises_new_rehearsal (store);
  scene->operation->run (store, scene->aside, scene->rehearsal, &error);
  g_assert_no_error (error);
  store_promises_end_rehearsal (scene->rehearsal);
  test_remove_tree (disk);
}

static void
scene_init (Scene                *scene,
            const StoreOperation *operation,
            StoreOperationReport *report)
{
  g_autofree char *before = NULL;
  g_autofree char *store = NULL;

  scene->operation = operation;
  scene->report = report;
  scene->folder = test_make_fast_dir ();
  scene->aside = g_build_filename (scene->folder, "aside", NULL);
  before = g_build_filename (scene->folder, "before", NULL);
  store = dup_store (before);
  g_assert_cmpint (g_mkdir (scene->aside, 0700), ==, 0);
  g_assert_cmpint (g_mkdir (before, 0700), ==, 0);
  operation->set_up (store, scene->aside);
  scene->before = power_cut_new (before);
  rehearse (scene);
}

static void
scene_clear (Scene *scene)
{
  test_remove_tree (scene->folder);
  g_free (scene->folder);
  g_free (scene->aside);
  power_cut_free (scene->before);
  store_promises_free (scene->rehearsal);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

/* Opening, and what must be so then */

/* Returns: (nullable) (transfer full): what is wrong */
static char *
verify (StrataStore *store)
{
  g_autofree char *problems = store_util_check (store);
  g_autofree char *staged = store_util_list_files (strata_store_get_path (store), "staging");

  if (*problems != '\0')
    return g_strdup_printf ("verification: %s", g_strchomp (problems));
  if (*staged != '\0')
    return g_strdup_printf ("left in staging/ after opening: %s", staged);

  return NULL;
}

static Verdict *
open_and_verify (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (path, &error);
  Verdict *verdict = g_new0 (Verdict, 1);

  if (store == NULL && g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      verdict->found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      return verdict;
    }
  if (store == NULL)
    {
      verdict->flaw = g_strdup_printf ("it does not open: %s", error->message);
      return verdict;
    }

  verdict->flaw = verify (store);
  if (verdict->flaw == NULL)
    {
      verdict->found = store_describe (store, &error);
      if (verdict->found == NULL)
        verdict->flaw = g_strdup_printf ("it can't be read: %s", error->message);
    }

  return verdict;
}

/* Returns: (nullable) (transfer full): the first owner that two descriptions disagree about */
static char *
find_difference (GHashTable *found,
                 GHashTable *expected)
{
  GHashTable *tables[] = { found, expected };
  GHashTableIter iter;
  gpointer owner;

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_hash_table_iter_init (&iter, tables[i]);
      while (g_hash_table_iter_next (&iter, &owner, NULL))
        if (g_strcmp0 (g_hash_table_lookup (found, owner), g_hash_table_lookup (expected, owner)) != 0)
          return g_strdup_printf ("%s is “%s”, expected “%s”", (char *)owner,
                                  (char *)g_hash_table_lookup (found, owner),
                                  (char *)g_hash_table_lookup (expected, owner));
    }

  return NULL;
}

/* Returns: (nullable) (transfer full): what keeps the operation from finishing */
static char *
go_on (Scene      *scene,
       const char *store)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *difference = NULL;
  Verdict *verdict;
  char *flaw;

  if (!scene->operation->run (store, scene->aside, NULL, &error))
    return g_strdup_printf ("run again, it fails: %s", error->message);

  verdict = open_and_verify (store);
  if (verdict->flaw == NULL)
    difference = find_difference (verdict->found, store_promises_get_after (scene->rehearsal));
  flaw = verdict->flaw != NULL ? g_strdup_printf ("run again, %s", verdict->flaw)
         : difference != NULL ? g_strdup_printf ("run again, %s", difference) : NULL;
  verdict_free (verdict);

  return flaw;
}

/* Takes a disk as something left it: opens the store, looks at all of it, and finishes the operation. */
static Verdict *
examine (Scene      *scene,
         const char *disk)
{
  g_autofree char *store = dup_store (disk);
  Verdict *verdict = open_and_verify (store);

  if (verdict->flaw == NULL)
    verdict->flaw = go_on (scene, store);

  return verdict;
}

/* Power cuts */

/* Everything about the states of one record */
typedef struct
{
  Scene                 *scene;
  const StoreCutOptions *options;
  StorePromises         *promises;
  PowerCut              *cut;
  GHashTable            *verdicts;   /* digest of a state → Verdict */
  guint32                seed;
} Cutting;

/* Where a state comes from */
typedef struct
{
  guint             position;
  PowerCutSurvivor  survivor;
  guint32           seed;
  gboolean          without_databases;
} Origin;

static const char *const survivor_names[POWER_CUT_N_SURVIVORS] = {
  "nothing", "everything", "names and sizes", "bytes", "the first sectors", "all but the first sectors", "a mix",
};

static void
report_flaw (StoreOperationReport *report,
             char                 *flaw)
{
  g_test_message ("%s", flaw);
  report->flaws++;
  if (report->first == NULL)
    report->first = flaw;
  else
    g_free (flaw);
}

static PowerCutState *
make_state (PowerCut     *cut,
            const Origin *origin)
{
  static const char *const databases[] = {
    "store/catalog.sqlite3", "store/catalog.sqlite3-wal", "store/catalog.sqlite3-journal",
    "store/search.sqlite3", "store/search.sqlite3-wal", "store/search.sqlite3-journal",
  };
  PowerCutState *state = power_cut_make_state (cut, origin->position, origin->survivor, origin->seed);

  for (guint i = 0; origin->without_databases && i < G_N_ELEMENTS (databases); i++)
    power_cut_state_remove (state, databases[i]);

  return state;
}

static void
report_cut (Cutting      *cutting,
            PowerCut     *cut,
            const Origin *origin,
            const char   *where,
            const char   *flaw)
{
  g_autofree char *last = power_cut_describe (cut, origin->position);

  report_flaw (cutting->scene->report,
               g_strdup_printf ("%s: power cut%s at %u, after “%s”, with %s of what was not synced (seed %u)%s: %s",
                                cutting->scene->operation->name, where, origin->position, last,
                                survivor_names[origin->survivor], origin->seed,
                                origin->without_databases ? ", without the databases" : "", flaw));
}

/* For whoever looks for the reason: the state as the cut left it, where STRATA_TEST_KEEP says */
static void
keep_state (StoreOperationReport *report,
            PowerCutState        *state)
{
  const char *folder = g_getenv ("STRATA_TEST_KEEP");
  g_autofree char *path = folder != NULL ? g_strdup_printf ("%s/flaw-%u", folder, report->flaws) : NULL;

  if (path != NULL)
    power_cut_state_write (state, path);
}

static gboolean
has_enough (Cutting *cutting)
{
  return cutting->scene->report->flaws >= cutting->options->max_flaws;
}

/* Makes a state of @cut and looks at it, unless one like it was looked at before. */
static void
try_state (Cutting      *cutting,
           PowerCut     *cut,
           const Origin *origin,
           guint         promised_at,
           const char   *where,
           gboolean     *out_is_new)
{
  g_autoptr(PowerCutState) state = make_state (cut, origin);
  const StrataDigest *digest = power_cut_state_get_digest (state);
  Verdict *verdict = g_hash_table_lookup (cutting->verdicts, digest);
  g_autofree char *broken = NULL;

  cutting->scene->report->tried++;
  *out_is_new = verdict == NULL;
  if (verdict == NULL)
    {
      g_autofree char *disk = g_build_filename (cutting->scene->folder, "state", NULL);

      power_cut_state_write (state, disk);
      verdict = examine (cutting->scene, disk);
      test_remove_tree (disk);
      g_hash_table_insert (cutting->verdicts, g_memdup2 (digest, sizeof *digest), verdict);
      cutting->scene->report->different++;
    }

  if (verdict->found != NULL)
    broken = store_promises_find_broken (cutting->promises, verdict->found, promised_at);
  if (broken != NULL)
    report_cut (cutting, cut, origin, where, broken);
  else if (verdict->flaw != NULL && *out_is_new)
    report_cut (cutting, cut, origin, where, verdict->flaw);
  if (broken != NULL || (verdict->flaw != NULL && *out_is_new))
    keep_state (cutting->scene->report, state);
}

static guint32
next_seed (Cutting *cutting)
{
  return ++cutting->seed;
}

/* Opens a state with the power going once more while it opens. */
static void
cut_opening (Cutting      *cutting,
             const Origin *origin)
{
  static const PowerCutSurvivor survivors[] = { POWER_CUT_NOTHING, POWER_CUT_MIXED, POWER_CUT_MIXED };
  g_autofree char *disk = g_build_filename (cutting->scene->folder, "opening", NULL);
  g_autofree char *store = dup_store (disk);
  g_autoptr(PowerCutState) state = make_state (cutting->cut, origin);
  g_autofree char *first = g_strdup_printf (" at %u, and again while opening", origin->position);
  g_autoptr(PowerCut) opening = NULL;
  guint before = cutting->scene->report->different;
  guint n, step;

  power_cut_state_write (state, disk);
  opening = power_cut_new (disk);
  power_cut_start (opening);
  verdict_free (open_and_verify (store));
  power_cut_stop (opening);
  test_remove_tree (disk);

  n = power_cut_get_length (opening);
  step = cutting->options->n_reopened > 0 ? MAX (n / cutting->options->n_reopened, 1) : 1;
  for (guint position = 1 + next_seed (cutting) % step; position <= n && !has_enough (cutting); position += step)
    for (guint i = 0; i < G_N_ELEMENTS (survivors); i++)
      {
        Origin second = { position, survivors[i], next_seed (cutting), FALSE };
        gboolean is_new;

        try_state (cutting, opening, &second, origin->position, first, &is_new);
      }
  cutting->scene->report->reopened += cutting->scene->report->different - before;
}

/* Where the most is at stake: right before the first sync of several, and at the end */
static gboolean
is_at_stake (PowerCut *cut,
             guint     position)
{
  return position == power_cut_get_length (cut) ||
         (power_cut_is_before_sync (cut, position) && (position == 0 || !power_cut_is_before_sync (cut, position - 1)));
}

/* All states of one point. Torn writes are worth a look only where no more comes before a sync. */
static void
cut_at (Cutting *cutting,
        guint    position)
{
  gboolean at_stake = is_at_stake (cutting->cut, position);
  guint n = POWER_CUT_MIXED + (at_stake ? cutting->options->n_before_sync : cutting->options->n_mixed);

  if (cutting->scene->operation->is_slow && !at_stake && !cutting->options->all_points)
    return;

  for (guint i = 0; i < n && !has_enough (cutting); i++)
    {
      PowerCutSurvivor survivor = MIN (i, POWER_CUT_MIXED);
      Origin origin = { position, survivor, next_seed (cutting), at_stake && i + 1 == n };
      gboolean is_new;

      if (!at_stake && (survivor == POWER_CUT_HEADS || survivor == POWER_CUT_TAILS))
        continue;
      try_state (cutting, cutting->cut, &origin, position, "", &is_new);
      if (is_new && cutting->options->one_in > 0 && cutting->scene->report->different % cutting->options->one_in == 0)
        cut_opening (cutting, &origin);
    }
}

void
store_operation_cut_power (const StoreOperation  *operation,
                           const StoreCutOptions *options,
                           StoreOperationReport  *report)
{
  g_auto(Scene) scene = { 0, };
  g_autofree char *disk = NULL;
  g_autofree char *store = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(PowerCut) cut = NULL;
  g_autoptr(StorePromises) promises = NULL;
  g_autoptr(GHashTable) verdicts = NULL;
  Cutting cutting;

  scene_init (&scene, operation, report);
  disk = make_disk (&scene, "disk");
  store = dup_store (disk);
  cut = power_cut_new (disk);
  promises = store_promises_new (scene.rehearsal, cut);
  power_cut_ignore (cut, options->ignored);
  power_cut_start (cut);
  operation->run (store, scene.aside, promises, &error);
  power_cut_stop (cut);
  g_assert_no_error (error);
  power_cut_assert_complete (cut);

  verdicts = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, verdict_free);
  cutting = (Cutting){ &scene, options, promises, cut, verdicts, (guint32)g_test_rand_int () };
  report->points = power_cut_get_length (cut) + 1;
  for (guint position = 0; position < report->points && report->flaws < options->max_flaws; position++)
    cut_at (&cutting, position);
}

/* Faults */

static gboolean
fail_call (Scene     *scene,
           FaultKind  kind,
           int        errno_value,
           guint64    nth)
{
  g_autofree char *disk = make_disk (scene, "disk");
  g_autofree char *store = dup_store (disk);
  g_autoptr(StorePromises) promises = store_promises_new (scene->rehearsal, NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *broken = NULL;
  Verdict *verdict;
  gboolean struck, ok;

  fault_seam_install ();
  fault_seam_arm (kind, nth, errno_value);
  ok = scene->operation->run (store, scene->aside, promises, &error);
  struck = fault_seam_has_struck ();
  fault_seam_remove ();
  g_assert_true (ok == (error == NULL));

  verdict = examine (scene, disk);
  if (verdict->found != NULL)
    broken = store_promises_find_broken (promises, verdict->found, G_MAXUINT);
  if (broken != NULL || verdict->flaw != NULL)
    report_flaw (scene->report, g_strdup_printf ("%s: call %" G_GUINT64_FORMAT " went wrong (%s): %s", scene->operation->name,
                                                 nth, g_strerror (errno_value), broken != NULL ? broken : verdict->flaw));
  verdict_free (verdict);
  test_remove_tree (disk);

  return struck;
}

static guint64
count_calls (Scene *scene)
{
  g_autofree char *disk = make_disk (scene, "disk");
  g_autofree char *store = dup_store (disk);
  g_autoptr(StorePromises) promises = store_promises_new (scene->rehearsal, NULL);
  g_autoptr(GError) error = NULL;
  guint64 calls;

  fault_seam_install ();
  scene->operation->run (store, scene->aside, promises, &error);
  calls = fault_seam_get_calls ();
  fault_seam_remove ();
  g_assert_no_error (error);
  test_remove_tree (disk);

  return calls;
}

void
store_operation_fail_calls (const StoreOperation *operation,
                            FaultKind             kind,
                            int                   errno_value,
                            guint                 max_tries,
                            StoreOperationReport *report)
{
  g_auto(Scene) scene = { 0, };
  guint64 calls, step, first;

  scene_init (&scene, operation, report);
  calls = count_calls (&scene);
  report->points += (guint)calls;
  step = MAX (1, (calls + max_tries - 1) / max_tries);
  first = 1 + (guint64)g_test_rand_int_range (0, (gint32)step);
  for (guint64 nth = first; nth <= calls && report->flaws < 5; nth += step)
    {
      report->tried++;
      if (fail_call (&scene, kind, errno_value, nth))
        report->different++;
    }
}
