/* strata-json-reader.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-json-state-private.h"

#define BLOCK_SIZE     (256 * 1024)
#define FIRST_CAPACITY 1024

static const char byte_order_mark[] = "\xef\xbb\xbf";

static StrataJsonReader *
reader_new (void)
{
  StrataJsonReader *self = g_new0 (StrataJsonReader, 1);

  self->state = STATE_VALUE;
  self->line = 1;
  self->capacity = FIRST_CAPACITY;
  self->levels = g_malloc0 (FIRST_CAPACITY / 8);

  return self;
}

StrataJsonReader *
_strata_json_reader_new (GInputStream *stream)
{
  StrataJsonReader *self = reader_new ();

  self->stream = g_object_ref (stream);
  self->block = g_malloc (BLOCK_SIZE);
  self->begin = self->pos = self->end = self->block;

  return self;
}

StrataJsonReader *
_strata_json_reader_new_for_data (const char *text,
                                  gsize       length)
{
  StrataJsonReader *self = reader_new ();

  /* No bytes may come without a pointer, which is none to calculate with. */
  self->begin = self->pos = self->end = (const guchar *) (text != NULL ? text : "");
  self->data_end = self->begin + length;

  return self;
}

void
_strata_json_reader_free (StrataJsonReader *self)
{
  g_clear_object (&self->stream);
  g_clear_error (&self->error);
  g_free (self->block);
  g_free (self->levels);
  g_free (self->output);
  g_free (self);
}

static void
count_lines (StrataJsonReader *self,
             const guchar     *until)
{
  const guchar *from = self->begin + (self->counted - self->begin_offset);
  guint64 lines = _strata_json_count_lines (from, until);

  if (lines > 0)
    {
      const guchar *last = memrchr (from, '\n', until - from);

      self->line += lines;
      self->line_begin = self->begin_offset + (last + 1 - self->begin);
    }

  self->counted = self->begin_offset + (until - self->begin);
}

void
_strata_json_reader_get_position (StrataJsonReader   *self,
                                  StrataJsonPosition *out_position)
{
  count_lines (self, self->pos);
  out_position->offset = self->counted;
  out_position->line = self->line;
  out_position->column = self->counted - self->line_begin + 1;
}

/* Returns: FALSE, for the caller to return */
gboolean
_strata_json_reader_fail (StrataJsonReader *self,
                          StrataError       code,
                          const char       *problem)
{
  StrataJsonPosition position;

  _strata_json_reader_get_position (self, &position);
  g_set_error (&self->error, STRATA_ERROR, code,
               "%s at byte %" G_GUINT64_FORMAT ", line %" G_GUINT64_FORMAT
               ", column %" G_GUINT64_FORMAT,
               problem, position.offset, position.line, position.column);

  return FALSE;
}

static const char *
describe_token (StrataJsonReader *self)
{
  switch (self->state)
    {
    case STATE_NUMBER:
      return "Malformed number";
    case STATE_LITERAL:
      return "Unknown word";
    case STATE_STRING:
    case STATE_NAME_STRING:
      if (self->token.part == STRATA_JSON_PART_ESCAPE || self->token.part == STRATA_JSON_PART_HEX)
        return "Unknown escape in a string";
      if (self->token.part == STRATA_JSON_PART_PLAIN && *self->pos < 0x20)
        return "Control character in a string";
      return "Invalid UTF-8 in a string";
    case STATE_VALUE:
    case STATE_FIRST_ELEMENT:
    case STATE_FIRST_NAME:
    case STATE_NAME:
    case STATE_COLON:
    case STATE_AFTER:
    default:
      g_assert_not_reached ();
    }
}

/* The byte at the reader's place can't be there. */
gboolean
_strata_json_reader_fail_invalid (StrataJsonReader *self)
{
  gboolean in_object = _strata_json_reader_in_object (self, self->depth);
  const char *problem;

  if (self->pos == self->end)
    problem = "Unexpected end of the text";
  else if (self->state == STATE_VALUE)
    problem = "Expected a value";
  else if (self->state == STATE_FIRST_ELEMENT)
    problem = "Expected a value or ']'";
  else if (self->state == STATE_FIRST_NAME)
    problem = "Expected a name or '}'";
  else if (self->state == STATE_NAME)
    problem = "Expected a name";
  else if (self->state == STATE_COLON)
    problem = "Expected ':'";
  else if (self->state == STATE_AFTER && self->depth > 0)
    problem = in_object ? "Expected ',' or '}'" : "Expected ',' or ']'";
  else if (self->state == STATE_AFTER)
    problem = "Expected the end of the text";
  else
    problem = describe_token (self);

  return _strata_json_reader_fail (self, STRATA_ERROR_SYNTAX, problem);
}

/* Returns: FALSE, for the caller to return */
gboolean
_strata_json_reader_give_error (StrataJsonReader  *self,
                                GError           **error)
{
  if (error != NULL)
    *error = g_error_copy (self->error);

  return FALSE;
}

/* Makes room for one more level. */
gboolean
_strata_json_reader_grow (StrataJsonReader *self)
{
  g_autofree char *problem = NULL;
  gsize capacity;

  if (self->depth < self->capacity)
    return TRUE;

  if (self->depth >= STRATA_JSON_MAX_DEPTH)
    {
      problem = g_strdup_printf ("More than %d levels of nesting", STRATA_JSON_MAX_DEPTH);
      return _strata_json_reader_fail (self, STRATA_ERROR_TOO_DEEP, problem);
    }

  capacity = MIN (self->capacity * 4, STRATA_JSON_MAX_DEPTH);
  self->levels = g_realloc (self->levels, (capacity + 7) / 8);
  self->capacity = capacity;

  return TRUE;
}

static gboolean
fill_from_stream (StrataJsonReader *self,
                  GCancellable     *cancellable)
{
  gsize wanted = 1;
  gsize n_read = 0;

  /* Even of a stream that gives single bytes: enough to see the mark. */
  do
    {
      gssize n = g_input_stream_read (self->stream, self->block + n_read, BLOCK_SIZE - n_read,
                                      cancellable, &self->error);

      if (n < 0)
        return FALSE;
      if (n == 0)
        break;

      n_read += n;
      if (self->begin_offset == 0 && self->block[0] == (guchar) byte_order_mark[0])
        wanted = strlen (byte_order_mark);
    }
  while (n_read < wanted);

  self->end = self->block + n_read;

  return TRUE;
}

/* Gives up the block, all of which has been read, and gets the next. At the end
 * of the text there is none, and @ended is set.
 */
gboolean
_strata_json_reader_fill (StrataJsonReader *self,
                          GCancellable     *cancellable)
{
  g_assert (self->pos == self->end);

  if (g_cancellable_set_error_if_cancelled (cancellable, &self->error))
    return FALSE;

  count_lines (self, self->end);
  self->begin_offset = self->counted;

  if (self->stream != NULL)
    {
      self->begin = self->pos = self->end = self->block;
      if (!self->ended && !fill_from_stream (self, cancellable))
        return FALSE;
    }
  else
    {
      self->begin = self->end;
      self->end += MIN (BLOCK_SIZE, self->data_end - self->end);
    }

  self->ended = self->begin == self->end;

  if (self->begin_offset == 0 && self->end - self->begin >= (gssize) strlen (byte_order_mark) &&
      memcmp (self->begin, byte_order_mark, strlen (byte_order_mark)) == 0)
    self->pos += strlen (byte_order_mark);

  return TRUE;
}

/* To a byte that is not white space, or to the end of the text. */
gboolean
_strata_json_reader_skip_space (StrataJsonReader *self,
                                GCancellable     *cancellable)
{
  while (TRUE)
    {
      self->pos = _strata_json_skip_space (self->pos, self->end);
      if (self->pos < self->end || self->ended)
        return TRUE;
      if (!_strata_json_reader_fill (self, cancellable))
        return FALSE;
    }
}

static gboolean
find_kind (StrataJsonReader *self,
           StrataJsonKind   *out_kind,
           GCancellable     *cancellable)
{
  if (self->error != NULL)
    return FALSE;

  g_assert (self->state == STATE_VALUE);
  if (!_strata_json_reader_skip_space (self, cancellable))
    return FALSE;

  switch (self->pos < self->end ? *self->pos : '\0')
    {
    case '{': *out_kind = STRATA_JSON_OBJECT; return TRUE;
    case '[': *out_kind = STRATA_JSON_ARRAY; return TRUE;
    case '"': *out_kind = STRATA_JSON_STRING; return TRUE;
    case 't': *out_kind = STRATA_JSON_TRUE; return TRUE;
    case 'f': *out_kind = STRATA_JSON_FALSE; return TRUE;
    case 'n': *out_kind = STRATA_JSON_NULL; return TRUE;
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
      *out_kind = STRATA_JSON_NUMBER;
      return TRUE;
    default:
      return _strata_json_reader_fail_invalid (self);
    }
}

gboolean
_strata_json_reader_peek (StrataJsonReader  *self,
                          StrataJsonKind    *out_kind,
                          GCancellable      *cancellable,
                          GError           **error)
{
  return find_kind (self, out_kind, cancellable) || _strata_json_reader_give_error (self, error);
}

gboolean
_strata_json_reader_enter (StrataJsonReader  *self,
                           GCancellable      *cancellable,
                           GError           **error)
{
  StrataJsonKind kind = STRATA_JSON_NULL;

  if (!find_kind (self, &kind, cancellable))
    return _strata_json_reader_give_error (self, error);

  if (kind != STRATA_JSON_OBJECT && kind != STRATA_JSON_ARRAY)
    {
      _strata_json_reader_fail (self, STRATA_ERROR_SYNTAX, "Expected an object or array");
      return _strata_json_reader_give_error (self, error);
    }

  if (!_strata_json_reader_grow (self))
    return _strata_json_reader_give_error (self, error);

  _strata_json_reader_set_level (self, self->depth++, kind == STRATA_JSON_OBJECT);
  self->state = kind == STRATA_JSON_OBJECT ? STATE_FIRST_NAME : STATE_FIRST_ELEMENT;
  self->pos++;

  return TRUE;
}

/* Inside a container: passes over what the caller left of the value it was at,
 * and a comma or the closing bracket.
 */
static gboolean
step_inside (StrataJsonReader *self,
             gboolean          is_object,
             gboolean         *out_more,
             GCancellable     *cancellable)
{
  guchar close = is_object ? '}' : ']';

  *out_more = FALSE;
  if (self->error != NULL)
    return FALSE;

  g_assert (self->depth > 0);
  if (_strata_json_reader_in_object (self, self->depth) != is_object)
    return _strata_json_reader_fail (self, STRATA_ERROR_SYNTAX,
                                     is_object ? "Expected to be in an object"
                                               : "Expected to be in an array");

  if ((self->state == STATE_VALUE || self->state == STATE_STRING) &&
      !_strata_json_reader_skip (self, cancellable))
    return FALSE;
  if (!_strata_json_reader_skip_space (self, cancellable))
    return FALSE;

  if (self->pos < self->end && *self->pos == close)
    {
      self->pos++;
      self->depth--;
      self->state = STATE_AFTER;
      return TRUE;
    }

  if (self->state == STATE_AFTER)
    {
      if (self->pos == self->end || *self->pos != ',')
        return _strata_json_reader_fail_invalid (self);
      self->pos++;
    }

  *out_more = TRUE;

  return TRUE;
}

gboolean
_strata_json_reader_next_element (StrataJsonReader  *self,
                                  gboolean          *out_more,
                                  GCancellable      *cancellable,
                                  GError           **error)
{
  if (!step_inside (self, FALSE, out_more, cancellable))
    return _strata_json_reader_give_error (self, error);

  if (*out_more)
    self->state = STATE_VALUE;

  return TRUE;
}

/* At the byte after a name's opening quote. */
static gboolean
read_name (StrataJsonReader *self,
           GString          *name,
           GCancellable     *cancellable)
{
  while (TRUE)
    {
      const guchar *from = self->pos;
      StrataJsonTokenResult result = STRATA_JSON_TOKEN_DONE;

      if (self->token.part != STRATA_JSON_PART_PLAIN)
        result = _strata_json_token_resume_string (&self->token, &self->pos, self->end);
      if (result == STRATA_JSON_TOKEN_DONE)
        result = _strata_json_token_scan_string (&self->token, &self->pos, self->end);
      if (result == STRATA_JSON_TOKEN_INVALID)
        return _strata_json_reader_fail_invalid (self);

      g_string_append_len (name, (const char *) from, self->pos - from);
      if (result == STRATA_JSON_TOKEN_DONE)
        return TRUE;

      if (!_strata_json_reader_fill (self, cancellable))
        return FALSE;
      if (self->ended)
        return _strata_json_reader_fail_invalid (self);
    }
}

static gboolean
read_member_start (StrataJsonReader *self,
                   GString          *name,
                   GCancellable     *cancellable)
{
  if (self->state == STATE_AFTER)
    self->state = STATE_NAME;
  if (!_strata_json_reader_skip_space (self, cancellable))
    return FALSE;
  if (self->pos == self->end || *self->pos != '"')
    return _strata_json_reader_fail_invalid (self);

  self->pos++;
  self->state = STATE_NAME_STRING;
  self->token.part = STRATA_JSON_PART_PLAIN;
  g_string_assign (name, "\"");
  if (!read_name (self, name, cancellable))
    return FALSE;

  self->state = STATE_COLON;
  if (!_strata_json_reader_skip_space (self, cancellable))
    return FALSE;
  if (self->pos == self->end || *self->pos != ':')
    return _strata_json_reader_fail_invalid (self);

  self->pos++;
  self->state = STATE_VALUE;

  return TRUE;
}

gboolean
_strata_json_reader_next_member (StrataJsonReader  *self,
                                 GString           *name,
                                 gboolean          *out_more,
                                 GCancellable      *cancellable,
                                 GError           **error)
{
  if (!step_inside (self, TRUE, out_more, cancellable))
    return _strata_json_reader_give_error (self, error);

  if (*out_more && !read_member_start (self, name, cancellable))
    {
      *out_more = FALSE;
      return _strata_json_reader_give_error (self, error);
    }

  return TRUE;
}

static gboolean
begin_string (StrataJsonReader *self,
              GCancellable     *cancellable)
{
  StrataJsonKind kind = STRATA_JSON_NULL;

  if (!find_kind (self, &kind, cancellable))
    return FALSE;
  if (kind != STRATA_JSON_STRING)
    return _strata_json_reader_fail (self, STRATA_ERROR_SYNTAX, "Expected a string");

  self->pos++;
  self->state = STATE_STRING;
  self->token.part = STRATA_JSON_PART_PLAIN;

  return TRUE;
}

/* Reads what the block holds of the string, at most @size bytes. At the closing
 * quote it stops before it if there were bytes to give, since 0 says the end; and
 * at a byte that can't be, so that what stands before it is not lost.
 */
static gboolean
read_piece (StrataJsonReader *self,
            char             *buffer,
            gsize             size,
            gsize            *out_read)
{
  const guchar *from = self->pos;
  const guchar *end = from + MIN (size, (gsize) (self->end - from));
  StrataJsonTokenResult result = STRATA_JSON_TOKEN_DONE;

  if (self->token.part != STRATA_JSON_PART_PLAIN)
    result = _strata_json_token_resume_string (&self->token, &self->pos, end);
  if (result == STRATA_JSON_TOKEN_DONE)
    result = _strata_json_token_scan_string (&self->token, &self->pos, end);
  if (result == STRATA_JSON_TOKEN_INVALID && self->pos == from)
    return _strata_json_reader_fail_invalid (self);

  if (result == STRATA_JSON_TOKEN_DONE && self->pos - from > 1)
    self->pos--;
  else if (result == STRATA_JSON_TOKEN_DONE)
    {
      self->state = STATE_AFTER;
      return TRUE;
    }

  *out_read = self->pos - from;
  memcpy (buffer, from, *out_read);

  return TRUE;
}

gboolean
_strata_json_reader_read_string (StrataJsonReader  *self,
                                 char              *buffer,
                                 gsize              size,
                                 gsize             *out_read,
                                 GCancellable      *cancellable,
                                 GError           **error)
{
  g_assert (size > 0);

  *out_read = 0;
  if (self->error != NULL)
    return _strata_json_reader_give_error (self, error);
  if (self->state != STATE_STRING && !begin_string (self, cancellable))
    return _strata_json_reader_give_error (self, error);

  while (*out_read == 0 && self->state == STATE_STRING)
    {
      if (self->pos == self->end && !_strata_json_reader_fill (self, cancellable))
        return _strata_json_reader_give_error (self, error);
      if (self->ended)
        _strata_json_reader_fail_invalid (self);
      if (self->ended || !read_piece (self, buffer, size, out_read))
        return _strata_json_reader_give_error (self, error);
    }

  return TRUE;
}

gboolean
_strata_json_reader_finish (StrataJsonReader  *self,
                            GCancellable      *cancellable,
                            GError           **error)
{
  if (self->error != NULL)
    return _strata_json_reader_give_error (self, error);

  g_assert (self->depth == 0);
  if ((self->state == STATE_VALUE || self->state == STATE_STRING) &&
      !_strata_json_reader_skip (self, cancellable))
    return _strata_json_reader_give_error (self, error);
  if (!_strata_json_reader_skip_space (self, cancellable))
    return _strata_json_reader_give_error (self, error);
  if (self->pos < self->end)
    {
      _strata_json_reader_fail_invalid (self);
      return _strata_json_reader_give_error (self, error);
    }

  return TRUE;
}
