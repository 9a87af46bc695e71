/* strata-repair-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-batch-private.h"
#include "store/strata-changes-private.h"
#include "strata-repair.h"

G_BEGIN_DECLS

/* A part that is damaged or missing, and whose metadata say what it was */
typedef struct
{
  char           *path;
  StrataPart     *part;
  StrataManifest *owner;
  gboolean        is_done;
} StrataWantedPart;

/* A metadata.json that is damaged or missing */
typedef struct
{
  char         *path;
  char         *key;
  char         *folder;        /* of a session; NULL: a collection's */
  gboolean      is_collection;
  StrataDigest  digest;        /* the one that was committed last */
  gboolean      is_done;
} StrataWantedMetadata;

/* An object that is damaged or missing */
typedef struct
{
  char         *path;
  StrataDigest  digest;
  GPtrArray    *uses;          /* StrataObjectUse: rows that name it */
  gboolean      is_done;
} StrataWantedObject;

typedef struct
{
  StrataAttachmentRow *row;
  gboolean             is_embedded; /* by what its metadata had embedded, not by its bytes */
  guint                source; /* number of the old store */
  char                *owner;  /* key */
} StrataObjectUse;

/* One repair of one store, shared by its files and by no others. FALSE with @error set is for
 * what keeps it from going on: what can't be repaired is said, and left as it is.
 */
typedef struct
{
  StrataStore   *store;
  int            dir;
  GCancellable  *cancellable;
  GHashTable    *told;          /* what was said already: texts */
  StrataRepair  *result;

  /* Of one round */
  GHashTable    *logged;        /* `s/KEY` or `c/KEY` → StrataChange: what the log says last of it */
  gboolean       log_is_damaged;
  GPtrArray     *parts;         /* StrataWantedPart */
  GPtrArray     *metadata;      /* StrataWantedMetadata */
  GPtrArray     *objects;       /* StrataWantedObject */
  GPtrArray     *tails;         /* folders of sessions */
  gboolean       mend_log;
  gboolean       mend_databases;
  guint          n_done;        /* things that are not what they were before */
} StrataRepairing;

/* What is said, once each. @session, @item: (nullable) */
void      _strata_repairing_say_repaired   (StrataRepairing         *self,
                                            const char              *path,
                                            const char              *session,
                                            const char              *message);
void      _strata_repairing_say_lost       (StrataRepairing         *self,
                                            const char              *path,
                                            const char              *session,
                                            const char              *item,
                                            const char              *message);

/* Files, one at a time */

/* Puts what a stream gives into a new file of staging/, on disk when this returns.
 * (transfer full): its path
 */
char     *_strata_repairing_stage          (StrataRepairing         *self,
                                            GInputStream            *stream,
                                            StrataDigest            *out_digest,
                                            GError                 **error);
/* Moves a file, whatever it is, into quarantine. Called with the store's lock held.
 * (transfer full): where it is then
 */
char     *_strata_repairing_move_aside     (StrataRepairing         *self,
                                            const char              *path,
                                            GError                 **error);
/* The same, with the lock taken for it */
char     *_strata_repairing_put_aside      (StrataRepairing         *self,
                                            const char              *path,
                                            GError                 **error);
/* Puts a copy of a file into quarantine, durable on success. The lock is held. (transfer full) */
char     *_strata_repairing_copy_aside     (StrataRepairing         *self,
                                            const char              *path,
                                            GError                 **error);
/* Puts a staged file to where it belongs, and what stands there into quarantine; where meanwhile
 * a file of that digest is there, that stays. Durable on success. @out_aside: (transfer full)
 * (nullable): where the damaged one is
 */
gboolean  _strata_repairing_place          (StrataRepairing         *self,
                                            const char              *staged,
                                            const char              *path,
                                            const StrataDigest      *digest,
                                            char                   **out_aside,
                                            GError                 **error);
/* Whether there is a file of that digest. */
gboolean  _strata_repairing_is_whole       (StrataRepairing         *self,
                                            const char              *path,
                                            const StrataDigest      *digest);
/* A metadata.json as it is there, its tail left aside; (nullable) */
StrataManifest *
          _strata_repairing_load           (StrataRepairing         *self,
                                            const char              *path,
                                            const char              *folder,
                                            GError                 **error);

/* Single files that are mended from themselves, or from their copy */
gboolean  _strata_repairing_mend_header    (StrataRepairing         *self,
                                            GError                 **error);
gboolean  _strata_repairing_mend_journal   (StrataRepairing         *self,
                                            GError                 **error);
gboolean  _strata_repairing_mend_log       (StrataRepairing         *self,
                                            GError                 **error);
/* Makes a private copy of a file of the old store again, while that is as it was. */
gboolean  _strata_repairing_mend_copy      (StrataRepairing         *self,
                                            const char              *path,
                                            GError                 **error);
/* Keeps what is whole of the tail of the session in @folder. */
gboolean  _strata_repairing_mend_tail      (StrataRepairing         *self,
                                            const char              *folder,
                                            GError                 **error);

/* Reads the log as far as it is whole. */
gboolean  _strata_repairing_read_log       (StrataRepairing         *self,
                                            GError                 **error);
/* What the log says last of a session or collection, with the digest of its metadata, also where it was deleted; (nullable) */
const StrataChange *
          _strata_repairing_find_logged    (StrataRepairing         *self,
                                            gboolean                 is_collection,
                                            const char              *key);

/* What is wanted */

/* Finds out what the damage at @path is, and notes it for the steps that repair it. */
gboolean  _strata_repairing_note           (StrataRepairing         *self,
                                            const char              *path,
                                            GError                 **error);
/* Finds the rows that name the objects that are wanted. */
gboolean  _strata_repairing_find_uses      (StrataRepairing         *self,
                                            GError                 **error);
void      _strata_wanted_part_free         (gpointer                 data);
void      _strata_wanted_metadata_free     (gpointer                 data);
void      _strata_wanted_object_free       (gpointer                 data);

/* Brings back what the trash has. */
gboolean  _strata_repairing_search_trash   (StrataRepairing         *self,
                                            GError                 **error);
/* Brings back what the old stores still have. */
gboolean  _strata_repairing_search_sources (StrataRepairing         *self,
                                            GError                 **error);

/* Compares a session or collection that was read again with what is wanted, and takes what fits.
 * @origin: where it was read, below the old store
 */
gboolean  _strata_repairing_match          (StrataRepairing         *self,
                                            StrataManifest          *manifest,
                                            StrataStaging           *staging,
                                            const char              *origin,
                                            GError                 **error);

G_END_DECLS
