/* test-moments.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "search/strata-moments-private.h"
#include "search/strata-text-private.h"
#include "store-util.h"
#include "test-util.h"

typedef struct
{
  char        *path;
  StrataStore *store;
  GString     *lines;    /* what was handed out, as text */
  StrataFacts *facts;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->lines = g_string_new (NULL);
  fixture->facts = _strata_facts_new ();
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_string_free (fixture->lines, TRUE);
  _strata_facts_free (fixture->facts);
  g_free (fixture->path);
}

static void
append_time (GString *lines,
             gint64   ms)
{
  if (ms == STRATA_TIME_NONE)
    g_string_append (lines, " -");
  else
    g_string_append_printf (lines, " %" G_GINT64_FORMAT, ms);
}

/* "kind id time offset weight:text|weight:text" */
static void
append_moment (GString            *lines,
               const StrataMoment *moment)
{
  static const char weights[] = "ospn";

  g_string_append_printf (lines, "%s %s", _strata_kind_get_name (moment->kind), moment->id != NULL ? moment->id : "-");
  append_time (lines, moment->time_ms);
  append_time (lines, moment->offset_ms);
  for (guint i = 0; i < moment->sections->len; i++)
    {
      const StrataSection *section = &g_array_index (moment->sections, StrataSection, i);
      g_autofree char *text = g_strndup (moment->text->str + section->start, section->end - section->start);

      g_strdelimit (text, "\n", '/');
      g_string_append_printf (lines, "%s%c:%s", i == 0 ? " " : "|", weights[section->weight], text);
    }
  g_string_append_c (lines, '\n');
}

typedef struct
{
  Fixture              *fixture;
  const StrataManifest *manifest;
} Walked;

/* Each moment is found again where it says it is. */
static gboolean
moment_cb (const StrataMoment  *moment,
           gpointer             user_data,
           GError             **error)
{
  const Walked *walked = user_data;
  g_autoptr(GError) find_error = NULL;
  g_autoptr(StrataMoment) again =
    _strata_moments_find (_strata_store_get_dir (walked->fixture->store), walked->manifest, moment->kind, moment->part,
                          moment->place, NULL, &find_error);

  append_moment (walked->fixture->lines, moment);
  g_assert_no_error (find_error);
  g_assert_cmpstr (again->text->str, ==, moment->text->str);
  g_assert_cmpuint (again->sections->len, ==, moment->sections->len);

  return TRUE;
}

static gboolean
walk (Fixture     *fixture,
      const char  *key,
      GError     **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, error);
  Walked walked = { fixture, manifest };

  return manifest != NULL &&
         _strata_moments_of_session (_strata_store_get_dir (fixture->store), manifest, fixture->facts, moment_cb, &walked, NULL, error);
}

static void
assert_moments (Fixture    *fixture,
                const char *json,
                const char *expected)
{
  g_autofree char *key = store_util_put (fixture->store, json, 0);
  g_autoptr(GError) error = NULL;

  walk (fixture, key, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->lines->str, ==, expected);
}

static char *
join_facets (const StrataFacts *facts)
{
  g_autoptr(GString) joined = g_string_new (NULL);

  for (guint i = 0; i < facts->facets->len; i++)
    {
      const StrataFacet *facet = g_ptr_array_index (facts->facets, i);

      g_string_append_printf (joined, "%s%s=%s", i > 0 ? "," : "", _strata_field_get_name (facet->field), facet->value);
    }

  return g_string_free (g_steal_pointer (&joined), FALSE);
}

static void
test_a_session_speaks_for_itself (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *facets = NULL;

  assert_moments (fixture,
    "{\"summary\":{\"narrative\":\"Went well\",\"achievements\":[\"a1\",\"a2\"],\"keyMoments\":[{\"id\":\"x-1\",\"title\":\"t\","
    "\"timestamp\":\"2025-01-01T00:00:00Z\",\"screenshotIds\":[\"s\"]}],\"n\":1},"
    "\"id\":\"s1\",\"name\":\"Name\",\"description\":\"Des\\u0063ription\",\"startTime\":\"2025-01-01T00:00:10.500Z\","
    "\"endTime\":1735689700000,\"tags\":[\"urgent\",\" \",7,null,[\"no\"]],\"category\":\"Work\",\"subCategory\":\"Deep\",\"status\":\"done\","
    "\"extractedNoteIds\":[\"n1\",\"n2\"],\"extractedTaskIds\":[\"t1\"],\"trackingNoteId\":\"n3\",\"other\":\"never\"}",
    "session - 1735689610500 0 p:Went well/a1/a2/t|n:Name|p:Description\n");

  facets = join_facets (fixture->facts);
  g_assert_cmpstr (facets, ==, "tag=urgent,tag=7,category=Work,subcategory=Deep,status=done");
  g_assert_cmpstr (fixture->facts->id, ==, "s1");
  g_assert_cmpstr (fixture->facts->name, ==, "Name");
  g_assert_cmpint (fixture->facts->start_ms, ==, G_GINT64_CONSTANT (1735689610500));
  g_assert_cmpint (fixture->facts->end_ms, ==, G_GINT64_CONSTANT (1735689700000));
  g_assert_cmpuint (fixture->facts->links->len, ==, 4);
  g_assert_cmpuint (fixture->facts->has, ==, STRATA_HAS_SUMMARY);
}

static void
test_items_are_moments (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autofree char *facets = NULL;

  assert_moments (fixture,
    "{\"id\":\"s1\",\"screenshots\":["
    "{\"id\":\"p1\",\"timestamp\":\"2025-01-01T00:00:12Z\",\"aiAnalysis\":{\"summary\":\"Sum\",\"extractedText\":\"OCR\",\"keyElements\":[\"k1\",\"k2\"],"
    "\"suggestedActions\":[\"no\"],\"contextDelta\":\"no\"},\"userComment\":\"mine\"},"
    "{\"id\":\"p2\",\"timestamp\":\"soon\",\"analysisError\":\"no\"},null,\"text\",{\"aiAnalysis\":\"text\",\"userComment\":\"!\"}],"
    "\"audioSegments\":["
    "{\"id\":\"a1\",\"timestamp\":\"2025-01-01T00:00:20Z\",\"transcription\":\"final\",\"draftTranscription\":\"draft\",\"enrichedTranscription\":\"best\",\"keyPhrases\":[\"kp\"]},"
    "{\"id\":\"a2\",\"transcription\":\"final\",\"enrichedTranscription\":\" \",\"draftTranscription\":\"draft\"},"
    "{\"id\":\"a3\",\"draftTranscription\":\"draft\"}],"
    "\"contextItems\":[{\"id\":\"c1\",\"type\":\"marker\",\"content\":\"here\"}],"
    "\"fullTranscription\":\"all of it\",\"startTime\":\"2025-01-01T00:00:10Z\"}",
    "transcript - 1735689610000 0 s:all of it\n"
    "screenshot p1 1735689612000 2000 p:Sum|o:OCR|p:k1/k2/mine\n"
    "screenshot - - - p:!\n"
    "audio a1 1735689620000 10000 p:kp|s:best\n"
    "audio a2 - - s:final\n"
    "audio a3 - - s:draft\n"
    "context c1 - - s:here\n");

  g_assert_cmpuint (fixture->facts->has, ==, STRATA_HAS_SCREENSHOTS | STRATA_HAS_AUDIO | STRATA_HAS_TRANSCRIPT |
                                            STRATA_HAS_CONTEXT | STRATA_HAS_COMMENTS);
}

static void
test_a_video_has_chapters_and_chunks (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *facets = NULL;

  assert_moments (fixture,
    "{\"video\":{\"fullVideoAttachmentId\":\"v\",\"chunks\":[{\"id\":\"k1\",\"startTime\":1.5,\"topic\":\"Top\",\"description\":\"D\",\"transcriptExcerpt\":\"said\"}],"
    "\"chapters\":[{\"id\":\"h1\",\"startTime\":90,\"title\":\"Intro\",\"summary\":\"S\",\"keyTopics\":[\"git\",\"npm\"],\"thumbnail\":\"no\"}]},"
    "\"startTime\":\"2025-01-01T00:00:10Z\"}",
    "chunk k1 1735689611500 1500 p:Top/D|s:said\n"
    "chapter h1 1735689700000 90000 p:Intro/S/git/npm\n");

  facets = join_facets (fixture->facts);
  g_assert_cmpstr (facets, ==, "topic=git,topic=npm");
  g_assert_cmpuint (fixture->facts->has, ==, STRATA_HAS_VIDEO | STRATA_HAS_CHAPTERS);
}

/* Whatever stands in a member, the walk goes on. */
static void
test_other_types_are_passed_over (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  assert_moments (fixture,
    "{\"id\":null,\"name\":17,\"description\":[\"in a\",\"list\"],\"summary\":\"flat\",\"startTime\":{},\"endTime\":true,\"tags\":\"single\","
    "\"screenshots\":{\"id\":\"p\"},\"audioSegments\":\"text\",\"contextItems\":[[{\"content\":\"deep\"}]],\"video\":\"path\","
    "\"fullTranscription\":null,\"extractedNoteIds\":{},\"category\":false}",
    "session - - 0 p:in a/list/flat\n");

  g_assert_null (fixture->facts->id);
  g_assert_cmpuint (fixture->facts->facets->len, ==, 1);
}

static void
test_names_may_be_escaped_and_doubled (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  assert_moments (fixture,
    "{\"n\\u0061me\":\"first\",\"name\":\"second\",\"screenshots\":[{\"userComment\":\"one\"}],\"scre\\u0065nshots\":[{\"userComment\":\"two\"}]}",
    "screenshot - - - p:two\nscreenshot - - - p:one\nsession - - 0 n:first/second\n");

  g_assert_cmpstr (fixture->facts->name, ==, "second");
}

/* Parts, their numbers and places: the same as when everything is small. */
static void
test_long_sessions_are_read_part_by_part (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(GString) json = g_string_new ("{\"id\":\"long\",\"screenshots\":[");
  g_autofree char *filler = g_strnfill (2000, 'f');
  g_autofree char *key = NULL;
  g_auto(GStrv) lines = NULL;
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (json, "%s{\"id\":\"p%u\",\"other\":\"%s\",\"userComment\":\"c%u\"}", i > 0 ? "," : "", i, filler, i);
  g_string_append_printf (json, "],\"summary\":{\"narrative\":\"%s\"},\"name\":\"n\"}", filler);
  key = store_util_put (fixture->store, json->str, 0);

  walk (fixture, key, &error);
  g_assert_no_error (error);

  lines = g_strsplit (fixture->lines->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 1002);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *expected = g_strdup_printf ("screenshot p%u - - p:c%u", i, i);

      g_assert_cmpstr (lines[i], ==, expected);
    }
  g_assert_true (g_str_has_prefix (lines[1000], "session - - 0 p:fff"));
}

static void
test_damage_is_said (Fixture       *fixture,
                     gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"screenshots\":[{\"userComment\":\"abc\"}]}", 0);
  g_autofree char *folder = g_strdup_printf ("sessions/%s/chunks", key);
  g_autofree char *part = store_util_find_file (fixture->path, folder, "screenshots");
  g_autoptr(GError) error = NULL;

  store_util_flip_byte (fixture->path, part, 20);

  g_assert_false (walk (fixture, key, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

static void
test_a_moment_that_is_gone_is_not_found (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"name\":\"n\"}", 0);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  static const struct { guint part; guint64 place; } places[] = { { 0, 0 }, { 7, 3 }, { STRATA_PART_SMALL, 1000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (_strata_moments_find (_strata_store_get_dir (fixture->store), manifest, STRATA_KIND_SCREENSHOT,
                                           places[i].part, places[i].place, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_cancelling_stops (Fixture       *fixture,
                       gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"screenshots\":[{\"userComment\":\"abc\"}]}", 0);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);

  g_assert_false (_strata_moments_of_session (_strata_store_get_dir (fixture->store), manifest, fixture->facts, NULL, NULL,
                                              cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Collections */

static gboolean
item_cb (const StrataMoment  *moment,
         const StrataFacts   *facts,
         const StrataDigest  *digest,
         gpointer             user_data,
         GError             **error)
{
  Fixture *fixture = user_data;
  g_autofree char *facets = join_facets (facts);

  append_moment (fixture->lines, moment);
  g_string_append_printf (fixture->lines, "  %s %s %s [%s]\n", facts->name != NULL ? facts->name : "-",
                          facts->session_id != NULL ? facts->session_id : "-", facts->note_id != NULL ? facts->note_id : "-", facets);

  return TRUE;
}

static void
assert_items (Fixture    *fixture,
              const char *name,
              StrataKind  kind,
              const char *json,
              const char *expected)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GError) error = NULL;

  store_util_put_collection (fixture->store, name, json);
  manifest = _strata_store_load (fixture->store, TRUE, name, &error);
  g_assert_no_error (error);
  g_string_truncate (fixture->lines, 0);
  _strata_moments_of_items (_strata_store_get_dir (fixture->store), manifest, kind, item_cb, fixture, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->lines->str, ==, expected);
}

static void
test_notes_and_tasks_are_moments (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  assert_items (fixture, "notes", STRATA_KIND_NOTE,
    "[{\"id\":\"n1\",\"content\":\"<p>Hello <b>world</b> &amp; 1 < 2</p>\",\"summary\":\"Short\",\"topicIds\":[\"t1\",\"t2\"],\"companyIds\":[\"c1\"],"
    "\"contactIds\":[\"p1\"],\"timestamp\":\"2025-01-01T00:00:00Z\",\"sourceSessionId\":\"s1\",\"tags\":[\"x\"],"
    "\"metadata\":{\"keyPoints\":[\"kp\"],\"sentiment\":\"no\"},\"updates\":[{\"content\":\"later\"}],\"sourceText\":\"src\"},"
    "null,{\"id\":5,\"topicId\":\"old\",\"content\":\"c\"}]",
    "note n1 1735689600000 - s: Hello  world  & 1 < 2 |n:Short|s:kp/later/src\n"
    "  Short s1 - [topic=t1,topic=t2,company=c1,contact=p1,tag=x]\n"
    "note 5 - - s:c\n"
    "  - - - [topic=old]\n");

  assert_items (fixture, "tasks", STRATA_KIND_TASK,
    "[{\"id\":\"t1\",\"title\":\"Do it\",\"description\":\"now\",\"createdAt\":\"2025-01-01T00:00:00Z\",\"noteId\":\"n1\","
    "\"sourceSessionId\":\"s1\",\"subtasks\":[{\"title\":\"first\"}],\"topicId\":\"tp\"}]",
    "task t1 1735689600000 - n:Do it|s:now/first\n"
    "  Do it s1 n1 [topic=tp,task=Do it]\n");

  assert_items (fixture, "other", STRATA_KIND_TASK, "{\"id\":\"t1\",\"title\":\"no array\"}", "");
}

static gboolean
name_cb (const char  *id,
         const char  *name,
         gpointer     user_data,
         GError     **error)
{
  g_string_append_printf (user_data, "%s=%s\n", id, name);

  return TRUE;
}

static void
test_topics_have_names (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GError) error = NULL;

  store_util_put_collection (fixture->store, "topics", "[{\"id\":\"t1\",\"name\":\"Acme\"},{\"id\":\"t2\"},7,{\"name\":\"x\"},{\"id\":\"t3\",\"name\":\"B\\u00e9\"}]");
  manifest = _strata_store_load (fixture->store, TRUE, "topics", &error);
  g_assert_no_error (error);

  _strata_moments_list_names (_strata_store_get_dir (fixture->store), manifest, name_cb, fixture->lines, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->lines->str, ==, "t1=Acme\nt3=Bé\n");
}

/* Times and texts */

static void
test_times_are_read_as_far_as_they_are_times (void)
{
  static const struct { const char *token; gint64 ms; } cases[] = {
    { "\"2025-09-23T20:08:49.120Z\"", G_GINT64_CONSTANT (1758658129120) },
    { "\"2025-09-23T22:08:49.120+02:00\"", G_GINT64_CONSTANT (1758658129120) },
    { "\"2025-09-23T20:08:49\"", G_GINT64_CONSTANT (1758658129000) },
    { "1758658129120", G_GINT64_CONSTANT (1758658129120) },
    { "\"\"", STRATA_TIME_NONE },
    { "\"yesterday\"", STRATA_TIME_NONE },
    { "\"1950-01-01T00:00:00Z\"", STRATA_TIME_NONE },
    { "\"9999-01-01T00:00:00Z\"", STRATA_TIME_NONE },
    { "1e400", STRATA_TIME_NONE },
    { "-5", STRATA_TIME_NONE },
    { "null", STRATA_TIME_NONE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (_strata_moment_parse_time (cases[i].token, strlen (cases[i].token)), ==, cases[i].ms);
}

static void
test_tags_are_no_text (void)
{
  static const struct { const char *html; const char *text; } cases[] = {
    { "<p>a</p><ul><li class=\"x\">b</li></ul>", " a   b  " },
    { "1 < 2 <3 <", "1 < 2 <3 <" },
    { "a &amp;&lt;&nbsp;&unknown; &", "a &< &unknown; &" },
    { "<not closed", "<not closed" },
    { "<!-- c -->x", " x" },
  };
  g_autofree char *many = g_malloc (2000001);
  g_autofree char *stripped = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = _strata_text_strip_tags (cases[i].html);

      g_assert_cmpstr (text, ==, cases[i].text);
    }

  for (guint i = 0; i < 1000000; i++)
    memcpy (many + 2 * (gsize)i, "<a", 2);
  many[2000000] = '\0';
  stripped = _strata_text_strip_tags (many);
  g_assert_cmpstr (stripped, ==, many);
}

/* A text that has no end is cut where no escape is. */
static void
test_long_texts_are_cut_at_a_space (void)
{
  const gsize limit = 16 * 1024 * 1024;
  g_autoptr(GString) json = g_string_sized_new (limit + 1024);
  g_autoptr(StrataJsonReader) reader = NULL;
  g_autoptr(GPtrArray) texts = NULL;
  g_autoptr(GError) error = NULL;

  g_string_append (json, "[\"");
  while (json->len < limit + 512)
    g_string_append (json, "word \\u00e9");
  g_string_append (json, "\",{\"x\":\"");
  while (json->len < 2 * limit + 2048)
    g_string_append (json, "0123456789abcdef");
  g_string_append (json, "\"}]");

  reader = _strata_json_reader_new_for_data (json->str, json->len);
  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  for (guint i = 0; i < 2; i++)
    {
      gboolean more;

      g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error));
      g_assert_true (more);
      g_clear_pointer (&texts, g_ptr_array_unref);
      texts = _strata_text_take (reader, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (texts->len, ==, i == 0 ? 1 : 0);
      if (i == 0)
        {
          const char *text = g_ptr_array_index (texts, 0);

          g_assert_true (g_str_has_prefix (text, "word éword é"));
          g_assert_true (g_str_has_suffix (text, "word"));
          g_assert_cmpuint (strlen (text), >, limit / 2);
        }
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/moments/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("a-session-speaks-for-itself", test_a_session_speaks_for_itself);
  ADD ("items-are-moments", test_items_are_moments);
  ADD ("a-video-has-chapters-and-chunks", test_a_video_has_chapters_and_chunks);
  ADD ("other-types-are-passed-over", test_other_types_are_passed_over);
  ADD ("names-may-be-escaped-and-doubled", test_names_may_be_escaped_and_doubled);
  ADD ("long-sessions-are-read-part-by-part", test_long_sessions_are_read_part_by_part);
  ADD ("damage-is-said", test_damage_is_said);
  ADD ("a-moment-that-is-gone-is-not-found", test_a_moment_that_is_gone_is_not_found);
  ADD ("cancelling-stops", test_cancelling_stops);
  ADD ("notes-and-tasks-are-moments", test_notes_and_tasks_are_moments);
  ADD ("topics-have-names", test_topics_have_names);
#undef ADD
  g_test_add_func ("/moments/times-are-read-as-far-as-they-are-times", test_times_are_read_as_far_as_they_are_times);
  g_test_add_func ("/moments/tags-are-no-text", test_tags_are_no_text);
  g_test_add_func ("/moments/long-texts-are-cut-at-a-space", test_long_texts_are_cut_at_a_space);

  return g_test_run ();
}
