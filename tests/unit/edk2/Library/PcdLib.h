/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test has a variable of that name. */
#define FixedPcdGet32(name) test_##name
