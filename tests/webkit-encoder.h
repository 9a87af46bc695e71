/* webkit-encoder.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Writes values as WebKit writes them into its IndexedDB. */
typedef struct
{
  GByteArray *bytes;
  gboolean    ends_twice;  /* arrays do; by the version, unless a test sets it */
  GHashTable *strings;     /* content to number + 1 */
  guint32     n_objects;
} WebkitEncoder;

#define WEBKIT_VERSION 15
#define WEBKIT_MINOR(major, minor) ((guint32)(minor) << 24 | (major))

WebkitEncoder *webkit_encoder_new          (guint32        version);
void           webkit_encoder_free         (WebkitEncoder *self);

void           webkit_encoder_u8           (WebkitEncoder *self, guint8 value);
void           webkit_encoder_u32          (WebkitEncoder *self, guint32 value);
void           webkit_encoder_u64          (WebkitEncoder *self, guint64 value);
void           webkit_encoder_double       (WebkitEncoder *self, double value);

/* A string without a tag: 8-bit where it can be; its number if it was there before. */
void           webkit_encoder_text         (WebkitEncoder *self, const char *utf8);
void           webkit_encoder_units        (WebkitEncoder *self, const guint16 *units, gsize n_units);

/* Values */
void           webkit_encoder_string       (WebkitEncoder *self, const char *utf8);
void           webkit_encoder_int          (WebkitEncoder *self, gint32 value);
void           webkit_encoder_number       (WebkitEncoder *self, double value);
/* Returns: the object's number */
guint32        webkit_encoder_begin_object (WebkitEncoder *self);
void           webkit_encoder_end_object   (WebkitEncoder *self);
guint32        webkit_encoder_begin_array  (WebkitEncoder *self, guint32 length);
void           webkit_encoder_end_array    (WebkitEncoder *self);
/* The end of the elements, names being to follow, and then end_object(). */
void           webkit_encoder_begin_names  (WebkitEncoder *self);
void           webkit_encoder_reference    (WebkitEncoder *self, guint32 object);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WebkitEncoder, webkit_encoder_free)

G_END_DECLS
