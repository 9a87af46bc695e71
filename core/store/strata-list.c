/* strata-list.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-reader-private.h"
#include "strata-list-private.h"

static const StrataListInfo infos[STRATA_N_LISTS] = {
  [STRATA_LIST_SCREENSHOTS] = { "screenshots", "\"screenshots\"", NULL },
  [STRATA_LIST_AUDIO_SEGMENTS] = { "audioSegments", "\"audioSegments\"", NULL },
  [STRATA_LIST_VIDEO_CHUNKS] = { "video.chunks", "\"video\"", "\"chunks\"" },
  [STRATA_LIST_CONTEXT_ITEMS] = { "contextItems", "\"contextItems\"", NULL },
};

const StrataListInfo *
_strata_list_get_info (StrataList list)
{
  g_assert (list < STRATA_N_LISTS);

  return &infos[list];
}

gboolean
_strata_list_from_name (const char *name,
                        gsize       length,
                        StrataList *out_list)
{
  for (guint i = 0; i < STRATA_N_LISTS; i++)
    if (strlen (infos[i].name) == length && memcmp (infos[i].name, name, length) == 0)
      {
        *out_list = (StrataList)i;
        return TRUE;
      }

  return FALSE;
}

static gboolean
fail_unsuitable (const char  *what,
                 GError     **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "The list would have to stand in %s", what);

  return FALSE;
}

/* Inside the object: looks for the member, and passes over all others. */
static gboolean
find_member (StrataJsonReader  *reader,
             const char        *inner,
             gsize             *out_start,
             gsize             *out_end,
             GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  StrataJsonPosition position;
  StrataJsonKind kind;
  gboolean more;

  while (_strata_json_reader_next_member (reader, name, &more, NULL, error))
    {
      gboolean is_it = more && strcmp (name->str, inner) == 0;

      if (!more)
        return TRUE;
      if (!_strata_json_reader_peek (reader, &kind, NULL, error))
        return FALSE;
      if (is_it && kind != STRATA_JSON_ARRAY)
        return fail_unsuitable ("an array", error);

      _strata_json_reader_get_position (reader, &position);
      if (is_it)
        *out_start = (gsize)position.offset;
      if (!_strata_json_reader_take (reader, NULL, NULL, NULL, error))
        return FALSE;
      _strata_json_reader_get_position (reader, &position);
      if (is_it)
        *out_end = (gsize)position.offset;
    }

  return FALSE;
}

gboolean
_strata_list_find_inner (const char  *text,
                         gsize        length,
                         const char  *inner,
                         gsize       *out_start,
                         gsize       *out_end,
                         GError     **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);

  *out_start = 0;
  *out_end = 0;
  if (length == 0 || text[0] != '{')
    return fail_unsuitable ("an object", error);

  return _strata_json_reader_enter (reader, NULL, error) && find_member (reader, inner, out_start, out_end, error);
}
