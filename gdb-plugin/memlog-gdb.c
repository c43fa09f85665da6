/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memlog-gdb.c - the interface to gdb, a JIT reader; see plugin.h. */
#include <gdb/jit-reader.h>

#include "../host/hold.h"
#include "session.h"

extern struct gdb_reader_funcs *gdb_init_reader(void)
	__attribute__((visibility("default")));
extern int plugin_is_GPL_compatible(void)
	__attribute__((visibility("default")));

GDB_DECLARE_GPL_COMPATIBLE_READER

/* The library stays loaded between the steps (-z nodelete). */
static struct session session;

/*
 * While a step runs, the library polls for SIGINT: gdb's handler sets a flag that
 * makes target_read throw an exception through us.
 */
static sigset_t hold_signals(void)
{
	sigset_t block, mask;

	host_hold_set(&block);
	pthread_sigmask(SIG_BLOCK, &block, &mask);
	return mask;
}

static void release_signals(sigset_t *mask)
{
	host_hold_drop(mask);
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

/* gdb calls this for every frame. The first call after a step asked for memory
 * runs the query. Returns GDB_FAIL, so that gdb unwinds the frame itself. */
static enum gdb_status plugin_unwind(struct gdb_reader_funcs *self,
				     struct gdb_unwind_callbacks *cb)
{
	sigset_t mask __attribute__((cleanup(release_signals)));

	(void)self;
	mask = hold_signals();
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

/* Does not return NULL, which gdb does not check for. */
struct gdb_reader_funcs *gdb_init_reader(void)
{
	static struct gdb_reader_funcs funcs = {
		.reader_version = GDB_READER_INTERFACE_VERSION,
		.read = read_debug_info,
		.unwind = plugin_unwind,
		.get_frame_id = frame_id,
		.destroy = plugin_destroy,
	};
	sigset_t mask __attribute__((cleanup(release_signals)));

	mask = hold_signals();
	session_step(&session);
	return &funcs;
}

/* If gdb ends after an error in the script, or Ctrl-C while QEMU wrote its files, delete
 * these. */
static void __attribute__((destructor)) plugin_fini(void)
{
	session_end(&session);
}
