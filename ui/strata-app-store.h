/* strata-app-store.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

/**
 * StrataAppStoreState:
 * @STRATA_APP_STORE_OPENING: it is not known yet whether there is a store
 * @STRATA_APP_STORE_ABSENT: there is none; a migration makes one
 * @STRATA_APP_STORE_OPEN: it is there to be read
 * @STRATA_APP_STORE_FAILED: it is there and can't be opened; the error says why
 */
typedef enum
{
  STRATA_APP_STORE_OPENING,
  STRATA_APP_STORE_ABSENT,
  STRATA_APP_STORE_OPEN,
  STRATA_APP_STORE_FAILED,
} StrataAppStoreState;

#define STRATA_TYPE_APP_STORE_STATE (strata_app_store_state_get_type ())
#define STRATA_TYPE_APP_STORE       (strata_app_store_get_type ())

G_DECLARE_FINAL_TYPE (StrataAppStore, strata_app_store, STRATA, APP_STORE, GObject)

/**
 * StrataAppStoreFunc:
 * @path: where the store is or will be
 * @store: (nullable): the open store; %NULL: it is not open
 * @data: what was handed in
 * @cancellable: (nullable): to be looked at often
 * @error: set when, and only when, %NULL is returned
 *
 * Work on the store, on a thread that may wait.
 *
 * Returns: (transfer full) (nullable): the result; %NULL: it failed
 */
typedef gpointer (*StrataAppStoreFunc) (const char    *path,
                                        StrataStore   *store,
                                        gpointer       data,
                                        GCancellable  *cancellable,
                                        GError       **error);

GType                strata_app_store_state_get_type (void);

StrataAppStore      *strata_app_store_new         (const char           *path);

const char          *strata_app_store_get_path    (StrataAppStore       *self);
StrataStore         *strata_app_store_get_store   (StrataAppStore       *self);
StrataAppStoreState  strata_app_store_get_state   (StrataAppStore       *self);
const char          *strata_app_store_get_message (StrataAppStore       *self);
const char          *strata_app_store_get_unfinished
                                                  (StrataAppStore       *self);

void                 strata_app_store_open        (StrataAppStore       *self);
void                 strata_app_store_changed     (StrataAppStore       *self);
void                 strata_app_store_call_async  (StrataAppStore       *self,
                                                   StrataAppStoreFunc    func,
                                                   gpointer              data,
                                                   GDestroyNotify        free_data,
                                                   GDestroyNotify        free_result,
                                                   GCancellable         *cancellable,
                                                   GAsyncReadyCallback   callback,
                                                   gpointer              user_data);
gpointer             strata_app_store_call_finish (StrataAppStore       *self,
                                                   GAsyncResult         *result,
                                                   GError              **error);

void                 strata_app_store_release     (gpointer              object);

G_END_DECLS
