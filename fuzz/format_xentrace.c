/* SPDX-License-Identifier: GPL-2.0-or-later */
#define FUZZ_FORMAT "xentrace"
#include "format.h"
