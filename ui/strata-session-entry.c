/* strata-session-entry.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-wording.h"
#include "strata-session-entry.h"

/**
 * StrataSessionEntry:
 *
 * A row of a [class@StrataSessionList]: a session, or the day above the first one
 * of that day. Immutable.
 *
 * Threads: any.
 */
struct _StrataSessionEntry
{
  GObject            parent_instance;

  StrataSessionInfo *info;
  gboolean           is_day;
};

G_DEFINE_FINAL_TYPE (StrataSessionEntry, strata_session_entry, G_TYPE_OBJECT)

static void
strata_session_entry_finalize (GObject *object)
{
  StrataSessionEntry *self = STRATA_SESSION_ENTRY (object);

  strata_session_info_unref (self->info);

  G_OBJECT_CLASS (strata_session_entry_parent_class)->finalize (object);
}

static void
strata_session_entry_class_init (StrataSessionEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_session_entry_finalize;
}

static void
strata_session_entry_init (StrataSessionEntry *self)
{
}

/**
 * strata_session_entry_new:
 *
 * Returns: (transfer full): the row of a session
 */
StrataSessionEntry *
strata_session_entry_new (StrataSessionInfo *info)
{
  StrataSessionEntry *self = g_object_new (STRATA_TYPE_SESSION_ENTRY, NULL);

  self->info = strata_session_info_ref (info);

  return self;
}

/**
 * strata_session_entry_new_day:
 * @first: the first session of that day
 *
 * Returns: (transfer full): the heading over it
 */
StrataSessionEntry *
strata_session_entry_new_day (StrataSessionInfo *first)
{
  StrataSessionEntry *self = strata_session_entry_new (first);

  self->is_day = TRUE;

  return self;
}

gboolean
strata_session_entry_is_day (StrataSessionEntry *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_ENTRY (self), FALSE);

  return self->is_day;
}

/**
 * strata_session_entry_get_info:
 *
 * Returns: (transfer none): the session; of a day the first
 */
StrataSessionInfo *
strata_session_entry_get_info (StrataSessionEntry *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_ENTRY (self), NULL);

  return self->info;
}

/**
 * strata_session_entry_format_title:
 *
 * Returns: (transfer full): what to call a session, which may have no name
 */
char *
strata_session_entry_format_title (const StrataSessionInfo *info)
{
  g_autofree char *name = info->name != NULL ? g_strstrip (g_strdup (info->name)) : NULL;

  return name != NULL && *name != '\0' ? g_steal_pointer (&name) : g_strdup (_("Session without a name"));
}

/**
 * strata_session_entry_dup_title:
 *
 * Returns: (transfer full): the session's name, or the day
 */
char *
strata_session_entry_dup_title (StrataSessionEntry *self)
{
  g_autoptr(GDateTime) start = NULL;

  g_return_val_if_fail (STRATA_IS_SESSION_ENTRY (self), NULL);

  if (!self->is_day)
    return strata_session_entry_format_title (self->info);

  start = strata_wording_parse_time (self->info->start);

  return start != NULL ? strata_wording_day (start) : g_strdup (_("Without a date"));
}

/**
 * strata_session_entry_dup_facts:
 *
 * Returns: (transfer full): one line on a session: when, how long, how much
 */
char *
strata_session_entry_dup_facts (StrataSessionEntry *self)
{
  g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GDateTime) start = NULL;
  g_autoptr(GDateTime) end = NULL;

  g_return_val_if_fail (STRATA_IS_SESSION_ENTRY (self), NULL);

  start = strata_wording_parse_time (self->info->start);
  end = strata_wording_parse_time (self->info->end);
  if (start != NULL)
    g_ptr_array_add (facts, strata_wording_time (start));
  if (start != NULL && end != NULL && g_date_time_difference (end, start) > 0)
    g_ptr_array_add (facts, strata_wording_duration (g_date_time_difference (end, start) / G_TIME_SPAN_SECOND));
  if (self->info->screenshots > 0)
    g_ptr_array_add (facts, g_strdup_printf (ngettext ("%lu screenshot", "%lu screenshots", (gulong)self->info->screenshots),
                                             (gulong)self->info->screenshots));
  if (self->info->audio_segments > 0)
    g_ptr_array_add (facts, g_strdup_printf (ngettext ("%lu recording", "%lu recordings", (gulong)self->info->audio_segments),
                                             (gulong)self->info->audio_segments));
  g_ptr_array_add (facts, g_format_size (self->info->bytes_stored));
  if (self->info->recovered)
    g_ptr_array_add (facts, g_strdup (_("found again")));
  g_ptr_array_add (facts, NULL);

  return g_strjoinv (" · ", (char **)facts->pdata);
}
