/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xml.c - write guest text into XML and HTML. */
#include "xml.h"

#include <string.h>

#include "base/bytes.h"
#include "render/escape.h"

/* Safe text, with entities. */
static void xml_put(struct ml_out *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			ml_out_str(out, "&amp;");
			break;
		case '<':
			ml_out_str(out, "&lt;");
			break;
		case '>':
			ml_out_str(out, "&gt;");
			break;
		case '"':
			ml_out_str(out, "&quot;");
			break;
		case '\'':
			ml_out_str(out, "&#39;");
			break;
		case '\t':
			ml_out_char(out, ' ');
			break;
		case '\xef':
			/* U+FFFE and U+FFFF */
			if (s[1] == '\xbf' && (s[2] & 0xfe) == 0xbe) {
				ml_out_str(out, s[2] == '\xbe' ? "\\u{fffe}" :
								 "\\u{ffff}");
				s += 2;
				break;
			}
			/* fall through */
		default:
			ml_out_char(out, *s);
		}
}

void ml_xml_text(struct ml_out *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char safe[1025];
	size_t n;

	while (len) {
		n = ml_min(len, 256);
		if (n < len)
			n -= ml_utf8_cut(p, n);
		ml_escape_cut(p, n, safe, sizeof(safe));
		xml_put(out, safe);
		p += n;
		len -= n;
	}
}

void ml_xml_str(struct ml_out *out, const char *s)
{
	ml_xml_text(out, s, strlen(s));
}
