/* strata-compat.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What the oldest GTK and libadwaita that we build on lack, or do wrong. Main thread only. */

void strata_compat_tell_only_visible_page (GtkStack *stack);

G_END_DECLS
