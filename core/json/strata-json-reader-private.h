/* strata-json-reader-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataJsonReader walks through JSON text of any length and hands out slices
 * of it, without building a tree and without recursion.
 *
 * The caller goes down only where it wants to look, and takes everything else
 * whole:
 *
 *   while (_strata_json_reader_next_element (reader, &more, …) && more)
 *     if (_strata_json_reader_peek (reader, &kind, …) && kind == STRATA_JSON_OBJECT)
 *       …
 *
 * It accepts exactly RFC 8259, and checks all that it passes over, taken or
 * skipped: strings are valid UTF-8 without raw control characters, numbers
 * follow the grammar, nothing but white space stands between tokens. What the
 * RFC leaves open: a byte order mark before the text is passed over; escaped
 * surrogates may stand alone; numbers and strings have any length; at most
 * STRATA_JSON_MAX_DEPTH levels; duplicate names stay as they are.
 *
 * Every function that can fail returns FALSE with the error set:
 * STRATA_ERROR_SYNTAX (also where the value is of another kind than the caller
 * asked for) or STRATA_ERROR_TOO_DEEP, both with the place in the message; or
 * what the stream, the sink or the cancellable gave. After an error the reader
 * stays where it stopped and gives the same error again. To ask for a value
 * where none can be, as before next_element(), is a mistake and aborts.
 *
 * The cancellable is looked at once per block of 256 KiB.
 *
 * Memory: one block of the stream, one of output (32 KiB), 1 bit per level, and
 * what the caller takes.
 * Threads: one at a time.
 */
typedef struct _StrataJsonReader StrataJsonReader;

#define STRATA_JSON_MAX_DEPTH 1000000

typedef enum
{
  STRATA_JSON_OBJECT,
  STRATA_JSON_ARRAY,
  STRATA_JSON_STRING,
  STRATA_JSON_NUMBER,
  STRATA_JSON_TRUE,
  STRATA_JSON_FALSE,
  STRATA_JSON_NULL,
} StrataJsonKind;

/* Where a reader stopped: the byte from the start of the text, the first being
 * 0, and the same as line and column, both from 1. A column counts bytes, those
 * of a byte order mark too; a line ends with a line feed.
 */
typedef struct
{
  guint64 offset;
  guint64 line;
  guint64 column;
} StrataJsonPosition;

/* Receives a value piece by piece, none of them empty, and has received all of
 * it when the call returns. Returns FALSE with @error set to stop.
 */
typedef gboolean (*StrataJsonSink) (const char  *text,
                                    gsize        length,
                                    gpointer     user_data,
                                    GError     **error);

/* Reads @stream from where it is, in blocks, and so past the end of the value.
 * Text in memory is not copied: it must stay as it is while the reader lives.
 */
StrataJsonReader *_strata_json_reader_new          (GInputStream       *stream);
StrataJsonReader *_strata_json_reader_new_for_data (const char         *text,
                                                    gsize               length);
void              _strata_json_reader_free         (StrataJsonReader   *self);

/* At the place of a value: says what it is by its first byte, and consumes only white space. */
gboolean          _strata_json_reader_peek         (StrataJsonReader   *self,
                                                    StrataJsonKind     *out_kind,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* At an array or object: goes inside. */
gboolean          _strata_json_reader_enter        (StrataJsonReader   *self,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* Inside an array, at its start or after an element: goes to the next element,
 * or past the closing bracket when there is none (@out_more FALSE). An element
 * that was not taken, or a string read in part, is skipped first.
 */
gboolean          _strata_json_reader_next_element (StrataJsonReader   *self,
                                                    gboolean           *out_more,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* Inside an object: the same for members. The name's token as it was written,
 * quotes and escapes included, replaces what @name held; the reader then is at
 * the member's value.
 */
gboolean          _strata_json_reader_next_member  (StrataJsonReader   *self,
                                                    GString            *name,
                                                    gboolean           *out_more,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* At a value: passes it whole to @sink, tokens as they were written and the
 * white space between them left out. @sink NULL: skips it.
 */
gboolean          _strata_json_reader_take         (StrataJsonReader   *self,
                                                    StrataJsonSink      sink,
                                                    gpointer            user_data,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* The same, appended to @text; on error @text holds a part of it. */
gboolean          _strata_json_reader_take_string  (StrataJsonReader   *self,
                                                    GString            *text,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* At a value: passes its bytes verbatim, white space inside it included. @sink
 * NULL: skips it.
 */
gboolean          _strata_json_reader_take_verbatim (StrataJsonReader  *self,
                                                     StrataJsonSink     sink,
                                                     gpointer           user_data,
                                                     GCancellable      *cancellable,
                                                     GError           **error);

/* At a string that may be too long to be held: reads up to @size bytes of what
 * stands between its quotes, escapes untouched. 0 bytes: the string is over and
 * the reader past its closing quote. An escape may be cut between two calls.
 */
gboolean          _strata_json_reader_read_string  (StrataJsonReader   *self,
                                                    char               *buffer,
                                                    gsize               size,
                                                    gsize              *out_read,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

/* After the outermost value, which is skipped if it was not taken: fails unless
 * only white space follows.
 */
gboolean          _strata_json_reader_finish       (StrataJsonReader   *self,
                                                    GCancellable       *cancellable,
                                                    GError            **error);

void              _strata_json_reader_get_position (StrataJsonReader   *self,
                                                    StrataJsonPosition *out_position);

/* Over JSON text that is known to be valid (a slice that a reader gave): calls
 * @func for every string value in it, tokens with quotes and escapes as
 * written, together with the name token of the innermost member it belongs to
 * (NULL where there is none), until @func returns FALSE.
 */
typedef gboolean (*StrataJsonStringFunc) (const char *token,
                                          gsize       length,
                                          const char *name,
                                          gsize       name_length,
                                          gpointer    user_data);

void              _strata_json_for_each_string     (const char          *text,
                                                    gsize                length,
                                                    StrataJsonStringFunc func,
                                                    gpointer             user_data);

/* A string token's text: quotes removed, escapes resolved. A surrogate that
 * stands alone becomes U+FFFD, an escaped NUL too (the result is a C string).
 *
 * Returns: (transfer full): valid UTF-8
 */
char             *_strata_json_unquote             (const char          *token,
                                                    gsize                length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataJsonReader, _strata_json_reader_free)

G_END_DECLS
