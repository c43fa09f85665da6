/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* set_check.c - are several files the parts of one dump? */
#include "set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"
#include "image/bytes/piecename.h"

enum memlog_status ml_set_check_new(struct set *set, const char *name,
				    struct memlog_err *err)
{
	struct stat st;
	size_t i;

	if (stat(name, &st))
		return MEMLOG_OK;
	for (i = 0; i < set->n; i++)
		if (set->ids[i].dev == st.st_dev &&
		    set->ids[i].ino == st.st_ino)
			return !strcmp(name, set->parts[i]->name) ?
				       ml_fail(err, MEMLOG_INVALID,
					       "a part is named twice") :
				       ml_fail(err, MEMLOG_INVALID,
					       "the same file as %s: name each "
					       "part once",
					       set->parts[i]->name);
	set->ids[set->n].dev = st.st_dev;
	set->ids[set->n].ino = st.st_ino;
	return MEMLOG_OK;
}

/* Do two images have a byte at the same address? *ret_addr: the first. Goes through the
 * ranges of both once, and each takes a step. */
static enum memlog_status set_common(struct set *set, struct memlog_image *a,
				     struct memlog_image *b, bool *ret,
				     uint64_t *ret_addr, struct memlog_err *err)
{
	enum memlog_space space = a->order[0];
	struct memlog_range x, y, both;
	enum memlog_status s;

	*ret = false;
	s = memlog_image_next_range(a, space, 0, &x, err);
	if (!s)
		s = memlog_image_next_range(b, space, 0, &y, err);
	while (!s && !ml_range_intersect(x, y, &both)) {
		if (++set->steps > ML_SET_STEPS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "the files have too many ranges of "
				       "memory to tell whether any are the "
				       "same; search each file separately");
		if (x.end <= y.start)
			s = memlog_image_next_range(a, space, y.start, &x, err);
		else
			s = memlog_image_next_range(b, space, x.start, &y, err);
	}
	if (s)
		return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
	*ret = true;
	*ret_addr = both.start;
	return MEMLOG_OK;
}

/* INVALID: the last part has addresses that an earlier one has. */
static enum memlog_status set_check_overlap(struct set *set,
					    struct memlog_err *err)
{
	struct memlog_image *last = set->parts[set->n - 1], *other;
	enum memlog_status s;
	bool common;
	uint64_t at;
	size_t i;

	for (i = 0; i + 1 < set->n; i++) {
		other = set->parts[i];
		at = ml_max(last->part.start, other->part.start);
		common = at < ml_min(last->part.end, other->part.end);
		if (!last->part.all || !other->part.all) {
			s = set_common(set, other, last, &common, &at, err);
			if (s)
				return s;
		}
		if (common)
			return ml_fail_at(
				err, MEMLOG_INVALID, at,
				"%.80s and %.80s overlap at "
				"0x%" PRIx64 "%s",
				other->name, last->name, at,
				set->placed ? "" : "; search them separately");
	}
	return MEMLOG_OK;
}

/* Is a part missing between two, by their names? */
static bool set_has_gap(const struct set *set, size_t i)
{
	const char *a = set->parts[i - 1]->name, *b = set->parts[i]->name;

	return ml_piece_step(a, strlen(a), b, strlen(b)) == ML_PIECE_GAP;
}

/* Plain memory does not say where it belongs: how to say it. The addresses are
 * right if the parts follow each other from 0 on; none are given if one is missing. */
static enum memlog_status set_fail_unplaced(const struct set *set,
					    struct memlog_err *err)
{
	char line[160] = "";
	uint64_t addr = 0;
	size_t i, n = 0;
	bool mib;

	for (i = 0; i < set->n && n < sizeof(line); i++) {
		if (i && set_has_gap(set, i)) {
			n = sizeof(line);
			break;
		}
		mib = addr % (1 << 20) == 0;
		n += (size_t)snprintf(line + n, sizeof(line) - n,
				      "%s%s@%" PRIu64 "%s", i ? "," : "",
				      set->parts[i]->name,
				      mib ? addr >> 20 : addr,
				      addr && mib ? "M" : "");
		addr += set->parts[i]->file.size;
	}
	return ml_fail(err, MEMLOG_INVALID,
		       "plain memory in several files: say where each one "
		       "starts, as in %s",
		       n < sizeof(line) ? line : "FILE@0,FILE@2G");
}

static const struct ml_note *set_vmcoreinfo(const struct memlog_image *image)
{
	size_t i;

	for (i = 0; i < image->n_notes; i++)
		if (!strcmp(image->notes[i].owner, "VMCOREINFO"))
			return &image->notes[i];
	return NULL;
}

/* Why the last part cannot be of the same dump as the first; NULL: it can. */
static const char *set_why_foreign(const struct set *set)
{
	const struct memlog_image *a = set->parts[0];
	const struct memlog_image *b = set->parts[set->n - 1];
	const struct ml_note *x = set_vmcoreinfo(a), *y = set_vmcoreinfo(b);

	if (a->order[0] != b->order[0])
		return "its addresses are of another kind";
	/* plain memory has an address of its own */
	if (!strcmp(a->format, "raw") || !strcmp(b->format, "raw"))
		return NULL;
	if (strcmp(a->format, b->format) != 0)
		return "it is of another format";
	if (strcmp(a->machine, b->machine) != 0)
		return "it is of another machine";
	if (a->spaces[a->order[0]].ops->page_size !=
	    b->spaces[b->order[0]].ops->page_size)
		return "its pages have another size";
	if (a->part.all != b->part.all)
		return "it is of a dump of another size";
	if (x && y &&
	    (x->desc_len != y->desc_len ||
	     memcmp(x->desc, y->desc, x->desc_len) != 0))
		return "its VMCOREINFO is another one";
	return NULL;
}

enum memlog_status ml_set_check_part(struct set *set, bool placed,
				     struct memlog_err *err)
{
	struct memlog_image *last = set->parts[set->n - 1];
	const char *why = set_why_foreign(set);
	struct memlog_range r;

	if (why)
		return ml_fail(err, MEMLOG_INVALID,
			       "%.80s does not belong to the other parts: %s",
			       last->name, why);
	if (placed &&
	    !memlog_image_next_range(last, last->order[0], 0, &r, NULL) &&
	    r.start % ML_PAGE)
		return ml_fail(err, MEMLOG_INVALID,
			       "%s: 0x%" PRIx64 " is not a multiple of 4096",
			       last->name, r.start);
	/* those without an address are refused when all are known */
	return set->n_raw > set->placed ? MEMLOG_OK :
					  set_check_overlap(set, err);
}

enum memlog_status ml_set_check_all(const struct set *set,
				    struct memlog_err *err)
{
	return set->n_raw > set->placed && set->n > 1 ?
		       set_fail_unplaced(set, err) :
		       MEMLOG_OK;
}

/* Where the parts that start at or before at end, one after another. *ret_next: where
 * the next one starts, or all. */
static uint64_t set_reach(const struct set *set, uint64_t at, uint64_t all,
			  uint64_t *ret_next)
{
	const struct memlog_image *part;
	bool more = true;
	size_t i;

	while (more) {
		more = false;
		*ret_next = all;
		for (i = 0; i < set->n; i++) {
			part = set->parts[i];
			if (part->part.start > at) {
				*ret_next = ml_min(*ret_next, part->part.start);
			} else if (part->part.end > at) {
				at = part->part.end;
				more = true;
			}
		}
	}
	return at;
}

void ml_set_find_gaps(const struct set *set, struct memlog_image *image)
{
	uint64_t at, next, all = 0;
	size_t i;

	for (i = 0; i < set->n; i++) {
		if (!set->parts[i]->part.all)
			return;
		all = ml_max(all, set->parts[i]->part.all);
	}
	for (at = set_reach(set, 0, all, &next); at < all;
	     at = set_reach(set, next, all, &next))
		ml_image_warn_cut(image,
				  "a part of the split dump is missing, from "
				  "0x%" PRIx64 " to 0x%" PRIx64,
				  at, next);
}
