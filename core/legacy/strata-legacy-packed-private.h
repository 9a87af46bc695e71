/* strata-legacy-packed-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-store-internal-private.h"

G_BEGIN_DECLS

/* Where an export that was opened has attachments in it, they are those of the store. For one that has no data
 * folder, once it is known that its attachments are nowhere else.
 */
void _strata_legacy_packed_use (StrataLegacyStore *self);

G_END_DECLS
