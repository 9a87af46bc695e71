/* strata-search-hit.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-search-hit-private.h"

/**
 * StrataSearchHit:
 *
 * A moment that was found, with all that is needed to open it: its session, the
 * item in it and when that was. The snippet is read from the files when
 * [method@Strata.Search.load_snippet] asks for it.
 *
 * Threads: any.
 */
G_DEFINE_FINAL_TYPE (StrataSearchHit, strata_search_hit, G_TYPE_OBJECT)

static void
strata_search_hit_finalize (GObject *object)
{
  StrataSearchHit *self = STRATA_SEARCH_HIT (object);

  g_free (self->key);
  g_free (self->session);
  g_free (self->session_name);
  g_free (self->item);
  g_free (self->owner);
  g_free (self->snippet);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_search_hit_parent_class)->finalize (object);
}

static void
strata_search_hit_class_init (StrataSearchHitClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_search_hit_finalize;
}

static void
strata_search_hit_init (StrataSearchHit *self)
{
  g_mutex_init (&self->mutex);
  self->session_start_ms = STRATA_TIME_UNKNOWN;
  self->time_ms = STRATA_TIME_UNKNOWN;
  self->offset_ms = STRATA_TIME_UNKNOWN;
}

/**
 * strata_search_hit_get_key:
 *
 * Returns: (nullable): the key of its session; %NULL for a note or task that belongs to none
 */
const char *
strata_search_hit_get_key (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  return self->key;
}

/**
 * strata_search_hit_get_session:
 *
 * Returns: (nullable): the id of its session, as text
 */
const char *
strata_search_hit_get_session (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  return self->session;
}

/**
 * strata_search_hit_get_session_name:
 *
 * Returns: (nullable): the name of its session
 */
const char *
strata_search_hit_get_session_name (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  return self->session_name;
}

/**
 * strata_search_hit_get_session_start_ms:
 *
 * Returns: when its session began, in milliseconds since 1970, or %STRATA_TIME_UNKNOWN
 */
gint64
strata_search_hit_get_session_start_ms (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), STRATA_TIME_UNKNOWN);

  return self->session_start_ms;
}

/**
 * strata_search_hit_get_kind:
 *
 * Returns: (transfer none): `session` for its own text, `transcript`, `screenshot`, `audio`, `chapter`, `chunk`,
 *   `context`, `note` or `task`
 */
const char *
strata_search_hit_get_kind (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  return _strata_kind_get_name (self->kind);
}

/**
 * strata_search_hit_get_item:
 *
 * Returns: (nullable): the id of the screenshot, segment, note, …
 */
const char *
strata_search_hit_get_item (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  return self->item;
}

/**
 * strata_search_hit_get_time_ms:
 *
 * Returns: when it was, in milliseconds since 1970, or %STRATA_TIME_UNKNOWN
 */
gint64
strata_search_hit_get_time_ms (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), STRATA_TIME_UNKNOWN);

  return self->time_ms;
}

/**
 * strata_search_hit_get_offset_ms:
 *
 * Returns: milliseconds from the start of its session, or %STRATA_TIME_UNKNOWN.
 *   Notes are often written after the session, and some clocks went wrong: it may
 *   be beyond the end, or negative.
 */
gint64
strata_search_hit_get_offset_ms (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), STRATA_TIME_UNKNOWN);

  return self->offset_ms;
}

/**
 * strata_search_hit_get_score:
 *
 * Returns: how well it matches; higher is better. 0 for what only filters found.
 */
double
strata_search_hit_get_score (StrataSearchHit *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), 0);

  return self->score;
}

/**
 * strata_search_hit_dup_snippet:
 *
 * Returns: (transfer full) (nullable): some of its text as markup, what was looked
 *   for between `<mark>` and `</mark>`; %NULL while it was not loaded
 */
char *
strata_search_hit_dup_snippet (StrataSearchHit *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->snippet);
}

void
_strata_search_hit_set_snippet (StrataSearchHit *self,
                                char            *snippet)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_free (self->snippet);
  self->snippet = snippet;
}
