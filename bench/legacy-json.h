/* legacy-json.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-fragment.h"

G_BEGIN_DECLS

#define LEGACY_JSON_BUFFER_SIZE (256 * 1024)

/* Sessions are generated once to learn how the file begins, and once more to
 * be written; PROBE comes before both and asks whether gzip makes them small.
 */
typedef enum
{
  LEGACY_PASS_PROBE,
  LEGACY_PASS_MEASURE,
  LEGACY_PASS_WRITE,
} LegacyPass;

typedef struct _LegacyJson LegacyJson;

/* How the pretty text stands in the file: as it is, as the inside of a JSON
 * string, or packed by whoever takes it.
 */
typedef enum
{
  LEGACY_SPELLING_PLAIN,
  LEGACY_SPELLING_ESCAPED,
  LEGACY_SPELLING_PACKED,
} LegacySpelling;

#define LEGACY_JSON_STOP G_MAXUINT64

/* Takes spelled bytes and returns how many bytes packing has made of all the
 * bytes so far (0 where it packs nothing), or %LEGACY_JSON_STOP when there is
 * no use in going on.
 */
typedef guint64 (*LegacyJsonFlush) (const char *bytes,
                                    gsize       length,
                                    gpointer    user_data);

LegacyJson *legacy_json_new          (LegacyPass       pass,
                                      LegacySpelling   spelling,
                                      guint            base_depth,
                                      LegacyJsonFlush  flush,
                                      gpointer         user_data);
void        legacy_json_free         (LegacyJson      *self);
void        legacy_json_flush        (LegacyJson      *self);

LegacyPass  legacy_json_get_pass     (LegacyJson      *self);
guint32     legacy_json_get_checksum (LegacyJson      *self);
guint64     legacy_json_get_length   (LegacyJson      *self);
guint64     legacy_json_get_size     (LegacyJson      *self);
gboolean    legacy_json_is_stopped   (LegacyJson      *self);

void        legacy_json_begin_object (LegacyJson      *self,
                                      const char      *key);
void        legacy_json_end_object   (LegacyJson      *self);
void        legacy_json_begin_array  (LegacyJson      *self,
                                      const char      *key);
void        legacy_json_end_array    (LegacyJson      *self);

void        legacy_json_begin_string (LegacyJson      *self,
                                      const char      *key);
void        legacy_json_fragment     (LegacyJson      *self,
                                      const LegacyFragment *fragment);
void        legacy_json_ascii        (LegacyJson      *self,
                                      const char      *text);
void        legacy_json_end_string   (LegacyJson      *self);

void        legacy_json_string       (LegacyJson      *self,
                                      const char      *key,
                                      const char      *value);
void        legacy_json_text         (LegacyJson      *self,
                                      const char      *key,
                                      const char      *value);
void        legacy_json_literal      (LegacyJson      *self,
                                      const char      *key,
                                      const char      *literal);
void        legacy_json_boolean      (LegacyJson      *self,
                                      const char      *key,
                                      gboolean         value);
void        legacy_json_integer      (LegacyJson      *self,
                                      const char      *key,
                                      gint64           value);
void        legacy_json_decimal      (LegacyJson      *self,
                                      const char      *key,
                                      guint64          digits,
                                      guint            places);
void        legacy_json_time         (LegacyJson      *self,
                                      const char      *key,
                                      gint64           time_ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LegacyJson, legacy_json_free)

G_END_DECLS
