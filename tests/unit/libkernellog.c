/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libkernellog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "image/image.h"

/* ---- symbols ------------------------------------------------------------ */

static enum memlog_status sym_addr(void *self, const char *name, uint64_t *ret)
{
	(void)self;
	if (!strcmp(name, "ftrace_events"))
		*ret = KERNEL_IMAGE + KERNEL_HEAD;
	else if (!strcmp(name, "savedcmd"))
		*ret = KERNEL_IMAGE + KERNEL_SAVEDCMD;
	else if (!strcmp(name, "_stext") || !strcmp(name, "_text"))
		*ret = KERNEL_IMAGE;
	else
		return MEMLOG_NO_DATA;
	return MEMLOG_OK;
}

const struct memlog_symbols kernel_symbols = { .size = sizeof(kernel_symbols),
					       .addr = sym_addr };

/* ---- a printer ---------------------------------------------------------- */

char kernel_formats[4096];

static void *print_create(const struct memlog_allocator *allocator,
			  memlog_name_fn *name, void *arg)
{
	(void)allocator;
	(void)name;
	(void)arg;
	kernel_formats[0] = 0;
	return kernel_formats;
}

static void print_destroy(void *state)
{
	assert_ptr_equal(state, kernel_formats);
}

static enum memlog_status print_add(void *state, const char *system,
				    const char *format)
{
	(void)state;
	strcat(kernel_formats, format);
	return strcmp(system, "irq") || strstr(format, "irq_exit") ?
		       MEMLOG_UNSUPPORTED :
		       MEMLOG_OK;
}

static enum memlog_status print_print(void *state, uint16_t type,
				      const void *payload, size_t len,
				      const char **ret, size_t *ret_len)
{
	(void)state;
	assert_int_equal(type, 76);
	assert_int_equal(len, 36);
	assert_int_equal(ml_le16(payload), 76);
	*ret = "printed";
	*ret_len = 7;
	return MEMLOG_OK;
}

const struct memlog_event_printer kernel_printer = {
	.size = sizeof(kernel_printer),
	.create = print_create,
	.destroy = print_destroy,
	.add = print_add,
	.print = print_print,
};

/* ---- what is found ------------------------------------------------------ */

#define TABLE                                             \
	"SYMBOL(kallsyms_names)=ffff800080050000\n"       \
	"SYMBOL(kallsyms_num_syms)=ffff800080050ff8\n"    \
	"SYMBOL(kallsyms_token_table)=ffff800080051000\n" \
	"SYMBOL(kallsyms_token_index)=ffff800080051800\n" \
	"SYMBOL(kallsyms_offsets)=ffff800080052000\n"
#define TABLE_BASE "SYMBOL(kallsyms_relative_base)=ffff800080052ff0\n"

char *kernel_decode_image(struct memlog_image *image, bool phys,
			  const struct memlog_symbols *symbols,
			  const struct memlog_event_printer *print)
{
	struct memlog_scan_opts o = { .size = sizeof(o),
				      .formats = "ftrace",
				      .symbols = symbols };
	struct memlog_decode_opts u = { .size = sizeof(u),
					.symbols = symbols,
					.printer = print };
	const struct memlog_record *rec;
	struct memlog_decoder *d;
	struct memlog_logs *logs;
	char *ret;
	size_t len, i;
	FILE *f = open_memstream(&ret, &len);

	assert_int_equal(memlog_scan(image, &o, &logs, NULL, NULL), 0);
	assert_int_equal(memlog_logs_count(logs), 1);
	assert_int_equal(memlog_logs_get(logs, 0)->extents[0].space,
			 phys ? MEMLOG_PHYS : MEMLOG_HOST);
	if (phys)
		assert_int_equal(memlog_logs_get(logs, 0)->extents[0].addr,
				 KERNEL_BASE + KERNEL_REGION);
	assert_int_equal(memlog_decoder_open(image, memlog_logs_get(logs, 0),
					     &u, &d, NULL),
			 0);
	while (!memlog_decoder_next(d, &rec, NULL)) {
		fwrite(rec->text, 1, rec->text_len, f);
		for (i = 4; i < rec->n_fields; i++) {
			const struct memlog_field *fl = &rec->fields[i];

			if (fl->type == MEMLOG_FIELD_TEXT)
				fprintf(f, "%s:%.*s ", fl->name,
					(int)fl->text_len, fl->text);
			else
				fprintf(f, "%s:%lld ", fl->name,
					(long long)fl->i);
		}
		fputc('\n', f);
	}
	assert_int_equal(memlog_decoder_missing(d), 0);
	memlog_decoder_close(d);
	memlog_logs_destroy(logs);
	memlog_image_close(image);
	fclose(f);
	return ret;
}

char *kernel_decode(struct kernel *m, const struct memlog_symbols *symbols,
		    const struct memlog_event_printer *print)
{
	static const char *const text[] = { KERNEL_INFO, KERNEL_INFO TABLE,
					    KERNEL_INFO TABLE TABLE_BASE,
					    KERNEL_INFO TABLE TABLE_BASE };
	struct memlog_image *image = mem_image(&m->mem, MEMLOG_PHYS);

	ml_image_add_note(image, "VMCOREINFO", 0, "", text[m->kind],
			  text[m->kind], strlen(text[m->kind]));
	return kernel_decode_image(image, true, symbols, print);
}

void kernel_expect(struct kernel *m, const struct memlog_symbols *symbols,
		   const struct memlog_event_printer *print, const char *want)
{
	char *got = kernel_decode(m, symbols, print);

	assert_string_equal(got, want);
	free(got);
}

const char kernel_with_fields[] = KERNEL_FIRST
	"irq_entry: irq=-7 name=abcd comm=swapper ptr=0xfeed\n"
	"irq:-7 name:abcd comm:swapper ptr:65261 common_comm:kworker/u9:2-ev \n" KERNEL_SECOND
	"irq_exit: irq=0 name= comm= ptr=0x0\n"
	"irq:0 name: comm: ptr:0 \n";
