/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libramoops.h - a writer of ramoops, and what is read of it. */
#ifndef LIBRAMOOPS_H
#define LIBRAMOOPS_H

#include <stddef.h>
#include <stdint.h>

#include "libmem.h"

#define OOPS_PAGE    4096u
#define OOPS_AT	     0x7800000u
#define OOPS_SIG     0x43474244u
#define OOPS_VERSION 0x0601c0u
#define OOPS_HEADER  12u

extern struct mem oops_mem;
extern uint64_t oops_dice;

/* A number below n. */
uint32_t oops_pick(uint32_t n);

/* The n codes of data. */
void oops_parity(const uint8_t *data, size_t len, uint8_t *ret, size_t n);

/* Bytes of codes in a zone of len bytes, with so many each. */
size_t oops_all_ecc(size_t len, size_t ecc);

/* A zone of len bytes to which text was written. */
void oops_zone(uint8_t *p, size_t len, uint32_t sig, size_t ecc,
	       const char *text, size_t n);

/* A record that pstore has deleted: its bytes stay. */
void oops_erase(uint8_t *p, size_t len, size_t ecc);

struct oops_layout {
	size_t dmesg, record, console, ftrace, traces, pmsg, ecc, all;
};

/* Where a zone starts: those of dmesg, then 'c', 'f' + n, 'p'. */
size_t oops_place(const struct oops_layout *l, char kind, size_t n);

/* A region of empty zones in memory. */
uint8_t *oops_lay(struct oops_layout *l);

/* "VARIANT OFFSET STATE FLAGS" and the text of each log. */
char *oops_tell(struct memlog_image *image, bool expand);
/* That of all memory is this. */
void oops_finds(const char *want);

#define OOPS_ONE \
	"====1795828273.896700-D\nPanic#1 Part1\n<0>[   21.614389] no\n"
#define OOPS_TWO "====1795828269.000001-D\nOops#1 Part1\n"
#define OOPS_OLD "====1795820000.123456\nold\n"

/* A region of three records and a console, and what is read of it. */
extern struct oops_layout oops_small;
uint8_t *oops_lay_small(void);
#define OOPS_SMALL                                                \
	"dmesg 0 stale\nold\ndmesg 7d1\nPanic#1 Part1\n"          \
	"<0>[   21.614389] no\ndmesg fa2\nOops#1 Part1\nconsole " \
	"1773\nhello\n"

/* For cmocka_unit_test_setup_teardown(). */
int oops_setup(void **state);
int oops_teardown(void **state);

#endif
