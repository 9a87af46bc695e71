/* test-migration-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "gate.h"
#include "strata-migration-page.h"
#include "strata-preferences.h"
#include "strata-problem-list.h"
#include "strata-window.h"
#include "test-util.h"
#include "zip-maker.h"

#define SECOND_US G_USEC_PER_SEC

#define wait_until(condition) \
  G_STMT_START { while (!(condition)) g_main_context_iteration (NULL, TRUE); } G_STMT_END

/* An old store of one session and of one that needs more than what is there, and a window without a new one */

typedef struct
{
  char                *folder;
  char                *legacy_path;
  StrataAppStore      *store;
  StrataAppMigration  *migration;
  GtkWidget           *window;
  StrataMigrationPage *page;
} Fixture;

#define SESSIONS \
  "[{\"id\":\"one\",\"name\":\"One\",\"startTime\":\"2025-10-01T10:00:00.000Z\",\"tags\":[]," \
  "\"screenshots\":[{\"id\":\"s\",\"timestamp\":\"2025-10-01T10:01:00.000Z\",\"attachmentId\":\"lost\"}]}," \
  "{\"id\":\"two\",\"name\":\"Two\",\"startTime\":\"2025-10-01T11:00:00.000Z\",\"tags\":[]}]"

static void
write_file (const char *folder,
            const char *name,
            const void *content,
            gsize       length)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, content, (gssize)length, &error);
  g_assert_no_error (error);
}

/* The first below @widget that @matches */
static GtkWidget *
find (GtkWidget *widget,
      gboolean (*matches) (GtkWidget *widget, gconstpointer what),
      gconstpointer what)
{
  if (matches (widget, what))
    return widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, matches, what);

      if (found != NULL)
        return found;
    }

  return NULL;
}

static gboolean
is_of_type (GtkWidget     *widget,
            gconstpointer  what)
{
  return g_type_is_a (G_OBJECT_TYPE (widget), *(const GType *)what);
}

/* To be seen, and says @what among other things */
static gboolean
says (GtkWidget     *widget,
      gconstpointer  what)
{
  return GTK_IS_LABEL (widget) && gtk_widget_get_mapped (widget) && strstr (gtk_label_get_label (GTK_LABEL (widget)), what) != NULL;
}

static gboolean
is_button (GtkWidget     *widget,
           gconstpointer  what)
{
  return GTK_IS_BUTTON (widget) && gtk_widget_get_mapped (widget) && gtk_widget_is_sensitive (widget) &&
         g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), what) == 0;
}

static void
click (Fixture    *fixture,
       const char *label)
{
  GtkWidget *button = NULL;

  wait_until ((button = find (fixture->window, is_button, label)) != NULL);
  g_signal_emit_by_name (button, "clicked");
}

#define wait_for_label(fixture, text) wait_until (find ((fixture)->window, says, text) != NULL)

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  const GType page_type = STRATA_TYPE_MIGRATION_PAGE;
  g_autofree char *store_path = NULL;

  fixture->folder = test_make_dir ();
  fixture->legacy_path = g_build_filename (fixture->folder, "old", NULL);
  write_file (fixture->legacy_path, "db/sessions.json", SESSIONS, strlen (SESSIONS));
  store_path = g_build_filename (fixture->folder, "new", NULL);
  fixture->store = strata_app_store_new (store_path);
  fixture->migration = strata_app_migration_new (fixture->store);
  fixture->window = strata_window_new (NULL, fixture->store, fixture->migration);
  g_object_add_weak_pointer (G_OBJECT (fixture->window), (gpointer *)&fixture->window);
  fixture->page = STRATA_MIGRATION_PAGE (find (fixture->window, is_of_type, &page_type));
  gtk_window_present (GTK_WINDOW (fixture->window));
  strata_app_store_open (fixture->store);
  wait_until (strata_app_store_get_state (fixture->store) == STRATA_APP_STORE_ABSENT);
}

static gboolean
has_open_files (const char *folder)
{
  g_autoptr(GDir) fds = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (fds)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *path = g_file_read_link (link, NULL);

      if (path != NULL && g_str_has_prefix (path, folder))
        return TRUE;
    }

  return FALSE;
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  if (fixture->window != NULL)
    gtk_window_destroy (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL);
  g_object_add_weak_pointer (G_OBJECT (fixture->store), (gpointer *)&fixture->store);
  g_object_add_weak_pointer (G_OBJECT (fixture->migration), (gpointer *)&fixture->migration);
  g_object_unref (fixture->migration);
  wait_until (fixture->migration == NULL);
  g_object_unref (fixture->store);
  wait_until (fixture->store == NULL);
  /* Threads close what they have */
  while (has_open_files (fixture->folder))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  test_remove_dir (fixture->folder);
  g_free (fixture->legacy_path);
  g_free (fixture->folder);
}

static void
wait_for_the_end (Fixture *fixture)
{
  wait_until (!strata_app_migration_get_under_way (fixture->migration));
  g_assert_cmpstr (strata_app_migration_get_message (fixture->migration), ==, NULL);
  g_assert_cmpint (strata_app_migration_get_state (fixture->migration), ==, STRATA_APP_MIGRATION_COMPLETE);
}

/* Dropping */

/* Returns: whether the window took it */
static gboolean
drop (Fixture *fixture,
      GFile   *file)
{
  g_autoptr(GListModel) controllers = gtk_widget_observe_controllers (fixture->window);
  g_auto(GValue) value = G_VALUE_INIT;
  GSList files = { .data = file };
  gboolean is_taken = FALSE;
  guint n_targets = 0;

  g_value_init (&value, GDK_TYPE_FILE_LIST);
  g_value_set_boxed (&value, file != NULL ? &files : NULL);
  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr(GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (!GTK_IS_DROP_TARGET (controller))
        continue;
      g_assert_true (gdk_content_formats_contain_gtype (gtk_drop_target_get_formats (GTK_DROP_TARGET (controller)),
                                                        GDK_TYPE_FILE_LIST));
      g_signal_emit_by_name (controller, "drop", &value, 10.0, 10.0, &is_taken);
      n_targets++;
    }
  g_assert_cmpuint (n_targets, ==, 1);

  return is_taken;
}

static gboolean
drop_path (Fixture    *fixture,
           const char *path)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);

  return drop (fixture, file);
}

static void
test_a_zip_that_is_dropped_is_looked_at (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(GBytes) zip = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "export.zip", NULL);

  zip_maker_add_text (maker, "export-metadata.json", "{\"version\":\"1.0\"}", FALSE);
  zip_maker_add_text (maker, "sessions.json", SESSIONS, TRUE);
  zip = zip_maker_finish (maker, FALSE, "");
  write_file (fixture->folder, "export.zip", g_bytes_get_data (zip, NULL), g_bytes_get_size (zip));

  g_assert_true (drop_path (fixture, path));
  wait_for_label (fixture, "2 Sessions");
}

static void
test_what_is_nothing_is_not_taken (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(GFile) far = g_file_new_for_uri ("https://example.org/export.zip");

  g_assert_false (drop (fixture, NULL));
  g_assert_false (drop (fixture, far));
  g_assert_null (find (fixture->window, says, "Looking at the Old Storage"));

  /* What is a file and no old store is said to be none */
  g_assert_true (drop_path (fixture, fixture->folder));
  wait_for_label (fixture, "Nothing to Move in There");
}

static void
test_a_drop_waits_for_the_one_under_way (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  gate_shut (fixture->legacy_path);
  strata_app_migration_start (fixture->migration, fixture->legacy_path);
  gate_await ();
  g_assert_false (drop_path (fixture, fixture->folder));
  wait_for_label (fixture, "Looking at the old storage");
  gate_open ();
  wait_for_the_end (fixture);
  g_assert_true (drop_path (fixture, fixture->folder));
}

/* A disk that does not answer */

static void
test_what_does_not_move_says_so (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  gate_set_time (-40 * SECOND_US);
  gate_shut (fixture->legacy_path);
  strata_window_show_page (STRATA_WINDOW (fixture->window), "migration");
  strata_app_migration_start (fixture->migration, fixture->legacy_path);
  gate_await ();
  g_assert_cmpstr (strata_app_migration_get_wait_text (fixture->migration), ==, "");

  gate_set_time (0);
  wait_for_label (fixture, "Nothing has moved for half a minute: the disk of the old storage does not answer.");
  /* It has not paused: it may go on at any moment */
  g_assert_null (find (fixture->window, says, "Waiting"));

  gate_open ();
  wait_until (*strata_app_migration_get_wait_text (fixture->migration) == '\0');
  wait_for_the_end (fixture);
}

/* Nothing stays behind */

static GtkWidget *
find_window (GType type)
{
  GListModel *windows = gtk_window_get_toplevels ();

  for (guint i = 0; i < g_list_model_get_n_items (windows); i++)
    {
      g_autoptr(GtkWidget) window = g_list_model_get_item (windows, i);

      if (is_of_type (window, &type))
        return window;
    }

  return NULL;
}

/* Answers the dialog that comes up, which goes with all it has */
static void
answer (const char *label)
{
  GtkWidget *dialog = NULL;
  GtkWidget *button = NULL;

  wait_until ((dialog = find_window (ADW_TYPE_MESSAGE_DIALOG)) != NULL);
  wait_until ((button = find (dialog, is_button, label)) != NULL);
  g_object_add_weak_pointer (G_OBJECT (dialog), (gpointer *)&dialog);
  g_signal_emit_by_name (button, "clicked");
  wait_until (dialog == NULL);
}

static void
test_dialogs_go_when_they_are_answered (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  gate_shut (fixture->legacy_path);
  strata_window_show_page (STRATA_WINDOW (fixture->window), "migration");
  strata_app_migration_start (fixture->migration, fixture->legacy_path);
  gate_await ();
  click (fixture, "_Cancel…");
  answer ("_Go On");
  click (fixture, "_Cancel…");
  gate_open ();
  answer ("_Discard");
  wait_for_label (fixture, "Nothing of it is in the new storage");

  click (fixture, "_Continue");
  wait_for_label (fixture, "Done, With Exceptions");
  click (fixture, "_Roll Back…");
  wait_for_label (fixture, "Days to Go Back");
  /* One page goes while the other comes, and both have that button */
  wait_until (find (fixture->window, says, "Done, With Exceptions") == NULL);
  click (fixture, "_Roll Back…");
  answer ("_Cancel");
}

static void
test_preferences_go_when_they_are_closed (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  GtkWidget *preferences = strata_preferences_new (fixture->store);

  g_object_add_weak_pointer (G_OBJECT (preferences), (gpointer *)&preferences);
  gtk_window_set_transient_for (GTK_WINDOW (preferences), GTK_WINDOW (fixture->window));
  gtk_window_present (GTK_WINDOW (preferences));
  wait_until (gtk_widget_get_mapped (preferences));
  gtk_window_close (GTK_WINDOW (preferences));
  wait_until (preferences == NULL);
}

static void
gone_cb (gpointer  user_data,
         GObject  *where)
{
  g_hash_table_remove (user_data, where);
}

/* What is of ours in there, by its type */
static void
collect (GtkWidget  *widget,
         GHashTable *widgets)
{
  if (g_str_has_prefix (G_OBJECT_TYPE_NAME (widget), "Strata") && !g_hash_table_contains (widgets, widget))
    {
      g_hash_table_insert (widgets, widget, (gpointer)G_OBJECT_TYPE_NAME (widget));
      g_object_weak_ref (G_OBJECT (widget), gone_cb, widgets);
    }
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    collect (child, widgets);
}

static void
test_everything_goes_with_the_window (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  static const char *const pages[] = { "overview", "sessions", "maintenance", "old-storage", "migration" };
  g_autoptr(GHashTable) widgets = g_hash_table_new (NULL, NULL);
  gpointer left;

  strata_window_analyse (STRATA_WINDOW (fixture->window), fixture->legacy_path);
  collect (fixture->window, widgets);
  click (fixture, "_Start Migration");
  wait_for_label (fixture, "Done, With Exceptions");
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      wait_until (strata_window_has_page (STRATA_WINDOW (fixture->window), pages[i]));
      strata_window_show_page (STRATA_WINDOW (fixture->window), pages[i]);
      collect (fixture->window, widgets);
    }
  g_assert_cmpuint (g_hash_table_size (widgets), >, 20);

  gtk_window_destroy (GTK_WINDOW (fixture->window));
  while (g_hash_table_size (widgets) > 0)
    {
      GHashTableIter iter;

      g_hash_table_iter_init (&iter, widgets);
      while (g_test_verbose () && g_hash_table_iter_next (&iter, NULL, &left))
        g_test_message ("still there: %s", (const char *)left);
      g_main_context_iteration (NULL, TRUE);
    }
}

/* Problems */

static char *
copied (GtkWidget *widget)
{
  g_auto(GValue) value = G_VALUE_INIT;
  GdkContentProvider *content = gdk_clipboard_get_content (gtk_widget_get_clipboard (widget));

  g_value_init (&value, G_TYPE_STRING);
  g_assert_nonnull (content);
  g_assert_true (gdk_content_provider_get_value (content, &value, NULL));

  return g_value_dup_string (&value);
}

static gboolean
is_copy (GtkWidget     *widget,
         gconstpointer  what)
{
  return GTK_IS_BUTTON (widget) && g_strcmp0 (gtk_button_get_icon_name (GTK_BUTTON (widget)), "edit-copy-symbolic") == 0 &&
         gtk_widget_get_mapped (widget);
}

/* What went wrong is named with its place, can be copied, and tried again when it was put right. */
static void
test_problems_are_copied_and_tried_again (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  static const char meta[] = "{\"id\":\"lost\",\"type\":\"screenshot\",\"mimeType\":\"image/png\",\"size\":4}";
  static const char data[] = "data:image/png;base64,iVBORw==";
  g_autofree char *one = NULL;
  g_autofree char *all = NULL;

  strata_app_migration_start (fixture->migration, fixture->legacy_path);
  strata_window_show_page (STRATA_WINDOW (fixture->window), "migration");
  wait_for_label (fixture, "Done, With Exceptions");
  wait_for_label (fixture, "Noticed");
  g_assert_nonnull (find (fixture->window, says, "attachment-missing"));

  g_signal_emit_by_name (find (fixture->window, is_copy, NULL), "clicked");
  one = copied (fixture->window);
  click (fixture, "_Copy All");
  all = copied (fixture->window);
  g_assert_nonnull (strstr (all, "warning\t"));
  g_assert_nonnull (strstr (all, "attachment-missing"));
  g_assert_nonnull (strstr (all, one));

  write_file (fixture->legacy_path, "attachments/lost.meta.json", meta, sizeof meta - 1);
  write_file (fixture->legacy_path, "attachments/lost.dat", data, sizeof data - 1);
  click (fixture, "_Try Again");
  wait_for_label (fixture, "Everything Is Here");
  wait_until (find (fixture->window, says, "attachment-missing") == NULL);
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

#define ADD(name, function) \
  g_test_add ("/migration-page/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("zip-that-is-dropped-is-looked-at", test_a_zip_that_is_dropped_is_looked_at);
  ADD ("what-is-nothing-is-not-taken", test_what_is_nothing_is_not_taken);
  ADD ("drop-waits-for-the-one-under-way", test_a_drop_waits_for_the_one_under_way);
  ADD ("what-does-not-move-says-so", test_what_does_not_move_says_so);
  ADD ("dialogs-go-when-they-are-answered", test_dialogs_go_when_they_are_answered);
  ADD ("preferences-go-when-they-are-closed", test_preferences_go_when_they_are_closed);
  ADD ("everything-goes-with-the-window", test_everything_goes_with_the_window);
  ADD ("problems-are-copied-and-tried-again", test_problems_are_copied_and_tried_again);

  return g_test_run ();
}
