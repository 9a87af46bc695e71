/* strata-migration-file.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-migration-private.h"

void
_strata_migration_show_progress (StrataMigrationRun  *run,
                                 StrataLegacyPayload *payload,
                                 guint64              items)
{
  _strata_migration_advance (run->migration, items,
                             run->file_bytes + _strata_legacy_payload_get_bytes_read (payload) +
                             _strata_attachment_taker_get_bytes (run->taker));
}

/* Size, times and inode: the old program saves in place, while we read.
 * Returns: (nullable): %NULL where that can't be told just now
 */
static char *
dup_fingerprint (const StrataLegacyCandidate *candidate)
{
  struct stat status;

  if (!_strata_file_stat (candidate->dir, candidate->file, &status, NULL))
    return NULL;

  return g_strdup_printf ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT ".%ld %" G_GUINT64_FORMAT,
                          (gint64)status.st_size, _strata_file_get_mtime_ns (&status),
                          (gint64)status.st_ctim.tv_sec, status.st_ctim.tv_nsec, (guint64)status.st_ino);
}

void
_strata_migration_note_fingerprint (StrataMigrationRun          *run,
                                    const StrataLegacyCandidate *candidate)
{
  char *fingerprint;

  /* A database is read from a copy: what happens to it later does not matter */
  if (candidate->container != NULL && candidate->container->database != NULL)
    return;

  fingerprint = dup_fingerprint (candidate);
  if (fingerprint != NULL && !g_hash_table_contains (run->fingerprints, candidate))
    g_hash_table_insert (run->fingerprints, (gpointer)candidate, fingerprint);
  else
    g_free (fingerprint);
}

gboolean
_strata_migration_check_unchanged (StrataMigrationRun  *run,
                                   GError             **error)
{
  GHashTableIter iter;
  gpointer key, before;

  g_hash_table_iter_init (&iter, run->fingerprints);
  while (g_hash_table_iter_next (&iter, &key, &before))
    {
      const StrataLegacyCandidate *candidate = key;
      g_autofree char *now = dup_fingerprint (candidate);

      if (now == NULL || strcmp (before, now) == 0)
        continue;
      _strata_migration_report (strata_problem_new ("source-changed", candidate->path, NULL, NULL, -1,
                                                    "The file was written to while it was read"), run->migration);
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE_CHANGED,
                   "“%s” was written to while it was read. Close Taskerino and run this again", candidate->path);
      return FALSE;
    }

  return TRUE;
}

/* Opens a file that could be read when the run began: if it breaks off before its value now, it is being written. */
StrataLegacyPayload *
_strata_migration_open (StrataMigrationRun           *run,
                        const StrataLegacyCandidate  *candidate,
                        GCancellable                 *cancellable,
                        GError                      **error)
{
  g_autoptr(GError) open_error = NULL;
  StrataLegacyPayload *payload;

  _strata_migration_note_fingerprint (run, candidate);
  payload = _strata_legacy_candidate_open (candidate, cancellable, &open_error);
  if (payload != NULL)
    return payload;

  if (_strata_file_is_content_error (open_error))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE_CHANGED,
                 "“%s” is being written to. Close Taskerino and run this again (%s)", candidate->path, open_error->message);
  else
    g_propagate_error (error, g_steal_pointer (&open_error));

  return NULL;
}

/* Says whether an error is one of the old file, which ends the file, not the run. */
gboolean
_strata_migration_report_file_error (StrataMigrationRun          *run,
                                     const StrataLegacyCandidate *candidate,
                                     StrataJsonReader            *reader,
                                     const GError                *error)
{
  StrataJsonPosition position = { 0, };

  if (!_strata_file_is_content_error (error))
    return FALSE;

  if (reader != NULL)
    _strata_json_reader_get_position (reader, &position);
  _strata_migration_report (strata_problem_new (_strata_legacy_error_get_code (error), candidate->path, NULL, NULL, reader != NULL ? (gint64)position.offset : -1,
                                                "The file breaks off here; it is kept in quarantine as it is: %s", error->message),
                            run->migration);

  return TRUE;
}

/* An entry that can't be unpacked whole is kept in its ZIP. */
static gboolean
keep_original (StrataMigrationRun           *run,
               const StrataLegacyCandidate  *candidate,
               char                        **out_place,
               GCancellable                 *cancellable,
               GError                      **error)
{
  gboolean is_packed = candidate->container != NULL && candidate->container->zip != NULL;
  g_autofree char *label = g_strdelimit (g_strdup (is_packed ? candidate->container->path : candidate->path), "/\\", '_');
  g_autoptr(GInputStream) content = is_packed ? _strata_file_stream_open_source (candidate->dir, candidate->file, error)
                                              : _strata_legacy_candidate_open_original (candidate, error);

  *out_place = content != NULL ? _strata_batch_quarantine_stream (run->batch, label, content, cancellable, error) : NULL;

  return *out_place != NULL;
}

/* What was no UTF-8 was read as the old program did; the file's own bytes are kept besides. */
static gboolean
keep_unrepaired (StrataMigrationRun           *run,
                 const StrataLegacyCandidate  *candidate,
                 StrataLegacyPayload          *payload,
                 GCancellable                 *cancellable,
                 GError                      **error)
{
  guint64 repairs = _strata_legacy_payload_get_repairs (payload);
  gboolean is_utf16 = _strata_legacy_payload_is_utf16 (payload);
  g_autofree char *place = NULL;
  g_autofree char *what = NULL;

  if (repairs == 0 && !is_utf16)
    return TRUE;
  if (!keep_original (run, candidate, &place, cancellable, error))
    return FALSE;

  if (is_utf16)
    what = g_strdup ("The text is UTF-16 and was converted");
  else
    what = g_strdup_printf ("%" G_GUINT64_FORMAT " sequences of bytes are no UTF-8 and became U+FFFD", repairs);
  _strata_migration_report (strata_problem_new ("encoding-repaired", candidate->path, NULL, NULL, -1,
                                                "%s; the file as it was is kept as “%s”", what, place), run->migration);

  return TRUE;
}

/* What a record of a database holds that JSON has no word for is left out; the record as it was is kept besides. */
static gboolean
keep_left_out (StrataMigrationRun           *run,
               const StrataLegacyCandidate  *candidate,
               GCancellable                 *cancellable,
               GError                      **error)
{
  g_autofree char *place = NULL;
  GHashTableIter iter;
  gpointer what;

  if (candidate->left_out == NULL || g_hash_table_size (candidate->left_out) == 0)
    return TRUE;
  if (!keep_original (run, candidate, &place, cancellable, error))
    return FALSE;

  g_hash_table_iter_init (&iter, candidate->left_out);
  while (g_hash_table_iter_next (&iter, &what, NULL))
    _strata_migration_report (strata_problem_new ("payload-corrupt", candidate->path, NULL, NULL, -1,
                                                  "This is no JSON and was left out: %s; the record as it was is kept as “%s”",
                                                  (const char *)what, place), run->migration);

  return TRUE;
}

/* What breaks off can't all be carried: the file is kept as it is besides. */
gboolean
_strata_migration_keep_broken (StrataMigrationRun           *run,
                               const StrataLegacyCandidate  *candidate,
                               GCancellable                 *cancellable,
                               GError                      **error)
{
  g_autofree char *place = NULL;

  return keep_original (run, candidate, &place, cancellable, error);
}

/* Looks at how the file ended: what follows the value, and the old checksum. */
gboolean
_strata_migration_finish_payload (StrataMigrationRun           *run,
                                  const StrataLegacyCandidate  *candidate,
                                  StrataLegacyPayload          *payload,
                                  GCancellable                 *cancellable,
                                  GError                      **error)
{
  const char *path = candidate->path;
  g_autoptr(GError) finish_error = NULL;
  const StrataLegacyEnvelope *envelope = _strata_legacy_payload_get_envelope (payload);

  if (!_strata_legacy_payload_finish (payload, cancellable, &finish_error))
    {
      if (!_strata_file_is_content_error (finish_error))
        {
          g_propagate_error (error, g_steal_pointer (&finish_error));
          return FALSE;
        }
      _strata_migration_report (strata_problem_new (envelope->trailing_bytes ? "trailing-bytes"
                                                                             : _strata_legacy_error_get_code (finish_error), path, NULL, NULL, -1,
                                                    "The value is whole, but the file does not end as it should: %s",
                                                    finish_error->message),
                                run->migration);
    }
  else if (envelope->checksum_known && !envelope->checksum_matches)
    _strata_migration_report (strata_problem_new ("checksum-mismatch", path, NULL, NULL, -1,
                                                  "The file is whole and well-formed, but its old checksum disagrees"),
                              run->migration);

  if (envelope->has_version && !envelope->version_is_one)
    _strata_migration_report (strata_problem_new ("envelope-unknown-version", path, NULL, NULL, -1,
                                                  "The file's version is not 1; it was read as version 1"),
                              run->migration);
  run->file_bytes += _strata_legacy_payload_get_bytes_read (payload);

  return keep_left_out (run, candidate, cancellable, error) &&
         keep_unrepaired (run, candidate, payload, cancellable, error);
}
