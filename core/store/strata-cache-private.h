/* strata-cache-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "strata-cache.h"

G_BEGIN_DECLS

/* What is kept under a digest. */
typedef enum
{
  STRATA_CACHE_METADATA,  /* the text of a metadata.json, by the digest it ends with */
  STRATA_CACHE_TEXT,      /* the JSON text of a part, by its digest */
  STRATA_CACHE_INDEX,     /* where the elements of that text are, by the digest of the text */
} StrataCacheKind;

/* What an entry costs beside its content, about: counted into the bound, so that
 * many small entries keep to it too. Bytes.
 */
#define STRATA_CACHE_ENTRY_COST 256

/* Gets the content that is not in the cache; called without any lock held.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
typedef GBytes *(*StrataCacheLoadFunc) (gpointer       user_data,
                                        GCancellable  *cancellable,
                                        GError       **error);

/* Returns: (transfer full): the content, from the cache or from @func, which has
 *   put it there; or %NULL with @error set. A call that finds the same content
 *   being loaded by another thread waits for that, and shares its error unless
 *   it is only that the other was cancelled.
 *
 * Waits; any thread but the one that draws. @error of @func, or
 * %G_IO_ERROR_CANCELLED where @cancellable is cancelled while waiting.
 */
GBytes *_strata_cache_load (StrataCache          *self,
                            StrataCacheKind       kind,
                            const StrataDigest   *digest,
                            StrataCacheLoadFunc   func,
                            gpointer              user_data,
                            GCancellable         *cancellable,
                            GError              **error);

/* Returns: (transfer full) (nullable): the content if it is in the cache, which
 *   counts as a hit; %NULL does not count as a miss. Never waits; any thread.
 */
GBytes *_strata_cache_peek (StrataCache          *self,
                            StrataCacheKind       kind,
                            const StrataDigest   *digest);

/* Keeps what the caller had to read without the cache, which counts as a miss;
 * nothing changes where it is there already. Never waits; any thread.
 */
void    _strata_cache_put  (StrataCache          *self,
                            StrataCacheKind       kind,
                            const StrataDigest   *digest,
                            GBytes               *content);

/* Whether something of @size bytes would be kept at all. Any thread. */
gboolean _strata_cache_takes (StrataCache         *self,
                              guint64              size);

G_END_DECLS
