/* write-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <string.h>

#include "store/strata-store-write.h"

G_BEGIN_DECLS

/* The write API for tests, with texts for what it takes. */

static inline char *
write_util_create (StrataStore  *store,
                   const char   *json,
                   GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);

  return strata_store_create_session (store, stream, NULL, error);
}

static inline gboolean
write_util_save (StrataStore  *store,
                 const char   *key,
                 const char   *json,
                 GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);

  return strata_store_save_session (store, key, stream, NULL, error);
}

static inline gboolean
write_util_set (StrataStore  *store,
                const char   *key,
                const char   *member,
                const char   *json,
                GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));

  return strata_store_set_member (store, key, member, bytes, NULL, error);
}

/* @id, @content: (nullable): of what is attached */
static inline gboolean
write_util_append (StrataStore  *store,
                   const char   *key,
                   const char   *list,
                   const char   *json,
                   const char   *id,
                   const char   *content,
                   GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr(GBytes) attached = content != NULL ? g_bytes_new (content, strlen (content)) : NULL;
  g_autoptr(StrataNewAttachment) attachment = attached != NULL ? strata_new_attachment_new_for_bytes (id, attached) : NULL;

  return strata_store_append (store, key, list, bytes, attachment, NULL, NULL, error);
}

static inline gboolean
write_util_attach (StrataStore  *store,
                   const char   *key,
                   const char   *id,
                   const char   *content,
                   GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (content, strlen (content));
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (id, bytes);
  g_autofree char *used = strata_store_add_attachment (store, key, attachment, NULL, NULL, error);

  return used != NULL;
}

G_END_DECLS
