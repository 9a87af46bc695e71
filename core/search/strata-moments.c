/* strata-moments.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "store/strata-tail-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-moments-private.h"
#include "strata-rules-private.h"
#include "strata-text-private.h"

struct _StrataMomentWalk
{
  /* Set at construction */
  int                   dir;
  const StrataManifest *manifest;
  StrataFacts          *facts;
  GCancellable         *cancellable;

  StrataMoment         *moment;     /* the one being read */
  StrataMoment         *session;    /* what the session itself says, gathered on the way */
  StrataMomentFunc      func;
  gpointer              user_data;

  /* Where the reader is */
  StrataJsonReader     *reader;
  guint                 part;
  guint64               base;       /* what its text's first byte counts as */
};

typedef StrataMomentWalk Walk;

static guint64
get_place (const Walk *self)
{
  StrataJsonPosition position;

  _strata_json_reader_get_position (self->reader, &position);

  return self->base + position.offset;
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
  self->moment->place = get_place (self);
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
  self->moment->place = get_place (self);
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

/* The elements of an array inside a member, which the store has taken out of it */
static const StrataRule inner_rule = { "chunks", STRATA_TAKE_ELEMENTS, STRATA_KIND_CHUNK };

static const StrataRule *
find_rule_of_part (const StrataPart *part)
{
  gsize length = part->name != NULL ? strlen (part->name) : 0;

  if (part->is_inner)
    return &inner_rule;

  return length >= 2 ? _strata_rules_find (_strata_session_rules, part->name, length) : NULL;
}

StrataContent
_strata_moments_get_content (const StrataPart *part)
{
  const StrataRule *rule = find_rule_of_part (part);

  if (rule == NULL)
    return STRATA_CONTENT_NONE;
  if (rule->action == STRATA_TAKE_NAME || rule->action == STRATA_TAKE_TEXT || rule->action == STRATA_TAKE_SUMMARY)
    return STRATA_CONTENT_OWN;

  return rule->action == STRATA_TAKE_ELEMENTS ? STRATA_CONTENT_ELEMENTS : STRATA_CONTENT_VALUE;
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

StrataMomentWalk *
_strata_moment_walk_new (int                    dir,
                         const StrataManifest  *manifest,
                         StrataFacts           *facts,
                         GCancellable          *cancellable,
                         GError               **error)
{
  StrataMomentWalk *self = g_new0 (StrataMomentWalk, 1);

  self->dir = dir;
  self->manifest = manifest;
  self->facts = facts;
  self->cancellable = cancellable;
  self->moment = _strata_moment_new ();
  self->session = _strata_moment_new ();
  if (find_start (self, error))
    return self;
  _strata_moment_walk_free (self);

  return NULL;
}

void
_strata_moment_walk_free (StrataMomentWalk *self)
{
  g_clear_pointer (&self->moment, _strata_moment_free);
  g_clear_pointer (&self->session, _strata_moment_free);
  g_free (self);
}

gboolean
_strata_moment_walk_small (StrataMomentWalk  *self,
                           StrataMomentFunc   func,
                           gpointer           user_data,
                           GError           **error)
{
  g_autoptr(StrataJsonReader) reader =
    _strata_json_reader_new_for_data (self->manifest->small, strlen (self->manifest->small));
  gboolean ok;

  self->func = func;
  self->user_data = user_data;
  self->reader = reader;
  self->part = STRATA_PART_SMALL;
  ok = take_members (self, _strata_session_rules, error);
  self->reader = NULL;

  return ok;
}

gboolean
_strata_moment_walk_part (StrataMomentWalk  *self,
                          guint              part,
                          StrataMomentFunc   func,
                          gpointer           user_data,
                          GError           **error)
{
  MemberPart member = { self, find_rule_of_part (g_ptr_array_index (self->manifest->parts, part)) };

  self->func = func;
  self->user_data = user_data;

  return member.rule == NULL || read_part (self, part, member_part_cb, &member, error);
}

static gboolean
walk_line (Walk                  *self,
           const StrataTailLine  *line,
           GError               **error)
{
  static const StrataKind kinds[STRATA_N_LISTS] = {
    [STRATA_LIST_SCREENSHOTS] = STRATA_KIND_SCREENSHOT,
    [STRATA_LIST_AUDIO_SEGMENTS] = STRATA_KIND_AUDIO,
    [STRATA_LIST_VIDEO_CHUNKS] = STRATA_KIND_CHUNK,
    [STRATA_LIST_CONTEXT_ITEMS] = STRATA_KIND_CONTEXT,
  };
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (line->element, line->length);
  gboolean ok;

  self->reader = reader;
  self->base = line->offset;
  ok = take_element (self, kinds[line->list], error);
  self->reader = NULL;
  self->base = 0;

  return ok;
}

gboolean
_strata_moment_walk_tail (StrataMomentWalk  *self,
                          guint64            from,
                          StrataMomentFunc   func,
                          gpointer           user_data,
                          GError           **error)
{
  const StrataTail *tail = self->manifest->tail;

  self->func = func;
  self->user_data = user_data;
  self->part = STRATA_PART_TAIL;
  for (guint i = 0; tail != NULL && i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);

      if (line->offset >= from && line->list < STRATA_N_LISTS && !walk_line (self, line, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
_strata_moment_walk_own (StrataMomentWalk  *self,
                         StrataMomentFunc   func,
                         gpointer           user_data,
                         GError           **error)
{
  self->func = func;
  self->user_data = user_data;
  self->session->part = STRATA_PART_OWN;
  self->session->offset_ms = 0;

  return hand_out (self, self->session, error);
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
  g_autoptr(StrataMomentWalk) self = _strata_moment_walk_new (dir, manifest, facts, cancellable, error);

  if (self == NULL || !_strata_moment_walk_small (self, func, user_data, error))
    return FALSE;

  for (guint i = 0; i < manifest->parts->len; i++)
    if (!_strata_moment_walk_part (self, i, func, user_data, error))
      return FALSE;

  return _strata_moment_walk_tail (self, 0, func, user_data, error) &&
         _strata_moment_walk_own (self, func, user_data, error);
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

      place = get_place (&self->walk);
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
  ItemWalk self = { .walk = { .dir = dir, .manifest = manifest, .moment = moment, .cancellable = cancellable },
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
  ItemWalk self = { .walk = { .dir = dir, .manifest = manifest, .cancellable = cancellable }, .name_func = func, .user_data = user_data };

  return walk_items (&self, error);
}

/* One moment again */

static gboolean
find_session (Walk    *self,
              GError **error)
{
  if (!_strata_moment_walk_small (self, NULL, NULL, error))
    return FALSE;

  for (guint i = 0; i < self->manifest->parts->len; i++)
    if (_strata_moments_get_content (g_ptr_array_index (self->manifest->parts, i)) == STRATA_CONTENT_OWN &&
        !_strata_moment_walk_part (self, i, NULL, NULL, error))
      return FALSE;

  return TRUE;
}

static gboolean
set_no_such_place (GError **error)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The moment is not there any more");

  return FALSE;
}

static StrataJsonReader *
open_line (Walk     *self,
           guint64   place,
           GError  **error)
{
  const StrataTail *tail = self->manifest->tail;

  for (guint i = 0; tail != NULL && i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);

      if (line->offset == place && line->list < STRATA_N_LISTS)
        return _strata_json_reader_new_for_data (line->element, line->length);
    }

  return set_no_such_place (error), NULL;
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

  if (part == STRATA_PART_TAIL)
    return open_line (self, place, error);
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
  g_autoptr(StrataMomentWalk) self = _strata_moment_walk_new (dir, manifest, facts, cancellable, error);

  if (self == NULL)
    return NULL;
  if (kind == STRATA_KIND_SESSION)
    return find_session (self, error) ? g_steal_pointer (&self->session) : NULL;

  _strata_moment_reset (self->moment, kind);
  self->moment->part = part;
  self->moment->place = place;

  return find_value (self, part, place, error) ? g_steal_pointer (&self->moment) : NULL;
}
