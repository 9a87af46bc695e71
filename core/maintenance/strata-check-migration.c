/* strata-check-migration.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/strata-checked-line-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "json/strata-json-members-private.h"
#include "strata-check-private.h"

#define FOLDER "migration"
#define JOURNAL FOLDER "/journal"
#define MAX_JOURNAL (256 * 1024 * 1024)
/* How a report ends: before and behind the digest of what is before that */
#define JSON_BEFORE ",\"digest\":\""
#define JSON_AFTER  "\"}\n"
#define TEXT_BEFORE "\nDigest          "
#define TEXT_AFTER  "\n"
#define MAX_END     128
#define BLOCK_BYTES (64 * 1024)
#define HEX_DIGITS  (2 * STRATA_DIGEST_SIZE)

/* What a packed copy begins with: no name, no time. Its content has a digest; these bytes are no part of that. */
static const guint8 gzip_start[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0 };
/* Behind that, how hard it was packed, and the system, as zlib says it */
#define GZIP_START_BYTES 10

/* What the journal says of one old store */
typedef struct
{
  gboolean has_point;     /* a rollback point was made */
  gboolean is_complete;   /* and the migration came to its end after that */
  gboolean is_retired;    /* the copies went with the old store, or are about to */
} SourceMarks;

/* source → SourceMarks. @text: need not end in a NUL */
static void
read_marks (GHashTable *marks,
            const char *text,
            gsize       size)
{
  g_autofree char *copy = g_strndup (text, size);
  g_auto(GStrv) lines = g_strsplit (copy, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *event = strchr (lines[i], ' ');
      SourceMarks *mark;
      guint source;

      if (event == NULL || (sscanf (event, " state complete source=%u", &source) != 1 &&
                            sscanf (event, " rollback-point source=%u", &source) != 1 &&
                            sscanf (event, " retire begin source=%u", &source) != 1))
        continue;
      mark = g_hash_table_lookup (marks, GUINT_TO_POINTER (source));
      if (mark == NULL)
        {
          mark = g_new0 (SourceMarks, 1);
          g_hash_table_insert (marks, GUINT_TO_POINTER (source), mark);
        }
      mark->is_complete = mark->is_complete || (event[1] == 's' && mark->has_point);
      mark->has_point = mark->has_point || g_str_has_prefix (event, " rollback");
      mark->is_retired = event[1] == 's' ? mark->is_retired : g_str_has_prefix (event, " retire");
    }
}

static gboolean
check_journal (StrataChecking  *self,
               GHashTable      *marks,
               GError         **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, JOURNAL, MAX_JOURNAL, &read_error);
  const char *text;
  gsize size;

  if (bytes == NULL)
    return g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           _strata_checking_note_damage (self, JOURNAL, NULL, &read_error, error);

  self->result->files++;
  text = g_bytes_get_data (bytes, &size);
  if (!_strata_checked_lines_are_whole (text, size))
    _strata_checking_report (self, JOURNAL, NULL, NULL, "The journal is damaged");
  read_marks (marks, text, size);

  return TRUE;
}

/* Reports */

/* @out_end: the last @end_length bytes of the file; what is before is digested */
static gboolean
read_to_end (StrataChecking  *self,
             GInputStream    *stream,
             gsize            end_length,
             char            *out_end,
             StrataDigest    *out_digest,
             gboolean        *out_is_long_enough,
             GError         **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES + MAX_END);
  gsize held = 0, size;

  do
    {
      if (!g_input_stream_read_all (stream, block + held, BLOCK_BYTES, &size, self->cancellable, error))
        return FALSE;
      held += size;
      if (held <= end_length)
        continue;
      _strata_hasher_update (hasher, block, held - end_length);
      memmove (block, block + held - end_length, end_length);
      held = end_length;
    }
  while (size == BLOCK_BYTES);

  *out_is_long_enough = held == end_length;
  memcpy (out_end, block, held);
  out_end[held] = '\0';
  _strata_hasher_finish (hasher, out_digest);

  return TRUE;
}

static gboolean
check_report (StrataChecking  *self,
              const char      *path,
              const char      *before,
              const char      *after,
              GError         **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, &read_error);
  char end[MAX_END + 1];
  char hex[STRATA_DIGEST_HEX_SIZE];
  g_autofree char *expected = NULL;
  gboolean is_long_enough = FALSE;
  StrataDigest digest;

  if (stream == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (stream == NULL || !read_to_end (self, stream, strlen (before) + HEX_DIGITS + strlen (after), end, &digest, &is_long_enough, &read_error))
    return _strata_checking_note_damage (self, path, NULL, &read_error, error);

  self->result->files++;
  _strata_digest_to_hex (&digest, hex);
  expected = g_strconcat (before, hex, after, NULL);
  if (!is_long_enough || strcmp (end, expected) != 0)
    _strata_checking_report (self, path, NULL, NULL, "The report is damaged; the next run of the migration makes a new one");

  return TRUE;
}

/* A rollback point */

typedef struct
{
  guint64    files;
  guint64    owners;
  guint64    bytes;
  GPtrArray *copies;  /* names of those that it lists */
} ManifestSums;

static void
add_copy_name (ManifestSums      *sums,
               StrataJsonMembers *members)
{
  g_autofree char *copy = _strata_json_members_dup_string (members, "copy");
  StrataDigest digest;

  if (copy == NULL || !_strata_json_members_get_digest (members, "sha256", &digest))
    return;
  if (g_str_equal (copy, "gzip") || g_str_equal (copy, "plain"))
    {
      g_autofree char *hex = _strata_digest_dup_hex (&digest);

      g_ptr_array_add (sums->copies, g_strconcat (hex, copy[0] == 'g' ? ".gz" : "", NULL));
    }
}

/* @line: one between the first and the last */
static void
add_line (ManifestSums *sums,
          const char   *line,
          gsize         length)
{
  static const char *const names[] = { "owner", "size", "copy", "sha256", NULL };
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (line, length, names, NULL);

  if (members != NULL && _strata_json_members_get_raw (members, "owner") != NULL)
    sums->owners++;
  else
    {
      sums->files++;
      sums->bytes += members != NULL ? _strata_json_members_get_uint (members, "size") : 0;
      if (members != NULL)
        add_copy_name (sums, members);
    }
}

static gboolean
check_lines (StrataChecking    *self,
             GDataInputStream  *lines,
             GPtrArray         *copies,
             gboolean          *out_is_whole,
             GError           **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  ManifestSums sums = { .copies = copies };
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;
  gsize length;

  *out_is_whole = FALSE;
  for (gboolean is_first = TRUE; ; is_first = FALSE)
    {
      g_autoptr(GError) read_error = NULL;
      g_autofree char *line = g_data_input_stream_read_upto (lines, "\n", 1, &length, self->cancellable, &read_error);
      g_autofree char *expected = NULL;
      g_autofree char *rest = NULL;

      if (read_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&read_error));
          return FALSE;
        }
      if (line == NULL || g_data_input_stream_read_byte (lines, self->cancellable, NULL) != '\n')
        return TRUE;
      if (!g_str_has_prefix (line, "{\"files\":"))
        {
          _strata_hasher_update (hasher, line, length);
          _strata_hasher_update (hasher, "\n", 1);
          if (!is_first)
            add_line (&sums, line, length);
          continue;
        }

      _strata_hasher_finish (hasher, &digest);
      _strata_digest_to_hex (&digest, hex);
      expected = g_strdup_printf ("{\"files\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT ",\"owners\":%" G_GUINT64_FORMAT
                                  ",\"digest\":\"%s\"}", sums.files, sums.bytes, sums.owners, hex);
      rest = g_data_input_stream_read_upto (lines, "\n", 1, NULL, self->cancellable, NULL);
      *out_is_whole = strcmp (line, expected) == 0 && rest == NULL;
      return TRUE;
    }
}

/* Where the rollback point was replaced meanwhile, other copies belong to it. */
static void
check_copies_are_there (StrataChecking *self,
                        const char     *folder,
                        const char     *manifest,
                        GPtrArray      *copies)
{
  struct stat before, now, status;

  if (!_strata_file_stat (self->dir, manifest, &before, NULL))
    return;

  for (guint i = 0; i < copies->len; i++)
    {
      g_autofree char *path = g_build_filename (folder, "copies", g_ptr_array_index (copies, i), NULL);

      if (!_strata_file_stat (self->dir, path, &status, NULL) && _strata_file_stat (self->dir, manifest, &now, NULL) &&
          now.st_ino == before.st_ino && _strata_file_get_mtime_ns (&now) == _strata_file_get_mtime_ns (&before))
        _strata_checking_report (self, path, NULL, NULL, "A copy of what the old store had is missing; the next run of the migration makes it again");
    }
}

static gboolean
check_manifest (StrataChecking  *self,
                const char      *folder,
                gboolean         has_copies,
                GError         **error)
{
  g_autoptr(GPtrArray) copies_listed = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *path = g_build_filename (folder, "manifest", NULL);
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, &read_error);
  g_autoptr(GDataInputStream) lines = stream != NULL ? g_data_input_stream_new (stream) : NULL;
  gboolean is_whole;

  /* Before a migration is complete there is none */
  if (lines == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (lines == NULL || !check_lines (self, lines, copies_listed, &is_whole, &read_error))
    return _strata_checking_note_damage (self, path, NULL, &read_error, error);

  self->result->files++;
  if (!is_whole)
    _strata_checking_report (self, path, NULL, NULL, "What the old store was is damaged: there is no way back until the migration is run again");
  else if (has_copies)
    check_copies_are_there (self, folder, path, copies_listed);

  return TRUE;
}

/* Of a packed copy, whether it begins as all do */
static gboolean
begins_right (StrataChecking *self,
              const char     *path)
{
  g_autoptr(GBytes) head = _strata_file_read_head (self->dir, path, GZIP_START_BYTES, NULL);
  gsize size;
  const guint8 *data = head != NULL ? g_bytes_get_data (head, &size) : NULL;

  return data != NULL && size == GZIP_START_BYTES && memcmp (data, gzip_start, sizeof gzip_start) == 0 &&
         (data[8] == 0 || data[8] == 2 || data[8] == 4) && (data[9] == 3 || data[9] == 255);
}

/* Named by the digest of the bytes it stands for */
static gboolean
check_copy (StrataChecking  *self,
            const char      *path,
            const char      *name,
            GError         **error)
{
  gboolean is_packed = g_str_has_suffix (name, ".gz");
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) file = _strata_file_stream_open (self->dir, path, &read_error);
  g_autoptr(GInputStream) stream = NULL;
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (file == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (file != NULL)
    stream = is_packed ? _strata_gzip_new_unpacking (file) : g_object_ref (file);
  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, self->cancellable, &read_error))
    return _strata_checking_note_damage (self, path, NULL, &read_error, error);

  self->result->files++;
  _strata_digest_to_hex (&digest, hex);
  if (strncmp (hex, name, HEX_DIGITS) != 0 || (is_packed && !begins_right (self, path)))
    _strata_checking_report (self, path, NULL, NULL, "The copy is not what the old store had");

  return TRUE;
}

static gboolean
is_copy_name (const char *name)
{
  return strspn (name, "0123456789abcdef") == HEX_DIGITS && (name[HEX_DIGITS] == '\0' || strcmp (name + HEX_DIGITS, ".gz") == 0);
}

static gboolean
check_rollback_point (StrataChecking  *self,
                      const char      *folder,
                      GHashTable      *marks,
                      GError         **error)
{
  const SourceMarks *mark = g_hash_table_lookup (marks, GUINT_TO_POINTER ((guint)g_ascii_strtoull (strrchr (folder, '-') + 1, NULL, 10)));
  g_autofree char *copies = g_build_filename (folder, "copies", NULL);
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, copies, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *path = g_build_filename (copies, name, NULL);

      if (!is_copy_name (name))
        _strata_checking_note_foreign (self, path);
      else if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !check_copy (self, path, name, error))
        return FALSE;
    }

  return check_manifest (self, folder, mark != NULL && !mark->is_retired, error);
}

/* What a migration that came to its end leaves */
static void
check_all_is_there (StrataChecking *self,
                    GHashTable     *marks)
{
  static const struct
  {
    const char *format;
    const char *what;
  } files[] = {
    { FOLDER "/rollback-%u/manifest", "What the old store was is missing: there is no way back until the migration is run again" },
    { FOLDER "/report-%u.json", "The report is missing; the next run of the migration makes a new one" },
    { FOLDER "/report-%u.txt", "The report is missing; the next run of the migration makes a new one" },
  };
  GHashTableIter iter;
  gpointer source, value;

  g_hash_table_iter_init (&iter, marks);
  while (g_hash_table_iter_next (&iter, &source, &value))
    for (guint i = 0; i < G_N_ELEMENTS (files) && ((const SourceMarks *)value)->is_complete; i++)
      {
        g_autofree char *number = g_strdup_printf ("%u", GPOINTER_TO_UINT (source));
        g_auto(GStrv) around = g_strsplit (files[i].format, "%u", 2);
        g_autofree char *path = g_strconcat (around[0], number, around[1], NULL);
        struct stat status;

        if (!_strata_file_stat (self->dir, path, &status, NULL))
          _strata_checking_report (self, path, NULL, NULL, files[i].what);
      }
}

gboolean
_strata_checking_migration (StrataChecking  *self,
                            GError         **error)
{
  g_autoptr(GHashTable) marks = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr(GPtrArray) entries = check_journal (self, marks, error) ? _strata_file_list (self->dir, FOLDER, error) : NULL;

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (FOLDER, entry->name, NULL);
      gboolean ok = TRUE;

      if (g_str_has_prefix (entry->name, "rollback-") && entry->type == DT_DIR)
        ok = check_rollback_point (self, path, marks, error);
      else if (g_str_has_prefix (entry->name, "report-") && g_str_has_suffix (entry->name, ".json"))
        ok = check_report (self, path, JSON_BEFORE, JSON_AFTER, error);
      else if (g_str_has_prefix (entry->name, "report-") && g_str_has_suffix (entry->name, ".txt"))
        ok = check_report (self, path, TEXT_BEFORE, TEXT_AFTER, error);
      if (!ok)
        return FALSE;
    }

  check_all_is_there (self, marks);

  return TRUE;
}
