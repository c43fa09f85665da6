/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h - comma-separated lists of names. */
#ifndef ML_BASE_NAMES_H
#define ML_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Is name in the list? A NULL list has every name. */
bool ml_name_in_list(const char *list, const char *name);

/* Append name to the list in a buffer of size bytes, "" when it is empty.
 * false: it does not fit, and the list is unchanged. */
bool ml_name_add(char *list, size_t size, const char *name);

#endif
