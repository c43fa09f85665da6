/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* boot.c - --stats=boot as tables to read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "parts.h"
#include "render/escape.h"
#include "render/wrap.h"

#define NS_PER_MS INT64_C(1000000)

/* Drivers in the table; csv and json have all of them. */
enum { BOOT_ROWS = 20, BOOT_TEXT = 33, BOOT_SOURCE = 6 };

/* Milliseconds, such that durations of contiguous phases add up. */
static int64_t boot_ms(int64_t ns)
{
	return (ns < 0 ? ns - NS_PER_MS / 2 : ns + NS_PER_MS / 2) / NS_PER_MS;
}

/* "12.345" */
static const char *boot_seconds(int64_t ms, char ret[32])
{
	snprintf(ret, 32, "%s%" PRId64 ".%03" PRId64, ms < 0 ? "-" : "",
		 (ms < 0 ? -ms : ms) / 1000, (ms < 0 ? -ms : ms) % 1000);
	return ret;
}

/* Guest text in at most width columns of ASCII. */
static const char *boot_text(const char *text, size_t width, char ret[128])
{
	return memlog_escape(text, ret, width + 1);
}

static void boot_head(struct ml_stats_out *s, const struct ml_timeline_boot *b)
{
	char sec[32], safe[128];

	ml_out_fmt(&s->out, "==> boot%s%s", b->vm[0] ? " of " : "",
		   boot_text(b->vm, ML_TIMELINE_VM, safe));
	if (b->boot == INT32_MIN)
		ml_out_str(&s->out, ", an older one");
	else if (b->boot)
		ml_out_fmt(&s->out, ", %" PRId32, b->boot);
	ml_out_str(&s->out, " <==\n");
	if (b->has_clock)
		ml_out_fmt(&s->out,
			   "Total time: %s s, from the first message to the "
			   "last message or mark\n",
			   boot_seconds(boot_ms(b->end), sec));
	else
		ml_out_str(&s->out,
			   "No clock: none of its logs has times. memlog-dump "
			   "-w --time-format=arrival\n"
			   "adds some to the log of a running guest, and -w "
			   "port:PATH to what it writes\n"
			   "to a port.\n");
}

static void boot_phases(struct ml_stats_out *s,
			const struct ml_timeline_boot *b)
{
	const struct ml_timeline_phase *p;
	char safe[128], start[32], took[32];
	int64_t from, to;
	size_t i;

	if (b->has_clock)
		ml_out_fmt(&s->out, "%-13s %10s %10s %7s  %s\n", "Phase",
			   "Start s", "Time s", "Time %", "Starts with");
	else
		ml_out_fmt(&s->out, "%-13s %10s %10s  %s\n", "Phase",
			   "Messages", "Bytes", "Starts with");
	for (i = 0; i < b->n_phases; i++) {
		p = &b->phases[i];
		from = boot_ms(p->start);
		to = boot_ms(p->end);
		if (b->has_clock)
			ml_out_fmt(
				&s->out, "%-13s %10s %10s %7.2f  ", p->name,
				boot_seconds(from, start),
				boot_seconds(to - from, took),
				ml_stats_percent((uint64_t)(p->end - p->start),
						 (uint64_t)b->end));
		else
			ml_out_fmt(&s->out,
				   "%-13s %10" PRIu64 " %10" PRIu64 "  ",
				   p->name, p->records, p->bytes);
		ml_out_fmt(&s->out, "%s\n",
			   boot_text(p->text, BOOT_TEXT, safe));
	}
}

static void boot_silences(struct ml_stats_out *s,
			  const struct ml_timeline_boot *b)
{
	const struct ml_timeline_silence *q;
	char safe[128], start[32], took[32];
	size_t i;

	if (b->n_silences)
		ml_out_fmt(&s->out, "\n%-13s %10s %10s  %s\n", "Silence in",
			   "Start s", "Time s", "Lines before and after");
	for (i = 0; i < b->n_silences; i++) {
		q = &b->silences[i];
		ml_out_fmt(&s->out, "%-13s %10s %10s  %s\n",
			   ml_stage_name(q->phase),
			   boot_seconds(boot_ms(q->start), start),
			   boot_seconds(boot_ms(q->end - q->start), took),
			   boot_text(q->before, BOOT_TEXT + 8, safe));
		ml_out_fmt(&s->out, "%37s%s\n", "",
			   boot_text(q->after, BOOT_TEXT + 8, safe));
	}
}

/* ---- drivers ------------------------------------------------------------ */

/* What a row is about, and how long it took. */
struct boot_row {
	const char *name;
	enum ml_stage phase;
	int64_t took;
	uint64_t records, bytes;
	size_t order;
};

static int boot_longest(const void *a, const void *b)
{
	const struct boot_row *x = a, *y = b;

	if (x->took != y->took)
		return x->took < y->took ? 1 : -1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void boot_rows(struct ml_stats_out *s, const char *title,
		      struct boot_row *rows, size_t n, bool timed)
{
	char safe[128], took[32];
	size_t i;

	if (timed)
		qsort(rows, n, sizeof(*rows), boot_longest);
	if (n)
		ml_out_fmt(&s->out, "\n%-13s %10s %10s  %s\n", "Phase",
			   timed ? "Time s" : "Bytes", "Messages", title);
	for (i = 0; i < n && i < BOOT_ROWS; i++) {
		if (timed)
			boot_seconds(boot_ms(rows[i].took), took);
		else
			snprintf(took, sizeof(took), "%" PRIu64, rows[i].bytes);
		ml_out_fmt(&s->out, "%-13s %10s ", ml_stage_name(rows[i].phase),
			   took);
		if (rows[i].records)
			ml_out_fmt(&s->out, "%10" PRIu64, rows[i].records);
		else
			ml_out_fmt(&s->out, "%10s", "-");
		ml_out_fmt(&s->out, "  %s\n",
			   boot_text(rows[i].name, BOOT_TEXT + 8, safe));
	}
	if (n > BOOT_ROWS)
		ml_out_fmt(&s->out, "%zu more: csv and json have all of them\n",
			   n - BOOT_ROWS);
}

static void boot_drivers(struct ml_stats_out *s,
			 const struct ml_timeline_boot *b)
{
	size_t n = b->n_spans > b->n_parts ? b->n_spans : b->n_parts, i;
	struct boot_row *rows = ml_calloc(&s->alloc, n ? n : 1, sizeof(*rows));

	if (!rows) {
		s->out.status = ml_fail(&s->out.err, MEMLOG_NO_MEMORY,
					"no memory for a table");
		return;
	}
	for (i = 0; i < b->n_parts; i++)
		rows[i] = (struct boot_row){
			b->parts[i].name,  b->parts[i].phase,
			b->parts[i].time,  b->parts[i].records,
			b->parts[i].bytes, i
		};
	boot_rows(s,
		  b->has_clock ? "Module, from its messages to the next" :
				 "Module",
		  rows, b->n_parts, b->has_clock);
	for (i = 0; i < b->n_spans; i++)
		rows[i] =
			(struct boot_row){ b->spans[i].name,
					   b->spans[i].phase,
					   b->spans[i].end - b->spans[i].start,
					   0,
					   0,
					   i };
	boot_rows(s, "Driver, as the firmware measured it", rows, b->n_spans,
		  true);
	ml_free(&s->alloc, rows);
}

/* ---- sources ------------------------------------------------------------ */

static void boot_source(struct ml_stats_out *s,
			const struct ml_timeline_source *source)
{
	char line[sizeof(source->method) + 128], sec[32];
	int len;

	ml_out_str(&s->out, "  ");
	ml_escape_str(&s->out, source->image);
	ml_out_fmt(&s->out, ", %s\n%*s", source->label, BOOT_SOURCE, "");
	len = snprintf(line, sizeof(line), "%s%s",
		       source->aligned ? "" : "apart: ", source->method);
	if (source->aligned && source->offset)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
				"; %s s were added",
				boot_seconds(boot_ms(source->offset), sec));
	if (source->aligned && source->has_error && source->error)
		len += snprintf(line + len, sizeof(line) - (size_t)len,
				"; may be off by %s s",
				boot_seconds(boot_ms(source->error), sec));
	ml_wrap(&s->out, line, (size_t)len, BOOT_SOURCE, BOOT_SOURCE);
	ml_out_char(&s->out, '\n');
	if (source->back)
		ml_out_fmt(&s->out,
			   "      %" PRIu64 " time%s left out: %s back\n",
			   source->back, source->back == 1 ? " was" : "s were",
			   source->back == 1 ? "it goes" : "they go");
}

void ml_boot_table(struct ml_stats_out *s, const struct ml_timeline_boot *b)
{
	size_t i;

	boot_head(s, b);
	boot_phases(s, b);
	boot_silences(s, b);
	boot_drivers(s, b);
	ml_out_str(&s->out, "\nClocks of the logs\n");
	for (i = 0; i < b->n_sources; i++)
		boot_source(s, &b->sources[i]);
	ml_out_char(&s->out, '\n');
}
