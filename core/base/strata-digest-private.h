/* strata-digest-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_DIGEST_SIZE     32
#define STRATA_DIGEST_HEX_SIZE (2 * STRATA_DIGEST_SIZE + 1)

/* SHA-256 of something. A value type: copied, compared and passed by pointer. */
typedef struct
{
  guint8 bytes[STRATA_DIGEST_SIZE];
} StrataDigest;

/* Computes a SHA-256 piece by piece. Not safe for use from several threads at once. */
typedef struct _StrataHasher StrataHasher;

StrataHasher *_strata_hasher_new      (void);
void          _strata_hasher_free     (StrataHasher       *self);
void          _strata_hasher_update   (StrataHasher       *self,
                                       const void         *data,
                                       gsize               size);
void          _strata_hasher_finish   (StrataHasher       *self,
                                       StrataDigest       *out_digest);

void          _strata_digest_of       (const void         *data,
                                       gsize               size,
                                       StrataDigest       *out_digest);
/* Reads a stream to its end. */
gboolean      _strata_digest_of_stream (GInputStream      *stream,
                                       StrataDigest       *out_digest,
                                       GCancellable       *cancellable,
                                       GError            **error);
void          _strata_digest_to_hex   (const StrataDigest *digest,
                                       char               *out_hex);
char         *_strata_digest_dup_hex  (const StrataDigest *digest);
gboolean      _strata_digest_from_hex (const char         *hex,
                                       StrataDigest       *out_digest);
gboolean      _strata_digest_equal    (const StrataDigest *a,
                                       const StrataDigest *b);
guint         _strata_digest_hash     (gconstpointer       digest);

guint32       _strata_crc32           (const void         *data,
                                       gsize               size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHasher, _strata_hasher_free)

G_END_DECLS
