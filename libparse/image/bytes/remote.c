/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* remote.c - a file that is far away: few and large requests, some of them ahead. */
#include "remote.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"

/* Requests begin and end at multiples of this. */
enum { BLOCK = ML_FUZZ_OR(4 << 10, 16 << 10) };

/* Bytes of one request; of one that is made ahead; of all that are ahead, and that are
 * kept. */
enum {
	LARGE = ML_FAR_REQUEST,
	MOST = LARGE + BLOCK,
	STRIDE = LARGE,
	AHEAD = 2 * LARGE,
	KEPT = 4 * LARGE + 4 * BLOCK
};
_Static_assert(MOST + AHEAD + MOST <= KEPT, "nothing ahead drops what is read");

/* Bytes that are asked for by themselves, where a request for more has failed. */
enum { LEAST = 4 << 10 };

enum { PIECES = 256 };

/* Requests that are made at once for one read, where the server allows only small ones. */
enum { MANY = 16 };

/* How much more of a sequence is read than was asked for: of small reads, which do not know how
 * long it is, and of others. */
enum { FASTER = 4, MORE = 1 << 20 };

/* Bytes between two reads that are in sequence all the same: most of them will be read,
 * and a request costs more. */
enum { NEAR = ML_FUZZ_OR(8 << 10, 256 << 10) };

/* Bytes that a small read gets: what is near it will be asked for, too, and a request costs
 * more. */
enum { AROUND = ML_FUZZ_OR(4 << 10, 128 << 10) };

/* The same of the start and the end of a file. The start has headers and then, of most dumps,
 * the first 640 KiB of memory, where several formats look; the end may have tables of what is
 * in the file. */
enum { EDGE = ML_FUZZ_OR(20 << 10, 704 << 10) };

/* at: where in all that was ever kept its bytes begin. open: it is not finished. ahead:
 * nobody has asked for it yet. */
struct remote_piece {
	struct ml_remote_request r;
	uint64_t at;
	bool open, ahead;
};

/* The pieces are a ring: the oldest is first, and so are its bytes in kept. last: the last
 * piece that somebody asked for; streak: bytes that were asked for in sequence up to it,
 * upwards or downwards; before: up to the read that goes on. cap: bytes of a request, fewer
 * than most after one that failed. */
struct remote_file {
	struct memlog_allocator alloc;
	const struct ml_remote_ops *ops;
	void *self;
	char *name;
	uint64_t size, most, cap; /* of the file; of a request */
	uint8_t *kept;
	struct remote_piece piece[PIECES];
	size_t first, n;
	uint64_t at;
	struct memlog_range last;
	bool downwards;
	uint64_t streak, before;
	uint64_t requests, bytes;
	bool holes_seen;  /* the start of the file was checked */
	bool holes_wrong; /* a hole had bytes that are not zero */
};

static struct remote_piece *remote_piece(struct remote_file *f, size_t i)
{
	return &f->piece[(f->first + i) % PIECES];
}

static uint64_t remote_end(const struct remote_piece *p)
{
	return p->r.off + p->r.len;
}

/* The piece that has the byte at off, the newest first; NULL: none. */
static struct remote_piece *remote_find(struct remote_file *f, uint64_t off)
{
	struct remote_piece *p;
	size_t i;

	for (i = f->n; i-- > 0;) {
		p = remote_piece(f, i);
		if (off >= p->r.off && off < remote_end(p))
			return p;
	}
	return NULL;
}

static enum memlog_status remote_finish(struct remote_file *f,
					struct remote_piece *p,
					struct memlog_err *err)
{
	p->open = false;
	return f->ops->finish(f->self, &p->r, err);
}

static void remote_drop_first(struct remote_file *f)
{
	struct remote_piece *p = remote_piece(f, 0);

	if (p->open)
		(void)remote_finish(f, p, NULL);
	f->first = (f->first + 1) % PIECES;
	f->n--;
}

/* Start to read [r), which is at most MOST bytes. *ret: the piece. */
static enum memlog_status remote_start(struct remote_file *f,
				       struct memlog_range r, bool ahead,
				       struct remote_piece **ret,
				       struct memlog_err *err)
{
	size_t len = (size_t)(r.end - r.start);
	struct remote_piece *p;
	enum memlog_status s;

	if (!f->kept)
		f->kept = ml_calloc(&f->alloc, KEPT, 1);
	if (!f->kept)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for %d bytes of the image", KEPT);
	/* a piece is not split by the end of kept */
	if (f->at % KEPT + len > KEPT)
		f->at += KEPT - f->at % KEPT;
	while (f->n &&
	       (f->n == PIECES || remote_piece(f, 0)->at + KEPT < f->at + len))
		remote_drop_first(f);
	p = remote_piece(f, f->n);
	*p = (struct remote_piece){
		.r = { .off = r.start,
		       .buf = f->kept + f->at % KEPT,
		       .len = len },
		.at = f->at,
		.open = true,
		.ahead = ahead,
	};
	s = f->ops->start(f->self, &p->r, err);
	if (s)
		return s;
	f->at += len;
	f->n++;
	f->requests++;
	f->bytes += len;
	*ret = p;
	return MEMLOG_OK;
}

/* From off on, what no piece has, of [lo, hi), which has off. A small piece within it is read
 * again: a request costs more. */
static struct memlog_range remote_gap(struct remote_file *f, uint64_t off,
				      uint64_t lo, uint64_t hi)
{
	struct memlog_range ret = { lo, hi };
	const struct remote_piece *p;
	size_t i;

	for (i = 0; i < f->n; i++) {
		p = remote_piece(f, i);
		if (!p->r.len ||
		    (p->r.len <= NEAR && p->r.off > off && remote_end(p) < hi))
			continue;
		if (p->r.off > off)
			ret.end = ml_min(ret.end, p->r.off);
		else
			ret.start = ml_max(ret.start, remote_end(p));
	}
	return ret;
}

/* Request what comes after the last piece, or before it: the rest of what is being read, up to
 * end, and what goes on with the sequence in which that is. It costs nothing if that fails: it
 * is then read when it is asked for. */
static void remote_look_ahead(struct remote_file *f, uint64_t end)
{
	uint64_t most = ml_min(AHEAD, MANY * f->most);
	uint64_t step = ml_min(STRIDE, f->most);
	uint64_t ahead = ml_min(f->before / 2, most) / step * step;
	uint64_t low = f->last.start > ahead ? f->last.start - ahead : 0;
	uint64_t high = ml_min(f->size - f->last.end, ahead) + f->last.end;
	uint64_t at = f->downwards ? f->last.start : f->last.end;
	struct remote_piece *p;
	struct memlog_range r;

	if (!f->downwards)
		high = ml_max(high, ml_min(end, f->last.end + most));
	while (f->cap == f->most && (f->downwards ? at > low : at < high)) {
		p = remote_find(f, f->downwards ? at - 1 : at);
		if (!p) {
			r = (struct memlog_range){ at, at + step };
			if (f->downwards)
				r = remote_gap(f, at - 1,
					       at > step ? at - step : 0, at);
			else if (end > at)
				r.end = at + ml_min(end - at, f->most);
			if (!f->downwards)
				r = remote_gap(f, at, at,
					       ml_min(r.end, f->size));
			if (remote_start(f, r, true, &p, NULL))
				return;
		}
		at = f->downwards ? p->r.off : remote_end(p);
	}
}

/* Does a read at off go on upwards? */
static bool remote_goes_on(const struct remote_file *f, uint64_t off)
{
	return off >= f->last.end && off - f->last.end <= NEAR;
}

/* Somebody asks for this piece for the first time, and for what follows up to end. */
static void remote_follow(struct remote_file *f, struct remote_piece *p,
			  uint64_t end)
{
	struct memlog_range r = { p->r.off, remote_end(p) };
	bool up = remote_goes_on(f, r.start), down = r.end == f->last.start;

	if (f->streak && up == f->downwards)
		f->streak = 0;
	if (!(up || down) || !f->streak)
		f->before = 0;
	f->streak = up	 ? f->streak + (r.end - f->last.end) :
		    down ? f->streak + p->r.len :
			   0;
	f->downwards = down;
	f->last = r;
	p->ahead = false;
	remote_look_ahead(f, end);
}

/* Where a request for [off, off + len) ends, with what is asked for next in its sequence. */
static uint64_t remote_reach(const struct remote_file *f, uint64_t off,
			     size_t len)
{
	uint64_t last = ml_min(f->last.end - f->last.start, AROUND);
	uint64_t more = ml_min(f->streak * FASTER, MORE);

	if (len < AROUND)
		more = ml_min(ml_max(f->streak, last) * FASTER, STRIDE);
	if (f->downwards || !remote_goes_on(f, off))
		more = 0;
	return off + ml_max(len, more);
}

/* A new piece that has the byte at off, of which len are wanted; more of it in sequence. */
static enum memlog_status remote_request(struct remote_file *f, uint64_t off,
					 size_t len, struct remote_piece **ret,
					 struct memlog_err *err)
{
	uint64_t block = ml_min(BLOCK, f->cap);
	uint64_t lo = off / block * block, hi = remote_reach(f, off, len);
	bool around = hi - off < AROUND && f->cap >= AROUND;
	bool edge = f->cap >= EDGE;

	if (around) {
		lo = off == f->last.end ? off : off / AROUND * AROUND;
		hi = ml_max(hi, lo + (edge && !lo ? EDGE : AROUND));
		if (edge && hi >= f->size && off != f->last.end)
			lo = ml_min(lo, (f->size - ml_min(f->size, EDGE) +
					 block - 1) /
						block * block);
	}
	hi = ml_min((hi + block - 1) / block * block, f->size);
	hi = ml_min(hi, lo + f->cap);
	/* one request, although a small piece of it may be there already */
	return remote_start(f,
			    around && off != f->last.end ?
				    (struct memlog_range){ lo, hi } :
				    remote_gap(f, off, lo, hi),
			    true, ret, err);
}

/* Wait for a piece. It has all its bytes, or is forgotten. */
static enum memlog_status remote_arrive(struct remote_file *f,
					struct remote_piece *p,
					struct memlog_err *err)
{
	enum memlog_status s;

	if (!p->open)
		return MEMLOG_OK;
	s = remote_finish(f, p, err);
	if (!s && p->r.got < p->r.len)
		s = ml_fail(err, MEMLOG_IO,
			    "the file became shorter while it was read; wait "
			    "until it is written, or copy it first");
	if (!s)
		f->cap = ml_min(2 * f->cap, f->most);
	else
		p->r.len = 0; /* nobody finds what has no bytes */
	return s;
}

/* The piece that has the byte at off, of which len are wanted, with its bytes. Where a request
 * fails, one for half as much may not: what cannot be read is small, or there is a limit on
 * the time. */
static enum memlog_status remote_get(struct remote_file *f, uint64_t off,
				     size_t len, struct remote_piece **ret,
				     struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t n;

	do {
		*ret = remote_find(f, off);
		s = *ret ? MEMLOG_OK : remote_request(f, off, len, ret, err);
		if (s)
			return s;
		n = (*ret)->r.len;
		s = remote_arrive(f, *ret, err);
		if (s)
			f->cap = ml_max(n / 2 / LEAST * LEAST, LEAST);
	} while (s == MEMLOG_IO && n > LEAST);
	return s;
}

static enum memlog_status remote_read(void *self, uint64_t off, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct remote_file *f = self;
	struct remote_piece *p;
	enum memlog_status s;
	size_t n;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (off >= f->size)
		return ml_fail_at(err, MEMLOG_NO_DATA, off,
				  "the file ends before offset 0x%llx",
				  (unsigned long long)off);
	f->before = f->streak;
	for (len = ml_min(len, f->size - off); *ret < len; *ret += n) {
		s = remote_get(f, off + *ret, len - *ret, &p, err);
		/* what comes before it can be read */
		if (s == MEMLOG_IO && *ret)
			return MEMLOG_OK;
		if (s)
			return s;
		n = ml_min(len - *ret, remote_end(p) - (off + *ret));
		memcpy((uint8_t *)buf + *ret,
		       p->r.buf + (off + *ret - p->r.off), n);
		if (p->ahead)
			remote_follow(f, p, off + len);
	}
	return MEMLOG_OK;
}

static enum memlog_status remote_next_range(void *self, uint64_t off,
					    struct memlog_range *ret,
					    struct memlog_err *err)
{
	const struct remote_file *f = self;

	(void)err;
	if (off >= f->size)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ off, f->size };
	return MEMLOG_OK;
}

/* Are there bytes in a hole, as far as it was read? */
static bool remote_has_bytes(struct remote_file *f, struct memlog_range hole)
{
	const struct remote_piece *p;
	uint64_t from, to;
	size_t i;

	for (i = 0; i < f->n; i++) {
		p = remote_piece(f, i);
		from = ml_max(hole.start, p->r.off);
		to = ml_min(hole.end, remote_end(p));
		if (!p->open && from < to &&
		    !ml_is_zero(p->r.buf + (from - p->r.off),
				(size_t)(to - from)))
			return true;
	}
	return false;
}

static enum memlog_status remote_ask_data(struct remote_file *f, uint64_t off,
					  struct memlog_range *ret,
					  struct memlog_err *err)
{
	struct memlog_range hole = { off, f->size };
	enum memlog_status s;

	s = f->ops->next_data(f->self, off, ret, &f->requests, err);
	if (s && s != MEMLOG_NO_DATA)
		return s;
	if (!s)
		hole.end = ret->start;
	f->holes_wrong |= remote_has_bytes(f, hole);
	return s;
}

/* What says once that bytes are a hole is not believed again. The start of the file, which
 * has headers, was read. */
static enum memlog_status remote_next_data(void *self, uint64_t off,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	struct remote_file *f = self;
	enum memlog_status s = MEMLOG_NO_DATA;
	struct memlog_range start;

	if (off >= f->size || !f->ops->next_data)
		return remote_next_range(self, off, ret, err);
	if (!f->holes_wrong)
		s = remote_ask_data(f, off, ret, err);
	if (s && s != MEMLOG_NO_DATA)
		return s;
	if (!f->holes_seen && (s || ret->start > off)) {
		f->holes_seen = true;
		(void)remote_ask_data(f, 0, &start, NULL);
	}
	return f->holes_wrong ? remote_next_range(self, off, ret, err) : s;
}

static void remote_close(void *self)
{
	struct remote_file *f = self;
	struct memlog_allocator a = f->alloc;

	while (f->n)
		remote_drop_first(f);
	f->ops->close(f->self);
	ml_free(&a, f->kept);
	ml_free(&a, f->name);
	ml_free(&a, f);
}

static const struct memlog_reader_ops remote_ops = {
	.size = sizeof(remote_ops),
	.flags = MEMLOG_READER_SLOW,
	.read = remote_read,
	.next_range = remote_next_range,
	.next_data = remote_next_data,
	.close = remote_close,
};

enum memlog_status ml_remote_open(const struct ml_remote_ops *ops, void *self,
				  uint64_t size, uint64_t most,
				  const char *name,
				  const struct memlog_allocator *alloc,
				  struct ml_file *ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(alloc);
	struct remote_file *f;

	if (size > INT64_MAX)
		return ml_fail(err, MEMLOG_CORRUPT,
			       "its size is not that of a file");
	f = ml_calloc(&a, 1, sizeof(*f));
	if (f)
		f->name = ml_strdup(&a, name);
	if (!f || !f->name) {
		ml_free(&a, f);
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a file");
	}
	f->alloc = a;
	f->ops = ops;
	f->self = self;
	f->size = size;
	f->most = f->cap = ml_min(most, MOST);
	*ret = (struct ml_file){
		.ops = &remote_ops, .self = f, .size = size, .name = f->name
	};
	return MEMLOG_OK;
}

bool ml_remote_count(const struct ml_file *file, uint64_t *ret_requests,
		     uint64_t *ret_bytes)
{
	const struct remote_file *f;

	file = ml_file_layer(file, &remote_ops);
	if (!file)
		return false;
	f = file->self;
	*ret_requests = f->requests;
	*ret_bytes = f->bytes;
	return true;
}
