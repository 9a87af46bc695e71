/* strata-problem-text.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-problem-text.h"

/* In short, by code, for who does not read English */
static const struct
{
  const char *code;
  const char *text;
} TEXTS[] = {
  { "recovered", N_("Only an older copy of the file has this session") },
  { "torn", N_("The file breaks off; what is whole in it was taken") },
  { "envelope-invalid", N_("There are no data in the file that could be read") },
  { "envelope-unknown-version", N_("The file is of an unknown version") },
  { "payload-corrupt", N_("What is packed in the file is damaged; what is whole in it was taken") },
  { "checksum-mismatch", N_("The check sum in the file is of other data") },
  { "trailing-bytes", N_("Something follows the end of the data") },
  { "encoding-repaired", N_("The text's encoding was put right; the old bytes are kept") },
  { "nesting-too-deep", N_("Nested too deep; it is kept as it is") },
  { "not-an-array", N_("The sessions are no list; they are kept as they are") },
  { "entry-not-object", N_("This entry is no session; it is kept as it is") },
  { "session-id-missing", N_("The session has no id; it got a key") },
  { "session-id-duplicate", N_("Several sessions have this id; all are kept") },
  { "attachment-missing", N_("There is nothing of this attachment") },
  { "attachment-data-missing", N_("There is metadata, but its bytes are nowhere") },
  { "attachment-meta-missing", N_("There is nothing that says what this attachment is; its bytes are kept") },
  { "attachment-meta-invalid", N_("What describes this attachment can't be read; its bytes are kept") },
  { "attachment-data-invalid", N_("The attachment's text can't be decoded; it is kept as it is") },
  { "attachment-outside", N_("The attachment lies outside the old storage, and was not read") },
  { "attachment-path-stale", N_("The attachment was found in another place than noted") },
  { "link-skipped", N_("A link or no file; it was not read") },
  { "foreign-file", N_("Not written by Taskerino, so left alone") },
  { "not-downloaded", N_("The file is in the cloud, and not on this computer") },
  { "source-changed", N_("It changed while it was read, and was read again") },
  { "conflict", N_("It was changed here and in Taskerino; both are kept") },
  { "source-unreadable", N_("It can't be read") },
  { "no-space", N_("There is not enough space") },
  { "no-permission", N_("It may not be written here") },
  { "digest-mismatch", N_("What was read back is not what was stored") },
  { "deleted-here", N_("It was deleted here, and stays so") },
  { "lost", N_("It is damaged, and there is no copy of it") },
  { "repaired", N_("It was damaged, and is whole again") },
};

/**
 * strata_problem_text_new:
 *
 * The library says in English what was noticed, with its particulars. In another language
 * what its code means has to do; the particulars are in what is copied.
 *
 * Returns: (transfer full): a sentence to be shown, valid UTF-8
 */
char *
strata_problem_text_new (StrataProblem *problem)
{
  const char *code = strata_problem_get_code (problem);

  for (guint i = 0; i < G_N_ELEMENTS (TEXTS); i++)
    {
      const char *text = _(TEXTS[i].text);

      /* gettext gives back what it has no translation for */
      if (strcmp (TEXTS[i].code, code) == 0 && text != TEXTS[i].text)
        return g_strdup (text);
    }

  return g_utf8_make_valid (strata_problem_get_message (problem), -1);
}
