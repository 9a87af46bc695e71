/* strata-job-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-job-row.h"

/* So often a bar without a measure moves */
#define PULSE_MS 150

/**
 * StrataJobRow:
 *
 * Something to be done to the store, from a button to its result: what it is,
 * what became of it last, and while it runs how far it is, *Pause* where that
 * is possible, and *Cancel*.
 *
 * Threads: the main one only.
 */
struct _StrataJobRow
{
  AdwPreferencesRow  parent_instance;

  gboolean           is_running;
  gboolean           is_paused;
  gboolean           can_pause;
  guint              pulse_source;
  char              *description;
  char              *run_label;

  /* Template children */
  GtkLabel          *message;
  GtkProgressBar    *bar;
  GtkButton         *run_button;
  GtkButton         *extra_button;
  GtkButton         *pause_button;
  GtkButton         *resume_button;
  GtkButton         *cancel_button;
};

enum {
  PROP_0,
  PROP_DESCRIPTION,
  PROP_RUN_LABEL,
  PROP_CAN_PAUSE,
  N_PROPS
};

enum {
  RUN,
  EXTRA,
  PAUSE,
  RESUME,
  CANCEL,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (StrataJobRow, strata_job_row, ADW_TYPE_PREFERENCES_ROW)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

static gboolean
pulse_cb (gpointer user_data)
{
  StrataJobRow *self = user_data;

  gtk_progress_bar_pulse (self->bar);

  return G_SOURCE_CONTINUE;
}

/* A bar moves only while something does, and nobody asked for still pictures. */
static void
set_pulsing (StrataJobRow *self,
             gboolean      pulsing)
{
  gboolean animate = TRUE;

  g_object_get (gtk_widget_get_settings (GTK_WIDGET (self)), "gtk-enable-animations", &animate, NULL);
  if (pulsing && animate && self->pulse_source == 0)
    self->pulse_source = g_timeout_add (PULSE_MS, pulse_cb, self);
  else if (!pulsing || !animate)
    g_clear_handle_id (&self->pulse_source, g_source_remove);
}

static void
show_message (StrataJobRow *self,
              const char   *message)
{
  gtk_label_set_label (self->message, message);
  gtk_widget_show (GTK_WIDGET (self->message));
}

static void
update_buttons (StrataJobRow *self)
{
  gtk_widget_set_visible (GTK_WIDGET (self->bar), self->is_running);
  gtk_widget_set_visible (GTK_WIDGET (self->run_button), !self->is_running);
  gtk_widget_set_visible (GTK_WIDGET (self->pause_button), self->is_running && self->can_pause && !self->is_paused);
  gtk_widget_set_visible (GTK_WIDGET (self->resume_button), self->is_running && self->can_pause && self->is_paused);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), self->is_running);
  gtk_widget_set_sensitive (GTK_WIDGET (self->cancel_button), TRUE);
  if (self->is_running)
    gtk_widget_set_visible (GTK_WIDGET (self->extra_button), FALSE);
}

/**
 * strata_job_row_begin:
 * @message: what is being done
 */
void
strata_job_row_begin (StrataJobRow *self,
                      const char   *message)
{
  g_return_if_fail (STRATA_IS_JOB_ROW (self));

  self->is_running = TRUE;
  self->is_paused = FALSE;
  strata_job_row_set_progress (self, -1, message);
  update_buttons (self);
}

/**
 * strata_job_row_set_progress:
 * @fraction: 1 is all; less than 0: not known
 * @message: (nullable): what is being done; %NULL: the same
 */
void
strata_job_row_set_progress (StrataJobRow *self,
                             double        fraction,
                             const char   *message)
{
  g_return_if_fail (STRATA_IS_JOB_ROW (self));

  set_pulsing (self, fraction < 0);
  if (fraction >= 0)
    gtk_progress_bar_set_fraction (self->bar, MIN (fraction, 1));
  if (message != NULL)
    show_message (self, message);
}

/**
 * strata_job_row_set_paused:
 * @paused: whether *Resume* takes the place of *Pause*
 */
void
strata_job_row_set_paused (StrataJobRow *self,
                           gboolean      paused)
{
  g_return_if_fail (STRATA_IS_JOB_ROW (self));

  if (self->is_paused == paused)
    return;

  self->is_paused = paused;
  update_buttons (self);
}

/**
 * strata_job_row_end:
 * @message: what became of it
 */
void
strata_job_row_end (StrataJobRow *self,
                    const char   *message)
{
  g_return_if_fail (STRATA_IS_JOB_ROW (self));

  self->is_running = FALSE;
  set_pulsing (self, FALSE);
  show_message (self, message);
  update_buttons (self);
}

/**
 * strata_job_row_set_extra:
 * @label: (nullable): of a second button, which goes on from the result; %NULL: there is none
 */
void
strata_job_row_set_extra (StrataJobRow *self,
                          const char   *label)
{
  g_return_if_fail (STRATA_IS_JOB_ROW (self));

  if (label != NULL)
    gtk_button_set_label (self->extra_button, label);
  gtk_widget_set_visible (GTK_WIDGET (self->extra_button), label != NULL);
}

gboolean
strata_job_row_is_running (StrataJobRow *self)
{
  g_return_val_if_fail (STRATA_IS_JOB_ROW (self), FALSE);

  return self->is_running;
}

/* Buttons */

static void
run_cb (StrataJobRow *self)
{
  if (!self->is_running)
    g_signal_emit (self, signals[RUN], 0);
}

static void
extra_cb (StrataJobRow *self)
{
  if (!self->is_running)
    g_signal_emit (self, signals[EXTRA], 0);
}

static void
pause_cb (StrataJobRow *self)
{
  g_signal_emit (self, signals[PAUSE], 0);
}

static void
resume_cb (StrataJobRow *self)
{
  g_signal_emit (self, signals[RESUME], 0);
}

static void
cancel_cb (StrataJobRow *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->cancel_button), FALSE);
  g_signal_emit (self, signals[CANCEL], 0);
}

/* GObject */

static void
strata_job_row_dispose (GObject *object)
{
  StrataJobRow *self = STRATA_JOB_ROW (object);

  g_clear_handle_id (&self->pulse_source, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_JOB_ROW);

  G_OBJECT_CLASS (strata_job_row_parent_class)->dispose (object);
}

static void
strata_job_row_finalize (GObject *object)
{
  StrataJobRow *self = STRATA_JOB_ROW (object);

  g_free (self->description);
  g_free (self->run_label);

  G_OBJECT_CLASS (strata_job_row_parent_class)->finalize (object);
}

static void
strata_job_row_get_property (GObject    *object,
                             guint       prop_id,
                             GValue     *value,
                             GParamSpec *pspec)
{
  StrataJobRow *self = STRATA_JOB_ROW (object);

  switch (prop_id)
    {
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;

    case PROP_RUN_LABEL:
      g_value_set_string (value, self->run_label);
      break;

    case PROP_CAN_PAUSE:
      g_value_set_boolean (value, self->can_pause);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_job_row_set_property (GObject      *object,
                             guint         prop_id,
                             const GValue *value,
                             GParamSpec   *pspec)
{
  StrataJobRow *self = STRATA_JOB_ROW (object);

  switch (prop_id)
    {
    case PROP_DESCRIPTION:
      self->description = g_value_dup_string (value);
      break;

    case PROP_RUN_LABEL:
      self->run_label = g_value_dup_string (value);
      break;

    case PROP_CAN_PAUSE:
      self->can_pause = g_value_get_boolean (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static guint
add_signal (StrataJobRowClass *klass,
            const char        *name)
{
  return g_signal_new (name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_job_row_class_init (StrataJobRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = strata_job_row_dispose;
  object_class->finalize = strata_job_row_finalize;
  object_class->get_property = strata_job_row_get_property;
  object_class->set_property = strata_job_row_set_property;

  properties[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  properties[PROP_RUN_LABEL] = g_param_spec_string ("run-label", NULL, NULL, NULL, flags);
  properties[PROP_CAN_PAUSE] = g_param_spec_boolean ("can-pause", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  signals[RUN] = add_signal (klass, "run");
  signals[EXTRA] = add_signal (klass, "extra");
  signals[PAUSE] = add_signal (klass, "pause");
  signals[RESUME] = add_signal (klass, "resume");
  signals[CANCEL] = add_signal (klass, "cancel");

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-job-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, message);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, bar);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, run_button);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, extra_button);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, pause_button);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, resume_button);
  gtk_widget_class_bind_template_child (widget_class, StrataJobRow, cancel_button);
  gtk_widget_class_bind_template_callback (widget_class, run_cb);
  gtk_widget_class_bind_template_callback (widget_class, extra_cb);
  gtk_widget_class_bind_template_callback (widget_class, pause_cb);
  gtk_widget_class_bind_template_callback (widget_class, resume_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
}

static void
strata_job_row_init (StrataJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  update_buttons (self);
}
