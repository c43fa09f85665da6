/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread.c - start a thread of the library's own. */
#include "thread.h"

#include <signal.h>

bool ml_thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg)
{
	sigset_t blocked, old;
	bool started;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGILL);
	sigdelset(&blocked, SIGFPE);
	if (pthread_sigmask(SIG_SETMASK, &blocked, &old))
		return false;
	started = !pthread_create(ret, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}
