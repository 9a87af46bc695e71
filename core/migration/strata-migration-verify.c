/* strata-migration-verify.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "store/strata-embedded-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-migration-private.h"
#include "strata-witness-private.h"

/* As much as is taken for metadata */
#define MAX_METADATA_BYTES (64 * 1024 * 1024)
/* Of an attachment that waits to be compared, beside its bytes */
#define CHECK_COST 4096

/* What one pass of the witness over a file is for */
typedef struct
{
  StrataMigrationRun *run;
  const StrataOrigin *origin;
  GCancellable       *cancellable;
  guint64             bytes;      /* of sessions' text compared so far */
  guint               compared;   /* of what was taken from the file */
} Comparison;

static void
report_mismatch (StrataMigrationRun *run,
                 const char         *path,
                 const char         *session,
                 const char         *item,
                 const char         *what)
{
  _strata_migration_report (strata_problem_new ("digest-mismatch", path, session, item, -1, "%s", what), run->migration);
}

/* Whether what the store gives back under @stream has @expected. Damage, and
 * what is not there, count as "no"; anything else that stops the reading is an
 * error, for a store is not given up because a disk could not be read just now.
 *
 * @stream: (transfer full) (nullable): %NULL: it could not be opened, which is @open_error
 * @open_error: (transfer full) (nullable)
 */
static gboolean
stream_matches (GInputStream        *stream,
                GError              *open_error,
                const StrataDigest  *expected,
                gboolean            *out_matches,
                GCancellable        *cancellable,
                GError             **error)
{
  g_autoptr(GInputStream) owned = stream;
  g_autoptr(GError) read_error = open_error;
  StrataDigest digest;

  if (owned != NULL && _strata_digest_of_stream (owned, &digest, cancellable, &read_error))
    {
      *out_matches = _strata_digest_equal (&digest, expected);
      return TRUE;
    }

  *out_matches = FALSE;
  if (read_error->domain == STRATA_ERROR || g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

/* Whether something that was changed in the store came from what the old store has still:
 * then there is nothing to read back that could be compared.
 */
static gboolean
came_from (StrataMigrationRun  *run,
           gboolean             is_collection,
           const char          *key,
           const StrataDigest  *digest)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (run->store, is_collection, key, NULL);

  return manifest != NULL && _strata_manifest_is_edited (manifest) && _strata_digest_equal (&manifest->raw_digest, digest);
}

/* Sessions */

static void
count_failed (StrataMigrationRun *run)
{
  _strata_migration_lock_counts (run->migration)->sessions_failed++;
  _strata_migration_unlock_counts (run->migration);
}

/* One session that is read back, by any thread */
typedef struct
{
  Comparison   *comparison;
  guint64       ordinal;
  guint64       length;
  char         *key;       /* NULL: it is not in the store */
  StrataDigest  expected;

  gboolean      matches;
  GError       *error;
} ReadBack;

static void
read_back_free (gpointer data)
{
  ReadBack *read_back = data;

  g_free (read_back->key);
  g_clear_error (&read_back->error);
  g_free (read_back);
}

static void
read_back (gpointer data)
{
  ReadBack *self = data;
  StrataMigrationRun *run = self->comparison->run;
  GCancellable *cancellable = self->comparison->cancellable;
  GInputStream *stream;
  GError *open_error = NULL;

  if (self->key == NULL || g_cancellable_set_error_if_cancelled (cancellable, &self->error))
    return;

  self->matches = came_from (run, FALSE, self->key, &self->expected);
  if (self->matches)
    return;

  stream = strata_store_open_session (run->store, self->key, &open_error);
  stream_matches (stream, open_error, &self->expected, &self->matches, cancellable, &self->error);
}

static gboolean
finish_read_back (gpointer   data,
                  GError   **error)
{
  ReadBack *self = data;
  Comparison *comparison = self->comparison;
  StrataMigrationRun *run = comparison->run;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }

  if (!self->matches)
    {
      count_failed (run);
      report_mismatch (run, comparison->origin->candidate->path, self->key, NULL, self->key == NULL
                         ? "A session of the old store is not in the new one"
                         : "A session read back is not what the old store has");
    }
  comparison->bytes += self->length;
  _strata_migration_advance (run->migration, self->ordinal + 1, run->file_bytes + comparison->bytes);

  return TRUE;
}

/* A StrataWitnessElementFunc: the session at this place must come back out of
 * the store with the digest that the witness took of it. It is read back while
 * the witness goes on.
 */
static gboolean
compare_session (guint64              ordinal,
                 const StrataDigest  *digest,
                 guint64              length,
                 gpointer             user_data,
                 GError             **error)
{
  static const StrataCrewKind kind = { read_back, finish_read_back, read_back_free };
  Comparison *comparison = user_data;
  const char *key = NULL;
  gboolean was_taken = g_hash_table_lookup_extended (comparison->origin->keys, &ordinal, NULL, (gpointer *)&key);
  ReadBack *session;

  comparison->compared += was_taken ? 1 : 0;
  if (was_taken ? key == NULL : !comparison->origin->is_whole)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (comparison->cancellable, error))
    return FALSE;

  session = g_new0 (ReadBack, 1);
  session->comparison = comparison;
  session->ordinal = ordinal;
  session->length = length;
  session->key = g_strdup (key);
  session->expected = *digest;

  return _strata_crew_admit (comparison->run->crew, &kind, session, length, error);
}

static gboolean
add_file_bytes (StrataMigrationRun          *run,
                const StrataLegacyCandidate *candidate)
{
  struct stat status;

  if (_strata_file_stat (candidate->dir, candidate->file, &status, NULL))
    run->file_bytes += (guint64)status.st_size;
  _strata_migration_advance (run->migration, 0, run->file_bytes);

  return TRUE;
}

static StrataOldRoot
get_root (StrataMigrationRun          *run,
          const StrataLegacyCandidate *candidate)
{
  return candidate->dir == _strata_legacy_store_get_dir (run->legacy) ? STRATA_OLD_ROOT_DATA : STRATA_OLD_ROOT_COLLECTIONS;
}

/* What was read in a container has a digest, the container has not. */
static gboolean
note_collection_file (StrataMigrationRun           *run,
                      const StrataLegacyCandidate  *candidate,
                      const StrataFileMark         *mark,
                      const StrataDigest           *digest,
                      GError                      **error)
{
  StrataFileNote note = { .mark = *mark, .has_digest = TRUE, .digest = *digest };

  return candidate->container != NULL ||
         _strata_file_notes_put (_strata_rollback_point_get_notes (run->point), get_root (run, candidate), candidate->file,
                                 &note, error);
}

/* The second reading of a collection's file; see _strata_witness_collection(). */
static gboolean
read_again (StrataMigrationRun           *run,
            const StrataLegacyCandidate  *candidate,
            StrataWitnessElementFunc      func,
            gpointer                      user_data,
            StrataWitnessCollection      *out,
            GCancellable                 *cancellable,
            GError                      **error)
{
  g_autoptr(GInputStream) bytes = NULL;
  StrataFileMark mark;

  if (!_strata_rollback_point_look (candidate->dir, candidate->file, &mark, error))
    return FALSE;
  bytes = _strata_legacy_candidate_open_bytes (candidate, error);

  return bytes != NULL &&
         _strata_witness_collection (bytes, (const char *const *)candidate->members, func, user_data, out, cancellable, error) &&
         note_collection_file (run, candidate, &mark, &out->file_digest, error);
}

static gboolean
verify_origin (StrataMigrationRun  *run,
               const StrataOrigin  *origin,
               GCancellable        *cancellable,
               GError             **error)
{
  Comparison comparison = { .run = run, .origin = origin, .cancellable = cancellable };
  g_autoptr(GError) witness_error = NULL;
  StrataWitnessCollection seen;
  gboolean ok = read_again (run, origin->candidate, compare_session, &comparison, &seen, cancellable, &witness_error);

  if (!_strata_crew_settle (run->crew, ok, &witness_error) &&
      /* One that breaks off was reported when it was taken; what came by until then is compared */
      !_strata_file_is_content_error (witness_error))
    {
      g_propagate_error (error, g_steal_pointer (&witness_error));
      return FALSE;
    }

  /* What was taken and never came by was not compared */
  if (comparison.compared < g_hash_table_size (origin->keys))
    report_mismatch (run, origin->candidate->path, NULL, NULL, "The second reading of the old file does not get as far as the first");

  return add_file_bytes (run, origin->candidate);
}

static gboolean
verify_sessions (StrataMigrationRun  *run,
                 GCancellable        *cancellable,
                 GError             **error)
{
  for (guint i = 0; run->origins != NULL && i < run->origins->len; i++)
    {
      const StrataOrigin *origin = g_ptr_array_index (run->origins, i);

      if (g_hash_table_size (origin->keys) > 0 && !verify_origin (run, origin, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* Collections */

static gboolean
verify_collection (StrataMigrationRun  *run,
                   const char          *key,
                   const StrataLegacyCandidate *candidate,
                   GCancellable        *cancellable,
                   GError             **error)
{
  g_autoptr(GError) witness_error = NULL;
  StrataWitnessCollection seen;
  GInputStream *stream;
  GError *open_error = NULL;
  gboolean matches;

  if (!read_again (run, candidate, NULL, NULL, &seen, cancellable, &witness_error))
    {
      if (!_strata_file_is_content_error (witness_error))
        {
          g_propagate_error (error, g_steal_pointer (&witness_error));
          return FALSE;
        }
      if (!seen.is_whole)
        {
          report_mismatch (run, candidate->path, NULL, NULL, "The second reading of the old file does not get as far as the first");
          return TRUE;
        }
    }

  if (came_from (run, TRUE, key, &seen.digest))
    return add_file_bytes (run, candidate);

  stream = strata_store_open_collection (run->store, key, &open_error);
  if (!stream_matches (stream, open_error, &seen.digest, &matches, cancellable, error))
    return FALSE;

  if (!matches)
    report_mismatch (run, candidate->path, NULL, NULL, "A collection read back is not what the old store has");

  return add_file_bytes (run, candidate);
}

/* A collection of which only leading elements were taken, while it is read back */
typedef struct
{
  StrataJsonReader *reader;
  gboolean          ended;
  gboolean          differs;
  GCancellable     *cancellable;
} Leading;

/* A StrataWitnessElementFunc: the next element in the store must be this one. */
static gboolean
compare_element (guint64              ordinal,
                 const StrataDigest  *expected,
                 guint64              length,
                 gpointer             user_data,
                 GError             **error)
{
  Leading *leading = user_data;
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) read_error = NULL;
  StrataDigest digest;
  gboolean more;

  if (leading->ended || leading->differs)
    return TRUE;

  if (!_strata_json_reader_next_element (leading->reader, &more, leading->cancellable, &read_error) ||
      (more && !_strata_json_reader_take_string (leading->reader, text, leading->cancellable, &read_error)))
    {
      leading->differs = read_error->domain == STRATA_ERROR;
      if (!leading->differs)
        g_propagate_error (error, g_steal_pointer (&read_error));
      return leading->differs;
    }

  _strata_digest_of (text->str, text->len, &digest);
  leading->ended = !more;
  leading->differs = more && !_strata_digest_equal (&digest, expected);

  return TRUE;
}

/* What is in the store must be the beginning of what is in the old file. */
static gboolean
verify_torn_collection (StrataMigrationRun           *run,
                        const char                   *key,
                        const StrataLegacyCandidate  *candidate,
                        GCancellable                 *cancellable,
                        GError                      **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (run->store, TRUE, key, NULL);
  g_autoptr(GInputStream) stream = strata_store_open_collection (run->store, key, error);
  g_autoptr(StrataJsonReader) reader = stream != NULL ? _strata_json_reader_new (stream) : NULL;
  g_autoptr(GError) witness_error = NULL;
  Leading leading = { .reader = reader, .cancellable = cancellable };
  StrataWitnessCollection seen;
  gboolean more = FALSE;

  if (manifest != NULL && _strata_manifest_is_edited (manifest))
    return TRUE;
  if (reader == NULL || !_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  if (!read_again (run, candidate, compare_element, &leading, &seen, cancellable, &witness_error) &&
      !_strata_file_is_content_error (witness_error))
    {
      g_propagate_error (error, g_steal_pointer (&witness_error));
      return FALSE;
    }

  if (!leading.ended && !leading.differs && (!_strata_json_reader_next_element (reader, &more, cancellable, NULL) || more))
    leading.differs = TRUE;
  if (leading.differs)
    report_mismatch (run, candidate->path, NULL, NULL, "A collection read back is not what the old store has");

  return add_file_bytes (run, candidate);
}

static gboolean
verify_collections (StrataMigrationRun  *run,
                    GCancellable        *cancellable,
                    GError             **error)
{
  GHashTableIter iter;
  gpointer key, candidate;

  g_hash_table_iter_init (&iter, run->collections);
  while (g_hash_table_iter_next (&iter, &key, &candidate))
    if (!verify_collection (run, key, candidate, cancellable, error))
      return FALSE;

  g_hash_table_iter_init (&iter, run->torn_collections);
  while (g_hash_table_iter_next (&iter, &key, &candidate))
    if (!verify_torn_collection (run, key, candidate, cancellable, error))
      return FALSE;

  return TRUE;
}

/* Attachments */

static gboolean
note_attachment_file (StrataMigrationRun    *run,
                      const char            *path,
                      const StrataFileNote  *note,
                      GError               **error)
{
  /* In an export it is no file that could be compared by itself */
  if (_strata_legacy_store_is_packed (run->legacy))
    return TRUE;

  return _strata_file_notes_put (_strata_rollback_point_get_notes (run->point), STRATA_OLD_ROOT_DATA, path, note, error);
}

/* What an attachment was, to be read by other code than took it; in an export by the same, which has check sums. */
static gboolean
witness_attachment (StrataMigrationRun         *run,
                    const StrataAttachmentRow  *row,
                    StrataDigest               *out_digest,
                    guint64                    *out_length,
                    StrataDigest               *out_file_digest,
                    GCancellable               *cancellable,
                    GError                    **error)
{
  gboolean as_is = !_strata_legacy_path_is_text (row->source_path);
  g_autoptr(GInputStream) stream = NULL;

  if (!_strata_legacy_store_is_packed (run->legacy))
    return _strata_witness_attachment (_strata_legacy_store_get_dir (run->legacy), row->source_path, as_is, out_digest, out_length,
                                       out_file_digest, cancellable, error);

  stream = _strata_legacy_store_open_file (run->legacy, row->source_path, error);

  return stream != NULL && _strata_witness_attachment_stream (stream, as_is, out_digest, out_length, out_file_digest,
                                                              cancellable, error);
}

/* The files of one attachment while they are compared, by any thread */
typedef struct
{
  StrataMigrationRun        *run;
  GCancellable              *cancellable;
  char                      *session;      /* whose it is; NULL: a collection's */
  GPtrArray                 *rows;         /* where @row is; NULL: it lives on anyway */
  const StrataAttachmentRow *row;
  char                      *meta_path;    /* NULL: its metadata need not be looked at */
  gboolean                   has_bytes;

  /* What comes of it */
  StrataFileNote             meta_note;
  gboolean                   meta_is_read;
  StrataFileNote             note;
  gboolean                   is_undecodable;
  GError                    *error;
} Check;

static void
check_free (gpointer data)
{
  Check *check = data;

  g_clear_pointer (&check->rows, g_ptr_array_unref);
  g_free (check->session);
  g_free (check->meta_path);
  g_clear_error (&check->error);
  g_free (check);
}

static gboolean
check_bytes (Check   *check,
             GError **error)
{
  StrataMigrationRun *run = check->run;
  const StrataAttachmentRow *row = check->row;
  StrataFileNote *note = &check->note;
  int dir = _strata_legacy_store_get_dir (run->legacy);
  g_autofree char *path = _strata_object_dup_path (&row->digest, row->extension);
  g_autoptr(GError) witness_error = NULL;
  guint64 expected_length = row->original != NULL ? row->original->bytes : row->bytes;
  GInputStream *stream;
  GError *open_error = NULL;
  StrataDigest digest;
  guint64 length;
  gboolean matches;

  *note = (StrataFileNote){ .has_digest = TRUE, .has_object = TRUE, .object = row->digest };
  if (!_strata_rollback_point_look (dir, row->source_path, &note->mark, error))
    return FALSE;
  if (!witness_attachment (run, row, &digest, &length, &note->digest, check->cancellable, &witness_error))
    {
      check->is_undecodable = witness_error->domain == STRATA_ERROR;
      if (!check->is_undecodable)
        g_propagate_error (error, g_steal_pointer (&witness_error));
      return check->is_undecodable;
    }

  stream = row->state == STRATA_ATTACHMENT_REFERENCE
             ? _strata_value_stream_new_attachment (_strata_store_get_dir (run->store), row)
             : _strata_file_stream_open (_strata_store_get_dir (run->store), path, &open_error);
  /* What was made of an image is there; what it was is known by its digest only */
  if (!stream_matches (stream, open_error, row->original != NULL ? &row->digest : &digest, &matches, check->cancellable, error))
    return FALSE;

  note->is_proved = matches && length == expected_length &&
                    _strata_digest_equal (&digest, _strata_attachment_row_get_content (row));

  return TRUE;
}

/* Drops the white space between tokens, and a byte order mark. */
static void
minify (const guint8 *text,
        gsize         length,
        GString      *out)
{
  static const guint8 bom[] = { 0xEF, 0xBB, 0xBF };
  gboolean in_string = FALSE, is_escaped = FALSE;

  for (gsize i = length >= 3 && memcmp (text, bom, 3) == 0 ? 3 : 0; i < length; i++)
    {
      if (in_string || !g_ascii_isspace ((char)text[i]))
        g_string_append_c (out, (char)text[i]);
      if (text[i] == '"' && !is_escaped)
        in_string = !in_string;
      is_escaped = in_string && text[i] == '\\' && !is_escaped;
    }
}

/* The metadata with what they had embedded, which objects have.
 *
 * @out_text: %NULL: the store does not have them any more
 */
static gboolean
read_metadata_back (Check     *check,
                    GString  **out_text,
                    GError   **error)
{
  g_autoptr(GError) read_error = NULL;

  *out_text = _strata_embedded_put_back (check->row, _strata_store_get_dir (check->run->store), check->cancellable, &read_error);
  if (*out_text != NULL || read_error->domain == STRATA_ERROR)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

/* What a row says of an attachment is, token for token, what its file says. */
static gboolean
check_metadata (Check   *check,
                GError **error)
{
  int dir = _strata_legacy_store_get_dir (check->run->legacy);
  StrataFileNote *note = &check->meta_note;
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GString) stored = NULL;
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = NULL;

  note->has_digest = TRUE;
  if (!_strata_rollback_point_look (dir, check->meta_path, &note->mark, error))
    return FALSE;
  bytes = _strata_legacy_store_read_file (check->run->legacy, check->meta_path, MAX_METADATA_BYTES, &read_error);
  /* It was told when the attachment was taken */
  if (bytes == NULL)
    return TRUE;

  _strata_digest_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &note->digest);
  minify (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text);
  if (check->row->meta != NULL && !read_metadata_back (check, &stored, error))
    return FALSE;
  note->is_proved = stored != NULL && g_string_equal (text, stored);
  check->meta_is_read = TRUE;

  return TRUE;
}

static void
check_attachment (gpointer data)
{
  Check *check = data;

  if (g_cancellable_set_error_if_cancelled (check->cancellable, &check->error))
    return;
  if ((check->meta_path == NULL || check_metadata (check, &check->error)) && check->has_bytes)
    check_bytes (check, &check->error);
}

static gboolean
finish_metadata (Check   *check,
                 GError **error)
{
  StrataMigrationRun *run = check->run;
  const StrataAttachmentRow *row = check->row;

  if (!check->meta_note.is_proved && row->meta != NULL && !g_hash_table_contains (run->invalid_metas, check->meta_path))
    report_mismatch (run, check->meta_path, NULL, row->id, "An attachment's metadata read back are not what the old store has");

  return note_attachment_file (run, check->meta_path, &check->meta_note, error);
}

static gboolean
finish_bytes (Check   *check,
              GError **error)
{
  StrataMigrationRun *run = check->run;
  const StrataAttachmentRow *row = check->row;

  if (check->is_undecodable)
    {
      report_mismatch (run, row->source_path, NULL, row->id, "An attachment was taken from text that can't be decoded");
      return TRUE;
    }
  if (!check->note.is_proved)
    report_mismatch (run, row->source_path, NULL, row->id, "An attachment read back is not what the old store has");

  run->file_bytes += row->source_size;
  _strata_migration_advance (run->migration, 0, run->file_bytes);

  return note_attachment_file (run, row->source_path, &check->note, error);
}

static gboolean
finish_files (Check   *check,
              GError **error)
{
  if (check->meta_is_read && !finish_metadata (check, error))
    return FALSE;
  if (check->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&check->error));
      return FALSE;
    }

  return !check->has_bytes || finish_bytes (check, error);
}

static gboolean
finish_attachment (gpointer   data,
                   GError   **error)
{
  Check *check = data;
  g_autoptr(GError) check_error = NULL;

  if (finish_files (check, &check_error))
    return TRUE;

  if (check_error->domain == STRATA_ERROR)
    {
      report_mismatch (check->run, NULL, check->session, NULL, check_error->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&check_error));

  return FALSE;
}

/* The files under an attachment's id, each once.
 *
 * @session: (nullable): whose they are
 * @rows: (nullable): has @row, and is kept as long as it must
 */
static gboolean
verify_attachment (StrataMigrationRun         *run,
                   const char                 *session,
                   GPtrArray                  *rows,
                   const StrataAttachmentRow  *row,
                   GHashTable                 *seen,
                   GCancellable               *cancellable,
                   GError                    **error)
{
  static const StrataCrewKind kind = { check_attachment, finish_attachment, check_free };
  g_auto(StrataLegacyAttachmentFiles) files = { 0 };
  Check *check = g_new0 (Check, 1);

  check->run = run;
  check->cancellable = cancellable;
  check->session = g_strdup (session);
  check->rows = rows != NULL ? g_ptr_array_ref (rows) : NULL;
  check->row = row;
  if (_strata_legacy_store_find_attachment (run->legacy, row->id, &files) && files.meta != NULL &&
      files.meta->role == STRATA_LEGACY_ATTACHMENT_META && g_hash_table_add (seen, g_strdup (files.meta->path)))
    check->meta_path = g_strdup (files.meta->path);
  if (_strata_attachment_row_has_bytes (row) && row->source_path != NULL)
    check->has_bytes = g_hash_table_add (seen, g_strdup_printf ("%s\n%08x", row->source_path, _strata_digest_hash (&row->digest)));

  return _strata_crew_admit (run->crew, &kind, check, CHECK_COST + row->source_size, error);
}

/* The attachments of one session or collection of this source, each old file once. */
static gboolean
verify_rows (StrataMigrationRun    *run,
             const StrataManifest  *manifest,
             GHashTable            *seen,
             GCancellable          *cancellable,
             GError               **error)
{
  g_autoptr(GPtrArray) rows = _strata_store_load_rows (run->store, manifest, error);

  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len && manifest->source == run->source; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !verify_attachment (run, manifest->is_collection ? NULL : manifest->key, rows, g_ptr_array_index (rows, i), seen, cancellable,
                            error))
      return FALSE;

  return TRUE;
}

static gboolean
verify_owner (StrataMigrationRun  *run,
              gboolean             is_collection,
              const char          *key,
              GHashTable          *seen,
              GCancellable        *cancellable,
              GError             **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (run->store, is_collection, key, &load_error);

  if (manifest != NULL && verify_rows (run, manifest, seen, cancellable, &load_error))
    return TRUE;

  if (load_error->domain == STRATA_ERROR)
    {
      report_mismatch (run, NULL, is_collection ? NULL : key, NULL, load_error->message);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&load_error));

  return FALSE;
}

static GHashTable *
list_invalid_metas (StrataMigrationRun *run)
{
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) problems = strata_migration_dup_problems (run->migration);

  for (guint i = 0; i < problems->len; i++)
    if (strcmp (strata_problem_get_code (g_ptr_array_index (problems, i)), "attachment-meta-invalid") == 0)
      g_hash_table_add (paths, g_strdup (strata_problem_get_path (g_ptr_array_index (problems, i))));

  return paths;
}

gboolean
_strata_migration_verify_row (StrataMigrationRun         *run,
                              const StrataAttachmentRow  *row,
                              GCancellable               *cancellable,
                              GError                    **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean ok;

  run->invalid_metas = list_invalid_metas (run);
  ok = _strata_crew_settle (run->crew, verify_attachment (run, NULL, NULL, row, seen, cancellable, error), error);
  g_clear_pointer (&run->invalid_metas, g_hash_table_unref);

  return ok;
}

/* The attachments of all that was taken in this run, or found as it was. What is
 * gone from the old store meanwhile can't be compared with it any more.
 */
static gboolean
admit_attachments (StrataMigrationRun  *run,
                   GCancellable        *cancellable,
                   GError             **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; run->origins != NULL && i < run->origins->len; i++)
    {
      g_hash_table_iter_init (&iter, ((const StrataOrigin *)g_ptr_array_index (run->origins, i))->keys);
      while (g_hash_table_iter_next (&iter, NULL, &key))
        if (key != NULL && !verify_owner (run, FALSE, key, seen, cancellable, error))
          return FALSE;
    }

  g_hash_table_iter_init (&iter, run->collections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!verify_owner (run, TRUE, key, seen, cancellable, error))
      return FALSE;

  g_hash_table_iter_init (&iter, run->torn_collections);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!verify_owner (run, TRUE, key, seen, cancellable, error))
      return FALSE;

  return run->unused_key == NULL || verify_owner (run, TRUE, run->unused_key, seen, cancellable, error);
}

static gboolean
verify_attachments (StrataMigrationRun  *run,
                    GCancellable        *cancellable,
                    GError             **error)
{
  g_autoptr(GHashTable) invalid_metas = list_invalid_metas (run);

  run->invalid_metas = invalid_metas;

  return _strata_crew_settle (run->crew, admit_attachments (run, cancellable, error), error);
}

gboolean
_strata_migration_run_verify (StrataMigrationRun  *run,
                              GCancellable        *cancellable,
                              GError             **error)
{
  _strata_seam_get ()->mark ("verify");
  run->file_bytes = 0;

  if (!verify_sessions (run, cancellable, error) || !verify_collections (run, cancellable, error))
    return FALSE;

  _strata_migration_set_work (run->migration, STRATA_WORK_CHECK_FILES, run->file_bytes);

  return verify_attachments (run, cancellable, error);
}
