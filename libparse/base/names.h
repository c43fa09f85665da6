/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* names.h - lists of names with commas between them. */
#ifndef ML_BASE_NAMES_H
#define ML_BASE_NAMES_H

#include <stdbool.h>

/* Is name in the list? NULL list: yes. */
bool ml_name_in_list(const char *list, const char *name);

#endif
