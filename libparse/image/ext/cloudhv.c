/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cloudhv.c - the directory of a snapshot of Cloud Hypervisor: memory-ranges has the
 * memory, one range after the other, state.json says which.
 *
 * Files in it are opened relative to the directory and never through a link: what is
 * printed is from the directory that was named.
 */
#include "cloudhv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "image/bytes/loads.h"
#include "image/open.h"

#define MEMORY "memory-ranges"
#define STATE  "state.json"

/* A regular file in the directory. IO, with errno, or NOT_MINE if it is none. */
static enum memlog_status cloudhv_file(int dir, const char *name, int *ret,
				       uint64_t *ret_size,
				       struct memlog_err *err)
{
	int fd = openat(dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "%s is a symbolic link, which is not followed",
			       name);
	if (fd < 0)
		return ml_fail_errno(err, MEMLOG_IO, errno, "cannot open %s",
				     name);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		*ret = fd;
		*ret_size = (uint64_t)st.st_size;
		return MEMLOG_OK;
	}
	close(fd);
	return ml_fail(err, MEMLOG_NOT_MINE, "%s is not a regular file", name);
}

/* The file with the state, which the caller closes. */
static enum memlog_status cloudhv_state(int dir,
					const struct memlog_open_opts *opts,
					struct ml_file *ret,
					struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t size;
	int fd;

	s = cloudhv_file(dir, STATE, &fd, &size, err);
	if (s == MEMLOG_IO && err->sys == ENOENT)
		/* up to v19 */
		s = cloudhv_file(dir, "vm.json", &fd, &size, err);
	if (s == MEMLOG_IO && err->sys == ENOENT)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "is a directory, not a file, and has no " STATE
			       ": a snapshot of Cloud Hypervisor has that and "
			       "" MEMORY);
	if (s)
		return s;
	s = ml_file_open_fd(fd, STATE, opts, ret, err);
	if (s)
		close(fd);
	return s;
}

/* The text of the state: lent by the file, or, where that is not mapped, in *copy, which
 * the caller frees. */
static enum memlog_status cloudhv_text(const struct ml_file *file,
				       const struct memlog_allocator *alloc,
				       const char **ret, size_t *ret_len,
				       char **copy, struct memlog_err *err)
{
	const uint8_t *there;
	size_t len;
	enum memlog_status s;

	if (file->size > ML_CLOUDHV_STATE)
		return ml_fail(err, MEMLOG_LIMIT, STATE " has more than %u MiB",
			       ML_CLOUDHV_STATE >> 20);
	if (ml_file_is_mapped(file) && file->size &&
	    !file->ops->map(file->self, 0, (size_t)file->size, &there, &len,
			    NULL) &&
	    len == file->size) {
		*ret = (const char *)there;
		*ret_len = len;
		return MEMLOG_OK;
	}
	if (file->size > ML_CLOUDHV_COPY)
		return ml_fail(err, MEMLOG_LIMIT,
			       STATE " has more than %u MiB, and cannot be "
				     "mapped",
			       ML_CLOUDHV_COPY >> 20);
	*copy = ml_calloc(alloc, (size_t)file->size + 1, 1);
	if (!*copy)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for " STATE);
	s = ml_file_read_some(file, 0, *copy, (size_t)file->size, ret_len, err);
	*ret = *copy;
	return s;
}

/* What the state says, and of memory-ranges, which has size bytes. */
static enum memlog_status cloudhv_parse(int dir, uint64_t size,
					const struct memlog_open_opts *opts,
					struct ml_cloudhv *ret,
					struct memlog_err *err)
{
	struct memlog_allocator alloc = ml_allocator(opts->allocator);
	struct ml_file file = { .ops = NULL };
	enum memlog_status s;
	const char *text;
	char *copy = NULL;
	size_t len;

	s = cloudhv_state(dir, opts, &file, err);
	if (s)
		return s;
	s = cloudhv_text(&file, &alloc, &text, &len, &copy, err);
	if (!s)
		s = ml_cloudhv_parse(ret, text, len, size, &alloc, err);
	if (!s)
		s = ml_file_check(&file, err);
	ml_free(&alloc, copy);
	ml_file_close(&file);
	return s;
}

/* Regions in files of their own, up to v19: as plain memory, which several files can
 * be. */
static enum memlog_status cloudhv_old(const struct ml_cloudhv *c,
				      const char *dir, struct memlog_err *err)
{
	const struct ml_cloudhv_memory *m = c->old.m;
	char line[160] = "";
	size_t i, n = 0;

	for (i = 0; i < c->old.n && n < sizeof(line); i++, m++)
		if (m->file >= 0)
			n += (size_t)snprintf(
				line + n, sizeof(line) - n,
				"%s%s/memory-region-%d@0x%" PRIx64,
				n ? "," : "", dir, m->file, m->addr);
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "a snapshot of Cloud Hypervisor before v20: name its "
		       "memory: %s",
		       n && n < sizeof(line) ? line :
					       "memory-region-0@0x0,...");
}

/* ---- what the image says of it ------------------------------------------ */

/* Bytes of a region that are saved. */
static uint64_t cloudhv_saved(const struct ml_cloudhv *c,
			      const struct ml_cloudhv_memory *region)
{
	uint64_t end = region->addr + region->len, n = 0, from, to;
	const struct ml_cloudhv_memory *m = c->ranges.m;
	size_t i;

	for (i = 0; i < c->ranges.n; i++, m++) {
		from = ml_max(m->addr, region->addr);
		to = ml_min(m->addr + m->len, end);
		n += from < to ? to - from : 0;
	}
	return n;
}

/* Memory in a file on the host that the guest shares is not saved. */
static void cloudhv_missing(struct memlog_image *image,
			    const struct ml_cloudhv *c)
{
	const struct ml_cloudhv_memory *m = c->ram.m;
	uint64_t missing;
	size_t i;

	for (i = 0; i < c->ram.n; i++, m++) {
		missing = m->plugged ? 0 : m->len - cloudhv_saved(c, m);
		if (!missing)
			continue;
		if (!ml_add(image->left_out, missing, &image->left_out))
			image->left_out = UINT64_MAX;
		ml_image_warn(image,
			      "%" PRIu64 " byte%s of the memory at 0x%" PRIx64
			      "%s%s %s not saved: %s in a file of the host, "
			      "which config.json names",
			      missing, ml_s(missing), m->addr,
			      m->zone[0] ? ", zone " : "", m->zone,
			      ml_are(missing),
			      missing == 1 ? "it is" : "they are");
	}
}

static void cloudhv_describe(struct memlog_image *image,
			     const struct ml_cloudhv *c)
{
	const struct ml_cloudhv_memory *m;
	char text[4096];
	size_t i, n = 0;

	for (i = 0; i < c->ram.n && n + 128 < sizeof(text); i++) {
		m = &c->ram.m[i];
		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"0x%016" PRIx64 "-0x%016" PRIx64 " zone %s%s\n",
			m->addr, m->addr + m->len, m->zone,
			m->plugged ? ", as far as it is plugged" : "");
	}
	if (c->cpus)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%zu virtual CPU%s\n", c->cpus,
				      ml_s(c->cpus));
	if (n)
		ml_image_add_note(image, "cloud-hypervisor", 0,
				  "the machine, by state.json", text, NULL, 0);
	image->machine = c->machine[0]			     ? c->machine :
			 c->ranges.n && !c->ranges.m[0].addr ? "x86_64" :
							       "";
}

/* ---- the image ---------------------------------------------------------- */

static enum memlog_status cloudhv_loads(struct memlog_image *image,
					const struct ml_cloudhv *c,
					struct ml_loads *ret,
					struct memlog_err *err)
{
	struct ml_load *in =
		ml_calloc(&image->alloc, c->ranges.n + 1, sizeof(*in));
	const struct ml_cloudhv_memory *m = c->ranges.m;
	enum memlog_status s;
	uint64_t off = 0;
	size_t i;

	if (!in)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for ranges");
	for (i = 0; i < c->ranges.n; i++, m++) {
		in[i] = (struct ml_load){ m->addr, m->len, off, m->len };
		/* more than any file has */
		if (!ml_add(off, m->len, &off))
			off = UINT64_MAX;
	}
	s = ml_loads_init(ret, in, c->ranges.n, image->file.size, image, err);
	ml_free(&image->alloc, in);
	if (s)
		return s;
	image->missing = ret->missing;
	if (ret->missing)
		ml_image_warn_cut(image,
				  MEMORY " is truncated: %" PRIu64
					 " byte%s of memory %s missing",
				  ret->missing, ml_s(ret->missing),
				  ml_are(ret->missing));
	else if (image->file.size > off)
		ml_image_warn(image,
			      MEMORY " has %" PRIu64 " bytes more than " STATE
				     " says",
			      image->file.size - off);
	return MEMLOG_OK;
}

/* fd becomes the image's. */
static enum memlog_status cloudhv_image(int fd, const struct ml_cloudhv *c,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err)
{
	struct memlog_image *image;
	struct ml_file file = { 0 };
	enum memlog_status s;
	struct ml_loads l;

	s = ml_file_open_fd(fd, MEMORY, opts, &file, err);
	if (s) {
		close(fd);
		return s;
	}
	s = ml_image_create(opts->name, opts->tmpdir, opts->allocator, &image,
			    err);
	if (s) {
		ml_file_close(&file);
		return s;
	}
	image->file = file;
	image->format = "cloudhv";
	image->title = "snapshot of Cloud Hypervisor";
	s = cloudhv_loads(image, c, &l, err);
	if (!s)
		s = ml_loads_add_space(image, MEMLOG_PHYS, &image->file, false,
				       &l, err);
	if (s) {
		memlog_image_close(image);
		return s;
	}
	cloudhv_describe(image, c);
	cloudhv_missing(image, c);
	return ml_image_opened(image, ret, err);
}

static enum memlog_status cloudhv_open(int dir, const char *name,
				       const struct memlog_open_opts *opts,
				       struct memlog_image **ret,
				       struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	struct ml_cloudhv c = { .machine = "" };
	enum memlog_status s, memory;
	uint64_t size = 0;
	int fd = -1;

	memory = cloudhv_file(dir, MEMORY, &fd, &size, &why);
	s = cloudhv_parse(dir, size, opts, &c, err);
	if (!s && c.old.n)
		s = cloudhv_old(&c, name, err);
	if (!s && !c.ranges.n)
		s = ml_fail(err, MEMLOG_UNSUPPORTED,
			    "no memory is saved here: it is in files of the "
			    "host, which config.json names; name these, as in "
			    "FILE@0");
	if (!s && memory) {
		s = memory;
		*err = why;
	}
	if (!s)
		s = cloudhv_image(fd, &c, opts, ret, err);
	else if (!memory)
		close(fd);
	ml_cloudhv_fini(&c);
	return s;
}

enum memlog_status ml_cloudhv_open(const char *name,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	int dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum memlog_status s;

	if (dir < 0)
		return ml_fail_errno(err, MEMLOG_IO, errno, "cannot open");
	if (opts->force_raw || opts->map || opts->raw_base)
		s = ml_fail(err, MEMLOG_INVALID,
			    "--map is for files of raw memory");
	else
		s = cloudhv_open(dir, name, opts, ret, err);
	close(dir);
	return s;
}
