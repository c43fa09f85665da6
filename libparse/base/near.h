/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* near.h - guess which name a mistyped one was meant to be. */
#ifndef ML_BASE_NEAR_H
#define ML_BASE_NEAR_H

#include <stddef.h>

struct ml_near {
	const char *typed;
	const char *best; /* NULL: none is near */
	size_t distance;  /* its distance from typed, in mistakes */
};

/* Start with the word that was typed, then offer names; both are borrowed. One
 * mistake per three letters is allowed: a letter too many, missing, wrong, or
 * swapped with the next. Of several equally near names the first is the
 * best. */
void ml_near_init(struct ml_near *near, const char *typed);
void ml_near_add(struct ml_near *near, const char *name);

#endif
