/* strata-session-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-attachment-row.h"
#include "strata-element-loader.h"
#include "strata-wording.h"
#include "strata-segment-row.h"
#include "strata-session-entry.h"
#include "strata-session-text.h"
#include "strata-session-view.h"
#include "strata-thumbnail.h"

/* A large picture is read as large as a screen is */
#define LARGE_WIDTH  2560
#define LARGE_HEIGHT 1600

/**
 * StrataSessionView:
 *
 * One session: its facts are there at once, from the list; then come its
 * screenshots as a film strip with one of them large, what it says of itself, its
 * transcript and attachments, each as soon as it is read and only as much as is
 * to be seen.
 *
 * Threads: the main one only, which waits for nothing.
 */
struct _StrataSessionView
{
  AdwBin               parent_instance;

  /* Of the session that is open */
  StrataStore         *store;
  char                *key;
  char                *wanted_member;   /* with @wanted_item: where to go to when it is read */
  char                *wanted_item;
  StrataSession       *session;
  StrataElementLoader *loader;
  GCancellable        *cancellable;
  GCancellable        *picture_cancellable;
  GListStore          *attachments;     /* of StrataAttachmentEntry */

  /* Template children */
  GtkLabel            *title;
  GtkLabel            *facts;
  GtkLabel            *tags;
  GtkStack            *stack;
  AdwStatusPage       *failed_page;
  AdwViewStack        *pages;
  GtkStack            *picture_stack;
  GtkPicture          *picture;
  AdwStatusPage       *no_picture;
  GtkLabel            *caption;
  GtkListView         *strip;
  GtkTextView         *text;
  GtkListView         *transcript;
  GtkListView         *attachment_list;
  GtkSingleSelection  *screenshots;
  GtkNoSelection      *segments;
  GtkNoSelection      *attachment_selection;
};

enum {
  PROP_0,
  PROP_HAS_SCREENSHOT,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataSessionView, strata_session_view, ADW_TYPE_BIN)

static GParamSpec *properties[N_PROPS];

static void
show_page (StrataSessionView *self,
           const char        *name,
           gboolean           visible)
{
  GtkWidget *child = adw_view_stack_get_child_by_name (self->pages, name);

  adw_view_stack_page_set_visible (adw_view_stack_get_page (self->pages, child), visible);
}

/* Whether a callback is about the session that is open */
static gboolean
is_current (StrataSessionView *self,
            GAsyncResult      *result)
{
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));

  return cancellable != NULL && cancellable == self->cancellable && !g_cancellable_is_cancelled (cancellable);
}

/* Facts */

static void
show_facts (StrataSessionView *self,
            StrataSessionInfo *info)
{
  g_autoptr(StrataSessionEntry) entry = strata_session_entry_new (info);
  g_autoptr(GDateTime) start = strata_wording_parse_time (info->start);
  g_autofree char *day = start != NULL ? strata_wording_day (start) : NULL;
  g_autofree char *facts = strata_session_entry_dup_facts (entry);
  g_autofree char *title = strata_session_entry_dup_title (entry);
  g_autofree char *all_facts = day != NULL ? g_strdup_printf ("%s · %s", day, facts) : g_strdup (facts);
  g_autofree char *tags = g_strjoinv (", ", info->tags);
  const char *about[] = { info->category, info->status, *tags != '\0' ? tags : NULL };
  g_autoptr(GString) line = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (about); i++)
    if (about[i] != NULL && *about[i] != '\0')
      g_string_append_printf (line, "%s%s", line->len > 0 ? " · " : "", about[i]);

  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->facts, all_facts);
  gtk_label_set_label (self->tags, line->str);
  gtk_widget_set_visible (GTK_WIDGET (self->tags), line->len > 0);
}

/* Screenshots */

/* In one paragraph: a label counts its lines anew in each, and what it may not
 * leave out makes the page higher than a low window, and then wider.
 */
static char *
make_caption (const char *text)
{
  return g_strdelimit (g_strdup (text), "\n\r\t", ' ');
}

static void
picture_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataSessionView) self = user_data;
  gboolean is_mine = g_task_get_cancellable (G_TASK (result)) == self->picture_cancellable;
  g_autoptr(StrataElement) element = strata_element_loader_load_finish (STRATA_ELEMENT_LOADER (object), result, NULL);
  g_autofree char *time = NULL;
  g_autofree char *name = NULL;
  g_autofree char *problem = NULL;
  g_autofree char *caption = NULL;

  if (!is_mine || element == NULL)
    return;

  time = element->time != NULL ? strata_wording_time (element->time) : g_strdup (_("no time"));
  name = g_strdup_printf (_("Screenshot, %s"), time);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (element->picture));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, element->text, -1);
  caption = make_caption (element->text);
  problem = element->problem != NULL ? g_markup_escape_text (element->problem, -1) : NULL;
  adw_status_page_set_description (self->no_picture, problem);
  gtk_stack_set_visible_child_name (self->picture_stack, element->picture != NULL ? "picture" : "none");
  gtk_label_set_label (self->caption, caption);
  gtk_widget_set_visible (GTK_WIDGET (self->caption), *element->text != '\0');
}

static void
load_picture (StrataSessionView *self)
{
  StrataItem *item = gtk_single_selection_get_selected_item (self->screenshots);

  g_cancellable_cancel (self->picture_cancellable);
  g_clear_object (&self->picture_cancellable);
  if (item == NULL || strata_item_get_json (item) == NULL || self->loader == NULL)
    return;

  self->picture_cancellable = g_cancellable_new ();
  strata_element_loader_load_async (self->loader, strata_item_get_json (item), LARGE_WIDTH, LARGE_HEIGHT,
                                    self->picture_cancellable, picture_cb, g_object_ref (self));
}

/* Another screenshot is in front, or the one that is was read now. */
static void
selected_cb (StrataSessionView *self)
{
  StrataItem *item = gtk_single_selection_get_selected_item (self->screenshots);

  if (item != NULL && !strata_item_get_loaded (item))
    g_signal_connect_object (item, "notify::loaded", G_CALLBACK (load_picture), self, G_CONNECT_SWAPPED);
  load_picture (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_HAS_SCREENSHOT]);
}

static void
bind_thumbnail_cb (StrataSessionView *self,
                   GtkListItem       *list_item)
{
  if (self->loader != NULL)
    strata_thumbnail_bind (STRATA_THUMBNAIL (gtk_list_item_get_child (list_item)), self->loader,
                           gtk_list_item_get_item (list_item));
}

static void
unbind_thumbnail_cb (StrataSessionView *self,
                     GtkListItem       *list_item)
{
  strata_thumbnail_clear (STRATA_THUMBNAIL (gtk_list_item_get_child (list_item)));
}

static void
setup_thumbnail_cb (StrataSessionView *self,
                    GtkListItem       *list_item)
{
  gtk_list_item_set_child (list_item, strata_thumbnail_new ());
}

/* Transcript */

static void
setup_segment_cb (StrataSessionView *self,
                  GtkListItem       *list_item)
{
  gtk_list_item_set_child (list_item, strata_segment_row_new ());
}

static void
bind_segment_cb (StrataSessionView *self,
                 GtkListItem       *list_item)
{
  if (self->loader != NULL)
    strata_segment_row_bind (STRATA_SEGMENT_ROW (gtk_list_item_get_child (list_item)), self->loader,
                             gtk_list_item_get_item (list_item));
}

static void
unbind_segment_cb (StrataSessionView *self,
                   GtkListItem       *list_item)
{
  strata_segment_row_clear (STRATA_SEGMENT_ROW (gtk_list_item_get_child (list_item)));
}

/* Attachments */

static void
setup_attachment_cb (StrataSessionView *self,
                     GtkListItem       *list_item)
{
  gtk_list_item_set_activatable (list_item, FALSE);
  gtk_list_item_set_child (list_item, strata_attachment_row_new ());
}

static void
bind_attachment_cb (StrataSessionView *self,
                    GtkListItem       *list_item)
{
  if (self->store != NULL)
    strata_attachment_row_bind (STRATA_ATTACHMENT_ROW (gtk_list_item_get_child (list_item)), self->store,
                                gtk_list_item_get_item (list_item));
}

static void
attachments_worker (GTask        *task,
                    gpointer      source,
                    gpointer      task_data,
                    GCancellable *cancellable)
{
  StrataSession *session = task_data;
  GError *error = NULL;
  g_autoptr(GPtrArray) infos =
    strata_store_list_attachments (strata_session_get_store (session), strata_session_get_key (session), &error);
  g_autoptr(GPtrArray) entries = NULL;

  if (infos == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  entries = g_ptr_array_new_full (infos->len, g_object_unref);
  for (guint i = 0; i < infos->len; i++)
    g_ptr_array_add (entries, strata_attachment_entry_new (g_ptr_array_index (infos, i)));
  g_task_return_pointer (task, g_steal_pointer (&entries), (GDestroyNotify)g_ptr_array_unref);
}

static void
attachments_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  StrataSessionView *self = STRATA_SESSION_VIEW (object);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) entries = g_task_propagate_pointer (G_TASK (result), &error);

  if (!is_current (self, result))
    return;

  if (entries == NULL)
    {
      g_warning ("The attachments of a session can’t be listed: %s", error->message);
      return;
    }
  g_list_store_splice (self->attachments, 0, g_list_model_get_n_items (G_LIST_MODEL (self->attachments)), entries->pdata,
                       entries->len);
  show_page (self, "attachments", entries->len > 0);
}

static void
load_attachments (StrataSessionView *self)
{
  g_autoptr(GTask) task = g_task_new (self, self->cancellable, attachments_cb, NULL);

  g_task_set_source_tag (task, load_attachments);
  g_task_set_task_data (task, g_object_ref (self->session), g_object_unref);
  g_task_run_in_thread (task, attachments_worker);
}

/* Text */

static void
text_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(StrataSessionView) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionText) text = strata_session_text_load_finish (result, &error);

  if (!is_current (self, result))
    return;

  if (text == NULL)
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), error->message, -1);
  else if (strata_session_text_is_empty (text))
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), _("This session says nothing of itself."), -1);
  else
    strata_session_text_show (text, gtk_text_view_get_buffer (self->text));
}

/* Going to where something was found */

typedef struct
{
  StrataSession *session;
  char          *member;
  char          *item;
} Place;

static void
place_free (gpointer data)
{
  Place *place = data;

  g_object_unref (place->session);
  g_free (place->member);
  g_free (place->item);
  g_free (place);
}

/* Gives -1 where it is not there any more. */
static void
find_worker (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  const Place *place = task_data;
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (place->session, place->member);
  gssize found = -1;
  StrataElements *elements;

  while (found < 0 && (elements = strata_part_iterator_load_next (iterator, cancellable, NULL)) != NULL)
    {
      for (guint i = 0; found < 0 && i < strata_elements_get_n_elements (elements); i++)
        {
          g_autofree char *id = strata_elements_dup_id (elements, i);

          if (g_strcmp0 (id, place->item) == 0)
            found = (gssize)strata_elements_get_first (elements) + i;
        }
      strata_elements_unref (elements);
    }
  g_task_return_int (task, found);
}

static void
go_to (StrataSessionView *self,
       const char        *member,
       guint              position)
{
  if (strcmp (member, "screenshots") == 0)
    {
      adw_view_stack_set_visible_child_name (self->pages, "screenshots");
      gtk_single_selection_set_selected (self->screenshots, position);
      gtk_widget_activate_action (GTK_WIDGET (self->strip), "list.scroll-to-item", "u", position);
    }
  else
    {
      adw_view_stack_set_visible_child_name (self->pages, "transcript");
      gtk_widget_activate_action (GTK_WIDGET (self->transcript), "list.scroll-to-item", "u", position);
    }
}

static void
found_place_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  StrataSessionView *self = STRATA_SESSION_VIEW (object);
  const Place *place = g_task_get_task_data (G_TASK (result));
  gssize found = g_task_propagate_int (G_TASK (result), NULL);

  if (is_current (self, result) && found >= 0)
    go_to (self, place->member, (guint)found);
}

static void
look_for_wanted (StrataSessionView *self)
{
  g_autoptr(GTask) task = NULL;
  Place *place;

  if (self->wanted_item == NULL || self->wanted_member == NULL)
    return;

  place = g_new0 (Place, 1);
  place->session = g_object_ref (self->session);
  place->member = g_steal_pointer (&self->wanted_member);
  place->item = g_steal_pointer (&self->wanted_item);
  task = g_task_new (self, self->cancellable, found_place_cb, NULL);
  g_task_set_source_tag (task, look_for_wanted);
  g_task_set_task_data (task, place, place_free);
  g_task_run_in_thread (task, find_worker);
}

/* Opening */

static void
show_screenshots_cb (StrataSessionView *self)
{
  show_page (self, "screenshots", g_list_model_get_n_items (G_LIST_MODEL (self->screenshots)) > 0);
}

static void
show_transcript_cb (StrataSessionView *self)
{
  show_page (self, "transcript", g_list_model_get_n_items (G_LIST_MODEL (self->segments)) > 0);
}

static void
opened_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataSessionView) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSession) session = strata_session_open_finish (result, &error);
  g_autoptr(StrataItemModel) screenshots = NULL;
  g_autoptr(StrataItemModel) segments = NULL;

  if (!is_current (self, result))
    return;

  if (session == NULL)
    {
      g_autofree char *message = g_markup_escape_text (error->message, -1);

      adw_status_page_set_description (self->failed_page, message);
      gtk_stack_set_visible_child_name (self->stack, "failed");
      return;
    }

  self->session = g_steal_pointer (&session);
  self->loader = strata_element_loader_new (self->store);
  screenshots = strata_item_model_new (self->session, "screenshots");
  segments = strata_item_model_new (self->session, "audioSegments");
  gtk_single_selection_set_model (self->screenshots, G_LIST_MODEL (screenshots));
  gtk_no_selection_set_model (self->segments, G_LIST_MODEL (segments));
  show_screenshots_cb (self);
  show_transcript_cb (self);
  adw_view_stack_set_visible_child_name (self->pages, g_list_model_get_n_items (G_LIST_MODEL (screenshots)) > 0 ? "screenshots"
                                                                                                                : "summary");
  gtk_stack_set_visible_child_name (self->stack, "session");
  selected_cb (self);
  strata_session_text_load_async (self->session, self->cancellable, text_cb, g_object_ref (self));
  load_attachments (self);
  look_for_wanted (self);
}

/**
 * strata_session_view_close:
 *
 * Shows no session any more, and waits for nothing of it.
 */
void
strata_session_view_close (StrataSessionView *self)
{
  g_return_if_fail (STRATA_IS_SESSION_VIEW (self));

  g_cancellable_cancel (self->cancellable);
  g_cancellable_cancel (self->picture_cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->picture_cancellable);
  gtk_single_selection_set_model (self->screenshots, NULL);
  gtk_no_selection_set_model (self->segments, NULL);
  g_list_store_remove_all (self->attachments);
  gtk_picture_set_paintable (self->picture, NULL);
  if (self->loader != NULL)
    g_object_run_dispose (G_OBJECT (self->loader));
  g_clear_object (&self->loader);
  g_clear_object (&self->session);
  g_clear_object (&self->store);
  g_clear_pointer (&self->key, g_free);
  g_clear_pointer (&self->wanted_member, g_free);
  g_clear_pointer (&self->wanted_item, g_free);
}

/**
 * strata_session_view_open:
 * @info: what is known of the session already
 * @member: (nullable): `screenshots` or `audioSegments`, to go there
 * @item: (nullable): id of the element in it to go to
 *
 * Shows a session in the place of the one before.
 */
void
strata_session_view_open (StrataSessionView *self,
                          StrataAppStore    *app_store,
                          StrataSessionInfo *info,
                          const char        *member,
                          const char        *item)
{
  g_return_if_fail (STRATA_IS_SESSION_VIEW (self));
  g_return_if_fail (STRATA_IS_APP_STORE (app_store));
  g_return_if_fail (info != NULL);

  strata_session_view_close (self);
  g_set_object (&self->store, strata_app_store_get_store (app_store));
  if (self->store == NULL)
    return;

  self->key = g_strdup (info->key);
  self->wanted_member = g_strdup (member);
  self->wanted_item = g_strdup (item);
  self->cancellable = g_cancellable_new ();
  show_facts (self, info);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->text), "", 0);
  show_page (self, "attachments", FALSE);
  gtk_stack_set_visible_child_name (self->picture_stack, "waiting");
  gtk_label_set_label (self->caption, "");
  gtk_stack_set_visible_child_name (self->stack, "opening");
  strata_session_open_async (self->store, self->key, self->cancellable, opened_cb, g_object_ref (self));
}

/**
 * strata_session_view_refresh:
 *
 * Looks whether the session is another now; what is shown follows.
 */
void
strata_session_view_refresh (StrataSessionView *self)
{
  g_return_if_fail (STRATA_IS_SESSION_VIEW (self));

  if (self->session == NULL)
    return;

  strata_session_refresh_async (self->session, self->cancellable, NULL, NULL);
  load_attachments (self);
}

/**
 * strata_session_view_get_key:
 *
 * Returns: (nullable): of the session that is open
 */
const char *
strata_session_view_get_key (StrataSessionView *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_VIEW (self), NULL);

  return self->key;
}

/**
 * strata_session_view_dup_selected_screenshot:
 *
 * Returns: (transfer full) (nullable): id of the screenshot in front
 */
char *
strata_session_view_dup_selected_screenshot (StrataSessionView *self)
{
  StrataItem *item;

  g_return_val_if_fail (STRATA_IS_SESSION_VIEW (self), NULL);

  item = gtk_single_selection_get_selected_item (self->screenshots);

  return item != NULL ? g_strdup (strata_item_get_id (item)) : NULL;
}

/* GObject */

static void
strata_session_view_dispose (GObject *object)
{
  StrataSessionView *self = STRATA_SESSION_VIEW (object);

  if (self->attachments != NULL)
    strata_session_view_close (self);
  g_clear_object (&self->attachments);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SESSION_VIEW);

  G_OBJECT_CLASS (strata_session_view_parent_class)->dispose (object);
}

static void
strata_session_view_get_property (GObject    *object,
                                  guint       prop_id,
                                  GValue     *value,
                                  GParamSpec *pspec)
{
  StrataSessionView *self = STRATA_SESSION_VIEW (object);

  switch (prop_id)
    {
    case PROP_HAS_SCREENSHOT:
      g_value_set_boolean (value, gtk_single_selection_get_selected_item (self->screenshots) != NULL);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_session_view_class_init (StrataSessionViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_session_view_dispose;
  object_class->get_property = strata_session_view_get_property;

  /**
   * StrataSessionView:has-screenshot:
   *
   * Whether there is a screenshot in front.
   */
  properties[PROP_HAS_SCREENSHOT] = g_param_spec_boolean ("has-screenshot", NULL, NULL, FALSE,
                                                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-session-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, title);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, facts);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, tags);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, failed_page);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, pages);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, picture_stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, picture);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, no_picture);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, caption);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, strip);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, text);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, transcript);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, attachment_list);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, screenshots);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, segments);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionView, attachment_selection);
  gtk_widget_class_bind_template_callback (widget_class, selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_screenshots_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_transcript_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_thumbnail_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_thumbnail_cb);
  gtk_widget_class_bind_template_callback (widget_class, unbind_thumbnail_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_segment_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_segment_cb);
  gtk_widget_class_bind_template_callback (widget_class, unbind_segment_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_attachment_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_attachment_cb);
}

static void
strata_session_view_init (StrataSessionView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->attachments = g_list_store_new (STRATA_TYPE_ATTACHMENT_ENTRY);
  gtk_no_selection_set_model (self->attachment_selection, G_LIST_MODEL (self->attachments));
}
