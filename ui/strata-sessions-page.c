/* strata-sessions-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-hit-row.h"
#include "strata-session-export.h"
#include "strata-session-finder.h"
#include "strata-session-list.h"
#include "strata-session-row.h"
#include "strata-session-view.h"
#include "strata-sessions-page.h"
#include "strata-spinner.h"
#include "strata-window.h"

/**
 * StrataSessionsPage:
 *
 * All sessions by day, what is found in them while somebody types, and the one
 * that is opened.
 *
 * Threads: the main one only, which waits for nothing.
 */
struct _StrataSessionsPage
{
  StrataPage           parent_instance;

  StrataStore         *store;        /* that @list is of */
  StrataSessionList   *list;
  StrataSessionFinder *finder;
  StrataSearchResults *shown;        /* in @hits */
  gboolean             is_listing;
  gboolean             is_stale;     /* written to while it was listed */
  gboolean             was_listed;
  char                *waiting;      /* a session to be shown when the store is open */
  char                *failure;      /* why there is no list */
  GActionMap          *actions;      /* (unowned): the page has them inserted */

  /* Template children */
  GtkStack            *views;
  GtkStack            *stack;
  GtkSearchEntry      *entry;
  GtkWidget           *search_title;
  GtkListView         *session_list;
  GtkListView         *hit_list;
  GtkLabel            *found;
  AdwStatusPage       *nothing_page;
  GtkButton           *suggestion;
  AdwStatusPage       *failed_page;
  StrataSessionView   *session;
  GtkNoSelection      *sessions;
  GtkNoSelection      *hits;
};

G_DEFINE_FINAL_TYPE (StrataSessionsPage, strata_sessions_page, STRATA_TYPE_PAGE)

/* What was asked for may come when the window is closed. */
static gboolean
is_gone (StrataSessionsPage *self)
{
  return strata_page_get_app_store (STRATA_PAGE (self)) == NULL;
}

/* Which of the views is to be seen */

static const char *
choose_list_view (StrataSessionsPage *self)
{
  switch (strata_session_finder_get_state (self->finder))
    {
    case STRATA_FINDER_SEARCHING:
      return "searching";

    case STRATA_FINDER_FOUND:
      return "hits";

    case STRATA_FINDER_NOTHING:
      return "nothing";

    case STRATA_FINDER_FAILED:
      return "failed";

    case STRATA_FINDER_IDLE:
    default:
      break;
    }

  if (self->failure != NULL)
    return "failed";
  if (!self->was_listed)
    return "loading";

  return strata_session_list_get_n_sessions (self->list) > 0 ? "sessions" : "empty";
}

static void
show_list_view (StrataSessionsPage *self)
{
  const char *view = choose_list_view (self);
  const char *message = strata_session_finder_get_state (self->finder) == STRATA_FINDER_FAILED
                        ? strata_session_finder_get_message (self->finder) : self->failure;
  g_autofree char *escaped = NULL;

  escaped = message != NULL ? g_markup_escape_text (message, -1) : NULL;
  adw_status_page_set_description (self->failed_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, view);
}

/* The header bar has the search while the list is to be seen. */
static void
show_view (StrataSessionsPage *self,
           gboolean            session)
{
  g_object_set (self,
                "header-title", session ? NULL : self->search_title,
                "can-go-back", session,
                NULL);
  gtk_stack_set_visible_child_name (self->views, session ? "session" : "list");
  if (!session)
    strata_session_view_close (self->session);
}

static void
say (StrataSessionsPage *self,
     const char         *message)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), adw_toast_new (message));
}

/* The list */

static gpointer
list_worker (const char    *path,
             StrataStore   *store,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_DATE, 0, error);

  return sessions != NULL ? strata_session_list_new (sessions) : NULL;
}

static void list_sessions (StrataSessionsPage *self);

static void
listed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataSessionsPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionList) fresh = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  self->is_listing = FALSE;
  if (is_gone (self))
    return;
  if (self->is_stale)
    {
      list_sessions (self);
      return;
    }

  g_clear_pointer (&self->failure, g_free);
  if (fresh != NULL)
    {
      strata_session_list_become (self->list, fresh);
      self->was_listed = TRUE;
    }
  else
    {
      self->failure = g_strdup (error->message);
    }
  show_list_view (self);
}

static void
list_sessions (StrataSessionsPage *self)
{
  StrataAppStore *app_store = strata_page_get_app_store (STRATA_PAGE (self));

  self->is_stale = self->is_listing;
  if (self->is_listing || app_store == NULL || strata_app_store_get_store (app_store) == NULL)
    return;

  self->is_listing = TRUE;
  strata_app_store_call_async (app_store, list_worker, NULL, NULL, g_object_unref, NULL, listed_cb, g_object_ref (self));
}

static void
take_store (StrataSessionsPage *self,
            StrataStore        *store)
{
  g_autoptr(StrataSessionList) none = strata_session_list_new (NULL);

  g_set_object (&self->store, store);
  self->was_listed = FALSE;
  strata_session_list_become (self->list, none);
  strata_session_finder_set_store (self->finder, store);
  show_view (self, FALSE);
  show_list_view (self);
}

static void
strata_sessions_page_store_changed (StrataPage     *page,
                                    StrataAppStore *app_store)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (page);
  StrataStore *store = strata_app_store_get_store (app_store);
  gboolean is_open = strata_app_store_get_state (app_store) == STRATA_APP_STORE_OPEN;
  g_autofree char *waiting = is_open ? g_steal_pointer (&self->waiting) : NULL;

  strata_page_set_available (page, is_open);
  if (store != self->store)
    take_store (self, store);
  else if (store != NULL)
    strata_session_finder_update (self->finder);
  list_sessions (self);
  strata_session_view_refresh (self->session);
  /* Only now can the window show the page too */
  if (waiting != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-session", "s", waiting);
}

static void
setup_session_cb (StrataSessionsPage *self,
                  GtkListItem        *list_item)
{
  gtk_list_item_set_child (list_item, strata_session_row_new ());
}

static void
bind_session_cb (StrataSessionsPage *self,
                 GtkListItem        *list_item)
{
  StrataSessionEntry *entry = gtk_list_item_get_item (list_item);

  gtk_list_item_set_activatable (list_item, !strata_session_entry_is_day (entry));
  strata_session_row_set_entry (STRATA_SESSION_ROW (gtk_list_item_get_child (list_item)), entry);
}

/* Searching */

static void
search_changed_cb (StrataSessionsPage *self)
{
  strata_session_finder_set_text (self->finder, gtk_editable_get_text (GTK_EDITABLE (self->entry)));
}

static void
stop_search_cb (StrataSessionsPage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->entry), "");
}

static char *
format_found (StrataSearchResults *results)
{
  gulong total = (gulong)strata_search_results_get_total (results);
  gulong sessions = (gulong)strata_search_results_get_sessions (results);
  g_autofree char *places = g_strdup_printf (ngettext ("%lu place", "%lu places", total), total);
  g_autofree char *of = g_strdup_printf (ngettext ("%lu session", "%lu sessions", sessions), sessions);

  if (!strata_search_results_is_whole (results))
    /* Translators: such as “more than 2000 places in 12 sessions” */
    return g_strdup_printf (_("More than %s in %s"), places, of);

  /* Translators: such as “3 places in 2 sessions” */
  return g_strdup_printf (_("%s in %s"), places, of);
}

static void
finder_changed_cb (StrataSessionsPage *self)
{
  StrataSearchResults *results = strata_session_finder_get_results (self->finder);
  const char *suggestion = strata_session_finder_get_suggestion (self->finder);

  if (g_set_object (&self->shown, results))
    {
      g_autofree char *found = results != NULL ? format_found (results) : g_strdup ("");

      gtk_no_selection_set_model (self->hits, results != NULL ? G_LIST_MODEL (results) : NULL);
      gtk_label_set_label (self->found, found);
    }
  if (suggestion != NULL)
    {
      /* Translators: a query that finds something */
      g_autofree char *label = g_strdup_printf (_("Search for “%s”"), suggestion);

      gtk_button_set_label (self->suggestion, label);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->suggestion), suggestion != NULL);
  show_list_view (self);
}

static void
take_suggestion (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (user_data);
  /* The finder forgets it when the text changes */
  g_autofree char *suggestion = g_strdup (strata_session_finder_get_suggestion (self->finder));

  if (suggestion != NULL)
    gtk_editable_set_text (GTK_EDITABLE (self->entry), suggestion);
}

static void
setup_hit_cb (StrataSessionsPage *self,
              GtkListItem        *list_item)
{
  gtk_list_item_set_child (list_item, strata_hit_row_new ());
}

static void
bind_hit_cb (StrataSessionsPage *self,
             GtkListItem        *list_item)
{
  StrataSearchHit *hit = gtk_list_item_get_item (list_item);

  gtk_list_item_set_activatable (list_item, strata_search_hit_get_key (hit) != NULL);
  strata_hit_row_bind (STRATA_HIT_ROW (gtk_list_item_get_child (list_item)), strata_session_finder_get_search (self->finder),
                       strata_search_results_get_query (self->shown), hit);
}

static void
unbind_hit_cb (StrataSessionsPage *self,
               GtkListItem        *list_item)
{
  strata_hit_row_clear (STRATA_HIT_ROW (gtk_list_item_get_child (list_item)));
}

/* One session */

static void
open_session (StrataSessionsPage *self,
              StrataSessionInfo  *info,
              const char         *member,
              const char         *item)
{
  show_view (self, TRUE);
  strata_session_view_open (self->session, strata_page_get_app_store (STRATA_PAGE (self)), info, member, item);
}

static void
session_activated_cb (StrataSessionsPage *self,
                      guint               position)
{
  g_autoptr(StrataSessionEntry) entry = g_list_model_get_item (G_LIST_MODEL (self->list), position);

  if (entry != NULL && !strata_session_entry_is_day (entry))
    open_session (self, strata_session_entry_get_info (entry), NULL, NULL);
}

typedef struct
{
  StrataSessionsPage *page;
  char               *key;
  const char         *member;
  char               *item;
} Place;

static void
place_free (Place *place)
{
  g_object_unref (place->page);
  g_free (place->key);
  g_free (place->item);
  g_free (place);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Place, place_free)

static gpointer
find_worker (const char    *path,
             StrataStore   *store,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  return strata_store_find_session (store, data, error);
}

static void
found_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Place) place = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionInfo) info = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  if (is_gone (place->page))
    return;

  if (info != NULL)
    open_session (place->page, info, place->member, place->item);
  else
    say (place->page, error->message);
}

static void
find_and_open (StrataSessionsPage *self,
               const char         *key,
               const char         *member,
               const char         *item)
{
  Place *place = g_new0 (Place, 1);

  place->page = g_object_ref (self);
  place->key = g_strdup (key);
  place->member = member;
  place->item = g_strdup (item);
  strata_app_store_call_async (strata_page_get_app_store (STRATA_PAGE (self)), find_worker, g_strdup (key), g_free,
                               (GDestroyNotify)strata_session_info_unref, NULL, found_cb, place);
}

static void
hit_activated_cb (StrataSessionsPage *self,
                  guint               position)
{
  g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (self->hits), position);
  const char *kind = hit != NULL ? strata_search_hit_get_kind (hit) : NULL;
  const char *member = NULL;

  if (hit == NULL || strata_search_hit_get_key (hit) == NULL)
    return;

  if (g_strcmp0 (kind, "screenshot") == 0)
    member = "screenshots";
  else if (g_strcmp0 (kind, "audio") == 0)
    member = "audioSegments";
  find_and_open (self, strata_search_hit_get_key (hit), member, strata_search_hit_get_item (hit));
}

static void
strata_sessions_page_go_back (StrataPage *page)
{
  show_view (STRATA_SESSIONS_PAGE (page), FALSE);
}

/* Deleting, with a way back */

typedef struct
{
  StrataSessionsPage *page;
  char               *name;    /* in the trash */
} Deleted;

static void
deleted_free (gpointer  data,
              GClosure *closure)
{
  Deleted *deleted = data;

  g_object_unref (deleted->page);
  g_free (deleted->name);
  g_free (deleted);
}

static void
undeleted_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(StrataSessionsPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *key = strata_store_undelete_finish (STRATA_STORE (object), result, &error);

  if (is_gone (self))
    return;

  if (key == NULL)
    say (self, error->message);
  strata_app_store_changed (strata_page_get_app_store (STRATA_PAGE (self)));
}

static void
undo_cb (AdwToast *toast,
         gpointer  user_data)
{
  Deleted *deleted = user_data;

  if (deleted->page->store != NULL)
    strata_store_undelete_async (deleted->page->store, deleted->name, NULL, undeleted_cb, g_object_ref (deleted->page));
}

/* @name: (transfer full) */
static void
offer_undo (StrataSessionsPage *self,
            const char         *message,
            char               *name)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  AdwToast *toast = adw_toast_new (message);
  Deleted *deleted = g_new0 (Deleted, 1);

  deleted->page = g_object_ref (self);
  deleted->name = name;
  adw_toast_set_button_label (toast, _("_Undo"));
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  adw_toast_set_timeout (toast, 10);
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (undo_cb), deleted, deleted_free, 0);
  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), toast);
  else
    g_object_unref (toast);
}

static void
deleted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataSessionsPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_session_finish (STRATA_STORE (object), result, &error);

  if (is_gone (self))
    return;
  if (name == NULL)
    {
      say (self, error->message);
      return;
    }

  show_view (self, FALSE);
  offer_undo (self, _("Session deleted"), g_steal_pointer (&name));
  strata_app_store_changed (strata_page_get_app_store (STRATA_PAGE (self)));
}

static void
delete_session (GSimpleAction *action,
                 GVariant      *parameter,
                 gpointer       user_data)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (user_data);
  const char *key = strata_session_view_get_key (self->session);

  if (key != NULL)
    strata_store_delete_session_async (self->store, key, NULL, deleted_cb, g_object_ref (self));
}

static void
finish_item (StrataSessionsPage *self,
             GObject            *object,
             GAsyncResult       *result,
             const char         *message)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_item_finish (STRATA_STORE (object), result, &error);

  if (is_gone (self))
    return;
  if (name == NULL)
    {
      say (self, error->message);
      return;
    }

  offer_undo (self, message, g_steal_pointer (&name));
  strata_app_store_changed (strata_page_get_app_store (STRATA_PAGE (self)));
}

static void
screenshot_deleted_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr(StrataSessionsPage) self = user_data;

  finish_item (self, object, result, _("Screenshot deleted"));
}

static void
segment_deleted_cb (GObject      *object,
                    GAsyncResult *result,
                    gpointer      user_data)
{
  g_autoptr(StrataSessionsPage) self = user_data;

  finish_item (self, object, result, _("Recording deleted, with its words"));
}

/* One of the transcript; the row that has the button says which */
static void
delete_segment (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       user_data)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (user_data);
  const char *key = strata_session_view_get_key (self->session);

  if (key != NULL)
    strata_store_delete_item_async (self->store, key, g_variant_get_string (parameter, NULL), NULL, segment_deleted_cb,
                                    g_object_ref (self));
}

static void
delete_screenshot (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (user_data);
  g_autofree char *id = strata_session_view_dup_selected_screenshot (self->session);

  if (id != NULL)
    strata_store_delete_item_async (self->store, strata_session_view_get_key (self->session), id, NULL, screenshot_deleted_cb,
                                    g_object_ref (self));
  else
    say (self, _("This screenshot has no id to delete it by"));
}

static void
has_screenshot_cb (StrataSessionsPage *self)
{
  gboolean has_screenshot;

  g_object_get (self->session, "has-screenshot", &has_screenshot, NULL);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (self->actions, "delete-screenshot")), has_screenshot);
}

/* Exporting */

static void
export_action (GSimpleAction *action,
                GVariant      *parameter,
                gpointer       user_data)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (user_data);
  const char *format = g_variant_get_string (parameter, NULL);
  const char *key = strata_session_view_get_key (self->session);

  if (key != NULL)
    strata_session_export_choose (STRATA_PAGE (self), key, key,
                                  strcmp (format, "json") == 0 ? STRATA_EXPORT_JSON
                                  : strcmp (format, "zip") == 0 ? STRATA_EXPORT_ZIP : STRATA_EXPORT_LEGACY);
}

static const GActionEntry entries[] = {
  { .name = "take-suggestion", .activate = take_suggestion },
  { .name = "delete", .activate = delete_session },
  { .name = "delete-screenshot", .activate = delete_screenshot },
  { .name = "delete-segment", .activate = delete_segment, .parameter_type = "s" },
  { .name = "export", .activate = export_action, .parameter_type = "s" },
};

/* What is inside a widget finds only actions that were there before it */
static void
add_actions (StrataSessionsPage *self)
{
  g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new ();

  self->actions = G_ACTION_MAP (group);
  g_action_map_add_action_entries (self->actions, entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "sessions", G_ACTION_GROUP (group));
}

/**
 * strata_sessions_page_show_session:
 * @id_or_key: of a session; where there is none like that, a toast says so
 *
 * Opens a session, as soon as the store is open.
 */
void
strata_sessions_page_show_session (StrataSessionsPage *self,
                                   const char         *id_or_key)
{
  g_return_if_fail (STRATA_IS_SESSIONS_PAGE (self));
  g_return_if_fail (id_or_key != NULL);

  if (self->store != NULL)
    {
      find_and_open (self, id_or_key, NULL, NULL);
      return;
    }

  g_free (self->waiting);
  self->waiting = g_strdup (id_or_key);
}

/**
 * strata_sessions_page_find:
 *
 * Makes ready for typing what to look for.
 */
void
strata_sessions_page_find (StrataSessionsPage *self)
{
  g_return_if_fail (STRATA_IS_SESSIONS_PAGE (self));

  show_view (self, FALSE);
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
}

/* GObject */

static void
strata_sessions_page_dispose (GObject *object)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (object);

  if (self->finder != NULL)
    g_object_run_dispose (G_OBJECT (self->finder));
  g_clear_object (&self->finder);
  g_clear_object (&self->store);
  g_clear_object (&self->shown);
  /* First, so that the bin knows that its child goes with the template */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SESSIONS_PAGE);
  g_clear_object (&self->list);

  G_OBJECT_CLASS (strata_sessions_page_parent_class)->dispose (object);
}

static void
strata_sessions_page_finalize (GObject *object)
{
  StrataSessionsPage *self = STRATA_SESSIONS_PAGE (object);

  g_free (self->waiting);
  g_free (self->failure);

  G_OBJECT_CLASS (strata_sessions_page_parent_class)->finalize (object);
}

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-sessions-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, views);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, entry);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, search_title);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, session_list);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, hit_list);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, found);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, nothing_page);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, suggestion);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, session);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, sessions);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionsPage, hits);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_search_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_session_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_session_cb);
  gtk_widget_class_bind_template_callback (widget_class, session_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, setup_hit_cb);
  gtk_widget_class_bind_template_callback (widget_class, bind_hit_cb);
  gtk_widget_class_bind_template_callback (widget_class, unbind_hit_cb);
  gtk_widget_class_bind_template_callback (widget_class, hit_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, has_screenshot_cb);
}

static void
strata_sessions_page_class_init (StrataSessionsPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_sessions_page_dispose;
  object_class->finalize = strata_sessions_page_finalize;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_sessions_page_store_changed;
  STRATA_PAGE_CLASS (klass)->go_back = strata_sessions_page_go_back;

  g_type_ensure (STRATA_TYPE_SPINNER);
  g_type_ensure (STRATA_TYPE_SESSION_VIEW);
  bind_template (widget_class);
}

static void
strata_sessions_page_init (StrataSessionsPage *self)
{
  self->list = strata_session_list_new (NULL);
  self->finder = strata_session_finder_new ();
  add_actions (self);
  gtk_widget_init_template (GTK_WIDGET (self));

  gtk_no_selection_set_model (self->sessions, G_LIST_MODEL (self->list));
  g_signal_connect_object (self->finder, "changed", G_CALLBACK (finder_changed_cb), self, G_CONNECT_SWAPPED);
  has_screenshot_cb (self);
  show_view (self, FALSE);
}
