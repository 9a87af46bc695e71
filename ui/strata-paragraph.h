/* strata-paragraph.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define STRATA_TYPE_PARAGRAPH (strata_paragraph_get_type ())

G_DECLARE_FINAL_TYPE (StrataParagraph, strata_paragraph, STRATA, PARAGRAPH, GtkWidget)

void strata_paragraph_set_text (StrataParagraph *self,
                                const char      *text);

G_END_DECLS
