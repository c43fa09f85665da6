/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel.h - the memory of the kernel that wrote a persistent ring buffer, or of the
 * next one: what events are called, what fields they have, what tasks are called.
 */
#ifndef ML_FORMAT_FTRACE_KERNEL_H
#define ML_FORMAT_FTRACE_KERNEL_H

#include "ftrace.h"

/* Reads it: of an image, noting the pages, or, if source is set, of a log's extents.
 * Zeroed but for these, alloc and info. */
struct ftrace_kernel {
	struct memlog_allocator alloc;
	struct memlog_image *image;
	struct ml_source *source;
	const struct ftrace_kernel_info *info;
	uint64_t *page; /* sorted */
	size_t n, cap;
	size_t first; /* extent of the log with a page of the kernel */
	bool starved; /* something is missing for lack of memory */
};

/* All len bytes at a virtual address; false: they are not there. */
bool ml_ftrace_kernel_read(struct ftrace_kernel *k, uint64_t va, void *buf,
			   size_t len);

/* The same, and the page is not noted: a log has it as an extent of its own. */
bool ml_ftrace_kernel_look(struct ftrace_kernel *k, uint64_t va, void *buf,
			   size_t len);

/* The same at a physical address; the bytes are of one page. noted.c */
bool ml_ftrace_kernel_phys(struct ftrace_kernel *k, uint64_t phys, void *buf,
			   size_t len);

/* walk.c: the physical address; false: it is not mapped, or a table is missing. And
 * what VMCOREINFO says of page tables. */
bool ml_ftrace_walk(struct ftrace_kernel *k, uint64_t va, uint64_t *ret);
void ml_ftrace_walk_place(const struct memlog_image *image,
			  struct ftrace_kernel_info *ret);

/* Is it an address of the kernel, not text? No text has a byte of ones. */
static inline bool ml_ftrace_is_pointer(uint64_t v)
{
	return v >> 56 == 0xff;
}

/* A string of less than size bytes, without control characters but for line feeds and tabs;
 * false: there is none. */
bool ml_ftrace_kernel_string(struct ftrace_kernel *k, uint64_t va, char *ret,
			     size_t size);
/* The same without these, too: a name is part of one line. */
bool ml_ftrace_kernel_name(struct ftrace_kernel *k, uint64_t va, char *ret,
			   size_t size);

/* For a log's extents: set first. */
void ml_ftrace_kernel_open(struct ftrace_kernel *k);
void ml_ftrace_kernel_close(struct ftrace_kernel *k);

/* Where the kernel's image is; sets k->info. False: VMCOREINFO does not say. place.c */
bool ml_ftrace_place_image(struct ftrace_kernel *k,
			   struct ftrace_kernel_info *ret);

/* Also what the symbols say, for the log f. False: nothing can be read with them. */
bool ml_ftrace_place(struct ftrace_kernel *k,
		     const struct memlog_symbols *symbols,
		     const struct ftrace *f, struct ftrace_kernel_info *ret);

/* members.c: where members are by what knows structs, which may be NULL, or where they
 * always were. */
void ml_ftrace_members(const struct memlog_symbols *types, uint32_t *off);

/* The same for the structs of ordinary ring buffers; members are in one of these lists
 * until they are renamed. False: *ret_missing has a member that is not known and must be.
 * FTRACE_NONE: this kernel has no such member. */
enum ftrace_ring_member {
	RING_ARRAY_LIST,
	RING_ARRAY_NAME,
	RING_ARRAY_BUFFER,
	RING_ARRAY_SNAPSHOT,
	RING_ARRAY_CLOCK,
	RING_ARRAY_RANGE,
	RING_HOLDER_ARRAY,
	RING_HOLDER_BUFFER,
	RING_BUFFER_CPUS,
	RING_BUFFER_ORDER,
	RING_BUFFER_BUFFERS,
	RING_CPU_CPU,
	RING_CPU_BUFFER,
	RING_CPU_PAGES,
	RING_CPU_HEAD,
	RING_CPU_COMMIT,
	RING_CPU_READER,
	RING_CPU_LOST,
	RING_CPU_LAST,
	RING_CPU_ENTRIES,
	RING_CPU_OVERRUN,
	RING_CPU_READ,
	RING_PAGE_LIST,
	RING_PAGE_READ,
	RING_PAGE_DATA,
	RING_MEMBERS
};
#define FTRACE_NONE UINT32_MAX
bool ml_ftrace_ring_members(const struct memlog_symbols *types, uint32_t *off,
			    const char **ret_missing);

/* ---- types of events: types.c ------------------------------------------- */

/* Types that every kernel has, and that are known without it. */
enum {
	FTRACE_TYPE_FUNCTION = 1, /* two addresses: function, caller */
	FTRACE_TYPE_STACK = 4,	  /* a count, and addresses */
	FTRACE_TYPE_PRINT = 5,	  /* an address, and text */
};

struct ftrace_field {
	char name[ML_FTRACE_NAME], type[ML_FTRACE_NAME];
	uint32_t off, size;
	bool is_signed;
};

struct ftrace_type {
	uint16_t id;
	bool loaded;	       /* the rest is */
	bool whole;	       /* all of its fields are known */
	bool added, printable; /* by the printer */
	uint64_t call;
	char name[ML_FTRACE_NAME], system[ML_FTRACE_NAME];
	uint32_t n_fields, len; /* of all fields */
	struct ftrace_field *field;
	char *format; /* the text of its file in tracefs; NULL: none */
};

struct ftrace_types {
	struct ftrace_type *type; /* sorted by id */
	size_t n, cap;
	size_t bytes; /* of fields and formats */
	bool whole;   /* the list did not end early */
};

/* List the types that the kernel has. NO_MEMORY; a list that ends early is OK. */
enum memlog_status ml_ftrace_types_init(struct ftrace_types *t,
					struct ftrace_kernel *k,
					struct memlog_err *err);
void ml_ftrace_types_fini(struct ftrace_types *t,
			  const struct memlog_allocator *alloc);

/* The type with that number, its fields loaded; NULL: unknown. */
struct ftrace_type *ml_ftrace_types_find(struct ftrace_types *t,
					 struct ftrace_kernel *k, uint16_t id);

/* ---- names of tasks: tasks.c -------------------------------------------- */

enum { FTRACE_COMM = 16 };

struct ftrace_task {
	int32_t pid;
	char comm[FTRACE_COMM];
};

struct ftrace_tasks {
	struct ftrace_task *task; /* sorted by pid */
	size_t n;
	bool whole; /* there are no others */
};

enum memlog_status ml_ftrace_tasks_init(struct ftrace_tasks *t,
					struct ftrace_kernel *k,
					struct memlog_err *err);
void ml_ftrace_tasks_fini(struct ftrace_tasks *t,
			  const struct memlog_allocator *alloc);

/* NULL: unknown. */
const char *ml_ftrace_tasks_find(const struct ftrace_tasks *t, int32_t pid);

#endif
