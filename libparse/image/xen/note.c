/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* note.c - parse the notes that Xen writes; does no I/O. */
#include "note.h"

#include "base/bytes.h"

const char *ml_xen_note_title(uint32_t type)
{
	switch (type) {
	case ML_XEN_CRASH_INFO:
		return "Xen crash information";
	case ML_XEN_CRASH_REGS:
		return "control registers of a CPU";
	case ML_XEN_DUMP_NONE:
		return "xl dump-core";
	case ML_XEN_DUMP_HEADER:
		return "dump header";
	case ML_XEN_DUMP_VERSION:
		return "Xen version";
	case ML_XEN_DUMP_FORMAT:
		return "dump format version";
	case ML_XEN_KDUMP_CR3:
		return "page table of a virtual CPU";
	}
	return NULL;
}

bool ml_xen_crash_info(const uint8_t *desc, size_t len,
		       struct ml_xen_crash_info *ret)
{
	struct ml_xen_crash_info c = { .is64 = len >= 64 };
	size_t word = c.is64 ? 8 : 4, n = len / word, i;
	uint64_t w[8];

	if (n < 8 || len % word)
		return false;
	for (i = 0; i < 8; i++)
		w[i] = c.is64 ? ml_le64(desc + 8 * i) : ml_le32(desc + 4 * i);
	c.major = w[0];
	c.minor = w[1];
	for (i = 0; i < ML_XEN_STRINGS; i++)
		c.strings[i] = w[2 + i];
	c.tainted = w[7];
	c.has_p2m = n > 8;
	if (c.has_p2m)
		c.p2m = c.is64 ? ml_le64(desc + len - 8) :
				 ml_le32(desc + len - 4);
	c.has_phys_start = n > 9;
	if (c.has_phys_start)
		c.phys_start = c.is64 ? ml_le64(desc + len - 16) :
					ml_le32(desc + len - 8);
	*ret = c;
	return true;
}

bool ml_xen_crash_regs(const uint8_t *desc, size_t len, uint64_t ret[4])
{
	size_t i;

	if (len != 16 && len != 32)
		return false;
	for (i = 0; i < 4; i++)
		ret[i] = len == 32 ? ml_le64(desc + 8 * i) :
				     ml_le32(desc + 4 * i);
	return true;
}
