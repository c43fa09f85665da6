// SPDX-License-Identifier: BSD-2-Clause-Patent
/*
 * Reads fw_cfg in SEC and PEI of Arm, where the platform has no QemuFwCfgLib: what
 * QemuFwCfgSimpleParserLib needs of it. No variables.
 */
#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/MemLogFdtLib.h>
#include <Library/QemuFwCfgLib.h>

#define FW_CFG_DATA	0
#define FW_CFG_SELECTOR	8

#define FW_CFG_SIGNATURE	SIGNATURE_32('Q', 'E', 'M', 'U')

/* An entry of the directory: size, item, 2 bytes, name */
#define NAME_BYTES	56

/* QEMU has some twenty files. */
#define MAX_FILES	1000U

STATIC
UINTN
FwCfgBase(
	VOID
	)
{
	return (UINTN)MemLogFdtAddress("qemu,fw-cfg-mmio");
}

STATIC
VOID
FwCfgSelect(
	IN UINTN Base,
	IN UINT16 Item
	)
{
	MmioWrite16(Base + FW_CFG_SELECTOR, SwapBytes16(Item));
}

STATIC
VOID
FwCfgRead(
	IN UINTN Base,
	IN UINTN Size,
	OUT UINT8 *Buffer
	)
{
	UINTN Index;

	for (Index = 0; Index < Size; Index++)
		Buffer[Index] = MmioRead8(Base + FW_CFG_DATA);
}

/* A big endian number */
STATIC
UINT32
FwCfgNumber(
	IN UINTN Base,
	IN UINTN Size
	)
{
	UINT32 Value = 0;

	for (; Size != 0; Size--)
		Value = Value << 8 | MmioRead8(Base + FW_CFG_DATA);
	return Value;
}

BOOLEAN
EFIAPI
QemuFwCfgIsAvailable(
	VOID
	)
{
	UINTN Base = FwCfgBase();
	UINT32 Signature;

	if (Base == 0)
		return FALSE;
	FwCfgSelect(Base, QemuFwCfgItemSignature);
	Signature = FwCfgNumber(Base, sizeof(Signature));
	return SwapBytes32(Signature) == FW_CFG_SIGNATURE;
}

VOID
EFIAPI
QemuFwCfgSelectItem(
	IN FIRMWARE_CONFIG_ITEM QemuFwCfgItem
	)
{
	FwCfgSelect(FwCfgBase(), (UINT16)QemuFwCfgItem);
}

VOID
EFIAPI
QemuFwCfgReadBytes(
	IN UINTN Size,
	IN VOID *Buffer OPTIONAL
	)
{
	FwCfgRead(FwCfgBase(), Size, Buffer);
}

RETURN_STATUS
EFIAPI
QemuFwCfgFindFile(
	IN CONST CHAR8 *Name,
	OUT FIRMWARE_CONFIG_ITEM *Item,
	OUT UINTN *Size
	)
{
	CHAR8 Each[NAME_BYTES];
	UINTN Base = FwCfgBase();
	UINT32 Left, Bytes, Number;

	if (!QemuFwCfgIsAvailable())
		return RETURN_UNSUPPORTED;
	FwCfgSelect(Base, QemuFwCfgItemFileDir);
	Left = FwCfgNumber(Base, sizeof(Left));
	for (Left = MIN(Left, MAX_FILES); Left != 0; Left--) {
		Bytes = FwCfgNumber(Base, sizeof(UINT32));
		Number = FwCfgNumber(Base, sizeof(UINT16));
		FwCfgNumber(Base, sizeof(UINT16));
		FwCfgRead(Base, sizeof(Each), (UINT8 *)Each);
		Each[NAME_BYTES - 1] = 0;
		if (AsciiStrCmp(Name, Each) != 0)
			continue;
		*Item = Number;
		*Size = Bytes;
		return RETURN_SUCCESS;
	}
	return RETURN_NOT_FOUND;
}
