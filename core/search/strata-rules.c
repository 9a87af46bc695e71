/* strata-rules.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "json/strata-json-reader-private.h"
#include "strata-moment-private.h"
#include "strata-rules-private.h"

static const StrataRule analysis_rules[] = {
  { "summary", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "keyElements", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "extractedText", STRATA_TAKE_TEXT, STRATA_WEIGHT_SCREEN },
  { NULL }
};

static const StrataRule screenshot_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "timestamp", STRATA_TAKE_TIME },
  { "aiAnalysis", STRATA_TAKE_INSIDE, 0, analysis_rules },
  { "userComment", STRATA_TAKE_COMMENT, STRATA_WEIGHT_SUMMARY },
  { NULL }
};

static const StrataRule audio_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "timestamp", STRATA_TAKE_TIME },
  { "enrichedTranscription", STRATA_TAKE_SPEECH, 3 },
  { "transcription", STRATA_TAKE_SPEECH, 2 },
  { "draftTranscription", STRATA_TAKE_SPEECH, 1 },
  { "keyPhrases", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { NULL }
};

static const StrataRule chapter_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "startTime", STRATA_TAKE_SECONDS },
  { "title", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "summary", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "keyTopics", STRATA_TAKE_TOPIC_TEXT, STRATA_WEIGHT_SUMMARY },
  { NULL }
};

static const StrataRule chunk_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "startTime", STRATA_TAKE_SECONDS },
  { "topic", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "description", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "transcriptExcerpt", STRATA_TAKE_TEXT, STRATA_WEIGHT_SPEECH },
  { NULL }
};

static const StrataRule context_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "timestamp", STRATA_TAKE_TIME },
  { "content", STRATA_TAKE_TEXT, STRATA_WEIGHT_SPEECH },
  { NULL }
};

static const StrataRule update_rules[] = {
  { "content", STRATA_TAKE_HTML, STRATA_WEIGHT_SPEECH },
  { NULL }
};

static const StrataRule note_metadata_rules[] = {
  { "keyPoints", STRATA_TAKE_TEXT, STRATA_WEIGHT_SPEECH },
  { NULL }
};

static const StrataRule note_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "title", STRATA_TAKE_NAME, STRATA_WEIGHT_NAME },
  { "summary", STRATA_TAKE_NAME, STRATA_WEIGHT_NAME },
  { "content", STRATA_TAKE_HTML, STRATA_WEIGHT_SPEECH },
  { "sourceText", STRATA_TAKE_TEXT, STRATA_WEIGHT_SPEECH },
  { "metadata", STRATA_TAKE_INSIDE, 0, note_metadata_rules },
  { "updates", STRATA_TAKE_INSIDE, 0, update_rules },
  { "timestamp", STRATA_TAKE_TIME },
  { "topicIds", STRATA_TAKE_FACET, STRATA_FIELD_TOPIC },
  { "topicId", STRATA_TAKE_FACET, STRATA_FIELD_TOPIC },
  { "companyIds", STRATA_TAKE_FACET, STRATA_FIELD_COMPANY },
  { "contactIds", STRATA_TAKE_FACET, STRATA_FIELD_CONTACT },
  { "tags", STRATA_TAKE_FACET, STRATA_FIELD_TAG },
  { "sourceSessionId", STRATA_TAKE_SESSION },
  { NULL }
};

static const StrataRule subtask_rules[] = {
  { "title", STRATA_TAKE_TEXT, STRATA_WEIGHT_SPEECH },
  { NULL }
};

static const StrataRule task_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "title", STRATA_TAKE_NAME, STRATA_WEIGHT_NAME },
  { "description", STRATA_TAKE_HTML, STRATA_WEIGHT_SPEECH },
  { "subtasks", STRATA_TAKE_INSIDE, 0, subtask_rules },
  { "createdAt", STRATA_TAKE_TIME },
  { "topicIds", STRATA_TAKE_FACET, STRATA_FIELD_TOPIC },
  { "topicId", STRATA_TAKE_FACET, STRATA_FIELD_TOPIC },
  { "companyIds", STRATA_TAKE_FACET, STRATA_FIELD_COMPANY },
  { "contactIds", STRATA_TAKE_FACET, STRATA_FIELD_CONTACT },
  { "tags", STRATA_TAKE_FACET, STRATA_FIELD_TAG },
  { "status", STRATA_TAKE_FACET, STRATA_FIELD_STATUS },
  { "sourceSessionId", STRATA_TAKE_SESSION },
  { "noteId", STRATA_TAKE_NOTE },
  { NULL }
};

static const StrataRule video_rules[] = {
  { "chapters", STRATA_TAKE_ELEMENTS, STRATA_KIND_CHAPTER },
  { "chunks", STRATA_TAKE_ELEMENTS, STRATA_KIND_CHUNK },
  { NULL }
};

const StrataRule _strata_session_rules[] = {
  { "id", STRATA_TAKE_ID },
  { "name", STRATA_TAKE_NAME, STRATA_WEIGHT_NAME },
  { "description", STRATA_TAKE_TEXT, STRATA_WEIGHT_SUMMARY },
  { "summary", STRATA_TAKE_SUMMARY, STRATA_WEIGHT_SUMMARY },
  { "startTime", STRATA_TAKE_START },
  { "endTime", STRATA_TAKE_END },
  { "status", STRATA_TAKE_FACET, STRATA_FIELD_STATUS },
  { "category", STRATA_TAKE_FACET, STRATA_FIELD_CATEGORY },
  { "subCategory", STRATA_TAKE_FACET, STRATA_FIELD_SUBCATEGORY },
  { "tags", STRATA_TAKE_FACET, STRATA_FIELD_TAG },
  { "extractedNoteIds", STRATA_TAKE_LINKS },
  { "extractedTaskIds", STRATA_TAKE_LINKS },
  { "trackingNoteId", STRATA_TAKE_LINKS },
  { "fullAudioAttachmentId", STRATA_TAKE_HAS, STRATA_HAS_AUDIO },
  { "fullTranscription", STRATA_TAKE_TRANSCRIPT, STRATA_WEIGHT_SPEECH },
  { "screenshots", STRATA_TAKE_ELEMENTS, STRATA_KIND_SCREENSHOT },
  { "audioSegments", STRATA_TAKE_ELEMENTS, STRATA_KIND_AUDIO },
  { "contextItems", STRATA_TAKE_ELEMENTS, STRATA_KIND_CONTEXT },
  { "video", STRATA_TAKE_HAS, STRATA_HAS_VIDEO, video_rules },
  { NULL }
};

const StrataRule *
_strata_rules_for_kind (guint kind)
{
  static const StrataRule *const rules[STRATA_N_KINDS] = {
    [STRATA_KIND_SCREENSHOT] = screenshot_rules,
    [STRATA_KIND_AUDIO] = audio_rules,
    [STRATA_KIND_CHAPTER] = chapter_rules,
    [STRATA_KIND_CHUNK] = chunk_rules,
    [STRATA_KIND_CONTEXT] = context_rules,
    [STRATA_KIND_NOTE] = note_rules,
    [STRATA_KIND_TASK] = task_rules,
  };

  g_assert (kind < STRATA_N_KINDS);

  return rules[kind];
}

const StrataRule *
_strata_rules_find (const StrataRule *rules,
                    const char       *name,
                    gsize             length)
{
  g_autofree char *unquoted = NULL;

  /* Hardly ever is a name written with escapes */
  if (memchr (name, '\\', length) != NULL)
    unquoted = _strata_json_unquote (name, length);

  for (; rules->name != NULL; rules++)
    if (unquoted != NULL ? strcmp (unquoted, rules->name) == 0
                         : strlen (rules->name) == length - 2 && memcmp (name + 1, rules->name, length - 2) == 0)
      return rules;

  return NULL;
}
