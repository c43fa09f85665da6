/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp_image.c - the source qmp:SOCKET, a guest by its monitor.
 *
 * The monitor reports where the guest has RAM, and its host virtual addresses;
 * the memory is then read from the process, without the monitor. If the process
 * cannot be read, QEMU writes the memory that is needed to a file. Only what
 * the flat view lists as RAM is read, never device memory.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/bytes/spool.h"
#include "image/process/process.h"
#include "live.h"
#include "qmp.h"
#include "qmp_save.h"

#ifdef HAVE_JSON_C
#include <json-c/json.h>

struct guest {
	struct memlog_allocator alloc;
	struct ml_qmp_ram *ram;
	size_t n;
	struct memlog_range *ranges; /* of ram, merged at the end */
	size_t n_ranges;
	struct ml_process *process; /* NULL: use save */
	struct ml_qmp_save save;
};

/* The first entry that ends after addr, or NULL. */
static const struct ml_qmp_ram *ram_after(const struct guest *g, uint64_t addr)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->ram[mid].end <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low < g->n ? &g->ram[low] : NULL;
}

static const struct ml_qmp_ram *ram_at(const struct guest *g, uint64_t addr)
{
	const struct ml_qmp_ram *r = ram_after(g, addr);

	return r && r->start <= addr ? r : NULL;
}

/* ---- the reader --------------------------------------------------------- */

static enum memlog_status qmp_image_saved(struct guest *g, uint64_t addr,
					  uint8_t *buf, size_t len, size_t *ret,
					  struct memlog_err *err)
{
	enum memlog_status s;

	len = ml_min(len, ML_QMP_SAVE_MAX);
	s = ml_qmp_save_range(&g->save, addr, len, err);
	if (!s)
		s = ml_spool_read(g->save.fd, 0, buf, len, err);
	*ret = s ? 0 : len;
	return s;
}

static enum memlog_status guest_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct guest *g = self;
	const struct ml_qmp_ram *r;
	enum memlog_status s = MEMLOG_OK;
	size_t part, got;

	*ret = 0;
	while (*ret < len && (r = ram_at(g, addr + *ret))) {
		uint64_t at = addr + *ret;
		uint8_t *to = (uint8_t *)buf + *ret;

		part = ml_min(len - *ret, r->end - at);
		if (g->process)
			s = ml_process_ops.read(g->process,
						r->hva + (at - r->start), to,
						part, &got, err);
		else
			s = qmp_image_saved(g, at, to, part, &got, err);
		*ret += got;
		if (s || !got)
			break;
	}
	if (s && (s != MEMLOG_NO_DATA || !*ret))
		return s;
	if (len && !*ret)
		return ml_fail_at(err, MEMLOG_NO_DATA, addr,
				  "no RAM at phys:0x%" PRIx64, addr);
	return MEMLOG_OK;
}

/* Peek at pages that are all in one range of RAM. */
static enum memlog_status peek_entry(struct guest *g,
				     const struct ml_qmp_ram *r, uint64_t addr,
				     size_t count, uint8_t *buf,
				     struct memlog_err *err)
{
	size_t per = ML_QMP_SAVE_MAX / ML_PAGE, i, n;
	enum memlog_status s = MEMLOG_OK;

	if (g->process)
		return ml_process_ops.peek(g->process,
					   r->hva + (addr - r->start), count,
					   buf, err);
	for (; count && !s; count -= n, addr += n * (uint64_t)ML_PAGE) {
		n = ml_min(count, per);
		s = ml_qmp_save_range(&g->save, addr, n * ML_PAGE, err);
		for (i = 0; i < n && !s; i++, buf += MEMLOG_PEEK)
			s = ml_spool_read(g->save.fd, i * ML_PAGE, buf,
					  MEMLOG_PEEK, err);
	}
	return s;
}

static enum memlog_status guest_peek(void *self, uint64_t addr, size_t count,
				     uint8_t *buf, struct memlog_err *err)
{
	struct guest *g = self;
	const struct ml_qmp_ram *r;
	enum memlog_status s = MEMLOG_OK;
	size_t i, n, got;

	memset(buf, 0, count * MEMLOG_PEEK);
	for (i = 0; i < count && !s; i += n) {
		uint64_t at = addr + i * (uint64_t)ML_PAGE;

		n = 1;
		r = ram_at(g, at);
		if (!r)
			continue;
		n = ml_min(count - i, (r->end - at) / ML_PAGE);
		if (n) {
			s = peek_entry(g, r, at, n, buf + i * MEMLOG_PEEK, err);
			continue;
		}
		n = 1;
		s = guest_read(g, at, buf + i * MEMLOG_PEEK, MEMLOG_PEEK, &got,
			       err);
	}
	return s;
}

static enum memlog_status guest_next_range(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct guest *g = self;

	(void)err;
	return ml_ranges_next(g->ranges, g->n_ranges, addr, ret);
}

static enum memlog_status guest_next_data(void *self, uint64_t addr,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct guest *g = self;
	const struct ml_qmp_ram *r = ram_after(g, addr);
	struct memlog_range h;
	enum memlog_status s;
	uint64_t at;

	if (!g->process)
		return guest_next_range(self, addr, ret, err);
	for (; r && r < g->ram + g->n; r++) {
		at = ml_max(addr, r->start) - r->start;
		s = ml_process_ops.next_data(g->process, r->hva + at, &h, err);
		if (s && s != MEMLOG_NO_DATA)
			return s;
		if (s || h.start >= r->hva + (r->end - r->start))
			continue;
		ret->start = r->start + (h.start - r->hva);
		ret->end = r->start + ml_min(h.end - r->hva, r->end - r->start);
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

static enum memlog_status guest_alias(void *self, uint64_t addr,
				      enum memlog_space *ret_space,
				      uint64_t *ret_addr)
{
	struct guest *g = self;
	const struct ml_qmp_ram *r = ram_at(g, addr);

	if (!r || !g->process)
		return MEMLOG_NO_DATA;
	*ret_space = MEMLOG_HOST;
	*ret_addr = r->hva + (addr - r->start);
	return MEMLOG_OK;
}

static void guest_close(void *self)
{
	struct guest *g = self;
	struct memlog_allocator a = g->alloc;

	ml_process_close(g->process);
	ml_qmp_save_fini(&g->save);
	ml_free(&a, g->ram);
	ml_free(&a, g->ranges);
	ml_free(&a, g);
}

static const struct memlog_reader_ops guest_ops = {
	.size = sizeof(guest_ops),
	.flags = MEMLOG_READER_LIVE | MEMLOG_READER_SLOW | MEMLOG_READER_PEEK,
	.page_size = 4096,
	.read = guest_read,
	.next_range = guest_next_range,
	.peek = guest_peek,
	.alias = guest_alias,
	.close = guest_close,
	.next_data = guest_next_data,
};

/* ---- opening ------------------------------------------------------------ */

static enum memlog_status ask_ram(struct guest *g, struct ml_qmp *q,
				  struct memlog_err *err)
{
	enum memlog_status s;
	char *text;
	size_t i;

	s = ml_qmp_human(q, "info mtree -f", &text, err);
	if (s)
		return s == MEMLOG_NO_DATA || s == MEMLOG_UNSUPPORTED ?
			       ml_prefix(err, MEMLOG_UNSUPPORTED,
					 "cannot tell RAM from devices") :
			       s;
	g->ram = ml_calloc(&g->alloc, ML_QMP_RAMS, sizeof(*g->ram));
	g->ranges = ml_calloc(&g->alloc, ML_QMP_RAMS, sizeof(*g->ranges));
	if (g->ram && g->ranges)
		g->n = memlog_mtree_parse(text, g->ranges, ML_QMP_RAMS);
	ml_free(&g->alloc, text);
	if (!g->ram || !g->ranges)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a map");
	for (i = 0; i < g->n; i++)
		g->ram[i] = (struct ml_qmp_ram){ .start = g->ranges[i].start,
						 .end = g->ranges[i].end };
	if (!g->n)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "the monitor lists no "
			       "RAM in its flat view, and device memory is "
			       "not read: use pid:N");
	return MEMLOG_OK;
}

/* "Host virtual address for 0x100000 (pc.ram) is 0x7f0123400000" */
static enum memlog_status ask_hva(struct ml_qmp *q, struct ml_qmp_ram *r,
				  struct memlog_err *err)
{
	char line[48], *text, *at;
	enum memlog_status s;

	snprintf(line, sizeof(line), "gpa2hva 0x%" PRIx64, r->start);
	s = ml_qmp_human(q, line, &text, err);
	if (s)
		return s;
	at = strstr(text, ") is 0x");
	r->hva = at ? strtoull(at + 5, NULL, 16) : 0;
	ml_free(&q->alloc, text);
	return MEMLOG_OK;
}

/* Does the process have memory at the host virtual address of the RAM? This
 * also checks that the peer is QEMU. */
static bool qmp_image_holds(struct ml_process *p, const struct ml_qmp_ram *r)
{
	struct memlog_range have;
	uint64_t end;

	return r->hva && ml_add(r->hva, r->end - r->start, &end) &&
	       !ml_process_ops.next_range(p, r->hva, &have, NULL) &&
	       have.start == r->hva && have.end >= end;
}

/* Up to this many bytes of RAM are left out if they are not in the process:
 * device buffers. */
#define LEFT_OUT (32ull << 20)

/* Read the process directly. On failure err says why that is impossible. */
static enum memlog_status
qmp_image_use_process(struct guest *g, struct ml_qmp *q, struct memlog_err *err)
{
	struct ml_process *p = NULL;
	enum memlog_status s;
	uint64_t lost = 0;
	size_t i, n = 0;

	if (!q->pid)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "QEMU's process is not "
			       "visible from here");
	s = ml_process_open(q->pid, &g->alloc, &p, err);
	for (i = 0; i < g->n && !s; i++)
		s = ask_hva(q, &g->ram[i], err);
	if (s)
		goto out;
	for (i = 0; i < g->n; i++)
		if (!qmp_image_holds(p, &g->ram[i]))
			lost += g->ram[i].end - g->ram[i].start;
	if (lost > LEFT_OUT)
		s = ml_fail(err, MEMLOG_NO_DATA,
			    "the memory is not in process "
			    "%d, which listens on the socket",
			    (int)q->pid);
	for (i = 0; i < g->n && !s; i++)
		if (qmp_image_holds(p, &g->ram[i]))
			g->ram[n++] = g->ram[i];
	if (!s && !n)
		s = ml_fail(err, MEMLOG_NO_DATA,
			    "process %d has none of the "
			    "guest's memory",
			    (int)q->pid);
	if (!s) {
		g->n = n;
		g->process = p;
		return MEMLOG_OK;
	}
out:
	ml_process_close(p);
	return s;
}

/* Recompute the ranges, as some of ram may have been left out. */
static void join_ram(struct guest *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		g->ranges[i] =
			(struct memlog_range){ g->ram[i].start, g->ram[i].end };
	g->n_ranges = ml_ranges_merge(g->ranges, g->n);
}

/* Fill in g. *q becomes NULL if g takes it over. */
static enum memlog_status guest_init(struct guest *g, struct ml_qmp **q,
				     const struct memlog_open_opts *opts,
				     struct memlog_image *image,
				     struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	enum memlog_status s = ask_ram(g, *q, err);

	if (s)
		return s;
	s = qmp_image_use_process(g, *q, &why);
	if (s == MEMLOG_STOP || s == MEMLOG_NO_MEMORY) {
		if (err)
			*err = why;
		return s;
	}
	if (s) {
		s = ml_qmp_save_init(&g->save, *q, opts->tmpdir, err);
		if (s)
			return s;
		*q = NULL;
		ml_image_warn(image,
			      "memory is read through QEMU's monitor, "
			      "piece by piece, because: %s",
			      why.text);
	} else {
		ml_process_describe(image, g->process);
	}
	join_ram(g);
	return MEMLOG_OK;
}

static void set_machine(struct memlog_image *image, struct ml_qmp *q)
{
	static const char *const known[] = { "x86_64", "i386",	  "aarch64",
					     "arm",    "riscv64", "loongarch64",
					     "ppc64",  "s390x" };
	json_object *answer, *arch;
	const char *name;
	size_t i;

	if (ml_qmp_command(q, "query-target", NULL, ML_QMP_COMMAND_MS, &answer,
			   NULL))
		return;
	if (json_object_object_get_ex(answer, "arch", &arch)) {
		name = json_object_get_string(arch);
		for (i = 0; name && i < sizeof(known) / sizeof(known[0]); i++)
			if (!strcmp(name, known[i]))
				image->machine = known[i];
	}
	json_object_put(answer);
}

static enum memlog_status open_guest(struct memlog_image *image,
				     struct ml_qmp **q,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	struct guest *g = ml_calloc(&image->alloc, 1, sizeof(*g));
	enum memlog_status s;

	if (!g)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a guest");
	g->alloc = image->alloc;
	image->format = "qmp";
	image->title = "running QEMU";
	set_machine(image, *q);
	s = guest_init(g, q, opts, image, err);
	if (s) {
		guest_close(g);
		return s;
	}
	ml_image_add_space(image, MEMLOG_PHYS, &guest_ops, g, 0, true);
	return MEMLOG_OK;
}

static enum memlog_status qmp_source_open(const char *rest,
					  const struct memlog_open_opts *opts,
					  struct memlog_image **ret,
					  struct memlog_err *err)
{
	struct memlog_open_opts o = ml_open_opts(opts);
	struct memlog_image *image = NULL;
	struct ml_qmp *q;
	enum memlog_status s;

	if (!*rest)
		return ml_fail(err, MEMLOG_INVALID,
			       "needs the path of a monitor's socket");
	s = ml_qmp_open(rest, &o, &q, err);
	if (s)
		return s;
	s = ml_image_create(o.name, o.tmpdir, &q->alloc, &image, err);
	if (!s)
		s = o.via_qemu ? ml_qmp_ask_log(image, q, err) :
				 open_guest(image, &q, &o, err);
	/* a monitor serves only one client at a time */
	ml_qmp_close(q);
	if (s) {
		memlog_image_close(image);
		return s;
	}
	*ret = image;
	return MEMLOG_OK;
}

#else

static enum memlog_status qmp_source_open(const char *rest,
					  const struct memlog_open_opts *opts,
					  struct memlog_image **ret,
					  struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "is not supported by this build, which is without "
		       "json-c; use pid:N");
}

#endif

static const char *const qmp_prefixes[] = { "qmp:", NULL };

const struct ml_image_source ml_image_source_qmp = {
	.name = "qmp",
	.prefixes = qmp_prefixes,
	.open = qmp_source_open,
};
