/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* p2m_entry.c - parse the entries of a leaf. */
#include "p2m_tree.h"

#define SHIFT	  12
#define MAX_FRAME (UINT64_MAX >> SHIFT)

enum ml_p2m_what ml_p2m_entry(const struct ml_p2m *p, uint64_t e, uint64_t *mfn)
{
	switch (p->kind) {
	case ML_P2M_LIST64:
		*mfn = e & ((1ull << 62) - 1);
		if (e == UINT64_MAX || e >> 62 == 3 || *mfn > MAX_FRAME)
			return ML_P2M_ABSENT;
		return e >> 63 ? ML_P2M_FOREIGN :
		       e >> 62 ? ML_P2M_IDENTITY :
				 ML_P2M_OWN;
	case ML_P2M_LIST32:
		*mfn = e & 0x3fffffff;
		if (e == UINT32_MAX || e >> 30 == 3)
			return ML_P2M_ABSENT;
		return e >> 31 ? ML_P2M_FOREIGN :
		       e >> 30 ? ML_P2M_IDENTITY :
				 ML_P2M_OWN;
	case ML_P2M_TABLE64:
		*mfn = (e & ML_PTE64_ADDR) >> SHIFT;
		return e & 1 ? ML_P2M_OWN : ML_P2M_ABSENT;
	case ML_P2M_TABLE32:
		*mfn = e >> SHIFT;
		return e & 1 ? ML_P2M_OWN : ML_P2M_ABSENT;
	}
	return ML_P2M_ABSENT;
}

bool ml_p2m_any_mapped(const struct ml_p2m *p, const uint64_t *entries)
{
	uint64_t mfn;
	size_t i;

	for (i = 0; i < p->per_page; i++) {
		enum ml_p2m_what w = ml_p2m_entry(p, entries[i], &mfn);

		if (w == ML_P2M_OWN || w == ML_P2M_FOREIGN)
			return true;
	}
	return false;
}
