/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* known.c - the events that kernels are known to have. */
#include "known.h"

#include <stdio.h>
#include <string.h>

#define REASON "reason=%s vcpu=%d\", REC->reason, REC->vcpu"
#define FFA                                                              \
	"func_id=0x%llx res_a1=0x%llx res_a2=0x%llx res_a3=0x%llx "      \
	"res_a4=0x%llx handled=%d err=%d\", REC->func_id, REC->res_a1, " \
	"REC->res_a2, REC->res_a3, REC->res_a4, REC->handled, REC->err"

static const struct hyp_known known_mainline[] = {
	{ "hyp_enter", "u1 reason, s4 vcpu", REASON, 0 },
	{ "hyp_exit", "u1 reason, s4 vcpu", REASON, 0 },
	{ "hyp_printk", "u2 fmt_id", "fmt_id=%u\", REC->fmt_id", 8 },
	{ "selftest", "u8 id", "id=%llu\", REC->id", 0 },
};

/* Sorted by name. */
static const struct hyp_known known_android[] = {
	{ "__hyp_printk", "u1 fmt_id, u8 a, u8 b, u8 c, u8 d",
	  "fmt_id=%u a=0x%llx b=0x%llx c=0x%llx d=0x%llx\", REC->fmt_id, "
	  "REC->a, REC->b, REC->c, REC->d",
	  0 },
	{ "func", "u8 ip, u8 parent",
	  "ip=0x%llx parent=0x%llx\", REC->ip, REC->parent", 0 },
	{ "func_ret", "u8 ip", "ip=0x%llx\", REC->ip", 0 },
	{ "host_ffa_call",
	  "u8 func_id, u8 res_a1, u8 res_a2, u8 res_a3, u8 res_a4, "
	  "s4 handled, s4 err",
	  FFA, 0 },
	{ "host_hcall", "u4 id, u1 invalid",
	  "id=%u invalid=%u\", REC->id, REC->invalid", 0 },
	{ "host_mem_abort", "u8 esr, u8 addr",
	  "esr=0x%llx addr=0x%llx\", REC->esr, REC->addr", 0 },
	{ "host_smc", "u8 id, u1 forwarded",
	  "id=%llu forwarded=%u\", REC->id, REC->forwarded", 0 },
	{ "hyp_enter", "", " ", 0 },
	{ "hyp_exit", "", " ", 0 },
	{ "iommu_idmap", "u8 from, u8 to, s4 prot",
	  "from=0x%llx to=0x%llx prot=0x%x\", REC->from, REC->to, REC->prot",
	  0 },
	{ "iommu_idmap_complete", "u1 map", "map=%d\", REC->map", 0 },
	{ "psci_mem_protect", "u8 count, u8 was",
	  "count=%llu was=%llu\", REC->count, REC->was", 0 },
	{ "selftest", "", " ", 0 },
	{ "vcpu_illegal_trap", "u8 esr", "esr_el2=%llx\", REC->esr", 0 },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

_Static_assert(COUNT(known_mainline) <= HYP_KNOWN, "too many events");
_Static_assert(COUNT(known_android) <= HYP_KNOWN, "too many events");

const struct hyp_known *ml_hyp_known(const struct hyp *h, size_t i)
{
	if (h->gen == HYP_MAINLINE)
		return i < COUNT(known_mainline) ? &known_mainline[i] : NULL;
	return i < COUNT(known_android) ? &known_android[i] : NULL;
}

uint32_t ml_hyp_known_type(const struct hyp *h, const struct hyp_known *k,
			   struct hyp_type *ret)
{
	bool packed = h->gen != HYP_MAINLINE;
	uint32_t off = 2, size, most = packed ? 1 : 2;
	const char *s = k->fields, *end;
	struct hyp_field *f;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret->name, sizeof(ret->name), "%s", k->name);
	snprintf(ret->format, sizeof(ret->format), "%s", k->format);
	for (; *s; s = *end ? end + 2 : end) {
		end = s + strcspn(s, ",");
		size = (uint32_t)(s[1] - '0');
		if (!packed) {
			off = (off + size - 1) & -size;
			most = size > most ? size : most;
		}
		f = &ret->field[ret->n_fields++];
		f->is_signed = *s == 's';
		f->size = (uint16_t)size;
		f->off = (uint16_t)off;
		snprintf(f->name, sizeof(f->name), "%.*s", (int)(end - s - 3),
			 s + 3);
		off += size;
	}
	/* arguments follow, aligned */
	if (k->step > most)
		most = k->step;
	off = (off + most - 1) & -most;
	ret->len = k->step ? 0 : off;
	return off;
}

bool ml_hyp_known_fits(const struct hyp *h, const struct hyp_known *k,
		       uint32_t len)
{
	struct hyp_type type;
	uint32_t need = ml_hyp_known_type(h, k, &type);

	return k->step ? len >= need && (len - need) % k->step == 0 :
			 len == need;
}

bool ml_hyp_known_by_name(const struct hyp *h, struct hyp_type *type)
{
	const struct hyp_known *k;
	uint16_t id = type->id;
	size_t i;

	for (i = 0; (k = ml_hyp_known(h, i)); i++) {
		if (strcmp(k->name, type->name))
			continue;
		ml_hyp_known_type(h, k, type);
		type->id = id;
		break;
	}
	return type->name[0];
}
