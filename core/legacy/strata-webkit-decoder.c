/* strata-webkit-decoder.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-es-text-private.h"
#include "strata-webkit-decoder-private.h"
#include "strata-webkit-foreign-private.h"
#include "strata-webkit-frames-private.h"
#include "strata-webkit-tag-private.h"

/* In the place of an array's index */
#define TERMINATOR 0xffffffff
#define NAMES_FOLLOW 0xfffffffd

#define LAST_VERSION 15
#define MAJOR_VERSION(version) ((version) & 0x00ffffff)
#define MINOR_VERSION(version) ((version) >> 24)

#define DETOUR_WORK 4096             /* what going there and back costs at least, in bytes */
#define MAX_WORK_FREE (16u << 20)
#define MAX_WORK_FACTOR 64
#define MAX_POOL_BYTES (64u << 20)
#define MAX_HOLES 4096               /* written at once */

typedef enum
{
  PHASE_START,
  PHASE_VALUE,        /* at the tag of a value */
  PHASE_BODY,         /* the same, and it has been announced in the text */
  PHASE_TEXT,         /* inside a string */
  PHASE_HOLES,        /* before an element, some are missing */
  PHASE_NEXT,         /* behind a value */
  PHASE_DONE,
} Phase;

struct _StrataWebkitDecoder
{
  /* Set at construction, never changed after */
  GInputStream            *base;
  StrataWebkitForeignFunc  func;
  gpointer                 user_data;
  StrataWebkitPool        *objects;

  /* One thread at a time: about the value, there after the start */
  StrataByteWindow        *window;
  StrataWebkitStrings     *strings;
  StrataWebkitForeign      foreign;
  gboolean                 ends_twice;   /* an array's elements and its names each have an end */
  guint64                  max_work;
  guint64                  max_work_set; /* by a test; 0: not */

  /* Where we are */
  StrataWebkitFrames      *frames;
  Phase                    phase;
  gboolean                 is_scanning;  /* nothing is written at all */
  guint64                  work;

  /* PHASE_TEXT */
  StrataWebkitText         text;
  StrataByteWindow        *text_window;  /* borrowed */
  gboolean                 text_is_name;

  /* PHASE_HOLES */
  guint32                  holes_end;
  Phase                    after_holes;  /* PHASE_VALUE, or PHASE_NEXT behind the array's end */

  guint64                  n_foreign;
  guint64                  n_told;
  gboolean                 has_trailing_bytes;
};

StrataWebkitDecoder *
_strata_webkit_decoder_new (GInputStream            *base,
                            StrataWebkitForeignFunc  func,
                            gpointer                 user_data)
{
  StrataWebkitDecoder *self = g_new0 (StrataWebkitDecoder, 1);

  self->base = g_object_ref (base);
  self->func = func;
  self->user_data = user_data;
  self->objects = _strata_webkit_pool_new ();
  self->frames = _strata_webkit_frames_new ();

  return self;
}

void
_strata_webkit_decoder_free (StrataWebkitDecoder *self)
{
  g_clear_pointer (&self->strings, _strata_webkit_strings_free);
  g_clear_pointer (&self->window, _strata_byte_window_free);
  _strata_webkit_pool_free (self->objects);
  _strata_webkit_frames_free (self->frames);
  g_object_unref (self->base);
  g_free (self);
}

void
_strata_webkit_decoder_restart (StrataWebkitDecoder *self)
{
  g_clear_pointer (&self->strings, _strata_webkit_strings_free);
  g_clear_pointer (&self->window, _strata_byte_window_free);
  _strata_webkit_pool_clear (self->objects);
  _strata_webkit_frames_clear (self->frames);
  self->phase = PHASE_START;
  self->work = 0;
  self->n_foreign = 0;
  self->has_trailing_bytes = FALSE;
}

gboolean
_strata_webkit_decoder_is_done (StrataWebkitDecoder *self)
{
  return self->phase == PHASE_DONE;
}

guint64
_strata_webkit_decoder_get_n_foreign (StrataWebkitDecoder *self)
{
  return self->n_foreign;
}

gboolean
_strata_webkit_decoder_has_trailing_bytes (StrataWebkitDecoder *self)
{
  return self->has_trailing_bytes;
}

void
_strata_webkit_decoder_set_max_work (StrataWebkitDecoder *self,
                                     guint64              max_work)
{
  self->max_work_set = max_work;
}

static StrataWebkitFrame *
get_top (StrataWebkitDecoder *self)
{
  return _strata_webkit_frames_get_top (self->frames);
}

static gboolean
is_quiet (StrataWebkitDecoder *self)
{
  const StrataWebkitFrame *top = get_top (self);

  return top != NULL ? top->is_quiet : self->is_scanning;
}

static void
put (GByteArray *out,
     const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

static gboolean
fail_at (guint64       offset,
         const char   *what,
         GError      **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
               "At byte %" G_GUINT64_FORMAT " of the value stands %s", offset, what);

  return FALSE;
}

static void
tell (StrataWebkitDecoder *self,
      const char          *what)
{
  g_autofree char *path = NULL;

  self->n_foreign++;
  if (self->func == NULL || self->n_foreign <= self->n_told || self->n_told >= STRATA_WEBKIT_MAX_TOLD)
    return;

  self->n_told = self->n_foreign;
  path = _strata_webkit_frames_dup_path (self->frames, self->strings);
  self->func (path, what, self->user_data);
}

/* The comma before an element, or before a member. */
static void
put_comma (StrataWebkitFrame *container,
           GByteArray        *out)
{
  if (container->has_child)
    put (out, ",");
  container->has_child = TRUE;
}

/* The value at hand is not written. */
static void
leave_out (StrataWebkitDecoder *self,
           GByteArray          *out)
{
  StrataWebkitFrame *container = _strata_webkit_frames_get_container (self->frames);

  if (container != NULL && container->kind == STRATA_WEBKIT_FRAME_OBJECT)
    return;

  if (container != NULL)
    put_comma (container, out);
  put (out, "null");
}

static gboolean
begin_detour (StrataWebkitDecoder  *self,
              guint32               object,
              GError              **error)
{
  StrataWebkitPool *strings = _strata_webkit_strings_get_pool (self->strings);
  guint64 offset = _strata_webkit_pool_get_offset (self->objects, object);
  StrataWebkitFrame frame = { .kind = STRATA_WEBKIT_FRAME_DETOUR, .key = object };

  frame.detour.back = _strata_byte_window_tell (self->window);
  frame.detour.strings = _strata_webkit_pool_get_met (strings);
  frame.detour.objects = _strata_webkit_pool_get_met (self->objects);
  if (!_strata_webkit_frames_push (self->frames, &frame, error))
    return FALSE;

  _strata_byte_window_seek (self->window, offset);
  _strata_webkit_pool_set_met (strings, _strata_webkit_pool_count_below (strings, offset));
  _strata_webkit_pool_set_met (self->objects, object);

  return TRUE;
}

static void
end_detour (StrataWebkitDecoder *self)
{
  const StrataWebkitFrame *frame = get_top (self);

  self->work += _strata_byte_window_tell (self->window) - _strata_webkit_pool_get_offset (self->objects, frame->key) +
                DETOUR_WORK;
  _strata_byte_window_seek (self->window, frame->detour.back);
  _strata_webkit_pool_set_met (_strata_webkit_strings_get_pool (self->strings), frame->detour.strings);
  _strata_webkit_pool_set_met (self->objects, frame->detour.objects);
  _strata_webkit_frames_pop (self->frames);
}

/* At a reference: goes to what it refers to, @out_tag being the tag there; or
 * past it, with an @out_tag of 0, where that has no place in JSON.
 */
static gboolean
follow_reference (StrataWebkitDecoder  *self,
                  guint8               *out_tag,
                  GCancellable         *cancellable,
                  GError              **error)
{
  const guint8 *tag;
  guint32 object;

  *out_tag = 0;
  _strata_byte_window_advance (self->window, 1);
  if (!_strata_webkit_pool_read_index (self->objects, self->window, &object, cancellable, error))
    return FALSE;

  if (_strata_webkit_pool_is_marked (self->objects, object))
    {
      tell (self, _strata_webkit_tag_get_name (STRATA_WEBKIT_TAG_ARRAY_BUFFER_VIEW));
      return TRUE;
    }

  if (_strata_webkit_frames_contain (self->frames, object))
    {
      tell (self, "reference to itself");
      return TRUE;
    }

  if (!begin_detour (self, object, error))
    return FALSE;

  tag = _strata_byte_window_look (self->window, 1, cancellable, error);
  if (tag == NULL)
    return FALSE;

  if (_strata_webkit_tag_get_class (*tag) == STRATA_WEBKIT_CLASS_FOREIGN)
    {
      end_detour (self);
      tell (self, _strata_webkit_tag_get_name (*tag));
      return TRUE;
    }
  *out_tag = *tag;

  return TRUE;
}

/* Writes a string of the pool, at once or, if it is long, from now on. */
static gboolean
put_pooled (StrataWebkitDecoder  *self,
            guint32               index,
            gboolean              is_name,
            GByteArray           *out,
            GCancellable         *cancellable,
            GError              **error)
{
  if (!_strata_webkit_strings_fetch (self->strings, index, out, &self->text_window, &self->text, cancellable, error))
    return FALSE;

  if (self->text_window != NULL)
    {
      put (out, "\"");
      self->text_is_name = is_name;
      self->phase = PHASE_TEXT;
    }
  else if (is_name)
    {
      put (out, ":");
      self->phase = PHASE_BODY;
    }
  else
    self->phase = PHASE_NEXT;

  return TRUE;
}

/* What stands before a value that is written. */
static gboolean
announce (StrataWebkitDecoder  *self,
          GByteArray           *out,
          GCancellable         *cancellable,
          GError              **error)
{
  StrataWebkitFrame *container = _strata_webkit_frames_get_container (self->frames);

  self->phase = PHASE_BODY;
  if (container == NULL)
    return TRUE;

  put_comma (container, out);

  return container->kind == STRATA_WEBKIT_FRAME_ARRAY || put_pooled (self, container->key, TRUE, out, cancellable, error);
}

static gboolean
begin_collection (StrataWebkitDecoder  *self,
                  StrataWebkitFrameKind kind,
                  gboolean              quiet,
                  guint64               tag_offset,
                  GError              **error)
{
  StrataWebkitFrame frame = { .kind = (guint8)kind, .is_quiet = (guint8)quiet };

  frame.own.object = _strata_webkit_pool_get_met (self->objects);
  self->phase = PHASE_NEXT;

  return _strata_webkit_pool_meet (self->objects, tag_offset, error) && _strata_webkit_frames_push (self->frames, &frame, error);
}

typedef enum
{
  NOT_LIKELY,
  POSSIBLE,
  LIKELY,
} Likelihood;

/* How well what stands @ahead bytes from here goes as what follows a value in @container. */
static Likelihood
judge_next (StrataWebkitDecoder     *self,
            const StrataWebkitFrame *container,
            const guint8            *bytes,
            gsize                    ahead,
            gsize                    n_bytes)
{
  guint64 n_left = _strata_byte_window_get_size (self->window) - _strata_byte_window_tell (self->window) - ahead;
  guint32 number;

  if (container == NULL)
    return n_left == 0 ? LIKELY : NOT_LIKELY;

  if (container->kind == STRATA_WEBKIT_FRAME_MAP || container->kind == STRATA_WEBKIT_FRAME_SET)
    return n_bytes > ahead && (bytes[ahead] == STRATA_WEBKIT_TAG_NON_MAP_PROPERTIES ||
                               bytes[ahead] == STRATA_WEBKIT_TAG_NON_SET_PROPERTIES ||
                               _strata_webkit_tag_get_class (bytes[ahead]) != STRATA_WEBKIT_CLASS_NONE) ? POSSIBLE : NOT_LIKELY;

  if (n_bytes < ahead + sizeof number)
    return NOT_LIKELY;

  memcpy (&number, bytes + ahead, sizeof number);
  number = GUINT32_FROM_LE (number);
  if (number == TERMINATOR)
    return LIKELY;

  if (container->kind != STRATA_WEBKIT_FRAME_ARRAY)
    return _strata_webkit_strings_can_begin (number, n_left - sizeof number) ? POSSIBLE : NOT_LIKELY;

  if (number == container->own.next || (number == NAMES_FOLLOW && !self->ends_twice))
    return LIKELY;

  return number > container->own.next && number < container->own.length ? POSSIBLE : NOT_LIKELY;
}

/* The same for a cause: a byte of 1 for none, or of 0 and a string. */
static Likelihood
judge_cause (StrataWebkitDecoder     *self,
             const StrataWebkitFrame *container,
             const guint8            *bytes,
             gsize                    n_bytes,
             guint64                  n_left)
{
  guint32 head;

  if (n_bytes > 0 && bytes[0] == 1)
    return judge_next (self, container, bytes, 1, n_bytes);

  if (n_bytes <= sizeof head || bytes[0] != 0)
    return NOT_LIKELY;

  memcpy (&head, bytes + 1, sizeof head);
  head = GUINT32_FROM_LE (head);

  return head != TERMINATOR && _strata_webkit_strings_can_begin (head, n_left - 1 - sizeof head) ? POSSIBLE : NOT_LIKELY;
}

/* Behind an Error: what caused it, unless what follows goes better without. A
 * WebKit that is not the newest wrote none.
 */
static gboolean
pass_cause (StrataWebkitDecoder  *self,
            GCancellable         *cancellable,
            GError              **error)
{
  const StrataWebkitFrame *container = _strata_webkit_frames_get_container (self->frames);
  guint64 n_left = _strata_byte_window_get_size (self->window) - _strata_byte_window_tell (self->window);
  gsize n_bytes = (gsize)MIN (n_left, 1 + sizeof (guint32));
  const guint8 *bytes = _strata_byte_window_look (self->window, n_bytes, cancellable, error);

  if (bytes == NULL)
    return FALSE;

  if (judge_next (self, container, bytes, 0, n_bytes) > judge_cause (self, container, bytes, n_bytes, n_left))
    return TRUE;

  return _strata_webkit_foreign_pass_cause (&self->foreign, cancellable, error);
}

/* Behind the tag of what has no place in JSON. */
static gboolean
pass_foreign (StrataWebkitDecoder  *self,
              guint8                tag,
              GCancellable         *cancellable,
              GError              **error)
{
  guint64 tag_offset = _strata_byte_window_tell (self->window) - 1;

  if (tag == STRATA_WEBKIT_TAG_MAP)
    return begin_collection (self, STRATA_WEBKIT_FRAME_MAP, TRUE, tag_offset, error);
  if (tag == STRATA_WEBKIT_TAG_SET)
    return begin_collection (self, STRATA_WEBKIT_FRAME_SET, TRUE, tag_offset, error);

  self->phase = PHASE_NEXT;

  return _strata_webkit_foreign_pass (&self->foreign, tag, cancellable, error) &&
         (tag != STRATA_WEBKIT_TAG_ERROR_INSTANCE || pass_cause (self, cancellable, error));
}

/* PHASE_VALUE: decides whether the value is written. */
static gboolean
begin_value (StrataWebkitDecoder  *self,
             GByteArray           *out,
             GCancellable         *cancellable,
             GError              **error)
{
  const guint8 *look = _strata_byte_window_look (self->window, 1, cancellable, error);
  guint8 tag;

  if (look == NULL)
    return FALSE;

  tag = *look;
  if (is_quiet (self))
    {
      self->phase = PHASE_BODY;
      return TRUE;
    }

  if (tag == STRATA_WEBKIT_TAG_OBJECT_REFERENCE)
    {
      if (!follow_reference (self, &tag, cancellable, error))
        return FALSE;
      if (tag == 0)
        {
          leave_out (self, out);
          self->phase = PHASE_NEXT;
          return TRUE;
        }
    }

  switch (_strata_webkit_tag_get_class (tag))
    {
    case STRATA_WEBKIT_CLASS_JSON:
    case STRATA_WEBKIT_CLASS_CONTAINER:
      return announce (self, out, cancellable, error);

    case STRATA_WEBKIT_CLASS_UNDEFINED:
      _strata_byte_window_advance (self->window, 1);
      leave_out (self, out);
      self->phase = PHASE_NEXT;
      return TRUE;

    case STRATA_WEBKIT_CLASS_FOREIGN:
      _strata_byte_window_advance (self->window, 1);
      tell (self, _strata_webkit_tag_get_name (tag));
      leave_out (self, out);
      return pass_foreign (self, tag, cancellable, error);

    case STRATA_WEBKIT_CLASS_REFERENCE:
    case STRATA_WEBKIT_CLASS_NONE:
    default:
      return fail_at (_strata_byte_window_tell (self->window), "no value", error);
    }
}

static gboolean
read_double (StrataWebkitDecoder  *self,
             double               *out_value,
             GCancellable         *cancellable,
             GError              **error)
{
  guint64 bits;

  if (!_strata_byte_window_read_u64 (self->window, &bits, cancellable, error))
    return FALSE;
  memcpy (out_value, &bits, sizeof bits);

  return TRUE;
}

/* Behind the tag of a string */
static gboolean
begin_string (StrataWebkitDecoder  *self,
              gboolean              quiet,
              GByteArray           *out,
              GCancellable         *cancellable,
              GError              **error)
{
  guint64 here = _strata_byte_window_tell (self->window);
  StrataWebkitStringKind kind;
  guint32 index;

  if (quiet)
    return _strata_webkit_foreign_pass_string (&self->foreign, cancellable, error);

  if (!_strata_webkit_strings_read_head (self->strings, self->window, &kind, &index, &self->text, cancellable, error))
    return FALSE;

  switch (kind)
    {
    case STRATA_WEBKIT_INLINE:
      put (out, "\"");
      self->text_window = self->window;
      self->text_is_name = FALSE;
      self->phase = PHASE_TEXT;
      return TRUE;

    case STRATA_WEBKIT_POOLED:
      return put_pooled (self, index, FALSE, out, cancellable, error);

    case STRATA_WEBKIT_TERMINATOR:
    default:
      return fail_at (here, "no string", error);
    }
}

/* Behind the tag of an array or object */
static gboolean
begin_container (StrataWebkitDecoder  *self,
                 guint8                tag,
                 gboolean              quiet,
                 GByteArray           *out,
                 GCancellable         *cancellable,
                 GError              **error)
{
  guint64 tag_offset = _strata_byte_window_tell (self->window) - 1;
  guint32 length = 0;

  if (tag == STRATA_WEBKIT_TAG_ARRAY && !_strata_byte_window_read_u32 (self->window, &length, cancellable, error))
    return FALSE;

  if (!begin_collection (self, tag == STRATA_WEBKIT_TAG_ARRAY ? STRATA_WEBKIT_FRAME_ARRAY : STRATA_WEBKIT_FRAME_OBJECT, quiet, tag_offset, error))
    return FALSE;

  get_top (self)->own.length = length;
  if (!quiet)
    put (out, tag == STRATA_WEBKIT_TAG_ARRAY ? "[" : "{");

  return TRUE;
}

/* Numbers and dates, behind their tag */
static gboolean
put_number (StrataWebkitDecoder  *self,
            guint8                tag,
            gboolean              quiet,
            GByteArray           *out,
            GCancellable         *cancellable,
            GError              **error)
{
  double value;

  if (!read_double (self, &value, cancellable, error))
    return FALSE;

  if (!quiet && tag == STRATA_WEBKIT_TAG_DATE)
    _strata_es_append_date (out, value);
  else if (!quiet)
    _strata_es_append_number (out, value);

  return TRUE;
}

static gboolean
put_integer (StrataWebkitDecoder  *self,
             gboolean              quiet,
             GByteArray           *out,
             GCancellable         *cancellable,
             GError              **error)
{
  guint32 bits;

  if (!_strata_byte_window_read_u32 (self->window, &bits, cancellable, error))
    return FALSE;

  if (!quiet)
    _strata_es_append_number (out, (gint32)bits);

  return TRUE;
}

static gboolean
pass_reference (StrataWebkitDecoder  *self,
                GCancellable         *cancellable,
                GError              **error)
{
  guint32 object;

  return _strata_webkit_pool_read_index (self->objects, self->window, &object, cancellable, error);
}

/* PHASE_BODY: writes the value, or goes into it. */
static gboolean
do_body (StrataWebkitDecoder  *self,
         GByteArray           *out,
         GCancellable         *cancellable,
         GError              **error)
{
  guint64 tag_offset = _strata_byte_window_tell (self->window);
  gboolean quiet = is_quiet (self);
  const char *literal;
  guint8 tag;

  self->phase = PHASE_NEXT;
  if (!_strata_byte_window_read_u8 (self->window, &tag, cancellable, error) ||
      (_strata_webkit_tag_is_numbered (tag) && !_strata_webkit_pool_meet (self->objects, tag_offset, error)))
    return FALSE;

  literal = _strata_webkit_tag_get_literal (tag);
  if (literal != NULL)
    {
      if (!quiet)
        put (out, literal);
      return TRUE;
    }

  switch (tag)
    {
    case STRATA_WEBKIT_TAG_ARRAY:
    case STRATA_WEBKIT_TAG_OBJECT:
      return begin_container (self, tag, quiet, out, cancellable, error);

    case STRATA_WEBKIT_TAG_INT:
      return put_integer (self, quiet, out, cancellable, error);

    case STRATA_WEBKIT_TAG_DOUBLE:
    case STRATA_WEBKIT_TAG_NUMBER_OBJECT:
    case STRATA_WEBKIT_TAG_DATE:
      return put_number (self, tag, quiet, out, cancellable, error);

    case STRATA_WEBKIT_TAG_STRING:
    case STRATA_WEBKIT_TAG_STRING_OBJECT:
      return begin_string (self, quiet, out, cancellable, error);

    case STRATA_WEBKIT_TAG_OBJECT_REFERENCE:
      return pass_reference (self, cancellable, error);

    default:
      return _strata_webkit_tag_get_class (tag) == STRATA_WEBKIT_CLASS_FOREIGN
               ? pass_foreign (self, tag, cancellable, error)
               : fail_at (tag_offset, "no value", error);
    }
}

/* PHASE_TEXT */
static gboolean
do_text (StrataWebkitDecoder  *self,
         GByteArray           *out,
         GCancellable         *cancellable,
         GError              **error)
{
  if (self->text.bytes > 0)
    return _strata_webkit_text_append_piece (&self->text, self->text_window, out, cancellable, error);

  put (out, self->text_is_name ? "\":" : "\"");
  self->phase = self->text_is_name ? PHASE_BODY : PHASE_NEXT;

  return TRUE;
}

/* PHASE_HOLES: JSON has null where an array has nothing. */
static gboolean
do_holes (StrataWebkitDecoder *self,
          GByteArray          *out)
{
  StrataWebkitFrame *array = get_top (self);
  guint32 end = array->own.next + MIN (MAX_HOLES, self->holes_end - array->own.next);

  for (; array->own.next < end; array->own.next++)
    {
      put_comma (array, out);
      put (out, "null");
    }
  if (end < self->holes_end)
    return TRUE;

  self->phase = self->after_holes;
  if (self->after_holes == PHASE_VALUE)
    {
      array->own.next++;
      return TRUE;
    }

  /* At the end. What is left may be members that JSON has no place for. */
  put (out, "]");
  if (array->kind == STRATA_WEBKIT_FRAME_ARRAY)
    _strata_webkit_frames_pop (self->frames);

  return TRUE;
}

/* Behind the last element of the array. @names_follow: its members by name do. */
static gboolean
end_elements (StrataWebkitDecoder *self,
              gboolean             names_follow)
{
  StrataWebkitFrame *array = get_top (self);
  gboolean quiet = array->is_quiet;

  if (names_follow)
    {
      array->kind = STRATA_WEBKIT_FRAME_NAMES;
      array->is_quiet = TRUE;
    }

  if (!quiet)
    {
      self->holes_end = MAX (array->own.length, array->own.next);
      self->after_holes = PHASE_NEXT;
      self->phase = PHASE_HOLES;
    }
  else if (!names_follow)
    _strata_webkit_frames_pop (self->frames);

  return TRUE;
}

static gboolean
next_element (StrataWebkitDecoder  *self,
              GCancellable         *cancellable,
              GError              **error)
{
  guint64 here = _strata_byte_window_tell (self->window);
  StrataWebkitFrame *array = get_top (self);
  guint32 index;

  if (!_strata_byte_window_read_u32 (self->window, &index, cancellable, error))
    return FALSE;

  if (!self->ends_twice && (index == TERMINATOR || index == NAMES_FOLLOW))
    return end_elements (self, index == NAMES_FOLLOW);

  if (index == TERMINATOR)
    {
      if (!_strata_byte_window_read_u32 (self->window, &index, cancellable, error))
        return FALSE;
      if (index != TERMINATOR && index != NAMES_FOLLOW)
        return fail_at (here, "no end of an array", error);
      return end_elements (self, index == NAMES_FOLLOW);
    }

  if (index < array->own.next)
    return fail_at (here, "no index of an array", error);

  array->key = index;
  self->phase = PHASE_VALUE;
  if (array->is_quiet || index == array->own.next)
    array->own.next = index + 1;
  else
    {
      self->holes_end = index;
      self->after_holes = PHASE_VALUE;
      self->phase = PHASE_HOLES;
    }

  return TRUE;
}

static gboolean
next_member (StrataWebkitDecoder  *self,
             GByteArray           *out,
             GCancellable         *cancellable,
             GError              **error)
{
  StrataWebkitFrame *object = get_top (self);
  StrataWebkitStringKind kind;
  StrataWebkitText name;
  guint32 index;

  if (!_strata_webkit_strings_read_head (self->strings, self->window, &kind, &index, &name, cancellable, error))
    return FALSE;

  if (kind == STRATA_WEBKIT_TERMINATOR)
    {
      if (!object->is_quiet)
        put (out, "}");
      _strata_webkit_frames_pop (self->frames);
      return TRUE;
    }

  object->key = index;
  self->phase = PHASE_VALUE;
  if (kind == STRATA_WEBKIT_POOLED)
    return TRUE;

  if (!object->is_quiet)
    return _strata_webkit_strings_pass (self->strings, self->window, index, &name, cancellable, error);

  return _strata_byte_window_skip (self->window, name.bytes, error);
}

/* In a map or set, whose keys and values follow each other until @end. */
static gboolean
next_entry (StrataWebkitDecoder  *self,
            StrataWebkitTag       end,
            GCancellable         *cancellable,
            GError              **error)
{
  const guint8 *tag = _strata_byte_window_look (self->window, 1, cancellable, error);

  if (tag == NULL)
    return FALSE;

  if (*tag == end)
    {
      _strata_byte_window_advance (self->window, 1);
      get_top (self)->kind = STRATA_WEBKIT_FRAME_NAMES;
    }
  else
    self->phase = PHASE_VALUE;

  return TRUE;
}

/* PHASE_NEXT */
static gboolean
go_on (StrataWebkitDecoder  *self,
       GByteArray           *out,
       GCancellable         *cancellable,
       GError              **error)
{
  const StrataWebkitFrame *top = get_top (self);

  if (top == NULL)
    {
      self->has_trailing_bytes = _strata_byte_window_tell (self->window) < _strata_byte_window_get_size (self->window);
      self->phase = PHASE_DONE;
      return TRUE;
    }

  switch ((StrataWebkitFrameKind)top->kind)
    {
    case STRATA_WEBKIT_FRAME_ARRAY:
      return next_element (self, cancellable, error);

    case STRATA_WEBKIT_FRAME_OBJECT:
    case STRATA_WEBKIT_FRAME_NAMES:
      return next_member (self, out, cancellable, error);

    case STRATA_WEBKIT_FRAME_MAP:
      return next_entry (self, STRATA_WEBKIT_TAG_NON_MAP_PROPERTIES, cancellable, error);

    case STRATA_WEBKIT_FRAME_SET:
      return next_entry (self, STRATA_WEBKIT_TAG_NON_SET_PROPERTIES, cancellable, error);

    case STRATA_WEBKIT_FRAME_DETOUR:
    default:
      end_detour (self);
      return TRUE;
    }
}

/* To the first value, with nothing met. */
static void
rewind_to_value (StrataWebkitDecoder *self)
{
  _strata_webkit_strings_clear (self->strings);
  _strata_webkit_pool_clear (self->objects);
  _strata_webkit_frames_clear (self->frames);
  self->foreign.n_images = 0;
  _strata_byte_window_seek (self->window, sizeof (guint32));
  self->phase = PHASE_VALUE;
}

static gboolean step (StrataWebkitDecoder  *self,
                      GByteArray           *out,
                      GCancellable         *cancellable,
                      GError              **error);

static gboolean
check_memory (StrataWebkitDecoder  *self,
              GError              **error)
{
  if (_strata_webkit_pool_get_memory (self->objects) +
      _strata_webkit_pool_get_memory (_strata_webkit_strings_get_pool (self->strings)) <= MAX_POOL_BYTES)
    return TRUE;

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The value has too many strings and objects");

  return FALSE;
}

typedef enum
{
  SCAN_FITS,    /* the value ends where its bytes end */
  SCAN_CUT,     /* the bytes end before it does */
  SCAN_FLAWED,
} ScanResult;

/* Goes through all of the value as if its arrays ended so. */
static gboolean
scan (StrataWebkitDecoder  *self,
      gboolean              ends_twice,
      ScanResult           *out_result,
      GCancellable         *cancellable,
      GError              **error)
{
  g_autoptr(GError) local_error = NULL;
  gboolean ok = TRUE;

  rewind_to_value (self);
  self->ends_twice = ends_twice;
  self->is_scanning = TRUE;
  while (ok && self->phase != PHASE_DONE)
    ok = step (self, NULL, cancellable, &local_error) && check_memory (self, &local_error);
  self->is_scanning = FALSE;

  if (!ok && !_strata_file_is_content_error (local_error))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (ok)
    *out_result = self->has_trailing_bytes ? SCAN_FLAWED : SCAN_FITS;
  else
    *out_result = _strata_byte_window_take_shortfall (self->window) ? SCAN_CUT : SCAN_FLAWED;
  self->has_trailing_bytes = FALSE;

  return TRUE;
}

/* Versions 12 and 14 were written with arrays that end once, and with ones that
 * end twice. One that is damaged either way is read as its version says, unless
 * only the other way leads to its end.
 */
static gboolean
settle_ends (StrataWebkitDecoder  *self,
             GCancellable         *cancellable,
             GError              **error)
{
  ScanResult once, twice = SCAN_FLAWED;

  if (!scan (self, FALSE, &once, cancellable, error) ||
      (once != SCAN_FITS && !scan (self, TRUE, &twice, cancellable, error)))
    return FALSE;

  self->ends_twice = twice < once;
  rewind_to_value (self);

  return TRUE;
}

static gboolean
settle_version (StrataWebkitDecoder  *self,
                guint32               version,
                GCancellable         *cancellable,
                GError              **error)
{
  guint32 major = MAJOR_VERSION (version), minor = MINOR_VERSION (version);
  ScanResult result;

  self->foreign.version = major;
  self->ends_twice = major >= LAST_VERSION || (major == 12 && minor == 1);

  if (major == 0)
    return fail_at (0, "no version", error);

  if ((major == 12 || major == 14) && minor == 0)
    return settle_ends (self, cancellable, error);

  if (major <= LAST_VERSION && (minor == 0 || (major == 12 && minor == 1)))
    return TRUE;

  if (!scan (self, TRUE, &result, cancellable, error))
    return FALSE;
  rewind_to_value (self);
  if (result != SCAN_FITS)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "The value is of version %u.%u, which this program does not know", major, minor);
      return FALSE;
    }

  return TRUE;
}

/* PHASE_START */
static gboolean
start (StrataWebkitDecoder  *self,
       GCancellable         *cancellable,
       GError              **error)
{
  guint32 version;
  guint64 size;

  if (!g_seekable_seek (G_SEEKABLE (self->base), 0, G_SEEK_END, cancellable, error))
    return FALSE;

  size = (guint64)g_seekable_tell (G_SEEKABLE (self->base));
  self->max_work = self->max_work_set > 0 ? self->max_work_set : MAX_WORK_FREE + MAX_WORK_FACTOR * size;
  self->window = _strata_byte_window_new (self->base, size);
  self->strings = _strata_webkit_strings_new (self->base, size);
  self->foreign = (StrataWebkitForeign) {
    .window = self->window,
    .strings = self->strings,
    .objects = self->objects,
  };

  if (!_strata_byte_window_read_u32 (self->window, &version, cancellable, error))
    return FALSE;
  rewind_to_value (self);

  return settle_version (self, version, cancellable, error);
}

static gboolean
step (StrataWebkitDecoder  *self,
      GByteArray           *out,
      GCancellable         *cancellable,
      GError              **error)
{
  switch (self->phase)
    {
    case PHASE_START:
      return start (self, cancellable, error);

    case PHASE_VALUE:
      return begin_value (self, out, cancellable, error);

    case PHASE_BODY:
      return do_body (self, out, cancellable, error);

    case PHASE_TEXT:
      return do_text (self, out, cancellable, error);

    case PHASE_HOLES:
      return do_holes (self, out);

    case PHASE_NEXT:
      return go_on (self, out, cancellable, error);

    case PHASE_DONE:
    default:
      return TRUE;
    }
}

gboolean
_strata_webkit_decoder_step (StrataWebkitDecoder  *self,
                             GByteArray           *out,
                             GCancellable         *cancellable,
                             GError              **error)
{
  guint length = out->len;

  if (!step (self, out, cancellable, error))
    return FALSE;

  self->work += out->len - length;
  if (self->work > self->max_work)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "The value refers to its own parts too often: more than %" G_GUINT64_FORMAT " bytes would come of it",
                   self->max_work);
      return FALSE;
    }

  return check_memory (self, error);
}
