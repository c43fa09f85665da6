/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * index.h - what our firmware keeps between the header and the text: a time, a
 * level, a phase and a module for each message. docs/facts/ovmf.md has the
 * layout.
 */
#ifndef ML_FORMAT_OVMF_INDEX_H
#define ML_FORMAT_OVMF_INDEX_H

#include "ovmf.h"

/* The header that our firmware writes with n entries, and where they are. */
#define OVMF_INDEX	    0x200u
#define OVMF_HEADER_WITH(n) (0x300u + 32u * (n))

/* The extension of the header. The geometry was checked; all else is as read. */
struct ovmf_ext {
	uint64_t total; /* bytes of text ever written, up to the tail */
	uint32_t dropped, dropped_bytes; /* messages that are not in the log */
	uint32_t boots, resumes;
	uint64_t start; /* of the clock; 0: not known */
	uint64_t hz;	/* of the clock; 0: not known */
	uint64_t index; /* offset of the entries */
	uint64_t count; /* entries ever written */
	uint32_t n;	/* entries that there are; 0: no index */
	bool prefixed,
		unprefixed; /* lines have a prefix, or none, as it says */
	bool dated;
	double date;	     /* seconds since 1970-01-01 UTC */
	uint64_t date_clock; /* the clock then */
};

/* ext.c: NOT_MINE: the log has none. CORRUPT: it has one that cannot be used. */
enum memlog_status ml_ovmf_ext_load(struct ml_source *source,
				    struct ovmf_ext *ret);

/* clock.c: the rate of the clock in Hz by the pairs that were taken of it and of
 * the PM timer, n bytes; 0: they do not tell. */
uint64_t ml_ovmf_clock_rate(const uint8_t *pairs, size_t n);

/* modules.c: the modules that the log has named so far. */
#define OVMF_MODULES	 512
#define OVMF_MODULE_NAME ML_MODULE_NAME
struct ovmf_modules {
	struct {
		uint32_t id;
		char name[OVMF_MODULE_NAME];
	} list[OVMF_MODULES];
	size_t n, next; /* next: replaced when the list is full */
	struct ml_module module;
	char number[9], crash[OVMF_MODULE_NAME];
};
/* Look at a line of the log for a module; true: its GUID and its name are known. */
bool ml_ovmf_module(struct ml_module *m, const uint8_t *text, size_t len);
/* Look for the name of a module in a line of the log. */
void ml_ovmf_modules_line(struct ovmf_modules *m, const uint8_t *text,
			  size_t len);
/* The name of a module, borrowed until the next call of either: the number in
 * hexadecimal if it has none. */
const char *ml_ovmf_modules_name(struct ovmf_modules *m, uint32_t id);
/* The module that crashed if this line of the log says so, else NULL; borrowed
 * until the next call. */
const char *ml_ovmf_modules_crash(struct ovmf_modules *m, const uint8_t *text,
				  size_t len);

/* One message. */
struct ovmf_entry {
	uint64_t from, to; /* its text, in bytes from the oldest of the ring */
	uint64_t clock;
	uint32_t level, module;
	uint8_t phase, flags;
};

/* index.c: walks the index beside the text. */
struct ovmf_index {
	struct ovmf_ext ext;
	uint64_t oldest; /* position of the oldest byte of the ring */
	uint64_t used;	 /* bytes in the ring */
	uint64_t number; /* of the next entry */
	uint64_t at;	 /* the next byte of text */
	uint64_t bad;	 /* entries that were skipped */
	uint64_t latest; /* clock */
	bool has;	 /* entry is one that the text has not passed */
	struct ovmf_entry entry;
	struct ovmf_modules modules;
	size_t n_win, win_at; /* entries in win, the next one */
	uint8_t win[64 * 32];
};
/* Entries that an index cannot have, in the n bytes of the log at offset off. */
size_t ml_ovmf_index_odd(const struct ovmf_ext *ext, uint64_t off,
			 const uint8_t *p, size_t n);
/* With a warning of the image if the log has an index that is no use. */
void ml_ovmf_index_open(struct ovmf_index *x, struct ml_source *source);
/* Say of a record, the next one of the text, what the index says. */
void ml_ovmf_index_apply(struct ovmf_index *x, struct ml_source *source,
			 uint64_t user_hz, struct memlog_record *rec);
/* At the end of the text. */
void ml_ovmf_index_end(struct ovmf_index *x, struct ml_source *source);

#endif
