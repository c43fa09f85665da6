/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acrn.c - the source acrn:, the devices of a running Service VM.
 *
 * Each read of acrn_hvlog_cur_N returns a slot of a CPU's log and consumes it,
 * so that acrnlog does not see it. acrn_hvlog_last_N is the same for the
 * previous boot. acrn_trace_N can be mapped, and is not consumed.
 *
 * The slots of a log are copied into a ring with the layout of the reserved
 * region, so that the formats find it as in a dump; reading the header of the
 * ring reads new slots from the device. acrn:DIR uses the devices in a
 * directory other than /dev.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/process/process.h"
#include "live.h"

#define SLOT   80u
#define HEADER 64u
#define MAGIC  UINT64_C(0x5aa57aa71aa13aa3)

/* Our copy of a ring has as many slots as ACRN's largest. */
#define SLOTS ((ML_SBUF_MAX - HEADER) / SLOT)
#define RING  (HEADER + SLOTS * SLOT)

/* Addresses of the rings in the image. */
#define CUR_BASE   UINT64_C(0x100000000)
#define LAST_BASE  UINT64_C(0x200000000)
#define TRACE_BASE UINT64_C(0x300000000)
#define CPUS_MAX   256u

enum kind { CUR, LAST, TRACE, KINDS };

static const char *const prefixes[KINDS] = {
	"acrn_hvlog_cur_",
	"acrn_hvlog_last_",
	"acrn_trace_",
};

/* One device. bytes: the ring, len bytes at address addr. */
struct device {
	enum kind kind;
	unsigned int cpu;
	int fd;
	uint64_t addr;
	uint8_t *bytes;
	size_t len;
	uint32_t tail; /* bytes of complete slots */
	uint32_t part; /* bytes of an incomplete one */
};

struct acrn {
	struct memlog_allocator alloc;
	struct device *dev;
	size_t n, cap;
};

/* ---- a log's slots ------------------------------------------------------ */

static void make_header(struct device *d)
{
	uint64_t magic = d->kind == LAST ? MAGIC & ~UINT64_C(1) : MAGIC;

	ml_put_le32(d->bytes, (uint32_t)magic);
	ml_put_le32(d->bytes + 4, (uint32_t)(magic >> 32));
	ml_put_le32(d->bytes + 8, SLOTS);
	ml_put_le32(d->bytes + 12, SLOT);
	ml_put_le32(d->bytes + 36, SLOTS * SLOT);
}

/* Read all slots that the device has. A pipe may return less than a slot. */
static void acrn_drain(struct device *d)
{
	uint8_t *at;
	ssize_t n;

	if (d->kind == TRACE || d->fd < 0)
		return;
	while (d->tail < (SLOTS - 1) * SLOT) {
		at = d->bytes + HEADER + d->tail;
		n = read(d->fd, at + d->part, SLOT - d->part);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		d->part += (uint32_t)n;
		if (d->part < SLOT)
			continue;
		d->part = 0;
		d->tail += SLOT;
	}
	ml_put_le32(d->bytes + 20, d->tail);
}

/* ---- the reader --------------------------------------------------------- */

static struct device *device_at(struct acrn *a, uint64_t addr)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (addr >= a->dev[i].addr &&
		    addr - a->dev[i].addr < a->dev[i].len)
			return &a->dev[i];
	return NULL;
}

static enum memlog_status acrn_read(void *self, uint64_t addr, void *buf,
				    size_t len, size_t *ret,
				    struct memlog_err *err)
{
	struct device *d = device_at(self, addr);
	size_t off;

	(void)err;
	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (!d)
		return MEMLOG_NO_DATA;
	off = (size_t)(addr - d->addr);
	if (!off)
		acrn_drain(d);
	*ret = (size_t)ml_min(len, d->len - off);
	memcpy(buf, d->bytes + off, *ret);
	return MEMLOG_OK;
}

static enum memlog_status acrn_next_range(void *self, uint64_t addr,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	const struct acrn *a = self;
	uint64_t end;
	size_t i;

	(void)err;
	/* sorted by address; rings of one kind are contiguous */
	for (i = 0; i < a->n; i++) {
		end = a->dev[i].addr + a->dev[i].len;
		if (end <= addr)
			continue;
		ret->start = ml_max(addr, a->dev[i].addr);
		while (i + 1 < a->n && a->dev[i + 1].addr == end)
			end += a->dev[++i].len;
		ret->end = end;
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

static void acrn_close(void *self)
{
	struct memlog_allocator alloc;
	struct acrn *a = self;
	size_t i;

	if (!a)
		return;
	alloc = a->alloc;
	for (i = 0; i < a->n; i++) {
		if (a->dev[i].bytes)
			munmap(a->dev[i].bytes, a->dev[i].len);
		if (a->dev[i].fd >= 0)
			close(a->dev[i].fd);
	}
	ml_free(&alloc, a->dev);
	ml_free(&alloc, a);
}

static const struct memlog_reader_ops acrn_ops = {
	.size = sizeof(acrn_ops),
	.flags = MEMLOG_READER_LIVE,
	.page_size = ML_PAGE,
	.read = acrn_read,
	.next_range = acrn_next_range,
	.close = acrn_close,
};

/* ---- opening ------------------------------------------------------------ */

/* "acrn_trace_3": kind and CPU */
static bool acrn_parse_name(const char *name, struct device *d)
{
	unsigned long cpu;
	unsigned int k;
	const char *p;
	char *end;

	for (k = 0; k < KINDS; k++) {
		p = name + strlen(prefixes[k]);
		if (strncmp(name, prefixes[k], strlen(prefixes[k])) ||
		    *p < '0' || *p > '9')
			continue;
		cpu = strtoul(p, &end, 10);
		if (*end || cpu >= CPUS_MAX)
			return false;
		d->kind = (enum kind)k;
		d->cpu = (unsigned int)cpu;
		return true;
	}
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static enum memlog_status list_devices(struct acrn *a, const char *dir,
				       struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	struct device d = { .fd = -1 };
	struct dirent *e;
	DIR *dp = opendir(dir);

	if (!dp)
		return ml_fail_errno(err, MEMLOG_IO, errno,
				     "cannot read %.100s", dir);
	while (!s && (e = readdir(dp))) {
		if (!acrn_parse_name(e->d_name, &d) || a->n >= KINDS * CPUS_MAX)
			continue;
		s = ml_grow(&a->alloc, &a->dev, a->n, &a->cap, sizeof(*a->dev),
			    err);
		if (!s)
			a->dev[a->n++] = d;
	}
	closedir(dp);
	if (!s && !a->n)
		s = ml_fail(err, MEMLOG_IO,
			    "%.100s has no acrn_hvlog_* and no "
			    "acrn_trace_*: is this a Service VM, and are "
			    "ACRN's modules loaded?",
			    dir);
	if (a->n)
		qsort(a->dev, a->n, sizeof(*a->dev), by_place);
	return s;
}

/* Open and map a device. False: errno is set. */
static bool open_device(struct device *d, const char *dir)
{
	char path[512];
	struct stat st;
	void *p;

	snprintf(path, sizeof(path), "%s/%s%u", dir, prefixes[d->kind], d->cpu);
	d->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return false;
	d->len = RING;
	if (d->kind == TRACE) {
		/* a device has no size, but a file used instead of it does */
		d->len = ML_SBUF_MAX;
		if (!fstat(d->fd, &st) && S_ISREG(st.st_mode))
			d->len = (size_t)ml_min((uint64_t)st.st_size,
						ML_SBUF_MAX);
		if (d->len < HEADER) {
			errno = EINVAL;
			return false;
		}
		p = mmap(NULL, d->len, PROT_READ, MAP_SHARED, d->fd, 0);
	} else {
		p = mmap(NULL, d->len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	if (p == MAP_FAILED)
		return false;
	d->bytes = p;
	if (d->kind != TRACE)
		make_header(d);
	return true;
}

/* Open all devices that can be opened, and warn of the others. */
static enum memlog_status open_devices(struct acrn *a, const char *dir,
				       struct memlog_image *image,
				       struct memlog_err *err)
{
	static const uint64_t base[KINDS] = { CUR_BASE, LAST_BASE, TRACE_BASE };
	uint64_t next[KINDS];
	size_t i, n = 0;
	char words[64];
	int sys = 0;

	memcpy(next, base, sizeof(next));
	for (i = 0; i < a->n; i++) {
		struct device d = a->dev[i];

		if (open_device(&d, dir)) {
			acrn_drain(&d);
			d.addr = next[d.kind];
			next[d.kind] += d.kind == TRACE ? ML_SBUF_MAX : RING;
			a->dev[n++] = d;
			continue;
		}
		sys = errno;
		if (d.fd >= 0)
			close(d.fd);
		ml_image_warn(image, "%s%u cannot be opened: %s%s%s",
			      prefixes[d.kind], d.cpu,
			      strerror_r(sys, words, sizeof(words)),
			      sys == EBUSY  ? ": stop acrnlog first" :
			      sys == EACCES ? ": " :
					      "",
			      sys == EACCES ? ml_process_advice() : "");
	}
	a->n = n;
	if (!n)
		return ml_fail_errno(err, MEMLOG_IO, sys,
				     "no device in %.100s can be opened%s%s%s",
				     dir, sys == EACCES ? " (" : "",
				     sys == EACCES ? ml_process_advice() : "",
				     sys == EACCES ? ")" : "");
	return MEMLOG_OK;
}

static enum memlog_status acrn_open(const char *rest,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_allocator alloc = ml_allocator(o.allocator);
	const char *dir = *rest ? rest : "/dev";
	struct memlog_image *image;
	enum memlog_status s;
	struct acrn *a;

	s = ml_image_create(o.name, o.tmpdir, &alloc, &image, err);
	if (s)
		return s;
	a = ml_calloc(&alloc, 1, sizeof(*a));
	if (!a) {
		memlog_image_close(image);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for acrn:");
	}
	a->alloc = alloc;
	s = list_devices(a, dir, err);
	if (!s)
		s = open_devices(a, dir, image, err);
	else
		a->n = 0;
	if (s) {
		acrn_close(a);
		memlog_image_close(image);
		return s;
	}
	image->format = "acrn";
	image->title = "devices of ACRN's Service VM";
	image->machine = "x86_64";
	ml_image_add_space(image, MEMLOG_FILE, &acrn_ops, a, 0, true);
	*ret = image;
	return MEMLOG_OK;
}

static const char *const acrn_prefixes[] = { "acrn:", NULL };

const struct ml_image_source ml_image_source_acrn = {
	.name = "acrn",
	.prefixes = acrn_prefixes,
	.open = acrn_open,
};
