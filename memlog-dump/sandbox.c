/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox.c - give up what parsing does not need: files, system calls, memory. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "syscalls.h"

#define MIB (UINT64_C(1) << 20)

/* Sanitizers read /proc/self and reserve terabytes, and gcov writes its counts when the
 * process ends. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_NONE "a sanitizer"
#elif defined(MEMLOG_COVERAGE)
#define SANDBOX_NONE "coverage"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANDBOX_NONE "a sanitizer"
#endif
#endif
#ifndef SANDBOX_NONE
#define SANDBOX_NONE NULL
#endif

static struct {
	enum sandbox_mode mode;
	bool entered;
	int version; /* of Landlock; negative: errno */
	int rules;   /* a descriptor, -1: none */
	/* what does not work, for -v; empty: all does */
	char missing[256];
} sandbox = { .mode = SANDBOX_OFF, .rules = -1 };

enum memlog_status sandbox_parse(const char *word, enum sandbox_mode *ret,
				 struct memlog_err *err)
{
	static const char *const names[] = { "on", "off", "require", NULL };
	int i;

	for (i = 0; names[i]; i++) {
		if (strcmp(word, names[i]) != 0)
			continue;
		*ret = (enum sandbox_mode)i;
		return MEMLOG_OK;
	}
	return memlog_query_unknown("mode", word, names, err);
}

/* A part is missing: an error if it is required, else it is noted. */
static enum memlog_status MEMLOG_PRINTF(2, 3)
	sandbox_lacks(struct memlog_err *err, const char *fmt, ...)
{
	size_t n = strlen(sandbox.missing);
	char why[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(sandbox.missing + n, sizeof(sandbox.missing) - n, "%s%s",
		 n ? "; " : "", why);
	if (sandbox.mode != SANDBOX_REQUIRE)
		return MEMLOG_OK;
	*err = (struct memlog_err){ .status = MEMLOG_UNSUPPORTED };
	snprintf(err->text, sizeof(err->text), "--sandbox=require: %s", why);
	return err->status;
}

/* The text of a file of /proc. */
static bool sandbox_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* ---- files -------------------------------------------------------------- */

static enum memlog_status sandbox_no_files(int sys, struct memlog_err *err)
{
	if (sys == ENOSYS)
		return sandbox_lacks(err, "this kernel has no Landlock, which "
					  "is in Linux 5.13 and later "
					  "(CONFIG_SECURITY_LANDLOCK)");
	if (sys == EOPNOTSUPP)
		return sandbox_lacks(err, "Landlock is not enabled: boot with "
					  "landlock in the parameter lsm=");
	return sandbox_lacks(err,
			     "Landlock is denied, as some containers do (%s): "
			     "allow landlock_create_ruleset and the like "
			     "in the container's seccomp profile",
			     strerror(sys));
}

enum memlog_status sandbox_init(enum sandbox_mode mode, bool children,
				struct memlog_err *err)
{
	const char *build = SANDBOX_NONE;

	sandbox.mode = mode;
	if (mode == SANDBOX_OFF)
		return MEMLOG_OK;
	if (build) {
		enum memlog_status s = sandbox_lacks(
			err, "this build has %s, which does not work in it",
			build);

		sandbox.mode = SANDBOX_OFF;
		return s;
	}
	sandbox.version = landlock_version();
	if (sandbox.version > 0)
		sandbox.rules = landlock_create(sandbox.version, children);
	else
		sandbox.rules = sandbox.version;
	if (sandbox.rules >= 0)
		return MEMLOG_OK;
	return sandbox_no_files(-sandbox.rules, err);
}

void sandbox_allow(const char *path, unsigned int use)
{
	if (sandbox.rules >= 0 && !sandbox.entered)
		landlock_allow(sandbox.rules, sandbox.version, path, use,
			       !strncmp(path, "/proc/", 6));
}

static enum memlog_status sandbox_enter_files(struct memlog_err *err)
{
	int sys;

	if (sandbox.rules < 0)
		return MEMLOG_OK;
	sys = landlock_enter(sandbox.rules);
	close(sandbox.rules);
	sandbox.rules = -1;
	return sys ? sandbox_no_files(sys, err) : MEMLOG_OK;
}

/* ---- system calls ------------------------------------------------------- */

/* The program that serves a dump far away, if there is one; -1: the kernel does not
 * tell (CONFIG_PROC_CHILDREN). */
static pid_t sandbox_child(void)
{
	char text[32];

	if (!sandbox_read("/proc/thread-self/children", text, sizeof(text)))
		return -1;
	return (pid_t)strtol(text, NULL, 10);
}

static enum memlog_status sandbox_enter_calls(bool sockets, pid_t child,
					      struct memlog_err *err)
{
	int sys = syscalls_enter(sockets, child);

	if (!sys)
		return MEMLOG_OK;
	if (sys == ENOPKG)
		return sandbox_lacks(err, "this build has no libseccomp: "
					  "install libseccomp-dev (Fedora: "
					  "libseccomp-devel), and build "
					  "again");
	return sandbox_lacks(err,
			     "the kernel or a container denies seccomp (%s): "
			     "it needs CONFIG_SECCOMP_FILTER, and a container "
			     "that allows seccomp",
			     strerror(sys));
}

/* ---- memory ------------------------------------------------------------- */

/* Bytes of memory that is written and is no other's: what RLIMIT_DATA counts. */
static uint64_t sandbox_data(void)
{
	char text[256], *at = text;
	uint64_t pages = 0;
	int field;

	if (!sandbox_read("/proc/self/statm", text, sizeof(text)))
		return 0;
	/* the sixth */
	for (field = 0; field < 6; field++)
		pages = strtoull(at, &at, 10);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum memlog_status sandbox_enter_memory(uint64_t memory,
					       struct memlog_err *err)
{
	struct rlimit limit;
	rlim_t want = (rlim_t)(sandbox_data() + memory);

	if (!getrlimit(RLIMIT_DATA, &limit)) {
		/* the user's own may be lower */
		if (limit.rlim_cur > want)
			limit.rlim_cur = want;
		limit.rlim_max = limit.rlim_cur;
		if (!setrlimit(RLIMIT_DATA, &limit))
			return MEMLOG_OK;
	}
	return sandbox_lacks(err, "memory cannot be limited: %s",
			     strerror(errno));
}

/* ---- all of it ----------------------------------------------------------- */

static void sandbox_say(uint64_t memory, char said[SANDBOX_SAID])
{
	if (sandbox.mode == SANDBOX_OFF)
		snprintf(said, SANDBOX_SAID, "off%s%s",
			 *sandbox.missing ? ": " : "", sandbox.missing);
	else if (*sandbox.missing)
		snprintf(said, SANDBOX_SAID, "in part: %s", sandbox.missing);
	else
		snprintf(said, SANDBOX_SAID,
			 "files (Landlock, version %d), system calls "
			 "(seccomp), memory (%llu MiB)",
			 sandbox.version, (unsigned long long)(memory / MIB));
}

enum memlog_status sandbox_enter(uint64_t memory, bool sockets,
				 char said[SANDBOX_SAID],
				 struct memlog_err *err)
{
	enum memlog_status s = MEMLOG_OK;
	pid_t child;

	*said = '\0';
	if (sandbox.entered)
		return MEMLOG_OK;
	sandbox.entered = true;
	if (sandbox.mode == SANDBOX_OFF) {
		sandbox_say(memory, said);
		return MEMLOG_OK;
	}
	/* /proc cannot be read later */
	child = sandbox_child();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		s = sandbox_lacks(err, "no_new_privs cannot be set: %s",
				  strerror(errno));
	if (!s)
		s = sandbox_enter_memory(memory, err);
	if (!s)
		s = sandbox_enter_files(err);
	if (!s)
		s = sandbox_enter_calls(sockets, child, err);
	if (!s)
		sandbox_say(memory, said);
	return s;
}
