/* strata-sidebar-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-sidebar-row.h"

/**
 * StrataSidebarRow:
 *
 * A page of the window, in the sidebar.
 *
 * Threads: the main one only.
 */
struct _StrataSidebarRow
{
  GtkListBoxRow  parent_instance;

  StrataPage    *page;
};

enum {
  PROP_0,
  PROP_PAGE,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataSidebarRow, strata_sidebar_row, GTK_TYPE_LIST_BOX_ROW)

static GParamSpec *properties[N_PROPS];

static char *
format_count_cb (GtkWidget *widget,
                 guint      count)
{
  return g_strdup_printf ("%u", count);
}

static gboolean
is_not_zero_cb (GtkWidget *widget,
                guint      count)
{
  return count != 0;
}

static void
strata_sidebar_row_dispose (GObject *object)
{
  StrataSidebarRow *self = STRATA_SIDEBAR_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_SIDEBAR_ROW);

  G_OBJECT_CLASS (strata_sidebar_row_parent_class)->dispose (object);

  /* Only now do the bindings of the template look away from it */
  g_clear_object (&self->page);
}

static void
strata_sidebar_row_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  StrataSidebarRow *self = STRATA_SIDEBAR_ROW (object);

  switch (prop_id)
    {
    case PROP_PAGE:
      g_value_set_object (value, self->page);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_sidebar_row_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  StrataSidebarRow *self = STRATA_SIDEBAR_ROW (object);

  switch (prop_id)
    {
    case PROP_PAGE:
      self->page = g_value_dup_object (value);
      /* Not in the template: GTK 4.8 trips over an object that watches itself when it goes */
      g_object_bind_property (self->page, "available", self, "visible", G_BINDING_SYNC_CREATE);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_sidebar_row_class_init (StrataSidebarRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_sidebar_row_dispose;
  object_class->get_property = strata_sidebar_row_get_property;
  object_class->set_property = strata_sidebar_row_set_property;

  properties[PROP_PAGE] =
    g_param_spec_object ("page", NULL, NULL, STRATA_TYPE_PAGE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-sidebar-row.ui");
  gtk_widget_class_bind_template_callback (widget_class, format_count_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_not_zero_cb);
}

static void
strata_sidebar_row_init (StrataSidebarRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_sidebar_row_new (StrataPage *page)
{
  return g_object_new (STRATA_TYPE_SIDEBAR_ROW, "page", page, NULL);
}

StrataPage *
strata_sidebar_row_get_page (StrataSidebarRow *self)
{
  g_return_val_if_fail (STRATA_IS_SIDEBAR_ROW (self), NULL);

  return self->page;
}
