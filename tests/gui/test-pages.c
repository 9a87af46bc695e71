/* test-pages.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "strata-bar-list.h"
#include "strata-element-loader.h"
#include "strata-job-row.h"
#include "strata-maintenance-page.h"
#include "strata-month-chart.h"
#include "strata-picture.h"
#include "strata-preferences.h"
#include "strata-session-export.h"
#include "strata-session-finder.h"
#include "strata-session-list.h"
#include "strata-session-view.h"
#include "strata-sessions-page.h"
#include "strata-sidebar-row.h"
#include "strata-window.h"
#include "strata-wording.h"
#include "test-util.h"

#define wait_until(condition) \
  G_STMT_START { while (!(condition)) g_main_context_iteration (NULL, TRUE); } G_STMT_END

/* A store with three sessions on two days */

static const char *const texts[] = {
  "{\"id\":\"a\",\"name\":\"Apples and pears\",\"startTime\":\"2025-10-01T12:00:00.000Z\",\"endTime\":\"2025-10-01T13:30:00.000Z\","
  "\"tags\":[],\"summary\":{\"narrative\":\"We spoke of orchards.\",\"achievements\":[\"Planted\"]},\"screenshots\":["
  "{\"id\":\"s1\",\"timestamp\":\"2025-10-01T12:05:00.000Z\",\"attachmentId\":\"none\",\"aiAnalysis\":{\"summary\":\"A tree\"}},"
  "{\"id\":\"s2\",\"timestamp\":\"2025-10-01T12:10:00.000Z\"}]}",
  "{\"id\":\"b\",\"name\":\"Bread\",\"startTime\":\"2025-10-01T10:00:00.000Z\",\"tags\":[\"food\"]}",
  "{\"id\":\"c\",\"name\":\"Cheese\",\"startTime\":\"2025-09-20T10:00:00.000Z\",\"tags\":[]}",
};

typedef struct
{
  char               *path;
  StrataAppStore     *store;
  StrataAppMigration *migration;
  StrataWindow       *window;
  StrataSessionsPage *page;
} Fixture;

/* Finds the first widget of a type below @widget. */
static GtkWidget *
find_widget (GtkWidget *widget,
             GType      type)
{
  if (g_type_is_a (G_OBJECT_TYPE (widget), type))
    return widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_widget (child, type);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gpointer
get_child (gpointer    widget,
           const char *name)
{
  GObject *child = gtk_widget_get_template_child (widget, G_OBJECT_TYPE (widget), name);

  g_assert_nonnull (child);

  return child;
}

static void
fill_store (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open_or_create (path, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GInputStream) json = g_memory_input_stream_new_from_data (texts[i], (gssize)strlen (texts[i]), NULL);
      g_autofree char *key = strata_store_create_session (store, json, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (key);
    }
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
  fill_store (fixture->path);
  fixture->store = strata_app_store_new (fixture->path);
  fixture->migration = strata_app_migration_new (fixture->store);
  fixture->window = STRATA_WINDOW (strata_window_new (NULL, fixture->store, fixture->migration));
  fixture->page = STRATA_SESSIONS_PAGE (find_widget (GTK_WIDGET (fixture->window), STRATA_TYPE_SESSIONS_PAGE));
  gtk_window_present (GTK_WINDOW (fixture->window));
  strata_app_store_open (fixture->store);
  wait_until (strata_app_store_get_state (fixture->store) == STRATA_APP_STORE_OPEN);
  strata_window_show_page (fixture->window, "sessions");
}

/* Threads may hold the store a little longer. */
static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  gpointer window = fixture->window;
  gpointer store = strata_app_store_get_store (fixture->store);

  g_object_add_weak_pointer (window, &window);
  g_object_add_weak_pointer (store, &store);
  gtk_window_destroy (GTK_WINDOW (fixture->window));
  g_clear_object (&fixture->migration);
  g_clear_object (&fixture->store);
  wait_until (window == NULL);
  while (g_atomic_pointer_get (&store) != NULL || test_has_open (fixture->path))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static const char *
get_view (Fixture    *fixture,
          const char *stack)
{
  return gtk_stack_get_visible_child_name (get_child (fixture->page, stack));
}

static GListModel *
wait_for_list (Fixture *fixture)
{
  wait_until (g_strcmp0 (get_view (fixture, "stack"), "sessions") == 0);

  return G_LIST_MODEL (get_child (fixture->page, "sessions"));
}

static char *
dup_title (GListModel *list,
           guint       position)
{
  g_autoptr(StrataSessionEntry) entry = g_list_model_get_item (list, position);

  return strata_session_entry_dup_title (entry);
}

static void
test_sessions_are_listed_by_day (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const char *const titles[] = { "Wednesday, 1 October 2025", "Apples and pears", "Bread", "Saturday, 20 September 2025",
                                        "Cheese" };
  GListModel *list = wait_for_list (fixture);

  g_assert_cmpuint (g_list_model_get_n_items (list), ==, G_N_ELEMENTS (titles));
  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      g_autofree char *title = dup_title (list, i);

      g_assert_cmpstr (title, ==, titles[i]);
    }
}

static StrataSessionView *
open_first (Fixture *fixture)
{
  StrataSessionView *view = get_child (fixture->page, "session");

  wait_for_list (fixture);
  g_signal_emit_by_name (get_child (fixture->page, "session_list"), "activate", 1);
  g_assert_cmpstr (get_view (fixture, "views"), ==, "session");
  wait_until (g_strcmp0 (gtk_stack_get_visible_child_name (get_child (view, "stack")), "session") == 0);

  return view;
}

static char *
dup_text (StrataSessionView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (get_child (view, "text"));
  char *text;

  g_object_get (buffer, "text", &text, NULL);

  return text;
}

static void
test_session_opens_with_all_it_has (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  StrataSessionView *view = open_first (fixture);
  GListModel *screenshots = get_child (view, "screenshots");
  char *text = NULL;

  g_assert_cmpstr (gtk_label_get_label (get_child (view, "title")), ==, "Apples and pears");
  g_assert_nonnull (strstr (gtk_label_get_label (get_child (view, "facts")), "1 h 30 min"));
  g_assert_cmpuint (g_list_model_get_n_items (screenshots), ==, 2);
  do
    {
      g_main_context_iteration (NULL, TRUE);
      g_free (text);
      text = dup_text (view);
    }
  while (*text == '\0');
  g_assert_cmpstr (text, ==, "Summary\nWe spoke of orchards.\nAchievements\nPlanted");
  g_free (text);

  /* Its picture is not there: the words are, and why there is none */
  wait_until (g_strcmp0 (gtk_label_get_label (get_child (view, "caption")), "A tree") == 0);
  g_assert_cmpstr (gtk_stack_get_visible_child_name (get_child (view, "picture_stack")), ==, "none");
  g_assert_nonnull (adw_status_page_get_description (get_child (view, "no_picture")));

  strata_page_go_back (STRATA_PAGE (fixture->page));
  g_assert_cmpstr (get_view (fixture, "views"), ==, "list");
  g_assert_null (strata_session_view_get_key (view));
}

static void
test_deleted_session_leaves_the_list_and_comes_back (Fixture       *fixture,
                                                     gconstpointer  test_data)
{
  g_autofree char *key = NULL;
  g_autofree char *back = NULL;
  g_autoptr(GError) error = NULL;
  GListModel *list = wait_for_list (fixture);

  key = g_strdup (strata_session_view_get_key (open_first (fixture)));
  gtk_widget_activate_action (GTK_WIDGET (fixture->page), "sessions.delete", NULL);
  wait_until (g_list_model_get_n_items (list) == 4);
  g_assert_cmpstr (get_view (fixture, "views"), ==, "list");

  back = strata_store_undelete (strata_app_store_get_store (fixture->store), key, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (back, ==, key);
  strata_app_store_changed (fixture->store);
  wait_until (g_list_model_get_n_items (list) == 5);
}

static void
test_session_is_shown_by_its_id (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  StrataSessionView *view = get_child (fixture->page, "session");

  gtk_widget_activate_action (GTK_WIDGET (fixture->window), "win.show-session", "s", "c");
  wait_until (strata_session_view_get_key (view) != NULL);
  g_assert_cmpstr (gtk_label_get_label (get_child (view, "title")), ==, "Cheese");
}

static void
test_export_writes_and_overwrites_nothing (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *folder = test_make_dir ();
  g_autofree char *path = g_build_filename (folder, "a.json", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *key = NULL;
  g_autoptr(GError) error = NULL;

  key = g_strdup (strata_session_view_get_key (open_first (fixture)));
  strata_session_export_write (STRATA_PAGE (fixture->page), key, STRATA_EXPORT_JSON, path);
  wait_until (g_file_test (path, G_FILE_TEST_EXISTS) && g_file_get_contents (path, &before, NULL, NULL) && strchr (before, ']'));
  g_assert_nonnull (strstr (before, "Apples and pears"));

  g_assert_true (g_file_set_contents (path, "mine", -1, &error));
  strata_session_export_write (STRATA_PAGE (fixture->page), key, STRATA_EXPORT_JSON, path);
  strata_session_export_write (STRATA_PAGE (fixture->page), key, STRATA_EXPORT_LEGACY, folder);
  for (guint i = 0; i < 20; i++)
    {
      while (g_main_context_iteration (NULL, FALSE));
      g_usleep (5000);
    }
  g_assert_true (g_file_get_contents (path, &after, NULL, &error));
  g_assert_cmpstr (after, ==, "mine");
  test_remove_dir (folder);
}

static void
wait_for_finder (StrataSessionFinder *finder,
                 StrataFinderState    state)
{
  wait_until (strata_session_finder_get_state (finder) == state);
}

static void
test_finder_shows_only_the_last_query (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(StrataSessionFinder) finder = strata_session_finder_new ();
  g_autoptr(StrataSearchHit) hit = NULL;

  strata_session_finder_set_store (finder, strata_app_store_get_store (fixture->store));
  g_assert_cmpint (strata_session_finder_get_state (finder), ==, STRATA_FINDER_IDLE);

  strata_session_finder_set_text (finder, "chee");
  strata_session_finder_set_text (finder, "orch");
  wait_for_finder (finder, STRATA_FINDER_FOUND);
  hit = g_list_model_get_item (G_LIST_MODEL (strata_session_finder_get_results (finder)), 0);
  g_assert_cmpstr (strata_search_hit_get_session_name (hit), ==, "Apples and pears");

  strata_session_finder_set_text (finder, "orchbrds");
  wait_for_finder (finder, STRATA_FINDER_NOTHING);
  g_assert_null (strata_session_finder_get_results (finder));

  strata_session_finder_set_text (finder, "  ");
  g_assert_cmpint (strata_session_finder_get_state (finder), ==, STRATA_FINDER_IDLE);
  g_assert_null (strata_session_finder_get_results (finder));
}

static void
test_cache_size_acts_at_once (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(GSettings) settings = g_settings_new (APP_ID);
  StrataCache *cache = strata_store_get_cache (strata_app_store_get_store (fixture->store));

  g_settings_set_int (settings, "cache-size", 32);
  strata_preferences_apply (settings, fixture->store);
  g_assert_cmpuint (strata_cache_get_max_bytes (cache), ==, 32 << 20);
  g_settings_set_int (settings, "cache-size", 64);
  g_assert_cmpuint (strata_cache_get_max_bytes (cache), ==, 64 << 20);
  g_settings_reset (settings, "cache-size");
}

/* Whether Maintenance offers to clear something away */
static gboolean
look_for_garbage (Fixture *fixture)
{
  GtkWidget *maintenance = find_widget (GTK_WIDGET (fixture->window), STRATA_TYPE_MAINTENANCE_PAGE);
  StrataJobRow *row = get_child (maintenance, "clean_row");

  g_signal_emit_by_name (row, "run");
  wait_until (!strata_job_row_is_running (row));

  return gtk_widget_get_visible (get_child (row, "extra_button"));
}

static void
test_deleted_is_kept_as_long_as_preferences_say (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  g_autoptr(GSettings) settings = g_settings_new (APP_ID);
  StrataStore *store = strata_app_store_get_store (fixture->store);
  g_autoptr(GPtrArray) sessions = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *name = NULL;

  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_DATE, 1, &error);
  g_assert_no_error (error);
  name = strata_store_delete_session (store, ((StrataSessionInfo *)g_ptr_array_index (sessions, 0))->key, NULL, &error);
  g_assert_no_error (error);

  g_assert_false (look_for_garbage (fixture));
  g_settings_set_int (settings, "keep-deleted-days", 0);
  g_assert_true (look_for_garbage (fixture));
  g_settings_reset (settings, "keep-deleted-days");
}

/* The callbacks of all that is under way come when nobody sees the window any more. */
static void
test_window_is_closed_while_everything_works (void)
{
  static const char *const buttons[] = { "compress_row", "check_row", "clean_row", "index_row" };
  Fixture fixture = { 0 };
  GtkWidget *maintenance;

  fixture_set_up (&fixture, NULL);
  maintenance = find_widget (GTK_WIDGET (fixture.window), STRATA_TYPE_MAINTENANCE_PAGE);
  open_first (&fixture);
  strata_window_show_page (fixture.window, "overview");
  for (guint i = 0; i < G_N_ELEMENTS (buttons); i++)
    g_signal_emit_by_name (get_child (maintenance, buttons[i]), "run");
  gtk_widget_activate_action (GTK_WIDGET (fixture.page), "sessions.delete-screenshot", NULL);
  gtk_widget_activate_action (GTK_WIDGET (fixture.page), "sessions.delete", NULL);
  gtk_editable_set_text (get_child (fixture.page, "entry"), "orchards");
  strata_app_store_changed (fixture.store);
  fixture_tear_down (&fixture, NULL);
}

/* Without a store there is nothing to look at, and no way to it. */
static void
test_sidebar_lists_only_what_is_there (void)
{
  g_autofree char *folder = test_make_dir ();
  g_autofree char *path = g_build_filename (folder, "none", NULL);
  g_autoptr(StrataAppStore) store = strata_app_store_new (path);
  g_autoptr(StrataAppMigration) migration = strata_app_migration_new (store);
  GtkWidget *window = strata_window_new (NULL, store, migration);
  GtkListBox *sidebar = get_child (window, "sidebar");
  GtkListBoxRow *row;

  strata_app_store_open (store);
  wait_until (strata_app_store_get_state (store) == STRATA_APP_STORE_ABSENT);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (sidebar, i)) != NULL; i++)
    {
      StrataPage *page = strata_sidebar_row_get_page (STRATA_SIDEBAR_ROW (row));

      g_assert_true (gtk_widget_get_visible (GTK_WIDGET (row)) == strata_page_get_available (page));
      g_assert_false (STRATA_IS_SESSIONS_PAGE (page) && gtk_widget_get_visible (GTK_WIDGET (row)));
    }
  gtk_window_destroy (GTK_WINDOW (window));
  test_remove_dir (folder);
}

/* Following */

static void
save_old_sessions (const char *legacy,
                   const char *text)
{
  g_autofree char *path = g_build_filename (legacy, "db", "sessions.json", NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Notes in which states it was */
static void
note_state_cb (StrataAppMigration *migration,
               GParamSpec         *pspec,
               guint              *states)
{
  *states |= 1u << strata_app_migration_get_state (migration);
}

static gpointer
count_worker (const char    *path,
              StrataStore   *store,
              gpointer       data,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error);

  return sessions != NULL ? g_memdup2 (&sessions->len, sizeof sessions->len) : NULL;
}

static void
counted_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autofree guint *n = strata_app_store_call_finish (STRATA_APP_STORE (object), result, NULL);

  g_assert_nonnull (n);
  *(guint *)user_data = *n;
}

/* Nobody asked for it, so nobody is shown a report. */
static void
test_following_takes_in_what_is_new (void)
{
  g_autofree char *folder = test_make_dir ();
  g_autofree char *legacy = g_build_filename (folder, "com.taskerino.desktop", NULL);
  g_autofree char *path = g_build_filename (folder, "store", NULL);
  g_autoptr(StrataMigration) first = strata_migration_new (path, legacy);
  StrataAppStore *store = strata_app_store_new (path);
  StrataAppMigration *migration = strata_app_migration_new (store);
  guint states = 0, n_sessions = 0;
  g_autoptr(GError) error = NULL;

  save_old_sessions (legacy, "[{\"id\":\"a\"}]");
  strata_migration_run (first, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&first);
  strata_app_store_open (store);
  wait_until (strata_app_store_get_state (store) == STRATA_APP_STORE_OPEN);
  g_signal_connect (migration, "notify::state", G_CALLBACK (note_state_cb), &states);

  save_old_sessions (legacy, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
  strata_app_migration_follow (migration);
  wait_until ((states & 1u << STRATA_APP_MIGRATION_RUNNING) != 0 &&
              strata_app_migration_get_state (migration) == STRATA_APP_MIGRATION_NONE);
  g_assert_false (states & (1u << STRATA_APP_MIGRATION_COMPLETE | 1u << STRATA_APP_MIGRATION_FAILED));

  wait_until (strata_app_store_get_state (store) == STRATA_APP_STORE_OPEN);
  strata_app_store_call_async (store, count_worker, NULL, NULL, g_free, NULL, counted_cb, &n_sessions);
  wait_until (n_sessions > 0);
  g_assert_cmpuint (n_sessions, ==, 2);

  g_clear_object (&migration);
  g_clear_object (&store);
  while (test_has_open (folder))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  test_remove_dir (folder);
}

/* Lists, without a store */

/* @sessions hold their first reference until the test is over: what is in them is not theirs */
static void
add_info (GPtrArray  *sessions,
          char       *key,
          const char *start)
{
  StrataSessionInfo *info = g_atomic_rc_box_new0 (StrataSessionInfo);

  info->key = key;
  info->start = (char *)start;
  g_ptr_array_add (sessions, info);
}

static void
test_days_are_told_apart (void)
{
  g_autoptr(GPtrArray) sessions = g_ptr_array_new_with_free_func (g_atomic_rc_box_release);
  g_autoptr(StrataSessionList) list = NULL;
  g_autofree char *last = NULL;

  add_info (sessions, "a", "2025-10-02T12:00:00Z");
  add_info (sessions, "b", "2024-10-02T12:00:00Z");
  add_info (sessions, "c", "no time");
  add_info (sessions, "d", NULL);
  list = strata_session_list_new (sessions);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 7);
  g_assert_cmpuint (strata_session_list_get_n_sessions (list), ==, 4);
  last = dup_title (G_LIST_MODEL (list), 4);
  g_assert_cmpstr (last, ==, "Without a date");
}

static void
changed_cb (GListModel *list,
            guint       position,
            guint       removed,
            guint       added,
            gpointer    user_data)
{
  guint *change = user_data;

  change[0] = position;
  change[1] = removed;
  change[2] = added;
}

static void
test_list_changes_only_where_it_does (void)
{
  g_autoptr(GPtrArray) before = g_ptr_array_new_with_free_func (g_atomic_rc_box_release);
  g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func (g_atomic_rc_box_release);
  g_autoptr(StrataSessionList) list = NULL;
  g_autoptr(StrataSessionList) same = NULL;
  g_autoptr(StrataSessionList) other = NULL;
  guint change[3] = { 99, 99, 99 };

  for (guint i = 0; i < 3; i++)
    {
      static const char *const keys[] = { "a", "b", "c" };

      add_info (before, (char *)keys[i], "2025-10-02T12:00:00Z");
      if (i != 1)
        add_info (after, (char *)keys[i], "2025-10-02T12:00:00Z");
    }
  list = strata_session_list_new (before);
  same = strata_session_list_new (before);
  other = strata_session_list_new (after);
  g_signal_connect (list, "items-changed", G_CALLBACK (changed_cb), change);

  strata_session_list_become (list, same);
  g_assert_cmpuint (change[0], ==, 99);
  strata_session_list_become (list, other);
  g_assert_cmpuint (change[0], ==, 2);
  g_assert_cmpuint (change[1], ==, 1);
  g_assert_cmpuint (change[2], ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 3);
}

static void
test_list_of_100000_is_whole (void)
{
  g_autoptr(GPtrArray) sessions = g_ptr_array_new_with_free_func (g_atomic_rc_box_release);
  g_autoptr(StrataSessionList) list = NULL;
  g_autofree char *last = NULL;

  for (guint i = 0; i < 100000; i++)
    add_info (sessions, "key", i % 2 == 0 ? "2025-10-02T12:00:00Z" : "2025-10-03T12:00:00Z");
  list = strata_session_list_new (sessions);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 200000);
  last = dup_title (G_LIST_MODEL (list), 199998);
  g_assert_cmpstr (last, ==, "Friday, 3 October 2025");
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (list), 200000));
}

/* Pictures */

static GInputStream *
make_picture (int width,
              int height)
{
  g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, width, height);
  g_autoptr(GError) error = NULL;
  char *data;
  gsize length;

  gdk_pixbuf_fill (pixbuf, 0x336699ff);
  g_assert_true (gdk_pixbuf_save_to_buffer (pixbuf, &data, &length, "png", &error, NULL));

  return g_memory_input_stream_new_from_data (data, (gssize)length, g_free);
}

static void
test_pictures_are_no_larger_than_asked_for (void)
{
  g_autoptr(GInputStream) large = make_picture (400, 200);
  g_autoptr(GInputStream) small = make_picture (40, 20);
  g_autoptr(GError) error = NULL;
  g_autoptr(GdkTexture) first = strata_picture_decode (large, 100, 100, NULL, &error);
  g_autoptr(GdkTexture) second = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (gdk_texture_get_width (first), ==, 100);
  g_assert_cmpint (gdk_texture_get_height (first), ==, 50);

  second = strata_picture_decode (small, 100, 100, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_texture_get_width (second), ==, 40);
}

static void
test_what_is_no_picture_is_an_error (void)
{
  static const char *const texts_of_none[] = { "", "not a picture at all", "\x89PNG\r\n\x1a\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts_of_none); i++)
    {
      g_autoptr(GInputStream) stream =
        g_memory_input_stream_new_from_data (texts_of_none[i], (gssize)strlen (texts_of_none[i]), NULL);
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_picture_decode (stream, 100, 100, NULL, &error));
      g_assert_nonnull (error);
    }
}

/* 65,535 pixels square, says the header: nothing like that is allocated */
static void
test_giant_pictures_are_refused (void)
{
  static const guint8 png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0xff, 0xff, 0x08, 0x02, 0x00, 0x00, 0x00, 0x39, 0x67, 0x4e,
    0x07, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0xa0, 0x0c, 0x00,
    0x00, 0x00, 0x40, 0x00, 0x01, 0xb7, 0x34, 0x7c, 0xef,
  };
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (png, sizeof png, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_null (strata_picture_decode (stream, 100, 100, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Charts and words */

static void
test_charts_are_described (void)
{
  GtkWidget *bars = g_object_ref_sink (g_object_new (STRATA_TYPE_BAR_LIST, NULL));
  int minimum, less;

  strata_bar_list_add (STRATA_BAR_LIST (bars), "One", "1 MB", 1);
  gtk_widget_measure (bars, GTK_ORIENTATION_VERTICAL, -1, &less, NULL, NULL, NULL);
  strata_bar_list_add (STRATA_BAR_LIST (bars), "Two", "2 MB", 2);
  gtk_widget_measure (bars, GTK_ORIENTATION_VERTICAL, -1, &minimum, NULL, NULL, NULL);
  g_assert_cmpint (minimum, >, less);
  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (bars), GTK_ACCESSIBLE_ROLE_IMG);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (bars), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "One: 1 MB; Two: 2 MB");
  strata_bar_list_clear (STRATA_BAR_LIST (bars));
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (bars), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "");
  g_object_unref (bars);
}

static void
test_months_are_described (void)
{
  GtkWidget *chart = g_object_ref_sink (g_object_new (STRATA_TYPE_MONTH_CHART, NULL));
  StrataStatisticsGroup groups[] = { { "2025-09", 1, 1000 }, { "what", 1, 2000 } };
  g_autoptr(GPtrArray) months = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    g_ptr_array_add (months, &groups[i]);
  strata_month_chart_set (STRATA_MONTH_CHART (chart), months);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (chart), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       "September 2025: 1.0\302\240kB; what: 2.0\302\240kB");
  g_object_unref (chart);
}

static void
test_words_are_for_people (void)
{
  g_autofree char *marked = strata_wording_snippet ("a <mark>b</mark> &amp; c");
  g_autofree char *odd = strata_wording_snippet ("a <mark>b");
  g_autofree char *name = strata_wording_name ("someOther_member");
  g_autofree char *known = strata_wording_name ("keyInsights");
  g_autofree char *offset = strata_wording_offset (3723);
  g_autofree char *minutes = strata_wording_duration (330);
  g_autoptr(GDateTime) none = strata_wording_parse_time ("yesterday");

  g_assert_cmpstr (marked, ==, "a <b>b</b> &amp; c");
  g_assert_cmpstr (odd, ==, "a &lt;mark&gt;b");
  g_assert_cmpstr (name, ==, "Some Other member");
  g_assert_cmpstr (known, ==, "Key Insights");
  g_assert_cmpstr (offset, ==, "1:02:03");
  g_assert_cmpstr (minutes, ==, "6 min");
  g_assert_null (none);
}

int
main (int    argc,
      char **argv)
{
  /* What day it is depends on where one is */
  g_setenv ("TZ", "UTC", TRUE);
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

#define ADD(name, function) \
  g_test_add ("/pages/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("sessions-are-listed-by-day", test_sessions_are_listed_by_day);
  ADD ("session-opens-with-all-it-has", test_session_opens_with_all_it_has);
  ADD ("deleted-session-leaves-the-list-and-comes-back", test_deleted_session_leaves_the_list_and_comes_back);
  ADD ("session-is-shown-by-its-id", test_session_is_shown_by_its_id);
  ADD ("export-writes-and-overwrites-nothing", test_export_writes_and_overwrites_nothing);
  ADD ("finder-shows-only-the-last-query", test_finder_shows_only_the_last_query);
  ADD ("cache-size-acts-at-once", test_cache_size_acts_at_once);
  ADD ("deleted-is-kept-as-long-as-preferences-say", test_deleted_is_kept_as_long_as_preferences_say);
  g_test_add_func ("/pages/window-is-closed-while-everything-works", test_window_is_closed_while_everything_works);
  g_test_add_func ("/pages/sidebar-lists-only-what-is-there", test_sidebar_lists_only_what_is_there);
  g_test_add_func ("/pages/following-takes-in-what-is-new", test_following_takes_in_what_is_new);
  g_test_add_func ("/pages/days-are-told-apart", test_days_are_told_apart);
  g_test_add_func ("/pages/list-changes-only-where-it-does", test_list_changes_only_where_it_does);
  g_test_add_func ("/pages/list-of-100000-is-whole", test_list_of_100000_is_whole);
  g_test_add_func ("/pages/pictures-are-no-larger-than-asked-for", test_pictures_are_no_larger_than_asked_for);
  g_test_add_func ("/pages/what-is-no-picture-is-an-error", test_what_is_no_picture_is_an_error);
  g_test_add_func ("/pages/giant-pictures-are-refused", test_giant_pictures_are_refused);
  g_test_add_func ("/pages/charts-are-described", test_charts_are_described);
  g_test_add_func ("/pages/months-are-described", test_months_are_described);
  g_test_add_func ("/pages/words-are-for-people", test_words_are_for_people);

  return g_test_run ();
}
