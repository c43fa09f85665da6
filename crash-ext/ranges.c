/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ranges.c - get the ranges of memory from the kernel in the dump.
 *
 * Firmware logs are in memory that Linux lists as reserved or ACPI NVS, so a
 * search of "System RAM" only would miss them all.
 */
#include "crash-ext.h"

#include <strings.h>

void ext_ranges_add(struct session *s, uint64_t start, uint64_t end)
{
	if (start < end && s->n_ranges < EXT_MAX_RANGES)
		s->ranges[s->n_ranges++] = (struct memlog_range){ start, end };
}

struct offsets {
	long start, end, name, sibling, child;
};

static bool find_offsets(struct offsets *o)
{
	char type[] = "resource";

	o->start = MEMBER_OFFSET(type, "start");
	o->end = MEMBER_OFFSET(type, "end");
	o->name = MEMBER_OFFSET(type, "name");
	o->sibling = MEMBER_OFFSET(type, "sibling");
	o->child = MEMBER_OFFSET(type, "child");
	return o->start >= 0 && o->end >= 0 && o->name >= 0 &&
	       o->sibling >= 0 && o->child >= 0;
}

static bool read_word(ulong addr, void *ret, long size)
{
	return addr && readmem(addr, KVADDR, ret, size, "memlog resource",
			       RETURN_ON_ERROR | QUIET);
}

static void read_name(ulong addr, char *name, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i++)
		if (!read_word(addr + i, &name[i], 1) || !name[i])
			break;
	name[i] = '\0';
}

/* Is a resource memory, rather than a device? */
static bool is_memory(const char *name, bool live)
{
	static const char *const names[] = {
		"System RAM",	     "Reserved",
		"ACPI Tables",	     "ACPI Non-volatile Storage",
		"Persistent Memory", "Persistent RAM",
		"Soft Reserved",     "RAM buffer",
		"Unknown E820 type", "Unusable memory",
	};
	size_t i;

	if (live)
		return !strcmp(name, "System RAM");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strncasecmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool from_resources(struct session *s, bool live)
{
	ulong at, name_at;
	uint64_t start, end;
	struct offsets o;
	char name[40];
	long size = MEMBER_SIZE("resource", "start");
	int left = EXT_MAX_RANGES;

	if (!symbol_exists("iomem_resource") || !find_offsets(&o) ||
	    size != sizeof(start))
		return false;
	if (!read_word(symbol_value("iomem_resource") + o.child, &at,
		       sizeof(at)))
		return false;
	while (at && left-- && !ext_interrupted()) {
		if (!read_word(at + o.start, &start, sizeof(start)) ||
		    !read_word(at + o.end, &end, sizeof(end)) ||
		    !read_word(at + o.name, &name_at, sizeof(name_at)))
			break;
		read_name(name_at, name, sizeof(name));
		if (is_memory(name, live) && end < UINT64_MAX)
			ext_ranges_add(s, start, end + 1);
		if (!read_word(at + o.sibling, &at, sizeof(at)))
			break;
	}
	return s->n_ranges != 0;
}

static bool from_nodes(struct session *s)
{
	uint64_t start;
	int i;

	for (i = 0; i < vt->numnodes && vt->node_table; i++) {
		start = vt->node_table[i].start_paddr;
		ext_ranges_add(s, start,
			       start + (uint64_t)vt->node_table[i].size *
					       PAGESIZE());
	}
	return s->n_ranges != 0;
}

bool ext_ranges_from_kernel(struct session *s, bool live)
{
	return from_resources(s, live) || from_nodes(s);
}
