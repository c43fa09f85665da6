/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syscalls.c - which system calls this process can make from now on.
 *
 * A list of what is denied, not of what is allowed: the libraries that are used may need
 * other calls in their next release. It has what starts programs, reaches other processes
 * or machines, gets more rights, or changes files other than those that are open. EPERM,
 * so that a library which tries goes on.
 */
#include "syscalls.h"

#include <errno.h>

#ifdef HAVE_SECCOMP
#include <fcntl.h>
#include <linux/fs.h>
#include <seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TIOCLINUX
#define TIOCLINUX 0x541C
#endif

/* O_TMPFILE has O_DIRECTORY, which is not enough to create a file */
#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)

/* The flags argument of clone() is the second on s390. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* ioctl() takes an unsigned int: what else is in the register is ignored. */
#define INT_MASK UINT64_C(0xffffffff)

static const char *const denied[] = {
	/* programs; clone() is below */
	"execve",
	"execveat",
	"fork",
	"vfork",
	"uselib",
	/* other processes; kill() is below */
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"process_mrelease",
	"kcmp",
	"pidfd_open",
	"pidfd_getfd",
	"pidfd_send_signal",
	"tkill",
	"rt_sigqueueinfo",
	"migrate_pages",
	"move_pages",
	"ipc",
	"shmget",
	"shmat",
	"shmctl",
	"semget",
	"semop",
	"semtimedop",
	"semtimedop_time64",
	"semctl",
	"msgget",
	"msgsnd",
	"msgrcv",
	"msgctl",
	"setpriority",
	"ioprio_set",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"setpgid",
	"setsid",
	/* mounts and name spaces */
	"mount",
	"umount",
	"umount2",
	"move_mount",
	"mount_setattr",
	"open_tree",
	"open_tree_attr",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"pivot_root",
	"chroot",
	"unshare",
	"setns",
	"swapon",
	"swapoff",
	"quotactl",
	"quotactl_fd",
	/* parts of the kernel with much that can be wrong */
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"io_setup",
	"io_submit",
	"keyctl",
	"add_key",
	"request_key",
	"fanotify_init",
	"vmsplice",
	"modify_ldt",
	"personality",
	"memfd_secret",
	"seccomp",
	"lookup_dcookie",
	/* the machine */
	"init_module",
	"finit_module",
	"create_module",
	"delete_module",
	"kexec_load",
	"kexec_file_load",
	"reboot",
	"acct",
	"syslog",
	"iopl",
	"ioperm",
	"settimeofday",
	"clock_settime",
	"clock_adjtime",
	"adjtimex",
	"stime",
	"sethostname",
	"setdomainname",
	"vhangup",
	"nfsservctl",
	"sysfs",
	"_sysctl",
	"ustat",
	/* rights */
	"setuid",
	"setgid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setfsuid",
	"setfsgid",
	"setgroups",
	"setuid32",
	"setgid32",
	"setreuid32",
	"setregid32",
	"setresuid32",
	"setresgid32",
	"setfsuid32",
	"setfsgid32",
	"setgroups32",
	"capset",
	"setrlimit",
	/* files by name, but for opening, removing and renaming them */
	"open_by_handle_at",
	"name_to_handle_at",
	"openat2",
	"creat",
	"link",
	"linkat",
	"symlink",
	"symlinkat",
	"mknod",
	"mknodat",
	"mkdir",
	"mkdirat",
	"truncate",
	"truncate64",
	"chmod",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"chown",
	"lchown",
	"fchownat",
	"chown32",
	"lchown32",
	"fchown",
	"fchown32",
	"setxattr",
	"lsetxattr",
	"fsetxattr",
	"setxattrat",
	"removexattr",
	"lremovexattr",
	"fremovexattr",
	"removexattrat",
	"utime",
	"utimes",
	"futimesat",
	"utimensat",
	"utimensat_time64",
	"mq_open",
	"mq_unlink",
};

static const char *const denied_sockets[] = {
	"socket", "socketpair", "connect",  "bind",	"listen",
	"accept", "accept4",	"recvmmsg", "sendmmsg", "socketcall",
};

/* Deny a call if its arguments match all of n comparisons. One that this architecture or
 * this libseccomp does not know is left out. */
static int syscalls_deny(scmp_filter_ctx ctx, const char *name, unsigned int n,
			 const struct scmp_arg_cmp *args)
{
	int number = seccomp_syscall_resolve_name(name), rc;

	if (number == __NR_SCMP_ERROR)
		return 0;
	rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), number, n,
				    args);
	return rc == -EDOM ? 0 : rc;
}

static int syscalls_deny_if(scmp_filter_ctx ctx, const char *name,
			    unsigned int arg, uint64_t mask, uint64_t value)
{
	const struct scmp_arg_cmp cmp =
		SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, mask, value);

	return syscalls_deny(ctx, name, 1, &cmp);
}

/* Deny a call if an argument has another value. */
static int syscalls_deny_unless(scmp_filter_ctx ctx, const char *name,
				unsigned int arg, uint64_t value)
{
	const struct scmp_arg_cmp cmp = { .arg = arg,
					  .op = SCMP_CMP_NE,
					  .datum_a = value };

	return syscalls_deny(ctx, name, 1, &cmp);
}

/* Files can be opened for reading, or created; none that exists can be changed. */
static int syscalls_deny_writing(scmp_filter_ctx ctx, const char *name,
				 unsigned int flags)
{
	static const uint64_t modes[] = { O_WRONLY, O_RDWR, O_ACCMODE };
	static const uint64_t creates[] = { 0, O_CREAT, O_EXCL };
	const uint64_t mask = O_ACCMODE | O_CREAT | O_EXCL | TMPFILE;
	int rc = syscalls_deny_if(ctx, name, flags, O_TRUNC, O_TRUNC);
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; k < 3 && !rc; k++)
			rc = syscalls_deny_if(ctx, name, flags, mask,
					      modes[i] | creates[k]);
	return rc;
}

/* What depends on an argument. */
static int syscalls_deny_some(scmp_filter_ctx ctx, pid_t child)
{
	int rc = syscalls_deny_writing(ctx, "open", 1);

	if (!rc)
		rc = syscalls_deny_writing(ctx, "openat", 2);
	/* only threads */
	if (!rc)
		rc = syscalls_deny_if(ctx, "clone", CLONE_FLAGS, CLONE_THREAD,
				      0);
	/* typing into the terminal */
	if (!rc)
		rc = syscalls_deny_if(ctx, "ioctl", 1, INT_MASK, TIOCSTI);
	if (!rc)
		rc = syscalls_deny_if(ctx, "ioctl", 1, INT_MASK, TIOCLINUX);
	/* attributes of a file that is open, as chattr sets them */
	if (!rc)
		rc = syscalls_deny_if(ctx, "ioctl", 1, INT_MASK,
				      FS_IOC_SETFLAGS & INT_MASK);
	if (!rc)
		rc = syscalls_deny_if(ctx, "ioctl", 1, INT_MASK,
				      FS_IOC_FSSETXATTR & INT_MASK);
	if (!rc && !child)
		rc = syscalls_deny(ctx, "kill", 0, NULL);
	else if (!rc && child > 0)
		rc = syscalls_deny_unless(ctx, "kill", 0, (uint64_t)child);
	/* a signal that ended us is raised again */
	if (!rc)
		rc = syscalls_deny_unless(ctx, "tgkill", 0, (uint64_t)getpid());
	if (!rc)
		rc = syscalls_deny_unless(ctx, "rt_tgsigqueueinfo", 0,
					  (uint64_t)getpid());
	/* limits can be read */
	if (!rc)
		rc = syscalls_deny_unless(ctx, "prlimit64", 2, 0);
	return rc;
}

static int syscalls_deny_all(scmp_filter_ctx ctx, bool sockets, pid_t child)
{
	int rc = 0, number;
	size_t i;

	for (i = 0; i < sizeof(denied) / sizeof(denied[0]) && !rc; i++)
		rc = syscalls_deny(ctx, denied[i], 0, NULL);
	for (i = 0; !sockets && !rc &&
		    i < sizeof(denied_sockets) / sizeof(denied_sockets[0]);
	     i++)
		rc = syscalls_deny(ctx, denied_sockets[i], 0, NULL);
	if (sockets && !rc)
		rc = syscalls_deny_unless(ctx, "socket", 0, AF_UNIX);
	/* its flags are in memory, where a filter cannot see them: the C library then
	 * uses clone() */
	number = seccomp_syscall_resolve_name("clone3");
	if (!rc && number != __NR_SCMP_ERROR)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	return rc ? rc : syscalls_deny_some(ctx, child);
}

int syscalls_enter(bool sockets, pid_t child)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (!ctx)
		return ENOMEM;
	rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	/* errno of the kernel, and a tree instead of a long list: libseccomp 2.5. Without
	 * them it works, too. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* Linux before 5.16 would make the process slow, to protect secrets that it does
	 * not have */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);
	if (!rc)
		rc = syscalls_deny_all(ctx, sockets, child);
	if (!rc)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc < 0 ? -rc : rc;
}

#else

int syscalls_enter(bool sockets, pid_t child)
{
	(void)sockets;
	(void)child;
	return ENOPKG;
}

#endif
