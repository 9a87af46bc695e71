/* fuzz-tokenizer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "search/strata-tokenizer-private.h"

/* A libFuzzer target: whatever the bytes are, tokens are short, valid and in
 * order; what a query asks for is among what the text is found by; and tokens
 * cut once are not cut again.
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

typedef struct
{
  GString *tokens;
  gsize    last_start;
  gsize    length;
} Collected;

static int
collect_cb (const char *token,
            gsize       length,
            gboolean    colocated,
            gsize       start,
            gsize       end,
            gpointer    user_data)
{
  Collected *self = user_data;

  g_assert (length > 0 && length <= STRATA_TOKEN_SIZE);
  g_assert (g_utf8_validate_len (token, (gssize)length, NULL));
  g_assert (memchr (token, ' ', length) == NULL);
  g_assert (start < end && end <= self->length);
  g_assert (colocated ? self->tokens->len > 1 : start >= self->last_start);
  if (!colocated)
    self->last_start = start;
  g_string_append_len (self->tokens, token, (gssize)length);
  g_string_append_c (self->tokens, ' ');

  return 0;
}

static GString *
collect (const char         *text,
         gsize               length,
         StrataTokenizeMode  mode)
{
  Collected self = { g_string_new (" "), 0, length };

  g_assert (_strata_tokenize (text, length, mode, collect_cb, &self) == 0);

  return self.tokens;
}

static void
check_query_is_in_text (const char *query,
                        const char *text)
{
  g_auto(GStrv) tokens = g_strsplit (query, " ", -1);

  for (guint i = 0; tokens[i] != NULL; i++)
    {
      g_autofree char *token = g_strdup_printf (" %s ", tokens[i]);

      if (*tokens[i] != '\0')
        g_assert (strstr (text, token) != NULL);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  GString *text = collect ((const char *)data, length, STRATA_TOKENIZE_TEXT);
  GString *query = collect ((const char *)data, length, STRATA_TOKENIZE_QUERY);
  GString *again = collect (query->str, query->len, STRATA_TOKENIZE_QUERY);
  g_autofree char *bytes = g_strndup ((const char *)data, length);
  g_autofree char *folded = _strata_fold_name (bytes);

  g_assert (g_utf8_validate (folded, -1, NULL));
  g_assert_cmpstr (again->str, ==, query->str);
  if (length < 4096)
    check_query_is_in_text (query->str, text->str);

  g_string_free (text, TRUE);
  g_string_free (query, TRUE);
  g_string_free (again, TRUE);

  return 0;
}
