/* strata-threads.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void strata_forbid_file_access_here (void);

G_END_DECLS
