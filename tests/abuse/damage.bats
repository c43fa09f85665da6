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

# differ SUM IMAGE [OPTION...]
differ() {
	perl "$root/tests/abuse/differ.pl" "$1" 4 "$dump" "${@:2}"
}

# forms IMAGE FORMAT [OPTION...]: the memory of its logs in other files
forms() {
	local image=$1 name=$2 form sum
	shift 2
	[ $# -gt 0 ] || set -- -F "$name"
	rm -rf parts extract
	mkdir parts
	"$dump" -q -F "$name" --extract extract "$image"
	perl "$root/tests/abuse/loads.pl" extract parts >recipe
	for form in elf64 "kdump compress=zlib" "kdump compress=mixed" lime avml \
		"qevm mapped=1"; do
		{ cat recipe; echo "$form"; } |
			"$B/mkimage" - "$name.${form//[^a-z0-9]/}"
		sum=0
		[[ $form != avml && $form != *zlib ]] || sum=1
		differ "$sum" "$name.${form//[^a-z0-9]/}" "$@"
	done
}

@test "the logs of Xen and coreboot in all kinds of files" {
	unpack xen-pae32.elf
	forms "$unpacked" xen-console
	unpack xen-domu-pv.core
	forms "$unpacked" xencons
	unpack coreboot-q35.raw
	# an extract has no table that leads to the console
	forms "$unpacked" cbmem --at 0x3fde000
}

@test "AdvancedLogger in all kinds of files" {
	unpack advlogger-v5-wrap.raw
	forms "$unpacked" advlogger
	unpack advlogger-v6-full.raw
	forms "$unpacked" advlogger
}

@test "the logs of OPAL and tboot in all kinds of files" {
	local name
	unpack opal-p9.raw
	perl "$root/tests/golden/opal.pl" "$unpacked" full
	forms full opal
	for name in packed over; do
		unpack "tboot-$name.raw"
		forms "$unpacked" tboot
	done
}

@test "ACRN's log and trace in all kinds of files" {
	"$B/mkacrn" log acrn cpus=2 region=256K messages=1000 pointers=0
	forms acrn acrn-log
	"$B/mkacrn" trace events cpus=2 exits=300 pointers=0
	forms events acrn-trace
}

@test "Linux's traces in all kinds of files" {
	unpack hyp-guests.elf
	forms "$unpacked" hyp-trace
	unpack ftrace-612.elf
	forms "$unpacked" ftrace
}

@test "what ramoops keeps, and the log of a TPM, in all kinds of files" {
	unpack ramoops-61.raw
	forms "$unpacked" ramoops
	unpack tpm-ovmf.raw
	forms "$unpacked" tpm-log
}

@test "dumps that other software wrote" {
	local i
	for i in memlog-q35-wrap.elf memlog-q35-shell.elf-paging \
		memlog-q35-saved.qevm memlog-q35-wrap.kdump-zlib \
		ovmf-c04b-wrap1-q11.kdump-raw-zlib ovmf-c01-elf64.raw \
		xen-dom0-makedumpfile.kdump; do
		unpack "$i"
		differ 0 "$unpacked"
	done
	for i in coreboot-q35.raw xen-pae32.elf xen-domu-pv.core hyp-guests.elf \
		ftrace-612.elf; do
		unpack "$i"
		differ 0 "$unpacked"
	done
}

# foreign IMAGE FORMAT: other memory in pages of its log
foreign() {
	"$dump" -q -F "$2" --extract pages "$1"
	perl "$root/tests/abuse/foreign.pl" "$dump" pages -F "$2"
	rm pages
}

@test "other memory in pages of a log is left out" {
	"$B/mkacrn" log acrn cpus=2 region=256K messages=1000 pointers=0
	foreign acrn acrn-log
	"$B/mkacrn" trace events cpus=2 exits=300 pointers=0
	foreign events acrn-trace
	unpack xen-dom0-kdump.elf
	foreign "$unpacked" xen-console
	unpack coreboot-q35.raw
	perl "$root/tests/abuse/foreign.pl" "$dump" "$unpacked" -a
}
