/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libwindow.h - small packed files that ask for a large window, and use it: they hold zeros
 * only. len bytes of them; returns the bytes of the file, at most 1 MiB. */
#ifndef LIBWINDOW_H
#define LIBWINDOW_H

#include <stddef.h>
#include <stdint.h>

size_t window_zstd(uint8_t *out, uint64_t window, uint64_t len);

/* window: 128, 192, 256 ... MiB, or 4096 for 1 byte less. */
size_t window_xz(uint8_t *out, uint64_t window, uint64_t len);

/* An archive of 7z with one file; the same with its list packed; and with a list that asks
 * for that window. */
size_t window_sevenzip(uint8_t *out, uint64_t window, uint64_t len);
size_t window_sevenzip_packed(uint8_t *out, uint64_t window, uint64_t len);
size_t window_sevenzip_list(uint8_t *out, uint64_t window, uint64_t len);

/* The same after a frame or a stream that asks for little. */
size_t window_zstd_late(uint8_t *out, uint64_t window, uint64_t len);
size_t window_xz_late(uint8_t *out, uint64_t window, uint64_t len);

#endif
