/* strata-store-write.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-new-attachment.h"
#include "strata-store.h"

G_BEGIN_DECLS

char     *strata_store_create_session         (StrataStore          *self,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_create_session_async   (StrataStore          *self,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_create_session_finish  (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

gboolean  strata_store_save_session           (StrataStore          *self,
                                               const char           *key,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_save_session_async     (StrataStore          *self,
                                               const char           *key,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
gboolean  strata_store_save_session_finish    (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

gboolean  strata_store_set_member             (StrataStore          *self,
                                               const char           *key,
                                               const char           *member,
                                               GBytes               *json,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_set_member_async       (StrataStore          *self,
                                               const char           *key,
                                               const char           *member,
                                               GBytes               *json,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
gboolean  strata_store_set_member_finish      (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

gboolean  strata_store_append                 (StrataStore          *self,
                                               const char           *key,
                                               const char           *list,
                                               GBytes               *json,
                                               StrataNewAttachment  *attachment,
                                               char                **out_attachment_id,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_append_async           (StrataStore          *self,
                                               const char           *key,
                                               const char           *list,
                                               GBytes               *json,
                                               StrataNewAttachment  *attachment,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
gboolean  strata_store_append_finish          (StrataStore          *self,
                                               GAsyncResult         *result,
                                               char                **out_attachment_id,
                                               GError              **error);

char     *strata_store_add_attachment         (StrataStore          *self,
                                               const char           *key,
                                               StrataNewAttachment  *attachment,
                                               char                **out_owner,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_add_attachment_async   (StrataStore          *self,
                                               const char           *key,
                                               StrataNewAttachment  *attachment,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_add_attachment_finish  (StrataStore          *self,
                                               GAsyncResult         *result,
                                               char                **out_owner,
                                               GError              **error);

gboolean  strata_store_seal_session           (StrataStore          *self,
                                               const char           *key,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_seal_session_async     (StrataStore          *self,
                                               const char           *key,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
gboolean  strata_store_seal_session_finish    (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

char     *strata_store_delete_session         (StrataStore          *self,
                                               const char           *key,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_delete_session_async   (StrataStore          *self,
                                               const char           *key,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_delete_session_finish  (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

char     *strata_store_delete_item            (StrataStore          *self,
                                               const char           *key,
                                               const char           *item,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_delete_item_async      (StrataStore          *self,
                                               const char           *key,
                                               const char           *item,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_delete_item_finish     (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

char     *strata_store_undelete               (StrataStore          *self,
                                               const char           *name,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_undelete_async         (StrataStore          *self,
                                               const char           *name,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_undelete_finish        (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

char     *strata_store_set_collection         (StrataStore          *self,
                                               const char           *name,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GError              **error);
void      strata_store_set_collection_async   (StrataStore          *self,
                                               const char           *name,
                                               GInputStream         *json,
                                               GCancellable         *cancellable,
                                               GAsyncReadyCallback   callback,
                                               gpointer              user_data);
char     *strata_store_set_collection_finish  (StrataStore          *self,
                                               GAsyncResult         *result,
                                               GError              **error);

G_END_DECLS
