/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cloudhv.h - the state of a machine in a snapshot of Cloud Hypervisor, as far as it
 * says where memory is; docs/facts/cloudhv.md.
 */
#ifndef ML_IMAGE_EXT_CLOUDHV_H
#define ML_IMAGE_EXT_CLOUDHV_H

#include "base/limits.h"
#include "memlog.h"

/* Memory of the machine, len bytes at addr. In ranges: that is saved, one after the
 * other. In ram: a region that the machine has, in the zone; plugged: only parts of it
 * may be there. In old: what versions before v20 saved in a file of its own, which is
 * number file; -1: in none. */
struct ml_cloudhv_memory {
	uint64_t addr, len;
	char zone[32];
	bool plugged;
	int file;
};

struct ml_cloudhv_list {
	struct ml_cloudhv_memory *m;
	size_t n, cap;
};

struct ml_cloudhv {
	struct memlog_allocator alloc;
	struct ml_cloudhv_list ranges, ram, old;
	const char *machine; /* "": not known */
	size_t cpus;
};

/*
 * Parse len bytes of state.json. file_size: of memory-ranges, which has to have what a
 * binary state says; any other size is accepted otherwise. CORRUPT: not such a state;
 * err says what is wrong, without the text. LIMIT: it is too large. UNSUPPORTED: it is
 * of another version, or this library was built without json-c. ranges do not overlap.
 * The caller frees with ml_cloudhv_fini(), also on failure.
 */
enum memlog_status ml_cloudhv_parse(struct ml_cloudhv *ret, const char *text,
				    size_t len, uint64_t file_size,
				    const struct memlog_allocator *alloc,
				    struct memlog_err *err);
void ml_cloudhv_fini(struct ml_cloudhv *state);

/* Open a directory with such a snapshot. opts are complete. The caller closes *ret. */
enum memlog_status ml_cloudhv_open(const char *dir,
				   const struct memlog_open_opts *opts,
				   struct memlog_image **ret,
				   struct memlog_err *err);

#endif
