/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * landlock.c - which files this process may open from now on: Landlock of Linux 5.13 and
 * later.
 *
 * The C library has no functions for it, and headers may be older than the kernel, so the
 * numbers are here. See Documentation/userspace-api/landlock.rst of Linux.
 */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* the same on all architectures but Alpha, whose headers have them */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define ASK_VERSION	1u /* flag of create_ruleset */
#define RULE_PATH_BELOW 1

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
};

enum {
	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,
	SCOPE_ABSTRACT_SOCKET = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

/* What a rule may have for a file other than a directory. */
#define FS_OF_FILE \
	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* All that a version can deny: 2 added moves to other directories, 3 truncating, 5 ioctl
 * of devices. */
static uint64_t landlock_all(int version)
{
	int bits = version >= 5 ? 16 :
		   version >= 3 ? 15 :
		   version >= 2 ? 14 :
				  13;

	return (UINT64_C(1) << bits) - 1;
}

struct landlock_set {
	uint64_t files;
	uint64_t net;	 /* bind and connect TCP: version 4 */
	uint64_t scoped; /* abstract sockets and signals of others: version 6 */
};

struct landlock_rule {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

int landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
			 ASK_VERSION);

	return v < 0 ? -errno : (int)v;
}

int landlock_create(int version, bool signals)
{
	const struct landlock_set set = {
		.files = landlock_all(version),
		.net = NET_BIND_TCP | NET_CONNECT_TCP,
		.scoped = signals ? SCOPE_ABSTRACT_SOCKET :
				    SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL,
	};
	size_t size = version >= 6 ? sizeof(set) :
		      version >= 4 ? offsetof(struct landlock_set, scoped) :
				     offsetof(struct landlock_set, net);
	long fd = syscall(SYS_landlock_create_ruleset, &set, size, 0);

	return fd < 0 ? -errno : (int)fd;
}

static uint64_t landlock_rights(unsigned int use)
{
	static const struct {
		unsigned int use;
		uint64_t rights;
	} list[] = {
		/* the size of a block device, the mode of a terminal */
		{ LANDLOCK_READ, FS_READ_FILE | FS_IOCTL_DEV },
		{ LANDLOCK_LIST, FS_READ_DIR },
		/* whether it can be truncated is decided when it is opened */
		{ LANDLOCK_WRITE, FS_WRITE_FILE | FS_TRUNCATE },
		{ LANDLOCK_CREATE, FS_MAKE_REG },
		{ LANDLOCK_REMOVE, FS_REMOVE_FILE },
		{ LANDLOCK_REMOVE_DIR, FS_REMOVE_DIR },
		{ LANDLOCK_LISTEN, FS_MAKE_SOCK },
	};
	uint64_t rights = 0;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (use & list[i].use)
			rights |= list[i].rights;
	return rights;
}

void landlock_allow(int rules, int version, const char *path, unsigned int use,
		    bool pinned)
{
	struct landlock_rule rule;
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	rule.allowed = landlock_rights(use) & landlock_all(version);
	if (fstat(fd, &st) || !S_ISDIR(st.st_mode))
		rule.allowed &= FS_OF_FILE;
	rule.parent = fd;
	/* fails for what has no path, such as a pipe, which may be opened anyway */
	if (rule.allowed)
		(void)syscall(SYS_landlock_add_rule, rules, RULE_PATH_BELOW,
			      &rule, 0);
	if (!pinned)
		close(fd);
}

int landlock_enter(int rules)
{
	return syscall(SYS_landlock_restrict_self, rules, 0) ? errno : 0;
}
