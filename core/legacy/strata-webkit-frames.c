/* strata-webkit-frames.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "json/strata-json-reader-private.h"
#include "strata-webkit-frames-private.h"
#include "strata-webkit-value-private.h"

#define PATH_ENDS 16 /* levels shown of a deep path, at its begin and end each */

struct _StrataWebkitFrames
{
  GArray *frames;   /* StrataWebkitFrame */
  GArray *detours;  /* guint32: which of @frames are detours */
};

/* There may be a million */
G_STATIC_ASSERT (sizeof (StrataWebkitFrame) == 24);

StrataWebkitFrames *
_strata_webkit_frames_new (void)
{
  StrataWebkitFrames *self = g_new0 (StrataWebkitFrames, 1);

  self->frames = g_array_new (FALSE, FALSE, sizeof (StrataWebkitFrame));
  self->detours = g_array_new (FALSE, FALSE, sizeof (guint32));

  return self;
}

void
_strata_webkit_frames_free (StrataWebkitFrames *self)
{
  g_array_unref (self->frames);
  g_array_unref (self->detours);
  g_free (self);
}

void
_strata_webkit_frames_clear (StrataWebkitFrames *self)
{
  g_array_set_size (self->frames, 0);
  g_array_set_size (self->detours, 0);
}

static StrataWebkitFrame *
get_frame (StrataWebkitFrames *self,
           guint               i)
{
  return &g_array_index (self->frames, StrataWebkitFrame, i);
}

gboolean
_strata_webkit_frames_push (StrataWebkitFrames       *self,
                            const StrataWebkitFrame  *frame,
                            GError                  **error)
{
  gboolean is_detour = frame->kind == STRATA_WEBKIT_FRAME_DETOUR;

  if (self->frames->len >= STRATA_WEBKIT_MAX_DEPTH)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP,
                   "The value has more than %d levels", STRATA_WEBKIT_MAX_DEPTH);
      return FALSE;
    }

  if (is_detour && self->detours->len >= STRATA_WEBKIT_MAX_DETOURS)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP,
                   "In the value, more than %d references lead to one another", STRATA_WEBKIT_MAX_DETOURS);
      return FALSE;
    }

  if (is_detour)
    g_array_append_val (self->detours, self->frames->len);
  g_array_append_val (self->frames, *frame);

  return TRUE;
}

void
_strata_webkit_frames_pop (StrataWebkitFrames *self)
{
  if (_strata_webkit_frames_get_top (self)->kind == STRATA_WEBKIT_FRAME_DETOUR)
    g_array_set_size (self->detours, self->detours->len - 1);
  g_array_set_size (self->frames, self->frames->len - 1);
}

StrataWebkitFrame *
_strata_webkit_frames_get_top (StrataWebkitFrames *self)
{
  return self->frames->len > 0 ? get_frame (self, self->frames->len - 1) : NULL;
}

StrataWebkitFrame *
_strata_webkit_frames_get_container (StrataWebkitFrames *self)
{
  guint i = self->frames->len;

  while (i > 0 && get_frame (self, i - 1)->kind == STRATA_WEBKIT_FRAME_DETOUR)
    i--;

  return i > 0 ? get_frame (self, i - 1) : NULL;
}

/* Among the frames from @low to below @high, which have no detour between them. */
static gboolean
find_object (StrataWebkitFrames *self,
             guint               low,
             guint               high,
             guint32             object)
{
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      guint32 number = get_frame (self, middle)->own.object;

      if (number == object)
        return TRUE;
      if (number < object)
        low = middle + 1;
      else
        high = middle;
    }

  return FALSE;
}

gboolean
_strata_webkit_frames_contain (StrataWebkitFrames *self,
                               guint32             object)
{
  guint begin = 0;

  for (guint i = 0; i < self->detours->len; i++)
    {
      guint detour = g_array_index (self->detours, guint32, i);

      if (find_object (self, begin, detour, object))
        return TRUE;
      begin = detour + 1;
    }

  return find_object (self, begin, self->frames->len, object);
}

/* A member's name, behind a dot or in brackets */
static void
append_name (StrataWebkitStrings *strings,
             guint32              key,
             GString             *path)
{
  g_autoptr(GByteArray) token = g_byte_array_new ();
  g_autofree char *name = NULL;
  StrataByteWindow *window;
  StrataWebkitText text;
  gboolean is_word;

  /* Long, or it can't be read again: then something else will tell why */
  if (!_strata_webkit_strings_fetch (strings, key, token, &window, &text, NULL, NULL) || window != NULL)
    {
      g_string_append (path, "[…]");
      return;
    }

  name = _strata_json_unquote ((const char *)token->data, token->len);
  is_word = g_ascii_isalpha (*name) || *name == '_' || *name == '$';
  for (const char *c = name; *c != '\0' && is_word; c++)
    is_word = g_ascii_isalnum (*c) || *c == '_' || *c == '$';

  if (is_word)
    g_string_append_printf (path, ".%s", name);
  else
    g_string_append_printf (path, "[%.*s]", (int)token->len, (const char *)token->data);
}

char *
_strata_webkit_frames_dup_path (StrataWebkitFrames  *self,
                                StrataWebkitStrings *strings)
{
  GString *path = g_string_new ("$");
  guint n = self->frames->len;

  for (guint i = 0; i < n; i++)
    {
      const StrataWebkitFrame *frame = get_frame (self, i);

      if (i == PATH_ENDS && n > 2 * PATH_ENDS)
        {
          g_string_append (path, "…");
          i = n - PATH_ENDS - 1;
        }
      else if (frame->kind == STRATA_WEBKIT_FRAME_ARRAY)
        g_string_append_printf (path, "[%u]", frame->key);
      else if (frame->kind == STRATA_WEBKIT_FRAME_OBJECT)
        append_name (strings, frame->key, path);
    }

  return g_string_free (path, FALSE);
}
