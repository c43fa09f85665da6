/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* modules.c - where the kernel that wrote a ring buffer had its modules. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "text.h"

enum { COUNT = 8, ENTRY = 64, NAME = 8 };

/* No module is larger. */
#define MODULE_LEN (UINT64_C(64) << 20)

static int modules_by_addr(const void *a, const void *b)
{
	uint64_t x = ((const struct ftrace_module *)a)->addr;
	uint64_t y = ((const struct ftrace_module *)b)->addr;

	return x < y ? -1 : x > y;
}

static bool modules_read(struct ml_source *source, uint64_t off, void *buf,
			 size_t len)
{
	uint64_t missing = source->missing;
	bool ok = ml_source_fill(source, 0, off, buf, len) == len;

	source->missing = missing;
	return ok;
}

static bool modules_is_name(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* After the start of the kernel: how many, and an address and a name of each. */
enum memlog_status ml_ftrace_modules_init(struct ftrace_modules *m,
					  struct ml_source *source,
					  const struct memlog_allocator *alloc,
					  struct memlog_err *err)
{
	const struct ftrace *f = ml_ftrace_const(source->log);
	uint64_t len = source->log->extents[0].len, n, i;
	uint64_t at = f->scratch + COUNT;
	struct ftrace_module *to;
	uint8_t b[ENTRY];

	if (f->old || !f->text || !modules_read(source, at, b, 8))
		return MEMLOG_OK;
	n = ml_le64(b);
	at += 8;
	if (at > len || n > (len - at) / ENTRY)
		return MEMLOG_OK;
	m->module = ml_calloc(alloc, n + 1, sizeof(*m->module));
	if (!m->module)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the names of modules");
	for (i = 0; i < n && modules_read(source, at, b, ENTRY);
	     i++, at += ENTRY) {
		to = &m->module[m->n];
		to->addr = ml_le64(b);
		memcpy(to->name, b + NAME, ENTRY - NAME);
		m->n += to->addr && to->name[0] && modules_is_name(to->name);
	}
	qsort(m->module, m->n, sizeof(*m->module), modules_by_addr);
	return MEMLOG_OK;
}

void ml_ftrace_modules_fini(struct ftrace_modules *m,
			    const struct memlog_allocator *alloc)
{
	ml_free(alloc, m->module);
}

const char *ml_ftrace_modules_find(const struct ftrace_modules *m,
				   uint64_t addr)
{
	size_t i = m->n;

	while (i && m->module[i - 1].addr > addr)
		i--;
	if (!i || addr - m->module[i - 1].addr >= MODULE_LEN)
		return NULL;
	return m->module[i - 1].name;
}
