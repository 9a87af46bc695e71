/* strata-query-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-kind-private.h"
#include "strata-query.h"

G_BEGIN_DECLS

/* A query as a tree. Negation is at the leaves only: what stood before a
 * parenthesis was moved inside it.
 */
typedef enum
{
  STRATA_QUERY_AND,
  STRATA_QUERY_OR,
  STRATA_QUERY_TEXT,
  STRATA_QUERY_FILTER,
} StrataQueryKind;

typedef enum
{
  STRATA_FIELD_TOPIC,
  STRATA_FIELD_TAG,
  STRATA_FIELD_TASK,
  STRATA_FIELD_COMPANY,
  STRATA_FIELD_CONTACT,
  STRATA_FIELD_CATEGORY,
  STRATA_FIELD_SUBCATEGORY,
  STRATA_FIELD_STATUS,
  STRATA_N_INDEXED_FIELDS,

  STRATA_FIELD_KIND = STRATA_N_INDEXED_FIELDS,
  STRATA_FIELD_HAS,
  STRATA_FIELD_BEFORE,
  STRATA_FIELD_AFTER,
  STRATA_FIELD_ON,
  STRATA_N_FIELDS,
} StrataField;

typedef struct _StrataQueryNode StrataQueryNode;

struct _StrataQueryNode
{
  StrataQueryKind  kind;
  gboolean         negated;     /* of leaves */
  GPtrArray       *children;    /* (element-type StrataQueryNode) of AND and OR */

  char            *text;        /* of leaves: as it was typed, without quotes */
  char           **tokens;      /* TEXT: at least one */
  gboolean         is_prefix;   /* TEXT: the last token is the beginning of a word */

  StrataField      field;       /* FILTER */
  guint            set;         /* FILTER kind: 1 << StrataKind; has: StrataHas */
  gint64           from_ms;     /* FILTER of a date: since 1970, inclusive; G_MININT64: no limit */
  gint64           to_ms;       /* exclusive; G_MAXINT64: no limit */
};

/* At most so many leaves are taken of a query, the rest is left out */
#define STRATA_QUERY_MAX_LEAVES 64

/* (nullable): NULL for a query that asks for nothing. An AND at the top has what
 * all must have, in the order it was typed.
 */
const StrataQueryNode *_strata_query_get_root  (StrataQuery *self);

const char            *_strata_field_get_name  (StrataField  field);
/* STRATA_N_FIELDS: there is none of that name */
StrataField            _strata_field_parse     (const char  *name,
                                                gsize        length);

/* What "2025-10-01", "2025-10", "2025", "today" and "yesterday" stand for where
 * the user is: from its first instant to before the first after it.
 */
gboolean               _strata_query_parse_day (const char  *text,
                                                GTimeZone   *zone,
                                                gint64       now_ms,
                                                gint64      *out_from_ms,
                                                gint64      *out_to_ms);

/* As strata_query_new(), at another place and time. */
StrataQuery           *_strata_query_new_at    (const char  *text,
                                                GTimeZone   *zone,
                                                gint64       now_ms);

/* Part of a tree, in words; appended to @out */
void                   _strata_query_explain_node (const StrataQueryNode *node,
                                                   GString               *out);

G_END_DECLS
