#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One machine whose memory has the logs of all kinds of firmware and of Linux's reset:
# each is found once, with the text that it has alone.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	local name
	for name in coreboot-q35 tboot-packed tpm-ovmf ramoops-61 opal-p9 advlogger-v3; do
		zstd -qd --long=31 "$vmcores/$name.raw.zst" -o "$name"
	done
	dd if=tboot-packed of=tboot bs=4096 skip=96 count=8 status=none
	perl -e 'print "Stage2: line $_\n" for 1 .. 300' >stages
	perl "$root/tests/golden/dlog.pl" 64 0x20038=stages hob=0x20038 >loader
	cat >all.rec <<-'EOF'
	ram 0 64M
	file 0 coreboot-q35
	file 0x60000 tboot
	ovmf 0x2000000 size=64K
	lines 100 "a line of OVMF "
	end
	ram 0x6a15000 64K
	file 0x6a15000 tpm-ovmf
	ram 0x7800000 1M
	file 0x7800000 ramoops-61
	ram 0x30000000 18M
	file 0x30000000 opal-p9
	ram 0x7a000000 1M
	file 0x7a000000 loader
	ram 0x7e000000 16K
	file 0x7e000000 advlogger-v3
	elf64
	EOF
	"$B/mkimage" all.rec all
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return
}

# text NAME: what a fixture says that the log's text is
text() {
	zstd -qdc "$vmcores/$1.log.zst"
}

@test "each is listed once" {
	"$dump" -q --list -F all -J all | objects |
		jq -r 'select(.type == "log") | "\(.format) \(.space):\(.addr)"' >list
	cat list
	cmp list <<-'EOF'
	ovmf phys:0x2000000
	advlogger phys:0x7e000000
	cbmem phys:0x3fde000
	cbmem-times phys:0x3fdd000
	opal phys:0x30230000
	tboot phys:0x60000
	dlog phys:0x7a020038
	ramoops phys:0x7800000
	tpm-log phys:0x6a15000
	EOF
}

@test "each has its text, alone or with the others, in a file and a pipe" {
	local name
	"$dump" -q -r -F advlogger all >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r advlogger-v3 | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r -F tboot all >"$BATS_TEST_TMPDIR/.want"
	text tboot-packed | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r -F ramoops all >"$BATS_TEST_TMPDIR/.want"
	text ramoops-61 | head_all -c -1 | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r -F opal all | tr -d '\r' >"$BATS_TEST_TMPDIR/.want"
	zstd -qdc "$vmcores/opal-p9.console.zst" | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r -F dlog all | cmp - stages
	"$dump" -q -r -F cbmem all >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -r -F cbmem coreboot-q35 | cmp - "$BATS_TEST_TMPDIR/.want"
	for name in advlogger cbmem opal tboot dlog ramoops tpm-log; do
		"$dump" -q -F "$name" all >alone
		[ -s alone ]
		"$dump" -q -F "$name" - <all | cmp - alone
		"$dump" -q -F all -J all | objects | jq -j "select(.format == \"$name\") | .text" >one
		"$dump" -q -F "$name" -J all | objects | jq -j .text | cmp - one
	done
}
