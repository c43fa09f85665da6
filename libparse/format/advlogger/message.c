/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* message.c - parse the two headers of messages. Each is looked at by itself: one log may
 * have both. */
#include <string.h>

#include "advlogger.h"

bool ml_advlogger_signed(const uint8_t *p, size_t n)
{
	return n >= 4 && (!memcmp(p, "ALMS", 4) || !memcmp(p, "ALM2", 4));
}

bool ml_advlogger_message(const uint8_t *p, size_t n, uint64_t at,
			  uint64_t limit, struct adv_message *ret)
{
	uint32_t header = ADV_ALMS;
	uint64_t end;

	if (!ml_advlogger_signed(p, n) || n < header)
		return false;
	*ret = (struct adv_message){ .at = at };
	if (p[3] == 'S') {
		ret->level = ml_le32(p + 4);
		ret->stamp = ml_le64(p + 8);
		ret->len = ml_le16(p + 16);
	} else {
		if (n < ADV_ALM2)
			return false;
		ret->level = ml_le32(p + 6);
		ret->stamp = ml_le64(p + 10);
		ret->phase = ml_le16(p + 18);
		ret->len = ml_le16(p + 20);
		header = ml_le16(p + 22);
		if (header < ADV_ALM2)
			return false;
	}
	ret->text = at + header;
	end = ret->text + ret->len;
	if (end > limit)
		return false;
	ret->end = ml_min((end + ADV_ALIGN - 1) / ADV_ALIGN * ADV_ALIGN, limit);
	return true;
}
