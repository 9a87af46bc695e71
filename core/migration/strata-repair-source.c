/* strata-repair-source.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-webp-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "legacy/strata-legacy-candidates-private.h"
#include "maintenance/strata-gc-private.h"
#include "store/strata-embedded-private.h"
#include "store/strata-key-private.h"
#include "store/strata-slicer-private.h"
#include "strata-attachment-taker-private.h"
#include "strata-inline-attachments-private.h"
#include "strata-migration-private.h"
#include "strata-repair-private.h"
#include "strata-rollback-manifest-private.h"

/* An id longer than this is not repeated in metadata.json */
#define MAX_ID_TOKEN 1024
#define MAX_WEBP_METHOD 6
/* As with the keys of those that are wanted */
#define MAX_OCCURRENCES 16

/* One old store while it is searched */
typedef struct
{
  StrataRepairing        *repairing;
  guint                   number;
  StrataLegacyStore      *legacy;
  StrataLegacyCandidates *candidates;
  StrataCrew             *crew;
  StrataAttachmentTaker  *taker;
  StrataBatch            *batch;       /* only its staging is used; nothing is ever committed */
  GHashTable             *inline_metas; /* id → JSON; NULL: not looked for yet */
  GHashTable             *keys;        /* of the sessions that are wanted */
  GHashTable             *ordinals;    /* of those in the candidate that is read */
} Searching;

static void
drop_problem (StrataProblem *problem,
              gpointer       user_data)
{
  g_object_unref (problem);
}

/* Whether an error says that the old store does not have it any more, as opposed to trouble here */
static gboolean
is_of_source (const GError *error)
{
  return error->domain == STRATA_ERROR && error->code != STRATA_ERROR_IN_USE;
}

static gboolean
pass_over (GError **from,
           GError **error)
{
  if (is_of_source (*from))
    {
      g_info ("Not restored: %s", (*from)->message);
      g_clear_error (from);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (from));

  return FALSE;
}

/* Objects */

/* Notes and tasks have metadata too: read where they are needed first */
static gboolean
find_inline_metas (Searching  *self,
                   GError    **error)
{
  GCancellable *cancellable = self->repairing->cancellable;

  if (self->candidates == NULL)
    self->candidates = _strata_legacy_candidates_gather (self->legacy, NULL, drop_problem, NULL, cancellable, error);
  if (self->candidates != NULL && self->inline_metas == NULL)
    self->inline_metas = _strata_inline_attachments_gather (self->candidates, cancellable);

  return self->inline_metas != NULL;
}

/* Finds in the old metadata what they had embedded. */
static char *
stage_embedded (Searching              *self,
                const StrataObjectUse  *use,
                const StrataDigest     *wanted,
                StrataDigest           *out_digest,
                GError                **error)
{
  g_autoptr(StrataLegacyAttachment) attachment = NULL;
  gsize offset = 0, start, length;
  GBytes *found;

  if (!find_inline_metas (self, error))
    return NULL;
  attachment = _strata_legacy_attachment_load_inline (self->legacy, use->row->id, g_hash_table_lookup (self->inline_metas, use->row->id),
                                                      drop_problem, NULL, error);
  if (attachment == NULL)
    return NULL;

  while (attachment->meta != NULL &&
         (found = _strata_embedded_find (attachment->meta, strlen (attachment->meta), &offset, &start, &length)) != NULL)
    {
      g_autoptr(GBytes) bytes = found;
      g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);

      _strata_digest_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), out_digest);
      if (_strata_digest_equal (out_digest, wanted))
        return _strata_repairing_stage (self->repairing, stream, out_digest, error);
    }
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The metadata of “%s” do not have it", use->row->id);

  return NULL;
}

static char *
stage_attachment (Searching              *self,
                  const StrataObjectUse  *use,
                  StrataDigest           *out_digest,
                  GError                **error)
{
  StrataLegacyAttachment attachment = { .id = use->row->id, .source_size = use->row->source_size };
  g_autoptr(GInputStream) stream = NULL;

  if (_strata_legacy_path_is_text (use->row->source_path))
    {
      attachment.data_path = use->row->source_path;
      stream = _strata_legacy_attachment_open (self->legacy, &attachment, error);
    }
  else
    stream = _strata_legacy_store_open_file (self->legacy, use->row->source_path, error);

  return stream != NULL ? _strata_repairing_stage (self->repairing, stream, out_digest, error) : NULL;
}

/* A WebP that was made of an image is made again, in one of the few ways that there are.
 *
 * @inout_staged, @inout_digest: the image's, then the WebP's, if it is the one that is wanted
 */
static gboolean
make_webp (Searching                 *self,
           const StrataObjectUse     *use,
           const StrataWantedObject  *wanted,
           char                     **inout_staged,
           StrataDigest              *inout_digest,
           GError                   **error)
{
  const StrataOriginal *original = use->row->original;
  int dir = self->repairing->dir;
  g_autoptr(GBytes) image = NULL;

  if (!_strata_digest_equal (inout_digest, &original->digest))
    return TRUE;
  image = _strata_file_read (dir, *inout_staged, STRATA_WEBP_MAX_BYTES, error);

  for (int method = 0; image != NULL && method <= MAX_WEBP_METHOD; method++)
    {
      StrataWebpSettings settings = { .quality = original->quality, .method = method };
      StrataWebpResult ignored;
      g_autoptr(GBytes) webp = _strata_webp_make (image, &settings, &ignored, error);
      g_autoptr(GInputStream) stream = NULL;

      if (webp == NULL)
        return FALSE;
      _strata_digest_of (g_bytes_get_data (webp, NULL), g_bytes_get_size (webp), inout_digest);
      if (!_strata_digest_equal (inout_digest, &wanted->digest))
        continue;

      stream = g_memory_input_stream_new_from_bytes (webp);
      _strata_file_unlink (dir, *inout_staged, NULL);
      g_free (*inout_staged);
      *inout_staged = _strata_repairing_stage (self->repairing, stream, inout_digest, error);
      return *inout_staged != NULL;
    }

  return image != NULL;
}

static gboolean
restore_from_use (Searching              *self,
                  StrataWantedObject     *wanted,
                  const StrataObjectUse  *use,
                  GError                **error)
{
  StrataRepairing *repairing = self->repairing;
  g_autoptr(GError) stage_error = NULL;
  g_autofree char *staged = NULL;
  g_autofree char *aside = NULL;
  g_autofree char *message = NULL;
  g_autofree char *origin = NULL;
  StrataDigest digest;

  staged = use->is_embedded ? stage_embedded (self, use, &wanted->digest, &digest, &stage_error)
                            : stage_attachment (self, use, &digest, &stage_error);
  if (staged != NULL && !use->is_embedded && use->row->state == STRATA_ATTACHMENT_WEBP && !make_webp (self, use, wanted, &staged, &digest, &stage_error))
    return pass_over (&stage_error, error);
  if (staged == NULL)
    return pass_over (&stage_error, error);
  if (!_strata_digest_equal (&digest, &wanted->digest))
    return _strata_file_unlink (repairing->dir, staged, error);

  if (!_strata_repairing_place (repairing, staged, wanted->path, &digest, &aside, error))
    return FALSE;
  wanted->is_done = TRUE;
  origin = use->is_embedded ? g_strdup_printf ("the metadata of “%s” in", use->row->id)
                            : g_strdup_printf ("“%s” of", use->row->source_path);
  message = g_strdup_printf ("It was restored from %s the old store%s%s%s", origin,
                             aside != NULL ? "; the damaged one is “" : "", aside != NULL ? aside : "", aside != NULL ? "” now" : "");
  _strata_repairing_say_repaired (repairing, wanted->path, NULL, message);

  return TRUE;
}

static gboolean
search_objects (Searching  *self,
                GError    **error)
{
  GPtrArray *objects = self->repairing->objects;

  for (guint i = 0; i < objects->len; i++)
    {
      StrataWantedObject *wanted = g_ptr_array_index (objects, i);

      for (guint j = 0; j < wanted->uses->len && !wanted->is_done; j++)
        {
          const StrataObjectUse *use = g_ptr_array_index (wanted->uses, j);

          if (use->source == self->number && (use->is_embedded || use->row->source_path != NULL) && !restore_from_use (self, wanted, use, error))
            return FALSE;
        }
    }

  return TRUE;
}

/* Values */

static gpointer
copy_part (gconstpointer part,
           gpointer      user_data)
{
  StrataPart *copy = _strata_part_copy (part);

  copy->staged_path = g_strdup (((const StrataPart *)part)->staged_path);

  return copy;
}

/* Comparing may have packed them, or put them where they belong. */
static void
take_back_parts (Searching      *self,
                 StrataManifest *manifest,
                 GPtrArray      *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *before = g_ptr_array_index (parts, i);
      StrataPart *now = g_ptr_array_index (manifest->parts, i);
      StrataPart swapped = *before;
      struct stat status;

      if (before->staged_path == NULL || !_strata_file_stat (self->repairing->dir, before->staged_path, &status, NULL))
        continue;
      if (now->staged_path != NULL && strcmp (now->staged_path, before->staged_path) != 0)
        _strata_file_unlink (self->repairing->dir, now->staged_path, NULL);
      *before = *now;
      *now = swapped;
    }
}

/* Cuts the rows and compares: as they were before objects had what their metadata have embedded, and as they are
 * written now.
 */
static gboolean
compare_rows (Searching       *self,
              StrataSlicer    *slicer,
              StrataManifest  *manifest,
              GPtrArray       *rows,
              const char      *origin,
              GError         **error)
{
  StrataStaging *staging = _strata_batch_get_staging (self->batch);
  g_autoptr(GPtrArray) parts = g_ptr_array_copy (manifest->parts, copy_part, NULL);
  gboolean any = FALSE;

  g_ptr_array_set_free_func (parts, (GDestroyNotify)_strata_part_free);
  if (!_strata_slicer_add_rows (slicer, manifest, rows, error) ||
      !_strata_repairing_match (self->repairing, manifest, staging, origin, error))
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (!_strata_embedded_take_out (row, self->batch, error))
        return FALSE;
      any = any || row->embedded != NULL;
    }
  if (!any)
    return TRUE;

  _strata_batch_discard_rows (self->batch, manifest);
  take_back_parts (self, manifest, parts);

  return _strata_slicer_add_rows (slicer, manifest, rows, error) &&
         _strata_repairing_match (self->repairing, manifest, staging, origin, error);
}

/* Reads the attachments that were noted on the way, cuts their rows, and compares it all.
 *
 * @manifest: (transfer full)
 */
static gboolean
compare (Searching       *self,
         StrataSlicer    *slicer,
         StrataManifest  *manifest,
         const char      *origin,
         GError         **error)
{
  g_autoptr(StrataManifest) owned = manifest;
  g_autoptr(GPtrArray) rows = _strata_attachment_taker_take (self->taker, self->batch, self->repairing->cancellable, error);
  gboolean ok = rows != NULL && compare_rows (self, slicer, manifest, rows, origin, error);

  _strata_attachment_taker_forget (self->taker);
  _strata_batch_discard (self->batch, manifest);

  return ok;
}

static StrataSlicer *
make_slicer (Searching *self)
{
  StrataSlicer *slicer = _strata_slicer_new (self->repairing->dir, _strata_batch_get_staging (self->batch));

  _strata_slicer_set_string_func (slicer, _strata_attachment_taker_see_string, self->taker);

  return slicer;
}

/* Sessions */

static void
want_if_it_may_be (guint64     ordinal,
                   const char *id_token,
                   gpointer    user_data)
{
  Searching *self = user_data;

  /* One without an id is told by its content */
  for (guint i = 0; id_token != NULL && i < MAX_OCCURRENCES; i++)
    {
      g_autofree char *key = _strata_key_make (id_token, i, self->number);

      if (g_hash_table_contains (self->keys, key))
        {
          g_hash_table_add (self->ordinals, g_memdup2 (&ordinal, sizeof ordinal));
          return;
        }
    }
  if (id_token == NULL)
    g_hash_table_add (self->ordinals, g_memdup2 (&ordinal, sizeof ordinal));
}

static gboolean
take_session (Searching         *self,
              StrataSlicer      *slicer,
              StrataJsonReader  *reader,
              guint64            ordinal,
              const char        *origin,
              GError           **error)
{
  StrataManifest *manifest;
  const char *id_token;

  _strata_attachment_taker_forget (self->taker);
  manifest = _strata_slicer_take_session (slicer, reader, self->repairing->cancellable, error);
  if (manifest == NULL)
    return FALSE;

  id_token = _strata_slicer_get_id_token (slicer);
  manifest->id_token = id_token != NULL && strlen (id_token) <= MAX_ID_TOKEN ? g_strdup (id_token) : NULL;
  manifest->source = self->number;
  manifest->ordinal = ordinal;

  return compare (self, slicer, manifest, origin, error);
}

static gboolean
take_sessions (Searching                    *self,
               const StrataLegacyCandidate  *candidate,
               GError                      **error)
{
  GCancellable *cancellable = self->repairing->cancellable;
  g_autoptr(StrataSlicer) slicer = make_slicer (self);
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, cancellable, error);
  StrataJsonReader *reader = payload != NULL ? _strata_legacy_payload_get_reader (payload) : NULL;
  StrataJsonKind kind;
  gboolean more;

  if (reader == NULL || !_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  for (guint64 ordinal = 0; ; ordinal++)
    {
      if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
        return FALSE;
      if (kind == STRATA_JSON_OBJECT && g_hash_table_contains (self->ordinals, &ordinal)
          ? !take_session (self, slicer, reader, ordinal, candidate->path, error)
          : !_strata_json_reader_take (reader, NULL, NULL, cancellable, error))
        return FALSE;
    }
}

static gboolean
search_sessions (Searching  *self,
                 GError    **error)
{
  GPtrArray *candidates = _strata_legacy_candidates_get (self->candidates, "sessions");

  for (guint i = 0; i < candidates->len && g_hash_table_size (self->keys) > 0; i++)
    {
      StrataLegacyCandidate *candidate = g_ptr_array_index (candidates, i);
      g_autoptr(GError) take_error = NULL;

      g_hash_table_remove_all (self->ordinals);
      /* Of what breaks off, the leading ones */
      _strata_legacy_candidate_scan (candidate, want_if_it_may_be, self, self->repairing->cancellable, NULL);
      if (g_cancellable_set_error_if_cancelled (self->repairing->cancellable, error))
        return FALSE;
      if (g_hash_table_size (self->ordinals) > 0 && !take_sessions (self, candidate, &take_error) &&
          !pass_over (&take_error, error))
        return FALSE;
    }

  return TRUE;
}

/* Collections */

static gboolean
take_collection (Searching                    *self,
                 const StrataLegacyCandidate  *candidate,
                 const char                   *key,
                 const char                   *name,
                 GError                      **error)
{
  GCancellable *cancellable = self->repairing->cancellable;
  g_autoptr(StrataSlicer) slicer = make_slicer (self);
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, cancellable, error);
  StrataManifest *manifest;

  if (payload == NULL)
    return FALSE;

  _strata_attachment_taker_forget (self->taker);
  manifest = _strata_slicer_take_collection (slicer, _strata_legacy_payload_get_reader (payload), key, cancellable, error);
  if (manifest == NULL)
    return FALSE;
  manifest->key = g_strdup (key);
  manifest->name = g_strdup (name);
  manifest->source = self->number;

  return compare (self, slicer, manifest, candidate->path, error);
}

static gboolean
is_collection_wanted (StrataRepairing *self,
                      const char      *key)
{
  for (guint i = 0; i < self->parts->len; i++)
    {
      const StrataWantedPart *wanted = g_ptr_array_index (self->parts, i);

      if (!wanted->is_done && wanted->owner->is_collection && strcmp (wanted->owner->key, key) == 0)
        return TRUE;
    }
  for (guint i = 0; i < self->metadata->len; i++)
    {
      const StrataWantedMetadata *wanted = g_ptr_array_index (self->metadata, i);

      if (!wanted->is_done && wanted->is_collection && strcmp (wanted->key, key) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
search_collections (Searching  *self,
                    GError    **error)
{
  g_autoptr(GPtrArray) names = _strata_legacy_candidates_list_names (self->candidates);

  for (guint i = 0; i < names->len; i++)
    {
      const char *old_name = g_ptr_array_index (names, i);
      g_autofree char *name = g_utf8_make_valid (old_name, -1);
      g_autofree char *key = _strata_collection_key_make (name, self->number);
      GPtrArray *candidates = _strata_legacy_candidates_get (self->candidates, old_name);

      for (guint j = 0; j < candidates->len && is_collection_wanted (self->repairing, key); j++)
        {
          g_autoptr(GError) take_error = NULL;

          if (strcmp (old_name, "sessions") != 0 &&
              !take_collection (self, g_ptr_array_index (candidates, j), key, name, &take_error) &&
              !pass_over (&take_error, error))
            return FALSE;
        }
    }

  return TRUE;
}

/* What nothing uses */

static void
note_rows (Searching      *self,
           StrataManifest *manifest)
{
  g_autoptr(GPtrArray) rows = manifest != NULL && manifest->source == self->number
                              ? _strata_store_load_rows (self->repairing->store, manifest, NULL) : NULL;

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      _strata_attachment_taker_note_used (self->taker, row->id, row->source_path);
    }
}

/* What is in the trash was in use when the old store was read. */
static gboolean
note_what_was_used (Searching  *self,
                    GError    **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->repairing->dir, "trash", error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *folder = g_build_filename ("trash", name, NULL);
      g_autofree char *key = NULL;
      g_autoptr(StrataManifest) manifest = NULL;
      const char *extension;
      StrataDigest digest;

      if (_strata_gc_classify (name, &key, &digest, &extension) == STRATA_GC_SESSION)
        manifest = _strata_store_load_trashed (self->repairing->store, key, folder, NULL);
      note_rows (self, manifest);
    }

  return entries != NULL;
}

/* What the sessions and collections use, as far as they can be read; where one can't, the digest will tell. */
static gboolean
note_what_is_used (Searching   *self,
                   const char  *except,
                   GError     **error)
{
  StrataStore *store = self->repairing->store;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  g_auto(GStrv) collections = sessions != NULL ? strata_store_list_collections (store, error) : NULL;

  for (guint i = 0; collections != NULL && i < sessions->len; i++)
    {
      g_autoptr(StrataManifest) manifest =
        _strata_store_load (store, FALSE, ((const StrataSessionInfo *)g_ptr_array_index (sessions, i))->key, NULL);

      note_rows (self, manifest);
    }
  for (guint i = 0; collections != NULL && collections[i] != NULL; i++)
    {
      g_autoptr(StrataManifest) manifest =
        strcmp (collections[i], except) != 0 ? _strata_store_load (store, TRUE, collections[i], NULL) : NULL;

      note_rows (self, manifest);
    }

  return collections != NULL && note_what_was_used (self, error);
}

static gboolean
search_unused (Searching  *self,
               GError    **error)
{
  StrataRepairing *repairing = self->repairing;
  g_autofree char *key = _strata_migration_make_unused_key (self->number);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ("[]", 2);
  g_autoptr(StrataSlicer) slicer = make_slicer (self);
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GPtrArray) rows = NULL;
  gboolean ok;

  if (!is_collection_wanted (repairing, key))
    return TRUE;

  manifest = _strata_slicer_take_collection (slicer, reader, key, repairing->cancellable, error);
  if (manifest == NULL || !note_what_is_used (self, key, error))
    return FALSE;
  manifest->key = g_strdup (key);
  manifest->source = self->number;
  _strata_attachment_taker_forget (self->taker);
  rows = _strata_attachment_taker_take_unused (self->taker, self->batch, repairing->cancellable, error);
  ok = rows != NULL && compare_rows (self, slicer, manifest, rows, "attachments", error);
  _strata_batch_discard (self->batch, manifest);

  return ok;
}

/* One old store */

static void
collect_keys (Searching *self)
{
  StrataRepairing *repairing = self->repairing;

  for (guint i = 0; i < repairing->parts->len; i++)
    {
      const StrataWantedPart *wanted = g_ptr_array_index (repairing->parts, i);

      if (!wanted->is_done && !wanted->owner->is_collection && wanted->owner->source == self->number)
        g_hash_table_add (self->keys, g_strdup (wanted->owner->key));
    }
  for (guint i = 0; i < repairing->metadata->len; i++)
    {
      const StrataWantedMetadata *wanted = g_ptr_array_index (repairing->metadata, i);

      if (!wanted->is_done && !wanted->is_collection)
        g_hash_table_add (self->keys, g_strdup (wanted->key));
    }
}

static gboolean
search_values (Searching  *self,
               GError    **error)
{
  StrataRepairing *repairing = self->repairing;

  self->batch = find_inline_metas (self, error) ? _strata_batch_new (repairing->store, error) : NULL;
  if (self->batch == NULL)
    return FALSE;

  /* It is only a search: what is found is read by this thread, which knows how to wait */
  self->crew = _strata_crew_new (0, 0, NULL);
  self->taker = _strata_attachment_taker_new (self->legacy, repairing->store, self->number, self->crew, drop_problem, NULL);
  _strata_attachment_taker_set_inline_metas (self->taker, self->inline_metas);
  _strata_attachment_taker_set_verbatim (self->taker);
  collect_keys (self);

  return search_sessions (self, error) && search_collections (self, error) && search_unused (self, error);
}

static void
searching_clear (Searching *self)
{
  g_clear_pointer (&self->crew, _strata_crew_free);
  g_clear_pointer (&self->taker, _strata_attachment_taker_free);
  g_clear_pointer (&self->batch, _strata_batch_free);
  g_clear_pointer (&self->candidates, _strata_legacy_candidates_free);
  g_clear_pointer (&self->inline_metas, g_hash_table_unref);
  g_clear_pointer (&self->legacy, _strata_legacy_store_free);
  g_clear_pointer (&self->keys, g_hash_table_unref);
  g_clear_pointer (&self->ordinals, g_hash_table_unref);
}

/* As it was given to the migration, which may have been an export or a database in a folder; where nothing
 * says how, by the path that tells it from others.
 */
static StrataLegacyStore *
open_source (StrataRepairing           *repairing,
             const StrataSourceRecord  *source,
             GError                   **error)
{
  g_autoptr(StrataRollbackManifest) manifest =
    _strata_rollback_manifest_open (repairing->dir, source->number, repairing->cancellable, NULL);
  const StrataRollbackHeader *header = manifest != NULL ? _strata_rollback_manifest_get_header (manifest) : NULL;
  StrataLegacyStore *legacy = NULL;

  if (header != NULL && header->legacy != NULL)
    legacy = _strata_legacy_store_open (header->legacy, header->attachments, NULL, repairing->cancellable, NULL);
  if (legacy != NULL && strcmp (_strata_legacy_store_get_path (legacy), source->path) == 0)
    return legacy;
  g_clear_pointer (&legacy, _strata_legacy_store_free);

  return _strata_legacy_store_open (source->path, header != NULL ? header->attachments : NULL, NULL, repairing->cancellable, error);
}

static gboolean
search_source (StrataRepairing           *repairing,
               const StrataSourceRecord  *source,
               GError                   **error)
{
  Searching self = { .repairing = repairing, .number = source->number };
  g_autoptr(GError) search_error = NULL;
  gboolean ok;

  self.keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.ordinals = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self.legacy = open_source (repairing, source, &search_error);
  ok = self.legacy != NULL && search_objects (&self, &search_error) &&
       (repairing->parts->len + repairing->metadata->len == 0 || search_values (&self, &search_error));
  searching_clear (&self);

  return ok || pass_over (&search_error, error);
}

gboolean
_strata_repairing_search_sources (StrataRepairing  *self,
                                  GError          **error)
{
  g_autoptr(StrataHeader) header = NULL;

  if (self->parts->len + self->metadata->len + self->objects->len == 0)
    return TRUE;

  header = _strata_store_read_header (self->store, error);
  for (guint i = 0; header != NULL && i < header->sources->len; i++)
    if (!search_source (self, g_ptr_array_index (header->sources, i), error))
      return FALSE;

  return header != NULL;
}

/* The trash */

gboolean
_strata_repairing_search_trash (StrataRepairing  *self,
                                GError          **error)
{
  for (guint i = 0; i < self->objects->len + self->parts->len; i++)
    {
      StrataWantedObject *object = i < self->objects->len ? g_ptr_array_index (self->objects, i) : NULL;
      StrataWantedPart *part = object == NULL ? g_ptr_array_index (self->parts, i - self->objects->len) : NULL;
      const char *path = object != NULL ? object->path : part->path;
      const StrataDigest *digest = object != NULL ? &object->digest : &part->part->stored_digest;
      g_autofree char *label = g_strdelimit (g_strdup (path), "/", '~');
      g_autofree char *trash = g_strconcat ("trash/", label, NULL);
      g_autofree char *aside = NULL;

      if ((object != NULL && object->is_done) || !_strata_repairing_is_whole (self, trash, digest))
        continue;
      if (!_strata_repairing_place (self, trash, path, digest, &aside, error))
        return FALSE;
      if (object != NULL)
        object->is_done = TRUE;
      else
        part->is_done = TRUE;
      _strata_repairing_say_repaired (self, path, NULL, "It was brought back from the trash");
    }

  return TRUE;
}
