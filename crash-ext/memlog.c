/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memlog.c - the command `memlog` of crash. */
#include "crash-ext.h"

#include <stdlib.h>

#include "help.h"

static struct session session;

static void ext_hold(struct session *s)
{
	sigset_t block;

	memset(s, 0, sizeof(*s));
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, &s->mask);
	s->held = true;
	host_arena_init(&s->arena);
}

/* Let go of everything; a Ctrl-C that is pending is crash's from here on. */
static void ext_release(struct session *s)
{
	if (!s->held)
		return;
	if (s->out_open)
		host_output_close(&s->out, false, NULL);
	memlog_image_close(s->image);
	memlog_image_close(s->dump);
	memlog_query_destroy(s->query);
	s->query = NULL;
	host_arena_fini(&s->arena);
	s->held = false;
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static enum memlog_status ext_open_output(struct session *s,
					  struct memlog_err *err)
{
	enum memlog_status st = MEMLOG_OK;

	if (s->own.output)
		st = host_output_file(&s->out, s->own.output, s->own.force,
				      pc->dumpfile, err);
	else
		host_output_stream(&s->out, fp);
	if (!s->own.output && fp == pc->stdpipe)
		s->out.sink.tty = true;		/* crash's pager */
	s->out_open = !st;
	return st;
}

static enum memlog_status ext_run(struct session *s, struct memlog_err *err)
{
	struct memlog_query_host host = {
		.size = sizeof(host),
		.sink = &s->out.sink,
		.message = ext_message,
		.message_arg = s,
		.progress = ext_progress,
		.symbols = &ext_symbols,
	};
	struct memlog_query_result result = { .size = sizeof(result) };
	enum memlog_status st, closed;

	st = ext_image_open(s, err);
	if (!st)
		st = ext_open_output(s, err);
	if (st)
		return st;
	st = memlog_query_run(s->query, s->image, &host, &result, err);
	s->out_open = false;
	closed = host_output_close(&s->out, st != MEMLOG_STOP,
				   st ? NULL : err);
	return st ? st : closed;
}

static void ext_report(struct session *s, enum memlog_status st,
		       const struct memlog_err *err)
{
	if (st == MEMLOG_STOP && ext_interrupted())
		ext_message(s, 2, "interrupted");
	else if (st && st != MEMLOG_NO_DATA && st != MEMLOG_STOP)
		ext_message(s, 0, err->text[0] ? err->text :
			    memlog_status_name(st));
}

static void cmd_memlog(void)
{
	struct session *s = &session;
	const struct memlog_parse_opts opts = {
		.size = sizeof(opts), .own = host_options, .arg = &s->own,
	};
	struct memlog_err err = { .status = MEMLOG_OK };
	enum memlog_status st;
	bool usage = false;

	ext_release(s);
	ext_hold(s);
	st = memlog_query_create(&s->arena.alloc, MEMLOG_HOST_CRASH, &s->query,
				 &err);
	if (!st) {
		s->own.query = s->query;
		st = memlog_query_parse(s->query, argcnt, args, &opts, NULL,
					&err);
		usage = st == MEMLOG_INVALID;
	}
	if (!st)
		st = ext_run(s, &err);
	ext_report(s, st, &err);
	ext_release(s);
	if (usage)
		cmd_usage(pc->curcmd, SYNOPSIS);	/* does not return */
}

/* crash calls commands with the CLEANUP flag after every command, however it
 * ended. */
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
