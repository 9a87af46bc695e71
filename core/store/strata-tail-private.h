/* strata-tail-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-attachment-row-private.h"
#include "strata-list-private.h"
#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* `sessions/<key>/tail.jsonl`: what a session has grown by since its
 * metadata.json was written, a line for each element, so that to append costs
 * the same however large the session is. docs/store-format.md has the format.
 *
 * A tail belongs to the metadata.json that names its generation. What has a
 * lower one was sealed: it is in parts, and the file is only waiting to go. So
 * sealing has one commit point, and no element is ever lost or there twice.
 *
 * A StrataTail is what was in the file when it was read, or the end of it.
 * Immutable; shared by reference.
 */

typedef struct
{
  StrataList  list;           /* STRATA_N_LISTS: the line only brings attachments */
  const char *element;        /* its JSON text, in the tail's */
  gsize       length;
  const char *rows;           /* an array of attachment rows, in the tail's text */
  gsize       rows_length;
  guint64     offset;         /* of the line in the file */
} StrataTailLine;

struct _StrataTail
{
  guint64  generation;
  GBytes  *text;              /* the file from @start on */
  guint64  start;
  GArray  *lines;             /* StrataTailLine: those that are whole */
  guint64  end;               /* where the last line ends that is not torn */
  guint64  size;              /* of the file; beyond the end is what a crash left */
  guint    n_damaged;         /* lines in the middle that have not their checksum */
  guint64  items[STRATA_N_LISTS];
  guint64  bytes;             /* of all elements, with a comma each */
};

char       *_strata_tail_dup_path     (const char           *key);

/* Reads the tail of the session @key from the byte @from on, which is 0 or was
 * the end of an earlier reading. May be called while another process appends:
 * what is not whole yet is left out.
 *
 * Returns: (transfer full): or %NULL, with @error set (STRATA_ERROR_CORRUPT where
 *   the first line can't be read) or without, where there is none
 */
StrataTail *_strata_tail_read         (int                   dir,
                                       const char           *key,
                                       guint64               from,
                                       GError              **error);
/* The same for a tail that lies elsewhere, at @path */
StrataTail *_strata_tail_read_at      (int                   dir,
                                       const char           *path,
                                       const char           *key,
                                       guint64               from,
                                       GError              **error);
StrataTail *_strata_tail_ref          (StrataTail           *self);
void        _strata_tail_unref        (StrataTail           *self);

/* Makes sure that no line is damaged, else STRATA_ERROR_CORRUPT. */
gboolean    _strata_tail_check        (const StrataTail     *self,
                                       const char           *key,
                                       GError              **error);
/* The lists that have elements in it, in the order in which they came to it.
 *
 * @out_lists: room for STRATA_N_LISTS
 * Returns: how many
 */
guint       _strata_tail_get_lists    (const StrataTail     *self,
                                       StrataList           *out_lists);
/* Appends the rows of one line; @rows (element-type StrataAttachmentRow) */
gboolean    _strata_tail_line_read_rows (const StrataTailLine *line,
                                       GPtrArray            *rows,
                                       GError              **error);

/* Whether a line is whole; @length without its line feed. @out_line: but for its offset, in @text */
gboolean    _strata_tail_parse_line   (const char           *text,
                                       gsize                 length,
                                       StrataTailLine       *out_line);

/* What there is to save of a tail that is damaged. */
typedef struct
{
  GString   *whole;           /* a header, and every line that is whole, as they were */
  guint      n_whole;
  GString   *damaged;         /* the lines that are not, as they are */
  GPtrArray *lost;            /* (element-type utf8): what each of those was, for people */
} StrataTailSalvage;

/* Takes the text of a whole file apart. Two lines that have become one, because the line feed
 * between them is damaged, are both saved.
 *
 * @generation: of the header it gets, whatever is left of its own
 */
StrataTailSalvage *
            _strata_tail_salvage      (const char           *text,
                                       gsize                 size,
                                       const char           *key,
                                       guint64               generation);
void        _strata_tail_salvage_free (StrataTailSalvage    *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataTailSalvage, _strata_tail_salvage_free)

/* How a tail begins, and one line of it. @list STRATA_N_LISTS: no element;
 * @rows: (nullable) (element-type StrataAttachmentRow)
 */
void        _strata_tail_append_header (GString             *text,
                                       const char           *key,
                                       guint64               generation);
void        _strata_tail_append_line  (GString              *text,
                                       StrataList            list,
                                       const char           *element,
                                       gsize                 length,
                                       GPtrArray            *rows);

/* Cuts off what a crash left behind the last whole line, after it was put into
 * quarantine. @fd: the file, open for writing. Called with the store's lock held.
 */
gboolean    _strata_tail_cut          (const StrataTail     *self,
                                       int                   dir,
                                       const char           *key,
                                       int                   fd,
                                       GError              **error);
/* Puts a copy of the whole file into quarantine, durable on success. */
gboolean    _strata_tail_put_aside    (int                   dir,
                                       const char           *key,
                                       GError              **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataTail, _strata_tail_unref)

G_END_DECLS
