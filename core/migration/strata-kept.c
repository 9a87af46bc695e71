/* strata-kept.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "store/strata-store-private.h"
#include "strata-kept.h"

/* `migration/kept`: keys of recovered sessions that the user wants to keep, one a line */
#define PATH "migration/kept"
#define MAX_BYTES (64 * 1024 * 1024)

static GHashTable *
read_kept (StrataStore  *store,
           GError      **error)
{
  g_autoptr(GHashTable) kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (_strata_store_get_dir (store), PATH, MAX_BYTES, &read_error);
  g_autofree char *text = NULL;
  g_auto(GStrv) lines = NULL;

  if (bytes == NULL && !g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return NULL;
    }

  text = bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : g_strdup ("");
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0')
      g_hash_table_add (kept, g_strdup (lines[i]));

  return g_steal_pointer (&kept);
}

/**
 * strata_kept_list_undecided:
 * @store: a store
 *
 * Sessions that were found again in an older copy, and of which nobody has said yet
 * whether they are to be kept. They are dropped by being deleted. The old store is
 * not deleted while there are any.
 *
 * Returns: (transfer full) (element-type utf8): their keys; or %NULL with @error set
 */
GPtrArray *
strata_kept_list_undecided (StrataStore  *store,
                            GError      **error)
{
  g_autoptr(GHashTable) kept = NULL;
  g_autoptr(GPtrArray) sessions = NULL;
  GPtrArray *undecided;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  kept = read_kept (store, error);
  sessions = kept != NULL ? strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error) : NULL;
  if (sessions == NULL)
    return NULL;

  undecided = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);

      if (info->recovered && !g_hash_table_contains (kept, info->key))
        g_ptr_array_add (undecided, g_strdup (info->key));
    }

  return undecided;
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (a, b);
}

static gboolean
write_kept (StrataStore  *store,
            GHashTable   *kept,
            GError      **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GList) keys = g_list_sort (g_hash_table_get_keys (kept), compare_strings);

  for (GList *item = keys; item != NULL; item = item->next)
    g_string_append_printf (text, "%s\n", (const char *)item->data);

  return _strata_file_replace (_strata_store_get_dir (store), PATH, PATH ".new", text->str, text->len, error);
}

/**
 * strata_kept_add:
 * @store: a store
 * @keys: (nullable) (array zero-terminated=1): keys of sessions; %NULL: of all
 *   that nobody has decided about
 *
 * Says of sessions that were found again that they are to be kept. Durable on success.
 *
 * Returns: whether it succeeded
 */
gboolean
strata_kept_add (StrataStore        *store,
                 const char *const  *keys,
                 GError            **error)
{
  g_autoptr(GHashTable) kept = NULL;
  g_autoptr(GPtrArray) undecided = NULL;
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);

  if (!_strata_store_lock (store, error))
    return FALSE;

  kept = read_kept (store, error);
  if (kept != NULL && keys == NULL)
    undecided = strata_kept_list_undecided (store, error);
  ok = kept != NULL && (keys != NULL || undecided != NULL);
  for (guint i = 0; ok && keys != NULL && keys[i] != NULL; i++)
    g_hash_table_add (kept, g_strdup (keys[i]));
  for (guint i = 0; ok && undecided != NULL && i < undecided->len; i++)
    g_hash_table_add (kept, g_strdup (g_ptr_array_index (undecided, i)));
  ok = ok && write_kept (store, kept, error);
  _strata_store_unlock (store);

  return ok;
}
