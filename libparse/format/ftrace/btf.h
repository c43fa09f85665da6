/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* btf.h - where members of the kernel's structs are, by the BTF in its memory. */
#ifndef ML_FORMAT_FTRACE_BTF_H
#define ML_FORMAT_FTRACE_BTF_H

#include "base/alloc.h"

/* Symbols that only know members and sizes of structs; bytes, from alloc, become theirs,
 * also if it fails. NULL: this is not BTF, or, with *ret_starved set, there is no
 * memory. */
struct memlog_symbols *ml_ftrace_btf_open(const struct memlog_allocator *alloc,
					  uint8_t *bytes, size_t len,
					  bool *ret_starved);
void ml_ftrace_btf_close(struct memlog_symbols *symbols);

#endif
