/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * traceevent.c - events of Linux through libtraceevent: the input is a print format,
 * a NUL, and the bytes of an event after its common fields. Formats that are not
 * refused must not make libtraceevent read or write where it must not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/unit/libevent.h"
#include "liblook.h"

enum { EVENT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct memlog_event_printer *p = memlog_event_printer();
	size_t n = strnlen((const char *)data, size), len, got;
	uint8_t event[EVENT_MAX] = { 76 };
	char *format;
	const char *s;
	void *state;

	if (!p || n == size)
		return 0;
	len = size - n - 1 < EVENT_MAX - 8 ? size - n - 1 : EVENT_MAX - 8;
	memcpy(event + 8, data + n + 1, len);
	len = len + 8 < EVENT_FIELDS_END ? EVENT_FIELDS_END : len + 8;
	format = malloc(sizeof(EVENT_HEAD) + n + 1);
	state = p->create(NULL, NULL, NULL);
	LOOK_CHECK(format && state);
	sprintf(format, "%s%s\n", EVENT_HEAD, (const char *)data);
	if (!p->add(state, "test", format) &&
	    !p->print(state, 76, event, len, &s, &got))
		LOOK_CHECK(got <= 64 * (EVENT_MAX + 1024) + n);
	p->destroy(state);
	free(format);
	return 0;
}
