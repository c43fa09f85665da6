/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * acpi.h - are physical addresses right? The pointer to the ACPI tables (RSDP) has
 * one, and at a right address there is a table with a right checksum.
 */
#ifndef ML_IMAGE_ACPI_H
#define ML_IMAGE_ACPI_H

#include "image.h"

/* Bytes of the pointer. */
#define ML_ACPI_POINTER 36u

/* Are the ML_ACPI_POINTER bytes at p a pointer, and is the table there, in PHYS? */
bool ml_acpi_confirms(struct memlog_image *image, const uint8_t *p);

/* The same for the places where a BIOS keeps the pointer. */
bool ml_acpi_in_bios(struct memlog_image *image);

#endif
