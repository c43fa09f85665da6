/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memlog.c - the command memlog in crash. */
#include "crash-ext.h"

#include <fcntl.h>

#include "help.h"

static struct session session;

static void ext_hold(struct session *s)
{
	sigset_t block;

	memset(s, 0, sizeof(*s));
	host_hold_set(&block);
	sigprocmask(SIG_BLOCK, &block, &s->mask);
	s->held = true;
	host_arena_init(&s->arena);
}

/* Release everything. A pending Ctrl-C is then delivered to crash. */
static void ext_release(struct session *s)
{
	if (!s->held)
		return;
	if (s->file_open)
		host_file_close(&s->file, false, NULL);
	memlog_image_close(s->image);
	memlog_image_close(s->dump);
	memlog_query_destroy(s->query);
	s->query = NULL;
	host_arena_fini(&s->arena);
	s->held = false;
	host_hold_drop(&s->mask);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static enum memlog_status ext_open_file(struct session *s,
					struct memlog_err *err)
{
	const char *const names[] = {
		pc->dumpfile,	    pc->namelist,
		pc->namelist_debug, pc->debuginfo_file,
		pc->system_map,	    memlog_query_input(s->query),
	};
	const struct host_file_opts opts = {
		.dir = AT_FDCWD,
		.name = s->own.output,
		.force = s->own.force,
		.inputs = s->inputs,
	};
	enum memlog_status st;
	size_t i, n = 0;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i])
			s->inputs[n++] = names[i];
	st = host_own_check(&s->own, err);
	if (!st)
		st = host_file_create(&s->file, &opts, err);
	s->file_open = !st;
	return st;
}

static enum memlog_status ext_open_output(struct session *s,
					  const struct memlog_sink **ret,
					  struct memlog_err *err)
{
	if (s->own.output) {
		*ret = &s->file.sink;
		return ext_open_file(s, err);
	}
	host_stream_init(&s->stream, fp);
	if (fp == pc->stdpipe)
		s->stream.sink.tty = true; /* crash's pager */
	*ret = &s->stream.sink;
	return MEMLOG_OK;
}

/* Not to be called after crash left the query by longjmp. */
static enum memlog_status ext_close_output(struct session *s,
					   enum memlog_status st,
					   struct memlog_err *err)
{
	bool keep = st != MEMLOG_STOP && s->file.written && !s->file.failed;

	if (!s->file_open)
		return st == MEMLOG_STOP ? MEMLOG_OK :
					   host_stream_flush(&s->stream, err);
	s->file_open = false;
	return host_file_close(&s->file, keep, err);
}

static enum memlog_status ext_run(struct session *s, struct memlog_err *err)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.message = ext_message,
		.message_arg = s,
		.progress = ext_progress,
		.symbols = &ext_symbols,
		.tmpdir = getenv("TMPDIR"),
	};
	enum memlog_status st, closed;

	st = ext_image_open(s, err);
	if (!st)
		st = ext_open_output(s, &host.sink, err);
	if (st)
		return st;
	st = memlog_query_run(s->query, s->image, &host, NULL, err);
	closed = ext_close_output(s, st, st ? NULL : err);
	return st ? st : closed;
}

static void ext_report(struct session *s, enum memlog_status st,
		       const struct memlog_err *err)
{
	if (st == MEMLOG_STOP && ext_interrupted())
		ext_message(s, 2, "interrupted");
	else if (st && st != MEMLOG_NO_DATA && st != MEMLOG_STOP)
		ext_message(s, 0,
			    err->text[0] ? err->text : memlog_status_name(st));
}

static void cmd_memlog(void)
{
	struct session *s = &session;
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = ext_options,
		.arg = &s->own,
	};
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status st;
	bool usage = false, help = false;
	int argc;

	ext_release(s);
	ext_hold(s);
	st = memlog_query_create(&s->arena.alloc, MEMLOG_HOST_CRASH, &s->query,
				 &err);
	if (!st)
		st = ext_words(s, &argc, &err);
	if (!st) {
		s->own.query = s->query;
		st = memlog_query_parse(s->query, argc, s->words, &opts, NULL,
					&err);
		help = st == MEMLOG_STOP;
	}
	usage = st == MEMLOG_INVALID;
	if (!st)
		st = ext_run(s, &err);
	if (!help)
		ext_report(s, st, &err);
	ext_release(s);
	if (help)
		cmd_usage(pc->curcmd, COMPLETE_HELP | PIPE_TO_SCROLL);
	if (usage)
		cmd_usage(pc->curcmd, SYNOPSIS); /* does not return */
}

/* crash calls commands with the CLEANUP flag after every command, even one that
 * was left by longjmp. */
static void cmd_memlog_release(void)
{
	ext_release(&session);
}

static char name[] = "memlog", release_name[] = "memlog-release";
static struct command_table_entry command_table[] = {
	{ name, cmd_memlog, NULL, MINIMAL },
	{ release_name, cmd_memlog_release, NULL,
	  MINIMAL | HIDDEN_COMMAND | CLEANUP },
	{ NULL, NULL, NULL, 0 },
};

static void __attribute__((constructor)) memlog_init(void)
{
	command_table[0].help_data = ext_help_create();
	command_table[1].help_data = command_table[0].help_data;
	register_extension(command_table);
}

static void __attribute__((destructor)) memlog_fini(void)
{
	ext_release(&session);
	ext_help_destroy(command_table[0].help_data);
}
