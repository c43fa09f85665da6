/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.c - handle signals.
 *
 * A dump can shrink while it is mapped, and reading past its new end raises
 * SIGBUS. The handler maps a page of zeros there, so that the reader continues
 * until it calls progress_poll(), which stops it before any zeros are printed.
 */
#include "dump.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t shrunk;
static long page_size;

static void on_stop(int sig)
{
	stop_signal = sig;
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~((uintptr_t)page_size - 1);

	if (info->si_code > 0 && info->si_code != SI_KERNEL &&
	    mmap((void *)page, (size_t)page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != MAP_FAILED) {
		shrunk = 1;
		return;
	}
	/* another cause: let it terminate us when it is raised again */
	signal(SIGBUS, SIG_DFL);
	if (info->si_code <= 0)
		raise(SIGBUS);
}

/* Catch the signals that ask to stop, unless they are ignored. */
static void guard_stops(void)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa, old;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	/* a second signal terminates; without SA_RESTART reads return EINTR */
	sa.sa_handler = on_stop;
	sa.sa_flags = SA_RESETHAND;
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if (!sigaction(stops[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(stops[i], &sa, NULL);
}

void guard_init(void)
{
	struct sigaction sa;

	page_size = sysconf(_SC_PAGESIZE);
	guard_stops();
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_sigaction = on_bus;
	sa.sa_flags = SA_SIGINFO;
	sigaction(SIGBUS, &sa, NULL);
	/* terminate silently if the reader of our output has closed it */
	signal(SIGPIPE, SIG_DFL);
	/* beyond the limit of a file's size write() fails, which is reported */
	signal(SIGXFSZ, SIG_IGN);
}

int guard_stop(void)
{
	return stop_signal;
}

void guard_forget(void)
{
	if (!stop_signal)
		return;
	stop_signal = 0;
	guard_stops();
}

bool guard_shrunk(void)
{
	return shrunk;
}

void guard_reset(void)
{
	shrunk = 0;
}

void guard_die(void)
{
	signal(stop_signal, SIG_DFL);
	raise(stop_signal);
}
