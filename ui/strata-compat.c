/* strata-compat.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-compat.h"

static void
tell (GtkStack *stack)
{
  g_autoptr(GtkSelectionModel) pages = gtk_stack_get_pages (stack);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (pages)); i++)
    {
      g_autoptr(GObject) page = g_list_model_get_item (G_LIST_MODEL (pages), i);
      GtkWidget *child = gtk_stack_page_get_child (GTK_STACK_PAGE (page));

      gtk_accessible_update_state (GTK_ACCESSIBLE (child),
                                   GTK_ACCESSIBLE_STATE_HIDDEN, child != gtk_stack_get_visible_child (stack),
                                   -1);
    }
}

/**
 * strata_compat_tell_only_visible_page:
 * @stack: one that has its pages
 *
 * From now on assistive technologies are told only of the page in front: GTK
 * 4.8 tells them of all pages, as if all were there to be used.
 */
void
strata_compat_tell_only_visible_page (GtkStack *stack)
{
  g_return_if_fail (GTK_IS_STACK (stack));

  g_signal_connect (stack, "notify::visible-child", G_CALLBACK (tell), NULL);
  tell (stack);
}
