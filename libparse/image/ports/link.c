/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* link.c - open and read one port: a socket, a terminal, a pipe or a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "ports.h"

static bool link_address(const char *path, struct sockaddr_un *ret)
{
	size_t n = strlen(path);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof(ret->sun_path))
		return false;
	memcpy(ret->sun_path, path, n);
	return true;
}

static int link_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static bool link_connect(struct ml_port *p)
{
	struct sockaddr_un addr;
	int fd, sys;

	if (!link_address(p->path, &addr)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = link_socket();
	if (fd < 0)
		return false;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		sys = errno;
		close(fd);
		errno = sys;
		return false;
	}
	p->link.fd = fd;
	p->link.stream = true;
	return true;
}

/* We are the server. True once a guest has connected. */
static bool link_accept(struct ml_port *p)
{
	struct ml_port_link *l = &p->link;
	struct stat st;
	struct sockaddr_un addr;
	int sys;

	if (!link_address(p->path, &addr)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (l->listener < 0)
		l->listener = link_socket();
	if (l->listener < 0)
		return false;
	if (!l->bound) {
		l->bound = !bind(l->listener, (struct sockaddr *)&addr,
				 sizeof(addr)) &&
			   !listen(l->listener, 1) && !stat(p->path, &st);
		if (!l->bound) {
			sys = errno;
			close(l->listener);
			l->listener = -1;
			errno = sys;
			return false;
		}
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	l->fd = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	l->stream = true;
	if (l->fd < 0 && (errno == EAGAIN || errno == ECONNABORTED))
		errno = 0;
	return l->fd >= 0;
}

/* A terminal: no echo, which would go back to the guest, and no lines, until it is
 * closed. The user's own stays as it is: without Ctrl-C nothing would end. */
static void link_raw(struct ml_port_link *l)
{
	struct termios t;

	if (tcgetattr(l->fd, &t) || tcgetsid(l->fd) == getsid(0))
		return;
	l->saved = t;
	cfmakeraw(&t);
	l->raw = !tcsetattr(l->fd, TCSANOW, &t);
}

static bool link_file(struct ml_port *p, const char *path)
{
	struct ml_port_link *l = &p->link;
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
		close(fd);
		errno = EISDIR;
		return false;
	}
	l->fd = fd;
	l->stream = !S_ISREG(st.st_mode);
	l->silent = S_ISFIFO(st.st_mode);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->at = 0;
	if (S_ISCHR(st.st_mode))
		link_raw(l);
	return true;
}

bool ml_port_open(struct ml_port *p, int *ret_sys)
{
	char out[4096];
	struct stat st;
	bool ok;

	*ret_sys = errno = 0;
	if (p->listen)
		ok = link_accept(p);
	else if (!stat(p->path, &st))
		ok = S_ISSOCK(st.st_mode) ? link_connect(p) :
					    link_file(p, p->path);
	else
		/* a pipe of QEMU has two names */
		ok = errno == ENOENT &&
		     snprintf(out, sizeof(out), "%s.out", p->path) <
			     (int)sizeof(out) &&
		     link_file(p, out);
	if (!ok)
		*ret_sys = errno;
	return ok;
}

bool ml_port_read(struct ml_port *p, uint64_t now)
{
	struct ml_port_link *l = &p->link;
	ssize_t n = read(l->fd, p->bytes, sizeof(p->bytes));

	p->n = p->taken = 0;
	if (n > 0) {
		p->n = (size_t)n;
		p->when = l->quiet = now;
		p->reported = false;
		l->at += (uint64_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	/* that is how the other side of a terminal and of a socket goes away */
	if (n < 0 && !(l->stream && (errno == EIO || errno == ECONNRESET)))
		p->failed = errno;
	return !n && !l->stream;
}

bool ml_port_replaced(struct ml_port *p)
{
	const struct ml_port_link *l = &p->link;
	struct stat st;

	if (l->fd < 0 || l->stream)
		return false;
	if (!fstat(l->fd, &st) && (uint64_t)st.st_size < l->at)
		return true;
	return !stat(p->path, &st) &&
	       (st.st_dev != l->dev || st.st_ino != l->ino);
}

void ml_port_shut(struct ml_port *p)
{
	if (p->link.raw)
		(void)tcsetattr(p->link.fd, TCSANOW, &p->link.saved);
	if (p->link.fd >= 0)
		close(p->link.fd);
	p->link.raw = false;
	p->link.fd = -1;
}

void ml_port_close(struct ml_port *p)
{
	struct stat st;

	ml_port_shut(p);
	if (p->link.listener >= 0)
		close(p->link.listener);
	/* not what another has put there */
	if (p->link.bound && !stat(p->path, &st) && st.st_dev == p->link.dev &&
	    st.st_ino == p->link.ino)
		unlink(p->path);
	p->link.listener = -1;
	p->link.bound = false;
}
