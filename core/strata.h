/* strata.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <base/strata-control.h>
#include <base/strata-error.h>
#include <base/strata-problem.h>
#include <base/strata-threads.h>
#include <json/strata-scalars.h>
#include <maintenance/strata-check.h>
#include <maintenance/strata-gc.h>
#include <maintenance/strata-compressor.h>
#include <maintenance/strata-statistics.h>
#include <migration/strata-export.h>
#include <migration/strata-follower.h>
#include <migration/strata-kept.h>
#include <migration/strata-migration.h>
#include <migration/strata-plan.h>
#include <migration/strata-repair.h>
#include <migration/strata-report.h>
#include <migration/strata-retirement.h>
#include <migration/strata-rollback.h>
#include <search/strata-query.h>
#include <search/strata-search-hit.h>
#include <search/strata-search-results.h>
#include <search/strata-search.h>
#include <store/strata-cache.h>
#include <store/strata-elements.h>
#include <store/strata-info.h>
#include <store/strata-item-model.h>
#include <store/strata-item.h>
#include <store/strata-new-attachment.h>
#include <store/strata-part-iterator.h>
#include <store/strata-session.h>
#include <store/strata-store-write.h>
#include <store/strata-store.h>
#include <store/strata-write-queue.h>
