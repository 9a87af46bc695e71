/* strata-problem.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-problem.h"

/**
 * StrataProblem:
 *
 * One thing that could not be carried, or not as it was: a stable code, how
 * bad it is, where it stands, and a sentence. Problems never stop the rest.
 *
 * Threads: immutable, may be used from any.
 */
struct _StrataProblem
{
  GObject         parent_instance;

  /* Set at construction, never changed after */
  const char     *code;
  StrataSeverity  severity;
  char           *path;
  char           *session;
  char           *item;
  gint64          offset;
  char           *message;
};

G_DEFINE_FINAL_TYPE (StrataProblem, strata_problem, G_TYPE_OBJECT)

/* Every code there is, as documented in docs/troubleshooting.md */
static const struct
{
  const char     *code;
  StrataSeverity  severity;
} known_codes[] = {
  { "recovered", STRATA_SEVERITY_NOTE },
  { "torn", STRATA_SEVERITY_WARNING },
  { "envelope-invalid", STRATA_SEVERITY_WARNING },
  { "envelope-unknown-version", STRATA_SEVERITY_WARNING },
  { "payload-corrupt", STRATA_SEVERITY_WARNING },
  { "checksum-mismatch", STRATA_SEVERITY_NOTE },
  { "trailing-bytes", STRATA_SEVERITY_NOTE },
  { "encoding-repaired", STRATA_SEVERITY_WARNING },
  { "nesting-too-deep", STRATA_SEVERITY_WARNING },
  { "not-an-array", STRATA_SEVERITY_WARNING },
  { "entry-not-object", STRATA_SEVERITY_WARNING },
  { "session-id-missing", STRATA_SEVERITY_NOTE },
  { "session-id-duplicate", STRATA_SEVERITY_NOTE },
  { "attachment-missing", STRATA_SEVERITY_WARNING },
  { "attachment-data-missing", STRATA_SEVERITY_WARNING },
  { "attachment-meta-missing", STRATA_SEVERITY_NOTE },
  { "attachment-meta-invalid", STRATA_SEVERITY_NOTE },
  { "attachment-data-invalid", STRATA_SEVERITY_WARNING },
  { "attachment-outside", STRATA_SEVERITY_WARNING },
  { "attachment-path-stale", STRATA_SEVERITY_NOTE },
  { "link-skipped", STRATA_SEVERITY_WARNING },
  { "foreign-file", STRATA_SEVERITY_NOTE },
  { "not-downloaded", STRATA_SEVERITY_WARNING },
  { "source-changed", STRATA_SEVERITY_NOTE },
  { "conflict", STRATA_SEVERITY_WARNING },
  { "deleted-here", STRATA_SEVERITY_NOTE },
  { "source-unreadable", STRATA_SEVERITY_ERROR },
  { "no-space", STRATA_SEVERITY_ERROR },
  { "no-permission", STRATA_SEVERITY_ERROR },
  { "digest-mismatch", STRATA_SEVERITY_ERROR },
  { "repaired", STRATA_SEVERITY_NOTE },
  { "lost", STRATA_SEVERITY_WARNING },
};

static void
strata_problem_finalize (GObject *object)
{
  StrataProblem *self = STRATA_PROBLEM (object);

  g_free (self->path);
  g_free (self->session);
  g_free (self->item);
  g_free (self->message);

  G_OBJECT_CLASS (strata_problem_parent_class)->finalize (object);
}

static void
strata_problem_class_init (StrataProblemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_problem_finalize;
}

static void
strata_problem_init (StrataProblem *self)
{
}

static char *
dup_valid (const char *text)
{
  return text != NULL ? g_utf8_make_valid (text, -1) : NULL;
}

/**
 * strata_problem_new: (skip)
 * @code: one of the known codes; its severity follows from it
 * @path: (nullable): where, below the old store, `/`-separated
 * @session: (nullable): the session's key
 * @item: (nullable): the attachment's or element's id
 * @offset: byte offset in the file at @path, or -1
 * @format: the message, a sentence, with printf arguments
 *
 * Returns: (transfer full): a problem; its texts are made valid UTF-8
 */
StrataProblem *
strata_problem_new (const char *code,
                    const char *path,
                    const char *session,
                    const char *item,
                    gint64      offset,
                    const char *format,
                    ...)
{
  StrataProblem *self = g_object_new (STRATA_TYPE_PROBLEM, NULL);
  g_autofree char *message = NULL;
  va_list arguments;

  for (guint i = 0; i < G_N_ELEMENTS (known_codes); i++)
    if (strcmp (code, known_codes[i].code) == 0)
      {
        self->code = known_codes[i].code;
        self->severity = known_codes[i].severity;
      }
  g_assert (self->code != NULL);

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  self->path = dup_valid (path);
  self->session = dup_valid (session);
  self->item = dup_valid (item);
  self->offset = offset;
  self->message = dup_valid (message);

  return self;
}

const char *
strata_problem_get_code (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), NULL);

  return self->code;
}

StrataSeverity
strata_problem_get_severity (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), STRATA_SEVERITY_ERROR);

  return self->severity;
}

/**
 * strata_problem_get_path:
 *
 * Returns: (nullable): where, below the old store, `/`-separated
 */
const char *
strata_problem_get_path (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), NULL);

  return self->path;
}

/**
 * strata_problem_get_session:
 *
 * Returns: (nullable): the key of the session it concerns
 */
const char *
strata_problem_get_session (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), NULL);

  return self->session;
}

/**
 * strata_problem_get_item:
 *
 * Returns: (nullable): the id of the attachment or element it concerns
 */
const char *
strata_problem_get_item (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), NULL);

  return self->item;
}

/**
 * strata_problem_get_offset:
 *
 * Returns: byte offset in the file, or -1 where there is none
 */
gint64
strata_problem_get_offset (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), -1);

  return self->offset;
}

const char *
strata_problem_get_message (StrataProblem *self)
{
  g_return_val_if_fail (STRATA_IS_PROBLEM (self), NULL);

  return self->message;
}

/**
 * strata_severity_get_name:
 *
 * Returns: `note`, `warning` or `error`
 */
const char *
strata_severity_get_name (StrataSeverity severity)
{
  static const char *const names[] = { "note", "warning", "error" };

  g_return_val_if_fail (severity <= STRATA_SEVERITY_ERROR, NULL);

  return names[severity];
}
