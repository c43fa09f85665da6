/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.h - an image: what every image format fills in.
 *
 * An image has at most one reader for each address space. Those in order[] are
 * searched, the first is the primary one. A format's open function gets the
 * bytes of a file as a reader of MEMLOG_FILE and stacks its own readers on it.
 */
#ifndef ML_IMAGE_IMAGE_H
#define ML_IMAGE_IMAGE_H

#include "memlog.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "space/p2m.h"

/*
 * One address space of an image.
 *
 * bias: pages of the guest start where (addr - bias) is a multiple of the page
 *	size; other than 0 only in MEMLOG_FILE.
 * repeated: how many bytes of a range, which has no holes, are bytes of the file
 *	that lower addresses have, too; next_data leaves those out. NULL: none.
 * promised: how many bytes of a range the headers promise, in the file or not.
 *	NULL: all.
 * hole: does no range have this byte? NULL: next_range is as cheap.
 * guessed: nothing proves which memory has these addresses; empty: none.
 */
struct ml_space {
	const struct memlog_reader_ops *ops; /* NULL: not there */
	void *self;
	uint32_t bias;
	uint64_t (*repeated)(void *self, struct memlog_range range);
	uint64_t (*promised)(void *self, struct memlog_range range);
	bool (*hole)(void *self, uint64_t addr);
	struct memlog_range guessed;
};

static inline bool ml_space_guessed(const struct ml_space *sp, uint64_t addr)
{
	return addr >= sp->guessed.start && addr < sp->guessed.end;
}

/* The bytes of a file: a reader of MEMLOG_FILE with a size. next_data skips the
 * holes of a sparse file, which read as zeros. size is in bytes, UINT64_MAX if
 * unknown. member: the file is an archive, and this one in it is meant, or NULL. */
struct ml_file {
	const struct memlog_reader_ops *ops;
	void *self;
	uint64_t size;
	const char *name;
	const struct ml_file *lower; /* the file it is made from, or NULL */
	const char *member;
};

/* This file, or the first of those it is made from, that has these operations; NULL: none. */
static inline const struct ml_file *
ml_file_layer(const struct ml_file *file, const struct memlog_reader_ops *ops)
{
	while (file && file->ops != ops)
		file = file->lower;
	return file;
}

struct ml_xen;
struct ml_ports;

/* The notes of an extract: what it is, and a line for each log in it. Not types of
 * core notes. */
#define ML_NOTE_OWNER	"memlog"
#define ML_NOTE_EXTRACT 0x6d6c
#define ML_NOTE_LOGS	0x6d6d

struct ml_note {
	char *owner, *title, *text;
	uint32_t type;
	void *desc;
	size_t desc_len;
};

/* Memory of a guest in a process, if it is known which it is: its addresses in HOST and
 * PHYS; len 0: it is not known. */
struct ml_in_host {
	uint64_t host, phys, len;
};

/* What a warning is about: the image, or only one part of a split dump, so that
 * it does not apply once all parts are open: what it lacks, or its memory without an
 * address, which is not searched then. */
enum ml_warning_kind { ML_WARN_IMAGE, ML_WARN_PART };

struct ml_warning {
	enum ml_warning_kind kind;
	char *text;
};

struct memlog_image {
	struct memlog_allocator alloc;
	char *name;
	char *tmpdir; /* for temporary files; NULL: /var/tmp */
	const char *format, *title;
	unsigned int traits; /* MEMLOG_IMAGE_* */
	bool xen_guest;	     /* made by xl dump-core */
	const char *machine; /* never NULL; "": unknown */
	struct ml_space spaces[MEMLOG_SPACES];
	enum memlog_space order[MEMLOG_SPACES];
	size_t n_order;
	enum memlog_space added[MEMLOG_SPACES];
	size_t n_added;
	/* the reader of PHYS, where that is scattered over MACH; else NULL */
	struct ml_p2m *p2m;
	/* where the reader of PHYS is over HOST; hostmap.h */
	struct ml_in_host in_host;
	/* for a Xen machine, else NULL; xen.h */
	struct ml_xen *xen;
	/* for a caller's reader: a copy of its operations; if these have no
	 * next_range, a dump or a sorted list says where memory is */
	struct {
		struct memlog_reader_ops ops;
		struct memlog_image *dump;
		struct memlog_range *ranges;
		size_t n_ranges;
	} wrapped;
	/* of debug ports, else NULL; ports.h. It belongs to the reader */
	struct ml_ports *ports;
	/* of a dump that can be split: the addresses that this file is for, of all; all 0:
	 * it is none */
	struct {
		uint64_t start, end, all;
	} part;
	/* nobody said that the file is memory; MEMLOG_FILE has it, too */
	bool unsure;
	/* nobody said at which address the file begins: taken to be 0 */
	bool unplaced;
	/* the file below the readers, closed last; ops NULL: none */
	struct ml_file file;
	uint64_t missing; /* bytes that are truncated or unreadable */
	uint64_t lost;	  /* the same, of bytes in the ranges of its spaces */
	/* why, and what to do about it; NULL: the file was cut */
	const char *remedy;
	bool cut; /* more are, but not known how many */
	/* bytes that whoever wrote the image left out on purpose; count_left
	 * adds those that cost more to count, and may be NULL */
	uint64_t left_out;
	uint64_t (*count_left)(void *self);
	void *count_self;
	uint32_t dump_level; /* of makedumpfile, 0: none or unknown */
	/* the images of a split dump, or NULL */
	struct memlog_image *const *parts;
	size_t n_parts;
	bool by_kernel; /* written from within the machine that it is of */
	bool unpacked;	/* the file was compressed as a whole */
	bool suspect;	/* the file is damaged at an unknown place */
	bool uncompared; /* bytes at addresses that it has twice were only sampled; the
			    second copy is not searched */
	bool unread; /* bytes that it should have could not be read */
	bool passed; /* of a pipe: what was not kept was searched before */
	struct memlog_err damage; /* the first bytes of the file that were seen
				     to be damaged; no text: none */
	struct ml_note *notes;
	size_t n_notes, cap_notes;
	size_t note_bytes; /* of all of these and their texts */
	size_t naming;	   /* 1 + the first that names logs; 0: none does */
	struct {
		bool settled, unknown;
		uint64_t value;
	} phys_base;	       /* see ml_vmcoreinfo_settle() */
	bool found_vmcoreinfo; /* a note has VMCOREINFO that was found in memory */
	struct ml_warning *warnings;
	size_t n_warnings, cap_warnings;
	/* asked by what searches long in one call, see ml_image_stop(); NULL:
	 * nobody can stop it */
	bool (*stop)(void *arg);
	void *stop_arg;
	bool stopped;
	/* the search that goes on reads only what is near the logs that it finds:
	 * the image is slow; shortened: so something was not looked for */
	bool brief, shortened;
	/* of a search: names of formats of which not all that may be a log was looked at,
	 * see ml_curtail(); of more than that, the first */
	const char *curtailed[ML_CURTAILED];
	size_t n_curtailed;
	/* of a search; 0: there is none */
	unsigned int threads;
	/* the image that is searched: this one, or the set that it is a part of;
	 * NULL: there is no search */
	struct memlog_image *whole;
	/* of the whole one: a reader has threads. Ask it to end them, or, unless
	 * now, to end them if no more work will come for them. False: it did not.
	 * NULL: no reader has any */
	bool (*rest)(void *arg, bool now);
	void *rest_arg;
	uint64_t sweep_end; /* it reads upwards, as far as this */
	/* of a running guest: may it have other memory than when it was opened? Then it
	 * is read from now on. False: it has the same. NULL: always */
	bool (*renew)(void *arg);
	void *renew_arg;
	/* since a search began: the first read that failed, but for missing bytes
	 * and memory, as not every format can return that; ended: so will all
	 * others */
	struct memlog_err failed;
	bool ended;
	bool starved; /* something was left out for lack of memory, where
			   that could not be returned: set it, and
			   ml_image_complete() will */
};

/* An empty image that owns copies of name and of tmpdir, which may be NULL. The caller
 * closes it. */
enum memlog_status ml_image_create(const char *name, const char *tmpdir,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* Give the image a reader for a space, searched if scan. The image owns self
 * and closes its readers in the reverse order. Adding two readers for one space
 * is a bug. */
void ml_image_add_space(struct memlog_image *image, enum memlog_space space,
			const struct memlog_reader_ops *ops, void *self,
			uint32_t bias, bool scan);

/* Close the reader of the space that was added last. */
void ml_image_drop_space(struct memlog_image *image, enum memlog_space space);

/* The address of the same byte in another space, from the reader, from the p2m tree
 * for machine addresses, or from what is known of a process. NO_DATA: not known. */
enum memlog_status ml_image_alias(struct memlog_image *image,
				  enum memlog_space space, uint64_t addr,
				  enum memlog_space *ret_space,
				  uint64_t *ret_addr);

/* Does a failed read end a search? A bad place in a file does not; the end of a process
 * does. */
static inline bool ml_space_ended(const struct ml_space *sp,
				  enum memlog_status s)
{
	return s == MEMLOG_STOP || s == MEMLOG_NO_MEMORY ||
	       (s == MEMLOG_IO && sp->ops->flags & MEMLOG_READER_LIVE);
}

/* How many bytes of a range the image should have by its headers. */
uint64_t ml_image_promised(const struct memlog_image *image,
			   enum memlog_space space, struct memlog_range range);

/* Does no range of the image have this byte? */
bool ml_image_hole(struct memlog_image *image, enum memlog_space space,
		   uint64_t addr);

/* How many bytes of a range are bytes of the file that lower addresses have,
 * too. */
uint64_t ml_image_repeated(const struct memlog_image *image,
			   enum memlog_space space, struct memlog_range range);

/* Read up to len bytes at addr, up to the first hole: OK even if *ret is less.
 * Other errors are returned; *ret is then what was read before. */
enum memlog_status ml_image_fill(struct memlog_image *image,
				 enum memlog_space space, uint64_t addr,
				 void *buf, size_t len, size_t *ret,
				 struct memlog_err *err);

/* Did QEMU write the dump, by its notes? */
bool ml_image_is_by_qemu(const struct memlog_image *image);

/* Was this written by a kernel that dumped its own machine? If so, the machine
 * may be a host, with the memory of its guests scattered over the image. */
bool ml_image_is_by_kernel(const struct memlog_image *image);

/* IO if a file of the image has become shorter since it was opened: what is
 * gone may have been read as zeros or as a hole. */
enum memlog_status ml_image_check(const struct memlog_image *image,
				  struct memlog_err *err);

/* Remember damage of the file if it is the first. image may be NULL. */
void ml_image_note_damage(struct memlog_image *image,
			  const struct memlog_err *why);

/* What is damaged in the files of the image, as far as is known yet, or NULL. */
const char *ml_image_damage(const struct memlog_image *image);

/* Add a warning or a note. Beyond ML_MAX_WARNINGS, ML_MAX_NOTES or ML_MAX_NOTE_BYTES it
 * is dropped, with a warning if it is a note, and without memory, too, which
 * ml_image_complete() reports. Texts may hold guest bytes; all arguments are copied. A
 * warning that the image has already is not repeated. */
void ml_image_warn(struct memlog_image *image, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
void ml_image_warn_part(struct memlog_image *image, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
void ml_image_add_note(struct memlog_image *image, const char *owner,
		       uint32_t type, const char *title, const char *text,
		       const void *desc, size_t desc_len);

/* ml_image_warn() of memory that is missing from the file, an unknown amount. */
void ml_image_warn_cut(struct memlog_image *image, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);

/* Bytes that were left out on purpose; may take a moment. */
uint64_t ml_image_left_out(const struct memlog_image *image);

/* Replace title and text of note index, if they fit. Both are copied. */
void ml_image_set_note(struct memlog_image *image, size_t index,
		       const char *title, const char *text);

/* NO_MEMORY if image was starved since the last call: some of what is known of
 * it, or should have been found in it, is missing. */
enum memlog_status ml_image_complete(struct memlog_image *image,
				     struct memlog_err *err);

/* Has the user stopped what is being done? To be asked now and then by what takes
 * more than a moment, and returns no status: it ends then, and the search fails
 * with STOP. */
static inline bool ml_image_stop(struct memlog_image *image)
{
	if (!image->stopped && image->stop)
		image->stopped = image->stop(image->stop_arg);
	return image->stopped;
}

/*
 * A file format is one file, image/foo.c, with one struct ml_image_format, and
 * one line in image/table.c.
 *
 * traits: MEMLOG_IMAGE_* of its images.
 * streams: can be read once, from start to end; from a pipe, files of other
 *	formats are copied to a temporary file first.
 * raw: accepts any bytes as memory: the only kind that is tried with force_raw.
 * open: OK (image is filled in; format, title and traits are set before the
 *	call), NOT_MINE, or an error. file is borrowed: it is &image->file and
 *	lives as long as the image.
 */
struct ml_image_format {
	const char *name;  /* "elf" */
	const char *title; /* "ELF dump" */
	unsigned int traits;
	bool streams, raw;
	enum memlog_status (*open)(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err);
};

/* Formats that need only libc, in the order in which they are tried, ended by
 * NULL. image/table.c */
extern const struct ml_image_format *const ml_image_formats[];

/* Read len bytes of a file at offset off. OK: all of them; NO_DATA: the file
 * ends before. */
enum memlog_status ml_file_read(const struct ml_file *file, uint64_t off,
				void *buf, size_t len, struct memlog_err *err);

/* A log that an extract names, as what led to it in the dump may be left out: a line
 * "FORMAT ADDR [BASE]". base: where the memory that has it started there. After the logs
 * come lines of one word: ML_NAMED_SOME, the dump may have more logs; ML_NAMED_GUESSED,
 * the addresses are guessed; ML_NAMED_UNPLACED, nobody said where the dump begins; the
 * space of the addresses, if not physical or of a Xen machine: "virt", "host", or
 * "file+0xN", where N is the bias of struct ml_space. */
#define ML_NAMED_SOME	  "some"
#define ML_NAMED_GUESSED  "guessed"
#define ML_NAMED_UNPLACED "unplaced"
#define ML_NAMED_LINES	  (ML_NAMED_LOGS + 4)
struct ml_named {
	const char *format; /* format_len bytes */
	size_t format_len;
	uint64_t addr, base;
	bool has_base;
};

/* Is it such a note? */
bool ml_note_names(const struct ml_note *note);

/* The index-th log that the first such note names, at addr of the primary space.
 * false: there is none, or no such line. Looks at all lines before. named.c */
bool ml_image_named(const struct memlog_image *image, size_t index,
		    struct ml_named *ret);

/* Does an extract have this line of one word? */
bool ml_image_named_word(const struct memlog_image *image, const char *word);

/* The space in the text of such a note; bias is that of MEMLOG_FILE, otherwise 0. False: it
 * has none. */
bool ml_named_space(const char *text, size_t len, enum memlog_space *ret,
		    uint32_t *ret_bias);

/* The base of the log that is named at addr, if there is one. */
bool ml_image_named_base(const struct memlog_image *image, uint64_t addr,
			 uint64_t *ret);

#endif
