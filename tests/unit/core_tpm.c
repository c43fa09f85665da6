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
#include "libquery.h"
#include "libtpm.h"

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
	tpm_event(pcr, type, type_name, b, 32 + 2 * n + len, words);
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
	tpm_event(4, 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION", b, n + 4,
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
	tpm_event(2, 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER", b, sizeof(b),
		  "7c04a583-9e3e-4f1c-ad65-e05268d0b4d1");
}

static void all_kinds(void)
{
	uint8_t b[300] = { 0 }, option[64] = { 0 };
	size_t n;

	tpm_event(0, 8, "EV_S_CRTM_VERSION", b, wide(b, "edk2 2022.11"),
		  "edk2 2022.11");
	memcpy(b,
	       "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03"
	       "\x2b\x8c",
	       16);
	tpm_event(0, 8, "EV_S_CRTM_VERSION", b, 16,
		  "8be4df61-93ca-11d2-aa0d-00e098032b8c");
	put64(b, 0x820000);
	put64(b + 8, 917504);
	tpm_event(0, 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB", b, 16,
		  "at 0x820000, 917504 bytes");
	tpm_event(0, 1, "EV_POST_CODE", "ACPI DATA", 9, "ACPI DATA");
	b[0] = 3;
	memcpy(b + 1, "SEC", 3);
	put64(b + 4, 0xfffd0000);
	put64(b + 12, 65536);
	tpm_event(0, 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2", b, 20,
		  "SEC at 0xfffd0000, 65536 bytes");
	put64(b + 4, 2);
	tpm_event(1, 0x8000000b, "EV_EFI_HANDOFF_TABLES2", b, 44,
		  "SEC, 2 tables");
	variable(7, 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", "SecureBoot",
		 "\1", 1,
		 "SecureBoot 8be4df61-93ca-11d2-aa0d-00e098032b8c = 1");
	variable(7, 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY", "db", "12345", 5,
		 "db 8be4df61-93ca-11d2-aa0d-00e098032b8c, 5 bytes");
	n = 6 + wide(option + 6, "UiApp");
	variable(1, 0x80000002, "EV_EFI_VARIABLE_BOOT", "Boot0001", option, n,
		 "Boot0001 8be4df61-93ca-11d2-aa0d-00e098032b8c, 18 bytes: "
		 "UiApp");
	tpm_event(4, 0x80000007, "EV_EFI_ACTION",
		  "Calling EFI Application from Boot Option", 40,
		  "Calling EFI Application from Boot Option");
	tpm_event(4, 4, "EV_SEPARATOR", "\0\0\0", 4, "0x00000000");
	memset(b, 0, sizeof(b));
	memcpy(b, "EFI PART", 8);
	b[56] = 1;
	put64(b + 92, 3);
	tpm_event(5, 0x80000006, "EV_EFI_GPT_EVENT", b, 300,
		  "disk 00000001-0000-0000-0000-000000000000, 3 partitions");
	image_of("\\EFI\\BOOT\\BOOTX64.EFI");
	in_firmware();
	tpm_event(8, 13, "EV_IPL", "grub_cmd: set\twith\x01", 20, "20 bytes");
	tpm_event(8, 13, "EV_IPL", "grub_cmd: linux /vmlinuz\0", 26,
		  "grub_cmd: linux /vmlinuz");
	tpm_event(12, 13, "EV_IPL", b, wide(b, "quiet splash"), "quiet splash");
	memcpy(b, "\xed\x22\x3b\x8f\x0c\0\0\0LOADED_IMAGE", 20);
	tpm_event(9, 6, "EV_EVENT_TAG", b, 20, "LOADED_IMAGE");
	memcpy(b, "StartupLocality\0\3", 17);
	tpm_event(0, 3, "EV_NO_ACTION", b, 17, "StartupLocality 3");
	tpm_event(14, 0x1234, "0x00001234", "", 0, "");
	tpm_event(0xffffffff, 3, "EV_NO_ACTION", "SP800-155 Event", 16,
		  "SP800-155 Event");
}

static int setup(void **state)
{
	(void)state;
	memset(&tpm_mem, 0, sizeof(tpm_mem));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mem_free(&tpm_mem);
	return 0;
}

/* All sets of algorithms, and the old form; what ends the log. */
static void kinds(void **state)
{
	unsigned int banks;

	(void)state;
	for (banks = 0; banks < 32; banks++) {
		tpm_start(banks, banks & 1 ? 0xff : 0, TPM_SIZE);
		all_kinds();
		tpm_finds();
	}
}

/* Banks of algorithms that have no name here have their numbers, each in its own field. An
 * event with one twice has the first. */
static void numbers(void **state)
{
	static const uint8_t log[] = {
		0,    0,   0,	 0,   3,    0,	  0,   0,   0,	  0,	0,
		0,    0,   0,	 0,   0,    0,	  0,   0,   0,	  0,	0,
		0,    0,   0,	 0,   0,    0,	  37,  0,   0,	  0,	'S',
		'p',  'e', 'c',	 ' ', 'I',  'D',  ' ', 'E', 'v',  'e',	'n',
		't',  '0', '3',	 0,   0,    0,	  0,   0,   0,	  2,	0,
		2,    2,   0,	 0,   0,    0x99, 0,   4,   0,	  0x9a, 0,
		4,    0,   0,	 1,   0,    0,	  0,   13,  0,	  0,	0,
		2,    0,   0,	 0,   0x9a, 0,	  'A', 'A', 'A',  'A',	0x99,
		0,    'B', 'B',	 'B', 'B',  3,	  0,   0,   0,	  'a',	'b',
		'c',  1,   0,	 0,   0,    13,	  0,   0,   0,	  2,	0,
		0,    0,   0x99, 0,   'A',  'A',  'A', 'A', 0x99, 0,	'B',
		'B',  'B', 'B',	 3,   0,    0,	  0,   'a', 'b',  'c',	1,
		0,    0,   0,	 13,  0,    0,	  0,   1,   0,	  0,	0,
		0x9a, 0,   'C',	 'C', 'C',  'C',  1,   0,   0,	  0,	'z'
	};
	struct memlog_image *image;

	(void)state;
	memcpy(mem_add(&tpm_mem, TPM_AT, 4096), log, sizeof(log));
	image = mem_image(&tpm_mem, MEMLOG_PHYS);
	query_run(image, "-J -F tpm-log");
	memlog_image_close(image);
	assert_non_null(strstr(sink.text, "\"text\":\"PCR 1 EV_IPL abc "
					  "alg_0x009a:41414141\\n\""));
	assert_non_null(strstr(sink.text, "\"alg_0x009a\":\"41414141\","
					  "\"alg_0x0099\":\"42424242\"}"));
	assert_non_null(strstr(sink.text, "\"alg_0x0099\":\"41414141\"}"));
	assert_non_null(strstr(sink.text, "\"alg_0x009a\":\"43434343\"}"));
}

/* A full log: up to the last byte of memory, and without any end. */
static void full(void **state)
{
	char big[3001] = "";

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	tpm_start(2, 0xff, TPM_SIZE);
	while (tpm.at + 3 * sizeof(big) < TPM_SIZE)
		tpm_event(8, 13, "EV_IPL", big, sizeof(big), big);
	tpm_event(8, 13, "EV_IPL", "12", TPM_SIZE - tpm.at - 50 > 2 ? 2 : 0,
		  "12");
	tpm_finds();
	assert_string_equal(tpm_note, "");
}

/* Of a description the start is kept, of an event all bytes. */
static void long_events(void **state)
{
	enum { KEPT = 4096 - 129 - 128 - 1, BIG = 300000 };
	char *big = malloc(BIG), kept[KEPT + 1];
	size_t len;

	(void)state;
	assert_non_null(big);
	memset(big, 'y', BIG);
	for (len = KEPT - 5; len < KEPT + 5; len++) {
		snprintf(kept, sizeof(kept), "%.*s", (int)len, big);
		if (len > KEPT - 3)
			strcpy(kept + KEPT - 3, "...");
		tpm_start(2, 0xff, TPM_SIZE);
		tpm_event(8, 13, "EV_IPL", big, len, kept);
		tpm_event(8, 13, "EV_IPL", "one", 3, "one");
		tpm_finds();
		assert_string_equal(tpm_note,
				    len > KEPT - 3 ? "descriptions that end "
						     "with \"...\" are longer" :
						     "");
	}
	memset(big, 1, BIG);
	tpm_start(2, 0xff, 2 * BIG);
	tpm_event(8, 13, "EV_IPL", big, BIG, "300000 bytes");
	tpm_event(8, 13, "EV_IPL", "one", 3, "one");
	tpm_finds();
	assert_string_equal(tpm_note, "");
	free(big);
}

/* One more event, which is not to be read. */
static void unread_event(const void *data, size_t len)
{
	FILE *want = tpm.want;
	size_t at = tpm.at;

	tpm.want = fopen("/dev/null", "w");
	assert_non_null(tpm.want);
	tpm_event(8, 13, "EV_IPL", data, len, "");
	fclose(tpm.want);
	tpm.want = want;
	tpm.at = at;
}

/* Logs that end at the limit, or whose last event begins there or before. */
static void limit(void **state)
{
	enum { EVENT = 38 };
	static const size_t before[] = { 0, 0, 1, 8, EVENT - 1, EVENT, 5000 };
	char *big = calloc(1, ML_TPM_LOG), words[40];
	size_t i, n;

	(void)state;
	assert_non_null(big);
	big[0] = 1;
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		tpm_start(1, 0, ML_TPM_LOG + 0x4000);
		tpm_event(8, 13, "EV_IPL", "one", 3, "one");
		n = ML_TPM_LOG - before[i] - EVENT - tpm.at;
		snprintf(words, sizeof(words), "%zu bytes", n);
		tpm_event(8, 13, "EV_IPL", big, n, words);
		if (i)
			unread_event(big, 6000);
		tpm_finds();
		assert_int_equal(tpm_flags & (MEMLOG_LOG_DAMAGED |
					      MEMLOG_LOG_INCOMPLETE),
				 i ? MEMLOG_LOG_INCOMPLETE : 0);
		assert_string_equal(tpm_note,
				    i ? "it is longer than what is read of it" :
					"");
		assert_int_equal(tpm_missing, 0);
	}
	free(big);
}

/* A page of an event is missing: the event is cut, and those after it are there. */
static void hole(void **state)
{
	enum { BIG = 3 * 4096 };
	char *all, big[BIG];
	size_t at, len;

	(void)state;
	memset(big, 'x', BIG);
	tpm_start(1, 0xff, TPM_SIZE);
	tpm_event(8, 13, "EV_IPL", big, BIG, "");
	tpm_event(8, 13, "EV_IPL", "two", 3, "two");
	fclose(tpm.want);
	free(tpm.text);
	len = tpm.at;
	all = malloc(len);
	assert_non_null(all);
	memcpy(all, tpm.p, len);
	mem_free(&tpm_mem);
	at = 4096;
	memcpy(mem_add(&tpm_mem, TPM_AT, at), all, at);
	memcpy(mem_add(&tpm_mem, TPM_AT + 2 * at, len - 2 * at), all + 2 * at,
	       len - 2 * at);
	{
		struct memlog_image *image = mem_image(&tpm_mem, MEMLOG_PHYS);
		char *got = tpm_tell(image);

		assert_non_null(strstr(got, "EV_IPL xxx"));
		assert_non_null(strstr(got, "EV_IPL two"));
		/* the event has a header, and data from there on */
		assert_in_range(tpm_missing, BIG - at, BIG);
		free(got);
		memlog_image_close(image);
	}
	free(all);
}

/* What follows the last event is something else. */
static void damaged(void **state)
{
	size_t at;

	(void)state;
	tpm_start(2, 0xff, TPM_SIZE);
	tpm_event(1, 13, "EV_IPL", "one", 3, "one");
	at = tpm.at;
	put32(tpm.p + at, 77);
	put32(tpm.p + at + 4, 13);
	fprintf(tpm.want, "damaged\n");
	tpm_finds();
	tpm_start(2, 0xff, TPM_SIZE);
	tpm_event(1, 13, "EV_IPL", "one", 3, "one");
	/* another algorithm than the first event says, too many, too long */
	put32(tpm.p + tpm.at, 1);
	put32(tpm.p + tpm.at + 4, 13);
	put32(tpm.p + tpm.at + 8, 1);
	put16(tpm.p + tpm.at + 12, 4);
	fprintf(tpm.want, "damaged\n");
	tpm_finds();
	tpm_start(2, 0xff, TPM_SIZE);
	tpm_event(1, 13, "EV_IPL", "one", 3, "one");
	put32(tpm.p + tpm.at, 1);
	put32(tpm.p + tpm.at + 4, 13);
	put32(tpm.p + tpm.at + 8, 0x10000000);
	fprintf(tpm.want, "damaged\n");
	tpm_finds();
	tpm_start(2, 0xff, TPM_SIZE);
	tpm_event(1, 13, "EV_IPL", "one", 3, "one");
	at = tpm.at;
	tpm_event(1, 13, "EV_IPL", "two", 3, "");
	put32(tpm.p + tpm.at - 7, 0xfffffff0);
	fclose(tpm.want);
	free(tpm.text);
	tpm.want = open_memstream(&tpm.text, &tpm.len);
	{
		struct memlog_image *image = mem_image(&tpm_mem, MEMLOG_PHYS);
		char *got = tpm_tell(image);

		assert_non_null(strstr(got, " one "));
		assert_null(strstr(got, " two "));
		assert_non_null(strstr(got, "damaged\n"));
		free(got);
		memlog_image_close(image);
		fclose(tpm.want);
		free(tpm.text);
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
	tpm_start(3, 0xff, TPM_SIZE);
	fclose(tpm.want);
	free(tpm.text);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		old = tpm.p[bad[i].off];
		tpm.p[bad[i].off] = bad[i].value;
		image = mem_image(&tpm_mem, MEMLOG_PHYS);
		got = tpm_tell(image);
		assert_string_equal(got, "");
		free(got);
		memlog_image_close(image);
		tpm.p[bad[i].off] = old;
	}
}

/* Every bit of the first events. */
static void flips(void **state)
{
	struct memlog_image *image;
	size_t bit, n;
	char *got;

	(void)state;
	tpm_start(3, 0xff, TPM_SIZE);
	tpm_event(1, 13, "EV_IPL", "one", 3, "one");
	variable(7, 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG", "SecureBoot",
		 "\1", 1, "");
	image_of("\\a");
	n = tpm.at;
	fclose(tpm.want);
	free(tpm.text);
	image = mem_image(&tpm_mem, MEMLOG_PHYS);
	for (bit = 0; bit < 8 * n; bit++) {
		tpm.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		got = tpm_tell(image);
		/* what is before it is read */
		if (bit / 8 > 160)
			assert_non_null(strstr(got, " one "));
		free(got);
		tpm.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memlog_image_close(image);
}

/* All prefixes: the lines are those of the whole log, up to one. */
static void prefixes(void **state)
{
	struct memlog_image *image;
	uint8_t *all = malloc(TPM_SIZE);
	size_t n, len;
	char *got;

	(void)state;
	assert_non_null(all);
	tpm_start(3, 0xff, TPM_SIZE);
	all_kinds();
	fclose(tpm.want);
	memcpy(all, tpm.p, TPM_SIZE);
	n = tpm.at;
	for (len = 1; len <= n; len += 3) {
		mem_free(&tpm_mem);
		memcpy(mem_add(&tpm_mem, TPM_AT, len), all, len);
		image = mem_image(&tpm_mem, MEMLOG_PHYS);
		got = tpm_tell(image);
		assert_memory_equal(got, tpm.text, strlen(got));
		assert_true(!*got || got[strlen(got) - 1] == '\n');
		free(got);
		memlog_image_close(image);
	}
	free(all);
	free(tpm.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(long_events, setup, teardown),
		cmocka_unit_test_setup_teardown(limit, setup, teardown),
		cmocka_unit_test_setup_teardown(hole, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(flips, setup, teardown),
		cmocka_unit_test_setup_teardown(prefixes, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
