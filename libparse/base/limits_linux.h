/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* limits_linux.h - the bounds for traces of Linux, as limits.h has the others. */
#ifndef ML_BASE_LIMITS_LINUX_H
#define ML_BASE_LIMITS_LINUX_H

/* A trace remote of Linux: events in its table (mainline has 3, Android 20), CPUs
 * and pages of each; and of what is needed to print events, the bytes of a format
 * and pages of the kernel. */
#define ML_HYP_EVENTS	    64u
#define ML_HYP_CPUS	    4096u
#define ML_HYP_PAGES	    (1u << 18)
#define ML_HYP_FORMAT	    256u
#define ML_HYP_KERNEL_PAGES 64u

/* Bytes of pages that are read at a time to merge the CPUs of a trace: 256 CPUs with
 * pages of 64 KiB. */
#define ML_HYP_MERGE (16u << 20)

/* Bytes of events that are counted to tell the order of pages, all logs of one image
 * together: buffers of a hypervisor have a few MiB. */
#define ML_HYP_COUNTED (1u << 28)

/* Strings that a hypervisor prints, 128 bytes each: kernels have less than 100. */
#define ML_HYP_STRINGS 4096u

/* The width and the precision of a number or a name that it prints. */
#define ML_HYP_WIDTH 128u

/* Places in memory where the remotes of tables may be, all tables of one image
 * together: one in each 128 MiB, so this is 8 TiB. */
#define ML_HYP_PLACES 65536u

/* Words in memory that are looked at closely, because they may point to what is
 * searched for: each page of a trace has a few, planted ones are everywhere. A
 * second's work. */
#define ML_HYP_TRIES (1u << 20)

/* Pages that look like the first one of a trace: the memory of any guest may have some. Once
 * others have used up what may be searched for what points to them, so many are searched for
 * beside them, so far on either side. Beyond that an answer says that there are too many. */
#define ML_HYP_STRAYS 64u
#define ML_HYP_BESIDE (16u << 20)

/* Bytes of the kernel's data searched for tables of events, and of its constants
 * for names of reasons: the sections that hold them have 1 to 4 MiB. */
#define ML_HYP_NEAR (8u << 20)

/* How far around a trace memory is searched for what belongs to it while a search of a
 * slow image may end early. */
#define ML_HYP_BRIEF (2u << 20)

/* A persistent ring buffer of Linux: CPUs, bytes of a page, pages of a CPU (1 GiB in
 * pages of 4 KiB). */
#define ML_FTRACE_CPUS	4096u
#define ML_FTRACE_PAGE	65536u
#define ML_FTRACE_PAGES (1u << 18)

/* Pages of persistent ring buffers that are looked at to find their order, all logs
 * of one image together: 8 GiB in pages of 4 KiB. */
#define ML_FTRACE_LOOKED_AT (1u << 21)

/* Ordinary ring buffers: the top one and its instances, bytes of a sub-buffer. */
#define ML_FTRACE_ARRAYS 64u
#define ML_FTRACE_SUBBUF (1u << 20)

/* Bytes of pages that are read at a time to merge the CPUs of a ring buffer: 4096 CPUs with
 * pages of 4 KiB, 256 with pages of 64 KiB. */
#define ML_FTRACE_MERGE (16u << 20)

/* What is needed to print its events: pages of the kernel (its symbols and its BTF have up
 * to 3000), types of events (a distribution has 3000), saved names of tasks (32768, which 6.8
 * and later round up, to 57342 at most), bytes of a name and of a print format, bytes of what
 * describes all types (of 3000 it would be 10 MiB). */
#define ML_FTRACE_KERNEL 8192u
#define ML_FTRACE_TYPES	 16384u
#define ML_FTRACE_TASKS	 65536u
#define ML_FTRACE_NAME	 64u
#define ML_FTRACE_FORMAT 32768u
#define ML_FTRACE_TEXTS	 (16u << 20)

/* Symbols of a kernel in its own memory (a distribution has 200,000), and bytes of
 * their names. */
#define ML_FTRACE_SYMBOLS      (1u << 20)
#define ML_FTRACE_SYMBOL_NAMES (32u << 20)

/* BTF of a kernel: bytes (a distribution has 7 MiB) and types (150,000; no more can
 * be); members of structs that are looked at to find one. */
#define ML_BTF	       (32u << 20)
#define ML_BTF_TYPES   (1u << 20)
#define ML_BTF_MEMBERS (1u << 16)

#endif
