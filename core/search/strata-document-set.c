/* strata-document-set.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-document-set-private.h"

struct _StrataDocumentSet
{
  guint64 *bits;
  gsize    n_words;
};

StrataDocumentSet *
_strata_document_set_new (guint64 n_documents)
{
  StrataDocumentSet *self = g_atomic_rc_box_new0 (StrataDocumentSet);

  self->n_words = (gsize)(n_documents / 64 + 1);
  self->bits = g_new0 (guint64, self->n_words);

  return self;
}

StrataDocumentSet *
_strata_document_set_ref (StrataDocumentSet *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
document_set_clear (StrataDocumentSet *self)
{
  g_free (self->bits);
}

void
_strata_document_set_unref (StrataDocumentSet *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)document_set_clear);
}

/* A document that is newer than the set is not in it, and does not get in. */
void
_strata_document_set_add (StrataDocumentSet *self,
                          gint64             document)
{
  if ((guint64)document / 64 < self->n_words)
    self->bits[document / 64] |= G_GUINT64_CONSTANT (1) << (document % 64);
}

gboolean
_strata_document_set_contains (const StrataDocumentSet *self,
                               gint64                   document)
{
  return (guint64)document / 64 < self->n_words &&
         (self->bits[document / 64] >> (document % 64) & 1) != 0;
}

guint64
_strata_document_set_count (const StrataDocumentSet *self)
{
  guint64 count = 0;

  for (gsize i = 0; i < self->n_words; i++)
    count += (guint64)__builtin_popcountll (self->bits[i]);

  return count;
}

void
_strata_document_set_intersect (StrataDocumentSet       *self,
                                const StrataDocumentSet *with)
{
  g_assert (self->n_words == with->n_words);

  for (gsize i = 0; i < self->n_words; i++)
    self->bits[i] &= with->bits[i];
}

void
_strata_document_set_unite (StrataDocumentSet       *self,
                            const StrataDocumentSet *with)
{
  g_assert (self->n_words == with->n_words);

  for (gsize i = 0; i < self->n_words; i++)
    self->bits[i] |= with->bits[i];
}

void
_strata_document_set_invert (StrataDocumentSet *self)
{
  for (gsize i = 0; i < self->n_words; i++)
    self->bits[i] = ~self->bits[i];
}
