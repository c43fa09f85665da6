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
	host_progress_clear(&s->progress);
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

static enum memlog_status ext_write(void *self, const void *buf, size_t len,
				    struct memlog_err *err)
{
	struct session *s = self;

	host_progress_clear(&s->progress);
	if (s->own.output)
		return s->file.sink.write(&s->file, buf, len, err);
	return s->stream.sink.write(&s->stream, buf, len, err);
}

static enum memlog_status ext_open_output(struct session *s,
					  struct memlog_err *err)
{
	s->sink = (struct memlog_sink){
		.size = sizeof(s->sink),
		.self = s,
		.write = ext_write,
	};
	if (s->own.output)
		return ext_open_file(s, err);
	host_stream_init(&s->stream, fp);
	/* crash's pager is a terminal, too */
	s->sink.tty = s->stream.sink.tty || fp == pc->stdpipe;
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
		.sink = &s->sink,
		.message = ext_message,
		.message_arg = s,
		.progress = ext_progress,
		.progress_arg = s,
		.symbols = &ext_symbols,
		.tmpdir = getenv("TMPDIR"),
		.no_efi = ext_no_efi(),
	};
	enum memlog_status st, closed;

	host_progress_init(&s->progress, s->when);
	host_progress_begin(&s->progress,
			    pc->dumpfile ? pc->dumpfile : "memory");
	st = ext_image_open(s, err);
	if (!st)
		st = ext_open_output(s, err);
	if (st)
		return st;
	st = memlog_query_run(s->query, s->image, &host, NULL, err);
	closed = ext_close_output(s, st, st ? NULL : err);
	return st ? st : closed;
}

static void ext_report(struct session *s, enum memlog_status st,
		       const struct memlog_err *err)
{
	if (st == MEMLOG_STOP && !s->help && ext_interrupted())
		ext_message(s, 2, "interrupted");
	else if (st && st != MEMLOG_NO_DATA && st != MEMLOG_STOP)
		ext_message(s, 0,
			    err->text[0] ? err->text : memlog_status_name(st));
}

static enum memlog_status ext_parse(struct session *s, struct memlog_err *err)
{
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts),
		.own = ext_options,
		.arg = s,
	};
	enum memlog_status st;
	int argc, first;

	st = memlog_query_create(&s->arena.alloc, MEMLOG_HOST_CRASH, &s->query,
				 err);
	if (!st)
		st = ext_words(s, &argc, err);
	if (st)
		return st;
	s->own.query = s->query;
	s->own.host = MEMLOG_HOST_CRASH;
	st = memlog_query_parse(s->query, argc, s->words, &opts, &first, err);
	return st ? st : host_own_operands(&s->own, argc, s->words, first, err);
}

static void cmd_memlog(void)
{
	struct session *s = &session;
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status st;
	bool usage, help;

	ext_release(s);
	ext_hold(s);
	st = ext_parse(s, &err);
	usage = st == MEMLOG_INVALID;
	help = s->help;
	if (!st)
		st = ext_run(s, &err);
	ext_report(s, st, &err);
	ext_release(s);
	if (help)
		cmd_usage(pc->curcmd, COMPLETE_HELP | PIPE_TO_SCROLL);
	if (usage)
		cmd_usage(pc->curcmd, SYNOPSIS); /* does not return */
}

/* crash calls the commands with the CLEANUP flag after every command, even one that
 * was left by longjmp. This one releases what the last memlog left, and is not for
 * users: `extend` lists all names, and `help` has a page for each, so its name is
 * empty. */
static void cmd_memlog_release(void)
{
	ext_release(&session);
}

static char name[] = "memlog", no_name[] = "";
static struct command_table_entry command_table[] = {
	{ name, cmd_memlog, NULL, MINIMAL },
	{ no_name, cmd_memlog_release, NULL,
	  MINIMAL | HIDDEN_COMMAND | CLEANUP },
	{ NULL, NULL, NULL, 0 },
};

static void __attribute__((constructor)) memlog_init(void)
{
	command_table[0].help_data = ext_help_create();
	register_extension(command_table);
}

static void __attribute__((destructor)) memlog_fini(void)
{
	ext_release(&session);
	ext_help_destroy(command_table[0].help_data);
}
