/* legacy-text.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-json.h"
#include "legacy-random.h"

G_BEGIN_DECLS

typedef struct _LegacyText LegacyText;

LegacyText *legacy_text_new        (void);
void        legacy_text_free       (LegacyText   *self);

void        legacy_text_prose      (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    guint         size_bytes);
void        legacy_text_speech     (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    guint         size_bytes);
void        legacy_text_title      (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    guint         n_words);
void        legacy_text_screen     (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    guint         size_bytes);

void        legacy_text_add_prose  (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    const char   *key,
                                    guint         size_bytes);
void        legacy_text_add_title  (LegacyText   *self,
                                    LegacyRandom *random,
                                    LegacyJson   *json,
                                    const char   *key,
                                    guint         n_words);

char       *legacy_text_dup_line   (LegacyText   *self,
                                    LegacyRandom *random,
                                    gboolean      is_code,
                                    guint         n_words);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LegacyText, legacy_text_free)

G_END_DECLS
