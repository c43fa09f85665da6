/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cleaned.h - guest text without what differs from one machine and run to the next. */
#ifndef ML_RECORD_CLEANED_H
#define ML_RECORD_CLEANED_H

#include "format/fault.h"

/*
 * All write printable ASCII, NUL-terminated, cut to size bytes: blanks become one space,
 * other bytes '?'.
 *
 * ml_cleaned_text: as it is. ml_cleaned_message: numbers are '#': hexadecimal ones after 0x,
 * those of at least four digits with a decimal one or of at least eight, also before an h,
 * decimal ones,
 * also of CPUs and domains (CPU3, d1v0), but no other digits in a word; a GUID stays, unless
 * it names a partition in a device path. ml_cleaned_path: of a source file or module: from the last
 * directory whose name ends in "Pkg"; if there is none, a relative path stays, and of others
 * the name. ml_cleaned_name: the last part of a path without what comes after its last dot.
 */
void ml_cleaned_text(struct ml_words w, char *ret, size_t size);
void ml_cleaned_message(struct ml_words w, char *ret, size_t size);
void ml_cleaned_path(struct ml_words w, char *ret, size_t size);
void ml_cleaned_name(struct ml_words w, char *ret, size_t size);

#endif
