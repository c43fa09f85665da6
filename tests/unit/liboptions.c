/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "liboptions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void outcome_add(struct outcome *o, const char *name, const char *value)
{
	assert_true(o->n_options < sizeof(o->options) / sizeof(o->options[0]));
	snprintf(o->options[o->n_options++], sizeof(o->options[0]), "%s%s%s",
		 name, value ? "=" : "", value ? value : "");
}

enum memlog_status on_option(void *arg, const struct memlog_option *o,
			     const char *value, struct memlog_err *err)
{
	assert_non_null(err);
	outcome_add(arg, o->name, value);
	return MEMLOG_OK;
}
