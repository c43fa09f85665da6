#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Xen vmcore in the real crash: a session of dom0, in which crash reads the
# p2m tree itself, for comparison. The namelist is synthetic; sessions of the
# hypervisor need more and are in tests/full/crash-xen.bats.

bats_require_minimum_version 1.5.0
load crash

setup_file() {
	local vmcores=$BATS_TEST_DIRNAME/../../fixtures/vmcores
	zstd -dqf --long=31 "$vmcores/xen-dom0-kdump.elf.zst" \
		-o "$BATS_FILE_TMPDIR/kdump"
	zstd -dqf --long=27 "$vmcores/xen-dom0-makedumpfile.kdump.zst" \
		-o "$BATS_FILE_TMPDIR/packed"
}

setup() {
	need_crash
	core=$BATS_FILE_TMPDIR/kdump
	cd "$BATS_TEST_TMPDIR" || return 1
}

@test "crash reads dom0's log at the addresses that memlog prints" {
	local where len
	where=$("$B/memlog-dump" -q --list -F ovmf "$core" | awk 'NR == 2 { print $3 }')
	"$B/memlog-dump" -q --list -F ovmf "$core" | has '^        .*mach:0xb044000$'
	[ "$where" = phys:0x3044000 ]
	len=$("$B/memlog-dump" -q -r -F ovmf "$core" | wc -c)
	# text starts at 192; crash walks the p2m tree itself
	crash_run "$vmlinux" "$core" <<-EOF
	rd -p -r crash.bin 30440c0 $len
	EOF
	[ -s crash.bin ]
	"$B/memlog-dump" -q -r -F ovmf "$core" | cmp - crash.bin
}

@test "crash> memlog in a session of dom0 prints both logs" {
	crash_run "$vmlinux" "$core" >out <<-EOF
	extend $B/crash-ext/memlog.so
	memlog --list
	memlog -F xen-console > console
	memlog -r -F ovmf > log
	rd -p 3044000 2
	EOF
	grep -A 2 'ovmf .*phys:0x3044000 ' out | grep '^  .*mach:0xb044000$'
	grep 'xen-console .*mach:0x27d5c000' out
	# after it crash's reads are of dom0 again
	grep '3044000:  3167646d666d766f 3267646d666d766f' out
	"$B/memlog-dump" -q -F xen-console "$core" | cmp - console
	"$B/memlog-dump" -q -r -F ovmf "$core" | cmp - log
}

@test "a dom0 dump of makedumpfile: crash expands pages, memlog walks the p2m" {
	local packed=$BATS_FILE_TMPDIR/packed
	crash_run "$vmlinux" "$packed" >out <<-EOF
	extend $B/crash-ext/memlog.so
	memlog --list
	memlog -F xen-console > console
	memlog -r -F ovmf > log
	memlog -r --at phys:0x3044000 > at-phys
	memlog -r --at mach:0xb044000 > at-mach
	rd -p -r crash.bin 30440c0 12060
	EOF
	grep -A 2 'ovmf .*phys:0x3044000 ' out | grep '^  .*mach:0xb044000$'
	grep -A 1 'xen-console .*mach:0x27d5c000 ' out | grep ' own pointer'
	# the log is in frames 0xb044, 0x300 and 0xb100
	[ -s crash.bin ]
	cmp log crash.bin
	cmp at-phys crash.bin
	cmp at-mach crash.bin
	"$B/memlog-dump" -q -r -F ovmf "$packed" | cmp - log
	"$B/memlog-dump" -q -r -F ovmf "$core" | cmp - log
	"$B/memlog-dump" -q -F xen-console "$core" | cmp - console
}
