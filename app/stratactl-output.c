/* stratactl-output.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stratactl-private.h"

#define BLOCK_BYTES (256 * 1024)

/* How an error is named in JSON, and what it means for the exit status */
static const struct
{
  int         code;
  const char *name;
  int         status;
} strata_errors[] = {
  { STRATA_ERROR_SYNTAX, "damaged", EXIT_DAMAGE },
  { STRATA_ERROR_TOO_DEEP, "damaged", EXIT_DAMAGE },
  { STRATA_ERROR_CORRUPT, "damaged", EXIT_DAMAGE },
  { STRATA_ERROR_NEWER_FORMAT, "newer-format", EXIT_NEWER },
  { STRATA_ERROR_IN_USE, "in-use", EXIT_IN_USE },
  { STRATA_ERROR_NOT_FOUND, "not-found", EXIT_NOT_FOUND },
  { STRATA_ERROR_AMBIGUOUS, "ambiguous", EXIT_USAGE },
  { STRATA_ERROR_EXISTS, "exists", EXIT_USAGE },
  { STRATA_ERROR_SOURCE, "source-unreadable", EXIT_SOURCE },
  { STRATA_ERROR_SOURCE_CHANGED, "source-changed", EXIT_SOURCE },
  { STRATA_ERROR_DAMAGED_DATA, "damaged", EXIT_DAMAGE },
  { STRATA_ERROR_UNSUITABLE, "unsuitable", EXIT_USAGE },
}, io_errors[] = {
  { G_IO_ERROR_NO_SPACE, "no-space", EXIT_WRITE },
  { G_IO_ERROR_PERMISSION_DENIED, "no-permission", EXIT_WRITE },
  { G_IO_ERROR_READ_ONLY, "no-permission", EXIT_WRITE },
  { G_IO_ERROR_EXISTS, "exists", EXIT_USAGE },
  { G_IO_ERROR_NOT_FOUND, "not-found", EXIT_NOT_FOUND },
  { G_IO_ERROR_NOT_DIRECTORY, "not-found", EXIT_NOT_FOUND },
  { G_IO_ERROR_CANCELLED, "paused", EXIT_PAUSED },
};

static const char *
name_of_error (const GError *error,
               int          *out_status)
{
  if (error->domain == STRATA_ERROR)
    for (guint i = 0; i < G_N_ELEMENTS (strata_errors); i++)
      if (strata_errors[i].code == error->code)
        {
          *out_status = strata_errors[i].status;
          return strata_errors[i].name;
        }

  if (error->domain == G_IO_ERROR)
    for (guint i = 0; i < G_N_ELEMENTS (io_errors); i++)
      if (io_errors[i].code == error->code)
        {
          *out_status = io_errors[i].status;
          return io_errors[i].name;
        }

  *out_status = EXIT_INTERNAL;

  return "internal";
}

int
status_of_error (const GError *error)
{
  int status;

  name_of_error (error, &status);

  return status;
}

/* Building documents */

void
begin_object (JsonBuilder *builder,
              const char  *name)
{
  if (name != NULL)
    json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
}

void
begin_array (JsonBuilder *builder,
             const char  *name)
{
  if (name != NULL)
    json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
}

void
add_null (JsonBuilder *builder,
          const char  *name)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_null_value (builder);
}

void
add_string (JsonBuilder *builder,
            const char  *name,
            const char  *value)
{
  if (value == NULL)
    {
      add_null (builder, name);
      return;
    }
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

void
add_uint (JsonBuilder *builder,
          const char  *name,
          guint64      value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64)value);
}

void
add_double (JsonBuilder *builder,
            const char  *name,
            double       value)
{
  json_builder_set_member_name (builder, name);
  /* In thousandths: JSON-GLib writes numbers that need an exponent as "2e-08.0", which is no JSON */
  json_builder_add_double_value (builder, (double)(gint64)(value * 1000 + 0.5) / 1000);
}

void
add_bool (JsonBuilder *builder,
          const char  *name,
          gboolean     value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
add_problems (JsonBuilder *builder,
              GPtrArray   *problems)
{
  begin_array (builder, "problems");
  for (guint i = 0; i < problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (problems, i);

      begin_object (builder, NULL);
      add_string (builder, "code", strata_problem_get_code (problem));
      add_string (builder, "severity", strata_severity_get_name (strata_problem_get_severity (problem)));
      add_string (builder, "path", strata_problem_get_path (problem));
      add_string (builder, "session", strata_problem_get_session (problem));
      add_string (builder, "item", strata_problem_get_item (problem));
      if (strata_problem_get_offset (problem) >= 0)
        add_uint (builder, "offset", (guint64)strata_problem_get_offset (problem));
      else
        add_null (builder, "offset");
      add_string (builder, "message", strata_problem_get_message (problem));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

void
add_error (JsonBuilder  *builder,
           const char   *path,
           const GError *error)
{
  int status;

  begin_object (builder, "error");
  add_string (builder, "code", name_of_error (error, &status));
  add_string (builder, "path", path);
  add_string (builder, "message", error->message);
  json_builder_end_object (builder);
}

void
print_document (JsonBuilder *builder)
{
  g_autoptr(JsonGenerator) generator = json_generator_new ();
  g_autoptr(JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = NULL;

  json_generator_set_root (generator, root);
  text = json_generator_to_data (generator, NULL);
  fputs (text, stdout);
  fputc ('\n', stdout);
}

/* Failing */

static void
print_error (Invocation   *invocation,
             const char   *path,
             const GError *error)
{
  g_autofree char *place = shown (path);
  g_autofree char *message = shown (error->message);

  fprintf (stderr, "stratactl%s%s: %s%s%s\n", invocation->command != NULL ? " " : "",
           invocation->command != NULL ? invocation->command->name : "",
           place, path != NULL ? ": " : "", message);
}

/* Says what went wrong, in the way that was asked for, and returns the exit status for it. */
int
fail (Invocation   *invocation,
      const char   *path,
      const GError *error)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (invocation->json)
    {
      json_builder_begin_object (builder);
      add_error (builder, path, error);
      json_builder_end_object (builder);
      print_document (builder);
    }
  else
    print_error (invocation, path, error);

  return status_of_error (error);
}

/* @document: an object that is still open: the error becomes its last member */
int
fail_with (Invocation   *invocation,
           const GError *error,
           JsonBuilder  *document)
{
  if (invocation->json)
    {
      add_error (document, NULL, error);
      json_builder_end_object (document);
      print_document (document);
    }
  else
    print_error (invocation, NULL, error);

  return status_of_error (error);
}

int
fail_usage (Invocation *invocation,
            const char *message)
{
  g_autoptr(GError) error = g_error_new_literal (STRATA_ERROR, STRATA_ERROR_AMBIGUOUS, message);
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (invocation->json)
    {
      json_builder_begin_object (builder);
      begin_object (builder, "error");
      add_string (builder, "code", "usage");
      add_null (builder, "path");
      add_string (builder, "message", message);
      json_builder_end_object (builder);
      json_builder_end_object (builder);
      print_document (builder);
    }
  else
    print_error (invocation, NULL, error);

  return EXIT_USAGE;
}

StrataStore *
open_store (Invocation *invocation,
            int        *out_status)
{
  g_autoptr(GError) error = NULL;
  StrataStore *store = strata_store_open (invocation->store_path, &error);

  if (store == NULL)
    *out_status = fail (invocation, NULL, error);

  return store;
}

int
status_of_problems (GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    if (strata_problem_get_severity (g_ptr_array_index (problems, i)) >= STRATA_SEVERITY_WARNING)
      return EXIT_WARNINGS;

  return EXIT_DONE;
}

/* On standard output, for people: those that matter one by one, notes by number. */
void
print_problems (GPtrArray *problems)
{
  guint notes = 0;

  for (guint i = 0; i < problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (problems, i);
      g_autofree char *path = shown (strata_problem_get_path (problem));
      g_autofree char *item = shown (strata_problem_get_item (problem));
      g_autofree char *message = shown (strata_problem_get_message (problem));

      if (strata_problem_get_severity (problem) == STRATA_SEVERITY_NOTE)
        {
          notes++;
          continue;
        }
      printf ("  %s: %s%s%s: %s\n", strata_severity_get_name (strata_problem_get_severity (problem)), path,
              *item != '\0' ? " " : "", item, message);
    }

  if (notes > 0)
    printf ("  %u note%s about oddities that lose nothing (--json lists them)\n", notes, notes == 1 ? "" : "s");
}

/* Text from stored data or arguments, made harmless for a terminal. */
char *
shown (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *out = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (g_unichar_iscntrl (character) || g_unichar_type (character) == G_UNICODE_FORMAT)
        g_string_append_c (out, ' ');
      else
        g_string_append_unichar (out, character);
    }

  return g_string_free (out, FALSE);
}

static int
fail_to_print (Invocation *invocation)
{
  g_autoptr(GError) error =
    g_error_new (G_IO_ERROR, g_io_error_from_errno (errno), "Cannot write to standard output: %s", g_strerror (errno));

  fprintf (stderr, "stratactl: %s\n", error->message);

  return EXIT_WRITE;
}

/* Copies a stream to standard output. Damage that is found on the way ends it
 * with the exit status for damage; what was printed then is not to be trusted.
 */
int
print_stream (Invocation   *invocation,
              GInputStream *stream,
              gboolean      newline,
              const char   *path)
{
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  g_autoptr(GError) error = NULL;
  gssize size;

  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, invocation->cancellable, &error)) > 0)
    if (fwrite (block, 1, (gsize)size, stdout) != (gsize)size)
      return fail_to_print (invocation);

  if (size < 0)
    {
      fflush (stdout);
      print_error (invocation, path, error);
      return status_of_error (error);
    }

  if ((newline && fputc ('\n', stdout) == EOF) || fflush (stdout) != 0)
    return fail_to_print (invocation);

  return EXIT_DONE;
}
