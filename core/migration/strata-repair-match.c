/* strata-repair-match.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "legacy/strata-legacy-candidate-private.h"
#include "store/strata-key-private.h"
#include "store/strata-part-pack-private.h"
#include "strata-repair-private.h"

/* Sessions of one id are told apart by number; more of them than this were never seen */
#define MAX_OCCURRENCES 16
/* The level that is used unless somebody asked for another, and all others */
#define USUAL_LEVEL 6

static void
say_restored (StrataRepairing *self,
              const char      *path,
              const char      *session,
              const char      *origin,
              const char      *aside)
{
  g_autofree char *message = aside != NULL ? g_strdup_printf ("It was restored from “%s”; the damaged one is “%s” now", origin, aside)
                                           : g_strdup_printf ("It was restored from “%s”", origin);

  _strata_repairing_say_repaired (self, path, session, message);
}

static gboolean
sync_staged (StrataRepairing  *self,
             const char       *path,
             GError          **error)
{
  int fd = _strata_file_open (self->dir, path, O_RDWR, error);
  gboolean ok = fd >= 0 && _strata_file_sync (fd, path, error);

  _strata_file_close (fd);

  return ok;
}

static gboolean
place_staged (StrataRepairing     *self,
              const char          *staged,
              const char          *path,
              const StrataDigest  *digest,
              const char          *session,
              const char          *origin,
              GError             **error)
{
  g_autofree char *aside = NULL;

  if (!sync_staged (self, staged, error) || !_strata_repairing_place (self, staged, path, digest, &aside, error))
    return FALSE;
  say_restored (self, path, session, origin, aside);

  return TRUE;
}

/* Parts */

/* Whether packing gives the very file that was stored. @small: in memory, which packs differently */
static gboolean
try_to_pack (StrataRepairing   *self,
             const StrataPart  *part,
             const StrataPart  *wanted,
             StrataStaging     *staging,
             int                level,
             gboolean           small,
             char             **out_staged,
             GError           **error)
{
  g_autoptr(StrataPart) packed = _strata_part_copy (part);
  g_autoptr(GBytes) text = NULL;
  gboolean fits;

  *out_staged = NULL;
  g_clear_pointer (&packed->staged_path, g_free);
  if (small)
    {
      text = _strata_file_read (self->dir, part->staged_path, STRATA_PART_MAX_WHOLE, error);
      if (text == NULL || !_strata_part_pack (packed, staging, text, level, error))
        return FALSE;
    }
  else if (!_strata_part_pack_file (packed, self->dir, staging, part->staged_path, level, self->cancellable, error))
    return FALSE;

  fits = packed->is_gzip && _strata_digest_equal (&packed->stored_digest, &wanted->stored_digest);
  if (fits)
    *out_staged = g_steal_pointer (&packed->staged_path);
  else if (packed->staged_path != NULL)
    _strata_file_unlink (self->dir, packed->staged_path, NULL);

  return TRUE;
}

/* Of packed parts it is not said how: there are few ways. @out_staged: %NULL: none of them */
static gboolean
pack_as_it_was (StrataRepairing   *self,
                const StrataPart  *part,
                const StrataPart  *wanted,
                StrataStaging     *staging,
                char             **out_staged,
                GError           **error)
{
  for (guint small = part->raw_bytes <= STRATA_PART_MAX_WHOLE ? 2 : 1; small > 0; small--)
    for (int i = 0; i <= STRATA_GZIP_MAX_LEVEL; i++)
      {
        int level = i == 0 ? USUAL_LEVEL : i;

        if ((i == USUAL_LEVEL) || (small == 1 && level > 9))
          continue;
        if (!try_to_pack (self, part, wanted, staging, level, small == 2, out_staged, error))
          return FALSE;
        if (*out_staged != NULL)
          return TRUE;
      }

  return TRUE;
}

static gboolean
take_part (StrataRepairing   *self,
           StrataPart        *part,
           StrataWantedPart  *wanted,
           StrataStaging     *staging,
           const char        *origin,
           GError           **error)
{
  g_autofree char *staged = NULL;

  if (!wanted->part->is_gzip)
    staged = g_steal_pointer (&part->staged_path);
  else if (!pack_as_it_was (self, part, wanted->part, staging, &staged, error))
    return FALSE;
  if (staged == NULL)
    return TRUE;

  wanted->is_done = place_staged (self, staged, wanted->path, &wanted->part->stored_digest, wanted->owner->key, origin, error);

  return wanted->is_done;
}

static gboolean
match_parts (StrataRepairing  *self,
             GPtrArray        *parts,
             StrataStaging    *staging,
             const char       *origin,
             GError          **error)
{
  for (guint i = 0; i < parts->len; i++)
    for (guint j = 0; j < self->parts->len; j++)
      {
        StrataPart *part = g_ptr_array_index (parts, i);
        StrataWantedPart *wanted = g_ptr_array_index (self->parts, j);

        if (part->staged_path == NULL)
          break;
        if (!wanted->is_done && _strata_digest_equal (&part->raw_digest, &wanted->part->raw_digest) &&
            !take_part (self, part, wanted, staging, origin, error))
          return FALSE;
      }

  return TRUE;
}

/* Metadata */

/* A part whose packed file is there, and is what its name says, is meant that way. */
static gboolean
adopt_packed_file (StrataRepairing *self,
                   StrataManifest  *manifest,
                   StrataPart      *part,
                   const char      *folder)
{
  g_autofree char *prefix = g_strdup_printf ("%s-%03u.", part->kind, part->number);
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr(GInputStream) stream = NULL;
      char hex[STRATA_DIGEST_HEX_SIZE];
      StrataDigest digest;
      struct stat status;

      if (!g_str_has_prefix (name, prefix) || !g_str_has_suffix (name, ".json.gz") || !_strata_part_is_file_name (name))
        continue;
      stream = _strata_file_stream_open (self->dir, path, NULL);
      if (stream == NULL || !_strata_digest_of_stream (stream, &digest, self->cancellable, NULL) ||
          !_strata_file_stat (self->dir, path, &status, NULL))
        continue;
      _strata_digest_to_hex (&digest, hex);
      if (strncmp (hex, name + strlen (prefix), 12) != 0)
        continue;
      part->is_gzip = TRUE;
      part->stored_digest = digest;
      part->stored_bytes = (guint64)status.st_size;
      return TRUE;
    }

  return FALSE;
}

static gboolean
pack_as_usual (StrataRepairing  *self,
               StrataPart       *part,
               StrataStaging    *staging,
               GError          **error)
{
  g_autofree char *plain = g_steal_pointer (&part->staged_path);
  g_autoptr(GBytes) text = NULL;
  gboolean ok;

  if (part->raw_bytes > STRATA_PART_MAX_WHOLE)
    ok = _strata_part_pack_file (part, self->dir, staging, plain, USUAL_LEVEL, self->cancellable, error);
  else
    {
      text = _strata_file_read (self->dir, plain, STRATA_PART_MAX_WHOLE, error);
      ok = text != NULL && _strata_part_pack (part, staging, text, USUAL_LEVEL, error);
    }
  if (part->staged_path == NULL)
    part->staged_path = g_steal_pointer (&plain);

  return ok;
}

/* Makes parts look as they were stored: as their files are, where they are; else plain, or packed as usual. */
static gboolean
adopt_forms (StrataRepairing             *self,
             const StrataWantedMetadata  *wanted,
             StrataManifest              *manifest,
             StrataStaging               *staging,
             gboolean                     pack,
             GError                     **error)
{
  GPtrArray *lists[] = { manifest->parts, manifest->attachments };
  g_autofree char *folder = wanted->folder != NULL ? g_build_filename (wanted->folder, "chunks", NULL) : g_strdup ("collections");

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; j < lists[i]->len; j++)
      {
        StrataPart *part = g_ptr_array_index (lists[i], j);

        if (part->is_gzip || adopt_packed_file (self, manifest, part, folder) || !pack || part->staged_path == NULL)
          continue;
        if (!pack_as_usual (self, part, staging, error))
          return FALSE;
      }

  return TRUE;
}

static gboolean
has_digest (StrataManifest             *manifest,
            const StrataWantedMetadata *wanted)
{
  g_autoptr(GBytes) ignored = _strata_manifest_serialize (manifest);

  return _strata_digest_equal (&manifest->file_digest, &wanted->digest);
}

/* Sessions that only an older copy had say so. */
static gboolean
is_it_somehow (StrataManifest             *manifest,
               const StrataWantedMetadata *wanted,
               const char                 *origin)
{
  g_clear_pointer (&manifest->recovered, g_free);
  if (has_digest (manifest, wanted))
    return TRUE;
  manifest->recovered = g_strdup (origin);
  if (!manifest->is_collection && has_digest (manifest, wanted))
    return TRUE;
  g_clear_pointer (&manifest->recovered, g_free);

  return FALSE;
}

static gboolean
has_key (const StrataManifest       *manifest,
         const StrataWantedMetadata *wanted,
         guint                       occurrence)
{
  g_autofree char *hex = _strata_digest_dup_hex (&manifest->raw_digest);
  g_autofree char *key = _strata_legacy_id_is_usable (manifest->id_token)
                         ? _strata_key_make (manifest->id_token, occurrence, manifest->source)
                         : _strata_key_make_for_content (hex, occurrence, manifest->source);

  return strcmp (key, wanted->key) == 0;
}

static gboolean
claim_key (StrataManifest             *manifest,
           const StrataWantedMetadata *wanted)
{
  if (manifest->is_collection)
    return wanted->is_collection && strcmp (manifest->key, wanted->key) == 0;
  if (wanted->is_collection)
    return FALSE;

  for (guint i = 0; i < MAX_OCCURRENCES; i++)
    if (has_key (manifest, wanted, i))
      {
        manifest->occurrence = i;
        g_free (manifest->key);
        manifest->key = g_strdup (wanted->key);
        return TRUE;
      }

  return FALSE;
}

/* Its parts first: once the metadata are there, so is the session. */
static gboolean
place_whole (StrataRepairing       *self,
             StrataManifest        *manifest,
             StrataWantedMetadata  *wanted,
             const char            *origin,
             GError               **error)
{
  GPtrArray *lists[] = { manifest->parts, manifest->attachments };
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (manifest);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);
  g_autofree char *staged = NULL;
  StrataDigest digest;

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; j < lists[i]->len; j++)
      {
        StrataPart *part = g_ptr_array_index (lists[i], j);
        g_autofree char *path = NULL;

        manifest->folder = wanted->folder != NULL && g_str_has_prefix (wanted->folder, "trash/") ? wanted->folder : NULL;
        path = _strata_manifest_dup_part_path (manifest, part);
        manifest->folder = NULL;
        if (part->staged_path == NULL || _strata_repairing_is_whole (self, path, &part->stored_digest))
          continue;
        if (!place_staged (self, part->staged_path, path, &part->stored_digest, wanted->key, origin, error))
          return FALSE;
        g_clear_pointer (&part->staged_path, g_free);
      }

  staged = _strata_repairing_stage (self, stream, &digest, error);
  wanted->is_done = staged != NULL && place_staged (self, staged, wanted->path, &digest, wanted->key, origin, error);

  return wanted->is_done;
}

static gboolean
match_metadata (StrataRepairing       *self,
                StrataManifest        *manifest,
                StrataWantedMetadata  *wanted,
                StrataStaging         *staging,
                const char            *origin,
                GError               **error)
{
  gboolean fits;

  if (!claim_key (manifest, wanted))
    return TRUE;

  fits = is_it_somehow (manifest, wanted, origin);
  if (!fits && !adopt_forms (self, wanted, manifest, staging, FALSE, error))
    return FALSE;
  fits = fits || is_it_somehow (manifest, wanted, origin);
  if (!fits && !adopt_forms (self, wanted, manifest, staging, TRUE, error))
    return FALSE;
  fits = fits || is_it_somehow (manifest, wanted, origin);

  return !fits || place_whole (self, manifest, wanted, origin, error);
}

gboolean
_strata_repairing_match (StrataRepairing  *self,
                         StrataManifest   *manifest,
                         StrataStaging    *staging,
                         const char       *origin,
                         GError          **error)
{
  for (guint i = 0; i < self->metadata->len; i++)
    {
      StrataWantedMetadata *wanted = g_ptr_array_index (self->metadata, i);

      if (!wanted->is_done && !match_metadata (self, manifest, wanted, staging, origin, error))
        return FALSE;
    }

  return match_parts (self, manifest->parts, staging, origin, error) &&
         match_parts (self, manifest->attachments, staging, origin, error);
}
