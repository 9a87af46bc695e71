/* strata-spinner.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define STRATA_TYPE_SPINNER (strata_spinner_get_type ())

G_DECLARE_FINAL_TYPE (StrataSpinner, strata_spinner, STRATA, SPINNER, AdwBin)

G_END_DECLS
