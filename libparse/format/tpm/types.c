/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* types.c - names of events and of algorithms. */
#include "tpm.h"

static const struct {
	uint32_t type;
	const char *name;
} tpm_types[] = {
	{ 0x00, "EV_PREBOOT_CERT" },
	{ 0x01, "EV_POST_CODE" },
	{ 0x03, "EV_NO_ACTION" },
	{ 0x04, "EV_SEPARATOR" },
	{ 0x05, "EV_ACTION" },
	{ 0x06, "EV_EVENT_TAG" },
	{ 0x07, "EV_S_CRTM_CONTENTS" },
	{ 0x08, "EV_S_CRTM_VERSION" },
	{ 0x09, "EV_CPU_MICROCODE" },
	{ 0x0a, "EV_PLATFORM_CONFIG_FLAGS" },
	{ 0x0b, "EV_TABLE_OF_DEVICES" },
	{ 0x0c, "EV_COMPACT_HASH" },
	{ 0x0d, "EV_IPL" },
	{ 0x0e, "EV_IPL_PARTITION_DATA" },
	{ 0x0f, "EV_NONHOST_CODE" },
	{ 0x10, "EV_NONHOST_CONFIG" },
	{ 0x11, "EV_NONHOST_INFO" },
	{ 0x12, "EV_OMIT_BOOT_DEVICE_EVENTS" },
	{ 0x13, "EV_POST_CODE2" },
	{ 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
	{ 0x80000002, "EV_EFI_VARIABLE_BOOT" },
	{ 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION" },
	{ 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER" },
	{ 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
	{ 0x80000006, "EV_EFI_GPT_EVENT" },
	{ 0x80000007, "EV_EFI_ACTION" },
	{ 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
	{ 0x80000009, "EV_EFI_HANDOFF_TABLES" },
	{ 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
	{ 0x8000000b, "EV_EFI_HANDOFF_TABLES2" },
	{ 0x8000000c, "EV_EFI_VARIABLE_BOOT2" },
	{ 0x8000000d, "EV_EFI_GPT_EVENT2" },
	{ 0x80000010, "EV_EFI_HCRTM_EVENT" },
	{ 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
	{ 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB" },
	{ 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
	{ 0x800000e3, "EV_EFI_SPDM_DEVICE_POLICY" },
	{ 0x800000e4, "EV_EFI_SPDM_DEVICE_AUTHORITY" },
};

static const struct {
	uint16_t algorithm;
	const char *name;
} tpm_algorithms[] = {
	{ 0x04, "sha1" },     { 0x0b, "sha256" },   { 0x0c, "sha384" },
	{ 0x0d, "sha512" },   { 0x12, "sm3_256" },  { 0x27, "sha3_256" },
	{ 0x28, "sha3_384" }, { 0x29, "sha3_512" },
};

const char *ml_tpm_type(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(tpm_types) / sizeof(*tpm_types); i++)
		if (tpm_types[i].type == type)
			return tpm_types[i].name;
	return NULL;
}

const char *ml_tpm_algorithm(uint16_t algorithm)
{
	size_t i;

	for (i = 0; i < sizeof(tpm_algorithms) / sizeof(*tpm_algorithms); i++)
		if (tpm_algorithms[i].algorithm == algorithm)
			return tpm_algorithms[i].name;
	return NULL;
}
