/* strata-catalog-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-attachment-row-private.h"
#include "strata-info.h"
#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* StrataCatalog is `catalog.sqlite3`: what lists need, derived from the files
 * and thrown away without a thought when it does not fit them.
 *
 * Threads: one at a time; the store sees to that.
 */
typedef struct _StrataCatalog StrataCatalog;

StrataCatalog  *_strata_catalog_open             (const char            *store_path,
                                                  GError               **error);
/* An empty one that no file belongs to */
StrataCatalog  *_strata_catalog_new_in_memory    (void);
void            _strata_catalog_free             (StrataCatalog         *self);
gboolean        _strata_catalog_is_read_only     (StrataCatalog         *self);

/* How much of changes.log is in it, in bytes */
gboolean        _strata_catalog_get_applied      (StrataCatalog         *self,
                                                  guint64               *out_offset,
                                                  GError               **error);

/* All that follows until commit is one transaction. */
gboolean        _strata_catalog_begin            (StrataCatalog         *self,
                                                  GError               **error);
gboolean        _strata_catalog_commit           (StrataCatalog         *self,
                                                  guint64                applied,
                                                  GError               **error);
void            _strata_catalog_roll_back        (StrataCatalog         *self);
gboolean        _strata_catalog_clear            (StrataCatalog         *self,
                                                  GError               **error);
gboolean        _strata_catalog_put              (StrataCatalog         *self,
                                                  const StrataManifest  *manifest,
                                                  GPtrArray             *rows,
                                                  GError               **error);
/* The same for a session that only got more: what its rows were stays, @rows come
 * behind them. It costs what is new, however large the session is.
 */
gboolean        _strata_catalog_grow             (StrataCatalog         *self,
                                                  const StrataManifest  *manifest,
                                                  GPtrArray             *rows,
                                                  GError               **error);
/* Whether it contains a session or collection as the metadata.json of that digest has it */
gboolean        _strata_catalog_has_metadata     (StrataCatalog         *self,
                                                  const char            *key,
                                                  const StrataDigest    *digest,
                                                  gboolean              *out_has,
                                                  GError               **error);
/* Which tail of a growing session is in the catalog, and how far */
gboolean        _strata_catalog_get_tail         (StrataCatalog         *self,
                                                  const char            *key,
                                                  gboolean              *out_any,
                                                  guint64               *out_generation,
                                                  guint64               *out_bytes,
                                                  GError               **error);
/* Keys of the sessions that were growing when they were put; (transfer full) (element-type utf8) */
GPtrArray      *_strata_catalog_list_growing     (StrataCatalog         *self,
                                                  GError               **error);
gboolean        _strata_catalog_remove           (StrataCatalog         *self,
                                                  const char            *key,
                                                  GError               **error);

GPtrArray      *_strata_catalog_list_sessions    (StrataCatalog         *self,
                                                  StrataSessionOrder     order,
                                                  guint                  limit,
                                                  GError               **error);
GPtrArray      *_strata_catalog_find_sessions    (StrataCatalog         *self,
                                                  const char            *id_or_key,
                                                  GError               **error);
char           *_strata_catalog_find_ordinal     (StrataCatalog         *self,
                                                  guint                  source,
                                                  guint64                ordinal,
                                                  GError               **error);
GPtrArray      *_strata_catalog_list_collections (StrataCatalog         *self,
                                                  GError               **error);
GPtrArray      *_strata_catalog_list_attachments (StrataCatalog         *self,
                                                  const char            *owner,
                                                  const char            *id,
                                                  GError               **error);

/* What the catalog knows of an attachment of @source that was stored before;
 * NULL without @error: nothing. (transfer full): without @meta
 */
StrataAttachmentRow *
                _strata_catalog_find_stored      (StrataCatalog         *self,
                                                  guint                  source,
                                                  const char            *id,
                                                  GError               **error);

/* Any attachment's row by its id: that of @owner, else one that has bytes, else any.
 * Set when there is one: @out_owner (transfer full), whose it is.
 */
StrataAttachmentRow *
                _strata_catalog_find_use         (StrataCatalog         *self,
                                                  const char            *owner,
                                                  const char            *id,
                                                  char                 **out_owner,
                                                  gboolean              *out_is_collection,
                                                  GError               **error);
/* Whether any row uses an object */
gboolean        _strata_catalog_has_object       (StrataCatalog         *self,
                                                  const StrataDigest    *digest,
                                                  gboolean              *out_has,
                                                  GError               **error);
/* Appends the digests of the objects that the rows of @owner use; @digests (element-type StrataDigest) */
gboolean        _strata_catalog_list_digests     (StrataCatalog         *self,
                                                  const char            *owner,
                                                  GArray                *digests,
                                                  GError               **error);
/* All that it says of one session or collection, as text to be compared with what another
 * catalog says; "" where it knows of none. (transfer full): or NULL with @error set
 */
char           *_strata_catalog_describe         (StrataCatalog         *self,
                                                  const char            *key,
                                                  GError               **error);
/* Looks for what is wrong with it by itself: pages, indexes, reference counts, rows of
 * nobody. @messages (element-type utf8)
 */
gboolean        _strata_catalog_check            (StrataCatalog         *self,
                                                  GPtrArray             *messages,
                                                  GError               **error);
/* How many bytes ids have; (transfer full) (element-type guint64) */
GArray         *_strata_catalog_list_id_lengths  (StrataCatalog         *self,
                                                  GError               **error);
/* The next free ordinal of a source */
gboolean        _strata_catalog_get_next_ordinal (StrataCatalog         *self,
                                                  guint                  source,
                                                  guint64               *out_ordinal,
                                                  GError               **error);

typedef struct
{
  guint64 sessions;
  guint64 encoded_bytes;  /* old files of attachments that were text, each once */
  guint64 decoded_bytes;  /* the bytes in them */
  guint64 used_bytes;     /* bytes of all attachments, each old file once */
  guint64 content_bytes;  /* bytes of the different contents, as they were given */
  guint64 object_bytes;   /* bytes of the objects they are stored as */
  guint64 packed_bytes;   /* what packing saved of the parts */
} StrataCatalogSums;

gboolean        _strata_catalog_get_sums         (StrataCatalog         *self,
                                                  StrataCatalogSums     *out_sums,
                                                  GError               **error);

/* What could take less, or take what it did before: one session or collection that is not growing. */
typedef struct
{
  char     *key;
  gboolean  is_collection;
  char     *start;         /* as it says, which need not be a time; NULL: it does not */
  char     *end;
  guint64   raw_bytes;     /* of its value */
  guint64   n_plain;       /* parts that could be packed */
  guint64   packed_bytes;  /* that packing saved */
  guint64   n_jpegs;       /* uses of objects of that type */
  guint64   jpeg_bytes;    /* of those that were not tried yet, see _strata_catalog_note_kept() */
  guint64   png_bytes;
  guint64   webp_bytes;    /* of those that were made of others */
} StrataCatalogTarget;

void            _strata_catalog_target_free      (StrataCatalogTarget   *target);
/* All, the oldest sessions first, collections last. @settings: those that objects were tried with.
 * (transfer full) (element-type StrataCatalogTarget)
 */
GPtrArray      *_strata_catalog_list_targets     (StrataCatalog         *self,
                                                  const char            *settings,
                                                  GError               **error);
/* Remembers objects that did not get smaller with these settings; @digests (element-type
 * StrataDigest). To forget it costs only trying them again.
 */
gboolean        _strata_catalog_note_kept        (StrataCatalog         *self,
                                                  GPtrArray             *digests,
                                                  const char            *settings,
                                                  GError               **error);
/* (transfer full) (element-type utf8): keys of the sessions, or collections, that refer to what was left
 * in an old store
 */
GPtrArray      *_strata_catalog_list_referring   (StrataCatalog         *self,
                                                  gboolean               is_collection,
                                                  GError               **error);

/* One attachment of one session or collection */
typedef struct
{
  char     *owner;
  gboolean  is_collection;
  char     *id;
} StrataCatalogUse;

void            _strata_catalog_use_free         (StrataCatalogUse      *use);
/* Adds the uses of attachments that a problem was noted of, of one old store: those that @item names by the
 * attachment's id, the session's id or key, or the path of an old file. @uses (element-type StrataCatalogUse)
 */
gboolean        _strata_catalog_add_troubled     (StrataCatalog         *self,
                                                  guint                  source,
                                                  const char            *item,
                                                  GPtrArray             *uses,
                                                  GError               **error);
/* Keys of the sessions and collections that use an object. (transfer full) (element-type utf8) */
GPtrArray      *_strata_catalog_list_users       (StrataCatalog         *self,
                                                  const StrataDigest    *digest,
                                                  GError               **error);
/* Sessions that have a part which could be packed */
gboolean        _strata_catalog_count_plain      (StrataCatalog         *self,
                                                  guint64               *out_sessions,
                                                  GError               **error);

typedef void (*StrataCatalogGroupFunc)           (gpointer               user_data,
                                                  const char            *name,
                                                  guint64                items,
                                                  guint64                bytes);

/* Stored bytes by media type, with "application/json" for sessions and collections */
gboolean        _strata_catalog_foreach_kind     (StrataCatalog         *self,
                                                  StrataCatalogGroupFunc func,
                                                  gpointer               user_data,
                                                  GError               **error);
/* Sessions by month of their start, "" where it is no time */
gboolean        _strata_catalog_foreach_month    (StrataCatalog         *self,
                                                  StrataCatalogGroupFunc func,
                                                  gpointer               user_data,
                                                  GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataCatalog, _strata_catalog_free)

G_END_DECLS
