/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* msg.c - parse the prefix of a message in ACRN's log. */
#include "msg.h"

#include <string.h>

#include "base/bytes.h"

struct reader {
	const uint8_t *p;
	size_t len, at;
};

static bool acrn_msg_take(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if (n > r->len - r->at || memcmp(r->p + r->at, text, n))
		return false;
	r->at += n;
	return true;
}

/* 1 to 20 decimal digits, value at most max. */
static bool acrn_msg_number(struct reader *r, uint64_t max, uint64_t *ret)
{
	size_t start = r->at;
	uint64_t v = 0, digit;

	for (; r->at < r->len; r->at++) {
		digit = (uint64_t)r->p[r->at] - '0';
		if (digit > 9)
			break;
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*ret = v;
	return r->at > start && v <= max;
}

static bool acrn_msg_name(struct reader *r, struct ml_acrn_head *ret)
{
	size_t start = r->at;

	while (r->at < r->len && r->p[r->at] != ']')
		if (r->p[r->at] < ' ' || ++r->at - start > ML_ACRN_NAME_MAX)
			return false;
	ret->name_off = start;
	ret->name_len = r->at - start;
	return true;
}

bool ml_acrn_head_parse(const uint8_t *p, size_t len, struct ml_acrn_head *ret)
{
	struct reader r = { p, len, 0 };
	uint64_t cpu, sev, seq;

	if (!len || p[0] != '[')
		return false;
	memset(ret, 0, sizeof(*ret));
	if (!acrn_msg_take(&r, "[") ||
	    !acrn_msg_number(&r, UINT64_MAX, &ret->us) ||
	    !acrn_msg_take(&r, "us][cpu=") ||
	    !acrn_msg_number(&r, UINT16_MAX, &cpu) || !acrn_msg_take(&r, "]["))
		return false;
	if (!acrn_msg_take(&r, "sev=")) {
		if (!acrn_msg_name(&r, ret) || !acrn_msg_take(&r, "][sev="))
			return false;
	}
	if (!acrn_msg_number(&r, UINT32_MAX, &sev) ||
	    !acrn_msg_take(&r, "][seq=") ||
	    !acrn_msg_number(&r, UINT32_MAX, &seq) || !acrn_msg_take(&r, "]:"))
		return false;
	ret->cpu = (uint32_t)cpu;
	ret->sev = (uint32_t)sev;
	ret->seq = (uint32_t)seq;
	ret->len = r.at;
	return true;
}

uint32_t ml_acrn_level(uint32_t sev)
{
	/* ACRN: banners of the hypervisor, always shown */
	static const uint8_t level[] = { 0, 2, 5, 3, 4, 6, 7 };

	return sev < sizeof(level) ? level[sev] : 7;
}

/* "tsc_hz=1881600000" or "tsc_khz = 1881600" in a line. */
uint64_t ml_acrn_rate(const uint8_t *p, size_t len)
{
	static const struct {
		const char *word;
		uint64_t unit;
	} rates[] = {
		{ "tsc_hz", 1 },
		{ "tsc_khz", 1000 },
	};
	const uint8_t *end = p + len, *at;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		at = memmem(p, len, rates[i].word, strlen(rates[i].word));
		if (!at)
			continue;
		for (at += strlen(rates[i].word);
		     at < end && (*at == ' ' || *at == '=' || *at == ':'); at++)
			;
		for (v = 0; at < end && *at >= '0' && *at <= '9' &&
			    v < UINT64_MAX / 100000;
		     at++)
			v = v * 10 + (uint64_t)(*at - '0');
		/* 10 MHz to 100 GHz: anything else is not a rate */
		if (ml_mul(v, rates[i].unit, &v) && v >= 10000000 &&
		    v <= UINT64_C(100000000000))
			return v;
	}
	return 0;
}
