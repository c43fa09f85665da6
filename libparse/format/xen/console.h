/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.h - the console ring of the Xen hypervisor.
 *
 * Bytes without a header: conring[conringp++ & (size - 1)]. The pointer, the
 * size and the two counters are variables of the hypervisor, so the ring is
 * found through its symbols, through its own data where that can be
 * recognised, or by its looks. Source: Xen's drivers/char/console.c.
 */
#ifndef ML_FORMAT_XEN_CONSOLE_H
#define ML_FORMAT_XEN_CONSOLE_H

#include "format/format.h"

/* The static ring, the least size of one that was allocated, and so the least
 * alignment: the allocator gives blocks that are aligned to their size. */
#define XEN_RING_MIN 16384u

/*
 * A ring of 128 CPUs; only conring_size= makes larger ones. What a pipe without
 * any notes of Xen's keeps on either side of a page of its text.
 */
#define XEN_RING_REACH (1u << 20)

enum xen_how { XEN_BY_SHAPE, XEN_BY_POINTER, XEN_BY_SYMBOLS, XEN_STATIC };

/* Of an exact place: its size, producer and consumer counters in one, how. */
enum { XEN_HINT_SIZE, XEN_HINT_COUNTERS, XEN_HINT_HOW, XEN_HINT_KNOWN };

/*
 * What is known of a ring. start: offset of the oldest byte; used: from there
 * on, around the end. hidden: the first of them that `xl dmesg -c` took away.
 */
struct xen_ring {
	uint64_t size, start, used, hidden;
	uint8_t how;		/* enum xen_how */
	bool named;		/* the user did: no doubt */
	bool wrapped;
	bool counters;		/* producer and consumer are known */
	uint32_t producer, consumer;
};

_Static_assert(sizeof(struct xen_ring) <= ML_LOG_PRIV, "priv is too small");

static inline struct xen_ring *ml_xen_ring(struct ml_log *log)
{
	return (struct xen_ring *)(void *)log->priv;
}

/* Can this byte stand in console text? Bytes above ASCII can. */
bool ml_xen_is_text(uint8_t c);

/* Does len bytes at p start with "(XEN) ", or "(dN) "? The length of what they
 * start with, 0 for neither. */
size_t ml_xen_prefix(const uint8_t *p, size_t len);

/* What a timestamp after the prefix says. form 0: there is none. */
struct xen_time {
	enum { XEN_TIME_NONE, XEN_TIME_DATE, XEN_TIME_BOOT, XEN_TIME_RAW } form;
	uint64_t time, hz;	/* hz 0: cycles */
};

/*
 * Parse "[YYYY-MM-DD HH:MM:SS] " (seconds since 1970), the same with ".mmm"
 * (milliseconds), "[SSSSS.uuuuuu] " (microseconds since boot) and
 * "[16 hexadecimal digits] " (cycles). Returns its length, 0 for none of them.
 */
size_t ml_xen_timestamp(const uint8_t *p, size_t len, struct xen_time *ret);

/* How a block of memory looks as a piece of a console ring. */
struct xen_look {
	uint64_t text;		/* bytes of text from the start on */
	uint64_t total;		/* text anywhere */
	unsigned int lines;	/* that start with "(XEN) " */
	uint64_t allocated;	/* size that it says it has, 0: does not say */
};
void ml_xen_look(const uint8_t *p, size_t len, struct xen_look *ret);

/*
 * Where the oldest byte is, by the text alone, in len bytes that are all of a
 * ring. Sets start, used and wrapped. False: this is no ring that is being
 * written; it may be a copy of one.
 */
bool ml_xen_order(const uint8_t *p, size_t len, struct xen_ring *ring);

/* struct ml_format operations of other files. */
size_t ml_xen_console_likely(struct memlog_image *image, struct ml_likely *ret,
			     size_t max);
size_t ml_xen_console_locate(struct memlog_image *image,
			     const struct memlog_symbols *symbols,
			     struct ml_likely *ret, size_t max);
enum memlog_status ml_xen_console_expand(struct memlog_logs *logs,
					 struct ml_log *log,
					 struct memlog_image *image,
					 struct memlog_err *err);

#endif
