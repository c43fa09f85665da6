/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libovmfbench.c - a log that the firmware's own code writes, and what was written to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libovmfbench.h"

struct bench bench;

struct memlog_logs *bench_find(struct memlog_image *image)
{
	struct memlog_logs *logs;
	struct memlog_err err;

	if (memlog_scan_at(image, MEMLOG_PHYS, ADDR, NULL, &logs, &err))
		fail_msg("%s", err.text);
	assert_int_equal(memlog_logs_count(logs), 1);
	return logs;
}

void bench_open(uint32_t entries, uint32_t text)
{
	memset(&bench, 0, sizeof(bench));
	bench.base = mem_add(&bench.mem, ADDR, ROOM);
	bench.image = mem_image(&bench.mem, MEMLOG_PHYS);
	bench.entries = entries;
	bench.bytes = ML_RING_HEADER_WITH(entries) + text;
	assert_int_equal(ml_ring_init(bench.base, bench.bytes, entries, "v"),
			 ML_RING_OK);
	assert_int_equal(ml_ring_attach(bench.base, bench.bytes, &bench.ring),
			 ML_RING_OK);
}

void bench_close(void)
{
	memlog_image_close(bench.image);
	mem_free(&bench.mem);
}

void bench_say(const char *text, size_t len, bool watch)
{
	static const uint32_t levels[] = { 0x80000000, 2, 0x40, 0x400000, 4 };
	static const uint8_t phases[] = { 1, 2, 4, 5, 9 };
	struct message m = {
		.from = bench.total,
		.to = bench.total + len,
		.clock = START_CLOCK + bench.clock + bench.n * 7,
		.level = levels[rand() % 5],
		.module = 0xabcd0000 + (uint32_t)(rand() % 9),
		.phase = phases[rand() % 5],
	};
	struct ml_ring_message message = {
		.text = text,
		.length = (uint32_t)len,
		.level = m.level,
		.time = m.clock,
		.caller = m.module,
		.phase = m.phase,
	};

	assert_true(bench.n < MESSAGES);
	memcpy(bench.text + bench.total, text, len);
	bench.messages[bench.n++] = m;
	bench.next_len = len;
	/* the entry counts once its text does */
	bench.watch = watch;
	assert_int_equal(ml_ring_append(&bench.ring, &message), ML_RING_OK);
	bench.watch = false;
	bench.total += len;
	bench.next_len = 0;
}

void bench_say_some(size_t n, size_t most, bool watch)
{
	char text[256];
	size_t i, k, len;

	for (i = 0; i < n; i++) {
		len = 1 + (size_t)rand() % most;
		for (k = 0; k < len; k++)
			text[k] = (char)('a' + rand() % 26);
		if (len > 2 && rand() % 3) {
			text[len - 2] = '\r';
			text[len - 1] = '\n';
		} else if (len > 9 && rand() % 2) {
			text[len / 2] = '\n';
		}
		bench_say(text, len, watch);
	}
}

size_t bench_text(struct memlog_image *image, uint8_t *ret, size_t *timed)
{
	struct memlog_logs *logs = bench_find(image);
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	size_t len = 0;

	*timed = 0;
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     NULL, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		memcpy(ret + len, rec->text, rec->text_len);
		len += rec->text_len;
		*timed += rec->has_time;
	}
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	return len;
}

const char *bench_warning(void)
{
	return memlog_image_warning(bench.image, 0);
}
