/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_domain.c - domain:NAME, with processes that have the command line of a
 * QEMU. Their names have the number of this process, as another may run tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/ext/live.h"
#include "libholder.h"
#include "memlog.h"

#define SIZE	(16u << 20)
#define PROGRAM "/usr/bin/qemu-system-x86_64"

/* ---- command lines -------------------------------------------------------- */

#define ARGS(s) s, sizeof(s)

static void named(const char *args, size_t len, const char *want)
{
	char name[64];

	if (!want) {
		assert_false(ml_domain_name(args, len, name, sizeof(name)));
		return;
	}
	assert_true(ml_domain_name(args, len, name, sizeof(name)));
	assert_string_equal(name, want);
}

static void test_name(void **state)
{
	named(ARGS("qemu\0-name\0guest=a b,debug=on\0-S"), "a b");
	named(ARGS("qemu\0-S\0-name\0vm"), "vm");
	named(ARGS("qemu\0--name\0vm\0-name\0other"), "vm");
	named(ARGS("q\0-name\0guest=a,,b,,"), "a,b,");
	named(ARGS("q\0-name\0a,,=b"), NULL);
	named(ARGS("q\0-name\0debug-threads=on,guest=x"), "x");
	named(ARGS("q\0-name\0process=p,vm,guest=x"), "vm");
	named(ARGS("q\0-name\0debug-threads=on"), NULL);
	named(ARGS("q\0-name\0guest="), NULL);
	named(ARGS("q\0-name\0x=y,"), NULL);
	named(ARGS("q\0-names\0vm"), NULL);
	named(ARGS("q\0-name"), NULL);
	named("q\0-name\0", 8, NULL);
	named("q\0-name", 7, NULL);
	named("", 0, NULL);
}

/* ---- processes -------------------------------------------------------------- */

static void guest_start(struct holder *h, const char *program,
			const char *option, const char *name)
{
	char words[3][96], *argv[] = { words[0], words[1], words[2], NULL };

	snprintf(words[0], sizeof(words[0]), "%s", program);
	snprintf(words[1], sizeof(words[1]), "%s", option);
	snprintf(words[2], sizeof(words[2]), "%s", name);
	holder_start_as(h, argv);
	holder_map(h, "anon", SIZE, NULL);
}

static char *unique(const char *name)
{
	static char buf[2][64];
	static unsigned int turn;
	char *ret = buf[turn++ % 2];

	snprintf(ret, sizeof(buf[0]), "%s-%d", name, (int)getpid());
	return ret;
}

static enum memlog_status try(const char *name, struct memlog_err *err)
{
	struct memlog_image *image = NULL;
	char full[600];
	enum memlog_status s;

	snprintf(full, sizeof(full), "domain:%s", name);
	memset(err, 0, sizeof(*err));
	s = memlog_image_open(full, NULL, &image, err);
	if (s)
		assert_null(image);
	memlog_image_close(image);
	return s;
}

static void test_found(void **state)
{
	struct memlog_image_info info = { .size = sizeof(info) };
	struct memlog_image *image;
	struct memlog_err err;
	struct holder h, other;
	char full[80], option[80];

	snprintf(option, sizeof(option), "debug-threads=on,guest=%s",
		 unique("one,,two"));
	guest_start(&h, PROGRAM, "-name", option);
	guest_start(&other, PROGRAM, "-name", unique("three"));
	snprintf(full, sizeof(full), "domain:%s", unique("one,two"));
	if (memlog_image_open(full, NULL, &image, &err))
		fail_msg("%s", err.text);
	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	assert_string_equal(info.name, full);
	assert_string_equal(info.format, "process");
	assert_true(info.space == MEMLOG_HOST);
	assert_true(info.present >= SIZE);
	memlog_image_close(image);
	holder_stop(&h);
	/* and with its guest it is gone */
	assert_int_equal(try(unique("one,two"), &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, "no running guest has that name"));
	holder_stop(&other);
}

static void test_two(void **state)
{
	struct holder a, b;
	struct memlog_err err;
	char one[16], two[16];

	guest_start(&a, PROGRAM, "-name", unique("twin"));
	guest_start(&b, "kvm", "--name", unique("twin"));
	assert_int_equal(try(unique("twin"), &err), MEMLOG_INVALID);
	snprintf(one, sizeof(one), "pid:%d", (int)a.pid);
	snprintf(two, sizeof(two), "pid:%d", (int)b.pid);
	assert_non_null(strstr(err.text, "two guests have that name"));
	assert_non_null(strstr(err.text, one));
	assert_non_null(strstr(err.text, two));
	holder_stop(&a);
	assert_int_equal(try(unique("twin"), &err), MEMLOG_OK);
	holder_stop(&b);
}

/* The message names the guests that there are, in printable letters. */
static void test_others(void **state)
{
	struct memlog_err err;
	struct holder a, b;

	guest_start(&a, PROGRAM, "-name", unique("red\033[31m \xff"));
	guest_start(&b, PROGRAM, "-name", unique("plain"));
	assert_int_equal(try(unique("absent"), &err), MEMLOG_IO);
	assert_non_null(strstr(err.text, "running here: "));
	assert_non_null(strstr(err.text, unique("red?[31m??")));
	assert_non_null(strstr(err.text, unique("plain")));
	holder_stop(&a);
	holder_stop(&b);
}

/* Other programs have a -name, and other options a value like it. */
static void test_no_monitor(void **state)
{
	struct memlog_err err;
	struct holder a, b, c;

	guest_start(&a, "/opt/qemu/bin/find", "-name", unique("found"));
	guest_start(&b, PROGRAM, "-append", unique("found"));
	guest_start(&c, PROGRAM, "-name", unique("found-not"));
	assert_int_equal(try(unique("found"), &err), MEMLOG_IO);
	holder_stop(&a);
	holder_stop(&b);
	holder_stop(&c);
}

static void test_invalid(void **state)
{
	struct memlog_err err;
	char name[300];

	assert_int_equal(try("", &err), MEMLOG_INVALID);
	assert_non_null(strstr(err.text, "the name of a running guest"));
	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	assert_int_equal(try(name, &err), MEMLOG_INVALID);
	name[255] = '\0';
	assert_int_equal(try(name, &err), MEMLOG_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_monitor),
		cmocka_unit_test(test_invalid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
