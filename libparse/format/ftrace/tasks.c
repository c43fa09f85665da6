/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tasks.c - the names that the kernel saved of tasks that wrote events. */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

static int tasks_by_pid(const void *a, const void *b)
{
	int32_t x = ((const struct ftrace_task *)a)->pid;
	int32_t y = ((const struct ftrace_task *)b)->pid;

	return x < y ? -1 : x > y;
}

/* Names are part of the buffer since 6.8, before that a pointer leads to them. */
static uint64_t tasks_names(struct ftrace_kernel *k, uint64_t at)
{
	uint8_t b[8];

	return ml_ftrace_kernel_read(k, at, b, sizeof(b)) &&
			       ml_ftrace_is_pointer(ml_le64(b)) ?
		       ml_le64(b) :
		       at;
}

static void tasks_load(struct ftrace_tasks *t, struct ftrace_kernel *k,
		       uint64_t pids, uint64_t names, uint32_t n)
{
	struct ftrace_task *task;
	uint8_t pid[4];
	uint32_t i;

	for (i = 0; i < n; i++) {
		task = &t->task[t->n];
		if (!ml_ftrace_kernel_read(k, pids + 4 * (uint64_t)i, pid, 4) ||
		    !ml_ftrace_kernel_read(k, names + FTRACE_COMM * (uint64_t)i,
					   task->comm, FTRACE_COMM))
			break;
		task->pid = (int32_t)ml_le32(pid);
		task->comm[FTRACE_COMM - 1] = 0;
		if (task->pid > 0 && task->comm[0])
			t->n++;
	}
	t->whole = i == n;
	qsort(t->task, t->n, sizeof(*t->task), tasks_by_pid);
}

enum memlog_status ml_ftrace_tasks_init(struct ftrace_tasks *t,
					struct ftrace_kernel *k,
					struct memlog_err *err)
{
	const uint32_t *off = k->info->off;
	uint8_t b[8], num[4];
	uint64_t at;
	uint32_t n;

	if (!k->info->tasks || !ml_ftrace_kernel_read(k, k->info->tasks, b, 8))
		return MEMLOG_OK;
	at = ml_le64(b);
	if (!at ||
	    !ml_ftrace_kernel_read(k, at + off[FTRACE_TASKS_PIDS], b,
				   sizeof(b)) ||
	    !ml_ftrace_kernel_read(k, at + off[FTRACE_TASKS_N], num,
				   sizeof(num)))
		return MEMLOG_OK;
	n = ml_le32(num);
	if (n > ML_FTRACE_TASKS)
		return MEMLOG_OK;
	t->task = ml_calloc(&k->alloc, n + 1, sizeof(*t->task));
	if (!t->task)
		return ml_fail(err, MEMLOG_NO_MEMORY,
			       "no memory for the names of %u tasks", n);
	tasks_load(t, k, ml_le64(b),
		   tasks_names(k, at + off[FTRACE_TASKS_NAMES]), n);
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
