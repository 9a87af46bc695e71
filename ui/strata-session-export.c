/* strata-session-export.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-session-export.h"
#include "strata-window.h"

/* What each is called where one is asked where to, and what its name ends in */
static const struct
{
  const char *title;
  const char *suffix;
} formats[] = {
  [STRATA_EXPORT_LEGACY] = { N_("Export for Taskerino"), "" },
  [STRATA_EXPORT_JSON] = { N_("Export as JSON"), ".json" },
  [STRATA_EXPORT_ZIP] = { N_("Export as ZIP"), ".zip" },
};

/* Giving one session back as a file, or as a folder that Taskerino reads */
typedef struct
{
  StrataPage         *page;
  char               *key;
  StrataExportFormat  format;
} Export;

static Export *
export_new (StrataPage         *page,
            const char         *key,
            StrataExportFormat  format)
{
  Export *export = g_new0 (Export, 1);

  export->page = g_object_ref (page);
  export->key = g_strdup (key);
  export->format = format;

  return export;
}

static void
export_free (Export *export)
{
  g_object_unref (export->page);
  g_free (export->key);
  g_free (export);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Export, export_free)

/* Writing, on a thread */

typedef struct
{
  char               *key;
  char               *path;
  StrataExportFormat  format;
} Order;

static void
order_free (gpointer data)
{
  Order *order = data;

  g_free (order->key);
  g_free (order->path);
  g_free (order);
}

/* Returns: (transfer full): how much was written, in bytes */
static gpointer
write_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  const Order *order = data;
  const char *keys[] = { order->key, NULL };
  guint64 sessions, bytes;

  if (!strata_export (store, keys, order->format, order->path, &sessions, &bytes, cancellable, error))
    return NULL;

  return g_memdup2 (&bytes, sizeof bytes);
}

static void
written_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataPage) page = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree guint64 *bytes = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (page));
  g_autofree char *size = bytes != NULL ? g_format_size (*bytes) : NULL;
  /* Translators: how much */
  g_autofree char *message = bytes != NULL ? g_strdup_printf (_("Session exported, %s"), size) : g_strdup (error->message);

  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), adw_toast_new (message));
}

/**
 * strata_session_export_write:
 * @page: says when it is done, or why it failed
 * @path: where nothing is yet: nothing is ever overwritten
 *
 * Exports one session.
 */
void
strata_session_export_write (StrataPage         *page,
                             const char         *key,
                             StrataExportFormat  format,
                             const char         *path)
{
  Order *order;

  g_return_if_fail (STRATA_IS_PAGE (page));
  g_return_if_fail (key != NULL);
  g_return_if_fail (path != NULL);

  order = g_new0 (Order, 1);
  order->key = g_strdup (key);
  order->path = g_strdup (path);
  order->format = format;
  strata_app_store_call_async (strata_page_get_app_store (page), write_worker, order, order_free, g_free, NULL,
                               written_cb, g_object_ref (page));
}

/* Choosing where to */

static void
chosen_cb (GtkNativeDialog *dialog,
           int              response,
           gpointer         user_data)
{
  g_autoptr(Export) export = user_data;
  g_autoptr(GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  const char *path = file != NULL ? g_file_peek_path (file) : NULL;

  if (path != NULL)
    strata_session_export_write (export->page, export->key, export->format, path);
  g_object_unref (dialog);
}

/* Returns: (transfer full): a file name that any system takes */
static char *
make_name (const char         *title,
           StrataExportFormat  format)
{
  g_autofree char *name = g_utf8_substring (title, 0, MIN (g_utf8_strlen (title, -1), 50));

  g_strdelimit (name, "/\\:*?\"<>|\n\r\t", '-');
  g_strstrip (name);
  if (*name == '.' || *name == '\0')
    return g_strconcat ("session", formats[format].suffix, NULL);

  return g_strconcat (name, formats[format].suffix, NULL);
}

/**
 * strata_session_export_choose:
 * @page: in whose window it is asked
 * @title: of the session, to make a file name of
 *
 * Asks where a session should be exported to, and does it.
 */
void
strata_session_export_choose (StrataPage         *page,
                              const char         *key,
                              const char         *title,
                              StrataExportFormat  format)
{
  GtkRoot *root;
  GtkFileChooserNative *dialog;
  g_autofree char *name = NULL;

  g_return_if_fail (STRATA_IS_PAGE (page));
  g_return_if_fail (key != NULL);
  g_return_if_fail (title != NULL);

  root = gtk_widget_get_root (GTK_WIDGET (page));
  name = make_name (title, format);
  dialog = gtk_file_chooser_native_new (_(formats[format].title),
                                        GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL,
                                        GTK_FILE_CHOOSER_ACTION_SAVE, _("_Export"), NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect (dialog, "response", G_CALLBACK (chosen_cb), export_new (page, key, format));
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
