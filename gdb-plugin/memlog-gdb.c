/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memlog-gdb.c - the steps of one `memlog` command; see plugin.h. */
#include <gdb/jit-reader.h>

#include "session.h"

extern struct gdb_reader_funcs *gdb_init_reader(void)
	__attribute__((visibility("default")));
extern int plugin_is_GPL_compatible(void)
	__attribute__((visibility("default")));

GDB_DECLARE_GPL_COMPATIBLE_READER

/* The library stays loaded between the steps (-z nodelete). */
static struct session session;

/*
 * SIGINT waits while a step runs, and the library polls for it: gdb's handler
 * only sets a flag, which it would act upon by throwing through target_read.
 */
static sigset_t hold_sigint(void)
{
	sigset_t block, mask;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	pthread_sigmask(SIG_BLOCK, &block, &mask);
	return mask;
}

static void release_sigint(sigset_t *mask)
{
	pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static enum gdb_status read_debug_info(struct gdb_reader_funcs *self,
				       struct gdb_symbol_callbacks *cb,
				       void *memory, long size)
{
	(void)self;
	(void)cb;
	(void)memory;
	(void)size;
	return GDB_FAIL;
}

/* Called for any frame; answers to the first after a step has asked for it, and
 * stays invisible to the unwinder. */
static enum gdb_status plugin_unwind(struct gdb_reader_funcs *self,
				     struct gdb_unwind_callbacks *cb)
{
	sigset_t mask __attribute__((cleanup(release_sigint)));

	(void)self;
	mask = hold_sigint();
	session_memory(&session, cb->target_read);
	return GDB_FAIL;
}

static struct gdb_frame_id frame_id(struct gdb_reader_funcs *self,
				    struct gdb_unwind_callbacks *cb)
{
	(void)self;
	(void)cb;
	return (struct gdb_frame_id){ 0, 0 };
}

static void plugin_destroy(struct gdb_reader_funcs *self)
{
	(void)self;
}

/* Never NULL, which gdb does not look for. */
struct gdb_reader_funcs *gdb_init_reader(void)
{
	static struct gdb_reader_funcs funcs = {
		.reader_version = GDB_READER_INTERFACE_VERSION,
		.read = read_debug_info,
		.unwind = plugin_unwind,
		.get_frame_id = frame_id,
		.destroy = plugin_destroy,
	};
	sigset_t mask __attribute__((cleanup(release_sigint)));

	mask = hold_sigint();
	session_step(&session);
	return &funcs;
}

/* gdb ends, perhaps after an error in the middle of the script: the files that
 * QEMU wrote are not left. */
static void __attribute__((destructor)) plugin_fini(void)
{
	session_end(&session);
}
