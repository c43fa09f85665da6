/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* moment.c - what the boot times of UEFI say about the boot. */
#include <string.h>

#include "fpdt.h"

static const struct {
	const char *event, *name;
	enum ml_stage phase;
} fpdt_moments[] = {
	{ "mark", "SEC", ML_STAGE_SEC },
	{ "phase", "SEC", ML_STAGE_SEC },
	{ "phase", "PEI", ML_STAGE_PEI },
	{ "phase", "DXE", ML_STAGE_DXE },
	{ "phase", "BDS", ML_STAGE_BDS },
	{ "OsLoaderLoadImageStart", NULL, ML_STAGE_LOADER },
	{ "ExitBootServicesEntry", NULL, ML_STAGE_HANDOVER },
};

static const struct memlog_field *fpdt_get(const struct memlog_record *rec,
					   const char *name)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++)
		if (!strcmp(rec->fields[i].name, name))
			return &rec->fields[i];
	return NULL;
}

static bool fpdt_says(const struct memlog_field *f, const char *text)
{
	return f && f->text && f->text_len == strlen(text) &&
	       !memcmp(f->text, text, f->text_len);
}

void ml_fpdt_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	const struct memlog_field *event = fpdt_get(rec, "event"),
				  *name = fpdt_get(rec, "name"),
				  *edge = fpdt_get(rec, "edge"),
				  *took = fpdt_get(rec, "took_ns");
	size_t i;

	/* the times of the boot as a whole are not in order with the others */
	ret->is_mark = !edge;
	for (i = 0; i < sizeof(fpdt_moments) / sizeof(*fpdt_moments); i++)
		if (fpdt_says(event, fpdt_moments[i].event) &&
		    (fpdt_moments[i].name ?
			     (!edge || fpdt_says(edge, "begin")) &&
				     fpdt_says(name, fpdt_moments[i].name) :
			     rec->has_time))
			ret->phase = fpdt_moments[i].phase;
	if (fpdt_says(event, "ExitBootServicesEntry"))
		ret->common = ML_COMMON_EXIT_BOOT;
	if (took && !fpdt_says(event, "phase")) {
		ret->took_ns = took->u;
		/* GUIDs are ended by a NUL */
		ret->name = name ? name->text : rec->component;
	}
}
