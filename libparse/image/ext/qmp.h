/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp.h - a client of QEMU's monitor protocol.
 *
 * The peer on the socket is not trusted: every wait has a deadline, every reply
 * a limit, and the addresses it returns are checked with the process itself.
 */
#ifndef ML_IMAGE_EXT_QMP_H
#define ML_IMAGE_EXT_QMP_H

#include <sys/types.h>

#include "base/alloc.h"
#include "memlog.h"

struct json_object;

struct ml_qmp {
	struct memlog_allocator alloc;
	int fd;
	pid_t pid; /* listens on the socket; 0: unknown */
	uid_t uid;
	char version[32]; /* of QEMU, "7.2.22"; printable */
	uint32_t id;	  /* of the last command */
	char *buf;	  /* received and not yet parsed */
	size_t len, cap;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
};

/* Deadlines in milliseconds for the greeting, for an ordinary command, and for
 * one that writes memory to a file. */
#define ML_QMP_GREETING_MS 5000
#define ML_QMP_COMMAND_MS  10000
#define ML_QMP_SAVE_MS	   60000

/* Connect to a monitor and negotiate capabilities. IO: nobody answers, or it is
 * not QMP; STOP: by opts->progress. The caller closes *ret. */
enum memlog_status ml_qmp_open(const char *path,
			       const struct memlog_open_opts *opts,
			       struct ml_qmp **ret, struct memlog_err *err);
void ml_qmp_close(struct ml_qmp *q);

/*
 * Run a command. args is taken over and may be NULL. *ret is the value
 * returned; the caller puts it. UNSUPPORTED: QEMU does not have the command.
 * NO_DATA: another error of QEMU's, with its text made printable. IO: no answer
 * within timeout_ms, or not JSON. LIMIT: too much of it.
 */
enum memlog_status ml_qmp_command(struct ml_qmp *q, const char *name,
				  struct json_object *args, int timeout_ms,
				  struct json_object **ret,
				  struct memlog_err *err);

/* Run a command of the human monitor. The caller frees the answer *ret. Errors
 * as of ml_qmp_command(). */
enum memlog_status ml_qmp_human(struct ml_qmp *q, const char *line, char **ret,
				struct memlog_err *err);

/* RAM of the guest at [start, end), and its host virtual address; 0:
 * unknown. */
struct ml_qmp_ram {
	uint64_t start, end;
	uint64_t hva;
};

/* The most ranges of RAM: more than any machine has. */
#define ML_QMP_RAMS 4096

#endif
