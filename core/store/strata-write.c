/* strata-write.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-key-private.h"
#include "strata-slicer-private.h"
#include "strata-trash-private.h"
#include "strata-write-private.h"

/* An id longer than this is none, as a key goes; see docs/store-format.md */
#define MAX_ID_TOKEN 2048

StrataWrite *
_strata_write_new (StrataWriteKind  kind,
                   const char      *key)
{
  StrataWrite *self = g_new0 (StrataWrite, 1);

  self->kind = kind;
  self->key = g_strdup (key);

  return self;
}

/* Forgets what was prepared; what is staged and was not taken over goes. */
static void
drop_prepared (StrataWrite *self)
{
  if (self->fragment != NULL && self->batch != NULL)
    _strata_batch_discard (self->batch, self->fragment);
  g_clear_pointer (&self->fragment, _strata_manifest_free);
  g_clear_pointer (&self->batch, _strata_batch_free);
  g_clear_pointer (&self->id_token, g_free);
  g_clear_pointer (&self->name_token, g_free);
  g_clear_pointer (&self->uses, _strata_uses_free);
  if (self->element != NULL)
    g_string_free (g_steal_pointer (&self->element), TRUE);
  g_clear_pointer (&self->row, _strata_attachment_row_free);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
}

void
_strata_write_free (StrataWrite *self)
{
  drop_prepared (self);
  g_free (self->key);
  g_free (self->name);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->attachment, strata_new_attachment_unref);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_free (self->result_key);
  g_free (self->result_name);
  g_free (self);
}

gboolean
_strata_write_is_growth (const StrataWrite *self)
{
  return self->kind == STRATA_WRITE_APPEND || (self->kind == STRATA_WRITE_ATTACH && self->key != NULL);
}

static void
see_text (StrataWrite *self,
          const char  *text,
          gsize        length)
{
  _strata_json_for_each_string (text, length, _strata_uses_see_string, self->uses);
}

/* Takes the one value that @bytes should hold, without the white space in it. */
static gboolean
minify (GBytes        *bytes,
        GString       *text,
        GCancellable  *cancellable,
        GError       **error)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (data, size);

  return _strata_json_reader_take_string (reader, text, cancellable, error) &&
         _strata_json_reader_finish (reader, cancellable, error);
}

static StrataSlicer *
new_slicer (StrataWrite *self,
            StrataStore *store)
{
  StrataSlicer *slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (self->batch));

  _strata_slicer_set_string_func (slicer, _strata_uses_see_string, self->uses);

  return slicer;
}

/* Elements */

/* Says by which id the element uses what is attached to it; one that names none gets the member. */
static char *
settle_attachment_id (StrataWrite *self)
{
  static const char *const names[] = { "attachmentId", NULL };
  g_autoptr(StrataJsonMembers) members = NULL;
  char *id = g_strdup (strata_new_attachment_get_id (self->attachment));

  if (self->element->str[0] == '{')
    members = _strata_json_members_parse (self->element->str, self->element->len, names, NULL);
  if (id == NULL && members != NULL)
    id = _strata_json_members_dup_string (members, "attachmentId");
  if (id == NULL || *id == '\0')
    {
      g_free (id);
      id = _strata_new_attachment_make_id ();
    }

  if (members != NULL && _strata_json_members_get_raw (members, "attachmentId") == NULL)
    {
      g_string_truncate (self->element, self->element->len - 1);
      g_string_append (self->element, self->element->len > 1 ? ",\"attachmentId\":" : "\"attachmentId\":");
      _strata_json_append_quoted (self->element, id);
      g_string_append_c (self->element, '}');
    }

  return id;
}

static gboolean
put_attachment (StrataWrite  *self,
                StrataStore  *store,
                const char   *id,
                GError      **error)
{
  self->batch = _strata_batch_new_shared (store, error);
  if (self->batch == NULL)
    return FALSE;

  _strata_batch_set_distrust (self->batch, self->distrust);
  self->row = _strata_new_attachment_put (self->attachment, self->batch, id, self->cancellable, error);
  if (self->row == NULL || !_strata_batch_sync (self->batch, error))
    return FALSE;
  self->result_name = g_strdup (self->row->id);

  return TRUE;
}

static gboolean
prepare_append (StrataWrite  *self,
                StrataStore  *store,
                GError      **error)
{
  g_autofree char *id = NULL;

  if (!_strata_list_from_name (self->name, strlen (self->name), &self->list))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "There is no list “%s” that elements could be appended to",
                   self->name);
      return FALSE;
    }

  self->element = g_string_new (NULL);
  if (!minify (self->value, self->element, self->cancellable, error))
    return FALSE;
  if (self->attachment != NULL)
    id = settle_attachment_id (self);
  see_text (self, self->element->str, self->element->len);

  return self->attachment == NULL || put_attachment (self, store, id, error);
}

static gboolean
prepare_attach (StrataWrite  *self,
                StrataStore  *store,
                GError      **error)
{
  g_autofree char *id = _strata_new_attachment_make_id ();

  self->list = STRATA_N_LISTS;
  self->element = g_string_new (NULL);

  return put_attachment (self, store, id, error);
}

/* Values */

/* Over what was given, as a stream or as bytes */
static StrataJsonReader *
new_reader (StrataWrite *self)
{
  gsize size;
  const char *text;

  if (self->stream != NULL)
    return _strata_json_reader_new (self->stream);
  text = g_bytes_get_data (self->value, &size);

  return _strata_json_reader_new_for_data (text, size);
}

static gboolean
finish_fragment (StrataWrite       *self,
                 StrataJsonReader  *reader,
                 GError           **error)
{
  return self->fragment != NULL && _strata_json_reader_finish (reader, self->cancellable, error) &&
         _strata_batch_sync_parts (self->batch, self->fragment, error);
}

/* A value is cut as if it were the only member of a session. */
static gboolean
prepare_set (StrataWrite  *self,
             StrataStore  *store,
             GError      **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GString) object = g_string_new ("{");
  g_autoptr(StrataJsonReader) reader = NULL;
  g_autoptr(StrataSlicer) slicer = new_slicer (self, store);

  if (!g_utf8_validate (self->name, -1, NULL))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SYNTAX, "The member's name is not valid UTF-8");
      return FALSE;
    }

  _strata_json_append_quoted (name, self->name);
  self->name_token = g_strdup (name->str);
  g_string_append_printf (object, "%s:", name->str);
  if (!minify (self->value, object, self->cancellable, error))
    return FALSE;
  if (strcmp (self->name, "id") == 0)
    self->id_token = g_strdup (object->str + name->len + 2);
  g_string_append_c (object, '}');

  reader = _strata_json_reader_new_for_data (object->str, object->len);
  self->fragment = _strata_slicer_take_session (slicer, reader, self->cancellable, error);

  return finish_fragment (self, reader, error);
}

static gboolean
prepare_session (StrataWrite  *self,
                 StrataStore  *store,
                 GError      **error)
{
  g_autoptr(StrataJsonReader) reader = new_reader (self);
  g_autoptr(StrataSlicer) slicer = new_slicer (self, store);
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, self->cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "A session is a JSON object");
      return FALSE;
    }

  self->fragment = _strata_slicer_take_session (slicer, reader, self->cancellable, error);
  self->id_token = g_strdup (_strata_slicer_get_id_token (slicer));

  return finish_fragment (self, reader, error);
}

static gboolean
id_is_usable (const char *token)
{
  return token != NULL && strlen (token) <= MAX_ID_TOKEN &&
         (token[0] == '"' ? token[1] != '"' : token[0] == '-' || g_ascii_isdigit (token[0]));
}

static char *
make_session_key (const char         *id_token,
                  const StrataDigest *digest)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  if (id_is_usable (id_token))
    return _strata_key_make (id_token, 0, 0);
  _strata_digest_to_hex (digest, hex);

  return _strata_key_make_for_content (hex, 0, 0);
}

static gboolean
prepare_create (StrataWrite  *self,
                StrataStore  *store,
                GError      **error)
{
  if (!prepare_session (self, store, error))
    return FALSE;

  g_free (self->key);
  self->key = make_session_key (self->id_token, &self->fragment->raw_digest);

  return TRUE;
}

/* A name is that of a collection that is there, or of one that is to be made. */
static char *
settle_collection_key (StrataStore *store,
                       const char  *name)
{
  g_autoptr(StrataManifest) there = _strata_store_load (store, TRUE, name, NULL);

  return there != NULL ? g_strdup (name) : _strata_collection_key_make (name, 0);
}

static gboolean
prepare_collection (StrataWrite  *self,
                    StrataStore  *store,
                    GError      **error)
{
  g_autoptr(StrataJsonReader) reader = new_reader (self);
  g_autoptr(StrataSlicer) slicer = new_slicer (self, store);

  if (!g_utf8_validate (self->key, -1, NULL))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SYNTAX, "The collection's name is not valid UTF-8");
      return FALSE;
    }

  self->name = g_steal_pointer (&self->key);
  self->key = settle_collection_key (store, self->name);
  self->fragment = _strata_slicer_take_collection (slicer, reader, self->key, self->cancellable, error);

  return finish_fragment (self, reader, error);
}

/* All of them */

static gboolean
prepare_kind (StrataWrite  *self,
              StrataStore  *store,
              GError      **error)
{
  switch (self->kind)
    {
    case STRATA_WRITE_CREATE:
      return prepare_create (self, store, error);
    case STRATA_WRITE_SAVE:
      return prepare_session (self, store, error);
    case STRATA_WRITE_SET:
      return prepare_set (self, store, error);
    case STRATA_WRITE_COLLECTION:
      return prepare_collection (self, store, error);
    case STRATA_WRITE_APPEND:
      return prepare_append (self, store, error);
    case STRATA_WRITE_ATTACH:
      return prepare_attach (self, store, error);
    case STRATA_WRITE_UNDELETE_ITEM:
      return _strata_trash_read_item (self, store, error);
    case STRATA_WRITE_SEAL:
    case STRATA_WRITE_DELETE:
    case STRATA_WRITE_DELETE_ITEM:
    case STRATA_WRITE_UNDELETE:
      return TRUE;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
has_value (const StrataWrite *self)
{
  return self->kind == STRATA_WRITE_CREATE || self->kind == STRATA_WRITE_SAVE ||
         self->kind == STRATA_WRITE_SET || self->kind == STRATA_WRITE_COLLECTION;
}

gboolean
_strata_write_prepare (StrataWrite  *self,
                       StrataStore  *store,
                       GError      **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;

  drop_prepared (self);
  g_clear_pointer (&self->result_name, g_free);
  self->uses = _strata_uses_new ();
  if (has_value (self))
    {
      self->batch = _strata_batch_new_shared (store, error);
      if (self->batch == NULL || !_strata_uses_limit (self->uses, store, error))
        return FALSE;
    }

  return prepare_kind (self, store, error) && !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}
