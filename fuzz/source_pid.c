/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pid: the text of /proc/PID/maps, and which of it is a guest's memory. */
#include <stdlib.h>
#include <string.h>

#include "image/process/maps.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ml_maps *maps, size_t len)
{
	size_t i;

	for (i = 0; i < maps->n; i++) {
		LOOK_CHECK(maps->m[i].start < maps->m[i].end);
		LOOK_CHECK(!i || maps->m[i - 1].end <= maps->m[i].start);
		LOOK_CHECK(maps->f[i].path >= maps->text);
		LOOK_CHECK(maps->f[i].path + maps->f[i].path_len <=
			   maps->text + len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t guest, all = 0;
	struct ml_maps maps;
	struct look_memory m;
	size_t i;
	char *text;

	look_memory_init(&m, 256u << 20);
	text = m.alloc.alloc(m.alloc.self, size + 1);
	LOOK_CHECK(text);
	memcpy(text, data, size);
	if (!ml_maps_parse(&maps, text, size, &m.alloc, NULL)) {
		check(&maps, size);
		guest = ml_guest_ram(maps.m, maps.n);
		for (i = 0; i < maps.n; i++)
			if (maps.m[i].guest)
				all += maps.m[i].end - maps.m[i].start;
		LOOK_CHECK(guest == all);
		ml_maps_fini(&maps, &m.alloc);
	}
	look_memory_end(&m, 0);
	return 0;
}
