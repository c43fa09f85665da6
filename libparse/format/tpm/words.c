/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* words.c - the description of an event: strings, names of variables and of files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/plural.h"
#include "tpm.h"

enum { GUID = 16, VARIABLE = 32, IMAGE = 32, NODE = 4, BLOB = 16 };
enum { GPT_HEADER = 92, GPT_GUID = 56, LOAD_OPTION = 6, TAG = 8 };
enum { MEDIA = 4, FILE_PATH = 4, FV_FILE = 6, END_OF_PATH = 0x7f };
enum { LOCALITY = 17, STRING_MIN = 2 };

/* Text is appended to this; at most size bytes with the NUL. */
struct tpm_words {
	char *text;
	size_t n, size;
	bool full; /* something did not fit */
};

void ml_tpm_guid(const uint8_t *g, char ret[TPM_GUID_TEXT])
{
	snprintf(ret, TPM_GUID_TEXT,
		 "%08" PRIx32 "-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 ml_le32(g), (unsigned int)ml_le16(g + 4),
		 (unsigned int)ml_le16(g + 6), g[8], g[9], g[10], g[11], g[12],
		 g[13], g[14], g[15]);
}

static void words_append(struct tpm_words *w, const char *text)
{
	size_t n = strlen(text);

	w->full |= n >= w->size - w->n;
	if (w->full)
		return;
	memcpy(w->text + w->n, text, n + 1);
	w->n += n;
}

/* A character; control characters are replaced. */
static void words_char(struct tpm_words *w, uint32_t c)
{
	char b[5] = "";

	if (c < ' ' || c == 0x7f || (c >= 0xd800 && c < 0xe000)) {
		b[0] = c == '\n' || c == '\t' ? ' ' : '?';
	} else if (c < 0x80) {
		b[0] = (char)c;
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 0x3f));
	} else {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 0x3f));
		b[2] = (char)(0x80 | (c & 0x3f));
	}
	words_append(w, b);
}

/* Up to n characters of two bytes each, or a NUL. */
static void words_wide(struct tpm_words *w, const uint8_t *p, size_t n)
{
	for (; n && ml_le16(p); n--, p += 2)
		words_char(w, ml_le16(p));
}

static void words_narrow(struct tpm_words *w, const uint8_t *p, size_t n)
{
	for (; n && *p; n--, p++)
		words_char(w, *p < 0x80 ? *p : '?');
}

/* Are these n bytes text of one or of two bytes each character, with or without a NUL
 * after it? */
static bool words_is_text(const uint8_t *p, size_t n, size_t each)
{
	size_t i, len = n / each;

	for (i = 0; i < len; i++) {
		uint32_t c = each == 2 ? ml_le16(p + 2 * i) : p[i];

		if (!c)
			break;
		if (c >= 0x7f || (c < ' ' && c != '\n' && c != '\t'))
			return false;
	}
	/* zeros after it are padding */
	return i >= STRING_MIN && ml_is_zero(p + each * i, n - each * i);
}

/* Text, or how many bytes there are. */
static void words_any(struct tpm_words *w, const struct tpm_event *e,
		      size_t from)
{
	const uint8_t *p = e->data + from;
	size_t n = e->got > from ? e->got - from : 0;
	char bytes[32];

	if (words_is_text(p, n, 1)) {
		words_narrow(w, p, n);
	} else if (words_is_text(p, n, 2)) {
		words_wide(w, p, n / 2);
	} else if (e->len > from) {
		snprintf(bytes, sizeof(bytes), "%" PRIu64 " byte%s",
			 e->len - (uint64_t)from, ml_s(e->len - from));
		words_append(w, bytes);
	}
}

static void words_memory(struct tpm_words *w, const uint8_t *p)
{
	char where[64];

	snprintf(where, sizeof(where), "%s0x%" PRIx64 ", %" PRIu64 " bytes",
		 w->n ? " at " : "at ", ml_le64(p), ml_le64(p + 8));
	words_append(w, where);
}

/* The names in a device path: of files, and of files in firmware. */
static void words_path(struct tpm_words *w, const uint8_t *p, size_t n,
		       const struct memlog_names *names)
{
	char guid[TPM_GUID_TEXT];
	const char *name;
	size_t len;

	for (; n >= NODE; p += len, n -= len) {
		len = ml_le16(p + 2);
		if (len < NODE || len > n || (p[0] & 0x7f) == END_OF_PATH)
			return;
		if (p[0] == MEDIA && p[1] == FILE_PATH) {
			words_wide(w, p + NODE, (len - NODE) / 2);
		} else if (p[0] == MEDIA && p[1] == FV_FILE &&
			   len >= NODE + GUID) {
			ml_tpm_guid(p + NODE, guid);
			name = ml_names_find(names, guid);
			words_append(w, name ? name : guid);
		}
	}
}

static void words_image(struct tpm_words *w, const struct tpm_event *e,
			const struct memlog_names *names)
{
	if (e->got < IMAGE) {
		words_any(w, e, 0);
		return;
	}
	words_path(w, e->data + IMAGE,
		   ml_min(ml_le64(e->data + 24), e->got - IMAGE), names);
	/* where it was loaded matters only if nothing says what it is */
	if (!w->n)
		words_memory(w, e->data);
}

/* Its name and owner; then a value of one byte, or what an option to boot is called. */
static void words_variable(struct tpm_words *w, const struct tpm_event *e)
{
	uint64_t chars = 0, len = 0, left;
	char guid[TPM_GUID_TEXT], bytes[40];
	const uint8_t *name = e->data + VARIABLE, *data;

	if (e->got >= VARIABLE) {
		chars = ml_le64(e->data + GUID);
		len = ml_le64(e->data + GUID + 8);
	}
	if (e->got < VARIABLE || chars > (e->got - VARIABLE) / 2) {
		words_any(w, e, 0);
		return;
	}
	words_wide(w, name, (size_t)chars);
	ml_tpm_guid(e->data, guid);
	words_append(w, " ");
	words_append(w, guid);
	data = name + 2 * chars;
	left = ml_min(len, (uint64_t)(e->data + e->got - data));
	if (len == 1 && left) {
		snprintf(bytes, sizeof(bytes), " = %u", *data);
	} else {
		snprintf(bytes, sizeof(bytes), ", %" PRIu64 " byte%s", len,
			 ml_s(len));
	}
	words_append(w, bytes);
	if (chars == 8 && left > LOAD_OPTION && words_is_text(name, 8, 2) &&
	    !memcmp(name, "B\0o\0o\0t\0", 8) && ml_le16(name + 8) < 'A' + 6) {
		words_append(w, ": ");
		words_wide(w, data + LOAD_OPTION,
			   (size_t)(left - LOAD_OPTION) / 2);
	}
}

static void words_gpt(struct tpm_words *w, const struct tpm_event *e)
{
	char guid[TPM_GUID_TEXT], words[40];
	uint64_t n;

	if (e->got < GPT_HEADER + 8 || memcmp(e->data, "EFI PART", 8)) {
		words_any(w, e, 0);
		return;
	}
	ml_tpm_guid(e->data + GPT_GUID, guid);
	n = ml_le64(e->data + GPT_HEADER);
	snprintf(words, sizeof(words), ", %" PRIu64 " partition%s", n, ml_s(n));
	words_append(w, "disk ");
	words_append(w, guid);
	words_append(w, words);
}

/* A string with its length before it, then where some memory is, or a number of
 * tables. */
static void words_named(struct tpm_words *w, const struct tpm_event *e,
			bool tables)
{
	size_t n = e->got ? e->data[0] : 0, rest = 1 + n;
	char words[32];

	if (!e->got || rest + (tables ? 8 : BLOB) > e->got) {
		words_any(w, e, 0);
		return;
	}
	words_narrow(w, e->data + 1, n);
	if (!tables) {
		words_memory(w, e->data + rest);
		return;
	}
	snprintf(words, sizeof(words), ", %" PRIu64 " table%s",
		 ml_le64(e->data + rest), ml_s(ml_le64(e->data + rest)));
	words_append(w, words);
}

static void words_no_action(struct tpm_words *w, const struct tpm_event *e)
{
	char number[16];

	if (e->got < TPM_SIGNATURE) {
		words_any(w, e, 0);
		return;
	}
	words_narrow(w, e->data, TPM_SIGNATURE);
	if (e->len == LOCALITY && !memcmp(e->data, "StartupLocality", 16)) {
		snprintf(number, sizeof(number), " %u", e->data[16]);
		words_append(w, number);
	}
}

static void words_separator(struct tpm_words *w, const struct tpm_event *e)
{
	char number[16];

	if (e->len != 4 || e->got < 4) {
		words_any(w, e, 0);
		return;
	}
	snprintf(number, sizeof(number), "0x%08" PRIx32, ml_le32(e->data));
	words_append(w, number);
}

static void words_event(struct tpm_words *w, const struct tpm_event *e,
			const struct memlog_names *names)
{
	char guid[TPM_GUID_TEXT];

	switch (e->type) {
	case TPM_NO_ACTION:
		words_no_action(w, e);
		break;
	case 0x04: /* EV_SEPARATOR */
		words_separator(w, e);
		break;
	case 0x06: /* EV_EVENT_TAG */
		words_any(w, e, e->got > TAG ? TAG : 0);
		break;
	case 0x08: /* EV_S_CRTM_VERSION */
		if (e->len == GUID && e->got == GUID &&
		    !words_is_text(e->data, GUID, 2)) {
			ml_tpm_guid(e->data, guid);
			words_append(w, guid);
		} else {
			words_any(w, e, 0);
		}
		break;
	case 0x80000001: /* EV_EFI_VARIABLE_* */
	case 0x80000002:
	case 0x8000000c:
	case 0x800000e0:
		words_variable(w, e);
		break;
	case 0x80000003: /* EV_EFI_BOOT_SERVICES_APPLICATION, drivers */
	case 0x80000004:
	case 0x80000005:
		words_image(w, e, names);
		break;
	case 0x80000006: /* EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2 */
	case 0x8000000d:
		words_gpt(w, e);
		break;
	case 0x01: /* EV_POST_CODE, EV_EFI_PLATFORM_FIRMWARE_BLOB */
	case 0x80000008:
		if (e->len == BLOB && e->got == BLOB &&
		    !words_is_text(e->data, BLOB, 1))
			words_memory(w, e->data);
		else
			words_any(w, e, 0);
		break;
	case 0x13: /* EV_POST_CODE2, EV_EFI_PLATFORM_FIRMWARE_BLOB2 */
	case 0x8000000a:
		words_named(w, e, false);
		break;
	case 0x8000000b: /* EV_EFI_HANDOFF_TABLES2 */
		words_named(w, e, true);
		break;
	default:
		words_any(w, e, 0);
	}
}

bool ml_tpm_words(const struct tpm_event *e, const struct memlog_names *names,
		  char *ret, size_t size)
{
	/* leave space for the dots */
	struct tpm_words w = { .text = ret, .size = size - 3 };

	*ret = '\0';
	words_event(&w, e, names);
	if (w.full)
		memcpy(ret + w.n, "...", 4);
	return !w.full;
}
