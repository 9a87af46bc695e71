/* stratactl-read.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "stratactl-private.h"

/* list */

static gboolean
parse_order (const char         *sort,
             StrataSessionOrder *out_order)
{
  static const struct { const char *name; StrataSessionOrder order; } orders[] = {
    { "date", STRATA_SESSION_ORDER_DATE },
    { "size", STRATA_SESSION_ORDER_SIZE },
    { "name", STRATA_SESSION_ORDER_NAME },
  };

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (g_strcmp0 (sort != NULL ? sort : "date", orders[i].name) == 0)
      {
        *out_order = orders[i].order;
        return TRUE;
      }

  return FALSE;
}

static void
add_session (JsonBuilder             *builder,
             const StrataSessionInfo *info)
{
  begin_object (builder, NULL);
  add_string (builder, "key", info->key);
  add_string (builder, "id", info->id);
  add_string (builder, "name", info->name);
  add_string (builder, "start", info->start);
  add_string (builder, "end", info->end);
  add_string (builder, "category", info->category);
  add_string (builder, "status", info->status);
  begin_array (builder, "tags");
  for (guint i = 0; info->tags[i] != NULL; i++)
    json_builder_add_string_value (builder, info->tags[i]);
  json_builder_end_array (builder);
  add_uint (builder, "screenshots", info->screenshots);
  add_uint (builder, "audio_segments", info->audio_segments);
  begin_object (builder, "bytes");
  add_uint (builder, "original", info->bytes_original);
  add_uint (builder, "stored", info->bytes_stored);
  json_builder_end_object (builder);
  add_bool (builder, "recovered", info->recovered);
  json_builder_end_object (builder);
}

static void
print_session (const StrataSessionInfo *info)
{
  g_autofree char *size = g_format_size (info->bytes_stored);
  g_autofree char *name = shown (info->name);
  g_autofree char *start = shown (info->start);

  printf ("%-16.16s  %9s  %4" G_GUINT64_FORMAT " screenshots  %s\n    %s%s\n", start, size, info->screenshots, name,
          info->key, info->recovered ? " (recovered)" : "");
}

int
command_list (Invocation *invocation)
{
  int status = EXIT_DONE;
  StrataSessionOrder order;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GPtrArray) sessions = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (!parse_order (invocation->sort, &order))
    return fail_usage (invocation, "--sort takes date, size or name");
  if (invocation->limit < 0)
    return fail_usage (invocation, "--limit takes a number from 1");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  sessions = strata_store_list_sessions (store, order, (guint)invocation->limit, &error);
  if (sessions == NULL)
    return fail (invocation, NULL, error);

  json_builder_begin_array (builder);
  for (guint i = 0; i < sessions->len; i++)
    if (invocation->json)
      add_session (builder, g_ptr_array_index (sessions, i));
    else
      print_session (g_ptr_array_index (sessions, i));
  json_builder_end_array (builder);
  if (invocation->json)
    print_document (builder);

  return EXIT_DONE;
}

/* show */

/* Prints what was loaded, as a line */
static int
print_bytes (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  fwrite (data, 1, size, stdout);
  if (size == 0 || data[size - 1] != '\n')
    fputc ('\n', stdout);

  return fflush (stdout) == 0 ? EXIT_DONE : EXIT_WRITE;
}


int
command_show (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataSessionInfo) info = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;

  if (invocation->metadata + invocation->parts + (invocation->part != NULL) > 1)
    return fail_usage (invocation, "only one of --metadata, --parts and --part can be asked for");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  info = strata_store_find_session (store, invocation->arguments[0], &error);
  if (info == NULL)
    return fail (invocation, NULL, error);

  if (invocation->metadata || invocation->parts)
    {
      g_autoptr(GBytes) bytes = invocation->metadata ? strata_store_load_metadata (store, info->key, &error)
                                                     : strata_store_load_manifest (store, info->key, &error);

      return bytes != NULL ? print_bytes (bytes) : fail (invocation, info->key, error);
    }

  if (invocation->part != NULL)
    stream = strata_store_open_part (store, info->key, invocation->part, &error);
  else
    stream = strata_store_open_session (store, info->key, &error);
  if (stream == NULL)
    return fail (invocation, NULL, error);

  return print_stream (invocation, stream, TRUE, info->key);
}

/* attachments */

static void
add_attachment_members (JsonBuilder                *builder,
                        const StrataAttachmentInfo *info)
{
  add_string (builder, "id", info->id);
  add_string (builder, "sha256", info->sha256);
  add_string (builder, "mime", info->mime);
  add_string (builder, "name", info->name);
  if (info->bytes >= 0)
    add_uint (builder, "bytes", (guint64)info->bytes);
  else
    add_null (builder, "bytes");
  add_string (builder, "state", info->state);
}

static void
print_attachment (const StrataAttachmentInfo *info)
{
  g_autofree char *size = info->bytes >= 0 ? g_format_size ((guint64)info->bytes) : g_strdup ("—");
  g_autofree char *id = shown (info->id);
  g_autofree char *name = shown (info->name);

  printf ("%-44s %9s  %-8s %-12s %s\n", id, size, info->state, info->mime != NULL ? info->mime : "", name);
}

/* Without an owner each id once, rather with bytes than without */
static GPtrArray *
keep_each_id_once (GPtrArray *attachments)
{
  g_autoptr(GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *kept = g_ptr_array_new_with_free_func ((GDestroyNotify)strata_attachment_info_unref);

  for (guint i = 0; i < attachments->len; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);
      gpointer place;

      if (!g_hash_table_lookup_extended (places, info->id, NULL, &place))
        {
          g_hash_table_insert (places, info->id, GUINT_TO_POINTER (kept->len));
          g_ptr_array_add (kept, strata_attachment_info_ref (info));
        }
      else if (((StrataAttachmentInfo *)g_ptr_array_index (kept, GPOINTER_TO_UINT (place)))->bytes < 0 && info->bytes >= 0)
        {
          strata_attachment_info_unref (g_ptr_array_index (kept, GPOINTER_TO_UINT (place)));
          g_ptr_array_index (kept, GPOINTER_TO_UINT (place)) = strata_attachment_info_ref (info);
          g_hash_table_replace (places, info->id, place);
        }
    }

  return kept;
}

int
command_attachments (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataSessionInfo) session = NULL;
  g_autoptr(GPtrArray) all = NULL;
  g_autoptr(GPtrArray) attachments = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (store == NULL)
    return status;

  if (invocation->arguments[0] != NULL)
    {
      session = strata_store_find_session (store, invocation->arguments[0], &error);
      if (session == NULL)
        return fail (invocation, NULL, error);
    }

  all = strata_store_list_attachments (store, session != NULL ? session->key : NULL, &error);
  if (all == NULL)
    return fail (invocation, NULL, error);
  attachments = session != NULL ? g_ptr_array_ref (all) : keep_each_id_once (all);

  json_builder_begin_array (builder);
  for (guint i = 0; i < attachments->len; i++)
    {
      if (!invocation->json)
        {
          print_attachment (g_ptr_array_index (attachments, i));
          continue;
        }
      json_builder_begin_object (builder);
      add_attachment_members (builder, g_ptr_array_index (attachments, i));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  if (invocation->json)
    print_document (builder);

  return EXIT_DONE;
}

/* attachment */

static gboolean
write_file (Invocation    *invocation,
            GInputStream  *stream,
            GError       **error)
{
  g_autoptr(GFile) file = g_file_new_for_commandline_arg (invocation->output);
  g_autoptr(GFileOutputStream) output = g_file_create (file, G_FILE_CREATE_PRIVATE, invocation->cancellable, error);

  if (output == NULL)
    return FALSE;

  if (g_output_stream_splice (G_OUTPUT_STREAM (output), stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                              invocation->cancellable, error) >= 0)
    return TRUE;

  /* Half of an attachment under its own name would be taken for the whole */
  g_file_delete (file, NULL, NULL);

  return FALSE;
}

int
command_attachment (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataAttachmentInfo) info = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GError) error = NULL;

  if (invocation->json && invocation->output == NULL)
    return fail_usage (invocation, "--json needs -o FILE, since the bytes would go where the document goes");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  info = strata_store_find_attachment (store, invocation->arguments[0], &error);
  if (info != NULL)
    stream = strata_store_open_attachment (store, info, &error);
  if (stream == NULL)
    return fail (invocation, NULL, error);

  if (invocation->output == NULL)
    return print_stream (invocation, stream, FALSE, info->id);

  if (!write_file (invocation, stream, &error))
    return fail (invocation, invocation->output, error);

  if (invocation->json)
    {
      json_builder_begin_object (builder);
      add_attachment_members (builder, info);
      json_builder_end_object (builder);
      print_document (builder);
    }

  return EXIT_DONE;
}

/* report */

static int
write_report (Invocation   *invocation,
              GInputStream *stream)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GError) error = NULL;

  if (!write_file (invocation, stream, &error))
    return fail (invocation, invocation->output, error);

  if (invocation->json)
    {
      json_builder_begin_object (builder);
      add_string (builder, "report", invocation->output);
      json_builder_end_object (builder);
      print_document (builder);
    }

  return EXIT_DONE;
}

int
command_report (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  stream = strata_report_open (store, 0, invocation->json, &error);
  if (stream == NULL)
    return fail (invocation, NULL, error);

  return invocation->output != NULL ? write_report (invocation, stream) : print_stream (invocation, stream, FALSE, NULL);
}
