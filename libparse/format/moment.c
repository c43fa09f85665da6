/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* moment.c - names of the phases of a boot, and how to find words in a record. */
#include "moment.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

const char *ml_stage_name(enum ml_stage phase)
{
	static const char *const names[ML_STAGES] = {
		[ML_STAGE_NONE] = "?",
		[ML_STAGE_FIRMWARE] = "firmware",
		[ML_STAGE_SEC] = "SEC",
		[ML_STAGE_PEI] = "PEI",
		[ML_STAGE_DXE] = "DXE",
		[ML_STAGE_BDS] = "BDS",
		[ML_STAGE_LOADER] = "boot loader",
		[ML_STAGE_HANDOVER] = "kernel start",
		[ML_STAGE_HYPERVISOR] = "hypervisor",
		[ML_STAGE_KERNEL] = "kernel",
		[ML_STAGE_INITRAMFS] = "initramfs",
		[ML_STAGE_USER] = "user space",
	};

	return phase < ML_STAGES ? names[phase] : "?";
}

static const uint8_t *moment_message(const struct memlog_record *rec,
				     size_t *ret_len)
{
	*ret_len = rec->message ? rec->message_len : rec->text_len;
	return rec->message ? rec->message : rec->text;
}

bool ml_moment_starts(const struct memlog_record *rec, const char *words)
{
	size_t n = strlen(words), len;
	const uint8_t *text = moment_message(rec, &len);

	return len >= n && !memcmp(text, words, n);
}

static const uint8_t *moment_find(const struct memlog_record *rec,
				  const char *words, size_t *ret_left)
{
	size_t n = strlen(words), len;
	const uint8_t *text = moment_message(rec, &len);
	const uint8_t *at = len ? memmem(text, len, words, n) : NULL;

	if (at)
		*ret_left = len - n - (size_t)(at - text);
	return at ? at + n : NULL;
}

bool ml_moment_has(const struct memlog_record *rec, const char *words)
{
	size_t left;

	return moment_find(rec, words, &left);
}

bool ml_moment_number(const struct memlog_record *rec, const char *words,
		      unsigned int base, uint64_t *ret)
{
	size_t left = 0, i;
	const uint8_t *p = moment_find(rec, words, &left);
	unsigned int digit;

	*ret = 0;
	for (i = 0; p && i < left; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digit = (unsigned int)p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			digit = ((unsigned int)p[i] | 0x20) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		if (!ml_mul(*ret, base, ret) || !ml_add(*ret, digit, ret))
			return false;
	}
	return i;
}

/* What the core of each phase writes first. */
static const struct {
	const char *words;
	enum ml_stage phase;
	bool again;
} moment_starts[] = {
	{ "SecCoreStartupWithStack(", ML_STAGE_SEC, false },
	{ "Loading PEIM ", ML_STAGE_PEI, false },
	{ "DxeMain: ", ML_STAGE_DXE, false },
	{ "Loading driver ", ML_STAGE_DXE, false },
	{ "[Bds] Entry...", ML_STAGE_BDS, false },
	{ "[Bds]Booting ", ML_STAGE_LOADER, true },
	{ "QemuLoadKernelImage: ", ML_STAGE_LOADER, true },
};

/* The codes of firmware/. */
static const enum ml_stage moment_codes[] = {
	[1] = ML_STAGE_SEC,    [3] = ML_STAGE_DXE,	[4] = ML_STAGE_BDS,
	[5] = ML_STAGE_LOADER, [6] = ML_STAGE_HANDOVER,
};

bool ml_moment_firmware(const struct memlog_record *rec, struct ml_moment *ret)
{
	uint64_t code;
	size_t i;

	if (ml_moment_number(rec, "memory log: progress 0x", 16, &code) &&
	    code <= 0xff) {
		ret->common = ML_COMMON_CODE + (unsigned int)code;
		ret->is_mark = ret->has_code = true;
		ret->code = (uint8_t)code;
		if (code < sizeof(moment_codes) / sizeof(*moment_codes))
			ret->phase = moment_codes[code];
		ret->exact = ret->phase != ML_STAGE_NONE;
		ret->again = ret->phase == ML_STAGE_LOADER;
		return true;
	}
	for (i = 0; i < sizeof(moment_starts) / sizeof(*moment_starts); i++)
		if (ml_moment_starts(rec, moment_starts[i].words)) {
			ret->phase = moment_starts[i].phase;
			ret->again = moment_starts[i].again;
			ret->common = ML_COMMON_LINE + (unsigned int)i;
			return true;
		}
	return false;
}
