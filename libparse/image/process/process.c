/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* process.c - the guest memory of a running virtual machine monitor. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/err.h"
#include "base/range.h"
#include "maps.h"

/* Bytes for the path of an entry in /proc/PID. */
#define ENTRY 64

/* ---- /proc/PID ---------------------------------------------------------- */

/* The command name of the process, made printable. */
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

/* Is the file st the one that is mapped? Device numbers differ on file systems
 * with subvolumes; then the path has to match. */
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

/* Open entry if it is the regular file f, else return -1. Calls stat() first,
 * since opening a device may have side effects. */
static int open_if_same(int dir, const char *entry,
			const struct ml_maps_file *f)
{
	struct stat st;
	int fd;

	if (fstatat(dir, entry, &st, 0) || !same_file(dir, entry, &st, f))
		return -1;
	fd = openat(dir, entry, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 &&
	    (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != f->inode)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Open the file of a mapping, through map_files, which only root may use, or
 * through a descriptor that the process has open. -1: unavailable. */
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

/* Is a device mapped? It is not memory. */
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

const struct ml_area *ml_process_area(const struct ml_process *p, uint64_t addr)
{
	size_t low = 0, high = p->n_areas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->areas[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->n_areas && p->areas[low].start <= addr ?
		       &p->areas[low] :
		       NULL;
}

/* The file of a mapping that was open before: a program that has given up opening files
 * does not get it again. -1: it was not. */
static int process_kept(const struct ml_process *was,
			const struct ml_mapping *m)
{
	const struct ml_area *a = was ? ml_process_area(was, m->start) : NULL;

	return a && a->fd >= 0 && a->file == m->file ?
		       fcntl(a->fd, F_DUPFD_CLOEXEC, 0) :
		       -1;
}

static void make_area(struct ml_process *p, const struct ml_process *was,
		      const struct ml_mapping *m, const struct ml_maps_file *f)
{
	struct ml_area *a = &p->areas[p->n_areas++];

	*a = (struct ml_area){ .start = m->start,
			       .end = m->end,
			       .file = m->file,
			       .fd = -1,
			       .off = m->offset };
	if (!f->inode) {
		a->kind = ML_AREA_ANON;
		return;
	}
	a->fd = process_kept(was, m);
	if (a->fd < 0)
		a->fd = open_backing(p->dir, m, f);
	a->kind = a->fd < 0 ? ML_AREA_MAPPED :
		  m->shared ? ML_AREA_FILE :
			      ML_AREA_COW;
}

/* The mappings as they are now, those of the guest's memory are marked; the caller frees
 * them. */
static enum memlog_status process_maps(const struct ml_process *p,
				       struct ml_maps *ret,
				       struct memlog_err *err)
{
	enum memlog_status s;
	size_t len, i;
	char *text;
	int sys;

	s = ml_proc_text(p->maps, &p->alloc, &text, &len, &sys);
	if (s == MEMLOG_NO_MEMORY)
		return ml_fail(err, s, "no memory for a list of mappings");
	if (s)
		return ml_process_denied(p->pid, "the mappings", sys, err);
	s = ml_maps_parse(ret, text, len, &p->alloc, err);
	if (s)
		return s;
	for (i = 0; i < ret->n; i++)
		ret->m[i].own |= is_device(&ret->f[i]);
	ml_guest_ram(ret->m, ret->n);
	return MEMLOG_OK;
}

/* was: the same process, as it was read before, or NULL. */
static enum memlog_status find_areas(struct ml_process *p,
				     const struct ml_process *was,
				     struct memlog_err *err)
{
	struct ml_maps maps;
	enum memlog_status s = process_maps(p, &maps, err);
	size_t i, n = 0;
	char name[64];

	if (s)
		return s;
	for (i = 0; i < maps.n; i++)
		n += maps.m[i].guest;
	p->areas = ml_calloc(&p->alloc, n, sizeof(*p->areas));
	if (!p->areas)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for mappings");
	for (i = 0; i < maps.n && !s; i++)
		if (maps.m[i].guest)
			make_area(p, was, &maps.m[i], &maps.f[i]);
	process_name(p->dir, name, sizeof(name));
	if (!s && !n)
		s = ml_fail(
			err, MEMLOG_NOT_MINE, "process %d (%s) %s", (int)p->pid,
			name,
			maps.n ?
				"has no mapping that could be a guest's memory" :
				"has no memory: a kernel thread, or it has ended");
	ml_maps_fini(&maps, &p->alloc);
	return s;
}

/* Without permission to read pages, only the files of shared memory can be
 * read. Areas that need more are dropped; it is an error if none is left. */
static enum memlog_status get_access(struct ml_process *p,
				     struct memlog_err *err)
{
	size_t i, n = 0, need = 0;
	int sys;

	for (i = 0; i < p->n_areas; i++)
		need += p->areas[i].kind != ML_AREA_FILE;
	/* also if there is no need yet: it may have more memory later */
	p->pagemap = openat(p->dir, "pagemap", O_RDONLY | O_CLOEXEC);
	sys = errno;
	if (p->pagemap >= 0) {
		p->mem = openat(p->dir, "mem", O_RDONLY | O_CLOEXEC);
		sys = errno;
	}
	if (p->mem >= 0 || !need)
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
				     "which is needed to read memory without "
				     "changing it");
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
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a process");
	p->alloc = a;
	p->pid = pid;
	p->maps = p->pidfd = p->pagemap = p->mem = -1;
	p->page = (uint32_t)sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0) {
		s = ml_process_denied(pid, "the mappings", errno, err);
	} else {
		p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		p->maps = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC);
		s = find_areas(p, NULL, err);
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

static void free_areas(struct ml_process *p)
{
	size_t i;

	for (i = 0; i < p->n_areas; i++)
		close_fd(p->areas[i].fd);
	ml_free(&p->alloc, p->areas);
	ml_free(&p->alloc, p->ranges);
}

void ml_process_close(struct ml_process *p)
{
	struct memlog_allocator a;

	if (!p)
		return;
	a = p->alloc;
	free_areas(p);
	close_fd(p->dir);
	close_fd(p->maps);
	close_fd(p->pidfd);
	close_fd(p->pagemap);
	close_fd(p->mem);
	ml_free(&a, p);
}

/* Does the process have the same guest memory as when its mappings were read? */
static bool same_areas(const struct ml_process *p)
{
	struct ml_maps maps;
	size_t i, n = 0;
	bool same = true;

	/* that it ended is seen by who reads from it */
	if (process_maps(p, &maps, NULL))
		return true;
	for (i = 0; i < maps.n && same; i++) {
		if (!maps.m[i].guest)
			continue;
		same = n < p->n_areas && p->areas[n].start == maps.m[i].start &&
		       p->areas[n].end == maps.m[i].end &&
		       p->areas[n].file == maps.m[i].file;
		n++;
	}
	ml_maps_fini(&maps, &p->alloc);
	return same && n == p->n_areas;
}

bool ml_process_renew(void *self)
{
	struct ml_process *p = self, now = *p;

	/* without access, areas were left out, and would be again */
	if (p->mem < 0 || same_areas(p))
		return false;
	now.areas = NULL;
	now.ranges = NULL;
	now.n_areas = now.n_ranges = 0;
	if (find_areas(&now, p, NULL) || join_areas(&now, NULL)) {
		free_areas(&now);
		return false;
	}
	free_areas(p);
	*p = now;
	return true;
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
