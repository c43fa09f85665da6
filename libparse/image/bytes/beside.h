/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* beside.h - files that belong together: the same name with other extensions. */
#ifndef ML_IMAGE_BESIDE_H
#define ML_IMAGE_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

/* Has the path this extension, such as ".bin", in any case? */
bool ml_beside_is(const char *path, const char *ext);

/* The path with another extension of the same length in place of its own. False: there
 * is no such file, or ret of len bytes is too short. */
bool ml_beside_find(const char *path, const char *ext, char *ret, size_t len);

#endif
