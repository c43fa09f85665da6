/* SPDX-License-Identifier: GPL-2.0-or-later */
#define FUZZ_FORMAT "acrn-log"
#include "format.h"
