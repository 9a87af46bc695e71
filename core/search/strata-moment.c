/* strata-moment.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-moment-private.h"
#include "strata-rules-private.h"
#include "strata-text-private.h"

/* Times before 1970 and after 2200 are mistakes */
#define MAX_TIME_MS G_GINT64_CONSTANT (7258118400000)

StrataMoment *
_strata_moment_new (void)
{
  StrataMoment *self = g_new0 (StrataMoment, 1);

  self->text = g_string_new (NULL);
  self->speech = g_string_new (NULL);
  self->sections = g_array_new (FALSE, FALSE, sizeof (StrataSection));
  _strata_moment_reset (self, STRATA_KIND_SESSION);

  return self;
}

void
_strata_moment_free (StrataMoment *self)
{
  g_free (self->id);
  g_string_free (self->text, TRUE);
  g_string_free (self->speech, TRUE);
  g_array_unref (self->sections);
  g_free (self);
}

void
_strata_moment_reset (StrataMoment *self,
                      StrataKind    kind)
{
  self->kind = kind;
  g_clear_pointer (&self->id, g_free);
  self->time_ms = STRATA_TIME_NONE;
  self->offset_ms = STRATA_TIME_NONE;
  self->part = STRATA_PART_SMALL;
  self->place = 0;
  g_string_truncate (self->text, 0);
  g_array_set_size (self->sections, 0);
  g_string_truncate (self->speech, 0);
  self->speech_rank = 0;
}

static gboolean
is_blank (const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isspace (g_utf8_get_char (p)))
      return FALSE;

  return TRUE;
}

/* Texts of the same weight in a row make one section. */
static void
add_section (StrataMoment *self,
             StrataWeight  weight,
             const char   *text)
{
  StrataSection *last = NULL;
  StrataSection section;

  if (is_blank (text))
    return;

  if (self->sections->len > 0)
    last = &g_array_index (self->sections, StrataSection, self->sections->len - 1);
  if (self->text->len > 0)
    g_string_append_c (self->text, '\n');

  section.weight = weight;
  section.start = self->text->len;
  g_string_append (self->text, text);
  section.end = self->text->len;
  if (last != NULL && last->weight == weight)
    last->end = section.end;
  else
    g_array_append_val (self->sections, section);
}

gint64
_strata_moment_parse_time (const char *token,
                           gsize       length)
{
  g_autoptr(GTimeZone) utc = NULL;
  g_autoptr(GDateTime) time = NULL;
  g_autofree char *text = NULL;
  gint64 result = STRATA_TIME_NONE;

  if (length > 2 && length < 64 && token[0] == '"')
    {
      text = _strata_json_unquote (token, length);
      utc = g_time_zone_new_utc ();
      time = g_date_time_new_from_iso8601 (text, utc);
      if (time != NULL)
        result = g_date_time_to_unix (time) * 1000 + g_date_time_get_microsecond (time) / 1000;
    }
  else if (length > 0 && length < 32 && g_ascii_isdigit (token[0]))
    {
      double number = g_ascii_strtod (token, NULL);

      if (number <= (double)MAX_TIME_MS)
        result = (gint64)number;
    }

  return result >= 0 && result <= MAX_TIME_MS ? result : STRATA_TIME_NONE;
}

gboolean
_strata_moment_take_text (StrataMoment      *self,
                          StrataWeight       weight,
                          StrataJsonReader  *reader,
                          GCancellable      *cancellable,
                          GError           **error)
{
  g_autoptr(GPtrArray) texts = _strata_text_take (reader, cancellable, error);

  if (texts == NULL)
    return FALSE;
  for (guint i = 0; i < texts->len; i++)
    add_section (self, weight, g_ptr_array_index (texts, i));

  return TRUE;
}

/* Taking members */

typedef struct
{
  StrataMoment     *moment;
  StrataJsonReader *reader;
  StrataFacts      *facts;
  GCancellable     *cancellable;
} Taker;

static gboolean take_members (Taker *self, const StrataRule *rules, GError **error);

static void
use_text (Taker            *self,
          const StrataRule *rule,
          const char       *text)
{
  g_autofree char *plain = rule->action == STRATA_TAKE_HTML ? _strata_text_strip_tags (text) : NULL;

  if (rule->action == STRATA_TAKE_SPEECH)
    {
      if (rule->argument > self->moment->speech_rank && !is_blank (text))
        {
          g_string_assign (self->moment->speech, text);
          self->moment->speech_rank = rule->argument;
        }
      return;
    }

  if (rule->action == STRATA_TAKE_NAME && self->facts->name == NULL && !is_blank (text))
    self->facts->name = g_strdup (text);
  else if (rule->action == STRATA_TAKE_TOPIC_TEXT)
    _strata_facts_add_facet (self->facts, STRATA_FIELD_TOPIC, text);
  else if (rule->action == STRATA_TAKE_COMMENT && !is_blank (text))
    self->facts->has |= STRATA_HAS_COMMENTS;

  add_section (self->moment, rule->argument, plain != NULL ? plain : text);
}

static gboolean
take_texts (Taker             *self,
            const StrataRule  *rule,
            GError           **error)
{
  g_autoptr(GPtrArray) texts = _strata_text_take (self->reader, self->cancellable, error);

  if (texts == NULL)
    return FALSE;
  for (guint i = 0; i < texts->len; i++)
    use_text (self, rule, g_ptr_array_index (texts, i));

  return TRUE;
}

static gboolean
take_scalar (Taker             *self,
             const StrataRule  *rule,
             GError           **error)
{
  g_autofree char *token = NULL;
  g_autofree char *text = NULL;

  if (!_strata_text_take_scalar (self->reader, &token, &text, self->cancellable, error))
    return FALSE;
  if (token == NULL)
    return TRUE;

  if (rule->action == STRATA_TAKE_TIME)
    self->moment->time_ms = _strata_moment_parse_time (token, strlen (token));
  else if (rule->action == STRATA_TAKE_SECONDS && token[0] != '"')
    {
      double seconds = g_ascii_strtod (token, NULL);

      self->moment->offset_ms = seconds >= 0 && seconds < 1e9 ? (gint64)(seconds * 1000) : STRATA_TIME_NONE;
    }
  else if (rule->action == STRATA_TAKE_ID)
    {
      g_free (self->moment->id);
      self->moment->id = g_steal_pointer (&text);
    }
  else if (rule->action == STRATA_TAKE_SESSION || rule->action == STRATA_TAKE_NOTE)
    {
      char **place = rule->action == STRATA_TAKE_SESSION ? &self->facts->session_id : &self->facts->note_id;

      g_free (*place);
      *place = g_steal_pointer (&text);
    }

  return TRUE;
}

static gboolean
take_facets (Taker             *self,
             const StrataRule  *rule,
             GError           **error)
{
  g_autoptr(GPtrArray) values = _strata_text_take_list (self->reader, self->cancellable, error);

  if (values == NULL)
    return FALSE;
  for (guint i = 0; i < values->len; i++)
    _strata_facts_add_facet (self->facts, rule->argument, g_ptr_array_index (values, i));

  return TRUE;
}

/* An object, or the objects of an array */
static gboolean
take_inside (Taker             *self,
             const StrataRule  *rule,
             GError           **error)
{
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (self->reader, &kind, self->cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    return take_members (self, rule->inside, error);

  if (!_strata_json_reader_enter (self->reader, self->cancellable, error))
    return FALSE;
  while (_strata_json_reader_next_element (self->reader, &more, self->cancellable, error))
    {
      if (!more)
        return TRUE;
      if (!take_members (self, rule->inside, error))
        return FALSE;
    }

  return FALSE;
}

static gboolean
take_member (Taker             *self,
             const StrataRule  *rule,
             GError           **error)
{
  switch (rule->action)
    {
    case STRATA_TAKE_ID:
    case STRATA_TAKE_TIME:
    case STRATA_TAKE_SECONDS:
    case STRATA_TAKE_SESSION:
    case STRATA_TAKE_NOTE:
      return take_scalar (self, rule, error);

    case STRATA_TAKE_FACET:
      return take_facets (self, rule, error);

    case STRATA_TAKE_INSIDE:
      return take_inside (self, rule, error);

    case STRATA_TAKE_NAME:
    case STRATA_TAKE_TEXT:
    case STRATA_TAKE_HTML:
    case STRATA_TAKE_SPEECH:
    case STRATA_TAKE_TOPIC_TEXT:
    case STRATA_TAKE_COMMENT:
      return take_texts (self, rule, error);

    case STRATA_TAKE_START:
    case STRATA_TAKE_END:
    case STRATA_TAKE_LINKS:
    case STRATA_TAKE_HAS:
    case STRATA_TAKE_SUMMARY:
    case STRATA_TAKE_TRANSCRIPT:
    case STRATA_TAKE_ELEMENTS:
    default:
      g_assert_not_reached ();
    }
}

/* At a value: takes the members that there are rules for; what is no object is passed over. */
static gboolean
take_members (Taker             *self,
              const StrataRule  *rules,
              GError           **error)
{
  g_autoptr(GString) name = NULL;
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (self->reader, &kind, self->cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    return _strata_json_reader_take (self->reader, NULL, NULL, self->cancellable, error);

  if (!_strata_json_reader_enter (self->reader, self->cancellable, error))
    return FALSE;

  name = g_string_new (NULL);
  while (_strata_json_reader_next_member (self->reader, name, &more, self->cancellable, error))
    {
      const StrataRule *rule = more ? _strata_rules_find (rules, name->str, name->len) : NULL;

      if (!more)
        return TRUE;
      if (rule != NULL ? !take_member (self, rule, error)
                       : !_strata_json_reader_take (self->reader, NULL, NULL, self->cancellable, error))
        return FALSE;
    }

  return FALSE;
}

gboolean
_strata_moment_read (StrataMoment      *self,
                     StrataJsonReader  *reader,
                     StrataFacts       *facts,
                     GCancellable      *cancellable,
                     GError           **error)
{
  Taker taker = { self, reader, facts, cancellable };

  if (!take_members (&taker, _strata_rules_for_kind (self->kind), error))
    return FALSE;

  add_section (self, STRATA_WEIGHT_SPEECH, self->speech->str);

  return TRUE;
}
