/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "librings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"

/* As seen in Debian's kernels. */
const struct rings_layout rings_layouts[RINGS_LAYOUTS] = {
	{ "5.10", -1, 4, -1, 7276, 64, 40, 64, 80, 88, 96, 104, 128, 136, 216,
	  48, false },
	{ "6.1", -1, 4, -1, 7444, 64, 40, 64, 80, 88, 96, 104, 128, 136, 216,
	  48, false },
	{ "6.12", 248, -1, 208, 7684, 64, 48, 80, 96, 104, 112, 120, 144, 152,
	  232, 56, false },
	{ "7.3", 240, -1, 120, 7780, 56, 48, 80, 96, 104, 112, 120, 144, 152,
	  232, 56, true },
};

/* the same in all of them */
enum { ARRAY_NAME = 16, ARRAY_BUFFER = 24, ARRAY_SNAPSHOT = 64 };
enum { CPU_BUFFER = 16, PAGE_READ = 24 };

static const char info[] = "OSRELEASE=6.12.1\n"
			   "SYMBOL(_stext)=ffff800080000000\n"
			   "NUMBER(kimage_voffset)=0xffff800040000000\n"
			   "NUMBER(VA_BITS)=48\n"
			   "NUMBER(PHYS_OFFSET)=0x40000000\n"
			   "PAGESIZE=4096\n"
			   "SYMBOL(swapper_pg_dir)=ffff800080061000\n"
			   "SYMBOL(kallsyms_names)=ffff800080050000\n"
			   "SYMBOL(kallsyms_num_syms)=ffff800080050ff8\n"
			   "SYMBOL(kallsyms_token_table)=ffff800080051000\n"
			   "SYMBOL(kallsyms_token_index)=ffff800080051800\n"
			   "SYMBOL(kallsyms_offsets)=ffff800080052000\n";

uint64_t rings_direct(uint64_t phys)
{
	return KERNEL_DIRECT + (phys - KERNEL_BASE);
}

uint8_t *rings_at(struct rings *r, uint64_t phys)
{
	return r->structs + (phys - RINGS_STRUCTS);
}

static uint64_t rings_node_phys(uint32_t cpu, uint32_t place)
{
	return RINGS_STRUCTS + RINGS_NODES +
	       (cpu * FTRACE_PAGES + place) * (uint64_t)RINGS_NODE;
}

uint64_t rings_node_va(uint32_t cpu, uint32_t place)
{
	return rings_direct(rings_node_phys(cpu, place));
}

uint8_t *rings_node(struct rings *r, uint32_t cpu, uint32_t place)
{
	return rings_at(r, rings_node_phys(cpu, place));
}

/* ---- the kernel ---------------------------------------------------------- */

static size_t rings_members(const struct rings_layout *l, struct btf_member *to)
{
	const struct btf_member all[] = {
		{ "trace_array", "list", 0 },
		{ "trace_array", "name", ARRAY_NAME },
		{ "trace_array", "array_buffer", ARRAY_BUFFER },
		{ "trace_array",
		  l->new_names ? "snapshot_buffer" : "max_buffer",
		  ARRAY_SNAPSHOT },
		{ "trace_array", "range_addr_start", (uint32_t)l->range },
		{ "trace_array", "clock_id", (uint32_t)l->clock },
		{ "array_buffer", "tr", 0 },
		{ "array_buffer", "buffer", 8 },
		{ "trace_buffer", "cpus", (uint32_t)l->cpus },
		{ "trace_buffer", "buffers", (uint32_t)l->buffers },
		{ "trace_buffer", "subbuf_order", (uint32_t)l->order },
		{ "ring_buffer_per_cpu", "cpu", 0 },
		{ "ring_buffer_per_cpu", "buffer", CPU_BUFFER },
		{ "ring_buffer_per_cpu", "nr_pages", (uint32_t)l->pages },
		{ "ring_buffer_per_cpu", "head_page", (uint32_t)l->head },
		{ "ring_buffer_per_cpu", "commit_page", (uint32_t)l->commit },
		{ "ring_buffer_per_cpu", "reader_page", (uint32_t)l->reader },
		{ "ring_buffer_per_cpu", "lost_events", (uint32_t)l->lost },
		{ "ring_buffer_per_cpu", "last_overrun", (uint32_t)l->last },
		{ "ring_buffer_per_cpu", "entries", (uint32_t)l->entries },
		{ "ring_buffer_per_cpu", "overrun", (uint32_t)l->overrun },
		{ "ring_buffer_per_cpu", "read", (uint32_t)l->read },
		{ "buffer_page", "list", 0 },
		{ "buffer_page", "read", PAGE_READ },
		{ "buffer_page", "page", (uint32_t)l->data },
		{ "trace_event_call", ".name", 24 },
	};
	size_t i, n = 0;

	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].off != UINT32_MAX)
			to[n++] = all[i];
	return n;
}

static void rings_put_kernel(struct rings *r)
{
	const struct kernel_symbol extra[] = {
		{ "Dftrace_trace_arrays", KERNEL_IMAGE + RINGS_HEAD },
		{ "Dnr_cpu_ids", KERNEL_IMAGE + RINGS_HEAD + 16 },
		{ "Dtrace_clocks", KERNEL_IMAGE + RINGS_HEAD + 64 },
		{ "dglobal_trace", KERNEL_IMAGE + RINGS_GLOBAL },
		{ "R__start_BTF", KERNEL_IMAGE + RINGS_BTF },
		{ "R__stop_BTF", 0 },
	};
	struct btf_member member[64];
	struct btf_text t;

	btf_make(&t, member, rings_members(r->l, member), r->l->new_names);
	memcpy(r->k->extra, extra, sizeof(extra));
	r->k->n_extra = r->no_btf ? 4 : 6;
	r->k->extra[5].addr = KERNEL_IMAGE + RINGS_BTF + t.len;
	kernel_put_table(r->k, KERNEL_OWN_PLACE);
	memset(r->k->ram + KERNEL_REGION, 0, 0x4000);
	memcpy(r->k->ram + RINGS_BTF, t.bytes, t.len);
	/* no names of tasks */
	put64(r->k->ram + KERNEL_SAVEDCMD, 0);
	put32(r->k->ram + RINGS_HEAD + 16, r->m->n_cpus + 2);
	/* clocks 0 in ns, 1 not */
	put32(r->k->ram + RINGS_HEAD + 64 + 16, 1);
	memcpy(r->kernel, r->k->ram, KERNEL_RAM);
}

struct rings *rings_new(const struct rings_layout *l, uint32_t cpus,
			uint32_t pages, uint32_t size)
{
	struct rings *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->l = l;
	r->m = ftrace_new(cpus, pages, size, 56);
	r->k = kernel_new();
	r->kernel = mem_add(&r->m->mem, KERNEL_BASE, KERNEL_RAM);
	r->structs = mem_add(&r->m->mem, RINGS_STRUCTS, RINGS_ROOM);
	/* the pages are no longer in the first piece */
	return r;
}

void rings_free(struct rings *r)
{
	kernel_free(r->k);
	ftrace_free(r->m);
	free(r);
}

/* ---- counters ------------------------------------------------------------ */

static uint64_t rings_count(const struct rings *r, uint32_t cpu, bool overrun)
{
	const struct ftrace_line *l;
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < r->m->n; i++) {
		l = &r->m->line[i];
		if (l->cpu == cpu)
			n += overrun ? l->lost && !l->read : 1;
	}
	return n;
}

static uint64_t rings_count_read(const struct rings *r, uint32_t cpu)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < r->m->n; i++)
		n += r->m->line[i].cpu == cpu && r->m->line[i].read;
	return n;
}

void rings_swap(struct rings *r, uint32_t cpu)
{
	uint64_t overrun = rings_count(r, cpu, true);

	ftrace_swap(r->m, cpu);
	r->read[cpu] = 0;
	r->lost[cpu] = overrun - r->last[cpu];
	r->last[cpu] = overrun;
}

void rings_consume(struct rings *r, uint32_t cpu, uint32_t n)
{
	uint32_t page = r->m->ring[cpu].order[0], i;
	struct ftrace_line *l;

	for (i = 0; i < r->m->n && n; i++) {
		l = &r->m->line[i];
		if (l->cpu != cpu || l->page != page || l->lost || l->read)
			continue;
		l->read = true;
		r->read[cpu] = l->end;
		r->lost[cpu] = 0;
		n--;
	}
}

/* ---- structs ------------------------------------------------------------- */

static void rings_put_nodes(struct rings *r, uint32_t cpu)
{
	struct ftrace_ring *f = &r->m->ring[cpu];
	uint32_t n = r->m->n_pages, i, next, prev, head = f->head;
	uint8_t *p;

	for (i = 0; i < n; i++) {
		p = rings_node(r, cpu, i);
		/* the reader's page still points into the ring */
		next = i + 1 < n ? i + 1 : 1;
		prev = i > 1 ? i - 1 : n - 1;
		if (!i) {
			next = head;
			prev = head > 1 ? head - 1 : n - 1;
		}
		put64(p, rings_node_va(cpu, next) | (next == head));
		put64(p + 8, rings_node_va(cpu, prev));
		put64(p + r->l->data,
		      rings_direct(f->data +
				   (uint64_t)f->order[i] * r->m->size));
		put64(ftrace_page(r->m, cpu, f->order[i]),
		      f->stamp[f->order[i]]);
		put64(ftrace_page(r->m, cpu, f->order[i]) + 8,
		      f->used[f->order[i]]);
	}
	put32(rings_node(r, cpu, 0) + PAGE_READ, (uint32_t)r->read[cpu]);
}

static void rings_put_cpu(struct rings *r, uint32_t cpu)
{
	uint64_t phys = RINGS_STRUCTS + RINGS_CPU + cpu * 0x1000ull;
	struct ftrace_ring *f = &r->m->ring[cpu];
	uint8_t *p = rings_at(r, phys);

	put64(rings_at(r, RINGS_STRUCTS + RINGS_POINTERS + 8ull * cpu),
	      rings_direct(phys));
	put32(p, cpu);
	put64(p + CPU_BUFFER, rings_direct(RINGS_STRUCTS + RINGS_BUFFER));
	put64(p + r->l->pages, r->m->n_pages - 1);
	put64(p + r->l->head, rings_node_va(cpu, f->head));
	put64(p + r->l->commit, rings_node_va(cpu, f->tail));
	put64(p + r->l->reader, rings_node_va(cpu, 0));
	put64(p + r->l->lost, r->lost[cpu]);
	put64(p + r->l->last, r->last[cpu]);
	put64(p + r->l->entries, rings_count(r, cpu, false));
	put64(p + r->l->overrun, rings_count(r, cpu, true));
	put64(p + r->l->read, rings_count_read(r, cpu));
	rings_put_nodes(r, cpu);
}

void rings_store(struct rings *r)
{
	uint64_t buffer = rings_direct(RINGS_STRUCTS + RINGS_BUFFER);
	uint8_t *p = rings_at(r, RINGS_STRUCTS + RINGS_BUFFER), *k = r->k->ram;
	uint64_t global = KERNEL_IMAGE + RINGS_GLOBAL;
	uint32_t i;

	put64(k + RINGS_HEAD, global);
	put64(k + RINGS_HEAD + 8, global);
	put64(k + RINGS_GLOBAL, KERNEL_IMAGE + RINGS_HEAD);
	put64(k + RINGS_GLOBAL + 8, KERNEL_IMAGE + RINGS_HEAD);
	put64(k + RINGS_GLOBAL + ARRAY_BUFFER, global);
	put64(k + RINGS_GLOBAL + ARRAY_BUFFER + 8, buffer);
	if (r->l->cpus >= 0)
		put32(p + r->l->cpus, r->m->n_cpus);
	if (r->l->order >= 0)
		put32(p + r->l->order,
		      (uint32_t)__builtin_ctz(r->m->size / 4096));
	put64(p + r->l->buffers, rings_direct(RINGS_STRUCTS + RINGS_POINTERS));
	for (i = 0; i < r->m->n_cpus; i++)
		rings_put_cpu(r, i);
	rings_put_kernel(r);
}

/* ---- what is found ------------------------------------------------------- */

static void rings_decode(struct memlog_image *image,
			 const struct memlog_log *log, bool consumed, FILE *f,
			 struct rings_printed *t)
{
	struct memlog_decode_opts u = { .size = sizeof(u),
					.consumed = consumed };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	size_t n;

	assert_int_equal(memlog_decoder_open(image, log, &u, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		t->any |= rec->flags;
		if (rec->flags & MEMLOG_REC_LOST_BEFORE) {
			n = strlen(t->lost);
			snprintf(t->lost + n, sizeof(t->lost) - n, "%.*s",
				 (int)rec->text_len, rec->text);
			continue;
		}
		fwrite(rec->text, 1, rec->text_len, f);
		t->records++;
	}
	t->missing += memlog_decoder_missing(d);
	t->damaged += memlog_decoder_damaged(d);
	memlog_decoder_close(d);
}

static struct memlog_image *rings_image(struct rings *r)
{
	struct memlog_image *image = NULL;

	if (!r->live)
		return mem_image(&r->m->mem, MEMLOG_PHYS);
	r->ops = mem_ops;
	r->ops.flags |= MEMLOG_READER_LIVE;
	assert_int_equal(memlog_image_wrap(&r->ops, &r->m->mem, MEMLOG_PHYS,
					   "live", NULL, &image, NULL),
			 0);
	return image;
}

struct rings_printed rings_tell(struct rings *r, bool asked, bool consumed)
{
	struct memlog_image *image = rings_image(r);
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = asked ? "ftrace" : NULL };
	struct rings_printed t = { 0 };
	const struct memlog_log *log;
	struct memlog_logs *logs;
	const char *w;
	size_t len, i;
	FILE *f = open_memstream(&t.text, &len);

	r->m->mem.bytes = 0;
	ml_image_add_note(image, "VMCOREINFO", 0, "", info, info, strlen(info));
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		if (strcmp(log->format, "ftrace"))
			continue;
		if (t.logs < 4)
			strcpy(t.variant[t.logs], log->variant);
		t.logs++;
		t.flags |= log->flags;
		t.absent += ((const struct ml_log *)log)->absent;
		strcpy(t.reason, log->reason);
		rings_decode(image, log, consumed, f, &t);
	}
	w = memlog_image_warning(image, 0);
	snprintf(t.warning, sizeof(t.warning), "%s", w ? w : "");
	t.bytes = r->m->mem.bytes;
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	fclose(f);
	return t;
}

/* Symbols name the function that wrote. */
static char *rings_truth(const struct rings *r, bool consumed)
{
	static const char from[] = "0xffff800080001000", to[] = "ftrace_events";
	char *s = ftrace_truth(r->m, consumed), *at = s;

	while ((at = strstr(at, from))) {
		memcpy(at, to, strlen(to));
		memmove(at + strlen(to), at + strlen(from),
			strlen(at + strlen(from)) + 1);
	}
	return s;
}

struct rings_printed rings_equals(struct rings *r, bool consumed)
{
	char *want = rings_truth(r, consumed);
	struct rings_printed t;

	rings_store(r);
	t = rings_tell(r, true, consumed);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.missing, 0);
	assert_int_equal(t.damaged, 0);
	free(want);
	return t;
}
