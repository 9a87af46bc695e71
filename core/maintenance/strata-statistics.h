/* strata-statistics.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_STATISTICS (strata_statistics_get_type ())

typedef struct _StrataStatistics      StrataStatistics;
typedef struct _StrataStatisticsGroup StrataStatisticsGroup;

/**
 * StrataStatisticsGroup:
 * @name: what the group is of: a media type, or a month as `2025-10`
 * @items: how many objects or sessions
 * @bytes: what they take in the store
 */
struct _StrataStatisticsGroup
{
  char    *name;
  guint64  items;
  guint64  bytes;
};

/**
 * StrataStatistics:
 * @sessions: how many
 * @bytes_original: live collections, attachments and videos of the old stores
 * @bytes_stored: lengths of the store's files, databases included, the space
 *   set aside for emergencies not
 * @bytes_trash: how much of that is in the trash, until it is cleared away
 * @bytes_on_disk: blocks it takes, all of it, as `du` counts them
 * @bytes_reserved: how much of that is set aside for a full disk
 * @saved_base64: what the text form of attachments took beyond their bytes
 * @saved_duplicates: bytes of attachments that are stored once but were there several times
 * @saved_gzip: what parts would take beyond what they do, were they not packed
 * @saved_webp: what images took beyond the WebP that was made of them
 * @kinds: (element-type StrataStatisticsGroup): by media type, and JSON
 * @months: (element-type StrataStatisticsGroup): sessions by month
 *
 * What a store takes, and why it takes less. Immutable; shared by reference.
 */
struct _StrataStatistics
{
  guint64    sessions;
  guint64    bytes_original;
  guint64    bytes_stored;
  guint64    bytes_trash;
  guint64    bytes_on_disk;
  guint64    bytes_reserved;
  guint64    saved_base64;
  guint64    saved_duplicates;
  guint64    saved_gzip;
  guint64    saved_webp;
  GPtrArray *kinds;
  GPtrArray *months;
};

GType             strata_statistics_get_type (void);
StrataStatistics *strata_statistics_ref      (StrataStatistics *self);
void              strata_statistics_unref    (StrataStatistics *self);

StrataStatistics *strata_statistics_collect  (StrataStore      *store,
                                              GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataStatistics, strata_statistics_unref)

G_END_DECLS
