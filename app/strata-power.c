/* strata-power.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-app"

#include "config.h"

#include "strata-power.h"

/**
 * StrataPower:
 *
 * Whether the computer runs on its battery, as UPower says. Where there is no
 * UPower it does not.
 *
 * Threads: the main one only.
 */
struct _StrataPower
{
  GObject       parent_instance;

  GCancellable *cancellable;
  GDBusProxy   *upower;
  gboolean      on_battery;
};

enum {
  PROP_0,
  PROP_ON_BATTERY,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataPower, strata_power, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

static void
look (StrataPower *self)
{
  g_autoptr(GVariant) value = g_dbus_proxy_get_cached_property (self->upower, "OnBattery");
  gboolean on_battery =
    value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean (value);

  if (self->on_battery == on_battery)
    return;

  self->on_battery = on_battery;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ON_BATTERY]);
}

static void
proxy_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  StrataPower *self = user_data;
  g_autoptr(GError) error = NULL;
  GDBusProxy *upower = g_dbus_proxy_new_for_bus_finish (result, &error);

  /* Cancelled: it is gone already */
  if (upower == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_debug ("UPower can't be asked: %s", error->message);
      return;
    }

  self->upower = upower;
  g_signal_connect_object (upower, "g-properties-changed", G_CALLBACK (look), self, G_CONNECT_SWAPPED);
  look (self);
}

static void
strata_power_dispose (GObject *object)
{
  StrataPower *self = STRATA_POWER (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->upower);

  G_OBJECT_CLASS (strata_power_parent_class)->dispose (object);
}

static void
strata_power_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_ON_BATTERY:
      g_value_set_boolean (value, STRATA_POWER (object)->on_battery);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_power_class_init (StrataPowerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_power_dispose;
  object_class->get_property = strata_power_get_property;

  properties[PROP_ON_BATTERY] =
    g_param_spec_boolean ("on-battery", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_power_init (StrataPower *self)
{
  self->cancellable = g_cancellable_new ();
  g_dbus_proxy_new_for_bus (G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL, "org.freedesktop.UPower",
                            "/org/freedesktop/UPower", "org.freedesktop.UPower", self->cancellable, proxy_cb, self);
}

StrataPower *
strata_power_new (void)
{
  return g_object_new (STRATA_TYPE_POWER, NULL);
}

gboolean
strata_power_get_on_battery (StrataPower *self)
{
  g_return_val_if_fail (STRATA_IS_POWER (self), FALSE);

  return self->on_battery;
}
