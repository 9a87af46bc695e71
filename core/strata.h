/* strata.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <base/strata-error.h>
#include <base/strata-problem.h>
#include <base/strata-threads.h>
