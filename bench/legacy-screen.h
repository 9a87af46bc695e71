/* legacy-screen.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-random.h"
#include "legacy-text.h"

G_BEGIN_DECLS

typedef struct _LegacyScreen LegacyScreen;

LegacyScreen *legacy_screen_new           (LegacyText         *text,
                                           const LegacyRandom *random,
                                           int                 width,
                                           int                 height);
void          legacy_screen_free          (LegacyScreen       *self);

void          legacy_screen_step          (LegacyScreen       *self,
                                           gint64              time_ms);
GBytes       *legacy_screen_get_jpeg      (LegacyScreen       *self);
GBytes       *legacy_screen_get_thumbnail (LegacyScreen       *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LegacyScreen, legacy_screen_free)

G_END_DECLS
