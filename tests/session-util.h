/* session-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "store-util.h"
#include "store/strata-session.h"

G_BEGIN_DECLS

/* The JSON of a session that grows: @n screenshots of about a kilobyte, told
 * apart by their number and by @version. (transfer full)
 */
static inline char *
session_util_make_element (guint       number,
                           const char *version)
{
  g_autofree char *padding = g_strnfill (1000, (char)('a' + number % 26));

  return g_strdup_printf ("{\"id\":\"s%u\",\"version\":\"%s\",\"text\":\"%s\"}", number, version, padding);
}

static inline char *
session_util_make (const char *id,
                   guint       n,
                   const char *version)
{
  GString *json = g_string_new (NULL);

  g_string_append_printf (json, "{\"id\":\"%s\",\"name\":\"Name\",\"tags\":[\"one\",\"two\"],\"screenshots\":[", id);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *element = session_util_make_element (i, version);

      g_string_append_printf (json, "%s%s", i > 0 ? "," : "", element);
    }
  g_string_append (json, "],\"end\":1}");

  return g_string_free (json, FALSE);
}

static inline char *
session_util_put (StrataStore *store,
                  const char  *id,
                  guint        n,
                  const char  *version)
{
  g_autofree char *json = session_util_make (id, n, version);

  return store_util_put (store, json, 0);
}

static inline void
session_util_assert_text (GBytes     *bytes,
                          const char *text)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

/* Runs the main context until @condition holds. */
#define session_util_wait_until(condition) \
  G_STMT_START { while (!(condition)) g_main_context_iteration (g_main_context_get_thread_default (), TRUE); } G_STMT_END

/* For a callback of the usual kind with a pointer to a GAsyncResult as its data. */
static inline void
session_util_result_cb (GObject      *source_object,
                        GAsyncResult *result,
                        gpointer      user_data)
{
  GAsyncResult **out_result = user_data;

  *out_result = g_object_ref (result);
}

/* Changes what a session's metadata says, as no writer does; the digest fits. */
static inline void
session_util_forge (const char     *path,
                    StrataManifest *manifest)
{
  g_autoptr(GBytes) text = _strata_manifest_serialize (manifest);
  g_autofree char *below = _strata_manifest_dup_path (manifest);
  g_autofree char *file = g_build_filename (path, below, NULL);

  g_assert_true (g_file_set_contents (file, g_bytes_get_data (text, NULL), (gssize)g_bytes_get_size (text), NULL));
}

G_END_DECLS
