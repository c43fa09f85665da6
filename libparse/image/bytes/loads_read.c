/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* loads_read.c - read memory by the loads of a file. */
#include "loads.h"

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/range.h"

static enum memlog_status loads_nothing(uint64_t addr, struct memlog_err *err)
{
	return ml_fail_at(err, MEMLOG_NO_DATA, addr,
			  "the file has no memory at 0x%llx",
			  (unsigned long long)addr);
}

enum memlog_status ml_loads_read(struct ml_loads *l, const struct ml_file *file,
				 uint64_t addr, void *buf, size_t len,
				 size_t *ret, struct memlog_err *err)
{
	const struct ml_load *at;
	uint8_t *p = buf;
	enum memlog_status s;
	uint64_t skip;
	size_t want, got;

	*ret = 0;
	while (*ret < len) {
		at = ml_loads_find(l, addr);
		if (!at)
			break;
		skip = addr - at->addr;
		want = ml_min(len - *ret, at->len - skip);
		s = ml_file_read_some(file, at->off + skip, p + *ret, want,
				      &got, err);
		*ret += got;
		addr += got;
		/* what comes before it can be read */
		if (s == MEMLOG_IO && *ret)
			break;
		if (s)
			return s;
		if (got < want)
			break;
	}
	return *ret || !len ? MEMLOG_OK : loads_nothing(addr, err);
}

enum memlog_status ml_loads_map(struct ml_loads *l, const struct ml_file *file,
				uint64_t addr, size_t len,
				const uint8_t **ret_ptr, size_t *ret,
				struct memlog_err *err)
{
	const struct ml_load *at;

	if (!file->ops->map)
		return MEMLOG_UNSUPPORTED;
	at = ml_loads_find(l, addr);
	if (!at || !len)
		return loads_nothing(addr, err);
	return file->ops->map(file->self, at->off + (addr - at->addr),
			      ml_min(len, at->len - (addr - at->addr)), ret_ptr,
			      ret, err);
}

enum memlog_status ml_loads_next_range(struct ml_loads *l, uint64_t addr,
				       struct memlog_range *ret)
{
	return ml_ranges_next(l->ranges, l->n_ranges, addr, ret);
}

/* The end of the run of loads from i on that are contiguous in memory and
 * within data, a range of the file. */
static uint64_t loads_extend(const struct ml_loads *l, size_t i,
			     const struct memlog_range *data, uint64_t until)
{
	const struct ml_load *a = &l->loads[i];

	while (a->addr + a->len < until && ++i < l->n_loads) {
		const struct ml_load *b = &l->loads[i];

		if (a->addr + a->len != b->addr || b->off < data->start ||
		    b->off + b->len > data->end)
			break;
		a = b;
	}
	return a->addr + a->len;
}

/* One call of next_data, and what the file said last: from asked on there is data next,
 * or, if none, nothing. */
struct data_walk {
	struct ml_loads *l;
	const struct ml_file *file;
	uint64_t asked;
	struct memlog_range data;
	bool none;
};

/* ml_file_next_data(), but of many loads in one hole only the first is asked for. */
static enum memlog_status loads_ask(struct data_walk *w, uint64_t off,
				    struct memlog_range *ret,
				    struct memlog_err *err)
{
	enum memlog_status s;

	if (off < w->asked || (!w->none && off >= w->data.start)) {
		s = ml_file_next_data(w->file, off, &w->data, err);
		if (s && s != MEMLOG_NO_DATA)
			return s;
		w->asked = off;
		w->none = s;
	}
	*ret = w->data;
	return w->none ? MEMLOG_NO_DATA : MEMLOG_OK;
}

/* next_data without regard to fresh; more than until is not asked for. */
static enum memlog_status loads_data(struct data_walk *w, uint64_t addr,
				     uint64_t until, struct memlog_range *ret,
				     struct memlog_err *err)
{
	const struct ml_loads *l = w->l;
	struct memlog_range data;
	enum memlog_status s;
	uint64_t from, end;
	size_t i;

	for (i = ml_loads_after(l, addr); i < l->n_loads; i++) {
		const struct ml_load *at = &l->loads[i];

		from = ml_max(addr, at->addr);
		addr = ml_empty_skip(&l->empty, from);
		if (addr > from) {
			/* the loop goes on with the load that has it */
			i = ml_loads_after(l, addr) - 1;
			continue;
		}
		s = loads_ask(w, at->off + (from - at->addr), &data, err);
		if (s == MEMLOG_NO_DATA)
			continue;
		if (s)
			return s;
		if (data.start - at->off >= at->len)
			continue;
		/* round to whole pages, within the load */
		ret->start = at->addr + (data.start - at->off);
		ret->start = ml_max(ret->start - ret->start % ML_PAGE, from);
		if (data.end - at->off >= at->len) {
			ret->end = loads_extend(l, i, &data, until);
			return MEMLOG_OK;
		}
		end = at->addr + (data.end - at->off);
		if (end % ML_PAGE &&
		    !ml_add(end, ML_PAGE - end % ML_PAGE, &end))
			end = UINT64_MAX;
		ret->end = ml_min(end, at->addr + at->len);
		return MEMLOG_OK;
	}
	return MEMLOG_NO_DATA;
}

static enum memlog_status loads_next_fresh(struct data_walk *w, uint64_t addr,
					   struct memlog_range *ret,
					   struct memlog_err *err)
{
	const struct ml_loads *l = w->l;
	enum memlog_status s;
	size_t i;

	if (!l->fresh)
		return loads_data(w, addr, UINT64_MAX, ret, err);
	for (;;) {
		i = ml_ranges_find(l->fresh, l->n_fresh, addr);
		if (i == l->n_fresh)
			return MEMLOG_NO_DATA;
		addr = ml_max(addr, l->fresh[i].start);
		s = loads_data(w, addr, l->fresh[i].end, ret, err);
		if (s)
			return s;
		if (ret->start < l->fresh[i].end)
			break;
		addr = ret->start;
	}
	ret->end = ml_min(ret->end, l->fresh[i].end);
	return MEMLOG_OK;
}

/* A file with fewer loads may be memory in use, whose holes fill up: it is asked each
 * time. */
enum { LOADS_OF_DUMP = 16 };

enum memlog_status ml_loads_next_data(struct ml_loads *l,
				      const struct ml_file *file, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	struct data_walk w = { .l = l, .file = file };
	enum memlog_status s = loads_next_fresh(&w, addr, ret, err);

	if (l->n_loads >= LOADS_OF_DUMP && (!s || s == MEMLOG_NO_DATA))
		ml_empty_add(&l->empty, addr, s ? UINT64_MAX : ret->start);
	return s;
}
