// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * without.c - without landlock|seccomp ERRNO COMMAND...: run a command where the system
 * calls of Landlock, or seccomp(2) and its prctl(2), fail with that number, as on kernels
 * that do not have them and in containers that deny them.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LANDLOCK_FIRST 444
#define LANDLOCK_LAST  446

int main(int argc, char **argv)
{
	unsigned int first, last, error;
	struct sock_fprog program;
	bool files;

	if (argc < 4)
		return 2;
	files = !strcmp(argv[1], "landlock");
	first = files ? LANDLOCK_FIRST : SYS_seccomp;
	last = files ? LANDLOCK_LAST : SYS_seccomp;
	error = (unsigned int)atoi(argv[2]);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 files ? UINT32_MAX : SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	program = (struct sock_fprog){ sizeof(filter) / sizeof(filter[0]),
				       filter };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("without");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
