/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.h - what every image format fills in.
 *
 * An image has at most one reader for each address space. Those in order[] are
 * searched, the first is the primary one. A format's open function gets the
 * bytes of a file as a reader of MEMLOG_FILE and stacks its own readers on it.
 */
#ifndef ML_IMAGE_IMAGE_H
#define ML_IMAGE_IMAGE_H

#include "memlog.h"
#include "base/alloc.h"
#include "space/p2m.h"

/*
 * One address space of an image.
 *
 * bias: pages of the guest start where (addr - bias) is a multiple of the page
 *	size; other than 0 only in MEMLOG_FILE.
 */
struct ml_space {
	const struct memlog_reader_ops *ops;	/* NULL: not there */
	void *self;
	uint32_t bias;
};

/* The bytes of a file: a reader of MEMLOG_FILE with a size. next_data tells
 * data from the holes of a sparse file; those read as zeros. size is UINT64_MAX
 * when it is not known. */
struct ml_file {
	const struct memlog_reader_ops *ops;
	void *self;
	uint64_t size;
	const char *name;
	const struct ml_file *lower;	/* that it is made of, or NULL */
};

struct ml_xen;

struct ml_note {
	char *owner, *title, *text;
	uint32_t type;
	void *desc;
	size_t desc_len;
};

/* What a warning is about: the bytes of the image, or one part of a split dump
 * and not the dump that all parts make. */
enum ml_warning_kind { ML_WARN_IMAGE, ML_WARN_PART };

struct ml_warning {
	enum ml_warning_kind kind;
	char *text;
};

struct memlog_image {
	struct memlog_allocator alloc;
	char *name;
	const char *format, *title;
	unsigned int traits;		/* MEMLOG_IMAGE_* */
	bool xen_guest;			/* made by xl dump-core */
	const char *machine;		/* never NULL, "" when not known */
	struct ml_space spaces[MEMLOG_SPACES];
	enum memlog_space order[MEMLOG_SPACES];
	size_t n_order;
	enum memlog_space added[MEMLOG_SPACES];
	size_t n_added;
	/* where PHYS lies scattered over MACH: the reader of PHYS, else NULL */
	struct ml_p2m *p2m;
	/* of a Xen machine, else NULL; xen.h */
	struct ml_xen *xen;
	/* of a caller's reader: a copy of its operations, and what tells where
	 * memory is when they do not: a dump, or a list in order */
	struct {
		struct memlog_reader_ops ops;
		struct memlog_image *dump;
		struct memlog_range *ranges;
		size_t n_ranges;
	} wrapped;
	/* the file below the readers, closed last; ops NULL: none */
	struct ml_file file;
	uint64_t missing;
	/* the images that it is made of, or NULL */
	struct memlog_image *const *parts;
	size_t n_parts;
	bool by_kernel;	/* its format is written from within a machine */
	bool suspect;	/* the file is damaged, and nobody knows where */
	struct ml_note *notes;
	size_t n_notes, cap_notes;
	struct ml_warning *warnings;
	size_t n_warnings, cap_warnings;
	bool starved;	/* something was left out for lack of memory, where
			   that could not be returned: set it, and
			   ml_image_complete() will */
};

/* An empty image that owns a copy of name. The caller closes it. */
enum memlog_status ml_image_create(const char *name,
				   const struct memlog_allocator *alloc,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* Give the image a reader for a space, searched if scan. The image closes
 * it, in the reverse order of adding. Replacing a reader is a bug. */
void ml_image_add_space(struct memlog_image *image, enum memlog_space space,
			const struct memlog_reader_ops *ops, void *self,
			uint32_t bias, bool scan);

/* The same byte in another space, where that is certain: what the reader says,
 * and for machine addresses the p2m tree. NO_DATA when it is not. */
enum memlog_status ml_image_alias(struct memlog_image *image,
				  enum memlog_space space, uint64_t addr,
				  enum memlog_space *ret_space,
				  uint64_t *ret_addr);

/* As much as there is of len bytes at addr, up to the first hole: OK whatever
 * *ret is. Other trouble than a hole is passed on, with what came before it. */
enum memlog_status ml_image_fill(struct memlog_image *image,
				 enum memlog_space space, uint64_t addr,
				 void *buf, size_t len, size_t *ret,
				 struct memlog_err *err);

/* Did the kernel of a machine write this of its own memory, from within? Then it
 * may be a host, and its guests lie scattered over what is here. */
bool ml_image_is_by_kernel(const struct memlog_image *image);

/* Are its files still as long as when they were opened? Otherwise IO: what is
 * gone may have been taken for zeros or for a hole. */
enum memlog_status ml_image_check(const struct memlog_image *image,
				  struct memlog_err *err);

/* Add a warning or a note. Beyond the limit it is dropped, and without memory,
 * which ml_image_complete() reports. text may hold guest bytes. owner, title
 * and text are copied; desc too. */
void ml_image_warn(struct memlog_image *image, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
void ml_image_warn_part(struct memlog_image *image, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
void ml_image_add_note(struct memlog_image *image, const char *owner,
		       uint32_t type, const char *title, const char *text,
		       const void *desc, size_t desc_len);

/* Say something better about the index-th note. Both are copied. */
void ml_image_set_note(struct memlog_image *image, size_t index,
		       const char *title, const char *text);

/* NO_MEMORY if image was starved since the last call: some of what is known of
 * it, or should have been found in it, is missing. */
enum memlog_status ml_image_complete(struct memlog_image *image,
				     struct memlog_err *err);

/*
 * A file format is one file, image/foo.c, with one struct ml_image_format, and
 * one line in image/table.c.
 *
 * traits: MEMLOG_IMAGE_* of its images.
 * streams: a file of it can be read once, from its start to its end; others are
 *	copied to a temporary file when they come through a pipe.
 * raw: takes any bytes, as memory: the only one that is asked with force_raw.
 * open: looks at the file and answers OK (image is filled in; it has name, title
 *	and traits of the format before), NOT_MINE, or what is wrong. The file
 *	stays the caller's; image->file has been set to it, and it lives as long
 *	as the image.
 */
struct ml_image_format {
	const char *name;	/* "elf" */
	const char *title;	/* "ELF dump" */
	unsigned int traits;
	bool streams, raw;
	enum memlog_status (*open)(struct memlog_image *image,
				   const struct ml_file *file,
				   const struct memlog_open_opts *opts,
				   struct memlog_err *err);
};

/* Formats that need libc alone, in the order in which they are tried; ends with
 * NULL. image/table.c */
extern const struct ml_image_format *const ml_image_formats[];

/* Read len bytes at off of a file: OK only when all of them came, NO_DATA when
 * the file ends before. */
enum memlog_status ml_file_read(const struct ml_file *file, uint64_t off,
				void *buf, size_t len, struct memlog_err *err);

#endif
