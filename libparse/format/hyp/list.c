/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list.c - the names of Android's events. Its kernel has a table of them, sorted;
 * an event's number is its place in it. Nothing leads from there to the trace.
 */
#include <string.h>

#include "base/bytes.h"
#include "hyp.h"
#include "image/vmcoreinfo.h"
#include "structs.h"

/* Tables of Android 16 and 15: bytes of an entry, where its name is, the pointers
 * after that, and the number, 0: none. */
static const struct list_form {
	uint8_t stride, name, pointers, end, id;
} list_forms[] = {
	{ 72, 0, 32, 64, 64 },
	{ 48, 8, 40, 48, 0 },
};

enum { FORMS = sizeof(list_forms) / sizeof(*list_forms), NAME = 32 };

struct list_search {
	struct memlog_logs *logs;
	struct memlog_image *image;
	struct hyp *h;
	uint64_t first;
};

/* The name of the entry at p, which has that number; false: it is none. */
static bool list_entry(const struct list_form *f, const uint8_t *p, uint32_t id,
		       struct hyp_type *ret)
{
	uint32_t at;

	if (!ml_hyp_is_name(p + f->name, NAME) ||
	    (f->name && ml_le64(p) < HYP_KERNEL) ||
	    (f->id && ml_le32(p + f->id) != id))
		return false;
	for (at = f->pointers; at < f->end; at += 8)
		if (ml_le64(p + at) < HYP_KERNEL)
			return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, p + f->name, HYP_NAME);
	ret->id = (uint16_t)id;
	return true;
}

static bool list_load(struct memlog_image *image, const struct list_form *f,
		      uint64_t phys, uint32_t id, struct hyp_type *ret)
{
	uint8_t b[HYP_EVENT];

	return ml_hyp_read(image, phys, b, f->stride) &&
	       list_entry(f, b, id, ret);
}

/* Is the entry at phys, of hyp_enter, in a table? */
static bool list_take(struct list_search *s, uint32_t form, uint64_t phys)
{
	const struct list_form *f = &list_forms[form];
	struct hyp_type type, other;
	uint64_t first = phys, n, id;
	uint8_t b[4];

	if (f->id) {
		if (!ml_hyp_read(s->image, phys + f->id, b, sizeof(b)) ||
		    ml_le32(b) >= ML_HYP_EVENTS)
			return false;
		first -= (uint64_t)ml_le32(b) * f->stride;
	} else {
		for (n = 1; n < ML_HYP_EVENTS; n++, first -= f->stride)
			if (!list_load(s->image, f, first - f->stride, 0,
				       &type))
				break;
	}
	for (id = 0; id < ML_HYP_EVENTS; id++) {
		if (!list_load(s->image, f, first + id * f->stride,
			       (uint32_t)id, &other) ||
		    (id && strcmp(type.name, other.name) >= 0))
			break;
		type = other;
	}
	/* up to hyp_enter and what must be after it */
	if (first + (id - 1) * f->stride <= phys || !id)
		return false;
	s->first = first;
	s->h->n_events = (uint32_t)id;
	s->h->list = form + 1;
	return true;
}

static bool list_look(void *arg, uint64_t addr, const uint8_t *p, size_t len)
{
	static const char word[] = "hyp_ente";
	struct list_search *s = arg;
	uint32_t form;
	size_t at;

	for (at = 0; at + 8 <= len; at += 8) {
		if (memcmp(p + at, word, 8) || !ml_hyp_try(s->logs, s->image))
			continue;
		for (form = 0; form < FORMS; form++)
			if (addr + at >= list_forms[form].name &&
			    list_take(s, form,
				      addr + at - list_forms[form].name))
				return true;
	}
	return false;
}

bool ml_hyp_list_find(struct memlog_logs *logs, struct memlog_image *image,
		      struct hyp *h, struct memlog_extent *ret)
{
	struct list_search s = { .logs = logs, .image = image, .h = h };
	struct hyp_sweep sweep = { &logs->around, image, list_look, &s };
	uint64_t va, near = h->desc - h->direct;

	if (ml_vmcoreinfo_number(image, "SYMBOL(init_uts_ns)", &va))
		ml_vmcoreinfo_phys(image, va, &near);
	if (!ml_hyp_sweep_from(&sweep, near))
		return false;
	ret->addr = s.first;
	ret->len = (uint64_t)h->n_events * list_forms[h->list - 1].stride;
	ret->role = HYP_ROLE_LIST;
	return true;
}

bool ml_hyp_list_name(struct ml_source *source, size_t extent, uint32_t id,
		      struct hyp_type *ret)
{
	const struct list_form *f =
		&list_forms[ml_hyp_const(source->log)->list - 1];
	uint8_t b[HYP_EVENT];

	return ml_source_fill(source, extent, (uint64_t)id * f->stride, b,
			      f->stride) == f->stride &&
	       list_entry(f, b, id, ret);
}
