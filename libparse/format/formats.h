/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* formats.h - all log formats, by name. */
#ifndef ML_FORMAT_FORMATS_H
#define ML_FORMAT_FORMATS_H

#include <stdbool.h>
#include <stdint.h>

struct ml_format;

/* Size of a buffer for a list of the names of all formats. */
#define ML_FORMAT_NAMES 256

/* All formats, ended by NULL. format/table.c */
extern const struct ml_format *const ml_formats[];

/* The format of that name, or NULL. */
const struct ml_format *ml_format_find(const char *name);

/* Does a list of formats ask for this one? NULL asks for all but those that are
 * printed on request. */
bool ml_format_asked(const char *list, const struct ml_format *fmt);

/* Does it name it? */
bool ml_format_named(const char *list, const struct ml_format *fmt);

/* In a list: all formats. */
#define ML_FORMATS_ALL "all"

/* A format's index in that table, below ML_FORMATS. */
#define ML_FORMATS 64
unsigned int ml_format_index(const struct ml_format *fmt);

/* That index as a bit, for sets of formats. */
uint64_t ml_format_bit(const struct ml_format *fmt);

#endif
