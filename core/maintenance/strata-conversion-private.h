/* strata-conversion-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-batch-private.h"

G_BEGIN_DECLS

/* Work of different speed */
typedef enum
{
  STRATA_WORK_JSON,
  STRATA_WORK_IMAGES,
  STRATA_N_WORKS,
} StrataWork;

/* What a session is to be made into. */
typedef struct
{
  gboolean undo;           /* back to plain parts and exact objects, as far as that can be */
  int      level;          /* of gzip; -1: parts stay as they are */
  gboolean jpeg_to_webp;
  gboolean png_to_webp;    /* lossless */
  int      webp_quality;   /* 0 to 100, for JPEG */
  int      webp_method;    /* 0, fast, to 6, small */
} StrataConversionSettings;

/* What those that convert at the same time know of images, see strata-conversion-images-private.h */
typedef struct _StrataImages StrataImages;

/* StrataConversion is one session or collection in its other form: prepared in
 * `staging/`, read back and compared, and not in place yet. Nothing is locked
 * while it is made, so it may turn out to be of what is no more.
 */
typedef struct
{
  StrataManifest *manifest;
  GPtrArray      *rows;           /* StrataAttachmentRow: all of them */
  StrataDigest    base;           /* of the metadata.json that it was made from */
  GPtrArray      *files;          /* StrataStagedFile: objects that are new */
  GPtrArray      *obsolete;       /* paths of objects that it uses no more */
  guint64         bytes_before;   /* of the files that were replaced */
  guint64         bytes_after;    /* of those in their place */
  GHashTable     *turned;         /* digest of an object → the row that has something else in its place now */
  guint           n_images;       /* rows that have a WebP now, or the original again */
  guint           n_jpegs;        /* those of them that were JPEG */
} StrataConversion;

/* Called by the preparing thread when some work was done, perhaps 0 bytes. May block.
 * Returns FALSE to give the conversion up.
 */
typedef gboolean (*StrataWorkFunc) (StrataWork  work,
                                    guint64     bytes,
                                    gint64      us,
                                    gpointer    user_data);

/* Prepares a conversion. Any thread; several may do so with the same @staging and @images.
 *
 * Returns: (transfer full): or %NULL without @error set where there is nothing to be
 *   converted, or it was given up, or it is growing; or with @error set:
 *   %STRATA_ERROR_NOT_FOUND, %STRATA_ERROR_CORRUPT of what is there, or an error of
 *   reading or writing. Nothing stays in @staging then.
 */
StrataConversion *_strata_conversion_prepare (StrataStore                     *store,
                                              StrataStaging                   *staging,
                                              gboolean                         is_collection,
                                              const char                      *key,
                                              const StrataConversionSettings  *settings,
                                              StrataImages                    *images,
                                              StrataWorkFunc                   func,
                                              gpointer                         user_data,
                                              GCancellable                    *cancellable,
                                              GError                         **error);

/* Removes what was staged for it, as far as no batch took it over. */
void              _strata_conversion_discard (StrataConversion                *self,
                                              StrataStore                     *store);
/* Hands it to a batch, and frees what is left. */
void              _strata_conversion_commit  (StrataConversion                *self,
                                              StrataBatch                     *batch);

G_END_DECLS
