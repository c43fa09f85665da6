/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* joined.c - one file that split(1) cut into several. */
#include "joined.h"
#include "piecename.h"

#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/packed.h"
#include "image/prefix.h"

#define HEAD 4096u

struct joined {
	struct memlog_allocator alloc;
	char *name;
	uint64_t piece, size; /* of each but the last; of all */
	size_t n;
	struct ml_file pieces[ML_MAX_PARTS];
	struct {
		dev_t dev;
		ino_t ino;
	} ids[ML_MAX_PARTS];
};

/* The piece that has off, and where in it. */
static const struct ml_file *joined_at(const struct joined *j, uint64_t off,
				       uint64_t *ret)
{
	size_t i = (size_t)(off / j->piece);

	*ret = off % j->piece;
	return off < j->size ? &j->pieces[i] : NULL;
}

static enum memlog_status joined_read(void *self, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	uint64_t in;
	const struct ml_file *f = joined_at(self, off, &in);

	*ret = 0;
	if (!f)
		return MEMLOG_NO_DATA;
	return f->ops->read(f->self, in, buf, (size_t)ml_min(len, f->size - in),
			    ret, err);
}

static enum memlog_status joined_map(void *self, uint64_t off, size_t len,
				     const uint8_t **ret_ptr, size_t *ret,
				     struct memlog_err *err)
{
	uint64_t in;
	const struct ml_file *f = joined_at(self, off, &in);

	if (!f)
		return MEMLOG_NO_DATA;
	if (!f->ops->map)
		return MEMLOG_UNSUPPORTED;
	return f->ops->map(f->self, in, (size_t)ml_min(len, f->size - in),
			   ret_ptr, ret, err);
}

static enum memlog_status joined_next_range(void *self, uint64_t off,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	struct joined *j = self;

	(void)err;
	if (off >= j->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ off, j->size };
	return MEMLOG_OK;
}

static enum memlog_status joined_next_data(void *self, uint64_t off,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	const struct ml_file *f;
	struct joined *j = self;
	enum memlog_status s;
	uint64_t in, start;

	for (; (f = joined_at(j, off, &in)); off = start + f->size) {
		start = off - in;
		s = ml_file_next_data(f, in, ret, err);
		if (s == MEMLOG_NO_DATA)
			continue;
		ret->start += start;
		ret->end += start;
		return s;
	}
	return MEMLOG_NO_DATA;
}

static void joined_close(void *self)
{
	struct joined *j = self;
	struct memlog_allocator a = j->alloc;

	while (j->n)
		ml_file_close(&j->pieces[--j->n]);
	ml_free(&a, j->name);
	ml_free(&a, j);
}

static const struct memlog_reader_ops joined_ops = {
	.size = sizeof(joined_ops),
	.read = joined_read,
	.map = joined_map,
	.next_range = joined_next_range,
	.next_data = joined_next_data,
	.close = joined_close,
};

/* Does it begin like something that is not raw memory? */
static enum memlog_status joined_known(const struct ml_file *f,
				       const struct memlog_open_opts *opts,
				       bool *ret, struct memlog_err *err)
{
	const char *title = NULL;
	enum memlog_status s;
	uint8_t head[HEAD];
	uint64_t at;
	size_t got;

	s = ml_file_read_some(f, 0, head, sizeof(head), &got, err);
	if (s)
		return s;
	*ret = ml_packed_find(head, got) || ml_packed_archive(head, got) ||
	       ml_packed_libvirt(head, got, &at);
	if (!*ret)
		s = ml_prefix_known(head, got, opts, &title);
	*ret |= title != NULL;
	return s;
}

/* INVALID: the file of the next piece is that of an earlier one. */
static enum memlog_status joined_check_new(struct joined *j, const char *name,
					   struct memlog_err *err)
{
	struct stat st;
	size_t i;

	if (stat(name, &st))
		return MEMLOG_OK;
	for (i = 0; i < j->n; i++)
		if (j->ids[i].dev == st.st_dev && j->ids[i].ino == st.st_ino)
			return ml_fail(err, MEMLOG_INVALID,
				       "%.100s: a piece is named twice", name);
	j->ids[j->n].dev = st.st_dev;
	j->ids[j->n].ino = st.st_ino;
	return MEMLOG_OK;
}

/* All pieces but the last have the size of the first, or it is none. INVALID: by its name
 * it is one, so that another is too short. */
static enum memlog_status joined_check_size(const struct joined *j,
					    const char *before,
					    const char *name, uint64_t size,
					    struct memlog_err *err)
{
	bool shorter = j->n && j->pieces[j->n - 1].size < j->piece;
	enum ml_piece_step step;

	if (!size || size > INT64_MAX)
		return MEMLOG_NOT_MINE;
	if (!j->n || (!shorter && size <= j->piece))
		return MEMLOG_OK;
	step = ml_piece_step(before, strlen(before), name, strlen(name));
	if (step != ML_PIECE_NEXT && step != ML_PIECE_GAP)
		return MEMLOG_NOT_MINE;
	return ml_fail(err, MEMLOG_INVALID,
		       "%.100s is shorter than the pieces %s it: copy it again",
		       before, shorter ? "before" : "after");
}

/* Open one more, after the one named before; NOT_MINE: it is no piece. */
static enum memlog_status joined_add(struct joined *j, const char *before,
				     const char *name,
				     const struct memlog_open_opts *opts,
				     struct memlog_err *err)
{
	struct ml_file *f = &j->pieces[j->n];
	enum memlog_status s;
	bool known;

	if (j->n == ML_MAX_PARTS || ml_file_open(name, opts, f, NULL))
		return MEMLOG_NOT_MINE;
	s = joined_known(f, opts, &known, err);
	if (!s && known != !j->n)
		s = MEMLOG_NOT_MINE;
	if (!s)
		s = joined_check_new(j, name, err);
	if (!s)
		s = joined_check_size(j, before, name, f->size, err);
	if (s) {
		ml_file_close(f);
		return s;
	}
	if (!j->n)
		j->piece = f->size;
	j->size += f->size;
	j->n++;
	return MEMLOG_OK;
}

enum memlog_status ml_joined_open(const char *list,
				  const struct memlog_open_opts *opts,
				  struct ml_file *ret, size_t *ret_n,
				  bool *ret_sorted, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct joined *j = ml_calloc(&a, 1, sizeof(*j));
	enum memlog_status s = MEMLOG_OK;
	char *names, *name, *comma, *before = NULL;

	*ret_sorted = true;
	names = ml_strdup(&a, list);
	if (j)
		j->name = ml_strdup(&a, list);
	if (!j || !j->name || !names) {
		ml_free(&a, names);
		if (j)
			ml_free(&a, j->name);
		ml_free(&a, j);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	}
	j->alloc = a;
	for (name = names; name && !s; name = comma) {
		comma = strchr(name, ',');
		if (comma)
			*comma++ = '\0';
		s = joined_add(j, before, name, opts, err);
		*ret_sorted &= !before || strlen(before) != strlen(name) ||
			       strcmp(before, name) < 0;
		before = name;
	}
	ml_free(&a, names);
	if (!s && j->n < 2)
		s = MEMLOG_NOT_MINE;
	if (s) {
		joined_close(j);
		return s;
	}
	*ret_n = j->n;
	*ret = (struct ml_file){
		.ops = &joined_ops, .self = j, .size = j->size, .name = j->name
	};
	return MEMLOG_OK;
}
