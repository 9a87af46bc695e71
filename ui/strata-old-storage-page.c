/* strata-old-storage-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-compat.h"
#include "strata-format.h"
#include "strata-old-storage-page.h"

/* What is shown of the work is taken anew this often */
#define TICK_MS 200

/**
 * StrataOldStoragePage:
 *
 * The old storage after a migration: how long it is kept, and the way back to
 * it. A way back is compared first and asked about with what was found; what
 * has been gone back from can be brought back again.
 *
 * Threads: the main one only.
 */
struct _StrataOldStoragePage
{
  StrataPage            parent_instance;

  StrataRollback       *rollback;      /* compared, and waiting for an answer or at work */
  GCancellable         *cancellable;
  GtkFileChooserNative *chooser;
  guint                 tick_source;
  guint                 looks;         /* so that only the last one counts */

  /* Template children */
  GtkStack             *stack;
  AdwStatusPage        *kept_page;
  AdwActionRow         *source_row;
  AdwStatusPage        *working_page;
  GtkProgressBar       *progress_bar;
  GtkWidget            *stop_button;
  AdwStatusPage        *failed_page;
  AdwStatusPage        *gone_page;
};

G_DEFINE_FINAL_TYPE (StrataOldStoragePage, strata_old_storage_page, STRATA_TYPE_PAGE)

/* Looking */

typedef struct
{
  gboolean  available;
  int       days_left;
  char     *source;
  char     *trash;
} Found;

static void
found_free (Found *found)
{
  g_free (found->source);
  g_free (found->trash);
  g_free (found);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Found, found_free)

static gpointer
look_worker (const char    *path,
             StrataStore   *store,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr(Found) found = g_new0 (Found, 1);

  if (store == NULL)
    found->trash = strata_rollback_dup_trash_path (path);
  else if (!strata_rollback_get_left (store, STRATA_RETENTION_DAYS, &found->available, &found->days_left, error))
    return NULL;
  else
    found->source = strata_store_dup_source (store);

  return g_steal_pointer (&found);
}

static void
show_kept (StrataOldStoragePage *self,
           const Found          *found)
{
  g_autofree char *place = found->source != NULL ? strata_format_path (found->source) : g_strdup (_("not known"));
  g_autofree char *title = NULL;

  if (found->days_left > 0)
    title = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d Day to Go Back", "%d Days to Go Back",
                                          (gulong)found->days_left), found->days_left);
  else
    title = g_strdup (_("You Can Still Go Back"));
  adw_status_page_set_title (self->kept_page, title);
  adw_status_page_set_description (self->kept_page,
                                   _("The old storage is as it was: Strata only reads it. Going back means to work with it, and with Taskerino, as before."));
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self->source_row), FALSE);
  adw_action_row_set_subtitle (self->source_row, place);
  gtk_stack_set_visible_child_name (self->stack, "kept");
}

static void
show_gone (StrataOldStoragePage *self,
           const Found          *found)
{
  g_autofree char *place = strata_format_path (found->trash);
  /* Translators: a folder */
  g_autofree char *text = g_strdup_printf (_("Taskerino goes on with the old storage. The new one was put aside, in %s: it can be brought back, or removed for good."),
                                           place);
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_status_page_set_description (self->gone_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "gone");
}

typedef struct
{
  StrataOldStoragePage *self;
  guint                 look;
} Look;

static void
look_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr(StrataOldStoragePage) self = look->self;
  g_autoptr(GError) error = NULL;
  g_autoptr(Found) found = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  /* It may have been closed meanwhile */
  if (look->look != self->looks || self->stack == NULL)
    return;

  if (error != NULL)
    g_message ("It can't be said whether there is a way back: %s", error->message);
  strata_page_set_available (STRATA_PAGE (self), found != NULL && (found->available || found->trash != NULL));
  if (found != NULL && found->trash != NULL)
    show_gone (self, found);
  else if (found != NULL && found->available)
    show_kept (self, found);
}

static void
look (StrataOldStoragePage *self)
{
  Look *data = g_new0 (Look, 1);

  data->self = g_object_ref (self);
  data->look = ++self->looks;
  strata_app_store_call_async (strata_page_get_app_store (STRATA_PAGE (self)), look_worker, NULL, NULL,
                               (GDestroyNotify)found_free, NULL, look_cb, data);
}

/* Working */

static const char *
name_step (const char *step)
{
  if (g_strcmp0 (step, "comparing") == 0)
    return _("Comparing the old storage");
  if (g_strcmp0 (step, "preparing") == 0)
    return _("Preparing");
  if (g_strcmp0 (step, "putting back") == 0)
    return _("Putting damaged files right");
  if (g_strcmp0 (step, "exporting") == 0)
    return _("Exporting what the old storage does not have");
  if (g_strcmp0 (step, "moving") == 0)
    return _("Putting the new storage aside");

  return _("Waiting for the storage");
}

static gboolean
tick_cb (gpointer user_data)
{
  StrataOldStoragePage *self = user_data;

  adw_status_page_set_title (self->working_page, name_step (strata_rollback_get_step (self->rollback)));
  gtk_progress_bar_set_fraction (self->progress_bar, strata_rollback_get_fraction (self->rollback));

  return G_SOURCE_CONTINUE;
}

static void
begin (StrataOldStoragePage *self,
       gboolean              can_stop)
{
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  gtk_widget_set_visible (self->stop_button, can_stop);
  tick_cb (self);
  self->tick_source = g_timeout_add (TICK_MS, tick_cb, self);
  gtk_stack_set_visible_child_name (self->stack, "working");
}

static void
end (StrataOldStoragePage *self)
{
  g_clear_handle_id (&self->tick_source, g_source_remove);
}

static void
fail (StrataOldStoragePage *self,
      const GError         *error)
{
  g_autofree char *escaped = g_markup_escape_text (error->message, -1);

  g_clear_object (&self->rollback);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      look (self);
      return;
    }

  adw_status_page_set_description (self->failed_page, escaped);
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

/* Rolling back */

static void
run_cb (GObject      *object,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;
  gboolean ok = strata_rollback_run_finish (STRATA_ROLLBACK (object), result, &error);
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));

  end (self);
  if (store != NULL)
    strata_app_store_open (store);
  if (self->stack == NULL)
    return;

  if (ok)
    g_clear_object (&self->rollback);
  else
    fail (self, error);
}

static void
run (StrataOldStoragePage *self)
{
  begin (self, FALSE);
  strata_rollback_run_async (self->rollback, self->cancellable, run_cb, g_object_ref (self));
}

static void
forget (StrataOldStoragePage *self)
{
  g_clear_object (&self->rollback);
  look (self);
}

/* The export goes to a folder of its own in the one that was chosen. */
static void
chosen_cb (StrataOldStoragePage *self,
           int                   response)
{
  g_autoptr(GFile) folder = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (self->chooser)) : NULL;
  g_autoptr(GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "Strata %Y-%m-%d %H-%M-%S");
  g_autofree char *path = NULL;

  g_clear_object (&self->chooser);
  if (folder == NULL || g_file_peek_path (folder) == NULL)
    {
      forget (self);
      return;
    }

  path = g_build_filename (g_file_peek_path (folder), name, NULL);
  strata_rollback_set_export_path (self->rollback, path);
  run (self);
}

static void
choose_folder (StrataOldStoragePage *self)
{
  self->chooser = gtk_file_chooser_native_new (_("Choose Where to Export To"),
                                               GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                                               GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("_Export There"), _("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
response_cb (StrataOldStoragePage *self,
             const char           *response)
{
  if (!g_str_equal (response, "roll-back"))
    forget (self);
  else if (strata_rollback_needs_export (self->rollback))
    choose_folder (self);
  else
    run (self);
}

/* Exactly what was found, and what happens */
static char *
describe (const StrataRollbackSummary *summary,
          gboolean                     needs_export)
{
  GString *text = g_string_new (NULL);

  if (summary->outcome == STRATA_ROLLBACK_IDENTICAL)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "The old storage is what was migrated: %'lu file, byte for byte.",
                                               "The old storage is what was migrated: %'lu files, byte for byte.",
                                               (gulong)summary->files), (gulong)summary->files);
  else if (summary->outcome == STRATA_ROLLBACK_CHANGED)
    g_string_append_printf (text, _("Taskerino has changed the old storage since: %'lu files are as they were, %'lu were changed, %'lu are new and %'lu are gone. It stays as it is now."),
                            (gulong)summary->files_identical, (gulong)summary->files_changed, (gulong)summary->files_added,
                            (gulong)summary->files_gone);
  else
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "%'lu file of the old storage is damaged. It is put right from the copy that Strata made.",
                                               "%'lu files of the old storage are damaged. They are put right from the copies that Strata made.",
                                               (gulong)summary->files_damaged), (gulong)summary->files_damaged);
  if (summary->sessions_own > 0)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "\n\n%'lu session was added or changed in Strata.",
                                               "\n\n%'lu sessions were added or changed in Strata.",
                                               (gulong)summary->sessions_own), (gulong)summary->sessions_own);
  if (needs_export)
    g_string_append (text, _("\n\nWhat the old storage does not have is exported, in the old form, to a folder that you choose next."));
  g_string_append (text, _("\n\nThe new storage is put aside, and can be brought back until you remove it."));

  return g_string_free (text, FALSE);
}

static void
ask (StrataOldStoragePage *self)
{
  StrataRollbackSummary summary;
  gboolean needs_export = strata_rollback_needs_export (self->rollback);
  g_autofree char *text = NULL;
  GtkWidget *dialog = NULL;

  gtk_stack_set_visible_child_name (self->stack, "kept");
  strata_rollback_get_summary (self->rollback, &summary);
  if (summary.outcome == STRATA_ROLLBACK_DAMAGED)
    strata_rollback_set_restore (self->rollback, TRUE);
  text = describe (&summary, needs_export);
  dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _("Roll Back?"), text);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog),
                                    "cancel", _("_Cancel"),
                                    "roll-back", needs_export ? _("_Choose Folder…") : _("_Roll Back"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "roll-back", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (response_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
check_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;
  gboolean ok = strata_rollback_check_finish (STRATA_ROLLBACK (object), result, &error);

  end (self);
  if (self->stack == NULL)
    return;

  if (ok)
    ask (self);
  else
    fail (self, error);
}

static void
roll_back_action (GtkWidget  *widget,
                  const char *action_name,
                  GVariant   *parameter)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (widget);

  if (self->rollback != NULL)
    return;

  self->rollback = strata_rollback_new (strata_app_store_get_path (strata_page_get_app_store (STRATA_PAGE (self))));
  begin (self, TRUE);
  strata_rollback_check_async (self->rollback, self->cancellable, check_cb, g_object_ref (self));
}

static void
stop_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  g_cancellable_cancel (STRATA_OLD_STORAGE_PAGE (widget)->cancellable);
}

static void
look_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  look (STRATA_OLD_STORAGE_PAGE (widget));
}

/* What was put aside */

static gpointer
bring_back_worker (const char    *path,
                   StrataStore   *store,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  return strata_rollback_undo (path, error) ? GINT_TO_POINTER (TRUE) : NULL;
}

static gpointer
purge_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  return strata_rollback_purge (path, error) ? GINT_TO_POINTER (TRUE) : NULL;
}

static void
aside_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;

  if (strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error) != NULL)
    strata_app_store_open (STRATA_APP_STORE (object));
  else if (self->stack != NULL)
    fail (self, error);
}

static void
work_aside (StrataOldStoragePage *self,
            StrataAppStoreFunc    func)
{
  strata_app_store_call_async (strata_page_get_app_store (STRATA_PAGE (self)), func, NULL, NULL, NULL, NULL, aside_cb,
                               g_object_ref (self));
}

static void
bring_back_action (GtkWidget  *widget,
                   const char *action_name,
                   GVariant   *parameter)
{
  work_aside (STRATA_OLD_STORAGE_PAGE (widget), bring_back_worker);
}

static void
purge_response_cb (StrataOldStoragePage *self,
                   const char           *response)
{
  if (g_str_equal (response, "remove"))
    work_aside (self, purge_worker);
}

static void
purge_action (GtkWidget  *widget,
              const char *action_name,
              GVariant   *parameter)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _("Remove the New Storage?"),
                                              _("The storage that was put aside is deleted for good. The old storage, and what was exported, stay."));

  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog),
                                    "cancel", _("_Cancel"),
                                    "remove", _("_Remove"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "remove", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (purge_response_cb), widget, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* StrataPage */

static void
strata_old_storage_page_store_changed (StrataPage     *page,
                                       StrataAppStore *store)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (page);
  StrataAppStoreState state = strata_app_store_get_state (store);

  if (self->rollback != NULL)
    return;

  if (state == STRATA_APP_STORE_OPEN || state == STRATA_APP_STORE_ABSENT)
    look (self);
  else
    strata_page_set_available (page, FALSE);
}

/* GObject */

static void
strata_old_storage_page_dispose (GObject *object)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (object);

  end (self);
  g_clear_object (&self->chooser);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->rollback);
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_OLD_STORAGE_PAGE);

  G_OBJECT_CLASS (strata_old_storage_page_parent_class)->dispose (object);
}

static void
strata_old_storage_page_class_init (StrataOldStoragePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_old_storage_page_dispose;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_old_storage_page_store_changed;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-old-storage-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, kept_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, source_row);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, working_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, stop_button);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, gone_page);
  gtk_widget_class_install_action (widget_class, "old.roll-back", NULL, roll_back_action);
  gtk_widget_class_install_action (widget_class, "old.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "old.look", NULL, look_action);
  gtk_widget_class_install_action (widget_class, "old.bring-back", NULL, bring_back_action);
  gtk_widget_class_install_action (widget_class, "old.purge", NULL, purge_action);
}

static void
strata_old_storage_page_init (StrataOldStoragePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  strata_compat_tell_only_visible_page (self->stack);
}
