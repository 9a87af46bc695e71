/* stratactl-change.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include <gio/gunixinputstream.h>

#include "stratactl-private.h"

/* Returns: (transfer full): all of standard input, or %NULL with @error set */
static GBytes *
read_input (Invocation  *invocation,
            GError     **error)
{
  g_autoptr(GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable ();

  if (g_output_stream_splice (memory, input, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, invocation->cancellable, error) < 0)
    return NULL;

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

/* What was given on standard input is wrong, rather than anything in the store. */
static int
fail_change (Invocation   *invocation,
             const GError *error)
{
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_SYNTAX) || g_error_matches (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP))
    {
      g_autofree char *message = g_strdup_printf ("standard input: %s", error->message);

      return fail_usage (invocation, message);
    }

  return fail (invocation, NULL, error);
}

static int
print_change (Invocation *invocation,
              const char *key,
              const char *attachment)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (!invocation->json)
    {
      g_autofree char *id = shown (attachment);

      printf ("%s%s%s\n", key, attachment != NULL ? "  " : "", id);
      return EXIT_DONE;
    }

  json_builder_begin_object (builder);
  add_string (builder, "key", key);
  add_string (builder, "attachment", attachment);
  json_builder_end_object (builder);
  print_document (builder);

  return EXIT_DONE;
}

/* The session that the first argument names, in a store that was opened for it; %NULL: it was said why. */
static StrataSessionInfo *
find_session (Invocation   *invocation,
              StrataStore **out_store,
              int          *out_status)
{
  g_autoptr(GError) error = NULL;
  StrataSessionInfo *info;

  *out_store = open_store (invocation, out_status);
  if (*out_store == NULL)
    return NULL;

  info = strata_store_find_session (*out_store, invocation->arguments[0], &error);
  if (info == NULL)
    *out_status = fail (invocation, NULL, error);

  return info;
}

/* set, append */

int
command_set (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataSessionInfo) info = find_session (invocation, &store, &status);
  g_autoptr(GBytes) json = NULL;
  g_autoptr(GError) error = NULL;

  if (info == NULL)
    return status;

  json = read_input (invocation, &error);
  if (json == NULL ||
      !strata_store_set_member (store, info->key, invocation->arguments[1], json, invocation->cancellable, &error))
    return fail_change (invocation, error);

  return print_change (invocation, info->key, NULL);
}

int
command_append (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataSessionInfo) info = find_session (invocation, &store, &status);
  g_autoptr(StrataNewAttachment) attachment = NULL;
  g_autoptr(GBytes) json = NULL;
  g_autofree char *id = NULL;
  g_autoptr(GError) error = NULL;

  if (info == NULL)
    return status;

  if (invocation->attachment != NULL)
    attachment = strata_new_attachment_new_for_path (NULL, invocation->attachment);
  json = read_input (invocation, &error);
  if (json == NULL ||
      !strata_store_append (store, info->key, invocation->arguments[1], json, attachment, &id, invocation->cancellable, &error))
    return fail_change (invocation, error);

  return print_change (invocation, info->key, id);
}

/* attach */

int
command_attach (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataNewAttachment) attachment = NULL;
  g_autofree char *id = NULL;
  g_autofree char *owner = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  attachment = strata_new_attachment_new_for_path (NULL, invocation->arguments[0]);
  id = strata_store_add_attachment (store, NULL, attachment, &owner, invocation->cancellable, &error);
  if (id == NULL)
    return fail (invocation, invocation->arguments[0], error);

  return print_change (invocation, owner, id);
}

/* delete, undelete */

/* The keys of what is to be deleted: found before the first of them goes. */
static GPtrArray *
find_keys (Invocation   *invocation,
           StrataStore  *store,
           GError      **error)
{
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; invocation->arguments[i] != NULL; i++)
    {
      g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, invocation->arguments[i], error);

      if (info == NULL)
        return NULL;
      if (!g_ptr_array_find_with_equal_func (keys, info->key, g_str_equal, NULL))
        g_ptr_array_add (keys, g_strdup (info->key));
    }

  return g_steal_pointer (&keys);
}

/* Says what was done until it was over, or something failed. */
static int
print_deleted (Invocation   *invocation,
               GPtrArray    *names,
               gboolean      is_deleted,
               const GError *error)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_uint (builder, "deleted", is_deleted ? names->len : 0);
  begin_array (builder, is_deleted ? "trash" : "restored");
  for (guint i = 0; i < names->len; i++)
    {
      json_builder_add_string_value (builder, g_ptr_array_index (names, i));
      if (!invocation->json)
        printf ("%s\n", (const char *)g_ptr_array_index (names, i));
    }
  json_builder_end_array (builder);
  if (error != NULL)
    return fail_with (invocation, error, builder);

  json_builder_end_object (builder);
  if (invocation->json)
    print_document (builder);

  return EXIT_DONE;
}

int
command_delete (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GPtrArray) keys = NULL;
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  if (invocation->item != NULL && invocation->arguments[1] != NULL)
    return fail_usage (invocation, "--item takes an item out of one session");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  keys = find_keys (invocation, store, &error);
  if (keys == NULL)
    return fail (invocation, NULL, error);

  for (guint i = 0; i < keys->len && error == NULL; i++)
    {
      const char *key = g_ptr_array_index (keys, i);
      char *name = invocation->item != NULL
                     ? strata_store_delete_item (store, key, invocation->item, invocation->cancellable, &error)
                     : strata_store_delete_session (store, key, invocation->cancellable, &error);

      if (name != NULL)
        g_ptr_array_add (names, name);
    }

  return print_deleted (invocation, names, TRUE, error);
}

int
command_undelete (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  for (guint i = 0; invocation->arguments[i] != NULL && error == NULL; i++)
    {
      char *key = strata_store_undelete (store, invocation->arguments[i], invocation->cancellable, &error);

      if (key != NULL)
        g_ptr_array_add (keys, key);
    }

  return print_deleted (invocation, keys, FALSE, error);
}
