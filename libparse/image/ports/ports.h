/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ports.h - what a guest writes to debug ports, as it comes: from chardevs of QEMU or
 * terminals and files of Cloud Hypervisor, several at once.
 */
#ifndef ML_IMAGE_PORTS_PORTS_H
#define ML_IMAGE_PORTS_PORTS_H

#include <termios.h>

#include "image/bytes/portline.h"
#include "memlog.h"

/* Ports of one capture. */
#define ML_PORTS_MAX 64u

/* Bytes read at once, and the longest message of a line: with escapes and prefix it is
 * still within ML_MAX_LINE. */
#define ML_PORTS_READ 4096u
#define ML_PORTS_LINE 960u

/*
 * How a port is read. fd: -1 if it is closed. listener: -1 unless we are the server.
 * raw: a terminal, which was as saved says before. stream: not a file; dev, ino, at:
 * of a file, or of the socket that we bound, and how far it was read. again: when
 * to try to open it. quiet: since when nothing came. ended: nothing more will come.
 * silent: a pipe, of which it is not known whether anybody writes to it.
 */
struct ml_port_link {
	int fd, listener;
	bool stream, bound, ended, silent, raw;
	struct termios saved;
	uint64_t dev, ino, at;
	uint64_t again, quiet;
};

/*
 * One port. path, name, vm: as the user said, name for messages. group: the first
 * port of the same machine.
 *
 * bytes: n of them were read, at when; those from taken on are left.
 * line: text of a line, last byte at line_when; ready: it is complete.
 * last: the byte before, at last_when. held: a zero that may be a delay.
 * delays: writes left out as such; said_delays: so many were reported.
 */
struct ml_port {
	char *path;
	char name[ML_PORT_PREFIX];
	char vm[ML_PORT_VM];
	bool post, has_port, listen, all;
	uint32_t port;
	size_t group;
	struct ml_port_link link;
	uint8_t bytes[ML_PORTS_READ];
	size_t n, taken;
	uint64_t when;
	uint8_t line[ML_PORTS_LINE];
	size_t len;
	uint64_t line_when;
	bool ready, goes_on, cut;
	bool has_last, held;
	uint8_t last;
	uint64_t last_when, delays, said_delays;
	/* of the machine, in the first port of a group; due: a restart, if it writes */
	bool gone, wrote, due, again;
	/* what happened to it, to be reported */
	bool opened, closed, waiting, waited;
	int error;
	int failed;    /* why it could not be read on; 0: it could */
	bool reported; /* that was reported, and nothing was read since */
};

struct ml_ports {
	struct memlog_allocator alloc;
	struct ml_port *ports;
	size_t n;
	bool follow, began, finished;
	bool failed; /* a port could not be read on */
	uint64_t now, start,
		wall;  /* in nanoseconds; now is of CLOCK_MONOTONIC */
	uint64_t last; /* time of the last line */
	uint64_t lines, restarts;
	size_t next; /* port whose bytes are taken next */
	char text[2 * ML_PORT_PREFIX + ML_PORTS_LINE + 1];
	size_t len;
	char news[320];
};

/* A capture of n ports, each "PATH[,OPTION]..."; nothing is opened yet. The caller
 * destroys *ret. INVALID: the text says what is valid. */
enum memlog_status ml_ports_create(const char *const *specs, size_t n,
				   const struct memlog_allocator *alloc,
				   struct ml_ports **ret,
				   struct memlog_err *err);
void ml_ports_destroy(struct ml_ports *c);

/* Open the ports. With follow, those that are not there yet are waited for, and those
 * that go away are opened again. IO: a port cannot be opened. */
enum memlog_status ml_ports_start(struct ml_ports *c, bool follow,
				  struct memlog_err *err);

/* The next line, ended by LF, borrowed until the next call; false: there is none yet. */
bool ml_ports_next(struct ml_ports *c, const uint8_t **ret, size_t *ret_len);

/* Wait for more, at most so many milliseconds; once next() has none. False: nothing
 * more will come. */
bool ml_ports_wait(struct ml_ports *c, int ms);

/* Nothing more is read: next() returns what is left. */
void ml_ports_finish(struct ml_ports *c);

/* What happened to a port, one line that is escaped, or NULL. Borrowed until the next
 * call. */
const char *ml_ports_news(struct ml_ports *c);

/* open.c: an image of them, for the source port:. opts are complete and have a name. The
 * caller closes *ret, which has the capture. INVALID as above. */
enum memlog_status ml_ports_image(const char *const *specs, size_t n,
				  const struct memlog_open_opts *opts,
				  struct memlog_image **ret,
				  struct memlog_err *err);

/* spec.c: parse "PATH[,kind=post|text][,port=N][,name=NAME][,listen][,all]". */
enum memlog_status ml_port_parse(const char *spec,
				 const struct memlog_allocator *alloc,
				 struct ml_port *ret, struct memlog_err *err);

/* link.c: try to open it; *ret_sys: the error, 0 if it is open or a guest has yet to
 * connect. */
bool ml_port_open(struct ml_port *p, int *ret_sys);
/* Read what is there into p->bytes, which is empty. False: it was closed. */
bool ml_port_read(struct ml_port *p, uint64_t now);
/* Is the file another one, or shorter than what was read? */
bool ml_port_replaced(struct ml_port *p);
void ml_port_shut(struct ml_port *p);
/* The same for good. */
void ml_port_close(struct ml_port *p);

/* take.c: take bytes of a port, up to the end of a line, which is in c->text then. */
bool ml_port_take(struct ml_ports *c, struct ml_port *p);
/* What is known of a port and was not written yet, as a line in c->text: a zero, a
 * line without an end, a count; due: only what waited long enough. */
bool ml_port_flush(struct ml_ports *c, struct ml_port *p, bool due);
/* A line of the capture itself, without a message. */
void ml_port_say(struct ml_ports *c, enum ml_port_kind kind,
		 const struct ml_port *p);

#endif
