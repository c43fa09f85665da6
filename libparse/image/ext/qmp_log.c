/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp_log.c - the log that QEMU itself finds, by query-firmware-log (QEMU 10.2
 * and later). The answer has the version and the text in base64, at most the
 * newest 1 MiB, without the header of the ring; we prepend one, so that the log
 * is decoded like any other.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "live.h"
#include "qmp.h"

#ifdef HAVE_JSON_C
#include <json-c/json.h>

#define HEADER	192
#define VERSION 64 /* offset in the header; at most 127 bytes */

/* The most bytes of text in QEMU's answer. */
#define LOG_MAX (1u << 20)

struct answer {
	struct memlog_allocator alloc;
	uint8_t *bytes;
	size_t len;
};

static enum memlog_status answer_read(void *self, uint64_t addr, void *buf,
				      size_t len, size_t *ret,
				      struct memlog_err *err)
{
	struct answer *a = self;

	*ret = 0;
	if (!len)
		return MEMLOG_OK;
	if (addr >= a->len)
		return MEMLOG_NO_DATA;
	*ret = ml_min(len, a->len - addr);
	memcpy(buf, a->bytes + addr, *ret);
	return MEMLOG_OK;
}

static enum memlog_status answer_next(void *self, uint64_t addr,
				      struct memlog_range *ret,
				      struct memlog_err *err)
{
	struct answer *a = self;

	if (addr >= a->len)
		return MEMLOG_NO_DATA;
	*ret = (struct memlog_range){ addr, a->len };
	return MEMLOG_OK;
}

static void answer_close(void *self)
{
	struct answer *a = self;
	struct memlog_allocator alloc = a->alloc;

	ml_free(&alloc, a->bytes);
	ml_free(&alloc, a);
}

static const struct memlog_reader_ops answer_ops = {
	.size = sizeof(answer_ops),
	.read = answer_read,
	.next_range = answer_next,
	.close = answer_close,
};

static int qmp_log_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool ml_unbase64(const char *text, size_t len, uint8_t *ret, size_t *ret_len)
{
	uint32_t bits = 0;
	size_t n = 0, i, pad;
	int d;

	for (pad = 0; pad < 2 && len && text[len - 1] == '='; pad++)
		len--;
	if ((len + pad) % 4 || len % 4 == 1)
		return false;
	for (i = 0; i < len; i++) {
		d = qmp_log_digit(text[i]);
		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4)
			ret[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	*ret_len = n;
	return true;
}

/* The header of a ring that has not wrapped. */
static void put_header(uint8_t *p, size_t ring, size_t used,
		       const char *version)
{
	memcpy(p, "ovmfmdg1ovmfmdg2", 16);
	ml_put_le64(p + 0x10, HEADER);
	ml_put_le64(p + 0x18, ring);
	ml_put_le64(p + 0x20, 1);
	ml_put_le64(p + 0x30, used);
	memcpy(p + VERSION, version, strnlen(version, 127));
}

static enum memlog_status qmp_log_fill(struct answer *a, json_object *answer,
				       struct memlog_err *err)
{
	json_object *log, *version = NULL;
	const char *text;
	size_t len, used = 0;

	if (!json_object_object_get_ex(answer, "log", &log) ||
	    !json_object_is_type(log, json_type_string))
		return ml_fail(err, MEMLOG_IO,
			       "QEMU's answer to query-firmware-log has no "
			       "log");
	text = json_object_get_string(log);
	len = (size_t)json_object_get_string_len(log);
	if (len / 4 * 3 > LOG_MAX + 3)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the log has more than %u bytes", LOG_MAX);
	a->len = HEADER + len / 4 * 3 + 16;
	a->len += ML_PAGE - a->len % ML_PAGE;
	a->bytes = ml_calloc(&a->alloc, a->len, 1);
	if (!a->bytes)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a log");
	if (!ml_unbase64(text, len, a->bytes + HEADER, &used))
		return ml_fail(err, MEMLOG_IO,
			       "QEMU's answer to query-firmware-log is not "
			       "base64");
	json_object_object_get_ex(answer, "version", &version);
	put_header(a->bytes, a->len - HEADER, used,
		   version && json_object_is_type(version, json_type_string) ?
			   json_object_get_string(version) :
			   "");
	return MEMLOG_OK;
}

enum memlog_status ml_qmp_ask_log(struct memlog_image *image, struct ml_qmp *q,
				  struct memlog_err *err)
{
	struct memlog_err local = { .status = MEMLOG_OK };
	struct answer *a;
	json_object *answer = NULL;
	enum memlog_status s;

	if (!err)
		err = &local;
	s = ml_qmp_command(q, "query-firmware-log", NULL, ML_QMP_COMMAND_MS,
			   &answer, err);
	if (s == MEMLOG_UNSUPPORTED)
		return ml_fail(err, s,
			       "QEMU %s has no query-firmware-log, "
			       "which needs 10.2: leave out --via-qemu",
			       q->version);
	if (s && s != MEMLOG_NO_DATA)
		return s;
	if (s) /* an image without a log */
		ml_image_warn(image, "%s", err->text);
	a = ml_calloc(&image->alloc, 1, sizeof(*a));
	if (a) {
		a->alloc = image->alloc;
		s = s ? MEMLOG_OK : qmp_log_fill(a, answer, err);
	} else {
		s = ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a log");
	}
	json_object_put(answer);
	if (s) {
		if (a)
			answer_close(a);
		return s;
	}
	image->format = "qmp-log";
	image->title = "log from QEMU (query-firmware-log)";
	if (a->len)
		ml_image_warn(image,
			      "QEMU returns only the newest 1 MiB of "
			      "the first log it finds, without its state; "
			      "addresses are offsets in the answer");
	ml_image_add_space(image, MEMLOG_FILE, &answer_ops, a, 0, true);
	return MEMLOG_OK;
}

#endif
