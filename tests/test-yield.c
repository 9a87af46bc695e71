/* test-yield.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "base/strata-yield-private.h"
#include "test-util.h"

#define MEMORY_US (30 * G_USEC_PER_SEC)

/* A monitor that says what a test wants */

#define TEST_TYPE_MONITOR (test_monitor_get_type ())
GType test_monitor_get_type (void);
G_DECLARE_FINAL_TYPE (TestMonitor, test_monitor, TEST, MONITOR, GObject)

struct _TestMonitor
{
  GObject  parent_instance;
  gboolean saves_power;
};

static gboolean
test_monitor_initable_init (GInitable     *initable,
                            GCancellable  *cancellable,
                            GError       **error)
{
  return TRUE;
}

static void
initable_iface_init (GInitableIface *iface)
{
  iface->init = test_monitor_initable_init;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestMonitor, test_monitor, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_MEMORY_MONITOR, NULL)
                               G_IMPLEMENT_INTERFACE (G_TYPE_POWER_PROFILE_MONITOR, NULL))

static void
test_monitor_get_property (GObject    *object,
                           guint       id,
                           GValue     *value,
                           GParamSpec *spec)
{
  g_value_set_boolean (value, TEST_MONITOR (object)->saves_power);
}

static void
test_monitor_class_init (TestMonitorClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = test_monitor_get_property;
  g_object_class_override_property (G_OBJECT_CLASS (klass), 1, "power-saver-enabled");
}

static void
test_monitor_init (TestMonitor *self)
{
}

static void
test_monitors_are_believed (void)
{
  g_autoptr(StrataYielder) yielder = _strata_yielder_new (MEMORY_US);
  g_autoptr(TestMonitor) monitor = g_object_new (TEST_TYPE_MONITOR, NULL);

  monitor->saves_power = TRUE;
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, 0);

  _strata_yielder_watch_power (yielder, G_POWER_PROFILE_MONITOR (monitor));
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, STRATA_YIELD_POWER_SAVER);
  monitor->saves_power = FALSE;
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, 0);

  _strata_yielder_watch_memory (yielder, G_MEMORY_MONITOR (monitor));
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, 0);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, STRATA_YIELD_MEMORY);

  _strata_yielder_watch_memory (yielder, NULL);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
}

static void
test_space_is_looked_at (void)
{
  g_autoptr(StrataYielder) yielder = _strata_yielder_new (MEMORY_US);
  g_autofree char *path = test_make_dir ();
  int dir = test_open_dir (path);

  g_assert_cmpuint (_strata_yielder_look (yielder, dir), ==, 0);
  _strata_yielder_set_min_free (yielder, G_MAXUINT64);
  g_assert_cmpuint (_strata_yielder_look (yielder, dir), ==, STRATA_YIELD_SPACE);
  g_assert_cmpuint (_strata_yielder_look (yielder, -1), ==, 0);
  _strata_yielder_set_min_free (yielder, 1);
  g_assert_cmpuint (_strata_yielder_look (yielder, dir), ==, 0);

  close (dir);
  test_remove_dir (path);
}

static void
test_what_weighs_most_is_named (void)
{
  g_assert_cmpstr (_strata_yield_get_name (0), ==, NULL);
  g_assert_cmpstr (_strata_yield_get_name (STRATA_YIELD_BUSY), ==, "busy");
  g_assert_cmpstr (_strata_yield_get_name (STRATA_YIELD_POWER_SAVER | STRATA_YIELD_BUSY), ==, "power-saver");
  g_assert_cmpstr (_strata_yield_get_name (STRATA_YIELD_BATTERY | STRATA_YIELD_POWER_SAVER), ==, "battery");
  g_assert_cmpstr (_strata_yield_get_name (STRATA_YIELD_MEMORY | STRATA_YIELD_BATTERY), ==, "memory");
  g_assert_cmpstr (_strata_yield_get_name (G_MAXUINT), ==, "space");
}

/* A bus with what calls itself UPower and logind */

static const char service_xml[] =
  "<node>"
  "<interface name='org.freedesktop.UPower'><property name='OnBattery' type='b' access='read'/></interface>"
  "<interface name='org.freedesktop.login1.Session'><property name='IdleHint' type='b' access='read'/></interface>"
  "</node>";

typedef struct
{
  char         *address;
  GMainContext *context;
  gint          on_battery;
  gint          is_idle;
  gint          n_names;    /* that it has */
  gint          ends;
} Service;

static GVariant *
service_get_property (GDBusConnection  *connection,
                      const char       *sender,
                      const char       *path,
                      const char       *interface,
                      const char       *property,
                      GError          **error,
                      gpointer          user_data)
{
  Service *self = user_data;

  return g_variant_new_boolean (g_atomic_int_get (g_str_equal (property, "OnBattery") ? &self->on_battery : &self->is_idle));
}

static void
name_acquired_cb (GDBusConnection *connection,
                  const char      *name,
                  gpointer         user_data)
{
  g_atomic_int_inc (&((Service *)user_data)->n_names);
}

static gpointer
service_worker (gpointer data)
{
  static const GDBusInterfaceVTable vtable = { NULL, service_get_property, NULL, { NULL, } };
  static const char *const paths[] = { "/org/freedesktop/UPower", "/org/freedesktop/login1/session/auto" };
  static const char *const names[] = { "org.freedesktop.UPower", "org.freedesktop.login1" };
  Service *self = data;
  g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (service_xml, NULL);
  g_autoptr(GDBusConnection) connection = NULL;
  g_autoptr(GError) error = NULL;
  guint owned[2], registered[2];

  g_main_context_push_thread_default (self->context);
  connection = g_dbus_connection_new_for_address_sync (self->address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      registered[i] = g_dbus_connection_register_object (connection, paths[i], node->interfaces[i], &vtable, self, NULL, NULL);
      owned[i] = g_bus_own_name_on_connection (connection, names[i], G_BUS_NAME_OWNER_FLAGS_NONE, name_acquired_cb, NULL, self, NULL);
    }
  while (!g_atomic_int_get (&self->ends))
    g_main_context_iteration (self->context, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      g_bus_unown_name (owned[i]);
      g_dbus_connection_unregister_object (connection, registered[i]);
    }
  g_dbus_connection_close_sync (connection, NULL, NULL);
  g_main_context_pop_thread_default (self->context);

  return NULL;
}

/* Asked anew: an answer counts for a while */
static guint
look_anew (StrataYielder *yielder,
           gboolean       battery,
           gboolean       input)
{
  _strata_yielder_watch_battery (yielder, battery);
  _strata_yielder_watch_input (yielder, input);

  return _strata_yielder_look (yielder, -1);
}

static void
test_the_bus_is_asked (void)
{
  g_autoptr(StrataYielder) yielder = _strata_yielder_new (MEMORY_US);
  g_autofree char *daemon = g_find_program_in_path ("dbus-daemon");
  g_autoptr(GTestDBus) bus = NULL;
  g_autoptr(GDBusConnection) ours = NULL;
  Service service = { NULL, NULL, TRUE, FALSE, 0, FALSE };
  GThread *thread;

  if (daemon == NULL)
    {
      g_test_skip ("no dbus-daemon");
      return;
    }

  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (bus), TRUE);

  /* Nobody there: nobody is waited for */
  g_assert_cmpuint (look_anew (yielder, TRUE, TRUE), ==, 0);

  service.address = g_strdup (g_test_dbus_get_bus_address (bus));
  service.context = g_main_context_new ();
  thread = g_thread_new ("service", service_worker, &service);
  while (g_atomic_int_get (&service.n_names) < 2)
    g_usleep (1000);

  g_assert_cmpuint (look_anew (yielder, TRUE, FALSE), ==, STRATA_YIELD_BATTERY);
  g_assert_cmpuint (look_anew (yielder, FALSE, TRUE), ==, STRATA_YIELD_BUSY);
  g_assert_cmpuint (look_anew (yielder, FALSE, FALSE), ==, 0);
  g_atomic_int_set (&service.on_battery, FALSE);
  g_atomic_int_set (&service.is_idle, TRUE);
  g_assert_cmpuint (look_anew (yielder, TRUE, TRUE), ==, 0);

  g_atomic_int_set (&service.ends, TRUE);
  g_main_context_wakeup (service.context);
  g_thread_join (thread);
  g_main_context_unref (service.context);
  g_free (service.address);
  ours = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_dbus_connection_set_exit_on_close (ours, FALSE);
  g_dbus_connection_close_sync (ours, NULL, NULL);
  g_test_dbus_down (bus);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/yield/monitors-are-believed", test_monitors_are_believed);
  g_test_add_func ("/yield/space-is-looked-at", test_space_is_looked_at);
  g_test_add_func ("/yield/what-weighs-most-is-named", test_what_weighs_most_is_named);
  g_test_add_func ("/yield/the-bus-is-asked", test_the_bus_is_asked);

  return g_test_run ();
}
