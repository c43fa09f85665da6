/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * meaning.c - what events of the hypervisor mean: it has the CPU from hyp_enter to
 * hyp_exit. Before Linux 7.1 hyp_enter had no reason; the next event tells it.
 */
#include "hyp.h"

#include <string.h>

#include "base/names.h"

static const struct memlog_field *meaning_field(const struct memlog_record *rec,
						const char *name)
{
	unsigned int i;

	for (i = 0; i < rec->n_fields; i++)
		if (!strcmp(rec->fields[i].name, name))
			return &rec->fields[i];
	return NULL;
}

bool ml_hyp_event(const struct memlog_record *rec, struct ml_event *ret)
{
	const struct memlog_field *reason = meaning_field(rec, ML_HYP_REASON),
				  *vcpu = meaning_field(rec, "vcpu"),
				  *name = NULL;

	*ret = (struct ml_event){ .kind = ML_EVENT_OTHER };
	if (!rec->has_time)
		return false;
	if (!rec->component)
		return true;
	if (!strcmp(rec->component, "hyp_enter"))
		ret->kind = ML_EVENT_LEAVE;
	else if (!strcmp(rec->component, "hyp_exit"))
		ret->kind = ML_EVENT_ENTER;
	else if (ml_name_in_list("host_hcall,host_smc,host_mem_abort,"
				 "host_ffa_call,iommu_idmap",
				 rec->component))
		ret->kind = ML_EVENT_REASON;
	if (ret->kind == ML_EVENT_REASON) {
		ret->name = rec->component;
		ret->name_len = strlen(rec->component);
	} else if (reason && reason->type == MEMLOG_FIELD_UINT) {
		ret->reason = (uint32_t)reason->u;
		name = meaning_field(rec, ML_HYP_REASON_NAME);
	}
	if (name && name->type == MEMLOG_FIELD_TEXT) {
		ret->name = name->text;
		ret->name_len = name->text_len;
	} else if (ret->kind == ML_EVENT_LEAVE && !reason) {
		ret->name = "no reason";
		ret->name_len = strlen(ret->name);
	}
	ret->has_task = vcpu && vcpu->type == MEMLOG_FIELD_INT;
	if (ret->has_task)
		ret->task = (int32_t)vcpu->i;
	return true;
}
