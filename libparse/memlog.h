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
 *    last except err, are named ret, and are written only on MEMLOG_OK unless
 *    the comment says otherwise.
 *  - A struct memlog_err is owned by the caller, may be NULL, never allocates.
 *    It is filled in on failure; the end of a list or a log (MEMLOG_NO_DATA of
 *    a next function) is not a failure and may leave it unchanged. Functions
 *    that open something leave it unchanged on success.
 *  - Other pointers must not be NULL unless the comment says that they may.
 *  - A returned pointer is borrowed from the object it came from, unless the
 *    comment says that the caller owns it. Arguments are copied, or used only
 *    during the call, unless the comment says that they must outlive it.
 *  - Destroying or closing NULL does nothing. Close a borrower first: a decoder
 *    before its logs and its image.
 *  - Structs whose first member is their size can grow. Callers set it to
 *    sizeof, also in structs that the library fills in; the library never reads
 *    or writes beyond it and takes members beyond it as zero. Options with size
 *    0 are MEMLOG_INVALID. Other structs never change.
 *  - Guest bytes are never trusted, and are not escaped until they are
 *    rendered: the comment of a string that may hold them says so, see
 *    memlog_escape().
 *  - No function keeps global state. One image, with all that came from it,
 *    must not be used by two threads at once; different images may. Signal
 *    masks, signal handlers and the locale are left unchanged.
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
#define MEMLOG_API	    __attribute__((visibility("default")))
#else
#define MEMLOG_PRINTF(f, a)
#define MEMLOG_API
#endif

/* ---- status and errors ------------------------------------------------ */

/* The result of a function. Its comment names the errors to expect, except
 * MEMLOG_NO_MEMORY, which any function that allocates can return. */
enum memlog_status {
	MEMLOG_OK = 0,
	MEMLOG_NOT_MINE,    /* the bytes are something else: try the next */
	MEMLOG_NO_DATA,	    /* nothing there: a hole, the end, no log */
	MEMLOG_CORRUPT,	    /* the right kind of thing, but broken */
	MEMLOG_LIMIT,	    /* a named limit was reached */
	MEMLOG_UNSUPPORTED, /* recognised, but not read by this build */
	MEMLOG_INVALID,	    /* invalid argument */
	MEMLOG_NO_MEMORY,
	MEMLOG_IO,   /* the operating system failed; see sys */
	MEMLOG_STOP, /* the caller asked to stop (Ctrl-C) */
};

/*
 * What went wrong, for a person. It is valid after a function that failed; one
 * that returns MEMLOG_OK leaves no text of an error it recovered from. text is
 * one line without a full stop or a newline, NUL-terminated, truncated if too
 * long; it names the address if there is one, and the file if that is not an
 * image that is open. It has no guest bytes, but has names as the caller gave
 * them. sys is an errno or 0. addr is valid if has_addr.
 */
struct memlog_err {
	enum memlog_status status;
	int sys;
	bool has_addr;
	uint64_t addr;
	char text[240];
};

/* The short English name of a status ("no data"), static, never NULL. */
MEMLOG_API const char *memlog_status_name(enum memlog_status status);

/* The library's version, for example "0.1.0", static. */
MEMLOG_API const char *memlog_version(void);

/* ---- memory ----------------------------------------------------------- */

/*
 * Where the library takes memory from. alloc returns size bytes (at least 1),
 * aligned for any type and uninitialised, or NULL when there are none; release
 * frees what alloc returned, and release(NULL) does nothing. A NULL allocator
 * means malloc and free. The struct is copied; what self points to must outlive
 * everything made with it. The libraries that this one uses (libelf, codecs,
 * libc) still call malloc.
 */
struct memlog_allocator {
	void *(*alloc)(void *self, size_t size);
	void (*release)(void *self, void *ptr);
	void *self;
};

/* ---- address spaces and readers --------------------------------------- */

enum memlog_space {
	MEMLOG_PHYS,  /* guest physical (pseudo-physical on Xen) */
	MEMLOG_MACH,  /* Xen machine addresses */
	MEMLOG_VIRT,  /* virtual, as a debugger of the guest sees it */
	MEMLOG_HOST,  /* virtual, in the process that runs the guest */
	MEMLOG_FILE,  /* offset in the file, if no header says more */
	MEMLOG_SPACES /* how many there are */
};

/* "phys", "mach", "virt", "host", "file"; "?" for anything else. Static. */
MEMLOG_API const char *memlog_space_name(enum memlog_space space);

/* [start, end), in bytes, start < end. No range includes the last byte of a
 * 64-bit space. */
struct memlog_range {
	uint64_t start, end;
};

/* Properties of a reader; see struct memlog_reader_ops. */
#define MEMLOG_READER_LIVE (1u << 0) /* bytes change while we read */
#define MEMLOG_READER_SLOW \
	(1u << 1) /* remote: read as little as
					     possible */
#define MEMLOG_READER_PEEK \
	(1u << 2) /* the first MEMLOG_PEEK bytes of a
					     page cost much less than the
					     page */

/* What a search looks at in each page: one cache line. */
#define MEMLOG_PEEK 64

/*
 * Where bytes come from: the interface that files, processes, crash and gdb all
 * implement.
 *
 * read: copies up to len bytes at addr into buf and stores their number in
 *	*ret. A short read is MEMLOG_OK with *ret < len: a hole or the end
 *	follows. MEMLOG_NO_DATA only when not even the byte at addr is
 *	available; *ret is then 0. len 0 is OK with *ret 0. Any other status
 *	means that the medium failed; *ret is the number of bytes copied before
 *	that.
 * next_range: the first range that ends after addr, cut so that it starts at
 *	addr or later. Called with the end of the last range, it returns
 *	strictly increasing ranges that never overlap. Holes are skipped.
 *	MEMLOG_NO_DATA when no range is left. Bytes inside a range may still be
 *	missing from a damaged image; only read finds out.
 * map: optional. Borrows up to len bytes at addr without a copy; *ret is at
 *	least 1 on OK. The pointer stays valid until the next call of map on
 *	this reader, or close. MEMLOG_UNSUPPORTED: use read.
 * peek: optional. For count pages of 4096 bytes from addr on, the first
 *	MEMLOG_PEEK bytes of each, one after the other into buf; zeros for
 *	missing bytes. For readers where one call for many pages is cheaper than
 *	many small reads, or than reading everything. Only for a search: unlike
 *	read, it may skip verification where that costs less. Other than OK: one
 *	of the pages cannot be read; the pages are then requested one by one.
 * alias: optional. The same byte in another address space, if that is certain;
 *	MEMLOG_NO_DATA if not.
 * close: optional. Frees self.
 * next_data: optional. As next_range, but may leave out what a search need not
 *	look at: what is known to read as zeros (holes of a sparse file, zero
 *	pages of a compressed dump), and bytes of a file that a lower address
 *	has, too. NULL: the same as next_range.
 *
 * page_size is the unit in which the image stores memory, in bytes, 0 for
 * "unknown" (4096 is assumed). flags: MEMLOG_READER_*.
 *
 * All are called from the thread that called the library, never from two at
 * once; err may be NULL. Other threads may look at bytes that map lent as well,
 * if struct memlog_scan_opts allows it.
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
 * an unknown name; any other status but MEMLOG_OK means the same. Offsets and
 * sizes are in bytes. enum_name returns a borrowed string. value is the
 * unsigned number, of at most 8 bytes, that a variable of the guest's kernel or
 * a member of it holds in the image: type is the variable's struct; type and
 * member are NULL for a plain number. Debuggers can read it; symbol files alone
 * cannot. name is the symbol at addr or the last one before it, borrowed until
 * symbols are closed, and how far before. build_id is the file's, borrowed too;
 * read gives len bytes that the file has for addr, NO_DATA if it does not have all
 * of them. With these two, symbols of another kernel than the image's are
 * recognised, and not used. file is the name of the file for messages, or NULL.
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
	enum memlog_status (*name)(void *self, uint64_t addr, const char **ret,
				   uint64_t *ret_offset);
	enum memlog_status (*build_id)(void *self, const void **ret,
				       size_t *ret_len);
	enum memlog_status (*read)(void *self, uint64_t addr, void *buf,
				   size_t len);
	const char *file;
};

/*
 * The symbols of an ELF file: vmlinux, xen-syms. Structs and enums are known if
 * it has debug information. allocator may be NULL. The caller closes *ret,
 * which depends on no other object. IO, NOT_MINE (not an ELF file), NO_DATA (no
 * symbols), LIMIT: the text names the file. Not in libmemlog_core.a.
 */
MEMLOG_API enum memlog_status
memlog_symbols_open(const char *path, const struct memlog_allocator *allocator,
		    struct memlog_symbols **ret, struct memlog_err *err);
MEMLOG_API void memlog_symbols_close(struct memlog_symbols *symbols);

/* ---- events of Linux -------------------------------------------------- */

/* As name of struct memlog_symbols. */
typedef enum memlog_status memlog_name_fn(void *arg, uint64_t addr,
					  const char **ret,
					  uint64_t *ret_offset);

/*
 * Prints events of Linux by their print formats, which are a language of their
 * own. Formats and events are guest bytes.
 *
 * create: returns its state, NULL if out of memory. name, which may be NULL,
 *	gives the names of functions. Freed with destroy.
 * add: one type of event, format is the text of its file format in tracefs.
 *	UNSUPPORTED: it cannot be printed.
 * print: the event without the header that the ring buffer puts before it, of
 *	at least the length of all fields; *ret is what comes after the event's
 *	name, *ret_len guest bytes, borrowed until the next call. UNSUPPORTED.
 */
struct memlog_event_printer {
	size_t size;
	void *(*create)(const struct memlog_allocator *allocator,
			memlog_name_fn *name, void *arg);
	void (*destroy)(void *state);
	enum memlog_status (*add)(void *state, const char *system,
				  const char *format);
	enum memlog_status (*print)(void *state, uint16_t type,
				    const void *payload, size_t len,
				    const char **ret, size_t *ret_len);
};

/* The one that uses libtraceevent, which takes memory from malloc; NULL: the
 * library was built without it. Static. Not in libmemlog_core.a. */
MEMLOG_API const struct memlog_event_printer *memlog_event_printer(void);

/* ---- sinks ------------------------------------------------------------ */

/*
 * Where output goes. begin starts a piece of output called name: a directory
 * sink creates a file for it, a sink with a single stream ignores it. write
 * takes all of len bytes or fails; len is never 0. end closes the piece. remove
 * deletes a piece of this run that was already ended. begin, end and remove may
 * be NULL; with begin NULL there is one stream. An error from any of them ends
 * the output and is passed on, with its err. name is made by the library: plain
 * letters, digits, dots, dashes and underscores, no leading dot. tty is set
 * when the output goes to a terminal: then only escaped text is written, unless
 * forced.
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

/* How a raw file maps to the guest's memory; see memlog_open_opts.map. */
enum memlog_map {
	MEMLOG_MAP_NONE,    /* file offset is the address */
	MEMLOG_MAP_Q35,	    /* QEMU q35: hole below 4 GiB from 2 GiB on */
	MEMLOG_MAP_PC,	    /* QEMU pc (i440fx): hole from 3 GiB on */
	MEMLOG_MAP_MICROVM, /* QEMU microvm: hole from 3 GiB on */
	MEMLOG_MAP_VIRT,    /* QEMU arm virt: RAM starts at 1 GiB */
};

/*
 * A codec for compressed pages that the library does not have itself. The core
 * has none; memlog_image_open() adds those it was built with (zlib, zstd,
 * snappy).
 *
 * name: "zlib", "lzo", "snappy", "zstd". It replaces the library's own.
 * create: returns a state, for one image at a time; NULL if out of memory.
 *	Freed with destroy. Both may be NULL: then state is NULL.
 * expand: writes the first out_len bytes of the expanded data to out, or all of
 *	it if that is less; *ret is their number. More data in in is not an
 *	error. CORRUPT when in is damaged before out is full. Fewer than out_len
 *	bytes mean that the data ends there and that all of it was checked,
 *	including the checksum if the codec has one: ask for one byte more than
 *	expected, and the result is exact or CORRUPT.
 * literal: optional. The bytes at the start of the expanded data that are
 *	stored uncompressed in in: returns their number and, in *ret, where they
 *	are. 0 is always correct.
 * threads: expand may be called by several threads at once, each with a state of its
 *	own. It then allocates nothing from the allocator that create got.
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
	bool threads;
};

/* The one that expands deflate, raw or with the header of zlib, for struct
 * memlog_decode_opts. Static. Not in libmemlog_core.a. */
MEMLOG_API const struct memlog_codec *memlog_codec_deflate(void);

/* Those that memlog_image_open() adds to the caller's, ended by NULL. Static. Not in
 * libmemlog_core.a. */
MEMLOG_API const struct memlog_codec *const *memlog_codecs(void);

/*
 * Options of memlog_image_open(). Zero everywhere is a good default.
 *
 * no_mmap: read with pread even where mmap would be faster. Set it when the
 *	file may shrink while it is open, or install a SIGBUS guard.
 * map: the layout of a raw file; raw_base is added to every address. Ignored if
 *	headers give the addresses.
 * force_raw: treat the file, which may be compressed as a whole, as plain
 *	memory; a warning says if it has the headers of a dump. With map or
 *	raw_base or this, live sources are INVALID.
 * allocator: NULL for malloc; see struct memlog_allocator for its lifetime.
 * tmpdir: the directory for unlinked temporary files, which hold input that can
 *	be read only once; NULL for /var/tmp. Copied.
 * codecs: n_codecs more codecs, copied; LIMIT if there are more than 13.
 * name: what the image is called in messages, errors and output, if that is not
 *	the name by which it is opened (standard input, say); NULL: that, as
 *	memlog_image_shown() has it. Copied.
 * keep: bytes that memlog_stream_open() may write to a temporary file in case that a
 *	log needs all of the input; never more than half of the room there is.
 * via_qemu: with qmp:SOCKET, ask QEMU for the log (query-firmware-log, QEMU
 *	10.2 and later) instead of searching memory for it. INVALID with any
 *	other image.
 * window: bytes of memory that unpacking a compressed file may take for what the file
 *	refers back to: more is LIMIT. 0: 128 MiB, as xz -9 and zstd --long=27 need at
 *	most.
 * progress: called now and then during the call, and for some live sources also
 *	later, with the bytes done and the total (0 if unknown); a nonzero
 *	return stops with MEMLOG_STOP. progress_arg is passed to it.
 * attached: called once for an image that is not a file (see
 *	memlog_image_is_file()), when all is open that it needs: files of the
 *	process, sockets, programs that serve it. No byte of guest memory has been
 *	interpreted then, so that the caller can give up rights. An error ends the
 *	call. attached_arg is passed to it. Ports are opened later, by the query.
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
	const char *name;
	uint64_t keep;
	enum memlog_status (*attached)(void *arg, struct memlog_err *err);
	void *attached_arg;
	uint64_t window;
};

/*
 * Open an image by name: a file, the files of a split dump (A,B,C), or one of
 * the live sources listed in the manual page (pid:N, qmp:SOCKET, domain:NAME,
 * acrn:, /dev/mem). Pipes are for memlog_stream_open(). opts may be NULL. The
 * caller closes *ret. name is copied. The text of an error begins with the name
 * of the image (opts->name if that is set), so do not add it; what is done with
 * the image later does not name it. IO (missing, not permitted), NOT_MINE (no
 * format recognised it, or a directory), CORRUPT, LIMIT, UNSUPPORTED (the text
 * gives the command that makes a readable dump), INVALID (not the name of an
 * image, or options that do not fit it), STOP. The thread that opens an image through
 * nbdkit has to last as long as the image: nbdkit ends with it. Not in libmemlog_core.a.
 */
MEMLOG_API enum memlog_status
memlog_image_open(const char *name, const struct memlog_open_opts *opts,
		  struct memlog_image **ret, struct memlog_err *err);

/* Copy the name of an image with *** for passwords: those of URLs, and what nbdkit gets as
 * one. Truncated to fit size bytes, NUL-terminated; size is at least 1. Returns ret. */
MEMLOG_API const char *memlog_image_shown(const char *name, char *ret,
					  size_t size);

/* Does memlog_image_open() take this name for that of files or a directory? Else it is
 * a live source, or a dump far away. Nothing is opened. Not in libmemlog_core.a. */
MEMLOG_API bool memlog_image_is_file(const char *name);

/*
 * Open a dump file with nothing that needs a library other than libc: ELF,
 * kdump-compressed and flattened files, raw memory and the like, but no pipes,
 * no files compressed as a whole and no live sources. For plugins that reopen
 * their host's dump. Arguments and errors as for memlog_image_open().
 */
MEMLOG_API enum memlog_status
memlog_image_open_file(const char *path, const struct memlog_open_opts *opts,
		       struct memlog_image **ret, struct memlog_err *err);

/*
 * Open the guest memory in a running process, as memlog_image_open() does for
 * "pid:N", with only libc: for plugins of a debugger that is attached to it. It
 * stops nothing and faults in no page. Addresses are MEMLOG_HOST. Arguments and
 * errors as for memlog_image_open(); INVALID: no process can have this number.
 */
MEMLOG_API enum memlog_status
memlog_image_open_process(long pid, const struct memlog_open_opts *opts,
			  struct memlog_image **ret, struct memlog_err *err);

/*
 * Open several debug ports as one image: n names, at least one and at most 64, each as
 * memlog_image_open() takes it: "port:PATH[,OPTION]...". It has no memory: a query
 * prints what the guest writes to them, in the order in which it arrives. Ports are
 * opened by the query. Arguments and errors as for memlog_image_open().
 */
MEMLOG_API enum memlog_status
memlog_image_open_ports(const char *const *names, size_t n,
			const struct memlog_open_opts *opts,
			struct memlog_image **ret, struct memlog_err *err);

/*
 * Open an image that comes through a pipe. The input is read once: the formats
 * in the list (as in struct memlog_scan_opts) are searched for as it passes,
 * and the image has the headers and the bytes of the logs found; memory stays
 * bounded. Input that needs random access (kdump-compressed, flattened,
 * compressed, headers at the end), or any input if whole is set (for
 * memlog_scan_at() or an exhaustive search), is copied to an unlinked temporary
 * file, and so is up to opts->keep of any input in which something was found that needs
 * random access: then *ret is NULL, and *ret_spool is its descriptor, which the caller
 * opens as a file ("/proc/self/fd/N", with the name in the options) and closes.
 * Otherwise *ret_spool is -1. On errors, which are those of memlog_image_open(), *ret is NULL and
 * *ret_spool is -1. The caller keeps fd, which is read to its end; name is for
 * messages and must outlive the image. opts may be NULL. memlog_query_open_pipe() reads less.
 */
MEMLOG_API enum memlog_status
memlog_stream_open(int fd, const char *name,
		   const struct memlog_open_opts *opts, const char *formats,
		   bool whole, struct memlog_image **ret, int *ret_spool,
		   struct memlog_err *err);

/*
 * Wrap the caller's own reader: this is how to run inside crash, gdb or a test.
 * space is the space of its addresses. ops and name (for messages) are copied;
 * self must outlive the image. ops->close is called by memlog_image_close(),
 * but not if this function fails. allocator may be NULL. The caller closes
 * *ret. INVALID: read is missing; later also when next_range returns a range
 * that is empty or does not advance.
 *
 * next_range may be NULL if one of the two functions below says where memory
 * is. Until it is called there is none.
 */
MEMLOG_API enum memlog_status
memlog_image_wrap(const struct memlog_reader_ops *ops, void *self,
		  enum memlog_space space, const char *name,
		  const struct memlog_allocator *allocator,
		  struct memlog_image **ret, struct memlog_err *err);

/*
 * Say where a wrapped reader has memory: in these n ranges, instead of where
 * its next_range says. They may be in any order and are copied; ranges that
 * overlap or touch are joined, and those that are empty or end before they
 * start are left out. Bytes inside may still be missing; only read finds out.
 * INVALID: image was not wrapped.
 */
MEMLOG_API enum memlog_status
memlog_image_set_ranges(struct memlog_image *image,
			const struct memlog_range *ranges, size_t n,
			struct memlog_err *err);

/*
 * Describe a wrapped reader by the headers of a dump: image takes over the
 * notes and the machine of by and, if the reader has no next_range, the ranges
 * of by in the same space. For a caller who reads the pages of a dump that the
 * library can open but not expand. The notes of a Xen machine lead from the
 * machine addresses of the reader to the memory of dom0, which image then has
 * as MEMLOG_PHYS. Call it once, before any search; by must outlive image.
 */
MEMLOG_API void memlog_image_describe(struct memlog_image *image,
				      struct memlog_image *by);

/*
 * Where a QEMU guest has RAM, from text, the output of the monitor command
 * "info mtree -f". Devices and ROM are left out. At most max ranges are written
 * to ret, sorted, without overlaps; returns their number, 0 if text, which may
 * be anything, has none.
 */
MEMLOG_API size_t memlog_mtree_parse(const char *text, struct memlog_range *ret,
				     size_t max);

/* Close an image and its files, mappings and temporary files. Close its
 * decoders first. */
MEMLOG_API void memlog_image_close(struct memlog_image *image);

/*
 * Read and next_range of one space of the image, as in struct
 * memlog_reader_ops: a short read is OK, and *ret is the number of bytes read
 * whatever is returned. NO_DATA also if the image does not have that space.
 * Other errors of a read name an address.
 */
MEMLOG_API enum memlog_status memlog_image_read(struct memlog_image *image,
						enum memlog_space space,
						uint64_t addr, void *buf,
						size_t len, size_t *ret,
						struct memlog_err *err);
MEMLOG_API enum memlog_status
memlog_image_next_range(struct memlog_image *image, enum memlog_space space,
			uint64_t addr, struct memlog_range *ret,
			struct memlog_err *err);

/* The same as next_range without what is known to read as zeros, for a search.
 * What is left out can still be read. */
MEMLOG_API enum memlog_status memlog_image_next_data(struct memlog_image *image,
						     enum memlog_space space,
						     uint64_t addr,
						     struct memlog_range *ret,
						     struct memlog_err *err);

/* Does the image have this address space? */
MEMLOG_API bool memlog_image_has_space(const struct memlog_image *image,
				       enum memlog_space space);

/* Traits: what the format of an image says about it. */
#define MEMLOG_IMAGE_RANGES (1u << 0) /* its headers say where memory is */
#define MEMLOG_IMAGE_PLAIN \
	(1u << 1) /* memory is stored in the file
					     uncompressed: nothing to expand */

/*
 * What an image is.
 *
 * name: as it was opened, without passwords. format: one word for what it is: for a file "elf",
 *	"xen-core" (of xl dump-core), "kdump", "lime", "windows", "qevm" or
 *	"raw", for a live source "process", "qmp", "qmp-log" (with via_qemu),
 *	"devmem", "acrn" or "ports", and for memlog_image_wrap() "reader". Decide by
 *	traits, not by format. title: the same in words. machine: "x86_64",
 *	"i386", "aarch64", ..., "" if unknown. All are borrowed from the image,
 *	never NULL and not guest bytes.
 * space: the primary space: addresses are in it if no space is named.
 * flags, page_size: those of its reader; MEMLOG_READER_*, and bytes.
 * file_size: bytes of the file, expanded if it was compressed as a whole; 0 if
 *	it is not a file.
 * present: bytes that can be read in the primary space, in n_ranges ranges.
 * missing: bytes that headers promise but the file does not have.
 * n_notes, n_warnings: the number of notes and warnings; see
 *	memlog_image_note() and memlog_image_warning().
 * traits: what its format says about it; MEMLOG_IMAGE_*.
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

/* Walks all ranges of the primary space, which takes a moment if there are
 * many. Errors are those of its next_range. */
MEMLOG_API enum memlog_status memlog_image_info(struct memlog_image *image,
						struct memlog_image_info *ret,
						struct memlog_err *err);

/*
 * A note or fact that the image carries. All pointers are borrowed from the
 * image. Strings are never NULL and may hold guest bytes: escape them.
 */
struct memlog_note {
	size_t size;
	const char *owner; /* "CORE", "QEMU", "VMCOREINFO", "Xen", ... */
	uint32_t type;	   /* the ELF note type, 0 if there is none */
	const char *title; /* what it is, in words */
	const char *text;  /* its content; may hold newlines */
	const void *desc;  /* the raw bytes, NULL if there are none */
	size_t desc_len;
};

/* The index-th note, from 0; NO_DATA beyond the last. */
MEMLOG_API enum memlog_status
memlog_image_note(const struct memlog_image *image, size_t index,
		  struct memlog_note *ret);

/* The index-th warning, from 0: one line about the image that its user should
 * know, borrowed from the image; escape it. NULL beyond the last. Reading and
 * searching can add more. */
MEMLOG_API const char *memlog_image_warning(const struct memlog_image *image,
					    size_t index);

/* ---- logs ------------------------------------------------------------- */

/* Is a log from the boot that the image shows? */
enum memlog_state {
	MEMLOG_STATE_UNKNOWN,
	MEMLOG_STATE_CURRENT, /* of the running boot */
	MEMLOG_STATE_STALE,   /* of an earlier boot */
	MEMLOG_STATE_COPY,    /* another log has the same text */
};

/* "unknown", "current", "stale", "copy", as in JSON; "unknown" for any other
 * number. */
MEMLOG_API const char *memlog_state_name(enum memlog_state state);

/* One run of len bytes of a log, headers included, len > 0. cpu is -1 if there
 * is none. alias is the same byte in another space, if has_alias is set: only
 * when that is certain. In a raw file that is not known to begin at address 0 it may
 * be in the same space, where the log's own header says that it is. */
struct memlog_extent {
	enum memlog_space space;
	uint64_t addr;
	uint64_t len;
	int32_t cpu;
	uint32_t role; /* the format's own */
	bool has_alias;
	enum memlog_space alias_space;
	uint64_t alias_addr;
};

/* What is special about a log: its flags. */
#define MEMLOG_LOG_WRAPPED (1u << 0) /* the oldest text was overwritten */
#define MEMLOG_LOG_LOST_HEAD \
	(1u << 1)		       /* its beginning was lost before it
					     was written here */
#define MEMLOG_LOG_LOCKED    (1u << 2) /* caught with the lock held */
#define MEMLOG_LOG_RACED     (1u << 3) /* changed while it was read */
#define MEMLOG_LOG_GUESSED   (1u << 4) /* found by shape, not by a magic */
#define MEMLOG_LOG_DAMAGED   (1u << 5) /* header is inconsistent */
#define MEMLOG_LOG_EMPTY     (1u << 6) /* valid, nothing written yet */
#define MEMLOG_LOG_NOT_A_LOG (1u << 7) /* listed, but has no text */
#define MEMLOG_LOG_INCOMPLETE \
	(1u << 8) /* parts are not in the image, or are
					     other memory and left out */
#define MEMLOG_LOG_CUT_OFF \
	(1u << 10) /* what follows its first pages is other
					      memory, or was overwritten, or was
					      too much to look at: left out */
#define MEMLOG_LOG_PLAIN \
	(1u << 11) /* text output has only the lines, without
					      what is known of each, unless a
					      time format is given */
#define MEMLOG_LOG_TELLS_ALL \
	(1u << 9) /* the text of each record has its
					     time, CPU and the like */

/*
 * A log that was found. Everything is borrowed from the struct memlog_logs it
 * came from. id is its index in that list, from 0. Logs of one group belong
 * together (the rings of all CPUs of one hypervisor are one log with many
 * extents; the current and the last boot are two logs of one group); the number
 * of a group only tells it from the others. extents are in the order in which
 * the log uses them, if it has one; extents[0].addr is the log's address.
 */
struct memlog_log {
	size_t size;
	uint32_t id;
	uint32_t group;
	const char *format; /* the table name: "ovmf" */
	const char *title;  /* "OVMF memory debug log" */
	char variant[32];   /* "early", "main", ... or "" */
	char version[128];  /* what the writer calls itself, or "": guest
				   bytes, escape before printing */
	const struct memlog_extent *extents;
	size_t n_extents;
	uint64_t capacity; /* bytes of text that fit */
	uint64_t used;	   /* bytes of text in it */
	uint32_t flags;	   /* MEMLOG_LOG_* */
	enum memlog_state state;
	char reason[160]; /* why that state, what is wrong with it, or
				   ""; one line, escape before printing */
	int32_t boot;	  /* if has_boot: 0 is the current boot, -1 the
				   one before; often unknown if only a part
				   of the image was searched */
	bool has_boot;
};

/* A list of logs, as returned by a search: the caller destroys it, after the
 * decoders of its logs. It may outlive its image, but not its allocator. */
struct memlog_logs;

/* How many logs there are; 0 for NULL. */
MEMLOG_API size_t memlog_logs_count(const struct memlog_logs *logs);
/* The index-th log, from 0, in the order in which they were found; NULL beyond
 * the last, and if logs is NULL. */
MEMLOG_API const struct memlog_log *
memlog_logs_get(const struct memlog_logs *logs, size_t index);
/* Free the list with all of its logs. */
MEMLOG_API void memlog_logs_destroy(struct memlog_logs *logs);

/* ---- scanning --------------------------------------------------------- */

enum memlog_scan_mode {
	MEMLOG_SCAN_PAGES,	/* likely places, then every page */
	MEMLOG_SCAN_LIKELY,	/* only where firmware puts its logs */
	MEMLOG_SCAN_EXHAUSTIVE, /* every offset a magic may have */
	MEMLOG_SCAN_AUTO,	/* PAGES; on a slow image LIKELY first, and the
				   rest only if no current log was found */
};

/*
 * Where to search, and for what. Zero everywhere but size: in all pages, for all
 * formats but those that have to be asked for (dmesg, fpdt,
 * cbmem-times, tpm-log).
 *
 * formats: names from memlog_format_get(), separated by commas, or "all"; NULL for all
 *	but those that have to be asked for. Unknown names match nothing.
 * ranges: n_ranges of them, in any order; only logs that start in one of them
 *	are found. 0: all that the image has. They are in ranges_space if
 *	ranges_in_space is set, else in the primary space.
 * threads: how many search an image that can be mapped, that is, an
 *	uncompressed file; at most 16, and 1 for each 4 MiB. Of a mapped
 *	kdump-compressed file so many expand pages, with codecs that allow it. Other
 *	images are searched by one. 0: two. The result is the same for any number.
 * max_logs: how many logs are kept; 0: the built-in limit, 4096. If there are
 *	more, the search still goes on to its end, and returns MEMLOG_LIMIT.
 * symbols: may give the addresses of logs that have no magic; NULL: none.
 * progress: called now and then with the bytes done and the total; a nonzero
 *	return stops with MEMLOG_STOP. NULL: not called.
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

/* How far a search went; its last pass if it had two (likely places, then
 * pages). All in bytes, except the counts of candidates. */
struct memlog_scan_stats {
	size_t size;
	uint64_t covered;    /* bytes of memory that were searched, each once,
				also those that a file leaves out as zeros */
	uint64_t touched;    /* bytes that were read to do so */
	uint64_t unreadable; /* bytes that could not be, in the same ranges */
	uint64_t candidates; /* magics seen */
	uint64_t rejected;   /* of those, how many were not logs */
	bool complete;	     /* everything the mode asks for was searched */
	bool likely_only;    /* the search ended at the likely places */
	char rejected_first[160]; /* why the first was rejected, or "" */
	bool exhaustive; /* pages had no log, and the file may be anything: it was
			    searched at every 8 bytes, with addresses in the file */
};

/*
 * Find the logs. The caller destroys *ret. Finding none is OK with a count of
 * 0. On STOP, IO and LIMIT *ret holds what was found until then and must be
 * destroyed as well; on all other errors it is NULL. opts may be NULL, for
 * MEMLOG_SCAN_PAGES and all formats but those that have to be asked for; stats may be
 * NULL, and once the search has begun it is filled in whatever is returned. A log's
 * state and group depend on all logs found. INVALID: opts without size, with an unknown
 * mode or space, or with a range that has start >= end.
 */
MEMLOG_API enum memlog_status memlog_scan(struct memlog_image *image,
					  const struct memlog_scan_opts *opts,
					  struct memlog_logs **ret,
					  struct memlog_scan_stats *stats,
					  struct memlog_err *err);

/*
 * Probe one address for the formats of opts->formats, or for all but those that have
 * to be asked for, without any search. Of opts, which may be NULL, only formats and
 * max_logs are used. The caller destroys *ret, which has the log that starts there, or
 * that a header there points to, and those that belong to it. NOT_MINE if there is
 * none: the text says what was seen.
 * INVALID: the image does not have that space. LIMIT, IO. On errors *ret is
 * NULL.
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
#define MEMLOG_REC_TRUNCATED_HEAD (1u << 0) /* its beginning is lost */
#define MEMLOG_REC_PARTIAL_TAIL \
	(1u << 1) /* its end is not written
						     yet */
#define MEMLOG_REC_LOST_BEFORE \
	(1u << 2)		     /* records before it are
						     missing */
#define MEMLOG_REC_GUESSED (1u << 3) /* of a log found by shape */
#define MEMLOG_REC_RACED \
	(1u << 4)			 /* of a log that changed while
						     it was read */
#define MEMLOG_REC_STALE       (1u << 5) /* of an older boot */
#define MEMLOG_REC_CONTINUES   (1u << 6) /* next record: same line */
#define MEMLOG_REC_UNCOMMITTED (1u << 7) /* copied, not yet counted */
#define MEMLOG_REC_CONSUMED \
	(1u << 8) /* already read by its
						     consumer */
#define MEMLOG_REC_VERBATIM \
	(1u << 9) /* the text includes the time
						     and the component */
#define MEMLOG_REC_DATE \
	(1u << 10) /* the time is since 1970-01-01
						     UTC */
#define MEMLOG_REC_CONTEXT \
	(1u << 11) /* of a query: near a line that
						     matches */

enum memlog_field_type {
	MEMLOG_FIELD_UINT, /* u, written in decimal */
	MEMLOG_FIELD_INT,  /* i */
	MEMLOG_FIELD_HEX,  /* u, written in hexadecimal */
	MEMLOG_FIELD_TEXT, /* text */
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

#define MEMLOG_RECORD_FIELDS 24

/*
 * One record: a line of text, a message, an event. It and all that it points to
 * is borrowed until the next call on the same decoder.
 *
 * text: what a person reads: unescaped guest bytes, with the line end if the
 *	log has one, not NUL-terminated. A line of more than 4096 bytes is split
 *	into several records, all but the last with MEMLOG_REC_CONTINUES.
 * message: text without the prefix that the log itself puts before it (level,
 *	time, CPU), message_len bytes: the end of text. NULL: text has none, or
 *	it is not known.
 * raw: what -O raw writes: the record's bytes in the log (the same as text for
 *	logs of text).
 * lost: records or bytes (the format's unit) missing directly before this one;
 *	MEMLOG_REC_LOST_BEFORE with lost 0 means an unknown number.
 * fields: n_fields of them, the format's own; of an event with more the last one is
 *	fields_left_out, and says how many are.
 * event: of an event of Linux, its event_len bytes, from its type on. kernel_format: the
 *	text of the file format of its type in tracefs, and system that type's; both stay
 *	until the decoder is closed and are the same for all events of a type. NULL: not
 *	known, or the event cannot be printed by it.
 */
struct memlog_record {
	size_t size;
	const struct memlog_log *log;
	uint64_t seq;	  /* if has_seq */
	uint64_t time;	  /* if has_time: in ticks of time_hz */
	uint64_t time_hz; /* ticks per second; 0: cycles of unknown
				   rate */
	bool has_seq, has_time, has_level;
	uint32_t level;	       /* if has_level: 0 emerg .. 7 debug, as in
				   syslog */
	int32_t cpu;	       /* -1: none */
	const char *component; /* guest bytes, NUL-terminated, or NULL */
	const char *phase;     /* the same */
	const uint8_t *text;
	size_t text_len;
	const uint8_t *raw;
	size_t raw_len;
	struct memlog_field fields[MEMLOG_RECORD_FIELDS];
	unsigned int n_fields;
	uint64_t lost;
	uint32_t flags; /* MEMLOG_REC_* */
	const uint8_t *message;
	size_t message_len;
	int32_t boot; /* if has_boot: as in struct memlog_log; without,
			   MEMLOG_REC_STALE may say that it is older */
	bool has_boot;
	uint64_t time_zero; /* if has_time: ticks from the creation of the
				   machine to time 0; 0: not known */
	const char *system, *kernel_format;
	const uint8_t *event;
	size_t event_len;
};

struct memlog_decoder;

/*
 * Names of modules of the firmware, by their GUIDs, as the current logs in a list give
 * them when modules are loaded; decoders of other logs, which have the GUIDs only, use
 * them. NO_MEMORY; STOP if the progress callback of the image asks for it. The caller
 * frees *ret.
 */
struct memlog_names;
MEMLOG_API enum memlog_status memlog_names_load(struct memlog_image *image,
						const struct memlog_logs *logs,
						struct memlog_names **ret,
						struct memlog_err *err);
/* names may be NULL. */
MEMLOG_API void memlog_names_free(struct memlog_names *names);

/*
 * What to read from a log. Zero everywhere but size is the default.
 *
 * uncommitted: also text that was copied but not yet counted.
 * consumed: also what the log's own reader has already read.
 * merge: a trace with an order for each CPU only: merge them by time, if it goes
 *	forwards on each of them; otherwise a warning of the image says so.
 * tsc_hz: the rate of the time stamp counter in Hz, for times in cycles; 0:
 *	unknown.
 * rules: rules_len bytes, the text of a rules file that says how to format
 *	events: acrn-trace takes those of ACRN's scripts. NULL: the format's
 *	own.
 * symbols: names of functions in traces of a kernel; NULL: their addresses.
 * printer: for events of Linux whose types are known; NULL: their fields.
 * names: of modules; NULL: their GUIDs.
 * deflate: expands the text of logs that are compressed with deflate, raw or with the
 *	header of zlib; NULL: it is left out.
 */
struct memlog_decode_opts {
	size_t size;
	bool uncommitted;
	bool consumed;
	uint64_t tsc_hz;
	const char *rules;
	size_t rules_len;
	const struct memlog_symbols *symbols;
	const struct memlog_event_printer *printer;
	bool merge;
	const struct memlog_names *names;
	const struct memlog_codec *deflate;
};

/*
 * Open a decoder on one log that was found in this image. image, log and what
 * opts points to must outlive it; opts may be NULL. The caller closes *ret.
 * Several decoders of one image may be open at once. On a live image the log is
 * copied now, and NO_DATA means that it is gone. UNSUPPORTED: it is listed but
 * has no text (MEMLOG_LOG_NOT_A_LOG). CORRUPT, IO, LIMIT; INVALID: rules that
 * cannot be parsed.
 */
MEMLOG_API enum memlog_status
memlog_decoder_open(struct memlog_image *image, const struct memlog_log *log,
		    const struct memlog_decode_opts *opts,
		    struct memlog_decoder **ret, struct memlog_err *err);

/*
 * The next record, oldest first, borrowed until the next call or the close;
 * memory does not grow with the log. NO_DATA after the last one. CORRUPT, IO
 * and LIMIT end the log too, with err saying what is missing; the records
 * returned before remain correct. From then on it is NO_DATA.
 */
MEMLOG_API enum memlog_status
memlog_decoder_next(struct memlog_decoder *decoder,
		    const struct memlog_record **ret, struct memlog_err *err);
/* The log as it is being decoded. In a live image it is newer than in the list
 * it was found in: a copy was taken when the decoder was opened and its header
 * was read again; MEMLOG_LOG_RACED means that it never stopped changing.
 * Borrowed from the decoder. */
MEMLOG_API const struct memlog_log *
memlog_decoder_log(const struct memlog_decoder *decoder);
/* Bytes of the log that are not in the image, as far as it was decoded. */
MEMLOG_API uint64_t memlog_decoder_missing(const struct memlog_decoder *decoder);
/* Bytes that are there, are not what they should be, and were left out so far. */
MEMLOG_API uint64_t memlog_decoder_damaged(const struct memlog_decoder *decoder);
/* What is not certain about the records, such as their order: one line without a full
 * stop, "" for nothing. Borrowed from the decoder. */
MEMLOG_API const char *
memlog_decoder_note(const struct memlog_decoder *decoder);
/* Close a decoder. Its last record becomes invalid. */
MEMLOG_API void memlog_decoder_close(struct memlog_decoder *decoder);

/* ---- following a live log --------------------------------------------- */

/* One log of a running guest, looked at repeatedly. */
struct memlog_follow;

/* What a look at the log found, besides new records. */
struct memlog_follow_news {
	size_t size;
	bool started;  /* another log than before, from its beginning */
	bool reset;    /* because the guest was reset */
	bool overrun;  /* text was overwritten before it was seen */
	uint64_t lost; /* how much, in bytes or records; 0: unknown */
};

/*
 * Follow the current log of a live image, of the first format that has one,
 * through resets of the guest. opts says where to look and for which formats,
 * decode what to read (uncommitted is ignored); both may be NULL, and opts is
 * then MEMLOG_SCAN_AUTO. INVALID: the image is not live. The caller closes
 * *ret; image and what opts and decode point to must outlive it. Nothing is
 * read yet.
 */
MEMLOG_API enum memlog_status
memlog_follow_open(struct memlog_image *image,
		   const struct memlog_scan_opts *opts,
		   const struct memlog_decode_opts *decode,
		   struct memlog_follow **ret, struct memlog_err *err);

/*
 * Look at the log. OK: there is something new, get the records with
 * memlog_follow_next(). NO_DATA: there is nothing new; ask again later, five
 * times a second is enough. UNSUPPORTED: logs of this format cannot be
 * followed. IO: the guest has ended; memlog_follow_next() returns what was held
 * back of an unfinished line. STOP: opts->progress asked for it. *ret is filled
 * in whatever is returned.
 */
MEMLOG_API enum memlog_status memlog_follow_look(struct memlog_follow *follow,
						 struct memlog_follow_news *ret,
						 struct memlog_err *err);

/* The next new record, like memlog_decoder_next(), borrowed until the next call
 * on follow: NO_DATA until the next look. A line without an end is held back
 * for a second. */
MEMLOG_API enum memlog_status
memlog_follow_next(struct memlog_follow *follow,
		   const struct memlog_record **ret, struct memlog_err *err);

/* The log being followed, NULL before the first one is found. Borrowed until
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

/* Copy a string from any source, escaped for a terminal and a single line as
 * --list does with guest text: control characters, those that change the
 * direction of text and anything that is not UTF-8 become ASCII escapes, so it
 * may grow up to fourfold. Truncated to fit size bytes, NUL-terminated; size is
 * at least 1. Returns ret. */
MEMLOG_API const char *memlog_escape(const char *s, char *ret, size_t size);

/* ---- one command line, whole ------------------------------------------ */

/*
 * A query is what one `memlog` command asks for: the options that memlog-dump,
 * crash and gdb share. memlog_query_parse() takes them out of argv, together
 * with those that a front end adds.
 */
struct memlog_query;

/* Who is asking, which decides the options there are. Only a command of its own
 * gets threads by default. */
enum memlog_host {
	MEMLOG_HOST_COMMAND, /* memlog-dump */
	MEMLOG_HOST_CRASH,
	MEMLOG_HOST_GDB,
	MEMLOG_HOST_LIBRARY, /* any other program */
};

/* A query without options: the logs of the current boot, as text. allocator may
 * be NULL; it is used for the query and its runs. The caller destroys *ret.
 * NO_MEMORY; INVALID: an unknown host. */
MEMLOG_API enum memlog_status
memlog_query_create(const struct memlog_allocator *allocator,
		    enum memlog_host host, struct memlog_query **ret,
		    struct memlog_err *err);
/* Destroy a query, which must not be running. */
MEMLOG_API void memlog_query_destroy(struct memlog_query *query);

/*
 * Take one option. name is the full long name without dashes ("format") or a
 * single letter ("F"); value is copied, and is NULL for options without one. An
 * option given again replaces its earlier value, except range and at, which add
 * up. NOT_MINE: a query has no such option. INVALID: the text says what is
 * valid, and the query is unchanged. LIMIT: more than 64 of range or at.
 */
MEMLOG_API enum memlog_status memlog_query_option(struct memlog_query *query,
						  const char *name,
						  const char *value,
						  struct memlog_err *err);

/* Messages up to this level are wanted: 2, 3 after verbose, 0 after quiet. A
 * run calls message only for those; the front end needs it for its own. */
MEMLOG_API int memlog_query_level(const struct memlog_query *query);

/* Is the output, with the options so far, a set of files? Then the sink must
 * have begin and end, and keep the pieces apart by name. */
MEMLOG_API bool memlog_query_wants_directory(const struct memlog_query *query);

/*
 * An option of a command line: one of a query, or one that a front end adds.
 *
 * name: the long name, without dashes. letter: the short one, 0 for none.
 * value: the name of its value in help and errors; NULL: it takes none.
 * optional: the value may be left out. It is given as --name=VALUE or -xVALUE,
 *	never as the next word.
 * help: one line; NULL: help does not show the option.
 * take: called for each use of the option, with arg of struct
 *	memlog_parse_opts. value is borrowed from argv, NULL if there is none;
 *	err is not NULL. Anything but MEMLOG_OK ends the parse, which returns
 *	it, with the option's name put before the text of err if there is one.
 *	NULL in options of a query.
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

/* The index-th option of a host of that kind, from 0; false after the last. All
 * strings are static. */
MEMLOG_API bool memlog_query_option_get(enum memlog_host host, size_t index,
					struct memlog_option *ret);

/*
 * What a front end adds to the command line.
 *
 * own: its own options, all of the same size as the first; ended by one that is
 *	all zero. One with the name of an option of the query replaces it, and
 *	can pass it on to memlog_query_option(). No letter must be used twice.
 *	NULL: none.
 * arg: for their take.
 * in_order: the first operand ends the options, as with POSIXLY_CORRECT.
 */
struct memlog_parse_opts {
	size_t size;
	const struct memlog_option *own;
	void *arg;
	bool in_order;
};

/*
 * Parse argv[1..argc) as getopt_long(3) does: operands anywhere, letters
 * combined in one word, names shortened as far as they are unique, values after
 * "=" or in the next word, "--". argv is permuted, operands last, and
 * *ret_first is the index of the first one, argc if there is none; with
 * ret_first NULL operands are INVALID. opts may be NULL. INVALID: the text says
 * what is wrong, or which options do not fit each other; options before it took
 * effect. LIMIT, and what take of an own
 * option returned.
 */
MEMLOG_API enum memlog_status
memlog_query_parse(struct memlog_query *query, int argc, char **argv,
		   const struct memlog_parse_opts *opts, int *ret_first,
		   struct memlog_err *err);

/* The index-th line of help about options, from 0, without indentation or a
 * newline: those of the query, then own, which may be NULL. Truncated to fit
 * size bytes. False after the last. */
MEMLOG_API bool memlog_query_help(enum memlog_host host,
				  const struct memlog_option *own, size_t index,
				  char *ret, size_t size);

/*
 * How a query talks to its front end.
 *
 * sink: where the output goes. It must not be NULL.
 * message: called with one line for stderr, without a newline, safe for a
 *	terminal except for file names; level: 0 error, 1 warning, 2 note, 3
 *	detail. NULL: no messages. See memlog_query_level().
 * progress: as in struct memlog_scan_opts, also while logs are written. May be
 *	NULL.
 * symbols: as in struct memlog_scan_opts. May be NULL.
 * many: more than one image is being queried; memlog_query_finish() comes last.
 * continued: the sink already has output of an earlier image, so what belongs
 *	at the beginning of a file, such as the header line of CSV, is there.
 * started: when work on the image began, in nanoseconds of CLOCK_MONOTONIC, to
 *	report how long it took; 0: when the run begins.
 * printer, deflate: as in struct memlog_decode_opts. May be NULL.
 * tmpdir: the directory for unlinked temporary files, of large outputs that
 *	cannot be written from front to back; NULL for /var/tmp.
 * no_efi: the kernel in the image is known not to have been booted by UEFI
 *	firmware, which explains that there is no log of such firmware.
 */
struct memlog_query_host {
	size_t size;
	const struct memlog_sink *sink;
	void (*message)(void *arg, int level, const char *line);
	void *message_arg;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
	const struct memlog_symbols *symbols;
	bool many, continued;
	uint64_t started;
	const struct memlog_event_printer *printer;
	const char *tmpdir;
	const struct memlog_codec *deflate;
	bool no_efi;
};

/*
 * What a program that runs a query ends with.
 *
 * PRINTED: something was: a record, a log of a list, statistics of events, an
 *	extract, the description of an image.
 * NONE: nothing was printed, and the image is complete: it has no log, only
 *	empty ones, or no line matches.
 * USAGE: the options, or the name of an image, are invalid.
 * UNREADABLE: the image cannot be read, or the output not be written.
 * INCOMPLETE: nothing was printed, and bytes of the image are truncated,
 *	unreadable or damaged, or too many places looked like logs for all to be
 *	looked at. With the option strict also if such bytes belong to what was
 *	printed, or could have held a current log. Memory that was left out on
 *	purpose, by a dump level or a balloon, does not count.
 */
enum memlog_exit {
	MEMLOG_EXIT_PRINTED,
	MEMLOG_EXIT_NONE,
	MEMLOG_EXIT_USAGE,
	MEMLOG_EXIT_UNREADABLE,
	MEMLOG_EXIT_INCOMPLETE,
};

/* The result of a run. searched and missing are in bytes. */
struct memlog_query_result {
	size_t size;
	enum memlog_exit exit;
	uint64_t logs_found;   /* of the requested formats */
	uint64_t logs_printed; /* or listed, or extracted */
	uint64_t matched;      /* records printed, without context */
	uint64_t searched;
	uint64_t missing;  /* that should have been searched: truncated or
			     unreadable; with at, of the logs only. More
			     may be missing where that cannot be counted */
	uint64_t left_out; /* by whoever wrote the image, on purpose: counted
			      only for JSON */
	bool damaged;	   /* something printed was incomplete, or came from a
			     damaged compressed file; or not every place that
			     looks like a log was searched */
};

/*
 * For options of a front end's own: value is none of the names that the option takes,
 * a NULL-terminated list. Always INVALID; the text says which of them may have been
 * meant, or all. what: what they are, such as "preset".
 */
MEMLOG_API enum memlog_status memlog_query_unknown(const char *what,
						   const char *value,
						   const char *const *names,
						   struct memlog_err *err);

/* The name of the file that the options read (--acrn-formats), NULL if none:
 * output must not replace it. Borrowed from the query. */
MEMLOG_API const char *memlog_query_input(const struct memlog_query *query);

/* What a query, with the options so far, needs from an image that can be read
 * only once: see memlog_stream_open(). *ret_formats is borrowed from the query
 * and may be NULL. */
MEMLOG_API void memlog_query_stream(const struct memlog_query *query,
				    const char **ret_formats, bool *ret_whole);

/*
 * memlog_stream_open() for a query, with what memlog_query_stream() says of it; whole: all
 * of the input is needed for another reason. Of a dump with headers in front of its memory
 * no more is read than the query needs, into an unlinked temporary file, if opts->keep is
 * set, and if the answer does not depend on the rest: the first places searched have a
 * current log, or it is asked for by address, for which opts->keep is no limit. Then *ret
 * has the input, and reads on from a duplicate of fd. opts->codecs: see memlog_codecs(), as
 * none are added.
 */
MEMLOG_API enum memlog_status
memlog_query_open_pipe(const struct memlog_query *query, int fd,
		       const char *name, const struct memlog_open_opts *opts,
		       bool whole, struct memlog_image **ret, int *ret_spool,
		       struct memlog_err *err);

/* Fill in what the options so far say of how to open an image: window of *opts, which
 * stays as it is without such an option. */
MEMLOG_API void memlog_query_open(const struct memlog_query *query,
				  struct memlog_open_opts *opts);

/* Do the options of a query fit each other and, unless it is NULL, the sink?
 * INVALID: the text names both options. memlog_query_parse() and
 * memlog_query_run() check it too. */
MEMLOG_API enum memlog_status
memlog_query_check(const struct memlog_query *query,
		   const struct memlog_sink *sink, struct memlog_err *err);

/*
 * Run a query on one image and write its output to the sink; it can run again,
 * on other images. ret may be NULL; once the run has begun it is filled in
 * whatever is returned. NO_DATA: no log was found, or nothing was printed;
 * messages say what was searched and what to check. NOT_MINE: no log starts
 * where "at" says. INVALID: options that do not fit each other, this image or
 * this sink. STOP, IO (from the image), the sink's own status, LIMIT: what was
 * found until then was printed. Damaged logs are printed as far as they go, and
 * the result and messages say so.
 */
MEMLOG_API enum memlog_status
memlog_query_run(struct memlog_query *query, struct memlog_image *image,
		 const struct memlog_query_host *host,
		 struct memlog_query_result *ret, struct memlog_err *err);

/*
 * Write what is about all images together, after the last run of a query with many set in
 * its host: without it a run writes that itself. Does nothing if there is none, or no
 * run came so far. Errors are those of memlog_query_run().
 */
MEMLOG_API enum memlog_status
memlog_query_finish(struct memlog_query *query,
		    const struct memlog_query_host *host,
		    struct memlog_err *err);

/* The exit status if there is no image to run a query on: the image of that
 * name could not be opened. name NULL: the command line is invalid, or a file
 * that it names besides images cannot be used. status is the reason. query, err
 * and host may be NULL. If name, query and host are given and the output is
 * JSON, the object that describes the image is written to the host's sink. */
MEMLOG_API enum memlog_exit
memlog_query_failed(const struct memlog_query *query, const char *name,
		    enum memlog_status status, const struct memlog_err *err,
		    const struct memlog_query_host *host);

#ifdef __cplusplus
}
#endif

#endif /* MEMLOG_H */
