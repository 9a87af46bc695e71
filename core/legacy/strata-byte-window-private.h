/* strata-byte-window-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataByteWindow looks at any place of a stream that can be sought, through
 * a buffer, and reads little-endian numbers. After a jump it reads little, and
 * more with every further read, so that looking something up costs one small
 * read and going straight on costs large ones. Several windows may share one
 * stream.
 *
 * The end of the stream where there should be bytes is STRATA_ERROR_DAMAGED_DATA.
 *
 * Memory: 64 KiB. Threads: one at a time.
 */
typedef struct _StrataByteWindow StrataByteWindow;

/* The most that can be asked for at once, in bytes */
#define STRATA_BYTE_WINDOW_SIZE (64 * 1024)

/* @base: (transfer none): kept; seekable; @size: its length in bytes */
StrataByteWindow *_strata_byte_window_new      (GInputStream      *base,
                                                guint64            size);
void              _strata_byte_window_free     (StrataByteWindow  *self);

/* Where the next byte is read, from the start of the stream. */
guint64           _strata_byte_window_tell     (const StrataByteWindow *self);
void              _strata_byte_window_seek     (StrataByteWindow  *self,
                                                guint64            offset);

guint64           _strata_byte_window_get_size (const StrataByteWindow *self);

/* Whether so many bytes are there, without looking at them. */
gboolean          _strata_byte_window_expect   (StrataByteWindow  *self,
                                                guint64            size,
                                                GError           **error);
/* Goes past so many bytes, if they are there. */
gboolean          _strata_byte_window_skip     (StrataByteWindow  *self,
                                                guint64            size,
                                                GError           **error);
/* Whether anything was missed beyond the end since this was asked last. */
gboolean          _strata_byte_window_take_shortfall (StrataByteWindow *self);

/* Makes sure that @size bytes can be looked at.
 *
 * Returns: (transfer none): them, until the next call; or %NULL with @error set
 */
const guint8     *_strata_byte_window_look     (StrataByteWindow  *self,
                                                gsize              size,
                                                GCancellable      *cancellable,
                                                GError           **error);
/* The same for at least @size bytes, @out_size being how many there are without reading again. */
const guint8     *_strata_byte_window_look_far (StrataByteWindow  *self,
                                                gsize              size,
                                                gsize             *out_size,
                                                GCancellable      *cancellable,
                                                GError           **error);
/* Goes past bytes that were looked at. */
void              _strata_byte_window_advance  (StrataByteWindow  *self,
                                                gsize              size);

gboolean          _strata_byte_window_read_u8  (StrataByteWindow  *self,
                                                guint8            *out_value,
                                                GCancellable      *cancellable,
                                                GError           **error);
gboolean          _strata_byte_window_read_u16 (StrataByteWindow  *self,
                                                guint16           *out_value,
                                                GCancellable      *cancellable,
                                                GError           **error);
gboolean          _strata_byte_window_read_u32 (StrataByteWindow  *self,
                                                guint32           *out_value,
                                                GCancellable      *cancellable,
                                                GError           **error);
gboolean          _strata_byte_window_read_u64 (StrataByteWindow  *self,
                                                guint64           *out_value,
                                                GCancellable      *cancellable,
                                                GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataByteWindow, _strata_byte_window_free)

G_END_DECLS
