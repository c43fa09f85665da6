/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* acpi.c - confirm physical addresses by the ACPI tables. Source of the format: the
 * ACPI specification. */
#include "acpi.h"

#include <string.h>

#include "base/bytes.h"

#define RSDP_1	  20u /* bytes of revision 0, and of the first checksum */
#define TABLE	  36u /* the header of a table */
#define TABLE_MAX 4096u

/* A BIOS has the pointer there, at a multiple of BIOS_STEP. */
#define BIOS_START 0xe0000u
#define BIOS_END   0x100000u
#define BIOS_STEP  16u

static uint8_t acpi_sum(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return sum;
}

static bool acpi_read(struct memlog_image *image, uint64_t addr, uint8_t *buf,
		      size_t len)
{
	size_t got;

	return !ml_image_fill(image, MEMLOG_PHYS, addr, buf, len, &got, NULL) &&
	       got == len;
}

/* Is there a table with this signature? */
static bool acpi_table(struct memlog_image *image, uint64_t addr,
		       const char *signature)
{
	uint8_t buf[TABLE_MAX];
	uint32_t len;

	if (!addr || !acpi_read(image, addr, buf, TABLE) ||
	    memcmp(buf, signature, 4))
		return false;
	len = ml_le32(buf + 4);
	return len >= TABLE && len <= TABLE_MAX &&
	       acpi_read(image, addr, buf, len) && !acpi_sum(buf, len);
}

bool ml_acpi_confirms(struct memlog_image *image, const uint8_t *p)
{
	if (memcmp(p, "RSD PTR ", 8) || acpi_sum(p, RSDP_1))
		return false;
	if (p[15] >= 2 && !acpi_sum(p, ML_ACPI_POINTER) &&
	    acpi_table(image, ml_le64(p + 24), "XSDT"))
		return true;
	return acpi_table(image, ml_le32(p + 16), "RSDT");
}

bool ml_acpi_in_bios(struct memlog_image *image)
{
	uint8_t buf[ML_ACPI_POINTER];
	uint64_t at;

	for (at = BIOS_START; at < BIOS_END; at += BIOS_STEP)
		if (acpi_read(image, at, buf, sizeof(buf)) &&
		    ml_acpi_confirms(image, buf))
			return true;
	return false;
}
