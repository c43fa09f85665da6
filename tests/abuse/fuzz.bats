#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing all harnesses for two minutes finds nothing. `make fuzz` runs
# longer. It needs clang with libFuzzer, and fails without.

load ../lib

@test "fuzzing finds nothing" {
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\nint LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return !p && n; }\n' \
		>"$BATS_TEST_TMPDIR/x.c"
	clang -fsanitize=fuzzer -o "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x.c" ||
		{ echo "clang has no libFuzzer (libclang-rt-dev)"; return 1; }
	cd "$root"
	local list=(fuzz/corpus/*)
	list=("${list[@]##*/}")
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SANITIZE make -s -j2 \
		B="$B-fuzz" CC=clang FUZZER=1 fuzzers >"$BATS_TEST_TMPDIR/built" 2>&1 ||
		{ cat "$BATS_TEST_TMPDIR/built"; return 1; }
	# a share of 120 seconds each, two at a time; niced, as tests that run at the
	# same time have deadlines; always with the same seed, so that a change does
	# not fail for older bugs
	B="$B-fuzz" FUZZ_SECONDS=$((120 / ${#list[@]})) FUZZ_JOBS=2 FUZZ_SEED=1 FUZZ_TIMEOUT=120 \
		nice fuzz/run "${list[@]}"
}
