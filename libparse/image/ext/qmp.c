/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qmp.c - a client of QEMU's monitor protocol, with deadlines. */
#include "qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/now.h"
#include "jsonslice.h"

#ifdef HAVE_JSON_C
#include <json-c/json.h>

/* How often progress is called. */
#define SLICE_MS 100

/* Nesting of JSON: deeper than in any reply of QEMU. */
#define DEPTH 32

static int64_t qmp_now_ms(void)
{
	return (int64_t)(ml_now(CLOCK_MONOTONIC) / 1000000);
}

/* Wait until the socket is ready. */
static enum memlog_status wait_for(struct ml_qmp *q, short events,
				   int64_t deadline, const char *what,
				   struct memlog_err *err)
{
	struct pollfd fd = { .fd = q->fd, .events = events };
	int64_t left;
	int n;

	for (;;) {
		left = deadline - qmp_now_ms();
		if (left <= 0)
			return ml_fail(err, MEMLOG_IO,
				       "no answer to %s in "
				       "time: another program may be using "
				       "this monitor (libvirt does: use "
				       "domain:NAME), else use pid:N",
				       what);
		n = poll(&fd, 1, (int)ml_min((uint64_t)left, SLICE_MS));
		if (n > 0)
			return MEMLOG_OK;
		if (n < 0 && errno != EINTR)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot wait for the monitor");
		if (q->progress && q->progress(q->progress_arg, 0, 0))
			return ml_fail(err, MEMLOG_STOP, "stopped");
	}
}

/* ---- lines -------------------------------------------------------------- */

static enum memlog_status send_all(struct ml_qmp *q, const char *p, size_t len,
				   int64_t deadline, const char *what,
				   struct memlog_err *err)
{
	enum memlog_status s;
	ssize_t n;

	while (len) {
		n = send(q->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "the monitor closed the "
					     "connection");
		s = wait_for(q, POLLOUT, deadline, what, err);
		if (s)
			return s;
	}
	return MEMLOG_OK;
}

static enum memlog_status make_room(struct ml_qmp *q, struct memlog_err *err)
{
	size_t cap = q->cap ? q->cap * 2 : 65536;
	char *more;

	if (q->len < q->cap)
		return MEMLOG_OK;
	if (q->cap >= ML_MAX_QMP_REPLY)
		return ml_fail(err, MEMLOG_LIMIT,
			       "the monitor sent a line of more than %u bytes",
			       ML_MAX_QMP_REPLY);
	more = ml_calloc(&q->alloc, cap, 1);
	if (!more)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for a reply of the monitor");
	if (q->len)
		memcpy(more, q->buf, q->len);
	ml_free(&q->alloc, q->buf);
	q->buf = more;
	q->cap = cap;
	return MEMLOG_OK;
}

/* Receive a whole line; *ret is its length without the newline. */
static enum memlog_status qmp_receive(struct ml_qmp *q, int64_t deadline,
				      const char *what, size_t *ret,
				      struct memlog_err *err)
{
	size_t seen = 0;
	enum memlog_status s;
	const char *eol;
	ssize_t n;

	for (;;) {
		eol = q->len > seen ?
			      memchr(q->buf + seen, '\n', q->len - seen) :
			      NULL;
		if (eol) {
			*ret = (size_t)(eol - q->buf);
			return MEMLOG_OK;
		}
		seen = q->len;
		s = make_room(q, err);
		if (!s)
			s = wait_for(q, POLLIN, deadline, what, err);
		if (s)
			return s;
		n = recv(q->fd, q->buf + q->len, q->cap - q->len, MSG_DONTWAIT);
		if (!n)
			return ml_fail(err, MEMLOG_IO,
				       "the monitor closed the connection");
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return ml_fail_errno(err, MEMLOG_IO, errno,
					     "cannot read from the monitor");
		q->len += n > 0 ? (size_t)n : 0;
	}
}

/* Receive the next message; the caller puts it. */
static enum memlog_status receive_json(struct ml_qmp *q, int64_t deadline,
				       const char *what, json_object **ret,
				       struct memlog_err *err)
{
	json_tokener *tok = json_tokener_new_ex(DEPTH);
	enum memlog_status s;
	size_t len = 0, all = 0, values = 0;

	*ret = NULL;
	if (!tok)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for JSON");
	do { /* a monitor with pretty=on writes many lines */
		s = qmp_receive(q, deadline, what, &len, err);
		if (s)
			break;
		all += len + 1;
		values += ml_json_values(q->buf, len);
		if (values > ML_QMP_VALUES) {
			s = ml_fail(err, MEMLOG_LIMIT,
				    "the monitor sent a message with more than "
				    "%u values",
				    ML_QMP_VALUES);
			break;
		}
		*ret = json_tokener_parse_ex(tok, q->buf, (int)len + 1);
		q->len -= len + 1;
		memmove(q->buf, q->buf + len + 1, q->len);
	} while (!*ret && all < ML_MAX_QMP_REPLY &&
		 json_tokener_get_error(tok) == json_tokener_continue);
	if (!s && (!*ret || !json_object_is_type(*ret, json_type_object))) {
		json_object_put(*ret);
		*ret = NULL;
		s = ml_fail(err, MEMLOG_IO,
			    "what answers is not a QEMU "
			    "monitor in QMP mode");
	}
	json_tokener_free(tok);
	return s;
}

/* Make text of the peer printable, for use in our messages. */
static void qmp_printable(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < size && from && from[i]; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

static const char *string_at(json_object *o, const char *key)
{
	json_object *v;

	return json_object_object_get_ex(o, key, &v) &&
			       json_object_is_type(v, json_type_string) ?
		       json_object_get_string(v) :
		       "";
}

/* ---- commands ----------------------------------------------------------- */

static enum memlog_status error_of(json_object *error, const char *name,
				   struct memlog_err *err)
{
	char words[128];

	qmp_printable(words, sizeof(words), string_at(error, "desc"));
	return ml_fail(err,
		       !strcmp(string_at(error, "class"), "CommandNotFound") ?
			       MEMLOG_UNSUPPORTED :
			       MEMLOG_NO_DATA,
		       "QEMU rejected %s: %s", name, words);
}

/* Is this the answer to the last command, rather than an event or a stray
 * answer? */
static bool qmp_answers(const struct ml_qmp *q, json_object *msg)
{
	json_object *id;

	return (json_object_object_get_ex(msg, "return", NULL) ||
		json_object_object_get_ex(msg, "error", NULL)) &&
	       json_object_object_get_ex(msg, "id", &id) &&
	       json_object_is_type(id, json_type_int) &&
	       json_object_get_int64(id) == q->id;
}

static enum memlog_status qmp_await(struct ml_qmp *q, const char *name,
				    int64_t deadline, json_object **ret,
				    struct memlog_err *err)
{
	json_object *msg, *part;
	enum memlog_status s;
	size_t strays;

	for (strays = 0;; strays++) {
		s = receive_json(q, deadline, name, &msg, err);
		if (s)
			return s;
		if (qmp_answers(q, msg))
			break;
		json_object_put(msg);
		if (strays == ML_MAX_QMP_STRAYS)
			return ml_fail(err, MEMLOG_LIMIT,
				       "the monitor sends "
				       "events but no answer to %s",
				       name);
	}
	if (json_object_object_get_ex(msg, "error", &part))
		s = error_of(part, name, err);
	else if (json_object_object_get_ex(msg, "return", &part))
		*ret = json_object_get(part);
	json_object_put(msg);
	return s;
}

enum memlog_status ml_qmp_command(struct ml_qmp *q, const char *name,
				  struct json_object *args, int timeout_ms,
				  struct json_object **ret,
				  struct memlog_err *err)
{
	int64_t deadline = qmp_now_ms() + timeout_ms;
	json_object *msg = json_object_new_object();
	enum memlog_status s;
	const char *text;

	*ret = NULL;
	json_object_object_add(msg, "execute", json_object_new_string(name));
	if (args)
		json_object_object_add(msg, "arguments", args);
	json_object_object_add(msg, "id", json_object_new_int64(++q->id));
	text = json_object_to_json_string_ext(msg, JSON_C_TO_STRING_PLAIN);
	s = send_all(q, text, strlen(text), deadline, name, err);
	if (!s)
		s = send_all(q, "\r\n", 2, deadline, name, err);
	json_object_put(msg);
	return s ? s : qmp_await(q, name, deadline, ret, err);
}

enum memlog_status ml_qmp_human(struct ml_qmp *q, const char *line, char **ret,
				struct memlog_err *err)
{
	json_object *args = json_object_new_object(), *answer;
	enum memlog_status s;

	json_object_object_add(args, "command-line",
			       json_object_new_string(line));
	s = ml_qmp_command(q, "human-monitor-command", args, ML_QMP_COMMAND_MS,
			   &answer, err);
	if (s)
		return s;
	if (json_object_is_type(answer, json_type_string))
		*ret = ml_strdup(&q->alloc, json_object_get_string(answer));
	else
		*ret = ml_strdup(&q->alloc, "");
	json_object_put(answer);
	return *ret ? MEMLOG_OK :
		      ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a reply");
}

/* ---- connecting --------------------------------------------------------- */

/* A socket address has room for 107 characters; reach a longer path through a
 * descriptor of its directory. */
static enum memlog_status connect_to(int fd, const char *path,
				     struct memlog_err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *base = strrchr(path, '/');
	char directory[PATH_MAX];
	int dir = -1, n, rc;

	n = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if ((size_t)n >= sizeof(sun.sun_path) && base &&
	    (size_t)(base - path) < sizeof(directory)) {
		memcpy(directory, path, (size_t)(base - path));
		directory[base - path] = '\0';
		dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
		n = snprintf(sun.sun_path, sizeof(sun.sun_path),
			     "/proc/self/fd/%d%s", dir, base);
	}
	if ((size_t)n >= sizeof(sun.sun_path)) {
		rc = -1;
		errno = ENAMETOOLONG;
	} else {
		rc = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	}
	n = errno;
	if (dir >= 0)
		close(dir);
	if (!rc)
		return MEMLOG_OK;
	return ml_fail_errno(
		err, MEMLOG_IO, n, "cannot connect%s",
		(n == EACCES || n == EPERM) && geteuid() ?
			" (try as root, or as the user that runs QEMU)" :
		n == EACCES || n == EPERM ?
			" (a container, SELinux or AppArmor denies it)" :
		n == ECONNREFUSED ? " (no QEMU listens there)" :
		n == EAGAIN ? " (other programs are waiting for this monitor)" :
			      "");
}

static enum memlog_status qmp_greet(struct ml_qmp *q, struct memlog_err *err)
{
	int64_t deadline = qmp_now_ms() + ML_QMP_GREETING_MS;
	json_object *msg, *part, *number;
	static const char *const keys[] = { "major", "minor", "micro" };
	enum memlog_status s;
	int v[3] = { 0 };
	size_t i;

	s = receive_json(q, deadline, "the greeting", &msg, err);
	if (s)
		return s;
	if (!json_object_object_get_ex(msg, "QMP", &part)) {
		json_object_put(msg);
		return ml_fail(err, MEMLOG_IO,
			       "what answers is not a QEMU "
			       "monitor in QMP mode");
	}
	if (json_object_object_get_ex(part, "version", &part) &&
	    json_object_object_get_ex(part, "qemu", &part))
		for (i = 0; i < 3; i++)
			if (json_object_object_get_ex(part, keys[i], &number))
				v[i] = json_object_get_int(number);
	snprintf(q->version, sizeof(q->version), "%d.%d.%d", v[0], v[1], v[2]);
	json_object_put(msg);
	s = ml_qmp_command(q, "qmp_capabilities", NULL, ML_QMP_COMMAND_MS, &msg,
			   err);
	if (!s)
		json_object_put(msg);
	return s == MEMLOG_NO_DATA || s == MEMLOG_UNSUPPORTED ? MEMLOG_IO : s;
}

enum memlog_status ml_qmp_open(const char *path,
			       const struct memlog_open_opts *opts,
			       struct ml_qmp **ret, struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct ml_qmp *q = ml_calloc(&a, 1, sizeof(*q));
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	enum memlog_status s;

	if (!q)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a client");
	q->alloc = a;
	q->progress = opts->progress;
	q->progress_arg = opts->progress_arg;
	q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s = q->fd < 0 ? ml_fail_errno(err, MEMLOG_IO, errno,
				      "cannot make a socket") :
			connect_to(q->fd, path, err);
	if (!s)
		s = qmp_greet(q, err);
	if (!s && !getsockopt(q->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		q->pid = peer.pid;
		q->uid = peer.uid;
	}
	if (s) {
		ml_qmp_close(q);
		return s;
	}
	*ret = q;
	return MEMLOG_OK;
}

void ml_qmp_close(struct ml_qmp *q)
{
	struct memlog_allocator a;

	if (!q)
		return;
	a = q->alloc;
	if (q->fd >= 0)
		close(q->fd);
	ml_free(&a, q->buf);
	ml_free(&a, q);
}

#endif
