/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * note.h - the notes that Xen writes; pure. Sources: Xen's public header
 * elfnote.h, and its kexec code for their sizes.
 */
#ifndef ML_IMAGE_XEN_NOTE_H
#define ML_IMAGE_XEN_NOTE_H

#include "memlog.h"

/* Note types, told by the type under any owner: producers differ. */
enum {
	ML_XEN_CRASH_INFO = 0x1000001,
	ML_XEN_CRASH_REGS = 0x1000002,
	/* xl dump-core */
	ML_XEN_DUMP_NONE = 0x2000000,
	ML_XEN_DUMP_HEADER = 0x2000001,
	ML_XEN_DUMP_VERSION = 0x2000002,
	ML_XEN_DUMP_FORMAT = 0x2000003,
	ML_XEN_KDUMP_CR3 = 0x10000001,	/* of 2006 */
};

/* What a note of this type is; NULL: none of Xen's. */
const char *ml_xen_note_title(uint32_t type);

/*
 * The CRASH_INFO note. strings are machine addresses of NUL-terminated text:
 * what follows the version's numbers, changeset, compiler, date, time.
 */
#define ML_XEN_STRINGS 5
struct ml_xen_crash_info {
	bool is64;
	uint64_t major, minor;
	uint64_t strings[ML_XEN_STRINGS];
	uint64_t tainted;
	bool has_p2m, has_phys_start;
	uint64_t p2m;		/* frame of dom0's list of lists of frames */
	uint64_t phys_start;	/* machine address of the hypervisor */
};

/* Parse it. The sizes tell 4- from 8-byte words and the edition: 32/64 bytes
 * have no p2m (Arm), 36/72 have it, 40/80 have xen_phys_start before it.
 * Longer notes keep the p2m last, as those did. False: no such size. */
bool ml_xen_crash_info(const uint8_t *desc, size_t len,
		       struct ml_xen_crash_info *ret);

/* Parse CRASH_REGS: cr0, cr2, cr3, cr4. False: not 16 or 32 bytes. */
bool ml_xen_crash_regs(const uint8_t *desc, size_t len, uint64_t ret[4]);

#endif
