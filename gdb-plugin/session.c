/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - run one memlog command in gdb, step by step; see plugin.h. */
#include "session.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void session_end(struct session *s)
{
	if (s->busy && s->owner == getpid()) {
		if (s->file_open)
			host_file_close(&s->file, false, NULL);
		memlog_image_close(s->image);
		memlog_query_destroy(s->query);
		if (s->dir)
			session_remove_files(s);
		host_arena_fini(&s->arena);
	}
	memset(s, 0, sizeof(*s));
	plugin_user_reset();
}

static void gdb_session_fail(const char *text)
{
	plugin_message(NULL, 0, text);
}

/* ---- scripts for gdb ---------------------------------------------------- */

#define TO_MAILBOX " | cat >>/proc/$PPID/fd/%d\n"

static void step_begin(struct session *s)
{
	struct memlog_err err = { .status = MEMLOG_OK };

	session_end(s);
	if (!mailbox_open(&err)) {
		/* there is no script that could say it */
		fprintf(stderr, "memlog: %s\n", err.text);
		return;
	}
	s->busy = true;
	s->owner = getpid();
	s->status = MEMLOG_EXIT_UNREADABLE;
	s->piped = plugin_in_pipe();
	plugin_user_pipe(s->piped);
	host_arena_init(&s->arena);
	script_begin();
	script_add("pipe echo " ARGS_END "\\n" TO_MAILBOX, MAILBOX_FD);
	script_add("pipe info inferiors" TO_MAILBOX, MAILBOX_FD);
	script_add("pipe info threads" TO_MAILBOX, MAILBOX_FD);
	script_add("pipe maint info sections" TO_MAILBOX, MAILBOX_FD);
	script_again();
	s->step = STEP_GIVEN;
}

/*
 * Make gdb call unwind(), then run another step. The command must not fail, or
 * the script would end there: `frame` ignores errors in what it prints. (An MI
 * command does, too, but gdb 13 crashes after two of them in pipes.) before and
 * after: commands around that, or "".
 */
static void session_ask_for_memory(struct session *s, const char *before,
				   const char *after)
{
	s->step = STEP_MEMORY;
	script_add("%s", before);
	script_add("eval \"jit-reader-load %%s\", $memlog_plugin\n"
		   "set $_memlog_loaded = 1\n"
		   "pipe frame | cat >/dev/null\n");
	script_add("%s", after);
	script_add("set $_memlog_loaded = 0\n"
		   "jit-reader-unload\n");
	script_again();
}

/* ---- running the query --------------------------------------------------- */

static int gdb_session_progress(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)done;
	(void)all;
	return plugin_interrupted();
}

static enum memlog_status
gdb_session_open_output(struct session *s, const struct memlog_sink **ret,
			struct memlog_err *err)
{
	const char **in = s->inputs;
	const struct host_file_opts opts = {
		.dir = AT_FDCWD,
		.name = s->own.output,
		.force = s->own.force,
		.inputs = s->inputs,
	};
	enum memlog_status st;

	s->script = script_sink;
	s->script.tty = !s->piped && isatty(STDOUT_FILENO) == 1;
	*ret = &s->script;
	if (!s->own.output)
		return MEMLOG_OK;
	if (s->target.core)
		*in++ = s->target.core;
	if (s->target.exec)
		*in++ = s->target.exec;
	if (memlog_query_input(s->query))
		*in++ = memlog_query_input(s->query);
	st = host_own_check(&s->own, err);
	if (!st)
		st = host_file_create(&s->file, &opts, err);
	s->file_open = !st;
	*ret = &s->file.sink;
	return st;
}

static void gdb_session_report(enum memlog_status st,
			       const struct memlog_err *err)
{
	if (st == MEMLOG_STOP && plugin_interrupted())
		gdb_session_fail("interrupted");
	else if (st && st != MEMLOG_NO_DATA)
		gdb_session_fail(err->text[0] ? err->text :
						memlog_status_name(st));
}

/* Run the query on s->image; the script prints the answer. */
static void gdb_session_run(struct session *s)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.message = plugin_message,
		.progress = gdb_session_progress,
		.tmpdir = getenv("TMPDIR"),
	};
	struct memlog_query_result result = { .size = sizeof(result) };
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status st, closed = MEMLOG_OK;

	plugin_user_text();
	st = gdb_session_open_output(s, &host.sink, &err);
	if (st) {
		s->status = memlog_query_failed(s->query, NULL, st, &err, NULL);
	} else {
		st = memlog_query_run(s->query, s->image, &host, &result, &err);
		s->status = result.exit;
		if (s->file_open) {
			s->file_open = false;
			closed = host_file_close(&s->file,
						 st != MEMLOG_STOP &&
							 s->file.written &&
							 !s->file.failed,
						 st ? NULL : &err);
		}
	}
	if (closed)
		s->status = MEMLOG_EXIT_UNREADABLE;
	gdb_session_report(st ? st : closed, &err);
}

void session_memory(struct session *s, gdb_target_read *read)
{
	if (!s->armed)
		return;
	s->armed = false;
	s->read = read;
	gdb_session_run(s);
	s->read = NULL;
}

/* ---- targets ------------------------------------------------------------- */

static struct memlog_open_opts open_opts(struct session *s)
{
	return (struct memlog_open_opts){
		.size = sizeof(struct memlog_open_opts),
		.no_mmap = true, /* the file may shrink meanwhile */
		.allocator = &s->arena.alloc,
		.tmpdir = getenv("TMPDIR"),
		.progress = gdb_session_progress,
	};
}

static bool open_core(struct session *s)
{
	const struct memlog_open_opts opts = open_opts(s);
	struct memlog_image_info info = { .size = sizeof(info) };

	if (!s->target.core ||
	    memlog_image_open_file(s->target.core, &opts, &s->image, NULL))
		return false;
	if (!memlog_image_info(s->image, &info, NULL) &&
	    info.traits & MEMLOG_IMAGE_RANGES &&
	    info.traits & MEMLOG_IMAGE_PLAIN)
		return true;
	memlog_image_close(s->image);
	s->image = NULL;
	return false;
}

/* Fill s->ranges from text of gdb with the parser parse. */
static void session_list_ranges(struct session *s, const char *text,
				size_t (*parse)(const char *text,
						struct memlog_range *ret,
						size_t max))
{
	size_t max = target_lines(text);

	s->ranges = s->arena.alloc.alloc(s->arena.alloc.self,
					 max * sizeof(*s->ranges));
	s->n_ranges = s->ranges ? parse(text, s->ranges, max) : 0;
}

static void read_through_gdb(struct session *s, const char *name,
			     const char *before, const char *after)
{
	struct memlog_err err = { .status = MEMLOG_OK };

	if (!s->n_ranges)
		gdb_session_fail(
			"gdb does not report where this target has memory");
	else if (!s->target.frames)
		gdb_session_fail(
			"gdb plugins can read memory only in a stack frame, "
			"and no stopped thread is selected: interrupt the "
			"target, or select a stopped thread");
	else if (session_wrap_target(s, name, &err))
		gdb_session_fail(err.text);
	else
		session_ask_for_memory(s, before, after);
}

/* Not through gdb: the library reads only pages that are present, whereas gdb's
 * reads would allocate those that were never touched. */
static void gdb_session_use_process(struct session *s)
{
	const struct memlog_open_opts opts = open_opts(s);
	struct memlog_err err = { .status = MEMLOG_OK };

	if (memlog_image_open_process(s->target.pid, &opts, &s->image, &err))
		gdb_session_fail(err.text);
	else
		gdb_session_run(s);
}

static void ask_stub(struct session *s)
{
	mailbox_empty(MAILBOX_FD);
	script_add("pipe maint packet qqemu.PhyMemMode" TO_MAILBOX, MAILBOX_FD);
	script_again();
	s->step = STEP_ASKED;
}

static void gdb_session_use_core(struct session *s, const char *text)
{
	if (open_core(s)) {
		gdb_session_run(s);
		return;
	}
	plugin_message(NULL, 2,
		       "reading the core through gdb, by virtual addresses");
	session_list_ranges(s, text, target_sections);
	s->space = MEMLOG_VIRT;
	read_through_gdb(s, "core", "", "");
}

/* Arguments and target are known; text is what gdb says about the target. */
static void session_use_target(struct session *s, const char *text)
{
	target_parse(&s->target, text, &s->arena.alloc);
	if (s->pmemsave && s->target.kind != TARGET_REMOTE &&
	    s->target.kind != TARGET_NONE) {
		s->status = MEMLOG_EXIT_USAGE;
		gdb_session_fail("--pmemsave is for QEMU's gdbstub");
		return;
	}
	switch (s->target.kind) {
	case TARGET_CORE:
		gdb_session_use_core(s, text);
		break;
	case TARGET_NATIVE:
		gdb_session_use_process(s);
		break;
	case TARGET_REMOTE:
		ask_stub(s);
		break;
	default:
		gdb_session_fail(
			"no target: open a core, attach to QEMU, or connect "
			"to its gdbstub");
	}
}

/* Have gdb evaluate an expression, in the frame that the user has selected. If it
 * cannot, that is a usage error. */
static void session_ask_for_value(struct session *s)
{
	mailbox_empty(MAILBOX_FD);
	script_add("set $_memlog_status = %d\n", MEMLOG_EXIT_USAGE);
	script_set("format", s->expr.asked_as);
	script_set("expression", s->expr.asked);
	script_add("set $_memlog_evaluate = 1\n");
	script_again();
	s->step = STEP_GIVEN;
}

static void step_given(struct session *s, char *text)
{
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status st = MEMLOG_OK;
	const char *rest = NULL;

	if (!s->text)
		s->text = text;
	else if (!session_take_value(s, text))
		st = MEMLOG_NO_MEMORY;
	memlog_query_destroy(s->query);
	s->query = NULL;
	if (!st)
		st = memlog_query_create(&s->arena.alloc, MEMLOG_HOST_GDB,
					 &s->query, &err);
	if (!st)
		st = session_take_args(s, &rest, &err);
	if (s->query)
		plugin_user_level(memlog_query_level(s->query));
	if (st == MEMLOG_STOP && s->expr.asked) {
		session_ask_for_value(s);
	} else if (st == MEMLOG_STOP) {
		s->status = MEMLOG_EXIT_PRINTED; /* --help */
	} else if (st) {
		s->status = memlog_query_failed(s->query, NULL, st, &err, NULL);
		gdb_session_fail(err.text[0] ? err.text :
					       memlog_status_name(st));
	} else {
		session_use_target(s, rest);
	}
}

static void step_asked(struct session *s, const char *text)
{
	bool qemu = strstr(text, "received: \"0\"") ||
		    strstr(text, "received: \"1\"");

	mailbox_empty(MAILBOX_FD);
	if (qemu)
		script_add("pipe monitor info mtree -f" TO_MAILBOX, MAILBOX_FD);
	else
		script_add("pipe info proc mappings" TO_MAILBOX, MAILBOX_FD);
	script_again();
	s->space = qemu ? MEMLOG_PHYS : MEMLOG_HOST;
	s->step = STEP_MAPPED;
}

static void step_mapped(struct session *s, const char *text)
{
	if (s->space != MEMLOG_PHYS) {
		session_list_ranges(s, text, target_mappings);
		s->flags = MEMLOG_READER_SLOW;
		read_through_gdb(s, "remote process", "", "");
		return;
	}
	session_list_ranges(s, text, memlog_mtree_parse);
	if (s->pmemsave && s->n_ranges) {
		if (session_save_files(s)) {
			script_again();
			s->step = STEP_READ;
		}
		return;
	}
	plugin_message(NULL, 2,
		       "reading through QEMU's gdbstub, by physical "
		       "address: it is slow, so likely places come first; "
		       "--pmemsave is faster");
	s->flags = MEMLOG_READER_SLOW;
	/* the mode is reset before gdb unwinds a frame again */
	read_through_gdb(s, "QEMU's gdbstub",
			 "pipe maint packet Qqemu.PhyMemMode:1 | "
			 "cat >/dev/null\n",
			 "pipe maint packet Qqemu.PhyMemMode:0 | "
			 "cat >/dev/null\nmaint flush dcache\n");
}

/* Either unwind() has run the query, and its output is in the script, or it was
 * not called; or QEMU was asked to write files, and text is its answer. */
static void step_read(struct session *s, char *text)
{
	struct memlog_err err = { .status = MEMLOG_OK };

	if (!s->dir) {
		if (s->armed)
			gdb_session_fail(
				"cannot read memory through gdb: the selected "
				"thread has no stack frame");
		return;
	}
	if (!session_check_files(s, text))
		return;
	if (session_wrap_files(s, &err))
		gdb_session_fail(err.text);
	else
		gdb_session_run(s);
}

static bool session_failed(const struct session *s)
{
	return s->status == MEMLOG_EXIT_USAGE ||
	       s->status == MEMLOG_EXIT_UNREADABLE || plugin_interrupted();
}

static void session_finish(struct session *s)
{
	script_add("set $_memlog_status = %d\n", s->status);
	plugin_user_text();
	plugin_user_finish(session_failed(s));
	session_end(s);
}

void session_step(struct session *s)
{
	enum step step = script_empty() ? STEP_BEGIN : s->step;
	char *text;

	if (step == STEP_BEGIN) {
		step_begin(s);
		return;
	}
	if (step == STEP_MEMORY) {
		/* gdb is in the middle of the script */
		s->armed = true;
		s->step = STEP_READ;
		return;
	}
	script_begin();
	s->step = STEP_BEGIN; /* unless a step sets the next one */
	text = mailbox_read(&s->arena.alloc);
	if (!text)
		gdb_session_fail("no memory");
	else if (step == STEP_GIVEN)
		step_given(s, text);
	else if (step == STEP_ASKED)
		step_asked(s, text);
	else if (step == STEP_MAPPED)
		step_mapped(s, text);
	else
		step_read(s, text);
	if (s->step == STEP_BEGIN)
		session_finish(s);
}
