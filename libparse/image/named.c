/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* named.c - the logs that an extract names in a note. */
#include <string.h>

#include "base/limits.h"
#include "base/number.h"
#include "image.h"

/* A line "FORMAT ADDR [BASE]". */
static bool named_parse(const char *line, struct ml_named *ret)
{
	const char *p;

	*ret = (struct ml_named){ .format = line };
	ret->format_len = strcspn(line, " \n");
	p = line + ret->format_len;
	if (*p != ' ')
		return false;
	p++;
	if (!ml_take_number(&p, &ret->addr))
		return false;
	if (*p == ' ') {
		p++;
		ret->has_base = ml_take_number(&p, &ret->base) &&
				ret->base <= ret->addr;
	}
	return true;
}

bool ml_image_named(const struct memlog_image *image, size_t index,
		    struct ml_named *ret)
{
	const char *line;
	size_t i;

	for (i = 0; i < image->n_notes; i++) {
		const struct ml_note *n = &image->notes[i];

		if (n->type != ML_NOTE_LOGS ||
		    strcmp(n->owner, ML_NOTE_OWNER) ||
		    n->desc_len > ML_NAMED_LINES * ML_NAMED_LINE)
			continue;
		for (line = n->text; line && *line; index--) {
			if (!index)
				return named_parse(line, ret);
			line = strchr(line, '\n');
			if (line)
				line++;
		}
		return false;
	}
	return false;
}

bool ml_image_named_word(const struct memlog_image *image, const char *word)
{
	struct ml_named named;
	size_t i;

	for (i = 0; i < ML_NAMED_LINES; i++) {
		named.format = NULL;
		if (!ml_image_named(image, i, &named) && !named.format)
			break;
		if (named.format_len == strlen(word) &&
		    !strncmp(named.format, word, named.format_len))
			return true;
	}
	return false;
}

bool ml_image_named_base(const struct memlog_image *image, uint64_t addr,
			 uint64_t *ret)
{
	struct ml_named named;
	size_t i;

	for (i = 0; i < ML_NAMED_LOGS; i++) {
		if (!ml_image_named(image, i, &named))
			break;
		if (named.has_base && named.addr == addr) {
			*ret = named.base;
			return true;
		}
	}
	return false;
}
