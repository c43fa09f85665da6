/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hyp.h - the trace of a hypervisor, which Linux calls a trace remote.
 *
 * The kernel has a table of events; each entry points to the remote, and that to
 * the descriptor, which lists the pages of each CPU. Layouts are in
 * docs/facts/hyp-trace.md. A log's extents are the table, the descriptor, and
 * for each CPU its meta page, what says how far it was read, and its data pages
 * in reading order; then what else of the kernel is needed to print events.
 */
#ifndef ML_FORMAT_HYP_H
#define ML_FORMAT_HYP_H

#include "base/limits.h"
#include "format/format.h"

enum {
	HYP_EVENT = 72,		     /* an entry of the table */
	HYP_REMOTE = 64,	     /* used of struct trace_remote */
	HYP_DESC_NODES = 16,	     /* before the hypervisor's descriptor */
	HYP_META = 80,		     /* used of a meta page, at most */
	HYP_META_15 = 72,	     /* the same of Android 15 */
	HYP_PAGE_HEADER = 16,	     /* of a data page */
	HYP_COMMIT = (1u << 27) - 1, /* the bytes of events in its word */
	HYP_NODE = 48,		     /* of a page, at most */
	HYP_RB = 72,		     /* struct simple_rb_per_cpu */
	HYP_NAME = 30,
	HYP_REASON = 12, /* bytes of a reason's name in the kernel's table */
	HYP_REASONS = 16,
	HYP_STRING = 128, /* bytes of a string that the hypervisor prints */
	ML_HYP_CHUNK = 64 << 10, /* bytes read at once in a search */
};

/* Generations: Linux 7.1; Android 16, and 15 with a longer meta page; Android 15;
 * Android 14. */
enum hyp_gen { HYP_MAINLINE, HYP_ANDROID, HYP_ANDROID_15, HYP_ANDROID_14 };

/* Roles of extents. */
enum {
	HYP_ROLE_TABLE,
	HYP_ROLE_REMOTE,
	HYP_ROLE_DESC,
	HYP_ROLE_META,
	HYP_ROLE_RB,	   /* the writer's struct simple_rb_per_cpu */
	HYP_ROLE_POSITION, /* u32: bytes of the reader page that were read */
	HYP_ROLE_WAY,	   /* what leads there */
	HYP_ROLE_READER,   /* the reader page */
	HYP_ROLE_PAGE,	   /* a data page with live events, in reading order */
	HYP_ROLE_STALE,	   /* any other data page */
	HYP_ROLE_NODES,
	HYP_ROLE_KERNEL, /* names, fields and formats of events */
	HYP_ROLE_REASONS,
	HYP_ROLE_LIST,	  /* Android's table of events */
	HYP_ROLE_STRINGS, /* for the event that prints one */
	HYP_ROLE_FOUND,	  /* what led here; another extent has it, too */
	HYP_ROLE_MASK = 0xff,
	HYP_ROLE_GUESSED = 0x100, /* links do not give the order */
	HYP_ROLE_BEGUN = 0x200,	  /* the last event is not finished */
	HYP_ROLE_ALL = 0x400,	  /* of PAGE: nothing was lost before these */
};

/* What leads here; ml_likely.hint. FLAGS 0: a search. */
enum {
	HYP_HINT_FLAGS,
	HYP_HINT_READ,
	HYP_HINT_ARRAY,
	HYP_HINT_OFFSET,
	HYP_HINT_STRINGS,
	HYP_HINT_STRINGS_END,
};
#define HYP_BY_SYMBOLS 1u
#define HYP_HAS_SYS    2u /* reason 2 is "sys" */
#define HYP_HAS_PSCI   4u /* reason 2 is "psci" */
#define HYP_IS_14      8u /* it is what the writer of Android 14 knows */
#define HYP_NUMBERS    8  /* bits before the numbers of known events, names.c */

/* A log's private part. table 0: not found, n_events is what the remote says, or
 * 0. direct, image: a virtual address less the physical one,
 * in the direct map and in the kernel's image. hint: as above; READ has three
 * offsets of 16 bits: trace_buffer.buffers, ring_buffer_per_cpu.reader_page,
 * buffer_page.read; ARRAY is where the kernel's table of per-CPU addresses is,
 * OFFSET what to add to these for struct simple_rb_per_cpu;
 * STRINGS to STRINGS_END are physical. */
struct hyp {
	uint64_t hint[ML_HINTS];
	uint64_t direct, image;
	uint64_t table, remote, desc, buffer, backing; /* virtual */
	uint32_t n_events, n_cpus, page_size, release;
	uint32_t n_busy; /* CPUs that were writing an event, busy the last */
	int32_t busy;
	uint32_t n_lost; /* CPUs of which the descriptor's part is of no use */
	uint64_t lost;	 /* bytes of events of those whose part is not there */
	enum hyp_gen gen;
	uint32_t list; /* form of HYP_ROLE_LIST, from 1 on */
};

_Static_assert(sizeof(struct hyp) <= ML_LOG_PRIV, "private part too small");

static inline struct hyp *ml_hyp(struct ml_log *log)
{
	return (struct hyp *)log->priv;
}

static inline const struct hyp *ml_hyp_const(const struct ml_log *log)
{
	return (const struct hyp *)log->priv;
}

/* A meta page, written by the hypervisor. */
struct hyp_meta {
	uint32_t page_size, pages, reader; /* pages 0: not said */
	uint64_t lost, entries, overrun, pages_lost, touched;
};

/* Is it a name in lower case, padded with zeros to size? */
bool ml_hyp_is_name(const uint8_t *p, size_t size);

/* Can 64 bytes or more at p be an entry of the table of events? */
bool ml_hyp_is_event(const uint8_t *p, size_t len);

/*
 * One CPU of a descriptor. entry: the virtual address of its part; meta and the
 * pages, whose addresses are at entry + 16, are virtual too. rb: physical, 0:
 * unknown. nodes_va: the writer's address of the first node, 0: unknown. Nodes are
 * in one piece at nodes, physical; or piece has where each page that they are on is,
 * 0: unknown. shift: what is to be added to a kernel's address of the direct map to
 * get the writer's own.
 */
struct hyp_cpu {
	int32_t cpu;
	uint32_t pages;
	uint64_t entry, meta_va, nodes, nodes_va, rb, shift;
	uint64_t *piece;
	uint32_t n_pieces;
	bool has_meta; /* else its page is not in the image */
	struct hyp_meta meta;
	uint8_t rb_bytes[HYP_RB];
};

/* Where a virtual address of the kernel is, by the two maps. memory.c */
uint64_t ml_hyp_phys(const struct hyp *h, uint64_t va);

/* Read all len bytes at a physical or a virtual address. */
bool ml_hyp_read(struct memlog_image *image, uint64_t phys, void *buf,
		 size_t len);
bool ml_hyp_read_va(struct memlog_image *image, const struct hyp *h,
		    uint64_t va, void *buf, size_t len);

/*
 * order.c: add a CPU's extents to the log, data pages in reading order: by the
 * links of its nodes, or guessed.
 */
enum memlog_status ml_hyp_cpu_add(struct memlog_logs *logs, struct ml_log *log,
				  struct memlog_image *image,
				  struct hyp_cpu *cpu, struct memlog_err *err);

/* rb.c: find struct simple_rb_per_cpu of these CPUs, by the hints, or by a
 * search for pointers to their meta pages. */
void ml_hyp_rb_find(struct memlog_logs *logs, struct ml_log *log,
		    struct memlog_image *image, struct hyp_cpu *cpus, size_t n);

/* nodes.c: where the writer's nodes are not in the direct map, find the pages that
 * they are on, by what they point to. The caller frees piece of each CPU. */
void ml_hyp_nodes_find(struct memlog_logs *logs, struct ml_log *log,
		       struct memlog_image *image, struct hyp_cpu *cpus,
		       size_t n);

/* Read the i-th node of a CPU, up to its page at least; ones are not known. */
bool ml_hyp_node_read(struct memlog_image *image, const struct hyp *h,
		      const struct hyp_cpu *cpu, uint32_t i, uint8_t *ret);

#define ML_HYP_WAY 4u

/* read: where the kernel has how many bytes of the reader page it has read, a
 * u32; way: the kernel's structs that lead there. Physical. */
struct hyp_position {
	uint64_t read;
	struct {
		uint64_t addr, len;
	} way[ML_HYP_WAY];
};

/* page is the virtual address of the reader page. False: not found. position.c */
bool ml_hyp_position(struct memlog_image *image, const struct hyp *h,
		     int32_t cpu, uint64_t page, struct hyp_position *ret);

/*
 * desc.c. Set desc, given gen, direct and the virtual address of the part of any CPU
 * that has a meta page. False: there is no descriptor.
 */
bool ml_hyp_desc_walk(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, uint64_t entry);

/* Can these be the beginning of a descriptor, at *ret_off? */
bool ml_hyp_desc_fits(const uint8_t *p, size_t len, uint32_t *ret_off,
		      enum hyp_gen *ret_gen);

/* Set desc and direct, given the physical address of a descriptor: its first meta
 * page is somewhere in memory. */
bool ml_hyp_desc_map(struct memlog_logs *logs, struct memlog_image *image,
		     struct hyp *h, uint64_t phys);

/* The physical address of a descriptor, given the virtual one of what begins with
 * it, or of what is before it. count: as in struct hyp_places. */
bool ml_hyp_desc_phys(struct memlog_image *image, uint64_t *count, uint64_t va,
		      uint64_t *ret);

/* Add the extents of the descriptor and of all CPUs. */
enum memlog_status ml_hyp_desc_add(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err);

/* meta.c: set desc and direct, given the physical address of a meta page. */
bool ml_hyp_meta_find(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, uint64_t phys);

/* Find the remote that has the descriptor and how many events it has, and its
 * table, 0 if that is nowhere. */
bool ml_hyp_meta_remote(struct memlog_logs *logs, struct memlog_image *image,
			struct hyp *h, uint64_t *ret, uint64_t *ret_table);

#define HYP_FORMAT "hyp-trace"

/*
 * sweep.c. Go through memory, at most ML_MAX_AROUND bytes that *budget counts: look()
 * gets chunks of it, at multiples of 8, and ends it with true, which is
 * returned.
 */
struct hyp_sweep {
	uint64_t *budget;
	struct memlog_image *image;
	bool (*look)(void *arg, uint64_t addr, const uint8_t *p, size_t len);
	void *arg;
};
bool ml_hyp_sweep(struct hyp_sweep *s, struct memlog_range where);

/* All of memory, what is near addr first. */
bool ml_hyp_sweep_from(struct hyp_sweep *s, uint64_t addr);

/* A place in the kernel's data; 0: it is not known. */
uint64_t ml_hyp_kernel(const struct memlog_image *image);

/* May another candidate be looked at closely? */
static inline bool ml_hyp_try(struct memlog_logs *logs,
			      struct memlog_image *image)
{
	if (logs->tries++ < ML_HYP_TRIES)
		return true;
	if (logs->tries == ML_HYP_TRIES + 1)
		ml_curtail(image, HYP_FORMAT);
	return false;
}

/* The direct map is aligned to this at least: a section of memory. */
#define ML_HYP_STEP (UINT64_C(128) << 20)

/* The next place in memory that is off after a multiple of ML_HYP_STEP. */
struct hyp_places {
	struct memlog_image *image;
	uint64_t *count; /* of places, at most ML_HYP_PLACES */
	uint64_t off, at;
	struct memlog_range r;
};
bool ml_hyp_place_next(struct hyp_places *p, uint64_t *ret);

/*
 * android14.c: find what the writer of Android 14 knows of a CPU, in all of memory;
 * could it be that; add all CPUs of the log that begins with it.
 */
bool ml_hyp_14_first(struct memlog_image *image, uint64_t *ret);
bool ml_hyp_14_fits(const uint8_t *p, size_t len);
enum memlog_status ml_hyp_14_expand(struct memlog_logs *logs,
				    struct ml_log *log,
				    struct memlog_image *image,
				    struct memlog_err *err);

struct hyp_type;

/* list.c: find Android's table of events, n_events of them; and the name of an event
 * in the extent that has it. */
bool ml_hyp_list_find(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, struct memlog_extent *ret);
bool ml_hyp_list_name(struct ml_source *source, size_t extent, uint32_t id,
		      struct hyp_type *ret);

/* find.c */
enum memlog_status ml_hyp_probe(const struct ml_probe *p, struct ml_log *log,
				struct ml_found *ret, struct memlog_err *err);
enum memlog_status ml_hyp_expand(struct memlog_logs *logs, struct ml_log *log,
				 struct memlog_image *image,
				 struct memlog_err *err);
bool ml_hyp_glance(const uint8_t *p, size_t len);

/* The kernel does not clear the pages of a trace that it frees: what no remote
 * points to is stale if another log has one, and a guess otherwise. */
void ml_hyp_relate(struct ml_log *const *logs, size_t n,
		   struct memlog_image *image, bool some);

/* locate.c */
size_t ml_hyp_locate(struct memlog_image *image,
		     const struct memlog_symbols *symbols,
		     struct ml_likely *ret, size_t max);
size_t ml_hyp_likely(struct memlog_image *image, struct ml_likely *ret,
		     size_t max);

/* ---- events ------------------------------------------------------------- */

struct hyp_field {
	char name[HYP_NAME];
	uint16_t off, size;
	bool is_signed, is_hex; /* is_hex: it is printed as such */
};

/* format: the text of the kernel's print format, without its quotes; its args
 * follow after a NUL. */
struct hyp_type {
	char name[HYP_NAME + 1];
	uint16_t id;
	uint32_t len; /* of events that have these fields; 0: any */
	uint32_t n_fields;
	struct hyp_field field[MEMLOG_RECORD_FIELDS];
	char format[ML_HYP_FORMAT];
};

/* Reads kernel memory: from an image, noting the pages it touched, or from a
 * log's extents. */
struct hyp_kernel {
	struct memlog_image *image;
	struct ml_source *source;
	const struct hyp *h;
	uint64_t page[ML_HYP_KERNEL_PAGES];
	size_t n;
};

/* Load the index-th event of the table. False: there is none, or it is
 * invalid. kernel.c */
bool ml_hyp_type_load(struct hyp_kernel *k, uint32_t index,
		      struct hyp_type *ret);

/* Print the fields of an event as its format says, at most size bytes, without a
 * NUL. Returns how many. reasons: n names. print.c */
size_t ml_hyp_print(const struct hyp_type *type, const uint8_t *payload,
		    size_t len, const char (*reasons)[HYP_REASON + 1], size_t n,
		    char *ret, size_t size);

/* The field of hyp_enter and hyp_exit whose value has a name, which follows it as
 * a field of text. */
#define ML_HYP_REASON	   "reason"
#define ML_HYP_REASON_NAME ML_HYP_REASON "_name"

/* meaning.c; see struct ml_format */
bool ml_hyp_event(const struct memlog_record *rec, struct ml_event *ret);

/* Print what a string for printf says, its arguments all 64 bits: at most size bytes,
 * without a NUL. Returns how many. print.c */
size_t ml_hyp_printf(const char *format, const uint64_t *arg, size_t n,
		     char *ret, size_t size);

/* Set is_hex of its fields. */
void ml_hyp_mark_hex(struct hyp_type *type);

/* A field's value; false: the payload is too short, or the size is odd. */
bool ml_hyp_value(const struct hyp_field *f, const uint8_t *payload, size_t len,
		  uint64_t *ret);

#endif
