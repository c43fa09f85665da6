/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmcoreinfo_check.c - are symbols those of the kernel in the image? */
#include "vmcoreinfo.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

/* A kernel's build ID is a SHA-1; with VMCOREINFO it is in hexadecimal. */
enum { BUILD_ID = 20, HEX = 2 * BUILD_ID };

/* The build ID of the symbols; false: unknown. */
static bool vmcoreinfo_build_id(const struct memlog_symbols *symbols,
				char ret[ML_BUILD_ID])
{
	const void *id = NULL;
	const uint8_t *p;
	size_t len, i;

	if (!symbols->build_id || symbols->build_id(symbols->self, &id, &len) ||
	    len != BUILD_ID)
		return false;
	for (i = 0, p = id; i < BUILD_ID; i++)
		snprintf(ret + 2 * i, 3, "%02x", p[i]);
	return true;
}

bool ml_vmcoreinfo_differs(const struct memlog_image *image,
			   const struct memlog_symbols *symbols,
			   char ret[ML_BUILD_ID])
{
	size_t len;
	const char *is = ml_vmcoreinfo(image, "BUILD-ID", &len);

	return is && len == HEX && vmcoreinfo_build_id(symbols, ret) &&
	       memcmp(is, ret, HEX);
}

/* VMCOREINFO before 5.9 has no build ID. */
static bool vmcoreinfo_banner_differs(struct memlog_image *image,
				      const struct memlog_symbols *symbols)
{
	char want[ML_BANNER], is[ML_BANNER];
	uint64_t va, phys;
	size_t got, len;

	return !ml_vmcoreinfo(image, "BUILD-ID", &len) &&
	       ml_vmcoreinfo_banner(symbols, want, &va) &&
	       ml_vmcoreinfo_symbol(image, symbols, "linux_banner", NULL,
				    &phys) &&
	       !ml_image_fill(image, MEMLOG_PHYS, phys, is, ML_BANNER, &got,
			      NULL) &&
	       strncmp(is, want, got);
}

const struct memlog_symbols *
ml_vmcoreinfo_checked(struct memlog_image *image,
		      const struct memlog_symbols *symbols)
{
	const char *release, *is;
	char id[ML_BUILD_ID];
	size_t len;

	if (!symbols)
		return NULL;
	ml_vmcoreinfo_settle(image);
	if (ml_vmcoreinfo_differs(image, symbols, id)) {
		is = ml_vmcoreinfo(image, "BUILD-ID", &len);
		ml_image_warn(
			image,
			"%.200s is of another kernel and not used: its "
			"build ID is %s, and the kernel in the image has %.*s",
			symbols->file ? symbols->file : "the symbol file", id,
			HEX, is);
		return NULL;
	}
	if (!vmcoreinfo_banner_differs(image, symbols))
		return symbols;
	release = ml_vmcoreinfo(image, "OSRELEASE", &len);
	ml_image_warn(
		image,
		"%.200s is of another kernel and not used: linux_banner is "
		"not the same; the image is of Linux %.*s",
		symbols->file ? symbols->file : "the symbol file",
		release ? (int)ml_min(len, 100) : 0, release);
	return NULL;
}
