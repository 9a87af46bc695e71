/* strata-trash.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-changes-private.h"
#include "strata-key-private.h"
#include "strata-object-private.h"
#include "strata-trash-private.h"

#define FOLDER       "trash"
#define SESSION_PREFIX "sessions~"
#define ITEM_PREFIX  "items~"
#define ITEM_SUFFIX  ".json"
#define MAX_RECORD   (1024 * 1024 * 1024)

gboolean
_strata_trash_is_item (const char *name)
{
  return g_str_has_prefix (name, ITEM_PREFIX);
}

/* Sessions */

/* Whether @name is "sessions~KEY~N". @out_number: (nullable): N */
static gboolean
parse_session_name (const char  *name,
                    char       **out_key,
                    guint64     *out_number)
{
  const char *key = g_str_has_prefix (name, SESSION_PREFIX) ? name + strlen (SESSION_PREFIX) : "";
  gsize length = strcspn (key, "~");
  const char *digits = key[length] == '~' ? key + length + 1 : "";

  if (*digits == '\0' || strlen (digits) >= 16 || strspn (digits, "0123456789") != strlen (digits))
    return FALSE;

  *out_key = g_strndup (key, length);
  if (out_number != NULL)
    *out_number = g_ascii_strtoull (digits, NULL, 10);

  return TRUE;
}

/* The highest number that a deleted session of that key has; 0: there is none */
static gboolean
find_last (int           dir,
           const char   *key,
           guint64      *out_number,
           GError      **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, FOLDER, error);

  *out_number = 0;
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *found = NULL;
      guint64 number;

      if (parse_session_name (name, &found, &number) && strcmp (found, key) == 0)
        *out_number = MAX (*out_number, number);
    }

  return entries != NULL;
}

/* What is said of a session that goes or comes back. All zero where it is damaged: they are only compared. */
typedef struct
{
  StrataDigest content;   /* of its text when it was put whole: by that a migration knows it again */
  StrataDigest metadata;
} Digests;

static gboolean
log_change (StrataStore    *store,
            const char     *key,
            const Digests  *digests,
            gboolean        is_deleted,
            GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  StrataChange *change = _strata_change_new (key, is_deleted ? &digests->content : &digests->metadata);
  guint64 end;

  change->is_deleted = is_deleted;
  g_ptr_array_add (changes, change);

  return _strata_changes_append (_strata_store_get_dir (store), changes, &end, error);
}

/* Whoever follows it logs what there is then: the session, or that it was deleted. */
static char *
write_intent (StrataStore    *store,
              const char     *key,
              const Digests  *digests,
              GError        **error)
{
  StrataStaging *corner = _strata_store_get_corner_locked (store, error);
  int dir = _strata_store_get_dir (store);
  char hex[STRATA_DIGEST_HEX_SIZE];
  g_autofree char *text = NULL;
  g_autofree char *path = NULL;
  gboolean ok;
  int fd;

  if (corner == NULL)
    return NULL;

  _strata_digest_to_hex (&digests->content, hex);
  text = g_strdup_printf ("delete %s %s\n", key, hex);
  path = _strata_staging_write_intent (corner, text, strlen (text), error);
  fd = path != NULL ? _strata_file_open (dir, path, O_RDONLY, error) : -1;
  if (fd < 0)
    return NULL;

  ok = _strata_file_sync (fd, path, error);
  _strata_file_close (fd);

  return ok && _strata_file_sync_dir (dir, "staging", error) ? g_steal_pointer (&path) : NULL;
}

/* Makes a move durable, and has the log say so. @out_is_logged: whether the log was written to at all */
static gboolean
settle_move (StrataStore    *store,
             const char     *key,
             const Digests  *digests,
             gboolean        is_deleted,
             gboolean       *out_is_logged,
             GError        **error)
{
  int dir = _strata_store_get_dir (store);

  *out_is_logged = _strata_file_sync_dir (dir, FOLDER, error) && _strata_file_sync_dir (dir, "sessions", error);

  return *out_is_logged && log_change (store, key, digests, is_deleted, error);
}

static void
update_catalog (StrataStore *store,
                const char  *key)
{
  g_autoptr(GError) error = NULL;

  if (_strata_store_roll_forward (store, NULL, &error))
    return;

  g_info ("The catalog will catch up later: %s", error->message);
  _strata_store_apply_files (store, FALSE, key);
}

/* Moves a session's folder, the commit point, and sees to it that the log says so.
 * When that fails, it is moved back: nothing has happened then. Where even that fails, or
 * where the log may say what is not so, the intent tells the next one to open the store.
 */
static gboolean
move_session (StrataStore    *store,
              const char     *key,
              const Digests  *digests,
              const char     *from,
              const char     *to,
              gboolean        is_deleted,
              GError        **error)
{
  int dir = _strata_store_get_dir (store);
  g_autofree char *intent = write_intent (store, key, digests, error);
  gboolean ok, is_logged, is_back;

  if (intent == NULL || !_strata_file_rename (dir, from, to, error))
    {
      if (intent != NULL)
        _strata_file_unlink (dir, intent, NULL);
      return FALSE;
    }

  ok = settle_move (store, key, digests, is_deleted, &is_logged, error);
  is_back = !ok && _strata_file_rename (dir, to, from, NULL) && _strata_file_sync_dir (dir, "sessions", NULL);
  if (ok)
    update_catalog (store, key);
  else if (!is_back)
    _strata_store_apply_files (store, FALSE, key);
  if (ok || (is_back && !is_logged))
    _strata_file_unlink (dir, intent, NULL);

  return ok;
}

static void
take_digests (const StrataManifest *manifest,
              Digests              *out_digests)
{
  memset (out_digests, 0, sizeof *out_digests);
  if (manifest == NULL)
    return;

  out_digests->content = manifest->raw_digest;
  out_digests->metadata = manifest->file_digest;
}

/* A damaged session can be deleted like any other. */
static gboolean
get_digests (StrataStore  *store,
             const char   *key,
             Digests      *out_digests,
             GError      **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, FALSE, key, &load_error);

  take_digests (manifest, out_digests);
  if (manifest != NULL || g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&load_error));

  return FALSE;
}

gboolean
_strata_trash_delete_session (StrataStore  *store,
                              const char   *key,
                              char        **out_name,
                              GError      **error)
{
  g_autofree char *from = g_strdup_printf ("sessions/%s", key);
  g_autofree char *to = NULL;
  Digests digests;
  guint64 last;

  if (!get_digests (store, key, &digests, error) || !find_last (_strata_store_get_dir (store), key, &last, error))
    return FALSE;

  to = g_strdup_printf (FOLDER "/" SESSION_PREFIX "%s~%" G_GUINT64_FORMAT, key, last + 1);
  if (!move_session (store, key, &digests, from, to, TRUE, error))
    return FALSE;
  *out_name = g_strdup (to + strlen (FOLDER "/"));

  return TRUE;
}

static gboolean
read_trashed_digests (int          dir,
                      const char  *folder,
                      Digests     *out_digests,
                      GError     **error)
{
  g_autofree char *path = g_build_filename (folder, "metadata.json", NULL);
  g_autoptr(GBytes) bytes = _strata_file_read (dir, path, MAX_RECORD, error);
  g_autoptr(StrataManifest) manifest = bytes != NULL ? _strata_manifest_parse (bytes, NULL) : NULL;

  take_digests (manifest, out_digests);

  return bytes != NULL;
}

/* Its images may have been converted for others meanwhile. What can't be brought back now is read from the trash. */
static void
bring_back_objects (StrataStore *store,
                    const char  *key)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, FALSE, key, NULL);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (store, manifest, NULL) : NULL;

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    _strata_trash_bring_back_row (_strata_store_get_dir (store), g_ptr_array_index (rows, i), NULL);
}

gboolean
_strata_trash_restore_session (StrataStore  *store,
                               const char   *key,
                               GError      **error)
{
  int dir = _strata_store_get_dir (store);
  g_autofree char *to = g_strdup_printf ("sessions/%s", key);
  g_autofree char *from = NULL;
  Digests digests;
  struct stat status;
  guint64 last = 0;

  if (_strata_key_is_valid (key) && !find_last (dir, key, &last, error))
    return FALSE;
  if (last == 0)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is nothing called “%s” in the trash", key);
      return FALSE;
    }
  if (_strata_file_stat (dir, to, &status, NULL))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There is a session “%s”; the deleted one is not put in its place", key);
      return FALSE;
    }

  from = g_strdup_printf (FOLDER "/" SESSION_PREFIX "%s~%" G_GUINT64_FORMAT, key, last);

  if (!read_trashed_digests (dir, from, &digests, error) || !move_session (store, key, &digests, from, to, FALSE, error))
    return FALSE;
  bring_back_objects (store, key);

  return TRUE;
}

gboolean
_strata_trash_foreach_session (int                     dir,
                               StrataTrashSessionFunc  func,
                               gpointer                user_data,
                               GError                **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, FOLDER, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *key = NULL;
      g_autofree char *folder = NULL;
      Digests digests;

      if (!parse_session_name (name, &key, NULL))
        continue;
      folder = g_build_filename (FOLDER, name, NULL);
      if (!read_trashed_digests (dir, folder, &digests, NULL))
        memset (&digests, 0, sizeof digests);
      func (key, &digests.content, user_data);
    }

  return entries != NULL;
}

/* Items */

static gboolean
append_rows (StrataEdit   *edit,
             StrataWrite  *write,
             GString      *text,
             GError      **error)
{
  g_autoptr(StrataUses) uses = _strata_uses_new ();
  GPtrArray *list;

  _strata_json_for_each_string (write->element->str, write->element->len, _strata_uses_see_string, uses);
  list = _strata_uses_get (uses);
  g_string_append (text, "\"attachments\":[");
  for (guint i = 0; i < list->len; i++)
    {
      g_autoptr(GError) get_error = NULL;
      const StrataAttachmentRow *row =
        _strata_edit_get_row (edit, ((const StrataUse *)g_ptr_array_index (list, i))->id, &get_error);

      if (get_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&get_error));
          return FALSE;
        }
      if (row == NULL)
        continue;
      _strata_attachment_row_append (row, text);
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  g_string_append_c (text, ',');

  return TRUE;
}

gboolean
_strata_trash_add_item (StrataBatch  *batch,
                        StrataEdit   *edit,
                        StrataWrite  *write,
                        GError      **error)
{
  g_autoptr(GString) text = g_string_new ("{");
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;
  char *staged;

  _strata_json_add_string (text, "session", write->key);
  _strata_json_add_string (text, "list", _strata_list_get_info (write->list)->name);
  _strata_json_add_uint (text, "index", write->index);
  _strata_json_add_raw (text, "element", write->element->str);
  if (!append_rows (edit, write, text, error))
    return FALSE;
  _strata_json_close_object (text);
  g_string_append_c (text, '\n');

  staged = _strata_staging_write (_strata_batch_get_staging (batch), text->str, text->len, error);
  if (staged == NULL)
    return FALSE;

  _strata_digest_of (text->str, text->len, &digest);
  _strata_digest_to_hex (&digest, hex);
  write->result_name = g_strdup_printf (ITEM_PREFIX "%s~%.12s" ITEM_SUFFIX, write->key, hex);
  _strata_batch_add_file (batch, staged, g_build_filename (FOLDER, write->result_name, NULL));

  return TRUE;
}

static gboolean
read_rows (StrataWrite  *write,
           const char   *text,
           GError      **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  gboolean more;

  write->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      StrataAttachmentRow *row = more ? _strata_attachment_row_read (reader, error) : NULL;

      if (row == NULL)
        return !more;
      g_ptr_array_add (write->rows, row);
    }

  return FALSE;
}

static gboolean
read_record (StrataWrite  *write,
             GBytes       *bytes,
             GError      **error)
{
  static const char *const names[] = { "session", "list", "index", "element", "attachments", NULL };
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), names, error);
  g_autofree char *session = members != NULL ? _strata_json_members_dup_string (members, "session") : NULL;
  g_autofree char *list = members != NULL ? _strata_json_members_dup_string (members, "list") : NULL;
  const char *element, *rows;

  if (members == NULL)
    return FALSE;

  element = _strata_json_members_get_raw (members, "element");
  rows = _strata_json_members_get_raw (members, "attachments");
  if (session == NULL || list == NULL || element == NULL || rows == NULL ||
      !_strata_list_from_name (list, strlen (list), &write->list))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” in the trash can't be read", write->name);
      return FALSE;
    }

  g_free (write->key);
  write->key = g_steal_pointer (&session);
  write->index = _strata_json_members_get_uint (members, "index");
  write->element = g_string_new (element);

  return read_rows (write, rows, error);
}

gboolean
_strata_trash_read_item (StrataWrite  *write,
                         StrataStore  *store,
                         GError      **error)
{
  g_autofree char *path = NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) read_error = NULL;

  if (write->name == NULL)
    write->name = g_strdup (write->key);
  path = g_build_filename (FOLDER, write->name, NULL);
  if (strspn (write->name, "abcdefghijklmnopqrstuvwxyz0123456789~-.") == strlen (write->name))
    bytes = _strata_file_read (_strata_store_get_dir (store), path, MAX_RECORD, &read_error);
  if (bytes == NULL && (read_error == NULL || g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is nothing called “%s” in the trash", write->name);
      return FALSE;
    }
  if (bytes == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  return read_record (write, bytes, error);
}

void
_strata_trash_drop_item (StrataStore *store,
                         const char  *name)
{
  g_autofree char *path = g_build_filename (FOLDER, name, NULL);

  _strata_file_unlink (_strata_store_get_dir (store), path, NULL);
}

gboolean
_strata_trash_check_item (StrataStore  *store,
                          const char   *name,
                          GError      **error)
{
  g_autofree char *path = g_build_filename (FOLDER, name, NULL);
  struct stat status;

  if (_strata_file_stat (_strata_store_get_dir (store), path, &status, NULL))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is nothing called “%s” in the trash", name);

  return FALSE;
}

/* Objects */

gboolean
_strata_trash_bring_back (int                     dir,
                          const StrataRowObject  *object,
                          gboolean               *out_is_there,
                          GError                **error)
{
  g_autofree char *path = NULL;
  g_autofree char *trash_path = NULL;
  g_autofree char *folder = NULL;
  struct stat status;

  *out_is_there = TRUE;
  path = _strata_object_dup_path (&object->digest, object->extension);
  if (_strata_file_stat (dir, path, &status, NULL))
    return TRUE;

  trash_path = _strata_object_dup_trash_path (&object->digest, object->extension);
  *out_is_there = _strata_file_stat (dir, trash_path, &status, NULL);
  if (!*out_is_there)
    return TRUE;

  folder = g_path_get_dirname (path);

  return _strata_file_make_dir (dir, folder, error) && _strata_file_rename (dir, trash_path, path, error) &&
         _strata_file_sync_dir (dir, folder, error) && _strata_file_sync_dir (dir, "attachments", error);
}

gboolean
_strata_trash_bring_back_row (int                         dir,
                              const StrataAttachmentRow  *row,
                              GError                    **error)
{
  StrataRowObject object;
  gboolean ignored;

  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      _strata_attachment_row_get_object (row, i, &object);
      if (!_strata_trash_bring_back (dir, &object, &ignored, error))
        return FALSE;
    }

  return TRUE;
}
