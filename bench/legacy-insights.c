/* legacy-insights.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-insights.h"

static const char * const levels[] = { "low", "medium", "high" };

static void
add_prose (LegacySession *session,
           LegacyRandom  *random,
           LegacyJson    *json,
           const char    *key,
           guint          size_bytes)
{
  legacy_text_add_prose (session->shape->text, random, json, key, size_bytes);
}

static void
add_title (LegacySession *session,
           LegacyRandom  *random,
           LegacyJson    *json,
           const char    *key)
{
  legacy_text_add_title (session->shape->text, random, json, key, legacy_random_between (random, 3, 9));
}

static void
add_end_time (LegacySession *session,
              LegacyJson    *json,
              const char    *key)
{
  legacy_json_time (json, key, legacy_session_get_end (session));
}

static void
add_new_id (LegacySession *session,
            LegacyRandom  *random,
            LegacyJson    *json)
{
  char id[LEGACY_ID_SIZE];

  legacy_id_format (legacy_session_get_end (session), legacy_random_next (random), id);
  legacy_json_string (json, "id", id);
}

static void
add_screenshot_ids (LegacySession *session,
                    LegacyRandom  *random,
                    LegacyJson    *json,
                    const char    *key,
                    guint          n_ids)
{
  legacy_json_begin_array (json, key);
  for (guint i = 0; i < n_ids && session->n_screenshots > 0; i++)
    {
      LegacyCapture capture;

      legacy_session_get_screenshot (session, legacy_random_next (random) % session->n_screenshots, &capture);
      legacy_json_string (json, NULL, capture.id);
    }
  legacy_json_end_array (json);
}

static void
add_prose_array (LegacySession *session,
                 LegacyRandom  *random,
                 LegacyJson    *json,
                 const char    *key,
                 guint          n_items)
{
  legacy_json_begin_array (json, key);
  for (guint i = 0; i < n_items; i++)
    add_prose (session, random, json, NULL, 200);
  legacy_json_end_array (json);
}

static void
write_recommended_tasks (LegacySession *session,
                         LegacyRandom  *random,
                         LegacyJson    *json)
{
  legacy_json_begin_array (json, "recommendedTasks");
  for (guint i = 0; i < legacy_session_scale (session, 18); i++)
    {
      legacy_json_begin_object (json, NULL);
      add_title (session, random, json, "title");
      legacy_json_string (json, "priority", LEGACY_PICK (random, levels));
      add_prose (session, random, json, "context", 400);
      add_screenshot_ids (session, random, json, "relatedScreenshotIds", 2);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_key_insights (LegacySession *session,
                    LegacyRandom  *random,
                    LegacyJson    *json)
{
  legacy_json_begin_array (json, "keyInsights");
  for (guint i = 0; i < legacy_session_scale (session, 18); i++)
    {
      legacy_json_begin_object (json, NULL);
      add_prose (session, random, json, "insight", 250);
      add_end_time (session, json, "timestamp");
      add_screenshot_ids (session, random, json, "screenshotIds", 1);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_focus_areas (LegacyJson *json)
{
  static const struct { const char *area, *duration, *percentage; } areas[] = {
    { "Coding", "42.5", "70.83333333333333" },
    { "Reading", "17.5", "29.166666666666668" },
  };

  legacy_json_begin_array (json, "focusAreas");
  for (guint i = 0; i < G_N_ELEMENTS (areas); i++)
    {
      legacy_json_begin_object (json, NULL);
      legacy_json_string (json, "area", areas[i].area);
      legacy_json_literal (json, "duration", areas[i].duration);
      legacy_json_literal (json, "percentage", areas[i].percentage);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_achievements (LegacySession *session,
                    LegacyRandom  *random,
                    LegacyJson    *json)
{
  legacy_json_begin_array (json, "achievementsEnhanced");
  for (guint i = 0; i < legacy_session_scale (session, 14); i++)
    {
      legacy_json_begin_object (json, NULL);
      add_new_id (session, random, json);
      add_prose (session, random, json, "text", 200);
      add_end_time (session, json, "timestamp");
      add_screenshot_ids (session, random, json, "screenshotIds", 1);
      legacy_json_string (json, "importance", "major");
      legacy_json_string (json, "category", "feature");
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_key_moments (LegacySession *session,
                   LegacyRandom  *random,
                   LegacyJson    *json)
{
  legacy_json_begin_array (json, "keyMoments");
  for (guint i = 0; i < legacy_session_scale (session, 14); i++)
    {
      legacy_json_begin_object (json, NULL);
      add_new_id (session, random, json);
      legacy_json_string (json, "type", "breakthrough");
      add_end_time (session, json, "timestamp");
      add_title (session, random, json, "title");
      add_prose (session, random, json, "description", 350);
      add_screenshot_ids (session, random, json, "screenshotIds", 1);
      legacy_json_string (json, "impact", LEGACY_PICK (random, levels));
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

/* Members and numbers that a reader of JSON may well spell differently. */
static void
write_odd_metadata (LegacyJson *json)
{
  legacy_json_begin_object (json, "metadata");
  legacy_json_string (json, "2", "int key");
  legacy_json_string (json, "10", "int key");
  legacy_json_literal (json, "tiny", "5e-324");
  legacy_json_literal (json, "big", "1e+21");
  legacy_json_literal (json, "unsafe", "9007199254740992");
  legacy_json_literal (json, "neg", "-0.5");
  legacy_json_literal (json, "nil", "null");
  legacy_json_begin_object (json, "empty");
  legacy_json_end_object (json);
  legacy_json_begin_array (json, "arr");
  legacy_json_end_array (json);
  legacy_json_end_object (json);
}

static void
write_dynamic_insights (LegacySession *session,
                        LegacyRandom  *random,
                        LegacyJson    *json)
{
  legacy_json_begin_array (json, "dynamicInsights");
  for (guint i = 0; i < legacy_session_scale (session, 4); i++)
    {
      legacy_json_begin_object (json, NULL);
      legacy_json_string (json, "type", "flow-state");
      add_title (session, random, json, "title");
      add_prose (session, random, json, "description", 300);
      legacy_json_literal (json, "confidence", "0.30000000000000004");
      write_odd_metadata (json);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);

  legacy_json_begin_object (json, "generationMetadata");
  add_prose (session, random, json, "reasoning", 500);
  legacy_json_decimal (json, "confidence", 87, 2);
  legacy_json_string (json, "detectedSessionType", "deep-work");
  add_title (session, random, json, "primaryTheme");
  legacy_json_begin_array (json, "warnings");
  legacy_json_end_array (json);
  legacy_json_end_object (json);
}

void
legacy_insights_write_summary (LegacySession *session,
                               LegacyRandom  *random,
                               LegacyJson    *json)
{
  legacy_json_begin_object (json, "summary");
  add_prose (session, random, json, "narrative", legacy_session_scale (session, 6000));
  add_prose_array (session, random, json, "achievements", legacy_session_scale (session, 18));
  add_prose_array (session, random, json, "blockers", legacy_session_scale (session, 8));
  write_recommended_tasks (session, random, json);
  write_key_insights (session, random, json);
  write_focus_areas (json);
  add_end_time (session, json, "lastUpdated");
  legacy_json_integer (json, "screenshotCount", (gint64) session->n_screenshots);
  write_achievements (session, random, json);
  write_key_moments (session, random, json);
  write_dynamic_insights (session, random, json);
  legacy_json_end_object (json);
}

static void
write_emotions (LegacySession *session,
                LegacyRandom  *random,
                LegacyJson    *json)
{
  static const char * const emotions[] = { "focused", "frustrated", "relieved", "curious", "tired" };
  guint n_items = legacy_session_scale (session, 28);

  legacy_json_begin_array (json, "emotionalJourney");
  for (guint i = 0; i < n_items; i++)
    {
      legacy_json_begin_object (json, NULL);
      legacy_json_decimal (json, "timestamp", 5 + 1205 * i, 1);
      legacy_json_string (json, "emotion", LEGACY_PICK (random, emotions));
      add_prose (session, random, json, "description", 200);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

static void
write_audio_moments (LegacySession *session,
                     LegacyRandom  *random,
                     LegacyJson    *json)
{
  guint n_items = legacy_session_scale (session, 22);

  legacy_json_begin_array (json, "keyMoments");
  for (guint i = 0; i < n_items; i++)
    {
      legacy_json_begin_object (json, NULL);
      legacy_json_integer (json, "timestamp", 150 * i);
      legacy_json_string (json, "type", "decision");
      add_prose (session, random, json, "description", 150);
      add_prose (session, random, json, "context", 250);
      add_prose (session, random, json, "excerpt", 120);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
}

void
legacy_insights_write_audio (LegacySession *session,
                             LegacyRandom  *random,
                             LegacyJson    *json)
{
  legacy_json_begin_object (json, "audioInsights");
  add_prose (session, random, json, "narrative", legacy_session_scale (session, 3000));
  write_emotions (session, random, json);
  write_audio_moments (session, random, json);
  legacy_json_begin_object (json, "workPatterns");
  legacy_json_string (json, "focusLevel", LEGACY_PICK (random, levels));
  legacy_json_integer (json, "interruptions", legacy_random_below (random, 9));
  legacy_json_begin_array (json, "flowStates");
  legacy_json_begin_object (json, NULL);
  legacy_json_integer (json, "start", 0);
  legacy_json_decimal (json, "end", 995, 1);
  add_prose (session, random, json, "description", 200);
  legacy_json_end_object (json);
  legacy_json_end_array (json);
  legacy_json_end_object (json);
  legacy_json_begin_object (json, "environmentalContext");
  legacy_json_string (json, "ambientNoise", "fan hum");
  legacy_json_string (json, "workSetting", "quiet office");
  legacy_json_string (json, "timeOfDay", "morning");
  legacy_json_end_object (json);
  add_end_time (session, json, "processedAt");
  legacy_json_string (json, "modelUsed", "audio-model-1");
  legacy_json_decimal (json, "processingDuration", 1275, 2);
  legacy_json_end_object (json);
}

/* Chapters of a recording whose film is gone: there is no attachment. */
void
legacy_insights_write_video (LegacySession *session,
                             LegacyRandom  *random,
                             LegacyJson    *json)
{
  legacy_json_begin_object (json, "video");
  add_new_id (session, random, json);
  legacy_json_string (json, "sessionId", session->id);
  legacy_json_begin_array (json, "chunks");
  legacy_json_end_array (json);
  legacy_json_begin_array (json, "chapters");
  for (guint i = 0; i < legacy_session_scale (session, 6); i++)
    {
      legacy_json_begin_object (json, NULL);
      add_new_id (session, random, json);
      legacy_json_string (json, "sessionId", session->id);
      legacy_json_integer (json, "startTime", 20 * i);
      legacy_json_integer (json, "endTime", 20 * i + 20);
      add_title (session, random, json, "title");
      add_prose (session, random, json, "summary", 400);
      legacy_json_begin_array (json, "keyTopics");
      add_title (session, random, json, NULL);
      legacy_json_end_array (json);
      legacy_json_decimal (json, "confidence", 80, 2);
      add_end_time (session, json, "createdAt");
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
  legacy_json_integer (json, "duration", 120);
  legacy_json_string (json, "chunkingStatus", "complete");
  add_end_time (session, json, "processedAt");
  legacy_json_end_object (json);
}
