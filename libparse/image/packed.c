/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packed.c - recognise compressed files by their magic. Sources: RFC 1950, RFC 1952, RFC
 * 8878, and the formats of xz, lz4 frames, bzip2, lzip, tar, cpio, zip and 7z. */
#include "packed.h"

#include <string.h>

#include "base/bytes.h"

static const struct ml_packed packed[] = {
	{ ML_PACKED_GZIP, "gzip", "gunzip it", "\x1f\x8b\x08", 3 },
	{ ML_PACKED_ZSTD, "zstd", "unzstd it", "\x28\xb5\x2f\xfd", 4 },
	{ ML_PACKED_XZ, "xz", "unxz it",
	  "\xfd"
	  "7zXZ\0",
	  6 },
	{ ML_PACKED_LZ4, "lz4", "unlz4 it", "\x04\x22\x4d\x18", 4 },
	{ ML_PACKED_BZIP2, "bzip2", "bunzip2 it", "BZh", 3 },
	{ ML_PACKED_LZIP, "lzip", "unpack it with lzip -d", "LZIP", 4 },
	{ ML_PACKED_LZOP, "lzop", "unpack it with lzop -dc <FILE >NEW",
	  "\x89LZO\0\r\n\x1a\n", 9 },
	{ ML_PACKED_ZLIB, "zlib", "unpack it with pigz -dc <FILE >NEW", "\x78",
	  1 },
};

/* RFC 1950: deflate with a window of 32 KiB, a header that is a multiple of 31,
 * no dictionary, and a first block of a type that there is. */
static bool packed_is_zlib(const uint8_t *p, size_t len)
{
	return len > 2 && ml_be16(p) % 31 == 0 && !(p[1] & 0x20) &&
	       (p[2] & 6) != 6;
}

const struct ml_packed *ml_packed_find(const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++)
		if (len >= packed[i].len &&
		    !memcmp(bytes, packed[i].magic, packed[i].len) &&
		    (packed[i].kind != ML_PACKED_ZLIB ||
		     packed_is_zlib(bytes, len)))
			return &packed[i];
	return NULL;
}

bool ml_packed_archive(const uint8_t *bytes, size_t len)
{
	/* tar has its magic after the name of the first file */
	static const struct {
		uint16_t at, len;
		const char *magic;
	} t[] = {
		{ 257, 5, "ustar" },
		{ 0, 4, "PK\3\4" },
		{ 0, 6, "7z\xbc\xaf\x27\x1c" },
		{ 0, 6, "070701" },
		{ 0, 6, "070702" },
		{ 0, 6, "070707" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (len >= (size_t)t[i].at + t[i].len &&
		    !memcmp(bytes + t[i].at, t[i].magic, t[i].len))
			return true;
	return false;
}

const struct ml_packed *ml_packed_libvirt(const uint8_t *bytes, size_t len,
					  uint64_t *ret_at)
{
	static const enum ml_packed_kind kinds[] = {
		ML_PACKED_GZIP, ML_PACKED_BZIP2, ML_PACKED_XZ, ML_PACKED_LZOP,
		ML_PACKED_ZSTD
	};
	uint32_t kind, more;
	size_t i;
	bool be;

	if (len < ML_LIBVIRT_HEADER || (memcmp(bytes, "LibvirtQemudSave", 16) &&
					memcmp(bytes, "LibvirtQemudPart", 16)))
		return NULL;
	/* in the byte order of its host, by the version */
	be = ml_be32(bytes + 16) < ml_le32(bytes + 16);
	more = be ? ml_be32(bytes + 20) : ml_le32(bytes + 20);
	kind = be ? ml_be32(bytes + ML_LIBVIRT_PACKED) :
		    ml_le32(bytes + ML_LIBVIRT_PACKED);
	if (!kind || kind > sizeof(kinds) / sizeof(kinds[0]))
		return NULL;
	*ret_at = (uint64_t)ML_LIBVIRT_HEADER + more;
	for (i = 0; packed[i].kind != kinds[kind - 1]; i++)
		;
	return &packed[i];
}
