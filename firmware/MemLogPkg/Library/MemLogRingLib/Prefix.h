/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What the ring and its prefixes know of each other. */
#ifndef MEMLOG_PREFIX_H
#define MEMLOG_PREFIX_H

#include <MemLogRing.h>

/* The prefix of the lines of a message. */
void ml_prefix_make(const struct ml_ring_ext *ext,
		    const struct ml_ring_message *message,
		    u8 ret[ML_RING_PREFIX_BYTES]);

/* Bytes of the text with its prefixes; begins: it is at the beginning of a line. */
u32 ml_prefix_room(const u8 *text, u32 length, int begins);

/* Bytes up to the end of the first line, and with it. */
u32 ml_prefix_line(const u8 *text, u32 length);

/* Appends text as it is, without entries and prefixes. */
enum ml_ring_status ml_ring_copy_text(struct ml_ring *to, const u8 *text,
				      u32 length);

/* Appends the last `used` bytes of `from` message by message, as if they were
 * written now. One that fails does not keep others from being written; returns the
 * first failure. */
enum ml_ring_status ml_ring_replay(struct ml_ring *to,
				   const struct ml_ring *from, u32 used);

/* Is it the whole entry of that number? */
int ml_ring_entry_is_whole(const struct ml_ring_entry *entry, u32 number);

#endif
