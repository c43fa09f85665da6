/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * extract.c - a small ELF core with only the logs.
 *
 * Layout: ELF header, program headers (a PT_NOTE, then PT_LOADs by address),
 * notes, padding to a page, memory. Physical addresses go to p_paddr, those of
 * a process or a debugger to p_vaddr with p_paddr 0, as in the dumps that they
 * come from. If no address is known, offsets in the dump are in p_paddr. Notes
 * say which of these the addresses are.
 */
#include "list.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "base/range.h"
#include "format/format.h"
#include "image/elf/ehdr.h"
#include "image/image.h"
#include "image/xen/note.h"
#include "out.h"
#include "words.h"

/* How far before a log the start of the memory that has it is looked for, and in
 * how many ranges. */
#define BASE_BEFORE (1u << 30)
#define BASE_RANGES 65536

struct extract {
	struct ml_out out;
	struct memlog_image *image;
	struct memlog_allocator alloc;
	enum memlog_space space; /* in which the image is read */
	enum memlog_space shown; /* which the file describes */
	struct memlog_range *win;
	size_t n_win, cap_win, pieces;
	uint64_t shift; /* from space to shown */
	uint64_t bias;	/* of shown, if that is MEMLOG_FILE */
	uint64_t bytes, missing;
	char words[256], names[ML_NAMED_LINES * ML_NAMED_LINE];
};

static void extract_put16(struct ml_out *out, uint16_t v)
{
	uint8_t b[2];

	ml_put_le16(b, v);
	ml_out_write(out, b, sizeof(b));
}

static void extract_put32(struct ml_out *out, uint32_t v)
{
	uint8_t b[4];

	ml_put_le32(b, v);
	ml_out_write(out, b, sizeof(b));
}

static void extract_put64(struct ml_out *out, uint64_t v)
{
	uint8_t b[8];

	ml_put_le64(b, v);
	ml_out_write(out, b, sizeof(b));
}

static void put_zeros(struct ml_out *out, uint64_t n)
{
	static const uint8_t zeros[512];

	for (; n > sizeof(zeros); n -= sizeof(zeros))
		ml_out_write(out, zeros, sizeof(zeros));
	ml_out_write(out, zeros, n);
}

/* A hostile image may have logs all over the same pieces, and each of a byte. */
static enum memlog_status extract_room(struct extract *x,
				       struct memlog_err *err)
{
	bool full = x->n_win == ML_EXTRACT_PARTS;

	if (full)
		x->n_win = ml_ranges_merge(x->win, x->n_win);
	if ((full && x->n_win > ML_EXTRACT_PARTS / 2) ||
	    x->pieces++ == ML_EXTRACT_PIECES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the logs are in more pieces than an extract "
			       "holds; choose with --at");
	return ml_grow(&x->alloc, &x->win, x->n_win, &x->cap_win,
		       sizeof(*x->win), err);
}

/* The parts of [start, end) that the image has. */
static enum memlog_status add_window(struct extract *x, uint64_t start,
				     uint64_t end, struct memlog_err *err)
{
	struct memlog_range want = { start, end }, r = { start, start }, part;
	enum memlog_status s;

	while (!memlog_image_next_range(x->image, x->space, r.end, &r, NULL) &&
	       r.start < end) {
		if (!ml_range_intersect(r, want, &part))
			continue;
		s = extract_room(x, err);
		if (s)
			return s;
		x->win[x->n_win++] = part;
	}
	return MEMLOG_OK;
}

/* The pages of a part of a log, or of what leads to it. */
static enum memlog_status add_pages(struct extract *x, uint64_t start,
				    uint64_t end, struct memlog_err *err)
{
	if (x->space != MEMLOG_FILE) {
		/* whole pages: their other contents help support */
		start -= start % ML_PAGE;
		if (end % ML_PAGE && end <= UINT64_MAX - ML_PAGE)
			end += ML_PAGE - end % ML_PAGE;
	}
	return add_window(x, start, end, err);
}

/* The part of a log at [start, end), without pages that are not its own. */
static enum memlog_status add_own(struct extract *x, const struct ml_log *log,
				  uint64_t start, uint64_t end,
				  struct memlog_err *err)
{
	size_t i = ml_ranges_find(log->foreign, log->n_foreign, start);
	enum memlog_status s = MEMLOG_OK;

	for (; i < log->n_foreign && log->foreign[i].start < end && !s; i++) {
		if (start < log->foreign[i].start)
			s = add_pages(x, start, log->foreign[i].start, err);
		start = log->foreign[i].end;
	}
	return s || start >= end ? s : add_pages(x, start, end, err);
}

static enum memlog_status
add_log(struct extract *x, const struct memlog_log *log, struct memlog_err *err)
{
	const struct ml_log *ml = (const struct ml_log *)log;
	enum memlog_status s = MEMLOG_OK;
	uint64_t end;
	size_t i;

	for (i = 0; i < log->n_extents && !s; i++) {
		const struct memlog_extent *e = &log->extents[i];

		if (e->space != x->space)
			return ml_fail_at(err, MEMLOG_UNSUPPORTED, e->addr,
					  "logs of %s and %s addresses do not "
					  "go into one file; choose with --at",
					  memlog_space_name(x->space),
					  memlog_space_name(e->space));
		if (!ml_add(e->addr, e->len, &end))
			return ml_fail_at(err, MEMLOG_CORRUPT, e->addr,
					  "a log at %s:0x%llx ends beyond the "
					  "address space",
					  memlog_space_name(e->space),
					  (unsigned long long)e->addr);
		s = add_own(x, ml, e->addr, end, err);
	}
	for (i = 0; i < ml->n_leads && !s; i++)
		s = add_pages(x, ml->leads[i].start, ml->leads[i].end, err);
	return s;
}

/* An address that stands for a file offset is shown, if there is one; or that of a log's
 * own header, if nobody said where the file begins. */
static void choose_shift(struct extract *x, const struct memlog_log *log)
{
	const struct memlog_extent *e = &log->extents[0];
	bool offset = x->space == MEMLOG_FILE;

	x->shown = x->space;
	/* of the pages of the guest: the first log begins with one */
	if (offset)
		x->bias = e->addr % ML_PAGE;
	if (e->has_alias && (offset || x->image->unplaced)) {
		x->shown = e->alias_space;
		x->shift = e->alias_addr - e->addr;
	}
}

static enum memlog_status extract_gather(struct extract *x,
					 const struct memlog_log *const *logs,
					 size_t n, struct memlog_err *err)
{
	enum memlog_status s;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!logs[i]->n_extents)
			continue;
		if (!x->n_win) {
			x->space = logs[i]->extents[0].space;
			choose_shift(x, logs[i]);
		}
		s = add_log(x, logs[i], err);
		if (s)
			return s;
	}
	x->n_win = ml_ranges_merge(x->win, x->n_win);
	for (i = 0; i < x->n_win; i++)
		x->bytes += x->win[i].end - x->win[i].start;
	if (!x->n_win)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "there is nothing of a log to extract");
	if (x->bytes > ML_MAX_EXTRACT || x->n_win + 1 >= PN_XNUM)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the logs are %llu bytes in %zu part%s, more "
			       "than an extract holds; choose with --at",
			       (unsigned long long)x->bytes, x->n_win,
			       ml_s(x->n_win));
	return MEMLOG_OK;
}

static uint64_t note_size(const char *owner, size_t desc_len)
{
	return 12 + (strlen(owner) + 1 + 3) / 4 * 4 + (desc_len + 3) / 4 * 4;
}

static void extract_put_note(struct ml_out *out, const char *owner,
			     uint32_t type, const void *desc, size_t desc_len)
{
	size_t name = strlen(owner) + 1;

	extract_put32(out, (uint32_t)name);
	extract_put32(out, (uint32_t)desc_len);
	extract_put32(out, type);
	ml_out_write(out, owner, name);
	put_zeros(out, (4 - name % 4) % 4);
	ml_out_write(out, desc, desc_len);
	put_zeros(out, (4 - desc_len % 4) % 4);
}

/*
 * Notes that say that addresses are Xen's machine addresses. They must not be
 * copied along with pseudo-physical ones: the tables between the two are left
 * out.
 */
static bool is_xen_note(const struct memlog_note *note)
{
	return !strcmp(note->owner, "Xen") ||
	       !strcmp(note->owner, "VMCOREINFO_XEN") ||
	       note->type == ML_XEN_CRASH_INFO ||
	       note->type == ML_XEN_KDUMP_CR3;
}

/* Write the image's notes, or only count their bytes when out is NULL. */
static uint64_t image_notes(const struct extract *x, struct ml_out *out)
{
	struct memlog_note note = { .size = sizeof(note) };
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; !memlog_image_note(x->image, i, &note); i++) {
		if (!note.desc || !note.owner ||
		    (note.type == ML_NOTE_LOGS &&
		     !strcmp(note.owner, ML_NOTE_OWNER)) ||
		    (x->shown != MEMLOG_MACH && is_xen_note(&note)))
			continue;
		bytes += note_size(note.owner, note.desc_len);
		if (out)
			extract_put_note(out, note.owner, note.type, note.desc,
					 note.desc_len);
	}
	return bytes;
}

static void put_ehdr(struct extract *x)
{
	static const uint8_t ident[EI_NIDENT] = {
		ELFMAG0,    ELFMAG1,	 ELFMAG2,    ELFMAG3,
		ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
	};
	struct ml_out *out = &x->out;

	ml_out_write(out, ident, sizeof(ident));
	extract_put16(out, ET_CORE);
	extract_put16(out, ml_elf_machine_number(x->image->machine));
	extract_put32(out, EV_CURRENT);
	extract_put64(out, 0);			/* e_entry */
	extract_put64(out, sizeof(Elf64_Ehdr)); /* e_phoff */
	extract_put64(out, 0);			/* e_shoff */
	extract_put32(out, 0);			/* e_flags */
	extract_put16(out, sizeof(Elf64_Ehdr));
	extract_put16(out, sizeof(Elf64_Phdr));
	extract_put16(out, (uint16_t)(x->n_win + 1));
	extract_put16(out, 0); /* e_shentsize */
	extract_put16(out, 0);
	extract_put16(out, 0);
}

static void put_phdr(struct extract *x, uint32_t type, uint64_t off,
		     uint64_t addr, uint64_t size)
{
	bool physical = x->shown == MEMLOG_PHYS || x->shown == MEMLOG_MACH ||
			x->shown == MEMLOG_FILE;
	struct ml_out *out = &x->out;

	extract_put32(out, type);
	extract_put32(out, type == PT_LOAD ? PF_R : 0);
	extract_put64(out, off);
	extract_put64(out, physical ? 0 : addr); /* p_vaddr */
	extract_put64(out, physical ? addr : 0); /* p_paddr */
	extract_put64(out, size);
	extract_put64(out, type == PT_LOAD ? size : 0);
	/* crash takes no other memory for that of a kdump */
	extract_put64(out, type == PT_LOAD ? 0 : 4); /* p_align */
}

/* The memory of one window; bytes that the image promised but does not have are
 * written as zeros and counted. */
static enum memlog_status put_window(struct extract *x, struct memlog_range r,
				     struct memlog_err *err)
{
	uint8_t buf[ML_PAGE];
	enum memlog_status s;
	size_t want, got;

	while (r.start < r.end) {
		want = ml_min(sizeof(buf) - r.start % sizeof(buf),
			      r.end - r.start);
		s = memlog_image_read(x->image, x->space, r.start, buf, want,
				      &got, err);
		if (s && s != MEMLOG_NO_DATA)
			return s;
		ml_out_write(&x->out, buf, got);
		if (got < want) {
			put_zeros(&x->out, want - got);
			x->missing += want - got;
		}
		r.start += want;
		if (x->out.status)
			break;
	}
	return MEMLOG_OK;
}

static bool extract_is_guessed(const struct extract *x,
			       const struct memlog_log *const *logs, size_t n)
{
	const struct ml_space *sp = &x->image->spaces[x->space];
	size_t i;

	for (i = 0; i < n; i++)
		if (logs[i]->n_extents &&
		    ml_space_guessed(sp, logs[i]->extents->addr))
			return true;
	return ml_image_named_word(x->image, ML_NAMED_GUESSED);
}

static void say_what_it_is(struct extract *x,
			   const struct memlog_log *const *logs, size_t n)
{
	char addr[ML_ADDR_TEXT];

	snprintf(x->words, sizeof(x->words),
		 "memlog %s: extract of %zu log%s, the first at %s; all other "
		 "memory was left out%s",
		 memlog_version(), n, ml_s(n), ml_log_addr(logs[0], addr),
		 x->shown == MEMLOG_FILE ?
			 "; addresses are offsets in the dump" :
		 extract_is_guessed(x, logs, n) ? "; addresses are guessed" :
						  "");
}

/* Where the memory that has this address starts, as far as that is worth knowing:
 * in a process it may be the RAM of a guest. */
static uint64_t extract_base(const struct extract *x, uint64_t addr)
{
	uint64_t at = addr > BASE_BEFORE ? addr - BASE_BEFORE : 0;
	struct memlog_range r;
	uint64_t base;
	size_t i;

	if (ml_image_named_base(x->image, addr, &base))
		return base;
	for (i = 0; i < BASE_RANGES; i++) {
		if (memlog_image_next_range(x->image, x->space, at, &r, NULL) ||
		    r.start > addr)
			break;
		if (addr < r.end)
			return r.start;
		at = r.end;
	}
	return addr;
}

static void extract_name(struct extract *x,
			 const struct memlog_log *const *logs, size_t n,
			 bool some)
{
	size_t i, len = 0;

	for (i = 0; i < n && i < ML_NAMED_LOGS; i++) {
		uint64_t addr;

		if (!logs[i]->n_extents)
			continue;
		addr = logs[i]->extents->addr;
		len += (size_t)snprintf(x->names + len, ML_NAMED_LINE,
					"%.32s 0x%" PRIx64, logs[i]->format,
					addr + x->shift);
		if (x->shown == MEMLOG_HOST)
			len += (size_t)snprintf(
				x->names + len, ML_NAMED_LINE, " 0x%" PRIx64,
				extract_base(x, addr) + x->shift);
		len += (size_t)snprintf(x->names + len, ML_NAMED_LINE, "\n");
	}
	len += (size_t)snprintf(
		x->names + len, sizeof(x->names) - len, "%s%s",
		some ? ML_NAMED_SOME "\n" : "",
		extract_is_guessed(x, logs, n) ? ML_NAMED_GUESSED "\n" : "");
	if (x->image->unplaced && !x->shift)
		len += (size_t)snprintf(x->names + len, sizeof(x->names) - len,
					ML_NAMED_UNPLACED "\n");
	if (x->shown == MEMLOG_FILE)
		snprintf(x->names + len, sizeof(x->names) - len,
			 "%s+0x%" PRIx64 "\n", memlog_space_name(x->shown),
			 x->bias);
	else if (x->shown == MEMLOG_VIRT || x->shown == MEMLOG_HOST)
		snprintf(x->names + len, sizeof(x->names) - len, "%s\n",
			 memlog_space_name(x->shown));
}

static enum memlog_status put_all(struct extract *x, struct memlog_err *err)
{
	uint64_t headers =
		sizeof(Elf64_Ehdr) + (x->n_win + 1) * sizeof(Elf64_Phdr);
	size_t i, words = strlen(x->words) + 1, names = strlen(x->names) + 1;
	uint64_t notes, off, pad;
	enum memlog_status s;

	notes = note_size(ML_NOTE_OWNER, words) +
		note_size(ML_NOTE_OWNER, names) + image_notes(x, NULL);
	pad = (ML_PAGE - (headers + notes) % ML_PAGE) % ML_PAGE;
	off = headers + notes + pad;

	put_ehdr(x);
	put_phdr(x, PT_NOTE, headers, 0, notes);
	for (i = 0; i < x->n_win; i++) {
		uint64_t size = x->win[i].end - x->win[i].start;

		put_phdr(x, PT_LOAD, off, x->win[i].start + x->shift, size);
		off += size;
	}
	image_notes(x, &x->out);
	extract_put_note(&x->out, ML_NOTE_OWNER, ML_NOTE_EXTRACT, x->words,
			 words);
	extract_put_note(&x->out, ML_NOTE_OWNER, ML_NOTE_LOGS, x->names, names);
	put_zeros(&x->out, pad);
	for (i = 0; i < x->n_win; i++) {
		s = put_window(x, x->win[i], err);
		if (s)
			return s;
	}
	return ml_out_flush(&x->out, err);
}

enum memlog_status
ml_extract_write(const struct memlog_sink *sink, struct memlog_image *image,
		 const struct memlog_log *const *logs, size_t n, bool some,
		 const struct memlog_allocator *alloc, uint64_t *ret_missing,
		 struct memlog_err *err)
{
	struct extract x = { .image = image, .alloc = *alloc };
	enum memlog_status s;

	ml_out_init(&x.out, sink);
	s = extract_gather(&x, logs, n, err);
	if (!s) {
		say_what_it_is(&x, logs, n);
		extract_name(&x, logs, n, some);
		s = put_all(&x, err);
	}
	ml_free(&x.alloc, x.win);
	if (!s)
		*ret_missing = x.missing;
	return s;
}
