/* strata-scalars.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * StrataScalarFunc:
 * @path: (array zero-terminated=1): names of the members that it lies in, from the outside in; elements of an
 *   array have no names of their own
 * @text: what a string says, or a number, `true` or `false` as written
 * @user_data: what was handed in
 *
 * Called for each string, number and truth value of a JSON text, in its order.
 *
 * Returns: whether to go on
 */
typedef gboolean (*StrataScalarFunc) (const char *const *path,
                                      const char        *text,
                                      gpointer           user_data);

gboolean strata_scalars_visit (GBytes            *json,
                               StrataScalarFunc   func,
                               gpointer           user_data,
                               GError           **error);

G_END_DECLS
