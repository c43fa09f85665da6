#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The firmware of a newer edk2: built from source, and booted.

bats_require_minimum_version 1.5.0

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export out=${B:-$top/build}
	export dump=$out/memlog-dump
	export new_qemu
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc)
	export JOBS
	"$top/firmware/build.sh" x64-202502 >&3 2>&3
	new_qemu=$("$top/firmware/newqemu.sh" 2>&3)
}

setup() {
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	[ -x "$dump" ]
	vm_new
}

teardown() {
	vm_end
}

# Boot a variant to the shell: the log in dumps of these formats is what the debug
# port got.
boots() {
	local variant=$1 format
	shift

	vm_start "$out/firmware/$variant/OVMF.fd"
	vm_quiet
	vm_qmp stop
	[ "$(stat -c %s "$vm/debugcon.log")" -gt 50000 ]
	for format; do
		vm_dump "$format" "$vm/dump"
		"$dump" -O raw "$vm/dump" | cmp "$vm/debugcon.log" -
	done
}

@test "edk2-stable202502, x64: the log is what the debug port got" {
	boots x64-202502 elf kdump-zlib raw
	# another release than that of the other variants, and not the same log
	"$dump" --info "$vm/dump" | grep -q 'edk2 2025\.02'
	grep -q 'memory log: at' "$vm/debugcon.log"
}

@test "edk2-stable202502, x64: QEMU's own reader, and the boot before" {
	local before
	vm_qemu=$new_qemu
	boots x64-202502
	before=$(stat -c %s "$vm/debugcon.log")
	vm_reset
	vm_quiet
	vm_dump elf "$vm/dump"
	tail -c "+$((before + 1))" "$vm/debugcon.log" > "$vm/second"
	[ "$(stat -c %s "$vm/second")" -gt 50000 ]
	"$dump" -O raw "$vm/dump" | cmp "$vm/second" -
	"$dump" -b -1 -O raw "$vm/dump" | cmp - <(head -c "$before" "$vm/debugcon.log")
	vm_qmp query-firmware-log > "$vm/answer"
	jq -r .return.log "$vm/answer" | base64 -d | cmp "$vm/second" -
}

@test "Cloud Hypervisor: the firmware can be built" {
	"$top/firmware/build.sh" cloudhv >&3 2>&3
	[ "$(stat -c %s "$out/firmware/cloudhv/CLOUDHV.fd")" -eq $((4 << 20)) ]
}
