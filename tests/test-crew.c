/* test-crew.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <gio/gio.h>

#include "base/strata-crew-private.h"

#define N_TASKS 500
#define NEVER G_MAXUINT

/* What all tasks of a test share */
typedef struct
{
  GMutex   mutex;
  GCond    changed;
  guint    n_freed;      /* guarded, as is all but the next three */
  guint    n_working;
  guint    most_working;
  guint    next;         /* number of the task that is to be finished next */
  guint64  admitted;     /* cost of what is not finished */
  guint64  most_admitted;
  guint    fails;        /* number of the one that fails */
  guint    meets;        /* so many must work at once before any goes on; 0: none waits */
  gboolean is_held;
  guint    n_begun;      /* by hands */
  guint    n_blocks;     /* that hands were at a checkpoint with */
} Shared;

typedef struct
{
  Shared *shared;
  guint   number;
  guint   square;
  guint64 cost;
} Task;

static void
work (gpointer data)
{
  Task *task = data;
  Shared *shared = task->shared;

  _strata_checkpoint (1);
  g_mutex_lock (&shared->mutex);
  shared->n_working++;
  shared->most_working = MAX (shared->most_working, shared->n_working);
  g_cond_broadcast (&shared->changed);
  while (shared->most_working < shared->meets)
    g_cond_wait (&shared->changed, &shared->mutex);
  g_mutex_unlock (&shared->mutex);

  /* Later ones are done sooner than earlier ones, now and then */
  if (task->number % 7 == 0)
    g_usleep (200);
  task->square = task->number * task->number;

  g_mutex_lock (&shared->mutex);
  shared->n_working--;
  g_mutex_unlock (&shared->mutex);
}

static gboolean
finish (gpointer   data,
        GError   **error)
{
  Task *task = data;

  g_assert_cmpuint (task->number, ==, task->shared->next++);
  g_assert_cmpuint (task->square, ==, task->number * task->number);
  task->shared->admitted -= task->cost;
  if (task->number != task->shared->fails)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%u", task->number);

  return FALSE;
}

static void
task_free (gpointer data)
{
  Task *task = data;

  g_mutex_lock (&task->shared->mutex);
  task->shared->n_freed++;
  g_mutex_unlock (&task->shared->mutex);
  g_free (task);
}

static const StrataCrewKind kind = { work, finish, task_free };

static void
begin (gpointer data)
{
  Shared *shared = data;

  g_mutex_lock (&shared->mutex);
  while (shared->is_held)
    g_cond_wait (&shared->changed, &shared->mutex);
  shared->n_begun++;
  g_mutex_unlock (&shared->mutex);
}

static void
end (gpointer data)
{
  Shared *shared = data;

  g_mutex_lock (&shared->mutex);
  g_assert_cmpuint (shared->n_begun, >, 0);
  g_mutex_unlock (&shared->mutex);
}

static void
count_block (gsize    bytes,
             gpointer data)
{
  Shared *shared = data;

  g_mutex_lock (&shared->mutex);
  shared->n_blocks += (guint)bytes;
  g_mutex_unlock (&shared->mutex);
}

static void
shared_init (Shared *shared)
{
  *shared = (Shared){ .fails = NEVER };
  g_mutex_init (&shared->mutex);
  g_cond_init (&shared->changed);
}

static StrataCrew *
make_crew (Shared  *shared,
           guint    n_hands,
           guint64  budget)
{
  StrataCrewWatch watch = { begin, end, count_block, shared };

  return _strata_crew_new (n_hands, budget, &watch);
}

static gboolean
admit (StrataCrew  *crew,
       Shared      *shared,
       guint        number,
       guint64      cost,
       GError     **error)
{
  Task *task = g_new0 (Task, 1);

  task->shared = shared;
  task->number = number;
  task->cost = cost;
  shared->admitted += cost;
  shared->most_admitted = MAX (shared->most_admitted, shared->admitted);

  return _strata_crew_admit (crew, &kind, task, cost, error);
}

static void
check_order (guint n_hands)
{
  Shared shared;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCrew) crew = NULL;

  shared_init (&shared);
  crew = make_crew (&shared, n_hands, 100);
  for (guint i = 0; i < N_TASKS; i++)
    g_assert_true (admit (crew, &shared, i, 10, &error));
  g_assert_true (_strata_crew_drain (crew, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (shared.next, ==, N_TASKS);
  g_assert_cmpuint (shared.n_freed, ==, N_TASKS);
  /* One more is admitted before others are waited for */
  g_assert_cmpuint (shared.most_admitted, <=, 110);
  if (n_hands == 0)
    g_assert_cmpuint (shared.n_begun + shared.n_blocks, ==, 0);
  else
    g_assert_cmpuint (shared.n_begun, ==, shared.n_blocks);
}

static void
test_results_come_in_order (void)
{
  check_order (1);
  check_order (5);
}

static void
test_no_hands_are_enough (void)
{
  check_order (0);
}

/* Would never end if only one worked at a time */
static void
test_hands_and_owner_work_at_once (void)
{
  Shared shared;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCrew) crew = NULL;

  shared_init (&shared);
  shared.meets = 4;
  crew = make_crew (&shared, 3, 1000);
  for (guint i = 0; i < 20; i++)
    g_assert_true (admit (crew, &shared, i, 10, &error));
  g_assert_true (_strata_crew_drain (crew, &error));
  g_assert_cmpuint (shared.most_working, ==, 4);
}

static void
test_the_first_may_be_larger_than_the_budget (void)
{
  Shared shared;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCrew) crew = NULL;

  shared_init (&shared);
  crew = make_crew (&shared, 2, 10);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_true (admit (crew, &shared, i, 1000, &error));
      g_assert_cmpuint (shared.admitted, <=, 1000);
    }
  g_assert_true (_strata_crew_drain (crew, &error));
  g_assert_cmpuint (shared.next, ==, 20);
}

/* The first failure in order is told, whoever failed first, and nothing behind it is finished. */
static void
test_failure_gives_up_the_rest (void)
{
  for (guint n_hands = 0; n_hands < 4; n_hands++)
    {
      Shared shared;
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataCrew) crew = NULL;
      gboolean ok = TRUE;
      guint n_admitted = 0;

      shared_init (&shared);
      shared.fails = 33;
      crew = make_crew (&shared, n_hands, 200);
      for (; ok && n_admitted < N_TASKS; n_admitted++)
        ok = admit (crew, &shared, n_admitted, 10, &error);
      ok = ok && _strata_crew_drain (crew, &error);
      g_assert_false (ok);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_assert_cmpstr (error->message, ==, "33");
      g_assert_cmpuint (shared.next, ==, 34);
      g_assert_cmpuint (shared.n_freed, ==, n_admitted);
      g_clear_error (&error);

      /* It can be used again */
      shared.next = n_admitted;
      g_assert_true (admit (crew, &shared, n_admitted, 10, &error));
      g_assert_true (_strata_crew_drain (crew, &error));
      g_assert_cmpuint (shared.n_freed, ==, n_admitted + 1);
    }
}

/* What was admitted before admitting failed comes before that failure. */
static void
test_settling_tells_the_first_failure (void)
{
  for (guint fails = 3; fails < 6; fails++)
    {
      Shared shared;
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataCrew) crew = NULL;

      shared_init (&shared);
      shared.fails = fails;
      crew = make_crew (&shared, 0, 1000);
      for (guint i = 0; i < 5; i++)
        g_assert_true (admit (crew, &shared, i, 1, &error));
      g_set_error (&error, G_IO_ERROR, G_IO_ERROR_CLOSED, "reading");
      g_assert_false (_strata_crew_settle (crew, FALSE, &error));
      g_assert_cmpstr (error->message, ==, fails == 3 ? "3" : fails == 4 ? "4" : "reading");
      g_assert_cmpuint (shared.next, ==, MIN (fails + 1, 5));
      g_assert_cmpuint (shared.n_freed, ==, 5);
    }
}

static void
test_freeing_gives_up (void)
{
  g_autoptr(GError) error = NULL;
  StrataCrew *crew;
  Shared shared;

  shared_init (&shared);
  crew = make_crew (&shared, 2, G_MAXUINT64);
  for (guint i = 0; i < N_TASKS; i++)
    g_assert_true (admit (crew, &shared, i, 10, &error));
  _strata_crew_free (crew);
  g_assert_cmpuint (shared.n_freed, ==, N_TASKS);
  g_assert_cmpuint (shared.n_working, ==, 0);
}

/* The owner does what held hands have not begun, and looks at its own checkpoint meanwhile. */
static void
let_go (gsize    bytes,
        gpointer data)
{
  Shared *shared = data;

  g_mutex_lock (&shared->mutex);
  if (bytes == 0)
    shared->is_held = FALSE;
  g_cond_broadcast (&shared->changed);
  g_mutex_unlock (&shared->mutex);
}

static void
test_held_hands_hold_nobody (void)
{
  Shared shared;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCrew) crew = NULL;

  shared_init (&shared);
  shared.is_held = TRUE;
  crew = make_crew (&shared, 2, G_MAXUINT64);
  _strata_checkpoint_set (let_go, &shared);
  for (guint i = 0; i < 50; i++)
    g_assert_true (admit (crew, &shared, i, 10, &error));
  g_assert_true (_strata_crew_drain (crew, &error));
  _strata_checkpoint_set (NULL, NULL);
  g_assert_cmpuint (shared.next, ==, 50);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crew/results-come-in-order", test_results_come_in_order);
  g_test_add_func ("/crew/no-hands-are-enough", test_no_hands_are_enough);
  g_test_add_func ("/crew/hands-and-owner-work-at-once", test_hands_and_owner_work_at_once);
  g_test_add_func ("/crew/the-first-may-be-larger-than-the-budget", test_the_first_may_be_larger_than_the_budget);
  g_test_add_func ("/crew/failure-gives-up-the-rest", test_failure_gives_up_the_rest);
  g_test_add_func ("/crew/settling-tells-the-first-failure", test_settling_tells_the_first_failure);
  g_test_add_func ("/crew/freeing-gives-up", test_freeing_gives_up);
  g_test_add_func ("/crew/held-hands-hold-nobody", test_held_hands_hold_nobody);

  return g_test_run ();
}
