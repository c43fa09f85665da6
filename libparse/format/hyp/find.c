/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * find.c - from the table of a remote's events, or a meta page, to all pages.
 *
 * Where the kernel has mapped memory is found by checking: of all places where
 * the remote may be, it is where the pointer back to the table has the same
 * offset in a page, the number of events is right, and what it leads to is a
 * descriptor of meta pages.
 */
#include "hyp.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/plural.h"
#include "image/vmcoreinfo.h"
#include "layout.h"
#include "structs.h"

/* ---- the table ---------------------------------------------------------- */

bool ml_hyp_glance(const uint8_t *p, size_t len)
{
	return len < HYP_EVENT_PRINT || ml_hyp_is_event(p, len) ||
	       ml_hyp_is_meta(p) || ml_hyp_is_meta_15(p);
}

/* The table, and the remote that it belongs to; 0: it is none. */
static uint32_t find_table_length(const struct ml_probe *p)
{
	const uint8_t *e = p->bytes;
	uint32_t n = 0;

	for (; n < ML_HYP_EVENTS && (n + 1) * HYP_EVENT <= p->len;
	     n++, e += HYP_EVENT)
		if (!ml_hyp_is_event(e, HYP_EVENT) ||
		    memcmp(e + HYP_EVENT_REMOTE, p->bytes + HYP_EVENT_REMOTE,
			   8))
			break;
	return n;
}

enum memlog_status ml_hyp_probe(const struct ml_probe *p, struct ml_log *log,
				struct ml_found *ret, struct memlog_err *err)
{
	uint32_t n = find_table_length(p), off;
	struct hyp *h = ml_hyp(log);

	if (p->hint)
		memcpy(h->hint, p->hint, sizeof(h->hint));
	log->pub.flags = MEMLOG_LOG_TELLS_ALL | MEMLOG_LOG_EMPTY;
	log->pub.state = MEMLOG_STATE_CURRENT;
	if (n) {
		h->n_events = n;
		h->remote = ml_le64(p->bytes + HYP_EVENT_REMOTE);
		ret->extent.len = (uint64_t)n * HYP_EVENT;
		ret->extent.role = HYP_ROLE_TABLE;
		if (!memcmp(p->bytes, "hyp_", 4))
			strcpy(log->pub.variant, "hypervisor");
	} else if (p->len >= HYP_META &&
		   (ml_hyp_is_meta(p->bytes) || ml_hyp_is_meta_15(p->bytes))) {
		h->gen = ml_hyp_is_meta(p->bytes) ? HYP_MAINLINE :
						    HYP_ANDROID_15;
		ret->extent.len = ml_hyp_layout(h)->meta;
		ret->extent.role = HYP_ROLE_META;
	} else if ((p->at || p->hint) &&
		   ml_hyp_desc_fits(p->bytes, p->len, &off, &h->gen)) {
		h->desc = off;
		ret->extent.len = off + 1;
		ret->extent.role = HYP_ROLE_DESC;
	} else if ((p->at || h->hint[HYP_HINT_FLAGS] & HYP_IS_14) &&
		   ml_hyp_14_fits(p->bytes, p->len)) {
		h->gen = HYP_ANDROID_14;
		ret->extent.len = HYP_RB;
		ret->extent.role = HYP_ROLE_FOUND;
	} else {
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "neither a table of a remote's events nor a "
			       "meta page");
	}
	return MEMLOG_OK;
}

/* ---- the remote --------------------------------------------------------- */

/* Are the fields of the first event where the image would be? */
static bool find_image_fits(struct memlog_image *image, const struct hyp *h,
			    uint64_t table)
{
	uint8_t event[HYP_EVENT], field[16], name;
	uint64_t va;

	if (!ml_hyp_read(image, table, event, sizeof(event)) ||
	    !ml_hyp_read_va(image, h, ml_le64(event + HYP_EVENT_FIELDS), field,
			    sizeof(field)))
		return false;
	va = ml_le64(field + 8);
	return !va ||
	       (va >= HYP_KERNEL && ml_hyp_read_va(image, h, va, &name, 1) &&
		name > ' ' && name < 0x7f);
}

static uint64_t find_word(struct memlog_image *image, uint64_t phys)
{
	uint8_t b[8];

	return ml_hyp_read(image, phys, b, sizeof(b)) ? ml_le64(b) : 0;
}

/* Is it at phys? */
static bool find_is_remote(struct memlog_image *image, struct hyp *h,
			   uint64_t table, uint64_t phys)
{
	uint8_t b[HYP_REMOTE], d[8];

	if (!ml_hyp_read(image, phys, b, sizeof(b)))
		return false;
	h->table = ml_le64(b + HYP_REMOTE_EVENTS);
	h->buffer = ml_le64(b + HYP_REMOTE_BUFFER);
	h->desc = ml_le64(b + HYP_REMOTE_DESC);
	if (h->table < HYP_KERNEL || (h->table ^ table) % ML_PAGE ||
	    ml_le64(b + HYP_REMOTE_N_EVENTS) != h->n_events ||
	    h->desc < HYP_KERNEL || h->desc % 8)
		return false;
	h->direct = h->remote - phys;
	h->image = h->table - table;
	return find_image_fits(image, h, table) &&
	       ml_hyp_read_va(image, h, h->desc, d, sizeof(d)) && ml_le32(d) &&
	       ml_le32(d) <= ML_HYP_CPUS;
}

static bool find_remote(struct memlog_logs *logs, struct memlog_image *image,
			struct hyp *h, uint64_t table)
{
	struct hyp_places p = { .image = image,
				.count = &logs->places,
				.off = h->remote % ML_HYP_STEP };
	uint64_t at;

	while (ml_hyp_place_next(&p, &at))
		if (find_is_remote(image, h, table, at))
			return true;
	return false;
}

/* The descriptor was found. If it leads to a remote and a table, the log is the
 * same as if the table had been found. */
static void find_table(struct memlog_logs *logs, struct memlog_image *image,
		       struct ml_log *log)
{
	struct hyp *h = ml_hyp(log);
	struct hyp found = *h;
	uint64_t remote, table;
	uint8_t name[4];

	if (!ml_hyp_meta_remote(logs, image, &found, &remote, &table))
		return;
	found.remote = remote + h->direct;
	if (table && find_is_remote(image, &found, table, remote)) {
		log->extents[0].addr = table;
		log->extents[0].len = (uint64_t)found.n_events * HYP_EVENT;
		log->extents[0].role = HYP_ROLE_TABLE;
		if (ml_hyp_read(image, table, name, sizeof(name)) &&
		    !memcmp(name, "hyp_", 4))
			strcpy(log->pub.variant, "hypervisor");
	} else {
		found.table = 0;
		found.buffer = find_word(image, remote + HYP_REMOTE_BUFFER);
	}
	*h = found;
}

/* From what probe() has seen to the descriptor. */
static enum memlog_status find_desc(struct memlog_logs *logs,
				    struct memlog_image *image,
				    struct ml_log *log, struct memlog_err *err)
{
	uint64_t addr = log->extents[0].addr;
	struct hyp *h = ml_hyp(log);

	switch (log->extents[0].role) {
	case HYP_ROLE_TABLE:
		return find_remote(logs, image, h, addr) ?
			       MEMLOG_OK :
			       ml_fail(err, MEMLOG_NOT_MINE,
				       "the kernel's trace remote that it "
				       "belongs to is not in the image");
	case HYP_ROLE_META:
		if (!ml_hyp_meta_find(logs, image, h, addr))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "no descriptor %shas this meta page",
				       !logs->strays ?
					       "" :
					       "in the memory around it ");
		break;
	default:
		if (!ml_hyp_desc_map(logs, image, h, addr + h->desc))
			return ml_fail(err, MEMLOG_NOT_MINE,
				       "its meta page is not in the image");
	}
	if (h->gen == HYP_MAINLINE)
		find_table(logs, image, log);
	return MEMLOG_OK;
}

/* ---- the rest of the kernel --------------------------------------------- */

static enum memlog_status find_add_kernel(struct memlog_logs *logs,
					  struct ml_log *log,
					  struct memlog_image *image,
					  struct memlog_err *err)
{
	struct hyp_kernel k = { .image = image, .h = ml_hyp(log) };
	struct memlog_extent e = { .len = ML_PAGE,
				   .cpu = -1,
				   .role = HYP_ROLE_KERNEL };
	enum memlog_status s = MEMLOG_OK;
	struct hyp_type type;
	uint32_t i;
	size_t n;

	for (i = 0; i < k.h->n_events; i++)
		ml_hyp_type_load(&k, i, &type);
	for (n = 0; n < k.n && !s; n++) {
		e.addr = k.page[n];
		s = ml_log_add_extent(logs, log, &e, err);
	}
	return s;
}

/* Where constants of the kernel are: the name of the first field's type; without a
 * table a variable that VMCOREINFO names. */
static bool find_constants(struct memlog_image *image, const struct hyp *h,
			   uint64_t *ret)
{
	uint64_t va;
	uint8_t b[8];

	if (!h->table)
		return ml_vmcoreinfo_number(image, "SYMBOL(init_uts_ns)",
					    &va) &&
		       ml_vmcoreinfo_phys(image, va, ret);
	if (!ml_hyp_read_va(image, h, h->table + HYP_EVENT_FIELDS, b, 8) ||
	    !ml_hyp_read_va(image, h, ml_le64(b), b, 8))
		return false;
	*ret = ml_hyp_phys(h, ml_le64(b));
	return true;
}

/* A table of names of HYP_REASON bytes each that begins with these two, near
 * other constants of the kernel. */
static enum memlog_status find_add_reasons(struct memlog_logs *logs,
					   struct ml_log *log,
					   struct memlog_image *image,
					   struct memlog_err *err)
{
	static const char first[2 * HYP_REASON] = "smc\0\0\0\0\0\0\0\0\0hvc";
	struct memlog_extent e = { .len = (uint64_t)HYP_REASON * HYP_REASONS,
				   .cpu = -1,
				   .role = HYP_ROLE_REASONS };
	const struct hyp *h = ml_hyp(log);
	uint64_t at, off;
	const uint8_t *p;
	uint8_t *page;

	if (!find_constants(image, h, &at))
		return MEMLOG_OK;
	at = (at - ml_min(at, ML_HYP_NEAR / 2)) & -(uint64_t)ML_PAGE;
	page = ml_calloc(&image->alloc, 2, ML_PAGE);
	if (!page)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a page");
	/* two pages at a time: it may cross from one to the next */
	for (off = 0, p = NULL; off < ML_HYP_NEAR && !p; off += ML_PAGE) {
		size_t got = 0;

		if (logs->named >= ML_MAX_AROUND)
			break;
		logs->named += ML_PAGE;
		if (!ml_image_fill(image, MEMLOG_PHYS, at + off, page,
				   2 * ML_PAGE, &got, NULL))
			p = memmem(page, got, first, sizeof(first));
		if (p)
			e.addr = at + off + (uint64_t)(p - page);
	}
	ml_free(&image->alloc, page);
	return p ? ml_log_add_extent(logs, log, &e, err) : MEMLOG_OK;
}

static enum memlog_status find_add_list(struct memlog_logs *logs,
					struct ml_log *log,
					struct memlog_image *image,
					struct memlog_err *err)
{
	struct memlog_extent e = { .cpu = -1 };

	return ml_hyp_list_find(logs, image, ml_hyp(log), &e) ?
		       ml_log_add_extent(logs, log, &e, err) :
		       MEMLOG_OK;
}

static enum memlog_status find_add_strings(struct memlog_logs *logs,
					   struct ml_log *log,
					   struct memlog_err *err)
{
	const uint64_t *hint = ml_hyp(log)->hint;
	uint64_t len = hint[HYP_HINT_STRINGS_END] - hint[HYP_HINT_STRINGS];
	struct memlog_extent e = { .addr = hint[HYP_HINT_STRINGS],
				   .len = len,
				   .cpu = -1,
				   .role = HYP_ROLE_STRINGS };

	return len && len % HYP_STRING == 0 &&
			       len / HYP_STRING <= ML_HYP_STRINGS ?
		       ml_log_add_extent(logs, log, &e, err) :
		       MEMLOG_OK;
}

static void find_describe(struct ml_log *log, struct memlog_image *image)
{
	struct hyp *h = ml_hyp(log);
	const char *s;
	size_t len;

	if (h->backing || h->gen != HYP_MAINLINE)
		strcpy(log->pub.variant, "hypervisor");
	h->release = ml_vmcoreinfo_release(image);
	s = ml_vmcoreinfo(image, "OSRELEASE", &len);
	if (s)
		snprintf(log->pub.version, sizeof(log->pub.version),
			 "Linux %.*s", (int)ml_min(len, 100), s);
	len = (size_t)snprintf(log->pub.reason, sizeof(log->pub.reason),
			       "%u CPU%s, pages of %u bytes", h->n_cpus,
			       ml_s(h->n_cpus), h->page_size);
	if (h->n_lost)
		len += (size_t)snprintf(log->pub.reason + len,
					sizeof(log->pub.reason) - len,
					"; %u more CPU%s, of which nothing is "
					"known",
					h->n_lost, ml_s(h->n_lost));
	if (h->n_busy == 1)
		snprintf(log->pub.reason + len, sizeof(log->pub.reason) - len,
			 "; CPU %d was writing an event", h->busy);
	else if (h->n_busy)
		snprintf(log->pub.reason + len, sizeof(log->pub.reason) - len,
			 "; %u CPUs were writing an event", h->n_busy);
}

enum memlog_status ml_hyp_expand(struct memlog_logs *logs, struct ml_log *log,
				 struct memlog_image *image,
				 struct memlog_err *err)
{
	const struct hyp *h = ml_hyp(log);
	enum memlog_status s;

	if (log->extents[0].space == MEMLOG_HOST)
		return ml_fail(
			err, MEMLOG_NOT_MINE,
			"in a process the guest's physical addresses are "
			"not known; read it as qmp:SOCKET");
	if (log->extents[0].space != MEMLOG_PHYS)
		return ml_fail(err, MEMLOG_NOT_MINE,
			       "it is not in physical memory");
	if (h->gen == HYP_ANDROID_14) {
		s = ml_hyp_14_expand(logs, log, image, err);
		if (!s)
			s = find_add_strings(logs, log, err);
		if (!s)
			find_describe(log, image);
		return s;
	}
	s = find_desc(logs, image, log, err);
	if (!s)
		s = ml_hyp_desc_add(logs, log, image, err);
	if (!s && h->table)
		s = find_add_kernel(logs, log, image, err);
	if (!s && h->gen == HYP_MAINLINE &&
	    (h->backing || (h->table && log->pub.variant[0])))
		s = find_add_reasons(logs, log, image, err);
	if (!s && h->gen != HYP_MAINLINE)
		s = find_add_list(logs, log, image, err);
	if (!s)
		s = find_add_strings(logs, log, err);
	if (!s)
		find_describe(log, image);
	return s;
}

/* ---- several ------------------------------------------------------------ */

/* Does something else in the kernel point to it: a remote, or a variable? */
static bool find_is_known(const struct ml_log *log)
{
	const struct hyp *h = ml_hyp_const(log);

	return h->remote || h->hint[HYP_HINT_FLAGS] & HYP_BY_SYMBOLS;
}

static void find_say(struct ml_log *log, const char *words)
{
	size_t len = strlen(log->pub.reason);

	snprintf(log->pub.reason + len, sizeof(log->pub.reason) - len, "; %s",
		 words);
}

void ml_hyp_relate(struct ml_log *const *logs, size_t n,
		   struct memlog_image *image, bool some)
{
	bool any = false;
	size_t i;

	(void)image;
	for (i = 0; i < n; i++)
		any |= find_is_known(logs[i]);
	for (i = 0; i < n; i++) {
		struct memlog_log *pub = &logs[i]->pub;

		if (find_is_known(logs[i]))
			continue;
		if (any) {
			pub->state = MEMLOG_STATE_STALE;
			find_say(logs[i], "freed: no remote points to it");
		} else if (ml_hyp(logs[i])->gen == HYP_MAINLINE) {
			pub->state = MEMLOG_STATE_UNKNOWN;
			pub->flags |= MEMLOG_LOG_GUESSED;
			find_say(logs[i], "no remote points to it");
		} else if (some) {
			pub->state = MEMLOG_STATE_UNKNOWN;
		}
	}
}
