/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.h - the console ring of the Xen hypervisor.
 *
 * Bytes without a header: conring[conringp++ & (size - 1)]. The pointer, the
 * size and the two counters are variables of the hypervisor, so the ring is
 * found through its symbols, through the hypervisor's data if that can be
 * recognised, or by how it looks. Source: Xen's drivers/char/console.c.
 */
#ifndef ML_FORMAT_XEN_CONSOLE_H
#define ML_FORMAT_XEN_CONSOLE_H

#include "format/format.h"

/* The size of the static ring, the minimum size of an allocated one, and so the
 * minimum alignment: the allocator aligns blocks to their size. */
#define XEN_RING_MIN 16384u

/*
 * The ring of a machine with 128 CPUs; only conring_size= makes larger ones. A
 * pipe without Xen notes keeps this much on either side of a page of console
 * text.
 */
#define XEN_RING_REACH (1u << 20)

/* One page of a ring that is found by its text may be lost among so many. */
#define XEN_PAGES_LOST 4u

/* A boot's first lines are within so many bytes. */
#define XEN_BANNER_MAX 1024u

enum xen_how { XEN_BY_SHAPE, XEN_BY_POINTER, XEN_BY_SYMBOLS, XEN_STATIC };

/* Hints for an exact place: its size, both counters in one, and how it was
 * found. */
enum { XEN_HINT_SIZE, XEN_HINT_COUNTERS, XEN_HINT_HOW, XEN_HINT_KNOWN };

/*
 * What is known of a ring. start: offset of the oldest byte; used: bytes from
 * there on, wrapping at the end. hidden: how many of the first were cleared by
 * `xl dmesg -c`.
 */
struct xen_ring {
	uint64_t size, start, used, hidden;
	uint8_t how; /* enum xen_how */
	bool named;  /* named by the user: no doubt */
	bool wrapped;
	bool counters; /* producer and consumer are known */
	bool broken;   /* pages of it are lost, and it may be a copy */
	bool doubt; /* nothing tells, or more than one place, where it starts */
	bool loose; /* at an address that only a static ring has */
	uint64_t other; /* the page of text that is not its own, plus 1 */
	uint32_t producer, consumer;
};

_Static_assert(sizeof(struct xen_ring) <= ML_LOG_PRIV, "priv is too small");

static inline struct xen_ring *ml_xen_ring(struct ml_log *log)
{
	return (struct xen_ring *)(void *)log->priv;
}

static inline const struct xen_ring *ml_xen_ring_const(const struct ml_log *log)
{
	return (const struct xen_ring *)(const void *)log->priv;
}

/* Can this byte be in console text? Bytes above ASCII can. */
static inline bool ml_xen_is_text(uint8_t c)
{
	const uint32_t controls = 1u << '\n' | 1u << '\t' | 1u << '\r' |
				  1u << 0x1b | 1u << '\b' | 1u << '\a';

	return c < 0x20 ? controls >> c & 1 : c != 0x7f;
}

/* Do the len bytes at p start with "(XEN) " or "(dN) "? Returns the length of
 * that prefix, 0 for neither. */
size_t ml_xen_prefix(const uint8_t *p, size_t len);

/* A parsed timestamp after the prefix. form 0: there is none. */
struct xen_time {
	enum { XEN_TIME_NONE, XEN_TIME_DATE, XEN_TIME_BOOT, XEN_TIME_RAW } form;
	uint64_t time, hz; /* hz 0: cycles */
};

/*
 * Parse "[YYYY-MM-DD HH:MM:SS] " (seconds since 1970), the same with ".mmm"
 * (milliseconds), "[SSSSS.uuuuuu] " (microseconds since boot) and
 * "[16 hexadecimal digits] " (cycles). Returns its length, 0 for none of them.
 */
size_t ml_xen_timestamp(const uint8_t *p, size_t len, struct xen_time *ret);

/* Statistics of a block of memory as part of a console ring. */
struct xen_look {
	uint64_t text;	    /* bytes of text from the start on */
	uint64_t total;	    /* text anywhere */
	unsigned int lines; /* that start with "(XEN) " */
	uint64_t allocated; /* size given in its text, 0: none */
};
void ml_xen_look(const uint8_t *p, size_t len, struct xen_look *ret);

/*
 * Find the oldest byte, using only the text, in len bytes that are the whole
 * ring. Sets start, used and wrapped. False: this is not a ring being written;
 * it may be a copy of one.
 */
bool ml_xen_order(const uint8_t *p, size_t len, struct xen_ring *ring);

/*
 * Where the newest text in len bytes meets the oldest: at is the first byte of the
 * oldest, or of the line after it where the two are one line. ring: the end of the
 * bytes goes on at their start; else that is not known. edge: the two may meet there,
 * as they do in a copy, which is in the order in which it was written.
 */
struct xen_seam {
	size_t at;
	enum { XEN_SEAM_NONE, XEN_SEAM_MANY, XEN_SEAM_ONE } fits; /* places */
	bool timed; /* time runs backwards there */
	bool edge;
};
void ml_xen_find_seam(const uint8_t *p, size_t len, bool ring,
		      struct xen_seam *ret);

/* Whole lines after the first: Xen's and a guest's have a prefix, dom0's end with CR
 * LF, or start with a time if they come from its early console. bare: none of these. */
struct xen_lines {
	uint32_t known, bare;
};
struct xen_lines ml_xen_count_lines(const uint8_t *p, size_t len);

/* By its lines, is a page not of the ring whose other pages have these? */
bool ml_xen_other_lines(struct xen_lines page, struct xen_lines others);

/* Are not more pages than a few in len bytes other memory? judge.c */
bool ml_xen_mostly_text(const uint8_t *p, size_t len);

/* ml_xen_order() of a ring that is no copy. broken is set if there is something else
 * in its text. */
bool ml_xen_order_whole(const uint8_t *p, size_t len, struct xen_ring *ring);

/* The same for a ring of which a few pages are lost: they are other memory,
 * or were overwritten. Sets start, used, wrapped and broken. NOT_MINE: it is none. */
enum memlog_status ml_xen_order_broken(const struct memlog_allocator *alloc,
				       const uint8_t *p, size_t len,
				       struct xen_ring *ring,
				       struct memlog_err *err);

/* len bytes from addr on; pages that are missing are zeros. Returns how many bytes there
 * are before the first. */
size_t ml_xen_read_all(struct memlog_image *image, enum memlog_space space,
		       uint64_t addr, uint8_t *buf, size_t len);

/* The static ring with text in the page at e, wherever it starts: sets e and what is
 * known of it. NOT_MINE: there is none; CORRUPT: all of it is there, but there is no sign
 * that it is no copy. place.c */
enum memlog_status ml_xen_find_place(const struct memlog_allocator *alloc,
				     struct memlog_image *image,
				     struct memlog_extent *e,
				     struct xen_ring *ring,
				     struct memlog_err *err);

/* struct ml_format operations of other files. */
size_t ml_xen_console_likely(struct memlog_image *image, struct ml_likely *ret,
			     size_t max);
size_t ml_xen_console_locate(struct memlog_image *image,
			     const struct memlog_symbols *symbols,
			     struct ml_likely *ret, size_t max);
size_t ml_xen_console_near(struct memlog_image *image, struct ml_likely *ret,
			   size_t max); /* near.c */
enum memlog_status ml_xen_console_expand(struct memlog_logs *logs,
					 struct ml_log *log,
					 struct memlog_image *image,
					 struct memlog_err *err);
size_t ml_xen_console_text(const struct ml_log *log, size_t extent,
			   struct memlog_image *image,
			   struct memlog_range ret[2]);
bool ml_xen_console_own(struct ml_page *page);
void ml_xen_fault(const struct memlog_record *rec, struct ml_fault *ret);

#endif
