/* strata-member-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* StrataMember is one member of a session's object, or the one value of a
 * collection, taken out of its manifest: what reading puts together and what a
 * change exchanges.
 */
typedef struct
{
  char      *name;   /* token; NULL: of a collection */
  char      *value;  /* JSON text, small; NULL: it is in parts */
  gsize      length; /* of that text */
  GPtrArray *parts;  /* (element-type StrataPart): of an array, or one that is the bare value */
  GPtrArray *inner;  /* (element-type StrataPart): elements of the array inside the value */
} StrataMember;

StrataMember *_strata_member_new        (const char            *name);
void          _strata_member_free       (StrataMember          *self);
gboolean      _strata_member_is_array   (const StrataMember    *self);
/* How long its value is as JSON text, and how many elements are in its parts */
guint64       _strata_member_get_bytes  (const StrataMember    *self);
guint64       _strata_member_get_items  (const StrataMember    *self);

/* Takes a manifest apart; parts are copied.
 *
 * Returns: (transfer full) (element-type StrataMember): or %NULL with
 *   STRATA_ERROR_CORRUPT, where its parts do not make up its members
 */
GPtrArray    *_strata_members_unpack    (const StrataManifest  *manifest,
                                         GError               **error);
/* Puts members into @manifest, which gets its parts, small members, counts and
 * length from them; the parts move over, and @members is empty after.
 */
void          _strata_members_pack      (GPtrArray             *members,
                                         StrataManifest        *manifest);
/* The last member of that name, G_MAXUINT where there is none */
guint         _strata_members_find      (GPtrArray             *members,
                                         const char            *name);
/* The same by the text that the token stands for, however it is spelled */
guint         _strata_members_find_text (GPtrArray             *members,
                                         const char            *name);

/* Which small members have to become parts so that metadata.json keeps its size, of
 * @n_parts parts so far: their places, largest first. Each adds a part.
 *
 * @lengths: of the small values, 0: in parts. @name_lengths: of the names' tokens
 * Returns: (transfer full) (element-type guint)
 */
GArray       *_strata_members_choose_large (GArray             *lengths,
                                         GArray                *name_lengths,
                                         guint                  n_parts);

/* A part ends with the element that takes it to this; the first of a kind is
 * small, so that a view has something to draw soon.
 */
#define STRATA_FIRST_PART_BYTES (64 * 1024)
#define STRATA_PART_BYTES       (1024 * 1024)
/* A value up to this may be among the small members; an array of a list only when it is empty */
#define STRATA_SMALL_VALUE 2048

/* The file name's beginning for the parts of a member at @position: its name where
 * that is plain and no other has it in any case, else a slug with the position.
 *
 * @taken: (element-type utf8 utf8): kinds that others have, in lower case; a plain one is added
 * Returns: (transfer full)
 */
char         *_strata_member_make_kind  (const char            *name,
                                         guint                  position,
                                         GHashTable            *taken);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMember, _strata_member_free)

G_END_DECLS
