/* strata-store.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-cache.h"
#include "strata-info.h"

G_BEGIN_DECLS

#define STRATA_TYPE_STORE (strata_store_get_type ())

G_DECLARE_FINAL_TYPE (StrataStore, strata_store, STRATA, STORE, GObject)

char              *strata_store_dup_default_path  (void);
StrataStore       *strata_store_open              (const char          *path,
                                                   GError             **error);
StrataStore       *strata_store_open_or_create    (const char          *path,
                                                   GError             **error);

const char        *strata_store_get_path          (StrataStore         *self);
StrataCache       *strata_store_get_cache         (StrataStore         *self);
char              *strata_store_dup_state         (StrataStore         *self);
char              *strata_store_dup_source        (StrataStore         *self);

GPtrArray         *strata_store_list_sessions     (StrataStore         *self,
                                                   StrataSessionOrder   order,
                                                   guint                limit,
                                                   GError             **error);
StrataSessionInfo *strata_store_find_session      (StrataStore         *self,
                                                   const char          *id_or_key,
                                                   GError             **error);
GInputStream      *strata_store_open_session      (StrataStore         *self,
                                                   const char          *key,
                                                   GError             **error);
GBytes            *strata_store_load_metadata     (StrataStore         *self,
                                                   const char          *key,
                                                   GError             **error);
GBytes            *strata_store_load_manifest     (StrataStore         *self,
                                                   const char          *key,
                                                   GError             **error);
GInputStream      *strata_store_open_part         (StrataStore         *self,
                                                   const char          *key,
                                                   const char          *part,
                                                   GError             **error);

char             **strata_store_list_collections  (StrataStore         *self,
                                                   GError             **error);
char              *strata_store_dup_collection_name (StrataStore       *self,
                                                   const char          *key,
                                                   GError             **error);
GInputStream      *strata_store_open_collection   (StrataStore         *self,
                                                   const char          *key,
                                                   GError             **error);

GPtrArray         *strata_store_list_attachments  (StrataStore         *self,
                                                   const char          *owner,
                                                   GError             **error);
StrataAttachmentInfo *
                   strata_store_find_attachment   (StrataStore         *self,
                                                   const char          *id,
                                                   GError             **error);
GInputStream      *strata_store_open_attachment   (StrataStore         *self,
                                                   StrataAttachmentInfo *attachment,
                                                   GError             **error);

G_END_DECLS
