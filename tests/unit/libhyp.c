/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libhyp.c - a model of Linux's trace remote. */
#include "libhyp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM (4u << 20)

static uint64_t direct(uint64_t phys)
{
	return HYP_DIRECT + phys - HYP_BASE;
}

static uint64_t image(uint64_t phys)
{
	return HYP_IMAGE + phys - HYP_BASE;
}

static uint8_t *at(struct hypm *m, uint64_t phys)
{
	assert_true(phys >= HYP_BASE && phys - HYP_BASE < RAM);
	return m->ram + (phys - HYP_BASE);
}

static uint64_t take(struct hypm *m, uint32_t len, uint32_t align)
{
	m->used = (m->used + align - 1) & -align;
	m->used += len;
	assert_true(m->used <= RAM);
	return HYP_BASE + m->used - len;
}

/* ---- the kernel --------------------------------------------------------- */

static uint64_t hypm_string(struct hypm *m, const char *s)
{
	uint64_t phys = take(m, (uint32_t)strlen(s) + 1, 1);

	memcpy(at(m, phys), s, strlen(s));
	return image(phys);
}

static uint64_t hypm_field(struct hypm *m, uint64_t phys, const char *type,
			   const char *name, uint32_t size, bool is_signed)
{
	put64(at(m, phys), hypm_string(m, type));
	put64(at(m, phys + 8), hypm_string(m, name));
	put32(at(m, phys + 16), size);
	put32(at(m, phys + 20), size);
	put32(at(m, phys + 24), is_signed);
	return phys + 40;
}

static void hypm_event(struct hypm *m, uint32_t i, const char *name,
		       const char *format)
{
	uint64_t e = m->table + 72 * i, f = take(m, 120, 8);

	memcpy(at(m, e), name, strlen(name));
	put16(at(m, e + 30), (uint16_t)i);
	*at(m, e + 32) = 1;
	put64(at(m, e + 40), direct(m->remote));
	put64(at(m, e + 48), image(f));
	put64(at(m, e + 56), hypm_string(m, format));
	put64(at(m, e + 64), image(m->table + 0x100000));
	if (i < 2) {
		f = hypm_field(m, f, "u8", "reason", 1, false);
		hypm_field(m, f, "pid_t", "vcpu", 4, true);
	} else {
		hypm_field(m, f, "u64", "id", 8, false);
	}
}

static void hypm_kernel(struct hypm *m)
{
	static const char enter[] =
		"\"reason=%s vcpu=%d\", __hyp_enter_exit_reason_str("
		"REC->reason), REC->vcpu";
	static const char names[][12] = {
		"smc",	      "hvc",	   "sys",	 "psci",   "host_abort",
		"guest_exit", "eret_host", "eret_guest", "unknown"
	};

	m->table = take(m, 3 * 72, 4096);
	m->remote = take(m, 128, 64);
	m->variable = take(m, 16, 16);
	hypm_event(m, 0, "hyp_enter", enter);
	hypm_event(m, 1, "hyp_exit", enter);
	hypm_event(m, 2, "selftest", "\"\"id=%llu\", REC->id\", ");
	memcpy(at(m, take(m, sizeof(names), 8)), names, sizeof(names));
}

void hypm_move_table(struct hypm *m, uint32_t off)
{
	uint64_t to = take(m, off + 3 * 72, 4096) + off;

	memcpy(at(m, to), at(m, m->table), 3 * 72);
	memset(at(m, m->table), 0, 3 * 72);
	m->table = to;
}

/* The kernel's own view: trace_buffer.buffers at 56; in ring_buffer_per_cpu the CPU,
 * its buffer at 16, reader_page at 104; in buffer_page a list, read at 24, page at
 * 56. */
static void hypm_buffer(struct hypm *m)
{
	uint64_t array, cpu, page;
	uint32_t i;

	m->buffer = take(m, 128, 64);
	array = take(m, 8 * m->n_cpus, 8);
	put64(at(m, m->buffer + 56), direct(array));
	for (i = 0; i < m->n_cpus; i++) {
		cpu = take(m, 512, 64);
		page = take(m, 96, 64);
		put64(at(m, array + 8 * i), direct(cpu));
		put32(at(m, cpu), i);
		put64(at(m, cpu + 16), direct(m->buffer));
		put64(at(m, cpu + 104), direct(page));
		put64(at(m, page), direct(page) + 1);
		put64(at(m, page + 8), direct(page));
		put32(at(m, page + 24), m->cpu[i].read);
		put64(at(m, page + 56),
		      direct(m->cpu[i].addr[m->cpu[i].reader]));
	}
	put64(at(m, m->remote + 16), m->no_buffer ? 0 : direct(m->buffer));
}

struct hypm *hypm_new(uint32_t cpus, uint32_t pages, uint32_t size)
{
	struct hypm *m = calloc(1, sizeof(*m));
	uint32_t i, k;

	assert_non_null(m);
	m->ram = mem_add(&m->mem, HYP_BASE, RAM);
	m->size = size;
	m->n_cpus = cpus;
	m->n_pages = pages;
	hypm_kernel(m);
	m->desc = take(m, 32 + cpus * (16 + 8 * pages), 4096) + 16;
	m->backing = take(m, cpus * pages * 40, 4096);
	for (i = 0; i < cpus; i++) {
		struct hypm_cpu *c = &m->cpu[i];

		c->meta = take(m, size, size);
		c->rb = take(m, 72, 64);
		c->nodes = m->backing + i * pages * 40;
		for (k = 0; k < pages; k++) {
			c->addr[k] = take(m, size, size);
			c->page[k] = at(m, c->addr[k]);
			memset(c->page[k] + 16, 0xa5, 64); /* stale */
			c->text[k] = calloc(1, 4 * size);
			assert_non_null(c->text[k]);
			c->next[k] = k + 1 < pages ? k + 1 : 1;
		}
		c->next[0] = 1;
		c->head = c->tail = 1;
	}
	return m;
}

void hypm_free(struct hypm *m)
{
	uint32_t i, k;

	for (i = 0; i < m->n_cpus; i++)
		for (k = 0; k < m->n_pages; k++)
			free(m->cpu[i].text[k]);
	mem_free(&m->mem);
	free(m);
}

/* ---- the writer --------------------------------------------------------- */

static void hypm_tail(struct hypm_cpu *c)
{
	uint32_t next = c->next[c->tail];

	if (c->tail != c->reader && next == c->head) {
		c->overrun += c->events[next];
		c->lost_pages++;
		c->head = c->next[next];
	}
	if (c->tail == c->reader)
		next = c->head;
	c->tail = next;
	c->write[next] = c->events[next] = 0;
	c->text[next][0] = 0;
	c->touched++;
}

static void hypm_write(struct hypm *m, uint32_t cpu, uint64_t ns,
		       const uint8_t *payload, uint32_t len, const char *words)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint64_t delta = ns - c->stamp;
	bool extend = delta >> 27;
	uint32_t need = 8 + len + (extend ? 8 : 0);
	uint8_t *p;
	size_t n;

	if (c->write[c->tail] + need > m->size - 16)
		hypm_tail(c);
	if (!c->write[c->tail]) {
		extend = false;
		delta = 0;
		put64(c->page[c->tail], ns);
	}
	p = c->page[c->tail] + 16 + c->write[c->tail];
	/* what is more than 59 bits is lost */
	c->printed += delta & ((UINT64_C(1) << 59) - 1);
	if (!c->write[c->tail])
		c->printed = ns;
	if (extend) {
		put32(p, 30 | (uint32_t)(delta << 5));
		put32(p + 4, (uint32_t)(delta >> 27));
		p += 8;
		delta = 0;
	}
	put32(p, (uint32_t)delta << 5);
	put32(p + 4, len + 4);
	memcpy(p + 8, payload, len);
	c->write[c->tail] = (uint32_t)(p + 8 + len - c->page[c->tail] - 16);
	c->events[c->tail]++;
	c->entries++;
	c->stamp = ns;
	n = strlen(c->text[c->tail]);
	n += (size_t)snprintf(
		c->text[c->tail] + n, 4 * m->size - n,
		"[%03u]\t%5llu.%06llu: %s\n", cpu,
		(unsigned long long)(c->printed / 1000000000),
		(unsigned long long)(c->printed % 1000000000 / 1000), words);
	assert_true(n < 4 * m->size);
}

void hypm_enter(struct hypm *m, uint32_t cpu, uint64_t ns, uint8_t reason,
		int32_t vcpu)
{
	static const char *const names[] = { "smc", "hvc", "sys" };
	uint8_t b[8] = { 0, 0, reason };
	char words[64];

	put32(b + 4, (uint32_t)vcpu);
	snprintf(words, sizeof(words), "hyp_enter reason=%s vcpu=%d",
		 reason < 3 ? names[reason] : "unknown", vcpu);
	hypm_write(m, cpu, ns, b, sizeof(b), words);
}

void hypm_selftest(struct hypm *m, uint32_t cpu, uint64_t ns, uint64_t id)
{
	uint8_t b[16] = { 2 };
	char words[64];

	put64(b + 8, id);
	snprintf(words, sizeof(words), "selftest id=%llu",
		 (unsigned long long)id);
	hypm_write(m, cpu, ns, b, sizeof(b), words);
}

/* ---- the reader --------------------------------------------------------- */

bool hypm_swap(struct hypm *m, uint32_t cpu)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	uint32_t old = c->reader, got = c->head, i;

	if (c->tail == old || !c->write[got])
		return false;
	for (i = 0; i < m->n_pages; i++)
		if (i != old && i != got && c->next[i] == got)
			c->next[i] = old;
	c->next[old] = c->next[got] == got ? old : c->next[got];
	c->head = c->next[old];
	c->reader = got;
	c->read = 0;
	c->lost = c->overrun - c->last_overrun;
	c->last_overrun = c->overrun;
	return true;
}

/* The payload length is in the second word. */
void hypm_read(struct hypm *m, uint32_t cpu, uint32_t n)
{
	struct hypm_cpu *c = &m->cpu[cpu];
	const uint8_t *p;

	(void)m;
	for (; n; n--) {
		assert_true(c->read < c->write[c->reader]);
		p = c->page[c->reader] + 16 + c->read;
		if ((p[0] & 31) == 30) {
			c->read += 8;
			p += 8;
		}
		c->read += 4 + (uint32_t)(p[4] | p[5] << 8);
	}
}

/* ---- memory ------------------------------------------------------------- */

static void hypm_store_nodes(struct hypm *m, struct hypm_cpu *c)
{
	uint64_t shift = HYP_SHIFT - HYP_DIRECT, va;
	uint32_t k;

	for (k = 0; k < m->n_pages; k++) {
		uint64_t node = c->nodes + 40 * k;

		va = direct(c->nodes + 40 * c->next[k]) + shift;
		if (k != c->reader && c->next[k] == c->head)
			va |= 1;
		put64(at(m, node), va);
		put64(at(m, node + 16), direct(c->addr[k]) + shift);
		put64(at(m, node + 24), c->events[k]);
		put32(at(m, node + 32), c->write[k]);
		put32(at(m, node + 36), k);
	}
	put64(at(m, c->rb), direct(c->nodes + 40 * c->tail) + shift);
	put64(at(m, c->rb + 8), direct(c->nodes + 40 * c->reader) + shift);
	put64(at(m, c->rb + 16), direct(c->nodes + 40 * c->head) + shift);
	put64(at(m, c->rb + 24), direct(c->nodes) + shift);
	put64(at(m, c->rb + 32), direct(c->meta) + shift);
	put32(at(m, c->rb + 40), m->n_pages);
	put32(at(m, c->rb + 44), 1);
	put64(at(m, c->rb + 48), c->last_overrun);
	put64(at(m, c->rb + 56), c->stamp);
}

static uint64_t hypm_store_cpu(struct hypm *m, uint32_t i, uint64_t entry)
{
	struct hypm_cpu *c = &m->cpu[i];
	uint32_t k;

	put32(at(m, entry), i);
	put32(at(m, entry + 4), m->n_pages);
	put64(at(m, entry + 8), direct(c->meta));
	for (k = 0; k < m->n_pages; k++) {
		put64(at(m, entry + 16 + 8 * k), direct(c->addr[k]));
		put64(c->page[k] + 8, c->write[k]);
	}
	put32(at(m, c->meta), m->size);
	put32(at(m, c->meta + 12), m->n_pages);
	put64(at(m, c->meta + 16), c->lost);
	put32(at(m, c->meta + 24), c->reader);
	put64(at(m, c->meta + 40), c->entries);
	put64(at(m, c->meta + 48), c->overrun);
	put64(at(m, c->meta + 64), c->lost_pages);
	put64(at(m, c->meta + 72), c->touched);
	if (!m->no_nodes)
		hypm_store_nodes(m, c);
	return entry + 16 + 8 * m->n_pages;
}

void hypm_store(struct hypm *m)
{
	uint64_t entry = m->desc + 16;
	uint32_t i;

	put64(at(m, m->desc - 16), direct(m->backing));
	put64(at(m, m->desc - 8),
	      (m->n_cpus * m->n_pages * 40 + 4095) & ~UINT32_C(4095));
	put32(at(m, m->desc), m->n_cpus);
	put32(at(m, m->desc + 4), 0xfffffdff);
	put64(at(m, m->desc + 8), 16 + m->n_cpus * (16 + 8 * m->n_pages));
	for (i = 0; i < m->n_cpus; i++)
		entry = hypm_store_cpu(m, i, entry);
	hypm_buffer(m);
	put64(at(m, m->remote + 24), direct(m->desc));
	put64(at(m, m->variable), direct(m->desc));
	put64(at(m, m->remote + 48), image(m->table));
	put64(at(m, m->remote + 56), 3);
}

void hypm_hole(struct hypm *m, uint64_t addr, size_t len)
{
	size_t start = addr - HYP_BASE, end = start + len;
	uint8_t *rest;

	assert_int_equal(m->mem.n, 1);
	rest = mem_add(&m->mem, addr + len, RAM - end);
	memcpy(rest, m->ram + end, RAM - end);
	m->mem.piece[0].len = start;
}

/* ---- the truth ---------------------------------------------------------- */

static char *hypm_lost(char *to, uint32_t cpu, uint64_t lost)
{
	return lost ? to + sprintf(to, "CPU:%u [LOST %llu EVENTS]\n", cpu,
				   (unsigned long long)lost) :
		      to;
}

/* How many events of the reader page were read. */
static uint32_t hypm_count_read(const struct hypm_cpu *c)
{
	uint32_t pos = 0, n = 0;
	const uint8_t *p;

	while (pos < c->read) {
		p = c->page[c->reader] + 16 + pos;
		if ((p[0] & 31) == 30) {
			pos += 8;
			p += 8;
		}
		pos += 4 + (uint32_t)(p[4] | p[5] << 8);
		n++;
	}
	return n;
}

static char *hypm_truth_cpu(const struct hypm *m, uint32_t i, bool all,
			    char *to)
{
	const struct hypm_cpu *c = &m->cpu[i];
	uint32_t skip = all ? 0 : hypm_count_read(c), k;
	const char *text = c->text[c->reader];

	if (c->write[c->reader] && (all || !c->read))
		to = hypm_lost(to, i, c->lost);
	for (; skip; skip--)
		text = strchr(text, '\n') + 1;
	to = stpcpy(to, text);
	if (c->tail == c->reader || !c->write[c->head])
		return to;
	to = hypm_lost(to, i, c->overrun - c->last_overrun);
	for (k = c->head;; k = c->next[k]) {
		to = stpcpy(to, c->text[k]);
		if (k == c->tail)
			return to;
	}
}

char *hypm_truth(const struct hypm *m, bool all)
{
	char *ret = calloc(1, HYP_TEXT), *to = ret;
	uint32_t i;

	assert_non_null(ret);
	for (i = 0; i < m->n_cpus; i++)
		to = hypm_truth_cpu(m, i, all, to);
	assert_true(to - ret < (ptrdiff_t)HYP_TEXT);
	return ret;
}
