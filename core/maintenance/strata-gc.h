/* strata-gc.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-problem.h"
#include "store/strata-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_GARBAGE         (strata_garbage_get_type ())
#define STRATA_TYPE_GARBAGE_OPTIONS (strata_garbage_options_get_type ())

typedef struct _StrataGarbage        StrataGarbage;
typedef struct _StrataGarbageOptions StrataGarbageOptions;

/**
 * StrataGarbageOptions:
 * @dry_run: only say what would be done; nothing is changed
 * @purge: empty the trash at once, whatever is in it and however short it has been there:
 *   what was deleted can't be brought back then
 * @object_days: how long attachments and parts that nothing needs any more stay in the trash
 * @session_days: how long deleted sessions and items do
 *
 * How garbage is collected.
 */
struct _StrataGarbageOptions
{
  gboolean dry_run;
  gboolean purge;
  guint    object_days;
  guint    session_days;
};

/**
 * StrataGarbage:
 * @unreferenced: files that were in place and that nothing refers to
 * @bytes_quarantined: what of these went to the trash and is still there
 * @bytes_freed: what was removed for good, these files or what was in the trash before
 * @purged: deleted sessions, deleted items and files that were removed for good
 * @restored: attachments that are needed and were in the trash all the same; they are back in place
 * @problems: (element-type StrataProblem): what could not be read, so that what it may need was
 *   left alone; paths are below the store
 *
 * What was found, and done about it; of a dry run, what would be. Immutable; shared by
 * reference.
 */
struct _StrataGarbage
{
  guint64    unreferenced;
  guint64    bytes_quarantined;
  guint64    bytes_freed;
  guint64    purged;
  guint64    restored;
  GPtrArray *problems;
};

GType                 strata_garbage_options_get_type      (void);
StrataGarbageOptions *strata_garbage_options_new           (void);
StrataGarbageOptions *strata_garbage_options_copy          (const StrataGarbageOptions *self);
void                  strata_garbage_options_free          (StrataGarbageOptions       *self);

GType                 strata_garbage_get_type              (void);
StrataGarbage        *strata_garbage_ref                   (StrataGarbage              *self);
void                  strata_garbage_unref                 (StrataGarbage              *self);

StrataGarbage        *strata_store_collect_garbage         (StrataStore                *self,
                                                            const StrataGarbageOptions *options,
                                                            GCancellable               *cancellable,
                                                            GError                    **error);
void                  strata_store_collect_garbage_async   (StrataStore                *self,
                                                            const StrataGarbageOptions *options,
                                                            GCancellable               *cancellable,
                                                            GAsyncReadyCallback         callback,
                                                            gpointer                    user_data);
StrataGarbage        *strata_store_collect_garbage_finish  (StrataStore                *self,
                                                            GAsyncResult               *result,
                                                            GError                    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGarbageOptions, strata_garbage_options_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGarbage, strata_garbage_unref)

G_END_DECLS
