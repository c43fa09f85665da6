/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What trace_printk() recorded, formatted as the kernel does, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "libkernellog.h"
#include "libmem.h"

enum {
	PRINT_CLASS = KERNEL_CLASS + 0x200,
	PRINT_FIELDS = KERNEL_FIELDS + 0x800,
	PRINT_TEXTS = KERNEL_STRINGS + 0x4000,
	PRINT_FORMAT = PRINT_TEXTS + 0x100,
	PRINT_FIELD = 64,
	PRINT_FUNCTION = KERNEL_IMAGE + KERNEL_HEAD, /* ftrace_events */
};

static uint64_t put_text(struct kernel *m, uint32_t at, const char *s)
{
	strcpy((char *)m->ram + at, s);
	return KERNEL_IMAGE + at;
}

/* The first event is one of trace_printk(), with these bytes of arguments. */
static void put_printk(struct kernel *m, const char *name, const char *format,
		       const void *args, uint32_t len)
{
	const char *const field[] = { "ip",
				      strcmp(name, "bputs") ? "fmt" : "str",
				      "buf" };
	uint8_t *p = m->ram + KERNEL_REGION + 0x2000;
	uint64_t head = KERNEL_IMAGE + PRINT_CLASS + 48, prev = head, at;
	uint32_t i;

	put64(m->ram + KERNEL_CALLS + 24, put_text(m, PRINT_TEXTS, name));
	put64(m->ram + KERNEL_CALLS + 16, KERNEL_IMAGE + PRINT_CLASS);
	put64(m->ram + PRINT_CLASS, put_text(m, PRINT_TEXTS + 16, "ftrace"));
	put64(m->ram + PRINT_CLASS + 40, 0);
	for (i = 0; i < 3; i++) {
		at = KERNEL_IMAGE + PRINT_FIELDS + i * PRINT_FIELD;
		put64(m->ram + (prev - KERNEL_IMAGE), at);
		put64(m->ram + (at - KERNEL_IMAGE) + 8, prev);
		put64(m->ram + (at - KERNEL_IMAGE) + 16,
		      put_text(m, PRINT_TEXTS + 32 + 16 * i, field[2 - i]));
		put64(m->ram + (at - KERNEL_IMAGE) + 24,
		      put_text(m, PRINT_TEXTS + 128, "unsigned long"));
		put32(m->ram + (at - KERNEL_IMAGE) + 36, 8 + 8 * (2 - i));
		put32(m->ram + (at - KERNEL_IMAGE) + 40, i ? 8 : 0);
		prev = at;
	}
	put64(m->ram + (prev - KERNEL_IMAGE), head);
	put64(m->ram + PRINT_CLASS + 56, prev);
	put64(p + 8, 8 + 24 + len);
	put32(p + 16, 0);
	put32(p + 20, 4 + 24 + len);
	put16(p + 24, 76);
	put16(p + 26, 0);
	put32(p + 28, 1234);
	put64(p + 32, PRINT_FUNCTION);
	put64(p + 40, put_text(m, PRINT_FORMAT, format));
	memcpy(p + 48, args, len);
}

static void expect_printk(const char *name, const char *format,
			  const void *args, uint32_t len, const char *want)
{
	struct kernel *m = kernel_new();
	char line[1024], *got;

	kernel_put_table(m, KERNEL_OWN_PLACE);
	put_printk(m, name, format, args, len);
	got = kernel_decode(m, NULL, &kernel_printer);
	snprintf(line, sizeof(line), KERNEL_FIRST "%s ", want);
	if (strncmp(got, line, strlen(line)))
		fail_msg("%s: %s", line, got);
	free(got);
	kernel_free(m);
}

#define PRINTK(format, args, want)                                    \
	expect_printk("bprint", format, args, sizeof(args) - 1,       \
		      "ftrace_events: " want "\nip:-140735340867584 " \
		      "ip_name:ftrace_events buf:" want)

#define A10  "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static void test_printk(void **state)
{
	(void)state;
	PRINTK("hello", "    ", "hello");
	PRINTK("%d %u %x", "\xfe\xff\xff\xff\7\0\0\0\xff\1\0\0", "-2 7 1ff");
	/* numbers of 1, 2, 4 and 8 bytes, each where it is aligned */
	PRINTK("%hhd %hx %d %llx %lu",
	       "\xff\0\x34\x12\5\0\0\0\xef\xcd\xab\x89\x67\x45\x23\1"
	       "\1\0\0\0\0\0\0\0",
	       "-1 1234 5 123456789abcdef 1");
	PRINTK("<%s> <%5s> <%-5s> <%.2s> %c%c%%", "one\0ab\0cd\0efgh\0xy",
	       "<one> <   ab> <cd   > <ef> xy%");
	PRINTK("%08x|%-4d|%4d|%+d|%#x|%.3d",
	       "\x12\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0",
	       "00000012|1   |   2|+3|0x4|005");
	PRINTK("%*d|%.*s", "\4\0\0\0\7\0\0\0\1\0\0\0abc\0", "   7|a");
	PRINTK("%ps %pS %px %pI4 %p, %d",
	       "\0\x10\0\x80\0\x80\xff\xff\4\x10\0\x80\0\x80\xff\xff"
	       "\1\0\0\0\0\0\0\0"
	       "10.0.0.1\0\0\0\0"
	       "\2\0\0\0\0\0\0\0\3\0\0\0",
	       "ftrace_events ftrace_events+0x4 0000000000000001 10.0.0.1 "
	       "0000000000000002, 3");
	/* what C prints otherwise than the kernel */
	PRINTK("%#x|%#X|%#5x|%-5X|%#06x|%#.3x|%#o",
	       "\0\0\0\0\0\0\0\0\0\0\0\0"
	       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	       "0x0|0X0|  0x0|0    |0x0000|0x000|0");
	PRINTK("%.0d|%06.3d|%6.3d|%-6.3d|", "\0\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0",
	       "0|000005|   005|005   |");
	/* a bitmap of 64 bits */
	PRINTK("<%*pbl>",
	       "\x40\0\0\0"
	       "0-3\0",
	       "<0-3>");
	PRINTK("%.512s", A100 A100 A100 "\0", A100 A100 A100);
	expect_printk("bputs", "100% text", "", 0,
		      "ftrace_events: 100% text\nip:-140735340867584 "
		      "ip_name:ftrace_events str:100% text");
}

/* What is missing of a format or its arguments: the event's bytes. */
static void test_hostile_printk(void **state)
{
	static const struct {
		const char *format;
		uint32_t len;
	} bad[] = {
		{ "%d", 0 },	  { "%d", 3 },	       { "%s", 4 },
		{ "%lld", 7 },	  { "%s %s %s", 4 },   { "%n", 4 },
		{ "%", 4 },	  { "%.", 4 },	       { "%*", 4 },
		{ "%-0+ #", 4 },  { "%hhhhd", 4 },     { "%llllu", 4 },
		{ "\x1b[2J", 4 }, { "%99999999d", 3 }, { "%*d", 4 },
		{ "%pI4", 4 },	  { "%p", 4 },
	};
	struct kernel *m;
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = kernel_new();
		kernel_put_table(m, KERNEL_OWN_PLACE);
		put_printk(m, "bprint", bad[i].format,
			   "\xff\xff\xff\xff\xff"
			   "\xff\xff\xff",
			   bad[i].len);
		got = kernel_decode(m, NULL, &kernel_printer);
		if (!strstr(got, KERNEL_FIRST
			    "bprint: ip=18446603338368684032 fmt="))
			fail_msg("%s: %s", bad[i].format, got);
		free(got);
		kernel_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printk),
		cmocka_unit_test(test_hostile_printk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
