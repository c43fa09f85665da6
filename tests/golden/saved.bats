#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Saved guests as QEMU and libvirt really write them: the streams of fixtures/saved.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	zstd -qd "$vmcores/ovmf-c01-elf64.debugcon.zst" -o "$BATS_FILE_TMPDIR/want"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	want=$BATS_FILE_TMPDIR/want
}

# stream NAME: the file NAME
stream() {
	zstd -qd --long=31 "$root/fixtures/saved/$1.qevm.zst" -o "$1"
}

# whole IMAGE: it has the text, at the right address, and nothing is missing
whole() {
	run -0 --separate-stderr "$dump" --strict -r -o got "$1"
	[ -z "$stderr" ]
	cmp got "$want"
	rm got
	run -0 "$dump" -q --list "$1"
	[[ ${lines[1]} == "ovmf "*" phys:0x3cb3000 "* ]]
	# shellcheck disable=SC2002 # a pipe
	cat "$1" | "$dump" -q -r - | cmp - "$want"
}

@test "devices before the pages of memory, and memory without an END" {
	local name
	for name in virtio-mem-early background-snapshot; do
		stream "$name"
		whole "$name"
	done
}

@test "backends of any name: addresses are guessed, and marked so, or of the file" {
	local name
	for name in numa-equal dimm-larger; do
		stream "$name"
		run -0 --separate-stderr "$dump" --strict -r -o got "$name"
		[[ $stderr == *"addresses of memory are guessed by the names of its blocks"* ]]
		cmp got "$want"
		rm got
		run -0 "$dump" -q --list "$name"
		[[ ${lines[1]} == "ovmf "*" phys:0x3cb3000 "* ]]
		[[ ${lines[2]} == *" guessed: the only main log" ]]
		"$dump" -q -J -n 1 "$name" | objects |
			jq -e '.flags | contains(["guessed"])'
	done
	# names without numbers
	sed 's/\x04mem0/\x04left/g; s/\x04mem1/\x04next/g' numa-equal >any
	run -0 --separate-stderr "$dump" --strict -r -o got any
	[[ $stderr == *"nothing says at which address 33554432 bytes of memory are (next); they have the addresses file:0x2000000 to file:0x4000000"* ]]
	cmp got "$want"
	run -0 "$dump" -q --list any
	[[ ${lines[1]} == "ovmf "*" file:0x3cb3000 "* ]]
	[[ ${lines[2]} != *guessed* ]]
}
