/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memlog.h - find and decode the logs that firmware and hypervisors leave in
 * memory.
 *
 * Data flows one way:
 *
 *	image -> scan -> logs -> records -> render -> sink
 *
 * An image is anything that holds the memory of a machine: a dump, a process,
 * or whatever a debugger can read. memlog_scan() finds the logs in it,
 * memlog_decoder_next() pulls records out of one log, a renderer writes them.
 * memlog_query_run() does all of that for one command line.
 *
 * Conventions
 *  - Addresses are uint64_t and always belong to an address space; sizes in
 *    memory are size_t, in bytes. Ranges are half-open: [start, end).
 *  - Functions that can fail return enum memlog_status; out-parameters come
 *    last and are written only on MEMLOG_OK unless the comment says otherwise.
 *  - A struct memlog_err is owned by the caller, may be NULL, never allocates.
 *  - A returned pointer is borrowed from the object it came from, unless the
 *    comment says that the caller owns it.
 *  - Destroying or closing NULL does nothing.
 *  - Public structs begin with their size, so that they can grow. Callers set
 *    it to sizeof; the library never reads or writes beyond it.
 *  - No function keeps global state. One image must not be used by two threads
 *    at once; different images may.
 */
#ifndef MEMLOG_H
#define MEMLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MEMLOG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MEMLOG_API __attribute__((visibility("default")))
#else
#define MEMLOG_PRINTF(f, a)
#define MEMLOG_API
#endif

/* ---- status and errors ------------------------------------------------ */

enum memlog_status {
	MEMLOG_OK = 0,
	MEMLOG_NOT_MINE,	/* the bytes are something else: try the next */
	MEMLOG_NO_DATA,		/* nothing there: a hole, the end, no log */
	MEMLOG_CORRUPT,		/* the right kind of thing, but broken */
	MEMLOG_LIMIT,		/* a named limit was reached */
	MEMLOG_UNSUPPORTED,	/* recognised, and not read by this build */
	MEMLOG_INVALID,		/* the caller asked for something senseless */
	MEMLOG_NO_MEMORY,
	MEMLOG_IO,		/* the operating system said no; see sys */
	MEMLOG_STOP,		/* the caller asked to stop (Ctrl-C) */
};

/*
 * What went wrong, for a person. text is one line without a full stop or a
 * newline, and names file and address where there are any. sys is an errno or
 * 0. addr is valid if has_addr.
 */
struct memlog_err {
	enum memlog_status status;
	int sys;
	bool has_addr;
	uint64_t addr;
	char text[240];
};

/* A short English name of a status ("no data"), never NULL. */
MEMLOG_API const char *memlog_status_name(enum memlog_status status);

/* The library's version, for example "0.1.0". */
MEMLOG_API const char *memlog_version(void);

/* ---- memory ----------------------------------------------------------- */

/*
 * Where the library takes memory from. alloc returns NULL when there is none;
 * release(NULL) does nothing. NULL in place of an allocator means malloc and
 * free. The struct and what self points to must outlive everything made with
 * it.
 */
struct memlog_allocator {
	void *(*alloc)(void *self, size_t size);
	void (*release)(void *self, void *ptr);
	void *self;
};

/* ---- address spaces and readers --------------------------------------- */

enum memlog_space {
	MEMLOG_PHYS,	/* guest physical (pseudo-physical on Xen) */
	MEMLOG_MACH,	/* Xen machine addresses */
	MEMLOG_VIRT,	/* virtual, as a debugger of the guest sees it */
	MEMLOG_HOST,	/* virtual, in the process that runs the guest */
	MEMLOG_FILE,	/* offset in the file, where no header says more */
	MEMLOG_SPACES	/* how many there are */
};

/* "phys", "mach", "virt", "host", "file"; "?" for anything else. */
MEMLOG_API const char *memlog_space_name(enum memlog_space space);

/* [start, end), in bytes. The last byte of a 64-bit space has no range. */
struct memlog_range {
	uint64_t start, end;
};

/* What a reader can say of itself; see struct memlog_reader_ops. */
#define MEMLOG_READER_LIVE	(1u << 0) /* bytes change while we read */
#define MEMLOG_READER_SLOW	(1u << 1) /* remote: read as little as can be */
#define MEMLOG_READER_PEEK	(1u << 2) /* MEMLOG_PEEK bytes at the start of a
					     page cost much less than the page */

/* What a search looks at in each page: one cache line. */
#define MEMLOG_PEEK 64

/*
 * Where bytes come from. The one contract that files, processes, crash and gdb
 * all fulfil.
 *
 * read: copies up to len bytes at addr into buf and stores in *ret how many.
 *	A short read is MEMLOG_OK with *ret < len: a hole or the end follows.
 *	MEMLOG_NO_DATA only when not one byte at addr can be had, then *ret is
 *	0. len 0 is OK with *ret 0. Any other status means that the medium
 *	failed; *ret is what was copied before.
 * next_range: the first range that ends after addr, cut so that it starts at
 *	addr or later. Called with the last answer's end it gives strictly
 *	increasing ranges that never overlap. Holes are skipped.
 *	MEMLOG_NO_DATA when no range is left. Bytes inside a range may still
 *	be missing from a damaged image; read tells.
 * map: optional. Borrows up to len bytes at addr without a copy; *ret is at
 *	least 1 on OK. The pointer stays valid until the next call of map on
 *	this reader, or close. MEMLOG_UNSUPPORTED: use read.
 * peek: optional. For count pages of 4096 bytes from addr on, the first
 *	MEMLOG_PEEK bytes of each, one after the other into buf; zeros where
 *	there are none. For readers where one call for many pages is cheaper
 *	than many small reads, or than reading everything.
 * alias: optional. The same byte in another address space, where that is
 *	certain. MEMLOG_NO_DATA when it is not.
 * close: optional. Frees self.
 * next_data: optional. As next_range, but may leave out what is known to read
 *	as zeros (holes of a sparse file, zero pages of a compressed dump): what
 *	a search has to look at. NULL: the same as next_range.
 *
 * page_size is the unit in which the image stores memory, 0 for "unknown"
 * (4096 is assumed).
 */
struct memlog_reader_ops {
	size_t size;
	unsigned int flags;
	uint32_t page_size;
	enum memlog_status (*read)(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err);
	enum memlog_status (*next_range)(void *self, uint64_t addr,
					 struct memlog_range *ret,
					 struct memlog_err *err);
	enum memlog_status (*map)(void *self, uint64_t addr, size_t len,
				  const uint8_t **ret_ptr, size_t *ret,
				  struct memlog_err *err);
	enum memlog_status (*peek)(void *self, uint64_t addr, size_t count,
				   uint8_t *buf, struct memlog_err *err);
	enum memlog_status (*alias)(void *self, uint64_t addr,
				    enum memlog_space *ret_space,
				    uint64_t *ret_addr);
	void (*close)(void *self);
	enum memlog_status (*next_data)(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err);
};

/* ---- symbols ---------------------------------------------------------- */

/*
 * Names to numbers. Every function may be NULL, and returns MEMLOG_NO_DATA for
 * a name that is not known. Offsets and sizes are in bytes. enum_name returns a
 * borrowed string. value is the unsigned number, of at most 8 bytes, that a
 * variable of the guest's kernel holds in the image, or a member of it: type is
 * the variable's struct, and both are NULL for a plain number. Debuggers can
 * read it; files of symbols alone cannot.
 */
struct memlog_symbols {
	size_t size;
	void *self;
	enum memlog_status (*addr)(void *self, const char *name, uint64_t *ret);
	enum memlog_status (*member_offset)(void *self, const char *type,
					    const char *member, uint64_t *ret);
	enum memlog_status (*type_size)(void *self, const char *type,
					uint64_t *ret);
	enum memlog_status (*enum_name)(void *self, const char *type,
					int64_t value, const char **ret);
	enum memlog_status (*value)(void *self, const char *variable,
				    const char *type, const char *member,
				    uint64_t *ret);
};

/*
 * The symbols of an ELF file: vmlinux, xen-syms. Structs and enums are known
 * where it has debug information. allocator may be NULL. The caller closes
 * *ret, which needs nothing else to live. IO, NOT_MINE (no ELF file), NO_DATA
 * (no symbols in it): the text names the file. Not in libmemlog_core.a.
 */
MEMLOG_API enum memlog_status
memlog_symbols_open(const char *path, const struct memlog_allocator *allocator,
		    struct memlog_symbols **ret, struct memlog_err *err);
MEMLOG_API void memlog_symbols_close(struct memlog_symbols *symbols);

/* ---- sinks ------------------------------------------------------------ */

/*
 * Where output goes. begin starts a piece of output that is called name: a sink
 * of a folder makes a file of it, a sink of one stream ignores it. write takes
 * all of len bytes or fails. end closes the piece. remove takes a piece of this
 * run away again, which had its end. begin, end and remove may be NULL.
 * tty is set when a person's terminal reads the bytes.
 */
struct memlog_sink {
	size_t size;
	void *self;
	bool tty;
	enum memlog_status (*begin)(void *self, const char *name,
				    struct memlog_err *err);
	enum memlog_status (*write)(void *self, const void *buf, size_t len,
				    struct memlog_err *err);
	enum memlog_status (*end)(void *self, struct memlog_err *err);
	enum memlog_status (*remove)(void *self, const char *name,
				     struct memlog_err *err);
};

/* ---- images ----------------------------------------------------------- */

struct memlog_image;

/* How to lay out a raw file; see memlog_open_opts.map. */
enum memlog_map {
	MEMLOG_MAP_NONE,	/* file offset is the address */
	MEMLOG_MAP_Q35,		/* QEMU q35: hole below 4 GiB from 2 GiB on */
	MEMLOG_MAP_PC,		/* QEMU pc (i440fx): hole from 3 GiB on */
	MEMLOG_MAP_MICROVM,	/* QEMU microvm: hole from 3 GiB on */
	MEMLOG_MAP_VIRT,	/* QEMU arm virt: RAM starts at 1 GiB */
};

/*
 * A way to expand compressed pages that the library does not have itself. The
 * core has none; memlog_image_open() adds those that it was built with (zlib,
 * zstd, snappy).
 *
 * name: "zlib", "lzo", "snappy", "zstd".
 * create: its state, for one image at a time; NULL when there is no memory.
 *	Freed with destroy. Both may be NULL: then state is NULL.
 * expand: the first out_len bytes of what in holds, or all of it if that is
 *	less; *ret says how many. That in holds more is no error. CORRUPT when
 *	in is damaged before out is full.
 * literal: optional. Bytes at the start of the expanded data that stand in in
 *	as they are: their number and, in *ret, where. 0 is always right.
 */
struct memlog_codec {
	size_t size;
	const char *name;
	void *(*create)(const struct memlog_allocator *allocator);
	void (*destroy)(void *state);
	enum memlog_status (*expand)(void *state, const uint8_t *in,
				     size_t in_len, uint8_t *out,
				     size_t out_len, size_t *ret);
	size_t (*literal)(const uint8_t *in, size_t in_len,
			  const uint8_t **ret);
};

/*
 * Options of memlog_image_open(). Zero everywhere is a good default.
 *
 * no_mmap: read with pread even where mmap would be faster. Set it when the
 *	file may shrink while it is open, or install a SIGBUS guard.
 * map: where a raw file's bytes lie; raw_base is added to every address.
 * force_raw: do not look at the content, it is plain memory.
 * allocator: NULL for malloc.
 * tmpdir: the folder for unlinked temporary files, of input that can only be
 *	read once; NULL for /var/tmp.
 * codecs: n_codecs more ways to expand pages. They and what they point to have
 *	to outlive the image.
 * via_qemu: of qmp:SOCKET, ask QEMU for the log (query-firmware-log, QEMU 10.2
 *	and later) instead of looking for it in memory. INVALID elsewhere.
 * progress: called now and then with bytes done and bytes in all (0 when not
 *	known); a return other than 0 stops with MEMLOG_STOP.
 */
struct memlog_open_opts {
	size_t size;
	bool no_mmap;
	bool force_raw;
	enum memlog_map map;
	uint64_t raw_base;
	const struct memlog_allocator *allocator;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
	const char *tmpdir;
	const struct memlog_codec *const *codecs;
	size_t n_codecs;
	bool via_qemu;
};

/*
 * Open an image by name: a file, the files of a split dump (A,B,C), "-" for
 * standard input, or one of the live sources that the manual page lists. opts
 * may be NULL. The caller closes *ret.
 * Errors name the file: IO, NOT_MINE (no format recognised it), CORRUPT,
 * UNSUPPORTED (the text gives the command that makes a readable dump).
 */
MEMLOG_API enum memlog_status
memlog_image_open(const char *name, const struct memlog_open_opts *opts,
		  struct memlog_image **ret, struct memlog_err *err);

/*
 * Open a dump file without anything that needs a library other than libc: ELF,
 * kdump-compressed and flattened files, raw memory and the like, but no pipes,
 * no compressed files, no live sources. For plugins that reopen their host's
 * dump. Arguments and errors as for memlog_image_open().
 */
MEMLOG_API enum memlog_status
memlog_image_open_file(const char *path, const struct memlog_open_opts *opts,
		       struct memlog_image **ret, struct memlog_err *err);

/*
 * Open the guest memory in a running process, as memlog_image_open() does for
 * "pid:N", with libc alone: for plugins of a debugger that is attached to it.
 * Nothing is stopped and no page is brought into memory. Addresses are
 * MEMLOG_HOST. Arguments and errors as for memlog_image_open(); INVALID: no
 * process has such a number.
 */
MEMLOG_API enum memlog_status
memlog_image_open_process(long pid, const struct memlog_open_opts *opts,
			  struct memlog_image **ret, struct memlog_err *err);

/*
 * Open an image that comes through a pipe. The input is gone through once: the
 * formats in the list (NULL: all) are looked for as it goes by, and the image
 * has its headers and the bytes of the logs that were found; memory stays
 * bounded. Input that has to be read back and forth (kdump-compressed,
 * flattened, compressed, headers at the end), or any if whole is set (for
 * memlog_scan_at() or an exhaustive search), is copied to an unlinked temporary
 * file: then *ret is NULL, and *ret_spool is its descriptor, the caller's, to
 * be opened as a file ("/proc/self/fd/N"). *ret_spool is -1 otherwise. fd stays
 * the caller's and is read to its end; name is for messages and must outlive
 * the image.
 */
MEMLOG_API enum memlog_status
memlog_stream_open(int fd, const char *name,
		   const struct memlog_open_opts *opts, const char *formats,
		   bool whole, struct memlog_image **ret, int *ret_spool,
		   struct memlog_err *err);

/*
 * Wrap a reader of the caller's own: all there is to running inside crash, gdb
 * or a test. ops and self must outlive the image; ops->close is called by
 * memlog_image_close(), and not when this function fails. name is copied.
 */
MEMLOG_API enum memlog_status
memlog_image_wrap(const struct memlog_reader_ops *ops, void *self,
		  enum memlog_space space, const char *name,
		  const struct memlog_allocator *allocator,
		  struct memlog_image **ret, struct memlog_err *err);

/*
 * Say of a wrapped reader what the headers of a dump say: image takes over the
 * notes and the machine of by. For a caller who reads the pages of a dump that
 * the library can open, but not expand. The notes of a Xen machine lead from
 * the machine addresses of the reader to the memory of dom0, which image then
 * has as MEMLOG_PHYS. To be called once, before anything is searched; by
 * outlives image.
 */
MEMLOG_API void memlog_image_describe(struct memlog_image *image,
				      const struct memlog_image *by);

MEMLOG_API void memlog_image_close(struct memlog_image *image);

/* Read and next_range of one space of the image, as struct memlog_reader_ops
 * says. MEMLOG_NO_DATA when the image does not have that space. */
MEMLOG_API enum memlog_status
memlog_image_read(struct memlog_image *image, enum memlog_space space,
		  uint64_t addr, void *buf, size_t len, size_t *ret,
		  struct memlog_err *err);
MEMLOG_API enum memlog_status
memlog_image_next_range(struct memlog_image *image, enum memlog_space space,
			uint64_t addr, struct memlog_range *ret,
			struct memlog_err *err);

/* The same without what is known to read as zeros, for a search. */
MEMLOG_API enum memlog_status
memlog_image_next_data(struct memlog_image *image, enum memlog_space space,
		       uint64_t addr, struct memlog_range *ret,
		       struct memlog_err *err);

/* Does the image have this address space? */
MEMLOG_API bool memlog_image_has_space(const struct memlog_image *image,
				       enum memlog_space space);

/* A note or fact that the image carries; see memlog_image_note(). All pointers
 * are borrowed from the image. name and value are printable after escaping. */
struct memlog_note {
	size_t size;
	const char *owner;	/* "CORE", "QEMU", "VMCOREINFO", "Xen", ... */
	uint32_t type;		/* the ELF note type, 0 where there is none */
	const char *title;	/* what it is, in words */
	const char *text;	/* what it says; may hold newlines */
	const void *desc;	/* the raw bytes, NULL where there are none */
	size_t desc_len;
};

/* What an image is. format is the table name ("elf", "raw", ...), title the
 * words for it. present is the number of bytes that can be read in the primary
 * space, missing the bytes that headers promise and the file does not have. */
struct memlog_image_info {
	size_t size;
	const char *name;
	const char *format;
	const char *title;
	const char *machine;	/* "x86_64", "i386", "aarch64", ... or "" */
	enum memlog_space space; /* the primary space */
	unsigned int flags;	/* MEMLOG_READER_* */
	uint32_t page_size;
	uint64_t file_size;	/* 0 when not a file */
	uint64_t present, missing;
	size_t n_ranges, n_notes, n_warnings;
};

MEMLOG_API enum memlog_status
memlog_image_info(struct memlog_image *image, struct memlog_image_info *ret,
		  struct memlog_err *err);

/* The index-th note, warning; NO_DATA beyond the last. A warning is one line:
 * something about the image that the user should know. */
MEMLOG_API enum memlog_status
memlog_image_note(const struct memlog_image *image, size_t index,
		  struct memlog_note *ret);
MEMLOG_API const char *memlog_image_warning(const struct memlog_image *image,
					    size_t index);

/* ---- logs ------------------------------------------------------------- */

enum memlog_verdict {
	MEMLOG_VERDICT_UNKNOWN,
	MEMLOG_VERDICT_CURRENT,	/* of the running boot */
	MEMLOG_VERDICT_STALE,	/* of a boot before */
	MEMLOG_VERDICT_COPY,	/* the same text stands in another log */
};

/* One run of bytes of a log. cpu is -1 where there is none. alias is the same
 * byte in another space, where that is certain. */
struct memlog_extent {
	enum memlog_space space;
	uint64_t addr;
	uint64_t len;
	int32_t cpu;
	uint32_t role;		/* the format's own */
	bool has_alias;
	enum memlog_space alias_space;
	uint64_t alias_addr;
};

#define MEMLOG_LOG_WRAPPED	(1u << 0) /* the oldest text was overwritten */
#define MEMLOG_LOG_LOST_HEAD	(1u << 1) /* its beginning was lost before it
					     came here */
#define MEMLOG_LOG_LOCKED	(1u << 2) /* caught with the lock held */
#define MEMLOG_LOG_RACED	(1u << 3) /* changed while it was read */
#define MEMLOG_LOG_GUESSED	(1u << 4) /* found by shape, not by a magic */
#define MEMLOG_LOG_DAMAGED	(1u << 5) /* header is inconsistent */
#define MEMLOG_LOG_EMPTY	(1u << 6) /* valid, nothing written yet */
#define MEMLOG_LOG_NOT_A_LOG	(1u << 7) /* listed for what it is; no text */
#define MEMLOG_LOG_INCOMPLETE	(1u << 8) /* parts are not in the image */
#define MEMLOG_LOG_TELLS_ALL	(1u << 9) /* a record's text says time, CPU and
					     the like itself, line by line */

/*
 * A log that was found. Everything is borrowed from the struct memlog_logs it
 * came from. id is its place in that list, from 0. Logs of one group belong
 * together (the rings of all CPUs of one hypervisor have one log with many
 * extents; current and last boot are two logs of one group).
 */
struct memlog_log {
	size_t size;
	uint32_t id;
	uint32_t group;
	const char *format;	/* the table name: "ovmf" */
	const char *title;	/* "OVMF memory debug log" */
	char variant[32];	/* "early", "main", ... */
	char version[128];	/* what the writer calls itself; guest bytes,
				   NUL-terminated: escape before printing */
	const struct memlog_extent *extents;
	size_t n_extents;
	uint64_t capacity;	/* bytes of text that fit */
	uint64_t used;		/* bytes of text that are there */
	uint32_t flags;		/* MEMLOG_LOG_* */
	enum memlog_verdict verdict;
	char reason[160];	/* why that verdict; what is wrong with it */
};

struct memlog_logs;

MEMLOG_API size_t memlog_logs_count(const struct memlog_logs *logs);
/* The index-th log, NULL beyond the last. */
MEMLOG_API const struct memlog_log *
memlog_logs_get(const struct memlog_logs *logs, size_t index);
MEMLOG_API void memlog_logs_destroy(struct memlog_logs *logs);

/* ---- scanning --------------------------------------------------------- */

enum memlog_scan_mode {
	MEMLOG_SCAN_PAGES,	/* likely places, then every page */
	MEMLOG_SCAN_LIKELY,	/* only where firmware puts its logs */
	MEMLOG_SCAN_EXHAUSTIVE,	/* every offset a format's magic may have */
	MEMLOG_SCAN_AUTO,	/* PAGES; on a slow image LIKELY first, and the
				   rest only when no current log was found */
};

/* A limit, for --limit NAME=VALUE; see memlog_limits_set(). */
struct memlog_limits;

struct memlog_scan_opts {
	size_t size;
	enum memlog_scan_mode mode;
	const char *formats;	/* comma-separated names, NULL for all */
	const struct memlog_range *ranges; /* only there; NULL for everywhere */
	size_t n_ranges;
	enum memlog_space ranges_space;
	bool ranges_in_space;	/* ranges_space is set; else the primary */
	unsigned int threads;	/* 0: as many as help. Same result for all */
	uint64_t max_logs;	/* 0: the built-in limit */
	const struct memlog_symbols *symbols;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
};

/* How far a search went; of the last pass when it had two (likely places, then
 * pages). All in bytes, except the counts. */
struct memlog_scan_stats {
	size_t size;
	uint64_t covered;	/* bytes of memory that were searched */
	uint64_t touched;	/* bytes that were looked at to do so */
	uint64_t unreadable;	/* bytes that a range promised and read denied */
	uint64_t candidates;	/* magics that were seen */
	uint64_t rejected;	/* of those, not a log after all */
	bool complete;		/* all that the mode asks for was searched */
	bool likely_only;	/* the search ended at the likely places */
	char rejected_first[160]; /* why the first was rejected, if any was */
};

/*
 * Find the logs. The caller destroys *ret. Finding none is OK with a count of
 * 0. On STOP, IO and LIMIT *ret holds what had been found until then and must
 * be destroyed as well; on all other errors it is NULL. stats may be NULL.
 */
MEMLOG_API enum memlog_status
memlog_scan(struct memlog_image *image, const struct memlog_scan_opts *opts,
	    struct memlog_logs **ret, struct memlog_scan_stats *stats,
	    struct memlog_err *err);

/* Probe one address for every format (or those in opts->formats), without any
 * search. MEMLOG_NOT_MINE when no log starts there; the text says what was
 * seen. The caller destroys *ret. */
MEMLOG_API enum memlog_status
memlog_scan_at(struct memlog_image *image, enum memlog_space space,
	       uint64_t addr, const struct memlog_scan_opts *opts,
	       struct memlog_logs **ret, struct memlog_err *err);

/* The index-th log format's name and title; false beyond the last. */
MEMLOG_API bool memlog_format_get(size_t index, const char **ret_name,
				  const char **ret_title);

/* ---- records ---------------------------------------------------------- */

#define MEMLOG_REC_TRUNCATED_HEAD	(1u << 0) /* its beginning is lost */
#define MEMLOG_REC_PARTIAL_TAIL		(1u << 1) /* its end is not there yet */
#define MEMLOG_REC_LOST_BEFORE		(1u << 2) /* records are missing before */
#define MEMLOG_REC_GUESSED		(1u << 3)
#define MEMLOG_REC_RACED		(1u << 4)
#define MEMLOG_REC_STALE		(1u << 5) /* of an older boot */
#define MEMLOG_REC_CONTINUES		(1u << 6) /* next record: same line */
#define MEMLOG_REC_UNCOMMITTED		(1u << 7) /* copied, not yet counted */
#define MEMLOG_REC_CONSUMED		(1u << 8) /* already read by its reader */
#define MEMLOG_REC_VERBATIM		(1u << 9) /* the text says the time and the
						     component itself */

enum memlog_field_type {
	MEMLOG_FIELD_UINT,
	MEMLOG_FIELD_INT,
	MEMLOG_FIELD_HEX,
	MEMLOG_FIELD_TEXT,
};

/* A typed field of a record. text is guest bytes, text_len of them. */
struct memlog_field {
	const char *name;
	enum memlog_field_type type;
	union {
		uint64_t u;
		int64_t i;
	};
	const char *text;
	size_t text_len;
};

#define MEMLOG_RECORD_FIELDS 8

/*
 * One record. Borrowed until the next call on the same decoder. text is what a
 * person reads: guest bytes as they are, line end included where the log has
 * one. raw is what -O raw writes: the record's bytes in the log (the same as
 * text for logs of text). lost counts records or bytes (the format's unit)
 * missing directly before this one; MEMLOG_REC_LOST_BEFORE with lost 0 means
 * that the number is not known.
 */
struct memlog_record {
	size_t size;
	const struct memlog_log *log;
	uint64_t seq;
	uint64_t time;		/* in ticks of time_hz */
	uint64_t time_hz;	/* ticks a second; 0: cycles of unknown rate */
	bool has_seq, has_time, has_level;
	uint32_t level;		/* 0 emerg .. 7 debug, as syslog */
	int32_t cpu;		/* -1: none */
	const char *component;	/* guest bytes, NUL-terminated, or NULL */
	const char *phase;	/* or NULL */
	const uint8_t *text;
	size_t text_len;
	const uint8_t *raw;
	size_t raw_len;
	struct memlog_field fields[MEMLOG_RECORD_FIELDS];
	unsigned int n_fields;
	uint64_t lost;
	uint32_t flags;		/* MEMLOG_REC_* */
};

struct memlog_decoder;

struct memlog_decode_opts {
	size_t size;
	bool uncommitted;	/* text copied but not yet counted, too */
	bool consumed;		/* what the log's own reader already took, too */
	uint64_t tsc_hz;	/* 0: not known */
	const char *acrn_rules;	/* the text of a file of rules for ACRN's trace,
				   as its scripts read them; NULL: our own */
	size_t acrn_rules_len;
};

/*
 * Open a decoder on one log of an image. Records come by pull, oldest first;
 * memory does not grow with the log. next returns MEMLOG_NO_DATA after the last
 * record; MEMLOG_CORRUPT and MEMLOG_IO end the log too, with err saying what
 * is missing, and everything returned before stays true.
 */
MEMLOG_API enum memlog_status
memlog_decoder_open(struct memlog_image *image, const struct memlog_log *log,
		    const struct memlog_decode_opts *opts,
		    struct memlog_decoder **ret, struct memlog_err *err);
MEMLOG_API enum memlog_status
memlog_decoder_next(struct memlog_decoder *decoder,
		    const struct memlog_record **ret, struct memlog_err *err);
/* The log as it is being decoded. In a live image that is newer than the list
 * it was found in: a copy was taken when the decoder was opened, its header was
 * read again, and MEMLOG_LOG_RACED says that it never stood still. Borrowed
 * from the decoder. */
MEMLOG_API const struct memlog_log *
memlog_decoder_log(const struct memlog_decoder *decoder);
/* Bytes of the log that are not in the image, as far as next has come. */
MEMLOG_API uint64_t memlog_decoder_missing(const struct memlog_decoder *d);
MEMLOG_API void memlog_decoder_close(struct memlog_decoder *decoder);

/* ---- following a live log --------------------------------------------- */

struct memlog_follow;

/* What a look at the log found out, besides new records. */
struct memlog_follow_news {
	size_t size;
	bool started;	/* another log than before, from its beginning */
	bool reset;	/* because the guest was reset */
	bool overrun;	/* text was overwritten before it was seen */
	uint64_t lost;	/* bytes or records of it; 0: not known */
};

/*
 * Follow the current log of a live image through resets of the guest. opts says
 * where and for which formats to look; both may be NULL. INVALID: the image is
 * not live. The caller closes *ret; image must outlive it.
 */
MEMLOG_API enum memlog_status
memlog_follow_open(struct memlog_image *image,
		   const struct memlog_scan_opts *opts,
		   const struct memlog_decode_opts *decode,
		   struct memlog_follow **ret, struct memlog_err *err);

/*
 * Look at the log. OK: there is something new, take the records with next.
 * NO_DATA: there is nothing new; ask again later. UNSUPPORTED: logs of this
 * format cannot be followed. IO: the guest has ended; what was held back of an
 * unfinished line comes with next.
 */
MEMLOG_API enum memlog_status
memlog_follow_look(struct memlog_follow *follow,
		   struct memlog_follow_news *ret, struct memlog_err *err);

/* The next new record, as memlog_decoder_next(): NO_DATA until the next look. A
 * line without an end is held back for a second. */
MEMLOG_API enum memlog_status
memlog_follow_next(struct memlog_follow *follow,
		   const struct memlog_record **ret, struct memlog_err *err);

/* The log that is followed, NULL before the first was found. Borrowed until
 * the next look. */
MEMLOG_API const struct memlog_log *
memlog_follow_log(const struct memlog_follow *follow);
MEMLOG_API void memlog_follow_close(struct memlog_follow *follow);

/* ---- rendering -------------------------------------------------------- */

/* The index-th output format's name and title; false beyond the last. */
MEMLOG_API bool memlog_render_get(size_t index, const char **ret_name,
				  const char **ret_title);

/* Copy a string of anybody's making, made safe for a terminal and one line as
 * --list does with guest text. Cut to fit size bytes, terminated; size is at
 * least 1. Returns ret. */
MEMLOG_API const char *memlog_escape(const char *s, char *ret, size_t size);

/* ---- one command line, whole ------------------------------------------ */

/*
 * A query is what one `memlog` command asks for: the options that memlog-dump,
 * crash and gdb share. memlog_query_parse() takes them from argv; front ends
 * parse their own options first and hand the rest over.
 */
struct memlog_query;

/* Who is asking: which options exist and how help speaks of them. */
enum memlog_host { MEMLOG_HOST_COMMAND, MEMLOG_HOST_CRASH, MEMLOG_HOST_GDB };

MEMLOG_API enum memlog_status
memlog_query_create(const struct memlog_allocator *allocator,
		    enum memlog_host host, struct memlog_query **ret,
		    struct memlog_err *err);
MEMLOG_API void memlog_query_destroy(struct memlog_query *query);

/*
 * Take one option. name is the long name without dashes ("format") or a single
 * letter ("F"); value is NULL for options without one. MEMLOG_NOT_MINE: no
 * such option in a query; MEMLOG_INVALID: the text says what would be right.
 */
MEMLOG_API enum memlog_status
memlog_query_option(struct memlog_query *query, const char *name,
		    const char *value, struct memlog_err *err);

/* Is the answer a set of files? Then the sink must have begin and end, and keep
 * the pieces apart by name. */
MEMLOG_API bool memlog_query_wants_folder(const struct memlog_query *query);

/* The options that memlog_query_option() takes: the index-th one's long name,
 * letter (0: none), value's name (NULL: takes none) and one line of help.
 * false beyond the last. */
struct memlog_query_option_info {
	size_t size;
	const char *name;
	char letter;
	const char *value;
	const char *help;
};
MEMLOG_API bool memlog_query_option_get(enum memlog_host host, size_t index,
					struct memlog_query_option_info *ret);

/* Parse argv[1..argc) with the options above, getopt_long style, bundled
 * letters included. *ret_first is the index of the first operand after argv
 * was permuted. */
MEMLOG_API enum memlog_status
memlog_query_parse(struct memlog_query *query, int argc, char **argv,
		   int *ret_first, struct memlog_err *err);

/* How a query talks to its front end. message is called with one line for
 * stderr (no newline). level: 0 error, 1 warning, 2 note, 3 detail (-v).
 * progress as in struct memlog_scan_opts. Both may be NULL. */
struct memlog_query_host {
	size_t size;
	const struct memlog_sink *sink;
	void (*message)(void *arg, int level, const char *line);
	void *message_arg;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
	const struct memlog_symbols *symbols;
	bool many;		/* more than one image is being asked */
};

/* What came of it; the exit codes of memlog-dump follow from these. */
struct memlog_query_result {
	size_t size;
	uint64_t logs_found, logs_printed, records;
	bool damaged;		/* something printed was incomplete */
};

/* What a query needs of an image that can be read only once: see
 * memlog_stream_open(). *ret_formats is borrowed from the query. */
MEMLOG_API void memlog_query_stream(const struct memlog_query *query,
				    const char **ret_formats, bool *ret_whole);

/*
 * Run a query on one image and write its answer to the sink. NO_DATA: there is
 * no log; messages said what was searched and what to check.
 */
MEMLOG_API enum memlog_status
memlog_query_run(struct memlog_query *query, struct memlog_image *image,
		 const struct memlog_query_host *host,
		 struct memlog_query_result *ret, struct memlog_err *err);

#ifdef __cplusplus
}
#endif

#endif /* MEMLOG_H */
