/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump.h - internals shared by the files of the kdump-compressed reader. */
#ifndef ML_IMAGE_KDUMP_H
#define ML_IMAGE_KDUMP_H

#include "base/limits.h"
#include "image/bytes/file.h"

/* Flags of a page's descriptor, and of the header for all pages. */
enum {
	ML_KDUMP_ZLIB = 1,
	ML_KDUMP_LZO = 2,
	ML_KDUMP_SNAPPY = 4,
	ML_KDUMP_INCOMPLETE = 8,
	ML_KDUMP_ZSTD = 0x20,
};

#define ML_KDUMP_CODECS 4   /* in the order of the flags above */
#define ML_KDUMP_DESC	24u /* bytes of a page's descriptor */

/* What the headers say; offsets are in the file. */
struct ml_kdump_head {
	bool is64, big_endian;
	uint32_t version, status, block;
	const char *machine;	     /* never NULL */
	uint64_t max_pfn;	     /* pages are below it */
	uint32_t dump_level;	     /* what makedumpfile left out */
	uint64_t bitmap, bitmap_len; /* of the pages that are stored */
	uint64_t bitmap_half;	     /* bytes of the other one, before it */
	uint64_t descs;		     /* the first descriptor */
	bool split;		     /* has only [start_pfn, end_pfn) */
	uint64_t start_pfn, end_pfn;
	uint64_t notes, notes_len;
	uint64_t vmcoreinfo, vmcoreinfo_len;
	uint64_t eraseinfo, eraseinfo_len;
	bool unsure;	 /* is64 may be false */
	bool one_bitmap; /* not one of the pages that existed, too */
	bool no_max;	 /* the number of pages is that of the old field */
};

/* Bytes parsed of the header, and of the sub header, which is at offset
 * block. */
#define ML_KDUMP_HEAD 464u
#define ML_KDUMP_SUB  112u

/*
 * Parse the header. NOT_MINE: another format. UNSUPPORTED: diskdump. CORRUPT:
 * truncated or invalid. On OK ret->block is the file offset of the sub header,
 * which ml_kdump_sub_parse parses into the same *ret. It clamps all page
 * numbers to the bitmap, and the bitmap to the file. Source: makedumpfile's
 * IMPLEMENTATION and diskdump_mod.h; QEMU's sysemu/dump.h.
 */
enum memlog_status ml_kdump_head_parse(const uint8_t *p, size_t len,
				       struct ml_kdump_head *ret,
				       struct memlog_err *err);
enum memlog_status ml_kdump_sub_parse(const uint8_t *p, size_t len,
				      uint64_t file_size,
				      struct ml_kdump_head *ret,
				      struct memlog_err *err);

struct ml_note_facts;

/* Add the notes to the image, and what they say to *facts. notes.c */
void ml_kdump_add_notes(struct memlog_image *image, const struct ml_file *file,
			const struct ml_kdump_head *head,
			struct ml_note_facts *facts);

/* ---- the bitmap (map.c) ------------------------------------------- */

/*
 * Which pages are stored, and how many before a given one. The bitmap is read
 * in chunks; the bits set before each are counted on demand, once.
 */
struct ml_kdump_map {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	uint64_t at, n;		      /* n bits, at file offset at */
	uint64_t *before;	      /* set bits before each chunk */
	size_t n_before;	      /* entries valid so far */
	uint8_t *bits;		      /* of the current chunk, then zeros */
	uint64_t chunk;		      /* UINT64_MAX: none */
	uint64_t last_bit, last_rank; /* within the current chunk */
};

/* A map of n bits at file offset at. file is borrowed. NO_MEMORY: nothing is
 * left to free. */
enum memlog_status ml_kdump_map_init(struct ml_kdump_map *m,
				     const struct ml_file *file, uint64_t at,
				     uint64_t n,
				     const struct memlog_allocator *alloc,
				     struct memlog_err *err);
void ml_kdump_map_fini(struct ml_kdump_map *m);

/* The number of stored pages before page n. NO_DATA: n itself is not stored. */
enum memlog_status ml_kdump_map_rank(struct ml_kdump_map *m, uint64_t n,
				     uint64_t *ret, struct memlog_err *err);

/* How many pages below n are stored; n is at most the size of the map. */
enum memlog_status ml_kdump_map_count(struct ml_kdump_map *m, uint64_t n,
				      uint64_t *ret, struct memlog_err *err);

/* The stored page below which n others are; end if it is at end or later, or if the bitmap
 * cannot be read. */
uint64_t ml_kdump_map_nth(struct ml_kdump_map *m, uint64_t n, uint64_t end);

/* How many pages from a first one up to a last one, which is not among them; both are
 * at most the size of the map. 0 also if the bitmap cannot be read. */
uint64_t ml_kdump_map_between(struct ml_kdump_map *m, uint64_t from,
			      uint64_t to);

/* The first page in [n, end) that is stored (want) or is not; end for none. end is at
 * most the size of the map. */
enum memlog_status ml_kdump_map_find(struct ml_kdump_map *m, uint64_t n,
				     uint64_t end, bool want, uint64_t *ret,
				     struct memlog_err *err);

/* ---- pages (pages.c) ---------------------------------------------- */

/* Where a page is in the file and how it is compressed. All zero pages share
 * one. */
struct ml_kdump_desc {
	uint64_t off;
	uint32_t size, flags;
};

/* Are these the same bytes of the file? False for an empty descriptor. */
bool ml_kdump_same(const struct ml_kdump_desc *a,
		   const struct ml_kdump_desc *b);

/* Expanded pages that are cached, and their size in bytes: a set of files has a
 * cache for each. */
#define ML_KDUMP_SLOTS 16u
#define ML_KDUMP_KEPT  (256u << 10)

struct ml_kdump_slot {
	struct ml_kdump_desc key; /* size 0: empty */
	uint8_t *bytes;
};

struct ml_kdump_pages {
	struct memlog_allocator alloc;
	const struct ml_file *file;
	const struct ml_kdump_head *head;
	const struct memlog_open_opts *opts; /* while it is opened */
	uint64_t looked;	    /* descriptors, by ml_kdump_pages_lost() */
	struct memlog_image *image; /* to note damaged pages in, or NULL */
	struct ml_kdump_map map;
	uint64_t first; /* stored pages before start_pfn */
	struct memlog_codec codecs[ML_KDUMP_CODECS]; /* expand NULL: none */
	/* of each thread */
	void *states[ML_MAX_THREADS][ML_KDUMP_CODECS];
	bool created[ML_MAX_THREADS][ML_KDUMP_CODECS];
	struct ml_kdump_ahead *ahead; /* only during a search, or NULL */
	struct memlog_range alone;    /* pages for which there are no threads */
	uint8_t *window;	      /* descriptors from window_at on */
	uint64_t window_at;
	size_t window_n;
	struct ml_kdump_slot slots[ML_KDUMP_SLOTS];
	unsigned int n_slots, next_slot;
	uint8_t *in;		   /* a page before it is expanded, where
					   the file is not mapped */
	struct ml_kdump_desc zero; /* shared; size 0: none */
};

extern const char *const ml_kdump_codec_names[ML_KDUMP_CODECS];
#define ML_KDUMP_ZLIB_CODEC 0 /* the index of the one that has a checksum */

/* file and head are borrowed. Call fini after a failure, too. */
enum memlog_status ml_kdump_pages_init(struct ml_kdump_pages *k,
				       const struct ml_file *file,
				       const struct ml_kdump_head *head,
				       const struct memlog_open_opts *opts,
				       const struct memlog_allocator *alloc,
				       struct memlog_err *err);
void ml_kdump_pages_fini(struct ml_kdump_pages *k);

/* How many of the first n descriptors the file has. If it is known to be cut, it may
 * have a hole where the last ones would be: QEMU writes them as it goes, and a
 * flattened file has what was written. */
uint64_t ml_kdump_pages_descs(const struct ml_kdump_pages *k, uint64_t n,
			      bool cut);

/* How many of the first n descriptors name bytes that the file does not have. All are
 * looked at only if one of the last is such, or if the file is known to be cut: 24
 * bytes of the file each. STOP: the caller of the open asked for it. */
enum memlog_status ml_kdump_pages_lost(struct ml_kdump_pages *k, uint64_t n,
				       bool cut, uint64_t *ret,
				       struct memlog_err *err);

/* The descriptor of a page. NO_DATA: the page is not stored, or the descriptor
 * is damaged. */
enum memlog_status ml_kdump_pages_find(struct ml_kdump_pages *k, uint64_t pfn,
				       struct ml_kdump_desc *ret,
				       struct memlog_err *err);

/* The first MEMLOG_PEEK bytes of a page, for a search. The rest of the page is not
 * expanded or verified where that can be avoided. peek.c */
enum memlog_status ml_kdump_pages_peek(struct ml_kdump_pages *k, uint64_t pfn,
				       uint8_t *out, struct memlog_err *err);

/* The same of a page that was expanded ahead; borrowed until the next call. NULL: it
 * was not. ahead.c */
const uint8_t *ml_kdump_ahead_get(struct ml_kdump_pages *k, uint64_t pfn);

/* A page that has to be expanded is asked for: expand it and those that come next with
 * several threads. ahead.c */
void ml_kdump_ahead_start(struct ml_kdump_pages *k, uint64_t pfn);

/* Before ml_kdump_pages_fini(). */
void ml_kdump_ahead_fini(struct ml_kdump_pages *k);

/* Get the codec of a page and its stored bytes. *ret_c is ML_KDUMP_CODECS for a
 * plain page. */
enum memlog_status ml_kdump_pages_prepare(struct ml_kdump_pages *k,
					  const struct ml_kdump_desc *d,
					  unsigned int *ret_c,
					  const uint8_t **ret_in,
					  struct memlog_err *err);

/* Note that the bytes of a page are damaged: NO_DATA. */
enum memlog_status ml_kdump_pages_damaged(const struct ml_kdump_pages *k,
					  const struct ml_kdump_desc *d,
					  struct memlog_err *err);

/* The page, if it was expanded lately; else NULL. */
struct ml_kdump_slot *ml_kdump_pages_cached(struct ml_kdump_pages *k,
					    const struct ml_kdump_desc *d);

/* Does a compressed page begin with MEMLOG_PEEK bytes that are not? *ret: where. */
bool ml_kdump_pages_literal(const struct ml_kdump_pages *k, unsigned int codec,
			    const struct ml_kdump_desc *d, const uint8_t *in,
			    const uint8_t **ret);

/* Have the state of a codec for one of the threads. UNSUPPORTED, NO_MEMORY. */
enum memlog_status ml_kdump_pages_codec(struct ml_kdump_pages *k,
					unsigned int codec, unsigned int thread,
					struct memlog_err *err);

/* One of the threads has ended: free the states of its codecs. */
void ml_kdump_pages_drop_codecs(struct ml_kdump_pages *k, unsigned int thread);

/* len bytes of a page from offset skip on; skip + len is at most the block
 * size. NO_DATA: not stored, or the page does not expand to one block. */
enum memlog_status ml_kdump_pages_read(struct ml_kdump_pages *k, uint64_t pfn,
				       size_t skip, uint8_t *out, size_t len,
				       struct memlog_err *err);

/* Is this the shared zero page? Expands the page as long as none is known, so
 * ask only when a descriptor occurs twice. */
bool ml_kdump_pages_is_zero(struct ml_kdump_pages *k,
			    const struct ml_kdump_desc *d);

#endif
