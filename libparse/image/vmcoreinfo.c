/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vmcoreinfo.c - numbers out of the VMCOREINFO note, and from them where the
 * kernel is. */
#include "vmcoreinfo.h"

#include <string.h>

#include "base/bytes.h"

/* x86-64: the kernel's image is mapped from here on. */
#define X86_IMAGE UINT64_C(0xffffffff80000000)

const char *ml_vmcoreinfo(const struct memlog_image *image, const char *key,
			  size_t *ret_len)
{
	size_t i, n = strlen(key);
	const char *s, *end;

	for (i = 0; i < image->n_notes; i++) {
		s = image->notes[i].text;
		if (!s || strcmp(image->notes[i].owner, "VMCOREINFO"))
			continue;
		for (; s; s = strchr(s, '\n')) {
			s += *s == '\n';
			if (strncmp(s, key, n) || s[n] != '=')
				continue;
			s += n + 1;
			end = strchr(s, '\n');
			*ret_len = end ? (size_t)(end - s) : strlen(s);
			return s;
		}
	}
	return NULL;
}

static unsigned int vmcoreinfo_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

bool ml_vmcoreinfo_number(const struct memlog_image *image, const char *key,
			  uint64_t *ret)
{
	bool negative, any = false;
	uint64_t v = 0, base;
	const char *s, *end;
	size_t len;

	s = ml_vmcoreinfo(image, key, &len);
	if (!s)
		return false;
	end = s + len;
	negative = s < end && *s == '-';
	s += negative;
	base = strncmp(key, "SYMBOL", 6) ? 10 : 16;
	if (end - s > 2 && s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	for (; s < end && vmcoreinfo_digit(*s) < base; s++, any = true)
		if (!ml_mul(v, base, &v) ||
		    !ml_add(v, vmcoreinfo_digit(*s), &v))
			return false;
	*ret = negative ? -v : v;
	return any;
}

uint32_t ml_vmcoreinfo_release(const struct memlog_image *image)
{
	uint32_t part[2] = { 0, 0 };
	unsigned int i = 0;
	const char *s;
	size_t len;

	s = ml_vmcoreinfo(image, "OSRELEASE", &len);
	for (; s && len && i < 2; s++, len--) {
		if (*s == '.')
			i++;
		else if (*s < '0' || *s > '9' || part[i] > 999)
			break;
		else
			part[i] = part[i] * 10 + (uint32_t)(*s - '0');
	}
	return part[0] << 16 | part[1];
}

bool ml_vmcoreinfo_shift(const struct memlog_image *image, uint64_t *ret)
{
	uint64_t v;

	if (ml_vmcoreinfo_number(image, "NUMBER(kimage_voffset)", ret))
		return true;
	if (!ml_vmcoreinfo_number(image, "NUMBER(phys_base)", &v)) {
		/* before 4.10 */
		if (!ml_vmcoreinfo_number(image, "SYMBOL(phys_base)", &v) ||
		    image->phys_base.unknown)
			return false;
		v = image->phys_base.value;
	}
	*ret = X86_IMAGE - v;
	return true;
}

bool ml_vmcoreinfo_phys(const struct memlog_image *image, uint64_t va,
			uint64_t *ret)
{
	uint64_t shift, v;

	if (!ml_vmcoreinfo_shift(image, &shift) ||
	    va < (ml_vmcoreinfo_number(image, "NUMBER(kimage_voffset)", &v) ?
			  shift :
			  X86_IMAGE))
		return false;
	*ret = va - shift;
	return true;
}

bool ml_vmcoreinfo_symbol(const struct memlog_image *image,
			  const struct memlog_symbols *symbols,
			  const char *name, uint64_t *ret_va, uint64_t *ret)
{
	uint64_t va, linked, runs;

	if (!symbols->addr || symbols->addr(symbols->self, name, &va) ||
	    symbols->addr(symbols->self, "_stext", &linked) ||
	    !ml_vmcoreinfo_number(image, "SYMBOL(_stext)", &runs))
		return false;
	va += runs - linked;
	if (ret_va)
		*ret_va = va;
	return ml_vmcoreinfo_phys(image, va, ret);
}
