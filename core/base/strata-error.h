/* strata-error.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_ERROR (strata_error_quark ())

/**
 * StrataError:
 * @STRATA_ERROR_SYNTAX: a text is not JSON; the message says at which byte,
 *   line and column. Nothing after that place was read.
 * @STRATA_ERROR_TOO_DEEP: JSON nested deeper than a million levels. Keep the
 *   raw bytes; they can't be sliced.
 * @STRATA_ERROR_CORRUPT: stored bytes do not have the digest they should have,
 *   or a file of the store is malformed. Run `verify`, then repair or roll back.
 * @STRATA_ERROR_NEWER_FORMAT: the store was made by a newer version. The data
 *   is intact: update the program.
 * @STRATA_ERROR_IN_USE: another process holds the store. Try again later.
 * @STRATA_ERROR_NOT_FOUND: no such store, session, part or attachment.
 * @STRATA_ERROR_AMBIGUOUS: several sessions have that id; use a key.
 * @STRATA_ERROR_EXISTS: the target is there already; nothing was overwritten.
 * @STRATA_ERROR_SOURCE: the old store can't be read, or there is nothing usable
 *   in it. The store was not changed.
 * @STRATA_ERROR_SOURCE_CHANGED: the old store was written to while it was read.
 *   Read it again.
 * @STRATA_ERROR_DAMAGED_DATA: the bytes of one item of the old store can't be
 *   decoded to their end. Keep them verbatim.
 * @STRATA_ERROR_UNSUITABLE: what was given does not fit what is there: the
 *   member is no list, the session has another id. Nothing was changed: give
 *   something else.
 *
 * What can go wrong beyond plain input and output, as far as a caller can act
 * on it. Plain I/O errors keep the domain %G_IO_ERROR.
 */
typedef enum
{
  STRATA_ERROR_SYNTAX,
  STRATA_ERROR_TOO_DEEP,
  STRATA_ERROR_CORRUPT,
  STRATA_ERROR_NEWER_FORMAT,
  STRATA_ERROR_IN_USE,
  STRATA_ERROR_NOT_FOUND,
  STRATA_ERROR_AMBIGUOUS,
  STRATA_ERROR_EXISTS,
  STRATA_ERROR_SOURCE,
  STRATA_ERROR_SOURCE_CHANGED,
  STRATA_ERROR_DAMAGED_DATA,
  STRATA_ERROR_UNSUITABLE,
} StrataError;

GQuark strata_error_quark (void);

G_END_DECLS
