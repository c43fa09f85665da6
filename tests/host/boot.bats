#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kept firmware boots, and the log in a dump of that guest equals the output of
# the debug port, byte for byte.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump
	local name

	for name in x64 ia32x64 aarch64; do
		zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-$name.fd.zst" \
			-o "$BATS_FILE_TMPDIR/$name.fd"
	done
}

setup() {
	[ -x "$dump" ] || { echo "memlog-dump is not built" >&2; return 1; }
	. "$top/firmware/vm.sh"
	vm_new
}

teardown() {
	vm_end
}

start() {
	local name=$1
	shift
	vm_start "$BATS_FILE_TMPDIR/$name.fd" "$@"
}

@test "the kept images were built from these sources" {
	. "$top/firmware/lib.sh"
	fw_top=$top/firmware
	for name in x64 ia32x64 aarch64; do
		run -0 sed -n 's/^sources: //p' \
			"$top/fixtures/firmware/OVMF-$name.txt"
		[ "$output" = "$(hash_of patches MemLogPkg)" ]
		run -0 sed -n 's/^sha256:  //p' \
			"$top/fixtures/firmware/OVMF-$name.txt"
		[ "$output" = "$(sha256sum < "$BATS_FILE_TMPDIR/$name.fd" |
			cut -d' ' -f1)" ]
	done
}

@test "x64 at the shell: elf, elf-paging, kdump-zlib, raw" {
	start x64
	vm_quiet
	[ "$(stat -c %s "$vm/debugcon.log")" -gt 50000 ]
	vm_same 0 elf elf-paging kdump-zlib raw
}

# Pages that the guest writes to are sent again, and the last one counts.
@test "x64 while it boots: a migration stream" {
	start x64
	vm_wait debugcon.log 'Loading PEIM'
	vm_qmp migrate-set-parameters '{"max-bandwidth":16777216}'
	vm_migrate "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text" 2> "$vm/said"
	cmp "$vm/debugcon.log" "$vm/text"
	run -0 cat "$vm/said"
	[ -z "$output" ]
	run -0 --separate-stderr "$dump" --info "$vm/dump"
	[[ $output == *pc-q35-* && $output != *missing* ]]
}

# The guest's own tables: HOB and configuration table.
tables_say() {
	[ "$("$BATS_TEST_DIRNAME/efi-tables.pl" "$vm/ram" | sort -u)" = "$1" ]
}

@test "HOB and configuration table point to the log, if there is one" {
	local at
	start x64
	vm_quiet
	vm_qmp stop
	at=$(LC_ALL=C grep -abo ovmfmdg1ovmfmdg2 "$vm/ram" | cut -d: -f1)
	tables_say "$(printf 'hob 0x%x\ntable 0x%x' "$at" "$at")"
	vm_new
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=0
	vm_quiet
	vm_qmp stop
	tables_say 'hob 0x0'
}

# bytes FROM TO: that part of the debug port's output
bytes() {
	tail -c "+$(($1 + 1))" "$vm/debugcon.log" | head_all -c "$(($2 - $1))"
}

# kept FROM TO: -b -1 prints the boot that wrote that part. The port gets a message
# first: when a boot is stopped the log may lack its last one.
kept() {
	local size

	vm_dump elf "$vm/dump"
	"$dump" -b -1 -O raw "$vm/dump" > "$vm/text"
	rm "$vm/dump"
	size=$(stat -c %s "$vm/text")
	[ "$size" -gt $(($2 - $1 - 512)) ]
	bytes "$1" $(($1 + size)) | cmp - "$vm/text"
}

# Reset, and stop when the boot has loaded $1 drivers.
reset_in_dxe() {
	local tries=0

	vm_reset
	until [ "$(awk '/SecCoreStartupWithStack/ { n = 0 }
		/Loading driver at/ { n++ }
		END { print n + 0 }' "$vm/debugcon.log")" -ge "$1" ]; do
		[ $((tries += 1)) -lt 1800 ]
		sleep 0.1
	done
	vm_qmp stop > /dev/null
}

@test "x64, five boots: the one before is kept, and memory is laid out the same" {
	local first second before=0 end i
	start x64
	vm_quiet
	vm_qmp stop
	first=$(vm_ring 2)
	[ -z "$(vm_ring p)" ]
	end=$(stat -c %s "$vm/debugcon.log")
	# three boots that do not get far
	for i in 5 10 15; do
		reset_in_dxe "$i"
		kept "$before" "$end"
		before=$end
		end=$(stat -c %s "$vm/debugcon.log")
		[ "$end" -gt $((before + 5000)) ]
		second=$(vm_ring 2)
		[ "$second" != "$first" ]
		[ "$(vm_ring p)" = "$first" ]
		first=$second
	done
	vm_reset
	vm_quiet
	vm_qmp stop
	[ "$(vm_ring p)" = "$first" ]
	kept "$before" "$end"
	[ "$(stat -c %s "$vm/debugcon.log")" -gt $((end + 50000)) ]
	vm_same "$end" elf raw

	# what the DXE core prints of the memory that PEI allocated
	awk '/SecCoreStartupWithStack/ { n++ }
		/^Memory Allocation/ { print > "'"$vm"'/map." n }' \
		"$vm/debugcon.log"
	[ "$(wc -l < "$vm/map.1")" -gt 5 ]
	for i in 2 3 4 5; do
		cmp "$vm/map.1" "$vm/map.$i"
	done
}

@test "x64 with another size than the boot before: its log is given up" {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=20
	vm_wait debugcon.log 'Loading driver at'
	vm_again "$BATS_FILE_TMPDIR/x64.fd" \
		-fw_cfg name=opt/ovmf/MemDebugLogPages,string=21
	vm_quiet
	grep -q 'memory log: gave up that of the boot before' "$vm/debugcon.log"
	vm_same 0 elf
	[ -z "$(vm_ring p)" ]
	vm_dump elf "$vm/dump"
	run -1 --separate-stderr "$dump" -b -1 -O raw "$vm/dump"
}

@test "x64 reset: a log elsewhere is given up, and only if there is one" {
	local page main
	start x64
	vm_quiet
	vm_qmp stop
	main=$(vm_ring 2)
	# two old logs; the note has the address of one
	for page in 0x2000000 0x2100000; do
		vm_copy "$main" $page
	done
	vm_note 0x2000000
	vm_reset
	vm_quiet
	run -0 vm_magic 0x2000000
	[ "$output" != ovmfmdg1ovmfmdg2 ]
	run -0 vm_magic 0x2100000
	[ "$output" = ovmfmdg1ovmfmdg2 ]
	run -0 vm_magic "$main"
	[ "$output" = ovmfmdg1ovmfmdg2 ]

	# whatever the note says, the firmware boots and changes nothing else
	for page in 0x2100800 0xfffffffffec00000; do
		vm_qmp stop
		vm_note $page
		vm_reset
		vm_quiet
		run -0 vm_magic 0x2100000
		[ "$output" = ovmfmdg1ovmfmdg2 ]
	done
}

# level MASK: boot with that mask for the memory log, until some drivers are loaded.
# The guest may get further before it is stopped, so the ring is large.
level() {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogLevel,string="$1" \
		-fw_cfg name=opt/ovmf/MemDebugLogPages,string=200
	vm_wait debugcon.log 'SecurityStubDxe.efi'
	vm_qmp stop
	vm_dump elf "$vm/dump"
	"$dump" -O raw "$vm/dump" > "$vm/text"
}

@test "x64: the memory log has a mask of levels of its own" {
	# errors and warnings
	level 80000002
	run ! grep -q 'Loading driver at' "$vm/text"
	run -0 grep -q SecCoreStartupWithStack "$vm/text"
	vm_new
	# all, verbose text too: the debug port has less, in the same order
	level ffffffff
	[ "$(wc -c < "$vm/text")" -gt $(($(wc -c < "$vm/debugcon.log") + 1000)) ]
	run diff <(head -n -5 "$vm/debugcon.log") "$vm/text"
	[ "$status" -eq 1 ]
	run ! grep -q '^<' <<< "$output"
}

@test "x64: a TDX guest starts with the memory of the early area" {
	run -0 "$BATS_TEST_DIRNAME/tdx-metadata.pl" "$BATS_FILE_TMPDIR/x64.fd"
	perl -ane 'BEGIN { $at = 0x820000 }
		$at = hex $F[2] if $F[0] eq "temp" && hex $F[1] <= $at &&
			$at < hex $F[2];
		END { exit $at < 0x830000 }' <<< "$output"
}

# The stack and the PEI core move there when memory is found.
@test "x64 with PEI memory above 2 GiB" {
	vm_machine=pc
	vm_memory=3000
	start x64
	vm_quiet
	vm_qmp stop
	"$dump" -O raw --map=pc "$vm/ram" > "$vm/text"
	cmp "$vm/debugcon.log" "$vm/text"
	[ "$(grep -c SecCoreStartupWithStack "$vm/text")" -eq 1 ]
}

@test "x64 with a ring of one page: its last 3327 bytes" {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=1
	vm_quiet
	vm_qmp stop
	vm_same $(($(stat -c %s "$vm/debugcon.log") - 3327)) elf kdump-zlib
}

@test "x64 with the log off: none" {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=0
	vm_quiet
	[ "$(stat -c %s "$vm/debugcon.log")" -gt 50000 ]
	vm_dump elf "$vm/dump"
	run -1 --separate-stderr "$dump" -O raw "$vm/dump"
	[ -z "$output" ]
}

@test "x64 on i440fx" {
	vm_machine=pc
	start x64
	vm_quiet
	vm_same 0 elf
}

@test "ia32x64 at the shell" {
	start ia32x64
	vm_quiet
	vm_same 0 elf raw
}

# Messages and console share the serial port.
@test "aarch64 at the shell: elf, kdump-zlib in blocks of 64 KiB" {
	local format
	vm_machine=virt
	vm_memory=128
	start aarch64
	vm_quiet
	for format in elf kdump-zlib; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw "$vm/dump" > "$vm/text"
		[ "$(stat -c %s "$vm/text")" -gt 50000 ]
		run -0 "$BATS_TEST_DIRNAME/console.pl" "$vm/serial.log" \
			"$vm/text"
		[ -z "$output" ]
	done
	# in a flattened file the header is after 16 + 4096 bytes
	[ "$(od -An -tu4 -j $((4096 + 16 + 428)) -N 4 "$vm/dump")" -eq 65536 ]
}
