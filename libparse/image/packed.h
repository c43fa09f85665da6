/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* packed.h - recognise files that were compressed as a whole, and archives, by their
 * magic. */
#ifndef ML_IMAGE_PACKED_H
#define ML_IMAGE_PACKED_H

#include "memlog.h"

enum ml_packed_kind {
	ML_PACKED_GZIP,
	ML_PACKED_ZSTD,
	ML_PACKED_XZ,
	ML_PACKED_LZ4,
	ML_PACKED_BZIP2,
	ML_PACKED_LZIP,
	ML_PACKED_LZOP,
	ML_PACKED_ZLIB, /* LiME with compress=1; memory can begin like it */
	ML_PACKED_KINDS,
};

/* Bytes of the longest magic. */
#define ML_PACKED_MAGIC 9

/* unpack: what an error tells the user to do. */
struct ml_packed {
	enum ml_packed_kind kind;
	const char *name, *unpack;
	const char *magic;
	uint8_t len;
};

/* The compression of a file that begins with these len bytes. NULL: none that
 * is known. */
const struct ml_packed *ml_packed_find(const uint8_t *bytes, size_t len);

/* libvirt's header, whose word at the second offset says how what follows it and the XML
 * is compressed. */
#define ML_LIBVIRT_HEADER 92u
#define ML_LIBVIRT_PACKED 28u

/* How libvirt compressed a saved guest whose file begins with these len bytes, and from
 * which offset on. NULL: it did not. */
const struct ml_packed *ml_packed_libvirt(const uint8_t *bytes, size_t len,
					  uint64_t *ret_at);

/* Is it an archive, tar, cpio, zip or 7z, that begins with these len bytes? */
bool ml_packed_archive(const uint8_t *bytes, size_t len);

#endif
