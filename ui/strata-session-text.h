/* strata-session-text.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <strata.h>

G_BEGIN_DECLS

typedef struct _StrataSessionText StrataSessionText;

void               strata_session_text_load_async  (StrataSession        *session,
                                                    GCancellable         *cancellable,
                                                    GAsyncReadyCallback   callback,
                                                    gpointer              user_data);
StrataSessionText *strata_session_text_load_finish (GAsyncResult         *result,
                                                    GError              **error);

gboolean           strata_session_text_is_empty    (StrataSessionText    *self);
void               strata_session_text_show        (StrataSessionText    *self,
                                                    GtkTextBuffer        *buffer);
void               strata_session_text_free        (StrataSessionText    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSessionText, strata_session_text_free)

G_END_DECLS
