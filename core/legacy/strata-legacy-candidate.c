/* strata-legacy-candidate.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "strata-legacy-candidate-private.h"

void
_strata_legacy_candidate_free (StrataLegacyCandidate *self)
{
  g_free (self->path);
  g_free (self->checksum);
  g_free (self);
}

/* Returns: (transfer full) (nullable): NULL without @error where the file is of no use */
static StrataLegacyCandidate *
look_at (StrataLegacyStore  *store,
         const char         *path,
         StrataProblemFunc   report,
         gpointer            user_data,
         GCancellable       *cancellable,
         GError            **error)
{
  g_autoptr(GError) open_error = NULL;
  g_autoptr(StrataLegacyPayload) payload =
    _strata_legacy_payload_open (_strata_legacy_store_get_dir (store), path, cancellable, &open_error);
  const StrataLegacyEnvelope *envelope;
  StrataLegacyCandidate *self;

  if (payload == NULL && _strata_file_is_content_error (open_error))
    {
      if (report != NULL)
        report (strata_problem_new ("envelope-invalid", path, NULL, NULL, -1,
                                    "The file was passed over: %s", open_error->message), user_data);
      return NULL;
    }
  if (payload == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return NULL;
    }

  envelope = _strata_legacy_payload_get_envelope (payload);
  self = g_new0 (StrataLegacyCandidate, 1);
  self->path = g_strdup (path);
  self->timestamp_ms = envelope->timestamp_ms;
  self->checksum = g_strdup (envelope->checksum);

  return self;
}

/* Newest first; the order they were found in decides among equals. */
static void
insert_sorted (GPtrArray             *candidates,
               StrataLegacyCandidate *candidate)
{
  guint i = 0;

  while (i < candidates->len &&
         ((const StrataLegacyCandidate *)g_ptr_array_index (candidates, i))->timestamp_ms >= candidate->timestamp_ms)
    i++;
  g_ptr_array_insert (candidates, (int)i, candidate);
}

static gboolean
belongs (const StrataLegacyFile *file,
         StrataLegacyRole        role,
         const char             *collection)
{
  if (file->role != role)
    return FALSE;
  if (role == STRATA_LEGACY_TOPLEVEL)
    return strcmp (collection, "sessions") == 0;

  return g_strcmp0 (file->name, collection) == 0;
}

GPtrArray *
_strata_legacy_candidate_list (StrataLegacyStore  *store,
                               const char         *collection,
                               StrataProblemFunc   report,
                               gpointer            user_data,
                               GCancellable       *cancellable,
                               GError            **error)
{
  static const StrataLegacyRole roles[] = {
    STRATA_LEGACY_COLLECTION, STRATA_LEGACY_COLLECTION_TMP, STRATA_LEGACY_COLLECTION_BACKUP, STRATA_LEGACY_TOPLEVEL,
  };
  g_autoptr(GPtrArray) candidates = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_legacy_candidate_free);
  GPtrArray *files = _strata_legacy_store_get_files (store);

  for (guint r = 0; r < G_N_ELEMENTS (roles); r++)
    for (guint i = 0; i < files->len; i++)
      {
        const StrataLegacyFile *file = g_ptr_array_index (files, i);
        g_autoptr(GError) look_error = NULL;
        StrataLegacyCandidate *candidate;

        if (!belongs (file, roles[r], collection))
          continue;
        candidate = look_at (store, file->path, report, user_data, cancellable, &look_error);
        if (candidate != NULL)
          insert_sorted (candidates, candidate);
        else if (look_error != NULL)
          {
            g_propagate_error (error, g_steal_pointer (&look_error));
            return NULL;
          }
      }

  return g_steal_pointer (&candidates);
}

gboolean
_strata_legacy_candidate_is_same_save (const StrataLegacyCandidate *a,
                                       const StrataLegacyCandidate *b)
{
  return a->timestamp_ms >= 0 && a->timestamp_ms == b->timestamp_ms &&
         a->checksum != NULL && g_strcmp0 (a->checksum, b->checksum) == 0;
}

gboolean
_strata_legacy_id_is_usable (const char *id_token)
{
  return id_token != NULL && (g_ascii_isdigit (id_token[0]) || id_token[0] == '-' ||
                              (id_token[0] == '"' && strcmp (id_token, "\"\"") != 0));
}

static gboolean
scan_element (StrataJsonReader    *reader,
              guint64              ordinal,
              StrataLegacyIdFunc   func,
              gpointer             user_data,
              GCancellable        *cancellable,
              GError             **error)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr(StrataJsonMembers) members = NULL;
  const char *id_token;
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    return _strata_json_reader_take (reader, NULL, NULL, cancellable, error);

  members = _strata_json_members_read (reader, names, error);
  if (members == NULL)
    return FALSE;

  id_token = _strata_json_members_get_raw (members, "id");
  func (ordinal, _strata_legacy_id_is_usable (id_token) ? id_token : NULL, user_data);

  return TRUE;
}

gboolean
_strata_legacy_candidate_scan (StrataLegacyStore            *store,
                               const StrataLegacyCandidate  *self,
                               StrataLegacyIdFunc            func,
                               gpointer                      user_data,
                               GCancellable                 *cancellable,
                               GError                      **error)
{
  g_autoptr(StrataLegacyPayload) payload =
    _strata_legacy_payload_open (_strata_legacy_store_get_dir (store), self->path, cancellable, error);
  StrataJsonReader *reader;
  StrataJsonKind kind;
  gboolean more;

  if (payload == NULL)
    return FALSE;

  reader = _strata_legacy_payload_get_reader (payload);
  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "“%s” is no list", self->path);
      return FALSE;
    }
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  for (guint64 ordinal = 0; ; ordinal++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!scan_element (reader, ordinal, func, user_data, cancellable, error))
        return FALSE;
    }
}
