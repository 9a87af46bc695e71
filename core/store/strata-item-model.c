/* strata-item-model.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-elements-private.h"
#include "strata-item-model.h"
#include "strata-item-private.h"
#include "strata-session-private.h"

/* Parts that are loaded at the same time; the others wait, the last asked for first */
#define MAX_RUNNING 2

/* A part that rows wait for. */
typedef struct
{
  guint     piece;
  gboolean  running;
  gboolean  for_count;  /* the model itself waits for it, to know how many there are */
  GArray   *positions;  /* (element-type guint): of the rows that asked */
  GList     link;       /* in the queue, until it is running */
} Request;

/**
 * StrataItemModel:
 *
 * The elements of one member of a session as a list, such as its screenshots.
 *
 * How many there are is known at once. A row is made when somebody asks for it,
 * and lives as long as somebody holds it: a list of 100,000 rows is a number. Its
 * part is loaded by another thread, unless the store's cache has it; then the
 * row says so ([class@Strata.Item]). Rows that are not held any more when their
 * part's turn comes are passed over, so that scrolling fast reads little.
 *
 * When the session is found to be changed, the list follows: parts that are as
 * they were keep their rows.
 *
 * Threads: the one whose default main context it was made in, which must be the
 * one that the session was opened in; nothing waits.
 */
struct _StrataItemModel
{
  GObject             parent_instance;

  /* Set at construction, never changed after */
  StrataSession      *session;
  char               *member;
  GCancellable       *cancellable;

  StrataSnapshot     *snapshot;
  const StrataPieces *pieces;       /* of @snapshot; NULL: there is no such member */
  guint               serial;       /* of @snapshot */
  guint               n_items;
  GHashTable         *living;       /* position → StrataItem, borrowed */

  GHashTable         *requests;     /* piece → Request, those that are running too */
  GQueue              queue;        /* links of those that are not */
  guint               n_running;    /* those of snapshots before too */

  /* What was loaded last: the next rows are mostly of it too */
  StrataElements     *recent;
  guint               recent_piece;
};

enum
{
  PROP_0,
  PROP_SESSION,
  PROP_MEMBER,
  PROP_N_ITEMS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void list_model_iface_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataItemModel, strata_item_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_iface_init))

static void
request_free (gpointer data)
{
  Request *request = data;

  g_array_unref (request->positions);
  g_free (request);
}

/* Pieces */

static guint
find_piece (StrataItemModel *self,
            guint            position)
{
  return self->pieces->is_value ? 0 : _strata_pieces_find_piece (self->pieces, position);
}

/* Returns: (transfer none) (nullable): the piece, if it is in memory */
static StrataElements *
find_elements (StrataItemModel *self,
               guint            piece)
{
  StrataElements *found;

  if (self->recent != NULL && self->recent_piece == piece)
    return self->recent;

  found = _strata_session_peek_piece (self->session, self->snapshot, self->pieces, piece);
  if (found != NULL)
    {
      g_clear_pointer (&self->recent, strata_elements_unref);
      self->recent = found;
      self->recent_piece = piece;
    }

  return found;
}

static void
set_n_items (StrataItemModel *self,
             guint64          n_items)
{
  self->n_items = (guint)MIN (n_items, G_MAXUINT - 1);
}

/* Makes the model one of the session as it is now. */
static void
take_snapshot (StrataItemModel *self,
               StrataSnapshot  *snapshot)
{
  g_clear_pointer (&self->snapshot, _strata_snapshot_unref);
  g_clear_pointer (&self->recent, strata_elements_unref);
  g_hash_table_remove_all (self->requests);
  g_queue_init (&self->queue);
  self->snapshot = snapshot;
  self->pieces = _strata_snapshot_find_pieces (snapshot, self->member);
  self->serial++;
  set_n_items (self, self->pieces != NULL ? _strata_pieces_get_n_items (self->pieces) : 0);
}

/* Loading */

typedef struct
{
  StrataSnapshot     *snapshot;
  const StrataPieces *pieces;
  guint               piece;
  guint               serial;
  GWeakRef            model;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  _strata_snapshot_unref (load->snapshot);
  g_weak_ref_clear (&load->model);
  g_free (load);
}

static gboolean
has_become_another (StrataSession        *session,
                    const StrataSnapshot *known)
{
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (session);

  return snapshot != known;
}

/* Returns NULL without an error where the session has become another. */
static void
load_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  StrataSession *session = source_object;
  Load *load = task_data;
  StrataElements *elements = NULL;

  for (guint tries = 0; elements == NULL; tries++)
    {
      GError *failure = NULL;
      GError *error = NULL;

      elements = _strata_session_load_piece (session, load->snapshot, load->pieces, load->piece, 0, cancellable, &failure);
      if (elements != NULL)
        break;
      if (!_strata_session_try_again (session, load->snapshot, tries, failure, &error))
        {
          g_task_return_error (task, error);
          return;
        }
      if (has_become_another (session, load->snapshot))
        break;
    }

  g_task_return_pointer (task, elements, (GDestroyNotify)strata_elements_unref);
}

static void start_loading (StrataItemModel *self);
static void follow_session (StrataItemModel *self);

/* Hands out what came; @elements NULL: it can't be read. */
static void
answer (StrataItemModel *self,
        Request         *request,
        StrataElements  *elements,
        const GError    *error)
{
  for (guint i = 0; i < request->positions->len; i++)
    {
      guint position = g_array_index (request->positions, guint, i);
      StrataItem *item = g_hash_table_lookup (self->living, GUINT_TO_POINTER (position));

      if (item == NULL || strata_item_get_loaded (item))
        continue;

      g_object_ref (item);
      if (elements != NULL)
        _strata_item_fill (item, elements, position - (guint)strata_elements_get_first (elements));
      else
        _strata_item_fail (item, error);
      g_object_unref (item);
    }
}

/* A short array that lies in a part which does not say how many elements it has */
static void
count_elements (StrataItemModel *self,
                StrataElements  *elements)
{
  set_n_items (self, strata_elements_get_n_elements (elements));
  if (self->n_items == 0)
    return;

  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, self->n_items);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

static void
finish_request (StrataItemModel *self,
                guint            piece,
                StrataElements  *elements,
                const GError    *error)
{
  Request *request = NULL;

  if (!g_hash_table_steal_extended (self->requests, GUINT_TO_POINTER (piece), NULL, (gpointer *)&request))
    return;

  if (elements != NULL)
    {
      g_clear_pointer (&self->recent, strata_elements_unref);
      self->recent = strata_elements_ref (elements);
      self->recent_piece = piece;
    }
  if (elements != NULL && request->for_count)
    count_elements (self, elements);
  answer (self, request, elements, error);
  request_free (request);
}

static void
loaded_cb (GObject      *source_object,
           GAsyncResult *result,
           gpointer      user_data)
{
  Load *load = g_task_get_task_data (G_TASK (result));
  g_autoptr(StrataItemModel) self = g_weak_ref_get (&load->model);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataElements) elements = g_task_propagate_pointer (G_TASK (result), &error);

  if (self == NULL || g_cancellable_is_cancelled (self->cancellable))
    return;

  self->n_running--;
  if (load->serial == self->serial && elements == NULL && error == NULL)
    follow_session (self);
  else if (load->serial == self->serial)
    finish_request (self, load->piece, elements, error);
  start_loading (self);
}

static gboolean
somebody_waits (StrataItemModel *self,
                const Request   *request)
{
  if (request->for_count)
    return TRUE;

  for (guint i = 0; i < request->positions->len; i++)
    if (g_hash_table_contains (self->living, GUINT_TO_POINTER (g_array_index (request->positions, guint, i))))
      return TRUE;

  return FALSE;
}

static void
start_one (StrataItemModel *self,
           Request         *request)
{
  g_autoptr(GTask) task = g_task_new (self->session, self->cancellable, loaded_cb, NULL);
  Load *load = g_new0 (Load, 1);

  load->snapshot = _strata_snapshot_ref (self->snapshot);
  load->pieces = self->pieces;
  load->piece = request->piece;
  load->serial = self->serial;
  g_weak_ref_init (&load->model, self);
  request->running = TRUE;
  self->n_running++;
  g_task_set_source_tag (task, start_one);
  g_task_set_task_data (task, load, load_free);
  g_task_run_in_thread (task, load_worker);
}

static void
start_loading (StrataItemModel *self)
{
  while (self->n_running < MAX_RUNNING && self->queue.head != NULL)
    {
      Request *request = self->queue.head->data;

      g_queue_unlink (&self->queue, &request->link);
      if (somebody_waits (self, request))
        start_one (self, request);
      else
        g_hash_table_remove (self->requests, GUINT_TO_POINTER (request->piece));
    }
}

/* Has @piece loaded next. */
static Request *
ask_for (StrataItemModel *self,
         guint            piece)
{
  Request *request = g_hash_table_lookup (self->requests, GUINT_TO_POINTER (piece));

  if (request == NULL)
    {
      request = g_new0 (Request, 1);
      request->piece = piece;
      request->positions = g_array_new (FALSE, FALSE, sizeof (guint));
      request->link.data = request;
      g_hash_table_insert (self->requests, GUINT_TO_POINTER (piece), request);
    }
  else if (!request->running)
    g_queue_unlink (&self->queue, &request->link);

  if (!request->running)
    g_queue_push_head_link (&self->queue, &request->link);

  return request;
}

static void
ask_for_item (StrataItemModel *self,
              guint            position)
{
  Request *request = ask_for (self, find_piece (self, position));

  g_array_append_val (request->positions, position);
  start_loading (self);
}

static void
ask_for_count (StrataItemModel *self)
{
  if (self->pieces == NULL || !self->pieces->is_value)
    return;

  ask_for (self, 0)->for_count = TRUE;
  start_loading (self);
}

/* Following changes */

static gboolean
pieces_are_equal (const StrataSnapshot *a_snapshot,
                  const StrataPieces   *a_pieces,
                  guint                 a,
                  const StrataSnapshot *b_snapshot,
                  const StrataPieces   *b_pieces,
                  guint                 b)
{
  const StrataPart *a_part, *b_part;

  if (_strata_pieces_is_in_memory (a_pieces, a) || _strata_pieces_is_in_memory (b_pieces, b))
    return _strata_pieces_is_in_memory (a_pieces, a) && _strata_pieces_is_in_memory (b_pieces, b) &&
           g_bytes_equal (a_pieces->text, b_pieces->text);

  a_part = _strata_snapshot_get_part (a_snapshot, a_pieces, a);
  b_part = _strata_snapshot_get_part (b_snapshot, b_pieces, b);

  return a_part->items == b_part->items && _strata_digest_equal (&a_part->raw_digest, &b_part->raw_digest);
}

/* Which elements are others: those from @start up to @old_end, which are those up to @new_end now */
typedef struct
{
  guint start;
  guint old_end;
  guint new_end;
} Change;

/* Where what is in memory is all that is left, it can be compared element by
 * element: a list that grows keeps its rows.
 */
static guint
count_common (const StrataPieces *a,
              const StrataPieces *b,
              guint               piece)
{
  if (!_strata_pieces_is_in_memory (a, piece) || !_strata_pieces_is_in_memory (b, piece))
    return 0;

  return _strata_elements_count_common (a->text, a->index, b->text, b->index);
}

/* Compares piece by piece, from both ends. */
static Change
compare_lists (const StrataSnapshot *old_snapshot,
               const StrataPieces   *old,
               guint                 old_n_items,
               const StrataSnapshot *new_snapshot,
               const StrataPieces   *new)
{
  Change change = { 0, old_n_items, new != NULL ? (guint)_strata_pieces_get_n_items (new) : 0 };
  guint first = 0;
  guint old_last, new_last;

  if (old != NULL && new != NULL && old->is_value && new->is_value &&
      pieces_are_equal (old_snapshot, old, 0, new_snapshot, new, 0))
    return (Change) { old_n_items, old_n_items, old_n_items };
  if (old == NULL || new == NULL || old->is_value || new->is_value)
    return change;

  old_last = old->n_pieces;
  new_last = new->n_pieces;
  while (first < old_last && first < new_last && pieces_are_equal (old_snapshot, old, first, new_snapshot, new, first))
    first++;
  while (old_last > first && new_last > first &&
         pieces_are_equal (old_snapshot, old, old_last - 1, new_snapshot, new, new_last - 1))
    {
      old_last--;
      new_last--;
    }

  return (Change) { (guint)old->firsts[first] + count_common (old, new, first),
                    (guint)old->firsts[old_last], (guint)new->firsts[new_last] };
}

/* Returns: (transfer full) (element-type StrataItem) */
static GPtrArray *
dup_living (StrataItemModel *self)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer item;

  g_hash_table_iter_init (&iter, self->living);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    g_ptr_array_add (items, g_object_ref (item));

  return items;
}

/* Rows that stay what they were get their new places; the others are of no model any more. */
static void
move_living (StrataItemModel *self,
             GPtrArray       *items,
             const Change    *change)
{
  g_autoptr(GHashTable) living = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < items->len; i++)
    {
      StrataItem *item = g_ptr_array_index (items, i);
      guint position = strata_item_get_position (item);

      if (position < change->start)
        _strata_item_move (item, living, position);
      else if (position >= change->old_end)
        _strata_item_move (item, living, position - change->old_end + change->new_end);
      else
        _strata_item_move (item, NULL, position);
    }

  g_hash_table_unref (self->living);
  self->living = g_steal_pointer (&living);
}

static void
ask_for_living (StrataItemModel *self)
{
  g_autoptr(GPtrArray) items = dup_living (self);

  for (guint i = 0; i < items->len; i++)
    {
      StrataItem *item = g_ptr_array_index (items, i);

      if (!strata_item_get_loaded (item) && strata_item_get_error (item) == NULL)
        ask_for_item (self, strata_item_get_position (item));
    }
}

/* Becomes a model of the session as it is now. */
static void
follow_session (StrataItemModel *self)
{
  g_autoptr(StrataSnapshot) fresh = _strata_session_dup_snapshot (self->session);
  g_autoptr(GPtrArray) items = NULL;
  guint old_n_items = self->n_items;
  Change change;

  if (fresh == self->snapshot)
    return;

  change = compare_lists (self->snapshot, self->pieces, self->n_items, fresh, _strata_snapshot_find_pieces (fresh, self->member));
  items = dup_living (self);
  take_snapshot (self, g_steal_pointer (&fresh));
  move_living (self, items, &change);
  if (self->pieces != NULL && self->pieces->is_value)
    self->n_items = change.new_end;
  ask_for_living (self);
  if (self->n_items == 0)
    ask_for_count (self);

  if (change.old_end > change.start || change.new_end > change.start)
    g_list_model_items_changed (G_LIST_MODEL (self), change.start, change.old_end - change.start, change.new_end - change.start);
  if (self->n_items != old_n_items)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_ITEMS]);
}

/* The list */

static GType
get_item_type (GListModel *list)
{
  return STRATA_TYPE_ITEM;
}

static guint
get_n_items (GListModel *list)
{
  return STRATA_ITEM_MODEL (list)->n_items;
}

static gpointer
get_item (GListModel *list,
          guint       position)
{
  StrataItemModel *self = STRATA_ITEM_MODEL (list);
  StrataItem *item = g_hash_table_lookup (self->living, GUINT_TO_POINTER (position));
  StrataElements *elements;

  if (item != NULL)
    return g_object_ref (item);
  if (position >= self->n_items)
    return NULL;

  item = _strata_item_new (self->living, position);
  elements = find_elements (self, find_piece (self, position));
  if (elements != NULL)
    _strata_item_fill (item, elements, position - (guint)strata_elements_get_first (elements));
  else
    ask_for_item (self, position);

  return item;
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
strata_item_model_get_property (GObject    *object,
                                guint       prop_id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  StrataItemModel *self = STRATA_ITEM_MODEL (object);

  switch (prop_id)
    {
    case PROP_SESSION:
      g_value_set_object (value, self->session);
      break;
    case PROP_MEMBER:
      g_value_set_string (value, self->member);
      break;
    case PROP_N_ITEMS:
      g_value_set_uint (value, self->n_items);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_item_model_dispose (GObject *object)
{
  StrataItemModel *self = STRATA_ITEM_MODEL (object);

  g_cancellable_cancel (self->cancellable);

  G_OBJECT_CLASS (strata_item_model_parent_class)->dispose (object);
}

static void
strata_item_model_finalize (GObject *object)
{
  StrataItemModel *self = STRATA_ITEM_MODEL (object);

  g_hash_table_unref (self->living);
  g_hash_table_unref (self->requests);
  g_clear_pointer (&self->recent, strata_elements_unref);
  g_clear_pointer (&self->snapshot, _strata_snapshot_unref);
  g_clear_object (&self->session);
  g_clear_object (&self->cancellable);
  g_free (self->member);

  G_OBJECT_CLASS (strata_item_model_parent_class)->finalize (object);
}

static void
strata_item_model_class_init (StrataItemModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_item_model_dispose;
  object_class->finalize = strata_item_model_finalize;
  object_class->get_property = strata_item_model_get_property;

  /**
   * StrataItemModel:session:
   *
   * The session whose elements these are.
   */
  properties[PROP_SESSION] = g_param_spec_object ("session", NULL, NULL, STRATA_TYPE_SESSION, flags);
  /**
   * StrataItemModel:member:
   *
   * The member whose elements these are.
   */
  properties[PROP_MEMBER] = g_param_spec_string ("member", NULL, NULL, NULL, flags);
  /**
   * StrataItemModel:n-items:
   *
   * How many there are.
   */
  properties[PROP_N_ITEMS] = g_param_spec_uint ("n-items", NULL, NULL, 0, G_MAXUINT, 0, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_item_model_init (StrataItemModel *self)
{
  self->cancellable = g_cancellable_new ();
  self->living = g_hash_table_new (NULL, NULL);
  self->requests = g_hash_table_new_full (NULL, NULL, NULL, request_free);
  g_queue_init (&self->queue);
}

/**
 * strata_item_model_new:
 * @session: whose elements
 * @member: a member that is an array, such as `screenshots`
 *
 * Returns: (transfer full): a list that reads nothing yet; an empty one where
 *   the session has no such member
 */
StrataItemModel *
strata_item_model_new (StrataSession *session,
                       const char    *member)
{
  StrataItemModel *self;

  g_return_val_if_fail (STRATA_IS_SESSION (session), NULL);
  g_return_val_if_fail (member != NULL, NULL);

  self = g_object_new (STRATA_TYPE_ITEM_MODEL, NULL);
  self->session = g_object_ref (session);
  self->member = g_strdup (member);
  take_snapshot (self, _strata_session_dup_snapshot (session));
  g_signal_connect_object (session, "changed", G_CALLBACK (follow_session), self, G_CONNECT_SWAPPED);
  ask_for_count (self);

  return self;
}

/**
 * strata_item_model_get_session:
 *
 * Returns: (transfer none): the session whose elements these are
 */
StrataSession *
strata_item_model_get_session (StrataItemModel *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM_MODEL (self), NULL);

  return self->session;
}

/**
 * strata_item_model_get_member:
 *
 * Returns: the member whose elements these are
 */
const char *
strata_item_model_get_member (StrataItemModel *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM_MODEL (self), NULL);

  return self->member;
}
