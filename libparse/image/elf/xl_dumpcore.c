/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xl_dumpcore.c - dumps of Xen guests by `xl dump-core`: ELF with sections and
 * no program headers.
 *
 * Section .xen_pages has the pages; for each of them, .xen_p2m (PV) has its
 * pseudo-physical and machine frame, .xen_pfn (HVM, PVH, Arm) its frame.
 * Source: Xen's docs/misc/dump-core-format.txt. For why this is not done with
 * libelf, see ehdr.h.
 */
#include "image/xen/xen.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/plural.h"
#include "elf.h"
#include "image/bytes/bulk.h"

enum {
	HEADER_LEN = 32,
	VERSION_LEN = 1280 - 16,
	FORMAT_LEN = 8,
};
#define MAGIC_PV  0xf00febedull
#define MAGIC_HVM 0xf00febeeull

/* A quarter of the bytes of the table that are read at once. */
#define CHUNK 4096u

/* Runs of pages that are contiguous in the file and in an address space. */
struct runs {
	struct ml_load *r;
	size_t n, cap;
};

struct dumpcore {
	struct ml_shdr pages, table, note;
	bool pv;
	uint32_t page_size;
	uint64_t n_pages;
	uint64_t n;	    /* entries that have a page */
	uint64_t placed;    /* of these, those that were read */
	uint64_t bad;	    /* of these, those whose frame cannot be */
	struct runs by_off; /* pages without an address, by offset */
};

/* ---- sections ----------------------------------------------------------- */

static bool find_sections(const struct ml_elf *elf, const struct ml_file *file,
			  struct dumpcore *d)
{
	struct ml_shdr names, s;
	char name[16];
	uint64_t at;
	size_t got;
	uint16_t i;

	if (!ml_elf_shdr(elf, file, elf->ehdr.shstrndx, &names))
		return false;
	for (i = 1; i < elf->ehdr.shnum; i++) {
		if (!ml_elf_shdr(elf, file, i, &s) || s.name >= names.size ||
		    !ml_add(names.offset, s.name, &at) ||
		    ml_file_read_some(file, at, name, sizeof(name) - 1, &got,
				      NULL))
			continue;
		name[got] = '\0';
		if (!strcmp(name, ".xen_pages")) {
			d->pages = s;
		} else if (!strcmp(name, ".xen_p2m")) {
			d->table = s;
			d->pv = true;
		} else if (!strcmp(name, ".xen_pfn")) {
			d->table = s;
			d->pv = false;
		} else if (!strcmp(name, ".note.Xen")) {
			d->note = s;
		}
	}
	return d->pages.size && d->table.size;
}

/* If the file ends before the names of its sections, by their sizes: pages, and a table
 * with one or two numbers for each. */
static bool guess_sections(const struct ml_elf *elf, const struct ml_file *file,
			   struct dumpcore *d)
{
	enum { PROGBITS = 1, NOTE = 7 };
	struct ml_shdr s;
	uint16_t i;

	*d = (struct dumpcore){ .page_size = ML_PAGE };
	for (i = 1; i < elf->ehdr.shnum; i++) {
		if (!ml_elf_shdr(elf, file, i, &s))
			return false;
		if (s.type == NOTE)
			d->note = s;
		else if (s.type == PROGBITS && s.size > d->pages.size)
			d->pages = s;
	}
	for (i = 1; i < elf->ehdr.shnum; i++) {
		if (!ml_elf_shdr(elf, file, i, &s) || s.type != PROGBITS ||
		    !s.size ||
		    (s.size != d->pages.size / ML_PAGE * 8 &&
		     s.size != d->pages.size / ML_PAGE * 16))
			continue;
		d->table = s;
		d->pv = s.size == d->pages.size / ML_PAGE * 16;
	}
	return d->table.size && d->pages.offset % ML_PAGE == 0 &&
	       d->pages.offset < file->size;
}

/* ---- notes -------------------------------------------------------------- */

/* Append a field of the version note, which may have no NUL. */
static size_t put_field(char *out, size_t room, const char *words,
			const uint8_t *p, size_t len)
{
	size_t n = strnlen((const char *)p, len);
	int w;

	if (!n)
		return 0;
	w = snprintf(out, room, "%s%.*s", words, (int)n, (const char *)p);
	return w < 0 ? 0 : ml_min((size_t)w, room - 1);
}

static void version_text(struct ml_note *n, char *text, size_t room)
{
	static const struct {
		const char *words;
		uint16_t at, len;
	} fields[] = {
		{ "", 16, 16 },
		{ "\ncompiler ", 32, 64 },
		{ "\nbuilt by ", 96, 16 },
		{ "@", 112, 32 },
		{ "\nbuilt ", 144, 32 },
		{ "\ncapabilities ", 176, 1024 },
		{ "\nchangeset ", 1200, 64 },
	};
	const uint8_t *p = n->desc;
	size_t len, i;

	len = (size_t)snprintf(text, room, "version %" PRIu64 ".%" PRIu64,
			       ml_le64(p), ml_le64(p + 8));
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		len += put_field(text + len, room - len, fields[i].words,
				 p + fields[i].at, fields[i].len);
}

static void read_notes(struct memlog_image *image, struct dumpcore *d)
{
	char text[2048];
	size_t i;

	for (i = 0; i < image->n_notes; i++) {
		struct ml_note *n = &image->notes[i];
		const uint8_t *p = n->desc;

		if (n->type == ML_XEN_DUMP_HEADER &&
		    n->desc_len >= HEADER_LEN) {
			d->page_size =
				(uint32_t)ml_min(ml_le64(p + 24), UINT32_MAX);
			snprintf(text, sizeof(text),
				 "%s guest, %" PRIu64 " virtual CPU%s, %" PRIu64
				 " page%s of %" PRIu64 " bytes",
				 ml_le64(p) == MAGIC_PV	 ? "PV" :
				 ml_le64(p) == MAGIC_HVM ? "HVM or PVH" :
							   "unknown",
				 ml_le64(p + 8), ml_s(ml_le64(p + 8)),
				 ml_le64(p + 16), ml_s(ml_le64(p + 16)),
				 ml_le64(p + 24));
		} else if (n->type == ML_XEN_DUMP_VERSION &&
			   n->desc_len >= VERSION_LEN) {
			version_text(n, text, sizeof(text));
		} else if (n->type == ML_XEN_DUMP_FORMAT &&
			   n->desc_len >= FORMAT_LEN) {
			snprintf(text, sizeof(text), "version %u.%u",
				 (unsigned int)(ml_le64(p) >> 32), ml_le32(p));
		} else {
			continue;
		}
		ml_image_set_note(image, i, n->title, text);
	}
}

static void load_notes(struct memlog_image *image, struct ml_elf *elf,
		       const struct ml_file *file, struct dumpcore *d)
{
	ml_notes_add(image, &elf->ehdr, file, d->note.offset,
		     ml_min(d->note.size, ML_MAX_NOTES_READ), 4, &elf->facts);
	read_notes(image, d);
}

/* ---- the table ---------------------------------------------------------- */

/* Add n pages, from index on, at an address. */
static enum memlog_status dumpcore_add(struct memlog_image *image,
				       struct runs *r, const struct dumpcore *d,
				       uint64_t addr, uint64_t index,
				       uint64_t n, struct memlog_err *err)
{
	uint64_t off = d->pages.offset + index * d->page_size;
	struct ml_load *last = r->n ? &r->r[r->n - 1] : NULL;
	enum memlog_status s;

	n *= d->page_size;
	if (last && last->addr + last->len == addr &&
	    last->off + last->len == off) {
		last->len += n;
		last->promised = last->len;
		return MEMLOG_OK;
	}
	if (r->n >= ML_MAX_LOADS)
		return ml_fail(err, MEMLOG_LIMIT, "more than %u runs of pages",
			       ML_MAX_LOADS);
	s = ml_bulk_grow(image, &r->r, r->n, &r->cap, sizeof(*r->r), err);
	if (s)
		return s;
	r->r[r->n++] = (struct ml_load){ addr, n, off, n };
	return MEMLOG_OK;
}

/* The address of a frame. False: there is no memory so high. */
static bool dumpcore_addr(const struct dumpcore *d, uint64_t frame,
			  uint64_t *ret)
{
	return ml_mul(frame, d->page_size, ret) &&
	       *ret <= UINT64_MAX - 2 * (uint64_t)d->page_size;
}

/* Add the page of an entry; ~0 marks unused ones. */
static enum memlog_status dumpcore_entry(struct memlog_image *image,
					 struct dumpcore *d,
					 const uint8_t *entry, uint64_t index,
					 struct runs *phys, struct runs *mach,
					 struct memlog_err *err)
{
	uint64_t frame = ml_le64(entry), addr;
	enum memlog_status s = MEMLOG_OK;

	if (dumpcore_addr(d, frame, &addr)) {
		s = dumpcore_add(image, phys, d, addr, index, 1, err);
	} else if (frame != UINT64_MAX) {
		d->bad++;
		addr = d->pages.offset + index * d->page_size;
		s = dumpcore_add(image, &d->by_off, d, addr, index, 1, err);
	}
	if (!s && d->pv && dumpcore_addr(d, ml_le64(entry + 8), &addr))
		s = dumpcore_add(image, mach, d, addr, index, 1, err);
	return s;
}

static enum memlog_status read_table(struct memlog_image *image,
				     const struct ml_file *file,
				     struct dumpcore *d, struct runs *phys,
				     struct runs *mach, struct memlog_err *err)
{
	uint8_t buf[CHUNK * 4];
	size_t size = d->pv ? 16 : 8, got, n, k;
	enum memlog_status s = MEMLOG_OK;
	uint64_t i;

	for (i = 0; i < d->n && !s; i += n, d->placed = i) {
		n = (size_t)ml_min(d->n - i, sizeof(buf) / size);
		s = ml_file_read_some(file, d->table.offset + i * size, buf,
				      n * size, &got, err);
		n = got / size;
		if (!s && !n) {
			ml_image_warn_cut(image,
					  "the file ends within its table "
					  "of pages: %" PRIu64 " of %" PRIu64
					  " %s missing",
					  d->n - i, d->n, ml_are(d->n - i));
			break;
		}
		for (k = 0; k < n && !s; k++)
			s = dumpcore_entry(image, d, buf + k * size, i + k,
					   phys, mach, err);
	}
	return s;
}

/* Add an address space with the runs in own; to has the runs of the other
 * space, for translation. */
static enum memlog_status
add_space(struct memlog_image *image, const struct ml_file *file,
	  const struct dumpcore *d, enum memlog_space space,
	  const struct runs *own, const struct runs *to, struct memlog_err *err)
{
	struct ml_load *in;
	struct ml_loads_twin twin = {
		.space = space,
		.other = space == MEMLOG_PHYS ? MEMLOG_MACH : MEMLOG_PHYS,
		.page_size = d->page_size,
		.scan = space == MEMLOG_PHYS,
	};
	enum memlog_status s;
	size_t i;

	s = ml_bulk_alloc(image, ml_max(own->n, to->n), sizeof(*in), &in, err);
	if (s)
		return s;
	if (own->n)
		memcpy(in, own->r, own->n * sizeof(*in));
	s = ml_loads_init(&twin.loads, in, own->n, file->size, image, err);
	for (i = 0; !s && i < to->n; i++)
		in[i] = (struct ml_load){ to->r[i].off, to->r[i].len,
					  to->r[i].addr, to->r[i].len };
	if (!s)
		s = ml_loads_init(&twin.back, in, to->n, UINT64_MAX, image,
				  err);
	ml_bulk_free(in);
	if (s) {
		ml_loads_fini(&twin.loads);
		return s;
	}
	if (twin.scan)
		image->missing += twin.loads.missing;
	return ml_loads_add_twin(image, file, &twin, err);
}

/* Pages whose numbers the file does not have, or that cannot be: by offset. */
static enum memlog_status add_rest(struct memlog_image *image,
				   const struct ml_file *file,
				   struct dumpcore *d, struct memlog_err *err)
{
	struct ml_loads loads;
	enum memlog_status s = MEMLOG_OK;

	if (d->placed < d->n_pages)
		s = dumpcore_add(image, &d->by_off, d,
				 d->pages.offset + d->placed * d->page_size,
				 d->placed, d->n_pages - d->placed, err);
	if (s || !d->by_off.n)
		return s;
	s = ml_loads_init(&loads, d->by_off.r, d->by_off.n, file->size, image,
			  err);
	if (s)
		return s;
	image->missing += loads.missing;
	if (d->bad) {
		image->suspect = true;
		ml_image_warn(image,
			      "the table of frames is damaged: %" PRIu64
			      " page%s would be above the end of all memory",
			      d->bad, ml_s(d->bad));
	}
	ml_image_warn_part(image,
			   "pages whose addresses the file has lost have "
			   "addresses in the file");
	return ml_loads_add_space(image, MEMLOG_FILE, file, false, &loads, err);
}

static void dumpcore_count(struct memlog_image *image,
			   const struct ml_file *file, struct dumpcore *d)
{
	uint64_t entries = d->table.size / (d->pv ? 16 : 8);
	uint64_t pages = d->pages.size / d->page_size, end;

	image->suspect |= entries != pages;
	if (entries != pages)
		ml_image_warn(image,
			      "the table of frames has %" PRIu64
			      " entr%s for %" PRIu64 " page%s",
			      entries, entries == 1 ? "y" : "ies", pages,
			      ml_s(pages));
	d->n_pages = pages;
	if (!ml_add(d->pages.offset, d->pages.size, &end) || end > file->size)
		ml_image_warn_cut(image,
				  "the file is truncated: its pages should "
				  "end at offset 0x%" PRIx64,
				  end);
	/* no more than the file has room for: later sums cannot overflow */
	d->table.offset = ml_min(d->table.offset, file->size);
	if (d->pages.offset > file->size)
		d->n_pages = 0;
	else
		d->n_pages = ml_min(pages, (file->size - d->pages.offset) /
							   d->page_size +
						   1);
	d->n = ml_min(entries, d->n_pages);
}

#define NOBITS 8 /* a section without bytes in the file */

/* A file without program headers, and without the sections of xl dump-core. */
static enum memlog_status dumpcore_fail(const struct ml_elf *elf,
					const struct ml_file *file,
					struct memlog_err *err)
{
	uint64_t all = (uint64_t)elf->ehdr.shnum * elf->ehdr.shentsize, end;
	struct ml_shdr s;
	uint16_t i;

	if (elf->ehdr.phnum)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the file is truncated: it has %" PRIu64
			       " bytes and ends before its program headers; "
			       "copy it again",
			       file->size);
	if (!ml_add(all, elf->ehdr.shoff, &all))
		all = UINT64_MAX;
	for (i = 1; i < elf->ehdr.shnum; i++)
		if (ml_elf_shdr(elf, file, i, &s) && s.type != NOBITS &&
		    ml_add(s.offset, s.size, &end))
			all = ml_max(all, end);
	if (all > file->size)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "the file is truncated: it has %" PRIu64
			       " of %" PRIu64
			       " bytes; copy it again, or repeat "
			       "xl dump-core",
			       file->size, all);
	return ml_fail(err, MEMLOG_CORRUPT,
		       "an ELF file without program headers");
}

enum memlog_status ml_xen_dumpcore_open(struct memlog_image *image,
					const struct ml_file *file,
					struct ml_elf *elf,
					struct memlog_err *err)
{
	struct runs phys = { 0 }, mach = { 0 };
	struct dumpcore d = { .page_size = ML_PAGE };
	enum memlog_status s;

	if (!find_sections(elf, file, &d) && !guess_sections(elf, file, &d))
		return dumpcore_fail(elf, file, err);
	load_notes(image, elf, file, &d);
	if (!ml_is_pow2(d.page_size) || d.page_size < ML_PAGE ||
	    d.page_size > (1u << 20))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "invalid page size of %u "
			       "bytes",
			       d.page_size);
	image->format = "xen-core";
	image->xen_guest = true;
	image->title = d.pv ? "xl dump-core of a PV guest" :
			      "xl dump-core of an HVM or PVH guest";
	image->machine = ml_elf_machine(elf->ehdr.machine);
	dumpcore_count(image, file, &d);
	s = read_table(image, file, &d, &phys, &mach, err);
	if (!s)
		s = phys.n || !d.n ? add_space(image, file, &d, MEMLOG_PHYS,
					       &phys, &mach, err) :
				     MEMLOG_OK;
	if (!s && d.pv)
		s = add_space(image, file, &d, MEMLOG_MACH, &mach, &phys, err);
	if (!s)
		s = add_rest(image, file, &d, err);
	ml_bulk_free(d.by_off.r);
	ml_bulk_free(phys.r);
	ml_bulk_free(mach.r);
	return s;
}
