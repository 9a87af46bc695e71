/* strata-staging-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataStaging is one writer's corner of `staging/`: unfinished files, named
 * `<writer>-<n>`. Its lock file tells other processes that the writer lives;
 * what a dead writer left is removed by the next one.
 *
 * Threads: any.
 */
typedef struct _StrataStaging StrataStaging;

StrataStaging *_strata_staging_new       (int              dir,
                                          GError         **error);
void           _strata_staging_free      (StrataStaging   *self);
char          *_strata_staging_next_path (StrataStaging   *self);
char          *_strata_staging_write     (StrataStaging   *self,
                                          const void      *data,
                                          gsize            size,
                                          GError         **error);
/* The same, for a list of what is about to be committed; it outlives the corner. */
char          *_strata_staging_write_intent (StrataStaging *self,
                                          const void      *data,
                                          gsize            size,
                                          GError         **error);
/* Whether there are intents besides @own (nullable): of writers that are at it, or that died or failed while
 * they put things in place, which then may not be on disk. Where that can't be told, there are.
 */
gboolean       _strata_staging_has_intents (int              dir,
                                          const char      *own);
/* Texts of the intents that dead writers left, joined; (transfer full) */
char          *_strata_staging_read_intents (int           dir,
                                          GError         **error);
gboolean       _strata_staging_sweep     (int              dir,
                                          GError         **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataStaging, _strata_staging_free)

G_END_DECLS
