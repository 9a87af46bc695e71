/* strata-elements.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "strata-elements-private.h"

/* Where an element is in the text, in bytes. */
typedef struct
{
  guint64 start;
  guint64 length;
} Place;

/**
 * StrataElements:
 *
 * The text of one part of a session, and the elements in it.
 *
 * A part that holds a value which is no array has no elements, only text.
 *
 * Elements are slices: each one that is held keeps the text of the whole part in
 * memory, about 1 MiB.
 *
 * Immutable; shared by reference counts. Threads: any, nothing waits.
 */
struct _StrataElements
{
  GBytes  *text;
  GBytes  *index;   /* array of Place */
  guint    skip;
  guint64  first;
};

G_DEFINE_BOXED_TYPE (StrataElements, strata_elements, strata_elements_ref, strata_elements_unref)

/* Indexing */

static guint64
get_offset (StrataJsonReader *reader)
{
  StrataJsonPosition position;

  _strata_json_reader_get_position (reader, &position);

  return position.offset;
}

/* At a value: takes it, and says where it stands. */
static gboolean
pass_value (StrataJsonReader  *reader,
            Place             *out_place,
            GError           **error)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return FALSE;
  out_place->start = get_offset (reader);
  if (!_strata_json_reader_take (reader, NULL, NULL, NULL, error))
    return FALSE;
  out_place->length = get_offset (reader) - out_place->start;

  return TRUE;
}

static gboolean
add_places (StrataJsonReader  *reader,
            GArray            *places,
            GError           **error)
{
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    return TRUE;
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (TRUE)
    {
      Place place;

      if (!_strata_json_reader_next_element (reader, &more, NULL, error))
        return FALSE;
      if (!more)
        return TRUE;

      if (!pass_value (reader, &place, error))
        return FALSE;
      g_array_append_val (places, place);
    }
}

GBytes *
_strata_elements_make_index (GBytes  *text,
                             GError **error)
{
  gsize size;
  const char *data = g_bytes_get_data (text, &size);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (data, size);
  g_autoptr(GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_autoptr(GError) read_error = NULL;
  gsize n_bytes;

  if (!add_places (reader, places, &read_error) || !_strata_json_reader_finish (reader, NULL, &read_error))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A part is not what it should be: %s", read_error->message);
      return NULL;
    }

  n_bytes = (gsize)places->len * sizeof (Place);

  return g_bytes_new_take (g_array_free (g_steal_pointer (&places), FALSE), n_bytes);
}

guint
_strata_elements_count (GBytes *index)
{
  return (guint)(g_bytes_get_size (index) / sizeof (Place));
}

guint
_strata_elements_count_common (GBytes *a_text,
                               GBytes *a_index,
                               GBytes *b_text,
                               GBytes *b_index)
{
  const Place *a = g_bytes_get_data (a_index, NULL);
  const Place *b = g_bytes_get_data (b_index, NULL);
  const char *a_data = g_bytes_get_data (a_text, NULL);
  const char *b_data = g_bytes_get_data (b_text, NULL);
  guint most = MIN (_strata_elements_count (a_index), _strata_elements_count (b_index));
  guint n = 0;

  while (n < most && a[n].length == b[n].length && memcmp (a_data + a[n].start, b_data + b[n].start, (gsize)a[n].length) == 0)
    n++;

  return n;
}

char *
_strata_element_dup_id (GBytes *element)
{
  static const char *const names[] = { "id", NULL };
  gsize size;
  const char *text = g_bytes_get_data (element, &size);
  g_autoptr(StrataJsonMembers) members = NULL;
  const char *raw;

  if (size == 0 || text[0] != '{')
    return NULL;

  members = _strata_json_members_parse (text, size, names, NULL);
  raw = members != NULL ? _strata_json_members_get_raw (members, "id") : NULL;
  if (raw != NULL && (*raw == '-' || g_ascii_isdigit (*raw)))
    return g_strdup (raw);

  return members != NULL ? _strata_json_members_dup_string (members, "id") : NULL;
}

/* Using */

StrataElements *
_strata_elements_new (GBytes  *text,
                      GBytes  *index,
                      guint    skip,
                      guint64  first)
{
  StrataElements *self = g_atomic_rc_box_new0 (StrataElements);

  g_assert (skip <= _strata_elements_count (index));
  self->text = g_bytes_ref (text);
  self->index = g_bytes_ref (index);
  self->skip = skip;
  self->first = first;

  return self;
}

StrataElements *
strata_elements_ref (StrataElements *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
elements_clear (StrataElements *self)
{
  g_bytes_unref (self->text);
  g_bytes_unref (self->index);
}

void
strata_elements_unref (StrataElements *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)elements_clear);
}

/**
 * strata_elements_get_text:
 *
 * Returns: (transfer none): the part's JSON text, minified: an array of whole
 *   elements, or a value
 */
GBytes *
strata_elements_get_text (StrataElements *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * strata_elements_get_first:
 *
 * Returns: the place of the first of these elements among all of the member,
 *   from 0
 */
guint64
strata_elements_get_first (StrataElements *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->first;
}

/**
 * strata_elements_get_n_elements:
 *
 * Returns: how many elements there are
 */
guint
strata_elements_get_n_elements (StrataElements *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return _strata_elements_count (self->index) - self->skip;
}

static const Place *
get_place (StrataElements *self,
           guint           index)
{
  const Place *places = g_bytes_get_data (self->index, NULL);

  return places + self->skip + index;
}

/**
 * strata_elements_dup_element:
 * @index: from 0
 *
 * Returns: (transfer full): the JSON text of that element, minified; not copied
 */
GBytes *
strata_elements_dup_element (StrataElements *self,
                             guint           index)
{
  const Place *place;

  g_return_val_if_fail (self != NULL && index < strata_elements_get_n_elements (self), NULL);

  place = get_place (self, index);

  return g_bytes_new_from_bytes (self->text, (gsize)place->start, (gsize)place->length);
}

/**
 * strata_elements_dup_id:
 * @index: from 0
 *
 * Returns: (transfer full) (nullable): the element's id as text, a number as its
 *   digits; %NULL where it has none, or it is something else
 */
char *
strata_elements_dup_id (StrataElements *self,
                        guint           index)
{
  g_autoptr(GBytes) element = NULL;

  g_return_val_if_fail (self != NULL && index < strata_elements_get_n_elements (self), NULL);

  element = strata_elements_dup_element (self, index);

  return _strata_element_dup_id (element);
}
