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
	"$dump" -q -r - < <(cat "$1") | cmp - "$want"
}

@test "devices before the pages of memory, and memory without an END" {
	local name
	for name in virtio-mem-early background-snapshot; do
		stream "$name"
		whole "$name"
	done
}

@test "memory that was plugged in: addresses by the tables of QEMU, guessed for a dimm" {
	local name
	for name in plugged-72 plugged-111; do
		stream "$name"
		zstd -qdf "$root/fixtures/saved/$name.debugcon.zst" -o text
		run -0 --separate-stderr "$dump" --strict -r -o got "$name"
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"addresses from 0x100000000 to 0x108000000 are guessed, by the order in which QEMU plugs in memory"* ]]
		cmp got text
		rm got
		run -0 "$dump" -q --list "$name"
		[[ ${lines[1]} == "ovmf "*" phys:0x3de8000 "* ]]
		[[ ${lines[2]} == "        the only main log found; "* ]]
		run -0 "$dump" -q --info "$name"
		[[ $output == *"0x0000000100000000-0x0000000108000000  128.0 MiB"* ]]
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
		[[ ${lines[2]} == *" guessed: the only main log found" ]]
		"$dump" -q -J -n 1 "$name" | objects |
			jq -e '.flags | contains(["guessed"])'
		# an extract still is, and one of it
		"$dump" -q --extract=small "$name"
		"$dump" -q --extract=again small
		for file in small again; do
			run -0 "$dump" -q --list "$file"
			[[ ${lines[2]} == *" guessed: the only main log found" ]]
			run -0 "$dump" -q --list - <"$file"
			[[ ${lines[2]} == *" guessed: the only main log found" ]]
			"$dump" --info "$file" | has "addresses are guessed"
		done
		rm small again
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

@test "each compression of libvirt" {
	local number=0 tool packed
	image qevm plain
	"$dump" plain >text
	[ -s text ]
	# the header, and the XML whose length it has
	packed=$((92 + $(od -An -tu4 -j20 -N4 plain)))
	for tool in gzip bzip2 xz lzop zstd; do
		number=$((number + 1))
		{ head -c "$packed" plain; tail -c "+$((packed + 1))" plain | $tool -c; } >saved
		# shellcheck disable=SC2059 # a byte
		printf "\\$number" | dd of=saved bs=1 seek=28 conv=notrunc status=none
		run -0 --separate-stderr "$dump" --strict -o got saved
		[ -z "$stderr" ]
		cmp got text
		rm got
		# shellcheck disable=SC2002 # a pipe
		"$dump" - < <(cat saved) | cmp - text
		run -0 "$dump" --info saved
		[[ $output == *"(saved guest of libvirt)"* ]]
		[[ $output == *"      web-3"* ]]
		[[ $output == *"compressed as a whole"*"$tool, unpacked to "* ]]
		# not all of it
		truncate -s -50000 saved
		run --separate-stderr "$dump" --strict saved
		[[ $status == [34] ]]
		[[ $stderr == *"damaged"* || $stderr == *"cannot unpack it"* ]]
	done
	# one that there is not
	printf '\6' | dd of=plain bs=1 seek=28 conv=notrunc status=none
	"$dump" plain | cmp - text
}
