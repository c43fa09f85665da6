/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libtpm.h - a writer of event logs of a TPM, and what is to be read of them. */
#ifndef LIBTPM_H
#define LIBTPM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmem.h"

#define TPM_AT	 0x6a15000u
#define TPM_SIZE 0x10000u

/* The log that is written; banks: a bit for each algorithm, 0: SHA-1 in the old form.
 * want: the lines that are to be read. */
struct tpm_out {
	uint8_t *p;
	size_t at;
	unsigned int banks;
	FILE *want;
	char *text;
	size_t len;
};
extern struct tpm_out tpm;
extern struct mem tpm_mem;

/* The first event, in memory of size bytes that is filled with that byte. */
void tpm_start(unsigned int banks, uint8_t fill, size_t size);

/* An event; words: what is to be read of its data. */
void tpm_event(uint32_t pcr, uint32_t type, const char *name, const void *data,
	       size_t len, const char *words);

/* All of it is read: the text, and the bytes. */
void tpm_finds(void);

/* Of the last log that was read: the decoder's note, the bytes that it missed, and the flags
 * of the log. */
extern char tpm_note[160];
extern uint64_t tpm_missing;
extern uint32_t tpm_flags;

/* The text that is read. */
char *tpm_tell(struct memlog_image *image);

#endif
