/* strata-references-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"
#include "strata-steps-private.h"

G_BEGIN_DECLS

/* Brings in what was left in old stores: the bytes of every attachment that a session, a
 * collection or something in the trash refers to become objects, on disk, read back and
 * compared. Then the rows say so; until they do, who reads them finds the objects all the same.
 * Called again after a crash it does what is left.
 *
 * @out_because: (transfer full): %NULL, or why something could not be brought in, as a
 *   sentence: it is gone or changed. What came before it stays.
 *
 * Returns: FALSE with @error set where it could not go on. Threads: any; takes the store's lock
 *   for each commit. Durable when it returns.
 */
gboolean _strata_references_bring_in (StrataStore   *store,
                                      StrataSteps   *steps,
                                      char         **out_because,
                                      GCancellable  *cancellable,
                                      GError       **error);

G_END_DECLS
