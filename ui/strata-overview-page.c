/* strata-overview-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-bar-list.h"
#include "strata-format.h"
#include "strata-month-chart.h"
#include "strata-overview-page.h"
#include "strata-session-entry.h"
#include "strata-spinner.h"
#include "strata-wording.h"

#define MOST_KINDS   8
#define MOST_LARGEST 5
#define CACHE_LOOK_S 2

/**
 * StrataOverviewPage:
 *
 * What the old storage took and what the new one takes, where the difference comes
 * from, and what there is in it. It is counted by a thread, while the page is to
 * be seen.
 *
 * Threads: the main one only, which waits for nothing.
 */
struct _StrataOverviewPage
{
  StrataPage           parent_instance;

  gboolean             is_counting;
  gboolean             is_stale;       /* something was written since it was counted */
  guint                cache_source;   /* while it is to be seen */
  GPtrArray           *rows;           /* (element-type GtkWidget): in @largest; (unowned) */

  /* Template children */
  GtkStack            *stack;
  AdwStatusPage       *failed_page;
  StrataBarList       *sizes;
  AdwPreferencesGroup *sizes_group;
  StrataBarList       *savings;
  GtkWidget           *savings_group;
  StrataBarList       *kinds;
  StrataMonthChart    *months;
  GtkWidget           *months_group;
  AdwPreferencesGroup *largest;
  AdwActionRow        *cache_row;
  GtkLevelBar         *cache_bar;
};

G_DEFINE_FINAL_TYPE (StrataOverviewPage, strata_overview_page, STRATA_TYPE_PAGE)

/* Counting, on a thread */

typedef struct
{
  StrataStatistics *statistics;
  GPtrArray        *largest;      /* (element-type StrataSessionInfo) */
} Count;

static void
count_free (Count *count)
{
  g_clear_pointer (&count->statistics, strata_statistics_unref);
  g_clear_pointer (&count->largest, g_ptr_array_unref);
  g_free (count);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Count, count_free)

static gpointer
count_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr(Count) count = g_new0 (Count, 1);

  count->statistics = strata_statistics_collect (store, error);
  if (count->statistics != NULL)
    count->largest = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SIZE, MOST_LARGEST, error);

  return count->largest != NULL ? g_steal_pointer (&count) : NULL;
}

/* Showing */

static void
add_size (StrataBarList *bars,
          const char    *name,
          guint64        bytes)
{
  g_autofree char *value = g_format_size (bytes);

  strata_bar_list_add (bars, name, value, (double)bytes);
}

static void
show_sizes (StrataOverviewPage     *self,
            const StrataStatistics *statistics)
{
  gulong sessions = (gulong)statistics->sessions;
  g_autofree char *saving = strata_format_saving (statistics->bytes_original, statistics->bytes_stored);
  g_autofree char *count = g_strdup_printf (ngettext ("%lu session", "%lu sessions", sessions), sessions);
  /* Translators: such as “24 sessions, 37 % less than before” */
  g_autofree char *description = statistics->bytes_original > statistics->bytes_stored
                                 ? g_strdup_printf (_("%s, %s than before"), count, saving) : g_strdup (count);

  g_autofree char *reserved = g_format_size (statistics->bytes_reserved);
  /* Translators: a size; so much is set aside for a full disk */
  g_autofree char *on_disk = statistics->bytes_reserved > 0
                             ? g_strdup_printf (_("On disk, with %s in reserve"), reserved)
                             : g_strdup (_("On disk, all that it takes"));

  adw_preferences_group_set_description (self->sizes_group, description);
  strata_bar_list_clear (self->sizes);
  add_size (self->sizes, _("Original, in the old storage"), statistics->bytes_original);
  add_size (self->sizes, _("Stored, the files of the new one"), statistics->bytes_stored);
  add_size (self->sizes, on_disk, statistics->bytes_on_disk);
}

static void
show_savings (StrataOverviewPage     *self,
              const StrataStatistics *statistics)
{
  const struct
  {
    const char *name;
    guint64     bytes;
  } savings[] = {
    { _("Attachments as bytes, not as text"), statistics->saved_base64 },
    { _("Copies stored once"), statistics->saved_duplicates },
    { _("Text packed"), statistics->saved_gzip },
    { _("Pictures as WebP"), statistics->saved_webp },
  };
  gboolean any = FALSE;

  strata_bar_list_clear (self->savings);
  for (guint i = 0; i < G_N_ELEMENTS (savings); i++)
    if (savings[i].bytes > 0)
      {
        add_size (self->savings, savings[i].name, savings[i].bytes);
        any = TRUE;
      }
  gtk_widget_set_visible (self->savings_group, any);
}

static const char *
name_kind (const char *kind)
{
  static const struct
  {
    const char *kind;
    const char *words;
  } known[] = {
    { "application/json", N_("Text of sessions") },
    { "json", N_("Text of sessions") },
    { "image/jpeg", N_("Pictures, JPEG") },
    { "image/png", N_("Pictures, PNG") },
    { "image/webp", N_("Pictures, WebP") },
    { "audio/mpeg", N_("Recordings, MP3") },
    { "audio/wav", N_("Recordings, WAV") },
    { "audio/x-wav", N_("Recordings, WAV") },
    { "video/mp4", N_("Videos, MP4") },
    { "video/webm", N_("Videos, WebM") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (kind, known[i].kind) == 0)
      return _(known[i].words);

  return kind;
}

static int
compare_groups (gconstpointer a,
                gconstpointer b)
{
  const StrataStatisticsGroup *first = *(StrataStatisticsGroup *const *)a;
  const StrataStatisticsGroup *second = *(StrataStatisticsGroup *const *)b;

  return first->bytes > second->bytes ? -1 : first->bytes < second->bytes;
}

/* The largest first; the many small ones after these together */
static void
show_kinds (StrataOverviewPage     *self,
            const StrataStatistics *statistics)
{
  g_autoptr(GPtrArray) kinds = g_ptr_array_new ();
  guint64 rest = 0;

  for (guint i = 0; i < statistics->kinds->len; i++)
    g_ptr_array_add (kinds, g_ptr_array_index (statistics->kinds, i));
  g_ptr_array_sort (kinds, compare_groups);
  strata_bar_list_clear (self->kinds);
  for (guint i = 0; i < kinds->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (kinds, i);

      if (i < MOST_KINDS)
        add_size (self->kinds, name_kind (group->name), group->bytes);
      else
        rest += group->bytes;
    }
  if (rest > 0)
    add_size (self->kinds, _("Everything else"), rest);
}

static void
show_largest (StrataOverviewPage *self,
              GPtrArray          *largest)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->largest, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);

  for (guint i = 0; i < largest->len; i++)
    {
      StrataSessionInfo *info = g_ptr_array_index (largest, i);
      g_autofree char *title = strata_session_entry_format_title (info);
      g_autofree char *size = g_format_size (info->bytes_stored);
      GtkWidget *row = adw_action_row_new ();

      adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
      adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 1);
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), size);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name ("go-next-symbolic"));
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
      gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "win.show-session");
      gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", info->key);
      adw_preferences_group_add (self->largest, row);
      g_ptr_array_add (self->rows, row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->largest), largest->len > 0);
}

static gboolean
show_cache (gpointer user_data)
{
  StrataOverviewPage *self = user_data;
  StrataAppStore *app_store = strata_page_get_app_store (STRATA_PAGE (self));
  StrataStore *store = app_store != NULL ? strata_app_store_get_store (app_store) : NULL;
  StrataCache *cache = store != NULL ? strata_store_get_cache (store) : NULL;
  guint64 asked = cache != NULL ? strata_cache_get_hits (cache) + strata_cache_get_misses (cache) : 0;
  g_autofree char *percent = NULL;
  g_autofree char *used = NULL;
  g_autofree char *most = NULL;
  g_autofree char *subtitle = NULL;

  if (cache == NULL)
    return G_SOURCE_CONTINUE;

  percent = asked > 0 ? strata_wording_percent (strata_cache_get_hit_rate (cache)) : NULL;
  used = g_format_size (strata_cache_get_bytes (cache));
  most = g_format_size (strata_cache_get_max_bytes (cache));
  /* Translators: a size, and another that it may become */
  subtitle = percent != NULL ? g_strdup_printf (_("%s found there; %s of %s used"), percent, used, most)
                             : g_strdup_printf (_("Nothing was read yet; %s of %s used"), used, most);
  adw_action_row_set_subtitle (self->cache_row, subtitle);
  gtk_level_bar_set_value (self->cache_bar, asked > 0 ? strata_cache_get_hit_rate (cache) : 0);

  return G_SOURCE_CONTINUE;
}

static void count (StrataOverviewPage *self);

static void
counted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataOverviewPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(Count) counted = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  g_autofree char *message = NULL;

  self->is_counting = FALSE;
  /* The window may be closed by now */
  if (strata_page_get_app_store (STRATA_PAGE (self)) == NULL)
    return;
  if (self->is_stale)
    {
      count (self);
      return;
    }
  if (counted == NULL)
    {
      message = g_markup_escape_text (error->message, -1);
      adw_status_page_set_description (self->failed_page, message);
      gtk_stack_set_visible_child_name (self->stack, "failed");
      return;
    }

  show_sizes (self, counted->statistics);
  show_savings (self, counted->statistics);
  show_kinds (self, counted->statistics);
  strata_month_chart_set (self->months, counted->statistics->months);
  gtk_widget_set_visible (self->months_group, counted->statistics->months->len > 0);
  show_largest (self, counted->largest);
  show_cache (self);
  gtk_stack_set_visible_child_name (self->stack, "overview");
}

/* Nothing is counted for a page that nobody sees. */
static void
count (StrataOverviewPage *self)
{
  StrataAppStore *app_store = strata_page_get_app_store (STRATA_PAGE (self));

  if (!self->is_stale || self->is_counting || !gtk_widget_get_mapped (GTK_WIDGET (self)) || app_store == NULL ||
      strata_app_store_get_store (app_store) == NULL)
    return;

  self->is_stale = FALSE;
  self->is_counting = TRUE;
  strata_app_store_call_async (app_store, count_worker, NULL, NULL, (GDestroyNotify)count_free, NULL, counted_cb,
                               g_object_ref (self));
}

static void
strata_overview_page_store_changed (StrataPage     *page,
                                    StrataAppStore *app_store)
{
  StrataOverviewPage *self = STRATA_OVERVIEW_PAGE (page);

  strata_page_set_available (page, strata_app_store_get_state (app_store) == STRATA_APP_STORE_OPEN);
  self->is_stale = TRUE;
  count (self);
}

static void
try_again (GtkWidget  *widget,
           const char *action_name,
           GVariant   *parameter)
{
  StrataOverviewPage *self = STRATA_OVERVIEW_PAGE (widget);

  gtk_stack_set_visible_child_name (self->stack, "counting");
  self->is_stale = TRUE;
  count (self);
}

static void
strata_overview_page_map (GtkWidget *widget)
{
  StrataOverviewPage *self = STRATA_OVERVIEW_PAGE (widget);

  GTK_WIDGET_CLASS (strata_overview_page_parent_class)->map (widget);

  count (self);
  show_cache (self);
  self->cache_source = g_timeout_add_seconds (CACHE_LOOK_S, show_cache, self);
}

static void
strata_overview_page_unmap (GtkWidget *widget)
{
  StrataOverviewPage *self = STRATA_OVERVIEW_PAGE (widget);

  g_clear_handle_id (&self->cache_source, g_source_remove);

  GTK_WIDGET_CLASS (strata_overview_page_parent_class)->unmap (widget);
}

/* GObject */

static void
strata_overview_page_dispose (GObject *object)
{
  /* First, so that the bin knows that its child goes with the template */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_OVERVIEW_PAGE);

  G_OBJECT_CLASS (strata_overview_page_parent_class)->dispose (object);
}

static void
strata_overview_page_finalize (GObject *object)
{
  g_ptr_array_unref (STRATA_OVERVIEW_PAGE (object)->rows);

  G_OBJECT_CLASS (strata_overview_page_parent_class)->finalize (object);
}

static void
strata_overview_page_class_init (StrataOverviewPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_overview_page_dispose;
  object_class->finalize = strata_overview_page_finalize;
  widget_class->map = strata_overview_page_map;
  widget_class->unmap = strata_overview_page_unmap;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_overview_page_store_changed;

  g_type_ensure (STRATA_TYPE_SPINNER);
  g_type_ensure (STRATA_TYPE_BAR_LIST);
  g_type_ensure (STRATA_TYPE_MONTH_CHART);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-overview-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, sizes);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, sizes_group);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, savings);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, savings_group);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, kinds);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, months);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, months_group);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, largest);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, cache_row);
  gtk_widget_class_bind_template_child (widget_class, StrataOverviewPage, cache_bar);
  gtk_widget_class_install_action (widget_class, "overview.try-again", NULL, try_again);
}

static void
strata_overview_page_init (StrataOverviewPage *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}
