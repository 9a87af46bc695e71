/* strata-maintenance-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-app-compression.h"
#include "strata-job-row.h"
#include "strata-maintenance-page.h"
#include "strata-problem-list.h"

/* So often it is looked how far something is */
#define LOOK_MS 200

typedef enum
{
  JOB_CHECK,
  JOB_CLEAN,
  JOB_INDEX,
  N_JOBS
} JobKind;

/**
 * StrataMaintenancePage:
 *
 * What keeps a storage small and sound: compressing it, checking it, clearing away
 * what nothing needs, making the search index anew. Each of them runs on a thread,
 * can be cancelled, and says what became of it.
 *
 * Threads: the main one only, which waits for nothing.
 */
struct _StrataMaintenancePage
{
  StrataPage            parent_instance;

  GSettings            *settings;
  StrataAppCompression *compression;
  GCancellable         *cancellables[N_JOBS];   /* of those that run */
  guint                 look_source;            /* while one runs that says how far it is */
  guint                 indexed;                /* thousandths; atomic, the thread writes it */
  GListStore           *problems;

  /* Template children */
  StrataJobRow         *compress_row;
  StrataJobRow         *check_row;
  StrataJobRow         *clean_row;
  StrataJobRow         *index_row;
  StrataProblemList    *problem_list;
};

G_DEFINE_FINAL_TYPE (StrataMaintenancePage, strata_maintenance_page, STRATA_TYPE_PAGE)

/* What was asked for may come when the window is closed. */
static gboolean
is_gone (StrataMaintenancePage *self)
{
  return strata_page_get_app_store (STRATA_PAGE (self)) == NULL;
}

/* What they have in common */

static GCancellable *
begin (StrataMaintenancePage *self,
       JobKind                kind,
       StrataJobRow          *row,
       const char            *message)
{
  g_clear_object (&self->cancellables[kind]);
  self->cancellables[kind] = g_cancellable_new ();
  strata_job_row_begin (row, message);

  return self->cancellables[kind];
}

static void
cancel (StrataMaintenancePage *self,
        JobKind                kind)
{
  if (self->cancellables[kind] != NULL)
    g_cancellable_cancel (self->cancellables[kind]);
}

/* @message: (nullable): what became of it; %NULL: @error says it */
static void
end (StrataMaintenancePage *self,
     JobKind                kind,
     StrataJobRow          *row,
     const char            *message,
     const GError          *error)
{
  g_clear_object (&self->cancellables[kind]);
  if (is_gone (self))
    return;
  if (message == NULL)
    message = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? _("Cancelled") : error->message;
  strata_job_row_end (row, message);
  strata_app_store_changed (strata_page_get_app_store (STRATA_PAGE (self)));
}

static StrataAppStore *
get_app_store (StrataMaintenancePage *self)
{
  return strata_page_get_app_store (STRATA_PAGE (self));
}

/* Compressing */

static void
compression_cb (StrataMaintenancePage *self)
{
  const char *message = strata_app_compression_get_message (self->compression);

  if (!strata_app_compression_get_running (self->compression))
    {
      if (strata_job_row_is_running (self->compress_row))
        strata_job_row_end (self->compress_row, message);
      return;
    }

  if (!strata_job_row_is_running (self->compress_row))
    strata_job_row_begin (self->compress_row, message);
  strata_job_row_set_paused (self->compress_row, strata_app_compression_get_paused (self->compression));
  strata_job_row_set_progress (self->compress_row, strata_app_compression_get_fraction (self->compression), message);
}

static void
ensure_compression (StrataMaintenancePage *self)
{
  if (self->compression != NULL)
    return;

  self->compression = strata_app_compression_new (get_app_store (self));
  g_signal_connect_object (self->compression, "notify", G_CALLBACK (compression_cb), self, G_CONNECT_SWAPPED);
}

static void
compress_cb (StrataMaintenancePage *self)
{
  strata_app_compression_start (self->compression);
}

static void
compress_pause_cb (StrataMaintenancePage *self)
{
  strata_app_compression_pause (self->compression);
}

static void
compress_resume_cb (StrataMaintenancePage *self)
{
  strata_app_compression_resume (self->compression);
}

static void
compress_cancel_cb (StrataMaintenancePage *self)
{
  strata_app_compression_cancel (self->compression);
}

/* Checking */

static gpointer
check_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  return strata_check_run (store, cancellable, error);
}

static void
show_problems (StrataMaintenancePage *self,
               GPtrArray             *problems)
{
  g_list_store_remove_all (self->problems);
  for (guint i = 0; i < problems->len; i++)
    g_list_store_append (self->problems, g_ptr_array_index (problems, i));
}

static char *
format_check (const StrataCheck *check)
{
  gulong sessions = (gulong)check->sessions;
  gulong damage = (gulong)check->damage;
  g_autofree char *read = g_strdup_printf (ngettext ("%lu session", "%lu sessions", sessions), sessions);

  if (damage == 0)
    /* Translators: such as “12 sessions” */
    return g_strdup_printf (_("Everything is as it was stored: %s, each file read to its end"), read);

  return g_strdup_printf (ngettext ("%lu damage was found, see below", "%lu damages were found, see below", damage), damage);
}

static void
checked_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataMaintenancePage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCheck) check = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  g_autofree char *message = check != NULL ? format_check (check) : NULL;

  if (check != NULL && !is_gone (self))
    show_problems (self, check->problems);
  end (self, JOB_CHECK, self->check_row, message, error);
}

static void
check_cb (StrataMaintenancePage *self)
{
  if (strata_app_store_get_store (get_app_store (self)) == NULL)
    return;

  strata_app_store_call_async (get_app_store (self), check_worker, NULL, NULL, (GDestroyNotify)strata_check_unref,
                               begin (self, JOB_CHECK, self->check_row, _("Reading every file to its end")), checked_cb,
                               g_object_ref (self));
}

static void
check_cancel_cb (StrataMaintenancePage *self)
{
  cancel (self, JOB_CHECK);
}

/* Clearing away: first it is only said what would go */

static gpointer
clean_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  return strata_store_collect_garbage (store, data, cancellable, error);
}

static StrataGarbageOptions *
make_clean_options (StrataMaintenancePage *self,
                    gboolean               dry_run)
{
  StrataGarbageOptions *options = strata_garbage_options_new ();

  options->dry_run = dry_run;
  options->session_days = (guint)g_settings_get_int (self->settings, "keep-deleted-days");

  return options;
}

/* @would: whether it is what would be done */
static char *
format_garbage (const StrataGarbage *garbage,
                gboolean             would)
{
  g_autofree char *freed = g_format_size (garbage->bytes_freed);
  g_autofree char *to_trash = g_format_size (garbage->bytes_quarantined);

  if (garbage->bytes_freed == 0 && garbage->bytes_quarantined == 0 && garbage->restored == 0)
    return g_strdup (_("There is nothing to clear away"));
  if (would)
    /* Translators: two sizes */
    return g_strdup_printf (_("%s can be freed now; %s can go to the trash, and be freed when their time is over"), freed,
                            to_trash);

  return g_strdup_printf (_("%s were freed; %s went to the trash"), freed, to_trash);
}

static gboolean
is_worth_it (const StrataGarbage *garbage)
{
  return garbage->bytes_freed > 0 || garbage->bytes_quarantined > 0 || garbage->restored > 0;
}

static void
looked_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataMaintenancePage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) garbage = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  g_autofree char *message = garbage != NULL ? format_garbage (garbage, TRUE) : NULL;

  end (self, JOB_CLEAN, self->clean_row, message, error);
  if (!is_gone (self))
    strata_job_row_set_extra (self->clean_row, garbage != NULL && is_worth_it (garbage) ? _("Clear _Away") : NULL);
}

static void
clean_look_cb (StrataMaintenancePage *self)
{
  if (strata_app_store_get_store (get_app_store (self)) == NULL)
    return;

  strata_app_store_call_async (get_app_store (self), clean_worker, make_clean_options (self, TRUE),
                               (GDestroyNotify)strata_garbage_options_free, (GDestroyNotify)strata_garbage_unref,
                               begin (self, JOB_CLEAN, self->clean_row, _("Looking what nothing needs any more")), looked_cb,
                               g_object_ref (self));
}

static void
cleaned_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataMaintenancePage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) garbage = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  g_autofree char *message = garbage != NULL ? format_garbage (garbage, FALSE) : NULL;

  if (garbage != NULL && !is_gone (self))
    show_problems (self, garbage->problems);
  end (self, JOB_CLEAN, self->clean_row, message, error);
}

static void
clean_cb (StrataMaintenancePage *self)
{
  if (strata_app_store_get_store (get_app_store (self)) == NULL)
    return;

  strata_app_store_call_async (get_app_store (self), clean_worker, make_clean_options (self, FALSE),
                               (GDestroyNotify)strata_garbage_options_free, (GDestroyNotify)strata_garbage_unref,
                               begin (self, JOB_CLEAN, self->clean_row, _("Clearing away")), cleaned_cb,
                               g_object_ref (self));
}

static void
clean_cancel_cb (StrataMaintenancePage *self)
{
  cancel (self, JOB_CLEAN);
}

/* The search index */

typedef struct
{
  guint64 sessions;
  guint64 moments;
} Indexed;

static gboolean
look_cb (gpointer user_data)
{
  StrataMaintenancePage *self = user_data;
  guint indexed = (guint)g_atomic_int_get (&self->indexed);

  if (self->cancellables[JOB_INDEX] != NULL && indexed > 0)
    strata_job_row_set_progress (self->index_row, indexed / 1000.0, NULL);

  return G_SOURCE_CONTINUE;
}

static void
look_again (StrataMaintenancePage *self)
{
  gboolean runs = self->cancellables[JOB_INDEX] != NULL;

  if (runs && self->look_source == 0)
    self->look_source = g_timeout_add (LOOK_MS, look_cb, self);
  else if (!runs)
    g_clear_handle_id (&self->look_source, g_source_remove);
}

/* On the thread that works */
static void
indexing_cb (guint64  done,
             guint64  total,
             gpointer user_data)
{
  guint *indexed = user_data;

  if (total > 0)
    g_atomic_int_set (indexed, (guint)(done * 1000 / total));
}

static gpointer
index_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  StrataMaintenancePage *self = data;
  g_autoptr(StrataSearch) search = strata_search_new (store);
  g_autofree Indexed *indexed = g_new0 (Indexed, 1);

  if (!strata_search_rebuild (search, indexing_cb, &self->indexed, &indexed->sessions, &indexed->moments, cancellable, error))
    return NULL;

  return g_steal_pointer (&indexed);
}

static void
indexed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataMaintenancePage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autofree Indexed *indexed = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  gulong moments = indexed != NULL ? (gulong)indexed->moments : 0;
  g_autofree char *message =
    indexed != NULL ? g_strdup_printf (ngettext ("%lu text can be found", "%lu texts can be found", moments), moments) : NULL;

  end (self, JOB_INDEX, self->index_row, message, error);
  look_again (self);
}

/* The callback holds the page as long as the thread runs. */
static void
index_cb (StrataMaintenancePage *self)
{
  if (strata_app_store_get_store (get_app_store (self)) == NULL)
    return;

  g_atomic_int_set (&self->indexed, 0);
  strata_app_store_call_async (get_app_store (self), index_worker, self, NULL, g_free,
                               begin (self, JOB_INDEX, self->index_row, _("Reading all texts")), indexed_cb,
                               g_object_ref (self));
  look_again (self);
}

static void
index_cancel_cb (StrataMaintenancePage *self)
{
  cancel (self, JOB_INDEX);
}

/* GObject */

static void
strata_maintenance_page_store_changed (StrataPage     *page,
                                       StrataAppStore *app_store)
{
  ensure_compression (STRATA_MAINTENANCE_PAGE (page));
  strata_page_set_available (page, strata_app_store_get_state (app_store) == STRATA_APP_STORE_OPEN);
}

static void
strata_maintenance_page_dispose (GObject *object)
{
  StrataMaintenancePage *self = STRATA_MAINTENANCE_PAGE (object);

  g_clear_handle_id (&self->look_source, g_source_remove);
  for (guint i = 0; i < N_JOBS; i++)
    {
      cancel (self, i);
      g_clear_object (&self->cancellables[i]);
    }
  if (self->compression != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->compression, self);
      strata_app_compression_leave (self->compression);
    }
  g_clear_object (&self->compression);
  g_clear_object (&self->settings);
  g_clear_object (&self->problems);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MAINTENANCE_PAGE);

  G_OBJECT_CLASS (strata_maintenance_page_parent_class)->dispose (object);
}

static void
strata_maintenance_page_class_init (StrataMaintenancePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_maintenance_page_dispose;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_maintenance_page_store_changed;

  g_type_ensure (STRATA_TYPE_JOB_ROW);
  g_type_ensure (STRATA_TYPE_PROBLEM_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-maintenance-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMaintenancePage, compress_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMaintenancePage, check_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMaintenancePage, clean_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMaintenancePage, index_row);
  gtk_widget_class_bind_template_child (widget_class, StrataMaintenancePage, problem_list);
  gtk_widget_class_bind_template_callback (widget_class, compress_cb);
  gtk_widget_class_bind_template_callback (widget_class, compress_pause_cb);
  gtk_widget_class_bind_template_callback (widget_class, compress_resume_cb);
  gtk_widget_class_bind_template_callback (widget_class, compress_cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, check_cb);
  gtk_widget_class_bind_template_callback (widget_class, check_cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, clean_look_cb);
  gtk_widget_class_bind_template_callback (widget_class, clean_cb);
  gtk_widget_class_bind_template_callback (widget_class, clean_cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, index_cb);
  gtk_widget_class_bind_template_callback (widget_class, index_cancel_cb);
}

static void
strata_maintenance_page_init (StrataMaintenancePage *self)
{
  self->settings = g_settings_new (APP_ID);
  self->problems = g_list_store_new (STRATA_TYPE_PROBLEM);
  gtk_widget_init_template (GTK_WIDGET (self));
  strata_problem_list_set_problems (self->problem_list, G_LIST_MODEL (self->problems));
}
