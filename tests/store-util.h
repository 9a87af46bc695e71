/* store-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "store/strata-batch-private.h"
#include "store/strata-slicer-private.h"

G_BEGIN_DECLS

/* What tests of a store need over and over. What can fail ends the test, unless
 * there is an @error.
 */

StrataStore         *store_util_open          (const char           *path);

StrataManifest      *store_util_slice         (StrataStore          *store,
                                               StrataBatch          *batch,
                                               const char           *json,
                                               guint64               ordinal,
                                               GPtrArray            *rows);
StrataManifest      *store_util_slice_collection
                                              (StrataStore          *store,
                                               StrataBatch          *batch,
                                               const char           *name,
                                               const char           *json,
                                               GPtrArray            *rows);
char                *store_util_put           (StrataStore          *store,
                                               const char           *json,
                                               guint64               ordinal);
char                *store_util_put_with_rows (StrataStore          *store,
                                               const char           *json,
                                               guint64               ordinal,
                                               const char *const    *contents);
void                 store_util_put_collection (StrataStore         *store,
                                               const char           *name,
                                               const char           *json);

/* A row for an object with that content, put into @batch; %NULL: a missing one */
StrataAttachmentRow *store_util_make_row      (StrataBatch          *batch,
                                               const char           *id,
                                               const char           *content);
GPtrArray           *store_util_new_rows      (void);
/* A data URI as metadata have them, long enough to become an object; another one for each @number */
char                *store_util_make_thumbnail (guint               number);

char                *store_util_read          (GInputStream         *stream,
                                               GError              **error);
char                *store_util_read_session  (StrataStore          *store,
                                               const char           *key,
                                               GError              **error);

/* The damage that a check finds, one line of "path: message" each */
char                *store_util_check         (StrataStore          *store);

/* Every file below @folder, as paths from @path, sorted; "" where there is none */
char                *store_util_list_files    (const char           *path,
                                               const char           *folder);

/* Changes one byte of a file */
void                 store_util_flip_byte     (const char           *path,
                                               const char           *file,
                                               gsize                 offset);
/* The first file below @folder whose name begins with @prefix; (transfer full) from @path */
char                *store_util_find_file     (const char           *path,
                                               const char           *folder,
                                               const char           *prefix);
gsize                store_util_file_size     (const char           *path,
                                               const char           *file);

/* Appends a random JSON value to both: without white space, and with some */
void                 store_util_random_value  (GString              *minified,
                                               GString              *spaced,
                                               guint                 depth);
void                 store_util_random_string (GString              *minified,
                                               GString              *spaced,
                                               gsize                 length);
void                 store_util_random_space  (GString              *spaced);

G_END_DECLS
