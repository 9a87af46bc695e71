/* fault-seam.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "base/strata-seam-private.h"

G_BEGIN_DECLS

/* A table for the seam that counts calls and makes one of them go wrong. */
typedef enum
{
  FAULT_NONE,
  FAULT_ERRNO,   /* the n-th call fails with an errno, once */
  FAULT_FOREVER, /* and so does every one after it */
  FAULT_FULL,    /* from the n-th call on, every one that needs space on the disk fails */
  FAULT_SHORT,   /* the n-th call, or the next that can, does half of what it was asked */
  FAULT_KILL,    /* the process ends at the n-th call, as if by kill -9 */
} FaultKind;

void        fault_seam_install     (void);
void        fault_seam_remove      (void);
void        fault_seam_arm         (FaultKind kind, guint64 nth, int errno_value);
guint64     fault_seam_get_calls   (void);
gboolean    fault_seam_has_struck  (void);
/* Calls since install per step that was marked, as text: "step calls" lines; (transfer full) */
char       *fault_seam_dup_steps   (void);

G_END_DECLS
