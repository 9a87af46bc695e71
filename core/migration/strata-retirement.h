/* strata-retirement.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-rollback.h"

G_BEGIN_DECLS

/**
 * StrataRetirementSummary:
 * @ready: whether the old stores may be deleted, or were
 * @files: files that are to be deleted, or were
 * @files_kept: files of the old stores that stay, for something in them is nowhere else, or they changed meanwhile
 * @bytes_freed: length of @files
 * @days_left: until the retention time is over; 0: it is; -1: nothing was migrated
 * @undecided: sessions that were found again, and wait for somebody to keep or drop them
 *
 * What letting old stores go finds, or did.
 */
typedef struct
{
  gboolean ready;
  guint64  files;
  guint64  files_kept;
  guint64  bytes_freed;
  gint     days_left;
  guint64  undecided;
} StrataRetirementSummary;

#define STRATA_TYPE_RETIREMENT (strata_retirement_get_type ())

G_DECLARE_FINAL_TYPE (StrataRetirement, strata_retirement, STRATA, RETIREMENT, GObject)

StrataRetirement *strata_retirement_new                (const char               *store_path);
void              strata_retirement_set_now            (StrataRetirement         *self,
                                                        gboolean                  now);
void              strata_retirement_set_retention_days (StrataRetirement         *self,
                                                        guint                     days);

gboolean          strata_retirement_check              (StrataRetirement         *self,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
void              strata_retirement_check_async        (StrataRetirement         *self,
                                                        GCancellable             *cancellable,
                                                        GAsyncReadyCallback       callback,
                                                        gpointer                  user_data);
gboolean          strata_retirement_check_finish       (StrataRetirement         *self,
                                                        GAsyncResult             *result,
                                                        GError                  **error);
gboolean          strata_retirement_run                (StrataRetirement         *self,
                                                        GCancellable             *cancellable,
                                                        GError                  **error);
void              strata_retirement_run_async          (StrataRetirement         *self,
                                                        GCancellable             *cancellable,
                                                        GAsyncReadyCallback       callback,
                                                        gpointer                  user_data);
gboolean          strata_retirement_run_finish         (StrataRetirement         *self,
                                                        GAsyncResult             *result,
                                                        GError                  **error);

const char       *strata_retirement_get_step           (StrataRetirement         *self);
double            strata_retirement_get_fraction       (StrataRetirement         *self);
void              strata_retirement_get_summary        (StrataRetirement         *self,
                                                        StrataRetirementSummary  *out_summary);
char             *strata_retirement_dup_because        (StrataRetirement         *self);

gboolean          strata_retirement_get_begun          (StrataStore              *store,
                                                        gboolean                 *out_begun,
                                                        GError                  **error);

G_END_DECLS
