#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests with several memory backends, saved by a real QEMU: each page is at the address
# that it has in a kdump of the same guest. Names of backends say nothing.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export out=${B:-$top/build}
	export dump=$out/memlog-dump

	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" \
		-o "$BATS_FILE_TMPDIR/x64.fd"
}

setup() {
	[ -x "$dump" ] || { echo "memlog-dump is not built" >&2; return 1; }
	. "$top/firmware/vm.sh"
	vm_new
}

teardown() {
	vm_end
}

# backend NAME MIB: the arguments for one
backend() {
	printf '%s\n' -object "memory-backend-ram,id=$1,size=${2}M"
}

# nodes NAME=MIB...: a guest with these NUMA nodes, in this order; backends are created in
# the opposite one
nodes() {
	local node total=0 args=() numa=()

	for node; do
		# shellcheck disable=SC2207 # no blanks
		args=($(backend "${node%=*}" "${node#*=}") "${args[@]}")
		numa+=(-numa "node,memdev=${node%=*}")
		total=$((total + ${node#*=}))
	done
	vm_ram=(-m "${total}M" "${args[@]}" "${numa[@]}")
}

# saved [ARG...]: boot, save and dump it, and compare all pages; sets text to the result
saved() {
	vm_start "$BATS_FILE_TMPDIR/x64.fd" "$@"
	vm_quiet
	vm_qmp stop >/dev/null
	vm_dump kdump-zlib "$vm/dump"
	vm_dump qevm "$vm/stream"
	vm_stop
	# pages that were given back are zeros
	text=$("$out/tests/host/samepages" "$vm/stream" "$vm/dump")
	echo "$text"
	"$dump" --list "$vm/stream"
	"$dump" -q -r "$vm/stream" | cmp - "$vm/debugcon.log"
	[[ $text == *" same, 0 differ, "* ]]
}

@test "three NUMA nodes of different sizes" {
	nodes zebra=48 apple=96 mango=32
	saved
	[[ $text == *" 0 lacking, 0 in the file only" ]]
}

@test "two NUMA nodes of one size, and one without memory" {
	nodes second=64 first=64
	vm_ram+=(-numa node)
	saved
	[[ $text == *" 0 lacking, 0 in the file only" ]]
}

@test "5 GiB in two nodes, with and without another hole below 4 GiB" {
	nodes mem1=2560 mem0=2560
	saved
	[[ $text == "1310624 same, "*" 0 lacking, 0 in the file only" ]]
	vm_new
	vm_machine=q35,max-ram-below-4g=1G
	saved
	[[ $text == "1310624 same, "*" 0 lacking, 0 in the file only" ]]
}

@test "memory that is plugged in: a dimm larger than the rest, virtio-mem" {
	vm_machine=q35,memory-backend=base
	mapfile -t vm_ram < <(backend base 64; backend wide 128; backend later 128)
	vm_ram+=(-m "64M,slots=2,maxmem=1G" -device "pc-dimm,memdev=wide"
		-device "virtio-mem-pci,memdev=later,requested-size=0")
	saved
	[[ $text == *" 0 lacking, 0 in the file only" ]]
}
