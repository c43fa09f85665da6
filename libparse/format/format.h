/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * format.h - what a log looks like: the contract of every log format.
 *
 * A format is one file, format/foo.c, with one struct ml_format, and one line in
 * format/table.c. It never knows where its bytes come from: probe() gets a copy
 * of the header, decoders read (extent, offset) through a struct ml_source.
 */
#ifndef ML_FORMAT_FORMAT_H
#define ML_FORMAT_FORMAT_H

#include "base/alloc.h"
#include "event.h"
#include "image/image.h"
#include "memlog.h"

struct ml_format;

/* Room for what probe() learned and the decoder needs, in the log itself. */
#define ML_LOG_PRIV 256

/*
 * A log as formats see it; pub is what callers see. extents is owned by the
 * list, and pub.extents follows it.
 */
struct ml_log {
	struct memlog_log pub;		/* first: memlog_log_of() relies on it */
	const struct ml_format *fmt;
	struct memlog_extent *extents;	/* pub.extents points here */
	size_t cap_extents;
	_Alignas(8) uint8_t priv[ML_LOG_PRIV];
};

/* What a format has learned of a place before it is probed; its own. */
#define ML_HINTS 4

/* The bytes that a candidate starts with. len is at least the format's
 * probe_min and at most its probe_len; less than probe_len when the image has
 * no more. at: the user named this address, so doubts may be waived. hint: of
 * the exact place (struct ml_likely) that led here, NULL where a search did.
 * domain: a Xen domain's page, not the hypervisor's: its p2m tree has it. */
struct ml_probe {
	const uint8_t *bytes;
	size_t len;
	enum memlog_space space;
	uint64_t addr;
	bool at;
	bool domain;
	const uint64_t *hint;
};

/* The bytes of one extent, copied out of a live image; have says which of them
 * are there, from 0 at the start of the extent. */
struct ml_copy {
	uint8_t *bytes;
	uint64_t len;
	struct memlog_range *have;
	size_t n_have, cap_have;
};

/*
 * Reads the bytes of one log. All reading of decoders, relate() and expand()
 * goes through it. missing counts the bytes that were asked for and are not in
 * the image. copies: one for each extent, read instead of the image; NULL where
 * the image stands still.
 */
struct ml_source {
	struct memlog_image *image;
	const struct ml_log *log;
	uint64_t missing;
	const struct ml_copy *copies;
};

/*
 * Up to len bytes at off of an extent. A short read is OK. When the bytes at
 * off are missing: MEMLOG_NO_DATA, *ret 0, and *ret_gap (may be NULL) is how
 * many are, at least 1, within the extent; the caller goes on at off +
 * *ret_gap. They are added to source->missing. off at or beyond the end of the
 * extent is NO_DATA with *ret_gap 0.
 */
enum memlog_status ml_source_read(struct ml_source *source, size_t extent,
				  uint64_t off, void *buf, size_t len,
				  size_t *ret, uint64_t *ret_gap,
				  struct memlog_err *err);

/* All logs of a scan, in the order they were found until relate() has run. */
struct memlog_logs {
	struct memlog_allocator alloc;
	struct ml_log **logs;
	size_t count, cap;
	uint64_t max;
	uint64_t around;	/* bytes gone through by expand(), against
				   ML_MAX_AROUND */
	bool around_low;	/* all of low memory has been, once */
};

/* A new log of a format in the list, zeroed but for fmt and names. LIMIT when
 * the list is full. Borrowed from the list. */
enum memlog_status ml_logs_add(struct memlog_logs *logs,
			       const struct ml_format *fmt, struct ml_log **ret,
			       struct memlog_err *err);

/* Take the last log off the list again: expand() gave its extent to another. */
void ml_logs_drop_last(struct memlog_logs *logs);

/* Forget all logs of the list. */
void ml_logs_clear(struct memlog_logs *logs);

/* Add an extent; len 0 is refused with INVALID. ML_MAX_EXTENTS is the limit. */
enum memlog_status ml_log_add_extent(struct memlog_logs *logs,
				     struct ml_log *log,
				     const struct memlog_extent *extent,
				     struct memlog_err *err);

/*
 * Where the text of a log ends: bytes ever written, or where they are only
 * known modulo something, that. boot changes with every boot, where the log
 * counts them.
 */
struct ml_position {
	uint64_t end;
	uint64_t modulus;	/* 0: end counts all bytes */
	uint64_t boot;
};

/* What the magic of a format looks like in memory. offset: where in the log it
 * stands; align: of the log's start. A log starts at (hit - offset). */
struct ml_magic {
	const char *bytes;
	uint8_t len;
	uint32_t offset;
	uint32_t align;
	uint32_t fine;	/* in an exhaustive search; 0: every 8 bytes */
};

/* A place where a format's logs are likely, best first. */
struct ml_likely {
	enum memlog_space space;
	struct memlog_range range;
	bool downwards;		/* search from the end of the range */
	bool exact;		/* a log starts at range.start: do not search,
				   probe there, with these hints */
	uint64_t hint[ML_HINTS];
};

struct ml_decoder_opts {
	const struct memlog_decode_opts *user;	/* never NULL */
	struct memlog_allocator alloc;
};

/*
 * A format. Everyone fills in five members: name, title, magics (or find.screen
 * where there are none), probe, and open with next, which only formats that are
 * listed and have no text leave out. The rest is optional, in groups: find,
 * where logs are looked for; group, what belongs to a log; live, how it is read
 * while it is written; say, what its records mean.
 */
struct ml_format {
	const char *name;	/* "ovmf": -F, --list, JSON */
	const char *title;	/* "OVMF memory debug log" */

	/* magics: ended by a len of 0. Those with align >= 4096 and offset 0
	 * cost nothing in a page scan; others make every page be read. */
	const struct ml_magic *magics;

	/*
	 * probe: pure. Fills log->pub (capacity, used, flags, variant, version,
	 *	verdict with reason where one log alone tells) and priv, and adds
	 *	*ret_extent (space, addr and len; cpu -1). OK, NOT_MINE (with a
	 *	reason that --list -v can show) or CORRUPT: mine, worth listing,
	 *	text may be there. It gets at least probe_min bytes, and
	 *	probe_len where the image has them.
	 */
	enum memlog_status (*probe)(const struct ml_probe *probe,
				    struct ml_log *log,
				    struct memlog_extent *ret_extent,
				    struct memlog_err *err);
	size_t probe_min, probe_len;

	/*
	 * Decoding is pull. state is state_size zeroed bytes. next returns a
	 * record that stays valid until the next call; NO_DATA at the end;
	 * bytes that are not in the image are skipped and show in
	 * source->missing and in the record's flags. close: optional.
	 */
	enum memlog_status (*open)(void *state, struct ml_source *source,
				   const struct ml_decoder_opts *opts,
				   struct memlog_err *err);
	enum memlog_status (*next)(void *state, struct ml_source *source,
				   struct memlog_record *ret,
				   struct memlog_err *err);
	void (*close)(void *state, struct ml_source *source);
	size_t state_size;

	/*
	 * needs_random: probing or decoding goes back and forth, so a pipe
	 *	must be spooled.
	 * reach: bytes on either side of a log's start that may belong to it
	 *	or to its siblings beyond what probe() tells: a pipe keeps
	 *	them. At most ML_STREAM_BACK.
	 * screen: for formats without a magic: may the page at addr start a
	 *	log? Only its bytes, len of them, of which there may be as few
	 *	as MEMLOG_PEEK. Called for every page of every image, so addr
	 *	and one cache line first. eager: there is reason to look closely
	 *	and to doubt less.
	 * screen_align: screen says no to every addr that is not a multiple of
	 *	it, a power of two; 0: nothing is known. Saves the call.
	 * screen_eager: screen says no to every page unless it is eager. Saves
	 *	the call, and the look at the page.
	 * glance: a magic stands at p: would probe() reject it for sure
	 *	(false)? For the case that magics are planted by the million:
	 *	looks at p alone, len of which may be as few as MEMLOG_PEEK, and
	 *	must be quick.
	 * expected: does the image say that it has such logs? Then, and when
	 *	the user names the format, screen is eager.
	 * likely: fills in up to max places for this image.
	 * locate: places that symbols point to, as likely().
	 */
	struct {
		bool needs_random;
		uint64_t reach;
		bool (*screen)(uint64_t addr, const uint8_t *page, size_t len,
			       bool eager);
		uint32_t screen_align;
		bool screen_eager;
		bool (*glance)(const uint8_t *p, size_t len);
		bool (*expected)(const struct memlog_image *image);
		size_t (*likely)(struct memlog_image *image,
				 struct ml_likely *ret, size_t max);
		size_t (*locate)(struct memlog_image *image,
				 const struct memlog_symbols *symbols,
				 struct ml_likely *ret, size_t max);
	} find;

	/*
	 * expand: look around a log that was just found and add its siblings
	 *	and pages; its first extent may move. NOT_MINE: no log on a
	 *	closer look, and nothing was added; it goes.
	 * relate: called once with all logs of this format: decide verdicts and
	 *	reasons, alias, group. Must not fail: a log that it cannot judge
	 *	stays UNKNOWN.
	 */
	struct {
		enum memlog_status (*expand)(struct memlog_logs *logs,
					     struct ml_log *log,
					     struct memlog_image *image,
					     struct memlog_err *err);
		void (*relate)(struct ml_log *const *logs, size_t n,
			       struct memlog_image *image);
	} group;

	/*
	 * stable: did the log stay readable between these two copies of its
	 *	header? Without it: if they are the same.
	 * narrow: before and after were probed from the header before and after
	 *	the text was copied. Remove from before what was overwritten
	 *	meanwhile. *ret_lost: was there any? false: they do not belong
	 *	together.
	 * position: for following a log of text whose raw records are the text,
	 *	one after the other. Without it records that have numbers can be
	 *	followed.
	 */
	struct {
		bool (*stable)(const uint8_t *before, const uint8_t *after,
			       size_t len);
		bool (*narrow)(struct ml_log *before,
			       const struct ml_log *after, bool *ret_lost);
		void (*position)(struct ml_source *source,
				 struct ml_position *ret);
	} live;

	/*
	 * event: of a hypervisor's trace: what does a record of it mean?
	 *	Records come in the order of their CPU. false: nothing.
	 * reason: the name of a reason of its events, static; NULL: it has
	 *	none. Goes with event.
	 * clock: the format whose text tells the rate of the time stamps, which
	 *	is then looked for as well. rate: of that format, the rate that
	 *	a record's text tells, in Hz; 0: none.
	 * rules: can these rules, by which a user wants text made of records,
	 *	be understood? INVALID says what is wrong. They come with struct
	 *	memlog_decode_opts.
	 */
	struct {
		bool (*event)(const struct memlog_record *rec,
			      struct ml_event *ret);
		const char *(*reason)(uint32_t reason);
		const struct ml_format *clock;
		uint64_t (*rate)(const uint8_t *text, size_t len);
		enum memlog_status (*rules)(const struct memlog_allocator *alloc,
					    const char *text, size_t len,
					    struct memlog_err *err);
	} say;
};

/* Room for a list of the names of all formats. */
#define ML_FORMAT_NAMES 256

/* All formats; ends with NULL. format/table.c */
extern const struct ml_format *const ml_formats[];

/* The format of that name, or NULL. */
const struct ml_format *ml_format_find(const char *name);

/* Where a format is in that table. */
unsigned int ml_format_index(const struct ml_format *fmt);

/* The same as a bit, for sets of formats: there are at most 64. */
uint64_t ml_format_bit(const struct ml_format *fmt);

#endif
