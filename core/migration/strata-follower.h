/* strata-follower.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * STRATA_FOLLOW_SECONDS:
 *
 * How often an old store is looked at, and how long it must have been left alone, unless another time is set.
 */
#define STRATA_FOLLOW_SECONDS 30

#define STRATA_TYPE_FOLLOWER (strata_follower_get_type ())

G_DECLARE_FINAL_TYPE (StrataFollower, strata_follower, STRATA, FOLLOWER, GObject)

StrataFollower *strata_follower_new          (const char     *store_path);
void            strata_follower_set_interval (StrataFollower *self,
                                              guint           milliseconds);
void            strata_follower_set_active   (StrataFollower *self,
                                              gboolean        active);
gboolean        strata_follower_get_active   (StrataFollower *self);
void            strata_follower_set_held     (StrataFollower *self,
                                              gboolean        held);
gboolean        strata_follower_get_waiting  (StrataFollower *self);

G_END_DECLS
