/* strata-gc-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-attachment-row-private.h"
#include "store/strata-object-private.h"
#include "store/strata-store-private.h"
#include "strata-gc.h"

G_BEGIN_DECLS

/* Collecting garbage: the roots say what is needed, a plan says what is not, and
 * the run does what the plan says. A dry run ends with the plan, so the two can't disagree.
 *
 * Planning takes no lock and may take long. The run takes it for short times only, and
 * learns each time first what was changed since: whatever is needed now is left alone.
 */

/* StrataGcRoots is the set of the objects that are needed: those that the attachment
 * rows of any session or collection name, the rows in tails, and those of what is in the
 * trash and can come back. Read from the files. Of what can't be read, what the
 * catalog knew last is needed; where the catalog can't know it all, the set is not
 * complete, and nobody may take an object for garbage.
 *
 * Memory: about 70 bytes for each different object. Threads: one at a time.
 */
typedef struct _StrataGcRoots StrataGcRoots;

/* @store: borrowed; @problems (element-type StrataProblem): gets what can't be read */
StrataGcRoots *_strata_gc_roots_new          (StrataStore          *store,
                                              GPtrArray            *problems);
void           _strata_gc_roots_free         (StrataGcRoots        *self);

/* Calls @func for every row that is read from now on, those in the trash included. */
typedef void (*StrataGcRowFunc)              (const StrataAttachmentRow *row,
                                              gpointer              user_data);
void           _strata_gc_roots_set_row_func (StrataGcRoots        *self,
                                              StrataGcRowFunc       func,
                                              gpointer              user_data);

/* Reads the whole store. @doomed (element-type utf8): names of sessions and items in the
 * trash that are about to be purged, so that nothing is needed for them.
 */
gboolean       _strata_gc_roots_collect      (StrataGcRoots        *self,
                                              GHashTable           *doomed,
                                              GCancellable         *cancellable,
                                              GError              **error);
/* Adds what was changed since the last call of this or the one above. @has_lock: then
 * nobody changes anything meanwhile, and what a writer was doing when it died is looked at too
 */
gboolean       _strata_gc_roots_catch_up     (StrataGcRoots        *self,
                                              gboolean              has_lock,
                                              GError              **error);

gboolean       _strata_gc_roots_contain      (StrataGcRoots        *self,
                                              const StrataDigest   *digest);
gboolean       _strata_gc_roots_are_complete (StrataGcRoots        *self);
/* Whether a session or collection can't be read, or not whole: its files are left alone. */
gboolean       _strata_gc_roots_can_read     (StrataGcRoots        *self,
                                              const char           *key);
/* Whether no collection that can't be read has a key that @name, a file's, begins with */
gboolean       _strata_gc_roots_can_read_all_like (StrataGcRoots   *self,
                                              const char           *name);
/* Whether it was committed, by what the log says, and not deleted since */
gboolean       _strata_gc_roots_expect       (StrataGcRoots        *self,
                                              const char           *key);
/* Whether it was changed after everything was read */
gboolean       _strata_gc_roots_has_changed  (StrataGcRoots        *self,
                                              const char           *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGcRoots, _strata_gc_roots_free)

/* What is in the trash */
typedef enum
{
  STRATA_GC_SESSION,     /* a deleted session, a folder */
  STRATA_GC_ITEM,        /* a deleted item's record */
  STRATA_GC_OBJECT,      /* an object that nothing needed */
  STRATA_GC_PART,        /* a part that nothing names */
  STRATA_GC_PURGED,      /* what an interrupted run was removing */
  STRATA_GC_FOREIGN,     /* nothing of ours */
} StrataGcKind;

/* Says what a name in the trash is. @out_key (transfer full) (nullable): of a session or
 * item; @out_digest: of an object
 */
StrataGcKind   _strata_gc_classify           (const char           *name,
                                              char                **out_key,
                                              StrataDigest         *out_digest,
                                              const char          **out_extension);

/* A file, or a folder with all that is in it */
typedef struct
{
  StrataGcKind  kind;
  char         *path;       /* below the store */
  char         *key;        /* the session's or collection's that it belongs to; NULL: no single one's */
  StrataDigest  digest;     /* of an object */
  char         *extension;
  guint64       bytes;
  gint64        changed_s;  /* when it came there, as far as the file system tells */
} StrataGcFile;

typedef struct
{
  GPtrArray *doomed;        /* StrataGcFile: sessions and items in the trash whose time is over */
  GPtrArray *restored;      /* objects that are needed and only in the trash */
  GPtrArray *objects;       /* in place, and nothing needs them */
  GPtrArray *leftovers;     /* parts, and tails that were sealed, in place and named by nothing; by their owner */
  GPtrArray *folders;       /* of sessions that were never committed; to go when they are empty */
  GPtrArray *expired;       /* parts and objects in the trash whose time is over */
  GPtrArray *purged;        /* what is to be removed wherever it stands */
} StrataGcPlan;

/* @now_s: the time, in seconds since 1970 */
StrataGcPlan  *_strata_gc_plan_new           (StrataStore          *store,
                                              const StrataGarbageOptions *options,
                                              gint64                now_s,
                                              StrataGcRoots        *roots,
                                              GCancellable         *cancellable,
                                              GError              **error);
void           _strata_gc_plan_free          (StrataGcPlan         *self);

/* Whether a part or a tail in place is not what the session's or collection's metadata
 * name, as they are now. Called with the lock held.
 */
gboolean       _strata_gc_is_leftover        (StrataStore          *store,
                                              StrataGcRoots        *roots,
                                              const StrataGcFile   *file);

/* Adds to @result what the plan amounts to when nobody changes anything meanwhile. */
void           _strata_gc_plan_sum           (StrataGcPlan         *self,
                                              gboolean              purge,
                                              StrataGarbage        *result);

/* Does what the plan says, and adds to @result what was done. */
gboolean       _strata_gc_run                (StrataGcPlan         *plan,
                                              StrataStore          *store,
                                              StrataGcRoots        *roots,
                                              gboolean              purge,
                                              StrataGarbage        *result,
                                              GCancellable         *cancellable,
                                              GError              **error);

/* The same as strata_store_collect_garbage() at another time; for tests */
StrataGarbage *_strata_gc_collect            (StrataStore          *store,
                                              const StrataGarbageOptions *options,
                                              gint64                now_s,
                                              GCancellable         *cancellable,
                                              GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGcPlan, _strata_gc_plan_free)

G_END_DECLS
