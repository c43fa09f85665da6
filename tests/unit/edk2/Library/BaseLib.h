/* SPDX-License-Identifier: GPL-2.0-or-later */
#define LShiftU64(value, by) ((UINT64)(value) << (by))
