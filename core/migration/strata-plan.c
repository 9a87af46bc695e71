/* strata-plan.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-legacy-store-private.h"
#include "strata-plan.h"

/* What a plan reckons with; rough on purpose, and named so to the user.
 * Base64 has four characters for three bytes; sessions lose their indentation
 * and one level of escapes; a batch needs room twice while it is put in place.
 */
#define TEXT_SHARE       0.85
#define GZIP_FACTOR      6.0
#define BASE64_SHARE     0.75
#define BYTES_PER_SECOND (100.0 * 1000 * 1000)
#define MARGIN_BYTES     (192 * 1024 * 1024)

G_DEFINE_BOXED_TYPE (StrataPlan, strata_plan, strata_plan_ref, strata_plan_unref)

StrataPlan *
strata_plan_ref (StrataPlan *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
plan_clear (StrataPlan *self)
{
  g_free (self->path);
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
strata_plan_unref (StrataPlan *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)plan_clear);
}

static void
source_free (gpointer data)
{
  StrataPlanSource *source = data;

  g_free (source->name);
  g_free (source->kind);
  g_free (source);
}

/* Counts the elements of the array at the reader; what follows a fault is not counted. */
static guint64
count_elements (StrataJsonReader *reader,
                GCancellable     *cancellable)
{
  StrataJsonKind kind;
  guint64 n = 0;
  gboolean more = FALSE;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, NULL) || kind != STRATA_JSON_ARRAY ||
      !_strata_json_reader_enter (reader, cancellable, NULL))
    return 0;

  while (_strata_json_reader_next_element (reader, &more, cancellable, NULL) && more &&
         _strata_json_reader_take (reader, NULL, NULL, cancellable, NULL))
    n++;

  return n;
}

static void
look_into_sessions (StrataPlan             *self,
                    StrataLegacyStore      *legacy,
                    const StrataLegacyFile *file,
                    gboolean                chosen,
                    GCancellable           *cancellable)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyPayload) payload =
    _strata_legacy_payload_open (_strata_legacy_store_get_dir (legacy), file->path, cancellable, &error);
  StrataPlanSource *source;

  if (payload == NULL)
    {
      g_ptr_array_add (self->problems, strata_problem_new ("envelope-invalid", file->path, NULL, NULL, -1,
                                                           "The file can't be used: %s", error->message));
      return;
    }

  source = g_new0 (StrataPlanSource, 1);
  source->name = g_utf8_make_valid (file->path, -1);
  source->kind = g_strdup ("folder");
  source->date_ms = _strata_legacy_payload_get_envelope (payload)->timestamp_ms;
  source->sessions = count_elements (_strata_legacy_payload_get_reader (payload), cancellable);
  source->chosen = chosen;
  if (chosen)
    self->sessions = source->sessions;
  g_ptr_array_add (self->sources, source);
}

typedef struct
{
  StrataPlan             *plan;
  double                  estimated;
  StrataLegacyStore      *legacy;
} Survey;

static void
note_oddity (StrataPlan             *plan,
             const StrataLegacyFile *file,
             const char             *code,
             const char             *message)
{
  g_ptr_array_add (plan->problems, strata_problem_new (code, file->path, NULL, NULL, -1, "%s", message));
}

/* gzip in base64 grows when it is unpacked; how much is read off the head */
static double
estimate_collection (Survey                 *survey,
                     const StrataLegacyFile *file)
{
  g_autoptr(StrataLegacyPayload) payload =
    _strata_legacy_payload_open (_strata_legacy_store_get_dir (survey->legacy), file->path, NULL, NULL);
  gboolean is_gzip = payload != NULL && _strata_legacy_payload_get_envelope (payload)->form == STRATA_LEGACY_FORM_GZIP;

  return (double)file->size * TEXT_SHARE * (is_gzip ? BASE64_SHARE * GZIP_FACTOR : 1.0);
}

static gboolean
survey_file (const StrataLegacyFile *file,
             gpointer                user_data)
{
  Survey *survey = user_data;
  StrataPlan *plan = survey->plan;

  switch (file->role)
    {
    case STRATA_LEGACY_COLLECTION:
    case STRATA_LEGACY_TOPLEVEL:
      plan->bytes_original += file->size;
      survey->estimated += estimate_collection (survey, file);
      break;

    case STRATA_LEGACY_ATTACHMENT_DATA:
      plan->bytes_original += file->size;
      survey->estimated += (double)file->size * BASE64_SHARE;
      break;

    case STRATA_LEGACY_ATTACHMENT_META:
    case STRATA_LEGACY_ATTACHMENT_FILE:
    case STRATA_LEGACY_VIDEO:
      plan->bytes_original += file->size;
      survey->estimated += (double)file->size;
      break;

    case STRATA_LEGACY_FOREIGN:
      note_oddity (plan, file, "foreign-file", "Not written by Taskerino's storage: not read, not counted, never deleted");
      break;

    case STRATA_LEGACY_LINK:
      note_oddity (plan, file, "link-skipped", "A link or special file stands where a file should be; it will not be followed");
      break;

    case STRATA_LEGACY_NOT_DOWNLOADED:
      note_oddity (plan, file, "not-downloaded", "The file is only a placeholder of a cloud folder; download it first");
      break;

    case STRATA_LEGACY_COLLECTION_BACKUP:
    case STRATA_LEGACY_COLLECTION_TMP:
    case STRATA_LEGACY_BACKUP:
    default:
      break;
    }

  return TRUE;
}

/* Free space where the store is, or would be. */
static guint64
free_space (const char *store_path)
{
  g_autofree char *path = g_canonicalize_filename (store_path, NULL);
  struct statvfs space;

  while (statvfs (path, &space) < 0 && strcmp (path, "/") != 0)
    {
      char *parent = g_path_get_dirname (path);

      g_free (path);
      path = parent;
    }

  return statvfs (path, &space) == 0 ? (guint64)space.f_bavail * space.f_frsize : 0;
}

static const StrataLegacyFile *
find_toplevel (StrataLegacyStore *legacy)
{
  GPtrArray *files = _strata_legacy_store_get_files (legacy);

  for (guint i = 0; i < files->len; i++)
    {
      const StrataLegacyFile *file = g_ptr_array_index (files, i);

      if (file->role == STRATA_LEGACY_TOPLEVEL)
        return file;
    }

  return NULL;
}

/**
 * strata_plan_make:
 * @store_path: where the new store is, or would be
 * @legacy_path: (nullable): the old data folder, or the folder above it; %NULL:
 *   the usual places are looked through
 * @cancellable: (nullable): a cancellable
 *
 * Says what a migration would do. Reads the sessions once; writes nothing.
 *
 * Returns: (transfer full): the plan; or %NULL with @error set,
 *   %STRATA_ERROR_SOURCE where there is no old store
 */
StrataPlan *
strata_plan_make (const char    *store_path,
                  const char    *legacy_path,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_autoptr(StrataLegacyStore) legacy = legacy_path != NULL ? _strata_legacy_store_open (legacy_path, error)
                                                            : _strata_legacy_store_open_usual (error);
  g_autoptr(StrataPlan) self = NULL;
  const StrataLegacyFile *sessions, *toplevel;
  g_autoptr(GPtrArray) ids = NULL;
  Survey survey;

  g_return_val_if_fail (store_path != NULL, NULL);

  if (legacy == NULL)
    return NULL;

  self = g_atomic_rc_box_new0 (StrataPlan);
  self->path = g_utf8_make_valid (_strata_legacy_store_get_path (legacy), -1);
  self->sources = g_ptr_array_new_with_free_func (source_free);
  self->problems = g_ptr_array_new_with_free_func (g_object_unref);

  survey = (Survey){ .plan = self, .legacy = legacy };
  _strata_legacy_store_foreach_file (legacy, survey_file, &survey);
  ids = _strata_legacy_store_list_attachments (legacy);
  self->attachments = ids->len;

  sessions = _strata_legacy_store_find_collection (legacy, "sessions");
  toplevel = find_toplevel (legacy);
  if (sessions != NULL)
    look_into_sessions (self, legacy, sessions, TRUE, cancellable);
  if (toplevel != NULL)
    look_into_sessions (self, legacy, toplevel, sessions == NULL, cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  self->bytes_estimated = (guint64)survey.estimated;
  self->seconds_estimated = (double)self->bytes_original / BYTES_PER_SECOND;
  self->space_needed = self->bytes_estimated + self->bytes_estimated / 10 + MARGIN_BYTES;
  self->space_free = free_space (store_path);

  return g_steal_pointer (&self);
}
