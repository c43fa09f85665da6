/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records with anything in them, through an output: the first byte says through
 * which, or its tables, and whether in colour, with what matches, and with the time
 * from line to line; the second of which format they are. Those of a boot go through
 * its timeline, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "liblook.h"
#include "record/patterns.h"
#include "record/timeline/timeline.h"
#include "render/render.h"

struct bytes {
	const uint8_t *p;
	size_t len;
};

static uint64_t number(struct bytes *b, size_t n)
{
	uint64_t v = 0;

	for (; n && b->len; n--, b->len--)
		v = v << 8 | *b->p++;
	return v;
}

/* Up to 255 bytes; terminated in ret. */
static const char *string(struct bytes *b, char ret[256], size_t *len)
{
	*len = number(b, 1);
	if (*len > b->len)
		*len = b->len;
	memcpy(ret, b->p, *len);
	ret[*len] = '\0';
	b->p += *len;
	b->len -= *len;
	return ret;
}

static void load_fields(struct bytes *b, struct memlog_record *rec,
			char names[][256], char texts[][256])
{
	size_t len;

	rec->n_fields = (unsigned int)number(b, 1) % 6;
	for (unsigned int i = 0; i < rec->n_fields; i++) {
		struct memlog_field *f = &rec->fields[i];

		f->name = string(b, names[i], &len);
		f->type = (enum memlog_field_type)(number(b, 1) % 4);
		f->u = number(b, 8);
		f->text = string(b, texts[i], &f->text_len);
	}
}

/* The sink's write: all of it is read. */
static enum memlog_status take(void *self, const void *buf, size_t len,
			       struct memlog_err *err)
{
	uint64_t *sum = self;
	const uint8_t *p = buf;

	(void)err;
	while (len--)
		*sum = *sum * 31 + *p++;
	return MEMLOG_OK;
}

static enum memlog_status put_record(const struct ml_render *r, void *state,
				     const struct memlog_log *log,
				     struct ml_timeline *timeline,
				     struct bytes *b)
{
	static char names[6][256], texts[6][256], component[256], text[256];
	struct memlog_record rec = { .size = sizeof(rec), .log = log };
	uint32_t bits = (uint32_t)number(b, 1);
	uint8_t raw[32] = { 0 };
	size_t len;

	rec.flags = (uint32_t)number(b, 2);
	rec.has_time = bits & 1;
	rec.time = number(b, bits & 2 ? 8 : 2);
	rec.time_hz = bits & 4 ? 1000000000 : number(b, 2);
	rec.cpu = (int32_t)number(b, bits & 8 ? 4 : 1);
	rec.lost = number(b, 2);
	string(b, component, &len);
	rec.component = bits & 16 ? component : NULL;
	rec.text = (const uint8_t *)string(b, text, &rec.text_len);
	if (bits & 32)
		ml_record_message(&rec, rec.text_len / 2);
	for (len = 0; bits & 64 && len < sizeof(raw); len++)
		raw[len] = (uint8_t)number(b, 1);
	rec.raw = raw;
	rec.raw_len = sizeof(raw);
	rec.has_boot = bits & 128;
	rec.boot = rec.has_boot ? (int8_t)number(b, 1) : 0;
	load_fields(b, &rec, names, texts);
	if (timeline)
		LOOK_CHECK(!ml_timeline_add(timeline, &rec, NULL));
	if (r->gap && rec.flags & MEMLOG_REC_CONTEXT)
		r->gap(state);
	return r->record(state, &rec, NULL);
}

/* The timeline of what is to be added, if the output draws it. */
static struct ml_timeline *start_timeline(const struct ml_render *r,
					  const struct memlog_log *log)
{
	struct ml_timeline *timeline;

	if (!r->timeline)
		return NULL;
	LOOK_CHECK(!ml_timeline_create(NULL, &timeline, NULL));
	LOOK_CHECK(!ml_timeline_log(timeline, "image", "a log",
				    ml_format_find(log->format), NULL));
	return timeline;
}

static void end_timeline(const struct ml_render *r, void *state,
			 struct ml_timeline *timeline)
{
	if (!timeline)
		return;
	LOOK_CHECK(!ml_timeline_finish(timeline, NULL));
	LOOK_CHECK(!r->timeline(state, timeline, NULL));
	ml_timeline_destroy(timeline);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	struct memlog_allocator alloc = ml_allocator(NULL);
	uint64_t sum = 0;
	struct memlog_sink sink = {
		.size = sizeof(sink),
		.self = &sum,
		.write = take,
	};
	struct ml_render_opts opts = {
		.alloc = &alloc,
		.image = "image",
		.n_logs = 1,
		.stats = "vm_exit,irq,cpu_usage,hyp_exit,boot",
	};
	struct memlog_log log = { .size = sizeof(log), .title = "a log" };
	struct ml_patterns patterns = { .n = 0 };
	size_t renders = 0, formats = 0;
	struct ml_timeline *timeline;
	const struct ml_render *r;
	enum memlog_status s;
	char line[200];
	void *state;
	size_t n;

	while (ml_renders[renders])
		renders++;
	while (ml_formats[formats])
		formats++;
	n = (size_t)number(&b, 1);
	opts.color = n / (2 * renders) & 1;
	opts.delta = n / (2 * renders) & 2;
	if (n / (2 * renders) & 4)
		opts.patterns = &patterns;
	n %= 2 * renders;
	r = ml_renders[n % renders];
	if (n >= renders && r->tables)
		r = r->tables;
	log.format = ml_formats[number(&b, 1) % formats]->name;
	if (r->directory)
		return 0;
	if (opts.patterns)
		LOOK_CHECK(
			!ml_patterns_add(&patterns, &alloc, "[^a]+|a*x", NULL));
	state = calloc(1, r->state_size);
	LOOK_CHECK(state);
	LOOK_CHECK(!r->begin(state, &opts, &sink, NULL));
	timeline = start_timeline(r, &log);
	s = r->log_begin ? r->log_begin(state, &log, NULL) : MEMLOG_OK;
	while (!s && b.len)
		s = put_record(r, state, &log, timeline, &b);
	LOOK_CHECK(!s || s == MEMLOG_LIMIT);
	if (r->log_end)
		LOOK_CHECK(!r->log_end(state, &log, 0, NULL));
	if (r->remark && r->remark(state, line, sizeof(line)))
		LOOK_CHECK(line[0] && strlen(line) < sizeof(line) &&
			   !strpbrk(line, "\n\033"));
	end_timeline(r, state, timeline);
	if (r->end)
		LOOK_CHECK(!r->end(state, NULL));
	if (r->close)
		r->close(state);
	ml_patterns_fini(&patterns);
	free(state);
	return 0;
}
