/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* members.c - the members of the kernel's structs that are read, with all names that they
 * have had since Linux 5.6, and where they are. */
#include <stdio.h>
#include <string.h>

#include "kernel.h"

/* No struct that is read is larger, but for one with an array of 32768 numbers. */
#define OFFSET_MAX (1u << 20)

static const struct {
	const char *type, *member;
	uint32_t off;
} members_events[FTRACE_MEMBERS] = {
	[FTRACE_CALL_CLASS] = { "trace_event_call", "class", 16 },
	[FTRACE_CALL_NAME] = { "trace_event_call", "name", 24 },
	[FTRACE_CALL_EVENT] = { "trace_event_call", "event", 32 },
	[FTRACE_CALL_FORMAT] = { "trace_event_call", "print_fmt", 64 },
	[FTRACE_CALL_DATA] = { "trace_event_call", "data", 0 },
	[FTRACE_EVENT_TYPE] = { "trace_event", "type", 16 },
	[FTRACE_CLASS_SYSTEM] = { "trace_event_class", "system", 0 },
	[FTRACE_CLASS_FIELDS] = { "trace_event_class", "fields", 0 },
	[FTRACE_FIELD_NAME] = { "ftrace_event_field", "name", 16 },
	[FTRACE_FIELD_TYPE] = { "ftrace_event_field", "type", 24 },
	[FTRACE_FIELD_OFFSET] = { "ftrace_event_field", "offset", 36 },
	[FTRACE_FIELD_SIZE] = { "ftrace_event_field", "size", 40 },
	[FTRACE_SYSCALL_FIELDS] = { "syscall_metadata", "enter_fields", 32 },
	[FTRACE_TASKS_PIDS] = { "saved_cmdlines_buffer", "map_cmdline_to_pid",
				131080 },
	[FTRACE_TASKS_N] = { "saved_cmdlines_buffer", "cmdline_num", 131088 },
	[FTRACE_TASKS_NAMES] = { "saved_cmdlines_buffer", "saved_cmdlines",
				 131096 },
};

#define NAMES 2

static const struct {
	const char *name[NAMES]; /* "struct.member", the newest first */
	bool may_miss;
} members_ring[RING_MEMBERS] = {
	[RING_ARRAY_LIST] = { { "trace_array.list" }, false },
	[RING_ARRAY_NAME] = { { "trace_array.name" }, false },
	[RING_ARRAY_BUFFER] = { { "trace_array.array_buffer" }, false },
	[RING_ARRAY_SNAPSHOT] = { { "trace_array.snapshot_buffer",
				    "trace_array.max_buffer" },
				  true },
	[RING_ARRAY_CLOCK] = { { "trace_array.clock_id" }, true },
	[RING_ARRAY_RANGE] = { { "trace_array.range_addr_start" }, true },
	[RING_HOLDER_ARRAY] = { { "array_buffer.tr" }, false },
	[RING_HOLDER_BUFFER] = { { "array_buffer.buffer" }, false },
	[RING_BUFFER_CPUS] = { { "trace_buffer.cpus" }, true },
	[RING_BUFFER_ORDER] = { { "trace_buffer.subbuf_order" }, true },
	[RING_BUFFER_BUFFERS] = { { "trace_buffer.buffers" }, false },
	[RING_CPU_CPU] = { { "ring_buffer_per_cpu.cpu" }, false },
	[RING_CPU_BUFFER] = { { "ring_buffer_per_cpu.buffer" }, false },
	[RING_CPU_PAGES] = { { "ring_buffer_per_cpu.nr_pages" }, false },
	[RING_CPU_HEAD] = { { "ring_buffer_per_cpu.head_page" }, false },
	[RING_CPU_COMMIT] = { { "ring_buffer_per_cpu.commit_page" }, false },
	[RING_CPU_READER] = { { "ring_buffer_per_cpu.reader_page" }, false },
	[RING_CPU_LOST] = { { "ring_buffer_per_cpu.lost_events" }, true },
	[RING_CPU_LAST] = { { "ring_buffer_per_cpu.last_overrun" }, true },
	[RING_CPU_ENTRIES] = { { "ring_buffer_per_cpu.entries" }, true },
	[RING_CPU_OVERRUN] = { { "ring_buffer_per_cpu.overrun" }, true },
	[RING_CPU_READ] = { { "ring_buffer_per_cpu.read" }, true },
	[RING_PAGE_LIST] = { { "buffer_page.list" }, false },
	[RING_PAGE_READ] = { { "buffer_page.read" }, false },
	[RING_PAGE_DATA] = { { "buffer_page.page" }, false },
};

static bool members_find(const struct memlog_symbols *types, const char *type,
			 const char *member, uint32_t *ret)
{
	uint64_t v;

	if (!types || !types->member_offset ||
	    types->member_offset(types->self, type, member, &v) ||
	    v > OFFSET_MAX)
		return false;
	*ret = (uint32_t)v;
	return true;
}

void ml_ftrace_members(const struct memlog_symbols *types, uint32_t *off)
{
	size_t i;

	for (i = 0; i < FTRACE_MEMBERS; i++) {
		off[i] = members_events[i].off;
		members_find(types, members_events[i].type,
			     members_events[i].member, &off[i]);
	}
}

/* By "struct.member". */
static bool members_named(const struct memlog_symbols *types, const char *name,
			  uint32_t *ret)
{
	const char *dot = strchr(name, '.');
	char type[ML_FTRACE_NAME];

	snprintf(type, sizeof(type), "%.*s", (int)(dot - name), name);
	return members_find(types, type, dot + 1, ret);
}

bool ml_ftrace_ring_members(const struct memlog_symbols *types, uint32_t *off,
			    const char **ret_missing)
{
	size_t i, k;

	for (i = 0; i < RING_MEMBERS; i++) {
		off[i] = FTRACE_NONE;
		for (k = 0; k < NAMES && off[i] == FTRACE_NONE; k++)
			if (members_ring[i].name[k])
				members_named(types, members_ring[i].name[k],
					      &off[i]);
		if (off[i] == FTRACE_NONE && !members_ring[i].may_miss) {
			*ret_missing = members_ring[i].name[0];
			return false;
		}
	}
	return true;
}
