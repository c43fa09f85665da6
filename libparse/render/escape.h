/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * escape.h - make guest bytes safe to display.
 *
 * C0 controls except TAB and LF, DEL, C1 and invalid UTF-8 become \xNN (one for
 * each byte); bidirectional controls, line and paragraph separators, and other
 * invisible format characters that can reorder or hide text become \u{N}. Valid
 * UTF-8 stays. A backslash stays too: the output is for reading, not for
 * parsing; JSON has its own form.
 */
#ifndef ML_RENDER_ESCAPE_H
#define ML_RENDER_ESCAPE_H

#include "out.h"

/* The length of the valid, harmless UTF-8 sequence at p (1..4); 0 if the byte
 * at p must be escaped; len >= 1. TAB and LF are harmless. *ret_codepoint (may
 * be NULL) is written only if the result is not 0. */
size_t ml_utf8_len(const uint8_t *p, size_t len, uint32_t *ret_codepoint);

/* Write len guest bytes to out as safe text. keep_lf false: LF is escaped too
 * (for one-line contexts such as --list). */
void ml_escape_text(struct ml_out *out, const uint8_t *p, size_t len,
		    bool keep_lf);

/* The same with LF for CR LF: the ends of lines in text of firmware. */
void ml_escape_lines(struct ml_out *out, const uint8_t *p, size_t len);

/* The same for a NUL-terminated string, on one line. */
void ml_escape_str(struct ml_out *out, const char *s);

/* The same into a buffer, NUL-terminated: truncated between characters to fit size
 * bytes, at least 1. */
void ml_escape_cut(const uint8_t *p, size_t len, char *ret, size_t size);

/* How many bytes ml_escape_text() would write. */
size_t ml_escaped_len(const uint8_t *p, size_t len, bool keep_lf);

/* The inside of a JSON string (no quotes). The bytes should be valid UTF-8: any
 * that are not become U+FFFD. What ml_escape_text() escapes is \uNNNN here. */
void ml_escape_json(struct ml_out *out, const uint8_t *p, size_t len);

/* Is all of it valid UTF-8 (controls allowed)? */
bool ml_utf8_valid(const uint8_t *p, size_t len);

/* The number of bytes at the end of p, at most 3, that start a UTF-8 sequence
 * continuing past len. 0: it ends at the end of a character, or is not
 * UTF-8. */
size_t ml_utf8_cut(const uint8_t *p, size_t len);

/* Standard base64 with padding. */
void ml_base64(struct ml_out *out, const uint8_t *p, size_t len);

#endif
