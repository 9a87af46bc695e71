/* strata-element-loader.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gdk/gdk.h>
#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_ELEMENT_LOADER (strata_element_loader_get_type ())

typedef struct _StrataElement StrataElement;

/**
 * StrataElement:
 * @time: (nullable): when it was, where people are
 * @text: what it says, or shows in words; maybe ""
 * @attachment: (nullable): id of its picture or sound
 * @picture: (nullable): as large as it was asked for at most
 * @problem: (nullable): why there is no picture
 *
 * What is shown of a screenshot or a recording. Immutable; shared by reference.
 */
struct _StrataElement
{
  GDateTime  *time;
  char       *text;
  char       *attachment;
  GdkTexture *picture;
  char       *problem;
};

G_DECLARE_FINAL_TYPE (StrataElementLoader, strata_element_loader, STRATA, ELEMENT_LOADER, GObject)

StrataElementLoader *strata_element_loader_new         (StrataStore          *store);

void                 strata_element_loader_load_async  (StrataElementLoader  *self,
                                                        GBytes               *json,
                                                        int                   width,
                                                        int                   height,
                                                        GCancellable         *cancellable,
                                                        GAsyncReadyCallback   callback,
                                                        gpointer              user_data);
StrataElement       *strata_element_loader_load_finish (StrataElementLoader  *self,
                                                        GAsyncResult         *result,
                                                        GError              **error);

StrataElement       *strata_element_ref                (StrataElement        *self);
void                 strata_element_unref              (StrataElement        *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataElement, strata_element_unref)

G_END_DECLS
