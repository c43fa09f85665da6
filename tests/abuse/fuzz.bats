#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every entry of the tables has a harness and a corpus, and 20 seconds of
# fuzzing each find nothing. `make fuzz` goes on for longer.

load ../lib

# has PREFIX NAME...: a corpus of each, which makes it a harness; there must be
# some.
has() {
	local prefix=$1 f
	shift
	[ $# -gt 0 ]
	for f; do
		[ -n "$(ls -A "$root/fuzz/corpus/${prefix}_$f")" ] ||
			{ echo "no corpus of $f"; return 1; }
	done
}

# entries TABLE: what its lines name
entries() {
	sed -n 's/^\tX(\([a-z_0-9]*\)).*/\1/p' "$root/libparse/$1"
}

@test "every log format has a harness and a corpus" {
	local list
	mapfile -t list < <(entries format/table.c)
	has format "${list[@]}"
}

@test "every reader of a file has a harness and a corpus" {
	local list
	mapfile -t list < <(entries image/table.c)
	has image "${list[@]}"
}

@test "every source that is no file has a harness and a corpus" {
	local list
	mapfile -t list < <(entries image/ext/table.c)
	has source "${list[@]}"
}

@test "every harness has a corpus" {
	local f
	for f in "$root"/fuzz/*.c; do
		f=$(basename "$f" .c)
		[ "$f" != replay ] || continue
		[ -n "$(ls -A "$root/fuzz/corpus/$f" ||
			ls -d "$root/fuzz/corpus/${f}_"*)" ]
	done
}

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
