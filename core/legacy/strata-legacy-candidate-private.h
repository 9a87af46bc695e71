/* strata-legacy-candidate-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-container-private.h"
#include "strata-legacy-payload-private.h"
#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* StrataLegacyCandidate is one place where a collection may be found: a file of
 * its own, what a crash left of the next save, the copy of the one before, a
 * list at the top of the folder, a backup of everything, an export, a browser's
 * database. The old program can lose sight of the right one; we look at all.
 *
 * It borrows from its store, which must outlive it. Threads: one at a time.
 */
typedef enum
{
  STRATA_LEGACY_IN_FOLDER,  /* a file of the collection's own */
  STRATA_LEGACY_IN_BACKUP,  /* something kept besides, on purpose */
  STRATA_LEGACY_IN_EXPORT,  /* an entry of a ZIP */
  STRATA_LEGACY_IN_WEBKIT,  /* a record of a web view's database: the current truth where there is one */
} StrataLegacyWhere;

typedef struct
{
  char               *path;          /* below the old store, as problems name it; of an entry, of the ZIP too */
  StrataLegacyWhere   where;
  gint64              timestamp_ms;  /* of the save; -1: not known, which counts as older than any */
  guint64             size;          /* bytes, as it lies there; of all of a backup */
  StrataLegacyForm    form;          /* of a backup BARE */
  char               *checksum;      /* as recorded, or NULL */
  gboolean            is_no_list;    /* a scan found something else there */
  char               *text_checksum; /* as it would be recorded; NULL until it was read to its end, or where that can't be told */

  /* How to get at it */
  int                 dir;           /* of @file */
  char               *file;          /* what lies on the disk: its path below @dir */
  const StrataLegacyContainer *
                      container;     /* borrowed; NULL: @file is the text */
  guint               entry;         /* its number in @container */
  GHashTable         *left_out;      /* (nullable): set of sentences: what of a record has no place in JSON, as far as read */
  char              **members;       /* (nullable): the way to the value in it, see _strata_legacy_payload_open() */
} StrataLegacyCandidate;

void       _strata_legacy_candidate_free         (StrataLegacyCandidate        *self);

/* What kind of place it is, in a word: "folder", "backup", "zip" or "webkit" */
const char *
           _strata_legacy_candidate_get_kind     (const StrataLegacyCandidate  *self);

/* What lies there: a file's or an entry's bytes, or a record as the database has it. */
GInputStream *
           _strata_legacy_candidate_open_original
                                                 (const StrataLegacyCandidate  *self,
                                                  GError                      **error);
/* The bytes of its JSON text, that can be sought to their start. STRATA_ERROR_SOURCE where they can't be read. */
GInputStream *
           _strata_legacy_candidate_open_bytes   (const StrataLegacyCandidate  *self,
                                                  GError                      **error);
/* At its value; errors are those of _strata_legacy_payload_open(). */
StrataLegacyPayload *
           _strata_legacy_candidate_open         (const StrataLegacyCandidate  *self,
                                                  GCancellable                 *cancellable,
                                                  GError                      **error);

/* Whether both were written by one and the same save. That of a backup is told
 * by its text only, once that was read to its end.
 */
gboolean   _strata_legacy_candidate_is_same_save (const StrataLegacyCandidate  *a,
                                                  const StrataLegacyCandidate  *b);

/* Goes through a candidate's array and calls @func with each whole element's id
 * token, the last one where there are two; NULL where there is none that tells
 * it from others. FALSE with @error: it breaks off, or is no array. What follows
 * the array does not matter, but that @text_checksum is not known then.
 */
typedef void (*StrataLegacyIdFunc)               (guint64                       ordinal,
                                                  const char                   *id_token,
                                                  gpointer                      user_data);

gboolean   _strata_legacy_candidate_scan         (StrataLegacyCandidate        *self,
                                                  StrataLegacyIdFunc            func,
                                                  gpointer                      user_data,
                                                  GCancellable                 *cancellable,
                                                  GError                      **error);

/* The code of the problem that an error of content is, where a file breaks off: torn, payload-corrupt … */
const char *
           _strata_legacy_error_get_code         (const GError                 *error);

/* Whether an id tells a session from others: a string that is not empty, or a number. */
gboolean   _strata_legacy_id_is_usable           (const char                   *id_token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyCandidate, _strata_legacy_candidate_free)

G_END_DECLS
