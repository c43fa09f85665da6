/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread.c - start a thread of the library's own. */
#include "thread.h"

#include <signal.h>

bool ml_thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	sigset_t blocked, old;
	bool started;

	sigfillset(&blocked);
	sigdelset(&blocked, SIGBUS);
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGILL);
	sigdelset(&blocked, SIGFPE);
	if (pthread_attr_init(&attr))
		return false;
	started = !pthread_attr_setstacksize(&attr, ML_THREAD_STACK) &&
		  !pthread_sigmask(SIG_SETMASK, &blocked, &old);
	if (started) {
		started = !pthread_create(ret, &attr, run, arg);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	pthread_attr_destroy(&attr);
	return started;
}
