/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console of coreboot: which lines are of which boot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "libcbmem.h"
#include "libmem.h"

static struct mem mem;

static uint8_t *piece(uint64_t addr, size_t len)
{
	return mem_add(&mem, addr, len);
}

static int setup(void **state)
{
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static int teardown(void **state)
{
	mem_free(&mem);
	return 0;
}

/* A console with this text, from byte from of the ring on. ~ is a byte that the
 * image does not have. */
static void lay_ring(const char *text, size_t from)
{
	size_t all = strlen(text), size = all + !from, end = 8 + size + 16;
	uint8_t *ring = calloc(1, end);
	size_t i, n;

	assert_non_null(ring);
	cbmem_root(piece(0x3fff000, CBMEM_PAGE), -0x21000, (uint32_t)size + 8);
	put32(ring, (uint32_t)size);
	put32(ring + 4, from ? (uint32_t)from | 0x80000000 : (uint32_t)all);
	memcpy(ring + 8 + from, text, all - from);
	memcpy(ring + 8, text + all - from, from);
	for (i = 0; i < end; i += n + 1) {
		for (n = i ? 0 : 8; i + n < end && ring[i + n] != '~';)
			n++;
		if (n)
			memcpy(piece(0x3fde000 + i, n), ring + i, n);
	}
	free(ring);
}

/* The boot of a record, "<": an older one, "?": it is not known. */
static void tell_boot(FILE *f, const struct memlog_record *rec)
{
	bool stale = rec->flags & MEMLOG_REC_STALE;

	if (!rec->has_boot) {
		assert_int_equal(rec->boot, 0);
		fprintf(f, "%c ", stale ? '<' : '?');
		return;
	}
	assert_int_equal(stale, rec->boot != 0);
	fprintf(f, "%d ", rec->boot);
}

/* The boot of each line of a ring, as "-1 -1 0 "; before them "unknown" if the
 * log may not be current. */
static char *boots_of(const char *text, size_t from)
{
	struct memlog_scan_opts o = { .size = sizeof(o) };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_image *image;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	lay_ring(text, from);
	image = mem_image(&mem, MEMLOG_PHYS);
	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	log = memlog_logs_get(logs, 0);
	assert_non_null(log);
	if (log->state != MEMLOG_STATE_CURRENT)
		fprintf(f, "%s ", memlog_state_name(log->state));
	assert_int_equal(memlog_decoder_open(image, log, NULL, &d, NULL), 0);
	while (!memlog_decoder_next(d, &rec, NULL))
		tell_boot(f, rec);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&mem);
	fclose(f);
	return out;
}

static void boots_are(const char *text, size_t from, const char *want)
{
	char *got = boots_of(text, from);

	assert_string_equal(got, want);
	free(got);
}

/* What tables lead to is current, however much was searched: an extract of it, and its
 * image, say the same. */
static void part(void **state)
{
	static const struct memlog_range range = { 0x3000000, 0x4000000 };
	struct memlog_scan_opts o = { .size = sizeof(o), .ranges = &range };
	struct memlog_image *image;
	struct memlog_logs *logs;

	lay_ring("a\n", 0);
	piece(0x100000, CBMEM_PAGE);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (; o.n_ranges < 2; o.n_ranges++) {
		assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
		assert_int_equal(memlog_logs_count(logs), 1);
		assert_int_equal(memlog_logs_get(logs, 0)->state,
				 MEMLOG_STATE_CURRENT);
		memlog_logs_destroy(logs);
	}
	memlog_image_close(image);
	mem_free(&mem);
}

#define STAGE(name) \
	"\n\n\x15"  \
	"coreboot-1 x86 " name " starting (log level: 7)...\n"

static void boots(void **state)
{
	static const struct {
		const char *text, *want;
		size_t from;
	} cases[] = {
		{ "no\nbanner\n", "0 0 ", 0 },
		{ STAGE("bootblock") "a\n", "0 0 0 0 ", 0 },
		/* later stages start no boot; empty lines do, at most two */
		{ STAGE("bootblock") STAGE("romstage") "a\n\n" STAGE(
			  "bootblock") STAGE("romstage"),
		  "-1 -1 -1 -1 -1 -1 -1 -1 0 0 0 0 0 0 ", 0 },
		/* what is left of a boot, in a ring that wrapped */
		{ "ft\n" STAGE("bootblock") "a\n" STAGE("bootblock"),
		  "-2 -1 -1 -1 -1 0 0 0 ", 20 },
		/* the first stage that there is, even if it comes late */
		{ STAGE("romstage") STAGE("ramstage") STAGE("romstage"),
		  "-1 -1 -1 -1 -1 -1 0 0 0 ", 0 },
		{ STAGE("romstage") STAGE("verstage-before-bootblock")
			  STAGE("bootblock") STAGE("romstage"),
		  "-1 -1 -1 0 0 0 0 0 0 0 0 0 ", 0 },
		/* lost before there was memory */
		{ "a\n\x14*** Pre-CBMEM romstage console overflowed\nb\n",
		  "-1 0 0 ", 0 },
		/* no banners: in mid-line, of others */
		{ "a coreboot-1 bootblock starting\nx bootblock starting\n"
		  "coreboot-1 boot starting\n",
		  "0 0 0 ", 0 },
	};
	char *text;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		boots_are(cases[i].text, cases[i].from, cases[i].want);
	/* in the rest of a line that is too long for a record */
	text = calloc(1, ML_MAX_LINE + 200);
	assert_non_null(text);
	memset(text, 'x', ML_MAX_LINE);
	strcat(text, "coreboot-1 bootblock starting\nb\n");
	boots_are(text, 0, "0 0 0 ");
	free(text);
}

/* A line, of which the header is known by. */
#define FIRST "of a boot, longer\n"

/* Bytes that are missing may hold the start of a boot. */
static void damaged(void **state)
{
	static const struct {
		const char *text, *want;
		size_t from;
	} cases[] = {
		/* between two boots, and in the older one */
		{ STAGE("bootblock") "a\n~~" STAGE("bootblock") "b\n",
		  "< < < < 0 0 0 0 ", 0 },
		{ STAGE("bootblock") "a\n~~b\n" STAGE("bootblock"),
		  "< < < < -1 0 0 0 ", 0 },
		{ STAGE("bootblock") "a\n~~" STAGE("bootblock")
			  STAGE("bootblock"),
		  "< < < < -1 -1 -1 0 0 0 ", 0 },
		/* empty lines before them are not of the boot after them */
		{ FIRST "\n~~\x15"
			"coreboot-1 bootblock starting\n",
		  "< < 0 ", 0 },
		/* only what comes after the last of them is certain */
		{ FIRST "~~" STAGE("bootblock") "~~b\n" STAGE("bootblock"),
		  "< < < < -1 0 0 0 ", 0 },
		/* in the newest boot, or before another one */
		{ STAGE("bootblock") STAGE("bootblock") "a\n~~b\n",
		  "< < < ? ? ? ? 0 ", 0 },
		{ FIRST "~~b\n", "? 0 ", 0 },
		/* the end: no boot is known to be the current one */
		{ STAGE("bootblock") STAGE("bootblock") "a\n~~",
		  "unknown < < < ? ? ? ? ", 0 },
		{ STAGE("bootblock") "a\n~~", "unknown ? ? ? ? ", 0 },
		{ FIRST "~~", "unknown ? ", 0 },
		/* in a ring, from its middle on */
		{ STAGE("bootblock") "a\n" STAGE("bootblock") "bc~~",
		  "unknown < < < < ? ? ? ? ", 20 },
		{ "ft\n~~" STAGE("bootblock") STAGE("bootblock"),
		  "< -1 -1 -1 0 0 0 ", 20 },
		/* the beginning of a ring that wrapped: as if it was older */
		{ "~~ft\n" STAGE("bootblock") "a\n", "-1 0 0 0 0 ", 20 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		boots_are(cases[i].text, cases[i].from, cases[i].want);
}

/* Two lines for each of n boots, and what is left of the one before. */
static void many_boots(void **state)
{
	static const int counts[] = { 64, 65, 100, 1000 };
	static const char line[] = "coreboot-1 bootblock starting\nb\n";
	char *text, *want, *end;
	size_t i;
	int k, n;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = counts[i];
		text = calloc((size_t)n + 1, sizeof(line));
		want = end = calloc((size_t)n + 1, 16);
		assert_non_null(text);
		assert_non_null(want);
		strcpy(text, "a\n");
		end += sprintf(end, "%d ", -n);
		for (k = n - 1; k >= 0; k--) {
			memcpy(text + 2 +
				       (size_t)(n - 1 - k) * (sizeof(line) - 1),
			       line, sizeof(line));
			end += sprintf(end, "%d %d ", -k, -k);
		}
		boots_are(text, 0, want);
		free(text);
		free(want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(boots, setup, teardown),
		cmocka_unit_test_setup_teardown(part, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(many_boots, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
