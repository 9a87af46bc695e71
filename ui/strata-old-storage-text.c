/* strata-old-storage-text.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-old-storage-text.h"

/* What is said of the old storage: exactly what was found, what happens, and what became of it. */

/**
 * strata_old_storage_text_step:
 * @step: of a rollback or a retirement
 *
 * Returns: (transfer none): what is being done
 */
const char *
strata_old_storage_text_step (const char *step)
{
  static const struct { const char *step, *text; } texts[] = {
    { "verifying", N_("Checking the new storage") },
    { "comparing", N_("Comparing the old storage") },
    { "taking in", N_("Taking in what was changed since") },
    { "bringing in", N_("Bringing in the videos that were left there") },
    { "deleting", N_("Deleting the old storage") },
    { "preparing", N_("Preparing") },
    { "putting back", N_("Putting damaged files right") },
    { "exporting", N_("Exporting what the old storage does not have") },
    { "moving", N_("Putting the new storage aside") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (step, texts[i].step) == 0)
      return _(texts[i].text);

  return _("Waiting for the storage");
}

/**
 * strata_old_storage_text_can_stop:
 * @step: of a rollback or a retirement
 *
 * Returns: whether nothing has happened yet that could not be left as it is
 */
gboolean
strata_old_storage_text_can_stop (const char *step)
{
  static const char *const begun[] = { "deleting", "putting back", "exporting", "moving", NULL };

  return step == NULL || !g_strv_contains (begun, step);
}

/* Going back */

static void
add_outcome (GString                     *text,
             const StrataRollbackSummary *summary)
{
  if (summary->outcome == STRATA_ROLLBACK_IDENTICAL)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "The old storage is what was migrated: %'lu file, byte for byte.",
                                               "The old storage is what was migrated: %'lu files, byte for byte.",
                                               (gulong)summary->files), (gulong)summary->files);
  else if (summary->outcome == STRATA_ROLLBACK_CHANGED)
    g_string_append_printf (text, _("Taskerino has changed the old storage since: %'lu files are as they were, %'lu were changed, %'lu are new and %'lu are gone. It stays as it is now."),
                            (gulong)summary->files_identical, (gulong)summary->files_changed, (gulong)summary->files_added,
                            (gulong)summary->files_gone);
  else
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "%'lu file of the old storage is damaged or missing. It can be put right from the copy that Strata made; or the damage stays as it is, and what was migrated is exported.",
                                               "%'lu files of the old storage are damaged or missing. They can be put right from the copies that Strata made; or the damage stays as it is, and what was migrated is exported.",
                                               (gulong)summary->files_damaged), (gulong)summary->files_damaged);
}

/**
 * strata_old_storage_text_roll_back:
 * @summary: what was found
 * @needs_export: whether a folder is asked for next
 *
 * Returns: (transfer full): what going back means, before it is begun
 */
char *
strata_old_storage_text_roll_back (const StrataRollbackSummary *summary,
                                   gboolean                     needs_export)
{
  GString *text = g_string_new (NULL);

  add_outcome (text, summary);
  if (summary->sessions_own > 0)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "\n\n%'lu session was added or changed in Strata.",
                                               "\n\n%'lu sessions were added or changed in Strata.",
                                               (gulong)summary->sessions_own), (gulong)summary->sessions_own);
  if (summary->sessions_deleted > 0)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "\n\n%'lu session that was deleted in Strata is still in the old storage.",
                                               "\n\n%'lu sessions that were deleted in Strata are still in the old storage.",
                                               (gulong)summary->sessions_deleted), (gulong)summary->sessions_deleted);
  if (needs_export)
    g_string_append (text, _("\n\nWhat the old storage does not have is exported, in the old form, to a folder that you choose next."));
  g_string_append (text, _("\n\nThe new storage is put aside, and can be brought back until you remove it."));

  return g_string_free (text, FALSE);
}

/**
 * strata_old_storage_text_rolled_back:
 * @trash: where the new storage is now
 * @summary: (nullable): what was done, where that is known
 * @exported: (nullable): where to something was exported
 *
 * Returns: (transfer full): what became of it
 */
char *
strata_old_storage_text_rolled_back (const char                  *trash,
                                     const StrataRollbackSummary *summary,
                                     const char                  *exported)
{
  GString *text = g_string_new (NULL);
  g_autofree char *place = strata_format_path (trash);

  /* Translators: a folder */
  g_string_append_printf (text, _("Taskerino goes on with the old storage. The new one was put aside, in %s: it can be brought back, or removed for good."),
                          place);
  if (summary != NULL && summary->files_restored > 0)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "\n\n%'lu damaged file was put right.", "\n\n%'lu damaged files were put right.",
                                               (gulong)summary->files_restored), (gulong)summary->files_restored);
  if (exported != NULL)
    {
      g_autofree char *folder = strata_format_path (exported);

      /* Translators: a folder */
      g_string_append_printf (text, _("\n\nWhat the old storage does not have was exported to %s."), folder);
    }

  return g_string_free (text, FALSE);
}

/* Deleting */

/**
 * strata_old_storage_text_insist:
 * @days_left: until it may be deleted without insisting
 *
 * Returns: (transfer full): what speaks for waiting
 */
char *
strata_old_storage_text_insist (int days_left)
{
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                       "The old storage is kept for another %d day, so that you can go back to it. Deleted now, there is no way back from now on.\n\nIt is compared first, and you are asked once more.",
                                       "The old storage is kept for another %d days, so that you can go back to it. Deleted now, there is no way back from now on.\n\nIt is compared first, and you are asked once more.",
                                       (gulong)days_left), days_left);
}

static void
add_kept (GString *text,
          guint64  files_kept)
{
  if (files_kept > 0)
    g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                               "\n\n%'lu file stays, for something in it is nowhere else.",
                                               "\n\n%'lu files stay, for something in them is nowhere else.",
                                               (gulong)files_kept), (gulong)files_kept);
}

/**
 * strata_old_storage_text_delete:
 * @summary: what was found
 * @because: (nullable): what is done first, if anything
 *
 * Returns: (transfer full): exactly what is deleted, before it is begun
 */
char *
strata_old_storage_text_delete (const StrataRetirementSummary *summary,
                                const char                    *because)
{
  GString *text = g_string_new (NULL);
  g_autofree char *size = g_format_size (summary->bytes_freed);

  /* Translators: how many, and their size */
  g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE,
                                             "%'lu file of the old storage is deleted for good, %s. Folders, and files that Taskerino’s storage did not write, stay.",
                                             "%'lu files of the old storage are deleted for good, %s. Folders, and files that Taskerino’s storage did not write, stay.",
                                             (gulong)summary->files), (gulong)summary->files, size);
  add_kept (text, summary->files_kept);
  if (because != NULL)
    g_string_append (text, _("\n\nTaskerino has changed the old storage since: that is taken in first."));
  g_string_append (text, _("\n\nEverything in it is in the new storage, compared a moment ago. But Taskerino can’t read the new storage: it will have nothing of this any more."));
  g_string_append (text, _("\n\nThis can’t be undone, nor stopped once it has begun."));

  return g_string_free (text, FALSE);
}

/**
 * strata_old_storage_text_deleted:
 * @summary: what was done
 *
 * Returns: (transfer full): what became of it
 */
char *
strata_old_storage_text_deleted (const StrataRetirementSummary *summary)
{
  GString *text = g_string_new (NULL);
  g_autofree char *size = g_format_size (summary->bytes_freed);

  /* Translators: how many, and their size */
  g_string_append_printf (text, g_dngettext (GETTEXT_PACKAGE, "%'lu file was deleted, %s.", "%'lu files were deleted, %s.",
                                             (gulong)summary->files), (gulong)summary->files, size);
  add_kept (text, summary->files_kept);
  g_string_append (text, _("\n\nWhat was recorded is in the new storage. Exporting it for Taskerino gives it back in the old form."));

  return g_string_free (text, FALSE);
}

/**
 * strata_old_storage_text_not_yet:
 * @summary: what was found
 * @because: (nullable): the reason, as the library has it
 *
 * Returns: (transfer full): why it may not be deleted
 */
char *
strata_old_storage_text_not_yet (const StrataRetirementSummary *summary,
                                 const char                    *because)
{
  if (summary->undecided > 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                         "%'lu session that Taskerino no longer showed waits for you to keep or to drop it: see Found Again.",
                                         "%'lu sessions that Taskerino no longer showed wait for you to keep or to drop them: see Found Again.",
                                         (gulong)summary->undecided), (gulong)summary->undecided);

  return g_strdup (because);
}
