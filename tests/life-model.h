/* life-model.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a store should hold, kept in memory in the most naive way: texts as strings,
 * rows as tables, what is needed found by looking at everything. It knows the rules of
 * docs/store-format.md and nothing of how the store keeps to them.
 *
 * Ids of attachments are "att-" and a number, and their content follows from the id, so that
 * several have the same. In texts they stand as strings without escapes; after
 * `"attachmentId":` they are meant to be attachments, elsewhere only if they are known.
 */

typedef struct
{
  char      *name;
  char      *value;    /* of one that is no list */
  GPtrArray *items;    /* char*; NULL: no list. The list of "video" is its member "chunks" */
} LifeMember;

typedef struct
{
  char       *key;
  gboolean    is_collection;
  GPtrArray  *members;  /* LifeMember; of a collection one without a name */
  GHashTable *rows;     /* attachment's id → sha256 of its bytes; "": it is missing */
} LifeOwner;

/* A deleted element */
typedef struct
{
  char       *key;
  char       *list;
  guint       index;
  char       *element;
  GHashTable *rows;
} LifeItem;

typedef struct
{
  GHashTable *owners;         /* key → LifeOwner */
  GHashTable *trash_sessions; /* key → GPtrArray of LifeOwner, the last deleted last */
  GHashTable *trash_items;    /* name → LifeItem */
} LifeModel;

LifeModel  *life_model_new            (void);
void        life_model_free           (LifeModel        *self);

/* Of an attachment: its bytes, and their digest. (transfer full) */
char       *life_make_content         (const char       *id);
char       *life_make_sha256          (const char       *id);

LifeMember *life_member_new           (const char       *name,
                                       const char       *value);
LifeMember *life_member_new_list      (const char       *name);
LifeOwner  *life_owner_new            (const char       *key,
                                       gboolean          is_collection);
void        life_owner_free           (LifeOwner        *self);
LifeOwner  *life_owner_copy           (LifeOwner        *self);
LifeMember *life_owner_find_member    (LifeOwner        *self,
                                       const char       *name);
/* The list of that name ("video.chunks" too), made where there is none */
GPtrArray  *life_owner_get_list       (LifeOwner        *self,
                                       const char       *list);
/* The whole value as JSON; (transfer full) */
char       *life_owner_get_text       (LifeOwner        *self);
/* A list's element with that id; @out_index: where. (transfer none) (nullable) */
const char *life_owner_find_item      (LifeOwner        *self,
                                       const char       *list,
                                       const char       *id,
                                       guint            *out_index);

LifeOwner  *life_model_get            (LifeModel        *self,
                                       const char       *key);
/* Whether any owner has the attachment's bytes */
gboolean    life_model_knows          (LifeModel        *self,
                                       const char       *id);
/* Gives the owner its rows after its text was changed from @before by writing @given: what is
 * not used any more loses its row, what is used in what was written gets one. Both "" where there is none
 */
void        life_model_settle_rows    (LifeModel        *self,
                                       LifeOwner        *owner,
                                       const char       *before,
                                       const char       *given);
/* The rows that go with an element into the trash. (transfer full) */
GHashTable *life_model_take_rows      (LifeOwner        *owner,
                                       const char       *element);

/* Objects: sha256 → how many rows of owners use it */
GHashTable *life_model_count_uses     (LifeModel        *self);
/* Objects that must be kept, for what is in the trash too: a set of sha256 */
GHashTable *life_model_list_needed    (LifeModel        *self);
/* Everything in the trash is gone for good */
void        life_model_purge          (LifeModel        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifeModel, life_model_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LifeOwner, life_owner_free)

G_END_DECLS
