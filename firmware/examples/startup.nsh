# SPDX-License-Identifier: BSD-2-Clause-Patent
# A boot loader's progress code: the EFI shell writes 0x20 to port 0x80 and starts
# Linux. The shell runs this file from the root of a FAT file system.
mm 80 20 -w 1 -io -n
fs0:
vmlinuz initrd=\initrd console=ttyS0 io_delay=none panic=-1
