/* strata-moments.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-moments-private.h"
#include "strata-rules-private.h"
#include "strata-text-private.h"

typedef struct
{
  int                   dir;
  const StrataManifest *manifest;
  StrataFacts          *facts;
  StrataMoment         *moment;     /* the one being read */
  StrataMoment         *session;    /* what the session itself says, gathered on the way */
  StrataMomentFunc      func;
  gpointer              user_data;
  GCancellable         *cancellable;

  /* Where the reader is */
  StrataJsonReader     *reader;
  guint                 part;
} Walk;

static guint64
get_place (StrataJsonReader *reader)
{
  StrataJsonPosition position;

  _strata_json_reader_get_position (reader, &position);

  return position.offset;
}

/* Times and offsets follow from each other and the session's start. */
static void
settle_times (StrataMoment      *moment,
              const StrataFacts *facts)
{
  if (facts->start_ms == STRATA_TIME_NONE)
    return;

  if (moment->offset_ms == STRATA_TIME_NONE && moment->time_ms != STRATA_TIME_NONE)
    moment->offset_ms = moment->time_ms - facts->start_ms;
  else if (moment->time_ms == STRATA_TIME_NONE && moment->offset_ms != STRATA_TIME_NONE)
    moment->time_ms = facts->start_ms + moment->offset_ms;
}

static gboolean
hand_out (Walk          *self,
          StrataMoment  *moment,
          GError       **error)
{
  if (moment->text->len == 0 || self->func == NULL)
    return TRUE;

  settle_times (moment, self->facts);

  return self->func (moment, self->user_data, error);
}

/* Elements */

static void
note_kind (Walk *self)
{
  static const guint has[STRATA_N_KINDS] = {
    [STRATA_KIND_SCREENSHOT] = STRATA_HAS_SCREENSHOTS,
    [STRATA_KIND_AUDIO] = STRATA_HAS_AUDIO,
    [STRATA_KIND_CHAPTER] = STRATA_HAS_CHAPTERS,
    [STRATA_KIND_CONTEXT] = STRATA_HAS_CONTEXT,
  };

  self->facts->has |= has[self->moment->kind];
  if (self->moment->kind == STRATA_KIND_AUDIO && self->moment->speech_rank > 0)
    self->facts->has |= STRATA_HAS_TRANSCRIPT;
}

static gboolean
take_element (Walk        *self,
              StrataKind   kind,
              GError     **error)
{
  StrataJsonKind found;

  _strata_moment_reset (self->moment, kind);
  if (!_strata_json_reader_peek (self->reader, &found, self->cancellable, error))
    return FALSE;
  self->moment->part = self->part;
  self->moment->place = get_place (self->reader);
  if (!_strata_moment_read (self->moment, self->reader, self->facts, self->cancellable, error))
    return FALSE;
  if (found == STRATA_JSON_OBJECT)
    note_kind (self);

  return hand_out (self, self->moment, error);
}

static gboolean
take_elements (Walk        *self,
               StrataKind   kind,
               GError     **error)
{
  StrataJsonKind found;
  gboolean more;

  if (!_strata_json_reader_peek (self->reader, &found, self->cancellable, error))
    return FALSE;
  if (found != STRATA_JSON_ARRAY)
    return _strata_json_reader_take (self->reader, NULL, NULL, self->cancellable, error);

  if (!_strata_json_reader_enter (self->reader, self->cancellable, error))
    return FALSE;
  while (_strata_json_reader_next_element (self->reader, &more, self->cancellable, error))
    {
      if (!more)
        return TRUE;
      if (!take_element (self, kind, error))
        return FALSE;
    }

  return FALSE;
}

/* Members of a session */

static gboolean
take_scalar (Walk              *self,
             const StrataRule  *rule,
             GError           **error)
{
  g_autofree char *token = NULL;
  g_autofree char *text = NULL;

  if (!_strata_text_take_scalar (self->reader, &token, &text, self->cancellable, error))
    return FALSE;
  if (token == NULL)
    return TRUE;

  if (rule->action == STRATA_TAKE_START)
    self->facts->start_ms = _strata_moment_parse_time (token, strlen (token));
  else if (rule->action == STRATA_TAKE_END)
    self->facts->end_ms = _strata_moment_parse_time (token, strlen (token));
  else
    {
      g_free (self->facts->id);
      self->facts->id = g_steal_pointer (&text);
    }

  return TRUE;
}

static gboolean
take_list (Walk              *self,
           const StrataRule  *rule,
           GError           **error)
{
  g_autoptr(GPtrArray) values = _strata_text_take_list (self->reader, self->cancellable, error);

  if (values == NULL)
    return FALSE;

  for (guint i = 0; i < values->len; i++)
    {
      const char *value = g_ptr_array_index (values, i);

      if (rule->action == STRATA_TAKE_FACET)
        _strata_facts_add_facet (self->facts, rule->argument, value);
      else if (*value != '\0')
        g_ptr_array_add (self->facts->links, g_strdup (value));
    }

  return TRUE;
}

/* Name, description and summary belong to the session's own moment. */
static gboolean
take_own_text (Walk              *self,
               const StrataRule  *rule,
               GError           **error)
{
  gsize before = self->session->text->len;

  if (!_strata_moment_take_text (self->session, rule->argument, self->reader, self->cancellable, error))
    return FALSE;

  if (self->session->text->len == before)
    return TRUE;

  if (rule->action == STRATA_TAKE_SUMMARY)
    self->facts->has |= STRATA_HAS_SUMMARY;
  if (rule->action == STRATA_TAKE_NAME)
    {
      g_free (self->facts->name);
      self->facts->name = g_strstrip (g_strdup (self->session->text->str + before));
    }

  return TRUE;
}

static gboolean
take_transcript (Walk              *self,
                 const StrataRule  *rule,
                 GError           **error)
{
  StrataJsonKind found;

  _strata_moment_reset (self->moment, STRATA_KIND_TRANSCRIPT);
  self->moment->offset_ms = 0;
  self->moment->part = self->part;
  if (!_strata_json_reader_peek (self->reader, &found, self->cancellable, error))
    return FALSE;
  self->moment->place = get_place (self->reader);
  if (!_strata_moment_take_text (self->moment, rule->argument, self->reader, self->cancellable, error))
    return FALSE;
  if (self->moment->text->len > 0)
    self->facts->has |= STRATA_HAS_TRANSCRIPT;

  return hand_out (self, self->moment, error);
}

static gboolean take_member (Walk *self, const StrataRule *rule, GError **error);

static gboolean
take_members (Walk              *self,
              const StrataRule  *rules,
              GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more;

  if (!_strata_json_reader_enter (self->reader, self->cancellable, error))
    return FALSE;

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

static gboolean
take_presence (Walk              *self,
               const StrataRule  *rule,
               GError           **error)
{
  g_autofree char *token = NULL;
  g_autofree char *text = NULL;
  StrataJsonKind found;

  if (!_strata_json_reader_peek (self->reader, &found, self->cancellable, error))
    return FALSE;

  if (found == STRATA_JSON_OBJECT)
    {
      self->facts->has |= rule->argument;
      return rule->inside != NULL ? take_members (self, rule->inside, error)
                                  : _strata_json_reader_take (self->reader, NULL, NULL, self->cancellable, error);
    }

  if (!_strata_text_take_scalar (self->reader, &token, &text, self->cancellable, error))
    return FALSE;
  if (text != NULL && *text != '\0')
    self->facts->has |= rule->argument;

  return TRUE;
}

/* At a member's value. */
static gboolean
take_member (Walk              *self,
             const StrataRule  *rule,
             GError           **error)
{
  switch (rule->action)
    {
    case STRATA_TAKE_ID:
    case STRATA_TAKE_START:
    case STRATA_TAKE_END:
      return take_scalar (self, rule, error);

    case STRATA_TAKE_FACET:
    case STRATA_TAKE_LINKS:
      return take_list (self, rule, error);

    case STRATA_TAKE_NAME:
    case STRATA_TAKE_TEXT:
    case STRATA_TAKE_SUMMARY:
      return take_own_text (self, rule, error);

    case STRATA_TAKE_TRANSCRIPT:
      return take_transcript (self, rule, error);

    case STRATA_TAKE_ELEMENTS:
      return take_elements (self, rule->argument, error);

    case STRATA_TAKE_HAS:
      return take_presence (self, rule, error);

    case STRATA_TAKE_TIME:
    case STRATA_TAKE_SECONDS:
    case STRATA_TAKE_HTML:
    case STRATA_TAKE_SPEECH:
    case STRATA_TAKE_TOPIC_TEXT:
    case STRATA_TAKE_SESSION:
    case STRATA_TAKE_NOTE:
    case STRATA_TAKE_INSIDE:
    case STRATA_TAKE_COMMENT:
    default:
      g_assert_not_reached ();
    }
}

/* Parts */

typedef gboolean (*PartFunc) (gpointer user_data, GError **error);

/* Calls @func with a reader at the start of a part, and reads on to its end, where the digest is checked. */
static gboolean
read_part (Walk      *self,
           guint      part,
           PartFunc   func,
           gpointer   user_data,
           GError   **error)
{
  const StrataPart *described = g_ptr_array_index (self->manifest->parts, part);
  g_autoptr(GInputStream) stream = _strata_value_stream_new_part (self->dir, self->manifest, described);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (stream);
  gboolean ok;

  self->reader = reader;
  self->part = part;
  ok = func (user_data, error) && _strata_json_reader_finish (reader, self->cancellable, error);
  self->reader = NULL;

  return ok;
}

typedef struct
{
  Walk             *walk;
  const StrataRule *rule;
} MemberPart;

static gboolean
member_part_cb (gpointer   user_data,
                GError   **error)
{
  const MemberPart *self = user_data;

  return take_member (self->walk, self->rule, error);
}

static const StrataRule *
find_rule_of_part (const StrataPart *part)
{
  gsize length = part->name != NULL ? strlen (part->name) : 0;

  return length >= 2 ? _strata_rules_find (_strata_session_rules, part->name, length) : NULL;
}

/* The start is looked up ahead, wherever it stands: offsets are counted from it. */
static gboolean
find_start (Walk    *self,
            GError **error)
{
  static const char *const names[] = { "startTime", NULL };
  g_autoptr(StrataJsonMembers) members =
    _strata_json_members_parse (self->manifest->small, strlen (self->manifest->small), names, error);
  const char *start = members != NULL ? _strata_json_members_get_raw (members, "startTime") : NULL;

  if (start != NULL)
    self->facts->start_ms = _strata_moment_parse_time (start, strlen (start));

  return members != NULL;
}

static gboolean
walk_small (Walk    *self,
            GError **error)
{
  g_autoptr(StrataJsonReader) reader =
    _strata_json_reader_new_for_data (self->manifest->small, strlen (self->manifest->small));
  gboolean ok;

  self->reader = reader;
  self->part = STRATA_PART_SMALL;
  ok = take_members (self, _strata_session_rules, error);
  self->reader = NULL;

  return ok;
}

static gboolean
walk_parts (Walk    *self,
            GError **error)
{
  for (guint i = 0; i < self->manifest->parts->len; i++)
    {
      const StrataRule *rule = find_rule_of_part (g_ptr_array_index (self->manifest->parts, i));
      MemberPart member = { self, rule };

      if (rule != NULL && !read_part (self, i, member_part_cb, &member, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
_strata_moments_of_session (int                    dir,
                            const StrataManifest  *manifest,
                            StrataFacts           *facts,
                            StrataMomentFunc       func,
                            gpointer               user_data,
                            GCancellable          *cancellable,
                            GError               **error)
{
  g_autoptr(StrataMoment) moment = _strata_moment_new ();
  g_autoptr(StrataMoment) session = _strata_moment_new ();
  Walk self = { dir, manifest, facts, moment, session, func, user_data, cancellable };

  if (!find_start (&self, error) || !walk_small (&self, error) || !walk_parts (&self, error))
    return FALSE;

  session->offset_ms = 0;

  return hand_out (&self, session, error);
}

/* Collections */

typedef struct
{
  Walk            walk;
  StrataKind      kind;
  StrataItemFunc  item_func;
  StrataNameFunc  name_func;
  gpointer        user_data;
} ItemWalk;

static gboolean
use_item (ItemWalk    *self,
          const char  *text,
          gsize        length,
          guint64      place,
          GError     **error)
{
  g_autoptr(StrataFacts) facts = _strata_facts_new ();
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, length);
  StrataMoment *moment = self->walk.moment;
  StrataDigest digest;

  _strata_moment_reset (moment, self->kind);
  moment->part = self->walk.part;
  moment->place = place;
  if (!_strata_moment_read (moment, reader, facts, self->walk.cancellable, error))
    return FALSE;

  facts->id = g_strdup (moment->id);
  facts->start_ms = moment->time_ms;
  if (self->kind == STRATA_KIND_TASK && facts->name != NULL)
    _strata_facts_add_facet (facts, STRATA_FIELD_TASK, facts->name);
  _strata_digest_of (text, length, &digest);

  return self->item_func (moment, facts, &digest, self->user_data, error);
}

static gboolean
use_name (ItemWalk    *self,
          const char  *text,
          gsize        length,
          GError     **error)
{
  static const char *const names[] = { "id", "name", NULL };
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (text, length, names, error);
  g_autofree char *id = NULL;
  g_autofree char *name = NULL;

  if (members == NULL)
    return FALSE;

  id = _strata_json_members_dup_string (members, "id");
  name = _strata_json_members_dup_string (members, "name");

  return id == NULL || name == NULL || self->name_func (id, name, self->user_data, error);
}

static gboolean
items_part_cb (gpointer   user_data,
               GError   **error)
{
  ItemWalk *self = user_data;
  StrataJsonReader *reader = self->walk.reader;
  GCancellable *cancellable = self->walk.cancellable;
  g_autoptr(GString) text = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    return TRUE;

  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;
  while (_strata_json_reader_next_element (reader, &more, cancellable, error))
    {
      guint64 place;

      if (!more)
        return TRUE;
      if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
        return FALSE;
      if (kind != STRATA_JSON_OBJECT)
        continue;

      place = get_place (reader);
      g_string_truncate (text, 0);
      if (!_strata_json_reader_take_string (reader, text, cancellable, error))
        return FALSE;
      if (self->item_func != NULL ? !use_item (self, text->str, text->len, place, error)
                                  : !use_name (self, text->str, text->len, error))
        return FALSE;
    }

  return FALSE;
}

static gboolean
walk_items (ItemWalk  *self,
            GError   **error)
{
  for (guint i = 0; i < self->walk.manifest->parts->len; i++)
    if (!read_part (&self->walk, i, items_part_cb, self, error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_moments_of_items (int                    dir,
                          const StrataManifest  *manifest,
                          StrataKind             kind,
                          StrataItemFunc         func,
                          gpointer               user_data,
                          GCancellable          *cancellable,
                          GError               **error)
{
  g_autoptr(StrataMoment) moment = _strata_moment_new ();
  ItemWalk self = { .walk = { dir, manifest, NULL, moment, .cancellable = cancellable },
                    .kind = kind, .item_func = func, .user_data = user_data };

  return walk_items (&self, error);
}

gboolean
_strata_moments_list_names (int                    dir,
                            const StrataManifest  *manifest,
                            StrataNameFunc         func,
                            gpointer               user_data,
                            GCancellable          *cancellable,
                            GError               **error)
{
  ItemWalk self = { .walk = { dir, manifest, .cancellable = cancellable }, .name_func = func, .user_data = user_data };

  return walk_items (&self, error);
}

/* One moment again */

static gboolean
find_session (Walk    *self,
              GError **error)
{
  static const char *const own[] = { "name", "description", "summary" };

  if (!walk_small (self, error))
    return FALSE;

  for (guint i = 0; i < self->manifest->parts->len; i++)
    {
      const StrataRule *rule = find_rule_of_part (g_ptr_array_index (self->manifest->parts, i));
      MemberPart member = { self, rule };
      gboolean is_own = FALSE;

      for (guint j = 0; rule != NULL && j < G_N_ELEMENTS (own); j++)
        is_own = is_own || strcmp (rule->name, own[j]) == 0;
      if (is_own && !read_part (self, i, member_part_cb, &member, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
set_no_such_place (GError **error)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The moment is not there any more");

  return FALSE;
}

/* A reader at @place of a part; not to be read past the value there */
static StrataJsonReader *
open_place (Walk     *self,
            guint     part,
            guint64   place,
            GError  **error)
{
  g_autoptr(GInputStream) stream = NULL;
  guint64 skipped = 0;

  if (part == STRATA_PART_SMALL)
    {
      gsize length = strlen (self->manifest->small);

      return place < length ? _strata_json_reader_new_for_data (self->manifest->small + place, length - (gsize)place)
                            : (set_no_such_place (error), NULL);
    }
  if (part >= self->manifest->parts->len)
    return set_no_such_place (error), NULL;

  stream = _strata_value_stream_new_part (self->dir, self->manifest, g_ptr_array_index (self->manifest->parts, part));
  while (skipped < place)
    {
      gssize size = g_input_stream_skip (stream, (gsize)MIN (place - skipped, G_MAXSSIZE), self->cancellable, error);

      if (size < 0)
        return NULL;
      if (size == 0)
        return set_no_such_place (error), NULL;
      skipped += (guint64)size;
    }

  return _strata_json_reader_new (stream);
}

static gboolean
find_value (Walk      *self,
            guint      part,
            guint64    place,
            GError   **error)
{
  g_autoptr(StrataJsonReader) reader = open_place (self, part, place, error);

  if (reader == NULL)
    return FALSE;

  if (self->moment->kind == STRATA_KIND_TRANSCRIPT)
    return _strata_moment_take_text (self->moment, STRATA_WEIGHT_SPEECH, reader, self->cancellable, error);

  return _strata_moment_read (self->moment, reader, self->facts, self->cancellable, error);
}

StrataMoment *
_strata_moments_find (int                    dir,
                      const StrataManifest  *manifest,
                      StrataKind             kind,
                      guint                  part,
                      guint64                place,
                      GCancellable          *cancellable,
                      GError               **error)
{
  g_autoptr(StrataFacts) facts = _strata_facts_new ();
  g_autoptr(StrataMoment) moment = _strata_moment_new ();
  g_autoptr(StrataMoment) session = _strata_moment_new ();
  Walk self = { .dir = dir, .manifest = manifest, .facts = facts, .moment = moment, .session = session,
                .cancellable = cancellable };

  if (kind == STRATA_KIND_SESSION)
    return find_session (&self, error) ? g_steal_pointer (&session) : NULL;

  _strata_moment_reset (moment, kind);
  moment->part = part;
  moment->place = place;

  return find_value (&self, part, place, error) ? g_steal_pointer (&moment) : NULL;
}
