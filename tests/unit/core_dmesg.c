/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_dmesg.c - the log of Linux: what is missing, damaged, or planted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "image/vmcoreinfo.h"
#include "libmem.h"

/* A kernel of x86-64, loaded so that its image is at its physical address. */
#define VA(phys) (UINT64_C(0xffffffff80000000) + (phys))

/* where its parts are; TEXT in a piece of its own */
enum {
	UTS = 0x1000,
	POINTER = 0x2000,
	RING = 0x3000,
	ROOT = 0x4000, /* page tables */
	DESCS = 0x10000,
	INFOS = 0x20000,
	KERNEL = 0x100000, /* bytes */
	TEXT = 0x200000,
	MAPPED = 0x40000000, /* what the tables map to */
};

enum { COUNT_BITS = 4, TEXT_BITS = 14, RECORDS = 12, LINE = 1000 };

/* what is virtual, and not in the image of the kernel */
#define ELSEWHERE UINT64_C(0xffffc90000000000)

#define PLACES                                                                    \
	"SYMBOL(_stext)=ffffffff80000000\nSYMBOL(init_uts_ns)=ffffffff80001000\n" \
	"OFFSET(uts_namespace.name)=0\nNUMBER(phys_base)=0\n"                     \
	"SYMBOL(swapper_pg_dir)=ffffffff80004000\n"

static const char ring_places[] =
	"OSRELEASE=6.1.0\n" PLACES "SYMBOL(prb)=ffffffff80002000\n"
	"OFFSET(printk_ringbuffer.desc_ring)=0\n"
	"OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=8\n"
	"OFFSET(prb_desc_ring.infos)=16\nOFFSET(prb_desc_ring.head_id)=24\n"
	"OFFSET(prb_desc_ring.tail_id)=32\n"
	"OFFSET(printk_ringbuffer.text_data_ring)=40\n"
	"OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=8\n"
	"OFFSET(prb_data_ring.head_lpos)=16\n"
	"OFFSET(prb_data_ring.tail_lpos)=24\nSIZE(printk_ringbuffer)=80\n"
	"SIZE(prb_desc)=24\nOFFSET(prb_desc.state_var)=0\n"
	"OFFSET(prb_desc.text_blk_lpos)=8\nOFFSET(prb_data_blk_lpos.begin)=0\n"
	"OFFSET(prb_data_blk_lpos.next)=8\nSIZE(printk_info)=%u\n"
	"OFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
	"OFFSET(printk_info.text_len)=16\n";

static const char buffer_places[] =
	"OSRELEASE=5.4.0\n" PLACES "SYMBOL(log_buf)=ffffffff80002000\n"
	"SYMBOL(log_buf_len)=ffffffff80003000\n"
	"SYMBOL(log_first_idx)=ffffffff80003004\n"
	"SYMBOL(log_next_idx)=ffffffff80003008\nSIZE(printk_log)=16\n"
	"OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
	"OFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n";

struct kernel {
	struct mem mem;
	struct memlog_image *image;
	uint8_t *p;
};

static void kernel_start(struct kernel *k)
{
	*k = (struct kernel){ .image = NULL };
	k->p = mem_add(&k->mem, 0, KERNEL);
	strcpy((char *)k->p + UTS, "Linux");
	strcpy((char *)k->p + UTS + 130, "6.1.0");
}

/* With this text as a note, or, where p is not NULL, in memory. */
static void kernel_text(struct kernel *k, uint8_t *p, const char *format,
			unsigned int info)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), format, info);

	if (p)
		memcpy(p, text, (size_t)n);
	k->image = mem_image(&k->mem, MEMLOG_PHYS);
	if (!p)
		ml_image_add_note(k->image, "VMCOREINFO", 0, "", text, text,
				  (size_t)n);
}

static void kernel_stop(struct kernel *k)
{
	memlog_image_close(k->image);
	mem_free(&k->mem);
}

/* Records of LINE bytes each, "0...", "1...", in a ring that was never full. */
static void put_ring(struct kernel *k, uint8_t *text, uint32_t count_bits,
		     uint64_t descs, uint64_t infos, uint64_t data)
{
	uint8_t *r = k->p + RING, *d, *b;
	unsigned int i, at;

	put64(k->p + POINTER, VA(RING));
	put32(r, count_bits);
	put64(r + 8, descs);
	put64(r + 16, infos);
	put64(r + 24, RECORDS - 1);
	put64(r + 32, 0);
	put32(r + 40, TEXT_BITS);
	put64(r + 48, data);
	put64(r + 56, RECORDS * (LINE + 8));
	put64(r + 64, 0);
	for (i = 0; text && i < RECORDS; i++) {
		at = i * (LINE + 8);
		d = k->p + DESCS + 24 * i;
		b = k->p + INFOS + 24 * i;
		put64(d, i | UINT64_C(2) << 62);
		put64(d + 8, at);
		put64(d + 16, at + LINE + 8);
		put64(b, i);
		put64(b + 8, i * UINT64_C(1000000));
		put16(b + 16, LINE);
		put64(text + at, i);
		memset(text + at + 8, 'A' + (int)i, LINE);
	}
}

/* The first letter of each line, and ".N" if its text is short. */
static void print(struct memlog_image *image, char *ret, size_t size,
		  uint64_t *ret_missing, uint64_t *ret_damaged)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "dmesg" };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	size_t n = 0;

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	*ret = '\0';
	while (!memlog_decoder_next(d, &rec, NULL)) {
		assert_true(n + 32 < size);
		n += (size_t)snprintf(ret + n, size - n, "%c", rec->message[0]);
		if (rec->message_len <= LINE)
			n += (size_t)snprintf(ret + n, size - n, ".%zu",
					      rec->message_len - 1);
	}
	*ret_missing = memlog_decoder_missing(d);
	*ret_damaged = memlog_decoder_damaged(d);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
}

static void test_missing(void **state)
{
	struct kernel k;
	uint8_t *text = calloc(1, 1 << TEXT_BITS), *page;
	uint64_t missing, damaged;
	char got[256];
	unsigned int i;

	(void)state;
	kernel_start(&k);
	put_ring(&k, text, COUNT_BITS, VA(DESCS), VA(INFOS), VA(TEXT));
	/* an id that is another's */
	put64(text + LINE + 8, 0x77);
	/* the second page is not there: ids of records 5 to 8 */
	for (i = 0; i < 1u << TEXT_BITS; i += 4096)
		if (i != 4096) {
			page = mem_add(&k.mem, TEXT + i, i ? 2 * 4096 : 4096);
			memcpy(page, text + i, i ? 2 * 4096 : 4096);
			i += i ? 4096 : 0;
		}
	kernel_text(&k, NULL, ring_places, 24);
	print(k.image, got, sizeof(got), &missing, &damaged);
	assert_string_equal(got, "ACDE.56JKL");
	assert_int_equal(damaged, LINE);
	/* the rest of the 5th; the words of four, and what they say is there */
	assert_int_equal(missing, LINE - 56 + 4 * (8 + LINE));
	kernel_stop(&k);
	free(text);
}

/* Blocks that overlap give no more text than a ring holds, and that of one record. */
static void test_overlap(void **state)
{
	enum { SIZE = 1 << TEXT_BITS, LEN = 16000, WHOLE = 5 };
	uint64_t missing, damaged;
	struct kernel k;
	char got[4096];
	unsigned int i;
	uint8_t *text;

	(void)state;
	kernel_start(&k);
	text = mem_add(&k.mem, TEXT, SIZE);
	memset(text, 'x', SIZE);
	put_ring(&k, NULL, COUNT_BITS, VA(DESCS), VA(INFOS), VA(TEXT));
	for (i = 0; i < RECORDS; i++) {
		put64(k.p + DESCS + 24 * i, i | UINT64_C(2) << 62);
		put64(k.p + DESCS + 24 * i + 8, 8 * i);
		put64(k.p + DESCS + 24 * i + 16, SIZE);
		put64(k.p + INFOS + 24 * i, i);
		put16(k.p + INFOS + 24 * i + 16, LEN);
		put64(text + 8 * i, i);
	}
	kernel_text(&k, NULL, ring_places, 24);
	print(k.image, got, sizeof(got), &missing, &damaged);
	assert_int_equal(missing, 0);
	assert_int_equal(damaged, (RECORDS - WHOLE) * LEN);
	kernel_stop(&k);
}

/* Pages that say that they are VMCOREINFO: each leads to the same log, which is refused
 * after its pages were looked up, 8192 for descriptors alone. */
static size_t planted_reads(unsigned int n)
{
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "dmesg" };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	struct memlog_logs *logs;
	struct kernel k;
	unsigned int i;
	uint8_t *p;
	size_t reads;

	kernel_start(&k);
	put_ring(&k, NULL, 20, ELSEWHERE, ELSEWHERE, VA(0x20000000));
	/* one page of 1 GiB */
	put64(k.p + ROOT + 8 * (ELSEWHERE >> 39 & 511), (ROOT + 0x1000) | 1);
	put64(k.p + ROOT + 0x1000, MAPPED | 0x81);
	p = mem_add(&k.mem, 0x800000, (size_t)n * 4096);
	kernel_text(&k, p, ring_places, 24);
	for (i = 1; i < n; i++)
		memcpy(p + 4096 * i, p, 4096);
	assert_int_equal(memlog_scan(k.image, &o, &logs, &st, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 0);
	/* and where the kernel has it */
	assert_true(st.candidates >= n);
	memlog_logs_destroy(logs);
	reads = k.mem.reads;
	kernel_stop(&k);
	return reads;
}

static void test_planted(void **state)
{
	size_t one = planted_reads(1);

	(void)state;
	assert_true(one > 2 * 4096);
	assert_true(planted_reads(200) < one + 200 * 32);
}

/* Many page tables lead to a log; what shows that VMCOREINFO is the kernel's goes into
 * its extents all the same. */
static void test_tables(void **state)
{
	const unsigned int tables = 64, info = 512;
	uint64_t missing, damaged;
	struct kernel k;
	char got[256];
	unsigned int i;
	uint8_t *t, *p;

	(void)state;
	kernel_start(&k);
	put64(k.p + ROOT + 8 * (ELSEWHERE >> 39 & 511), (ROOT + 0x1000) | 1);
	put64(k.p + ROOT + 0x1000, (ROOT + 0x2000) | 1);
	t = mem_add(&k.mem, 0x10000000, (size_t)tables * 4096);
	for (i = 0; i < tables * 512; i++)
		put64(t + 8 * i, (MAPPED + UINT64_C(4096) * i) | 1);
	for (i = 0; i < tables; i++)
		put64(k.p + ROOT + 0x2000 + 8 * i, (0x10000000 + 4096 * i) | 1);
	/* 128 MiB, of which the image has the first pages */
	put_ring(&k, mem_add(&k.mem, TEXT, 1 << TEXT_BITS), 18, VA(DESCS),
		 ELSEWHERE, VA(TEXT));
	p = mem_add(&k.mem, MAPPED, RECORDS * info);
	for (i = 0; i < RECORDS; i++)
		memcpy(p + info * i, k.p + INFOS + 24 * i, 24);
	kernel_text(&k, mem_add(&k.mem, 0x800000, 4096), ring_places, info);
	print(k.image, got, sizeof(got), &missing, &damaged);
	assert_string_equal(got, "ABCDEFGHIJKL");
	assert_int_equal(missing + damaged, 0);
	kernel_stop(&k);
}

/* ---- before 5.10 -------------------------------------------------------- */

/* n records of len bytes, each with one letter, in a ring of size bytes. */
static void put_buffer(struct kernel *k, uint8_t *text, uint32_t size,
		       uint16_t len, uint32_t n)
{
	uint8_t *p = text;
	uint32_t i;

	put64(k->p + POINTER, VA(TEXT));
	put32(k->p + RING, size);
	put32(k->p + RING + 4, 0);
	put32(k->p + RING + 8, n * len);
	for (i = 0; i < n; i++, p += len) {
		put64(p, i);
		put16(p + 8, len);
		put16(p + 10, (uint16_t)(len - 16));
		memset(p + 16, 'A' + (int)(i % 26), len - 16u);
	}
}

static void test_buffer_missing(void **state)
{
	uint8_t *text = calloc(4, 1 << 20);
	uint64_t missing, damaged;
	char got[8192], *from;
	struct kernel k;

	(void)state;
	kernel_start(&k);
	strcpy((char *)k.p + UTS + 130, "5.4.0");
	put_buffer(&k, text, 4 << 20, 1016, 4000);
	/* 2 MiB are not there, which are more than may be damaged */
	memcpy(mem_add(&k.mem, TEXT, 8192), text, 8192);
	memcpy(mem_add(&k.mem, TEXT + 8192 + (2 << 20), (2 << 20) - 8192),
	       text + 8192 + (2 << 20), (2 << 20) - 8192);
	kernel_text(&k, NULL, buffer_places, 0);
	print(k.image, got, sizeof(got), &missing, &damaged);
	assert_int_equal(damaged, 0);
	/* 8 whole, and the 9th; the next whole one is the 2073rd */
	assert_memory_equal(got, "ABCDEFGHI.48", 12);
	from = got + 12;
	assert_int_equal(strlen(from), 4000 - 2073);
	assert_int_equal(missing, 2073 * 1016 - 8192);
	kernel_stop(&k);
	free(text);
}

/* Damage adds up: after enough of it no more is looked for. */
static void test_buffer_damaged(void **state)
{
	uint64_t missing, damaged;
	char got[16384];
	struct kernel k;
	uint8_t *text;
	uint32_t i, n;

	(void)state;
	kernel_start(&k);
	text = mem_add(&k.mem, TEXT, 8 << 20);
	put_buffer(&k, text, 8 << 20, 1024, 8000);
	/* every third record */
	for (i = 2; i < 8000; i += 3)
		memset(text + 1024 * i, 1, 1024);
	kernel_text(&k, NULL, buffer_places, 0);
	print(k.image, got, sizeof(got), &missing, &damaged);
	assert_int_equal(missing, 0);
	n = 2 * (ML_DMESG_SKIP / 1024 + 1);
	assert_int_equal(strlen(got), n);
	assert_int_equal(damaged, 1024 * (8000 - n));
	kernel_stop(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_planted),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_buffer_missing),
		cmocka_unit_test(test_buffer_damaged),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
