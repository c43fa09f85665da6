/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libprinted.c - what is printed of the traces in an image. */
#include "libprinted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"

#include "../../fixtures/gen/hyp_android.c"
#include "../../fixtures/gen/hyp_model.c"

#define MS UINT64_C(1000000)

/* Where the kernel has its data: at 1 GiB. */
#define DATA_AT                                  \
	"SYMBOL(init_uts_ns)=ffff9abc40000000\n" \
	"NUMBER(kimage_voffset)=0xffff9abc00000000\n"

struct hypm_remote {
	struct hypm m; /* first */
	struct mem mem;
};

struct hypm *hypm_new(uint32_t cpus, uint32_t pages, uint32_t size)
{
	struct hypm_remote *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	hypm_init(&r->m, mem_add(&r->mem, HYP_BASE, HYP_RAM), HYP_BASE, cpus,
		  pages, size);
	return &r->m;
}

struct hypm *hypm_new_android(enum hypm_gen gen, uint32_t cpus, uint32_t pages,
			      uint32_t size)
{
	struct hypm_remote *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	hypm_init_android(&r->m, gen, mem_add(&r->mem, HYP_BASE, HYP_RAM),
			  HYP_BASE, cpus, pages, size);
	return &r->m;
}

void hypm_free(struct hypm *m)
{
	hypm_fini(m);
	mem_free(hypm_mem(m));
	free(m);
}

struct mem *hypm_mem(struct hypm *m)
{
	return &((struct hypm_remote *)m)->mem;
}

void hypm_hole(struct hypm *m, uint64_t addr, size_t len)
{
	size_t start = addr - HYP_BASE, end = start + len;
	struct mem *mem = hypm_mem(m);
	uint8_t *rest;

	assert_int_equal(mem->n, 1);
	rest = mem_add(mem, addr + len, HYP_RAM - end);
	memcpy(rest, m->ram + end, HYP_RAM - end);
	mem->piece[0].len = start;
}

struct printed printed_opts(struct memlog_image *image,
			    const struct memlog_symbols *symbols, bool consumed)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "hyp-trace",
				      .symbols = symbols };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.consumed = consumed };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct printed t = { 0 };
	size_t len, len2, len3, i, k;
	FILE *f = open_memstream(&t.text, &len);
	FILE *g = open_memstream(&t.flagged, &len2);
	FILE *h = open_memstream(&t.strings, &len3);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	t.logs = memlog_logs_count(logs);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		t.flags = log->flags;
		memcpy(t.reason, log->reason, sizeof(t.reason));
		t.current += log->state == MEMLOG_STATE_CURRENT;
		t.stale += log->state == MEMLOG_STATE_STALE;
		assert_int_equal(memlog_decoder_open(image, log, &u, &d, NULL),
				 0);
		while (!memlog_decoder_next(d, &rec, NULL)) {
			fwrite(rec->text, 1, rec->text_len, f);
			if (rec->flags & MEMLOG_REC_CONSUMED)
				fwrite(rec->text, 1, rec->text_len, g);
			for (k = 0; k < rec->n_fields; k++)
				if (!strcmp(rec->fields[k].name, "string"))
					fprintf(h, "%.*s\n",
						(int)rec->fields[k].text_len,
						rec->fields[k].text);
			t.any |= rec->flags;
		}
		t.missing += memlog_decoder_missing(d);
		t.damaged += memlog_decoder_damaged(d);
		strcpy(t.note, memlog_decoder_note(d));
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	fclose(g);
	fclose(h);
	return t;
}

const char *hypm_release(const struct hypm *m)
{
	switch (m->gen) {
	case HYPM_14:
		return "OSRELEASE=6.1.75-android14-11\n" DATA_AT;
	case HYPM_15:
	case HYPM_15_LONG:
		return "OSRELEASE=6.6.30-android15-8\n" DATA_AT;
	case HYPM_16:
		return "OSRELEASE=6.12.23-android16-5\n";
	default:
		return "OSRELEASE=7.3.4\n";
	}
}

struct printed printed(struct hypm *m)
{
	const char *text = hypm_release(m);
	struct memlog_image *image = mem_image(hypm_mem(m), MEMLOG_PHYS);
	struct printed t;

	if (m->gen == HYPM_15 || m->gen == HYPM_14)
		ml_image_add_note(image, "VMCOREINFO", 0, "", text, text,
				  strlen(text));
	t = printed_opts(image, NULL, false);
	memlog_image_close(image);
	return t;
}

void printed_free(struct printed *t)
{
	free(t->text);
	free(t->flagged);
	free(t->strings);
}

void printed_all(struct hypm *m)
{
	char *want;
	struct printed t;

	hypm_store(m);
	t = printed(m);
	want = hypm_truth(m, m->no_buffer);
	assert_int_equal(t.logs, 1);
	assert_string_equal(t.text, want);
	assert_int_equal(t.any & MEMLOG_REC_GUESSED, 0);
	assert_int_equal(t.missing, 0);
	assert_int_equal(t.damaged, 0);
	assert_string_equal(t.note, "");
	if (!m->no_buffer)
		assert_string_equal(t.flagged, "");
	free(want);
	printed_free(&t);
}

void printed_hostile(struct hypm *m, const uint64_t *where, size_t n,
		     size_t len, const uint64_t *words, size_t n_words)
{
	uint8_t *p, old[8];
	struct printed t;
	size_t i, k;

	for (i = 0; i < n * len; i++)
		for (k = 0; k < n_words; k++) {
			p = m->ram + (where[i / len] - HYP_BASE) + i % len * 8;
			memcpy(old, p, 8);
			put64(p, words[k]);
			t = printed(m);
			printed_free(&t);
			memcpy(p, old, 8);
		}
}

void hypm_fill(struct hypm *m, uint32_t cpu, uint32_t n)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint32_t i;

	for (i = 0; i < n; i++)
		if (i % 3)
			hypm_enter(m, cpu, c->stamp + 5000,
				   i % 4 == 3 ? 99 : (uint8_t)(i % 4),
				   (int32_t)i - 2);
		else
			hypm_selftest(m, cpu, c->stamp + 300 * MS, i);
}

void hypm_fill_android(struct hypm *m, uint32_t cpu, uint32_t n)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint32_t i, event;

	for (i = 0; i < n; i++) {
		const uint64_t v[7] = { i % 200, i & 1, 0x1234 + i, 7,
					8,	 1,	i % 100 };

		event = i % HYPM_EVENTS;
		if (!(m->left_out >> event & 1))
			hypm_android(m, cpu, c->stamp + 900 + 1000000 * (i % 7),
				     event, v);
	}
}
