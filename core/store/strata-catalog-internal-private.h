/* strata-catalog-internal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <sqlite3.h>

#include "strata-catalog-private.h"

/* Shared by the two files of the catalog, and by no others. */
struct _StrataCatalog
{
  sqlite3      *db;
  gboolean      read_only;
  sqlite3_stmt *find_use;  /* asked for each short text of each element: made once. NULL: not yet */
};
