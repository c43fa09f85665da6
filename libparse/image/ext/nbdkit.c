/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nbdkit.c - files of web servers, of other machines by SSH and of whatever else nbdkit
 * has a plugin for: it is started, and serves the file to this process only. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "image/bytes/file.h"
#include "image/packed.h"
#include "nbd.h"
#include "nbdkitwords.h"
#include "source.h"

/* Run nbdkit to see whether it and its plugin are there. */
static enum memlog_status nbdkit_check(char *plugin, struct memlog_err *err)
{
	char program[] = "nbdkit", option[] = "--dump-plugin";
	char *argv[] = { program, option, plugin, NULL };
	posix_spawn_file_actions_t quiet;
	int r, status;
	pid_t pid;

	r = posix_spawn_file_actions_init(&quiet);
	if (!r)
		r = posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO,
						     "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO,
						     "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (r == ENOENT)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "nbdkit is not installed: it is the package "
			       "nbdkit of Debian and Fedora");
	if (r)
		return ml_fail_errno(err, MEMLOG_IO, r, "cannot start nbdkit");
	while ((r = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	/* whoever ignores the ends of children does not learn how they ended */
	if (r < 0 && errno == ECHILD)
		return MEMLOG_OK;
	if (r < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "nbdkit has no plugin %s: install "
			       "nbdkit-%s-plugin, or on Debian nbdkit",
			       plugin, plugin);
	return MEMLOG_OK;
}

/* Is it an .xz file? Others that are compressed cannot be read in place. */
static bool nbdkit_is_xz(const struct ml_file *file)
{
	uint8_t head[ML_PACKED_MAGIC];
	const struct ml_packed *p;
	size_t got;

	if (ml_file_read_some(file, 0, head, sizeof(head), &got, NULL))
		return false;
	p = ml_packed_find(head, got);
	return p && p->kind == ML_PACKED_XZ;
}

static enum memlog_status nbdkit_open(const char *rest,
				      const struct memlog_open_opts *opts,
				      struct memlog_image **ret,
				      struct memlog_err *err)
{
	struct memlog_allocator a = ml_allocator(opts->allocator);
	struct ml_nbdkit_words *c = ml_calloc(&a, 1, sizeof(*c));
	struct ml_file file = { 0 }, xz;
	enum memlog_status s;

	if (!c)
		return ml_fail(err, MEMLOG_NO_MEMORY, "no memory for a name");
	s = ml_nbdkit_words(c, rest, false, err);
	if (!s)
		s = nbdkit_check(c->argv[ML_NBDKIT_PLUGIN], err);
	if (!s)
		s = ml_nbd_open(NULL, c->argv, opts->name, opts, &file, err);
	if (!s && nbdkit_is_xz(&file) &&
	    !ml_nbdkit_words(c, rest, true, NULL) &&
	    !ml_nbd_open(NULL, c->argv, opts->name, opts, &xz, NULL)) {
		ml_file_close(&file);
		file = xz;
	}
	ml_free(&a, c);
	return s ? s : ml_nbd_image(&file, opts, ret, err);
}

static const char *const nbdkit_prefixes[] = {
	"https://", "http://", "ftp://",	 "ftps://", "ssh://",
	"sftp://",  "s3://",   ML_NBDKIT_PREFIX, NULL,
};

const struct ml_image_source ml_image_source_nbdkit = {
	.name = "nbdkit",
	.prefixes = nbdkit_prefixes,
	.url = true,
	.file = true,
	.open = nbdkit_open,
};
