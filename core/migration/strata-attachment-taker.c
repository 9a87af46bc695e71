/* strata-attachment-taker.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "store/strata-embedded-private.h"
#include "strata-attachment-taker-private.h"

/* Ids are short; a longer string is looked at as well, but off the stack */
#define SHORT_ID 128
#define BLOCK_BYTES (256 * 1024)
/* What waits to be taken are names; how many of a session's attachments are admitted at once matters little */
#define ATTACHMENT_COST (256 * 1024)

struct _StrataAttachmentTaker
{
  /* Set at construction, never changed after */
  StrataLegacyStore      *legacy;
  StrataStore            *store;
  guint                   source;
  StrataProblemFunc       report;
  gpointer                report_data;
  StrataCrew             *crew;
  gboolean                distrust;
  gboolean                verbatim;
  gboolean                refer;        /* files that are only pointed at are left where they are */
  GHashTable             *inline_metas; /* id → metadata's JSON, from notes and tasks; or NULL */

  /* Since the last take */
  GPtrArray              *noted;        /* ids in order of first use */
  GHashTable             *noted_set;

  /* Since the start */
  GHashTable             *used_ids;
  GHashTable             *reported_ids;
  GHashTable             *used_paths;   /* files the bytes were read from */
  GHashTable             *left_out;     /* ids that what is not wanted uses */
  GHashTable             *left_out_paths;
  StrataAttachmentCounts  counts;
  guint64                 bytes;
};

StrataAttachmentTaker *
_strata_attachment_taker_new (StrataLegacyStore *legacy,
                              StrataStore       *store,
                              guint              source,
                              StrataCrew        *crew,
                              StrataProblemFunc  report,
                              gpointer           user_data)
{
  StrataAttachmentTaker *self = g_new0 (StrataAttachmentTaker, 1);

  self->legacy = legacy;
  self->store = g_object_ref (store);
  self->source = source;
  self->crew = crew;
  self->report = report;
  self->report_data = user_data;
  self->noted = g_ptr_array_new_with_free_func (g_free);
  self->noted_set = g_hash_table_new (g_str_hash, g_str_equal);
  self->used_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->reported_ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->used_paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->left_out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->left_out_paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

void
_strata_attachment_taker_free (StrataAttachmentTaker *self)
{
  g_object_unref (self->store);
  g_hash_table_unref (self->noted_set);
  g_ptr_array_unref (self->noted);
  g_hash_table_unref (self->used_ids);
  g_hash_table_unref (self->reported_ids);
  g_clear_pointer (&self->inline_metas, g_hash_table_unref);
  g_hash_table_unref (self->used_paths);
  g_hash_table_unref (self->left_out);
  g_hash_table_unref (self->left_out_paths);
  g_free (self);
}

const StrataAttachmentCounts *
_strata_attachment_taker_get_counts (StrataAttachmentTaker *self)
{
  return &self->counts;
}

guint64
_strata_attachment_taker_get_bytes (StrataAttachmentTaker *self)
{
  return self->bytes;
}

/* Noting uses */

void
_strata_attachment_taker_note (StrataAttachmentTaker *self,
                               const char            *id)
{
  char *copy;

  if (*id == '\0' || g_hash_table_contains (self->noted_set, id))
    return;

  copy = g_strdup (id);
  g_ptr_array_add (self->noted, copy);
  g_hash_table_add (self->noted_set, copy);
}

/* A member name's token that says its value is an attachment's id */
static gboolean
name_means_attachment (const char *name,
                       gsize       length)
{
  static const char *const endings[] = { "ttachmentId\"", "ttachmentIds\"" };

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (endings); i++)
    {
      gsize ending = strlen (endings[i]);

      if (length >= ending && memcmp (name + length - ending, endings[i], ending) == 0)
        return TRUE;
    }

  return FALSE;
}

static gboolean
is_known (StrataAttachmentTaker *self,
          const char            *id)
{
  return _strata_legacy_store_has_attachment (self->legacy, id, strlen (id));
}

gboolean
_strata_attachment_taker_see_string (const char *token,
                                     gsize       length,
                                     const char *name,
                                     gsize       name_length,
                                     gpointer    user_data)
{
  StrataAttachmentTaker *self = user_data;
  gboolean is_meant = name_means_attachment (name, name_length);
  char plain[SHORT_ID];

  if (memchr (token, '\\', length) != NULL)
    {
      g_autofree char *text = NULL;

      /* Resolving escapes only shortens: what is far longer than any id is no id */
      if (!is_meant && length > 8 * SHORT_ID)
        return TRUE;
      text = _strata_json_unquote (token, length);
      if (is_meant || is_known (self, text))
        _strata_attachment_taker_note (self, text);
      return TRUE;
    }

  if (!is_meant && !_strata_legacy_store_has_id_of_length (self->legacy, length - 2))
    return TRUE;

  if (length - 2 < sizeof plain)
    {
      memcpy (plain, token + 1, length - 2);
      plain[length - 2] = '\0';
      if (is_meant || is_known (self, plain))
        _strata_attachment_taker_note (self, plain);
    }
  else
    {
      g_autofree char *text = g_strndup (token + 1, length - 2);

      if (is_meant || is_known (self, text))
        _strata_attachment_taker_note (self, text);
    }

  return TRUE;
}

void
_strata_attachment_taker_forget (StrataAttachmentTaker *self)
{
  g_hash_table_remove_all (self->noted_set);
  g_ptr_array_set_size (self->noted, 0);
}

void
_strata_attachment_taker_leave_out (StrataAttachmentTaker *self)
{
  for (guint i = 0; i < self->noted->len; i++)
    g_hash_table_add (self->left_out, g_strdup (g_ptr_array_index (self->noted, i)));
  _strata_attachment_taker_forget (self);
}

static gboolean
is_left_out (StrataAttachmentTaker *self,
             const char            *id)
{
  return g_hash_table_contains (self->left_out, id) && !g_hash_table_contains (self->used_ids, id);
}

gboolean
_strata_attachment_taker_has_left_out (StrataAttachmentTaker *self,
                                       const char            *id,
                                       const char            *path)
{
  return (id != NULL && is_left_out (self, id)) ||
         (g_hash_table_contains (self->left_out_paths, path) && !g_hash_table_contains (self->used_paths, path));
}

/* Taking them in */

/* One attachment while it is brought in, by any thread. Nothing of the taker is changed until that is finished. */
typedef struct
{
  StrataAttachmentTaker  *taker;
  StrataBatch            *batch;
  GCancellable           *cancellable;
  GPtrArray              *rows;         /* the owner's: where it goes in the end */
  const char             *inline_meta;
  gboolean                is_reported;  /* its problems were, with an earlier use */
  StrataLegacyAttachment *attachment;

  /* What comes of it */
  StrataAttachmentRow    *row;
  gboolean                is_known;     /* the old store has something of that id */
  char                   *used_path;
  GPtrArray              *problems;     /* StrataProblem, to be reported */
  StrataAttachmentCounts  counts;
  guint64                 bytes;
  GError                 *error;
} Taking;

static Taking *
taking_new (StrataAttachmentTaker *self,
            StrataBatch           *batch,
            GPtrArray             *rows,
            GCancellable          *cancellable)
{
  Taking *taking = g_new0 (Taking, 1);

  taking->taker = self;
  taking->batch = batch;
  taking->cancellable = cancellable;
  taking->rows = rows;
  taking->row = g_new0 (StrataAttachmentRow, 1);
  taking->problems = g_ptr_array_new_with_free_func (g_object_unref);

  return taking;
}

static void
taking_free (gpointer data)
{
  Taking *taking = data;

  g_clear_pointer (&taking->attachment, _strata_legacy_attachment_free);
  g_clear_pointer (&taking->row, _strata_attachment_row_free);
  g_ptr_array_unref (taking->problems);
  g_free (taking->used_path);
  g_clear_error (&taking->error);
  g_free (taking);
}

static gpointer
find_stored (StrataCatalog  *catalog,
             gpointer        user_data,
             GError        **error)
{
  gpointer *arguments = user_data;

  return _strata_catalog_find_stored (catalog, GPOINTER_TO_UINT (arguments[0]), arguments[1], error);
}

/* Whether a file may stay where it is. What a row can't name can't be found again. */
static gboolean
may_refer (StrataAttachmentTaker         *self,
           const StrataLegacyAttachment  *attachment)
{
  return self->refer && !_strata_legacy_store_is_packed (self->legacy) && attachment->file_path != NULL &&
         g_utf8_validate (attachment->file_path, -1, NULL) &&
         g_utf8_validate (_strata_legacy_store_get_attachments_path (self->legacy), -1, NULL);
}

/* Whether the store has these bytes from an earlier session or run, judged by
 * the old file's path, size and time of change.
 */
static gboolean
reuse_stored (StrataAttachmentTaker         *self,
              const StrataLegacyAttachment  *attachment,
              const char                    *path,
              StrataAttachmentRow           *row)
{
  gpointer arguments[] = { GUINT_TO_POINTER (self->source), attachment->id };
  g_autoptr(StrataAttachmentRow) stored = NULL;
  g_autofree char *object_path = NULL;
  struct stat status;

  stored = _strata_store_with_catalog (self->store, find_stored, arguments, NULL);
  if (stored == NULL || !_strata_attachment_row_has_bytes (stored) ||
      g_strcmp0 (stored->source_path, path) != 0 ||
      stored->source_size != attachment->source_size ||
      stored->source_mtime_ns != attachment->source_mtime_ns)
    return FALSE;

  object_path = _strata_object_dup_path (&stored->digest, stored->extension);
  if (_strata_file_stat (_strata_store_get_dir (self->store), object_path, &status, NULL) &&
      (guint64)status.st_size == stored->bytes)
    stored->state = stored->state == STRATA_ATTACHMENT_REFERENCE ? STRATA_ATTACHMENT_OBJECT : stored->state;
  else if (stored->state != STRATA_ATTACHMENT_REFERENCE || !may_refer (self, attachment))
    return FALSE;

  row->digest = stored->digest;
  row->bytes = stored->bytes;
  row->extension = g_strdup (stored->extension);
  row->mime = g_strdup (stored->mime);
  row->state = stored->state;
  row->original = g_steal_pointer (&stored->original);
  if (row->state == STRATA_ATTACHMENT_REFERENCE)
    row->source_root = g_strdup (_strata_legacy_store_get_attachments_path (self->legacy));

  return TRUE;
}

/* Keeps a text verbatim that no row can carry. */
static gboolean
quarantine_text (Taking      *taking,
                 const char  *path,
                 GError     **error)
{
  g_autoptr(GInputStream) content = _strata_legacy_store_open_file (taking->taker->legacy, path, error);
  g_autofree char *label = g_path_get_basename (path);
  g_autofree char *place = NULL;

  if (content != NULL)
    place = _strata_batch_quarantine_stream (taking->batch, g_strdelimit (label, "/\\", '_'), content, taking->cancellable, error);
  /* Of an export: no text that could be kept, but one that can't be read */
  if (place == NULL && g_error_matches (*error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    (*error)->code = STRATA_ERROR_SOURCE;

  return place != NULL;
}

static gboolean
store_bytes (Taking              *taking,
             StrataStoredObject  *object,
             GError             **error)
{
  StrataLegacyStore *legacy = taking->taker->legacy;
  StrataLegacyAttachment *attachment = taking->attachment;
  g_autoptr(GInputStream) stream = NULL;

  if (attachment->file_path != NULL && !_strata_legacy_store_is_packed (legacy))
    return _strata_batch_put_file (taking->batch, _strata_legacy_store_get_dir (legacy), attachment->file_path,
                                   object, taking->cancellable, error);

  stream = _strata_legacy_attachment_open (legacy, attachment, error);

  return stream != NULL && _strata_batch_put_stream (taking->batch, stream, object, taking->cancellable, error);
}

/* Finds out what a file is that stays where it is. */
static gboolean
look_at_file (StrataAttachmentTaker   *self,
              const char              *path,
              StrataStoredObject      *object,
              GCancellable            *cancellable,
              GError                 **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open_source (_strata_legacy_store_get_dir (self->legacy), path, error);
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size = 0;

  if (stream == NULL)
    return FALSE;

  *object = (StrataStoredObject) { .type = _strata_content_type_of (NULL, 0), .is_new = TRUE };
  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      if (object->bytes == 0)
        object->type = _strata_content_type_of (block, MIN ((gsize)size, STRATA_CONTENT_HEAD));
      _strata_hasher_update (hasher, block, (gsize)size);
      object->bytes += (guint64)size;
    }
  _strata_hasher_finish (hasher, &object->digest);

  return size == 0;
}

/* One file that can't be read is no reason to leave the others. */
static void
report_unreadable (Taking       *taking,
                   const char   *path,
                   const GError *cause)
{
  StrataAttachmentRow *row = taking->row;

  g_free (row->problem);
  row->problem = g_strdup ("source-unreadable");
  taking->counts.failed++;
  g_ptr_array_add (taking->problems, strata_problem_new ("source-unreadable", path, NULL, row->id, -1, "%s", cause->message));
}

static gboolean
keep_invalid (Taking        *taking,
              const char    *path,
              const GError  *cause,
              GError       **error)
{
  StrataAttachmentRow *row = taking->row;
  g_autoptr(GError) keep_error = NULL;

  if (!quarantine_text (taking, path, &keep_error))
    {
      if (!g_error_matches (keep_error, STRATA_ERROR, STRATA_ERROR_SOURCE))
        {
          g_propagate_error (error, g_steal_pointer (&keep_error));
          return FALSE;
        }
      report_unreadable (taking, path, keep_error);
      return TRUE;
    }

  g_free (row->problem);
  row->problem = g_strdup ("attachment-data-invalid");
  taking->counts.failed++;
  g_ptr_array_add (taking->problems,
                   strata_problem_new ("attachment-data-invalid", path, NULL, row->id, -1,
                                       "The attachment's text can't be decoded; it is kept verbatim: %s", cause->message));

  return TRUE;
}

/* Fills the part of the row that says where the bytes are. Undecodable text is
 * a problem of this attachment, not of the run.
 */
static gboolean
take_bytes (Taking  *taking,
            GError **error)
{
  StrataAttachmentTaker *self = taking->taker;
  StrataLegacyAttachment *attachment = taking->attachment;
  StrataAttachmentRow *row = taking->row;
  const char *path = attachment->file_path != NULL ? attachment->file_path : attachment->data_path;
  g_autoptr(GError) store_error = NULL;
  StrataStoredObject object;

  row->source_path = g_utf8_make_valid (path, -1);
  row->source_size = attachment->source_size;
  row->source_mtime_ns = attachment->source_mtime_ns;
  taking->used_path = g_strdup (path);

  if (!self->distrust && reuse_stored (self, attachment, path, row))
    {
      taking->counts.deduplicated++;
      return TRUE;
    }

  if (may_refer (self, attachment) ? look_at_file (self, path, &object, taking->cancellable, &store_error)
                                   : store_bytes (taking, &object, &store_error))
    {
      row->state = may_refer (self, attachment) ? STRATA_ATTACHMENT_REFERENCE : STRATA_ATTACHMENT_OBJECT;
      if (row->state == STRATA_ATTACHMENT_REFERENCE)
        row->source_root = g_strdup (_strata_legacy_store_get_attachments_path (self->legacy));
      row->digest = object.digest;
      row->bytes = object.bytes;
      row->extension = g_strdup (object.type->extension);
      row->mime = g_strdup (object.type->mime != NULL ? object.type->mime : attachment->mime);
      taking->counts.deduplicated += object.is_new ? 0 : 1;
      taking->bytes += attachment->source_size;
      return TRUE;
    }

  if (g_error_matches (store_error, STRATA_ERROR, STRATA_ERROR_SOURCE))
    {
      report_unreadable (taking, path, store_error);
      return TRUE;
    }

  if (!g_error_matches (store_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    {
      g_propagate_error (error, g_steal_pointer (&store_error));
      return FALSE;
    }

  return keep_invalid (taking, path, store_error, error);
}

/* Notes the first problem reported about an attachment, for its row. */
typedef struct
{
  Taking *taking;
  GError *error;     /* why something could not be kept */
} ReportContext;

static void
report_and_note (StrataProblem *problem,
                 gpointer       user_data)
{
  ReportContext *context = user_data;
  Taking *taking = context->taking;

  if (taking->row->problem == NULL)
    taking->row->problem = g_strdup (strata_problem_get_code (problem));
  if (taking->is_reported)
    {
      g_object_unref (problem);
      return;
    }
  /* Metadata that are no object can't be carried in a row */
  if (strcmp (strata_problem_get_code (problem), "attachment-meta-invalid") == 0 && strata_problem_get_path (problem) != NULL &&
      context->error == NULL)
    quarantine_text (taking, strata_problem_get_path (problem), &context->error);
  g_ptr_array_add (taking->problems, problem);
}

static guint64
sum_sizes (const StrataLegacyAttachmentFiles *files,
           const StrataLegacyAttachment      *attachment)
{
  guint64 sum = attachment->data_path != NULL || attachment->file_path != NULL ? attachment->source_size : 0;

  return sum + (files->meta != NULL ? files->meta->size : 0);
}

/* What the old store says about the attachment. @out_unreadable: it can't be read, which was noted */
static gboolean
load (Taking                             *taking,
      const StrataLegacyAttachmentFiles  *files,
      gboolean                           *out_unreadable,
      GError                            **error)
{
  ReportContext context = { taking, NULL };
  g_autoptr(GError) load_error = NULL;

  taking->attachment = _strata_legacy_attachment_load_inline (taking->taker->legacy, taking->row->id, taking->inline_meta,
                                                              report_and_note, &context, &load_error);
  if (context.error != NULL)
    {
      g_clear_pointer (&taking->attachment, _strata_legacy_attachment_free);
      g_clear_error (&load_error);
      load_error = g_steal_pointer (&context.error);
    }

  *out_unreadable = taking->attachment == NULL && g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  if (*out_unreadable)
    report_unreadable (taking, files->meta != NULL ? files->meta->path : NULL, load_error);
  else if (taking->attachment == NULL)
    g_propagate_error (error, g_steal_pointer (&load_error));

  return taking->attachment != NULL || *out_unreadable;
}

static void
count (Taking *taking)
{
  const StrataAttachmentRow *row = taking->row;

  if (_strata_attachment_row_has_bytes (row))
    taking->counts.stored++;
  else if (g_strcmp0 (row->problem, "attachment-data-invalid") != 0 && g_strcmp0 (row->problem, "source-unreadable") != 0)
    taking->counts.missing++;
}

/* Any thread */
static void
take_one (gpointer data)
{
  Taking *taking = data;
  StrataAttachmentRow *row = taking->row;
  g_auto(StrataLegacyAttachmentFiles) files = { NULL, };
  gboolean is_unreadable;

  taking->is_known = _strata_legacy_store_find_attachment (taking->taker->legacy, row->id, &files);
  if (!load (taking, &files, &is_unreadable, &taking->error) || is_unreadable)
    return;

  row->name = g_strdup (taking->attachment->name);
  row->meta = g_steal_pointer (&taking->attachment->meta);
  if (!taking->taker->verbatim && !_strata_embedded_take_out (row, taking->batch, &taking->error))
    return;
  if ((taking->attachment->data_path != NULL || taking->attachment->file_path != NULL) &&
      !take_bytes (taking, &taking->error))
    return;

  row->source_bytes = sum_sizes (&files, taking->attachment);
  if (row->mime == NULL)
    row->mime = g_strdup (taking->attachment->mime);
  count (taking);
}

static gboolean
finish_one (gpointer   data,
            GError   **error)
{
  Taking *taking = data;
  StrataAttachmentTaker *self = taking->taker;

  if (taking->is_known)
    g_hash_table_add (self->used_ids, g_strdup (taking->row->id));
  if (taking->used_path != NULL)
    g_hash_table_add (self->used_paths, g_steal_pointer (&taking->used_path));
  for (guint i = 0; i < taking->problems->len; i++)
    self->report (g_object_ref (g_ptr_array_index (taking->problems, i)), self->report_data);
  self->counts.stored += taking->counts.stored;
  self->counts.deduplicated += taking->counts.deduplicated;
  self->counts.missing += taking->counts.missing;
  self->counts.failed += taking->counts.failed;
  self->bytes += taking->bytes;
  if (taking->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&taking->error));
      return FALSE;
    }
  g_ptr_array_add (taking->rows, g_steal_pointer (&taking->row));

  return TRUE;
}

static gboolean
admit_noted (StrataAttachmentTaker  *self,
             const char             *id,
             StrataBatch            *batch,
             GPtrArray              *rows,
             GCancellable           *cancellable,
             GError                **error)
{
  static const StrataCrewKind kind = { take_one, finish_one, taking_free };
  Taking *taking = taking_new (self, batch, rows, cancellable);

  taking->row->id = g_strdup (id);
  taking->row->state = STRATA_ATTACHMENT_MISSING;
  taking->inline_meta = self->inline_metas != NULL ? g_hash_table_lookup (self->inline_metas, id) : NULL;
  taking->is_reported = !g_hash_table_add (self->reported_ids, g_strdup (id));

  return _strata_crew_admit (self->crew, &kind, taking, ATTACHMENT_COST, error);
}

GPtrArray *
_strata_attachment_taker_take (StrataAttachmentTaker  *self,
                               StrataBatch            *batch,
                               GCancellable           *cancellable,
                               GError                **error)
{
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < self->noted->len; i++)
    ok = admit_noted (self, g_ptr_array_index (self->noted, i), batch, rows, cancellable, error);
  if (!_strata_crew_settle (self->crew, ok, error))
    return NULL;
  _strata_attachment_taker_forget (self);

  return g_steal_pointer (&rows);
}

/* A video or file that no metadata points at: kept under its path, so that nothing is lost. Any thread */
static void
take_lone_file (gpointer data)
{
  Taking *taking = data;

  if (!take_bytes (taking, &taking->error))
    return;

  taking->counts.stored++;
  g_ptr_array_add (taking->problems,
                   strata_problem_new ("attachment-meta-missing", taking->attachment->id, NULL, taking->row->id, -1,
                                       "Nothing points at this file; it is kept under its path"));
}

static gboolean
admit_lone (StrataAttachmentTaker   *self,
            const StrataLegacyFile  *file,
            StrataBatch             *batch,
            GPtrArray               *rows,
            GCancellable            *cancellable,
            GError                 **error)
{
  static const StrataCrewKind kind = { take_lone_file, finish_one, taking_free };
  Taking *taking = taking_new (self, batch, rows, cancellable);
  StrataAttachmentRow *row = taking->row;

  taking->attachment = g_new0 (StrataLegacyAttachment, 1);
  taking->attachment->id = g_strdup (file->path);
  taking->attachment->file_path = g_strdup (file->path);
  taking->attachment->source_size = file->size;
  taking->attachment->source_mtime_ns = file->mtime_ns;
  row->id = g_utf8_make_valid (file->path, -1);
  row->name = g_path_get_basename (row->id);
  row->problem = g_strdup ("attachment-meta-missing");
  row->source_bytes = file->size;

  return _strata_crew_admit (self->crew, &kind, taking, ATTACHMENT_COST, error);
}

typedef struct
{
  StrataAttachmentTaker *taker;
  StrataBatch           *batch;
  GPtrArray             *rows;
  GCancellable          *cancellable;
  GError               **error;
  gboolean               ok;
} LoneFiles;

static gboolean
take_if_lone (const StrataLegacyFile *file,
              gpointer                user_data)
{
  LoneFiles *lone = user_data;

  if ((file->role != STRATA_LEGACY_VIDEO && file->role != STRATA_LEGACY_ATTACHMENT_FILE) ||
      g_hash_table_contains (lone->taker->used_paths, file->path) ||
      g_hash_table_contains (lone->taker->left_out_paths, file->path))
    return TRUE;

  lone->ok = admit_lone (lone->taker, file, lone->batch, lone->rows, lone->cancellable, lone->error);

  return lone->ok;
}

/* Their files are not to be taken for lone ones. */
static gboolean
find_left_out_paths (StrataAttachmentTaker  *self,
                     GError                **error)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, self->left_out);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    {
      g_autoptr(GError) load_error = NULL;
      g_autoptr(StrataLegacyAttachment) attachment =
        is_left_out (self, id) ? _strata_legacy_attachment_load (self->legacy, id, NULL, NULL, &load_error) : NULL;

      if (load_error != NULL && !g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_SOURCE))
        {
          g_propagate_error (error, g_steal_pointer (&load_error));
          return FALSE;
        }
      if (attachment != NULL && attachment->file_path != NULL)
        g_hash_table_add (self->left_out_paths, g_strdup (attachment->file_path));
    }

  return TRUE;
}

GPtrArray *
_strata_attachment_taker_take_unused (StrataAttachmentTaker  *self,
                                      StrataBatch            *batch,
                                      GCancellable           *cancellable,
                                      GError                **error)
{
  g_autoptr(GPtrArray) rows = NULL;
  g_autoptr(GPtrArray) ids = _strata_legacy_store_list_attachments (self->legacy);
  LoneFiles lone = { self, batch, NULL, cancellable, error, TRUE };

  if (!find_left_out_paths (self, error))
    return NULL;
  for (guint i = 0; i < ids->len; i++)
    if (!g_hash_table_contains (self->used_ids, g_ptr_array_index (ids, i)) &&
        !g_hash_table_contains (self->left_out, g_ptr_array_index (ids, i)))
      _strata_attachment_taker_note (self, g_ptr_array_index (ids, i));

  rows = _strata_attachment_taker_take (self, batch, cancellable, error);
  if (rows == NULL)
    return NULL;

  lone.rows = rows;
  _strata_legacy_store_foreach_file (self->legacy, take_if_lone, &lone);

  return _strata_crew_settle (self->crew, lone.ok, error) ? g_steal_pointer (&rows) : NULL;
}

void
_strata_attachment_taker_note_used (StrataAttachmentTaker *self,
                                    const char            *id,
                                    const char            *path)
{
  g_hash_table_add (self->used_ids, g_strdup (id));
  if (path != NULL)
    g_hash_table_add (self->used_paths, g_strdup (path));
}

void
_strata_attachment_taker_set_distrust (StrataAttachmentTaker *self,
                                       gboolean               distrust)
{
  self->distrust = distrust;
}

void
_strata_attachment_taker_set_verbatim (StrataAttachmentTaker *self)
{
  self->verbatim = TRUE;
}

void
_strata_attachment_taker_set_refer (StrataAttachmentTaker *self,
                                    gboolean               refer)
{
  self->refer = refer;
}

/* @metas: id → JSON object, both text; see strata-inline-attachments-private.h */
void
_strata_attachment_taker_set_inline_metas (StrataAttachmentTaker *self,
                                           GHashTable            *metas)
{
  g_clear_pointer (&self->inline_metas, g_hash_table_unref);
  self->inline_metas = g_hash_table_ref (metas);
}
