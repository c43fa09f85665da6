/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kdump.c - kdump-compressed dumps: QEMU's kdump-zlib, -lzo and -snappy,
 * makedumpfile's output, virsh dump --memory-only --format kdump-*.
 *
 * Pages are found by a bitmap and an array of descriptors; each is compressed
 * for itself, in the way that its descriptor says. Zero pages share one.
 */
#include "kdump.h"

#include <inttypes.h>

#include "../base/bytes.h"
#include "../base/err.h"
#include "../base/limits.h"
#include "note.h"
#include "table.h"
#include "xen.h"

#define SLOTS		16u	/* expanded pages that are kept */
#define WINDOW		256u	/* descriptors that are read at once */
#define DATA_PAGES	4096u	/* pages that next_data looks at in one call
				   once it has found data */

struct desc {
	uint64_t off;
	uint32_t size, flags;
};

struct slot {
	struct desc key;	/* size 0: empty */
	uint8_t *bytes;
};

struct kdump {
	struct memlog_allocator alloc;
	struct memlog_reader_ops ops;	/* with the page size of this file */
	const struct ml_file *file;
	struct ml_kdump_head head;
	struct ml_kdump_map map;
	uint64_t first;			/* stored pages before start_pfn */
	uint64_t n_descs;		/* descriptors that the file has room for */
	bool cut;			/* fewer than there are pages */
	const struct memlog_codec *codecs[ML_KDUMP_CODECS];
	void *states[ML_KDUMP_CODECS];
	bool created[ML_KDUMP_CODECS];
	uint8_t *window;		/* descriptors from window_at on */
	uint64_t window_at;
	size_t window_n;
	struct slot slots[SLOTS];
	unsigned int next_slot;
	uint8_t *in;			/* a page before it is expanded */
	struct desc zero;		/* the shared zero page; size 0: none */
};

static const char *const codec_names[ML_KDUMP_CODECS] = {
	"zlib", "lzo", "snappy", "zstd",
};

/* ---- descriptors -------------------------------------------------------- */

static bool same(const struct desc *a, const struct desc *b)
{
	return a->size && a->off == b->off && a->size == b->size &&
	       a->flags == b->flags;
}

/* The index-th descriptor of the file. */
static enum memlog_status load_desc(struct kdump *k, uint64_t index,
				    struct desc *ret, struct memlog_err *err)
{
	uint64_t at = index - index % WINDOW;
	bool be = k->head.big_endian;
	enum memlog_status s;
	const uint8_t *p;
	size_t got;

	if (k->window_at != at || !k->window_n) {
		k->window_n = 0;
		s = ml_file_read_some(k->file, k->head.descs +
				      at * ML_KDUMP_DESC, k->window,
				      WINDOW * ML_KDUMP_DESC, &got, err);
		if (s)
			return s;
		k->window_at = at;
		k->window_n = got / ML_KDUMP_DESC;
	}
	if (index - at >= k->window_n)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "the file ends before descriptor %" PRIu64,
			       index);
	p = k->window + (index - at) * ML_KDUMP_DESC;
	ret->off = be ? ml_be64(p) : ml_le64(p);
	ret->size = be ? ml_be32(p + 8) : ml_le32(p + 8);
	ret->flags = be ? ml_be32(p + 12) : ml_le32(p + 12);
	return MEMLOG_OK;
}

/* The descriptor of a page. NO_DATA: it is not stored, or damaged. */
static enum memlog_status find_desc(struct kdump *k, uint64_t pfn,
				    struct desc *ret, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_NO_DATA;
	uint64_t rank = 0;

	if (pfn >= k->head.start_pfn && pfn < k->head.end_pfn)
		s = ml_kdump_map_rank(&k->map, pfn, &rank, err);
	if (s == MEMLOG_NO_DATA)
		return ml_fail_at(err, s, pfn * k->head.block,
				  "%s has no memory at 0x%" PRIx64,
				  k->file->name, pfn * k->head.block);
	if (!s)
		s = load_desc(k, rank - k->first, ret, err);
	if (s)
		return s;
	if (!ret->off || !ret->size)
		return ml_fail_at(err, MEMLOG_NO_DATA, pfn * k->head.block,
				  "%s: the page at 0x%" PRIx64 " was not "
				  "written before the dump ended",
				  k->file->name, pfn * k->head.block);
	if (ret->size > k->head.block || ret->off >= k->file->size ||
	    ret->size > k->file->size - ret->off)
		return ml_fail_at(err, MEMLOG_NO_DATA, pfn * k->head.block,
				  "%s: the descriptor of page 0x%" PRIx64
				  " points outside the file", k->file->name,
				  pfn * k->head.block);
	return MEMLOG_OK;
}

/* ---- pages -------------------------------------------------------------- */

/* Which codec do flags name? ML_KDUMP_CODECS: none, the page is plain. */
static unsigned int codec_of(uint32_t flags)
{
	return flags & ML_KDUMP_ZLIB ? 0 : flags & ML_KDUMP_LZO ? 1 :
	       flags & ML_KDUMP_SNAPPY ? 2 : flags & ML_KDUMP_ZSTD ? 3 :
	       ML_KDUMP_CODECS;
}

static enum memlog_status use_codec(struct kdump *k, unsigned int c,
				    struct memlog_err *err)
{
	if (!k->codecs[c])
		return ml_fail(err, MEMLOG_UNSUPPORTED, "%s: pages are "
			       "compressed with %s, which this build cannot "
			       "expand", k->file->name, codec_names[c]);
	if (k->created[c])
		return MEMLOG_OK;
	if (k->codecs[c]->create) {
		k->states[c] = k->codecs[c]->create(&k->alloc);
		if (!k->states[c])
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory to expand %s",
				       codec_names[c]);
	}
	k->created[c] = true;
	return MEMLOG_OK;
}

/* The stored bytes of a page: borrowed from the file, or in k->in. */
static enum memlog_status stored(struct kdump *k, const struct desc *d,
				 const uint8_t **ret, struct memlog_err *err)
{
	enum memlog_status s;
	size_t got;

	if (ml_has_op(k->file->ops, map) &&
	    !k->file->ops->map(k->file->self, d->off, d->size, ret, &got,
			       NULL) && got == d->size)
		return MEMLOG_OK;
	s = ml_file_read(k->file, d->off, k->in, d->size, err);
	*ret = k->in;
	return s;
}

/* The first len bytes of a page into out. NO_DATA when it is damaged. */
static enum memlog_status expand(struct kdump *k, const struct desc *d,
				 uint8_t *out, size_t len,
				 struct memlog_err *err)
{
	unsigned int c = codec_of(d->flags);
	const uint8_t *in, *verbatim;
	enum memlog_status s;
	size_t got = 0;

	if (c < ML_KDUMP_CODECS) {
		s = use_codec(k, c, err);
		if (s)
			return s;
	}
	s = stored(k, d, &in, err);
	if (s)
		return s;
	if (c == ML_KDUMP_CODECS) {
		got = ml_min(len, d->size);
		memcpy(out, in, got);
	} else if (k->codecs[c]->literal &&
		   k->codecs[c]->literal(in, d->size, &verbatim) >= len) {
		memcpy(out, verbatim, len);
		got = len;
	} else if (k->codecs[c]->expand(k->states[c], in, d->size, out, len,
					&got)) {
		got = 0;
	}
	if (got < len)
		return ml_fail(err, MEMLOG_NO_DATA, "%s: the page stored at "
			       "offset 0x%" PRIx64 " is damaged",
			       k->file->name, d->off);
	return MEMLOG_OK;
}

static struct slot *cached(struct kdump *k, const struct desc *d)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (same(&k->slots[i].key, d))
			return &k->slots[i];
	return NULL;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* A whole page, expanded and kept. */
static enum memlog_status keep(struct kdump *k, const struct desc *d,
			       const uint8_t **ret, struct memlog_err *err)
{
	struct slot *slot = cached(k, d);
	enum memlog_status s;

	if (!slot) {
		slot = &k->slots[k->next_slot];
		if (!slot->bytes)
			slot->bytes = ml_calloc(&k->alloc, k->head.block, 1);
		if (!slot->bytes)
			return ml_fail(err, MEMLOG_NO_MEMORY,
				       "no memory for a page");
		slot->key.size = 0;
		s = expand(k, d, slot->bytes, k->head.block, err);
		if (s)
			return s;
		slot->key = *d;
		k->next_slot = (k->next_slot + 1) % SLOTS;
	}
	*ret = slot->bytes;
	return MEMLOG_OK;
}

/* Is this the shared zero page? Asked when a descriptor occurs twice. */
static bool is_zero(struct kdump *k, const struct desc *d)
{
	const uint8_t *p;

	if (k->zero.size)
		return same(&k->zero, d);
	if (keep(k, d, &p, NULL) || !all_zero(p, k->head.block))
		return false;
	k->zero = *d;
	return true;
}

/* len bytes from skip on of a page; both lie within it. */
static enum memlog_status read_page(struct kdump *k, uint64_t pfn, size_t skip,
				    uint8_t *out, size_t len,
				    struct memlog_err *err)
{
	const uint8_t *page;
	uint8_t head[MEMLOG_PEEK];
	enum memlog_status s;
	struct desc d;

	s = find_desc(k, pfn, &d, err);
	if (s)
		return s;
	if (same(&k->zero, &d)) {
		memset(out, 0, len);
		return MEMLOG_OK;
	}
	/* the beginning of a page costs a fraction of it; blocks of many pages
	 * are going to be looked at again */
	if (skip + len <= sizeof(head) && k->head.block == ML_PAGE &&
	    !cached(k, &d)) {
		s = expand(k, &d, head, skip + len, err);
		if (!s)
			memcpy(out, head + skip, len);
		return s;
	}
	s = keep(k, &d, &page, err);
	if (!s)
		memcpy(out, page + skip, len);
	return s;
}

/* ---- the reader --------------------------------------------------------- */

static enum memlog_status kdump_read(void *self, uint64_t addr, void *buf,
				     size_t len, size_t *ret,
				     struct memlog_err *err)
{
	struct kdump *k = self;
	uint32_t block = k->head.block;
	enum memlog_status s;
	size_t part;

	for (*ret = 0; *ret < len; *ret += part, addr += part) {
		part = ml_min(len - *ret, block - addr % block);
		s = read_page(k, addr / block, addr % block,
			      (uint8_t *)buf + *ret, part, err);
		if (s == MEMLOG_NO_DATA && *ret)
			return MEMLOG_OK;
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static enum memlog_status stored_run(struct kdump *k, uint64_t addr,
				     uint64_t *ret_start, uint64_t *ret_end,
				     struct memlog_err *err)
{
	uint64_t pfn = ml_max(addr / k->head.block, k->head.start_pfn), rank;
	enum memlog_status s;

	if (pfn >= k->head.end_pfn)
		return MEMLOG_NO_DATA;
	s = ml_kdump_map_run(&k->map, pfn, ret_start, ret_end, err);
	if (!s && *ret_start >= k->head.end_pfn)
		return MEMLOG_NO_DATA;
	if (s)
		return s;
	*ret_end = ml_min(*ret_end, k->head.end_pfn);
	if (!k->cut)
		return MEMLOG_OK;
	s = ml_kdump_map_count(&k->map, *ret_start, &rank, err);
	if (s)
		return s;
	rank -= k->first;
	if (rank >= k->n_descs)
		return MEMLOG_NO_DATA;
	*ret_end = ml_min(*ret_end, *ret_start + (k->n_descs - rank));
	return MEMLOG_OK;
}

static enum memlog_status kdump_next_range(void *self, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct kdump *k = self;
	uint64_t start, end;
	enum memlog_status s = stored_run(k, addr, &start, &end, err);

	if (s)
		return s;
	ret->start = ml_max(addr, start * k->head.block);
	ret->end = end * k->head.block;
	return MEMLOG_OK;
}

/* Is there anything to see in a page? Not if it is the shared zero page. */
static bool worth_it(struct kdump *k, uint64_t pfn, struct desc *last)
{
	struct desc d;
	bool twice;

	if (find_desc(k, pfn, &d, NULL))
		return true;	/* a search counts what it cannot read */
	twice = same(last, &d);
	*last = d;
	if (same(&k->zero, &d))
		return false;
	return !twice || !is_zero(k, &d);
}

static enum memlog_status kdump_next_data(void *self, uint64_t addr,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct kdump *k = self;
	uint64_t start, end, pfn;
	struct desc last = { 0 };
	enum memlog_status s;

	for (;; addr = end * k->head.block) {
		s = stored_run(k, addr, &start, &end, err);
		if (s)
			return s;
		for (pfn = start; pfn < end; pfn++)
			if (worth_it(k, pfn, &last))
				break;
		if (pfn == end)
			continue;
		ret->start = ml_max(addr, pfn * k->head.block);
		end = ml_min(end, pfn + DATA_PAGES);
		for (pfn++; pfn < end; pfn++)
			if (!worth_it(k, pfn, &last))
				break;
		ret->end = pfn * k->head.block;
		return MEMLOG_OK;
	}
}

static void kdump_close(void *self)
{
	struct kdump *k = self;
	struct memlog_allocator a = k->alloc;
	unsigned int i;

	for (i = 0; i < ML_KDUMP_CODECS; i++)
		if (k->created[i] && k->codecs[i]->destroy)
			k->codecs[i]->destroy(k->states[i]);
	for (i = 0; i < SLOTS; i++)
		ml_free(&a, k->slots[i].bytes);
	ml_kdump_map_fini(&k->map);
	ml_free(&a, k->window);
	ml_free(&a, k->in);
	ml_free(&a, k);
}

static const struct memlog_reader_ops kdump_ops = {
	.size = sizeof(kdump_ops),
	.flags = MEMLOG_READER_PEEK,
	.read = kdump_read,
	.next_range = kdump_next_range,
	.close = kdump_close,
	.next_data = kdump_next_data,
};

/* ---- opening ------------------------------------------------------------ */

static enum memlog_status read_head(const struct ml_file *file,
				    struct ml_kdump_head *ret,
				    struct memlog_err *err)
{
	uint8_t buf[ML_KDUMP_HEAD];
	enum memlog_status s;
	size_t got;

	s = ml_file_read_some(file, 0, buf, sizeof(buf), &got, err);
	if (!s)
		s = ml_kdump_head_parse(buf, got, ret, err);
	if (!s)
		s = ml_file_read_some(file, ret->block, buf, ML_KDUMP_SUB,
				      &got, err);
	if (!s)
		s = ml_kdump_sub_parse(buf, got, file->size, ret, err);
	return s;
}

static enum memlog_status make(struct kdump *k, const struct ml_file *file,
			       const struct memlog_open_opts *opts,
			       struct memlog_err *err)
{
	enum memlog_status s;
	size_t i, c;

	k->file = file;
	k->ops = kdump_ops;
	k->ops.page_size = k->head.block;
	k->window = ml_calloc(&k->alloc, WINDOW, ML_KDUMP_DESC);
	k->in = ml_calloc(&k->alloc, k->head.block, 1);
	if (!k->window || !k->in)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for pages");
	for (i = 0; i < opts->n_codecs; i++)
		for (c = 0; c < ML_KDUMP_CODECS; c++)
			if (!strcmp(opts->codecs[i]->name, codec_names[c]))
				k->codecs[c] = opts->codecs[i];
	s = ml_kdump_map_init(&k->map, file, k->head.bitmap, k->head.max_pfn,
			      &k->alloc, err);
	if (!s)
		s = ml_kdump_map_count(&k->map, k->head.start_pfn, &k->first,
				       err);
	return s;
}

/* Look at the first pages: which codecs are needed, is there a zero page? */
static void look_ahead(struct kdump *k, struct memlog_image *image)
{
	uint32_t flags = k->head.status;
	struct desc d, last = { 0 };
	unsigned int i = 0, c;
	uint64_t pfn = 0, end;

	while (i < WINDOW && !stored_run(k, pfn * k->head.block, &pfn, &end,
					 NULL))
		for (; pfn < end && i < WINDOW; pfn++, i++) {
			if (find_desc(k, pfn, &d, NULL))
				continue;
			flags |= d.flags;
			if (same(&last, &d) && !k->zero.size)
				is_zero(k, &d);
			last = d;
		}
	for (c = 0; c < ML_KDUMP_CODECS; c++) {
		i = c == 3 ? ML_KDUMP_ZSTD : 1u << c;
		if ((flags & i) && !k->codecs[c])
			ml_image_warn(image, "pages are compressed with %s, "
				      "which this build cannot expand",
				      codec_names[c]);
	}
}

/* Newer QEMU writes no machine: the size of a CPU's registers tells. */
static uint16_t machine_of(const struct ml_kdump_head *h, const uint8_t *notes,
			   size_t len)
{
	struct ml_elf_note n;
	size_t pos = 0;

	if (!strcmp(h->machine, "x86_64") || !strcmp(h->machine, "i386") ||
	    !strcmp(h->machine, "aarch64"))
		return h->machine[0] == 'x' ? 62 : h->machine[0] == 'i' ? 3 :
		       183;
	while (!*h->machine &&
	       !ml_note_next(notes, len, &pos, h->big_endian, 4, &n))
		if (ml_note_is(&n, "CORE") && n.type == 1)
			return n.desc_len == 336 && h->is64 ? 62 :
			       n.desc_len == 144 && !h->is64 ? 3 :
			       n.desc_len == 392 && h->is64 ? 183 : 0;
	return 0;
}

static void add_notes(struct kdump *k, struct memlog_image *image,
		      struct ml_note_facts *facts)
{
	const struct ml_kdump_head *h = &k->head;
	struct ml_ehdr e = { .is64 = h->is64, .big_endian = h->big_endian };
	uint64_t room;
	uint8_t *buf;
	size_t len, got;

	room = h->notes < k->file->size ? k->file->size - h->notes : 0;
	len = (size_t)ml_min(ml_min(h->notes_len, room), ML_MAX_NOTE_BYTES);
	buf = ml_calloc(&image->alloc, len, 1);
	if (buf && len && !ml_file_read_some(k->file, h->notes, buf, len, &got,
					     NULL)) {
		e.machine = machine_of(h, buf, got);
		ml_notes_add(image, &e, buf, got, 4, facts);
		if (!*image->machine)
			image->machine = ml_elf_machine(e.machine);
	}
	ml_free(&image->alloc, buf);
	if (facts->vmcoreinfo || !h->vmcoreinfo_len)
		return;
	room = h->vmcoreinfo < k->file->size ? k->file->size - h->vmcoreinfo :
					       0;
	len = (size_t)ml_min(ml_min(h->vmcoreinfo_len, room),
			     ML_MAX_NOTE_BYTES);
	buf = ml_calloc(&image->alloc, len + 1, 1);
	if (buf && !ml_file_read_some(k->file, h->vmcoreinfo, buf, len, &got,
				      NULL))
		ml_image_add_note(image, "VMCOREINFO", 0,
				  "what the kernel says of itself",
				  (char *)buf, buf, got);
	ml_free(&image->alloc, buf);
}

/* Are there descriptors for all pages? What has none is left out, so that a
 * bitmap of many bits in a short file costs nothing. The pages are only counted
 * where it could matter. */
static void find_cut(struct kdump *k, struct memlog_image *image)
{
	uint64_t pages = k->head.end_pfn - k->head.start_pfn, n;

	k->n_descs = k->head.descs < k->file->size ?
		(k->file->size - k->head.descs) / ML_KDUMP_DESC : 0;
	if (pages <= k->n_descs ||
	    ml_kdump_map_count(&k->map, k->head.end_pfn, &n, NULL))
		return;
	n -= k->first;
	if (n <= k->n_descs)
		return;
	k->cut = true;
	image->missing = (n - k->n_descs) * k->head.block;
	ml_image_warn(image, "the file is cut short: %" PRIu64 " of %" PRIu64
		      " pages are not in it", n - k->n_descs, n);
}

static void describe(struct kdump *k, struct memlog_image *image)
{
	image->format = "kdump";
	image->title = "kdump-compressed dump";
	image->machine = k->head.machine;
	find_cut(k, image);
	look_ahead(k, image);
	if (k->head.status & ML_KDUMP_INCOMPLETE)
		ml_image_warn(image, "the dump is marked as incomplete: its "
			      "writer ran out of space");
	if (k->head.split)
		ml_image_warn(image, "one part of a split dump, from 0x%" PRIx64
			      " to 0x%" PRIx64 "; name all parts as A,B,C",
			      k->head.start_pfn * k->head.block,
			      k->head.end_pfn * k->head.block);
}

enum memlog_status ml_kdump_open(struct memlog_image *image,
				 const struct ml_file *file,
				 const struct memlog_open_opts *opts,
				 struct memlog_err *err)
{
	struct ml_note_facts facts = { 0 };
	struct ml_kdump_head head;
	struct kdump *k;
	enum memlog_status s;

	s = read_head(file, &head, err);
	if (s)
		return s;
	k = ml_calloc(&image->alloc, 1, sizeof(*k));
	if (!k)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	k->alloc = image->alloc;
	k->head = head;
	s = make(k, file, opts, err);
	if (s) {
		kdump_close(k);
		return s;
	}
	describe(k, image);
	add_notes(k, image, &facts);
	ml_image_add_space(image, facts.xen ? MEMLOG_MACH : MEMLOG_PHYS,
			   &k->ops, k, 0, true);
	ml_xen_attach(image);
	return MEMLOG_OK;
}
