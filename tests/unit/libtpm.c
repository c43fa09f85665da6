/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libtpm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tpm_out tpm;
struct mem tpm_mem;
char tpm_note[160];
uint64_t tpm_missing;
uint32_t tpm_flags;
static uint64_t dice;

static uint32_t pick(uint32_t n)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice >> 33) % n;
}

/* ---- what firmware writes ------------------------------------------------- */

static const struct {
	uint16_t id, size;
	const char *name;
} algorithms[] = { { 4, 20, "sha1" },
		   { 0xb, 32, "sha256" },
		   { 0xc, 48, "sha384" },
		   { 0xd, 64, "sha512" },
		   { 0x12, 32, "sm3_256" } };

static void word(uint32_t v)
{
	put32(tpm.p + tpm.at, v);
	tpm.at += 4;
}

static void half(uint16_t v)
{
	put16(tpm.p + tpm.at, v);
	tpm.at += 2;
}

static void bytes(const void *p, size_t n)
{
	memcpy(tpm.p + tpm.at, p, n);
	tpm.at += n;
}

void tpm_start(unsigned int banks, uint8_t fill, size_t bytes_all)
{
	size_t i, n = 0, size;

	tpm.p = mem_add(&tpm_mem, TPM_AT, bytes_all);
	memset(tpm.p, fill, bytes_all);
	tpm.at = 0;
	tpm.banks = banks;
	tpm.want = open_memstream(&tpm.text, &tpm.len);
	for (i = 0; i < 5; i++)
		n += banks >> i & 1;
	word(0);
	word(3);
	bytes((uint8_t[20]){ 0 }, 20);
	size = 16 + 4 + 4 + (banks ? 4 + 4 * n : 0) + 1;
	word((uint32_t)size);
	bytes(banks ? "Spec ID Event03" : "Spec ID Event02", 16);
	word(0);
	bytes("\0\2\0\2", 4);
	if (banks)
		word((uint32_t)n);
	for (i = 0; i < 5; i++)
		if (banks >> i & 1) {
			half(algorithms[i].id);
			half(algorithms[i].size);
		}
	bytes("", 1);
	fprintf(tpm.want, "PCR 0 EV_NO_ACTION Spec ID Event0%d sha1:%040d\n",
		banks ? 3 : 2, 0);
}

void tpm_event(uint32_t pcr, uint32_t type, const char *name, const void *data,
	       size_t len, const char *words)
{
	unsigned int banks = tpm.banks ? tpm.banks : 1, i, k, n = 0;
	int best = -1;
	char hex[130], best_hex[130] = "";
	uint8_t b;

	word(pcr);
	word(type);
	for (i = 0; i < 5; i++)
		n += banks >> i & 1;
	if (tpm.banks)
		word(n);
	for (i = 0; i < 5; i++) {
		if (!(banks >> i & 1))
			continue;
		if (tpm.banks)
			half(algorithms[i].id);
		for (k = 0; k < algorithms[i].size; k++) {
			b = (uint8_t)pick(256);
			bytes(&b, 1);
			snprintf(hex + 2 * k, 3, "%02x", b);
		}
		if (best < 0 || i == 1 ||
		    (best != 1 && algorithms[i].size > algorithms[best].size)) {
			best = (int)i;
			strcpy(best_hex, hex);
		}
	}
	word((uint32_t)len);
	bytes(data, len);
	fprintf(tpm.want, "PCR %d %s%s%s %s:%s\n", (int)pcr, name,
		*words ? " " : "", words, algorithms[best].name, best_hex);
}

/* ---- what is read --------------------------------------------------------- */

/* raw: what the records have, joined, is this. */
static char *tell_raw(struct memlog_image *image, const uint8_t *raw,
		      size_t raw_len)
{
	size_t at = 0;
	struct memlog_scan_opts o = { .size = sizeof(o), .formats = "tpm-log" };
	const struct memlog_record *rec;
	const struct memlog_log *log;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *ret = NULL;
	size_t len, i;
	FILE *f = open_memstream(&ret, &len);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		assert_int_equal(
			memlog_decoder_open(image, log, NULL, &d, NULL), 0);
		while (!memlog_decoder_next(d, &rec, NULL)) {
			fwrite(rec->text, 1, rec->text_len, f);
			if (raw) {
				assert_true(rec->raw_len <= raw_len - at);
				assert_memory_equal(rec->raw, raw + at,
						    rec->raw_len);
			}
			at += rec->raw_len;
		}
		if (log->flags & MEMLOG_LOG_DAMAGED)
			fprintf(f, "damaged\n");
		snprintf(tpm_note, sizeof(tpm_note), "%s",
			 memlog_decoder_note(d));
		tpm_missing = memlog_decoder_missing(d);
		tpm_flags = log->flags;
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	assert_true(!raw || at == raw_len);
	return ret;
}

char *tpm_tell(struct memlog_image *image)
{
	return tell_raw(image, NULL, 0);
}

void tpm_finds(void)
{
	struct memlog_image *image = mem_image(&tpm_mem, MEMLOG_PHYS);
	char *got = tell_raw(image, tpm.p, tpm.at);

	fclose(tpm.want);
	memlog_image_close(image);
	assert_string_equal(got, tpm.text);
	free(got);
	free(tpm.text);
	mem_free(&tpm_mem);
}
