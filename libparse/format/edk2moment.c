/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edk2moment.c - what lines of edk2 say about the boot: of our firmware the phase and the
 * progress codes, of all others the lines that the core of each phase writes.
 */
#include <string.h>

#include "edk2.h"

enum { GUID_LEN = 36 };

#define YEAR 3.15576e7 /* in seconds */

static const struct {
	const char *name;
	enum ml_stage phase;
} edk2_phases[] = {
	{ "SEC", ML_STAGE_SEC },
	{ "PEI", ML_STAGE_PEI },
	{ "PEI64", ML_STAGE_PEI },
	{ "DXE", ML_STAGE_DXE },
};

/* The last word of a line, if it fits; *ret_len bytes. */
static const uint8_t *edk2_last_word(const struct memlog_record *rec,
				     size_t size, size_t *ret_len)
{
	size_t len = rec->message ? rec->message_len : rec->text_len, n = 0;
	const uint8_t *text = rec->message ? rec->message : rec->text;

	while (len && text[len - 1] <= ' ')
		len--;
	while (n < len && text[len - 1 - n] > ' ')
		n++;
	*ret_len = n;
	return n && n < size ? text + len - n : NULL;
}

/* A module is loaded: its GUID, or its name. Without an index that is also who writes the
 * lines that follow. */
static void edk2_loaded(const struct memlog_record *rec, struct ml_moment *ret)
{
	const uint8_t *word;
	size_t n;

	if (!ml_moment_starts(rec, "Loading "))
		return;
	word = edk2_last_word(rec, sizeof(ret->loaded), &n);
	if (word && n == GUID_LEN && word[8] == '-') {
		memcpy(ret->guid, word, n);
	} else if (word && n > 4 && !memcmp(word + n - 4, ".efi", 4)) {
		memcpy(ret->loaded, word, n - 4);
		if (!rec->component)
			ret->part = ret->loaded;
	}
}

void ml_edk2_moment(const struct memlog_record *rec, struct ml_moment *ret)
{
	double zero;
	size_t i;

	ret->part = rec->component;
	/* a machine that has been there for a year is not one that boots */
	if (rec->has_time && rec->time_hz &&
	    (zero = (double)rec->time_zero / (double)rec->time_hz) < YEAR) {
		ret->has_machine = rec->time_zero > 0;
		ret->machine_ns = (int64_t)(zero * 1e9);
	}
	edk2_loaded(rec, ret);
	if (ml_moment_firmware(rec, ret))
		return;
	for (i = 0;
	     rec->phase && i < sizeof(edk2_phases) / sizeof(*edk2_phases); i++)
		if (!strcmp(rec->phase, edk2_phases[i].name))
			ret->phase = edk2_phases[i].phase;
}
