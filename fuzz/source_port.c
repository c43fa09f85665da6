/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * port: the user's name for a port is the first line of the input; the rest is what a
 * guest wrote to it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/ports/ports.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct ml_ports *ports)
{
	const uint8_t *text;
	struct ml_port_line l;
	size_t len, blocks = 0;

	if (ml_ports_start(ports, false, NULL))
		return;
	do {
		while (ml_ports_next(ports, &text, &len)) {
			LOOK_CHECK(ml_port_line(text, len, &l));
			LOOK_CHECK(text[len - 1] == '\n' && len < 4096);
			blocks++;
		}
		while (ml_ports_news(ports))
			;
	} while (ml_ports_wait(ports, 0));
	LOOK_CHECK(blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *lf = memchr(data, '\n', size);
	size_t n = lf ? (size_t)(lf - data) : size;
	const char *one = NULL;
	char spec[256];
	struct ml_ports *ports;
	struct look_memory m;
	int fd;

	look_memory_init(&m, 1u << 20);
	fd = memfd_create("port", 0);
	LOOK_CHECK(fd >= 0);
	if (lf)
		LOOK_CHECK(write(fd, lf + 1, size - n - 1) ==
			   (ssize_t)(size - n - 1));
	/* only this file is opened, whatever the options are */
	snprintf(spec, sizeof(spec), "/proc/self/fd/%d%s%.*s", fd, n ? "," : "",
		 (int)(n < 200 ? n : 200), (const char *)data);
	one = spec;
	if (spec[strlen(spec) - 1] != ',' && !strstr(spec, ",,") &&
	    !ml_ports_create(&one, 1, &m.alloc, &ports, NULL)) {
		drain(ports);
		ml_ports_destroy(ports);
	}
	close(fd);
	LOOK_CHECK(!m.now && !m.blocks);
	return 0;
}
