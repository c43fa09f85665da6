/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkernel.h - memory of a kernel with a persistent ring buffer, its events, and its own
 * table of symbols. */
#ifndef LIBKERNEL_H
#define LIBKERNEL_H

#include "libmem.h"

/* Where its memory begins, in its image, and in its direct map. */
#define KERNEL_BASE   UINT64_C(0x40000000)
#define KERNEL_IMAGE  UINT64_C(0xffff800080000000)
#define KERNEL_DIRECT UINT64_C(0xffff000000000000)
#define KERNEL_RAM    (1u << 20)
#define KERNEL_REGION 0x80000u

/* where things are in memory */
enum {
	KERNEL_HEAD = 0x1000,
	KERNEL_SAVEDCMD = 0x1010,
	KERNEL_CALLS = 0x2000,
	KERNEL_CALL = 96,
	KERNEL_CLASS = 0x3000,
	KERNEL_FIELDS = 0x4000,
	KERNEL_FIELD = 56,
	KERNEL_STRINGS = 0x5000,
	KERNEL_TASKS = 0x10000,
	KERNEL_PIDS = 0x40000,
	KERNEL_SYM_NAMES = 0x50000,
	KERNEL_SYM_COUNT = 0x50ff8,
	KERNEL_SYM_TOKENS = 0x51000,
	KERNEL_SYM_INDEX = 0x51800,
	KERNEL_SYM_OFFSETS = 0x52000,
	KERNEL_SYM_BASE = 0x52ff0,
	KERNEL_MODULE = 0x60000,
	KERNEL_ROOT = 0x61000, /* and tables after it */
};

#define KERNEL_MODULE_VA UINT64_C(0xffff800012345000)

/* how the kernel's own table of symbols has addresses */
enum kernel_kind {
	KERNEL_NO_TABLE,
	KERNEL_OWN_PLACE,
	KERNEL_FROM_BASE,
	KERNEL_PERCPU
};

/* Another variable, with its type before its name. */
struct kernel_symbol {
	const char *name;
	uint64_t addr;
};

#define KERNEL_EXTRA 8

struct kernel {
	struct mem mem;
	struct kernel_symbol extra[KERNEL_EXTRA]; /* sorted by address */
	uint32_t n_extra;
	uint8_t *ram;
	uint32_t strings, fields;
	enum kernel_kind kind;
};

/* With two events. The caller frees it. */
struct kernel *kernel_new(void);
void kernel_free(struct kernel *m);

/* A type of a module, which is mapped by page tables: page 4 KiB, 48 bits. It is that
 * of the second event. large: a table before the last maps 2 MiB. */
void kernel_put_module(struct kernel *m, bool large);

/* A token for each character; a variable per CPU is first where those are absolute. */
void kernel_put_table(struct kernel *m, enum kernel_kind kind);

#endif
