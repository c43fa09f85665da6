/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names.c - events whose table is not in the dump.
 *
 * What events a kernel has, and so their numbers, depends on its version and
 * configuration. Known tables are compared with the numbers and lengths of all
 * events of a log. A number has a name if all tables that fit agree on it.
 */
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "data.h"
#include "known.h"

/* Of mainline, by their places among the known events. */
enum { ENTER, EXIT, PRINTK, SELFTEST, NONE = 0xff };

/* A table: known events by their numbers; rows: entries it has. hypervisor: not of
 * a test module. first: release, major << 16 | minor. */
static const struct names_table {
	uint8_t n, event[4], rows;
	bool hypervisor;
	uint32_t first;
} names_tables[] = {
	{ 3, { ENTER, EXIT, SELFTEST }, 3, true, 7u << 16 | 1 },
	{ 4, { ENTER, EXIT, PRINTK, SELFTEST }, 4, true, 7u << 16 | 4 },
	{ 2, { NONE, SELFTEST }, 1, false, 7u << 16 | 1 },
};

/* The numbers and lengths that a log has. */
enum { SEEN = 128 };

struct names_seen {
	uint16_t id[SEEN];
	uint32_t len[SEEN];
	size_t n;
	bool full;
};

static void names_see(struct names_seen *s, uint16_t id, uint32_t len)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->id[i] == id && s->len[i] == len)
			return;
	s->full |= s->n == SEEN;
	if (s->full)
		return;
	s->id[s->n] = id;
	s->len[s->n++] = len;
}

static void names_see_all(struct names_seen *s, struct ml_source *source,
			  uint8_t *page)
{
	const struct ml_log *log = source->log;
	struct ml_rb_events events;
	struct ml_rb_event e;
	uint64_t missing = source->missing, commit;
	uint32_t role;
	bool begun;
	size_t i;

	for (i = 0; i < log->pub.n_extents && !s->full; i++) {
		role = log->extents[i].role & HYP_ROLE_MASK;
		if (role != HYP_ROLE_READER && role != HYP_ROLE_PAGE)
			continue;
		begun = log->extents[i].role & HYP_ROLE_BEGUN;
		ml_hyp_page_load(source, i, page, &events, &commit);
		while (ml_rb_event_next(&events, &e) && !s->full)
			if (e.payload_len >= 2 &&
			    !(begun && events.pos == events.len))
				names_see(s, ml_le16(e.payload),
					  (uint32_t)e.payload_len);
	}
	source->missing = missing;
}

static bool names_length_fits(const struct hyp *h, uint8_t index, uint32_t len)
{
	const struct hyp_known *k = ml_hyp_known(h, index);

	return k && ml_hyp_known_fits(h, k, len);
}

static uint8_t names_event_of(const struct names_table *t, uint16_t id)
{
	return id < t->n ? t->event[id] : NONE;
}

static bool names_table_fits(const struct names_table *t, const struct hyp *h,
			     const struct names_seen *s)
{
	uint8_t index;
	size_t i;

	if (t->hypervisor != (h->backing != 0) ||
	    (h->n_events && h->n_events != t->rows) ||
	    (h->release && h->release < t->first))
		return false;
	for (i = 0; i < s->n; i++) {
		index = names_event_of(t, s->id[i]);
		if (index == NONE || !names_length_fits(h, index, s->len[i]))
			return false;
	}
	return true;
}

/* The event that all tables of the set agree on. */
static uint8_t names_agreed(const bool *fits, uint16_t id)
{
	uint8_t ret = NONE, index;
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(names_tables) / sizeof(*names_tables); i++) {
		if (!fits[i])
			continue;
		index = names_event_of(&names_tables[i], id);
		if (any && index != ret)
			return NONE;
		ret = index;
		any = true;
	}
	return ret;
}

/* ---- Android ------------------------------------------------------------ */

/* All its kernels have these, bits of the known events; the others depend on the
 * version and the configuration. */
enum {
	ALWAYS = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8,
};

/* Which of the known events has this number, if there are those of the set. */
static uint8_t names_in_set(const struct hyp *h, uint32_t set, uint16_t id)
{
	uint8_t i;

	for (i = 0; ml_hyp_known(h, i); i++)
		if (set & 1u << i && !id--)
			return i;
	return NONE;
}

static bool names_set_fits(const struct hyp *h, uint32_t set,
			   const struct names_seen *s)
{
	uint8_t index;
	size_t i;

	for (i = 0; i < s->n; i++) {
		index = names_in_set(h, set, s->id[i]);
		if (index == NONE || !names_length_fits(h, index, s->len[i]))
			return false;
	}
	return true;
}

/* The events that all sets agree on. */
static size_t names_android(const struct hyp *h, const struct names_seen *s,
			    struct hyp_type *ret, size_t max)
{
	uint8_t agreed[HYP_KNOWN], index;
	uint32_t set, all = 0;
	bool any = false;
	uint16_t id;
	size_t n = 0;

	for (id = 0; ml_hyp_known(h, id); id++)
		all |= 1u << id;
	for (set = ALWAYS; set <= all; set = (set + 1) | ALWAYS) {
		if (!names_set_fits(h, set, s))
			continue;
		for (id = 0; id < HYP_KNOWN; id++) {
			index = names_in_set(h, set, id);
			if (any && agreed[id] != index)
				index = NONE;
			agreed[id] = index;
		}
		any = true;
	}
	for (id = 0; any && id < HYP_KNOWN && n < max; id++) {
		if (agreed[id] == NONE)
			continue;
		ml_hyp_known_type(h, ml_hyp_known(h, agreed[id]), &ret[n]);
		ret[n++].id = id;
	}
	return n;
}

/* ---- by symbols --------------------------------------------------------- */

enum { EVENTS = 4, NUMBER_BITS = 4, NUMBER_MAX = 15 };

/* The debug information, if there is any, must not tell of other fields. */
static bool names_fields_fit(const struct memlog_symbols *sym,
			     const struct hyp_known *k)
{
	struct hyp h = { .gen = HYP_MAINLINE };
	struct hyp_type type;
	char name[64];
	uint64_t off;
	uint32_t i;

	ml_hyp_known_type(&h, k, &type);
	snprintf(name, sizeof(name), "remote_event_format_%s", k->name);
	for (i = 0; sym->member_offset && i < type.n_fields; i++)
		if (!sym->member_offset(sym->self, name, type.field[i].name,
					&off) &&
		    off != type.field[i].off)
			return false;
	return true;
}

/* Each event is a variable in the table. There may be another selftest, in another
 * table: this one has the number that is left. */
uint64_t ml_hyp_names_hint(const struct memlog_symbols *sym)
{
	uint64_t start, end, addr, ret = 0, known = 0, n;
	struct hyp h = { .gen = HYP_MAINLINE };
	const struct hyp_known *k;
	bool other = false;
	char name[64];
	size_t i;

	if (!sym->addr || sym->addr(sym->self, "__hyp_events_start", &start) ||
	    sym->addr(sym->self, "__hyp_events_end", &end))
		return 0;
	n = end < start ? 0 : (end - start) / HYP_EVENT;
	for (i = 0; (k = ml_hyp_known(&h, i)) && n < NUMBER_MAX; i++) {
		snprintf(name, sizeof(name), "remote_event_%s", k->name);
		if (sym->addr(sym->self, name, &addr) ||
		    !names_fields_fit(sym, k))
			continue;
		other |= i == SELFTEST && (addr < start || addr >= end);
		if (addr < start || addr >= end || (addr - start) % HYP_EVENT)
			continue;
		addr = (addr - start) / HYP_EVENT;
		known |= 1u << addr;
		ret |= (addr + 1) << (HYP_NUMBERS + NUMBER_BITS * i);
	}
	for (i = 0; other && i < n; i++)
		if ((known | 1u << i) == (1u << n) - 1)
			ret |= (i + 1)
			       << (HYP_NUMBERS + NUMBER_BITS * SELFTEST);
	return ret;
}

/* The event that has this number by its symbol. */
static uint8_t names_symbol(const struct hyp *h, uint16_t id,
			    const struct names_seen *s)
{
	uint64_t numbers = h->hint[HYP_HINT_FLAGS] >> HYP_NUMBERS;
	uint8_t index;
	size_t i;

	for (index = 0; index < EVENTS; index++)
		if ((numbers >> NUMBER_BITS * index & NUMBER_MAX) == id + 1u)
			break;
	for (i = 0; index < EVENTS && i < s->n; i++)
		if (s->id[i] == id && !names_length_fits(h, index, s->len[i]))
			return NONE;
	return index < EVENTS ? index : NONE;
}

size_t ml_hyp_names(struct ml_source *source, uint8_t *page,
		    struct hyp_type *ret, size_t max)
{
	bool fits[sizeof(names_tables) / sizeof(*names_tables)];
	const struct hyp *h = ml_hyp_const(source->log);
	struct names_seen seen = { .n = 0 };
	uint8_t index;
	size_t i, n = 0;
	uint16_t id;

	names_see_all(&seen, source, page);
	if (seen.full)
		return 0;
	if (h->gen != HYP_MAINLINE)
		return names_android(h, &seen, ret, max);
	for (i = 0; i < sizeof(fits); i++)
		fits[i] = names_table_fits(&names_tables[i], h, &seen);
	for (id = 0; id < ML_HYP_EVENTS && n < max; id++) {
		index = h->hint[HYP_HINT_FLAGS] >> HYP_NUMBERS ?
				names_symbol(h, id, &seen) :
				names_agreed(fits, id);
		if (index == NONE)
			continue;
		ml_hyp_known_type(h, ml_hyp_known(h, index), &ret[n]);
		ret[n++].id = id;
	}
	return n;
}
