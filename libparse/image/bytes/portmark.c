/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portmark.c - find marks in the lines of Cloud Hypervisor and Firecracker. */
#include "portmark.h"

#include <string.h>

#include "base/bytes.h"

#define MARK	   "[Debug I/O port: "
#define BOOT_TIMER "Guest-boot-time = "
#define MONITOR	   "cloud-hypervisor: "

enum { PORT = 0x80, BOOT_CODE = 123, WORD_MAX = 15, SECOND = 1000000 };

/* What is left of a line. */
struct portmark_rest {
	const uint8_t *p;
	size_t len;
};

static bool portmark_skip(struct portmark_rest *r, const char *text)
{
	size_t n = strlen(text);

	if (r->len < n || memcmp(r->p, text, n))
		return false;
	r->p += n;
	r->len -= n;
	return true;
}

/* A decimal number. Returns its digits, 0: there is none; *ok is cleared if it is
 * above 64 bits. */
static size_t portmark_number(struct portmark_rest *r, uint64_t *ret, bool *ok)
{
	size_t n = 0;

	for (*ret = 0; n < r->len && r->p[n] >= '0' && r->p[n] <= '9'; n++)
		*ok &= ml_mul(*ret, 10, ret) &&
		       ml_add(*ret, r->p[n] - '0', ret);
	r->p += n;
	r->len -= n;
	return n;
}

static int portmark_hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
				      -1;
}

/* One byte, without leading zeros. */
static bool portmark_code(struct portmark_rest *r, uint32_t *ret)
{
	size_t n;

	*ret = 0;
	for (n = 0; n < r->len && n < 2 && portmark_hex(r->p[n]) >= 0; n++)
		*ret = *ret << 4 | (uint32_t)portmark_hex(r->p[n]);
	r->p += n;
	r->len -= n;
	return n;
}

const char *ml_port_component(uint32_t code)
{
	static const char *const names[] = { "firmware", "bootloader", "kernel",
					     "userspace", "custom" };

	return names[ml_min(code >> 5, 4)];
}

/* The word for the code's range, spelled our way; "other" if the line has another
 * word. */
static const char *portmark_component(uint32_t code, const uint8_t *word,
				      size_t len)
{
	const char *name = ml_port_component(code);
	size_t i;

	if (strlen(name) != len)
		return "other";
	for (i = 0; i < len; i++)
		if ((word[i] | 0x20) != name[i])
			return "other";
	return name;
}

/*
 * What follows the dot are all microseconds, not those of the last second: 1.1500000
 * is one and a half seconds. A writer that does it right has six digits, which are no
 * more than a second's.
 */
static bool portmark_seconds(struct portmark_rest *r, struct ml_port_mark *ret)
{
	uint64_t s, us, all;
	const uint8_t *from = r->p;
	bool ok = true;
	size_t n;

	if (!portmark_number(r, &s, &ok) || !portmark_skip(r, "."))
		return false;
	n = portmark_number(r, &us, &ok);
	ret->digits = (size_t)(r->p - from);
	if (!n || !portmark_skip(r, " seconds"))
		return false;
	ret->has_time = ok && n >= 6 && us / SECOND == s;
	ret->us = us;
	if (ok && n == 6 && !ret->has_time && ml_mul(s, SECOND, &all))
		ret->has_time = ml_add(all, us, &ret->us);
	return true;
}

static bool portmark_parse(const uint8_t *line, struct portmark_rest r,
			   struct ml_port_mark *ret)
{
	const uint8_t *word = r.p;
	size_t n = 0;

	while (n < r.len && n < WORD_MAX && (r.p[n] | 0x20) >= 'a' &&
	       (r.p[n] | 0x20) <= 'z')
		n++;
	r.p += n;
	r.len -= n;
	if (!n || !portmark_skip(&r, " code"))
		return false;
	/* on Arm, where it is a register of the serial port */
	ret->port = portmark_skip(&r, ":") ? 0 : PORT;
	if (!portmark_skip(&r, " 0x") || !portmark_code(&r, &ret->code) ||
	    !portmark_skip(&r, "] "))
		return false;
	ret->component = portmark_component(ret->code, word, n);
	ret->digits_at = (size_t)(r.p - line);
	return portmark_seconds(&r, ret);
}

/* Microseconds and milliseconds, and in newer versions the same of the CPU. */
static bool portmark_boot_timer(const uint8_t *line, struct portmark_rest r,
				struct ml_port_mark *ret)
{
	bool ok = true, cpu_ok = true;
	uint64_t ms;

	(void)line;
	while (portmark_skip(&r, " "))
		;
	if (!portmark_number(&r, &ret->us, &ok) || !portmark_skip(&r, " us ") ||
	    !portmark_number(&r, &ms, &ok) || !portmark_skip(&r, " ms"))
		return false;
	ret->has_time = ok;
	ret->boot_timer = true;
	ret->code = BOOT_CODE;
	ret->component = "userspace";
	if (!portmark_skip(&r, ","))
		return true;
	while (portmark_skip(&r, " "))
		;
	ret->has_cpu = portmark_number(&r, &ret->cpu_us, &cpu_ok) && cpu_ok &&
		       portmark_skip(&r, " CPU us");
	return true;
}

bool ml_port_mark_find(const uint8_t *line, size_t len,
		       struct ml_port_mark *ret)
{
	static const struct {
		const char *text;
		bool (*parse)(const uint8_t *line, struct portmark_rest r,
			      struct ml_port_mark *ret);
	} kinds[] = { { MARK, portmark_parse },
		      { BOOT_TIMER, portmark_boot_timer } };
	const uint8_t *p, *end = line + len;
	size_t i, n;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = strlen(kinds[i].text);
		for (p = line;
		     (p = memmem(p, (size_t)(end - p), kinds[i].text, n));
		     p += n) {
			struct portmark_rest r = { p + n,
						   (size_t)(end - p) - n };

			*ret = (struct ml_port_mark){ .at = (size_t)(p -
								     line) };
			if (kinds[i].parse(line, r, ret))
				return true;
		}
	}
	return false;
}

/* A number and a unit, as in 19.762449ms; digits after the sixth of a second are
 * dropped. */
static bool portmark_duration(struct portmark_rest *r, uint64_t *ret_us)
{
	static const struct {
		const char *name;
		uint64_t us; /* 0: a thousandth */
	} units[] = { { "s", SECOND },
		      { "ms", 1000 },
		      { "\xc2\xb5s", 1 },
		      { "us", 1 },
		      { "ns", 0 } };
	uint64_t whole, part = 0, of = 1;
	bool ok = true;
	size_t i;

	if (!portmark_number(r, &whole, &ok))
		return false;
	if (portmark_skip(r, "."))
		for (; r->len && *r->p >= '0' && *r->p <= '9'; r->p++, r->len--)
			if (of < SECOND) {
				part = part * 10 + (uint64_t)(*r->p - '0');
				of *= 10;
			}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (portmark_skip(r, units[i].name)) {
			*ret_us = whole / 1000;
			return ok && (!units[i].us ||
				      (ml_mul(whole, units[i].us, ret_us) &&
				       ml_add(*ret_us, part * units[i].us / of,
					      ret_us)));
		}
	return false;
}

bool ml_port_monitor_line(const uint8_t *line, size_t len, bool last,
			  size_t *ret, uint64_t *ret_us)
{
	const uint8_t *p = line, *end = line + len;
	bool any = false;
	uint64_t us;

	while ((!any || last) &&
	       (p = memmem(p, (size_t)(end - p), MONITOR, strlen(MONITOR)))) {
		struct portmark_rest r = { p, (size_t)(end - p) };

		portmark_skip(&r, MONITOR);
		while (portmark_skip(&r, " "))
			;
		if (portmark_duration(&r, &us) && portmark_skip(&r, ": ")) {
			any = true;
			*ret = (size_t)(p - line);
			*ret_us = us;
		}
		p += strlen(MONITOR);
	}
	return any;
}

/* The name that ends at end: a word. */
static size_t portmark_name(const uint8_t *line, const uint8_t *end)
{
	const uint8_t *p = end;

	while (p > line && p[-1] > ' ' && p[-1] < 0x7f)
		p--;
	return (size_t)(end - p);
}

bool ml_port_process(const uint8_t *line, size_t len, size_t *ret,
		     uint64_t *ret_process, bool *ret_monitor)
{
	static const char *const monitors[] = { "cloud-hypervisor",
						"firecracker" };
	const uint8_t *p = line, *end = line + len;
	size_t i, n;
	bool ok = true;

	for (; (p = memchr(p, '[', (size_t)(end - p))); p++) {
		struct portmark_rest r = { p + 1, (size_t)(end - p) - 1 };

		n = portmark_name(line, p);
		ok = true;
		if (!n || !portmark_number(&r, ret_process, &ok) || !ok ||
		    !portmark_skip(&r, "]: "))
			continue;
		*ret = (size_t)(r.p - line);
		*ret_monitor = false;
		for (i = 0; i < sizeof(monitors) / sizeof(monitors[0]); i++)
			*ret_monitor |= n == strlen(monitors[i]) &&
					!memcmp(p - n, monitors[i], n);
		return true;
	}
	return false;
}
