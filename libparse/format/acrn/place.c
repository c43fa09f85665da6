/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place.c - from one ring to all logs of a hypervisor, and which of them is
 * current.
 *
 * The kernel module marks the half of the previous boot, so a mark usually
 * decides. It fails after the number of CPUs changed: then the half that was in
 * use keeps intact rings without a mark. The hypervisor's per-CPU pointers
 * decide.
 */
#include "acrn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "chain.h"

static bool acrn_place_known(const struct memlog_logs *logs,
			     const struct ml_log *except,
			     enum memlog_space space, uint64_t addr)
{
	size_t i, k;

	for (i = 0; i < logs->count; i++) {
		const struct ml_log *l = logs->logs[i];

		if (l == except || l->fmt != except->fmt)
			continue;
		for (k = 0; k < l->pub.n_extents; k++)
			if (l->extents[k].addr == addr &&
			    l->extents[k].space == space)
				return true;
	}
	return false;
}

/* ---- from chains to logs ------------------------------------------------ */

struct expand {
	struct memlog_logs *logs;
	struct ml_log *seed;
	enum memlog_space space;
	struct ml_acrn_chains c;
};

static bool is_live(const struct ml_acrn_chains *c, size_t k)
{
	const struct ml_acrn_chain *ch = &c->at[k];

	return ch->n && ch->from_base && !ch->inside &&
	       !c->rings.at[ch->first].h.last;
}

/* The chain of the Service VM's rings, if chain k is the hypervisor's own from
 * before it; else k. */
static size_t acrn_place_owner(const struct ml_acrn_chains *c, size_t k)
{
	const struct ml_acrn_chain *ch = &c->at[k];
	size_t i;

	if (c->rings.at[ch->first].h.ele_num != ML_SBUF_EARLY_SLOTS ||
	    ch->part || ch->from_base || !c->old_text)
		return k;
	for (i = 0; i < c->n; i++)
		if (i != k && is_live(c, i))
			return i;
	return k;
}

static enum memlog_status add_chain(struct expand *x, struct ml_log *log,
				    size_t k, uint32_t role,
				    struct memlog_err *err)
{
	const struct ml_acrn_chain *ch = &x->c.at[k];
	const struct ml_sbuf_at *first = &x->c.rings.at[ch->first];
	enum memlog_status s;
	size_t i;

	for (i = ch->first; i < x->c.rings.n; i++) {
		const struct ml_sbuf_at *r = &x->c.rings.at[i];
		struct memlog_extent e = {
			.space = x->space,
			.addr = r->addr,
			.len = ML_SBUF_HEADER + (uint64_t)r->h.size,
			.cpu = r->cpu,
			.role = role,
		};

		if (x->c.chain[i] != k ||
		    acrn_place_known(x->logs, log, x->space, r->addr))
			continue;
		if (e.cpu < 0 && ch->part && first->cpu >= 0)
			e.cpu = first->cpu +
				(int32_t)((r->addr - first->addr) / ch->part);
		else if (e.cpu < 0 && ch->from_base)
			e.cpu = ch->part ? (int32_t)((r->addr - first->addr) /
						     ch->part) :
					   0;
		s = ml_log_add_extent(x->logs, log, &e, err);
		if (s == MEMLOG_NOT_MINE)
			continue;
		if (s)
			return s;
		ml_acrn_log_add_ring(log, &r->h);
	}
	return MEMLOG_OK;
}

static void begin_log(struct ml_log *log, const struct ml_acrn_chain *ch,
		      const struct ml_sbuf *h)
{
	struct acrn *a = ml_acrn(log);

	memset(a, 0, sizeof(*a));
	log->pub.n_extents = 0;
	log->pub.capacity = log->pub.used = 0;
	log->pub.flags = MEMLOG_LOG_EMPTY | MEMLOG_LOG_TELLS_ALL;
	log->pub.reason[0] = 0;
	a->ele_num = h->ele_num;
	a->last = h->last;
	a->from_base = ch->from_base;
	a->inside = ch->inside;
	a->part = ch->part;
}

/* Is some ring of chain k not in another log yet? */
static bool is_news(const struct expand *x, size_t k)
{
	size_t i;

	for (i = x->c.at[k].first; i < x->c.rings.n; i++)
		if (x->c.chain[i] == k &&
		    !acrn_place_known(x->logs, x->seed, x->space,
				      x->c.rings.at[i].addr))
			return true;
	return false;
}

static enum memlog_status make_log(struct expand *x, size_t k,
				   struct ml_log *log, struct memlog_err *err)
{
	const struct ml_acrn_chain *ch = &x->c.at[k];
	enum memlog_status s;
	size_t i;

	if (!log) {
		s = ml_logs_add(x->logs, x->seed->fmt, &log, err);
		if (s)
			return s;
		log->pub.group = x->seed->pub.group;
	}
	begin_log(log, ch, &x->c.rings.at[ch->first].h);
	s = add_chain(x, log, k, ML_ACRN_ROLE_RING, err);
	for (i = 0; i < x->c.n && !s; i++)
		if (i != k && x->c.at[i].n && acrn_place_owner(&x->c, i) == k)
			s = add_chain(x, log, i, ML_ACRN_ROLE_EARLY, err);
	return s;
}

enum memlog_status ml_acrn_log_expand(struct memlog_logs *logs,
				      struct ml_log *log,
				      struct memlog_image *image,
				      struct memlog_err *err)
{
	const struct memlog_extent *e = &log->extents[0];
	struct expand x = { .logs = logs, .seed = log, .space = e->space };
	struct ml_sbuf h = { .ele_num = ml_acrn(log)->ele_num };
	uint64_t addr = e->addr;
	enum memlog_status s;
	size_t k, mine = SIZE_MAX, i;

	x.c.alloc = &logs->alloc;
	x.c.budget = ML_MAX_AROUND - logs->around;
	h.size = (uint32_t)(e->len - ML_SBUF_HEADER);
	s = ml_acrn_chains_find(&x.c, image, e->space, addr, &h,
				addr < ML_ACRN_LOW && !logs->around_low, err);
	logs->around = ML_MAX_AROUND - x.c.budget;
	if (x.c.curtailed)
		ml_curtail(image, log->pub.format);
	logs->around_low |= x.c.looked_low;
	for (i = 0; !s && i < x.c.rings.n; i++)
		if (x.c.rings.at[i].addr == addr)
			mine = acrn_place_owner(&x.c, x.c.chain[i]);
	/* the bytes have changed since: only the ring, as it was probed */
	if (s || mine == SIZE_MAX)
		goto out;
	if (is_news(&x, mine))
		s = make_log(&x, mine, log, err);
	for (k = 0; k < x.c.n && !s; k++)
		if (k != mine && x.c.at[k].n &&
		    acrn_place_owner(&x.c, k) == k && is_news(&x, k))
			s = make_log(&x, k, NULL, err);
out:
	ml_acrn_chains_fini(&x.c);
	return s;
}

/* ---- which is which ----------------------------------------------------- */

static int acrn_place_by_cpu(const void *a, const void *b)
{
	const struct memlog_extent *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

void ml_acrn_sort_extents(struct ml_log *log)
{
	qsort(log->extents, log->pub.n_extents, sizeof(*log->extents),
	      acrn_place_by_cpu);
}

static uint64_t acrn_place_guest_addr(const struct memlog_extent *e)
{
	return e->has_alias && e->alias_space == MEMLOG_PHYS ? e->alias_addr :
							       e->addr;
}

static int acrn_place_by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* What the hypervisor's pointers say about the rings of some logs. */
struct pointers {
	uint64_t *addr, *where;
	uint32_t *count;
	size_t n;
};

static void pointers_fini(struct pointers *p, struct memlog_image *image)
{
	ml_free(&image->alloc, p->addr);
	ml_free(&image->alloc, p->where);
	ml_free(&image->alloc, p->count);
}

/* false if that cannot be found out; call fini in any case */
static bool pointers_init(struct pointers *p, struct ml_log *const *logs,
			  size_t n, struct memlog_image *image)
{
	enum memlog_space space = logs[0]->extents[0].space;
	struct memlog_range low = { 0, ML_ACRN_LOW };
	size_t total = 0, i, k;

	memset(p, 0, sizeof(*p));
	if (image->spaces[space].ops->flags & MEMLOG_READER_SLOW ||
	    image->brief)
		return false;
	for (i = 0; i < n; i++)
		total += logs[i]->pub.n_extents;
	p->addr = ml_calloc(&image->alloc, total, sizeof(*p->addr));
	p->where = ml_calloc(&image->alloc, total, sizeof(*p->where));
	p->count = ml_calloc(&image->alloc, total, sizeof(*p->count));
	if (!p->addr || !p->where || !p->count) {
		image->starved = true;
		return false;
	}
	for (i = 0; i < n; i++)
		for (k = 0; k < logs[i]->pub.n_extents; k++)
			p->addr[p->n++] =
				acrn_place_guest_addr(&logs[i]->extents[k]);
	qsort(p->addr, p->n, sizeof(*p->addr), acrn_place_by_number);
	return !ml_sbuf_count_pointers(image, space, low, p->addr, p->count,
				       p->where, p->n, NULL);
}

/* Where the first pointer to an extent is; false: nothing points to it. */
static bool pointer_to(const struct pointers *p, const struct memlog_extent *e,
		       uint64_t *ret)
{
	uint64_t want = acrn_place_guest_addr(e);
	size_t lo = 0, hi = p->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (p->addr[mid] < want)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == p->n || p->addr[lo] != want || !p->count[lo])
		return false;
	*ret = p->where[lo];
	return true;
}

static bool count_hits(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, uint64_t *hits)
{
	struct pointers p;
	uint64_t where;
	size_t i, k;
	bool ok = pointers_init(&p, logs, n, image);

	for (i = 0; ok && i < n; i++)
		for (k = 0; k < logs[i]->pub.n_extents; k++)
			hits[i] += pointer_to(&p, &logs[i]->extents[k], &where);
	pointers_fini(&p, image);
	return ok;
}

void ml_acrn_name_by_pointers(struct ml_log *log, struct memlog_image *image)
{
	size_t n = log->pub.n_extents, i, k;
	uint64_t mine, other;
	struct pointers p;
	int32_t cpu;

	if (pointers_init(&p, &log, 1, image)) {
		for (i = 0; i < n; i++) {
			if (!pointer_to(&p, &log->extents[i], &mine))
				continue;
			for (cpu = 0, k = 0; k < n; k++)
				cpu += pointer_to(&p, &log->extents[k],
						  &other) &&
				       other < mine;
			log->extents[i].cpu = cpu;
		}
	}
	pointers_fini(&p, image);
}

static void acrn_place_undecided(struct ml_log *log, size_t n, const char *why)
{
	const struct acrn *a = ml_acrn_const(log);

	char which[64] = "live rings, but no other memory was searched";

	if (n > 1)
		snprintf(which, sizeof(which), "one of %zu sets of live rings",
			 n);
	log->pub.state = MEMLOG_STATE_UNKNOWN;
	snprintf(log->pub.reason, sizeof(log->pub.reason),
		 "%s; %s; %zu ring%s of %u slots%s", which, why,
		 log->pub.n_extents, ml_s(log->pub.n_extents), a->ele_num,
		 a->from_base ? "" : ", not at the start of a page");
}

void ml_acrn_ask_pointers(struct ml_log *const *logs, size_t n,
			  struct memlog_image *image)
{
	uint64_t *hits = ml_calloc(&image->alloc, n, sizeof(*hits)), most = 0;
	bool ok, tie = false;
	size_t i;

	image->starved |= !hits;
	ok = hits && count_hits(logs, n, image, hits);
	for (i = 0; i < n && ok; i++)
		if (hits[i] > most) {
			most = hits[i];
			tie = false;
		} else if (most && hits[i] == most) {
			tie = true;
		}
	for (i = 0; i < n; i++) {
		struct memlog_log *log = &logs[i]->pub;

		if (!ok || !most || tie) {
			acrn_place_undecided(logs[i], n,
					     !ok ? "pointers were not asked" :
					     tie ? "pointers name several" :
						   "no pointer names any");
		} else if (hits[i] == most) {
			log->state = MEMLOG_STATE_CURRENT;
			snprintf(
				log->reason, sizeof(log->reason),
				"the hypervisor's pointers name %llu of its %zu ring%s",
				(unsigned long long)most, log->n_extents,
				ml_s(log->n_extents));
		} else {
			log->state = MEMLOG_STATE_STALE;
			snprintf(
				log->reason, sizeof(log->reason),
				"live marks, but the hypervisor's pointers name other rings");
			snprintf(log->variant, sizeof(log->variant),
				 "left over");
		}
	}
	ml_free(&image->alloc, hits);
}

static void acrn_place_judge(struct ml_log *log)
{
	const struct acrn *a = ml_acrn_const(log);
	struct memlog_log *p = &log->pub;
	size_t len;

	p->state = MEMLOG_STATE_STALE;
	if (a->inside) {
		snprintf(p->variant, sizeof(p->variant), "left over");
		snprintf(
			p->reason, sizeof(p->reason),
			"newer rings have overwritten some of it: the number of CPUs changed");
		return;
	}
	if (a->last) {
		snprintf(p->variant, sizeof(p->variant), "last boot");
		snprintf(p->reason, sizeof(p->reason),
			 "marked as the log of the previous boot");
	} else {
		p->state = MEMLOG_STATE_CURRENT;
		snprintf(p->variant, sizeof(p->variant), "current");
		snprintf(p->reason, sizeof(p->reason), "the live rings");
	}
	len = strlen(p->reason);
	snprintf(p->reason + len, sizeof(p->reason) - len,
		 " of %zu CPU%s; %llu slot%s to be read%s", p->n_extents,
		 ml_s(p->n_extents), (unsigned long long)a->unread,
		 a->unread == 1 ? " waits" : "s wait",
		 a->damaged ? "; damaged headers" : "");
}

/* Boots alternate between the two halves, so one ring has every other boot. A
 * hypervisor's own rings have all of them. */
static void acrn_place_number(struct ml_log *const *logs, size_t n, bool some)
{
	size_t i, last = 0;

	for (i = 0; i < n; i++)
		last += ml_acrn(logs[i])->last && !ml_acrn(logs[i])->inside;
	for (i = 0; i < n; i++) {
		const struct acrn *a = ml_acrn(logs[i]);

		logs[i]->boot_step = last ? 2 : 1;
		if (!a->last || a->inside || last > 1 || some)
			continue;
		logs[i]->pub.boot = -1;
		logs[i]->pub.has_boot = true;
	}
}

void ml_acrn_log_relate(struct ml_log *const *logs, size_t n,
			struct memlog_image *image, bool some)
{
	struct ml_log **live = ml_calloc(&image->alloc, n, sizeof(*live));
	size_t n_live = 0, i;

	image->starved |= !live;
	for (i = 0; i < n; i++) {
		ml_acrn_sort_extents(logs[i]);
		acrn_place_judge(logs[i]);
		if (logs[i]->pub.state == MEMLOG_STATE_CURRENT && live)
			live[n_live++] = logs[i];
	}
	if (n_live > 1 || (n_live && some))
		ml_acrn_ask_pointers(live, n_live, image);
	ml_free(&image->alloc, live);
	acrn_place_number(logs, n, some);
}
