/* legacy-canvas.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-insights.h"

static void
write_theme (LegacySession *session,
             LegacyRandom  *random,
             LegacyJson    *json)
{
  legacy_json_begin_object (json, "theme");
  legacy_json_string (json, "primary", "#7c3aed");
  legacy_json_string (json, "secondary", "#22d3ee");
  legacy_json_string (json, "mood", "focused");
  legacy_text_add_prose (session->shape->text, random, json, "explanation", 200);
  legacy_json_end_object (json);
}

static void
write_citation (LegacySession *session,
                LegacyRandom  *random,
                LegacyJson    *json)
{
  LegacyCapture capture;

  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "type", "screenshot");
  legacy_json_time (json, "timestamp", legacy_session_get_end (session));
  legacy_json_begin_array (json, "screenshotIds");
  if (session->n_screenshots > 0)
    {
      legacy_session_get_screenshot (session, legacy_random_next (random) % session->n_screenshots, &capture);
      legacy_json_string (json, NULL, capture.id);
    }
  legacy_json_end_array (json);
  legacy_text_add_prose (session->shape->text, random, json, "excerpt", 100);
  legacy_json_decimal (json, "confidence", legacy_random_between (random, 1, 99), 2);
  legacy_json_end_object (json);
}

static void
write_section (LegacySession *session,
               LegacyRandom  *random,
               LegacyJson    *json,
               guint          position)
{
  static const char * const types[] = { "achievements", "timeline", "insights", "blockers", "next-steps" };
  LegacyText *text = session->shape->text;
  char id[16];

  g_snprintf (id, sizeof id, "sec-%u", position);
  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", id);
  legacy_json_string (json, "type", types[position % G_N_ELEMENTS (types)]);
  legacy_json_string (json, "emphasis", "low");
  legacy_json_integer (json, "position", position);
  legacy_json_begin_object (json, "content");
  legacy_text_add_title (text, random, json, "title", 6);
  legacy_text_add_prose (text, random, json, "body", 500);
  legacy_json_begin_array (json, "items");
  for (guint i = 0; i < legacy_session_scale (session, 7); i++)
    {
      legacy_json_begin_object (json, NULL);
      legacy_text_add_prose (text, random, json, "text", 120);
      legacy_json_begin_array (json, "citations");
      write_citation (session, random, json);
      legacy_json_end_array (json);
      legacy_json_end_object (json);
    }
  legacy_json_end_array (json);
  legacy_json_end_object (json);
  legacy_json_end_object (json);
}

static void
write_layout (LegacySession *session,
              LegacyRandom  *random,
              LegacyJson    *json)
{
  legacy_json_begin_object (json, "layout");
  legacy_json_string (json, "type", "story");
  legacy_json_string (json, "emphasis", "thematic");
  legacy_json_begin_array (json, "sections");
  for (guint i = 0; i < 7; i++)
    write_section (session, random, json, i);
  legacy_json_end_array (json);
  legacy_json_end_object (json);

  legacy_json_begin_object (json, "metadata");
  legacy_json_time (json, "generatedAt", legacy_session_get_end (session));
  legacy_json_string (json, "sessionType", "coding");
  legacy_json_decimal (json, "confidence", 91, 2);
  legacy_json_end_object (json);
}

static void
write_component (LegacySession *session,
                 LegacyRandom  *random,
                 LegacyJson    *json,
                 const char    *id,
                 const char    *type,
                 const char    *member)
{
  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", id);
  legacy_json_begin_object (json, "component");
  legacy_json_string (json, "type", type);
  legacy_text_add_prose (session->shape->text, random, json, member, 150);
  legacy_json_end_object (json);
  legacy_json_end_object (json);
}

static void
write_component_tree (LegacySession *session,
                      LegacyRandom  *random,
                      LegacyJson    *json)
{
  legacy_json_begin_object (json, "componentTree");
  legacy_json_string (json, "version", "2.0");
  legacy_json_begin_object (json, "root");
  legacy_json_string (json, "id", "r");
  legacy_json_begin_object (json, "component");
  legacy_json_string (json, "type", "Stack");
  legacy_json_string (json, "direction", "vertical");
  legacy_json_integer (json, "gap", 4);
  legacy_json_end_object (json);
  legacy_json_begin_array (json, "children");
  write_component (session, random, json, "h", "Heading", "text");
  write_component (session, random, json, "t", "Text", "content");
  legacy_json_end_array (json);
  legacy_json_end_object (json);
  legacy_json_end_object (json);
}

void
legacy_insights_write_canvas (LegacySession *session,
                              LegacyRandom  *random,
                              LegacyJson    *json)
{
  legacy_json_begin_object (json, "canvasSpec");
  write_theme (session, random, json);
  write_layout (session, random, json);
  write_component_tree (session, random, json);
  legacy_json_end_object (json);
}

static void
write_stage (LegacyJson *json,
             const char *key,
             const char *status)
{
  legacy_json_begin_object (json, key);
  legacy_json_string (json, "status", status);
  legacy_json_end_object (json);
}

void
legacy_insights_write_enrichment (LegacySession *session,
                                  LegacyRandom  *random,
                                  LegacyJson    *json)
{
  legacy_json_begin_object (json, "enrichmentStatus");
  legacy_json_string (json, "status", "completed");
  legacy_json_time (json, "startedAt", legacy_session_get_end (session));
  legacy_json_time (json, "completedAt", legacy_session_get_end (session) + 6000);
  legacy_json_integer (json, "progress", 100);
  legacy_json_string (json, "currentStage", "complete");
  write_stage (json, "audio", session->shape->n_audio > 0 ? "completed" : "skipped");
  write_stage (json, "video", "skipped");
  write_stage (json, "summary", "completed");
  legacy_json_decimal (json, "totalCost", legacy_random_between (random, 100, 900), 4);
  legacy_json_begin_array (json, "errors");
  legacy_json_end_array (json);
  legacy_json_begin_array (json, "warnings");
  legacy_json_string (json, NULL, "No video available for chaptering");
  legacy_json_end_array (json);
  legacy_json_boolean (json, "canResume", FALSE);
  legacy_json_end_object (json);

  legacy_json_begin_object (json, "enrichmentConfig");
  legacy_json_boolean (json, "includeAudioReview", TRUE);
  legacy_json_boolean (json, "includeVideoChapters", TRUE);
  legacy_json_boolean (json, "autoEnrichOnComplete", TRUE);
  legacy_json_integer (json, "maxCostThreshold", 5);
  legacy_json_end_object (json);
}
