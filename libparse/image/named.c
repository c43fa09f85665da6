/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* named.c - the logs that an extract names in a note. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
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

bool ml_note_names(const struct ml_note *n)
{
	return n->type == ML_NOTE_LOGS && !strcmp(n->owner, ML_NOTE_OWNER) &&
	       n->desc_len <= ML_NAMED_LINES * ML_NAMED_LINE;
}

/* Its first line, and the one after another; NULL: there is none. */
static const char *named_first(const struct memlog_image *image)
{
	const char *text =
		image->naming ? image->notes[image->naming - 1].text : "";

	return *text ? text : NULL;
}

static const char *named_next(const char *line)
{
	line = strchr(line, '\n');
	return line && line[1] ? line + 1 : NULL;
}

bool ml_image_named(const struct memlog_image *image, size_t index,
		    struct ml_named *ret)
{
	const char *line = named_first(image);

	while (line && index--)
		line = named_next(line);
	return line && named_parse(line, ret);
}

bool ml_image_named_word(const struct memlog_image *image, const char *word)
{
	const char *line = named_first(image);
	size_t i, len = strlen(word);

	for (i = 0; line && i < ML_NAMED_LINES; i++) {
		if (strcspn(line, " \n") == len && !strncmp(line, word, len))
			return true;
		line = named_next(line);
	}
	return false;
}

bool ml_named_space(const char *text, size_t len, enum memlog_space *ret,
		    uint32_t *ret_bias)
{
	char line[ML_NAMED_LINE];
	const char *end, *p;
	uint64_t bias;
	size_t n, i;

	*ret_bias = 0;
	for (i = 0; len && i < ML_NAMED_LINES; i++) {
		end = memchr(text, '\n', len);
		n = end ? (size_t)(end - text) : len;
		snprintf(line, sizeof(line), "%.*s",
			 (int)ml_min(n, sizeof(line) - 1), text);
		for (*ret = MEMLOG_VIRT; *ret <= MEMLOG_HOST; (*ret)++)
			if (!strcmp(line, memlog_space_name(*ret)))
				return true;
		p = line + 5;
		if (!strncmp(line, "file+", 5) && ml_take_number(&p, &bias) &&
		    !*p && bias < ML_PAGE) {
			*ret = MEMLOG_FILE;
			*ret_bias = (uint32_t)bias;
			return true;
		}
		n += end != NULL;
		text += n;
		len -= n;
	}
	return false;
}

bool ml_image_named_base(const struct memlog_image *image, uint64_t addr,
			 uint64_t *ret)
{
	const char *line = named_first(image);
	struct ml_named named;
	size_t i;

	for (i = 0; line && i < ML_NAMED_LOGS; i++) {
		if (!named_parse(line, &named))
			break;
		line = named_next(line);
		if (named.has_base && named.addr == addr) {
			*ret = named.base;
			return true;
		}
	}
	return false;
}
