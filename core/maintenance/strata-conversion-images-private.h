/* strata-conversion-images-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-conversion-private.h"

G_BEGIN_DECLS

/* What a round knows of images. Threads: any. */

StrataImages *_strata_images_new         (StrataStore                     *store,
                                          GHashTable                      *keys);
void          _strata_images_free        (StrataImages                    *self);
/* Digests of objects that were looked at and stay as they are; (transfer full) (element-type StrataDigest) */
GPtrArray    *_strata_images_take_kept   (StrataImages                    *self);

/* Rows that could not be undone, their originals being no more */
guint64       _strata_images_get_n_lossy (StrataImages                    *self);

/* Makes a WebP of what the row at @index of the conversion has, where the settings say so,
 * everybody who uses the object may be converted, and it gets at least 10 % smaller.
 */
gboolean      _strata_images_convert     (StrataImages                    *self,
                                          StrataConversion                *conversion,
                                          StrataStaging                   *staging,
                                          guint                            index,
                                          const StrataConversionSettings  *settings,
                                          gboolean                        *out_changed,
                                          GError                         **error);
/* Gives the row its original back, if that is still there, be it in the trash.
 * Returns: whether it was
 */
gboolean      _strata_images_undo        (StrataImages                    *self,
                                          StrataConversion                *conversion,
                                          StrataStaging                   *staging,
                                          guint                            index,
                                          GCancellable                    *cancellable);
/* Writes the parts with the conversion's rows anew. @level: of gzip; -1: plain */
gboolean      _strata_images_write_rows  (StrataConversion                *conversion,
                                          StrataStore                     *store,
                                          StrataStaging                   *staging,
                                          int                              level,
                                          GError                         **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataImages, _strata_images_free)

G_END_DECLS
