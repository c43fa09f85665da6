/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* edk2.h - what the logs of firmware made from edk2 have in common. */
#ifndef ML_FORMAT_EDK2_H
#define ML_FORMAT_EDK2_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "moment.h"

/* Bits of DEBUG() to levels of syslog. */
uint32_t ml_edk2_level(uint32_t bits);

/* The name of the phase with this number, static; NULL: it has none. */
const char *ml_edk2_phase(unsigned int number);

/* The date of an EFI_TIME, 16 bytes, in seconds since 1970; false: it is none. */
bool ml_edk2_date(const uint8_t *efi_time, double *ret);

/* A say.moment: by the phase, the progress codes of our firmware, and for all others the
 * lines that the core of each phase writes. edk2moment.c */
void ml_edk2_moment(const struct memlog_record *rec, struct ml_moment *ret);

/* A say.fault: assertions, exceptions, errors. edk2fault.c */
void ml_edk2_fault(const struct memlog_record *rec, struct ml_fault *ret);

#endif
