/* strata-hit-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_HIT_ROW (strata_hit_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataHitRow, strata_hit_row, STRATA, HIT_ROW, AdwBin)

GtkWidget *strata_hit_row_new   (void);
void       strata_hit_row_bind  (StrataHitRow    *self,
                                 StrataSearch    *search,
                                 StrataQuery     *query,
                                 StrataSearchHit *hit);
void       strata_hit_row_clear (StrataHitRow    *self);

G_END_DECLS
