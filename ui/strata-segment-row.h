/* strata-segment-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-element-loader.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SEGMENT_ROW (strata_segment_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataSegmentRow, strata_segment_row, STRATA, SEGMENT_ROW, AdwBin)

GtkWidget *strata_segment_row_new   (void);
void       strata_segment_row_bind  (StrataSegmentRow    *self,
                                     StrataElementLoader *loader,
                                     StrataItem          *item);
void       strata_segment_row_clear (StrataSegmentRow    *self);

G_END_DECLS
