/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* portmoment.c - what progress codes and texts of debug ports say about the boot. */
#include <string.h>

#include "portcapture.h"

/* Which part of the boot a code of each component is of. Custom codes are those of
 * anybody in a monitor's log, of users by the table of firmware/. */
static const struct {
	const char *component;
	enum ml_stage phase;
} ports_phases[] = {
	{ "firmware", ML_STAGE_FIRMWARE }, { "bootloader", ML_STAGE_LOADER },
	{ "kernel", ML_STAGE_KERNEL },	   { "userspace", ML_STAGE_USER },
	{ "custom", ML_STAGE_USER },
};

static const struct memlog_field *ports_get(const struct memlog_record *rec,
					    const char *name)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++)
		if (!strcmp(rec->fields[i].name, name))
			return &rec->fields[i];
	return NULL;
}

static bool ports_says(const struct memlog_field *f, const char *text)
{
	return f && f->text_len == strlen(text) &&
	       !memcmp(f->text, text, f->text_len);
}

void ml_ports_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	const struct memlog_field *code = ports_get(rec, "code"),
				  *port = ports_get(rec, "port"),
				  *clock = ports_get(rec, "clock"),
				  *vm = ports_get(rec, "vm");
	bool custom = rec->component && !strcmp(rec->component, "custom");
	size_t i;

	if (vm) {
		ret->vm = vm->text;
		ret->vm_len = vm->text_len;
	}
	ret->port = port ? (uint16_t)port->u : 0;
	ret->aside = rec->component && !strcmp(rec->component, "capture");
	if (!code || !rec->component) {
		ml_moment_firmware(rec, ret);
		ret->is_mark = ret->has_code = false;
		return;
	}
	ret->is_mark = ret->has_code = ret->weak = true;
	ret->code = (uint8_t)code->u;
	ret->common = ML_COMMON_CODE + ret->code;
	if (ports_says(clock, "vm-creation"))
		ret->has_machine = true;
	if (custom && ret->has_machine)
		return;
	for (i = 0; i < sizeof(ports_phases) / sizeof(*ports_phases); i++)
		if (!strcmp(rec->component, ports_phases[i].component))
			ret->phase = ports_phases[i].phase;
	if (ret->phase == ML_STAGE_USER)
		ret->also = ML_COMMON_INIT;
}
