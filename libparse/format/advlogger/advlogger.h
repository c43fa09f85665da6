/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * advlogger.h - definitions shared by the files of the AdvancedLogger format.
 *
 * A header of one of seven versions is followed by messages, each with a header of its
 * own. docs/facts/advlogger.md has the layouts.
 */
#ifndef ML_FORMAT_ADVLOGGER_H
#define ML_FORMAT_ADVLOGGER_H

#include "base/bytes.h"
#include "format/format.h"

enum {
	ADV_VERSIONS = 7, /* 0 to 6 */
	ADV_HEADER = 88,  /* the longest header of a log */
	ADV_ALMS = 18,	  /* headers of messages */
	ADV_ALM2 = 24,
	ADV_ALIGN = 8, /* of messages, counted from the header of the log */
};
#define ADV_PROBE_MIN 32u
#define ADV_PROBE_LEN (ADV_HEADER + ADV_ALM2)

/* Offsets are in the log, that is, from its header on. */
struct advlogger {
	uint32_t version;
	uint32_t header; /* bytes of it: the messages begin there */
	uint64_t size;	 /* bytes for messages */
	uint64_t cursor; /* where the next message goes */
	uint32_t discarded;
	bool permanent; /* in permanent memory, not that of SEC or PEI */
	bool runtime;	/* after ExitBootServices() */
	bool has_base;
	uint64_t base; /* its address by its own header */
	uint64_t next; /* of the log that goes on with this one; 0: none */
	uint64_t hz;   /* 0: not known */
	bool dated;
	double date;		   /* seconds since 1970 ... */
	uint64_t ticks;		   /* ... at this time */
	uint8_t first[ADV_ALM2];   /* what the first message begins with */
	bool wrapped;		   /* by settle() */
	struct memlog_range older; /* if so, the messages from before that */
	bool judged;		   /* while relate() runs */
};

/* The log's private part. */
static inline struct advlogger *ml_advlogger(struct ml_log *log)
{
	return (struct advlogger *)log->priv;
}

static inline const struct advlogger *
ml_advlogger_const(const struct ml_log *log)
{
	return (const struct advlogger *)log->priv;
}

_Static_assert(sizeof(struct advlogger) <= ML_LOG_PRIV,
	       "private part too small");

/* header.c: the header's fields and their meaning. */
enum memlog_status ml_advlogger_probe(const struct ml_probe *probe,
				      struct ml_log *log, struct ml_found *ret,
				      struct memlog_err *err);
bool ml_advlogger_glance(const uint8_t *p, size_t len);
bool ml_advlogger_narrow(struct ml_log *before, const struct ml_log *after,
			 bool *ret_lost);
void ml_advlogger_position(struct ml_source *source, struct ml_position *ret);

/* One message: at, its text, and where the next one begins. */
struct adv_message {
	uint64_t at, text, end;
	uint32_t len, level;
	uint64_t stamp;
	unsigned int phase; /* 0: not known */
};

/* message.c: parse the message at offset at, of which there are n bytes at p, and which
 * ends before limit. False: there is none. */
bool ml_advlogger_message(const uint8_t *p, size_t n, uint64_t at,
			  uint64_t limit, struct adv_message *ret);
/* Does one begin with these bytes, by its signature? */
bool ml_advlogger_signed(const uint8_t *p, size_t n);

/*
 * walk.c: the messages of a log, from the oldest on. What is no message is skipped, up
 * to the next one: lost counts these bytes and missing ones since the last message, and
 * whoever reads it zeroes it. Zero it first, then add parts.
 */
struct adv_walk {
	struct memlog_range part[2];
	size_t n_parts, cur;
	uint64_t at, lost;
	uint64_t win_at;
	size_t win_n;
	uint8_t win[ML_PAGE];
};
/* The parts of a log, once it was settled, with messages, the oldest first; returns how many. */
size_t ml_advlogger_parts(const struct ml_log *log, struct memlog_range ret[2]);
/* All messages of a log that was settled. */
void ml_advlogger_walk_init(struct adv_walk *w, const struct ml_log *log);
/* False: there are no more. */
bool ml_advlogger_walk_next(struct adv_walk *w, struct ml_source *source,
			    struct adv_message *ret);
/* Up to len bytes at off into *ret, borrowed until the next call of any of these: how
 * many there are before limit, 0 if the one at off is missing. Nothing is counted as
 * missing. */
size_t ml_advlogger_walk_see(struct adv_walk *w, struct ml_source *source,
			     uint64_t off, size_t len, uint64_t limit,
			     const uint8_t **ret);
/* The missing bytes from off on, at least 1, at most to limit; they are counted. */
uint64_t ml_advlogger_walk_gap(struct ml_source *source, uint64_t off,
			       uint64_t limit);

/* order.c: did it wrap? Nothing says so but its messages. */
void ml_advlogger_settle(struct ml_log *log, struct ml_source *source,
			 uint64_t *budget);

/* pages.c: a page is the log's if a message begins where the one before ends. */
bool ml_advlogger_own(struct ml_page *page);

/* chain.c: the logs that go on with this one. */
enum memlog_status ml_advlogger_expand(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       struct memlog_err *err);

/* relate.c: which of several is current. */
void ml_advlogger_relate(struct ml_log *const *logs, size_t n,
			 struct memlog_image *image, bool some);

#endif
