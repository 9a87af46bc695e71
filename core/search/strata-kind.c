/* strata-kind.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-kind-private.h"

typedef struct
{
  const char *name;
  guint       value;
} Name;

static const char *const kind_names[STRATA_N_KINDS + 1] = {
  "session", "transcript", "screenshot", "audio", "chapter", "chunk", "context", "note", "task", NULL
};

static const char *const has_names[] = {
  "screenshots", "audio", "video", "transcript", "summary", "context", "chapters", "notes", "tasks", "comments", NULL
};

/* What else people say */
static const Name kind_aliases[] = {
  { "screen", 1 << STRATA_KIND_SCREENSHOT },
  { "shot", 1 << STRATA_KIND_SCREENSHOT },
  { "picture", 1 << STRATA_KIND_SCREENSHOT },
  { "segment", 1 << STRATA_KIND_AUDIO },
  { "video", 1 << STRATA_KIND_CHAPTER | 1 << STRATA_KIND_CHUNK },
  { "marker", 1 << STRATA_KIND_CONTEXT },
};

/* Of two words, whether the first is the second or its plural */
static gboolean
is_word (const char *given,
         const char *word)
{
  gsize length = strlen (word);

  if (g_ascii_strncasecmp (given, word, length) != 0)
    return FALSE;

  return given[length] == '\0' || (g_ascii_tolower (given[length]) == 's' && given[length + 1] == '\0');
}

const char *
_strata_kind_get_name (StrataKind kind)
{
  g_assert (kind < STRATA_N_KINDS);

  return kind_names[kind];
}

guint
_strata_kind_parse (const char *name)
{
  for (guint i = 0; i < STRATA_N_KINDS; i++)
    if (is_word (name, kind_names[i]))
      return 1u << i;

  for (guint i = 0; i < G_N_ELEMENTS (kind_aliases); i++)
    if (is_word (name, kind_aliases[i].name))
      return kind_aliases[i].value;

  return 0;
}

guint
_strata_has_parse (const char *name)
{
  for (guint i = 0; has_names[i] != NULL; i++)
    {
      g_autofree char *singular = g_strdup (has_names[i]);
      gsize length = strlen (singular);

      if (g_str_has_suffix (singular, "s"))
        singular[length - 1] = '\0';
      if (is_word (name, singular))
        return 1u << i;
    }

  return 0;
}

const char *const *
_strata_kind_list_names (void)
{
  return kind_names;
}

const char *const *
_strata_has_list_names (void)
{
  return has_names;
}
