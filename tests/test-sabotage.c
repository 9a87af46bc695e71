/* test-sabotage.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/wait.h>

#include <json-glib/json-glib.h>

#include "json/strata-json-reader-private.h"
#include "store/strata-batch-private.h"
#include "store/strata-staging-private.h"
#include "test-util.h"

/* A program with a flaw, built on purpose: the linker puts these functions
 * before those of the library (--wrap), and each can do its work wrongly, once.
 * The flawed copy agrees with itself, with all digests taken of it. The
 * verification has to notice all the same, for it compares with what other code
 * saw in the old files.
 */

#define MEMBER "\"screenshotInterval\""
#define WORDS  "words on the screen"
#define BYTES  "bytes of an attachment"
#define PICTURE "a small picture"
#define META "attachments/1700000000000-abcdefghi.meta.json"

typedef enum
{
  NOTHING,
  DROP_SESSION,
  DROP_MEMBER,
  RENAME_MEMBER,
  FLIP_TEXT,
  FLIP_PART,
  FLIP_ATTACHMENT,
  FLIP_THUMBNAIL,
  FLIP_STORED_THUMBNAIL,
  MOVE_THUMBNAIL,
} Sabotage;

/* Set in the child, before it does anything */
static Sabotage sabotage;

int stratactl_main (int argc, char *argv[]);

gboolean __real__strata_json_reader_next_element (StrataJsonReader *self, gboolean *out_more, GCancellable *cancellable, GError **error);
gboolean __wrap__strata_json_reader_next_element (StrataJsonReader *self, gboolean *out_more, GCancellable *cancellable, GError **error);
gboolean __real__strata_json_reader_next_member  (StrataJsonReader *self, GString *name, gboolean *out_more, GCancellable *cancellable, GError **error);
gboolean __wrap__strata_json_reader_next_member  (StrataJsonReader *self, GString *name, gboolean *out_more, GCancellable *cancellable, GError **error);
gboolean __real__strata_json_reader_take         (StrataJsonReader *self, StrataJsonSink sink, gpointer user_data, GCancellable *cancellable, GError **error);
gboolean __wrap__strata_json_reader_take         (StrataJsonReader *self, StrataJsonSink sink, gpointer user_data, GCancellable *cancellable, GError **error);
char    *__real__strata_staging_write            (StrataStaging *self, const void *data, gsize size, GError **error);
char    *__wrap__strata_staging_write            (StrataStaging *self, const void *data, gsize size, GError **error);

gboolean __real__strata_batch_put_data           (StrataBatch *self, const char *data, gsize size, StrataStoredObject *out_object, GError **error);
gboolean __wrap__strata_batch_put_data           (StrataBatch *self, const char *data, gsize size, StrataStoredObject *out_object, GError **error);
void     __real__strata_attachment_row_append    (const StrataAttachmentRow *row, GString *text);
void     __wrap__strata_attachment_row_append    (const StrataAttachmentRow *row, GString *text);

static gboolean
strike (Sabotage kind)
{
  if (sabotage != kind)
    return FALSE;
  sabotage = NOTHING;

  return TRUE;
}

gboolean
__wrap__strata_json_reader_next_element (StrataJsonReader  *self,
                                         gboolean          *out_more,
                                         GCancellable      *cancellable,
                                         GError           **error)
{
  if (!__real__strata_json_reader_next_element (self, out_more, cancellable, error))
    return FALSE;

  if (!*out_more || !strike (DROP_SESSION))
    return TRUE;

  return __real__strata_json_reader_take (self, NULL, NULL, cancellable, error) &&
         __real__strata_json_reader_next_element (self, out_more, cancellable, error);
}

gboolean
__wrap__strata_json_reader_next_member (StrataJsonReader  *self,
                                        GString           *name,
                                        gboolean          *out_more,
                                        GCancellable      *cancellable,
                                        GError           **error)
{
  if (!__real__strata_json_reader_next_member (self, name, out_more, cancellable, error))
    return FALSE;

  if (!*out_more || strcmp (name->str, MEMBER) != 0)
    return TRUE;

  if (strike (RENAME_MEMBER))
    name->str[1] ^= 0x20;

  return !strike (DROP_MEMBER) ||
         (__real__strata_json_reader_take (self, NULL, NULL, cancellable, error) &&
          __real__strata_json_reader_next_member (self, name, out_more, cancellable, error));
}

/* Returns: (transfer full): @data with one bit of @text in it turned; %NULL: it is not there */
static char *
flip (const void *data,
      gsize       size,
      const char *text)
{
  const char *found = memmem (data, size, text, strlen (text));
  char *copy;

  if (found == NULL)
    return NULL;

  copy = g_memdup2 (data, size);
  copy[found - (const char *)data] ^= 0x01;

  return copy;
}

typedef struct
{
  StrataJsonSink sink;
  gpointer       user_data;
} Sink;

static gboolean
flip_on_the_way (const char  *text,
                 gsize        length,
                 gpointer     user_data,
                 GError     **error)
{
  const Sink *sink = user_data;
  g_autofree char *flipped = sabotage == FLIP_TEXT ? flip (text, length, WORDS) : NULL;

  if (flipped != NULL)
    strike (FLIP_TEXT);

  return sink->sink (flipped != NULL ? flipped : text, length, sink->user_data, error);
}

gboolean
__wrap__strata_json_reader_take (StrataJsonReader  *self,
                                 StrataJsonSink     sink,
                                 gpointer           user_data,
                                 GCancellable      *cancellable,
                                 GError           **error)
{
  Sink flipping = { sink, user_data };

  if (sink == NULL)
    return __real__strata_json_reader_take (self, NULL, NULL, cancellable, error);

  return __real__strata_json_reader_take (self, flip_on_the_way, &flipping, cancellable, error);
}

char *
__wrap__strata_staging_write (StrataStaging  *self,
                              const void     *data,
                              gsize           size,
                              GError        **error)
{
  g_autofree char *flipped = NULL;

  if (sabotage == FLIP_PART)
    flipped = flip (data, size, WORDS);
  else if (sabotage == FLIP_ATTACHMENT)
    flipped = flip (data, size, BYTES);
  else if (sabotage == FLIP_STORED_THUMBNAIL)
    flipped = flip (data, size, PICTURE);
  if (flipped != NULL)
    strike (sabotage);

  return __real__strata_staging_write (self, flipped != NULL ? flipped : data, size, error);
}

gboolean
__wrap__strata_batch_put_data (StrataBatch         *self,
                               const char          *data,
                               gsize                size,
                               StrataStoredObject  *out_object,
                               GError             **error)
{
  g_autofree char *flipped = sabotage == FLIP_THUMBNAIL ? flip (data, size, PICTURE) : NULL;

  if (flipped != NULL)
    strike (FLIP_THUMBNAIL);

  return __real__strata_batch_put_data (self, flipped != NULL ? flipped : data, size, out_object, error);
}

void
__wrap__strata_attachment_row_append (const StrataAttachmentRow *row,
                                      GString                   *text)
{
  if (row->embedded != NULL && strike (MOVE_THUMBNAIL))
    ((StrataEmbedded *)g_ptr_array_index (row->embedded, 0))->at--;
  __real__strata_attachment_row_append (row, text);
}

typedef struct
{
  char *path;
  char *legacy;
  char *store;
  char *out;
} Fixture;

static void
write_file (const char *folder,
            const char *name,
            const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture       *fixture,
        gconstpointer  test_data)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *)BYTES, strlen (BYTES));
  g_autofree char *uri = g_strconcat ("data:text/plain;base64,", encoded, NULL);
  g_autoptr(GString) picture = g_string_new (NULL);
  g_autofree char *thumbnail = NULL;
  g_autofree char *meta = NULL;

  fixture->path = test_make_dir ();
  fixture->legacy = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  fixture->store = g_build_filename (fixture->path, "store", NULL);
  fixture->out = g_build_filename (fixture->path, "out", NULL);
  write_file (fixture->legacy, "db/sessions.json",
              "[{\"id\": \"first\", " MEMBER ": 2, \"screenshots\": [{\"attachmentId\": \"1700000000000-abcdefghi\","
              " \"extractedText\": \"" WORDS "\"}]},"
              " {\"id\": \"second\", " MEMBER ": 2, \"screenshots\": []}]");
  write_file (fixture->legacy, "attachments/1700000000000-abcdefghi.dat", uri);
  for (guint i = 0; i < 300; i++)
    g_string_append_printf (picture, PICTURE " %u ", i);
  thumbnail = g_base64_encode ((const guchar *)picture->str, picture->len);
  meta = g_strdup_printf ("{\"id\":\"1700000000000-abcdefghi\",\"type\":\"file\",\"name\":\"n\",\"mimeType\":\"text/plain\","
                          "\"thumbnail\":\"data:image/png;base64,%s\"}", thumbnail);
  write_file (fixture->legacy, META, meta);
}

static void
tear_down (Fixture       *fixture,
           gconstpointer  test_data)
{
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->store);
  g_free (fixture->out);
}

/* In a process of its own, as a user would run it; a minute is plenty. Returns: the exit status */
static int
migrate (const Fixture *fixture,
         Sabotage       kind)
{
  char *argv[] = { "stratactl", "migrate", fixture->legacy, "--store", fixture->store, "--json", "--quiet", NULL };
  pid_t child = fork ();
  int status;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      alarm (60);
      sabotage = kind;
      if (freopen (fixture->out, "w", stdout) == NULL)
        _exit (99);
      status = stratactl_main ((int)G_N_ELEMENTS (argv) - 1, argv);
      fflush (stdout);
      _exit (kind != NOTHING && sabotage == kind ? 98 : status);
    }

  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));

  return WEXITSTATUS (status);
}

static JsonObject *
load_document (const Fixture *fixture,
               JsonParser    *parser)
{
  g_autoptr(GError) error = NULL;

  json_parser_load_from_file (parser, fixture->out, &error);
  g_assert_no_error (error);

  return json_node_get_object (json_parser_get_root (parser));
}

/* Returns: how many problems say digest-mismatch and name @path */
static guint
count_mismatches (JsonObject *document,
                  const char *path)
{
  JsonArray *problems = json_object_get_array_member (document, "problems");
  guint n = 0;

  for (guint i = 0; i < json_array_get_length (problems); i++)
    {
      JsonObject *problem = json_array_get_object_element (problems, i);

      n += strcmp (json_object_get_string_member (problem, "code"), "digest-mismatch") == 0 &&
           g_strcmp0 (json_object_get_string_member_with_default (problem, "path", NULL), path) == 0;
    }

  return n;
}

static void
test_sound_program_completes (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(JsonParser) parser = json_parser_new ();
  JsonObject *document;

  g_assert_cmpint (migrate (fixture, NOTHING), ==, 0);

  document = load_document (fixture, parser);
  g_assert_cmpstr (json_object_get_string_member (document, "state"), ==, "complete");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (document, "problems")), ==, 0);
}

typedef struct
{
  const char *name;
  Sabotage    kind;
  const char *path;  /* of the old file that is not what was stored */
} Flaw;

static void
test_flaw_is_noticed (Fixture       *fixture,
                      gconstpointer  test_data)
{
  const Flaw *flaw = test_data;
  g_autoptr(JsonParser) parser = json_parser_new ();
  JsonObject *document, *error;

  g_assert_cmpint (migrate (fixture, flaw->kind), ==, 6);

  document = load_document (fixture, parser);
  g_assert_cmpstr (json_object_get_string_member (document, "state"), ==, "failed");
  g_assert_cmpuint (count_mismatches (document, flaw->path), >, 0);
  error = json_object_get_object_member (document, "error");
  g_assert_cmpstr (json_object_get_string_member (error, "code"), ==, "damaged");
}

int
main (int   argc,
      char *argv[])
{
  static const Flaw flaws[] = {
    { "drops-a-session", DROP_SESSION, "db/sessions.json" },
    { "drops-a-member", DROP_MEMBER, "db/sessions.json" },
    { "renames-a-member", RENAME_MEMBER, "db/sessions.json" },
    { "flips-a-byte-of-a-string", FLIP_TEXT, "db/sessions.json" },
    { "flips-a-byte-of-a-part", FLIP_PART, "db/sessions.json" },
    { "flips-a-byte-of-an-attachment", FLIP_ATTACHMENT, "attachments/1700000000000-abcdefghi.dat" },
    { "flips-a-byte-of-a-thumbnail", FLIP_THUMBNAIL, META },
    { "flips-a-byte-of-a-stored-thumbnail", FLIP_STORED_THUMBNAIL, META },
    { "moves-a-thumbnail", MOVE_THUMBNAIL, META },
  };

  g_test_init (&argc, &argv, NULL);

  g_test_add ("/sabotage/sound-program-completes", Fixture, NULL, set_up, test_sound_program_completes, tear_down);
  for (guint i = 0; i < G_N_ELEMENTS (flaws); i++)
    {
      g_autofree char *path = g_strconcat ("/sabotage/", flaws[i].name, "-is-noticed", NULL);

      g_test_add (path, Fixture, &flaws[i], set_up, test_flaw_is_noticed, tear_down);
    }

  return g_test_run ();
}
