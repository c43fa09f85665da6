/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qmp_bench.h - a monitor of our own that tells the truth, lies, stalls and breaks off,
 * compiled into the tests of guests by their monitor.
 */
#ifndef QMP_BENCH_H
#define QMP_BENCH_H

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "memlog.h"

#define MIB	(1u << 20)
#define LOW	(48 * MIB) /* guest RAM from 0 on */
#define HIGH	(16 * MIB) /* and above 4 GiB */
#define HIGH_AT (4096ull * MIB)
#define GUARD	4096u

enum lie {
	TRUTH,
	NO_GREETING,
	CLOSES,
	GARBAGE,
	NOT_QMP,
	ENDLESS,
	DEEP,
	VALUES,
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
		for (i = 0; i < 5000; i++)
			say(fd, "{\"a\":");
		say(fd, "\n");
		return;
	case VALUES: /* in some lines, as pretty=on writes it */
		for (i = 0; i < 2000; i++)
			memcpy(line + 2 * (size_t)i, "1,", 2);
		line[4000] = '\n';
		line[4001] = '\0';
		say(fd, "{\"QMP\":[\n");
		for (i = 0; i < 30; i++)
			say(fd, line);
		say(fd, "1]}\n");
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

#endif
