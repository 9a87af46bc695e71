/* strata-json-members-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "strata-json-reader-private.h"

G_BEGIN_DECLS

/* Reads one object of which only a few members matter, by name. */
typedef struct _StrataJsonMembers StrataJsonMembers;

StrataJsonMembers *_strata_json_members_read        (StrataJsonReader   *reader,
                                                     const char *const  *names,
                                                     GError            **error);
StrataJsonMembers *_strata_json_members_parse       (const char         *text,
                                                     gsize               length,
                                                     const char *const  *names,
                                                     GError            **error);
void               _strata_json_members_free        (StrataJsonMembers  *self);

const char        *_strata_json_members_get_raw     (StrataJsonMembers  *self,
                                                     const char         *name);
char              *_strata_json_members_dup_string  (StrataJsonMembers  *self,
                                                     const char         *name);
guint64            _strata_json_members_get_uint    (StrataJsonMembers  *self,
                                                     const char         *name);
gint64             _strata_json_members_get_int     (StrataJsonMembers  *self,
                                                     const char         *name);
gboolean           _strata_json_members_get_bool    (StrataJsonMembers  *self,
                                                     const char         *name);
gboolean           _strata_json_members_get_digest  (StrataJsonMembers  *self,
                                                     const char         *name,
                                                     StrataDigest       *out_digest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataJsonMembers, _strata_json_members_free)

G_END_DECLS
