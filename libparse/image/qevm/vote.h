/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vote.h - the guest's page tables say where its memory is: they have the physical
 * addresses of other page tables. At a right address of a block there are some.
 */
#ifndef ML_IMAGE_QEVM_VOTE_H
#define ML_IMAGE_QEVM_VOTE_H

#include "qevm.h"

/* Blocks of which all orders are tried. */
#define ML_QEVM_ORDER 5u
/* Blocks that names put in order: QEMU has no more NUMA nodes. */
#define ML_QEVM_NODES 128u

/* One place for a block: n pieces of it, from its beginning on. n 0: none. other_hole: the
 * hole below 4 GiB is not where the board has it by default. guessed: few page tables
 * say so. */
struct ml_qevm_spot {
	size_t block, n;
	bool other_hole, guessed;
	struct ml_load load[2];
};

/* Leave of a what b says, too. */
void ml_qevm_spot_common(struct ml_qevm_spot *a, const struct ml_qevm_spot *b);

struct ml_qevm_vote;

/* Collect the addresses that page tables in all blocks have. The caller frees. STOP. */
enum memlog_status ml_qevm_vote_begin(struct ml_qevm *q,
				      struct ml_qevm_vote **ret,
				      struct memlog_err *err);

/* Vote for n places. They may come again. */
enum memlog_status ml_qevm_vote(struct ml_qevm *q, struct ml_qevm_vote *v,
				const struct ml_qevm_spot *spots, size_t n,
				struct memlog_err *err);

/* Replace the spots of those blocks, or of their beginning, that are clearly somewhere.
 * spots has one for each block of q. */
void ml_qevm_vote_end(const struct ml_qevm *q, const struct ml_qevm_vote *v,
		      struct ml_qevm_spot *spots);

void ml_qevm_vote_free(const struct ml_qevm *q, struct ml_qevm_vote *v);

#endif
