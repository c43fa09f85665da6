/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libbtf.h - write BTF. */
#ifndef LIBBTF_H
#define LIBBTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member of a struct; those of one struct follow each other. */
struct btf_member {
	const char *type, *member;
	uint32_t off;
};

enum { BTF_ROOM = 16384 };

struct btf_text {
	uint8_t bytes[BTF_ROOM];
	size_t len;
	uint32_t types, n_types,
		strings; /* where these are, after the header */
};

/* With types of other kinds before, between and after, and those members whose name begins
 * with '.' in a union without a name. layout: with the table of kinds, and types of two
 * that only it describes. */
void btf_make(struct btf_text *ret, const struct btf_member *member, size_t n,
	      bool layout);

#endif
