/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* address.c - addresses and ranges as people write them. */
#include "query.h"

#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/number.h"

/* Parse "phys:" at *s, and move *s past it. */
static bool take_space(const char **s, enum memlog_space *ret)
{
	const char *colon = strchr(*s, ':');
	size_t n = colon ? (size_t)(colon - *s) : 0;
	int i;

	for (i = 0; colon && i < MEMLOG_SPACES; i++) {
		const char *name = memlog_space_name(i);

		if (strlen(name) == n && !memcmp(name, *s, n)) {
			*ret = i;
			*s = colon + 1;
			return true;
		}
	}
	return false;
}

/* An address or a size; crash reads those as hexadecimal. */
static bool address_take(const struct memlog_query *q, const char **s,
			 uint64_t *ret)
{
	return q->host == MEMLOG_HOST_CRASH ? ml_take_hex(s, ret) :
					      ml_take_number(s, ret);
}

/* What --list shows after an address: "=phys:0x3cb3000", the same byte in
 * another space, and "+2", how many more parts the log has. Neither changes
 * which log it is. */
static bool address_take_rest(const struct memlog_query *q, const char *s,
			      struct ml_query_at *ret)
{
	enum memlog_space space;
	uint64_t n;

	if (*s == '=') {
		s++;
		if (!take_space(&s, &space) || !address_take(q, &s, &n))
			return false;
	}
	if (*s == '+') {
		s++;
		ret->has_more = ml_take_number(&s, &ret->more);
		if (!ret->has_more)
			return false;
	}
	return !*s;
}

enum memlog_status ml_parse_at(const struct memlog_query *query,
			       const char *text, struct ml_query_at *ret,
			       struct memlog_err *err)
{
	const char *s = text;

	memset(ret, 0, sizeof(*ret));
	ret->has_space = take_space(&s, &ret->space);
	if (!address_take(query, &s, &ret->addr) ||
	    !address_take_rest(query, s, ret))
		return ml_fail(
			err, MEMLOG_INVALID,
			"\"%.40s\" is not an address: write 0x7e9b2000, "
			"with phys:, mach:, virt:, host: or file: before "
			"it where the image has several",
			text);
	return MEMLOG_OK;
}

enum memlog_status ml_parse_range(struct memlog_query *query, const char *text,
				  struct memlog_err *err)
{
	enum memlog_space space = MEMLOG_PHYS;
	struct memlog_range r = { 0, 0 };
	const char *s = text;
	bool has_space, ok;
	char sign;

	if (query->n_ranges == ML_QUERY_RANGES)
		return ml_fail(err, MEMLOG_LIMIT, "more than %d ranges",
			       ML_QUERY_RANGES);
	has_space = take_space(&s, &space);
	ok = address_take(query, &s, &r.start);
	sign = ok ? *s : '\0';
	if (sign == '-' || sign == '+') {
		s++;
		ok = address_take(query, &s, &r.end) && !*s;
		if (ok && sign == '+')
			ok = ml_add(r.start, r.end, &r.end);
	} else {
		ok = false;
	}
	if (!ok || r.start >= r.end)
		return ml_fail(err, MEMLOG_INVALID,
			       "\"%.40s\" is not a range: write START-END or "
			       "START+SIZE, such as 0x7e000000-0x80000000 or "
			       "2G+64M; END is not part of it",
			       text);
	if (query->n_ranges && (has_space != query->ranges_in_space ||
				(has_space && space != query->ranges_space)))
		return ml_fail(err, MEMLOG_INVALID,
			       "all ranges must be of one address space");
	query->ranges_in_space = has_space;
	query->ranges_space = space;
	query->ranges[query->n_ranges++] = r;
	return MEMLOG_OK;
}
