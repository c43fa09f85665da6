/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ovmf.h - definitions shared by the files of the OVMF format.
 *
 * Three header layouts exist; all fields are little endian. Family C is the one
 * that edk2 merged in 2025 (OvmfPkg/Include/Library/MemDebugLogLib.h), A and B
 * were proposed before and shipped in private builds.
 */
#ifndef ML_FORMAT_OVMF_H
#define ML_FORMAT_OVMF_H

#include "format/format.h"

enum ovmf_family { OVMF_A, OVMF_B, OVMF_C };

enum ovmf_kind {
	OVMF_KIND_PLAIN,    /* early or main: relate() decides */
	OVMF_KIND_PREVIOUS, /* a log that the firmware kept from the
				   previous boot: "ovmfmdgp" */
	OVMF_KIND_RESUME,   /* early, of a resume that the firmware marked at
			       its end: "ovmfmdgs" */
	OVMF_KIND_UNKNOWN,  /* an unknown second magic */
};

/* The state that head, tail and lock show. */
enum ovmf_state {
	OVMF_EMPTY,
	OVMF_LINEAR,	  /* [head, tail) */
	OVMF_WRAPPED,	  /* [head, size) and [0, tail) */
	OVMF_MID_INIT,	  /* magic written, sizes not yet */
	OVMF_BAD_OFFSETS, /* order unknown: all of it, as stored */
};

/* The early buffer is in this MiB on every x86 platform. */
#define OVMF_EARLY_FROM (8ull << 20)
#define OVMF_EARLY_TO	(9ull << 20)

/* On Arm only the project's own firmware has one, so much after the start of memory,
 * which is at 1 GiB. */
#define OVMF_ARM_RAM	    (1ull << 30)
#define OVMF_ARM_EARLY_FROM (1ull << 20)
#define OVMF_ARM_EARLY_SIZE (1ull << 16)

/* Text after the tail copied by a message in flight. */
#define OVMF_MESSAGE_MAX 0x200

struct ovmf {
	enum ovmf_family family;
	enum ovmf_kind kind;
	enum ovmf_state state;
	uint64_t header_size, size; /* size: bytes of the ring */
	uint64_t lock, head, tail, truncated;
	uint64_t in_flight; /* bytes copied but not counted; 0: unknown */
	bool early;
	bool judged; /* while relate() runs */
	bool resume; /* an early log of a resume from suspend to RAM (S3) */
};

/* The log's private part. */
static inline struct ovmf *ml_ovmf(struct ml_log *log)
{
	return (struct ovmf *)log->priv;
}

static inline const struct ovmf *ml_ovmf_const(const struct ml_log *log)
{
	return (const struct ovmf *)log->priv;
}

_Static_assert(sizeof(struct ovmf) <= ML_LOG_PRIV, "private part too small");

/* header.c: the header's fields and their meaning. */
enum memlog_status ml_ovmf_probe(const struct ml_probe *probe,
				 struct ml_log *log, struct ml_found *ret,
				 struct memlog_err *err);
bool ml_ovmf_glance(const uint8_t *p, size_t len);
bool ml_ovmf_stable(const uint8_t *before, const uint8_t *after, size_t len);
bool ml_ovmf_narrow(struct ml_log *before, const struct ml_log *after,
		    bool *ret_lost);
#define OVMF_PROBE_LEN 192
#define OVMF_PROBE_MIN 70

/* follow.c: where the text ends. */
void ml_ovmf_position(struct ml_source *source, struct ml_position *ret);

/* pages.c: the first page that has what the log cannot have there ends it. In a
 * dump that a kernel wrote of its own machine, which may be a host, all but the
 * page of the header is then other memory. */
bool ml_ovmf_own(struct ml_page *page);

/* compare.c: the text of one log and that of another. Are the n bytes of a from
 * a_at on equal to those of b from b_at on? */
bool ml_ovmf_same_text(const struct ml_log *a, uint64_t a_at,
		       const struct ml_log *b, uint64_t b_at, uint64_t n,
		       struct memlog_image *image);
/* Is it the log of a resume from suspend to RAM (S3)? */
bool ml_ovmf_of_resume(const struct ml_log *log, struct memlog_image *image);
/* The main log was just filled from this early one: it has the same text, or is
 * so small that only the end fitted. */
bool ml_ovmf_copied_from(const struct ml_log *main_log,
			 const struct ml_log *early,
			 struct memlog_image *image);
/* Is the text of the main log, without prefixes, the beginning of that of the early
 * one? whole: and all of it. */
bool ml_ovmf_filled_from(const struct ml_log *main_log,
			 const struct ml_log *early, struct memlog_image *image,
			 bool whole);

/* prefix.c: what memlog's own firmware may put before each line, for readers that
 * do not know its index: "[   12.345678] I ". */
#define OVMF_PREFIX 17
struct ovmf_prefix {
	bool has_time;
	uint64_t us; /* if has_time: since the start of the log */
	uint32_t level;
};
/* The length of the prefix at the start of len bytes of text, 0 if there is none. */
size_t ml_ovmf_prefix(const uint8_t *text, size_t len, struct ovmf_prefix *ret);

/* relate.c: which of several is current. */
void ml_ovmf_relate(struct ml_log *const *logs, size_t n,
		    struct memlog_image *image, bool some);
/* header.c: "early", "main", ... */
const char *ml_ovmf_variant(const struct ovmf *o);

/* boots.c: once relate has judged them. some: none of earlier boots, if there may
 * be other logs */
void ml_ovmf_number_boots(struct ml_log *const *logs, size_t n, bool some);

/* likely.c: where logs are likely. */
size_t ml_ovmf_likely(struct memlog_image *image, struct ml_likely *ret,
		      size_t max);

/* pointed.c: where the firmware's own tables lead. */
size_t ml_ovmf_pointed(struct memlog_image *image, struct ml_likely *ret,
		       size_t max);

/* locate.c: the log's place by an EFI configuration table, whose entries may be any
 * number. */
void ml_ovmf_walk_table(struct memlog_image *image, uint64_t table,
			uint64_t entries, struct ml_likely *ret, size_t *n,
			size_t max);

/* locate.c: what the guest's kernel knows. */
size_t ml_ovmf_locate(struct memlog_image *image,
		      const struct memlog_symbols *symbols,
		      struct ml_likely *ret, size_t max);

#endif
