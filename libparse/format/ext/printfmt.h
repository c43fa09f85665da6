/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* printfmt.h - is the print format of an event one that can be given to a library
 * that trusts it? */
#ifndef ML_FORMAT_EXT_PRINTFMT_H
#define ML_FORMAT_EXT_PRINTFMT_H

#include <stdbool.h>

/*
 * format is the text of an event's file format in tracefs. True if its print format
 * is an expression without a mistake in the part of the language that is listed in
 * printfmt.c, uses only fields that the event has, and can neither read beyond them,
 * divide by zero, nor write or nest without a limit.
 */
bool ml_printfmt_is_safe(const char *format);

#endif
