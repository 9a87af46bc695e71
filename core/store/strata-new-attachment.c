/* strata-new-attachment.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-file-private.h"
#include "strata-new-attachment-private.h"

/**
 * StrataNewAttachment:
 *
 * Bytes that shall become an attachment, and what is to be said of them. Made,
 * filled, and given to one of the functions that write; not changed after.
 * Shared by reference.
 */
struct _StrataNewAttachment
{
  char   *id;     /* NULL: one is made */
  char   *name;
  char   *mime;
  GBytes *bytes;  /* NULL: the file's */
  char   *path;
};

G_DEFINE_BOXED_TYPE (StrataNewAttachment, strata_new_attachment, strata_new_attachment_ref, strata_new_attachment_unref)

/**
 * strata_new_attachment_new_for_bytes:
 * @id: (nullable): the id sessions use for it; %NULL: one is made
 * @bytes: its content
 *
 * Returns: (transfer full): the attachment
 */
StrataNewAttachment *
strata_new_attachment_new_for_bytes (const char *id,
                                     GBytes     *bytes)
{
  StrataNewAttachment *self;

  g_return_val_if_fail (bytes != NULL, NULL);

  self = g_atomic_rc_box_new0 (StrataNewAttachment);
  self->id = g_strdup (id);
  self->bytes = g_bytes_ref (bytes);

  return self;
}

/**
 * strata_new_attachment_new_for_path:
 * @id: (nullable): the id sessions use for it; %NULL: one is made
 * @path: (type filename): a file
 *
 * The file is read when the attachment is written, and not changed. Where the file
 * system can, the store shares its blocks instead of copying them.
 *
 * Returns: (transfer full): the attachment
 */
StrataNewAttachment *
strata_new_attachment_new_for_path (const char *id,
                                    const char *path)
{
  StrataNewAttachment *self;

  g_return_val_if_fail (path != NULL, NULL);

  self = g_atomic_rc_box_new0 (StrataNewAttachment);
  self->id = g_strdup (id);
  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  if (!g_utf8_validate (self->name, -1, NULL))
    {
      g_autofree char *raw = self->name;

      self->name = g_utf8_make_valid (raw, -1);
    }

  return self;
}

StrataNewAttachment *
strata_new_attachment_ref (StrataNewAttachment *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
new_attachment_clear (StrataNewAttachment *self)
{
  g_free (self->id);
  g_free (self->name);
  g_free (self->mime);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self->path);
}

void
strata_new_attachment_unref (StrataNewAttachment *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)new_attachment_clear);
}

/**
 * strata_new_attachment_get_id:
 *
 * Returns: (nullable): the id it was given
 */
const char *
strata_new_attachment_get_id (StrataNewAttachment *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->id;
}

/**
 * strata_new_attachment_set_name:
 * @name: (nullable): for people; of a file it is the file's
 */
void
strata_new_attachment_set_name (StrataNewAttachment *self,
                                const char          *name)
{
  g_return_if_fail (self != NULL);

  g_free (self->name);
  self->name = g_strdup (name);
}

/**
 * strata_new_attachment_set_mime:
 * @mime: (nullable): media type, for content that does not say by its first bytes what it is
 */
void
strata_new_attachment_set_mime (StrataNewAttachment *self,
                                const char          *mime)
{
  g_return_if_fail (self != NULL);

  g_free (self->mime);
  self->mime = g_strdup (mime);
}

gsize
_strata_new_attachment_get_size (StrataNewAttachment *self)
{
  return self->bytes != NULL ? g_bytes_get_size (self->bytes) : 0;
}

char *
_strata_new_attachment_make_id (void)
{
  g_autofree char *random = g_uuid_string_random ();

  return g_strdup_printf ("attachment-%" G_GINT64_FORMAT "-%s", g_get_real_time () / 1000, random + 24);
}

static gboolean
put_content (StrataNewAttachment  *self,
             StrataBatch          *batch,
             StrataStoredObject   *out_object,
             GCancellable         *cancellable,
             GError              **error)
{
  g_autoptr(GInputStream) stream = NULL;

  if (self->bytes != NULL)
    {
      stream = g_memory_input_stream_new_from_bytes (self->bytes);
      return _strata_batch_put_stream (batch, stream, out_object, cancellable, error);
    }

  stream = _strata_file_stream_open_given (self->path, error);

  return stream != NULL && _strata_batch_put_open_file (batch, STRATA_FILE_STREAM (stream), out_object, cancellable, error);
}

StrataAttachmentRow *
_strata_new_attachment_put (StrataNewAttachment  *self,
                            StrataBatch          *batch,
                            const char           *id,
                            GCancellable         *cancellable,
                            GError              **error)
{
  StrataStoredObject object;
  StrataAttachmentRow *row;

  if (!put_content (self, batch, &object, cancellable, error))
    return NULL;

  row = g_new0 (StrataAttachmentRow, 1);
  row->id = g_strdup (self->id != NULL ? self->id : id);
  row->state = STRATA_ATTACHMENT_OBJECT;
  row->digest = object.digest;
  row->bytes = object.bytes;
  row->extension = g_strdup (object.type->extension);
  row->mime = g_strdup (object.type->mime != NULL ? object.type->mime : self->mime);
  row->name = g_strdup (self->name);

  return row;
}
