/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.h - open functions of the formats in table.c; see struct
 * ml_image_format. */
#ifndef ML_IMAGE_TABLE_H
#define ML_IMAGE_TABLE_H

#include "image.h"

#define ML_IMAGE_OPEN(name)                                                  \
	enum memlog_status name(struct memlog_image *image,                  \
				const struct ml_file *file,                  \
				const struct memlog_open_opts *opts,         \
				struct memlog_err *err)

ML_IMAGE_OPEN(ml_elf_open);
ML_IMAGE_OPEN(ml_kdump_open);
ML_IMAGE_OPEN(ml_lime_open);
ML_IMAGE_OPEN(ml_windows_open);
ML_IMAGE_OPEN(ml_qevm_open);
ML_IMAGE_OPEN(ml_refuse_open);
ML_IMAGE_OPEN(ml_raw_open);

#endif
