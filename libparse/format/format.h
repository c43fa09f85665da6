/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * format.h - the interface that every log format implements.
 *
 * A format is one file, format/foo.c, with one struct ml_format, and one line in
 * format/table.c. It does not know where its bytes come from: probe() gets a copy of the
 * header, and decoders read (extent, offset) through a struct ml_source.
 */
#ifndef ML_FORMAT_FORMAT_H
#define ML_FORMAT_FORMAT_H

#include "base/alloc.h"
#include "base/limits.h"
#include "event.h"
#include "fault.h"
#include "formats.h"
#include "image/image.h"
#include "look.h"
#include "memlog.h"
#include "moment.h"
#include "names.h"
#include "reader.h"

/* Bytes in the log for what probe() learned and the decoder needs. */
#define ML_LOG_PRIV 384

/*
 * A log as formats see it; pub is what callers see. extents is owned by the
 * list, and pub.extents follows it.
 */
struct ml_log {
	struct memlog_log pub; /* first, for memlog_log_of() */
	const struct ml_format *fmt;
	struct memlog_extent *extents; /* pub.extents points here */
	size_t cap_extents;
	uint32_t boot_step; /* of a log with several boots, set by relate():
				boots from one in it to the one before */
	uint32_t turn;	    /* among those of its boot, set by relate(): lower
				ones were written first */
	uint64_t absent;    /* bytes of its text that are not in the image, or
			       in pages that are not its own */
	uint64_t other;	    /* those of absent in pages that are not its own */
	uint64_t other_at;  /* with other, the address of the first of them in
			       the order of the text */
	bool unjudged;	    /* there were too many of its pages to look at */
	bool stopped;	    /* with unjudged: the user stopped it instead */
	uint64_t text;	    /* with absent, of formats without text(): how many
			       there would be */
	/* Addresses of its extents, in the space of the first, whose memory is not
	 * its own; sorted. They count as missing. */
	struct memlog_range *foreign;
	size_t n_foreign, cap_foreign;
	/* its extents are pieces of one, which offsets in extent 0 count through;
	 * between: bytes of other memory between them */
	bool joined;
	uint64_t between;
	/* the headers that led to it, in the space of its first extent, each to
	 * the next */
	struct memlog_range leads[ML_MAX_POINTERS];
	size_t n_leads;
	_Alignas(8) uint8_t priv[ML_LOG_PRIV];
};

/* What a format has learned about a place before probing it; private to it. */
#define ML_HINTS 6

/* The bytes that a candidate starts with. len is at least the format's
 * probe_min and at most its probe_len; less than probe_len when the image has
 * no more. at: the user named this address, so doubts may be waived. hint: from
 * the exact place (struct ml_likely) or the header (struct ml_found) that led
 * here, NULL if a search did.
 * domain: the page is a Xen domain's, found in its p2m tree, not the
 * hypervisor's. */
struct ml_probe {
	const uint8_t *bytes;
	size_t len;
	enum memlog_space space;
	uint64_t addr;
	bool at;
	bool domain;
	const uint64_t *hint;
};

/*
 * What probe() found; zeroed but for space, addr and cpu (-1) of the extent, those
 * of the probe. Either the log starts here: extent is its first, and probe() fills
 * in len. Or points: these bytes are a header only, extent.len of them, and the
 * log starts at extent.addr of the same space, which may be anywhere. It is probed
 * there, with hint, and may point on, ML_MAX_POINTERS times in all; that ends
 * circles. A pipe keeps the header and the log wherever they are, if neither has
 * passed; an extract has both.
 */
struct ml_found {
	struct memlog_extent extent;
	bool points;
	uint64_t hint[ML_HINTS];
};

/* For next(): the text of a record without the n bytes that the log itself puts
 * before it. Every record of a format that does so gets this, whatever n. */
static inline void ml_record_message(struct memlog_record *rec, size_t n)
{
	rec->message = rec->text + n;
	rec->message_len = rec->text_len - n;
}

/* For next(): one more field of a record; a record that is full keeps what it has. text
 * is not copied. */
void ml_record_field(struct memlog_record *rec, const char *name,
		     enum memlog_field_type type, uint64_t value);
void ml_record_field_text(struct memlog_record *rec, const char *name,
			  const char *text, size_t len);

/* For probe(): this header of len bytes points to addr; hint is the first of
 * them. */
static inline void ml_found_at(struct ml_found *ret, uint64_t len,
			       uint64_t addr, uint64_t hint)
{
	ret->points = true;
	ret->extent.addr = addr;
	ret->extent.len = len;
	ret->hint[0] = hint;
}

enum {
	ML_KERNEL_LOCATE = 1,
	ML_KERNEL_EXPAND = 2,
	ML_KERNEL_PHYS = 4,
	ML_KERNEL_NAMED = 8,
};

/* All logs of a scan, in the order in which they were found until relate() has
 * run. */
struct memlog_logs {
	struct memlog_allocator alloc;
	struct ml_log **logs;
	size_t count, cap;
	uint64_t max;
	uint64_t around; /* bytes searched by expand() of the format that runs, at
				   most ML_MAX_AROUND */
	uint64_t writers; /* the same, for what the writers of traces know */
	uint64_t named; /* the same, for names of reasons: without more they are
			       numbers */
	uint64_t sought; /* the same, for what points to pages that look like a
			       hypervisor's trace; strays: such pages after that */
	uint64_t strays;
	bool around_low;    /* low memory was searched, once */
	uint64_t pages;	    /* of ring buffers looked at by expand(), at most
				   ML_FTRACE_LOOKED_AT */
	uint64_t places;    /* looked at by expand(), at most ML_HYP_PLACES */
	uint64_t counted;   /* bytes of events, at most ML_HYP_COUNTED */
	bool dmesg_refused; /* the log of this kernel, by expand() */
	uint64_t guessed;   /* bytes of rings of Xen, at most ML_XEN_GUESSED */
	uint64_t tries;	    /* of what may be there, at most ML_HYP_TRIES */
	uint64_t settled;   /* bytes looked at by settle(), at most
				   ML_SETTLED */
	size_t n_extents;   /* of all logs */
	bool some; /* not all of the image was searched: there may be more */
	const struct memlog_image *image;     /* being scanned, else NULL */
	const struct memlog_symbols *symbols; /* the same; in our size */
	uint64_t repeated; /* bytes of extents that are bytes of the file at
			      lower addresses, too */
	/* pages that belong to a log, by ml_claim(): a table with a power of two of
	 * places, 0: free */
	uint64_t *claims;
	size_t n_claims, cap_claims;
};

/* A new log of a format in the list, zeroed but for fmt and names. LIMIT when
 * the list is full. Borrowed from the list. */
enum memlog_status ml_logs_add(struct memlog_logs *logs,
			       const struct ml_format *fmt, struct ml_log **ret,
			       struct memlog_err *err);

/* Remove the last log from the list: expand() gave its extent to another. */
void ml_logs_drop_last(struct memlog_logs *logs);

/* May expand() of this format search n bytes more around its logs? No more than
 * ML_MAX_AROUND: headers can be planted, but those of one format do not keep the logs of
 * others from being found. False: the image is curtailed. around.c */
bool ml_logs_look_around(struct memlog_logs *logs, struct memlog_image *image,
			 const char *format, uint64_t n);

/* Not all that may be a log of this format, or belong to one, was looked at: "no log" is not
 * said of all of the image. The name is borrowed, and static. around.c */
void ml_curtail(struct memlog_image *image, const char *format);

/* At the end of a search: a warning for each format that was curtailed. */
void ml_curtail_warn(struct memlog_image *image);

/* Remove all logs from the list. */
void ml_logs_clear(struct memlog_logs *logs);

/* Add an extent; len 0 is refused with INVALID. ML_MAX_EXTENTS is the limit.
 * NOT_MINE: logs of this image have shown the same bytes of its file too often. */
enum memlog_status ml_log_add_extent(struct memlog_logs *logs,
				     struct ml_log *log,
				     const struct memlog_extent *extent,
				     struct memlog_err *err);

/* Call settle() of a log that was just added, for scan and expand(). */
void ml_log_settle(struct memlog_logs *logs, struct ml_log *log,
		   struct memlog_image *image);

/*
 * Where the text of a log ends: all bytes ever written, modulo modulus if that
 * is all that is known. boot changes with every boot if the log counts boots.
 * by_text: end only tells that there is something new; what is new comes after the
 * text that was seen before.
 */
struct ml_position {
	uint64_t end;
	uint64_t modulus; /* 0: end counts all bytes */
	uint64_t boot;
	bool by_text;
};

/* The magic of a format in memory. offset: of the magic in the log; align: of
 * the log's start. A log starts at (hit - offset). */
struct ml_magic {
	const char *bytes;
	uint8_t len;
	uint32_t offset;
	uint32_t align;
	uint32_t fine; /* align in an exhaustive search; 0: every 8 bytes */
};

/* A place where a format's logs are likely. Lists of them have the best
 * first. */
struct ml_likely {
	enum memlog_space space;
	struct memlog_range range;
	bool downwards; /* search from the end of the range */
	bool exact;	/* a log starts at range.start: do not search,
				   probe there, with these hints */
	uint64_t hint[ML_HINTS];
};

/*
 * A page of a log's extent, or what the extent has of it, for own(). part: where
 * the extent has text, by text(); text: how many bytes of it are in this page. look
 * and priv are own()'s, zeroed before the first page of an extent. end: own() may
 * set it if the page is not the log's: from this offset on nothing is.
 */
#define ML_PAGE_PRIV 128
struct ml_page {
	struct memlog_image *image;
	const struct ml_log *log;
	size_t extent;
	struct memlog_range part[2];
	size_t n_parts;
	uint64_t off; /* in the extent */
	const uint8_t *bytes;
	size_t len;
	uint64_t text, end;
	struct ml_look look;
	_Alignas(8) uint8_t priv[ML_PAGE_PRIV];
};

/* For own(): look at the page's text, and judge it as text alone. */
bool ml_page_is_text(struct ml_page *page);

struct ml_decoder_opts {
	const struct memlog_decode_opts *user; /* never NULL */
	struct memlog_allocator alloc;
};

/* Options of struct memlog_decode_opts that a format knows. */
enum {
	ML_TAKES_UNCOMMITTED = 1,
	ML_TAKES_CONSUMED = 2,
	ML_TAKES_MERGE = 4,
	ML_TAKES_RATE = 8, /* tsc_hz */
};

/*
 * A format. Each one fills in name, title, magics (or find.screen if it has
 * none), probe, and open with next; only formats that are listed but have no
 * text leave out the last two. The rest is optional, in groups: find, where to
 * search for logs; group, what belongs to a log; live, how to read it while it
 * is written; say, what its records mean.
 */
struct ml_format {
	const char *name;  /* "ovmf": -F, --list, JSON */
	const char *title; /* "OVMF memory debug log" */

	/* magics: ended by a len of 0. Those with align >= 4096 at offset 0
	 * cost nothing in a page scan, nor at one other offset within the first
	 * MEMLOG_PEEK bytes, the same in all formats; any other forces the
	 * scan to read every byte. */
	const struct ml_magic *magics;

	/*
	 * probe: pure. Fills log->pub (capacity, used, flags, variant, version,
	 *	state with reason if a single log is enough to decide) and
	 *	priv, and ret->extent; or sets ret->points, and then log is
	 *	ignored. OK, NOT_MINE (with a reason, which --list -v can show;
	 *	ret is ignored) or CORRUPT: mine, worth listing, text may be
	 *	there; not with points. It gets at least probe_min bytes, and
	 *	probe_len if the image has them.
	 */
	enum memlog_status (*probe)(const struct ml_probe *probe,
				    struct ml_log *log, struct ml_found *ret,
				    struct memlog_err *err);
	size_t probe_min, probe_len;

	/* Decoding is pull-based. state has state_size zeroed bytes. next
	 * returns a record that stays valid until the next call; NO_DATA at the
	 * end; bytes that are not in the image are skipped and counted in
	 * source->missing and in the record's flags. close: optional. */
	enum memlog_status (*open)(void *state, struct ml_source *source,
				   const struct ml_decoder_opts *opts,
				   struct memlog_err *err);
	enum memlog_status (*next)(void *state, struct ml_source *source,
				   struct memlog_record *ret,
				   struct memlog_err *err);
	void (*close)(void *state, struct ml_source *source);
	size_t state_size;

	/*
	 * needs_random: it needs random access, so a pipe must be spooled.
	 * reach: bytes on either side of a log's start that may belong to it or
	 *	to its siblings beyond what probe() reports: a pipe keeps them.
	 *	Also how far before its header a log may start that the header
	 *	points to. At most ML_STREAM_BACK.
	 * screen: for formats without a magic: may the page at addr start a
	 *	log? Judges only by the page's len bytes, as few as MEMLOG_PEEK.
	 *	Called for every page of every image, so check addr and one cache
	 *	line first. eager: there is reason to look closely, doubt less.
	 * screen_align: it rejects every addr that is not a multiple of this power
	 *	of two; 0: unknown. screen_text: unless eager is set, every page
	 *	for whose first word ml_is_ascii() is false. screen_eager: all
	 *	pages then.
	 * glance: there is a magic at p: false if probe() would definitely reject
	 *	it. Guards against magics planted by the million: quick, by the
	 *	len bytes at p, as few as MEMLOG_PEEK.
	 * expected: does the image say that it has such logs? Then, and if the
	 *	user names the format, or all is searched, screen is eager.
	 * perhaps: expected, but it need not be there, and may be on any page: a
	 *	slow image with another log is not read for it.
	 * kernel: where it uses what VMCOREINFO says: that is searched for in
	 *	memory before, if no note of the image has it. ML_KERNEL_PHYS: it
	 *	needs physical addresses, also in memory of a process.
	 *	ML_KERNEL_NAMED: before by_kernel, if the user names the format.
	 * likely: fills in up to max places for this image. locate: those that
	 *	symbols point to. pointed: those that other memory leads to.
	 * by_kernel: exact places that the kernel's own structs lead to, with
	 *	symbols or, if they are NULL or of another kernel, without. It
	 *	reads megabytes: it is called if the user names the format
	 *	(asked), and where reading is cheap.
	 */
	struct {
		bool needs_random;
		uint64_t reach;
		bool (*screen)(uint64_t addr, const uint8_t *page, size_t len,
			       bool eager);
		uint32_t screen_align;
		bool screen_text;
		bool screen_eager;
		bool (*glance)(const uint8_t *p, size_t len);
		bool (*expected)(const struct memlog_image *image);
		bool perhaps;
		unsigned int kernel; /* ML_KERNEL_* */
		size_t (*likely)(struct memlog_image *image,
				 struct ml_likely *ret, size_t max);
		size_t (*locate)(struct memlog_image *image,
				 const struct memlog_symbols *symbols,
				 struct ml_likely *ret, size_t max);
		size_t (*pointed)(struct memlog_image *image,
				  struct ml_likely *ret, size_t max);
		size_t (*by_kernel)(struct memlog_image *image,
				    const struct memlog_symbols *symbols,
				    bool asked, struct ml_likely *ret,
				    size_t max);
	} find;

	/*
	 * settle: where the text tells what the header does not: used, flags and
	 *	priv, of a log that was just found and of each copy of a live one.
	 *	*budget is how many bytes may still be looked at.
	 * expand: search around a log that was just found and add its siblings
	 *	and pages; its first extent may move. NOT_MINE: on a closer look
	 *	not a log; nothing was added, and it is dropped.
	 * relate: called once with all logs of this format: decide states and
	 *	reasons, alias, group. Cannot fail: a log that it cannot judge
	 *	stays UNKNOWN. some: only a part of the image was looked at, so
	 *	that there may be others.
	 * text: the parts of an extent with text that is to be printed, counted
	 *	from its start; ml_log_note_absent() looks for what is missing
	 *	of them. Returns how many there are. If NULL, expand() or
	 *	relate() set MEMLOG_LOG_INCOMPLETE, absent and text.
	 * own: can this page be the log's? In a dump of a host, what follows a
	 *	guest's page is other memory. A few odd bytes do not decide.
	 *	Called before relate() for each page that the image has, in
	 *	order; true for the page that a header was found in.
	 * shared: roles of extents, below 64, as bits: several logs may have
	 *	the same, none of which is text.
	 */
	struct {
		void (*settle)(struct ml_log *log, struct ml_source *source,
			       uint64_t *budget);
		enum memlog_status (*expand)(struct memlog_logs *logs,
					     struct ml_log *log,
					     struct memlog_image *image,
					     struct memlog_err *err);
		void (*relate)(struct ml_log *const *logs, size_t n,
			       struct memlog_image *image, bool some);
		size_t (*text)(const struct ml_log *log, size_t extent,
			       struct memlog_image *image,
			       struct memlog_range ret[2]);
		bool (*own)(struct ml_page *page);
		uint64_t shared;
	} group;

	/*
	 * header: bytes of the header, which change whenever text is written;
	 *	0: all that probe() gets. stable: did the log stay readable
	 *	between these two copies of it? If NULL: if they are equal.
	 * narrow: before and after were probed from the header before and after
	 *	the text was copied. Remove from before what was overwritten in
	 *	the meantime. *ret_lost: was any? Returns false if the two do
	 *	not belong together.
	 * position: for following a text log whose raw records, joined, are its
	 *	text. If NULL, only records with sequence numbers can be
	 *	followed.
	 */
	struct {
		size_t header;
		bool (*stable)(const uint8_t *before, const uint8_t *after,
			       size_t len);
		bool (*narrow)(struct ml_log *before,
			       const struct ml_log *after, bool *ret_lost);
		void (*position)(struct ml_source *source,
				 struct ml_position *ret);
	} live;

	/*
	 * event: the meaning of a record of a hypervisor's trace. The records
	 *	of each CPU come in order. false: it has none.
	 * moment: what a record says of the boot: phases, marks. fault: what it
	 *	says of a failure. ret is zeroed.
	 * visits: LEAVE and ENTER are the ways of a CPU into the hypervisor and
	 *	out of it, also from the host, and reasons are not those of a
	 *	processor: events have their names.
	 * reason: the name of a reason of its events, static; NULL: it has no
	 *	name. Set together with event, unless visits is.
	 * clock: the format whose text gives the rate of the time stamps; it is
	 *	then searched for as well. rate: in that format, the rate that a
	 *	record's text gives, in Hz; 0: none.
	 * named_by: the format whose text has the names of modules, of which this
	 *	one has the GUIDs; it is then searched for as well. module: in that
	 *	format, look at a line; true: it completes a module.
	 * boots: a log may hold text of several boots. next() then sets boot of
	 *	a record to its distance from the log's boot: -1 for the one
	 *	before; or clears has_boot if that is not known. STALE: of an
	 *	older boot than the log's, known or not.
	 * rules: check the user's rules for formatting records as text.
	 *	INVALID: err says what is wrong. They come from struct
	 *	memlog_decode_opts.
	 * takes: ML_TAKES_ bits. rules and symbols say the same of these options.
	 * symbols: a list of the names that lead to its logs, or to what is in
	 *	them, in a symbol file.
	 * absent: one line for who found no log of this format: what to check.
	 *	Printed if the format was requested by name; if none was, if
	 *	find.expected says so of the image, or where usual is set.
	 * reserved: the guest's own kdump leaves out the memory of the logs.
	 * efi: only UEFI firmware writes them.
	 * on_request: they are searched for and printed only if a list of
	 *	formats has them, or the word "all".
	 */
	struct {
		bool (*event)(const struct memlog_record *rec,
			      struct ml_event *ret);
		void (*moment)(const struct memlog_record *rec,
			       struct ml_moment *ret);
		void (*fault)(const struct memlog_record *rec,
			      struct ml_fault *ret);
		bool visits;
		const char *(*reason)(uint32_t reason);
		const struct ml_format *clock;
		uint64_t (*rate)(const uint8_t *text, size_t len);
		const struct ml_format *named_by;
		bool (*module)(struct ml_module *module, const uint8_t *text,
			       size_t len);
		enum memlog_status (*rules)(const struct memlog_allocator *alloc,
					    const char *text, size_t len,
					    struct memlog_err *err);
		unsigned int takes;
		const char *symbols;
		const char *absent;
		bool usual, reserved, efi, boots, on_request;
	} say;
};

#include "parts.h"

#endif
