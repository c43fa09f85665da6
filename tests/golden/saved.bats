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
