/* strata-element-loader.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include "strata-element-loader.h"
#include "strata-wording.h"
#include "strata-picture.h"

/* One decodes while the other waits for the disk; more would only be in the way of each other */
#define N_THREADS   2
/* Pictures that were shown are kept for when they come into view again */
#define MOST_BYTES  ((gsize)48 * 1024 * 1024)

/**
 * StrataElementLoader:
 *
 * Reads what there is to be shown of a session's elements: time, words, picture.
 * That is done by two threads, what was asked for last first, and what nobody waits
 * for any more not at all. Small pictures that were shown last are kept, up to 48 MiB.
 *
 * Threads: the main one only, which waits for nothing.
 */
struct _StrataElementLoader
{
  GObject      parent_instance;

  StrataStore *store;
  GThreadPool *pool;

  GHashTable  *kept;    /* Kept, by its key, which it owns */
  GQueue       order;   /* links of the same, that was used last first */
  gsize        bytes;
};

G_DEFINE_FINAL_TYPE (StrataElementLoader, strata_element_loader, G_TYPE_OBJECT)

/* An element */

typedef struct
{
  StrataElement element;
  gatomicrefcount references;
} Shared;

static StrataElement *
element_new (void)
{
  Shared *shared = g_new0 (Shared, 1);

  g_atomic_ref_count_init (&shared->references);

  return &shared->element;
}

StrataElement *
strata_element_ref (StrataElement *self)
{
  g_atomic_ref_count_inc (&((Shared *)self)->references);

  return self;
}

void
strata_element_unref (StrataElement *self)
{
  if (!g_atomic_ref_count_dec (&((Shared *)self)->references))
    return;

  g_clear_pointer (&self->time, g_date_time_unref);
  g_clear_object (&self->picture);
  g_free (self->text);
  g_free (self->attachment);
  g_free (self->problem);
  g_free (self);
}

/* What was shown before */

typedef struct
{
  GBytes        *json;
  int            width;
  int            height;
  StrataElement *element;
  gsize          bytes;
  GList          link;
} Kept;

static guint
kept_hash (gconstpointer key)
{
  const Kept *kept = key;

  return g_bytes_hash (kept->json) ^ (guint)kept->width;
}

static gboolean
kept_equal (gconstpointer a,
            gconstpointer b)
{
  const Kept *first = a;
  const Kept *second = b;

  return first->width == second->width && first->height == second->height && g_bytes_equal (first->json, second->json);
}

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_bytes_unref (kept->json);
  strata_element_unref (kept->element);
  g_free (kept);
}

static StrataElement *
find_kept (StrataElementLoader *self,
           GBytes              *json,
           int                  width,
           int                  height)
{
  const Kept wanted = { .json = json, .width = width, .height = height };
  Kept *kept = g_hash_table_lookup (self->kept, &wanted);

  if (kept == NULL)
    return NULL;

  g_queue_unlink (&self->order, &kept->link);
  g_queue_push_head_link (&self->order, &kept->link);

  return kept->element;
}

static void
drop_last (StrataElementLoader *self)
{
  Kept *kept = self->order.tail->data;

  g_queue_unlink (&self->order, &kept->link);
  self->bytes -= kept->bytes;
  g_hash_table_remove (self->kept, kept);
}

/* Large ones are looked at one at a time, and would drive out all others. */
static void
keep (StrataElementLoader *self,
      GBytes              *json,
      int                  width,
      int                  height,
      StrataElement       *element)
{
  gsize bytes = 1024 + strlen (element->text);
  Kept *kept;

  if (element->picture != NULL)
    bytes += (gsize)gdk_texture_get_width (element->picture) * (gsize)gdk_texture_get_height (element->picture) * 4;
  if (bytes > MOST_BYTES / 16 || find_kept (self, json, width, height) != NULL)
    return;

  kept = g_new0 (Kept, 1);
  /* A copy: a slice would keep the whole part in memory */
  kept->json = g_bytes_new (g_bytes_get_data (json, NULL), g_bytes_get_size (json));
  kept->width = width;
  kept->height = height;
  kept->element = strata_element_ref (element);
  kept->bytes = bytes + g_bytes_get_size (json);
  kept->link.data = kept;
  g_hash_table_add (self->kept, kept);
  g_queue_push_head_link (&self->order, &kept->link);
  self->bytes += kept->bytes;
  while (self->bytes > MOST_BYTES)
    drop_last (self);
}

/* Reading, on a thread */

/* The words of an element by where they lie, the best first */
static const char *const text_paths[] = {
  "aiAnalysis/summary",
  "enrichedTranscription",
  "transcription",
  "draftTranscription",
  "aiAnalysis/detectedActivity",
  "userComment",
};

typedef struct
{
  StrataElement *element;
  char          *texts[G_N_ELEMENTS (text_paths)];
} Reading;

static gboolean
read_cb (const char *const *path,
         const char        *text,
         gpointer           user_data)
{
  Reading *reading = user_data;
  g_autofree char *joined = g_strjoinv ("/", (char **)path);

  if (strcmp (joined, "timestamp") == 0 && reading->element->time == NULL)
    reading->element->time = strata_wording_parse_time (text);
  else if (strcmp (joined, "attachmentId") == 0 && reading->element->attachment == NULL)
    reading->element->attachment = g_strdup (text);
  for (guint i = 0; i < G_N_ELEMENTS (text_paths); i++)
    if (strcmp (joined, text_paths[i]) == 0 && reading->texts[i] == NULL)
      reading->texts[i] = g_strdup (text);

  return TRUE;
}

/* What is no JSON has no words. */
static void
read_facts (StrataElement *element,
            GBytes        *json)
{
  Reading reading = { .element = element };

  strata_scalars_visit (json, read_cb, &reading, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (text_paths); i++)
    {
      if (element->text == NULL && reading.texts[i] != NULL && *reading.texts[i] != '\0')
        element->text = g_steal_pointer (&reading.texts[i]);
      g_free (reading.texts[i]);
    }
  if (element->text == NULL)
    element->text = g_strdup ("");
}

static GdkTexture *
read_picture (StrataStore   *store,
              const char    *id,
              int            width,
              int            height,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr(StrataAttachmentInfo) info = strata_store_find_attachment (store, id, error);
  g_autoptr(GInputStream) stream = info != NULL ? strata_store_open_attachment (store, info, error) : NULL;

  return stream != NULL ? strata_picture_decode (stream, width, height, cancellable, error) : NULL;
}

typedef struct
{
  StrataStore *store;
  GBytes      *json;
  int          width;
  int          height;
  guint        number;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->store);
  g_bytes_unref (request->json);
  g_free (request);
}

static void
load_worker (gpointer data,
             gpointer user_data)
{
  g_autoptr(GTask) task = data;
  const Request *request = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr(StrataElement) element = NULL;
  g_autoptr(GError) error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return;

  element = element_new ();
  read_facts (element, request->json);
  if (request->width > 0 && element->attachment != NULL)
    element->picture = read_picture (request->store, element->attachment, request->width, request->height, cancellable, &error);
  if (error != NULL)
    element->problem = g_strdup (error->message);
  g_task_return_pointer (task, g_steal_pointer (&element), (GDestroyNotify)strata_element_unref);
}

/* The last request is the first to be done */
static int
compare_requests (gconstpointer a,
                  gconstpointer b,
                  gpointer      user_data)
{
  const Request *first = g_task_get_task_data ((GTask *)a);
  const Request *second = g_task_get_task_data ((GTask *)b);

  return first->number > second->number ? -1 : first->number < second->number;
}

/**
 * strata_element_loader_load_async:
 * @json: the element
 * @width: the picture is at most so wide, in pixels; 0: without a picture
 * @height: and at most so high
 *
 * Reads an element. A picture that can't be read is a problem of the element, not of the call.
 */
void
strata_element_loader_load_async (StrataElementLoader *self,
                                  GBytes              *json,
                                  int                  width,
                                  int                  height,
                                  GCancellable        *cancellable,
                                  GAsyncReadyCallback  callback,
                                  gpointer             user_data)
{
  static guint number;
  g_autoptr(GTask) task = NULL;
  StrataElement *kept;
  Request *request;

  g_return_if_fail (STRATA_IS_ELEMENT_LOADER (self));
  g_return_if_fail (json != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_element_loader_load_async);
  request = g_new0 (Request, 1);
  request->store = g_object_ref (self->store);
  request->json = g_bytes_ref (json);
  request->width = width;
  request->height = height;
  request->number = number++;
  g_task_set_task_data (task, request, request_free);

  kept = find_kept (self, json, width, height);
  if (kept != NULL)
    g_task_return_pointer (task, strata_element_ref (kept), (GDestroyNotify)strata_element_unref);
  else
    g_thread_pool_push (self->pool, g_steal_pointer (&task), NULL);
}

/**
 * strata_element_loader_load_finish:
 *
 * Returns: (transfer full): the element; or %NULL with @error set where it was cancelled
 */
StrataElement *
strata_element_loader_load_finish (StrataElementLoader  *self,
                                   GAsyncResult         *result,
                                   GError              **error)
{
  StrataElement *element;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  element = g_task_propagate_pointer (G_TASK (result), error);
  if (element != NULL)
    {
      const Request *request = g_task_get_task_data (G_TASK (result));

      keep (self, request->json, request->width, request->height, element);
    }

  return element;
}

/* What draws the pictures belongs to the main thread: whoever shows them disposes of the loader there. */
static void
strata_element_loader_dispose (GObject *object)
{
  StrataElementLoader *self = STRATA_ELEMENT_LOADER (object);

  g_queue_init (&self->order);
  g_hash_table_remove_all (self->kept);
  self->bytes = 0;

  G_OBJECT_CLASS (strata_element_loader_parent_class)->dispose (object);
}

/* Each request holds the loader: there is none left. The last one may be dropped by its thread. */
static void
strata_element_loader_finalize (GObject *object)
{
  StrataElementLoader *self = STRATA_ELEMENT_LOADER (object);

  g_thread_pool_free (self->pool, FALSE, FALSE);
  g_hash_table_unref (self->kept);
  g_object_unref (self->store);

  G_OBJECT_CLASS (strata_element_loader_parent_class)->finalize (object);
}

static void
strata_element_loader_class_init (StrataElementLoaderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_element_loader_dispose;
  object_class->finalize = strata_element_loader_finalize;
}

static void
strata_element_loader_init (StrataElementLoader *self)
{
  self->kept = g_hash_table_new_full (kept_hash, kept_equal, kept_free, NULL);
  g_queue_init (&self->order);
  self->pool = g_thread_pool_new (load_worker, NULL, N_THREADS, FALSE, NULL);
  g_thread_pool_set_sort_function (self->pool, compare_requests, NULL);
}

/**
 * strata_element_loader_new:
 * @store: where the attachments are
 *
 * Returns: (transfer full)
 */
StrataElementLoader *
strata_element_loader_new (StrataStore *store)
{
  StrataElementLoader *self = g_object_new (STRATA_TYPE_ELEMENT_LOADER, NULL);

  self->store = g_object_ref (store);

  return self;
}
