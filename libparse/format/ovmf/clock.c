/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clock.c - the rate of the processor's counter.
 *
 * The firmware waits for nothing: it stores at some moments what the counter and
 * the ACPI PM timer are. The PM timer has 24 bits, and turns over every 4.7 s.
 * So the longest time between two pairs is taken with every number of turns; the
 * right one is that with which the others agree.
 */
#include "base/bytes.h"
#include "index.h"

#define PAIR  16
#define PAIRS 5

#define PM_HZ	3579545.0
#define PM_TURN 16777216.0

/* Between two pairs is less than a quarter of an hour. */
#define TURNS 192

/* A pair is taken within a millisecond or so; on a busy host it takes longer. */
#define SLACK (PM_HZ / 50)

/* Of many numbers of turns one may fit by chance, so each is worth some error. */
#define PER_TURN (PM_HZ / 10000)

/* What a processor may have. */
#define HZ_MIN 1e6
#define HZ_MAX 1e11

struct ovmf_interval {
	double clock; /* ticks of the counter */
	double pm;    /* of the PM timer, without its turns */
};

static size_t ovmf_clock_intervals(const uint8_t *p, size_t n,
				   struct ovmf_interval *ret)
{
	size_t i, count = 0, last = 0;
	bool has_last = false;

	for (i = 0; i < n / PAIR; i++) {
		const uint8_t *here = p + i * PAIR, *before = p + last * PAIR;

		if (ml_le32(here + 12) != i + 1)
			continue;
		if (has_last && ml_le64(here) <= ml_le64(before))
			continue;
		if (has_last)
			ret[count++] = (struct ovmf_interval){
				(double)(ml_le64(here) - ml_le64(before)),
				(ml_le32(here + 8) - ml_le32(before + 8)) &
					0xffffff,
			};
		last = i;
		has_last = true;
	}
	return count;
}

/* How far the PM timer is from where it would be at that rate, in its ticks. */
static double ovmf_clock_error(const struct ovmf_interval *i, double hz)
{
	double ticks = i->clock / hz * PM_HZ, off;

	if (ticks > TURNS * PM_TURN)
		return PM_TURN;
	off = ticks - (double)(uint64_t)(ticks / PM_TURN) * PM_TURN - i->pm;
	off = off < 0 ? -off : off;
	return off > PM_TURN / 2 ? PM_TURN - off : off;
}

uint64_t ml_ovmf_clock_rate(const uint8_t *pairs, size_t n)
{
	struct ovmf_interval list[PAIRS], longest = { 0 };
	size_t i, turns, count;
	double hz, error, score, best = 0;
	double ret = 0; /* none */

	count = ovmf_clock_intervals(pairs, ml_min(n, PAIRS * PAIR), list);
	for (i = 0; i < count; i++)
		if (list[i].clock > longest.clock)
			longest = list[i];
	/* a single one has nothing to agree with; it is taken to be short */
	for (turns = 0; count && turns < (count > 1 ? TURNS : 1); turns++) {
		double ticks = longest.pm + (double)turns * PM_TURN;

		hz = ticks > 0 ? longest.clock / ticks * PM_HZ : 0;
		if (hz < HZ_MIN || hz > HZ_MAX)
			continue;
		for (error = 0, i = 0; i < count; i++)
			error += ovmf_clock_error(&list[i], hz);
		score = error + (double)turns * PER_TURN;
		if (error <= SLACK && (ret < 1 || score < best)) {
			best = score;
			ret = hz;
		}
	}
	return (uint64_t)ret;
}
