/* strata-legacy-envelope-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-payload-private.h"

G_BEGIN_DECLS

/* Reading the members around an envelope's data. */

/* At the outermost value. @out_is_envelope: the reader is at its data. If not,
 * the reader has gone somewhere into a bare value. @out_data_first: no other
 * member stands before the data, so that it may be some other object yet.
 * Fails with STRATA_ERROR_DAMAGED_DATA where an envelope has no data.
 */
gboolean _strata_legacy_envelope_enter (StrataLegacyEnvelope  *self,
                                        StrataJsonReader      *reader,
                                        gboolean              *out_is_envelope,
                                        gboolean              *out_data_first,
                                        GCancellable          *cancellable,
                                        GError               **error);
/* After the data: reads the rest of the members and leaves the object. */
gboolean _strata_legacy_envelope_leave (StrataLegacyEnvelope  *self,
                                        StrataJsonReader      *reader,
                                        GCancellable          *cancellable,
                                        GError               **error);
/* At a member beside the way to a value that lies deeper, in a backup or a
 * database's record: passes over it; of a timestamp it takes note.
 */
gboolean _strata_legacy_envelope_read_beside
                                       (StrataLegacyEnvelope  *self,
                                        StrataJsonReader      *reader,
                                        const GString         *name,
                                        GCancellable          *cancellable,
                                        GError               **error);
/* Frees and resets what is in it. */
void     _strata_legacy_envelope_clear (StrataLegacyEnvelope  *self);

G_END_DECLS
