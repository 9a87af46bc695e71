/* bench-json.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

/* Both libraries have a function of this name; none of them is called here. */
#define json_object_iter_next jansson_object_iter_next
#include <jansson.h>
#undef json_object_iter_next
#include <json-glib/json-glib.h>
#include <yajl/yajl_parse.h>

#include "json/strata-json-reader-private.h"

/* How fast a JSON array of sessions is read, beside other libraries, all in one
 * run on the same text:
 *
 *   bench-json sessions.json [--megabytes=100] [--rounds=7]
 *
 * The file is one of the old stores: an object whose "data" member holds the
 * array as pretty-printed JSON in a string; or such an array itself. It is
 * repeated to the size asked for, and read as it is and minified.
 */

static int megabytes = 100;
static int rounds = 7;

/* json-glib's and jansson's trees take many times the text, so they get less of
 * it. Nor does jansson take escaped surrogates that stand alone, which the old
 * stores have: both get U+FFFD in their place.
 */
#define TREE_DIVISOR 5

static const GOptionEntry entries[] = {
  { "megabytes", 'm', 0, G_OPTION_ARG_INT, &megabytes, "Size of the text", "N" },
  { "rounds", 'r', 0, G_OPTION_ARG_INT, &rounds, "Times to read it", "N" },
  { NULL },
};

typedef gboolean (*Contestant) (const char *text,
                                gsize       length);

static gboolean
discard_sink (const char  *text,
              gsize        length,
              gpointer     user_data,
              GError     **error)
{
  *(gsize *) user_data += length;

  return TRUE;
}

static gboolean
run_elements (StrataJsonReader *reader,
              StrataJsonSink    sink,
              gboolean          verbatim,
              GString          *string)
{
  gsize total = 0;
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, NULL))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, NULL) && more)
    {
      gboolean taken;

      if (string != NULL)
        {
          g_string_truncate (string, 0);
          taken = _strata_json_reader_take_string (reader, string, NULL, NULL);
        }
      else if (verbatim)
        taken = _strata_json_reader_take_verbatim (reader, sink, &total, NULL, NULL);
      else
        taken = _strata_json_reader_take (reader, sink, &total, NULL, NULL);
      if (!taken)
        return FALSE;
    }

  return _strata_json_reader_finish (reader, NULL, NULL);
}

static gboolean
run_take (const char *text,
          gsize       length)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);

  return run_elements (reader, discard_sink, FALSE, NULL);
}

static gboolean
run_take_stream (const char *text,
                 gsize       length)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (text, length, NULL);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (stream);

  return run_elements (reader, discard_sink, FALSE, NULL);
}

static gboolean
run_take_string (const char *text,
                 gsize       length)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  g_autoptr(GString) string = g_string_new (NULL);

  return run_elements (reader, NULL, FALSE, string);
}

static gboolean
run_verbatim (const char *text,
              gsize       length)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);

  return run_elements (reader, discard_sink, TRUE, NULL);
}

static gboolean
run_skip (const char *text,
          gsize       length)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);

  return run_elements (reader, NULL, FALSE, NULL);
}

static gboolean
count_cb (const char *token,
          gsize       length,
          const char *name,
          gsize       name_length,
          gpointer    user_data)
{
  *(gsize *) user_data += length;

  return TRUE;
}

static gboolean
run_for_each_string (const char *text,
                     gsize       length)
{
  gsize total = 0;

  _strata_json_for_each_string (text, length, count_cb, &total);

  return total > 0;
}

static int
yajl_null_cb (void *user_data)
{
  return 1;
}

static int
yajl_boolean_cb (void *user_data,
                 int   value)
{
  return 1;
}

static int
yajl_text_cb (void       *user_data,
              const char *text,
              size_t      length)
{
  return 1;
}

static int
yajl_string_cb (void                *user_data,
                const unsigned char *text,
                size_t               length)
{
  return 1;
}

static gboolean
run_yajl (const char *text,
          gsize       length)
{
  static const yajl_callbacks callbacks = {
    .yajl_null = yajl_null_cb,
    .yajl_boolean = yajl_boolean_cb,
    .yajl_number = yajl_text_cb,
    .yajl_string = yajl_string_cb,
    .yajl_map_key = yajl_string_cb,
    .yajl_start_map = yajl_null_cb,
    .yajl_end_map = yajl_null_cb,
    .yajl_start_array = yajl_null_cb,
    .yajl_end_array = yajl_null_cb,
  };
  yajl_handle handle = yajl_alloc (&callbacks, NULL, NULL);
  gboolean valid;

  valid = yajl_parse (handle, (const unsigned char *) text, length) == yajl_status_ok &&
          yajl_complete_parse (handle) == yajl_status_ok;
  yajl_free (handle);

  return valid;
}

static gboolean
run_jansson (const char *text,
             gsize       length)
{
  json_error_t error;
  json_t *root = json_loadb (text, length, JSON_ALLOW_NUL, &error);

  if (root == NULL)
    g_printerr ("jansson: %s at byte %d\n", error.text, error.position);
  json_decref (root);

  return root != NULL;
}

static gboolean
run_json_glib (const char *text,
               gsize       length)
{
  g_autoptr(JsonParser) parser = json_parser_new_immutable ();
  g_autoptr(GError) error = NULL;

  if (json_parser_load_from_data (parser, text, length, &error))
    return TRUE;

  g_printerr ("json-glib: %s\n", error->message);

  return FALSE;
}

static char *copy;

static gboolean
run_memcpy (const char *text,
            gsize       length)
{
  memcpy (copy, text, length);

  return copy[length - 1] == text[length - 1];
}

static const struct
{
  const char *name;
  Contestant  run;
  gboolean    builds_tree;
} contestants[] = {
  { "memcpy", run_memcpy },
  { "strata take, discarded", run_take },
  { "strata take, from a GInputStream", run_take_stream },
  { "strata take, into a GString", run_take_string },
  { "strata take_verbatim", run_verbatim },
  { "strata skip", run_skip },
  { "strata for_each_string", run_for_each_string },
  { "yajl, callbacks that do nothing", run_yajl },
  { "jansson, tree", run_jansson, TRUE },
  { "json-glib, tree", run_json_glib, TRUE },
};

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
print_row (const char *name,
           Contestant  run,
           const char *text,
           gsize       length)
{
  g_autofree gint64 *times = g_new (gint64, rounds);

  for (int i = 0; i < rounds; i++)
    {
      gint64 start = g_get_monotonic_time ();

      if (!run (text, length))
        {
          g_print ("  %-34s  rejects the text\n", name);
          return;
        }
      times[i] = MAX (1, g_get_monotonic_time () - start);
    }

  qsort (times, rounds, sizeof *times, compare_times);
  g_print ("  %-34s %8.1f %10.0f %10.0f\n", name, length / 1e6,
           length / (double) times[0], length / (double) times[rounds / 2]);
}

/* The elements of the array @text, @times over: still one array. */
static GString *
repeat_array (const char *text,
              gsize       length,
              guint       times)
{
  const char *open = memchr (text, '[', length);
  const char *close = memrchr (text, ']', length);
  GString *result = g_string_new ("[");

  g_assert (open != NULL && close > open);
  for (guint i = 0; i < times; i++)
    {
      if (i > 0)
        g_string_append_c (result, ',');
      g_string_append_len (result, open + 1, close - open - 1);
    }
  g_string_append_c (result, ']');

  return result;
}

static gboolean
is_surrogate (const char *p,
              const char *kinds)
{
  return p[0] == '\\' && p[1] == 'u' && g_ascii_tolower (p[2]) == 'd' &&
         strchr (kinds, g_ascii_tolower (p[3])) != NULL;
}

static void
replace_lone_surrogates (GString *text)
{
  char *end = text->str + text->len;
  char *p = text->str;

  while ((p = memchr (p, '\\', end - p)))
    {
      gboolean high = is_surrogate (p, "89ab");

      if (high && is_surrogate (p + 6, "cdef"))
        p += 12;
      else if (high || is_surrogate (p, "cdef"))
        p = (char *) memcpy (p, "\\ufffd", 6) + 6;
      else
        p += 2;
    }
}

static void
print_table (const char *title,
             const char *array,
             gsize       length)
{
  guint times = MAX (1, (gsize) megabytes * 1000000 / length);
  GString *text = repeat_array (array, length, times);
  GString *piece = repeat_array (array, length, MAX (1, times / TREE_DIVISOR));

  replace_lone_surrogates (piece);
  copy = g_malloc0 (text->len);
  g_print ("%s\n  %-34s %8s %10s %10s\n", title, "", "MB", "best MB/s", "median");
  for (guint i = 0; i < G_N_ELEMENTS (contestants); i++)
    {
      const GString *input = contestants[i].builds_tree ? piece : text;

      print_row (contestants[i].name, contestants[i].run, input->str, input->len);
    }
  g_print ("\n");

  g_clear_pointer (&copy, g_free);
  g_string_free (text, TRUE);
  g_string_free (piece, TRUE);
}

/* Returns: (transfer full): the array that @text is or has in its "data", or
 *   %NULL with @error set
 */
static char *
get_array (const char  *text,
           gsize        length,
           GError     **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GString) value = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return NULL;
  if (kind == STRATA_JSON_ARRAY)
    return g_strndup (text, length);
  if (!_strata_json_reader_enter (reader, NULL, error))
    return NULL;

  while (_strata_json_reader_next_member (reader, name, &more, NULL, error))
    {
      if (!more)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "No \"data\" in the file");
          return NULL;
        }

      if (g_str_equal (name->str, "\"data\""))
        {
          if (!_strata_json_reader_take_string (reader, value, NULL, error))
            return NULL;
          return _strata_json_unquote (value->str, value->len);
        }
    }

  return NULL;
}

static gboolean
run (const char  *path,
     GError     **error)
{
  g_autofree char *contents = NULL;
  g_autofree char *pretty = NULL;
  g_autoptr(GString) minified = g_string_new (NULL);
  g_autoptr(StrataJsonReader) reader = NULL;
  gsize length;

  if (!g_file_get_contents (path, &contents, &length, error) ||
      !(pretty = get_array (contents, length, error)))
    return FALSE;

  reader = _strata_json_reader_new_for_data (pretty, strlen (pretty));
  if (!_strata_json_reader_take_string (reader, minified, NULL, error))
    return FALSE;

  g_print ("%d rounds\n\n", rounds);
  print_table ("As it is", pretty, strlen (pretty));
  print_table ("Minified", minified->str, minified->len);

  return TRUE;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("FILE");
  g_autoptr(GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  if (argc != 2 || rounds < 1 || megabytes < 1)
    {
      g_printerr ("%s", g_option_context_get_help (context, TRUE, NULL));
      return 1;
    }

  if (!run (argv[1], &error))
    {
      g_printerr ("%s: %s\n", argv[1], error->message);
      return 1;
    }

  return 0;
}
