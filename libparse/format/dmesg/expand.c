/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* expand.c - from the kernel's pointer to its log to the rings. */
#include "dmesg.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "image/vmcoreinfo.h"
#include "space/pagewalk.h"

enum { WORD = 8, HALF = 4 };

/* The image of x86-64, and how much of it is mapped by default. */
#define X86_IMAGE      UINT64_C(0xffffffff80000000)
#define X86_IMAGE_SIZE (UINT64_C(1) << 30)

/* The image of arm64 is around _stext. */
#define ARM_BEFORE (UINT64_C(2) << 20)
#define ARM_SIZE   (UINT64_C(256) << 20)

/* How addresses are looked up, and the pages with tables that it took. */
struct expand {
	struct memlog_logs *logs;
	struct ml_log *log;
	struct memlog_image *image;
	struct ml_tables tables;
	uint64_t image_start, image_end, shift;
	struct ml_direct direct;
	uint64_t page[ML_DMESG_TABLES];
	size_t n_page;
	size_t runs;
	bool full; /* of tables */
};

static bool expand_table(void *arg, uint64_t phys, void *buf, size_t len)
{
	struct expand *x = arg;
	uint64_t page = phys & -(uint64_t)ML_PAGE;
	size_t got, i;

	if (ml_image_fill(x->image, MEMLOG_PHYS, phys, buf, len, &got, NULL) ||
	    got != len)
		return false;
	for (i = x->n_page; i && x->page[i - 1] != page; i--)
		;
	if (i)
		return true;
	x->full = x->n_page == ML_DMESG_TABLES;
	if (!x->full)
		x->page[x->n_page++] = page;
	return !x->full;
}

static void expand_init(struct expand *x)
{
	const struct memlog_image *image = x->image;
	uint64_t bits, va;

	if (!ml_vmcoreinfo_tables(image, &x->tables))
		x->tables.root = 0;
	/* which there is, as it led to the log */
	ml_vmcoreinfo_shift(image, &x->shift);
	if (!ml_vmcoreinfo_number(image, "NUMBER(VA_BITS)", &bits)) {
		x->image_start = X86_IMAGE;
		x->image_end = X86_IMAGE + X86_IMAGE_SIZE;
		return;
	}
	if (ml_vmcoreinfo_number(image, "SYMBOL(_stext)", &va)) {
		x->image_start = va - ARM_BEFORE;
		x->image_end = va + ARM_SIZE;
	}
	if (!ml_vmcoreinfo_direct(image, &x->direct))
		x->direct.len = 0;
}

static bool expand_phys(struct expand *x, uint64_t va, uint64_t *ret)
{
	if (va >= x->image_start && va < x->image_end) {
		*ret = va - x->shift;
		return true;
	}
	if (ml_tables_walk(&x->tables, expand_table, x, va, ret))
		return true;
	/* without tables */
	*ret = va - x->direct.start + x->direct.phys;
	return va - x->direct.start < x->direct.len;
}

/* The next extent. */
static enum memlog_status expand_put(struct expand *x, uint32_t role,
				     uint64_t phys, uint64_t len,
				     struct memlog_err *err)
{
	struct memlog_extent e = {
		.space = MEMLOG_PHYS,
		.addr = phys,
		.len = len,
		.cpu = -1,
		.role = role,
	};

	return ml_log_add_extent(x->logs, x->log, &e, err);
}

/* The same of what the log is made of. */
static enum memlog_status expand_run(struct expand *x, uint32_t role,
				     uint64_t phys, uint64_t len,
				     struct memlog_err *err)
{
	if (++x->runs > ML_DMESG_RUNS)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is in more than %u pieces of memory",
			       ML_DMESG_RUNS);
	return expand_put(x, role, phys, len, err);
}

/* What is at va becomes extents, one for each run of pages. */
static enum memlog_status expand_add(struct expand *x, uint32_t role,
				     uint64_t va, uint64_t len,
				     struct memlog_err *err)
{
	uint64_t phys, at = 0, run = 0, end;
	enum memlog_status s = MEMLOG_OK;
	size_t n;

	if (!ml_add(va, len, &end))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "0x%llx bytes at 0x%llx are not in memory",
			       (unsigned long long)len, (unsigned long long)va);
	for (; len && !s; len -= n, va += n) {
		n = (size_t)ml_min(len, ML_PAGE - va % ML_PAGE);
		if (x->full)
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "it takes more than %u page tables",
				       ML_DMESG_TABLES);
		if (!expand_phys(x, va, &phys))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "the page tables for 0x%llx are not in "
				       "the image",
				       (unsigned long long)va);
		if (run && phys != at + run) {
			s = expand_run(x, role, at, run, err);
			run = 0;
		}
		if (!run)
			at = phys;
		run += n;
	}
	return s || !run ? s : expand_run(x, role, at, run, err);
}

static enum memlog_status expand_tables(struct expand *x,
					struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	for (i = 0; i < x->n_page && !s; i++)
		s = expand_put(x, DMESG_LEADS, x->page[i], ML_PAGE, err);
	return s;
}

/* If VMCOREINFO was found in memory: what shows that it is this kernel's. */
static enum memlog_status expand_proof(struct expand *x, struct memlog_err *err)
{
	uint64_t va, phys, end;

	if (!x->image->found_vmcoreinfo ||
	    !ml_vmcoreinfo_number(x->image, "SYMBOL(init_uts_ns)", &va) ||
	    !ml_vmcoreinfo_phys(x->image, va, &phys) ||
	    !ml_add(phys, 2 * ML_PAGE, &end))
		return MEMLOG_OK;
	/* half a page at most */
	end = (phys + ML_PAGE / 2) / ML_PAGE * ML_PAGE + ML_PAGE;
	phys -= phys % ML_PAGE;
	return expand_put(x, DMESG_LEADS, phys, end - phys, err);
}

/* The bytes of a variable. */
static bool expand_read(const struct expand *x, uint32_t role, void *buf,
			size_t len)
{
	struct ml_source source = { .image = x->image, .log = x->log };

	return ml_dmesg_read(&source, role, 0, buf, len) == len;
}

static enum memlog_status expand_ring(struct expand *x, uint64_t va,
				      struct memlog_err *err)
{
	struct dmesg *d = ml_dmesg(x->log);
	uint64_t count, size, head;
	enum memlog_status s = expand_add(x, DMESG_VARS, va, d->vars, err);
	uint8_t b[ML_DMESG_INFO];

	if (s)
		return s;
	if (!expand_read(x, DMESG_VARS, b, d->vars))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "struct printk_ringbuffer is not in the image");
	count = ml_le32(b + d->count_bits);
	size = ml_le32(b + d->size_bits);
	if (!count || count > ML_DMESG_COUNT_BITS || size < 3 ||
	    size > ML_DMESG_SIZE_BITS)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "a log of 2^%llu records and 2^%llu bytes",
			       (unsigned long long)count,
			       (unsigned long long)size);
	d->count = UINT64_C(1) << count;
	d->size = UINT64_C(1) << size;
	head = ml_le64(b + d->text_head);
	d->text = ml_le64(b + d->text_tail) % d->size;
	d->used = ml_min(head - ml_le64(b + d->text_tail), d->size);
	s = expand_add(x, DMESG_DESCS, ml_le64(b + d->descs),
		       d->count * d->desc, err);
	if (!s)
		s = expand_add(x, DMESG_INFOS, ml_le64(b + d->infos),
			       d->count * d->info, err);
	return s ? s :
		   expand_add(x, DMESG_TEXT, ml_le64(b + d->data), d->size,
			      err);
}

static enum memlog_status expand_buffer(struct expand *x, uint64_t va,
					struct memlog_err *err)
{
	static const char *const names[] = { "SYMBOL(log_buf_len)",
					     "SYMBOL(log_first_idx)",
					     "SYMBOL(log_next_idx)" };
	struct dmesg *d = ml_dmesg(x->log);
	enum memlog_status s = MEMLOG_OK;
	uint8_t b[3 * HALF];
	uint64_t var, first, next;
	size_t i;

	for (i = 0; i < 3 && !s; i++) {
		if (!ml_vmcoreinfo_number(x->image, names[i], &var))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "VMCOREINFO has no %s", names[i]);
		s = expand_add(x, DMESG_VARS, var, HALF, err);
	}
	if (s)
		return s;
	if (!expand_read(x, DMESG_VARS, b, sizeof(b)))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "its length is not in the image");
	d->size = ml_le32(b);
	first = ml_le32(b + HALF);
	next = ml_le32(b + 2 * HALF);
	if (d->size < d->info || d->size > UINT64_C(1) << ML_DMESG_SIZE_BITS)
		return ml_fail(err, MEMLOG_NOT_MINE, "a log of %llu bytes",
			       (unsigned long long)d->size);
	d->text = first % d->size;
	d->used = next >= first ? ml_min(next - first, d->size) :
				  d->size - ml_min(first - next, d->size);
	return expand_add(x, DMESG_TEXT, va, d->size, err);
}

/* Were records dropped? Their numbers begin with 0; the old ring is filled from its
 * start. */
static bool expand_dropped(const struct expand *x, struct dmesg_reader *r)
{
	struct ml_source source = { .image = x->image, .log = x->log };
	struct dmesg_record rec;

	r->of = *ml_dmesg(x->log);
	if (r->of.old)
		return r->of.text > 0;
	return !ml_dmesg_ring_open(r, &source, NULL) &&
	       !ml_dmesg_ring_next(r, &source, &rec) && rec.seq > 0;
}

/* Is any of its text in the image? */
static bool expand_is_there(const struct expand *x)
{
	const struct memlog_extent *e = x->log->extents;
	struct memlog_range r;
	size_t i;

	for (i = 0; i < x->log->pub.n_extents; i++, e++)
		if (e->role == DMESG_TEXT &&
		    !memlog_image_next_range(x->image, MEMLOG_PHYS, e->addr, &r,
					     NULL) &&
		    r.start < e->addr + e->len)
			return true;
	return false;
}

static enum memlog_status expand_describe(struct expand *x,
					  struct memlog_err *err)
{
	struct memlog_log *pub = &x->log->pub;
	const struct dmesg *d = ml_dmesg(x->log);
	struct dmesg_reader *r;
	const char *release;
	size_t len;

	if (!expand_is_there(x))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "its text is not in the image");
	r = ml_calloc(&x->logs->alloc, 1, sizeof(*r));
	if (!r)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a record");
	pub->capacity = d->size;
	pub->used = d->used;
	pub->flags &= ~MEMLOG_LOG_EMPTY;
	if (!d->used)
		pub->flags |= MEMLOG_LOG_EMPTY;
	else if (expand_dropped(x, r))
		pub->flags |= MEMLOG_LOG_WRAPPED;
	ml_free(&x->logs->alloc, r);
	pub->state = MEMLOG_STATE_CURRENT;
	release = ml_vmcoreinfo(x->image, "OSRELEASE", &len);
	if (release)
		snprintf(pub->version, sizeof(pub->version), "Linux %.*s",
			 (int)ml_min(len, 100), release);
	return MEMLOG_OK;
}

/* VMCOREINFO that led here, unless the image has it already. */
static void expand_take(struct expand *x)
{
	const struct ml_log *log = x->log;
	uint8_t b[ML_VMCOREINFO_PEEK];
	size_t len, got;

	if (!ml_vmcoreinfo(x->image, "OSRELEASE", &len) && log->n_leads &&
	    !ml_image_fill(x->image, MEMLOG_PHYS, log->leads[0].start, b,
			   sizeof(b), &got, NULL) &&
	    got == sizeof(b))
		ml_vmcoreinfo_take(x->image, NULL, log->leads[0].start, b);
}

/* All that leads from the pointer. */
static enum memlog_status expand_all(struct expand *x, struct memlog_err *err)
{
	enum memlog_status s;
	uint8_t b[WORD];
	uint64_t va;

	if (!ml_dmesg_layout(x->image, ml_dmesg(x->log), err))
		return MEMLOG_NOT_MINE;
	if (!expand_read(x, DMESG_POINTER, b, sizeof(b)))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the pointer to it is not in the image");
	va = ml_le64(b);
	expand_init(x);
	s = ml_dmesg(x->log)->old ? expand_buffer(x, va, err) :
				    expand_ring(x, va, err);
	if (!s)
		s = expand_tables(x, err);
	if (!s)
		s = expand_proof(x, err);
	return s ? s : expand_describe(x, err);
}

enum memlog_status ml_dmesg_expand(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err)
{
	struct expand x = { .logs = logs, .log = log, .image = image };
	enum memlog_status s;
	uint64_t place;

	if (log->extents[0].space != MEMLOG_PHYS)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the guest's physical addresses are not known");
	expand_take(&x);
	if (!ml_dmesg_place(image, &place))
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "no VMCOREINFO says where the kernel's log is");
	if (place != log->extents[0].addr)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is not the log of this kernel, which is at "
			       "0x%llx",
			       (unsigned long long)place);
	/* any page of memory may lead there; the result is the same each time */
	if (logs->dmesg_refused)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "the log of this kernel was looked at before");
	s = expand_all(&x, err);
	logs->dmesg_refused = s == MEMLOG_NOT_MINE;
	return s;
}
