/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * align.c - put the logs of one machine on one clock, by marks that two of them have.
 *
 * From the first log on, whichever of the others has the most exact marks in common with
 * one that is aligned comes next. The difference of two clocks is the median of what
 * these marks say, and the error what they disagree by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "lane.h"

#define MS INT64_C(1000000)

/* Ways to align, the most exact one first; error: at least so many ns. */
enum align_way {
	CODES,
	LINES,
	EXIT_BOOT,
	INIT,
	MACHINE,
	DOM0,
	KERNEL,
	PHASES,
	HANDOVER,
	LAST,
	WAYS
};

static const struct {
	int64_t error; /* 0: not known */
	const char *words;
} align_ways[WAYS] = {
	[CODES] = { MS, "progress code" },
	[LINES] = { MS, "line of the firmware" },
	[EXIT_BOOT] = { MS, "ExitBootServices()" },
	[INIT] = { 50 * MS, "the start of init" },
	[MACHINE] = { 20 * MS, "the creation of the machine" },
	[DOM0] = { 0, "dom0 starts after the last message of Xen's boot; the "
		      "time in between is not seen" },
	[KERNEL] = { 20 * MS, "the first message of the kernel" },
	[PHASES] = { 20 * MS, "start of a phase" },
	[HANDOVER] = { 0,
		       "its first message comes after ExitBootServices(); the "
		       "time in between is not seen" },
	[LAST] = { 0, "its first message comes after the last one of the "
		      "firmware; the time in between is not seen" },
};

/* One way to move lane b onto the clock of a. */
struct align_fit {
	enum align_way way;
	size_t n;	  /* marks */
	unsigned int one; /* the only one */
	int64_t offset, error;
};

static int align_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of n differences, and what they disagree by. */
static void align_median(struct align_fit *fit, enum align_way way,
			 int64_t *diffs, size_t n)
{
	int64_t low, high;

	qsort(diffs, n, sizeof(*diffs), align_order);
	fit->way = way;
	fit->n = n;
	fit->offset = diffs[n / 2];
	low = fit->offset - diffs[0];
	high = diffs[n - 1] - fit->offset;
	fit->error = low > high ? low : high;
	if (fit->error < align_ways[way].error)
		fit->error = align_ways[way].error;
}

/* By all marks that both have of those from first on, n of them. */
static bool align_marks(const struct ml_lane *a, const struct ml_lane *b,
			enum align_way way, unsigned int first, unsigned int n,
			struct align_fit *fit)
{
	int64_t diffs[256], ta;
	size_t i, count = 0;
	unsigned int c;

	for (i = 0; i < b->n_commons && count < 256; i++) {
		c = b->commons[i].common;
		if (c >= first && c - first < n && ml_lane_common(a, c, &ta)) {
			diffs[count++] = ta - b->commons[i].time;
			fit->one = c - first;
		}
	}
	if (count)
		align_median(fit, way, diffs, count);
	return count;
}

static bool align_common(const struct ml_lane *a, const struct ml_lane *b,
			 enum align_way way, unsigned int common,
			 struct align_fit *fit)
{
	int64_t ta, tb, diff;

	if (!ml_lane_common(a, common, &ta) || !ml_lane_common(b, common, &tb))
		return false;
	diff = ta - tb;
	align_median(fit, way, &diff, 1);
	return true;
}

static bool align_phases(const struct ml_lane *a, const struct ml_lane *b,
			 struct align_fit *fit)
{
	int64_t diffs[ML_STAGES];
	size_t i, n = 0;

	for (i = ML_STAGE_PEI; i <= ML_STAGE_BDS; i++)
		if (a->bounds[i].timed && b->bounds[i].timed) {
			diffs[n++] = a->bounds[i].time - b->bounds[i].time;
			fit->one = (unsigned int)i;
		}
	if (n)
		align_median(fit, PHASES, diffs, n);
	return n;
}

/* What one lane starts with comes after what the other one ends with. */
static bool align_after(const struct ml_lane *a, const struct ml_lane *b,
			int64_t *ret, enum align_way *way)
{
	enum ml_stage next = b->bounds[ML_STAGE_HYPERVISOR].timed ?
				     ML_STAGE_HYPERVISOR :
				     ML_STAGE_KERNEL;
	int64_t end;
	size_t i;

	if (!b->bounds[next].timed)
		return false;
	/* b is of what comes after a */
	for (i = 1; i < ML_STAGES; i++)
		if ((i < next && b->bounds[i].timed) ||
		    (i >= next && a->bounds[i].timed &&
		     !(next == ML_STAGE_KERNEL && i == ML_STAGE_HYPERVISOR)))
			return false;
	if (next == ML_STAGE_KERNEL &&
	    ml_lane_common(a, ML_COMMON_DOM0, &end)) {
		*way = DOM0;
	} else if (a->bounds[ML_STAGE_HYPERVISOR].timed) {
		return false;
	} else if (a->bounds[ML_STAGE_HANDOVER].timed) {
		end = a->bounds[ML_STAGE_HANDOVER].time;
		*way = HANDOVER;
	} else if (a->phase >= ML_STAGE_DXE) {
		end = a->pub.last;
		*way = LAST;
	} else {
		return false;
	}
	*ret = end - b->bounds[next].time;
	return true;
}

static bool align_machine(const struct ml_lane *a, const struct ml_lane *b,
			  struct align_fit *fit)
{
	int64_t diff;

	if (!a->has_machine || !b->has_machine ||
	    __builtin_sub_overflow(b->machine, a->machine, &diff) ||
	    diff > ML_LANE_YEAR || diff < -ML_LANE_YEAR)
		return false;
	align_median(fit, MACHINE, &diff, 1);
	return true;
}

/* The best way to move b onto the clock of a; false: there is none. */
static bool align_pair(const struct ml_lane *a, const struct ml_lane *b,
		       struct align_fit *fit)
{
	*fit = (struct align_fit){ .n = 1 };
	if (align_marks(a, b, CODES, ML_COMMON_CODE, 256, fit) ||
	    align_marks(a, b, LINES, ML_COMMON_LINE,
			ML_COMMON_LINES - ML_COMMON_LINE, fit) ||
	    align_common(a, b, EXIT_BOOT, ML_COMMON_EXIT_BOOT, fit) ||
	    align_common(a, b, INIT, ML_COMMON_INIT, fit) ||
	    align_machine(a, b, fit) ||
	    align_common(a, b, KERNEL, ML_COMMON_KERNEL, fit) ||
	    align_phases(a, b, fit))
		return true;
	if (align_after(a, b, &fit->offset, &fit->way))
		return true;
	if (!align_after(b, a, &fit->offset, &fit->way))
		return false;
	fit->offset = -fit->offset;
	return true;
}

/* ---- words -------------------------------------------------------------- */

static void align_say(struct ml_lane *b, const struct ml_lane *a,
		      const struct align_fit *f)
{
	char marks[64];

	switch (f->way) {
	case CODES:
		if (f->n == 1)
			snprintf(marks, sizeof(marks), "progress code 0x%02x",
				 f->one);
		else
			snprintf(marks, sizeof(marks), "%zu progress codes",
				 f->n);
		break;
	case LINES:
		snprintf(marks, sizeof(marks), "%zu line%s of the firmware",
			 f->n, ml_s(f->n));
		break;
	case PHASES:
		if (f->n == 1)
			snprintf(marks, sizeof(marks), "the start of %s",
				 ml_stage_name((enum ml_stage)f->one));
		else
			snprintf(marks, sizeof(marks), "starts of %zu phases",
				 f->n);
		break;
	default:
		snprintf(b->pub.method, sizeof(b->pub.method), "%s",
			 align_ways[f->way].words);
		if (!align_ways[f->way].error)
			return;
		snprintf(marks, sizeof(marks), "%s", align_ways[f->way].words);
	}
	snprintf(b->pub.method, sizeof(b->pub.method), "by %s, as in %s", marks,
		 a->pub.label);
}

static void align_say_none(struct ml_lane *l, bool any)
{
	const char *why = "no mark in common with the others";

	if (!l->pub.has_clock)
		why = l->pub.cycles ? "times in cycles of unknown rate" :
				      "no times";
	else if (!any)
		why = "the only one with a clock";
	snprintf(l->pub.method, sizeof(l->pub.method), "%s", why);
}

/* ---- all ---------------------------------------------------------------- */

/* The lane that the others are aligned with: the one whose phases start first. */
static bool align_first(struct ml_lane *const *lanes, size_t n, size_t *ret)
{
	unsigned int phase, best = ML_STAGES + 1;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!lanes[i]->pub.has_clock)
			continue;
		for (phase = ML_STAGE_SEC; phase < ML_STAGES; phase++)
			if (lanes[i]->bounds[phase].timed)
				break;
		if (phase < best) {
			best = phase;
			*ret = i;
		}
	}
	return best <= ML_STAGES;
}

/* Align one more; false: none can be. */
static bool align_next(struct ml_lane *const *lanes, size_t n)
{
	struct align_fit fit, best = { .way = WAYS };
	const struct ml_lane *onto = NULL;
	struct ml_lane *lane = NULL;
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (lanes[i]->pub.aligned || !lanes[i]->pub.has_clock)
			continue;
		for (k = 0; k < n; k++)
			if (lanes[k]->pub.aligned &&
			    align_pair(lanes[k], lanes[i], &fit) &&
			    (fit.way < best.way ||
			     (fit.way == best.way && fit.n > best.n))) {
				best = fit;
				lane = lanes[i];
				onto = lanes[k];
			}
	}
	if (!lane)
		return false;
	lane->pub.aligned = true;
	/* both are of times within a year */
	lane->pub.offset = onto->pub.offset + best.offset;
	lane->pub.has_error = align_ways[best.way].error && onto->pub.has_error;
	if (__builtin_add_overflow(best.error, onto->pub.error,
				   &lane->pub.error))
		lane->pub.error = INT64_MAX;
	align_say(lane, onto, &best);
	return true;
}

bool ml_lanes_align(struct ml_lane *const *lanes, size_t n, size_t *ret)
{
	bool several = false;
	int64_t zero;
	size_t i;

	*ret = 0;
	for (i = 0; i < n; i++)
		several |= i > 0;
	if (!align_first(lanes, n, ret)) {
		for (i = 0; i < n; i++)
			align_say_none(lanes[i], several);
		return false;
	}
	lanes[*ret]->pub.aligned = lanes[*ret]->pub.has_error = true;
	snprintf(lanes[*ret]->pub.method, sizeof(lanes[*ret]->pub.method),
		 "its clock is the common one");
	while (align_next(lanes, n))
		;
	zero = lanes[*ret]->pub.first;
	for (i = 0; i < n; i++)
		if (lanes[i]->pub.aligned &&
		    lanes[i]->pub.first + lanes[i]->pub.offset < zero)
			zero = lanes[i]->pub.first + lanes[i]->pub.offset;
	for (i = 0; i < n; i++)
		if (lanes[i]->pub.aligned)
			lanes[i]->pub.offset -= zero;
		else
			align_say_none(lanes[i], several);
	return true;
}
