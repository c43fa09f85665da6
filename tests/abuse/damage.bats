#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing damaged is shown as whole: what is stored of a log's text is damaged in
# every format of images and of pages. The text is the same then, or a message and
# the exit status say that it is not.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	cat >log <<-EOT
	ram 0 1M
	ovmf 0x20000 size=32K
	lines 600 "a line of text, to be damaged, with number "
	end
	EOT
}

# make NAME [STATEMENT...]: an image of that log, undamaged
make() {
	local name=$1
	shift
	{ cat log; printf '%s\n' "$@"; } |
		"$B/mkimage" -t "$name.truth" - "$name"
}

# damaged SUM NAME
damaged() {
	run -0 --separate-stderr "$dump" --strict -r "$2"
	[ -z "$stderr" ]
	perl "$root/tests/abuse/damage.pl" "$dump" "$2" "$2.truth" "$1"
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
}

@test "pages of a kdump-compressed file: zlib, which has a sum" {
	make zlib "kdump compress=zlib"
	damaged 1 zlib
}

@test "pages of a kdump-compressed file: plain, lzo, snappy, zstd" {
	for codec in none lzo snappy zstd; do
		make "$codec" "kdump compress=$codec"
		damaged 0 "$codec"
	done
}

@test "flattened files" {
	make flat "kdump compress=none" "flatten record=4K"
	damaged 0 flat
}

@test "ELF, LiME, saved guests" {
	for form in elf64 lime qevm "qevm mapped=1"; do
		make "${form/ /-}" "$form"
		damaged 0 "${form/ /-}"
	done
}

@test "AVML and files that are compressed as a whole, which have sums" {
	make avml avml
	damaged 1 avml
	make elf elf64
	for z in gzip xz zstd; do
		"$z" -qk -c elf >"elf.$z"
		cp elf.truth "elf.$z.truth"
		damaged 1 "elf.$z"
	done
}
