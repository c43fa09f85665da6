/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domain: the name of a guest in a command line of any process. */
#include <string.h>

#include "image/ext/live.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[24] = "";

	if (ml_domain_name((const char *)data, size, name, sizeof(name)))
		LOOK_CHECK(*name);
	LOOK_CHECK(strnlen(name, sizeof(name)) < sizeof(name));
	return 0;
}
