#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# 20 seconds of fuzzing each harness find nothing. `make fuzz` goes on for longer.

load ../lib

@test "20 seconds of fuzzing each find nothing" {
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\nint LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return !p && n; }\n' \
		>"$BATS_TEST_TMPDIR/x.c"
	clang -fsanitize=fuzzer -o "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x.c" \
		2>/dev/null || skip "this clang has no libFuzzer"
	cd "$root"
	local list=(fuzz/corpus/*)
	list=("${list[@]##*/}")
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SANITIZE make -s -j2 \
		B="$B-fuzz" CC=clang FUZZER=1 fuzzers
	# what runs beside it has deadlines, this has none; the same dice at every
	# run, so that a change does not fail for what is not of its making
	B="$B-fuzz" FUZZ_SECONDS=20 FUZZ_JOBS=2 FUZZ_SEED=1 FUZZ_TIMEOUT=120 \
		nice fuzz/run "${list[@]}"
}
