/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hostmap.c - guest physical addresses of memory in a process. */
#include "hostmap.h"

#include "base/bytes.h"
#include "base/err.h"
#include "board.h"

#define GIB (UINT64_C(1) << 30)

/* From this size on machines of x86 put a part of memory above 4 GiB, and do not agree
 * which: q35 all beyond 2 GiB, and pc, but from a larger size on, all beyond 3 GiB. */
#define ONE_PIECE    UINT64_C(0xb0000000)
#define ONE_PIECE_PC UINT64_C(0xe0000000)

static enum memlog_status hostmap_block(struct memlog_image *image,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	struct memlog_range r;
	uint64_t at;

	*ret = (struct memlog_range){ 0, 0 };
	for (at = 0; !memlog_image_next_range(image, MEMLOG_HOST, at, &r, NULL);
	     at = r.end)
		if (r.end - r.start > ret->end - ret->start)
			*ret = r;
	return ret->end ? MEMLOG_OK :
			  ml_fail(err, MEMLOG_NO_DATA, "it has no memory");
}

/* The block has len bytes of the guest's memory, from phys on. */
static enum memlog_status hostmap_add(struct memlog_image *image,
				      uint64_t block, uint64_t phys,
				      uint64_t len, struct memlog_err *err)
{
	const struct ml_space *host = &image->spaces[MEMLOG_HOST];
	const struct ml_file memory = { .ops = host->ops,
					.self = host->self,
					.size = UINT64_MAX,
					.name = image->name };
	struct ml_load in = { phys, len, block, 0 };
	struct ml_load out = { block, len, block, 0 };
	struct ml_loads_twin twin = { .space = MEMLOG_PHYS,
				      .other = MEMLOG_HOST,
				      .page_size = host->ops->page_size,
				      .flags = host->ops->flags };
	enum memlog_status s;

	s = ml_loads_init(&twin.loads, &in, 1, UINT64_MAX, image, err);
	if (s)
		return s;
	s = ml_loads_init(&twin.back, &out, 1, UINT64_MAX, image, err);
	if (s) {
		ml_loads_fini(&twin.loads);
		return s;
	}
	s = ml_loads_add_twin(image, &memory, &twin, err);
	if (!s)
		image->in_host = (struct ml_in_host){ block, phys, len };
	return s;
}

enum memlog_status ml_hostmap_assume(struct memlog_image *image, int which,
				     struct memlog_err *err)
{
	struct memlog_range block;
	enum memlog_status s = hostmap_block(image, &block, err);
	uint64_t len = block.end - block.start;

	if (s)
		return s;
	if (which == ML_HOSTMAP_VIRT)
		return hostmap_add(image, block.start, GIB, len, err);
	if (which == ML_HOSTMAP_PC)
		return len < ONE_PIECE ?
			       MEMLOG_NO_DATA :
			       hostmap_add(image, block.start, 0,
					   len < ONE_PIECE_PC ? len : 3 * GIB,
					   err);
	return hostmap_add(image, block.start, 0,
			   len < ONE_PIECE ? len : 2 * GIB, err);
}

void ml_hostmap_drop(struct memlog_image *image)
{
	image->in_host = (struct ml_in_host){ 0 };
	ml_image_drop_space(image, MEMLOG_PHYS);
}
