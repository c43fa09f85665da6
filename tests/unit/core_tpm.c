/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event logs of a TPM: what firmware writes, against what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "libmem.h"

#define PAGE 4096u
#define AT   0x6a15000u
#define SIZE 0x10000u

static struct mem mem;
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

/* The log that is written; banks: a bit for each algorithm, 0: SHA-1 in the old form.
 * want: the lines that are to be read. */
static struct {
	uint8_t *p;
	size_t at;
	unsigned int banks;
	FILE *want;
	char *text;
	size_t len;
} out;

static void word(uint32_t v)
{
	put32(out.p + out.at, v);
	out.at += 4;
}

static void half(uint16_t v)
{
	put16(out.p + out.at, v);
	out.at += 2;
}

static void bytes(const void *p, size_t n)
{
	memcpy(out.p + out.at, p, n);
	out.at += n;
}

static void start(unsigned int banks, uint8_t fill)
{
	size_t i, n = 0, size;

	out.p = mem_add(&mem, AT, SIZE);
	memset(out.p, fill, SIZE);
	out.at = 0;
	out.banks = banks;
	out.want = open_memstream(&out.text, &out.len);
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
	fprintf(out.want, "PCR 0 EV_NO_ACTION Spec ID Event0%d sha1:%040d\n",
		banks ? 3 : 2, 0);
}

/* An event; words: what is to be read of its data. */
static void event(uint32_t pcr, uint32_t type, const char *name,
		  const void *data, size_t len, const char *words)
{
	unsigned int banks = out.banks ? out.banks : 1, i, k, n = 0;
	int best = -1;
	char hex[130], best_hex[130] = "";
	uint8_t b;

	word(pcr);
	word(type);
	for (i = 0; i < 5; i++)
		n += banks >> i & 1;
	if (out.banks)
		word(n);
	for (i = 0; i < 5; i++) {
		if (!(banks >> i & 1))
			continue;
		if (out.banks)
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
	fprintf(out.want, "PCR %d %s%s%s %s:%s\n", (int)pcr, name,
		*words ? " " : "", words, algorithms[best].name, best_hex);
}

static size_t wide(uint8_t *p, const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		put16(p + 2 * i, (uint8_t)text[i]);
	put16(p + 2 * i, 0);
	return 2 * i + 2;
}

static void variable(uint32_t pcr, uint32_t type, const char *type_name,
		     const char *name, const void *data, size_t len,
		     const char *words)
{
	uint8_t b[512];
	size_t n = strlen(name);

	memcpy(b,
	       "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03"
	       "\x2b\x8c",
	       16);
	put64(b + 16, n);
	put64(b + 24, len);
	wide(b + 32, name);
	memcpy(b + 32 + 2 * n, data, len);
	event(pcr, type, type_name, b, 32 + 2 * n + len, words);
}

/* A loaded image with a device path: a hard disk, a file. */
static void image_of(const char *file)
{
	uint8_t b[512] = { 0 };
	size_t n;

	put64(b, 0x6000000);
	put64(b + 8, 876672);
	b[32] = 4;
	b[33] = 1;
	b[34] = 42;
	n = 32 + 42;
	b[n] = 4;
	b[n + 1] = 4;
	put16(b + n + 2, (uint16_t)(4 + wide(b + n + 4, file)));
	n += 6 + 2 * strlen(file);
	memcpy(b + n, "\x7f\xff\x04\0", 4);
	put64(b + 24, n + 4 - 32);
	event(4, 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION", b, n + 4,
	      file);
}

static void in_firmware(void)
{
	static const uint8_t node[] =
		"\x04\x06\x14\x00\x83\xa5\x04\x7c\x3e\x9e\x1c\x4f\xad\x65\xe0\x52"
		"\x68\xd0\xb4\xd1\x7f\xff\x04";
	uint8_t b[32 + sizeof(node)] = { 0 };

	put64(b + 24, sizeof(node));
	memcpy(b + 32, node, sizeof(node));
	event(2, 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER", b, sizeof(b),
	      "7c04a583-9e3e-4f1c-ad65-e05268d0b4d1");
}

static void all_kinds(void)
{
	uint8_t b[300] = { 0 }, option[64] = { 0 };
	size_t n;

	event(0, 8, "EV_S_CRTM_VERSION", b, wide(b, "edk2 2022.11"),
	      "edk2 2022.11");
	memcpy(b,
	       "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03"
	       "\x2b\x8c",
	       16);
	event(0, 8, "EV_S_CRTM_VERSION", b, 16,
	      "8be4df61-93ca-11d2-aa0d-00e098032b8c");
	put64(b, 0x820000);
	put64(b + 8, 917504);
	event(0, 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB", b, 16,
	      "at 0x820000, 917504 bytes");
	event(0, 1, "EV_POST_CODE", "ACPI DATA", 9, "ACPI DATA");
	b[0] = 3;
	memcpy(b + 1, "SEC", 3);
	put64(b + 4, 0xfffd0000);
	put64(b + 12, 65536);
	event(0, 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2", b, 20,
	      "SEC at 0xfffd0000, 65536 bytes");
	put64(b + 4, 2);
	event(1, 0x8000000b, "EV_EFI_HANDOFF_TABLES2", b, 44, "SEC, 2 tables");
	variable(7, 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", "SecureBoot",
		 "\1", 1,
		 "SecureBoot 8be4df61-93ca-11d2-aa0d-00e098032b8c = 1");
	variable(7, 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY", "db", "12345", 5,
		 "db 8be4df61-93ca-11d2-aa0d-00e098032b8c, 5 bytes");
	n = 6 + wide(option + 6, "UiApp");
	variable(1, 0x80000002, "EV_EFI_VARIABLE_BOOT", "Boot0001", option, n,
		 "Boot0001 8be4df61-93ca-11d2-aa0d-00e098032b8c, 18 bytes: "
		 "UiApp");
	event(4, 0x80000007, "EV_EFI_ACTION",
	      "Calling EFI Application from Boot Option", 40,
	      "Calling EFI Application from Boot Option");
	event(4, 4, "EV_SEPARATOR", "\0\0\0", 4, "0x00000000");
	memset(b, 0, sizeof(b));
	memcpy(b, "EFI PART", 8);
	b[56] = 1;
	put64(b + 92, 3);
	event(5, 0x80000006, "EV_EFI_GPT_EVENT", b, 300,
	      "disk 00000001-0000-0000-0000-000000000000, 3 partitions");
	image_of("\\EFI\\BOOT\\BOOTX64.EFI");
	in_firmware();
	event(8, 13, "EV_IPL", "grub_cmd: set\twith\x01", 20, "20 bytes");
	event(8, 13, "EV_IPL", "grub_cmd: linux /vmlinuz\0", 26,
	      "grub_cmd: linux /vmlinuz");
	event(12, 13, "EV_IPL", b, wide(b, "quiet splash"), "quiet splash");
	memcpy(b, "\xed\x22\x3b\x8f\x0c\0\0\0LOADED_IMAGE", 20);
	event(9, 6, "EV_EVENT_TAG", b, 20, "LOADED_IMAGE");
	memcpy(b, "StartupLocality\0\3", 17);
	event(0, 3, "EV_NO_ACTION", b, 17, "StartupLocality 3");
	event(14, 0x1234, "0x00001234", "", 0, "");
	event(0xffffffff, 3, "EV_NO_ACTION", "SP800-155 Event", 16,
	      "SP800-155 Event");
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
		memlog_decoder_close(d);
	}
	memlog_logs_destroy(logs);
	fclose(f);
	assert_true(!raw || at == raw_len);
	return ret;
}

static char *tell(struct memlog_image *image)
{
	return tell_raw(image, NULL, 0);
}

static void finds(void)
{
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	char *got = tell_raw(image, out.p, out.at);

	fclose(out.want);
	memlog_image_close(image);
	assert_string_equal(got, out.text);
	free(got);
	free(out.text);
	mem_free(&mem);
}

static int setup(void **state)
{
	(void)state;
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(&mem);
	return 0;
}

/* All sets of algorithms, and the old form; what ends the log. */
static void kinds(void **state)
{
	unsigned int banks;

	(void)state;
	for (banks = 0; banks < 32; banks++) {
		start(banks, banks & 1 ? 0xff : 0);
		all_kinds();
		finds();
	}
}

/* A full log: up to the last byte of memory, and without any end. */
static void full(void **state)
{
	char big[3000];

	(void)state;
	memset(big, 'x', sizeof(big));
	start(2, 0xff);
	while (out.at + 3 * sizeof(big) < SIZE) {
		char words[512];

		/* more than is kept of a description */
		memset(words, 'x', sizeof(words));
		words[511] = '\0';
		event(8, 13, "EV_IPL", big, sizeof(big), words);
	}
	event(8, 13, "EV_IPL", "12", SIZE - out.at - 50 > 2 ? 2 : 0, "12");
	finds();
}

/* What follows the last event is something else. */
static void damaged(void **state)
{
	size_t at;

	(void)state;
	start(2, 0xff);
	event(1, 13, "EV_IPL", "one", 3, "one");
	at = out.at;
	put32(out.p + at, 77);
	put32(out.p + at + 4, 13);
	fprintf(out.want, "damaged\n");
	finds();
	start(2, 0xff);
	event(1, 13, "EV_IPL", "one", 3, "one");
	/* another algorithm than the first event says, too many, too long */
	put32(out.p + out.at, 1);
	put32(out.p + out.at + 4, 13);
	put32(out.p + out.at + 8, 1);
	put16(out.p + out.at + 12, 4);
	fprintf(out.want, "damaged\n");
	finds();
	start(2, 0xff);
	event(1, 13, "EV_IPL", "one", 3, "one");
	put32(out.p + out.at, 1);
	put32(out.p + out.at + 4, 13);
	put32(out.p + out.at + 8, 0x10000000);
	fprintf(out.want, "damaged\n");
	finds();
	start(2, 0xff);
	event(1, 13, "EV_IPL", "one", 3, "one");
	at = out.at;
	event(1, 13, "EV_IPL", "two", 3, "");
	put32(out.p + out.at - 7, 0xfffffff0);
	fclose(out.want);
	free(out.text);
	out.want = open_memstream(&out.text, &out.len);
	{
		struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
		char *got = tell(image);

		assert_non_null(strstr(got, " one "));
		assert_null(strstr(got, " two "));
		assert_non_null(strstr(got, "damaged\n"));
		free(got);
		memlog_image_close(image);
		fclose(out.want);
		free(out.text);
	}
	(void)at;
}

/* Headers without algorithms, or with impossible ones; code that has the signature. */
static void refused(void **state)
{
	static const struct {
		size_t off;
		uint8_t value;
	} bad[] = { { 0, 1 },  { 4, 4 },  { 20, 1 },  { 28, 10 },
		    { 32, 0 }, { 45, 0 }, { 47, 1 },  { 56, 0 },
		    { 56, 9 }, { 62, 0 }, { 62, 65 }, { 58, 1 } };
	struct memlog_image *image;
	uint8_t old;
	size_t i;
	char *got;

	(void)state;
	start(3, 0xff);
	fclose(out.want);
	free(out.text);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		old = out.p[bad[i].off];
		out.p[bad[i].off] = bad[i].value;
		image = mem_image(&mem, MEMLOG_PHYS);
		got = tell(image);
		assert_string_equal(got, "");
		free(got);
		memlog_image_close(image);
		out.p[bad[i].off] = old;
	}
}

/* Every bit of the first events. */
static void flips(void **state)
{
	struct memlog_image *image;
	size_t bit, n;
	char *got;

	(void)state;
	start(3, 0xff);
	event(1, 13, "EV_IPL", "one", 3, "one");
	variable(7, 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", "SecureBoot",
		 "\1", 1, "");
	image_of("\\a");
	n = out.at;
	fclose(out.want);
	free(out.text);
	image = mem_image(&mem, MEMLOG_PHYS);
	for (bit = 0; bit < 8 * n; bit++) {
		out.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		got = tell(image);
		/* what is before it is read */
		if (bit / 8 > 160)
			assert_non_null(strstr(got, " one "));
		free(got);
		out.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memlog_image_close(image);
}

/* All prefixes: the lines are those of the whole log, up to one. */
static void prefixes(void **state)
{
	struct memlog_image *image;
	uint8_t *all = malloc(SIZE);
	size_t n, len;
	char *got;

	(void)state;
	assert_non_null(all);
	start(3, 0xff);
	all_kinds();
	fclose(out.want);
	memcpy(all, out.p, SIZE);
	n = out.at;
	for (len = 1; len <= n; len += 3) {
		mem_free(&mem);
		memcpy(mem_add(&mem, AT, len), all, len);
		image = mem_image(&mem, MEMLOG_PHYS);
		got = tell(image);
		assert_memory_equal(got, out.text, strlen(got));
		assert_true(!*got || got[strlen(got) - 1] == '\n');
		free(got);
		memlog_image_close(image);
	}
	free(all);
	free(out.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(flips, setup, teardown),
		cmocka_unit_test_setup_teardown(prefixes, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
