/* strata-legacy-search-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What lies beside or inside an old data folder and may hold collections; all paths below the folder searched */
typedef struct
{
  GPtrArray *exports;    /* of utf8: regular files called *.zip, straight in the folder or in the data folder in it */
  GPtrArray *databases;  /* of utf8: files called IndexedDB.sqlite3 */
  char      *leveldb;    /* a folder that Windows' web view keeps its database in; NULL: none */
} StrataLegacyFindings;

/* Looks where web views keep their databases, and nowhere else: into folders of
 * certain names, at most nine deep. Follows no link but the one called like the
 * data folder. What can't be listed counts as not there.
 */
void _strata_legacy_search         (int                    dir,
                                    StrataLegacyFindings  *out_findings);
void _strata_legacy_findings_clear (StrataLegacyFindings  *findings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataLegacyFindings, _strata_legacy_findings_clear)

G_END_DECLS
