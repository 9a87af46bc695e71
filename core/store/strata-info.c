/* strata-info.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-info.h"

G_DEFINE_BOXED_TYPE (StrataSessionInfo, strata_session_info,
                     strata_session_info_ref, strata_session_info_unref)
G_DEFINE_BOXED_TYPE (StrataAttachmentInfo, strata_attachment_info,
                     strata_attachment_info_ref, strata_attachment_info_unref)

StrataSessionInfo *
strata_session_info_ref (StrataSessionInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

/* Its texts lie behind it, in the same piece of memory, and so does an empty list of tags. */
static void
session_info_clear (StrataSessionInfo *self)
{
  if (self->tags != (char **)(self + 1))
    g_strfreev (self->tags);
}

void
strata_session_info_unref (StrataSessionInfo *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)session_info_clear);
}

StrataAttachmentInfo *
strata_attachment_info_ref (StrataAttachmentInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
attachment_info_clear (StrataAttachmentInfo *self)
{
  g_free (self->id);
  g_free (self->session);
  g_free (self->sha256);
  g_free (self->mime);
  g_free (self->name);
  g_free (self->state);
  g_free (self->path);
  g_free (self->reference_root);
  g_free (self->reference_path);
}

void
strata_attachment_info_unref (StrataAttachmentInfo *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)attachment_info_clear);
}
