/* strata-store-read.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-object-private.h"
#include "strata-store-internal-private.h"
#include "strata-value-stream-private.h"

/**
 * strata_store_list_sessions:
 * @limit: at most so many, 0: all
 *
 * Returns: (transfer full) (element-type StrataSessionInfo): the sessions,
 *   newest, largest or first in the alphabet first; or %NULL with @error set
 */
GPtrArray *
strata_store_list_sessions (StrataStore         *self,
                            StrataSessionOrder   order,
                            guint                limit,
                            GError             **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  _strata_store_refresh_tails (self);

  return _strata_catalog_list_sessions (self->catalog, order, limit, error);
}

static void
set_ambiguous (GPtrArray   *found,
               const char  *id,
               GError     **error)
{
  g_autoptr(GString) keys = g_string_new (NULL);

  for (guint i = 0; i < found->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (found, i);

      g_string_append_printf (keys, "%s%s", i > 0 ? ", " : "", info->key);
    }
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_AMBIGUOUS,
               "%u sessions have the id “%s”; use a key: %s", found->len, id, keys->str);
}

/**
 * strata_store_find_session:
 * @id_or_key: a session's id as text, or its key
 *
 * Returns: (transfer full): the session, or %NULL with @error set:
 *   %STRATA_ERROR_NOT_FOUND, or %STRATA_ERROR_AMBIGUOUS naming the keys
 */
StrataSessionInfo *
strata_store_find_session (StrataStore  *self,
                           const char   *id_or_key,
                           GError      **error)
{
  g_autoptr(GPtrArray) found = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (id_or_key != NULL, NULL);

  g_mutex_lock (&self->mutex);
  _strata_store_refresh_tails (self);
  found = _strata_catalog_find_sessions (self->catalog, id_or_key, error);
  g_mutex_unlock (&self->mutex);

  if (found == NULL)
    return NULL;

  if (found->len == 1)
    return strata_session_info_ref (g_ptr_array_index (found, 0));

  if (found->len == 0)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no session “%s”", id_or_key);
  else
    set_ambiguous (found, id_or_key, error);

  return NULL;
}

/* A part that had to be read to put the value together may have been replaced
 * since the metadata were read. Then they are others now: once more.
 */
static GInputStream *
open_value (StrataStore  *self,
            gboolean      is_collection,
            const char   *key,
            GError      **error)
{
  StrataDigest last = { { 0, } };

  while (TRUE)
    {
      g_autoptr(StrataManifest) manifest = _strata_store_load (self, is_collection, key, error);
      g_autoptr(GError) open_error = NULL;
      GInputStream *stream = manifest != NULL ? _strata_value_stream_new (self->dir, manifest, &open_error) : NULL;

      if (manifest == NULL || stream != NULL)
        return stream;
      if (_strata_digest_equal (&last, &manifest->file_digest))
        {
          g_propagate_error (error, g_steal_pointer (&open_error));
          return NULL;
        }
      last = manifest->file_digest;
    }
}

/**
 * strata_store_open_session:
 * @key: the session's key
 *
 * Returns: (transfer full): a stream of the session's JSON object, minified,
 *   token for token as it was; or %NULL with @error set. Damage is found while
 *   reading: %STRATA_ERROR_CORRUPT.
 */
GInputStream *
strata_store_open_session (StrataStore  *self,
                           const char   *key,
                           GError      **error)
{
  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return open_value (self, FALSE, key, error);
}

/**
 * strata_store_load_metadata:
 * @key: the session's key
 *
 * Returns: (transfer full): the small members only, one JSON object
 */
GBytes *
strata_store_load_metadata (StrataStore  *self,
                            const char   *key,
                            GError      **error)
{
  g_autoptr(StrataManifest) manifest = NULL;
  gsize length;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  manifest = _strata_store_load (self, FALSE, key, error);
  if (manifest == NULL)
    return NULL;
  length = strlen (manifest->small);

  return g_bytes_new_take (g_steal_pointer (&manifest->small), length);
}

/**
 * strata_store_load_manifest:
 * @key: the session's key
 *
 * Returns: (transfer full): what the store says of the session, its parts
 *   among it: the JSON text of its `metadata.json`
 */
GBytes *
strata_store_load_manifest (StrataStore  *self,
                            const char   *key,
                            GError      **error)
{
  g_autoptr(StrataManifest) manifest = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  manifest = _strata_store_load (self, FALSE, key, error);

  return manifest != NULL ? _strata_manifest_serialize (manifest) : NULL;
}

static const StrataPart *
find_part (GPtrArray  *parts,
           const char *name)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *part_name = g_strdup_printf ("%s-%03u", part->kind, part->number);

      if (strcmp (part_name, name) == 0)
        return part;
    }

  return NULL;
}

/**
 * strata_store_open_part:
 * @key: the session's key
 * @part: kind and number as in `screenshots-001`
 *
 * Returns: (transfer full): a stream of that part's JSON text
 */
GInputStream *
strata_store_open_part (StrataStore  *self,
                        const char   *key,
                        const char   *part,
                        GError      **error)
{
  g_autoptr(StrataManifest) manifest = NULL;
  const StrataPart *found;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL && part != NULL, NULL);

  manifest = _strata_store_load (self, FALSE, key, error);
  if (manifest == NULL)
    return NULL;

  found = find_part (manifest->parts, part);
  if (found == NULL)
    found = find_part (manifest->attachments, part);
  if (found == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The session has no part “%s”", part);
      return NULL;
    }

  return _strata_value_stream_new_part (self->dir, manifest, found);
}

/**
 * strata_store_list_collections:
 *
 * Returns: (transfer full) (array zero-terminated=1): keys of the collections
 */
char **
strata_store_list_collections (StrataStore  *self,
                               GError      **error)
{
  g_autoptr(GPtrArray) keys = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  g_mutex_lock (&self->mutex);
  keys = _strata_catalog_list_collections (self->catalog, error);
  g_mutex_unlock (&self->mutex);

  if (keys == NULL)
    return NULL;
  g_ptr_array_set_free_func (keys, NULL);
  g_ptr_array_add (keys, NULL);

  return (char **)g_ptr_array_free (g_steal_pointer (&keys), FALSE);
}

/**
 * strata_store_dup_collection_name:
 * @key: the collection's key
 *
 * Returns: (transfer full): the name it had in the old store
 */
char *
strata_store_dup_collection_name (StrataStore  *self,
                                  const char   *key,
                                  GError      **error)
{
  g_autoptr(StrataManifest) manifest = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  manifest = _strata_store_load (self, TRUE, key, error);

  return manifest != NULL ? g_steal_pointer (&manifest->name) : NULL;
}

/**
 * strata_store_open_collection:
 * @key: the collection's key
 *
 * Returns: (transfer full): a stream of the collection's JSON value, minified
 */
GInputStream *
strata_store_open_collection (StrataStore  *self,
                              const char   *key,
                              GError      **error)
{
  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return open_value (self, TRUE, key, error);
}

/**
 * strata_store_list_attachments:
 * @owner: (nullable): key of a session or collection, %NULL: of all
 *
 * Returns: (transfer full) (element-type StrataAttachmentInfo): one for each
 *   use; or %NULL with @error set
 */
GPtrArray *
strata_store_list_attachments (StrataStore  *self,
                               const char   *owner,
                               GError      **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  _strata_store_refresh_tails (self);

  return _strata_catalog_list_attachments (self->catalog, owner, NULL, error);
}

/**
 * strata_store_find_attachment:
 * @id: an attachment's id
 *
 * Returns: (transfer full): the attachment, rather one that has bytes than one
 *   that has none; or %NULL with @error set
 */
StrataAttachmentInfo *
strata_store_find_attachment (StrataStore  *self,
                              const char   *id,
                              GError      **error)
{
  g_autoptr(GPtrArray) found = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  g_mutex_lock (&self->mutex);
  _strata_store_refresh_tails (self);
  found = _strata_catalog_list_attachments (self->catalog, NULL, id, error);
  g_mutex_unlock (&self->mutex);

  if (found == NULL)
    return NULL;

  for (guint i = 0; i < found->len; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (found, i);

      if (info->path != NULL || i + 1 == found->len)
        return strata_attachment_info_ref (info);
    }
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no attachment “%s”", id);

  return NULL;
}

/**
 * strata_store_open_attachment:
 * @attachment: which
 *
 * Returns: (transfer full): a stream of its original bytes; or %NULL with
 *   @error set, %STRATA_ERROR_NOT_FOUND where the old store had none. Damage is
 *   found while reading: %STRATA_ERROR_CORRUPT.
 */
GInputStream *
strata_store_open_attachment (StrataStore           *self,
                              StrataAttachmentInfo  *attachment,
                              GError               **error)
{
  StrataDigest digest;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (attachment != NULL, NULL);

  if (attachment->path == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND,
                   "The old store had no bytes for attachment “%s”", attachment->id);
      return NULL;
    }

  if (!_strata_digest_from_hex (attachment->sha256, &digest))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The digest of attachment “%s” can't be read", attachment->id);
      return NULL;
    }

  return _strata_value_stream_new_object (self->dir, attachment->path, &digest, (guint64)attachment->bytes,
                                          attachment->reference_root, attachment->reference_path);
}
