/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* refuse.c - recognise files that are not supported and say what to do instead;
 * otherwise they would be searched as plain memory. */
#include "image/bytes/beside.h"
#include "image/bytes/file.h"
#include "packed.h"

#include "base/bytes.h"
#include "base/err.h"
#include "open.h"

#define DUMP_QEMU   "QEMU's dump-guest-memory FILE"
#define DISK	    "it has no memory; dump the guest's with " DUMP_QEMU
#define HIBERNATION "boot from it, and dump with " DUMP_QEMU
#define HEAD	    (4096 + 16)
#define TAR_BLOCK   512u
/* A longer name would not fit into an error. */
#define VMEM_NAME 100

struct known {
	uint32_t at;
	uint8_t len;
	const char *magic;
	const char *what, *instead;
};

/* Its memory is in a file beside it. */
static const char vmware[] = "a VMware snapshot";

static const struct known table[] = {
	{ 0, 8, "\xed\x23\x8f\x61\x73\x01\x19\xa8", "an LKCD dump",
	  "convert it with lkcdutils, or dump with kdump" },
	{ 0, 8, "\xcd\x23\x8f\x61\x73\x01\x19\xa8", "a live LKCD dump",
	  "convert it with lkcdutils, or dump with kdump" },
	{ 0, 8, "\xa8\x19\x01\x73\x61\x8f\x23\xfd", "an s390 dump",
	  "convert it with zgetdump -f elf FILE" },
	{ 0, 8, "\xa8\x19\x01\x73\x61\x8f\x23\xed",
	  "an LKCD dump of a big-endian machine",
	  "convert it with lkcdutils, or dump with kdump" },
	{ 0, 8, "\xa8\x19\x01\x73\x61\x8f\x23\xcd",
	  "a live LKCD dump of a big-endian machine",
	  "convert it with lkcdutils, or dump with kdump" },
	{ 0, 8, "sadump\0\0", "a sadump dump",
	  "convert it with makedumpfile -d 0 VMLINUX FILE NEW" },
	/* after the header of its medium, of one block */
	{ 512, 8, "sadump\0\0", "a sadump medium",
	  "convert it with makedumpfile -d 0 VMLINUX FILE NEW" },
	{ 4096, 8, "sadump\0\0", "a sadump medium",
	  "convert it with makedumpfile -d 0 VMLINUX FILE NEW" },
	{ 0, 4, "EMiL", "a LiME dump of an unknown version",
	  "dump with LiME's format=lime" },
	{ 0, 4, "AVML", "an AVML dump of an unknown version",
	  "convert it with avml-convert" },
	{ 0, 4, "\xd2\xbe\xd2\xbe", vmware, NULL },
	{ 0, 4, "\xd1\xba\xd1\xba", vmware, NULL },
	{ 0, 4, "\xd0\xbe\xd0\xbe", vmware, NULL },
	{ 0, 4, "\xd3\xbe\xd3\xbe", vmware, NULL },
	/* a store of keys and values, see the documentation of openvmm and of
	 * dissect.hypervisor; the older .bin and .vsv have no known magic */
	{ 0, 4, "\x14\x20\x28\x01",
	  "a saved state (.vmrs) or configuration (.vmcx) of Hyper-V",
	  "on Windows, pcileech dump -device FILE.vmrs -out NEW writes its memory: "
	  "read NEW" },
	{ 0, 16, "LinuxGuestRecord", "a saved guest of xm",
	  "use xl dump-core DOMAIN FILE" },
	{ 0, 27, "Xen saved domain, xl format", "a guest saved by xl save",
	  "restore it with xl restore -p FILE, then use xl dump-core DOMAIN "
	  "NEW" },
	{ 0, 12, "libvirt-xml\n", "a guest of Xen saved by libvirt",
	  "restore it with virsh restore --paused FILE, then use virsh dump "
	  "--memory-only DOMAIN NEW" },
	{ 0, 8, "LibxlFmt", "a migration stream of libxl",
	  "use xl dump-core DOMAIN FILE" },
	{ 0, 12, "\xff\xff\xff\xff\xff\xff\xff\xffXENF",
	  "a migration stream of Xen", "use xl dump-core DOMAIN FILE" },
	{ 0, 4, "\xed\xeb\x0f\xf0", "an old Xen core",
	  "use xl dump-core DOMAIN FILE" },
	{ 0, 4, "\xee\xeb\x0f\xf0", "an old Xen core",
	  "use xl dump-core DOMAIN FILE" },
	{ 257, 5, "ustar", "a tar archive",
	  "extract the dump from it: tar -xf FILE" },
	{ 0, 4, "PK\5\6", "an empty zip archive",
	  "make it again, with the dump in it" },
	{ 0, 4, "PK\3\4", "a zip archive",
	  "extract the dump from it: unzip FILE" },
	{ 0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive",
	  "extract the dump from it: 7z x FILE" },
	{ 0, 5, "07070", "a cpio archive",
	  "extract the dump from it: cpio -id <FILE" },
	{ 0, 4, "QFI\xfb", "a qcow2 disk",
	  "if qemu-img snapshot -l lists a snapshot with VM state in it, start "
	  "QEMU with -loadvm NAME -S and use dump-guest-memory FILE" },
	{ 0, 8, "vhdxfile", "a VHDX disk", DISK },
	{ 0, 8, "conectix", "a VHD disk", DISK },
	{ 0, 4, "KDMV", "a VMDK disk", DISK },
	{ 0, 4, "COWD", "a VMDK disk", DISK },
	{ 0, 21, "# Disk DescriptorFile", "the description of a VMDK disk",
	  DISK },
	{ 0x40, 4, "\x7f\x10\xda\xbe", "a VDI disk", DISK },
	{ 0, 23, "\x7fVirtualBox SavedState V", "a saved state of VirtualBox",
	  "start it, and use VBoxManage debugvm VM dumpvmcore --filename FILE" },
	{ 0, 4, "hibr", "a hibernation file of Windows", HIBERNATION },
	{ 0, 4, "HIBR", "a hibernation file of Windows", HIBERNATION },
	{ 0, 4, "wake", "a hibernation file of Windows", HIBERNATION },
	{ 0, 4, "WAKE", "a hibernation file of Windows", HIBERNATION },
	{ 0, 4, "RSTR", "a hibernation file of Windows", HIBERNATION },
	{ 0, 6, "MDMP\x93\xa7", "a minidump of a Windows program",
	  "it has no memory of the machine; dump with " DUMP_QEMU },
	{ 0, 17, "minidump FreeBSD/", "a minidump of FreeBSD",
	  "set debug.minidump=0 before the next panic, or dump with " DUMP_QEMU },
	{ 0, 8, "EVF\x09\x0d\x0a\xff\0", "an EnCase image",
	  "export it as raw memory: ewfexport FILE" },
	{ 0, 4, "HPAK", "an HPAK dump",
	  "extract its memory with volatility's hpakextract" },
	{ 0, 7, "Rar!\x1a\x07\0", "a rar archive",
	  "extract the dump from it: unrar x FILE" },
	{ 0, 7, "Rar!\x1a\x07\1", "a rar archive",
	  "extract the dump from it: unrar x FILE" },
	{ 0, 4, "\x02\x21\x4c\x18", "a legacy lz4 file", "unlz4 it" },
};

/* Dumps that have addresses of their own; in ELF files type 4 is a core. */
static const struct known placed[] = {
	{ 0, 4,
	  "\x7f"
	  "ELF",
	  "an ELF dump", NULL },
	{ 0, 8, "KDUMP   ", "a kdump dump", NULL },
	{ 0, 8, "DISKDUMP", "a diskdump dump", NULL },
	{ 0, 12, "makedumpfile", "a flattened dump", NULL },
};

/* The first of n that the bytes have. */
static const struct known *refuse_find(const struct known *k, size_t n,
				       const uint8_t *head, size_t len)
{
	for (; n; n--, k++)
		if (k->at + k->len <= len &&
		    !memcmp(head + k->at, k->magic, k->len))
			return k;
	return NULL;
}

static enum memlog_status refuse_vmware(const struct ml_file *file,
					struct memlog_err *err)
{
	char vmem[VMEM_NAME];

	if (!file->lower &&
	    ml_beside_find(file->name, ".vmem", vmem, sizeof(vmem)))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "%s is not supported; its memory is beside it: "
			       "memlog-dump %s",
			       vmware, vmem);
	return ml_fail(
		err, MEMLOG_UNSUPPORTED,
		"%s is not supported; read the .vmem that belongs beside "
		"it, or if there never was one, convert it with vmss2core",
		vmware);
}

/* Is it what tar makes of nothing? There is no magic in that. */
static bool refuse_is_empty_tar(const struct ml_file *file, const uint8_t *head,
				size_t len)
{
	size_t i;

	if (file->size != 2 * TAR_BLOCK && file->size != 20 * TAR_BLOCK)
		return false;
	for (i = 0; i < len && !head[i]; i++)
		;
	return i == len;
}

static enum memlog_status refuse_open(struct memlog_image *image,
				      const struct ml_file *file,
				      const struct memlog_open_opts *opts,
				      struct memlog_err *err)
{
	uint8_t head[HEAD] = { 0 };
	const struct ml_packed *packed;
	enum memlog_status s;
	const struct known *k;
	size_t got;

	s = ml_file_read_some(file, 0, head, sizeof(head), &got, err);
	if (s)
		return s;
	if (image->unpacked && ml_packed_archive(head, got))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "there is another archive in it, and only one "
			       "is unpacked: extract the inner one, and read "
			       "that");
	if (!opts->map && !opts->raw_base &&
	    refuse_is_empty_tar(file, head, got))
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "an empty tar archive: make it again, with the "
			       "dump in it");
	k = refuse_find(table, sizeof(table) / sizeof(table[0]), head, got);
	if (k && k->what == vmware)
		return refuse_vmware(file, err);
	if (k)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "%s is not supported; %s", k->what, k->instead);
	packed = ml_packed_find(head, got);
	if (packed && image->unpacked)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "compressed twice, and %s is left: unpack it "
			       "once",
			       packed->name);
	if (packed)
		return ml_fail(err, MEMLOG_UNSUPPORTED,
			       "compressed with %s, "
			       "which this program does not unpack; %s",
			       packed->name, packed->unpack);
	return ml_fail(err, MEMLOG_NOT_MINE, "not recognised");
}

enum memlog_status ml_refuse_part(const struct ml_file *file, const char *addr,
				  struct memlog_err *err)
{
	const struct ml_packed *packed;
	uint8_t head[HEAD] = { 0 };
	const struct known *k;
	enum memlog_status s;
	size_t got;

	s = ml_file_read_some(file, 0, head, sizeof(head), &got, err);
	if (s)
		return s;
	packed = ml_packed_find(head, got);
	if (packed)
		return ml_fail(err, MEMLOG_INVALID,
			       "compressed with %s, and @%s is for plain "
			       "memory; %s first",
			       packed->name, addr, packed->unpack);
	k = refuse_find(table, sizeof(table) / sizeof(table[0]), head, got);
	if (k)
		return ml_fail(
			err, MEMLOG_INVALID,
			"%s, and @%s is for plain memory; %s", k->what, addr,
			k->instead ? k->instead : "name the .vmem beside it");
	k = refuse_find(placed, sizeof(placed) / sizeof(placed[0]), head, got);
	/* an ELF file of another type is part of the memory */
	if (!k || (k == placed && head[16] != 4 && head[17] != 4))
		return MEMLOG_OK;
	return ml_fail(err, MEMLOG_INVALID,
		       "%s, which says itself where it belongs: leave out @%s",
		       k->what, addr);
}

const struct ml_image_format ml_image_refused = {
	.name = "refused",
	.title = "recognised, but not supported",
	.open = refuse_open,
};
