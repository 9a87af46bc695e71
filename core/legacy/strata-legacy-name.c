/* strata-legacy-name.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-legacy-name-private.h"

/* Strips @suffix off a name; something must be left of it. */
static gboolean
strip (const char *name,
       const char *suffix,
       gsize      *inout_length)
{
  gsize suffix_length = strlen (suffix);

  if (*inout_length <= suffix_length || memcmp (name + *inout_length - suffix_length, suffix, suffix_length) != 0)
    return FALSE;

  *inout_length -= suffix_length;

  return TRUE;
}

/* What desktops and file systems leave in every folder */
static gboolean
is_litter (const char *name)
{
  static const char *const names[] = {
    "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r", "README", "README.txt", "README.md",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;

  return g_str_has_suffix (name, "~");
}

static StrataLegacyRole
classify_collection (const char *name,
                     gsize      *out_length)
{
  *out_length = strlen (name);

  if (*name == '.' || !strip (name, ".json", out_length))
    return STRATA_LEGACY_FOREIGN;
  if (strip (name, ".backup", out_length))
    return STRATA_LEGACY_COLLECTION_BACKUP;
  if (strip (name, ".tmp", out_length))
    return STRATA_LEGACY_COLLECTION_TMP;

  return STRATA_LEGACY_COLLECTION;
}

/* Any string may be an id, also one with a dot in front; but "._x" is what
 * macOS leaves beside "x" on foreign disks.
 */
static StrataLegacyRole
classify_attachment (const char *name,
                     gsize      *out_length)
{
  *out_length = strlen (name);

  if (g_str_has_prefix (name, "._"))
    return STRATA_LEGACY_FOREIGN;
  if (strip (name, ".meta.json", out_length))
    return STRATA_LEGACY_ATTACHMENT_META;
  if (strip (name, ".dat", out_length))
    return STRATA_LEGACY_ATTACHMENT_DATA;

  return STRATA_LEGACY_FOREIGN;
}

static StrataLegacyRole
classify_raw (const char *name,
              gsize      *out_length)
{
  const char *dot = strrchr (name, '.');

  if (*name == '.' || is_litter (name))
    return STRATA_LEGACY_FOREIGN;

  *out_length = dot != NULL ? (gsize)(dot - name) : strlen (name);

  return STRATA_LEGACY_ATTACHMENT_FILE;
}

/* "backup-<ms>.json", and copies of it as "backup-<ms> 2.json" */
static StrataLegacyRole
classify_backup (const char *name)
{
  const char *prefix = "backup-";

  if (g_str_has_prefix (name, prefix) && g_ascii_isdigit (name[strlen (prefix)]) && g_str_has_suffix (name, ".json"))
    return STRATA_LEGACY_BACKUP;

  return STRATA_LEGACY_FOREIGN;
}

StrataLegacyRole
_strata_legacy_name_classify (StrataLegacyFolder   folder,
                              const char          *name,
                              const char         **out_name,
                              gsize               *out_length)
{
  StrataLegacyRole role = STRATA_LEGACY_FOREIGN;
  gsize length = 0;

  switch (folder)
    {
    case STRATA_LEGACY_FOLDER_TOP:
      if (strcmp (name, "sessions.json") == 0)
        {
          role = STRATA_LEGACY_TOPLEVEL;
          length = strlen ("sessions");
        }
      break;

    case STRATA_LEGACY_FOLDER_DB:
      role = classify_collection (name, &length);
      break;

    case STRATA_LEGACY_FOLDER_BACKUPS:
      role = classify_backup (name);
      break;

    case STRATA_LEGACY_FOLDER_ATTACHMENTS:
      role = classify_attachment (name, &length);
      break;

    case STRATA_LEGACY_FOLDER_RAW:
      role = classify_raw (name, &length);
      break;

    case STRATA_LEGACY_FOLDER_VIDEOS:
      role = *name == '.' || is_litter (name) ? STRATA_LEGACY_FOREIGN : STRATA_LEGACY_VIDEO;
      break;

    case STRATA_LEGACY_FOLDER_NONE:
    default:
      break;
    }

  *out_name = role != STRATA_LEGACY_FOREIGN && length > 0 ? name : NULL;
  *out_length = length;

  return role;
}

char *
_strata_legacy_name_dup_downloaded (const char *name)
{
  gsize length = strlen (name);

  if (*name != '.' || length < 2 || !strip (name, ".icloud", &length) || length < 2)
    return NULL;

  return g_strndup (name + 1, length - 1);
}

StrataLegacyFolder
_strata_legacy_name_enter (StrataLegacyFolder  folder,
                           const char         *name)
{
  static const struct
  {
    StrataLegacyFolder  parent;
    const char         *name;
    StrataLegacyFolder  folder;
  } known[] = {
    { STRATA_LEGACY_FOLDER_TOP, "db", STRATA_LEGACY_FOLDER_DB },
    { STRATA_LEGACY_FOLDER_TOP, "backups", STRATA_LEGACY_FOLDER_BACKUPS },
    { STRATA_LEGACY_FOLDER_TOP, "attachments", STRATA_LEGACY_FOLDER_ATTACHMENTS },
    { STRATA_LEGACY_FOLDER_TOP, "videos", STRATA_LEGACY_FOLDER_VIDEOS },
    { STRATA_LEGACY_FOLDER_ATTACHMENTS, "images", STRATA_LEGACY_FOLDER_RAW },
    { STRATA_LEGACY_FOLDER_ATTACHMENTS, "screenshots", STRATA_LEGACY_FOLDER_RAW },
    { STRATA_LEGACY_FOLDER_ATTACHMENTS, "files", STRATA_LEGACY_FOLDER_RAW },
    { STRATA_LEGACY_FOLDER_ATTACHMENTS, "videos", STRATA_LEGACY_FOLDER_RAW },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].parent == folder && strcmp (known[i].name, name) == 0)
      return known[i].folder;

  return STRATA_LEGACY_FOLDER_NONE;
}
