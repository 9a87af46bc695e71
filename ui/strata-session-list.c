/* strata-session-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-wording.h"
#include "strata-session-list.h"

/**
 * StrataSessionList:
 *
 * All sessions, newest first, with the day above the first one of each day.
 *
 * A row is four bytes until somebody asks for it. A list is made by a thread that
 * may wait; the one that is shown then becomes as that is, and only rows that are
 * others change: a view stays where it is.
 *
 * Threads: one at a time; that which shows it the main one.
 */
struct _StrataSessionList
{
  GObject    parent_instance;

  GPtrArray *sessions;   /* (element-type StrataSessionInfo) */
  GArray    *rows;       /* (element-type guint): index of the session, twice; and 1: the session's day */
};

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataSessionList, strata_session_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

/* Rows */

/* Whether a session is the first of its day */
static gboolean
is_other_day (GDateTime *before,
              GDateTime *time)
{
  if (before == NULL || time == NULL)
    return before != time;

  return g_date_time_get_day_of_year (before) != g_date_time_get_day_of_year (time) ||
         g_date_time_get_year (before) != g_date_time_get_year (time);
}

static void
make_rows (StrataSessionList *self)
{
  g_autoptr(GDateTime) before = NULL;

  for (guint i = 0; i < self->sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (self->sessions, i);
      g_autoptr(GDateTime) time = strata_wording_parse_time (info->start);
      guint row = i * 2;

      if (i == 0 || is_other_day (before, time))
        {
          guint day = row + 1;

          g_array_append_val (self->rows, day);
        }
      g_array_append_val (self->rows, row);
      g_clear_pointer (&before, g_date_time_unref);
      before = g_steal_pointer (&time);
    }
}

static const StrataSessionInfo *
get_info (StrataSessionList *self,
          guint              position)
{
  return g_ptr_array_index (self->sessions, g_array_index (self->rows, guint, position) / 2);
}

static gboolean
is_day (StrataSessionList *self,
        guint              position)
{
  return g_array_index (self->rows, guint, position) % 2 == 1;
}

/* Whether two rows look alike */
static gboolean
rows_are_equal (StrataSessionList *a,
                guint              a_position,
                StrataSessionList *b,
                guint              b_position)
{
  const StrataSessionInfo *a_info = get_info (a, a_position);
  const StrataSessionInfo *b_info = get_info (b, b_position);

  if (is_day (a, a_position) != is_day (b, b_position) || g_strcmp0 (a_info->start, b_info->start) != 0)
    return FALSE;
  if (is_day (a, a_position))
    return TRUE;

  return g_str_equal (a_info->key, b_info->key) && g_strcmp0 (a_info->name, b_info->name) == 0 &&
         g_strcmp0 (a_info->end, b_info->end) == 0 && a_info->bytes_stored == b_info->bytes_stored &&
         a_info->screenshots == b_info->screenshots && a_info->audio_segments == b_info->audio_segments;
}

/* The list */

static GType
get_item_type (GListModel *list)
{
  return STRATA_TYPE_SESSION_ENTRY;
}

static guint
get_n_items (GListModel *list)
{
  return STRATA_SESSION_LIST (list)->rows->len;
}

static gpointer
get_item (GListModel *list,
          guint       position)
{
  StrataSessionList *self = STRATA_SESSION_LIST (list);
  StrataSessionInfo *info;

  if (position >= self->rows->len)
    return NULL;

  info = (StrataSessionInfo *)get_info (self, position);

  return is_day (self, position) ? strata_session_entry_new_day (info) : strata_session_entry_new (info);
}

static void
list_model_iface_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

/* The type */

static void
strata_session_list_finalize (GObject *object)
{
  StrataSessionList *self = STRATA_SESSION_LIST (object);

  g_ptr_array_unref (self->sessions);
  g_array_unref (self->rows);

  G_OBJECT_CLASS (strata_session_list_parent_class)->finalize (object);
}

static void
strata_session_list_class_init (StrataSessionListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_session_list_finalize;
}

static void
strata_session_list_init (StrataSessionList *self)
{
  self->rows = g_array_new (FALSE, FALSE, sizeof (guint));
}

/**
 * strata_session_list_new:
 * @sessions: (nullable) (element-type StrataSessionInfo): in the order of their dates
 *
 * Returns: (transfer full): a list of them; it keeps the array, which must not change any more
 */
StrataSessionList *
strata_session_list_new (GPtrArray *sessions)
{
  StrataSessionList *self = g_object_new (STRATA_TYPE_SESSION_LIST, NULL);

  self->sessions = sessions != NULL ? g_ptr_array_ref (sessions) : g_ptr_array_new ();
  make_rows (self);

  return self;
}

/**
 * strata_session_list_become:
 * @fresh: a list as it is now; used up
 *
 * Shows what @fresh does. Rows at both ends that look alike stay what they are.
 */
void
strata_session_list_become (StrataSessionList *self,
                            StrataSessionList *fresh)
{
  guint start = 0;
  guint old_end, new_end;
  GPtrArray *sessions;
  GArray *rows;

  g_return_if_fail (STRATA_IS_SESSION_LIST (self));
  g_return_if_fail (STRATA_IS_SESSION_LIST (fresh));

  old_end = self->rows->len;
  new_end = fresh->rows->len;
  while (start < old_end && start < new_end && rows_are_equal (self, start, fresh, start))
    start++;
  while (old_end > start && new_end > start && rows_are_equal (self, old_end - 1, fresh, new_end - 1))
    {
      old_end--;
      new_end--;
    }

  sessions = self->sessions;
  rows = self->rows;
  self->sessions = fresh->sessions;
  self->rows = fresh->rows;
  fresh->sessions = sessions;
  fresh->rows = rows;
  if (old_end > start || new_end > start)
    g_list_model_items_changed (G_LIST_MODEL (self), start, old_end - start, new_end - start);
}

/**
 * strata_session_list_get_n_sessions:
 *
 * Returns: how many sessions there are, days left out
 */
guint
strata_session_list_get_n_sessions (StrataSessionList *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_LIST (self), 0);

  return self->sessions->len;
}
