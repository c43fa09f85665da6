#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kept firmware boots, and the log in a dump of that guest equals the output of
# the debug port, byte for byte.

bats_require_minimum_version 1.5.0

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump
	local name

	for name in x64 ia32x64; do
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

# Compare the debug port's output from offset $1 on with each dump format.
same() {
	local from=$1 format
	shift

	vm_qmp stop
	tail -c "+$((from + 1))" "$vm/debugcon.log" > "$vm/expected"
	[ -s "$vm/expected" ]
	for format; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw "$vm/dump" > "$vm/text"
		cmp "$vm/expected" "$vm/text"
		rm "$vm/dump"
	done
}

@test "the kept images were built from these sources" {
	. "$top/firmware/lib.sh"
	fw_top=$top/firmware
	for name in x64 ia32x64; do
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
	same 0 elf elf-paging kdump-zlib raw
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

@test "x64 reset and at the shell again: only the text of this boot" {
	start x64
	vm_quiet
	local before
	vm_qmp stop
	before=$(stat -c %s "$vm/debugcon.log")
	vm_reset
	vm_quiet
	[ "$(stat -c %s "$vm/debugcon.log")" -gt $((before + 50000)) ]
	same "$before" elf raw
}

# The note that survives a reset, as the firmware writes it.
write_note() {
	perl -e '$t = 0x65746f6e676f6c6d; $a = hex shift;
		print pack("Q<3", $t, $a, ~($t ^ $a))' "$1" |
		dd of="$vm/ram" bs=4096 seek=$((0x82f)) conv=notrunc status=none
}

magic_at() {
	dd if="$vm/ram" bs=4096 skip=$(($1 >> 12)) count=1 status=none |
		head -c 16 | tr -d "\0"
}

@test "x64 reset: an old log is retired, and only if there is one" {
	local page main=0x3ec8000
	start x64
	vm_quiet
	vm_qmp stop
	run -0 magic_at $main
	[ "$output" = ovmfmdg1ovmfmdg2 ]
	# two old logs; the note has the address of one
	for page in 0x2000 0x2100; do
		dd if="$vm/ram" of="$vm/ram" bs=4096 skip=$((main >> 12)) \
			seek=$((page)) count=32 conv=notrunc status=none
	done
	write_note 0x2000000
	vm_reset
	vm_quiet
	run -0 magic_at 0x2000000
	[ "$output" != ovmfmdg1ovmfmdg2 ]
	run -0 magic_at 0x2100000
	[ "$output" = ovmfmdg1ovmfmdg2 ]
	run -0 magic_at $main
	[ "$output" = ovmfmdg1ovmfmdg2 ]

	# whatever the note says, the firmware boots and changes nothing else
	for page in 0x2100800 0xfffffffffec00000; do
		vm_qmp stop
		write_note $page
		vm_reset
		vm_quiet
		run -0 magic_at 0x2100000
		[ "$output" = ovmfmdg1ovmfmdg2 ]
	done
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

@test "x64 with a ring of one page: its last 3903 bytes" {
	start x64 -fw_cfg name=opt/ovmf/MemDebugLogPages,string=1
	vm_quiet
	vm_qmp stop
	same $(($(stat -c %s "$vm/debugcon.log") - 3903)) elf kdump-zlib
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
	same 0 elf
}

@test "ia32x64 at the shell" {
	start ia32x64
	vm_quiet
	same 0 elf raw
}
