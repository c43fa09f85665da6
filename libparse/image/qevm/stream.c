/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stream.c - read a migration stream, field by field. */
#include "stream.h"

#include <inttypes.h>

#include "base/bytes.h"
#include "base/err.h"

enum memlog_status ml_qevm_take(struct ml_qevm *q, void *to, size_t len,
				struct memlog_err *err)
{
	enum memlog_status s;

	if (q->at < q->buf_at || q->buf_n < len ||
	    q->at - q->buf_at > q->buf_n - len) {
		q->buf_n = 0;
		s = ml_file_read_some(q->file, q->at, q->buf, sizeof(q->buf),
				      &q->buf_n, err);
		q->buf_at = q->at;
		if (s)
			return s;
		if (q->buf_n < len)
			return ml_fail(err, MEMLOG_NO_DATA,
				       "the file ends at "
				       "offset 0x%" PRIx64,
				       q->at + q->buf_n);
	}
	memcpy(to, q->buf + (q->at - q->buf_at), len);
	q->at += len;
	return MEMLOG_OK;
}

enum memlog_status ml_qevm_skip(struct ml_qevm *q, uint64_t len,
				struct memlog_err *err)
{
	if (q->at > q->file->size || len > q->file->size - q->at)
		return ml_fail(err, MEMLOG_NO_DATA,
			       "the file ends at offset "
			       "0x%" PRIx64,
			       q->file->size);
	q->at += len;
	return MEMLOG_OK;
}

enum memlog_status ml_qevm_u32(struct ml_qevm *q, uint32_t *ret,
			       struct memlog_err *err)
{
	uint8_t b[4];
	enum memlog_status s = ml_qevm_take(q, b, sizeof(b), err);

	*ret = s ? 0 : ml_be32(b);
	return s;
}

enum memlog_status ml_qevm_u64(struct ml_qevm *q, uint64_t *ret,
			       struct memlog_err *err)
{
	uint8_t b[8];
	enum memlog_status s = ml_qevm_take(q, b, sizeof(b), err);

	*ret = s ? 0 : ml_be64(b);
	return s;
}

enum memlog_status ml_qevm_name(struct ml_qevm *q, char name[ML_QEVM_NAME],
				struct memlog_err *err)
{
	uint8_t len = 0;
	enum memlog_status s = ml_qevm_take(q, &len, 1, err);

	if (!s)
		s = ml_qevm_take(q, name, len, err);
	name[s ? 0 : len] = '\0';
	return s;
}

enum memlog_status ml_qevm_invalid(const struct ml_qevm *q, const char *what,
				   struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_CORRUPT, "invalid %s at offset 0x%" PRIx64,
		       what, q->at);
}

enum memlog_status ml_qevm_command(struct ml_qevm *q, struct memlog_err *err)
{
	uint32_t v; /* command and length, 16 bits each */
	enum memlog_status s = ml_qevm_u32(q, &v, err);

	return s ? s : ml_qevm_skip(q, v & 0xffff, err);
}

enum memlog_status ml_qevm_tick(struct ml_qevm *q, struct memlog_err *err)
{
	if (q->n_records++ % 4096 == 0 && q->opts->progress &&
	    q->opts->progress(q->opts->progress_arg, q->at,
			      q->file->size == UINT64_MAX ? 0 : q->file->size))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	return MEMLOG_OK;
}

enum memlog_status ml_qevm_section(struct ml_qevm *q, char name[ML_QEVM_NAME],
				   uint32_t *ret_id, uint32_t *ret_version,
				   struct memlog_err *err)
{
	enum memlog_status s = ml_qevm_u32(q, ret_id, err);
	uint32_t instance;

	if (!s)
		s = ml_qevm_name(q, name, err);
	if (!s)
		s = ml_qevm_u32(q, &instance, err);
	if (!s && *ret_id < ML_QEVM_IDS)
		q->begun[*ret_id / 8] |= (uint8_t)(1u << *ret_id % 8);
	return s ? s : ml_qevm_u32(q, ret_version, err);
}
