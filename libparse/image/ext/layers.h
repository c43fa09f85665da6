/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* layers.h - what unpacks a file, with other libraries too. */
#ifndef ML_IMAGE_EXT_LAYERS_H
#define ML_IMAGE_EXT_LAYERS_H

#include "image/open.h"

/* In the order in which they are tried, ended by NULL. */
extern ml_image_layer *const ml_source_layers[];

#endif
