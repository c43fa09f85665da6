/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.c - the file formats, in the order in which they are tried. */
#include "table.h"

const struct ml_image_format ml_image_formats[] = {
	{ "elf", "ELF dump", ml_elf_open },
	{ "kdump", "kdump-compressed dump", ml_kdump_open },
	{ "lime", "LiME or AVML dump", ml_lime_open },
	{ "windows", "Windows crash dump", ml_windows_open },
	{ "qevm", "saved guest of QEMU or libvirt", ml_qevm_open },
	{ "refused", "known, and not read", ml_refuse_open },
	{ "raw", "plain memory", ml_raw_open },	/* takes nearly anything */
	{ 0 },
};
