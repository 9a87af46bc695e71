/* strata-yield.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <sys/statvfs.h>

#include "strata-yield-private.h"

/* The bus is not asked more often */
#define BUS_US (5 * G_USEC_PER_SEC)
#define BUS_TIMEOUT_MS 1000

/* A yes or no that some service of the system bus has for a property */
typedef struct
{
  const char *name;
  const char *path;
  const char *interface;
  const char *property;
} Place;

static const Place battery_place = {
  "org.freedesktop.UPower", "/org/freedesktop/UPower", "org.freedesktop.UPower", "OnBattery",
};
static const Place idle_place = {
  "org.freedesktop.login1", "/org/freedesktop/login1/session/auto", "org.freedesktop.login1.Session", "IdleHint",
};

struct _StrataYielder
{
  gint64                rest_us;       /* how long memory stays low after a warning */
  GMutex                mutex;

  /* Guarded by @mutex */
  GPowerProfileMonitor *power;
  GMemoryMonitor       *memory;
  gint64                memory_us;     /* when it was low last; 0: never */
  gboolean              watches_battery;
  gboolean              watches_input;
  guint64               min_free;
  gint64                asked_us;      /* when the bus was asked last; 0: never */
  gboolean              is_on_battery;
  gboolean              is_in_use;
};

StrataYielder *
_strata_yielder_new (gint64 memory_us)
{
  StrataYielder *self = g_new0 (StrataYielder, 1);

  self->rest_us = memory_us;
  g_mutex_init (&self->mutex);

  return self;
}

static void
memory_low_cb (GMemoryMonitor             *monitor,
               GMemoryMonitorWarningLevel  level,
               gpointer                    user_data)
{
  StrataYielder *self = user_data;

  g_mutex_lock (&self->mutex);
  self->memory_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->mutex);
}

void
_strata_yielder_free (StrataYielder *self)
{
  _strata_yielder_watch_memory (self, NULL);
  g_clear_object (&self->power);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

void
_strata_yielder_watch_power (StrataYielder        *self,
                             GPowerProfileMonitor *monitor)
{
  g_mutex_lock (&self->mutex);
  g_set_object (&self->power, monitor);
  g_mutex_unlock (&self->mutex);
}

void
_strata_yielder_watch_memory (StrataYielder  *self,
                              GMemoryMonitor *monitor)
{
  if (self->memory != NULL)
    g_signal_handlers_disconnect_by_func (self->memory, memory_low_cb, self);
  g_set_object (&self->memory, monitor);
  if (monitor != NULL)
    g_signal_connect (monitor, "low-memory-warning", G_CALLBACK (memory_low_cb), self);
}

void
_strata_yielder_watch_battery (StrataYielder *self,
                               gboolean       watch)
{
  g_mutex_lock (&self->mutex);
  self->watches_battery = watch;
  self->asked_us = 0;
  g_mutex_unlock (&self->mutex);
}

void
_strata_yielder_watch_input (StrataYielder *self,
                             gboolean       watch)
{
  g_mutex_lock (&self->mutex);
  self->watches_input = watch;
  self->asked_us = 0;
  g_mutex_unlock (&self->mutex);
}

void
_strata_yielder_set_min_free (StrataYielder *self,
                              guint64        min_free)
{
  g_mutex_lock (&self->mutex);
  self->min_free = min_free;
  g_mutex_unlock (&self->mutex);
}

/* @otherwise: where nobody answers */
static gboolean
ask_bus (GDBusConnection *bus,
         const Place     *place,
         gboolean         otherwise)
{
  g_autoptr(GVariant) reply = NULL;
  g_autoptr(GVariant) value = NULL;

  if (bus != NULL)
    reply = g_dbus_connection_call_sync (bus, place->name, place->path, "org.freedesktop.DBus.Properties", "Get",
                                         g_variant_new ("(ss)", place->interface, place->property), G_VARIANT_TYPE ("(v)"),
                                         G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT_MS, NULL, NULL);
  if (reply == NULL)
    return otherwise;

  g_variant_get (reply, "(v)", &value);

  return g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) ? g_variant_get_boolean (value) : otherwise;
}

gboolean
_strata_battery_is_used (GDBusConnection *bus)
{
  return ask_bus (bus, &battery_place, FALSE);
}

/* Without the mutex: others need not wait for the bus. */
static void
look_at_bus (StrataYielder *self,
             gboolean       battery,
             gboolean       input)
{
  g_autoptr(GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  gboolean is_on_battery = battery && _strata_battery_is_used (bus);
  gboolean is_in_use = input && !ask_bus (bus, &idle_place, TRUE);

  g_mutex_lock (&self->mutex);
  self->is_on_battery = is_on_battery;
  self->is_in_use = is_in_use;
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_short_of_space (int     dir,
                   guint64 min_free)
{
  struct statvfs space;

  return dir >= 0 && min_free > 0 && fstatvfs (dir, &space) == 0 && (guint64)space.f_bavail * space.f_frsize < min_free;
}

guint
_strata_yielder_look (StrataYielder *self,
                      int            dir)
{
  gint64 now = g_get_monotonic_time ();
  gboolean battery, input, asks;
  guint yields = 0;

  g_mutex_lock (&self->mutex);
  battery = self->watches_battery;
  input = self->watches_input;
  asks = (battery || input) && (self->asked_us == 0 || now - self->asked_us >= BUS_US);
  if (asks)
    self->asked_us = now;
  g_mutex_unlock (&self->mutex);
  if (asks)
    look_at_bus (self, battery, input);

  g_mutex_lock (&self->mutex);
  yields |= is_short_of_space (dir, self->min_free) ? STRATA_YIELD_SPACE : 0;
  yields |= self->memory_us > 0 && now - self->memory_us < self->rest_us ? STRATA_YIELD_MEMORY : 0;
  yields |= battery && self->is_on_battery ? STRATA_YIELD_BATTERY : 0;
  yields |= self->power != NULL && g_power_profile_monitor_get_power_saver_enabled (self->power) ? STRATA_YIELD_POWER_SAVER : 0;
  yields |= input && self->is_in_use ? STRATA_YIELD_BUSY : 0;
  g_mutex_unlock (&self->mutex);

  return yields;
}

const char *
_strata_yield_get_name (guint yields)
{
  if (yields & STRATA_YIELD_SPACE)
    return "space";
  if (yields & STRATA_YIELD_MEMORY)
    return "memory";
  if (yields & STRATA_YIELD_BATTERY)
    return "battery";
  if (yields & STRATA_YIELD_POWER_SAVER)
    return "power-saver";

  return yields & STRATA_YIELD_BUSY ? "busy" : NULL;
}
