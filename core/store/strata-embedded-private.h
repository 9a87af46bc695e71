/* strata-embedded-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-attachment-row-private.h"
#include "strata-batch-private.h"

G_BEGIN_DECLS

/* The old program keeps a thumbnail of each picture in its metadata, as a data URI: 20 KB of base64, of which
 * gzip gets nothing but the base64 off. Such text is taken out of a row's metadata, and what it stands for is
 * an object like others, if encoding that again gives exactly the text that was there.
 */

/* Text shorter than this stays where it is: a file of its own would take more blocks than it does */
#define STRATA_EMBEDDED_MIN 4096

/* Finds the next text at or behind *@inout_offset of @meta, minified JSON, that can be taken out.
 *
 * @inout_offset: then behind it
 * @out_start, @out_length: where it is: the base64 alone
 *
 * Returns: (transfer full) (nullable): the bytes that it stands for; %NULL: there is no more
 */
GBytes   *_strata_embedded_find         (const char                 *meta,
                                         gsize                       length,
                                         gsize                      *inout_offset,
                                         gsize                      *out_start,
                                         gsize                      *out_length);

/* Puts what the row's metadata have embedded into @batch as objects, and shortens the metadata by it. */
gboolean  _strata_embedded_take_out     (StrataAttachmentRow        *row,
                                         StrataBatch                *batch,
                                         GError                    **error);

/* The old metadata as they were, character for character, put together again; each object is compared with its
 * digest. @dir: the store's
 *
 * Returns: (transfer full): or %NULL with @error set, also where the row has none
 */
GString  *_strata_embedded_put_back     (const StrataAttachmentRow  *row,
                                         int                         dir,
                                         GCancellable               *cancellable,
                                         GError                    **error);

G_END_DECLS
