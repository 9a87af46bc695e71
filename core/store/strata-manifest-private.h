/* strata-manifest-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* StrataPart is one chunk file of a session or collection. A value, but for its texts. */
typedef struct
{
  char         *kind;          /* file-name part and what `--part` names: "screenshots" */
  char         *name;          /* the member's name token as it was written; NULL for attachment rows and collections */
  guint         number;        /* from 1, within its kind */
  guint         position;      /* of its member among the session's members, from 0 */
  gboolean      is_array;      /* elements of one array, to be joined with its other parts; else a bare value */
  gboolean      is_inner;      /* that array lies inside the member's value, which has it empty */
  guint64       at;            /* inner: the byte of that value where the elements go */
  guint64       items;         /* elements in it; 0 for a bare value */
  guint64       raw_bytes;     /* of its JSON text */
  guint64       stored_bytes;  /* of its file */
  StrataDigest  raw_digest;
  StrataDigest  stored_digest;
  gboolean      is_gzip;       /* its file is named .json.gz */
  char         *staged_path;   /* while being written: where it lies until it is put in place */
  gboolean      is_synced;     /* and whether it is on disk there */
} StrataPart;

/* What a session has grown by since its metadata were written, see strata-tail-private.h */
typedef struct _StrataTail StrataTail;

/* StrataManifest is what a metadata.json says: which parts a session (or a
 * collection) consists of, and its small members verbatim. Treated as immutable
 * once made.
 */
typedef struct
{
  gboolean      is_collection;
  char         *key;
  char         *id_token;      /* session: its id as it was written; NULL: none, or too long to be repeated here */
  char         *name;          /* collection: its name */
  guint         source;        /* from 1, see store.json */
  guint64       ordinal;       /* place among its source's sessions, from 0 */
  guint         occurrence;    /* how many with the same id token stood before it */
  char         *recovered;     /* the older candidate it was found in; NULL: it was in plain sight */
  guint64       n_members;     /* of the session's object, those in parts included */
  guint64       raw_bytes;     /* of the whole value's JSON text, minified */
  StrataDigest  raw_digest;    /* SHA-256 of that text, when it was put whole */
  guint64       edits;         /* changes since then; unless there are none, the digest is of what was */
  guint64       generation;    /* of the tail that belongs to it: how many were sealed before */
  guint64       source_bytes;  /* the old files of its attachments together, each counted once here */
  guint64       n_screenshots;
  guint64       n_audio_segments;
  GPtrArray    *parts;         /* (element-type StrataPart) by position, then number */
  GPtrArray    *attachments;   /* (element-type StrataPart) parts of rows, see strata-attachment-private.h */
  char         *small;         /* the small members as one JSON object, verbatim; collection: "{}" */
  StrataDigest  file_digest;   /* of metadata.json before its own digest; set by writing and reading */
  guint64       file_bytes;
  StrataTail   *tail;          /* session: what it has grown by; NULL: nothing. Set by the store's reading */
  char         *folder;        /* session: where its files are, when they are in the trash; NULL: in their place */
} StrataManifest;

void            _strata_part_free             (StrataPart            *part);
StrataPart     *_strata_part_copy             (const StrataPart      *part);
char           *_strata_part_dup_file_name    (const StrataPart      *part);
/* Whether @name is of that form: `<kind>-NNN.<12 hex>.json` or the same with `.gz` */
gboolean        _strata_part_is_file_name     (const char            *name);

StrataManifest *_strata_manifest_new          (void);
void            _strata_manifest_free         (StrataManifest        *self);
GBytes         *_strata_manifest_serialize    (StrataManifest        *self);
StrataManifest *_strata_manifest_parse        (GBytes                *bytes,
                                               GError               **error);
/* The digest that a metadata.json names in its last bytes; FALSE where there is none */
#define STRATA_MANIFEST_TAIL_BYTES 78
gboolean        _strata_manifest_parse_tail   (const char            *tail,
                                               StrataDigest          *out_digest);
guint64         _strata_manifest_stored_bytes (const StrataManifest  *self);
/* Whether the value is not any more, or not only, what was put whole. */
gboolean        _strata_manifest_is_edited    (const StrataManifest  *self);

char           *_strata_manifest_dup_path     (const StrataManifest  *self);
char           *_strata_manifest_dup_part_path (const StrataManifest *self,
                                               const StrataPart      *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPart, _strata_part_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataManifest, _strata_manifest_free)

G_END_DECLS
