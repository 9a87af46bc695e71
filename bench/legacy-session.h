/* legacy-session.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-json.h"
#include "legacy-random.h"
#include "legacy-text.h"
#include "legacy-time.h"

G_BEGIN_DECLS

/* One MPEG-2 layer III frame of 16 kHz sound; sounds are whole frames. */
#define LEGACY_AUDIO_FRAME_MS 36

/**
 * LegacyShape:
 *
 * What is common to all sessions of a store. How many sessions there are is
 * not part of it: session number i is the same in every store of one shape.
 */
typedef struct
{
  LegacyText *text;
  guint64     seed;
  guint       n_screenshots;
  guint       n_audio;
  guint       image_every;
  guint       audio_every;
  guint       n_notes;
  guint       n_tasks;
  double      text_scale;
  guint64     huge_bytes;
} LegacyShape;

typedef struct
{
  const LegacyShape *shape;
  guint64            index;
  gint64             start_ms;
  guint64            n_screenshots;
  char               id[LEGACY_ID_SIZE];
} LegacySession;

/* A screenshot or a piece of sound, without its texts. */
typedef struct
{
  gint64   time_ms;
  guint    duration_ms;
  gboolean has_attachment;
  char     id[LEGACY_ID_SIZE];
  char     attachment_id[LEGACY_ID_SIZE];
} LegacyCapture;

/* Which stream of random numbers a part of the store draws from. */
typedef enum
{
  LEGACY_STREAM_SESSION,
  LEGACY_STREAM_SCREENSHOT,
  LEGACY_STREAM_SCREENSHOT_TEXT,
  LEGACY_STREAM_AUDIO,
  LEGACY_STREAM_AUDIO_TEXT,
  LEGACY_STREAM_AUDIO_BYTES,
  LEGACY_STREAM_INSIGHTS,
  LEGACY_STREAM_SCREEN,
  LEGACY_STREAM_NOTE,
  LEGACY_STREAM_TASK,
  LEGACY_STREAM_OTHER,
} LegacyStream;

void   legacy_session_init           (LegacySession     *self,
                                      const LegacyShape *shape,
                                      guint64            index);
gint64 legacy_session_get_end        (LegacySession     *self);
guint  legacy_session_scale          (LegacySession     *self,
                                      guint              value);
void   legacy_session_get_screenshot (LegacySession     *self,
                                      guint64            index,
                                      LegacyCapture     *out_capture);
void   legacy_session_get_audio      (LegacySession     *self,
                                      guint64            index,
                                      LegacyCapture     *out_capture);
void   legacy_session_write          (LegacySession     *self,
                                      LegacyJson        *json);

void   legacy_note_format_id         (const LegacyShape *shape,
                                      guint64            index,
                                      char               out_id[LEGACY_ID_SIZE]);
void   legacy_task_format_id         (const LegacyShape *shape,
                                      guint64            index,
                                      char               out_id[LEGACY_ID_SIZE]);

G_END_DECLS
