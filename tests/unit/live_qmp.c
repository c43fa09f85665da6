/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_qmp.c - guests by their monitor: a peer of our own that tells the truth,
 * lies, stalls and breaks off. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef HAVE_JSON_C
int main(void)
{
	puts("1..1\nok 1 - qmp # SKIP built without json-c");
	return 0;
}
#else
#include <json-c/json.h>

#include "image/ext/live.h"
#include "image/ext/qmp.h"
#include "image/image.h"
#include "libconform.h"

#define MIB	(1u << 20)
#define LOW	(48 * MIB) /* guest RAM from 0 on */
#define HIGH	(16 * MIB) /* and above 4 GiB */
#define HIGH_AT (4096ull * MIB)
#define LOG_AT	(40 * MIB)
#define GUARD	4096u

enum lie {
	TRUTH,
	NO_GREETING,
	CLOSES,
	GARBAGE,
	NOT_QMP,
	ENDLESS,
	DEEP,
	FLOOD,
	STRAYS,
	NO_HUMAN,
	NO_RAM,
	BAD_HVA,
	BAD_HVA_NO_FILE,
	BAD_HVA_ERROR,
	CLOSES_LATER,
	PRETTY,
	STALLS_LATER,
};

static struct {
	enum lie lie;
	char path[64];
	int listener;
	pthread_t thread;
	uint8_t *ram;	 /* LOW and HIGH, in one piece */
	const char *log; /* answer to query-firmware-log, NULL: none */
	size_t saves;
} peer;

/* The C library's: never more than a part of what is asked for, and every other time it
 * is interrupted. */
ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	static _Thread_local bool interrupted;

	interrupted = !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	/* those of /proc/PID/pagemap are whole entries */
	if (len > 16)
		len = len > 1000 ? 1000 : len / 16 * 8;
	return syscall(SYS_pread64, fd, buf, len, off);
}

/* ---- the peer ----------------------------------------------------------- */

static bool say(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void reply(int fd, int64_t id, json_object *answer)
{
	json_object *o = json_object_new_object();
	int how = peer.lie == PRETTY ? JSON_C_TO_STRING_PRETTY :
				       JSON_C_TO_STRING_PLAIN;

	json_object_object_add(o, "return", answer);
	json_object_object_add(o, "id", json_object_new_int64(id));
	say(fd, json_object_to_json_string_ext(o, how));
	say(fd, "\r\n");
	json_object_put(o);
}

static void refuse(int fd, int64_t id, const char *class)
{
	char text[200];

	snprintf(text, sizeof(text),
		 "{\"error\":{\"class\":\"%s\",\"desc\":"
		 "\"no \\u001b[31mred\"},\"id\":%" PRId64 "}\r\n",
		 class, id);
	say(fd, text);
}

static void mtree(int fd, int64_t id)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "FlatView #0\r\n AS \"I/O\", root: io\r\n"
		 "  0000000000000000-0000000000000007 (prio 0, ram): liar\r\n"
		 "\r\nFlatView #1\r\n AS \"memory\", root: system\r\n"
		 " AS \"cpu-memory-0\", root: system\r\n"
		 " Root memory region: system\r\n"
		 "  %016llx-%016llx (prio 0, ram): pc.ram\r\n"
		 "  00000000fee00000-00000000feefffff (prio 0, i/o): apic\r\n"
		 "  00000000fff00000-00000000ffffffff (prio 0, rom): bios\r\n"
		 "  %016llx-%016llx (prio 0, ram): pc.ram @%016llx KVM\r\n",
		 0ull, LOW - 1ull, HIGH_AT, HIGH_AT + HIGH - 1, (0ull + LOW));
	reply(fd, id, json_object_new_string(peer.lie == NO_RAM ? "" : text));
}

static void human(int fd, int64_t id, const char *line)
{
	char text[128];
	uint64_t at, hva;

	if (peer.lie == NO_HUMAN) {
		refuse(fd, id, "CommandNotFound");
		return;
	}
	if (!strcmp(line, "info mtree -f")) {
		mtree(fd, id);
		return;
	}
	assert_int_equal(sscanf(line, "gpa2hva 0x%" SCNx64, &at), 1);
	hva = (uint64_t)(uintptr_t)(at ? peer.ram + LOW : peer.ram);
	if (peer.lie >= BAD_HVA && peer.lie <= BAD_HVA_ERROR)
		hva = 0x1000;
	snprintf(text, sizeof(text),
		 "Host virtual address for 0x%" PRIx64 " (pc.ram) is 0x%" PRIx64
		 "\r\n",
		 at, hva);
	reply(fd, id, json_object_new_string(text));
}

static void pmemsave(int fd, int64_t id, json_object *args)
{
	uint64_t at, len;
	const char *name;
	FILE *f;

	at = (uint64_t)json_object_get_int64(
		json_object_object_get(args, "val"));
	len = (uint64_t)json_object_get_int64(
		json_object_object_get(args, "size"));
	name = json_object_get_string(json_object_object_get(args, "filename"));
	peer.saves++;
	if (peer.lie == BAD_HVA_ERROR) {
		refuse(fd, id, "GenericError");
		return;
	}
	if (peer.lie != BAD_HVA_NO_FILE) {
		/* never asked for what is not RAM */
		assert_true(at + len <= LOW ||
			    (at >= HIGH_AT && at + len <= HIGH_AT + HIGH));
		f = fopen(name, "wb");
		assert_non_null(f);
		fwrite(at < LOW ? peer.ram + at :
				  peer.ram + LOW + (at - HIGH_AT),
		       1, len, f);
		fclose(f);
	}
	reply(fd, id, json_object_new_object());
}

static void command(int fd, const char *line)
{
	json_object *o = json_tokener_parse(line), *args;
	const char *name;
	int64_t id;

	assert_non_null(o);
	name = json_object_get_string(json_object_object_get(o, "execute"));
	id = json_object_get_int64(json_object_object_get(o, "id"));
	args = json_object_object_get(o, "arguments");
	if (peer.lie == STRAYS) {
		say(fd, "{\"event\":\"STOP\",\"data\":{}}\r\n"
			"{\"return\":{},\"id\":4711}\r\n{\"return\":7}\r\n"
			"{\"return\":{},\"id\":\"1\"}\r\n");
	}
	if (!strcmp(name, "qmp_capabilities"))
		reply(fd, id, json_object_new_object());
	else if (!strcmp(name, "human-monitor-command"))
		human(fd, id,
		      json_object_get_string(
			      json_object_object_get(args, "command-line")));
	else if (!strcmp(name, "pmemsave"))
		pmemsave(fd, id, args);
	else if (!strcmp(name, "query-firmware-log") && peer.log)
		reply(fd, id, json_tokener_parse(peer.log));
	else
		refuse(fd, id,
		       strcmp(name, "query-firmware-log") || !peer.lie ?
			       "CommandNotFound" :
			       "GenericError");
	json_object_put(o);
}

static void serve(int fd)
{
	static const char event[] = "{\"event\":\"RESUME\",\"data\":{}}\r\n";
	char line[4096];
	FILE *in;
	int i;

	switch (peer.lie) {
	case NO_GREETING:
		while (read(fd, line, sizeof(line)) > 0)
			;
		return;
	case CLOSES:
		return;
	case GARBAGE:
		say(fd, "220 mail.example.org ESMTP\r\n");
		return;
	case NOT_QMP:
		say(fd, "{\"hello\":1}\r\n");
		return;
	case ENDLESS:
		memset(line, 'x', sizeof(line) - 1);
		line[sizeof(line) - 1] = '\0';
		while (say(fd, line))
			;
		return;
	case DEEP:
		for (i = 0; i < 10000; i++)
			say(fd, "{\"a\":");
		say(fd, "\n");
		return;
	default:
		break;
	}
	say(fd, "{\"QMP\":{\"version\":{\"qemu\":{\"micro\":1,\"minor\":2,"
		"\"major\":9},\"package\":\"\"},\"capabilities\":[]}}\r\n");
	if (peer.lie == FLOOD)
		while (say(fd, event))
			;
	in = fdopen(dup(fd), "r");
	for (i = 0; fgets(line, sizeof(line), in); i++) {
		if (peer.lie == CLOSES_LATER && i == 2)
			break;
		if (peer.lie == STALLS_LATER && i == 2)
			continue;
		command(fd, line);
	}
	fclose(in);
}

static void *run(void *arg)
{
	int fd;

	while ((fd = accept(peer.listener, NULL, NULL)) >= 0) {
		serve(fd);
		close(fd);
	}
	return NULL;
}

static void start(enum lie lie)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(&peer, 0, sizeof(peer));
	peer.lie = lie;
	snprintf(peer.path, sizeof(peer.path), "/tmp/live-qmp-%d",
		 (int)getpid());
	unlink(peer.path);
	strcpy(sun.sun_path, peer.path);
	peer.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(peer.listener, (void *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(peer.listener, 5), 0);
	/* guards, as QEMU has: without, RAM and a thread's heap beside it may be one
	 * mapping */
	peer.ram = mmap(NULL, GUARD + LOW + HIGH + GUARD, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(peer.ram != MAP_FAILED);
	peer.ram += GUARD;
	assert_int_equal(mprotect(peer.ram, LOW + HIGH, PROT_READ | PROT_WRITE),
			 0);
	assert_int_equal(pthread_create(&peer.thread, NULL, run, NULL), 0);
}

static void stop(void)
{
	shutdown(peer.listener, SHUT_RDWR);
	close(peer.listener);
	pthread_join(peer.thread, NULL);
	munmap(peer.ram - GUARD, GUARD + LOW + HIGH + GUARD);
	unlink(peer.path);
}

/* A log of "one\ntwo\n" as the firmware leaves it. */
static void put_log(void)
{
	uint8_t *p = peer.ram + LOG_AT;
	uint64_t v[] = { 192, 8192 - 192, 1, 0, 8 };

	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	memcpy(p + 16, v, sizeof(v));
	memcpy(p + 192, "one\ntwo\n", 8);
}

/* ---- opening ------------------------------------------------------------ */

static int impatient(void *arg, uint64_t done, uint64_t all)
{
	return ++*(int *)arg > 3;
}

static enum memlog_status open_it(struct memlog_image **ret,
				  struct memlog_err *err, int *turns,
				  bool via_qemu)
{
	struct memlog_open_opts o = { .size = sizeof(o) };
	char name[128];

	if (turns) {
		*turns = 0;
		o.progress = impatient;
		o.progress_arg = turns;
	}
	o.via_qemu = via_qemu;
	memset(err, 0, sizeof(*err));
	snprintf(name, sizeof(name), "qmp:%s", peer.path);
	return memlog_image_open(name, &o, ret, err);
}

static void refused(enum lie lie, enum memlog_status want, const char *words)
{
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(lie);
	assert_int_equal(open_it(&image, &err, NULL, false), want);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", err.text, words);
	for (i = 0; err.text[i]; i++)
		assert_in_range(err.text[i], ' ', '~');
	stop();
}

static void test_refused(void **state)
{
	refused(CLOSES, MEMLOG_IO, "closed the connection");
	refused(GARBAGE, MEMLOG_IO, "not a QEMU monitor");
	refused(NOT_QMP, MEMLOG_IO, "not a QEMU monitor");
	refused(DEEP, MEMLOG_IO, "not a QEMU monitor");
	refused(ENDLESS, MEMLOG_LIMIT, "a line of more than");
	refused(NO_HUMAN, MEMLOG_UNSUPPORTED, "cannot tell RAM from devices");
	refused(NO_RAM, MEMLOG_UNSUPPORTED, "lists no RAM");
	refused(CLOSES_LATER, MEMLOG_IO, "closed the connection");
}

static void test_no_peer(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;

	assert_int_equal(memlog_image_open("qmp:/nonexistent/x", NULL, &image,
					   &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "/nonexistent/x: cannot connect"));
	assert_int_equal(memlog_image_open("qmp:", NULL, &image, &err),
			 MEMLOG_INVALID);
}

static void test_long_path(void **state)
{
	char directory[160], name[300];
	struct memlog_image *image;
	struct memlog_err err;

	start(TRUTH);
	snprintf(directory, sizeof(directory), "/tmp/live-%0120d",
		 (int)getpid());
	assert_int_equal(mkdir(directory, 0700), 0);
	snprintf(name, sizeof(name), "%s/s", directory);
	assert_int_equal(rename(peer.path, name), 0);
	snprintf(name, sizeof(name), "qmp:%s/s", directory);
	assert_int_equal(memlog_image_open(name, NULL, &image, &err), 0);
	memlog_image_close(image);
	unlink(name + 4);
	rmdir(directory);
	stop();
}

/* A peer that says nothing: the caller can stop the wait, or it ends. */
static void test_stalls(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	int turns;

	start(NO_GREETING);
	assert_int_equal(open_it(&image, &err, &turns, false), MEMLOG_STOP);
	assert_int_equal(open_it(&image, &err, NULL, false), MEMLOG_IO);
	assert_non_null(strstr(err.text, "domain:NAME"));
	stop();
	start(FLOOD);
	assert_int_equal(open_it(&image, &err, NULL, false), MEMLOG_LIMIT);
	stop();
	start(STALLS_LATER);
	assert_int_equal(open_it(&image, &err, &turns, false), MEMLOG_STOP);
	stop();
}

/* ---- reading ------------------------------------------------------------ */

static void check_log(struct memlog_image *image, enum memlog_space space,
		      uint64_t addr)
{
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;

	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->extents->space, space);
	assert_true(memlog_logs_get(logs, 0)->extents->addr == addr);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_memory_equal(rec->text, "one\n", 4);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), 0);
	assert_memory_equal(rec->text, "two\n", 4);
	assert_int_equal(memlog_decoder_next(d, &rec, NULL), MEMLOG_NO_DATA);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
}

static void conform(struct memlog_image *image, bool alias)
{
	const struct conform_piece pieces[] = {
		{ 0, LOW, peer.ram, alias, MEMLOG_HOST, (uintptr_t)peer.ram },
		{ HIGH_AT, HIGH, peer.ram + LOW, alias, MEMLOG_HOST,
		  (uintptr_t)peer.ram + LOW },
	};

	conform_image(image, MEMLOG_PHYS, pieces, 2);
}

static void true_guest(enum lie lie)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(lie);
	for (i = 0; i < MIB; i++)
		peer.ram[LOW - MIB / 2 + i] = (uint8_t)(i * 7 + i / 4096);
	put_log();
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_true(info.flags & MEMLOG_READER_LIVE);
	assert_true(info.present == LOW + HIGH);
	check_log(image, MEMLOG_PHYS, LOG_AT);
	conform(image, true);
	assert_int_equal(peer.saves, 0);
	memlog_image_close(image);
	stop();
}

static void test_true(void **state)
{
	true_guest(TRUTH);
	true_guest(PRETTY);
	true_guest(STRAYS);
}

/* The addresses are a lie: the peer is asked for the memory itself. */
static void test_saved(void **state)
{
	struct memlog_image *image;
	struct memlog_err err;
	size_t i;

	start(BAD_HVA);
	for (i = 0; i < MIB; i++)
		peer.ram[LOW - MIB / 2 + i] = (uint8_t)(i * 7 + i / 4096);
	put_log();
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_non_null(memlog_image_warning(image, 0));
	assert_non_null(
		strstr(memlog_image_warning(image, 0), "piece by piece"));
	check_log(image, MEMLOG_PHYS, LOG_AT);
	assert_true(peer.saves > 0);
	conform(image, false);
	memlog_image_close(image);
	stop();
}

static void test_not_saved(void **state)
{
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;

	start(BAD_HVA_NO_FILE);
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "container"));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	stop();
	start(BAD_HVA_ERROR);
	assert_int_equal(open_it(&image, &err, NULL, false), 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, &err),
			 MEMLOG_IO);
	assert_non_null(strstr(err.text, "QEMU rejected pmemsave: "
					 "no ?[31mred"));
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	stop();
}

/* ---- query-firmware-log ------------------------------------------------- */

static enum memlog_status ask(const char *answer, enum lie lie,
			      struct memlog_image **ret, struct memlog_err *err)
{
	enum memlog_status s;

	start(lie);
	peer.log = answer;
	s = open_it(ret, err, NULL, true);
	stop();
	return s;
}

static void test_via_qemu(void **state)
{
	struct memlog_image *image;
	struct memlog_logs *logs;
	struct memlog_err err;
	char *large;

	assert_int_equal(
		ask("{\"version\":\"edk2 1\",\"log\":\"b25lCnR3bwo=\"}", TRUTH,
		    &image, &err),
		0);
	check_log(image, MEMLOG_FILE, 0);
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_string_equal(memlog_logs_get(logs, 0)->version, "edk2 1");
	memlog_logs_destroy(logs);
	memlog_image_close(image);

	assert_int_equal(ask(NULL, TRUTH, &image, &err), MEMLOG_UNSUPPORTED);
	assert_non_null(strstr(err.text, "QEMU 9.2.1 has no "
					 "query-firmware-log"));
	/* QEMU found none: an image without a log, which says so */
	assert_int_equal(ask(NULL, STRAYS, &image, &err), 0);
	assert_non_null(
		strstr(memlog_image_warning(image, 0), "QEMU rejected"));
	assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 0);
	memlog_logs_destroy(logs);
	memlog_image_close(image);

	assert_int_equal(ask("{\"log\":7}", TRUTH, &image, &err), MEMLOG_IO);
	assert_int_equal(ask("{\"log\":\"b25l*\"}", TRUTH, &image, &err),
			 MEMLOG_IO);
	large = malloc(3 * MIB);
	assert_non_null(large);
	memset(large, 'A', 3 * MIB);
	memcpy(large, "{\"log\":\"", 8);
	strcpy(large + 2 * MIB, "\"}");
	assert_int_equal(ask(large, TRUTH, &image, &err), MEMLOG_LIMIT);
	free(large);
	assert_int_equal(
		memlog_image_open(
			"pid:1",
			&(struct memlog_open_opts){
				.size = sizeof(struct memlog_open_opts),
				.via_qemu = true },
			&image, &err),
		MEMLOG_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_peer),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_stalls),
		cmocka_unit_test(test_true),
		cmocka_unit_test(test_saved),
		cmocka_unit_test(test_not_saved),
		cmocka_unit_test(test_via_qemu),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
