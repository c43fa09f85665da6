/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qmp.h - a client of QEMU's monitor protocol.
 *
 * Who answers on the socket is not trusted: every wait has an end, every reply
 * a limit, and what it says of memory is held against the process itself.
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
	pid_t pid;		/* who listens on the socket; 0: not known */
	uid_t uid;
	char version[32];	/* of QEMU, "7.2.22"; printable */
	uint32_t id;		/* of the last command */
	char *buf;		/* what was received and not yet taken */
	size_t len, cap;
	int (*progress)(void *arg, uint64_t done, uint64_t all);
	void *progress_arg;
};

/* Milliseconds that a peer has for its greeting, for a plain command, and for
 * one that writes memory to a file. */
#define ML_QMP_GREETING_MS	5000
#define ML_QMP_COMMAND_MS	10000
#define ML_QMP_SAVE_MS		60000

/* Connect, and leave capability negotiation behind. opts: progress stops it.
 * The caller closes *ret. */
enum memlog_status ml_qmp_open(const char *path,
			       const struct memlog_open_opts *opts,
			       struct ml_qmp **ret, struct memlog_err *err);
void ml_qmp_close(struct ml_qmp *q);

/*
 * One command. args is taken over (may be NULL). *ret is what it returned, the
 * caller puts it. An error of QEMU's is UNSUPPORTED when there is no such
 * command, NO_DATA otherwise, with its words made printable; a peer that does
 * not answer in time, or not in JSON, is IO.
 */
enum memlog_status ml_qmp_command(struct ml_qmp *q, const char *name,
				  struct json_object *args, int timeout_ms,
				  struct json_object **ret,
				  struct memlog_err *err);

/* A command of the human monitor; *ret is its answer, the caller frees. */
enum memlog_status ml_qmp_human(struct ml_qmp *q, const char *line, char **ret,
				struct memlog_err *err);

/* Memory of the guest, as the monitor has it; hva 0: not known. */
struct ml_qmp_ram {
	uint64_t start, end;
	uint64_t hva;
};

/* More than any machine has. */
#define ML_QMP_RAMS 4096

#endif
