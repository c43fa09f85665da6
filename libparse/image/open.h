/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open.h - from a file to an image.
 *
 * opts are complete: the functions of memlog.h have copied the caller's with
 * ml_open_opts().
 *
 * Who names the image in an error: the functions of memlog.h that open one, and
 * nobody else. They pass their result through ml_open_done(). Formats, layers,
 * sources and readers do not know by which name the user knows what they read;
 * only a set names the part at fault.
 */
#ifndef ML_IMAGE_OPEN_H
#define ML_IMAGE_OPEN_H

#include "image/bytes/file.h"

/*
 * A layer unpacks a file: on OK *file is the unpacked one, which owns the
 * packed one and closes it. NOT_MINE and all errors leave *file as it was.
 * Anything worth reporting becomes a warning or a note of the image.
 */
typedef enum memlog_status ml_image_layer(struct memlog_image *image,
					  struct ml_file *file,
					  const struct memlog_open_opts *opts,
					  struct memlog_err *err);

/* The layers that need only libc, in the order in which they are tried, ended
 * by NULL. */
extern ml_image_layer *const ml_image_layers[];

/* Open an image on a file, through these layers. The image takes over the file,
 * which is closed on failure; *file is all zero afterwards. The caller closes
 * *ret. */
enum memlog_status ml_image_open_layers(struct ml_file *file,
					ml_image_layer *const *layers,
					const struct memlog_open_opts *opts,
					struct memlog_image **ret,
					struct memlog_err *err);

/* ml_image_open_layers() with ml_image_layers. opts may be NULL. */
enum memlog_status ml_image_open_on(struct ml_file *file,
				    const struct memlog_open_opts *opts,
				    struct memlog_image **ret,
				    struct memlog_err *err);

/*
 * The end of a public function that opens an image: on failure *err, which may
 * be NULL, becomes *why with name before its text; a long name is shortened. On
 * OK *err is left unchanged, whatever formats that did not match have written
 * to *why. Returns s.
 */
enum memlog_status ml_open_done(enum memlog_status s, const char *name,
				struct memlog_err *why, struct memlog_err *err);

/* Open the file names; if there is none, a file in an archive, the pieces of a file, or a
 * list of files separated by commas, as one image. err must not be NULL. The caller closes
 * *ret. files.c */
enum memlog_status ml_image_open_files(const char *names,
				       ml_image_layer *const *layers,
				       const struct memlog_open_opts *opts,
				       struct memlog_image **ret,
				       struct memlog_err *err);

/* Open the files of a list, separated by commas, as one image. set.c */
enum memlog_status ml_set_open(const char *names, ml_image_layer *const *layers,
			       const struct memlog_open_opts *opts,
			       struct memlog_image **ret,
			       struct memlog_err *err);

/* INVALID: a file that the user placed at addr, in his words, is no plain
 * memory. refuse.c */
enum memlog_status ml_refuse_part(const struct ml_file *file, const char *addr,
				  struct memlog_err *err);

/* The last step of opening: *ret is image, or that is closed because it was
 * starved of memory. */
enum memlog_status ml_image_opened(struct memlog_image *image,
				   struct memlog_image **ret,
				   struct memlog_err *err);

/* All is open that a source needs: the caller may now give up rights. */
enum memlog_status ml_image_attached(const struct memlog_open_opts *opts,
				     struct memlog_err *err);

/* A copy of opts, whatever its size; all zero for NULL. */
struct memlog_open_opts ml_open_opts(const struct memlog_open_opts *opts);

/* INVALID if the size of opts or of one of its codecs is not set. */
enum memlog_status ml_open_opts_check(const struct memlog_open_opts *opts,
				      struct memlog_err *err);

#endif
