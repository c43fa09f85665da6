/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - all log formats. A new one is a file and a line here; --list uses
 * this order. */
#include "format.h"

#include <string.h>

#include "base/names.h"

#define FORMATS(X)     \
	X(ovmf)        \
	X(advlogger)   \
	X(acrn_log)    \
	X(acrn_trace)  \
	X(acrn_sbuf)   \
	X(xen_console) \
	X(xencons)     \
	X(xentrace)    \
	X(cbmem)       \
	X(cbmem_times) \
	X(opal)        \
	X(tboot)       \
	X(dlog)        \
	X(hyp_trace)   \
	X(ftrace)      \
	X(dmesg)       \
	X(ramoops)     \
	X(fpdt)        \
	X(tpm_log)     \
	X(debugport)

#define DECLARE(name) extern const struct ml_format ml_format_##name;
FORMATS(DECLARE)

#define ENTRY(name) &ml_format_##name,
const struct ml_format *const ml_formats[] = { FORMATS(ENTRY) NULL };
_Static_assert(sizeof(ml_formats) / sizeof(ml_formats[0]) - 1 <= 64,
	       "a set of formats has a bit for each");

const struct ml_format *ml_format_find(const char *name)
{
	size_t i;

	for (i = 0; ml_formats[i]; i++)
		if (!strcmp(ml_formats[i]->name, name))
			return ml_formats[i];
	return NULL;
}

bool ml_format_asked(const char *list, const struct ml_format *fmt)
{
	if (!list)
		return !fmt->say.on_request;
	return ml_format_named(list, fmt) ||
	       ml_name_in_list(list, ML_FORMATS_ALL);
}

bool ml_format_named(const char *list, const struct ml_format *fmt)
{
	return list && ml_name_in_list(list, fmt->name);
}

unsigned int ml_format_index(const struct ml_format *fmt)
{
	unsigned int i = 0;

	while (ml_formats[i] && ml_formats[i] != fmt)
		i++;
	return i;
}

uint64_t ml_format_bit(const struct ml_format *fmt)
{
	return UINT64_C(1) << ml_format_index(fmt);
}

bool memlog_format_get(size_t index, const char **ret_name,
		       const char **ret_title)
{
	if (index >= sizeof(ml_formats) / sizeof(ml_formats[0]) - 1)
		return false;
	*ret_name = ml_formats[index]->name;
	*ret_title = ml_formats[index]->title;
	return true;
}
