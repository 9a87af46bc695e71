/* strata-facts.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-facts-private.h"
#include "strata-moment-private.h"

/* Nobody types more to choose by */
#define MAX_VALUE 1024

static void
facet_free (StrataFacet *facet)
{
  g_free (facet->value);
  g_free (facet);
}

StrataFacts *
_strata_facts_new (void)
{
  StrataFacts *self = g_new0 (StrataFacts, 1);

  self->start_ms = STRATA_TIME_NONE;
  self->end_ms = STRATA_TIME_NONE;
  self->facets = g_ptr_array_new_with_free_func ((GDestroyNotify)facet_free);
  self->links = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
_strata_facts_free (StrataFacts *self)
{
  g_free (self->id);
  g_free (self->name);
  g_free (self->session_id);
  g_free (self->note_id);
  g_ptr_array_unref (self->facets);
  g_ptr_array_unref (self->links);
  g_free (self);
}

void
_strata_facts_add_facet (StrataFacts *self,
                         StrataField  field,
                         const char  *value)
{
  g_autofree char *text = g_strstrip (g_strdup (value));
  StrataFacet *facet;

  if (*text == '\0')
    return;

  if (strlen (text) > MAX_VALUE)
    *g_utf8_find_prev_char (text, text + MAX_VALUE) = '\0';
  facet = g_new (StrataFacet, 1);
  facet->field = field;
  facet->value = g_steal_pointer (&text);
  g_ptr_array_add (self->facets, facet);
}
