/* strata-found-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-found-page.h"
#include "strata-window.h"
#include "strata-wording.h"

/* More rows at once only make the page slow: the next come when these are decided about */
#define N_SHOWN 100

/**
 * StrataFoundPage:
 *
 * Sessions that only an older copy of the old store had, and of which nobody
 * has said yet whether they are to be kept: to look at, to keep, to drop. What
 * is dropped goes to the trash, and can be brought back at once.
 *
 * Threads: the main one only.
 */
struct _StrataFoundPage
{
  StrataPage  parent_instance;

  guint       looks;         /* so that only the last one counts */

  /* Template children */
  GtkWidget  *scroller;
  GtkLabel   *title_label;
  GtkListBox *list;
  GtkLabel   *more_label;
};

G_DEFINE_FINAL_TYPE (StrataFoundPage, strata_found_page, STRATA_TYPE_PAGE)

/* Looking */

typedef struct
{
  guint      n_undecided;
  GPtrArray *sessions;     /* (element-type StrataSessionInfo): the first of them */
} Found;

static void
found_free (Found *found)
{
  g_ptr_array_unref (found->sessions);
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
  g_autoptr(GPtrArray) keys = store != NULL ? strata_kept_list_undecided (store, error) : g_ptr_array_new ();
  Found *found = NULL;

  if (keys == NULL)
    return NULL;

  found = g_new0 (Found, 1);
  found->n_undecided = keys->len;
  found->sessions = g_ptr_array_new_with_free_func ((GDestroyNotify)strata_session_info_unref);
  for (guint i = 0; i < MIN (keys->len, N_SHOWN); i++)
    {
      StrataSessionInfo *info = strata_store_find_session (store, g_ptr_array_index (keys, i), NULL);

      if (info != NULL)
        g_ptr_array_add (found->sessions, info);
    }

  return found;
}

static void
add_button (GtkWidget  *box,
            const char *label,
            const char *action_name,
            const char *key)
{
  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  gtk_actionable_set_action_target (GTK_ACTIONABLE (button), "s", key);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), action_name);
  gtk_box_append (GTK_BOX (box), button);
}

static void
add_label (GtkWidget  *box,
           const char *text,
           const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_lines (GTK_LABEL (label), 2);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  gtk_box_append (GTK_BOX (box), label);
}

static char *
format_day (const char *start)
{
  g_autoptr(GDateTime) time = strata_wording_parse_time (start);

  return time != NULL ? strata_wording_day (time) : g_utf8_make_valid (start, MIN (strlen (start), 10));
}

/* The buttons stand below the name: side by side there is no room for both in a narrow window. */
static GtkWidget *
make_row_box (GtkWidget *row)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3);

  gtk_widget_set_margin_top (box, 12);
  gtk_widget_set_margin_bottom (box, 12);
  gtk_widget_set_margin_start (box, 12);
  gtk_widget_set_margin_end (box, 12);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), FALSE);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);

  return box;
}

static void
add_row (StrataFoundPage         *self,
         const StrataSessionInfo *info)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *box = make_row_box (row);
  GtkWidget *buttons = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  gboolean is_named = info->name != NULL && *info->name != '\0';
  g_autofree char *name = is_named ? g_utf8_make_valid (info->name, -1) : g_strdup (_("Session without a name"));
  g_autofree char *day = format_day (info->start != NULL ? info->start : "");
  g_autofree char *count = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%lu screenshot", "%lu screenshots",
                                                         (gulong)info->screenshots), (gulong)info->screenshots);
  g_autofree char *subtitle = *day != '\0' ? g_strdup_printf ("%s · %s", day, count) : g_strdup (count);

  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  add_label (box, name, NULL);
  add_label (box, subtitle, "dim-label");
  gtk_widget_add_css_class (buttons, "row-buttons");
  gtk_widget_set_margin_top (buttons, 6);
  gtk_box_append (GTK_BOX (box), buttons);
  add_button (buttons, _("_Look"), "win.show-session", info->key);
  add_button (buttons, _("_Keep"), "found.keep", info->key);
  add_button (buttons, _("_Drop"), "found.drop", info->key);
  gtk_list_box_append (self->list, row);
}

static void
show (StrataFoundPage *self,
      const Found     *found)
{
  g_autofree char *title = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u Session Found Again", "%u Sessions Found Again",
                                                         found->n_undecided), found->n_undecided);
  guint more = found->n_undecided - found->sessions->len;
  g_autofree char *more_text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "And %u more, which come when these are decided about.",
                                                             "And %u more, which come when these are decided about.", more), more);
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));
  for (guint i = 0; i < found->sessions->len; i++)
    add_row (self, g_ptr_array_index (found->sessions, i));
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->more_label, more_text);
  gtk_widget_set_visible (GTK_WIDGET (self->more_label), more > 0);
}

typedef struct
{
  StrataFoundPage *self;
  guint            look;
} Look;

static void
look_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autofree Look *look = user_data;
  g_autoptr(StrataFoundPage) self = look->self;
  g_autoptr(GError) error = NULL;
  g_autoptr(Found) found = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  /* It may have been closed meanwhile */
  if (look->look != self->looks || self->list == NULL)
    return;

  if (found == NULL)
    g_message ("It can't be said which sessions were found again: %s", error->message);
  else
    show (self, found);
  strata_page_set_count (STRATA_PAGE (self), found != NULL ? found->n_undecided : 0);
  strata_page_set_available (STRATA_PAGE (self), found != NULL && found->n_undecided > 0);
}

static void
strata_found_page_store_changed (StrataPage     *page,
                                 StrataAppStore *store)
{
  StrataFoundPage *self = STRATA_FOUND_PAGE (page);
  Look *look = g_new0 (Look, 1);

  look->self = g_object_ref (self);
  look->look = ++self->looks;
  strata_app_store_call_async (store, look_worker, NULL, NULL, (GDestroyNotify)found_free, NULL, look_cb, look);
}

/* Deciding */

static void
toast (StrataFoundPage *self,
       AdwToast        *message)
{
  GtkRoot *root = self->list != NULL ? gtk_widget_get_root (GTK_WIDGET (self)) : NULL;

  if (STRATA_IS_WINDOW (root))
    strata_window_add_toast (STRATA_WINDOW (root), message);
  else
    g_object_unref (g_object_ref_sink (message));
}

static gpointer
keep_worker (const char    *path,
             StrataStore   *store,
             gpointer       key,
             GCancellable  *cancellable,
             GError       **error)
{
  const char *const keys[] = { key, NULL };

  return strata_kept_add (store, key != NULL ? keys : NULL, error) ? GINT_TO_POINTER (TRUE) : NULL;
}

static gpointer
drop_worker (const char    *path,
             StrataStore   *store,
             gpointer       key,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autofree char *in_trash = strata_store_delete_session (store, key, cancellable, error);

  /* It comes back by its key */
  return in_trash != NULL ? g_strdup (key) : NULL;
}

static gpointer
undrop_worker (const char    *path,
               StrataStore   *store,
               gpointer       key,
               GCancellable  *cancellable,
               GError       **error)
{
  return strata_store_undelete (store, key, cancellable, error);
}

/* Of keeping, and of bringing back */
static void
done_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(StrataFoundPage) self = user_data;
  g_autoptr(GError) error = NULL;

  strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  if (error != NULL)
    toast (self, adw_toast_new (error->message));
  strata_app_store_changed (STRATA_APP_STORE (object));
}

static void
undone_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataFoundPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *key = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  if (key == NULL)
    toast (self, adw_toast_new (error->message));
  strata_app_store_changed (STRATA_APP_STORE (object));
}

static void
dropped_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataFoundPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree char *key = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  AdwToast *message = adw_toast_new (key != NULL ? _("Session dropped") : error->message);

  if (key != NULL)
    {
      adw_toast_set_button_label (message, _("_Undo"));
      adw_toast_set_action_target (message, "s", key);
      adw_toast_set_action_name (message, "win.undo-drop");
    }
  toast (self, message);
  strata_app_store_changed (STRATA_APP_STORE (object));
}

static void
work (StrataFoundPage     *self,
      StrataAppStoreFunc   func,
      const char          *text,
      GDestroyNotify       free_result,
      GAsyncReadyCallback  callback)
{
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));

  if (strata_app_store_get_store (store) != NULL)
    strata_app_store_call_async (store, func, g_strdup (text), g_free, free_result, NULL, callback, g_object_ref (self));
}

static void
keep_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  work (STRATA_FOUND_PAGE (widget), keep_worker, g_variant_get_string (parameter, NULL), NULL, done_cb);
}

static void
keep_all_action (GtkWidget  *widget,
                 const char *action_name,
                 GVariant   *parameter)
{
  work (STRATA_FOUND_PAGE (widget), keep_worker, NULL, NULL, done_cb);
}

static void
drop_action (GtkWidget  *widget,
             const char *action_name,
             GVariant   *parameter)
{
  work (STRATA_FOUND_PAGE (widget), drop_worker, g_variant_get_string (parameter, NULL), g_free, dropped_cb);
}

/**
 * strata_found_page_undo:
 * @key: of a session that was dropped
 *
 * Brings it back.
 */
void
strata_found_page_undo (StrataFoundPage *self,
                        const char      *key)
{
  g_return_if_fail (STRATA_IS_FOUND_PAGE (self));

  work (self, undrop_worker, key, g_free, undone_cb);
}

/* GObject */

static void
strata_found_page_dispose (GObject *object)
{
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_FOUND_PAGE);

  G_OBJECT_CLASS (strata_found_page_parent_class)->dispose (object);
}

static void
strata_found_page_class_init (StrataFoundPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_found_page_dispose;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_found_page_store_changed;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-found-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataFoundPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, StrataFoundPage, title_label);
  gtk_widget_class_bind_template_child (widget_class, StrataFoundPage, list);
  gtk_widget_class_bind_template_child (widget_class, StrataFoundPage, more_label);
  gtk_widget_class_install_action (widget_class, "found.keep", "s", keep_action);
  gtk_widget_class_install_action (widget_class, "found.keep-all", NULL, keep_all_action);
  gtk_widget_class_install_action (widget_class, "found.drop", "s", drop_action);
}

static void
strata_found_page_init (StrataFoundPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
