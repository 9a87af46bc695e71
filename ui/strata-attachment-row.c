/* strata-attachment-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "strata-attachment-row.h"
#include "strata-window.h"

/**
 * StrataAttachmentRow:
 *
 * An attachment of a session, to be opened with another program or saved. What is
 * opened is a copy: nobody else writes to the store.
 *
 * Threads: the main one only.
 */
struct _StrataAttachmentRow
{
  AdwBin                 parent_instance;

  StrataStore           *store;
  StrataAttachmentEntry *entry;

  /* Template children */
  GtkImage              *icon;
  GtkLabel              *title;
  GtkLabel              *facts;
};

G_DEFINE_FINAL_TYPE (StrataAttachmentRow, strata_attachment_row, ADW_TYPE_BIN)

/* Writing a file, on a thread */

typedef struct
{
  StrataStore          *store;
  StrataAttachmentInfo *info;
  GFile                *target;  /* NULL: a new one of that name, for other programs to read */
  char                 *name;
} Copy;

static void
copy_free (gpointer data)
{
  Copy *copy = data;

  g_object_unref (copy->store);
  strata_attachment_info_unref (copy->info);
  g_clear_object (&copy->target);
  g_free (copy->name);
  g_free (copy);
}

/* Returns: (transfer full): in a folder of its own, which goes when the person's session ends */
static GFile *
make_file_to_open (const char  *name,
                   GError     **error)
{
  g_autofree char *template = g_build_filename (g_get_user_runtime_dir (), "strata-XXXXXX", NULL);

  if (g_mkdtemp (template) == NULL)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _("A copy can’t be made: %s"), g_strerror (errno));
      return NULL;
    }

  return g_file_new_build_filename (template, name, NULL);
}

static void
copy_worker (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  const Copy *copy = task_data;
  GError *error = NULL;
  g_autoptr(GInputStream) input = strata_store_open_attachment (copy->store, copy->info, &error);
  g_autoptr(GFile) target = NULL;
  g_autoptr(GFileOutputStream) output = NULL;

  if (input != NULL)
    target = copy->target != NULL ? g_object_ref (copy->target) : make_file_to_open (copy->name, &error);
  if (target != NULL)
    output = g_file_replace (target, NULL, FALSE, G_FILE_CREATE_PRIVATE, cancellable, &error);
  if (output == NULL ||
      g_output_stream_splice (G_OUTPUT_STREAM (output), input, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, cancellable, &error) < 0)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&target), g_object_unref);
}

/* @target: (transfer full) (nullable) */
static void
copy_async (StrataAttachmentRow *self,
            GFile               *target,
            GAsyncReadyCallback  callback)
{
  g_autoptr(GTask) task = g_task_new (self, NULL, callback, NULL);
  Copy *copy = g_new0 (Copy, 1);

  copy->store = g_object_ref (self->store);
  copy->info = strata_attachment_info_ref (strata_attachment_entry_get_info (self->entry));
  copy->target = target;
  copy->name = strata_attachment_entry_dup_file_name (self->entry);
  g_task_set_source_tag (task, copy_async);
  g_task_set_task_data (task, copy, copy_free);
  g_task_run_in_thread (task, copy_worker);
}

static void
say (StrataAttachmentRow *self,
     const char          *message)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), adw_toast_new (message));
}

/* Opening */

static void
shown_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(StrataAttachmentRow) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!gtk_show_uri_full_finish (GTK_WINDOW (object), result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    say (self, error->message);
}

static void
copied_to_open_cb (GObject      *object,
                   GAsyncResult *result,
                   gpointer      user_data)
{
  StrataAttachmentRow *self = STRATA_ATTACHMENT_ROW (object);
  g_autoptr(GError) error = NULL;
  g_autoptr(GFile) file = g_task_propagate_pointer (G_TASK (result), &error);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  g_autofree char *uri = NULL;

  if (file == NULL)
    {
      say (self, error->message);
      return;
    }
  if (!GTK_IS_WINDOW (root))
    return;

  uri = g_file_get_uri (file);
  gtk_show_uri_full (GTK_WINDOW (root), uri, GDK_CURRENT_TIME, NULL, shown_cb, g_object_ref (self));
}

static void
open_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  copy_async (STRATA_ATTACHMENT_ROW (widget), NULL, copied_to_open_cb);
}

/* Saving */

static void
saved_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  StrataAttachmentRow *self = STRATA_ATTACHMENT_ROW (object);
  g_autoptr(GError) error = NULL;
  g_autoptr(GFile) file = g_task_propagate_pointer (G_TASK (result), &error);

  say (self, file != NULL ? _("Attachment saved") : error->message);
}

static void
save_response_cb (GtkNativeDialog *dialog,
                  int              response,
                  gpointer         user_data)
{
  g_autoptr(StrataAttachmentRow) self = user_data;

  if (response == GTK_RESPONSE_ACCEPT && self->entry != NULL)
    copy_async (self, gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)), saved_cb);
  g_object_unref (dialog);
}

static void
save_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  StrataAttachmentRow *self = STRATA_ATTACHMENT_ROW (widget);
  GtkRoot *root = gtk_widget_get_root (widget);
  g_autofree char *name = strata_attachment_entry_dup_file_name (self->entry);
  GtkFileChooserNative *dialog =
    gtk_file_chooser_native_new (_("Save Attachment"), GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                 GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect (dialog, "response", G_CALLBACK (save_response_cb), g_object_ref (self));
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* The row */

static const char *
get_icon (const char *mime)
{
  if (mime != NULL && g_str_has_prefix (mime, "image/"))
    return "image-x-generic-symbolic";
  if (mime != NULL && g_str_has_prefix (mime, "audio/"))
    return "audio-x-generic-symbolic";
  if (mime != NULL && g_str_has_prefix (mime, "video/"))
    return "video-x-generic-symbolic";

  return "text-x-generic-symbolic";
}

static char *
format_facts (const StrataAttachmentInfo *info)
{
  const char *mime = info->mime != NULL ? info->mime : _("unknown kind");
  g_autofree char *size = NULL;

  if (info->bytes < 0)
    return g_strdup_printf ("%s · %s", mime, _("missing already in the old storage"));

  size = g_format_size ((guint64)info->bytes);

  return g_strdup_printf ("%s · %s", mime, size);
}

/**
 * strata_attachment_row_bind:
 * @store: where it is
 * @entry: what is shown
 */
void
strata_attachment_row_bind (StrataAttachmentRow   *self,
                            StrataStore           *store,
                            StrataAttachmentEntry *entry)
{
  const StrataAttachmentInfo *info;
  g_autofree char *title = NULL;
  g_autofree char *facts = NULL;

  g_return_if_fail (STRATA_IS_ATTACHMENT_ROW (self));
  g_return_if_fail (STRATA_IS_STORE (store));
  g_return_if_fail (STRATA_IS_ATTACHMENT_ENTRY (entry));

  info = strata_attachment_entry_get_info (entry);
  g_set_object (&self->store, store);
  g_set_object (&self->entry, entry);
  title = strata_attachment_entry_dup_title (entry);
  facts = format_facts (info);
  gtk_image_set_from_icon_name (self->icon, get_icon (info->mime));
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->facts, facts);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "attachment.open", info->bytes >= 0);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "attachment.save", info->bytes >= 0);
}

static void
strata_attachment_row_dispose (GObject *object)
{
  StrataAttachmentRow *self = STRATA_ATTACHMENT_ROW (object);

  g_clear_object (&self->store);
  g_clear_object (&self->entry);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_ATTACHMENT_ROW);

  G_OBJECT_CLASS (strata_attachment_row_parent_class)->dispose (object);
}

static void
strata_attachment_row_class_init (StrataAttachmentRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_attachment_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-attachment-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataAttachmentRow, icon);
  gtk_widget_class_bind_template_child (widget_class, StrataAttachmentRow, title);
  gtk_widget_class_bind_template_child (widget_class, StrataAttachmentRow, facts);
  gtk_widget_class_install_action (widget_class, "attachment.open", NULL, open_action);
  gtk_widget_class_install_action (widget_class, "attachment.save", NULL, save_action);
}

static void
strata_attachment_row_init (StrataAttachmentRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_attachment_row_new (void)
{
  return g_object_new (STRATA_TYPE_ATTACHMENT_ROW, NULL);
}
