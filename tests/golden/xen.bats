#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps of Xen machines, real ones and from recipes: notes, dom0's memory, the
# hypervisor's console.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	local d r
	export F=$BATS_FILE_TMPDIR DUMP=$B/memlog-dump
	for d in xen-dom0-qemu xen-dom0-kdump xen-wrapped xen-pae32; do
		zstd -dqf --long=31 "fixtures/vmcores/$d.elf.zst" \
			-o "$F/$d" || return 1
	done
	for d in xen-dom0.serial xen-wrapped.ring xen-wrapped.log \
		 xen-pae32.log; do
		zstd -dqf "fixtures/vmcores/$d.zst" -o "$F/$d" || return 1
	done
	cp fixtures/vmcores/xen-dom0.syms "$F/"
	for r in xen-2006 xen-v1 xen-v2; do
		"$B/mkimage" -t "$F/$r.text" "fixtures/gen/recipes/$r.rec" \
			"$F/$r" || return 1
	done
}

setup() {
	cd "$F" || return 1
}

# Xen's serial output, up to its line N if given.
xen_lines() {
	tr -d '\r' <xen-dom0.serial | grep -a '^(XEN)' | head_all -n "${1:-100000}"
}

# where FORMAT IMAGE [OPTION...]: the addresses of --list, one per line
where() {
	local f=$1
	shift
	"$DUMP" -q --list -J -F "$f" "$@" | jq -r 'select(.type == "log") |
		.extents[0] | "\(.space):\(.addr)" +
		if .alias_addr then "=\(.alias_space):\(.alias_addr)" else "" end'
}

@test "real vmcore: the console equals the serial output, line by line" {
	"$DUMP" -q -F xen-console xen-dom0-kdump >"$BATS_TEST_TMPDIR/con"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/con")" -eq 156 ]
	xen_lines | diff - "$BATS_TEST_TMPDIR/con"
	[ "$(where xen-console xen-dom0-kdump)" = mach:0x27d5c000 ]
}

@test "real dump by QEMU, taken earlier: the same without the last two lines" {
	"$DUMP" -q -F xen-console xen-dom0-qemu >"$BATS_TEST_TMPDIR/con"
	xen_lines 154 | diff - "$BATS_TEST_TMPDIR/con"
	[ "$(where xen-console xen-dom0-qemu)" = phys:0x27d5c000 ]
}

@test "with symbols the ring is not guessed, and has the same text" {
	local d
	for d in qemu kdump; do
		"$DUMP" -q -F xen-console xen-dom0-$d >"$BATS_TEST_TMPDIR/a"
		"$DUMP" -q -F xen-console -s xen-dom0.syms xen-dom0-$d \
			>"$BATS_TEST_TMPDIR/b"
		cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
		"$DUMP" -q --list -F xen-console -s xen-dom0.syms xen-dom0-$d |
			grep 'found by the hypervisor.s symbols'
	done
	"$DUMP" -q --list -s xen-dom0.syms xen-dom0-qemu >"$BATS_TEST_TMPDIR/.got"
	run ! grep guessed "$BATS_TEST_TMPDIR/.got"
}

@test "real vmcore: every note matches crash and Xen's source" {
	run -0 "$DUMP" --info -v xen-dom0-kdump
	[[ $output == *"registers of physical CPU 0, in Xen"*"registers of physical CPU 1, in Xen"* ]]
	[[ $output == *"version 4.17.7"* ]]
	[[ $output == *"compiler x86_64-linux-gnu-gcc (Debian 12.2.0-14+deb12u1) 12.2.0"* ]]
	[[ $output == *"xen_phys_start 0x27800000"* ]]
	[[ $output == *"p2m root frame 0x21f84"* ]]
	[[ $output == *"cr0 0x80050033 cr2 0x5e27a0 cr3 0xaa10000 cr4 0x660"* ]]
	[[ $output == *"cr0 0x80050033 cr2 0x5eaeb0 cr3 0x274db000 cr4 0x660"* ]]
	[[ $output == *"SYMBOL(pgd_l4)=ffff82d04046e000"* ]]
	# the address that Xen itself printed
	grep -aq 'New Xen image base address: 0x27800000' xen-dom0.serial
}

@test "real vmcore: dom0's log at the frame that dom0 printed, at both addresses" {
	local pfn bytes
	read -r pfn bytes < <(tr -d '\r' <xen-dom0.serial |
		sed -n 's/.*DOM0LOG pfn=\(0x[0-9a-f]*\) bytes=\([0-9]*\).*/\1 \2/p')
	[ "$(where ovmf xen-dom0-kdump)" = "phys:${pfn}000=mach:0xb044000" ]
	[ "$("$DUMP" -q -r xen-dom0-kdump -F ovmf | wc -c)" -eq "$bytes" ]
	"$DUMP" -q -r --at "phys:${pfn}000" xen-dom0-kdump >"$BATS_TEST_TMPDIR/a"
	"$DUMP" -q -r --at mach:0xb044000 xen-dom0-kdump >"$BATS_TEST_TMPDIR/b"
	"$DUMP" -q -r -F ovmf xen-dom0-qemu >"$BATS_TEST_TMPDIR/c"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/c"
	# without a space it is the machine's; and there is another
	"$DUMP" -q -r --at 0xb044000 xen-dom0-kdump | cmp "$BATS_TEST_TMPDIR/a" -
	run -1 --separate-stderr "$DUMP" --at "${pfn}000" xen-dom0-kdump
	[[ $stderr == *": --at: no log starts at mach:${pfn}000 ("*"); it has phys addresses" ]]
	run -2 --separate-stderr "$DUMP" --at file:0 xen-dom0-kdump
	[[ $stderr == *"--at: this image has no file addresses; it has phys and mach addresses"* ]]
}

@test "a wrapped ring, without symbols, among copies of its text" {
	[ "$(where xen-console xen-wrapped)" = phys:0x14794000 ]
	"$DUMP" -q -r -F xen-console xen-wrapped | cmp - xen-wrapped.ring
	"$DUMP" -q -F xen-console xen-wrapped |
		cmp - <(sed 's/\r$//' xen-wrapped.ring)
	"$DUMP" -q -r -F ovmf xen-wrapped | cmp - xen-wrapped.log
}

@test "32 bit: a log scattered over machine memory is read completely" {
	[ "$(where ovmf xen-pae32)" = phys:0x1234000=mach:0x2f10000 ]
	"$DUMP" -q -r -F ovmf xen-pae32 | cmp - xen-pae32.log
	"$DUMP" -q -r --at phys:0x1234000 xen-pae32 | cmp - xen-pae32.log
	"$DUMP" -q -r --at mach:0x2f10000 xen-pae32 | cmp - xen-pae32.log
	"$DUMP" -q -r -F xen-console xen-pae32 | cmp - xen-wrapped.ring
	run -0 "$DUMP" --info xen-pae32
	[[ $output == *"version 3.4.1-holdout"* ]]
	[[ $output == *"compiler gcc version 4.1.2 (holdout)"* ]]
	[[ $output == *"p2m root frame 0x2a5"* ]]
}

@test "the vmcore of 2006: published headers, memory by dom0's page table" {
	readelf -lW xen-2006 >"$BATS_TEST_TMPDIR/e"
	grep -q 'NOTE  *0x0000d4 0x00000000 0x00000000 0x00190' "$BATS_TEST_TMPDIR/e"
	grep -q 'LOAD  *0x33fa0264 0xffffffff 0x38000000 0x7ffb000' "$BATS_TEST_TMPDIR/e"
	[ "$(where ovmf xen-2006)" = phys:0x10000=mach:0x38010000 ]
	"$DUMP" -q -r xen-2006 | cmp - xen-2006.text
	run -0 "$DUMP" --info xen-2006
	[[ $output == *"Xen Domanin-0 CR3 0x10000001, 4 bytes: page table of dom0 on virtual CPU 1"* ]]
	[[ $output == *"cr3 frame 0x3c0"* ]]
}

@test "the vmcore of 2006: the page table of the first CPU is not in the dump" {
	sed 's/d0030000/e0030000/; s/^u64 0x3c0018 .*/&\nu64 0x3e0018 0x3c1001/' \
		"$BATS_TEST_DIRNAME/../../fixtures/gen/recipes/xen-2006.rec" |
		"$B/mkimage" -t "$BATS_TEST_TMPDIR/text" - "$BATS_TEST_TMPDIR/x"
	[ "$(where ovmf "$BATS_TEST_TMPDIR/x")" = phys:0x10000=mach:0x38010000 ]
	"$DUMP" -q -r "$BATS_TEST_TMPDIR/x" | cmp - "$BATS_TEST_TMPDIR/text"
}

@test "CRASH_INFO v1: a tree with holes, shared pages and foreign frames" {
	[ "$(where ovmf xen-v1)" = phys:0x403000=mach:0x300000 ]
	"$DUMP" -q -r xen-v1 | cmp - xen-v1.text
	run -0 "$DUMP" --info xen-v1
	[[ $output == *"Xen crash information, without xen_phys_start"* ]]
	[[ $output == *"version 3.2.2-v1"*"p2m root frame 0x105"* ]]
}

@test "the vmcore compressed by makedumpfile, with a scattered log" {
	local packed=$BATS_TEST_TMPDIR/packed
	zstd -dqf --long=27 -o "$packed" "$BATS_TEST_DIRNAME/../../fixtures/vmcores/xen-dom0-makedumpfile.kdump.zst"
	[ "$(where ovmf "$packed")" = phys:0x3044000=mach:0xb044000 ]
	"$DUMP" -q -r -F ovmf xen-dom0-kdump >"$BATS_TEST_TMPDIR/log"
	"$DUMP" -q -r -F ovmf "$packed" | cmp - "$BATS_TEST_TMPDIR/log"
	"$DUMP" -q -F xen-console "$packed" | diff <(xen_lines) -
}

@test "--range: in dom0's memory, and in machine memory" {
	local packed=$BATS_TEST_TMPDIR/packed
	zstd -dqf --long=27 -o "$packed" "$BATS_TEST_DIRNAME/../../fixtures/vmcores/xen-dom0-makedumpfile.kdump.zst"
	# found FORMAT RANGE: addresses of its logs in --list
	found() { where "$1" "$packed" --range "$2"; }
	[ "$(found ovmf phys:0x3000000-0x3100000)" = phys:0x3044000=mach:0xb044000 ]
	[ "$(found ovmf mach:0xb044000+4K)" = phys:0x3044000=mach:0xb044000 ]
	[ "$(found ovmf 0xb044000+4K)" = phys:0x3044000=mach:0xb044000 ]
	[ -z "$(found ovmf phys:0xb044000+4K)" ]
	[ -z "$(found ovmf mach:0x3000000-0x3100000)" ]
	# the console needs no search: the hypervisor's data leads to it
	[ "$(found xen-console mach:0x27d5c000+16K)" = mach:0x27d5c000 ]
	[ "$(found xen-console 0x27d5c000+16K)" = mach:0x27d5c000 ]
	[ -z "$(found xen-console phys:0x27d5c000+16K)" ]
	run -1 --separate-stderr "$DUMP" --range phys:0x27d5c000+16K "$packed"
	[ -z "$output" ]
	[[ $stderr == *"the image has no memory in --range"* ]]
}

@test "a split kdump of a Xen host: the p2m leads from part to part" {
	local half
	for half in '0 0x400000' '0x400000 0x2000000'; do
		sed '/^load/d; s/^elf64$/kdump/' \
			"$BATS_TEST_DIRNAME/../../fixtures/gen/recipes/xen-v1.rec" |
			sed "\$a part $half" |
			"$B/mkimage" - "part-${half%% *}"
	done
	[ "$(where ovmf part-0,part-0x400000)" = phys:0x403000=mach:0x300000 ]
	run -0 --separate-stderr "$DUMP" -r part-0,part-0x400000
	[ -z "$stderr" ]
	"$DUMP" -q -r part-0,part-0x400000 | cmp - xen-v1.text
	run -0 "$DUMP" --info part-0,part-0x400000
	[[ $output == *"version 3.2.2-v1"*"p2m root frame 0x105"* ]]
}

@test "CRASH_INFO v2: the ring by the pointer, text hidden by dmesg -c, components" {
	"$DUMP" -q -r -F ovmf xen-v2 | cmp - xen-v2.text
	run -0 "$DUMP" -q --list -F xen-console xen-v2
	[[ $output == *"mach:0xa08000"*"32768"*"own pointer; dmesg -c hid"* ]]
	run -0 "$DUMP" -q -F xen-console xen-v2
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = "(XEN) [2020-02-29 10:00:00.125] Xen version 4.13" ]
	# a guest's bytes do not reach the terminal
	[ "${lines[1]}" = '(d7) [2020-02-29 10:00:01.250] \x1b[31mSeaBIOS' ]
	run -0 "$DUMP" -q -F xen-console -c d7 xen-v2
	[ "${#lines[@]}" -eq 1 ]
	run -0 "$DUMP" -q -F xen-console --until "2020-02-29 10:00:00.5" xen-v2
	[ "$output" = "(XEN) [2020-02-29 10:00:00.125] Xen version 4.13" ]
	run -0 "$DUMP" -q -F xen-console --since @1582970401 --until @1582970402 xen-v2
	[ "$output" = '(d7) [2020-02-29 10:00:01.250] \x1b[31mSeaBIOS' ]
	local when
	for when in "--since=10:00:01.125 --until=10:00:01.3" "--since=-100ms --until -0" \
		"--since=2020-02-29T10:00:01 --until=10:00:01.999"; do
		# shellcheck disable=SC2086
		run -0 "$DUMP" -q -F xen-console $when xen-v2
		[ "$output" = '(d7) [2020-02-29 10:00:01.250] \x1b[31mSeaBIOS' ]
	done
	# before the last line with a time
	run -0 "$DUMP" -q -F xen-console --since=-1.25s --until -1 xen-v2
	[ "$output" = "(XEN) [2020-02-29 10:00:00.125] Xen version 4.13" ]
	run -1 --separate-stderr "$DUMP" -F xen-console --since 5 xen-v2
	[ -z "$output" ]
	[[ $stderr == *'no line matches: the times of this log are dates, as in --since="2026-11-28 10:00:03"'* ]]
	run -0 "$DUMP" -q -J -F xen-console xen-v2
	[[ ${lines[0]} == *'"time":"1582970400125","time_hz":"1000"'* ]]
	[[ ${lines[0]} == *'"consumed","date"'* ]]
	[[ ${lines[1]} != *'"consumed"'* ]]
	[[ ${lines[1]} == *'"component":"d7"'* ]]
}

@test "Xen 3: a ring that is among other variables, in any kind of dump" {
	local r f mode recipes=$BATS_TEST_DIRNAME/../../fixtures/gen/recipes
	cd "$BATS_TEST_TMPDIR"
	# in xen-3-begun no page starts with its text: all bytes have to be read
	for r in xen-3 xen-3-begun; do
		mode=pages
		[ $r = xen-3 ] || mode=exhaustive
		for f in raw elf32 'kdump bits=32' lime; do
			sed "s/^elf32\$/$f/" "$recipes/$r.rec" |
				"$B/mkimage" -t text - dump
			"$DUMP" -q -r --scan=$mode dump | cmp - text
			"$DUMP" -q -r --scan=$mode - <dump | cmp - text
			"$DUMP" -q -r --scan=$mode - < <(cat dump) | cmp - text
			run -0 "$DUMP" --list --scan=$mode dump
			[[ $output == *"xen-console "*":0x212460 "*"guessed: found by its text" ]]
			"$DUMP" -q -r -F xen-console --at 0x212460 dump |
				cmp - text
		done
		"$DUMP" -q --scan=$mode "--extract=some-$r" dump
		"$DUMP" -q -r "some-$r" | cmp - text
	done
	# a page of it leads to it, in a pipe, too
	"$B/mkimage" -t text "$recipes/xen-3.rec" dump
	"$DUMP" -q -r dump | cmp - text
	"$DUMP" -q -r - < <(cat dump) | cmp - text
}

@test "xl dump-core of a PV guest: its log and its console page" {
	local core=$BATS_TEST_TMPDIR/core log=$BATS_TEST_TMPDIR/log pfn bytes
	local kept=$BATS_TEST_DIRNAME/../../fixtures/vmcores
	zstd -dqf --long=27 -o "$core" "$kept/xen-domu-pv.core.zst"
	zstd -dqf -o "$log" "$kept/xen-domu-pv.log.zst"
	read -r pfn bytes < <(sed -n \
		's/.*DOM0LOG pfn=\(0x[0-9a-f]*\) bytes=\([0-9]*\).*/\1 \2/p' "$log")
	[ "$(where ovmf "$core")" = "phys:${pfn}000=mach:0x3eeec000" ]
	"$DUMP" -q -r -F ovmf "$core" >"$BATS_TEST_TMPDIR/text"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/text")" -eq "$bytes" ]
	[ "$(grep -c "first pfn $pfn: firmware text" "$BATS_TEST_TMPDIR/text")" \
		-eq "$(wc -l <"$BATS_TEST_TMPDIR/text")" ]
	"$DUMP" -q -r --at mach:0x3eeec000 "$core" |
		cmp - "$BATS_TEST_TMPDIR/text"
	# the page has the last 2048 bytes sent to the console's backend
	[ "$(where xencons "$core")" = phys:0x4a02000=mach:0x3cc02000 ]
	"$DUMP" -q -r -F xencons "$core" | tr -d '\r' >"$BATS_TEST_TMPDIR/page"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/page")" -gt 30 ]
	tail -n +2 "$BATS_TEST_TMPDIR/page" |
		cmp - <(tail -n $(($(wc -l <"$BATS_TEST_TMPDIR/page") - 1)) "$log")
	run -1 "$DUMP" -b -1 "$core"
	[[ $output == *"no log of boot -1; there is only boot 0 (ovmf, xencons)" ]]
	run -0 "$DUMP" --info "$core"
	[[ $output == *"PV guest, 1 virtual CPU, 24576 pages of 4096 bytes"* ]]
	[[ $output == *"version 4.17.5"* ]]
	[[ $output != *warning* ]]
	# and the same through a pipe
	"$DUMP" -q --list - <"$core" >"$BATS_TEST_TMPDIR/a"
	"$DUMP" -q --list - < <(cat "$core") | cmp - "$BATS_TEST_TMPDIR/a"
}

@test "a symbol file without symbols is an error, and the image is not read" {
	run -2 --separate-stderr "$DUMP" -s xen-dom0.serial xen-v2
	[[ $stderr == *"xen-dom0.serial: not an ELF file with symbols"* ]]
}

@test "a symbol file with none of the symbols that are looked for" {
	local names stderr output
	cd "$BATS_TEST_TMPDIR"
	printf '.globl main\n.set main, 0x1000\n' |
		${CC:-cc} -x assembler -c -o 'a b' -
	printf '.globl t_info\n.set t_info, 0x1000\n' |
		${CC:-cc} -x assembler -c -o named -
	names='conring, t_info, __hyp_events_start, trace_buffer, remote_event_selftest, remote_test_buffer_desc, hyp_trace_buffer, __kvm_nvhe_trace_rb, ftrace_trace_arrays, ftrace_events'
	"$B/mkimage" - one <<<$'ram 0x0 64K\nraw'
	run -1 --separate-stderr "$DUMP" -s 'a b' one
	[[ $stderr == *"warning: -s: a b has none of the symbols that are looked for: $names"* ]]
	# of the requested formats only, and once
	run -1 --separate-stderr "$DUMP" -s 'a b' -F xen-console one one one
	[ "$(grep -c 'looked for: conring$' <<<"$stderr")" -eq 1 ]
	[ "$(grep -c 'none of the symbols' <<<"$stderr")" -eq 1 ]
	run -2 --separate-stderr "$DUMP" -s 'a b' -F ovmf one
	[[ $stderr != *"none of the symbols"* ]]
	run -1 --separate-stderr "$DUMP" -s named one
	[[ $stderr != *"none of the symbols"* ]]
	# without a table of symbols
	strip -o stripped "$B/mkimage"
	run -2 --separate-stderr "$DUMP" -s stripped one
	[[ $stderr == *"--symbols: stripped: it has no symbol table; use the file with debug symbols" ]]
}
