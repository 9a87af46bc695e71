/* test-witness.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include <glib/gstdio.h>
#include <zlib.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "legacy/strata-text-stream-private.h"
#include "migration/strata-witness-text-private.h"
#include "utf16-util.h"
#include "witness-util.h"

/* A value as the old program prints it, and its elements as they are digested */
static const char pretty[] =
  "[\n"
  "  {\n    \"id\": \"a\",\n    \"text\": \"one \\\" two \\\\\",\n    \"data\": [ 1, { \"x\": [] } ]\n  },\n"
  "  \"s,]\\\\\\\"} \t\",\n"
  "  12.50e+3 ,\n"
  "  null,\n"
  "  [ ],\n"
  "  { \"\xC3\xA9\\u00e9\\ud83d\": \"\xF0\x9F\x98\x80\\/\", \"k\" : { } },\r\n"
  "  -0\n"
  "]";

static const char * const elements[] = {
  "{\"id\":\"a\",\"text\":\"one \\\" two \\\\\",\"data\":[1,{\"x\":[]}]}",
  "\"s,]\\\\\\\"} \t\"",
  "12.50e+3",
  "null",
  "[]",
  "{\"\xC3\xA9\\u00e9\\ud83d\":\"\xF0\x9F\x98\x80\\/\",\"k\":{}}",
  "-0",
};

#define R "\xEF\xBF\xBD"

static const gsize block_sizes[] = { 1, 2, 3, 7, 64, 0 };

typedef struct
{
  char *folder;
  int   dir;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->folder = g_dir_make_tmp ("strata-witness-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  fixture->dir = open (fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (fixture->dir, >=, 0);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  _strata_witness_set_block_size (0);
  unlinkat (fixture->dir, "file", 0);
  close (fixture->dir);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
}

static void
write_file (Fixture    *fixture,
            const char *data,
            gsize       size)
{
  int fd = openat (fixture->dir, "file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  close (fd);
}

static Testimony *
hear_member_of_bytes (const char         *data,
                      gsize               size,
                      const char * const *members)
{
  g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_data (data, (gssize)size, NULL);

  return hear_member (bytes, members);
}

static Testimony *
hear_bytes (const char *data,
            gsize       size)
{
  return hear_member_of_bytes (data, size, NULL);
}

static char *
sha256 (const char *data,
        gssize      size)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)data,
                                      size < 0 ? strlen (data) : (gsize)size);
}

static void
assert_element (Testimony  *testimony,
                guint       i,
                const char *text)
{
  g_autofree char *expected = sha256 (text, -1);

  g_assert_cmpuint (i, <, testimony->elements->len);
  g_assert_cmpstr (g_ptr_array_index (testimony->elements, i), ==, expected);
}

static char *
dup_minified (void)
{
  g_autofree char *joined = g_strjoinv (",", (char *[]){ (char *)elements[0], (char *)elements[1],
                                                         (char *)elements[2], (char *)elements[3],
                                                         (char *)elements[4], (char *)elements[5],
                                                         (char *)elements[6], NULL });

  return g_strdup_printf ("[%s]", joined);
}

static void
assert_whole (Testimony *testimony,
              gsize      pretty_length)
{
  g_autofree char *minified = dup_minified ();
  g_autofree char *expected = sha256 (minified, -1);

  g_assert_no_error (testimony->error);
  g_assert_true (testimony->collection.is_array);
  g_assert_cmpuint (testimony->elements->len, ==, G_N_ELEMENTS (elements));
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    assert_element (testimony, i, elements[i]);
  assert_digest (&testimony->collection.digest, expected);
  g_assert_cmpuint (testimony->collection.length, ==, strlen (minified));
  g_assert_cmpuint (testimony->collection.pretty_length, ==, pretty_length);
}

static void
assert_leading (Testimony *testimony)
{
  g_assert_cmpuint (testimony->elements->len, <=, G_N_ELEMENTS (elements));
  for (guint i = 0; i < testimony->elements->len; i++)
    assert_element (testimony, i, elements[i]);
}

/* JSON.stringify() of a string, with \u for every fourth character so that these are met too */
static char *
quote (const char *text)
{
  GString *quoted = g_string_new ("\"");
  guint i = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p), i++)
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '"' || c == '\\')
        g_string_append_printf (quoted, "\\%c", (char)c);
      else if (c == '\n')
        g_string_append (quoted, "\\n");
      else if (c >= 0x10000 && i % 4 == 0)
        g_string_append_printf (quoted, "\\uD%03x\\ud%03X", 0x800 + ((c - 0x10000) >> 10), 0xC00 + (c & 0x3FF));
      else if ((i % 4 == 0 && c < 0x10000) || c < 0x20)
        g_string_append_printf (quoted, "\\u%04x", c);
      else
        g_string_append_unichar (quoted, c);
    }
  g_string_append_c (quoted, '"');

  return g_string_free (quoted, FALSE);
}

static GByteArray *
gzip (const char *data,
      gsize       size)
{
  GByteArray *compressed = g_byte_array_new ();
  z_stream zlib = { .next_in = (Bytef *)data, .avail_in = (uInt)size };

  g_byte_array_set_size (compressed, (guint)(size + 1000));
  g_assert_cmpint (deflateInit2 (&zlib, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
  zlib.next_out = compressed->data;
  zlib.avail_out = compressed->len;
  g_assert_cmpint (deflate (&zlib, Z_FINISH), ==, Z_STREAM_END);
  g_byte_array_set_size (compressed, (guint)zlib.total_out);
  deflateEnd (&zlib);

  return compressed;
}

/* The JSON string "GZIP_V1:…" */
static char *
pack_bytes (const char *data,
            gsize       size)
{
  g_autoptr(GByteArray) compressed = gzip (data, size);
  g_autofree char *base64 = g_base64_encode (compressed->data, compressed->len);

  return g_strdup_printf ("\"GZIP_V1:%s\"", base64);
}

static char *
pack (const char *text)
{
  return pack_bytes (text, strlen (text));
}

static char *
wrap_in_envelope (const char *data)
{
  return g_strdup_printf ("{\n  \"version\": 1,\n  \"checksum\": \"-a1\\\"{\",\n  \"timestamp\": 1760053103471,\n"
                          "  \"compressed\": false,\n  \"data\": %s\n}\n", data);
}

/* A file of backups/ */
static char *
put_in_backup (const char *sessions)
{
  return g_strdup_printf ("{\n  \"version\": \"1.0\",\n  \"timestamp\": 1760053103471,\n  \"collections\": {\n"
                          "    \"tasks\": [{\"sessions\": [3], \"collections\": {\"sessions\": []}}],\n    \"x\": \"sessions\",\n"
                          "    \"sessions\": %s,\n    \"notes\": {\"sessions\": 4}\n  },\n  \"sessions\": [5]\n}\n", sessions);
}

/* What the old program kept before it enriched sessions */
static char *
put_in_enrichment_backup (const char *sessions)
{
  return g_strdup_printf ("{\"timestamp\": 1760053103471, \"sessions\" : %s , \"count\": 7}", sessions);
}

/* A record of the backups in WebKit's database */
static char *
put_in_record (const char *data)
{
  return g_strdup_printf ("{\"id\":\"backup-1\",\"timestamp\":1760053103471,\"data\":%s,\"collections\":{}}", data);
}

/* Applies a recipe of one letter a step: q quote, p pack, b byte order mark, e envelope,
 * d envelope that begins with its data, c backup (of collections), s enrichment backup (of sessions), r record
 */
static char *
make_form (const char *text,
           const char *recipe)
{
  char *form = g_strdup (text);

  for (const char *step = recipe; *step != '\0'; step++)
    {
      g_autofree char *inner = form;

      switch (*step)
        {
        case 'q':
          form = quote (inner);
          break;
        case 'p':
          form = pack (inner);
          break;
        case 'b':
          form = g_strconcat ("\xEF\xBB\xBF", inner, NULL);
          break;
        case 'e':
          form = wrap_in_envelope (inner);
          break;
        case 'd':
          form = g_strdup_printf ("{\"data\":%s, \"timestamp\": 3}", inner);
          break;
        case 'c':
          form = put_in_backup (inner);
          break;
        case 's':
          form = put_in_enrichment_backup (inner);
          break;
        case 'r':
          form = put_in_record (inner);
          break;
        default:
          g_assert_not_reached ();
        }
    }

  return form;
}

static const char * const recipes[] = {
  "", "b", "e", "eb", "q", "p", "qe", "pe", "qeb",
  "bqe", "bpeb", "bqbqe", "bpbpb", "qqe", "ppe", "pqe", "qpe", "pqpqe", "qqqqe", "pppp",
  "d", "db", "qd", "pd", "qpd",
};

static void
test_every_form_says_the_same (Fixture       *fixture,
                               gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        g_autofree char *form = make_form (pretty, recipes[i]);
        g_autofree char *file_digest = sha256 (form, -1);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (form, strlen (form));

        assert_whole (testimony, strlen (pretty));
        assert_digest (&testimony->collection.file_digest, file_digest);
        g_assert_cmpuint (testimony->collection.file_length, ==, strlen (form));
      }
}

static const char * const in_backup[] = { "collections", "sessions", NULL };
static const char * const in_enrichment_backup[] = { "sessions", NULL };
static const char * const in_backup_record[] = { "data", "collections", "sessions", NULL };
static const char * const in_enrichment_record[] = { "data", "sessions", NULL };

/* Within backups, those of enrichment, and records */
static const char * const member_recipes[] = {
  "c", "qc", "pc", "bqc", "bpcb", "qqc", "ppc", "cb", "ce", "cqe", "cpe",
  "s", "sb", "se", "sqe", "spe", "sqq", "qse", "pspe", "bqsbqe", "pqpqspqpqe",
  "cqr", "cpr", "qcqr", "pcqr", "pqcqqr", "pqqpcqppqr", "sr", "qsqr",
};

static const char * const *
get_members (const char *recipe)
{
  if (strchr (recipe, 'r') != NULL)
    return strchr (recipe, 'c') != NULL ? in_backup_record : in_enrichment_record;

  return strchr (recipe, 'c') != NULL ? in_backup : in_enrichment_backup;
}

static void
test_members_are_found_in_every_form (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (member_recipes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        g_autofree char *form = make_form (pretty, member_recipes[i]);
        g_autofree char *file_digest = sha256 (form, -1);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_member_of_bytes (form, strlen (form), get_members (member_recipes[i]));

        assert_whole (testimony, strlen (pretty));
        assert_digest (&testimony->collection.file_digest, file_digest);
        g_assert_cmpuint (testimony->collection.file_length, ==, strlen (form));
      }
}

/* Whatever is cut off, the elements before it are reported, and the value is
 * whole when it is what follows that is missing.
 */
static void
test_torn_text_around_a_member_gives_leading_elements (Fixture       *fixture,
                                                       gconstpointer  test_data)
{
  g_autofree char *minified = dup_minified ();
  g_autofree char *expected = sha256 (minified, -1);

  for (guint i = 0; i < G_N_ELEMENTS (member_recipes); i++)
    {
      g_autofree char *form = make_form (pretty, member_recipes[i]);
      gsize length = strlen (g_strchomp (form));
      gboolean was_whole = FALSE;
      guint n_before = 0;

      for (gsize cut = 0; cut < length; cut++)
        {
          g_autoptr(Testimony) testimony = NULL;

          _strata_witness_set_block_size (block_sizes[cut % G_N_ELEMENTS (block_sizes)]);
          testimony = hear_member_of_bytes (form, cut, get_members (member_recipes[i]));

          g_assert_false (testimony->ok);
          g_assert_true (testimony->error->domain == STRATA_ERROR);
          g_assert_cmpint (testimony->error->code, !=, STRATA_ERROR_NOT_FOUND);
          assert_leading (testimony);
          g_assert_cmpuint (testimony->elements->len, >=, n_before);
          g_assert_true (testimony->collection.is_whole || !was_whole);
          if (testimony->collection.is_whole)
            assert_digest (&testimony->collection.digest, expected);
          n_before = testimony->elements->len;
          was_whole = testimony->collection.is_whole;
        }
      g_assert_cmpuint (n_before, ==, G_N_ELEMENTS (elements));
      g_assert_true (was_whole || g_str_has_suffix (member_recipes[i], "q"));
    }
}

typedef struct
{
  const char *text;
  const char *members[4];
  const char *minified;
  gsize       pretty_length;
  guint       n_elements;
} Member;

#define SHY "\xC2\xAD"
#define SHY_10 SHY SHY SHY SHY SHY SHY SHY SHY SHY SHY
#define SHY_100 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10 SHY_10

static const Member members[] = {
  { "{\"a\":[1, 2]}", { "a" }, "[1,2]", 6, 2 },
  { "{\"a\":[1],\"a\":[2,3]}", { "a" }, "[1]", 3, 1 },
  { "{\"a\":{\"b\":1},\"a\":{\"b\":2}}", { "a", "b" }, "1", 1, 0 },
  { "{\"a\":{\"b\":1,\"b\":2},\"b\":3}", { "a", "b" }, "1", 1, 0 },
  { "{\"a\":{\"a\":{\"a\":7 }}}", { "a", "a", "a" }, "7", 1, 0 },
  { "{\"x\":{\"a\":1},\"y\":[{\"a\":2},\"a\"],\"z\":\"a\",\"a\":true}", { "a" }, "true", 4, 0 },
  { "{\"x\":\"\\\"a\\\":5,\\\\\",\"a\":null}", { "a" }, "null", 4, 0 },
  { "{\"A\":1,\"aa\":2,\"\":3,\"a \":4,\"a\":5}", { "a" }, "5", 1, 0 },
  { "{\"A\":1,\"\":{ }}", { "" }, "{}", 3, 0 },
  { "{\"collect\\u0069ons\":{\"\\u0073\\u0065\\u0073\\u0073\\u0069\\u006f\\u006e\\u0073\":[1]}}",
    { "collections", "sessions" }, "[1]", 3, 1 },
  { "{\"\\ud83d\\ude00\\/\\\\\\\"\\n\":[1]}", { "\xF0\x9F\x98\x80/\\\"\n" }, "[1]", 3, 1 },
  { "{\"\xF0\x9F\x98\x80\":[1]}", { "\xF0\x9F\x98\x80" }, "[1]", 3, 1 },
  { "{\"\\ud83dx\":[1]}", { R "x" }, "[1]", 3, 1 },
  { "{\"x\\ud83d\":[1]}", { "x" R }, "[1]", 3, 1 },
  { "{\"x\\u0000y\":[1]}", { "x" R "y" }, "[1]", 3, 1 },
  { "{\"x\xFFy\":[1]}", { "x" R "y" }, "[1]", 3, 1 },
  { "{\"" SHY_100 "\":0,\"" SHY_100 SHY "\":[1]}", { SHY_100 SHY }, "[1]", 3, 1 },
  { "{\"" SHY_100 SHY "\":0,\"" SHY_100 "\":[1]}", { SHY_100 }, "[1]", 3, 1 },
  { "{\"a\\x\":1,\"a\\u006\":2,\"a\\ud83d\":3,\"a\":4}", { "a" }, "4", 1, 0 },
  { "{\"data\":[1]}", { "data" }, "[1]", 3, 1 },
  { "{\"a\":1,\"data\":{\"a\":2}}", { "a" }, "1", 1, 0 },
  { "{\"x\":1,\"data\":{\"a\":2},\"a\":1}", { "a" }, "1", 1, 0 },
  { "{\"version\":1,\"data\":{\"a\":2},\"a\":1}", { "a" }, "2", 1, 0 },
  { "{\"x\":1,\"data\":{\"a\":2},\"a\":1}", { "data", "a" }, "2", 1, 0 },
  { "{\"data\":{\"data\":{\"a\":2}},\"a\":1}", { "data", "data", "a" }, "2", 1, 0 },
  { "{\"\\u0064ata\":{\"data\":{\"a\":2},\"a\":3},\"a\":1}", { "a" }, "3", 1, 0 },
  { "{\"data\":\"{\\\"data\\\":{\\\"a\\\":2},\\\"a\\\":3}\",\"a\":1}", { "a" }, "3", 1, 0 },
  { "{\"a\":{\"data\":{\"b\":2},\"b\":3}}", { "a", "b" }, "3", 1, 0 },
  { "{\"a\":{\"version\":1,\"data\":[2]}}", { "a" }, "{\"version\":1,\"data\":[2]}", 24, 0 },
  { "{\"a\":\"b\"}", { "a" }, "\"b\"", 3, 0 },
  { "{\"a\":\"\"}", { "a" }, "\"\"", 2, 0 },
  { "{\"a\":{\"data\":[2]},\"b\":0}", { "a" }, "{\"data\":[2]}", 12, 0 },
};

static void
test_the_first_member_of_the_name_is_taken (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        const Member *member = &members[i];
        g_autofree char *digest = sha256 (member->minified, -1);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_member_of_bytes (member->text, strlen (member->text), member->members);

        if (!testimony->ok)
          g_test_message ("%s", member->text);
        g_assert_no_error (testimony->error);
        assert_digest (&testimony->collection.digest, digest);
        g_assert_cmpuint (testimony->collection.length, ==, strlen (member->minified));
        g_assert_cmpuint (testimony->collection.pretty_length, ==, member->pretty_length);
        g_assert_cmpuint (testimony->elements->len, ==, member->n_elements);
        g_assert_true (testimony->collection.is_array == (member->minified[0] == '['));
      }
}

typedef struct
{
  const char *text;
  const char *members[4];
  StrataError code;
  gboolean    is_whole;
  guint       n_elements;
} Memberless;

static const Memberless memberless[] = {
  { "{}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"b\":[1]}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"b\":{\"a\":[1]}}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":{\"c\":[1]},\"b\":[2]}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":{\"c\":[1]},\"a\":{\"b\":[2]}}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":[{\"b\":[2]}]}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":7}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":null}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "[1,2]", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "17", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"version\":1,\"data\":[{\"a\":1}]}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"data\":{\"b\":1},\"a\":1}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"x\":1,\"data\":{\"a\":1}}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"version\":1,\"x\":1,\"data\":{\"a\":1}}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"x\":1}", { "data", "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"data\":\"[1]\"}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "\"hello\"", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "\"\"", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"a\":\"b\"}", { "a", "b" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "{\"data\":\"{\\\"b\\\":1}\"}", { "a" }, STRATA_ERROR_NOT_FOUND, FALSE, 0 },
  { "", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"b\":1", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"b\":1]", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\"", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\" [1]}", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\",\"b\":1}", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\":}", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\":]}", { "a", "b" }, STRATA_ERROR_SYNTAX, FALSE, 0 },
  { "{\"a\":[1,2", { "a" }, STRATA_ERROR_SYNTAX, FALSE, 1 },
  { "{\"a\":[1,2]", { "a" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":[1,2]]", { "a" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":[1,2] \"b\":1}", { "a" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":[1,2],\"x", { "a" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":[1,2]}}", { "a" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":{\"b\":[1,2]}", { "a", "b" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":{\"b\":[1,2],\"c\":'d'}}", { "a", "b" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":{\"b\":[1,2]}}}", { "a", "b" }, STRATA_ERROR_SYNTAX, TRUE, 2 },
  { "{\"a\":\"GZIP_V1:AAAA\"}", { "a" }, STRATA_ERROR_DAMAGED_DATA, FALSE, 0 },
  { "{\"a\":\"GZIP_V1:AAAA\"}", { "a", "b" }, STRATA_ERROR_DAMAGED_DATA, FALSE, 0 },
};

static void
test_what_has_no_member_is_refused (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (memberless); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        const Memberless *row = &memberless[i];
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_member_of_bytes (row->text, strlen (row->text), row->members);

        if (!g_error_matches (testimony->error, STRATA_ERROR, (int)row->code))
          g_test_message ("%s", row->text);
        g_assert_error (testimony->error, STRATA_ERROR, (int)row->code);
        g_assert_true (testimony->collection.is_whole == row->is_whole);
        g_assert_cmpuint (testimony->elements->len, ==, row->n_elements);
      }
}

static void
test_no_names_are_no_members (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const char * const none[] = { NULL };
  g_autofree char *form = make_form (pretty, "qe");
  g_autoptr(Testimony) testimony = hear_member_of_bytes (form, strlen (form), none);

  assert_whole (testimony, strlen (pretty));
}

typedef struct
{
  const char *text;
  const char *minified;
  gsize       pretty_length;
  guint       n_elements;
} Value;

static const Value values[] = {
  { " {} ", "{}", 2, 0 },
  { "[]", "[]", 2, 0 },
  { "[ \n ]", "[]", 5, 0 },
  { " 12 ", "12", 2, 0 },
  { "true", "true", 4, 0 },
  { "false", "false", 5, 0 },
  { "[false, true, null, 0, -0, 10, 0.0, -1.50, 1E5, 0e-0, 1.2e+34]", "[false,true,null,0,-0,10,0.0,-1.50,1E5,0e-0,1.2e+34]", 62, 11 },
  { "{ \"a\" : [ 1 , 2 ] }", "{\"a\":[1,2]}", 19, 0 },
  { "{\"version\":1,\"x\":2,\"data\":[1]}", "{\"version\":1,\"x\":2,\"data\":[1]}", 30, 0 },
  { "{\"version\": 1}", "{\"version\":1}", 14, 0 },
  { "{\"x\":{\"data\":[1]},\"data\":[1]}", "{\"x\":{\"data\":[1]},\"data\":[1]}", 29, 0 },
  { "{\"dat\":[1]}", "{\"dat\":[1]}", 11, 0 },
  { "{\"datas\":[1]}", "{\"datas\":[1]}", 13, 0 },
  { "{\"version\":\"data\",\"data\":[1 ]}", "[1]", 4, 1 },
  { "{\"version\":{\"data\":3},\"data\":[1, 2 ] , \"data\":[3],\"z\":\"}\\\"\" } ", "[1,2]", 7, 2 },
  { "{\"data\": null }", "null", 4, 0 },
  { " {\"data\": [1, 2] , \"x\" : { } } ", "{\"data\":[1,2],\"x\":{}}", 29, 2 },
  { "{\"data\":[1],\"data\":[2]}", "{\"data\":[1],\"data\":[2]}", 23, 1 },
  { "{\"\\u0064ata\" : 7 , \"timestamp\" : 1, \"x\":\"\\\" \"}", "{\"\\u0064ata\":7,\"timestamp\":1,\"x\":\"\\\" \"}", 46, 0 },
  { "{\"data\":\"[1, 2]\",\"x\":1}", "{\"data\":\"[1, 2]\",\"x\":1}", 23, 2 },
  { "{\"data\":\"[1, tru]\",\"x\":1}", "{\"data\":\"[1, tru]\",\"x\":1}", 25, 1 },
  { "{\"data\":\"[1, \",\"x\":1}", "{\"data\":\"[1, \",\"x\":1}", 21, 1 },
  { "{\"data\":\"GZIP_V1:A!\",\"x\":1}", "{\"data\":\"GZIP_V1:A!\",\"x\":1}", 27, 0 },
  { "{\"data\":\"GZIP_V1:AAAA\",\"x\":1}", "{\"data\":\"GZIP_V1:AAAA\",\"x\":1}", 29, 0 },
  { "{\"data\":\"hello\",\"x\":1}", "{\"data\":\"hello\",\"x\":1}", 22, 0 },
  { "{\"data\":{\"data\": 1},\"x\":1}", "{\"data\":{\"data\":1},\"x\":1}", 26, 0 },
  { "{\"data\":[1],\"time\\u0073tamp\":1,\"version\":{\"x\":2},\"checksum\":\"x\",\"compressed\":[\"x\"]}", "[1]", 3, 1 },
  { "{\"data\":[1], \"timestamp\":{\"a\":1,\"b\":2} }", "[1]", 3, 1 },
  { "{\"version\":1,\"data\":[1],\"x\":2}", "[1]", 3, 1 },
  { "{\"data\":7}", "7", 1, 0 },
  { "{\"data\" : {\"data\": [1]}}", "{\"data\":[1]}", 13, 0 },
  { "{\"\\u0064\\u0061ta\": [1]}", "[1]", 3, 1 },
  { "{\"\\u0063\\u006f\\u006d\\u0070\\u0072\\u0065\\u0073\\u0073\\u0065\\u0064\":0,\"data\":[1]}", "[1]", 3, 1 },
  { "{\"\\u0063\\u006f\\u006d\\u0070\\u0072\\u0065\\u0073\\u0073\\u0065\\u0064x\":0,\"data\":[1]}",
    "{\"\\u0063\\u006f\\u006d\\u0070\\u0072\\u0065\\u0073\\u0073\\u0065\\u0064x\":0,\"data\":[1]}", 78, 0 },
  { "{\"data\":\"{\\\"version\\\":1,\\\"data\\\":[1]}\"}", "{\"version\":1,\"data\":[1]}", 24, 0 },
  { "\"[1,\\r\\n2]\"", "[1,2]", 7, 2 },
  { "\" \\t[1]\"", "[1]", 3, 1 },
  { "\"\\ufeff [1]\"", "[1]", 3, 1 },
  { "\"\\u005b1]\"", "[1]", 3, 1 },
  { "\"\"", "\"\"", 2, 0 },
  { " \"hello\" ", "\"hello\"", 7, 0 },
  { "\" \"", "\" \"", 3, 0 },
  { "\"h\\u00e9 [ ] \\\"x\"", "\"h\\u00e9 [ ] \\\"x\"", 17, 0 },
  { "{\"data\":\"\"}", "\"\"", 2, 0 },
  { "{\"data\":\"hello world, hello world\",\"timestamp\":1}", "\"hello world, hello world\"", 26, 0 },
  { "{\"data\":\"G\"}", "\"G\"", 3, 0 },
  { "{\"data\":\"GZIP_V1\"}", "\"GZIP_V1\"", 9, 0 },
  { "{\"data\":\"GZIP_V2:AAAA\"}", "\"GZIP_V2:AAAA\"", 14, 0 },
  { "{\"data\":\"12\"}", "\"12\"", 4, 0 },
  { "{\"data\":\"null\"}", "\"null\"", 6, 0 },
  { "\"\\\"hello\\\"\"", "\"hello\"", 7, 0 },
  { "\"\\\"\\\"\"", "\"\"", 2, 0 },
  { "\" \\ufeff[]\"", "\" \\ufeff[]\"", 11, 0 },
  { "\"\\ufeff\\ufeff[]\"", "\"\\ufeff\\ufeff[]\"", 16, 0 },
  { "\"\xEF\xBB\xBF" "G\"", "\"\xEF\xBB\xBF" "G\"", 6, 0 },
  { "\"\xEF\xBB\xBE[]\"", "\"\xEF\xBB\xBE[]\"", 7, 0 },
};

static void
test_values_are_told_from_envelopes (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        const Value *value = &values[i];
        g_autofree char *digest = sha256 (value->minified, -1);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (value->text, strlen (value->text));

        g_assert_no_error (testimony->error);
        assert_digest (&testimony->collection.digest, digest);
        g_assert_cmpuint (testimony->collection.length, ==, strlen (value->minified));
        g_assert_cmpuint (testimony->collection.pretty_length, ==, value->pretty_length);
        g_assert_cmpuint (testimony->elements->len, ==, value->n_elements);
        g_assert_true (testimony->collection.is_array == (value->minified[0] == '['));
      }
}

typedef struct
{
  const char *text;
  StrataError code;
  guint       n_elements;
} Malformed;

static const Malformed malformed[] = {
  { "", STRATA_ERROR_SYNTAX, 0 },
  { " ", STRATA_ERROR_SYNTAX, 0 },
  { "\xEF\xBB\xBF", STRATA_ERROR_SYNTAX, 0 },
  { "\xEF\xBB[]", STRATA_ERROR_SYNTAX, 0 },
  { "\xEF\xBB\xBF\xEF\xBB\xBF[]", STRATA_ERROR_SYNTAX, 0 },
  { "hello", STRATA_ERROR_SYNTAX, 0 },
  { "GZIP_V1:H4sI", STRATA_ERROR_SYNTAX, 0 },
  { "]", STRATA_ERROR_SYNTAX, 0 },
  { "[1,2] 3", STRATA_ERROR_SYNTAX, 2 },
  { "[1,2]]", STRATA_ERROR_SYNTAX, 2 },
  { "[1,2}", STRATA_ERROR_SYNTAX, 2 },
  { "[1,2,]", STRATA_ERROR_SYNTAX, 2 },
  { "[,1]", STRATA_ERROR_SYNTAX, 0 },
  { "[1,,2]", STRATA_ERROR_SYNTAX, 1 },
  { "[1 2]", STRATA_ERROR_SYNTAX, 1 },
  { "[1\"a\"]", STRATA_ERROR_SYNTAX, 1 },
  { "[\"a\"\"b\"]", STRATA_ERROR_SYNTAX, 1 },
  { "[{}{}]", STRATA_ERROR_SYNTAX, 1 },
  { "[1:2]", STRATA_ERROR_SYNTAX, 1 },
  { "[hello]", STRATA_ERROR_SYNTAX, 0 },
  { "[1,truth]", STRATA_ERROR_SYNTAX, 1 },
  { "[1,tru]", STRATA_ERROR_SYNTAX, 1 },
  { "[1,nullnull]", STRATA_ERROR_SYNTAX, 2 },
  { "[01]", STRATA_ERROR_SYNTAX, 1 },
  { "[-]", STRATA_ERROR_SYNTAX, 0 },
  { "[-a]", STRATA_ERROR_SYNTAX, 0 },
  { "[1.]", STRATA_ERROR_SYNTAX, 0 },
  { "[1.e5]", STRATA_ERROR_SYNTAX, 0 },
  { "[1e]", STRATA_ERROR_SYNTAX, 0 },
  { "[1e+]", STRATA_ERROR_SYNTAX, 0 },
  { "[1e5.0]", STRATA_ERROR_SYNTAX, 1 },
  { "[1.5.2]", STRATA_ERROR_SYNTAX, 1 },
  { "[+1]", STRATA_ERROR_SYNTAX, 0 },
  { "[12x]", STRATA_ERROR_SYNTAX, 1 },
  { "01", STRATA_ERROR_SYNTAX, 0 },
  { "tru", STRATA_ERROR_SYNTAX, 0 },
  { "-", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":1e}", STRATA_ERROR_SYNTAX, 0 },
  { "[1,{\"a\":'b'}]", STRATA_ERROR_SYNTAX, 1 },
  { "[1,{\"a\":1", STRATA_ERROR_SYNTAX, 1 },
  { "{\"a\":1", STRATA_ERROR_SYNTAX, 0 },
  { "{\"a\":1]", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":[1,2]", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":[1,2] \"x\":1}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":[1,2],\"x", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":[1,2],\"x\":3", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":[1,2],\"x\":3]", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":[1,2],\"x\":3}}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\" [1,2]}", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":}", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":7", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"hello", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"hello\"", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"hello\\x\"}", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"[hello]\"}", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"\\\"hello\"}", STRATA_ERROR_SYNTAX, 0 },
  { "\"", STRATA_ERROR_SYNTAX, 0 },
  { "\"GZIP_", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"GZIP_V1:\"}", STRATA_ERROR_DAMAGED_DATA, 0 },
  { "{\"data\":\"GZIP_V1:AAAA\"}", STRATA_ERROR_DAMAGED_DATA, 0 },
  { "{\"data\":\"GZIP_V1:A\"}", STRATA_ERROR_DAMAGED_DATA, 0 },
  { "{\"data\":\"GZIP_V1:A\",\"timestamp\":1}", STRATA_ERROR_DAMAGED_DATA, 0 },
  { "{\"data\":\"GZIP_V1:A\",\"x\":1", STRATA_ERROR_SYNTAX, 0 },
  { "{\"data\":\"[1,2,]\",\"timestamp\":1}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"[1,2,]\",\"x\":1", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"[1,2] 3\\x\",\"x\":1}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"GZIP_V1:!\"}", STRATA_ERROR_DAMAGED_DATA, 0 },
  { "{\"data\":\"[1,2]\\x\"}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"[1,2,\\u00g0]\"}", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"[1,2,3", STRATA_ERROR_SYNTAX, 2 },
  { "{\"data\":\"[1,2] x\"}", STRATA_ERROR_SYNTAX, 2 },
  { "\"\\\"[1,{}\\\\", STRATA_ERROR_SYNTAX, 2 },
};

static void
test_malformed_text_fails_after_its_whole_elements (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (malformed); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (malformed[i].text, strlen (malformed[i].text));

        if (testimony->ok || testimony->elements->len != malformed[i].n_elements)
          g_test_message ("case %u, blocks of %" G_GSIZE_FORMAT, i, block_sizes[j]);
        g_assert_error (testimony->error, STRATA_ERROR, (int)malformed[i].code);
        g_assert_cmpuint (testimony->elements->len, ==, malformed[i].n_elements);
      }
}

/* A ninth is the value. */
static void
test_at_most_eight_strings_are_unwrapped (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
    {
      g_autofree char *value = make_form ("[1]", "q");
      g_autofree char *digest = sha256 (value, -1);
      g_autofree char *form = make_form (value, "qqqqppppe");
      g_autoptr(Testimony) testimony = NULL;

      _strata_witness_set_block_size (block_sizes[j]);
      testimony = hear_bytes (form, strlen (form));

      g_assert_no_error (testimony->error);
      g_assert_false (testimony->collection.is_array);
      assert_digest (&testimony->collection.digest, digest);
      g_assert_cmpuint (testimony->collection.pretty_length, ==, strlen (value));
      g_assert_cmpuint (testimony->elements->len, ==, 0);
    }
}

/* Whatever it holds: a text that begins late is none. */
static void
test_a_text_begins_within_4096_bytes (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  static const char * const texts[] = { "[1]", "GZIP_V1:" };
  static const gsize last[] = { 4095, 4088 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize n_blanks = last[i] - 1; n_blanks <= last[i] + 2; n_blanks++)
      for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
        {
          g_autofree char *form = g_strdup_printf ("\"%*s%s\"", (int)n_blanks, "", texts[i]);
          g_autofree char *digest = sha256 (form, -1);
          g_autoptr(Testimony) testimony = NULL;

          _strata_witness_set_block_size (block_sizes[j]);
          testimony = hear_bytes (form, strlen (form));

          if (n_blanks > last[i])
            {
              g_assert_no_error (testimony->error);
              assert_digest (&testimony->collection.digest, digest);
            }
          else if (i == 0)
            g_assert_cmpuint (testimony->elements->len, ==, 1);
          else
            g_assert_error (testimony->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
        }
}

/* Longer than any buffer */
static void
test_long_strings_are_values (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *plain = g_strnfill (400 * 1000, 'x');
  g_autofree char *form = g_strdup_printf ("{\"data\":\"%s\"}", plain);
  g_autofree char *value = g_strdup_printf ("\"%s\"", plain);
  g_autofree char *digest = sha256 (value, -1);
  g_autoptr(Testimony) testimony = hear_bytes (form, strlen (form));

  g_assert_no_error (testimony->error);
  assert_digest (&testimony->collection.digest, digest);
  g_assert_cmpuint (testimony->collection.length, ==, strlen (value));
}

/* Wherever in the way they stand */
static void
test_strings_are_counted_through_members (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *eight = make_form ("[1]", "ppppspppp");
  g_autofree char *nine = make_form ("[1]", "ppppsppppp");
  g_autofree char *nine_outside = make_form ("[1]", "sppppppppp");
  g_autoptr(Testimony) good = hear_member_of_bytes (eight, strlen (eight), in_enrichment_backup);
  g_autoptr(Testimony) inside = hear_member_of_bytes (nine, strlen (nine), in_enrichment_backup);
  g_autoptr(Testimony) outside = hear_member_of_bytes (nine_outside, strlen (nine_outside), in_enrichment_backup);

  g_assert_no_error (good->error);
  g_assert_cmpuint (good->elements->len, ==, 1);
  g_assert_no_error (inside->error);
  g_assert_cmpuint (inside->elements->len, ==, 0);
  g_assert_false (inside->collection.is_array);
  g_assert_error (outside->error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

typedef struct
{
  const char *raw;
  const char *mended;
} Utf8;

static const Utf8 utf8_texts[] = {
  { "\x80", R },
  { "\xC0\x80", R R },
  { "\xC1\xBF", R R },
  { "\xC2", R },
  { "\xC2\xC3\xA9", R "\xC3\xA9" },
  { "\xE0\x80\x80", R R R },
  { "\xE0\xA0", R },
  { "\xE0\xA0\x41", R "A" },
  { "\xED\xA0\xBD", R R R },
  { "\xED\x9F\xBF", "\xED\x9F\xBF" },
  { "\xEF\xBF\xBF", "\xEF\xBF\xBF" },
  { "\xF0\x80\x80\x80", R R R R },
  { "\xF0\x9F\x98", R },
  { "\xF0\x9F\x98\x41", R "A" },
  { "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
  { "\xF1\x80\xE1\x80\xC2", R R R },
  { "\xF1\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", R R R "b" R "c" R R "d" },
  { "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF" },
  { "\xF4\x90\x80\x80", R R R R },
  { "\xF5\x80\x80\x80", R R R R },
  { "\xFF\xFE", R R },
  { "\xEF\xBB\xBF", "\xEF\xBB\xBF" },
};

static void
check_utf8 (Fixture    *fixture,
            const Utf8 *utf8,
            gboolean    in_gzip)
{
  g_autofree char *raw = g_strdup_printf ("[\"x%s\",\"y\"]", utf8->raw);
  g_autofree char *form = in_gzip ? pack (raw) : g_strdup (raw);
  g_autofree char *first = g_strdup_printf ("\"x%s\"", utf8->mended);
  g_autoptr(Testimony) testimony = hear_bytes (form, strlen (form));

  g_assert_no_error (testimony->error);
  g_assert_cmpuint (testimony->elements->len, ==, 2);
  assert_element (testimony, 0, first);
  assert_element (testimony, 1, "\"y\"");
  g_assert_cmpuint (testimony->collection.pretty_length, ==, strlen (first) + 6);
}

static void
test_invalid_utf8_becomes_replacement_characters (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (utf8_texts); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        _strata_witness_set_block_size (block_sizes[j]);
        check_utf8 (fixture, &utf8_texts[i], FALSE);
        check_utf8 (fixture, &utf8_texts[i], TRUE);
      }
}

/* The same file, in either order, with a byte order mark or without */
static void
test_utf16_says_the_same (Fixture       *fixture,
                          gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    for (guint way = 0; way < 4; way++)
      for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
        {
          g_autofree char *form = make_form (pretty, recipes[i]);
          const char *text = g_str_has_prefix (form, "\xEF\xBB\xBF") ? form + 3 : form;
          g_autoptr(GByteArray) bytes = utf16_from_utf8 (text, way % 2, way >= 2);
          g_autofree char *file_digest = sha256 ((const char *)bytes->data, bytes->len);
          g_autoptr(Testimony) testimony = NULL;

          _strata_witness_set_block_size (block_sizes[j]);
          testimony = hear_bytes ((const char *)bytes->data, bytes->len);

          assert_whole (testimony, strlen (pretty));
          assert_digest (&testimony->collection.file_digest, file_digest);
          g_assert_cmpuint (testimony->collection.file_length, ==, bytes->len);
        }
}

static void
test_compressed_utf16_says_the_same (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  for (guint way = 0; way < 4; way++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        g_autoptr(GByteArray) bytes = utf16_from_utf8 (pretty, way % 2, way >= 2);
        g_autofree char *form = pack_bytes ((const char *)bytes->data, bytes->len);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (form, strlen (form));

        assert_whole (testimony, strlen (pretty));
      }
}

static void
assert_same_elements (Testimony *one,
                      Testimony *other)
{
  g_assert_cmpuint (one->elements->len, ==, other->elements->len);
  for (guint i = 0; i < one->elements->len; i++)
    g_assert_cmpstr (g_ptr_array_index (one->elements, i), ==, g_ptr_array_index (other->elements, i));
}

/* As the same text in UTF-8: half a unit is a character, and so ends a number. */
static void
test_torn_utf16_gives_its_leading_elements (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  for (guint way = 0; way < 4; way++)
    {
      g_autoptr(GByteArray) bytes = utf16_from_utf8 (pretty, way % 2, way >= 2);

      for (guint cut = 4; cut < bytes->len; cut++)
        {
          guint64 repairs;
          g_autoptr(GByteArray) text = utf16_expected (bytes->data, cut, way % 2, &repairs);
          g_autoptr(Testimony) testimony = NULL;
          g_autoptr(Testimony) plain = NULL;

          _strata_witness_set_block_size (block_sizes[cut % G_N_ELEMENTS (block_sizes)]);
          testimony = hear_bytes ((const char *)bytes->data, cut);
          plain = hear_bytes ((const char *)text->data, text->len);

          g_assert_error (testimony->error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
          assert_same_elements (testimony, plain);
          if (cut % 2 == 0)
            assert_leading (testimony);
          if (cut >= bytes->len - 2)
            g_assert_cmpuint (testimony->elements->len, ==, G_N_ELEMENTS (elements));
        }
    }
}

static gboolean
append_text (const guint8  *data,
             gsize          size,
             gpointer       user_data,
             GError       **error)
{
  g_byte_array_append (user_data, data, (guint)size);

  return TRUE;
}

/* What the witness reads @bytes as, given in pieces of @piece */
static GByteArray *
decode (const GByteArray *bytes,
        gsize             piece)
{
  GByteArray *text = g_byte_array_new ();
  StrataWitnessDecoder decoder = { .utf8.sink = append_text, .utf8.user_data = text };

  for (gsize i = 0; i < bytes->len; i += piece)
    g_assert_true (_strata_witness_decoder_push (&decoder, bytes->data + i, MIN (piece, bytes->len - i), NULL));
  g_assert_true (_strata_witness_decoder_finish (&decoder, NULL));

  return text;
}

static void
assert_both_decode_alike (const GByteArray *bytes,
                          gsize             piece)
{
  g_autoptr(GByteArray) text = decode (bytes, piece);
  g_autoptr(GInputStream) base = chunk_stream_new (bytes->data, bytes->len, piece % 5 + 1);
  g_autoptr(GInputStream) stream = _strata_text_stream_new (base);
  g_autoptr(GByteArray) other = chunk_stream_read_all (stream, 7, NULL);

  g_assert_cmpmem (text->data, text->len, other->data, other->len);
}

/* The two readers have decoders of their own: whatever the bytes, they agree. */
static void
test_both_decoders_agree (Fixture       *fixture,
                          gconstpointer  test_data)
{
  static const char starts[] = "[{\" \n\0\0\0\0\xFF\xFF\xFE\xFE\xEF\xBB\xBF""1a\xD8\xDC\x80";
  guint n_rounds = g_test_slow () ? 500 * 1000 : 20 * 1000;

  for (guint i = 0; i < n_rounds; i++)
    {
      g_autoptr(GByteArray) bytes = g_byte_array_new ();
      g_autoptr(GByteArray) units = utf16_random (i % 2);
      guint n_start = (guint)g_test_rand_int_range (0, 6);

      for (guint j = 0; j < n_start; j++)
        g_byte_array_append (bytes, (const guint8 *)starts + g_test_rand_int_range (0, sizeof starts - 1), 1);
      g_byte_array_append (bytes, units->data, units->len);

      assert_both_decode_alike (bytes, (gsize)g_test_rand_int_range (1, 12));
    }
}

static void
test_both_decoders_agree_wherever_it_is_cut (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  for (guint way = 0; way < 4; way++)
    {
      g_autoptr(GByteArray) bytes = utf16_from_utf8 (pretty, way % 2, way >= 2);

      while (bytes->len > 0)
        {
          for (gsize piece = 1; piece <= 9; piece++)
            assert_both_decode_alike (bytes, piece);
          g_byte_array_set_size (bytes, bytes->len - 1);
        }
    }
}

static void
test_utf16_is_decoded_as_expected (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  for (guint i = 0; i < 2000; i++)
    {
      gboolean big_endian = i % 2;
      g_autoptr(GByteArray) bytes = utf16_from_utf8 ("", big_endian, TRUE);
      g_autoptr(GByteArray) units = utf16_random (big_endian);
      g_autoptr(GByteArray) text = NULL;
      g_autoptr(GByteArray) expected = NULL;
      guint64 repairs;

      g_byte_array_append (bytes, units->data, units->len);
      text = decode (bytes, (gsize)g_test_rand_int_range (1, 12));
      expected = utf16_expected (bytes->data, bytes->len, big_endian, &repairs);

      g_assert_cmpmem (text->data, text->len, expected->data, expected->len);
    }
}

/* More than is handed on at once */
static void
test_long_utf16_passes_through_blocks (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  for (guint lead = 0; lead < 6; lead++)
    {
      g_autoptr(GString) text = g_string_new ("\"");
      g_autoptr(GByteArray) bytes = NULL;
      g_autoptr(GByteArray) decoded = NULL;

      g_string_append_len (text, "xxxxxx", lead);
      while (text->len < 300 * 1000)
        g_string_append (text, "\xF0\x9F\x9A\x80\xF4\x8F\xBF\xBF\xE4\xB8\xAD");
      bytes = utf16_from_utf8 (text->str, lead % 2, FALSE);
      decoded = decode (bytes, 100 * 1000 + 1 + lead);

      g_assert_cmpmem (decoded->data, decoded->len, text->str, text->len);
    }
}

/* An object that happens to begin with "data" is no envelope, if that can be seen. */
static void
test_torn_objects_with_data_first_are_envelopes (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  static const char text[] = "{\"data\": [1, 2], \"timestamp\": 3, \"mine\": [4, \"}\"] }";
  g_autofree char *envelope = sha256 ("[1,2]", -1);
  g_autofree char *object = sha256 ("{\"data\":[1,2],\"timestamp\":3,\"mine\":[4,\"}\"]}", -1);

  for (gsize cut = strlen ("{\"data\": [1, 2]"); cut <= strlen (text); cut++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        gboolean is_cut = cut < strlen (text);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (text, cut);

        g_assert_true (testimony->ok == !is_cut);
        g_assert_true (testimony->collection.is_whole);
        g_assert_true (testimony->collection.is_array == is_cut);
        assert_digest (&testimony->collection.digest, is_cut ? envelope : object);
        g_assert_cmpuint (testimony->collection.pretty_length, ==, is_cut ? 6 : strlen (text));
      }
}

/* Longer than any buffer, before and after the "data" */
static void
test_long_objects_with_data_first_are_values (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autofree char *long_string = g_strnfill (400 * 1000, 'x');
  g_autofree char *object = g_strdup_printf ("{\"data\":[\"%s\"],\"mine\":\"%s\"}", long_string, long_string);
  g_autofree char *digest = sha256 (object, -1);
  g_autoptr(Testimony) testimony = hear_bytes (object, strlen (object));

  g_assert_no_error (testimony->error);
  assert_digest (&testimony->collection.digest, digest);
  g_assert_cmpuint (testimony->collection.length, ==, strlen (object));
}

/* Escapes inside the outer string, and what they are in the text it holds */
static const Utf8 escapes[] = {
  { "\\\"\\\\n\\\"", "\"\\n\"" },
  { "\\\"\\/\\b\\f\\t\\\"", "\"/\b\f\t\"" },
  { "\\\"\\u00e9\\u20AC\\\"", "\"\xC3\xA9\xE2\x82\xAC\"" },
  { "\\\"\\ud83d\\ude00\\\"", "\"\xF0\x9F\x98\x80\"" },
  { "\\\"\\ud83d\\\"", "\"" R "\"" },
  { "\\\"\\ud83dx\\\"", "\"" R "x\"" },
  { "\\\"\\ud83d\\u0041\\\"", "\"" R "A\"" },
  { "\\\"\\ud83d\\n\\ude00\\\"", "\"" R "\n" R "\"" },
  { "\\\"\\ud83d\\ud83d\\ude00\\ude00\\\"", "\"" R "\xF0\x9F\x98\x80" R "\"" },
  { "\\u0022\\\\u0022\\u0022", "\"\\u0022\"" },
};

static void
test_escapes_are_undone (Fixture       *fixture,
                         gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (escapes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        g_autofree char *form = g_strdup_printf ("{\"data\":\"[%s]\"}", escapes[i].raw);
        g_autoptr(Testimony) testimony = NULL;

        _strata_witness_set_block_size (block_sizes[j]);
        testimony = hear_bytes (form, strlen (form));

        g_assert_no_error (testimony->error);
        g_assert_cmpuint (testimony->elements->len, ==, 1);
        assert_element (testimony, 0, escapes[i].mended);
      }
}

static void
test_torn_files_give_their_leading_elements (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    {
      g_autofree char *form = make_form (pretty, recipes[i]);
      gsize length = strlen (g_strchomp (form));
      guint n_before = 0;

      for (gsize cut = 0; cut < length; cut++)
        {
          g_autoptr(Testimony) testimony = NULL;

          _strata_witness_set_block_size (block_sizes[cut % G_N_ELEMENTS (block_sizes)]);
          testimony = hear_bytes (form, cut);

          g_assert_false (testimony->ok);
          g_assert_true (testimony->error->domain == STRATA_ERROR);
          assert_leading (testimony);
          g_assert_cmpuint (testimony->elements->len, >=, n_before);
          n_before = testimony->elements->len;
        }
      g_assert_cmpuint (n_before, ==, G_N_ELEMENTS (elements));
    }
}

/* An array, string or word is whole with its last byte, a number only when something follows it. */
static void
test_elements_are_whole_at_their_last_byte (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  static const char text[] = "[{\"a\":1},[2],\"b\",34,5,null,true]";
  static const gsize ends[] = { 8, 12, 16, 20, 22, 26, 31 };

  for (gsize cut = 0; cut < strlen (text); cut++)
    {
      g_autofree char *quoted = g_strndup (text, cut);
      g_autofree char *string = quote (quoted);
      g_autoptr(Testimony) plain = hear_bytes (text, cut);
      g_autoptr(Testimony) wrapped = hear_bytes (string, strlen (string) - 1);
      guint n_expected = 0;

      while (n_expected < G_N_ELEMENTS (ends) && ends[n_expected] <= cut)
        n_expected++;

      g_assert_cmpuint (plain->elements->len, ==, n_expected);
      g_assert_cmpuint (wrapped->elements->len, ==, n_expected);
    }
}

static void
test_damaged_gzip_gives_what_it_can (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(GByteArray) compressed = gzip (pretty, strlen (pretty));

  for (guint i = 0; i < compressed->len; i++)
    {
      g_autofree char *base64 = NULL;
      g_autofree char *form = NULL;
      g_autoptr(Testimony) testimony = NULL;

      compressed->data[i] ^= 0x40;
      base64 = g_base64_encode (compressed->data, compressed->len);
      compressed->data[i] ^= 0x40;
      form = g_strdup_printf ("{\"data\":\"GZIP_V1:%s\"}", base64);
      testimony = hear_bytes (form, strlen (form));

      /* Of bits that mean nothing (time, system, filling) there is no check; they change nothing either */
      if (testimony->ok || (i >= 4 && i < 10))
        assert_whole (testimony, strlen (pretty));

      /* In the last eight bytes, the check alone is wrong */
      if (i >= compressed->len - 8)
        {
          g_assert_error (testimony->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
          g_assert_cmpuint (testimony->elements->len, ==, G_N_ELEMENTS (elements));
          assert_leading (testimony);
        }
    }
}

static void
test_something_after_gzip_is_damage (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(GByteArray) compressed = gzip (pretty, strlen (pretty));
  g_autofree char *base64 = NULL;
  g_autofree char *form = NULL;
  g_autoptr(Testimony) testimony = NULL;

  g_byte_array_append (compressed, (const guint8 *)"!", 1);
  base64 = g_base64_encode (compressed->data, compressed->len);
  form = g_strdup_printf ("\"GZIP_V1:%s\"", base64);
  testimony = hear_bytes (form, strlen (form));

  g_assert_error (testimony->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_assert_cmpuint (testimony->elements->len, ==, G_N_ELEMENTS (elements));
}

static void
test_gzip_that_fills_blocks_exactly_is_whole (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  for (gsize size = 1; size <= strlen (pretty) + 1; size++)
    {
      g_autofree char *form = make_form (pretty, "pe");
      g_autoptr(Testimony) testimony = NULL;

      _strata_witness_set_block_size (size);
      testimony = hear_bytes (form, strlen (form));

      assert_whole (testimony, strlen (pretty));
    }
}

static gboolean
refuse_third (guint64              ordinal,
              const StrataDigest  *digest,
              guint64              length,
              gpointer             user_data,
              GError             **error)
{
  guint *n_calls = user_data;

  (*n_calls)++;
  if (ordinal < 2)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "enough");

  return FALSE;
}

static void
test_refusal_ends_the_pass (Fixture       *fixture,
                            gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (recipes); i++)
    for (guint torn = 0; torn < 2; torn++)
      {
        g_autofree char *form = make_form (pretty, recipes[i]);
        g_autoptr(GInputStream) bytes = NULL;
        g_autoptr(GError) error = NULL;
        StrataWitnessCollection collection;
        guint n_calls = 0;

        bytes = g_memory_input_stream_new_from_data (form, (gssize)strlen (form) - (torn ? 6 : 0), NULL);
        g_assert_false (_strata_witness_collection (bytes, NULL, refuse_third, &n_calls, &collection, NULL, &error));

        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
        g_assert_cmpuint (n_calls, ==, 3);
        g_assert_cmpuint (collection.n_elements, ==, 2);
      }
}

static gboolean
cancel_second (guint64              ordinal,
               const StrataDigest  *digest,
               guint64              length,
               gpointer             user_data,
               GError             **error)
{
  if (ordinal == 1)
    g_cancellable_cancel (user_data);

  return TRUE;
}

static void
test_cancelling_ends_the_pass (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autofree char *form = make_form (pretty, "pe");
  g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_data (form, -1, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  StrataWitnessCollection collection;

  _strata_witness_set_block_size (16);
  g_assert_false (_strata_witness_collection (bytes, NULL, cancel_second, cancellable, &collection, cancellable, &error));

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (collection.n_elements, <, G_N_ELEMENTS (elements));
}

static void
test_no_function_is_needed (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_data ("[1,2]", -1, NULL);
  g_autoptr(GError) error = NULL;
  StrataWitnessCollection collection;

  g_assert_true (_strata_witness_collection (bytes, NULL, NULL, NULL, &collection, NULL, &error));

  g_assert_no_error (error);
  g_assert_cmpuint (collection.n_elements, ==, 2);
}

static void
test_a_missing_attachment_is_an_error (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  for (guint as_is = 0; as_is < 2; as_is++)
    {
      g_autoptr(GError) error = NULL;
      StrataDigest digest;
      guint64 length;

      g_assert_false (_strata_witness_attachment (fixture->dir, "nothing", as_is, &digest, &length, NULL, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    }
}

static void
test_what_can_not_be_read_is_an_error (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_data ("[1,2]", -1, NULL);
  g_autoptr(Testimony) testimony = NULL;

  g_assert_true (g_input_stream_close (bytes, NULL, NULL));
  testimony = hear_stream (bytes);

  g_assert_error (testimony->error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_a_stream_is_read_from_where_it_is (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *file_digest = sha256 ("[1,2]", -1);
  g_autoptr(GInputStream) bytes = g_memory_input_stream_new_from_data ("}{[1,2]", -1, NULL);
  g_autoptr(Testimony) testimony = NULL;

  g_assert_cmpint (g_input_stream_skip (bytes, 2, NULL, NULL), ==, 2);
  testimony = hear_stream (bytes);

  g_assert_no_error (testimony->error);
  g_assert_cmpuint (testimony->elements->len, ==, 2);
  assert_digest (&testimony->collection.file_digest, file_digest);
  g_assert_cmpuint (testimony->collection.file_length, ==, 5);
}

static void
test_depth_is_only_a_number (Fixture       *fixture,
                             gconstpointer  test_data)
{
  gsize depth = 1000 * 1000;
  g_autoptr(GString) text = g_string_new ("[");
  g_autofree char *form = NULL;
  g_autoptr(Testimony) testimony = NULL;

  for (gsize i = 0; i < depth; i++)
    g_string_append (text, i % 2 == 0 ? "{\"a\":" : "[");
  g_string_append (text, "1");
  for (gsize i = depth; i > 0; i--)
    g_string_append_c (text, i % 2 == 1 ? '}' : ']');
  g_string_append (text, "]");
  form = make_form (text->str, "qe");
  testimony = hear_bytes (form, strlen (form));

  g_assert_no_error (testimony->error);
  g_assert_cmpuint (testimony->elements->len, ==, 1);
  g_assert_cmpuint (testimony->collection.length, ==, text->len);
}

/* Elements longer than a block, and blocks that end everywhere in them */
static void
test_long_elements_pass_through_blocks (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autoptr(GString) first = g_string_new ("\"");
  g_autoptr(GString) text = NULL;
  g_autofree char *form = NULL;
  g_autoptr(Testimony) testimony = NULL;

  while (first->len < 300 * 1000)
    g_string_append_printf (first, "%u \\\" \xE2\x82\xAC \\\\ ", g_test_rand_int ());
  g_string_append_c (first, '"');
  text = g_string_new (NULL);
  g_string_printf (text, "[ %s , 1, {\"b\": %s} ]", first->str, first->str);
  form = make_form (text->str, "pqe");
  testimony = hear_bytes (form, strlen (form));

  g_assert_no_error (testimony->error);
  g_assert_cmpuint (testimony->elements->len, ==, 3);
  assert_element (testimony, 0, first->str);
  g_string_printf (text, "{\"b\":%s}", first->str);
  assert_element (testimony, 2, text->str);
}

typedef struct
{
  const char *text;
  const char *decoded; /* NULL: damaged */
} Dat;

static const Dat dats[] = {
  { "", "" },
  { "\xEF\xBB\xBF", "" },
  { " \n", "" },
  { "aGVsbG8=", "hello" },
  { "aGVsbG8", "hello" },
  { "aGVsbA==", "hell" },
  { "aGVsbA=", "hell" },
  { "aGVsbA", "hell" },
  { "a G\r\nV\ts\fbG8=\n", "hello" },
  { "aGVsbG8 = \n", "hello" },
  { "data", "u\xAB\x5A" },
  { "dat", "u\xAB" },
  { "DaTa", "\x0D\xA4\xDA" },
  { "Pz8/Pj4+", "?\?\?>>>" },
  { "Pz8_Pj4-", "?\?\?>>>" },
  { "\xEF\xBB\xBF" "aGVsbG8=", "hello" },
  { "\xEF\xBB\xBF" "data:;base64,aGVsbG8=", "hello" },
  { " data:;base64,aGVsbG8=", "hello" },
  { "data:image/jpeg;base64,aGVsbG8=", "hello" },
  { "DATA:IMAGE/JPEG;BASE64,aGVsbG8=", "hello" },
  { "data:image/jpeg;charset=utf-8;base64,aGVsbG8", "hello" },
  { "data:image/jpeg; base64 ,aGVsbG8", "hello" },
  { "data:image/jpeg;base64,", "" },
  { "data:,", "" },
  { "data:text/plain,hello%20world%20%C3%a9", "hello world \xC3\xA9" },
  { "data:base64,hello", "hello" },
  { "data:;base64;x,hello", "hello" },
  { "data:;\tba\r\nse64 \f,aGVsbG8=", "hello" },
  { "data:;\fbase64,hello", "hello" },
  { "data:;base64;ba,hello", "hello" },
  { "data:;base6,hello", "hello" },
  { "data:;base644,hello", "hello" },
  { "data:;bas e64,hello", "hello" },
  { "data:;xbase64,hello", "hello" },
  { "data:,a,b;base64,c", "a,b;base64,c" },
  { "data:image/jpeg;base64", NULL },
  { "data:", NULL },
  { "data:,%", "%" },
  { "data:,%4", "%4" },
  { "data:,%4g", "%4g" },
  { "data:,%%41", "%A" },
  { "data:,%4%41", "%4A" },
  { "data:,100% sure", "100% sure" },
  { "data:,a\r\n\tb\n", "ab" },
  { "data:,%\n41", "%41" },
  { "aGVsb", NULL },
  { "a", NULL },
  { "=", NULL },
  { "a=", NULL },
  { "aGVsbG8==", NULL },
  { "aGVs=", NULL },
  { "aGVsbA===", NULL },
  { "aGVsbA==aGVs", NULL },
  { "aGVs!bG8=", NULL },
  { "aGVs\xC3\xA9", NULL },
  { "\xEF\xBB", NULL },
  { "\xEF\xBB" "aGVs", NULL },
  { "\xEF\xBB\xBF\xEF\xBB\xBF" "aGVs", NULL },
  { "data;base64,aGVs", NULL },
};

static void
check_dat (Fixture   *fixture,
           const Dat *dat)
{
  g_autofree char *expected = sha256 (dat->decoded != NULL ? dat->decoded : "", -1);
  g_autoptr(GError) error = NULL;
  StrataDigest digest;
  guint64 length;
  gboolean ok = _strata_witness_attachment (fixture->dir, "file", FALSE, &digest, &length, NULL, NULL, &error);

  if (ok != (dat->decoded != NULL))
    g_test_message ("“%s”", dat->text);

  if (dat->decoded == NULL)
    {
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
      g_assert_false (ok);
      return;
    }

  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpuint (length, ==, strlen (dat->decoded));
  assert_digest (&digest, expected);
}

static void
test_attachments_are_decoded (Fixture       *fixture,
                              gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (dats); i++)
    for (guint j = 0; j < G_N_ELEMENTS (block_sizes); j++)
      {
        _strata_witness_set_block_size (block_sizes[j]);
        write_file (fixture, dats[i].text, strlen (dats[i].text));
        check_dat (fixture, &dats[i]);
      }
}

static void
test_large_attachments_are_decoded (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  gsize size = 500 * 1000 + (gsize)g_test_rand_int_range (0, 3);
  g_autofree guchar *bytes = g_malloc (size);
  g_autofree char *base64 = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;
  g_autoptr(GError) error = NULL;
  StrataDigest digest, file_digest;
  guint64 length;

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guchar)g_test_rand_int ();
  base64 = g_base64_encode (bytes, size);
  text = g_strconcat ("data:image/png;base64,", base64, NULL);
  expected = sha256 ((const char *)bytes, (gssize)size);
  write_file (fixture, text, strlen (text));

  g_assert_true (_strata_witness_attachment (fixture->dir, "file", FALSE, &digest, &length, &file_digest, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (length, ==, size);
  assert_digest (&digest, expected);

  g_free (expected);
  expected = sha256 (text, -1);
  assert_digest (&file_digest, expected);
  memset (&file_digest, 0, sizeof file_digest);
  g_assert_true (_strata_witness_attachment (fixture->dir, "file", TRUE, &digest, &length, &file_digest, NULL, &error));
  g_assert_cmpuint (length, ==, strlen (text));
  assert_digest (&digest, expected);
  assert_digest (&file_digest, expected);
}

static void
mutate (GByteArray *bytes)
{
  static const char spice[] = "\"\\{}[],: \n\t0eu=%;GZ\xEF\xBB\xBF\xF0\x80\xFF";
  guint n_changes = (guint)g_test_rand_int_range (1, 5);

  for (guint i = 0; i < n_changes && bytes->len > 0; i++)
    {
      guint at = (guint)g_test_rand_int_range (0, (gint32)bytes->len);
      guint8 byte = (guint8)spice[g_test_rand_int_range (0, sizeof spice - 1)];
      guint n_removed = (guint)g_test_rand_int_range (1, 20);

      switch (g_test_rand_int_range (0, 4))
        {
        case 0:
          bytes->data[at] = byte;
          break;
        case 1:
          bytes->data[at] ^= (guint8)(1 << g_test_rand_int_range (0, 8));
          break;
        case 2:
          g_byte_array_remove_range (bytes, at, MIN (bytes->len - at, n_removed));
          break;
        default:
          g_byte_array_append (bytes, &byte, 1);
          memmove (bytes->data + at + 1, bytes->data + at, bytes->len - at - 1);
          bytes->data[at] = byte;
        }
    }
}

/* Whatever the bytes, the pass ends and two different block sizes say the same of them. */
static void
test_mutations_do_no_harm (Fixture       *fixture,
                           gconstpointer  test_data)
{
  guint n_rounds = g_test_slow () ? 200 * 1000 : 2000;

  for (guint i = 0; i < n_rounds; i++)
    {
      const char *recipe = i % 2 == 0 ? recipes[i / 2 % G_N_ELEMENTS (recipes)] :
                                        member_recipes[i / 2 % G_N_ELEMENTS (member_recipes)];
      const char * const *wanted = i % 2 == 0 ? NULL : get_members (recipe);
      g_autofree char *form = make_form (pretty, recipe);
      g_autoptr(GByteArray) bytes = g_byte_array_new ();
      g_autoptr(Testimony) one = NULL;
      g_autoptr(Testimony) other = NULL;

      g_byte_array_append (bytes, (const guint8 *)form, (guint)strlen (form));
      mutate (bytes);

      _strata_witness_set_block_size (0);
      one = hear_member_of_bytes ((const char *)bytes->data, bytes->len, wanted);
      _strata_witness_set_block_size (block_sizes[i % (G_N_ELEMENTS (block_sizes) - 1)]);
      other = hear_member_of_bytes ((const char *)bytes->data, bytes->len, wanted);

      if (one->elements->len != other->elements->len)
        g_test_message ("round %u (“%s”): %s, %s", i, recipe, one->error->message, other->error->message);
      g_assert_true (one->ok == other->ok);
      assert_same_elements (one, other);
      if (one->ok)
        g_assert_true (_strata_digest_equal (&one->collection.digest, &other->collection.digest));
      else
        g_assert_true (one->error->domain == STRATA_ERROR && other->error->domain == STRATA_ERROR);
    }
}

static void
test_mutated_attachments_do_no_harm (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  guint n_rounds = g_test_slow () ? 200 * 1000 : 2000;

  for (guint i = 0; i < n_rounds; i++)
    {
      const char *text = dats[i % G_N_ELEMENTS (dats)].text;
      g_autoptr(GByteArray) bytes = g_byte_array_new ();
      StrataDigest digests[2] = { 0 };
      guint64 lengths[2] = { 0 };
      gboolean oks[2];

      g_byte_array_append (bytes, (const guint8 *)text, (guint)strlen (text));
      mutate (bytes);
      write_file (fixture, (const char *)bytes->data, bytes->len);
      for (guint j = 0; j < 2; j++)
        {
          _strata_witness_set_block_size (j);
          oks[j] = _strata_witness_attachment (fixture->dir, "file", FALSE, &digests[j], &lengths[j], NULL, NULL, NULL);
        }

      g_assert_true (oks[0] == oks[1]);
      g_assert_cmpuint (lengths[0], ==, lengths[1]);
      g_assert_true (_strata_digest_equal (&digests[0], &digests[1]));
    }
}

#define ADD(path, func) g_test_add ("/witness/" path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("forms", test_every_form_says_the_same);
  ADD ("members/forms", test_members_are_found_in_every_form);
  ADD ("members/torn", test_torn_text_around_a_member_gives_leading_elements);
  ADD ("members/first", test_the_first_member_of_the_name_is_taken);
  ADD ("members/none", test_what_has_no_member_is_refused);
  ADD ("members/no-names", test_no_names_are_no_members);
  ADD ("values", test_values_are_told_from_envelopes);
  ADD ("malformed", test_malformed_text_fails_after_its_whole_elements);
  ADD ("levels", test_at_most_eight_strings_are_unwrapped);
  ADD ("begin", test_a_text_begins_within_4096_bytes);
  ADD ("data-first/torn", test_torn_objects_with_data_first_are_envelopes);
  ADD ("data-first/long", test_long_objects_with_data_first_are_values);
  ADD ("long-string", test_long_strings_are_values);
  ADD ("members/levels", test_strings_are_counted_through_members);
  ADD ("utf8", test_invalid_utf8_becomes_replacement_characters);
  ADD ("utf16/forms", test_utf16_says_the_same);
  ADD ("utf16/compressed", test_compressed_utf16_says_the_same);
  ADD ("utf16/torn", test_torn_utf16_gives_its_leading_elements);
  ADD ("utf16/agree", test_both_decoders_agree);
  ADD ("utf16/agree-cut", test_both_decoders_agree_wherever_it_is_cut);
  ADD ("utf16/expected", test_utf16_is_decoded_as_expected);
  ADD ("utf16/long", test_long_utf16_passes_through_blocks);
  ADD ("escapes", test_escapes_are_undone);
  ADD ("torn", test_torn_files_give_their_leading_elements);
  ADD ("whole-elements", test_elements_are_whole_at_their_last_byte);
  ADD ("gzip/damaged", test_damaged_gzip_gives_what_it_can);
  ADD ("gzip/trailing", test_something_after_gzip_is_damage);
  ADD ("gzip/blocks", test_gzip_that_fills_blocks_exactly_is_whole);
  ADD ("refusal", test_refusal_ends_the_pass);
  ADD ("cancel", test_cancelling_ends_the_pass);
  ADD ("no-function", test_no_function_is_needed);
  ADD ("unreadable", test_what_can_not_be_read_is_an_error);
  ADD ("position", test_a_stream_is_read_from_where_it_is);
  ADD ("depth", test_depth_is_only_a_number);
  ADD ("long", test_long_elements_pass_through_blocks);
  ADD ("attachment/forms", test_attachments_are_decoded);
  ADD ("attachment/large", test_large_attachments_are_decoded);
  ADD ("attachment/missing", test_a_missing_attachment_is_an_error);
  ADD ("mutations/collections", test_mutations_do_no_harm);
  ADD ("mutations/attachments", test_mutated_attachments_do_no_harm);

  return g_test_run ();
}
