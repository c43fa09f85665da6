/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core_shown.c - names of images without the passwords in them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "image/shown.h"

static void names(void **state)
{
	static const struct {
		const char *name, *want;
	} t[] = {
		{ "vmcore", "vmcore" },
		{ "a:b@c", "a:b@c" },
		{ "", "" },
		{ "/x://a:b@c", "/x://a:b@c" },
		{ "https://h/x", "https://h/x" },
		{ "https://u@h/x", "https://u@h/x" },
		{ "https://u:pw@h/x", "https://u:***@h/x" },
		{ "https://u:p@w@h/x@y:z", "https://u:***@h/x@y:z" },
		{ "https://u:@h/", "https://u:@h/" },
		{ "https://:p@h/", "https://:***@h/" },
		{ "https://h/x?a:b@c", "https://h/x?a:b@c" },
		{ "ssh://u:pw@[::1]:22/x", "ssh://u:***@[::1]:22/x" },
		{ "ssh://[::1]:22/x@y", "ssh://[::1]:22/x@y" },
		{ "nbd+unix://u:pw@/?socket=/s",
		  "nbd+unix://u:***@/?socket=/s" },
		{ "gopher://u:pw@h", "gopher://u:***@h" },
		{ "https://h/x?a=1&X-Amz-Signature=5f&b=2",
		  "https://h/x?a=1&X-Amz-Signature=***&b=2" },
		{ "https://h/x?sig=5f", "https://h/x?sig=***" },
		{ "https://h/x?design=5f&", "https://h/x?design=5f&" },
		{ "nbdkit:curl url=https://u:pw@h/x user=me password=pw",
		  "nbdkit:curl url=https://u:***@h/x user=me password=***" },
		{ "nbdkit:curl  proxy-Password=a cookie=b= header=",
		  "nbdkit:curl  proxy-Password=*** cookie=*** header=" },
		{ "nbdkit:", "nbdkit:" },
	};
	char buf[256];
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_ptr_equal(
			memlog_image_shown(t[i].name, buf, sizeof(buf)), buf);
		assert_string_equal(buf, t[i].want);
		assert_true(strlen(buf) <= ML_SHOWN_TIMES * strlen(t[i].name));
		/* what does not fit is cut */
		for (k = 1; k <= strlen(t[i].want); k++) {
			memset(buf, 'x', sizeof(buf));
			memlog_image_shown(t[i].name, buf, k);
			assert_int_equal(strlen(buf), k - 1);
			assert_memory_equal(buf, t[i].want, k - 1);
			assert_int_equal(buf[k], 'x');
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
