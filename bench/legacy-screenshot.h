/* legacy-screenshot.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-session.h"

G_BEGIN_DECLS

void legacy_screenshot_write (LegacySession *self,
                              LegacyJson    *json,
                              guint64        index);

G_END_DECLS
