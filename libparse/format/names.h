/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h - names of modules of firmware, by their GUIDs. */
#ifndef ML_FORMAT_NAMES_H
#define ML_FORMAT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

/* A GUID as text in lower case, and a name without ".efi". pending: only the GUID is
 * known yet. */
#define ML_MODULE_GUID 37
#define ML_MODULE_NAME 40
struct ml_module {
	char guid[ML_MODULE_GUID], name[ML_MODULE_NAME];
	bool pending;
};

/* Sorted by GUID once ml_names_sort() was called. */
struct memlog_names {
	struct memlog_allocator alloc;
	struct ml_module *list;
	size_t n, cap;
};

/* Add a module; beyond ML_MODULES it is dropped. NO_MEMORY. */
enum memlog_status ml_names_add(struct memlog_names *names,
				const struct ml_module *module,
				struct memlog_err *err);
void ml_names_sort(struct memlog_names *names);

/* The name for a GUID; NULL: it has none. names may be NULL. */
const char *ml_names_find(const struct memlog_names *names, const char *guid);

#endif
