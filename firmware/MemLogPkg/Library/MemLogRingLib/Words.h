/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Loads and stores of words that a dump may catch, and other processors use. */
#ifndef MEMLOG_WORDS_H
#define MEMLOG_WORDS_H

#include <MemLogRing.h>

static inline u32 load(const u32 *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

/* Release: earlier stores become visible first. */
static inline void store(u32 *to, u32 value)
{
	ml_step();
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static inline u64 load_word(const struct ml_ring_word *from)
{
	return load(&from->low) | (u64)load(&from->high) << 32;
}

/* With 4 GiB of text a dump may catch the halves apart. */
static inline void store_word(struct ml_ring_word *to, u64 value)
{
	if (load(&to->high) != (u32)(value >> 32))
		store(&to->high, (u32)(value >> 32));
	store(&to->low, (u32)value);
}

/* Full barrier: earlier stores become visible before later ones. */
static inline void settle(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
