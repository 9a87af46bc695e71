/* strata-spinner.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-spinner.h"

#define SIZE 32

/**
 * StrataSpinner:
 *
 * Turns while it is to be seen. A #GtkSpinner that spins turns in a page of a
 * stack that is not in front as well: nobody sees it, and the window is laid out
 * anew for each frame of it, for as long as it is open.
 *
 * Threads: the main one only.
 */
struct _StrataSpinner
{
  AdwBin parent_instance;
};

G_DEFINE_FINAL_TYPE (StrataSpinner, strata_spinner, ADW_TYPE_BIN)

static void
set_spinning (GtkWidget *widget,
              gboolean   spinning)
{
  gtk_spinner_set_spinning (GTK_SPINNER (adw_bin_get_child (ADW_BIN (widget))), spinning);
}

static void
strata_spinner_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (strata_spinner_parent_class)->map (widget);

  set_spinning (widget, TRUE);
}

static void
strata_spinner_unmap (GtkWidget *widget)
{
  set_spinning (widget, FALSE);

  GTK_WIDGET_CLASS (strata_spinner_parent_class)->unmap (widget);
}

static void
strata_spinner_class_init (StrataSpinnerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->map = strata_spinner_map;
  widget_class->unmap = strata_spinner_unmap;
}

static void
strata_spinner_init (StrataSpinner *self)
{
  GtkWidget *spinner = gtk_spinner_new ();

  gtk_widget_set_size_request (spinner, SIZE, SIZE);
  gtk_widget_set_halign (spinner, GTK_ALIGN_CENTER);
  gtk_widget_set_valign (spinner, GTK_ALIGN_CENTER);
  adw_bin_set_child (ADW_BIN (self), spinner);
}
