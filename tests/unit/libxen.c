/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxen.c - a console ring, and the memory of a hypervisor that has one. */
#include "libxen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/xen/xen.h"

void conring_put(struct conring *r, const char *s)
{
	for (; *s; s++)
		r->buf[r->p++ & (r->size - 1)] = (uint8_t)*s;
	if (r->p - r->c > r->size)
		r->c = r->p - r->size;
}

void conring_lines(struct conring *r, unsigned int n)
{
	char line[160], when[40] = "";

	while (n--) {
		r->us += 1000 + (uint64_t)rand() % 90000;
		if (r->times)
			snprintf(when, sizeof(when), "[%5u.%06u] ",
				 (unsigned int)(r->us / 1000000),
				 (unsigned int)(r->us % 1000000));
		if (r->guests && rand() % 3 == 0)
			snprintf(line, sizeof(line),
				 "[%5u.%06u] dom0 says %u\r\n",
				 (unsigned int)(r->us / 1000000),
				 (unsigned int)(r->us % 1000000), r->line++);
		else if (r->guests && rand() % 5 == 0)
			snprintf(line, sizeof(line), "(d%u) %sfw %u\n",
				 1 + r->line % 3, when, r->line),
				r->line++;
		else
			snprintf(line, sizeof(line), "(XEN) %s%.*s %u\n", when,
				 rand() % 60,
				 "CPU7: entering the state that nobody wanted "
				 "to see again",
				 r->line++);
		conring_put(r, line);
	}
}

struct memlog_logs *xen_scan(struct memlog_image *image, const char *formats)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = formats };
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan(image, &o, &logs, NULL, &err))
		fail_msg("%s", err.text);
	return logs;
}

char *xen_text(struct memlog_image *image, const struct memlog_log *log,
	       size_t *ret_records)
{
	struct memlog_decode_opts o = { .size = sizeof(o) };
	char *text = calloc(1, log->used + 1);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_err err;
	size_t len = 0, n = 0;

	assert_int_equal(memlog_decoder_open(image, log, &o, &d, &err), 0);
	while (!memlog_decoder_next(d, &rec, &err)) {
		assert_true(len + rec->text_len <= log->used);
		memcpy(text + len, rec->text, rec->text_len);
		len += rec->text_len;
		n++;
	}
	memlog_decoder_close(d);
	if (ret_records)
		*ret_records = n;
	return text;
}

void xen_expect(struct memlog_image *image, const struct memlog_log *log,
		const uint8_t *ring, uint32_t size, uint32_t p)
{
	char *text = xen_text(image, log, NULL);
	uint32_t n = p < size ? p : size, i;

	assert_int_equal(log->used, n);
	for (i = 0; i < n; i++)
		assert_int_equal((uint8_t)text[i],
				 ring[(p - n + i) & (size - 1)]);
	free(text);
}

void xen_world_init(struct xen_world *w, enum memlog_space space, bool note)
{
	uint8_t info[80] = { 0 };

	memset(w, 0, sizeof(*w));
	w->m = mem_add(&w->mem, 0, 24 * MIB);
	w->r = (struct conring){ .buf = w->m + 2 * MIB,
				 .size = 32768,
				 .times = true };
	put32(w->m + XEN_START + XEN_DATA, w->r.size);
	put64(w->m + XEN_START + XEN_DATA + 8, ML_XEN_DIRECTMAP + 2 * MIB);
	put64(w->m + XEN_START + 0x263600, XEN_START);
	w->image = mem_image(&w->mem, space);
	w->image->machine = "x86_64";
	if (!note)
		return;
	put64(info, 4);
	put64(info + 8, 17);
	put64(info + 64, XEN_START);
	ml_image_add_note(w->image, "Xen", ML_XEN_CRASH_INFO, "", "", info, 80);
	ml_xen_attach(w->image);
}

void xen_world_sync(struct xen_world *w)
{
	put32(w->m + XEN_START + XEN_BSS, w->r.p);
	put32(w->m + XEN_START + XEN_BSS + 4, w->r.c);
}

void xen_world_fini(struct xen_world *w)
{
	memlog_image_close(w->image);
	mem_free(&w->mem);
}

static enum memlog_status xen_world_addr(void *self, const char *name,
					 uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t at;
	} syms[] = {
		{ "conring", XEN_DATA + 8 },	{ "conring_size", XEN_DATA },
		{ "conringp", XEN_BSS },	{ "conringc", XEN_BSS + 4 },
		{ "xen_phys_start", 0x263600 },
	};
	size_t i;

	for (i = 0; i < 5; i++)
		if (!strcmp(syms[i].name, name)) {
			*ret = 0xffff82d040000000 + syms[i].at;
			return MEMLOG_OK;
		}
	return MEMLOG_NO_DATA;
}

const struct memlog_symbols xen_symbols = {
	.size = sizeof(xen_symbols),
	.addr = xen_world_addr,
};
