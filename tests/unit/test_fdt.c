// SPDX-License-Identifier: GPL-2.0-or-later
/* The firmware's search of a device tree, which the host of a guest writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static uintptr_t test_PcdMemLogDeviceTree;

#include "../../firmware/MemLogPkg/Library/MemLogFdtLib/MemLogFdt.c"

#define HEADER	   40
#define SIZE	   512
#define NAMES	   400
#define COMPATIBLE 0
#define STATUS	   11
#define REG	   18
#define OTHER	   22

/* No more than that many seconds for all tests: a loop without an end is a failure. */
#define SECONDS 60

/* The tree is at the end of its memory, so that sanitizers see reads past it. */
struct tree {
	uint8_t *bytes;
	uint32_t at;
};

static void put(struct tree *tree, uint32_t at, uint32_t value)
{
	tree->bytes[at] = (uint8_t)(value >> 24);
	tree->bytes[at + 1] = (uint8_t)(value >> 16);
	tree->bytes[at + 2] = (uint8_t)(value >> 8);
	tree->bytes[at + 3] = (uint8_t)value;
}

static void word(struct tree *tree, uint32_t value)
{
	put(tree, tree->at, value);
	tree->at += 4;
}

static void text(struct tree *tree, const char *value, uint32_t bytes)
{
	memcpy(tree->bytes + tree->at, value, bytes);
	tree->at += (bytes + 3) & ~3U;
}

static void property(struct tree *tree, uint32_t name, const char *value,
		     uint32_t bytes)
{
	word(tree, FDT_PROP);
	word(tree, bytes);
	word(tree, name);
	text(tree, value, bytes);
}

static void node(struct tree *tree, const char *name, const char *compatible,
		 uint32_t bytes, const char *status, uint32_t address)
{
	word(tree, FDT_BEGIN_NODE);
	text(tree, name, (uint32_t)strlen(name) + 1);
	property(tree, COMPATIBLE, compatible, bytes);
	if (status)
		property(tree, STATUS, status, (uint32_t)strlen(status) + 1);
	property(tree, OTHER, "x", 1);
	word(tree, FDT_PROP);
	word(tree, 16);
	word(tree, REG);
	word(tree, 1);
	word(tree, address);
	word(tree, 0);
	word(tree, 0x1000);
	word(tree, FDT_END_NODE);
}

static void make(struct tree *tree)
{
	tree->bytes = calloc(1, SIZE);
	assert_non_null(tree->bytes);
	test_PcdMemLogDeviceTree = (uintptr_t)tree->bytes;
	put(tree, 0, FDT_MAGIC);
	put(tree, 4, SIZE);
	put(tree, 8, HEADER);
	put(tree, 12, NAMES);
	memcpy(tree->bytes + NAMES, "compatible\0status\0reg\0other", 28);
	tree->at = HEADER;
	word(tree, FDT_BEGIN_NODE);
	word(tree, 0);
	node(tree, "off@1", "arm,pl011", 10, "disabled", 0x1000);
	node(tree, "on@2", "arm,pl011\0arm,primecell", 24, "okay", 0x2000);
	node(tree, "fw@3", "qemu,fw-cfg-mmio", 17, NULL, 0x3000);
	word(tree, FDT_NOP);
	word(tree, FDT_END_NODE);
	word(tree, 9);
	assert_true(tree->at <= NAMES);
}

static void test_finds(void **state)
{
	struct tree tree;

	(void)state;
	make(&tree);
	assert_true(MemLogFdtAddress("arm,pl011") == 0x100002000);
	assert_true(MemLogFdtAddress("arm,primecell") == 0x100002000);
	assert_true(MemLogFdtAddress("qemu,fw-cfg-mmio") == 0x100003000);
	assert_true(MemLogFdtAddress("arm,pl01") == 0);
	assert_true(MemLogFdtAddress("arm") == 0);
	free(tree.bytes);
}

/* Lengths with which an offset would go back, on the spot and to the beginning */
static void test_wraps(void **state)
{
	static const uint32_t lengths[] = { 0xffffffff, 0xfffffffd, 0xfffffff4,
					    0xfffffff0, 0xffffffe4, 0x80000000,
					    SIZE,	0x7fffffff };
	struct tree tree;
	size_t i;

	(void)state;
	make(&tree);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put(&tree, HEADER + 8, FDT_PROP);
		put(&tree, HEADER + 12, lengths[i]);
		assert_true(MemLogFdtAddress("qemu,fw-cfg-mmio") == 0);
		/* and the offset of the name */
		put(&tree, HEADER + 12, 0);
		put(&tree, HEADER + 16, lengths[i]);
		(void)MemLogFdtAddress("qemu,fw-cfg-mmio");
	}
	free(tree.bytes);
}

/* Each word of the tree, in the header too, with a value that is not right */
static void test_damage(void **state)
{
	static const uint32_t values[] = {
		0,	  1,	    2,	  3,	      4,	  16,	     39,
		SIZE - 1, SIZE - 4, SIZE, 0x80000000, 0xfffffffc, 0xffffffff
	};
	struct tree tree;
	uint8_t old[4];
	uint32_t at;
	size_t i;

	(void)state;
	make(&tree);
	for (at = 0; at < SIZE; at += 4) {
		memcpy(old, tree.bytes + at, sizeof(old));
		for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			/* the size of the tree is what the host says */
			if (at == 4 && values[i] > SIZE)
				continue;
			put(&tree, at, values[i]);
			(void)MemLogFdtAddress("arm,pl011");
			(void)MemLogFdtAddress("qemu,fw-cfg-mmio");
		}
		memcpy(tree.bytes + at, old, sizeof(old));
	}
	assert_true(MemLogFdtAddress("arm,pl011") == 0x100002000);
	free(tree.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_damage),
	};

	alarm(SECONDS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
