/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fpdt.h - definitions shared by the files of the boot times of UEFI firmware. */
#ifndef ML_FORMAT_FPDT_H
#define ML_FORMAT_FPDT_H

#include "format/format.h"

enum { ACPI = 36, HEADER = 8, RECORD = 4, POINTER = 16, RESUME = 24 };
enum { BASIC = 48, BASIC_TIMES = 5, BASIC_FIRST = 8, GUID_EVENT = 34 };
enum { TYPE_BOOT = 0, TYPE_BASIC = 2, TYPE_EVENT = 0x1010 };
enum { TYPE_STRING = 0x1011, TYPE_TWO = 0x1012, TYPE_WORD = 0x1013 };
enum { TYPE_WORD_STRING = 0x1014, WORD_EVENT = 42, TWO_EVENT = 50 };
enum { VARIANT_BOOT, VARIANT_RESUME };

/* It names modules. */
extern const struct ml_format ml_format_ovmf;

/* Is it a record of a driver or phase? */
bool ml_fpdt_is_event(const uint8_t *p);

/* struct ml_format operations of find.c. */
enum memlog_status ml_fpdt_probe(const struct ml_probe *p, struct ml_log *log,
				 struct ml_found *ret, struct memlog_err *err);
bool ml_fpdt_glance(const uint8_t *p, size_t len);
void ml_fpdt_relate(struct ml_log *const *logs, size_t n,
		    struct memlog_image *image, bool some);

/* moment.c */
void ml_fpdt_moment(const struct memlog_record *rec, struct ml_moment *ret);

#endif
