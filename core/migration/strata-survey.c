/* strata-survey.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-survey-private.h"

/* Rough on purpose, and named so to the user. Base64 has four characters for
 * three bytes; sessions lose their indentation and one level of escapes; gzip
 * in base64 grows when it is unpacked.
 */
#define TEXT_SHARE       0.85
#define GZIP_FACTOR      6.0
#define BASE64_SHARE     0.75

typedef struct
{
  StrataSurvey      *survey;
  StrataProblemFunc  report;
  gpointer           user_data;
} Surveying;

static void
report_oddity (Surveying              *surveying,
               const StrataLegacyFile *file,
               const char             *code,
               const char             *message)
{
  surveying->report (strata_problem_new (code, file->path, NULL, NULL, -1, "%s", message), surveying->user_data);
}

static void
count (StrataSurvey *survey,
       guint64       size,
       double        share)
{
  survey->bytes_original += size;
  survey->bytes_estimated += (guint64)((double)size * share);
}

static gboolean
survey_file (const StrataLegacyFile *file,
             gpointer                user_data)
{
  Surveying *surveying = user_data;

  switch (file->role)
    {
    case STRATA_LEGACY_ATTACHMENT_DATA:
      count (surveying->survey, file->size, BASE64_SHARE);
      break;

    case STRATA_LEGACY_ATTACHMENT_FILE:
    case STRATA_LEGACY_VIDEO:
      surveying->survey->bytes_pointed_at += file->size;
      count (surveying->survey, file->size, 1.0);
      break;

    case STRATA_LEGACY_ATTACHMENT_META:
      count (surveying->survey, file->size, 1.0);
      break;

    case STRATA_LEGACY_FOREIGN:
      report_oddity (surveying, file, "foreign-file", "Not written by Taskerino's storage: not read, not counted, never deleted");
      break;

    case STRATA_LEGACY_LINK:
      report_oddity (surveying, file, "link-skipped", "A link or special file stands where a file should be: not followed, not read");
      break;

    case STRATA_LEGACY_NOT_DOWNLOADED:
      report_oddity (surveying, file, "not-downloaded",
                     "The file is only a placeholder of a cloud folder: download it, and run this again");
      break;

    case STRATA_LEGACY_COLLECTION:
    case STRATA_LEGACY_COLLECTION_BACKUP:
    case STRATA_LEGACY_COLLECTION_TMP:
    case STRATA_LEGACY_TOPLEVEL:
    case STRATA_LEGACY_BACKUP:
    case STRATA_LEGACY_CONTAINER:
    default:
      break;
    }

  return TRUE;
}

/* One backup may be the first choice for many collections */
static void
survey_collections (StrataSurvey           *survey,
                    StrataLegacyCandidates *candidates)
{
  g_autoptr(GPtrArray) names = _strata_legacy_candidates_list_names (candidates);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < names->len; i++)
    {
      GPtrArray *places = _strata_legacy_candidates_get (candidates, g_ptr_array_index (names, i));
      const StrataLegacyCandidate *first = g_ptr_array_index (places, 0);

      if (g_hash_table_add (seen, g_strdup_printf ("%s %u", first->path, first->entry)))
        count (survey, first->size, TEXT_SHARE * (first->form == STRATA_LEGACY_FORM_GZIP ? BASE64_SHARE * GZIP_FACTOR : 1.0));
    }
}

void
_strata_survey_make (StrataLegacyStore       *legacy,
                     StrataLegacyCandidates  *candidates,
                     StrataProblemFunc        report,
                     gpointer                 user_data,
                     StrataSurvey            *out_survey)
{
  Surveying surveying = { out_survey, report, user_data };
  GPtrArray *problems = _strata_legacy_store_get_problems (legacy);

  *out_survey = (StrataSurvey) { 0 };
  for (guint i = 0; i < problems->len; i++)
    report (g_object_ref (g_ptr_array_index (problems, i)), user_data);
  survey_collections (out_survey, candidates);
  out_survey->bytes_text = out_survey->bytes_original;
  _strata_legacy_store_foreach_file (legacy, survey_file, &surveying);
}
