/* strata-checkpoint.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-checkpoint-private.h"

static _Thread_local struct
{
  StrataCheckpointFunc func;
  gpointer             user_data;
  guint                deferred;
} here;

void
_strata_checkpoint_set (StrataCheckpointFunc func,
                        gpointer             user_data)
{
  here.func = func;
  here.user_data = user_data;
}

void
_strata_checkpoint_defer (void)
{
  here.deferred++;
}

void
_strata_checkpoint_allow (void)
{
  g_assert (here.deferred > 0);

  here.deferred--;
}

void
_strata_checkpoint (gsize bytes)
{
  if (here.func != NULL && here.deferred == 0)
    here.func (bytes, here.user_data);
}
