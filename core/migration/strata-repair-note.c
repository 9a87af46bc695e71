/* strata-repair-note.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "maintenance/strata-gc-private.h"
#include "store/strata-key-private.h"
#include "store/strata-object-private.h"
#include "strata-repair-private.h"

#define METADATA_SUFFIX ".metadata.json"

void
_strata_wanted_part_free (gpointer data)
{
  StrataWantedPart *wanted = data;

  g_free (wanted->path);
  _strata_part_free (wanted->part);
  _strata_manifest_free (wanted->owner);
  g_free (wanted);
}

void
_strata_wanted_metadata_free (gpointer data)
{
  StrataWantedMetadata *wanted = data;

  g_free (wanted->path);
  g_free (wanted->key);
  g_free (wanted->folder);
  g_free (wanted);
}

static void
use_free (gpointer data)
{
  StrataObjectUse *use = data;

  _strata_attachment_row_free (use->row);
  g_free (use->owner);
  g_free (use);
}

void
_strata_wanted_object_free (gpointer data)
{
  StrataWantedObject *wanted = data;

  g_free (wanted->path);
  g_ptr_array_unref (wanted->uses);
  g_free (wanted);
}

/* What nobody needs any more, or can't be had again */

static gboolean
put_aside (StrataRepairing  *self,
           const char       *path,
           gboolean          is_loss,
           const char       *what,
           GError          **error)
{
  g_autofree char *aside = _strata_repairing_put_aside (self, path, error);
  g_autofree char *message = NULL;

  if (aside == NULL)
    return FALSE;

  message = g_strdup_printf ("%s; it is “%s” now", what, aside);
  self->n_done++;
  if (is_loss)
    _strata_repairing_say_lost (self, path, NULL, NULL, message);
  else
    _strata_repairing_say_repaired (self, path, NULL, message);

  return TRUE;
}

/* Parts */

static const StrataPart *
find_part (const StrataManifest *manifest,
           const char           *path)
{
  GPtrArray *lists[] = { manifest->parts, manifest->attachments };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; j < lists[i]->len; j++)
      {
        const StrataPart *part = g_ptr_array_index (lists[i], j);
        g_autofree char *part_path = _strata_manifest_dup_part_path (manifest, part);

        if (strcmp (part_path, path) == 0)
          return part;
      }

  return NULL;
}

static void
want_part (StrataRepairing   *self,
           const char        *path,
           const StrataPart  *part,
           StrataManifest    *owner)
{
  StrataWantedPart *wanted = g_new0 (StrataWantedPart, 1);

  wanted->path = g_strdup (path);
  wanted->part = _strata_part_copy (part);
  wanted->owner = owner;
  g_ptr_array_add (self->parts, wanted);
}

/* @folder: the session's */
static gboolean
note_session_part (StrataRepairing  *self,
                   const char       *folder,
                   const char       *path,
                   GError          **error)
{
  g_autofree char *metadata = g_build_filename (folder, "metadata.json", NULL);
  g_autoptr(StrataManifest) manifest = _strata_repairing_load (self, metadata, folder, NULL);
  const StrataPart *part;

  /* Where the metadata are damaged too, they come first */
  if (manifest == NULL)
    return TRUE;

  part = find_part (manifest, path);
  if (part == NULL)
    return put_aside (self, path, FALSE, "It was damaged, and nothing needs it", error);
  want_part (self, path, part, g_steal_pointer (&manifest));

  return TRUE;
}

static gboolean
note_collection_part (StrataRepairing  *self,
                      const char       *path,
                      GError          **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "collections", error);
  gboolean all = TRUE;

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *metadata = g_build_filename ("collections", name, NULL);
      g_autoptr(StrataManifest) manifest = NULL;
      const StrataPart *part;

      if (!g_str_has_suffix (name, METADATA_SUFFIX))
        continue;
      manifest = _strata_repairing_load (self, metadata, NULL, NULL);
      part = manifest != NULL ? find_part (manifest, path) : NULL;
      all = all && manifest != NULL;
      if (part == NULL)
        continue;
      want_part (self, path, part, g_steal_pointer (&manifest));
      return TRUE;
    }

  return entries != NULL && (!all || put_aside (self, path, FALSE, "It was damaged, and nothing needs it", error));
}

/* Metadata */

/* @folder: (nullable): the session's; %NULL: of a collection */
static void
note_metadata (StrataRepairing *self,
               const char      *path,
               const char      *folder,
               const char      *key)
{
  const StrataChange *change = _strata_repairing_find_logged (self, folder == NULL, key);
  gboolean is_trashed = folder != NULL && g_str_has_prefix (folder, "trash/");
  g_autoptr(StrataManifest) manifest = _strata_repairing_load (self, path, folder, NULL);
  StrataWantedMetadata *wanted;

  /* What it was can't be told, or it is what it was, and something else does not fit */
  if (change == NULL || change->is_deleted != is_trashed ||
      (manifest != NULL && _strata_digest_equal (&manifest->file_digest, &change->digest)))
    return;

  wanted = g_new0 (StrataWantedMetadata, 1);
  wanted->path = g_strdup (path);
  wanted->key = g_strdup (key);
  wanted->folder = g_strdup (folder);
  wanted->is_collection = folder == NULL;
  wanted->digest = change->digest;
  g_ptr_array_add (self->metadata, wanted);
}

/* Objects */

static void
note_object (StrataRepairing *self,
             const char      *path,
             const char      *name)
{
  StrataWantedObject *wanted;
  const char *extension;
  StrataDigest digest;

  if (!_strata_object_parse_name (name, &digest, &extension))
    return;

  wanted = g_new0 (StrataWantedObject, 1);
  wanted->path = g_strdup (path);
  wanted->digest = digest;
  wanted->uses = g_ptr_array_new_with_free_func (use_free);
  g_ptr_array_add (self->objects, wanted);
}

/* Uses of objects */

static StrataWantedObject *
find_wanted (StrataRepairing    *self,
             const StrataDigest *digest)
{
  for (guint i = 0; i < self->objects->len; i++)
    {
      StrataWantedObject *wanted = g_ptr_array_index (self->objects, i);

      if (_strata_digest_equal (digest, &wanted->digest))
        return wanted;
    }

  return NULL;
}

static void
find_uses_by (StrataRepairing           *self,
              const StrataManifest      *manifest,
              const StrataAttachmentRow *row)
{
  StrataRowObject object;

  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      StrataWantedObject *wanted;
      StrataObjectUse *use;

      _strata_attachment_row_get_object (row, i, &object);
      wanted = find_wanted (self, &object.digest);
      if (wanted == NULL)
        continue;

      use = g_new0 (StrataObjectUse, 1);
      use->row = _strata_attachment_row_copy (row);
      use->is_embedded = i > 0 || !_strata_attachment_row_has_object (row);
      use->source = manifest->source;
      use->owner = g_strdup (manifest->key);
      g_ptr_array_add (wanted->uses, use);
    }
}

/* @out_all: FALSE where its rows can't be read */
static void
find_uses_of (StrataRepairing *self,
              StrataManifest  *manifest,
              gboolean        *out_all)
{
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (self->store, manifest, NULL) : NULL;

  *out_all = *out_all && rows != NULL;
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    find_uses_by (self, manifest, g_ptr_array_index (rows, i));
}

static gboolean
find_uses_in (StrataRepairing  *self,
              const char       *folder,
              gboolean         *out_all,
              GError          **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, error);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *key = NULL;
      g_autoptr(StrataManifest) manifest = NULL;
      const char *extension;
      StrataDigest digest;

      if (strcmp (folder, "trash") == 0)
        {
          if (_strata_gc_classify (name, &key, &digest, &extension) != STRATA_GC_SESSION)
            continue;
          manifest = _strata_store_load_trashed (self->store, key, path, NULL);
        }
      else if (strcmp (folder, "sessions") == 0 && _strata_key_is_valid (name))
        manifest = _strata_store_load (self->store, FALSE, name, NULL);
      else if (g_str_has_suffix (name, METADATA_SUFFIX))
        {
          key = g_strndup (name, strlen (name) - strlen (METADATA_SUFFIX));
          manifest = _strata_store_load (self->store, TRUE, key, NULL);
        }
      else
        continue;

      find_uses_of (self, manifest, out_all);
    }

  return entries != NULL;
}

static gboolean
is_in_place (StrataRepairing          *self,
             const StrataWantedObject *wanted)
{
  struct stat status;

  return _strata_file_stat (self->dir, wanted->path, &status, NULL);
}

gboolean
_strata_repairing_find_uses (StrataRepairing  *self,
                             GError          **error)
{
  gboolean all = TRUE;

  if (self->objects->len == 0)
    return TRUE;
  if (!find_uses_in (self, "sessions", &all, error) || !find_uses_in (self, "collections", &all, error) ||
      !find_uses_in (self, "trash", &all, error))
    return FALSE;

  for (guint i = 0; all && i < self->objects->len; i++)
    {
      StrataWantedObject *wanted = g_ptr_array_index (self->objects, i);

      if (wanted->uses->len > 0 || !is_in_place (self, wanted))
        continue;
      wanted->is_done = TRUE;
      if (!put_aside (self, wanted->path, FALSE, "It was damaged, and nothing needs it", error))
        return FALSE;
    }

  return TRUE;
}

/* Telling them apart */

/* In the folder of a session, wherever that is; @rest: below it */
static gboolean
note_in_session (StrataRepairing  *self,
                 const char       *path,
                 const char       *folder,
                 const char       *key,
                 const char       *rest,
                 GError          **error)
{
  if (strcmp (rest, "metadata.json") == 0)
    note_metadata (self, path, folder, key);
  else if (strcmp (rest, "tail.jsonl") == 0)
    g_ptr_array_add (self->tails, g_strdup (folder));
  else if (g_str_has_prefix (rest, "chunks/") && _strata_part_is_file_name (rest + strlen ("chunks/")))
    return note_session_part (self, folder, path, error);

  return TRUE;
}

static gboolean
note_in_trash (StrataRepairing  *self,
               const char       *path,
               const char       *name,
               const char       *rest,
               GError          **error)
{
  g_autofree char *folder = g_strconcat ("trash/", name, NULL);
  g_autofree char *key = NULL;
  const char *extension;
  StrataDigest digest;

  switch (_strata_gc_classify (name, &key, &digest, &extension))
    {
    case STRATA_GC_SESSION:
      return rest == NULL || note_in_session (self, path, folder, key, rest, error);
    case STRATA_GC_ITEM:
      return put_aside (self, path, TRUE, "An item that was deleted is damaged, and can't be brought back", error);
    case STRATA_GC_OBJECT:
    case STRATA_GC_PART:
      return put_aside (self, path, FALSE, "It was damaged, and in the trash", error);
    case STRATA_GC_PURGED:
    case STRATA_GC_FOREIGN:
    default:
      return TRUE;
    }
}

static gboolean
note_single (StrataRepairing  *self,
             const char       *path,
             GError          **error)
{
  if (strcmp (path, STRATA_HEADER_NAME) == 0 || strcmp (path, STRATA_HEADER_COPY_NAME) == 0)
    return _strata_repairing_mend_header (self, error);
  if (strcmp (path, "verify.state") == 0)
    return put_aside (self, path, FALSE, "The next check in parts begins from the start", error);
  if (strcmp (path, "changes.log") == 0)
    self->mend_log = TRUE;
  else if (g_str_has_suffix (path, ".sqlite3"))
    self->mend_databases = TRUE;

  return TRUE;
}

gboolean
_strata_repairing_note (StrataRepairing  *self,
                        const char       *path,
                        GError          **error)
{
  g_auto(GStrv) pieces = g_strsplit (path, "/", 3);
  guint n = g_strv_length (pieces);
  g_autofree char *folder = n == 3 ? g_strdup_printf ("%s/%s", pieces[0], pieces[1]) : NULL;

  if (n == 1)
    return note_single (self, path, error);
  if (strcmp (pieces[0], "sessions") == 0)
    return n < 3 || note_in_session (self, path, folder, pieces[1], pieces[2], error);
  if (strcmp (pieces[0], "trash") == 0)
    return note_in_trash (self, path, pieces[1], pieces[2], error);
  if (strcmp (pieces[0], "attachments") == 0)
    {
      if (n == 3)
        note_object (self, path, pieces[2]);
      return TRUE;
    }
  if (strcmp (pieces[0], "collections") == 0 && g_str_has_suffix (path, METADATA_SUFFIX))
    {
      pieces[1][strlen (pieces[1]) - strlen (METADATA_SUFFIX)] = '\0';
      note_metadata (self, path, NULL, pieces[1]);
      return TRUE;
    }
  if (strcmp (pieces[0], "collections") == 0)
    return !_strata_part_is_file_name (pieces[1]) || note_collection_part (self, path, error);
  if (strcmp (path, "migration/journal") == 0)
    return _strata_repairing_mend_journal (self, error);
  if (strcmp (pieces[0], "migration") == 0 && g_str_has_prefix (pieces[1], "report-"))
    return put_aside (self, path, TRUE, "A report of a migration is damaged; the next run makes a new one", error);
  if (strcmp (pieces[0], "migration") == 0 && n == 3 && g_str_has_prefix (pieces[2], "copies/"))
    return _strata_repairing_mend_copy (self, path, error);
  if (strcmp (pieces[0], "migration") == 0)
    _strata_repairing_say_lost (self, path, NULL, NULL, "What the old store was is lost: there is no way back until the migration is run again");
  if (strcmp (pieces[0], "quarantine") == 0)
    return put_aside (self, path, TRUE, "What was kept is damaged, and is kept as it is", error);

  return TRUE;
}
