/* strata-session.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-elements.h"
#include "strata-part-iterator.h"
#include "strata-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SESSION (strata_session_get_type ())

G_DECLARE_FINAL_TYPE (StrataSession, strata_session, STRATA, SESSION, GObject)

StrataSession      *strata_session_open             (StrataStore          *store,
                                                     const char           *key,
                                                     GCancellable         *cancellable,
                                                     GError              **error);
void                strata_session_open_async       (StrataStore          *store,
                                                     const char           *key,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
StrataSession      *strata_session_open_finish      (GAsyncResult         *result,
                                                     GError              **error);

StrataStore        *strata_session_get_store        (StrataSession        *self);
const char         *strata_session_get_key          (StrataSession        *self);
GBytes             *strata_session_dup_metadata     (StrataSession        *self);
char              **strata_session_list_parts       (StrataSession        *self);
guint64             strata_session_get_n_items      (StrataSession        *self,
                                                     const char           *member);

StrataElements     *strata_session_load_part        (StrataSession        *self,
                                                     const char           *part,
                                                     GCancellable         *cancellable,
                                                     GError              **error);
void                strata_session_load_part_async  (StrataSession        *self,
                                                     const char           *part,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
StrataElements     *strata_session_load_part_finish (StrataSession        *self,
                                                     GAsyncResult         *result,
                                                     GError              **error);

StrataPartIterator *strata_session_iterate          (StrataSession        *self,
                                                     const char           *member);

gboolean            strata_session_refresh          (StrataSession        *self,
                                                     gboolean             *out_changed,
                                                     GCancellable         *cancellable,
                                                     GError              **error);
void                strata_session_refresh_async    (StrataSession        *self,
                                                     GCancellable         *cancellable,
                                                     GAsyncReadyCallback   callback,
                                                     gpointer              user_data);
gboolean            strata_session_refresh_finish   (StrataSession        *self,
                                                     GAsyncResult         *result,
                                                     gboolean             *out_changed,
                                                     GError              **error);

G_END_DECLS
