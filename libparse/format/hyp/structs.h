/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* structs.h - where things are in structures of the kernel and of the writer that all
 * generations have, or only one, and more than one file reads. */
#ifndef ML_FORMAT_HYP_STRUCTS_H
#define ML_FORMAT_HYP_STRUCTS_H

#include "hyp.h"

/* Addresses of the kernel are from here on. */
#define HYP_KERNEL (UINT64_C(1) << 63)

/* struct remote_event; the size is HYP_EVENT. */
enum {
	HYP_EVENT_ID = HYP_NAME,
	HYP_EVENT_ENABLED = 32,
	HYP_EVENT_REMOTE = 40,
	HYP_EVENT_FIELDS = 48,
	HYP_EVENT_FORMAT = 56,
	HYP_EVENT_PRINT = 64,
};

/* struct trace_remote; HYP_REMOTE bytes of it are used. */
enum {
	HYP_REMOTE_BUFFER = 16,
	HYP_REMOTE_DESC = 24,
	HYP_REMOTE_EVENTS = 48,
	HYP_REMOTE_N_EVENTS = 56,
};

/* The parts of the CPUs are after struct trace_buffer_desc; before the hypervisor's are
 * the address and the size of its nodes. A part has the number of its pages, the address
 * of its meta page, and those of its pages. */
enum {
	HYP_PART_PAGES = 4,
	HYP_PART_META = 8,
	HYP_PART = 16,
};

/* A node, the writer's or the kernel's: a list, and the writer's page. */
enum {
	HYP_NODE_NEXT = 0,
	HYP_NODE_PAGE = 16,
	HYP_LINK_FLAGS = 3, /* a link to the head; 2: which is being moved */
};

#endif
