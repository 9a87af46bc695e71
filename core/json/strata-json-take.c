/* strata-json-take.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-json-state-private.h"

/* Pretty-printed text without its white space is many short pieces: they are
 * gathered in OUTPUT_SIZE bytes. From DIRECT_SIZE on, a piece goes to the sink
 * as it lies in the block.
 */
#define OUTPUT_SIZE (32 * 1024)
#define DIRECT_SIZE (4 * 1024)

/* A short piece is copied in these steps, past its end if that is in the block:
 * a copy of fixed size costs less than one of the right size.
 */
#define COPY_SIZE   16

typedef enum
{
  SCAN_ON,
  SCAN_MORE,     /* the block is over */
  SCAN_INVALID,
  SCAN_FAILED,   /* with the reader's error set */
} ScanResult;

typedef struct
{
  StrataJsonSink   sink;
  gpointer         user_data;
  guchar          *buffer;
  gsize            used;
  GError         **error;
} Output;

/* The reader's state while one block is scanned. No call gets its address but
 * those that are inlined, so that all of it can be in registers.
 */
typedef struct
{
  StrataJsonReader *reader;
  Output           *output;     /* NULL: the value is skipped */
  gboolean          minify;     /* constant in each copy of the loop */

  const guchar     *p;
  const guchar     *run;        /* from here on nothing was put out */
  const guchar     *end;
  StrataJsonState   state;
  gsize             depth;
  gboolean          in_object;
} Scan;

#define ALWAYS_INLINE inline __attribute__ ((always_inline))

static gboolean
output_flush (Output *self)
{
  gsize used = self->used;

  self->used = 0;

  return used == 0 ||
         self->sink ((const char *) self->buffer, used, self->user_data, self->error);
}

static gboolean
output_put_any (Output       *self,
                const guchar *run,
                gsize         length)
{
  if ((self->used + length > OUTPUT_SIZE || length >= DIRECT_SIZE) && !output_flush (self))
    return FALSE;

  if (length >= DIRECT_SIZE)
    return self->sink ((const char *) run, length, self->user_data, self->error);

  memcpy (self->buffer + self->used, run, length);
  self->used += length;

  return TRUE;
}

static ALWAYS_INLINE gboolean
output_put (Output       *self,
            const guchar *run,
            gsize         length,
            const guchar *end)
{
  guchar *to = self->buffer + self->used;

  if (length > 2 * COPY_SIZE || end - run < 2 * COPY_SIZE ||
      self->used > OUTPUT_SIZE - 2 * COPY_SIZE)
    return output_put_any (self, run, length);

  memcpy (to, run, COPY_SIZE);
  memcpy (to + COPY_SIZE, run + COPY_SIZE, COPY_SIZE);
  self->used += length;

  return TRUE;
}

/* Between two tokens: to the next. If white space is to be left out, what
 * stands before it is put out here.
 */
static ALWAYS_INLINE ScanResult
pass_space (Scan *self)
{
  const guchar *p = self->p;

  if (G_LIKELY (p < self->end && *p > ' '))
    return SCAN_ON;

  /* Between a colon and the value it is mostly a single one. */
  if (self->end - p >= 2 && p[0] == ' ' && p[1] > ' ')
    self->p++;
  else
    self->p = _strata_json_skip_space (p, self->end);
  if (self->minify)
    {
      if (!output_put (self->output, self->run, p - self->run, self->end))
        return SCAN_FAILED;
      self->run = self->p;
    }

  return self->p < self->end ? SCAN_ON : SCAN_MORE;
}

static ALWAYS_INLINE ScanResult
open_level (Scan     *self,
            gboolean  is_object)
{
  StrataJsonReader *reader = self->reader;

  if (G_UNLIKELY (self->depth == reader->capacity))
    {
      reader->pos = self->p;
      reader->depth = self->depth;
      if (!_strata_json_reader_grow (reader))
        return SCAN_FAILED;
    }

  _strata_json_reader_set_level (reader, self->depth++, is_object);
  self->in_object = is_object;
  self->state = is_object ? STATE_FIRST_NAME : STATE_FIRST_ELEMENT;
  self->p++;

  return SCAN_ON;
}

static ALWAYS_INLINE ScanResult
close_level (Scan *self)
{
  self->depth--;
  self->in_object = _strata_json_reader_in_object (self->reader, self->depth);
  self->state = STATE_AFTER;
  self->p++;

  return SCAN_ON;
}

/* What a scanner of tokens says, while in state @inside. */
static ALWAYS_INLINE ScanResult
pass_token (Scan                  *self,
            StrataJsonTokenResult  result,
            StrataJsonState        inside,
            StrataJsonState        after)
{
  self->state = result == STRATA_JSON_TOKEN_DONE ? after : inside;
  if (G_LIKELY (result == STRATA_JSON_TOKEN_DONE))
    return SCAN_ON;

  return result == STRATA_JSON_TOKEN_MORE ? SCAN_MORE : SCAN_INVALID;
}

static ALWAYS_INLINE ScanResult
scan_string (Scan            *self,
             StrataJsonState  inside,
             StrataJsonState  after)
{
  const guchar *p = self->p;
  StrataJsonTokenResult result;

  result = _strata_json_token_scan_string (&self->reader->token, &p, self->end);
  self->p = p;

  return pass_token (self, result, inside, after);
}

static ALWAYS_INLINE ScanResult
resume_string (Scan            *self,
               StrataJsonState  after)
{
  const guchar *p = self->p;
  StrataJsonTokenResult result = STRATA_JSON_TOKEN_DONE;

  if (self->reader->token.part != STRATA_JSON_PART_PLAIN)
    result = _strata_json_token_resume_string (&self->reader->token, &p, self->end);
  self->p = p;
  if (result != STRATA_JSON_TOKEN_DONE)
    return pass_token (self, result, self->state, after);

  return scan_string (self, self->state, after);
}

static ALWAYS_INLINE ScanResult
scan_number (Scan *self)
{
  const guchar *p = self->p;
  StrataJsonTokenResult result;

  result = _strata_json_token_scan_number (&self->reader->token, &p, self->end);
  self->p = p;

  return pass_token (self, result, STATE_NUMBER, STATE_AFTER);
}

static ALWAYS_INLINE ScanResult
scan_literal (Scan *self)
{
  const guchar *p = self->p;
  StrataJsonTokenResult result;

  result = _strata_json_token_scan_literal (&self->reader->token, &p, self->end);
  self->p = p;

  return pass_token (self, result, STATE_LITERAL, STATE_AFTER);
}

static ALWAYS_INLINE ScanResult
scan_value (Scan *self)
{
  StrataJsonToken *token = &self->reader->token;
  guchar first = *self->p;

  if (first == '"')
    {
      self->p++;
      return scan_string (self, STATE_STRING, STATE_AFTER);
    }

  if (first == '{' || first == '[')
    return open_level (self, first == '{');

  if (first == '-' || g_ascii_isdigit (first))
    {
      token->part = STRATA_JSON_PART_SIGN;
      self->p += first == '-';
      return scan_number (self);
    }

  if (first == 't' || first == 'f' || first == 'n')
    {
      token->literal = first == 't' ? "true" : first == 'f' ? "false" : "null";
      return scan_literal (self);
    }

  return SCAN_INVALID;
}

/* At a name, or after "{" at what may be one. */
static ALWAYS_INLINE ScanResult
scan_name (Scan *self)
{
  if (*self->p == '}' && self->state == STATE_FIRST_NAME)
    return close_level (self);
  if (*self->p != '"')
    return SCAN_INVALID;

  self->p++;

  return scan_string (self, STATE_NAME_STRING, STATE_COLON);
}

static ALWAYS_INLINE ScanResult
scan_colon (Scan *self)
{
  if (*self->p != ':')
    return SCAN_INVALID;

  self->p++;
  self->state = STATE_VALUE;

  return SCAN_ON;
}

static ALWAYS_INLINE ScanResult
scan_after (Scan *self)
{
  if (*self->p == ',')
    {
      self->p++;
      self->state = self->in_object ? STATE_NAME : STATE_VALUE;
      return SCAN_ON;
    }

  return *self->p == (self->in_object ? '}' : ']') ? close_level (self) : SCAN_INVALID;
}

/* The next step from a place between two tokens. */
static ALWAYS_INLINE ScanResult
scan_next (Scan *self)
{
  ScanResult result = pass_space (self);

  if (G_UNLIKELY (result != SCAN_ON))
    return result;

  switch (self->state)
    {
    case STATE_FIRST_ELEMENT:
      return *self->p == ']' ? close_level (self) : scan_value (self);
    case STATE_VALUE:
      return scan_value (self);
    case STATE_FIRST_NAME:
    case STATE_NAME:
      return scan_name (self);
    case STATE_COLON:
      return scan_colon (self);
    case STATE_AFTER:
      return scan_after (self);
    case STATE_NAME_STRING:
    case STATE_STRING:
    case STATE_NUMBER:
    case STATE_LITERAL:
    default:
      g_assert_not_reached ();
    }
}

/* Goes on with the token that the last block's end cut, if it did. */
static ALWAYS_INLINE ScanResult
resume_token (Scan *self)
{
  switch (self->state)
    {
    case STATE_NAME_STRING:
      return resume_string (self, STATE_COLON);
    case STATE_STRING:
      return resume_string (self, STATE_AFTER);
    case STATE_NUMBER:
      return scan_number (self);
    case STATE_LITERAL:
      return scan_literal (self);
    case STATE_VALUE:
    case STATE_FIRST_ELEMENT:
    case STATE_FIRST_NAME:
    case STATE_NAME:
    case STATE_COLON:
    case STATE_AFTER:
    default:
      return SCAN_ON;
    }
}

/* The one loop that everything taken or skipped goes through: scans what is in
 * the block until the value that lies @base levels deep is over.
 */
static ALWAYS_INLINE ScanResult
scan (StrataJsonReader *reader,
      gsize             base,
      Output           *output,
      gboolean          minify)
{
  ScanResult result;
  Scan self = {
    .reader = reader,
    .output = output,
    .minify = minify,
    .p = reader->pos,
    .run = reader->pos,
    .end = reader->end,
    .state = reader->state,
    .depth = reader->depth,
    .in_object = _strata_json_reader_in_object (reader, reader->depth),
  };

  result = resume_token (&self);
  while (result == SCAN_ON && (self.state != STATE_AFTER || self.depth != base))
    result = scan_next (&self);

  if (output != NULL && (result == SCAN_ON || result == SCAN_MORE) && self.p > self.run &&
      !output_put_any (output, self.run, self.p - self.run))
    result = SCAN_FAILED;

  reader->pos = self.p;
  reader->state = self.state;
  reader->depth = self.depth;

  return result;
}

static ScanResult
scan_minify (StrataJsonReader *reader,
             gsize             base,
             Output           *output)
{
  return scan (reader, base, output, TRUE);
}

static ScanResult
scan_verbatim (StrataJsonReader *reader,
               gsize             base,
               Output           *output)
{
  return scan (reader, base, output, FALSE);
}

/* The text is over. That is well only after a number that is the whole of it. */
static gboolean
end_value (StrataJsonReader *self)
{
  if (self->state != STATE_NUMBER || self->depth > 0 ||
      !_strata_json_token_is_number (&self->token))
    return _strata_json_reader_fail_invalid (self);

  self->state = STATE_AFTER;

  return TRUE;
}

static gboolean
pass_value (StrataJsonReader *self,
            Output           *output,
            gboolean          minify,
            GCancellable     *cancellable)
{
  gsize base = self->depth;

  while (TRUE)
    {
      ScanResult result = minify ? scan_minify (self, base, output)
                                 : scan_verbatim (self, base, output);

      if (result == SCAN_ON)
        return TRUE;
      if (result == SCAN_INVALID)
        return _strata_json_reader_fail_invalid (self);
      if (result == SCAN_FAILED || !_strata_json_reader_fill (self, cancellable))
        return FALSE;
      if (self->ended)
        return end_value (self);
    }
}

/* Passes over a value, or the rest of a string that was read in part. */
gboolean
_strata_json_reader_skip (StrataJsonReader *self,
                          GCancellable     *cancellable)
{
  return pass_value (self, NULL, FALSE, cancellable);
}

static gboolean
take (StrataJsonReader *self,
      gboolean          minify,
      StrataJsonSink    sink,
      gpointer          user_data,
      GCancellable     *cancellable)
{
  Output output = { .sink = sink, .user_data = user_data, .error = &self->error };

  if (self->error != NULL)
    return FALSE;

  g_assert (self->state == STATE_VALUE);
  if (!_strata_json_reader_skip_space (self, cancellable))
    return FALSE;
  if (sink == NULL)
    return _strata_json_reader_skip (self, cancellable);

  if (self->output == NULL)
    self->output = g_malloc (OUTPUT_SIZE);
  output.buffer = self->output;

  return pass_value (self, &output, minify, cancellable) && output_flush (&output);
}

gboolean
_strata_json_reader_take (StrataJsonReader  *self,
                          StrataJsonSink     sink,
                          gpointer           user_data,
                          GCancellable      *cancellable,
                          GError           **error)
{
  return take (self, TRUE, sink, user_data, cancellable) ||
         _strata_json_reader_give_error (self, error);
}

gboolean
_strata_json_reader_take_verbatim (StrataJsonReader  *self,
                                   StrataJsonSink     sink,
                                   gpointer           user_data,
                                   GCancellable      *cancellable,
                                   GError           **error)
{
  return take (self, FALSE, sink, user_data, cancellable) ||
         _strata_json_reader_give_error (self, error);
}

static gboolean
append_cb (const char  *text,
           gsize        length,
           gpointer     user_data,
           GError     **error)
{
  g_string_append_len (user_data, text, length);

  return TRUE;
}

gboolean
_strata_json_reader_take_string (StrataJsonReader  *self,
                                 GString           *text,
                                 GCancellable      *cancellable,
                                 GError           **error)
{
  return _strata_json_reader_take (self, append_cb, text, cancellable, error);
}
