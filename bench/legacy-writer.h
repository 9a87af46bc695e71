/* legacy-writer.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-json.h"

G_BEGIN_DECLS

/* AUTO is what the old program does: gzip when small, otherwise a string. */
typedef enum
{
  LEGACY_FORM_AUTO,
  LEGACY_FORM_STRING,
  LEGACY_FORM_GZIP,
  LEGACY_FORM_UNCOMPRESSED,
  LEGACY_FORM_BARE,
} LegacyForm;

typedef struct _LegacyCollection LegacyCollection;

/* Writes the whole value, the same each time it is called. */
typedef void (*LegacyEmit) (LegacyCollection *collection,
                            LegacyJson       *json);

/**
 * LegacyCollection:
 * @name: the file's name without its ending
 * @form: what the file looks like
 * @emit: writes the value
 * @user_data: for @emit
 * @timestamp_ms: when it was saved; @emit may still change it while measuring
 * @size_bytes: (out): how long the file has become
 */
struct _LegacyCollection
{
  const char *name;
  LegacyForm  form;
  LegacyEmit  emit;
  gpointer    user_data;
  gint64      timestamp_ms;
  guint64     size_bytes;
};

gboolean legacy_collection_save (LegacyCollection  *self,
                                 const char        *db_path,
                                 GError           **error);

G_END_DECLS
