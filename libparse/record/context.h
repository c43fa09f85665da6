/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * context.h - the lines around those that match, as grep(1) has them.
 *
 * Lines have numbers, from 1 on. What is selected comes out in order, each line once:
 * those that match, and with MEMLOG_REC_CONTEXT those at most `before' ahead of one and
 * `after' after one. A line of several records is printed whole once it matches.
 */
#ifndef ML_RECORD_CONTEXT_H
#define ML_RECORD_CONTEXT_H

#include "base/alloc.h"
#include "memlog.h"

struct ml_context;

/* Take a record that was selected, and the number of its line. */
typedef enum memlog_status ml_context_put(void *arg,
					  const struct memlog_record *rec,
					  uint64_t number,
					  struct memlog_err *err);

/* The caller destroys it; alloc is copied. The lines held for `before' are bounded as
 * in newest.h. */
enum memlog_status ml_context_create(const struct memlog_allocator *alloc,
				     uint64_t before, uint64_t after,
				     struct ml_context **ret,
				     struct memlog_err *err);
void ml_context_destroy(struct ml_context *c);

/* The next record of the log. matched: it is one to print, or the rest of one. */
enum memlog_status ml_context_take(struct ml_context *c,
				   const struct memlog_record *rec,
				   bool matched, ml_context_put *put, void *arg,
				   struct memlog_err *err);

/* What comes next is not context of anything before. */
void ml_context_cut(struct ml_context *c);

/* Were lines left out before one that matched, for lack of room? */
bool ml_context_dropped(const struct ml_context *c);

/* Is nothing more to come unless another line matches? */
bool ml_context_done(const struct ml_context *c);

#endif
