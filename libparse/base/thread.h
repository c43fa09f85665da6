/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* thread.h - start a thread of the library's own. */
#ifndef ML_BASE_THREAD_H
#define ML_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Threads if nobody says how many: two saturate the memory of most machines. */
#define ML_THREADS 2u

/* Bytes of the stack of one. The usual 8 MiB count towards a limit of memory, of which 16
 * threads then leave nothing to the search. */
#define ML_THREAD_STACK (1u << 20)

/* Start one with all signals blocked except those that its own loads raise: a handler
 * that jumps (crash's for SIGINT) must not run in it. False: there is none. */
bool ml_thread_start(pthread_t *ret, void *(*run)(void *arg), void *arg);

#endif
