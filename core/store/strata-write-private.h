/* strata-write-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-batch-private.h"
#include "strata-list-private.h"
#include "strata-new-attachment-private.h"
#include "strata-uses-private.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_WRITE_CREATE,         /* a session that is not there yet */
  STRATA_WRITE_SAVE,           /* a whole session, in the place of what it is */
  STRATA_WRITE_SET,            /* one member */
  STRATA_WRITE_APPEND,         /* an element to a list */
  STRATA_WRITE_ATTACH,         /* an attachment, to a session or to none */
  STRATA_WRITE_SEAL,           /* the tail of a session */
  STRATA_WRITE_COLLECTION,     /* a whole collection */
  STRATA_WRITE_DELETE,         /* a session, to the trash */
  STRATA_WRITE_DELETE_ITEM,    /* one element of a list */
  STRATA_WRITE_UNDELETE,       /* a session */
  STRATA_WRITE_UNDELETE_ITEM,
} StrataWriteKind;

/* StrataWrite is one change that somebody asked for, on its way from the call to the
 * disk: what is wanted, what was prepared outside of the lock, how it ended.
 *
 * Threads: its maker's until it is given to the writer, and again when that is done.
 */
typedef struct
{
  /* What is wanted */
  StrataWriteKind       kind;
  char                 *key;          /* session's; COLLECTION: the name given; UNDELETE: what it is called in the trash */
  char                 *name;         /* SET: member's name as text; APPEND: list's name; DELETE_ITEM: item's id */
  GBytes               *value;        /* JSON: all that have any */
  GInputStream         *stream;       /* or instead of it: CREATE, SAVE, COLLECTION */
  StrataNewAttachment  *attachment;
  GCancellable         *cancellable;

  /* Prepared */
  StrataBatch          *batch;        /* what is staged for it */
  StrataManifest       *fragment;     /* its value, cut into parts */
  char                 *id_token;     /* CREATE, SAVE: of the session given; SET of "id": the value */
  char                 *name_token;
  StrataUses           *uses;
  StrataList            list;
  GString              *element;      /* minified; DELETE_ITEM: what was taken out */
  guint64               index;
  StrataAttachmentRow  *row;          /* of the attachment, or NULL */
  GPtrArray            *rows;         /* UNDELETE_ITEM: those it had */
  gboolean              distrust;     /* an object that should be there was not: write it again */

  /* How it ended */
  gboolean              is_done;
  gboolean              wants_again;
  GError               *error;        /* NULL: it is on disk */
  char                 *result_key;   /* of the session or collection that was changed */
  char                 *result_name;  /* attachment's id; DELETE, DELETE_ITEM: its name in the trash */
} StrataWrite;

StrataWrite *_strata_write_new       (StrataWriteKind         kind,
                                      const char             *key);
void         _strata_write_free      (StrataWrite            *self);

/* Does all that needs no lock: reads what was given, cuts it, puts bytes into staging/
 * and waits until they are on disk. Any thread.
 */
gboolean     _strata_write_prepare   (StrataWrite            *self,
                                      StrataStore            *store,
                                      GError                **error);
/* Whether it can go into the session's tail. */
gboolean     _strata_write_is_growth (const StrataWrite      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWrite, _strata_write_free)

/* The collection of attachments that no session has and that came from no old store */
#define STRATA_UNOWNED_KEY "attachments-of-none-0"

G_END_DECLS
