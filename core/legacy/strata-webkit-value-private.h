/* strata-webkit-value-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataWebkitValue reads a value as WebKit keeps it in its IndexedDB, a
 * SerializedScriptValue, and gives the text that JSON.stringify(value) would
 * give in the page: UTF-8, no white space, nothing to be told from what the
 * page itself would have written.
 *
 * The value is all of a stream that can be sought; the text can be sought to
 * its start. Strings go through in pieces, objects that are referred to a
 * second time are read a second time.
 *
 * Versions 1 to 15 are read. 12 and 14 were written in two ways under one
 * number, and a later version may be like the last one: those are gone through
 * once before, to see in which way they come out even.
 *
 * undefined is left out of objects, and null in arrays and alone. So is what has
 * no place in JSON (Map, Set, Blob, File, typed arrays, BigInt, RegExp …), and
 * an object inside of itself, for which JSON.stringify() fails; each is told to a
 * function. Additional members of arrays are left out, as JSON.stringify() does.
 *
 * Errors: STRATA_ERROR_DAMAGED_DATA for a value that is cut, malformed, of a
 * version that can't be read, contains something of unknown length, or refers
 * to its parts so often that the text would be larger than 256 MiB and 64 times
 * the value; STRATA_ERROR_TOO_DEEP beyond a million levels, or beyond a thousand
 * references that lead to one another; what the stream gives. All the text
 * before the flaw is given first. The error is given again when asked again.
 *
 * Memory: 300 KiB; 24 bytes a level; about two bytes for each string and object
 * in it, 64 MiB of which are taken at most (beyond: STRATA_ERROR_DAMAGED_DATA);
 * 4 MiB of short strings.
 * Threads: one at a time.
 */
#define STRATA_TYPE_WEBKIT_VALUE (_strata_webkit_value_get_type ())

G_DECLARE_FINAL_TYPE (StrataWebkitValue, _strata_webkit_value, STRATA, WEBKIT_VALUE, GInputStream)

#define STRATA_WEBKIT_MAX_DEPTH 1000000
#define STRATA_WEBKIT_MAX_DETOURS 1000
#define STRATA_WEBKIT_MAX_TOLD 1000

/* Something was left out. @path: where, as "$.data[3].name"; "$" is the value itself.
 * @what: "Map", "Blob", "reference to itself" …
 */
typedef void (*StrataWebkitForeignFunc) (const char *path,
                                         const char *what,
                                         gpointer    user_data);

/* @base: (transfer none): kept. Others may read it in between, in the same thread.
 * @func: (nullable): called while reading, once for each place and STRATA_WEBKIT_MAX_TOLD
 *   times at most, also when the text is read again.
 *
 * Returns: (transfer full): the text
 */
GInputStream *_strata_webkit_value_new                (GInputStream            *base,
                                                       StrataWebkitForeignFunc  func,
                                                       gpointer                 user_data);

/* How many things were left out so far, told or not. */
guint64       _strata_webkit_value_get_n_foreign      (StrataWebkitValue       *self);
/* At the end: whether anything follows the value in its stream. */
gboolean      _strata_webkit_value_has_trailing_bytes (StrataWebkitValue       *self);
/* How much text, and bytes read again, is too much; for tests. */
void          _strata_webkit_value_set_max_work       (StrataWebkitValue       *self,
                                                       guint64                  max_work);

G_END_DECLS
