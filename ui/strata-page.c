/* strata-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-page.h"

/**
 * StrataPage:
 *
 * One page of the window. The sidebar lists it by its `title`, `icon-name` and
 * `count` while it is `available`; the window's header bar shows its
 * `header-start`, `header-title` and `header-end` while it is in front, and a
 * way back while it `can-go-back`.
 *
 * Threads: the main one only.
 */
typedef struct
{
  StrataAppStore *store;
  gulong          store_handler;
  char           *title;
  char           *icon_name;
  guint           count;
  gboolean        available;
  gboolean        can_go_back;
  GtkWidget      *header_start;
  GtkWidget      *header_title;
  GtkWidget      *header_end;
} StrataPagePrivate;

enum {
  PROP_0,
  PROP_APP_STORE,
  PROP_TITLE,
  PROP_ICON_NAME,
  PROP_COUNT,
  PROP_AVAILABLE,
  PROP_CAN_GO_BACK,
  PROP_HEADER_START,
  PROP_HEADER_TITLE,
  PROP_HEADER_END,
  N_PROPS
};

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (StrataPage, strata_page, ADW_TYPE_BIN)

static GParamSpec *properties[N_PROPS];

static StrataPagePrivate *
get_private (StrataPage *self)
{
  return strata_page_get_instance_private (self);
}

static void
store_changed_cb (StrataPage     *self,
                  StrataAppStore *store)
{
  StrataPageClass *klass = STRATA_PAGE_GET_CLASS (self);

  if (klass->store_changed != NULL)
    klass->store_changed (self, store);
}

static void
strata_page_set_app_store (StrataPage     *self,
                           StrataAppStore *store)
{
  StrataPagePrivate *priv = get_private (self);

  if (priv->store == store)
    return;

  g_clear_signal_handler (&priv->store_handler, priv->store);
  g_set_object (&priv->store, store);
  if (store != NULL)
    {
      priv->store_handler =
        g_signal_connect_object (store, "changed", G_CALLBACK (store_changed_cb), self, G_CONNECT_SWAPPED);
      store_changed_cb (self, store);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_APP_STORE]);
}

/**
 * strata_page_get_app_store:
 *
 * Returns: (transfer none) (nullable): what the page shows; %NULL before it is in a window
 */
StrataAppStore *
strata_page_get_app_store (StrataPage *self)
{
  g_return_val_if_fail (STRATA_IS_PAGE (self), NULL);

  return get_private (self)->store;
}

const char *
strata_page_get_title (StrataPage *self)
{
  g_return_val_if_fail (STRATA_IS_PAGE (self), NULL);

  return get_private (self)->title;
}

void
strata_page_set_title (StrataPage *self,
                       const char *title)
{
  StrataPagePrivate *priv = get_private (self);

  g_return_if_fail (STRATA_IS_PAGE (self));

  if (g_strcmp0 (priv->title, title) == 0)
    return;

  g_free (priv->title);
  priv->title = g_strdup (title);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

gboolean
strata_page_get_available (StrataPage *self)
{
  g_return_val_if_fail (STRATA_IS_PAGE (self), FALSE);

  return get_private (self)->available;
}

/**
 * strata_page_set_available:
 * @available: whether there is anything to see: the sidebar lists only such pages
 */
void
strata_page_set_available (StrataPage *self,
                           gboolean    available)
{
  StrataPagePrivate *priv = get_private (self);

  g_return_if_fail (STRATA_IS_PAGE (self));

  if (priv->available == available)
    return;

  priv->available = available;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_AVAILABLE]);
}

/**
 * strata_page_set_count:
 * @count: what the sidebar shows beside the title; 0: nothing
 */
void
strata_page_set_count (StrataPage *self,
                       guint       count)
{
  StrataPagePrivate *priv = get_private (self);

  g_return_if_fail (STRATA_IS_PAGE (self));

  if (priv->count == count)
    return;

  priv->count = count;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_COUNT]);
}

gboolean
strata_page_get_can_go_back (StrataPage *self)
{
  g_return_val_if_fail (STRATA_IS_PAGE (self), FALSE);

  return get_private (self)->can_go_back;
}

/**
 * strata_page_set_can_go_back:
 * @can_go_back: whether a view inside the page is open that can be left
 */
void
strata_page_set_can_go_back (StrataPage *self,
                             gboolean    can_go_back)
{
  StrataPagePrivate *priv = get_private (self);

  g_return_if_fail (STRATA_IS_PAGE (self));

  if (priv->can_go_back == can_go_back)
    return;

  priv->can_go_back = can_go_back;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CAN_GO_BACK]);
}

void
strata_page_go_back (StrataPage *self)
{
  StrataPageClass *klass = NULL;

  g_return_if_fail (STRATA_IS_PAGE (self));

  klass = STRATA_PAGE_GET_CLASS (self);
  if (klass->go_back != NULL)
    klass->go_back (self);
}

static void
strata_page_dispose (GObject *object)
{
  StrataPage *self = STRATA_PAGE (object);
  StrataPagePrivate *priv = get_private (self);

  strata_page_set_app_store (self, NULL);
  g_clear_object (&priv->header_start);
  g_clear_object (&priv->header_title);
  g_clear_object (&priv->header_end);

  G_OBJECT_CLASS (strata_page_parent_class)->dispose (object);
}

static void
strata_page_finalize (GObject *object)
{
  StrataPagePrivate *priv = get_private (STRATA_PAGE (object));

  g_free (priv->title);
  g_free (priv->icon_name);

  G_OBJECT_CLASS (strata_page_parent_class)->finalize (object);
}

static void
strata_page_get_property (GObject    *object,
                          guint       prop_id,
                          GValue     *value,
                          GParamSpec *pspec)
{
  StrataPagePrivate *priv = get_private (STRATA_PAGE (object));

  switch (prop_id)
    {
    case PROP_APP_STORE:
      g_value_set_object (value, priv->store);
      break;

    case PROP_TITLE:
      g_value_set_string (value, priv->title);
      break;

    case PROP_ICON_NAME:
      g_value_set_string (value, priv->icon_name);
      break;

    case PROP_COUNT:
      g_value_set_uint (value, priv->count);
      break;

    case PROP_AVAILABLE:
      g_value_set_boolean (value, priv->available);
      break;

    case PROP_CAN_GO_BACK:
      g_value_set_boolean (value, priv->can_go_back);
      break;

    case PROP_HEADER_START:
      g_value_set_object (value, priv->header_start);
      break;

    case PROP_HEADER_TITLE:
      g_value_set_object (value, priv->header_title);
      break;

    case PROP_HEADER_END:
      g_value_set_object (value, priv->header_end);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

/* The page keeps it while another page is in front. */
static void
set_header (StrataPage    *self,
            GtkWidget    **header,
            const GValue  *value,
            GParamSpec    *pspec)
{
  GtkWidget *widget = g_value_get_object (value);

  if (*header == widget)
    return;

  g_clear_object (header);
  if (widget != NULL)
    *header = g_object_ref_sink (widget);
  g_object_notify_by_pspec (G_OBJECT (self), pspec);
}

static void
strata_page_set_property (GObject      *object,
                          guint         prop_id,
                          const GValue *value,
                          GParamSpec   *pspec)
{
  StrataPage *self = STRATA_PAGE (object);
  StrataPagePrivate *priv = get_private (self);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      strata_page_set_app_store (self, g_value_get_object (value));
      break;

    case PROP_TITLE:
      strata_page_set_title (self, g_value_get_string (value));
      break;

    case PROP_ICON_NAME:
      g_free (priv->icon_name);
      priv->icon_name = g_value_dup_string (value);
      g_object_notify_by_pspec (object, pspec);
      break;

    case PROP_COUNT:
      strata_page_set_count (self, g_value_get_uint (value));
      break;

    case PROP_AVAILABLE:
      strata_page_set_available (self, g_value_get_boolean (value));
      break;

    case PROP_CAN_GO_BACK:
      strata_page_set_can_go_back (self, g_value_get_boolean (value));
      break;

    case PROP_HEADER_START:
      set_header (self, &priv->header_start, value, pspec);
      break;

    case PROP_HEADER_TITLE:
      set_header (self, &priv->header_title, value, pspec);
      break;

    case PROP_HEADER_END:
      set_header (self, &priv->header_end, value, pspec);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_page_class_init (StrataPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_page_dispose;
  object_class->finalize = strata_page_finalize;
  object_class->get_property = strata_page_get_property;
  object_class->set_property = strata_page_set_property;

  properties[PROP_APP_STORE] = g_param_spec_object ("app-store", NULL, NULL, STRATA_TYPE_APP_STORE, flags);
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, flags);
  properties[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, flags);
  properties[PROP_COUNT] = g_param_spec_uint ("count", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_AVAILABLE] = g_param_spec_boolean ("available", NULL, NULL, TRUE, flags);
  properties[PROP_CAN_GO_BACK] = g_param_spec_boolean ("can-go-back", NULL, NULL, FALSE, flags);
  properties[PROP_HEADER_START] = g_param_spec_object ("header-start", NULL, NULL, GTK_TYPE_WIDGET, flags);
  properties[PROP_HEADER_TITLE] = g_param_spec_object ("header-title", NULL, NULL, GTK_TYPE_WIDGET, flags);
  properties[PROP_HEADER_END] = g_param_spec_object ("header-end", NULL, NULL, GTK_TYPE_WIDGET, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_page_init (StrataPage *self)
{
  get_private (self)->available = TRUE;
}
