/* stratactl-private.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <json-glib/json-glib.h>

#include <strata.h>

G_BEGIN_DECLS

/* What stratactl was asked for, and what it says. Commands run on a worker
 * thread and return their exit status; the main thread shows progress.
 */
enum
{
  EXIT_DONE = 0,
  EXIT_WARNINGS = 1,
  EXIT_USAGE = 2,
  EXIT_IN_USE = 3,
  EXIT_SOURCE = 4,
  EXIT_WRITE = 5,
  EXIT_DAMAGE = 6,
  EXIT_NEWER = 7,
  EXIT_NOT_FOUND = 8,
  EXIT_INTERNAL = 70,
  EXIT_PAUSED = 130,
};

/* What a number is that was not given */
#define NOT_GIVEN G_MININT

typedef struct _Command Command;

typedef struct
{
  const Command  *command;
  char           *store_path;
  gboolean        json;
  gboolean        quiet;

  /* Options of single commands */
  int             batch;
  char           *source;
  char           *attachments_path;
  gboolean        no_recovered;
  char           *videos;
  gboolean        compress;
  gboolean        all;
  int             older_than;
  char           *images;
  int             quality;
  int             level;
  int             limit;
  char           *sort;
  gboolean        metadata;
  gboolean        parts;
  char           *part;
  char           *output;
  char           *format;
  gboolean        explain;
  char           *attachment;
  char           *item;
  gboolean        dry_run;
  gboolean        purge;
  gboolean        keep;
  gboolean        discard;
  char           *export_path;
  gboolean        restore;
  gboolean        no_restore;
  gboolean        undo;
  gboolean        now;
  int             slice;
  gboolean        repair;
  gboolean        drill;

  char          **arguments;
  GCancellable   *cancellable;

  /* Set by what runs: guarded by the mutex */
  GMutex          mutex;
  GObject        *work;       /* a migration, a compressor, or what has the properties step and fraction; or NULL */
  guint64         indexed;
  guint64         to_index;   /* 0: nothing is indexed */
} Invocation;

struct _Command
{
  const char   *name;
  int         (*run) (Invocation *invocation);
  const char   *arguments;
  const char   *summary;
  guint         min_arguments;
  guint         max_arguments;
};

int           command_plan         (Invocation *invocation);
int           command_migrate      (Invocation *invocation);
int           command_retry        (Invocation *invocation);
int           command_pause        (Invocation *invocation);
int           command_resume       (Invocation *invocation);
int           command_cancel       (Invocation *invocation);
int           command_status       (Invocation *invocation);
int           command_list         (Invocation *invocation);
int           command_show         (Invocation *invocation);
int           command_attachments  (Invocation *invocation);
int           command_attachment   (Invocation *invocation);
int           command_export       (Invocation *invocation);
int           command_set          (Invocation *invocation);
int           command_append       (Invocation *invocation);
int           command_attach       (Invocation *invocation);
int           command_delete       (Invocation *invocation);
int           command_undelete     (Invocation *invocation);
int           command_gc           (Invocation *invocation);
int           command_report       (Invocation *invocation);
int           command_rollback     (Invocation *invocation);
int           command_keep         (Invocation *invocation);
int           command_retire       (Invocation *invocation);
int           command_verify       (Invocation *invocation);
int           command_search       (Invocation *invocation);
int           command_reindex      (Invocation *invocation);
int           command_stats        (Invocation *invocation);
int           command_compress     (Invocation *invocation);
int           command_decompress   (Invocation *invocation);

/* Keys of the sessions that the arguments name; (transfer full): or %NULL with @error set */
char        **find_session_keys    (Invocation   *invocation,
                                    StrataStore  *store,
                                    GError      **error);

/* stratactl-progress.c */
void          start_progress       (Invocation      *invocation);
/* The work whose progress is to be shown. Any thread. */
void          set_work             (Invocation      *invocation,
                                    GObject         *work);
void          end_progress         (Invocation      *invocation);
/* A StrataSearchProgressFunc; @invocation: whose progress is shown */
void          show_indexing        (guint64          done,
                                    guint64          total,
                                    gpointer         invocation);

/* stratactl-migrate.c: runs it, and says what came of it; @only_state: no more than that */
int           run_migration        (Invocation      *invocation,
                                    StrataMigration *migration,
                                    gboolean         only_state);

/* stratactl-control.c: how a job of the store is, in whatever process, after @command: an
 * object with at least `state`; or %NULL with @error set, as of strata_control_ask() */
JsonNode     *ask_job              (Invocation   *invocation,
                                    const char   *job,
                                    const char   *command,
                                    GError      **error);
int           print_state          (Invocation   *invocation,
                                    const char   *state);

/* stratactl-output.c */
StrataStore  *open_store           (Invocation   *invocation,
                                    int          *out_status);
int           fail                 (Invocation   *invocation,
                                    const char   *path,
                                    const GError *error);
int           fail_usage           (Invocation   *invocation,
                                    const char   *message);
int           fail_with            (Invocation   *invocation,
                                    const GError *error,
                                    JsonBuilder  *document);
int           status_of_error      (const GError *error);
int           status_of_problems   (GPtrArray    *problems);
void          print_document       (JsonBuilder  *builder);
void          print_problems       (GPtrArray    *problems);
int           print_stream         (Invocation   *invocation,
                                    GInputStream *stream,
                                    gboolean      newline,
                                    const char   *path);
char         *shown                (const char   *text);

/* Names and values of an object under construction */
void          add_string           (JsonBuilder  *builder,
                                    const char   *name,
                                    const char   *value);
void          add_uint             (JsonBuilder  *builder,
                                    const char   *name,
                                    guint64       value);
void          add_double           (JsonBuilder  *builder,
                                    const char   *name,
                                    double        value);
void          add_bool             (JsonBuilder  *builder,
                                    const char   *name,
                                    gboolean      value);
void          add_null             (JsonBuilder  *builder,
                                    const char   *name);
void          add_problems         (JsonBuilder  *builder,
                                    GPtrArray    *problems);
void          add_error            (JsonBuilder  *builder,
                                    const char   *path,
                                    const GError *error);
void          begin_object         (JsonBuilder  *builder,
                                    const char   *name);
void          begin_array          (JsonBuilder  *builder,
                                    const char   *name);

/* stratactl-rollback.c: whether there is a way back, and for how long */
void          add_way_back         (JsonBuilder  *builder,
                                    StrataStore  *store);
void          print_way_back       (StrataStore  *store);

/* stratactl-search.c: makes the index follow the store; what fails is said, and is no failure */
void          update_index         (Invocation   *invocation,
                                    StrataStore  *store);

G_END_DECLS
