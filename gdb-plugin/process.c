/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.c - which memory of an attached process is really there.
 *
 * Reading a page that was never touched makes it: gdb's read of a hole in a
 * shared memory file allocates it in the process for good. So anonymous memory
 * is looked up in pagemap first, and shared files are asked for their data.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin.h"

/* pagemap(5): bit 63 present, bit 62 swapped out. */
#define PAGE_THERE (3ull << 62)
#define PAGE 4096u
#define ENTRIES 4096

struct mapping {
	uint64_t start, end, offset;
	bool file;		/* shared memory or another file */
	char perms[8], dev[32];
	unsigned long inode;
};

/* A mapping whose contents are not that of a pagemap: open what it maps. */
static int open_mapped(long pid, const struct mapping *m)
{
	char path[96];

	snprintf(path, sizeof(path), "/proc/%ld/map_files/%" PRIx64 "-%" PRIx64,
		 pid, m->start, m->end);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool add_file(int fd, const struct mapping *m,
		     struct host_ranges *ranges)
{
	uint64_t len = m->end - m->start;
	off_t data, hole, at = (off_t)m->offset;
	off_t end = (off_t)(m->offset + len);

	while (at < end) {
		data = lseek(fd, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO;	/* no data from here on */
		if (data >= end)
			break;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return false;
		if (hole > end)
			hole = end;
		host_ranges_add(ranges,
				m->start + (uint64_t)data - m->offset,
				m->start + (uint64_t)hole - m->offset);
		at = hole;
	}
	return true;
}

static bool add_anonymous(int pagemap, const struct mapping *m,
			  struct host_ranges *ranges)
{
	uint64_t entry[ENTRIES];
	uint64_t at = m->start, start = 0;
	bool in = false;
	ssize_t n, i;

	while (at < m->end && !plugin_interrupted()) {
		n = (ssize_t)((m->end - at) / PAGE);
		n = pread(pagemap, entry, 8 * (size_t)(n < ENTRIES ? n : ENTRIES),
			  (off_t)(at / PAGE * 8));
		if (n < 8)
			return false;
		for (i = 0; i < n / 8; i++, at += PAGE) {
			bool there = entry[i] & PAGE_THERE;

			if (there && !in)
				start = at;
			else if (!there && in)
				host_ranges_add(ranges, start, at);
			in = there;
		}
	}
	if (in)
		host_ranges_add(ranges, start, at);
	return true;
}

/* Mapped devices are not memory, and reading one may do something. */
static bool is_device(const char *line)
{
	const char *p = strstr(line, " /dev/");

	return p && strncmp(p, " /dev/shm/", 10) &&
	       strncmp(p, " /dev/zero", 10) && strncmp(p, " /dev/huge", 10);
}

static bool parse_mapping(const char *line, struct mapping *m)
{
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %31s %lu",
		   &m->start, &m->end, m->perms, &m->offset, m->dev,
		   &m->inode) != 6)
		return false;
	m->file = m->inode != 0;
	/* guest RAM is writable; code and devices are not looked at */
	return m->perms[0] == 'r' && m->perms[1] == 'w' &&
	       !is_device(line) && !strstr(line, "[v");
}

enum memlog_status target_process(long pid, struct host_ranges *ranges,
				  uint64_t *ret_hidden, struct memlog_err *err)
{
	char path[64], line[512];
	struct mapping m;
	int pagemap, fd;
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%ld/maps", pid);
	f = fopen(path, "re");
	if (!f || pagemap < 0) {
		snprintf(err->text, sizeof(err->text), "process %ld: %s", pid,
			 strerror(errno));
		if (f)
			fclose(f);
		if (pagemap >= 0)
			close(pagemap);
		return MEMLOG_IO;
	}
	while (fgets(line, sizeof(line), f) && !plugin_interrupted()) {
		if (!parse_mapping(line, &m))
			continue;
		ok = false;
		fd = m.file ? open_mapped(pid, &m) : -1;
		if (fd >= 0) {
			ok = add_file(fd, &m, ranges);
			close(fd);
		}
		/* what a process wrote to a private file is its own */
		if (m.perms[3] != 's')
			ok = add_anonymous(pagemap, &m, ranges) && (ok || !m.file);
		if (!ok)
			*ret_hidden += m.end - m.start;
	}
	fclose(f);
	close(pagemap);
	host_ranges_merge(ranges);
	return MEMLOG_OK;
}
