/* legacy-screenshot.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-screenshot.h"

static guint
scale_screen (LegacySession *self,
              guint          size_bytes)
{
  return (guint) (size_bytes * self->shape->text_scale);
}

static void
write_prose_array (LegacySession *self,
                   LegacyRandom  *random,
                   LegacyJson    *json,
                   const char    *key,
                   guint          n_items)
{
  legacy_json_begin_array (json, key);
  for (guint i = 0; i < n_items; i++)
    legacy_text_add_prose (self->shape->text, random, json, NULL, scale_screen (self, 120));
  legacy_json_end_array (json);
}

static void
write_analysis (LegacySession *self,
                LegacyRandom  *random,
                LegacyJson    *json)
{
  static const char * const activities[] = { "coding", "reading-docs", "terminal", "writing-notes", "browsing" };
  LegacyText *text = self->shape->text;

  legacy_json_begin_object (json, "aiAnalysis");
  legacy_text_add_prose (text, random, json, "summary", scale_screen (self, 160));
  legacy_json_string (json, "detectedActivity", LEGACY_PICK (random, activities));

  legacy_json_begin_string (json, "extractedText");
  legacy_text_screen (text, random, json, scale_screen (self, legacy_random_between (random, 1000, 5600)));
  legacy_json_end_string (json);

  legacy_json_begin_array (json, "keyElements");
  for (guint i = legacy_random_between (random, 2, 4); i > 0; i--)
    legacy_text_add_title (text, random, json, NULL, i);
  legacy_json_end_array (json);

  write_prose_array (self, random, json, "suggestedActions", legacy_random_below (random, 3));
  legacy_text_add_prose (text, random, json, "contextDelta", scale_screen (self, 120));
  legacy_json_decimal (json, "confidence", legacy_random_between (random, 50, 98), 2);
  legacy_json_decimal (json, "curiosity",
                       G_GUINT64_CONSTANT (100000000000000)
                       + legacy_random_next (random) % G_GUINT64_CONSTANT (900000000000000), 15);
  legacy_text_add_prose (text, random, json, "curiosityReason", scale_screen (self, 120));

  if (legacy_random_one_in (random, 2))
    {
      legacy_json_begin_object (json, "progressIndicators");
      write_prose_array (self, random, json, "achievements", 1);
      write_prose_array (self, random, json, "blockers", legacy_random_below (random, 2));
      write_prose_array (self, random, json, "insights", 1);
      legacy_json_end_object (json);
    }
  legacy_json_end_object (json);
}

/**
 * legacy_screenshot_write:
 * @self: a session
 * @json: where it goes
 * @index: which of its screenshots
 *
 * Writes one of `screenshots`. Most have been analysed; a few wait for that or
 * could not be.
 */
void
legacy_screenshot_write (LegacySession *self,
                         LegacyJson    *json,
                         guint64        index)
{
  static const char * const error_text =
    "529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}";
  LegacyCapture capture;
  LegacyRandom random;
  guint fate;

  legacy_session_get_screenshot (self, index, &capture);
  legacy_random_init (&random, self->shape->seed, self->index, LEGACY_STREAM_SCREENSHOT_TEXT, index);
  fate = legacy_random_below (&random, 100);

  legacy_json_begin_object (json, NULL);
  legacy_json_string (json, "id", capture.id);
  legacy_json_string (json, "sessionId", self->id);
  legacy_json_time (json, "timestamp", capture.time_ms);
  if (capture.has_attachment)
    legacy_json_string (json, "attachmentId", capture.attachment_id);
  legacy_json_string (json, "analysisStatus", fate < 90 ? "complete" : fate < 97 ? "error" : "pending");
  legacy_json_boolean (json, "flagged", legacy_random_one_in (&random, 40));

  if (fate < 90)
    write_analysis (self, &random, json);
  else if (fate < 97)
    legacy_json_text (json, "analysisError", error_text);
  if (fate < 5)
    legacy_text_add_prose (self->shape->text, &random, json, "userComment", 60);
  legacy_json_end_object (json);
}
