/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkernellog.h - decode the ring buffer of a kernel that libkernel.h made. */
#ifndef LIBKERNELLOG_H
#define LIBKERNELLOG_H

#include "libkernel.h"

/* Its VMCOREINFO, without its table of symbols. */
#define KERNEL_INFO                                   \
	"SYMBOL(_stext)=ffff800080000000\n"           \
	"NUMBER(kimage_voffset)=0xffff800040000000\n" \
	"NUMBER(VA_BITS)=48\n"                        \
	"NUMBER(PHYS_OFFSET)=0x40000000\n"            \
	"PAGESIZE=4096\n"                             \
	"SYMBOL(swapper_pg_dir)=ffff800080061000\n"

/* How lines of its two events begin. */
#define KERNEL_FIRST  " kworker/u9:2-ev-1234    [000] .....     1.000000: "
#define KERNEL_SECOND "           <...>-99      [000] .....     1.000000: "

/* What is decoded with the fields of both events known, and no printer. */
extern const char kernel_with_fields[];

/* Where its events, the names of its tasks and its text are. */
extern const struct memlog_symbols kernel_symbols;

/* Prints irq_entry and refuses the rest; kernel_formats has the formats that it was given. */
extern const struct memlog_event_printer kernel_printer;
extern char kernel_formats[4096];

/* The records with their fields as one string, which the caller frees; closes the image.
 * phys: the log has a physical address, not one of the host. */
char *kernel_decode_image(struct memlog_image *image, bool phys,
			  const struct memlog_symbols *symbols,
			  const struct memlog_event_printer *printer);

/* The same of a dump of m, with VMCOREINFO. */
char *kernel_decode(struct kernel *m, const struct memlog_symbols *symbols,
		    const struct memlog_event_printer *printer);

/* Fails the test unless want is what is decoded. */
void kernel_expect(struct kernel *m, const struct memlog_symbols *symbols,
		   const struct memlog_event_printer *printer,
		   const char *want);

#endif
