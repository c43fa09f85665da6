/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmesg.h - the log of Linux itself, which dmesg prints.
 *
 * VMCOREINFO says where it is and how it is laid out; docs/facts/dmesg.md. From 5.10 on
 * there is a ring of descriptors, with what is known of each record beside them, and a
 * ring of text. Before, from 3.5 on, there was one ring of records. A log's extents are
 * the pointer to it, the variables, the rings, and what leads there.
 */
#ifndef ML_FORMAT_DMESG_H
#define ML_FORMAT_DMESG_H

#include "base/limits.h"
#include "format/format.h"

/* Roles of extents; those of one role are in order, and are one run of bytes. */
enum {
	DMESG_POINTER,
	DMESG_VARS, /* struct printk_ringbuffer; or the length and two indexes */
	DMESG_DESCS,
	DMESG_INFOS,
	DMESG_TEXT,
	DMESG_LEADS, /* page tables, and what proves VMCOREINFO */
};

/*
 * A log's private part: where members are. In DMESG_VARS: count_bits to text_tail,
 * each counted from its start. Of a descriptor and of what is known of its record: the
 * size, and members. old: of the ring before 5.10; info is then the header of a record,
 * and desc is 0. fragments: a record may be a part of a line.
 * count: of descriptors; size: bytes of text; used: how many of these, from text on.
 */
struct dmesg {
	bool old, fragments;
	uint16_t count_bits, descs, infos, head, tail;
	uint16_t size_bits, data, text_head, text_tail, vars;
	uint16_t desc, desc_state, desc_begin, desc_next;
	uint16_t info, info_seq, info_time, info_size, info_len, info_dict;
	uint16_t info_caller;
	uint16_t info_dev, subsystem, subsystem_len, device, device_len;
	uint64_t count, size, text, used;
};

_Static_assert(sizeof(struct dmesg) <= ML_LOG_PRIV, "private part too small");

static inline struct dmesg *ml_dmesg(struct ml_log *log)
{
	return (struct dmesg *)log->priv;
}

static inline const struct dmesg *ml_dmesg_const(const struct ml_log *log)
{
	return (const struct dmesg *)log->priv;
}

/* The id and the state in the word of a descriptor. */
#define DMESG_ID ((UINT64_C(1) << 62) - 1)
enum { DMESG_RESERVED, DMESG_COMMITTED, DMESG_FINALIZED, DMESG_REUSABLE };

/* Of records in the old ring. */
enum { DMESG_NEWLINE = 2, DMESG_PREFIX = 4, DMESG_CONT = 8 };

/* Text of one record: its length has 16 bits. */
#define DMESG_TEXT_MAX 65536u

/* A record, and how far the ring was read. */
struct dmesg_record {
	uint64_t seq, time;
	bool has_seq, has_caller;
	uint8_t level, facility;
	uint32_t caller;
	bool joins;  /* it continues the line of the previous record */
	bool breaks; /* its line goes on in the next one */
	bool lost_some;
	uint64_t lost; /* records before it */
	const uint8_t *text;
	size_t len;
	const char *subsystem, *device; /* NULL: none */
	size_t subsystem_len, device_len;
};

struct dmesg_reader {
	struct dmesg of;
	uint64_t next, end; /* ids of descriptors, or offsets of records */
	bool turned;	    /* at the end of the old ring */
	bool has_seq, lost_some;
	uint64_t seq;	   /* that comes next */
	uint64_t reserved; /* records that were being written */
	uint64_t blocks;   /* bytes of the blocks whose text was read */
	uint64_t skipped;  /* bytes that are there, but are no records */
	uint8_t flags;	   /* of the record before */
	uint8_t info[ML_DMESG_INFO];
	uint8_t text[DMESG_TEXT_MAX];
};

/* layout.c: where the log is by VMCOREINFO. False, with the reason: it does not say. */
bool ml_dmesg_layout(const struct memlog_image *image, struct dmesg *ret,
		     struct memlog_err *err);

/* The physical address of the pointer to it. */
bool ml_dmesg_place(const struct memlog_image *image, uint64_t *ret);

/* expand.c */
enum memlog_status ml_dmesg_expand(struct memlog_logs *logs, struct ml_log *log,
				   struct memlog_image *image,
				   struct memlog_err *err);

/* Read what has a role, from off on, as much as is there. ring.c */
size_t ml_dmesg_read(struct ml_source *source, uint32_t role, uint64_t off,
		     void *buf, size_t len);

/* How many bytes are missing from off on, 0: none. */
uint64_t ml_dmesg_gap(struct ml_source *source, uint32_t role, uint64_t off);

/* ring.c, buffer.c: start with the oldest record; the next one: NO_DATA at the end.
 * CORRUPT: the log cannot be read. */
enum memlog_status ml_dmesg_ring_open(struct dmesg_reader *r,
				      struct ml_source *source,
				      struct memlog_err *err);
enum memlog_status ml_dmesg_ring_next(struct dmesg_reader *r,
				      struct ml_source *source,
				      struct dmesg_record *ret);
enum memlog_status ml_dmesg_buffer_open(struct dmesg_reader *r,
					struct ml_source *source,
					struct memlog_err *err);
enum memlog_status ml_dmesg_buffer_next(struct dmesg_reader *r,
					struct ml_source *source,
					struct dmesg_record *ret);

/* moment.c */
void ml_dmesg_moment(const struct memlog_record *rec, struct ml_moment *ret);

#endif
