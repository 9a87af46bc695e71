/* strata-mentions.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-mentions-private.h"

/* Longer strings are no ids and no paths */
#define MAX_STRING 4096
#define MAX_META_BYTES (64 * 1024 * 1024)

struct _StrataMentions
{
  GHashTable *seen;        /* names that are looked for → whether one came by */

  /* The string that is passing */
  GString    *token;       /* with its quotes */
  gboolean    in_string;
  gboolean    is_escaped;
  gboolean    is_too_long;
};

StrataMentions *
_strata_mentions_new (void)
{
  StrataMentions *self = g_new0 (StrataMentions, 1);

  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->token = g_string_new (NULL);

  return self;
}

void
_strata_mentions_free (StrataMentions *self)
{
  g_hash_table_unref (self->seen);
  g_string_free (self->token, TRUE);
  g_free (self);
}

/* The id in a file's name; (transfer full) */
static char *
dup_id (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  const char *dot = g_str_has_suffix (name, ".meta.json") ? name + strlen (name) - strlen (".meta.json") : strrchr (name, '.');

  return dot != NULL && dot > name ? g_strndup (name, (gsize)(dot - name)) : g_strdup (name);
}

void
_strata_mentions_look_for (StrataMentions *self,
                           const char     *path)
{
  g_hash_table_insert (self->seen, dup_id (path), GINT_TO_POINTER (FALSE));
  g_hash_table_insert (self->seen, g_path_get_basename (path), GINT_TO_POINTER (FALSE));
}

gboolean
_strata_mentions_has (StrataMentions *self,
                      const char     *path)
{
  g_autofree char *id = dup_id (path);
  g_autofree char *name = g_path_get_basename (path);

  return g_hash_table_lookup (self->seen, id) != NULL || g_hash_table_lookup (self->seen, name) != NULL;
}

/* Strings */

static void
mark_seen (StrataMentions *self,
           const char     *name)
{
  if (g_hash_table_contains (self->seen, name))
    g_hash_table_insert (self->seen, g_strdup (name), GINT_TO_POINTER (TRUE));
}

static void
end_string (StrataMentions *self)
{
  g_autofree char *text = NULL;
  g_autofree char *name = NULL;

  if (self->is_too_long || self->token->len <= 2)
    return;

  text = _strata_json_unquote (self->token->str, self->token->len);
  name = g_path_get_basename (text);
  mark_seen (self, text);
  mark_seen (self, name);
}

/* A StrataJsonSink: JSON text in any pieces */
static gboolean
pass_text (const char  *text,
           gsize        length,
           gpointer     user_data,
           GError     **error)
{
  StrataMentions *self = user_data;

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_quote = text[i] == '"' && !self->is_escaped;

      if (!self->in_string && !is_quote)
        continue;
      if (self->token->len < MAX_STRING)
        g_string_append_c (self->token, text[i]);
      else
        self->is_too_long = TRUE;
      self->is_escaped = self->in_string && text[i] == '\\' && !self->is_escaped;
      if (!is_quote)
        continue;

      if (self->in_string)
        end_string (self);
      self->in_string = !self->in_string;
      if (!self->in_string)
        {
          g_string_truncate (self->token, 0);
          self->is_too_long = FALSE;
        }
    }

  return TRUE;
}

static void
reset (StrataMentions *self)
{
  g_string_truncate (self->token, 0);
  self->in_string = self->is_escaped = self->is_too_long = FALSE;
}

/* Where strings are looked for. What can't be read names nothing: that it can't is told elsewhere. */

static gboolean
read_candidate (StrataMentions               *self,
                const StrataLegacyCandidate  *candidate,
                GCancellable                 *cancellable,
                GError                      **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, cancellable, &read_error);

  reset (self);
  if ((payload != NULL &&
       _strata_json_reader_take_verbatim (_strata_legacy_payload_get_reader (payload), pass_text, self, cancellable, &read_error)) ||
      read_error->domain == STRATA_ERROR)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&read_error));

  return FALSE;
}

typedef struct
{
  StrataMentions     *self;
  StrataLegacyStore  *legacy;
  GCancellable       *cancellable;
} Metas;

/* A StrataLegacyFileFunc */
static gboolean
read_meta (const StrataLegacyFile *file,
           gpointer                user_data)
{
  Metas *metas = user_data;
  g_autoptr(GBytes) bytes = NULL;

  if (file->role != STRATA_LEGACY_ATTACHMENT_META)
    return TRUE;

  bytes = _strata_legacy_store_read_file (metas->legacy, file->path, MAX_META_BYTES, NULL);
  reset (metas->self);
  if (bytes != NULL)
    pass_text (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), metas->self, NULL);

  return !g_cancellable_is_cancelled (metas->cancellable);
}

gboolean
_strata_mentions_read (StrataMentions          *self,
                       StrataLegacyStore       *legacy,
                       StrataLegacyCandidates  *candidates,
                       GCancellable            *cancellable,
                       GError                 **error)
{
  g_autoptr(GPtrArray) names = _strata_legacy_candidates_list_names (candidates);
  Metas metas = { self, legacy, cancellable };

  for (guint i = 0; i < names->len; i++)
    {
      GPtrArray *places = _strata_legacy_candidates_get (candidates, g_ptr_array_index (names, i));

      if (places->len > 0 && !read_candidate (self, g_ptr_array_index (places, 0), cancellable, error))
        return FALSE;
    }
  _strata_legacy_store_foreach_file (legacy, read_meta, &metas);

  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
