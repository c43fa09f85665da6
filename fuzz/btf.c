/* SPDX-License-Identifier: GPL-2.0-or-later */
/* btf.c - BTF of a kernel: the input is all of it. */
#include <string.h>

#include "format/ftrace/btf.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "trace_array", "list", "", "x" };
	struct memlog_symbols *s;
	struct look_memory m;
	bool starved = false;
	uint8_t *bytes;
	uint64_t v;
	size_t i, k;

	look_memory_init(&m, 256u << 20);
	bytes = m.alloc.alloc(m.alloc.self, size + 1);
	LOOK_CHECK(bytes);
	memcpy(bytes, data, size);
	s = ml_ftrace_btf_open(&m.alloc, bytes, size, &starved);
	for (i = 0; s && i < 4; i++) {
		s->type_size(s->self, names[i], &v);
		for (k = 0; k < 4; k++)
			s->member_offset(s->self, names[i], names[k], &v);
	}
	LOOK_CHECK(!starved);
	ml_ftrace_btf_close(s);
	LOOK_CHECK(!m.now && !m.blocks);
	return 0;
}
