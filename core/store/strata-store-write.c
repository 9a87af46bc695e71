/* strata-store-write.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-store-internal-private.h"
#include "strata-store-write.h"
#include "strata-trash-private.h"
#include "strata-write-private.h"

/* What all of these have in common: a change is on disk when it is reported as done,
 * and nothing was changed when an error is. A crash in between leaves what was before
 * or what was wanted, whole. Cancelling has an effect as long as the change is being
 * prepared; once it is under way it is carried out. What several threads ask for at
 * the same time is done together.
 */

static void
run_worker (GTask        *task,
            gpointer      source_object,
            gpointer      task_data,
            GCancellable *cancellable)
{
  StrataStore *self = STRATA_STORE (source_object);
  StrataWrite *write = task_data;
  g_autoptr(GPtrArray) writes = g_ptr_array_new ();

  g_ptr_array_add (writes, write);
  _strata_writer_run (self->writer, writes);
  if (write->error != NULL)
    g_task_return_error (task, g_steal_pointer (&write->error));
  else
    g_task_return_boolean (task, TRUE);
}

/* @write: (transfer full) */
static void
run_async (StrataStore          *self,
           StrataWrite          *write,
           GCancellable         *cancellable,
           gpointer              source_tag,
           GAsyncReadyCallback   callback,
           gpointer              user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  write->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_task_set_source_tag (task, source_tag);
  /* A cancel that comes when it is done must not turn "done" into "cancelled" */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, write, (GDestroyNotify)_strata_write_free);
  g_task_run_in_thread (task, run_worker);
}

/* Returns: (nullable): what the task did; %NULL with @error set */
static StrataWrite *
finish (GAsyncResult  *result,
        GError       **error)
{
  return g_task_propagate_boolean (G_TASK (result), error) ? g_task_get_task_data (G_TASK (result)) : NULL;
}

/* @write: (transfer full)
 *
 * Returns: (transfer full) (nullable): the same; %NULL with @error set
 */
static StrataWrite *
run (StrataStore   *self,
     StrataWrite   *write,
     GCancellable  *cancellable,
     GError       **error)
{
  g_autoptr(StrataWrite) owned = write;
  g_autoptr(GPtrArray) writes = g_ptr_array_new ();

  write->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  g_ptr_array_add (writes, write);
  _strata_writer_run (self->writer, writes);
  if (write->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&write->error));
      return NULL;
    }

  return g_steal_pointer (&owned);
}

static char *
take_key (StrataWrite *write)
{
  return write != NULL ? g_steal_pointer (&write->result_key) : NULL;
}

static char *
take_name (StrataWrite *write)
{
  return write != NULL ? g_steal_pointer (&write->result_name) : NULL;
}

static void
give_name (StrataWrite  *write,
           char        **out_name)
{
  if (out_name != NULL)
    *out_name = take_name (write);
}

static StrataWrite *
new_create_session (GInputStream *json)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_CREATE, NULL);

  write->stream = g_object_ref (json);

  return write;
}

/**
 * strata_store_create_session:
 * @json: a stream of the object
 * @cancellable: (nullable): a cancellable
 *
 * Makes a session of one JSON object, which keeps all its members as they are
 * written, but for the white space between tokens.
 *
 * Errors: %STRATA_ERROR_EXISTS: there is a session with that id, whatever its key;
 * %STRATA_ERROR_SYNTAX; %STRATA_ERROR_UNSUITABLE: it is no object.
 *
 * Returns: (transfer full): the new session's key, or %NULL with @error set
 */
char *
strata_store_create_session (StrataStore   *self,
                             GInputStream  *json,
                             GCancellable  *cancellable,
                             GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (G_IS_INPUT_STREAM (json), NULL);

  write = run (self, new_create_session (json), cancellable, error);

  return take_key (write);
}

/**
 * strata_store_create_session_async:
 * @json: a stream of the object
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.create_session] does, on another thread.
 */
void
strata_store_create_session_async (StrataStore         *self,
                                   GInputStream        *json,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (G_IS_INPUT_STREAM (json));

  run_async (self, new_create_session (json), cancellable, strata_store_create_session_async, callback, user_data);
}

/**
 * strata_store_create_session_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): the new session's key, or %NULL with @error set
 */
char *
strata_store_create_session_finish (StrataStore   *self,
                                    GAsyncResult  *result,
                                    GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);

  return take_key (write);
}

static StrataWrite *
new_save_session (const char   *key,
                  GInputStream *json)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_SAVE, key);

  write->stream = g_object_ref (json);

  return write;
}

/**
 * strata_store_save_session:
 * @key: the session's key
 * @json: a stream of the JSON object
 * @cancellable: (nullable): a cancellable
 *
 * Puts a whole session in the place of what it is. Its id must be the same.
 * Attachments that it does not use any more are no longer its own.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND; %STRATA_ERROR_SYNTAX; %STRATA_ERROR_UNSUITABLE: it
 * is no object, or has another id.
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_save_session (StrataStore   *self,
                           const char    *key,
                           GInputStream  *json,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);
  g_return_val_if_fail (G_IS_INPUT_STREAM (json), FALSE);

  write = run (self, new_save_session (key, json), cancellable, error);

  return write != NULL;
}

/**
 * strata_store_save_session_async:
 * @key: the session's key
 * @json: a stream of the JSON object
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.save_session] does, on another thread.
 */
void
strata_store_save_session_async (StrataStore         *self,
                                 const char          *key,
                                 GInputStream        *json,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL);
  g_return_if_fail (G_IS_INPUT_STREAM (json));

  run_async (self, new_save_session (key, json), cancellable, strata_store_save_session_async, callback, user_data);
}

/**
 * strata_store_save_session_finish:
 * @result: what the callback got
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_save_session_finish (StrataStore   *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  write = finish (result, error);

  return write != NULL;
}

static StrataWrite *
new_set_member (const char *key,
                const char *member,
                GBytes     *json)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_SET, key);

  write->name = g_strdup (member);
  write->value = g_bytes_ref (json);

  return write;
}

/**
 * strata_store_set_member:
 * @key: the session's key
 * @member: the member's name
 * @json: its value, one of JSON
 * @cancellable: (nullable): a cancellable
 *
 * Gives a member of a session another value, or adds it behind the others. Where two
 * have that name, the last one counts. Nothing else of the session is read or written.
 * There is no value that removes a member: `null` is one like the others.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND; %STRATA_ERROR_SYNTAX; %STRATA_ERROR_UNSUITABLE: it
 * is the id, which can't be changed.
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_set_member (StrataStore   *self,
                         const char    *key,
                         const char    *member,
                         GBytes        *json,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), FALSE);
  g_return_val_if_fail (key != NULL && member != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  write = run (self, new_set_member (key, member, json), cancellable, error);

  return write != NULL;
}

/**
 * strata_store_set_member_async:
 * @key: the session's key
 * @member: the member's name
 * @json: its value, one of JSON
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.set_member] does, on another thread.
 */
void
strata_store_set_member_async (StrataStore         *self,
                               const char          *key,
                               const char          *member,
                               GBytes              *json,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL && member != NULL);
  g_return_if_fail (json != NULL);

  run_async (self, new_set_member (key, member, json), cancellable, strata_store_set_member_async, callback, user_data);
}

/**
 * strata_store_set_member_finish:
 * @result: what the callback got
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_set_member_finish (StrataStore   *self,
                                GAsyncResult  *result,
                                GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  write = finish (result, error);

  return write != NULL;
}

static StrataWrite *
new_append (const char          *key,
            const char          *list,
            GBytes              *json,
            StrataNewAttachment *attachment)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_APPEND, key);

  write->name = g_strdup (list);
  write->value = g_bytes_ref (json);
  write->attachment = attachment != NULL ? strata_new_attachment_ref (attachment) : NULL;

  return write;
}

/**
 * strata_store_append:
 * @key: the session's key
 * @list: `screenshots`, `audioSegments`, `video.chunks` or `contextItems`
 * @json: the element, one value of JSON
 * @attachment: (nullable): what belongs to it
 * @out_attachment_id: (out) (optional) (nullable) (transfer full): the attachment's id
 * @cancellable: (nullable): a cancellable
 *
 * Appends an element to one of the lists that grow while a session is recorded. It
 * costs the same however long the list is. A list that is not there is made.
 *
 * What is attached gets the id that @attachment has, else the one that the element
 * names as its `attachmentId`, else a new one. An element, being an object, that names
 * none gets that member as its last.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND; %STRATA_ERROR_SYNTAX; %STRATA_ERROR_UNSUITABLE: there
 * is no such list, or the session has something else in its place;
 * %STRATA_ERROR_EXISTS: the attachment's id belongs to other bytes.
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_append (StrataStore          *self,
                     const char           *key,
                     const char           *list,
                     GBytes               *json,
                     StrataNewAttachment  *attachment,
                     char                **out_attachment_id,
                     GCancellable         *cancellable,
                     GError              **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), FALSE);
  g_return_val_if_fail (key != NULL && list != NULL, FALSE);
  g_return_val_if_fail (json != NULL, FALSE);

  write = run (self, new_append (key, list, json, attachment), cancellable, error);
  if (write != NULL)
    give_name (write, out_attachment_id);

  return write != NULL;
}

/**
 * strata_store_append_async:
 * @key: the session's key
 * @list: `screenshots`, `audioSegments`, `video.chunks` or `contextItems`
 * @json: the element, one value of JSON
 * @attachment: (nullable): what belongs to it
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.append] does, on another thread.
 */
void
strata_store_append_async (StrataStore         *self,
                           const char          *key,
                           const char          *list,
                           GBytes              *json,
                           StrataNewAttachment *attachment,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL && list != NULL);
  g_return_if_fail (json != NULL);

  run_async (self, new_append (key, list, json, attachment), cancellable, strata_store_append_async, callback, user_data);
}

/**
 * strata_store_append_finish:
 * @result: what the callback got
 * @out_attachment_id: (out) (optional) (nullable) (transfer full): the attachment's id
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_append_finish (StrataStore   *self,
                            GAsyncResult  *result,
                            char         **out_attachment_id,
                            GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  write = finish (result, error);
  if (write != NULL)
    give_name (write, out_attachment_id);

  return write != NULL;
}

static StrataWrite *
new_add_attachment (const char          *key,
                    StrataNewAttachment *attachment)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_ATTACH, key);

  write->attachment = strata_new_attachment_ref (attachment);

  return write;
}

/**
 * strata_store_add_attachment:
 * @key: (nullable): the session's key; %NULL: of none
 * @attachment: what is to be added
 * @out_owner: (out) (optional) (transfer full): key of the session or collection that has it now
 * @cancellable: (nullable): a cancellable
 *
 * Adds an attachment to a session, for something that is going to use it, or to no
 * session: then it is kept until something uses it or it is deleted. Equal bytes are stored once.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND; %STRATA_ERROR_EXISTS: its id belongs to other bytes.
 *
 * Returns: (transfer full): the attachment's id, or %NULL with @error set
 */
char *
strata_store_add_attachment (StrataStore          *self,
                             const char           *key,
                             StrataNewAttachment  *attachment,
                             char                **out_owner,
                             GCancellable         *cancellable,
                             GError              **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (attachment != NULL, NULL);

  write = run (self, new_add_attachment (key, attachment), cancellable, error);
  if (write != NULL && out_owner != NULL)
    *out_owner = take_key (write);

  return take_name (write);
}

/**
 * strata_store_add_attachment_async:
 * @key: (nullable): the session's key; %NULL: of none
 * @attachment: what is to be added
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.add_attachment] does, on another thread.
 */
void
strata_store_add_attachment_async (StrataStore         *self,
                                   const char          *key,
                                   StrataNewAttachment *attachment,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (attachment != NULL);

  run_async (self, new_add_attachment (key, attachment), cancellable, strata_store_add_attachment_async, callback, user_data);
}

/**
 * strata_store_add_attachment_finish:
 * @result: what the callback got
 * @out_owner: (out) (optional) (transfer full): key of the session or collection that has it now
 *
 * Returns: (transfer full): the attachment's id, or %NULL with @error set
 */
char *
strata_store_add_attachment_finish (StrataStore   *self,
                                    GAsyncResult  *result,
                                    char         **out_owner,
                                    GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);
  if (write != NULL && out_owner != NULL)
    *out_owner = take_key (write);

  return take_name (write);
}

static StrataWrite *
new_seal_session (const char *key)
{
  return _strata_write_new (STRATA_WRITE_SEAL, key);
}

/**
 * strata_store_seal_session:
 * @key: the session's key
 * @cancellable: (nullable): a cancellable
 *
 * Makes ordinary parts of what was appended to a session, as happens by itself after
 * each MiB and before any other change. For when its recording ends.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND.
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_seal_session (StrataStore   *self,
                           const char    *key,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), FALSE);
  g_return_val_if_fail (key != NULL, FALSE);

  write = run (self, new_seal_session (key), cancellable, error);

  return write != NULL;
}

/**
 * strata_store_seal_session_async:
 * @key: the session's key
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.seal_session] does, on another thread.
 */
void
strata_store_seal_session_async (StrataStore         *self,
                                 const char          *key,
                                 GCancellable        *cancellable,
                                 GAsyncReadyCallback  callback,
                                 gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL);

  run_async (self, new_seal_session (key), cancellable, strata_store_seal_session_async, callback, user_data);
}

/**
 * strata_store_seal_session_finish:
 * @result: what the callback got
 *
 * Returns: whether it is on disk; else @error is set
 */
gboolean
strata_store_seal_session_finish (StrataStore   *self,
                                  GAsyncResult  *result,
                                  GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  write = finish (result, error);

  return write != NULL;
}

static StrataWrite *
new_delete_session (const char *key)
{
  return _strata_write_new (STRATA_WRITE_DELETE, key);
}

/**
 * strata_store_delete_session:
 * @key: the session's key
 * @cancellable: (nullable): a cancellable
 *
 * Moves a session to the trash, from where [method@Strata.Store.undelete] brings it
 * back until it is purged. The objects of its attachments stay until then.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND.
 *
 * Returns: (transfer full): what it is called in the trash, or %NULL with @error set
 */
char *
strata_store_delete_session (StrataStore   *self,
                             const char    *key,
                             GCancellable  *cancellable,
                             GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  write = run (self, new_delete_session (key), cancellable, error);

  return take_name (write);
}

/**
 * strata_store_delete_session_async:
 * @key: the session's key
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.delete_session] does, on another thread.
 */
void
strata_store_delete_session_async (StrataStore         *self,
                                   const char          *key,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL);

  run_async (self, new_delete_session (key), cancellable, strata_store_delete_session_async, callback, user_data);
}

/**
 * strata_store_delete_session_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): what it is called in the trash, or %NULL with @error set
 */
char *
strata_store_delete_session_finish (StrataStore   *self,
                                    GAsyncResult  *result,
                                    GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);

  return take_name (write);
}

static StrataWrite *
new_delete_item (const char *key,
                 const char *item)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_DELETE_ITEM, key);

  write->name = g_strdup (item);

  return write;
}

/**
 * strata_store_delete_item:
 * @key: the session's key
 * @item: the element's id, as text
 * @cancellable: (nullable): a cancellable
 *
 * Takes an element out of whichever of the growing lists has it, and puts it into the
 * trash, with what the session knows of its attachments. Those that nothing else in
 * the session uses are no longer its own.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND: no such session, or no such element.
 *
 * Returns: (transfer full): what it is called in the trash, or %NULL with @error set
 */
char *
strata_store_delete_item (StrataStore   *self,
                          const char    *key,
                          const char    *item,
                          GCancellable  *cancellable,
                          GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (key != NULL && item != NULL, NULL);

  write = run (self, new_delete_item (key, item), cancellable, error);

  return take_name (write);
}

/**
 * strata_store_delete_item_async:
 * @key: the session's key
 * @item: the element's id, as text
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.delete_item] does, on another thread.
 */
void
strata_store_delete_item_async (StrataStore         *self,
                                const char          *key,
                                const char          *item,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (key != NULL && item != NULL);

  run_async (self, new_delete_item (key, item), cancellable, strata_store_delete_item_async, callback, user_data);
}

/**
 * strata_store_delete_item_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): what it is called in the trash, or %NULL with @error set
 */
char *
strata_store_delete_item_finish (StrataStore   *self,
                                 GAsyncResult  *result,
                                 GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);

  return take_name (write);
}

static StrataWrite *
new_undelete (const char *name)
{
  return _strata_write_new (_strata_trash_is_item (name) ? STRATA_WRITE_UNDELETE_ITEM : STRATA_WRITE_UNDELETE, name);
}

/**
 * strata_store_undelete:
 * @name: a session's key, or what [method@Strata.Store.delete_item] returned
 * @cancellable: (nullable): a cancellable
 *
 * Brings back from the trash the session with that key that was deleted last, or an
 * element of a list, to where it was.
 *
 * Errors: %STRATA_ERROR_NOT_FOUND: there is nothing like that in the trash, or no
 * session to put the element into; %STRATA_ERROR_EXISTS: it is there already.
 *
 * Returns: (transfer full): the session's key, or %NULL with @error set
 */
char *
strata_store_undelete (StrataStore   *self,
                       const char    *name,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  write = run (self, new_undelete (name), cancellable, error);

  return take_key (write);
}

/**
 * strata_store_undelete_async:
 * @name: a session's key, or what [method@Strata.Store.delete_item] returned
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.undelete] does, on another thread.
 */
void
strata_store_undelete_async (StrataStore         *self,
                             const char          *name,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (name != NULL);

  run_async (self, new_undelete (name), cancellable, strata_store_undelete_async, callback, user_data);
}

/**
 * strata_store_undelete_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): the session's key, or %NULL with @error set
 */
char *
strata_store_undelete_finish (StrataStore   *self,
                              GAsyncResult  *result,
                              GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);

  return take_key (write);
}

static StrataWrite *
new_set_collection (const char   *name,
                    GInputStream *json)
{
  StrataWrite *write = _strata_write_new (STRATA_WRITE_COLLECTION, name);

  write->stream = g_object_ref (json);

  return write;
}

/**
 * strata_store_set_collection:
 * @name: the key of a collection, or the name of a new one
 * @json: a stream of its value, one of JSON
 * @cancellable: (nullable): a cancellable
 *
 * Puts a value in the place of what a collection is, or makes a new one.
 *
 * Errors: %STRATA_ERROR_SYNTAX.
 *
 * Returns: (transfer full): the collection's key, or %NULL with @error set
 */
char *
strata_store_set_collection (StrataStore   *self,
                             const char    *name,
                             GInputStream  *json,
                             GCancellable  *cancellable,
                             GError       **error)
{
  g_autoptr(StrataWrite) write = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (G_IS_INPUT_STREAM (json), NULL);

  write = run (self, new_set_collection (name, json), cancellable, error);

  return take_key (write);
}

/**
 * strata_store_set_collection_async:
 * @name: the key of a collection, or the name of a new one
 * @json: a stream of its value, one of JSON
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.set_collection] does, on another thread.
 */
void
strata_store_set_collection_async (StrataStore         *self,
                                   const char          *name,
                                   GInputStream        *json,
                                   GCancellable        *cancellable,
                                   GAsyncReadyCallback  callback,
                                   gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_STORE (self));
  g_return_if_fail (name != NULL);
  g_return_if_fail (G_IS_INPUT_STREAM (json));

  run_async (self, new_set_collection (name, json), cancellable, strata_store_set_collection_async, callback, user_data);
}

/**
 * strata_store_set_collection_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): the collection's key, or %NULL with @error set
 */
char *
strata_store_set_collection_finish (StrataStore   *self,
                                    GAsyncResult  *result,
                                    GError       **error)
{
  StrataWrite *write;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  write = finish (result, error);

  return take_key (write);
}
