/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is parsed of a debug port: its specification, and lines of its monitor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "image/bytes/portmark.h"
#include "image/ports/ports.h"

static void specs(void **state)
{
	static const struct {
		const char *spec, *path;
		bool post, has_port, listen, all;
		uint32_t port;
		const char *vm;
	} good[] = {
		{ "a", "a", .vm = "" },
		{ "a,port=0x402", "a", .has_port = true, .port = 0x402,
		  .vm = "" },
		{ "a,port=0x80", "a", true, true, .port = 0x80, .vm = "" },
		{ "a,port=128,kind=text", "a", .has_port = true, .port = 0x80,
		  .vm = "" },
		{ "a,kind=post", "a", true, true, .port = 0x80, .vm = "" },
		{ "a,,b,name=vm-1.x,listen,all", "a,b", .listen = true,
		  .all = true, .vm = "vm-1.x" },
	};
	static const char *const bad[] = {
		"",
		",kind=post",
		"a,kind=both",
		"a,port=",
		"a,port=x",
		"a,port=65536",
		"a,name=",
		"a,name=a b",
		"a,name=0x1",
		"a,name=text",
		"a,what",
		"a,,,what",
		"a,name=12345678901234567890123456789012",
	};
	struct memlog_allocator a = ml_allocator(NULL);
	struct ml_port p;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ml_port_parse(good[i].spec, &a, &p, NULL), 0);
		assert_string_equal(p.path, good[i].path);
		assert_string_equal(p.vm, good[i].vm);
		assert_int_equal(p.post, good[i].post);
		assert_int_equal(p.has_port, good[i].has_port);
		assert_int_equal(p.port, good[i].port);
		assert_int_equal(p.listen, good[i].listen);
		assert_int_equal(p.all, good[i].all);
		free(p.path);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct memlog_err err = { .status = MEMLOG_OK };

		assert_int_equal(ml_port_parse(bad[i], &a, &p, &err),
				 MEMLOG_INVALID);
		assert_true(err.text[0]);
	}
}

/* The time of a line of Cloud Hypervisor: a duration as Rust prints it. */
static void monitor_lines(void **state)
{
	static const struct {
		const char *time;
		bool ok;
		uint64_t us;
	} t[] = {
		{ "3s", true, 3000000 },
		{ "12.345678s", true, 12345678 },
		{ "12.3s", true, 12300000 },
		{ "1.23456789s", true, 1234567 },
		{ "1.5ms", true, 1500 },
		{ "1.0625ms", true, 1062 },
		{ "250.75\xc2\xb5s", true, 250 },
		{ "250.75us", true, 250 },
		{ "2999ns", true, 2 },
		{ "  7ms", true, 7000 },
		{ "7", false, 0 },
		{ "7m", false, 0 },
		{ "s", false, 0 },
	};
	char line[80];
	uint64_t us;
	size_t i, at;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(line, sizeof(line), "text cloud-hypervisor: %s: more",
			 t[i].time);
		us = 0;
		assert_int_equal(ml_port_monitor_line((uint8_t *)line,
						      strlen(line), false, &at,
						      &us),
				 t[i].ok);
		assert_int_equal(us, t[i].us);
		if (t[i].ok)
			assert_int_equal(at, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs),
		cmocka_unit_test(monitor_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
