/* strata-error.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "strata-error.h"

G_DEFINE_QUARK (strata-error, strata_error)
