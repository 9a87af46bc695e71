/* strata-edit-internal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-edit-private.h"
#include "strata-member-private.h"
#include "strata-tail-private.h"

G_BEGIN_DECLS

/* Shared by the files of an edit, and by no others. */
struct _StrataEdit
{
  /* Set at construction, never changed after */
  StrataStore    *store;
  StrataBatch    *batch;
  int             dir;
  StrataManifest *base;        /* as it was; of a new owner its identity */
  gboolean        is_new;

  /* As it shall be */
  GPtrArray      *members;     /* StrataMember */
  gboolean        is_replaced; /* the value was put whole, and nothing was done to it since */

  /* Rows: either all of them, or what comes behind those that there are */
  gboolean        is_catalog_current;
  GPtrArray      *rows;        /* StrataAttachmentRow; NULL: not loaded */
  GPtrArray      *more_rows;   /* StrataAttachmentRow; not once they are loaded */
  gboolean        rows_changed;
  GHashTable     *removed;     /* ids that text used which is gone */
};

/* strata-edit-rows.c */
gboolean _strata_edit_load_rows       (StrataEdit          *self,
                                       GError             **error);
/* Notes the attachments that a member used which is about to go. */
gboolean _strata_edit_note_removed    (StrataEdit          *self,
                                       const StrataMember  *member,
                                       GError             **error);
gboolean _strata_edit_note_removed_text (StrataEdit        *self,
                                       const char          *text,
                                       gsize                length,
                                       GError             **error);
/* Drops the rows of those that nothing uses any more. */
gboolean _strata_edit_drop_unused     (StrataEdit          *self,
                                       GError             **error);
/* Gives @manifest its parts of rows. */
gboolean _strata_edit_finish_rows     (StrataEdit          *self,
                                       StrataManifest      *manifest,
                                       GError             **error);

/* strata-edit-parts.c */
/* Appends runs to the parts of one array, joining small ones at the end with what comes. */
gboolean _strata_edit_extend_parts    (StrataEdit          *self,
                                       GPtrArray           *parts,
                                       const StrataPart    *like,
                                       GArray              *runs,
                                       GError             **error);
/* Stages @text as what @part is; drops what was staged for it. */
gboolean _strata_edit_stage_part      (StrataEdit          *self,
                                       StrataPart          *part,
                                       const char          *text,
                                       gsize                length,
                                       GError             **error);
void     _strata_edit_discard_part    (StrataEdit          *self,
                                       StrataPart          *part);
void     _strata_edit_discard_parts   (StrataEdit          *self,
                                       GPtrArray           *parts);
/* (transfer full): what the parts of the member at @position are named after */
char    *_strata_edit_make_kind       (StrataEdit          *self,
                                       guint                position);

G_END_DECLS
