/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sandbox.h - give up what parsing does not need.
 *
 * A bug in a parser, ours or a library's, that a hostile image exploits should gain
 * nothing but that image. What is given up is lost until the end: first comes
 * sandbox_init(), then sandbox_allow() for each path that is needed later,
 * sandbox_enter() before the first byte of an image is interpreted.
 */
#ifndef MEMLOG_DUMP_SANDBOX_H
#define MEMLOG_DUMP_SANDBOX_H

#include <memlog.h>

#include "landlock.h"

enum sandbox_mode {
	SANDBOX_ON, /* as far as the kernel and this build have it */
	SANDBOX_OFF,
	SANDBOX_REQUIRE, /* all of it, or fail */
};

/* The mode of a word. INVALID: the text says what is valid. */
enum memlog_status sandbox_parse(const char *word, enum sandbox_mode *ret,
				 struct memlog_err *err);

/* Look for what the kernel has. children: a program may be started before
 * sandbox_enter(), and has to be ended later. UNSUPPORTED: something that is required is
 * missing; the text says what to do. */
enum memlog_status sandbox_init(enum sandbox_mode mode, bool children,
				struct memlog_err *err);

/* What may be done at a path later: LANDLOCK_ of landlock.h. The path is not kept. */
void sandbox_allow(const char *path, unsigned int use);

/* Room for what sandbox_enter() says. */
#define SANDBOX_SAID 320

/* Give it up, once: later calls do nothing. memory: bytes that this process may allocate
 * from now on, in addition to what it has. sockets: of AF_UNIX can be connected later.
 * said: what was given up, as a message; empty the next times. UNSUPPORTED as for
 * sandbox_init(). */
enum memlog_status sandbox_enter(uint64_t memory, bool sockets,
				 char said[SANDBOX_SAID],
				 struct memlog_err *err);

#endif
