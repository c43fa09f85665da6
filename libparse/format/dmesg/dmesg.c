/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmesg.c - the log of Linux: where it is, and its records as lines, as dmesg prints
 * them. */
#include "dmesg.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "format/linuxfault.h"
#include "image/vmcoreinfo.h"

enum { POINTER = 8, NS = 1000000000, LF = '\n', CPU_BIT = 31 };

/* "<191>" and "[18446744073.709551] " */
enum { DMESG_PRI = 8, DMESG_STAMP = 32, DMESG_CALLER = 16 };

/* The addresses of a kernel begin with these bits. */
#define KERNEL_HALF UINT64_C(0xff00000000000000)

/* Of the ELF note that has the text, on a page of its own. */
#define NOTE	    24
#define NOTE_OWNER  12
#define OWNER	    "VMCOREINFO"
#define DMESG_PROBE (NOTE + ML_VMCOREINFO)

/* left: bytes of the record that are not printed yet. */
struct dmesg_decoder {
	struct dmesg_reader reader;
	struct dmesg_record rec;
	const uint8_t *text;
	size_t left;
	bool pending, first, inside;
	char caller[DMESG_CALLER];
	uint8_t line[DMESG_PRI + DMESG_STAMP + ML_MAX_LINE + 1];
};

/* ---- finding it --------------------------------------------------------- */

static bool dmesg_glance(const uint8_t *p, size_t len)
{
	return !memcmp(p, "OSRELEASE=", 10) || len < NOTE + 10 ||
	       (!memcmp(p + NOTE_OWNER, OWNER, sizeof(OWNER)) &&
		!memcmp(p + NOTE, "OSRELEASE=", 10));
}

/* VMCOREINFO in memory leads to the pointer. Whether it is that of this kernel is seen
 * later. */
static bool dmesg_points(const struct ml_probe *p, struct ml_found *ret)
{
	char text[ML_VMCOREINFO + 1], owner[] = OWNER;
	struct ml_note note = { .owner = owner, .text = text };
	const struct memlog_image given = { .notes = &note, .n_notes = 1 };
	size_t skip = p->bytes[0] == 'O' ? 0 : NOTE, len;
	uint64_t phys;

	if (p->len < NOTE + 10 || !dmesg_glance(p->bytes, p->len))
		return false;
	len = strnlen((const char *)p->bytes + skip,
		      ml_min(p->len - skip, ML_VMCOREINFO));
	memcpy(text, p->bytes + skip, len);
	text[len] = '\0';
	if (!ml_dmesg_place(&given, &phys))
		return false;
	ml_found_at(ret, skip + len, phys, 1);
	return true;
}

static enum memlog_status dmesg_probe(const struct ml_probe *p,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err)
{
	if (!p->hint && dmesg_points(p, ret))
		return MEMLOG_OK;
	if (!p->hint && !p->at)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it does not say where the kernel's log is");
	if (ml_le64(p->bytes) < KERNEL_HALF)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "not a pointer of a kernel");
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | MEMLOG_LOG_EMPTY;
	ret->extent.len = POINTER;
	return MEMLOG_OK;
}

static size_t dmesg_likely(struct memlog_image *image, struct ml_likely *ret,
			   size_t max)
{
	uint64_t phys;

	if (!max || !ml_dmesg_place(image, &phys) || phys == UINT64_MAX)
		return 0;
	*ret = (struct ml_likely){ .space = MEMLOG_PHYS,
				   .range = { phys, phys + 1 },
				   .exact = true };
	ret->hint[0] = 1;
	return 1;
}

/* The part of the ring of text that is used, if it is one run of memory. */
static size_t dmesg_text(const struct ml_log *log, size_t extent,
			 struct memlog_image *image, struct memlog_range ret[2])
{
	const struct memlog_extent *e = &log->extents[extent];
	const struct dmesg *d = ml_dmesg_const(log);

	if (e->role != DMESG_TEXT)
		return 0;
	if (e->len == d->size && d->used < d->size)
		return ml_ring_parts(0, d->size, d->text,
				     (d->text + d->used) % d->size, ret);
	ret[0] = (struct memlog_range){ 0, e->len };
	return 1;
}

/* ---- its records -------------------------------------------------------- */

static enum memlog_status dmesg_open(void *state, struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err)
{
	struct dmesg_reader *r = &((struct dmesg_decoder *)state)->reader;

	r->of = *ml_dmesg_const(source->log);
	return r->of.old ? ml_dmesg_buffer_open(r, source, err) :
			   ml_dmesg_ring_open(r, source, err);
}

static void dmesg_field(struct memlog_record *rec, const char *name,
			const char *text, size_t len)
{
	if (text)
		ml_record_field_text(rec, name, text, len);
}

/* What all lines of a record have. */
static void dmesg_describe(struct dmesg_decoder *d, struct memlog_record *rec)
{
	const struct dmesg_record *r = &d->rec;

	rec->flags = MEMLOG_REC_VERBATIM;
	rec->has_seq = r->has_seq;
	rec->seq = r->seq;
	rec->has_time = true;
	rec->time = r->time;
	rec->time_hz = NS;
	rec->has_level = true;
	rec->level = r->level;
	ml_record_field(rec, "facility", MEMLOG_FIELD_UINT, r->facility);
	dmesg_field(rec, "subsystem", r->subsystem, r->subsystem_len);
	dmesg_field(rec, "device", r->device, r->device_len);
	if (!r->has_caller)
		return;
	snprintf(d->caller, sizeof(d->caller), "%c%u",
		 r->caller >> CPU_BIT ? 'C' : 'T',
		 r->caller & ~(1u << CPU_BIT));
	rec->component = d->caller;
	if (r->caller >> CPU_BIT)
		rec->cpu = (int32_t)(r->caller & ~(1u << CPU_BIT));
}

/* What is printed before a line: its priority, which text has not, and the time. */
static void dmesg_prefix(const struct dmesg_record *r, char *ret, size_t size,
			 size_t *ret_pri, size_t *ret_len)
{
	unsigned int pri = (unsigned int)r->facility << 3 | r->level;

	*ret_pri = (size_t)snprintf(ret, size, "<%u>", pri);
	*ret_len = *ret_pri +
		   (size_t)snprintf(ret + *ret_pri, size - *ret_pri,
				    "[%5llu.%06llu] ",
				    (unsigned long long)(r->time / NS),
				    (unsigned long long)(r->time % NS / 1000));
}

/* One line of the record, or a piece of a long one. */
static void dmesg_line(struct dmesg_decoder *d, struct memlog_record *rec)
{
	size_t pri = 0, at = 0, n;
	const uint8_t *lf = memchr(d->text, LF, d->left);

	dmesg_describe(d, rec);
	if (!d->inside)
		dmesg_prefix(&d->rec, (char *)d->line, DMESG_PRI + DMESG_STAMP,
			     &pri, &at);
	n = lf ? (size_t)(lf - d->text) : d->left;
	d->inside = n > ML_MAX_LINE - DMESG_STAMP;
	n = ml_min(n, ML_MAX_LINE - DMESG_STAMP);
	memcpy(d->line + at, d->text, n);
	rec->raw = d->line;
	rec->raw_len = at + n;
	d->text += n;
	d->left -= n;
	if (!d->inside) {
		d->pending = lf;
		d->text += d->pending;
		d->left -= d->pending;
		d->inside = !d->pending && d->rec.breaks;
		if (!d->inside)
			d->line[rec->raw_len++] = LF;
	}
	if (d->inside)
		rec->flags |= MEMLOG_REC_CONTINUES;
	rec->text = rec->raw + pri;
	rec->text_len = rec->raw_len - pri;
	ml_record_message(rec, at - pri);
	if (d->first && d->rec.lost_some) {
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
		rec->lost = d->rec.lost;
	}
	d->first = false;
}

static enum memlog_status dmesg_next(void *state, struct ml_source *source,
				     struct memlog_record *rec,
				     struct memlog_err *err)
{
	struct dmesg_decoder *d = state;
	enum memlog_status s;
	bool inside;

	if (!d->pending) {
		s = d->reader.of.old ?
			    ml_dmesg_buffer_next(&d->reader, source, &d->rec) :
			    ml_dmesg_ring_next(&d->reader, source, &d->rec);
		if (s)
			return s;
		inside = d->inside;
		d->inside = inside && d->rec.joins;
		d->text = d->rec.text;
		d->left = d->rec.len;
		d->pending = d->first = true;
	}
	dmesg_line(d, rec);
	return MEMLOG_OK;
}

/* The text, and the note; bytes, length, offset, alignment. */
static const struct ml_magic dmesg_magics[] = {
	{ "OSRELEASE=", 10, 0, ML_PAGE, 0 },
	{ "\x0b\0\0\0", 4, 0, ML_PAGE, 0 },
	{ .len = 0 },
};

const struct ml_format ml_format_dmesg = {
	.name = "dmesg",
	.title = "log of Linux",
	.magics = dmesg_magics,
	.probe = dmesg_probe,
	.probe_min = POINTER,
	.probe_len = DMESG_PROBE,
	.open = dmesg_open,
	.next = dmesg_next,
	.state_size = sizeof(struct dmesg_decoder),
	.find.needs_random = true,
	.find.glance = dmesg_glance,
	.find.kernel = ML_KERNEL_PHYS,
	.find.likely = dmesg_likely,
	.group.expand = ml_dmesg_expand,
	.group.text = dmesg_text,
	.say.moment = ml_dmesg_moment,
	.say.fault = ml_linux_fault,
	.say.absent =
		"Linux's log is found by VMCOREINFO, in a note of the dump "
		"or in its memory (before Linux 4.13 with "
		"--scan=exhaustive), from Linux 3.5 on, on x86-64 and arm64",
	.say.on_request = true,
};
