/* strata-legacy-search.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "strata-legacy-search-private.h"

#define DATABASE_NAME "IndexedDB.sqlite3"
#define LEVELDB_SUFFIX ".indexeddb.leveldb"
#define FOLDER_NAME "com.taskerino.desktop"

/* WebsiteData/Default/<origin>/<origin>/IndexedDB/<hash> below Library/WebKit/<application> is the deepest known */
#define MAX_DEPTH 9

/* Of a hash or a salted name as WebKit makes them: 43 letters of base64, or 64 hexadecimal digits */
#define MIN_HASH_LENGTH 40

/* Folders on the way to a web view's database */
static gboolean
is_on_the_way (const char *name)
{
  static const char *const names[] = {
    "Library", "Application Support", "AppData", "Local", "Roaming", "WebKit", "webkit", "webkitgtk", FOLDER_NAME, "WebsiteData", "WebsiteDataStore", "Default",
    "databases", "indexeddb", "IndexedDB", "storage", "v0", "v1", "EBWebView",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return TRUE;

  return strlen (name) >= MIN_HASH_LENGTH || strstr (name, "localhost") != NULL;
}

static char *
join (const char *folder,
      const char *name)
{
  return *folder != '\0' ? g_strconcat (folder, "/", name, NULL) : g_strdup (name);
}

static void
look_at_file (StrataLegacyFindings *findings,
              const char           *folder,
              const char           *name)
{
  gsize length = strlen (name);
  gboolean is_near = *folder == '\0' || strcmp (folder, FOLDER_NAME) == 0;

  if (strcmp (name, DATABASE_NAME) == 0)
    g_ptr_array_add (findings->databases, join (folder, name));
  else if (is_near && length > 4 && *name != '.' && g_ascii_strcasecmp (name + length - 4, ".zip") == 0)
    g_ptr_array_add (findings->exports, join (folder, name));
}

static void
search_folder (int                   dir,
               const char           *folder,
               guint                 depth,
               StrataLegacyFindings *findings)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, *folder != '\0' ? folder : ".", NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = join (folder, entry->name);

      if (entry->type == DT_REG)
        look_at_file (findings, folder, entry->name);
      else if (entry->type != DT_DIR)
        continue;
      else if (g_str_has_suffix (entry->name, LEVELDB_SUFFIX))
        {
          if (findings->leveldb == NULL)
            findings->leveldb = g_steal_pointer (&path);
        }
      else if (depth < MAX_DEPTH && is_on_the_way (entry->name))
        search_folder (dir, path, depth + 1, findings);
    }
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

void
_strata_legacy_search (int                    dir,
                       StrataLegacyFindings  *out_findings)
{
  out_findings->exports = g_ptr_array_new_with_free_func (g_free);
  out_findings->databases = g_ptr_array_new_with_free_func (g_free);
  out_findings->leveldb = NULL;

  search_folder (dir, "", 0, out_findings);
  g_ptr_array_sort (out_findings->exports, compare_strings);
  g_ptr_array_sort (out_findings->databases, compare_strings);
}

void
_strata_legacy_findings_clear (StrataLegacyFindings *findings)
{
  g_clear_pointer (&findings->exports, g_ptr_array_unref);
  g_clear_pointer (&findings->databases, g_ptr_array_unref);
  g_clear_pointer (&findings->leveldb, g_free);
}
