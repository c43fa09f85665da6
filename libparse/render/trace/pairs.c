/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pairs.c - slices from two records: their begin and their end. */
#include "pairs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "render/escape.h"

/* ---- what a CPU does in the hypervisor ---------------------------------- */

void ml_pair_entry(struct ml_slices *s, struct ml_slice_cpu *c, uint64_t ns,
		   const struct memlog_record *entry)
{
	bool visits = s->fmt->say.visits;

	c->in_exit = false;
	ml_track_put(s, c, &c->exit, ns, visits ? entry : NULL,
		     entry  ? NULL :
		     visits ? "no exit" :
			      "no entry");
}

static void pairs_reason(const struct ml_slices *s, struct ml_keep *k,
			 const struct ml_event *e)
{
	const char *name = s->fmt->say.reason ? s->fmt->say.reason(e->reason) :
						NULL;

	if (e->name)
		ml_escape_cut((const uint8_t *)e->name, e->name_len, k->name,
			      sizeof(k->name));
	else if (name)
		snprintf(k->name, sizeof(k->name), "%s", name);
	else
		snprintf(k->name, sizeof(k->name), "%s %" PRIu32,
			 s->fmt->say.visits ? "reason" : "VM_EXIT", e->reason);
}

void ml_pair_exit(struct ml_slices *s, struct ml_slice_cpu *c,
		  const struct memlog_record *rec, const struct ml_event *e,
		  uint64_t ns)
{
	bool visits = s->fmt->say.visits;
	unsigned int i;

	/* the previous one never ended, as far as the trace says */
	if (c->in_exit)
		ml_pair_entry(s, c, ns, NULL);
	c->in_exit = true;
	c->exit.stepped = false;
	c->exit.since = ns;
	c->exit.lane = c->lanes.now;
	c->exit.what.n = c->exit.what.used = 0;
	pairs_reason(s, &c->exit.what, e);
	snprintf(c->exit.what.category, sizeof(c->exit.what.category), "%s",
		 visits ? s->log->format : "vm_exit");
	for (i = 0; i < rec->n_fields; i++)
		if (visits || i == 1 || i == 2)
			ml_keep_field(&c->exit.what, &rec->fields[i]);
}

void ml_pair_reason(const struct ml_slices *s, struct ml_slice_cpu *c,
		    const struct memlog_record *rec, const struct ml_event *e)
{
	unsigned int i;

	pairs_reason(s, &c->exit.what, e);
	for (i = 0; i < rec->n_fields; i++)
		if (s->fmt->say.visits ||
		    (i && rec->fields[i].type == MEMLOG_FIELD_HEX))
			ml_keep_field(&c->exit.what, &rec->fields[i]);
}

/* ---- who has a CPU ------------------------------------------------------ */

static void pairs_vm(struct ml_slices *s, uint32_t user)
{
	char name[32];

	if (s->vms & 1u << user)
		return;
	s->vms |= 1u << user;
	if (user < ML_EVENT_VMS)
		snprintf(name, sizeof(name), "VM %" PRIu32, user);
	else
		snprintf(name, sizeof(name), "threads of no VM");
	s->ops->group(s->self, user + 1, name);
}

/* From the last switch on, or the first event, somebody had the CPU. */
static void pairs_user_end(struct ml_slices *s, struct ml_slice_cpu *c,
			   uint64_t ns, const char *unpaired)
{
	struct ml_slice_track track = { c->user + 1, c->cpu, c->user_lane };
	struct ml_slice slice = {
		.begin = c->user_since,
		.end = c->user_stepped ? c->user_since : ns,
		.category = "sched",
		.unpaired = unpaired,
		.untimed = c->user_stepped,
	};
	char name[32];

	if (c->user == ML_EVENT_IDLE)
		return;
	if (slice.begin > INT64_MAX || slice.end > INT64_MAX)
		return;
	pairs_vm(s, c->user);
	if (!(c->vm_lanes[track.lane] & 1u << c->user)) {
		c->vm_lanes[track.lane] |= 1u << c->user;
		ml_track_start(s, &track);
	}
	snprintf(name, sizeof(name), "on CPU %" PRId32, c->cpu);
	slice.name = name;
	s->ops->slice(s->self, &track, &slice);
}

void ml_pair_switch(struct ml_slices *s, struct ml_slice_cpu *c,
		    const struct ml_event *e, uint64_t ns)
{
	if (!c->user_seen) {
		c->user = e->prev;
		c->user_since = c->first_time;
		pairs_user_end(s, c, ns, "no start");
	} else {
		pairs_user_end(s, c, ns,
			       c->user == e->prev ? NULL : "no switch");
	}
	c->user_seen = true;
	c->user = e->next;
	c->user_since = ns;
	c->user_stepped = false;
	c->user_lane = c->lanes.now;
}

/* ---- records with edges ------------------------------------------------- */

static const struct memlog_field *pairs_field(const struct memlog_record *rec,
					      const char *name)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++)
		if (rec->fields[i].type == MEMLOG_FIELD_TEXT &&
		    !strcmp(rec->fields[i].name, name))
			return &rec->fields[i];
	return NULL;
}

void ml_pair_name(const struct ml_slices *s, struct ml_keep *k,
		  const struct memlog_record *rec)
{
	const struct memlog_field *kind = pairs_field(rec, "event");
	const struct memlog_field *name = pairs_field(rec, "name");

	snprintf(k->category, sizeof(k->category), "%s", s->log->format);
	if (kind)
		ml_escape_cut((const uint8_t *)kind->text, kind->text_len,
			      k->category, sizeof(k->category));
	if (name)
		ml_escape_cut((const uint8_t *)name->text, name->text_len,
			      k->name, sizeof(k->name));
	else if (rec->component)
		ml_escape_cut((const uint8_t *)rec->component,
			      strlen(rec->component), k->name, sizeof(k->name));
	else
		memcpy(k->name, k->category, sizeof(k->category));
}

static void pairs_edge_key(const struct memlog_record *rec,
			   char key[ML_KEEP_NAME])
{
	key[0] = '\0';
	if (rec->component)
		snprintf(key, ML_KEEP_NAME, "%s", rec->component);
}

static void pairs_edge_begin(struct ml_slices *s, struct ml_slice_cpu *c,
			     const struct memlog_record *rec, uint64_t ns)
{
	struct ml_slice_open *o = &c->edges[c->n_edges++];
	unsigned int i;

	o->since = ns;
	o->stepped = false;
	o->lane = c->lanes.now;
	o->what.n = o->what.used = 0;
	pairs_edge_key(rec, o->key);
	ml_pair_name(s, &o->what, rec);
	for (i = 0; i < rec->n_fields; i++)
		if (strcmp(rec->fields[i].name, "edge"))
			ml_keep_field(&o->what, &rec->fields[i]);
}

/* Those inside it never ended, as far as the log says. Some get their name when they
 * end. */
static bool pairs_edge_end(struct ml_slices *s, struct ml_slice_cpu *c,
			   const struct memlog_record *rec, uint64_t ns)
{
	const struct memlog_field *name = pairs_field(rec, "name");
	struct ml_keep k = { .n = 0 };
	unsigned int i = c->n_edges;
	char key[ML_KEEP_NAME];
	struct ml_slice_open *o;

	pairs_edge_key(rec, key);
	ml_pair_name(s, &k, rec);
	while (i && (strcmp(c->edges[i - 1].key, key) ||
		     strcmp(c->edges[i - 1].what.category, k.category)))
		i--;
	if (!i)
		return false;
	while (c->n_edges > i)
		ml_track_put(s, c, &c->edges[--c->n_edges], ns, NULL, "no end");
	o = &c->edges[--c->n_edges];
	if (name) {
		memcpy(o->what.name, k.name, sizeof(k.name));
		ml_keep_field(&o->what, name);
	}
	ml_track_put(s, c, o, ns, NULL, NULL);
	return true;
}

enum memlog_status ml_pair_edge(struct ml_slices *s, struct ml_slice_cpu *c,
				const struct memlog_record *rec, uint64_t ns,
				bool *ret, struct memlog_err *err)
{
	const struct memlog_field *edge = pairs_field(rec, "edge");

	*ret = false;
	if (!edge || !edge->text_len || ns > INT64_MAX)
		return MEMLOG_OK;
	if (edge->text[0] == 'e') {
		*ret = c->n_edges && pairs_edge_end(s, c, rec, ns);
		return MEMLOG_OK;
	}
	if (c->n_edges == ML_SLICES_DEPTH)
		return MEMLOG_OK;
	if (!c->edges)
		c->edges = ml_calloc(&s->alloc, ML_SLICES_DEPTH,
				     sizeof(*c->edges));
	if (!c->edges)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for slices");
	pairs_edge_begin(s, c, rec, ns);
	*ret = true;
	return MEMLOG_OK;
}

void ml_pair_end(struct ml_slices *s, struct ml_slice_cpu *c)
{
	if (c->in_exit)
		ml_pair_entry(s, c, c->last_time, NULL);
	if (c->user_seen)
		pairs_user_end(s, c, c->last_time, "no end");
	while (c->n_edges) {
		c->n_edges--;
		ml_track_put(s, c, &c->edges[c->n_edges], c->last_time, NULL,
			     "no end");
	}
}
