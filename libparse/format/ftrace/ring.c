/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ring.c - the kernel's structs of a ring buffer: struct trace_buffer, and struct
 * ring_buffer_per_cpu of each CPU. */
#include "base/bytes.h"
#include "image/vmcoreinfo.h"
#include "view.h"

enum {
	ORDER_MAX = 7, /* of a sub-buffer: the kernel takes no more */
	CPU_MAX = 4096,
};

/* The end of the last of these members, 8 bytes each. */
static uint32_t ring_len(const struct ftrace_view *v,
			 enum ftrace_ring_member first,
			 enum ftrace_ring_member last)
{
	uint32_t len = 0;
	unsigned int i;

	for (i = first; i <= last; i++)
		if (v->off[i] != FTRACE_NONE && v->off[i] + 8 > len)
			len = v->off[i] + 8;
	return len;
}

uint32_t ml_ftrace_ring_cpu_len(const struct ftrace_view *v)
{
	return ring_len(v, RING_CPU_CPU, RING_CPU_READ);
}

uint32_t ml_ftrace_ring_page_len(const struct ftrace_view *v)
{
	/* a list is two pointers */
	return (uint32_t)ml_max(ring_len(v, RING_PAGE_LIST, RING_PAGE_DATA),
				v->off[RING_PAGE_LIST] + 16u);
}

static bool ring_u32(struct ftrace_view *v, uint64_t va, uint32_t *ret)
{
	uint8_t b[4];

	if (!ml_ftrace_kernel_read(&v->kernel, va, b, sizeof(b)))
		return false;
	*ret = ml_le32(b);
	return true;
}

/* How many CPUs it may have: newer kernels no longer keep that in it. */
static void ring_cpus(struct ftrace_view *v, struct ftrace_ring *r)
{
	uint64_t va;

	r->known = v->off[RING_BUFFER_CPUS] != FTRACE_NONE ?
			   ring_u32(v, r->va + v->off[RING_BUFFER_CPUS],
				    &r->cpus) :
			   ml_ftrace_view_symbol(v, "nr_cpu_ids", &va) &&
				   ring_u32(v, va, &r->cpus);
	/* no kernel has as few or as many */
	r->damaged = r->known && (!r->cpus || r->cpus > ML_FTRACE_CPUS);
	r->known &= !r->damaged;
	if (!r->known)
		r->cpus = ML_FTRACE_CPUS;
}

static bool ring_page_size(struct ftrace_view *v, struct ftrace_ring *r)
{
	uint64_t page = ML_PAGE;
	uint32_t order = 0;

	ml_vmcoreinfo_number(v->kernel.image, "PAGESIZE", &page);
	if (v->off[RING_BUFFER_ORDER] != FTRACE_NONE &&
	    !ring_u32(v, r->va + v->off[RING_BUFFER_ORDER], &order))
		return false;
	if (!ml_is_pow2(page) || page < ML_PAGE || page > ML_FTRACE_PAGE ||
	    order > ORDER_MAX || page << order > ML_FTRACE_SUBBUF)
		return false;
	r->page_size = (uint32_t)page << order;
	return true;
}

bool ml_ftrace_ring_open(struct ftrace_view *v,
			 const struct ftrace_holder *holder,
			 struct ftrace_ring *ret)
{
	if (ml_ftrace_ring_cpu_len(v) > CPU_MAX ||
	    ml_ftrace_ring_page_len(v) > FTRACE_NODE ||
	    !ml_ftrace_view_u64(v, holder->va + v->off[RING_HOLDER_BUFFER],
				&ret->va) ||
	    !ml_ftrace_view_u64(v, ret->va + v->off[RING_BUFFER_BUFFERS],
				&ret->buffers) ||
	    !ring_page_size(v, ret))
		return false;
	ring_cpus(v, ret);
	return true;
}

enum memlog_status ml_ftrace_ring_cpu(struct ftrace_view *v,
				      const struct ftrace_ring *ring,
				      uint32_t cpu, struct ftrace_ring_cpu *ret)
{
	const uint32_t *off = v->off;
	uint8_t b[CPU_MAX];
	struct {
		enum ftrace_ring_member member;
		uint64_t *to;
	} get[] = {
		{ RING_CPU_PAGES, &ret->pages },
		{ RING_CPU_HEAD, &ret->head },
		{ RING_CPU_COMMIT, &ret->commit },
		{ RING_CPU_READER, &ret->reader },
		{ RING_CPU_ENTRIES, &ret->entries },
		{ RING_CPU_OVERRUN, &ret->overrun },
		{ RING_CPU_READ, &ret->read },
	};
	size_t i;

	if (!ml_ftrace_view_u64(v, ring->buffers + 8 * (uint64_t)cpu, &ret->va))
		return MEMLOG_CORRUPT;
	if (!ret->va)
		return MEMLOG_NO_DATA;
	if (ret->va % 8 ||
	    !ml_ftrace_kernel_look(&v->kernel, ret->va, b,
				   ml_ftrace_ring_cpu_len(v)) ||
	    ml_le32(b + off[RING_CPU_CPU]) != cpu ||
	    ml_le64(b + off[RING_CPU_BUFFER]) != ring->va)
		return MEMLOG_CORRUPT;
	for (i = 0; i < sizeof(get) / sizeof(*get); i++)
		*get[i].to = off[get[i].member] == FTRACE_NONE ?
				     0 :
				     ml_le64(b + off[get[i].member]);
	return MEMLOG_OK;
}
