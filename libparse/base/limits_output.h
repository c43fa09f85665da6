/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* limits_output.h - the part of limits.h on what is drawn, tabulated and written from many
 * records. */
#ifndef ML_BASE_LIMITS_OUTPUT_H
#define ML_BASE_LIMITS_OUTPUT_H

/* Traces in one picture: what CPUs did is kept until the end, up to 4 MiB each. */
#define ML_PICTURE_TRACES 32u

/* A timeline of a boot: logs and boots of them, with what is kept of each: times without a
 * message, 50 KiB. Drivers (with its FPDT OVMF times 3000 of them), marks,
 * components of one log and of all, modules with names; and the silences that are shown. */
#define ML_TIMELINE_SOURCES   128u
#define ML_TIMELINE_GAPS      256u
#define ML_TIMELINE_SPANS     4096u
#define ML_TIMELINE_MARKS     1024u
#define ML_TIMELINE_PARTS     4096u
#define ML_TIMELINE_LOG_PARTS 256u
#define ML_TIMELINE_SILENCES  10u
#define ML_TIMELINE_NAMES     1024u

/* A trace.dat: CPUs, as many as Linux and Xen run on; types of events; tasks and
 * values with names, which are looked up one by one; addresses with names; and what
 * of its pages stays in memory, in 256 KiB. */
#define ML_TRACEDAT_CPUS    8192u
#define ML_TRACEDAT_TYPES   1024u
#define ML_TRACEDAT_TASKS   1024u
#define ML_TRACEDAT_VALUES  64u
#define ML_TRACEDAT_SYMBOLS 65536u
#define ML_TRACEDAT_BLOCKS  64u

#endif
