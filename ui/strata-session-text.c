/* strata-session-text.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-wording.h"
#include "strata-session-text.h"

/* A page of text that nobody reads to its end */
#define MOST_BYTES (1024 * 1024)

/**
 * StrataSessionText:
 *
 * What a session says of itself, to be read: its description, summary and other
 * insights, each under the name of what it was, in this order. All texts in these
 * are taken, whatever program wrote them; ids and times are not.
 */
struct _StrataSessionText
{
  GPtrArray *lines;   /* (element-type Line) */
  gsize      bytes;
};

typedef enum
{
  LINE_TITLE,     /* a member of the session */
  LINE_HEADING,   /* a member of that */
  LINE_TEXT,
} LineKind;

typedef struct
{
  LineKind  kind;
  char     *text;
} Line;

static const char *const members[] = { "description", "summary", "audioInsights", "fullTranscription" };

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->text);
  g_free (line);
}

void
strata_session_text_free (StrataSessionText *self)
{
  g_ptr_array_unref (self->lines);
  g_free (self);
}

gboolean
strata_session_text_is_empty (StrataSessionText *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->lines->len == 0;
}

static void
add_line (StrataSessionText *self,
          LineKind           kind,
          const char        *text)
{
  Line *line = g_new0 (Line, 1);

  line->kind = kind;
  line->text = g_strdup (text);
  self->bytes += strlen (text);
  g_ptr_array_add (self->lines, line);
}

/* Reading, on a thread */

typedef struct
{
  StrataSessionText *text;
  const char        *member;
  guint              skipped;      /* names before the one that matters */
  gboolean           has_title;
  char              *heading;      /* the last */
} Reading;

static gboolean
is_no_text (const char *name,
            const char *text)
{
  static const char *const endings[] = { "Id", "Ids", "At", "Time", "Updated", "timestamp", "priority", "percentage", "Count" };

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;

  /* Numbers and truth values say nothing without their names */
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isalpha (g_utf8_get_char (p)))
      return strcmp (text, "true") == 0 || strcmp (text, "false") == 0;

  return TRUE;
}

static gboolean
read_cb (const char *const *path,
         const char        *text,
         gpointer           user_data)
{
  Reading *reading = user_data;
  guint n_names = g_strv_length ((char **)path);
  const char *last = n_names > reading->skipped ? path[n_names - 1] : "";
  const char *heading = n_names > reading->skipped ? path[reading->skipped] : "";

  if ((reading->skipped > 0 && g_strcmp0 (path[0], reading->member) != 0) || is_no_text (last, text))
    return TRUE;

  if (!reading->has_title)
    add_line (reading->text, LINE_TITLE, reading->member);
  reading->has_title = TRUE;
  if (g_strcmp0 (heading, reading->heading) != 0)
    {
      /* What comes first is told by the title */
      if (*heading != '\0' && strcmp (heading, "narrative") != 0)
        add_line (reading->text, LINE_HEADING, heading);
      g_free (reading->heading);
      reading->heading = g_strdup (heading);
    }
  add_line (reading->text, LINE_TEXT, text);

  return reading->text->bytes < MOST_BYTES;
}

/* A member that is large lies in parts of its own. */
static gboolean
read_parts (StrataSession  *session,
            Reading        *reading,
            GCancellable   *cancellable,
            GError        **error)
{
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (session, reading->member);
  g_autoptr(GError) failure = NULL;
  StrataElements *elements;

  while ((elements = strata_part_iterator_load_next (iterator, cancellable, &failure)) != NULL)
    {
      gboolean ok = strata_scalars_visit (strata_elements_get_text (elements), read_cb, reading, error);

      strata_elements_unref (elements);
      if (!ok)
        return FALSE;
    }
  if (failure == NULL || g_error_matches (failure, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&failure));

  return FALSE;
}

static gboolean
read_member (StrataSession      *session,
             StrataSessionText  *text,
             const char         *member,
             GBytes             *metadata,
             GCancellable       *cancellable,
             GError            **error)
{
  Reading reading = { .text = text, .member = member, .skipped = 1 };
  gboolean ok = strata_scalars_visit (metadata, read_cb, &reading, error);

  if (ok && !reading.has_title)
    {
      reading.skipped = 0;
      ok = read_parts (session, &reading, cancellable, error);
    }
  g_free (reading.heading);

  return ok;
}

static void
load_worker (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  g_autoptr(GBytes) metadata = strata_session_dup_metadata (source);
  g_autoptr(StrataSessionText) text = g_new0 (StrataSessionText, 1);
  GError *error = NULL;

  text->lines = g_ptr_array_new_with_free_func (line_free);
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (!read_member (source, text, members[i], metadata, cancellable, &error))
      {
        g_task_return_error (task, error);
        return;
      }
  g_task_return_pointer (task, g_steal_pointer (&text), (GDestroyNotify)strata_session_text_free);
}

/**
 * strata_session_text_load_async:
 *
 * Reads it, on another thread.
 */
void
strata_session_text_load_async (StrataSession       *session,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (session, cancellable, callback, user_data);

  g_task_set_source_tag (task, strata_session_text_load_async);
  g_task_run_in_thread (task, load_worker);
}

/**
 * strata_session_text_load_finish:
 *
 * Returns: (transfer full): the text; or %NULL with @error set
 */
StrataSessionText *
strata_session_text_load_finish (GAsyncResult  *result,
                                 GError       **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Showing */

static void
ensure_tags (GtkTextBuffer *buffer)
{
  GtkTextTagTable *table = gtk_text_buffer_get_tag_table (buffer);

  if (gtk_text_tag_table_lookup (table, "title") != NULL)
    return;

  gtk_text_buffer_create_tag (buffer, "title", "weight", PANGO_WEIGHT_BOLD, "scale", PANGO_SCALE_X_LARGE,
                              "pixels-above-lines", 18, "pixels-below-lines", 6, NULL);
  gtk_text_buffer_create_tag (buffer, "heading", "weight", PANGO_WEIGHT_BOLD, "pixels-above-lines", 12,
                              "pixels-below-lines", 3, NULL);
  gtk_text_buffer_create_tag (buffer, "text", "pixels-below-lines", 4, NULL);
}

/**
 * strata_session_text_show:
 * @buffer: gets the text in the place of what it had
 */
void
strata_session_text_show (StrataSessionText *self,
                          GtkTextBuffer     *buffer)
{
  static const char *const tags[] = { [LINE_TITLE] = "title", [LINE_HEADING] = "heading", [LINE_TEXT] = "text" };
  GtkTextIter end;

  g_return_if_fail (self != NULL);
  g_return_if_fail (GTK_IS_TEXT_BUFFER (buffer));

  ensure_tags (buffer);
  gtk_text_buffer_set_text (buffer, "", 0);
  gtk_text_buffer_get_end_iter (buffer, &end);
  for (guint i = 0; i < self->lines->len; i++)
    {
      const Line *line = g_ptr_array_index (self->lines, i);
      g_autofree char *name = line->kind != LINE_TEXT ? strata_wording_name (line->text) : NULL;

      if (i > 0)
        gtk_text_buffer_insert (buffer, &end, "\n", 1);
      gtk_text_buffer_insert_with_tags_by_name (buffer, &end, name != NULL ? name : line->text, -1, tags[line->kind], NULL);
    }
}
