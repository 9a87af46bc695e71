/* strata-edit-lists.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "strata-edit-internal-private.h"
#include "strata-part-read-private.h"
#include "strata-value-stream-private.h"

static gboolean
fail_unsuitable (StrataList   list,
                 GError     **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "What the session has as “%s” is no list",
               _strata_list_get_info (list)->name);

  return FALSE;
}

/* The text of a value that is not an array in parts; @out_bytes keeps it where it was loaded. */
static gboolean
get_text (int                    dir,
          const StrataManifest  *manifest,
          const StrataMember    *member,
          const char           **out_text,
          gsize                 *out_length,
          GBytes               **out_bytes,
          GError               **error)
{
  *out_bytes = NULL;
  *out_text = member->value;
  *out_length = member->length;
  if (member->value != NULL)
    return TRUE;

  *out_bytes = _strata_part_load (dir, manifest, g_ptr_array_index (member->parts, 0), error);
  if (*out_bytes == NULL)
    return FALSE;
  *out_text = g_bytes_get_data (*out_bytes, out_length);

  return TRUE;
}

gboolean
_strata_edit_check_list (int                    dir,
                         const StrataManifest  *manifest,
                         GPtrArray             *members,
                         StrataList             list,
                         GError               **error)
{
  const StrataListInfo *info = _strata_list_get_info (list);
  guint place = _strata_members_find (members, info->member);
  const StrataMember *member = place != G_MAXUINT ? g_ptr_array_index (members, place) : NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) find_error = NULL;
  const char *text;
  gsize length, start, end;

  if (member == NULL || member->inner->len > 0)
    return TRUE;
  if (info->inner == NULL || _strata_member_is_array (member))
    return (info->inner == NULL && _strata_member_is_array (member)) || fail_unsuitable (list, error);

  if (!get_text (dir, manifest, member, &text, &length, &bytes, error))
    return FALSE;
  if (_strata_list_find_inner (text, length, info->inner, &start, &end, &find_error))
    return TRUE;
  if (g_error_matches (find_error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE))
    return fail_unsuitable (list, error);
  g_propagate_error (error, g_steal_pointer (&find_error));

  return FALSE;
}

/* Extending */

/* The member that is or has the list, made where there is none; its place in @out_place. */
static StrataMember *
ensure_member (StrataEdit           *self,
               const StrataListInfo *info,
               guint                *out_place)
{
  StrataMember *member;

  *out_place = _strata_members_find (self->members, info->member);
  if (*out_place != G_MAXUINT)
    return g_ptr_array_index (self->members, *out_place);

  member = _strata_member_new (info->member);
  member->value = info->inner != NULL ? g_strdup_printf ("{%s:[]}", info->inner) : g_strdup ("[]");
  member->length = strlen (member->value);
  *out_place = self->members->len;
  g_ptr_array_add (self->members, member);

  return member;
}

/* What stands between the brackets of a small array becomes the first run. */
static void
add_inline_run (GArray     *runs,
                const char *text,
                gsize       length)
{
  StrataRun run = { text + 1, length - 2, 0 };
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  gboolean more = TRUE;

  if (length == 2)
    return;

  if (_strata_json_reader_enter (reader, NULL, NULL))
    while (_strata_json_reader_next_element (reader, &more, NULL, NULL) && more)
      run.items++;
  g_array_append_val (runs, run);
}

static gboolean
extend_member (StrataEdit    *self,
               StrataMember  *member,
               guint          place,
               GArray        *runs,
               GError       **error)
{
  g_autoptr(GArray) all = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  g_autofree char *kind = member->parts->len > 0 ? g_strdup (((const StrataPart *)g_ptr_array_index (member->parts, 0))->kind)
                                                 : _strata_edit_make_kind (self, place);
  StrataPart like = { .kind = kind, .name = member->name };

  if (member->value != NULL)
    add_inline_run (all, member->value, member->length);
  g_array_append_vals (all, runs->data, runs->len);
  if (!_strata_edit_extend_parts (self, member->parts, &like, all, error))
    return FALSE;

  g_clear_pointer (&member->value, g_free);
  member->length = 0;

  return TRUE;
}

/* Gives a member another value, small or as a part of its own. */
static gboolean
put_text (StrataEdit    *self,
          StrataMember  *member,
          const char    *text,
          gsize          length,
          GError       **error)
{
  if (member->parts->len > 0)
    return _strata_edit_stage_part (self, g_ptr_array_index (member->parts, 0), text, length, error);

  g_free (member->value);
  member->value = g_strndup (text, length);
  member->length = length;

  return TRUE;
}

/* Takes the elements out of the list inside a value, so that they can be parts:
 * the value has an empty list then, and @out_at says where it is.
 */
static gboolean
split_inner (StrataEdit    *self,
             StrataMember  *member,
             const char    *inner,
             GString       *elements,
             guint64       *out_at,
             GError       **error)
{
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GString) frame = g_string_new (NULL);
  const char *text;
  gsize length, start, end;

  if (!get_text (self->dir, self->base, member, &text, &length, &bytes, error) ||
      !_strata_list_find_inner (text, length, inner, &start, &end, error))
    return FALSE;

  if (end == 0)
    {
      g_string_append_len (frame, text, (gssize)length - 1);
      g_string_append_printf (frame, "%s%s:[]}", length > 2 ? "," : "", inner);
      *out_at = frame->len - 2;
    }
  else
    {
      g_string_append_len (elements, text + start, (gssize)(end - start));
      g_string_append_len (frame, text, (gssize)start + 1);
      g_string_append_len (frame, text + end - 1, (gssize)(length - end + 1));
      *out_at = start + 1;
    }

  return put_text (self, member, frame->str, frame->len, error);
}

static gboolean
extend_inner (StrataEdit            *self,
              StrataMember          *member,
              guint                  place,
              const StrataListInfo  *info,
              GArray                *runs,
              GError               **error)
{
  g_autoptr(GArray) all = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  g_autoptr(GString) elements = g_string_new (NULL);
  g_autofree char *outer = NULL;
  g_autofree char *inner_name = g_strndup (info->inner + 1, strlen (info->inner) - 2);
  g_autofree char *kind = NULL;
  StrataPart like = { .name = member->name, .is_inner = TRUE };

  if (member->inner->len > 0)
    {
      const StrataPart *first = g_ptr_array_index (member->inner, 0);

      like.kind = first->kind;
      like.at = first->at;
      /* It may be joined with what comes, and freed then */
      kind = g_strdup (like.kind);
    }
  else
    {
      if (!split_inner (self, member, info->inner, elements, &like.at, error))
        return FALSE;
      outer = member->parts->len > 0 ? g_strdup (((const StrataPart *)g_ptr_array_index (member->parts, 0))->kind)
                                     : _strata_edit_make_kind (self, place);
      kind = g_strconcat (outer, "-", inner_name, NULL);
      if (elements->len > 0)
        add_inline_run (all, elements->str, elements->len);
    }
  like.kind = kind;
  g_array_append_vals (all, runs->data, runs->len);

  return _strata_edit_extend_parts (self, member->inner, &like, all, error);
}

gboolean
_strata_edit_extend (StrataEdit  *self,
                     StrataList   list,
                     GArray      *runs,
                     GError     **error)
{
  const StrataListInfo *info = _strata_list_get_info (list);
  StrataMember *member;
  guint place;

  if (!_strata_edit_check_list (self->dir, self->base, self->members, list, error))
    return FALSE;

  self->is_replaced = FALSE;
  member = ensure_member (self, info, &place);

  return info->inner != NULL ? extend_inner (self, member, place, info, runs, error)
                             : extend_member (self, member, place, runs, error);
}

/* Single items */

/* Whether the element at the reader has that id; its text is added to @text. */
static gboolean
element_has_id (const GString *text,
                const char    *id)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr(StrataJsonMembers) members =
    text->str[0] == '{' ? _strata_json_members_parse (text->str, text->len, names, NULL) : NULL;
  g_autofree char *string = members != NULL ? _strata_json_members_dup_string (members, "id") : NULL;
  const char *raw = members != NULL ? _strata_json_members_get_raw (members, "id") : NULL;

  return g_strcmp0 (string, id) == 0 || (string == NULL && g_strcmp0 (raw, id) == 0);
}

typedef struct
{
  const char *id;       /* look for the element with this id; NULL: */
  guint64     index;    /*   for the one at this place */
  guint64     passed;   /* elements that came by */
  gboolean    is_found;
  gsize       start;    /* where it is in the array's text */
  gsize       end;
  GString    *element;  /* its text */
} Search;

/* Looks through the text of an array. */
static gboolean
search_array (Search      *search,
              const char  *text,
              gsize        length,
              GError     **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  StrataJsonPosition position;
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      if (!more)
        return TRUE;
      _strata_json_reader_get_position (reader, &position);
      search->start = (gsize)position.offset;
      g_string_truncate (search->element, 0);
      if (!_strata_json_reader_take_string (reader, search->element, NULL, error))
        return FALSE;
      _strata_json_reader_get_position (reader, &position);
      search->end = (gsize)position.offset;
      if (search->id != NULL ? element_has_id (search->element, search->id) : search->passed == search->index)
        {
          search->is_found = TRUE;
          return TRUE;
        }
      search->passed++;
    }

  return FALSE;
}

/* Where a list's elements are: parts, or a stretch of a value's text */
typedef struct
{
  StrataMember *member;
  guint         place;
  GPtrArray    *parts;   /* NULL: in the text, from @start to @end */
  gsize         start;
  gsize         end;
} Elements;

/* @out_elements->member NULL: the session has no such list */
static gboolean
find_elements (StrataEdit  *self,
               StrataList   list,
               Elements    *out_elements,
               GError     **error)
{
  const StrataListInfo *info = _strata_list_get_info (list);
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize length;

  memset (out_elements, 0, sizeof *out_elements);
  out_elements->place = _strata_members_find (self->members, info->member);
  if (out_elements->place == G_MAXUINT || !_strata_edit_check_list (self->dir, self->base, self->members, list, NULL))
    return TRUE;

  out_elements->member = g_ptr_array_index (self->members, out_elements->place);
  if (info->inner == NULL)
    {
      out_elements->parts = out_elements->member->parts->len > 0 ? out_elements->member->parts : NULL;
      out_elements->end = out_elements->member->length;
      return TRUE;
    }
  if (out_elements->member->inner->len > 0)
    {
      out_elements->parts = out_elements->member->inner;
      return TRUE;
    }

  if (!get_text (self->dir, self->base, out_elements->member, &text, &length, &bytes, error) ||
      !_strata_list_find_inner (text, length, info->inner, &out_elements->start, &out_elements->end, error))
    return FALSE;
  if (out_elements->end == 0)
    out_elements->member = NULL;

  return TRUE;
}

/* What is left of an array's text without the element that was found */
static char *
without (const Search *search,
         const char   *text,
         gsize         length,
         gsize        *out_length)
{
  gsize start = search->start, end = search->end;
  GString *rest = g_string_new (NULL);

  if (text[end] == ',')
    end++;
  else if (text[start - 1] == ',')
    start--;
  g_string_append_len (rest, text, (gssize)start);
  g_string_append_len (rest, text + end, (gssize)(length - end));
  *out_length = rest->len;

  return g_string_free (rest, FALSE);
}

/* Exchanges the text of one part; one without elements goes. */
static gboolean
put_part (StrataEdit      *self,
          const Elements  *elements,
          guint            index,
          const char      *text,
          gsize            length,
          gint64           more_items,
          GError         **error)
{
  StrataPart *part = g_ptr_array_index (elements->parts, index);

  if (length > 2)
    {
      part->items = (guint64)((gint64)part->items + more_items);
      return _strata_edit_stage_part (self, part, text, length, error);
    }

  _strata_edit_discard_part (self, part);
  g_ptr_array_remove_index (elements->parts, index);
  if (elements->parts->len == 0 && elements->parts == elements->member->parts)
    {
      elements->member->value = g_strdup ("[]");
      elements->member->length = 2;
    }

  return TRUE;
}

/* Exchanges the array that stands inside a value's text. */
static gboolean
put_stretch (StrataEdit      *self,
             const Elements  *elements,
             const char      *array,
             gsize            array_length,
             GError         **error)
{
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GString) value = g_string_new (NULL);
  const char *text;
  gsize length;

  if (!get_text (self->dir, self->base, elements->member, &text, &length, &bytes, error))
    return FALSE;

  g_string_append_len (value, text, (gssize)elements->start);
  g_string_append_len (value, array, (gssize)array_length);
  g_string_append_len (value, text + elements->end, (gssize)(length - elements->end));

  return put_text (self, elements->member, value->str, value->len, error);
}

/* Searches all the elements' texts; what was found is in @out_text, part @out_part. */
static gboolean
search_elements (StrataEdit      *self,
                 const Elements  *elements,
                 Search          *search,
                 GBytes         **out_text,
                 guint           *out_part,
                 GError         **error)
{
  g_autoptr(GBytes) bytes = NULL;
  const char *text;
  gsize length;

  *out_text = NULL;
  *out_part = 0;
  if (elements->parts == NULL)
    {
      if (!get_text (self->dir, self->base, elements->member, &text, &length, &bytes, error))
        return FALSE;
      *out_text = g_bytes_new (text + elements->start, elements->end - elements->start);
      return search_array (search, g_bytes_get_data (*out_text, NULL), g_bytes_get_size (*out_text), error);
    }

  for (; *out_part < elements->parts->len; (*out_part)++)
    {
      const StrataPart *part = g_ptr_array_index (elements->parts, *out_part);

      /* Looking for a place needs no text of those before it */
      if (search->id == NULL && search->passed + part->items <= search->index && *out_part + 1 < elements->parts->len)
        {
          search->passed += part->items;
          continue;
        }
      g_clear_pointer (out_text, g_bytes_unref);
      *out_text = _strata_part_load (self->dir, self->base, part, error);
      if (*out_text == NULL ||
          !search_array (search, g_bytes_get_data (*out_text, NULL), g_bytes_get_size (*out_text), error))
        return FALSE;
      if (search->is_found)
        return TRUE;
    }
  *out_part = elements->parts->len - 1;

  return TRUE;
}

/* Exchanges the text of the array that was searched. */
static gboolean
put_array (StrataEdit      *self,
           const Elements  *elements,
           guint            part,
           const char      *text,
           gsize            length,
           gint64           more_items,
           GError         **error)
{
  self->is_replaced = FALSE;

  return elements->parts != NULL ? put_part (self, elements, part, text, length, more_items, error)
                                 : put_stretch (self, elements, text, length, error);
}

gboolean
_strata_edit_take_item (StrataEdit  *self,
                        const char  *id,
                        StrataList  *out_list,
                        guint64     *out_index,
                        char       **out_text,
                        GError     **error)
{
  g_autoptr(GString) element = g_string_new (NULL);

  for (guint i = 0; i < STRATA_N_LISTS; i++)
    {
      Search search = { .id = id, .element = element };
      g_autoptr(GBytes) text = NULL;
      g_autofree char *rest = NULL;
      Elements elements;
      gsize length;
      guint part;

      if (!find_elements (self, (StrataList)i, &elements, error))
        return FALSE;
      if (elements.member == NULL)
        continue;
      if (!search_elements (self, &elements, &search, &text, &part, error))
        return FALSE;
      if (!search.is_found)
        continue;

      rest = without (&search, g_bytes_get_data (text, NULL), g_bytes_get_size (text), &length);
      *out_list = (StrataList)i;
      *out_index = search.passed;
      *out_text = g_strndup (element->str, element->len);
      return _strata_edit_note_removed_text (self, element->str, element->len, error) &&
             put_array (self, &elements, part, rest, length, -1, error);
    }

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The session has no item “%s”", id);

  return FALSE;
}

/* Whether the list has that very element already: it was never taken out, or was put back. */
static gboolean
check_is_absent (StrataEdit      *self,
                 const Elements  *elements,
                 const char      *text,
                 GError         **error)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (text, strlen (text), names, error);
  g_autofree char *string = NULL;
  g_autoptr(GString) element = g_string_new (NULL);
  g_autoptr(GBytes) found = NULL;
  Search search = { .element = element };
  guint part;

  if (members == NULL)
    return FALSE;
  string = _strata_json_members_dup_string (members, "id");
  search.id = string != NULL ? string : _strata_json_members_get_raw (members, "id");
  if (search.id == NULL)
    return TRUE;
  if (!search_elements (self, elements, &search, &found, &part, error))
    return FALSE;
  if (!search.is_found)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "The session has an item “%s”", search.id);

  return FALSE;
}

gboolean
_strata_edit_put_item (StrataEdit  *self,
                       StrataList   list,
                       guint64      index,
                       const char  *text,
                       GError     **error)
{
  g_autoptr(GString) element = g_string_new (NULL);
  g_autoptr(GString) array = NULL;
  g_autoptr(GBytes) old = NULL;
  Search search = { .index = index, .element = element };
  Elements elements;
  gsize length, at;
  guint part;

  if (!_strata_edit_check_list (self->dir, self->base, self->members, list, error) ||
      !find_elements (self, list, &elements, error))
    return FALSE;

  if (elements.member == NULL || (elements.parts == NULL && elements.end - elements.start <= 2))
    {
      g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (StrataRun));
      StrataRun run = { text, strlen (text), 1 };

      g_array_append_val (runs, run);
      return _strata_edit_extend (self, list, runs, error);
    }

  if (!check_is_absent (self, &elements, text, error) ||
      !search_elements (self, &elements, &search, &old, &part, error))
    return FALSE;

  length = g_bytes_get_size (old);
  at = search.is_found ? search.start : length - 1;
  array = g_string_new_len (g_bytes_get_data (old, NULL), (gssize)at);
  g_string_append_printf (array, "%s%s%s", search.is_found ? "" : ",", text, search.is_found ? "," : "");
  g_string_append_len (array, (const char *)g_bytes_get_data (old, NULL) + at, (gssize)(length - at));

  return put_array (self, &elements, part, array->str, array->len, 1, error);
}
