/* legacy-session.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-insights.h"
#include "legacy-screenshot.h"
#include "legacy-session.h"

/* 2 January 2023, 08:00; a session every three hours from then on. */
#define FIRST_SESSION_MS   G_GINT64_CONSTANT (1672646400000)
#define SESSION_SPACING_MS G_GINT64_CONSTANT (10800000)
#define MINUTE_MS          G_GINT64_CONSTANT (60000)

static const char * const tags[] = { "deep-work", "reading", "review", "ops", "urgent", "日本", "café" };
static const char * const categories[] = { "Development", "Research", "Writing", "Meetings", "Planning" };

/**
 * legacy_session_init:
 * @self: the session
 * @shape: what all sessions of the store have in common
 * @index: which session, from 0
 *
 * Session 0 is the huge one where there is one; how many screenshots that has
 * is known only after [func@legacy_session_write].
 */
void
legacy_session_init (LegacySession     *self,
                     const LegacyShape *shape,
                     guint64            index)
{
  LegacyRandom random;

  legacy_random_init (&random, shape->seed, index, LEGACY_STREAM_SESSION, 0);
  self->shape = shape;
  self->index = index;
  self->n_screenshots = shape->n_screenshots;
  self->start_ms = FIRST_SESSION_MS + (gint64) index * SESSION_SPACING_MS
                   + legacy_random_below (&random, 40 * MINUTE_MS);
  legacy_id_format (self->start_ms, legacy_random_next (&random), self->id);
}

gint64
legacy_session_get_end (LegacySession *self)
{
  guint64 n_minutes = MAX (self->n_screenshots, (guint64) self->shape->n_audio * 3);

  return self->start_ms + (gint64) (n_minutes + 2) * MINUTE_MS;
}

/**
 * legacy_session_scale:
 * @self: a session
 * @value: a size or a count in a typical two-hour session
 *
 * Returns: the same for this session, at least 1
 */
guint
legacy_session_scale (LegacySession *self,
                      guint          value)
{
  return MAX (1, (guint) (value * MIN (self->shape->text_scale, 1.0)));
}

static gboolean
is_every (guint64 index,
          guint   every)
{
  return every > 0 && index % every == 0;
}

void
legacy_session_get_screenshot (LegacySession *self,
                               guint64        index,
                               LegacyCapture *out_capture)
{
  LegacyRandom random;

  legacy_random_init (&random, self->shape->seed, self->index, LEGACY_STREAM_SCREENSHOT, index);
  out_capture->time_ms = self->start_ms + (gint64) (index + 1) * MINUTE_MS
                         + legacy_random_below (&random, 9000);
  out_capture->duration_ms = 0;
  out_capture->has_attachment = is_every (index, self->shape->image_every);
  legacy_id_format (out_capture->time_ms, legacy_random_next (&random), out_capture->id);
  legacy_id_format (out_capture->time_ms, legacy_random_next (&random), out_capture->attachment_id);
}

void
legacy_session_get_audio (LegacySession *self,
                          guint64        index,
                          LegacyCapture *out_capture)
{
  LegacyRandom random;

  legacy_random_init (&random, self->shape->seed, self->index, LEGACY_STREAM_AUDIO, index);
  out_capture->time_ms = self->start_ms + (gint64) (index + 1) * 3 * MINUTE_MS
                         + legacy_random_below (&random, 9000);
  out_capture->duration_ms = LEGACY_AUDIO_FRAME_MS * legacy_random_between (&random, 20, 80);
  out_capture->has_attachment = is_every (index, self->shape->audio_every);
  legacy_id_format (out_capture->time_ms, legacy_random_next (&random), out_capture->id);
  g_snprintf (out_capture->attachment_id, sizeof out_capture->attachment_id,
              "audio-%s-%u-%" G_GINT64_FORMAT, self->id, (guint) index, out_capture->time_ms);
}

static void
format_spread_id (const LegacyShape *shape,
                  LegacyStream       stream,
                  guint64            index,
                  char               out_id[LEGACY_ID_SIZE])
{
  LegacySession session;
  LegacyRandom random;

  legacy_session_init (&session, shape, index);
  legacy_random_init (&random, shape->seed, index, stream, 0);
  legacy_id_format (session.start_ms + 7 * MINUTE_MS + stream, legacy_random_next (&random), out_id);
}

/* Note and task i come out of session i, in stores that have them. */
void
legacy_note_format_id (const LegacyShape *shape,
                       guint64            index,
                       char               out_id[LEGACY_ID_SIZE])
{
  format_spread_id (shape, LEGACY_STREAM_NOTE, index, out_id);
}

void
legacy_task_format_id (const LegacyShape *shape,
                       guint64            index,
                       char               out_id[LEGACY_ID_SIZE])
{
  format_spread_id (shape, LEGACY_STREAM_TASK, index, out_id);
}

/* A huge session goes on until it is that large; any other has its number. */
static void
write_screenshots (LegacySession *self,
                   LegacyJson    *json)
{
  guint64 huge_bytes = self->index == 0 ? self->shape->huge_bytes : 0;
  guint64 end = legacy_json_get_length (json) + huge_bytes;
  guint64 i;

  legacy_json_begin_array (json, "screenshots");
  for (i = 0; !legacy_json_is_stopped (json); i++)
    {
      if (huge_bytes > 0 ? legacy_json_get_length (json) >= end : i >= self->shape->n_screenshots)
        break;
      legacy_screenshot_write (self, json, i);
    }
  legacy_json_end_array (json);

  self->n_screenshots = i;
}

static void
write_transcription (LegacySession *self,
                     LegacyJson    *json,
                     guint64        index)
{
  LegacyRandom random;

  legacy_random_init (&random, self->shape->seed, self->index, LEGACY_STREAM_AUDIO_TEXT, index);
  legacy_text_speech (self->shape->text, &random, json, legacy_session_scale (self, 2400));
}

static void
write_audio_upgrade (LegacySession *self,
                     LegacyRandom  *random,
                     LegacyJson    *json,
                     guint64        index)
{
  static const char * const sentiments[] = { "neutral", "positive", "negative" };
  LegacyText *text = self->shape->text;

  legacy_json_string (json, "transcriptionQuality", "final");
  legacy_text_add_title (text, random, json, "draftTranscription", 5);
  legacy_json_begin_string (json, "enrichedTranscription");
  write_transcription (self, json, index);
  legacy_text_prose (text, random, json, 60);
  legacy_json_end_string (json);
  legacy_json_begin_array (json, "keyPhrases");
  legacy_text_add_title (text, random, json, NULL, 2);
  legacy_text_add_title (text, random, json, NULL, 3);
  legacy_json_end_array (json);
  legacy_json_string (json, "sentiment", LEGACY_PICK (random, sentiments));
}

static void
write_audio (LegacySession *self,
             LegacyRandom  *random,
             LegacyJson    *json,
             guint64        index,
             gboolean       is_upgraded)
{
  LegacyCapture capture;

  legacy_session_get_audio (self, index, &capture);

  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", capture.id);
  legacy_json_string (json, "sessionId", self->id);
  legacy_json_time (json, "timestamp", capture.time_ms);
  legacy_json_decimal (json, "duration", capture.duration_ms, 3);
  legacy_json_begin_string (json, "transcription");
  write_transcription (self, json, index);
  legacy_json_end_string (json);
  if (capture.has_attachment)
    legacy_json_string (json, "attachmentId", capture.attachment_id);
  if (is_upgraded)
    write_audio_upgrade (self, random, json, index);
  legacy_json_end_object (json);
}

static void
write_context_items (LegacySession *self,
                     LegacyRandom  *random,
                     LegacyJson    *json)
{
  static const char * const types[] = { "note", "task", "marker" };

  legacy_json_begin_array (json, "contextItems");
  for (guint i = 0; i < legacy_session_scale (self, 12); i++)
    {
      gint64 time_ms = self->start_ms + (i + 1) * 7 * MINUTE_MS;
      char id[LEGACY_ID_SIZE];

      legacy_id_format (time_ms, legacy_random_next (random), id);
      legacy_json_begin_object (json, NULL);
      legacy_json_string (json, "id", id);
      legacy_json_string (json, "sessionId", self->id);
      legacy_json_time (json, "timestamp", time_ms);
      legacy_json_string (json, "type", LEGACY_PICK (random, types));
      legacy_text_add_prose (self->shape->text, random, json, "content", 550);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_settings (LegacySession *self,
                LegacyRandom  *random,
                LegacyJson    *json)
{
  LegacyText *text = self->shape->text;

  legacy_text_add_title (text, random, json, "name", legacy_random_between (random, 3, 9));
  legacy_text_add_prose (text, random, json, "description", legacy_random_below (random, 500));
  legacy_json_string (json, "status", "completed");
  legacy_json_integer (json, "screenshotInterval", 1);
  legacy_json_boolean (json, "autoAnalysis", TRUE);
  legacy_json_boolean (json, "enableScreenshots", self->shape->n_screenshots > 0);
  legacy_json_string (json, "audioMode", "off");
  legacy_json_boolean (json, "audioRecording", self->shape->n_audio > 0);
  legacy_json_boolean (json, "audioReviewCompleted", self->shape->n_audio > 0);
  legacy_json_begin_array (json, "tags");
  for (guint i = legacy_random_below (random, 4); i > 0; i--)
    legacy_json_text (json, NULL, LEGACY_PICK (random, tags));
  legacy_json_end_array (json);
  legacy_json_boolean (json, "videoRecording", FALSE);
  legacy_json_string (json, "id", self->id);
  legacy_json_time (json, "startTime", self->start_ms);
}

static void
write_extracted (LegacySession *self,
                 LegacyJson    *json)
{
  char id[LEGACY_ID_SIZE];

  legacy_json_begin_array (json, "extractedTaskIds");
  legacy_task_format_id (self->shape, self->index, id);
  if (self->index < self->shape->n_tasks)
    legacy_json_string (json, NULL, id);
  legacy_json_end_array (json);

  legacy_json_begin_array (json, "extractedNoteIds");
  legacy_note_format_id (self->shape, self->index, id);
  if (self->index < self->shape->n_notes)
    legacy_json_string (json, NULL, id);
  legacy_json_end_array (json);
}

static void
write_last_screenshot (LegacySession *self,
                       LegacyJson    *json)
{
  LegacyCapture capture;

  if (self->n_screenshots == 0)
    return;

  legacy_session_get_screenshot (self, self->n_screenshots - 1, &capture);
  legacy_json_time (json, "lastScreenshotTime", capture.time_ms);
}

static void
write_all_audio (LegacySession *self,
                 LegacyRandom  *random,
                 LegacyJson    *json)
{
  gboolean is_upgraded = legacy_random_one_in (random, 2);

  legacy_json_begin_array (json, "audioSegments");
  for (guint i = 0; i < self->shape->n_audio; i++)
    write_audio (self, random, json, i, is_upgraded);
  legacy_json_end_array (json);
}

static void
write_full_transcription (LegacySession *self,
                          LegacyJson    *json)
{
  legacy_json_begin_string (json, "fullTranscription");
  for (guint i = 0; i < self->shape->n_audio; i++)
    write_transcription (self, json, i);
  legacy_json_end_string (json);
  legacy_json_boolean (json, "transcriptUpgradeCompleted", TRUE);
}

/**
 * legacy_session_write:
 * @self: a session
 * @json: where it goes
 *
 * Writes the session with its members in the old program's order.
 */
void
legacy_session_write (LegacySession *self,
                      LegacyJson    *json)
{
  gboolean has_audio = self->shape->n_audio > 0;
  LegacyRandom random;
  gint64 end_ms;

  legacy_random_init (&random, self->shape->seed, self->index, LEGACY_STREAM_INSIGHTS, 0);

  legacy_json_begin_object (json, NULL);
  write_settings (self, &random, json);
  write_screenshots (self, json);
  end_ms = legacy_session_get_end (self);

  write_extracted (self, json);
  write_context_items (self, &random, json);
  write_last_screenshot (self, json);
  if (has_audio)
    write_all_audio (self, &random, json);
  legacy_json_integer (json, "totalPausedTime", MINUTE_MS * legacy_random_below (&random, 20));
  legacy_json_time (json, "endTime", end_ms);
  legacy_json_integer (json, "totalDuration", (end_ms - self->start_ms) / MINUTE_MS);
  legacy_insights_write_summary (self, &random, json);
  legacy_json_string (json, "category", LEGACY_PICK (&random, categories));
  legacy_text_add_title (self->shape->text, &random, json, "subCategory", 3);
  if (has_audio)
    {
      write_full_transcription (self, json);
      legacy_insights_write_audio (self, &random, json);
    }
  if (legacy_random_one_in (&random, 8))
    legacy_insights_write_video (self, &random, json);
  legacy_insights_write_canvas (self, &random, json);
  legacy_insights_write_enrichment (self, &random, json);
  legacy_json_end_object (json);
}
