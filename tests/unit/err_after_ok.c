/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err_after_ok.c - a function that returns MEMLOG_OK leaves no text of an error
 * that it met on its way. tests/python/records.py checks images of all formats. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "libguest.h"
#include "libmem.h"
#include "libquery.h"
#include "libsink.h"
#include "memlog.h"

static struct memlog_err err;

/* The result of a call with &err that is OK. */
#define CLEAN(call)                                         \
	do {                                                \
		strcpy(err.text, "of an earlier call");     \
		assert_int_equal(call, MEMLOG_OK);          \
		if (strcmp(err.text, "of an earlier call")) \
			assert_string_equal(err.text, "");  \
	} while (0)

/* An ELF dump with one page, at 0x1000, that has a log. */
static void write_file(char *name)
{
	const Elf64_Phdr load = { .p_type = PT_LOAD,
				  .p_offset = 4096,
				  .p_paddr = 4096,
				  .p_filesz = 4096,
				  .p_memsz = 4096 };
	const Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(head),
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(load),
		.e_phnum = 1,
	};
	uint8_t page[8192] = { 0 };
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	memcpy(page, &head, sizeof(head));
	memcpy(page + sizeof(head), &load, sizeof(load));
	query_put_log(page + 4096, 4096, "one\ntwo\n");
	assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
}

static void reads(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_range r;
	uint8_t b[8192];
	size_t got;

	CLEAN(memlog_image_info(image, &info, &err));
	CLEAN(memlog_image_next_range(image, info.space, 0, &r, &err));
	CLEAN(memlog_image_next_data(image, info.space, 0, &r, &err));
	CLEAN(memlog_image_read(image, info.space, 4096, b, sizeof(b), &got,
				&err));
	assert_int_equal(got, 4096);
	CLEAN(memlog_image_read(image, info.space, 1 << 30, b, 0, &got, &err));
}

static void files(void **state)
{
	char name[] = "/tmp/memlog-err-XXXXXX", spool[64];
	struct memlog_open_opts opts = { .size = sizeof(opts), .name = "x" };
	struct memlog_symbols *symbols;
	struct memlog_image *image;
	int fd;

	write_file(name);
	CLEAN(memlog_image_open(name, NULL, &image, &err));
	reads(image);
	memlog_image_close(image);
	CLEAN(memlog_image_open_file(name, NULL, &image, &err));
	reads(image);
	memlog_image_close(image);

	fd = open(name, O_RDONLY);
	CLEAN(memlog_stream_open(fd, "pipe", NULL, NULL, false, &image,
				 &(int){ 0 }, &err));
	memlog_image_close(image);
	lseek(fd, 0, SEEK_SET);
	opts.tmpdir = "/tmp";
	CLEAN(memlog_stream_open(fd, "pipe", &opts, NULL, true, &image, &fd,
				 &err));
	assert_null(image);
	snprintf(spool, sizeof(spool), "/proc/self/fd/%d", fd);
	CLEAN(memlog_image_open(spool, &opts, &image, &err));
	memlog_image_close(image);
	close(fd);

	CLEAN(memlog_symbols_open("/proc/self/exe", NULL, &symbols, &err));
	memlog_symbols_close(symbols);
	CLEAN(memlog_image_open_ports(&(const char *){ "port:/dev/null" }, 1,
				      NULL, &image, &err));
	memlog_image_close(image);
	unlink(name);
}

/* A reader that tries a place first that does not have the bytes. */
static enum memlog_status second_try(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *e)
{
	if (e)
		strcpy(e->text, "not in the first place");
	return mem_ops.read(self, addr, buf, len, ret, e);
}

static void wrapped(void **state)
{
	struct memlog_reader_ops ops = mem_ops;
	const struct memlog_range ranges[] = { { 0x4000, 0x5000 },
					       { 0x1000, 0x3000 } };
	struct memlog_scan_stats st = { .size = sizeof(st) };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct mem m = { .n = 0 };
	uint8_t *p = mem_add(&m, 0x1000, 0x2000), b[64];
	size_t got;

	query_put_log(p, 4096, "not\n");
	put64(p + 0x18, 1ull << 60);
	query_put_log(p + 4096, 4096, "one\ntwo\n");
	ops.read = second_try;
	CLEAN(memlog_image_wrap(&ops, &m, MEMLOG_PHYS, "m", NULL, &image,
				&err));
	CLEAN(memlog_image_set_ranges(image, ranges, 2, &err));
	CLEAN(memlog_image_read(image, MEMLOG_PHYS, 0x1000, b, sizeof(b), &got,
				&err));
	assert_int_equal(got, sizeof(b));
	CLEAN(memlog_scan(image, NULL, &logs, &st, &err));
	assert_int_equal(st.rejected, 1);
	CLEAN(memlog_decoder_open(image, memlog_logs_get(logs, 0), NULL, &d,
				  &err));
	CLEAN(memlog_decoder_next(d, &rec, &err));
	CLEAN(memlog_decoder_next(d, &rec, &err));
	assert_int_equal(memlog_decoder_next(d, &rec, &err), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	mem_free(&m);
}

static void queries(void **state)
{
	char words[5][16] = { "memlog", "-F", "ovmf", "--at", "phys:0x2000" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4] };
	const struct memlog_query_host host = { .size = sizeof(host),
						.sink = &sink.sink,
						.many = true };
	struct mem m = { .n = 0 };
	struct memlog_image *image;
	struct memlog_query *q;
	uint8_t *p = mem_add(&m, 0x1000, 0x2000);

	query_put_log(p + 4096, 4096, "one\ntwo\n");
	image = mem_image(&m, MEMLOG_PHYS);
	CLEAN(memlog_query_create(NULL, MEMLOG_HOST_LIBRARY, &q, &err));
	CLEAN(memlog_query_option(q, "all", NULL, &err));
	CLEAN(memlog_query_option(q, "json", NULL, &err));
	CLEAN(memlog_query_parse(q, 5, argv, NULL, &(int){ 0 }, &err));
	CLEAN(memlog_query_check(q, &sink.sink, &err));
	CLEAN(memlog_query_run(q, image, &host, NULL, &err));
	CLEAN(memlog_query_finish(q, &host, &err));
	assert_non_null(strstr(sink.text, "\"text\":\"two\\n\""));
	/* err may be NULL everywhere */
	assert_int_equal(memlog_query_run(q, image, &host, NULL, NULL), 0);
	memlog_query_destroy(q);
	memlog_image_close(image);
	mem_free(&m);
}

static void follows(void **state)
{
	struct memlog_follow_news news = { .size = sizeof(news) };
	const struct memlog_record *rec;
	struct memlog_follow *f;
	struct guest g;

	guest_start(&g);
	CLEAN(memlog_follow_open(g.image, NULL, NULL, &f, &err));
	ring_say(ring_start(&g, GUEST_EARLY, GUEST_HEADER), "early\n");
	CLEAN(memlog_follow_look(f, &news, &err));
	CLEAN(memlog_follow_next(f, &rec, &err));
	ring_say(g.p + GUEST_EARLY, "more\n");
	CLEAN(memlog_follow_look(f, &news, &err));
	CLEAN(memlog_follow_next(f, &rec, &err));
	memlog_follow_close(f);
	guest_stop(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(wrapped),
		cmocka_unit_test(queries),
		cmocka_unit_test(follows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, query_setup, query_teardown);
}
