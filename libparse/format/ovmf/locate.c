/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * locate.c - where the guest's kernel says that the log is.
 *
 * Linux 6.17 keeps the address in efi.ovmf_debug_log. Older kernels have only
 * the EFI configuration table, in which the firmware registers the log under a
 * GUID. Both are hints: what is found there is probed like anything else.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "ovmf.h"

/* 95305139-b20f-4723-8425-627c888ff121, as stored in memory */
static const uint8_t table_guid[16] = {
	0x39, 0x51, 0x30, 0x95, 0x0f, 0xb2, 0x23, 0x47,
	0x84, 0x25, 0x62, 0x7c, 0x88, 0x8f, 0xf1, 0x21,
};

/* A configuration table has about twenty entries of a GUID and an address. */
#define TABLE_ENTRIES 256
#define TABLE_ENTRY   24

static void ovmf_locate_add_page(struct ml_likely *ret, size_t *n, size_t max,
				 uint64_t addr)
{
	uint64_t end;

	if (*n < max && addr && addr % ML_PAGE == 0 &&
	    ml_add(addr, ML_PAGE, &end))
		ret[(*n)++] = (struct ml_likely){
			.space = MEMLOG_PHYS,
			.range = { addr, end },
		};
}

static bool ovmf_locate_value(const struct memlog_symbols *symbols,
			      const char *variable, const char *type,
			      const char *member, uint64_t *ret)
{
	return symbols->value &&
	       !symbols->value(symbols->self, variable, type, member, ret);
}

void ml_ovmf_walk_table(struct memlog_image *image, uint64_t table,
			uint64_t entries, struct ml_likely *ret, size_t *n,
			size_t max)
{
	uint8_t entry[TABLE_ENTRY];
	uint64_t i, addr;
	size_t got;

	for (i = 0; i < ml_min(entries, TABLE_ENTRIES); i++) {
		if (!ml_add(table, i * TABLE_ENTRY, &addr) ||
		    memlog_image_read(image, MEMLOG_PHYS, addr, entry,
				      sizeof(entry), &got, NULL) ||
		    got != sizeof(entry))
			return;
		if (!memcmp(entry, table_guid, sizeof(table_guid)))
			ovmf_locate_add_page(ret, n, max, ml_le64(entry + 16));
	}
}

size_t ml_ovmf_locate(struct memlog_image *image,
		      const struct memlog_symbols *symbols,
		      struct ml_likely *ret, size_t max)
{
	uint64_t addr, entries;
	size_t n = 0;

	if (ovmf_locate_value(symbols, "efi", "efi", "ovmf_debug_log", &addr))
		ovmf_locate_add_page(ret, &n, max, addr);
	if (ovmf_locate_value(symbols, "efi_config_table", NULL, NULL, &addr) &&
	    ovmf_locate_value(symbols, "efi_nr_tables", NULL, NULL, &entries))
		ml_ovmf_walk_table(image, addr, entries, ret, &n, max);
	return n;
}
