/* test-power-cut.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "power-cut.h"
#include "test-util.h"

/* A folder whose power is cut, and where its states are put */
typedef struct
{
  char     *path;
  char     *disk;
  char     *state;
  int       dir;   /* of the disk */
  PowerCut *cut;
} Fixture;

#define SEAM _strata_seam_get ()

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->disk = g_build_filename (fixture->path, "disk", NULL);
  fixture->state = g_build_filename (fixture->path, "state", NULL);
  g_assert_cmpint (g_mkdir (fixture->disk, 0700), ==, 0);
  fixture->dir = test_open_dir (fixture->disk);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_pointer (&fixture->cut, power_cut_free);
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->disk);
  g_free (fixture->state);
}

static void
start (Fixture *fixture)
{
  fixture->cut = power_cut_new (fixture->disk);
  power_cut_start (fixture->cut);
}

static void
stop (Fixture *fixture)
{
  power_cut_stop (fixture->cut);
  power_cut_assert_complete (fixture->cut);
}

/* What programs do */

static void
put (Fixture    *fixture,
     const char *path,
     int         flags,
     const char *text,
     gsize       size)
{
  int fd = SEAM->open (fixture->dir, path, O_WRONLY | O_CREAT | flags, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (SEAM->write (fd, text, size), ==, (gssize)size);
  SEAM->close (fd);
}

static void
sync_file (Fixture    *fixture,
           const char *path)
{
  int fd = SEAM->open (fixture->dir, path, O_RDONLY, 0);

  g_assert_cmpint (SEAM->sync (fd), ==, 0);
  SEAM->close (fd);
}

static void
make_folder (Fixture    *fixture,
             const char *path)
{
  g_assert_cmpint (SEAM->mkdir (fixture->dir, path), ==, 0);
}

static void
move (Fixture    *fixture,
      const char *from,
      const char *to)
{
  g_assert_cmpint (SEAM->rename (fixture->dir, from, to), ==, 0);
}

/* States */

typedef void (*StateFunc) (Fixture  *fixture,
                           guint     position,
                           gpointer  user_data);

/* Calls @func with each kind of state at each point, the mixed ones @n_mixed times, in fixture->state. */
static void
foreach_state_from (Fixture   *fixture,
                    guint      first,
                    guint      n_mixed,
                    StateFunc  func,
                    gpointer   user_data)
{
  for (guint position = first; position <= power_cut_get_length (fixture->cut); position++)
    for (guint i = 0; i < POWER_CUT_MIXED + n_mixed; i++)
      {
        g_autoptr(PowerCutState) state =
          power_cut_make_state (fixture->cut, position, MIN (i, POWER_CUT_MIXED), (guint32)g_test_rand_int ());

        power_cut_state_write (state, fixture->state);
        func (fixture, position, user_data);
        test_remove_tree (fixture->state);
      }
}

/* The end of the record alone */
static void
foreach_last_state (Fixture   *fixture,
                    guint      n_mixed,
                    StateFunc  func,
                    gpointer   user_data)
{
  foreach_state_from (fixture, power_cut_get_length (fixture->cut), n_mixed, func, user_data);
}

/* Returns: (nullable) (transfer full): what a file of the state holds; %NULL: it is not there */
static char *
read_state (Fixture    *fixture,
            const char *name,
            gsize      *out_size)
{
  g_autofree char *path = g_build_filename (fixture->state, name, NULL);
  char *content = NULL;

  *out_size = 0;
  g_file_get_contents (path, &content, out_size, NULL);

  return content;
}

static gboolean
is_there (Fixture    *fixture,
          const char *name)
{
  g_autofree char *path = g_build_filename (fixture->state, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* One line for each file of a list: those that are there */
static void
note_names (Fixture  *fixture,
            guint     position,
            gpointer  user_data)
{
  static const char *const names[] = { "a", "b", "c", "x", "y", "x/a", "y/a", "y/b", "old", "new", "old/f", "new/f" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (is_there (fixture, names[i]))
      g_string_append_printf (text, "%s ", names[i]);
  g_hash_table_add (user_data, g_string_free (text, FALSE));
}

/* Asserts that exactly the states in @expected, joined by "|", are met. */
static void
assert_names (Fixture    *fixture,
              const char *expected)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto(GStrv) wanted = g_strsplit (expected, "|", -1);
  GHashTableIter iter;
  gpointer names;

  foreach_last_state (fixture, 200, note_names, seen);
  g_hash_table_iter_init (&iter, seen);
  while (g_hash_table_iter_next (&iter, &names, NULL))
    if (!g_strv_contains ((const char *const *)wanted, names))
      g_error ("“%s” is not to be met", (char *)names);
  for (guint i = 0; wanted[i] != NULL; i++)
    if (!g_hash_table_contains (seen, wanted[i]))
      g_error ("“%s” was not met", wanted[i]);
}

/* The model: names */

static void
test_changes_of_a_folder_come_in_their_order (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  start (fixture);
  put (fixture, "a", 0, "", 0);
  put (fixture, "b", 0, "", 0);
  put (fixture, "c", 0, "", 0);
  g_assert_cmpint (SEAM->unlink (fixture->dir, "a", 0), ==, 0);
  stop (fixture);

  assert_names (fixture, "|a |a b |a b c |b c ");
}

static void
test_folders_do_not_wait_for_each_other (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  make_folder (fixture, "x");
  make_folder (fixture, "y");
  start (fixture);
  put (fixture, "x/a", 0, "", 0);
  put (fixture, "y/b", 0, "", 0);
  stop (fixture);

  assert_names (fixture, "x y |x y x/a |x y y/b |x y x/a y/b ");
}

static void
test_syncing_a_file_does_not_sync_its_name (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  start (fixture);
  put (fixture, "a", 0, "text", 4);
  sync_file (fixture, "a");
  stop (fixture);

  assert_names (fixture, "|a ");
}

static void
test_syncing_a_folder_does_not_sync_its_own_name (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  start (fixture);
  make_folder (fixture, "x");
  put (fixture, "x/a", 0, "", 0);
  sync_file (fixture, "x");
  stop (fixture);

  assert_names (fixture, "|x x/a ");
}

static void
test_synced_names_stay (Fixture       *fixture,
                        gconstpointer  test_data)
{
  start (fixture);
  make_folder (fixture, "x");
  put (fixture, "x/a", 0, "", 0);
  sync_file (fixture, "x");
  sync_file (fixture, ".");
  put (fixture, "b", 0, "", 0);
  stop (fixture);

  assert_names (fixture, "x x/a |b x x/a ");
}

static void
test_syncfs_takes_in_all (Fixture       *fixture,
                          gconstpointer  test_data)
{
  start (fixture);
  make_folder (fixture, "x");
  put (fixture, "x/a", 0, "", 0);
  g_assert_cmpint (SEAM->syncfs (fixture->dir), ==, 0);
  stop (fixture);

  assert_names (fixture, "x x/a ");
}

static void
test_a_rename_is_all_or_nothing (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  put (fixture, "a", 0, "", 0);
  start (fixture);
  move (fixture, "a", "b");
  stop (fixture);

  assert_names (fixture, "a |b ");
}

static void
test_a_file_that_moves_is_never_nowhere (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  make_folder (fixture, "x");
  make_folder (fixture, "y");
  put (fixture, "x/a", 0, "", 0);
  start (fixture);
  move (fixture, "x/a", "y/a");
  stop (fixture);

  assert_names (fixture, "x y x/a |x y y/a |x y x/a y/a ");
}

/* Syncing where it came from takes it to where it goes; syncing where it goes leaves the old name open. */
static void
test_a_move_is_synced_with_either_folder (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  const char *folder = test_data;

  make_folder (fixture, "x");
  make_folder (fixture, "y");
  put (fixture, "x/a", 0, "", 0);
  start (fixture);
  move (fixture, "x/a", "y/a");
  sync_file (fixture, folder);
  stop (fixture);

  assert_names (fixture, strcmp (folder, "x") == 0 ? "x y y/a " : "x y y/a |x y x/a y/a ");
}

static void
test_a_folder_that_moves_is_at_one_place (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  make_folder (fixture, "x");
  make_folder (fixture, "old");
  put (fixture, "old/f", 0, "", 0);
  start (fixture);
  move (fixture, "old", "x/a");
  move (fixture, "x/a", "new");
  stop (fixture);

  assert_names (fixture, "x old old/f |x x/a |x new new/f ");
}

static void
test_links_are_names_of_one_file (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(PowerCutState) state = NULL;
  g_autofree char *a = g_build_filename (fixture->state, "a", NULL);
  g_autofree char *b = g_build_filename (fixture->state, "b", NULL);
  GStatBuf first, second;

  put (fixture, "a", 0, "text", 4);
  start (fixture);
  g_assert_cmpint (SEAM->link (fixture->dir, "a", fixture->dir, "b"), ==, 0);
  stop (fixture);

  assert_names (fixture, "a |a b ");
  state = power_cut_make_state (fixture->cut, 1, POWER_CUT_EVERYTHING, 0);
  power_cut_state_write (state, fixture->state);
  g_assert_cmpint (g_stat (a, &first), ==, 0);
  g_assert_cmpint (g_stat (b, &second), ==, 0);
  g_assert_cmpuint (first.st_ino, ==, second.st_ino);
}

/* The model: bytes */

#define BYTES (3 * 4096 + 100)

typedef enum
{
  NOT_THERE = 1 << 0,
  EMPTY     = 1 << 1,
  WHOLE     = 1 << 2,
  ZEROS     = 1 << 3, /* all of them */
  TORN      = 1 << 4, /* of full size, some sectors zeros and some not */
  SHORT     = 1 << 5, /* to the border of a page */
} Content;

static Content
classify (const char *content,
          gsize       size)
{
  guint n_zeros = 0, n_sectors = 0;

  if (content == NULL)
    return NOT_THERE;
  if (size == 0)
    return EMPTY;

  for (gsize at = 0; at < size; at += 512, n_sectors++)
    {
      gsize length = MIN (512, size - at);

      for (gsize i = 1; i < length; i++)
        g_assert_cmpint (content[at], ==, content[at + i]);
      g_assert_true (content[at] == 'n' || content[at] == '\0');
      n_zeros += content[at] == '\0' ? 1 : 0;
    }
  if (size != BYTES)
    {
      g_assert_cmpuint (size % 4096, ==, 0);
      return SHORT;
    }

  return n_zeros == 0 ? WHOLE : n_zeros == n_sectors ? ZEROS : TORN;
}

static void
note_content (Fixture  *fixture,
              guint     position,
              gpointer  user_data)
{
  gsize size;
  g_autofree char *content = read_state (fixture, "a", &size);

  *(guint *)user_data |= classify (content, size);
}

static guint
find_contents (Fixture *fixture)
{
  guint contents = 0;

  foreach_last_state (fixture, 300, note_content, &contents);

  return contents;
}

static void
test_unsynced_bytes_may_be_anything_between (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autofree char *text = g_strnfill (BYTES, 'n');

  start (fixture);
  put (fixture, "a", 0, text, BYTES);
  stop (fixture);

  g_assert_cmphex (find_contents (fixture), ==, NOT_THERE | EMPTY | WHOLE | ZEROS | TORN | SHORT);
}

static void
test_synced_bytes_stay (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autofree char *text = g_strnfill (BYTES, 'n');
  int fd;

  start (fixture);
  fd = SEAM->open (fixture->dir, "a", O_WRONLY | O_CREAT, 0600);
  g_assert_cmpint (SEAM->write (fd, text, BYTES), ==, BYTES);
  g_assert_cmpint (test_data != NULL ? SEAM->sync (fd) : SEAM->datasync (fd), ==, 0);
  SEAM->close (fd);
  stop (fixture);

  g_assert_cmphex (find_contents (fixture), ==, NOT_THERE | WHOLE);
}

/* A later write of a sector has what earlier ones wrote to it: memory goes to the disk, not calls */
static void
note_line (Fixture  *fixture,
           guint     position,
           gpointer  user_data)
{
  gsize size;
  g_autofree char *content = read_state (fixture, "a", &size);

  g_hash_table_add (user_data, g_strndup (content, size));
}

static void
test_a_sector_is_as_it_was_at_some_time (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  put (fixture, "a", 0, "1\n2\n3\n", 6);
  start (fixture);
  put (fixture, "a", 0, "4\n", 2);
  put (fixture, "a", O_APPEND, "5\n", 2);
  stop (fixture);
  foreach_last_state (fixture, 200, note_line, seen);

  g_assert_true (g_hash_table_contains (seen, "1\n2\n3\n"));
  g_assert_true (g_hash_table_contains (seen, "4\n2\n3\n"));
  g_assert_true (g_hash_table_contains (seen, "4\n2\n3\n5\n"));
  /* Its length grew and its bytes did not, as far as a C string tells */
  g_assert_cmpuint (g_hash_table_size (seen), ==, 3);
}

static void
test_making_a_file_shorter_may_not_have_happened (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  int fd;

  put (fixture, "a", 0, "123456", 6);
  start (fixture);
  fd = SEAM->open (fixture->dir, "a", O_RDWR, 0);
  g_assert_cmpint (SEAM->truncate (fd, 3), ==, 0);
  SEAM->close (fd);
  stop (fixture);
  foreach_last_state (fixture, 100, note_line, seen);

  g_assert_true (g_hash_table_contains (seen, "123456"));
  g_assert_true (g_hash_table_contains (seen, "123"));
  g_assert_cmpuint (g_hash_table_size (seen), ==, 2);
}

/* The record */

static int
copy_instead_of_clone (int from_fd,
                       int to_fd)
{
  struct stat from, to;

  g_assert_cmpint (fstat (from_fd, &from), ==, 0);
  g_assert_cmpint (fstat (to_fd, &to), ==, 0);
  if (from.st_ino == to.st_ino)
    {
      errno = EINVAL;
      return -1;
    }
  g_assert_cmpint (copy_file_range (from_fd, &(off64_t){ 0 }, to_fd, &(off64_t){ 0 }, (gsize)from.st_size, 0), ==, from.st_size);

  return 0;
}

static void
do_something (Fixture *fixture)
{
  g_autofree char *name = g_strdup_printf ("%s%c", g_test_rand_bit () ? "x/" : "", 'a' + g_test_rand_int_range (0, 6));
  g_autofree char *other = g_strdup_printf ("%s%c", g_test_rand_bit () ? "x/" : "", 'a' + g_test_rand_int_range (0, 6));
  g_autofree char *bytes = g_strnfill (5000, (char)g_test_rand_int_range ('a', 'z'));
  gsize size = (gsize)g_test_rand_int_range (0, 5000);
  static const int flags[] = { 0, O_APPEND, O_TRUNC };
  int fd = SEAM->open (fixture->dir, name, O_RDWR | O_CREAT | flags[g_test_rand_int_range (0, 3)], 0600);
  int to = SEAM->open (fixture->dir, other, O_RDWR | O_CREAT, 0600);

  g_assert_true (fd >= 0 && to >= 0);
  if (g_test_rand_bit ())
    lseek (fd, g_test_rand_int_range (0, 6000), SEEK_SET);
  SEAM->write (fd, bytes, size);
  switch (g_test_rand_int_range (0, 9))
    {
    case 0: SEAM->truncate (fd, (goffset)size); break;
    case 1: SEAM->allocate (fd, (goffset)size); break;
    case 2: SEAM->rename (fixture->dir, name, other); break;
    case 3: SEAM->unlink (fixture->dir, name, 0); break;
    case 4: SEAM->link (fixture->dir, name, fixture->dir, "linked"); break;
    case 5: SEAM->mkdir (fixture->dir, "x/y"); break;
    case 6: SEAM->unlink (fixture->dir, "x/y", AT_REMOVEDIR); break;
    case 7: SEAM->clone (fd, to); break;
    default: lseek (fd, 0, SEEK_SET); SEAM->copy_range (fd, to, size); break;
    }
  SEAM->close (fd);
  SEAM->close (to);
}

static void
test_the_record_has_everything (Fixture       *fixture,
                                gconstpointer  test_data)
{
  StrataSeam cloning = *_strata_seam_get_system ();

  cloning.clone = copy_instead_of_clone;
  make_folder (fixture, "x");
  for (guint run = 0; run < 20; run++)
    {
      _strata_seam = &cloning;
      start (fixture);
      for (guint i = 0; i < 50; i++)
        do_something (fixture);
      stop (fixture);
      _strata_seam = _strata_seam_get_system ();
      g_clear_pointer (&fixture->cut, power_cut_free);
    }
}

static void
test_what_fails_is_not_recorded (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  int fd;

  put (fixture, "a", 0, "text", 4);
  start (fixture);
  g_assert_cmpint (SEAM->open (fixture->dir, "a", O_RDWR | O_CREAT | O_EXCL, 0600), <, 0);
  g_assert_cmpint (errno, ==, EEXIST);
  g_assert_cmpint (SEAM->open (fixture->dir, "x/a", O_RDWR | O_CREAT, 0600), <, 0);
  g_assert_cmpint (errno, ==, ENOENT);
  g_assert_cmpint (SEAM->rename (fixture->dir, "b", "c"), <, 0);
  g_assert_cmpint (errno, ==, ENOENT);
  g_assert_cmpint (SEAM->unlink (fixture->dir, "b", 0), <, 0);
  g_assert_cmpint (SEAM->mkdir (fixture->dir, "a"), <, 0);
  g_assert_cmpint (errno, ==, EEXIST);
  fd = SEAM->open (fixture->dir, "a", O_RDONLY, 0);
  g_assert_cmpint (SEAM->write (fd, "x", 1), <, 0);
  g_assert_cmpint (errno, ==, EBADF);
  SEAM->close (fd);
  stop (fixture);

  g_assert_cmpuint (power_cut_get_length (fixture->cut), ==, 0);
}

static void
test_equal_states_have_equal_digests (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *text = g_strnfill (BYTES, 'n');

  start (fixture);
  make_folder (fixture, "x");
  put (fixture, "x/a", 0, text, BYTES);
  put (fixture, "b", 0, text, BYTES);
  stop (fixture);
  for (guint seed = 0; seed < 100; seed++)
    {
      g_autoptr(PowerCutState) first = power_cut_make_state (fixture->cut, 5, POWER_CUT_MIXED, seed);
      g_autoptr(PowerCutState) second = power_cut_make_state (fixture->cut, 5, POWER_CUT_MIXED, seed);
      g_autoptr(PowerCutState) nothing = power_cut_make_state (fixture->cut, 5, POWER_CUT_NOTHING, seed);
      g_autoptr(PowerCutState) everything = power_cut_make_state (fixture->cut, 5, POWER_CUT_EVERYTHING, seed);

      g_assert_true (_strata_digest_equal (power_cut_state_get_digest (first), power_cut_state_get_digest (second)));
      g_assert_false (_strata_digest_equal (power_cut_state_get_digest (nothing), power_cut_state_get_digest (everything)));
      power_cut_state_remove (everything, "x");
      power_cut_state_remove (everything, "b");
      g_assert_true (_strata_digest_equal (power_cut_state_get_digest (nothing), power_cut_state_get_digest (everything)));
    }
}

/* Programs that promise something. The wrong ones must be found out. */

/* What stands in the file before and after */
#define OLD_BYTES 1500
#define NEW_BYTES 3000

typedef struct
{
  const char *name;
  void      (*run) (Fixture *fixture, const char *text);
  gboolean    is_right;
  gboolean    appends; /* then what was not promised may be there in part */
} Program;

static void
write_new (Fixture    *fixture,
           const char *path,
           const char *text,
           gboolean    sync)
{
  put (fixture, path, O_TRUNC, text, NEW_BYTES);
  if (sync)
    sync_file (fixture, path);
}

static void
replace_well (Fixture    *fixture,
              const char *text)
{
  write_new (fixture, "new", text, TRUE);
  move (fixture, "new", "a");
  sync_file (fixture, ".");
}

static void
replace_well_all_at_once (Fixture    *fixture,
                          const char *text)
{
  write_new (fixture, "new", text, FALSE);
  g_assert_cmpint (SEAM->syncfs (fixture->dir), ==, 0);
  move (fixture, "new", "a");
  sync_file (fixture, ".");
}

static void
replace_by_unsynced (Fixture    *fixture,
                     const char *text)
{
  write_new (fixture, "new", text, FALSE);
  move (fixture, "new", "a");
  sync_file (fixture, ".");
}

static void
replace_and_sync_late (Fixture    *fixture,
                       const char *text)
{
  write_new (fixture, "new", text, FALSE);
  move (fixture, "new", "a");
  sync_file (fixture, "a");
  sync_file (fixture, ".");
}

static void
replace_and_forget_the_folder (Fixture    *fixture,
                               const char *text)
{
  write_new (fixture, "new", text, TRUE);
  move (fixture, "new", "a");
}

static void
write_over (Fixture    *fixture,
            const char *text)
{
  put (fixture, "a", 0, text, NEW_BYTES);
  sync_file (fixture, "a");
}

static void
write_anew (Fixture    *fixture,
            const char *text)
{
  put (fixture, "a", O_TRUNC, text, NEW_BYTES);
  sync_file (fixture, "a");
}

static void
remove_and_replace (Fixture    *fixture,
                    const char *text)
{
  write_new (fixture, "new", text, TRUE);
  g_assert_cmpint (SEAM->unlink (fixture->dir, "a", 0), ==, 0);
  move (fixture, "new", "a");
  sync_file (fixture, ".");
}

static void
append (Fixture    *fixture,
        const char *text,
        gboolean    sync)
{
  int fd = SEAM->open (fixture->dir, "a", O_WRONLY | O_APPEND, 0);

  g_assert_cmpint (SEAM->write (fd, text + OLD_BYTES, NEW_BYTES - OLD_BYTES), ==, NEW_BYTES - OLD_BYTES);
  if (sync)
    g_assert_cmpint (SEAM->datasync (fd), ==, 0);
  SEAM->close (fd);
}

static void
append_well (Fixture    *fixture,
             const char *text)
{
  append (fixture, text, TRUE);
}

static void
append_unsynced (Fixture    *fixture,
                 const char *text)
{
  append (fixture, text, FALSE);
}

static void
append_and_sync_the_folder (Fixture    *fixture,
                            const char *text)
{
  append (fixture, text, FALSE);
  sync_file (fixture, ".");
}

/* Never there in part, at the cost of a copy */
static void
append_to_copy (Fixture    *fixture,
                const char *text)
{
  int from = SEAM->open (fixture->dir, "a", O_RDONLY, 0);
  int to = SEAM->open (fixture->dir, "new", O_WRONLY | O_CREAT, 0600);

  g_assert_cmpint (SEAM->copy_range (from, to, OLD_BYTES), ==, OLD_BYTES);
  g_assert_cmpint (SEAM->write (to, text + OLD_BYTES, NEW_BYTES - OLD_BYTES), ==, NEW_BYTES - OLD_BYTES);
  g_assert_cmpint (SEAM->datasync (to), ==, 0);
  SEAM->close (from);
  SEAM->close (to);
  move (fixture, "new", "a");
  sync_file (fixture, ".");
}

static const Program programs[] = {
  { "replace", replace_well, TRUE, FALSE },
  { "replace-all-at-once", replace_well_all_at_once, TRUE, FALSE },
  { "append", append_well, TRUE, TRUE },
  { "append-to-copy", append_to_copy, TRUE, FALSE },
  { "unsynced", replace_by_unsynced, FALSE, FALSE },
  { "synced-late", replace_and_sync_late, FALSE, FALSE },
  { "folder-forgotten", replace_and_forget_the_folder, FALSE, FALSE },
  { "written-over", write_over, FALSE, FALSE },
  { "written-anew", write_anew, FALSE, FALSE },
  { "removed-first", remove_and_replace, FALSE, FALSE },
  { "append-unsynced", append_unsynced, FALSE, TRUE },
  { "append-other-sync", append_and_sync_the_folder, FALSE, TRUE },
};

typedef struct
{
  const Program *program;
  const char    *text;
  guint          promised_at;
  guint          n_broken;
} Trial;

static void
count_broken (Fixture  *fixture,
              guint     position,
              gpointer  user_data)
{
  Trial *trial = user_data;
  gsize size;
  g_autofree char *content = read_state (fixture, "a", &size);
  gboolean is_new = content != NULL && size == NEW_BYTES && memcmp (content, trial->text, size) == 0;
  gboolean is_old = content != NULL && size == OLD_BYTES && memcmp (content, trial->text, size) == 0;

  if (trial->program->appends && content != NULL && size >= OLD_BYTES && memcmp (content, trial->text, OLD_BYTES) == 0)
    is_old = TRUE;
  if (!is_new && (!is_old || position >= trial->promised_at))
    trial->n_broken++;
}

static char *
make_text (void)
{
  char *text = g_malloc0 (NEW_BYTES + 1);

  for (guint i = 0; i < NEW_BYTES; i++)
    text[i] = (char)g_test_rand_int_range ('A', 'z');

  return text;
}

static void
test_a_broken_promise_is_found (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *text = make_text ();
  Trial trial = { test_data, text, 0, 0 };

  /* The new begins with the old, so that only sizes and zeros can tell a mixture from them */
  put (fixture, "a", 0, text, OLD_BYTES);
  start (fixture);
  trial.program->run (fixture, text);
  trial.promised_at = power_cut_get_length (fixture->cut);
  stop (fixture);
  foreach_state_from (fixture, 0, 100, count_broken, &trial);

  if (trial.program->is_right)
    g_assert_cmpuint (trial.n_broken, ==, 0);
  else
    g_assert_cmpuint (trial.n_broken, >, 0);
}

/* SQLite */

typedef struct
{
  const char *name;
  const char *journal;
  const char *synchronous;
  guint       ignored;
  gboolean    is_right;
} Database;

static const Database databases[] = {
  { "wal", "WAL", "FULL", 0, TRUE },
  { "wal-normal", "WAL", "NORMAL", 0, FALSE },
  { "wal-unsynced", "WAL", "FULL", POWER_CUT_SYNC_SQLITE, FALSE },
  { "rollback", "DELETE", "EXTRA", 0, TRUE },
  { "rollback-full", "DELETE", "FULL", 0, FALSE },
  { "rollback-unsynced", "DELETE", "EXTRA", POWER_CUT_SYNC_SQLITE, FALSE },
};

typedef struct
{
  guint promised_at[20]; /* the n-th row is promised from here on */
  guint n_rows;
  guint n_broken;
} Rows;

static sqlite3 *
open_database (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "a", NULL);
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);

  return db;
}

static void
run_sql (sqlite3    *db,
         const char *sql)
{
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

static void
add_rows (Fixture        *fixture,
          const Database *database,
          Rows           *rows)
{
  sqlite3 *db = open_database (fixture->disk);
  g_autofree char *mode = g_strdup_printf ("PRAGMA journal_mode = %s; PRAGMA synchronous = %s; PRAGMA cache_size = 5",
                                          database->journal, database->synchronous);

  run_sql (db, mode);
  run_sql (db, "CREATE TABLE t (n INTEGER, b BLOB); CREATE INDEX i ON t (b)");
  for (guint i = 0; i < rows->n_rows; i++)
    {
      g_autofree char *sql = g_strdup_printf ("INSERT INTO t VALUES (%u, randomblob (3000))", i);

      run_sql (db, sql);
      rows->promised_at[i] = power_cut_get_length (fixture->cut);
      if (i % 4 == 3)
        run_sql (db, "PRAGMA wal_checkpoint; UPDATE t SET b = randomblob (2500) WHERE n % 3 = 0");
    }
  sqlite3_close (db);
}

/* Returns: rows, or G_MAXUINT where the database is damaged */
static guint
count_rows (const char *folder)
{
  sqlite3 *db = open_database (folder);
  sqlite3_stmt *statement = NULL;
  guint n = G_MAXUINT;

  if (sqlite3_prepare_v2 (db, "PRAGMA integrity_check", -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW && strcmp ((const char *)sqlite3_column_text (statement, 0), "ok") == 0)
    n = 0;
  sqlite3_finalize (statement);
  statement = NULL;
  if (n == 0 && sqlite3_prepare_v2 (db, "SELECT count(*) FROM t", -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW)
    n = (guint)sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (db);

  return n;
}

static void
check_rows (Fixture  *fixture,
            guint     position,
            gpointer  user_data)
{
  Rows *rows = user_data;
  guint n = count_rows (fixture->state);
  guint promised = 0;

  while (promised < rows->n_rows && rows->promised_at[promised] <= position)
    promised++;
  if (n == G_MAXUINT || n < promised)
    rows->n_broken++;
}

/* SQLite keeps its promises, so if they are broken the record is wrong; where it
 * does not wait for the disk they must be. With a rollback journal FULL promises
 * order but not durability: nothing waits for the removal of the journal.
 */
static void
test_a_database_survives (Fixture       *fixture,
                          gconstpointer  test_data)
{
  const Database *database = test_data;
  Rows rows = { { 0, }, 12, 0 };

  start (fixture);
  power_cut_ignore (fixture->cut, database->ignored);
  add_rows (fixture, database, &rows);
  stop (fixture);
  foreach_state_from (fixture, 0, g_getenv ("STRATA_TEST_LONG") != NULL ? 50 : 4, check_rows, &rows);

  if (database->is_right)
    g_assert_cmpuint (rows.n_broken, ==, 0);
  else
    g_assert_cmpuint (rows.n_broken, >, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  power_cut_prepare ();

#define ADD(path, data, func) g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)
  ADD ("/power-cut/names/order", NULL, test_changes_of_a_folder_come_in_their_order);
  ADD ("/power-cut/names/folders", NULL, test_folders_do_not_wait_for_each_other);
  ADD ("/power-cut/names/file-synced", NULL, test_syncing_a_file_does_not_sync_its_name);
  ADD ("/power-cut/names/folder-synced", NULL, test_syncing_a_folder_does_not_sync_its_own_name);
  ADD ("/power-cut/names/synced", NULL, test_synced_names_stay);
  ADD ("/power-cut/names/syncfs", NULL, test_syncfs_takes_in_all);
  ADD ("/power-cut/names/rename", NULL, test_a_rename_is_all_or_nothing);
  ADD ("/power-cut/names/move", NULL, test_a_file_that_moves_is_never_nowhere);
  ADD ("/power-cut/names/move-from-synced", "x", test_a_move_is_synced_with_either_folder);
  ADD ("/power-cut/names/move-to-synced", "y", test_a_move_is_synced_with_either_folder);
  ADD ("/power-cut/names/folder-moves", NULL, test_a_folder_that_moves_is_at_one_place);
  ADD ("/power-cut/names/link", NULL, test_links_are_names_of_one_file);
  ADD ("/power-cut/bytes/unsynced", NULL, test_unsynced_bytes_may_be_anything_between);
  ADD ("/power-cut/bytes/synced", "sync", test_synced_bytes_stay);
  ADD ("/power-cut/bytes/datasynced", NULL, test_synced_bytes_stay);
  ADD ("/power-cut/bytes/sector", NULL, test_a_sector_is_as_it_was_at_some_time);
  ADD ("/power-cut/bytes/shorter", NULL, test_making_a_file_shorter_may_not_have_happened);
  ADD ("/power-cut/record/complete", NULL, test_the_record_has_everything);
  ADD ("/power-cut/record/failures", NULL, test_what_fails_is_not_recorded);
  ADD ("/power-cut/record/digests", NULL, test_equal_states_have_equal_digests);
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *path = g_strdup_printf ("/power-cut/program/%s/%s", programs[i].is_right ? "right" : "wrong", programs[i].name);

      ADD (path, &programs[i], test_a_broken_promise_is_found);
    }
  for (guint i = 0; i < G_N_ELEMENTS (databases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/power-cut/sqlite/%s/%s", databases[i].is_right ? "right" : "wrong", databases[i].name);

      ADD (path, &databases[i], test_a_database_survives);
    }

  return g_test_run ();
}
