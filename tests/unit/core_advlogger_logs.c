/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AdvancedLogger: several logs in one image, and which of them is current. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libadvlogger.h"
#include "libguest.h"
#include "libmem.h"

#define A    0x7c000000u
#define B    0x7d000000u
#define C    0x7e000000u
#define LOG  8192u
#define LOGS 6

static struct mem mem;
static struct adv_log logs_[LOGS];

static int setup(void **state)
{
	memset(&mem, 0, sizeof(mem));
	return 0;
}

static int teardown(void **state)
{
	size_t i;

	for (i = 0; i < LOGS; i++)
		adv_free(&logs_[i]);
	mem_free(&mem);
	return 0;
}

/* A log of its own with n messages. */
static struct adv_log *start(size_t i, unsigned int version, uint64_t at,
			     unsigned int n)
{
	struct adv_log *a = &logs_[i];
	char line[32];

	adv_start(a, mem_add(&mem, at, LOG), version, at, LOG);
	for (; n; n--) {
		snprintf(line, sizeof(line), "log %zu, %u\n", i, n);
		adv_say(a, 0x40, 2, line);
	}
	return a;
}

/* A copy of it, as the next phase makes it, with n messages more. */
static struct adv_log *copy(size_t i, const struct adv_log *from, uint64_t at,
			    unsigned int n)
{
	struct adv_log *a = &logs_[i];

	adv_copy(a, from, mem_add(&mem, at, LOG), at, LOG);
	for (; n; n--)
		adv_say(a, 0x40, 4, "more\n");
	return a;
}

static void tell_list(const struct memlog_logs *logs, FILE *f)
{
	const struct memlog_log *log;
	char boot[16];
	size_t i;

	for (i = 0; (log = memlog_logs_get(logs, i)); i++) {
		boot[0] = '\0';
		if (log->has_boot)
			snprintf(boot, sizeof(boot), " %d", (int)log->boot);
		fprintf(f, "%llx %s%s%s%s\n",
			(unsigned long long)log->extents->addr,
			memlog_state_name(log->state), boot,
			log->reason[0] ? ": " : "", log->reason);
	}
}

/* What is found: each log with its state. at: only the log there. */
static void finds(uint64_t at, const char *want)
{
	struct memlog_image *image = mem_image(&mem, MEMLOG_PHYS);
	struct memlog_logs *logs;
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	if (at)
		assert_int_equal(memlog_scan_at(image, MEMLOG_PHYS, at, NULL,
						&logs, NULL),
				 0);
	else
		assert_int_equal(memlog_scan(image, NULL, &logs, NULL, NULL),
				 0);
	tell_list(logs, f);
	fclose(f);
	assert_string_equal(got, want);
	free(got);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
}

/* SEC's and PEI's buffers are the beginning of DXE's. */
static void copies(void **state)
{
	unsigned int v;

	for (v = 0; v < 7; v++) {
		struct adv_log *a = start(0, v, A, 10);

		a->permanent = false;
		adv_store(a);
		copy(1, a, B, 5);
		copy(2, &logs_[1], C, 5)->permanent = true;
		adv_store(&logs_[2]);
		finds(0,
		      "7c000000 copy: its messages are the first of those at "
		      "phys:0x7e000000\n"
		      "7d000000 copy: its messages are the first of those at "
		      "phys:0x7e000000\n"
		      "7e000000 current 0\n");
		teardown(NULL);
	}
}

/* Of two that are the same it is the one in permanent memory, else the first. */
static void twins(void **state)
{
	copy(1, start(0, 5, A, 10), B, 0);
	finds(0, "7c000000 current 0\n"
		 "7d000000 copy: its messages are a copy of those at "
		 "phys:0x7c000000\n");
	logs_[0].permanent = false;
	adv_store(&logs_[0]);
	finds(0, "7c000000 copy: its messages are a copy of those at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0\n");
	/* one byte differs */
	mem.piece[1].bytes[100] ^= 1;
	finds(0, "7c000000 unknown: one of 2 logs that differ\n"
		 "7d000000 unknown: one of 2 logs that differ\n");
}

static void chain(void **state)
{
	struct adv_log *a = start(0, 6, A, 10);

	a->next = B;
	adv_store(a);
	copy(1, a, B, 0)->next = C;
	adv_store(&logs_[1]);
	copy(2, a, C, 0)->next = 0;
	adv_store(&logs_[2]);
	finds(0, "7c000000 copy: its messages are a copy of those at "
		 "phys:0x7e000000\n"
		 "7d000000 copy: its messages are a copy of those at "
		 "phys:0x7e000000\n"
		 "7e000000 current 0\n");
	adv_say(&logs_[2], 0x40, 4, "more\n");
	finds(A, "7c000000 copy: its messages are the first of those at "
		 "phys:0x7e000000\n"
		 "7d000000 copy: its messages are the first of those at "
		 "phys:0x7e000000\n"
		 "7e000000 unknown: it may be from an earlier boot: no other "
		 "memory was searched\n");
	/* the end is not in the image */
	mem.n = 2;
	free(mem.piece[2].bytes);
	finds(0, "7c000000 copy: its messages are a copy of those at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0: it goes on at phys:0x7e000000, where no "
		 "log was found\n");
}

/* The log that was copied has wrapped since: only its header, or the date, tells. */
static void wrapped(void **state)
{
	struct adv_log *a = start(0, 6, A, 10), *b;
	unsigned int i;

	a->next = B;
	adv_store(a);
	b = copy(1, a, B, 0);
	b->next = 0;
	b->runtime = b->wraps = true;
	for (i = 0; i < 400; i++)
		adv_say(b, 0x40, 5, "line\n");
	finds(0, "7c000000 copy: older than what is left of its copy at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0\n");
	a->next = 0;
	adv_store(a);
	finds(0, "7c000000 unknown: one of 2 logs that differ\n"
		 "7d000000 unknown: one of 2 logs that differ\n");
	a->ticks = b->ticks = 5;
	adv_store(a);
	adv_store(b);
	finds(0, "7c000000 copy: older than what is left of its copy at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0\n");
}

/* Where no page starts there is one only if a header leads there. */
static void inside(void **state)
{
	uint8_t *p = mem_add(&mem, B, 3 * LOG);
	struct adv_log *a = start(0, 6, A, 3);
	unsigned int i;

	a->next = B + 0x508;
	adv_store(a);
	/* the fifth of the chain is too far */
	for (i = 1; i < 5; i++) {
		adv_copy(&logs_[i], a, p + 0x508 + 2048 * (i - 1),
			 B + 0x508 + 2048 * (i - 1), 2048);
		adv_say(&logs_[i], 0x40, 4, "one more\n");
		logs_[i].next = logs_[i].base + 2048;
		adv_store(&logs_[i]);
		a = &logs_[i];
	}
	finds(0, "7c000000 copy: its messages are the first of those at "
		 "phys:0x7d001508\n"
		 "7d000508 copy: its messages are the first of those at "
		 "phys:0x7d001508\n"
		 "7d000d08 copy: its messages are the first of those at "
		 "phys:0x7d001508\n"
		 "7d001508 current 0: it goes on at phys:0x7d001d08, where no "
		 "log was found\n");
}

static void loops(void **state)
{
	static const uint64_t nowhere[] = { 8,
					    0x7c000008,
					    0x7c000001,
					    0xffffffffffffffff,
					    0xfffffffffffff000,
					    0x8000000000000000 };
	struct adv_log *a = start(0, 6, A, 10);
	char want[160];
	size_t i;

	for (i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++) {
		a->next = nowhere[i];
		adv_store(a);
		snprintf(want, sizeof(want),
			 "7c000000 current 0: it goes on at phys:0x%llx, where "
			 "no log was found\n",
			 (unsigned long long)nowhere[i]);
		finds(0, want);
	}
	copy(1, a, B, 1)->next = A;
	adv_store(&logs_[1]);
	a->next = B;
	adv_store(a);
	finds(0, "7c000000 copy: its messages are the first of those at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0\n");
	a->next = A;
	adv_store(a);
	finds(0, "7c000000 copy: its messages are the first of those at "
		 "phys:0x7d000000\n"
		 "7d000000 current 0\n");
}

/* Headers up to version 4 say where they are. */
static void places(void **state)
{
	struct adv_log *a = start(0, 3, A, 10);
	uint8_t *p = mem_add(&mem, B, LOG);

	memcpy(p, a->p, LOG);
	finds(0, "7c000000 current 0\n"
		 "7d000000 copy: of the log at phys:0x7c000000, by its "
		 "header\n");
	/* it has gone on since */
	adv_say(a, 0x40, 4, "more\n");
	finds(0, "7c000000 current 0\n"
		 "7d000000 copy: of the log at phys:0x7c000000, by its "
		 "header\n");
	a->base = C;
	adv_store(a);
	memset(p, 0, LOG);
	finds(0, "7c000000 unknown: a copy, or addresses are wrong: by its "
		 "header it is at phys:0x7e000000\n");
}

/* Logs of several boots: dates tell, if all have one. */
static void boots(void **state)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		start(i, 5, A + (B - A) * i, 10 + (unsigned int)i)->ticks = 5;
		adv_store(&logs_[i]);
		/* hours */
		logs_[i].p[60] = (uint8_t)(i == 1 ? 9 : i);
	}
	finds(0, "7c000000 stale -2: from an earlier boot: another log has a "
		 "later date\n"
		 "7d000000 current 0: it has the latest date\n"
		 "7e000000 stale -1: from an earlier boot: another log has a "
		 "later date\n");
	logs_[0].p[60] = 9;
	finds(0, "7c000000 unknown: one of 3 logs that differ\n"
		 "7d000000 unknown: one of 3 logs that differ\n"
		 "7e000000 unknown: one of 3 logs that differ\n");
	/* no date */
	memset(logs_[0].p + 48, 0, 24);
	finds(0, "7c000000 unknown: one of 3 logs that differ\n"
		 "7d000000 unknown: one of 3 logs that differ\n"
		 "7e000000 unknown: one of 3 logs that differ\n");
}

/* One without messages is no other boot's. */
static void empty(void **state)
{
	start(0, 5, A, 0);
	finds(0, "7c000000 current 0\n");
	start(1, 5, B, 3)->discarded = 1;
	adv_store(&logs_[1]);
	finds(0, "7c000000 unknown\n"
		 "7d000000 current 0: it was full: 1 byte of messages were "
		 "discarded\n");
}

/* ---- following ----------------------------------------------------------- */

struct watch {
	struct guest guest;
	struct memlog_follow *follow;
	char text[1 << 16];
	size_t len;
};

static void look(struct watch *w, const char *want, bool reset)
{
	struct memlog_follow_news news = { .size = sizeof(news) };
	const struct memlog_record *rec;

	w->len = 0;
	if (!memlog_follow_look(w->follow, &news, NULL))
		while (!memlog_follow_next(w->follow, &rec, NULL)) {
			memcpy(w->text + w->len, rec->text, rec->text_len);
			w->len += rec->text_len;
		}
	w->text[w->len] = '\0';
	assert_string_equal(w->text, want);
	assert_int_equal(news.reset, reset);
}

/* New lines, the move to another buffer, and around the end of that. */
static void follow(void **state)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "advlogger" };
	struct watch *w = calloc(1, sizeof(*w));
	struct adv_log *a = &logs_[0], *b = &logs_[1];
	char line[64], want[65536];
	unsigned int i, k;

	guest_start(&w->guest);
	assert_int_equal(memlog_follow_open(w->guest.image, &o, NULL,
					    &w->follow, NULL),
			 0);
	look(w, "", false);
	adv_start(a, w->guest.p + 0x1000000, 6, 0x1000000, LOG);
	adv_say(a, 0x40, 2, "one\n");
	look(w, "one\n", false);
	look(w, "", false);
	adv_say(a, 0x40, 2, "tw");
	look(w, "", false);
	adv_say(a, 0x40, 2, "o\nthree\n");
	look(w, "two\nthree\n", false);
	adv_copy(b, a, w->guest.p + 0x1100000, 0x1100000, LOG);
	a->next = 0x1100000;
	adv_store(a);
	adv_say(b, 0x40, 4, "four\n");
	look(w, "four\n", false);
	b->runtime = b->wraps = true;
	for (i = 0; i < 60; i++) {
		want[0] = '\0';
		for (k = 0; k < 20; k++) {
			snprintf(line, sizeof(line), "line %u of %u\n", k, i);
			adv_say(b, 0x40, 5, line);
			strcat(want, line);
		}
		look(w, want, false);
	}
	assert_true(b->turn > 3);
	memlog_follow_close(w->follow);
	guest_stop(&w->guest);
	free(w);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(copies),  TEST(twins),  TEST(chain),  TEST(inside),
		TEST(wrapped), TEST(loops),  TEST(places), TEST(boots),
		TEST(empty),   TEST(follow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
