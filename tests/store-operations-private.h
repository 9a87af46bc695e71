/* store-operations-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "store-operation.h"

G_BEGIN_DECLS

/* Rows of the table that stand in a file of their own: what an application does all day */
void      store_operation_set_up_sessions (const char     *store,
                                           const char     *aside);
gboolean  store_operation_append          (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
gboolean  store_operation_append_large    (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
gboolean  store_operation_change          (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
gboolean  store_operation_save            (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
gboolean  store_operation_delete          (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
void      store_operation_set_up_garbage  (const char     *store,
                                           const char     *aside);
gboolean  store_operation_collect_garbage (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);
gboolean  store_operation_purge           (const char     *store,
                                           const char     *aside,
                                           StorePromises  *promises,
                                           GError        **error);

G_END_DECLS
