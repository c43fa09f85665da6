/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* locate.c - where tables of a remote's events are: at their symbols, or in the
 * data of the kernel around a variable that every VMCOREINFO names. */
#include "hyp.h"

#include <string.h>

#include "base/bytes.h"
#include "base/range.h"
#include "image/vmcoreinfo.h"
#include "layout.h"
#include "names.h"

/* Linux 7.1 */
#define FIRST_RELEASE (7u << 16 | 1)

static void locate_read(const struct memlog_symbols *sym, uint64_t *ret)
{
	static const char *const members[][2] = {
		{ "buffer_page", "read" },
		{ "ring_buffer_per_cpu", "reader_page" },
		{ "trace_buffer", "buffers" },
	};
	uint64_t off, all = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!sym->member_offset ||
		    sym->member_offset(sym->self, members[i][0], members[i][1],
				       &off) ||
		    off > UINT16_MAX)
			return;
		all = all << 16 | off;
	}
	*ret = all;
}

/* Which names the reasons have, if the kernel's table of them is not found. */
static uint64_t locate_reasons(const struct memlog_symbols *sym)
{
	const char *name;

	if (!sym->enum_name ||
	    sym->enum_name(sym->self, "hyp_enter_exit_reason", 2, &name))
		return 0;
	return !strcmp(name, "HYP_REASON_SYS")	? HYP_HAS_SYS :
	       !strcmp(name, "HYP_REASON_PSCI") ? HYP_HAS_PSCI :
						  0;
}

/* struct simple_rb_per_cpu of CPU n is at array[n] + offset. */
static void locate_array(struct memlog_image *image,
			 const struct memlog_symbols *sym, const char *array,
			 const char *rb, const char *base, uint64_t *ret_array,
			 uint64_t *ret_offset)
{
	uint64_t phys, rb_va, base_va = 0, va;

	if (!ml_vmcoreinfo_symbol(image, sym, array, &va, &phys) ||
	    !ml_vmcoreinfo_symbol(image, sym, rb, &rb_va, &phys) ||
	    (base && !ml_vmcoreinfo_symbol(image, sym, base, &base_va, &phys)))
		return;
	*ret_array = va;
	*ret_offset = rb_va - base_va;
}

/* Where the kernel has the address of its descriptor. */
static bool locate_desc(struct memlog_image *image,
			const struct memlog_symbols *sym, const char *variable,
			uint64_t *ret)
{
	uint64_t phys, count = 0;
	uint8_t b[8];

	return ml_vmcoreinfo_symbol(image, sym, variable, NULL, &phys) &&
	       ml_hyp_read(image, phys, b, sizeof(b)) &&
	       ml_hyp_desc_phys(image, &count, ml_le64(b), ret);
}

static void locate_strings(struct memlog_image *image,
			   const struct memlog_symbols *sym, uint64_t *hint)
{
	uint64_t *start = &hint[HYP_HINT_STRINGS];
	uint64_t *end = &hint[HYP_HINT_STRINGS_END];

	if ((ml_vmcoreinfo_symbol(image, sym, "__hyp_string_fmts_start", NULL,
				  start) &&
	     ml_vmcoreinfo_symbol(image, sym, "__hyp_string_fmts_end", NULL,
				  end)) ||
	    (ml_vmcoreinfo_symbol(image, sym, "__hyp_printk_fmts_start", NULL,
				  start) &&
	     ml_vmcoreinfo_symbol(image, sym, "__hyp_printk_fmts_end", NULL,
				  end)))
		return;
	*start = *end = 0;
}

/* What is known of the hypervisor's remote; test: of remote_test. */
static void locate_hints(struct memlog_image *image,
			 const struct memlog_symbols *sym, bool test,
			 uint64_t *hint)
{
	hint[HYP_HINT_FLAGS] = HYP_BY_SYMBOLS | locate_reasons(sym);
	if (!test) {
		hint[HYP_HINT_FLAGS] |= ml_hyp_names_hint(sym);
		locate_strings(image, sym, hint);
	}
	locate_read(sym, &hint[HYP_HINT_READ]);
	if (test)
		locate_array(image, sym, "__per_cpu_offset", "simple_rbs", NULL,
			     &hint[HYP_HINT_ARRAY], &hint[HYP_HINT_OFFSET]);
	else
		locate_array(image, sym, "__kvm_nvhe_kvm_arm_hyp_percpu_base",
			     "__kvm_nvhe___simple_rbs",
			     "__kvm_nvhe___per_cpu_start",
			     &hint[HYP_HINT_ARRAY], &hint[HYP_HINT_OFFSET]);
}

/* What the writer of Android 14 knows of some CPU; sym may be NULL. */
static size_t locate_14(struct memlog_image *image,
			const struct memlog_symbols *sym, struct ml_likely *ret,
			size_t max)
{
	struct ml_likely l = { .space = MEMLOG_PHYS, .exact = true };

	if (sym)
		locate_array(image, sym, "__kvm_nvhe_kvm_arm_hyp_percpu_base",
			     "__kvm_nvhe_trace_rb",
			     "__kvm_nvhe___per_cpu_start",
			     &l.hint[HYP_HINT_ARRAY], &l.hint[HYP_HINT_OFFSET]);
	if (!max || (sym && !l.hint[HYP_HINT_ARRAY]) ||
	    !ml_hyp_14_first(image, &l.range.start))
		return 0;
	l.range.end = l.range.start + HYP_RB;
	l.hint[HYP_HINT_FLAGS] = HYP_IS_14;
	if (sym)
		locate_strings(image, sym, l.hint);
	*ret = l;
	return 1;
}

/* Android's kernels: the descriptor, or what is left without one. */
static size_t locate_android(struct memlog_image *image,
			     const struct memlog_symbols *sym,
			     struct ml_likely *ret, size_t max)
{
	struct ml_likely l = { .space = MEMLOG_PHYS, .exact = true };

	if (!max ||
	    !locate_desc(image, sym, "hyp_trace_buffer", &l.range.start))
		return locate_14(image, sym, ret, max);
	l.range.end = l.range.start + HYP_DESC_NODES;
	l.hint[HYP_HINT_FLAGS] = HYP_BY_SYMBOLS;
	locate_strings(image, sym, l.hint);
	locate_array(image, sym, "__kvm_nvhe_kvm_arm_hyp_percpu_base",
		     "__kvm_nvhe_trace_rb", "__kvm_nvhe___per_cpu_start",
		     &l.hint[HYP_HINT_ARRAY], &l.hint[HYP_HINT_OFFSET]);
	*ret = l;
	return 1;
}

size_t ml_hyp_locate(struct memlog_image *image,
		     const struct memlog_symbols *sym, struct ml_likely *ret,
		     size_t max)
{
	static const struct {
		const char *table, *desc;
	} remotes[] = {
		{ "__hyp_events_start", "trace_buffer" },
		{ "remote_event_selftest", "remote_test_buffer_desc" },
	};
	struct ml_likely l;
	uint64_t phys;
	size_t i, n = 0;

	sym = ml_vmcoreinfo_checked(image, sym);
	if (!sym)
		return 0;
	if (ml_vmcoreinfo_symbol(image, sym, "__kvm_nvhe_trace_rb", NULL,
				 &phys))
		return locate_android(image, sym, ret, max);
	for (i = 0; i < 2; i++) {
		l = (struct ml_likely){ .space = MEMLOG_PHYS, .exact = true };
		locate_hints(image, sym, i, l.hint);
		if (n < max &&
		    ml_vmcoreinfo_symbol(image, sym, remotes[i].table, NULL,
					 &phys) &&
		    ml_add(phys, HYP_EVENT, &l.range.end)) {
			l.range.start = phys;
			ret[n++] = l;
		}
		/* the same log, if the table is not there */
		if (n < max &&
		    locate_desc(image, sym, remotes[i].desc, &phys)) {
			if (phys % ML_PAGE == HYP_DESC_NODES)
				phys -= HYP_DESC_NODES;
			l.range.start = phys;
			l.range.end = phys + HYP_DESC_NODES;
			ret[n++] = l;
		}
	}
	return n;
}

/* ---- without symbols ---------------------------------------------------- */

/* The tables in len bytes at p: entries that follow each other are one. */
static size_t locate_tables(const uint8_t *p, size_t len, uint64_t addr,
			    struct ml_likely *ret, size_t max)
{
	size_t at, n = 0, next = SIZE_MAX;

	for (at = 0; at + HYP_EVENT <= len && n < max; at += 8) {
		if (!p[at] || !ml_hyp_is_event(p + at, HYP_EVENT))
			continue;
		if (at != next)
			ret[n++] = (struct ml_likely){
				.space = MEMLOG_PHYS,
				.range = { addr + at, addr + at + HYP_EVENT },
				.hint = { 0 },
				.exact = true,
			};
		next = at + HYP_EVENT;
		at = next - 8;
	}
	return n;
}

/* The tables in one piece of the kernel's data; nothing without memory. */
static size_t locate_piece(struct memlog_image *image,
			   const struct memlog_range *r, struct ml_likely *ret,
			   size_t max)
{
	size_t len = (size_t)(r->end - r->start), got = 0, n;
	uint8_t *buf = ml_calloc(&image->alloc, len, 1);

	image->starved |= !buf;
	if (!buf)
		return 0;
	ml_image_fill(image, MEMLOG_PHYS, r->start, buf, len, &got, NULL);
	n = locate_tables(buf, got, r->start, ret, max);
	ml_free(&image->alloc, buf);
	return n;
}

struct locate_metas {
	struct ml_likely *ret;
	size_t n, max;
};

/* Meta pages of Android 15 in a chunk of memory. */
static bool locate_meta(void *arg, uint64_t addr, const uint8_t *p, size_t len)
{
	struct locate_metas *s = arg;
	size_t at = (size_t)(-addr % ML_PAGE);

	for (; at + HYP_META_15 <= len && s->n < s->max; at += ML_PAGE)
		if (ml_hyp_is_meta_15(p + at))
			s->ret[s->n++] = (struct ml_likely){
				.space = MEMLOG_PHYS,
				.range = { addr + at, addr + at + HYP_META_15 },
				.exact = true,
			};
	return s->n == s->max;
}

/* In all of memory, as far as it is searched. */
static size_t locate_all_metas(struct memlog_image *image,
			       struct ml_likely *ret, size_t max)
{
	struct locate_metas s = { .ret = ret, .max = max };
	uint64_t budget = 0;
	struct hyp_sweep sweep = { &budget, image, locate_meta, &s };

	if (max)
		ml_hyp_sweep_from(&sweep, ml_hyp_kernel(image));
	return s.n;
}

/* Does the kernel call itself one of that Android? */
static bool locate_is(const struct memlog_image *image, const char *name)
{
	size_t len;
	const char *s = ml_vmcoreinfo(image, "OSRELEASE", &len);

	return s && memmem(s, len, name, strlen(name));
}

size_t ml_hyp_likely(struct memlog_image *image, struct ml_likely *ret,
		     size_t max)
{
	struct memlog_range near, r;
	uint64_t va, at;
	size_t n = 0;

	if (locate_is(image, "-android15"))
		return locate_all_metas(image, ret, max);
	if (locate_is(image, "-android14") || locate_is(image, "-android13"))
		return locate_14(image, NULL, ret, max);
	if (ml_vmcoreinfo_release(image) < FIRST_RELEASE ||
	    !ml_vmcoreinfo_number(image, "SYMBOL(init_uts_ns)", &va) ||
	    !ml_vmcoreinfo_phys(image, va, &at))
		return 0;
	at &= -(uint64_t)ML_PAGE;
	near.start = at - ml_min(at, ML_HYP_NEAR / 2);
	if (!ml_add(at, ML_HYP_NEAR / 2, &near.end))
		return 0;
	for (at = near.start;
	     n < max &&
	     !memlog_image_next_range(image, MEMLOG_PHYS, at, &r, NULL) &&
	     ml_range_intersect(near, r, &r);
	     at = r.end)
		n += locate_piece(image, &r, ret + n, max - n);
	return n;
}
