/* strata-migration-object-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-yield-private.h"
#include "strata-migration-private.h"
#include "strata-migration-state-private.h"
#include "strata-pace-private.h"

G_BEGIN_DECLS

/* The inside of StrataMigration, for the files that make it up: -service (the object and
 * what it tells its owner), -hold (pause, resume, cancel) and strata-migration.c (the run).
 */

/* Why a migration does not go on: this, or one of StrataYield; several may hold at once */
#define STRATA_HOLD_USER (1u << 31)

typedef enum
{
  STRATA_CANCEL_NONE,
  STRATA_CANCEL_KEEP,
  STRATA_CANCEL_DISCARD,
} StrataCancel;

/* What the owner was told last */
typedef struct
{
  StrataMigrationState  state;
  gboolean              is_active;
  const char           *step;
  char                 *session;
  const char           *reason;
  gboolean              is_stalled;
  guint64               sessions_done;
  guint64               sessions_total;
  guint64               bytes_done;
  guint64               bytes_total;
  double                fraction;
  double                bytes_per_second;
  double                seconds_left;
  double                elapsed;
} StrataMigrationView;

struct _StrataMigration
{
  GObject                 parent_instance;

  /* Set at construction, never changed after */
  char                   *store_path;
  char                   *legacy_path;
  GMainContext           *context;       /* where the owner is told */

  /* Set before the run, never changed while it lasts */
  char                   *attachments_path;
  char                   *source;
  guint                   batch_size;
  gboolean                recover;
  gboolean                refer;         /* videos stay in the old store */
  char                  **retry_items;   /* only these problems are tried again, as far as that can be; or NULL */
  int                     level;         /* of gzip; -1: parts stay plain */
  guint64                 sessions_expected;
  StrataYielder          *yielder;       /* any thread */

  /* Guarded by @mutex */
  GMutex                  mutex;
  GCond                   changed;
  gboolean                is_active;     /* from the call that runs it until that ends */
  StrataMigrationState    state;
  const char             *step;
  const char             *activity;      /* what it is in the midst of, should it stall */
  char                   *session;       /* name of the one under way */
  guint64                 items;
  guint64                 items_total;
  guint64                 bytes;
  guint64                 bytes_total;
  guint64                 guessed_bytes; /* what was told of this step */
  guint64                 read_bytes;    /* in this step since @bytes was told */
  guint64                 moved_bytes;   /* read ever */
  gint64                  moved_us;      /* when the last of them was */
  gint64                  started_us;
  gint64                  ended_us;
  StrataPace              pace;
  guint64                 pace_base;     /* of @bytes, where the kind of work that is done now began */
  guint                   holds;         /* StrataYield, and the user's */
  guint                   overridden;    /* StrataYield that the user did not want to wait for, until it is over */
  guint                   busy_hands;    /* of the crew, that do not stand */
  gint64                  looked_us;     /* when it was looked for reasons to wait */
  StrataCancel            cancel;
  GCancellable           *stopper;       /* of the run that lasts */
  StrataMigrationCounts   counts;
  GPtrArray              *problems;
  guint                   n_runs;
  GSource                *teller;        /* NULL: nobody is told */
  gboolean                will_tell;
  gint64                  told_us;

  /* @context only */
  StrataMigrationView     view;
  GListStore             *problem_list;
  guint                   listed_run;    /* whose problems the list has */
};

/* -service; all with the mutex held */
void     _strata_migration_look      (StrataMigration      *self,
                                      StrataMigrationView  *out_view);
/* The owner is told of changes, soon. */
void     _strata_migration_tell      (StrataMigration      *self);
/* Goes to a state; it must be one that can be gone to. */
void     _strata_migration_enter     (StrataMigration      *self,
                                      StrataMigrationState  state);

/* -hold */
const char *
         _strata_migration_get_reason (guint               holds);
/* Around the run, on its thread. Returns: (transfer full): stops it when @cancellable does, or somebody cancels it */
GCancellable *
         _strata_migration_begin     (StrataMigrationRun   *run,
                                      GCancellable         *cancellable,
                                      gulong               *out_handler);
/* (transfer full): whose hands are held up as the run is; to be freed before its end */
StrataCrew *
         _strata_migration_make_crew (StrataMigration      *self);
void     _strata_migration_end       (StrataMigrationRun   *run,
                                      const GError         *error,
                                      GCancellable         *cancellable,
                                      gulong                handler);

/* Only one run at a time: FALSE: there is one. Any thread, without the mutex */
gboolean _strata_migration_activate  (StrataMigration      *self);
void     _strata_migration_deactivate (StrataMigration     *self);

/* strata-migration.c: the run itself, between those two */
gboolean _strata_migration_run       (StrataMigration      *self,
                                      GCancellable         *cancellable,
                                      GError              **error);
/* (transfer full): the lock that only one migration per store has, or -1 with @error set */
int      _strata_migration_lock      (int                   dir,
                                      GError              **error);

/* -control: a StrataControlFunc */
char    *_strata_migration_answer    (const char           *command,
                                      gpointer              migration,
                                      GError              **error);

/* -again: what was asked for, for strata_migration_new_again(). With the store's lock held. */
gboolean _strata_migration_note_asked
                                     (StrataMigrationRun   *run,
                                      GError              **error);

/* (transfer full) (nullable): a migration as it was asked for last of the old store of that number; NULL: nothing
 * says what that was
 */
StrataMigration *
         _strata_migration_new_as_asked
                                     (const char           *store_path,
                                      int                   dir,
                                      guint                 source);

/* -news: as strata_migration_look_for_news(); @out_mark: two old stores that differ have hardly ever the same */
gboolean _strata_migration_look_at_old
                                     (const char           *store_path,
                                      gboolean             *out_has_news,
                                      guint64              *out_mark,
                                      GCancellable         *cancellable,
                                      GError              **error);

/* The number of the old store that was asked for last; 1 where nothing says so */
guint    _strata_migration_find_last_source
                                     (int                   dir);

/* -discard */
/* What is added from now on is this migration's, unless it goes on with one. With the store's lock held. */
gboolean _strata_migration_note_beginning
                                     (StrataStore          *store,
                                      guint                 source,
                                      GError              **error);
/* (transfer full): keys of sessions that went to the trash so, and are wanted all the same */
GHashTable *
         _strata_migration_read_discarded
                                     (StrataStore          *store,
                                      guint                 source,
                                      GError              **error);
/* Sessions that this migration has added go to the trash. */
gboolean _strata_migration_remove_added
                                     (StrataStore          *store,
                                      guint                 source,
                                      GError              **error);

/* Writes down in which state it is. */
gboolean _strata_migration_persist   (StrataMigrationRun   *run,
                                      const char           *state,
                                      GError              **error);

G_END_DECLS
