/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libkernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static uint64_t put_string(struct kernel *m, const char *s)
{
	uint64_t at = m->strings;

	strcpy((char *)m->ram + at, s);
	m->strings += (uint32_t)strlen(s) + 1;
	return KERNEL_IMAGE + at;
}

/* The field becomes the first of the list: the kernel adds them in order. */
static void put_field(struct kernel *m, const char *type, const char *name,
		      uint32_t off, uint32_t size, bool is_signed)
{
	uint8_t *p = m->ram + m->fields, *head = m->ram + KERNEL_CLASS + 40;
	uint64_t va = KERNEL_DIRECT + m->fields, first = ml_le64(head);

	put64(p, first);
	put64(p + 8, KERNEL_IMAGE + KERNEL_CLASS + 40);
	put64(first >= KERNEL_IMAGE ? head + 8 :
				      m->ram + (first - KERNEL_DIRECT) + 8,
	      va);
	put64(head, va);
	put64(p + 16, put_string(m, name));
	put64(p + 24, put_string(m, type));
	put32(p + 36, off);
	put32(p + 40, size);
	put32(p + 44, is_signed);
	m->fields += KERNEL_FIELD;
}

static void put_call(struct kernel *m, uint32_t i, uint32_t n, uint16_t type,
		     uint64_t name, const char *format)
{
	uint8_t *p = m->ram + KERNEL_CALLS + i * KERNEL_CALL;
	uint64_t next =
		i ? KERNEL_IMAGE + KERNEL_CALLS + (i - 1) * KERNEL_CALL :
		    KERNEL_IMAGE + KERNEL_HEAD;
	uint64_t prev = i + 1 < n ? KERNEL_IMAGE + KERNEL_CALLS +
					    (i + 1) * KERNEL_CALL :
				    KERNEL_IMAGE + KERNEL_HEAD;

	/* the first to be made is the last in the list */
	put64(p, next);
	put64(p + 8, prev);
	put64(p + 16, KERNEL_IMAGE + KERNEL_CLASS);
	put64(p + 24, name);
	put32(p + 48, type);
	put64(p + 64, put_string(m, format));
	put64(m->ram + KERNEL_HEAD + 8, KERNEL_IMAGE + KERNEL_CALLS);
	put64(m->ram + KERNEL_HEAD,
	      KERNEL_IMAGE + KERNEL_CALLS + (n - 1) * KERNEL_CALL);
}

static void put_events(struct kernel *m)
{
	uint8_t *p = m->ram + KERNEL_REGION, *e;
	uint64_t first = KERNEL_DIRECT + KERNEL_REGION + 0x1000;

	put32(p, 0x0badfeed);
	put32(p + 4, 24 << 16 | 32);
	put64(p + 8, 0x4000);
	put64(p + 16, 64);
	put64(p + 24, KERNEL_IMAGE);
	p += 64;
	put64(p, first);
	put64(p + 8, first + 0x1000);
	put64(p + 16, first + 0x1000);
	put32(p + 24, 4096);
	put32(p + 28, 3);
	put32(p + 36, 1);
	put32(p + 40, 2);
	e = m->ram + KERNEL_REGION + 0x2000;
	put64(e, 1000000000);
	e += 16;
	/* pid, a number, where a string is, an array of char */
	put32(e, 9);
	put16(e + 4, 76);
	put32(e + 8, 1234);
	put32(e + 12, (uint32_t)-7);
	put32(e + 16, 5 << 16 | 28);
	memcpy(e + 20, "swapper\0", 8);
	put32(e + 28, 0xfeed);
	memcpy(e + 32, "abcd\0\0\0\0", 8);
	e += 40;
	/* another type of the same class */
	put32(e, 1 << 5 | 8);
	put16(e + 4, 77);
	put32(e + 8, 99);
	e += 36;
	put64(m->ram + KERNEL_REGION + 0x2008, 76);
}

struct kernel *kernel_new(void)
{
	struct kernel *m = calloc(1, sizeof(*m));
	uint64_t tp;

	assert_non_null(m);
	m->ram = mem_add(&m->mem, KERNEL_BASE, KERNEL_RAM);
	m->strings = KERNEL_STRINGS;
	m->fields = KERNEL_FIELDS;
	put64(m->ram + KERNEL_CLASS, put_string(m, "irq"));
	put64(m->ram + KERNEL_CLASS + 40, KERNEL_IMAGE + KERNEL_CLASS + 40);
	put64(m->ram + KERNEL_CLASS + 48, KERNEL_IMAGE + KERNEL_CLASS + 40);
	put_field(m, "int", "irq", 8, 4, true);
	put_field(m, "__data_loc char[]", "name", 12, 4, true);
	put_field(m, "char[8]", "comm", 16, 8, true);
	put_field(m, "void *", "ptr", 24, 4, false);
	tp = m->strings;
	m->strings += 64;
	put64(m->ram + tp, put_string(m, "irq_entry"));
	put_call(m, 0, 2, 76, KERNEL_IMAGE + tp, "\"irq=%d\", REC->irq");
	put_call(m, 1, 2, 77, put_string(m, "irq_exit"), "\"%d\", REC->irq");
	put64(m->ram + KERNEL_SAVEDCMD, KERNEL_DIRECT + KERNEL_TASKS);
	put64(m->ram + KERNEL_TASKS + 131080, KERNEL_DIRECT + KERNEL_PIDS);
	put32(m->ram + KERNEL_TASKS + 131088, 2);
	strcpy((char *)m->ram + KERNEL_TASKS + 131096, "init");
	strcpy((char *)m->ram + KERNEL_TASKS + 131096 + 16, "kworker/u9:2-ev");
	put32(m->ram + KERNEL_PIDS, 1);
	put32(m->ram + KERNEL_PIDS + 4, 1234);
	put_events(m);
	return m;
}

void kernel_put_module(struct kernel *m, bool large)
{
	uint64_t call = KERNEL_MODULE_VA + 0x100, va = KERNEL_MODULE_VA;
	uint8_t *p = m->ram + KERNEL_MODULE + 0x100;
	uint32_t level;

	if (large) {
		/* the page has the same place in the 2 MiB */
		call = (va & ~UINT64_C(0x1fffff)) + KERNEL_MODULE + 0x100;
	}
	put64(p, KERNEL_IMAGE + KERNEL_CALLS + KERNEL_CALL);
	put64(p + 8, KERNEL_IMAGE + KERNEL_HEAD);
	put64(p + 16, KERNEL_IMAGE + KERNEL_CLASS);
	put64(p + 24, put_string(m, "module_event"));
	put32(p + 48, 78);
	put64(m->ram + KERNEL_HEAD, call);
	put64(m->ram + KERNEL_CALLS + KERNEL_CALL + 8, call);
	for (level = 0; level < 4; level++) {
		uint32_t table = KERNEL_ROOT + 0x1000 * level;
		uint32_t index = va >> (39 - 9 * level) & 511;
		uint64_t next = KERNEL_BASE + table + 0x1000;

		if (large && level == 2)
			put64(m->ram + table + 8 * index, KERNEL_BASE | 0x701);
		else
			put64(m->ram + table + 8 * index,
			      (level < 3 ? next : KERNEL_BASE + KERNEL_MODULE) |
				      3);
	}
	put16(m->ram + KERNEL_REGION + 0x2010 + 44, 78);
}

void kernel_free(struct kernel *m)
{
	mem_free(&m->mem);
	free(m);
}

/* Of both lists, by address. */
static uint32_t kernel_symbols(const struct kernel *m,
			       const struct kernel_symbol *sym, uint32_t n,
			       struct kernel_symbol *ret)
{
	uint32_t i = 0, k = 0, to = 0;

	while (i < n || k < m->n_extra)
		ret[to++] = k == m->n_extra ||
					    (i < n &&
					     sym[i].addr <= m->extra[k].addr) ?
				    sym[i++] :
				    m->extra[k++];
	return to;
}

void kernel_put_table(struct kernel *m, enum kernel_kind kind)
{
	static const struct kernel_symbol own[] = {
		{ "Apercpu", 0x10 },
		{ "T_text", KERNEL_IMAGE },
		{ "T_stext", KERNEL_IMAGE },
		{ "Dftrace_events", KERNEL_IMAGE + KERNEL_HEAD },
		{ "dsavedcmd", KERNEL_IMAGE + KERNEL_SAVEDCMD },
		{ "B_end", KERNEL_IMAGE + KERNEL_RAM },
	};
	struct kernel_symbol sym[sizeof(own) / sizeof(*own) + KERNEL_EXTRA];
	uint32_t all = kernel_symbols(m, own, sizeof(own) / sizeof(*own), sym);
	uint8_t *p = m->ram + KERNEL_SYM_NAMES;
	uint32_t i, n = 0, from = kind == KERNEL_PERCPU ? 0 : 1;
	uint64_t off;

	m->kind = kind;
	for (i = 0; i < 256; i++) {
		m->ram[KERNEL_SYM_TOKENS + 2 * i] = (uint8_t)(i ? i : 'x');
		put16(m->ram + KERNEL_SYM_INDEX + 2 * i, (uint16_t)(2 * i));
	}
	for (i = from; i < all; i++, n++) {
		*p++ = (uint8_t)strlen(sym[i].name);
		memcpy(p, sym[i].name, strlen(sym[i].name));
		p += strlen(sym[i].name);
		if (kind == KERNEL_OWN_PLACE)
			off = sym[i].addr -
			      (KERNEL_IMAGE + KERNEL_SYM_OFFSETS + 4 * n);
		else if (kind == KERNEL_FROM_BASE)
			off = sym[i].addr - KERNEL_IMAGE;
		else
			off = i ? KERNEL_IMAGE - 1 - sym[i].addr : sym[i].addr;
		put32(m->ram + KERNEL_SYM_OFFSETS + 4 * n, (uint32_t)off);
	}
	put32(m->ram + KERNEL_SYM_COUNT, n);
	put64(m->ram + KERNEL_SYM_BASE, KERNEL_IMAGE);
}
