/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ramoops.h - shared by the files of ramoops: memory in which Linux keeps the log of a
 * crash, its console and more over a reset; docs/facts/ramoops.md.
 */
#ifndef ML_FORMAT_RAMOOPS_H
#define ML_FORMAT_RAMOOPS_H

#include "format/lines.h"

/* Bytes of the header of a zone, and of what is looked at to tell a record. */
enum { RAMOOPS_HEADER = 12, RAMOOPS_LINE = 40 };
enum { RAMOOPS_PROBE = RAMOOPS_HEADER + RAMOOPS_LINE };

enum ramoops_kind {
	RAMOOPS_DMESG,
	RAMOOPS_TEXT, /* a console or pmsg: their places differ */
	RAMOOPS_FTRACE
};

/*
 * A zone, by its first bytes. Its data has text from start to size, then from 0 to
 * start. The data of a record of dmesg begins with a line of head bytes that has the
 * time of the crash. lost: the header of the zone does not count the record. first,
 * last: where the first and the last zone of its region are, once that is known.
 */
struct ramoops {
	uint64_t first, last;
	uint64_t sec;
	uint32_t usec;
	uint32_t xor ; /* of the signature: the version of Linux, in FTRACE */
	uint32_t start, size;
	enum ramoops_kind kind;
	uint8_t head;
	bool packed, lost, named;
};

static inline struct ramoops *ml_ramoops(struct ml_log *log)
{
	return (struct ramoops *)log->priv;
}

static inline const struct ramoops *ml_ramoops_const(const struct ml_log *log)
{
	return (const struct ramoops *)log->priv;
}

_Static_assert(sizeof(struct ramoops) <= ML_LOG_PRIV, "fits a log");

/* Flags of its log. */
static inline uint32_t ml_ramoops_flags(const struct ramoops *r)
{
	return (r->kind == RAMOOPS_FTRACE ? MEMLOG_LOG_TELLS_ALL :
					    MEMLOG_LOG_PLAIN) |
	       (r->start < r->size ? MEMLOG_LOG_WRAPPED : 0);
}

/* Is a zone there? At least RAMOOPS_HEADER bytes; with fewer than RAMOOPS_PROBE a
 * record may be taken for text. zone.c */
bool ml_ramoops_parse(const uint8_t *p, size_t len, struct ramoops *ret);

#define RAMOOPS_FORMAT "ramoops"

/* A zone of a region, at off of it; len: up to the next one, 0: it is the last. */
struct ramoops_zone {
	uint64_t off, len;
	struct ramoops of;
};

struct ramoops_walk {
	struct memlog_image *image;
	enum memlog_space space;
	uint64_t base;
	struct ramoops_zone *zones;
	size_t n, cap;
	uint64_t grid; /* bytes from one zone of dmesg to the next, 0: unknown */
	uint64_t last;	    /* offset of the last byte that is not 0 */
	unsigned int codes; /* of its zones, as ml_ramoops_codes() */
};

/* Find the zones of the region at base: that one first. logs: their allocator and what
 * they may search. The caller frees zones, whatever is returned. NO_MEMORY. walk.c */
enum memlog_status ml_ramoops_walk(struct ramoops_walk *w,
				   struct memlog_logs *logs,
				   struct memlog_err *err);

/* How many bytes the codes for error correction of a zone of len bytes have, each; 0: it
 * has none, or they are not recognised. ecc.c */
unsigned int ml_ramoops_codes(struct memlog_image *image,
			      enum memlog_space space, uint64_t addr,
			      uint64_t len);
/* Bytes of data in a zone of len bytes, with such codes at its end. */
uint64_t ml_ramoops_data(uint64_t len, unsigned int codes);

/* The text of a record of dmesg that is compressed. */
struct ramoops_packed {
	struct memlog_allocator alloc;
	uint8_t *text;
	size_t len, at;
	bool inside; /* the next record goes on in the line */
};

/* Expand it. UNSUPPORTED: it is not, and a note of the source says why. NO_MEMORY.
 * packed.c */
enum memlog_status ml_ramoops_expand(struct ramoops_packed *p,
				     struct ml_source *source,
				     const struct ml_decoder_opts *opts,
				     struct memlog_err *err);
/* The next line of it; NO_DATA. */
enum memlog_status ml_ramoops_line(struct ramoops_packed *p,
				   struct memlog_record *rec);

/* Calls of functions. */
struct ramoops_calls {
	uint64_t at, left;
	size_t each; /* bytes of one */
	uint8_t bytes[24];
	char line[96];
};

/* calls.c */
void ml_ramoops_calls_open(struct ramoops_calls *c, struct ml_source *source);
enum memlog_status ml_ramoops_call(struct ramoops_calls *c,
				   struct ml_source *source,
				   struct memlog_record *rec);

/* find.c */
enum memlog_status ml_ramoops_find(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err);
void ml_ramoops_relate(struct ml_log *const *logs, size_t n,
		       struct memlog_image *image, bool some);

#endif
