/* strata-check-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-attachment-row-private.h"
#include "store/strata-store-private.h"
#include "strata-check.h"

G_BEGIN_DECLS

/* One run over one store, shared by the files of the check and by no others. What the
 * functions below find is a problem in @result; FALSE with @error set is for what keeps
 * the check itself from going on.
 */
typedef struct
{
  StrataCheck   *result;
  StrataStore   *store;
  int            dir;
  GCancellable  *cancellable;
  StrataCatalog *scratch;       /* in memory: what the catalog should say of one session */
  GHashTable    *logged;        /* tag of a session or collection → digest that the log names last */
  guint64        log_end;       /* how far the log was read */
  gboolean       log_reported;
  GHashTable    *referred;      /* digests of what was left in an old store, and was looked at there */
} StrataChecking;

/* Damage at @path, in words; @session, @item: (nullable) */
void      _strata_checking_report         (StrataChecking       *self,
                                           const char           *path,
                                           const char           *session,
                                           const char           *item,
                                           const char           *what);
/* Something that is not of this store */
void      _strata_checking_note_foreign   (StrataChecking       *self,
                                           const char           *path);
/* Takes *@from for damage at @path, if it says that a file is at fault or is missing. */
gboolean  _strata_checking_note_damage    (StrataChecking       *self,
                                           const char           *path,
                                           const char           *session,
                                           GError              **from,
                                           GError              **error);

/* Files by themselves */

/* Reads a file to its end; @digits (nullable): the first digits of the digest that it should
 * have. One that went away meanwhile is none.
 */
gboolean  _strata_checking_file           (StrataChecking       *self,
                                           const char           *path,
                                           const char           *digits,
                                           const char           *session,
                                           const char           *what,
                                           GError              **error);
gboolean  _strata_checking_objects        (StrataChecking       *self,
                                           const char           *name,
                                           GError              **error);
gboolean  _strata_checking_header         (StrataChecking       *self,
                                           GError              **error);
gboolean  _strata_checking_quarantine     (StrataChecking       *self,
                                           GError              **error);
gboolean  _strata_checking_migration      (StrataChecking       *self,
                                           GError              **error);
/* What lies about that no part of the store is */
gboolean  _strata_checking_stray          (StrataChecking       *self,
                                           GError              **error);

/* Sessions, collections, and what is in the trash */

/* Looks at an attachment whose bytes were left in an old store, once for each content */
gboolean  _strata_checking_reference      (StrataChecking       *self,
                                           const char           *key,
                                           const StrataAttachmentRow *row,
                                           GError              **error);

gboolean  _strata_checking_owner          (StrataChecking       *self,
                                           gboolean              is_collection,
                                           const char           *key,
                                           GError              **error);
gboolean  _strata_checking_collection_files (StrataChecking     *self,
                                           GError              **error);
gboolean  _strata_checking_trash          (StrataChecking       *self,
                                           const char           *name,
                                           GError              **error);

/* The log and the databases */

gboolean  _strata_checking_read_log       (StrataChecking       *self,
                                           GError              **error);
/* Whether the log says what is committed. Called for each session and collection that is there.
 * @out_is_logged: FALSE: that was reported
 */
gboolean  _strata_checking_is_logged      (StrataChecking       *self,
                                           const StrataManifest *manifest,
                                           gboolean             *out_is_logged,
                                           GError              **error);
/* Whether there should be such a session or collection: the log or the catalog names it */
gboolean  _strata_checking_expect         (StrataChecking       *self,
                                           gboolean              is_collection,
                                           const char           *key,
                                           gboolean             *out_expected,
                                           GError              **error);
gboolean  _strata_checking_log            (StrataChecking       *self,
                                           GError              **error);
gboolean  _strata_checking_catalog        (StrataChecking       *self,
                                           GError              **error);
/* Compares what the catalog says of one session or collection with its files. */
gboolean  _strata_checking_in_catalog     (StrataChecking       *self,
                                           const StrataManifest *manifest,
                                           GPtrArray            *rows,
                                           GError              **error);
gboolean  _strata_checking_search         (StrataChecking       *self,
                                           GError              **error);

/* Puts a session together in another way than reading it does, and compares. */
gboolean  _strata_checking_drill          (StrataChecking       *self,
                                           GError              **error);

/* The pieces that a check goes through, in the order of their names. Each names what it is. */

typedef gboolean (*StrataPieceFunc)       (StrataChecking       *self,
                                           const char           *name,
                                           GError              **error);

typedef struct
{
  char            *path;
  const char      *name;      /* in @path */
  guint64          bytes;
  StrataPieceFunc  func;
} StrataPiece;

/* (transfer full) (element-type StrataPiece): all, sorted */
GPtrArray *_strata_check_list_pieces      (StrataStore          *store,
                                           GError              **error);

/* `verify.state`: the path of the piece that was checked last, where a check in parts goes
 * on. "" where the next begins from the start.
 */
char      *_strata_check_read_state       (int                   dir);
gboolean   _strata_check_write_state      (StrataStore          *store,
                                           const char           *position,
                                           GError              **error);

#define STRATA_CHECK_STATE "verify.state"

G_END_DECLS
