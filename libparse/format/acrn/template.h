/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * template.h - the rules by which ACRN's scripts format events.
 *
 * A rule is one line: the event's number, a space, and a template in the style
 * of Python's % operator with named values: %(cpu)d %(tsc)d %(event)016x and
 * %(1)x to %(16)x for the payload. Flags "-0+ #", width and precision are
 * supported, and the conversions d i u o x X c s r; %% is a percent sign.
 */
#ifndef ML_FORMAT_ACRN_TEMPLATE_H
#define ML_FORMAT_ACRN_TEMPLATE_H

#include "base/alloc.h"
#include "event.h"

/* The most text that a template can produce for one event. */
#define ML_ACRN_LINE 1024u

/* Write the event's text into buf (ML_ACRN_LINE bytes); returns its length. A
 * value that the template names but the event lacks becomes a ?. */
size_t ml_acrn_template(const char *template, size_t len,
			const struct ml_acrn_event *event, char *buf);

struct ml_acrn_rules;

/*
 * Parse rules; text is copied. INVALID: err names the line. Empty lines and
 * those that start with # are skipped; of two rules for one event the later one
 * counts.
 */
enum memlog_status ml_acrn_rules_create(const struct memlog_allocator *alloc,
					const char *text, size_t len,
					struct ml_acrn_rules **ret,
					struct memlog_err *err);
void ml_acrn_rules_destroy(struct ml_acrn_rules *rules);

/* The template for an event, NULL if there is no rule for it. */
const char *ml_acrn_rules_find(const struct ml_acrn_rules *rules, uint64_t id,
			       size_t *ret_len);

#endif
