/* strata-control.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *strata_control_ask (const char  *store_path,
                          const char  *job,
                          const char  *command,
                          GError     **error);

G_END_DECLS
