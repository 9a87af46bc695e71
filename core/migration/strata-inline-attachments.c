/* strata-inline-attachments.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "json/strata-json-members-private.h"
#include "strata-inline-attachments-private.h"

static const char *const names[] = { "id", NULL };

/* At the kind it should be: goes inside. Else passes the value by. */
static gboolean
enter_or_skip (StrataJsonReader  *reader,
               StrataJsonKind     wanted,
               gboolean          *out_inside,
               GCancellable      *cancellable,
               GError           **error)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;

  *out_inside = kind == wanted;

  return *out_inside ? _strata_json_reader_enter (reader, cancellable, error)
                     : _strata_json_reader_take (reader, NULL, NULL, cancellable, error);
}

static gboolean
read_list (StrataJsonReader  *reader,
           GHashTable        *metas,
           GCancellable      *cancellable,
           GError           **error)
{
  gboolean more;

  if (!enter_or_skip (reader, STRATA_JSON_ARRAY, &more, cancellable, error))
    return FALSE;

  while (more)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(StrataJsonMembers) members = NULL;
      g_autofree char *id = NULL;

      if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (!more)
        break;
      if (!_strata_json_reader_take_string (reader, text, cancellable, error))
        return FALSE;

      members = text->str[0] == '{' ? _strata_json_members_parse (text->str, text->len, names, error) : NULL;
      id = members != NULL ? _strata_json_members_dup_string (members, "id") : NULL;
      if (id != NULL)
        g_hash_table_replace (metas, g_steal_pointer (&id), g_string_free (g_steal_pointer (&text), FALSE));
    }

  return TRUE;
}

static gboolean
read_item (StrataJsonReader  *reader,
           GHashTable        *metas,
           GCancellable      *cancellable,
           GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more;

  if (!enter_or_skip (reader, STRATA_JSON_OBJECT, &more, cancellable, error))
    return FALSE;

  while (more)
    {
      if (!_strata_json_reader_next_member (reader, name, &more, cancellable, error))
        return FALSE;
      if (!more)
        break;
      if (strcmp (name->str, "\"attachments\"") == 0 ? !read_list (reader, metas, cancellable, error)
                                                      : !_strata_json_reader_take (reader, NULL, NULL, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
_strata_inline_attachments_read (StrataJsonReader  *reader,
                                 GHashTable        *metas,
                                 GCancellable      *cancellable,
                                 GError           **error)
{
  gboolean more;

  if (!enter_or_skip (reader, STRATA_JSON_ARRAY, &more, cancellable, error))
    return FALSE;

  while (more)
    {
      if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (more && !read_item (reader, metas, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* A collection that can't be read is reported when it is taken. */
GHashTable *
_strata_inline_attachments_gather (StrataLegacyCandidates *candidates,
                                   GCancellable           *cancellable)
{
  static const char *const collections[] = { "notes", "tasks" };
  GHashTable *metas = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < G_N_ELEMENTS (collections); i++)
    {
      GPtrArray *places = _strata_legacy_candidates_get (candidates, collections[i]);
      g_autoptr(StrataLegacyPayload) payload = NULL;

      if (places->len > 0)
        payload = _strata_legacy_candidate_open (g_ptr_array_index (places, 0), cancellable, NULL);
      if (payload != NULL)
        _strata_inline_attachments_read (_strata_legacy_payload_get_reader (payload), metas, cancellable, NULL);
    }

  return metas;
}
