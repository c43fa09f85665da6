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
 * memlog_query_run() does all of that for one command line. A whole program is
 * in docs/libmemlog.md.
 *
 * Conventions
 *  - Addresses are uint64_t and always belong to an address space; sizes in
 *    memory are size_t, in bytes. Ranges are half-open: [start, end).
 *  - Functions that can fail return enum memlog_status; out-parameters come
 *    last but for err, are named ret, and are written only on MEMLOG_OK unless
 *    the comment says otherwise.
 *  - A struct memlog_err is owned by the caller, may be NULL, never allocates.
 *    It is filled in when something failed; that there is no more
 *    (MEMLOG_NO_DATA of a next function) is no failure and may leave it alone.
 *  - Other pointers must not be NULL unless the comment says that they may.
 *  - A returned pointer is borrowed from the object it came from, unless the
 *    comment says that the caller owns it. What is passed in is copied or used
 *    during the call alone, unless the comment says that it must live on.
 *  - Destroying or closing NULL does nothing. Close what borrows first: a
 *    decoder before its logs and its image.
 *  - Structs whose first member is their size can grow. Callers set it to
 *    sizeof, of those that are filled in as well; the library never reads or
 *    writes beyond it, and takes what is not there for zero. Options with size
 *    0 are MEMLOG_INVALID. Other structs never change.
 *  - Guest bytes are never trusted, and never made safe before they are
 *    rendered: strings that hold them say so, see memlog_escape().
 *  - No function keeps global state. One image, with all that came from it,
 *    must not be used by two threads at once; different images may. Signal
 *    masks, handlers and the locale stay as they are.
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

/* What a function came to. Those that can be expected of it are named in its
 * comment; MEMLOG_NO_MEMORY can come from all that take memory, and is not. */
enum memlog_status {
	MEMLOG_OK = 0,
	MEMLOG_NOT_MINE,	/* the bytes are something else: try the next */
	MEMLOG_NO_DATA,		/* nothing there: a hole, the end, no log */
	MEMLOG_CORRUPT,		/* the right kind of thing, but broken */
	MEMLOG_LIMIT,		/* a named limit was reached */
	MEMLOG_UNSUPPORTED,	/* recognised, and not read by this build */
	MEMLOG_INVALID,		/* invalid argument */
	MEMLOG_NO_MEMORY,
	MEMLOG_IO,		/* the operating system said no; see sys */
	MEMLOG_STOP,		/* the caller asked to stop (Ctrl-C) */
};

/*
 * What went wrong, for a person. text is one line without a full stop or a
 * newline, NUL-terminated, cut where it is too long; it names file and address
 * where there are any, and has bytes of no guest, but names as the caller gave
 * them. sys is an errno or 0. addr is valid if has_addr.
 */
struct memlog_err {
	enum memlog_status status;
	int sys;
	bool has_addr;
	uint64_t addr;
	char text[240];
};

/* A short English name of a status ("no data"), static, never NULL. */
MEMLOG_API const char *memlog_status_name(enum memlog_status status);

/* The library's version, for example "0.1.0", static. */
MEMLOG_API const char *memlog_version(void);

/* ---- memory ----------------------------------------------------------- */

/*
 * Where the library takes memory from. alloc returns size bytes (at least 1),
 * aligned for any type, of any content, or NULL when there is none; release
 * takes what alloc gave, and release(NULL) does nothing. NULL in place of an
 * allocator means malloc and free. The struct is copied; what self points to
 * must outlive everything made with it. Libraries beneath (libelf, codecs,
 * libc) use malloc all the same.
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

/* "phys", "mach", "virt", "host", "file"; "?" for anything else. Static. */
MEMLOG_API const char *memlog_space_name(enum memlog_space space);

/* [start, end), in bytes, start < end. The last byte of a 64-bit space is in no
 * range. */
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
 *	than many small reads, or than reading everything. For a search alone:
 *	where it costs less the bytes are not verified, which read does. Other
 *	than OK: one of the pages cannot be read; they are asked for one by
 *	one.
 * alias: optional. The same byte in another address space, where that is
 *	certain. MEMLOG_NO_DATA when it is not.
 * close: optional. Frees self.
 * next_data: optional. As next_range, but may leave out what is known to read
 *	as zeros (holes of a sparse file, zero pages of a compressed dump): what
 *	a search has to look at. NULL: the same as next_range.
 *
 * page_size is the unit in which the image stores memory, in bytes, 0 for
 * "unknown" (4096 is assumed). flags: MEMLOG_READER_*.
 *
 * All are called by the thread that called the library, never by two at once,
 * with err NULL or not. Bytes that map lent are looked at by a second thread as
 * well, where struct memlog_scan_opts allows it.
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
 * a name that is not known; anything but MEMLOG_OK means the same. Offsets and
 * sizes are in bytes. enum_name returns a borrowed string. value is the
 * unsigned number, of at most 8 bytes, that a variable of the guest's kernel
 * holds in the image, or a member of it: type is the variable's struct, and both
 * are NULL for a plain number. Debuggers can read it; files of symbols alone
 * cannot.
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
 * (no symbols in it), LIMIT: the text names the file. Not in libmemlog_core.a.
 */
MEMLOG_API enum memlog_status
memlog_symbols_open(const char *path, const struct memlog_allocator *allocator,
		    struct memlog_symbols **ret, struct memlog_err *err);
MEMLOG_API void memlog_symbols_close(struct memlog_symbols *symbols);

/* ---- sinks ------------------------------------------------------------ */

/*
 * Where output goes. begin starts a piece of output that is called name: a sink
 * of a folder makes a file of it, a sink of one stream ignores it. write takes
 * all of len bytes or fails; len is never 0. end closes the piece. remove takes
 * a piece of this run away again, which had its end. begin, end and remove may
 * be NULL; with begin NULL there is one stream. What one of them returns ends
 * the output and is handed on, with its err. name is made by the library: plain
 * letters, digits, dots, dashes and underscores, no leading dot.
 * tty is set when a person's terminal reads the bytes: then only what was made
 * safe is written, unless it was forced.
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

/* How a raw file lies in the guest's memory; see memlog_open_opts.map. */
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
 * name: "zlib", "lzo", "snappy", "zstd". It takes the place of the library's
 *	own.
 * create: its state, for one image at a time; NULL when there is no memory.
 *	Freed with destroy. Both may be NULL: then state is NULL.
 * expand: the first out_len bytes of what in holds, or all of it if that is
 *	less; *ret says how many. That in holds more is no error. CORRUPT when
 *	in is damaged before out is full.
 *	Fewer than out_len say that the page ends there, and that all of it was
 *	looked at, its checksum too where the codec has one: ask for a byte more
 *	than there should be, and what comes is exact or CORRUPT.
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
 * map: where a raw file's bytes lie; raw_base is added to every address. Of no
 *	meaning where headers say it.
 * force_raw: do not look at the content, it is plain memory.
 * allocator: NULL for malloc; see there for how long it has to live.
 * tmpdir: the folder for unlinked temporary files, of input that can only be
 *	read once; NULL for /var/tmp. Copied.
 * codecs: n_codecs more ways to expand pages, copied.
 * via_qemu: of qmp:SOCKET, ask QEMU for the log (query-firmware-log, QEMU 10.2
 *	and later) instead of looking for it in memory. INVALID elsewhere.
 * progress: called now and then during the call, and of some live sources later
 *	as well, with bytes done and bytes in all (0 when not known); a return
 *	other than 0 stops with MEMLOG_STOP. progress_arg is for the caller.
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
 * Open an image by name: a file, the files of a split dump (A,B,C), or one of
 * the live sources that the manual page lists (pid:N, qmp:SOCKET, domain:NAME,
 * acrn:, /dev/mem). Pipes are for memlog_stream_open(). opts may be NULL. The
 * caller closes *ret. name is copied, and the text of errors begins with it.
 * IO (missing, not permitted), NOT_MINE (no format recognised it), CORRUPT,
 * LIMIT, UNSUPPORTED (the text gives the command that makes a readable dump),
 * INVALID (no name of an image, or options that do not go with it), STOP.
 * Not in libmemlog_core.a.
 */
MEMLOG_API enum memlog_status
memlog_image_open(const char *name, const struct memlog_open_opts *opts,
		  struct memlog_image **ret, struct memlog_err *err);

/*
 * Open a dump file without anything that needs a library other than libc: ELF,
 * kdump-compressed and flattened files, raw memory and the like, but no pipes,
 * no files compressed as a whole, no live sources. For plugins that reopen
 * their host's dump. Arguments and errors as for memlog_image_open().
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
 * formats in the list (as in struct memlog_scan_opts) are looked for as it goes
 * by, and the image has its headers and the bytes of the logs that were found;
 * memory stays bounded. Input that has to be read back and forth
 * (kdump-compressed, flattened, compressed, headers at the end), or any if
 * whole is set (for memlog_scan_at() or an exhaustive search), is copied to an
 * unlinked temporary file: then *ret is NULL, and *ret_spool is its descriptor,
 * the caller's to close, to be opened as a file ("/proc/self/fd/N").
 * *ret_spool is -1 and *ret NULL otherwise and on errors, which are those of
 * memlog_image_open(). fd stays the caller's and is read to its end; name is
 * for messages and must outlive the image. opts may be NULL.
 */
MEMLOG_API enum memlog_status
memlog_stream_open(int fd, const char *name,
		   const struct memlog_open_opts *opts, const char *formats,
		   bool whole, struct memlog_image **ret, int *ret_spool,
		   struct memlog_err *err);

/*
 * Wrap a reader of the caller's own: all there is to running inside crash, gdb
 * or a test. space is what its addresses are. ops and name, which is for
 * messages, are copied; self must outlive the image. ops->close is called by
 * memlog_image_close(), and not when this function fails. allocator may be
 * NULL. The caller closes *ret. INVALID: read is missing; later also in place
 * of a range that is empty or does not go on.
 *
 * next_range may be NULL where one of the two functions below says where memory
 * is. Until then there is none.
 */
MEMLOG_API enum memlog_status
memlog_image_wrap(const struct memlog_reader_ops *ops, void *self,
		  enum memlog_space space, const char *name,
		  const struct memlog_allocator *allocator,
		  struct memlog_image **ret, struct memlog_err *err);

/*
 * Say where a wrapped reader has memory: in these n ranges, and not where its
 * next_range says. They are copied, in any order; those that overlap or touch
 * are joined, those that are empty or end before they start are left out.
 * Bytes inside may still be missing; read tells. INVALID: image was not
 * wrapped.
 */
MEMLOG_API enum memlog_status
memlog_image_set_ranges(struct memlog_image *image,
			const struct memlog_range *ranges, size_t n,
			struct memlog_err *err);

/*
 * Say of a wrapped reader what the headers of a dump say: image takes over the
 * notes and the machine of by, and, if the reader has no next_range, where by
 * has memory in the same space. For a caller who reads the pages of a dump that
 * the library can open, but not expand. The notes of a Xen machine lead from
 * the machine addresses of the reader to the memory of dom0, which image then
 * has as MEMLOG_PHYS. To be called once, before anything is searched; by
 * outlives image.
 */
MEMLOG_API void memlog_image_describe(struct memlog_image *image,
				      struct memlog_image *by);

/*
 * Where a guest of QEMU has RAM: taken from text, what its monitor answers to
 * "info mtree -f". Devices and ROM are left out. At most max ranges are written
 * to ret, sorted, without overlaps; returns how many. Any text will do, 0 is
 * returned where it has none.
 */
MEMLOG_API size_t memlog_mtree_parse(const char *text, struct memlog_range *ret,
				     size_t max);

/* Close an image and its files, mappings and temporary files. Decoders of it
 * must be closed before. */
MEMLOG_API void memlog_image_close(struct memlog_image *image);

/*
 * Read and next_range of one space of the image, as struct memlog_reader_ops
 * says: a short read is OK, and *ret is what was read whatever is returned.
 * NO_DATA also when the image does not have that space. Other errors of a read
 * name an address.
 */
MEMLOG_API enum memlog_status
memlog_image_read(struct memlog_image *image, enum memlog_space space,
		  uint64_t addr, void *buf, size_t len, size_t *ret,
		  struct memlog_err *err);
MEMLOG_API enum memlog_status
memlog_image_next_range(struct memlog_image *image, enum memlog_space space,
			uint64_t addr, struct memlog_range *ret,
			struct memlog_err *err);

/* The same as next_range without what is known to read as zeros, for a search.
 * What is left out can be read nevertheless. */
MEMLOG_API enum memlog_status
memlog_image_next_data(struct memlog_image *image, enum memlog_space space,
		       uint64_t addr, struct memlog_range *ret,
		       struct memlog_err *err);

/* Does the image have this address space? */
MEMLOG_API bool memlog_image_has_space(const struct memlog_image *image,
				       enum memlog_space space);

/* What can be said of an image by its format: its traits. */
#define MEMLOG_IMAGE_RANGES	(1u << 0) /* its headers say where memory is */
#define MEMLOG_IMAGE_PLAIN	(1u << 1) /* memory is in the file as it is:
					     nothing has to be expanded */

/*
 * What an image is.
 *
 * name: as it was opened. format: a word for what it is: of a file "elf",
 *	"xen-core" (of xl dump-core), "kdump", "lime", "windows", "qevm" or
 *	"raw", of a live source "process", "qmp", "qmp-log" (with via_qemu),
 *	"devmem" or "acrn", and "reader" of memlog_image_wrap(). Decide by
 *	traits, not by it. title: the same in words. machine: "x86_64", "i386",
 *	"aarch64", ..., "" when it is not known. All are borrowed from the
 *	image, never NULL and not guest bytes.
 * space: the primary space, whose addresses are meant where none is named.
 * flags, page_size: of its reader; MEMLOG_READER_*, bytes.
 * file_size: bytes of the file, expanded if it was compressed as a whole; 0
 *	when it is not a file.
 * present: bytes that can be read in the primary space, in n_ranges ranges.
 * missing: bytes that headers promise and the file does not have.
 * n_notes, n_warnings: how many memlog_image_note() and memlog_image_warning()
 *	have.
 * traits: what can be said of its format; MEMLOG_IMAGE_*.
 */
struct memlog_image_info {
	size_t size;
	const char *name;
	const char *format;
	const char *title;
	const char *machine;
	enum memlog_space space;
	unsigned int flags;
	uint32_t page_size;
	uint64_t file_size;
	uint64_t present, missing;
	size_t n_ranges, n_notes, n_warnings;
	unsigned int traits;
};

/* Goes through all ranges of the primary space, which takes a moment for images
 * of many. Errors are those of its next_range. */
MEMLOG_API enum memlog_status
memlog_image_info(struct memlog_image *image, struct memlog_image_info *ret,
		  struct memlog_err *err);

/*
 * A note or fact that the image carries. All pointers are borrowed from the
 * image. Strings are never NULL and may hold guest bytes: escape them.
 */
struct memlog_note {
	size_t size;
	const char *owner;	/* "CORE", "QEMU", "VMCOREINFO", "Xen", ... */
	uint32_t type;		/* the ELF note type, 0 where there is none */
	const char *title;	/* what it is, in words */
	const char *text;	/* what it says; may hold newlines */
	const void *desc;	/* the raw bytes, NULL where there are none */
	size_t desc_len;
};

/* The index-th note, from 0; NO_DATA beyond the last. */
MEMLOG_API enum memlog_status
memlog_image_note(const struct memlog_image *image, size_t index,
		  struct memlog_note *ret);

/* The index-th warning, from 0: something about the image that its user should
 * know, in one line, borrowed from the image; escape it. NULL beyond the last.
 * Reading and searching can add some. */
MEMLOG_API const char *memlog_image_warning(const struct memlog_image *image,
					    size_t index);

/* ---- logs ------------------------------------------------------------- */

/* Is a log that of the boot that the image shows? */
enum memlog_verdict {
	MEMLOG_VERDICT_UNKNOWN,
	MEMLOG_VERDICT_CURRENT,	/* of the running boot */
	MEMLOG_VERDICT_STALE,	/* of a boot before */
	MEMLOG_VERDICT_COPY,	/* the same text stands in another log */
};

/* One run of len bytes of a log, headers included, len > 0. cpu is -1 where
 * there is none. alias is the same byte in another space, if has_alias: where
 * that is certain. */
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

/* What is special about a log: its flags. */
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
 * extents; current and last boot are two logs of one group); groups are distinguished
 * apart by number alone. extents are in the order in which the log goes through
 * them, where it has one; extents[0].addr is the log's address.
 */
struct memlog_log {
	size_t size;
	uint32_t id;
	uint32_t group;
	const char *format;	/* the table name: "ovmf" */
	const char *title;	/* "OVMF memory debug log" */
	char variant[32];	/* "early", "main", ... or "" */
	char version[128];	/* what the writer calls itself, or "": guest
				   bytes, escape before printing */
	const struct memlog_extent *extents;
	size_t n_extents;
	uint64_t capacity;	/* bytes of text that fit */
	uint64_t used;		/* bytes of text that are there */
	uint32_t flags;		/* MEMLOG_LOG_* */
	enum memlog_verdict verdict;
	char reason[160];	/* why that verdict, what is wrong with it, or
				   ""; one line, escape before printing */
};

/* A list of logs, as a search gives it: the caller destroys it, after the
 * decoders of its logs. It needs no image to live, but its allocator. */
struct memlog_logs;

/* How many logs there are; 0 for NULL. */
MEMLOG_API size_t memlog_logs_count(const struct memlog_logs *logs);
/* The index-th log, from 0, in the order of their discovery; NULL beyond the
 * last, and for NULL. */
MEMLOG_API const struct memlog_log *
memlog_logs_get(const struct memlog_logs *logs, size_t index);
/* Free the list with all of its logs. */
MEMLOG_API void memlog_logs_destroy(struct memlog_logs *logs);

/* ---- scanning --------------------------------------------------------- */

enum memlog_scan_mode {
	MEMLOG_SCAN_PAGES,	/* likely places, then every page */
	MEMLOG_SCAN_LIKELY,	/* only where firmware puts its logs */
	MEMLOG_SCAN_EXHAUSTIVE,	/* every offset a format's magic may have */
	MEMLOG_SCAN_AUTO,	/* PAGES; on a slow image LIKELY first, and the
				   rest only when no current log was found */
};

/*
 * Where to look for what. Zero everywhere but size is a search for all formats
 * in all pages.
 *
 * formats: names of memlog_format_get() with commas between them; NULL for all.
 *	Other names match nothing.
 * ranges: n_ranges of them, in any order; only logs that start in one of them
 *	are found. 0: all that the image has. They are of ranges_space if
 *	ranges_in_space is set, else of the primary space.
 * threads: how many search what an image can map, which is a file that is not
 *	compressed; at most 16, and 1 for each 4 MiB. Other images are searched
 *	by one. 0: two. What is found is the same for any number.
 * max_logs: how many are kept; 0: the built-in limit, 4096. With more of them
 *	the search goes on to its end, and returns MEMLOG_LIMIT.
 * symbols: may tell where logs are that have no magic; NULL: none.
 * progress: called now and then with bytes done and bytes in all; a return
 *	other than 0 stops with MEMLOG_STOP. NULL: not.
 */
struct memlog_scan_opts {
	size_t size;
	enum memlog_scan_mode mode;
	const char *formats;
	const struct memlog_range *ranges;
	size_t n_ranges;
	enum memlog_space ranges_space;
	bool ranges_in_space;
	unsigned int threads;
	uint64_t max_logs;
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
	char rejected_first[160]; /* why the first was rejected, or "" */
};

/*
 * Find the logs. The caller destroys *ret. Finding none is OK with a count of
 * 0. On STOP, IO and LIMIT *ret holds what had been found until then and must
 * be destroyed as well; on all other errors it is NULL. opts may be NULL, for
 * MEMLOG_SCAN_PAGES and all formats; stats may be NULL, and is filled in
 * whatever is returned once the search began. A log is judged (verdict, group)
 * among all that were found. INVALID: opts without size.
 */
MEMLOG_API enum memlog_status
memlog_scan(struct memlog_image *image, const struct memlog_scan_opts *opts,
	    struct memlog_logs **ret, struct memlog_scan_stats *stats,
	    struct memlog_err *err);

/*
 * Probe one address for every format (or those in opts->formats), without any
 * search; only formats and max_logs of opts count, and it may be NULL. The
 * caller destroys *ret, which has the log that starts there and what belongs to
 * it. NOT_MINE when none does: the text says what was seen. INVALID: the image
 * does not have that space. LIMIT, IO. On errors *ret is NULL.
 */
MEMLOG_API enum memlog_status
memlog_scan_at(struct memlog_image *image, enum memlog_space space,
	       uint64_t addr, const struct memlog_scan_opts *opts,
	       struct memlog_logs **ret, struct memlog_err *err);

/* The index-th log format's name ("ovmf") and title, static; false beyond the
 * last. */
MEMLOG_API bool memlog_format_get(size_t index, const char **ret_name,
				  const char **ret_title);

/* ---- records ---------------------------------------------------------- */

/* What is special about a record: its flags. */
#define MEMLOG_REC_TRUNCATED_HEAD	(1u << 0) /* its beginning is lost */
#define MEMLOG_REC_PARTIAL_TAIL		(1u << 1) /* its end is not there yet */
#define MEMLOG_REC_LOST_BEFORE		(1u << 2) /* records are missing before */
#define MEMLOG_REC_GUESSED		(1u << 3) /* of a log found by shape */
#define MEMLOG_REC_RACED		(1u << 4) /* of a log that changed while
						     it was read */
#define MEMLOG_REC_STALE		(1u << 5) /* of an older boot */
#define MEMLOG_REC_CONTINUES		(1u << 6) /* next record: same line */
#define MEMLOG_REC_UNCOMMITTED		(1u << 7) /* copied, not yet counted */
#define MEMLOG_REC_CONSUMED		(1u << 8) /* already read by its reader */
#define MEMLOG_REC_VERBATIM		(1u << 9) /* the text says the time and the
						     component itself */

enum memlog_field_type {
	MEMLOG_FIELD_UINT,	/* u, written in decimal */
	MEMLOG_FIELD_INT,	/* i */
	MEMLOG_FIELD_HEX,	/* u, written in hexadecimal */
	MEMLOG_FIELD_TEXT,	/* text */
};

/* A typed field of a record. name is static. text is guest bytes, text_len of
 * them, without a NUL. */
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
 * One record: a line of text, a message, an event. It and all that it points to
 * is borrowed until the next call on the same decoder.
 *
 * text: what a person reads: guest bytes as they are, line end included where
 *	the log has one, without a NUL behind them. A line of more than 4096
 *	bytes comes in several records, all but the last with
 *	MEMLOG_REC_CONTINUES.
 * raw: what -O raw writes: the record's bytes in the log (the same as text for
 *	logs of text).
 * lost: records or bytes (the format's unit) missing directly before this one;
 *	MEMLOG_REC_LOST_BEFORE with lost 0 means that the number is not known.
 * fields: n_fields of them, the format's own.
 */
struct memlog_record {
	size_t size;
	const struct memlog_log *log;
	uint64_t seq;		/* if has_seq */
	uint64_t time;		/* if has_time: in ticks of time_hz */
	uint64_t time_hz;	/* ticks a second; 0: cycles of unknown rate */
	bool has_seq, has_time, has_level;
	uint32_t level;		/* if has_level: 0 emerg .. 7 debug, as syslog */
	int32_t cpu;		/* -1: none */
	const char *component;	/* guest bytes, NUL-terminated, or NULL */
	const char *phase;	/* the same */
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

/*
 * What is taken out of a log. Zero everywhere but size is the default.
 *
 * uncommitted: text copied but not yet counted, too.
 * consumed: what the log's own reader already took, too.
 * tsc_hz: the rate of the time stamp counter, for times in cycles; 0: not
 *	known.
 * rules: rules_len bytes, the text of a file of rules by which text is made of
 *	events: acrn-trace takes those of ACRN's scripts. NULL: the format's
 *	own.
 */
struct memlog_decode_opts {
	size_t size;
	bool uncommitted;
	bool consumed;
	uint64_t tsc_hz;
	const char *rules;
	size_t rules_len;
};

/*
 * Open a decoder on one log that was found in this image. image, log and what
 * opts points to must outlive it; opts may be NULL. The caller closes *ret.
 * Several decoders of one image may be open at once. On a live image the log is
 * copied now, and NO_DATA means that it is not there any more. UNSUPPORTED: it
 * is listed and has no text (MEMLOG_LOG_NOT_A_LOG). CORRUPT, IO, LIMIT;
 * INVALID: rules that cannot be understood.
 */
MEMLOG_API enum memlog_status
memlog_decoder_open(struct memlog_image *image, const struct memlog_log *log,
		    const struct memlog_decode_opts *opts,
		    struct memlog_decoder **ret, struct memlog_err *err);

/*
 * The next record, oldest first, borrowed until the next call or the close;
 * memory does not grow with the log. NO_DATA after the last one. CORRUPT, IO
 * and LIMIT end the log too, with err saying what is missing, and everything
 * returned before stays true; from then on it is NO_DATA.
 */
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
MEMLOG_API uint64_t
memlog_decoder_missing(const struct memlog_decoder *decoder);
/* Close a decoder. Its last record is gone with it. */
MEMLOG_API void memlog_decoder_close(struct memlog_decoder *decoder);

/* ---- following a live log --------------------------------------------- */

/* One log of a running guest, looked at again and again. */
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
 * Follow the current log of a live image through resets of the guest: of the
 * first format that has one. opts says where and for which formats to look,
 * decode what to take (but not uncommitted); both may be NULL, and opts is then
 * MEMLOG_SCAN_AUTO. INVALID: the image is not live. The caller closes *ret;
 * image and what opts and decode point to must outlive it. Nothing is read yet.
 */
MEMLOG_API enum memlog_status
memlog_follow_open(struct memlog_image *image,
		   const struct memlog_scan_opts *opts,
		   const struct memlog_decode_opts *decode,
		   struct memlog_follow **ret, struct memlog_err *err);

/*
 * Look at the log. OK: there is something new, take the records with next.
 * NO_DATA: there is nothing new; ask again later, five times a second do.
 * UNSUPPORTED: logs of this format cannot be followed. IO: the guest has ended;
 * what was held back of an unfinished line comes with next. STOP: progress of
 * opts said so. *ret is filled in whatever is returned.
 */
MEMLOG_API enum memlog_status
memlog_follow_look(struct memlog_follow *follow,
		   struct memlog_follow_news *ret, struct memlog_err *err);

/* The next new record, as memlog_decoder_next(), borrowed until the next call
 * on follow: NO_DATA until the next look. A line without an end is held back
 * for a second. */
MEMLOG_API enum memlog_status
memlog_follow_next(struct memlog_follow *follow,
		   const struct memlog_record **ret, struct memlog_err *err);

/* The log that is followed, NULL before the first was found. Borrowed until
 * the next look. */
MEMLOG_API const struct memlog_log *
memlog_follow_log(const struct memlog_follow *follow);
/* Stop following; the image stays open. */
MEMLOG_API void memlog_follow_close(struct memlog_follow *follow);

/* ---- rendering -------------------------------------------------------- */

/* The index-th output format's name ("json") and title, static; false beyond
 * the last. */
MEMLOG_API bool memlog_render_get(size_t index, const char **ret_name,
				  const char **ret_title);

/* Copy a string of anybody's making, made safe for a terminal and one line as
 * --list does with guest text: controls, what turns the direction of text and
 * what is not UTF-8 become escapes of ASCII, so that it grows up to fourfold.
 * Cut to fit size bytes, terminated; size is at least 1. Returns ret. */
MEMLOG_API const char *memlog_escape(const char *s, char *ret, size_t size);

/* ---- one command line, whole ------------------------------------------ */

/*
 * A query is what one `memlog` command asks for: the options that memlog-dump,
 * crash and gdb share. memlog_query_parse() takes them out of argv, together
 * with those that a front end adds.
 */
struct memlog_query;

/* Who is asking: which options there are. Only a command of its own gets
 * threads without asking. */
enum memlog_host {
	MEMLOG_HOST_COMMAND,	/* memlog-dump */
	MEMLOG_HOST_CRASH,
	MEMLOG_HOST_GDB,
	MEMLOG_HOST_LIBRARY,	/* any other program */
};

/* A query without options: the logs of the current boot, as text. allocator may
 * be NULL; it is for the query and its runs. The caller destroys *ret. Only
 * NO_MEMORY. */
MEMLOG_API enum memlog_status
memlog_query_create(const struct memlog_allocator *allocator,
		    enum memlog_host host, struct memlog_query **ret,
		    struct memlog_err *err);
/* Not while it runs. */
MEMLOG_API void memlog_query_destroy(struct memlog_query *query);

/*
 * Take one option. name is the whole long name without dashes ("format") or a
 * single letter ("F"); value is copied, and NULL for options without one. An
 * option given again replaces what it said before, but range and at, which add
 * up. NOT_MINE: a query has no such option. INVALID: the text says what would
 * be right, and the query is as it was. LIMIT: more than 64 of range or at.
 */
MEMLOG_API enum memlog_status
memlog_query_option(struct memlog_query *query, const char *name,
		    const char *value, struct memlog_err *err);

/* Messages up to this level are wanted: 2, 3 after verbose, 0 after quiet. A run
 * calls message with no others; this is for those of the front end. */
MEMLOG_API int memlog_query_level(const struct memlog_query *query);

/* Is the answer, with the options so far, a set of files? Then the sink must
 * have begin and end, and keep the pieces apart by name. */
MEMLOG_API bool memlog_query_wants_folder(const struct memlog_query *query);

/*
 * An option of a command line: one of a query, or one that a front end adds.
 *
 * name: the long name, without dashes. letter: the short one, 0 for none.
 * value: what its value is called in help and errors; NULL: it takes none.
 * optional: the value may be left out. If there is one, then as --name=VALUE or
 *	-xVALUE, never as the next word.
 * help: one line.
 * take: called when the option comes, with arg of struct memlog_parse_opts.
 *	value is borrowed from argv, NULL where there is none; err is not NULL.
 *	Anything but MEMLOG_OK ends the parse, which returns it, with the
 *	option's name before the text of err if there is one. NULL in options
 *	of a query.
 */
struct memlog_option {
	size_t size;
	const char *name;
	char letter;
	const char *value;
	bool optional;
	const char *help;
	enum memlog_status (*take)(void *arg,
				   const struct memlog_option *option,
				   const char *value, struct memlog_err *err);
};

/* The index-th option that a host of that kind has, from 0; false after the
 * last. All strings are static. */
MEMLOG_API bool memlog_query_option_get(enum memlog_host host, size_t index,
					struct memlog_option *ret);

/*
 * What a front end adds to the command line.
 *
 * own: its own options, all of the size of the first; the last is all zero. One
 *	with the name of an option of the query takes its place, and can hand it
 *	on to memlog_query_option(). No letter must be used twice. NULL: none.
 * arg: for their take.
 * in_order: the first operand ends the options, as POSIXLY_CORRECT demands.
 */
struct memlog_parse_opts {
	size_t size;
	const struct memlog_option *own;
	void *arg;
	bool in_order;
};

/*
 * Parse argv[1..argc) as getopt_long(3) does: operands anywhere, letters in one
 * word, names as short as they are unique, values after "=" or in the next
 * word, "--". argv is permuted, operands last, and *ret_first is the index of
 * the first one, argc if there is none; with ret_first NULL operands are
 * INVALID. opts may be NULL. INVALID: the text says what is wrong; options
 * before it were taken. LIMIT, and what take of an own option returned.
 */
MEMLOG_API enum memlog_status
memlog_query_parse(struct memlog_query *query, int argc, char **argv,
		   const struct memlog_parse_opts *opts, int *ret_first,
		   struct memlog_err *err);

/* The index-th line of help about options, from 0, without indentation or a
 * newline: those of the query, then own, which may be NULL. Cut to fit size
 * bytes. False after the last. */
MEMLOG_API bool memlog_query_help(enum memlog_host host,
				  const struct memlog_option *own,
				  size_t index, char *ret, size_t size);

/*
 * How a query talks to its front end.
 *
 * sink: where the answer goes. It must not be NULL.
 * message: called with one line for stderr, without a newline, safe for a
 *	terminal but for names of files; level: 0 error, 1 warning, 2 note, 3
 *	detail. NULL: nobody wants to know. See memlog_query_level().
 * progress: as in struct memlog_scan_opts, also while logs are written. May be
 *	NULL.
 * symbols: as in struct memlog_scan_opts. May be NULL.
 */
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
	uint64_t logs_found;	/* of the formats that were asked for */
	uint64_t logs_printed;	/* or listed, or extracted */
	uint64_t records;	/* that were printed */
	bool damaged;		/* something printed was incomplete, or the
				   compressed file it is from is damaged */
};

/* What a query, with the options so far, needs of an image that can be read
 * only once: see memlog_stream_open(). *ret_formats is borrowed from the query
 * and may be NULL. */
MEMLOG_API void memlog_query_stream(const struct memlog_query *query,
				    const char **ret_formats, bool *ret_whole);

/*
 * Run a query on one image and write its answer to the sink; it can run again,
 * on others. ret may be NULL, and is filled in whatever is returned once the
 * run began. NO_DATA: no log was found, or none was printed; messages said what
 * was searched and what to check. NOT_MINE: no log starts where "at" says.
 * INVALID: options that do not go together or with this image or sink. STOP, IO
 * (the image or, with what it returned, the sink), LIMIT: what was found until
 * then was printed. Damaged logs are printed as far as they go, and result and
 * messages say so.
 */
MEMLOG_API enum memlog_status
memlog_query_run(struct memlog_query *query, struct memlog_image *image,
		 const struct memlog_query_host *host,
		 struct memlog_query_result *ret, struct memlog_err *err);

#ifdef __cplusplus
}
#endif

#endif /* MEMLOG_H */
