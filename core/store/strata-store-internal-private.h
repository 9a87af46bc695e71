/* strata-store-internal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-cache.h"
#include "strata-store-private.h"
#include "strata-writer-private.h"

/* Shared by the files of the store, opening, reading and writing, and by no others. */
struct _StrataStore
{
  GObject         parent_instance;

  /* Set at construction, never changed after */
  char           *path;
  int             dir;
  StrataCache    *cache;

  /* Guarded by @mutex */
  GMutex          mutex;
  StrataCatalog  *catalog;
  GHashTable     *behind;     /* keys of what the catalog could not be told → whether it is a collection */

  /* Guarded by @lock_mutex, which is held together with the lock */
  GMutex          lock_mutex;
  int             lock_fd;
  StrataStaging  *corner;

  /* Looks after itself */
  StrataWriter   *writer;
};
