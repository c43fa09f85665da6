/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * image.c - any file, as a dump. It is built once for each corpus image_* that
 * has no harness of its own: ELF; cores of processes (core), what xl dump-core
 * writes (dumpcore), flattened files (flat), kdump-compressed ones of all
 * codecs, LiME and AVML, saved guests (qevm), Windows crash dumps, files that
 * a log's reader wrote (acrntrace, ring_pages), logs of monitors (vmm_log), files
 * that are known and not read (refused).
 */
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	look_bytes(data, size, NULL, look_chosen(data, size, LOOK_ALL));
	return 0;
}
