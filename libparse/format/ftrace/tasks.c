/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tasks.c - the names that the kernel saved of tasks that wrote events. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

/* Before the names: a number for each pid, a pointer to the pid of each number, how
 * many there are. */
enum { TASKS_PIDS = 131080, TASKS_N = 131088, TASKS_NAMES = 131096 };

static int tasks_by_pid(const void *a, const void *b)
{
	int32_t x = ((const struct ftrace_task *)a)->pid;
	int32_t y = ((const struct ftrace_task *)b)->pid;

	return x < y ? -1 : x > y;
}

enum memlog_status ml_ftrace_tasks_init(struct ftrace_tasks *t,
					struct ftrace_kernel *k,
					struct memlog_err *err)
{
	uint8_t b[12], pid[4];
	uint64_t at, pids;
	uint32_t i, n;

	if (!k->info->tasks || !ml_ftrace_kernel_read(k, k->info->tasks, b, 8))
		return MEMLOG_OK;
	at = ml_le64(b);
	if (!at || !ml_ftrace_kernel_read(k, at + TASKS_PIDS, b, sizeof(b)))
		return MEMLOG_OK;
	pids = ml_le64(b);
	n = ml_le32(b + (TASKS_N - TASKS_PIDS));
	if (n > ML_FTRACE_TASKS)
		return MEMLOG_OK;
	t->task = ml_calloc(&k->alloc, n + 1, sizeof(*t->task));
	if (!t->task)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the names of %u tasks", n);
	for (i = 0; i < n; i++) {
		struct ftrace_task *task = &t->task[t->n];

		if (!ml_ftrace_kernel_read(k, pids + 4 * (uint64_t)i, pid, 4) ||
		    !ml_ftrace_kernel_read(
			    k, at + TASKS_NAMES + FTRACE_COMM * (uint64_t)i,
			    task->comm, FTRACE_COMM))
			break;
		task->pid = (int32_t)ml_le32(pid);
		task->comm[FTRACE_COMM - 1] = 0;
		if (task->pid > 0 && task->comm[0])
			t->n++;
	}
	qsort(t->task, t->n, sizeof(*t->task), tasks_by_pid);
	return MEMLOG_OK;
}

void ml_ftrace_tasks_fini(struct ftrace_tasks *t,
			  const struct memlog_allocator *alloc)
{
	ml_free(alloc, t->task);
}

const char *ml_ftrace_tasks_find(const struct ftrace_tasks *t, int32_t pid)
{
	struct ftrace_task key = { .pid = pid }, *found;

	if (!t->n)
		return NULL;
	found = bsearch(&key, t->task, t->n, sizeof(key), tasks_by_pid);
	return found ? found->comm : NULL;
}
