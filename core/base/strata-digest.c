/* strata-digest.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include <gcrypt.h>
#include <zlib.h>

#include "strata-checkpoint-private.h"
#include "strata-digest-private.h"

#define BLOCK_BYTES (256 * 1024)

struct _StrataHasher
{
  gcry_md_hd_t handle;
};

/* libgcrypt wants its version checked before first use; with no secret keys
 * around, its locked memory would only cost time.
 */
static void
ensure_gcrypt (void)
{
  static gsize once;

  if (!g_once_init_enter (&once))
    return;

  if (!gcry_control (GCRYCTL_INITIALIZATION_FINISHED_P))
    {
      if (gcry_check_version (GCRYPT_VERSION) == NULL)
        g_error ("libgcrypt is older than the one Strata was built with (" GCRYPT_VERSION ")");
      gcry_control (GCRYCTL_DISABLE_SECMEM, 0);
      gcry_control (GCRYCTL_INITIALIZATION_FINISHED, 0);
    }

  g_once_init_leave (&once, 1);
}

/* Returns: (transfer full): a hasher that has seen no bytes yet */
StrataHasher *
_strata_hasher_new (void)
{
  StrataHasher *self = g_new0 (StrataHasher, 1);

  ensure_gcrypt ();
  if (gcry_md_open (&self->handle, GCRY_MD_SHA256, 0) != 0)
    g_error ("libgcrypt has no SHA-256");

  return self;
}

void
_strata_hasher_free (StrataHasher *self)
{
  gcry_md_close (self->handle);
  g_free (self);
}

void
_strata_hasher_update (StrataHasher *self,
                       const void   *data,
                       gsize         size)
{
  gcry_md_write (self->handle, data, size);
}

/* Gives the digest of all bytes since the start or the last finish, and starts anew. */
void
_strata_hasher_finish (StrataHasher *self,
                       StrataDigest *out_digest)
{
  memcpy (out_digest->bytes, gcry_md_read (self->handle, GCRY_MD_SHA256), STRATA_DIGEST_SIZE);
  gcry_md_reset (self->handle);
}

void
_strata_digest_of (const void   *data,
                   gsize         size,
                   StrataDigest *out_digest)
{
  ensure_gcrypt ();
  gcry_md_hash_buffer (GCRY_MD_SHA256, out_digest->bytes, data, size);
}

gboolean
_strata_digest_of_stream (GInputStream  *stream,
                          StrataDigest  *out_digest,
                          GCancellable  *cancellable,
                          GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      _strata_checkpoint (0);
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0;
}

/* @out_hex: room for STRATA_DIGEST_HEX_SIZE characters, the NUL among them */
void
_strata_digest_to_hex (const StrataDigest *digest,
                       char               *out_hex)
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < STRATA_DIGEST_SIZE; i++)
    {
      out_hex[2 * i] = digits[digest->bytes[i] >> 4];
      out_hex[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
  out_hex[2 * STRATA_DIGEST_SIZE] = '\0';
}

char *
_strata_digest_dup_hex (const StrataDigest *digest)
{
  char *hex = g_malloc (STRATA_DIGEST_HEX_SIZE);

  _strata_digest_to_hex (digest, hex);

  return hex;
}

/* Takes exactly 64 lower-case hexadecimal digits, as everything here writes them.
 *
 * Returns: whether @hex was that
 */
gboolean
_strata_digest_from_hex (const char   *hex,
                         StrataDigest *out_digest)
{
  if (hex == NULL || strspn (hex, "0123456789abcdef") != 2 * STRATA_DIGEST_SIZE ||
      hex[2 * STRATA_DIGEST_SIZE] != '\0')
    return FALSE;

  for (guint i = 0; i < STRATA_DIGEST_SIZE; i++)
    out_digest->bytes[i] = (guint8)(g_ascii_xdigit_value (hex[2 * i]) << 4 |
                                    g_ascii_xdigit_value (hex[2 * i + 1]));

  return TRUE;
}

gboolean
_strata_digest_equal (const StrataDigest *a,
                      const StrataDigest *b)
{
  return memcmp (a->bytes, b->bytes, STRATA_DIGEST_SIZE) == 0;
}

/* For GHashTable; any four bytes of a SHA-256 are as good as any others. */
guint
_strata_digest_hash (gconstpointer digest)
{
  guint hash;

  memcpy (&hash, digest, sizeof hash);

  return hash;
}

/* CRC-32 as in gzip and PNG, for lines of logs. */
guint32
_strata_crc32 (const void *data,
               gsize       size)
{
  return (guint32)crc32_z (crc32_z (0, NULL, 0), data, size);
}
