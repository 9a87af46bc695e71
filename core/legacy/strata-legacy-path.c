/* strata-legacy-path.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-legacy-path-private.h"

#define FOLDER "com.taskerino.desktop/"

#define SCHEME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-"
#define SLASHES           "/\\"

/* The part of a URL behind its scheme: "//host/path", or "/path" of the short
 * form. NULL: it is none; a single letter is a drive of Windows.
 */
static const char *
skip_scheme (const char *recorded)
{
  gsize length = strspn (recorded, SCHEME_CHARACTERS);

  if (length < 2 || recorded[length] != ':' || recorded[length + 1] == '\0' ||
      strchr (SLASHES, recorded[length + 1]) == NULL)
    return NULL;

  return recorded + length + 1;
}

/* Removes "file://host" and the like, and resolves the escapes of a URL.
 * Returns: (transfer full): the path, with slashes only
 */
static char *
to_plain_path (const char *recorded,
               gboolean   *out_is_url)
{
  const char *path = skip_scheme (recorded);
  char *plain = NULL;

  *out_is_url = path != NULL;
  if (path == NULL)
    return g_strdelimit (g_strdup (recorded), "\\", '/');

  /* Some write "file://C:\\…", with no slash at all behind the host */
  if (strchr (SLASHES, path[1]) != NULL && path[1] != '\0')
    path += 2 + strcspn (path + 2, SLASHES);

  plain = g_uri_unescape_string (path, NULL);
  if (plain == NULL)
    plain = g_strdup (path);

  return g_strdelimit (plain, "\\", '/');
}

static gboolean
is_absolute (const char *path)
{
  return *path == '/' || *path == '~' || (g_ascii_isalpha (path[0]) && path[1] == ':');
}

/* The part of @path behind the last folder of Taskerino's name in it, or NULL */
static const char *
find_part (const char *path)
{
  const char *part = NULL;

  for (const char *next = strstr (path, FOLDER); next != NULL; next = strstr (next + 1, FOLDER))
    if (next == path || next[-1] == '/')
      part = next + strlen (FOLDER);

  return part;
}

static gboolean
has_prefix_folder (const char *path,
                   const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && path[length] == '/';
}

/* Resolves "." and "..". Returns: (transfer full): NULL when it climbs out */
static char *
normalize (const char *part)
{
  g_auto(GStrv) components = g_strsplit (part, "/", -1);
  g_autoptr(GPtrArray) kept = g_ptr_array_new ();

  for (guint i = 0; components[i] != NULL; i++)
    {
      if (*components[i] == '\0' || strcmp (components[i], ".") == 0)
        continue;

      if (strcmp (components[i], "..") != 0)
        g_ptr_array_add (kept, components[i]);
      else if (kept->len > 0)
        g_ptr_array_remove_index (kept, kept->len - 1);
      else
        return NULL;
    }
  g_ptr_array_add (kept, NULL);

  return g_strjoinv ("/", (char **)kept->pdata);
}

/* A path may be wrong or made up: collections, keys and caches of the same
 * folder, and hidden files, are never taken for an attachment.
 */
static gboolean
may_hold_attachments (const char *path)
{
  return (has_prefix_folder (path, "attachments") || has_prefix_folder (path, "videos")) &&
         strstr (path, "/.") == NULL;
}

StrataLegacyPathKind
_strata_legacy_path_resolve (const char  *recorded,
                             const char  *store_path,
                             char       **out_path)
{
  gboolean is_url;
  g_autofree char *plain = to_plain_path (recorded, &is_url);
  g_autofree char *path = NULL;
  const char *part = find_part (plain);
  gboolean here = has_prefix_folder (plain, store_path);

  *out_path = NULL;

  if (here)
    part = plain + strlen (store_path) + 1;
  else if (part == NULL && (is_url || is_absolute (plain)))
    return STRATA_LEGACY_PATH_OUTSIDE;
  else if (part == NULL)
    {
      here = TRUE;
      part = plain;
    }

  path = normalize (part);
  if (path == NULL)
    return STRATA_LEGACY_PATH_OUTSIDE;
  if (!may_hold_attachments (path))
    return STRATA_LEGACY_PATH_NOWHERE;

  *out_path = g_steal_pointer (&path);

  return here ? STRATA_LEGACY_PATH_INSIDE : STRATA_LEGACY_PATH_MOVED;
}
