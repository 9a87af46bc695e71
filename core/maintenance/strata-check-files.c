/* strata-check-files.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-header-private.h"
#include "store/strata-key-private.h"
#include "store/strata-object-private.h"
#include "strata-check-private.h"

#define METADATA_SUFFIX ".metadata.json"
#define HEX "0123456789abcdef"
/* How many digits of a digest are in the name of what is kept aside */
#define SHORT_DIGITS 12

gboolean
_strata_checking_file (StrataChecking  *self,
                       const char      *path,
                       const char      *digits,
                       const char      *session,
                       const char      *what,
                       GError         **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, &read_error);
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (stream == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, self->cancellable, &read_error))
    return _strata_checking_note_damage (self, path, session, &read_error, error);

  self->result->files++;
  _strata_digest_to_hex (&digest, hex);
  if (digits != NULL && strncmp (hex, digits, strlen (digits)) != 0)
    _strata_checking_report (self, path, session, NULL, what);

  return TRUE;
}

/* Objects */

static gboolean
check_object (StrataChecking        *self,
              const char            *folder,
              const StrataDirEntry  *entry,
              GError               **error)
{
  g_autofree char *path = g_build_filename ("attachments", folder, entry->name, NULL);
  const char *extension;
  StrataDigest digest;
  char hex[STRATA_DIGEST_HEX_SIZE];

  if (!_strata_object_parse_name (entry->name, &digest, &extension) || strncmp (entry->name, folder, 2) != 0)
    {
      _strata_checking_note_foreign (self, path);
      return TRUE;
    }

  self->result->attachments++;
  _strata_digest_to_hex (&digest, hex);

  return _strata_checking_file (self, path, hex, NULL, "The attachment's bytes are not those that were stored", error);
}

gboolean
_strata_checking_objects (StrataChecking  *self,
                          const char      *name,
                          GError         **error)
{
  g_autofree char *folder = g_build_filename ("attachments", name, NULL);
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
        !check_object (self, name, g_ptr_array_index (entries, i), error))
      return FALSE;

  return entries != NULL;
}

/* store.json */

gboolean
_strata_checking_header (StrataChecking  *self,
                         GError         **error)
{
  static const char *const names[] = { STRATA_HEADER_NAME, STRATA_HEADER_COPY_NAME };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr(GError) read_error = NULL;

      self->result->files++;
      if (!_strata_header_check (self->dir, names[i], &read_error) &&
          !_strata_checking_note_damage (self, names[i], NULL, &read_error, error))
        return FALSE;
    }

  return TRUE;
}

/* What is kept aside */

/* The digits at the end of a name in quarantine/; %NULL: there are none */
static const char *
find_digits (const char *name)
{
  const char *dot = strrchr (name, '.');

  return dot != NULL && strspn (dot + 1, HEX) == SHORT_DIGITS && dot[1 + SHORT_DIGITS] == '\0' ? dot + 1 : NULL;
}

gboolean
_strata_checking_quarantine (StrataChecking  *self,
                             GError         **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "quarantine", error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename ("quarantine", entry->name, NULL);
      const char *digits = find_digits (entry->name);

      if (digits == NULL)
        _strata_checking_note_foreign (self, path);
      else if (!_strata_checking_file (self, path, digits, NULL, "It is not any more what was kept", error))
        return FALSE;
    }

  return entries != NULL;
}

/* What does not belong here */

static gboolean
is_known_in_root (const char *name)
{
  static const char *const names[] = {
    STRATA_HEADER_NAME, STRATA_HEADER_NAME ".new", STRATA_HEADER_COPY_NAME, STRATA_HEADER_COPY_NAME ".new", "lock", "reserve",
    "changes.log", STRATA_CHECK_STATE, "sessions", "collections", "attachments", "staging", "quarantine", "trash",
    "migration", "reels", NULL
  };

  return g_strv_contains (names, name) || g_str_has_prefix (name, "catalog.sqlite3") || g_str_has_prefix (name, "search.sqlite3") ||
         g_str_has_prefix (name, "compression.");
}

static gboolean
is_known_in_collections (const char *name)
{
  g_autofree char *key = g_str_has_suffix (name, METADATA_SUFFIX) ? g_strndup (name, strlen (name) - strlen (METADATA_SUFFIX)) : NULL;

  return key != NULL ? _strata_collection_key_is_valid (key) : _strata_part_is_file_name (name);
}

static gboolean
is_known_in_attachments (const char *name)
{
  return strlen (name) == 2 && strspn (name, HEX) == 2;
}

gboolean
_strata_checking_stray (StrataChecking  *self,
                        GError         **error)
{
  static const struct
  {
    const char *folder;
    gboolean  (*is_known) (const char *name);
  } folders[] = {
    { ".", is_known_in_root },
    { "sessions", _strata_key_is_valid },
    { "collections", is_known_in_collections },
    { "attachments", is_known_in_attachments },
  };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folders[i].folder, error);

      if (entries == NULL)
        return FALSE;
      for (guint j = 0; j < entries->len; j++)
        {
          const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, j))->name;
          g_autofree char *path = i == 0 ? g_strdup (name) : g_build_filename (folders[i].folder, name, NULL);

          if (!folders[i].is_known (name))
            _strata_checking_note_foreign (self, path);
        }
    }

  return TRUE;
}
