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
#include "strata-old-storage-text.h"
#include "strata-window.h"
#include "strata-wording.h"

/* What is shown of the work is taken anew this often */
#define TICK_MS 200

/**
 * StrataOldStoragePage:
 *
 * The old storage after a migration: how long it is kept, the way back to it, and
 * letting it go. Either is compared first and asked about with what was found; what
 * has been gone back from can be brought back again. One that was interrupted goes
 * on by itself, once, when the store is opened again.
 *
 * Threads: the main one only.
 */
struct _StrataOldStoragePage
{
  StrataPage            parent_instance;

  GSettings            *settings;
  GObject              *work;          /* (nullable): a rollback or a retirement, waiting for an answer or at work */
  GCancellable         *cancellable;
  GtkFileChooserNative *chooser;
  guint                 tick_source;
  guint                 looks;         /* so that only the last one counts */
  int                   days_left;     /* as it was looked last */
  gboolean              went_on;       /* with what was interrupted */
  char                 *failure;       /* (nullable): to be shown until it was seen */
  char                 *failure_title;
  char                 *deleted;       /* (nullable): what became of the old storage just now */
  char                 *exported;      /* (nullable): where to, just now */
  StrataRollbackSummary rolled_back;   /* just now */

  /* Template children */
  GtkStack             *stack;
  AdwStatusPage        *kept_page;
  AdwActionRow         *source_row;
  AdwActionRow         *delete_row;
  AdwActionRow         *aside_row;
  AdwStatusPage        *working_page;
  GtkProgressBar       *progress_bar;
  GtkWidget            *stop_button;
  AdwStatusPage        *failed_page;
  GtkButton            *failed_button;
  AdwStatusPage        *gone_page;
  AdwStatusPage        *deleted_page;
};

G_DEFINE_FINAL_TYPE (StrataOldStoragePage, strata_old_storage_page, STRATA_TYPE_PAGE)

static void go_on (StrataOldStoragePage *self,
                   gboolean              with_rollback);

/* Looking */

typedef struct
{
  gboolean  available;
  int       days_left;
  gboolean  rollback_begun;
  gboolean  retirement_begun;
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
             gpointer       retention_days,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr(Found) found = g_new0 (Found, 1);

  found->trash = strata_rollback_dup_trash_path (path);
  if (store == NULL)
    return g_steal_pointer (&found);

  if (!strata_rollback_get_left (store, GPOINTER_TO_UINT (retention_days), &found->available, &found->days_left, error) ||
      !strata_rollback_get_begun (store, &found->rollback_begun, error) ||
      !strata_retirement_get_begun (store, &found->retirement_begun, error))
    return NULL;
  found->source = strata_store_dup_source (store);

  return g_steal_pointer (&found);
}

static void
set_description (AdwStatusPage *page,
                 const char    *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_status_page_set_description (page, escaped);
}

static void
show_delete_row (StrataOldStoragePage *self)
{
  g_autofree char *text = NULL;

  if (self->days_left > 0)
    text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                         "From in %d day on; earlier if you insist. Everything is compared before.",
                                         "From in %d days on; earlier if you insist. Everything is compared before.",
                                         (gulong)self->days_left), self->days_left);
  else
    text = g_strdup (_("It was kept as long as it was to be. Everything is compared before."));
  adw_action_row_set_subtitle (self->delete_row, text);
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
  adw_status_page_set_description (self->kept_page, _("The old storage is as it was: Strata only reads it."));
  adw_action_row_set_subtitle (self->source_row, place);
  show_delete_row (self);

  gtk_widget_set_visible (GTK_WIDGET (self->aside_row), found->trash != NULL);
  if (found->trash != NULL)
    {
      g_autofree char *trash = strata_format_path (found->trash);

      adw_action_row_set_subtitle (self->aside_row, trash);
    }
  gtk_stack_set_visible_child_name (self->stack, "kept");
}

static void
show_gone (StrataOldStoragePage *self,
           const Found          *found)
{
  g_autofree char *text = strata_old_storage_text_rolled_back (found->trash, &self->rolled_back, self->exported);

  set_description (self->gone_page, text);
  gtk_stack_set_visible_child_name (self->stack, "gone");
}

/* @begun: whether it goes on when it is tried again */
static void
show_failed (StrataOldStoragePage *self,
             gboolean              begun)
{
  adw_status_page_set_title (self->failed_page, self->failure_title);
  set_description (self->failed_page, self->failure);
  gtk_button_set_label (self->failed_button, begun ? _("_Go On") : _("_Back"));
  gtk_stack_set_visible_child_name (self->stack, "failed");
}

static void
show_deleted (StrataOldStoragePage *self)
{
  set_description (self->deleted_page, self->deleted);
  gtk_stack_set_visible_child_name (self->stack, "deleted");
}

static void
set_failure (StrataOldStoragePage *self,
             const char           *title,
             const char           *message)
{
  g_free (self->failure_title);
  g_free (self->failure);
  self->failure_title = g_strdup (title);
  self->failure = g_strdup (message);
}

/* What was interrupted goes on by itself once, and then when it is told to. */
static void
show_begun (StrataOldStoragePage *self,
            const Found          *found)
{
  if (!self->went_on)
    {
      self->went_on = TRUE;
      go_on (self, found->rollback_begun);
      return;
    }

  set_failure (self, found->rollback_begun ? _("Going Back Was Begun") : _("Deleting Was Begun"),
               _("It did not come to its end, and goes on when you say so."));
  show_failed (self, TRUE);
}

static void
show_found (StrataOldStoragePage *self,
            const Found          *found)
{
  gboolean begun = found->rollback_begun || found->retirement_begun;

  self->days_left = found->days_left;
  if (found->available)
    g_clear_pointer (&self->deleted, g_free);
  strata_page_set_available (STRATA_PAGE (self), found->available || begun || found->trash != NULL ||
                             self->failure != NULL || self->deleted != NULL);

  if (self->failure != NULL)
    show_failed (self, begun);
  else if (begun)
    show_begun (self, found);
  else if (found->available)
    show_kept (self, found);
  else if (self->deleted != NULL)
    show_deleted (self);
  else if (found->trash != NULL)
    show_gone (self, found);
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

  /* It may have been closed meanwhile, or something was begun */
  if (look->look != self->looks || self->stack == NULL || self->work != NULL)
    return;

  if (found != NULL)
    {
      show_found (self, found);
      return;
    }

  g_message ("It can't be said whether there is a way back: %s", error->message);
  strata_page_set_available (STRATA_PAGE (self), self->failure != NULL);
  if (self->failure != NULL)
    show_failed (self, FALSE);
}

static void
look (StrataOldStoragePage *self)
{
  Look *data = NULL;

  /* The window was closed */
  if (self->settings == NULL)
    return;

  data = g_new0 (Look, 1);
  data->self = g_object_ref (self);
  data->look = ++self->looks;
  strata_app_store_call_async (strata_page_get_app_store (STRATA_PAGE (self)), look_worker,
                               GUINT_TO_POINTER ((guint)g_settings_get_int (self->settings, "keep-old-days")), NULL,
                               (GDestroyNotify)found_free, NULL, look_cb, data);
}

/* Working */

static gboolean
tick_cb (gpointer user_data)
{
  StrataOldStoragePage *self = user_data;
  g_autofree char *step = NULL;
  double fraction = 0;

  if (self->work == NULL)
    {
      gtk_progress_bar_pulse (self->progress_bar);
      return G_SOURCE_CONTINUE;
    }

  g_object_get (self->work, "step", &step, "fraction", &fraction, NULL);
  adw_status_page_set_title (self->working_page, strata_old_storage_text_step (step));
  gtk_progress_bar_set_fraction (self->progress_bar, fraction);
  gtk_widget_set_visible (self->stop_button, strata_old_storage_text_can_stop (step));

  return G_SOURCE_CONTINUE;
}

static void
end (StrataOldStoragePage *self)
{
  g_clear_handle_id (&self->tick_source, g_source_remove);
}

/* @work: (transfer none) (nullable): what is asked how far it is; %NULL: nobody knows
 * @description: (nullable): what there is to be said besides
 */
static void
begin (StrataOldStoragePage *self,
       GObject              *work,
       const char           *description)
{
  end (self);
  g_set_object (&self->work, work);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  gtk_widget_set_visible (self->stop_button, work != NULL);
  set_description (self->working_page, description != NULL ? description : "");
  tick_cb (self);
  self->tick_source = g_timeout_add (TICK_MS, tick_cb, self);
  gtk_stack_set_visible_child_name (self->stack, "working");
}

static void
fail (StrataOldStoragePage *self,
      const char           *title,
      const GError         *error)
{
  g_clear_object (&self->work);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_failure (self, title, error->message);
  look (self);
}

static void
forget (StrataOldStoragePage *self)
{
  g_clear_object (&self->work);
  look (self);
}

static StrataRollback *
get_rollback (StrataOldStoragePage *self)
{
  return STRATA_ROLLBACK (self->work);
}

/* One question, answered with the name of its response; the first is the way out. */
static GtkWidget *
make_question (StrataOldStoragePage *self,
               const char           *heading,
               const char           *text)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), heading, text);

  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "cancel", _("_Cancel"));
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");

  return dialog;
}

static void
add_destructive (GtkWidget  *dialog,
                 const char *response,
                 const char *label)
{
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), response, label);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), response, ADW_RESPONSE_DESTRUCTIVE);
}

/* The focus would be on what destroys where the answers stand below each other. */
static void
ask (GtkWidget *dialog)
{
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_window_set_focus (GTK_WINDOW (dialog), NULL);
}

/* Rolling back */

static void
rolled_back_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;
  StrataRollback *rollback = STRATA_ROLLBACK (object);
  gboolean ok = strata_rollback_run_finish (rollback, result, &error);
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));

  end (self);
  if (ok)
    {
      strata_rollback_get_summary (rollback, &self->rolled_back);
      g_free (self->exported);
      self->exported = strata_rollback_dup_exported (rollback);
    }
  if (self->stack != NULL && !ok)
    fail (self, _("Not Rolled Back"), error);
  g_clear_object (&self->work);
  if (store != NULL)
    strata_app_store_open (store);
}

static void
roll_back (StrataOldStoragePage *self,
           const char           *description)
{
  begin (self, self->work, description);
  strata_rollback_run_async (get_rollback (self), self->cancellable, rolled_back_cb, g_object_ref (self));
}

/* The export goes to a folder of its own in the one that was chosen. */
static void
chosen_cb (StrataOldStoragePage *self,
           int                   response)
{
  g_autoptr(GFile) folder = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (self->chooser)) : NULL;
  g_autoptr(GDateTime) now = strata_wording_local_time (g_get_real_time () / 1000);
  g_autofree char *name = g_date_time_format (now, "Strata %Y-%m-%d %H-%M-%S");
  g_autofree char *path = NULL;

  g_clear_object (&self->chooser);
  if (folder == NULL || g_file_peek_path (folder) == NULL)
    {
      forget (self);
      return;
    }

  path = g_build_filename (g_file_peek_path (folder), name, NULL);
  strata_rollback_set_export_path (get_rollback (self), path);
  roll_back (self, NULL);
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

/* Whether something has to be exported also when damage is put right */
static gboolean
needs_export_anyway (const StrataRollbackSummary *summary)
{
  return summary->files_changed + summary->files_gone + summary->files_added +
         summary->sessions_own + summary->collections_own > 0;
}

static void
roll_back_response_cb (StrataOldStoragePage *self,
                       const char           *response)
{
  gboolean restore = g_str_equal (response, "put-right");
  StrataRollbackSummary summary;

  if (g_str_equal (response, "cancel") || self->work == NULL)
    {
      forget (self);
      return;
    }

  strata_rollback_get_summary (get_rollback (self), &summary);
  strata_rollback_set_restore (get_rollback (self), restore);
  if (restore ? needs_export_anyway (&summary) : strata_rollback_needs_export (get_rollback (self)))
    choose_folder (self);
  else
    roll_back (self, NULL);
}

static void
ask_about_rollback (StrataOldStoragePage *self)
{
  StrataRollbackSummary summary;
  gboolean needs_export = strata_rollback_needs_export (get_rollback (self));
  gboolean damaged;
  g_autofree char *text = NULL;
  GtkWidget *dialog = NULL;

  gtk_stack_set_visible_child_name (self->stack, "kept");
  strata_rollback_get_summary (get_rollback (self), &summary);
  damaged = summary.files_damaged > 0;
  text = strata_old_storage_text_roll_back (&summary, damaged ? needs_export_anyway (&summary) : needs_export);
  dialog = make_question (self, _("Roll Back?"), text);
  if (damaged)
    add_destructive (dialog, "leave", _("_Leave the Damage…"));
  add_destructive (dialog, damaged ? "put-right" : "roll-back",
                   damaged ? _("_Put Right and Roll Back") : needs_export ? _("_Choose Folder…") : _("_Roll Back"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (roll_back_response_cb), self, G_CONNECT_SWAPPED);
  ask (dialog);
}

static void
rollback_checked_cb (GObject      *object,
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
    ask_about_rollback (self);
  else
    fail (self, _("Nothing Was Rolled Back"), error);
}

static void
roll_back_action (GtkWidget  *widget,
                  const char *action_name,
                  GVariant   *parameter)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (widget);
  g_autoptr(StrataRollback) rollback = NULL;

  if (self->work != NULL)
    return;

  rollback = strata_rollback_new (strata_app_store_get_path (strata_page_get_app_store (STRATA_PAGE (self))));
  begin (self, G_OBJECT (rollback), NULL);
  strata_rollback_check_async (rollback, self->cancellable, rollback_checked_cb, g_object_ref (self));
}

/* Deleting */

static void
fail_to_delete (StrataOldStoragePage *self,
                StrataRetirement     *retirement,
                const GError         *error)
{
  StrataRetirementSummary summary;
  g_autofree char *because = strata_retirement_dup_because (retirement);
  g_autofree char *text = NULL;

  if (error != NULL)
    {
      fail (self, _("The Old Storage Stays for Now"), error);
      return;
    }

  strata_retirement_get_summary (retirement, &summary);
  text = strata_old_storage_text_not_yet (&summary, because);
  set_failure (self, _("It Can’t Be Deleted Yet"), text);
  forget (self);
}

static void
deleted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;
  StrataRetirement *retirement = STRATA_RETIREMENT (object);
  gboolean ok = strata_retirement_run_finish (retirement, result, &error);
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));
  StrataRetirementSummary summary;

  end (self);
  if (self->stack == NULL)
    return;

  strata_retirement_get_summary (retirement, &summary);
  if (!ok || !summary.ready)
    {
      fail_to_delete (self, retirement, error);
      return;
    }

  g_free (self->deleted);
  self->deleted = strata_old_storage_text_deleted (&summary);
  g_clear_object (&self->work);
  /* Something may have been taken in, and what it is saved from is gone */
  if (store != NULL)
    strata_app_store_changed (store);
}

static void
delete_now (StrataOldStoragePage *self,
            const char           *description)
{
  begin (self, self->work, description);
  strata_retirement_run_async (STRATA_RETIREMENT (self->work), self->cancellable, deleted_cb, g_object_ref (self));
}

static void
delete_response_cb (StrataOldStoragePage *self,
                    const char           *response)
{
  if (g_str_equal (response, "delete") && self->work != NULL)
    delete_now (self, NULL);
  else
    forget (self);
}

static void
ask_about_deleting (StrataOldStoragePage *self)
{
  g_autofree char *because = strata_retirement_dup_because (STRATA_RETIREMENT (self->work));
  g_autofree char *text = NULL;
  StrataRetirementSummary summary;
  GtkWidget *dialog = NULL;

  gtk_stack_set_visible_child_name (self->stack, "kept");
  strata_retirement_get_summary (STRATA_RETIREMENT (self->work), &summary);
  text = strata_old_storage_text_delete (&summary, because);
  dialog = make_question (self, _("Delete the Old Storage?"), text);
  add_destructive (dialog, "delete", _("_Delete for Good"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (delete_response_cb), self, G_CONNECT_SWAPPED);
  ask (dialog);
}

static void
retirement_checked_cb (GObject      *object,
                       GAsyncResult *result,
                       gpointer      user_data)
{
  g_autoptr(StrataOldStoragePage) self = user_data;
  g_autoptr(GError) error = NULL;
  StrataRetirement *retirement = STRATA_RETIREMENT (object);
  gboolean ok = strata_retirement_check_finish (retirement, result, &error);
  StrataRetirementSummary summary;

  end (self);
  if (self->stack == NULL)
    return;

  strata_retirement_get_summary (retirement, &summary);
  if (ok && summary.ready)
    ask_about_deleting (self);
  else
    fail_to_delete (self, retirement, error);
}

static StrataRetirement *
make_retirement (StrataOldStoragePage *self)
{
  StrataRetirement *retirement =
    strata_retirement_new (strata_app_store_get_path (strata_page_get_app_store (STRATA_PAGE (self))));

  strata_retirement_set_retention_days (retirement, (guint)g_settings_get_int (self->settings, "keep-old-days"));

  return retirement;
}

/* @insists: whether it is not to wait for its time */
static void
check_deleting (StrataOldStoragePage *self,
                gboolean              insists)
{
  g_autoptr(StrataRetirement) retirement = make_retirement (self);

  strata_retirement_set_now (retirement, insists);
  begin (self, G_OBJECT (retirement), NULL);
  strata_retirement_check_async (retirement, self->cancellable, retirement_checked_cb, g_object_ref (self));
}

static void
insist_response_cb (StrataOldStoragePage *self,
                    const char           *response)
{
  if (g_str_equal (response, "insist") && self->work == NULL)
    check_deleting (self, TRUE);
}

static void
delete_action (GtkWidget  *widget,
               const char *action_name,
               GVariant   *parameter)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (widget);
  g_autofree char *text = NULL;
  GtkWidget *dialog = NULL;

  if (self->work != NULL)
    return;
  if (self->days_left <= 0)
    {
      check_deleting (self, FALSE);
      return;
    }

  text = strata_old_storage_text_insist (self->days_left);
  dialog = make_question (self, _("Delete It So Early?"), text);
  add_destructive (dialog, "insist", _("Delete _Earlier…"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (insist_response_cb), self, G_CONNECT_SWAPPED);
  ask (dialog);
}

/* What was interrupted */

static void
tell_that_it_goes_on (StrataOldStoragePage *self,
                      gboolean              with_rollback)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  AdwToast *toast = NULL;

  /* The page says it itself */
  if (!STRATA_IS_WINDOW (root) || gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;

  toast = adw_toast_new (with_rollback ? _("Going back was interrupted, and goes on")
                                       : _("Deleting the old storage was interrupted, and goes on"));
  adw_toast_set_button_label (toast, _("_Show"));
  adw_toast_set_action_name (toast, "win.show-page");
  adw_toast_set_action_target (toast, "s", "old-storage");
  strata_window_add_toast (STRATA_WINDOW (root), toast);
}

static void
go_on (StrataOldStoragePage *self,
       gboolean              with_rollback)
{
  const char *description = _("This was begun before Strata was closed, and goes on now.");

  tell_that_it_goes_on (self, with_rollback);
  if (with_rollback)
    {
      self->work = G_OBJECT (strata_rollback_new (strata_app_store_get_path (strata_page_get_app_store (STRATA_PAGE (self)))));
      roll_back (self, description);
    }
  else
    {
      self->work = G_OBJECT (make_retirement (self));
      delete_now (self, description);
    }
}

/* Both */

static void
stop_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  g_cancellable_cancel (STRATA_OLD_STORAGE_PAGE (widget)->cancellable);
}

/* What failed was seen; what was begun goes on. */
static void
look_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (widget);

  g_clear_pointer (&self->failure, g_free);
  self->went_on = FALSE;
  look (self);
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
  gboolean ok = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error) != NULL;

  end (self);
  if (ok)
    {
      g_clear_pointer (&self->exported, g_free);
      self->rolled_back = (StrataRollbackSummary) { 0 };
      strata_app_store_open (STRATA_APP_STORE (object));
    }
  else if (self->stack != NULL)
    fail (self, _("The New Storage Is Still Aside"), error);
}

static void
work_aside (StrataOldStoragePage *self,
            const char           *title,
            StrataAppStoreFunc    func)
{
  adw_status_page_set_title (self->working_page, title);
  begin (self, NULL, NULL);
  strata_app_store_call_async (strata_page_get_app_store (STRATA_PAGE (self)), func, NULL, NULL, NULL, NULL, aside_cb,
                               g_object_ref (self));
}

static void
bring_back_action (GtkWidget  *widget,
                   const char *action_name,
                   GVariant   *parameter)
{
  work_aside (STRATA_OLD_STORAGE_PAGE (widget), _("Bringing the new storage back"), bring_back_worker);
}

static void
purge_response_cb (StrataOldStoragePage *self,
                   const char           *response)
{
  if (g_str_equal (response, "remove"))
    work_aside (self, _("Removing what was put aside"), purge_worker);
}

static void
purge_action (GtkWidget  *widget,
              const char *action_name,
              GVariant   *parameter)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (widget);
  GtkWidget *dialog = make_question (self, _("Remove What Was Put Aside?"),
                                     _("The storage that was put aside is deleted for good. The old storage, and what was exported, stay."));

  add_destructive (dialog, "remove", _("_Remove"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (purge_response_cb), self, G_CONNECT_SWAPPED);
  ask (dialog);
}

/* StrataPage */

static void
strata_old_storage_page_store_changed (StrataPage     *page,
                                       StrataAppStore *store)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (page);
  StrataAppStoreState state = strata_app_store_get_state (store);

  if (self->work != NULL)
    return;

  if (state == STRATA_APP_STORE_OPEN || state == STRATA_APP_STORE_ABSENT)
    look (self);
  else
    strata_page_set_available (page, FALSE);
}

static void
retention_changed_cb (StrataOldStoragePage *self)
{
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));

  if (store != NULL)
    strata_old_storage_page_store_changed (STRATA_PAGE (self), store);
}

/* GObject */

static void
strata_old_storage_page_dispose (GObject *object)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (object);

  end (self);
  g_clear_object (&self->chooser);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->work);
  g_clear_object (&self->settings);
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_OLD_STORAGE_PAGE);

  G_OBJECT_CLASS (strata_old_storage_page_parent_class)->dispose (object);
}

static void
strata_old_storage_page_finalize (GObject *object)
{
  StrataOldStoragePage *self = STRATA_OLD_STORAGE_PAGE (object);

  g_free (self->failure);
  g_free (self->failure_title);
  g_free (self->deleted);
  g_free (self->exported);

  G_OBJECT_CLASS (strata_old_storage_page_parent_class)->finalize (object);
}

static void
strata_old_storage_page_class_init (StrataOldStoragePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_old_storage_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = strata_old_storage_page_finalize;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_old_storage_page_store_changed;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-old-storage-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, kept_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, source_row);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, delete_row);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, aside_row);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, working_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, stop_button);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, failed_button);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, gone_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOldStoragePage, deleted_page);
  gtk_widget_class_install_action (widget_class, "old.roll-back", NULL, roll_back_action);
  gtk_widget_class_install_action (widget_class, "old.delete", NULL, delete_action);
  gtk_widget_class_install_action (widget_class, "old.stop", NULL, stop_action);
  gtk_widget_class_install_action (widget_class, "old.look", NULL, look_action);
  gtk_widget_class_install_action (widget_class, "old.bring-back", NULL, bring_back_action);
  gtk_widget_class_install_action (widget_class, "old.purge", NULL, purge_action);
}

static void
strata_old_storage_page_init (StrataOldStoragePage *self)
{
  self->settings = g_settings_new (APP_ID);
  gtk_widget_init_template (GTK_WIDGET (self));
  strata_compat_tell_only_visible_page (self->stack);
  g_signal_connect_object (self->settings, "changed::keep-old-days", G_CALLBACK (retention_changed_cb), self, G_CONNECT_SWAPPED);
}
