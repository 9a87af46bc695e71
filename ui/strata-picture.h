/* strata-picture.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gdk/gdk.h>

G_BEGIN_DECLS

GdkTexture *strata_picture_decode (GInputStream  *stream,
                                   int            width,
                                   int            height,
                                   GCancellable  *cancellable,
                                   GError       **error);

G_END_DECLS
