/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cloudhv_state.c - where a snapshot of Cloud Hypervisor has memory, by its state.json.
 *
 * A tree: parts are in "snapshots", what a part saved in "snapshot_data", as text or as a
 * list of bytes. That of the part memory-manager is JSON in turn, or, in some versions,
 * binary.
 */
#include "cloudhv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/range.h"
#include "jsonslice.h"

void ml_cloudhv_fini(struct ml_cloudhv *c)
{
	ml_free(&c->alloc, c->ranges.m);
	ml_free(&c->alloc, c->ram.m);
	ml_free(&c->alloc, c->old.m);
	*c = (struct ml_cloudhv){ .machine = "" };
}

#ifdef HAVE_JSON_C
#include <json-c/json.h>

/* Nesting: parts of parts, and what they saved. */
#define DEPTH 24

#define MANAGER "memory-manager"

/* CPUs that are looked at for what machine it is. */
#define CPUS_LOOKED 4u

static enum memlog_status state_bad(struct memlog_err *err, const char *what)
{
	return ml_fail(err, MEMLOG_CORRUPT, "state.json: %s", what);
}

/* ---- JSON --------------------------------------------------------------- */

static json_object *state_at(json_object *o, const char *key,
			     enum json_type type)
{
	json_object *v;

	return o && json_object_is_type(o, json_type_object) &&
			       json_object_object_get_ex(o, key, &v) &&
			       json_object_is_type(v, type) ?
		       v :
		       NULL;
}

/* A whole number; false: there is none, or it is negative. Numbers that are too large
 * end up as the largest. */
static bool state_number(json_object *o, const char *key, uint64_t *ret)
{
	json_object *v = state_at(o, key, json_type_int);
	const char *s = v ? json_object_get_string(v) : NULL;

	if (!s || *s < '0' || *s > '9')
		return false;
	*ret = strtoull(s, NULL, 10);
	return true;
}

/* Parse what one part saved, an object; the caller puts it. */
static enum memlog_status state_parse(const char *text, size_t len,
				      json_object **ret, struct memlog_err *err)
{
	json_tokener *tok;

	*ret = NULL;
	if (len > ML_CLOUDHV_PART)
		return ml_fail(err, MEMLOG_LIMIT,
			       "state.json: one part has more than %u MiB",
			       ML_CLOUDHV_PART >> 20);
	if (ml_json_values(text, len) > ML_CLOUDHV_VALUES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "state.json: one part has more than %u values",
			       ML_CLOUDHV_VALUES);
	tok = json_tokener_new_ex(DEPTH);
	if (!tok)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for JSON");
	*ret = json_tokener_parse_ex(tok, text, (int)len);
	json_tokener_free(tok);
	if (json_object_is_type(*ret, json_type_object))
		return MEMLOG_OK;
	json_object_put(*ret);
	*ret = NULL;
	return state_bad(err, "not JSON, cut off, or nested too deeply");
}

/* ---- what a part saved -------------------------------------------------- */

/* Bytes, as a list of numbers; the caller frees. */
static char *state_bytes(struct ml_cloudhv *c, json_object *list, size_t *ret)
{
	size_t n = json_object_array_length(list), i;
	char *p = ml_calloc(&c->alloc, n + 1, 1);

	for (i = 0; p && i < n; i++)
		p[i] = (char)json_object_get_int(
			json_object_array_get_idx(list, i));
	*ret = n;
	return p;
}

/* What a part saved, as text or bytes that the caller frees. NO_DATA: nothing. */
static enum memlog_status state_saved(struct ml_cloudhv *c,
				      struct ml_json_slice part,
				      struct ml_json_slice name, char **ret,
				      size_t *len, struct memlog_err *err)
{
	struct ml_json_slice saved = ml_json_slice_at(part, "snapshot_data");
	json_object *data, *text, *list;
	char section[64];
	enum memlog_status s;

	if (!saved.len || *saved.text != '{')
		return MEMLOG_NO_DATA;
	s = state_parse(saved.text, saved.len, &data, err);
	if (s)
		return s;
	text = state_at(data, "state", json_type_string);
	list = state_at(data, "state", json_type_array);
	/* up to v30 there are sections */
	if (!text && !list) {
		snprintf(section, sizeof(section), "%.*s-section",
			 (int)ml_min(name.len, sizeof(section)), name.text);
		list = state_at(state_at(data, section, json_type_object),
				"snapshot", json_type_array);
	}
	if (list) {
		*ret = state_bytes(c, list, len);
	} else if (text) {
		*len = (size_t)json_object_get_string_len(text);
		*ret = ml_calloc(&c->alloc, *len + 1, 1);
		if (*ret)
			memcpy(*ret, json_object_get_string(text), *len);
	}
	if (!list && !text)
		s = MEMLOG_NO_DATA;
	else if (!*ret)
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a state");
	json_object_put(data);
	return s;
}

/* ---- memory ------------------------------------------------------------- */

static enum memlog_status state_add(struct ml_cloudhv *c,
				    struct ml_cloudhv_list *l,
				    const struct ml_cloudhv_memory *m,
				    struct memlog_err *err)
{
	enum memlog_status s;
	uint64_t end;

	if (!m->len || !ml_add(m->addr, m->len, &end))
		return ml_fail(err, MEMLOG_CORRUPT,
			       "state.json: memory of 0x%" PRIx64
			       " bytes at 0x%" PRIx64,
			       m->len, m->addr);
	if (l->n == ML_CLOUDHV_PLACES)
		return ml_fail(err, MEMLOG_LIMIT,
			       "state.json: memory in more than %u places",
			       ML_CLOUDHV_PLACES);
	s = ml_grow(&c->alloc, &l->m, l->n, &l->cap, sizeof(*l->m), err);
	if (!s)
		l->m[l->n++] = *m;
	return s;
}

static void state_word(char *to, size_t size, json_object *from)
{
	const char *s = from ? json_object_get_string(from) : "";
	size_t i;

	for (i = 0; i + 1 < size && s[i]; i++)
		to[i] = s[i] > ' ' && s[i] <= '~' ? s[i] : '?';
	to[i] = '\0';
}

/* A list of memory in the manager's state. */
static enum memlog_status state_list(struct ml_cloudhv *c, json_object *list,
				     const char *addr, const char *len,
				     struct ml_cloudhv_list *to,
				     struct memlog_err *err)
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	enum memlog_status s = MEMLOG_OK;
	struct ml_cloudhv_memory m;
	json_object *o;

	for (i = 0; i < n && !s; i++) {
		o = json_object_array_get_idx(list, i);
		m = (struct ml_cloudhv_memory){ .file = (int)i };
		if (!state_number(o, addr, &m.addr) ||
		    !state_number(o, len, &m.len))
			return state_bad(err, "memory without an address or a "
					      "size");
		state_word(m.zone, sizeof(m.zone),
			   state_at(o, "zone_id", json_type_string));
		m.plugged = json_object_get_boolean(
			state_at(o, "virtio_mem", json_type_boolean));
		if (to == &c->old &&
		    !state_at(o, "content", json_type_string) &&
		    !state_at(o, "backing_file", json_type_string))
			m.file = -1;
		s = state_add(c, to, &m, err);
	}
	return s;
}

/* Some versions from v24 on: how many ranges, then addresses and lengths. What else is
 * there is not known, so the sizes have to fit. */
static enum memlog_status state_binary(struct ml_cloudhv *c, const uint8_t *p,
				       size_t len, uint64_t file_size,
				       struct memlog_err *err)
{
	uint64_t n = len >= 8 ? ml_le64(p) : 0, all = 0, i;
	enum memlog_status s = MEMLOG_OK;
	struct ml_cloudhv_memory m;

	if (!n || n > (len - 8) / 16)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "state.json: the state of the memory manager is "
			       "of an unknown version");
	for (i = 0, p += 8; i < n && !s; i++, p += 16) {
		m = (struct ml_cloudhv_memory){ .addr = ml_le64(p),
						.len = ml_le64(p + 8) };
		if (!ml_add(all, m.len, &all))
			all = UINT64_MAX;
		s = state_add(c, &c->ranges, &m, err);
	}
	if (!s && all != file_size)
		s = ml_fail(err, MEMLOG_UNSUPPORTED,
			    "state.json: the state of the memory manager is of "
			    "an unknown version: memory-ranges does not have "
			    "its size");
	return s;
}

static enum memlog_status state_memory(struct ml_cloudhv *c, const char *text,
				       size_t len, uint64_t file_size,
				       struct memlog_err *err)
{
	json_object *o, *ranges;
	enum memlog_status s;

	if (!len || text[0] != '{')
		return state_binary(c, (const uint8_t *)text, len, file_size,
				    err);
	s = state_parse(text, len, &o, err);
	if (s)
		return s;
	ranges = state_at(state_at(o, "memory_ranges", json_type_object),
			  "data", json_type_array);
	s = state_list(c, ranges, "gpa", "length", &c->ranges, err);
	if (!s)
		s = state_list(
			c, state_at(o, "guest_ram_mappings", json_type_array),
			"gpa", "size", &c->ram, err);
	if (!s)
		s = state_list(c,
			       state_at(o, "memory_regions", json_type_array),
			       "start_addr", "size", &c->old, err);
	if (!s && !ranges && !c->old.n)
		s = ml_fail(err, MEMLOG_UNSUPPORTED,
			    "state.json: the state of the memory manager is of "
			    "an unknown version: it has no memory_ranges");
	json_object_put(o);
	return s;
}

/* ---- processors --------------------------------------------------------- */

static void state_cpus(struct ml_cloudhv *c, struct ml_json_slice parts)
{
	struct ml_json_slice cpus = ml_json_slice_at(
		ml_json_slice_at(parts, "cpu-manager"), "snapshots");
	struct ml_json_slice name, cpu;
	bool found = false;
	size_t at = 0, len;
	char *text;

	while (ml_json_slice_next(cpus, &at, &name, &cpu)) {
		c->cpus++;
		if (found || c->cpus > CPUS_LOOKED ||
		    state_saved(c, cpu, name, &text, &len, NULL))
			continue;
		if (strstr(text, "\"sregs\""))
			c->machine = "x86_64";
		else if (strstr(text, "\"core_regs\""))
			c->machine = "aarch64";
		ml_free(&c->alloc, text);
		found = true;
	}
}

/* ---- all of it ---------------------------------------------------------- */

static int state_by_addr(const void *a, const void *b)
{
	const struct memlog_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A machine has a byte once. */
static enum memlog_status state_overlap(const struct ml_cloudhv *c,
					const struct ml_cloudhv_list *l,
					struct memlog_err *err)
{
	struct memlog_range *r = ml_calloc(&c->alloc, l->n + 1, sizeof(*r));
	enum memlog_status s = MEMLOG_OK;
	size_t i;

	if (!r)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for ranges");
	for (i = 0; i < l->n; i++)
		r[i] = (struct memlog_range){ l->m[i].addr,
					      l->m[i].addr + l->m[i].len };
	qsort(r, l->n, sizeof(*r), state_by_addr);
	for (i = 1; i < l->n && !s; i++)
		if (r[i].start < r[i - 1].end)
			s = ml_fail(err, MEMLOG_CORRUPT,
				    "state.json: two ranges of memory have "
				    "0x%" PRIx64,
				    r[i].start);
	ml_free(&c->alloc, r);
	return s;
}

enum memlog_status ml_cloudhv_parse(struct ml_cloudhv *c, const char *text,
				    size_t len, uint64_t file_size,
				    const struct memlog_allocator *alloc,
				    struct memlog_err *err)
{
	static const struct ml_json_slice name = { MANAGER,
						   sizeof(MANAGER) - 1 };
	struct ml_json_slice root = { NULL, 0 }, parts;
	enum memlog_status s;
	char *saved = NULL;
	size_t n;

	*c = (struct ml_cloudhv){ .alloc = ml_allocator(alloc), .machine = "" };
	if (len > ML_CLOUDHV_STATE)
		return ml_fail(err, MEMLOG_LIMIT,
			       "state.json has more than %u MiB",
			       ML_CLOUDHV_STATE >> 20);
	root = ml_json_slice(text, len);
	if (!root.len || *root.text != '{')
		return state_bad(err, "not JSON, or cut off");
	parts = ml_json_slice_at(root, "snapshots");
	s = state_saved(c, ml_json_slice_at(parts, MANAGER), name, &saved, &n,
			err);
	if (s == MEMLOG_NO_DATA)
		s = state_bad(err, "it has no state of a memory manager: not "
				   "a snapshot of Cloud Hypervisor?");
	if (!s)
		s = state_memory(c, saved, n, file_size, err);
	if (!s)
		s = state_overlap(c, &c->ranges, err);
	if (!s)
		state_cpus(c, parts);
	ml_free(&c->alloc, saved);
	return s;
}

#else

enum memlog_status ml_cloudhv_parse(struct ml_cloudhv *c, const char *text,
				    size_t len, uint64_t file_size,
				    const struct memlog_allocator *alloc,
				    struct memlog_err *err)
{
	(void)text;
	(void)len;
	(void)file_size;
	*c = (struct ml_cloudhv){ .alloc = ml_allocator(alloc), .machine = "" };
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "this build cannot read state.json: it has no json-c");
}

#endif
