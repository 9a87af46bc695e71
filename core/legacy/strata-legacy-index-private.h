/* strata-legacy-index-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* StrataLegacyIndex knows which attachment ids there are, and which files stand
 * under each. There may be a million: an entry takes 16 bytes, its id's bytes,
 * and 8 bytes of hash table. Names and sizes of the files are left to the disk.
 */
typedef struct _StrataLegacyIndex StrataLegacyIndex;

/* What stands where a file of an attachment should be */
typedef enum
{
  STRATA_LEGACY_PRESENCE_NONE,
  STRATA_LEGACY_PRESENCE_NOT_DOWNLOADED,
  STRATA_LEGACY_PRESENCE_LINK,
  STRATA_LEGACY_PRESENCE_FILE,
} StrataLegacyPresence;

typedef struct
{
  const char *id;
  guint32     raw;    /* a number the caller gives to its raw file, plus one; 0: none */
  guint8      length; /* of @id: file names have at most 255 bytes */
  guint8      data;   /* StrataLegacyPresence of the .dat … */
  guint8      meta;   /* … and of the .meta.json */
} StrataLegacyEntry;

StrataLegacyIndex       *_strata_legacy_index_new           (void);
void                     _strata_legacy_index_free          (StrataLegacyIndex       *self);
/* The entry of an id, added if need be; valid until the next is added. */
StrataLegacyEntry       *_strata_legacy_index_add           (StrataLegacyIndex       *self,
                                                             const char              *id,
                                                             gsize                    length);
/* After the last was added: puts entries into the order of their ids with a dot
 * behind each, which is nearly the order of their files' names.
 */
void                     _strata_legacy_index_sort          (StrataLegacyIndex       *self);
const StrataLegacyEntry *_strata_legacy_index_find          (const StrataLegacyIndex *self,
                                                             const char              *id,
                                                             gsize                    length);
gboolean                 _strata_legacy_index_has_length    (const StrataLegacyIndex *self,
                                                             gsize                    length);
guint                    _strata_legacy_index_get_n_entries (const StrataLegacyIndex *self);
const StrataLegacyEntry *_strata_legacy_index_get_entry     (const StrataLegacyIndex *self,
                                                             guint                    i);

/* Its raw file has lost its number. */
void                     _strata_legacy_index_forget_raw    (StrataLegacyIndex       *self,
                                                             guint                    i);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyIndex, _strata_legacy_index_free)

G_END_DECLS
