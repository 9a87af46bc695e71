/* strata-hit-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-wording.h"
#include "strata-hit-row.h"

/**
 * StrataHitRow:
 *
 * Something that was found: where, when, and the words around it, which are read
 * only for rows that are to be seen.
 *
 * Threads: the main one only.
 */
struct _StrataHitRow
{
  AdwBin           parent_instance;

  StrataSearchHit *hit;
  GCancellable    *cancellable;

  /* Template children */
  GtkImage        *icon;
  GtkLabel        *title;
  GtkLabel        *where;
  GtkLabel        *snippet;
};

G_DEFINE_FINAL_TYPE (StrataHitRow, strata_hit_row, ADW_TYPE_BIN)

static const struct
{
  const char *kind;
  const char *icon;
  const char *words;
} kinds[] = {
  { "session", "x-office-calendar-symbolic", N_("Session") },
  { "screenshot", "image-x-generic-symbolic", N_("Screenshot") },
  { "audio", "audio-x-generic-symbolic", N_("Recording") },
  { "transcript", "audio-x-generic-symbolic", N_("Transcript") },
  { "chapter", "video-x-generic-symbolic", N_("Chapter") },
  { "chunk", "video-x-generic-symbolic", N_("Video") },
  { "context", "view-pin-symbolic", N_("Marker") },
  { "note", "text-x-generic-symbolic", N_("Note") },
  { "task", "object-select-symbolic", N_("Task") },
};

/* Which kind it is; what is none of them is a session's own text */
static guint
find_kind (const char *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kind, kinds[i].kind) == 0)
      return i;

  return 0;
}

static char *
format_where (StrataSearchHit *hit)
{
  gint64 time_ms = strata_search_hit_get_time_ms (hit);
  gint64 offset_ms = strata_search_hit_get_offset_ms (hit);
  g_autoptr(GString) where = g_string_new (_(kinds[find_kind (strata_search_hit_get_kind (hit))].words));
  g_autoptr(GDateTime) time = time_ms != STRATA_TIME_UNKNOWN ? strata_wording_local_time (time_ms) : NULL;

  if (time != NULL)
    {
      g_autofree char *day = strata_wording_day (time);
      g_autofree char *of_day = strata_wording_time (time);

      g_string_append_printf (where, " · %s, %s", day, of_day);
    }
  if (offset_ms != STRATA_TIME_UNKNOWN && offset_ms > 0)
    {
      g_autofree char *offset = strata_wording_offset (offset_ms / 1000);

      /* Translators: a place in a session, such as “at 1:02:03” */
      g_string_append_printf (where, _(" · at %s"), offset);
    }

  return g_string_free (g_steal_pointer (&where), FALSE);
}

/* Snippets */

static void
show_snippet (StrataHitRow *self)
{
  g_autofree char *snippet = strata_search_hit_dup_snippet (self->hit);
  g_autofree char *markup = snippet != NULL ? strata_wording_snippet (snippet) : NULL;

  gtk_label_set_label (self->snippet, markup != NULL ? markup : "");
  gtk_widget_set_visible (GTK_WIDGET (self->snippet), markup != NULL && *markup != '\0');
}

static void
snippet_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataHitRow) self = user_data;
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));

  /* What can't be read has no snippet; a check of the store tells why */
  strata_search_load_snippet_finish (STRATA_SEARCH (object), result, NULL);
  if (cancellable == self->cancellable && self->hit != NULL)
    show_snippet (self);
}

/**
 * strata_hit_row_clear:
 *
 * Shows nothing any more, and waits for nothing.
 */
void
strata_hit_row_clear (StrataHitRow *self)
{
  g_return_if_fail (STRATA_IS_HIT_ROW (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->hit);
}

/**
 * strata_hit_row_bind:
 * @search: reads the words around it
 * @query: what was looked for
 * @hit: where it was found
 */
void
strata_hit_row_bind (StrataHitRow    *self,
                     StrataSearch    *search,
                     StrataQuery     *query,
                     StrataSearchHit *hit)
{
  const char *name;
  g_autofree char *where = NULL;
  g_autofree char *snippet = NULL;

  g_return_if_fail (STRATA_IS_HIT_ROW (self));
  g_return_if_fail (STRATA_IS_SEARCH_HIT (hit));

  strata_hit_row_clear (self);
  self->hit = g_object_ref (hit);
  name = strata_search_hit_get_session_name (hit);
  where = format_where (hit);
  gtk_image_set_from_icon_name (self->icon, kinds[find_kind (strata_search_hit_get_kind (hit))].icon);
  if (name == NULL || *name == '\0')
    name = strata_search_hit_get_key (hit) != NULL ? _("Session without a name") : _("In no session");
  gtk_label_set_label (self->title, name);
  gtk_label_set_label (self->where, where);
  show_snippet (self);

  snippet = strata_search_hit_dup_snippet (hit);
  if (snippet == NULL && search != NULL)
    {
      self->cancellable = g_cancellable_new ();
      strata_search_load_snippet_async (search, query, hit, self->cancellable, snippet_cb, g_object_ref (self));
    }
}

static void
strata_hit_row_dispose (GObject *object)
{
  strata_hit_row_clear (STRATA_HIT_ROW (object));
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_HIT_ROW);

  G_OBJECT_CLASS (strata_hit_row_parent_class)->dispose (object);
}

static void
strata_hit_row_class_init (StrataHitRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_hit_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-hit-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataHitRow, icon);
  gtk_widget_class_bind_template_child (widget_class, StrataHitRow, title);
  gtk_widget_class_bind_template_child (widget_class, StrataHitRow, where);
  gtk_widget_class_bind_template_child (widget_class, StrataHitRow, snippet);
}

static void
strata_hit_row_init (StrataHitRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_hit_row_new (void)
{
  return g_object_new (STRATA_TYPE_HIT_ROW, NULL);
}
