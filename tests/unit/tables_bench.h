/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tables_bench.h - a trace of two CPUs whose sums can be done in the head, for the tests
 * of the tables of --stats.
 */
#ifndef TABLES_BENCH_H
#define TABLES_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "libmem.h"
#include "libsink.h"
#include "render/tables/stats.h"

#define HZ 2000u

/* Numbers of ACRN's events. */
enum {
	EXIT = 0x10,
	ENTER = 0x11,
	SWITCH = 0x20,
	INTERRUPT = 0x10001,
	CPUID = 0x10004,
	EPT_MISCONFIGURATION = 0x10031,
};

static struct text_sink out;
static const struct memlog_extent extent = {
	.space = MEMLOG_PHYS,
	.addr = 0x2000000,
	.len = 4096,
};
static const struct memlog_log trace = {
	.size = sizeof(trace),
	.format = "acrn-trace",
	.title = "a trace",
	.extents = &extent,
	.n_extents = 1,
};

struct session {
	const struct ml_render *render;
	struct memlog_allocator alloc;
	struct ml_render_opts opts;
	struct memlog_sink sink;
	void *state;
	char begun[64];	  /* the current file of a directory */
	const char *fail; /* the file that cannot be created */
	unsigned int files;
};

static void start(struct session *s, const struct ml_render *render,
		  const char *list, uint64_t hz)
{
	text_sink_clear(&out);
	out.fail_after = 0;
	s->render = render;
	s->alloc = ml_allocator(NULL);
	s->opts.alloc = &s->alloc;
	s->opts.stats = list;
	s->opts.image = "core";
	s->opts.tsc_hz = hz;
	if (!s->sink.write)
		s->sink = out.sink;
	s->state = calloc(1, render->state_size);
	assert_non_null(s->state);
	assert_int_equal(render->begin(s->state, &s->opts, &s->sink, NULL), 0);
}

static void add(struct session *s, int cpu, uint64_t tsc, uint32_t id,
		const char *text, uint64_t value)
{
	uint8_t raw[32] = { 0 };
	struct memlog_record rec = {
		.size = sizeof(rec),
		.has_time = true,
		.time = tsc,
		.cpu = cpu,
		.raw = raw,
		.raw_len = sizeof(raw),
	};

	put64(raw, tsc);
	put32(raw + 8, id);
	raw[14] = text ? 16 : 2;
	raw[15] = (uint8_t)cpu;
	put64(raw + 16, value);
	if (text)
		memcpy(raw + 16, text, strlen(text));
	assert_int_equal(s->render->record(s->state, &rec, NULL), 0);
}

/* CPU 0: 10000 cycles, 8000 of them from its first exit on. CPU 3: one
 * interrupt, and no switch. */
static enum memlog_status one_trace(struct session *s, struct memlog_err *err)
{
	assert_int_equal(s->render->log_begin(s->state, &trace, NULL), 0);
	add(s, 0, 1000, SWITCH, "idlevm0:", 0);
	add(s, 3, 1500, EXIT, NULL, 1);
	add(s, 3, 1600, INTERRUPT, NULL, 0xf0);
	add(s, 3, 2500, ENTER, NULL, 0);
	add(s, 0, 3000, EXIT, NULL, 10);
	add(s, 0, 3100, CPUID, NULL, 1);
	add(s, 0, 3400, ENTER, NULL, 0);
	add(s, 0, 4000, EXIT, NULL, 1);
	add(s, 0, 4001, INTERRUPT, NULL, 0xf0);
	add(s, 0, 4800, ENTER, NULL, 0);
	add(s, 0, 5000, EXIT, NULL, 1);
	add(s, 0, 5001, INTERRUPT, NULL, 0x20);
	add(s, 0, 5200, ENTER, NULL, 0);
	add(s, 0, 6000, EXIT, NULL, 40);
	add(s, 0, 6080, ENTER, NULL, 0);
	/* VM 0 had it for 6000 cycles; then who it was is not certain */
	add(s, 0, 7000, SWITCH, "vm0:vm12", 0);
	add(s, 0, 8000, SWITCH, "vm2:init", 0);
	add(s, 0, 11000, EXIT, NULL, 1);
	return s->render->log_end(s->state, &trace, 0, err);
}

static void stop(struct session *s)
{
	if (s->render->close)
		s->render->close(s->state);
	free(s->state);
}

static const char *write_all(const struct ml_render *render, const char *list,
			     uint64_t hz)
{
	struct session s = { 0 };

	start(&s, render, list, hz);
	assert_int_equal(one_trace(&s, NULL), 0);
	stop(&s);
	return out.text;
}

static int setup(void **state)
{
	text_sink_init(&out);
	return 0;
}

static int teardown(void **state)
{
	text_sink_free(&out);
	return 0;
}

#endif
