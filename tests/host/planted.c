// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * planted.c - an exploit of a bug in parsing, linked into memlog-dump in place of some
 * functions of libparse by the linker's --wrap: when headers are read, when memory is
 * searched, and in a thread that searches, it tries what such an exploit would, and
 * writes "PLACE WHAT RESULT" to standard error. PLANTED_FILE: a file of the user's.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/open.h"
#include "image/ports/ports.h"
#include "scan/scan.h"

static const char *place;

/* ok: what was tried has succeeded; else errno says why not */
static void planted_say(const char *what, bool ok)
{
	int sys = errno;
	char line[128];
	int n;

	n = snprintf(line, sizeof(line), "%s %s %s\n", place, what,
		     ok		   ? "done" :
		     sys == EPERM  ? "denied" :
		     sys == EACCES ? "denied" :
		     sys == ENOMEM ? "denied" :
				     "reached");
	if (write(STDERR_FILENO, line, (size_t)n) != n)
		_exit(99);
}

static void planted_open(const char *what, const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	planted_say(what, fd >= 0);
	if (fd >= 0)
		close(fd);
}

static void planted_files(void)
{
	const char *file = getenv("PLANTED_FILE");
	int fd, none = 0;

	planted_open("read-passwd", "/etc/passwd", O_RDONLY);
	planted_open("read-file", file, O_RDONLY);
	planted_open("write-file", file, O_WRONLY);
	planted_open("append-file", file, O_RDWR | O_APPEND | O_EXCL);
	planted_open("truncate-file", file, O_RDONLY | O_TRUNC);
	planted_open("list-root", "/", O_RDONLY | O_DIRECTORY);
	planted_open("create", "planted.new", O_WRONLY | O_CREAT | O_EXCL);
	planted_say("mkdir", !mkdir("planted.dir", 0700));
	planted_say("link", !link(file, "planted.link"));
	planted_say("symlink", !symlink(file, "planted.symlink"));
	planted_say("chmod", !chmod(file, 0644));
	planted_say("times", !utimensat(AT_FDCWD, file, NULL, 0));
	planted_say("truncate", !truncate(file, 0));
	/* of a file that is open, as the image is */
	fd = memfd_create("planted", MFD_CLOEXEC);
	planted_say("fchmod", !fchmod(fd, 0644));
	/* FS_IOC_SETFLAGS: linux/fs.h and sys/mount.h may not be used together */
	planted_say("chattr", !ioctl(fd, _IOW('f', 2, long), &none));
	close(fd);
	planted_say("rename", !rename(file, "planted.moved") &&
				      !rename("planted.moved", file));
}

static void planted_net(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(1),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	planted_say("socket", fd >= 0);
	/* the number of a socket that is open, if there is one */
	planted_say("connect",
		    !connect(fd < 0 ? 2 : fd, (void *)&to, sizeof(to)));
	if (fd >= 0)
		close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	planted_say("unix-socket", fd >= 0);
	if (fd >= 0)
		close(fd);
}

static void planted_programs(void)
{
	char name[] = "planted-none", *argv[] = { name, NULL };
	pid_t pid;

	execve(name, argv, argv + 1);
	planted_say("execve", false);
	syscall(SYS_execveat, AT_FDCWD, name, argv, argv + 1, 0);
	planted_say("execveat", false);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid)
		_exit(0);
	planted_say("fork", pid > 0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* what another process has in memory */
static const char *planted_parent(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)getppid());
	return path;
}

static void planted_processes(void)
{
	char buf[8];
	struct iovec local = { buf, sizeof(buf) }, remote = { &place, 8 };

	planted_say("kill", !kill(getppid(), 0));
	planted_say("ptrace", !ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
	planted_say("process_vm_readv",
		    process_vm_readv(getppid(), &local, 1, &remote, 1, 0) > 0);
	planted_open("parent-memory", planted_parent(), O_RDONLY);
	planted_say("shared-memory", shmget(1, 0, 0) >= 0);
	planted_say("semaphores", semget(1, 0, 0) >= 0);
	planted_say("messages", msgget(1, 0) >= 0);
}

static void planted_kernel(void)
{
	char c = 'x';
	void *p;

	planted_say("mount", !mount(NULL, "planted-none", "tmpfs", 0, NULL));
	planted_say("bpf", !syscall(SYS_bpf, 999, NULL, 0));
	planted_say("keyctl", !syscall(SYS_keyctl, 999, 0, 0, 0, 0));
	planted_say("io_uring", syscall(SYS_io_uring_setup, 0, NULL) >= 0);
	planted_say("typing", !ioctl(STDIN_FILENO, TIOCSTI, &c));
	p = mmap(NULL, (size_t)4 << 30, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	planted_say("memory", p != MAP_FAILED);
}

static void planted_try(const char *where)
{
	place = where;
	planted_files();
	planted_net();
	planted_programs();
	planted_processes();
	planted_kernel();
}

enum memlog_status
__real_ml_image_open_layers(struct ml_file *file, ml_image_layer *const *layers,
			    const struct memlog_open_opts *opts,
			    struct memlog_image **ret, struct memlog_err *err);
enum memlog_status
__wrap_ml_image_open_layers(struct ml_file *file, ml_image_layer *const *layers,
			    const struct memlog_open_opts *opts,
			    struct memlog_image **ret, struct memlog_err *err);

enum memlog_status
__wrap_ml_image_open_layers(struct ml_file *file, ml_image_layer *const *layers,
			    const struct memlog_open_opts *opts,
			    struct memlog_image **ret, struct memlog_err *err)
{
	planted_try("headers");
	return __real_ml_image_open_layers(file, layers, opts, ret, err);
}

/* once in the first thread, and in one other */
static void planted_search(void)
{
	static atomic_flag lock = ATOMIC_FLAG_INIT, main_tried, thread_tried;
	bool thread = syscall(SYS_gettid) != getpid();

	if (atomic_flag_test_and_set(thread ? &thread_tried : &main_tried))
		return;
	while (atomic_flag_test_and_set(&lock))
		;
	planted_try(thread ? "thread" : "search");
	atomic_flag_clear(&lock);
}

enum memlog_status __real_ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len);
enum memlog_status __wrap_ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len);
enum memlog_status __real_ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len);
enum memlog_status __wrap_ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len);

enum memlog_status __wrap_ml_scan_feed(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len)
{
	planted_search();
	return __real_ml_scan_feed(sc, addr, bytes, len);
}

/* what is peeked at of a process */
enum memlog_status __wrap_ml_scan_page(struct ml_scanner *sc, uint64_t addr,
				       const uint8_t *bytes, size_t len)
{
	planted_search();
	return __real_ml_scan_page(sc, addr, bytes, len);
}

bool __real_ml_port_read(struct ml_port *p, uint64_t now);
bool __wrap_ml_port_read(struct ml_port *p, uint64_t now);

bool __wrap_ml_port_read(struct ml_port *p, uint64_t now)
{
	planted_search();
	return __real_ml_port_read(p, now);
}
