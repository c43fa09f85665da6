/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set.c - several files that are one dump (makedumpfile --split, or plain memory at
 * given addresses): an image whose reader uses an image of each part.
 *
 * Where two parts have the same byte, the part named first is read.
 */
#include "image/bytes/piecename.h"
#include "open.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/number.h"

struct set {
	struct memlog_allocator alloc;
	struct memlog_reader_ops ops; /* with the page size of the parts */
	enum memlog_space space;
	struct memlog_image *parts[ML_MAX_PARTS];
	size_t n;
	struct {
		dev_t dev;
		ino_t ino;
	} ids[ML_MAX_PARTS];
	size_t n_raw, placed; /* parts of plain memory; those with an address */
};

static enum memlog_status set_read(void *self, uint64_t addr, void *buf,
				   size_t len, size_t *ret,
				   struct memlog_err *err)
{
	struct set *set = self;
	enum memlog_status s = MEMLOG_OK;
	size_t i, got;

	*ret = 0;
	while (*ret < len) {
		s = MEMLOG_NO_DATA;
		for (i = 0; i < set->n && s == MEMLOG_NO_DATA; i++) {
			s = memlog_image_read(set->parts[i], set->space, addr,
					      (uint8_t *)buf + *ret, len - *ret,
					      &got, err);
			*ret += got;
			addr += got;
			if (s && s != MEMLOG_NO_DATA)
				ml_prefix(err, s, "%s", set->parts[i]->name);
		}
		if (s)
			break;
	}
	return (s == MEMLOG_NO_DATA || s == MEMLOG_IO) && *ret ? MEMLOG_OK : s;
}

typedef enum memlog_status (*next_fn)(struct memlog_image *image,
				      enum memlog_space space, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err);

/* The lowest range of all parts, extended by ranges that begin at its end. */
static enum memlog_status next(struct set *set, next_fn fn, uint64_t addr,
			       struct memlog_range *ret, struct memlog_err *err)
{
	struct memlog_range r;
	enum memlog_status s;
	bool any = false, more;
	size_t i;

	do {
		more = false;
		for (i = 0; i < set->n; i++) {
			s = fn(set->parts[i], set->space, any ? ret->end : addr,
			       &r, err);
			if (s == MEMLOG_NO_DATA)
				continue;
			if (s)
				return s;
			if (any ? r.start == ret->end :
				  !more || r.start < ret->start) {
				if (!any)
					ret->start = r.start;
				ret->end = r.end;
				more = true;
			}
		}
		any |= more;
	} while (more);
	return any ? MEMLOG_OK : MEMLOG_NO_DATA;
}

static enum memlog_status set_next_range(void *self, uint64_t addr,
					 struct memlog_range *ret,
					 struct memlog_err *err)
{
	return next(self, memlog_image_next_range, addr, ret, err);
}

static enum memlog_status set_next_data(void *self, uint64_t addr,
					struct memlog_range *ret,
					struct memlog_err *err)
{
	return next(self, memlog_image_next_data, addr, ret, err);
}

/* The start of one page of one part; zeros if the part does not have it. */
static enum memlog_status part_peek(const struct set *set, size_t part,
				    uint64_t addr, uint8_t *buf,
				    struct memlog_err *err)
{
	const struct ml_space *sp = &set->parts[part]->spaces[set->space];
	enum memlog_status s;
	size_t got;

	if (sp->ops->peek)
		return sp->ops->peek(sp->self, addr, 1, buf, err);
	s = sp->ops->read(sp->self, addr, buf, MEMLOG_PEEK, &got, err);
	return s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
}

/* Each page comes from the first part in which its start is not all zeros. */
static enum memlog_status set_peek(void *self, uint64_t addr, size_t count,
				   uint8_t *buf, struct memlog_err *err)
{
	static const uint8_t zeros[MEMLOG_PEEK];
	enum memlog_status s, bad = MEMLOG_OK;
	struct set *set = self;
	size_t i, got;

	memset(buf, 0, count * MEMLOG_PEEK);
	for (; count && !bad; count--, addr += ML_PAGE, buf += MEMLOG_PEEK) {
		if (addr % ML_PAGE) { /* may cross from one part to another */
			s = set_read(set, addr, buf, MEMLOG_PEEK, &got, err);
			bad = s == MEMLOG_NO_DATA ? MEMLOG_OK : s;
			continue;
		}
		for (i = 0; i < set->n; i++) {
			s = part_peek(set, i, addr, buf, bad ? NULL : err);
			bad = bad ? bad : s;
			if (!s && memcmp(buf, zeros, sizeof(zeros)))
				break;
		}
		if (i < set->n)
			bad = MEMLOG_OK;
	}
	return bad;
}

static void set_close(void *self)
{
	struct set *set = self;
	struct memlog_allocator a = set->alloc;

	while (set->n)
		memlog_image_close(set->parts[--set->n]);
	ml_free(&a, set);
}

static const struct memlog_reader_ops set_ops = {
	.size = sizeof(set_ops),
	.flags = MEMLOG_READER_PEEK,
	.read = set_read,
	.next_range = set_next_range,
	.peek = set_peek,
	.close = set_close,
	.next_data = set_next_data,
};

/* Cut "@ADDR" off a name. */
static bool set_take_address(char *name, uint64_t *ret)
{
	char *at = strrchr(name, '@');
	const char *s = at ? at + 1 : "";

	if (!at || at == name || !ml_take_number(&s, ret) || *s)
		return false;
	*at = '\0';
	return true;
}

/* INVALID: the last part has addresses that an earlier one has. */
static enum memlog_status set_check_place(const struct set *set,
					  struct memlog_err *err)
{
	struct memlog_image *last = set->parts[set->n - 1];
	struct memlog_range r, other;
	size_t i;

	if (memlog_image_next_range(last, last->order[0], 0, &r, NULL))
		return MEMLOG_OK;
	if (r.start % ML_PAGE)
		return ml_fail(err, MEMLOG_INVALID,
			       "%s: 0x%" PRIx64 " is not a multiple of 4096",
			       last->name, r.start);
	for (i = 0; i + 1 < set->n; i++)
		if (!memlog_image_next_range(set->parts[i], last->order[0],
					     r.start, &other, NULL) &&
		    other.start < r.end)
			return ml_fail(err, MEMLOG_INVALID,
				       "%s and %s overlap at 0x%" PRIx64,
				       set->parts[i]->name, last->name,
				       ml_max(r.start, other.start));
	return MEMLOG_OK;
}

/* INVALID: the file of the next part is that of an earlier one. */
static enum memlog_status set_check_new(struct set *set, const char *name,
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

/* Open one part. "FILE@ADDR" is plain memory that starts at ADDR, unless there
 * is a file of this name. */
static enum memlog_status set_open_part(struct set *set, char *name,
					ml_image_layer *const *layers,
					const struct memlog_open_opts *opts,
					struct memlog_err *err)
{
	struct memlog_err why = { .status = MEMLOG_OK };
	struct memlog_open_opts o = *opts;
	enum memlog_status s;
	struct ml_file file = { 0 };
	bool placed = false;

	o.name = NULL; /* it is that of the set */
	s = ml_file_open(name, &o, &file, &why);
	if (s == MEMLOG_IO && why.sys == ENOENT &&
	    set_take_address(name, &o.raw_base)) {
		o.map = MEMLOG_MAP_NONE;
		o.force_raw = true;
		set->placed++;
		placed = true;
		s = ml_file_open(name, &o, &file, &why);
		if (!s)
			s = ml_refuse_part(&file, name + strlen(name) + 1,
					   &why);
	}
	if (!s)
		s = set_check_new(set, name, &why);
	if (!s)
		s = ml_image_open_layers(&file, layers, &o, &set->parts[set->n],
					 &why);
	else
		ml_file_close(&file);
	if (!s) {
		set->n_raw += !strcmp(set->parts[set->n++]->format, "raw");
		return placed ? set_check_place(set, err) : MEMLOG_OK;
	}
	ml_prefix(&why, s, "%s", name);
	if (err)
		*err = why;
	return s;
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

/* Open the parts that a list names, separated by commas. */
static enum memlog_status open_parts(struct set *set, char *list,
				     ml_image_layer *const *layers,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	enum memlog_status s;
	char *name, *next_name;
	const char *why;

	for (name = list; name; name = next_name) {
		next_name = strchr(name, ',');
		if (next_name)
			*next_name++ = '\0';
		if (set->n == ML_MAX_PARTS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "the dump has more "
				       "than %u parts",
				       ML_MAX_PARTS);
		s = set_open_part(set, name, layers, opts, err);
		if (s)
			return s;
		why = set_why_foreign(set);
		if (why)
			return ml_fail(err, MEMLOG_INVALID,
				       "%.80s does not belong to the other "
				       "parts: %s",
				       name, why);
	}
	if (set->n_raw > set->placed && set->n > 1)
		return set_fail_unplaced(set, err);
	return MEMLOG_OK;
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

/* Which parts of a split dump are not named? */
static void set_find_gaps(const struct set *set, struct memlog_image *image)
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

/* Combine the parts: the notes of the first, and all warnings except those
 * about one part only. */
static void set_describe(const struct set *set, struct memlog_image *image)
{
	struct memlog_image *first = set->parts[0];
	size_t i, k;

	image->format = first->format;
	image->traits = first->traits;
	image->title = set->n == 1 ? first->title :
		       set->n_raw  ? "plain memory in several files" :
				     "dump in several parts";
	for (k = 0; k < set->n; k++) {
		const struct memlog_image *part = set->parts[k];

		image->missing += part->missing;
		image->lost += part->lost;
		image->suspect |= part->suspect;
		image->cut |= part->cut;
		if (part->remedy)
			image->remedy = part->remedy;
		image->dump_level |= part->dump_level;
		image->by_kernel |= part->by_kernel;
		for (i = 0; i < part->n_warnings; i++)
			if (part->warnings[i].kind != ML_WARN_PART)
				ml_image_warn(image, "%s",
					      part->warnings[i].text);
	}
	set_find_gaps(set, image);
	memlog_image_describe(image, first);
}

enum memlog_status ml_set_open(const char *names, ml_image_layer *const *layers,
			       const struct memlog_open_opts *opts,
			       struct memlog_image **ret,
			       struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct set *set = ml_calloc(&a, 1, sizeof(*set));
	char *list = ml_strdup(&a, names);
	struct memlog_image *image;
	enum memlog_status s;

	if (!set || !list) {
		ml_free(&a, set);
		ml_free(&a, list);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for an image");
	}
	set->alloc = a;
	s = open_parts(set, list, layers, opts, err);
	ml_free(&a, list);
	if (!s)
		s = ml_image_create(opts->name ? opts->name : names,
				    opts->tmpdir, &a, &image, err);
	if (s) {
		set_close(set);
		return s;
	}
	set->space = set->parts[0]->order[0];
	set->ops = set_ops;
	set->ops.page_size = set->parts[0]->spaces[set->space].ops->page_size;
	ml_image_add_space(image, set->space, &set->ops, set, 0, true);
	image->parts = set->parts;
	image->n_parts = set->n;
	set_describe(set, image);
	return ml_image_opened(image, ret, err);
}
