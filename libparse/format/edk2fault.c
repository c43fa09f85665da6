/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edk2fault.c - assertions, exceptions and errors in lines of edk2.
 *
 * An assertion is one line, whose form depends on the DebugLib: "ASSERT", "PEI_ASSERT!:" or
 * "DXE_ASSERT!:", the name of the module in brackets or none, path, line and expression.
 * ASSERT_EFI_ERROR() writes the status on a line before. An exception is a dump of registers:
 * on x86 the line with the type comes first and the module last, on AArch64 a backtrace
 * follows the type, and the syndrome the registers.
 */
#include "edk2.h"

#include <string.h>

/* "path(line): expression", with or without a blank before the bracket. */
static bool fault_place(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words path, rest;

	/* paths may have brackets, too */
	if (!ml_words_split(w, "): ", &rest, &ret->what) &&
	    !ml_words_split(w, "):", &rest, &ret->what))
		return false;
	if (!ml_words_split_last(rest, "(", &path, &rest) ||
	    !ml_words_number(&rest, 10, &ret->number) || rest.len)
		return false;
	ret->has_number = true;
	ret->where = ml_words_trim(path);
	return ret->where.len;
}

static bool fault_assert(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words after;

	if (!ml_words_split(w, "ASSERT", NULL, &after))
		return false;
	if (ml_words_skip(&after, "_EFI_ERROR (Status = ") ||
	    ml_words_skip(&after, "_RETURN_ERROR (Status = ")) {
		ret->before = true;
		ret->cause = after;
		ml_words_split(after, ")", &ret->cause, NULL);
		return true;
	}
	if (!ml_words_skip(&after, "!: ") && !ml_words_skip(&after, " "))
		return false;
	if (ml_words_skip(&after, "["))
		ml_words_split(after, "] ", NULL, &after);
	if (!fault_place(after, ret))
		return false;
	ret->kind = ML_FAULT_ASSERT;
	return true;
}

/* "!!!! X64 Exception Type - 0E(#PF - Page-Fault)  CPU Apic ID - 00000000 !!!!" */
static bool fault_x86_type(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words type;

	if (!ml_words_skip(&w, "!!!! ") ||
	    !ml_words_split(w, " Exception Type - ", &ret->what, &type))
		return false;
	ret->kind = ML_FAULT_EXCEPTION;
	ml_words_split(type, "  CPU", &type, NULL);
	ml_words_split(type, " !!!!", &type, NULL);
	ret->cause = ml_words_trim(type);
	return true;
}

/* "!!!! Find image based on IP(0x7E8F1234) PATH (ImageBase=7E8F0000, ..." */
static bool fault_x86_module(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words path, base;
	uint64_t ip, at;

	if (!ml_words_skip(&w, "!!!! Find image based on IP(0x") ||
	    !ml_words_number(&w, 16, &ip) || !ml_words_skip(&w, ")") ||
	    !ml_words_split_last(w, "(ImageBase=", &path, &base) ||
	    !ml_words_number(&base, 16, &at))
		return false;
	ret->more = true;
	ret->where = ml_words_trim(path);
	if (ml_words_skip(&path, " (No PDB)"))
		ret->where.len = 0;
	ret->has_number = ip >= at;
	ret->number = ip - at;
	return true;
}

/* "Synchronous Exception at 0x000000004753FE00", "Data Abort Exception PC at 0x...". What
 * comes before is the type. */
static bool fault_arm_type(struct ml_words w, struct ml_fault *ret)
{
	static const char *const types[] = {
		"Synchronous Exception at 0x",
		"IRQ Exception at 0x",
		"FIQ Exception at 0x",
		"SError Exception at 0x",
	};
	struct ml_words type;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (ml_words_split(w, types[i], NULL, NULL)) {
			ret->kind = ML_FAULT_EXCEPTION;
			ret->what = (struct ml_words){
				(const uint8_t *)types[i],
				strlen(types[i]) - strlen(" Exception at 0x")
			};
			return true;
		}
	if (!ml_words_split(w, " Exception PC at 0x", &type, NULL))
		return false;
	ret->kind = ML_FAULT_EXCEPTION;
	ret->what = ml_words_trim(type);
	return true;
}

/* "PC 0x00004753FE00 (0x00004753D000+0x00002E00) [ 0] MemLogFaultDxe.dll", and
 * "ESR : EC 0x25  IL 0x1  ISS 0x00000044". */
static bool fault_arm_more(struct ml_words w, struct ml_fault *ret)
{
	struct ml_words offset, rest;

	if (ml_words_skip(&w, "ESR : ")) {
		ret->more = true;
		return ml_words_split(w, "  ", &ret->cause, NULL);
	}
	if (!ml_words_skip(&w, "PC 0x") ||
	    !ml_words_split(w, "+0x", NULL, &offset) ||
	    !ml_words_number(&offset, 16, &ret->number) ||
	    !ml_words_skip(&offset, ") ") ||
	    !ml_words_split(offset, "] ", NULL, &rest))
		return false;
	ret->more = ret->has_number = true;
	ret->where = ml_words_trim(rest);
	return true;
}

/* "ERROR: C40000002:V03051002 I0 7BB28B99-61BB-11D5-9A5D-0090273FC14D 7E5C4A98": the numbers
 * are constants of the source, but for the last, which is an address. */
static bool fault_code(struct ml_words w, struct ml_fault *ret)
{
	static const char *const parts[] = { "ERROR: C", ":V", " I" };
	struct ml_words rest = w, guid;
	const size_t label = strlen("ERROR:"), length = 36;
	uint64_t number;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!ml_words_skip(&rest, parts[i]) ||
		    !ml_words_number(&rest, 16, &number))
			return false;
	guid = rest;
	if (ml_words_skip(&guid, " ") && guid.len >= length &&
	    (guid.len == length || guid.at[length] == ' '))
		rest.at = guid.at + length;
	ret->what = (struct ml_words){ w.at, label };
	ret->cause = (struct ml_words){ w.at + label,
					(size_t)(rest.at - (w.at + label)) };
	ret->kind = ML_FAULT_ERROR;
	return true;
}

/* Where levels are not known: how lines about errors begin. The version is written at that
 * level, too, to be in every log. */
static bool fault_error(const struct memlog_record *rec, struct ml_words w,
			struct ml_fault *ret)
{
	ret->what = w;
	if (ml_words_split(w, "[Bds] Unable to boot!", NULL, NULL) ||
	    ml_words_split(w, "BdsDxe: No bootable option", NULL, NULL)) {
		ret->kind = ML_FAULT_NO_BOOT;
		return true;
	}
	if (!w.len || ml_words_skip(&w, "UEFI firmware (version"))
		return false;
	if (rec->has_level ? rec->level <= 3 :
			     ml_words_skip(&w, "ERROR: ") ||
				     ml_words_skip(&w, "Error: "))
		ret->kind = ML_FAULT_ERROR;
	return ret->kind;
}

void ml_edk2_fault(const struct memlog_record *rec, struct ml_fault *ret)
{
	static bool (*const forms[])(struct ml_words, struct ml_fault *) = {
		fault_assert,	fault_x86_type, fault_x86_module,
		fault_arm_type, fault_arm_more, fault_code,
	};
	struct ml_words w = ml_words_of(rec);
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (forms[i](w, ret))
			return;
		memset(ret, 0, sizeof(*ret));
	}
	if (!fault_error(rec, w, ret))
		memset(ret, 0, sizeof(*ret));
}
