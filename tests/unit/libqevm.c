/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libqevm.c - see libqevm.h. */
#include "libqevm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void qevm_bytes(struct qevm *f, const void *p, size_t len)
{
	if (f->len + len > f->cap) {
		f->cap = 2 * (f->len + len);
		f->p = realloc(f->p, f->cap);
		assert_non_null(f->p);
	}
	if (p)
		memcpy(f->p + f->len, p, len);
	else
		memset(f->p + f->len, 0, len);
	f->len += len;
}

void qevm_num(struct qevm *f, uint64_t v, unsigned int width)
{
	uint8_t b;

	while (width--) {
		b = (uint8_t)(v >> 8 * width);
		qevm_bytes(f, &b, 1);
	}
}

void qevm_word(struct qevm *f, const char *s)
{
	qevm_num(f, strlen(s), 1);
	qevm_bytes(f, s, strlen(s));
}

void qevm_head(struct qevm *f, const char *machine)
{
	qevm_bytes(f, "QEVM", 4);
	qevm_num(f, 3, 4);
	if (!machine)
		return;
	qevm_num(f, 7, 1);
	qevm_num(f, strlen(machine), 4);
	qevm_bytes(f, machine, strlen(machine));
}

void qevm_start(struct qevm *f, const char *device, uint64_t total)
{
	qevm_num(f, 1, 1);
	qevm_num(f, RAM_ID, 4);
	qevm_word(f, device);
	qevm_num(f, 0, 4);
	qevm_num(f, 4, 4);
	qevm_num(f, total | SIZE, 8);
}

void qevm_block(struct qevm *f, const char *name, uint64_t len)
{
	qevm_word(f, name);
	qevm_num(f, len, 8);
}

void qevm_section(struct qevm *f, unsigned int type)
{
	qevm_num(f, type, 1);
	qevm_num(f, RAM_ID, 4);
}

void qevm_close_section(struct qevm *f)
{
	qevm_num(f, EOS, 8);
	qevm_section(f, 0x7e);
}

void qevm_page(struct qevm *f, const char *name, uint64_t off, uint8_t fill,
	       const uint8_t *p)
{
	bool same = f->block && !strcmp(f->block, name);

	if (f->n_marks < 64)
		f->marks[f->n_marks++] = f->len;
	qevm_num(f, off | (p ? DATA : ZERO) | (same ? SAME : 0), 8);
	if (!same)
		qevm_word(f, name);
	f->block = name;
	if (p)
		qevm_bytes(f, p, PAGE);
	else
		qevm_num(f, fill, 1);
}

void qevm_devices(struct qevm *f)
{
	qevm_num(f, 4, 1);
	qevm_num(f, 77, 4);
	qevm_word(f, "timer");
	qevm_num(f, 0, 4);
	qevm_num(f, 2, 4);
	qevm_bytes(f, "bytes of a device", 17);
}

void qevm_device(struct qevm *f, unsigned int type, uint32_t id,
		 const void *bytes, size_t len)
{
	qevm_num(f, type, 1);
	qevm_num(f, id, 4);
	if (type == 1 || type == 4) {
		qevm_word(f, "0000:00:04.0/virtio-mem-early");
		qevm_num(f, 0, 4);
		qevm_num(f, 1, 4);
	}
	qevm_bytes(f, bytes, len);
	qevm_num(f, 0x7e, 1);
	qevm_num(f, id, 4);
}

void qevm_drop(struct qevm *f)
{
	free(f->p);
	*f = (struct qevm){ 0 };
}

uint8_t qevm_mem[16 * PAGE], qevm_old[PAGE], qevm_first[16 * PAGE];

void qevm_fill_mem(void)
{
	size_t i;

	for (i = 0; i < sizeof(qevm_mem); i++)
		qevm_mem[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + 1);
	memset(qevm_old, 'o', sizeof(qevm_old));
}

void qevm_small(struct qevm *f, const char *machine, const char *ram,
		bool footers)
{
	static const uint8_t order[] = { 2, 3, 4, 6, 7 };
	size_t i;

	qevm_fill_mem();
	memset(qevm_mem + 3 * PAGE, 0, PAGE);
	memset(qevm_mem + 5 * PAGE, 0xcc, PAGE);
	memset(qevm_mem + 7 * PAGE, 0, PAGE);
	qevm_head(f, machine);
	qevm_start(f, "ram", 16 * PAGE + 2 * PAGE);
	qevm_block(f, ram, 16 * PAGE);
	qevm_block(f, "pc.bios", 2 * PAGE);
	qevm_num(f, EOS, 8);
	if (footers)
		qevm_section(f, 0x7e);
	qevm_section(f, 2);
	for (i = 0; i < 16; i++) {
		bool late = memchr(order, (int)i, sizeof(order));
		const uint8_t *p = i == 3 || i == 7 || i == 6 ? qevm_old :
				   late || i == 5	      ? NULL :
						    qevm_mem + i * PAGE;

		qevm_page(f, ram, i * PAGE, i == 5 ? 0xcc : 0, p);
		memset(qevm_first + i * PAGE, i == 5 ? 0xcc : 0, PAGE);
		if (p)
			memcpy(qevm_first + i * PAGE, p, PAGE);
	}
	qevm_page(f, "pc.bios", 0, 0, qevm_old);
	qevm_page(f, "pc.bios", PAGE, 0, NULL);
	qevm_num(f, EOS, 8);
	if (footers)
		qevm_section(f, 0x7e);
	qevm_section(f, 2);
	for (i = 0; i < sizeof(order) - 1; i++)
		qevm_page(f, ram, order[i] * PAGE, 0,
			  order[i] == 3 ? NULL : qevm_mem + order[i] * PAGE);
	qevm_num(f, EOS, 8);
	if (footers)
		qevm_section(f, 0x7e);
	qevm_section(f, 3);
	qevm_page(f, "pc.bios", 0, 0, NULL);
	qevm_page(f, ram, 7 * PAGE, 0, NULL);
	qevm_num(f, EOS, 8);
	if (footers)
		qevm_section(f, 0x7e);
	qevm_devices(f);
}

const struct conform_piece qevm_small_piece = { 0,     16 * PAGE, qevm_mem,
						false, 0,	  0 };

struct memlog_image *qevm_open(const struct qevm *f,
			       const struct memlog_allocator *alloc,
			       enum memlog_status want, struct memlog_err *err)
{
	struct memlog_open_opts o = { .size = sizeof(o), .allocator = alloc };
	struct memlog_image *image = NULL;
	enum memlog_status s;
	struct ml_file file;

	memset(err, 0, sizeof(*err));
	assert_int_equal(ml_file_memory(f->p, f->len, "m", NULL, &file, NULL),
			 0);
	s = ml_image_open_on(&file, &o, &image, err);
	if (s != want)
		fail_msg("open: %s: %s", memlog_status_name(s), err->text);
	return image;
}

struct memlog_image *qevm_open_good(const struct qevm *f)
{
	struct memlog_err err;
	struct memlog_image *image = qevm_open(f, NULL, MEMLOG_OK, &err);

	if (memlog_image_warning(image, 0))
		fail_msg("warning: %s", memlog_image_warning(image, 0));
	return image;
}

struct memlog_image_info qevm_info(struct memlog_image *image)
{
	struct memlog_image_info info = { .size = sizeof(info) };

	assert_int_equal(memlog_image_info(image, &info, NULL), 0);
	return info;
}

bool qevm_noted(struct memlog_image *image, const char *text)
{
	struct memlog_note note = { .size = sizeof(note) };
	size_t i;

	for (i = 0; !memlog_image_note(image, i, &note); i++)
		if (!strcmp(note.text, text))
			return true;
	return false;
}

void qevm_refuse(struct qevm *f, enum memlog_status status, const char *say)
{
	struct memlog_err err;

	qevm_open(f, NULL, status, &err);
	if (!strstr(err.text, say))
		fail_msg("no '%s' in '%s'", say, err.text);
	qevm_drop(f);
}

static void qevm_le32(struct qevm *f, uint32_t v, bool be)
{
	qevm_num(f, be ? v : __builtin_bswap32(v), 4);
}

void qevm_libvirt(struct qevm *f, const char *magic, uint32_t compression,
		  bool be)
{
	static const char xml[] = "<domain type='kvm'>\n  <name>web-3</name>\n"
				  "  <uuid>x</uuid>\n</domain>\n";

	qevm_bytes(f, magic, 16);
	qevm_le32(f, 2, be);
	qevm_le32(f, sizeof(xml), be);
	qevm_le32(f, 1, be);
	qevm_le32(f, compression, be);
	qevm_bytes(f, NULL, 92 - 32);
	qevm_bytes(f, xml, sizeof(xml));
}

void qevm_capability(struct qevm *f, const char *name)
{
	qevm_num(f, 5, 1);
	qevm_word(f, "configuration/capabilities");
	qevm_num(f, 1, 4);
	qevm_num(f, 1, 4);
	qevm_word(f, name);
}

void qevm_mapped(struct qevm *f)
{
	size_t list;

	qevm_fill_mem();
	memset(qevm_mem + 3 * PAGE, 0, PAGE);
	qevm_head(f, "pc-q35-11.1");
	qevm_num(f, 5, 1);
	qevm_word(f, "configuration/target-page-bits");
	qevm_num(f, 1, 4);
	qevm_num(f, 12, 4);
	qevm_capability(f, "mapped-ram");
	qevm_num(f, 5, 1);
	qevm_word(f, "configuration/uuid");
	qevm_num(f, 1, 4);
	qevm_bytes(f, NULL, 16);
	qevm_start(f, "ram", 17 * PAGE);
	qevm_block(f, "vga.vram", PAGE);
	qevm_num(f, 1, 4);
	qevm_num(f, PAGE, 8);
	qevm_num(f, 0x400, 8);
	qevm_num(f, 0x1000, 8);
	qevm_bytes(f, NULL, 0x2000 - f->len);
	qevm_block(f, "pc.ram", 16 * PAGE);
	qevm_num(f, 1, 4);
	qevm_num(f, PAGE, 8);
	list = f->len + 16;
	qevm_num(f, list, 8);
	qevm_num(f, 0x3000, 8);
	qevm_num(f, 0xf7ff, 2);
	qevm_bytes(f, NULL, 0x3000 - f->len);
	qevm_bytes(f, qevm_mem, 3 * PAGE);
	qevm_bytes(f, qevm_old, PAGE);
	qevm_bytes(f, qevm_mem + 4 * PAGE, 12 * PAGE);
	qevm_close_section(f);
	qevm_section(f, 2);
	qevm_num(f, MULTIFD, 8);
	qevm_close_section(f);
	qevm_section(f, 3);
	qevm_close_section(f);
	qevm_devices(f);
}
