/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boot_json.c - --stats=boot as JSON, an object for each boot. */
#include "parts.h"
#include "render/json_writer.h"

static void boot_json_times(struct ml_json *j, int64_t start, int64_t end)
{
	ml_json_i64(j, "start_ns", start);
	ml_json_i64(j, "duration_ns", end - start);
}

static void boot_json_phase(struct ml_json *j, enum ml_stage phase)
{
	if (phase)
		ml_json_str(j, "phase", ml_stage_name(phase));
}

static void boot_json_count(struct ml_json *j, uint64_t records, uint64_t bytes)
{
	ml_json_u64(j, "records", records);
	ml_json_u64(j, "bytes", bytes);
}

static void boot_json_sources(struct ml_json *j,
			      const struct ml_timeline_boot *b)
{
	const struct ml_timeline_source *s;
	size_t i;

	ml_json_open(j, "logs", '[');
	for (i = 0; i < b->n_sources; i++) {
		s = &b->sources[i];
		ml_json_open(j, NULL, '{');
		ml_json_text(j, "image", s->image);
		ml_json_str(j, "log", s->label);
		ml_json_str(j, "format", s->format);
		boot_json_count(j, s->records, s->bytes);
		ml_json_bool(j, "aligned", s->aligned);
		ml_json_str(j, "method", s->method);
		if (s->has_clock)
			boot_json_times(j, s->first, s->last);
		if (s->aligned)
			ml_json_i64(j, "offset_ns", s->offset);
		if (s->aligned && s->has_error)
			ml_json_i64(j, "error_ns", s->error);
		if (s->back)
			ml_json_u64(j, "times_left_out", s->back);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
}

static void boot_json_phases(struct ml_json *j,
			     const struct ml_timeline_boot *b)
{
	size_t i;

	ml_json_open(j, "phases", '[');
	for (i = 0; i < b->n_phases; i++) {
		ml_json_open(j, NULL, '{');
		ml_json_str(j, "phase", b->phases[i].name);
		if (b->has_clock)
			boot_json_times(j, b->phases[i].start,
					b->phases[i].end);
		boot_json_count(j, b->phases[i].records, b->phases[i].bytes);
		ml_json_int(j, "log", (long long)b->phases[i].source);
		ml_json_text(j, "text", b->phases[i].text);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
	ml_json_open(j, "silences", '[');
	for (i = 0; i < b->n_silences; i++) {
		ml_json_open(j, NULL, '{');
		boot_json_phase(j, b->silences[i].phase);
		boot_json_times(j, b->silences[i].start, b->silences[i].end);
		ml_json_int(j, "log", (long long)b->silences[i].source);
		ml_json_text(j, "before", b->silences[i].before);
		ml_json_text(j, "after", b->silences[i].after);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
}

static void boot_json_drivers(struct ml_json *j,
			      const struct ml_timeline_boot *b)
{
	size_t i;

	ml_json_open(j, "modules", '[');
	for (i = 0; i < b->n_parts; i++) {
		ml_json_open(j, NULL, '{');
		ml_json_text(j, "name", b->parts[i].name);
		boot_json_phase(j, b->parts[i].phase);
		if (b->sources[b->parts[i].source].has_clock)
			boot_json_times(j, b->parts[i].start,
					b->parts[i].start + b->parts[i].time);
		boot_json_count(j, b->parts[i].records, b->parts[i].bytes);
		ml_json_int(j, "log", (long long)b->parts[i].source);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
	ml_json_open(j, "drivers", '[');
	for (i = 0; i < b->n_spans; i++) {
		ml_json_open(j, NULL, '{');
		ml_json_text(j, "name", b->spans[i].name);
		boot_json_phase(j, b->spans[i].phase);
		boot_json_times(j, b->spans[i].start, b->spans[i].end);
		ml_json_int(j, "log", (long long)b->spans[i].source);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
}

static void boot_json_marks(struct ml_json *j, const struct ml_timeline_boot *b)
{
	size_t i;

	ml_json_open(j, "marks", '[');
	for (i = 0; i < b->n_marks; i++) {
		ml_json_open(j, NULL, '{');
		ml_json_i64(j, "time_ns", b->marks[i].time);
		boot_json_phase(j, b->marks[i].phase);
		if (b->marks[i].has_code)
			ml_json_hex(j, "code", b->marks[i].code);
		if (b->marks[i].port)
			ml_json_hex(j, "port", b->marks[i].port);
		ml_json_int(j, "log", (long long)b->marks[i].source);
		ml_json_text(j, "text", b->marks[i].text);
		ml_json_close(j, '}');
	}
	ml_json_close(j, ']');
}

void ml_boot_json(struct ml_stats_out *s, const struct ml_timeline_boot *b)
{
	uint64_t left = b->spans_left;
	struct ml_json j;

	ml_json_begin(&j, &s->out, s->seq, "boot_times", s->opts->image, NULL);
	/* every object has these, and it is not of one log */
	ml_json_null(&j, "format");
	ml_json_null(&j, "space");
	ml_json_null(&j, "addr");
	if (b->boot != INT32_MIN)
		ml_json_int(&j, "boot", b->boot);
	else
		ml_json_null(&j, "boot");
	if (b->vm[0])
		ml_json_text(&j, "vm", b->vm);
	ml_json_bool(&j, "has_clock", b->has_clock);
	if (b->has_clock)
		ml_json_i64(&j, "duration_ns", b->end);
	boot_json_sources(&j, b);
	boot_json_phases(&j, b);
	boot_json_drivers(&j, b);
	boot_json_marks(&j, b);
	if (!__builtin_add_overflow(left, b->marks_left, &left) &&
	    !__builtin_add_overflow(left, b->parts_left, &left) && left)
		ml_json_u64(&j, "left_out", left);
	ml_json_end(&j);
}
