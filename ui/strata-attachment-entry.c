/* strata-attachment-entry.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include "strata-attachment-entry.h"

/**
 * StrataAttachmentEntry:
 *
 * An attachment in a list. Immutable.
 *
 * Threads: any.
 */
struct _StrataAttachmentEntry
{
  GObject               parent_instance;

  StrataAttachmentInfo *info;
};

G_DEFINE_FINAL_TYPE (StrataAttachmentEntry, strata_attachment_entry, G_TYPE_OBJECT)

static void
strata_attachment_entry_finalize (GObject *object)
{
  StrataAttachmentEntry *self = STRATA_ATTACHMENT_ENTRY (object);

  strata_attachment_info_unref (self->info);

  G_OBJECT_CLASS (strata_attachment_entry_parent_class)->finalize (object);
}

static void
strata_attachment_entry_class_init (StrataAttachmentEntryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_attachment_entry_finalize;
}

static void
strata_attachment_entry_init (StrataAttachmentEntry *self)
{
}

/**
 * strata_attachment_entry_new:
 *
 * Returns: (transfer full)
 */
StrataAttachmentEntry *
strata_attachment_entry_new (StrataAttachmentInfo *info)
{
  StrataAttachmentEntry *self = g_object_new (STRATA_TYPE_ATTACHMENT_ENTRY, NULL);

  self->info = strata_attachment_info_ref (info);

  return self;
}

/**
 * strata_attachment_entry_get_info:
 *
 * Returns: (transfer none)
 */
StrataAttachmentInfo *
strata_attachment_entry_get_info (StrataAttachmentEntry *self)
{
  g_return_val_if_fail (STRATA_IS_ATTACHMENT_ENTRY (self), NULL);

  return self->info;
}

/**
 * strata_attachment_entry_dup_title:
 *
 * Returns: (transfer full): its name, or its id where it has none
 */
char *
strata_attachment_entry_dup_title (StrataAttachmentEntry *self)
{
  g_return_val_if_fail (STRATA_IS_ATTACHMENT_ENTRY (self), NULL);

  return g_strdup (self->info->name != NULL && *self->info->name != '\0' ? self->info->name : self->info->id);
}

/* The extension of its object, which follows from its content */
static const char *
get_extension (const StrataAttachmentInfo *info)
{
  const char *dot = info->path != NULL ? strrchr (info->path, '.') : NULL;

  return dot != NULL && strchr (dot, '/') == NULL ? dot : "";
}

/**
 * strata_attachment_entry_dup_file_name:
 *
 * Returns: (transfer full): what to call a file with its bytes: one name, with an
 *   extension that fits
 */
char *
strata_attachment_entry_dup_file_name (StrataAttachmentEntry *self)
{
  g_autofree char *whole = strata_attachment_entry_dup_title (self);
  g_autofree char *title = g_utf8_substring (whole, 0, MIN (g_utf8_strlen (whole, -1), 50));
  const char *extension = get_extension (self->info);
  g_autofree char *name = NULL;

  g_strdelimit (title, "/\\:\n\r\t", '-');
  while (*title == '.')
    *title = '-';
  name = g_str_has_suffix (title, extension) ? g_strdup (title) : g_strconcat (title, extension, NULL);

  return *name != '\0' ? g_steal_pointer (&name) : g_strdup ("attachment");
}
