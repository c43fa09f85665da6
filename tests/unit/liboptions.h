/* SPDX-License-Identifier: GPL-2.0-or-later */
/* liboptions.h - what comes of a command line, for tests. */
#ifndef LIBOPTIONS_H
#define LIBOPTIONS_H

#include <stddef.h>

#include "memlog.h"

#define MAX_WORDS 12

/* What came of a command line: options as "name" or "name=value", operands, and
 * the kind of the mistake that ended it. */
struct outcome {
	char options[4 * MAX_WORDS][80];
	size_t n_options;
	const char *operands[MAX_WORDS];
	size_t n_operands;
	const char *mistake;
};

void outcome_add(struct outcome *o, const char *name, const char *value);

/* A row's function that adds the option to the outcome, its arg. */
enum memlog_status on_option(void *arg, const struct memlog_option *o,
			     const char *value, struct memlog_err *err);

#endif
