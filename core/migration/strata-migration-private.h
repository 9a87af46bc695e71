/* strata-migration-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-crew-private.h"
#include "legacy/strata-legacy-candidates-private.h"
#include "store/strata-batch-private.h"
#include "store/strata-deleted-private.h"
#include "store/strata-slicer-private.h"
#include "strata-attachment-taker-private.h"
#include "strata-migration.h"
#include "strata-pace-private.h"
#include "strata-rollback-point-private.h"

G_BEGIN_DECLS

/* What the steps of a migration share; it lives for one run. One thread works
 * on it, but for what is guarded; hands of its crew only read what was set when
 * the run started.
 */
typedef struct
{
  /* Set when the run starts */
  StrataMigration        *migration;
  StrataLegacyStore      *legacy;
  StrataLegacyCandidates *candidates;
  StrataStore            *store;
  guint                   source;
  guint                   batch_size;
  guint64                 bytes_estimated;  /* what the store will take, about */
  gboolean                has_begun;        /* the store says that it runs */
  gboolean                was_complete;     /* and said before that the last one was */

  char                   *legacy_path;      /* what was given as the old store, and as the place of its attachments (or NULL), absolute */
  char                   *attachments_path;
  StrataRollbackPoint    *point;            /* watches the old store from before it is read */

  StrataCrew             *crew;             /* its tasks have all been finished, or given up, when a step is over */
  StrataAttachmentTaker  *taker;
  StrataBatch            *batch;
  StrataPartPacker       *packer;           /* NULL: parts stay plain */
  guint64                 batch_bytes;
  gboolean                recover;          /* take what only older candidates have */
  GHashTable             *claimed;          /* keys given to sessions of this run */
  GHashTable             *counted;          /* keys of those that count, with whether they were written */
  GHashTable             *known;            /* what tells the sessions taken so far apart: id tokens, digests of those without */
  GPtrArray              *origins;          /* StrataOrigin: the files sessions were taken from */
  GHashTable             *collections;      /* key → the StrataLegacyCandidate that was taken */
  GHashTable             *torn_collections; /* the same for those of which only leading elements were */
  GHashTable             *fingerprints;     /* StrataLegacyCandidate → what its file looked like before it was read */
  char                   *unused_key;       /* of the collection that owns what nothing uses, where there is one */
  GHashTable             *invalid_metas;    /* paths of attachments' metadata that are none; while verifying */
  GHashTable             *discarded;        /* keys of sessions that were deleted, but not by the user */
  StrataDeleted          *deleted;          /* what the user wants no more, whatever the old store has */
  GHashTable             *left_out;         /* keys of what was left out for that */
  gboolean                distrust;         /* the last run failed: nothing that is in the store is taken for granted */
  guint64                 file_bytes;       /* of collection files read to their end in this step */
} StrataMigrationRun;

/* One place that sessions were taken from, for the verification. */
typedef struct
{
  const StrataLegacyCandidate *candidate;
  gboolean                     is_whole;   /* each of its sessions must be in the store */
  GHashTable                  *keys;       /* ordinal → key; NULL key: quarantined */
} StrataOrigin;

gboolean    _strata_migration_run_sessions      (StrataMigrationRun  *run,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
gboolean    _strata_migration_run_collections   (StrataMigrationRun  *run,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
gboolean    _strata_migration_run_unused        (StrataMigrationRun  *run,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
/* The key of the collection that has what nothing of an old store uses; (transfer full) */
char       *_strata_migration_make_unused_key   (guint                source);
/* Commits what is complete; what comes after can't fail it. */
gboolean    _strata_migration_run_commit        (StrataMigrationRun  *run,
                                                 GError             **error);
/* Reads the old store again by other code, reads the new one back, compares. */
gboolean    _strata_migration_run_verify        (StrataMigrationRun  *run,
                                                 GCancellable        *cancellable,
                                                 GError             **error);

/* Compares what a row says of an attachment, and its bytes, with the old store, by other code. */
gboolean    _strata_migration_verify_row        (StrataMigrationRun  *run,
                                                 const StrataAttachmentRow *row,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
/* -retry: (transfer full) (nullable) (element-type StrataCatalogUse): what the items that were asked for mean,
 * when they can be tried by themselves; %NULL: it takes a whole migration
 */
GPtrArray  *_strata_migration_find_retries      (StrataMigrationRun  *run);
gboolean    _strata_migration_run_retries       (StrataMigrationRun  *run,
                                                 GPtrArray           *uses,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
/* Writes down that a state is reached, and goes there. */
gboolean    _strata_migration_go_to             (StrataMigrationRun  *run,
                                                 const char          *name,
                                                 GError             **error);

/* When all is proved: makes the rollback point. */
gboolean    _strata_migration_run_secure        (StrataMigrationRun  *run,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
/* Says of every file of the old store what became of it; @state: in which the run ends */
gboolean    _strata_migration_write_report      (StrataMigrationRun  *run,
                                                 const char          *state,
                                                 GCancellable        *cancellable,
                                                 GError             **error);

/* One old file */
StrataLegacyPayload *
            _strata_migration_open              (StrataMigrationRun  *run,
                                                 const StrataLegacyCandidate *candidate,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
void        _strata_migration_show_progress     (StrataMigrationRun  *run,
                                                 StrataLegacyPayload *payload,
                                                 guint64              items);
/* Says whether an error is one of the old file, which ends the file, not the run. */
gboolean    _strata_migration_report_file_error (StrataMigrationRun  *run,
                                                 const StrataLegacyCandidate *candidate,
                                                 StrataJsonReader    *reader,
                                                 const GError        *error);
void        _strata_migration_note_fingerprint  (StrataMigrationRun  *run,
                                                 const StrataLegacyCandidate *candidate);
/* Whether the files that were noted are as they were; if not, @error says which is not. */
gboolean    _strata_migration_check_unchanged   (StrataMigrationRun  *run,
                                                 GError             **error);
gboolean    _strata_migration_keep_broken       (StrataMigrationRun  *run,
                                                 const StrataLegacyCandidate *candidate,
                                                 GCancellable        *cancellable,
                                                 GError             **error);
gboolean    _strata_migration_finish_payload    (StrataMigrationRun  *run,
                                                 const StrataLegacyCandidate *candidate,
                                                 StrataLegacyPayload *payload,
                                                 GCancellable        *cancellable,
                                                 GError             **error);

/* One value */
StrataSlicer *
            _strata_migration_make_slicer       (StrataMigrationRun  *run);
gboolean    _strata_migration_add_to_batch      (StrataMigrationRun  *run,
                                                 StrataSlicer        *slicer,
                                                 StrataManifest      *manifest,
                                                 const StrataManifest *hint,
                                                 gboolean            *out_unchanged,
                                                 GCancellable        *cancellable,
                                                 GError             **error);

/* Any thread */
void        _strata_migration_report            (StrataProblem       *problem,
                                                 gpointer             migration);
void        _strata_migration_set_step          (StrataMigration     *self,
                                                 const char          *step,
                                                 StrataWork           work,
                                                 guint64              items_total,
                                                 guint64              bytes_total);
void        _strata_migration_advance           (StrataMigration     *self,
                                                 guint64              items,
                                                 guint64              bytes);

void        _strata_migration_set_work          (StrataMigration     *self,
                                                 StrataWork           work,
                                                 guint64              bytes);
void        _strata_migration_show_session      (StrataMigration     *self,
                                                 char                *name);
void        _strata_migration_set_activity      (StrataMigration     *self,
                                                 const char          *activity);

/* The counts are the run's own; only the run writes them. */
StrataMigrationCounts *
            _strata_migration_lock_counts       (StrataMigration     *self);
void        _strata_migration_unlock_counts     (StrataMigration     *self);

G_END_DECLS
