/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lines.c - split the text of a log into records, one per line. */
#include "lines.h"

#include <string.h>

#include "base/bytes.h"

void ml_lines_add(struct ml_lines *l, size_t extent, uint64_t off, uint64_t len,
		  uint32_t flags)
{
	if (len && l->n_seg < ML_LINES_SEGMENTS)
		l->seg[l->n_seg++] =
			(struct ml_segment){ extent, off, len, flags };
}

void ml_lines_add_ring(struct ml_lines *l, uint64_t off, uint64_t size,
		       uint64_t from, uint64_t len, uint32_t flags)
{
	uint64_t first;

	if (!len)
		return;
	from %= size;
	first = ml_min(len, size - from);
	ml_lines_add(l, 0, off + from, first, flags);
	ml_lines_add(l, 0, off, len - first, flags);
}

/* Would the next read change the flags of the bytes in buf? */
static bool new_flags(const struct ml_lines *l)
{
	return l->pos == 0 && l->cur > 0 && l->cur < l->n_seg &&
	       l->seg[l->cur].flags != l->seg[l->cur - 1].flags;
}

/* One read into buf. *ret_more false: nothing more can be appended to it (the
 * end, a gap, other flags). */
static enum memlog_status lines_fill(struct ml_lines *l,
				     struct ml_source *source, bool *ret_more,
				     struct memlog_err *err)
{
	const struct ml_segment *seg;
	enum memlog_status s;
	uint64_t gap;
	size_t got;

	*ret_more = false;
	if (l->start) {
		memmove(l->buf, l->buf + l->start, l->end - l->start);
		l->end -= l->start;
		l->start = 0;
	}
	if (l->cur == l->n_seg || l->gap || (l->end && new_flags(l)))
		return MEMLOG_OK;
	seg = &l->seg[l->cur];
	s = ml_source_read(source, seg->extent, seg->off + l->pos,
			   l->buf + l->end,
			   ml_min(sizeof(l->buf) - l->end, seg->len - l->pos),
			   &got, &gap, err);
	if (s == MEMLOG_NO_DATA) {
		if (!gap || gap > seg->len - l->pos) {
			/* counted beyond this segment: subtract that */
			source->missing -= gap;
			gap = seg->len - l->pos;
			source->missing += gap;
		}
		l->gap = got = gap;
	} else if (s) {
		return s;
	} else {
		l->end += got;
		*ret_more = true;
	}
	l->pos += got;
	if (l->pos == seg->len) {
		l->cur++;
		l->pos = 0;
	}
	return MEMLOG_OK;
}

static void lines_emit(struct ml_lines *l, struct memlog_record *rec,
		       size_t len, uint32_t flags, uint32_t seg_flags)
{
	rec->text = rec->raw = l->buf + l->start;
	rec->text_len = rec->raw_len = len;
	rec->seq = l->seq++;
	rec->lost = l->lost;
	rec->flags |= flags | seg_flags | l->first_flags;
	if (l->lost)
		rec->flags |= MEMLOG_REC_LOST_BEFORE;
	l->lost = 0;
	l->first_flags = 0;
	l->start += len;
}

/* The flags of the bytes in buf: those of the last segment read. */
static uint32_t flags_of_buf(const struct ml_lines *l)
{
	if (l->pos || !l->cur)
		return l->cur < l->n_seg ? l->seg[l->cur].flags : 0;
	return l->seg[l->cur - 1].flags;
}

size_t ml_lines_cut(const uint8_t *p, size_t len)
{
	size_t n, of;

	if (p[len - 1] == '\r')
		return len - 1;
	for (n = 1; n <= 3 && n < len; n++) {
		uint8_t c = p[len - n];

		if ((c & 0xc0) == 0x80)
			continue;
		of = c < 0xc2 || c > 0xf4 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		return of > n ? len - n : len;
	}
	return len;
}

enum memlog_status ml_lines_next(struct ml_lines *l, struct ml_source *source,
				 struct memlog_record *rec,
				 struct memlog_err *err)
{
	enum memlog_status s;
	const uint8_t *lf;
	size_t seen = 0, n;
	bool more;

	for (;;) {
		n = l->end - l->start;
		lf = n > seen ? memchr(l->buf + l->start + seen, '\n',
				       ml_min(n, ML_MAX_LINE) - seen) :
				NULL;
		if (lf) {
			n = (size_t)(lf - (l->buf + l->start)) + 1;
			lines_emit(l, rec, n, 0, flags_of_buf(l));
			return MEMLOG_OK;
		}
		if (n >= ML_MAX_LINE) {
			n = ml_lines_cut(l->buf + l->start, ML_MAX_LINE);
			lines_emit(l, rec, n, MEMLOG_REC_CONTINUES,
				   flags_of_buf(l));
			return MEMLOG_OK;
		}
		seen = n;
		s = lines_fill(l, source, &more, err);
		if (s)
			return s;
		if (more)
			continue;
		if (n) {
			lines_emit(l, rec, n, MEMLOG_REC_PARTIAL_TAIL,
				   flags_of_buf(l));
			return MEMLOG_OK;
		}
		if (!l->gap && l->cur == l->n_seg)
			return MEMLOG_NO_DATA;
		l->lost += l->gap;
		l->gap = 0;
	}
}
