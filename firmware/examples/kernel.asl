// SPDX-License-Identifier: BSD-2-Clause-Patent
// A kernel's progress code: the kernel writes 0x40 to port 0x80 when it initialises
// ACPI devices. Linux takes this table from the host or from its initrd:
//	iasl -p kernel kernel.asl
//	qemu-system-x86_64 -acpitable file=kernel.aml ...
DefinitionBlock ("", "SSDT", 1, "MEMLOG", "PROGRESS", 1)
{
	Scope (\_SB)
	{
		Device (MLPG)
		{
			Name (_HID, "MLOG0001")
			OperationRegion (PORT, SystemIO, 0x80, 1)
			Field (PORT, ByteAcc, NoLock, WriteAsZeros)
			{
				CODE, 8
			}
			Method (_INI)
			{
				CODE = 0x40
			}
		}
	}
}
