#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests saved by the system's QEMU and by a new one: each page is at the address that it
# has in a kdump of the same guest, and the firmware's log is the text of its debug port.
# Linux plugs memory in and gives some back, which firmware does not.

bats_require_minimum_version 1.5.0
load ../wait

setup_file() {
	local driver

	export top=$BATS_TEST_DIRNAME/../..
	export out=${B:-$top/build}
	export dump=$out/memlog-dump
	export work=$BATS_FILE_TMPDIR
	export new_qemu kernel
	new_qemu=$("$top/firmware/newqemu.sh" x86_64 2>&3)
	kernel=$("$top/firmware/kernel.sh" amd64 full 2>&3)
	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" -o "$work/x64.fd"
	mkdir "$work/root"
	cc -static -O2 -o "$work/root/init" "$BATS_TEST_DIRNAME/plugger.c"
	for driver in "${kernel%/*}"/virtio/*.ko*; do
		case $driver in
		*.xz) xz -dc "$driver" >"$work/root/$(basename "$driver" .xz)" ;;
		*) cp "$driver" "$work/root" ;;
		esac
	done
	(cd "$work/root" && find . | cpio -o -H newc --quiet) | gzip >"$work/initrd"
}

setup() {
	set -o pipefail
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	[ -x "$dump" ]
	vm_new
}

teardown() {
	vm_end
}

# backend NAME MIB
backend() {
	printf '%s\n' -object "memory-backend-ram,id=$1,size=${2}M"
}

# linux ARG...: start a guest, and wait until it has what it was given
linux() {
	vm_start "$work/x64.fd" -kernel "$kernel" -initrd "$work/initrd" \
		-append "console=ttyS0 memhp_default_state=online_movable" "$@"
	vm_wait serial.log 'plugger: ready'
}

# saved: save and dump it, and compare all pages
saved() {
	local text

	vm_still 0.3 debugcon.log serial.log
	vm_qmp stop >/dev/null
	vm_dump kdump-zlib "$vm/dump"
	vm_dump qevm "$vm/stream"
	vm_stop
	text=$("$out/tests/host/samepages" "$vm/stream" "$vm/dump")
	echo "$text"
	"$dump" --list "$vm/stream"
	"$dump" -q -r -F ovmf "$vm/stream" | cmp - "$vm/debugcon.log"
	[[ $text == *" same, 0 differ, 0 lacking, 0 in the file only" ]]
}

# balloon_is BYTES
balloon_is() {
	[[ $(vm_qmp query-balloon) == *"\"actual\": $1}"* ]]
}

# plugged BYTES
plugged() {
	[[ $(vm_qmp query-memory-devices) == *"\"size\": $1,"* ]]
}

ballooned() {
	vm_machine=$1
	vm_ram=(-m 256M)
	linux -device virtio-balloon-pci
	vm_qmp balloon '{"value":167772160}'
	until_ok balloon_is 167772160
	saved
}

nodes() {
	vm_machine=$1
	mapfile -t vm_ram < <(backend small 96; backend large 160)
	# shellcheck disable=SC2054 # a comma of QEMU's
	vm_ram+=(-m 256M -numa node,memdev=small -numa node,memdev=large)
	linux
	saved
}

plugs() {
	vm_machine=$1,memory-backend=base
	mapfile -t vm_ram < <(backend base 256; backend wide 512; backend later 1024)
	vm_ram+=(-m "256M,slots=2,maxmem=4G" -device "pc-dimm,memdev=wide"
		-device "virtio-mem-pci,id=vm,memdev=later,requested-size=256M")
	linux
	until_ok plugged 268435456
	saved
}

@test "a guest that gave memory back" {
	ballooned q35
}

@test "a guest that gave memory back, in a new QEMU on pc" {
	vm_qemu=$new_qemu
	ballooned pc
}

@test "two NUMA nodes" {
	nodes q35
}

@test "two NUMA nodes, in a new QEMU on pc" {
	vm_qemu=$new_qemu
	nodes pc
}

@test "a dimm, and virtio-mem that is plugged in by half" {
	plugs q35
}

@test "a dimm, and virtio-mem that is plugged in by half, in a new QEMU" {
	vm_qemu=$new_qemu
	plugs q35
}
