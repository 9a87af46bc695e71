/* legacy-attachment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "legacy-attachment.h"
#include "legacy-screen.h"

/* An MPEG-2 layer III frame at 64 kbit/s and 16 kHz; the head says how much
 * of the frame is sound.
 */
#define AUDIO_FRAME_SIZE 288
#define AUDIO_HEAD_SIZE  13

static gboolean
save_text (const char  *directory,
           const char  *id,
           const char  *ending,
           const char  *text,
           gssize       length,
           GError     **error)
{
  g_autofree char *name = g_strconcat (id, ending, NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL);

  /* Neither a temporary file nor fsync: nobody minds losing half a benchmark. */
  return g_file_set_contents_full (path, text, length, G_FILE_SET_CONTENTS_NONE, 0644, error);
}

static char *
dup_data_uri (const char *mime_type,
              GBytes     *bytes)
{
  gsize size;
  const guchar *data = g_bytes_get_data (bytes, &size);
  g_autofree char *base64 = g_base64_encode (data, size);

  return g_strdup_printf ("data:%s;base64,%s", mime_type, base64);
}

static gboolean
save_image (const LegacyCapture  *capture,
            LegacyScreen         *screen,
            const char           *directory,
            GError              **error)
{
  GBytes *jpeg = legacy_screen_get_jpeg (screen);
  g_autofree char *picture = dup_data_uri ("image/jpeg", jpeg);
  g_autofree char *thumbnail = dup_data_uri ("image/jpeg", legacy_screen_get_thumbnail (screen));
  g_autofree char *meta = NULL;
  char clock[16];
  char created[LEGACY_TIME_SIZE];

  legacy_time_format (capture->time_ms, created);
  legacy_time_format_clock (capture->time_ms, clock, sizeof clock);
  meta = g_strdup_printf ("{\"id\":\"%s\",\"type\":\"screenshot\",\"name\":\"Screenshot %s.jpg\","
                          "\"mimeType\":\"image/jpeg\",\"size\":%" G_GSIZE_FORMAT ",\"createdAt\":\"%s\","
                          "\"thumbnail\":\"%s\"}",
                          capture->attachment_id, clock, g_bytes_get_size (jpeg), created, thumbnail);

  return save_text (directory, capture->attachment_id, ".dat", picture, -1, error) &&
         save_text (directory, capture->attachment_id, ".meta.json", meta, -1, error);
}

/* A player hears silence: each frame says that it holds no sound, and the
 * bytes after that are there only so that they do not compress.
 */
static GBytes *
create_mp3 (LegacyRandom *random,
            guint         n_frames)
{
  gsize size = (gsize) n_frames * AUDIO_FRAME_SIZE;
  guchar *mp3 = g_malloc0 (size);

  for (guint i = 0; i < n_frames; i++)
    {
      guchar *frame = mp3 + (gsize) i * AUDIO_FRAME_SIZE;

      memcpy (frame, "\xff\xf3\x88\xc4", 4);
      for (guint j = AUDIO_HEAD_SIZE; j < AUDIO_FRAME_SIZE; j++)
        frame[j] = (guchar) legacy_random_below (random, 255);
    }

  return g_bytes_new_take (mp3, size);
}

static gboolean
save_audio (LegacySession        *session,
            const LegacyCapture  *capture,
            guint                 index,
            const char           *directory,
            GError              **error)
{
  g_autoptr(GBytes) mp3 = NULL;
  g_autofree char *sound = NULL;
  g_autofree char *meta = NULL;
  LegacyRandom random;
  char created[LEGACY_TIME_SIZE];
  char duration[G_ASCII_DTOSTR_BUF_SIZE];

  legacy_random_init (&random, session->shape->seed, session->index, LEGACY_STREAM_AUDIO_BYTES, index);
  mp3 = create_mp3 (&random, capture->duration_ms / LEGACY_AUDIO_FRAME_MS);
  sound = dup_data_uri ("audio/mp3", mp3);

  legacy_time_format (capture->time_ms, created);
  g_ascii_formatd (duration, sizeof duration, "%.15g", capture->duration_ms / 1000.0);
  meta = g_strdup_printf ("{\"id\":\"%s\",\"type\":\"audio\",\"name\":\"Audio Segment %u.mp3\","
                          "\"mimeType\":\"audio/mp3\",\"size\":%" G_GSIZE_FORMAT ",\"createdAt\":\"%s\","
                          "\"duration\":%s}",
                          capture->attachment_id, index + 1, strlen (sound), created, duration);

  return save_text (directory, capture->attachment_id, ".dat", sound, -1, error) &&
         save_text (directory, capture->attachment_id, ".meta.json", meta, -1, error);
}

static gboolean
save_images (LegacySession  *session,
             const char     *directory,
             int             width,
             int             height,
             GError        **error)
{
  g_autoptr(LegacyScreen) screen = NULL;
  LegacyRandom random;

  legacy_random_init (&random, session->shape->seed, session->index, LEGACY_STREAM_SCREEN, 0);
  screen = legacy_screen_new (session->shape->text, &random, width, height);

  for (guint64 i = 0; i < session->n_screenshots; i++)
    {
      LegacyCapture capture;

      legacy_session_get_screenshot (session, i, &capture);
      if (!capture.has_attachment)
        continue;
      legacy_screen_step (screen, capture.time_ms);
      if (!save_image (&capture, screen, directory, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * legacy_attachments_save:
 * @session: a session that has been written
 * @attachments_path: the folder for attachments
 * @image_width: of the screenshots
 * @image_height: of the screenshots
 * @error: a location for an error
 *
 * Writes the files that the session's attachment ids name.
 *
 * Returns: %TRUE if all of them are there
 */
gboolean
legacy_attachments_save (LegacySession  *session,
                         const char     *attachments_path,
                         int             image_width,
                         int             image_height,
                         GError        **error)
{
  if (session->shape->image_every > 0 &&
      !save_images (session, attachments_path, image_width, image_height, error))
    return FALSE;

  for (guint i = 0; i < session->shape->n_audio; i++)
    {
      LegacyCapture capture;

      legacy_session_get_audio (session, i, &capture);
      if (capture.has_attachment && !save_audio (session, &capture, i, attachments_path, error))
        return FALSE;
    }

  return TRUE;
}
