/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hold.h - signals that are blocked while a command runs in a debugger.
 *
 * SIGINT, as the handlers of crash and gdb leave through whatever runs; the command
 * polls for it. SIGXFSZ, which would end the debugger and leave a part of a file: the
 * write fails all the same.
 */
#ifndef HOST_HOLD_H
#define HOST_HOLD_H

#include <signal.h>
#include <time.h>

static inline void host_hold_set(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGXFSZ);
}

/* Call before old, the mask from before, is restored: a SIGXFSZ of the command is
 * dropped, a SIGINT is still for the debugger. */
static inline void host_hold_drop(const sigset_t *old)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	if (!sigismember(old, SIGXFSZ))
		sigtimedwait(&set, NULL, &now);
}

#endif
