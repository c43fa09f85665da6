/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* why.c - explain why memory of a process cannot be read. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "image/image.h"
#include "maps.h"

#define MIB (1ull << 20)

static int yama_scope(void)
{
	char c = 0;
	int fd = open("/proc/sys/kernel/yama/ptrace_scope",
		      O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, &c, 1) != 1)
		c = '0';
	close(fd);
	return c - '0';
}

const char *ml_process_advice(void)
{
	return geteuid() ? "try as root (sudo)" :
			   "root is not enough: a container, SELinux or "
			   "AppArmor denies it";
}

enum memlog_status ml_process_denied(pid_t pid, const char *what, int sys,
				     struct memlog_err *err)
{
	struct stat st;
	char path[32];
	int scope = yama_scope();
	enum memlog_status s;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (sys == ENOENT || sys == ESRCH || stat(path, &st))
		s = ml_fail(err, MEMLOG_IO, "there is no process %d%s",
			    (int)pid,
			    geteuid() ? ", or /proc hides it (hidepid): try as "
					"root" :
					" here");
	else if (geteuid() && st.st_uid != geteuid())
		s = ml_fail(err, MEMLOG_IO,
			    "may not read %s of process %d, "
			    "which runs as uid %u: try as root (sudo)",
			    what, (int)pid, (unsigned int)st.st_uid);
	else if (scope >= 3)
		s = ml_fail(err, MEMLOG_IO,
			    "may not read %s of process %d: "
			    "kernel.yama.ptrace_scope is %d, which denies it "
			    "to everybody until the next boot; use "
			    "dump-guest-memory FILE in the monitor instead",
			    what, (int)pid, scope);
	else if (scope && geteuid())
		s = ml_fail(err, MEMLOG_IO,
			    "may not read %s of process %d: "
			    "kernel.yama.ptrace_scope is %d, so only root may; "
			    "try as root (sudo)",
			    what, (int)pid, scope);
	else
		s = ml_fail(err, MEMLOG_IO, "may not read %s of process %d: %s",
			    what, (int)pid,
			    geteuid() ? "try as root (sudo)" :
					"root needs CAP_SYS_PTRACE, which a "
					"container has to be granted");
	if (err)
		err->sys = sys;
	return s;
}

/* Swapped pages are not read: reading would swap them in. */
static void warn_swapped(const struct ml_process *p, struct memlog_image *image)
{
	unsigned long long kib;
	char *text, *at;
	size_t len;
	enum memlog_status s;
	int sys, fd = openat(p->dir, "status", O_RDONLY | O_CLOEXEC);

	s = ml_proc_text(fd, &p->alloc, &text, &len, &sys);
	if (fd >= 0)
		close(fd);
	image->starved |= s == MEMLOG_NO_MEMORY;
	if (s)
		return;
	at = len ? memmem(text, len, "\nVmSwap:", 8) : NULL;
	kib = at ? strtoull(at + 8, NULL, 10) : 0;
	image->missing += kib * 1024;
	if (kib)
		ml_image_warn(image,
			      "%llu KiB of process %d are swapped out "
			      "and are not read, so as to leave it as it is",
			      kib, (int)p->pid);
	ml_free(&p->alloc, text);
}

void ml_process_describe(struct memlog_image *image, const struct ml_process *p)
{
	struct memlog_err why;
	size_t i;

	warn_swapped(p, image);
	image->missing += p->unreadable;
	if (image->missing)
		image->remedy = "not all memory of the process can be read";
	if (p->unreadable) {
		ml_process_denied(p->pid, "all memory", EACCES, &why);
		ml_image_warn(image,
			      "%llu MiB of private memory are left out: "
			      "%s",
			      (unsigned long long)(p->unreadable / MIB),
			      why.text);
	}
	for (i = 0; i < p->n_areas; i++)
		if (p->areas[i].kind == ML_AREA_MAPPED)
			ml_image_warn(image,
				      "the file of the memory at "
				      "host:0x%" PRIx64 " cannot be opened: "
				      "only pages that are present in the "
				      "process are read; %s",
				      p->areas[i].start, ml_process_advice());
}
