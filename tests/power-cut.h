/* power-cut.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "base/strata-seam-private.h"

G_BEGIN_DECLS

/* PowerCut records what is done to the files below one folder, through the seam
 * and by SQLite, and tells what a disk may hold when the power goes at any
 * point of that record.
 *
 * What is on the disk for sure, and stricter than most file systems:
 *
 * - the bytes and the size of a file as they were at its last fsync, fdatasync
 *   or the last syncfs. That a file was synced says nothing of its name;
 * - the entries of a folder as they were at the folder's last fsync, or the last
 *   syncfs. That a folder was synced says nothing of its own name.
 *
 * What came after may be there or not:
 *
 * - of a file each sector of 512 bytes is as it was then or after any later
 *   write to it, whatever the others are; the size is any it had since, also one
 *   on the way there at a border of 4,096 bytes. What a size takes in and no
 *   write reached is zeros;
 * - of each folder the changes come in their order, up to any of them, whatever
 *   the other folders are. A rename is one change: the file never is at neither
 *   place. From one folder to another it may be at both.
 *
 * Memory: a copy of all that was written. Threads: any while it records; then one.
 */
typedef struct _PowerCut      PowerCut;
typedef struct _PowerCutState PowerCutState;

/* Of what was not synced */
typedef enum
{
  POWER_CUT_NOTHING,
  POWER_CUT_EVERYTHING,
  POWER_CUT_METADATA,   /* names and sizes, with zeros where bytes were written */
  POWER_CUT_DATA,       /* bytes and sizes, but no change of a folder */
  POWER_CUT_HEADS,      /* everything, but of each write only its first sector */
  POWER_CUT_TAILS,      /* everything, but of no write its first sector */
  POWER_CUT_MIXED,      /* of everything some, as a seed has it */
} PowerCutSurvivor;

#define POWER_CUT_N_SURVIVORS (POWER_CUT_MIXED + 1)

typedef enum
{
  POWER_CUT_SYNC        = 1 << 0, /* fsync of a file */
  POWER_CUT_DATASYNC    = 1 << 1,
  POWER_CUT_SYNC_FOLDER = 1 << 2,
  POWER_CUT_SYNCFS      = 1 << 3,
  POWER_CUT_SYNC_SQLITE = 1 << 4,
} PowerCutSync;

/* Once, before SQLite is used through the seam: from then on its calls can be recorded too. */
void           power_cut_prepare          (void);

/* What is below @folder now is on the disk for sure; links and the like may not be there. */
PowerCut      *power_cut_new              (const char         *folder);
void           power_cut_free             (PowerCut           *self);

/* Puts a table into the seam that passes all calls on to the one that is there, or takes it out again. */
void           power_cut_start            (PowerCut           *self);
void           power_cut_stop             (PowerCut           *self);

/* To play a program that forgets to wait: these are done, but do not count. Flags of PowerCutSync. */
void           power_cut_ignore           (PowerCut           *self,
                                           guint               syncs);

/* Changes and syncs recorded so far; the power may go at 0, before the first, up to there, after the last. */
guint          power_cut_get_length       (PowerCut           *self);
/* The change or sync right before @position, for people; (transfer full) */
char          *power_cut_describe         (PowerCut           *self,
                                           guint               position);

/* Whether a sync comes next: here the most is at stake */
gboolean       power_cut_is_before_sync   (PowerCut           *self,
                                           guint               position);

/* Ends the test unless the record accounts for every byte that is in the folder now. */
void           power_cut_assert_complete  (PowerCut           *self);

/* The same for the same arguments; @seed counts for POWER_CUT_MIXED alone. (transfer full) */
PowerCutState *power_cut_make_state       (PowerCut           *self,
                                           guint               position,
                                           PowerCutSurvivor    survivor,
                                           guint32             seed);
void           power_cut_state_free       (PowerCutState      *self);
/* Equal for equal states: of all names, sizes and bytes */
const StrataDigest *
               power_cut_state_get_digest (PowerCutState      *self);
/* Takes a file or folder out of it, as if it had never been; one that is not there is no mistake. */
void           power_cut_state_remove     (PowerCutState      *self,
                                           const char         *path);
/* Makes the files below @folder, which must not be there yet. */
void           power_cut_state_write      (PowerCutState      *self,
                                           const char         *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PowerCut, power_cut_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PowerCutState, power_cut_state_free)

G_END_DECLS
