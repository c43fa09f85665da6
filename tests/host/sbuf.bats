#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The ring for producers can be used in a hypervisor: it compiles freestanding, and
# its object has no undefined symbols.

load ../lib

compile() {
	command -v "$1" >/dev/null || skip "no $1"
	"$@" -std=gnu11 -ffreestanding -mno-sse -mno-red-zone -Wall -Wextra \
		-Werror -c -o "$BATS_TEST_TMPDIR/sbuf.o" \
		"$BATS_TEST_DIRNAME/../../firmware/sbuf/sbuf.c"
	[ -s "$BATS_TEST_TMPDIR/sbuf.o" ]
	run nm -u "$BATS_TEST_TMPDIR/sbuf.o"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "sbuf: gcc -O2 leaves no undefined symbol" { compile gcc -O2; }
@test "sbuf: gcc -O0 leaves no undefined symbol" { compile gcc -O0; }
@test "sbuf: gcc -Os leaves no undefined symbol" { compile gcc -Os; }
@test "sbuf: clang -O2 leaves no undefined symbol" { compile clang -O2; }
@test "sbuf: clang -O3 leaves no undefined symbol" { compile clang -O3; }
