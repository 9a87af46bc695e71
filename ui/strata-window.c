/* strata-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-compat.h"
#include "strata-found-page.h"
#include "strata-maintenance-page.h"
#include "strata-migration-page.h"
#include "strata-old-storage-page.h"
#include "strata-overview-page.h"
#include "strata-sessions-page.h"
#include "strata-sidebar-row.h"
#include "strata-start-page.h"
#include "strata-window.h"

/**
 * StrataWindow:
 *
 * The window: a sidebar with its pages, and the page in front. The pages are
 * children of the stack in `strata-window.ui`, in the order of the sidebar.
 *
 * Threads: the main one only.
 */
struct _StrataWindow
{
  AdwApplicationWindow  parent_instance;

  StrataAppStore       *store;
  StrataAppMigration   *migration;
  StrataPage           *page;      /* in front; (unowned): the stack has it */
  char                 *wanted;    /* (nullable): to come to the front as soon as it is there */

  /* Template children */
  AdwLeaflet           *leaflet;
  GtkListBox           *sidebar;
  AdwHeaderBar         *header;
  AdwWindowTitle       *title;
  GtkWidget            *content;
  AdwBin               *header_start;
  AdwBin               *header_end;
  GtkStack             *stack;
  AdwToastOverlay      *toasts;
  StrataFoundPage      *found_page;
  StrataMigrationPage  *migration_page;
  StrataSessionsPage   *sessions_page;
};

enum {
  PROP_0,
  PROP_APP_STORE,
  PROP_MIGRATION,
  N_PROPS
};

enum {
  PAGES_CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (StrataWindow, strata_window, ADW_TYPE_APPLICATION_WINDOW)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* The page in front */

static void
take_header (StrataWindow *self)
{
  g_autoptr(GtkWidget) start = NULL;
  g_autoptr(GtkWidget) title = NULL;
  g_autoptr(GtkWidget) end = NULL;

  adw_bin_set_child (self->header_start, NULL);
  adw_bin_set_child (self->header_end, NULL);
  adw_header_bar_set_title_widget (self->header, GTK_WIDGET (self->title));
  if (self->page == NULL)
    return;

  g_object_get (self->page, "header-start", &start, "header-title", &title, "header-end", &end, NULL);
  adw_bin_set_child (self->header_start, start);
  adw_bin_set_child (self->header_end, end);
  if (title != NULL)
    adw_header_bar_set_title_widget (self->header, title);
  adw_window_title_set_title (self->title, strata_page_get_title (self->page));
}

static void
update_back (StrataWindow *self)
{
  gboolean inside = self->page != NULL && strata_page_get_can_go_back (self->page);

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "win.back",
                                 inside || (adw_leaflet_get_folded (self->leaflet) &&
                                            adw_leaflet_get_visible_child (self->leaflet) == self->content));
}

static GtkListBoxRow *
find_row (StrataWindow *self,
          StrataPage   *page)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->sidebar, i)) != NULL; i++)
    if (strata_sidebar_row_get_page (STRATA_SIDEBAR_ROW (row)) == page)
      return row;

  return NULL;
}

static void
page_cb (StrataWindow *self)
{
  GtkWidget *child = gtk_stack_get_visible_child (self->stack);

  if (self->page != NULL)
    {
      g_signal_handlers_disconnect_by_func (self->page, take_header, self);
      g_signal_handlers_disconnect_by_func (self->page, update_back, self);
    }
  self->page = child != NULL ? STRATA_PAGE (child) : NULL;
  take_header (self);
  if (self->page != NULL)
    {
      static const char *const header_properties[] = { "notify::title", "notify::header-start", "notify::header-title",
                                                       "notify::header-end" };

      for (guint i = 0; i < G_N_ELEMENTS (header_properties); i++)
        g_signal_connect_object (self->page, header_properties[i], G_CALLBACK (take_header), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->page, "notify::can-go-back", G_CALLBACK (update_back), self, G_CONNECT_SWAPPED);
      gtk_list_box_select_row (self->sidebar, find_row (self, self->page));
    }
  update_back (self);
}

/* A page went away: the first that is there takes its place. */
static void
available_cb (StrataWindow *self)
{
  g_autoptr(GtkSelectionModel) pages = gtk_stack_get_pages (self->stack);

  g_signal_emit (self, signals[PAGES_CHANGED], 0);
  if (self->wanted != NULL && strata_window_has_page (self, self->wanted))
    {
      g_autofree char *wanted = g_steal_pointer (&self->wanted);

      strata_window_show_page (self, wanted);
      return;
    }
  if (self->page != NULL && strata_page_get_available (self->page))
    return;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (pages)); i++)
    {
      g_autoptr(GObject) entry = g_list_model_get_item (G_LIST_MODEL (pages), i);
      GtkWidget *child = gtk_stack_page_get_child (GTK_STACK_PAGE (entry));

      if (strata_page_get_available (STRATA_PAGE (child)))
        {
          gtk_stack_set_visible_child (self->stack, child);
          return;
        }
    }
}

static GtkWidget *
make_row_cb (gpointer item,
             gpointer user_data)
{
  StrataPage *page = STRATA_PAGE (gtk_stack_page_get_child (item));

  g_signal_connect_object (page, "notify::available", G_CALLBACK (available_cb), user_data, G_CONNECT_SWAPPED);

  return strata_sidebar_row_new (page);
}

/* A list box shows each row that it makes of a model, whatever the row says. */
static void
hide_unavailable (StrataWindow *self)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->sidebar, i)) != NULL; i++)
    gtk_widget_set_visible (GTK_WIDGET (row), strata_page_get_available (strata_sidebar_row_get_page (STRATA_SIDEBAR_ROW (row))));
}

static void
row_activated_cb (StrataWindow     *self,
                  StrataSidebarRow *row)
{
  g_clear_pointer (&self->wanted, g_free);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (strata_sidebar_row_get_page (row)));
  adw_leaflet_set_visible_child (self->leaflet, self->content);
}

/**
 * strata_window_has_page:
 * @name: of a page in the stack
 *
 * Returns: whether it is there to be seen
 */
gboolean
strata_window_has_page (StrataWindow *self,
                        const char   *name)
{
  GtkWidget *child = NULL;

  g_return_val_if_fail (STRATA_IS_WINDOW (self), FALSE);

  child = gtk_stack_get_child_by_name (self->stack, name);

  return child != NULL && strata_page_get_available (STRATA_PAGE (child));
}

/**
 * strata_window_show_page:
 * @name: of a page in the stack; one that is not there to be seen is shown when
 *   it is, unless another was asked for meanwhile
 */
void
strata_window_show_page (StrataWindow *self,
                         const char   *name)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));
  g_return_if_fail (name != NULL);

  g_clear_pointer (&self->wanted, g_free);
  if (!strata_window_has_page (self, name))
    {
      self->wanted = g_strdup (name);
      return;
    }

  gtk_stack_set_visible_child_name (self->stack, name);
  adw_leaflet_set_visible_child (self->leaflet, self->content);
}

/**
 * strata_window_analyse:
 * @legacy_path: an old store; a filename
 *
 * Shows what a migration of it would do.
 */
void
strata_window_analyse (StrataWindow *self,
                       const char   *legacy_path)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  strata_migration_page_analyse (self->migration_page, legacy_path);
  gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->migration_page));
  adw_leaflet_set_visible_child (self->leaflet, self->content);
}

/* A folder or a ZIP, whatever page is in front. While one migrates it is shown that way why nothing comes of it. */
static gboolean
drop_cb (StrataWindow *self,
         const GValue *value)
{
  GSList *files = g_value_get_boxed (value);
  const char *path = files != NULL ? g_file_peek_path (files->data) : NULL;

  if (path == NULL || !strata_window_has_page (self, "migration"))
    return FALSE;

  strata_window_analyse (self, path);

  return !strata_app_migration_get_under_way (self->migration);
}

/**
 * strata_window_add_toast:
 * @toast: (transfer full): shown over whatever page is in front
 */
void
strata_window_add_toast (StrataWindow *self,
                         AdwToast     *toast)
{
  g_return_if_fail (STRATA_IS_WINDOW (self));

  adw_toast_overlay_add_toast (self->toasts, toast);
}

/* Actions */

static void
show_page_action (GtkWidget  *widget,
                  const char *action_name,
                  GVariant   *parameter)
{
  strata_window_show_page (STRATA_WINDOW (widget), g_variant_get_string (parameter, NULL));
}

/* The pages as the sidebar has them, the first being 1 */
static void
show_nth_action (GtkWidget  *widget,
                 const char *action_name,
                 GVariant   *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);
  int left = g_variant_get_int32 (parameter);
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->sidebar, i)) != NULL; i++)
    if (gtk_widget_get_visible (GTK_WIDGET (row)) && --left == 0)
      row_activated_cb (self, STRATA_SIDEBAR_ROW (row));
}

/* In the window, for a toast stands outside of the page that it is about */
static void
undo_drop_action (GtkWidget  *widget,
                  const char *action_name,
                  GVariant   *parameter)
{
  strata_found_page_undo (STRATA_WINDOW (widget)->found_page, g_variant_get_string (parameter, NULL));
}

static void
back_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  if (self->page != NULL && strata_page_get_can_go_back (self->page))
    strata_page_go_back (self->page);
  else
    adw_leaflet_navigate (self->leaflet, ADW_NAVIGATION_DIRECTION_BACK);
}

static void
show_session_action (GtkWidget  *widget,
                     const char *action_name,
                     GVariant   *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  strata_window_show_page (self, "sessions");
  strata_sessions_page_show_session (self->sessions_page, g_variant_get_string (parameter, NULL));
}

static void
find_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  StrataWindow *self = STRATA_WINDOW (widget);

  strata_window_show_page (self, "sessions");
  strata_sessions_page_find (self->sessions_page);
}

/* GObject */

static void
strata_window_constructed (GObject *object)
{
  StrataWindow *self = STRATA_WINDOW (object);
  g_autoptr(GtkSelectionModel) pages = gtk_stack_get_pages (self->stack);

  G_OBJECT_CLASS (strata_window_parent_class)->constructed (object);

  gtk_list_box_bind_model (self->sidebar, G_LIST_MODEL (pages), make_row_cb, self, NULL);
  hide_unavailable (self);
  page_cb (self);
  available_cb (self);
  adw_leaflet_set_visible_child (self->leaflet, self->content);
}

static void
strata_window_dispose (GObject *object)
{
  StrataWindow *self = STRATA_WINDOW (object);

  if (self->stack != NULL)
    g_signal_handlers_disconnect_by_data (self->stack, self);
  self->page = NULL;
  g_clear_pointer (&self->wanted, g_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_WINDOW);
  g_clear_object (&self->migration);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (strata_window_parent_class)->dispose (object);
}

static void
strata_window_get_property (GObject    *object,
                            guint       prop_id,
                            GValue     *value,
                            GParamSpec *pspec)
{
  StrataWindow *self = STRATA_WINDOW (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      g_value_set_object (value, self->store);
      break;

    case PROP_MIGRATION:
      g_value_set_object (value, self->migration);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_window_set_property (GObject      *object,
                            guint         prop_id,
                            const GValue *value,
                            GParamSpec   *pspec)
{
  StrataWindow *self = STRATA_WINDOW (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      g_set_object (&self->store, g_value_get_object (value));
      g_object_notify_by_pspec (object, pspec);
      break;

    case PROP_MIGRATION:
      g_set_object (&self->migration, g_value_get_object (value));
      g_object_notify_by_pspec (object, pspec);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_window_class_init (StrataWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = strata_window_constructed;
  object_class->dispose = strata_window_dispose;
  object_class->get_property = strata_window_get_property;
  object_class->set_property = strata_window_set_property;

  properties[PROP_APP_STORE] =
    g_param_spec_object ("app-store", NULL, NULL, STRATA_TYPE_APP_STORE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_MIGRATION] =
    g_param_spec_object ("migration", NULL, NULL, STRATA_TYPE_APP_MIGRATION,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * StrataWindow::pages-changed:
   *
   * Another page is there to be seen, or one is not any more.
   */
  signals[PAGES_CHANGED] =
    g_signal_new ("pages-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  g_type_ensure (STRATA_TYPE_FOUND_PAGE);
  g_type_ensure (STRATA_TYPE_MAINTENANCE_PAGE);
  g_type_ensure (STRATA_TYPE_MIGRATION_PAGE);
  g_type_ensure (STRATA_TYPE_OLD_STORAGE_PAGE);
  g_type_ensure (STRATA_TYPE_OVERVIEW_PAGE);
  g_type_ensure (STRATA_TYPE_SESSIONS_PAGE);
  g_type_ensure (STRATA_TYPE_START_PAGE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-window.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, leaflet);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, sidebar);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, header);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, title);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, content);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, header_start);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, header_end);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, found_page);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, migration_page);
  gtk_widget_class_bind_template_child (widget_class, StrataWindow, sessions_page);
  gtk_widget_class_bind_template_callback (widget_class, page_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, update_back);
  gtk_widget_class_install_action (widget_class, "win.show-page", "s", show_page_action);
  gtk_widget_class_install_action (widget_class, "win.show-nth", "i", show_nth_action);
  gtk_widget_class_install_action (widget_class, "win.undo-drop", "s", undo_drop_action);
  gtk_widget_class_install_action (widget_class, "win.back", NULL, back_action);
  gtk_widget_class_install_action (widget_class, "win.show-session", "s", show_session_action);
  gtk_widget_class_install_action (widget_class, "win.find", NULL, find_action);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Left, GDK_ALT_MASK, "win.back", NULL);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_f, GDK_CONTROL_MASK, "win.find", NULL);
  for (int i = 1; i <= 9; i++)
    gtk_widget_class_add_binding_action (widget_class, GDK_KEY_0 + (guint)i, GDK_ALT_MASK, "win.show-nth", "i", i);
}

static void
strata_window_init (StrataWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_object (target, "drop", G_CALLBACK (drop_cb), self, G_CONNECT_SWAPPED);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
  strata_compat_tell_only_visible_page (self->stack);
}

/**
 * strata_window_new:
 * @store: what the pages show
 * @migration: what fills it
 *
 * Returns: (transfer none): a window; @application has it
 */
GtkWidget *
strata_window_new (GtkApplication     *application,
                   StrataAppStore     *store,
                   StrataAppMigration *migration)
{
  return g_object_new (STRATA_TYPE_WINDOW, "application", application, "app-store", store, "migration", migration, NULL);
}
