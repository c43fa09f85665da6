/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console of OPAL: a model of its writer, and headers that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "libmem.h"
#include "libtell.h"

#define SKIBOOT	   0x30000000u
#define MEMCONS	   0x230000u
#define DESCRIPTOR 0x260038u
#define RING	   0x1000000u

static void be32(uint8_t *p, uint32_t v)
{
	put32(p, __builtin_bswap32(v));
}

static void be64(uint8_t *p, uint64_t v)
{
	put64(p, __builtin_bswap64(v));
}

/* ---- what skiboot does ---------------------------------------------------- */

/* Memory of a machine, at base instead of skiboot's address. */
struct machine {
	struct mem mem;
	uint8_t *start, *memcons, *debug, *before, *ring;
	uint32_t size, pos;
	bool wrapped;
};

static void machine_init(struct machine *m, uint64_t base, uint32_t size)
{
	memset(m, 0, sizeof(*m));
	m->size = size;
	m->start = mem_add(&m->mem, base, 4096);
	m->memcons = mem_add(&m->mem, base + MEMCONS, 4096);
	m->debug = mem_add(&m->mem, base + (DESCRIPTOR & ~0xfffu), 4096);
	m->ring =
		mem_add(&m->mem, base + RING - 4096, 4096 + size + 4096) + 4096;
	be64(m->start + 0x80, SKIBOOT + DESCRIPTOR);
	memcpy(m->debug + (DESCRIPTOR & 0xfff), "OPALdbug\0\0\0\1", 12);
	be64(m->debug + (DESCRIPTOR & 0xfff) + 24, SKIBOOT + MEMCONS);
	memcpy(m->memcons, "f0iegras", 8);
	be64(m->memcons + 8, SKIBOOT + RING);
	be64(m->memcons + 16, SKIBOOT + RING + size);
	be32(m->memcons + 24, size);
	be32(m->memcons + 28, 16);
}

static void machine_write(struct machine *m, const char *text, size_t len)
{
	for (; len; len--) {
		m->ring[m->pos++] = (uint8_t)*text++;
		if (m->pos == m->size) {
			m->pos = 0;
			m->wrapped = true;
		}
	}
	be32(m->memcons + 32, m->pos | (m->wrapped ? 0x80000000u : 0));
}

/* ---- what is found -------------------------------------------------------- */

static void head(FILE *f, const struct memlog_log *log)
{
	fprintf(f, "%llx%s\n", (unsigned long long)log->extents->addr,
		log->flags & MEMLOG_LOG_GUESSED ? " guessed" : "");
}

static char *tell(struct mem *mem, enum memlog_space space,
		  enum memlog_scan_mode mode, size_t *ret_logs)
{
	struct tell t = { .formats = "opal", .mode = mode, .head = head };
	struct memlog_image *image = mem_image(mem, space);
	char *out = tell_all(image, &t);

	if (ret_logs)
		*ret_logs = t.logs;
	memlog_image_close(image);
	return out;
}

static void finds(struct machine *m, enum memlog_space space, const char *want)
{
	char *got = tell(&m->mem, space, MEMLOG_SCAN_PAGES, NULL);

	assert_string_equal(got, want);
	free(got);
	got = tell(&m->mem, space, MEMLOG_SCAN_EXHAUSTIVE, NULL);
	assert_string_equal(got, want);
	free(got);
}

#define LINE "[    1.000000002,5] a line\r\n"

/* Whatever was written, the newest of it is read, in all spaces. */
static void model(void **state)
{
	static const uint64_t base[] = { SKIBOOT, 0, 0x7f0000000000 };
	char all[6000], want[6100];
	struct machine m;
	size_t n, k, keep;

	for (n = 0; n < sizeof(all); n++)
		all[n] = n % 29 == 28 ? '\n' : (char)('a' + n * 7 % 26);
	for (k = 0; k < 3; k++)
		for (n = 0; n <= 5000; n += n < 4 ? 1 : 331) {
			machine_init(&m, base[k], 2000);
			machine_write(&m, all, n);
			keep = n < 2000 ? n : 2000;
			snprintf(want, sizeof(want), "%llx\n%.*s",
				 (unsigned long long)base[k] + MEMCONS,
				 (int)keep, all + n - keep);
			finds(&m, k ? MEMLOG_HOST : MEMLOG_PHYS, want);
			mem_free(&m.mem);
		}
}

/* Lines, as struct memlog_record has them. */
static void prefixes(void **state)
{
	static const struct {
		const char *line, *message;
		int level;
		uint64_t time;
	} t[] = {
		{ "[    0.256000000,5] half a second\n", "half a second\n", 5,
		  256000000 },
		{ "[   10.000000001,0] x\n", "x\n", 0, 5120000001 },
		{ "[12345.511999999,9] x\n", "x\n", 7, 6321151999999 },
		{ "[36028797018.493551615,8] x\n", "x\n", 7, UINT64_MAX },
		/* not what skiboot writes */
		{ "[    0.512000000,5] x\n", NULL, -1, 0 },
		{ "[36028797018.493551616,5] x\n", NULL, -1, 0 },
		{ "[99999999999.000000000,5] x\n", NULL, -1, 0 },
		{ "[    0.25600000,5] x\n", NULL, -1, 0 },
		{ "[     .256000000,5] x\n", NULL, -1, 0 },
		{ "[    0.256000000,x] x\n", NULL, -1, 0 },
		{ "[    0.256000000,5]x\n", NULL, -1, 0 },
		{ "[    0.256000000,5", NULL, -1, 0 },
		{ " 34.29855|ISTEP 21. 3\n", NULL, -1, 0 },
		{ "[\n", NULL, -1, 0 },
	};
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "opal" };
	const struct memlog_record *rec;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	struct machine m;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		machine_init(&m, SKIBOOT, 2000);
		machine_write(&m, t[i].line, strlen(t[i].line));
		image = mem_image(&m.mem, MEMLOG_PHYS);
		assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_int_equal(memlog_decoder_open(image,
						     memlog_logs_get(logs, 0),
						     NULL, &d, NULL),
				 0);
		assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
		assert_int_equal(rec->has_level ? (int)rec->level : -1,
				 t[i].level);
		assert_int_equal(rec->has_time, t[i].level >= 0);
		assert_true(rec->time == t[i].time);
		if (!t[i].message)
			assert_int_equal(rec->message_len, rec->text_len);
		else
			assert_memory_equal(rec->message, t[i].message,
					    rec->message_len);
		memlog_decoder_close(d);
		memlog_logs_destroy(logs);
		memlog_image_close(image);
		mem_free(&m.mem);
	}
}

/* Every bit of what leads to the ring: no crash, no text but this, and one log. */
static void flips(void **state)
{
	static const struct {
		size_t len, off;
	} part[] = { { 44, 0 }, { 32, DESCRIPTOR & 0xfff }, { 8, 0x80 } };
	struct machine m;
	uint8_t *p[3];
	size_t i, bit, n, lost = 0;
	char *got;

	for (i = 0; i < 3; i++)
		for (bit = 0; bit < 8 * part[i].len; bit++) {
			machine_init(&m, 0, 2000);
			machine_write(&m, LINE LINE, strlen(LINE LINE));
			p[0] = m.memcons;
			p[1] = m.debug;
			p[2] = m.start;
			p[i][part[i].off + bit / 8] ^= (uint8_t)(1 << bit % 8);
			got = tell(&m.mem, MEMLOG_HOST, MEMLOG_SCAN_EXHAUSTIVE,
				   &n);
			assert_true(n <= 1);
			lost += !n;
			/* what does not belong to the header is not needed */
			if (i)
				assert_non_null(strstr(got, LINE LINE));
			free(got);
			mem_free(&m.mem);
		}
	/* almost all of the header is */
	assert_in_range(lost, 8 * 28, 8 * 44);
}

/* Memory that ends anywhere. */
static void prefix(void **state)
{
	uint8_t whole[8192] = "f0iegras", *p;
	struct mem mem = { .n = 0 };
	size_t len;

	be64(whole + 8, SKIBOOT + 64);
	be64(whole + 16, SKIBOOT + 64 + 256);
	be32(whole + 24, 256);
	be32(whole + 28, 16);
	be32(whole + 32, (uint32_t)strlen(LINE));
	memcpy(whole + 64, LINE, strlen(LINE));
	for (len = 1; len < 600; len++) {
		p = mem_add(&mem, SKIBOOT, len);
		memcpy(p, whole, len);
		free(tell(&mem, MEMLOG_PHYS, MEMLOG_SCAN_PAGES, NULL));
		mem_free(&mem);
	}
}

/* A header that was never used, of a skiboot that is elsewhere; and a descriptor
 * that leads nowhere. */
static void others(void **state)
{
	struct machine m;

	machine_init(&m, SKIBOOT, 2000);
	machine_write(&m, LINE, strlen(LINE));
	memcpy(mem_add(&m.mem, MEMCONS, 4096), m.memcons, 44);
	finds(&m, MEMLOG_PHYS, "230000\n" LINE "30230000\n" LINE);
	mem_free(&m.mem);
	machine_init(&m, SKIBOOT, 2000);
	machine_write(&m, LINE, strlen(LINE));
	be32((uint8_t *)memcpy(mem_add(&m.mem, MEMCONS, 4096), m.memcons, 44) +
		     32,
	     0);
	finds(&m, MEMLOG_PHYS, "30230000\n" LINE);
	be64(m.debug + (DESCRIPTOR & 0xfff) + 24, UINT64_MAX - 4);
	finds(&m, MEMLOG_PHYS, "30230000\n" LINE);
	be64(m.start + 0x80, UINT64_MAX - 4);
	finds(&m, MEMLOG_PHYS, "30230000\n" LINE);
	mem_free(&m.mem);
}

/* Headers on every page, each of which looks for its ring, cost a bounded amount. */
static void many(void **state)
{
	struct mem mem = { .n = 0 };
	uint8_t *p = mem_add(&mem, 0x7f0000000000, 8u << 20);
	size_t i;
	char *got;

	for (i = 0; i < 2048; i++) {
		memcpy(p + i * 4096, "f0iegras", 8);
		be64(p + i * 4096 + 8, SKIBOOT + RING);
		be64(p + i * 4096 + 16, SKIBOOT + RING + 2000);
		be32(p + i * 4096 + 24, 2000);
		be32(p + i * 4096 + 32, 50);
	}
	got = tell(&mem, MEMLOG_HOST, MEMLOG_SCAN_PAGES, NULL);
	assert_string_equal(got, "");
	free(got);
	assert_true(mem.reads < 600000);
	mem_free(&mem);
}

static int stop_after(void *arg, uint64_t done, uint64_t all)
{
	const struct mem *mem = arg;

	(void)done, (void)all;
	return mem->reads > 10;
}

/* The search for a ring from a header on can be stopped. */
static void stopped(void **state)
{
	struct mem mem = { .n = 0 };
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "opal",
				      .mode = MEMLOG_SCAN_PAGES,
				      .progress = stop_after,
				      .progress_arg = &mem };
	uint8_t *p = mem_add(&mem, 0x7f0000000000, 32u << 20);
	struct memlog_image *image = mem_image(&mem, MEMLOG_HOST);
	uint8_t *at = p + (24u << 20);
	struct memlog_logs *logs;

	memcpy(at, "f0iegras", 8);
	be64(at + 8, SKIBOOT + RING);
	be64(at + 16, SKIBOOT + RING + 2000);
	be32(at + 24, 2000);
	be32(at + 32, 50);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL),
			 MEMLOG_STOP);
	memlog_logs_destroy(logs);
	/* all places would take more than 500 */
	assert_true(mem.reads < 200);
	memlog_image_close(image);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model),   cmocka_unit_test(prefixes),
		cmocka_unit_test(flips),   cmocka_unit_test(prefix),
		cmocka_unit_test(others),  cmocka_unit_test(many),
		cmocka_unit_test(stopped),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
