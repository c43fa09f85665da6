/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* text.h - from an event of ftrace to a record. */
#ifndef ML_FORMAT_FTRACE_TEXT_H
#define ML_FORMAT_FTRACE_TEXT_H

#include "kernel.h"

struct ftrace_module {
	uint64_t addr;
	char name[57];
};

struct ftrace_modules {
	struct ftrace_module *module; /* sorted by address */
	size_t n;
};

/* Those that the log's region names. modules.c */
enum memlog_status ml_ftrace_modules_init(struct ftrace_modules *m,
					  struct ml_source *source,
					  const struct memlog_allocator *alloc,
					  struct memlog_err *err);
void ml_ftrace_modules_fini(struct ftrace_modules *m,
			    const struct memlog_allocator *alloc);

/* The name of the module that an address may be in; NULL: none. */
const char *ml_ftrace_modules_find(const struct ftrace_modules *m,
				   uint64_t addr);

/* A format of trace_printk(): no longer than the kernel lets the text be. */
enum { FTRACE_STRING = 1024, FTRACE_STRINGS = 64 };

struct ftrace_string {
	uint64_t at;
	bool known, there;
	char text[FTRACE_STRING];
};

/* The line of the record before, size bytes of room; what the kernel says of its
 * events, as far as that is known. */
struct ftrace_text {
	struct memlog_allocator alloc;
	struct memlog_symbols symbols; /* the user's, or a copy of own */
	struct memlog_symbols *own;    /* the kernel's; NULL: not used */
	struct memlog_event_printer printer;
	void *print; /* its state; NULL: none */
	struct ftrace_kernel kernel;
	struct ftrace_types types;
	struct ftrace_tasks tasks;
	struct ftrace_modules modules;
	struct ftrace_string string[FTRACE_STRINGS]; /* by address */
	bool plain; /* as in struct ftrace_entry */
	char *line;
	size_t len, size;
	char *hex; /* bytes in JSON */
	size_t hex_len, hex_size;
};

enum memlog_status ml_ftrace_text_init(struct ftrace_text *t,
				       struct ml_source *source,
				       const struct ml_decoder_opts *opts,
				       struct memlog_err *err);
void ml_ftrace_text_fini(struct ftrace_text *t);

/* The line that says that events are missing; lost 0: nobody knows how many. */
void ml_ftrace_text_lost(struct ftrace_text *t, int32_t cpu, uint64_t lost,
			 struct memlog_record *rec);

/* Fill in text, message, component and fields for a payload; cpu and time of the
 * record are set. ns: the time is in ns. */
enum memlog_status ml_ftrace_text_event(struct ftrace_text *t,
					const uint8_t *payload, size_t len,
					bool ns, struct memlog_record *rec,
					struct memlog_err *err);

/* The symbol at an address of the kernel that wrote the log; arg is a struct
 * ftrace_text. This and what follows: line.c */
enum memlog_status ml_ftrace_name(void *arg, uint64_t addr, const char **ret,
				  uint64_t *ret_offset);

/* Add to the line; one byte is left for its end. */
void ml_ftrace_put(struct ftrace_text *t, const void *p, size_t len);
void ml_ftrace_put_fmt(struct ftrace_text *t, const char *fmt, ...)
	MEMLOG_PRINTF(2, 3);
/* The name of a function, or its address. */
void ml_ftrace_put_name(struct ftrace_text *t, uint64_t addr);

/* A field of the record, if there is room for it: bytes in hexadecimal. */
void ml_ftrace_add_hex(struct ftrace_text *t, struct memlog_record *rec,
		       const char *name, const uint8_t *p, size_t len);

/* An address, and its name if that is known. */
void ml_ftrace_add_address(struct ftrace_text *t, const char *name,
			   const char *with_name, uint64_t addr,
			   struct memlog_record *rec);

/* Text of trace_printk(), into the line and the record. False: the type is another one, or its
 * format is not known. bprint.c */
bool ml_ftrace_bprint(struct ftrace_text *t, const struct ftrace_type *type,
		      const uint8_t *payload, size_t len,
		      struct memlog_record *rec);

/* Where that is in the kernel's memory: a string of less than FTRACE_STRING bytes; 0: not
 * known. */
uint64_t ml_ftrace_bprint_at(const struct ftrace_type *type,
			     const uint8_t *payload, size_t len);

/* The fields of an event of a known type, into the record, and into the line unless
 * the printer has done that. fields.c */
void ml_ftrace_fields(struct ftrace_text *t, const struct ftrace_type *type,
		      const uint8_t *payload, size_t len, bool printed,
		      struct memlog_record *rec);

#endif
