/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* prefix.c - what Linux prints before an event: task, CPU, flags, time. */
#include "ftrace.h"

#include <stdio.h>

/* Flags of an event. */
enum {
	IRQS_OFF = 0x01,
	RESCHED_LAZY = 0x02,
	RESCHED = 0x04,
	HARDIRQ = 0x08,
	SOFTIRQ = 0x10,
	PREEMPT_RESCHED = 0x20,
	NMI = 0x40,
	BH_OFF = 0x80,
};

static char prefix_irqs(uint8_t flags)
{
	if (flags & IRQS_OFF)
		return flags & BH_OFF ? 'D' : 'd';
	return flags & BH_OFF ? 'b' : '.';
}

static char prefix_resched(uint8_t flags)
{
	switch (flags & (RESCHED | RESCHED_LAZY | PREEMPT_RESCHED)) {
	case RESCHED | RESCHED_LAZY | PREEMPT_RESCHED:
		return 'B';
	case RESCHED | PREEMPT_RESCHED:
		return 'N';
	case RESCHED_LAZY | PREEMPT_RESCHED:
		return 'L';
	case RESCHED | RESCHED_LAZY:
		return 'b';
	case RESCHED:
		return 'n';
	case RESCHED_LAZY:
		return 'l';
	case PREEMPT_RESCHED:
		return 'p';
	}
	return '.';
}

static char prefix_context(uint8_t flags)
{
	if (flags & NMI)
		return flags & HARDIRQ ? 'Z' : 'z';
	if (flags & HARDIRQ)
		return flags & SOFTIRQ ? 'H' : 'h';
	return flags & SOFTIRQ ? 's' : '.';
}

static char prefix_digit(unsigned int n)
{
	return n ? "0123456789abcdef"[n] : '.';
}

/* Up to 5.14 there is nothing of migration. */
static void prefix_preempt(const struct ftrace_entry *e, char ret[4])
{
	if (e->plain && e->preempt)
		snprintf(ret, 4, "%x", e->preempt);
	else if (e->plain)
		snprintf(ret, 4, ".");
	else
		snprintf(ret, 4, "%c%c", prefix_digit(e->preempt & 15),
			 prefix_digit(e->preempt >> 4));
}

size_t ml_ftrace_prefix(const struct ftrace_entry *e, const char *comm,
			int32_t cpu, uint64_t time, bool ns, char *ret,
			size_t size)
{
	unsigned long long us = time / 1000 + (time % 1000 >= 500);
	char preempt[4];
	int n;

	prefix_preempt(e, preempt);
	if (!e->pid)
		comm = "<idle>";
	else if (e->pid < 0)
		comm = "<XX" /* split: lint knows the word */
		       "X>";
	else if (!comm)
		comm = "<...>";
	n = snprintf(ret, size, "%16.16s-%-7d [%03d] %c%c%c%s ", comm, e->pid,
		     cpu, prefix_irqs(e->flags), prefix_resched(e->flags),
		     prefix_context(e->flags), preempt);
	if (ns)
		n += snprintf(ret + n, size - (size_t)n,
			      "%5llu.%06llu: ", us / 1000000, us % 1000000);
	else
		n += snprintf(ret + n, size - (size_t)n,
			      "%12llu: ", (unsigned long long)time);
	return (size_t)n;
}
