/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* jsonslice.c - parts of a large JSON text. */
#include "jsonslice.h"

#include <string.h>

#include "base/limits.h"

/* The first byte of a text from at on that is not white space; len: there is none. */
static size_t jsonslice_skip(const char *text, size_t len, size_t at)
{
	while (at < len && text[at] && strchr(" \t\r\n", text[at]))
		at++;
	return at;
}

/* The end of the string that begins at at; 0: it is cut off. */
static size_t jsonslice_string(const char *text, size_t len, size_t at)
{
	for (at++; at < len; at++)
		if (text[at] == '\\')
			at++;
		else if (text[at] == '"')
			return at + 1;
	return 0;
}

/* The end of the value that begins at at; 0: it is cut off. */
static size_t jsonslice_value(const char *text, size_t len, size_t at)
{
	size_t depth = 0, begin = at;

	while (at < len) {
		switch (text[at]) {
		case '"':
			at = jsonslice_string(text, len, at);
			if (!at || !depth)
				return at;
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (!depth)
				return at > begin ? at : 0;
			if (!--depth)
				return at + 1;
			break;
		case ',':
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			if (!depth)
				return at > begin ? at : 0;
			break;
		}
		at++;
	}
	return 0;
}

struct ml_json_slice ml_json_slice(const char *text, size_t len)
{
	size_t at = jsonslice_skip(text, len, 0);
	size_t end = jsonslice_value(text, len, at);

	return (struct ml_json_slice){ text + at, end ? end - at : 0 };
}

bool ml_json_slice_next(struct ml_json_slice object, size_t *at,
			struct ml_json_slice *ret_key,
			struct ml_json_slice *ret)
{
	const char *p = object.text;
	size_t len = object.len, i, end;

	if (!len || *p != '{')
		return false;
	i = jsonslice_skip(p, len, *at ? *at : 1);
	if (*at && i < len && p[i] == ',')
		i = jsonslice_skip(p, len, i + 1);
	if (i == len || p[i] != '"')
		return false;
	end = jsonslice_string(p, len, i);
	if (!end)
		return false;
	*ret_key = (struct ml_json_slice){ p + i + 1, end - i - 2 };
	i = jsonslice_skip(p, len, end);
	if (i == len || p[i] != ':')
		return false;
	*ret = ml_json_slice(p + i + 1, len - i - 1);
	*at = (size_t)(ret->text - p) + ret->len;
	return ret->len;
}

struct ml_json_slice ml_json_slice_at(struct ml_json_slice object,
				      const char *key)
{
	struct ml_json_slice name, value;
	size_t at = 0, len = strlen(key);

	while (ml_json_slice_next(object, &at, &name, &value))
		if (name.len == len && !memcmp(name.text, key, len))
			return value;
	return (struct ml_json_slice){ NULL, 0 };
}

size_t ml_json_values(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += text[i] == '{' ? ML_JSON_OBJECT :
				      text[i] == ',' || text[i] == '[';
	return n;
}
