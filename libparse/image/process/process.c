/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.c - the guest memory of a running virtual machine monitor. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/image.h"
#include "maps.h"

#define MIB (1ull << 20)

/* Room for the name of an entry below /proc/PID. */
#define ENTRY 64

/* ---- refusals ----------------------------------------------------------- */

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

enum memlog_status ml_process_denied(pid_t pid, const char *what, int sys,
				     struct memlog_err *err)
{
	struct stat st;
	char path[ENTRY];
	int scope = yama_scope();
	enum memlog_status s;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (sys == ENOENT || sys == ESRCH || stat(path, &st))
		s = ml_fail(err, MEMLOG_IO, "there is no process %d, or "
			    "/proc hides it (hidepid): try as root", (int)pid);
	else if (geteuid() && st.st_uid != geteuid())
		s = ml_fail(err, MEMLOG_IO, "may not read %s of process %d, "
			    "which runs as uid %u: try as root (sudo)", what,
			    (int)pid, (unsigned int)st.st_uid);
	else if (scope >= 3)
		s = ml_fail(err, MEMLOG_IO, "may not read %s of process %d: "
			    "kernel.yama.ptrace_scope is %d and forbids it to "
			    "everybody until the next boot; dump-guest-memory "
			    "in the monitor makes a dump that can be read",
			    what, (int)pid, scope);
	else if (scope)
		s = ml_fail(err, MEMLOG_IO, "may not read %s of process %d: "
			    "kernel.yama.ptrace_scope is %d, so only root may; "
			    "try as root (sudo)", what, (int)pid, scope);
	else
		s = ml_fail(err, MEMLOG_IO, "may not read %s of process %d: "
			    "try as root, in a container with CAP_SYS_PTRACE",
			    what, (int)pid);
	if (err)
		err->sys = sys;
	return s;
}

/* ---- /proc/PID ---------------------------------------------------------- */

static enum memlog_status read_text(int dir, const char *name,
				    const struct memlog_allocator *alloc,
				    char **ret, size_t *ret_len, int *ret_sys)
{
	size_t cap = 65536, len = 0;
	char *text = ml_calloc(alloc, cap, 1), *more;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	*ret_sys = errno;
	while (text && n > 0 && len < ML_MAX_MAPS_BYTES) {
		n = read(fd, text + len, cap - len);
		*ret_sys = errno;
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		len += n > 0 ? (size_t)n : 0;
		if (len < cap)
			continue;
		more = ml_calloc(alloc, cap * 2, 1);
		if (more)
			memcpy(more, text, len);
		ml_free(alloc, text);
		text = more;
		cap *= 2;
	}
	if (fd >= 0)
		close(fd);
	if (!text)
		return MEMLOG_NO_MEMORY;
	if (n < 0) {
		ml_free(alloc, text);
		return MEMLOG_IO;
	}
	*ret = text;
	*ret_len = len;
	return MEMLOG_OK;
}

/* What the process calls itself, made printable. */
static void process_name(int dir, char *name, size_t size)
{
	int fd = openat(dir, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, name, size - 1), i;

	if (fd >= 0)
		close(fd);
	if (n > 0 && name[n - 1] == '\n')
		n--;
	name[n > 0 ? n : 0] = '\0';
	for (i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			name[i] = '?';
}

/* Is the open file the one that the mapping has? Its device number differs on
 * file systems with subvolumes; then the path has to be the same. */
static bool same_file(int dir, const char *entry, const struct stat *st,
		      const struct ml_maps_file *f)
{
	char link[4096];
	ssize_t n;

	if (!S_ISREG(st->st_mode) || st->st_ino != f->inode)
		return false;
	if (st->st_dev == makedev(f->major, f->minor))
		return true;
	n = readlinkat(dir, entry, link, sizeof(link));
	return n > 0 && (size_t)n == f->path_len && !memcmp(link, f->path, n);
}

/* Open entry when it is the regular file f; -1 when it is not. stat() first:
 * opening a device may do things. */
static int open_if_same(int dir, const char *entry,
			const struct ml_maps_file *f)
{
	struct stat st;
	int fd;

	if (fstatat(dir, entry, &st, 0) || !same_file(dir, entry, &st, f))
		return -1;
	fd = openat(dir, entry, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
			st.st_ino != f->inode)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The file behind a mapping: by the mapping itself, which takes root, or among
 * the files that the process has open. -1 when it cannot be had. */
static int open_backing(int dir, const struct ml_mapping *m,
			const struct ml_maps_file *f)
{
	char entry[ENTRY];
	struct dirent *d;
	int fd, sub;
	DIR *fds;

	snprintf(entry, sizeof(entry), "map_files/%" PRIx64 "-%" PRIx64,
		 m->start, m->end);
	fd = open_if_same(dir, entry, f);
	if (fd >= 0)
		return fd;
	sub = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds = sub < 0 ? NULL : fdopendir(sub);
	if (!fds) {
		if (sub >= 0)
			close(sub);
		return -1;
	}
	while (fd < 0 && (d = readdir(fds)))
		if (d->d_name[0] != '.')
			fd = open_if_same(dirfd(fds), d->d_name, f);
	closedir(fds);
	return fd;
}

/* Devices are mapped, too: what stands behind them is not memory. */
static bool is_device(const struct ml_maps_file *f)
{
	static const char *const memory[] = { "/dev/shm/", "/dev/hugepages",
					      "/dev/zero" };
	size_t i, n;

	for (i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		n = strlen(memory[i]);
		if (f->path_len >= n && !memcmp(f->path, memory[i], n))
			return false;
	}
	return (f->path_len >= 5 && !memcmp(f->path, "/dev/", 5)) ||
	       (f->path_len >= 11 && !memcmp(f->path, "anon_inode:", 11));
}

/* ---- opening ------------------------------------------------------------ */

static void make_area(struct ml_process *p, const struct ml_mapping *m,
		      const struct ml_maps_file *f)
{
	struct ml_area *a = &p->areas[p->n_areas++];

	*a = (struct ml_area){ .start = m->start, .end = m->end, .fd = -1,
			       .off = m->offset };
	if (!f->inode) {
		a->kind = ML_AREA_ANON;
		return;
	}
	a->fd = open_backing(p->dir, m, f);
	a->kind = a->fd < 0 ? ML_AREA_MAPPED :
		  m->shared ? ML_AREA_FILE : ML_AREA_COW;
}

static enum memlog_status find_areas(struct ml_process *p,
				     struct memlog_err *err)
{
	struct ml_maps maps;
	enum memlog_status s;
	char *text, name[64];
	size_t len, i, n = 0;
	int sys;

	s = read_text(p->dir, "maps", &p->alloc, &text, &len, &sys);
	if (s == MEMLOG_NO_MEMORY)
		return ml_fail(err, s, "no memory for a list of mappings");
	if (s)
		return ml_process_denied(p->pid, "the mappings", sys, err);
	s = ml_maps_parse(&maps, text, len, &p->alloc, err);
	if (s)
		return s;
	for (i = 0; i < maps.n; i++)
		maps.m[i].own |= is_device(&maps.f[i]);
	ml_guest_ram(maps.m, maps.n);
	for (i = 0; i < maps.n; i++)
		n += maps.m[i].guest;
	p->areas = ml_calloc(&p->alloc, n, sizeof(*p->areas));
	if (!p->areas)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for mappings");
	for (i = 0; i < maps.n && !s; i++)
		if (maps.m[i].guest)
			make_area(p, &maps.m[i], &maps.f[i]);
	process_name(p->dir, name, sizeof(name));
	if (!s && !n)
		s = ml_fail(err, MEMLOG_NOT_MINE, "process %d (%s) %s",
			    (int)p->pid, name, maps.n ?
			    "has no mapping that could be a guest's memory" :
			    "has no memory: a kernel thread, or it has ended");
	ml_maps_fini(&maps, &p->alloc);
	return s;
}

/* Without permission to read pages only the files behind shared memory can be
 * read. Areas that need more are dropped; all of them: an error. */
static enum memlog_status get_access(struct ml_process *p,
				     struct memlog_err *err)
{
	size_t i, n = 0, need = 0;
	int sys;

	for (i = 0; i < p->n_areas; i++)
		need += p->areas[i].kind != ML_AREA_FILE;
	if (!need)
		return MEMLOG_OK;
	p->pagemap = openat(p->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	sys = errno;
	if (p->pagemap >= 0) {
		p->mem = openat(p->dir, "mem", O_RDONLY | O_CLOEXEC);
		sys = errno;
	}
	if (p->mem >= 0)
		return MEMLOG_OK;
	for (i = 0; i < p->n_areas; i++) {
		struct ml_area a = p->areas[i];

		if (a.kind == ML_AREA_FILE) {
			p->areas[n++] = a;
			continue;
		}
		p->unreadable += a.end - a.start;
		if (a.fd >= 0)
			close(a.fd);
	}
	p->n_areas = n;
	if (n)
		return MEMLOG_OK;
	if (p->pagemap < 0 && sys == ENOENT)
		return ml_fail_errno(err, MEMLOG_UNSUPPORTED, sys,
				     "this kernel has no /proc/PID/pagemap, "
				     "without which memory cannot be read "
				     "without touching it");
	return ml_process_denied(p->pid, "the memory", sys, err);
}

static enum memlog_status join_areas(struct ml_process *p,
				     struct memlog_err *err)
{
	size_t i;

	p->ranges = ml_calloc(&p->alloc, p->n_areas, sizeof(*p->ranges));
	if (!p->ranges)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for mappings");
	for (i = 0; i < p->n_areas; i++)
		p->ranges[i] = (struct memlog_range){ p->areas[i].start,
						      p->areas[i].end };
	p->n_ranges = ml_ranges_merge(p->ranges, p->n_areas);
	return MEMLOG_OK;
}

enum memlog_status ml_process_open(pid_t pid,
				   const struct memlog_allocator *alloc,
				   struct ml_process **ret,
				   struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct ml_process *p = ml_calloc(&a, 1, sizeof(*p));
	enum memlog_status s;
	char path[ENTRY];

	if (!p)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a process");
	p->alloc = a;
	p->pid = pid;
	p->pidfd = p->pagemap = p->mem = -1;
	p->page = (uint32_t)sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0) {
		s = ml_process_denied(pid, "the mappings", errno, err);
	} else {
		p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		s = find_areas(p, err);
	}
	if (!s)
		s = get_access(p, err);
	if (!s)
		s = join_areas(p, err);
	if (!s)
		s = ml_process_alive(p, err);
	if (s) {
		ml_process_close(p);
		return s;
	}
	*ret = p;
	return MEMLOG_OK;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void ml_process_close(struct ml_process *p)
{
	struct memlog_allocator a;
	size_t i;

	if (!p)
		return;
	a = p->alloc;
	for (i = 0; i < p->n_areas; i++)
		close_fd(p->areas[i].fd);
	close_fd(p->dir);
	close_fd(p->pidfd);
	close_fd(p->pagemap);
	close_fd(p->mem);
	ml_free(&a, p->areas);
	ml_free(&a, p->ranges);
	ml_free(&a, p);
}

enum memlog_status ml_process_alive(const struct ml_process *p,
				    struct memlog_err *err)
{
	struct pollfd fd = { .fd = p->pidfd, .events = POLLIN };
	enum memlog_status s;
	bool ended;

	if (p->pidfd >= 0)
		ended = poll(&fd, 1, 0) > 0;
	else
		ended = faccessat(p->dir, "maps", F_OK, 0) != 0;
	if (!ended)
		return MEMLOG_OK;
	s = ml_fail(err, MEMLOG_IO, "process %d has ended", (int)p->pid);
	if (err)
		err->sys = ESRCH;
	return s;
}

/* ---- what is left out ---------------------------------------------------- */

/* What is swapped out stays there, and is not read. */
static void warn_swapped(const struct ml_process *p,
			 struct memlog_image *image)
{
	unsigned long long kib;
	char *text, *at;
	size_t len;
	int sys;

	if (read_text(p->dir, "status", &p->alloc, &text, &len, &sys))
		return;
	at = len ? memmem(text, len, "\nVmSwap:", 8) : NULL;
	kib = at ? strtoull(at + 8, NULL, 10) : 0;
	if (kib)
		ml_image_warn(image, "%llu KiB of process %d are swapped out "
			      "and are not read, so as to leave it as it is",
			      kib, (int)p->pid);
	ml_free(&p->alloc, text);
}

void ml_process_describe(struct memlog_image *image,
			 const struct ml_process *p)
{
	struct memlog_err why;
	size_t i;

	warn_swapped(p, image);
	if (p->unreadable) {
		ml_process_denied(p->pid, "all memory", EACCES, &why);
		ml_image_warn(image, "%llu MiB of private memory are left out: "
			      "%s", (unsigned long long)(p->unreadable / MIB),
			      why.text);
	}
	for (i = 0; i < p->n_areas; i++)
		if (p->areas[i].kind == ML_AREA_MAPPED)
			ml_image_warn(image, "the file behind the memory at "
				      "host:0x%" PRIx64 " cannot be opened: "
				      "only what the process has touched lately"
				      " is read; try as root",
				      p->areas[i].start);
}
