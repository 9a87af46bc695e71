/* strata-start-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-compat.h"
#include "strata-spinner.h"
#include "strata-start-page.h"

/**
 * StrataStartPage:
 *
 * What is to be seen while the new storage is being opened, and why it can't be.
 *
 * Threads: the main one only.
 */
struct _StrataStartPage
{
  StrataPage     parent_instance;

  /* Template children */
  GtkStack      *stack;
  AdwStatusPage *failed_page;
};

G_DEFINE_FINAL_TYPE (StrataStartPage, strata_start_page, STRATA_TYPE_PAGE)

static void
strata_start_page_store_changed (StrataPage     *page,
                                 StrataAppStore *store)
{
  StrataStartPage *self = STRATA_START_PAGE (page);
  StrataAppStoreState state = strata_app_store_get_state (store);
  g_autofree char *escaped = NULL;

  strata_page_set_available (page, state == STRATA_APP_STORE_OPENING || state == STRATA_APP_STORE_FAILED);
  switch (state)
    {
    case STRATA_APP_STORE_OPENING:
      gtk_stack_set_visible_child_name (self->stack, "opening");
      break;

    case STRATA_APP_STORE_ABSENT:
    case STRATA_APP_STORE_OPEN:
      break;

    case STRATA_APP_STORE_FAILED:
      escaped = g_markup_escape_text (strata_app_store_get_message (store), -1);
      adw_status_page_set_description (self->failed_page, escaped);
      gtk_stack_set_visible_child_name (self->stack, "failed");
      break;

    default:
      g_assert_not_reached ();
    }
}

static void
try_again (GtkWidget  *widget,
           const char *action_name,
           GVariant   *parameter)
{
  strata_app_store_open (strata_page_get_app_store (STRATA_PAGE (widget)));
}

static void
strata_start_page_dispose (GObject *object)
{
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_START_PAGE);

  G_OBJECT_CLASS (strata_start_page_parent_class)->dispose (object);
}

static void
strata_start_page_class_init (StrataStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_start_page_dispose;
  STRATA_PAGE_CLASS (klass)->store_changed = strata_start_page_store_changed;

  g_type_ensure (STRATA_TYPE_SPINNER);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataStartPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataStartPage, failed_page);
  gtk_widget_class_install_action (widget_class, "start.try-again", NULL, try_again);
}

static void
strata_start_page_init (StrataStartPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  strata_compat_tell_only_visible_page (self->stack);
}
