/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmade.c - dumps with millions of headers, which are made up as they are read. */
#include "libmade.h"

#include <string.h>

#define PAGE 4096u

static void le(uint8_t *p, uint64_t v, size_t len)
{
	for (; len; len--, v >>= 8)
		*p++ = (uint8_t)v;
}

static void be(uint8_t *p, uint64_t v, size_t len)
{
	for (; len; len--, v >>= 8)
		p[len - 1] = (uint8_t)v;
}

static size_t copy(uint8_t *buf, size_t len, const uint8_t *from, size_t size,
		   uint64_t at)
{
	size_t n = size - (size_t)at;

	if (n > len)
		n = len;
	memcpy(buf, from + at, n);
	return n;
}

size_t made_read(const struct made *m, uint64_t off, uint8_t *buf, size_t len)
{
	uint64_t records = m->n * m->each, at;
	uint8_t head[2 * PAGE + 64], record[MADE_RECORD];
	size_t done = 0, i;

	if (off >= m->size)
		return 0;
	if (len > m->size - off)
		len = (size_t)(m->size - off);
	if (off < m->start) {
		memset(head, 0, sizeof(head));
		m->head(m, head);
		done = copy(buf, len, head, m->start, off);
	}
	while (done < len && off + done < m->start + records) {
		at = off + done - m->start;
		memset(record, 0, sizeof(record));
		m->record(m, at / m->each, record);
		done += copy(buf + done, len - done, record, m->each,
			     at % m->each);
	}
	at = off + done - m->start - records;
	if (done < len && at < m->end_len) {
		m->end(record);
		done += copy(buf + done, len - done, record, m->end_len, at);
	}
	for (i = done; i < len; i++)
		buf[i] = (uint8_t)(off + i);
	return len;
}

static enum memlog_status read_made(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	(void)err;
	*ret = made_read(self, addr, buf, len);
	return *ret || !len ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status made_next(void *self, uint64_t addr,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	const struct made *m = self;

	(void)err;
	if (addr >= m->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, m->size };
	return MEMLOG_OK;
}

const struct memlog_reader_ops made_ops = {
	.size = sizeof(made_ops),
	.read = read_made,
	.next_range = made_next,
};

/* The numbers below n, a power of two, in another order. */
static uint64_t mixed(uint64_t i, uint64_t n)
{
	return i * 0x9e3779b1u % n;
}

/* ---- ELF ------------------------------------------------------------------ */

#define EHDR	  64u
#define PHDR	  56u
#define NOTE_TYPE 4u

static void elf_head(const struct made *m, uint8_t *p)
{
	memcpy(p, "\177ELF\2\1\1", 7);
	le(p + 16, 4, 2); /* ET_CORE */
	le(p + 18, 62, 2);
	le(p + 20, 1, 4);
	le(p + 32, 2 * EHDR, 8);
	le(p + 40, EHDR, 8);
	le(p + 52, EHDR, 2);
	le(p + 54, PHDR, 2);
	le(p + 56, 0xffff, 2); /* the section has the number */
	le(p + 58, 64, 2);
	le(p + 60, 1, 2);
	le(p + EHDR + 44, m->n, 4);
}

static void phdr(uint8_t *p, unsigned int type, uint64_t addr, uint64_t off,
		 uint64_t len)
{
	le(p, type, 4);
	le(p + 8, off, 8);
	le(p + 24, addr, 8);
	le(p + 32, len, 8);
	le(p + 40, len, 8);
}

static uint64_t elf_memory(const struct made *m)
{
	return 2 * EHDR + PHDR * m->n;
}

static void elf_in_order(const struct made *m, uint64_t i, uint8_t *p)
{
	phdr(p, 1, 64 * i, elf_memory(m) + 32 * i, 16);
}

static void elf_mixed(const struct made *m, uint64_t i, uint8_t *p)
{
	phdr(p, 1, 64 * mixed(i, m->n), elf_memory(m) + 16 * mixed(i, m->n / 2),
	     96 - 32 * (i % 3));
}

static void elf_same(const struct made *m, uint64_t i, uint8_t *p)
{
	phdr(p, 1, 2 * PAGE * i, elf_memory(m), PAGE);
}

static void elf_notes(const struct made *m, uint64_t i, uint8_t *p)
{
	phdr(p, NOTE_TYPE, 0, elf_memory(m) + i % 64, PAGE);
}

static struct made elf(const char *name, uint64_t n,
		       void (*record)(const struct made *m, uint64_t i,
				      uint8_t *out))
{
	struct made m = {
		.name = name,
		.n = n,
		.head = elf_head,
		.record = record,
		.start = 2 * EHDR,
		.each = PHDR,
	};

	m.size = elf_memory(&m) + 32 * n + PAGE;
	return m;
}

struct made made_elf(uint64_t n)
{
	return elf("elf, in order", n, elf_in_order);
}

struct made made_elf_mixed(uint64_t n)
{
	return elf("elf, in any order", n, elf_mixed);
}

struct made made_elf_same(uint64_t n)
{
	return elf("elf, the same bytes", n, elf_same);
}

struct made made_elf_notes(uint64_t n)
{
	return elf("elf, PT_NOTEs", n, elf_notes);
}

/* One PT_NOTE. */
static void note_head(const struct made *m, uint8_t *p)
{
	struct made one = *m;

	one.n = 1;
	elf_head(&one, p);
	phdr(p + 2 * EHDR, NOTE_TYPE, 0, m->start, m->size - m->start);
}

static void large_note(const struct made *m, uint64_t i, uint8_t *p)
{
	(void)i;
	le(p, 5, 4);
	le(p + 4, m->size - m->start - 20, 4);
	le(p + 8, 1, 4);
	memcpy(p + 12, "CORE", 5);
}

struct made made_elf_note(uint64_t len)
{
	return (struct made){
		.name = "elf, a large note",
		.n = 1,
		.head = note_head,
		.record = large_note,
		.start = 2 * EHDR + PHDR,
		.each = 20,
		.size = 2 * EHDR + PHDR + 20 + len,
	};
}

static void small_note(const struct made *m, uint64_t i, uint8_t *p)
{
	(void)m;
	le(p, 5, 4);
	le(p + 4, 40, 4);
	le(p + 8, i, 4);
	memcpy(p + 12, "OTHER", 5);
}

struct made made_elf_small_notes(uint64_t n)
{
	return (struct made){
		.name = "elf, small notes",
		.n = n,
		.head = note_head,
		.record = small_note,
		.start = 2 * EHDR + PHDR,
		.each = 60,
		.size = 2 * EHDR + PHDR + 60 * n,
	};
}

/* ---- LiME and AVML -------------------------------------------------------- */

static void no_head(const struct made *m, uint8_t *p)
{
	(void)m;
	(void)p;
}

static void lime_range(const struct made *m, uint64_t i, uint8_t *p)
{
	(void)m;
	memcpy(p, "EMiL\1\0\0", 8);
	le(p + 8, 4 * i, 8);
	le(p + 16, 4 * i, 8);
	p[32] = 'x';
}

struct made made_lime(uint64_t n)
{
	return (struct made){ "lime", n,  no_head, lime_range, NULL,
			      0,      33, 0,	   33 * n };
}

static void avml_head(const struct made *m, uint8_t *p)
{
	memcpy(p, "AVML\2\0\0", 8);
	le(p + 16, m->n - 1, 8);
}

/* A frame that is not compressed, and has a checksum. */
static void avml_frame(const struct made *m, uint64_t i, uint8_t *p)
{
	(void)m;
	(void)i;
	p[0] = 1;
	le(p + 1, 5, 3);
	le(p + 4, 0xa282ead8u, 4);
	p[8] = 'x';
}

static void avml_end(uint8_t *p)
{
	le(p, 0, 8);
}

struct made made_avml(uint64_t n)
{
	return (struct made){ "avml", n, avml_head, avml_frame,	   avml_end,
			      32,     9, 8,	    32 + 9 * n + 8 };
}

/* ---- flattened ------------------------------------------------------------ */

#define FLAT  16u
#define GROUP 4u

static void flat_head(const struct made *m, uint8_t *p)
{
	(void)m;
	memcpy(p, "makedumpfile", 12);
	be(p + 16, 1, 8);
	be(p + 24, 1, 8);
}

/* The record of a file's 16 bytes at FLAT * i, and which record that is. */
static uint64_t flat_place(const struct made *m, uint64_t i)
{
	return mixed(i / GROUP, m->n / GROUP) * GROUP + i % GROUP;
}

static void flat_record(const struct made *m, uint64_t i, uint8_t *p)
{
	be(p, FLAT * flat_place(m, i), 8);
	be(p + 8, FLAT, 8);
	le(p + 16, flat_place(m, i), 8);
}

static void flat_end(uint8_t *p)
{
	memset(p, 0xff, 16);
}

struct made made_flat(uint64_t n)
{
	return (struct made){
		.name = "flattened",
		.n = n,
		.head = flat_head,
		.record = flat_record,
		.end = flat_end,
		.start = PAGE,
		.each = 16 + FLAT,
		.end_len = 16,
		.size = PAGE + (16 + FLAT) * n + 16,
	};
}

uint8_t made_flat_byte(const struct made *m, uint64_t off)
{
	(void)m;
	return off % FLAT < 8 ? (uint8_t)(off / FLAT >> off % FLAT * 8) : 0;
}

/* ---- Xen and Windows ------------------------------------------------------- */

#define SECTIONS 4u

static void section(uint8_t *p, unsigned int name, unsigned int type,
		    uint64_t off, uint64_t size)
{
	le(p, name, 4);
	le(p + 4, type, 4);
	le(p + 24, off, 8);
	le(p + 32, size, 8);
}

static void dumpcore_head(const struct made *m, uint8_t *p)
{
	static const char names[] = "\0.xen_pages\0.xen_pfn\0.shstrtab";

	elf_head(m, p);
	le(p + 32, 0, 8);
	le(p + 56, 0, 2);
	le(p + 60, SECTIONS, 2);
	le(p + 62, 3, 2);
	memset(p + EHDR, 0, 64);
	section(p + EHDR + 64, 1, 1, PAGE + (8 * m->n + PAGE - 1) / PAGE * PAGE,
		PAGE * m->n);
	section(p + EHDR + 128, 12, 1, PAGE, 8 * m->n);
	section(p + EHDR + 192, 21, 3, 1024, sizeof(names));
	memcpy(p + 1024, names, sizeof(names));
}

static void dumpcore_frame(const struct made *m, uint64_t i, uint8_t *p)
{
	le(p, mixed(i, m->n), 8);
}

struct made made_dumpcore(uint64_t n)
{
	return (struct made){
		.name = "xl dump-core",
		.n = n,
		.head = dumpcore_head,
		.record = dumpcore_frame,
		.start = PAGE,
		.each = 8,
		.size = PAGE + (8 * n + PAGE - 1) / PAGE * PAGE + PAGE * n,
	};
}

static void windows_head(const struct made *m, uint8_t *p)
{
	uint8_t *b = p + 0x2000;

	memcpy(p, "PAGEDU64", 8);
	le(p + 0xf98, 5, 4);
	memcpy(b, "SDMPDUMP", 8);
	le(b + 0x20, m->start + m->n, 8);
	le(b + 0x28, 4 * m->n, 8);
	le(b + 0x30, 8 * m->n, 8);
}

static void windows_bits(const struct made *m, uint64_t i, uint8_t *p)
{
	(void)m;
	(void)i;
	*p = 0x55;
}

struct made made_windows(uint64_t n)
{
	return (struct made){
		.name = "windows",
		.n = n / 4,
		.head = windows_head,
		.record = windows_bits,
		.start = 0x2000 + 0x38,
		.each = 1,
		.size = 0x2000 + 0x38 + n / 4 + PAGE * n,
	};
}
