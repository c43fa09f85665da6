/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxen.h - a console ring, and the memory of a hypervisor that has one. */
#ifndef LIBXEN_H
#define LIBXEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libmem.h"
#include "memlog.h"

#define MIB (1u << 20)

/* The writer: a byte at a time, as conring_puts does. */
struct conring {
	uint8_t *buf;
	uint32_t size, p, c;
	uint64_t us;
	bool times, guests;
	unsigned int line;
};

void conring_put(struct conring *r, const char *s);

/* n lines of Xen, with times or without, and of guests. */
void conring_lines(struct conring *r, unsigned int n);

struct memlog_logs *xen_scan(struct memlog_image *image, const char *formats);

/* All text of a log, and the number of its records. */
char *xen_text(struct memlog_image *image, const struct memlog_log *log,
	       size_t *ret_records);

/* The log has what was written to a ring of that size, up to p. */
void xen_expect(struct memlog_image *image, const struct memlog_log *log,
		const uint8_t *ring, uint32_t size, uint32_t p);

/* A hypervisor: its data, its ring, its symbols. */
#define XEN_START (4u * MIB) /* xen_phys_start */
#define XEN_DATA  0x263d60u  /* conring_size, conring */
#define XEN_BSS	  0x3899d0u  /* conringp, conringc */

struct xen_world {
	struct mem mem;
	uint8_t *m;
	struct conring r;
	struct memlog_image *image;
};

/* Its memory, in an image that says that it is Xen's or does not; its counters, as they
 * are now; what symbols say of it. */
void xen_world_init(struct xen_world *w, enum memlog_space space, bool note);
void xen_world_sync(struct xen_world *w);
void xen_world_fini(struct xen_world *w);
extern const struct memlog_symbols xen_symbols;

#endif
