/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * follow.c - find the end of the text, to follow the log.
 *
 * The plain header has only offsets, which wrap. Our firmware also counts the
 * bytes ever written, and boots.
 */
#include "index.h"

void ml_ovmf_position(struct ml_source *source, struct ml_position *ret)
{
	const struct ovmf *o = ml_ovmf_const(source->log);
	struct ovmf_ext ext;

	*ret = (struct ml_position){ .end = o->tail, .modulus = o->size };
	if (ml_ovmf_ext_load(source, &ext))
		return;
	ret->end = ext.total;
	ret->modulus = 0;
	ret->boot = ext.boots;
}
