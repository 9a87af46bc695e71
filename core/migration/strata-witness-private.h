/* strata-witness-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* The witness: reads the files of an old store once more and takes digests of
 * what is in them, with code that shares nothing with the slicer that carries
 * the data over. What is read back from the new store is compared with these
 * digests, so a flaw of the slicer can't hide itself.
 */

/* Called for every element of the payload's array, in order. @digest and
 * @length are those of its text with only the white space between tokens left
 * out. Returning %FALSE with @error set stops the pass.
 */
typedef gboolean (*StrataWitnessElementFunc) (guint64              ordinal,
                                              const StrataDigest  *digest,
                                              guint64              length,
                                              gpointer             user_data,
                                              GError             **error);

typedef struct
{
  gboolean     is_array;

  /* The value came to its end; what is wrong, if anything is, follows it */
  gboolean     is_whole;

  /* Of those reported, also after a failure */
  guint64      n_elements;

  /* Of the whole payload, with only the white space between tokens left out */
  StrataDigest digest;
  guint64      length;

  /* Of the payload's text as it stood, from its first byte to its last */
  guint64      pretty_length;

  /* Of the file's own bytes */
  StrataDigest file_digest;
  guint64      file_length;
} StrataWitnessCollection;

gboolean _strata_witness_collection     (GInputStream              *bytes,
                                         const char * const        *members,
                                         StrataWitnessElementFunc   func,
                                         gpointer                   user_data,
                                         StrataWitnessCollection   *out,
                                         GCancellable              *cancellable,
                                         GError                   **error);
gboolean _strata_witness_attachment_stream
                                        (GInputStream              *stream,
                                         gboolean                   as_is,
                                         StrataDigest              *out_digest,
                                         guint64                   *out_length,
                                         StrataDigest              *out_file_digest,
                                         GCancellable              *cancellable,
                                         GError                   **error);
gboolean _strata_witness_attachment     (int                        dir,
                                         const char                *path,
                                         gboolean                   as_is,
                                         StrataDigest              *out_digest,
                                         guint64                   *out_length,
                                         StrataDigest              *out_file_digest,
                                         GCancellable              *cancellable,
                                         GError                   **error);

/* For tests: how many bytes are read and handed on at a time; 0 for the usual. */
void     _strata_witness_set_block_size (gsize                      size);

G_END_DECLS
