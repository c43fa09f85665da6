/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kernel.c - names, fields and print formats of events, from the memory of the
 * kernel that defines them. */
#include "hyp.h"

#include <string.h>

#include "base/bytes.h"
#include "structs.h"

/* struct trace_event_fields */
enum {
	FIELD = 40,
	FIELD_NAME = 8,
	FIELD_SIZE = 16,
	FIELD_ALIGN = 20,
	FIELD_FLAGS = 24, /* bit 0: signed */
	FIELD_MAX = 4096, /* bytes */
};

/* From the extents of a log; the bytes do not cross a page. */
static bool kernel_from_log(struct hyp_kernel *k, uint64_t phys, void *buf,
			    size_t len)
{
	const struct ml_log *log = k->source->log;
	const struct memlog_extent *e;
	size_t i;

	for (i = 0; i < log->pub.n_extents; i++) {
		e = &log->extents[i];
		if ((e->role == HYP_ROLE_KERNEL || e->role == HYP_ROLE_TABLE) &&
		    phys >= e->addr && len <= e->len &&
		    phys - e->addr <= e->len - len)
			return ml_source_fill(k->source, i, phys - e->addr, buf,
					      len) == len;
	}
	return false;
}

static bool kernel_piece(struct hyp_kernel *k, uint64_t phys, void *buf,
			 size_t len)
{
	uint64_t page = phys & -(uint64_t)ML_PAGE;
	uint64_t table = ml_hyp_phys(k->h, k->h->table);
	size_t i;

	if (k->source)
		return kernel_from_log(k, phys, buf, len);
	if (!ml_hyp_read(k->image, phys, buf, len))
		return false;
	if (phys - table < (uint64_t)k->h->n_events * HYP_EVENT)
		return true; /* the log has it */
	for (i = 0; i < k->n; i++)
		if (k->page[i] == page)
			return true;
	if (k->n == ML_HYP_KERNEL_PAGES)
		return false;
	k->page[k->n++] = page;
	return true;
}

static bool kernel_read(struct hyp_kernel *k, uint64_t va, void *buf,
			size_t len)
{
	uint64_t phys = ml_hyp_phys(k->h, va);
	size_t n = (size_t)ml_min(len, ML_PAGE - phys % ML_PAGE);

	return kernel_piece(k, phys, buf, n) &&
	       (n == len ||
		kernel_piece(k, phys + n, (uint8_t *)buf + n, len - n));
}

/* A string of less than size bytes, cut if it is longer, at most ML_PAGE. */
static bool kernel_string(struct hyp_kernel *k, uint64_t va, char *ret,
			  size_t size)
{
	uint64_t phys = ml_hyp_phys(k->h, va);
	size_t n = (size_t)ml_min(size - 1, ML_PAGE - phys % ML_PAGE);

	memset(ret, 0, size);
	if (!kernel_piece(k, phys, ret, n))
		return false;
	return memchr(ret, 0, n) || n == size - 1 ||
	       kernel_piece(k, phys + n, ret + n, size - 1 - n);
}

/* The fields, and where each is in an event: after the number of the event,
 * aligned. */
static bool kernel_fields(struct hyp_kernel *k, uint64_t va,
			  struct hyp_type *ret)
{
	uint32_t size, align, off = 2;
	uint8_t b[FIELD];
	uint64_t name;

	for (; kernel_read(k, va, b, sizeof(b)); va += FIELD) {
		name = ml_le64(b + FIELD_NAME);
		size = ml_le32(b + FIELD_SIZE);
		align = ml_le32(b + FIELD_ALIGN);
		if (!name)
			return true;
		if (ret->n_fields == MEMLOG_RECORD_FIELDS ||
		    !ml_is_pow2(align) || align > 16 || size > FIELD_MAX)
			return false;
		off = (off + align - 1) & -align;
		ret->field[ret->n_fields].off = (uint16_t)off;
		ret->field[ret->n_fields].size = (uint16_t)size;
		ret->field[ret->n_fields].is_signed = b[FIELD_FLAGS] & 1;
		if (!kernel_string(k, name, ret->field[ret->n_fields].name,
				   HYP_NAME))
			return false;
		ret->n_fields++;
		off += size;
	}
	return false;
}

bool ml_hyp_type_load(struct hyp_kernel *k, uint32_t index,
		      struct hyp_type *ret)
{
	uint8_t b[HYP_EVENT];

	memset(ret, 0, sizeof(*ret));
	if (!kernel_read(k, k->h->table + (uint64_t)index * HYP_EVENT, b,
			 sizeof(b)))
		return false;
	memcpy(ret->name, b, HYP_NAME);
	ret->id = ml_le16(b + HYP_EVENT_ID);
	return kernel_string(k, ml_le64(b + HYP_EVENT_FORMAT), ret->format,
			     sizeof(ret->format)) &&
	       kernel_fields(k, ml_le64(b + HYP_EVENT_FIELDS), ret);
}
