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

/*
 * Changes a word if it has the value `from`, as one step. Where the processor cannot
 * do that, no other one runs and there are no interrupts.
 */
static inline int change(u32 *at, u32 from, u32 to)
{
	if (ml_atomics())
		return __atomic_compare_exchange_n(at, &from, to, 0,
						   __ATOMIC_ACQUIRE,
						   __ATOMIC_RELAXED);
	if (load(at) != from)
		return 0;
	store(at, to);
	return 1;
}

/* Full barrier: earlier stores become visible before later ones. */
static inline void settle(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
