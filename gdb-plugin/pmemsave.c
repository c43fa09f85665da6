/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pmemsave.c - QEMU writes its memory to files, which are searched. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

#define PAGE 4096u

void session_remove_files(struct session *s)
{
	char path[64];
	size_t i;

	for (i = 0; i < s->ranges.count; i++) {
		snprintf(path, sizeof(path), "%s/%zu", s->dir, i);
		unlink(path);
	}
	rmdir(s->dir);
}

bool session_save_files(struct session *s)
{
	char dir[] = "/tmp/memlog-XXXXXX";
	size_t i, n;

	if (!mkdtemp(dir)) {
		plugin_message(NULL, 0, "no folder for --pmemsave can be made in "
			       "/tmp");
		return false;
	}
	n = sizeof(dir);
	s->dir = s->arena.alloc.alloc(s->arena.alloc.self, n);
	if (!s->dir) {
		rmdir(dir);
		return false;
	}
	memcpy(s->dir, dir, n);
	plugin_message(NULL, 2, "QEMU writes its memory to files in /tmp");
	for (i = 0; i < s->ranges.count; i++)
		script_add("monitor pmemsave 0x%" PRIx64 " 0x%" PRIx64
			   " \"%s/%zu\"\n", s->ranges.list[i].start,
			   s->ranges.list[i].end - s->ranges.list[i].start,
			   dir, i);
	return true;
}

static enum memlog_status pmemsave_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	struct session *s = self;
	struct memlog_range r;
	char path[64];
	size_t i = 0;
	ssize_t n;
	int fd;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (plugin_interrupted())
		return MEMLOG_STOP;
	if (host_ranges_next(&s->ranges, addr, &r) || r.start > addr)
		return MEMLOG_NO_DATA;
	while (s->ranges.list[i].end <= addr)
		i++;
	snprintf(path, sizeof(path), "%s/%zu", s->dir, i);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return MEMLOG_NO_DATA;
	n = pread(fd, buf, len, (off_t)(addr - s->ranges.list[i].start));
	close(fd);
	if (n <= 0)
		return MEMLOG_NO_DATA;
	*ret = (size_t)n;
	return MEMLOG_OK;
}

static enum memlog_status pmemsave_next(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	struct session *s = self;

	(void)err;
	return host_ranges_next(&s->ranges, addr, ret);
}

enum memlog_status session_wrap_files(struct session *s, struct memlog_err *err)
{
	s->ops = (struct memlog_reader_ops){
		.size = sizeof(s->ops),
		.page_size = PAGE,
		.read = pmemsave_read,
		.next_range = pmemsave_next,
	};
	return memlog_image_wrap(&s->ops, s, MEMLOG_PHYS,
				 "memory saved by QEMU", &s->arena.alloc,
				 &s->image, err);
}
