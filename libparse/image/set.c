/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * set.c - several files that are one dump (makedumpfile --split, or plain memory at
 * given addresses): an image whose reader uses an image of each part. No two parts have
 * the same byte.
 */
#include "open.h"
#include "set.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/number.h"
#include "base/plural.h"

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

static uint64_t set_promised(void *self, struct memlog_range r)
{
	struct set *set = self;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < set->n; i++)
		if (!ml_add(sum,
			    ml_image_promised(set->parts[i], set->space, r),
			    &sum))
			sum = UINT64_MAX;
	return ml_min(sum, r.end - r.start);
}

static bool set_hole(void *self, uint64_t addr)
{
	struct set *set = self;
	size_t i;

	for (i = 0; i < set->n; i++)
		if (!ml_image_hole(set->parts[i], set->space, addr))
			return false;
	return true;
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
		s = ml_set_check_new(set, name, &why);
	if (!s)
		s = ml_image_open_layers(&file, layers, &o, &set->parts[set->n],
					 &why);
	else
		ml_file_close(&file);
	if (!s) {
		set->n_raw += !strcmp(set->parts[set->n++]->format, "raw");
		return ml_set_check_part(set, placed, err);
	}
	ml_prefix(&why, s, "%s", name);
	if (err)
		*err = why;
	return s;
}

/* Open the parts that a list names, separated by commas. */
static enum memlog_status open_parts(struct set *set, char *list,
				     ml_image_layer *const *layers,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	enum memlog_status s;
	char *name, *next_name;

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
	}
	return ml_set_check_all(set, err);
}

/* Memory of a part that is in none of the spaces of the set: without an address, two
 * parts would have it at the same offset. */
static void set_count_unread(struct memlog_image *part,
			     struct memlog_image *image)
{
	struct memlog_range r;
	uint64_t at, bytes = 0;
	size_t i;

	for (i = 1; i < part->n_order; i++)
		for (at = 0; !memlog_image_next_range(part, part->order[i], at,
						      &r, NULL);
		     at = r.end)
			bytes = ml_sum(bytes, r.end - r.start);
	if (!bytes)
		return;
	image->missing = ml_sum(image->missing, bytes);
	image->remedy = "search each file separately";
	ml_image_warn(image,
		      "%" PRIu64
		      " byte%s of memory in %.80s %s no %s address and "
		      "%s not searched; search that file separately",
		      bytes, ml_s(bytes), part->name,
		      bytes == 1 ? "has" : "have",
		      memlog_space_name(part->order[0]), ml_are(bytes));
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
		struct memlog_image *part = set->parts[k];

		image->missing = ml_sum(image->missing, part->missing);
		image->lost = ml_sum(image->lost, part->lost);
		image->suspect |= part->suspect;
		image->uncompared |= part->uncompared;
		image->cut |= part->cut;
		if (part->remedy)
			image->remedy = part->remedy;
		image->dump_level |= part->dump_level;
		image->by_kernel |= part->by_kernel;
		for (i = 0; i < part->n_warnings; i++)
			if (part->warnings[i].kind != ML_WARN_PART)
				ml_image_warn(image, "%s",
					      part->warnings[i].text);
		set_count_unread(part, image);
	}
	ml_set_find_gaps(set, image);
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
	image->spaces[set->space].promised = set_promised;
	image->spaces[set->space].hole = set_hole;
	image->parts = set->parts;
	image->n_parts = set->n;
	set_describe(set, image);
	return ml_image_opened(image, ret, err);
}
