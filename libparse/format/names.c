/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.c - a list of modules. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum memlog_status ml_names_add(struct memlog_names *names,
				const struct ml_module *module,
				struct memlog_err *err)
{
	enum memlog_status s;

	if (names->n == ML_MODULES)
		return MEMLOG_OK;
	s = ml_grow(&names->alloc, &names->list, names->n, &names->cap,
		    sizeof(*names->list), err);
	if (!s)
		names->list[names->n++] = *module;
	return s;
}

static int names_by_guid(const void *a, const void *b)
{
	const struct ml_module *x = a, *y = b;

	return strcmp(x->guid, y->guid);
}

void ml_names_sort(struct memlog_names *names)
{
	if (names->n)
		qsort(names->list, names->n, sizeof(*names->list),
		      names_by_guid);
}

const char *ml_names_find(const struct memlog_names *names, const char *guid)
{
	struct ml_module key = { 0 };
	const struct ml_module *m;
	size_t n = strlen(guid);

	if (!names || !names->n || n >= sizeof(key.guid))
		return NULL;
	memcpy(key.guid, guid, n + 1);
	m = bsearch(&key, names->list, names->n, sizeof(*names->list),
		    names_by_guid);
	return m ? m->name : NULL;
}

void memlog_names_free(struct memlog_names *names)
{
	struct memlog_allocator alloc;

	if (!names)
		return;
	alloc = names->alloc;
	ml_free(&alloc, names->list);
	ml_free(&alloc, names);
}
