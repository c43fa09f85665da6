/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json_writer.h - write JSON member by member.
 *
 * 64-bit numbers are strings, for readers that store numbers as doubles. Guest
 * bytes that are not UTF-8 go into a member whose name ends in _b64.
 */
#ifndef ML_RENDER_JSON_WRITER_H
#define ML_RENDER_JSON_WRITER_H

#include "escape.h"

struct ml_json {
	struct ml_out *out;
	bool comma; /* this object or array already has a member */
};

/* Start a document: one object on its own line, RS before it if seq, with what
 * every object begins with: its type, the image's name as given and, unless log
 * is NULL, the log's format, space and address. */
void ml_json_begin(struct ml_json *j, struct ml_out *out, bool seq,
		   const char *type, const char *image,
		   const struct memlog_log *log);
/* End the document, with a line feed. */
void ml_json_end(struct ml_json *j);

/* kind is '{' or '['; key NULL in an array. close takes '}' or ']'. */
void ml_json_open(struct ml_json *j, const char *key, char kind);
void ml_json_close(struct ml_json *j, char kind);

/* key NULL: an element of an array. What is not UTF-8 becomes U+FFFD. */
void ml_json_str(struct ml_json *j, const char *key, const char *s);
/* Guest bytes: "key" or, if they are not UTF-8, "key_b64". */
void ml_json_bytes(struct ml_json *j, const char *key, const void *p,
		   size_t len);
/* Lines of guest text: the same, with LF for each CR LF. What is not UTF-8 is
 * left as it is. */
void ml_json_lines(struct ml_json *j, const char *key, const uint8_t *p,
		   size_t len);
/* A NUL-terminated string that came from a guest or the command line. */
void ml_json_text(struct ml_json *j, const char *key, const char *s);
void ml_json_u64(struct ml_json *j, const char *key, uint64_t v);
void ml_json_i64(struct ml_json *j, const char *key, int64_t v);
void ml_json_hex(struct ml_json *j, const char *key, uint64_t v);
/* At most 53 bits: a number. */
void ml_json_int(struct ml_json *j, const char *key, long long v);
/* ns nanoseconds as a number of seconds, in microseconds. */
void ml_json_seconds(struct ml_json *j, const char *key, uint64_t ns);
void ml_json_null(struct ml_json *j, const char *key);
void ml_json_bool(struct ml_json *j, const char *key, bool v);

#endif
