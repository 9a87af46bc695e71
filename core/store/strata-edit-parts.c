/* strata-edit-parts.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "strata-edit-internal-private.h"
#include "strata-part-read-private.h"
#include "strata-value-stream-private.h"

/* Drops what was staged for a part that is not to be after all. */
void
_strata_edit_discard_part (StrataEdit *self,
                           StrataPart *part)
{
  if (part->staged_path != NULL)
    _strata_file_unlink (self->dir, part->staged_path, NULL);
  g_clear_pointer (&part->staged_path, g_free);
}

void
_strata_edit_discard_parts (StrataEdit *self,
                            GPtrArray  *parts)
{
  for (guint i = 0; i < parts->len; i++)
    _strata_edit_discard_part (self, g_ptr_array_index (parts, i));
  g_ptr_array_set_size (parts, 0);
}

gboolean
_strata_edit_stage_part (StrataEdit  *self,
                         StrataPart  *part,
                         const char  *text,
                         gsize        length,
                         GError     **error)
{
  _strata_edit_discard_part (self, part);
  _strata_digest_of (text, length, &part->raw_digest);
  part->raw_bytes = length;
  part->stored_digest = part->raw_digest;
  part->stored_bytes = length;
  part->is_gzip = FALSE;
  part->is_synced = FALSE;
  part->staged_path = _strata_staging_write (_strata_batch_get_staging (self->batch), text, length, error);

  return part->staged_path != NULL;
}

/* The parts of other members have these kinds. */
static void
collect_kinds (GHashTable *kinds,
               GPtrArray  *parts)
{
  for (guint i = 0; i < parts->len; i++)
    g_hash_table_add (kinds, g_ascii_strdown (((const StrataPart *)g_ptr_array_index (parts, i))->kind, -1));
}

char *
_strata_edit_make_kind (StrataEdit *self,
                        guint       position)
{
  g_autoptr(GHashTable) kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const StrataMember *member = g_ptr_array_index (self->members, position);

  if (self->base->is_collection)
    return g_strdup (self->base->key);

  for (guint i = 0; i < self->members->len; i++)
    {
      const StrataMember *other = g_ptr_array_index (self->members, i);

      if (i != position)
        {
          collect_kinds (kinds, other->parts);
          collect_kinds (kinds, other->inner);
        }
    }

  return _strata_member_make_kind (member->name, position, kinds);
}

/* How a part may grow: the first of a kind is small. */
static gsize
limit_of (guint number)
{
  return number <= 1 ? STRATA_FIRST_PART_BYTES : STRATA_PART_BYTES;
}

/* How many parts at the end are joined with @bytes of new elements: those that are
 * far from full, as long as joining does not copy far more than is new. So there
 * are never many small ones, and each byte is copied a few times at most.
 */
static guint
count_joined (GPtrArray *parts,
              guint64    bytes)
{
  guint joined = 0;

  while (joined < parts->len)
    {
      const StrataPart *part = g_ptr_array_index (parts, parts->len - joined - 1);

      if (part->raw_bytes >= limit_of (part->number) / 2 || part->raw_bytes > 2 * bytes)
        break;
      bytes += part->raw_bytes;
      joined++;
    }

  return joined;
}

static StrataPart *
make_part (const StrataPart *like,
           guint             number)
{
  StrataPart *part = g_new0 (StrataPart, 1);

  part->kind = g_strdup (like->kind);
  part->name = g_strdup (like->name);
  part->is_inner = like->is_inner;
  part->at = like->at;
  part->is_array = TRUE;
  part->number = number;

  return part;
}

/* Cuts @runs into parts that follow those in @parts. */
static gboolean
add_parts (StrataEdit        *self,
           GPtrArray         *parts,
           const StrataPart  *like,
           GArray            *runs,
           GError           **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  guint number = parts->len > 0 ? ((const StrataPart *)g_ptr_array_index (parts, parts->len - 1))->number : 0;
  guint64 items = 0;

  for (guint i = 0; i < runs->len; i++)
    {
      const StrataRun *run = &g_array_index (runs, StrataRun, i);
      StrataPart *part;

      g_string_append_c (text, text->len > 0 ? ',' : '[');
      g_string_append_len (text, run->text, (gssize)run->length);
      items += run->items;
      if (text->len < limit_of (number + 1) && i + 1 < runs->len)
        continue;

      g_string_append_c (text, ']');
      part = make_part (like, ++number);
      part->items = items;
      g_ptr_array_add (parts, part);
      if (!_strata_edit_stage_part (self, part, text->str, text->len, error))
        return FALSE;
      g_string_truncate (text, 0);
      items = 0;
    }

  return TRUE;
}

static guint64
sum_lengths (GArray *runs)
{
  guint64 sum = 0;

  for (guint i = 0; i < runs->len; i++)
    sum += g_array_index (runs, StrataRun, i).length;

  return sum;
}

gboolean
_strata_edit_extend_parts (StrataEdit        *self,
                           GPtrArray         *parts,
                           const StrataPart  *like,
                           GArray            *runs,
                           GError           **error)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr(GArray) all = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  guint joined = count_joined (parts, sum_lengths (runs));

  for (guint i = parts->len - joined; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      GBytes *bytes = _strata_part_load (self->dir, self->base, part, error);
      StrataRun run;

      if (bytes == NULL)
        return FALSE;
      g_ptr_array_add (texts, bytes);
      run.text = (const char *)g_bytes_get_data (bytes, &run.length) + 1;
      run.length -= 2;
      run.items = part->items;
      if (part->items > 0)
        g_array_append_val (all, run);
    }
  g_array_append_vals (all, runs->data, runs->len);

  for (; joined > 0; joined--)
    {
      _strata_edit_discard_part (self, g_ptr_array_index (parts, parts->len - 1));
      g_ptr_array_set_size (parts, (int)parts->len - 1);
    }

  return add_parts (self, parts, like, all, error);
}
