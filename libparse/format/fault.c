/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fault.c - take lines about failures apart. */
#include "fault.h"

#include <string.h>

#include "base/bytes.h"

struct ml_words ml_words_trim(struct ml_words w)
{
	while (w.len && (w.at[w.len - 1] <= ' '))
		w.len--;
	while (w.len && *w.at <= ' ') {
		w.at++;
		w.len--;
	}
	return w;
}

struct ml_words ml_words_of(const struct memlog_record *rec)
{
	struct ml_words w = { rec->text, rec->text_len };

	if (rec->message)
		w = (struct ml_words){ rec->message, rec->message_len };
	return ml_words_trim(w);
}

bool ml_words_skip(struct ml_words *w, const char *word)
{
	size_t n = strlen(word);

	if (w->len < n || memcmp(w->at, word, n) != 0)
		return false;
	w->at += n;
	w->len -= n;
	return true;
}

static void words_cut(struct ml_words w, const uint8_t *at, size_t n,
		      struct ml_words *ret_before, struct ml_words *ret_after)
{
	size_t before = (size_t)(at - w.at);

	if (ret_before)
		*ret_before = (struct ml_words){ w.at, before };
	if (ret_after)
		*ret_after = (struct ml_words){ at + n, w.len - before - n };
}

bool ml_words_split(struct ml_words w, const char *word,
		    struct ml_words *ret_before, struct ml_words *ret_after)
{
	size_t n = strlen(word);
	const uint8_t *at = w.len ? memmem(w.at, w.len, word, n) : NULL;

	if (at)
		words_cut(w, at, n, ret_before, ret_after);
	return at;
}

bool ml_words_split_last(struct ml_words w, const char *word,
			 struct ml_words *ret_before,
			 struct ml_words *ret_after)
{
	size_t n = strlen(word), i;

	for (i = w.len < n ? 0 : w.len - n + 1; i; i--)
		if (!memcmp(w.at + i - 1, word, n)) {
			words_cut(w, w.at + i - 1, n, ret_before, ret_after);
			return true;
		}
	return false;
}

bool ml_words_number(struct ml_words *w, unsigned int base, uint64_t *ret)
{
	unsigned int digit;
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < w->len; i++) {
		if (w->at[i] >= '0' && w->at[i] <= '9')
			digit = (unsigned int)w->at[i] - '0';
		else if ((w->at[i] | 0x20) >= 'a' && (w->at[i] | 0x20) <= 'f')
			digit = ((unsigned int)w->at[i] | 0x20) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		if (!ml_mul(v, base, &v) || !ml_add(v, digit, &v))
			return false;
	}
	w->at += i;
	w->len -= i;
	*ret = v;
	return i;
}

bool ml_fault_function(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words name, offset;

	if (!ml_words_split(w, "+0x", &name, &offset) ||
	    !ml_words_number(&offset, 16, &ret->number))
		return false;
	ret->has_number = true;
	ret->where = name;
	ml_words_split_last(name, " ", NULL, &ret->where);
	ml_words_split_last(ret->where, ":", NULL, &ret->where);
	return ret->where.len;
}
