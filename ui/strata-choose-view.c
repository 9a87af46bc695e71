/* strata-choose-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-choose-view.h"
#include "strata-format.h"

/**
 * StrataChooseView:
 *
 * Where the old store is: those found in the usual places, or a folder or a ZIP
 * that is chosen. What is chosen is analysed: the action `migration.analyse` is
 * activated with its path as a bytestring. What is dropped is the window's.
 *
 * Threads: the main one only.
 */
struct _StrataChooseView
{
  AdwBin                parent_instance;

  GtkFileChooserNative *chooser;       /* while it is open */
  guint                 looks;         /* so that only the last one counts */

  /* Template children */
  GtkListBox           *found_list;
  GtkWidget            *none_label;
};

G_DEFINE_FINAL_TYPE (StrataChooseView, strata_choose_view, ADW_TYPE_BIN)

static void
analyse (StrataChooseView *self,
         const char       *path)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "migration.analyse", "^ay", path);
}

/* What was found by itself */

static void
add_row (StrataChooseView *self,
         const char       *title,
         const char       *path,
         const char       *button_label,
         const char       *action_name)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name ("folder-symbolic");
  GtkWidget *button = gtk_button_new_with_mnemonic (button_label);
  g_autofree char *place = strata_format_path (path);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), place);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (button, "suggested-action");
  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "^ay", path);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action_name);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), button);
  gtk_list_box_append (self->found_list, row);
}

/* @unfinished: (nullable): it is known already, so it is not offered twice */
static void
show_found (StrataChooseView   *self,
            const char *const  *paths,
            const char         *unfinished)
{
  GtkListBoxRow *row;
  gboolean any;

  while ((row = gtk_list_box_get_row_at_index (self->found_list, 0)) != NULL)
    gtk_list_box_remove (self->found_list, GTK_WIDGET (row));
  if (unfinished != NULL)
    add_row (self, _("Unfinished Migration"), unfinished, _("_Continue"), "migration.start-from");
  for (guint i = 0; paths[i] != NULL; i++)
    if (g_strcmp0 (paths[i], unfinished) != 0)
      add_row (self, _("Storage of Taskerino"), paths[i], _("_Analyse"), "migration.analyse");
  any = gtk_list_box_get_row_at_index (self->found_list, 0) != NULL;
  gtk_widget_set_visible (GTK_WIDGET (self->found_list), any);
  gtk_widget_set_visible (self->none_label, !any);
}

static gpointer
look_worker (const char    *path,
             StrataStore   *store,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  return strata_plan_find_old_stores (cancellable);
}

typedef struct
{
  StrataChooseView *self;
  guint             look;
} Look;

static void
look_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr(StrataChooseView) self = look->self;
  g_auto(GStrv) paths = strata_app_store_call_finish (STRATA_APP_STORE (object), result, NULL);

  /* It may have been closed meanwhile */
  if (paths != NULL && look->look == self->looks && self->found_list != NULL)
    show_found (self, (const char *const *)paths, strata_app_store_get_unfinished (STRATA_APP_STORE (object)));
}

/**
 * strata_choose_view_look:
 * @store: lends its threads
 *
 * Looks through the usual places for old stores, and shows them.
 */
void
strata_choose_view_look (StrataChooseView *self,
                         StrataAppStore   *store)
{
  Look *look = NULL;

  g_return_if_fail (STRATA_IS_CHOOSE_VIEW (self));

  look = g_new0 (Look, 1);
  look->self = g_object_ref (self);
  look->look = ++self->looks;
  strata_app_store_call_async (store, look_worker, NULL, NULL, (GDestroyNotify)g_strfreev, NULL, look_cb, look);
}

/* What is chosen */

static void
chosen_cb (StrataChooseView *self,
           int               response)
{
  g_autoptr(GFile) file = NULL;

  if (response == GTK_RESPONSE_ACCEPT)
    file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (self->chooser));
  g_clear_object (&self->chooser);
  if (file != NULL && g_file_peek_path (file) != NULL)
    analyse (self, g_file_peek_path (file));
}

static void
choose (StrataChooseView     *self,
        const char           *title,
        GtkFileChooserAction  chooser_action,
        GtkFileFilter        *filter)
{
  GtkNative *native = gtk_widget_get_native (GTK_WIDGET (self));

  if (self->chooser != NULL)
    return;

  self->chooser = gtk_file_chooser_native_new (title, GTK_WINDOW (native), chooser_action, _("_Choose"), _("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  if (filter != NULL)
    gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (self->chooser), filter);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
choose_folder (GtkWidget  *widget,
               const char *action_name,
               GVariant   *parameter)
{
  choose (STRATA_CHOOSE_VIEW (widget), _("Choose the Folder of the Old Storage"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL);
}

static void
choose_zip (GtkWidget  *widget,
            const char *action_name,
            GVariant   *parameter)
{
  g_autoptr(GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Exports and databases of Taskerino"));
  gtk_file_filter_add_suffix (filter, "zip");
  gtk_file_filter_add_suffix (filter, "sqlite3");
  choose (STRATA_CHOOSE_VIEW (widget), _("Choose an Export"), GTK_FILE_CHOOSER_ACTION_OPEN, filter);
}

/* GObject */

static void
strata_choose_view_dispose (GObject *object)
{
  StrataChooseView *self = STRATA_CHOOSE_VIEW (object);

  g_clear_object (&self->chooser);
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_CHOOSE_VIEW);

  G_OBJECT_CLASS (strata_choose_view_parent_class)->dispose (object);
}

static void
strata_choose_view_class_init (StrataChooseViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_choose_view_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-choose-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataChooseView, found_list);
  gtk_widget_class_bind_template_child (widget_class, StrataChooseView, none_label);
  gtk_widget_class_install_action (widget_class, "choose.folder", NULL, choose_folder);
  gtk_widget_class_install_action (widget_class, "choose.zip", NULL, choose_zip);
}

static void
strata_choose_view_init (StrataChooseView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
