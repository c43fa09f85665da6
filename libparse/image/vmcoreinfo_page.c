/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vmcoreinfo_page.c - the text of VMCOREINFO in the kernel's own memory, where no
 * note of the image has it.
 *
 * The kernel keeps it twice, in pages of their own: the text, and an ELF note with
 * it. Any program can write the same. It counts only if the variable that it says the
 * kernel's names are in has the same release, at the physical address that follows
 * from the rest of it: that excludes kernels of guests and of earlier boots.
 */
#include "vmcoreinfo.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

#define OWNER "VMCOREINFO"

/* the header of an ELF note, and its owner, padded */
#define NOTE 24

/* struct new_utsname: arrays of 65 characters */
enum { UTS_SYSTEM = 0, UTS_RELEASE = 2 * 65, UTS_SIZE = 3 * 65 };

/* Where they are in struct uts_namespace if VMCOREINFO does not say: after a counter. */
enum { UTS_OLD = 4 };

static bool vmcoreinfo_begins(const uint8_t *p)
{
	return !memcmp(p, "OSRELEASE=", 10);
}

/* How many characters of text there are; 0: it is something else. */
static size_t vmcoreinfo_page_len(const char *text, size_t size)
{
	size_t len = strnlen(text, size), i;

	if (len == size || !len || text[len - 1] != '\n')
		return 0;
	for (i = 0; i < len; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return 0;
	return len;
}

/* Has the kernel at phys this release in its names? */
static bool vmcoreinfo_page_names(struct memlog_image *image, uint64_t phys,
				  uint64_t off, const char *release, size_t len)
{
	char uts[UTS_SIZE];
	size_t got;

	return off < ML_PAGE && ml_add(phys, off, &phys) &&
	       !ml_image_fill(image, MEMLOG_PHYS, phys, uts, sizeof(uts), &got,
			      NULL) &&
	       got == sizeof(uts) && !strcmp(uts + UTS_SYSTEM, "Linux") &&
	       !memcmp(uts + UTS_RELEASE, release, len) &&
	       !uts[UTS_RELEASE + len];
}

/* Is that kernel in this memory? given has the text as its only note. */
static bool vmcoreinfo_page_true(struct memlog_image *image,
				 const struct memlog_image *given)
{
	uint64_t va, off = UTS_OLD, phys;
	const char *release;
	size_t len;

	release = ml_vmcoreinfo(given, "OSRELEASE", &len);
	if (!release || len >= UTS_SIZE - UTS_RELEASE ||
	    !ml_vmcoreinfo_number(given, "SYMBOL(_stext)", &va) ||
	    !ml_vmcoreinfo_number(given, "SYMBOL(init_uts_ns)", &va) ||
	    !ml_vmcoreinfo_phys(given, va, &phys))
		return false;
	ml_vmcoreinfo_number(given, "OFFSET(uts_namespace.name)", &off);
	return vmcoreinfo_page_names(image, phys, off, release, len);
}

bool ml_vmcoreinfo_take(struct memlog_image *image,
			const struct memlog_symbols *symbols, uint64_t phys,
			const uint8_t *p)
{
	char text[ML_VMCOREINFO + 1], owner[] = OWNER, id[ML_BUILD_ID];
	struct ml_note note = { .owner = owner, .text = text };
	const struct memlog_image given = { .notes = &note, .n_notes = 1 };
	size_t got, len;

	if (!vmcoreinfo_begins(p)) {
		if (memcmp(p + 12, OWNER, sizeof(OWNER)) ||
		    !vmcoreinfo_begins(p + NOTE))
			return false;
		phys += NOTE;
	}
	if (ml_image_fill(image, MEMLOG_PHYS, phys, text, ML_VMCOREINFO, &got,
			  NULL))
		return false;
	text[got] = '\0';
	len = vmcoreinfo_page_len(text, got);
	if (!len || (symbols && ml_vmcoreinfo_differs(&given, symbols, id)) ||
	    !vmcoreinfo_page_true(image, &given))
		return false;
	ml_image_add_note(image, OWNER, 0, "description of the kernel", text,
			  text, len);
	image->found_vmcoreinfo = true;
	return true;
}
