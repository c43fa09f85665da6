/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* parts.c - numbers and names for all the writers of --stats. */
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "render/escape.h"

double ml_stats_seconds(const struct ml_stats_out *s, uint64_t cycles)
{
	return s->opts->tsc_hz ? (double)cycles / (double)s->opts->tsc_hz : 0;
}

double ml_stats_percent(uint64_t part, uint64_t all)
{
	return all ? (double)part * 100 / (double)all : 0;
}

const char *ml_stats_rate(const struct ml_stats_out *s, uint64_t n,
			  uint64_t cycles, char buf[32])
{
	double sec = ml_stats_seconds(s, cycles);

	buf[0] = '\0';
	if (sec > 0)
		snprintf(buf, 32, "%.2f", (double)n / sec);
	return buf;
}

const char *ml_stats_mhz(const struct ml_stats_out *s, char buf[32])
{
	buf[0] = '\0';
	if (s->opts->tsc_hz)
		snprintf(buf, 32, "%.10g", (double)s->opts->tsc_hz / 1e6);
	return buf;
}

const char *ml_stats_cpu_name(int32_t cpu, char buf[16])
{
	if (cpu < 0)
		snprintf(buf, 16, "all");
	else
		snprintf(buf, 16, "%" PRId32, cpu);
	return buf;
}

const char *ml_stats_visitor(const struct ml_visit *v, char buf[16])
{
	buf[0] = '\0';
	if (v->has_task && !v->task)
		snprintf(buf, 16, "host");
	else if (v->has_task)
		snprintf(buf, 16, "%" PRId32, v->task);
	return buf;
}

const char *ml_stats_user_name(uint32_t user, char buf[16])
{
	if (user == ML_STATS_IDLE)
		snprintf(buf, 16, "Idle");
	else if (user == ML_STATS_NOT_VM)
		snprintf(buf, 16, "other");
	else
		snprintf(buf, 16, "%" PRIu32, user);
	return buf;
}

uint64_t ml_stats_total_exits(const struct ml_stats_cpu *c)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < ML_STATS_REASONS; i++)
		n += c->exits[i].n;
	return n;
}

void ml_csv_text(struct ml_out *out, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n");
	size_t n;

	if (quote)
		ml_out_char(out, '"');
	for (;; text += n + 1) {
		n = strcspn(text, "\"");
		ml_escape_text(out, (const uint8_t *)text, n, false);
		if (!text[n])
			break;
		ml_out_str(out, "\"\"");
	}
	if (quote)
		ml_out_char(out, '"');
}
