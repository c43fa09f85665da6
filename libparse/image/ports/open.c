/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* open.c - an image of ports: it has no memory, but lines that come. */
#include <string.h>

#include "base/err.h"
#include "image/image.h"
#include "image/open.h"
#include "ports.h"

#define PREFIX "port:"

static enum memlog_status portopen_read(void *self, uint64_t addr, void *buf,
					size_t len, size_t *ret,
					struct memlog_err *err)
{
	(void)self;
	(void)buf;
	(void)len;
	*ret = 0;
	return ml_fail_at(err, MEMLOG_NO_DATA, addr, "a port has no memory");
}

static enum memlog_status portopen_next(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	(void)self;
	(void)addr;
	(void)ret;
	(void)err;
	return MEMLOG_NO_DATA;
}

static void portopen_close(void *self)
{
	ml_ports_destroy(self);
}

static const struct memlog_reader_ops portopen_ops = {
	.size = sizeof(portopen_ops),
	.flags = MEMLOG_READER_LIVE,
	.read = portopen_read,
	.next_range = portopen_next,
	.close = portopen_close,
};

enum memlog_status ml_ports_image(const char *const *specs, size_t n,
				  const struct memlog_open_opts *opts,
				  struct memlog_image **ret,
				  struct memlog_err *err)
{
	struct memlog_image *image;
	enum memlog_status s;

	s = ml_image_create(opts->name, opts->tmpdir, opts->allocator, &image,
			    err);
	if (s)
		return s;
	s = ml_ports_create(specs, n, &image->alloc, &image->ports, err);
	if (s) {
		memlog_image_close(image);
		return s;
	}
	image->format = "ports";
	image->title = "debug ports";
	ml_image_add_space(image, MEMLOG_PHYS, &portopen_ops, image->ports, 0,
			   true);
	*ret = image;
	return MEMLOG_OK;
}

/* The names of all, as the user typed them. */
static char *portopen_name(const struct memlog_allocator *alloc,
			   const char *const *names, size_t n)
{
	size_t len = 1, at = 0, i;
	char *name;

	for (i = 0; i < n; i++)
		len += strlen(names[i]) + 1;
	name = ml_calloc(alloc, len, 1);
	for (i = 0; name && i < n; i++) {
		if (i)
			name[at++] = ' ';
		memcpy(name + at, names[i], strlen(names[i]));
		at += strlen(names[i]);
	}
	return name;
}

static enum memlog_status portopen_open(const char *const *names, size_t n,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err)
{
	const char *specs[ML_PORTS_MAX];
	struct memlog_image *image;
	enum memlog_status s;
	size_t i;

	if (opts->via_qemu || opts->force_raw || opts->map || opts->raw_base)
		return ml_fail(err, MEMLOG_INVALID,
			       "--map and --via-qemu are not for ports");
	for (i = 0; i < n && i < ML_PORTS_MAX; i++) {
		if (strncmp(names[i], PREFIX, strlen(PREFIX)) != 0)
			return ml_fail(err, MEMLOG_INVALID,
				       "\"%.64s\" is not port:PATH", names[i]);
		specs[i] = names[i] + strlen(PREFIX);
	}
	s = ml_ports_image(specs, n, opts, &image, err);
	return s ? s : ml_image_opened(image, ret, err);
}

enum memlog_status memlog_image_open_ports(const char *const *names, size_t n,
					   const struct memlog_open_opts *opts,
					   struct memlog_image **ret,
					   struct memlog_err *err)
{
	enum memlog_status s = ml_open_opts_check(opts, err);
	struct memlog_err why = { .status = MEMLOG_OK };
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_allocator a = ml_allocator(o.allocator);
	char *name;

	if (s)
		return s;
	name = portopen_name(&a, names, n);
	if (!name)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	if (!o.name)
		o.name = name;
	s = portopen_open(names, n, &o, ret, &why);
	s = ml_open_done(s, n > 1 ? PREFIX : o.name, &why, err);
	ml_free(&a, name);
	return s;
}
