/* legacy-collections.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-collections.h"

#define HOUR_MS G_GINT64_CONSTANT (3600000)

static const char * const topics[] = { "Storage", "Search", "Hiring", "Release", "日本語", "Café menu" };
static const char * const companies[] = { "Halvorsen Instruments", "Blue Heron Press", "Ostwind Energie", "Mirador Salud" };
static const char * const contacts[] = { "Anneli Korhonen", "Tomás Ibáñez", "Wei Zhang", "Grace Adeyemi" };

static void
format_fixed_id (LegacyStore *self,
                 guint        kind,
                 guint        index,
                 char         out_id[LEGACY_ID_SIZE])
{
  LegacySession first;
  LegacyRandom random;

  legacy_session_init (&first, &self->shape, 0);
  legacy_random_init (&random, self->shape.seed, kind, LEGACY_STREAM_OTHER, index);
  legacy_id_format (first.start_ms - HOUR_MS + index * 1000, legacy_random_next (&random), out_id);
}

static void
add_fixed_id (LegacyStore *self,
              LegacyJson  *json,
              const char  *key,
              guint        kind,
              guint        index)
{
  char id[LEGACY_ID_SIZE];

  format_fixed_id (self, kind, index, id);
  legacy_json_string (json, key, id);
}

/* One session after the other, each the same however many follow. */
static void
emit_sessions (LegacyCollection *collection,
               LegacyJson       *json)
{
  LegacyStore *self = collection->user_data;
  gboolean is_measuring = legacy_json_get_pass (json) != LEGACY_PASS_WRITE;
  gboolean by_size = is_measuring && self->total_bytes > 0;
  guint64 i;

  legacy_json_begin_array (json, NULL);
  for (i = 0; !legacy_json_is_stopped (json); i++)
    {
      LegacySession session;

      if (by_size ? legacy_json_get_size (json) >= self->total_bytes : i >= self->n_sessions)
        break;

      legacy_session_init (&session, &self->shape, i);
      legacy_session_write (&session, json);
      collection->timestamp_ms = legacy_session_get_end (&session) + HOUR_MS;
      if (i == 0)
        self->n_huge_screenshots = session.n_screenshots;
    }
  legacy_json_end_array (json);

  if (legacy_json_get_pass (json) == LEGACY_PASS_MEASURE)
    self->n_sessions = i;
}

static void
add_one_id (LegacyStore  *self,
            LegacyRandom *random,
            LegacyJson   *json,
            const char   *key,
            guint         kind,
            guint         n_choices)
{
  legacy_json_begin_array (json, key);
  if (!legacy_random_one_in (random, 3))
    add_fixed_id (self, json, NULL, kind, legacy_random_below (random, n_choices));
  legacy_json_end_array (json);
}

static void
add_source_session (LegacyStore   *self,
                    LegacySession *session,
                    LegacyJson    *json)
{
  if (session->index < self->n_sessions)
    legacy_json_string (json, "sourceSessionId", session->id);
}

static void
write_note (LegacyStore *self,
            LegacyJson  *json,
            guint        index)
{
  static const char * const sources[] = { "thought", "call", "email", "other" };
  static const char * const moods[] = { "neutral", "positive", "negative" };
  LegacyText *text = self->shape.text;
  LegacySession session;
  LegacyRandom random;
  char id[LEGACY_ID_SIZE];

  legacy_session_init (&session, &self->shape, index);
  legacy_random_init (&random, self->shape.seed, index, LEGACY_STREAM_NOTE, 1);
  legacy_note_format_id (&self->shape, index, id);

  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", id);
  add_one_id (self, &random, json, "companyIds", 'c', G_N_ELEMENTS (companies));
  add_one_id (self, &random, json, "contactIds", 'p', G_N_ELEMENTS (contacts));
  add_one_id (self, &random, json, "topicIds", 't', G_N_ELEMENTS (topics));
  legacy_json_begin_string (json, "content");
  legacy_json_ascii (json, "<p>");
  legacy_text_prose (text, &random, json, legacy_random_between (&random, 200, 1200));
  legacy_json_ascii (json, "</p><ul><li>");
  legacy_text_prose (text, &random, json, 100);
  legacy_json_ascii (json, "</li></ul>");
  legacy_json_end_string (json);
  legacy_text_add_prose (text, &random, json, "summary", 100);
  legacy_text_add_prose (text, &random, json, "sourceText", 350);
  legacy_json_time (json, "timestamp", session.start_ms + HOUR_MS);
  legacy_json_time (json, "lastUpdated", session.start_ms + HOUR_MS);
  legacy_json_string (json, "source", LEGACY_PICK (&random, sources));
  legacy_json_begin_array (json, "tags");
  legacy_json_text (json, NULL, LEGACY_PICK (&random, topics));
  legacy_json_end_array (json);
  legacy_json_begin_object (json, "metadata");
  legacy_json_string (json, "sentiment", LEGACY_PICK (&random, moods));
  legacy_json_begin_array (json, "keyPoints");
  legacy_text_add_prose (text, &random, json, NULL, 100);
  legacy_json_end_array (json);
  legacy_json_begin_array (json, "relatedTopics");
  legacy_json_end_array (json);
  legacy_json_end_object (json);
  add_source_session (self, &session, json);
  legacy_json_end_object (json);
}

static void
emit_notes (LegacyCollection *collection,
            LegacyJson       *json)
{
  LegacyStore *self = collection->user_data;

  legacy_json_begin_array (json, NULL);
  for (guint i = 0; i < self->shape.n_notes; i++)
    write_note (self, json, i);
  legacy_json_end_array (json);
}

static void
write_task (LegacyStore *self,
            LegacyJson  *json,
            guint        index)
{
  static const char * const priorities[] = { "low", "medium", "high" };
  static const char * const states[] = { "todo", "in-progress" };
  LegacySession session;
  LegacyRandom random;
  gboolean is_done;
  char id[LEGACY_ID_SIZE];
  char due[LEGACY_TIME_SIZE];

  legacy_session_init (&session, &self->shape, index);
  legacy_random_init (&random, self->shape.seed, index, LEGACY_STREAM_TASK, 1);
  legacy_task_format_id (&self->shape, index, id);
  legacy_time_format (session.start_ms + 48 * HOUR_MS, due);
  due[10] = '\0';
  is_done = legacy_random_one_in (&random, 3);

  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", id);
  legacy_text_add_title (self->shape.text, &random, json, "title", legacy_random_between (&random, 3, 12));
  legacy_json_boolean (json, "done", is_done);
  legacy_json_string (json, "priority", LEGACY_PICK (&random, priorities));
  legacy_json_string (json, "dueDate", due);
  legacy_json_time (json, "createdAt", session.start_ms + HOUR_MS);
  legacy_json_string (json, "status", is_done ? "done" : LEGACY_PICK (&random, states));
  legacy_json_string (json, "createdBy", "manual");
  legacy_text_add_prose (self->shape.text, &random, json, "description", 200);
  legacy_json_begin_array (json, "tags");
  legacy_json_end_array (json);
  if (is_done)
    legacy_json_time (json, "completedAt", session.start_ms + 2 * HOUR_MS);
  add_source_session (self, &session, json);
  legacy_json_end_object (json);
}

static void
emit_tasks (LegacyCollection *collection,
            LegacyJson       *json)
{
  LegacyStore *self = collection->user_data;

  legacy_json_begin_array (json, NULL);
  for (guint i = 0; i < self->shape.n_tasks; i++)
    write_task (self, json, i);
  legacy_json_end_array (json);
}

static void
begin_named (LegacyStore *self,
             LegacyJson  *json,
             guint        kind,
             guint        index,
             const char  *name)
{
  LegacySession first;

  legacy_session_init (&first, &self->shape, 0);

  legacy_json_begin_object (json, NULL);
  add_fixed_id (self, json, "id", kind, index);
  legacy_json_text (json, "name", name);
  legacy_json_time (json, "createdAt", first.start_ms - HOUR_MS + index * 1000);
  legacy_json_time (json, "lastUpdated", first.start_ms - HOUR_MS + index * 1000);
  legacy_json_integer (json, "noteCount", self->shape.n_notes / 6);
}

static void
emit_topics (LegacyCollection *collection,
             LegacyJson       *json)
{
  legacy_json_begin_array (json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    {
      begin_named (collection->user_data, json, 't', i, topics[i]);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
emit_companies (LegacyCollection *collection,
                LegacyJson       *json)
{
  legacy_json_begin_array (json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (companies); i++)
    {
      begin_named (collection->user_data, json, 'c', i, companies[i]);
      legacy_json_begin_object (json, "profile");
      legacy_json_string (json, "industry", "software");
      legacy_json_string (json, "website", "https://example.com/");
      legacy_json_end_object (json);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
emit_contacts (LegacyCollection *collection,
               LegacyJson       *json)
{
  legacy_json_begin_array (json, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (contacts); i++)
    {
      begin_named (collection->user_data, json, 'p', i, contacts[i]);
      legacy_json_begin_object (json, "profile");
      legacy_json_string (json, "role", "Engineer");
      add_fixed_id (collection->user_data, json, "companyId", 'c', i);
      legacy_json_string (json, "email", "somebody@example.com");
      legacy_json_end_object (json);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
emit_settings (LegacyCollection *collection,
               LegacyJson       *json)
{
  LegacyStore *self = collection->user_data;
  LegacyRandom random;

  legacy_random_init (&random, self->shape.seed, 's', LEGACY_STREAM_OTHER, 0);
  legacy_json_begin_object (json, NULL);
  legacy_json_begin_object (json, "aiSettings");
  legacy_text_add_prose (self->shape.text, &random, json, "systemInstructions", 300);
  legacy_json_boolean (json, "autoMergeNotes", TRUE);
  legacy_json_boolean (json, "autoExtractTasks", TRUE);
  legacy_json_end_object (json);
  legacy_json_begin_object (json, "learningSettings");
  legacy_json_boolean (json, "enabled", TRUE);
  legacy_json_decimal (json, "flagMultiplier", 15, 1);
  legacy_json_end_object (json);
  legacy_json_begin_object (json, "userProfile");
  legacy_json_string (json, "name", contacts[0]);
  legacy_json_end_object (json);
  legacy_json_begin_object (json, "ui");
  legacy_json_begin_object (json, "preferences");
  legacy_json_string (json, "theme", "light");
  legacy_json_string (json, "dateFormat", "12h");
  legacy_json_string (json, "timezone", "Europe/Helsinki");
  legacy_json_end_object (json);
  legacy_json_begin_array (json, "pinnedNotes");
  legacy_json_end_array (json);
  legacy_json_end_object (json);
  legacy_json_end_object (json);
}

/* Both kinds of compressed envelope stand side by side in real stores, so
 * only the sessions are forced into one; the older forms knew no compression.
 */
static LegacyForm
get_form_beside_sessions (LegacyForm form)
{
  return form == LEGACY_FORM_UNCOMPRESSED || form == LEGACY_FORM_BARE ? form : LEGACY_FORM_AUTO;
}

/**
 * legacy_store_save_collections:
 * @self: what to put into the store
 * @db_path: the folder for collections
 * @error: a location for an error
 *
 * Writes `sessions.json` and the collections beside it.
 *
 * Returns: %TRUE if all of them are complete
 */
gboolean
legacy_store_save_collections (LegacyStore  *self,
                               const char   *db_path,
                               GError      **error)
{
  static const struct { const char *name; LegacyEmit emit; } rest[] = {
    { "notes", emit_notes },
    { "tasks", emit_tasks },
    { "topics", emit_topics },
    { "companies", emit_companies },
    { "contacts", emit_contacts },
    { "settings", emit_settings },
  };
  LegacyCollection sessions = { .name = "sessions", .form = self->form, .emit = emit_sessions, .user_data = self };
  LegacySession first;

  legacy_session_init (&first, &self->shape, 0);
  sessions.timestamp_ms = first.start_ms;
  if (!legacy_collection_save (&sessions, db_path, error))
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (rest); i++)
    {
      LegacyCollection collection = {
        .name = rest[i].name,
        .form = get_form_beside_sessions (self->form),
        .emit = rest[i].emit,
        .user_data = self,
        .timestamp_ms = sessions.timestamp_ms,
      };

      if (!legacy_collection_save (&collection, db_path, error))
        return FALSE;
    }

  return TRUE;
}
