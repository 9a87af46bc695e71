/* test-compression.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <adwaita.h>

#include "image-maker.h"
#include "strata-app-compression.h"
#include "strata-app-migration.h"
#include "test-util.h"

#define wait_until(condition) \
  G_STMT_START { while (!(condition)) g_main_context_iteration (NULL, TRUE); } G_STMT_END

/* A store with one session of long ago, which has text, a JPEG and a PNG */
typedef struct
{
  char           *path;
  GSettings      *settings;
  StrataAppStore *store;
} Fixture;

static const char *const keys[] = {
  "compress-json", "json-level", "compress-images", "image-quality", "compress-png", "compress-by-itself",
  "compress-after-days", "compress-on-battery",
};

static void
attach (StrataStore *store,
        const char  *key,
        const char  *id,
        GBytes      *image)
{
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (id, image);
  g_autofree char *element = g_strdup_printf ("{\"id\":\"of-%s\",\"attachmentId\":\"%s\"}", id, id);
  g_autoptr(GBytes) json = g_bytes_new (element, strlen (element));
  g_autoptr(GError) error = NULL;

  strata_store_append (store, key, "screenshots", json, attachment, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Text that a level more makes smaller */
static char *
make_session (void)
{
  GString *text = g_string_new ("{\"id\":\"old\",\"endTime\":\"2025-10-01T13:30:00.000Z\",\"screenshots\":[],\"audioSegments\":[");
  g_autoptr(GRand) random = g_rand_new_with_seed (1);

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (text, "%s{\"id\":\"%u\",\"text\":\"word %u and %u\"}", i > 0 ? "," : "", i,
                            (guint)g_rand_int_range (random, 0, 50), (guint)g_rand_int_range (random, 0, 5000));

  return g_string_free (g_string_append (text, "]}"), FALSE);
}

static void
fill_store (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open_or_create (path, &error);
  g_autofree char *text = make_session ();
  g_autoptr(GInputStream) json = g_memory_input_stream_new_from_data (text, -1, NULL);
  g_autoptr(GBytes) jpeg = image_maker_jpeg (320, 200, 1, 95);
  g_autoptr(GBytes) png = image_maker_png (IMAGE_RGB, 320, 200, 5);
  g_autofree char *key = NULL;

  g_assert_no_error (error);
  key = strata_store_create_session (store, json, NULL, &error);
  g_assert_no_error (error);
  attach (store, key, "jpeg", jpeg);
  attach (store, key, "png", png);
  strata_store_seal_session (store, key, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
  fill_store (fixture->path);
  fixture->settings = g_settings_new (APP_ID);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    g_settings_reset (fixture->settings, keys[i]);
  fixture->store = strata_app_store_new (fixture->path);
  strata_app_store_open (fixture->store);
  wait_until (strata_app_store_get_state (fixture->store) == STRATA_APP_STORE_OPEN);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  gpointer store = strata_app_store_get_store (fixture->store);

  g_object_add_weak_pointer (store, &store);
  g_clear_object (&fixture->store);
  while (g_atomic_pointer_get (&store) != NULL || test_has_open (fixture->path))
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_clear_object (&fixture->settings);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

/* Bytes of all files below @path that end so; 0: there is none */
static guint64
measure (const char *path,
         const char *ending)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint64 sum = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);
      GStatBuf status;

      if (g_file_test (below, G_FILE_TEST_IS_DIR))
        sum += strcmp (name, "trash") != 0 ? measure (below, ending) : 0;
      else if (g_str_has_suffix (name, ending) && g_stat (below, &status) == 0)
        sum += (guint64)status.st_size;
    }

  return sum;
}

static void
compress (Fixture *fixture)
{
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);

  strata_app_compression_start (compression);
  g_assert_true (strata_app_compression_get_running (compression));
  wait_until (!strata_app_compression_get_running (compression));
  g_assert_cmpstr (strata_app_compression_get_message (compression), !=, "");
}

static void
test_text_is_packed_by_default (Fixture       *fixture,
                                gconstpointer  test_data)
{
  compress (fixture);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), >, 0);
  g_assert_cmpuint (measure (fixture->path, ".webp"), ==, 0);
}

static void
test_text_is_left_where_it_shall_be (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_settings_set_boolean (fixture->settings, "compress-json", FALSE);
  compress (fixture);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), ==, 0);
}

static void
test_new_sessions_are_left (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_settings_set_int (fixture->settings, "compress-after-days", 3650);
  compress (fixture);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), ==, 0);

  g_settings_set_int (fixture->settings, "compress-after-days", 1);
  compress (fixture);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), >, 0);
}

static void
undo (Fixture *fixture)
{
  g_autoptr(StrataCompressor) compressor = strata_compressor_new (strata_app_store_get_store (fixture->store));
  g_autoptr(GError) error = NULL;

  strata_compressor_undo (compressor, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* What @setting at @less leaves is less than at @more. */
static void
assert_smaller (Fixture    *fixture,
                const char *setting,
                int         less,
                int         more,
                const char *ending)
{
  guint64 smaller, larger;

  g_settings_set_int (fixture->settings, setting, less);
  compress (fixture);
  smaller = measure (fixture->path, ending);
  undo (fixture);
  g_assert_cmpuint (measure (fixture->path, ending), ==, 0);
  g_settings_set_int (fixture->settings, setting, more);
  compress (fixture);
  larger = measure (fixture->path, ending);

  g_assert_cmpuint (smaller, >, 0);
  g_assert_cmpuint (smaller, <, larger);
}

static void
test_level_makes_a_difference (Fixture       *fixture,
                               gconstpointer  test_data)
{
  assert_smaller (fixture, "json-level", 12, 1, ".json.gz");
}

static void
test_quality_makes_a_difference (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_settings_set_boolean (fixture->settings, "compress-images", TRUE);
  assert_smaller (fixture, "image-quality", 20, 70, ".webp");
  g_assert_cmpuint (measure (fixture->path, ".jpg"), ==, 0);
  g_assert_cmpuint (measure (fixture->path, ".png"), >, 0);
}

static void
test_png_is_converted_only_where_it_shall_be (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_settings_set_boolean (fixture->settings, "compress-png", TRUE);
  compress (fixture);
  g_assert_cmpuint (measure (fixture->path, ".webp"), >, 0);
  g_assert_cmpuint (measure (fixture->path, ".png"), ==, 0);
  g_assert_cmpuint (measure (fixture->path, ".jpg"), >, 0);
}

/* By itself */

static void
test_it_works_by_itself (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);

  strata_app_compression_look_for_work (compression);
  wait_until (measure (fixture->path, ".json.gz") > 0);
  /* It is at rest when nobody but us holds it */
  wait_until (G_OBJECT (compression)->ref_count == 1);
  g_assert_false (strata_app_compression_get_running (compression));

  /* With nothing to do there is nothing to see */
  strata_app_compression_look_for_work (compression);
  g_assert_false (strata_app_compression_get_running (compression));
  wait_until (G_OBJECT (compression)->ref_count == 1);
  g_assert_cmpstr (strata_app_compression_get_message (compression), ==, "");
}

static void
test_it_does_nothing_by_itself_where_it_shall_not (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);

  g_settings_set_boolean (fixture->settings, "compress-by-itself", FALSE);
  strata_app_compression_look_for_work (compression);
  g_assert_cmpuint (G_OBJECT (compression)->ref_count, ==, 1);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), ==, 0);
}

/* On the way */

static void
test_a_migration_packs_as_preferences_say (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  for (guint packs = 0; packs < 2; packs++)
    {
      g_autofree char *folder = test_make_dir ();
      g_autofree char *path = g_build_filename (folder, "store", NULL);
      g_autoptr(StrataAppStore) store = strata_app_store_new (path);
      g_autoptr(StrataAppMigration) migration = strata_app_migration_new (store);

      g_settings_set_boolean (fixture->settings, "compress-json", packs > 0);
      strata_app_store_open (store);
      strata_app_migration_start (migration, g_getenv ("STRATA_SAMPLE"));
      wait_until (strata_app_migration_get_state (migration) == STRATA_APP_MIGRATION_COMPLETE);
      g_assert_true ((measure (path, ".json.gz") > 0) == (packs > 0));
      g_assert_cmpuint (measure (path, ".json"), >, 0);

      g_clear_object (&migration);
      g_clear_object (&store);
      while (test_has_open (path))
        {
          g_main_context_iteration (NULL, FALSE);
          g_usleep (1000);
        }
      test_remove_dir (folder);
    }
}

/* What a process does that migrates into the store: answers once. */
static gpointer
answer_worker (gpointer data)
{
  static const char reply[] = "{\"state\":\"running\"}";
  char command[64];
  int fd = accept (GPOINTER_TO_INT (data), NULL, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (recv (fd, command, sizeof command, 0), >, 0);
  g_assert_cmpint (send (fd, reply, strlen (reply), MSG_NOSIGNAL), ==, strlen (reply));
  close (fd);

  return NULL;
}

static void
test_it_lets_a_migration_go_first (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  GThread *thread;

  g_snprintf (address.sun_path, sizeof address.sun_path, "%s/migration.socket", fixture->path);
  g_assert_cmpint (bind (fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fd, 1), ==, 0);
  thread = g_thread_new ("migration", answer_worker, GINT_TO_POINTER (fd));

  strata_app_compression_look_for_work (compression);
  g_thread_join (thread);
  wait_until (G_OBJECT (compression)->ref_count == 1);
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), ==, 0);

  /* It has ended */
  close (fd);
  strata_app_compression_look_for_work (compression);
  wait_until (measure (fixture->path, ".json.gz") > 0);
  wait_until (G_OBJECT (compression)->ref_count == 1);
}

/* A bus with something that calls itself UPower, and is on battery: the test's own */

static const char upower_xml[] =
  "<node><interface name='org.freedesktop.UPower'><property name='OnBattery' type='b' access='read'/></interface></node>";

static GVariant *
upower_get_property (GDBusConnection  *connection,
                     const char       *sender,
                     const char       *path,
                     const char       *interface,
                     const char       *property,
                     GError          **error,
                     gpointer          user_data)
{
  return g_variant_new_boolean (TRUE);
}

static void
name_cb (GDBusConnection *connection,
         const char      *name,
         gpointer         user_data)
{
  *(gboolean *)user_data = TRUE;
}

static void
test_it_says_that_it_waits_for_the_battery (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  static const GDBusInterfaceVTable vtable = { NULL, upower_get_property, NULL, { NULL, } };
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (upower_xml, NULL);
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);
  g_autoptr(GError) error = NULL;
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  gboolean is_there = FALSE;
  guint name, object;

  g_assert_no_error (error);
  object = g_dbus_connection_register_object (bus, "/org/freedesktop/UPower", node->interfaces[0], &vtable, NULL, NULL, &error);
  g_assert_no_error (error);
  name = g_bus_own_name_on_connection (bus, "org.freedesktop.UPower", G_BUS_NAME_OWNER_FLAGS_NONE, name_cb, NULL, &is_there, NULL);
  wait_until (is_there);

  strata_app_compression_start (compression);
  wait_until (g_str_has_prefix (strata_app_compression_get_message (compression), "Waiting: the computer runs on its battery"));
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), ==, 0);

  strata_app_compression_pause (compression);
  wait_until (strata_app_compression_get_paused (compression));
  strata_app_compression_resume (compression);
  wait_until (!strata_app_compression_get_paused (compression));

  g_settings_set_boolean (fixture->settings, "compress-on-battery", TRUE);
  wait_until (!strata_app_compression_get_running (compression));
  g_assert_cmpuint (measure (fixture->path, ".json.gz"), >, 0);
  g_bus_unown_name (name);
  g_dbus_connection_unregister_object (bus, object);
}

static void
test_cancelled_it_ends (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(StrataAppCompression) compression = strata_app_compression_new (fixture->store);

  strata_app_compression_start (compression);
  strata_app_compression_cancel (compression);
  wait_until (!strata_app_compression_get_running (compression));
  g_assert_cmpstr (strata_app_compression_get_message (compression), ==, "Cancelled; what is done is done");
}

int
main (int    argc,
      char **argv)
{
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_getenv ("DBUS_SESSION_BUS_ADDRESS"), TRUE);
  gtk_test_init (&argc, &argv, NULL);

#define ADD(name, function) \
  g_test_add ("/compression/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("text-is-packed-by-default", test_text_is_packed_by_default);
  ADD ("text-is-left-where-it-shall-be", test_text_is_left_where_it_shall_be);
  ADD ("new-sessions-are-left", test_new_sessions_are_left);
  ADD ("level-makes-a-difference", test_level_makes_a_difference);
  ADD ("quality-makes-a-difference", test_quality_makes_a_difference);
  ADD ("png-is-converted-only-where-it-shall-be", test_png_is_converted_only_where_it_shall_be);
  ADD ("it-works-by-itself", test_it_works_by_itself);
  ADD ("it-does-nothing-by-itself-where-it-shall-not", test_it_does_nothing_by_itself_where_it_shall_not);
  ADD ("a-migration-packs-as-preferences-say", test_a_migration_packs_as_preferences_say);
  ADD ("it-lets-a-migration-go-first", test_it_lets_a_migration_go_first);
  ADD ("it-says-that-it-waits-for-the-battery", test_it_says_that_it_waits_for_the_battery);
  ADD ("cancelled-it-ends", test_cancelled_it_ends);

  return g_test_run ();
}
