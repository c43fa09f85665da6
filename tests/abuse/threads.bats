#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The threads of the search and of kdump's pages under ThreadSanitizer: no data race, and
# the same output for any number of them.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u SANITIZE make -s -j2 -C "$root" \
		B="$B-tsan" SANITIZE=thread "$B-tsan/memlog-dump" || return 1
	export TSAN_OPTIONS=halt_on_error=1:exitcode=66
	cd "$BATS_FILE_TMPDIR" || return 1
	# enough for threads to be worth it
	cat >recipe <<-EOF
	ram 0x100000 48M
	fill 0x100000 0x1000000 text
	fill 0x1100000 0x800000 random=3
	fill 0x1900000 0x800000 text
	ovmf 0x2820000 size=128K version="threads"
	  lines 3000 "in an image for threads "
	end
	EOF
	local form
	for form in elf64 lime "kdump compress=zlib" "kdump compress=zstd"; do
		{ cat recipe && printf '%s\n' "$form"; } |
			"$B/mkimage" - "${form##*=}" || return 1
	done
	head -c 10000000 zlib >short
	cp zlib damaged
	printf '\377\377\377\377' |
		dd of=damaged bs=1 seek=9000000 conv=notrunc status=none
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
	checked=$B-tsan/memlog-dump
}

# any_threads OPTION...: one thread of the program as it is installed, and several of the
# one that is checked, print the same
any_threads() {
	local name n status
	for name in elf64 lime zlib zstd short damaged; do
		status=0
		"$dump" --threads 1 "$@" "$name" >"$T/want" 2>"$T/warnings" || status=$?
		[[ $status == [0134] ]]
		[ -s "$T/want" ] || [ -s "$T/warnings" ]
		for n in 2 7; do
			run "-$status" --separate-stderr \
				"$checked" --threads "$n" "$@" "$name"
			[ "$output" = "$(cat "$T/want")" ]
			[ "$stderr" = "$(cat "$T/warnings")" ]
		done
	done
}

@test "the default search" {
	any_threads --color=never
}

@test "everything is searched, and listed" {
	any_threads --scan=exhaustive --list --color=never
}

@test "raw bytes, with --strict" {
	any_threads --strict -O raw
}

@test "the extract has the same bytes" {
	local name n status want
	for name in elf64 zlib damaged; do
		want=0
		"$dump" --threads 1 --extract="$T/$name.want" "$name" || want=$?
		[ -s "$T/$name.want" ]
		for n in 2 7; do
			status=0
			"$checked" --threads $n --extract="$T/$name.$n" "$name" ||
				status=$?
			[ "$status" -eq "$want" ]
			cmp "$T/$name.$n" "$T/$name.want"
		done
	done
}

@test "interrupted at any moment" {
	local i name stopped=0
	for i in 1 2 3 4 5 6 7 8; do
		for name in elf64 zlib; do
			run timeout -s INT "0.0$((i * 11 % 10))$i" "$checked" -q \
				--threads 4 --scan=exhaustive "$name"
			# it may have ended before
			[[ $status == 124 || $status == 130 || $status == [01] ]]
			[[ $output != *ThreadSanitizer* ]]
			[[ $status != 124 && $status != 130 ]] ||
				stopped=$((stopped + 1))
		done
	done
	[ "$stopped" -gt 0 ]
}
