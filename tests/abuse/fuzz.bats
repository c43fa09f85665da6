#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every entry of the tables has a harness and a corpus, and 20 seconds of
# fuzzing find nothing. `make fuzz` goes on for longer.

load ../lib

@test "every log format has a harness and a corpus" {
	local f n=0
	while read -r f; do
		n=$((n + 1))
		[ -f "$root/fuzz/format_$f.c" ] || { echo "no harness of $f"; return 1; }
		[ -n "$(ls -A "$root/fuzz/corpus/format_$f")" ]
	done < <(sed -n 's/^\tX(\([a-z_0-9]*\)).*/\1/p' \
		"$root/libparse/format/table.c")
	[ "$n" -gt 0 ]
}

@test "every harness has a corpus" {
	local f
	for f in "$root"/fuzz/*.c; do
		f=$(basename "$f" .c)
		[ "$f" != replay ] || continue
		[ -n "$(ls -A "$root/fuzz/corpus/$f")" ]
	done
}

@test "20 seconds of fuzzing find nothing" {
	local list=() f
	printf 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);\nint LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return !p && n; }\n' \
		>"$BATS_TEST_TMPDIR/x.c"
	clang -fsanitize=fuzzer -o "$BATS_TEST_TMPDIR/x" "$BATS_TEST_TMPDIR/x.c" \
		2>/dev/null || skip "this clang has no libFuzzer"
	for f in "$root"/fuzz/*.c; do
		f=$(basename "$f" .c)
		[ "$f" = replay ] || list+=("$f")
	done
	cd "$root"
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SANITIZE make -s -j2 \
		B="$B-fuzz" CC=clang FUZZER=1 fuzzers
	B="$B-fuzz" FUZZ_SECONDS=$(((20 + ${#list[@]} - 1) / ${#list[@]})) \
		fuzz/run "${list[@]}"
}
