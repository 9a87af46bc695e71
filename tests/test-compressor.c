/* test-compressor.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-yield-private.h"
#include "fault-seam.h"
#include "maintenance/strata-compressor-private.h"
#include "maintenance/strata-statistics.h"
#include "session-util.h"
#include "store/strata-batch-private.h"
#include "store/strata-store-write.h"
#include "test-util.h"

#define N_SESSIONS 12
#define NOTES "[{\"id\":\"n1\",\"text\":\"the same words and the same words and the same words, and again the same words\"}," \
              "{\"id\":\"n2\",\"text\":\"the same words and the same words and the same words, and again the same words\"}," \
              "{\"id\":\"n3\",\"text\":\"the same words and the same words and the same words, and again the same words\"}]"

typedef struct
{
  char        *path;
  StrataStore *store;
  char        *keys[N_SESSIONS];
  char        *texts[N_SESSIONS];
} Fixture;

/* Sessions of one to four parts; the first is the oldest */
static char *
make_session (guint       number,
              const char *version)
{
  g_autofree char *plain = NULL;
  g_autofree char *id = g_strdup_printf ("s%u", number);

  plain = session_util_make (id, number % 5 == 0 ? 2000 : 3 + number, version);
  plain[strlen (plain) - 1] = '\0';

  return g_strdup_printf ("%s,\"startTime\":\"2025-01-%02uT10:00:00.000Z\",\"endTime\":\"2025-01-%02uT11:00:00.000Z\"}",
                          plain, number + 1, number + 1);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  for (guint i = 0; i < N_SESSIONS; i++)
    {
      fixture->texts[i] = make_session (i, "1");
      fixture->keys[i] = store_util_put (fixture->store, fixture->texts[i], i);
    }
  store_util_put_collection (fixture->store, "notes", NOTES);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  for (guint i = 0; i < N_SESSIONS; i++)
    {
      g_free (fixture->keys[i]);
      g_free (fixture->texts[i]);
    }
}

static StrataCompressor *
make_compressor (Fixture *fixture)
{
  StrataCompressor *compressor = strata_compressor_new (fixture->store);

  strata_compressor_set_min_age (compressor, 0);
  strata_compressor_set_on_battery (compressor, TRUE);

  return compressor;
}

static void
compress (Fixture                *fixture,
          StrataCompressorCounts *out_counts)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GError) error = NULL;

  strata_compressor_run (compressor, NULL, &error);
  g_assert_no_error (error);
  if (out_counts != NULL)
    strata_compressor_get_counts (compressor, out_counts);
}

static guint
count_files (Fixture    *fixture,
             const char *folder,
             const char *suffix)
{
  g_autofree char *list = store_util_list_files (fixture->path, folder);
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);
  guint n = 0;

  for (guint i = 0; files[i] != NULL; i++)
    n += *files[i] != '\0' && g_str_has_suffix (files[i], suffix) ? 1 : 0;

  return n;
}

/* Whether the part with a session's first screenshots is packed */
static gboolean
is_packed (Fixture *fixture,
           guint    number)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, fixture->keys[number], NULL);

  return ((const StrataPart *)g_ptr_array_index (manifest->parts, 0))->is_gzip;
}

static void
assert_reads_as_before (Fixture *fixture)
{
  g_autofree char *problems = store_util_check (fixture->store);
  g_autofree char *staging = store_util_list_files (fixture->path, "staging");

  for (guint i = 0; i < N_SESSIONS; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *text = store_util_read_session (fixture->store, fixture->keys[i], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, fixture->texts[i]);
    }
  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpstr (staging, ==, "");
}

/* What the files of a folder are, as text */
static char *
describe_files (Fixture    *fixture,
                const char *folder)
{
  g_autofree char *list = store_util_list_files (fixture->path, folder);
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);
  GString *text = g_string_new (NULL);

  for (guint i = 0; files[i] != NULL && *files[i] != '\0'; i++)
    {
      g_autofree char *path = g_build_filename (fixture->path, files[i], NULL);
      g_autofree char *content = NULL;
      g_autofree char *digest = NULL;
      gsize size;

      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)content, size);
      g_string_append_printf (text, "%s %s\n", digest, files[i]);
    }

  return g_string_free (text, FALSE);
}

static void
test_everything_is_packed_and_reads_as_before (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  StrataCompressorCounts counts, again;
  g_autoptr(StrataStatistics) statistics = NULL;
  guint n_parts = count_files (fixture, "sessions", ".json") - N_SESSIONS;

  compress (fixture, &counts);

  assert_reads_as_before (fixture);
  g_assert_cmpuint (counts.sessions, ==, N_SESSIONS);
  g_assert_cmpuint (counts.collections, ==, 1);
  g_assert_cmpuint (counts.left, ==, 0);
  g_assert_cmpuint (count_files (fixture, "sessions", ".json.gz"), ==, n_parts);
  g_assert_cmpuint (count_files (fixture, "collections", ".json.gz"), ==, 1);
  /* What was replaced is in the trash until it is cleared away */
  g_assert_cmpuint (count_files (fixture, "trash", ".json"), ==, n_parts + 1);

  statistics = strata_statistics_collect (fixture->store, NULL);
  g_assert_cmpuint (statistics->saved_gzip, ==, counts.bytes_before - counts.bytes_after);

  compress (fixture, &again);
  g_assert_cmpuint (again.sessions + again.collections + again.left + again.bytes_before, ==, 0);
}

static void
test_undoing_gives_every_file_back (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autofree char *sessions = describe_files (fixture, "sessions");
  g_autofree char *collections = describe_files (fixture, "collections");
  g_autofree char *sessions_after = NULL;
  g_autofree char *collections_after = NULL;
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(StrataCompressor) some = make_compressor (fixture);
  const char *keys[] = { fixture->keys[3], fixture->keys[5], NULL };
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  compress (fixture, NULL);

  strata_compressor_undo (some, keys, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_assert_true (is_packed (fixture, i) == (i != 3 && i != 5));
  assert_reads_as_before (fixture);

  strata_compressor_undo (compressor, NULL, NULL, &error);
  g_assert_no_error (error);
  strata_compressor_get_counts (compressor, &counts);
  g_assert_cmpuint (counts.sessions, ==, N_SESSIONS - 2);
  g_assert_cmpuint (counts.collections, ==, 1);

  sessions_after = describe_files (fixture, "sessions");
  collections_after = describe_files (fixture, "collections");
  g_assert_cmpstr (sessions_after, ==, sessions);
  g_assert_cmpstr (collections_after, ==, collections);
  assert_reads_as_before (fixture);
}

static void
test_young_sessions_are_left (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GDateTime) day = g_date_time_new_utc (2025, 1, 6, 12, 0, 0);
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr(GError) error = NULL;
  g_autofree char *filler = g_strnfill (1000, 'x');
  g_autofree char *young = g_strdup_printf ("{\"id\":\"y\",\"screenshots\":[\"%s\"]}", filler);
  g_autofree char *young_key = NULL;
  StrataCompressorCounts counts;

  /* One that says nothing of its time counts by when it was written */
  young_key = store_util_put (fixture->store, young, 100);

  strata_compressor_set_min_age (compressor, (guint)(g_date_time_difference (now, day) / G_TIME_SPAN_DAY));
  strata_compressor_run (compressor, NULL, &error);
  g_assert_no_error (error);

  strata_compressor_get_counts (compressor, &counts);
  g_assert_cmpuint (counts.sessions, ==, 6);
  g_assert_cmpuint (counts.collections, ==, 0);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_assert_true (is_packed (fixture, i) == (i < 6));
  g_assert_cmpuint (count_files (fixture, "sessions", ".json"), >, 0);
  assert_reads_as_before (fixture);
}

static void
test_a_growing_session_is_left (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(GBytes) element = g_bytes_new_static ("{\"id\":\"new\"}", 12);
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  strata_store_append (fixture->store, fixture->keys[4], "screenshots", element, NULL, NULL, NULL, &error);
  g_assert_no_error (error);

  compress (fixture, &counts);
  g_assert_cmpuint (counts.sessions, ==, N_SESSIONS - 1);
  g_assert_false (is_packed (fixture, 4));
}

/* A conversion of what is no more, or has begun to grow, changes nothing. */

static gboolean
go_on (StrataWork work,
       guint64    bytes,
       gint64     us,
       gpointer   user_data)
{
  return TRUE;
}

static StrataConversion *
prepare (Fixture     *fixture,
         StrataBatch *batch,
         guint        number)
{
  StrataConversionSettings settings = { .level = 6 };
  g_autoptr(GHashTable) keys = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(StrataImages) images = _strata_images_new (fixture->store, keys);
  g_autoptr(GError) error = NULL;
  StrataConversion *conversion =
    _strata_conversion_prepare (fixture->store, _strata_batch_get_staging (batch), FALSE, fixture->keys[number], &settings,
                                images, go_on, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (conversion);

  return conversion;
}

static void
test_what_changed_meanwhile_is_left (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, NULL);
  g_autoptr(GBytes) element = g_bytes_new_static ("{\"id\":\"new\"}", 12);
  g_autoptr(GPtrArray) left = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *grown = NULL;

  for (guint i = 1; i <= 3; i++)
    _strata_conversion_commit (prepare (fixture, batch, i), batch);

  g_free (fixture->texts[1]);
  fixture->texts[1] = make_session (1, "2");
  g_free (store_util_put (fixture->store, fixture->texts[1], 1));
  strata_store_append (fixture->store, fixture->keys[2], "screenshots", element, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  grown = store_util_read_session (fixture->store, fixture->keys[2], NULL);
  g_free (fixture->texts[2]);
  fixture->texts[2] = g_steal_pointer (&grown);

  g_assert_true (_strata_batch_commit (batch, &error));
  g_assert_no_error (error);
  left = _strata_batch_take_left_out (batch);
  g_clear_pointer (&batch, _strata_batch_free);

  g_assert_cmpuint (left->len, ==, 2);
  g_assert_false (is_packed (fixture, 1));
  g_assert_false (is_packed (fixture, 2));
  g_assert_true (is_packed (fixture, 3));
  /* The writer keeps a corner of staging/ of its own */
  g_clear_object (&fixture->store);
  fixture->store = store_util_open (fixture->path);
  assert_reads_as_before (fixture);
}

static void
test_a_damaged_session_is_left_and_others_are_not (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autofree char *folder = g_strdup_printf ("sessions/%s", fixture->keys[2]);
  g_autofree char *file = store_util_find_file (fixture->path, folder, "screenshots-001");
  StrataCompressorCounts counts;

  store_util_flip_byte (fixture->path, file, 100);
  compress (fixture, &counts);
  g_assert_cmpuint (counts.sessions, ==, N_SESSIONS - 1);
  g_assert_cmpuint (counts.left, ==, 1);

  store_util_flip_byte (fixture->path, file, 100);
  assert_reads_as_before (fixture);
}

/* Pausing, cancelling, waiting */

typedef struct
{
  StrataCompressor *compressor;
  GError           *error;
  gboolean          ok;
} Running;

static gpointer
run_worker (gpointer data)
{
  Running *running = data;

  running->ok = strata_compressor_run (running->compressor, NULL, &running->error);

  return NULL;
}

static void
wait_for_state (StrataCompressor *compressor,
                const char       *state,
                const char       *reason)
{
  StrataCompressorProgress progress;

  for (guint i = 0; i < 6000; i++)
    {
      strata_compressor_get_progress (compressor, &progress);
      if (strcmp (progress.state, state) == 0 && g_strcmp0 (progress.reason, reason) == 0)
        return;
      g_usleep (10000);
    }

  g_error ("It is “%s” (%s), not “%s” (%s)", progress.state, progress.reason, state, reason);
}

/* The encoders have the lowest priority, the thread that commits has not. */
static void
assert_encoders_are_nice (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n_encoders = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "stat", NULL);
      g_autofree char *text = NULL;
      g_auto(GStrv) fields = NULL;

      /* Behind the name: state, and 15 fields on the nice value */
      if (!g_file_get_contents (path, &text, NULL, NULL))
        continue;
      fields = g_strsplit (strrchr (text, ')') + 2, " ", -1);
      if (strstr (text, "(encode)") != NULL)
        {
          g_assert_cmpstr (fields[16], ==, "19");
          n_encoders++;
        }
      else
        g_assert_cmpstr (fields[16], !=, "19");
    }
  g_dir_close (dir);
  g_assert_cmpuint (n_encoders, ==, 3);
}

static void
test_it_waits_while_it_is_paused (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(StrataCompressor) other = make_compressor (fixture);
  Running running = { compressor, NULL, FALSE };
  g_autoptr(GError) error = NULL;
  GThread *thread;

  strata_compressor_set_n_threads (compressor, 3);
  strata_compressor_pause (compressor);
  thread = g_thread_new ("run", run_worker, &running);
  wait_for_state (compressor, "paused", NULL);
  g_usleep (300000);
  assert_encoders_are_nice ();

  /* Another one does not run beside it, and everything else goes on */
  g_assert_false (strata_compressor_run (other, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_free (store_util_put (fixture->store, fixture->texts[0], 0));
  g_assert_cmpuint (count_files (fixture, "sessions", ".json.gz"), ==, 0);

  strata_compressor_resume (compressor);
  g_thread_join (thread);
  g_assert_no_error (running.error);
  g_assert_true (running.ok);
  wait_for_state (compressor, "complete", NULL);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_assert_true (is_packed (fixture, i));
  assert_reads_as_before (fixture);
}

static void
test_it_ends_when_it_is_cancelled (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  Running running = { compressor, NULL, FALSE };
  GThread *thread;

  strata_compressor_pause (compressor);
  thread = g_thread_new ("run", run_worker, &running);
  wait_for_state (compressor, "paused", NULL);
  strata_compressor_cancel (compressor);
  g_thread_join (thread);

  g_assert_no_error (running.error);
  g_assert_true (running.ok);
  wait_for_state (compressor, "cancelled", NULL);
  assert_reads_as_before (fixture);
  compress (fixture, NULL);
  assert_reads_as_before (fixture);
}

static void
test_a_cancellable_stops_it (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (strata_compressor_run (compressor, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  wait_for_state (compressor, "failed", NULL);
  assert_reads_as_before (fixture);
}

/* Monitors that say what a test wants */

#define TEST_TYPE_POWER (test_power_get_type ())
GType test_power_get_type (void);
G_DECLARE_FINAL_TYPE (TestPower, test_power, TEST, POWER, GObject)

struct _TestPower
{
  GObject  parent_instance;
  gboolean saves;
};

static gboolean
test_power_initable_init (GInitable     *initable,
                          GCancellable  *cancellable,
                          GError       **error)
{
  return TRUE;
}

static void
test_power_initable_iface_init (GInitableIface *iface)
{
  iface->init = test_power_initable_init;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestPower, test_power, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_power_initable_iface_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_POWER_PROFILE_MONITOR, NULL))

static void
test_power_get_property (GObject    *object,
                         guint       id,
                         GValue     *value,
                         GParamSpec *spec)
{
  g_value_set_boolean (value, g_atomic_int_get (&TEST_POWER (object)->saves));
}

static void
test_power_class_init (TestPowerClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = test_power_get_property;
  g_object_class_override_property (G_OBJECT_CLASS (klass), 1, "power-saver-enabled");
}

static void
test_power_init (TestPower *self)
{
}

#define TEST_TYPE_MEMORY (test_memory_get_type ())
GType test_memory_get_type (void);
G_DECLARE_FINAL_TYPE (TestMemory, test_memory, TEST, MEMORY, GObject)

struct _TestMemory
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE_WITH_CODE (TestMemory, test_memory, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_power_initable_iface_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_MEMORY_MONITOR, NULL))

static void
test_memory_class_init (TestMemoryClass *klass)
{
}

static void
test_memory_init (TestMemory *self)
{
}

static void
test_it_waits_while_the_machine_saves_power (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(TestPower) power = g_object_new (TEST_TYPE_POWER, NULL);
  Running running = { compressor, NULL, FALSE };
  GThread *thread;

  strata_compressor_set_on_battery (compressor, FALSE);
  strata_compressor_watch_power (compressor, G_POWER_PROFILE_MONITOR (power));
  g_atomic_int_set (&power->saves, TRUE);
  thread = g_thread_new ("run", run_worker, &running);
  wait_for_state (compressor, "waiting", "power-saver");
  g_assert_cmpuint (count_files (fixture, "sessions", ".json.gz"), ==, 0);

  g_atomic_int_set (&power->saves, FALSE);
  g_thread_join (thread);
  g_assert_no_error (running.error);
  g_assert_true (is_packed (fixture, 0));
}

/* Who allows it meanwhile need not begin anew; what is undone was asked for. */
static void
test_it_may_be_allowed_to_while_it_waits (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(StrataCompressor) undo = make_compressor (fixture);
  g_autoptr(TestPower) power = g_object_new (TEST_TYPE_POWER, NULL);
  g_autoptr(GError) error = NULL;
  Running running = { compressor, NULL, FALSE };
  GThread *thread;

  strata_compressor_set_on_battery (compressor, FALSE);
  strata_compressor_watch_power (compressor, G_POWER_PROFILE_MONITOR (power));
  g_atomic_int_set (&power->saves, TRUE);
  thread = g_thread_new ("run", run_worker, &running);
  wait_for_state (compressor, "waiting", "power-saver");
  strata_compressor_set_on_battery (compressor, TRUE);
  g_thread_join (thread);
  g_assert_no_error (running.error);
  g_assert_true (is_packed (fixture, 0));

  strata_compressor_set_on_battery (undo, FALSE);
  strata_compressor_watch_power (undo, G_POWER_PROFILE_MONITOR (power));
  strata_compressor_undo (undo, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (is_packed (fixture, 0));
}

static void
test_it_waits_while_memory_is_short (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(TestMemory) memory = g_object_new (TEST_TYPE_MEMORY, NULL);
  Running running = { compressor, NULL, FALSE };
  GThread *thread;

  strata_compressor_watch_memory (compressor, G_MEMORY_MONITOR (memory));
  g_signal_emit_by_name (memory, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
  thread = g_thread_new ("run", run_worker, &running);
  wait_for_state (compressor, "waiting", "memory");
  g_assert_cmpuint (count_files (fixture, "sessions", ".json.gz"), ==, 0);

  strata_compressor_cancel (compressor);
  g_thread_join (thread);
  g_assert_no_error (running.error);
}

/* A bus with something that calls itself UPower, and is on battery */

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
  return g_variant_new_boolean (g_atomic_int_get ((gint *)user_data));
}

typedef struct
{
  GDBusConnection *connection;
  GMainContext    *context;
  gint             on_battery;
  gint             is_there;
  gint             ends;
} Upower;

static void
name_acquired_cb (GDBusConnection *connection,
                  const char      *name,
                  gpointer         user_data)
{
  g_atomic_int_set (&((Upower *)user_data)->is_there, TRUE);
}

static gpointer
upower_worker (gpointer data)
{
  static const GDBusInterfaceVTable vtable = { NULL, upower_get_property, NULL, { NULL, } };
  Upower *self = data;
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (upower_xml, NULL);
  guint owned, registered;

  g_main_context_push_thread_default (self->context);
  registered = g_dbus_connection_register_object (self->connection, "/org/freedesktop/UPower", node->interfaces[0], &vtable,
                                                  &self->on_battery, NULL, NULL);
  owned = g_bus_own_name_on_connection (self->connection, "org.freedesktop.UPower", G_BUS_NAME_OWNER_FLAGS_NONE,
                                        name_acquired_cb, NULL, self, NULL);
  while (!g_atomic_int_get (&self->ends))
    g_main_context_iteration (self->context, TRUE);
  g_bus_unown_name (owned);
  g_dbus_connection_unregister_object (self->connection, registered);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

static GDBusConnection *
connect_to (const char *address)
{
  g_autoptr(GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                            G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);

  g_assert_no_error (error);

  return connection;
}

static void
test_the_battery_is_asked_of_upower (void)
{
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr(GTestDBus) bus = NULL;
  g_autoptr(GDBusConnection) connection = NULL;
  Upower upower = { NULL, g_main_context_new (), TRUE, FALSE, FALSE };
  GThread *thread;

  g_assert_false (_strata_battery_is_used (NULL));
  if (daemon == NULL)
    {
      g_test_skip ("no dbus-daemon");
      g_main_context_unref (upower.context);
      return;
    }

  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  connection = connect_to (g_test_dbus_get_bus_address (bus));
  g_assert_false (_strata_battery_is_used (connection));

  upower.connection = connect_to (g_test_dbus_get_bus_address (bus));
  thread = g_thread_new ("upower", upower_worker, &upower);
  while (!g_atomic_int_get (&upower.is_there))
    g_usleep (1000);
  g_assert_true (_strata_battery_is_used (connection));
  g_atomic_int_set (&upower.on_battery, FALSE);
  g_assert_false (_strata_battery_is_used (connection));

  g_atomic_int_set (&upower.ends, TRUE);
  g_main_context_wakeup (upower.context);
  g_thread_join (thread);
  g_dbus_connection_close_sync (upower.connection, NULL, NULL);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  g_clear_object (&upower.connection);
  g_main_context_unref (upower.context);
  g_test_dbus_down (bus);
}

/* Faults */

static void
test_a_failing_call_harms_nothing (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  guint n_failed = 0;

  for (guint64 nth = 1; ; nth += 1 + nth / 40)
    {
      g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
      g_autoptr(StrataCompressor) undo = make_compressor (fixture);
      g_autoptr(GError) error = NULL;
      gboolean struck, ok;

      fault_seam_install ();
      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      ok = strata_compressor_run (compressor, NULL, &error);
      struck = fault_seam_has_struck ();
      fault_seam_remove ();
      g_assert_true (ok == (error == NULL));
      n_failed += ok ? 0 : 1;

      /* The next one opens it as it was left, and completes it */
      g_clear_object (&fixture->store);
      fixture->store = store_util_open (fixture->path);
      assert_reads_as_before (fixture);
      compress (fixture, NULL);
      for (guint i = 0; i < N_SESSIONS; i++)
        g_assert_true (is_packed (fixture, i));
      if (!struck)
        break;

      g_clear_error (&error);
      strata_compressor_undo (undo, NULL, NULL, &error);
      g_assert_no_error (error);
    }
  g_assert_cmpuint (n_failed, >, 10);
}

/* In the background */

typedef struct
{
  GThread *thread;
  GString *states;
  gboolean fraction_fell;
  double   fraction;
} Watch;

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    user_data)
{
  Watch *watch = user_data;
  g_autofree char *state = NULL;
  double fraction;

  g_assert_true (g_thread_self () == watch->thread);
  g_object_get (object, "state", &state, "fraction", &fraction, NULL);
  watch->fraction_fell = watch->fraction_fell || fraction < watch->fraction;
  watch->fraction = fraction;
  if (strcmp (pspec->name, "state") == 0)
    g_string_append_printf (watch->states, "%s ", state);
}

static void
test_properties_say_where_it_is (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GMainContextPusher) pusher G_GNUC_UNUSED = g_main_context_pusher_new (context);
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(StrataCompressor) undoing = make_compressor (fixture);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GAsyncResult) undone = NULL;
  g_autoptr(GString) states = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  Watch watch = { g_thread_self (), states, FALSE, 0 };
  gboolean is_active;
  guint64 done, total;

  g_signal_connect (compressor, "notify", G_CALLBACK (notify_cb), &watch);
  strata_compressor_pause (compressor);
  strata_compressor_run_async (compressor, NULL, session_util_result_cb, &result);
  session_util_wait_until (strstr (states->str, "paused") != NULL);
  g_object_get (compressor, "active", &is_active, "sessions-done", &done, NULL);
  g_assert_true (is_active);
  g_assert_cmpuint (done, ==, 0);

  strata_compressor_resume (compressor);
  session_util_wait_until (result != NULL);
  g_assert_true (strata_compressor_run_finish (compressor, result, &error));
  g_assert_no_error (error);
  g_object_get (compressor, "active", &is_active, "sessions-done", &done, "sessions-total", &total, NULL);
  g_assert_false (is_active);
  g_assert_cmpuint (done, ==, total);
  g_assert_cmpuint (total, ==, N_SESSIONS + 1);
  g_assert_true (g_str_has_suffix (states->str, "complete "));
  g_assert_false (watch.fraction_fell);

  strata_compressor_undo_async (undoing, NULL, NULL, session_util_result_cb, &undone);
  session_util_wait_until (undone != NULL);
  g_assert_true (strata_compressor_run_finish (undoing, undone, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_files (fixture, "sessions", ".json.gz"), ==, 0);
  assert_reads_as_before (fixture);
}

static void
test_what_fails_in_the_background_says_so (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *state = NULL;

  g_cancellable_cancel (cancellable);
  strata_compressor_run_async (compressor, cancellable, session_util_result_cb, &result);
  session_util_wait_until (result != NULL);
  g_assert_false (strata_compressor_run_finish (compressor, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_object_get (compressor, "state", &state, NULL);
  g_assert_cmpstr (state, ==, "failed");
  assert_reads_as_before (fixture);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  /* First, for it changes the environment, which is for one thread only */
  g_test_add_func ("/compressor/the-battery-is-asked-of-upower", test_the_battery_is_asked_of_upower);

#define add(name, function) \
  g_test_add ("/compressor/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  add ("everything-is-packed-and-reads-as-before", test_everything_is_packed_and_reads_as_before);
  add ("undoing-gives-every-file-back", test_undoing_gives_every_file_back);
  add ("young-sessions-are-left", test_young_sessions_are_left);
  add ("a-growing-session-is-left", test_a_growing_session_is_left);
  add ("what-changed-meanwhile-is-left", test_what_changed_meanwhile_is_left);
  add ("a-damaged-session-is-left-and-others-are-not", test_a_damaged_session_is_left_and_others_are_not);
  add ("it-waits-while-it-is-paused", test_it_waits_while_it_is_paused);
  add ("it-ends-when-it-is-cancelled", test_it_ends_when_it_is_cancelled);
  add ("a-cancellable-stops-it", test_a_cancellable_stops_it);
  add ("it-waits-while-the-machine-saves-power", test_it_waits_while_the_machine_saves_power);
  add ("it-may-be-allowed-to-while-it-waits", test_it_may_be_allowed_to_while_it_waits);
  add ("it-waits-while-memory-is-short", test_it_waits_while_memory_is_short);
  add ("properties-say-where-it-is", test_properties_say_where_it_is);
  add ("what-fails-in-the-background-says-so", test_what_fails_in_the_background_says_so);
  add ("a-failing-call-harms-nothing", test_a_failing_call_harms_nothing);

  return g_test_run ();
}
