/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* newest.h - keep the last records of a log, however long it is. */
#ifndef ML_RECORD_NEWEST_H
#define ML_RECORD_NEWEST_H

#include "base/alloc.h"
#include "memlog.h"

struct ml_newest;

/* Keep the last count lines, each of one record or several, and the lines of context
 * (MEMLOG_REC_CONTEXT) that are added with them: of those before the first of the count
 * lines, `before' of them. What stays of a line that is no longer one of the count is
 * context, too. Never more than ML_MAX_NEWEST bytes are kept: if that is too little the
 * oldest are dropped first. The caller destroys it; alloc is copied. */
enum memlog_status ml_newest_create(const struct memlog_allocator *alloc,
				    uint64_t count, uint64_t before,
				    struct ml_newest **ret,
				    struct memlog_err *err);
void ml_newest_destroy(struct ml_newest *n);

/* Keep a copy of a record of the line with this number, which never gets smaller. Only
 * rec->log and the names of its fields are still borrowed. */
enum memlog_status ml_newest_add(struct ml_newest *n,
				 const struct memlog_record *rec,
				 uint64_t number, struct memlog_err *err);

/* The oldest record kept, valid until the next call; NULL after the last. */
const struct memlog_record *ml_newest_take(struct ml_newest *n,
					   uint64_t *ret_number);

/* Records dropped for lack of room. *ret_number, if not NULL: of the line of the last
 * one. */
uint64_t ml_newest_dropped(const struct ml_newest *n, uint64_t *ret_number);

#endif
