/* strata-writer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-store.h"

G_BEGIN_DECLS

/* StrataWriter carries changes out. Whatever threads ask for at the same time is done
 * together: one of them takes the lock and waits for the disk for all.
 *
 * Elements that are appended go into the tails of their sessions; everything else
 * makes new parts and metadata, all sessions in one batch. Either is on disk when it
 * is reported as done. A tail that is full is sealed after that.
 *
 * Threads: any.
 */
typedef struct _StrataWriter StrataWriter;

StrataWriter *_strata_writer_new  (StrataStore   *store);
void          _strata_writer_free (StrataWriter  *self);

/* Prepares and carries out @writes (element-type StrataWrite) in their order. Each says
 * after it how it ended.
 */
void          _strata_writer_run  (StrataWriter  *self,
                                   GPtrArray     *writes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWriter, _strata_writer_free)

G_END_DECLS
