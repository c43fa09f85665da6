/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cloudhv.c - the state of a machine that Cloud Hypervisor saved. The first 8 bytes are
 * the size of its memory. */
#include "image/ext/cloudhv.h"
#include "base/bytes.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ml_cloudhv_memory *m;
	struct look_memory memory;
	struct ml_cloudhv c;
	size_t i, k;

	if (size < 8)
		return 0;
	look_memory_init(&memory, 64u << 20);
	if (!ml_cloudhv_parse(&c, (const char *)data + 8, size - 8,
			      ml_le64(data), &memory.alloc, NULL))
		for (i = 0; i < c.ranges.n; i++) {
			m = &c.ranges.m[i];
			LOOK_CHECK(m->len && m->addr + m->len > m->addr);
			for (k = 0; k < i; k++)
				LOOK_CHECK(m->addr + m->len <=
						   c.ranges.m[k].addr ||
					   c.ranges.m[k].addr +
							   c.ranges.m[k].len <=
						   m->addr);
		}
	ml_cloudhv_fini(&c);
	LOOK_CHECK(!memory.now && !memory.blocks);
	return 0;
}
