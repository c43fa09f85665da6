/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xml.h - write guest text into XML and HTML.
 *
 * What escape.c escapes becomes \xNN and the like, which XML 1.0 allows; so do
 * U+FFFE and U+FFFF, which it does not. Characters with a meaning in XML become
 * entities, in text and in attributes alike.
 */
#ifndef ML_RENDER_TIMELINE_XML_H
#define ML_RENDER_TIMELINE_XML_H

#include "render/out.h"

/* Text on one line; TAB becomes a space. */
void ml_xml_text(struct ml_out *out, const void *bytes, size_t len);

/* The same of a NUL-terminated string. */
void ml_xml_str(struct ml_out *out, const char *s);

#endif
