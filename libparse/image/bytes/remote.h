/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remote.h - a file that is far away: few and large requests, some of them ahead.
 *
 * What was read is kept for a while, as small reads follow near large ones. Whoever
 * reads in sequence, upwards or downwards, gets what comes next requested while it looks
 * at what it has.
 */
#ifndef ML_IMAGE_REMOTE_H
#define ML_IMAGE_REMOTE_H

#include "image/image.h"

/* A request: len bytes at off into buf. got and ticket are of the transport: how many
 * came, fewer only where the file ends; what tells this request from others. */
struct ml_remote_request {
	uint64_t off;
	uint8_t *buf;
	size_t len, got;
	int64_t ticket;
};

/*
 * What carries requests.
 *
 * start: begin to read. finish: wait for it. Both return IO or STOP, and after an error
 *	of either the request is over. buf must stay until then.
 * next_data: optional, as of a reader; adds to *requests what it needed.
 * close: frees self; no request is open.
 */
struct ml_remote_ops {
	enum memlog_status (*start)(void *self, struct ml_remote_request *r,
				    struct memlog_err *err);
	enum memlog_status (*finish)(void *self, struct ml_remote_request *r,
				     struct memlog_err *err);
	enum memlog_status (*next_data)(void *self, uint64_t off,
					struct memlog_range *ret,
					uint64_t *requests,
					struct memlog_err *err);
	void (*close)(void *self);
};

/* A file of size bytes over a transport, which it owns on OK. most: of
 * one request, at least 64 KiB. name is copied. CORRUPT: no file has this size. The caller
 * closes *ret with ml_file_close, or passes it to an image. */
enum memlog_status ml_remote_open(const struct ml_remote_ops *ops, void *self,
				  uint64_t size, uint64_t most,
				  const char *name,
				  const struct memlog_allocator *alloc,
				  struct ml_file *ret, struct memlog_err *err);

/* How many requests were made of the file, or of the one it is made from, and for how many
 * bytes. false: it is not remote. */
bool ml_remote_count(const struct ml_file *file, uint64_t *ret_requests,
		     uint64_t *ret_bytes);

#endif
