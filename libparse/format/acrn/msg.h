/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * msg.h - the prefix of a message of ACRN's log, which is part of its text.
 *
 *	[TIMEus][cpu=N][sev=N][seq=N]:		until v1.4
 *	[TIMEus][cpu=N][NAME][sev=N][seq=N]:	from v1.5 on
 */
#ifndef ML_FORMAT_ACRN_MSG_H
#define ML_FORMAT_ACRN_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NAME has up to 15 bytes; slightly longer ones are accepted too. */
#define ML_ACRN_NAME_MAX 31

struct ml_acrn_head {
	uint64_t us;
	uint32_t cpu, sev, seq;
	size_t name_off, name_len; /* in the slot; 0, 0: none */
	size_t len;		   /* of the whole head, colon included */
};

/* Does a slot of len bytes start with a complete head? A text that only quotes
 * one further on does not. */
bool ml_acrn_head_parse(const uint8_t *p, size_t len, struct ml_acrn_head *ret);

/* The syslog level of a severity of v0.1 and later: FATAL 1, ACRN 2 (banners),
 * ERROR 3, WARNING 4, INFO 5, DEBUG 6. */
uint32_t ml_acrn_level(uint32_t sev);

/* The rate of the time stamp counter given in a text of len bytes, in Hz; 0:
 * none. */
uint64_t ml_acrn_rate(const uint8_t *p, size_t len);

#endif
