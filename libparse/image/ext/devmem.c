/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * devmem.c - the source /dev/mem, the memory of this machine.
 *
 * /proc/iomem lists where memory is. A firmware's log is in memory listed as
 * "Reserved" or "ACPI ..."; but so are device registers, which must not be
 * read. So such a range is used only if it adjoins RAM, contains no device, and
 * is not the legacy video window. Kernels with CONFIG_STRICT_DEVMEM deny access
 * to RAM, but not to reserved memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/process/process.h"
#include "live.h"

/* The most bytes read of /proc/iomem, and the most ranges of it: large machines
 * have some hundred. */
#define IOMEM_MAX  ML_FUZZ_OR(64u << 10, 1u << 20)
#define RANGES_MAX 4096

/* Video memory and expansion ROMs of a PC. */
#define WINDOW_START 0xa0000u
#define WINDOW_END   0x100000u

enum kind { OTHER, RAM, KEPT };

struct entry {
	struct memlog_range r;
	enum kind kind;
	bool taken;
};

struct devmem {
	struct memlog_allocator alloc;
	int fd;
	struct memlog_range *ranges;
	size_t n_ranges;
};

/* ---- /proc/iomem -------------------------------------------------------- */

static enum kind kind_of(const char *name, size_t len)
{
	static const char *const kept[] = { "Reserved", "reserved",
					    "ACPI Tables",
					    "ACPI Non-volatile Storage" };
	size_t i;

	if (len == 10 && !memcmp(name, "System RAM", 10))
		return RAM;
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (len == strlen(kept[i]) && !memcmp(name, kept[i], len))
			return KEPT;
	return OTHER;
}

/* "  start-end : name"; end is inclusive. */
static bool devmem_parse_line(const char *p, const char *eol, struct entry *e,
			      bool *ret_inside)
{
	char *end;
	uint64_t last;

	*ret_inside = p < eol && *p == ' ';
	while (p < eol && *p == ' ')
		p++;
	if (p == eol)
		return false;
	e->r.start = strtoull(p, &end, 16);
	if (end == p || *end != '-')
		return false;
	p = end + 1;
	last = strtoull(p, &end, 16);
	if (end == p || end + 3 > eol || memcmp(end, " : ", 3) ||
	    last < e->r.start || last == UINT64_MAX)
		return false;
	e->r.end = last + 1;
	e->kind = kind_of(end + 3, (size_t)(eol - end - 3));
	e->taken = false;
	return true;
}

static size_t devmem_parse(const char *text, struct entry *e)
{
	const char *p = text, *eol;
	struct entry line;
	size_t n = 0;
	bool inside;

	for (; *p && n < RANGES_MAX; p = *eol ? eol + 1 : eol) {
		eol = strchrnul(p, '\n');
		if (!devmem_parse_line(p, eol, &line, &inside))
			continue;
		if (!inside)
			e[n++] = line;
		else if (n && e[n - 1].kind == KEPT && line.kind == OTHER)
			e[n - 1].kind = OTHER; /* it contains a device */
	}
	return n;
}

static void take_touching(struct entry *e, size_t n)
{
	bool more = true;
	size_t i, k;

	for (i = 0; i < n; i++) {
		e[i].taken = e[i].kind == RAM;
		if (e[i].kind == KEPT && e[i].r.start < WINDOW_END &&
		    e[i].r.end > WINDOW_START)
			e[i].kind = OTHER;
	}
	while (more) {
		more = false;
		for (i = 0; i < n; i++)
			for (k = i ? i - 1 : 0; k < n && k <= i + 1; k++)
				if (!e[i].taken && e[i].kind == KEPT &&
				    e[k].taken &&
				    (e[k].r.end == e[i].r.start ||
				     e[i].r.end == e[k].r.start))
					more = e[i].taken = true;
	}
}

size_t ml_iomem_parse(const char *text, bool ram, struct memlog_range *ret,
		      size_t max, const struct memlog_allocator *alloc)
{
	struct entry *e = ml_calloc(alloc, RANGES_MAX, sizeof(*e));
	size_t i, n, kept = 0;

	if (!e)
		return 0;
	n = devmem_parse(text, e);
	take_touching(e, n);
	for (i = 0; i < n && kept < max; i++)
		/* without CAP_SYS_ADMIN all addresses are 0 */
		if (e[i].taken && (ram || e[i].kind == KEPT) && e[i].r.end > 1)
			ret[kept++] = e[i].r;
	ml_free(alloc, e);
	return ml_ranges_merge(ret, kept);
}

static char *read_iomem(const char *path, const struct memlog_allocator *alloc)
{
	char *text = ml_calloc(alloc, IOMEM_MAX + 1, 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 1;

	while (text && fd >= 0 && n > 0 && len < IOMEM_MAX) {
		n = read(fd, text + len, IOMEM_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* ---- the reader --------------------------------------------------------- */

static enum memlog_status devmem_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct devmem *d = self;
	struct memlog_range r;
	uint64_t at;
	size_t part;
	ssize_t n;

	*ret = 0;
	if (ml_ranges_next(d->ranges, d->n_ranges, addr, &r) || r.start != addr)
		return len ? MEMLOG_NO_DATA : MEMLOG_OK;
	len = ml_min(len, r.end - addr);
	while (*ret < len) {
		/* page by page: the kernel may deny access to one of them */
		at = addr + *ret;
		part = ml_min(len - *ret, ML_PAGE - at % ML_PAGE);
		n = pread(d->fd, (uint8_t *)buf + *ret, part, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		*ret += (size_t)n;
	}
	if (len && !*ret)
		return ml_fail_at(err, MEMLOG_NO_DATA, addr,
				  "the kernel "
				  "denies access to phys:0x%" PRIx64,
				  addr);
	return MEMLOG_OK;
}

static enum memlog_status devmem_next(void *self, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	struct devmem *d = self;

	(void)err;
	return ml_ranges_next(d->ranges, d->n_ranges, addr, ret);
}

static void devmem_close(void *self)
{
	struct devmem *d = self;
	struct memlog_allocator a = d->alloc;

	if (d->fd >= 0)
		close(d->fd);
	ml_free(&a, d->ranges);
	ml_free(&a, d);
}

static const struct memlog_reader_ops devmem_ops = {
	.size = sizeof(devmem_ops),
	.flags = MEMLOG_READER_LIVE | MEMLOG_READER_SLOW | MEMLOG_READER_PEEK,
	.page_size = 4096,
	.read = devmem_read,
	.next_range = devmem_next,
	.close = devmem_close,
};

/* ---- opening ------------------------------------------------------------ */

#define INSTEAD                                               \
	"; Linux 6.17 and later show OVMF's log as the file " \
	"/sys/firmware/efi/ovmf_debug_log"

static enum memlog_status open_mem(struct devmem *d, const char *path,
				   struct memlog_err *err)
{
	d->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (d->fd >= 0)
		return MEMLOG_OK;
	if (errno == EACCES)
		return ml_fail_errno(err, MEMLOG_IO, errno,
				     "cannot be opened (%s)",
				     ml_process_advice());
	if (errno == EPERM)
		return ml_fail_errno(
			err, MEMLOG_IO, errno,
			"the kernel is locked down (lockdown=, secure "
			"boot)" INSTEAD);
	return ml_fail_errno(err, MEMLOG_IO, errno,
			     "this kernel does not have it" INSTEAD);
}

/* Does the kernel deny access to RAM above 1 MiB? */
static bool is_strict(const struct devmem *d)
{
	struct memlog_range r;
	uint64_t addr = WINDOW_END;
	char c;

	if (ml_ranges_next(d->ranges, d->n_ranges, addr, &r))
		return false;
	return pread(d->fd, &c, 1, (off_t)r.start) < 0 && errno == EPERM;
}

static enum memlog_status find_ranges(struct devmem *d, const char *iomem,
				      struct memlog_image *image,
				      struct memlog_err *err)
{
	char *text = read_iomem(iomem, &d->alloc);
	enum memlog_status s = MEMLOG_OK;

	d->ranges = ml_calloc(&d->alloc, RANGES_MAX, sizeof(*d->ranges));
	if (!text || !d->ranges) {
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for ranges");
		goto out;
	}
	d->n_ranges =
		ml_iomem_parse(text, true, d->ranges, RANGES_MAX, &d->alloc);
	if (!d->n_ranges) {
		s = ml_fail(err, MEMLOG_IO,
			    "%s does not show where memory is: "
			    "%s",
			    iomem, ml_process_advice());
		goto out;
	}
	if (!is_strict(d))
		goto out;
	d->n_ranges =
		ml_iomem_parse(text, false, d->ranges, RANGES_MAX, &d->alloc);
	if (!d->n_ranges)
		s = ml_fail(err, MEMLOG_IO,
			    "this kernel denies access to RAM "
			    "(CONFIG_STRICT_DEVMEM)" INSTEAD);
	else
		ml_image_warn(image,
			      "this kernel denies access to RAM "
			      "(CONFIG_STRICT_DEVMEM): only reserved memory is "
			      "searched" INSTEAD);
out:
	ml_free(&d->alloc, text);
	return s;
}

enum memlog_status ml_devmem_image(const char *iomem, const char *mem,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_image *image;
	enum memlog_status s;
	struct devmem *d;

	s = ml_image_create(o.name ? o.name : mem, o.tmpdir, o.allocator,
			    &image, err);
	if (s)
		return s;
	d = ml_calloc(&image->alloc, 1, sizeof(*d));
	if (!d) {
		memlog_image_close(image);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory to open it");
	}
	d->alloc = image->alloc;
	d->fd = -1;
	s = open_mem(d, mem, err);
	if (!s)
		s = find_ranges(d, iomem, image, err);
	if (s) {
		devmem_close(d);
		memlog_image_close(image);
		return s;
	}
	image->format = "devmem";
	image->title = "memory of this machine";
	image->by_kernel = true;
	ml_image_add_space(image, MEMLOG_PHYS, &devmem_ops, d, 0, true);
	*ret = image;
	return MEMLOG_OK;
}

static enum memlog_status devmem_open(const char *rest,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err)
{
	(void)rest;
	return ml_devmem_image("/proc/iomem", "/dev/mem", opts, ret, err);
}

static const char *const devmem_prefixes[] = { "/dev/mem", NULL };

const struct ml_image_source ml_image_source_devmem = {
	.name = "devmem",
	.prefixes = devmem_prefixes,
	.whole = true,
	.open = devmem_open,
};
