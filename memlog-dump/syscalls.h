/* SPDX-License-Identifier: GPL-2.0-or-later */
/* syscalls.h - which system calls this process can make from now on. */
#ifndef MEMLOG_DUMP_SYSCALLS_H
#define MEMLOG_DUMP_SYSCALLS_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on all threads are denied the system calls of the lists in syscalls.c, with
 * EPERM. sockets: those of AF_UNIX can still be made, connected and listened on. child: the
 * process that can be sent signals; 0: none, -1: any. 0, errno, or ENOPKG: this build has
 * no libseccomp. */
int syscalls_enter(bool sockets, pid_t child);

#endif
