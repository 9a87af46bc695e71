/* strata-mentions-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "legacy/strata-legacy-candidates-private.h"

G_BEGIN_DECLS

/* StrataMentions finds out which of some attachments an old store still names: in
 * the collections as they are believed now, and in the metadata of attachments. A
 * string that is an attachment's id, or a path that ends in its file's name, counts.
 *
 * Memory: two entries for each that is looked for. Threads: one at a time.
 */
typedef struct _StrataMentions StrataMentions;

StrataMentions *_strata_mentions_new       (void);
void            _strata_mentions_free      (StrataMentions          *self);
/* @path: of a file below `attachments/` or `videos/` */
void            _strata_mentions_look_for  (StrataMentions          *self,
                                            const char              *path);
gboolean        _strata_mentions_read      (StrataMentions          *self,
                                            StrataLegacyStore       *legacy,
                                            StrataLegacyCandidates  *candidates,
                                            GCancellable            *cancellable,
                                            GError                 **error);
gboolean        _strata_mentions_has       (StrataMentions          *self,
                                            const char              *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMentions, _strata_mentions_free)

G_END_DECLS
