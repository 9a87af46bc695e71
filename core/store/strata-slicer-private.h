/* strata-slicer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"
#include "strata-part-pack-private.h"
#include "strata-manifest-private.h"
#include "strata-staging-private.h"

G_BEGIN_DECLS

/* StrataSlicer cuts one session, or a collection's value, into the parts it is
 * stored as, while it is read: whole elements, about 1 MiB each, written to
 * staging as they fill. What comes out is a manifest without a key; every part
 * that had to be written says where it is staged.
 *
 * Memory: a part; an element or value larger than 8 MiB goes to staging piece
 * by piece. Threads: one at a time.
 */
typedef struct _StrataSlicer StrataSlicer;

StrataSlicer   *_strata_slicer_new               (int                    dir,
                                                  StrataStaging         *staging);
void            _strata_slicer_free              (StrataSlicer          *self);

/* Parts of @stored, a manifest already in the store, are not written again, and stay packed as they are. */
void            _strata_slicer_set_stored        (StrataSlicer          *self,
                                                  const StrataManifest  *stored);

/* From now on parts are packed where that is worth it. %NULL: they are not; borrowed */
void            _strata_slicer_set_packer        (StrataSlicer          *self,
                                                  StrataPartPacker      *packer);

/* Called for every string value that goes by, on the way to finding references. */
void            _strata_slicer_set_string_func   (StrataSlicer          *self,
                                                  StrataJsonStringFunc   func,
                                                  gpointer               user_data);

/* Called for every member of a session that is small, as soon as it was read: name and value are JSON. */
typedef void (*StrataSlicerMemberFunc)           (const char            *name,
                                                  const char            *value,
                                                  gpointer               user_data);
void            _strata_slicer_set_member_func   (StrataSlicer          *self,
                                                  StrataSlicerMemberFunc func,
                                                  gpointer               user_data);

StrataManifest *_strata_slicer_take_session      (StrataSlicer          *self,
                                                  StrataJsonReader      *reader,
                                                  GCancellable          *cancellable,
                                                  GError               **error);
StrataManifest *_strata_slicer_take_collection   (StrataSlicer          *self,
                                                  StrataJsonReader      *reader,
                                                  const char            *key,
                                                  GCancellable          *cancellable,
                                                  GError               **error);

/* Adds rows as parts named "attachments"; @rows (element-type StrataAttachmentRow). */
gboolean        _strata_slicer_add_rows          (StrataSlicer          *self,
                                                  StrataManifest        *manifest,
                                                  GPtrArray             *rows,
                                                  GError               **error);

/* The value of the id member as it was written, of the session taken last; NULL: none. */
const char     *_strata_slicer_get_id_token      (StrataSlicer          *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSlicer, _strata_slicer_free)

G_END_DECLS
