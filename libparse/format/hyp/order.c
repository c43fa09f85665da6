/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order.c - the order in which a CPU's pages were written.
 *
 * The reader's page comes first. The others are linked in a ring; a mark in a
 * link shows the head, the oldest, and the writer's struct simple_rb_per_cpu the
 * tail. What is after the tail was consumed and not yet overwritten. Stamps do
 * not give the order: when a guest runs they may go backwards. Where the links
 * cannot be read the kernel knows them, or it is a guess.
 */
#include "hyp.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "layout.h"
#include "order.h"
#include "structs.h"

enum {
	WRITING = 2,
	COMMIT = (1 << 27) - 1, /* the rest are flags of a reader */
};

/* Where the address of a page is: in the descriptor, or in its node. */
static uint64_t order_listed(const struct hyp *h, const struct hyp_cpu *cpu,
			     uint32_t i)
{
	const struct hyp_layout *l = ml_hyp_layout(h);

	return l->meta ?
		       ml_hyp_phys(h, cpu->entry + HYP_PART + 8 * (uint64_t)i) :
		       cpu->nodes + (uint64_t)i * l->node + HYP_NODE_PAGE;
}

static bool order_load_pages(struct hyp_order *o, struct memlog_image *image,
			     const struct hyp *h, const struct hyp_cpu *cpu)
{
	uint8_t b[HYP_PAGE_HEADER];
	struct hyp_page *p;
	uint32_t i;

	for (i = 0; i < o->n; i++) {
		p = &o->page[i];
		if (!ml_hyp_read(image, order_listed(h, cpu, i), b, 8))
			return false;
		p->va = ml_le64(b);
		if (p->va % ML_PAGE)
			return false;
		p->phys = ml_hyp_phys(h, p->va);
		p->there = ml_hyp_read(image, p->phys, b, sizeof(b));
		if (!p->there)
			continue;
		p->stamp = ml_le64(b);
		p->commit = (uint32_t)ml_min(ml_le64(b + 8) & COMMIT,
					     ml_hyp_capacity(h));
	}
	return true;
}

/* The index of the node at an address of the writer; o->n: none. */
static uint32_t order_index(const struct hyp_order *o, const struct hyp *h,
			    const struct hyp_cpu *cpu, uint64_t va)
{
	uint64_t off = va - cpu->nodes_va, node = ml_hyp_layout(h)->node;

	return off % node || off / node >= o->n ? o->n : (uint32_t)(off / node);
}

static void order_load_links(struct hyp_order *o, struct memlog_image *image,
			     const struct hyp *h, const struct hyp_cpu *cpu)
{
	const struct hyp_layout *l = ml_hyp_layout(h);
	uint8_t b[HYP_NODE];
	uint64_t next;
	uint32_t i;

	for (i = 0; i < o->n; i++) {
		if (!ml_hyp_node_read(image, h, cpu, i, b) ||
		    ml_le64(b + HYP_NODE_PAGE) != o->page[i].va + cpu->shift ||
		    (l->node_id && ml_le32(b + l->node_id) != i &&
		     ml_le32(b + l->node_id) != UINT32_MAX))
			return;
		o->page[i].write = ml_le32(b + l->node_write);
		next = ml_le64(b + HYP_NODE_NEXT);
		o->page[i].next = order_index(o, h, cpu,
					      next & ~(uint64_t)HYP_LINK_FLAGS);
		if (o->page[i].next == o->n)
			return;
		if (next & HYP_LINK_FLAGS && i != o->reader) {
			o->has_head = true;
			o->head = o->page[i].next;
		}
	}
	o->linked = o->has_head;
	if (o->linked && cpu->rb) {
		o->tail = order_index(o, h, cpu,
				      ml_le64(cpu->rb_bytes + l->rb_tail));
		o->has_tail = o->tail < o->n;
	}
}

/* Has a reader taken a page since the buffer was reset? If not, page 0 is the
 * reader's, and empty. */
static bool order_was_read(const struct hyp_order *o, const struct hyp_cpu *cpu)
{
	return !cpu->has_meta || o->reader || o->page[0].commit ||
	       cpu->meta.lost;
}

/* Without a meta page: the reader's page is the oldest. */
static void order_guess_reader(struct hyp_order *o)
{
	uint32_t i;

	for (i = 0, o->reader = 0; i < o->n; i++)
		if (o->page[i].commit &&
		    (!o->page[o->reader].commit ||
		     o->page[i].stamp < o->page[o->reader].stamp))
			o->reader = i;
}

/* From the head to the tail. False: the links do not lead there. */
static bool order_follow(struct hyp_order *o)
{
	uint32_t at = o->head;

	/* the writer is still on the page that the reader took */
	if (o->has_tail && o->tail == o->reader)
		return true;
	while (o->n_list < o->n) {
		if (at == o->reader || o->page[at].live)
			break;
		if (!o->has_tail && !o->page[at].commit)
			return true;
		o->page[at].live = true;
		o->list[o->n_list++] = at;
		if (o->has_tail && at == o->tail)
			return true;
		at = o->page[at].next;
	}
	/* all the way round: the ring is full, unless some was read */
	return !o->has_tail && at == o->head && o->n_list == o->n - 1;
}

/* Drop what was consumed long ago, as far as stamps show it: it is after the
 * tail, and older than the head. */
static void order_cut(struct hyp_order *o)
{
	uint32_t i;

	for (i = 1; i < o->n_list; i++)
		if (o->page[o->list[i]].stamp < o->page[o->list[0]].stamp)
			break;
	while (o->n_list > i)
		o->page[o->list[--o->n_list]].live = false;
	o->guessed = true;
}

/* Without links: pages are taken in the order of the descriptor, round and
 * round; the oldest is after the newest. If nobody has read, the count of the
 * pages that were begun says which is the newest. */
static void order_guess(struct hyp_order *o, const struct hyp_cpu *cpu)
{
	uint32_t ring = o->n - 1, first = 1, i, at;

	o->guessed = true;
	o->n_list = 0;
	for (i = 0; i < o->n; i++)
		o->page[i].live = false;
	if (!order_was_read(o, cpu)) {
		if (cpu->meta.touched >= ring)
			first = 1 + (uint32_t)((cpu->meta.touched + 1) % ring);
	} else {
		/* where the stamps drop */
		for (i = 1, first = 0; i < o->n; i++)
			if (o->page[i].commit &&
			    o->page[i].stamp < o->page[i - 1].stamp)
				first = i;
	}
	for (i = 0; i < o->n; i++) {
		at = (first + i) % o->n;
		if (at == o->reader || !o->page[at].commit)
			continue;
		o->page[at].live = true;
		o->list[o->n_list++] = at;
	}
}

static enum memlog_status order_put(struct memlog_logs *logs,
				    struct ml_log *log,
				    const struct hyp_page *page, int32_t cpu,
				    uint32_t role, struct memlog_err *err)
{
	struct memlog_extent e = { .addr = page->phys,
				   .len = ml_hyp(log)->page_size,
				   .cpu = cpu,
				   .role = role };

	log->text += e.len - HYP_PAGE_HEADER;
	if (!page->there) {
		log->pub.flags |= MEMLOG_LOG_INCOMPLETE;
		log->absent += e.len - HYP_PAGE_HEADER;
	}
	if (role != HYP_ROLE_STALE)
		log->pub.used += page->commit;
	log->pub.capacity += e.len - HYP_PAGE_HEADER;
	return ml_log_add_extent(logs, log, &e, err);
}

static enum memlog_status order_put_pages(struct memlog_logs *logs,
					  struct ml_log *log,
					  const struct hyp_order *o,
					  int32_t cpu, struct memlog_err *err)
{
	uint32_t role = o->guessed ? HYP_ROLE_GUESSED : 0, i, at;
	enum memlog_status s = MEMLOG_OK;

	for (i = 0; i <= o->n_list && !s; i++) {
		at = i ? o->list[i - 1] : o->reader;
		s = order_put(logs, log, &o->page[at], cpu,
			      role | (i ? HYP_ROLE_PAGE : HYP_ROLE_READER) |
				      (i && o->nothing_lost ? HYP_ROLE_ALL :
							      0) |
				      (at == o->begun ? HYP_ROLE_BEGUN : 0),
			      err);
	}
	for (i = 0; i < o->n && !s; i++)
		if (i != o->reader && !o->page[i].live)
			s = order_put(logs, log, &o->page[i], cpu,
				      HYP_ROLE_STALE, err);
	return s;
}

/* How far the reader page was read, and what leads there, so that an extract has
 * it too. */
static enum memlog_status order_put_position(struct memlog_logs *logs,
					     struct ml_log *log,
					     const struct hyp_order *o,
					     int32_t cpu,
					     struct memlog_err *err)
{
	struct memlog_extent e = { .len = 4,
				   .cpu = cpu,
				   .role = HYP_ROLE_POSITION };
	const struct hyp_position *p = &o->position;
	enum memlog_status s;
	size_t i;

	if (!o->has_position)
		return MEMLOG_OK;
	e.addr = p->read;
	s = ml_log_add_extent(logs, log, &e, err);
	e.role = HYP_ROLE_WAY;
	for (i = 0; i < ML_HYP_WAY && !s; i++) {
		e.addr = p->way[i].addr;
		e.len = p->way[i].len;
		s = ml_log_add_extent(logs, log, &e, err);
	}
	for (i = 0; i < o->n && !s; i++) {
		e.addr = o->page[i].mirror;
		e.len = HYP_MIRROR;
		if (e.addr)
			s = ml_log_add_extent(logs, log, &e, err);
	}
	return s;
}

static enum memlog_status order_put_heads(struct memlog_logs *logs,
					  struct ml_log *log,
					  const struct hyp_order *o,
					  const struct hyp_cpu *cpu,
					  struct memlog_err *err)
{
	const struct hyp *h = ml_hyp(log);
	const struct hyp_layout *l = ml_hyp_layout(h);
	struct memlog_extent e = { .addr = ml_hyp_phys(h, cpu->meta_va),
				   .len = l->meta,
				   .cpu = cpu->cpu,
				   .role = HYP_ROLE_META };
	enum memlog_status s;
	uint32_t i;

	s = l->meta ? ml_log_add_extent(logs, log, &e, err) : MEMLOG_OK;
	if (!s && cpu->rb) {
		e.addr = cpu->rb;
		e.len = HYP_RB;
		e.role = HYP_ROLE_RB;
		s = ml_log_add_extent(logs, log, &e, err);
	}
	if (!s)
		s = order_put_position(logs, log, o, cpu->cpu, err);
	e.role = HYP_ROLE_NODES;
	if (!s && cpu->nodes) {
		e.addr = cpu->nodes;
		e.len = (uint64_t)cpu->pages * l->node;
		s = ml_log_add_extent(logs, log, &e, err);
	}
	for (i = 0; i < cpu->n_pieces && !s; i++) {
		e.addr = cpu->piece[i];
		e.len = ML_PAGE;
		if (e.addr)
			s = ml_log_add_extent(logs, log, &e, err);
	}
	return s;
}

/* Is there room for an event that is not committed? */
static bool order_is_busy(const struct hyp_order *o, const struct hyp *h,
			  const struct hyp_cpu *cpu)
{
	const struct hyp_layout *l = ml_hyp_layout(h);
	uint32_t i;

	if (cpu->rb && ml_le32(cpu->rb_bytes + l->rb_status) != WRITING)
		return false;
	if (!l->meta)
		return cpu->rb;
	for (i = 0; o->linked && i < o->n; i++)
		if (o->page[i].write > o->page[i].commit)
			return true;
	return !o->linked && cpu->rb;
}

static void order_flags(struct ml_log *log, const struct hyp_cpu *cpu,
			struct hyp_order *o)
{
	struct hyp *h = ml_hyp(log);
	uint32_t i;

	if (order_is_busy(o, h, cpu)) {
		h->busy = cpu->cpu;
		h->n_busy++;
		if (!ml_hyp_layout(h)->meta && o->has_tail)
			o->begun = o->tail;
	}
	if (cpu->meta.overrun)
		log->pub.flags |= MEMLOG_LOG_WRAPPED;
	if (o->page[o->reader].commit)
		log->pub.flags &= ~MEMLOG_LOG_EMPTY;
	for (i = 0; i < o->n_list; i++)
		if (o->page[o->list[i]].commit)
			log->pub.flags &= ~MEMLOG_LOG_EMPTY;
}

static void order_find(struct hyp_order *o, struct memlog_logs *logs,
		       struct memlog_image *image, const struct hyp *h,
		       const struct hyp_cpu *cpu)
{
	if (cpu->has_meta)
		order_load_links(o, image, h, cpu);
	else
		order_guess_reader(o);
	o->has_position = ml_hyp_position(image, h, cpu->cpu,
					  o->page[o->reader].va, &o->position);
	if (!o->linked || !order_follow(o)) {
		if (!order_was_read(o, cpu) ||
		    !ml_hyp_mirror(logs, image, h, cpu, o))
			order_guess(o, cpu);
	} else if (!o->has_tail && o->n_list == o->n - 1 &&
		   order_was_read(o, cpu)) {
		order_cut(o);
	}
}

enum memlog_status ml_hyp_cpu_add(struct memlog_logs *logs, struct ml_log *log,
				  struct memlog_image *image,
				  struct hyp_cpu *cpu, struct memlog_err *err)
{
	struct hyp_order o = { .n = cpu->pages,
			       .reader = cpu->meta.reader,
			       .begun = cpu->pages };
	const struct hyp *h = ml_hyp(log);
	enum memlog_status s;

	o.page = ml_calloc(&image->alloc, o.n, sizeof(*o.page));
	o.list = ml_calloc(&image->alloc, o.n, sizeof(*o.list));
	if (!o.page || !o.list)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for %u page%s",
			    o.n, ml_s(o.n));
	else if (!order_load_pages(&o, image, h, cpu))
		s = ml_fail(err, MEMLOG_NOT_MINE,
			    "its descriptor lists no pages");
	else
		s = MEMLOG_OK;
	if (!s) {
		order_find(&o, logs, image, h, cpu);
		order_flags(log, cpu, &o);
		s = order_put_heads(logs, log, &o, cpu, err);
	}
	if (!s)
		s = order_put_pages(logs, log, &o, cpu->cpu, err);
	ml_free(&image->alloc, o.page);
	ml_free(&image->alloc, o.list);
	return s;
}
