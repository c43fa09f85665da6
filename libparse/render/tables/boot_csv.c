/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boot_csv.c - --stats=boot as CSV: one table for all that there is of a boot. */
#include <inttypes.h>

#include "parts.h"

const char ml_boot_csv_head[] =
	"boot,row,name,phase,start_ns,duration_ns,percent,records,bytes,"
	"image,log,text,text_after,vm\n";

/* One row; NULL and has_* not set: the column is empty. */
struct boot_csv {
	const char *row, *name;
	enum ml_stage phase;
	bool timed, counted;
	int64_t start, end;
	uint64_t records, bytes;
	size_t source;
	const char *text, *after;
};

static void boot_csv_row(struct ml_stats_out *s,
			 const struct ml_timeline_boot *b,
			 const struct boot_csv *r)
{
	if (b->boot != INT32_MIN)
		ml_out_fmt(&s->out, "%" PRId32, b->boot);
	ml_out_fmt(&s->out, ",%s,", r->row);
	ml_csv_text(&s->out, r->name);
	ml_out_fmt(&s->out, ",%s,", r->phase ? ml_stage_name(r->phase) : "");
	if (r->timed)
		ml_out_fmt(&s->out, "%" PRId64 ",%" PRId64 ",%.2f,", r->start,
			   r->end - r->start,
			   ml_stats_percent((uint64_t)(r->end - r->start),
					    (uint64_t)b->end));
	else
		ml_out_str(&s->out, ",,,");
	if (r->counted)
		ml_out_fmt(&s->out, "%" PRIu64 ",%" PRIu64 ",", r->records,
			   r->bytes);
	else
		ml_out_str(&s->out, ",,");
	ml_csv_text(&s->out, b->sources[r->source].image);
	ml_out_char(&s->out, ',');
	ml_csv_text(&s->out, b->sources[r->source].label);
	ml_out_char(&s->out, ',');
	ml_csv_text(&s->out, r->text ? r->text : "");
	ml_out_char(&s->out, ',');
	ml_csv_text(&s->out, r->after ? r->after : "");
	ml_out_char(&s->out, ',');
	ml_csv_text(&s->out, b->vm);
	ml_out_char(&s->out, '\n');
}

static void boot_csv_phases(struct ml_stats_out *s,
			    const struct ml_timeline_boot *b)
{
	const struct ml_timeline_silence *q;
	const struct ml_timeline_phase *p;
	size_t i;

	for (i = 0; i < b->n_phases; i++) {
		p = &b->phases[i];
		boot_csv_row(s, b,
			     &(struct boot_csv){ .row = "phase",
						 .name = p->name,
						 .phase = p->phase,
						 .timed = b->has_clock,
						 .start = p->start,
						 .end = p->end,
						 .counted = true,
						 .records = p->records,
						 .bytes = p->bytes,
						 .source = p->source,
						 .text = p->text });
	}
	for (i = 0; i < b->n_silences; i++) {
		q = &b->silences[i];
		boot_csv_row(s, b,
			     &(struct boot_csv){ .row = "silence",
						 .name = "",
						 .phase = q->phase,
						 .timed = true,
						 .start = q->start,
						 .end = q->end,
						 .source = q->source,
						 .text = q->before,
						 .after = q->after });
	}
}

static void boot_csv_drivers(struct ml_stats_out *s,
			     const struct ml_timeline_boot *b)
{
	size_t i;

	for (i = 0; i < b->n_parts; i++)
		boot_csv_row(
			s, b,
			&(struct boot_csv){
				.row = "module",
				.name = b->parts[i].name,
				.phase = b->parts[i].phase,
				.counted = true,
				.records = b->parts[i].records,
				.bytes = b->parts[i].bytes,
				.timed =
					b->sources[b->parts[i].source].has_clock,
				.start = b->parts[i].start,
				.end = b->parts[i].start + b->parts[i].time,
				.source = b->parts[i].source });
	for (i = 0; i < b->n_spans; i++)
		boot_csv_row(s, b,
			     &(struct boot_csv){ .row = "driver",
						 .name = b->spans[i].name,
						 .phase = b->spans[i].phase,
						 .timed = true,
						 .start = b->spans[i].start,
						 .end = b->spans[i].end,
						 .source =
							 b->spans[i].source });
}

void ml_boot_csv(struct ml_stats_out *s, const struct ml_timeline_boot *b)
{
	size_t i;

	boot_csv_phases(s, b);
	boot_csv_drivers(s, b);
	for (i = 0; i < b->n_marks; i++)
		boot_csv_row(s, b,
			     &(struct boot_csv){ .row = "mark",
						 .name = "",
						 .phase = b->marks[i].phase,
						 .timed = true,
						 .start = b->marks[i].time,
						 .end = b->marks[i].time,
						 .source = b->marks[i].source,
						 .text = b->marks[i].text });
	for (i = 0; i < b->n_sources; i++)
		boot_csv_row(
			s, b,
			&(struct boot_csv){ .row = "log",
					    .name = b->sources[i].format,
					    .timed = b->sources[i].has_clock,
					    .start = b->sources[i].first,
					    .end = b->sources[i].last,
					    .counted = true,
					    .records = b->sources[i].records,
					    .bytes = b->sources[i].bytes,
					    .source = i,
					    .text = b->sources[i].method });
}
