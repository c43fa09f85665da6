/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of symbols, as -s takes it. */
#include <unistd.h>

#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct memlog_symbols *s)
{
	static const char *const names[] = { "conring", "t_info", "x", "" };
	const char *name;
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		s->addr(s->self, names[i], &v);
		s->member_offset(s->self, names[i], "x", &v);
		s->type_size(s->self, names[i], &v);
		if (!s->enum_name(s->self, names[i], 1, &name))
			LOOK_CHECK(name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memlog_symbols *s;
	struct look_memory m;
	char path[LOOK_PATH];
	int fd = look_memfd(data, size, path);

	look_memory_init(&m, 256u << 20);
	if (!memlog_symbols_open(path, &m.alloc, &s, NULL)) {
		ask(s);
		memlog_symbols_close(s);
	}
	LOOK_CHECK(!m.now && !m.blocks);
	close(fd);
	return 0;
}
