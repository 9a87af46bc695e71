/* strata-tokenizer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-sqlite-private.h"
#include "strata-character-private.h"
#include "strata-tokenizer-private.h"

/* More parts than that are no name but something encoded */
#define MAX_PARTS 8

typedef struct
{
  StrataTokenFunc     func;
  gpointer            user_data;
  StrataTokenizeMode  mode;
  const char         *text;
  const char         *end;
} Tokenizer;

/* Words */

/* A word while it is read. @breaks are the places where a part of camelCase
 * begins, in the folded word and in the text.
 */
typedef struct
{
  char     folded[STRATA_TOKEN_SIZE];
  gsize    length;
  gboolean is_full;
  guint    n_breaks;
  struct
    {
      gsize folded;
      gsize start;
    } breaks[MAX_PARTS];
  gsize    upper_folded;     /* where the last capital is, for "HTTPServer": the S begins a part */
  gsize    upper_start;
  gboolean after_lower;      /* the last letter was a small one, whatever digits follow it */
  gboolean after_upper;      /* the character before is a capital */
} Word;

static void
add_break (Word  *word,
           gsize  folded,
           gsize  start)
{
  if (folded == 0 || folded >= STRATA_TOKEN_SIZE)
    return;
  if (word->n_breaks < MAX_PARTS)
    {
      word->breaks[word->n_breaks].folded = folded;
      word->breaks[word->n_breaks].start = start;
    }
  word->n_breaks++;
}

/* A part begins at a capital after a small letter, and at the last of several
 * capitals when a small letter follows it.
 */
static void
find_break (Word     *word,
            gboolean  is_upper,
            gboolean  is_lower,
            gsize     start)
{
  if (is_upper)
    {
      if (word->after_lower)
        add_break (word, word->length, start);
      word->upper_folded = word->length;
      word->upper_start = start;
    }
  else if (is_lower && word->after_upper && word->upper_folded > 0 &&
           (word->n_breaks == 0 || word->n_breaks > MAX_PARTS ||
            word->breaks[word->n_breaks - 1].folded != word->upper_folded))
    add_break (word, word->upper_folded, word->upper_start);
}

static void
add_to_word (Word                  *word,
             const StrataCharacter *character,
             gsize                  start)
{
  if (word->is_full || word->length + character->length > STRATA_TOKEN_SIZE)
    {
      word->is_full = TRUE;
      return;
    }

  find_break (word, character->is_upper, character->is_lower, start);
  memcpy (word->folded + word->length, character->folded, character->length);
  word->length += character->length;
  /* Digits go with what stands before them: "utf8Decoder" is "utf8" and "decoder" */
  if (character->is_upper || character->is_lower)
    word->after_lower = character->is_lower;
  word->after_upper = character->is_upper;
}

static int
emit_parts (Tokenizer  *self,
            const Word *word,
            gsize       start,
            gsize       end)
{
  gsize from = 0, from_start = start;

  for (guint i = 0; i <= word->n_breaks; i++)
    {
      gsize to = i < word->n_breaks ? word->breaks[i].folded : word->length;
      gsize to_start = i < word->n_breaks ? word->breaks[i].start : end;
      int result = 0;

      /* Single letters, as of "iPhone", would be found everywhere */
      if (to - from > 1)
        result = self->func (word->folded + from, to - from, TRUE, from_start, to_start, self->user_data);
      if (result != 0)
        return result;
      from = to;
      from_start = to_start;
    }

  return 0;
}

static int
take_word (Tokenizer   *self,
           const char **p)
{
  Word word = { .length = 0 };
  const char *start = *p;
  int result;

  while (*p < self->end)
    {
      gunichar unichar;
      gsize length = _strata_character_decode (*p, self->end, &unichar);
      const StrataCharacter *character = _strata_character_look_up (unichar);

      if (character->character_class == STRATA_CHARACTER_WORD)
        add_to_word (&word, character, (gsize)(*p - self->text));
      else if (character->character_class != STRATA_CHARACTER_IGNORED)
        break;
      *p += length;
    }

  result = self->func (word.folded, word.length, FALSE, (gsize)(start - self->text), (gsize)(*p - self->text),
                       self->user_data);
  if (result != 0 || self->mode == STRATA_TOKENIZE_QUERY || word.n_breaks == 0 || word.n_breaks >= MAX_PARTS)
    return result;

  return emit_parts (self, &word, (gsize)(start - self->text), (gsize)(*p - self->text));
}

/* Scripts without spaces */

typedef struct
{
  gunichar unichar;
  gsize    start;
  gsize    end;
} Ideograph;

static int
emit_ideographs (Tokenizer       *self,
                 const Ideograph *first,
                 const Ideograph *second,
                 gboolean         colocated)
{
  char token[16];
  int length = g_unichar_to_utf8 (first->unichar, token);

  if (second != NULL)
    length += g_unichar_to_utf8 (second->unichar, token + length);

  return self->func (token, (gsize)length, colocated, first->start, (second != NULL ? second : first)->end,
                     self->user_data);
}

/* The next of a run, put together where it was written in pieces (Hangul as
 * macOS writes names of files, Kana with its voicing mark apart).
 */
static gboolean
take_ideograph (Tokenizer   *self,
                const char **p,
                Ideograph   *out)
{
  gboolean found = FALSE;

  while (*p < self->end)
    {
      gunichar unichar, composed;
      gsize length = _strata_character_decode (*p, self->end, &unichar);
      const StrataCharacter *character = _strata_character_look_up (unichar);

      if (character->character_class == STRATA_CHARACTER_IDEOGRAPH)
        {
          unichar = g_utf8_get_char (character->folded);
          if (found && !g_unichar_compose (out->unichar, unichar, &composed))
            return TRUE;
          if (!found)
            {
              out->start = (gsize)(*p - self->text);
              composed = unichar;
            }
          out->unichar = composed;
          out->end = (gsize)(*p - self->text) + length;
          found = TRUE;
        }
      else if (character->character_class != STRATA_CHARACTER_IGNORED)
        return found;
      *p += length;
    }

  return found;
}

static int
take_ideographs (Tokenizer   *self,
                 const char **p)
{
  Ideograph before, current;
  int result = 0;

  if (!take_ideograph (self, p, &before))
    return 0;
  if (!take_ideograph (self, p, &current))
    return emit_ideographs (self, &before, NULL, FALSE);

  do
    {
      result = emit_ideographs (self, &before, &current, FALSE);
      before = current;
    }
  while (result == 0 && take_ideograph (self, p, &current));

  if (result == 0 && self->mode == STRATA_TOKENIZE_TEXT)
    result = emit_ideographs (self, &before, NULL, TRUE);

  return result;
}

int
_strata_tokenize (const char         *text,
                  gsize               length,
                  StrataTokenizeMode  mode,
                  StrataTokenFunc     func,
                  gpointer            user_data)
{
  Tokenizer self = { func, user_data, mode, text, text + length };
  const char *p = text;
  int result = 0;

  while (result == 0 && p < self.end)
    {
      gunichar unichar;
      gsize size = _strata_character_decode (p, self.end, &unichar);
      StrataCharacterClass found = _strata_character_look_up (unichar)->character_class;

      if (found == STRATA_CHARACTER_WORD)
        result = take_word (&self, &p);
      else if (found == STRATA_CHARACTER_IDEOGRAPH)
        result = take_ideographs (&self, &p);
      else
        p += size;
    }

  return result;
}

gboolean
_strata_token_is_lone_ideograph (const char *token,
                                 gsize       length)
{
  gunichar unichar;

  return length > 0 && _strata_character_decode (token, token + length, &unichar) == length &&
         _strata_character_look_up (unichar)->character_class == STRATA_CHARACTER_IDEOGRAPH;
}

char *
_strata_fold_name (const char *text)
{
  g_autoptr(GString) folded = g_string_new (NULL);
  const char *end = text + strlen (text);
  gboolean is_apart = FALSE;

  for (const char *p = text; p < end; )
    {
      gunichar unichar;
      gsize length = _strata_character_decode (p, end, &unichar);
      const StrataCharacter *character = _strata_character_look_up (unichar);

      if (character->character_class == STRATA_CHARACTER_SEPARATOR)
        is_apart = folded->len > 0;
      else if (character->length > 0)
        {
          if (is_apart)
            g_string_append_c (folded, ' ');
          g_string_append_len (folded, character->folded, character->length);
          is_apart = FALSE;
        }
      p += length;
    }

  if (folded->len == 0)
    {
      g_autofree char *valid = g_utf8_make_valid (text, -1);

      return g_utf8_casefold (g_strstrip (valid), -1);
    }

  return g_string_free (g_steal_pointer (&folded), FALSE);
}

/* For FTS5 */

typedef struct
{
  StrataTokenFunc watch;
  gpointer        user_data;
} Watcher;

typedef struct
{
  const Watcher *watcher;
  void          *context;
  int          (*token) (void *context, int flags, const char *token, int length, int start, int end);
} Relay;

static int
relay_token (const char *token,
             gsize       length,
             gboolean    colocated,
             gsize       start,
             gsize       end,
             gpointer    user_data)
{
  const Relay *relay = user_data;

  if (relay->watcher->watch != NULL)
    relay->watcher->watch (token, length, colocated, start, end, relay->watcher->user_data);

  return relay->token (relay->context, colocated ? FTS5_TOKEN_COLOCATED : 0, token, (int)length, (int)start, (int)end);
}

/* A query's tokens were made before: only the spaces between them go. */
static int
relay_prepared (const Relay *relay,
                const char  *text,
                int          length)
{
  const char *end = text + length;
  int result = SQLITE_OK;

  for (const char *p = text; result == SQLITE_OK && p < end; )
    {
      const char *space = memchr (p, ' ', (gsize)(end - p));
      const char *token_end = space != NULL ? space : end;

      if (token_end > p)
        result = relay->token (relay->context, 0, p, (int)(token_end - p), (int)(p - text), (int)(token_end - text));
      p = token_end + (space != NULL ? 1 : 0);
    }

  return result;
}

static int
fts5_tokenize_cb (Fts5Tokenizer  *tokenizer,
                  void           *context,
                  int             flags,
                  const char     *text,
                  int             length,
                  int           (*token) (void *, int, const char *, int, int, int))
{
  Relay relay = { (const Watcher *)tokenizer, context, token };

  if (text == NULL || length <= 0)
    return SQLITE_OK;
  if ((flags & FTS5_TOKENIZE_QUERY) != 0)
    return relay_prepared (&relay, text, length);

  return _strata_tokenize (text, (gsize)length, STRATA_TOKENIZE_TEXT, relay_token, &relay);
}

/* It has no state: the watcher that belongs to the connection serves as the tokenizer. */
static int
fts5_create_cb (void           *user_data,
                const char    **arguments,
                int             n_arguments,
                Fts5Tokenizer **out_tokenizer)
{
  *out_tokenizer = user_data;

  return SQLITE_OK;
}

static void
fts5_delete_cb (Fts5Tokenizer *tokenizer)
{
}

fts5_api *
_strata_tokenizer_get_api (sqlite3  *db,
                           GError  **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, "SELECT fts5(?1)", error);
  fts5_api *api = NULL;
  gboolean row;

  if (statement == NULL)
    return NULL;

  sqlite3_bind_pointer (statement, 1, &api, "fts5_api_ptr", NULL);
  if (!_strata_sqlite_step (statement, &row, error))
    return NULL;
  if (api == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "SQLite was built without full-text search");

  return api;
}

gboolean
_strata_tokenizer_register (sqlite3          *db,
                            StrataTokenFunc   watch,
                            gpointer          user_data,
                            GError          **error)
{
  fts5_tokenizer tokenizer = { fts5_create_cb, fts5_delete_cb, fts5_tokenize_cb };
  fts5_api *api = _strata_tokenizer_get_api (db, error);
  Watcher *watcher;

  if (api == NULL)
    return FALSE;

  watcher = g_new (Watcher, 1);
  watcher->watch = watch;
  watcher->user_data = user_data;
  if (api->xCreateTokenizer (api, "strata", watcher, &tokenizer, g_free) == SQLITE_OK)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "SQLite does not take the tokenizer");

  return FALSE;
}
