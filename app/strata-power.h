/* strata-power.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_TYPE_POWER (strata_power_get_type ())

G_DECLARE_FINAL_TYPE (StrataPower, strata_power, STRATA, POWER, GObject)

StrataPower *strata_power_new            (void);
gboolean     strata_power_get_on_battery (StrataPower *self);

G_END_DECLS
