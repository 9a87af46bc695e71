/* legacy-attachment.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-session.h"

G_BEGIN_DECLS

gboolean legacy_attachments_save (LegacySession  *session,
                                  const char     *attachments_path,
                                  int             image_width,
                                  int             image_height,
                                  GError        **error);

G_END_DECLS
