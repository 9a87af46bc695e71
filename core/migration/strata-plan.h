/* strata-plan.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_TYPE_PLAN (strata_plan_get_type ())

typedef struct _StrataPlan       StrataPlan;
typedef struct _StrataPlanSource StrataPlanSource;

/**
 * StrataPlanSource:
 * @name: its file, below the old store
 * @kind: `folder`
 * @date_ms: when it was saved, in milliseconds since 1970; -1: not known
 * @sessions: how many are in it
 * @chosen: whether the migration takes its sessions from it
 *
 * One place that holds sessions.
 */
struct _StrataPlanSource
{
  char     *name;
  char     *kind;
  gint64    date_ms;
  guint64   sessions;
  gboolean  chosen;
};

/**
 * StrataPlan:
 * @path: the old data folder
 * @sources: (element-type StrataPlanSource): where sessions are
 * @sessions: how many would be migrated
 * @recovered: how many of them only an older candidate has
 * @attachments: how many attachments there are
 * @bytes_original: what the old store takes: live collections, attachments, videos
 * @bytes_estimated: what the new one will take, about
 * @seconds_estimated: how long it will take, about
 * @space_needed: bytes that must be free, with a margin
 * @space_free: bytes that are
 * @problems: (element-type StrataProblem): what was noticed
 *
 * What a migration would do. Making one writes nothing.
 */
struct _StrataPlan
{
  char      *path;
  GPtrArray *sources;
  guint64    sessions;
  guint64    recovered;
  guint64    attachments;
  guint64    bytes_original;
  guint64    bytes_estimated;
  double     seconds_estimated;
  guint64    space_needed;
  guint64    space_free;
  GPtrArray *problems;
};

GType       strata_plan_get_type (void);
StrataPlan *strata_plan_ref      (StrataPlan    *self);
void        strata_plan_unref    (StrataPlan    *self);

StrataPlan *strata_plan_make     (const char    *store_path,
                                  const char    *legacy_path,
                                  const char    *attachments_path,
                                  const char    *source,
                                  GCancellable  *cancellable,
                                  GError       **error);

char      **strata_plan_find_old_stores
                                 (GCancellable  *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPlan, strata_plan_unref)

G_END_DECLS
