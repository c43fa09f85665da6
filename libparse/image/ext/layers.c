/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layers.c - what unpacks a file, with other libraries too. */
#include "layers.h"

#include "image/bytes/flattened.h"
#include "members.h"

ml_image_layer *const ml_source_layers[] = {
	ml_archive_open,
	ml_flattened_open,
	NULL,
};
