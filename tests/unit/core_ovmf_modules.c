/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules, by the lines of OVMF's log that name them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/ovmf/index.h"

static void line(struct ovmf_modules *m, const char *text)
{
	ml_ovmf_modules_line(m, (const uint8_t *)text, strlen(text));
}

static void module_names(void **state)
{
	static struct ovmf_modules m;
	char text[100];
	size_t i;

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_string_equal(ml_ovmf_modules_name(&m, 0xdf1ccef6), "SecMain");
	assert_string_equal(ml_ovmf_modules_name(&m, 0x9b680fce), "9b680fce");
	line(&m, "Loading driver 9B680FCE-AD6B-4F3A-B60B-F59899003443\r\n");
	line(&m, "InstallProtocolInterface: 5B1B31A1-9562 3AE4F40\r\n");
	line(&m, "Loading driver at 0x000035DF000 EntryPoint=0x000035E6DF4 "
		 "DevicePathDxe.efi\r\n");
	assert_string_equal(ml_ovmf_modules_name(&m, 0x9b680fce),
			    "DevicePathDxe");
	/* a name without a module before it, and none at all */
	line(&m, "Loading driver at 0x1 EntryPoint=0x2 Other.efi\r\n");
	line(&m, "Loading SMM driver 1-2-3\r\n");
	line(&m, "Loading PEIM 9B680FCE\r\n");
	line(&m, "Loading PEIM at 0x1 EntryPoint=0x2 Other.efi\r\n");
	assert_string_equal(ml_ovmf_modules_name(&m, 0x9b680fce),
			    "DevicePathDxe");
	line(&m, "Loading PEIM 00000001-0000-0000-0000-000000000000\n");
	line(&m, "Loading PEIM at 0x1 EntryPoint=0x2 \n");
	assert_string_equal(ml_ovmf_modules_name(&m, 1), "00000001");
	/* more than there is room for: old ones go */
	for (i = 2; i < 3 * OVMF_MODULES; i++) {
		snprintf(text, sizeof(text),
			 "Loading driver %08zX-0000-0000-0000-000000000000", i);
		line(&m, text);
		snprintf(text, sizeof(text), "Loading driver at 0x1 %064zu.efi",
			 i);
		line(&m, text);
		assert_int_equal(strlen(ml_ovmf_modules_name(&m, (uint32_t)i)),
				 OVMF_MODULE_NAME - 1);
	}
	assert_string_equal(ml_ovmf_modules_name(&m, 2), "00000002");
	assert_true(m.n == OVMF_MODULES);
}

static void crashed_module(void **state)
{
	static struct ovmf_modules m;
	static const struct {
		const char *text, *name;
	} list[] = {
		{ "!!!! Find image based on IP(0x6427635) /a/b/FaultDxe.dll "
		  "(ImageBase=1, EntryPoint=2) !!!!\n",
		  "FaultDxe" },
		{ "!!!! Find image based on IP(0x1) Bare.dll (ImageBase=1",
		  "Bare" },
		{ "!!!! Find image based on IP(0x1) (No PDB)  (ImageBase=1",
		  NULL },
		{ "!!!! Find image based on IP(0x1) /a/.dll (ImageBase=1",
		  NULL },
		{ "!!!! Find image based on IP(0x1) /a/b.dll", NULL },
		{ "!!!! Find image based on IP(", NULL },
		{ "Find image based on IP(0x1) /a/b.dll (", NULL },
		{ "!!!! Find image based on IP(0x1) /a/"
		  "1234567890123456789012345678901234567890.dll (I",
		  "123456789012345678901234567890123456789" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		const char *name =
			ml_ovmf_modules_crash(&m, (const uint8_t *)list[i].text,
					      strlen(list[i].text));

		assert_int_equal(!name, !list[i].name);
		if (name)
			assert_string_equal(name, list[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_names),
		cmocka_unit_test(crashed_module),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
