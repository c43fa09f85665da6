/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sweep.c - go through memory for what only a look at each word finds. */
#include "base/bytes.h"
#include "base/range.h"
#include "hyp.h"
#include "image/vmcoreinfo.h"

/* One range; *ret: found. False: found, or nothing more may be searched. */
static bool sweep_range(struct hyp_sweep *s, struct memlog_range r,
			uint8_t *buf, bool *ret)
{
	uint64_t at = (r.start + 7) & ~UINT64_C(7), n;
	size_t got;

	for (; at < r.end; at += n) {
		n = ml_min(ml_min(ML_HYP_CHUNK, r.end - at),
			   ML_MAX_AROUND - ml_min(*s->budget, ML_MAX_AROUND));
		if (!n || ml_image_stop(s->image))
			return false;
		*s->budget += n;
		if (ml_image_fill(s->image, MEMLOG_PHYS, at, buf, (size_t)n,
				  &got, NULL))
			continue;
		*ret = s->look(s->arg, at, buf, got);
		if (*ret)
			return false;
	}
	return true;
}

bool ml_hyp_sweep(struct hyp_sweep *s, struct memlog_range where)
{
	uint8_t *buf = ml_calloc(&s->image->alloc, ML_HYP_CHUNK, 1);
	uint64_t addr = where.start;
	struct memlog_range r;
	bool found = false;

	s->image->starved |= !buf;
	while (buf && !s->image->stopped &&
	       !memlog_image_next_data(s->image, MEMLOG_PHYS, addr, &r, NULL) &&
	       ml_range_intersect(where, r, &r) &&
	       sweep_range(s, r, buf, &found))
		addr = r.end;
	ml_free(&s->image->alloc, buf);
	return found;
}

bool ml_hyp_sweep_from(struct hyp_sweep *s, uint64_t addr)
{
	uint64_t reach = s->image->brief ? ML_HYP_BRIEF : ML_HYP_STEP;
	uint64_t low = addr - ml_min(addr, reach), high;

	if (!ml_add(addr, reach, &high))
		high = UINT64_MAX;
	if (s->image->brief) {
		if (ml_hyp_sweep(s, (struct memlog_range){ low, high }))
			return true;
		s->image->shortened = true;
		return false;
	}
	return ml_hyp_sweep(s, (struct memlog_range){ low, high }) ||
	       ml_hyp_sweep(s, (struct memlog_range){ 0, low }) ||
	       ml_hyp_sweep(s, (struct memlog_range){ high, UINT64_MAX });
}

uint64_t ml_hyp_kernel(const struct memlog_image *image)
{
	uint64_t va, ret;

	return ml_vmcoreinfo_number(image, "SYMBOL(init_uts_ns)", &va) &&
			       ml_vmcoreinfo_phys(image, va, &ret) ?
		       ret :
		       0;
}

bool ml_hyp_place_next(struct hyp_places *p, uint64_t *ret)
{
	for (;;) {
		/* a range counts too */
		if ((*p->count)++ >= ML_HYP_PLACES) {
			ml_curtail(p->image, HYP_FORMAT);
			return false;
		}
		if (*p->count % 256 == 0 && ml_image_stop(p->image))
			return false;
		if (p->at >= p->r.start && p->at < p->r.end) {
			*ret = p->at;
			p->at += ML_HYP_STEP;
			return true;
		}
		if (memlog_image_next_range(p->image, MEMLOG_PHYS, p->r.end,
					    &p->r, NULL))
			return false;
		p->at = p->r.start - p->r.start % ML_HYP_STEP + p->off;
		if (p->at < p->r.start)
			p->at += ML_HYP_STEP;
	}
}
