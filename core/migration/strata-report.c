/* strata-report.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-write-private.h"
#include "strata-report-private.h"
#include "strata-report.h"

#define FORMAT 1
#define BLOCK_BYTES (64 * 1024)

/* What can become of a file */
typedef enum
{
  FATE_CARRIED,
  FATE_PARTLY,
  FATE_OLDER_COPY,
  FATE_QUARANTINED,
  FATE_PASSED_OVER,
  FATE_UNREADABLE,
  FATE_DIFFERENT,
  FATE_NOT_CARRIED,
  FATE_DERIVED,
  FATE_FOREIGN,
  FATE_LINK,
  FATE_NOT_DOWNLOADED,
  N_FATES,
} Fate;

static const struct
{
  const char *name;
  const char *because;  /* where there is nothing more to be said */
} fates[N_FATES] = {
  [FATE_CARRIED] = { "carried", NULL },
  [FATE_PARTLY] = { "partly-carried", "It breaks off; what stands before that was taken, and the file is in the quarantine as it was" },
  [FATE_OLDER_COPY] = { "older-copy", "An older copy: all it has was taken from elsewhere" },
  [FATE_QUARANTINED] = { "quarantined", "It could not be carried as what it is, and is in the quarantine, byte for byte" },
  [FATE_PASSED_OVER] = { "passed-over", "It is empty, or no JSON" },
  [FATE_UNREADABLE] = { "unreadable", "It could not be read" },
  [FATE_DIFFERENT] = { "different", "What was read back is not what it holds" },
  [FATE_NOT_CARRIED] = { "not-carried", "It was not reached, or not proved to be in the new store" },
  [FATE_DERIVED] = { "derived", "It has no data of its own" },
  [FATE_FOREIGN] = { "foreign", "Not written by Taskerino's storage: not read" },
  [FATE_LINK] = { "link", "A link or special file: not followed, not read" },
  [FATE_NOT_DOWNLOADED] = { "not-downloaded", "A placeholder of a cloud folder" },
};

/* One of the two files while it is written */
typedef struct
{
  int       dir;
  int       fd;
  char     *path;
  char     *temporary;
  GString  *text;
  StrataHasher *hasher;  /* of what was written */
} Output;

typedef struct
{
  StrataFileNotes               *notes;
  const StrataRollbackFindings  *findings;
  GCancellable                  *cancellable;
  Output                         json;
  Output                         plain;
  guint64                        files[N_FATES];
  guint64                        bytes[N_FATES];
  gboolean                       is_first;  /* in the list being written */
} Report;

/* All that is said of one file */
typedef struct
{
  const StrataOldFile *file;
  char                *path;
  StrataFileNote       note;
  Fate                 fate;
  const char          *because;
  guint64              sessions;
  GPtrArray           *collections;
  const GPtrArray     *problems;    /* or NULL */
} Entry;

/* Output */

static gboolean
output_open (Output      *self,
             int          dir,
             guint        source,
             const char  *suffix,
             GError     **error)
{
  self->dir = dir;
  self->path = g_strdup_printf ("migration/report-%u.%s", source, suffix);
  self->temporary = g_strconcat (self->path, ".new", NULL);
  self->text = g_string_new (NULL);
  self->hasher = _strata_hasher_new ();
  self->fd = _strata_file_open (dir, self->temporary, O_WRONLY | O_CREAT | O_TRUNC, error);

  return self->fd >= 0;
}

static gboolean
output_flush (Output  *self,
              gsize    at_least,
              GError **error)
{
  gboolean ok;

  if (self->text->len < at_least)
    return TRUE;

  ok = _strata_file_write_all (self->fd, self->text->str, self->text->len, self->path, error);
  _strata_hasher_update (self->hasher, self->text->str, self->text->len);
  g_string_truncate (self->text, 0);

  return ok;
}

/* It ends with the digest of all that is before, so that damage to it can be told. */
static gboolean
output_finish (Output      *self,
               const char  *before,
               const char  *after,
               GError     **error)
{
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (!output_flush (self, 0, error))
    return FALSE;
  _strata_hasher_finish (self->hasher, &digest);
  _strata_digest_to_hex (&digest, hex);
  g_string_append_printf (self->text, "%s%s%s", before, hex, after);
  if (!_strata_file_write_all (self->fd, self->text->str, self->text->len, self->path, error) || !_strata_file_sync (self->fd, self->path, error) ||
      !_strata_file_rename (self->dir, self->temporary, self->path, error))
    return FALSE;

  g_clear_pointer (&self->temporary, g_free);

  return TRUE;
}

static void
output_clear (Output *self)
{
  if (self->fd >= 0)
    _strata_file_close (self->fd);
  if (self->fd >= 0 && self->temporary != NULL)
    _strata_file_unlink (self->dir, self->temporary, NULL);
  g_free (self->path);
  g_free (self->temporary);
  g_clear_pointer (&self->hasher, _strata_hasher_free);
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
}

/* What became of a file */

static gboolean
has (Report      *report,
     const Entry *entry,
     const char  *code)
{
  return _strata_rollback_findings_have (report->findings, entry->file->shown, code);
}

/* Sessions and collections in it: all, some, or those of others */
static Fate
judge_collection (Report *report,
                  Entry  *entry)
{
  const StrataRollbackFindings *findings = report->findings;
  gboolean breaks_off = has (report, entry, "torn") || has (report, entry, "payload-corrupt") || has (report, entry, "nesting-too-deep");
  guint whole;

  entry->sessions = findings->count_sessions (entry->file, findings->user_data);
  findings->list_collections (entry->file, TRUE, entry->collections, findings->user_data);
  whole = entry->collections->len;
  findings->list_collections (entry->file, FALSE, entry->collections, findings->user_data);

  if (entry->sessions > 0 || entry->collections->len > 0)
    return breaks_off || entry->collections->len > whole ? FATE_PARTLY : FATE_CARRIED;
  if (breaks_off || has (report, entry, "not-an-array") || has (report, entry, "entry-not-object"))
    return FATE_QUARANTINED;
  if (has (report, entry, "envelope-invalid"))
    return FATE_PASSED_OVER;
  if (has (report, entry, "deleted-here"))
    entry->because = "What it has of sessions was deleted in the new store, and was left out";
  if (entry->because != NULL || !entry->note.has_digest)
    return FATE_NOT_CARRIED;
  if (!findings->recover)
    entry->because = "An older copy: sessions that only it may have were left out, as was asked";

  return FATE_OLDER_COPY;
}

static Fate
judge_attachment (Report *report,
                  Entry  *entry)
{
  if (entry->note.is_proved)
    return FATE_CARRIED;
  if (has (report, entry, "attachment-data-invalid") || has (report, entry, "attachment-meta-invalid"))
    return FATE_QUARANTINED;
  if (report->findings->is_left_out (entry->file, report->findings->user_data))
    entry->because = "Only what was deleted in the new store uses it, and it was left out";

  return FATE_NOT_CARRIED;
}

static Fate
judge (Report *report,
       Entry  *entry)
{
  const StrataOldFile *file = entry->file;

  if (file->role == STRATA_LEGACY_LINK)
    return FATE_LINK;
  if (file->role == STRATA_LEGACY_NOT_DOWNLOADED)
    return FATE_NOT_DOWNLOADED;
  if (file->is_folder)
    entry->because = file->role == STRATA_LEGACY_CONTAINER ? "A folder of the web view; what was read in it has lines of its own"
                                                           : "A folder that Taskerino's storage did not make: not looked into";
  if (file->kind == STRATA_OLD_FOREIGN)
    return FATE_FOREIGN;
  if (file->kind == STRATA_OLD_DERIVED)
    return FATE_DERIVED;
  if (has (report, entry, "digest-mismatch"))
    return FATE_DIFFERENT;
  if (has (report, entry, "source-unreadable"))
    return FATE_UNREADABLE;

  return file->kind == STRATA_OLD_COLLECTION ? judge_collection (report, entry) : judge_attachment (report, entry);
}

/* Saying so */

static char *
format_time (gint64 mtime_ns)
{
  g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc (mtime_ns / G_GINT64_CONSTANT (1000000000));
  g_autofree char *seconds = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%S") : NULL;

  return seconds != NULL ? g_strdup_printf ("%s.%03dZ", seconds, (int)(mtime_ns / 1000000 % 1000)) : NULL;
}

static void
add_names (GString   *text,
           GPtrArray *names)
{
  g_string_append (text, "\"collections\":[");
  for (guint i = 0; i < names->len; i++)
    {
      _strata_json_append_quoted (text, g_ptr_array_index (names, i));
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
}

static void
add_codes (GString         *text,
           const GPtrArray *problems)
{
  g_string_append (text, "\"problems\":[");
  for (guint i = 0; problems != NULL && i < problems->len; i++)
    {
      _strata_json_append_quoted (text, strata_problem_get_code (g_ptr_array_index (problems, i)));
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
}

/* Each on a line of its own, so that other tools need not read all at once */
static void
begin_element (Report *report)
{
  g_string_append (report->json.text, report->is_first ? "\n{" : ",\n{");
  report->is_first = FALSE;
}

static void
add_json_entry (Report      *report,
                const Entry *entry)
{
  GString *text = report->json.text;
  const StrataOldFile *file = entry->file;
  gboolean is_attachment = file->kind == STRATA_OLD_ATTACHMENT;
  g_autofree char *id = is_attachment && file->name != NULL ? g_utf8_make_valid (file->name, -1) : NULL;
  g_autofree char *time = format_time (file->mtime_ns);

  begin_element (report);
  _strata_json_add_string (text, "path", entry->path);
  _strata_json_add_string (text, "root", _strata_old_root_get_name (file->root));
  _strata_json_add_string (text, "role", file->is_folder ? "folder" : file->what);
  _strata_json_add_uint (text, "size", file->is_folder ? 0 : file->size);
  _strata_json_add_string (text, "mtime", time);
  _strata_json_add_digest (text, "sha256", entry->note.has_digest ? &entry->note.digest : NULL);
  _strata_json_add_string (text, "fate", fates[entry->fate].name);
  _strata_json_add_uint (text, "sessions", entry->sessions);
  add_names (text, entry->collections);
  _strata_json_add_string (text, "attachment", id);
  _strata_json_add_digest (text, "object", entry->note.has_object ? &entry->note.object : NULL);
  add_codes (text, entry->problems);
  _strata_json_add_string (text, "because", entry->because);
  _strata_json_close_object (text);
}

static void
add_plain_entry (GString     *text,
                 const Entry *entry)
{
  const StrataOldFile *file = entry->file;
  const char *separator = ": ";

  g_string_append_printf (text, "%-15s %s", fates[entry->fate].name, entry->path);
  if (!file->is_folder)
    g_string_append_printf (text, " (%" G_GUINT64_FORMAT " bytes)", file->size);
  if (entry->sessions > 0)
    {
      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " sessions", separator, entry->sessions);
      separator = ", ";
    }
  for (guint i = 0; i < entry->collections->len; i++)
    {
      g_string_append_printf (text, "%s%s", separator, (const char *)g_ptr_array_index (entry->collections, i));
      separator = ", ";
    }
  if (entry->because != NULL)
    g_string_append_printf (text, "%s%s", *separator == ',' ? ". " : ": ", entry->because);
  g_string_append_c (text, '\n');
}

/* A StrataOldFileFunc */
static gboolean
report_file (const StrataOldFile  *file,
             gpointer              user_data,
             GError              **error)
{
  Report *report = user_data;
  g_autofree char *path = g_utf8_make_valid (file->shown, -1);
  g_autoptr(GPtrArray) collections = g_ptr_array_new_with_free_func (g_free);
  Entry entry = { .file = file, .path = path, .collections = collections };
  gboolean found;

  if (g_cancellable_set_error_if_cancelled (report->cancellable, error) ||
      !_strata_file_notes_find (report->notes, file->root, file->path, &entry.note, &found, error))
    return FALSE;

  entry.problems = g_hash_table_lookup (report->findings->problem_index, path);
  entry.fate = judge (report, &entry);
  if (entry.because == NULL)
    entry.because = fates[entry.fate].because;
  report->files[entry.fate]++;
  report->bytes[entry.fate] += file->is_folder ? 0 : file->size;

  add_json_entry (report, &entry);
  add_plain_entry (report->plain.text, &entry);

  return output_flush (&report->json, BLOCK_BYTES, error) && output_flush (&report->plain, BLOCK_BYTES, error);
}

/* Around the files */

static gboolean
add_head (Report       *report,
          StrataStore  *store,
          const char   *old_path,
          const char   *state,
          GError      **error)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (store, error);
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *path = g_utf8_make_valid (old_path, -1);
  GString *json = report->json.text;

  if (header == NULL)
    return FALSE;

  g_string_append_c (json, '{');
  _strata_json_add_uint (json, "report", FORMAT);
  _strata_json_add_string (json, "store", header->id);
  _strata_json_add_uint (json, "source", report->findings->source);
  _strata_json_add_string (json, "old_store", path);
  _strata_json_add_string (json, "made", time);
  _strata_json_add_string (json, "state", state);
  g_string_append (json, "\"files\":[");
  report->is_first = TRUE;

  g_string_append_printf (report->plain.text,
                          "Report on the old store %s\n\nMade        %s\nState       %s\n\nWhat became of its files\n\n",
                          path, time, state);

  return TRUE;
}

static void
add_problem (Report        *report,
             StrataProblem *problem)
{
  GString *json = report->json.text;
  const char *path = strata_problem_get_path (problem);
  const char *item = strata_problem_get_item (problem);
  const char *severity = strata_severity_get_name (strata_problem_get_severity (problem));

  begin_element (report);
  _strata_json_add_string (json, "code", strata_problem_get_code (problem));
  _strata_json_add_string (json, "severity", severity);
  _strata_json_add_string (json, "path", path);
  _strata_json_add_string (json, "session", strata_problem_get_session (problem));
  _strata_json_add_string (json, "item", item);
  if (strata_problem_get_offset (problem) >= 0)
    _strata_json_add_int (json, "offset", strata_problem_get_offset (problem));
  else
    _strata_json_add_raw (json, "offset", NULL);
  _strata_json_add_string (json, "message", strata_problem_get_message (problem));
  _strata_json_close_object (json);

  g_string_append_printf (report->plain.text, "%s %s%s%s%s%s: %s\n", severity, strata_problem_get_code (problem),
                          path != NULL ? " " : "", path != NULL ? path : "", item != NULL ? " " : "", item != NULL ? item : "",
                          strata_problem_get_message (problem));
}

static gboolean
add_problems (Report  *report,
              GError **error)
{
  const GPtrArray *problems = report->findings->problems;

  g_string_append (report->json.text, ",\"problems\":[");
  report->is_first = TRUE;
  g_string_append (report->plain.text, problems->len > 0 ? "\nWhat was noticed\n\n" : "");
  for (guint i = 0; i < problems->len; i++)
    {
      add_problem (report, g_ptr_array_index (problems, i));
      if (!output_flush (&report->json, BLOCK_BYTES, error) || !output_flush (&report->plain, BLOCK_BYTES, error))
        return FALSE;
    }
  g_string_append (report->json.text, "\n]");

  return TRUE;
}

static void
add_totals (Report *report)
{
  GString *json = report->json.text;
  guint64 files = 0, bytes = 0;

  g_string_append (report->plain.text, "\nIn all\n\n");
  g_string_append (json, ",\"totals\":{\"fates\":{");
  for (guint i = 0; i < N_FATES; i++)
    {
      files += report->files[i];
      bytes += report->bytes[i];
      g_string_append_printf (json, "\"%s\":{\"files\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT "},",
                              fates[i].name, report->files[i], report->bytes[i]);
      if (report->files[i] > 0)
        g_string_append_printf (report->plain.text, "%-15s %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes\n",
                                fates[i].name, report->files[i], report->bytes[i]);
    }
  _strata_json_close_object (json);
  g_string_append_printf (json, ",\"files\":%" G_GUINT64_FORMAT ",\"bytes\":%" G_GUINT64_FORMAT "}", files, bytes);
  g_string_append_printf (report->plain.text, "%-15s %" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes\n", "all", files, bytes);
}

static gboolean
write_report (Report             *report,
              StrataStore        *store,
              StrataLegacyStore  *legacy,
              const char         *state,
              GError            **error)
{
  int dir = _strata_store_get_dir (store);
  guint source = report->findings->source;

  if (!output_open (&report->json, dir, source, "json", error) ||
      !output_open (&report->plain, dir, source, "txt", error) ||
      !add_head (report, store, _strata_legacy_store_get_path (legacy), state, error) ||
      !_strata_old_files_foreach (legacy, report_file, report, error))
    return FALSE;
  g_string_append (report->json.text, "\n]");
  if (!add_problems (report, error))
    return FALSE;
  add_totals (report);

  return output_finish (&report->json, ",\"digest\":\"", "\"}\n", error) && output_finish (&report->plain, "\nDigest          ", "\n", error) &&
         _strata_file_sync_dir (dir, "migration", error);
}

gboolean
_strata_report_write (StrataStore                   *store,
                      StrataLegacyStore             *legacy,
                      StrataFileNotes               *notes,
                      const StrataRollbackFindings  *findings,
                      const char                    *state,
                      GCancellable                  *cancellable,
                      GError                       **error)
{
  Report report = { .notes = notes, .findings = findings, .cancellable = cancellable, .json.fd = -1, .plain.fd = -1 };
  gboolean ok = write_report (&report, store, legacy, state, error);

  output_clear (&report.json);
  output_clear (&report.plain);

  return ok;
}

/* Giving it away */

/* The old store that was migrated last */
static gboolean
find_last_source (StrataStore  *store,
                  guint        *out_source,
                  GError      **error)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (store, error);

  if (header == NULL)
    return FALSE;

  *out_source = header->sources->len > 0
                ? ((const StrataSourceRecord *)g_ptr_array_index (header->sources, header->sources->len - 1))->number : 1;

  return TRUE;
}

/**
 * strata_report_open:
 * @store: a store
 * @source: the number of an old store, from 1; 0: the last
 * @is_json: for programs, else for people
 *
 * What became of every file of an old store, as the last migration of it that came
 * to its end says.
 *
 * Returns: (transfer full): its text; or %NULL with @error set,
 *   %STRATA_ERROR_NOT_FOUND where there is none
 */
GInputStream *
strata_report_open (StrataStore  *store,
                    guint         source,
                    gboolean      is_json,
                    GError      **error)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) open_error = NULL;
  GInputStream *stream;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  if (source == 0 && !find_last_source (store, &source, error))
    return NULL;

  path = g_strdup_printf ("migration/report-%u.%s", source, is_json ? "json" : "txt");
  stream = _strata_file_stream_open (_strata_store_get_dir (store), path, &open_error);
  if (stream == NULL && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no report: no migration into this store came to its end");
  else if (stream == NULL)
    g_propagate_error (error, g_steal_pointer (&open_error));

  return stream;
}
