/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbd.c - files of NBD servers, through libnbd. */
#include "nbd.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "image/bytes/remote.h"
#include "image/open.h"
#include "layers.h"
#include "source.h"

#ifdef HAVE_LIBNBD
#include <libnbd.h>

/* How often progress is called, and for how long a server may be silent. */
enum { TICK_MS = 200, SILENT_MS = 60000 };

/* Bytes whose allocation is asked for at once, from a multiple of them on, as searches go
 * downwards, too: the protocol has 32 bits for them. */
#define NBD_STATUS_MOST (UINT64_C(1) << 31)

/* Bytes after a large hole that may be data. */
#define NBD_MAYBE 4096u

/* Runs of data kept of an answer. */
enum { NBD_RUNS = 1024 };

/* Bytes of one request, if the server says nothing. */
#define NBD_MOST (UINT64_C(32) << 20)

/* runs: the data in [known), in order. */
struct nbd_file {
	struct memlog_allocator alloc;
	struct nbd_handle *h;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
	uint64_t size;
	bool ready, has_status;
	struct memlog_range known, run[NBD_RUNS];
	size_t n_runs;
};

/* The last error of libnbd. Its text may have bytes of the server. */
static enum memlog_status nbd_fail(struct nbd_file *f, const char *what,
				   struct memlog_err *err)
{
	const char *why = nbd_get_error();
	char text[160];
	size_t i;

	if (f->progress && f->progress(f->progress_arg, 0, 0))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	snprintf(text, sizeof(text), "%s", why ? why : "no reason is known");
	for (i = 0; text[i]; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	return ml_fail(err, MEMLOG_IO, "%s: %s", what, text);
}

/* Wait for something to happen. *silent: milliseconds for which nothing did. */
static enum memlog_status nbd_wait(struct nbd_file *f, int *silent,
				   struct memlog_err *err)
{
	int r = nbd_poll(f->h, TICK_MS);

	if (f->progress && f->progress(f->progress_arg, 0, 0))
		return ml_fail(err, MEMLOG_STOP, "stopped");
	if (r < 0 && nbd_get_errno() != EINTR)
		return nbd_fail(f,
				f->ready ? "the NBD server is lost" :
					   "cannot connect",
				err);
	*silent = r > 0 ? 0 : *silent + TICK_MS;
	if (*silent >= SILENT_MS)
		return ml_fail(err, MEMLOG_IO,
			       "the NBD server has not answered for %d seconds",
			       SILENT_MS / 1000);
	return MEMLOG_OK;
}

static enum memlog_status nbd_lost(struct memlog_err *err)
{
	return ml_fail(err, MEMLOG_IO, "the NBD server is lost");
}

static bool nbd_is_lost(const struct nbd_file *f)
{
	return !f->h || nbd_aio_is_dead(f->h) || nbd_aio_is_closed(f->h);
}

/* libnbd waits for the end of a server that it started, and nbdkit ends only after its plugin
 * has answered, for which a web server may take forever. */
static void nbd_hang_up(struct nbd_file *f)
{
	if (f->h && (!nbd_aio_is_ready(f->h) || nbd_aio_in_flight(f->h) > 0))
		(void)nbd_kill_subprocess(f->h, SIGKILL);
	if (f->h)
		nbd_close(f->h);
	f->h = NULL;
}

/* Wait until a command is over. libnbd writes to its buffer until then, so a connection with
 * one that never is over is of no more use. */
static enum memlog_status nbd_complete(struct nbd_file *f, int64_t cookie,
				       const char *what, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	int r, silent = 0;

	while (!(r = nbd_aio_command_completed(f->h, (uint64_t)cookie)) && !s)
		s = nbd_wait(f, &silent, err);
	if (r > 0)
		return MEMLOG_OK;
	if (r < 0)
		return nbd_fail(
			f, nbd_is_lost(f) ? "the NBD server is lost" : what,
			err);
	nbd_hang_up(f);
	return s;
}

static enum memlog_status nbd_start(void *self, struct ml_remote_request *r,
				    struct memlog_err *err)
{
	struct nbd_file *f = self;

	if (nbd_is_lost(f))
		return nbd_lost(err);
	r->ticket = nbd_aio_pread(f->h, r->buf, r->len, r->off,
				  NBD_NULL_COMPLETION, 0);
	return r->ticket < 0 ? nbd_fail(f, "cannot read", err) : MEMLOG_OK;
}

static enum memlog_status nbd_finish(void *self, struct ml_remote_request *r,
				     struct memlog_err *err)
{
	struct nbd_file *f = self;
	enum memlog_status s =
		f->h ? nbd_complete(f, r->ticket, "cannot read", err) :
		       nbd_lost(err);

	r->got = s ? 0 : r->len;
	return s;
}

/* ---- where the data is ----------------------------------------------------- */

/* Pairs of a length and flags, from offset on. What does not fit is asked for again. */
static int nbd_extents(void *arg, const char *context, uint64_t offset,
		       uint32_t *entries, size_t n, int *error)
{
	struct nbd_file *f = arg;
	struct memlog_range *last;
	uint64_t len;
	size_t i;

	(void)error;
	if (strcmp(context, LIBNBD_CONTEXT_BASE_ALLOCATION))
		return 0;
	f->known = (struct memlog_range){ offset, offset };
	f->n_runs = 0;
	for (i = 0; i + 1 < n && f->known.end < f->size; i += 2) {
		len = ml_min(entries[i], f->size - f->known.end);
		last = f->n_runs ? &f->run[f->n_runs - 1] : NULL;
		if (entries[i + 1] & LIBNBD_STATE_ZERO) {
			f->known.end += len;
			continue;
		}
		if (last && last->end == f->known.end)
			last->end += len;
		else if (f->n_runs == NBD_RUNS)
			break;
		else
			f->run[f->n_runs++] =
				(struct memlog_range){ f->known.end,
						       f->known.end + len };
		f->known.end += len;
	}
	return 0;
}

static enum memlog_status nbd_ask(struct nbd_file *f, uint64_t off,
				  struct memlog_err *err)
{
	nbd_extent_callback call = { .callback = nbd_extents, .user_data = f };
	int64_t cookie;

	f->known = (struct memlog_range){ off, off };
	cookie = nbd_aio_block_status(f->h,
				      ml_min(f->size - off, NBD_STATUS_MOST),
				      off, call, NBD_NULL_COMPLETION, 0);
	if (cookie < 0)
		return nbd_fail(f, "cannot ask what is allocated", err);
	return nbd_complete(f, cookie, "cannot ask what is allocated", err);
}

static bool nbd_is_known(const struct nbd_file *f, uint64_t off)
{
	return off >= f->known.start && off < f->known.end;
}

/* A server may say less than it was asked for. */
static enum memlog_status nbd_know(struct nbd_file *f, uint64_t off,
				   uint64_t *requests, struct memlog_err *err)
{
	uint64_t from = off / NBD_STATUS_MOST * NBD_STATUS_MOST;
	enum memlog_status s;

	++*requests;
	s = nbd_ask(f, from, err);
	if (s || nbd_is_known(f, off))
		return s;
	++*requests;
	s = nbd_ask(f, off, err);
	if (s || nbd_is_known(f, off))
		return s;
	return ml_fail(err, MEMLOG_IO,
		       "the NBD server does not say what is "
		       "allocated");
}

/* The first data that is known from off on. */
static bool nbd_find_run(const struct nbd_file *f, uint64_t off,
			 struct memlog_range *ret)
{
	size_t i;

	for (i = 0; i < f->n_runs; i++)
		if (f->run[i].end > off) {
			*ret = f->run[i];
			ret->start = ml_max(ret->start, off);
			return true;
		}
	return false;
}

/* Without an answer all may be data; so may what comes after a large hole, of which the
 * caller perhaps needs no more. */
static enum memlog_status nbd_next_data(void *self, uint64_t off,
					struct memlog_range *ret,
					uint64_t *requests,
					struct memlog_err *err)
{
	struct nbd_file *f = self;
	enum memlog_status s = MEMLOG_OK;

	*ret = (struct memlog_range){ off, f->size };
	if (!f->h || !f->has_status)
		return MEMLOG_OK;
	if (!nbd_is_known(f, off))
		s = nbd_know(f, off, requests, err);
	f->has_status = !s;
	if (s == MEMLOG_STOP)
		return s;
	if (s || nbd_find_run(f, off, ret))
		return MEMLOG_OK;
	ret->start = f->known.end;
	ret->end = ret->start + ml_min(f->size - ret->start, NBD_MAYBE);
	return ret->start < f->size ? MEMLOG_OK : MEMLOG_NO_DATA;
}

/* ---- the connection --------------------------------------------------------- */

static void nbd_file_close(void *self)
{
	struct nbd_file *f = self;
	struct memlog_allocator a = f->alloc;

	nbd_hang_up(f);
	ml_free(&a, f);
}

static const struct ml_remote_ops nbd_ops = {
	.start = nbd_start,
	.finish = nbd_finish,
	.next_data = nbd_next_data,
	.close = nbd_file_close,
};

/* What is not there is not asked for: a server may offer no allocation. */
static enum memlog_status nbd_connect(struct nbd_file *f, const char *uri,
				      char **argv, struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	int silent = 0, r;

	f->h = nbd_create();
	if (!f->h)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a connection");
	/* a certificate or a key that the user names */
	if (nbd_add_meta_context(f->h, LIBNBD_CONTEXT_BASE_ALLOCATION) ||
	    nbd_set_uri_allow_local_file(f->h, true))
		return nbd_fail(f, "cannot connect", err);
	r = uri ? nbd_aio_connect_uri(f->h, uri) :
		  nbd_aio_connect_systemd_socket_activation(f->h, argv);
	if (r)
		return nbd_fail(f, "cannot connect", err);
	while (!s && !nbd_aio_is_ready(f->h)) {
		if (nbd_is_lost(f))
			return nbd_fail(f, "cannot connect", err);
		s = nbd_wait(f, &silent, err);
	}
	f->ready = !s;
	return s;
}

static enum memlog_status nbd_measure(struct nbd_file *f, uint64_t *ret_most,
				      struct memlog_err *err)
{
	int64_t size = nbd_get_size(f->h);
	int64_t most = nbd_get_block_size(f->h, LIBNBD_SIZE_MAXIMUM);

	if (size < 0)
		return nbd_fail(f, "its size is not known", err);
	f->size = (uint64_t)size;
	f->has_status =
		nbd_can_meta_context(f->h, LIBNBD_CONTEXT_BASE_ALLOCATION) > 0;
	*ret_most = most > 0 ? (uint64_t)most : NBD_MOST;
	if (*ret_most < UINT64_C(64) << 10)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "the NBD server allows requests of %" PRIu64
			       " bytes at most",
			       *ret_most);
	return MEMLOG_OK;
}

enum memlog_status ml_nbd_open(const char *uri, char **argv, const char *name,
			       const struct memlog_open_opts *opts,
			       struct ml_file *ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct nbd_file *f = ml_calloc(&a, 1, sizeof(*f));
	enum memlog_status s;
	uint64_t most = 0;

	if (!f)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a connection");
	f->alloc = a;
	f->progress = opts->progress;
	f->progress_arg = opts->progress_arg;
	s = nbd_connect(f, uri, argv, err);
	if (!s)
		s = nbd_measure(f, &most, err);
	if (!s)
		s = ml_remote_open(&nbd_ops, f, f->size, most, name, &a, ret,
				   err);
	if (s)
		nbd_file_close(f);
	return s;
}

#else

enum memlog_status ml_nbd_open(const char *uri, char **argv, const char *name,
			       const struct memlog_open_opts *opts,
			       struct ml_file *ret, struct memlog_err *err)
{
	(void)uri;
	(void)argv;
	(void)name;
	(void)opts;
	(void)ret;
	return ml_fail(err, MEMLOG_UNSUPPORTED,
		       "this build has no libnbd: download it, or send it "
		       "through a pipe");
}

#endif

enum memlog_status ml_nbd_image(struct ml_file *file,
				const struct memlog_open_opts *opts,
				struct memlog_image **ret,
				struct memlog_err *err)
{
	enum memlog_status s = ml_image_attached(opts, err);

	if (s) {
		ml_file_close(file);
		return s;
	}
	return ml_image_open_layers(file, ml_source_layers, opts, ret, err);
}

static enum memlog_status nbd_source_open(const char *rest,
					  const struct memlog_open_opts *opts,
					  struct memlog_image **ret,
					  struct memlog_err *err)
{
	struct ml_file file;
	enum memlog_status s;

	s = ml_nbd_open(rest, NULL, opts->name, opts, &file, err);
	return s ? s : ml_nbd_image(&file, opts, ret, err);
}

static const char *const nbd_prefixes[] = {
	"nbd://",	"nbds://",	 "nbd+unix://", "nbds+unix://",
	"nbd+vsock://", "nbds+vsock://", NULL,
};

const struct ml_image_source ml_image_source_nbd = {
	.name = "nbd",
	.prefixes = nbd_prefixes,
	.url = true,
	.file = true,
	.open = nbd_source_open,
};
