/* strata-witness-tokens.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-witness-text-private.h"
#include "strata-witness-tokens-private.h"

#define SPACE  STRATA_WITNESS_SPACE
#define QUOTE  STRATA_WITNESS_QUOTE
#define OPEN   STRATA_WITNESS_OPEN
#define CLOSE  STRATA_WITNESS_CLOSE
#define COMMA  STRATA_WITNESS_COMMA
#define COLON  STRATA_WITNESS_COLON
#define SCALAR STRATA_WITNESS_SCALAR
#define OTHER  STRATA_WITNESS_OTHER

#define UNICODE_ESCAPE_LENGTH 6 /* \uXXXX */

/* What an envelope has beside "data" */
#define LONGEST_NAME "compressed"
static const char * const envelope_names[] = { "version", "checksum", "timestamp", LONGEST_NAME };

static const guint8 classes[256] = {
  ['0' ... '9'] = SCALAR,
  ['A' ... 'Z'] = SCALAR,
  ['a' ... 'z'] = SCALAR,
  ['+'] = SCALAR, ['-'] = SCALAR, ['.'] = SCALAR,
  [' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE, ['\r'] = SPACE,
  ['{'] = OPEN, ['['] = OPEN,
  ['}'] = CLOSE, [']'] = CLOSE,
  ['"'] = QUOTE,
  [','] = COMMA,
  [':'] = COLON,
};

static inline StrataWitnessClass
classify (guint8 byte)
{
  return (StrataWitnessClass)classes[byte];
}

StrataWitnessClass
_strata_witness_classify (guint8 byte)
{
  return classify (byte);
}

/* Begins after the first bracket; @self is all 0 or was used before.
 *
 * @payload: (nullable): where the text goes, and the elements of an array
 * @around: (nullable): where the text goes besides
 * @wanted: the member of an object at which to stop, %NULL unless one is looked for; borrowed
 */
void
_strata_witness_tokens_begin (StrataWitnessTokens  *self,
                              StrataWitnessPayload *payload,
                              StrataWitnessPayload *around,
                              gboolean              is_array,
                              StrataWitnessKeys     keys,
                              const char           *wanted)
{
  gsize longest = MAX (strlen (LONGEST_NAME), wanted != NULL ? strlen (wanted) : 0);

  _strata_witness_tokens_clear (self);
  *self = (StrataWitnessTokens){
    .payload = payload,
    .around = around,
    .is_array = is_array,
    .depth = 1,
    .keys = is_array ? STRATA_WITNESS_KEYS_NOTHING : keys,
    .wanted = wanted,
    .key_is_next = TRUE,
    /* One more than the longest key of interest, with every byte of it a \uXXXX */
    .max_key = UNICODE_ESCAPE_LENGTH * longest + 1,
  };
}

void
_strata_witness_tokens_clear (StrataWitnessTokens *self)
{
  g_clear_pointer (&self->key, g_byte_array_unref);
}

static gboolean
fail (StrataWitnessTokens *self,
      const char          *reason)
{
  self->reason = reason;

  return FALSE;
}

/* Hands on what came before @self->next. */
static gboolean
flush_run (StrataWitnessTokens  *self,
           GError              **error)
{
  const guint8 *run = self->run;

  self->run = self->next;

  return run == self->next ||
         ((self->payload == NULL || _strata_witness_payload_put (self->payload, run, (gsize)(self->next - run), error)) &&
          (self->around == NULL || _strata_witness_payload_put (self->around, run, (gsize)(self->next - run), error)));
}

static gboolean
end_element (StrataWitnessTokens  *self,
             GError              **error)
{
  self->want = STRATA_WITNESS_WANT_COMMA;

  return flush_run (self, error) && _strata_witness_payload_end_element (self->payload, error);
}

static void
begin_key (StrataWitnessTokens *self)
{
  self->in_key = TRUE;
  self->n_keys++;
  if (self->key == NULL)
    self->key = g_byte_array_new ();
  g_byte_array_set_size (self->key, 0);
}

static void
gather_key (StrataWitnessTokens *self,
            const guint8        *data,
            gsize                size)
{
  g_byte_array_append (self->key, data, (guint)MIN (size, self->max_key - self->key->len));
}

/* Undoes the key's escapes. One that is longer than any of interest, or has a
 * wrong escape, is none of interest.
 *
 * Returns: (transfer full): the name, a NUL in it being U+FFFD, or %NULL
 */
static char *
dup_name (StrataWitnessTokens *self)
{
  gsize size = (gsize)self->key->len + 1;
  g_autofree guint8 *bytes = g_malloc (size);
  StrataWitnessBuffer buffer = { .bytes = bytes, .size = size };
  StrataWitnessUnescape unescape = { .out = &buffer };
  const guint8 *next = self->key->data;

  /* With nothing in it the array may have no bytes at all */
  if (self->key->len == 0)
    return g_strdup ("");

  /* Without its escapes the text is never longer: the buffer never gets full */
  if (self->key->len == self->max_key ||
      !_strata_witness_unescape_push (&unescape, &next, next + self->key->len, NULL) ||
      unescape.n_missing > 0 || unescape.after_backslash ||
      !_strata_witness_unescape_finish (&unescape, NULL))
    return NULL;

  return g_utf8_make_valid ((const char *)bytes, (gssize)buffer.length);
}

/* Whether a key is one of an envelope, beside "data". */
static gboolean
is_of_envelope (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (envelope_names); i++)
    if (g_strcmp0 (name, envelope_names[i]) == 0)
      return TRUE;

  return FALSE;
}

/* A key was read: is it what is looked for? */
static void
judge_key (StrataWitnessTokens *self)
{
  g_autofree char *name = dup_name (self);
  gboolean is_data = g_strcmp0 (name, "data") == 0;
  gboolean is_wanted = name != NULL && g_strcmp0 (name, self->wanted) == 0;

  self->in_key = FALSE;
  self->found = STRATA_WITNESS_KEY_OTHER;

  switch (self->keys)
    {
    case STRATA_WITNESS_KEYS_ENVELOPE:
      if (is_data)
        self->found = STRATA_WITNESS_KEY_DATA;
      else if (!is_of_envelope (name))
        self->keys = STRATA_WITNESS_KEYS_NOTHING;
      break;
    case STRATA_WITNESS_KEYS_WANTED:
    case STRATA_WITNESS_KEYS_WANTED_OR_DATA:
      if (is_wanted)
        self->found = STRATA_WITNESS_KEY_WANTED;
      else if (is_data && self->keys == STRATA_WITNESS_KEYS_WANTED_OR_DATA)
        self->found = STRATA_WITNESS_KEY_DATA;
      else if (!is_of_envelope (name))
        self->keys = STRATA_WITNESS_KEYS_WANTED;
      break;
    case STRATA_WITNESS_KEYS_FOREIGN:
      self->has_foreign = !is_of_envelope (name);
      if (self->has_foreign)
        self->keys = STRATA_WITNESS_KEYS_NOTHING;
      break;
    case STRATA_WITNESS_KEYS_NOTHING:
    default:
      break;
    }
}

/* In a string: on to its end. */
static gboolean
step_in_string (StrataWitnessTokens  *self,
                const guint8         *end,
                GError              **error)
{
  const guint8 *start = self->next;
  const guint8 *next = start;

  if (self->after_backslash)
    next++;
  self->after_backslash = FALSE;

  while ((next = _strata_witness_find_quote (next, end)) < end && *next == '\\')
    {
      self->after_backslash = end - next == 1;
      next += self->after_backslash ? 1 : 2;
    }

  if (self->in_key)
    gather_key (self, start, (gsize)(next - start));
  self->next = next;
  if (next == end)
    return TRUE;

  self->next++;
  self->in_string = FALSE;
  if (self->in_key)
    judge_key (self);

  return self->depth > 1 || !self->is_array || end_element (self, error);
}

/* Returns: the first byte that is no blank, or somewhere within the last eight bytes */
static const guint8 *
skip_blanks (const guint8 *next,
             const guint8 *end)
{
  while (end - next >= 8)
    {
      guint64 others = _strata_witness_load_eight (next) ^ STRATA_WITNESS_EACH_BYTE (' ');

      if (others != 0)
        return next + __builtin_ctzll (others) / 8;
      next += 8;
    }

  return next;
}

static gboolean
skip_space (StrataWitnessTokens  *self,
            const guint8         *end,
            GError              **error)
{
  const guint8 *next = self->next;

  if (!flush_run (self, error))
    return FALSE;

  while (next < end && classify (*next) == SPACE)
    next = skip_blanks (next + 1, end);
  self->next = self->run = next;

  return TRUE;
}

/* Deeper than the elements: only strings, white space and the depth matter. */
static gboolean
step_deep (StrataWitnessTokens  *self,
           const guint8         *end,
           GError              **error)
{
  while (self->next < end && self->depth > 1 && !self->in_string)
    {
      StrataWitnessClass class = classify (*self->next);

      if (class == OTHER)
        return fail (self, "a byte that belongs to no token");

      if (class == SPACE)
        {
          if (!skip_space (self, end, error))
            return FALSE;
          continue;
        }

      self->in_string = class == QUOTE;
      if (class == OPEN)
        self->depth++;
      if (class == CLOSE)
        self->depth--;
      self->next++;
    }

  return self->depth > 1 || !self->is_array || end_element (self, error);
}

static gboolean
begin_element (StrataWitnessTokens  *self,
               StrataWitnessClass    class,
               GError              **error)
{
  if (self->want == STRATA_WITNESS_WANT_COMMA)
    return fail (self, "no comma before an element");
  if (class == SCALAR && !_strata_witness_scalar_begin (&self->scalar, *self->next))
    return fail (self, "no value begins so");
  if (!flush_run (self, error))
    return FALSE;

  _strata_witness_payload_begin_element (self->payload);
  self->want = class == SCALAR ? STRATA_WITNESS_WANT_SCALAR_END : STRATA_WITNESS_WANT_COMMA;

  return TRUE;
}

/* Between the elements of the array. */
static gboolean
check_array (StrataWitnessTokens  *self,
             StrataWitnessClass    class,
             GError              **error)
{
  if (self->want == STRATA_WITNESS_WANT_SCALAR_END)
    {
      if (_strata_witness_scalar_take (&self->scalar, *self->next))
        return TRUE;
      if (!_strata_witness_scalar_is_whole (&self->scalar))
        return fail (self, "a malformed number or word");
      if (!end_element (self, error))
        return FALSE;
    }

  switch (class)
    {
    case QUOTE:
    case OPEN:
    case SCALAR:
      return begin_element (self, class, error);
    case COMMA:
      if (self->want != STRATA_WITNESS_WANT_COMMA)
        return fail (self, "no element before a comma");
      self->want = STRATA_WITNESS_WANT_VALUE;
      return TRUE;
    case CLOSE:
      return (*self->next == ']' && self->want != STRATA_WITNESS_WANT_VALUE) ||
             fail (self, "an array ends wrongly");
    case SPACE:
      return TRUE;
    case COLON:
    case OTHER:
    default:
      return fail (self, "a byte that belongs to no element");
    }
}

/* Between the members of the object. */
static gboolean
check_object (StrataWitnessTokens *self,
              StrataWitnessClass   class)
{
  if (class == OTHER || (class == CLOSE && *self->next != '}'))
    return fail (self, "a byte that belongs to no object");
  if (self->found != STRATA_WITNESS_KEY_OTHER && class != SPACE && class != COLON)
    return fail (self, "no colon after a key");

  if (class == COMMA)
    self->key_is_next = TRUE;
  if (class == QUOTE && self->key_is_next && self->keys != STRATA_WITNESS_KEYS_NOTHING)
    begin_key (self);
  if (class == QUOTE)
    self->key_is_next = FALSE;

  return TRUE;
}

/* In the array or object, but in none of its members. */
static gboolean
step_top (StrataWitnessTokens  *self,
          const guint8         *end,
          GError              **error)
{
  StrataWitnessClass class = classify (*self->next);

  if (!(self->is_array ? check_array (self, class, error) : check_object (self, class)))
    return FALSE;

  if (class == SPACE)
    return skip_space (self, end, error);

  self->in_string = class == QUOTE;
  if (class == OPEN)
    self->depth++;
  if (class == CLOSE)
    self->depth--;
  self->next++;

  return self->want != STRATA_WITNESS_WANT_SCALAR_END || !_strata_witness_scalar_is_over (&self->scalar) ||
         end_element (self, error);
}

/* Takes bytes from *@next on, to the end of the array or object or to @end. */
StrataWitnessTokensPlace
_strata_witness_tokens_push (StrataWitnessTokens  *self,
                             const guint8        **next,
                             const guint8         *end,
                             GError              **error)
{
  gboolean has_found = FALSE;
  gboolean ok = TRUE;

  self->next = self->run = *next;
  while (ok && !has_found && self->depth > 0 && self->next < end)
    {
      if (self->in_string)
        ok = step_in_string (self, end, error);
      else if (self->depth > 1)
        ok = step_deep (self, end, error);
      else
        {
          /* With its key read and the colon at hand */
          has_found = self->found != STRATA_WITNESS_KEY_OTHER && *self->next == ':';
          ok = step_top (self, end, error);
        }
    }
  *next = self->next;

  if (!ok || !flush_run (self, error))
    return STRATA_WITNESS_TOKENS_FAILED;
  if (has_found)
    return self->found == STRATA_WITNESS_KEY_DATA ? STRATA_WITNESS_TOKENS_AT_DATA : STRATA_WITNESS_TOKENS_AT_WANTED;

  return self->depth == 0 ? STRATA_WITNESS_TOKENS_AT_END : STRATA_WITNESS_TOKENS_INSIDE;
}
