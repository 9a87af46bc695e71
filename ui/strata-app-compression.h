/* strata-app-compression.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-app-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_APP_COMPRESSION (strata_app_compression_get_type ())

G_DECLARE_FINAL_TYPE (StrataAppCompression, strata_app_compression, STRATA, APP_COMPRESSION, GObject)

StrataAppCompression *strata_app_compression_new           (StrataAppStore       *app_store);

void                  strata_app_compression_start         (StrataAppCompression *self);
void                  strata_app_compression_look_for_work (StrataAppCompression *self);
void                  strata_app_compression_pause         (StrataAppCompression *self);
void                  strata_app_compression_resume        (StrataAppCompression *self);
void                  strata_app_compression_cancel        (StrataAppCompression *self);
void                  strata_app_compression_leave         (StrataAppCompression *self);

gboolean              strata_app_compression_get_running   (StrataAppCompression *self);
gboolean              strata_app_compression_get_paused    (StrataAppCompression *self);
double                strata_app_compression_get_fraction  (StrataAppCompression *self);
const char           *strata_app_compression_get_message   (StrataAppCompression *self);

G_END_DECLS
