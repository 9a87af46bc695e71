/* make-legacy.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes stores as the old program leaves them, of any size, always the same
 * for the same options. README.md beside this file says what is in them.
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "legacy-attachment.h"
#include "legacy-collections.h"

#define MIN_IMAGE_WIDTH  320
#define MIN_IMAGE_HEIGHT 240
#define MAX_IMAGE_SIDE   16384

typedef struct
{
  char   *output;
  char   *form;
  char   *total_bytes;
  char   *huge_session;
  char   *image_size;
  gint64  seed;
  gint64  n_sessions;
  int     n_screenshots;
  int     n_audio;
  int     image_every;
  int     audio_every;
  int     n_notes;
  int     n_tasks;
  double  text_scale;
} Options;

static Options options = {
  .n_sessions = 10,
  .n_screenshots = 120,
  .n_audio = 40,
  .image_every = 10,
  .audio_every = -1,
  .n_notes = 200,
  .n_tasks = 200,
  .text_scale = 1.0,
};

static const GOptionEntry entries[] = {
  { "output", 0, 0, G_OPTION_ARG_FILENAME, &options.output, "Make the store in DIR, which must not hold one", "DIR" },
  { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "Another seed gives another store (0)", "N" },
  { "sessions", 0, 0, G_OPTION_ARG_INT64, &options.n_sessions, "Sessions (10)", "N" },
  { "total-bytes", 0, 0, G_OPTION_ARG_STRING, &options.total_bytes, "Add sessions until sessions.json is that long", "SIZE" },
  { "huge-session", 0, 0, G_OPTION_ARG_STRING, &options.huge_session, "Let the first session be that long", "SIZE" },
  { "screenshots", 0, 0, G_OPTION_ARG_INT, &options.n_screenshots, "Screenshots in a session (120)", "N" },
  { "audio", 0, 0, G_OPTION_ARG_INT, &options.n_audio, "Audio segments in a session (40)", "N" },
  { "image-every", 0, 0, G_OPTION_ARG_INT, &options.image_every, "Every Nth screenshot has a picture; 0: none (10)", "N" },
  { "audio-every", 0, 0, G_OPTION_ARG_INT, &options.audio_every, "Every Nth segment has sound (as --image-every)", "N" },
  { "image-size", 0, 0, G_OPTION_ARG_STRING, &options.image_size, "Size of the pictures (1920x1080)", "WxH" },
  { "text-scale", 0, 0, G_OPTION_ARG_DOUBLE, &options.text_scale, "Length of the texts (1.0)", "F" },
  { "notes", 0, 0, G_OPTION_ARG_INT, &options.n_notes, "Notes (200)", "N" },
  { "tasks", 0, 0, G_OPTION_ARG_INT, &options.n_tasks, "Tasks (200)", "N" },
  { "form", 0, 0, G_OPTION_ARG_STRING, &options.form, "string, gzip, uncompressed or bare (by size)", "FORM" },
  G_OPTION_ENTRY_NULL
};

static gboolean
refuse (GError     **error,
        const char  *option)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "Bad value for --%s", option);
  return FALSE;
}

/* "2G" is 2 * 1024³; no text at all is 0. */
static gboolean
parse_size (const char  *option,
            const char  *text,
            guint64     *out_bytes,
            GError     **error)
{
  static const char units[] = "KMGT";
  const char *unit;
  char *end;
  guint64 factor = 1;
  guint64 value;

  *out_bytes = 0;
  if (text == NULL)
    return TRUE;

  value = g_ascii_strtoull (text, &end, 10);
  unit = *end != '\0' ? strchr (units, g_ascii_toupper (*end)) : NULL;
  if (unit != NULL)
    {
      factor <<= 10 * (unit - units + 1);
      end++;
    }
  if (!g_ascii_isdigit (*text) || *end != '\0' || value == 0 || value > G_MAXINT64 / factor)
    return refuse (error, option);

  *out_bytes = value * factor;
  return TRUE;
}

static gboolean
parse_image_size (const char  *text,
                  int         *out_width,
                  int         *out_height,
                  GError     **error)
{
  char *end;
  guint64 width = 1920, height = 1080;

  if (text != NULL)
    {
      width = g_ascii_strtoull (text, &end, 10);
      height = *end == 'x' ? g_ascii_strtoull (end + 1, &end, 10) : 0;
      if (*end != '\0')
        height = 0;
    }
  if (width < MIN_IMAGE_WIDTH || height < MIN_IMAGE_HEIGHT || width > MAX_IMAGE_SIDE || height > MAX_IMAGE_SIDE)
    return refuse (error, "image-size");

  *out_width = (int) width;
  *out_height = (int) height;
  return TRUE;
}

static gboolean
parse_form (const char  *text,
            LegacyForm  *out_form,
            GError     **error)
{
  static const struct { const char *name; LegacyForm form; } forms[] = {
    { "string", LEGACY_FORM_STRING },
    { "gzip", LEGACY_FORM_GZIP },
    { "uncompressed", LEGACY_FORM_UNCOMPRESSED },
    { "bare", LEGACY_FORM_BARE },
  };

  *out_form = LEGACY_FORM_AUTO;
  if (text == NULL)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    if (g_str_equal (text, forms[i].name))
      {
        *out_form = forms[i].form;
        return TRUE;
      }

  return refuse (error, "form");
}

static gboolean
check_numbers (GError **error)
{
  const struct { const char *name; gint64 value; } counts[] = {
    { "sessions", options.n_sessions },
    { "screenshots", options.n_screenshots },
    { "audio", options.n_audio },
    { "image-every", options.image_every },
    { "notes", options.n_notes },
    { "tasks", options.n_tasks },
  };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i].value < 0)
      return refuse (error, counts[i].name);

  if (!isfinite (options.text_scale) || options.text_scale < 0 || options.text_scale > 1000)
    return refuse (error, "text-scale");
  if (options.output == NULL)
    return refuse (error, "output");

  return TRUE;
}

static gboolean
store_init (LegacyStore  *store,
            GError      **error)
{
  if (!check_numbers (error) ||
      !parse_size ("total-bytes", options.total_bytes, &store->total_bytes, error) ||
      !parse_size ("huge-session", options.huge_session, &store->shape.huge_bytes, error) ||
      !parse_form (options.form, &store->form, error))
    return FALSE;

  store->n_sessions = (guint64) options.n_sessions;
  store->shape.seed = (guint64) options.seed;
  store->shape.n_screenshots = (guint) options.n_screenshots;
  store->shape.n_audio = (guint) options.n_audio;
  store->shape.image_every = (guint) options.image_every;
  store->shape.audio_every = (guint) (options.audio_every < 0 ? options.image_every : options.audio_every);
  store->shape.n_notes = (guint) options.n_notes;
  store->shape.n_tasks = (guint) options.n_tasks;
  store->shape.text_scale = options.text_scale;

  return TRUE;
}

static char *
make_folder (const char  *parent,
             const char  *name,
             GError     **error)
{
  g_autofree char *path = g_build_filename (parent, name, NULL);

  if (g_mkdir_with_parents (path, 0755) == 0)
    return g_steal_pointer (&path);

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno),
               "Cannot create %s: %s", path, g_strerror (errno));
  return NULL;
}

static gboolean
save_attachments (LegacyStore  *store,
                  const char   *path,
                  int           width,
                  int           height,
                  GError      **error)
{
  for (guint64 i = 0; i < store->n_sessions; i++)
    {
      LegacySession session;

      legacy_session_init (&session, &store->shape, i);
      if (i == 0)
        session.n_screenshots = store->n_huge_screenshots;
      if (!legacy_attachments_save (&session, path, width, height, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
run (GError **error)
{
  g_autofree char *root = NULL, *db = NULL, *attachments = NULL, *videos = NULL, *backups = NULL;
  g_autoptr(LegacyText) text = NULL;
  LegacyStore store = { 0 };
  int width = 0, height = 0;

  if (!store_init (&store, error) || !parse_image_size (options.image_size, &width, &height, error))
    return FALSE;

  /* A store that gains files from another run would be none of the two. */
  root = g_build_filename (options.output, "com.taskerino.desktop", NULL);
  if (g_file_test (root, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "%s exists", root);
      return FALSE;
    }

  db = make_folder (root, "db", error);
  attachments = db != NULL ? make_folder (root, "attachments", error) : NULL;
  videos = attachments != NULL ? make_folder (root, "videos", error) : NULL;
  backups = videos != NULL ? make_folder (root, "backups", error) : NULL;
  if (backups == NULL)
    return FALSE;

  text = store.shape.text = legacy_text_new ();

  return legacy_store_save_collections (&store, db, error) &&
         save_attachments (&store, attachments, width, height, error);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("- make a store as the old program leaves it");
  g_autoptr(GError) error = NULL;

  /* No setlocale(): the language would choose the fonts, and the same options
   * must give the same pictures to everybody.
   */
  g_option_context_add_main_entries (context, entries, NULL);

  if (!g_option_context_parse (context, &argc, &argv, &error) || !run (&error))
    {
      g_printerr ("make-legacy: %s\n", error->message);
      return EXIT_FAILURE;
    }

  return EXIT_SUCCESS;
}
