/* strata-steps-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataSteps is how far a piece of work is, told by the thread that does it and
 * shown by an object with the properties `step` and `fraction`. They are notified
 * in the main context in which the object was made, at most 30 times a second,
 * and for the last time when the work has ended.
 *
 * Threads: any, but for init and clear.
 */
typedef struct
{
  GObject      *object;      /* whose part it is; borrowed */
  GMainContext *context;
  GMutex        mutex;       /* guards what follows */
  const char   *step;
  guint64       done;
  guint64       total;
  gboolean      is_queued;   /* a notification */
} StrataSteps;

void        _strata_steps_init          (StrataSteps  *self,
                                         GObject      *object);
void        _strata_steps_clear         (StrataSteps  *self);
/* @step: a static text, for people; @total: bytes or things, 0 where nobody knows */
void        _strata_steps_begin         (StrataSteps  *self,
                                         const char   *step,
                                         guint64       total);
void        _strata_steps_advance       (StrataSteps  *self,
                                         guint64       more);
const char *_strata_steps_get_step      (StrataSteps  *self);
/* From 0 to 1, within the step */
double      _strata_steps_get_fraction  (StrataSteps  *self);

G_END_DECLS
