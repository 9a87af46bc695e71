/* strata-document-set-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A set of documents, one bit each: their numbers are small and dense. Shared by
 * reference; not changed once it is shared.
 */
typedef struct _StrataDocumentSet StrataDocumentSet;

/* Of documents below @n_documents, empty */
StrataDocumentSet *_strata_document_set_new       (guint64                  n_documents);
StrataDocumentSet *_strata_document_set_ref       (StrataDocumentSet       *self);
void               _strata_document_set_unref     (StrataDocumentSet       *self);

void               _strata_document_set_add       (StrataDocumentSet       *self,
                                                   gint64                   document);
gboolean           _strata_document_set_contains  (const StrataDocumentSet *self,
                                                   gint64                   document);
guint64            _strata_document_set_count     (const StrataDocumentSet *self);

/* Both of the same size */
void               _strata_document_set_intersect (StrataDocumentSet       *self,
                                                   const StrataDocumentSet *with);
void               _strata_document_set_unite     (StrataDocumentSet       *self,
                                                   const StrataDocumentSet *with);
void               _strata_document_set_invert    (StrataDocumentSet       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDocumentSet, _strata_document_set_unref)

G_END_DECLS
