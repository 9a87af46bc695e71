/* strata-part-pack-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"
#include "strata-staging-private.h"

G_BEGIN_DECLS

/* Packing the files of parts, and unpacking them for good. What is written was
 * read back, unpacked and compared before any of these says that it is done.
 */

/* A part with more text than this is not held in memory. */
#define STRATA_PART_MAX_WHOLE (8 * 1024 * 1024)

/* Packs a part whose JSON text is @text, with its digest set: on success it has a
 * staged file, and says so, or is as it was where packing saves less than 5 %.
 * Any thread.
 */
gboolean _strata_part_pack        (StrataPart      *part,
                                   StrataStaging   *staging,
                                   GBytes          *text,
                                   int              level,
                                   GError         **error);

/* The same for text of any length, read from the file at @path. Where it is not what
 * the part's digest says, %STRATA_ERROR_CORRUPT.
 */
gboolean _strata_part_pack_file   (StrataPart      *part,
                                   int              dir,
                                   StrataStaging   *staging,
                                   const char      *path,
                                   int              level,
                                   GCancellable    *cancellable,
                                   GError         **error);

/* The way back: gives a packed part, whose file is at @path, a staged file of its bare text. */
gboolean _strata_part_unpack_file (StrataPart      *part,
                                   int              dir,
                                   StrataStaging   *staging,
                                   const char      *path,
                                   GCancellable    *cancellable,
                                   GError         **error);

/* StrataPartPacker packs parts on other threads while more of them come. Who waits
 * helps. At most 16 MiB wait at a time, one part whatever its size.
 *
 * Threads: one at a time, besides its own.
 */
typedef struct _StrataPartPacker StrataPartPacker;

/* @n_threads: 0: all is done while waiting */
StrataPartPacker *_strata_part_packer_new  (StrataStaging     *staging,
                                            int                level,
                                            guint              n_threads);
void              _strata_part_packer_free (StrataPartPacker  *self);

/* @part: borrowed until the next wait, and not to be touched until then
 * @text: (transfer full)
 */
void              _strata_part_packer_add  (StrataPartPacker  *self,
                                            StrataPart        *part,
                                            GBytes            *text);

/* Until every part that was added has a staged file, packed or plain. On failure
 * some have and some have not; none is worked on any more.
 */
gboolean          _strata_part_packer_wait (StrataPartPacker  *self,
                                            GError           **error);

int               _strata_part_packer_get_level (StrataPartPacker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPartPacker, _strata_part_packer_free)

G_END_DECLS
