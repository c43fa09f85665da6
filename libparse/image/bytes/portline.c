/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portline.c - write and parse the lines of a capture of debug ports. */
#include "portline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/date.h"
#include "portmark.h"

#define CAPTURE	  "capture: "
#define BEGAN	  "began "
#define MONOTONIC ", monotonic "
#define AGAIN	  "restart of "
#define NO_NAME	  "the guest"

enum { SECOND = 1000000000, DIGITS = 9, PORT_DIGITS = 4, DAY_SECONDS = 86400 };

/* What is left of a line. */
struct portline_rest {
	const uint8_t *p;
	size_t len;
};

static void portline_go(struct portline_rest *r, size_t n)
{
	r->p += n;
	r->len -= n;
}

static bool portline_skip(struct portline_rest *r, const char *text)
{
	size_t n = strlen(text);

	if (r->len < n || memcmp(r->p, text, n))
		return false;
	portline_go(r, n);
	return true;
}

/* From min to max decimal digits; false also above 64 bits. */
static bool portline_number(struct portline_rest *r, size_t min, size_t max,
			    uint64_t *ret)
{
	bool ok = true;
	size_t n = 0;

	for (*ret = 0;
	     n < max && n < r->len && r->p[n] >= '0' && r->p[n] <= '9'; n++)
		ok = ok && ml_mul(*ret, 10, ret) &&
		     ml_add(*ret, r->p[n] - '0', ret);
	portline_go(r, n);
	return ok && n >= min;
}

/* Hexadecimal with 0x, from 1 to max digits, in lower case. */
static bool portline_hex(struct portline_rest *r, size_t max, uint32_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;
	size_t n = 0;

	*ret = 0;
	if (!portline_skip(r, "0x"))
		return false;
	for (; n < max && n < r->len; n++) {
		d = memchr(digits, r->p[n], sizeof(digits) - 1);
		if (!d)
			break;
		*ret = *ret << 4 | (uint32_t)(d - digits);
	}
	portline_go(r, n);
	return n;
}

/* Seconds with nine digits after the dot. */
static bool portline_seconds(struct portline_rest *r, uint64_t *ret)
{
	uint64_t s, ns;

	return portline_number(r, 1, 20, &s) && portline_skip(r, ".") &&
	       portline_number(r, DIGITS, DIGITS, &ns) &&
	       ml_mul(s, SECOND, ret) && ml_add(*ret, ns, ret);
}

static bool portline_date(struct portline_rest *r, uint64_t *ret)
{
	uint64_t y, mon, d, h, min, s, ns, all;

	if (!portline_number(r, 4, 4, &y) || !portline_skip(r, "-") ||
	    !portline_number(r, 2, 2, &mon) || !portline_skip(r, "-") ||
	    !portline_number(r, 2, 2, &d) || !portline_skip(r, "T") ||
	    !portline_number(r, 2, 2, &h) || !portline_skip(r, ":") ||
	    !portline_number(r, 2, 2, &min) || !portline_skip(r, ":") ||
	    !portline_number(r, 2, 2, &s) || !portline_skip(r, ".") ||
	    !portline_number(r, DIGITS, DIGITS, &ns) || !portline_skip(r, "Z"))
		return false;
	if (y < 1970 || !mon || mon > 12 || !d || d > 31 || h > 23 ||
	    min > 59 || s > 59)
		return false;
	all = ml_days(y, mon, d) * DAY_SECONDS + h * 3600 + min * 60 + s;
	return ml_mul(all, SECOND, &all) && ml_add(all, ns, ret);
}

void ml_port_date(uint64_t wall_ns, char buf[ML_PORT_DATE])
{
	uint64_t s = wall_ns / SECOND, day = s % DAY_SECONDS;
	unsigned int y, m, d;

	ml_date(s / DAY_SECONDS, &y, &m, &d);
	snprintf(buf, ML_PORT_DATE, "%04u-%02u-%02uT%02u:%02u:%02u.%09uZ", y, m,
		 d, (unsigned int)(day / 3600), (unsigned int)(day / 60 % 60),
		 (unsigned int)(day % 60), (unsigned int)(wall_ns % SECOND));
}

static bool portline_name_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* How many bytes of p are a name; 0: none. */
static size_t portline_name(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && n < ML_PORT_VM &&
	       (portline_name_char(p[n]) || (n && memchr(".-_", p[n], 3))))
		n++;
	return n < ML_PORT_VM ? n : 0;
}

bool ml_port_vm_valid(const char *name, size_t len)
{
	/* they would be taken for ports */
	if ((len == 4 && !memcmp(name, "text", len)) ||
	    (len > 1 && !memcmp(name, "0x", 2)))
		return false;
	return len && portline_name((const uint8_t *)name, len) == len;
}

static void portline_take_vm(struct portline_rest *r, struct ml_port_line *ret)
{
	ret->vm = r->p;
	ret->vm_len = portline_name(r->p, r->len);
	portline_go(r, ret->vm_len);
}

/* After "capture: ". */
static bool portline_own(struct portline_rest r, struct ml_port_line *ret)
{
	ret->kind = ML_PORT_NOTE;
	if (portline_skip(&r, BEGAN)) {
		if (portline_date(&r, &ret->wall_ns) &&
		    portline_skip(&r, MONOTONIC) &&
		    portline_seconds(&r, &ret->monotonic_ns))
			ret->kind = ML_PORT_BEGAN;
	} else if (portline_skip(&r, AGAIN)) {
		ret->kind = ML_PORT_AGAIN;
		if (!portline_skip(&r, NO_NAME))
			portline_take_vm(&r, ret);
	}
	return true;
}

/* After the port. */
static bool portline_content(struct portline_rest *r, struct ml_port_line *ret)
{
	if (ret->has_port && portline_skip(r, " = ")) {
		ret->kind = ML_PORT_MARK;
		if (!portline_hex(r, 2, &ret->code) || !portline_skip(r, " "))
			return false;
		ret->component = ml_port_component(ret->code);
		return portline_skip(r, ret->component) &&
		       (!r->len || *r->p == '\r' || *r->p == '\n');
	}
	ret->kind = ML_PORT_TEXT;
	ret->goes_on = portline_skip(r, "+");
	return portline_skip(r, ": ");
}

static bool portline_port(struct portline_rest *r, struct ml_port_line *ret)
{
	ret->has_port = portline_hex(r, PORT_DIGITS, &ret->port);
	/* a machine's name may begin so */
	return ret->has_port ||
	       (r->len > 4 && (r->p[4] == ':' || r->p[4] == '+') &&
		portline_skip(r, "text"));
}

bool ml_port_line(const uint8_t *line, size_t len, struct ml_port_line *ret)
{
	struct portline_rest r = { line, len };

	*ret = (struct ml_port_line){ .kind = ML_PORT_NOTE };
	if (!portline_skip(&r, "["))
		return false;
	while (portline_skip(&r, " "))
		;
	if (!portline_seconds(&r, &ret->ns) || !portline_skip(&r, "] "))
		return false;
	ret->at = (size_t)(r.p - line);
	if (portline_skip(&r, CAPTURE))
		return portline_own(r, ret);
	if (!portline_port(&r, ret)) {
		portline_take_vm(&r, ret);
		if (!ret->vm_len || !portline_skip(&r, " ") ||
		    !portline_port(&r, ret))
			return false;
	}
	ret->at = (size_t)(r.p - line);
	if (!portline_content(&r, ret))
		return false;
	/* of a mark: after the equals sign */
	ret->at = ret->kind == ML_PORT_MARK ? ret->at + strlen(" = ") :
					      (size_t)(r.p - line);
	return true;
}

/* After the time. */
static int portline_put_own(const struct ml_port_line *l, char *buf,
			    size_t size)
{
	char date[ML_PORT_DATE];

	if (l->kind == ML_PORT_NOTE)
		return snprintf(buf, size, CAPTURE);
	if (l->kind == ML_PORT_AGAIN && l->vm_len)
		return snprintf(buf, size, CAPTURE AGAIN "%.*s\n",
				(int)l->vm_len, (const char *)l->vm);
	if (l->kind == ML_PORT_AGAIN)
		return snprintf(buf, size, CAPTURE AGAIN NO_NAME "\n");
	ml_port_date(l->wall_ns, date);
	return snprintf(buf, size,
			CAPTURE BEGAN "%s" MONOTONIC "%" PRIu64 ".%09" PRIu64
				      "\n",
			date, l->monotonic_ns / SECOND,
			l->monotonic_ns % SECOND);
}

size_t ml_port_line_put(const struct ml_port_line *l,
			char buf[2 * ML_PORT_PREFIX])
{
	char port[16] = "text";
	size_t size = 2 * ML_PORT_PREFIX, n;

	n = (size_t)snprintf(buf, size, "[%5" PRIu64 ".%09" PRIu64 "] ",
			     l->ns / SECOND, l->ns % SECOND);
	if (l->kind != ML_PORT_MARK && l->kind != ML_PORT_TEXT)
		return n + (size_t)portline_put_own(l, buf + n, size - n);
	if (l->has_port)
		snprintf(port, sizeof(port), "0x%" PRIx32, l->port & 0xffff);
	n += (size_t)snprintf(buf + n, size - n, "%.*s%s%s", (int)l->vm_len,
			      l->vm_len ? (const char *)l->vm : "",
			      l->vm_len ? " " : "", port);
	if (l->kind == ML_PORT_TEXT)
		return n + (size_t)snprintf(buf + n, size - n,
					    "%s: ", l->goes_on ? "+" : "");
	return n + (size_t)snprintf(buf + n, size - n,
				    " = 0x%02" PRIx32 " %s\n", l->code & 0xff,
				    ml_port_component(l->code & 0xff));
}
