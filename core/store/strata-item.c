/* strata-item.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-elements-private.h"
#include "strata-item-private.h"

/**
 * StrataItem:
 *
 * One row of a [class@Strata.ItemModel]: an element of a session's member. It
 * may be there before it is read; then `loaded` is %FALSE, and notified when it
 * becomes %TRUE, as are `id` and `json`. Where it can't be read `error` says why.
 *
 * Threads: the one that uses the model.
 */
struct _StrataItem
{
  GObject     parent_instance;

  GHashTable *living;
  guint       position;
  gboolean    loaded;
  char       *id;
  GBytes     *json;
  GError     *error;
};

enum
{
  PROP_0,
  PROP_POSITION,
  PROP_LOADED,
  PROP_ID,
  PROP_JSON,
  PROP_ERROR,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataItem, strata_item, G_TYPE_OBJECT)

static void
leave (StrataItem *self)
{
  if (self->living != NULL)
    g_hash_table_remove (self->living, GUINT_TO_POINTER (self->position));
  g_clear_pointer (&self->living, g_hash_table_unref);
}

static void
strata_item_dispose (GObject *object)
{
  leave (STRATA_ITEM (object));

  G_OBJECT_CLASS (strata_item_parent_class)->dispose (object);
}

static void
strata_item_finalize (GObject *object)
{
  StrataItem *self = STRATA_ITEM (object);

  g_free (self->id);
  g_clear_pointer (&self->json, g_bytes_unref);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (strata_item_parent_class)->finalize (object);
}

static void
strata_item_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  StrataItem *self = STRATA_ITEM (object);

  switch (prop_id)
    {
    case PROP_POSITION:
      g_value_set_uint (value, self->position);
      break;
    case PROP_LOADED:
      g_value_set_boolean (value, self->loaded);
      break;
    case PROP_ID:
      g_value_set_string (value, strata_item_get_id (self));
      break;
    case PROP_JSON:
      g_value_set_boxed (value, self->json);
      break;
    case PROP_ERROR:
      g_value_set_boxed (value, self->error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_item_class_init (StrataItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_item_dispose;
  object_class->finalize = strata_item_finalize;
  object_class->get_property = strata_item_get_property;

  /**
   * StrataItem:position:
   *
   * Its place among the elements, from 0.
   */
  properties[PROP_POSITION] = g_param_spec_uint ("position", NULL, NULL, 0, G_MAXUINT, 0, flags);
  /**
   * StrataItem:loaded:
   *
   * Whether it was read.
   */
  properties[PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  /**
   * StrataItem:id:
   *
   * The element's id as text.
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * StrataItem:json:
   *
   * The element's JSON text.
   */
  properties[PROP_JSON] = g_param_spec_boxed ("json", NULL, NULL, G_TYPE_BYTES, flags);
  /**
   * StrataItem:error:
   *
   * Why it could not be read.
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_item_init (StrataItem *self)
{
}

StrataItem *
_strata_item_new (GHashTable *living,
                  guint       position)
{
  StrataItem *self = g_object_new (STRATA_TYPE_ITEM, NULL);

  self->living = g_hash_table_ref (living);
  self->position = position;
  g_hash_table_insert (living, GUINT_TO_POINTER (position), self);

  return self;
}

void
_strata_item_move (StrataItem *self,
                   GHashTable *living,
                   guint       position)
{
  gboolean moved = self->position != position;

  leave (self);
  self->position = position;
  if (living != NULL)
    {
      self->living = g_hash_table_ref (living);
      g_hash_table_insert (living, GUINT_TO_POINTER (position), self);
    }
  if (moved)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_POSITION]);
}

void
_strata_item_fill (StrataItem     *self,
                   StrataElements *elements,
                   guint           index)
{
  g_object_freeze_notify (G_OBJECT (self));
  g_clear_pointer (&self->id, g_free);
  g_clear_pointer (&self->json, g_bytes_unref);
  self->json = strata_elements_dup_element (elements, index);
  self->loaded = TRUE;
  if (self->error != NULL)
    {
      g_clear_error (&self->error);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ID]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_JSON]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOADED]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
_strata_item_fail (StrataItem   *self,
                   const GError *error)
{
  g_clear_error (&self->error);
  self->error = g_error_copy (error);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ERROR]);
}

/**
 * strata_item_get_position:
 *
 * Returns: its place among the elements, from 0; that of before, where it is
 *   none of them any more
 */
guint
strata_item_get_position (StrataItem *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM (self), 0);

  return self->position;
}

/**
 * strata_item_get_loaded:
 *
 * Returns: whether it was read
 */
gboolean
strata_item_get_loaded (StrataItem *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM (self), FALSE);

  return self->loaded;
}

/**
 * strata_item_get_id:
 *
 * Returns: (nullable): the element's id as text; %NULL while it is not loaded,
 *   or where it has none
 */
const char *
strata_item_get_id (StrataItem *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM (self), NULL);

  /* Looked for when somebody wants it: many never do */
  if (self->id == NULL && self->json != NULL)
    self->id = _strata_element_dup_id (self->json);

  return self->id;
}

/**
 * strata_item_get_json:
 *
 * Returns: (transfer none) (nullable): the element's JSON text; %NULL while it is not loaded
 */
GBytes *
strata_item_get_json (StrataItem *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM (self), NULL);

  return self->json;
}

/**
 * strata_item_get_error:
 *
 * Returns: (transfer none) (nullable): why it could not be read
 */
const GError *
strata_item_get_error (StrataItem *self)
{
  g_return_val_if_fail (STRATA_IS_ITEM (self), NULL);

  return self->error;
}
