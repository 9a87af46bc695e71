/* power-cut-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "power-cut.h"

G_BEGIN_DECLS

/* A file or folder, whatever its names are. What it was when the recording
 * began, and which events came since.
 */
typedef struct
{
  guint         id;
  gboolean      is_folder;
  char         *name;     /* the latest, for people */
  GBytes       *content;  /* of a file, then */
  GHashTable   *entries;  /* of a folder, then: name → PowerCutNode */
  GArray       *events;   /* guint: positions of the events that change it */
} PowerCutNode;

typedef enum
{
  EVENT_WRITE,    /* @bytes to @node at @offset */
  EVENT_TRUNCATE, /* @node to @offset bytes */
  EVENT_ENTER,    /* @node is now @name in @folder */
  EVENT_REMOVE,   /* @name in @folder is gone */
  EVENT_RENAME,   /* @node is now @name in @folder, and no longer @from_name in @from_folder */
  EVENT_SYNC,     /* of @node */
  EVENT_SYNC_ALL,
} PowerCutEventKind;

typedef struct
{
  PowerCutEventKind  kind;
  PowerCutNode      *node;
  GBytes            *bytes;
  goffset            offset;
  PowerCutNode      *folder;
  char              *name;
  PowerCutNode      *from_folder;
  char              *from_name;
} PowerCutEvent;

struct _PowerCut
{
  /* Set at construction, never changed after */
  char             *folder;
  dev_t             device;
  PowerCutNode     *root;

  /* Set by starting */
  const StrataSeam *inner;

  /* Guarded by the recorder's lock while it records */
  guint             ignored;
  GPtrArray        *nodes;    /* PowerCutNode, by id */
  GHashTable       *by_inode; /* number of an inode → the node that has it now */
  GPtrArray        *events;   /* PowerCutEvent */
};

/* For SQLite's calls: between these two no other call is recorded.
 *
 * Returns: (nullable): the one that records
 */
PowerCut *power_cut_enter         (void);
void      power_cut_leave         (void);

/* What was done just now to the file at an absolute path; one elsewhere is passed over. */
void      power_cut_note_create   (PowerCut   *self,
                                   const char *path);
void      power_cut_note_write    (PowerCut   *self,
                                   const char *path,
                                   const void *data,
                                   gsize       size,
                                   goffset     offset);
void      power_cut_note_truncate (PowerCut   *self,
                                   const char *path,
                                   goffset     size);
void      power_cut_note_sync     (PowerCut   *self,
                                   const char *path,
                                   gboolean    folder_too);
void      power_cut_note_remove   (PowerCut   *self,
                                   const char *path,
                                   gboolean    sync_folder);

/* Registers the VFS that calls the above. */
void      power_cut_sqlite_register (void);

/* Locks and shared memory of SQLite's: worthless when the power is gone, so not recorded. */
gboolean  power_cut_is_volatile   (const char *name);

G_END_DECLS
