/* strata-scalars.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-json-reader-private.h"
#include "strata-scalars.h"

/* What is nested deeper is not for people, and is passed over */
#define MAX_LEVELS 32

typedef struct
{
  StrataJsonReader *reader;
  StrataScalarFunc  func;
  gpointer          user_data;
  GPtrArray        *path;                  /* (element-type utf8), NULL-terminated */
  gboolean          is_object[MAX_LEVELS]; /* of those that were entered */
  guint             depth;
  gboolean          is_over;               /* @func has enough */
} Visit;

static void
push_name (Visit         *visit,
           const GString *token)
{
  g_ptr_array_insert (visit->path, (int)visit->path->len - 1, _strata_json_unquote (token->str, token->len));
}

static void
pop_name (Visit *visit)
{
  g_ptr_array_remove_index (visit->path, visit->path->len - 2);
}

static gboolean
hand_out (Visit           *visit,
          StrataJsonKind   kind,
          GError         **error)
{
  g_autoptr(GString) token = g_string_new (NULL);
  g_autofree char *text = NULL;

  if (!_strata_json_reader_take_string (visit->reader, token, NULL, error))
    return FALSE;

  if (kind == STRATA_JSON_STRING)
    text = _strata_json_unquote (token->str, token->len);
  visit->is_over = !visit->func ((const char *const *)visit->path->pdata, text != NULL ? text : token->str, visit->user_data);

  return TRUE;
}

/* At a value: hands it out, goes inside, or passes over it. */
static gboolean
visit_value (Visit   *visit,
             GError **error)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (visit->reader, &kind, NULL, error))
    return FALSE;
  if (kind == STRATA_JSON_NULL)
    return _strata_json_reader_take (visit->reader, NULL, NULL, NULL, error);
  if (kind != STRATA_JSON_OBJECT && kind != STRATA_JSON_ARRAY)
    return hand_out (visit, kind, error);
  if (visit->depth == MAX_LEVELS)
    return _strata_json_reader_take (visit->reader, NULL, NULL, NULL, error);

  visit->is_object[visit->depth++] = kind == STRATA_JSON_OBJECT;

  return _strata_json_reader_enter (visit->reader, NULL, error);
}

/* Goes to the next value inside what was entered last, or out of it. */
static gboolean
visit_next (Visit    *visit,
            GString  *name,
            GError  **error)
{
  gboolean is_object = visit->is_object[visit->depth - 1];
  gboolean more;

  if (is_object ? !_strata_json_reader_next_member (visit->reader, name, &more, NULL, error)
                : !_strata_json_reader_next_element (visit->reader, &more, NULL, error))
    return FALSE;

  if (!more)
    {
      visit->depth--;
      return TRUE;
    }
  if (is_object)
    push_name (visit, name);

  return visit_value (visit, error);
}

/* The names that are left over from values before: of objects that are still open there is one each,
 * while one of their members is being looked at.
 */
static void
trim_path (Visit *visit)
{
  guint n_names = 0;

  for (guint i = 0; i + 1 < visit->depth; i++)
    n_names += visit->is_object[i] ? 1 : 0;
  while (visit->path->len - 1 > n_names)
    pop_name (visit);
}

/**
 * strata_scalars_visit:
 * @json: JSON text, such as [method@Strata.Item.get_json] gives
 * @func: (scope call): is given each of them
 *
 * Goes through all values of a JSON text, 32 levels deep: what lies deeper is passed over.
 * Takes time in proportion to its length, and waits for nothing.
 *
 * Returns: %TRUE, also where @func had enough; or %FALSE with @error set,
 *   %STRATA_ERROR_SYNTAX where it is no JSON: what came before was handed out
 */
gboolean
strata_scalars_visit (GBytes            *json,
                      StrataScalarFunc   func,
                      gpointer           user_data,
                      GError           **error)
{
  g_autoptr(GPtrArray) path = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(StrataJsonReader) reader = NULL;
  Visit visit = { .func = func, .user_data = user_data, .path = path };
  gsize length;
  const char *text;

  g_return_val_if_fail (json != NULL, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  text = g_bytes_get_data (json, &length);
  reader = _strata_json_reader_new_for_data (text, length);
  visit.reader = reader;
  g_ptr_array_add (path, NULL);
  if (!visit_value (&visit, error))
    return FALSE;

  while (visit.depth > 0 && !visit.is_over)
    {
      trim_path (&visit);
      if (!visit_next (&visit, name, error))
        return FALSE;
    }

  return visit.is_over || _strata_json_reader_finish (reader, NULL, error);
}
